"""Gabor filters: stripes under a bell, a model of cells in the visual cortex that answer to lines of one direction.

Angles are in degrees: at 0 the stripes follow one another from left to right, at 90 downwards. Lengths are in pixels.
Sources: Gabor 1946; Hubel and Wiesel 1959 (the cells); Daugman 1985 (in two dimensions).
"""

from functools import lru_cache

import numpy as np

from helpers.scratch.checks import number, whole

ANGLES = np.arange(0, 180, 5)
WAVELENGTHS = (2.5, 3, 4, 6, 8, 12)
PHASES = np.arange(0, 360, 45)


def grating(size, angle=0.0, wavelength=4.0, phase=0.0, centre=(0.0, 0.0)):
    """Return stripes (size, size) from -1 to 1: the cosine of 2 pi along / wavelength + phase.

    `along` is the distance from the middle, moved by `centre` (down, right), in the direction of the angle.
    Raises ValueError for a size below 1 or a wavelength that is not above 0.
    """
    return np.cos(2 * np.pi * _along(size, angle, centre) / _positive("wavelength", wavelength) + np.deg2rad(phase))


def gabor(size, angle=0.0, wavelength=4.0, phase=0.0, sigma=2.0, centre=(0.0, 0.0)):
    """Return stripes under a bell, (size, size): grating(...) exp(-distance² / (2 sigma²)). Raises ValueError as `grating`."""
    down, right = _places(size, centre)
    bell = np.exp(-(down**2 + right**2) / (2 * _positive("sigma", sigma) ** 2))
    return grating(size, angle, wavelength, phase, centre) * bell


def responses(kernel):
    """Return the answer of a kernel (size, size) to stripes: (wavelengths, angles), for WAVELENGTHS and ANGLES.

    The answer is that of a neuron with relu, at the phase (PHASES) that suits it best.
    """
    return np.maximum(np.tensordot(_gratings(len(kernel)), kernel, axes=2), 0).max(axis=2)


def tuning_curve(kernel):
    """Return the answers of a kernel (size, size) at all ANGLES, and the wavelength: the one with the strongest answer."""
    found = responses(kernel)
    best = found.max(axis=1).argmax()
    return found[best], WAVELENGTHS[best]


def selectivity(curve):
    """Return how much more a kernel answers to its best angle than to the one across, from 0 (alike) to 1 (not at all across).

    curve: answers at all ANGLES. Formula: (best - across) / (best + across).
    """
    best = int(np.argmax(curve))
    across = curve[(best + len(ANGLES) // 2) % len(ANGLES)]
    return (curve[best] - across) / (curve[best] + across) if curve[best] > 0 else 0.0


def closest_gabor(kernel):
    """Return the Gabor filter that is most like a kernel (size, size), as strong as it, and their correlation from 0 to 1."""
    centred = kernel - kernel.mean()
    length, bank = np.linalg.norm(centred), _bank(len(kernel))
    if length == 0 or not len(bank):
        return np.zeros_like(centred), 0.0
    likeness = bank @ (centred.ravel() / length)
    best = np.abs(likeness).argmax()
    return (bank[best] * likeness[best] * length).reshape(kernel.shape), float(np.abs(likeness[best]))


@lru_cache
def _gratings(size):
    """Return all stripes, (wavelengths, angles, phases, size, size)."""
    found = [[[grating(size, angle, length, phase) for phase in PHASES] for angle in ANGLES] for length in WAVELENGTHS]
    return np.array(found)


@lru_cache
def _bank(size):
    """Return many Gabor filters of mean 0 and length 1, one in a row: (filters, size²)."""
    half = size / 4
    found = [
        gabor(size, angle, wavelength, phase, sigma, (down, right))
        for angle in ANGLES[::3]
        for wavelength in WAVELENGTHS
        for phase in (0, 45, 90, 135)  # the others are these with the opposite sign
        for sigma in (size / 6, size / 3)
        for down in (-half, 0, half)
        for right in (-half, 0, half)
    ]
    rows = np.array(found).reshape(len(found), -1)
    rows -= rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    patterned = lengths[:, 0] > 1e-9  # at one or two pixels some are flat
    return rows[patterned] / lengths[patterned]


def _along(size, angle, centre):
    down, right = _places(size, centre)
    return right * np.cos(np.deg2rad(angle)) + down * np.sin(np.deg2rad(angle))


def _places(size, centre):
    """Return how far below and right of the centre each pixel lies, (size, 1) and (1, size)."""
    middle = np.arange(whole("size", size, at_least=1)) - (size - 1) / 2
    return middle[:, None] - centre[0], middle[None, :] - centre[1]


def _positive(name, value):
    return number(name, value, "a number above 0", lambda each: each > 0)
