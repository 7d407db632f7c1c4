"""Recorded trainings of the lesson on LSTMs: networks whose gates never see the output h of the step before.

Run with: python -m helpers.recordings.lstm_gates_without_h
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import keras
import numpy as np
from keras import layers

from helpers.pairs import answers_to_learn
from helpers.recordings import lstm_gates_forecast as forecast
from helpers.recordings import lstm_gates_names as names
from helpers.recordings.recording import record
from helpers.recordings.rnn_types_words import perplexity


class Zero(keras.constraints.Constraint):
    """Keeps weights at 0."""

    def __call__(self, weights):
        return weights * 0


def lstm(cut):
    """Return an LSTM; where `cut`, its recurrent weights U start at 0 and stay there."""
    without = {"recurrent_initializer": "zeros", "recurrent_constraint": Zero()} if cut else {}
    return layers.LSTM(names.UNITS, return_sequences=True, **without)


def names_perplexity(seed, cut):
    """Return the perplexity per letter on names that were held out."""
    known, validation, held_out, characters = names.name_data(seed)
    set_seeds(seed)
    readout = layers.Dense(len(characters), activation="softmax")
    table = layers.Embedding(len(characters), names.NUMBERS, mask_zero=True)
    model = keras.Sequential([keras.Input((None,)), table, lstm(cut), readout])
    model.compile(keras.optimizers.Adam(names.RATE), "sparse_categorical_crossentropy")
    stop = keras.callbacks.EarlyStopping("val_loss", patience=names.PATIENCE, restore_best_weights=True)
    others = answers_to_learn(validation, characters)
    learn = answers_to_learn(known, characters)
    model.fit(*learn, 32, names.EPOCHS, validation_data=others, callbacks=[stop], verbose=0)
    return perplexity(np.concatenate(names.net_probabilities(model, held_out, characters)))


def sunspots_error(seed, cut):
    """Return the mean absolute error of the next month in the test part after reading 132 months, in deviations of training."""
    task = forecast.tasks()["sunspots"]
    series = forecast.scale_of(task.scale, task.numbers, task.validation).inputs(task.numbers)
    length = task.stretch
    x, y = forecast.stretches(series, series, range(0, task.validation - length, task.every), length, 1)
    checks = forecast.stretches(series, series, range(task.validation, task.test - length, task.every), length, 1)
    set_seeds(seed)
    model = keras.Sequential([keras.Input((None, 1)), lstm(cut), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(forecast.RATE), "mse")
    stop = keras.callbacks.EarlyStopping(patience=forecast.PATIENCE, restore_best_weights=True)
    model.fit(x, y, forecast.BATCH, task.epochs, validation_data=checks, callbacks=[stop], verbose=0)
    targets = np.arange(task.test, len(series), 4)
    read = forecast.windows_before(series, targets, length)
    return float(np.abs(model.predict_on_batch(read[..., None])[:, -1, 0] - series[targets]).mean())


def train_without_h(seed):
    """Return the figures of networks with U and without: for "names: ..." perplexities, for "sunspots: ..." errors."""
    found = {}
    for task, train in (("names", names_perplexity), ("sunspots", sunspots_error)):
        found |= {f"{task}: {what}": train(seed, cut) for what, cut in (("as usual", False), ("without h", True))}
    return found


if __name__ == "__main__":
    record("lstm_without_h", train_without_h)
