"""The recorded trainings of deep networks: they say what the lesson says, their parts do what they say; and their explorer."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_recorded, mnist_split
from helpers.explorers.vanishing_gradients import explore_training_depth
from helpers.explorers.vanishing_gradients_training import BEST, OPTIMIZERS, best_rate
from helpers.recordings import vanishing_depth as deep

SGD = [name for name in deep.OPTIMIZERS if name.startswith("SGD")]


# The networks.


@pytest.mark.parametrize("name", ["tanh, gain 0.5", "relu, He", "relu, gain 3, batch norm", "tanh, gain 0.5, skip"])
def test_a_network_starts_as_its_name_says(name):
    keras.utils.set_random_seed(0)
    net = deep.NETS[name]
    model = deep.deep_network(net)
    weights = [keras.ops.convert_to_numpy(each) for each in deep.kernels(model)]
    assert [each.shape for each in weights] == [(784, 64)] + [(64, 64)] * (net.depth - 1)
    for each in weights[1:]:
        assert each.std() * 8 == pytest.approx(net.gain, rel=0.06)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("BatchNormalization") == net.depth * net.normalise
    assert kinds.count("Add") == (net.depth - 1) * net.skip


def test_gradient_sizes_are_those_of_finite_differences():
    keras.utils.set_random_seed(0)
    model = deep.deep_network(deep.Net("tanh", 1.0, depth=3))
    x, y, _, _ = mnist_split(0, flat=True)
    x, y = x[:16], y[:16]
    sizes, kernel = deep.gradient_sizes(model, x, y), deep.kernels(model)[1]
    first = keras.ops.convert_to_numpy(kernel).copy()
    direction = np.random.default_rng(0).choice([-1.0, 1.0], first.shape).astype("float32")

    def loss(step):
        kernel.assign(first + step * direction)
        return float(keras.losses.SparseCategoricalCrossentropy()(y, model(x)))

    slopes = []
    for seed in range(40):  # along random signs the slope is as large as the root of the sum of squares, in the mean of squares
        direction = np.random.default_rng(seed).choice([-1.0, 1.0], first.shape).astype("float32")
        slopes.append((loss(1e-2) - loss(-1e-2)) / 2e-2)
    assert np.sqrt(np.mean(np.square(slopes))) == pytest.approx(sizes[1] * 64, rel=0.35)


# What was recorded.


def best(runs, name):
    """Return the share of new digits of the SGD whose rate was best on the validation digits, for each seed."""
    last = np.stack([runs("vanishing_depth", f"{name}: {each}: validation")[:, -1] for each in SGD])
    shares = np.stack([runs("vanishing_depth", f"{name}: {each}: test") for each in SGD])
    return shares[last.argmax(axis=0), np.arange(3)]


def test_thirty_layers_do_not_learn_where_the_gradient_vanishes(runs):
    for name in ("tanh, gain 0.5", "sigmoid, Xavier", "sigmoid, gain 4"):
        assert runs("vanishing_depth", f"{name}: gradient")[:, 0].max() < 1e-7, name
        assert best(runs, name).max() < 0.2, name
        assert runs("vanishing_depth", f"{name}: Adam 0.001: test").max() < 0.2, name
    # Where activations vanish as well, the gradients of all weights are alike: the last layer's is no larger than the first's.
    first, last = runs("vanishing_depth", "tanh, gain 0.5: gradient")[:, [0, -1]].T
    assert (last < 3 * first).all() and last.max() < 1e-9
    first, last = runs("vanishing_depth", "sigmoid, Xavier: gradient")[:, [0, -1]].T
    assert (last > 1e15 * first).all()


def test_adam_may_learn_where_sgd_does_not(runs):
    assert best(runs, "relu, Xavier").max() < 0.2
    assert sorted(runs("vanishing_depth", "relu, Xavier: Adam 0.001: test"))[1] > 0.5  # two seeds of three
    assert runs("vanishing_depth", "relu, He: Adam 0.001: test").min() > best(runs, "relu, He").max()


def test_cures_make_them_learn_and_two_layers_do_it_as_well(runs):
    for name in ("tanh, Xavier", "tanh, gain 0.5, skip", "tanh, gain 0.5, batch norm"):
        assert best(runs, name).min() > 0.7, name
    assert (best(runs, "2 layers, tanh, Xavier") > best(runs, "tanh, Xavier")).all(), "the dullest cure: fewer layers"


def test_clipping_does_not_cure_what_explodes_on_its_way_forward(runs):
    gradient = runs("vanishing_depth", "relu, gain 3: gradient")
    assert gradient.min() > 1e3
    assert best(runs, "relu, gain 3, clipped").max() < 0.2


# The explorer.


@pytest.fixture(scope="module")
def explorer():
    return explore_training_depth()


@pytest.mark.parametrize("net", deep.NETS)
def test_it_shows_what_was_recorded(explorer, net):
    run = load_recorded("vanishing_depth")[0]
    for optimizer in (BEST, *OPTIMIZERS):
        found = explorer.reset().set(first=net, optimizer=optimizer).numbers
        used = found["first used"]
        assert used == (best_rate(run, net) if optimizer == BEST else optimizer)
        assert found["first test"] == run[f"{net}: {used}: test"]
        for key in ("loss", "validation", "moved"):
            known = found[f"first {key} known"]
            assert_array_equal(known, np.isfinite(run[f"{net}: {used}: {key}"]))
            assert_allclose(found[f"first {key}"][known], run[f"{net}: {used}: {key}"][known])
        assert f"`{found['first test']:.3f}`".strip("`") in explorer.description


@pytest.mark.slow
def test_a_new_run_of_one_network_lies_within_the_recorded_spread(runs, monkeypatch):
    name = "tanh, Xavier"
    monkeypatch.setattr(deep, "NETS", {name: deep.NETS[name]})
    again = deep.train_depth(1)
    for optimizer in ("SGD 0.03", "Adam 0.001"):
        recorded = runs("vanishing_depth", f"{name}: {optimizer}: test")
        assert recorded.min() - 0.05 < again[f"{name}: {optimizer}: test"] < recorded.max() + 0.05
