"""Recorded trainings of the lesson on augmentation: how far may a digit be turned before a network names it wrongly?

Run with: python -m helpers.recordings.augmentation
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import keras
import numpy as np
from keras import layers

from helpers.datasets import mnist_split
from helpers.recordings.recording import record
from helpers.scratch.augmentation import rotate

RANGES = (0, 15, 45, 90, 180)  # in training each digit is turned by up to so many degrees, either way
WITH_WEIGHTS = (0, 90, 180)  # the ranges whose network the explorer runs
TEST_ANGLES = np.arange(-180, 181, 5)  # degrees, positive against the clock
BATCH, EPOCHS = 64, 20  # 63 batches an epoch, so 1,260 updates, the same with all ranges
DIGITS = 10


def digit_network(augmentation=(), dropout=0.0):
    """Return a CNN for digits, ready to train: (batch, 28, 28, 1) -> probabilities (batch, 10).

    The layers in `augmentation` come first. They work in `fit`, and do nothing in `predict` and `evaluate`; but a plain call
    needs training=False, for in these layers Keras takes True where nothing is said. `dropout` is the share of numbers set to
    0 before the dense layers; with 0 there is no such layer.
    """
    stack = [keras.Input((28, 28, 1)), *augmentation]
    for filters in (8, 16):
        stack += [layers.Conv2D(filters, 5, padding="same", activation="relu"), layers.MaxPooling2D()]
    stack += [layers.Flatten(), *([layers.Dropout(dropout)] if dropout > 0 else [])]
    model = keras.Sequential([*stack, layers.Dense(32, activation="relu"), layers.Dense(DIGITS, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def turning(degrees):
    """Return the layers that turn each digit by up to so many degrees, either way: one layer, or none for 0."""
    return [layers.RandomRotation(degrees / 360, fill_mode="constant", fill_value=0.0)] if degrees else []


def named(model, images):
    """Return the digit that the model names for each picture: (batch, 28, 28, 1) -> (batch,)."""
    return model.predict_on_batch(images).argmax(axis=1)


def rightly(names, y):
    """Return how many digits of each class were named rightly, (10,) uint8."""
    return np.bincount(y[names == y], minlength=DIGITS).astype(np.uint8)


def train_range(seed):
    """Train a network for each of RANGES, by which training digits are turned; test them with digits turned all the way.

    4,000 digits to learn from, 1,000 to test. A test digit is turned by helpers.scratch.augmentation.rotate. To turn a picture
    also blurs it, so each is turned back too: just as blurred, or more, but upright.

    "angles" (73,) in degrees, positive against the clock; "count" (10,) test digits of each class. For each range r:
    "<r>: right" (73, 10) uint8, how many test digits of each class are named rightly at each angle; "<r>: back" (73,), the
    share named rightly of digits turned by the angle and back; "<r>: called" (37, 10, 10) uint8, for the angles 0 to 180: how
    many of each class (second axis) get each name (third axis). With seed 0, for WITH_WEIGHTS, "<r>: weights <place>"
    float16, in Keras's order.
    """
    x, y, x_test, y_test = mnist_split(seed)
    x, x_test = x[..., None], x_test[..., None]
    models = {}
    for degrees in RANGES:
        set_seeds(seed)
        models[degrees] = model = digit_network(turning(degrees))
        model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0)
        print("up to", degrees, "degrees, upright:", model.evaluate(x_test, y_test, verbose=0)[1], flush=True)
    found = {"angles": TEST_ANGLES, "count": np.bincount(y_test, minlength=DIGITS)}
    for degrees, model in models.items():
        if seed == 0 and degrees in WITH_WEIGHTS:
            for place, array in enumerate(model.get_weights()):
                found[f"{degrees}: weights {place}"] = array.astype(np.float16)
    parts = {degrees: ([], [], []) for degrees in RANGES}
    for angle in TEST_ANGLES:
        turned = rotate(x_test, angle)
        upright = rotate(turned, -angle)
        for degrees, (right, back, called) in parts.items():
            names = named(models[degrees], turned)
            right.append(rightly(names, y_test))
            back.append(np.mean(named(models[degrees], upright) == y_test))
            if angle >= 0:
                called.append(np.bincount(DIGITS * y_test + names, minlength=DIGITS**2).reshape(DIGITS, DIGITS))
    for degrees, (right, back, called) in parts.items():
        found |= {f"{degrees}: right": right, f"{degrees}: back": back, f"{degrees}: called": np.array(called, np.uint8)}
    return found


if __name__ == "__main__":
    record("augmentation_range", train_range)
