"""The LSTM from scratch: its gates against Keras's cell, by hand and by extremes; what it leaves to look at; its gradients.

Masks, states, truncation and bad input are tried in test_recurrent.py, for all recurrent layers at once.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.scratch.activations import sigmoid
from helpers.scratch.lstm import LSTM, PARTS, LSTMStep, lstm_run, lstm_step

SHUT, OPEN = -50, 50  # a bias far below or above 0
MASK = np.array([[1, 1, 0, 1], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]], bool)


def build(features=2, units=3, **options):
    """Return a layer with weights of which none is 0."""
    layer, rng = LSTM(units, **options), np.random.default_rng(1)
    layer.build((None, None, features), rng)
    layer.set_weights([rng.normal(0, 0.8, array.shape) for array in layer.get_weights()])
    return layer


def example(batch=5, steps=4, features=2, units=3, seed=2):
    """Return inputs, and the first h and c."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((batch, steps, features)), [rng.standard_normal((batch, units)) for _ in range(2)]


def with_biases(units=2, features=2, **biases):
    """Return the weights of a cell that looks at nothing but these biases, one number for each part."""
    bias = np.repeat([float(biases.get(part, 0)) for part in PARTS], units)
    return np.zeros((features, 4 * units)), np.zeros((units, 4 * units)), bias


# One step.


@settings(max_examples=25)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(0, 99))
def test_lstm_step_equals_one_step_of_keras_and_of_the_layer(batch, features, units, seed):
    layer, (inputs, (h, c)) = build(features, units, return_state=True), example(batch, 1, features, units, seed)
    cell = keras.layers.LSTMCell(units, dtype="float64")
    cell.build((None, features))
    cell.set_weights(layer.get_weights())
    step = lstm_step(inputs[:, 0], h, c, **layer.weights)
    assert isinstance(step, LSTMStep)
    assert {array.shape for array in step} == {(batch, units)}
    for mine, expected in zip((step.h, step.c), cell(inputs[:, 0], [h, c])[1], strict=True):
        assert_allclose(mine, expected, rtol=1e-7, atol=1e-9)
    for mine, expected in zip((step.h, step.h, step.c), layer.forward(inputs, initial_state=[h, c]), strict=True):
        assert_array_equal(mine, expected)


def test_each_part_reads_its_own_weights():
    layer, (inputs, (h, c)) = build(), example()
    x = inputs[:, 0]
    step = lstm_step(x, h, c, **layer.weights)
    for number, part in enumerate(PARTS):
        columns = slice(3 * number, 3 * number + 3)
        z = x @ layer.weights["kernel"][:, columns] + h @ layer.weights["recurrent_kernel"][:, columns]
        z = z + layer.weights["bias"][columns]
        assert_allclose(getattr(step, part), np.tanh(z) if part == "candidate" else sigmoid(z), rtol=1e-12, err_msg=part)


def test_a_step_by_hand():
    step = lstm_step(
        np.array([[2.0]]),
        np.array([[0.5]]),
        np.array([[4.0]]),
        np.array([[1.0, 0, 0.5, 0]]),
        np.array([[-4.0, 0, 0, 2]]),
        np.array([0.0, np.log(3), 0, -1]),
    )
    # z: 2 - 2 = 0 for the input gate, ln 3 for the forget gate, 1 for the candidate, 1 - 1 = 0 for the output gate.
    assert (step.input, step.forget, step.candidate, step.output) == pytest.approx((0.5, 0.75, np.tanh(1), 0.5))
    assert step.c == pytest.approx(0.75 * 4 + 0.5 * np.tanh(1))
    assert step.h == pytest.approx(0.5 * np.tanh(step.c))


X, H, C = np.ones((1, 2)), np.array([[0.3, -0.2]]), np.array([[0.6, -1.5]])


def test_forget_open_and_input_shut_keep_the_cell():
    step = lstm_step(X, H, C, *with_biases(forget=OPEN, input=SHUT, candidate=OPEN, output=OPEN))
    assert_allclose(step.c, C, rtol=1e-12)
    assert_allclose(step.h, np.tanh(C), rtol=1e-12)


