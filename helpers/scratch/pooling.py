"""Pooling: a window moves over every channel by itself, and keeps one number of each place: the largest, smallest or mean.

Arrays are channels last, as in Keras: images (batch, height, width, channels), results (batch, out_height, out_width,
channels). `pool_size` and `strides` are a number or (rows, columns); without strides the windows lie side by side.
`padding` is "valid" or "same"; padded places never count. Nothing here has weights.
"""

import numpy as np

from helpers.scratch.checks import floats, must_have_shape
from helpers.scratch.convolution import checked_images, pair, windows
from helpers.scratch.layer import Layer


def max_pool2d(images, pool_size=2, strides=None, padding="valid"):
    """Return the largest number of every window. Raises ValueError for shapes that do not fit, and for NaN or infinity."""
    padded, window, places, _ = _pooled(images, pool_size, strides, padding, fill=-np.inf)
    return _largest(padded, window, places)


def max_pool2d_backward(gradient, images, pool_size=2, strides=None, padding="valid"):
    """Return the gradient for the images: each window hands its gradient to its largest pixel, and to no other.

    Where several pixels are the largest, the first one gets it, row by row, as in TensorFlow.
    """
    padded, window, places, inside = _pooled(images, pool_size, strides, padding, fill=-np.inf)
    largest = _largest(padded, window, places)
    must_have_shape("gradient", gradient, largest.shape)
    padded_gradient, waiting = np.zeros_like(padded), np.ones(largest.shape, bool)
    for place in places:
        found = waiting & (padded[window(*place)] == largest)
        padded_gradient[window(*place)] += found * gradient
        waiting &= ~found
    return padded_gradient[inside]


def min_pool2d(images, pool_size=2, strides=None, padding="valid"):
    """Return the smallest number of every window: the largest one of the picture turned from bright to dark."""
    return -max_pool2d(-floats(images), pool_size, strides, padding)


def min_pool2d_backward(gradient, images, pool_size=2, strides=None, padding="valid"):
    """Return the gradient for the images: each window hands its gradient to its smallest pixel, the first of several."""
    return max_pool2d_backward(gradient, -floats(images), pool_size, strides, padding)


def average_pool2d(images, pool_size=2, strides=None, padding="valid"):
    """Return the mean of the real pixels of every window; padded places are not counted."""
    padded, window, places, _ = _pooled(images, pool_size, strides, padding, fill=0.0)
    total = sum(padded[window(*place)] for place in places)
    return total / _real_pixels(images, pool_size, strides, padding).astype(total.dtype)


def average_pool2d_backward(gradient, images, pool_size=2, strides=None, padding="valid"):
    """Return the gradient for the images: each window shares its gradient equally among its real pixels."""
    padded, window, places, inside = _pooled(images, pool_size, strides, padding, fill=0.0)
    must_have_shape("gradient", gradient, padded[window(0, 0)].shape)
    share = gradient / _real_pixels(images, pool_size, strides, padding)
    padded_gradient = np.zeros_like(padded)
    for place in places:
        padded_gradient[window(*place)] += share
    return padded_gradient[inside]


class Pooling2D(Layer):
    """Base of the pooling layers: a subclass names its two functions."""

    def __init__(self, pool_size=2, strides=None, padding="valid"):
        super().__init__()
        self.options = {"pool_size": pool_size, "strides": strides, "padding": padding}

    def build(self, input_shape, rng):
        """There is nothing to draw."""

    def forward(self, inputs, training=False):
        """Return the pooled maps (batch, out_height, out_width, channels)."""
        self.inputs = inputs
        return type(self).pool(inputs, **self.options)

    def backward(self, gradient):
        """Return the gradient for the inputs."""
        return type(self).pool_backward(gradient, self.inputs, **self.options)


class MaxPooling2D(Pooling2D):
    """Keep the largest number of every window."""

    pool, pool_backward = max_pool2d, max_pool2d_backward


class MinPooling2D(Pooling2D):
    """Keep the smallest number of every window. Keras has no such layer."""

    pool, pool_backward = min_pool2d, min_pool2d_backward


class AveragePooling2D(Pooling2D):
    """Keep the mean of every window."""

    pool, pool_backward = average_pool2d, average_pool2d_backward


class GlobalAveragePooling2D(Layer):
    """Keep one number of each channel, its mean: (batch, height, width, channels) -> (batch, channels)."""

    def build(self, input_shape, rng):
        """There is nothing to draw."""

    def forward(self, inputs, training=False):
        """Return the means of all channels."""
        self.shape = inputs.shape
        return inputs.mean(axis=(1, 2))

    def backward(self, gradient):
        """Return the gradient for the inputs: shared equally among all pixels of a channel."""
        _, height, width, _ = self.shape
        return np.broadcast_to(gradient[:, None, None] / (height * width), self.shape).copy()


class Flatten(Layer):
    """Lay all numbers of an example in one row: (batch, ...) -> (batch, numbers)."""

    def build(self, input_shape, rng):
        """There is nothing to draw."""

    def forward(self, inputs, training=False):
        """Return the same numbers in rows."""
        self.shape = inputs.shape
        return inputs.reshape(len(inputs), -1)

    def backward(self, gradient):
        """Return the gradient in the shape of the inputs."""
        return gradient.reshape(self.shape)

    def compute_mask(self, inputs, mask=None):
        """Return None: a row of numbers has no steps that could be padding."""


def _pooled(images, pool_size, strides, padding, fill):
    """Return the padded images, the function of a place in the window, all places, and slices that take the padding away."""
    images = checked_images(images)
    if padding not in ("valid", "same"):
        raise ValueError(f'padding: expected "valid" or "same", got {padding!r}')
    pool_size = pair("pool_size", pool_size)
    strides = pool_size if strides is None else strides
    padded, window, ((top, _), (left, _)) = windows(images, pool_size, strides, padding, 1, fill)
    height, width = images.shape[1:3]
    inside = slice(None), slice(top, top + height), slice(left, left + width)
    return padded, window, list(np.ndindex(pool_size)), inside


def _largest(padded, window, places):
    """Return the largest number of every window."""
    largest = padded[window(0, 0)].copy()
    for place in places:
        np.maximum(largest, padded[window(*place)], out=largest)
    return largest


def _real_pixels(images, pool_size, strides, padding):
    """Return how many pixels of every window are not padding: (1, out_height, out_width, 1)."""
    ones = np.ones((1, *np.shape(images)[1:3], 1))
    padded, window, places, _ = _pooled(ones, pool_size, strides, padding, fill=0.0)
    return sum(padded[window(*place)] for place in places)
