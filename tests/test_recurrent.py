"""Recurrent layers from scratch against Keras, forward and back through time: masks, states, truncation, and bad input.

What all recurrent layers share is tried with SimpleRNN, LSTM and GRU. What only the last two have is in test_lstm.py and
test_gru.py.
"""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.scratch.activations import ACTIVATIONS
from helpers.scratch.dense import Dense
from helpers.scratch.gru import GRU
from helpers.scratch.layer import orthogonal
from helpers.scratch.lstm import LSTM
from helpers.scratch.recurrent import SimpleRNN, simple_rnn_step

KINDS = {
    "SimpleRNN": (SimpleRNN, keras.layers.SimpleRNN),
    "LSTM": (LSTM, keras.layers.LSTM),
    "GRU": (GRU, keras.layers.GRU),
}
CELLS = {"SimpleRNN": keras.layers.SimpleRNNCell, "LSTM": keras.layers.LSTMCell, "GRU": keras.layers.GRUCell}
STATES = {"SimpleRNN": 1, "LSTM": 2, "GRU": 1}
SIZES = [(6, 5, 2, 3), (1, 5, 2, 3), (6, 1, 2, 3), (6, 5, 1, 3), (6, 5, 2, 1), (1, 1, 1, 1)]  # batch, steps, features, units
# A hole in the middle, at the end, at the start; nothing real at all; nothing padded; and holes everywhere.
MASK = np.array([[int(step) for step in row] for row in ("11011", "11100", "00111", "00000", "11111", "01010")], bool)
TOLERANCE = {"float32": {"rtol": 1e-4, "atol": 1e-5}, "float64": {"rtol": 1e-7, "atol": 1e-9}}
EXACT = TOLERANCE["float64"]

all_kinds = pytest.mark.parametrize("kind", KINDS)
yes_or_no = {"argvalues": [False, True]}


def build(kind, features, units, **options):
    """Return our layer with weights of which none is 0: a bias of zeros would hide one that is left out."""
    layer = KINDS[kind][0](units, **options)
    layer.build((None, None, features), np.random.default_rng(0))
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(0, 0.8, array.shape) for array in layer.get_weights()])
    return layer


def pair(kind, features, units, dtype="float64", **options):
    """Return our layer and Keras's with the same weights."""
    ours, theirs = build(kind, features, units, **options), KINDS[kind][1](units, dtype=dtype, **options)
    theirs.build((None, None, features))
    theirs.set_weights(ours.get_weights())
    return ours, theirs


def example(kind, size, initial=False, dtype="float64", seed=2):
    """Return inputs, and first states or None."""
    batch, steps, features, units = size
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((batch, steps, features)).astype(dtype)
    states = [rng.standard_normal((batch, units)).astype(dtype) for _ in range(STATES[kind])]
    return inputs, states if initial else None


def as_list(outputs):
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def assert_all_equal(mine, expected, dtype="float64"):
    for number, (array, other) in enumerate(zip(mine, expected, strict=True)):
        assert array.dtype == dtype
        assert_allclose(array, other, **TOLERANCE[dtype], err_msg=f"number {number}")


def assert_equals_tensorflow(ours, run, weights, inputs, mask, states, dtype="float64"):
    """Compare all outputs and all gradients with those of run(inputs, states), which reads `weights`."""
    tensor, firsts = tf.constant(inputs), [tf.constant(state) for state in states or ()]
    with tf.GradientTape() as tape:
        tape.watch([tensor, *firsts])
        expected = as_list(run(tensor, firsts or None))
        rng = np.random.default_rng(3)
        gradients = [rng.standard_normal(output.shape).astype(dtype) for output in expected]
        total = sum(tf.reduce_sum(output * gradient) for output, gradient in zip(expected, gradients, strict=True))
    outputs = ours.forward(inputs, mask=mask, initial_state=states)
    assert isinstance(outputs, list) == ours.return_state
    assert_all_equal(as_list(outputs), expected, dtype)
    computed = ours.backward(gradients[0], gradients[1:] or None)
    mine = [computed, *ours.gradients.values(), *(ours.initial_state_gradients if states else ())]
    assert_all_equal(mine, tape.gradient(total, [tensor, *weights, *firsts], unconnected_gradients="zero"), dtype)


