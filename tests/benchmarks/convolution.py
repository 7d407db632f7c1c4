"""Our convolution and our pooling beside TensorFlow's, and beside four plain loops."""

import helpers.keras_tools  # noqa: F401  TensorFlow with the settings of the notebooks

# isort: split
import numpy as np
import tensorflow as tf

from helpers.scratch.convolution import conv2d
from helpers.scratch.pooling import max_pool2d
from tests.benchmarks.table import Row, median, milliseconds

ROUNDS = 30


def measure():
    """Return the rows for (32, 28, 28, 8) images and (3, 3, 8, 16) kernels in float32."""
    rng = np.random.default_rng(0)
    images = rng.standard_normal((32, 28, 28, 8)).astype(np.float32)
    kernels = rng.standard_normal((3, 3, 8, 16)).astype(np.float32)
    constant_images, constant_kernels = tf.constant(images), tf.constant(kernels)

    def ours():
        return conv2d(images, kernels)

    def theirs():
        return tf.nn.conv2d(constant_images, constant_kernels, 1, "VALID").numpy()

    np.testing.assert_allclose(ours(), theirs(), atol=1e-4)
    np.testing.assert_allclose(ours()[:1], four_loops(images[:1], kernels), atol=1e-4)
    pairs = [(milliseconds(ours), milliseconds(theirs)) for _ in range(ROUNDS)]
    mine, tensorflow = (median(times) for times in zip(*pairs, strict=True))
    # One image of the 32: the loops take as long for each.
    loops = len(images) * median([milliseconds(lambda: four_loops(images[:1], kernels)) for _ in range(3)])
    ratio = f"{mine:.1f} ms against {tensorflow:.1f} ms = {mine / tensorflow:.1f} x"
    return [
        Row("conv2d, (32, 28, 28, 8) x (3, 3, 8, 16)", "<= 3 x tf.nn.conv2d", ratio, mine <= 3 * tensorflow),
        Row("  four plain loops", "", f"{loops / 1000:.1f} s: conv2d is {loops / mine:.0f} x as fast", None),
        pooling(),
    ]


def pooling():
    """Return the row for 2 x 2 max pooling of (32, 28, 28, 16) images in float32."""
    images = np.random.default_rng(0).standard_normal((32, 28, 28, 16)).astype(np.float32)
    constant = tf.constant(images)

    def ours():
        return max_pool2d(images)

    def theirs():
        return tf.nn.max_pool2d(constant, 2, 2, "VALID").numpy()

    np.testing.assert_array_equal(ours(), theirs())
    pairs = [(milliseconds(ours), milliseconds(theirs)) for _ in range(ROUNDS)]
    mine, tensorflow = (median(times) for times in zip(*pairs, strict=True))
    ratio = f"{mine:.2f} ms against {tensorflow:.2f} ms = {mine / tensorflow:.1f} x"
    return Row("max_pool2d, (32, 28, 28, 16)", "<= 3 x tf.nn.max_pool2d", ratio, mine <= 3 * tensorflow)


def four_loops(images, kernels):
    """Return the feature maps, computed one number at a time."""
    height, width, _, filters = kernels.shape
    rows, columns = images.shape[1] - height + 1, images.shape[2] - width + 1
    maps = np.zeros((len(images), rows, columns, filters), images.dtype)
    for image in range(len(images)):
        for row in range(rows):
            for column in range(columns):
                for kernel in range(filters):
                    window = images[image, row : row + height, column : column + width]
                    maps[image, row, column, kernel] = (window * kernels[..., kernel]).sum()
    return maps
