"""The wines of the lesson on batch normalization: their numbers against NumPy and Keras, and what the explorer says."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_wine
from helpers.explorers import batch_normalization_numbers as wines
from helpers.explorers.batch_normalization_numbers import EPSILONS, INFERENCE, TRAINING, explore_normalization
from helpers.plots.lettering import text_width
from helpers.plots.number_grid import number_text

TIMES = [0.1, 0.5, 1, 2, 10]


@pytest.fixture(scope="module")
def explorer():
    return explore_normalization()


@pytest.fixture(autouse=True)
def at_the_start(explorer):
    explorer.reset()


def tenths(least, most):
    """Return a strategy for the places of a slider with steps of 0.1."""
    return st.integers(least * 10, most * 10).map(lambda number: number / 10)


SETTINGS = st.fixed_dictionaries(
    {
        **{
            "batch": st.integers(wines.LEAST, wines.MOST),
            "pulled": tenths(8, 24),
            "mode": st.sampled_from([TRAINING, INFERENCE]),
        },
        **{"times": st.sampled_from(TIMES), "add": st.integers(-20, 20), "epsilon": st.sampled_from(list(EPSILONS))},
        **{"gamma": tenths(-1, 3), "beta": tenths(-3, 3)},
    }
)


def by_hand(batch, pulled, mode, times, add, epsilon, gamma, beta):
    """Return inputs, mean, variance, normalised and outputs, column by column, without any of our layers."""
    table = load_wine()
    found = []
    for name, scale, shift in (("alcohol", gamma, beta), ("proline", 1, 0)):
        everything = table.x[:, table.columns.index(name)]
        x = [float(row[wines.FEATURES.index(name)]) for row in wines.batch_of_wines()[:batch]]
        if name == "alcohol":
            x = [times * number + add for number in [pulled, *x[1:]]]
        source = x if mode == TRAINING else everything.tolist()
        mean = sum(source) / len(source)
        variance = sum((number - mean) ** 2 for number in source) / len(source)
        ready = [(number - mean) / (variance + EPSILONS[epsilon]) ** 0.5 for number in x]
        found.append([x, mean, variance, ready, [scale * number + shift for number in ready]])
    return [np.transpose(columns) for columns in zip(*found, strict=True)]


# The numbers.


def test_the_batch_is_real_wines_of_all_kinds_and_always_the_same():
    batch, (everything, kinds) = wines.batch_of_wines(), wines.all_wines()
    at = [np.flatnonzero((everything == wine).all(axis=1)) for wine in batch]
    assert all(len(rows) == 1 for rows in at), "each is one wine of the table"
    assert set(kinds[np.concatenate(at)[:3]]) == {0, 1, 2} and len(np.unique(batch, axis=0)) == wines.MOST
    assert_array_equal(batch, wines.batch_of_wines())
    assert 50 < everything[:, 1].mean() / everything[:, 0].mean() < 70


@settings(max_examples=60)
@given(SETTINGS)
def test_the_numbers_are_those_of_a_pencil(explorer, values):
    found = explorer.compute(**values)
    x, mean, variance, normalised, outputs = by_hand(**values)
    close = {"rtol": 1e-7, "atol": 1e-9}
    assert_allclose(found["x"], x, **close)
    assert_allclose(found["mean"], mean, **close)
    assert_allclose(found["variance"], variance, **close)
    assert_allclose(found["root"], np.sqrt(variance + EPSILONS[values["epsilon"]]), **close)
    assert_allclose(found["shifted"], x - mean, **close)
    assert_allclose(found["normalised"], normalised, rtol=1e-7, atol=1e-7)
    assert_allclose(found["outputs"], outputs, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("mode", [TRAINING, INFERENCE])
@pytest.mark.parametrize("epsilon", EPSILONS)
def test_the_outputs_equal_keras(explorer, mode, epsilon):
    explorer.set(batch=6, pulled=17.5, mode=mode, times=2, add=-4, epsilon=epsilon, gamma=-0.7, beta=1.3)
    everything, _ = wines.all_wines()
    layer = keras.layers.BatchNormalization(epsilon=EPSILONS[epsilon], dtype="float64")
    layer.build((None, 2))
    settled = [everything.mean(axis=0), everything.var(axis=0)]
    layer.set_weights([np.array([-0.7, 1.0]), np.array([1.3, 0.0]), *settled])
    expected = layer(explorer.numbers["x"], training=mode == TRAINING)
    assert_allclose(explorer.numbers["outputs"], expected, rtol=1e-7, atol=1e-9)


def test_epsilon_starts_where_keras_has_it(explorer):
    assert EPSILONS[explorer.values["epsilon"]] == keras.layers.BatchNormalization().epsilon


def test_compute_leaves_the_wines_as_they_are(explorer):
    before = explorer.wines.copy()
    explorer.set(pulled=20.0, times=10, add=5, mode=INFERENCE)
    assert_array_equal(explorer.wines, before)
    assert_array_equal(before[0], explorer.reset().numbers["x"][0])


# What the batch does.


@settings(max_examples=40)
@given(SETTINGS)
def test_times_and_add_are_undone_but_for_epsilon_while_training_only(explorer, values):
    plain, moved = explorer.compute(**{**values, "times": 1, "add": 0}), explorer.compute(**values)
    epsilon, times = EPSILONS[values["epsilon"]], values["times"]
    if values["mode"] == TRAINING:
        # Shrunk by epsilon beside a variance that is now times squared as large: nothing else is left of Times and Add.
        variance = plain["variance"][0]
        shrunk = np.sqrt((variance + epsilon) / (variance + epsilon / times**2))
        assert_allclose(moved["normalised"][:, 0], plain["normalised"][:, 0] * shrunk, rtol=1e-6, atol=1e-8)
    else:
        step = (moved["x"] - plain["x"])[:, 0] / np.sqrt(wines.all_wines()[0][:, 0].var() + epsilon)
        assert_allclose(moved["normalised"][:, 0], plain["normalised"][:, 0] + step, rtol=1e-7, atol=1e-7)
    assert_allclose(moved["normalised"][:, 1], plain["normalised"][:, 1])


def test_add_is_undone_to_the_last_digit_and_times_nearly(explorer):
    first = explorer.numbers["normalised"]
    assert_allclose(explorer.set(add=-20).numbers["normalised"], first, atol=1e-12)
    assert "Times and Add are undone: without them the normalised numbers are the same" in explorer.description
    gap = np.abs(explorer.set(times=10, add=7).numbers["normalised"] - first).max()
    assert 0 < gap < 1e-3 and f"differ by at most {gap:.4f}, which is the work of epsilon" in explorer.description
    explorer.set(mode=INFERENCE)
    assert np.abs(explorer.numbers["normalised"] - first)[:, 0].min() > 100
    assert "NOT undone" in explorer.description


@pytest.mark.parametrize("pulled", [8.0, 13.0, 24.0])
def test_a_batch_of_two_gives_plus_and_minus_one(explorer, pulled):
    found = explorer.set(batch=2, pulled=pulled).numbers["normalised"]
    sign = 1 if pulled > explorer.wines[1, 0] else -1
    assert_allclose(found[:, 0], [sign, -sign], atol=1e-3)
    assert_allclose(found[:, 1], [1, -1], atol=1e-3)
    said = "+1 and −1" if sign == 1 else "−1 and +1"
    assert f"With two wines the normalised numbers are {said}" in explorer.description


def test_two_wines_that_are_nearly_equal_are_held_together_by_epsilon(explorer):
    found = explorer.set(batch=2, pulled=11.6).numbers
    assert found["variance"][0] < found["epsilon"] and abs(found["normalised"][0, 0]) < 0.6
    assert "Epsilon is not small beside the variance" in explorer.description and "+1 and" not in explorer.description
    assert explorer.set(epsilon="0.00001").numbers["normalised"][0, 0] == pytest.approx(1, abs=0.02)


def test_who_pulls_wine_1_moves_the_others_in_training_only(explorer):
    first = explorer.set(batch=5).numbers["normalised"]
    pulled = explorer.set(pulled=24.0).numbers["normalised"]
    assert (np.abs(pulled - first)[:, 0] > 0.05).all()
    assert_array_equal(pulled[:, 1], first[:, 1])
    assert f"went from {first[1, 0]:.2f} to {pulled[1, 0]:.2f} normalised".replace("-", "−") in explorer.description
    settled = explorer.reset().set(batch=5, mode=INFERENCE).numbers["normalised"]
    pulled = explorer.set(pulled=24.0).numbers["normalised"]
    assert_array_equal(pulled[1:], settled[1:])
    assert pulled[0, 0] > settled[0, 0] + 5
    assert_array_equal(explorer.set(batch=8).numbers["normalised"][:5], pulled), "nor does the size of the batch matter"


def test_gamma_and_beta_are_spread_and_mean_of_the_outputs(explorer):
    outputs = explorer.set(gamma=2.5, beta=-1.0, epsilon="0.00001").numbers["outputs"]
    assert_allclose([outputs[:, 0].mean(), outputs[:, 0].std()], [-1, 2.5], rtol=1e-4)
    assert_allclose([outputs[:, 1].mean(), outputs[:, 1].std()], [0, 1], atol=1e-4)
    assert "mean −1.00, which is beta, and standard deviation 2.50" in explorer.description
    assert (explorer.set(gamma=0.0).numbers["outputs"][:, 0] == -1).all()
    assert "output of every wine is beta" in explorer.description


# What is seen and said.


def test_the_sentence_holds_the_numbers_of_wine_1(explorer):
    explorer.set(batch=3, pulled=16.0, gamma=2.0, beta=-0.5)
    found = explorer.numbers
    x, mean, variance = 16.0, found["x"][:, 0].mean(), found["x"][:, 0].var()
    root = np.sqrt(variance + 1e-3)
    ready = (x - mean) / root

    def text(number):
        return f"{number:.4f}".rstrip("0").rstrip(".")

    said = explorer.description
    assert f"mean {text(mean)}, variance {text(variance)}, both of this batch" in said
    assert f"(16 − {text(mean)}) / √({text(variance)} + 0.001) = {text(x - mean)} / {text(root)} = {text(ready)}, " in said
    assert f"gamma · {text(ready)} + beta = 2 · {text(ready)} + (−0.5) = {text(2 * ready - 0.5)}." in said


def test_inference_says_whose_mean_it_is(explorer):
    mean = load_wine().x[:, 0].mean()
    said = explorer.set(mode=INFERENCE).description
    assert f"mean {mean:.4f}" in said and "all 178 wines, as if the moving averages had settled there" in said


def test_at_the_start_it_compares_the_features(explorer):
    spreads = explorer.numbers["x"].std(axis=0)
    assert f"Proline spreads {spreads[1] / spreads[0]:.0f} times as widely" in explorer.description
    assert explorer.numbers["x"][0, 0] == explorer.wines[0, 0], "the slider starts at the wine's own alcohol"


@settings(max_examples=40)
@given(SETTINGS)
def test_every_number_has_room_in_its_cell_and_on_the_lines(explorer, values):
    explorer.set(**values)
    for name, cells in explorer.cells.items():
        _, shown = cells._shown
        written = np.frombuffer(shown)
        texts = [number_text(cells.fmt, number) for number in written[np.isfinite(written)]]
        assert cells.size >= 9 and max(map(text_width, texts)) * cells.size * 100 / 72 < wines.WIDE - 4, (name, texts)
    x, y = explorer.first.get_data()
    others = explorer.others.get_xdata()
    assert len(others) == 2 * (values["batch"] - 1)
    assert min([*x, *others]) >= wines.START and max([*x, *others]) <= wines.END
    assert list(y) == [wines.BEFORE_Y, wines.AFTER_Y]


def test_the_number_lines_are_one_scale(explorer):
    explorer.set(times=2, gamma=3.0)
    found = explorer.numbers
    numbers = [*found["x"][:, 0], *found["outputs"][:, 0]]
    others, first = explorer.others.get_xdata(), explorer.first.get_xdata()
    at = [first[0], *others[:3], first[1], *others[3:]]
    line = np.polyfit(numbers, at, 1)
    assert_allclose(np.polyval(line, numbers), at, atol=1e-6)
    low, high, _ = wines.ends_of(numbers)
    assert_allclose(np.polyval(line, [low, high]), [wines.START, wines.END], atol=1e-6)


def test_reset_restores_the_first_picture(explorer):
    picture, sentence, values = explorer.png, explorer.description, explorer.values
    explorer.set(batch=8, pulled=9.0, mode=INFERENCE, times=0.5, add=3, epsilon="1", gamma=-1.0, beta=2.0)
    assert explorer.png != picture and explorer.description != sentence
    explorer.reset()
    assert (explorer.png, explorer.description, explorer.values) == (picture, sentence, values)
