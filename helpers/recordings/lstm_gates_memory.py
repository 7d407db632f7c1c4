"""Recorded trainings of the lesson on LSTMs: for how many steps is one bit kept? By simple RNNs, LSTMs and GRUs.

The first number of a row is 1 or -1, all others are noise; after the last one the network says what the first one was.
Run with: python -m helpers.recordings.lstm_gates_memory
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import keras
import numpy as np
from keras import layers
from sklearn.linear_model import LogisticRegression

from helpers.recordings.recording import record

UNITS, EPOCHS, BATCH = 32, 25, 64
LENGTHS = (5, 10, 20, 40, 80, 120, 200)
ROWS, NEW_ROWS = 2000, 1000
TRAINED_AT, LONG, GATES_AT = 20, 80, 40  # steps
LONGEST = 120  # steps; longer rows are learned with seed 0 alone, for they take most of the time
LOST = 0.6  # below this share of right answers, longer rows are not tried
CONTROLS = {  # a kind that fails at 80 steps: too few updates, or steps that are too large? Name -> epochs, longest gradient
    "LSTM, forget bias 0, 75 epochs at 80 steps": (3 * EPOCHS, None),
    "LSTM, forget bias 0, clipped at 80 steps": (EPOCHS, 1.0),
}
SOLVED = 0.02  # a training ends early when its loss is this small


def rows_of(rng, steps, rows):
    """Return x (rows, steps, 1), whose first number is 1 or -1 and all others noise from -1 to 1; and whether it is 1."""
    x = rng.uniform(-1, 1, (rows, steps, 1))
    x[:, 0] = np.sign(x[:, 0])
    return x.astype(np.float32), x[:, 0, 0] > 0


def forget_bias(value):
    """Return an LSTM whose forget gates start with this bias. Keras's own start is 1."""

    def biases(shape, dtype=None):  # input gate, forget gate, candidate, output gate
        return keras.ops.convert_to_tensor(np.repeat([0, value, 0, 0], UNITS), dtype)

    return layers.LSTM(UNITS, unit_forget_bias=False, bias_initializer=biases)


def update_bias(value):
    """Return a GRU whose update gates start with this bias."""

    def biases(shape, dtype=None):  # update gate, reset gate, candidate; a row for the input and one for the state
        return keras.ops.convert_to_tensor([np.repeat([value, 0, 0], UNITS), np.zeros(3 * UNITS)], dtype)

    return layers.GRU(UNITS, bias_initializer=biases)


def kept(share):
    """Return a simple RNN of which one step keeps this share of the length of its state, as long as tanh is about a line."""
    return layers.SimpleRNN(UNITS, recurrent_initializer=keras.initializers.Orthogonal(gain=share))


# Kind -> how to make the layer, and its learning rate: of 0.003 and 0.01 the one that did better at 80 steps with seed 100.
KINDS = {
    "simple RNN": (lambda: layers.SimpleRNN(UNITS), 0.01),  # Keras's start is orthogonal: all of the length is kept
    "simple RNN, Glorot start": (lambda: layers.SimpleRNN(UNITS, recurrent_initializer="glorot_uniform"), 0.003),
    "simple RNN, keeps 0.73": (lambda: kept(0.73), 0.003),  # as a forget gate of bias 1: its sigmoid. No other rate was tried
    "LSTM": (lambda: layers.LSTM(UNITS), 0.003),
    "LSTM, forget bias 0": (lambda: layers.LSTM(UNITS, unit_forget_bias=False), 0.003),
    "LSTM, forget bias 5": (lambda: forget_bias(5), 0.01),
    "GRU": (lambda: layers.GRU(UNITS), 0.01),  # Keras's start: update bias 0
    "GRU, update bias 5": (lambda: update_bias(5), 0.01),
}


class StopWhenSolved(keras.callbacks.Callback):
    """End the training when the loss is small: more epochs would only take time."""

    def on_epoch_end(self, epoch, logs):
        self.model.stop_training = logs["loss"] < SOLVED


def network(kind, seed, rate=None, clip=None):
    """Return a network of this kind, ready to train, for rows of any length."""
    make, chosen = KINDS[kind]
    set_seeds(seed)
    model = keras.Sequential([keras.Input((None, 1)), make(), layers.Dense(1, activation="sigmoid")])
    optimizer = keras.optimizers.Adam(chosen if rate is None else rate, clipnorm=clip)
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


