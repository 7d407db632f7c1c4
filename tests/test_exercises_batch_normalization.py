"""What the general tests of exercises and predictions cannot see: that the references of lesson 08 are true, that attempts as
learners write them get the right sentence and no other, and that the experiments of the predictions could find otherwise."""

import copy
import math
import statistics
from fractions import Fraction

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from helpers.exercises import batch_normalization as lesson
from helpers.keras_tools import copy_weights
from helpers.scratch.batch_normalization import BatchNormalization

EXERCISES = [lesson.normalize_batch, lesson.moving_average, lesson.share_right]
RIGHT = {"mean": 5, "variance": 9, "first": -2, "last": 14}

# The references.


def test_the_pencil_work_is_what_exact_numbers_give():
    batch = [Fraction(x) for x in (2, 4, 4, 10)]
    mean = sum(batch) / 4
    variance = sum((x - mean) ** 2 for x in batch) / 4
    deviation = Fraction(math.isqrt(int(variance)))
    assert deviation**2 == variance
    exact = {"mean": mean, "variance": variance, "first": 6 * (batch[0] - mean) / deviation + 4}
    exact["last"] = 6 * (batch[-1] - mean) / deviation + 4
    assert exact == RIGHT == lesson.normalize_batch.reference()


def test_the_pencil_work_is_what_the_layer_gives():
    layer = BatchNormalization(epsilon=1e-12)
    layer.build((None, 1), None)
    layer.set_weights([np.array([lesson.GAMMA]), np.array([lesson.BETA]), np.zeros(1), np.ones(1)])
    outputs = layer.forward(lesson.BATCH[:, None], training=True)[:, 0]
    answer = lesson.normalize_batch.reference()
    assert_allclose(outputs[[0, -1]], [answer["first"], answer["last"]], rtol=1e-9)
    # With the epsilon of Keras the answers, of two decimals, would be the same.
    layer.epsilon = 1e-3
    assert_allclose(layer.forward(lesson.BATCH[:, None], training=True)[[0, -1], 0], [-2, 14], atol=0.005)


def test_the_wrong_answers_are_made_of_the_same_batch():
    assert lesson._by_pencil() == lesson.normalize_batch.reference()


MEANS = st.lists(st.integers(-8, 8).map(float), max_size=7)
MOMENTA = st.sampled_from([0.0, 0.25, 0.5, 0.75, 0.875])


@given(MEANS, MOMENTA)
def test_the_moving_mean_is_the_sum_of_what_is_left_of_every_batch(batch_means, momentum):
    part = Fraction(momentum)
    ages = range(len(batch_means) - 1, -1, -1)
    exact = sum((1 - part) * part**age * Fraction(mean) for age, mean in zip(ages, batch_means, strict=True))
    assert lesson.moving_average.reference(batch_means, momentum) == pytest.approx(float(exact), abs=1e-12)


@pytest.mark.parametrize(("batch_means", "momentum"), [case for case in lesson.moving_average.cases if case[0]])
def test_the_moving_mean_is_that_of_both_layers(batch_means, momentum):
    ours, theirs = BatchNormalization(momentum), keras.layers.BatchNormalization(momentum=momentum, dtype="float64")
    ours.build((None, 1), None)
    theirs.build((None, 1))
    copy_weights(ours, theirs)
    for mean in batch_means:
        batch = mean + np.array([[-1.0], [0.5], [0.5]])
        ours.forward(batch, training=True)
        theirs(batch, training=True)
    expected = lesson.moving_average.reference(batch_means, momentum)
    assert_allclose(ours.weights["moving_mean"], [expected], rtol=1e-9)
    assert_allclose(theirs.moving_mean.numpy(), [expected], rtol=1e-6)


def test_ten_batches_are_few():
    assert lesson.moving_average.reference([5.0] * 10, 0.9) == pytest.approx(3.26, abs=0.005)
    assert lesson.moving_average.reference([5.0] * 10, 0.99) == pytest.approx(0.48, abs=0.005)
    assert lesson.moving_average.reference([], 0.9) == 0


def by_hand(x, y):
    """Return the share that is right, one example after the other, with the numbers of the network's moving averages."""
    network, right = lesson.Network(1), 0
    mean, variance = network.normalization.weights["moving_mean"], network.normalization.weights["moving_variance"]
    for example, label in zip(x, y, strict=True):
        z = [(v - m) / math.sqrt(s + 1e-3) for v, m, s in zip(example, mean, variance, strict=True)]
        kernel, bias = network.dense.get_weights()
        scores = [z[0] * kernel[0, j] + z[1] * kernel[1, j] + bias[j] for j in range(3)]
        right += scores.index(max(scores)) == label
    return Fraction(right, len(x))


