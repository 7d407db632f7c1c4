"""Exercises and predictions of the lesson on batch normalization."""

import numpy as np

from helpers.exercises.exercise import Exercise, Mistake
from helpers.exercises.prediction import Prediction, listed
from helpers.scratch.activation import Activation
from helpers.scratch.batch_normalization import BatchNormalization
from helpers.scratch.dense import Dense
from helpers.scratch.losses import categorical_crossentropy_gradient, to_categorical
from helpers.scratch.optimizers import Adam
from helpers.scratch.sequential import Sequential

BATCH, GAMMA, BETA = np.array([2.0, 4.0, 4.0, 10.0]), 6.0, 4.0
MEAN, VARIANCE = BATCH.mean(), BATCH.var()
MEAN_SIZE = np.mean(np.abs(BATCH - MEAN))  # of the deviations, without squares
NEAR = 0.06  # how far from a known wrong number an answer may be and still be taken for it: one decimal, rounded


def normalize_batch():
    """Normalise the batch 2, 4, 4, 10 with gamma 6 and beta 4, epsilon neglected.

    Return {"mean": number, "variance": number, "first": output of the first number, "last": output of the last number}.
    """
    mean = (2 + 4 + 4 + 10) / 4
    variance = ((2 - mean) ** 2 + (4 - mean) ** 2 + (4 - mean) ** 2 + (10 - mean) ** 2) / 4  # of the batch: 4, not 3
    first, last = (6 * (x - mean) / np.sqrt(variance) + 4 for x in (2, 10))
    return {"mean": mean, "variance": variance, "first": first, "last": last}


def _standard(x, mean, variance):
    return (x - mean) / np.sqrt(variance)


def _by_pencil(output=None, mean=MEAN, variance=VARIANCE, **others):
    """Return the answer of somebody with this mean and variance; `output` makes of a number x what comes out for it."""
    output = (lambda x: GAMMA * _standard(x, mean, variance) + BETA) if output is None else output
    return {"mean": mean, "variance": variance, "first": output(BATCH[0]), "last": output(BATCH[-1])} | others


def _of_standard(output):
    """Return an answer with the right mean and variance, where `output` makes of (x - mean) / deviation what comes out."""
    return _by_pencil(lambda x: output(_standard(x, MEAN, VARIANCE)))


def _divided_by(divisor, **others):
    return _by_pencil(lambda x: GAMMA * (x - MEAN) / divisor + BETA, **others)


def _right(number, wanted):
    """Tell whether a number is the wanted one but for rounding to two decimals."""
    return abs(number - wanted) <= 0.0051


def _near(number, known, wanted):
    """Return the known wrong number that this one is but for rounding, or the number itself."""
    fits = [other for other in known if abs(number - other) <= NEAR and not _right(other, wanted)]
    return min(fits, key=lambda other: abs(number - other), default=number)


def _checked_by_hand(answer):
    """Return for each number whether it is right, and if not, what goes into it. The right numbers stay hidden."""
    wanted = _by_pencil()
    if not isinstance(answer, dict) or answer.keys() != wanted.keys():
        raise ValueError('Return a dictionary with four numbers: {"mean": ..., "variance": ..., "first": ..., "last": ...}.')
    try:
        given = {name: np.float64(float(answer[name])) for name in wanted}
    except (TypeError, ValueError):
        raise ValueError("Write a number in place of each of the dots, with two decimals.") from None
    wrong = [mistake.function() for mistake in normalize_batch.mistakes]
    right = {name: _right(given[name], wanted[name]) for name in wanted}
    near = {
        name: wanted[name] if right[name] else _near(given[name], [known[name] for known in wrong], wanted[name])
        for name in wanted
    }
    goes_in = {"mean": "all four numbers go in", "variance": "the mean and all four numbers go in"}
    goes_in |= dict.fromkeys(("first", "last"), "the number, the mean, the variance, gamma and beta go in")
    said = {name: f"not yet (about {near[name]:.2f}): {goes_in[name]}" for name in wanted}
    if not (right["mean"] and right["variance"]):
        follow = _by_pencil(mean=near["mean"], variance=near["variance"])
        for name in ("first", "last"):
            if abs(near[name] - follow[name]) <= NEAR:
                said[name] = "it follows from your mean and variance: look at them again"
    return {name: "right" if right[name] else said[name] for name in wanted}


