"""Our `fit` beside Keras's: the same network, the same digits, the same batches."""

import helpers.keras_tools  # noqa: F401  TensorFlow with the settings of the notebooks

# isort: split
import keras
import numpy as np

from helpers.datasets import date_split, mnist_split
from helpers.keras_tools import set_seeds
from helpers.pairs import END, START, characters_of, encode
from helpers.recordings.cnn import cnn, digit_data
from helpers.recordings.rnn_types_dates import generate, taught
from helpers.scratch.dense import Dense
from helpers.scratch.sequential import Sequential
from tests.benchmarks.table import Row, median, milliseconds

ROUNDS, EPOCHS = 7, 5
UPDATES = 20  # that must give the same weights
SMALL, LARGE = 32, 512
LAYERS = [(64, "relu"), (10, "softmax")]


def measure():
    """Return the rows for 4,000 digits and a hidden layer of 64, both starting from the same weights."""
    x, digits, _, _ = mnist_split(flat=True)
    y = np.eye(10, dtype=np.float32)[digits]
    ours, theirs = both(x.shape[1])
    learn_alike(ours, theirs, x, y)
    mine, other = taking_turns(ours, theirs, x, y, SMALL)
    costs = {size: costs_of(ours, theirs, x, y, size) for size in (SMALL, LARGE)}
    return [
        Row(
            f"fit, {len(x):,} digits, {network(x.shape[1])}, {EPOCHS} epochs, batches of {SMALL}",
            "<= 2 x Keras",
            f"{mine / 1000:.2f} s against {other / 1000:.2f} s = {mine / other:.2f} x: {faster(mine, other)}",
            mine <= 2 * other,
        ),
        *(Row(f"  one update with {size} digits; an epoch besides", "", in_words(*costs[size]), None) for size in costs),
        digit_cnn(),
        date_translator(),
    ]


def digit_cnn(seeds=(0, 1, 2)):
    """Return the row for the CNN of lesson 04 in Keras: its accuracy on 1,000 held-out digits, and the seconds of its `fit`."""
    right, seconds = [], []
    for seed in seeds:
        x, y, x_test, y_test = digit_data(seed)
        set_seeds(seed)
        model = cnn()
        seconds.append(milliseconds(lambda model=model, x=x, y=y: model.fit(x, y, epochs=10, verbose=0)) / 1000)
        right.append(model.evaluate(x_test, y_test, verbose=0)[1])
    text = f"{np.mean(right):.3f} ({', '.join(f'{share:.3f}' for share in right)}), longest fit {max(seconds):.0f} s"
    return Row("CNN of lesson 04, three seeds", ">= 0.965, <= 15 s each", text, np.mean(right) >= 0.965 and max(seconds) <= 15)


def date_translator(seeds=(0, 1, 2)):
    """Return the row for the LSTMs of lesson 05 in Keras: dates of days never seen that are written right, and its seconds."""
    right, seconds, models = [], [], []
    for seed in seeds:
        known, new = date_split(seed)
        tables = characters_of(known.written), characters_of([*known.iso, START, END])
        seconds.append(milliseconds(lambda job=(known, tables, seed): models.append(taught(*job))) / 1000)
        written = generate(models[-1], encode(new.written, tables[0], skip=True), tables[1], 11)
        right.append(np.mean(written == new.iso))
    text = f"{np.mean(right):.3f} ({', '.join(f'{share:.3f}' for share in right)}), longest fit {max(seconds):.0f} s"
    return Row("dates of lesson 05, three seeds", ">= 0.95, <= 20 s each", text, np.mean(right) >= 0.95 and max(seconds) <= 20)


def both(inputs):
    """Return our network and Keras's, compiled and with the same weights."""
    ours = Sequential([Dense(units, activation) for units, activation in LAYERS])
    ours.compile("adam", "categorical_crossentropy")
    ours.build((None, inputs))
    layers = [keras.layers.Dense(units, activation=activation) for units, activation in LAYERS]
    theirs = keras.Sequential([keras.Input((inputs,)), *layers])
    theirs.compile("adam", "categorical_crossentropy")
    theirs.set_weights(ours.get_weights())
    return ours, theirs


def learn_alike(ours, theirs, x, y):
    """Raise AssertionError unless both learn the same. Their first fits, which build Keras's graph, are thereby done."""
    few = UPDATES * SMALL
    for model in (ours, theirs):
        model.fit(x[:few], y[:few], batch_size=SMALL, shuffle=False, **quiet(model))
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)
    # Later, a sum that rounds to the other side of relu's corner gives a pixel that is rarely dark another gradient, and of
    # any gradient, however small, Adam makes a full step: single weights then part, the loss does not.
    histories = [
        model.fit(x, y, epochs=EPOCHS, batch_size=SMALL, shuffle=False, **quiet(model)).history["loss"]
        for model in (ours, theirs)
    ]
    np.testing.assert_allclose(*histories, rtol=0.01)


def once(model, x, y, batch_size):
    """Return the milliseconds of one fit, which goes on from where the last one ended."""
    return milliseconds(lambda: model.fit(x, y, epochs=EPOCHS, batch_size=batch_size, shuffle=False, **quiet(model)))


def quiet(model):
    return {"verbose": 0} if isinstance(model, keras.Model) else {}


def taking_turns(ours, theirs, x, y, batch_size):
    """Return the medians of both: other work of the computer falls on both."""
    pairs = [(once(ours, x, y, batch_size), once(theirs, x, y, batch_size)) for _ in range(ROUNDS)]
    return tuple(median(times) for times in zip(*pairs, strict=True))


def costs_of(ours, theirs, x, y, batch_size):
    """Return for both models (update, epoch): the milliseconds of one update, and of an epoch besides its updates.

    A fit of many batches lasts longer than one of few: the difference is what the updates cost, and the rest what they do not.
    """
    many = len(x) // batch_size
    few = -(-many // 4)
    times = {}
    for batches in (few, many):
        part = x[: batches * batch_size], y[: batches * batch_size]
        once(theirs, *part, batch_size)  # builds the graph for these batches
        times[batches] = taking_turns(ours, theirs, *part, batch_size)
    updates = [(long - short) / (EPOCHS * (many - few)) for short, long in zip(times[few], times[many], strict=True)]
    return [(update, long / EPOCHS - many * update) for update, long in zip(updates, times[many], strict=True)]


def in_words(mine, other):
    return f"ours {mine[0]:.2f} ms; {mine[1]:.0f} ms. Keras {other[0]:.2f} ms; {other[1]:.0f} ms"


def network(inputs):
    return "-".join(str(units) for units in (inputs, *(units for units, _ in LAYERS)))


def faster(mine, other):
    """Return a few words on who is faster, and how much."""
    return f"ours is {other / mine:.1f} x as fast" if mine < other else f"Keras is {mine / other:.1f} x as fast"