def assert_equals_keras(ours, theirs, inputs, mask=None, states=None, dtype="float64"):
    assert list(ours.weights) == list(ours.gradients or ours.weights) == [variable.name for variable in theirs.weights]

    def run(tensor, firsts):
        return theirs(tensor, mask=None if mask is None else tf.constant(mask), initial_state=firsts)

    assert_equals_tensorflow(ours, run, [variable.value for variable in theirs.weights], inputs, mask, states, dtype)


@all_kinds
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("masked", **yes_or_no)
@pytest.mark.parametrize("initial", **yes_or_no)
def test_forward_and_backward_equal_keras(kind, size, masked, initial):
    batch, steps, features, units = size
    inputs, states = example(kind, size, initial)
    mask = MASK[:batch, :steps] if masked else None
    for return_sequences in (False, True):
        for return_state in (False, True):
            options = {"return_sequences": return_sequences, "return_state": return_state}
            assert_equals_keras(*pair(kind, features, units, **options), inputs, mask, states)


@all_kinds
@pytest.mark.parametrize("masked", **yes_or_no)
@pytest.mark.parametrize("return_sequences", **yes_or_no)
def test_float32_stays_float32_and_equals_keras(kind, masked, return_sequences):
    ours, theirs = pair(kind, 2, 3, "float32", return_sequences=return_sequences, return_state=True)
    inputs, states = example(kind, SIZES[0], True, "float32")
    assert_equals_keras(ours, theirs, inputs, MASK if masked else None, states, "float32")
    assert {array.dtype.name for array in (*ours.states, *ours.initial_state_gradients)} == {"float32"}
    assert {array.dtype.name for array in ours.weights.values()} == {"float64"}
    # States from a layer in float64 do not turn the rest into float64.
    ours.forward(inputs, initial_state=[state.astype("float64") for state in states])
    assert {array.dtype.name for array in (ours.output, *ours.states)} == {"float32"}


@all_kinds
@pytest.mark.parametrize("dtype", ["float16", "int64", "bool"])
def test_all_inputs_but_float32_become_float64(kind, dtype):
    layer, inputs = build(kind, 2, 3), np.array([[[1, 0], [0, 1], [1, 1]]])
    expected = layer.forward(inputs.astype("float64"))
    assert_array_equal(layer.forward(inputs.astype(dtype)), expected)
    assert_array_equal(layer.forward(inputs.tolist()), expected)
    assert layer.backward(np.ones((1, 3))).dtype == np.float64


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_simple_rnn_takes_every_activation(activation):
    ours, theirs = pair("SimpleRNN", 2, 3, "float32", activation=activation, return_sequences=True)
    inputs, states = example("SimpleRNN", SIZES[0], True, "float32")
    assert_equals_keras(ours, theirs, inputs, MASK, states, "float32")


sizes = st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 3), st.integers(1, 3))


@settings(max_examples=25)
@given(st.sampled_from(sorted(KINDS)), sizes, st.booleans(), st.booleans(), st.booleans(), st.data())
def test_any_size_and_any_mask_equal_keras(kind, size, initial, return_sequences, return_state, data):
    batch, steps, features, units = size
    row = st.lists(st.booleans(), min_size=steps, max_size=steps)
    mask = data.draw(st.none() | st.lists(row, min_size=batch, max_size=batch).map(np.array))
    options = {"return_sequences": return_sequences, "return_state": return_state}
    inputs, states = example(kind, size, initial)
    assert_equals_keras(*pair(kind, features, units, **options), inputs, mask, states)


def numeric_gradient(loss, array, step=1e-5):
    """Return how much loss() changes with every number of the array, which loss() reads."""
    slopes = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        middle = array[place]
        array[place] = middle + step
        above = loss()
        array[place] = middle - step
        slopes[place] = (above - loss()) / (2 * step)
        array[place] = middle
    return slopes


@all_kinds
@pytest.mark.parametrize("masked", **yes_or_no)
@pytest.mark.parametrize("return_sequences", **yes_or_no)
def test_all_gradients_equal_finite_differences(kind, masked, return_sequences):
    layer = build(kind, 2, 3, return_sequences=return_sequences, return_state=True)
    (inputs, states), mask = example(kind, SIZES[0], True), MASK if masked else None
    rng = np.random.default_rng(3)
    factors = [rng.standard_normal(output.shape) for output in layer.forward(inputs, mask=mask, initial_state=states)]

    def loss():
        outputs = layer.forward(inputs, mask=mask, initial_state=states)
        return sum((output**2 * factor).sum() / 2 for output, factor in zip(outputs, factors, strict=True))

    outputs = layer.forward(inputs, mask=mask, initial_state=states)
    slopes = [output * factor for output, factor in zip(outputs, factors, strict=True)]
    computed = [layer.backward(slopes[0], slopes[1:]), *layer.gradients.values(), *layer.initial_state_gradients]
    for mine, array in zip(computed, [inputs, *layer.weights.values(), *states], strict=True):
        assert_allclose(mine, numeric_gradient(loss, array), rtol=1e-5, atol=1e-8)


