"""Settings for all tests: they leave no file in the work tree. And what several of them share."""

import re
import tempfile
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import configuration, settings

from helpers.datasets import DataError, load_recorded

configuration.set_hypothesis_home_dir(tempfile.gettempdir() + "/hypothesis")
settings.register_profile("here", database=None, deadline=None)
settings.load_profile("here")


@pytest.fixture(scope="session")
def runs():
    """Return a function: name of a recording, name of a figure -> the figure of each of the seeds 0, 1, 2."""

    def figures(name, figure):
        recorded = load_recorded(name)
        assert list(recorded) == [0, 1, 2]
        return np.array([run[figure] for run in recorded.values()])

    return figures


@pytest.fixture
def refused():
    """Return a check: a loader names this file and its cure (a pattern), first when one bit of it is wrong, then without it."""

    def check(path, load, cure):
        content, name = bytearray(path.read_bytes()), re.escape(path.name)
        expected = sha256(content).hexdigest()[:12]
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"is damaged: .*{name} should begin with {expected}, .*{cure}"):
            load()
        path.unlink()
        with pytest.raises(DataError, match=f"The file of .* is missing: .*{name} .*{cure}"):
            load()

    return check
