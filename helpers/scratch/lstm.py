"""LSTM: a recurrent layer with a cell that keeps what it holds, and gates that decide (Hochreiter and Schmidhuber 1997)."""

from typing import NamedTuple

import numpy as np

from helpers.scratch.activations import sigmoid
from helpers.scratch.checks import floats, whole
from helpers.scratch.layer import glorot_uniform, orthogonal
from helpers.scratch.recurrent import Recurrent

PARTS = ("input", "forget", "candidate", "output")  # in the order in which their weights stand


class LSTMStep(NamedTuple):
    """One step: the new output h and cell c, the three gates (0 shut, 1 open) and the candidate; each (batch, units)."""

    h: np.ndarray
    c: np.ndarray
    input: np.ndarray
    forget: np.ndarray
    candidate: np.ndarray
    output: np.ndarray


def lstm_step(x, h, c, kernel, recurrent_kernel, bias, held=None):
    """Return the LSTMStep: x is (batch, features), h and c are (batch, units).

    The weights of the four parts stand side by side, in Keras's order: input gate, forget gate, candidate, output gate.
    The forget gate is from Gers, Schmidhuber and Cummins 2000.

    `held` takes gates out of the network's hands: {"forget": 1.0} or {"output": (units,) numbers}, NaN where it decides itself.
    """
    z = np.dot(x, kernel) + np.dot(h, recurrent_kernel) + bias
    zi, zf, zg, zo = np.split(z, 4, axis=-1)
    i, f, o = sigmoid(zi), sigmoid(zf), sigmoid(zo)
    g = np.tanh(zg)
    if held:
        i, f, g, o = (_held(held[name], gate) if name in held else gate for name, gate in zip(PARTS, (i, f, g, o), strict=True))
    c = f * c + i * g
    h = o * np.tanh(c)
    return LSTMStep(h, c, i, f, g, o)


def _held(values, gate):
    """Return the gate, with these values in place of its own wherever they are numbers."""
    values = np.asarray(values, gate.dtype)
    return np.where(np.isnan(values), gate, values)


def lstm_run(inputs, kernel, recurrent_kernel, bias, held=None, since=0, until=None):
    """Return the LSTMStep of all steps, arrays (batch, steps, units).

    inputs are (batch, steps, features); h and c begin at 0. The gates in `held`, as in `lstm_step`, are held from step `since`
    up to the one before `until`, counted from 0; without `until` to the end.
    Raises ValueError for a gate that an LSTM does not have.
    """
    if unknown := set(held or ()) - set(PARTS):
        raise ValueError(f"held: expected gates out of {', '.join(PARTS)}, got {', '.join(sorted(unknown))}")
    inputs, until = floats(inputs), np.inf if until is None else until
    h = c = np.zeros((len(inputs), len(recurrent_kernel)), inputs.dtype)
    steps = []
    for t in range(inputs.shape[1]):
        step = lstm_step(inputs[:, t], h, c, kernel, recurrent_kernel, bias, held if since <= t < until else None)
        h, c = step.h, step.c
        steps.append(step)
    return LSTMStep(*(np.stack(each, axis=1) for each in zip(*steps, strict=True)))


class LSTM(Recurrent):
    """Two states walk through time: the output h and the cell c. What comes in, and what comes back, is as for SimpleRNN.

    Weights: kernel (features, 4 units), recurrent_kernel (units, 4 units), bias (4 units,). As in Keras the bias of the forget
    gate starts at 1 (Jozefowicz and others 2015): a new cell rather keeps than forgets.
    """

    state_count = 2

    def build(self, input_shape, rng):
        """Draw the weights for inputs of shape (batch, steps, features)."""
        features, units = whole("input_shape", input_shape[-1], at_least=1), self.units
        bias = np.zeros(4 * units)
        bias[units : 2 * units] = 1
        self.weights = {
            "kernel": glorot_uniform((features, 4 * units), features, 4 * units, rng),
            "recurrent_kernel": orthogonal(units, 4 * units, rng),
            "bias": bias,
        }

    @property
    def trace(self):
        """Every gate and state of the last forward: "h", "c", "input", "forget", "candidate", "output".

        Each is (batch, steps, units).
        At a padded step they are what it would have been: nothing uses them.
        """
        return {name: np.stack([getattr(step, name) for _, _, _, step in self.kept], axis=1) for name in LSTMStep._fields}

    def step(self, x, states):
        """Return the new h and c, and what step_back will need."""
        h, c = states
        step = lstm_step(x, h, c, *self._weights_like(x))
        return [step.h, step.c], (x, h, c, step)

    def step_back(self, gradients, kept):
        """Return the gradient for x and those for the old h and c: the chain rule of one step, from the last line upwards."""
        of_h, of_c = gradients
        x, h, c, step = kept
        kernel, recurrent_kernel, _ = self._weights_like(x)
        squashed = np.tanh(step.c)
        of_output = of_h * squashed
        of_c = of_c + of_h * step.output * (1 - squashed**2)
        of_z = np.concatenate(
            [
                of_c * step.candidate * step.input * (1 - step.input),
                of_c * c * step.forget * (1 - step.forget),
                of_c * step.input * (1 - step.candidate**2),
                of_output * step.output * (1 - step.output),
            ],
            axis=-1,
        )
        self.gradients["kernel"] += np.dot(x.T, of_z)
        self.gradients["recurrent_kernel"] += np.dot(h.T, of_z)
        self.gradients["bias"] += of_z.sum(axis=0)
        return np.dot(of_z, kernel.T), [np.dot(of_z, recurrent_kernel.T), of_c * step.forget]
