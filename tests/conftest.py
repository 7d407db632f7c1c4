"""Settings for all tests: they leave no file in the work tree. And what several of them share."""

import tempfile

import numpy as np
import pytest
from hypothesis import configuration, settings

from helpers.datasets import load_recorded

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
