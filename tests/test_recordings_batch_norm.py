"""What was recorded about batch normalization with networks from scratch, and the parts of those trainings."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_recorded
from helpers.recordings import batch_normalization as trained
from helpers.recordings import batch_normalization_noise as noise
from helpers.recordings import batch_normalization_shift as shift
from helpers.scratch.activation import Activation
from helpers.scratch.batch_normalization import BatchNormalization
from helpers.scratch.dense import Dense
from helpers.scratch.optimizers import SGD

# The parts.


@pytest.fixture(scope="module")
def digits():
    return trained.digits(0)


def with_norm(seed=0, **options):
    return trained.network(seed, [lambda: BatchNormalization(0.9)], **options)


def test_the_scale_multiplies_the_weights_of_hidden_layers_and_nothing_else():
    one, ten = (trained.network(3, scale=scale).get_weights() for scale in (1.0, 10.0))
    for small, large in zip(one[:-2], ten[:-2], strict=True):
        assert_allclose(large, 10 * small)
    assert_array_equal(one[-2], ten[-2])  # the output layer
    first = trained.network(3).layers[0].weights["kernel"]
    assert first.std() == pytest.approx(np.sqrt(2 / 784), rel=0.02)


def test_a_scale_before_the_normalisation_changes_no_output(digits):
    x = digits[0][:64]
    one, ten = with_norm(scale=1.0), with_norm(scale=10.0)
    assert_allclose(ten.forward(x, training=True), one.forward(x, training=True), rtol=0.05, atol=0.01)


def test_normalised_once_means_that_all_sums_of_that_batch_are():
    rng = np.random.default_rng(0)
    model, batch = trained.network(1, scale=5.0), rng.random((64, 784)).astype(np.float32)
    trained.normalise_once(model, batch)
    h = batch
    for layer in model.layers[:-1]:
        h = layer.forward(h)
        if isinstance(layer, Dense):
            assert_allclose(h.mean(axis=0), 0, atol=1e-3)
            assert_allclose(h.std(axis=0), 1, atol=1e-3)


def test_looking_leaves_the_network_as_it_was(digits):
    x, y = digits[0][:64], digits[1][:64]
    model = shift.shift_network("batch norm, shaken", "relu", 0)
    model.compile(SGD(0.1), trained.LOSS)
    before = model.get_weights()
    states = [layer.rng.bit_generator.state for layer in model.layers if isinstance(layer, shift.Shake)]
    shift.into_activations(model, x)
    shift.into_activations(model, x, shaken=True)
    for array, other in zip(model.get_weights(), before, strict=True):
        assert_array_equal(array, other)
    assert [layer.rng.bit_generator.state for layer in model.layers if isinstance(layer, shift.Shake)] == states
    shift.gradients_of(model, x, y)
    shift.moved_by_others(model, x, y, 0.1)
    for array, other in zip(model.get_weights(), before, strict=True):
        assert_array_equal(array, other)


def test_what_goes_into_the_activations_is_what_the_forward_pass_gives_them(digits):
    x = digits[0][:100]
    model, kept = shift.shift_network("batch norm", "sigmoid", 0), []
    seen = shift.into_activations(model, x)
    before = shift.into_activations(model, x, before=True)
    for layer in model.layers:
        if isinstance(layer, Activation):
            kept.append(x)
        x = layer.forward(x, training=True)
    assert_allclose(seen, kept, rtol=1e-4, atol=1e-4)
    assert_allclose(seen.mean(axis=1), 0, atol=1e-4)  # beta is 0 at first
    assert_allclose(
        (before - before.mean(axis=1, keepdims=True)) / np.sqrt(before.var(axis=1, keepdims=True) + 1e-3), seen, atol=1e-3
    )


def test_the_gradient_comes_back_through_a_shake():
    layer, rng = shift.Shake(0), np.random.default_rng(1)
    x, factors = rng.standard_normal((2, 5, 3))
    state = layer.rng.bit_generator.state
    outputs = layer.forward(x, training=True)
    assert not np.allclose(outputs, x)
    computed, step = layer.backward(factors), 1e-5
    for place in np.ndindex(x.shape):
        near = x.copy()
        near[place] += step
        layer.rng.bit_generator.state = state
        assert ((layer.forward(near, training=True) - outputs) * factors).sum() / step == pytest.approx(
            computed[place], rel=1e-4
        )
    assert_array_equal(layer.forward(x), x)


def test_the_cosine_is_1_where_the_others_do_not_move(digits):
    x, y = digits[0][:64], digits[1][:64]
    model = shift.shift_network("plain", "relu", 0)
    model.compile(SGD(0.1), trained.LOSS)
    assert_allclose(shift.moved_by_others(model, x, y, 0.0), 1, atol=1e-5)
    shaken = shift.shift_network("batch norm, shaken", "relu", 0)
    shaken.compile(SGD(0.1), trained.LOSS)
    assert_allclose(shift.moved_by_others(shaken, x, y, 0.0), 1, atol=1e-5)
    assert min(shift.moved_by_others(model, x, y, 0.5)) < 0.9


def test_a_step_with_all_digits_is_one_from_the_loss_of_the_batch(digits):
    """Without batch normalization the mates do not matter: both ways make the same step."""
    x, y, batch = digits[0][:50].astype(float), digits[1][:50].astype(float), np.arange(7, 19)
    models = [trained.network(2, hidden=2) for _ in range(2)]
    for model, with_all in zip(models, (False, True), strict=True):
        model.compile(SGD(0.1), trained.LOSS)
        model._lay_end_to_end()
        noise.step(model, x, y, batch, with_all)
    for array, other in zip(*(model.get_weights() for model in models), strict=True):
        assert_allclose(array, other, atol=1e-10)


def test_exact_statistics_are_those_of_the_examples(digits):
    x = digits[0][:300]
    model = with_norm(hidden=2)
    noise.exact_statistics(model, x)
    sums = model.layers[0].forward(x)
    assert_allclose(model.layers[1].weights["moving_mean"], sums.mean(axis=0), atol=1e-5)
    assert_allclose(model.layers[1].weights["moving_variance"], sums.var(axis=0), rtol=1e-3)
    assert_allclose(model.forward(x), model.forward(x, training=True), atol=1e-4)


# What was recorded.


def working(runs, net, optimizer):
    last = runs("batch_norm_robustness", f"{net}: {optimizer}: validation")[..., -1]
    return last.mean(axis=0) >= 0.85


def test_batch_norm_is_more_forgiving_than_a_good_start_alone(runs):
    for optimizer in trained.OPTIMIZERS:
        plain, normed, once = (working(runs, net, optimizer).sum() for net in ("plain", "batch norm", "normalised once"))
        assert plain < once < normed and normed > 1.5 * once


def test_larger_rates_work_with_batch_norm_only(runs):
    largest = {net: np.flatnonzero(working(runs, net, "SGD").any(axis=1)).max() for net in trained.NETS}
    assert largest["batch norm"] > largest["plain"] and largest["batch norm"] > largest["normalised once"]


def test_shaken_networks_shift_more_than_plain_ones_and_learn_all_the_same(runs):
    for rate in (0.1, 0.3):
        moved = {net: runs("batch_norm_shift", f"sigmoid: {net}: {rate}: shift").mean() for net in shift.NETS}
        right = {net: runs("batch_norm_shift", f"sigmoid: {net}: {rate}: test") for net in shift.NETS}
        assert 20 * moved["batch norm"] < moved["plain"] < moved["batch norm, shaken"]
        assert right["batch norm, shaken"].min() > right["plain"].max()
        assert abs(right["batch norm, shaken"].mean() - right["batch norm"].mean()) < 0.02


def test_all_know_the_few_digits_by_heart_and_the_noise_does_not_help():
    runs = load_recorded("batch_norm_noise").values()
    plain, normed, calm = (np.mean([run[f"{net}: 8: 0.1: test"] for run in runs]) for net in ("plain", "batch norm", noise.ALL))
    assert len(runs) == 5 and normed < min(plain, calm) - 0.01
    for net in noise.NETS:
        assert min(run[f"{net}: 32: 0.1: training"] for run in runs) > 0.98


@pytest.mark.slow
def test_a_new_run_lies_within_the_recorded_spread(runs, monkeypatch):
    monkeypatch.setattr(trained, "SCALES", (1.0,))
    monkeypatch.setattr(trained, "RATES", (0.03, 0.3))
    monkeypatch.setattr(trained, "OPTIMIZERS", {"SGD": SGD})
    again = trained.train_robustness(1)
    for net in trained.NETS:
        for place, column in ((0, 5), (1, 7)):
            recorded = runs("batch_norm_robustness", f"{net}: SGD: test")[:, column, 3]
            assert recorded.min() - 0.05 < again[f"{net}: SGD: test"][place, 0] < recorded.max() + 0.05
