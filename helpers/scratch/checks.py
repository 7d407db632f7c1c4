"""Checks of arguments that several layers share. Each error names the argument, what it expected and what it got."""

from numbers import Real

import numpy as np


def whole(name, value, at_least=0):
    """Return value as an int; raise ValueError where it is not a whole number or too small."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < at_least:
        raise ValueError(f"{name}: expected a whole number of at least {at_least}, got {value!r}")
    return int(value)


def named(what, name, known):
    """Return known[name]; raise ValueError for a name that is not in the dict."""
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"{what}: expected one of {sorted(known)}, got {name!r}")
    return known[name]


def number(name, value, expected, fits):
    """Return value; raise ValueError where it is no finite number or fits(value) is not true. `expected` says it in words."""
    if isinstance(value, bool) or not isinstance(value, Real) or not (np.isfinite(value) and fits(value)):
        raise ValueError(f"{name}: expected {expected}, got {value!r}")
    return value


def floats(numbers):
    """Return an array: float32 as it is, anything else as float64."""
    numbers = np.asarray(numbers)
    return numbers if numbers.dtype == np.float32 else numbers.astype(np.float64, copy=False)


def finite(name, array):
    """Raise ValueError where a number of the array is NaN or infinite."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = np.count_nonzero(~np.isfinite(array))
        raise ValueError(f"{name}: expected finite numbers, got {bad} that {'is' if bad == 1 else 'are'} NaN or infinite")


def must_have_shape(name, array, shape):
    """Raise ValueError where an array has another shape than the feature maps."""
    if np.shape(array) != tuple(shape):
        raise ValueError(f"{name}: expected the shape of the feature maps {tuple(shape)}, got {np.shape(array)}")


def random_generator(rng):
    """Return rng; raise ValueError where it is no numpy Generator."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng: expected a numpy Generator, such as np.random.default_rng(0), got {rng!r}")
    return rng
