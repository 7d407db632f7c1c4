"""The deep network of the lesson on vanishing gradients: real backpropagation, the reference points, and the explorer."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from helpers.explorers import vanishing_gradients_depth as deep
from helpers.explorers.vanishing_gradients import explore_gradients

ACTIVATIONS = sorted(deep.SLOPES)


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_and_activations_equal_tensorflow(activation, normalise, skip):
    weights = deep.deep_weights(6, 16, 1.3, 0)
    activations, gradients = deep.go_through(weights, activation, skip, normalise, seed=4)
    rng = np.random.default_rng([4, 1])
    h = tf.constant(rng.standard_normal((deep.BATCH, 16)))
    given = rng.standard_normal((deep.BATCH, 16))
    function, layers = keras.activations.get(activation), [h]
    with tf.GradientTape() as tape:
        tape.watch(h)
        for W in weights:
            z = layers[-1] @ tf.constant(W)
            if normalise:
                norm = keras.layers.BatchNormalization(dtype="float64")
                z = norm(z, training=True)
            out = function(z)
            layers.append(layers[-1] + out if skip else out)
        total = tf.reduce_sum(layers[-1] * given)
    for mine, other in zip(activations, layers, strict=True):
        assert_allclose(mine, other, rtol=1e-6, atol=1e-9)
    assert_allclose(gradients[-1], given)
    assert_allclose(gradients[0], tape.gradient(total, h), rtol=1e-5, atol=1e-12)


def decades(activation, gain, layers=50, width=64, seeds=range(5)):
    """Return the decades by which a gradient changes over so many layers, the mean of some seeds."""
    found = []
    for seed in seeds:
        _, gradients = deep.go_through(deep.deep_weights(layers, width, gain, seed), activation, seed=seed)
        found.append(np.log10(deep.sizes(gradients)[0]))
    return np.mean(found)


@pytest.mark.parametrize(
    ("activation", "gain", "expected", "margin"),
    [("tanh", 0.5, -15.0, 0.5), ("tanh", 1.0, -0.9, 0.2), ("tanh", 1.5, 1.4, 0.2), ("relu", np.sqrt(2), 0.0, 0.5)],
)
def test_the_reference_points_over_50_layers(activation, gain, expected, margin):
    assert decades(activation, gain) == pytest.approx(expected, abs=margin)


def test_a_sigmoid_with_a_large_gain_loses_far_less_than_its_best_case_at_gain_1():
    best_case = 50 * np.log10(deep.predicted_factor("sigmoid", 1.0))
    assert best_case == pytest.approx(50 * np.log10(0.25))
    assert decades("sigmoid", 1.0) < best_case < decades("sigmoid", 6.0) - 20


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("gain", [0.5, 1.0, 3.0])
def test_the_formula_is_right_where_slopes_do_not_depend_on_size(activation, gain):
    assert decades(activation, gain) == pytest.approx(50 * np.log10(deep.predicted_factor(activation, gain)), abs=1)


def test_the_formula_is_right_for_tanh_only_where_sums_are_small():
    assert decades("tanh", 0.3) == pytest.approx(50 * np.log10(0.3), abs=1)
    assert decades("tanh", 2.0) < 50 * np.log10(2.0) - 5


@pytest.fixture(scope="module")
def explorer():
    return explore_gradients()


def test_it_draws_what_backpropagation_finds(explorer):
    found = explorer.reset().set(depth=20, gain=0.8, activation="sigmoid", seed=3).numbers
    activations, gradients = deep.go_through(deep.deep_weights(20, 64, 0.8, 3), "sigmoid", seed=3)
    assert_allclose(found["gradient"], np.sqrt((gradients**2).mean(axis=(1, 2))))
    assert_allclose(found["activation"], np.sqrt((activations**2).mean(axis=(1, 2))))
    assert found["gradient"][-1] == pytest.approx(1, abs=0.05)
    assert f"decades over {20} layers" in explorer.description


def test_histograms_count_the_activations_of_each_layer(explorer):
    found = explorer.reset().set(activation="relu", start="He (gain 1.41)", depth=5).numbers["histogram"]
    assert found.shape == (deep.BINS, 6) and found.max() == 1
    assert (found[: deep.BINS // 2, 1:] == 0).all(), "nothing is below 0 after a ReLU"
    assert found[: deep.BINS // 2, 0].sum() > 1, "but the inputs are"


def test_cures_can_be_seen(explorer):
    vanished = explorer.reset().set(depth=50, gain=0.5).numbers["gradient"][0]
    assert "vanishes" in explorer.description
    for cure in ({"skip": True}, {"normalise": True}, {"start": "Xavier (gain 1)"}):
        assert explorer.reset().set(depth=50, gain=0.5, **cure).numbers["gradient"][0] > 1e8 * vanished
    assert "explodes" in explorer.reset().set(activation="relu", gain=3.0, depth=50).description
    assert "arrives" in explorer.reset().set(activation="relu", start="He (gain 1.41)", depth=50).description


def test_a_fixed_start_sends_the_gain_to_sleep(explorer):
    first = explorer.reset().set(start="Xavier (gain 1)").png
    assert explorer.controls["gain"].disabled
    assert explorer.set(gain=4.0).png == first
