"""The recorded trainings on augmentation: they say what the lesson says, and their parts do what they say."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_recorded
from helpers.recordings import augmentation_sizes as sizes


@pytest.fixture(scope="module")
def recorded():
    """Return a function: name of a run or rival, size, what -> its figure at the end of training, for each seed that has it."""
    runs = load_recorded("augmentation_sizes")
    assert list(runs) == list(sizes.SEEDS)

    def figures(name, n, what="test accuracy"):
        key = f"{name}: {n}: {what}"
        return np.array([np.atleast_1d(run[key])[-1] for run in runs.values() if key in run])

    return figures


# Parts.


def test_every_digit_is_learned_from_equally_often():
    for n in (100, 3000):
        order = sizes.batches(n, 600, np.random.default_rng(0))
        counts = np.bincount(order, minlength=n)
        assert len(order) == 600 * 32 and len(counts) == n and np.ptp(counts) <= 1
        assert_array_equal(np.sort(order[:n]), np.arange(n))
        assert not np.array_equal(order[:n], order[n : 2 * n])


def test_right_and_loss_by_hand():
    shares = np.full((2, 10), 0.05)
    shares[0, 3], shares[1, 4] = 0.55, 0.55
    right, loss = sizes.right_and_loss(shares, np.array([3, 5]))
    assert right == 0.5 and loss == pytest.approx(-(np.log(0.55) + np.log(0.05)) / 2)


def test_no_digit_is_in_two_parts():
    parts = sizes.digits_of(2)
    assert [len(labels) for _, labels in parts.values()] == [3500, 500, 1000]
    pictures = [digit.tobytes() for digits, _ in parts.values() for digit in digits]
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("policy", sizes.POLICIES | sizes.FURTHER)
def test_policies_change_digits_in_training_only(policy):
    make, dropout = (sizes.POLICIES | sizes.FURTHER)[policy]
    x = sizes.digits_of(0)["test"][0][:64]
    sizes.set_seeds(0)
    plain = sizes.digit_network()
    changes = make()
    model = sizes.digit_network(changes, dropout)
    model.set_weights(plain.get_weights())
    assert_allclose(model(x, training=False), plain(x, training=False), atol=1e-6)
    differs = not np.allclose(model(x, training=True), plain(x, training=True), atol=1e-3)
    assert differs == (policy != "none")
    for change in changes:
        assert not np.allclose(change(x, training=True), x, atol=0.05)


def test_a_stronger_policy_changes_more():
    x = sizes.digits_of(0)["test"][0][:200]
    sizes.set_seeds(0)
    changed = []
    for strength in (0.5, 1, 2, 4):
        pictures = x
        for layer in sizes.gentle(strength):
            pictures = layer(pictures, training=True)
        changed.append(np.abs(np.asarray(pictures) - x).mean())
    assert (np.diff(changed) > 0.01).all()


# What was recorded.


def gap(recorded, policy, n):
    """Return how far the test accuracy lies below that of the training digits, for each seed."""
    return recorded(policy, n, "training accuracy") - recorded(policy, n)


def test_all_that_is_described_was_recorded(recorded):
    for n in sizes.SIZES:
        ways = ("nearest neighbour", "svm", *(("svm with copies",) if n <= sizes.MOST_COPIED else ()))
        assert all(len(recorded(name, n)) == 5 for name in (*sizes.POLICIES, *ways))
        few = [*(sizes.FURTHER if n in sizes.FEW_SIZES else ())]
        few += [f"{policy}, longer" for policy in ("none", "gentle") if n in sizes.LONGER_SIZES]
        assert all(len(recorded(name, n)) == 3 for name in few)
    for run in load_recorded("augmentation_sizes").values():
        assert run["gentle: 100: test loss"].shape == (6,) and list(run["updates"][:2]) == [100, 200]


def test_gentle_changes_help_with_every_seed_and_most_with_few_digits(recorded):
    gains = {n: recorded("gentle", n) - recorded("none", n) for n in sizes.SIZES}
    assert all((gain > 0).all() for gain in gains.values())
    assert gains[100].min() > 0.06 and 0.04 < gains[300].mean() < 0.07
    assert 0.01 < gains[1000].mean() < 0.025 and 0.005 < gains[3000].mean() < 0.02


def test_gentle_changes_make_the_gap_smaller(recorded):
    for n in sizes.SIZES:
        assert (gap(recorded, "gentle", n) < gap(recorded, "none", n)).all()
        assert gap(recorded, "gentle", n).mean() < 0.6 * gap(recorded, "none", n).mean()
        losses = [recorded(policy, n, "test loss") - recorded(policy, n, "training loss") for policy in ("gentle", "none")]
        assert (losses[0] < losses[1]).all()


def test_dropout_helps_less_with_few_digits_and_as_much_with_many(recorded):
    better = {n: recorded("gentle", n) - recorded("dropout", n) for n in sizes.SIZES}
    assert (better[100] > 0.02).all() and (better[300] > 0).all() and better[300].mean() > 0.01
    for n in (1000, 3000):
        assert abs(better[n].mean()) < 0.01 and 1 <= (better[n] > 0).sum() <= 4
        assert (recorded("dropout", n) > recorded("none", n)).sum() >= 4
    for n in sizes.FEW_SIZES:
        assert abs((recorded("gentle and dropout", n) - recorded("gentle", n)[:3]).mean()) < 0.015


def test_not_every_change_helps(recorded):
    """Neither is it the mere number of different pictures: digits turned upside down are new, too."""
    for n in sizes.FEW_SIZES:
        none = recorded("none", n)[:3]
        assert (recorded("mirrored", n) < none - 0.01).all()
        assert (recorded("gentle x 4", n) < none - 0.2).all()
    assert (gap(recorded, "mirrored", 300) > gap(recorded, "none", 300)[:3]).all()
    # A small gap alone is no merit: with far too much of it a network is as bad on what it learned from.
    assert gap(recorded, "gentle x 4", 3000).mean() < gap(recorded, "none", 3000).mean()


def test_twice_as_much_is_too_much_where_there_are_many_digits(recorded):
    assert (recorded("gentle x 2", 300) > recorded("none", 300)[:3]).all()
    # With 600 updates: harder digits also take longer to learn.
    assert (recorded("gentle x 2", 3000) < recorded("gentle", 3000)[:3]).all()


def test_a_changed_test_set_measures_something_else(recorded):
    for n in sizes.SIZES:
        for policy in sizes.POLICIES:
            assert (recorded(policy, n, "augmented test accuracy") < recorded(policy, n)).all()
        low, high = recorded("gentle", n, "own training accuracy"), recorded("gentle", n, "training accuracy")
        assert low.mean() < high.mean()
    # Judged by changed training digits, and by test digits as they are, the gap mostly have the wrong sign.
    assert (recorded("gentle", 3000, "own training accuracy") < recorded("gentle", 3000)).sum() >= 4


def test_means_over_changed_copies_of_a_test_digit_hardly_help(recorded):
    for n in sizes.SIZES:
        assert abs((recorded("gentle", n, "test-time accuracy") - recorded("gentle", n)).mean()) < 0.015
        assert (recorded("none", n, "test-time accuracy") < recorded("none", n) - 0.01).all()


def test_plain_ways_gain_from_copies_too_and_win_with_a_thousand_digits(recorded):
    for n in (100, 300, 1000):
        assert (recorded("svm with copies", n) > recorded("svm", n) + 0.01).all()
        assert (recorded("svm", n) > recorded("nearest neighbour", n)).all()
    for n in (100, 300):
        assert (recorded("gentle", n) > recorded("svm with copies", n)).sum() >= 4
        assert recorded("gentle", n).mean() > recorded("svm with copies", n).mean() + 0.01
    assert (recorded("svm with copies", 1000) > recorded("gentle", 1000)).sum() >= 3
    assert recorded("svm", 3000).mean() > recorded("none", 3000).mean()


def test_stopping_early_is_no_substitute():
    """The update with the lowest validation loss is chosen, as early stopping would."""
    for n in sizes.SIZES:
        stopped, to_the_end, gentle = [], [], []
        for run in load_recorded("augmentation_sizes").values():
            curve = run[f"none: {n}: test accuracy"]
            stopped.append(curve[run[f"none: {n}: validation loss"].argmin()])
            to_the_end.append(curve[-1])
            gentle.append(run[f"gentle: {n}: test accuracy"][-1])
        assert np.mean(stopped) < np.mean(to_the_end) + 0.005
        assert np.mean(stopped) < np.mean(gentle) - 0.005


def test_with_more_updates_the_gain_stays_and_networks_reach_the_svm(recorded):
    for n in sizes.LONGER_SIZES:
        longer = {policy: recorded(f"{policy}, longer", n) for policy in ("none", "gentle")}
        assert longer["gentle"].mean() > longer["none"].mean() + 0.005
        assert longer["gentle"].mean() > recorded("gentle", n)[:3].mean() + 0.005
    assert recorded("none, longer", 3000).mean() > recorded("svm", 3000)[:3].mean()  # 600 updates were too few


@pytest.mark.slow
def test_a_new_run_of_one_seed_lies_within_the_recorded_spread(recorded):
    run = sizes.train_policy("gentle", 300, 1, sizes.digits_of(1))
    for what in ("test accuracy", "own training accuracy", "test-time accuracy"):
        spread = recorded("gentle", 300, what)
        assert spread.min() - 0.02 <= np.atleast_1d(run[what])[-1] <= spread.max() + 0.02
