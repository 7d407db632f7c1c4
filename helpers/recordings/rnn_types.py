"""Four tiny recurrent networks for the picture of the types: 4 hidden neurons each, so that all numbers can be seen.

Their tasks are made up, and anyone can check an answer: is the sum above 0; repeat the number of one step earlier; make a
wave; say the numbers backwards. Run with: python -m helpers.recordings.rnn_types
"""

from helpers.keras_tools import set_seeds

import keras
import numpy as np
from keras import layers

from helpers.recordings.recording import record

UNITS, STEPS, MOST_READ, EXAMPLES = 4, 8, 4, 3000
PADDING = 9.0  # no number of the tasks; Masking skips it
WAVE = np.cos(np.arange(STEPS) * np.pi / 3)  # one wave takes six steps


def numbers_in_a_row(rng, longest):
    """Return numbers from -1 to 1 in steps of 0.1, (examples, longest), and which of them count: the first 1 to `longest`."""
    numbers = rng.uniform(-1, 1, (EXAMPLES, longest)).round(1)
    return numbers, np.arange(longest) < rng.integers(1, longest + 1, (EXAMPLES, 1))


def fit(model, x, y, loss="mse", epochs=40, weights=None):
    """Train with a learning rate that falls from 0.02 to 0."""
    rate = keras.optimizers.schedules.CosineDecay(0.02, epochs * (EXAMPLES // 64 + 1))
    model.compile(keras.optimizers.Adam(rate), loss)
    model.fit(x, y, batch_size=64, epochs=epochs, sample_weight=weights, verbose=0)
    return [array.round(2) for array in model.get_weights()]  # two digits, so that a pencil gets the same numbers


def train_sum(rng):
    """Many to one: is the sum of up to eight numbers above 0?"""
    x, counts = numbers_in_a_row(rng, STEPS)
    row = [keras.Input((STEPS, 1)), layers.Masking(PADDING), layers.SimpleRNN(UNITS), layers.Dense(1, "sigmoid")]
    above = (x * counts).sum(1).round(1) > 0
    return fit(keras.Sequential(row), np.where(counts, x, PADDING)[..., None], above, "binary_crossentropy")


def train_echo(rng):
    """Many to many, step by step: tell the number of one step earlier."""
    x, _ = numbers_in_a_row(rng, STEPS)
    return fit(_a_number_at_each_step(), x[..., None], _one_step_later(x)[..., None])


def train_wave(rng):
    """One to many: a number comes in, then a wave of that height goes out; what went out is the next input."""
    wave = numbers_in_a_row(rng, 1)[0] * WAVE
    x = np.where(np.arange(STEPS) == 0, wave[:, :1], _one_step_later(wave))
    return fit(_a_number_at_each_step(), x[..., None], wave[..., None])


def train_backwards(rng):
    """Many to many, after reading: say up to four numbers backwards."""
    x, counts = numbers_in_a_row(rng, MOST_READ)
    last = counts.sum(1, keepdims=True) - 1
    y = np.take_along_axis(x, np.maximum(last - np.arange(MOST_READ), 0), axis=1)
    source, so_far = keras.Input((MOST_READ, 1)), keras.Input((MOST_READ, 1))
    _, state = layers.SimpleRNN(UNITS, return_state=True)(layers.Masking(PADDING)(source))
    written = layers.SimpleRNN(UNITS, return_sequences=True)(so_far, initial_state=state)
    model = keras.Model([source, so_far], layers.Dense(1)(written))
    inputs = [np.where(counts, x, PADDING)[..., None], _one_step_later(y)[..., None]]
    return fit(model, inputs, y[..., None], epochs=150, weights=counts.astype(float))


def _a_number_at_each_step():
    return keras.Sequential([keras.Input((STEPS, 1)), layers.SimpleRNN(UNITS, return_sequences=True), layers.Dense(1)])


def _one_step_later(rows):
    return np.pad(rows[:, :-1], ((0, 0), (1, 0)))


def train_unrolled(seed):
    """Train all four; return their weights, rounded to two digits: "sum: 0" to "sum: 4" and so on, in Keras's order."""
    found = {}
    for name, train in (("sum", train_sum), ("echo", train_echo), ("wave", train_wave), ("backwards", train_backwards)):
        set_seeds(seed)
        for place, array in enumerate(train(np.random.default_rng(seed))):
            found[f"{name}: {place}"] = array
    return found


def first_number(rng, steps, examples=2000):
    """Return x (examples, steps, 1), numbers at random from -1 to 1; and whether the first one is above 0."""
    x = rng.uniform(-1, 1, (examples, steps, 1))
    return x, x[:, 0, 0] > 0


def train_memory(seed):
    """How far back can a network remember? Return for each length the share of new rows of which it knows the first sign."""
    found = {"lengths": LENGTHS}
    for name, cell in (("simple RNN", layers.SimpleRNN), ("LSTM", layers.LSTM)):
        right = []
        for steps in LENGTHS:
            set_seeds(seed)
            rng = np.random.default_rng(seed)
            model = keras.Sequential([keras.Input((steps, 1)), cell(32), layers.Dense(1, "sigmoid")])
            model.compile(keras.optimizers.Adam(0.003), "binary_crossentropy", metrics=["accuracy"])
            model.fit(*first_number(rng, steps), batch_size=64, epochs=25, verbose=0)
            right.append(model.evaluate(*first_number(rng, steps), verbose=0)[1])
        found[name] = right
    return found


LENGTHS = (5, 10, 20, 40, 80)


if __name__ == "__main__":
    record("rnn_unrolled", train_unrolled, seeds=(0,))
    record("rnn_memory", train_memory)