normalize_batch = Exercise(
    normalize_batch,
    cases=[()],
    mistakes=[
        Mistake(
            lambda: _by_pencil(variance=BATCH.var(ddof=1)),
            "You divided by one less than the number of examples. The layer takes the variance of this batch itself: divide by "
            "how many there are.",
        ),
        Mistake(
            lambda: _by_pencil(variance=np.sum((BATCH - MEAN) ** 2)),
            "You added up the squares for the variance, but it is their mean: divide by how many there are.",
        ),
        Mistake(
            lambda: _by_pencil(variance=VARIANCE / len(BATCH)),
            "You divided by the number of examples twice. That says how sure a mean is, not how far the numbers lie apart.",
        ),
        Mistake(
            lambda: _by_pencil(variance=np.mean(BATCH**2)),
            "You took the mean of the squares. Take the mean off first: the variance is the mean square of the deviations.",
        ),
        Mistake(
            lambda: _by_pencil(mean=np.median(BATCH), variance=np.mean((BATCH - np.median(BATCH)) ** 2)),
            "You took the median, the number in the middle. The layer takes the mean.",
        ),
        Mistake(
            lambda: _by_pencil(variance=np.sqrt(VARIANCE)),
            "You gave the standard deviation for the variance, and then took the root once more.",
        ),
        Mistake(
            lambda: _divided_by(np.sqrt(VARIANCE), variance=np.sqrt(VARIANCE)),
            "The outputs are right, but you gave the standard deviation. The variance is its square.",
        ),
        Mistake(
            lambda: _by_pencil(variance=MEAN_SIZE),
            "You took the mean size of the deviations for the variance. Square the deviations first.",
        ),
        Mistake(
            lambda: _divided_by(
                MEAN_SIZE,
                variance=MEAN_SIZE,
            ),
            "You took the mean size of the deviations, and divided by it. The layer squares, takes the mean, then the root.",
        ),
        Mistake(
            lambda: _divided_by(MEAN_SIZE),
            "mean and variance are right, but you divided by the mean size of the deviations: take the root of the variance.",
        ),
        Mistake(
            lambda: _divided_by(VARIANCE),
            "mean and variance are right, but you divided by the variance. Divide by its root, which is of the size of the "
            "numbers.",
        ),
        Mistake(
            lambda: _divided_by(1),
            "mean and variance are right, but you only took the mean off. Divide by the root of the variance, too.",
        ),
        Mistake(
            lambda: _divided_by(1 / np.sqrt(VARIANCE)),
            "mean and variance are right, but you multiplied by the root of the variance. Divide by it.",
        ),
        Mistake(
            lambda: _divided_by(np.ptp(BATCH)),
            "mean and variance are right, but you divided by the range, largest minus smallest. Divide by the root of the "
            "variance.",
        ),
        Mistake(
            lambda: _by_pencil(lambda x: GAMMA * (x - BATCH.min()) / np.ptp(BATCH) + BETA),
            "mean and variance are right, but you scaled from 0 to 1, by the smallest and the largest. Use mean and variance.",
        ),
        Mistake(
            lambda: _by_pencil(lambda x: GAMMA * x / np.sqrt(VARIANCE) + BETA),
            "mean and variance are right, but you did not take the mean off.",
        ),
        Mistake(
            lambda: _divided_by(-np.sqrt(VARIANCE)),
            "mean and variance are right, but you took the number off the mean. It is the number minus the mean: what is below "
            "the mean comes out below beta here.",
        ),
        Mistake(
            lambda: _by_pencil(lambda x: GAMMA * x + BETA),
            "mean and variance are right, but you normalised with mean 0 and variance 1. So begin the moving averages; in "
            "training the layer uses the batch's own.",
        ),
        Mistake(
            lambda: _by_pencil(lambda x: x),
            "mean and variance are right, but you gave the numbers that go in. Asked for is what comes out.",
        ),
        Mistake(
            lambda: _of_standard(lambda z: z),
            "mean and variance are right, but gamma and beta have no effect. They come last: before the normalization it would "
            "take them out again.",
        ),
        Mistake(
            lambda: _of_standard(lambda z: z + BETA),
            "mean and variance are right, but you forgot gamma: it multiplies what has been normalised.",
        ),
        Mistake(
            lambda: _of_standard(lambda z: GAMMA * z),
            "mean and variance are right, but you forgot beta: it is added at the end.",
        ),
        Mistake(
            lambda: _of_standard(lambda z: BETA * z + GAMMA),
            "mean and variance are right, but gamma and beta have changed places: gamma multiplies, beta is added.",
        ),
        Mistake(
            lambda: _of_standard(lambda z: z + GAMMA + BETA),
            "mean and variance are right, but you added gamma. It multiplies.",
        ),
        Mistake(
            lambda: _of_standard(lambda z: GAMMA * z * BETA),
            "mean and variance are right, but you multiplied by beta. It is added.",
        ),
        Mistake(
            lambda: _of_standard(lambda z: GAMMA * (z + BETA)),
            "mean and variance are right, but you added beta too early: multiply by gamma first.",
        ),
        Mistake(
            lambda: _of_standard(lambda z: GAMMA * z - BETA),
            "mean and variance are right, but you took beta away. It is added.",
        ),
        Mistake(
            lambda: _of_standard(lambda z: z / GAMMA + BETA),
            "mean and variance are right, but you divided by gamma. It multiplies.",
        ),
        Mistake(
            lambda: _by_pencil(first=_by_pencil()["last"], last=_by_pencil()["first"]),
            "first and last have changed places.",
        ),
        Mistake(
            lambda: _divided_by(np.sqrt(VARIANCE), mean=VARIANCE, variance=MEAN),
            "mean and variance have changed places.",
        ),
        Mistake(
            lambda: _divided_by(np.sqrt(VARIANCE), mean=BETA, variance=GAMMA**2),
            "Those are mean and variance of what comes out: beta, and gamma squared. Asked for are those of what goes in.",
        ),
        Mistake(
            lambda: _divided_by(np.sqrt(VARIANCE), mean=0.0, variance=1.0),
            "The outputs are right, but mean 0 and variance 1 are those after the normalization. Asked for are those of what "
            "goes in.",
        ),
    ],
    hints=[
        "The variance: how far is each number from the mean? Square these four, and take their mean.",
        "Then take off the mean, divide by the root of the variance, multiply by gamma, and add beta, in this order.",
        "The mean is 20 / 4, the variance (9 + 1 + 1 + 25) / 4, and its root is 3. The first output: `6 * (2 - 5) / 3 + 4`.",
    ],
    effect=_checked_by_hand,
)


