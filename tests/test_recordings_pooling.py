"""The recorded trainings of lesson 03: they say what the lesson says, and they can be made again."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers.datasets import load_recorded
from helpers.exercises.pooling import weights_with_pooling


@pytest.fixture(scope="module")
def ways():
    """Return way -> accuracies (3 seeds, 5 shifts)."""
    runs = load_recorded("pooling_ways")
    assert list(runs) == [0, 1, 2]
    names = [key.removesuffix(": moved") for key in runs[0] if key.endswith(": moved")]
    return {name: np.array([run[f"{name}: moved"] for run in runs.values()]) for name in names}


def test_each_way_has_its_weights(ways):
    weights = {name: {int(run[f"{name}: weights"]) for run in load_recorded("pooling_ways").values()} for name in ways}
    assert weights["max"] == weights["average"] == weights["min"] == {weights_with_pooling(28)} == {56714}
    assert weights["nothing"] == {1185162} and weights["every second pixel"] == weights["stride in the convolution"] == {79242}
    assert weights["convolution with stride"] == {56714 + (4 * 16 + 1) * 16 + (4 * 32 + 1) * 32}


def test_a_stride_in_the_convolution_is_every_second_pixel(ways):
    assert_allclose(ways["stride in the convolution"], ways["every second pixel"], atol=0.02)


def test_max_pooling_reads_as_well_as_no_pooling_and_is_steadier(ways):
    means = {name: rows.mean(axis=0) for name, rows in ways.items()}
    assert means["max"][0] > 0.965 and means["max"][0] > means["nothing"][0] - 0.01
    assert min(means, key=lambda name: means[name][0]) == "min"
    assert ways["max"][:, 2].min() > ways["nothing"][:, 2].max()
    assert all((np.diff(rows) < 0).all() for rows in means.values()) and means["max"][4] < 0.5


def test_global_average_pooling_has_few_weights_and_reads_worse(ways):
    runs = load_recorded("pooling_global")
    assert {int(run["max, then global average: weights"]) for run in runs.values()} == {7562}
    short, long = (
        np.array([run[f"max, then global average{end}: moved"] for run in runs.values()]) for end in ("", ", 40 epochs")
    )
    assert short[:, 0].max() < long[:, 0].mean() < ways["max"][:, 0].min() - 0.03


@pytest.mark.slow
def test_a_new_run_of_one_seed_lies_within_the_recorded_spread(ways):
    from helpers.recordings.pooling import train_ways

    again = train_ways(1)
    for name, rows in ways.items():
        assert rows[:, 0].min() - 0.01 <= again[f"{name}: moved"][0] <= rows[:, 0].max() + 0.01, name
