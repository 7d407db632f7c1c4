"""Recorded trainings of the lesson on batch normalization: is it faster, with which rates, and with how small a batch?

Run with: python -m helpers.recordings.batch_normalization_keras
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

from contextlib import contextmanager
from functools import partial
from time import perf_counter

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from helpers.datasets import mnist_split
from helpers.recordings.recording import record

VALIDATION = 500
FRESH = 500  # training digits from which means and variances are measured anew
NORMS = {"plain": None, "batch norm": layers.BatchNormalization, "layer norm": layers.LayerNormalization}
SHORT_MEMORY = "batch norm, momentum 0.9"  # learns the same, bit for bit: only its moving averages follow sooner

# Of train_speed.
SPEED_NETS = ("plain", "batch norm")
WITH_SHORT_MEMORY = ("SGD 0.1", "Adam 0.001")  # the optimizers with which that net is trained, too
SPEED_BATCH, SPEED_EPOCHS = 64, 5
OPTIMIZERS = {f"SGD {rate}": partial(keras.optimizers.SGD, rate) for rate in (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)}
OPTIMIZERS |= {f"Adam {rate}": partial(keras.optimizers.Adam, rate) for rate in (0.0003, 0.001, 0.003, 0.01)}

# Of train_sizes.
SIZES, SIZE_RATES, SIZE_EPOCHS = (2, 4, 8, 16, 32, 64), (0.003, 0.01, 0.03, 0.1, 0.3), 3


# The networks. With one seed all kinds start with the same weights: to normalise, nothing is drawn.


def normalised_relu(h, norm):
    """Return h after the normalization with this name, if it is one, and ReLU."""
    if norm == SHORT_MEMORY:
        h = layers.BatchNormalization(momentum=0.9)(h)
    elif NORMS[norm]:
        h = NORMS[norm]()(h)
    return layers.Activation("relu")(h)


def convolutional(norm):
    """Return a CNN, not yet compiled: (batch, 28, 28, 1) -> probabilities (batch, 10).

    Three layers of 8, 16 and 32 kernels of 3 x 3, with max pooling in between, and a dense layer of 64. All have a bias, also
    before batch normalization, which takes it out again: so the two nets differ in nothing else.
    """
    inputs = h = keras.Input((28, 28, 1))
    for number, filters in enumerate((8, 16, 32)):
        if number:
            h = layers.MaxPooling2D()(h)
        h = normalised_relu(layers.Conv2D(filters, 3, padding="same")(h), norm)
    h = normalised_relu(layers.Dense(64)(layers.Flatten()(h)), norm)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(h))


def dense(norm):
    """Return a dense net, not yet compiled: (batch, 784) -> 64 -> 64 -> probabilities (batch, 10)."""
    inputs = h = keras.Input((784,))
    for _ in range(2):
        h = normalised_relu(layers.Dense(64)(h), norm)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(h))


# How they are judged. Keras's moving averages start at 0 and 1 and keep 0.99 of themselves at each update: after few updates
# they are still far from what the layers see. So a net with batch normalization is also judged without them, in two ways.


@contextmanager
def unchanged(model):
    """At the end, give the model its weights back: each look in training mode moves the moving averages."""
    before = model.get_weights()
    yield
    model.set_weights(before)


def share_right(model, x, y, training=False):
    """Return the share of digits that the model, or a graph of it, reads rightly, all of them in one batch."""
    return float(np.mean(keras.ops.convert_to_numpy(model(x, training=training)).argmax(axis=1) == y))


def training_mode(model, x, y, size):
    """Return the share read rightly in training mode, with mean and variance of each batch. All batches have this size.

    What is left at the end, and is less than a batch, is not read.
    """
    graph, starts = tf.function(model), range(0, len(x) - size + 1, size)  # a graph: much faster with 500 small batches
    with unchanged(model):
        return np.mean([share_right(graph, x[start : start + size], y[start : start + size], True) for start in starts])


def fresh_averages(model, known, x, y):
    """Return the share read rightly when mean and variance of the digits `known` take the place of the moving averages."""
    norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    momenta = [layer.momentum for layer in norms]
    with unchanged(model):
        for layer in norms:
            layer.momentum = 0.0  # one batch, and nothing of before is left
        model(known, training=True)
        share = share_right(model, x, y)
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum
    return share


class Watch(keras.callbacks.Callback):
    """Measures the seconds of each epoch, without those for validation; then calls judge(model), a dict -> `found`, lists."""

    def __init__(self, judge=lambda model: {}):
        super().__init__()
        self.judge, self.seconds, self.found = judge, [], {}

    def on_epoch_begin(self, epoch, logs=None):
        self.start = perf_counter()

    def on_test_begin(self, logs=None):
        self.seconds.append(perf_counter() - self.start)

    def on_epoch_end(self, epoch, logs=None):
        for name, value in self.judge(self.model).items():
            self.found.setdefault(name, []).append(value)


# The trainings.


def train_speed(seed):
    """Train the CNN with and without batch normalization, with every optimizer; return how fast it learned.

    3,500 digits to learn from, 5 epochs of 55 batches. The nets are those of SPEED_NETS, and with two of the optimizers also
    SHORT_MEMORY. For each "<net>: weights", and ": trained weights", without the moving averages. For each optimizer
    "<net>: <optimizer>: loss" (epochs,), the mean over the batches of each epoch, in training mode; ": validation_loss" and
    ": validation" (epochs,), the share of 500 digits read rightly; ": seconds" (epochs - 1,), those of each epoch after the
    first, in which Keras also builds the net's graph; ": test", the share of 1,000 new digits read rightly.

    With "batch norm" also ": val_training_mode" (epochs,), the validation digits in training mode as one batch; ": val_fresh"
    (epochs,) and ": test_fresh", with mean and variance of 500 training digits in place of the moving averages.
    """
    x, y, x_test, y_test = mnist_split(seed)
    x, x_test = x[..., None], x_test[..., None]
    checks, known = (x[-VALIDATION:], y[-VALIDATION:]), x[:FRESH]

    def without_moving_averages(model):
        return {
            "val_training_mode": training_mode(model, *checks, VALIDATION),
            "val_fresh": fresh_averages(model, known, *checks),
        }

    found = {}
    for optimizer, make in OPTIMIZERS.items():
        nets = (*SPEED_NETS, SHORT_MEMORY) if optimizer in WITH_SHORT_MEMORY else SPEED_NETS
        for net in nets:  # one after the other: where the computer is slow for a while, it is so for both
            set_seeds(seed)
            model = convolutional(net)
            found[f"{net}: weights"] = model.count_params()
            found[f"{net}: trained weights"] = sum(np.prod(each.shape) for each in model.trainable_weights)
            model.compile(make(), "sparse_categorical_crossentropy", metrics=["accuracy"])
            watch = Watch(without_moving_averages if net == "batch norm" else lambda model: {})
            learn = x[:-VALIDATION], y[:-VALIDATION], SPEED_BATCH, SPEED_EPOCHS
            history = model.fit(*learn, validation_data=checks, verbose=0, callbacks=[watch]).history
            run = {"loss": history["loss"], "validation_loss": history["val_loss"], "validation": history["val_accuracy"]}
            run |= {"seconds": watch.seconds[1:], "test": share_right(model, x_test, y_test)} | watch.found
            if net == "batch norm":
                run["test_fresh"] = fresh_averages(model, known, x_test, y_test)
            found |= {f"{net}: {optimizer}: {key}": np.asarray(value) for key, value in run.items()}
        print(optimizer, {net: round(found[f"{net}: {optimizer}: test"].item(), 3) for net in nets}, flush=True)
    return found


def train_sizes(seed):
    """Train dense nets without normalization, with batch and with layer normalization, in batches of 2 to 64 digits.

    All are trained in Keras and see the same 3,500 digits three times, so small batches make more updates: each net's rival is
    the plain one with batches of the same size. SGD with five rates, of which the best on the validation digits counts.

    For each of NORMS "<net>: weights"; for each size and rate "<net>: batch <size>: SGD <rate>: validation" and ": test", the
    shares of 500 and of 1,000 new digits read rightly. With batch normalization also ": test_training_mode", in training mode
    with batches of the same size, in mixed order; ": val_fresh" and ": test_fresh", with mean and variance of 500 training
    digits in place of the moving averages, which after the few updates of large batches still lag behind.
    """
    x, y, x_test, y_test = mnist_split(seed, flat=True)
    checks, known = (x[-VALIDATION:], y[-VALIDATION:]), x[:FRESH]
    found = {}
    for size in SIZES:
        for net in NORMS:
            for rate in SIZE_RATES:
                set_seeds(seed)
                model = dense(net)
                found[f"{net}: weights"] = model.count_params()
                # 50 updates in one call: the same updates, in a third of the time.
                model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy", steps_per_execution=50)
                model.fit(x[:-VALIDATION], y[:-VALIDATION], size, SIZE_EPOCHS, verbose=0)
                run = {"validation": share_right(model, *checks), "test": share_right(model, x_test, y_test)}
                if net == "batch norm":
                    run["test_training_mode"] = training_mode(model, x_test, y_test, size)
                    run["val_fresh"] = fresh_averages(model, known, *checks)
                    run["test_fresh"] = fresh_averages(model, known, x_test, y_test)
                found |= {f"{net}: batch {size}: SGD {rate}: {key}": np.asarray(value) for key, value in run.items()}
        tests = {
            net: [round(found[f"{net}: batch {size}: SGD {rate}: test"].item(), 3) for rate in SIZE_RATES] for net in NORMS
        }
        print("batch", size, tests, flush=True)
    return found


if __name__ == "__main__":
    record("batch_norm_speed", train_speed)
    record("batch_norm_sizes", train_sizes)
