"""Activation functions: what a neuron makes of its sum z, and how steep that is."""

from typing import NamedTuple

import numpy as np

from helpers.scratch.checks import floats, named


def linear(z):
    """Return z unchanged."""
    return np.asarray(z)


def sigmoid(z):
    """Return 1 / (1 + exp(-z)): any number becomes one between 0 and 1."""
    # The same function; tanh cannot overflow, exp(-z) does for z below about -709.
    return 0.5 * np.tanh(0.5 * np.asarray(z)) + 0.5


def tanh(z):
    """Return the hyperbolic tangent: any number becomes one between -1 and 1."""
    return np.tanh(z)


def relu(z):
    """Return z where it is positive, else 0 (Nair and Hinton 2010)."""
    return np.maximum(z, 0)


def leaky_relu(z, negative_slope=0.2):
    """Return z where it is positive, else a small part of it (Maas, Hannun and Ng 2013)."""
    return np.where(np.asarray(z) > 0, z, negative_slope * np.asarray(z))


def elu(z, alpha=1.0):
    """Return z where it is positive, else alpha * (exp(z) - 1), which levels off at -alpha (Clevert and others 2016)."""
    # exp is worked out on both sides, so that of a large z must not overflow.
    return np.where(np.asarray(z) > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def softmax(z, axis=-1):
    """Return positive numbers that add up to 1 along the axis; the largest z gets the largest share."""
    z = floats(z)
    powers = np.exp(z - z.max(axis=axis, keepdims=True))  # exp overflows above about 709; shares do not change by this
    return powers / powers.sum(axis=axis, keepdims=True)


class Activation(NamedTuple):
    """An activation, and how its output changes with z.

    forward(z) -> output. derivative(z) -> the slope at every z, (..., units); for softmax the table (..., units, units),
    because there every output depends on every z. backward(gradient, z, output) -> the gradient for z: the chain rule.
    """

    forward: object
    derivative: object
    backward: object


def _sigmoid_slope(z):
    output = sigmoid(z)
    return output * (1 - output)


def _softmax_table(z):
    output = softmax(z)
    return output[..., :, None] * (np.eye(output.shape[-1], dtype=output.dtype) - output[..., None, :])


def _softmax_backward(gradient, z, output):
    # The gradient times the table of slopes, without ever building the table.
    return output * (gradient - np.sum(gradient * output, axis=-1, keepdims=True))


def _by_slope(derivative):
    """Return a backward step for an activation that treats every z by itself."""
    return lambda gradient, z, output: gradient * derivative(z)


def _relu_slope(z):
    return np.where(np.asarray(z) > 0, _ones(z), 0)


def _leaky_relu_slope(z, negative_slope=0.2):
    return np.where(np.asarray(z) > 0, _ones(z), negative_slope)


def _elu_slope(z, alpha=1.0):
    return np.where(np.asarray(z) > 0, 1.0, alpha * np.exp(np.minimum(z, 0)))


def _ones(z):
    return np.ones_like(floats(z))


ACTIVATIONS = {
    "linear": Activation(linear, _ones, lambda gradient, z, output: gradient),
    # Where the slope can be had from the output, nothing is worked out twice.
    "sigmoid": Activation(sigmoid, _sigmoid_slope, lambda gradient, z, output: gradient * (output * (1 - output))),
    "tanh": Activation(tanh, lambda z: 1 - np.tanh(z) ** 2, lambda gradient, z, output: gradient * (1 - output * output)),
    "relu": Activation(relu, _relu_slope, lambda gradient, z, output: gradient * (output > 0)),
    "leaky_relu": Activation(leaky_relu, _leaky_relu_slope, _by_slope(_leaky_relu_slope)),
    "elu": Activation(elu, _elu_slope, _by_slope(_elu_slope)),
    "softmax": Activation(softmax, _softmax_table, _softmax_backward),
}


def activation_named(name):
    """Return the Activation with this name; raise ValueError for a name that is not known."""
    return named("activation", name, ACTIVATIONS)
