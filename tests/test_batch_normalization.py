"""Batch normalization from scratch against Keras: training and inference, moving averages, gradients, and bad input."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.keras_tools import copy_weights, to_scratch
from helpers.scratch.batch_normalization import BatchNormalization
from helpers.scratch.dense import Dense
from helpers.scratch.sequential import Sequential

SHAPES = [(6, 3), (1, 3), (2, 1), (4, 5, 3), (2, 4, 4, 2), (1, 1, 1, 1), (3, 2, 5, 1)]
TOLERANCE = {"float32": {"rtol": 1e-3, "atol": 1e-4}, "float64": {"rtol": 1e-7, "atol": 1e-9}}


def pair(shape, dtype="float64", **options):
    """Return our layer and Keras's with the same weights, of which none is 0 or 1."""
    ours, theirs = BatchNormalization(**options), keras.layers.BatchNormalization(dtype=dtype, **options)
    ours.build((None, *shape[1:]), np.random.default_rng(0))
    theirs.build((None, *shape[1:]))
    rng = np.random.default_rng(1)
    ours.set_weights([rng.uniform(0.5, 2, array.shape) for array in ours.get_weights()])
    copy_weights(ours, theirs)
    return ours, theirs


def assert_equals_keras(shape, training, dtype="float64", seed=2, **options):
    ours, theirs = pair(shape, dtype, **options)
    rng = np.random.default_rng(seed)
    inputs, factors = (rng.normal(1, 3, shape).astype(dtype) for _ in range(2))
    tensor = tf.constant(inputs)
    trained = [variable.value for variable in theirs.trainable_weights]
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        expected = theirs(tensor, training=training)
        total = tf.reduce_sum(expected * factors)
    outputs = ours.forward(inputs, training)
    assert outputs.dtype == dtype
    assert_allclose(outputs, expected, **TOLERANCE[dtype])
    mine = [ours.backward(factors), ours.gradients["gamma"], ours.gradients["beta"]]
    for array, other in zip(mine, tape.gradient(total, [tensor, *trained]), strict=True):
        assert array.dtype == dtype
        assert_allclose(array, other, **TOLERANCE[dtype])
    for array, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_allclose(array, other, rtol=1e-5, atol=1e-6)
    assert list(ours.weights) == [variable.name for variable in theirs.weights] == list(ours.gradients)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_forward_backward_and_moving_averages_equal_keras(shape, training, dtype):
    assert_equals_keras(shape, training, dtype)


@settings(max_examples=25)
@given(
    st.lists(st.integers(1, 4), min_size=2, max_size=4),
    st.booleans(),
    st.sampled_from([0.0, 0.5, 0.9, 0.99]),
    st.sampled_from([1e-5, 1e-3, 0.1]),
    st.integers(0, 99),
)
def test_any_shape_and_any_option_equal_keras(shape, training, momentum, epsilon, seed):
    assert_equals_keras(tuple(shape), training, "float64", seed, momentum=momentum, epsilon=epsilon)


@pytest.mark.parametrize("training", [False, True])
def test_the_gradient_equals_finite_differences(training):
    layer, _ = pair((4, 3))
    rng = np.random.default_rng(3)
    inputs, factors = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    layer.forward(inputs, training)
    computed, step = layer.backward(factors), 1e-5
    for place in np.ndindex(inputs.shape):
        ends = []
        for change in (step, -step):
            moved = inputs.copy()
            moved[place] += change
            ends.append((layer.forward(moved, training) * factors).sum())
        assert computed[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-4, abs=1e-7)


def test_a_batch_by_hand():
    layer = BatchNormalization(momentum=0.9, epsilon=1e-12)
    layer.build((None, 1), np.random.default_rng(0))
    outputs = layer.forward(np.array([[1.0], [3.0], [5.0]]), training=True)
    # Mean 3, variance (4 + 0 + 4) / 3.
    assert_allclose(outputs[:, 0], [-np.sqrt(1.5), 0, np.sqrt(1.5)])
    assert layer.weights["moving_mean"] == pytest.approx(0.1 * 3)
    assert layer.weights["moving_variance"] == pytest.approx(0.9 + 0.1 * 8 / 3)


def test_a_batch_of_one_leaves_nothing_but_beta():
    layer, _ = pair((1, 3))
    assert_allclose(layer.forward(np.array([[7.0, -2, 100]]), training=True)[0], layer.weights["beta"])


def test_after_training_an_example_does_not_depend_on_its_neighbours():
    layer, _ = pair((4, 3))
    inputs = np.random.default_rng(0).standard_normal((4, 3))
    others = np.concatenate([inputs[:1], 10 * inputs[1:]])
    assert_allclose(layer.forward(inputs)[0], layer.forward(others)[0])
    assert not np.allclose(layer.forward(inputs, training=True)[0], layer.forward(others, training=True)[0])


def test_fit_moves_the_averages_and_no_optimizer_does():
    x = np.random.default_rng(0).normal(5, 2, (64, 3))
    for optimizer in ("sgd", "adam"):
        model = Sequential([BatchNormalization(momentum=0.5), Dense(1)], rng=np.random.default_rng(0))
        model.compile(optimizer, "mean_squared_error")
        model.fit(x, x.sum(axis=1, keepdims=True), epochs=8, batch_size=32)
        layer = model.layers[0]
        assert_allclose(layer.weights["moving_mean"], x.mean(axis=0), atol=0.6)
        assert_allclose(layer.weights["moving_variance"], x.var(axis=0), rtol=0.4)
        before = [array.copy() for array in layer.get_weights()[2:]]
        model.predict(x)
        for array, other in zip(layer.get_weights()[2:], before, strict=True):
            assert_array_equal(array, other)


def test_to_scratch_carries_it_across_also_after_a_convolution():
    layers = [keras.layers.Conv2D(2, 3), keras.layers.BatchNormalization(momentum=0.8), keras.layers.Flatten()]
    theirs = keras.Sequential([keras.Input((6, 6, 1)), *layers, keras.layers.Dense(3), keras.layers.BatchNormalization()])
    rng = np.random.default_rng(0)
    theirs.set_weights([rng.uniform(0.5, 2, array.shape) for array in theirs.get_weights()])
    ours, x = to_scratch(theirs), rng.standard_normal((5, 6, 6, 1)).astype("float32")
    assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), rtol=1e-4, atol=1e-4)
    assert ours.layers[1].momentum == 0.8 and ours.count_params() == theirs.count_params()


@pytest.mark.parametrize(
    ("options", "message"),
    [({"axis": 1}, "axis=-1"), ({"center": False}, "center=True"), ({"scale": False}, "scale=True")],
)
def test_to_scratch_refuses_other_options(options, message):
    theirs = keras.Sequential([keras.Input((4, 3)), keras.layers.BatchNormalization(name="bn", **options)])
    with pytest.raises(ValueError, match=f"model: expected {message} in the layer 'bn'"):
        to_scratch(theirs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"momentum": 1}, "momentum: expected a number from 0 to below 1, got 1"),
        ({"momentum": "much"}, "momentum: expected"),
        ({"epsilon": 0}, "epsilon: expected a number above 0, got 0"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        BatchNormalization(**options)


@pytest.mark.parametrize("shape", [(3,), (4, 2), (0, 3)])
def test_bad_inputs_are_named(shape):
    layer, _ = pair((4, 3))
    with pytest.raises(ValueError, match=r"inputs: expected shape \(batch, ..., 3\)"):
        layer.forward(np.zeros(shape))
    layer.forward(np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"gradient: expected the shape of the outputs \(4, 3\)"):
        layer.backward(np.zeros((4, 2)))
