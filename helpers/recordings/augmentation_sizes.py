"""Recorded trainings of the lesson on augmentation: does it help, with how many digits, how strong, and against which rivals?

Run with: python -m helpers.recordings.augmentation_sizes
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from helpers.datasets import mnist_split
from helpers.recordings.augmentation import digit_network
from helpers.recordings.recording import in_mixed_order, record
from helpers.scratch.augmentation import augment

SEEDS, FEW_SEEDS = (0, 1, 2, 3, 4), (0, 1, 2)
SIZES = (100, 300, 1000, 3000)  # digits to learn from
FEW_SIZES, LONGER_SIZES = (300, 3000), (1000, 3000)  # for further policies, and for longer training, with FEW_SEEDS
VALIDATION = 500
UPDATES, BATCH, LOOK = 600, 32, 100  # the same number of updates with all sizes; a look at the digits after every 100
LONGER = 3  # are 600 updates too few? Three times as many
LOOKED_AT = 500  # training digits that are looked at, at most
DRAWS = 8  # gentle draws for each test digit, whose probabilities are averaged
DEGREES, SHARE, ZOOM = 15, 0.08, 0.1  # of the gentle policy: up to so many degrees, share of the side, share of the size
COPIES, MOST_COPIED = 10, 1000  # changed copies of each digit for the SVM, and the most digits that are copied


def gentle(strength=1.0):
    """Return layers that turn, shift and zoom a little; all ranges times `strength`. What comes in from outside is paper."""
    paper = {"fill_mode": "constant", "fill_value": 0.0}
    return (
        layers.RandomRotation(strength * DEGREES / 360, **paper),
        layers.RandomTranslation(strength * SHARE, strength * SHARE, **paper),
        layers.RandomZoom(strength * ZOOM, **paper),
    )


POLICIES = {  # name -> a function that makes the layers of augmentation, and the rate of dropout
    "none": (lambda: (), 0.0),
    "gentle": (gentle, 0.0),
    "dropout": (lambda: (), 0.5),
}
FURTHER = {  # those of FEW_SIZES and FEW_SEEDS alone
    "gentle and dropout": (gentle, 0.5),
    "gentle x 2": (lambda: gentle(2.0), 0.0),
    "gentle x 4": (lambda: gentle(4.0), 0.0),
    "mirrored": (lambda: (layers.RandomFlip("horizontal"),), 0.0),
}


def batches(n, updates, rng):
    """Return which of n digits are learned from in the updates, (updates * BATCH,): all in mixed order, again and again."""
    return in_mixed_order(n, updates * BATCH, rng)


def right_and_loss(shares, y):
    """Return the share of digits named rightly, and the cross-entropy, for probabilities (digits, 10)."""
    return np.mean(shares.argmax(axis=1) == y), -np.log(np.maximum(shares[np.arange(len(y)), y], 1e-7)).mean()


def train_policy(policy, n, seed, parts, updates=UPDATES):
    """Train one network with a policy and the first n training digits; return a dict of what was found, as in train_sizes.

    parts: name -> (digits (count, 28, 28, 1), labels), for "training", "validation" and "test". All policies start with the
    same weights and see the same digits in the same order.
    """
    x, y = (array[:n] for array in parts["training"])
    looked_at = {"training": (x[:LOOKED_AT], y[:LOOKED_AT]), "validation": parts["validation"], "test": parts["test"]}
    pictures = np.concatenate([digits for digits, _ in looked_at.values()])
    ends = np.cumsum([len(digits) for digits, _ in looked_at.values()])[:-1]
    make, dropout = (POLICIES | FURTHER)[policy]
    set_seeds(seed)
    start = digit_network().get_weights()
    set_seeds(seed)
    changes = make()
    model = digit_network(changes, dropout)
    model.set_weights(start)
    model.steps_per_execution = LOOK  # so many updates in one call: the same updates, in less time
    shares_of = tf.function(lambda digits: model(digits, training=False))
    found = {f"{part} {what}": [] for part in looked_at for what in ("accuracy", "loss")}
    order = batches(n, updates, np.random.default_rng(seed))
    for first in range(0, updates * BATCH, LOOK * BATCH):
        rows = order[first : first + LOOK * BATCH]
        model.fit(x[rows], y[rows], BATCH, shuffle=False, verbose=0)
        shares = np.split(shares_of(pictures).numpy(), ends)
        for (part, (_, labels)), given in zip(looked_at.items(), shares, strict=True):
            for what, figure in zip(("accuracy", "loss"), right_and_loss(given, labels), strict=True):
                found[f"{part} {what}"].append(figure)

    def changed(layers_of_change, digits):
        return keras.Sequential(list(layers_of_change))(digits, training=True) if layers_of_change else digits

    x_test, y_test = parts["test"]
    draws = np.stack([shares_of(changed(gentle(), x_test)).numpy() for _ in range(DRAWS)])
    found["augmented test accuracy"] = right_and_loss(draws[0], y_test)[0]
    found["test-time accuracy"] = right_and_loss(draws.mean(axis=0), y_test)[0]
    own = shares_of(changed(changes, looked_at["training"][0])).numpy()
    found["own training accuracy"] = right_and_loss(own, looked_at["training"][1])[0]
    return {what: np.asarray(figures, np.float32) for what, figures in found.items()}


def plain_ways(n, seed, parts):
    """Return the test accuracy of the nearest neighbour and of SVMs, which learn from pixels."""
    (x, y), (x_test, y_test) = ((digits[:, :, :, 0], labels) for digits, labels in (parts["training"], parts["test"]))
    x, y = x[:n], y[:n]

    def flat(digits):
        return digits.reshape(len(digits), -1)

    def svm(digits, labels):
        return SVC(C=10, gamma="scale").fit(flat(digits), labels).score(flat(x_test), y_test)

    found = {"nearest neighbour": KNeighborsClassifier(1).fit(flat(x), y).score(flat(x_test), y_test), "svm": svm(x, y)}
    if n <= MOST_COPIED:
        again, rng = np.repeat(x, COPIES, axis=0)[..., None], np.random.default_rng(seed)
        copies = augment(again, rng, degrees=DEGREES, pixels=28 * SHARE, factor=1 + ZOOM)
        found["svm with copies"] = svm(np.concatenate([x, copies[..., 0]]), np.concatenate([y, np.repeat(y, COPIES)]))
    return {way: np.float32(share) for way, share in found.items()}


def digits_of(seed):
    """Return a dict name -> (digits (count, 28, 28, 1), labels): 3,500 for "training", 500 "validation", 1,000 "test"."""
    x, y, x_test, y_test = mnist_split(seed)
    x, x_test = x[..., None], x_test[..., None]
    learn, check = slice(None, -VALIDATION), slice(-VALIDATION, None)
    return {"training": (x[learn], y[learn]), "validation": (x[check], y[check]), "test": (x_test, y_test)}


def train_sizes(seed):
    """Train the CNN with each policy and so many digits of SIZES, each time with 600 updates; return what was found.

    POLICIES for all SIZES; FURTHER for 300 and 3,000 digits, with seeds 0 to 2. "gentle x 2" is the gentle policy with all
    ranges doubled; "mirrored" exchanges left and right, one chance in two.

    For each "<policy>: <n>: <what>", where <what> is "training accuracy", "training loss", "validation accuracy",
    "validation loss", "test accuracy" and "test loss", (6,) float32, one for each 100 updates: on digits that were not changed,
    in inference mode; of the training digits the first 500 at most. At the end: "own training accuracy", training digits
    changed once by the policy itself; "augmented test accuracy", test digits changed once by the gentle policy; "test-time
    accuracy", the mean of the probabilities over eight gentle draws of each test digit.

    With seeds 0 to 2, for 1,000 and 3,000 digits also "none, longer: <n>: <what>" and "gentle, longer: <n>: <what>", curves
    (18,): three times as many updates. "updates" (18,) int: after how many updates the digits were looked at.

    For each size also "nearest neighbour: <n>: test accuracy", "svm: <n>: test accuracy", and up to 1,000 digits
    "svm with copies: <n>: test accuracy": ten gently changed copies of each digit were added. All learn from raw pixels.
    """
    parts, found = digits_of(seed), {"updates": np.arange(LOOK, LONGER * UPDATES + 1, LOOK)}
    for n in SIZES:
        few = seed in FEW_SEEDS
        asked = {policy: (policy, UPDATES) for policy in (*POLICIES, *(FURTHER if few and n in FEW_SIZES else ()))}
        if few and n in LONGER_SIZES:
            asked |= {f"{policy}, longer": (policy, LONGER * UPDATES) for policy in ("none", "gentle")}
        for name, (policy, updates) in asked.items():
            run = train_policy(policy, n, seed, parts, updates)
            found |= {f"{name}: {n}: {what}": figures for what, figures in run.items()}
            last = {part: round(float(run[f"{part} accuracy"][-1]), 3) for part in ("training", "validation", "test")}
            print(n, name, last, flush=True)
        ways = plain_ways(n, seed, parts)
        found |= {f"{way}: {n}: test accuracy": share for way, share in ways.items()}
        print(n, {way: round(float(share), 3) for way, share in ways.items()}, flush=True)
    return found


if __name__ == "__main__":
    record("augmentation_sizes", train_sizes, SEEDS)
