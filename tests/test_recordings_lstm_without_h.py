"""The recorded trainings of LSTMs whose gates never see h."""

import keras
import numpy as np
import pytest

from helpers.datasets import load_recorded
from helpers.recordings import lstm_gates_names as names
from helpers.recordings import lstm_gates_without_h as without_h


@pytest.fixture(scope="module")
def figures():
    runs = load_recorded("lstm_without_h").values()

    def figure(key):
        return np.array([float(run[key]) for run in runs])

    return figure


@pytest.mark.parametrize(("task", "factor"), [("names", 1.03), ("sunspots", 1.03)])
def test_who_never_had_h_learned_as_well(figures, task, factor):
    usual, without = figures(f"{task}: as usual"), figures(f"{task}: without h")
    assert len(usual) == 3 and (without < factor * usual).all() and (usual < factor * without).all()
    assert not np.array_equal(usual, without)


def test_the_usual_networks_are_those_of_the_other_recording(figures):
    other = np.array([float(run["LSTM: perplexity"]) for run in load_recorded("lstm_names").values()])
    assert np.abs(figures("names: as usual") - other).max() < 0.6


def test_what_is_cut_stays_at_0_while_the_rest_learns():
    layer = without_h.lstm(cut=True)
    model = keras.Sequential([keras.Input((None, 2)), layer, keras.layers.Dense(1)])
    before = [array.copy() for array in layer.get_weights()]
    model.compile("sgd", "mse")
    rng = np.random.default_rng(0)
    model.fit(rng.standard_normal((8, 5, 2)), rng.standard_normal((8, 5, 1)), epochs=2, verbose=0)
    kernel, recurrent_kernel, bias = layer.get_weights()
    assert not recurrent_kernel.any() and recurrent_kernel.shape == (names.UNITS, 4 * names.UNITS)
    assert not np.array_equal(kernel, before[0]) and not np.array_equal(bias, before[2])
    assert without_h.lstm(cut=False).recurrent_constraint is None


@pytest.mark.slow
def test_a_new_run_of_one_seed_lies_within_the_recorded_spread(figures):
    again = without_h.train_without_h(1)
    for key, margin in (("names: without h", 0.5), ("sunspots: without h", 0.02)):
        assert figures(key).min() - margin < again[key] < figures(key).max() + margin