@given(st.permutations(range(7)), st.integers(1, 9))
def test_the_share_depends_neither_on_the_order_nor_on_the_batches(order, batch_size):
    network = lesson.Network(batch_size)
    before = [*network.normalization.get_weights(), *network.dense.get_weights()]
    x, y = lesson.POINTS[order], lesson.CLASSES[order]
    assert lesson.share_right.reference(network, x, y, batch_size) == pytest.approx(float(by_hand(x, y)))
    after = [*network.normalization.get_weights(), *network.dense.get_weights()]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


def test_in_training_mode_the_share_depends_on_the_batches_and_the_network_changes():
    def in_training(batch_size, order=slice(None)):
        network = lesson.Network(batch_size)
        share = lesson._from_counts(lesson._share, training=True)(
            network, lesson.POINTS[order], lesson.CLASSES[order], batch_size
        )
        return share, network.normalization.weights["moving_mean"]

    assert len({in_training(size)[0] for size in (1, 2, 3, 7)}) >= 3
    assert in_training(3)[0] != in_training(3, lesson.SORTED)[0]
    moved = in_training(7)[1] - lesson.Network(7).normalization.weights["moving_mean"]
    assert_allclose(moved, (lesson.POINTS.mean(axis=0) - [1, 2]) / 2)


def test_the_cases_of_the_share_differ_in_batches_and_order():
    sizes = {(len(x), size) for _, x, _, size in lesson.share_right.cases}
    assert {(7, 1), (7, 2), (7, 3), (7, 7), (7, 10), (4, 2)} <= sizes
    assert any(np.all(np.diff(y) >= 0) for _, _, y, _ in lesson.share_right.cases)
    assert any(np.any(np.diff(y) < 0) for _, _, y, _ in lesson.share_right.cases)
    assert all(network.room == size for network, _, _, size in lesson.share_right.cases)


def test_no_class_of_the_cases_is_nearly_a_tie():
    scores = np.sort(lesson.Network(7)(lesson.POINTS, False), axis=1)
    assert np.min(scores[:, -1] - scores[:, -2]) > 0.5


# What is said.


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        ((5, 9, -2, 14), "a dictionary with four numbers"),
        ({"mean": 5, "variance": 9}, "a dictionary with four numbers"),
        (RIGHT | {"first": ...}, "Write a number in place of each of the dots"),
        (RIGHT | {"last": None}, "Write a number in place of each of the dots"),
        (RIGHT | {"mean": 6.5}, "'mean': 'not yet (about 6.50): all four numbers go in', 'variance': 'right'"),
        (RIGHT | {"variance": 7}, "'variance': 'not yet (about 7.00): the mean and all four numbers go in', 'first': 'right'"),
        (RIGHT | {"first": 0.7}, "'first': 'not yet (about 0.70): the number, the mean, the variance, gamma and beta go in'"),
        (
            {"mean": 4.5, "variance": 16, "first": 0.25, "last": 12.25},
            "'first': 'it follows from your mean and variance: look at them again', 'last': 'it follows",
        ),
        ({"mean": 4.5, "variance": 16, "first": 0.25, "last": 3}, "'last': 'not yet (about 3.00)"),
        (RIGHT | {"variance": -1, "first": 0, "last": 1}, "'variance': 'not yet (about -1.00)"),
        (RIGHT | {"mean": math.nan, "variance": math.inf}, "not yet (about nan)"),
    ],
)
def test_pencil_work_is_answered_without_giving_it_away(attempt, words):
    result = lesson.normalize_batch.judge(lambda: attempt)
    assert (result.state, result.mistake) == ("wrong", None) and words in result.text


@pytest.mark.parametrize("mistake", lesson.normalize_batch.mistakes, ids=lambda mistake: mistake.sentence[:30])
def test_what_is_said_of_a_mistake_with_the_pencil_never_holds_the_right_numbers(mistake):
    text = lesson.normalize_batch.judge(mistake.function).text
    assert not any(number in mistake.sentence for number in ("5", "9", "-2", "14", "3"))
    told = text.split("expected  ")[1]
    assert "'right'" in told and not any(character.isdigit() for character in told)


