"""Generators that feed a network: they hand out data batch by batch, so that not all of it has to be in memory at once."""

from itertools import islice
from queue import SimpleQueue
from threading import Event, Semaphore, Thread

import numpy as np

from helpers.scratch.checks import random_generator, whole


def batches(x, y, batch_size, rng=None):
    """Return a generator of one pass: pairs of copies (batch, ...) of x and y. The last batch may be smaller.

    `x` and `y` are arrays (examples, ...). With `rng` the examples come in a random order; it is drawn at this call, with
    rng.permutation(len(x)), as `Sequential.fit` draws it once an epoch. So with the generator in the same state the batches
    are those of `fit`, bit for bit; without rng they are those of fit(shuffle=False). But `fit` gives y the dtype of x; here
    both keep their own.
    Raises ValueError for no examples, for different numbers of x and y, and for an rng that is no numpy Generator.
    """
    x, y, batch_size = np.asarray(x), np.asarray(y), whole("batch_size", batch_size, at_least=1)
    if not x.ndim or not len(x):
        raise ValueError(f"x: expected at least one example, and the shape (examples, ...), got shape {x.shape}")
    if y.shape[:1] != x.shape[:1]:
        raise ValueError(f"y: expected one target for each of the {len(x)} examples of x, got shape {y.shape}")
    order = np.arange(len(x)) if rng is None else random_generator(rng).permutation(len(x))
    parts = (order[start : start + batch_size] for start in range(0, len(x), batch_size))
    return ((x[part], y[part]) for part in parts)


def chunks(array, size):
    """Return a generator of copies of consecutive pieces of an array on disk, (size, ...) each. The last may be smaller.

    `array` is np.load(path, mmap_mode="r"), or anything else with a length and slices: only one piece is read at a time.
    """
    size = whole("size", size, at_least=1)
    if not hasattr(array, "__len__") or not hasattr(array, "__getitem__"):
        raise ValueError(f"array: expected something with a length and slices, got {type(array).__name__}")
    return (np.array(array[start : start + size]) for start in range(0, len(array), size))


def shuffled(examples, buffer, rng):
    """Return a generator of the examples, one by one in random order; `buffer` of them wait in memory.

    As in tf.data: fill the buffer, hand out a random one, put the next in its place; at the end the rest in random order. So
    the first i examples that come out are among the first i + buffer - 1 that go in: a buffer of 1 keeps the order, and only
    one as long as the data brings every example to every place.
    """
    return _shuffled(_iterator("examples", examples), whole("buffer", buffer, at_least=1), random_generator(rng))


def _shuffled(source, buffer, rng):
    waiting = list(islice(source, buffer))
    for following in source:
        place = rng.integers(buffer)
        example, waiting[place] = waiting[place], following
        yield example
    rng.shuffle(waiting)
    yield from waiting


def batched(examples, batch_size):
    """Return a generator of pairs of arrays (batch, ...), stacked from single examples (x, y). The last may be smaller."""
    return _batched(_iterator("examples", examples), whole("batch_size", batch_size, at_least=1))


def _batched(source, batch_size):
    while batch := list(islice(source, batch_size)):
        if wrong := [example for example in batch if not isinstance(example, (tuple, list)) or len(example) != 2]:
            raise ValueError(f"examples: expected pairs (x, y), got {wrong[0]!r}")
        x, y = zip(*batch, strict=True)
        yield np.stack(x), np.stack(y)


def prefetch(items, ahead):
    """Return a generator of the same items, while a thread prepares up to `ahead` of them in advance; 0 means no thread.

    The thread starts with the first item. An exception in `items` comes up here, after the items before it. Where the loop is
    left early the thread closes `items` and ends; this waits for the item that is in work, but no longer than a second.
    """
    return _prefetched(_iterator("items", items), whole("ahead", ahead))


def _prefetched(source, ahead):
    if not ahead:
        yield from source
        return
    room, left, ready = Semaphore(ahead), Event(), SimpleQueue()

    def prepare():
        try:
            while room.acquire() and not left.is_set():
                ready.put((next(source), None))
        except StopIteration:
            ready.put(None)
        except BaseException as error:  # every kind: without an answer the loop would wait for ever
            ready.put((None, error))
        if left.is_set() and hasattr(source, "close"):
            source.close()  # here, since no other thread can close a generator that is at work

    # A daemon does not keep Python from ending while a loop stands still.
    thread = Thread(target=prepare, name="prefetch", daemon=True)
    thread.start()
    try:
        for item, error in iter(ready.get, None):  # up to None
            if error is not None:
                raise error
            room.release()
            yield item
    finally:
        left.set()
        room.release()
        thread.join(timeout=1)


def _iterator(name, items):
    if not hasattr(items, "__iter__"):
        raise ValueError(f"{name}: expected something that a loop can go through, got {type(items).__name__}")
    return iter(items)
