"""The recorded cures of a network: their parts do what they say, they say what the lesson says, and they can be made again."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.recordings import improving_cures as cures
from helpers.scratch.optimizers import SGD

# The parts.


def test_no_digit_is_in_two_parts():
    parts = cures.digit_parts(0)
    rows = np.concatenate([parts.x, parts.x_validation, parts.x_test])
    assert [len(parts.x), len(parts.x_validation), len(parts.x_test)] == [3500, 500, 1000]
    assert len(np.unique(rows, axis=0)) == 5000


def test_all_examples_are_seen_as_often_as_the_others():
    order = cures.order_of(10, updates=15, batch=4, rng=np.random.default_rng(0))
    assert_array_equal(np.bincount(order), [6] * 10)
    longer = cures.order_of(10, updates=40, batch=4, rng=np.random.default_rng(0))
    assert_array_equal(order, longer[:60])  # a longer training begins with the shorter one
    assert not np.array_equal(order[:10], order[10:20])


def test_error_and_loss_by_hand():
    shares = np.array([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]])
    error, loss = cures.error_and_loss(shares, np.array([0, 1]))
    assert error == 0.5 and loss == pytest.approx(-(np.log(0.5) + np.log(0.2)) / 2)


def test_the_lowest_error_is_chosen_and_of_equal_ones_the_lowest_loss():
    candidates = {
        1: {"validation error": [0.1, 0.3], "validation loss": [0.1, 0.1]},
        2: {"validation error": [0.5, 0.2], "validation loss": [0.1, 0.9]},
        3: {"validation error": [0.5, 0.2], "validation loss": [0.9, 0.8]},
    }
    assert cures.best_of(candidates, (1, 2, 3)) == 3
    assert cures.best_of(candidates, (1, 2)) == 2


def test_half_of_the_labels_are_wrong_and_random_ones_are_right_by_chance():
    y = np.arange(5000) % 10
    rng = np.random.default_rng(0)
    assert_array_equal(cures.relabelled(y, 0.0, rng), y)
    half = cures.relabelled(y, 0.5, rng)
    assert np.mean(half != y) == 0.5 and set(half) == set(range(10))
    assert np.mean(cures.relabelled(y, None, rng) == y) == pytest.approx(0.1, abs=0.02)


def test_training_goes_through_float32_and_reports_what_the_network_does():
    parts = cures.digit_parts(0)
    model = cures.network((8,), 0)
    curves = cures.train(model, parts.x[:64], parts.y[:64], 20, 10, 0, cures.looked_at(parts, 64))
    assert {array.dtype for array in model.get_weights()} == {np.dtype(np.float32)}
    assert {name: len(curve) for name, curve in curves.items()} == {name: 2 for name in curves} and len(curves) == 6
    error, loss = cures.error_and_loss(model.predict(parts.x_test), parts.y_test)
    assert_allclose([curves["test error"][-1], curves["test loss"][-1]], [error, loss], rtol=1e-5)
    assert curves["training loss"][1] < curves["training loss"][0]


def test_moved_digits_are_drawn_anew_and_shared():
    x = cures.digit_parts(0).x[:4]
    draws, rows = cures.Moved(x, 1.0, 0), np.array([0, 1, 2, 3])
    first, second = draws(rows, 0), draws(rows, 4)
    assert first.shape == x.shape and not np.allclose(first, x, atol=0.01) and not np.allclose(first, second, atol=0.01)
    assert draws(rows, 0) is first
    assert_allclose(cures.moved(x, 0.0, np.random.default_rng(0)), x, atol=1e-6)


def test_the_goal_is_counted_in_updates():
    parts = cures.digit_parts(0)

    def model(rate):
        return cures.network((16,), 0, optimizer=SGD(rate))

    low, high = (cures.updates_until(goal, model(0.1), parts, 16, 0) for goal in (0.5, 0.7))
    assert low % cures.CHECK == 0 and 0 < low < high
    assert cures.updates_until(0.0, model(0.1), parts, 16, 0) == cures.CHECK
    assert cures.updates_until(0.9, model(1e-9), parts, 512, 0) == -1


def test_pictures_from_files_are_those_from_the_array(tmp_path):
    x = cures.digit_parts(0).x[:8]
    paths = [tmp_path / f"{number}.png" for number in range(8)]
    cures.write_pictures(paths, x)
    targets = cures.one_hot(np.arange(8))
    batches = zip(cures.from_array(x, targets, 3), cures.from_files(paths, targets, 3), strict=True)
    for (pictures, labels), (read, same) in batches:
        assert_allclose(read, pictures, atol=1e-6)
        assert_array_equal(labels, same)


def test_a_frozen_body_gives_the_sums_of_the_whole_network():
    x = cures.digit_parts(0).x[:5]
    body, other = (cures.network(cures.BODY, seed, classes=5) for seed in (0, 1))
    bodies = {"": partial(cures.hidden_outputs, body), ", random body": partial(cures.hidden_outputs, other)}
    ways = cures.transfers(bodies, 0.003, 0)
    assert list(ways) == ["all layers", "from scratch", "last layer", "last layer, random body"]
    tuned, see = ways["all layers"]
    head, see_head = ways["last layer"]
    assert see(x) is x
    head.set_weights(tuned.get_weights()[-2:])
    assert_allclose(head.predict(see_head(x)), tuned.predict(x), atol=1e-6)  # the same network
    assert not np.allclose(ways["from scratch"][0].predict(x), tuned.predict(x), atol=1e-3)


# The cures.


@pytest.fixture
def last(runs):
    """Return a function: name of a recording, name of a figure -> its last value with each of the seeds 0, 1, 2."""

    def figures(name, figure):
        return np.array([np.ravel(values)[-1] for values in runs(name, figure)])

    return figures


def test_the_sick_network_knows_its_digits_by_heart(last):
    assert (last("improving_cures", "sick: training error") == 0).all()
    assert (last("improving_cures", "sick: test error") > 0.1).all()
    # Twice as many updates change little.
    assert abs(last("improving_cures", "sick, longer: test error") - last("improving_cures", "sick: test error")).max() < 0.02


def test_more_data_is_the_cure_and_each_step_helps_less(last):
    errors = [last("improving_cures", f"{way}: test error").mean() for way in ("sick", *(f"more data {n}" for n in cures.MORE))]
    assert (np.diff(errors) < 0).all() and errors[-1] < 0.6 * errors[0]


def test_of_the_cures_without_data_only_augmentation_lowers_the_error_clearly(last):
    sick = last("improving_cures", "sick: test error")
    assert (last("improving_cures", "augmentation: test error") < sick - 0.03).all()
    for way in ("dropout", "L2", "early stopping", "smaller network", "dropout, longer"):
        assert abs((last("improving_cures", f"{way}: test error") - sick).mean()) < 0.02


def test_stopping_and_l2_lower_the_loss_though_not_the_error(last):
    sick = last("improving_cures", "sick: test loss")
    for way in ("early stopping", "L2"):
        assert (last("improving_cures", f"{way}: test loss") < sick - 0.03).all()


def test_all_together_are_hardly_better_than_augmentation_alone(last):
    together, alone = (last("improving_cures", f"{way}: test error") for way in ("together", "augmentation"))
    assert abs((together - alone).mean()) < 0.015


def test_a_plain_way_with_changed_copies_is_as_good_and_another_kind_of_network_is_better(last):
    sick, augmented = (last("improving_cures", f"{way}: test error") for way in ("sick", "augmentation"))
    assert (last("improving_cures", "SVM: test error") < sick).all()
    assert abs((last("improving_cures", "SVM with copies: test error") - augmented).mean()) < 0.015
    assert (last("improving_cures", "CNN: test error") < sick).all()
    assert (last("improving_cures", "CNN with augmentation: test error") < augmented).all()


def test_what_was_chosen_was_best_on_validation(last):
    for way, strengths in (("dropout", cures.DROPOUTS), ("L2", cures.PENALTIES), ("together", cures.TOGETHER)):
        tried = [last("improving_cures", f"{way} {strength}: validation error") for strength in strengths]
        assert_array_equal(np.min(tried, axis=0), last("improving_cures", f"{way}: validation error"))


# Random labels.


def test_the_network_fits_any_labels_and_learns_only_from_true_ones(last):
    for labels in cures.LABELS:
        assert (last("improving_random_labels", f"{labels}: none: training accuracy") == 1).all()
        assert (last("improving_random_labels", f"{labels}: 1-NN: training accuracy") == 1).all()
    assert (last("improving_random_labels", "true: none: validation accuracy") > 0.8).all()


def test_with_random_labels_validation_stays_where_chance_may_lead(runs):
    draws = runs("improving_random_labels", "draws")
    assert_allclose(draws.mean(axis=1), 0.1, atol=0.005)
    assert (draws.std(axis=1) > 1.2 * np.sqrt(0.1 * 0.9 / 500)).all()  # alike digits are named alike: more than for a die
    low, high = draws.min(), draws.max()
    for cure in cures.CURES:
        accuracy = runs("improving_random_labels", f"random: {cure}: validation accuracy")[:, -1]
        assert (accuracy >= low).all() and (accuracy <= high).all()


def test_cures_slow_the_fit_of_random_labels_but_do_not_prevent_it(runs):
    def looks(cure):
        return (runs("improving_random_labels", f"random: {cure}: training accuracy") > 0.99).argmax(axis=1)

    for cure in ("dropout", "L2", "strong L2", "dropout and L2"):
        assert (runs("improving_random_labels", f"random: {cure}: training accuracy").max(axis=1) > 0.99).all()
        assert (looks(cure) > looks("none")).all()
    assert (runs("improving_random_labels", "random: dropout and L2, longer: training accuracy")[:, -1] == 1).all()


def test_where_half_of_the_labels_are_wrong_stopping_early_helps_more_than_the_other_cures(runs):
    accuracy = {cure: runs("improving_random_labels", f"half wrong: {cure}: validation accuracy") for cure in cures.CURES}
    best = accuracy["none"].max(axis=1)
    assert (accuracy["none"].argmax(axis=1) < 5).all() and (best > accuracy["none"][:, -1] + 0.15).all()
    for cure in ("dropout", "L2", "strong L2", "dropout and L2"):
        assert (best > accuracy[cure][:, -1] + 0.1).all()
    # A plain way that asks 15 neighbours does as well as the stopped network, and far better than the one that asks one.
    votes, one = (runs("improving_random_labels", f"half wrong: {count}-NN: validation accuracy") for count in (15, 1))
    assert (votes > one + 0.2).all() and abs((votes - best).mean()) < 0.04


# More and more digits.


def test_errors_fall_with_more_digits_and_the_svm_leads_from_100_on(last):
    for way in ("dense", "SVM", "logistic regression"):
        errors = [last("improving_learning_curve", f"{way}: {n}: test error").mean() for n in cures.SIZES]
        assert (np.diff(errors) < 0).all()
    for n in cures.SIZES[1:]:
        machine, dense = (last("improving_learning_curve", f"{way}: {n}: test error") for way in ("SVM", "dense"))
        assert (machine < dense).all()


def test_the_dense_network_fits_its_digits_however_many(last):
    for n in cures.SIZES:
        assert (last("improving_learning_curve", f"dense: {n}: training error") < 0.02).all()


# How fast?


def fastest(runs, optimizer):
    """Return the fewest updates to the goal with the best rate, (seeds, batch sizes); infinity where no rate got there."""
    updates = runs("improving_seconds", f"{optimizer}: updates").astype(float)
    return np.where(updates < 0, np.inf, updates).min(axis=2)


def test_larger_batches_need_fewer_updates_but_more_examples(runs):
    updates = fastest(runs, "Adam")[:, 1:]  # batches of 4 to 256; of 1 digit not all get there
    assert (np.diff(updates, axis=1) < 0).all()
    examples = updates * cures.BATCHES[1:]
    assert (np.diff(examples.mean(axis=0)) > 0).all() and (examples[:, -1] > 2 * examples[:, 0]).all()


def test_adam_needs_fewer_updates_than_plain_descent_each_with_its_best_rate(runs):
    adam, plain = (fastest(runs, optimizer)[:, 1:] for optimizer in ("Adam", "SGD"))
    assert (adam < plain).all()


def test_the_rate_matters_more_than_the_optimizer(runs):
    rates = runs("improving_seconds", "Adam: rates")[0]
    updates = runs("improving_seconds", "Adam: updates")[:, cures.BATCHES.index(16)]
    small, good = (updates[:, np.flatnonzero(np.isclose(rates, rate))[0]] for rate in (0.0003, 0.003))
    assert (small > 2 * good).all()


def test_files_that_are_read_one_by_one_slow_every_update(runs):
    assert (runs("improving_seconds", "files: seconds") > 1.5 * runs("improving_seconds", "array: seconds")).all()


# What was learned from other digits.


def test_the_body_knew_the_digits_0_to_4(last):
    assert (last("improving_transfer", "before: test error") < 0.06).all()


def test_a_dense_body_from_other_digits_hardly_helps(last):
    for n in cures.SHOTS:
        tuned, scratch = (last("improving_transfer", f"{way}: {n}: test error") for way in ("all layers", "from scratch"))
        assert abs((tuned - scratch).mean()) < 0.03
        frozen = last("improving_transfer", f"last layer: {n}: test error")
        assert (frozen > scratch).all()


def test_maps_of_a_cnn_help_a_machine_with_few_digits_even_if_it_learned_nothing(last):
    for n in (30, 100):
        pixels = last("improving_transfer", f"SVM: {n}: test error").mean()
        learned, random = (last("improving_transfer", f"SVM, {way}: {n}: test error") for way in ("CNN features", "random CNN"))
        assert learned.mean() < random.mean() < pixels


# Again.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "train", "figure", "margin"),
    [
        ("improving_cures", cures.train_cures, "augmentation: test error", 0.01),
        ("improving_random_labels", cures.train_random_labels, "half wrong: none: validation accuracy", 0.03),
        ("improving_learning_curve", cures.train_learning_curve, "dense: 500: test error", 0.01),
        ("improving_seconds", cures.train_seconds, "Adam: updates", 60),
        ("improving_transfer", cures.train_transfer, "all layers: 30: test error", 0.02),
    ],
)
def test_a_new_run_of_one_seed_lies_near_the_recorded_one(runs, name, train, figure, margin):
    recorded, again = runs(name, figure)[1], train(1)[figure]
    assert_allclose(np.ravel(again)[-1], np.ravel(recorded)[-1], atol=margin)