@pytest.mark.parametrize("off", [-0.02, 0.02])
@pytest.mark.parametrize("name", list(RIGHT))
def test_two_hundredths_off_is_wrong(name, off):
    assert lesson.normalize_batch.judge(lambda: RIGHT | {name: RIGHT[name] + off}).state == "wrong"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda forward, x, y, batch_size: forward(x[0], training=False), "expected a batch of shape (examples, 2), got (2,)"),
        (lambda forward, x, y, batch_size: forward(x[:0], training=False), "got (0, 2)"),
        (lambda forward, x, y, batch_size: forward(x, training=False), "there is memory for a batch of 2, got 3 examples"),
        (lambda forward, x, y, batch_size: forward(x[:1], training="no"), "expected True or False, got 'no'"),
        (lambda forward, x, y, batch_size: forward(x[:1]), "missing 1 required positional argument: 'training'"),
    ],
)
def test_a_wrong_call_of_the_network_is_told(call, words):
    result = lesson.share_right.judge(call)
    assert (result.state, result.mistake) == ("wrong", None) and words in result.text


def test_the_failing_call_names_the_network():
    result = lesson.share_right.judge(lambda forward, x, y, batch_size: 0.123)
    assert "my_share_right(forward=network, x=x, y=y, batch_size=2)" in result.text


# Right answers, written in other ways.


def average_by_weights(batch_means, momentum):
    n = len(batch_means)
    return sum((1 - momentum) * momentum ** (n - 1 - i) * batch_means[i] for i in range(n))


def average_by_steps(batch_means, momentum):
    moving = 0
    for mean in batch_means:
        moving += (1 - momentum) * (mean - moving)
    return moving


def average_backwards(means, m):
    return 0 if not means else m * average_backwards(means[:-1], m) + (1 - m) * means[-1]


def share_of_all_names(forward, x, y, batch_size):
    names = []
    for i in range(0, len(x), batch_size):
        names.extend(np.argmax(forward(x[i : i + batch_size], False), axis=-1))
    return np.mean(np.array(names) == y)


def share_with_while(forward, x, y, batch_size):
    right, i = 0, 0
    while i < len(x):
        for scores, label in zip(forward(x[i : i + batch_size], training=False), y[i : i + batch_size], strict=True):
            if list(scores).index(max(scores)) == label:
                right += 1
        i += batch_size
    return right / len(y)


def share_one_by_one(forward, x, y, batch_size):
    return sum(forward(x[i : i + 1], False).argmax() == y[i] for i in range(len(x))) / len(x)


def share_weighted(forward, x, y, batch_size):
    shares, sizes = [], []
    for i in range(0, len(x), batch_size):
        xs, ys = x[i : i + batch_size], y[i : i + batch_size]
        shares.append((forward(xs, training=False).argmax(1) == ys).mean())
        sizes.append(len(xs))
    return np.average(shares, weights=sizes)


@pytest.mark.parametrize(
    ("exercise", "attempt"),
    [
        (lesson.normalize_batch, lambda: RIGHT),
        (lesson.normalize_batch, lambda: {name: str(float(value)) for name, value in reversed(RIGHT.items())}),
        (lesson.normalize_batch, lambda: {name: np.float32(value) + 0.004 for name, value in RIGHT.items()}),
        (lesson.moving_average, average_by_weights),
        (lesson.moving_average, average_by_steps),
        (lesson.moving_average, average_backwards),
        (lesson.share_right, share_of_all_names),
        (lesson.share_right, share_with_while),
        (lesson.share_right, share_one_by_one),
        (lesson.share_right, share_weighted),
    ],
)
def test_other_ways_to_write_it_are_right(exercise, attempt):
    assert exercise.judge(attempt).state == "right"


# Wrong answers as learners write them, and the sentence that they get.

X = [2, 4, 4, 10]
SIZES = [3, 1, 1, 5]  # of the deviations


def pencil(output=lambda z: 6 * z + 4, mean=5.0, variance=9.0, divisor=None, **others):
    """Return an attempt with the pencil, rounded to so many decimals."""
    divisor = math.sqrt(variance) if divisor is None else divisor
    answer = {"mean": mean, "variance": variance, "first": output((2 - mean) / divisor), "last": output((10 - mean) / divisor)}
    return lambda digits: {name: round(float(value), digits) for name, value in (answer | others).items()}


def direct(output):
    """Return an attempt with the right mean and variance, in which `output` makes of a number what comes out."""
    return pencil(first=output(2), last=output(10))


