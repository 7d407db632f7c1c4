"""Recorded trainings of the lesson on generators: what a small shuffle buffer does to a network when the file is sorted.

Run with: python -m helpers.recordings.generators
"""

import numpy as np

from helpers.datasets import mnist_split
from helpers.recordings.recording import record
from helpers.scratch.dense import Dense
from helpers.scratch.generators import batched, shuffled
from helpers.scratch.optimizers import SGD
from helpers.scratch.sequential import Sequential

BUFFERS, RATES, FIXED = (1, 10, 100, 350, 1000, 3500), (0.01, 0.03, 0.1, 0.3), 0.1
BATCH, PASSES, VALIDATION = 32, 3, 500
MIXED = "mixed once, buffer 1"  # the control: the file itself was mixed before the first pass
PIECES, PIECE = "pieces in random order, buffer 350", 35  # the file stays sorted, but is read in another order
WAYS = (*(f"buffer {size}" for size in BUFFERS), MIXED, PIECES)


def train_buffer(seed):
    """Train 784-32-10 on 3,500 digits sorted by class, streamed through shuffle buffers; return the shares read rightly.

    For each of WAYS: "<way>: test" and "<way>: validation" (rates, passes), the shares of 1,000 and 500 mixed digits that are
    right after each pass; "<way>: chosen", the place in RATES of the rate that is best on the validation digits after the last
    pass; "<way>: answers" (10,), how many of the test digits are called 0 to 9 after the last pass at the rate FIXED;
    "<way>: classes", the mean number of different classes in a batch of the first pass. Also RATES, FIXED, PIECE and BATCH as
    "rates", "fixed rate", "piece" and "batch size". All ways begin with the same weights and make as many updates.
    """
    x, y, x_test, y_test = mnist_split(seed, flat=True)
    x, y, x_validation, y_validation = x[:-VALIDATION], y[:-VALIDATION], x[-VALIDATION:], y[-VALIDATION:]
    found = {"rates": RATES, "fixed rate": FIXED, "piece": PIECE, "batch size": BATCH}
    for way in WAYS:
        runs = [train(seed, x, y, way, rate, ((x_test, y_test), (x_validation, y_validation))) for rate in RATES]
        shares = np.array([shares for shares, _, _ in runs])  # (rates, passes, 2)
        answers = runs[RATES.index(FIXED)][1].predict(x_test).argmax(axis=1)
        found |= {f"{way}: test": shares[..., 0], f"{way}: validation": shares[..., 1]}
        found |= {f"{way}: chosen": shares[:, -1, 1].argmax(), f"{way}: answers": np.bincount(answers, minlength=10)}
        found[f"{way}: classes"] = runs[0][2]
    return found


def train(seed, x, y, way, rate, judges):
    """Return the shares (passes, judges) that are right after each pass, the network, and the mean of classes in a batch.

    `judges` are pairs of pictures and their classes.
    """
    model, truth = network(seed), np.eye(10, dtype=np.float32)
    model.compile(SGD(rate), "categorical_crossentropy")
    model._lay_end_to_end()
    rng, classes, shares = np.random.default_rng(seed), [], []
    buffer = 1 if way == MIXED else int(way.split()[-1])
    # The training digits of mnist_split are in random order.
    file = np.arange(len(y)) if way == MIXED else np.argsort(y, kind="stable")
    for number in range(PASSES):
        order = file
        if way == PIECES:
            order = rng.permutation(file.reshape(-1, PIECE)).ravel()
        examples = ((x[place], y[place]) for place in order)
        for pictures, digits in batched(shuffled(examples, buffer, rng), BATCH):
            model._train_on_batch(pictures, truth[digits])
            if number == 0:
                classes.append(len(set(digits.tolist())))
        shares.append([np.mean(model.predict(pictures).argmax(axis=1) == digits) for pictures, digits in judges])
    return np.array(shares), model, np.mean(classes)


def network(seed):
    """Return 784 inputs, 32 ReLUs and ten outputs, in float32; the first weights are those of this seed."""
    model = Sequential([Dense(32, "relu"), Dense(10, "softmax")], rng=np.random.default_rng(seed))
    model.build((None, 784))
    for layer in model.layers:
        layer.weights = {name: array.astype(np.float32) for name, array in layer.weights.items()}
    return model


if __name__ == "__main__":
    record("generators_buffer", train_buffer)
