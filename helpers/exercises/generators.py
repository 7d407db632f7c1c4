"""Exercises and predictions of the lesson on generators."""

import functools
import itertools

import numpy as np

from helpers.exercises.exercise import Exercise, Mistake, kind
from helpers.exercises.prediction import Prediction, listed
from helpers.scratch.generators import batches, shuffled

MOST = 12  # so many things are taken out of a generator; a right one of these exercises ends before


class Generator:
    """What a generator handed out: at most `MOST` things, in a form that can be compared, and whether it came to an end."""

    def __init__(self, items):
        # Looked at one by one, as a loop would: a generator may fill the same array again for the next batch.
        self.items = [_readable(item) for item in itertools.islice(items, MOST)]
        self.ends = len(self.items) < MOST or next(items, self) is self


class Emptied:
    """A function; where a generator comes out, it is called until it is empty or has given enough, and a `Generator` comes out.

    So an error in the generator, and what it prints or changes, belongs to the call, although a generator runs only later.
    """

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.__code__ = getattr(function, "__code__", None)  # for the line in which it stops

    def __call__(self, *arguments):
        """Return what the function returns, but a `Generator` for a generator."""
        value = self.__wrapped__(*arguments)
        return Generator(value) if hasattr(value, "__next__") else value


class GeneratorExercise(Exercise):
    """An exercise in which a generator may come out. A generator cannot be copied, so it is emptied first."""

    way_out, nothing, asked = "yield", "hands out nothing", "is there a `yield` in it?"

    def __init__(self, reference, cases, mistakes, hints, effect):
        mistakes = [Mistake(Emptied(mistake.function), mistake.sentence) for mistake in mistakes]
        super().__init__(reference, cases, mistakes, hints, effect)
        self.reference = Emptied(reference)

    def judge(self, attempt):
        """Return the `Result` of an attempt without showing it."""
        return super().judge(Emptied(attempt) if callable(attempt) else attempt)


def _readable(item):
    """Return an item with plain numbers in place of arrays, so that it fits into a line. [x, y] counts as (x, y)."""
    if isinstance(item, list) and any(isinstance(part, np.ndarray) for part in item):
        item = tuple(item)
    return _readable_part(item)


def _readable_part(part):
    """Return a part of an item in the same form; a list is marked, since a network needs an array."""
    if isinstance(part, tuple):
        return tuple(map(_readable_part, part))
    if isinstance(part, list):
        return ("a list, no array", [_readable_part(inner) for inner in part])
    if isinstance(part, np.ndarray | np.generic):
        return part.tolist()
    return part if isinstance(part, int | float | str) else f"<{type(part).__name__}>"


# Exercise 1.


def batch_generator(x, y, batch_size):
    """Hand out pairs (batch of x, batch of y), in order, with `yield` and not `return`. The last batch may be smaller.

    x: array (examples, ...). y: array (examples,).
    """
    for start in range(0, len(x), batch_size):
        yield x[start : start + batch_size], y[start : start + batch_size]


def _which_batches(value, x, y, batch_size):
    """Return what is judged: whether it is a generator that ends, and what it hands out."""
    if not isinstance(value, Generator):
        return {"what comes out": "no generator: is there a `yield` in it?", "batches": _readable(value)}
    if not value.ends:
        return {"what comes out": "a generator that does not end", "batches": [*value.items[:4], "and so on"]}
    return {"what comes out": "a generator that ends", "batches": value.items}


def _cut(slices):
    """Return a function that hands out these batches: slices(examples, batch size) are pairs of a start and a stop."""
    return lambda x, y, size: ((x[start:stop], y[start:stop]) for start, stop in slices(len(x), size))


def _from_starts(starts):
    return _cut(lambda n, size: [(start, start + size) for start in starts(n, size)])


def _from_right_starts(bounds):
    """Return a function with the right starts, where bounds(start, examples, batch size) are start and stop of a batch."""
    return _cut(lambda n, size: [bounds(start, n, size) for start in range(0, n, size)])


def _of_pairs(change):
    """Return a function that hands out change(x batch, y batch, start, x, y, size) for every right batch."""
    return lambda x, y, size: (
        change(x[start : start + size], y[start : start + size], start, x, y, size) for start in range(0, len(x), size)
    )


def _of_all(change):
    """Return a function that returns change(list of all right batches)."""
    return lambda x, y, size: change(list(batches(x, y, size)))


def _padded(fill):
    """Return a function whose batches are all full: fill(array, how many) are the numbers at the end."""

    def pad(part, array, size):
        return np.concatenate([part, fill(array, size - len(part))]) if len(part) < size else part

    return _of_pairs(lambda xs, ys, start, x, y, size: (pad(xs, x, size), pad(ys, y, size)))


def _numbered(n, batch_size, shape=(2,)):
    """Return a case: x of this shape for each of n examples, 10, 11, ..., 20, 21, ..., and y, 1, 2, ..."""
    y = np.arange(1, n + 1)
    inside = np.arange(np.prod(shape)).reshape(shape)
    return 10 * y.reshape(-1, *(1 for _ in shape)) + inside, y, batch_size