BY_HAND = [
    (pencil(variance=statistics.variance(X)), "You divided by one less"),
    (pencil(variance=9 + 1 + 1 + 25), "You added up the squares"),
    (pencil(variance=9 / 4), "You divided by the number of examples twice."),
    (pencil(variance=(4 + 16 + 16 + 100) / 4), "You took the mean of the squares."),
    (pencil(mean=4, variance=(4 + 0 + 0 + 36) / 4), "You took the median"),
    (pencil(variance=3), "You gave the standard deviation for the variance, and then"),
    (pencil(variance=3, divisor=3), "The outputs are right, but you gave the standard deviation."),
    (pencil(variance=sum(SIZES) / 4), "You took the mean size of the deviations for the variance."),
    (pencil(variance=sum(SIZES) / 4, divisor=sum(SIZES) / 4), "You took the mean size of the deviations, and divided by it."),
    (pencil(divisor=sum(SIZES) / 4), "mean and variance are right, but you divided by the mean size"),
    (pencil(divisor=9), "mean and variance are right, but you divided by the variance."),
    (pencil(divisor=1), "mean and variance are right, but you only took the mean off."),
    (direct(lambda x: 6 * (x - 5) * 3 + 4), "mean and variance are right, but you multiplied by the root"),
    (pencil(divisor=10 - 2), "mean and variance are right, but you divided by the range"),
    (direct(lambda x: 6 * (x - 2) / 8 + 4), "mean and variance are right, but you scaled from 0 to 1"),
    (direct(lambda x: 6 * x / 3 + 4), "mean and variance are right, but you did not take the mean off."),
    (direct(lambda x: 6 * (5 - x) / 3 + 4), "mean and variance are right, but you took the number off the mean."),
    (direct(lambda x: 6 * x + 4), "mean and variance are right, but you normalised with mean 0"),
    (direct(lambda x: x), "mean and variance are right, but you gave the numbers that go in."),
    (
        direct(lambda x: (6 * x + 4 - statistics.mean(6 * v + 4 for v in X)) / statistics.pstdev(6 * v + 4 for v in X)),
        "mean and variance are right, but gamma and beta have no effect.",
    ),
    (pencil(lambda z: z + 4), "mean and variance are right, but you forgot gamma"),
    (pencil(lambda z: 6 * z), "mean and variance are right, but you forgot beta"),
    (pencil(lambda z: 4 * z + 6), "mean and variance are right, but gamma and beta have changed places"),
    (pencil(lambda z: z + 6 + 4), "mean and variance are right, but you added gamma."),
    (pencil(lambda z: 6 * z * 4), "mean and variance are right, but you multiplied by beta."),
    (pencil(lambda z: 6 * (z + 4)), "mean and variance are right, but you added beta too early"),
    (pencil(lambda z: 6 * z - 4), "mean and variance are right, but you took beta away."),
    (pencil(lambda z: z / 6 + 4), "mean and variance are right, but you divided by gamma."),
    (pencil(first=14, last=-2), "first and last have changed places."),
    (lambda digits: RIGHT | {"mean": 9, "variance": 5}, "mean and variance have changed places."),
    (
        lambda digits: (
            RIGHT
            | {
                "mean": statistics.mean(2 * x - 6 for x in X),
                "variance": statistics.pvariance(2 * x - 6 for x in X),
            }
        ),
        "Those are mean and variance of what comes out",
    ),
    (lambda digits: RIGHT | {"mean": 0, "variance": 1}, "The outputs are right, but mean 0 and variance 1"),
]


@pytest.mark.parametrize("digits", [1, 2, 4])
@pytest.mark.parametrize(("answer", "sentence"), BY_HAND)
def test_a_mistake_with_the_pencil_is_named_however_it_is_rounded(answer, sentence, digits):
    result = lesson.normalize_batch.judge(lambda: answer(digits))
    assert result.state == "wrong" and result.mistake is not None
    assert result.mistake.sentence.startswith(sentence)


def loop(update, start=0, batches=lambda means: means):
    """Return an attempt: a loop over the batches, update(moving, mean, momentum)."""

    def my_moving_average(batch_means, momentum):
        moving = start
        for mean in batches(batch_means):
            moving = update(moving, mean, momentum)
        return moving

    return my_moving_average


def right_update(v, x, m):
    return m * v + (1 - m) * x


def from_first(batch_means, momentum):
    moving = batch_means[0]
    for mean in batch_means[1:]:
        moving = momentum * moving + (1 - momentum) * mean
    return moving


def from_first_where_none(batch_means, momentum):
    moving = None
    for mean in batch_means:
        moving = mean if moving is None else momentum * moving + (1 - momentum) * mean
    return moving or 0


def whole_list(batch_means, momentum, start=()):
    moving, all_of_them = 0, list(start)
    for mean in batch_means:
        moving = momentum * moving + (1 - momentum) * mean
        all_of_them.append(moving)
    return all_of_them


def return_inside(batch_means, momentum):
    moving = 0
    for mean in batch_means:
        moving = momentum * moving + (1 - momentum) * mean
        return moving


def like_adam(batch_means, momentum):
    return loop(right_update)(batch_means, momentum) / (1 - momentum ** len(batch_means))


