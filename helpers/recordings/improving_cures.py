"""Recorded trainings of the lesson on improving a network: what overfitting is, its cures, more data, the pace, and transfer.

Run with: python -m helpers.recordings.improving_cures
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from helpers.datasets import mnist_split
from helpers.recordings.augmentation import digit_network
from helpers.recordings.recording import in_mixed_order, record
from helpers.scratch.augmentation import augment
from helpers.scratch.dense import Dense
from helpers.scratch.dropout import Dropout
from helpers.scratch.losses import to_categorical
from helpers.scratch.optimizers import SGD, Adam
from helpers.scratch.sequential import Sequential

CLASSES, SIDE = 10, 28
BATCH = 32
FEW, VALIDATION = 500, 500  # digits: those the sick network learns from, and those by which everything is chosen
RATE = 0.001  # of Adam, Keras's default
WHAT = ("error", "loss")


class Parts(NamedTuple):
    """Digits in three parts: x are (digits, 784) float32 from 0 to 1, y are the labels (digits,)."""

    x: np.ndarray  # what may be learned from: 3,500 in mixed order
    y: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def digit_parts(seed):
    """Return the Parts of one seed: 3,500 digits to learn from, 500 for validation and 1,000 for the test."""
    x, y, x_test, y_test = mnist_split(seed, test=1000, flat=True)
    return Parts(x[:-VALIDATION], y[:-VALIDATION], x[-VALIDATION:], y[-VALIDATION:], x_test, y_test)


def network(hidden, seed, l2=0.0, dropout=0.0, optimizer=None, inputs=SIDE * SIDE, classes=CLASSES):
    """Return a dense network with ReLU, its first weights drawn; they depend on `hidden` and `seed` alone.

    Dropout, if any, follows each hidden layer. `optimizer` is Adam with RATE where nothing is said.
    """
    layers = []
    for neurons in hidden:
        layers += [Dense(neurons, "relu", l2=l2), *([Dropout(dropout)] if dropout else [])]
    model = Sequential([*layers, Dense(classes, "softmax", l2=l2)], np.random.default_rng([seed, 1]))
    model.build((None, inputs))
    as_float32(model)
    model.compile(Adam(RATE) if optimizer is None else optimizer, "categorical_crossentropy")
    return model


def as_float32(model):
    """Turn the weights of a model into float32: all that follows takes half of the time."""
    for layer in model.layers:
        layer.weights = {name: array.astype(np.float32) for name, array in layer.weights.items()}


def one_hot(labels, classes=CLASSES):
    return to_categorical(labels, classes).astype(np.float32)


def order_of(n, updates, batch, rng):
    """Return which of n examples are learned from, (updates * batch,): all in mixed order, again and again."""
    return in_mixed_order(n, updates * batch, rng)


def error_and_loss(shares, labels):
    """Return the share of examples that are named wrongly, and the cross-entropy, for probabilities (examples, classes)."""
    right = np.maximum(shares[np.arange(len(labels)), labels], 1e-7)
    return np.mean(shares.argmax(axis=1) != labels), -np.log(right).mean()


def train(model, x, y, updates, look, seed, looked_at, change=None, batch=BATCH):
    """Train for so many updates, and look at the parts after every `look` of them.

    Return a dict "<part> error" and "<part> loss" (looks,), in inference mode. looked_at: name of a part -> (x, labels).
    `change` is a function: numbers of the examples of the next `look` updates, and where in the order they begin -> examples.
    """
    order, targets = order_of(len(x), updates, batch, np.random.default_rng([seed, 2])), one_hot(y, model.layers[-1].units)
    curves = {f"{part} {what}": [] for part in looked_at for what in WHAT}
    for start in range(0, updates * batch, look * batch):
        rows = order[start : start + look * batch]
        model.fit(x[rows] if change is None else change(rows, start), targets[rows], 1, batch, shuffle=False)
        for part, (pictures, labels) in looked_at.items():
            for what, figure in zip(WHAT, error_and_loss(model.predict(pictures), labels), strict=True):
                curves[f"{part} {what}"].append(figure)
    return {name: np.array(values, np.float32) for name, values in curves.items()}


def looked_at(parts, n):
    """Return what `train` looks at: the first n training digits, those for validation and those of the test."""
    return {
        "training": (parts.x[:n], parts.y[:n]),
        "validation": (parts.x_validation, parts.y_validation),
        "test": (parts.x_test, parts.y_test),
    }


def best_of(candidates, strengths):
    """Return the strength with the lowest last validation error, and of equal ones with the lowest validation loss.

    candidates: strength -> curves, as `train` returns them.
    """
    return min(strengths, key=lambda strength: tuple(np.ravel(candidates[strength][f"validation {w}"])[-1] for w in WHAT))


# Cures of overfitting

SICK = (256, 256)  # neurons of the hidden layers
UPDATES, LOOK = 1200, 40  # 1,200 updates show 500 digits 77 times; a look at all parts after every 40
LONGER = 2  # control: do cures need more updates?
MORE = (1000, 2000, 3000)  # training digits
DROPOUTS = (0.2, 0.5, 0.7)
PENALTIES = (0.0003, 0.001, 0.003)  # l2
SMALLER = ((8,), (16,), (32,), (64,))  # neurons of the hidden layers
AUGMENTATIONS = (0.5, 1.0, 1.5)  # times 15 degrees, 2.2 pixels, and a tenth larger or smaller
TOGETHER = (0.0, 0.5, 1.0)  # times the dropout and l2 chosen before, with the augmentation chosen before
MACHINE = (1, 3, 10, 30)  # C of the support vector machine
NEIGHBOURS = (1, 3, 5, 7)
INVERSE = (0.01, 0.1, 1, 10)  # C of logistic regression: more means a smaller penalty
COPIES = 10  # changed copies of each digit, for the support vector machine


def moved(x, strength, rng):
    """Return digits (count, 784), each turned, shifted and zoomed by draws of its own."""
    pictures = x.reshape(-1, SIDE, SIDE, 1)
    drawn = augment(pictures, rng, degrees=15 * strength, pixels=0.08 * SIDE * strength, factor=1 + 0.1 * strength)
    return drawn.reshape(x.shape).astype(np.float32)


class Moved:
    """New draws of x for every update, for `change` of `train`; several networks may learn from the same ones."""

    def __init__(self, x, strength, seed):
        self.x, self.strength, self.rng, self.drawn = x, strength, np.random.default_rng([seed, 3]), []
        self.rows = []

    def __call__(self, rows, start):
        """Return draws of the examples with these numbers; drawn once for each place in the order."""
        place = start // len(rows)
        if place == len(self.drawn):
            self.drawn.append(moved(self.x[rows], self.strength, self.rng))
            self.rows.append(rows)
        assert np.array_equal(self.rows[place], rows), "another order"
        return self.drawn[place]


def judged(model, looked_at):
    """Return "<part> error" and "<part> loss" of a fitted scikit-learn model; without probabilities there is no loss."""
    found = {}
    for part, (x, labels) in looked_at.items():
        found[f"{part} error"] = np.mean(model.predict(x) != labels)
        found[f"{part} loss"] = np.nan
        if hasattr(model, "predict_proba"):
            given = model.predict_proba(x)
            shares = np.zeros((len(x), CLASSES), given.dtype)  # among 50 digits one may be missing: then it has no chance
            shares[:, model.classes_] = given
            found[f"{part} loss"] = log_loss(labels, shares, labels=np.arange(CLASSES))
    return found


RIVALS = {  # name -> how it is made from a strength, and the strengths
    "SVM": (lambda strength: SVC(C=strength, gamma="scale"), MACHINE),
    "k-NN": (KNeighborsClassifier, NEIGHBOURS),
    "logistic regression": (lambda strength: LogisticRegression(C=strength, max_iter=500), INVERSE),
}


def rival(name, parts, n, x=None, y=None, strengths=None):
    """Return what `judged` says of a plain rival with the first n digits, or with x and y; its strength is "chosen"."""
    make, all_strengths = RIVALS[name]
    strengths = all_strengths if strengths is None else strengths
    x, y = (parts.x[:n], parts.y[:n]) if x is None else (x, y)
    models = {strength: make(strength).fit(x, y) for strength in strengths}
    found = {strength: judged(model, {"validation": looked_at(parts, n)["validation"]}) for strength, model in models.items()}
    chosen = best_of(found, strengths)
    return judged(models[chosen], looked_at(parts, n)) | {"chosen": chosen}


def train_cnn(parts, n, updates, look, seed, change=None):
    """Train a small CNN with Keras as `train` does a dense network; return its curves, as from there."""
    set_seeds(seed)
    model = digit_network()
    model.steps_per_execution = look  # so many updates in one call: the same updates, in less time
    shares_of = tf.function(lambda pictures: model(pictures, training=False))
    order, seen = order_of(n, updates, BATCH, np.random.default_rng([seed, 2])), looked_at(parts, n)
    curves = {f"{part} {what}": [] for part in seen for what in WHAT}
    for start in range(0, updates * BATCH, look * BATCH):
        rows = order[start : start + look * BATCH]
        pictures = parts.x[rows] if change is None else change(rows, start)
        model.fit(pictures.reshape(-1, SIDE, SIDE, 1), parts.y[rows], BATCH, shuffle=False, verbose=0)
        for part, (x, labels) in seen.items():
            for what, figure in zip(WHAT, error_and_loss(shares_of(x.reshape(-1, SIDE, SIDE, 1)).numpy(), labels), strict=True):
                curves[f"{part} {what}"].append(figure)
    return {name: np.array(values, np.float32) for name, values in curves.items()} | {"weights": model.count_params()}


def train_cures(seed):
    """Train the sick network, 784-256-256-10 with 500 digits, and cure it; return what was found.

    All networks get 1,200 updates with batches of 32, except those named "longer", which get twice as many. For each way,
    "<way>: <what>", where <what> is "training error", "training loss", "validation error", "validation loss", "test error",
    "test loss" (looks,) float32: after every 40 updates, in inference mode, and for the training
    digits as they are. A rival that is no network has one figure each; the SVM has no loss, so NaN.

    "sick", "smaller network", "dropout", "L2" and "augmentation" learn from 500 digits, "more data <n>" from n. "early
    stopping" is the sick network at the look with the lowest validation loss (one figure each), and "<way>, stopped" the same
    of another way. "together" has augmentation, dropout and L2. "<way>: chosen" is the strength that was chosen by the last
    validation error; "<way> <strength>: <what>" are the curves of each one. "<way>: updates" is how many updates the weights
    have seen; "<way>: weights" how many weights there are.
    """
    parts, found = digit_parts(seed), {}
    x, y, parts_seen = parts.x[:FEW], parts.y[:FEW], looked_at(parts, FEW)

    def run(name, hidden=SICK, n=FEW, updates=UPDATES, augmentation=None, **options):
        model = network(hidden, seed, **options)
        curves = train(model, parts.x[:n], parts.y[:n], updates, LOOK, seed, looked_at(parts, n), augmentation)
        keep(name, curves | {"updates": updates, "weights": model.count_params()})
        return curves

    def keep(name, figures):
        found.update({f"{name}: {what}": figure for what, figure in figures.items()})
        print(name, [round(float(np.ravel(figures[f"{part} error"])[-1]), 3) for part in parts_seen], flush=True)

    def stopped(name, curves):
        look = int(np.argmin(curves["validation loss"]))
        keep(name, {what: curves[what][look] for what in curves} | {"updates": (look + 1) * LOOK})

    def choose(name, options_of, strengths):
        candidates = {strength: run(f"{name} {strength}", **options_of(strength)) for strength in strengths}
        chosen = best_of(candidates, strengths)
        keep(name, candidates[chosen] | {"chosen": chosen, "updates": UPDATES})
        stopped(f"{name}, stopped", candidates[chosen])
        return chosen

    sick = run("sick")
    stopped("early stopping", sick)
    for n in MORE:
        run(f"more data {n}", n=n)
    choose("smaller network", lambda hidden: {"hidden": hidden}, SMALLER)
    dropout = choose("dropout", lambda rate: {"dropout": rate}, DROPOUTS)
    l2 = choose("L2", lambda strength: {"l2": strength}, PENALTIES)
    draws = {strength: Moved(x, strength, seed) for strength in AUGMENTATIONS}
    strength = choose("augmentation", lambda value: {"augmentation": draws[value]}, AUGMENTATIONS)
    draws = draws[strength]
    choose("together", lambda share: {"augmentation": draws, "dropout": share * dropout, "l2": share * l2}, TOGETHER)
    run("sick, longer", updates=LONGER * UPDATES)
    run("augmentation, longer", updates=LONGER * UPDATES, augmentation=draws)
    run("dropout, longer", updates=LONGER * UPDATES, dropout=dropout)
    for name in RIVALS:
        keep(name, rival(name, parts, FEW))
    copies = moved(np.repeat(x, COPIES, axis=0), strength, np.random.default_rng([seed, 4]))
    more_x, more_y = np.concatenate([x, copies]), np.concatenate([y, np.repeat(y, COPIES)])
    keep("SVM with copies", rival("SVM", parts, FEW, more_x, more_y))
    for name, change in (("CNN", None), ("CNN with augmentation", draws)):
        keep(name, train_cnn(parts, FEW, UPDATES, LOOK, seed, change) | {"updates": UPDATES})
    return found


# Random labels

PLAIN = (128, 128)  # neurons of the hidden layers
ROUNDS = 50  # looks, one after every second time that all digits were shown
TWICE = 32  # updates of BATCH digits show 500 digits twice, and a few once more
LABELS = {"true": 0.0, "half wrong": 0.5, "random": None}  # share of the labels that are replaced by wrong ones
CURES = {
    "none": {},
    "dropout": {"dropout": 0.5},
    "L2": {"l2": 0.003},
    "strong L2": {"l2": 0.01},
    "dropout and L2": {"dropout": 0.5, "l2": 0.003},
}
PATIENT = 2  # control: do networks with these cures only need more updates to fit random labels? So many times as many
SLOWER = ("dropout and L2",)
VOTERS = (1, 5, 15)  # of k-NN
DRAWS = 1000  # of random labels, for the nearest neighbour


def relabelled(y, wrong, rng):
    """Return labels of which a share `wrong` is replaced by other digits; with None all are drawn at random, 0 to 9."""
    if wrong is None:
        return rng.integers(CLASSES, size=len(y))
    labels, rows = y.copy(), rng.permutation(len(y))[: round(wrong * len(y))]
    labels[rows] = (y[rows] + rng.integers(1, CLASSES, size=len(rows))) % CLASSES
    return labels


def train_random_labels(seed):
    """Train 784-128-128-10 with 500 digits whose labels are true, half wrong or random, with and without cures.

    "<labels>: <cure>: training accuracy" (50,) float32, after every 32 updates, in which all digits are shown twice, counts the
    labels that were learned from; "validation accuracy" and "validation loss" (50,) count 500 other digits with true labels;
    "true accuracy" (50,), for "half wrong" alone, counts the training digits with their true labels. For random labels,
    "dropout and L2, longer" is the same with twice as many updates (100,). "<labels>: <k>-NN: <what>" and "<labels>: SVM: ..."
    are rivals, one figure each. "<labels>: labels" (500,) are the labels, "<labels>: agree" is the share that is true. "draws"
    (1000,) are validation accuracies of the nearest neighbour, each with other random labels: how far chance may lead.
    """
    parts, found = digit_parts(seed), {}
    x, y = parts.x[:FEW], parts.y[:FEW]
    rng = np.random.default_rng([seed, 5])
    for name, wrong in LABELS.items():
        labels = relabelled(y, wrong, rng)
        found |= {f"{name}: labels": labels, f"{name}: agree": np.mean(labels == y)}
        looked = {"training": (x, labels), "validation": (parts.x_validation, parts.y_validation)}
        if wrong:
            looked["true"] = (x, y)
        longer = {f"{cure}, longer": CURES[cure] for cure in SLOWER} if wrong is None else {}
        for cure, options in (CURES | longer).items():
            rounds = ROUNDS * (PATIENT if cure in longer else 1)
            curves = train(network(PLAIN, seed, **options), x, labels, rounds * TWICE, TWICE, seed, looked)
            found[f"{name}: {cure}: validation loss"] = curves["validation loss"]
            for part in looked:
                found[f"{name}: {cure}: {part} accuracy"] = 1 - curves[f"{part} error"]
            print(name, cure, [round(float(found[f"{name}: {cure}: {part} accuracy"][-1]), 3) for part in looked], flush=True)
        rivals = {f"{count}-NN": KNeighborsClassifier(count) for count in VOTERS} | {"SVM": SVC(C=10, gamma="scale")}
        for way, model in rivals.items():
            model.fit(x, labels)
            for part, (pictures, truth) in looked.items():
                found[f"{name}: {way}: {part} accuracy"] = model.score(pictures, truth)
    nearest = KNeighborsClassifier(1).fit(x, y).kneighbors(parts.x_validation, return_distance=False)[:, 0]
    draws = [np.mean(relabelled(y, None, rng)[nearest] == parts.y_validation) for _ in range(DRAWS)]
    return found | {"draws": np.array(draws, np.float32)}


# How many digits?

SIZES = (50, 100, 200, 500, 1000, 2000, 3500)
SMALL = (64, 64)  # neurons of the hidden layers
ENOUGH, SHOW = 1200, 40  # updates, the same with all sizes, and between two looks
SIZE_RIVALS = {"SVM": (3, 10), "logistic regression": (0.03, 0.3)}  # name -> strengths


def train_learning_curve(seed):
    """Train 784-64-64-10, 784-256-256-10 and their rivals with more and more digits; return errors.

    "<way>: <n>: <what>" with <what> "training error", "validation error" and "test error" and the losses, as in `train_cures`:
    curves (30,) after every 40 of 1,200 updates for "dense" and "wide", one figure each for "SVM" and "logistic regression";
    "chosen" is their strength, chosen on validation. "sizes" (7,) are the numbers of digits. The recording augmentation_sizes
    has the small CNN with the same digits: "none: <n>: test accuracy".
    """
    parts, found = digit_parts(seed), {"sizes": np.array(SIZES)}
    for n in SIZES:
        nets = {"dense": SMALL, "wide": SICK}
        ways = {
            name: train(network(hidden, seed), parts.x[:n], parts.y[:n], ENOUGH, SHOW, seed, looked_at(parts, n))
            for name, hidden in nets.items()
        }
        ways |= {name: rival(name, parts, n, strengths=strengths) for name, strengths in SIZE_RIVALS.items()}
        for way, figures in ways.items():
            found |= {f"{way}: {n}: {what}": figure for what, figure in figures.items()}
        print(n, {way: round(float(np.ravel(figures["test error"])[-1]), 3) for way, figures in ways.items()}, flush=True)
    return found


# How fast?

BATCHES = (1, 4, 16, 64, 256)
OPTIMIZERS = {  # name -> how it is made from a rate, and the rates
    "SGD": (SGD, (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)),
    "momentum": (lambda rate: SGD(rate, momentum=0.9), (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)),
    "Adam": (Adam, (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03)),
}
GOAL = 0.9  # validation accuracy
CHECK = 5  # updates between two checks
MOST, MOST_SHOWN = 2000, 40_000  # updates and examples; who is not there by then counts as not there
TIMED = 60  # updates of which the median is taken
FILES = 512  # digits as PNG files


def updates_until(goal, model, parts, batch, seed):
    """Return after how many updates the validation accuracy is `goal` for the first time, or -1 if not within the limits."""
    most = min(MOST, MOST_SHOWN // batch // CHECK * CHECK)
    order, targets = order_of(len(parts.x), most, batch, np.random.default_rng([seed, 2])), one_hot(parts.y)
    for start in range(0, most * batch, CHECK * batch):
        rows = order[start : start + CHECK * batch]
        model.fit(parts.x[rows], targets[rows], 1, batch, shuffle=False)
        shares = model.predict(parts.x_validation)
        if not np.isfinite(shares).all():
            return -1
        if np.mean(shares.argmax(axis=1) == parts.y_validation) >= goal:
            return start // batch + CHECK
    return -1


def seconds_per_update(model, batches):
    """Return how many seconds each update took, (updates,), the making of its batch included; `batches` yields x, y."""
    seconds, batches = [], iter(batches)
    while True:
        start = time.perf_counter()
        batch = next(batches, None)
        if batch is None:
            return np.array(seconds)
        model.fit(*batch, 1, len(batch[0]), shuffle=False)
        seconds.append(time.perf_counter() - start)


def from_array(x, targets, batch):
    """Yield TIMED batches, rows of an array in memory."""
    for number in range(TIMED):
        rows = np.arange(number * batch, (number + 1) * batch) % len(x)
        yield x[rows], targets[rows]


def write_pictures(paths, x):
    """Write digits (count, 784) as PNG files."""
    for path, row in zip(paths, x, strict=True):
        Image.fromarray(np.round(row.reshape(SIDE, SIDE) * 255).astype(np.uint8)).save(path)


def from_files(paths, targets, batch):
    """Yield TIMED batches, each picture read from its PNG file when it is needed."""
    for number in range(TIMED):
        rows = np.arange(number * batch, (number + 1) * batch) % len(paths)
        pictures = []
        for row in rows:
            with Image.open(paths[row]) as picture:
                pictures.append(np.asarray(picture, np.float32).ravel() / np.float32(255))
        yield np.stack(pictures), targets[rows]


def train_seconds(seed):
    """Train 784-64-64-10 with 3,500 digits until 90 % of 500 others are named rightly; return how long that takes.

    "<optimizer>: updates" (5 batch sizes, 6 rates) int: after how many updates, checked after every 5, that is so for the first
    time, -1 if not within 2,000 updates and 40,000 examples. "<optimizer>: examples" is that times the batch size, or -1.
    "<optimizer>: rates" (6,) and "batches" (5,) say which. All of one batch size see the same digits in the same order.

    "<optimizer>: seconds" (5,): the median time of an update for each batch size. "array: seconds" and "files: seconds" (5,):
    the same with Adam, the making of the batch included, from an array in memory and from PNG files; the files were written a
    moment before, so they come from the memory of the computer, not from its disk. Seconds differ from computer to computer.
    """
    parts, found = digit_parts(seed), {"batches": np.array(BATCHES)}
    targets = one_hot(parts.y)
    for name, (make, rates) in OPTIMIZERS.items():
        updates = np.array(
            [
                [updates_until(GOAL, network(SMALL, seed, optimizer=make(rate)), parts, batch, seed) for rate in rates]
                for batch in BATCHES
            ]
        )
        found |= {f"{name}: rates": np.array(rates), f"{name}: updates": updates}
        found[f"{name}: examples"] = np.where(updates < 0, -1, updates * np.array(BATCHES)[:, None])
        timed = [
            seconds_per_update(network(SMALL, seed, optimizer=make(rates[0])), from_array(parts.x, targets, batch))
            for batch in BATCHES
        ]
        found[f"{name}: seconds"] = np.median(timed, axis=1)
        print(name, updates.tolist(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.png" for number in range(FILES)]
        write_pictures(paths, parts.x[:FILES])
        for name, source in (("array", parts.x[:FILES]), ("files", paths)):
            read = from_array if name == "array" else from_files
            timed = [seconds_per_update(network(SMALL, seed), read(source, targets[:FILES], batch)) for batch in BATCHES]
            found[f"{name}: seconds"] = np.median(timed, axis=1)
    return found


# What was learned from other digits

KNOWN, NEW = 5, 5  # the network learns the digits 0 to 4 first, then 5 to 9
BODY = (128, 64)  # neurons of the hidden layers
SHOTS = (10, 30, 100, 300)  # examples of the digits 5 to 9, as many of each
FIRST_UPDATES, NEXT_UPDATES, NEXT_LOOK = 1000, 300, 20
CNN_UPDATES = 600
RATES = (0.0003, 0.001, 0.003)  # of Adam, where all layers are trained
LAST_RATES = (0.003, 0.01, 0.03)  # where only the last layer is: a single layer bears larger steps


def hidden_outputs(model, x):
    """Return what the last hidden layer says, (examples, neurons): the inputs of the last layer."""
    for layer in model.layers[:-1]:
        x = layer.forward(x)
    return x


def as_it_is(x):
    return x


def transfers(bodies, rate, seed):
    """Return way -> a network for five new digits, and a function that makes its inputs from pictures; those with this rate.

    bodies: name -> that function, for "last layer<name>". Last layers of one size start alike; bodies stay as they are.
    """
    ways = {}
    if rate in RATES:
        fresh, tuned = (network(BODY, seed + 2000, optimizer=Adam(rate), classes=NEW) for _ in range(2))
        tuned.set_weights([*bodies[""].args[0].get_weights()[:-2], *fresh.get_weights()[-2:]])
        ways |= {"all layers": (tuned, as_it_is), "from scratch": (fresh, as_it_is)}
    if rate in LAST_RATES:
        for name, see in bodies.items():
            inputs = see(np.zeros((1, SIDE * SIDE), np.float32)).shape[1]
            head = network((), seed + 2000, optimizer=Adam(rate), inputs=inputs, classes=NEW)
            ways[f"last layer{name}"] = (head, see)
    return ways


def cnn_body(x, y, updates, seed):
    """Return a function: pictures (count, 784) -> what a small CNN says before its dense layers, (count, 784).

    The CNN was trained on x and y for so many updates; for 0 it has its first weights.
    """
    set_seeds(seed)
    model = digit_network()
    if updates:
        order = order_of(len(x), updates, BATCH, np.random.default_rng([seed, 2]))
        model.steps_per_execution = 50  # so many updates in one call: the same updates, in less time
        model.fit(x[order].reshape(-1, SIDE, SIDE, 1), y[order], BATCH, shuffle=False, verbose=0)
    maps = keras.Model(model.inputs, model.layers[-3].output)
    return lambda pictures: maps.predict(pictures.reshape(-1, SIDE, SIDE, 1), verbose=0)


def train_transfer(seed):
    """Train a network on the digits 0 to 4, then on n examples of 5 to 9; return the test errors on 5 to 9.

    "<way>: <n>: validation error" and "test error" (15,), after every 20 of 300 updates, with the best of three rates by the
    last validation error, which is "<way>: <n>: rate". The ways: "all layers" (the last layer is new, all are trained), "from
    scratch" (all are new), "last layer" (only the new one is trained), and as a control "last layer, random body" (the others
    were never trained); "last layer, CNN" and "last layer, random CNN" are the same on top of the maps of a small CNN.

    "<rival>: <n>: test error" are the rivals: "SVM" and "nearest neighbour" with the pixels, and with what the body says:
    ", features" the dense one, ", CNN features", and ", random CNN" of the one that learned nothing. C is chosen on validation.
    "before: <part> error" says how well the digits 0 to 4 were learned, on "training" and "test".
    """
    whole, found = digit_parts(seed), {}

    def of(first, x, y):
        rows = (y >= first) & (y < first + KNOWN)
        return x[rows], y[rows] - first

    x, y = of(0, whole.x, whole.y)
    body = network(BODY, seed, classes=KNOWN)
    old = {"training": (x, y), "test": of(0, whole.x_test, whole.y_test)}
    curves = train(body, x, y, FIRST_UPDATES, FIRST_UPDATES, seed, old)
    found |= {f"before: {part} error": curves[f"{part} error"][-1] for part in old}
    x, y = of(KNOWN, whole.x, whole.y)
    seen = {part: of(KNOWN, *pair) for part, pair in list(looked_at(whole, 1).items())[1:]}
    untrained = network(BODY, seed + 1000, classes=NEW)
    cnns = {", CNN": cnn_body(*of(0, whole.x, whole.y), CNN_UPDATES, seed), ", random CNN": cnn_body(x, y, 0, seed)}
    bodies = {"": partial(hidden_outputs, body), ", random body": partial(hidden_outputs, untrained)} | cnns
    for n in SHOTS:
        rows = np.concatenate([np.flatnonzero(y == digit)[: n // NEW] for digit in range(NEW)])
        few_x, few_y = x[rows], y[rows]
        runs = {}
        for rate in sorted({*RATES, *LAST_RATES}):
            for name, (model, see) in transfers(bodies, rate, seed).items():
                shown = {part: (see(pictures), labels) for part, (pictures, labels) in seen.items()}
                batch = min(BATCH, n)
                curves = train(model, see(few_x), few_y, NEXT_UPDATES, NEXT_LOOK, seed, shown, batch=batch)
                runs.setdefault(name, {})[rate] = curves
        for name, candidates in runs.items():
            rate = best_of(candidates, candidates)
            found[f"{name}: {n}: rate"] = rate
            found |= {f"{name}: {n}: {part} error": candidates[rate][f"{part} error"] for part in seen}
        for tail, see in {
            "": as_it_is,
            ", features": bodies[""],
            ", CNN features": cnns[", CNN"],
            ", random CNN": bodies[", random CNN"],
        }.items():
            inputs, (v, v_labels), (t, t_labels) = see(few_x), *((see(each), labels) for each, labels in seen.values())
            machines = [SVC(C=strength, gamma="scale").fit(inputs, few_y) for strength in MACHINE]
            best = machines[np.argmax([machine.score(v, v_labels) for machine in machines])]
            found[f"SVM{tail}: {n}: test error"] = 1 - best.score(t, t_labels)
            nearest = KNeighborsClassifier(1).fit(inputs, few_y)
            found[f"nearest neighbour{tail}: {n}: test error"] = 1 - nearest.score(t, t_labels)
        said = {name.split(":")[0]: round(float(np.ravel(v)[-1]), 3) for name, v in found.items() if f": {n}: test" in name}
        print(n, said, flush=True)
    return found


if __name__ == "__main__":
    record("improving_cures", train_cures)
    record("improving_random_labels", train_random_labels)
    record("improving_learning_curve", train_learning_curve)
    record("improving_seconds", train_seconds)
    record("improving_transfer", train_transfer)