batch_generator = GeneratorExercise(
    batch_generator,
    # More examples than one batch: on fewer, `while True` around a loop that drops the last batch would turn for ever without a
    # `yield`, and the notebook would hang.
    cases=[
        _numbered(3, 2),
        _numbered(5, 1),
        _numbered(6, 2),
        _numbered(7, 2),
        _numbered(7, 3),
        _numbered(8, 3),
        _numbered(5, 3, (2, 2)),
    ],
    mistakes=[
        Mistake(
            _from_starts(lambda n, size: range(0, n - size + 1, size)),
            "You leave out the last batch where it is smaller. Its examples would never be trained on.",
        ),
        Mistake(
            _from_starts(lambda n, size: range(0, n - size, size)),
            "You leave out the last batch, even a full one. `range(0, len(x), batch_size)` holds the start of every batch.",
        ),
        Mistake(
            _from_starts(lambda n, size: range(0, n - 1, size)),
            "One short: where one example is left for the last batch, it is lost. `range` stops before its end by itself.",
        ),
        Mistake(
            _from_starts(lambda n, size: range(0, n + 1, size)),
            "Where batch_size divides the number of examples, an empty batch comes at the end. No batch may be empty.",
        ),
        Mistake(
            _from_starts(lambda n, size: range(0, n + size, size)),
            "At the end always comes an empty batch. The last start lies before `len(x)`.",
        ),
        Mistake(
            _cut(lambda n, size: [(max(0, min(start, n - size)), start + size) for start in range(0, n, size)]),
            "You move the last batch back until it is full. So some examples come twice, and count double.",
        ),
        Mistake(
            _padded(lambda array, missing: np.zeros((missing, *array.shape[1:]), array.dtype)),
            "You fill up the last batch with zeros. Those are examples that nobody collected: let it be smaller.",
        ),
        Mistake(
            _padded(lambda array, missing: np.repeat(array[-1:], missing, axis=0)),
            "You fill up the last batch with the last example. It would count several times: let the batch be smaller.",
        ),
        Mistake(
            _padded(lambda array, missing: array[np.arange(missing) % len(array)]),
            "You fill up the last batch with examples from the front. They would count twice: let the batch be smaller.",
        ),
        Mistake(
            _from_starts(lambda n, size: range(n)),
            "A batch begins at every example, so the examples come again and again. The next one begins batch_size further on.",
        ),
        Mistake(
            _from_starts(lambda n, size: range(n - size + 1)),
            "Your batches overlap: each begins one example after the one before. It must begin batch_size further on.",
        ),
        Mistake(
            _from_starts(lambda n, size: range(n // size)),
            "You count batches, 0, 1, 2, ..., but slice as if that were examples. Batch i begins at `i * batch_size`. And "
            "`len(x) // batch_size` does not count a smaller last batch.",
        ),
        Mistake(
            _from_starts(lambda n, size: range(-(-n // size))),
            "There are as many batches as there should be, but batch i begins at example i. It begins at `i * batch_size`.",
        ),
        Mistake(
            _from_right_starts(lambda start, n, size: (start * size, (start + 1) * size)),
            "Your start is multiplied by batch_size, but it counts in steps of batch_size already.",
        ),
        Mistake(
            _from_right_starts(lambda start, n, size: (start, size)),
            "Only the first batch is filled: `x[start:batch_size]` stops at batch_size. The stop is `start + batch_size`.",
        ),
        Mistake(
            _from_right_starts(lambda start, n, size: (start, start + size - 1)),
            "Each batch is one example short. The stop of a slice does not belong to it, so nothing is to be taken off.",
        ),
        Mistake(
            _from_right_starts(lambda start, n, size: (start, start + size + 1)),
            "Your batches hold one example too many, which comes again in the next one. The stop is `start + batch_size`.",
        ),
        Mistake(
            _from_right_starts(lambda start, n, size: (start, n)),
            "Your batches reach to the very end. Where should each of them stop?",
        ),
        Mistake(
            _from_right_starts(lambda start, n, size: (0, start + size)),
            "Your batches begin at the front, all of them, and grow. Each begins where the one before stopped.",
        ),
        Mistake(
            _cut(lambda n, size: [(i, i + 1) for i in range(n)]),
            "Each of your batches holds one example. batch_size says how many.",
        ),
        Mistake(
            lambda x, y, size: ((x[i], y[i]) for i in range(len(x))),
            "You hand out single examples. A batch has an axis more, even a batch of one: `x[start:stop]`.",
        ),
        Mistake(
            _of_pairs(lambda xs, ys, start, x, y, size: (x[start], y[start])),
            "You hand out the first example of each batch. A slice, `x[start:stop]`, holds all of them.",
        ),
        Mistake(
            _from_starts(lambda n, size: [0]),
            "Only the first batch comes out. The loop must go on after the `yield`.",
        ),
        Mistake(
            _from_starts(lambda n, size: range(0, n, size)[-1:]),
            "Only the last batch comes out. The `yield` must stand inside the loop.",
        ),
        Mistake(
            _from_starts(lambda n, size: range(0, n, size)[1:]),
            "You leave out the first batch. The first start is 0.",
        ),
        Mistake(
            lambda x, y, size: iter([(x, y)]),
            "All examples come in one batch. Cut it into batches of batch_size: never are all needed at once.",
        ),
        Mistake(
            _from_starts(lambda n, size: range(0, n, size)[::-1]),
            "Your batches come from the last to the first. Asked for is the order of the data.",
        ),
        Mistake(
            lambda x, y, size: zip(np.array_split(x, size), np.array_split(y, size), strict=True),
            "You take batch_size for the number of batches. It is the number of examples in each.",
        ),
        Mistake(
            _of_pairs(lambda xs, ys, start, x, y, size: (xs, y)),
            "x is cut, but y comes whole, each time. The two must hold the same examples.",
        ),
        Mistake(
            _of_pairs(lambda xs, ys, start, x, y, size: (x, ys)),
            "y is cut, but x comes whole, each time. The two must hold the same examples.",
        ),
        Mistake(
            _of_pairs(lambda xs, ys, start, x, y, size: (xs, y[start])),
            "From y comes one target for a whole batch. Cut y as you cut x, by `start : start + batch_size`.",
        ),
        Mistake(
            _of_pairs(lambda xs, ys, start, x, y, size: (xs, y[:size])),
            "y stays at its first batch while x moves on: from the second batch on, the targets belong to other examples.",
        ),
        Mistake(
            _of_pairs(lambda xs, ys, start, x, y, size: (x[:size], ys)),
            "x stays at its first batch while y moves on: from the second batch on, the targets belong to other examples.",
        ),
        Mistake(
            _of_pairs(lambda xs, ys, start, x, y, size: xs),
            "You hand out x alone. Without the targets y nothing can be learned from it.",
        ),
        Mistake(
            _of_pairs(lambda xs, ys, start, x, y, size: (ys, xs)),
            "x and y have changed places: inputs come first.",
        ),
        Mistake(
            lambda x, y, size: (part for pair in batches(x, y, size) for part in pair),
            "x and y come one after the other, from two `yield`. Hand out both with one: `yield x_batch, y_batch`.",
        ),
        Mistake(
            _of_pairs(lambda xs, ys, start, x, y, size: (list(xs), list(ys))),
            "The examples are right, but they come in lists. A network needs one array for the batch: slice x, or stack them "
            "by `np.array`.",
        ),
        Mistake(
            _of_all(lambda pairs: pairs[0]),
            "You return the first batch: `return` ends the function. `yield` hands out a batch, and then the loop goes on.",
        ),
        Mistake(
            _of_all(lambda pairs: pairs),
            "You return a list of all batches. So all of them are in memory at once: `yield` each when it is made.",
        ),
        Mistake(
            _of_all(lambda pairs: ([xs for xs, _ in pairs], [ys for _, ys in pairs])),
            "You return two lists, of all batches of x and of all batches of y. Hand out a pair for each batch, by `yield`.",
        ),
        Mistake(
            _of_all(lambda pairs: iter([pairs])),
            "You hand out a list of all batches, in one go. The `yield` belongs into the loop, in place of the list.",
        ),
        Mistake(
            _of_all(itertools.cycle),
            "Yours never ends: after the last batch it begins at the front again. Asked for is one pass. A loop that goes "
            "through an endless generator does not end either.",
        ),
        Mistake(
            _of_all(lambda pairs: itertools.repeat(pairs[0])),
            "Yours never ends: the first batch comes for ever. The start must move on by batch_size after each.",
        ),
        Mistake(
            _cut(lambda n, size: ((start, start + size) for start in itertools.count(0, size))),
            "Yours never ends: after the last batch come empty ones, for ever. A slice beyond the end is no error, so the loop "
            "must stop by itself.",
        ),
    ],
    hints=[
        "Where does each batch begin? `range(0, len(x), batch_size)` counts 0, batch_size, 2 * batch_size, and so on.",
        "A slice may reach beyond the end: `x[6:9]` of seven examples holds one. So the smaller last batch comes by itself.",
        "In the loop: `yield x[start : start + batch_size], y[start : start + batch_size]`.",
    ],
    effect=_which_batches,
)


# Exercise 2.


def shuffle_with_buffer(examples, buffer, choices):
    """Hand out the examples one by one, shuffled by a buffer. (Here with `yield`; a list to return is right as well.)

    examples: list. buffer: how many examples wait at most, 1 or more. choices: one number from 0 to below 1 for each example
    that is handed out, in this order. It decides which place of those that wait is chosen: int(choice * how many wait).
    """
    choices = iter(choices)
    waiting = list(examples[:buffer])
    for example in examples[buffer:]:
        place = int(next(choices) * len(waiting))
        yield waiting[place]
        waiting[place] = example
    while waiting:
        yield waiting.pop(int(next(choices) * len(waiting)))


def _in_this_order(value, examples, buffer, choices):
    """Return the examples that were handed out, by a generator or in a list."""
    if isinstance(value, Generator):
        if not value.ends:
            raise ValueError(
                f"It does not end: {len(examples)} examples went in, and after {MOST} it still hands out more. Does what waits "
                "become fewer at the end?"
            )
        return value.items
    if not isinstance(value, list | tuple | np.ndarray):
        raise ValueError(f"It is {kind(value)}. Hand out the examples with `yield`, or return a list of them.")
    return [_readable(item) for item in value]


def _shuffled_by(
    examples,
    buffer,
    choices,
    place=lambda choice, waiting, buffer: int(choice * waiting),
    put=None,
    rest=None,
):
    """Return the order of somebody who chooses the place, puts the next example, and hands out the rest in such a way.

    place(choice, how many wait, buffer). put(waiting, place, example) takes the chosen one out and puts the next one in.
    rest(waiting, choose) returns the list of the last ones, where choose(how many) is the next place.
    """
    choices, order = iter(choices), []

    def choose(many):
        return place(next(choices), many, buffer)

    waiting = list(examples[:buffer])
    for example in examples[buffer:]:
        chosen = choose(len(waiting))
        order.append(waiting[chosen])
        (put or _replace)(waiting, chosen, example)
    return order + (rest or _one_by_one)(waiting, choose)


def _with(**changes):
    return lambda examples, buffer, choices: _shuffled_by(examples, buffer, choices, **changes)


def _replace(waiting, place, example):
    waiting[place] = example


def _move_up(waiting, place, example):
    waiting.pop(place)
    waiting.append(example)


def _drop_the_oldest(waiting, place, example):
    waiting.pop(0)
    waiting.append(example)


def _into_the_first(waiting, place, example):
    waiting[0] = example


def _one_by_one(waiting, choose):
    return [waiting.pop(choose(len(waiting))) for _ in range(len(waiting))]


def _never_taken_out(waiting, choose):
    return [waiting[choose(len(waiting))] for _ in range(len(waiting))]


def _last_fills(waiting, choose):
    """Return the rest, where the last of the buffer fills the place that has become free."""
    order = []
    while waiting:
        chosen = choose(len(waiting))
        order.append(waiting[chosen])
        waiting[chosen] = waiting[-1]
        waiting.pop()
    return order


def _block_by_block(examples, buffer, choices):
    """Return the order of somebody who fills the buffer, empties it, and fills it again."""
    choices, order = iter(choices), []
    for start in range(0, len(examples), buffer):
        waiting = list(examples[start : start + buffer])
        order += _one_by_one(waiting, lambda many: int(next(choices) * many))
    return order


def _one_too_many(examples, buffer, choices):
    """Return the order of somebody who puts the next example in before one is chosen."""
    choices, waiting, order = iter(choices), [], []
    for example in examples:
        waiting.append(example)
        if len(waiting) > buffer:
            order.append(waiting.pop(int(next(choices) * len(waiting))))
    return order + _one_by_one(waiting, lambda many: int(next(choices) * many))


def _places(examples, buffer, choices):
    return [int(choice * min(buffer, len(examples) - i)) for i, choice in enumerate(choices)]


def _choices_again(examples, buffer, choices):
    """Return the order of somebody who begins with the first choice again for the rest."""
    first = max(0, len(examples) - buffer)
    return _shuffled_by(examples, buffer, [*choices[:first], *choices])


def _shift(examples, buffer, choices):
    """Return the order of somebody who takes the choice with the number of the example that goes in."""
    return _shuffled_by(examples, buffer, [*choices[buffer:], *choices[:buffer]])


def _stopped(in_the_loop):
    """Return a function that stops after one example: of those for which another one comes in, or of those that are left."""

    def order(examples, buffer, choices):
        come_in, right = max(0, len(examples) - buffer), _shuffled_by(examples, buffer, choices)
        return right[:1] if come_in and in_the_loop else right[: come_in + 1] if not in_the_loop else right

    return order


shuffle_with_buffer = GeneratorExercise(
    shuffle_with_buffer,
    cases=[
        ([20, 10, 30], 1, [0.5, 0.9, 0.1]),
        ([10, 30, 20], 5, [0.4, 0.6, 0.3]),
        ([40, 10, 30, 20], 4, [0.6, 0.9, 0.7, 0.2]),
        ([10, 20, 30, 40, 50], 2, [0.6, 0.1, 0.7, 0.3, 0.2]),
        ([50, 20, 60, 10, 40, 30], 2, [0.4, 0.8, 0.9, 0.1, 0.7, 0.5]),
        ([10, 20, 30, 40, 50, 60, 70], 3, [0.5, 0.9, 0.1, 0.6, 0.3, 0.4, 0.2]),
        ([70, 20, 50, 10, 80, 30, 60, 40], 3, [0.8, 0.1, 0.5, 0.5, 0.2, 0.7, 0.9, 0.4]),
    ],
    mistakes=[
        Mistake(
            _block_by_block,
            "You fill the buffer and empty it before you fill it again. So only examples of the same block are mixed. Put the "
            "next example in at once, where one has been handed out.",
        ),
        Mistake(
            lambda examples, buffer, choices: list(examples),
            "They come out in the order in which they went in. The buffer has to be filled first, and the choice decides who "
            "leaves it, not who came first.",
        ),
        Mistake(
            lambda examples, buffer, choices: examples[::-1],
            "You hand out the examples in the opposite order. Nothing is left to the choices.",
        ),
        Mistake(
            _with(place=lambda choice, waiting, buffer: waiting - 1),
            "You hand out the last of those that wait, as `pop()` does. The choice decides.",
        ),
        Mistake(
            lambda examples, buffer, choices: sorted(examples),
            "You sort the examples. Which one comes next is decided by the choices, whatever the examples are.",
        ),
        Mistake(
            _with(rest=lambda waiting, choose: []),
            "You forget those that still wait when there are no more examples. They have to be handed out as well.",
        ),
        Mistake(
            _with(rest=lambda waiting, choose: waiting),
            "The last ones, which still wait at the end, come out in the order of their places. Choose among them, too.",
        ),
        Mistake(
            _with(put=_move_up),
            "That shuffles as well, but you move the others up and put the next example last. Here it goes to the place that "
            "has become free.",
        ),
        Mistake(
            _with(rest=_last_fills),
            "That shuffles as well, but at the end you put the last one into the free place. Here those behind it move up, as "
            "with `pop(place)`.",
        ),
        Mistake(
            _with(put=_drop_the_oldest),
            "You hand out one example, and take another one out of the buffer: the first. So one comes twice and one is lost.",
        ),
        Mistake(
            _with(put=_into_the_first),
            "You put the next example into the first place, whichever was handed out. It belongs where one became free.",
        ),
        Mistake(
            _with(put=lambda waiting, place, example: None),
            "The next examples never go into the buffer: those that wait are handed out again and again.",
        ),
        Mistake(
            _with(rest=_never_taken_out),
            "At the end you do not take out what you hand out: so it can come again. `waiting.pop(place)` does both.",
        ),
        Mistake(
            _one_too_many,
            "You put the next example in before one is chosen: so one more than buffer wait. First choose, then put it in.",
        ),
        Mistake(
            lambda examples, buffer, choices: _shuffled_by(examples, buffer + 1, choices),
            "In your buffer there is one example too many. `examples[:buffer]` holds buffer of them.",
        ),
        Mistake(
            lambda examples, buffer, choices: _shuffled_by(examples, buffer - 1, choices),
            "Your buffer is one short. `examples[:buffer]` holds buffer of them: the stop does not belong to a slice.",
        ),
        Mistake(
            lambda examples, buffer, choices: _shuffled_by(examples, len(examples), choices),
            "You choose among all examples. That mixes best, but then all of them are in memory: at most buffer may wait.",
        ),
        Mistake(
            _with(place=lambda choice, waiting, buffer: int(choice * buffer)),
            "You always multiply by buffer. At the end fewer wait: `int(choice * len(waiting))`.",
        ),
        Mistake(
            _with(place=lambda choice, waiting, buffer: int(choice * (waiting - 1))),
            "You multiply by one less than there wait. So the last place is never chosen: choice is below 1, and `int` rounds "
            "down.",
        ),
        Mistake(
            _with(place=lambda choice, waiting, buffer: round(choice * (waiting - 1))),
            "You round to the nearest place, from 0 to the last. So the first and the last one are chosen half as often as the "
            "others (where more than two wait).",
        ),
        Mistake(
            _with(place=lambda choice, waiting, buffer: -1 - int(choice * waiting)),
            "You count the places from the end. Place 0 is the first one.",
        ),
        Mistake(
            lambda examples, buffer, choices: _shuffled_by(examples, buffer, [choices[0]] * len(choices)),
            "You take the first choice each time. Every example that is handed out has its own.",
        ),
        Mistake(
            _choices_again,
            "For the last ones you begin with the first choice again. Go on where you were: each choice is used once.",
        ),
        Mistake(
            _shift,
            "You take the choice with the number of the example that goes in. The first choice belongs to the first example "
            "that is handed out.",
        ),
        Mistake(
            _places,
            "You hand out the places. Asked for are the examples that wait there: `waiting[place]`.",
        ),
        Mistake(
            _stopped(1),
            "You stop at the first example for which another one comes in. The `return` must not stand inside the loop.",
        ),
        Mistake(
            _stopped(0),
            "You stop at the first of those that are left. The `return` must not stand inside the loop.",
        ),
    ],
    hints=[
        "Three parts: fill the buffer; for each further example choose one, hand it out, put the new one in; then the rest.",
        "`waiting = list(examples[:buffer])`, then `for example in examples[buffer:]`. A count of those handed out tells which "
        "choice is next; or `choices = iter(choices)` once, and `next(choices)` each time.",
        "In the loop: `place = int(next(choices) * len(waiting))`, `yield waiting[place]`, `waiting[place] = example`. After "
        "it, while there is something in `waiting`: the same with `waiting.pop(place)`.",
    ],
    effect=_in_this_order,
)


# Exercise 3.


def leaked_patients(train, validation):
    """Return the sorted list of the patients of whom there are pictures in both parts, each named once.

    train, validation: lists of file names, such as "p07_left.png" or "p7_left_2.png". The patient is what stands before the
    first "_".
    """
    in_train = {name.split("_")[0] for name in train}
    in_validation = {name.split("_")[0] for name in validation}
    return sorted(in_train & in_validation)


def _patient(name):
    return name.split("_")[0]


def _leaked(part, validation_part=None):
    """Return a function that compares this part of the names, or two parts, and returns the shared ones, sorted."""
    return lambda train, validation: sorted(set(map(part, train)) & set(map(validation_part or part, validation)))


def _patients(names):
    return [_patient(name) for name in names]


def _both(train, validation):
    return set(_patients(train)) & set(_patients(validation))


def _names_of_leaked(names):
    """Return a function that returns those of the names(train, validation) that belong to a shared patient, sorted."""
    return lambda train, validation: sorted(
        {name for name in names(train, validation) if _patient(name) in _both(train, validation)}
    )


def _in_order_of(names):
    """Return a function that returns the shared patients as they come up first in names(train, validation)."""
    return lambda train, validation: [
        patient for patient in dict.fromkeys(_patients(names(train, validation))) if patient in _both(train, validation)
    ]


def _with_repeats(names, order):
    return lambda train, validation: order(
        patient for patient in _patients(names(train, validation)) if patient in _both(train, validation)
    )


def _number(patient):
    return int(patient.lstrip("p"))


def _as_a_list(value, train, validation):
    """Return what is judged: a list. A set has no order."""
    if isinstance(value, set | frozenset):
        raise ValueError("It is a set, which has no order. `sorted(...)` makes a sorted list of it.")
    return value


leaked_patients = Exercise(
    leaked_patients,
    cases=[
        (["p01_left.png"], ["p02_left.png"]),
        (["p01_left.png"], ["p01_left.png"]),
        (["p07_left.png", "p03_left.png"], ["p07_right.png", "p04_left.png"]),
        (["p1_left.png", "p2_right.png"], ["p12_left.png", "p20_left.png"]),
        (["p12_left.png", "p34_right.png"], ["p1_left.png", "p3_left.png", "p5_right.png"]),
        (
            ["p09_right.png", "p04_left.png", "p06_left.png", "p11_left.png"],
            ["p06_left.png", "p09_left.png", "p04_right.png", "p13_left.png"],
        ),
        (
            ["p8_left_1.png", "p8_left_2.png", "p5_right_1.png", "p6_left_1.png", "p10_left_1.png"],
            ["p5_left_1.png", "p5_right_2.png", "p8_left_3.png", "p100_left_1.png", "p7_left_1.png"],
        ),
        (
            ["p104_left.png", "p10_right.png", "p3_left.png", "p30_left_2.png"],
            ["p10_left.png", "p104_left.png", "p104_right.png", "p2_left.png", "p33_right.png"],
        ),
    ],
    mistakes=[
        Mistake(
            _leaked(lambda name: name),
            "You compare whole names. Two pictures of one patient have different names, and look alike all the same: compare "
            "what stands before the first `_`.",
        ),
        Mistake(
            _leaked(lambda name: name.split(".")[0]),
            "You compare the names without their ending: still the pictures and not the patients.",
        ),
        Mistake(
            lambda train, validation: sorted(set(_patients(set(train) & set(validation)))),
            "You find only patients of whom the very same picture is in both parts. Another picture of them is a leak as well.",
        ),
        Mistake(
            lambda train, validation: sorted({name for name in validation if _patient(name) in set(_patients(train))}),
            "You return the pictures of the validation that leak. Asked for are the patients.",
        ),
        Mistake(
            _names_of_leaked(lambda train, validation: train),
            "You return the pictures of the training that leak. Asked for are the patients.",
        ),
        Mistake(
            _names_of_leaked(lambda train, validation: train + validation),
            "You return the pictures that leak, of both parts. Asked for are the patients.",
        ),
        Mistake(
            lambda train, validation: sorted(set(_patients(train + validation))),
            "You return all patients, those of either part. A leak are only those in both: `&`, not `|`.",
        ),
        Mistake(
            lambda train, validation: sorted(set(_patients(train)) - set(_patients(validation))),
            "You return the patients of the training alone. Those are the ones who do not leak.",
        ),
        Mistake(
            lambda train, validation: sorted(set(_patients(validation)) - set(_patients(train))),
            "You return the patients of the validation alone. Those are the ones who do not leak.",
        ),
        Mistake(
            lambda train, validation: sorted(set(_patients(train)) ^ set(_patients(validation))),
            "You return the patients of one part only, whichever: `^`. A leak are those in both: `&`.",
        ),
        Mistake(
            lambda train, validation: len(_both(train, validation)),
            "You return how many patients leak. Asked for are their names, to take them out.",
        ),
        Mistake(
            lambda train, validation: bool(_both(train, validation)),
            "You return whether there is a leak. Asked for is a list of the patients, to take them out.",
        ),
        Mistake(
            _in_order_of(lambda train, validation: train),
            "The patients are right, but in the order of the training. Sort them.",
        ),
        Mistake(
            _in_order_of(lambda train, validation: validation),
            "The patients are right, but in the order of the validation. Sort them.",
        ),
        Mistake(
            lambda train, validation: sorted(_both(train, validation), reverse=True),
            "The patients are right, but sorted from the last to the first.",
        ),
        Mistake(
            _with_repeats(lambda train, validation: validation, sorted),
            "A patient with several pictures in the validation comes several times. Name each once: `set` forgets repeats.",
        ),
        Mistake(
            _with_repeats(lambda train, validation: train, sorted),
            "A patient with several pictures in the training comes several times. Name each once: `set` forgets repeats.",
        ),
        Mistake(
            _with_repeats(lambda train, validation: validation, list),
            "A patient with several pictures in the validation comes several times, and they are not sorted.",
        ),
        Mistake(
            _with_repeats(lambda train, validation: train, list),
            "A patient with several pictures in the training comes several times, and they are not sorted.",
        ),
        Mistake(
            lambda train, validation: sorted(
                _patient(mine) for mine in train for other in validation if _patient(mine) == _patient(other)
            ),
            "A patient comes once for every pair of pictures, one of each part. Name each once: `set` forgets repeats.",
        ),
        Mistake(
            _leaked(lambda name: name[:3]),
            "You take the first three characters for the patient. Patients may have one digit, or three: cut at the `_`.",
        ),
        Mistake(
            _leaked(lambda name: name[:2]),
            "You take the first two characters for the patient. So p1 and p12 are one to you: cut at the `_`.",
        ),
        Mistake(
            lambda train, validation: sorted(
                {patient for patient in _patients(train) if any(patient in name for name in validation)}
            ),
            "You look for the patient of the training somewhere in the names of the validation. So p1 is found in p12: compare "
            "whole patients.",
        ),
        Mistake(
            lambda train, validation: sorted(
                {patient for patient in _patients(validation) if any(patient in name for name in train)}
            ),
            "You look for the patient of the validation somewhere in the names of the training. So p1 is found in p12: compare "
            "whole patients.",
        ),
        Mistake(
            _leaked(lambda name: name.rsplit("_", 1)[0]),
            "You cut at the last `_`. In p8_left_2.png the eye is left over: cut at the first one.",
        ),
        Mistake(
            _leaked(lambda name: name.split("_")[1]),
            "You take what stands behind the first `_`, the eye. The patient stands before it.",
        ),
        Mistake(
            _leaked(lambda name: name.split("_")[1].split(".")[0]),
            "You compare the eyes, left and right. The patient stands before the first `_`.",
        ),
        Mistake(
            lambda train, validation: sorted(patient[1:] for patient in _both(train, validation)),
            "The patients are right, but without their p.",
        ),
        Mistake(
            lambda train, validation: sorted(map(_number, _both(train, validation))),
            "You return numbers. Asked for are the patients as they are written, such as p07.",
        ),
        Mistake(
            lambda train, validation: sorted(
                {mine for mine, other in zip(_patients(train), _patients(validation), strict=False) if mine == other}
            ),
            "You compare the first with the first, the second with the second, and so on. A patient may stand anywhere in the "
            "other list.",
        ),
        Mistake(
            lambda train, validation: sorted(_both(train, validation))[:1],
            "You stop at the first patient. There may be more.",
        ),
        Mistake(
            lambda train, validation: ", ".join(sorted(_both(train, validation))),
            "The patients are right, but joined to one text. Return a list.",
        ),
        Mistake(
            lambda train, validation: [],
            "With you nobody ever leaks. Two pictures of one patient, one in each part, are a leak, whatever their names.",
        ),
    ],
    hints=[
        "A network can learn to know a patient again. So ask of every name: whose picture is it?",
        '`name.split("_")[0]` is what stands before the first "_". Which of these occur in both lists?',
        "Make a set of the patients of each list, `{name.split('_')[0] for name in train}`; `&` keeps what two sets share, and "
        "`sorted` makes a sorted list of it.",
    ],
    effect=_as_a_list,
)


# The predictions.

SEEDS = (0, 1, 2)


EXAMPLES, BATCH = 1000, 20
BATCHES = EXAMPLES // BATCH


class _Anew:
    """Something to loop over that makes a new generator each time."""

    def __init__(self, make):
        self.make = make

    def __iter__(self):
        return iter(self.make())


def _batches_of_epochs(source):
    """Return how many batches a loop over source() sees in each epoch; the name of an error where it stops with one."""
    counts = []
    try:
        for _ in range(2):
            counts.append(0)
            for _ in source():
                counts[-1] += 1
    except Exception as error:
        counts[-1] = type(error).__name__
    return counts


def _generator_twice():
    def make():
        return batches(np.zeros((EXAMPLES, 1)), np.zeros(EXAMPLES), BATCH)

    once, stored, anew = make(), list(make()), _Anew(make)
    found = {
        "once": _batches_of_epochs(lambda: once),
        "anew": _batches_of_epochs(make),
        "class": _batches_of_epochs(lambda: anew),
        "list": _batches_of_epochs(lambda: stored),
    }
    return _which_second(found["once"]), found


ALL_AGAIN, NONE, LAST, ERROR = (
    f"all {BATCHES}, as the first one",
    "none, and no error is shown",
    "one: the last batch, again",
    "none: the loop stops with an error",
)


def _which_second(counts):
    """Return as an option how many batches the second epoch saw, or the counts where it is none."""
    named = {(BATCHES, BATCHES): ALL_AGAIN, (BATCHES, 0): NONE, (BATCHES, 1): LAST}
    if len(counts) == 2 and isinstance(counts[1], str):
        return ERROR
    return named.get(tuple(counts), ", ".join(map(str, counts)))


generator_twice = Prediction(
    f"`gen = batches(x, y, {BATCH})` makes a generator, once. {EXAMPLES} examples give {BATCHES} batches. Then come "
    "two epochs: `for epoch in range(2):`, and in it `for x_batch, y_batch in gen:`. How many batches does the second epoch "
    "see?",
    [ALL_AGAIN, NONE, LAST, ERROR],
    _generator_twice,
    lambda found: (
        f"Batches in each epoch: {listed(found['once'], 'd')}. A generator goes through the data once. Then it is empty and "
        "stays empty, and a loop over something empty ends at once, without a word: the second epoch trains nothing. Two ways "
        f"out. Call the function anew in each epoch, `for x_batch, y_batch in batches(x, y, {BATCH}):` "
        f"({listed(found['anew'], 'd')}). Or loop over an object of a class whose `__iter__` calls it "
        f"({listed(found['class'], 'd')}). A list of the batches can be gone through again, too "
        f"({listed(found['list'], 'd')}), but it holds all of them in memory."
    ),
)

LOADING, TRAINING, STEPS = 40, 30, 100  # milliseconds for a batch, and how many batches
SCATTER = 20  # how many milliseconds a loading may take more or less


def _seconds(loading, training, workers, ahead=None):
    """Return in seconds how long the batches take in a simulation, without threads and without waiting.

    loading: (batches,) milliseconds for each. training: milliseconds for one batch. workers: how many load at the same time,
    each a batch of its own; with 0, the training loads by itself, and waits. ahead: how many batches may be begun and not yet
    taken by the training; by default two for each worker.
    """
    if not workers:
        return sum(loading) / 1000 + len(loading) * training / 1000
    ahead = 2 * workers if ahead is None else ahead
    free, taken, now = [0.0] * workers, [], 0.0
    for i, milliseconds in enumerate(loading):
        worker = free.index(min(free))
        room = taken[i - ahead] if i >= ahead else 0.0
        free[worker] = max(free[worker], room) + milliseconds
        taken.append(max(now, free[worker]))  # in order: a later batch that is ready earlier has to wait
        now = taken[-1] + training
    return now / 1000


def _which_time(seconds):
    """Return as an option how long it took with two workers, or the seconds where it is none."""
    named = {2.0: HALF, 2.5: BETWEEN, 3.0: THREE, 4.0: NOT_FASTER}
    return next((option for about, option in named.items() if abs(seconds - about) < 0.15), f"{seconds:.2f} s")


HALF, BETWEEN, THREE, NOT_FASTER = (
    "about 2.0 s: two load twice as fast",
    "about 2.5 s",
    "about 3.0 s",
    "about 4.0 s: no faster than before",
)


def _double_workers():
    even = np.full(STEPS, float(LOADING))
    uneven = [LOADING + np.random.default_rng(seed).uniform(-SCATTER, SCATTER, STEPS) for seed in SEEDS]
    found = {
        "workers": [_seconds(even, TRAINING, workers) for workers in (0, 1, 2, 3)],
        "uneven": [_seconds(loading, TRAINING, 2) for loading in uneven],
        "quick": [_seconds(even, TRAINING / 3, workers) for workers in (1, 2)],
    }
    return _which_time(found["workers"][2]), found


double_workers = Prediction(
    f"To load a batch takes {LOADING} ms, to train on it {TRAINING} ms. One worker loads ahead while the network trains: "
    f"{STEPS} batches take about 4.0 s. Now a second worker loads as well; the two do not hinder each other or the training. "
    "How long do the batches take now?",
    [HALF, BETWEEN, THREE, NOT_FASTER],
    _double_workers,
    lambda found: (
        f"A simulation says, with 0, 1, 2 and 3 workers: {listed(found['workers'])} s. The slower of the two sides decides. "
        f"One worker brings a batch every {LOADING} ms, and the training waits for it. Two bring one every {LOADING // 2} ms, "
        f"but the training takes one every {TRAINING} ms: now it is the bottleneck, and a third worker gains nothing. (Beyond "
        "the whole seconds: the first batch is loaded, or the last one trained on, while the other side waits.) Uneven times "
        "change little: where "
        f"loading takes {LOADING - SCATTER} to {LOADING + SCATTER} ms at random, two workers need {listed(found['uneven'])} s "
        f"(three seeds). With a training of {TRAINING // 3} ms, it would be {listed(found['quick'])} s with one and two "
        "workers: there the loading is the bottleneck, and the second worker halves the time. On a real machine workers share "
        "the disk and the cores, so measure before you add one."
    ),
)

CLASSES, BUFFER = 10, 50
FEW, HALF_OF_THEM, NEARLY_ALL = "2 or 3", "about 5: half of them", "about 9: nearly all"


def _classes_of_a_batch(labels, buffer, rng):
    """Return how many different classes a batch holds on average, after a shuffle with this buffer."""
    order = np.array(list(shuffled(labels, buffer, rng)))
    return np.mean([len(np.unique(order[start : start + BATCH])) for start in range(0, len(order), BATCH)])


def _which_classes(means):
    """Return as an option how many classes a batch holds, where all seeds agree; or the numbers."""
    limits = {FEW: (1.5, 3.5), HALF_OF_THEM: (4.0, 6.0), NEARLY_ALL: (8.0, 9.9)}
    return next((name for name, (low, high) in limits.items() if all(low <= m < high for m in means)), listed(means))


def _small_buffer():
    labels = np.repeat(np.arange(CLASSES), EXAMPLES // CLASSES)

    def means(buffer, before=lambda rng: labels):
        rngs = [np.random.default_rng(seed) for seed in SEEDS]
        return [_classes_of_a_batch(before(rng), buffer, rng) for rng in rngs]

    found = {buffer: means(buffer) for buffer in (1, BUFFER, 200, EXAMPLES)}
    found["mixed before"] = means(BUFFER, lambda rng: rng.permutation(labels))
    return _which_classes(found[BUFFER]), found


small_buffer = Prediction(
    f"{EXAMPLES} examples lie on disk sorted by class: {EXAMPLES // CLASSES} of the first of {CLASSES} classes, then "
    f"{EXAMPLES // CLASSES} of the second, and so on. They go through a shuffle with a buffer of {BUFFER}, and then into "
    f"batches of {BATCH}. How many different classes does a batch hold on average?",
    [FEW, HALF_OF_THEM, NEARLY_ALL],
    _small_buffer,
    lambda found: (
        f"{listed(found[BUFFER])} classes (three seeds). In the buffer wait examples that were read lately, so of few "
        "classes, and nothing can come out before it has been read. Without a shuffle it is "
        f"{listed(found[1])}, with a buffer of 200 {listed(found[200])}, and only with a buffer for all {EXAMPLES} "
        f"{listed(found[EXAMPLES])}. The other way is to mix what is cheap to mix, once, before: the order on disk, or the "
        f"list of file names. Then the buffer of {BUFFER} gives {listed(found['mixed before'])}."
    ),
)