def mixed_with_the_one_before(batch_means, momentum):
    before = moving = 0
    for mean in batch_means:
        moving = momentum * before + (1 - momentum) * mean
        before = mean
    return moving


def begins_again(batch_means, momentum):
    result = 0
    for mean in batch_means:
        moving = 0
        result = momentum * moving + (1 - momentum) * mean
    return result


def closed(batch_means, momentum):
    return sum(batch_means) / len(batch_means) * (1 - momentum ** len(batch_means))


def lost(batch_means, momentum):
    moving = 0
    for mean in batch_means:
        momentum * moving + (1 - momentum) * mean
    return moving


def guarded(attempt):
    return lambda batch_means, momentum: attempt(batch_means, momentum) if len(batch_means) > 0 else 0


AVERAGES = [
    (loop(lambda v, x, m: (1 - m) * v + m * x), "momentum and 1 - momentum have changed places."),
    (lambda batch_means, momentum: sum(batch_means) / len(batch_means), "You took the plain mean of all batches."),
    (lambda batch_means, momentum: np.mean(batch_means), "You took the plain mean of all batches."),
    (guarded(lambda batch_means, momentum: np.mean(batch_means)), "Where there are batches, you took their plain mean."),
    (lambda batch_means, momentum: batch_means[-1], "You returned the mean of the last batch."),
    (loop(lambda v, x, m: x), "Your loop overwrites"),
    (from_first, "You began with the mean of the first batch."),
    (from_first_where_none, "Where there are batches, you began with the mean of the first."),
    (loop(right_update, start=1), "You began at 1."),
    (whole_list, "You returned the whole list of moving means. Asked"),
    (lambda batch_means, momentum: whole_list(batch_means, momentum, [0]), "You returned the whole list of moving means, with"),
    (loop(right_update, batches=lambda means: means[:-1]), "One batch short"),
    (loop(right_update, batches=lambda means: means[1:]), "You left out the first batch"),
    (return_inside, "You stop after the first batch."),
    (like_adam, "You corrected for the start at 0"),
    (guarded(like_adam), "Where there are batches, you corrected"),
    (loop(lambda v, x, m: v + (1 - m) * x), "You forgot the momentum on the old moving mean"),
    (loop(lambda v, x, m: m * v + x), "You forgot the 1 - momentum on the new mean."),
    (loop(lambda v, x, m: m * v + m * x), "You multiplied the new mean by momentum, too."),
    (loop(lambda v, x, m: (1 - m) * v + (1 - m) * x), "You multiplied the old mean by 1 - momentum, too."),
    (loop(lambda v, x, m: v + x), "You added up the means."),
    (loop(right_update, batches=reversed), "You went through the batches from the last"),
    (loop(lambda v, x, m: 0.99 * v + 0.01 * x), "You took a momentum of 0.99"),
    (loop(lambda v, x, m: 0.9 * v + 0.1 * x), "You took a momentum of 0.9,"),
    (loop(lambda v, x, m: (v + x) / 2), "You took the mean of old and new"),
    (begins_again, "Your moving mean begins at 0 again"),
    (mixed_with_the_one_before, "You mixed each batch with the batch before it."),
    (loop(lambda v, x, m: v + (1 - m) * (v - x)), "Your moving mean moves away"),
    (loop(lambda v, x, m: m * v - (1 - m) * x), "You took the new part away."),
    (closed, "That is true only where all batches have the same mean."),
    (guarded(closed), "That is right for no batches"),
    (lambda batch_means, momentum: momentum ** len(batch_means), "That is the part of the start that is left."),
    (lost, "It stays at 0."),
]


def share_loop(
    training=False,
    name=lambda scores: scores.argmax(axis=1),
    starts=lambda n, size: range(0, n, size),
    result=lambda right, shares, sizes, n, size: sum(right) / n,
    before=None,
):
    """Return an attempt: a loop over the batches; `result` makes a number of what is right in each."""

    def my_share_right(forward, x, y, batch_size):
        right, shares, sizes = [], [], []
        if before is not None:
            before(forward, x, batch_size)
        for i in starts(len(x), batch_size):
            xs, ys = x[i : i + batch_size], y[i : i + batch_size]
            hits = name(forward(xs, training)) == ys
            right.append(np.sum(hits))
            shares.append(np.mean(hits))
            sizes.append(len(xs))
        return result(right, shares, sizes, len(x), batch_size)

    return my_share_right


def warm_up(forward, x, batch_size):
    for i in range(0, len(x), batch_size):
        forward(x[i : i + batch_size], training=True)


