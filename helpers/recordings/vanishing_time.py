"""Recorded trainings of the lesson on vanishing gradients: digits read row by row, by simple RNNs and by LSTMs.

Run with: python -m helpers.recordings.vanishing_time
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import keras
import numpy as np
from keras import layers

from helpers.datasets import mnist_split
from helpers.recordings.recording import record
from helpers.recordings.vanishing_depth import BATCH, EPOCHS, OPTIMIZERS, VALIDATION, WIDTH

NETS = {  # name -> the recurrent layer; a rotation times a factor keeps this share of the state's length in each of 28 steps
    "simple RNN, U half a rotation": lambda: layers.SimpleRNN(WIDTH, recurrent_initializer=keras.initializers.Orthogonal(0.5)),
    "simple RNN, U a rotation": lambda: layers.SimpleRNN(WIDTH),
    "simple RNN, U a rotation, 140 units": lambda: layers.SimpleRNN(140),  # as many weights as the LSTM of 64 units
    "LSTM": lambda: layers.LSTM(WIDTH),
    "LSTM, forget bias 5": lambda: layers.LSTM(WIDTH, unit_forget_bias=False, bias_initializer=_open),
}


def _open(shape, dtype=None):
    """Return first biases of an LSTM: 5 for the forget gates, 0 for all others."""
    parts = np.repeat([0.0, 5.0, 0.0, 0.0], shape[0] // 4)
    return keras.ops.convert_to_tensor(parts, dtype)


def train_rows(seed):
    """Train every network with every optimizer on digits that are read from the top row to the bottom one: 28 steps of 28.

    Return for each "<net>: <optimizer>: validation" (epochs,) and ": test", the share of 1,000 new digits read rightly.
    """
    x, y, x_test, y_test = mnist_split(seed)
    found = {}
    for name, make in NETS.items():
        for optimizer, rule in OPTIMIZERS.items():
            set_seeds(seed)
            model = keras.Sequential([keras.Input((28, 28)), make(), layers.Dense(10, activation="softmax")])
            model.compile(rule(None), "sparse_categorical_crossentropy", metrics=["accuracy"])
            checks = (x[-VALIDATION:], y[-VALIDATION:])
            history = model.fit(x[:-VALIDATION], y[:-VALIDATION], BATCH, EPOCHS, validation_data=checks, verbose=0).history
            found[f"{name}: {optimizer}: validation"] = np.asarray(history["val_accuracy"])
            found[f"{name}: {optimizer}: test"] = model.evaluate(x_test, y_test, batch_size=500, verbose=0)[1]
    return found


if __name__ == "__main__":
    record("vanishing_time", train_rows)
