"""The explorers of recorded trainings in the lesson on batch normalization: they show what was recorded and count it."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers.datasets import load_recorded
from helpers.explorers import batch_normalization_robustness as robustness
from helpers.explorers import batch_normalization_shift as shift
from helpers.recordings import batch_normalization as trained
from helpers.recordings import batch_normalization_shift as looked


def test_the_explorers_know_what_the_recordings_hold():
    assert shift.STEPS == looked.CHECKS and shift.RATES == looked.RATES
    assert {net.removesuffix(shift.BEFORE) for net in shift.NETS} == set(looked.NETS)
    assert (robustness.SCALES, robustness.RATES, robustness.NETS) == (trained.SCALES, trained.RATES, trained.NETS)
    assert tuple(trained.OPTIMIZERS) == robustness.OPTIMIZERS


@pytest.fixture(scope="module")
def moving():
    return shift.explore_shift()


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
@pytest.mark.parametrize("net", shift.NETS)
def test_percentiles_shift_and_loss_are_those_recorded(moving, activation, net):
    run, where = load_recorded("batch_norm_shift")[0], " before" if net.endswith(shift.BEFORE) else ""
    for rate in (0.03, 0.3):
        name = f"{activation}: {net.removesuffix(shift.BEFORE)}: {rate}"
        for layer in (1, 3):
            numbers = moving.reset().set(right=net, activation=activation, rate=rate, layer=layer, neuron=4, check=7).numbers
            expected = run[f"{name}: percentiles{where}"][:, layer - 1, 3]
            assert_allclose(numbers["right percentiles"], expected)
            assert_allclose(numbers["right shift"], run[f"{name}: shift{where}"][:, layer - 1])
            assert_allclose(numbers["right loss"], run[f"{name}: loss"])
            median = f"{round(float(expected[7, 1]), 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")
            assert f"right, {net}: median {median}" in moving.description


def test_a_training_beyond_all_numbers_is_said_to_be_so(moving):
    runs = load_recorded("batch_norm_shift")[0]
    lost = [net for net in looked.NETS if not np.isfinite(runs[f"relu: {net}: 1.0: shift"]).all()]
    for net in looked.NETS:
        moving.reset().set(left=net, rate=1.0, activation="relu")
        assert ("left, " + net + ": its numbers went beyond" in moving.description) == (net in lost)


@pytest.fixture(scope="module")
def forgiving():
    return robustness.explore_robustness()


@pytest.mark.parametrize("optimizer", robustness.OPTIMIZERS)
@pytest.mark.parametrize("net", robustness.NETS)
def test_the_map_holds_the_recorded_shares(forgiving, net, optimizer):
    runs = load_recorded("batch_norm_robustness")
    last = np.stack([run[f"{net}: {optimizer}: validation"][..., -1] for run in runs.values()]).astype(float)
    for seeds, expected in ((robustness.MEAN, last.mean(axis=0)), (robustness.WORST, last.min(axis=0))):
        numbers = forgiving.reset().set(left=net, optimizer=optimizer, seeds=seeds, rate=6, scale=2).numbers
        assert_allclose(numbers["left map"], expected.T, rtol=1e-6)
        assert_allclose(numbers["left here"], last[:, 6, 2], rtol=1e-6)
        worked = int((expected >= robustness.GOOD).sum())
        assert re.search(rf"left, {net}:.*In the whole map {worked} of 77 cells", forgiving.description)


def test_the_named_rates_reach_the_share_at_this_scale(forgiving):
    for scale in range(7):
        forgiving.reset().set(scale=scale)
        works = forgiving.numbers["right map"][scale] >= robustness.GOOD
        rates = [rate for rate, good in zip(robustness.RATES, works, strict=True) if good]
        said = ", ".join(f"{rate:g}" for rate in rates) or "none"
        assert f"rates that reach {robustness.GOOD:g}: {said}." in forgiving.description.splitlines()[2]