def moving_average(batch_means, momentum):
    """Return what the moving mean is after these batches; it begins at 0.

    batch_means: list of the means of the batches, in their order; it may be empty. momentum: a number from 0 to below 1.
    """
    moving = 0.0
    for mean in batch_means:
        moving = momentum * moving + (1 - momentum) * mean
    return moving


def _moving(batch_means, update, start=0.0):
    """Return the moving mean of somebody who updates it in this way: update(moving, mean)."""
    moving = start
    for mean in batch_means:
        moving = update(moving, mean)
    return moving


def _right_moving(batch_means, momentum, start=0.0):
    return _moving(batch_means, lambda moving, mean: momentum * moving + (1 - momentum) * mean, start)


def _all_of_them(batch_means, momentum):
    return [_right_moving(batch_means[: i + 1], momentum) for i in range(len(batch_means))]


def _of_two_batches(batch_means, momentum):
    """Return the mix of the last batch and the one before it."""
    before, last = ([0.0, 0.0] + batch_means)[-2:]
    return momentum * before + (1 - momentum) * last


def _corrected(batch_means, momentum):
    return _right_moving(batch_means, momentum) / (1 - momentum ** len(batch_means))


def _of_any(function, empty=0.0):
    """Return this wrong function, with an answer for no batches."""
    return lambda batch_means, momentum: function(batch_means, momentum) if batch_means else empty


def _plain_mean(batch_means, momentum):
    return sum(batch_means) / len(batch_means)


def _from_the_first(batch_means, momentum):
    return _right_moving(batch_means, momentum, start=batch_means[0])


def _as_if_all_were_equal(batch_means, momentum):
    return _plain_mean(batch_means, momentum) * (1 - momentum ** len(batch_means))