def test_forget_shut_and_input_open_write_the_candidate():
    step = lstm_step(X, H, C, *with_biases(forget=SHUT, input=OPEN, candidate=-OPEN, output=OPEN))
    assert_allclose(step.c, [[-1, -1]], rtol=1e-12)


def test_both_open_add_the_candidate_to_the_cell():
    step = lstm_step(X, H, C, *with_biases(forget=OPEN, input=OPEN, candidate=0.7, output=OPEN))
    assert_allclose(step.c, C + np.tanh(0.7), rtol=1e-12)


def test_output_shut_hides_the_cell():
    step = lstm_step(X, H, C, *with_biases(forget=OPEN, input=OPEN, candidate=1, output=SHUT))
    assert_allclose(step.h, [[0, 0]], atol=1e-12)
    assert np.abs(step.c).min() > 0.5, "and does not empty it"


def test_a_cell_with_its_gates_set_so_holds_a_number_over_100_steps():
    """The state does not fade, and neither does its gradient: the reason why the cell was thought of."""
    layer = LSTM(2, return_state=True)
    layer.build((None, None, 2), np.random.default_rng(0))
    layer.set_weights(with_biases(forget=OPEN, input=SHUT))
    _, _, c = layer.forward(np.random.default_rng(0).standard_normal((1, 100, 2)), initial_state=[H, C])
    assert_allclose(c, C, rtol=1e-12)
    layer.backward(np.zeros((1, 2)), [np.zeros((1, 2)), np.array([[3.0, -7]])])
    assert_allclose(layer.initial_state_gradients[1], [[3, -7]], rtol=1e-12)


# What can be looked at.


@pytest.mark.parametrize("mask", [None, MASK], ids=["all real", "with holes"])
def test_the_trace_holds_every_gate_and_state_of_every_step(mask):
    layer, (inputs, (h, c)) = build(return_sequences=True), example()
    outputs = layer.forward(inputs, mask=mask, initial_state=[h, c])
    trace = layer.trace
    assert list(trace) == ["h", "c", "input", "forget", "candidate", "output"] == list(LSTMStep._fields)
    for t in range(4):
        step = lstm_step(inputs[:, t], h, c, **layer.weights)
        for name, array in trace.items():
            assert array.shape == (5, 4, 3)
            # At a padded step, too: what it would have been.
            assert_array_equal(array[:, t], getattr(step, name), name)
        real = np.ones((5, 1), bool) if mask is None else mask[:, t, None]
        h, c = np.where(real, step.h, h), np.where(real, step.c, c)
    assert_array_equal(layer.states, [h, c])
    if mask is None:
        assert_array_equal(trace["h"], outputs)


def test_the_trace_is_that_of_the_last_forward():
    layer = build()
    for batch, steps in ((5, 4), (2, 7)):
        inputs, _ = example(batch, steps)
        output = layer.forward(inputs)
    assert layer.trace["c"].shape == (2, 7, 3)
    assert_array_equal(layer.trace["h"][:, -1], output)
    kept = layer.trace
    kept["h"][:] = 7
    assert not (layer.trace["h"] == 7).any(), "a copy"


# Gates taken by the hand.


@pytest.mark.parametrize("gate", PARTS)
def test_a_gate_that_is_held_has_its_number_and_the_others_are_left_to_the_network(gate):
    layer, (inputs, (h, c)) = build(), example()
    free = lstm_step(inputs[:, 0], h, c, **layer.weights)
    held = lstm_step(inputs[:, 0], h, c, **layer.weights, held={gate: [0.25, np.nan, 0]})
    for name in PARTS:
        expected = getattr(free, name).copy()
        if name == gate:
            expected[:, 0], expected[:, 2] = 0.25, 0
        assert_array_equal(getattr(held, name), expected, name)
    assert_allclose(held.c, held.forget * c + held.input * held.candidate, rtol=1e-12)
    assert_allclose(held.h, held.output * np.tanh(held.c), rtol=1e-12)
    assert not np.array_equal(held.h, free.h)


