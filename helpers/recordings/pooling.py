"""Recorded trainings of the lesson on pooling: one network for digits, with seven ways to make its maps smaller."""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import keras
import numpy as np
from keras import layers

from helpers.datasets import mnist_split
from helpers.recordings.recording import record

WAYS = ("max", "average", "min", "every second pixel", "stride in the convolution", "convolution with stride", "nothing")


def smaller(way, filters):
    """Return the layers after a convolution that halve the height and width of its maps; for "nothing", none."""
    return {
        "max": [layers.MaxPooling2D(2)],
        "average": [layers.AveragePooling2D(2)],
        "min": [layers.Rescaling(-1), layers.MaxPooling2D(2), layers.Rescaling(-1)],  # Keras has no min pooling
        "every second pixel": [layers.MaxPooling2D(1, strides=2)],
        "convolution with stride": [layers.Conv2D(filters, 2, strides=2, activation="relu")],
    }.get(way, [])


def digit_cnn(way="max", filters=(16, 32), units=64, end=None):
    """Return the network of lessons 03 and 04, not yet trained: (28, 28, 1) -> shares of ten digits."""
    stride = 2 if way == "stride in the convolution" else 1
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for number in filters:
        model.add(layers.Conv2D(number, 3, strides=stride, activation="relu"))
        for layer in smaller(way, number):
            model.add(layer)
    row = [layers.Flatten(), layers.Dropout(0.5)] if end is None else [end]
    for layer in (*row, layers.Dense(units, activation="relu"), layers.Dense(10, "softmax")):
        model.add(layer)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def moved(images, right, down=0):
    """Return images (batch, height, width, 1) moved by so many pixels; what leaves on one side comes in on the other."""
    return np.roll(images, (down, right), axis=(1, 2))


def accuracies_when_moved(model, x, y, farthest=4):
    """Return the accuracy on images moved by 0, 1, ... pixels, each the mean of right, left, down and up."""
    ways = ((1, 0), (-1, 0), (0, 1), (0, -1))
    return [
        np.mean([np.mean(model.predict(moved(x, n * a, n * b), verbose=0).argmax(1) == y) for a, b in ways])
        for n in range(farthest + 1)
    ]


def train_ways(seed):
    """Train the network with each way for 12 epochs; return its accuracies on 1,000 new digits, moved by 0 to 4 pixels."""
    x, y, x_test, y_test = (array[..., None] if array.ndim == 3 else array for array in mnist_split(seed=seed))
    found = {}
    for way in WAYS:
        set_seeds(seed)
        model = digit_cnn(way)
        history = model.fit(x, y, epochs=12, verbose=0).history
        found[f"{way}: moved"] = accuracies_when_moved(model, x_test, y_test)
        found[f"{way}: weights"] = model.count_params()
        found[f"{way}: loss"] = history["loss"]
    return found


def train_global(seed):
    """Train with global average pooling in place of flatten and dropout, for 12 and 40 epochs; return as `train_ways`."""
    x, y, x_test, y_test = (array[..., None] if array.ndim == 3 else array for array in mnist_split(seed=seed))
    found = {}
    for name, epochs in (("max, then global average", 12), ("max, then global average, 40 epochs", 40)):
        set_seeds(seed)
        model = digit_cnn("max", end=layers.GlobalAveragePooling2D())
        model.fit(x, y, epochs=epochs, verbose=0)
        found[f"{name}: moved"] = accuracies_when_moved(model, x_test, y_test)
        found[f"{name}: weights"] = model.count_params()
    return found


if __name__ == "__main__":
    record("pooling_ways", train_ways)
    record("pooling_global", train_global)
