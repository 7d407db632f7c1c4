"""GRU: a recurrent layer with two gates and no cell beside its output (Cho and others 2014)."""

from typing import NamedTuple

import numpy as np

from helpers.scratch.activations import sigmoid
from helpers.scratch.checks import whole
from helpers.scratch.layer import glorot_uniform, orthogonal
from helpers.scratch.recurrent import Recurrent


class GRUStep(NamedTuple):
    """One step: the new output h, the two gates (0 shut, 1 open) and the candidate; each (batch, units)."""

    h: np.ndarray
    update: np.ndarray
    reset: np.ndarray
    candidate: np.ndarray


def gru_step(x, h, kernel, recurrent_kernel, bias):
    """Return the GRUStep: x is (batch, features), h is (batch, units).

    The weights of the three parts stand side by side, in Keras's order: update gate, reset gate, candidate. As in Keras with
    reset_after=True the reset gate acts on h U + b, after the product; so there are two rows of biases.
    """
    of_x, of_h = _sums(x, h, kernel, recurrent_kernel, bias)
    z, r = sigmoid(of_x[0] + of_h[0]), sigmoid(of_x[1] + of_h[1])
    g = np.tanh(of_x[2] + r * of_h[2])
    return GRUStep(z * h + (1 - z) * g, z, r, g)


def _sums(x, h, kernel, recurrent_kernel, bias):
    """Return what the input says to the update gate, the reset gate and the candidate, and what the old state says to them."""
    of_x, of_h = np.dot(x, kernel) + bias[0], np.dot(h, recurrent_kernel) + bias[1]
    return np.split(of_x, 3, axis=-1), np.split(of_h, 3, axis=-1)


class GRU(Recurrent):
    """One state walks through time, as in a SimpleRNN; the update gate says how much of it stays.

    Weights: kernel (features, 3 units), recurrent_kernel (units, 3 units), bias (2, 3 units), for the input and for the state.
    """

    def build(self, input_shape, rng):
        """Draw the weights for inputs of shape (batch, steps, features)."""
        features, units = whole("input_shape", input_shape[-1], at_least=1), self.units
        self.weights = {
            "kernel": glorot_uniform((features, 3 * units), features, 3 * units, rng),
            "recurrent_kernel": orthogonal(units, 3 * units, rng),
            "bias": np.zeros((2, 3 * units)),
        }

    def step(self, x, states):
        """Return the new h, and what step_back will need."""
        step = gru_step(x, states[0], *self._weights_like(x))
        return [step.h], (x, states[0], step)

    def step_back(self, gradients, kept):
        """Return the gradient for x and the one for the old h: the chain rule of one step, from the last line upwards."""
        x, h, (_, z, r, g) = kept
        weights = self._weights_like(x)
        kernel, recurrent_kernel, _ = weights
        reset_from = _sums(x, h, *weights)[1][2]  # what the reset gate was multiplied with
        of_h = gradients[0]
        of_update = of_h * (h - g) * z * (1 - z)
        of_candidate = of_h * (1 - z) * (1 - g**2)
        of_reset = of_candidate * reset_from * r * (1 - r)
        of_input_sums = np.concatenate([of_update, of_reset, of_candidate], axis=-1)
        of_state_sums = np.concatenate([of_update, of_reset, of_candidate * r], axis=-1)
        self.gradients["kernel"] += np.dot(x.T, of_input_sums)
        self.gradients["recurrent_kernel"] += np.dot(h.T, of_state_sums)
        self.gradients["bias"] += np.stack([of_input_sums.sum(axis=0), of_state_sums.sum(axis=0)])
        return np.dot(of_input_sums, kernel.T), [np.dot(of_state_sums, recurrent_kernel.T) + of_h * z]
