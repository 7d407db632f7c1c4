"""Four sick networks: order tests, name the illness, apply a cure, and see what the cured network answers.

Every network is trained here, with and without the cure; nothing is recorded. What fits and what cures is measured, too.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from helpers.datasets import load_digits
from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.play import WithPlay
from helpers.explorers.signs import short, signed
from helpers.plots.figure import BLUE, INK, ORANGE, caption, chart_axes, logarithm, whole_figure
from helpers.plots.lettering import Lettering
from helpers.plots.network import Thumbnails
from helpers.plots.pixels import colour_table
from helpers.scratch.dense import Dense
from helpers.scratch.losses import EPSILON
from helpers.scratch.optimizers import optimizer_named
from helpers.scratch.sequential import Sequential

EPOCHS, UPDATES = 40, 6  # of a sick network, and the updates in each of its epochs
POOL, STOPPING = 1000, 200  # digits to learn from at most, and those that early stopping watches; all others validate
SHOWN = 12  # digits in a picture
MEASURED = 100  # training digits, at most, that a gradient is taken over
HIGHER, FAINT, GAP = 1.5, 1e-3, 10.0  # from where a loss counts as higher, a gradient as vanished, a gap of errors as large
# Two shares near 15 % of some 600 digits differ by 2 points from chance alone (one standard error); less than 5 proves little.
POINTS = 5.0


class Network(NamedTuple):
    """All that a training depends on."""

    optimizer: str
    rate: float
    depth: int  # hidden layers
    units: int  # in each of them
    activation: str
    start: str  # of the weights of the hidden layers: "Glorot", "Glorot / 2" or "He"
    examples: int
    batch: int
    moved: int = 0  # rows by which the labels of the training digits stand too low
    times: int = 1  # as many updates as a sick network gets
    seed: int = 0


PATIENTS = {
    "patient 1": Network("sgd", 2.0, 2, 32, "tanh", "Glorot", 300, 50),
    "patient 2": Network("sgd", 0.05, 8, 32, "sigmoid", "Glorot / 2", 300, 50),
    "patient 3": Network("adam", 0.02, 2, 64, "relu", "Glorot", 60, 10),
    "patient 4": Network("adam", 0.02, 1, 128, "relu", "Glorot", 300, 50, moved=1),
}
RATE, VANISHING, OVERFITTING, LABELS = "rate too large", "vanishing gradients", "overfitting", "wrong labels"
TOO_SMALL, TOO_SHORT = "network too small", "too few epochs"
UNKNOWN = "not yet"
DIAGNOSES = (UNKNOWN, TOO_SMALL, OVERFITTING, VANISHING, TOO_SHORT, LABELS, RATE)
NONE, TENTH, RELU, MORE, STOP = "none", "a tenth of the rate", "ReLU and He's start", "more examples", "early stopping"
MEND, LONGER, WIDER = "mend the labels", "ten times the epochs", "four times as wide"
CURES = (NONE, LONGER, MORE, WIDER, MEND, TENTH, STOP, RELU)
LOSSES, GRADIENTS, TRAINING, NEW = "loss curves", "gradient sizes", "answers: training", "answers: new"
DATA, SIZES = "training data", "sizes"
TESTS = (LOSSES, GRADIENTS, TRAINING, NEW, DATA, SIZES)


@lru_cache
def digits():
    """Return x, y of all digits, mixed: (1797, 64) float32 from 0 to 1, and (1797,). The first POOL are those to learn from."""
    x, y = load_digits()
    order = np.random.default_rng(5).permutation(len(x))
    x, y = x.reshape(len(x), -1)[order], y[order]
    x.flags.writeable = y.flags.writeable = False
    return x, y


def parts(network):
    """Return dict part -> (x, y): "training", with the labels as the network gets them, "stopping" and "validation"."""
    x, y = digits()
    end = POOL + STOPPING
    training = x[: network.examples], np.roll(y[: network.examples], network.moved)
    return {"training": training, "stopping": (x[POOL:end], y[POOL:end]), "validation": (x[end:], y[end:])}


def treated(network, cure):
    """Return the network with the cure; early stopping changes nothing before the training is over (see `course`)."""
    changes = {
        TENTH: {"rate": network.rate / 10},
        RELU: {"activation": "relu", "start": "He"},
        MORE: {"examples": POOL},  # and as many updates as before: what helps is then the digits, not the time
        MEND: {"moved": 0},
        LONGER: {"times": 10},
        WIDER: {"units": 4 * network.units},
    }
    return network._replace(**changes.get(cure, {}))


def built(network):
    """Return the model with its first weights."""
    hidden = [Dense(network.units, network.activation) for _ in range(network.depth)]
    model = Sequential([*hidden, Dense(10, "softmax")], np.random.default_rng(network.seed))
    model.build((None, 64))
    for layer in hidden:
        kernel = layer.weights["kernel"]
        # Glorot draws up to sqrt(6 / (inputs + outputs)), He up to sqrt(6 / inputs).
        kernel *= {"Glorot": 1, "Glorot / 2": 0.5, "He": (sum(kernel.shape) / len(kernel)) ** 0.5}[network.start]
    optimizer = optimizer_named(network.optimizer)
    optimizer.learning_rate = network.rate
    model.compile(optimizer, "categorical_crossentropy")
    return model


@lru_cache(maxsize=64)
def trained(network):
    """Train, and return what was measured before the first of EPOCHS equal parts of the training and after each one.

    Keys: "updates" (41,); "loss" and "error" in per cent, each a dict part -> (41,); "gradients" (41, layers): the root mean
    square of a weight's gradient; "training answers" and "validation answers" (41, 12); "weights": their number; "spread":
    the standard deviation of the first weights of the first layer.
    """
    data, model, rng = parts(network), built(network), np.random.default_rng([network.seed, 1])
    x, y = data["training"]
    in_part = UPDATES * network.batch * network.times  # examples; of a sick network exactly all, once
    passes = -(-EPOCHS * in_part // len(x))
    order = np.concatenate([rng.permutation(len(x)) for _ in range(passes)])[: EPOCHS * in_part].reshape(EPOCHS, in_part)
    found, targets = [measured(model, data)], np.eye(10, dtype=np.float32)[y]
    spread = model.layers[0].weights["kernel"].std()
    for chosen in order:
        model.fit(x[chosen], targets[chosen], 1, network.batch, shuffle=False)
        found.append(measured(model, data))
    return {
        "updates": np.arange(EPOCHS + 1) * in_part // network.batch,
        "loss": {part: np.array([each["loss"][part] for each in found]) for part in data},
        "error": {part: np.array([each["error"][part] for each in found]) for part in data},
        **{key: np.array([each[key] for each in found]) for key in ("gradients", "training answers", "validation answers")},
        **{"weights": model.count_params(), "spread": float(spread)},
    }


def measured(model, data):
    """Return the losses and errors of a model on all parts of the data, its gradients, and its answers on the shown digits."""
    found = {"loss": {}, "error": {}}
    for part, (x, y) in data.items():
        shares = model.predict(x)
        answers = shares.argmax(axis=1)
        found["loss"][part] = -np.log(shares[np.arange(len(y)), y].clip(EPSILON)).mean()
        found["error"][part] = 100 * np.mean(answers != y)
        found[f"{part} answers"] = answers[:SHOWN]
    x, y = (array[:MEASURED] for array in data["training"])
    gradient = model.layers[-1].backward_from_sums((model.forward(x) - np.eye(10, dtype=np.float32)[y]) / len(x))
    for layer in reversed(model.layers[:-1]):
        gradient = layer.backward(gradient)
    found["gradients"] = [np.sqrt(np.mean(layer.gradients["kernel"] ** 2)) for layer in model.layers]
    return found


@lru_cache(maxsize=64)
def course(patient, cure):
    """Return the training of a patient with a cure, as `trained` does, with "last": the part of it at which it ends.

    Early stopping ends where the loss on digits of its own was lowest: chosen on the validation digits, it would be flattered.
    """
    run = trained(treated(PATIENTS[patient], cure))
    return {**run, "last": int(run["loss"]["stopping"].argmin()) if cure == STOP else EPOCHS}


@lru_cache
def nearest(examples, moved):
    """Return the validation error in per cent of the plain rival: the answer is the label of the nearest training digit."""
    data = parts(PATIENTS["patient 1"]._replace(examples=examples, moved=moved))
    (x, y), (new, truth) = data["training"], data["validation"]
    squares = (x**2).sum(axis=1) - 2 * new @ x.T  # the distances, but for what is the same for all training digits
    return float(100 * np.mean(y[squares.argmin(axis=1)] != truth))


def gain(patient, cure):
    """Return validation error in per cent before and after a cure, each at the end of its training."""
    ends = [course(patient, each) for each in (NONE, cure)]
    return tuple(float(run["error"]["validation"][run["last"]]) for run in ends)


def cures(before, after):
    """Return whether a validation error fell far enough to count: by more than POINTS, and to less than half.

    Without the second condition a network that only guesses a little luckier would count as cured.
    """
    return before - after > POINTS and after < before / 2


def verdict(patient, diagnosis):
    """Return whether the tests of a patient fit a diagnosis, and the sentence that says which test shows it."""
    run, network = course(patient, NONE), PATIENTS[patient]
    if diagnosis in (TOO_SMALL, TOO_SHORT):
        return tried(patient, *((WIDER, "more neurons") if diagnosis == TOO_SMALL else (LONGER, "more time")))
    loss, training, new = run["loss"]["training"], run["error"]["training"][-1], run["error"]["validation"][-1]
    if diagnosis == RATE:
        fits = loss[-1] > HIGHER * loss[0]
        meaning = "the steps overshoot" if fits else "steps that are too long would drive it up"
        return fits, f"{LOSSES}: {short(loss[0])} before training, {short(loss[-1])} after it; {meaning}."
    if diagnosis == VANISHING:
        gradients = run["gradients"]
        share = gradients[0, 0] / gradients[0, -1]
        fits = share < FAINT
        meaning = "next to nothing reaches the first layer" if fits else "enough reaches the first layer"
        if not fits and gradients[-1, 0] < FAINT * gradients[-1, -1]:
            meaning += "; it fades only later, while the network is trained"
        return fits, f"{GRADIENTS}, epoch 0: that of the first layer is {short(share)} times that of the last; {meaning}."
    mistaken = int(np.count_nonzero(parts(network)["training"][1] != digits()[1][: network.examples]))
    if diagnosis == LABELS:
        return mistaken > 0, f"{DATA}: {mistaken} of the {network.examples} labels do not belong to their pictures."
    gap = new - training > GAP
    said = f"{TRAINING} and {NEW}: {training:.1f} % wrong on training digits, {new:.1f} % on new ones"
    if gap and mistaken:
        return False, f"{said}. That is a gap, but look at what it learnt by heart: order `{DATA}`."
    return gap, f"{said}; {'it learnt by heart' if gap else 'overfitting would show a gap'}."


def tried(patient, cure, what):
    """Return whether a patient lacks something, found out by giving it, and the sentence."""
    before, after = gain(patient, cure)
    fits = cures(before, after)
    return fits, (
        f"no test shows it alone, so it was tried: with {what} ({cure}) the validation error goes from {before:.1f} to "
        f"{after:.1f} %; {'that was' if fits else 'that was not what was'} missing."
    )


# The picture.

LEFT, RIGHT = 62, 556  # of the two panels, in pixels
BOTTOM, WIDE, HIGH = 304, 370, 172  # of a chart in a panel
CHART = (62, 54, 500, 168)  # the chart of errors: left, bottom, width, height
LOSS_ENDS, GRADIENT_ENDS = (-2.3, 1.5), (-13.0, 1.5)  # as powers of ten
GUESSING = float(np.log(10))  # the loss of a network that gives each of ten digits the same share
TEXTS = 590  # where the texts beside it begin
GREY, PALE, RED = "#6b6b6b", "#d9d9d9", "#a8283a"
THUMB = 6  # screen pixels for a pixel of a digit


def explore_patient():
    """Order tests for a sick network, name its illness, apply a cure, and see whether the cured network does better."""
    return Patient()


class Patient(WithPlay):
    title = "Four sick networks that should read digits: order tests, name the illness, apply a cure."
    size = (960, 542)
    lines = 8

    def make_controls(self):
        return {
            "patient": choice("Patient", "patient 1", PATIENTS, "Which network has come to the clinic"),
            "test": choice("Test", LOSSES, TESTS, "What is examined, in the sick network and in the cured one"),
            "diagnosis": choice("Diagnosis", UNKNOWN, DIAGNOSES, "What you think is wrong with it"),
            "cure": choice("Cure", NONE, CURES, "What is changed; then a fresh network is trained"),
            "epoch": slider(
                "Epoch", EPOCHS, 0, EPOCHS, "Go back in the training: of the sick one, and as far, in parts, of the cured one"
            ),
        }

    def arrange(self, controls):
        *chosen, epoch = controls.values()
        return [rows_of(chosen, 2), epoch, self.play_button("epoch", 120, "Watch both train")]

    def stage(self, figure):
        self.panels = [Panel(figure, left, colour) for left, colour in ((LEFT, ORANGE), (RIGHT, BLUE))]
        errors = chart_axes(figure, *CHART, xlim=(0, 1), ylim=(0, 103), xticks=[], yticks=range(0, 101, 20), facecolor="none")
        errors.grid(axis="y")
        errors.set_ylabel("wrong answers, %")
        caption(figure, CHART[0] + CHART[2] / 2, 16, "updates of the weights", 10)
        caption(figure, CHART[0], 238, "errors of both networks over the whole training", 10, ha="left")
        line = {"markevery": 5, "animated": True}
        self.errors, self.now = [], []
        # The line of the sick network is wider, so that it is seen under the other one where both run together.
        for colour, mark, width, dash in ((ORANGE, "o", 3, "-"), (BLUE, "^", 1.8, (0, (4, 2)))):
            line |= {"color": colour, "marker": mark}
            self.errors.append(
                {
                    "training": errors.plot([], [], linestyle=(0, (2, 1.5)), linewidth=1.3, markersize=3, **line)[0],
                    "validation": errors.plot([], [], linestyle="-", linewidth=width, markersize=5, **line)[0],
                }
            )
            self.now.append(errors.plot([], [], color=colour, linestyle=dash, linewidth=1.2, animated=True)[0])
        self.heads, self.texts, self.ticks = Texts(figure, "bold"), Texts(figure), Texts(figure)
        curves = [line for lines in self.errors for line in lines.values()]
        panels = [artist for panel in self.panels for artist in panel.artists]
        return [*panels, *curves, *self.now, self.heads, self.texts, self.ticks]

    def compute(self, patient, test, diagnosis, cure, epoch):
        found = {"patient": patient, "test": test, "diagnosis": diagnosis, "cure": cure, "epoch": epoch}
        for side, each in (("sick", NONE), ("treated", cure)):
            if side == "treated" and cure == NONE:
                continue
            run = course(patient, each)
            stop = run["last"] + 1
            found[f"{side} now"] = now = min(epoch, run["last"])
            found[f"{side} updates"] = run["updates"][:stop]
            for part in ("training", "validation"):
                found[f"{side} {part} error"] = run["error"][part][:stop]
            found |= examined(side, treated(PATIENTS[patient], each), run, test, now, stop)
        if diagnosis != UNKNOWN:
            fits, evidence = verdict(patient, diagnosis)
            found |= {"fits": bool(fits), "evidence": f"{evidence[0].upper()}{evidence[1:]}"}
        return found

    def paint(self, numbers):
        sides = [side for side in ("sick", "treated") if f"{side} updates" in numbers]
        longest = max(1, *(numbers[f"{side} updates"][-1] for side in sides))
        heads = [(numbers["patient"], LEFT - 40, BOTTOM + 222, ORANGE), ("\u25cf sick network", TEXTS, 216, ORANGE)]
        texts = [(f"your diagnosis: {numbers['diagnosis']}", TEXTS, 56, INK)]
        if len(sides) == 1:
            texts.append(("not yet treated: choose a cure", RIGHT + 60, BOTTOM + HIGH / 2, GREY))
        else:
            heads += [
                (f"after: {numbers['cure']}", RIGHT - 40, BOTTOM + 222, BLUE),
                ("\u25b2 treated network", TEXTS, 138, BLUE),
            ]
        for k, (side, colour, top) in enumerate((("sick", ORANGE, 192), ("treated", BLUE, 114))):
            known = side in sides
            legend = self.panels[k].set(numbers, side, known, longest)
            texts.append((legend, self.panels[k].left - 40, BOTTOM + 196, INK))
            updates, now = (numbers[f"{side} {key}"] for key in ("updates", "now")) if known else ([], 0)
            self.now[k].set_data(*([updates[now] / longest] * 2, (0, 103)) if known else ([], []))
            for row, (part, dash) in enumerate((("validation", "\u2500\u2500"), ("training", "\u254c\u254c"))):
                error = numbers[f"{side} {part} error"] if known else []
                self.errors[k][part].set_data(np.asarray(updates) / longest, error)
                if known:
                    text = f"{dash} {part}: {error[now]:.1f} % wrong at update {updates[now]:,}"
                    texts.append((text, TEXTS + 14, top - 22 * row, colour))
        for artist, lines, size in ((self.heads, heads, 11), (self.texts, texts, 10)):
            words, x, y, colours = zip(*lines, strict=True)
            artist.write(words, zip(x, y, strict=True), size, colours, align="left")
        shares = np.arange(5) / 4
        places = [(CHART[0] + CHART[2] * share, 40) for share in shares]
        self.ticks.write([f"{share * longest:,.0f}" for share in shares], places, 9)

    def describe(self, numbers):
        patient, diagnosis, cure = (numbers[name] for name in ("patient", "diagnosis", "cure"))
        test = numbers["test"]
        moment = "" if test in (DATA, SIZES) else f", after epoch {numbers['epoch']} of {EPOCHS}"
        lines = [f"{patient.capitalize()}, {test}{moment}: {reading(numbers, 'sick')}"]
        if cure != NONE:
            lines[0] += f"\nTreated{', as far in its own training' if moment else ''}: {reading(numbers, 'treated')}"
        if diagnosis == UNKNOWN:
            lines.append("No diagnosis yet: order more tests, then choose one.")
        else:
            lines.append(f"`{diagnosis}`: {'fits' if numbers['fits'] else 'does not fit'}. {numbers['evidence']}")
        if cure == NONE:
            lines.append("Not treated yet.")
        else:
            lines.append(effect(patient, cure))
        return "\n".join(lines)


def examined(side, network, run, test, now, stop):
    """Return the numbers of one test of one network, their names beginning with the side."""
    if test == LOSSES:
        return {f"{side} {part} loss": run["loss"][part][:stop] for part in ("training", "validation")}
    if test == GRADIENTS:
        return {f"{side} gradients": run["gradients"][now], f"{side} first gradients": run["gradients"][0]}
    if test == SIZES:
        return {f"{side} sizes": sizes(network, run, stop - 1)}
    part = "validation" if test == NEW else "training"
    x, y = (array[:SHOWN] for array in parts(network)[part])
    found = {f"{side} pictures": x.reshape(-1, 8, 8), f"{side} labels": y}
    return found if test == DATA else {**found, f"{side} answers": run[f"{part} answers"][now]}


def sizes(network, run, last):
    """Return the lines of the test of sizes."""
    names = {"sgd": "SGD", "adam": "Adam", "relu": "ReLU"}
    return [
        f"training digits: {network.examples:,}",
        f"hidden layers: {network.depth}",
        f"neurons in each: {network.units}, {names.get(network.activation, network.activation)}",
        f"weights and biases: {run['weights']:,}",
        f"spread of the first weights: {run['spread']:.3f}",
        f"optimizer: {names[network.optimizer]}, rate {network.rate:g}",
        f"updates: {run['updates'][last]:,}, batches of {network.batch}",
    ]


def reading(numbers, side):
    """Return what the ordered test of a network says, in numbers and without a judgement."""
    test, now = numbers["test"], numbers[f"{side} now"]
    if test == LOSSES:
        ends = [short(numbers[f"{side} {part} loss"][now]) for part in ("training", "validation")]
        return f"training loss {ends[0]}, validation loss {ends[1]}. (Guessing: {GUESSING:.2f}.)"
    if test == GRADIENTS:
        shown = numbers[f"{side} gradients"]
        return f"typical gradient of a weight {short(shown[0])} in the first layer, {short(shown[-1])} in the last."
    if test == SIZES:
        examples, depth, _, weights, *_ = numbers[f"{side} sizes"]
        return f"{examples}; {depth}; {weights}."
    if test == DATA:
        return f"the first {SHOWN} digits it learns from, with the labels that it gets."
    right = int(np.count_nonzero(numbers[f"{side} answers"] == numbers[f"{side} labels"]))
    part = "validation" if test == NEW else "training"
    return f"right answers among these {SHOWN}: {right}; of all, {numbers[f'{side} {part} error'][now]:.1f} % are wrong."


def effect(patient, cure):
    """Return the sentence on what a cure did: the validation error before and after, and whether that counts."""
    network, (before, after) = PATIENTS[patient], gain(patient, cure)
    run, count = course(patient, cure), len(parts(network)["validation"][0])
    change = round(after, 1) - round(before, 1) + 0.0
    told = (
        f"Cure, {cure}: validation error {before:.1f} % before, {after:.1f} % after {run['updates'][run['last']]:,} updates: "
        f"{signed(change, '{:+.1f}')} points, on the same {count} digits, one seed."
    )
    changed = treated(network, cure)
    plain = nearest(changed.examples, changed.moved)
    told += f" Without a network, the label of the nearest training digit: {plain:.1f} % wrong.\n"
    if cure != STOP and changed == network:
        return f"{told}There was nothing to change: it is the same training."
    if cures(before, after):
        return f"{told}More than half of the errors are gone: this cure works."
    if before - after > POINTS:
        return f"{told}More than half of the errors are left: no cure for this patient."
    if after - before > POINTS:
        return f"{told}This cure harms."
    return f"{told}A change of {POINTS:g} points or less proves little: no cure for this patient."


class Texts(Lettering):
    """Lettering that is laid out anew only where something changed: most moves change one text of many."""

    _asked = None

    def write(self, texts, places, size, colours=(INK,), align="center", angle=0):
        """Do as Lettering does."""
        asked = tuple(texts), tuple(map(tuple, places)), size, tuple(colours), align, angle
        if asked != self._asked:
            self._asked = asked
            super().write(*asked)


class Panel:
    """The ordered test of one network: a chart, twelve pictures or a list. `artists` are all that it may draw."""

    def __init__(self, figure, left, colour):
        self.left = left
        sheet = whole_figure(figure)
        line = {"animated": True, "marker": "o" if colour == ORANGE else "^"}
        self.grid = sheet.plot([], [], color=PALE, linewidth=0.7, linestyle="-", animated=True)[0]
        self.frame = sheet.plot([], [], color=GREY, linewidth=0.8, linestyle="-", animated=True)[0]
        self.dashed = sheet.plot([], [], color=INK, linewidth=1.3, linestyle=(0, (2, 1.5)), markersize=3.5, **line)[0]
        self.solid = sheet.plot([], [], color=colour, linewidth=1.8, linestyle="-", markersize=5, **line)[0]
        self.cursor = sheet.plot([], [], color=GREY, linewidth=1, linestyle="-", animated=True)[0]
        dotted = {"color": INK, "linewidth": 1.2, "linestyle": (0, (1, 1.5)), "animated": True}
        self.guessing = sheet.plot([], [], **dotted)[0]
        self.chart = [self.grid, self.frame, self.guessing, self.dashed, self.solid, self.cursor]
        self.thumbs, self.table, self.texts = Thumbnails(figure), colour_table("gray_r"), Texts(figure)
        self.artists = [*self.chart, self.thumbs, self.texts]

    def set(self, numbers, side, known, longest):
        """Show the test of this side, nothing where it is not known, and return what stands above it."""
        test = numbers["test"]
        for artist in self.chart:
            artist.set_visible(known and test in (LOSSES, GRADIENTS))
        self.thumbs.set_visible(known and test in (TRAINING, NEW, DATA))
        self.texts.set_visible(known)
        if not known:
            return ""
        if test == LOSSES:
            return self._losses(numbers, side, longest)
        return {GRADIENTS: self._gradients, SIZES: self._sizes}.get(test, self._pictures)(numbers, side)

    def _losses(self, numbers, side, longest):
        updates, now = numbers[f"{side} updates"], numbers[f"{side} now"]
        x = self.left + WIDE * updates / longest
        for line, part in ((self.dashed, "training"), (self.solid, "validation")):
            line.set_data(x, self._heights(numbers[f"{side} {part} loss"], LOSS_ENDS))
            line.set_markevery(5)
        self.cursor.set_data([x[now]] * 2, [BOTTOM, BOTTOM + HIGH])
        shares = np.arange(3) / 2
        across = [(self.left + WIDE * share, f"{longest * share:,.0f}") for share in shares]
        self.guessing.set_data([self.left, self.left + WIDE], [self._heights(GUESSING, LOSS_ENDS)] * 2)
        self._axes(LOSS_ENDS, {-2: "0.01", -1: "0.1", 0: "1", 1: "10"}, across, "updates of the weights")
        # Guessing is named here: inside the chart a curve would run through its name.
        lines = f"\u254c\u254c training \u2500\u2500 validation \u2508\u2508 guessing: {GUESSING:.2f}"
        return f"loss: {lines} (edge: outside)"

    def _gradients(self, numbers, side):
        now, first = numbers[f"{side} gradients"], numbers[f"{side} first gradients"]
        x = self.left + WIDE * (np.arange(len(now)) + 0.5) / len(now)
        for line, sizes_shown in ((self.dashed, first), (self.solid, now)):
            line.set_data(x, self._heights(sizes_shown, GRADIENT_ENDS))
            line.set_markevery(1)
        for line in (self.cursor, self.guessing):
            line.set_data([], [])
        across = [(place, str(layer)) for layer, place in enumerate(x, 1)]
        ticks = {power: f"1e\N{MINUS SIGN}{-power}" if power else "1" for power in (-12, -9, -6, -3, 0)}
        self._axes(GRADIENT_ENDS, ticks, across, "layer, first to last")
        return "typical gradient of a weight:  \u254c\u254c before training   \u2500\u2500 now"

    def _heights(self, values, ends):
        share = (logarithm(np.asarray(values, float)) - ends[0]) / (ends[1] - ends[0])
        return BOTTOM + HIGH * share.clip(0, 1)

    def _axes(self, ends, ticks, across, xlabel):
        self.frame.set_data([self.left, self.left, self.left + WIDE], [BOTTOM + HIGH, BOTTOM, BOTTOM])
        heights = self._heights(10.0 ** np.array(list(ticks)), ends)
        rows = [((self.left, self.left + WIDE, np.nan), (height, height, np.nan)) for height in heights]
        self.grid.set_data(*np.concatenate(rows, axis=1))
        texts = [*ticks.values(), *(text for _, text in across), xlabel]
        places = [
            *((self.left - 22, height) for height in heights),
            *((place, BOTTOM - 14) for place, _ in across),
            (self.left + WIDE / 2, BOTTOM - 34),
        ]
        self.texts.write(texts, places, 9)

    def _pictures(self, numbers, side):
        pictures, labels, answers = (numbers.get(f"{side} {key}") for key in ("pictures", "labels", "answers"))
        columns, step, side_length = SHOWN // 2, 68, 8 * THUMB
        lefts = self.left - 40 + step * (np.arange(SHOWN) % columns)
        bottoms = np.where(np.arange(SHOWN) < columns, BOTTOM + 128, BOTTOM + 34)
        colours = self.table[np.rint(255 * pictures).astype(np.uint8)].repeat(THUMB, axis=1).repeat(THUMB, axis=2)
        self.thumbs.set(colours, np.column_stack([lefts, bottoms]))
        places = [(left + side_length / 2, bottom - 16) for left, bottom in zip(lefts, bottoms, strict=True)]
        if answers is None:
            self.texts.write([f"{label}" for label in labels], places, 11)
            return "training digits, each with its label"
        right = labels == answers
        marks = ["\u2713" if each else "\u2717" for each in right]
        texts = [f"{label}\u2192{answer} {mark}" for label, answer, mark in zip(labels, answers, marks, strict=True)]
        self.texts.write(texts, places, 10, np.where(right, INK, RED))
        part = "new" if numbers["test"] == NEW else "training"
        return f"{part} digits: label \u2192 answer; {int(right.sum())} of {SHOWN} right"

    def _sizes(self, numbers, side):
        lines = numbers[f"{side} sizes"]
        self.texts.write(lines, [(self.left - 40, BOTTOM + 164 - 26 * k) for k in range(len(lines))], 10.5, align="left")
        return "what went into the training"
