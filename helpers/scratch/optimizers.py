"""Optimizers: how far each weight moves, once its gradient is known."""

from copy import copy

import numpy as np

from helpers.scratch.checks import number


class Optimizer:
    """Base of the optimizers. An optimizer adds `step(gradient)`: one long array in, the change of every weight out.

    What it remembers of earlier steps is set in `start()`.
    """

    def __init__(self, learning_rate):
        self.learning_rate = number("learning_rate", learning_rate, "a number above 0", lambda value: value > 0)
        self.start()

    def start(self):
        """Forget all earlier steps."""

    def apply(self, gradients, weights):
        """Change the weights in place; both are lists of arrays in the same order, at every call the same one."""
        # All arrays are laid end to end: ten operations for all weights, instead of ten for each array.
        change = self.step(np.concatenate([gradient.ravel() for gradient in gradients]))
        start = 0
        for array in weights:
            array += change[start : start + array.size].reshape(array.shape)
            start += array.size


class SGD(Optimizer):
    """Stochastic gradient descent: a small step against the gradient.

    With momentum, a part of the last step is added to each step (Polyak 1964), so that steps in one direction grow.
    """

    def __init__(self, learning_rate=0.01, momentum=0.0):
        super().__init__(learning_rate)
        self.momentum = number("momentum", momentum, "a number from 0 to 1", lambda value: 0 <= value <= 1)

    def start(self):
        """Forget all earlier steps."""
        self.velocity = 0.0

    def step(self, gradient):
        """Return the change of every weight."""
        if not self.momentum:
            return -self.learning_rate * gradient
        self.velocity = self.momentum * self.velocity - self.learning_rate * gradient
        return self.velocity


class Adam(Optimizer):
    """Each weight gets a step of its own size: the mean of its gradients divided by their typical size (Kingma and Ba 2015)."""

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        super().__init__(learning_rate)
        self.beta_1 = number("beta_1", beta_1, "a number from 0 to below 1", lambda value: 0 <= value < 1)
        self.beta_2 = number("beta_2", beta_2, "a number from 0 to below 1", lambda value: 0 <= value < 1)
        self.epsilon = number("epsilon", epsilon, "a number above 0", lambda value: value > 0)

    def start(self):
        """Forget all earlier steps."""
        self.steps, self.mean, self.square = 0, 0.0, 0.0

    def step(self, gradient):
        """Return the change of every weight."""
        self.steps += 1
        self.mean = self.beta_1 * self.mean + (1 - self.beta_1) * gradient
        self.square = self.beta_2 * self.square + (1 - self.beta_2) * (gradient * gradient)
        # Both means start at 0 and are too small at first; Keras corrects the rate instead of the two arrays.
        rate = self.learning_rate * (1 - self.beta_2**self.steps) ** 0.5 / (1 - self.beta_1**self.steps)
        return -rate * self.mean / (np.sqrt(self.square) + self.epsilon)


OPTIMIZERS = {"sgd": SGD, "adam": Adam}


def optimizer_named(optimizer):
    """Return a new optimizer for "sgd" or "adam", or a fresh copy of the given one; raise ValueError for anything else."""
    if isinstance(optimizer, Optimizer):
        # What it remembers belongs to the weights of one model; a second model must not share it.
        fresh = copy(optimizer)
        fresh.start()
        return fresh
    if not isinstance(optimizer, str) or optimizer not in OPTIMIZERS:
        raise ValueError(f"optimizer: expected one of {sorted(OPTIMIZERS)}, SGD(...) or Adam(...), got {optimizer!r}")
    return OPTIMIZERS[optimizer]()
