"""What every layer has: weights, their gradients, and Keras's order to carry them across."""

import numpy as np


class Layer:
    """Base of the layers. A layer adds `build(input_shape, rng)`, `forward` and `backward`.

    `weights` and `gradients` are dicts of arrays with the same keys, in Keras's order.
    """

    def __init__(self):
        self.weights = {}
        self.gradients = {}

    def get_weights(self):
        """Return copies of the weights as a list, in Keras's order."""
        return [array.copy() for array in self.weights.values()]

    def check_weights(self, arrays):
        """Raise ValueError where the number of arrays, or the shape of one, does not fit."""
        if len(arrays) != len(self.weights):
            raise ValueError(f"arrays: expected {len(self.weights)} arrays ({', '.join(self.weights)}), got {len(arrays)}")
        for (name, old), new in zip(self.weights.items(), arrays, strict=True):
            if np.shape(new) != old.shape:
                raise ValueError(f"arrays: expected {name} of shape {old.shape}, got {np.shape(new)}")

    def set_weights(self, arrays):
        """Take weights from a list in Keras's order; ValueError where a number of arrays or a shape does not fit."""
        self.check_weights(arrays)
        for name, new in zip(list(self.weights), arrays, strict=True):
            self.weights[name][...] = new  # into the same array, which may be a part of a longer one

    def penalty(self):
        """Return what the size of the weights adds to the loss: nothing, unless a layer says otherwise."""
        return 0.0


def glorot_uniform(shape, fan_in, fan_out, rng):
    """Return weights drawn evenly between -limit and limit = sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, eq. 16)."""
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, shape)