def test_lstm_run_is_the_layer_until_a_gate_is_held():
    layer, (inputs, _) = build(return_sequences=True), example()
    free = lstm_run(inputs, **layer.weights)
    assert_array_equal(free.h, layer.forward(inputs))
    for name, array in layer.trace.items():
        assert_array_equal(getattr(free, name), array, name)
    held = lstm_run(inputs, **layer.weights, held={"forget": 1, "input": 0}, since=2)
    for name in LSTMStep._fields:
        assert_array_equal(getattr(held, name)[:, :2], getattr(free, name)[:, :2], name)
    assert_array_equal(held.c[:, 2:], np.repeat(held.c[:, 1:2], 2, axis=1), "nothing is forgotten and nothing written")
    assert not np.array_equal(free.c[:, 2:], held.c[:, 2:])
    for_a_step = lstm_run(inputs, **layer.weights, held={"forget": 1, "input": 0}, since=2, until=3)
    assert_array_equal(for_a_step.c[:, 2], held.c[:, 2])
    assert (for_a_step.forget[:, 2] == 1).all() and (for_a_step.forget[:, 3] < 1).all()


def test_lstm_run_refuses_gates_that_there_are_not():
    with pytest.raises(ValueError, match="held: expected gates out of input, forget, candidate, output, got reset"):
        lstm_run(np.zeros((1, 2, 2)), **build().weights, held={"reset": 1})


# Gradients.


def test_the_gradients_of_all_parts_equal_keras():
    ours, (inputs, states) = build(return_sequences=True), example()
    theirs = keras.layers.LSTM(3, return_sequences=True, dtype="float64")
    theirs.build((None, None, 2))
    theirs.set_weights(ours.get_weights())
    factors = np.random.default_rng(3).standard_normal((5, 4, 3))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(theirs(inputs, initial_state=[tf.constant(state) for state in states]) * factors)
    expected = tape.gradient(total, [variable.value for variable in theirs.weights])
    ours.forward(inputs, initial_state=states)
    ours.backward(factors)
    for mine, array in zip(ours.gradients.values(), expected, strict=True):
        for part, columns, others in zip(PARTS, np.split(mine, 4, axis=-1), np.split(array, 4, axis=-1), strict=True):
            assert_allclose(columns, others, rtol=1e-7, atol=1e-9, err_msg=part)


@pytest.mark.parametrize("state", ["h", "c"])
def test_a_gradient_for_one_state_alone_equals_finite_differences(state):
    layer, (inputs, states) = build(return_state=True), example()
    number, factors, step = "hc".index(state), np.random.default_rng(3).standard_normal((5, 3)), 1e-5
    layer.forward(inputs, mask=MASK, initial_state=states)
    given = [factors * (place == number) for place in range(2)]
    layer.backward(np.zeros((5, 3)), given)
    for first, computed in zip(states, layer.initial_state_gradients, strict=True):
        for place in np.ndindex(first.shape):
            middle, ends = first[place], []
            for change in (step, -step):
                first[place] = middle + change
                last = layer.forward(inputs, mask=MASK, initial_state=states)[1 + number]
                ends.append((last * factors).sum())
            first[place] = middle
            assert computed[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-8)


# The start.


def test_lstm_starts_like_keras():
    ours, theirs = LSTM(40), keras.layers.LSTM(40)
    ours.build((None, None, 30), np.random.default_rng(0))
    theirs.build((None, None, 30))
    for kernel, recurrent_kernel, bias in (ours.get_weights(), theirs.get_weights()):
        assert (kernel.shape, recurrent_kernel.shape, bias.shape) == ((30, 160), (40, 160), (160,))
        # Even between -limit and limit, and 4,800 numbers come close to the ends.
        assert np.abs(kernel).max() == pytest.approx(np.sqrt(6 / (30 + 160)), rel=0.01)
        assert kernel.std() == pytest.approx(np.sqrt(2 / (30 + 160)), rel=0.05)
        assert_allclose(recurrent_kernel @ recurrent_kernel.T, np.eye(40), atol=1e-5)
        assert_array_equal(bias.reshape(4, 40), np.array([[0], [1], [0], [0]]) * np.ones(40), "only the forget gate's are 1")


def test_a_new_cell_rather_keeps_than_forgets():
    layer = LSTM(40)
    layer.build((None, None, 3), np.random.default_rng(0))
    layer.forward(np.zeros((1, 1, 3)))
    assert_allclose(layer.trace["forget"], sigmoid(1.0))
    assert_allclose(layer.trace["input"], 0.5)
    assert_allclose(layer.trace["output"], 0.5)
