"""The GRU from scratch: its gates against Keras's cell, by hand and by extremes, and how it starts.

Forward and backward, masks, states and bad input are tried in test_recurrent.py, for all recurrent layers at once.
"""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.scratch.activations import sigmoid
from helpers.scratch.gru import GRU, GRUStep, gru_step

PARTS = ("update", "reset", "candidate")  # in the order in which their weights stand
SHUT, OPEN = -50, 50  # a bias far below or above 0
X, H = np.ones((1, 2)), np.array([[0.3, -0.2]])


def build(features, units):
    """Return a layer with weights of which none is 0."""
    layer, rng = GRU(units), np.random.default_rng(1)
    layer.build((None, None, features), rng)
    layer.set_weights([rng.normal(0, 0.8, array.shape) for array in layer.get_weights()])
    return layer


def with_biases(units=2, features=2, **biases):
    """Return the weights of a cell that looks at nothing but these biases, one number for each part."""
    bias = np.repeat([float(biases.get(part, 0)) for part in PARTS], units)
    return np.zeros((features, 3 * units)), np.zeros((units, 3 * units)), np.stack([bias, 0 * bias])


@settings(max_examples=25)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(0, 99))
def test_gru_step_equals_one_step_of_keras_and_of_the_layer(batch, features, units, seed):
    layer, rng = build(features, units), np.random.default_rng(seed)
    x, h = rng.standard_normal((batch, features)), rng.standard_normal((batch, units))
    cell = keras.layers.GRUCell(units, dtype="float64")
    cell.build((None, features))
    cell.set_weights(layer.get_weights())
    step = gru_step(x, h, **layer.weights)
    assert isinstance(step, GRUStep)
    assert {array.shape for array in step} == {(batch, units)}
    assert_allclose(step.h, cell(x, [h])[0], rtol=1e-7, atol=1e-9)
    assert_array_equal(step.h, layer.forward(x[:, None], initial_state=[h]))


def test_each_part_reads_its_own_weights():
    layer, rng = build(2, 3), np.random.default_rng(2)
    x, h = rng.standard_normal((5, 2)), rng.standard_normal((5, 3))
    step = gru_step(x, h, **layer.weights)
    of_x = x @ layer.weights["kernel"] + layer.weights["bias"][0]
    of_h = h @ layer.weights["recurrent_kernel"] + layer.weights["bias"][1]
    assert_allclose(step.update, sigmoid(of_x + of_h)[:, :3], rtol=1e-12)
    assert_allclose(step.reset, sigmoid(of_x + of_h)[:, 3:6], rtol=1e-12)
    assert_allclose(step.candidate, np.tanh(of_x[:, 6:] + step.reset * of_h[:, 6:]), rtol=1e-12)


def test_a_step_by_hand():
    step = gru_step(
        np.array([[2.0]]),
        np.array([[0.5]]),
        np.array([[1.0, 0, 0.5]]),
        np.array([[-4.0, 0, 6]]),
        np.array([[0.0, np.log(3), -1], [0.0, 0, 1]]),
    )
    # Update: 2 - 2 = 0, so 0.5. Reset: ln 3, so 0.75. Candidate: 1 - 1 + 0.75 (3 + 1) = 3.
    assert (step.update, step.reset, step.candidate) == pytest.approx((0.5, 0.75, np.tanh(3)))
    assert step.h == pytest.approx(0.5 * 0.5 + 0.5 * np.tanh(3))


def test_update_open_keeps_the_state():
    assert_allclose(gru_step(X, H, *with_biases(update=OPEN, candidate=OPEN)).h, H, rtol=1e-12)


def test_update_shut_writes_the_candidate():
    assert_allclose(gru_step(X, H, *with_biases(update=SHUT, candidate=0.7)).h, [[np.tanh(0.7)] * 2], rtol=1e-12)


def test_reset_shut_hides_the_old_state_from_the_candidate():
    kernel, recurrent_kernel, bias = with_biases(update=SHUT, reset=SHUT, candidate=0.7)
    recurrent_kernel[:, 4:] = 5
    assert_allclose(gru_step(X, H, kernel, recurrent_kernel, bias).h, [[np.tanh(0.7)] * 2], rtol=1e-12)
    bias[0, 2:4] = OPEN
    assert_allclose(gru_step(X, H, kernel, recurrent_kernel, bias).h, [[np.tanh(0.7 + 0.5)] * 2], rtol=1e-12)


def test_gru_starts_like_keras():
    ours, theirs = GRU(40), keras.layers.GRU(40)
    ours.build((None, None, 30), np.random.default_rng(0))
    theirs.build((None, None, 30))
    for kernel, recurrent_kernel, bias in (ours.get_weights(), theirs.get_weights()):
        assert (kernel.shape, recurrent_kernel.shape, bias.shape) == ((30, 120), (40, 120), (2, 120))
        assert np.abs(kernel).max() == pytest.approx(np.sqrt(6 / (30 + 120)), rel=0.01)
        assert kernel.std() == pytest.approx(np.sqrt(2 / (30 + 120)), rel=0.05)
        assert_allclose(recurrent_kernel @ recurrent_kernel.T, np.eye(40), atol=1e-5)
        assert not bias.any()