moving_average = Exercise(
    moving_average,
    cases=[
        ([5.0] * 10, 0.9),
        ([5.0] * 10, 0.99),
        ([], 0.9),
        ([4.0], 0.9),
        ([4.0], 0.75),
        ([1.0, 2.0, 8.0], 0.75),
        ([8.0, 2.0, 1.0], 0.75),  # the same in another order
        ([2.0, 7.0], 0.0),
        ([-3.0, -1.0, -6.0], 0.8),
        ([-2.0, 0.0, 6.0, 1.0], 0.5),
    ],
    mistakes=[
        Mistake(
            lambda batch_means, momentum: _moving(batch_means, lambda old, new: (1 - momentum) * old + momentum * new),
            "momentum and 1 - momentum have changed places. In Keras momentum is the part that stays; PyTorch calls the other "
            "part so.",
        ),
        Mistake(
            _plain_mean,
            "You took the plain mean of all batches. A moving mean never looks back at old batches: it keeps one number.",
        ),
        Mistake(
            _of_any(_plain_mean),
            "Where there are batches, you took their plain mean. A moving mean forgets: the later a batch, the more it counts.",
        ),
        Mistake(
            lambda batch_means, momentum: batch_means[-1],
            "You returned the mean of the last batch. Of the old moving mean a part, momentum, stays.",
        ),
        Mistake(
            _of_any(lambda batch_means, momentum: batch_means[-1]),
            "Your loop overwrites: in the end there is only the last batch's mean. A part of the old moving mean stays.",
        ),
        Mistake(
            _from_the_first,
            "You began with the mean of the first batch. That would be nearer to the truth, but the layer begins at 0.",
        ),
        Mistake(
            _of_any(_from_the_first),
            "Where there are batches, you began with the mean of the first. The layer begins at 0, and needs many batches.",
        ),
        Mistake(
            lambda batch_means, momentum: _right_moving(batch_means, momentum, start=1.0),
            "You began at 1. So begins the moving variance; the moving mean begins at 0.",
        ),
        Mistake(
            _all_of_them,
            "You returned the whole list of moving means. Asked for is the last one, a number.",
        ),
        Mistake(
            lambda batch_means, momentum: [0.0, *_all_of_them(batch_means, momentum)],
            "You returned the whole list of moving means, with the 0 at the start. Asked for is the last one, a number.",
        ),
        Mistake(
            lambda batch_means, momentum: _right_moving(batch_means[:-1], momentum),
            "One batch short: the last one counts as well.",
        ),
        Mistake(
            lambda batch_means, momentum: _right_moving(batch_means[1:], momentum),
            "You left out the first batch: it moves the mean away from 0 already.",
        ),
        Mistake(
            lambda batch_means, momentum: (1 - momentum) * batch_means[0] if batch_means else None,
            "You stop after the first batch. The `return` must not stand inside the loop.",
        ),
        Mistake(
            _corrected,
            "You corrected for the start at 0, as Adam does. Batch normalization does not: that is why it needs many batches.",
        ),
        Mistake(
            _of_any(_corrected),
            "Where there are batches, you corrected for the start at 0, as Adam does. Batch normalization does not.",
        ),
        Mistake(
            lambda batch_means, momentum: (1 - momentum) * sum(batch_means),
            "You forgot the momentum on the old moving mean: so nothing is forgotten, and it grows with every batch.",
        ),
        Mistake(
            lambda batch_means, momentum: _moving(batch_means, lambda old, new: momentum * old + new),
            "You forgot the 1 - momentum on the new mean. The two parts must add up to 1.",
        ),
        Mistake(
            lambda batch_means, momentum: _moving(batch_means, lambda old, new: momentum * (old + new)),
            "You multiplied the new mean by momentum, too. Its part is what is left: 1 - momentum.",
        ),
        Mistake(
            lambda batch_means, momentum: _moving(batch_means, lambda old, new: (1 - momentum) * (old + new)),
            "You multiplied the old mean by 1 - momentum, too. Of the old one the part momentum stays.",
        ),
        Mistake(
            lambda batch_means, momentum: float(sum(batch_means)),
            "You added up the means. The moving mean is a mixture of the old one and the new one.",
        ),
        Mistake(
            lambda batch_means, momentum: _right_moving(batch_means[::-1], momentum),
            "You went through the batches from the last to the first. The latest must count most.",
        ),
        Mistake(
            lambda batch_means, momentum: _right_moving(batch_means, 0.99),
            "You took a momentum of 0.99, whatever was given. That is only the default of Keras.",
        ),
        Mistake(
            lambda batch_means, momentum: _right_moving(batch_means, 0.9),
            "You took a momentum of 0.9, whatever was given.",
        ),
        Mistake(
            lambda batch_means, momentum: _right_moving(batch_means, 0.5),
            "You took the mean of old and new: that is a momentum of 0.5, whatever was given.",
        ),
        Mistake(
            lambda batch_means, momentum: (1 - momentum) * batch_means[-1] if batch_means else 0.0,
            "Your moving mean begins at 0 again with every batch. Set it to 0 once, before the loop.",
        ),
        Mistake(
            _of_two_batches,
            "You mixed each batch with the batch before it. The old part is the moving mean, in which all earlier ones are.",
        ),
        Mistake(
            lambda batch_means, momentum: _moving(batch_means, lambda old, new: old - (1 - momentum) * (new - old)),
            "Your moving mean moves away from the new one. It must go a little towards it.",
        ),
        Mistake(
            lambda batch_means, momentum: _moving(batch_means, lambda old, new: momentum * old - (1 - momentum) * new),
            "You took the new part away. It is added.",
        ),
        Mistake(
            _as_if_all_were_equal,
            "That is true only where all batches have the same mean. With different ones the order matters: you need a loop.",
        ),
        Mistake(
            _of_any(_as_if_all_were_equal),
            "That is right for no batches, and where all have the same mean. With different ones the order matters.",
        ),
        Mistake(
            lambda batch_means, momentum: momentum ** len(batch_means),
            "That is the part of the start that is left. The start is 0: look at what has been added since.",
        ),
        Mistake(
            lambda batch_means, momentum: 0.0,
            "It stays at 0. Do you keep the result of the update: `moving = ...`?",
        ),
    ],
    hints=[
        "Begin with `moving = 0`. Each batch makes a new moving mean, of the old one and of its own mean.",
        "A loop, `for mean in batch_means`, and after it `return moving`. For no batches the loop does nothing.",
        "In the loop: `moving = momentum * moving + (1 - momentum) * mean`.",
    ],
)


