"""Recorded trainings of the lesson on early stopping: curves to the end, other ways to limit overfitting, and a surface.

Run with: python -m helpers.recordings.early_stopping
"""

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.naive_bayes import BernoulliNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from helpers.datasets import film_review_split, generator, load_breast_cancer, load_diabetes, mnist_split, standardize
from helpers.recordings.recording import record
from helpers.scratch.dense import Dense
from helpers.scratch.dropout import Dropout
from helpers.scratch.early_stopping import EarlyStopping
from helpers.scratch.losses import to_categorical
from helpers.scratch.optimizers import Adam
from helpers.scratch.sequential import Callback, Sequential, accuracy
from helpers.scratch.tokenizer import SPECIAL, Tokenizer

WORDS = 1000  # so many words, the most frequent ones of the training reviews, are the inputs of the reviews' network


class Settings(NamedTuple):
    """How the network of one data set is made and trained."""

    hidden: tuple  # neurons of the hidden layers, all with ReLU
    outputs: int
    activation: str  # of the output
    loss: str
    rate: float  # of Adam
    batch: int
    epochs: int  # to the end: clearly past the lowest validation loss
    validation: tuple  # three sizes; each smaller set is the beginning of the larger one
    runs: int  # of the curves
    few: int  # of the comparison with other ways


SETTINGS = {
    "diabetes": Settings((64, 64), 1, "linear", "mean_squared_error", 0.0005, 16, 100, (25, 50, 100), 200, 20),
    "digits": Settings((64,), 10, "softmax", "categorical_crossentropy", 0.001, 32, 100, (50, 200, 500), 60, 10),
    "reviews": Settings((32,), 1, "sigmoid", "binary_crossentropy", 0.0003, 32, 60, (50, 200, 500), 60, 10),
}
DATA = tuple(SETTINGS)
PATIENCE = 10


class Parts(NamedTuple):
    """Examples in three parts. x are float32 (examples, inputs), y are float32 (examples, outputs)."""

    x: np.ndarray  # what the network learns from
    y: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


# The data


def parts_of(data, run):
    """Return the Parts of one run; `run` chooses which examples are in which part, and their order is random."""
    makers = {"diabetes": diabetes_parts, "digits": digit_parts, "reviews": review_parts}
    return Parts(*(np.asarray(part, dtype=np.float32) for part in makers[data](run)))


def diabetes_parts(run):
    """Return 150 patients, 100 for validation and 192 for the test; inputs and targets in standard deviations of the 150."""
    table = load_diabetes()
    order = generator(run).permutation(len(table.y))
    rows = np.split(order, [150, 250])
    x = standardize(*(table.x[part] for part in rows))
    y = standardize(*(table.y[part, None] for part in rows))
    return [array for pair in zip(x, y, strict=True) for array in pair]


def digit_parts(run):
    """Return 300 digits, 500 for validation and 1,000 for the test; a picture is a row of 784 numbers from 0 to 1."""
    x, y, x_test, y_test = mnist_split(run, test=1000, flat=True)
    return x[:300], one_hot(y[:300]), x[300:800], one_hot(y[300:800]), x_test, one_hot(y_test)


def one_hot(labels):
    return to_categorical(labels, 10)


def review_parts(run):
    """Return 1,000 film reviews, 500 for validation and 2,000 for the test: 1 for each word that is in a review, else 0."""
    texts, labels, test_texts, test_labels = film_review_split(run, test=2000)
    tokenizer = Tokenizer(WORDS + len(SPECIAL))
    tokenizer.adapt(texts[:1000])
    return (
        *(bag(tokenizer, texts[:1000]), labels[:1000, None]),
        *(bag(tokenizer, texts[1000:1500]), labels[1000:1500, None]),
        *(bag(tokenizer, test_texts), test_labels[:, None]),
    )


def bag(tokenizer, texts):
    """Return which of the known words are in each text, (texts, WORDS), 1 or 0."""
    found = np.zeros((len(texts), WORDS + len(SPECIAL)))
    np.put_along_axis(found, tokenizer(texts), 1, axis=1)
    return found[:, len(SPECIAL) :]


