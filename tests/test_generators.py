"""Generators from scratch: what comes out, in which order, how much is read in advance, and what a thread leaves behind."""

import subprocess
import sys
import threading
import time
import traceback
import tracemalloc
from collections import Counter
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from helpers.scratch.dense import Dense
from helpers.scratch.dropout import Dropout
from helpers.scratch.generators import batched, batches, chunks, prefetch, shuffled
from helpers.scratch.optimizers import Adam
from helpers.scratch.sequential import Sequential

ROOT = Path(__file__).resolve().parent.parent
SIZES = st.integers(1, 40)
SEEDS = st.integers(0, 2**32 - 1)
AHEAD = [0, 1, 2, 5]


def generator(seed=0):
    return np.random.default_rng(seed)


def examples(count, dtype="float64"):
    """Return x (count, 3) and y (count, 2), in which every number tells the example."""
    x = np.arange(count)[:, None] + np.array([0, 0.25, 0.5])
    return x.astype(dtype), (x[:, :2] + 100).astype(dtype)


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "prefetch"]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    assert threads() == []
    yield
    assert threads() == []


# Batches.


@given(SIZES, SIZES, st.none() | SEEDS)
def test_batches_show_every_example_once(count, batch_size, seed):
    x, y = examples(count)
    pairs = list(batches(x, y, batch_size, None if seed is None else generator(seed)))
    whole, rest = divmod(count, batch_size)
    assert [len(part) for part, _ in pairs] == [batch_size] * whole + [rest] * (rest > 0)
    seen, targets = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    order = np.arange(count) if seed is None else generator(seed).permutation(count)
    assert_array_equal(seen, x[order])
    assert_array_equal(targets, y[order])


@given(SIZES, SIZES, SEEDS)
def test_batches_draw_their_order_at_the_call(count, batch_size, seed):
    """So a thread that prepares the batches draws nothing from the generator that the model uses meanwhile."""
    rng, other = generator(seed), generator(seed)
    pairs = batches(*examples(count), batch_size, rng)
    other.permutation(count)
    assert rng.bit_generator.state == other.bit_generator.state
    list(pairs)
    assert rng.bit_generator.state == other.bit_generator.state


def network(seed, dtype):
    """Return a model whose generator also drops neurons out: so one number too many, drawn anywhere, changes the weights."""
    model = Sequential([Dense(6, "tanh"), Dropout(0.25), Dense(2)], rng=generator(seed))
    model.build((None, 3))
    for layer in model.layers:
        layer.weights = {name: array.astype(dtype) for name, array in layer.weights.items()}
    model.compile(Adam(0.01))
    return model


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("batch_size", [1, 8, 50, 64])
@pytest.mark.parametrize("ahead", [0, 2])
def test_training_on_batches_from_disk_gives_the_weights_of_fit(tmp_path, dtype, shuffle, batch_size, ahead):
    x, y = (part / 50 for part in examples(50, dtype))
    ours, fitted = network(3, dtype), network(3, dtype)
    fitted.fit(x, y, epochs=3, batch_size=batch_size, shuffle=shuffle)
    np.save(tmp_path / "x.npy", x)
    on_disk = np.load(tmp_path / "x.npy", mmap_mode="r")
    before = ours.get_weights()
    ours._lay_end_to_end()
    for _ in range(3):
        for part in prefetch(batches(on_disk, y, batch_size, ours.rng if shuffle else None), ahead):
            ours._train_on_batch(*part)
    for start, mine, other in zip(before, ours.get_weights(), fitted.get_weights(), strict=True):
        assert_array_equal(mine, other)
        assert mine.dtype == dtype and not np.array_equal(mine, start)


def test_the_comparison_with_fit_sees_another_order():
    x, y = (part / 50 for part in examples(50))
    ours, fitted = network(3, "float64"), network(3, "float64")
    fitted.fit(x, y, epochs=1, batch_size=8)
    ours._lay_end_to_end()
    for part in batches(x, y, 8):
        ours._train_on_batch(*part)
    assert not np.array_equal(ours.get_weights()[0], fitted.get_weights()[0])


@pytest.mark.parametrize("rng", [None, generator()])
def test_batches_are_copies(rng):
    x, y = examples(5)
    for part in batches(x, y, 2, rng):
        for array in part:
            array[...] = -1
    assert_array_equal(x, examples(5)[0])
    assert_array_equal(y, examples(5)[1])


# Chunks.


