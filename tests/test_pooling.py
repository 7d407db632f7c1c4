"""Pooling against Keras, by finite differences, and by hand; and a whole small CNN that learns as Keras's does."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.keras_tools import set_seeds, to_scratch
from helpers.scratch.pooling import (
    AveragePooling2D,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    MinPooling2D,
    average_pool2d,
    average_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
    min_pool2d,
    min_pool2d_backward,
)

SHAPES = [(1, 1, 1, 1), (2, 5, 7, 3), (1, 8, 8, 2), (3, 6, 4, 1)]
WINDOWS = [1, 2, 3, (2, 3)]
STRIDES = [None, 1, 2, 3, (3, 1)]
POOLS = {
    "max": (max_pool2d, max_pool2d_backward),
    "min": (min_pool2d, min_pool2d_backward),
    "average": (average_pool2d, average_pool2d_backward),
}
all_pools = pytest.mark.parametrize(("pool", "backward"), POOLS.values(), ids=POOLS)


def fits(shape, window, padding):
    rows, columns = (window, window) if isinstance(window, int) else window
    return padding == "same" or (rows <= shape[1] and columns <= shape[2])


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", STRIDES, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_maps_and_gradients_equal_keras(shape, strides, padding):
    rng = np.random.default_rng(0)
    images = rng.integers(-3, 4, shape).astype(float)  # whole numbers: many windows have their largest pixel more than once
    for window in (window for window in WINDOWS if fits(shape, window, padding)):
        for theirs, ours in ((keras.layers.MaxPooling2D, MaxPooling2D), (keras.layers.AveragePooling2D, AveragePooling2D)):
            layer, x = ours(window, strides, padding), tf.constant(images)
            with tf.GradientTape() as tape:
                tape.watch(x)
                maps = theirs(window, strides, padding, dtype="float64")(x)
                weights = rng.normal(size=maps.shape)
                loss = tf.reduce_sum(maps * weights)
            assert_allclose(layer.forward(images), maps.numpy(), atol=1e-12)
            assert_allclose(layer.backward(weights), tape.gradient(loss, x).numpy(), atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 2), st.integers(1, 6), st.integers(1, 6), st.integers(1, 2)),
    window=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    strides=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    seed=st.integers(0, 99),
)
def test_same_padding_of_any_shape_equals_windows_read_one_by_one(shape, window, strides, seed):
    images = np.random.default_rng(seed).normal(size=shape)
    for name, choose in (("max", np.max), ("min", np.min), ("average", np.mean)):
        maps = POOLS[name][0](images, window, strides, "same")
        for _, i, j, channel in np.ndindex(maps.shape):
            rows, columns = (
                real(size, step, length, place)
                for size, step, length, place in zip(shape[1:3], strides, window, (i, j), strict=True)
            )
            assert_allclose(maps[0, i, j, channel], choose(images[0, rows, columns, channel]))


def real(size, step, length, place):
    """Return the slice of real pixels under a window of TensorFlow's "same"."""
    total = max((-(-size // step) - 1) * step + length - size, 0)
    start = place * step - total // 2
    return slice(max(start, 0), min(start + length, size))


@all_pools
@pytest.mark.parametrize(
    "options", [{}, {"pool_size": 3, "strides": 1, "padding": "same"}, {"pool_size": (1, 4), "strides": 3}]
)
def test_gradients_equal_finite_differences(pool, backward, options):
    rng = np.random.default_rng(1)
    images = (
        rng.permutation(60).astype(float).reshape(1, 5, 6, 2)
    )  # all different, so that a small nudge does not change the largest one
    weights = rng.normal(size=pool(images, **options).shape)
    gradient = backward(weights, images, **options)
    for place in np.ndindex(images.shape):
        nudged = images.copy(), images.copy()
        nudged[0][place] += 1e-4
        nudged[1][place] -= 1e-4
        slope = (np.sum(weights * pool(nudged[0], **options)) - np.sum(weights * pool(nudged[1], **options))) / 2e-4
        assert_allclose(gradient[place], slope, atol=1e-7)


def test_one_window_by_hand():
    images = np.array([[3.0, 1], [4, 8]])[None, :, :, None]
    assert [pool(images).item() for pool in (max_pool2d, min_pool2d, average_pool2d)] == [8, 1, 4]
    one = np.ones((1, 1, 1, 1))
    assert_array_equal(max_pool2d_backward(one, images)[0, :, :, 0], [[0, 0], [0, 1]])
    assert_array_equal(min_pool2d_backward(one, images)[0, :, :, 0], [[0, 1], [0, 0]])
    assert_array_equal(average_pool2d_backward(one, images)[0, :, :, 0], np.full((2, 2), 0.25))


def test_of_several_largest_pixels_the_first_one_gets_the_gradient():
    images, one = np.zeros((1, 2, 2, 1)), np.ones((1, 1, 1, 1))
    for backward in (max_pool2d_backward, min_pool2d_backward):
        assert_array_equal(backward(one, images)[0, :, :, 0], [[1, 0], [0, 0]])


def test_padding_never_counts():
    below, above = np.full((1, 3, 3, 1), -5.0), np.full((1, 3, 3, 1), 5.0)
    for images in (below, above):
        for pool, _ in POOLS.values():
            assert_array_equal(pool(images, 2, 2, "same"), images[:, :2, :2])


@all_pools
def test_pooling_leaves_its_arguments_alone_and_keeps_float32(pool, backward):
    images = np.random.default_rng(0).random((2, 4, 4, 1), dtype=np.float32)
    gradient = np.ones((2, 2, 2, 1), np.float32)
    before = images.copy(), gradient.copy()
    assert pool(images).dtype == backward(gradient, images).dtype == np.float32
    assert pool(images.astype(np.uint8)).dtype == np.float64
    assert_array_equal(images, before[0])
    assert_array_equal(gradient, before[1])


@all_pools
def test_what_does_not_fit_is_named(pool, backward):
    images = np.zeros((1, 3, 3, 1))
    with pytest.raises(ValueError, match="images: expected 4 axes"):
        pool(images[0])
    with pytest.raises(ValueError, match="kernel_size: expected a window of at most 3 pixels, got 4"):
        pool(images, 4)
    with pytest.raises(ValueError, match='padding: expected "valid" or "same", got 1'):
        pool(images, 2, padding=1)
    with pytest.raises(ValueError, match="strides: expected a whole number of at least 1, got 0"):
        pool(images, 2, 0)
    with pytest.raises(ValueError, match="images: expected finite numbers, got 1 that is NaN"):
        pool(np.where(np.arange(9).reshape(1, 3, 3, 1) == 4, np.nan, 0))
    with pytest.raises(ValueError, match=r"gradient: expected the shape of the feature maps \(1, 1, 1, 1\)"):
        backward(np.ones((1, 2, 2, 1)), images)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(GlobalAveragePooling2D, keras.layers.GlobalAveragePooling2D), (Flatten, keras.layers.Flatten)],
)
@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (3, 4, 5, 2)], ids=str)
def test_layers_that_end_the_maps_equal_keras(ours, theirs, shape):
    images, layer = np.random.default_rng(0).normal(size=shape), ours()
    x = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(x)
        numbers = theirs(dtype="float64")(x)
        weights = np.random.default_rng(1).normal(size=numbers.shape)
        loss = tf.reduce_sum(numbers * weights)
    layer.build(shape, None)
    assert_allclose(layer.forward(images), numbers.numpy())
    gradient = layer.backward(weights)
    assert_allclose(gradient, tape.gradient(loss, x).numpy())
    gradient += 1  # an array of its own, that may be changed


