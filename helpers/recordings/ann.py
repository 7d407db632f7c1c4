"""Recorded trainings of the lesson on artificial neural networks."""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import keras

from helpers.datasets import mnist_split
from helpers.recordings.recording import record


def train_mnist(seed, callbacks=()):
    """Train one hidden layer of 64 on 4,000 digits for 10 epochs; return its accuracies and its weights."""
    set_seeds(seed)
    x_train, y_train, x_test, y_test = mnist_split(seed=seed, flat=True)
    model = keras.Sequential(
        [keras.Input((784,)), keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x_train, y_train, epochs=10, validation_data=(x_test, y_test), verbose=0, callbacks=list(callbacks)
    ).history
    return history | {f"weights_{place}": array for place, array in enumerate(model.get_weights())}


if __name__ == "__main__":
    record("ann_mnist", train_mnist)
