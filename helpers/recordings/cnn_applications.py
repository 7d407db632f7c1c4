"""Recorded trainings of the lesson on convolutional networks: faces, steering a car, and clips in which something moves."""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import keras
import numpy as np
from keras.layers import (
    Conv2D,
    Conv3D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    MaxPooling2D,
    MaxPooling3D,
)
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.svm import SVC, SVR

from helpers.datasets import load_faces, load_textures, mnist_split, shrink
from helpers.recordings.recording import record
from helpers.roads import KINDS, draw_roads

# Faces: is there one, or not?

STRANGE = ("mirrored", "shifted", "darker", "upside down", "halves swapped", "in 25 pieces", "brick", "grass", "gravel")


def train_faces(seed, callbacks=()):
    """Train a small network on 120 pictures, half of them faces; return its scores for 80 others, and what simpler ways reach.

    "strange" holds the share of strange pictures (STRANGE) that the network calls a face. A second network, "careful", also
    saw the training pictures mirrored, and it saw the training faces in 25 pieces, put together in another order, as no faces.
    """
    x, y = load_faces()
    train, test = split_faces(seed)
    both_x, both_y = np.concatenate([x[train], x[train][:, :, ::-1]]), np.concatenate([y[train], y[train]])
    pieces = in_pieces(both_x[both_y == 1], seed)
    more = np.concatenate([both_x, pieces]), np.concatenate([both_y, np.zeros(len(pieces))])
    strange = strange_pictures(x[test][y[test] == 1], seed + 1000)
    found = {"test": test, "truth": y[test], "names": STRANGE} | simple_ways(x[train], y[train], x[test], y[test])
    for name, data in {"": (x[train], y[train]), "careful_": more}.items():
        set_seeds(seed)
        model = face_network()
        model.fit(*data, epochs=40, batch_size=16, verbose=0, callbacks=list(callbacks))
        scores = model.predict(x[test], verbose=0)[:, 0]
        found |= {f"{name}scores": scores, f"{name}accuracy": np.mean((scores > 0.5) == y[test])}
        found[f"{name}strange"] = [np.mean(model.predict(strange[kind], verbose=0) > 0.5) for kind in STRANGE]
        found |= {f"{name}weights_{place}": array for place, array in enumerate(model.get_weights())}
    return found