# One step.


@pytest.mark.parametrize("size", [(3, 1, 2, 4), (1, 1, 1, 1)], ids=str)
def test_simple_rnn_step_equals_one_step_of_keras(size):
    (inputs, (h,)), layer = example("SimpleRNN", size, True), build("SimpleRNN", size[2], size[3])
    cell = keras.layers.SimpleRNNCell(size[3], dtype="float64")
    cell.build((None, size[2]))
    cell.set_weights(layer.get_weights())
    new = simple_rnn_step(inputs[:, 0], h, **layer.weights)
    assert new.shape == (size[0], size[3])
    assert_allclose(new, cell(inputs[:, 0], [h])[0], **EXACT)
    assert_array_equal(layer.forward(inputs, initial_state=[h]), new)


def test_the_layer_is_the_step_again_and_again():
    layer = build("SimpleRNN", 2, 3, return_sequences=True)
    inputs, states = example("SimpleRNN", (4, 6, 2, 3), True)
    outputs, h = layer.forward(inputs, initial_state=states), states[0]
    for t in range(6):
        h = simple_rnn_step(inputs[:, t], h, **layer.weights)
        assert_array_equal(outputs[:, t], h)
    assert_array_equal(layer.states[0], h)


def test_a_step_by_hand():
    h = simple_rnn_step(np.array([[1.0, 2]]), np.array([[0.5]]), np.array([[3.0], [-1]]), np.array([[4.0]]), np.array([-2.5]))
    assert h == np.tanh([[1 * 3 - 2 * 1 + 0.5 * 4 - 2.5]]) == np.tanh(0.5)


def test_one_step_from_zero_equals_a_dense_layer():
    layer, dense = build("SimpleRNN", 2, 3), Dense(3, "tanh")
    dense.build((None, 2), np.random.default_rng(0))
    dense.set_weights([layer.weights["kernel"], layer.weights["bias"]])
    inputs, _ = example("SimpleRNN", (4, 1, 2, 3))
    gradient = np.random.default_rng(3).standard_normal((4, 3))
    assert_allclose(layer.forward(inputs), dense.forward(inputs[:, 0]), rtol=1e-14)
    assert_allclose(layer.backward(gradient)[:, 0], dense.backward(gradient), rtol=1e-14)
    for name in ("kernel", "bias"):
        assert_allclose(layer.gradients[name], dense.gradients[name], rtol=1e-14)
    assert not layer.gradients["recurrent_kernel"].any(), "there was nothing to remember"


# Many steps.


@all_kinds
def test_reading_on_from_the_last_state_equals_reading_at_once(kind):
    layer = build(kind, 2, 3, return_sequences=True, return_state=True)
    inputs, _ = example(kind, SIZES[0])
    whole, *states = layer.forward(inputs, mask=MASK)
    first, *between = layer.forward(inputs[:, :2], mask=MASK[:, :2])
    second, *last = layer.forward(inputs[:, 2:], mask=MASK[:, 2:], initial_state=between)
    assert_array_equal(first, whole[:, :2])
    for mine, expected in zip((*last, *layer.states), (*states, *states), strict=True):
        assert_array_equal(mine, expected)
    real = np.logical_or.accumulate(MASK[:, 2:], axis=1)  # before its first real step the second call can only say 0
    assert_array_equal(second[real], whole[:, 2:][real])
    assert not second[~real].any()


@all_kinds
def test_back_in_two_pieces_equals_back_at_once(kind):
    """What the first states of the second piece get is what the last states of the first piece hand on."""
    layer, inputs = build(kind, 2, 3, return_state=True), example(kind, (4, 5, 2, 3))[0]
    gradient = np.random.default_rng(3).standard_normal((4, 3))
    layer.forward(inputs)
    whole, expected = layer.backward(gradient), layer.gradients
    states = layer.forward(inputs[:, :2])[1:]
    layer.forward(inputs[:, 2:], initial_state=states)
    second, gradients = layer.backward(gradient), layer.gradients
    handed_on = layer.initial_state_gradients
    layer.forward(inputs[:, :2])
    first = layer.backward(np.zeros((4, 3)), handed_on)
    assert_allclose(np.concatenate([first, second], axis=1), whole, rtol=1e-12)
    for name, array in expected.items():
        assert_allclose(layer.gradients[name] + gradients[name], array, rtol=1e-12)


