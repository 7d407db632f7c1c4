"""A dense layer: every neuron weighs every input, adds its bias, and applies the activation function."""

import numpy as np

from helpers.scratch.activations import activation_named
from helpers.scratch.checks import floats, number, whole
from helpers.scratch.layer import Layer, glorot_uniform


class Dense(Layer):
    """A layer of `units` neurons. Weights: kernel (inputs, units), bias (units,).

    `l2` adds l2 times the sum of all squared kernel weights to the loss: Keras's kernel_regularizer=keras.regularizers.L2(l2).
    """

    def __init__(self, units, activation="linear", use_bias=True, l2=0.0):
        super().__init__()
        self.units, self.use_bias = whole("units", units, at_least=1), use_bias
        self.name_of_activation, self.activation = activation, activation_named(activation)
        self.l2 = number("l2", l2, "a number of at least 0", lambda value: value >= 0)

    def build(self, input_shape, rng):
        """Draw the weights for inputs of shape (batch, ..., inputs); biases start at 0."""
        inputs = whole("input_shape", input_shape[-1], at_least=1)
        self.weights = {"kernel": glorot_uniform((inputs, self.units), inputs, self.units, rng)}
        if self.use_bias:
            self.weights["bias"] = np.zeros(self.units)

    def forward(self, inputs, training=False):
        """Return activation(inputs @ kernel + bias): (batch, ..., inputs) -> (batch, ..., units)."""
        kernel = self.weights["kernel"]
        if inputs.shape[-1] != len(kernel):
            raise ValueError(
                f"inputs: expected {len(kernel)} numbers per example, got {inputs.shape[-1]} (shape {inputs.shape})"
            )
        if inputs.dtype != kernel.dtype:
            inputs = floats(inputs)
            kernel = kernel.astype(inputs.dtype)  # or else NumPy would turn float32 into float64
        self.inputs, self.kernel = inputs, kernel
        self.sums = np.dot(inputs, kernel)  # for small arrays np.dot is faster than @
        if self.use_bias:
            self.sums += self.weights["bias"]
        self.outputs = self.activation.forward(self.sums)
        return self.outputs

    def backward(self, gradient):
        """Return the gradient for the inputs; leave those for the weights in `gradients`."""
        if gradient.shape != self.outputs.shape:
            raise ValueError(f"gradient: expected the shape of the outputs {self.outputs.shape}, got {gradient.shape}")
        return self.backward_from_sums(self.activation.backward(gradient, self.sums, self.outputs))

    def backward_from_sums(self, gradient):
        """Do the same from the gradient for the sums z, before the activation.

        Each weight is met by its own input, so its gradient is input times gradient, added up over all examples.
        """
        kernel = self.kernel
        inputs, flat = self.inputs.reshape(-1, len(kernel)), gradient.reshape(-1, self.units)
        self.gradients = {"kernel": np.dot(inputs.T, flat)}
        if self.l2:
            self.gradients["kernel"] += 2 * self.l2 * kernel
        if self.use_bias:
            self.gradients["bias"] = flat.sum(axis=0)
        return np.dot(gradient, kernel.T)

    def penalty(self):
        """Return what this layer's weights add to the loss: l2 times the sum of their squares."""
        return self.l2 * np.sum(self.weights["kernel"] ** 2) if self.l2 else 0.0
