"""Recorded trainings of the lesson on batch normalization: internal covariate shift, measured while networks train.

Run with: python -m helpers.recordings.batch_normalization_shift
"""

from contextlib import contextmanager

import numpy as np

from helpers.recordings.batch_normalization import BATCH, LOSS, MOMENTUM, dense_layers, digits, network
from helpers.recordings.recording import record
from helpers.scratch.activation import Activation
from helpers.scratch.batch_normalization import BatchNormalization
from helpers.scratch.dense import Dense
from helpers.scratch.optimizers import SGD


class Shake(Activation):
    """After batch normalization: another shift and another scale for every neuron at every step of training.

    So each neuron's inputs to its activation have another distribution at each step (after Santurkar and others 2018, who shake
    every example as well). In inference nothing is shaken.
    """

    def __init__(self, seed, shift=0.5, scale=0.25):
        super().__init__("linear")
        self.rng, self.shift, self.scale = np.random.default_rng(seed), shift, scale

    def forward(self, inputs, training=False):
        """Return inputs * factor + shift, both new at every call in training."""
        self.factor = 1.0
        if not training:
            return inputs
        neurons = inputs.shape[-1]
        self.factor = 1 + self.scale * self.rng.uniform(-1, 1, neurons).astype(inputs.dtype)
        return self.factor * inputs + self.shift * self.rng.standard_normal(neurons).astype(inputs.dtype)

    def backward(self, gradient):
        """Return the gradient for the inputs."""
        return gradient * self.factor


NETS = ("plain", "batch norm", "batch norm, shaken")
RATES, EPOCHS = (0.03, 0.1, 0.3, 1.0, 3.0), 8
CHECKS = (0, 1, 2, 5, 10, 20, 30, 40, 55, 80, 110, 140, 165, 200, 240, 275, 330, 385, 440)  # steps at which it is looked into
PERCENTILES = (15, 50, 85)
NEURONS = 6  # of each layer, whose percentiles are kept


def shift_network(net, activation, seed):
    """Return one of the networks whose shift is measured."""
    extra = [] if net == "plain" else [lambda: BatchNormalization(MOMENTUM)]
    if net == "batch norm, shaken":
        extra.append(lambda: Shake(seed))
    return network(seed, extra, activation, hidden=3)


@contextmanager
def unchanged(model):
    """At the end, give the network its weights and moving averages back, and its shakes the same random numbers again."""
    kept, shakes = model.get_weights(), [layer for layer in model.layers if isinstance(layer, Shake)]
    states = [layer.rng.bit_generator.state for layer in shakes]
    yield
    model.set_weights(kept)
    for layer, state in zip(shakes, states, strict=True):
        layer.rng.bit_generator.state = state


def into_activations(model, x, before=False, shaken=False):
    """Return what goes into the activation of each hidden layer, (layers, examples, neurons), with the statistics of x.

    `before`: the sums before they are normalised. `shaken`: every neuron is shaken as the next step of training will.
    """
    rows, sums = [], None
    with unchanged(model):
        for layer in model.layers[:-1]:
            if isinstance(layer, Activation) and not isinstance(layer, Shake):
                rows.append(sums if before else x)
            x = layer.forward(x, training=shaken or isinstance(layer, BatchNormalization))
            sums = x if isinstance(layer, Dense) else sums
    return np.stack(rows)


def gradients_of(model, x, y):
    """Return the gradient of the loss for the kernel of each layer of sums; afterwards the network is as it was before.

    So two calls shake the neurons in the same way.
    """
    with unchanged(model):
        prediction = model.forward(x, training=True)
        model._backward_from_loss(y, prediction)
    return [layer.gradients["kernel"].ravel().copy() for layer in dense_layers(model)]


def moved_by_others(model, x, y, rate):
    """Return for each layer the cosine between its gradient before and after one step of all layers before it, (layers,).

    1 says that the others' step does not matter; the first layer has none before it. That is one of the two measures of
    internal covariate shift of Santurkar and others (2018); the other one is the length of the difference.
    """
    first, layers, cosines = gradients_of(model, x, y), dense_layers(model), [1.0]
    for place in range(1, len(layers)):
        with unchanged(model):
            for layer, gradient in zip(layers[:place], first, strict=False):
                layer.weights["kernel"] -= rate * gradient.reshape(layer.weights["kernel"].shape)
            again = gradients_of(model, x, y)[place]
        cosines.append(float(again @ first[place] / (np.linalg.norm(again) * np.linalg.norm(first[place]) + 1e-30)))
    return cosines


def train_shift(seed):
    """Train three hidden layers of 64 by SGD, and look at CHECKS how what goes into each activation is distributed.

    For "sigmoid" and "relu", each of NETS, each of RATES: "<activation>: <net>: <rate>: loss" (epochs,),
    ": validation" (epochs,), ": test"; ": shift" (checks - 1, layers), by how many standard deviations the mean of a neuron has
    moved from one check to the next, the mean over all neurons, on 500 validation digits; ": cosine" (checks, layers), see
    `moved_by_others`. With batch normalization also ": shift before", that of the sums before it. With seed 0 also
    ": percentiles" and ": percentiles before" (checks, layers, NEURONS, 3), what goes into the activation of some neurons.
    """
    x, y, x_validation, y_validation, x_test, y_test = digits(seed)
    found = {}
    for activation in ("sigmoid", "relu"):
        for net in NETS:
            for rate in RATES:
                model, looks = shift_network(net, activation, seed), []
                model.compile(SGD(rate), LOSS, metrics=["accuracy"])
                run = _train_and_look(model, x, y, x_validation, y_validation, rate, looks)
                run["test"] = model.evaluate(x_test, y_test)[1]
                for where in ("", " before") if net != "plain" else ("",):
                    rows = np.stack([look[f"sums{where}"] for look in looks])  # (checks, layers, examples, neurons)
                    means, spread = rows.mean(axis=2), rows.std(axis=2) + 1e-6
                    run[f"shift{where}"] = (np.abs(np.diff(means, axis=0)) / spread[:-1]).mean(axis=-1)
                    if not seed:
                        parts = np.percentile(rows[..., :NEURONS], PERCENTILES, axis=2)
                        run[f"percentiles{where}"] = np.moveaxis(parts, 0, -1).astype(np.float16)
                run["cosine"] = np.array([look["cosine"] for look in looks])
                found |= {f"{activation}: {net}: {rate}: {key}": np.asarray(value) for key, value in run.items()}
    return found


def _train_and_look(model, x, y, x_validation, y_validation, rate, looks):
    """Train, and append to `looks` what is seen at each of CHECKS; return loss and validation share of each epoch."""
    rng, step, run = np.random.default_rng(0), 0, {"loss": [], "validation": []}

    def look(batch):
        if step in CHECKS:
            seen = into_activations(model, x_validation, shaken=True)
            looks.append({"sums": seen, "sums before": into_activations(model, x_validation, before=True)})
            looks[-1]["cosine"] = moved_by_others(model, x[batch], y[batch], rate)

    model._lay_end_to_end()
    for _ in range(EPOCHS):
        order, losses = rng.permutation(len(x)), []
        for start in range(0, len(x), BATCH):
            batch = order[start : start + BATCH]
            look(batch)
            prediction = model._train_on_batch(x[batch], y[batch])
            losses.append(model.loss.forward(y[batch], prediction))
            step += 1
        run["loss"].append(np.mean(losses))
        run["validation"].append(model.evaluate(x_validation, y_validation)[1])
    look(order[:BATCH])
    return run


if __name__ == "__main__":
    record("batch_norm_shift", train_shift)
