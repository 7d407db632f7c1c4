"""An activation as a layer of its own, for networks that do something between the sums and the activation."""

from helpers.scratch.activations import activation_named
from helpers.scratch.layer import Layer


class Activation(Layer):
    """The activation function of this name, for every number by itself. It has no weights."""

    def __init__(self, activation):
        super().__init__()
        self.activation = activation_named(activation)

    def build(self, input_shape, rng):
        """Draw nothing."""

    def forward(self, inputs, training=False):
        """Return the function of all inputs, in their shape."""
        self.inputs, self.outputs = inputs, self.activation.forward(inputs)
        return self.outputs

    def backward(self, gradient):
        """Return the gradient for the inputs: times the slope at each of them."""
        return self.activation.backward(gradient, self.inputs, self.outputs)
