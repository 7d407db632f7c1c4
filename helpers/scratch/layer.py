"""What every layer has: weights, their gradients, and Keras's order to carry them across."""

import numpy as np


class Layer:
    """Base of the layers. A layer adds `build(input_shape, rng)`, `forward` and `backward`.

    `weights` and `gradients` are dicts of arrays with the same keys, in Keras's order.
    """

    takes_mask = False  # whether `forward` has mask=None: which steps are real, (batch, steps)

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

    def compute_mask(self, inputs, mask=None):
        """Return which steps of the output are real, (batch, steps): those of the input. None means all."""
        return mask

    def penalty(self):
        """Return what the size of the weights adds to the loss: nothing, unless a layer says otherwise."""
        return 0.0


class Model:
    """What all models share: `layers`, and all their weights as one list."""

    layers = ()
    built = False  # whether the weights are drawn

    def get_weights(self):
        """Return copies of all weights as a list, layer by layer, each in Keras's order."""
        return [array for layer in self.layers for array in layer.get_weights()]

    def set_weights(self, arrays):
        """Take all weights from such a list; ValueError where a number of arrays or a shape does not fit."""
        self.must_be_built()
        count = sum(len(layer.weights) for layer in self.layers)
        if len(arrays) != count:
            raise ValueError(f"arrays: expected {count} arrays, got {len(arrays)}")
        ends = np.cumsum([len(layer.weights) for layer in self.layers])
        parts = [arrays[end - len(layer.weights) : end] for layer, end in zip(self.layers, ends, strict=True)]
        for layer, part in zip(self.layers, parts, strict=True):
            layer.check_weights(part)  # all of them first: an error must not leave half of the weights changed
        for layer, part in zip(self.layers, parts, strict=True):
            layer.set_weights(part)

    def count_params(self):
        """Return the number of weights and biases."""
        return sum(array.size for layer in self.layers for array in layer.weights.values())

    def must_be_built(self):
        """Raise ValueError where the weights are not drawn yet."""
        if not self.built:
            raise ValueError("model: expected build(input_shape) or fit before, got a model without weights")


def glorot_uniform(shape, fan_in, fan_out, rng):
    """Return weights drawn evenly between -limit and limit = sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, eq. 16)."""
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, shape)


def orthogonal(rows, columns, rng):
    """Return a random (rows, columns) matrix that turns vectors and keeps their length (Saxe and others 2014).

    Where it has more columns than rows its rows, otherwise its columns, are at right angles and have length 1.
    """
    tall, signs = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    tall *= np.sign(np.diag(signs))  # without this some rotations would come more often than others
    return tall if rows >= columns else tall.T
