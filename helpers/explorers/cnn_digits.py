"""What the explorers of the lesson on CNNs open where no model is given: the recorded network, and digits that it never saw."""

from functools import lru_cache

import numpy as np

from helpers.datasets import load_recorded, mnist_split
from helpers.scratch.convolution import Conv2D
from helpers.scratch.dense import Dense
from helpers.scratch.pooling import Flatten, MaxPooling2D
from helpers.scratch.sequential import Sequential

DIGITS, OF_EACH = 10, 10  # the explorers show the first ten held-out pictures of every digit


@lru_cache
def digit_network(seed=0):
    """Return the recorded CNN of the lesson as our own model: (batch, 28, 28, 1) -> shares of ten digits."""
    layers = [Conv2D(16, 3, activation="relu"), MaxPooling2D(2), Conv2D(32, 3, activation="relu"), MaxPooling2D(2)]
    model = Sequential([*layers, Flatten(), Dense(64, "relu"), Dense(DIGITS, "softmax")])
    model.build((None, 28, 28, 1))
    run = load_recorded("cnn_mnist")[seed]
    model.set_weights([run[f"weights_{place}"] for place in range(8)])
    return model


@lru_cache
def held_out_digits():
    """Return 100 pictures that the network never saw, (100, 28, 28, 1) float64, sorted by digit, and their digits (100,)."""
    _, _, x, y = mnist_split(seed=0)
    chosen = np.concatenate([np.flatnonzero(y == digit)[:OF_EACH] for digit in range(DIGITS)])
    return x[chosen][..., None].astype(float), y[chosen]


def shown(model, images, labels):
    """Return the model, the images in float64 and the labels that an explorer shows: those given, or the recorded ones."""
    if model is None:
        model = digit_network()
    if images is None:
        images, labels = held_out_digits()
    return model, np.asarray(images, float), labels


def answer_in_words(label, shares):
    """Return what the network answers, in a sentence; the label is None where nobody knows it."""
    named, share = int(np.argmax(shares)), float(np.max(shares))
    if len(shares) == 1:
        return f"The network answers {share:.2f}."
    if label is None:
        return f"The network answers {named} (share {share:.2f})."
    right = "as" if named == label else "wrongly as"
    return f"The network reads this {label} {right} {article(named)} (share {share:.2f})."


def article(digit):
    """Return a digit with its article: a 7, an 8."""
    return f"an {digit}" if digit == 8 else f"a {digit}"
