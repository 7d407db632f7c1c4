"""What every recording needs. The other files here hold trainings that are too long to run in a notebook.

`make record` runs them; `datasets.load_recorded` reads what they found.
"""

import inspect
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent.parent.parent / "datasets" / "recorded"


def record(name, train, seeds=(0, 1, 2)):
    """Run train(seed), which returns a dict of arrays, for every seed; write all of it to datasets/recorded/<name>.npz."""
    arrays = {}
    for seed in seeds:
        print(f"{name}, seed {seed}")
        arrays |= {f"{seed}/{key}": np.asarray(value) for key, value in train(seed).items()}
    FOLDER.mkdir(exist_ok=True)
    np.savez_compressed(FOLDER / f"{name}.npz", **arrays)


def in_mixed_order(n, count, rng):
    """Return which of n examples are learned from, (count,): all in mixed order, again and again."""
    return np.concatenate([rng.permutation(n) for _ in range(-(-count // n))])[:count]


def show_source(function):
    """Print the source of a function, for those who want to see how a recording was made."""
    print(inspect.getsource(function).rstrip())
