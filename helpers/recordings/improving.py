"""Recorded trainings of the lesson on improving a network: size and epochs, learning rates, and the search for settings.

Run with: python -m helpers.recordings.improving
"""

from typing import NamedTuple

import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from helpers.datasets import mnist_split
from helpers.recordings.recording import record
from helpers.scratch.dense import Dense
from helpers.scratch.dropout import Dropout
from helpers.scratch.optimizers import SGD, Adam
from helpers.scratch.sequential import Callback, Sequential

TRAINING, VALIDATION, TEST = 1000, 500, 1000  # digits
BATCH, RATE = 32, 0.001
LOSS = "categorical_crossentropy"


class Digits(NamedTuple):
    """Digits in three parts. x are float32 (examples, 784) from 0 to 1, y are float32 (examples, 10), 1 for the class."""

    x: np.ndarray  # what the network learns from
    y: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def digits(seed):
    """Return the Digits of one split: 1,000 to learn from, 500 for validation and 1,000 for the test."""
    x, y, x_test, y_test = mnist_split(seed, test=TEST, flat=True)
    y, y_test = (np.eye(10, dtype=np.float32)[each] for each in (y, y_test))
    end = TRAINING + VALIDATION
    return Digits(x[:TRAINING], y[:TRAINING], x[TRAINING:end], y[TRAINING:end], x_test, y_test)


def network(seed, depth, width, dropout=0.0, l2=0.0):
    """Return a built network: `depth` hidden layers of `width` ReLUs with He's start, and ten outputs with softmax.

    `seed` is a whole number or a list of some: it draws the first weights and the order of the examples.
    """
    layers = []
    for _ in range(depth):
        layers += [Dense(width, "relu", l2=l2), Dropout(dropout)] if dropout else [Dense(width, "relu", l2=l2)]
    model = Sequential([*layers, Dense(10, "softmax", l2=l2)], rng=np.random.default_rng(seed))
    model.build((None, 784))
    for layer in model.layers[:-1]:
        if layer.weights:
            kernel = layer.weights["kernel"]
            kernel[...] = np.sqrt(2 / len(kernel)) * model.rng.standard_normal(kernel.shape)
    return model


def score(model, x, y):
    """Return the loss without a penalty, and the share of examples that are named wrongly; both in inference mode."""
    with np.errstate(all="ignore"):  # too large a rate is one of the things that are tried
        prediction = model.predict(x)
        loss = model.loss.forward(y, prediction)
    # Where the outputs are no numbers, argmax would name the first class: no answer is a wrong answer.
    right = (prediction.argmax(axis=1) == y.argmax(axis=1)) & np.isfinite(prediction).all(axis=1)
    return (loss if np.isfinite(loss) else np.inf), 1 - np.mean(right)


class Watch(Callback):
    """Keep `score` of the three parts after each epoch: `curves`, name -> list of numbers.

    After `update` updates, counted from 1, the share of validation digits named wrongly is kept in `then`.
    """

    def __init__(self, parts, update=None):
        self.parts, self.update, self.updates, self.curves, self.then = parts, update, 0, {}, None

    def on_train_batch_end(self, batch):
        self.updates += 1
        if self.updates == self.update:
            self.then = score(self.model, self.parts.x_validation, self.parts.y_validation)[1]

    def on_epoch_end(self, epoch, logs):
        parts = self.parts
        loss, training = score(self.model, parts.x, parts.y)
        validation_loss, validation = score(self.model, parts.x_validation, parts.y_validation)
        _, test = score(self.model, parts.x_test, parts.y_test)
        figures = {"training": training, "validation": validation, "test": test, "loss": loss}
        for name, value in (figures | {"validation loss": validation_loss}).items():
            self.curves.setdefault(name, []).append(value)


CURVES = ("training", "validation", "test", "loss", "validation loss")