@all_kinds
@pytest.mark.parametrize("return_sequences", **yes_or_no)
def test_padding_at_the_end_changes_nothing(kind, return_sequences):
    layer = build(kind, 2, 3, return_sequences=return_sequences, return_state=True)
    inputs, states = example(kind, (4, 3, 2, 3), True)
    outputs = layer.forward(inputs, initial_state=states)
    gradients = [np.random.default_rng(3).standard_normal(output.shape) for output in outputs]
    expected = [layer.backward(gradients[0], gradients[1:]), *layer.gradients.values(), *layer.initial_state_gradients]

    padded = np.concatenate([inputs, np.full((4, 4, 2), 1e9)], axis=1)
    with_padding = layer.forward(padded, mask=padded[..., 0] < 1e9, initial_state=states)
    if return_sequences:
        assert_array_equal(with_padding[0][:, 3:], np.repeat(outputs[0][:, -1:], 4, axis=1))
        with_padding[0] = with_padding[0][:, :3]
        gradients[0] = np.concatenate([gradients[0], np.zeros((4, 4, 3))], axis=1)
    for mine, array in zip(with_padding, outputs, strict=True):
        assert_array_equal(mine, array)
    of_inputs = layer.backward(gradients[0], gradients[1:])
    assert not of_inputs[:, 3:].any()
    mine = [of_inputs[:, :3], *layer.gradients.values(), *layer.initial_state_gradients]
    for array, other in zip(mine, expected, strict=True):
        assert_allclose(array, other, rtol=1e-12, atol=1e-15)


@all_kinds
def test_where_nothing_is_real_the_state_stays_and_the_output_is_0(kind):
    layer = build(kind, 2, 3, return_state=True)
    inputs, states = example(kind, (2, 4, 2, 3), True)
    output, *last = layer.forward(inputs, mask=np.zeros((2, 4)), initial_state=states)
    assert not output.any()
    assert_array_equal(last, states)
    given = [np.full((2, 3), 7.0 + number) for number in range(len(states))]
    assert not layer.backward(np.ones((2, 3)), given).any()
    assert_array_equal(layer.initial_state_gradients, given)
    assert not any(array.any() for array in layer.gradients.values())


@all_kinds
@pytest.mark.parametrize("return_sequences", **yes_or_no)
def test_which_steps_of_the_output_count(kind, return_sequences):
    ours, theirs = pair(kind, 2, 3, return_sequences=return_sequences)
    inputs, _ = example(kind, SIZES[0])
    mask, expected = ours.compute_mask(inputs, MASK), theirs.compute_mask(inputs, MASK)
    if return_sequences:
        assert_array_equal(mask, MASK)
        assert_array_equal(expected, MASK)
    else:
        assert mask is expected is None
    assert ours.compute_mask(inputs) is None


@all_kinds
def test_without_a_first_state_all_begin_at_0(kind):
    layer = build(kind, 2, 3)
    inputs, states = example(kind, (4, 3, 2, 3), True)
    zeros = [np.zeros_like(state) for state in states]
    assert_array_equal(layer.forward(inputs), layer.forward(inputs, initial_state=zeros))


@all_kinds
@pytest.mark.parametrize("return_sequences", **yes_or_no)
def test_what_arrives_before_each_step_is_what_reading_on_from_there_gives(kind, return_sequences):
    layer = build(kind, 2, 3, return_sequences=return_sequences)
    inputs, _ = example(kind, (4, 5, 2, 3))
    gradient = np.random.default_rng(3).standard_normal(layer.forward(inputs).shape)
    layer.backward(gradient)
    arrives = layer.state_gradients
    assert len(arrives) == 5 and arrives[0] is layer.initial_state_gradients
    for start in range(1, 5):
        layer.forward(inputs[:, :start])
        layer.forward(inputs[:, start:], initial_state=layer.states)
        layer.backward(gradient[:, start:] if return_sequences else gradient)
        for mine, expected in zip(arrives[start], layer.initial_state_gradients, strict=True):
            assert_allclose(mine, expected, rtol=1e-10, atol=1e-15)


