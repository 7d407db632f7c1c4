"""What the general tests of exercises and predictions cannot see: that the references of lesson 10 are true, that attempts as
learners write them get the right sentence and no other, and that the experiments of the predictions could find otherwise."""

import itertools
import random
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.exercises import generators as lesson
from helpers.scratch.generators import batches, prefetch, shuffled

EXERCISES = [lesson.batch_generator, lesson.shuffle_with_buffer, lesson.leaked_patients]
batch_generator = lesson.batch_generator.reference.__wrapped__
shuffle_with_buffer = lesson.shuffle_with_buffer.reference.__wrapped__
leaked_patients = lesson.leaked_patients.reference

# The references.


@given(st.integers(1, 30), st.integers(1, 12))
def test_the_batches_are_those_of_the_lesson_and_hold_every_example_once(n, size):
    x, y = np.random.default_rng(n).normal(size=(n, 2, 3)), np.arange(n)
    mine, theirs = list(batch_generator(x, y, size)), list(batches(x, y, size))
    assert [len(part) for part, _ in mine] == [size] * (n // size) + ([n % size] if n % size else [])
    for (x_mine, y_mine), (x_theirs, y_theirs) in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(x_mine, x_theirs)
        np.testing.assert_array_equal(y_mine, y_theirs)
    np.testing.assert_array_equal(np.concatenate([part for part, _ in mine]), x)
    np.testing.assert_array_equal(np.concatenate([part for _, part in mine]), y)


def test_the_cases_of_the_batches_hold_every_kind_of_last_batch():
    rests = {(size > 1, len(x) % size) for x, _, size in lesson.batch_generator.cases}
    assert {(False, 0), (True, 0), (True, 1), (True, 2)} <= rests
    assert all(-(-len(x) // size) + 1 < lesson.MOST for x, _, size in lesson.batch_generator.cases)
    assert {x.ndim for x, _, _ in lesson.batch_generator.cases} == {2, 3}


@given(st.integers(0, 12), st.integers(1, 14), st.data())
def test_the_shuffle_hands_out_every_example_once_and_none_before_it_is_read(n, buffer, data):
    choices = data.draw(st.lists(st.sampled_from([0.0, 0.3, 0.5, 0.7, 0.999]), min_size=n, max_size=n))
    order = list(shuffle_with_buffer(list(range(n)), buffer, choices))
    assert sorted(order) == list(range(n))
    assert all(example < i + buffer for i, example in enumerate(order))


def by_slots(examples, buffer, choices):
    """Return the order, with the waiting ones as a dictionary from place to example."""
    incoming, slots, order = iter(examples), {}, []
    for example in itertools.islice(incoming, buffer):
        slots[len(slots)] = example
    for choice in choices:
        place = next(p for p in slots if p <= choice * len(slots) < p + 1)
        order.append(slots[place])
        following = next(incoming, None)
        if following is not None:
            slots[place] = following
        else:
            del slots[place]
            slots = dict(enumerate(slots.values()))
    return order


@given(st.integers(0, 12), st.integers(1, 14), st.randoms(use_true_random=False))
def test_the_shuffle_is_what_places_give(n, buffer, rng):
    examples, choices = [str(i) for i in range(n)], [rng.random() for _ in range(n)]
    assert list(shuffle_with_buffer(examples, buffer, choices)) == by_slots(examples, buffer, choices)


def test_until_the_data_end_the_shuffle_is_that_of_the_lesson():
    n, buffer = 40, 7
    places = np.random.default_rng(3).integers(buffer, size=n - buffer)
    same = [np.random.default_rng(3).integers(buffer)]
    assert same[0] == places[0]  # one by one and all at once, the same places come
    choices = [*((places + 0.5) / buffer), *[0.0] * buffer]
    ours = list(shuffle_with_buffer(list(range(n)), buffer, choices))
    theirs = list(shuffled(range(n), buffer, np.random.default_rng(3)))
    assert ours[: n - buffer] == theirs[: n - buffer]


def test_every_place_of_the_buffer_is_equally_likely():
    rng = random.Random(0)
    firsts = [next(shuffle_with_buffer([0, 1, 2, 3, 4], 4, [rng.random() for _ in range(5)])) for _ in range(4000)]
    assert all(abs(firsts.count(i) / 4000 - 0.25) < 0.03 for i in range(4)) and 4 not in firsts


def test_the_cases_of_the_shuffle_have_one_choice_for_each_example():
    for examples, buffer, choices in lesson.shuffle_with_buffer.cases:
        assert len(choices) == len(examples) < lesson.MOST and all(0 <= choice < 1 for choice in choices) and buffer >= 1
        # No choice lies so near to the border of two places that rounding decides.
        for choice, many in itertools.product(choices, range(1, buffer + 1)):
            exact = Fraction(str(choice)) * many
            assert int(exact) == int(choice * many)


PATIENTS = st.lists(st.tuples(st.integers(1, 120), st.sampled_from(["left", "right"]), st.integers(1, 3)), max_size=8)


@given(PATIENTS, PATIENTS)
def test_the_leak_is_what_counting_pairs_finds(train, validation):
    lists = [[f"p{number}_{eye}_{i}.png" for number, eye, i in part] for part in (train, validation)]
    found = leaked_patients(*lists)
    numbers = {one for one, _, _ in train for other, _, _ in validation if one == other}
    assert [int(re.fullmatch(r"p(\d+)", patient)[1]) for patient in found] == sorted(numbers, key=str)
    assert leaked_patients(*reversed(lists)) == found


def test_nobody_who_sorts_by_number_is_wrong():
    """The text "p10" comes before "p9"; no case asks for that."""
    for case in lesson.leaked_patients.cases:
        found = leaked_patients(*case)
        assert found == sorted(found, key=lambda patient: int(patient[1:]))


def test_the_leaks_rise_in_difficulty():
    whole = [bool(set(train) & set(validation)) for train, validation in lesson.leaked_patients.cases]
    by_patient = [bool(leaked_patients(*case)) for case in lesson.leaked_patients.cases]
    assert (whole[0], by_patient[0]) == (False, False)
    assert any(leak and not names for names, leak in zip(whole, by_patient, strict=True))


# How a generator is judged.


def test_an_error_in_a_generator_is_told_with_its_line():
    def my_batch_generator(x, y, batch_size):
        for start in range(0, len(x), batch_size):
            yield x[start : start + batch_size], y[start + 100]

    text = lesson.batch_generator.judge(my_batch_generator).text
    assert "It stopped with an error at the line `yield x[start : start + batch_size], y[start + 100]`: IndexError" in text
    assert "my_batch_generator(x=x, y=y, batch_size=2)" in text


def test_what_a_generator_prints_and_changes_is_told():
    def my_batch_generator(x, y, batch_size):
        for start in range(0, len(x), batch_size):
            print("start", start)
            yield x[start : start + batch_size], y[start : start + batch_size]
            y[-1] = 0

    text = lesson.batch_generator.judge(my_batch_generator).text
    assert "It printed:\n    start 0\n    start 2" in text and "my_batch_generator changes its input y." in text


def prints(x, y, batch_size):
    print(x[:batch_size])


def changes(x, y, batch_size):
    x[:] = 0


@pytest.mark.parametrize(
    ("attempt", "state", "words"),
    [
        (lambda x, y, batch_size: None, "not tried yet", "If you have written one, is there a `yield` in it?"),
        (prints, "wrong", "prints prints, but it hands out nothing. Use `yield` in place of `print`."),
        (changes, "wrong", "changes hands out nothing. Is there a `yield` in it?\nchanges changes its input x."),
    ],
)
def test_where_nothing_comes_out_a_yield_is_missing(attempt, state, words):
    result = lesson.batch_generator.judge(attempt)
    assert (result.state, result.mistake) == (state, None) and words in result.text


def test_a_generator_that_fills_the_same_array_again_is_right():
    def my_batch_generator(x, y, batch_size):
        room = np.empty((batch_size, *x.shape[1:]), x.dtype)
        for start in range(0, len(x), batch_size):
            many = len(x[start : start + batch_size])
            room[:many] = x[start : start + batch_size]
            yield room[:many], y[start : start + many]

    assert lesson.batch_generator.judge(my_batch_generator).state == "right"


def test_of_an_endless_generator_only_so_many_are_taken():
    taken = []

    def my_batch_generator(x, y, batch_size):
        while True:
            taken.append(1)
            yield x[:1], y[:2]

    result = lesson.batch_generator.judge(my_batch_generator)
    assert (result.state, result.mistake) == ("wrong", None)
    assert "a generator that does not end" in result.text
    assert len(taken) == len(lesson.batch_generator.cases) * (lesson.MOST + 1)


def endless(starts):
    def my_batch_generator(x, y, batch_size):
        while True:
            for i in starts(len(x), batch_size):
                yield x[i : i + batch_size], y[i : i + batch_size]

    return my_batch_generator


@pytest.mark.parametrize("stop", [lambda n, b: n - b, lambda n, b: n - b + 1, lambda n, b: n // b * b, lambda n, b: n - 1])
def test_an_endless_generator_that_drops_examples_is_answered_and_does_not_hang(stop):
    for x, _, size in lesson.batch_generator.cases:
        assert len(range(0, stop(len(x), size), size))  # or the loop would turn without an end and without a batch
    result = lesson.batch_generator.judge(endless(lambda n, b: range(0, stop(n, b), b)))
    assert (result.state, result.mistake) == ("wrong", None) and "a generator that does not end" in result.text


@pytest.mark.parametrize("many", [lesson.MOST - 1, lesson.MOST, lesson.MOST + 1])
def test_whether_it_ends_is_found_at_the_border(many):
    generator = lesson.Generator(iter([None] * many))
    assert generator.ends == (many <= lesson.MOST) and len(generator.items) == min(many, lesson.MOST)


def test_an_endless_shuffle_is_answered_in_a_sentence():
    result = lesson.shuffle_with_buffer.judge(lambda examples, buffer, choices: itertools.cycle(examples))
    assert (result.state, result.mistake) == ("wrong", None)
    assert "It does not end: 3 examples went in, and after 12 it still hands out more." in result.text


@pytest.mark.parametrize(
    ("exercise", "attempt", "words"),
    [
        (lesson.batch_generator, lambda x, y, b: {"x": x}, "'what comes out': 'no generator: is there a `yield`"),
        (lesson.batch_generator, lambda x, y, b: 3, "'what comes out': 'no generator: is there a `yield`"),
        (lesson.batch_generator, lambda x, y, b: iter([{"x": x}]), "'batches': ['<dict>']"),
        (lesson.batch_generator, lambda x, y, b: iter([]), "'batches': []"),
        (lesson.batch_generator, lambda x, y: iter([]), "Arguments that your function takes: 2."),
        (lesson.batch_generator, [1, 2], "check needs your function itself, but it was given a list of shape (2,)."),
        (lesson.shuffle_with_buffer, lambda e, b, c: 3, "It is a number. Hand out the examples with `yield`"),
        (lesson.shuffle_with_buffer, lambda e, b, c: set(e), "It is an object of type set. Hand out"),
        (lesson.shuffle_with_buffer, lambda e, b, c: iter([object()]), "['<object>']"),
        (lesson.leaked_patients, lambda t, v: set(t), "It is a set, which has no order. `sorted(...)` makes a sorted list"),
        (lesson.leaked_patients, lambda t, v: {"p01": 1}, "expected a list"),
    ],
)
def test_something_else_is_answered_in_a_sentence(exercise, attempt, words):
    result = exercise.judge(attempt)
    assert (result.state, result.mistake) == ("wrong", None) and words in result.text


def test_the_solution_is_the_generator_as_it_stands_in_the_file(monkeypatch):
    monkeypatch.setattr("helpers.exercises.exercise.display", lambda bundle, raw: None)
    assert "yield x[start : start + batch_size], y[start" in lesson.batch_generator.solution().text
    assert "yield waiting.pop(" in lesson.shuffle_with_buffer.solution().text


# Right answers, written in other ways.


def batches_by_while(x, y, batch_size):
    i = 0
    while i < len(x):
        yield x[i : i + batch_size], y[i : i + batch_size]
        i += batch_size


def batches_by_number(x, y, batch_size):
    for i in range(int(np.ceil(len(x) / batch_size))):
        start, stop = i * batch_size, min((i + 1) * batch_size, len(x))
        yield [x[start:stop], y[start:stop]]


def batches_of_stacked(x, y, batch_size):
    x_batch, y_batch = [], []
    for example, target in zip(x, y, strict=True):
        x_batch.append(example)
        y_batch.append(target)
        if len(x_batch) == batch_size:
            yield np.array(x_batch), np.array(y_batch)
            x_batch, y_batch = [], []
    if x_batch:
        yield np.stack(x_batch), np.stack(y_batch)


def batches_by_expression(x, y, batch_size):
    return ((x[i : i + batch_size], y[i : i + batch_size]) for i in range(0, len(x), batch_size))


def batches_by_map(x, y, batch_size):
    return map(lambda i: (x[i : i + batch_size], y[i : i + batch_size]), range(0, len(x), batch_size))


def shuffle_to_a_list(examples, buffer, choices):
    waiting, order = examples[:buffer], []
    for i in range(buffer, len(examples)):
        place = int(choices[len(order)] * len(waiting))
        order.append(waiting[place])
        waiting[place] = examples[i]
    while waiting:
        place = int(choices[len(order)] * len(waiting))
        order.append(waiting[place])
        del waiting[place]
    return order


def shuffle_with_one_loop(examples, buffer, choices):
    waiting, following = list(examples[:buffer]), list(examples[buffer:])
    for choice in choices:
        place = int(choice * len(waiting))
        yield waiting[place]
        if following:
            waiting[place] = following.pop(0)
        else:
            waiting.pop(place)


def leak_by_loops(train, validation):
    found = []
    for name in train:
        for other in validation:
            patient = name[: name.index("_")]
            if other.startswith(patient + "_") and patient not in found:
                found.append(patient)
    found.sort()
    return found


def leak_by_pattern(train, validation):
    numbers = [{int(re.match(r"p(\d+)_", name)[1]): name.split("_")[0] for name in part} for part in (train, validation)]
    return [numbers[0][number] for number in sorted(numbers[0].keys() & numbers[1].keys())]


@pytest.mark.parametrize(
    ("exercise", "attempt"),
    [
        (lesson.batch_generator, batches),
        (lesson.batch_generator, batches_by_while),
        (lesson.batch_generator, batches_by_number),
        (lesson.batch_generator, batches_of_stacked),
        (lesson.batch_generator, batches_by_expression),
        (lesson.batch_generator, batches_by_map),
        (lesson.batch_generator, lambda x, y, batch_size: prefetch(batches_by_while(x, y, batch_size), 2)),
        (lesson.shuffle_with_buffer, shuffle_to_a_list),
        (lesson.shuffle_with_buffer, shuffle_with_one_loop),
        (lesson.shuffle_with_buffer, by_slots),
        (lesson.shuffle_with_buffer, lambda e, b, c: tuple(by_slots(e, b, c))),
        (lesson.shuffle_with_buffer, lambda e, b, c: np.array(by_slots(e, b, c))),
        (lesson.leaked_patients, leak_by_loops),
        (lesson.leaked_patients, leak_by_pattern),
    ],
)
def test_other_ways_to_write_it_are_right(exercise, attempt):
    result = exercise.judge(attempt)
    assert result.state == "right", result.text


# Wrong answers as learners write them, and the sentence that they get.


def cut(bounds, starts=lambda n, b: range(0, n, b)):
    """Return an attempt: a loop over the starts, with slices from bounds(start, n, batch_size)."""

    def my_batch_generator(x, y, batch_size):
        for i in starts(len(x), batch_size):
            start, stop = bounds(i, len(x), batch_size)
            yield x[start:stop], y[start:stop]

    return my_batch_generator


def right_bounds(i, n, b):
    return i, i + b


def pairs(make):
    """Return an attempt that yields make(x, y, start, stop) for each right batch."""

    def my_batch_generator(x, y, batch_size):
        for start in range(0, len(x), batch_size):
            yield make(x, y, start, start + batch_size)

    return my_batch_generator


def by_number(count):
    return cut(right_bounds, lambda n, b: range(count(n, b)))


def padded(mode, **arguments):
    def my_batch_generator(x, y, batch_size):
        for x_batch, y_batch in batches_by_while(x, y, batch_size):
            missing = batch_size - len(x_batch)
            yield (
                np.pad(x_batch, [(0, missing)] + [(0, 0)] * (x.ndim - 1), mode, **arguments),
                np.pad(y_batch, (0, missing), mode, **arguments),
            )

    return my_batch_generator


def around(x, y, batch_size):
    for start in range(0, len(x), batch_size):
        index = [i % len(x) for i in range(start, start + batch_size)]
        yield x[index], y[index]


def moved_back(x, y, batch_size):
    for start in range(0, len(x), batch_size):
        if start + batch_size > len(x):
            yield x[-batch_size:], y[-batch_size:]
        else:
            yield x[start : start + batch_size], y[start : start + batch_size]


def stops_after_one(x, y, batch_size):
    for pair in batches_by_while(x, y, batch_size):
        yield pair
        return


def yield_after_the_loop(x, y, batch_size):
    for start in range(0, len(x), batch_size):
        x_batch, y_batch = x[start : start + batch_size], y[start : start + batch_size]
    yield x_batch, y_batch


def one_each(x, y, batch_size):
    for i in range(len(x)):
        yield x[i], y[i]


def parts_by_number(x, y, batch_size):
    yield from zip(np.array_split(x, batch_size), np.array_split(y, batch_size), strict=True)


def two_yields(x, y, batch_size):
    for i in range(0, len(x), batch_size):
        yield x[i : i + batch_size]
        yield y[i : i + batch_size]


def lists(x, y, batch_size):
    x_batch, y_batch = [], []
    for i in range(len(x)):
        x_batch.append(x[i])
        y_batch.append(y[i])
        if len(x_batch) == batch_size or i == len(x) - 1:
            yield x_batch, y_batch
            x_batch, y_batch = [], []


def return_in_the_loop(x, y, batch_size):
    for start in range(0, len(x), batch_size):
        return x[start : start + batch_size], y[start : start + batch_size]


def two_lists(x, y, batch_size):
    x_batches, y_batches = [], []
    for start in range(0, len(x), batch_size):
        x_batches.append(x[start : start + batch_size])
        y_batches.append(y[start : start + batch_size])
    return x_batches, y_batches


def yields_the_list(x, y, batch_size):
    yield list(batches_by_while(x, y, batch_size))


def again_and_again(x, y, batch_size):
    while True:
        yield from batches_by_while(x, y, batch_size)


def never_moves(x, y, batch_size):
    start = 0
    while start < len(x):
        yield x[start : start + batch_size], y[start : start + batch_size]


def never_stops(x, y, batch_size):
    start = 0
    while True:
        yield x[start : start + batch_size], y[start : start + batch_size]
        start += batch_size


BATCHES = [
    (cut(right_bounds, lambda n, b: range(0, n // b * b, b)), "You leave out the last batch where it is smaller."),
    (cut(lambda i, n, b: (i * b, i * b + b), lambda n, b: range(n // b)), "You leave out the last batch where it is smaller."),
    (cut(right_bounds, lambda n, b: range(0, n - b, b)), "You leave out the last batch, even a full one."),
    (cut(right_bounds, lambda n, b: range(0, n - 1, b)), "One short"),
    (cut(lambda i, n, b: (i * b, i * b + b), lambda n, b: range(n // b + 1)), "Where batch_size divides"),
    (cut(right_bounds, lambda n, b: range(0, n + 1, b)), "Where batch_size divides"),
    (cut(right_bounds, lambda n, b: range(0, n + b, b)), "At the end always comes an empty batch."),
    (moved_back, "You move the last batch back"),
    (padded("constant"), "You fill up the last batch with zeros."),
    (padded("edge"), "You fill up the last batch with the last example."),
    (around, "You fill up the last batch with examples from the front."),
    (by_number(lambda n, b: n), "A batch begins at every example"),
    (by_number(lambda n, b: n - b + 1), "Your batches overlap"),
    (by_number(lambda n, b: n // b), "You count batches, 0, 1, 2"),
    (by_number(lambda n, b: int(np.ceil(n / b))), "There are as many batches as there should be"),
    (cut(lambda i, n, b: (i * b, (i + 1) * b)), "Your start is multiplied by batch_size"),
    (cut(lambda i, n, b: (i, b)), "Only the first batch is filled"),
    (cut(lambda i, n, b: (i, i + b - 1)), "Each batch is one example short."),
    (cut(lambda i, n, b: (i, i + b + 1)), "Your batches hold one example too many"),
    (cut(lambda i, n, b: (i, None)), "Your batches reach to the very end."),
    (cut(lambda i, n, b: (0, i + b)), "Your batches begin at the front, all of them"),
    (cut(lambda i, n, b: (i, i + 1), lambda n, b: range(n)), "Each of your batches holds one example."),
    (one_each, "You hand out single examples."),
    (pairs(lambda x, y, start, stop: (x[start], y[start])), "You hand out the first example of each batch."),
    (stops_after_one, "Only the first batch comes out."),
    (yield_after_the_loop, "Only the last batch comes out."),
    (cut(right_bounds, lambda n, b: range(b, n, b)), "You leave out the first batch."),
    (cut(lambda i, n, b: (0, n), lambda n, b: [0]), "All examples come in one batch."),
    (cut(right_bounds, lambda n, b: reversed(range(0, n, b))), "Your batches come from the last to the first."),
    (parts_by_number, "You take batch_size for the number of batches."),
    (pairs(lambda x, y, start, stop: (x[start:stop], y)), "x is cut, but y comes whole"),
    (pairs(lambda x, y, start, stop: (x, y[start:stop])), "y is cut, but x comes whole"),
    (pairs(lambda x, y, start, stop: (x[start:stop], y[start])), "From y comes one target"),
    (pairs(lambda x, y, start, stop: (x[start:stop], y[: stop - start])), "y stays at its first batch"),
    (pairs(lambda x, y, start, stop: (x[: stop - start], y[start:stop])), "x stays at its first batch"),
    (pairs(lambda x, y, start, stop: x[start:stop]), "You hand out x alone."),
    (pairs(lambda x, y, start, stop: (y[start:stop], x[start:stop])), "x and y have changed places"),
    (two_yields, "x and y come one after the other"),
    (lists, "The examples are right, but they come in lists."),
    (return_in_the_loop, "You return the first batch"),
    (lambda x, y, batch_size: list(return_in_the_loop(x, y, batch_size)), "You return the first batch"),
    (lambda x, y, batch_size: list(batches_by_while(x, y, batch_size)), "You return a list of all batches."),
    (two_lists, "You return two lists"),
    (yields_the_list, "You hand out a list of all batches, in one go."),
    (again_and_again, "Yours never ends: after the last batch it begins"),
    (never_moves, "Yours never ends: the first batch comes"),
    (never_stops, "Yours never ends: after the last batch come empty ones"),
]


def taken_out(waiting, place):
    return waiting.pop(place)


def left_in(waiting, place):
    return waiting[place]


def shuffle(
    fill=lambda buffer, examples: buffer,
    place=lambda choice, many, buffer: int(choice * many),
    come_in=None,
    leave=taken_out,
    first_choices=None,
    last_choices=None,
):
    """Return an attempt that differs from the right one in what is given."""

    def my_shuffle_with_buffer(examples, buffer, choices):
        room, used = fill(buffer, examples), 0
        waiting = list(examples[:room])
        for i, example in enumerate(examples[room:]):
            choice = choices[used if first_choices is None else first_choices(i, room)]
            chosen = place(choice, len(waiting), buffer)
            yield waiting[chosen]
            used += 1
            if come_in is None:
                waiting[chosen] = example
            else:
                come_in(waiting, chosen, example)
        for i in range(len(waiting)):
            choice = choices[used if last_choices is None else last_choices(i)]
            yield leave(waiting, place(choice, len(waiting), buffer))
            used += 1

    return my_shuffle_with_buffer


def blocks(examples, buffer, choices):
    waiting, used = [], 0
    for i, example in enumerate(examples):
        waiting.append(example)
        if len(waiting) == buffer or i == len(examples) - 1:
            while waiting:
                yield waiting.pop(int(choices[used] * len(waiting)))
                used += 1


def queue(examples, buffer, choices):
    waiting = []
    for example in examples:
        waiting.append(example)
        if len(waiting) > buffer:
            yield waiting.pop(0)
    yield from waiting


def as_a_stack(examples, buffer, choices):
    waiting = examples[:buffer]
    for example in examples[buffer:]:
        yield waiting.pop()
        waiting.append(example)
    while waiting:
        yield waiting.pop()


def rest_forgotten(examples, buffer, choices):
    waiting = examples[:buffer]
    for choice, example in zip(choices, examples[buffer:], strict=False):
        place = int(choice * len(waiting))
        yield waiting[place]
        waiting[place] = example


def rest_in_order(examples, buffer, choices):
    waiting = examples[:buffer]
    for choice, example in zip(choices, examples[buffer:], strict=False):
        place = int(choice * len(waiting))
        yield waiting[place]
        waiting[place] = example
    yield from waiting


def append_when_full(examples, buffer, choices):
    waiting, numbers = [], iter(choices)
    for example in examples:
        waiting.append(example)
        if len(waiting) == buffer:
            yield waiting.pop(int(next(numbers) * len(waiting)))
    while waiting:
        yield waiting.pop(int(next(numbers) * len(waiting)))


def append_first(examples, buffer, choices):
    waiting, numbers = [], iter(choices)
    for example in examples:
        waiting.append(example)
        if len(waiting) > buffer:
            yield waiting.pop(int(next(numbers) * len(waiting)))
    while waiting:
        yield waiting.pop(int(next(numbers) * len(waiting)))


def append_behind(waiting, place, example):
    del waiting[place]
    waiting.append(example)


def oldest_out(waiting, place, example):
    del waiting[0]
    waiting.append(example)


def into_the_first(waiting, place, example):
    waiting[0] = example


def nothing_comes_in(waiting, place, example):
    pass


def last_into_the_gap(waiting, place):
    waiting[place], waiting[-1] = waiting[-1], waiting[place]
    return waiting.pop()


def places(examples, buffer, choices):
    waiting, numbers = examples[:buffer], iter(choices)
    for example in examples[buffer:]:
        place = int(next(numbers) * len(waiting))
        yield place
        waiting[place] = example
    while waiting:
        place = int(next(numbers) * len(waiting))
        yield place
        waiting.pop(place)


def return_in_first_loop(examples, buffer, choices):
    waiting, order = examples[:buffer], []
    for example in examples[buffer:]:
        place = int(choices[len(order)] * len(waiting))
        order.append(waiting[place])
        waiting[place] = example
        return order
    while waiting:
        order.append(waiting.pop(int(choices[len(order)] * len(waiting))))
    return order


def return_in_second_loop(examples, buffer, choices):
    waiting, order = examples[:buffer], []
    for example in examples[buffer:]:
        place = int(choices[len(order)] * len(waiting))
        order.append(waiting[place])
        waiting[place] = example
    while waiting:
        order.append(waiting.pop(int(choices[len(order)] * len(waiting))))
        return order


SHUFFLES = [
    (blocks, "You fill the buffer and empty it"),
    (queue, "They come out in the order"),
    (lambda examples, buffer, choices: list(reversed(examples)), "You hand out the examples in the opposite order."),
    (as_a_stack, "You hand out the last of those that wait"),
    (lambda examples, buffer, choices: sorted(examples), "You sort the examples."),
    (rest_forgotten, "You forget those that still wait"),
    (rest_in_order, "The last ones, which still wait"),
    (shuffle(come_in=append_behind), "That shuffles as well, but you move the others up"),
    (append_when_full, "That shuffles as well, but you move the others up"),
    (shuffle(leave=last_into_the_gap), "That shuffles as well, but at the end"),
    (shuffle(come_in=oldest_out), "You hand out one example, and take another one out"),
    (shuffle(come_in=into_the_first), "You put the next example into the first place"),
    (shuffle(come_in=nothing_comes_in), "The next examples never go into the buffer"),
    (shuffle(leave=left_in), "At the end you do not take out"),
    (append_first, "You put the next example in before"),
    (shuffle(fill=lambda buffer, examples: buffer + 1), "In your buffer there is one example too many."),
    (shuffle(fill=lambda buffer, examples: buffer - 1), "Your buffer is one short."),
    (shuffle(fill=lambda buffer, examples: len(examples)), "You choose among all examples."),
    (shuffle(place=lambda choice, many, buffer: int(choice * buffer)), "You always multiply by buffer."),
    (shuffle(place=lambda choice, many, buffer: int(choice * (many - 1))), "You multiply by one less"),
    (shuffle(place=lambda choice, many, buffer: round(choice * (many - 1))), "You round to the nearest place"),
    (shuffle(place=lambda choice, many, buffer: many - 1 - int(choice * many)), "You count the places from the end."),
    (shuffle(first_choices=lambda i, room: 0, last_choices=lambda i: 0), "You take the first choice each time."),
    (shuffle(last_choices=lambda i: i), "For the last ones you begin with the first choice again."),
    (shuffle(first_choices=lambda i, room: i + room, last_choices=lambda i: i), "You take the choice with the number"),
    (places, "You hand out the places."),
    (return_in_first_loop, "You stop at the first example for which"),
    (return_in_second_loop, "You stop at the first of those that are left."),
]


def who(name):
    return name.split("_")[0]


def shared(part):
    return lambda train, validation: sorted({part(name) for name in train} & {part(name) for name in validation})


def looked_up(train, validation):
    found = []
    for name in validation:
        if who(name) in [who(other) for other in train]:
            found.append(who(name))
    return found


def looked_up_in_validation(train, validation):
    return [who(name) for name in train if who(name) in [who(other) for other in validation]]


def pair_by_pair(train, validation):
    return sorted(who(a) for a in train for b in validation if who(a) == who(b))


def names_in(part):
    return lambda train, validation: sorted(
        name for name in part(train, validation) if who(name) in leaked_patients(train, validation)
    )


def once(patients):
    return list(dict.fromkeys(patients))


def stops_at_the_first(train, validation):
    for patient in leaked_patients(train, validation):
        return [patient]
    return []


def place_by_place(train, validation):
    return sorted({who(a) for a, b in zip(train, validation, strict=False) if who(a) == who(b)})


def never(train, validation):
    leaked = []
    for name in train:
        if name in [who(other) for other in validation]:
            leaked.append(name)
    return leaked


LEAKS = [
    (lambda train, validation: sorted(name for name in train if name in validation), "You compare whole names."),
    (shared(lambda name: name.removesuffix(".png")), "You compare the names without their ending"),
    (
        lambda train, validation: sorted({who(name) for name in train if name in validation}),
        "You find only patients of whom the very same",
    ),
    (names_in(lambda train, validation: validation), "You return the pictures of the validation that leak."),
    (names_in(lambda train, validation: train), "You return the pictures of the training that leak."),
    (names_in(lambda train, validation: {*train, *validation}), "You return the pictures that leak, of both parts."),
    (lambda train, validation: sorted({who(name) for name in [*train, *validation]}), "You return all patients"),
    (
        lambda train, validation: sorted({who(a) for a in train if who(a) not in map(who, validation)}),
        "You return the patients of the training alone.",
    ),
    (
        lambda train, validation: sorted({who(a) for a in validation if who(a) not in map(who, train)}),
        "You return the patients of the validation alone.",
    ),
    (lambda train, validation: sorted(set(map(who, train)) ^ set(map(who, validation))), "You return the patients of one part"),
    (lambda train, validation: len(set(looked_up(train, validation))), "You return how many patients leak."),
    (lambda train, validation: any(who(a) == who(b) for a in train for b in validation), "You return whether there is a leak."),
    (
        lambda train, validation: once(looked_up_in_validation(train, validation)),
        "The patients are right, but in the order of the t",
    ),
    (lambda train, validation: once(looked_up(train, validation)), "The patients are right, but in the order of the v"),
    (lambda train, validation: leaked_patients(train, validation)[::-1], "The patients are right, but sorted from the last"),
    (
        lambda train, validation: sorted(looked_up(train, validation)),
        "A patient with several pictures in the validation comes several times. Name",
    ),
    (
        lambda train, validation: sorted(looked_up_in_validation(train, validation)),
        "A patient with several pictures in the training comes several times. Name",
    ),
    (looked_up, "A patient with several pictures in the validation comes several times, and"),
    (looked_up_in_validation, "A patient with several pictures in the training comes several times, and"),
    (pair_by_pair, "A patient comes once for every pair"),
    (shared(lambda name: name[0:3]), "You take the first three characters"),
    (shared(lambda name: name[0:2]), "You take the first two characters"),
    (
        lambda train, validation: sorted({who(a) for a in train for b in validation if b.startswith(who(a))}),
        "You look for the patient of the training somewhere",
    ),
    (
        lambda train, validation: sorted({who(b) for b in validation if who(b) in " ".join(train)}),
        "You look for the patient of the validation somewhere",
    ),
    (shared(lambda name: name[: name.rindex("_")]), "You cut at the last `_`."),
    (shared(lambda name: name.split("_")[1]), "You take what stands behind the first `_`"),
    (shared(lambda name: "left" if "left" in name else "right"), "You compare the eyes"),
    (shared(lambda name: name[1 : name.index("_")]), "The patients are right, but without their p."),
    (shared(lambda name: int(name[1 : name.index("_")])), "You return numbers."),
    (place_by_place, "You compare the first with the first"),
    (stops_at_the_first, "You stop at the first patient."),
    (lambda train, validation: ", ".join(leaked_patients(train, validation)), "The patients are right, but joined"),
    (never, "With you nobody ever leaks."),
]

ATTEMPTS = [
    *((lesson.batch_generator, *pair) for pair in BATCHES),
    *((lesson.shuffle_with_buffer, *pair) for pair in SHUFFLES),
    *((lesson.leaked_patients, *pair) for pair in LEAKS),
]


@pytest.mark.parametrize(("exercise", "attempt", "sentence"), ATTEMPTS)
def test_a_mistake_as_learners_write_it_is_named(exercise, attempt, sentence):
    result = exercise.judge(attempt)
    assert result.state == "wrong" and result.mistake is not None, result.text
    assert result.mistake.sentence.startswith(sentence)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_every_known_mistake_is_among_those_attempts(exercise):
    named = {sentence for other, _, sentence in ATTEMPTS if other is exercise}
    assert len(named) == len(exercise.mistakes)
    for mistake in exercise.mistakes:
        assert sum(mistake.sentence.startswith(sentence) for sentence in named) == 1


def at_random(examples, buffer, choices):
    order = list(examples)
    random.Random(1).shuffle(order)
    return order


@pytest.mark.parametrize(
    ("exercise", "attempt"),
    [
        (lesson.batch_generator, cut(lambda i, n, b: (i, i + b - 2))),
        (lesson.batch_generator, cut(lambda i, n, b: (i + 1, i + 1 + b))),
        (lesson.batch_generator, lambda x, y, batch_size: batches(x, y, batch_size, np.random.default_rng(0))),
        (lesson.batch_generator, pairs(lambda x, y, start, stop: (x[start:stop], y[start:stop], start))),
        (lesson.batch_generator, pairs(lambda x, y, start, stop: (x[start:stop] / 255, y[start:stop]))),
        (lesson.batch_generator, pairs(lambda x, y, start, stop: (list(x[start:stop]), y[start:stop]))),
        (lesson.batch_generator, pairs(lambda x, y, start, stop: (x[start:stop], y[start:stop].tolist()))),
        (lesson.batch_generator, lambda x, y, batch_size: 1 / 0),
        (lesson.shuffle_with_buffer, at_random),
        (lesson.shuffle_with_buffer, shuffle(come_in=lambda waiting, place, example: waiting.append(example))),
        (lesson.shuffle_with_buffer, lambda examples, buffer, choices: []),
        (lesson.shuffle_with_buffer, lambda examples, buffer, choices: choices),
        (lesson.leaked_patients, lambda train, validation: ["p01"]),
        (lesson.leaked_patients, shared(lambda name: name[:4])),
        (lesson.leaked_patients, lambda train, validation: train.patients),
    ],
)
def test_a_wrong_attempt_that_is_none_of_them_is_not_named(exercise, attempt):
    result = exercise.judge(attempt)
    assert (result.state, result.mistake) == ("wrong", None)


# The predictions.


def reason(prediction):
    return prediction.commit(prediction.answer())


def listed(numbers, form=".2f"):
    return ", ".join(f"{number:{form}}" for number in numbers)


def test_the_second_epoch_of_a_generator_sees_nothing():
    assert lesson.generator_twice.answer() == "none, and no error is shown"
    found = lesson._generator_twice()[1]
    assert found == {"once": [50, 0], "anew": [50, 50], "class": [50, 50], "list": [50, 50]}
    text = reason(lesson.generator_twice)
    assert "Batches in each epoch: 50, 0." in text and text.count("(50, 50)") == 3
    gen, seen = batches(np.zeros(1000), np.zeros(1000), 20), []
    for epoch in range(2):
        for _ in gen:
            seen.append(epoch)
    assert seen == [0] * 50


class Stubborn:
    """An iterator that stops with an error where it is asked for more after its end."""

    def __init__(self, items):
        self.items, self.ended = list(items), False

    def __iter__(self):
        if self.ended:
            raise RuntimeError("used up")
        yield from self.items
        self.ended = True


@pytest.mark.parametrize(
    ("kind", "option"),
    [(list, lesson.ALL_AGAIN), (iter, lesson.NONE), (Stubborn, lesson.ERROR)],
)
def test_another_kind_of_object_would_be_another_answer(monkeypatch, kind, option):
    monkeypatch.setattr(lesson, "batches", lambda *arguments: kind(batches(*arguments)))
    assert lesson._generator_twice()[0] == option


@pytest.mark.parametrize(
    ("counts", "option"),
    [([50, 1], lesson.LAST), ([50, 25], None), ([49, 0], None), (["TypeError"], None)],
)
def test_what_the_second_epoch_sees_is_named_only_where_it_is_an_option(counts, option):
    found = lesson._which_second(counts)
    assert found == option if option else found not in lesson.generator_twice.options


def by_the_clock(loading, training, workers, ahead):
    """Return the milliseconds, counted one by one: who is free takes the next, whoever's is ready is trained on."""
    begun, done, taken, time, training_ends = 0, {}, 0, 0, 0
    busy = [None] * workers
    while taken < len(loading) or training_ends > time:
        busy = [None if work is not None and done[work] <= time else work for work in busy]
        if training_ends <= time and taken < begun and done[taken] <= time:
            taken, training_ends = taken + 1, time + training
        for worker in range(workers):
            if busy[worker] is None and begun < len(loading) and begun - taken < ahead:
                busy[worker], done[begun] = begun, time + loading[begun]
                begun += 1
        time += 1
    return training_ends


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(1, 9), st.integers(1, 3), st.integers(1, 4))
def test_the_simulation_is_what_the_clock_says(loading, training, workers, ahead):
    ahead = max(ahead, workers)
    simulated = lesson._seconds([float(ms) for ms in loading], float(training), workers, ahead)
    assert 1000 * simulated == pytest.approx(by_the_clock(loading, training, workers, ahead))


def test_without_a_worker_each_waits_for_the_other():
    assert lesson._seconds([40.0, 20.0], 30.0, 0) == pytest.approx(0.12)


def test_with_two_workers_the_training_is_the_bottleneck():
    assert lesson.double_workers.answer() == "about 3.0 s"
    found, text = lesson._double_workers()[1], reason(lesson.double_workers)
    assert found["workers"] == pytest.approx([7.0, 4.03, 3.04, 3.04])
    assert "about 4.0 s" in lesson.double_workers.question and abs(found["workers"][1] - 4.0) < 0.05
    assert len(found["uneven"]) == 3 and all(lesson._which_time(seconds) == lesson.THREE for seconds in found["uneven"])
    assert min(found["uneven"]) >= 3.0 and len(set(found["uneven"])) == 3
    one, two = found["quick"]
    assert 1.9 < one / two < 2.1
    for name in ("workers", "uneven", "quick"):
        assert f"{listed(found[name])} s" in text


@pytest.mark.parametrize(
    ("loading", "training", "option"),
    [(40, 10, lesson.HALF), (40, 25, lesson.BETWEEN), (40, 40, lesson.NOT_FASTER), (40, 60, None)],
)
def test_other_times_would_be_another_answer(monkeypatch, loading, training, option):
    monkeypatch.setattr(lesson, "LOADING", loading)
    monkeypatch.setattr(lesson, "TRAINING", training)
    found = lesson._double_workers()[0]
    assert found == option if option else found not in lesson.double_workers.options


def classes_by_hand(buffer, rng):
    """Return how many classes a batch of 20 holds on average, with Python's own random numbers."""
    data = [i // 100 for i in range(1000)]
    waiting, order = data[:buffer], []
    for label in data[buffer:]:
        place = rng.randrange(buffer)
        order.append(waiting[place])
        waiting[place] = label
    rng.shuffle(waiting)
    order += waiting
    return sum(len(set(order[i : i + 20])) for i in range(0, 1000, 20)) / 50


def test_a_small_buffer_mixes_few_classes():
    assert lesson.small_buffer.answer() == "2 or 3"
    found, text = lesson._small_buffer()[1], reason(lesson.small_buffer)
    for buffer in (50, 200, 1000):
        by_hand = np.mean([classes_by_hand(buffer, random.Random(seed)) for seed in range(20)])
        assert np.mean(found[buffer]) == pytest.approx(by_hand, abs=0.25)
    assert found[1] == [1, 1, 1]
    chance = 10 * (1 - 0.9**20)  # classes among 20 drawn at random
    assert np.mean(found[1000]) == pytest.approx(chance, abs=0.25)
    assert np.mean(found["mixed before"]) == pytest.approx(chance, abs=0.25)
    for means in found.values():
        assert len(means) == 3 and listed(means) in text


def test_nothing_comes_out_before_it_is_read():
    order = list(shuffled(range(1000), lesson.BUFFER, np.random.default_rng(0)))
    assert all(example < i + lesson.BUFFER for i, example in enumerate(order))


@pytest.mark.parametrize(("buffer", "option"), [(1, None), (200, "about 5: half of them"), (900, "about 9: nearly all")])
def test_another_buffer_would_be_another_answer(monkeypatch, buffer, option):
    monkeypatch.setattr(lesson, "BUFFER", buffer)
    found = lesson._small_buffer()[0]
    assert found == option if option else found not in lesson.small_buffer.options


@pytest.mark.parametrize("means", [[2.5, 2.5, 5.0], [3.7, 3.7, 3.7], [1.0, 1.0, 1.0], [10.0, 10.0, 10.0]])
def test_every_seed_decides_how_many_classes(means):
    assert lesson._which_classes(means) not in lesson.small_buffer.options
