"""An embedding: every word has its own row of numbers, and the network learns them (Bengio and others 2003)."""

import numpy as np

from helpers.scratch.checks import whole
from helpers.scratch.layer import Layer


class Embedding(Layer):
    """A table with one row for each of `input_dim` words. Weights: embeddings (input_dim, output_dim).

    With `mask_zero=True` the number 0 is no word, but padding: the layers after it skip these steps.
    """

    def __init__(self, input_dim, output_dim, mask_zero=False):
        super().__init__()
        self.input_dim = whole("input_dim", input_dim, at_least=1)
        self.output_dim = whole("output_dim", output_dim, at_least=1)
        self.mask_zero = mask_zero

    def build(self, input_shape, rng):
        """Draw the rows, evenly from -0.05 to 0.05 as in Keras."""
        self.weights = {"embeddings": rng.uniform(-0.05, 0.05, (self.input_dim, self.output_dim))}

    def forward(self, inputs, training=False):
        """Return the row of each word: whole numbers (batch, steps) -> (batch, steps, output_dim)."""
        self.words = self._checked(inputs)
        return self.weights["embeddings"][self.words]

    def backward(self, gradient):
        """Leave the gradient of the table in `gradients`. Return None: a word's number has no slope."""
        expected = (*self.words.shape, self.output_dim)
        if gradient.shape != expected:
            raise ValueError(f"gradient: expected the shape of the outputs {expected}, got {gradient.shape}")
        table = np.zeros_like(self.weights["embeddings"])
        np.add.at(table, self.words, gradient)  # a word that comes twice gets both gradients; table[words] += keeps only one
        self.gradients = {"embeddings": table}

    def compute_mask(self, inputs, mask=None):
        """Return which steps hold a word, (batch, steps), or None where 0 is a word as any other."""
        return self._checked(inputs) != 0 if self.mask_zero else None

    def _checked(self, inputs):
        words = np.asarray(inputs)
        if words.dtype.kind not in "iu":
            if words.dtype.kind != "f" or not np.array_equal(words, np.round(words)):
                raise ValueError(f"inputs: expected whole numbers, one for each word, got {words.dtype} of shape {words.shape}")
            words = words.astype(int)
        if words.size and not 0 <= words.min() <= words.max() < self.input_dim:
            raise ValueError(f"inputs: expected numbers from 0 to {self.input_dim - 1}, got {words.min()} to {words.max()}")
        return words
