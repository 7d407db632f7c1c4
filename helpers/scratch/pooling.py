"""Pooling: a window moves over every channel by itself, and keeps one number of each place: the largest, the smallest or the mean.

Arrays are channels last, as in Keras: images (batch, height, width, channels). There are no weights.
"""

import numpy as np

from helpers.scratch.checks import finite, whole
from helpers.scratch.convolution import output_size
from helpers.scratch.layer import Layer


def max_pool2d(images, pool_size=2, strides=None, padding="valid"):
    """Return the largest number of every window: (batch, out_height, out_width, channels).

    `pool_size` and `strides` are a number or (rows, columns); without strides the windows lie side by side.
    `padding` is "valid" or "same"; padded places are never the largest. Raises ValueError for shapes that do not fit, and for NaN.
    """
    windows, _ = _windows(images, pool_size, strides, padding, fill=-np.inf)
    return windows.max(axis=(3, 4))
