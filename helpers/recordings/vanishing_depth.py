"""Recorded trainings of the lesson on vanishing gradients: networks of 30 layers on real digits, with and without cures.

Run with: python -m helpers.recordings.vanishing_depth
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from helpers.datasets import mnist_split
from helpers.recordings.recording import record

WIDTH, DEPTH, EPOCHS, BATCH, VALIDATION = 64, 30, 8, 64, 500
OPTIMIZERS = {  # the rates of plain SGD lie a factor of ten apart: for each network the best one counts
    "SGD 0.003": lambda clip: keras.optimizers.SGD(0.003, clipnorm=clip),
    "SGD 0.03": lambda clip: keras.optimizers.SGD(0.03, clipnorm=clip),
    "SGD 0.3": lambda clip: keras.optimizers.SGD(0.3, clipnorm=clip),
    "Adam 0.001": lambda clip: keras.optimizers.Adam(0.001, clipnorm=clip),
}


class Net(NamedTuple):
    """A deep network: its activation, the gain of its first weights, and its cures."""

    activation: str
    gain: float
    skip: bool = False
    normalise: bool = False
    clip: float | None = None  # the largest length of the gradient of each array of weights
    depth: int = DEPTH


HE = float(np.sqrt(2))
NETS = {
    "2 layers, tanh, Xavier": Net("tanh", 1.0, depth=2),  # is it the depth?
    "2 layers, tanh, gain 0.5": Net("tanh", 0.5, depth=2),  # and the same bad starts without the depth
    "2 layers, sigmoid, Xavier": Net("sigmoid", 1.0, depth=2),
    "2 layers, relu, gain 3": Net("relu", 3.0, depth=2),
    "tanh, gain 0.5": Net("tanh", 0.5),
    "tanh, Xavier": Net("tanh", 1.0),
    "tanh, gain 0.5, skip": Net("tanh", 0.5, skip=True),
    "tanh, gain 0.5, batch norm": Net("tanh", 0.5, normalise=True),
    "sigmoid, Xavier": Net("sigmoid", 1.0),
    "sigmoid, gain 4": Net("sigmoid", 4.0),
    "sigmoid, Xavier, skip": Net("sigmoid", 1.0, skip=True),
    "sigmoid, Xavier, batch norm": Net("sigmoid", 1.0, normalise=True),
    "relu, Xavier": Net("relu", 1.0),
    "relu, He": Net("relu", HE),
    "relu, gain 3": Net("relu", 3.0),
    "relu, gain 3, clipped": Net("relu", 3.0, clip=1.0),
    "relu, gain 3, batch norm": Net("relu", 3.0, normalise=True),
}


def deep_network(net):
    """Return the network, not yet compiled: (batch, 784) -> probabilities (batch, 10). Its hidden layers are layer_1 ..."""
    start = keras.initializers.VarianceScaling(net.gain**2, "fan_in", "untruncated_normal")
    inputs = h = keras.Input((784,))
    for number in range(1, net.depth + 1):
        z = layers.Dense(WIDTH, kernel_initializer=start, name=f"layer_{number}")(h)
        if net.normalise:
            z = layers.BatchNormalization()(z)
        out = layers.Activation(net.activation)(z)
        h = layers.Add()([h, out]) if net.skip and number > 1 else out  # the inputs have another width
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(h))


# Is it Adam's epsilon that keeps a network from learning? The same networks with one that is far below their gradients.
SMALL_EPSILON = {"relu, Xavier": 1e-14, "tanh, gain 0.5": 1e-16, "sigmoid, Xavier": 1e-18}


def kernels(model):
    """Return the weights of the hidden layers, first to last, as variables."""
    return [layer.kernel for layer in model.layers if layer.name.startswith("layer_")]


def gradient_sizes(model, x, y):
    """Return the root mean square of the gradient of the loss for the weights of each hidden layer, (layers,)."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, model(x, training=True)))
    return np.array([np.sqrt(np.mean(np.square(each))) for each in tape.gradient(loss, [k.value for k in kernels(model)])])


def train_depth(seed):
    """Train every network with every optimizer; return what it learned, and how far each of its layers moved.

    For each of NETS: "<net>: gradient" (layers,), the size of the gradient of each layer's weights before training, on 256
    digits. For each optimizer "<net>: <optimizer>: loss" and ": validation" (epochs,), ": test", the share of 1,000 new digits
    read rightly, and ": moved" (layers,): by how much the weights of each layer changed, as a share of their first size; nan
    where the weights became nan. For the nets of SMALL_EPSILON also "<net>: Adam 0.001, small epsilon: test".
    """
    x, y, x_test, y_test = mnist_split(seed, flat=True)
    found = {}
    for name, net in NETS.items():
        for optimizer, make in OPTIMIZERS.items():
            set_seeds(seed)
            model = deep_network(net)
            if optimizer == "SGD 0.003":
                found[f"{name}: gradient"] = gradient_sizes(model, x[:256], y[:256])
            first = [keras.ops.convert_to_numpy(each) for each in kernels(model)]
            model.compile(make(net.clip), "sparse_categorical_crossentropy", metrics=["accuracy"])
            checks = (x[-VALIDATION:], y[-VALIDATION:])
            history = model.fit(x[:-VALIDATION], y[:-VALIDATION], BATCH, EPOCHS, validation_data=checks, verbose=0).history
            moved = [
                np.linalg.norm(keras.ops.convert_to_numpy(now) - old) / np.linalg.norm(old)
                for now, old in zip(kernels(model), first, strict=True)
            ]
            run = {"loss": history["loss"], "validation": history["val_accuracy"], "moved": moved}
            run["test"] = model.evaluate(x_test, y_test, batch_size=500, verbose=0)[1]
            found |= {f"{name}: {optimizer}: {key}": np.asarray(value) for key, value in run.items()}
        if name in SMALL_EPSILON:
            set_seeds(seed)
            model = deep_network(net)
            rule = keras.optimizers.Adam(0.001, epsilon=SMALL_EPSILON[name])
            model.compile(rule, "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(x[:-VALIDATION], y[:-VALIDATION], BATCH, EPOCHS, verbose=0)
            share = model.evaluate(x_test, y_test, batch_size=500, verbose=0)[1]
            found[f"{name}: Adam 0.001, small epsilon: test"] = np.asarray(share)
        print(name, {each: round(float(found[f"{name}: {each}: test"]), 3) for each in OPTIMIZERS}, flush=True)
    return found


if __name__ == "__main__":
    record("vanishing_depth", train_depth)
