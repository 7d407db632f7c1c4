"""The dense layer from scratch against Keras, `tf.GradientTape`, plain loops, finite differences, and bad input."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.scratch.activations import ACTIVATIONS
from helpers.scratch.dense import Dense

SHAPES = [((1, 1), 4), ((3, 5), 4), ((1, 5), 1), ((3, 1), 1), ((2, 3, 5), 4)]  # shape of the inputs, units
TOLERANCE = {"float32": {"rtol": 1e-4, "atol": 1e-5}, "float64": {"rtol": 1e-7, "atol": 1e-9}}


def pair(input_shape, units, dtype="float64", l2=0.0, **options):
    """Return our layer and Keras's with the same weights, none of them 0: a bias of zeros would hide one that is left out."""
    rng = np.random.default_rng(0)
    ours = Dense(units, l2=l2, **options)
    theirs = keras.layers.Dense(units, kernel_regularizer=keras.regularizers.L2(l2) if l2 else None, dtype=dtype, **options)
    ours.build(input_shape, rng)
    theirs.build(input_shape)
    theirs.set_weights([rng.standard_normal(array.shape) for array in theirs.get_weights()])
    ours.set_weights(theirs.get_weights())
    return ours, theirs


@pytest.mark.filterwarnings("ignore:You are using a softmax")  # over one unit
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(("shape", "units"), SHAPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_forward_and_backward_equal_keras(activation, shape, units, use_bias):
    # Half of the grid has a penalty on its weights, and half of it is in float32, each in another half.
    l2, dtype = 0.125 * (len(activation) % 2), "float64" if use_bias else "float32"
    ours, theirs = pair(shape, units, dtype, l2, activation=activation, use_bias=use_bias)
    assert list(ours.weights) == [variable.name for variable in theirs.weights]
    rng = np.random.default_rng(1)
    inputs, gradient = (rng.standard_normal(size).astype(dtype) for size in (shape, (*shape[:-1], units)))
    tensor = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        expected = theirs(tensor)
        total = tf.reduce_sum(expected * gradient) + sum(theirs.losses)
    outputs = ours.forward(inputs)
    assert outputs.dtype == dtype
    assert_allclose(outputs, expected, **TOLERANCE[dtype])
    assert ours.penalty() == pytest.approx(float(sum(theirs.losses)), rel=1e-6)

    computed = ours.backward(gradient)
    expected = tape.gradient(total, [tensor, *(variable.value for variable in theirs.weights)])
    assert list(ours.gradients) == list(ours.weights)
    for mine, array in zip([computed, *ours.gradients.values()], expected, strict=True):
        assert mine.dtype == dtype
        assert_allclose(mine, array, **TOLERANCE[dtype])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_backward_from_sums_leaves_out_the_activation(activation):
    ours, plain = pair((3, 5), 4, activation=activation)[0], Dense(4)
    plain.build((3, 5), np.random.default_rng(0))
    plain.set_weights(ours.get_weights())
    rng = np.random.default_rng(1)
    inputs, gradient = rng.standard_normal((3, 5)), rng.standard_normal((3, 4))
    ours.forward(inputs)
    plain.forward(inputs)
    assert_array_equal(ours.backward_from_sums(gradient), plain.backward(gradient))
    for name in ("kernel", "bias"):
        assert_array_equal(ours.gradients[name], plain.gradients[name])


shapes = st.tuples(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(1, 5), st.integers(1, 5))


@settings(max_examples=40)
@given(shapes, st.booleans())
def test_any_shape_equals_the_loops(shape, use_bias):
    batch, size, units = shape
    layer = pair((*batch, size), units, activation="tanh", use_bias=use_bias)[0]
    inputs = np.random.default_rng(1).standard_normal((*batch, size))
    kernel, bias = layer.weights["kernel"], layer.weights.get("bias", np.zeros(units))
    expected = np.zeros((*batch, units))
    for place in np.ndindex(*batch, units):
        expected[place] = np.tanh(sum(inputs[place[:-1]][i] * kernel[i, place[-1]] for i in range(size)) + bias[place[-1]])
    assert_allclose(layer.forward(inputs), expected, rtol=1e-12, atol=1e-14)


@settings(max_examples=60)
@given(
    shapes,
    st.sampled_from(["linear", "sigmoid", "tanh", "softmax"]),  # those without a corner
    st.sampled_from([0.0, 0.3]),
    st.sampled_from(["inputs", "kernel", "bias"]),
    st.integers(0, 10**9),
)
def test_backward_equals_finite_differences(shape, activation, l2, which, place):
    batch, size, units = shape
    layer = pair((*batch, size), units, activation=activation, l2=l2)[0]
    rng = np.random.default_rng(1)
    inputs, gradient = rng.standard_normal((*batch, size)), rng.standard_normal((*batch, units))
    layer.forward(inputs)
    computed = {"inputs": layer.backward(gradient), **layer.gradients}[which]
    array, step, ends = {"inputs": inputs, **layer.weights}[which], 1e-5, []
    assert computed.shape == array.shape
    place %= array.size
    before = array.flat[place]
    for end in (before + step, before - step):
        array.flat[place] = end
        ends.append((layer.forward(inputs) * gradient).sum() + layer.penalty())
    assert_allclose(computed.flat[place], (ends[0] - ends[1]) / (2 * step), rtol=1e-5, atol=1e-7)


def test_smallest_example_by_hand():
    layer = Dense(2, activation="relu")
    layer.build((None, 3), np.random.default_rng(0))
    layer.set_weights([[[1, -1], [2, 0], [0, 3]], [0.5, -4]])
    # 1 * 1 + 2 * 2 + 0 * 3 + 0.5, and 1 * -1 + 0 * 2 + 3 * 1 - 4, which is below 0
    assert_array_equal(layer.forward(np.array([[1.0, 2.0, 1.0]])), [[5.5, 0]])
    assert_array_equal(layer.backward(np.array([[10.0, 7.0]])), [[10, 20, 0]])
    assert_array_equal(layer.gradients["kernel"], [[10, 0], [20, 0], [10, 0]])
    assert_array_equal(layer.gradients["bias"], [10, 0])


def test_layer_starts_like_keras():
    ours, theirs = Dense(40), keras.layers.Dense(40)
    ours.build((None, 30), np.random.default_rng(0))
    theirs.build((None, 30))
    assert [array.shape for array in ours.get_weights()] == [array.shape for array in theirs.get_weights()]
    (kernel, bias), (keras_kernel, _) = ours.get_weights(), theirs.get_weights()
    assert not bias.any()
    # Both are even between -limit and limit, and 1,200 numbers come close to the ends.
    assert np.abs(kernel).max() == pytest.approx(np.abs(keras_kernel).max(), rel=0.02)
    assert kernel.std() == pytest.approx(keras_kernel.std(), rel=0.1)
    assert abs(kernel.mean()) < kernel.std() / 10


def test_layer_repeats_with_the_same_generator():
    first, again, other = (Dense(3) for _ in range(3))
    for layer, seed in ((first, 5), (again, 5), (other, 6)):
        layer.build((1, 4), np.random.default_rng(seed))
    assert_array_equal(first.weights["kernel"], again.weights["kernel"])
    assert not np.array_equal(first.weights["kernel"], other.weights["kernel"])


def test_weights_are_copies():
    layer = Dense(2)
    layer.build((1, 3), np.random.default_rng(0))
    mine = [np.ones((3, 2)), np.ones(2)]
    layer.set_weights(mine)
    mine[0][:] = 7
    layer.get_weights()[1][:] = 7
    assert all((array == 1).all() for array in layer.weights.values())


@pytest.mark.parametrize("dtype", ["float64", "float16", "int64", "uint8", "bool"])
def test_all_inputs_but_float32_become_float64(dtype):
    layer, rows = pair((2, 3), 4)[0], np.array([[1, 0, 1], [0, 0, 1]])
    expected = layer.forward(rows.astype("float64"))
    assert_array_equal(layer.forward(rows.astype(dtype)), expected)
    assert layer.backward(np.ones((2, 4))).dtype == np.float64
    assert [array.dtype for array in (layer.outputs, *layer.gradients.values())] == [np.float64] * 3


def test_float32_inputs_leave_the_weights_alone():
    layer = pair((2, 3), 4)[0]
    before = layer.get_weights()
    layer.forward(np.ones((2, 3), "float32"))
    for new, old in zip(layer.get_weights(), before, strict=True):
        assert new.dtype == np.float64
        assert_array_equal(new, old)


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_weights_that_are_handed_in_become_float64(dtype):
    """Whole numbers could not move by a small step."""
    layer = pair((2, 3), 4)[0]
    layer.set_weights([np.ones((3, 4), dtype), np.ones(4, dtype)])
    assert [array.dtype for array in layer.weights.values()] == [np.float64] * 2


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_nothing_that_is_handed_in_is_changed(activation, l2):
    layer = pair((2, 3), 4, activation=activation, l2=l2)[0]
    weights = layer.get_weights()
    inputs, gradient = np.full((2, 3), 0.5), np.ones((2, 4))
    for array in (inputs, gradient, *layer.weights.values()):
        array.flags.writeable = False
    outputs = layer.forward(inputs)
    kept = outputs.copy()
    computed = layer.backward(gradient)
    assert_array_equal(outputs, kept)
    for new, old in zip(layer.get_weights(), weights, strict=True):
        assert_array_equal(new, old)
    # Nor does writing into a result reach what was handed in.
    for result in (outputs, computed, *layer.gradients.values()):
        assert not any(np.shares_memory(result, array) for array in (inputs, gradient, *layer.weights.values()))


def test_gradients_are_those_of_the_last_batch_alone():
    layer = pair((2, 3), 4)[0]
    for inputs in (np.ones((5, 3)), np.full((2, 3), 2.0)):
        layer.forward(inputs)
        layer.backward(np.ones((len(inputs), 4)))
    assert_array_equal(layer.gradients["kernel"], np.full((3, 4), 4))
    assert_array_equal(layer.gradients["bias"], np.full(4, 2))


def test_all_weights_alike_leave_neurons_twins():
    """Neurons that start alike get the same gradient, so they stay alike."""
    layer = Dense(3, "tanh")
    layer.build((None, 2), np.random.default_rng(0))
    layer.set_weights([np.full((2, 3), 0.3), np.zeros(3)])
    layer.forward(np.random.default_rng(1).standard_normal((5, 2)))
    layer.backward(np.ones((5, 3)))
    kernel = layer.gradients["kernel"]
    assert_array_equal(kernel, np.repeat(kernel[:, :1], 3, axis=1))


@pytest.mark.parametrize("shape", [(2, 4), (2, 1), (4,), (2, 3, 2)])
def test_inputs_of_another_size_are_refused(shape):
    layer = pair((2, 3), 4)[0]
    with pytest.raises(ValueError) as problem:
        layer.forward(np.ones(shape))
    assert str(problem.value) == f"inputs: expected 3 numbers per example, got {shape[-1]} (shape {shape})"


@pytest.mark.parametrize("shape", [(2, 3), (1, 4), (4,), (4, 2), (2, 8), (1, 2, 4), ()])
@pytest.mark.parametrize("activation", ["linear", "sigmoid"])
def test_a_gradient_of_another_shape_is_refused(shape, activation):
    layer = pair((2, 3), 4, activation=activation)[0]
    layer.forward(np.ones((2, 3)))
    with pytest.raises(ValueError) as problem:
        layer.backward(np.ones(shape))
    assert str(problem.value) == f"gradient: expected the shape of the outputs (2, 4), got {shape}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"units": 0}, "units: expected a whole number of at least 1, got 0"),
        ({"units": 2.0}, "units: expected a whole number of at least 1, got 2.0"),
        ({"units": True}, "units: expected a whole number of at least 1, got True"),
        ({"activation": "Relu"}, f"activation: expected one of {sorted(ACTIVATIONS)}, got 'Relu'"),
        ({"activation": None}, f"activation: expected one of {sorted(ACTIVATIONS)}, got None"),
        ({"l2": -0.1}, "l2: expected a number of at least 0, got -0.1"),
        ({"l2": np.nan}, "l2: expected a number of at least 0, got nan"),
        ({"l2": np.inf}, "l2: expected a number of at least 0, got inf"),
        ({"l2": None}, "l2: expected a number of at least 0, got None"),
        ({"l2": "0.1"}, "l2: expected a number of at least 0, got '0.1'"),
    ],
)
def test_bad_layer(change, message):
    with pytest.raises(ValueError) as problem:
        Dense(**{"units": 2} | change)
    assert str(problem.value) == message


@pytest.mark.parametrize("inputs", [None, 0, 2.5])
def test_bad_input_shape(inputs):
    with pytest.raises(ValueError) as problem:
        Dense(2).build((None, inputs), np.random.default_rng(0))
    assert str(problem.value) == f"input_shape: expected a whole number of at least 1, got {inputs}"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([np.ones((3, 2))], "arrays: expected 2 arrays (kernel, bias), got 1"),
        ([np.ones((3, 2)), np.ones(3)], "arrays: expected bias of shape (2,), got (3,)"),
        ([np.ones(2), np.ones((3, 2))], "arrays: expected kernel of shape (3, 2), got (2,)"),
        ([np.ones((2, 3)), np.ones(2)], "arrays: expected kernel of shape (3, 2), got (2, 3)"),
    ],
)
def test_bad_weights_change_nothing(arrays, message):
    layer = Dense(2)
    layer.build((1, 3), np.random.default_rng(0))
    before = layer.get_weights()
    with pytest.raises(ValueError) as problem:
        layer.set_weights(arrays)
    assert str(problem.value) == message
    for new, old in zip(layer.get_weights(), before, strict=True):
        assert_array_equal(new, old)