@given(st.integers(0, 40), SIZES)
def test_chunks_show_every_row_once_and_in_order(count, size):
    array = examples(count)[0]
    pieces = list(chunks(array, size))
    assert [len(piece) for piece in pieces] == [min(size, count - start) for start in range(0, count, size)]
    assert_array_equal(np.concatenate([array[:0], *pieces]), array)


def test_chunks_are_copies():
    array = np.arange(10)
    for piece in chunks(array, 4):
        piece[...] = -1
    assert_array_equal(array, np.arange(10))


def test_a_file_is_read_in_chunks_without_loading_it_whole(tmp_path):
    rows, size = 5000, 100
    whole = generator().random((rows, 500), np.float32)
    np.save(tmp_path / "x.npy", whole)
    total, expected, megabytes = whole.sum(axis=0, dtype=float), whole.shape, whole.nbytes / 1e6
    assert megabytes >= 10

    def peak(read):
        tracemalloc.start()
        try:
            return read(), tracemalloc.get_traced_memory()[1] / 1e6
        finally:
            tracemalloc.stop()

    def in_chunks():
        on_disk, found, seen = np.load(tmp_path / "x.npy", mmap_mode="r"), 0, 0
        for piece in chunks(on_disk, size):
            assert type(piece) is np.ndarray and piece.dtype == np.float32  # a copy in memory, no view of the file
            found, seen = found + piece.sum(axis=0, dtype=float), seen + len(piece)
        return found, (seen, piece.shape[1])

    (found, shape), memory = peak(in_chunks)
    _, at_once = peak(lambda: np.load(tmp_path / "x.npy"))
    assert shape == expected
    np.testing.assert_allclose(found, total)
    assert at_once >= megabytes
    assert memory < 5 * megabytes * size / rows  # of the 50 chunks: one, the next, and what the sums take


def test_only_the_slice_that_is_asked_for_is_read():
    class Disk:
        read = []

        def __len__(self):
            return 10

        def __getitem__(self, part):
            self.read.append((part.start, part.stop))
            return np.arange(10)[part]

    pieces = chunks(Disk(), 4)
    assert Disk.read == []
    assert_array_equal(next(pieces), [0, 1, 2, 3])
    assert Disk.read == [(0, 4)]
    assert [piece.tolist() for piece in pieces] == [[4, 5, 6, 7], [8, 9]]


# Shuffled.


@given(st.integers(0, 60), SIZES, SEEDS)
def test_shuffled_shows_every_example_once_and_none_too_early(count, buffer, seed):
    out = list(shuffled(range(count), buffer, generator(seed)))
    assert sorted(out) == list(range(count))
    assert all(example <= place + buffer - 1 for place, example in enumerate(out))
    assert out == list(shuffled(iter(range(count)), buffer, generator(seed)))


@given(st.integers(0, 60), SEEDS)
def test_a_buffer_of_1_keeps_the_order(count, seed):
    assert list(shuffled(range(count), 1, generator(seed))) == list(range(count))


@pytest.mark.parametrize("buffer", [4, 5, 100])
def test_a_buffer_for_all_makes_every_order_equally_likely(buffer):
    rng, draws = generator(), 4800
    found = Counter(tuple(shuffled(range(4), buffer, rng)) for _ in range(draws))
    assert len(found) == 24
    spread = np.sqrt(draws / 24)  # one standard deviation of each count, nearly
    assert max(abs(times - draws / 24) for times in found.values()) < 5 * spread


def test_other_seeds_give_other_orders():
    orders = {tuple(shuffled(range(20), 5, generator(seed))) for seed in range(50)}
    assert len(orders) == 50


def test_the_places_are_as_likely_as_those_of_tf_data():
    """The random numbers differ, so that only shares can be compared: where each of six examples comes out, buffer 3."""
    count, buffer, draws = 6, 3, 2000
    rng, passes = generator(), tf.data.Dataset.range(count).shuffle(buffer, seed=0).repeat(draws)
    theirs = np.array([*passes.batch(count * draws).as_numpy_iterator()]).reshape(draws, count)
    ours = np.array([list(shuffled(range(count), buffer, rng)) for _ in range(draws)])
    shares = [np.stack([(out == example).mean(axis=0) for example in range(count)]) for out in (ours, theirs)]
    assert_array_equal(shares[0] == 0, shares[1] == 0)  # what can never come
    error = np.sqrt(2 * 0.25 / draws)  # at most, one standard deviation of a difference
    np.testing.assert_allclose(shares[0], shares[1], atol=5 * error)
    assert shares[0][-1, -1] > 1 / count + 5 * error  # a small buffer is no permutation