class Network:
    """A small network with batch normalization as a function: scores = forward(inputs, training).

    inputs: (examples, 2), at most `room` examples at once. Scores are (examples, 3). While training, a batch is normalised by
    itself, and moves the moving averages half of the way: a test in this mode can be noticed afterwards.
    """

    __name__ = "network"  # how a card shows it

    def __init__(self, room):
        self.room, rng = room, np.random.default_rng(0)
        self.normalization, self.dense = BatchNormalization(momentum=0.5), Dense(3)
        self.normalization.build((None, 2), rng)
        self.dense.build((None, 2), rng)
        self.normalization.set_weights([np.ones(2), np.zeros(2), np.array([1.0, 2.0]), np.array([4.0, 1.0])])
        self.dense.set_weights([np.array([[2.0, -1.0, -1.0], [0.0, 1.5, -1.5]]), np.array([0.1, 0.0, 0.2])])

    def __call__(self, inputs, training):
        """Return the scores of the classes: (examples, 2) -> (examples, 3)."""
        inputs = np.asarray(inputs, dtype=float)
        if inputs.ndim != 2 or inputs.shape[1] != 2 or not len(inputs):
            raise ValueError(f"inputs: expected a batch of shape (examples, 2), got {inputs.shape}")
        if len(inputs) > self.room:
            raise ValueError(f"inputs: there is memory for a batch of {self.room}, got {len(inputs)} examples")
        if not isinstance(training, bool):
            raise ValueError(f"training: expected True or False, got {training!r}")
        return self.dense.forward(self.normalization.forward(inputs, training))


def share_right(forward, x, y, batch_size):
    """Return the share of examples that the network names rightly, as it must be measured after the training.

    forward: forward(inputs, training) returns the scores of all classes, (examples, classes), for at most batch_size examples.
    x: array (examples, features). y: array (examples,), the number of the right class. The class with the largest score is the
    one that the network names. The last batch may be smaller.
    """
    right = 0
    for start in range(0, len(x), batch_size):
        part = slice(start, start + batch_size)
        scores = forward(x[part], training=False)  # or else it would depend on who is in the batch, and change the network
        right += np.sum(scores.argmax(axis=1) == y[part])
    return right / len(x)


def _counts(forward, x, y, batch_size, training=False, name=lambda scores: scores.argmax(axis=1)):
    """Return for every batch how many are named rightly, and how many there are."""
    parts = [slice(start, start + batch_size) for start in range(0, len(x), batch_size)]
    return [(int(np.sum(name(forward(x[part], training)) == y[part])), len(x[part])) for part in parts]


def _named_by(name):
    """Return the share that is right of somebody who makes of scores the names of classes in this way."""
    return lambda forward, x, y, batch_size: sum(r for r, _ in _counts(forward, x, y, batch_size, name=name)) / len(x)


def _from_counts(share, training=False):
    """Return somebody's way to make a share of the counts of all batches: share(counts, examples, batch_size)."""
    return lambda forward, x, y, batch_size: share(_counts(forward, x, y, batch_size, training), len(x), batch_size)


def _share(counts, examples, batch_size):
    return sum(right for right, _ in counts) / examples


def _mean_of_shares(counts, examples, batch_size):
    return float(np.mean([right / size for right, size in counts]))


def _whole(counts, batch_size):
    return [(right, size) for right, size in counts if size == batch_size]


def _warmed_up(forward, x, y, batch_size):
    for start in range(0, len(x), batch_size):
        forward(x[start : start + batch_size], True)
    return _from_counts(_share)(forward, x, y, batch_size)


def _warmed_up_each(forward, x, y, batch_size):
    right = 0
    for start in range(0, len(x), batch_size):
        part = slice(start, start + batch_size)
        forward(x[part], True)
        right += np.sum(forward(x[part], False).argmax(axis=1) == y[part])
    return right / len(x)


# Seven points of a test in which the classes do not come equally often: its means are not the network's moving averages.
POINTS = np.array([[6.5, 3.0], [0.5, 5.5], [3.0, 3.0], [5.0, 0.5], [2.5, 5.0], [1.5, 1.0], [0.5, 2.5]])
CLASSES = np.array([0, 1, 2, 0, 1, 2, 2])
SORTED = np.argsort(CLASSES, kind="stable")

