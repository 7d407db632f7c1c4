"""Convolution: a small window of weights moves over an image and gives one number at each place.

Arrays are channels last, as in Keras: images (batch, height, width, channels), kernels (height, width, channels, filters).
Like every deep-learning library, this slides the kernel as it is, without turning it by 180 degrees: mathematics calls it
cross-correlation (Goodfellow, Bengio and Courville 2016, section 9.1).
"""

import numpy as np

from helpers.scratch.activations import activation_named
from helpers.scratch.checks import finite, floats, must_have_shape, whole
from helpers.scratch.layer import Layer, glorot_uniform


def output_size(size, kernel_size, strides=1, padding="valid", dilation_rate=1):
    """Return how many places a window has along one axis of `size` pixels.

    `padding` is "valid", "same", a number of pixels for both ends, or (before, after).
    Formula: floor((size + before + after - span) / stride) + 1, with span = dilation_rate * (kernel_size - 1) + 1.
    Raises ValueError where the window does not fit.
    """
    for name, value in (("size", size), ("kernel_size", kernel_size), ("strides", strides), ("dilation_rate", dilation_rate)):
        whole(name, value, at_least=1)
    before, after = _padding_of_axis(size, kernel_size, strides, padding, dilation_rate)
    span = dilation_rate * (kernel_size - 1) + 1
    room = size + before + after - span
    if room < 0:
        raise ValueError(f"kernel_size: expected a window of at most {size + before + after} pixels, got {span}")
    return room // strides + 1


def conv2d(images, kernels, bias=None, strides=1, padding="valid", dilation_rate=1):
    """Return the feature maps: (batch, out_height, out_width, filters).

    images (batch, height, width, channels), kernels (height, width, channels, filters), bias (filters,).
    `strides` and `dilation_rate` are a number or (rows, columns).
    `padding` is "valid", "same" or ((top, bottom), (left, right)) in pixels.
    float64 inside unless the images are float32. Raises ValueError for shapes that do not fit, and for NaN or infinity.
    """
    images, kernels, bias = _checked_arrays(images, kernels, bias)
    padded, window, _ = windows(images, kernels.shape, strides, padding, dilation_rate)
    places, filters = np.ndindex(kernels.shape[:2]), kernels.shape[3]
    if images.shape[3] == 1 < filters:
        # One channel is little work at each place of the kernel. All windows laid in rows: one product, 15 times as fast.
        rows = np.concatenate([padded[window(i, j)] for i, j in places], axis=-1)
        maps = rows @ kernels.reshape(-1, filters)
    else:
        maps = np.zeros((*padded[window(0, 0)].shape[:3], filters), images.dtype)
        for i, j in places:
            maps += _weighed(padded[window(i, j)], kernels[i, j])
    return maps if bias is None else maps + bias


def conv2d_backward(gradient, images, kernels, strides=1, padding="valid", dilation_rate=1):
    """Return the gradients for (images, kernels, bias), given the gradient for the feature maps.

    Each weight met its pixels one by one, so its gradient is the sum of pixel times gradient over all of them;
    each pixel collects weight times gradient from every window that read it.
    """
    images, kernels, _ = _checked_arrays(images, kernels, None)
    padded, window, pads = windows(images, kernels.shape, strides, padding, dilation_rate)
    must_have_shape("gradient", gradient, (*padded[window(0, 0)].shape[:3], kernels.shape[3]))
    gradient = np.asarray(gradient, dtype=images.dtype)
    padded_gradient, kernels_gradient = np.zeros_like(padded), np.zeros_like(kernels)
    for i, j in np.ndindex(kernels.shape[:2]):
        kernels_gradient[i, j] = np.tensordot(padded[window(i, j)], gradient, axes=([0, 1, 2], [0, 1, 2]))
        padded_gradient[window(i, j)] += gradient @ kernels[i, j].T
    (top, _), (left, _) = pads
    height, width = images.shape[1:3]
    images_gradient = padded_gradient[:, top : top + height, left : left + width]
    return images_gradient, kernels_gradient, gradient.sum(axis=(0, 1, 2))


