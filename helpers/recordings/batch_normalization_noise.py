"""Recorded trainings of the lesson on batch normalization: does the noise of batch mates keep a network from overfitting?

Run with: python -m helpers.recordings.batch_normalization_noise
"""

import numpy as np

from helpers.recordings.batch_normalization import LOSS, MOMENTUM, digits, network
from helpers.recordings.recording import record
from helpers.scratch.batch_normalization import BatchNormalization
from helpers.scratch.dropout import Dropout
from helpers.scratch.optimizers import SGD

FEW, EPOCHS, BATCHES, RATES = 300, 60, (8, 32), (0.01, 0.03, 0.1, 0.3, 1.0)
ALL = "batch norm over all 300"
NETS = {  # name -> what stands between the sums and the activation
    "plain": [],
    "dropout": [lambda: Dropout(0.3)],
    "batch norm": [lambda: BatchNormalization(MOMENTUM)],
    ALL: [lambda: BatchNormalization(MOMENTUM)],
}


def train_noise(seed):
    """Train two hidden layers of 64 ReLUs on 300 digits for 60 epochs, with each rate and each batch size; return the shares.

    ALL is the control: its gradients come from the same small batches, but mean and variance are those of all 300 digits at
    every step, so that an example has the same mates every time. For each of NETS, BATCHES and RATES: "<net>: <batch>: <rate>:
    loss" (epochs,) on the 300 digits, in inference, and ": training", ": validation", ": test", the shares read rightly. With
    batch normalization also ": test, exact", with mean and variance of the 300 digits in place of the moving averages, which
    small batches leave rough.
    """
    x, y, x_validation, y_validation, x_test, y_test = digits(seed)
    x, y, found = x[:FEW], y[:FEW], {}
    for net, extra in NETS.items():
        for size in BATCHES:
            for rate in RATES:
                model, rng, losses = network(seed, extra, hidden=2), np.random.default_rng(seed), []
                model.compile(SGD(rate), LOSS, metrics=["accuracy"])
                model._lay_end_to_end()
                for _ in range(EPOCHS):
                    order = rng.permutation(FEW)
                    for start in range(0, FEW, size):
                        step(model, x, y, order[start : start + size], net == ALL)
                    losses.append(model.evaluate(x, y)[0])
                run = {"loss": np.float32(losses), "training": model.evaluate(x, y)[1]}
                run |= {"validation": model.evaluate(x_validation, y_validation)[1], "test": model.evaluate(x_test, y_test)[1]}
                if "batch norm" in net:
                    exact_statistics(model, x)
                    run["test, exact"] = model.evaluate(x_test, y_test)[1]
                found |= {f"{net}: {size}: {rate}: {key}": np.asarray(value) for key, value in run.items()}
    return found


def exact_statistics(model, x):
    """Put mean and variance of what each normalisation gets from the examples x in place of its moving averages."""
    norms = [layer for layer in model.layers if isinstance(layer, BatchNormalization)]
    for norm in norms:
        norm.momentum = 0.0  # nothing of the old averages is kept
    model.forward(x, training=True)
    for norm in norms:
        norm.momentum = MOMENTUM


def step(model, x, y, batch, with_all):
    """Make one update from the loss of the batch; `with_all` shows it all examples, so that the mates stay the same."""
    if not with_all:
        model._train_on_batch(x[batch], y[batch])
        return
    prediction = model.forward(x, training=True)
    gradient = np.zeros_like(prediction)
    gradient[batch] = (prediction[batch] - y[batch]) / len(batch)  # only the loss of the batch is to fall
    gradient = model.layers[-1].backward_from_sums(gradient)
    for layer in reversed(model.layers[:-1]):
        gradient = layer.backward(gradient)
    gradients = [layer.gradients[name] for layer in model.layers for name in layer.weights]
    model.optimizer.apply(gradients, [model._all_weights])


if __name__ == "__main__":
    record("batch_norm_noise", train_noise, seeds=range(5))