# The networks


def network(settings, run, inputs, l2=0.0, dropout=0.0):
    """Return a network with its first weights, which depend on `run` alone: all ways of one run begin with the same ones."""
    layers = []
    for neurons in settings.hidden:
        layers += [Dense(neurons, "relu", l2=l2), Dropout(dropout)] if dropout else [Dense(neurons, "relu", l2=l2)]
    layers.append(Dense(settings.outputs, settings.activation, l2=l2))
    model = Sequential(layers, np.random.default_rng([run, 1]))  # not generator(run), which chose the parts
    model.build((None, inputs))
    model.compile(Adam(settings.rate), settings.loss)
    return model


def weight_norm(model):
    """Return the root of the sum of all squared kernels; biases do not count."""
    return np.sqrt(sum(np.sum(layer.weights["kernel"] ** 2) for layer in model.layers if layer.weights))


def slope(model, x, y):
    """Return how steep the function is: the root mean square over the rows of x of the length of a gradient for the inputs.

    The gradient is that of the sum z of the output, before the activation: of the only one, or of the true class.
    """
    model.predict(x, batch_size=len(x))  # leaves in every layer what its gradient needs
    first, *others = model.layers
    gradient = others[-1].backward_from_sums(y if y.shape[1] > 1 else np.ones_like(y))
    for layer in reversed(others[:-1]):
        gradient = layer.backward(gradient)
    gradient = first.activation.backward(gradient, first.sums, first.outputs)
    # The length of gradient @ kernel.T needs only the products of the kernel's columns: far fewer numbers than inputs.
    kernel = first.weights["kernel"].astype(x.dtype)
    return np.sqrt(np.mean(np.sum(gradient @ (kernel.T @ kernel) * gradient, axis=1)))


class Watch(Callback):
    """Keep the figures of every epoch, all in inference mode and without a penalty: `curves`, name -> list of numbers."""

    def __init__(self, parts, settings):
        self.parts, self.settings, self.curves = parts, settings, {}

    def on_epoch_end(self, epoch, logs):
        parts, loss = self.parts, self.model.loss.forward
        test = self.model.predict(parts.x_test, batch_size=len(parts.x_test))
        figures = {"slope": slope(self.model, parts.x_test, parts.y_test), "weights": weight_norm(self.model)}
        figures["training"] = loss(parts.y, self.model.predict(parts.x))
        validation = self.model.predict(parts.x_validation)
        for count in self.settings.validation:
            figures[f"validation {count}"] = loss(parts.y_validation[:count], validation[:count])
        half = len(test) // 2
        figures["test"] = loss(parts.y_test, test)
        figures["test first half"] = loss(parts.y_test[:half], test[:half])
        figures["test second half"] = loss(parts.y_test[half:], test[half:])
        figures["test error"] = error(parts.y_test, test)
        for name, value in figures.items():
            self.curves.setdefault(name, []).append(float(value))


def error(y_true, y_pred):
    """Return what is wrong, as a share: of the examples, or, where y_true are no classes, of their variance (1 - R2)."""
    if y_true.shape[1] == 1 and not np.isin(y_true, (0, 1)).all():
        return np.mean((y_pred - y_true) ** 2) / np.var(y_true)
    return 1 - accuracy(y_true, y_pred)


def curves(data, run, parts=None, **options):
    """Train one network to the end; return its figures after each epoch, name -> (epochs,).

    `options` are the l2 and the dropout of `network`.
    """
    settings, parts = SETTINGS[data], parts_of(data, run) if parts is None else parts
    model, watch = network(settings, run, parts.x.shape[1], **options), Watch(parts, settings)
    model.fit(parts.x, parts.y, settings.epochs, settings.batch, callbacks=[watch])
    return {name: np.array(values) for name, values in watch.curves.items()}


