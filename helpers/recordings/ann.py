"""Recorded trainings of the lesson on artificial neural networks."""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import keras
import numpy as np

from helpers.datasets import load_diabetes, mnist_split, split, standardize
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


def train_diabetes(seed, callbacks=()):
    """Train one hidden layer of 16 on 331 patients; return its typical error on 111 others, and that of simpler ways."""
    table = load_diabetes()
    x_train, y_train, x_test, y_test = split(table.x, table.y, seed=seed)
    x_train, x_test = standardize(x_train, x_test)
    mean, spread = y_train.mean(), y_train.std()
    set_seeds(seed)
    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.003), "mean_squared_error")
    model.fit(x_train, (y_train - mean) / spread, epochs=60, verbose=0, callbacks=list(callbacks))
    predictions = {
        "network": mean + spread * model.predict(x_test, verbose=0)[:, 0],
        "linear": mean + x_test @ np.linalg.lstsq(x_train, y_train - mean)[0],
        "mean": mean,
    }
    return {name: np.mean((predicted - y_test) ** 2) ** 0.5 for name, predicted in predictions.items()}


if __name__ == "__main__":
    record("ann_mnist", train_mnist)
    record("ann_diabetes", train_diabetes, seeds=range(5))