def teach(model, seed, steps, epochs=EPOCHS):
    """Train the network on rows of so many steps."""
    x, y = rows_of(np.random.default_rng([seed, steps]), steps, ROWS)
    model.fit(x, y, batch_size=BATCH, epochs=epochs, callbacks=[StopWhenSolved()], verbose=0)


def new_rows(seed, steps):
    """Return rows that no training of this seed has."""
    return rows_of(np.random.default_rng([seed, steps, 1]), steps, NEW_ROWS)


def share_right(model, seed, steps):
    """Return the share of right answers on new rows."""
    return model.evaluate(*new_rows(seed, steps), batch_size=NEW_ROWS, verbose=0)[1]


def most_open_forget_gate(model, seed):
    """Return the largest, over the units, of the mean forget gate over all steps of new rows of 40 steps."""
    x, _ = new_rows(seed, GATES_AT)
    kernel, recurrent_kernel, bias = model.layers[0].get_weights()
    sequences = keras.Sequential([keras.Input((None, 1)), layers.LSTM(UNITS, return_sequences=True)])
    sequences.set_weights([kernel, recurrent_kernel, bias])
    after = sequences.predict(x, batch_size=NEW_ROWS, verbose=0)
    before = np.pad(after, ((0, 0), (1, 0), (0, 0)))[:, :-1]  # the state of one step earlier
    forget = slice(UNITS, 2 * UNITS)
    sums = x @ kernel[:, forget] + before @ recurrent_kernel[:, forget] + bias[forget]
    return (1 / (1 + np.exp(-sums))).mean(axis=(0, 1)).max()


def of_one_kind(kind, seed):
    """Return the figures of `train_memory` for one kind of network."""
    right, found = np.full(len(LENGTHS), np.nan), {}
    for place, steps in enumerate(LENGTHS):
        model = network(kind, seed)
        gates = steps == GATES_AT and kind.startswith("LSTM")
        if gates:
            found[f"{kind}: forget before"] = most_open_forget_gate(model, seed)
        teach(model, seed, steps)
        right[place] = share_right(model, seed, steps)
        if gates:
            found[f"{kind}: forget after"] = most_open_forget_gate(model, seed)
        if steps == TRAINED_AT:
            found[f"{kind}: learned at 20, tested at"] = [share_right(model, seed, length) for length in LENGTHS]
        if (right[place] < LOST and steps >= LONG) or (steps == LONGEST and seed):
            break
    return {kind: right} | found


def by_regression(seed):
    """Return what a logistic regression, with a weight for every place of the row, makes of new rows of each length."""
    found = []
    for steps in LENGTHS:
        x, y = rows_of(np.random.default_rng([seed, steps]), steps, ROWS)
        x_new, y_new = new_rows(seed, steps)
        found.append(LogisticRegression().fit(x[..., 0], y).score(x_new[..., 0], y_new))
    return found


def control(name, seed):
    """Return the share of right answers of a control at 80 steps."""
    epochs, clip = CONTROLS[name]
    model = network("LSTM, forget bias 0", seed, clip=clip)
    teach(model, seed, LONG, epochs)
    return share_right(model, seed, LONG)


def train_memory(seed):
    """Train every kind of network on rows of every length; return the share of right answers on 1,000 new rows.

    "lengths" (lengths,), the steps of a row, and for every kind "<kind>" (lengths,). It is nan where it was not tried: after
    less than 0.6 at 80 or 120 steps, and at 200 steps with other seeds than 0. "<kind>: learned at 20, tested at" (lengths,):
    a network that learned rows of 20 steps alone. For the kinds of LSTM "<kind>: forget before" and "<kind>: forget after":
    how far its most open forget gate is open at 40 steps, on average, before and after training.

    "LSTM, forget bias 0, 75 epochs at 80 steps" and "LSTM, forget bias 0, clipped at 80 steps" (gradients cut to length 1) are
    controls, with seed 0 alone. "logistic regression" (lengths,) has a weight of its own for every place, so it has nothing
    to remember.
    """
    found = {"lengths": LENGTHS, "logistic regression": by_regression(seed)}
    for kind in KINDS:
        found |= of_one_kind(kind, seed)
    if seed == 0:
        found |= {name: control(name, seed) for name in CONTROLS}
    return found


def share_at(kind, rate, seed=100, steps=LONG):
    """Return the share of right answers with another learning rate: so the rates of KINDS were chosen."""
    model = network(kind, seed, rate)
    teach(model, seed, steps)
    return share_right(model, seed, steps)


if __name__ == "__main__":
    record("lstm_memory", train_memory)
