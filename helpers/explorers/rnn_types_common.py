"""What several explorers of the lesson on recurrent networks share: the recorded networks as our own layers."""

from functools import lru_cache

from helpers.datasets import load_recorded
from helpers.scratch.dense import Dense
from helpers.scratch.embedding import Embedding
from helpers.scratch.lstm import LSTM
from helpers.scratch.sequential import Sequential

OWN, ITS_CHOICE = "my own text", "its own choice"


@lru_cache
def first_run(name):
    """Return what the training with seed 0 found, a dict of arrays; only read once, for the network and for its examples."""
    return load_recorded(name)[0]


def recorded_weights(run, count, prefix=""):
    """Return the first `count` arrays of weights of a run, in float64 and in Keras's order."""
    return [run[f"{prefix}weights_{place}"].astype(float) for place in range(count)]


def word_network(arrays, activation, mask_zero=False, return_sequences=True):
    """Return a Sequential of Embedding, LSTM and Dense with these six arrays of weights."""
    model = Sequential(word_layers(arrays, activation, mask_zero, return_sequences))
    model.build((None, 1))
    model.set_weights(arrays)
    return model


def word_layers(arrays, activation, mask_zero=False, return_sequences=True):
    """Return an Embedding, an LSTM and a Dense layer, not yet built, in which these six arrays of weights fit."""
    (words, numbers), units, answers = arrays[0].shape, len(arrays[2]), len(arrays[5])
    return [
        Embedding(words, numbers, mask_zero=mask_zero),
        LSTM(units, return_sequences=return_sequences),
        Dense(answers, activation),
    ]
