"""How long loading and training take when they overlap, measured with real threads.

A batch is loaded by sleeping: a thread that sleeps lets the others run, just as one that waits for a disk or a network does.
Training sleeps, too. Run with: python -m helpers.recordings.generators_pipeline
"""

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, product

import numpy as np

from helpers.recordings.recording import record
from helpers.scratch.generators import prefetch

BATCHES = 12
LOADS, TRAINS, WORKERS, PREFETCH = (10, 40, 80), (10, 40, 80), (1, 2, 4), (0, 1, 4)  # the first two in milliseconds
UNEVEN, UNEVEN_TRAIN = (5, 5, 90, 5, 5, 5, 160, 60, 5, 5, 130, 5), 40  # times of loading by which room for batches counts


def in_parallel(load, numbers, workers, ahead):
    """Yield load(number) for each number, in order, by so many threads: one for each and `ahead` more, loaded or in work."""
    numbers = iter(numbers)
    with ThreadPoolExecutor(workers) as pool:
        tasks = deque(pool.submit(load, number) for number in islice(numbers, workers + ahead))
        while tasks:
            batch = tasks.popleft().result()
            tasks.extend(pool.submit(load, number) for number in islice(numbers, 1))
            yield batch


def run_pipeline(loads, train, workers, ahead):
    """Load and train on BATCHES batches; return how many seconds that took. `loads` (BATCHES,) and `train` in milliseconds."""

    def read(number):
        time.sleep(loads[number] / 1000)
        return number

    start = time.perf_counter()
    if workers > 1:
        batches = in_parallel(read, range(BATCHES), workers, ahead)
    elif ahead:
        batches = prefetch(map(read, range(BATCHES)), ahead)
    else:
        batches = map(read, range(BATCHES))  # one after the other
    seen = []
    for batch in batches:
        time.sleep(train / 1000)
        seen.append(batch)
    seconds = time.perf_counter() - start
    assert seen == list(range(BATCHES)), seen
    return seconds


def measure_pipeline(seed):
    """Return "load", "train", "workers", "prefetch" and "seconds", (points,) each: every combination, measured once.

    And the same with the times of UNEVEN: "uneven workers", "uneven prefetch" and "uneven seconds". The seed is the order in
    which they are measured, so that a slow minute of the computer does not fall on one kind.
    """
    points = list(product(LOADS, TRAINS, WORKERS, PREFETCH))
    uneven = list(product(WORKERS, PREFETCH))
    runs = [((load,) * BATCHES, train, workers, ahead) for load, train, workers, ahead in points]
    runs += [(UNEVEN, UNEVEN_TRAIN, workers, ahead) for workers, ahead in uneven]
    seconds = np.zeros(len(runs))
    for place in np.random.default_rng(seed).permutation(len(runs)):
        seconds[place] = run_pipeline(*runs[place])
    names = ("load", "train", "workers", "prefetch", "uneven workers", "uneven prefetch")
    columns = zip(names, [*np.transpose(points), *np.transpose(uneven)], strict=True)
    return dict(columns) | {"seconds": seconds[: len(points)], "uneven seconds": seconds[len(points) :]}


if __name__ == "__main__":
    record("generators_pipeline", measure_pipeline)