@all_kinds
def test_gradients_are_those_of_the_last_batch_alone(kind):
    layer = build(kind, 2, 3)
    gradients = []
    for size in ((4, 5, 2, 3), (2, 3, 2, 3), (4, 5, 2, 3)):
        layer.forward(example(kind, size)[0])
        for _ in range(2):
            layer.backward(np.ones((size[0], 3)))
        gradients.append(layer.gradients)
    for first, other, again in zip(*(each.values() for each in gradients), strict=True):
        assert_array_equal(first, again)
        assert not np.array_equal(first, other)


# Truncated.


def unroll(cell, layer, mask, inputs, states):
    """Walk with Keras's cell, and stop the gradient at the borders of the pieces, which are counted from the end."""
    states = states or [tf.zeros((inputs.shape[0], cell.units), inputs.dtype) for _ in as_list(cell.state_size)]
    output, outputs, steps = tf.zeros_like(states[0]), [], inputs.shape[1]
    for t in range(steps):
        if layer.truncation and t > 0 and (steps - t) % layer.truncation == 0:
            states = [tf.stop_gradient(state) for state in states]
        new = cell(inputs[:, t], states)[1]
        real = tf.ones((1, 1), bool) if mask is None else mask[:, t, None]
        states = [tf.where(real, after, before) for after, before in zip(new, states, strict=True)]
        output = tf.where(real, new[0], output)
        outputs.append(output)
    output = tf.stack(outputs, axis=1) if layer.return_sequences else output
    return [output, *states]


def cell_with_weights_of(kind, layer):
    cell = CELLS[kind](layer.units, dtype="float64")
    cell.build((None, len(layer.weights["kernel"])))
    cell.set_weights(layer.get_weights())
    return cell


@all_kinds
@pytest.mark.parametrize("truncation", [None, 1, 2, 4, 5])
def test_truncation_equals_tensorflow_with_stopped_gradients(kind, truncation):
    for return_sequences, mask in ((False, None), (False, MASK), (True, None), (True, MASK)):
        layer = build(kind, 2, 3, return_sequences=return_sequences, return_state=True, truncation=truncation)
        cell = cell_with_weights_of(kind, layer)
        inputs, states = example(kind, SIZES[0], initial=return_sequences)
        run = partial(unroll, cell, layer, mask)
        assert_equals_tensorflow(layer, run, [variable.value for variable in cell.weights], inputs, mask, states)


@all_kinds
@pytest.mark.parametrize("truncation", [5, 6, 1000])
def test_pieces_as_long_as_the_sequence_are_no_truncation(kind, truncation):
    inputs, states = example(kind, (4, 5, 2, 3), True)
    results = []
    for option in (None, truncation, 4):
        layer = build(kind, 2, 3, return_sequences=True, truncation=option)
        outputs = layer.forward(inputs, initial_state=states)
        results.append([outputs, layer.backward(np.ones((4, 5, 3))), *layer.gradients.values(), *layer.initial_state_gradients])
    full, same, cut = results
    for array, other in zip(full, same, strict=True):
        assert_array_equal(array, other)
    assert_array_equal(full[0], cut[0], "truncation changes the gradient alone")
    assert not any(np.allclose(array, other) for array, other in zip(full[1:], cut[1:], strict=True))


@pytest.mark.parametrize("truncation", [1, 2, 3, 4, 5, 6, 7])
def test_for_a_loss_at_the_end_the_truncated_gradient_is_the_sum_of_the_last_parts(truncation):
    """A weight that is used at every step is thought of as a weight for each step: each of them gets its part."""
    steps, layer = 6, build("SimpleRNN", 2, 3, truncation=truncation)
    (inputs, _), factors = example("SimpleRNN", (4, 6, 2, 3)), np.random.default_rng(3).standard_normal((4, 3))
    each_step = [[tf.Variable(array) for array in layer.get_weights()] for _ in range(steps)]
    with tf.GradientTape() as tape:
        h = tf.zeros((4, 3), "float64")
        for t, (kernel, recurrent_kernel, bias) in enumerate(each_step):
            h = tf.tanh(inputs[:, t] @ kernel + h @ recurrent_kernel + bias)
        loss = tf.reduce_sum(h * factors)
    parts = tape.gradient(loss, each_step)
    layer.forward(inputs)
    layer.backward(factors)
    for mine, by_step in zip(layer.gradients.values(), zip(*parts, strict=True), strict=True):
        assert_allclose(mine, sum(by_step[-truncation:]), **EXACT)


