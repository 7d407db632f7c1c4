"""Recorded trainings of the lesson on batch normalization: the same training loss, and how many new digits; late averages.

Run with: python -m helpers.recordings.batch_normalization_gap
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import keras
import numpy as np
from keras import layers

from helpers.datasets import mnist_split
from helpers.recordings.batch_normalization_keras import FRESH, SHORT_MEMORY, VALIDATION, convolutional, share_right
from helpers.recordings.recording import record

NETS, RATES, EPOCHS, BATCH = ("plain", SHORT_MEMORY), (0.001, 0.003), 12, 64
LATE_RATE, LATE_EPOCHS = 0.1, 5  # as long as the trainings of batch_norm_speed: 275 updates


def train_gap(seed):
    """Train the CNN with and without batch normalization by Adam for 12 epochs, and look at it in inference mode.

    So the losses of both nets are measured in the same way, after an epoch and without the noise of the mates. For each of NETS
    and RATES "<net>: Adam <rate>: loss", ": training", ": validation" (epochs,), the loss and the share read rightly of the
    3,500 training digits, and the share of 500 others; ": test", the share of 1,000 new digits in the end.

    And once with Keras's momentum of 0.99, by SGD for 275 updates, "late: variance" (4,): for the four normalisations, first to
    last, how many times as large the moving variance is as the variance of what really comes in, the median over the channels
    or neurons, on 500 training digits; "late: mean" (4,): by how many standard deviations the moving mean is wrong.
    """
    x, y, x_test, y_test = mnist_split(seed)
    x, x_test = x[..., None], x_test[..., None]
    learn, checks, found = (x[:-VALIDATION], y[:-VALIDATION]), (x[-VALIDATION:], y[-VALIDATION:]), {}
    for net in NETS:
        for rate in RATES:
            set_seeds(seed)
            model, run = convolutional(net), {"loss": [], "training": [], "validation": []}
            model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
            for _ in range(EPOCHS):
                model.fit(*learn, BATCH, verbose=0)
                loss, share = model.evaluate(*learn, batch_size=500, verbose=0)
                for name, value in (("loss", loss), ("training", share), ("validation", share_right(model, *checks))):
                    run[name].append(value)
            run["test"] = share_right(model, x_test, y_test)
            found |= {f"{net}: Adam {rate}: {name}": np.asarray(value) for name, value in run.items()}
            print(net, rate, round(run["loss"][-1], 4), run["validation"][-1], run["test"], flush=True)
    return found | late_averages(seed, *learn)


def late_averages(seed, x, y):
    """Return how wrong the moving averages of Keras's default momentum are after a short training."""
    set_seeds(seed)
    model = convolutional("batch norm")
    model.compile(keras.optimizers.SGD(LATE_RATE), "sparse_categorical_crossentropy")
    model.fit(x, y, BATCH, LATE_EPOCHS, verbose=0)
    norms = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    moving = [(layer.moving_mean.numpy(), layer.moving_variance.numpy()) for layer in norms]
    for layer in norms:
        layer.momentum = 0.0  # one batch, and nothing of before is left
    model(x[:FRESH], training=True)
    fresh = [(layer.moving_mean.numpy(), layer.moving_variance.numpy()) for layer in norms]
    variances, means = [], []
    for (mean, variance), (true_mean, true_variance) in zip(moving, fresh, strict=True):
        variances.append(np.median(variance / true_variance))
        means.append(np.median(np.abs(mean - true_mean) / np.sqrt(true_variance)))
    return {"late: variance": np.array(variances), "late: mean": np.array(means)}


if __name__ == "__main__":
    record("batch_norm_gap", train_gap)