def face_network():
    """Return the network, for pictures (25, 25, 1); its output is the probability of a face."""
    model = keras.Sequential(
        [
            keras.Input((25, 25, 1)),
            Conv2D(8, 3, activation="relu"),
            MaxPooling2D(),
            Conv2D(16, 3, activation="relu"),
            MaxPooling2D(),
            Flatten(),
            Dense(16, activation="relu"),
            Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    return model


def split_faces(seed):
    """Return the numbers of 120 training pictures and of 80 test pictures.

    Face i and picture 100 + i were probably cut from the same photo: they stay together. The same person may be on both sides.
    """
    order = np.random.default_rng(seed).permutation(100)
    return tuple(np.concatenate([part, 100 + part]) for part in (order[:60], order[60:]))


def strange_pictures(faces, seed):
    """Return name -> pictures: faces that were changed, and patches of brick, grass and gravel."""
    places = range(0, 480, 50)
    return {
        "mirrored": faces[:, :, ::-1],
        "shifted": np.roll(faces, 3, axis=2),
        "darker": 0.5 * faces,
        "upside down": faces[:, ::-1],
        "halves swapped": np.roll(faces, 12, axis=1),
        "in 25 pieces": in_pieces(faces, seed),
    } | {
        name: np.array([wall[i : i + 25, j : j + 25] for i in places for j in places]) for name, wall in load_textures().items()
    }


def in_pieces(pictures, seed):
    """Return the pictures (count, 25, 25), each cut into 25 squares of 5 x 5 pixels and put together in a random order."""
    rng = np.random.default_rng(seed)
    squares = pictures.reshape(-1, 5, 5, 5, 5).swapaxes(2, 3).reshape(-1, 25, 5, 5)
    mixed = np.array([squares_of_one[rng.permutation(25)] for squares_of_one in squares])
    return mixed.reshape(-1, 5, 5, 5, 5).swapaxes(2, 3).reshape(-1, 25, 25)


def roughness(pictures):
    """Return one number a picture: how much neighbouring pixels differ, on average."""
    return (np.abs(np.diff(pictures, axis=1)).mean(axis=(1, 2)) + np.abs(np.diff(pictures, axis=2)).mean(axis=(1, 2))) / 2


def best_threshold(numbers, y):
    """Return the number above which most training pictures are faces and below which most are none."""
    between = np.sort(numbers)[:-1] + np.diff(np.sort(numbers)) / 2
    return max(between, key=lambda threshold: np.mean((numbers > threshold) == y))


def simple_ways(x_train, y_train, x_test, y_test):
    """Return the accuracies of a threshold, of logistic regression, of the nearest picture, and of a support vector machine."""
    threshold = best_threshold(roughness(x_train), y_train)
    ways = {"logistic": LogisticRegression(max_iter=3000), "nearest": KNeighborsClassifier(1), "machine": SVC(C=10)}
    flat = flattened(x_test)
    return {"roughness": np.mean((roughness(x_test) > threshold) == y_test), "threshold": threshold} | {
        name: way.fit(flattened(x_train), y_train).score(flat, y_test) for name, way in ways.items()
    }


def flattened(pictures):
    return pictures.reshape(len(pictures), -1)


# Roads: how far must the wheels be turned? The pictures are simulated.


def train_roads(seed, callbacks=()):
    """Train a network to steer on 2,000 SIMULATED pictures; return its mean absolute errors in degrees on new ones.

    Every error is an array of four numbers, for 500 new roads of each of the kinds (KINDS); the network saw the first kind
    alone. "all_kinds" is the same network after 500 pictures of every kind. The others are simpler ways, taught as the first.
    """
    x, angles = draw_roads(2000, seed)
    tests = [draw_roads(500, 1000 + seed, kind) for kind in KINDS]
    model = road_network(seed)
    model.fit(x, angles, epochs=20, verbose=0, callbacks=list(callbacks))
    predicted = np.array([model.predict(pictures, verbose=0)[:, 0] for pictures, _ in tests])
    found = {"names": KINDS, "predicted": predicted, "network": errors(predicted, tests)}
    found |= {"straight": errors(np.zeros(4), tests), "mean": errors(np.full(4, angles.mean()), tests)}
    ways = {
        "ridge": (RidgeCV((1, 10, 100, 1000)), flattened),
        "nearest": (KNeighborsRegressor(5), flattened),
        "machine": (SVR(C=10), edges),
    }
    for name, (way, features) in ways.items():
        way.fit(features(x), angles)
        found[name] = errors([way.predict(features(pictures)) for pictures, _ in tests], tests)
    mixed = [draw_roads(500, 2000 + 10 * seed + place, kind) for place, kind in enumerate(KINDS)]
    widely = road_network(seed)
    widely.fit(*(np.concatenate(parts) for parts in zip(*mixed, strict=True)), epochs=20, verbose=0)
    found["all_kinds"] = errors([widely.predict(pictures, verbose=0)[:, 0] for pictures, _ in tests], tests)
    return found | {f"weights_{place}": array for place, array in enumerate(model.get_weights())}


def road_network(seed):
    """Return a new network for pictures (32, 64, 1); its output is the steering angle in degrees."""
    set_seeds(seed)
    model = keras.Sequential(
        [
            keras.Input((32, 64, 1)),
            Conv2D(8, 5, strides=2, activation="relu"),
            Conv2D(16, 3, activation="relu"),
            MaxPooling2D(),
            Conv2D(32, 3, activation="relu"),
            Flatten(),
            Dense(32, activation="relu"),
            Dense(1),
        ]
    )
    model.compile("adam", "mean_squared_error")
    return model


def errors(predicted, tests):
    """Return the mean absolute error for each of the tests, (pictures, angles)."""
    return np.array([np.mean(np.abs(guess - angles)) for guess, (_, angles) in zip(predicted, tests, strict=True)])


def edges(pictures):
    """Return how much each pixel differs from its neighbour on the right, one row a picture."""
    return flattened(np.abs(np.diff(pictures, axis=2)))


# Clips: which way does it move?

DIRECTIONS = {"right": (0, 1), "down": (1, 0), "left": (0, -1), "up": (-1, 0)}  # name -> rows and columns a step


def make_clips(digits, seed):
    """Return clips (count, 5, 20, 20) float32 from 0 to 1, and the number of their direction in DIRECTIONS, (count,) int64.

    In each clip one of the digits (count, 28, 28), shrunk to half its size, moves 1 or 2 pixels a frame over gravel; noise is
    added. It starts anywhere, and what leaves at one edge comes in at the opposite one. So in every frame every place is
    equally likely, whatever the direction, and no single frame can give the direction away.
    """
    rng, count = np.random.default_rng(seed), len(digits)
    frames = np.pad([shrink(digit, 14, 14) for digit in digits], [(0, 0), (3, 3), (3, 3)])
    gravel, clips = load_textures()["gravel"], np.empty((count, 5, 20, 20))
    direction, speed = rng.integers(4, size=count), rng.integers(1, 3, size=count)
    start, corner = rng.integers(20, size=(count, 2)), rng.integers(492, size=(count, 2))
    step = np.array(list(DIRECTIONS.values()))[direction] * speed[:, None]
    for clip in range(count):
        top, left = corner[clip]
        for time in range(5):
            moved = np.roll(frames[clip], start[clip] + time * step[clip], axis=(0, 1))
            clips[clip, time] = np.maximum(moved, 0.5 * gravel[top : top + 20, left : left + 20])
    clips += 0.1 * rng.standard_normal(clips.shape)
    return np.clip(clips, 0, 1).astype(np.float32), direction


def shuffle_frames(clips, seed):
    """Return the clips (count, 5, 20, 20), the frames of each in an order of its own."""
    order = np.random.default_rng(seed).random((len(clips), 5)).argsort(axis=1)
    return np.take_along_axis(clips, order[:, :, None, None], axis=1)


def train_clip(seed, callbacks=()):
    """Train networks to name the direction in 2,000 clips; return their accuracies on 1,000 clips with digits they never saw.

    "volume" convolves in rows, columns and time; "channels" sees the five frames as five channels; "frame" sees the middle one
    alone. "shuffled" is "volume" again, taught and tested with the frames of every clip in random order. "correlation" and
    "centroids" learn nothing. "sizes" are the numbers of weights of "volume", "channels" and "frame".
    """
    digits, _, others, _ = mnist_split(seed)
    clips, direction = make_clips(digits[:2000], seed)
    tests, answer = make_clips(others, seed + 1000)
    tasks = {
        "volume": (volume_network, clips[..., None], tests[..., None]),
        "channels": (lambda: frame_network(5, 13, 26), np.moveaxis(clips, 1, -1), np.moveaxis(tests, 1, -1)),
        "frame": (lambda: frame_network(1, 16, 24), clips[:, 2, ..., None], tests[:, 2, ..., None]),
        "shuffled": (volume_network, shuffle_frames(clips, seed)[..., None], shuffle_frames(tests, seed + 1000)[..., None]),
    }
    found = {
        name: np.mean(way(tests) == answer) for name, way in {"correlation": by_correlation, "centroids": by_centroids}.items()
    }
    sizes = []
    for name, (network, x, x_test) in tasks.items():
        set_seeds(seed)
        model = network()
        model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
        model.fit(x, direction, epochs=12, verbose=0, callbacks=list(callbacks))
        found[name] = np.mean(model.predict(x_test, verbose=0).argmax(axis=1) == answer)
        sizes.append(model.count_params())
        found |= {f"{name}_weights_{place}": array for place, array in enumerate(model.get_weights())}
    return found | {"sizes": sizes[:3]}


def volume_network():
    """Return the network of 3-D convolutions, for clips (5, 20, 20, 1)."""
    return keras.Sequential(
        [
            keras.Input((5, 20, 20, 1)),
            Conv3D(8, 3, activation="relu"),
            MaxPooling3D((1, 2, 2)),
            Conv3D(16, 3, activation="relu"),
            GlobalAveragePooling3D(),
            Dense(4, activation="softmax"),
        ]
    )


def frame_network(channels, filters, more_filters):
    """Return the network of 2-D convolutions, for pictures (20, 20, channels)."""
    return keras.Sequential(
        [
            keras.Input((20, 20, channels)),
            Conv2D(filters, 3, activation="relu"),
            MaxPooling2D(),
            Conv2D(more_filters, 3, activation="relu"),
            GlobalAveragePooling2D(),
            Dense(4, activation="softmax"),
        ]
    )


def by_correlation(clips):
    """Return the direction in which a frame must be moved, by 1 or 2 pixels, to be most like the next one, (count,)."""
    moving = clips - clips.mean(axis=1, keepdims=True)  # what stands still goes away

    def likeness(step):
        before = np.roll(moving[:, :-1], step, axis=(2, 3))
        return (before * moving[:, 1:]).sum(axis=(1, 2, 3))

    steps = np.array(list(DIRECTIONS.values()))
    return np.array([np.maximum(likeness(step), likeness(2 * step)) for step in steps]).argmax(axis=0)


def by_centroids(clips):
    """Return the direction from the middle of what moves in the first frame to the same in the last one, (count,)."""
    ink = (clips - np.median(clips, axis=1, keepdims=True)) ** 2
    place = np.arange(20)
    total = ink.sum(axis=(2, 3))
    middles = np.stack([(ink.sum(axis=3) @ place) / total, (ink.sum(axis=2) @ place) / total], axis=-1)
    return ((middles[:, -1] - middles[:, 0]) @ np.array(list(DIRECTIONS.values())).T).argmax(axis=1)


if __name__ == "__main__":
    record("cnn_faces", train_faces, seeds=range(5))
    record("cnn_roads", train_roads)
    record("cnn_clip", train_clip)