@pytest.mark.parametrize(("truncation", "slope"), [(None, 3 + 2 * 1), (3, 5), (2, 5), (1, 3)])
def test_a_gradient_by_hand(truncation, slope):
    """h = 2 h + x with x = 1: the states are 1, 3 and 7. The last step adds the 3 before it, the one before 2 times its 1."""
    layer = build("SimpleRNN", 1, 1, activation="linear", truncation=truncation)
    layer.set_weights([np.ones((1, 1)), np.full((1, 1), 2.0), np.zeros(1)])
    assert layer.forward(np.ones((1, 3, 1))) == 7
    of_inputs = layer.backward(np.ones((1, 1)))
    assert layer.gradients["recurrent_kernel"] == slope
    reached = [4, 2, 1] if truncation in (None, 3) else [0, 2, 1] if truncation == 2 else [0, 0, 1]
    assert_array_equal(of_inputs[0, :, 0], reached)
    assert layer.gradients["kernel"] == layer.gradients["bias"] == sum(reached)
    assert layer.initial_state_gradients[0] == (8 if truncation in (None, 3) else 0)


# The start, and what is refused.


def test_simple_rnn_starts_like_keras():
    ours, theirs = SimpleRNN(40), keras.layers.SimpleRNN(40)
    ours.build((None, None, 30), np.random.default_rng(0))
    theirs.build((None, None, 30))
    for kernel, recurrent_kernel, bias in (ours.get_weights(), theirs.get_weights()):
        assert kernel.shape == (30, 40)
        # Even between -limit and limit, and 1,200 numbers come close to the ends.
        assert np.abs(kernel).max() == pytest.approx(np.sqrt(6 / (30 + 40)), rel=0.02)
        assert kernel.std() == pytest.approx(np.sqrt(2 / (30 + 40)), rel=0.1)
        assert_allclose(recurrent_kernel @ recurrent_kernel.T, np.eye(40), atol=1e-5)
        assert_array_equal(bias, np.zeros(40))


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (4, 4), (3, 7), (7, 3), (1, 5), (5, 1)])
def test_orthogonal_matrices_keep_lengths(rows, columns):
    matrix = orthogonal(rows, columns, np.random.default_rng(0))
    assert matrix.shape == (rows, columns)
    product = matrix @ matrix.T if rows <= columns else matrix.T @ matrix
    assert_allclose(product, np.eye(min(rows, columns)), atol=1e-12)


def test_all_rotations_come_equally_often():
    """The mean of many rotations is 0 at every place; without its signs set, the method prefers one half of them."""
    rng = np.random.default_rng(0)
    for rows, columns in ((3, 3), (2, 4), (1, 1)):
        matrices = [orthogonal(rows, columns, rng) for _ in range(1000)]
        assert np.abs(np.mean(matrices, axis=0)).max() < 0.12


@all_kinds
def test_layer_repeats_with_the_same_generator(kind):
    built = []
    for seed in (5, 5, 6):
        layer = KINDS[kind][0](3)
        layer.build((1, 4, 2), np.random.default_rng(seed))
        built.append(layer.weights)
    for name in ("kernel", "recurrent_kernel"):
        assert_array_equal(built[0][name], built[1][name])
        assert not np.array_equal(built[0][name], built[2][name])


@all_kinds
@pytest.mark.parametrize("return_sequences", **yes_or_no)
def test_nothing_that_is_handed_in_is_changed(kind, return_sequences):
    layer = build(kind, 2, 3, return_sequences=return_sequences, return_state=True)
    inputs, states = example(kind, SIZES[0], True)
    gradients = [np.ones_like(array) for array in layer.forward(inputs, mask=MASK, initial_state=states)]
    mask = MASK.copy()
    handed_in = [inputs, mask, *states, *gradients, *layer.weights.values()]
    for array in handed_in:
        array.flags.writeable = False
    outputs = layer.forward(inputs, mask=mask, initial_state=states)
    kept = [output.copy() for output in outputs]
    computed = layer.backward(gradients[0], gradients[1:])
    for output, before in zip(outputs, kept, strict=True):
        assert_array_equal(output, before)
    for result in (*outputs, computed, *layer.gradients.values(), *layer.initial_state_gradients):
        assert not any(np.shares_memory(result, array) for array in handed_in)