share_right = Exercise(
    share_right,
    cases=[
        *((Network(size), POINTS, CLASSES, size) for size in (1, 2, 3, 7)),
        *((Network(size), POINTS[SORTED], CLASSES[SORTED], size) for size in (3, 5, 10)),
        (Network(2), POINTS[:4], CLASSES[:4], 2),  # no smaller batch at the end
        (Network(2), POINTS[4:], CLASSES[4:], 2),
    ],
    mistakes=[
        Mistake(
            _from_counts(_share, training=True),
            "You test in training mode, so each batch is normalised by itself: the share depends on who is in it, and the "
            "moving averages change.",
        ),
        Mistake(
            _from_counts(_mean_of_shares, training=True),
            "Two things: you test in training mode, and you took the mean of the batches' shares, where a small batch counts "
            "too much.",
        ),
        Mistake(
            _warmed_up,
            "You went through the examples in training mode first. That moves the moving averages: testing must not change the "
            "network.",
        ),
        Mistake(
            _warmed_up_each,
            "You showed each batch in training mode first. Testing must not change the network, and that moves its averages.",
        ),
        Mistake(
            _from_counts(_mean_of_shares),
            "You took the mean of the batches' shares. Where the last batch is smaller, its examples count too much.",
        ),
        Mistake(
            _from_counts(lambda counts, examples, size: _share(_whole(counts, size), examples, size)),
            "You left out the last batch where it is smaller, and divided by the number of all examples.",
        ),
        Mistake(
            _from_counts(lambda counts, examples, size: _share(_whole(counts, size), len(_whole(counts, size)) * size, size)),
            "You left out the last batch where it is smaller. Its examples count as well.",
        ),
        Mistake(
            _from_counts(lambda counts, examples, size: _share(counts[:-1], examples, size)),
            "You always leave out the last batch. `range(0, len(x), batch_size)` holds the start of every batch.",
        ),
        Mistake(
            _from_counts(lambda counts, examples, size: _share(counts[:1], examples, size)),
            "Only the first batch counts. Does your `return` stand inside the loop?",
        ),
        Mistake(
            _from_counts(lambda counts, examples, size: _mean_of_shares(counts[:1], examples, size)),
            "You returned the share of the first batch. Count through all of them, and divide after the loop.",
        ),
        Mistake(
            _from_counts(lambda counts, examples, size: _share(counts[-1:], examples, size)),
            "Only the last batch counts: your loop overwrites the number. Add to it, with `+=`.",
        ),
        Mistake(
            _from_counts(lambda counts, examples, size: _mean_of_shares(counts[-1:], examples, size)),
            "You returned the share of the last batch: your loop overwrites the earlier ones.",
        ),
        Mistake(
            _from_counts(lambda counts, examples, size: _share(counts, 1, size)),
            "You counted the right ones. For a share, divide by the number of examples.",
        ),
        Mistake(
            _from_counts(lambda counts, examples, size: 100 * _share(counts, examples, size)),
            "That is in percent. Give it as a part of 1.",
        ),
        Mistake(
            _from_counts(lambda counts, examples, size: 1 - _share(counts, examples, size)),
            "That is the share that is wrong. Asked for is the share that is right.",
        ),
        Mistake(
            _from_counts(lambda counts, examples, size: _share(counts, size, size)),
            "You divided by the size of a batch. Divide by the number of all examples.",
        ),
        Mistake(
            _from_counts(lambda counts, examples, size: _share(counts, len(counts), size)),
            "You divided by the number of batches. Divide by the number of examples.",
        ),
        Mistake(
            _from_counts(lambda counts, examples, size: _share(counts, len(counts) * size, size)),
            "You divided as if every batch were full. The last one may be smaller: divide by `len(x)`.",
        ),
        Mistake(
            _from_counts(lambda counts, examples, size: sum(right / size for right, size in counts)),
            "You added up the shares of the batches. Add up how many are right, and divide by the number of examples.",
        ),
        Mistake(
            _named_by(lambda scores: scores.argmin(axis=1)),
            "You took the class with the smallest score.",
        ),
        Mistake(
            lambda forward, x, y, batch_size: 0.0,
            "With you no example is ever right. Compare with y where the largest score stands in its row, by `argmax`, and not "
            "the score itself.",
        ),
        Mistake(
            _named_by(lambda scores: scores.argmax()),
            "Your `argmax` has no axis: it looks for the largest score of the whole batch. Each row has one.",
        ),
        Mistake(
            _named_by(lambda scores: scores.argmax(axis=0)),
            "Your `argmax` goes down the columns. The classes are the columns, so it must go along each row: axis 1.",
        ),
        Mistake(
            _named_by(lambda scores: scores),
            "You compared the scores themselves with the classes. First find the class with the largest score.",
        ),
    ],
    hints=[
        "Which of the two modes gives one example the same answer, whoever else is in its batch?",
        "A loop, `for start in range(0, len(x), batch_size)`, and in it `x[start : start + batch_size]`; a slice may reach "
        "beyond the end. Count the right ones, and divide once, after the loop.",
        "In the loop: `scores = forward(x[start : start + batch_size], training=False)`, then `right += "
        "np.sum(scores.argmax(axis=1) == y[start : start + batch_size])`. After it: `return right / len(x)`.",
    ],
)


# The predictions.

SEEDS = (0, 1, 2)


def _normalised(pairs, epsilon=1e-3):
    """Return what comes out of the layer for each pair, one batch of two each: (pairs, 2)."""
    layer = BatchNormalization(epsilon=epsilon)
    layer.build((None, len(pairs)), None)  # one feature for each pair: features do not know of each other
    return layer.forward(np.transpose(pairs).astype(float), training=True).T