class Conv2D(Layer):
    """A layer of `filters` kernels. Weights: kernel (height, width, channels, filters), bias (filters,)."""

    def __init__(
        self, filters, kernel_size, strides=1, padding="valid", dilation_rate=1, activation="linear", use_bias=True
    ):  # Keras's names and order
        super().__init__()
        self.filters, self.use_bias = whole("filters", filters, at_least=1), use_bias
        self.kernel_size = pair("kernel_size", kernel_size)
        self.options = {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
        self.activation = activation_named(activation)

    def build(self, input_shape, rng):
        """Draw the weights for images of shape (batch, height, width, channels)."""
        if len(input_shape) != 4:
            raise ValueError(f"input_shape: expected (batch, height, width, channels), got {tuple(input_shape)}")
        window, channels = np.prod(self.kernel_size), input_shape[3]
        shape = (*self.kernel_size, channels, self.filters)
        self.weights = {"kernel": glorot_uniform(shape, window * channels, window * self.filters, rng)}
        if self.use_bias:
            self.weights["bias"] = np.zeros(self.filters)

    def forward(self, inputs, training=False):
        """Return the activated feature maps (batch, out_height, out_width, filters)."""
        self.inputs = inputs
        self.maps = conv2d(inputs, self.weights["kernel"], self.weights.get("bias"), **self.options)
        self.outputs = self.activation.forward(self.maps)
        return self.outputs

    def backward(self, gradient):
        """Return the gradient for the inputs; leave those for the weights in `gradients`."""
        must_have_shape("gradient", gradient, self.maps.shape)
        gradient = self.activation.backward(gradient, self.maps, self.outputs)
        inputs_gradient, kernel, bias = conv2d_backward(gradient, self.inputs, self.weights["kernel"], **self.options)
        self.gradients = {"kernel": kernel, "bias": bias} if self.use_bias else {"kernel": kernel}
        return inputs_gradient


def _weighed(pixels, weights):
    """Return the sum over channels of pixel times weight: (..., channels) and (channels, filters) -> (..., filters)."""
    # With one channel there is nothing to add up, and a plain product is eight times faster.
    return pixels * weights[0] if len(weights) == 1 else pixels @ weights


def windows(images, kernel_shape, strides, padding, dilation_rate, fill=0.0):
    """Return the padded images, a function: place (i, j) in the kernel -> slices of all pixels that meet it, and the pads.

    images (batch, height, width, channels); padded places hold `fill`.
    """
    strides, dilation_rate = pair("strides", strides), pair("dilation_rate", dilation_rate)
    pads = _pads(images.shape[1:3], kernel_shape, strides, padding, dilation_rate)
    padded = np.pad(images, ((0, 0), *pads, (0, 0)), constant_values=fill)
    steps = [
        output_size(size, kernel, stride, pad, dilation)
        for size, kernel, stride, pad, dilation in zip(
            images.shape[1:3], kernel_shape[:2], strides, pads, dilation_rate, strict=True
        )
    ]

    def window(*place):
        starts = [dilation * index for dilation, index in zip(dilation_rate, place, strict=True)]
        # The last window starts (steps - 1) strides further on; a slice ends one after it.
        return (slice(None), *(slice(a, a + (n - 1) * s + 1, s) for a, n, s in zip(starts, steps, strides, strict=True)))

    return padded, window, pads


def _pads(sizes, kernel_shape, strides, padding, dilation_rate):
    """Return ((top, bottom), (left, right)) in pixels."""
    if not isinstance(padding, str):
        try:
            (top, bottom), (left, right) = padding
        except (TypeError, ValueError):
            raise ValueError(f'padding: expected "valid", "same" or ((top, bottom), (left, right)), got {padding!r}') from None
        return tuple((whole("padding", a), whole("padding", b)) for a, b in ((top, bottom), (left, right)))
    axes = zip(sizes, kernel_shape[:2], strides, dilation_rate, strict=True)
    return tuple(_padding_of_axis(size, kernel, stride, padding, dilation) for size, kernel, stride, dilation in axes)


def _padding_of_axis(size, kernel_size, stride, padding, dilation):
    """Return (before, after) in pixels for one axis."""
    if padding == "valid":
        return 0, 0
    if padding == "same":
        # As many windows as strides fit into the image; the odd pixel goes to the end, as in TensorFlow.
        steps = -(-size // stride)
        total = max((steps - 1) * stride + dilation * (kernel_size - 1) + 1 - size, 0)
        return total // 2, total - total // 2
    if isinstance(padding, str):
        raise ValueError(f'padding: expected "valid", "same", a number of pixels or (before, after), got {padding!r}')
    ends = tuple(padding) if np.ndim(padding) else (padding, padding)
    if len(ends) != 2:
        raise ValueError(f'padding: expected "valid", "same", a number of pixels or (before, after), got {padding!r}')
    return whole("padding", ends[0]), whole("padding", ends[1])


def checked_images(images):
    """Return images (batch, height, width, channels) in floats; ValueError for other shapes, and for NaN or infinity."""
    images = floats(images)
    if images.ndim != 4:
        raise ValueError(f"images: expected 4 axes (batch, height, width, channels), got shape {images.shape}")
    finite("images", images)
    return images


def _checked_arrays(images, kernels, bias):
    images, kernels = checked_images(images), np.asarray(kernels)
    if kernels.ndim != 4:
        raise ValueError(f"kernels: expected 4 axes (height, width, channels, filters), got shape {kernels.shape}")
    if kernels.shape[2] != images.shape[3]:
        raise ValueError(
            f"kernels: expected {images.shape[3]} channels as in images, got {kernels.shape[2]} (shape {kernels.shape})"
        )
    kernels = kernels.astype(images.dtype, copy=False)
    if bias is not None:
        bias = np.asarray(bias, images.dtype)
        if bias.shape != kernels.shape[3:]:
            raise ValueError(f"bias: expected one number a filter, shape {kernels.shape[3:]}, got {bias.shape}")
    return images, kernels, bias


def pair(name, value):
    """Return (rows, columns) from a number or a pair."""
    both = tuple(value) if np.ndim(value) else (value, value)
    if len(both) != 2:
        raise ValueError(f"{name}: expected a number or a pair (rows, columns), got {value!r}")
    return tuple(whole(name, number, at_least=1) for number in both)