def stop(validation, patience=PATIENCE, min_delta=0.0):
    """Return the best epoch and the last one, counted from 0, if training had been stopped by this curve, (epochs,)."""
    rule = EarlyStopping("loss", min_delta, patience)
    rule.model = SimpleNamespace(stop_training=False)
    rule.on_train_begin()
    for epoch, value in enumerate(validation):
        rule.on_epoch_end(epoch, {"loss": float(value)})
        if rule.model.stop_training:
            break
    return rule.best_epoch, epoch


# Many curves


def rounded(values):
    """Return the values as float32 with 14 binary digits, more than four decimal ones: the other digits would not compress."""
    mantissa, exponent = np.frexp(np.asarray(values, dtype=float))
    return np.ldexp(np.round(mantissa * 2**14) / 2**14, exponent).astype(np.float32)


def train_curves(seed):
    """Train the networks of all runs to the end; return their figures after each epoch, (runs, epochs) float32.

    "<data>: training" is the loss on the training examples, "<data>: validation <n>" that on the first n validation examples,
    "<data>: test" that on the test examples, and "<data>: test first half" and "second half" on halves of them. "<data>: test
    error" is the share of test examples that are named wrongly (digits and reviews). "<data>: weights" and "<data>: slope" are
    what `weight_norm` and `slope` say, the latter on the test examples.
    """
    found = {}
    for data, settings in SETTINGS.items():
        runs = [curves(data, seed * settings.runs + run) for run in range(settings.runs)]
        for name in runs[0]:
            if data != "diabetes" or name != "test error":
                found[f"{data}: {name}"] = rounded([run[name] for run in runs])
    return found


# Other ways to limit overfitting

STRENGTHS = {  # of L2; the largest ones hold the networks down to less than they could learn
    "diabetes": (0.003, 0.01, 0.03, 0.06, 0.1, 0.2),
    "digits": (0.0003, 0.001, 0.002, 0.003, 0.006, 0.01),
    "reviews": (0.0003, 0.001, 0.003, 0.006, 0.01, 0.02),
}
DROPOUT = 0.5
TEMPERATURES = np.geomspace(0.5, 20, 75)
RIDGE = (0.1, 1, 3, 10, 30, 100, 300, 1000)  # penalties of ridge regression
INVERSE = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3)  # C of logistic regression: more means a smaller penalty
MACHINE = (0.3, 1, 3, 10, 30)  # C of the support vector machine
NEIGHBOURS = (1, 3, 5, 7, 9, 15)
ADDED = (0.1, 0.3, 1, 3, 10)  # counts that naive Bayes adds to those of each word


class Trained(NamedTuple):
    """A network that was trained to the end, and what is needed to go back to any epoch."""

    model: Sequential
    validation: np.ndarray  # (epochs,) loss on all validation examples
    weights: list  # after each epoch, a list of arrays


class Keep(Callback):
    """Keep the weights and the validation loss, without a penalty, of every epoch."""

    def __init__(self, parts):
        self.parts, self.validation, self.weights = parts, [], []

    def on_epoch_end(self, epoch, logs):
        prediction = self.model.predict(self.parts.x_validation)
        self.validation.append(self.model.loss.forward(self.parts.y_validation, prediction))
        self.weights.append([array.astype(np.float32) for array in self.model.get_weights()])


def trained(data, run, parts, **options):
    """Train one network to the end; return it as Trained. `options` are the l2 and the dropout of `network`."""
    settings = SETTINGS[data]
    model, keep = network(settings, run, parts.x.shape[1], **options), Keep(parts)
    model.fit(parts.x, parts.y, settings.epochs, settings.batch, callbacks=[keep])
    return Trained(model, np.array(keep.validation), keep.weights)


def at(found, parts, epoch):
    """Return the test loss and error, the weights' norm and the slope of a Trained after an epoch, counted from 0."""
    model = found.model
    model.set_weights(found.weights[epoch])
    steep = slope(model, parts.x_test, parts.y_test)
    test = model.predict(parts.x_test)
    figures = {"test": model.loss.forward(parts.y_test, test), "test error": error(parts.y_test, test)}
    return figures | {"weights": weight_norm(model), "slope": steep}


