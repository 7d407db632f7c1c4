"""The explorer of batch mates against the network itself, run batch by batch, and what its sentences claim."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.explorers import batch_normalization_mates as mates


@pytest.fixture(scope="module")
def explorer():
    return mates.explore_batch_mates()


def run_as_a_whole(pinned, kind, seed, which, size, draw):
    """Return what the scratch network says of the pinned digit among its mates, in training mode, and its first outputs."""
    model, x = mates.network(which), mates.digits()[0]
    kept = [layer.get_weights() for layer in model.layers]
    batch = x[[pinned, *mates.mates_of(pinned, kind, seed)[draw][: size - 1]]]
    shares = model.forward(batch, training=True)[0]
    normalised = model.layers[1].weights["gamma"] * model.layers[1].normalised[0] + model.layers[1].weights["beta"]
    for layer, arrays in zip(model.layers, kept, strict=True):
        layer.set_weights(arrays)
    return shares, normalised


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, mates.PINNED - 1),
    st.sampled_from(mates.MATES),
    st.sampled_from(list(mates.NETWORKS)),
    st.sampled_from(mates.SIZES),
    st.integers(0, mates.DRAWS - 1),
)
def test_every_dot_is_what_the_network_gives_in_that_batch(pinned, kind, which, size, draw):
    shares, normalised = run_as_a_whole(pinned, kind, 3, which, size, draw)
    assert_allclose(mates.shares_in_training(pinned, kind, 3, which, size)[draw], shares, rtol=1e-2, atol=1e-3)
    found = mates.first_outputs(pinned, kind, 3, which)[mates.SIZES.index(size), draw]
    assert_allclose(found, normalised, rtol=1e-2, atol=2e-2)


@pytest.mark.parametrize("which", mates.NETWORKS)
def test_inference_is_one_place_whoever_the_mates_are(explorer, which):
    x, y = mates.digits()
    explorer.reset().set(mode=mates.INFERENCE, which=which, pinned=7)
    expected = mates.network(which).predict(x[7:8])[0]
    found = [explorer.set(size=size, mates=kind, redraw=4).numbers for size in (2, 64) for kind in mates.MATES]
    for numbers in found:
        assert np.ptp(numbers["cloud"], axis=0).max() == 0
        assert_allclose(numbers["right"], expected[y[7]])
        assert_array_equal(numbers["cloud"], found[0]["cloud"])


@given(st.integers(0, mates.PINNED - 1), st.sampled_from(mates.MATES), st.integers(0, 20))
@settings(max_examples=20, deadline=None)
def test_mates_are_of_the_wanted_kind_and_never_the_digit_itself(pinned, kind, seed):
    chosen, y = mates.mates_of(pinned, kind, seed), mates.digits()[1]
    assert chosen.shape == (mates.DRAWS, mates.SIZES[-1] - 1) and pinned not in chosen
    assert all(len(set(row)) == len(row) for row in chosen)
    wanted = {"only its own kind": {y[pinned]}, "only zeros": {0}, "only ones": {1}}.get(kind, set(range(10)))
    assert set(y[chosen].ravel()) <= wanted


def test_the_spread_falls_with_the_batch_size_about_as_its_root(explorer):
    spreads = np.mean([explorer.reset().set(pinned=pinned).numbers["spread"] for pinned in range(0, 30, 3)], axis=0)
    assert (np.diff(spreads) < 0).all()
    assert 2.4 < spreads[1] / spreads[-1] < 5  # from 4 to 64: a root would be 4


def test_a_batch_of_two_knows_only_which_is_larger(explorer):
    layer = mates.network("trained").layers[1]
    outputs = mates.first_outputs(0, mates.MATES[0], 0, "trained")[0]
    signs = (outputs - layer.weights["beta"]) / layer.weights["gamma"]
    assert np.mean(np.abs(np.abs(signs) - 1) < 0.05) > 0.8


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-5, 5), max_size=12), st.sampled_from(mates.MOMENTA))
def test_the_moving_average_is_the_sum_of_what_is_left_of_each_batch(means, momentum):
    found = mates.moving_average(means, momentum)
    assert len(found) == len(means) + 1 and found[0] == 0
    left = momentum ** np.arange(len(means))[::-1]
    assert found[-1] == pytest.approx((1 - momentum) * np.dot(left, means) if means else 0, abs=1e-9)


def test_the_sentence_counts_what_the_picture_shows(explorer):
    explorer.reset().set(size=2)
    wrong = int((explorer.numbers["named"] != explorer.numbers["label"]).sum())
    assert f"in {wrong} of {mates.DRAWS} batches it names another one" in explorer.description
    assert f"standard deviation {explorer.numbers['spread'][0]:.2f}" in explorer.description
