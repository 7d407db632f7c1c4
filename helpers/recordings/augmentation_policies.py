"""Recorded trainings of the lesson on augmentation: which change is right for which pictures? One change at a time.

Run with: python -m helpers.recordings.augmentation_policies
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import keras
import numpy as np
from keras import layers
from sklearn.svm import SVC, SVR

from helpers.datasets import load_faces, mnist_split
from helpers.recordings.augmentation import digit_network
from helpers.recordings.cnn_applications import (
    best_threshold,
    edges,
    face_network,
    flattened,
    road_network,
    roughness,
    split_faces,
)
from helpers.recordings.recording import record
from helpers.roads import AHEAD, FOCAL, WHEELBASE, draw_roads

DIGITS, FACES, ROADS = 300, 40, 200  # training pictures; "twice the data" has twice as many
UPDATES = {"digits": 500, "faces": 150, "roads": 500}  # in whole passes through the pictures
BATCH = 20
# What stands where a moved picture leaves a gap. Digits lie on paper of 0; elsewhere the pixel at the edge is repeated, since
# a mirror image at the edge would draw lane marks that are none.
FILL = {"digits": {"fill_mode": "constant", "fill_value": 0.0}, "faces": {"fill_mode": "nearest"}}
FILL["roads"] = FILL["faces"]

POLICIES = {  # name -> a function that makes Keras's layers, with the options of FILL
    "none": lambda **fill: [],
    "mirror": lambda **fill: [layers.RandomFlip("horizontal")],
    "upside down": lambda **fill: [layers.RandomFlip("vertical")],
    "turn 15": lambda **fill: [layers.RandomRotation(15 / 360, **fill)],
    "turn 180": lambda **fill: [layers.RandomRotation(180 / 360, **fill)],
    "shift 10 %": lambda **fill: [layers.RandomTranslation(0.1, 0.1, **fill)],
    "zoom 20 %": lambda **fill: [layers.RandomZoom(0.2, **fill)],
    "brightness 0.3": lambda **fill: [layers.RandomBrightness(0.3, value_range=(0, 1))],
    "noise 0.1": lambda **fill: [layers.GaussianNoise(0.1)],
}
TWICE = "twice the data"
LONGER, LONG = ("none", "mirror", "turn 180"), 3  # policies trained on digits again, with so many times the updates
KINDS = ("training", "night")  # of roads to test with; none was trained on the second
SIDEWAYS = 6  # pixels, about a tenth of the width of a road


# Roads: two changes made by hand, because Keras's layers leave the angle as it was.


def mirrored(pictures, angles, rng, labels_too=True):
    """Return the pictures, each left-right reversed with one chance in two; then its angle changes its sign, if labels_too."""
    turned = rng.random(len(pictures)) < 0.5
    changed = np.where(turned[:, None, None, None], pictures[:, :, ::-1], pictures)
    return changed, np.where(turned & labels_too, -angles, angles)


def moved_sideways(pictures, angles, rng, labels_too=True):
    """Return the pictures, each moved by -SIDEWAYS to SIDEWAYS whole pixels, and its angle as `angle_after_shift` has it."""
    pixels = rng.integers(-SIDEWAYS, SIDEWAYS + 1, len(pictures))
    width = pictures.shape[2]
    columns = np.clip(np.arange(width) - pixels[:, None], 0, width - 1)  # a gap is filled with the pixel at the edge
    changed = np.take_along_axis(pictures, columns[:, None, :, None], axis=2)
    return changed, angle_after_shift(angles, pixels) if labels_too else angles


def angle_after_shift(angles, pixels):
    """Return the steering angles in degrees after pictures were moved right by so many pixels.

    Moved pixels are a camera, and so a car, that was turned the other way: at the distance AHEAD the lane now lies
    AHEAD * pixels / FOCAL metres further right. See `steering_angle` in helpers/roads.py.
    """
    side = np.tan(np.radians(angles)) * AHEAD**2 / (2 * WHEELBASE) + AHEAD * pixels / FOCAL
    return np.degrees(np.arctan(WHEELBASE * 2 * side / AHEAD**2))


BY_HAND = {
    "mirror, label too": (mirrored, True),
    "sideways": (moved_sideways, False),
    "sideways, label too": (moved_sideways, True),
}


# The networks.


def small_network(data, seed, policy="none"):
    """Return a new network for this data whose first layers are the policy's. One seed gives all policies the same weights."""
    make = {"digits": digit_network, "faces": face_network, "roads": lambda: road_network(seed)}[data]
    set_seeds(seed)
    core = make()
    augmentation = POLICIES.get(policy, POLICIES["none"])(**FILL[data])
    model = keras.Sequential([keras.Input(core.input_shape[1:]), *augmentation, *core.layers])
    losses = {"digits": "sparse_categorical_crossentropy", "faces": "binary_crossentropy", "roads": "mean_squared_error"}
    # 50 updates in one call: the same updates, in less time.
    model.compile("adam", losses[data], steps_per_execution=50, jit_compile=False)
    return model