def curves(parts, seed, depth, width, epochs, rate=RATE):
    """Train one network with Adam; return its curves, each (epochs,) float32, and its number of weights."""
    model, watch = network([seed, 1], depth, width), Watch(parts)
    model.compile(Adam(rate), LOSS)
    model.fit(parts.x, parts.y, epochs, BATCH, callbacks=[watch])
    return {name: np.float32(values) for name, values in watch.curves.items()}, model.count_params()


# How large, and how long.

WIDTHS = (2, 4, 8, 16, 32, 64, 128, 256)
DEPTHS = (0, 1, 2, 3, 4, 6)  # hidden layers; with none, the network is softmax regression
EPOCHS = 60
TUNED_DEPTHS, TUNED_WIDTH, TUNED_RATES = (0, 1, 3, 6), 64, (0.0003, 0.001, 0.003)
MATCHED_DEPTHS = (2, 3, 4, 6)
MACHINE = (0.3, 1, 3, 10, 30)  # C of the support vector machine
NEIGHBOURS = (1, 3, 5, 7, 9)


def matched_width(depth):
    """Return the width at which one hidden layer has about as many weights as `depth` of TUNED_WIDTH."""
    weights = network(0, depth, TUNED_WIDTH).count_params()
    return round((weights - 10) / (784 + 1 + 10))


def rivals(parts):
    """Return, for a support vector machine and for nearest neighbours, the test error of the setting that validation chose."""
    found, labels = {}, [y.argmax(axis=1) for y in (parts.y, parts.y_validation, parts.y_test)]
    ways = {
        "support vectors": [SVC(C=strength) for strength in MACHINE],
        "nearest neighbours": [KNeighborsClassifier(count) for count in NEIGHBOURS],
    }
    for way, models in ways.items():
        wrong = [1 - model.fit(parts.x, labels[0]).score(parts.x_validation, labels[1]) for model in models]
        best = int(np.argmin(wrong))
        found |= {f"{way}: validation": wrong[best], f"{way}: test": 1 - models[best].score(parts.x_test, labels[2])}
    return found


def train_capacity(seed):
    """Train networks of every depth and width with Adam 0.001; return their curves.

    "training", "validation" and "test" are the share of digits named wrongly after each epoch, (depths, widths, epochs), and
    "loss" and "validation loss" the cross-entropy; all in inference mode. "weights" (depths, widths) counts weights and biases.
    With no hidden layer the width does not matter: its numbers are the same for all widths.

    "tuned training" and so on, (tuned depths, tuned rates, epochs), are networks of width 64 with other learning rates.
    "matched training" and so on, (matched depths, epochs), are networks of one hidden layer with as many weights as
    MATCHED_DEPTHS layers of width 64; "matched widths" and "matched weights" (matched depths,) are their sizes.
    "support vectors: validation", "support vectors: test" and "nearest neighbours: ..." are one share of wrong digits each.
    """
    parts = digits(seed)

    def grid(runs, shape):
        return {name: np.reshape([run[name] for run in runs], (*shape, EPOCHS)) for name in CURVES}

    runs, weights = [], []
    for depth in DEPTHS:
        if depth == 0:
            run, count = curves(parts, seed, 0, 1, EPOCHS)
            runs, weights = [run] * len(WIDTHS), [count] * len(WIDTHS)
            continue
        for width in WIDTHS:
            run, count = curves(parts, seed, depth, width, EPOCHS)
            runs.append(run)
            weights.append(count)
    shape = len(DEPTHS), len(WIDTHS)
    found = grid(runs, shape) | {"weights": np.reshape(weights, shape)}
    tuned = [curves(parts, seed, depth, TUNED_WIDTH, EPOCHS, rate)[0] for depth in TUNED_DEPTHS for rate in TUNED_RATES]
    tuned = grid(tuned, (len(TUNED_DEPTHS), len(TUNED_RATES)))
    widths = [matched_width(depth) for depth in MATCHED_DEPTHS]
    runs, weights = zip(*(curves(parts, seed, 1, width, EPOCHS) for width in widths), strict=True)
    matched = grid(runs, (len(widths),)) | {"widths": widths, "weights": weights}
    for way, figures in {"tuned": tuned, "matched": matched}.items():
        found |= {f"{way} {name}": values for name, values in figures.items()}
    return found | rivals(parts)