PAIR, CLOSE_PAIR, PAIRS = (0.1, 5000.0), (0.10, 0.11), 1000
OF_TWO = {
    "very nearly -1 and +1": (-1.0, 1.0),
    "both close to 0": (0.0, 0.0),
    "about -0.71 and +0.71": (-0.71, 0.71),
    "nearly 0 and 1: the largest becomes 1": (0.0, 1.0),
}


def _which_of_two(outputs):
    """Return as an option what comes out, or the numbers where it is none."""
    fits = (option for option, about in OF_TWO.items() if np.allclose(outputs, about, rtol=0, atol=0.01))
    return next(fits, listed(outputs, ".2g"))


def _batch_of_two():
    # With three seeds, pairs of numbers around 0 whose distance is now small and now large.
    pairs = [np.random.default_rng(seed).normal(0, 100, (PAIRS, 2)) for seed in SEEDS]
    sizes = [np.abs(_normalised(some)) for some in pairs]
    found = {
        "pair": _normalised([PAIR])[0],
        "random": [np.mean(size.min(axis=1) > 0.99) for size in sizes],
        "close": _normalised([CLOSE_PAIR])[0],
        "close, no epsilon": _normalised([CLOSE_PAIR], epsilon=1e-12)[0],
    }
    return _which_of_two(found["pair"]), found


batch_of_two = Prediction(
    "A batch of two examples, in training mode. Into one neuron's batch normalization go 0.1 and 5000 (gamma 1, beta 0). What "
    "comes out?",
    list(OF_TWO),
    _batch_of_two,
    lambda found: (
        f"{listed(found['pair'], '.6f')} come out. The mean of two numbers lies in the middle, and the standard deviation of "
        "the batch is half of their distance: so one is -1 and the other +1, whatever they are. With three seeds, "
        f"{listed((100 * share for share in found['random']), '.1f')} percent of {PAIRS} pairs drawn at random come out "
        "beyond -0.99 and 0.99. A batch of two keeps only which of the two is larger. Only where they are nearly equal does "
        f"epsilon (0.001, as in Keras) matter: {CLOSE_PAIR[0]:.2f} and {CLOSE_PAIR[1]:.2f} come out as "
        f"{listed(found['close'], '.2f')}, and with hardly any epsilon as {listed(found['close, no epsilon'], '.2f')}."
    ),
)

FEATURES, NEURONS, EXAMPLES, TIMES = 6, 16, 64, 10
RATE = 0.1


def _loss_slopes(seed, times, normalise=True, epsilon=1e-3):
    """Return the outputs of a network in training mode, the gradient of its first kernel, and the kernel.

    Dense, batch normalization, ReLU, Dense, softmax. Weights and biases of the first layer are so many times as large.
    """
    rng = np.random.default_rng(seed)
    middle = [BatchNormalization(epsilon=epsilon)] if normalise else []
    model = Sequential([Dense(NEURONS), *middle, Activation("relu"), Dense(3, "softmax")], rng)
    model.build((None, FEATURES))
    first = model.layers[0].weights
    first["bias"] += rng.normal(size=NEURONS)
    x, y = rng.normal(size=(EXAMPLES, FEATURES)), to_categorical(rng.integers(3, size=EXAMPLES), 3)
    for weights in first.values():
        weights *= times
    outputs = model.forward(x, training=True)
    model.backward(categorical_crossentropy_gradient(y, outputs))
    return outputs, model.layers[0].gradients["kernel"], first["kernel"]


def _size(array):
    return np.sqrt(np.mean(np.square(array)))


def _ten_times(normalise=True, epsilon=1e-3):
    """Compare weights that are ten times as large with the old ones, for every seed."""
    found = {"outputs": [], "gradient": [], "relative": []}
    for seed in SEEDS:
        (before, slopes, kernel), (after, new_slopes, new_kernel) = (
            _loss_slopes(seed, times, normalise, epsilon) for times in (1, TIMES)
        )
        found["outputs"].append(np.abs(after - before).max())
        found["gradient"].append(_size(new_slopes) / _size(slopes))
        found["relative"].append(_size(RATE * slopes) / _size(kernel) / (_size(RATE * new_slopes) / _size(new_kernel)))
    return found


def _which_gradient(found):
    """Return as an option what ten times the weights do, where all seeds agree; or the numbers."""
    same = max(found["outputs"]) < 0.01
    for words, ratio in (("the same", 1), ("10 times smaller", 1 / TIMES), ("10 times as large", TIMES)):
        if same and np.allclose(found["gradient"], ratio, rtol=0.1, atol=0):
            return f"outputs the same, gradient {words}"
    return f"outputs differ by {listed(found['outputs'], '.2g')}, gradient times {listed(found['gradient'], '.2g')}"


def _measured_ten_times():
    found = _ten_times()
    found["without"] = _ten_times(normalise=False)["outputs"]
    found["no epsilon"] = _ten_times(epsilon=1e-12)
    return _which_gradient(found), found