def cooled(found, parts, epoch):
    """Return the figures of `at` when the sums z of the output are divided by a temperature, and nothing is trained again.

    The temperature is the one of the lowest validation loss (Guo and others 2017). It takes back confidence, or, where the
    output is a number, how far it strays from the mean; which class is the most probable stays the same.
    """
    model = found.model
    figures = at(found, parts, epoch)

    def predictions(x):
        model.predict(x, batch_size=len(x))
        last = model.layers[-1]
        return [last.activation.forward(last.sums / np.float32(temperature)) for temperature in TEMPERATURES]

    losses = [model.loss.forward(parts.y_validation, prediction) for prediction in predictions(parts.x_validation)]
    choice = int(np.argmin(losses))
    test = predictions(parts.x_test)[choice]
    changed = {"test": model.loss.forward(parts.y_test, test), "test error": error(parts.y_test, test)}
    return figures | changed | {"temperature": TEMPERATURES[choice], "slope": figures["slope"] / TEMPERATURES[choice]}


def with_validation(parts):
    """Return Parts in which the validation examples are training examples, too: there is nothing left to choose by."""
    both = (np.concatenate(pair) for pair in ((parts.x, parts.x_validation), (parts.y, parts.y_validation)))
    return parts._replace(**dict(zip(("x", "y"), both, strict=True)))


def neural_ways(data, run, strengths=None):
    """Return the ways of one run with its network: way -> test loss and error, weights' norm and slope; and what was chosen.

    All use the same split and the same first weights. "stopped" are the weights of the epoch with the lowest validation loss,
    found with PATIENCE; everything else is trained to the end. L2's strength is the one of the lowest validation loss. The ways
    "on all" learn from the validation examples too: for as many epochs as the stop said, for as many updates, or to the end;
    with L2 as strong as it was chosen before. Of what `cooled` did, "temperature" is kept, too.
    """
    parts, strengths = parts_of(data, run), STRENGTHS[data] if strengths is None else strengths
    plain, dropout = trained(data, run, parts), trained(data, run, parts, dropout=DROPOUT)
    best, last = stop(plain.validation)
    best_dropout = stop(dropout.validation)[0]
    penalised = [trained(data, run, parts, l2=l2) for l2 in strengths]
    stops = [stop(found.validation)[0] for found in penalised]
    end = int(np.argmin([found.validation[-1] for found in penalised]))
    early = int(np.argmin([found.validation[epoch] for found, epoch in zip(penalised, stops, strict=True)]))
    both = with_validation(parts)
    plain_all, l2_all = trained(data, run, both), trained(data, run, both, l2=strengths[end])
    same_updates = max(round((best + 1) * len(parts.x) / len(both.x)), 1) - 1
    return {
        "to the end": at(plain, parts, -1),
        "stopped": at(plain, parts, best),
        "to the end, cooled": cooled(plain, parts, -1),
        "stopped, cooled": cooled(plain, parts, best),
        "L2": at(penalised[end], parts, -1),
        "L2, stopped": at(penalised[early], parts, stops[early]),
        "dropout": at(dropout, parts, -1),
        "dropout, stopped": at(dropout, parts, best_dropout),
        "on all, epochs": at(plain_all, parts, best),
        "on all, updates": at(plain_all, parts, same_updates),
        "on all, to the end": at(plain_all, parts, -1),
        "on all, L2": at(l2_all, parts, -1),
        "chosen": {
            **{"best epoch": best, "last epoch": last, "L2 strength": strengths[end]},
            **{"L2 strength, stopped": strengths[early], "L2 epoch, stopped": stops[early], "dropout epoch": best_dropout},
        },
    }


def classes(y):
    """Return y (examples, outputs) as what scikit-learn reads, (examples,): classes as whole numbers, or the target."""
    return y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0]


def linear(data, strength):
    """Return ridge regression (diabetes) or logistic regression: the network without hidden layers, held small exactly."""
    return Ridge(strength) if data == "diabetes" else LogisticRegression(C=strength, max_iter=2000)


