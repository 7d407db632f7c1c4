"""Batch normalization: each feature is shifted and scaled to mean 0 and variance 1 of its batch (Ioffe and Szegedy 2015)."""

import numpy as np

from helpers.scratch.checks import floats, number, whole
from helpers.scratch.layer import Layer


class BatchNormalization(Layer):
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, for each feature, the last axis.

    While training, mean and variance are those of the batch (and, after a convolution, of all places in its maps); each batch
    moves the moving averages a little. Afterwards the moving averages are used, and an example no longer depends on its
    neighbours.

    Weights: gamma, beta, moving_mean and moving_variance, each (features,). The last two have no gradient.
    """

    def __init__(self, momentum=0.99, epsilon=1e-3):
        super().__init__()
        self.momentum = number("momentum", momentum, "a number from 0 to below 1", lambda value: 0 <= value < 1)
        self.epsilon = number("epsilon", epsilon, "a number above 0", lambda value: value > 0)

    def build(self, input_shape, rng):
        """Start with gamma 1 and beta 0, and with moving averages of 0 and 1; nothing is drawn."""
        features = whole("input_shape", input_shape[-1], at_least=1)
        ones, zeros = np.ones(features), np.zeros(features)
        self.weights = {"gamma": ones, "beta": zeros, "moving_mean": zeros.copy(), "moving_variance": ones.copy()}

    def forward(self, inputs, training=False):
        """Return the normalised inputs, (batch, ..., features), and move the averages while training."""
        inputs, features = floats(inputs), len(self.weights["gamma"])
        if inputs.ndim < 2 or inputs.shape[-1] != features or not inputs.size:
            raise ValueError(f"inputs: expected shape (batch, ..., {features}) with at least one example, got {inputs.shape}")
        gamma, beta, mean, variance = (array.astype(inputs.dtype, copy=False) for array in self.weights.values())
        self.axes, self.training = tuple(range(inputs.ndim - 1)), training
        if training:
            mean, variance = inputs.mean(axis=self.axes), inputs.var(axis=self.axes)
            for name, now in (("moving_mean", mean), ("moving_variance", variance)):
                self.weights[name] *= self.momentum
                self.weights[name] += (1 - self.momentum) * now
        self.scale = 1 / np.sqrt(variance + self.epsilon)
        self.normalised = (inputs - mean) * self.scale
        return gamma * self.normalised + beta

    def backward(self, gradient):
        """Return the gradient for the inputs, (batch, ..., features).

        In training an input also moves the mean and the variance of its batch, and so all other outputs: the part of the
        gradient that all examples share, and the part along the normalised values, are taken out.
        """
        gradient = np.asarray(gradient)
        if gradient.shape != self.normalised.shape:
            raise ValueError(f"gradient: expected the shape of the outputs {self.normalised.shape}, got {gradient.shape}")
        along = gradient * self.normalised
        self.gradients = {"gamma": along.sum(axis=self.axes), "beta": gradient.sum(axis=self.axes)}
        self.gradients |= {name: np.zeros_like(self.gradients["beta"]) for name in ("moving_mean", "moving_variance")}
        shared = 0
        if self.training:
            shared = gradient.mean(axis=self.axes) + self.normalised * along.mean(axis=self.axes)
        return (self.weights["gamma"].astype(gradient.dtype, copy=False) * self.scale) * (gradient - shared)