ten_times_the_weights = Prediction(
    "A dense layer is followed by batch normalization. All its weights and biases are made ten times as large. What becomes of "
    "the outputs of the network in training mode, and of the gradient of the loss for these weights?",
    [
        "outputs change a lot, gradient the same",
        "outputs the same, gradient the same",
        "outputs the same, gradient 10 times smaller",
        "outputs the same, gradient 10 times as large",
    ],
    _measured_ten_times,
    lambda found: (
        f"With three seeds no output (a share) changes by more than about {max(found['outputs']):.1g}; the gradient "
        f"is {listed(found['gradient'], '.4f')} times what it was. The small rest is epsilon: with hardly any, outputs change "
        f"by {max(found['no epsilon']['outputs']):.0e} at most, and the gradient is "
        f"{listed(found['no epsilon']['gradient'], '.4f')} times what it was. (Without batch normalization, outputs change by "
        f"up to {listed(found['without'], '.2f')}.) The layer divides the factor 10 out again. So a weight that is ten times "
        "as large has to move ten times as far for the same effect, and the slope is ten times smaller. A step of plain SGD is "
        f"then ten times smaller, and beside the weights {listed(found['relative'], '.0f')} times smaller: weights that have "
        "grown learn more slowly by themselves, as with a smaller learning rate."
    ),
)

CLOUDS, DIMENSIONS, PER_CLOUD, APART = 10, 20, 100, 1.0
TEST_BATCH = 100


def _trained_on_clouds(seed):
    """Return a trained network and its test, x and y (class numbers), sorted by class: ten clouds of points."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(0, APART, (CLOUDS, DIMENSIONS))
    classes = np.repeat(np.arange(CLOUDS), 3 * PER_CLOUD), np.repeat(np.arange(CLOUDS), PER_CLOUD)
    (x, y), (x_test, y_test) = ((centers[some] + rng.normal(size=(len(some), DIMENSIONS)), some) for some in classes)
    layers = [Dense(32), BatchNormalization(momentum=0.9), Activation("relu"), Dense(CLOUDS, "softmax")]
    model = Sequential(layers, rng)
    model.compile(Adam(0.01), "categorical_crossentropy")
    model.fit(x, to_categorical(y, CLOUDS), epochs=5, batch_size=TEST_BATCH)
    return model, x_test, y_test


def _share_of_clouds(model, x, y, training):
    """Return which share of the test is named rightly, in batches of 100 in this order. The moving averages are put back."""
    before, right = model.get_weights(), 0
    for start in range(0, len(x), TEST_BATCH):
        part = slice(start, start + TEST_BATCH)
        right += np.sum(model.forward(x[part], training=training).argmax(axis=1) == y[part])
    model.set_weights(before)
    return right / len(x)


def _which_share(inference, training):
    """Return as an option what is left of the shares in inference mode, where all seeds agree; or the numbers."""
    limits = {
        "about the same as in inference mode": (0.99, 1.01),
        "some points less": (0.8, 0.97),
        "less than half of it": (0.0, 0.4),
    }
    ratios = [wrong / right for wrong, right in zip(training, inference, strict=True)]
    return next((name for name, (low, high) in limits.items() if all(low <= r < high for r in ratios)), listed(ratios))


def _sorted_test():
    found = {"inference": [], "mixed": [], "sorted": [], "sorted inference": []}
    for seed in SEEDS:
        model, x, y = _trained_on_clouds(seed)
        mixed = np.random.default_rng([seed, 1]).permutation(len(x))
        found["inference"].append(_share_of_clouds(model, x[mixed], y[mixed], False))
        found["sorted inference"].append(_share_of_clouds(model, x, y, False))
        found["mixed"].append(_share_of_clouds(model, x[mixed], y[mixed], True))
        found["sorted"].append(_share_of_clouds(model, x, y, True))
    return _which_share(found["inference"], found["sorted"]), found


sorted_test = Prediction(
    "Ten classes of points, ten clouds in 20 dimensions. A network with batch normalization, trained on mixed batches, names "
    "more than nine in ten new points rightly. Somebody forgets to switch to inference mode for the test, and the 1000 test "
    "points are sorted by class, in batches of 100: all of the first cloud, then all of the second... What share is right?",
    ["about the same as in inference mode", "some points less", "less than half of it"],
    _sorted_test,
    lambda found: (
        f"In inference mode {listed(found['inference'], '.3f')} are right (three seeds), in training mode with sorted batches "
        f"{listed(found['sorted'], '.3f')}. A batch that holds one class only is normalised by itself: what is common to the "
        "class, its place, is taken off as the mean, and that was what told it from the others. With mixed batches of 100 the "
        f"same mistake hardly shows: {listed(found['mixed'], '.3f')}, because each batch looks like the training. And the "
        f"order alone does no harm: sorted, in inference mode, {listed(found['sorted inference'], '.3f')}."
    ),
)