def judged(model, x, y):
    """Return the loss and the error of a fitted model; the loss is NaN for a classifier that gives no fine probabilities."""
    y = classes(y)
    if isinstance(model, Ridge):
        loss = np.mean((model.predict(x) - y) ** 2)
        return {"test": loss, "test error": loss / np.var(y)}
    fine = isinstance(model, LogisticRegression | BernoulliNB)
    loss = log_loss(y, model.predict_proba(x), labels=model.classes_) if fine else np.nan
    return {"test": loss, "test error": 1 - model.score(x, y)}


def best_of(parts, make, choices, figure):
    """Return the choice whose model, learnt from the training part, has the lowest figure on the validation part."""
    scores = []
    for choice in choices:
        model = make(choice).fit(parts.x, classes(parts.y))
        scores.append(judged(model, parts.x_validation, parts.y_validation)[figure])
    return choices[int(np.argmin(scores))]


def plain_ways(data, run):
    """Return the plain ways of one run: way -> its loss and error; "on all" is refitted with the validation examples."""
    parts = parts_of(data, run)
    both, test = with_validation(parts), (parts.x_test, parts.y_test)
    rivals = {"linear": (lambda strength: linear(data, strength), RIDGE if data == "diabetes" else INVERSE, "test")}
    if data == "digits":
        rivals["neighbours"] = (KNeighborsClassifier, NEIGHBOURS, "test error")
    if data == "reviews":
        rivals["naive Bayes"] = (lambda added: BernoulliNB(alpha=added), ADDED, "test")
    if data != "diabetes":
        rivals["machine"] = (lambda strength: SVC(C=strength), MACHINE, "test error")
    found = {}
    for name, (make, choices, figure) in rivals.items():
        choice = best_of(parts, make, choices, figure)
        found[name] = judged(make(choice).fit(parts.x, classes(parts.y)), *test)
        found[f"on all, {name}"] = judged(make(choice).fit(both.x, classes(both.y)), *test)
        found.setdefault("chosen", {})[name] = choice
    return found


def train_regularised(seed):
    """Compare early stopping with other ways and with plain rivals, run by run; return arrays (runs,).

    "<data>: <way>: test" and "test error" (1 - R2 for diabetes); for networks also "weights" and "slope" at their end. The ways
    are those of `neural_ways` and `plain_ways`; "<data>: chosen: <what>" says what was chosen on validation.
    """
    found = {}
    for data, settings in SETTINGS.items():
        for run in range(seed * settings.few, (seed + 1) * settings.few):
            neural, plain = neural_ways(data, run), plain_ways(data, run)
            chosen = neural.pop("chosen") | plain.pop("chosen")
            for way, figures in (neural | plain | {"chosen": chosen}).items():
                for figure, value in figures.items():
                    found.setdefault(f"{data}: {way}: {figure}", []).append(value)
    return {key: np.array(values) for key, values in found.items()}


# How many of the examples should be kept for validation?


def shared_out(parts, count):
    """Return Parts with the same examples for training and validation together, of which the last `count` are validation."""
    both = with_validation(parts)
    return both._replace(x=both.x[:-count], y=both.y[:-count], x_validation=both.x[-count:], y_validation=both.y[-count:])


def train_shares(seed):
    """Stop early with PATIENCE, with few or many of the same examples kept for validation; return arrays (runs,).

    "<data>: <n>: test" and "<data>: <n>: test error" of the weights that are kept, for each n of the three validation sizes;
    all the other examples are trained on: 250 patients together, 800 digits, 1,500 reviews.
    """
    found = {}
    for data, settings in SETTINGS.items():
        for run in range(seed * settings.few, (seed + 1) * settings.few):
            for count in settings.validation:
                parts = shared_out(parts_of(data, run), count)
                plain = trained(data, run, parts)
                figures = at(plain, parts, stop(plain.validation)[0])
                for figure in ("test", "test error"):
                    found.setdefault(f"{data}: {count}: {figure}", []).append(figures[figure])
    return {key: np.array(values) for key, values in found.items()}