@all_kinds
@pytest.mark.parametrize("shape", [(4, 5, 3), (4, 5, 1), (4, 5), (4, 0, 2), (5, 2, 4, 2), ()])
def test_inputs_of_another_shape_are_refused(kind, shape):
    with pytest.raises(ValueError) as problem:
        build(kind, 2, 3).forward(np.ones(shape))
    assert str(problem.value) == f"inputs: expected shape (batch, steps, 2), at least one step, got {shape}"


@all_kinds
@pytest.mark.parametrize("shape", [(4, 4), (5, 4), (1, 5), (4, 5, 1), (5,), ()])
def test_a_mask_of_another_shape_is_refused(kind, shape):
    with pytest.raises(ValueError) as problem:
        build(kind, 2, 3).forward(np.ones((4, 5, 2)), mask=np.ones(shape))
    assert str(problem.value) == f"mask: expected shape (batch, steps) = (4, 5), got {shape}"


@all_kinds
@pytest.mark.parametrize("argument", ["initial_state", "state_gradients"])
def test_states_of_another_number_or_shape_are_refused(kind, argument):
    layer, count = build(kind, 2, 3, return_state=True), STATES[kind]
    layer.forward(np.ones((4, 5, 2)))
    good = [np.ones((4, 3))] * count
    for states in (good[1:], good + good[:1], [*good[1:], np.ones((4, 2))], [*good[1:], np.ones((1, 3))], np.ones((4, 3)), []):
        with pytest.raises(ValueError) as problem:
            if argument == "initial_state":
                layer.forward(np.ones((4, 5, 2)), initial_state=states)
            else:
                layer.backward(np.ones((4, 3)), states)
        shapes = [np.shape(state) for state in states]
        assert str(problem.value) == f"{argument}: expected {count} of shape (batch, units) = (4, 3), got {shapes}"


@all_kinds
@pytest.mark.parametrize(
    ("return_sequences", "shape"), [(False, (4, 5, 3)), (False, (1, 3)), (True, (4, 3)), (True, (4, 4, 3))]
)
def test_a_gradient_of_another_shape_is_refused(kind, return_sequences, shape):
    layer = build(kind, 2, 3, return_sequences=return_sequences)
    expected = layer.forward(np.ones((4, 5, 2))).shape
    with pytest.raises(ValueError) as problem:
        layer.backward(np.ones(shape))
    assert str(problem.value) == f"gradient: expected the shape of the outputs {expected}, got {shape}"


@all_kinds
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 0}, "units: expected a whole number of at least 1, got 0"),
        ({"units": 2.0}, "units: expected a whole number of at least 1, got 2.0"),
        ({"truncation": 0}, "truncation: expected a whole number of at least 1, got 0"),
        ({"truncation": 2.5}, "truncation: expected a whole number of at least 1, got 2.5"),
        ({"truncation": True}, "truncation: expected a whole number of at least 1, got True"),
    ],
)
def test_bad_layer(kind, options, message):
    with pytest.raises(ValueError) as problem:
        KINDS[kind][0](**{"units": 3} | options)
    assert str(problem.value) == message


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="activation: expected one of .*'tanh'.*, got 'Tanh'"):
        SimpleRNN(3, activation="Tanh")


@all_kinds
@pytest.mark.parametrize("features", [None, 0])
def test_bad_input_shape(kind, features):
    with pytest.raises(ValueError) as problem:
        KINDS[kind][0](3).build((None, 5, features), np.random.default_rng(0))
    assert str(problem.value) == f"input_shape: expected a whole number of at least 1, got {features}"


@all_kinds
def test_bad_weights_change_nothing(kind):
    layer = build(kind, 2, 3)
    before = layer.get_weights()
    kernel, recurrent_kernel, bias = before
    for arrays, message in (
        ([kernel, recurrent_kernel], "arrays: expected 3 arrays (kernel, recurrent_kernel, bias), got 2"),
        ([recurrent_kernel, kernel, bias], f"arrays: expected kernel of shape {kernel.shape}, got {recurrent_kernel.shape}"),
    ):
        with pytest.raises(ValueError) as problem:
            layer.set_weights([array + 1 for array in arrays])
        assert str(problem.value) == message
    for new, old in zip(layer.get_weights(), before, strict=True):
        assert_array_equal(new, old)
