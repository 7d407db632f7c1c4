"""Activations from scratch against Keras, `tf.GradientTape`, finite differences, and numbers that are close to overflow."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.scratch.activations import ACTIVATIONS, activation_named, elu, leaky_relu, softmax

NAMES = ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "softmax"]
EACH_BY_ITSELF = [name for name in NAMES if name != "softmax"]
# Keras holds the slope of leaky_relu as a float32, whatever the dtype: 0.2 becomes 0.200000003.
TOLERANCE = {"float32": {"rtol": 1e-5, "atol": 1e-6}, "float64": {"rtol": 2e-8, "atol": 1e-12}}
SUMS = np.array([[-1000, -90, -3, -0.5, 0], [-0.0, 1e-3, 0.7, 4, 1000], [800, 800, -1000, 799, 0], [0, 0, 0, 0, 0]])
WIDE = np.random.default_rng(0).normal(0, 3, (2, 3, 5))  # (batch, steps, units)


@pytest.fixture(autouse=True)
def no_overflow():
    """Any overflow, division by zero or NaN is an error; that a tiny number becomes 0 is not."""
    with np.errstate(over="raise", divide="raise", invalid="raise", under="ignore"):
        yield


def test_all_names_are_tested():
    assert list(ACTIVATIONS) == NAMES


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sums", [SUMS, WIDE], ids=["large", "3-D"])
@pytest.mark.parametrize("name", NAMES)
def test_forward_and_backward_equal_keras(name, sums, dtype):
    z, activation = sums.astype(dtype), ACTIVATIONS[name]
    gradient = np.random.default_rng(1).standard_normal(z.shape).astype(dtype)
    tensor = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        expected = keras.activations.get(name)(tensor)
    output = activation.forward(z)
    assert output.dtype == dtype
    assert_allclose(output, expected, **TOLERANCE[dtype])
    computed = activation.backward(gradient, z, output)
    assert computed.dtype == dtype
    assert_allclose(computed, tape.gradient(expected, tensor, gradient), **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sums", [SUMS, WIDE], ids=["large", "3-D"])
@pytest.mark.parametrize("name", EACH_BY_ITSELF)
def test_the_slope_equals_keras(name, sums, dtype):
    tensor = tf.constant(sums.astype(dtype))
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        output = keras.activations.get(name)(tensor)
    slope = ACTIVATIONS[name].derivative(sums.astype(dtype))
    assert slope.dtype == dtype
    assert_allclose(slope, tape.gradient(output, tensor), **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sums", [SUMS, WIDE[0]], ids=["large", "small"])
def test_the_table_of_slopes_of_softmax_equals_keras(sums, dtype):
    tensor = tf.constant(sums.astype(dtype))
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        output = keras.activations.softmax(tensor)
    table = ACTIVATIONS["softmax"].derivative(sums.astype(dtype))
    assert table.shape == (*sums.shape, sums.shape[-1])
    assert table.dtype == dtype
    assert_allclose(table, tape.batch_jacobian(output, tensor), **TOLERANCE[dtype])


@pytest.mark.parametrize("name", NAMES)
def test_backward_is_the_gradient_times_the_derivative(name):
    activation, gradient = ACTIVATIONS[name], np.random.default_rng(1).standard_normal(WIDE.shape)
    slopes = activation.derivative(WIDE)
    expected = np.einsum("bso,bsoz->bsz", gradient, slopes) if name == "softmax" else gradient * slopes
    assert_allclose(activation.backward(gradient, WIDE, activation.forward(WIDE)), expected, rtol=1e-10, atol=1e-13)


@given(st.sampled_from(EACH_BY_ITSELF), st.floats(0.01, 20), st.booleans())
def test_the_slope_equals_finite_differences(name, size, positive):
    """Away from 0, where relu and its relatives have a corner."""
    z, step = (size if positive else -size), 1e-5
    ends = ACTIVATIONS[name].forward(np.array([z - step, z + step]))
    assert_allclose(ACTIVATIONS[name].derivative(np.array([z]))[0], (ends[1] - ends[0]) / (2 * step), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(("name", "at_zero"), [("relu", 0), ("leaky_relu", 0.2), ("elu", 1)])
def test_the_slope_at_the_corner_is_that_of_the_left_side(name, at_zero):
    assert_array_equal(ACTIVATIONS[name].derivative(np.array([0.0, -0.0])), [at_zero, at_zero])
    assert_array_equal(ACTIVATIONS[name].backward(np.ones(2), np.zeros(2), np.zeros(2)), [at_zero, at_zero])


@pytest.mark.parametrize("option", [0.01, 0.5, 2.0])
def test_options_equal_keras(option):
    assert_allclose(leaky_relu(SUMS, option), keras.activations.leaky_relu(tf.constant(SUMS), option), rtol=1e-7)
    assert_allclose(elu(SUMS, option), keras.activations.elu(tf.constant(SUMS), option), rtol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, 2, -2])
def test_softmax_along_any_axis(axis):
    shares = softmax(WIDE * 300, axis)
    assert_allclose(shares, keras.activations.softmax(tf.constant(WIDE * 300), axis), rtol=1e-10, atol=1e-300)
    assert_allclose(shares.sum(axis=axis), 1)


def test_softmax_does_not_change_when_all_sums_grow_alike():
    assert_allclose(softmax(WIDE + 1e4), softmax(WIDE), rtol=1e-9)
    assert_array_equal(softmax([[1000.0, 1000.0], [-1000.0, 1000.0]]), [[0.5, 0.5], [0, 1]])


@pytest.mark.parametrize("kind", ["int64", "int32"])
@pytest.mark.parametrize("name", NAMES)
def test_whole_numbers_give_what_floats_give(name, kind):
    z, activation = np.array([[3, 0, -1, 1000, -1000]], kind), ACTIVATIONS[name]
    assert_allclose(activation.forward(z), activation.forward(z.astype(float)), rtol=1e-12)
    slope = activation.derivative(z)
    assert slope.dtype == np.float64
    assert_allclose(slope, activation.derivative(z.astype(float)), rtol=1e-12)


def test_softmax_of_small_whole_numbers_does_not_wrap_around():
    assert_allclose(softmax(np.array([3, 0, 200], "uint8")), softmax([3.0, 0.0, 200.0]), rtol=1e-12)


@pytest.mark.parametrize("name", EACH_BY_ITSELF)
def test_a_list_and_a_single_number_are_read_like_arrays(name):
    activation, sums = ACTIVATIONS[name], [[-2.0, 3.0], [0.5, -1.0]]
    for function in (activation.forward, activation.derivative):
        expected = function(np.array(sums))
        assert_array_equal(function(sums), expected)
        for place in np.ndindex(2, 2):
            assert function(sums[place[0]][place[1]]) == pytest.approx(expected[place], rel=1e-14)
            assert np.asarray(function(sums[place[0]][place[1]])).dtype == np.float64


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_is_handed_in_is_changed(name):
    z, gradient, activation = SUMS.copy(), np.ones_like(SUMS), ACTIVATIONS[name]
    output = activation.forward(z)
    for array in (z, gradient, output):
        array.flags.writeable = False
    activation.derivative(z)
    activation.backward(gradient, z, output)
    assert_array_equal(z, SUMS)


@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_nan(name):
    assert np.isnan(ACTIVATIONS[name].forward(np.array([[np.nan, 1.0]]))[0, 0])


@pytest.mark.parametrize("name", ["Relu", "mish", "", None, 3, ["relu"], {"class_name": "relu"}])
def test_an_unknown_name_is_refused(name):
    with pytest.raises(ValueError) as problem:
        activation_named(name)
    assert str(problem.value) == f"activation: expected one of {sorted(NAMES)}, got {name!r}"


@pytest.mark.parametrize("name", NAMES)
def test_a_known_name_is_found(name):
    assert activation_named(name) is ACTIVATIONS[name]
