"""The recorded trainings with batch normalization in Keras: their parts do what they say, and they say what the lesson says."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_recorded, mnist_split
from helpers.recordings import batch_normalization_gap as gap
from helpers.recordings import batch_normalization_keras as recorded
from helpers.recordings import batch_normalization_pace as pace

SGD = [name for name in recorded.OPTIMIZERS if name.startswith("SGD")]


@pytest.fixture(scope="module")
def digits():
    return mnist_split(0, flat=True)


@pytest.fixture
def model(digits):
    """Return a dense net with batch normalization after one epoch: its moving averages still lag behind."""
    x, y, _, _ = digits
    recorded.set_seeds(0)
    model = recorded.dense("batch norm")
    model.compile(keras.optimizers.SGD(0.03), "sparse_categorical_crossentropy")
    model.fit(x[:1024], y[:1024], 64, verbose=0)
    return model


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def arrays(model, kind):
    """Return the arrays of the layers of this kind, such as "Dense"."""
    return [array for layer in model.layers if type(layer).__name__ == kind for array in layer.get_weights()]


# The networks and how they are judged.


@pytest.mark.parametrize(
    ("build", "norm", "kind", "extra"),
    [
        (recorded.convolutional, "batch norm", "BatchNormalization", 4 * (8 + 16 + 32 + 64)),
        (recorded.convolutional, recorded.SHORT_MEMORY, "BatchNormalization", 4 * (8 + 16 + 32 + 64)),
        (recorded.dense, "batch norm", "BatchNormalization", 4 * (64 + 64)),
        (recorded.dense, "layer norm", "LayerNormalization", 2 * (64 + 64)),
    ],
)
def test_the_nets_differ_in_nothing_but_normalization(build, norm, kind, extra):
    nets = []
    for name in ("plain", norm):
        recorded.set_seeds(1)
        nets.append(build(name))
    assert [each for each in kinds(nets[1]) if each != kind] == kinds(nets[0])
    assert kinds(nets[1]).count(kind) == kinds(nets[0]).count("Activation") > 0
    before = [after for layer, after in zip(kinds(nets[1]), kinds(nets[1])[1:], strict=False) if layer == kind]
    assert set(before) == {"Activation"}, "normalization stands before ReLU"
    for part in ("Conv2D", "Dense"):
        for one, other in zip(arrays(nets[0], part), arrays(nets[1], part), strict=True):
            assert_array_equal(one, other)
    assert nets[1].count_params() - nets[0].count_params() == extra


def test_training_mode_takes_each_batch_by_itself(model, digits):
    _, _, x, y = digits
    before = model.get_weights()
    for size in (3, 64):
        first = x[: len(x) // size * size].reshape(-1, size, 784)
        answers = [keras.ops.convert_to_numpy(model(batch, training=True)).argmax(axis=1) for batch in first]
        model.set_weights(before)
        right = np.concatenate(answers) == y[: first.shape[0] * size]
        assert recorded.training_mode(model, x, y, size) == pytest.approx(right.mean())
    # A batch of one is its own mean: every digit becomes the same, and so does the answer.
    assert recorded.training_mode(model, x[:200], y[:200], 1) in [np.mean(y[:200] == digit) for digit in range(10)]
    for one, other in zip(before, model.get_weights(), strict=True):
        assert_array_equal(one, other)


def test_fresh_averages_are_those_of_the_digits_given(model, digits):
    x, y, x_test, y_test = digits
    before, known = model.get_weights(), x[:500]
    found = recorded.fresh_averages(model, known, x_test, y_test)
    for one, other in zip(before, model.get_weights(), strict=True):
        assert_array_equal(one, other)
    norms = [layer for layer in model.layers if type(layer).__name__ == "BatchNormalization"]
    assert [layer.momentum for layer in norms] == [0.99, 0.99]
    assert recorded.fresh_averages(model, known, known, y[:500]) == recorded.training_mode(model, known, y[:500], 500)
    # Written out: each layer's mean and variance of what it sees, when those before it already use theirs.
    h, new = known, x_test
    weights = arrays(model, "Dense")
    *hidden, (kernel, bias) = zip(weights[::2], weights[1::2], strict=True)
    for (w, b), layer in zip(hidden, norms, strict=True):
        gamma, beta = (keras.ops.convert_to_numpy(each) for each in (layer.gamma, layer.beta))
        h, new = h @ w + b, new @ w + b
        mean, scale = h.mean(axis=0), gamma / np.sqrt(h.var(axis=0) + 1e-3)
        h, new = (np.maximum(scale * (each - mean) + beta, 0) for each in (h, new))
    named = (new @ kernel + bias).argmax(axis=1)
    assert_allclose(found, np.mean(named == y_test), atol=0.0021)  # two digits in a thousand may tip over
    assert found != recorded.share_right(model, x_test, y_test)


def test_the_watch_keeps_the_seconds_of_training_alone_and_what_was_judged(digits, monkeypatch):
    x, y, _, _ = digits
    ticks = iter(range(100))
    monkeypatch.setattr(recorded, "perf_counter", lambda: next(ticks) ** 2)
    watch = recorded.Watch(lambda model: {"seen": model.count_params()})
    model = recorded.dense("plain")
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(x[:64], y[:64], epochs=3, validation_data=(x[64:96], y[64:96]), verbose=0, callbacks=[watch])
    assert watch.seconds == [1 - 0, 9 - 4, 25 - 16]
    assert watch.found == {"seen": [model.count_params()] * 3}


# What was recorded of its speed.


def speed(runs, net, optimizer, figure):
    """Return this figure of the CNN for each seed: (3,) or (3, epochs)."""
    return runs("batch_norm_speed", f"{net}: {optimizer}: {figure}")


def best_speed(runs, net, optimizers, chosen, figure):
    """Return this figure with the optimizer whose last `chosen` is largest, for each seed."""
    last = np.stack([speed(runs, net, each, chosen)[:, -1] for each in optimizers])
    figures = np.stack([speed(runs, net, each, figure) for each in optimizers])
    return figures[last.argmax(axis=0), np.arange(3)]


def epochs_to(share, shares):
    """Return the first epoch, counted from 1, with at least this share, for each seed; infinity where there is none."""
    reached = shares >= share
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, np.inf)


def test_all_of_it_was_recorded(runs):
    for net in recorded.SPEED_NETS:
        model = recorded.convolutional(net)
        trained = sum(np.prod(each.shape) for each in model.trainable_weights)
        assert set(runs("batch_norm_speed", f"{net}: weights")) == {model.count_params()}
        assert set(runs("batch_norm_speed", f"{net}: trained weights")) == {trained}
        for optimizer in recorded.OPTIMIZERS:
            assert speed(runs, net, optimizer, "loss").shape == (3, recorded.SPEED_EPOCHS)
            assert speed(runs, net, optimizer, "seconds").shape == (3, recorded.SPEED_EPOCHS - 1)
    for net in recorded.NORMS:
        assert set(runs("batch_norm_sizes", f"{net}: weights")) == {recorded.dense(net).count_params()}


@pytest.mark.parametrize("optimizer", recorded.OPTIMIZERS)
def test_with_every_rate_the_training_loss_falls_faster(runs, optimizer):
    plain, normalised = (speed(runs, net, optimizer, "loss") for net in recorded.SPEED_NETS)
    assert (normalised < plain).all()


def test_an_epoch_takes_longer(runs):
    seconds = [
        np.median([speed(runs, net, optimizer, "seconds") for optimizer in recorded.OPTIMIZERS], axis=(0, 2))
        for net in recorded.SPEED_NETS
    ]
    ratio = seconds[1] / seconds[0]
    assert ratio.min() > 1.1 and ratio.max() < 2


def test_with_keras_momentum_the_moving_averages_still_lag_after_five_epochs(runs):
    for optimizer in recorded.OPTIMIZERS:
        usual, training, fresh = (
            speed(runs, "batch norm", optimizer, figure)[:, -1] for figure in ("validation", "val_training_mode", "val_fresh")
        )
        assert min(training.min(), fresh.min()) > 0.85, optimizer
        assert_allclose(training, fresh, atol=0.02)
        if optimizer != "SGD 1.0":
            assert usual.max() < 0.8, optimizer
    # The same training with a shorter memory: the loss is the same, bit for bit, so nothing else was wrong.
    for optimizer in recorded.WITH_SHORT_MEMORY:
        loss, short = (speed(runs, net, optimizer, "loss") for net in ("batch norm", recorded.SHORT_MEMORY))
        assert_array_equal(loss, short)
        validation = speed(runs, recorded.SHORT_MEMORY, optimizer, "validation")[:, -1]
        assert_allclose(validation, speed(runs, "batch norm", optimizer, "val_fresh")[:, -1], atol=0.02)


def test_it_learns_with_more_rates_of_sgd(runs):
    plain = np.stack([speed(runs, "plain", each, "validation")[:, -1] for each in SGD])
    fresh = np.stack([speed(runs, "batch norm", each, "val_fresh")[:, -1] for each in SGD])
    assert SGD[-1] == "SGD 1.0" and plain[-1].max() < 0.2 and fresh[-1].min() > 0.95
    assert plain[0].max() < 0.5 and fresh[0].min() > 0.85
    adam = [each for each in recorded.OPTIMIZERS if each not in SGD]
    assert min(speed(runs, "plain", each, "validation")[:, -1].min() for each in adam) > 0.9, "Adam forgives rates as well"


def test_the_fair_rival_is_the_plain_net_with_its_best_rate(runs):
    plain = best_speed(runs, "plain", SGD, "validation", "validation")
    fresh = best_speed(runs, "batch norm", SGD, "val_fresh", "val_fresh")
    assert epochs_to(0.95, fresh).max() <= 2 and epochs_to(0.95, plain).min() >= 4
    plain = best_speed(runs, "plain", recorded.OPTIMIZERS, "validation", "validation")
    assert epochs_to(0.9, plain).max() <= 2, "with Adam the plain net is nearly as fast"
    tests = [
        best_speed(runs, net, recorded.OPTIMIZERS, chosen, test)
        for net, chosen, test in (("plain", "validation", "test"), ("batch norm", "val_fresh", "test_fresh"))
    ]
    assert (tests[1] > tests[0]).all() and (tests[1] - tests[0]).max() < 0.04


# What was recorded of small batches.


def best_size(runs, net, size, figure="test"):
    """Return this figure with the rate whose share of the validation digits is largest, for each seed."""
    names = [f"{net}: batch {size}: SGD {rate}" for rate in recorded.SIZE_RATES]
    validation = np.stack([runs("batch_norm_sizes", f"{name}: validation") for name in names])
    return np.stack([runs("batch_norm_sizes", f"{name}: {figure}") for name in names])[validation.argmax(axis=0), np.arange(3)]


def test_batches_of_two_hurt_batch_normalization_and_no_other(runs):
    plain, normalised, by_layer = (best_size(runs, net, 2) for net in recorded.NORMS)
    assert (normalised < plain - 0.1).all() and (normalised < by_layer - 0.1).all()
    assert_allclose(by_layer, plain, atol=0.03)
    assert (best_size(runs, "batch norm", 2, "test_fresh") < plain - 0.1).all(), "it is not the moving averages"
    assert (best_size(runs, "batch norm", 2, "test_training_mode") < normalised - 0.1).all()
    assert (best_size(runs, "batch norm", 4) < best_size(runs, "plain", 4)).all()


@pytest.mark.parametrize("size", [32, 64])
def test_larger_batches_suit_it(runs, size):
    assert (best_size(runs, "batch norm", size) > best_size(runs, "plain", size)).all()
    assert_allclose(best_size(runs, "batch norm", size, "test_training_mode"), best_size(runs, "batch norm", size), atol=0.04)


@pytest.mark.slow
def test_a_new_run_of_a_part_lies_within_the_recorded_spread(runs, monkeypatch):
    monkeypatch.setattr(recorded, "OPTIMIZERS", {"SGD 0.3": recorded.OPTIMIZERS["SGD 0.3"]})
    monkeypatch.setattr(recorded, "SIZES", (64,))
    monkeypatch.setattr(recorded, "SIZE_RATES", (0.3,))
    for name, again, nets, figure in (
        ("batch_norm_speed", recorded.train_speed(1), ("plain: SGD 0.3", "batch norm: SGD 0.3"), "loss"),
        ("batch_norm_sizes", recorded.train_sizes(1), [f"{net}: batch 64: SGD 0.3" for net in recorded.NORMS], "test"),
    ):
        for net in nets:
            spread = runs(name, f"{net}: {figure}").reshape(3, -1)[:, -1]
            assert spread.min() - 0.03 < again[f"{net}: {figure}"].flat[-1] < spread.max() + 0.03, (name, net)
    assert again.keys() <= set(load_recorded("batch_norm_sizes")[1])


# At equal training loss, and update by update.


def test_the_starts_are_what_they_are_called():
    rng = np.random.default_rng(0)
    x = rng.random((64, 28, 28, 1)).astype(np.float32)
    model = recorded.convolutional("plain")
    pace.he_start(model, 0)
    for layer in pace.hidden_layers(model)[1:]:
        kernel = layer.get_weights()[0]
        assert kernel.std() == pytest.approx(np.sqrt(2 / np.prod(kernel.shape[:-1])), rel=0.05)
    pace.normalise_once(model, x)
    for layer in pace.hidden_layers(model):
        sums = keras.ops.convert_to_numpy(keras.Model(model.inputs[0], layer.output)(x))
        axes = tuple(range(sums.ndim - 1))
        assert_allclose(sums.mean(axis=axes), 0, atol=1e-3)
        assert_allclose(sums.std(axis=axes), 1, atol=2e-2)
    assert len(pace.hidden_layers(model)) == 4


def test_batch_norm_needs_fewer_updates_than_any_start(runs):
    def updates_to(goal, net):
        curves = [runs("batch_norm_pace", f"{net}: {rule}: validation").mean(axis=0) for rule in pace.RULES]
        return min((int((curve >= goal).argmax()) for curve in curves if (curve >= goal).any()), default=99)

    for goal in (0.9, 0.95):
        assert 1.5 * updates_to(goal, "batch norm") < min(updates_to(goal, net) for net in pace.NETS[:3])


def test_late_averages_are_wrong_in_the_first_layer_only(runs):
    variance = runs("batch_norm_gap", "late: variance")
    assert (variance[:, 0] > 2).all() and (variance[:, 1:] < 1.3).all()


def test_networks_with_batch_norm_know_all_training_digits(runs):
    for rate in gap.RATES:
        assert (runs("batch_norm_gap", f"{recorded.SHORT_MEMORY}: Adam {rate}: training")[:, -1] > 0.999).all()
        assert runs("batch_norm_gap", f"plain: Adam {rate}: loss").shape == (3, gap.EPOCHS)