def warm_up_each(forward, x, y, batch_size):
    names = np.array([], dtype=int)
    for i in range(0, len(x), batch_size):
        forward(x[i : i + batch_size], training=True)
        names = np.append(names, forward(x[i : i + batch_size], training=False).argmax(axis=1))
    return np.mean(names == y)


def whole_batches(n, size):
    return range(0, n // size * size, size)


def return_in_loop(forward, x, y, batch_size):
    right = 0
    for i in range(0, len(x), batch_size):
        right += (forward(x[i : i + batch_size], False).argmax(1) == y[i : i + batch_size]).sum()
        return right / len(x)


def overwritten(forward, x, y, batch_size):
    for i in range(0, len(x), batch_size):
        right = (forward(x[i : i + batch_size], False).argmax(1) == y[i : i + batch_size]).sum()
    return right / len(x)


def scores_against_classes(forward, x, y, batch_size):
    right = 0
    for i in range(0, len(x), batch_size):
        right += np.sum(forward(x[i : i + batch_size], False) == y[i : i + batch_size])
    return right / len(x)


SHARES = [
    (share_loop(training=True), "You test in training mode"),
    (share_loop(True, result=lambda right, shares, sizes, n, size: np.mean(shares)), "Two things: you test in training mode"),
    (share_loop(before=warm_up), "You went through the examples in training mode first."),
    (warm_up_each, "You showed each batch in training mode first."),
    (share_loop(result=lambda right, shares, sizes, n, size: sum(shares) / len(shares)), "You took the mean of the batches'"),
    (share_loop(starts=whole_batches), "You left out the last batch where it is smaller, and divided"),
    (
        share_loop(starts=whole_batches, result=lambda right, shares, sizes, n, size: sum(right) / sum(sizes)),
        "You left out the last batch where it is smaller. Its",
    ),
    (share_loop(starts=lambda n, size: list(range(0, n, size))[:-1]), "You always leave out the last batch."),
    (return_in_loop, "Only the first batch counts."),
    (share_loop(result=lambda right, shares, sizes, n, size: shares[0]), "You returned the share of the first batch."),
    (overwritten, "Only the last batch counts"),
    (share_loop(result=lambda right, shares, sizes, n, size: shares[-1]), "You returned the share of the last batch"),
    (share_loop(result=lambda right, shares, sizes, n, size: sum(right)), "You counted the right ones."),
    (share_loop(result=lambda right, shares, sizes, n, size: sum(right) / n * 100), "That is in percent."),
    (share_loop(result=lambda right, shares, sizes, n, size: 1 - sum(right) / n), "That is the share that is wrong."),
    (share_loop(result=lambda right, shares, sizes, n, size: sum(right) / size), "You divided by the size of a batch."),
    (share_loop(result=lambda right, shares, sizes, n, size: sum(right) / len(right)), "You divided by the number of batches."),
    (
        share_loop(result=lambda right, shares, sizes, n, size: np.mean([r / size for r in right])),
        "You divided as if every batch were full.",
    ),
    (share_loop(result=lambda right, shares, sizes, n, size: sum(shares)), "You added up the shares of the batches."),
    (share_loop(name=lambda scores: np.argmin(scores, axis=1)), "You took the class with the smallest score."),
    (share_loop(name=lambda scores: np.max(scores, axis=1)), "With you no example is ever right."),
    (lambda forward, x, y, batch_size: 0, "With you no example is ever right."),
    (share_loop(name=np.argmax), "Your `argmax` has no axis"),
    (share_loop(name=lambda scores: np.argmax(scores, axis=0)), "Your `argmax` goes down the columns."),
    (scores_against_classes, "You compared the scores themselves"),
]

ATTEMPTS = [
    *((lesson.normalize_batch, lambda answer=answer: answer(2), sentence) for answer, sentence in BY_HAND),
    *((lesson.moving_average, *pair) for pair in AVERAGES),
    *((lesson.share_right, *pair) for pair in SHARES),
]


@pytest.mark.parametrize(("exercise", "attempt", "sentence"), ATTEMPTS)
def test_a_mistake_as_learners_write_it_is_named(exercise, attempt, sentence):
    result = exercise.judge(attempt)
    assert result.state == "wrong" and result.mistake is not None
    assert result.mistake.sentence.startswith(sentence)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_every_known_mistake_is_among_those_attempts(exercise):
    named = {sentence for other, _, sentence in ATTEMPTS if other is exercise}
    assert len(named) == len(exercise.mistakes)
    for mistake in exercise.mistakes:
        assert sum(mistake.sentence.startswith(sentence) for sentence in named) == 1


@pytest.mark.parametrize(
    ("exercise", "attempt"),
    [
        *((lesson.normalize_batch, lambda m=m, f=f: RIGHT | {"mean": m, "first": f}) for m in (5, 7) for f in (0.5, 1e9)),
        (lesson.moving_average, loop(lambda v, x, m: 0.7 * v + 0.3 * x)),
        (lesson.moving_average, loop(lambda v, x, m: m * v + (1 - m) * x**2)),
        (lesson.moving_average, loop(right_update, start=-1)),
        (lesson.moving_average, lambda batch_means, momentum: momentum),
        *((lesson.share_right, lambda forward, x, y, batch_size, c=c: c) for c in (0.5, 1.0, math.nan)),
        (lesson.share_right, share_loop(name=lambda scores: np.zeros(len(scores)))),
        (lesson.share_right, lambda forward, x, y, batch_size: np.mean(forward(x, False).argmax(axis=1) == y)),
        (lesson.share_right, lambda forward, x, y, batch_size: 1 / 0),
    ],
)
def test_a_wrong_attempt_that_is_none_of_them_is_not_named(exercise, attempt):
    result = exercise.judge(attempt)
    assert (result.state, result.mistake) == ("wrong", None)


def test_an_attempt_does_not_change_the_network_of_the_cases():
    before = copy.deepcopy([case[0].normalization.get_weights() for case in lesson.share_right.cases])
    lesson.share_right.judge(share_loop(training=True))
    after = [case[0].normalization.get_weights() for case in lesson.share_right.cases]
    np.testing.assert_array_equal(before, after)


# The predictions.


def reason(prediction):
    return prediction.commit(prediction.answer())


def listed(numbers, form):
    return ", ".join(f"{number:{form}}" for number in numbers)


def two(a, b, epsilon=1e-3):
    """Return what comes out for a batch of two, written out."""
    half = (b - a) / 2
    return [-half / math.sqrt(half**2 + epsilon), half / math.sqrt(half**2 + epsilon)]


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_a_batch_of_two_is_normalised_as_written_out(a, b):
    assert_allclose(lesson._normalised([(a, b)])[0], two(a, b), rtol=1e-6, atol=1e-9)


def test_of_a_batch_of_two_only_the_order_is_left():
    assert lesson.batch_of_two.answer() == "very nearly -1 and +1"
    text = reason(lesson.batch_of_two)
    assert f"{listed(two(0.1, 5000), '.6f')} come out." in text
    far = []
    for seed in lesson.SEEDS:
        pairs = np.random.default_rng(seed).normal(0, 100, (1000, 2))
        far.append(100 * np.mean([min(map(abs, two(*pair))) > 0.99 for pair in pairs]))
        outputs = lesson._normalised(pairs)
        np.testing.assert_array_equal(outputs[:, 0] < outputs[:, 1], pairs[:, 0] < pairs[:, 1])
    assert min(far) > 99 and f"{listed(far, '.1f')} percent of 1000 pairs" in text
    close, without = two(0.10, 0.11), two(0.10, 0.11, 1e-12)
    assert abs(close[0]) < 0.2 and f"come out as {listed(close, '.2f')}, and with hardly any" in text
    assert f"epsilon as {listed(without, '.2f')}." in text


@pytest.mark.parametrize(
    ("pair", "option"),
    [((5.0, 5.0), "both close to 0"), ((0.1, 0.1001), "both close to 0"), ((5000.0, 0.1), None), ((0.1, 0.2), None)],
)
def test_other_pairs_would_be_another_answer(monkeypatch, pair, option):
    monkeypatch.setattr(lesson, "PAIR", pair)
    found = lesson._batch_of_two()[0]
    assert found == option if option else found not in lesson.batch_of_two.options


@pytest.mark.parametrize(
    ("outputs", "option"),
    [
        ((-0.7071, 0.7071), "about -0.71 and +0.71"),
        ((0.00002, 1.0), "nearly 0 and 1: the largest becomes 1"),
        ((-0.95, 0.95), None),
        ((math.nan, math.nan), None),
    ],
)
def test_what_comes_out_is_named_only_where_it_is_an_option(outputs, option):
    found = lesson._which_of_two(outputs)
    assert found == option if option else found not in lesson.batch_of_two.options


def test_ten_times_the_weights_have_a_tenth_of_the_gradient():
    assert lesson.ten_times_the_weights.answer() == "outputs the same, gradient 10 times smaller"
    text, exact = reason(lesson.ten_times_the_weights), lesson._ten_times(epsilon=1e-12)
    assert_allclose(exact["gradient"], 0.1, rtol=1e-6)
    assert_allclose(exact["relative"], 100, rtol=1e-6)
    assert max(exact["outputs"]) < 1e-9
    found, without = lesson._ten_times(), lesson._ten_times(normalise=False)
    assert f"the gradient is {listed(found['gradient'], '.4f')} times what it was. The small rest" in text
    assert f"outputs change by up to {listed(without['outputs'], '.2f')}.)" in text
    assert f"beside the weights {listed(found['relative'], '.0f')} times smaller" in text
    assert_allclose(found["relative"], 100, rtol=0.01)


@pytest.mark.parametrize("times", [1, lesson.TIMES])
@pytest.mark.parametrize("seed", lesson.SEEDS)
def test_the_gradient_of_the_experiment_is_the_slope_of_the_loss(monkeypatch, seed, times):
    """Finite differences: the loss, with one weight a little larger and a little smaller."""
    outputs, gradient, kernel = lesson._loss_slopes(seed, times)
    labels, build = [], lesson.Sequential.build
    monkeypatch.setattr(lesson, "categorical_crossentropy_gradient", lambda y, p: labels.append((y, p)) or np.zeros_like(p))
    step, losses = 1e-5, []
    for sign in (1, -1):

        def build_and_move(model, shape, sign=sign):
            build(model, shape)
            model.layers[0].weights["kernel"][2, 3] += sign * step / times

        monkeypatch.setattr(lesson.Sequential, "build", build_and_move)
        lesson._loss_slopes(seed, times)
        y, p = labels[-1]
        losses.append(-np.mean(np.log(p[y == 1])))
    assert gradient[2, 3] == pytest.approx((losses[0] - losses[1]) / (2 * step), rel=1e-4, abs=1e-9)


def test_without_batch_normalization_it_would_be_none_of_the_other_options():
    found = lesson._which_gradient(lesson._ten_times(normalise=False))
    assert found not in lesson.ten_times_the_weights.options


def test_with_a_large_epsilon_the_outputs_would_change():
    assert lesson._which_gradient(lesson._ten_times(epsilon=1.0)) not in lesson.ten_times_the_weights.options


@pytest.mark.parametrize(
    ("gradient", "option"),
    [
        ([1.0, 1.01, 0.99], "outputs the same, gradient the same"),
        ([0.1, 0.1001, 0.1], "outputs the same, gradient 10 times smaller"),
        ([10.0, 10.1, 9.9], "outputs the same, gradient 10 times as large"),
        ([0.1, 0.1, 1.0], None),
        ([0.01, 0.01, 0.01], None),
    ],
)
def test_every_seed_decides_what_becomes_of_the_gradient(gradient, option):
    found = lesson._which_gradient({"outputs": [1e-3] * 3, "gradient": gradient})
    assert found == option if option else found not in lesson.ten_times_the_weights.options


def test_sorted_batches_in_training_mode_are_named_no_better_than_by_chance():
    assert lesson.sorted_test.answer() == "less than half of it"
    text, found = reason(lesson.sorted_test), lesson._sorted_test()[1]
    assert min(found["inference"]) > 0.9  # as the question says
    assert max(found["sorted"]) < 0.25
    assert found["sorted inference"] == found["inference"]
    losses = np.subtract(found["inference"], found["mixed"])
    assert np.all(np.abs(losses) < 0.02)  # the control: the mode alone does little harm
    for name in ("inference", "sorted", "mixed", "sorted inference"):
        assert listed(found[name], ".3f") in text


def test_the_test_points_come_sorted_and_in_batches_of_one_class():
    _, x, y = lesson._trained_on_clouds(0)
    assert len(x) == 1000 and np.all(y.reshape(-1, lesson.TEST_BATCH) == np.arange(10)[:, None])


def test_testing_does_not_change_the_network_of_the_experiment():
    model, x, y = lesson._trained_on_clouds(0)
    before = model.get_weights()
    lesson._share_of_clouds(model, x, y, True)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_sorted_batches_that_reach_over_all_classes_would_do_no_harm(monkeypatch):
    monkeypatch.setattr(lesson, "TEST_BATCH", 1000)
    assert lesson.sorted_test._experiment()[0] == "about the same as in inference mode"


@pytest.mark.parametrize(
    ("training", "option"),
    [
        ([0.95, 0.951, 0.949], "about the same as in inference mode"),
        ([0.9, 0.88, 0.85], "some points less"),
        ([0.1, 0.3, 0.2], "less than half of it"),
        ([0.1, 0.1, 0.9], None),
        ([0.45, 0.5, 0.45], None),
    ],
)
def test_every_seed_decides_which_share_is_left(training, option):
    found = lesson._which_share([0.95] * 3, training)
    assert found == option if option else found not in lesson.sorted_test.options
