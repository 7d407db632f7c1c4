"""Early stopping against Keras's callback, on any curve, and in real trainings."""

import keras
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet
from helpers.scratch.dense import Dense
from helpers.scratch.early_stopping import EarlyStopping
from helpers.scratch.sequential import Sequential

LEVELS = [0.0, 0.25, 0.2500001, 0.26, 0.3, 0.31, 0.5, 0.50000001, 1.0, float("nan"), float("inf")]
CURVES = st.lists(st.one_of(st.sampled_from(LEVELS), st.floats(0, 2, width=32)), min_size=1, max_size=25)
OPTIONS = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["min", "max"]),
        "min_delta": st.sampled_from([0.0, 0.01, 0.05, 0.3]),
        "patience": st.integers(0, 5),
        "baseline": st.sampled_from([None, 0.3, 0.5, 5.0]),
        "restore_best_weights": st.booleans(),
        "start_from_epoch": st.integers(0, 4),
    }
)


class Puppet:
    """Stands for a model: its only weight is the number of the epoch."""

    def __init__(self):
        self.weights, self.stop_training, self.metrics = [np.array(-1.0)], False, []

    def get_weights(self):
        return [array.copy() for array in self.weights]

    def set_weights(self, arrays):
        self.weights = [array.copy() for array in arrays]


def play(callback, curve, give_model):
    """Return the epoch after which training ended, and the weight at the end."""
    model = Puppet()
    give_model(callback, model)
    callback.on_train_begin()
    for epoch, value in enumerate(curve):
        model.weights = [np.array(float(epoch))]
        callback.on_epoch_end(epoch, {"val_loss": value})
        if model.stop_training:
            break
    callback.on_train_end()
    return epoch, float(model.weights[0])


def both(curve, **options):
    ours = EarlyStopping("val_loss", **options)
    theirs = keras.callbacks.EarlyStopping("val_loss", **options)
    end = play(ours, curve, lambda callback, model: setattr(callback, "model", model))
    return end, play(theirs, curve, lambda callback, model: callback.set_model(model)), ours


@given(CURVES, OPTIONS)
@settings(max_examples=300, deadline=None)
@example([float("nan")] * 6, {"patience": 2, "restore_best_weights": True})
@example([0.5, float("nan"), 0.4, 0.3], {"patience": 2, "restore_best_weights": True})
@example([0.5] * 8, {"patience": 3, "restore_best_weights": True})
@example([0.5, 0.495, 0.49, 0.485, 0.48], {"min_delta": 0.01, "patience": 2})
@example([0.5, 0.6, 0.7, 0.8], {"patience": 0, "restore_best_weights": True})
@example([0.5, 0.4, 0.3, 0.2], {"baseline": 0.1, "patience": 2, "restore_best_weights": True})
@example([0.1, 0.5, 0.4, 0.45, 0.46], {"start_from_epoch": 1, "patience": 1, "restore_best_weights": True})
@example([0.7], {"patience": 0, "restore_best_weights": True})
def test_ends_at_the_same_epoch_with_the_same_weights_as_keras(curve, options):
    ours, theirs, _ = both(curve, **options)
    assert ours == theirs


def test_by_hand():
    curve = [1.0, 0.8, 0.7, 0.75, 0.72, 0.6]
    end, _, stopping = both(curve, patience=2, restore_best_weights=True)
    assert end == (4, 2.0)
    assert (stopping.best, stopping.best_epoch, stopping.stopped_epoch) == (0.7, 2, 4)
    end, _, stopping = both(curve, patience=3, restore_best_weights=False)
    assert end == (5, 5.0) and stopping.best_epoch == 5 and stopping.stopped_epoch is None


def test_auto_lets_an_accuracy_rise_and_a_loss_fall():
    for monitor, falls in (("val_loss", True), ("loss", True), ("val_accuracy", False), ("accuracy", False)):
        assert EarlyStopping(monitor).is_better(0.1, 0.2) is falls


@pytest.fixture
def noisy_line():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 8)).astype(np.float32)
    y = (x[:, :1] + rng.normal(0, 1, (60, 1))).astype(np.float32)
    return x[:20], y[:20], x[20:], y[20:]


@pytest.mark.parametrize("restore", [True, False])
def test_in_training_the_same_as_keras(noisy_line, restore):
    x, y, x_validation, y_validation = noisy_line
    set_seeds(0)
    theirs = keras.Sequential([keras.Input((8,)), keras.layers.Dense(30, "tanh"), keras.layers.Dense(1)])
    ours = Sequential([Dense(30, "tanh"), Dense(1)])
    ours.build((None, 8))
    ours.set_weights(theirs.get_weights())
    options = {"patience": 5, "restore_best_weights": restore}
    fit = {"epochs": 200, "batch_size": 5, "shuffle": False, "validation_data": (x_validation, y_validation)}
    ours.compile("adam", "mean_squared_error"), theirs.compile("adam", "mean_squared_error")
    run = ours.fit(x, y, **fit, callbacks=[EarlyStopping(**options)])
    same = theirs.fit(x, y, **fit, verbose=0, callbacks=[keras.callbacks.EarlyStopping(**options)])
    assert 6 < len(run.epoch) == len(same.epoch) < 200
    for mine, keras_ in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert np.abs(mine - keras_).max() < 1e-3
    best = int(np.argmin(run.history["val_loss"]))
    assert best == len(run.epoch) - 6
    at_end = ours.evaluate(x_validation, y_validation)
    assert at_end == pytest.approx(run.history["val_loss"][best if restore else -1], rel=1e-5)


def test_a_second_training_starts_anew(noisy_line):
    x, y, *validation = noisy_line
    stopping = EarlyStopping(patience=1)
    ends = []
    for _ in range(2):
        model = Sequential([Dense(30, "tanh"), Dense(1)], rng=np.random.default_rng(1))
        model.compile("adam")
        ends.append(len(model.fit(x, y, 200, 5, tuple(validation), [stopping]).epoch))
    assert ends[0] == ends[1]


def test_the_kept_weights_are_not_changed_by_later_updates(noisy_line):
    x, y, *validation = noisy_line
    model = Sequential([Dense(2), Dense(1)])
    model.compile("adam")
    stopping = EarlyStopping(patience=100, restore_best_weights=True, mode="max")
    model.fit(x, y, 4, 5, tuple(validation), [stopping])
    assert stopping.best_epoch == 0
    assert_array_equal(model.get_weights()[0], stopping.best_weights[0])
    assert model.evaluate(*validation) == pytest.approx(stopping.best)


def test_what_does_not_fit_is_named():
    for options, message in (
        ({"mode": "smaller"}, 'mode: expected "auto", "min" or "max", got \'smaller\''),
        ({"patience": -1}, "patience: expected a whole number of at least 0, got -1"),
        ({"patience": 1.5}, "patience: expected a whole number of at least 0, got 1.5"),
        ({"min_delta": -0.1}, "min_delta: expected a number of at least 0, got -0.1"),
        ({"min_delta": np.nan}, "min_delta: expected a number of at least 0, got nan"),
        ({"start_from_epoch": "1"}, "start_from_epoch: expected a whole number of at least 0, got '1'"),
        ({"baseline": "low"}, "baseline: expected a number, or None, got 'low'"),
    ):
        with pytest.raises(ValueError, match=message):
            EarlyStopping(**options)
    stopping = EarlyStopping("val_acuracy")
    stopping.on_train_begin()
    with pytest.raises(ValueError, match="monitor: expected one of loss, val_loss, got 'val_acuracy'"):
        stopping.on_epoch_end(0, {"loss": 1.0, "val_loss": 2.0})