@given(SIZES, st.integers(1, 20), SEEDS)
def test_shuffled_reads_no_further_than_its_buffer_and_one(taken, buffer, seed):
    read = count()
    list(islice(shuffled(read, buffer, generator(seed)), taken))
    assert next(read) == taken + buffer


# Batched.


@given(st.integers(0, 40), SIZES)
def test_batched_stacks_every_example_once(count, batch_size):
    x, y = examples(count)
    pairs = list(batched(zip(x, y, strict=True), batch_size))
    expected = list(batches(x, y, batch_size)) if count else []
    assert len(pairs) == len(expected)
    for mine, other in zip(pairs, expected, strict=True):
        assert_array_equal(mine[0], other[0])
        assert_array_equal(mine[1], other[1])


def test_batched_reads_one_batch_at_a_time():
    read = count()
    assert next(batched(((place, -place) for place in read), 3))[1].tolist() == [0, -1, -2]
    assert next(read) == 3


@pytest.mark.parametrize("example", [3, (1, 2, 3), (1,), np.zeros(2), "ab"])
def test_batched_needs_pairs(example):
    with pytest.raises(ValueError, match="examples: expected pairs"):
        next(batched([(1, 2), example], 2))


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_the_dtype_stays(dtype):
    x, y = examples(7, dtype)
    rng = generator()
    for part in [
        *batches(x, y, 3, rng),
        *batched(shuffled(zip(x, y, strict=True), 3, rng), 3),
        *batched(((row, row[0]) for row in x), 3),
        *zip(chunks(x, 3), chunks(y, 3), strict=True),
    ]:
        assert [array.dtype for array in part] == [dtype, dtype]


# Prefetch.


def soon(condition):
    """Return whether the condition comes true within a second."""
    end = time.perf_counter() + 1
    while not condition() and time.perf_counter() < end:
        time.sleep(0.001)
    return condition()


class Source:
    """Counts which items were begun, in which thread, and whether the generator was closed."""

    def __init__(self, length=10**9, seconds=0.0):
        self.begun, self.closed, self.thread = 0, False, None
        self.items = self._items(length, seconds)

    def _items(self, length, seconds):
        try:
            for item in range(length):
                self.begun, self.thread = item + 1, threading.current_thread()
                time.sleep(seconds)
                yield item
        finally:
            self.closed = True


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("length", [0, 1, 4, 200])
def test_prefetch_keeps_the_items_and_their_order(length, ahead):
    source = Source(length)
    assert list(prefetch(source.items, ahead)) == list(range(length))
    assert source.closed
    assert (source.thread in (None, threading.current_thread())) == (ahead == 0 or length == 0)
    items = [None, (), (None, None), 0, np.zeros(3)]  # nothing that an item may be ends the loop or is taken for an error
    assert [item is other for item, other in zip(prefetch(items, ahead), items, strict=True)] == [True] * 5


@pytest.mark.parametrize("ahead", AHEAD)
def test_ahead_bounds_how_many_items_are_prepared(ahead):
    source = Source()
    items = prefetch(source.items, ahead)
    time.sleep(0.02)
    assert (source.begun, threads()) == (0, [])  # nothing happens before the first item is asked for
    for taken in range(1, 6):
        next(items)
        assert soon(lambda: source.begun == taken + ahead)  # noqa: B023
        time.sleep(0.01)  # time for one too many
        assert source.begun == taken + ahead
        assert len(threads()) == (ahead > 0)
    items.close()


def broken(error, good):
    yield from range(good)
    raise error


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("good", [0, 1, 7])
@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt, SystemExit])
def test_an_error_reaches_the_loop_with_its_traceback(ahead, good, kind):
    error, seen = kind("the disk is gone"), []
    with pytest.raises(kind) as problem:
        for item in prefetch(broken(error, good), ahead):
            seen.append(item)
    assert problem.value is error
    assert seen == list(range(good))
    assert "broken" in [frame.name for frame in traceback.extract_tb(problem.value.__traceback__)]


def leave_by_break(items):
    for item in items:
        if item == 3:
            break
    return item


def leave_by_close(items):
    last = list(islice(items, 4))[-1]
    items.close()
    return last


