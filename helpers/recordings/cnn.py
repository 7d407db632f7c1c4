"""Recorded trainings of the lesson on CNNs: the network for digits, that without each of its parts, and kernels for photos."""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import keras
import numpy as np
from keras import layers

from helpers.datasets import PHOTOS, load_photo, load_textures, mnist_split
from helpers.recordings.pooling import accuracies_when_moved
from helpers.recordings.recording import record


def digit_data(seed):
    """Return x_train, y_train, x_test, y_test with one channel: (4000, 28, 28, 1), (4000,), (1000, 28, 28, 1), (1000,)."""
    x, y, x_test, y_test = mnist_split(seed=seed)
    return x[..., None], y, x_test[..., None], y_test


def network(*parts):
    """Return a network for digits, ready to train; the last layer, ten shares, is added here."""
    model = keras.Sequential([keras.Input((28, 28, 1)), *parts, layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def conv(filters):
    return layers.Conv2D(filters, 3, activation="relu")


def pool():
    return layers.MaxPooling2D(2)


def mean():
    return layers.AveragePooling2D(2)


def row():
    """Return the layers that lay all maps in one row of numbers, and set half of them to 0 while training."""
    return layers.Flatten(), layers.Dropout(0.5)


def dense(units):
    return layers.Dense(units, activation="relu")


def cnn():
    """Return the CNN of the lesson: 56,714 weights."""
    return network(conv(16), pool(), conv(32), pool(), *row(), dense(64))


def train_cnn(seed, epochs=10, callbacks=()):
    """Train the CNN on 4,000 digits; return accuracies on 1,000 others after each epoch, when moved, and the weights."""
    x, y, x_test, y_test = digit_data(seed)
    set_seeds(seed)
    model = cnn()
    history = model.fit(x, y, epochs=epochs, validation_data=(x_test, y_test), verbose=0, callbacks=list(callbacks)).history
    weights = {f"weights_{place}": array for place, array in enumerate(model.get_weights())}
    return history | weights | {"moved": accuracies_when_moved(model, x_test, y_test)}


PARTS = {  # name -> how the network is made; "equal" has about 56,700 weights like the whole
    "whole": cnn,
    "no convolution": lambda: network(pool(), pool(), *row(), dense(64)),
    "no convolution, equal": lambda: network(pool(), pool(), *row(), dense(945)),
    "no pooling": lambda: network(conv(16), conv(32), *row(), dense(64)),
    "no pooling, equal": lambda: network(conv(16), conv(2), *row(), dense(48)),
    "no dense layer": lambda: network(conv(16), pool(), conv(32), pool(), *row()),
    "no dense layer, equal": lambda: network(conv(16), pool(), conv(143), pool(), *row()),
    "average pooling": lambda: network(conv(16), mean(), conv(32), mean(), *row(), dense(64)),
    # Linear all the way: max pooling is not linear either, so compare it with "average pooling".
    "no relu": lambda: network(layers.Conv2D(16, 3), mean(), layers.Conv2D(32, 3), mean(), *row(), layers.Dense(64)),
    "ANN": lambda: network(layers.Flatten(), dense(72)),
    "ANN with dropout": lambda: network(layers.Flatten(), dense(72), layers.Dropout(0.5)),
}


def train_parts(seed, epochs=12):
    """Train the network without each of its parts in turn; return accuracies on new digits, moved by 0 to 4 pixels."""
    x, y, x_test, y_test = digit_data(seed)
    found = {}
    for name, make in PARTS.items():
        set_seeds(seed)
        model = make()
        model.fit(x, y, epochs=epochs, verbose=0)
        found[f"{name}: moved"] = accuracies_when_moved(model, x_test, y_test)
        found[f"{name}: weights"] = model.count_params()
    return found


def train_shuffled(seed, epochs=12):
    """Train the CNN and the ANN on digits whose pixels all changed places, the same way in every picture; return accuracies.

    The CNN never sees the last two rows and columns. "shuffled inside" leaves them in place and shuffles all others.
    """
    x, y, x_test, y_test = digit_data(seed)
    rng, places = np.random.default_rng(seed), np.arange(28 * 28)
    inside = places.reshape(28, 28)[:26, :26].ravel()
    mixed = places.copy()
    mixed[inside] = rng.permutation(inside)
    found = {}
    for pixels, order in (("in place", places), ("shuffled", rng.permutation(places)), ("shuffled inside", mixed)):
        images, test = (each.reshape(-1, 28 * 28)[:, order].reshape(each.shape) for each in (x, x_test))
        for name in ("whole", "ANN", "ANN with dropout"):
            set_seeds(seed)
            model = PARTS[name]()
            model.fit(images, y, epochs=epochs, verbose=0)
            found[f"{name}, {pixels}"] = model.evaluate(test, y_test, verbose=0)[1]
    return found


def photo_patches(seed, count=600, size=24):
    """Return x_train, y_train, x_test, y_test: patches of nine photos, (patches, 24, 24, 1), and which photo each is from.

    The test patches come from the right quarter of each photo. Each patch has mean 0 and about the same contrast.
    """
    photos = [*(load_photo(name, grey=True) for name in PHOTOS), *load_textures().values()]
    rng = np.random.default_rng(seed)
    parts = {False: ([], []), True: ([], [])}
    for number, photo in enumerate(photos):
        border = 3 * photo.shape[1] // 4
        for is_test, left, right in ((False, 0, border - size), (True, border, photo.shape[1] - size)):
            for _ in range(count // 4 if is_test else count):
                top, side = rng.integers(photo.shape[0] - size), rng.integers(left, right)
                patch = photo[top : top + size, side : side + size] - photo[top : top + size, side : side + size].mean()
                parts[is_test][0].append(patch / (patch.std() + 0.02))
                parts[is_test][1].append(number)
    return [
        np.array(each, "float32")[..., None] if place == 0 else np.array(each)
        for both in parts.values()
        for place, each in enumerate(both)
    ]


def train_kernels(seed, epochs=20):
    """Train 16 kernels of 9 x 9 to tell nine photos apart; return them before and after, and the accuracy on other places."""
    x, y, x_test, y_test = photo_patches(seed)
    set_seeds(seed)
    stack = [layers.Conv2D(16, 9, activation="relu"), pool(), layers.Conv2D(32, 3, activation="relu")]
    model = keras.Sequential([keras.Input(x.shape[1:]), *stack, layers.GlobalAveragePooling2D(), layers.Dense(9, "softmax")])
    model.compile(keras.optimizers.Adam(0.002), "sparse_categorical_crossentropy", metrics=["accuracy"])
    before = model.layers[0].get_weights()[0]
    model.fit(x, y, epochs=epochs, verbose=0)
    after = model.layers[0].get_weights()[0]
    return {"before": before, "after": after, "accuracy": model.evaluate(x_test, y_test, verbose=0)[1]}


if __name__ == "__main__":
    record("cnn_mnist", train_cnn)
    record("cnn_parts", train_parts)
    record("cnn_shuffled", train_shuffled)
    record("cnn_kernels", train_kernels)