# A surface: two measurements, and what the network says at every point while it learns

MEASUREMENTS = ("mean texture", "mean smoothness")
SURFACE_POINTS = 80  # to learn from, and as many for validation
SURFACE_HIDDEN, SURFACE_RATE, SURFACE_BATCH, SURFACE_EPOCHS = (32, 32), 0.003, 16, 600
# 0 is before the first epoch. At the start much happens within a few epochs.
SURFACE_KEPT = np.unique(np.concatenate([np.arange(21), np.round(np.geomspace(20, SURFACE_EPOCHS, 41))])).astype(int)


def surface_parts(seed):
    """Return Parts with two MEASUREMENTS of tumours, in standard deviations of the training points; y is 1 for benign."""
    table = load_breast_cancer()
    columns = [table.columns.index(name) for name in MEASUREMENTS]
    order = generator(seed).permutation(len(table.y))
    rows = np.split(order, [SURFACE_POINTS, 2 * SURFACE_POINTS])
    x = standardize(*(table.x[part][:, columns] for part in rows))
    pairs = zip(x, (table.y[part, None] for part in rows), strict=True)
    return Parts(*(array.astype(np.float32) for pair in pairs for array in pair))


def surface_network(seed=0):
    """Return the network of the surface with its first weights: two measurements -> the probability of benign."""
    settings = Settings(SURFACE_HIDDEN, 1, "sigmoid", "binary_crossentropy", SURFACE_RATE, SURFACE_BATCH, 0, (), 1, 1)
    return network(settings, seed, len(MEASUREMENTS))


def train_surface(seed):
    """Train the network of the surface to the end; return its weights at some epochs, its curves and the points.

    "epochs" (kept,) says after how many epochs the weights are, and "weights <k>" (kept, ...) float16 are the arrays of
    `get_weights`. "<part>: loss" and "<part>: error" (SURFACE_EPOCHS + 1,) are after every number of epochs from 0 on, with the
    unrounded weights; "<part>: x" (points, 2) and "<part>: y" (points,) are the points. The parts are training, validation and
    test. "linear: loss" and "linear: error" are those of logistic regression on the test points, with C chosen on validation.
    """
    parts, model = surface_parts(seed), surface_network(seed)
    pairs = {"training": (parts.x, parts.y), "validation": parts[2:4], "test": parts[4:]}
    weights, curve = [], {f"{part}: {figure}": [] for part in pairs for figure in ("loss", "error")}

    class Look(Callback):
        def on_epoch_end(self, epoch, logs):
            if epoch + 1 in SURFACE_KEPT:
                weights.append(model.get_weights())
            for part, (x, y) in pairs.items():
                prediction = model.predict(x)
                curve[f"{part}: loss"].append(model.loss.forward(y, prediction))
                curve[f"{part}: error"].append(error(y, prediction))

    look = Look()
    look.on_epoch_end(-1, {})
    model.fit(parts.x, parts.y, SURFACE_EPOCHS, SURFACE_BATCH, callbacks=[look])
    strength = best_of(parts, lambda value: linear("", value), INVERSE, "test")
    line = judged(linear("", strength).fit(parts.x, classes(parts.y)), parts.x_test, parts.y_test)
    return {
        "epochs": SURFACE_KEPT,
        **{f"weights {place}": np.array(arrays, dtype=np.float16) for place, arrays in enumerate(zip(*weights, strict=True))},
        **{name: np.array(values, dtype=np.float32) for name, values in curve.items()},
        **{f"{part}: x": x for part, (x, _) in pairs.items()},
        **{f"{part}: y": y[:, 0] for part, (_, y) in pairs.items()},
        "linear: loss": line["test"],
        "linear: error": line["test error"],
    }


if __name__ == "__main__":
    record("early_stopping_curves", train_curves, seeds=(0,))
    record("early_stopping_l2", train_regularised, seeds=(0,))
    record("early_stopping_shares", train_shares, seeds=(0,))
    record("early_stopping_surface", train_surface, seeds=(0,))
