"""Dropout from scratch: how much is dropped, what stays the same on average, and what comes back through it."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.scratch.dropout import Dropout

RATES = [0.1, 0.25, 0.5, 0.9]


def built(rate, seed=0):
    layer = Dropout(rate)
    layer.build((None, 3), np.random.default_rng(seed))
    return layer


@pytest.mark.parametrize("rate", RATES)
def test_the_share_dropped_and_the_mean_equal_keras(rate):
    """The random numbers differ, so that only what happens on average can be compared."""
    inputs = np.full((400, 500), 3.0)
    ours, theirs = built(rate).forward(inputs, training=True), keras.layers.Dropout(rate, seed=0)(inputs, training=True).numpy()
    error = np.sqrt(rate * (1 - rate) / inputs.size)  # one standard deviation of the share
    for outputs in (ours, theirs):
        assert np.mean(outputs == 0) == pytest.approx(rate, abs=5 * error)
        assert outputs.mean() == pytest.approx(3, abs=5 * 3 * error / (1 - rate))
    # What is kept grows alike in both.
    assert_allclose(np.unique(ours), [0, 3 / (1 - rate)])
    assert_allclose(np.unique(theirs), np.unique(ours), rtol=1e-6)


@pytest.mark.parametrize("rate", RATES)
def test_each_number_is_dropped_by_itself(rate):
    """Neither whole rows nor whole columns: the shares of rows and columns spread as those of single coins do."""
    dropped = built(rate).forward(np.ones((300, 300)), training=True) == 0
    spread = np.sqrt(rate * (1 - rate) / 300)
    assert dropped.mean(axis=0).std() == pytest.approx(spread, rel=0.25)
    assert dropped.mean(axis=1).std() == pytest.approx(spread, rel=0.25)


@pytest.mark.parametrize("shape", [(1, 1), (4, 3), (2, 3, 4), (2, 3, 3, 2)])
@pytest.mark.parametrize("rate", [0, 0.5])
def test_without_training_nothing_changes(rate, shape):
    inputs, layer = np.random.default_rng(0).standard_normal(shape), built(rate)
    layer.forward(inputs, training=True)  # an earlier mask must not come back
    assert_array_equal(layer.forward(inputs), inputs)
    assert_array_equal(layer.forward(inputs, training=False), inputs)
    assert_array_equal(layer.backward(2 * inputs), 2 * inputs)


def test_rate_0_changes_nothing_and_draws_nothing():
    layer, inputs = built(0), np.random.default_rng(0).standard_normal((4, 3))
    assert_array_equal(layer.forward(inputs, training=True), inputs)
    assert_array_equal(layer.backward(inputs), inputs)
    assert layer.rng.random() == np.random.default_rng(0).random()


@pytest.mark.parametrize("shape", [(5, 4), (2, 3, 4)])
def test_the_gradient_passes_where_the_inputs_passed(shape):
    layer, ones = built(0.5), np.ones(shape)
    mask = layer.forward(ones, training=True)
    assert 0 < np.count_nonzero(mask) < mask.size
    gradient = np.random.default_rng(1).standard_normal(shape)
    assert_array_equal(layer.backward(gradient), gradient * mask)


def test_each_step_drops_others_and_the_same_seed_the_same():
    first, again, other = built(0.5, 3), built(0.5, 3), built(0.5, 4)
    steps = [[layer.forward(np.ones((6, 6)), training=True) for _ in range(2)] for layer in (first, again, other)]
    assert_array_equal(steps[0], steps[1])
    assert not np.array_equal(steps[0][0], steps[0][1])
    assert not np.array_equal(steps[0][0], steps[2][0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("training", [True, False])
def test_the_dtype_stays(dtype, training):
    layer = built(0.25)
    assert layer.forward(np.ones((4, 3), dtype), training).dtype == dtype
    assert layer.backward(np.ones((4, 3), dtype)).dtype == dtype


def test_whole_numbers_are_not_rounded():
    assert set(built(0.75).forward(np.ones((9, 9), int), training=True).ravel()) == {0, 4}
    assert set(built(0.5).forward(np.full((9, 9), 200, "uint8"), training=True).ravel()) == {0, 400}
    assert 1.25 in built(0.2).forward(np.ones((9, 9), int), training=True)


def test_nothing_that_is_handed_in_is_changed():
    layer, inputs, gradient = built(0.5), np.ones((4, 3)), np.ones((4, 3))
    for array in (inputs, gradient):
        array.flags.writeable = False
    layer.forward(inputs, training=True)
    layer.backward(gradient)
    assert (inputs == 1).all() and (gradient == 1).all()


def test_there_are_no_weights():
    layer = built(0.5)
    assert (layer.weights, layer.gradients, layer.get_weights(), layer.penalty()) == ({}, {}, [], 0)
    layer.set_weights([])
    with pytest.raises(ValueError, match="arrays: expected 0 arrays"):
        layer.set_weights([np.ones(3)])


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, np.nan, np.inf, None, "0.5", True, [0.5]])
def test_bad_rate(rate):
    with pytest.raises(ValueError) as problem:
        Dropout(rate)
    assert str(problem.value) == f"rate: expected a number from 0 to below 1, got {rate!r}"
