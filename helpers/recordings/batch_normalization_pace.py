"""Recorded trainings of the lesson on batch normalization: after how many updates is a CNN as good as asked?

Run with: python -m helpers.recordings.batch_normalization_pace
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

from time import perf_counter

import keras
import numpy as np
from keras import layers

from helpers.datasets import mnist_split
from helpers.recordings.batch_normalization_keras import FRESH, VALIDATION, convolutional, fresh_averages, share_right
from helpers.recordings.recording import record

NETS = ("plain", "plain, He", "normalised once", "batch norm")
RULES = {f"SGD {rate}": (keras.optimizers.SGD, rate) for rate in (0.1, 0.3, 1.0)}
RULES |= {f"Adam {rate}": (keras.optimizers.Adam, rate) for rate in (0.001, 0.003, 0.01)}
BATCH, EVERY, UPDATES, WARM = 64, 5, 165, 5  # three epochs; the first updates are not timed: Keras builds the graph then


def he_start(model, seed):
    """Draw the weights of all hidden layers anew: normal, with standard deviation sqrt(2 / inputs)."""
    rng = np.random.default_rng(seed)
    for layer in hidden_layers(model):
        kernel, bias = layer.get_weights()
        layer.set_weights([np.sqrt(2 / np.prod(kernel.shape[:-1])) * rng.standard_normal(kernel.shape), bias])


def normalise_once(model, x):
    """Set weights and biases of all hidden layers so that now their sums over the pictures x have mean 0 and variance 1."""
    for layer in hidden_layers(model):
        sums = keras.ops.convert_to_numpy(keras.Model(model.inputs[0], layer.output)(x))
        axes = tuple(range(sums.ndim - 1))
        kernel, bias = layer.get_weights()
        scale = sums.std(axis=axes) + 1e-7
        layer.set_weights([kernel / scale, (bias - sums.mean(axis=axes)) / scale])


def hidden_layers(model):
    """Return the layers with weights whose sums a normalization would follow."""
    return [layer for layer in model.layers if isinstance(layer, layers.Conv2D | layers.Dense)][:-1]


def train_pace(seed):
    """Train the CNN for 165 updates and look at it after every fifth.

    "plain, He" has the start that is made for ReLU in place of Keras's (Glorot's); "normalised once" has no batch
    normalization, but once, before training, the sums of its first batch were normalised. For each of NETS and RULES
    "<net>: <rule>: validation" (33,), the share of 500 digits read rightly; with batch normalization by mean and variance of
    500 training digits, which are measured for each look and not kept. "<net>: <rule>: seconds", those of 160 updates, without
    the looks.
    """
    x, y, *_ = mnist_split(seed)
    x = x[..., None]
    checks, x, y = (x[-VALIDATION:], y[-VALIDATION:]), x[:-VALIDATION], y[:-VALIDATION]
    found = {}
    for rule, (optimizer, rate) in RULES.items():
        for net in NETS:  # one after the other: where the computer is slow for a while, it is so for all
            set_seeds(seed)
            model, shares, seconds = convolutional("batch norm" if net == "batch norm" else "plain"), [], 0.0
            if net in ("plain, He", "normalised once"):
                he_start(model, seed)
            if net == "normalised once":
                normalise_once(model, x[:BATCH])
            model.compile(optimizer(rate), "sparse_categorical_crossentropy")
            rng, order = np.random.default_rng(seed), np.empty(0, int)
            for update in range(1, UPDATES + 1):
                if len(order) < BATCH:
                    order = rng.permutation(len(x))
                batch, order = order[:BATCH], order[BATCH:]
                start = perf_counter()
                model.train_on_batch(x[batch], y[batch])
                seconds += (perf_counter() - start) * (update > WARM)
                if update % EVERY == 0:
                    judge = fresh_averages if net == "batch norm" else lambda model, known, *checks: share_right(model, *checks)
                    shares.append(judge(model, x[:FRESH], *checks))
            found |= {f"{net}: {rule}: validation": np.float32(shares), f"{net}: {rule}: seconds": seconds}
        print(rule, {net: round(float(found[f"{net}: {rule}: validation"][-1]), 3) for net in NETS}, flush=True)
    return found


if __name__ == "__main__":
    record("batch_norm_pace", train_pace)
