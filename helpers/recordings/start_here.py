"""Recorded trainings of the start page: digits, with more layers and with more data."""

import numpy as np
from sklearn.svm import SVC

from helpers.datasets import mnist_split
from helpers.recordings.recording import record
from helpers.scratch.dense import Dense
from helpers.scratch.losses import to_categorical
from helpers.scratch.sequential import Sequential

SIZES = (100, 400, 1600, 4000)


def network_score(hidden, x_train, y_train, x_test, y_test, seed, epochs=10):
    """Train a network with these hidden layers; return the share of test digits that it names rightly."""
    layers = [Dense(neurons, "relu") for neurons in hidden] + [Dense(10, "softmax")]
    model = Sequential(layers, np.random.default_rng(seed))
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, to_categorical(y_train, 10), epochs=epochs)
    return model.evaluate(x_test, to_categorical(y_test, 10))[1]


def train_layers(seed):
    """Return the accuracies of networks with 1, 2 and 4 layers on 1,000 new digits, learnt from 4,000."""
    data = mnist_split(seed=seed, flat=True)
    return {f"{len(hidden) + 1}": network_score(hidden, *data, seed) for hidden in ((), (64,), (64, 64, 64))}


def train_sizes(seed):
    """Return the accuracies of a network with 4 layers and of a support vector machine, learnt from more and more digits.

    Small data get more epochs, so that every training has about as many updates.
    """
    x, y, *test = mnist_split(seed=seed, flat=True)
    networks = [network_score((64, 64, 64), x[:n], y[:n], *test, seed, min(60, 40000 // n)) for n in SIZES]
    return {"sizes": SIZES, "network": networks, "machine": [SVC(C=10).fit(x[:n], y[:n]).score(*test) for n in SIZES]}


if __name__ == "__main__":
    record("start_here_layers", train_layers)
    record("start_here_sizes", train_sizes)
