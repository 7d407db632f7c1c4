"""Activation functions, and how steep each one is."""

from collections import namedtuple

import numpy as np

Activation = namedtuple("Activation", ["forward", "derivative"])


def linear(z):
    """Return z unchanged."""
    return z


def relu(z):
    """Return z where it is positive, else 0 (Nair and Hinton 2010)."""
    return np.maximum(z, 0)


# The derivative is a function of z, the number that went into the activation.
ACTIVATIONS = {
    "linear": Activation(linear, np.ones_like),
    "relu": Activation(relu, lambda z: (z > 0).astype(z.dtype)),
}


def activation_named(name):
    """Return the Activation with this name; raise ValueError for a name that is not known."""
    if name not in ACTIVATIONS:
        raise ValueError(f"activation: expected one of {sorted(ACTIVATIONS)}, got {name!r}")
    return ACTIVATIONS[name]