# How fast.

RATES = tuple(np.geomspace(1e-4, 10, 13))
OPTIMIZERS = {"SGD": SGD, "SGD momentum": lambda rate: SGD(rate, momentum=0.9), "Adam": Adam}
BATCHES = (8, 32, 128)
RATE_EPOCHS = 10
UPDATES = RATE_EPOCHS * -(-TRAINING // BATCH)  # those of the middle batch size
HIDDEN, WIDTH = 2, 64
FINDER_RATES = tuple(np.geomspace(1e-5, 100, 200))


def find_rate(parts, seed, optimizer, batch):
    """Return the loss of each batch, (steps,), before its update, while the learning rate grows from update to update."""
    model, rng, losses, order = network([seed, 1], HIDDEN, WIDTH), np.random.default_rng([seed, 2]), [], []
    model.compile(optimizer(FINDER_RATES[0]), LOSS)
    for rate in FINDER_RATES:
        if len(order) < batch:
            order = rng.permutation(TRAINING)
        rows, order = order[:batch], order[batch:]
        model.optimizer.learning_rate = rate
        losses += model.fit(parts.x[rows], parts.y[rows], 1, batch).history["loss"]
    return np.where(np.isfinite(losses), losses, np.inf)


def train_rates(seed):
    """Train two hidden layers of 64 with every optimizer, batch size and learning rate; return how that went.

    "<optimizer>: <batch>: loss" is the loss on the training digits after each epoch, infinity where it is no number, and
    ": validation" the share of validation digits named wrongly, both (rates, epochs). Equal epochs are many more updates for
    small batches: ": equal updates" (rates,) is that share after UPDATES updates, for every batch size.
    ": test" is the share of test digits named wrongly after the last epoch, (rates,).
    ": finder rate" and ": finder loss" (steps,) are what `find_rate` saw in one run: the loss of single batches, not smoothed.
    """
    parts, found = digits(seed), {}
    for name, optimizer in OPTIMIZERS.items():
        for batch in BATCHES:
            watches = []
            for rate in RATES:
                model, watch = network([seed, 1], HIDDEN, WIDTH), Watch(parts, UPDATES)
                model.compile(optimizer(rate), LOSS)
                epochs = max(RATE_EPOCHS, -(-UPDATES // -(-TRAINING // batch)))
                model.fit(parts.x, parts.y, epochs, batch, callbacks=[watch])
                watches.append(watch)
            for figure in ("loss", "validation"):
                values = [watch.curves[figure][:RATE_EPOCHS] for watch in watches]
                found[f"{name}: {batch}: {figure}"] = np.float32(values)
            found[f"{name}: {batch}: test"] = np.float32([watch.curves["test"][RATE_EPOCHS - 1] for watch in watches])
            found[f"{name}: {batch}: equal updates"] = np.float32([watch.then for watch in watches])
            found[f"{name}: {batch}: finder rate"] = np.float32(FINDER_RATES)
            found[f"{name}: {batch}: finder loss"] = np.float32(find_rate(parts, seed, optimizer, batch))
    return found


# How to choose the settings.

SEARCH, SEARCH_EPOCHS = 240, 15
THREE = 120  # random configurations of what the grid varies, too
GRID_RATES = tuple(10 ** np.array([-10 / 3, -2, -2 / 3]))  # the middle of each third of what random search may draw
GRID_WIDTHS, GRID_DROPOUTS = (8, 32, 128), (0.1, 0.3, 0.5)
KNOWN_RATES, KNOWN_WIDTHS, KNOWN_DROPOUTS = (0.0003, 0.001, 0.003), (64, 128, 256), (0.0, 0.25, 0.5)
BUDGET = len(GRID_RATES) * len(GRID_WIDTHS) * len(GRID_DROPOUTS)
REPEATS, AGAIN = 5, 10


class Settings(NamedTuple):
    """The settings of one network; without a choice they are the usual ones."""

    rate: float = RATE
    width: int = WIDTH
    depth: int = HIDDEN
    dropout: float = 0.0
    l2: float = 0.0
    batch: int = BATCH


def draw(rng):
    """Return random Settings."""
    return Settings(
        rate=10 ** rng.uniform(-4, 0),
        width=int(round(2 ** rng.uniform(2, 8))),
        depth=int(rng.integers(1, 5)),
        dropout=rng.uniform(0, 0.6),
        l2=10 ** rng.uniform(-6, -1) if rng.random() < 0.75 else 0.0,
        batch=int(rng.choice([8, 16, 32, 64, 128])),
    )


def product(rates, widths, dropouts):
    """Return the Settings of a full grid."""
    return [Settings(rate, width, dropout=share) for rate in rates for width in widths for share in dropouts]


def judge(parts, settings, seed):
    """Train one network; return the shares of wrong validation and test digits and the training loss after the last epoch."""
    model = network(seed, settings.depth, settings.width, settings.dropout, settings.l2)
    model.compile(Adam(settings.rate), LOSS)
    model.fit(parts.x, parts.y, SEARCH_EPOCHS, settings.batch)
    loss, _ = score(model, parts.x, parts.y)
    return {
        "validation": score(model, parts.x_validation, parts.y_validation)[1],
        "test": score(model, parts.x_test, parts.y_test)[1],
        "loss": loss,
    }


def train_search(seed):
    """Search for the settings of one network, on one split of the digits; return what was tried, and how it went.

    For each of 240 random Settings, "rate", "width", "depth", "dropout", "l2" and "batch", and after 15 epochs with Adam
    "validation" and "test", the share of wrong digits, and "loss", the training loss: (240,). Each has a seed of its own.
    The same with a name before it: "three ..." (120,), random rate, width and dropout, the rest as usual; "grid ..." (27,), all
    of three rates, widths and dropouts, spread evenly over what random search draws from; "known ..." (27,), a grid of values
    that someone with experience would try; "rates only ..." (27,), 27 rates, the rest as usual. "lucky ..." (27,) has the usual
    settings with 27 seeds: what a choice gains where there is nothing to choose. "default ..." (5,) has five more seeds.
    "best ..." (10,) are the settings of the 240 with the lowest validation error, with ten new seeds: the luck of the choice is
    gone. "three best ...", "grid best ...", "known best ..." and "rates only best ..." (10,) are the same for the other ways.
    """
    parts, rng = digits(seed), np.random.default_rng([seed, 3])
    tried = {
        "": [draw(rng) for _ in range(SEARCH)],
        "three ": [Settings(one.rate, one.width, dropout=one.dropout) for one in (draw(rng) for _ in range(THREE))],
        "grid ": product(GRID_RATES, GRID_WIDTHS, GRID_DROPOUTS),
        "known ": product(KNOWN_RATES, KNOWN_WIDTHS, KNOWN_DROPOUTS),
        "rates only ": [Settings(rate) for rate in np.geomspace(1e-4, 1, BUDGET)],
        "lucky ": [Settings()] * BUDGET,
        "default ": [Settings()] * REPEATS,
    }
    found = {}

    def run(way, settings, number):
        figures = [judge(parts, one, [seed, 4, number, place]) for place, one in enumerate(settings)]
        found.update({f"{way}{name}": np.array([one[name] for one in figures]) for name in figures[0]})
        found.update({f"{way}{name}": np.array([getattr(one, name) for one in settings]) for name in Settings._fields})

    for number, (way, settings) in enumerate(tried.items()):
        run(way, settings, number)
    for number, way in enumerate(("", "three ", "grid ", "known ", "rates only "), start=len(tried)):
        run(f"{way}best ", [tried[way][int(np.argmin(found[f"{way}validation"]))]] * AGAIN, number)
    return found


if __name__ == "__main__":
    record("improving_capacity", train_capacity)
    record("improving_rates", train_rates)
    record("improving_search", train_search, seeds=(0,))