def test_min_pooling_is_max_pooling_of_the_negative():
    images = np.random.default_rng(0).normal(size=(2, 6, 6, 3))
    assert_array_equal(MinPooling2D().forward(images), -MaxPooling2D().forward(-images))


@pytest.mark.parametrize("pooling", [keras.layers.MaxPooling2D, keras.layers.AveragePooling2D])
def test_a_small_cnn_is_carried_across_and_learns_alike(pooling):
    set_seeds(2)
    theirs = keras.Sequential(
        [
            keras.Input((9, 9, 2)),
            keras.layers.Conv2D(3, 3, activation="relu"),
            pooling(2, padding="same"),
            keras.layers.Conv2D(4, 2, padding="same", activation="tanh"),
            keras.layers.GlobalAveragePooling2D() if pooling is keras.layers.AveragePooling2D else keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    rng = np.random.default_rng(0)
    x, y = rng.random((20, 9, 9, 2), dtype=np.float32), np.eye(3, dtype=np.float32)[rng.integers(0, 3, 20)]
    ours = to_scratch(theirs)
    assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), atol=1e-5)
    assert ours.output_shapes == [layer.output.shape for layer in theirs.layers]
    for model, options in ((theirs, {"verbose": 0}), (ours, {})):
        model.compile("adam", "categorical_crossentropy")
        model.fit(x, y, epochs=3, batch_size=8, shuffle=False, **options)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_allclose(a, b, atol=1e-4)
