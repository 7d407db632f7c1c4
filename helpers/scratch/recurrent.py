"""A recurrent network: one small layer, used again at every step, with a state that remembers (Elman 1990)."""

import numpy as np

from helpers.scratch.activations import activation_named
from helpers.scratch.checks import floats, whole
from helpers.scratch.layer import Layer, glorot_uniform, orthogonal


def simple_rnn_step(x, h, kernel, recurrent_kernel, bias):
    """Return the new state h = tanh(x W + h U + b): (batch, inputs) and (batch, units) -> (batch, units)."""
    return np.tanh(np.dot(x, kernel) + np.dot(h, recurrent_kernel) + bias)


class Recurrent(Layer):
    """What all recurrent layers share: the walk through time, forward and back. A layer adds `step` and `step_back`.

    inputs are (batch, steps, features). The output is the last one, (batch, units), or with return_sequences all of them,
    (batch, steps, units). With return_state a list is returned: the output, then each state (batch, units).

    With `truncation=k` no gradient crosses the border of a piece of k steps, counted from the last step: backpropagation
    through time, truncated (Williams and Peng 1990).
    """

    takes_mask = True
    state_count = 1  # a SimpleRNN carries one array from step to step, an LSTM two

    def __init__(self, units, return_sequences=False, return_state=False, truncation=None):
        super().__init__()
        self.units = whole("units", units, at_least=1)
        self.return_sequences, self.return_state = return_sequences, return_state
        self.truncation = None if truncation is None else whole("truncation", truncation, at_least=1)

    def step(self, x, states):
        """Return the new states, the output first, and what step_back will need."""
        raise NotImplementedError

    def step_back(self, gradients, kept):
        """Return the gradient for x and those for the old states; add those for the weights to `gradients`."""
        raise NotImplementedError

    def forward(self, inputs, training=False, mask=None, initial_state=None):
        """Walk from the first step to the last. Where mask (batch, steps) is False, the state stays as it was.

        initial_state is a list of arrays (batch, units); without it all states begin at 0. The last states stay in `states`.
        """
        inputs, mask, states = self._checked(inputs, mask, initial_state)
        self.inputs, self.mask, self.kept = inputs, mask, []
        output, outputs = np.zeros_like(states[0]), []
        for t in range(inputs.shape[1]):
            new, kept = self.step(inputs[:, t], states)
            if mask is None:
                states, output = new, new[0]
            else:
                real = mask[:, t, None]  # a padded step leaves everything as it was
                states = [np.where(real, after, before) for after, before in zip(new, states, strict=True)]
                output = np.where(real, new[0], output)
            outputs.append(output)
            self.kept.append(kept)
        self.states = states
        self.output = np.stack(outputs, axis=1) if self.return_sequences else output
        return [self.output, *states] if self.return_state else self.output

    def backward(self, gradient, state_gradients=None):
        """Return the gradient for the inputs (batch, steps, features): backpropagation through time (Werbos 1990).

        gradient has the shape of the output, state_gradients is a list for the returned states. The weights are the same at
        every step, so their gradient is a sum over the steps. `state_gradients` are left for who wants to see what arrives: for
        each step a list, the gradients for the states before it; `initial_state_gradients` are those before the first.
        """
        batch, steps, _ = self.inputs.shape
        if np.shape(gradient) != self.output.shape:
            raise ValueError(f"gradient: expected the shape of the outputs {self.output.shape}, got {np.shape(gradient)}")
        self.gradients = {name: np.zeros_like(array, dtype=self.inputs.dtype) for name, array in self.weights.items()}
        of_states = [np.zeros((batch, self.units), self.inputs.dtype) for _ in range(self.state_count)]
        if state_gradients is not None:
            self._must_fit("state_gradients", state_gradients, batch)
            of_states = [start + given for start, given in zip(of_states, state_gradients, strict=True)]
        of_output = np.zeros_like(of_states[0]) if self.return_sequences else gradient
        of_inputs, self.state_gradients = np.zeros_like(self.inputs), [None] * steps
        for t in reversed(range(steps)):
            if self.return_sequences:
                of_output = of_output + gradient[:, t]
            if self.truncation and t < steps - 1 and (steps - 1 - t) % self.truncation == 0:
                of_states = [np.zeros_like(each) for each in of_states]
            of_output, of_states, of_inputs[:, t] = self._one_step_back(t, of_output, of_states)
            self.state_gradients[t] = of_states
        self.initial_state_gradients = of_states
        return of_inputs

    def compute_mask(self, inputs, mask=None):
        """Return which steps of the output count: those of the input, or None where only the last output is returned."""
        return mask if self.return_sequences else None

    def _one_step_back(self, t, of_output, of_states):
        """Return the gradients for the output and the states before step t, and for the input at step t."""
        real = np.True_ if self.mask is None else self.mask[:, t, None]
        # What a padded step gets goes past it, unchanged, to the step before.
        enter = [np.where(real, each, 0) for each in of_states]
        enter[0] = enter[0] + np.where(real, of_output, 0)
        of_x, before = self.step_back(enter, self.kept[t])
        before = [np.where(real, new, old) for new, old in zip(before, of_states, strict=True)]
        return np.where(real, 0, of_output), before, of_x

    def _checked(self, inputs, mask, initial_state):
        inputs, features = floats(inputs), len(self.weights["kernel"])
        if inputs.ndim != 3 or inputs.shape[2] != features or not inputs.shape[1]:
            raise ValueError(f"inputs: expected shape (batch, steps, {features}), at least one step, got {inputs.shape}")
        batch, steps, _ = inputs.shape
        if mask is not None:
            mask = np.asarray(mask, bool)
            if mask.shape != (batch, steps):
                raise ValueError(f"mask: expected shape (batch, steps) = {(batch, steps)}, got {mask.shape}")
        if initial_state is None:
            return inputs, mask, [np.zeros((batch, self.units), inputs.dtype) for _ in range(self.state_count)]
        states = [floats(state).astype(inputs.dtype, copy=False) for state in initial_state]
        self._must_fit("initial_state", states, batch)
        return inputs, mask, states

    def _must_fit(self, name, arrays, batch):
        """Raise ValueError where there is not one array (batch, units) for each state."""
        expected, shapes = (batch, self.units), [np.shape(array) for array in arrays]
        if shapes != [expected] * self.state_count:
            raise ValueError(f"{name}: expected {self.state_count} of shape (batch, units) = {expected}, got {shapes}")

    def _weights_like(self, x):
        """Return the weights in the precision of x: or else NumPy would turn float32 into float64."""
        return [array.astype(x.dtype, copy=False) for array in self.weights.values()]


