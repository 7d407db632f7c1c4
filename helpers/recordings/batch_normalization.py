"""Recorded trainings of the lesson on batch normalization: which learning rates and first weights work, on real digits.

Run with: python -m helpers.recordings.batch_normalization
"""

import numpy as np

from helpers.datasets import mnist_split
from helpers.recordings.recording import record
from helpers.scratch.activation import Activation
from helpers.scratch.batch_normalization import BatchNormalization
from helpers.scratch.dense import Dense
from helpers.scratch.optimizers import SGD, Adam
from helpers.scratch.sequential import Sequential

WIDTH, HIDDEN, BATCH, VALIDATION, EPOCHS = 64, 4, 64, 500, 6
MOMENTUM = 0.9  # with 0.99, Keras's default, the moving averages would lag behind in runs as short as these
LOSS = "categorical_crossentropy"


def digits(seed):
    """Return x, y, x_validation, y_validation, x_test, y_test: 3,500, 500 and 1,000 digits, y as rows of ten shares."""
    x, y, x_test, y_test = mnist_split(seed, flat=True)
    y, y_test = (np.eye(10, dtype=np.float32)[each] for each in (y, y_test))
    return x[:-VALIDATION], y[:-VALIDATION], x[-VALIDATION:], y[-VALIDATION:], x_test, y_test


def network(seed, extra=(), activation="relu", hidden=HIDDEN, scale=1.0, width=WIDTH):
    """Return a built network: hidden layers of sums, then the layers that `extra` makes, then the activation; ten outputs.

    The weights of the hidden layers are normal, with standard deviation scale * sqrt(2 / inputs): for scale 1 that is He's
    start for ReLU. Those of the output layer, which no normalization follows, always have scale 1.
    """
    layers = []
    for _ in range(hidden):
        layers += [Dense(width), *(make() for make in extra), Activation(activation)]
    model = Sequential([*layers, Dense(10, "softmax")], rng=np.random.default_rng(seed))
    model.build((None, 784))
    for layer in dense_layers(model):
        kernel, factor = layer.weights["kernel"], scale if layer is not model.layers[-1] else 1.0
        kernel[...] = factor * np.sqrt(2 / len(kernel)) * model.rng.standard_normal(kernel.shape)
    return model


def dense_layers(model):
    """Return the layers of sums, the output layer last."""
    return [layer for layer in model.layers if isinstance(layer, Dense)]


def normalise_once(model, x):
    """Divide the weights of every hidden layer so that its sums over the batch x have mean 0 and variance 1, now only."""
    for layer in model.layers[:-1]:
        sums = layer.forward(x)
        if isinstance(layer, Dense):
            scale = sums.std(axis=0) + 1e-12
            layer.weights["kernel"] /= scale
            layer.weights["bias"] -= (sums / scale).mean(axis=0)
            sums = layer.forward(x)
        x = sums


def share(model, x, y, training, size=100):
    """Return the share of x that the network names rightly, in batches of this size; y holds the classes, (examples,).

    In training mode the averages move; afterwards they are where they were.
    """
    kept, right = model.get_weights(), 0
    for start in range(0, len(x), size):
        right += (model.forward(x[start : start + size], training).argmax(axis=1) == y[start : start + size]).sum()
    model.set_weights(kept)
    return right / len(x)


# How forgiving: learning rate times scale of the first weights.

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
OPTIMIZERS = {"SGD": SGD, "Adam": Adam}
NETS = ("plain", "batch norm", "normalised once")


def train_robustness(seed):
    """Train four hidden layers of 64 ReLUs with every rate and every scale of the first weights; return how that went.

    "normalised once" has no batch normalization; its weights are divided once, before training, so that the sums of the first
    batch have mean 0 and variance 1. For each of NETS and of OPTIMIZERS: "<net>: <optimizer>: loss" and ": validation", each
    (rates, scales, epochs), and ": test" (rates, scales). A loss that is no number any more is stored as infinity.
    """
    x, y, x_validation, y_validation, x_test, y_test = digits(seed)
    found = {}
    for net in NETS:
        for name, optimizer in OPTIMIZERS.items():
            curves, shares, tests = [], [], []
            for rate in RATES:
                for scale in SCALES:
                    extra = [lambda: BatchNormalization(MOMENTUM)] if net == "batch norm" else []
                    model = network(seed, extra, scale=scale)
                    if net == "normalised once":
                        normalise_once(model, x[:BATCH])
                    model.compile(optimizer(rate), LOSS, metrics=["accuracy"])
                    with np.errstate(all="ignore"):  # too large a rate is one of the things that are tried
                        run = model.fit(x, y, EPOCHS, BATCH, (x_validation, y_validation)).history
                        tests.append(model.evaluate(x_test, y_test)[1])
                    curves.append(run["loss"])
                    shares.append(run["val_accuracy"])
            shape = (len(RATES), len(SCALES), -1)
            losses = np.reshape(curves, shape)
            found[f"{net}: {name}: loss"] = np.where(np.isfinite(losses), losses, np.inf).astype(np.float32)
            found[f"{net}: {name}: validation"] = np.reshape(shares, shape).astype(np.float32)
            found[f"{net}: {name}: test"] = np.reshape(tests, shape[:2]).astype(np.float32)
    return found


# A small network for the explorers.


def train_digits(seed):
    """Train two hidden layers of 64 ReLUs with batch normalization, for eight epochs.

    Return "before 0", "before 1" ... and "after 0" ..., all weights in Keras's order before and after training, float16, and
    "test", the share of 1,000 new digits that it reads rightly.
    """
    x, y, _, _, x_test, y_test = digits(seed)
    model = network(seed, [lambda: BatchNormalization(MOMENTUM)], hidden=2)
    found = {f"before {place}": array.astype(np.float16) for place, array in enumerate(model.get_weights())}
    model.compile(SGD(0.1), LOSS, metrics=["accuracy"])
    model.fit(x, y, epochs=8, batch_size=BATCH)
    found |= {f"after {place}": array.astype(np.float16) for place, array in enumerate(model.get_weights())}
    return found | {"test": model.evaluate(x_test, y_test)[1]}


if __name__ == "__main__":
    record("batch_norm_digits", train_digits, seeds=(0,))
    record("batch_norm_robustness", train_robustness)