def teach(model, x, y, updates, seed, change=None):
    """Train with batches of BATCH pictures, all once before any comes again; `change(x, y, rng)` is done to them first."""
    rng = np.random.default_rng(seed)
    rows = np.concatenate([rng.permutation(len(x)) for _ in range(updates * BATCH // len(x))])
    x, y = x[rows], y[rows]
    model.fit(*(change(x, y, rng) if change else (x, y)), batch_size=BATCH, epochs=1, shuffle=False, verbose=0)


def share_right(model, x, y):
    """Return the share of pictures with the right label, for a network with one output or with one for each class."""
    outputs = model.predict_on_batch(x)
    labels = outputs.argmax(axis=1) if outputs.shape[1] > 1 else outputs[:, 0] > 0.5
    return np.mean(labels == y)


def mean_error(model, x, angles):
    """Return the mean absolute error in degrees."""
    return np.mean(np.abs(model.predict_on_batch(x)[:, 0] - angles))


# The trainings.


def train_policies(seed):
    """Train small networks on few digits, faces and SIMULATED roads, with one change of the pictures at a time.

    "<data>: <policy>: train" is the score on the training pictures as they are, ": test" on new ones. Scores of "digits" and
    "faces" are shares of right answers, those of "roads" mean absolute errors in degrees, of which less is better; ": night"
    is that of new roads at night. The policies are "none", POLICIES, "twice the data", which is "none" with twice as many
    different pictures, and for roads BY_HAND. "<data>: plain: test" (and ": night") is a way without a network: a support
    vector machine for digits and roads, a threshold of the roughness for faces. "roads: mean: test" and ": night" is the
    mean angle for every road.

    All policies begin with the same weights and make UPDATES of BATCH pictures, in whole passes (digits: 495 updates, 480 with
    twice the data). "digits: <policy>, longer: ..." are those of networks with LONG times as many: what moves in
    many ways may only need more time. Faces are trained three times, with three parts of the training pictures that share
    none: the scores are the means of the three.
    """
    return train_digits(seed) | train_longer(seed) | train_faces(seed) | train_roads(seed)


def train_digits(seed):
    """Return "digits: ..." of train_policies: 300 training digits, 1,000 for testing."""
    x, y, x_test, y_test = mnist_split(seed)
    x, x_test, found = x[: 2 * DIGITS, ..., None], x_test[..., None], {}
    for policy in [*POLICIES, TWICE]:
        count = 2 * DIGITS if policy == TWICE else DIGITS
        model = small_network("digits", seed, policy)
        teach(model, x[:count], y[:count], UPDATES["digits"], seed)
        found[f"digits: {policy}: train"] = share_right(model, x[:count], y[:count])
        found[f"digits: {policy}: test"] = share_right(model, x_test, y_test)
    machine = SVC(C=10).fit(flattened(x[:DIGITS]), y[:DIGITS])
    found["digits: plain: test"] = machine.score(flattened(x_test), y_test)
    return found


def train_longer(seed):
    """Return "digits: <policy>, longer: train" and ": test" of train_policies: LONG times the updates, for those in LONGER."""
    x, y, x_test, y_test = mnist_split(seed)
    x, y, x_test, found = x[:DIGITS, ..., None], y[:DIGITS], x_test[..., None], {}
    for policy in LONGER:
        model = small_network("digits", seed, policy)
        teach(model, x, y, LONG * UPDATES["digits"], seed)
        found[f"digits: {policy}, longer: train"] = share_right(model, x, y)
        found[f"digits: {policy}, longer: test"] = share_right(model, x_test, y_test)
    return found


def train_faces(seed):
    """Return "faces: ..." of train_policies: 20 faces and 20 other pictures, three times; 80 pictures for testing."""
    x, y = load_faces()
    train, test = split_faces(seed)
    photos = train[:60].reshape(3, FACES // 2)  # face i and picture 100 + i stay together
    parts = [np.concatenate([part, 100 + part]) for part in photos]
    found = {}
    for policy in [*POLICIES, TWICE]:
        model, scores = small_network("faces", seed, policy), []
        model.optimizer.build(model.trainable_variables)
        variables = model.trainable_variables + model.optimizer.variables
        start = [variable.numpy() for variable in variables]
        for place, part in enumerate(parts):
            rows = np.concatenate([part, parts[place - 1]]) if policy == TWICE else part
            for variable, value in zip(variables, start, strict=True):  # a new start, without building a new graph
                variable.assign(value)
            teach(model, x[rows, ..., None], y[rows], UPDATES["faces"], seed)
            scores.append([share_right(model, x[where, ..., None], y[where]) for where in (rows, test)])
        found[f"faces: {policy}: train"], found[f"faces: {policy}: test"] = np.mean(scores, axis=0)
    plain = [np.mean((roughness(x[test]) > best_threshold(roughness(x[part]), y[part])) == y[test]) for part in parts]
    return found | {"faces: plain: test": np.mean(plain)}


def train_roads(seed):
    """Return "roads: ..." of train_policies: 200 training roads, 500 for testing by day and by night."""
    x, angles = draw_roads(2 * ROADS, seed)
    tests = {kind: draw_roads(500, 1000 + seed, kind) for kind in KINDS}
    found = {}
    for policy in [*POLICIES, TWICE, *BY_HAND]:
        count = 2 * ROADS if policy == TWICE else ROADS
        model = small_network("roads", seed, policy)
        change, labels_too = BY_HAND.get(policy, (None, None))
        by_hand = change and (lambda *batch, change=change, too=labels_too: change(*batch, labels_too=too))
        teach(model, x[:count], angles[:count], UPDATES["roads"], seed, by_hand)
        found[f"roads: {policy}: train"] = mean_error(model, x[:count], angles[:count])
        found[f"roads: {policy}: test"], found[f"roads: {policy}: night"] = (mean_error(model, *tests[kind]) for kind in KINDS)
    machine = SVR(C=10).fit(edges(x[:ROADS]), angles[:ROADS])
    for name, kind in {"test": KINDS[0], "night": KINDS[1]}.items():
        pictures, truth = tests[kind]
        found[f"roads: plain: {name}"] = np.mean(np.abs(machine.predict(edges(pictures)) - truth))
        found[f"roads: mean: {name}"] = np.mean(np.abs(angles[:ROADS].mean() - truth))
    return found


if __name__ == "__main__":
    record("augmentation_policies", train_policies)
