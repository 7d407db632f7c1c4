"""Dropout: while it learns, the network loses a random part of its neurons at every step (Srivastava and others 2014)."""

from helpers.scratch.checks import number
from helpers.scratch.layer import Layer


class Dropout(Layer):
    """Set each input to 0 with probability `rate` while training; afterwards change nothing."""

    def __init__(self, rate):
        super().__init__()
        self.rate = number("rate", rate, "a number from 0 to below 1", lambda value: 0 <= value < 1)

    def build(self, input_shape, rng):
        """Keep the source of random numbers; there are no weights."""
        self.rng = rng

    def forward(self, inputs, training=False):
        """Return the inputs, some of them 0 while training."""
        self.kept = None
        if training and self.rate:
            self.kept = self.rng.random(inputs.shape) >= self.rate
        return self._thin(inputs)

    def backward(self, gradient):
        """Return the gradient for the inputs: nothing passes where an input was set to 0."""
        return self._thin(gradient)

    def _thin(self, numbers):
        if self.kept is None:
            return numbers
        # What is kept grows by 1 / (1 - rate), so that the sum that the next layer sees stays alike on average.
        return numbers * self.kept / (1 - self.rate)