def leave_by_error(items):
    with pytest.raises(ZeroDivisionError):
        items.throw(ZeroDivisionError()) if list(islice(items, 4)) else None
    return 3


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("seconds", [0, 0.02])
@pytest.mark.parametrize("leave", [leave_by_break, leave_by_close, leave_by_error])
def test_leaving_early_ends_the_thread_and_closes_the_source(leave, seconds, ahead):
    source = Source(seconds=seconds)
    start = time.perf_counter()
    assert leave(prefetch(source.items, ahead)) == 3
    assert time.perf_counter() - start < 1
    assert (source.closed, threads()) == (True, [])
    assert 4 <= source.begun <= 4 + ahead


def test_a_source_without_close_can_be_left_too():
    items = prefetch(map(abs, count()), 2)
    assert list(islice(items, 3)) == [0, 1, 2]
    items.close()


def test_a_slow_source_holds_nobody_up_for_more_than_a_second():
    at_work, go_on = threading.Event(), threading.Event()

    def slow():
        yield 0
        at_work.set()
        go_on.wait(30)
        yield 1

    items = prefetch(slow(), 1)
    next(items)
    assert at_work.wait(10)
    start = time.perf_counter()
    items.close()
    assert 0.9 < time.perf_counter() - start < 3
    go_on.set()
    assert soon(lambda: not threads())


def test_python_ends_while_a_loop_stands_still():
    use = "items = prefetch(count(), 2); print(next(items))"
    code = f"from itertools import count; from helpers.scratch.generators import prefetch; {use}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


def test_preparing_and_using_overlap():
    """Ten items, 0.02 s to prepare and 0.02 s to use: one after the other at least 0.4 s, side by side about 0.22 s."""

    def seconds(ahead):
        start = time.perf_counter()
        for _ in prefetch(Source(10, 0.02).items, ahead):
            time.sleep(0.02)
        return time.perf_counter() - start

    assert seconds(0) >= 0.4
    assert min(seconds(1) for _ in range(3)) < 0.35  # the best of three, on a computer that has other things to do


# All of them together, and bad input.


@given(st.integers(1, 40), SIZES, SIZES, SIZES, SEEDS)
def test_a_whole_pipeline_shows_every_example_once(count, size, buffer, batch_size, seed):
    x, y = examples(count)
    rows = (row for piece in zip(chunks(x, size), chunks(y, size), strict=True) for row in zip(*piece, strict=True))
    pairs = list(prefetch(batched(shuffled(rows, buffer, generator(seed)), batch_size), 2))
    seen, targets = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    assert_array_equal(targets, seen[:, :2] + 100)
    assert_array_equal(seen[np.argsort(seen[:, 0])], x)


X, Y = examples(4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: batches(X, Y, 0), "batch_size: expected a whole number of at least 1, got 0"),
        (lambda: batches(X, Y, 2.5), "batch_size: expected a whole number of at least 1, got 2.5"),
        (lambda: batches(X[:0], Y[:0], 2), "x: expected at least one example, and the shape (examples, ...), got shape (0, 3)"),
        (lambda: batches(3, Y, 2), "x: expected at least one example, and the shape (examples, ...), got shape ()"),
        (lambda: batches(X, Y[:3], 2), "y: expected one target for each of the 4 examples of x, got shape (3, 2)"),
        (lambda: batches(X, 3, 2), "y: expected one target for each of the 4 examples of x, got shape ()"),
        (lambda: batches(X, Y, 2, 7), "rng: expected a numpy Generator, such as np.random.default_rng(0), got 7"),
        (lambda: chunks(X, 0), "size: expected a whole number of at least 1, got 0"),
        (lambda: chunks(iter(X), 2), "array: expected something with a length and slices, got iterator"),
        (lambda: shuffled(X, 0, generator()), "buffer: expected a whole number of at least 1, got 0"),
        (lambda: shuffled(5, 2, generator()), "examples: expected something that a loop can go through, got int"),
        (lambda: shuffled(X, 2, None), "rng: expected a numpy Generator, such as np.random.default_rng(0), got None"),
        (lambda: batched(5, 2), "examples: expected something that a loop can go through, got int"),
        (lambda: batched([], True), "batch_size: expected a whole number of at least 1, got True"),
        (lambda: prefetch(5, 2), "items: expected something that a loop can go through, got int"),
        (lambda: prefetch([], -1), "ahead: expected a whole number of at least 0, got -1"),
        (lambda: prefetch([], None), "ahead: expected a whole number of at least 0, got None"),
    ],
)
def test_bad_input_is_refused_at_the_call(call, message):
    with pytest.raises(ValueError) as problem:
        call()  # and no `next`
    assert str(problem.value) == message