class SimpleRNN(Recurrent):
    """h = activation(x W + h U + b), the same W, U and b at every step.

    Weights: kernel W (features, units), recurrent_kernel U (units, units), bias b (units,).
    """

    def __init__(self, units, activation="tanh", return_sequences=False, return_state=False, truncation=None):
        super().__init__(units, return_sequences, return_state, truncation)
        self.activation = activation_named(activation)

    def build(self, input_shape, rng):
        """Draw the weights for inputs of shape (batch, steps, features); U starts as a rotation, biases at 0, as in Keras."""
        features = whole("input_shape", input_shape[-1], at_least=1)
        self.weights = {
            "kernel": glorot_uniform((features, self.units), features, self.units, rng),
            "recurrent_kernel": orthogonal(self.units, self.units, rng),
            "bias": np.zeros(self.units),
        }

    def step(self, x, states):
        """Return the new state h, and what step_back will need."""
        kernel, recurrent_kernel, bias = self._weights_like(x)
        z = np.dot(x, kernel) + np.dot(states[0], recurrent_kernel) + bias
        h = self.activation.forward(z)
        return [h], (x, states[0], z, h)

    def step_back(self, gradients, kept):
        """Return the gradient for x and the one for the old h: the chain rule of one step."""
        x, old, z, h = kept
        kernel, recurrent_kernel, _ = self._weights_like(x)
        of_z = self.activation.backward(gradients[0], z, h)
        self.gradients["kernel"] += np.dot(x.T, of_z)
        self.gradients["recurrent_kernel"] += np.dot(old.T, of_z)
        self.gradients["bias"] += of_z.sum(axis=0)
        return np.dot(of_z, kernel.T), [np.dot(of_z, recurrent_kernel.T)]
