"""The explorers of the lesson on artificial neural networks.

Here are those that train: descent, playground and regression. The two of one neuron and the two of the passes through a small
network have files of their own; a notebook imports all of them from here.
"""

from collections import OrderedDict
from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from helpers.datasets import POINTS, load_breast_cancer, load_diabetes, load_photo, load_wine, make_points, split, standardize
from helpers.explorers.ann_neuron import NEURON_ACTIVATIONS, PALE, explore_activations, explore_neuron  # noqa: F401
from helpers.explorers.ann_passes import explore_backpropagation, explore_forward_pass  # noqa: F401
from helpers.explorers.controls import choice, float_slider, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.play import WithPlay
from helpers.explorers.signs import DOT, MINUS
from helpers.plots.figure import BLUE, INK, ORANGE, caption, chart_axes, picture_axes
from helpers.plots.lettering import Label, Lettering
from helpers.plots.network import Edges, Thumbnails
from helpers.plots.number_grid import marks, number_text
from helpers.plots.pixels import Pixels
from helpers.scratch.activations import ACTIVATIONS
from helpers.scratch.dense import Dense
from helpers.scratch.losses import EPSILON, mean_squared_error
from helpers.scratch.optimizers import Adam
from helpers.scratch.sequential import Callback, Sequential

DARK_BLUE, DARK_RED = "#053061", "#67001f"
EPOCHS = 200


# One weight that goes downhill.

W_REACH, LOSS_REACH = 4.0, 22.0  # the loss curve is shown from -4 to 4, and up to 22
PATIENTS = 442


def explore_descent():
    """Let one weight go down its loss curve, step by step, and choose how long the steps are."""
    return Descent()


class Descent(Explorer):
    title = "One weight goes down its loss curve; the learning rate says how far each step goes."
    size = (960, 396)
    lines = 5

    def make_controls(self):
        return {
            "rate": float_slider(
                "Learning rate", 0.1, 0.01, 1.2, "How far each step goes: this times the slope", step=0.01, digits=2
            ),
            "start": float_slider("First weight", -3.0, -3.5, 3.5, "Where the weight starts", step=0.5),
            "steps": slider("Steps", 1, 0, 40, "How many times the weight has been changed"),
            "batch": choice("Batch size", PATIENTS, [8, 32, PATIENTS], f"Patients that are read for each step, of {PATIENTS}"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 2)]

    def stage(self, figure):
        x, y = patients()
        self.valley = chart_axes(figure, 62, 52, 350, 300, xlim=(-W_REACH, W_REACH), ylim=(0, LOSS_REACH))
        self.valley.set(xlabel="weight w", ylabel="loss of all patients", yticks=range(0, 21, 5))
        self.valley.set_title("the loss for every weight (blue: its slope)")
        w = np.linspace(-W_REACH, W_REACH, 161)
        self.valley.plot(w, [loss_of(each, x, y) for each in w], color=INK, linewidth=1.5, linestyle="-")
        self.cloud = chart_axes(
            figure, 474, 52, 200, 300, xlim=(-3, 4), ylim=(-3.2, 3.2), xticks=range(-3, 5), yticks=range(-3, 4)
        )
        self.cloud.set(
            xlabel="body mass index, standardised",
            ylabel="disease after a year, standardised",
            title="the patients, and w \N{MULTIPLICATION SIGN} index",
        )
        self.cloud.plot(x, y, linestyle="none", marker="o", markersize=2.5, color="#7d8ea3", mew=0)
        self.course = chart_axes(figure, 738, 52, 200, 300, xlim=(-1, 41), ylim=(0, LOSS_REACH), yticks=range(0, 21, 5))
        self.course.set(xlabel="steps", ylabel="loss", title="the loss after each step")
        moving = {"animated": True, "linestyle": "-"}
        self.path = self.valley.plot([], [], color=ORANGE, marker="o", markersize=4, linewidth=1, **moving)[0]
        self.slope = self.valley.plot([], [], color=BLUE, linewidth=2.5, **moving)[0]
        self.here = marks(self.valley, "o", ORANGE, 10)
        self.line = self.cloud.plot([], [], color=ORANGE, linewidth=2.5, **moving)[0]
        self.curve = self.course.plot([], [], color=ORANGE, marker="o", markersize=3, linewidth=1.2, **moving)[0]
        return [self.path, self.slope, self.here, self.line, self.curve]

    def compute(self, rate, start, steps, batch):
        x, y = patients()
        weights, slopes, chosen = [start], [], batches(batch)
        for step in range(steps + 1):
            few = chosen[step]
            slopes.append(slope_of(weights[-1], x[few], y[few]))
            weights.append(weights[-1] - rate * slopes[-1])
        weights = np.array(weights)
        losses = np.array([loss_of(each, x, y) for each in weights])
        best = float(x @ y / (x @ x))
        return {
            **{
                "weights": weights[:-1],
                "losses": losses[:-1],
                "slopes": np.array(slopes),
                "next": weights[-1],
                "next_loss": losses[-1],
            },
            **{"rate": rate, "steps": steps, "batch": batch, "best": best, "best_loss": loss_of(best, x, y)},
        }

    def paint(self, numbers):
        weights, losses = numbers["weights"], numbers["losses"]
        w, loss, slope = weights[-1], losses[-1], numbers["slopes"][-1]
        far = 4 * LOSS_REACH  # lines may leave the axes, but Matplotlib cannot draw endlessly long ones
        self.path.set_data(weights.clip(-far, far), losses.clip(0, far))
        seen = abs(w) <= W_REACH and loss <= LOSS_REACH
        half = 1.2 / np.hypot(1, slope * W_REACH / LOSS_REACH)  # of one length on the screen, however steep
        self.slope.set_data([w - half, w + half] if seen else [], [loss - slope * half, loss + slope * half] if seen else [])
        self.here.set_data([w] if seen else [], [loss] if seen else [])
        self.line.set_data([-3, 4], [-3 * w, 4 * w])
        self.curve.set_data(np.arange(len(losses)), losses.clip(0, far))

    def describe(self, numbers):
        w, loss, slope, rate = numbers["weights"][-1], numbers["losses"][-1], numbers["slopes"][-1], numbers["rate"]
        read = "" if numbers["batch"] == PATIENTS else f" (for a batch of {numbers['batch']}, so only about right)"
        outside = np.sum((np.abs(numbers["weights"]) > W_REACH) | (numbers["losses"] > LOSS_REACH))
        unseen = f" ({outside} of {len(numbers['weights'])} places lie outside the picture.)" if outside else ""
        return (
            f"Steps: {numbers['steps']}. Now w = {number_of(w)}, loss {loss:,.2f}, slope here {number_of(slope)}{read}.\n"
            f"Next: `new w = w {MINUS} learning rate {DOT} slope = {number_of(w)} {MINUS} {rate:.2f}{DOT}({number_of(slope)}) "
            f"= {number_of(numbers['next'])}`, loss {numbers['next_loss']:,.2f}.\n"
            f"{verdict_on_steps(numbers)}{unseen}"
        )


def verdict_on_steps(numbers):
    """Return what the learner should notice about the steps so far."""
    losses, best = numbers["losses"], f"the lowest point is w = {numbers['best']:.2f}, loss {numbers['best_loss']:.2f}"
    if len(losses) > 1 and losses[-1] > 1.01 * losses[0] and numbers["batch"] == PATIENTS:
        return (
            f"Each step jumps over the valley and lands higher than before: the loss explodes. ({best[0].upper()}{best[1:]}.)"
        )
    if losses[-1] < 1.001 * numbers["best_loss"]:
        return f"The weight has arrived: {best}, and there the slope is 0."
    if numbers["batch"] < PATIENTS and losses[-1] < 1.5 * numbers["best_loss"]:
        return f"Near the bottom the steps wander about, because every batch has a slope of its own; {best}."
    side = np.sign(numbers["weights"] - numbers["best"])
    if len(side) > 1 and side[-1] != side[-2]:
        return f"The step went over the lowest point to the other side; {best}."
    return f"A positive slope sends the weight to the left, a negative one to the right: always downhill; {best}."


def number_of(value):
    """Return a number with two decimals and a true minus sign."""
    return number_text("{:,.2f}", value).replace("\N{EN DASH}", MINUS)


@lru_cache
def patients():
    """Return the body mass index of 442 patients, and how far their disease went in a year, both standardised: (442,) each."""
    table = load_diabetes()
    x, y = table.x[:, table.columns.index("body mass index")], table.y
    x, y = standardize(x), standardize(y)
    x.flags.writeable = y.flags.writeable = False
    return x, y


def loss_of(w, x, y):
    """Return the mean squared error of the prediction w * x."""
    return mean_squared_error(y, w * x)


def slope_of(w, x, y):
    """Return how steep the loss is at w: the mean of 2 (w x - y) x, by the chain rule."""
    return np.mean(2 * (w * x - y) * x)


@lru_cache
def batches(size):
    """Return 41 arrays: which patients are read for each step, in epochs that show every patient once."""
    rng, parts = np.random.default_rng(0), []
    while len(parts) < 41:
        order = rng.permutation(PATIENTS)
        parts += [order[start : start + size] for start in range(0, PATIENTS, size)]
    return parts[:41]


class Replay(WithPlay):
    """An explorer that trains a small network at every move, and then replays the run with the slider `epoch`.

    A topic adds `train(**settings, tell=...)`, which calls `tell` with the share that is done.
    """

    shows_progress = True

    def __init__(self):
        self._runs = OrderedDict()
        super().__init__()

    def train(self, **settings):
        """Return a training run for the settings and `tell`: a dict of data, weights and losses."""
        raise NotImplementedError

    def run(self, **settings):
        """Return the training run for these settings; the last few are kept, so that the slider `epoch` only replays."""
        needed = self.relevant(**settings)
        key = tuple((name, value) for name, value in settings.items() if name in needed)
        if key not in self._runs:
            self._runs[key] = self.train(**settings, tell=self.progress)
            if len(self._runs) > 24:
                self._runs.popitem(last=False)
        return self._runs[key]

    def arrange(self, controls):
        *settings, epoch = controls.values()
        again = widgets.Button(description="Seed + 1", icon="random", tooltip="Train again with the next seed")
        again.layout = widgets.Layout(width="110px", margin="2px 6px")
        again.on_click(lambda button: self._next_seed())
        epoch.layout.width = "460px"
        return [rows_of([*settings, again], 3), epoch, self.play_button("epoch", 70, "Watch it learn")]

    def _next_seed(self):
        seed = self.controls["seed"]
        seed.value = seed.value + 1 if seed.value < seed.max else seed.min


def replayed(run, epoch):
    """Return the weights of a run after so many epochs, or the last finite ones; and the numbers that every replay shows."""
    last = min(epoch, len(run["train_loss"]) - 1)
    weights = [array[last] for array in run["weights"]]
    return weights, {
        **run["data"],
        **{name: run[name] for name in ("train_loss", "test_loss")},
        **{f"weights_{place}": array for place, array in enumerate(weights)},
        **{"epoch": epoch, "last": last, "exploded": last < epoch},
    }


class LossChart:
    """The losses of a run over its epochs, those of the test points dashed, and where the slider stands: `set(numbers)`."""

    def __init__(self, axes, highest):
        self.highest = highest
        axes.set(xlim=(0, EPOCHS), ylim=(0, highest), xticks=range(0, EPOCHS + 1, 50), xlabel="epochs", ylabel="loss")
        axes.grid(axis="y")
        self.now = axes.plot([0, 0], [0, highest], color=INK, linewidth=1, linestyle="-", animated=True)[0]
        self.curves = [
            axes.plot([], [], color=colour, linestyle=style, linewidth=1.8, animated=True)[0]
            for colour, style in ((BLUE, "-"), (ORANGE, (0, (4, 1.5))))
        ]
        self.artists = [*self.curves, self.now]

    def set(self, numbers):
        """Show the losses of these numbers; what is higher than the chart runs along its upper edge."""
        for curve, part in zip(self.curves, ("train", "test"), strict=True):
            losses = numbers[f"{part}_loss"]
            curve.set_data(np.arange(len(losses)), losses.clip(0, self.highest))
        self.now.set_xdata([numbers["last"]] * 2)


class Snapshots(Callback):
    """Keeps the weights before the first epoch and after each one."""

    def __init__(self, tell):
        self.tell = tell

    def on_train_begin(self):
        self.taken = [self.model.get_weights()]

    def on_epoch_end(self, epoch, logs):
        self.taken.append(self.model.get_weights())
        if self.tell and epoch % 10 == 9:
            self.tell((epoch + 1) / EPOCHS)


def snapshots_of(model, x, y, batch, tell):
    """Train and return the weights before the first epoch and after each one: a list of arrays (epochs, ...).

    The list ends before the first epoch that leaves weights that are NaN or infinite.
    """
    updates = EPOCHS * -(-len(x) // batch)
    snapshots = Snapshots(tell if updates * len(model.layers) > 5000 else None)
    model.fit(x, y, EPOCHS, batch, callbacks=[snapshots])
    weights = [np.stack(arrays) for arrays in zip(*snapshots.taken, strict=True)]
    finite = np.logical_and.reduce([np.isfinite(array).all(axis=tuple(range(1, array.ndim))) for array in weights])
    kept = len(finite) if finite.all() else int(finite.argmin())
    return [array[:kept] for array in weights]


# The playground.

WINE, TUMOURS = "wine (real)", "breast cancer (real)"
EXAMPLES = 250
REACH = 3.0  # the plane is shown from -3 to 3 standard deviations
CELLS = 96  # the plane is asked at 96 x 96 places


def explore_playground(data="circles"):
    """Train a small network again at every move of a slider, and watch what each of its neurons sees."""
    return Playground(data)


class Playground(Replay):
    title = "A small network learns to tell two classes of points apart."
    size = (960, 520)
    lines = 4

    def __init__(self, data):
        self.first_data = data
        super().__init__()

    def train(self, **settings):
        return train_classifier(**settings)

    def make_controls(self):
        rates = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
        return {
            "data": choice("Data", self.first_data, [*POINTS, WINE, TUMOURS], "Two classes of points in a plane"),
            "noise": float_slider("Noise", 0.1, 0, 0.5, "How far the points are moved by chance", step=0.05, digits=2),
            "share": slider("Training %", 50, 10, 90, "Share of the points to learn from; the others test", step=10),
            "layers": slider("Hidden layers", 2, 0, 3, "Layers between the inputs and the answer"),
            "neurons": slider("Neurons", 4, 1, 8, "Neurons in each hidden layer"),
            "activation": choice("Activation", "tanh", NEURON_ACTIVATIONS, "Activation function of the hidden neurons"),
            "rate": choice("Learning rate", 0.03, rates, "How far the weights move at each update (Adam)"),
            "l2": choice(
                "L2",
                0.0,
                [0.0, 0.001, 0.003, 0.01, 0.03, 0.1],
                "Keeps weights small: adds this times their squares to the loss while it trains",
            ),
            "batch": choice("Batch size", 32, [8, 16, 32, 64, 256], "Examples that are read before each update"),
            "seed": slider("Seed", 0, 0, 99, "Other first weights, and another order of the examples; the points stay"),
            "epoch": slider("Epoch", EPOCHS, 0, EPOCHS, "Go forth and back in time: the network after so many epochs"),
        }

    def relevant(self, data, layers, **others):
        unused = {"noise"} if data in (WINE, TUMOURS) else set()
        return {"data", "layers", *others} - unused - (set() if layers else {"neurons", "activation"})

    def stage(self, figure):
        self.edges, self.neurons = Edges(figure), Thumbnails(figure)
        self.colours = Pixels(picture_axes(figure, 0, 0, 1, 1), "RdBu_r", *PALE)
        axes = picture_axes(figure, 648, 206, 288, 288)
        self.surface = Pixels(axes, "RdBu_r", *PALE)
        self.points = [
            marks(axes, marker, colour, 5.5) for colour, marker in ((DARK_BLUE, "o"), (DARK_RED, "s")) for test in (False, True)
        ]
        for hollow in self.points[1::2]:
            hollow.set(markerfacecolor="white", markeredgewidth=1.2, markeredgecolor=hollow.get_color())
        for filled in self.points[::2]:
            filled.set(markeredgewidth=0.7, markeredgecolor="white")
        caption(figure, 792, 189, "filled: learnt from; hollow: to test", 9.5)
        caption(
            figure,
            20,
            30,
            "small pictures: what a neuron answers everywhere (red: high; blue: low; white: between)",
            9.5,
            ha="left",
        )
        caption(figure, 20, 12, "lines: weights (thick: large; red: above 0; blue, dashed: below 0)", 9.5, ha="left")
        self.legend = Lettering(figure)
        self.titles = Lettering(figure)
        axes = chart_axes(figure, 684, 45, 252, 88, yticks=[0, 0.5, 1])
        axes.xaxis.labelpad = 1
        self.chart = LossChart(axes, 1.2)
        return [self.edges, self.neurons, self.surface, *self.points, *self.chart.artists, self.titles, self.legend]

    def compute(self, epoch, **settings):
        run = self.run(**settings)
        weights, shared = replayed(run, epoch)
        outputs = outputs_of(weights, plane(), settings["activation"])
        hidden = np.array([layer.T.reshape(-1, CELLS, CELLS)[:, ::2, ::2] for layer in outputs[:-1]])
        return {
            **shared,
            **{name: settings[name] for name in ("data", "layers", "activation", "rate", "l2")},
            **{"updates": shared["last"] * run["batches"], "strongest": run["strongest"]},
            **{"surface": outputs[-1].reshape(CELLS, CELLS), "hidden": hidden},
            **{f"{part}_right": right_of(weights, run["data"], part, settings["activation"]) for part in ("train", "test")},
        }

    def paint(self, numbers):
        layers, hidden = numbers["layers"], numbers["hidden"]
        across = np.linspace(20, 648, layers + 2)[:-1]
        columns = [column(across[0], 2, gap=34), *(column(x, len(maps)) for x, maps in zip(across[1:], hidden, strict=True))]
        ends = [*columns, np.array([[648, 350]])]
        lines, weights = [], []
        for place, (left, right) in enumerate(zip(ends[:-1], ends[1:], strict=True)):
            start = left + (THUMB, THUMB / 2)
            end = right + (0, THUMB / 2 if place < layers else 0)
            lines += [(a, b) for a in start for b in end]
            weights += list(numbers[f"weights_{2 * place}"].ravel())
        self.edges.set(lines, weights, numbers["strongest"])
        pictures = [
            np.stack([x.reshape(CELLS, CELLS)[::2, ::2] / REACH for x in plane().T]),
            *centred(hidden, numbers["activation"]),
        ]
        self.neurons.set(self.colours.colours(np.concatenate(pictures) / 2 + 0.5), np.concatenate(columns))
        self.surface.set(numbers["surface"])
        for artist, (part, label) in zip(self.points, [(p, k) for k in (0, 1) for p in ("train", "test")], strict=True):
            x = numbers[f"x_{part}"][numbers[f"y_{part}"] == label]
            x = x[np.abs(x).max(axis=1) < REACH]
            artist.set_data((x[:, 0] / REACH + 1) * CELLS / 2 - 0.5, (1 - x[:, 1] / REACH) * CELLS / 2 - 0.5)
        self.chart.set(numbers)
        heads = ["inputs", *(f"hidden layer {place + 1}" for place in range(layers))]
        names = AXES.get(numbers["data"], ("x\N{SUBSCRIPT ONE}", "x\N{SUBSCRIPT TWO}"))
        places = [(max(x + THUMB / 2, 44), 508) for x in across] + [(792, 508)]
        below = [(max(20 + THUMB / 2, 20 + 3.6 * len(name)), y - 13) for name, (_, y) in zip(names, columns[0], strict=True)]
        self.titles.write([*heads, "what the network answers", *names], places + below, 10.5)
        low, high = CLASSES.get(numbers["data"], ("class 0", "class 1"))
        self.legend.write(
            [f"\N{BLACK CIRCLE} {low} (blue)", f"\N{BLACK SQUARE} {high} (red)", "\u2500\u2500 training", "\u254c\u254c test"],
            [(720, 169), (866, 169), (740, 146), (860, 146)],
            10,
            [DARK_BLUE, DARK_RED, BLUE, ORANGE],
        )

    def describe(self, numbers):
        last, train_loss, test_loss = numbers["last"], numbers["train_loss"], numbers["test_loss"]
        arrays = [numbers[f"weights_{place}"] for place in range(2 * numbers["layers"] + 2)]
        weights, biases = (sum(array.size for array in kind) for kind in (arrays[::2], arrays[1::2]))
        x = np.concatenate([numbers["x_train"], numbers["x_test"]])
        outside = int(np.sum(np.abs(x).max(axis=1) >= REACH))
        unseen = f" {outside} point{'s lie' if outside > 1 else ' lies'} outside the picture." if outside else ""
        plural = "es" if biases > 1 else ""
        right = [f"{numbers[f'{part}_right']} of {len(numbers[f'y_{part}'])}" for part in ("train", "test")]
        return (
            f"After {last} epochs, {numbers['updates']:,} updates of {weights} weights and {biases} bias{plural}:\n"
            f"training loss {train_loss[last]:.3f}, right {right[0]} points; "
            f"test loss {test_loss[last]:.3f}, right {right[1]}.{unseen}\n"
            f"{diagnosis(numbers)}"
        )


THUMB = CELLS // 2  # pixels
CLASSES = {WINE: ("kind 2", "kind 1 or 3"), TUMOURS: ("malignant", "benign")}
AXES = {WINE: ("alcohol", "colour"), TUMOURS: ("radius", "texture")}


def column(left, count, gap=7):
    """Return the lower left corners of so many small pictures, one above the other: (count, 2) in pixels."""
    step = THUMB + gap
    bottom = 270 - (count * step - gap) / 2
    return np.array([(round(left), round(bottom + step * place)) for place in reversed(range(count))])


def centred(hidden, activation):
    """Return what hidden neurons answer, (layers, neurons, height, width), from -1 to 1 for the colours: white is 0."""
    if activation == "sigmoid":
        return 2 * hidden - 1  # white is one half
    if activation == "tanh":
        return hidden
    largest = np.abs(hidden).max(axis=(2, 3), keepdims=True, initial=1e-9) if len(hidden) else 1
    return hidden / largest


@lru_cache
def plane():
    """Return the places at which the network is asked, row by row from the upper left: (CELLS * CELLS, 2)."""
    middle = (np.arange(CELLS) + 0.5) / CELLS * 2 * REACH - REACH
    x, y = np.meshgrid(middle, -middle)
    places = np.column_stack([x.ravel(), y.ravel()])
    places.flags.writeable = False
    return places


@lru_cache(maxsize=32)
def playground_data(data, noise, share):
    """Return x and y of both parts, standardised with the training part."""
    if data == WINE:
        table = load_wine()
        x, y = table.x[:, [table.columns.index("alcohol"), table.columns.index("colour intensity")]], table.y != 1
    elif data == TUMOURS:
        table = load_breast_cancer()
        x, y = table.x[:, [table.columns.index("mean radius"), table.columns.index("mean texture")]], table.y
        chosen = np.random.default_rng(0).permutation(len(x))[:EXAMPLES]
        x, y = x[chosen], y[chosen]
    else:
        x, y = make_points(data, EXAMPLES, noise)
    x_train, y_train, x_test, y_test = split(x, y.astype(int), test=1 - share / 100)
    x_train, x_test = standardize(x_train, x_test)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def train_classifier(data, noise, share, layers, neurons, activation, rate, l2, batch, seed, tell=None):
    """Return a training run: the data, the weights and the losses before the first epoch and after each one."""
    points = playground_data(data, noise, share)
    hidden = [Dense(neurons, activation, l2=l2) for _ in range(layers)]
    model = Sequential([*hidden, Dense(1, "sigmoid", l2=l2)], np.random.default_rng(seed))
    model.compile(Adam(rate), "binary_crossentropy")
    weights = snapshots_of(model, points["x_train"], points["y_train"], batch, tell)
    losses = {f"{part}_loss": losses_of(weights, points, part, activation) for part in ("train", "test")}
    return {
        "data": points,
        "weights": weights,
        "batches": -(-len(points["x_train"]) // batch),
        **losses,
        "strongest": max(np.abs(kernel).max() for kernel in weights[::2]),
    }


def outputs_of(weights, x, activation, last="sigmoid"):
    """Return the outputs of every layer; weights may have one axis more in front, for many networks at once."""
    outputs, forward = [], ACTIVATIONS[activation].forward
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        x = x @ kernel
        x += bias[..., None, :]
        x = forward(x) if len(outputs) < len(weights) // 2 - 1 else ACTIVATIONS[last].forward(x)
        outputs.append(x)
    return outputs


def losses_of(weights, points, part, activation):
    """Return the binary cross-entropy of many networks at once: (networks,)."""
    y, p = points[f"y_{part}"], outputs_of(weights, points[f"x_{part}"], activation)[-1][..., 0]
    return -np.log(np.where(y == 1, p, 1 - p).clip(EPSILON)).mean(axis=-1)


def right_of(weights, points, part, activation):
    """Return how many points of a part get the right class."""
    p = outputs_of(weights, points[f"x_{part}"], activation)[-1][:, 0]
    return int(np.count_nonzero((p > 0.5) == points[f"y_{part}"]))


def diagnosis(numbers):
    """Return what the learner should notice about the run up to this epoch."""
    last = numbers["last"]
    train_loss, test_loss = (smooth(numbers[f"{part}_loss"][: last + 1]) for part in ("train", "test"))
    jumps = np.abs(np.diff(numbers["train_loss"][: last + 1][-30:]))
    strongest = max(np.abs(numbers[f"weights_{2 * place}"]).max() for place in range(numbers["layers"] + 1))
    silent = [place + 1 for place, maps in enumerate(numbers["hidden"]) if not maps.any()]
    start, best = numbers["train_loss"][0], int(test_loss.argmin())
    if numbers["exploded"]:
        return f"After epoch {last} the weights became infinite: the loss exploded. Take a smaller learning rate."
    if last == 0:
        return "Nothing is learnt yet: these are the first weights, drawn by chance."
    if train_loss[-1] > 2 * start:
        return "The loss has exploded: it is more than twice what it was before training. Take a smaller learning rate."
    if jumps.mean() > 0.03 and train_loss[-1] > 0.3 * start:
        return "The loss jumps up and down instead of falling: the learning rate is too large."
    if numbers["l2"] and strongest < 0.1:
        return "L2 is so strong that all weights are near 0: the answer is the same everywhere. Take a smaller L2."
    if silent:
        return f"All neurons of hidden layer {silent[0]} answer 0 everywhere, so nothing gets through. Try another seed."
    if numbers["layers"] == 0:
        return "Without a hidden layer the border between red and blue is always a straight line."
    if numbers["activation"] == "linear":
        return "With linear neurons, any number of layers is worth one: the border is a straight line."
    if test_loss[-1] > 1.15 * test_loss[best] + 0.03 and train_loss[-1] < train_loss[best]:
        if best < 5:
            return "Overfitting: the test loss is higher than at the start, while the training loss fell."
        by_heart = numbers["train_right"] >= 0.97 * len(numbers["y_train"])
        return (
            f"Overfitting: since about epoch {best} the test loss has risen while the training loss fell."
            f"{' The network learns its training points by heart.' if by_heart else ''}"
        )
    if test_loss[-1] - train_loss[-1] > 0.06:
        return "The test loss lies well above the training loss: the network knows its training points better than the rule."
    if last >= 50 and train_loss[-1] > 0.93 * start:
        cure = "Take a smaller one." if numbers["rate"] >= 0.3 else "Take a larger one, or more neurons."
        return f"So far it has learnt almost nothing, with a learning rate of {numbers['rate']:g}. {cure}"
    if numbers["train_right"] < 0.9 * len(numbers["y_train"]):
        return "Both losses are alike, but still high: this network, or these epochs, are not enough for these points."
    return "Both losses are about alike: what was learnt from the training points also holds for the test points."


def smooth(losses, width=9):
    """Return for each epoch the mean of the last few losses: single jumps do not count."""
    padded = np.concatenate([np.full(width - 1, losses[0]), losses])
    return np.convolve(padded, np.full(width, 1 / width), "valid")


# A curve through real points.

COIN = "photo: place and brightness"
PAIRS = {  # name -> what goes in, what is to be predicted: as in the table, and in the picture
    COIN: (None, None, "place in a strip of a photo of coins", "brightness"),
    "tumours: radius and area": ("mean radius", "mean area", "radius", "area"),
    "patients: body mass index and disease": ("body mass index", None, "body mass index", "disease after a year"),
}


def explore_regression():
    """Fit a curve to real points with a small network, and watch it bend as its neurons and epochs grow."""
    return Regression()


class Regression(Replay):
    title = "A small network fits a curve to real measurements."
    size = (960, 400)
    lines = 3

    def train(self, **settings):
        return train_regression(**settings)

    def make_controls(self):
        rates = [0.001, 0.003, 0.01, 0.03, 0.1]
        return {
            "data": choice("Data", next(iter(PAIRS)), PAIRS, "What goes in, and what is to be predicted"),
            "count": slider("Training points", 40, 5, 150, "How many rows to learn from; 200 others test", step=5),
            "neurons": slider("Neurons", 8, 1, 32, "Neurons in the hidden layer"),
            "activation": choice("Activation", "tanh", NEURON_ACTIVATIONS, "Activation function of the hidden neurons"),
            "rate": choice("Learning rate", 0.03, rates, "How far the weights move at each update (Adam)"),
            "seed": slider("Seed", 0, 0, 99, "Other first weights, and another order of the rows; the rows stay"),
            "epoch": slider("Epoch", EPOCHS, 0, EPOCHS, "Go forth and back in time: the network after so many epochs"),
        }

    def stage(self, figure):
        self.cloud = chart_axes(figure, 60, 50, 500, 306, xlim=(-REACH, REACH), ylim=(-REACH, REACH))
        ticks = range(-2, 3)
        self.cloud.set(xticks=ticks, yticks=ticks)
        self.cloud.set(xlabel="standard deviations from the mean of the training points")
        self.points = [marks(self.cloud, "o", "white", 4), marks(self.cloud, "o", INK, 5)]
        self.points[0].set(markeredgewidth=0.8, markeredgecolor="#8c8c8c")
        self.lines_drawn = [
            self.cloud.plot([], [], color=colour, linestyle=style, linewidth=width, animated=True)[0]
            for colour, style, width in (("#6b6b6b", ":", 1.8), (BLUE, "--", 1.8), (ORANGE, "-", 3))
        ]
        self.chart = LossChart(chart_axes(figure, 640, 50, 300, 200, yticks=[0, 0.5, 1, 1.5]), 1.5)
        self.legend, self.title_of = Lettering(figure), Label(figure, 310, 380, align="center")
        caption(figure, 590, 370, "filled: to learn from; hollow: to test", 9.5, ha="left")
        return [*self.points, *self.lines_drawn, *self.chart.artists, self.legend, self.title_of]

    def compute(self, epoch, **settings):
        run = self.run(**settings)
        weights, shared = replayed(run, epoch)
        return {
            **shared,
            **{name: settings[name] for name in ("data", "neurons", "activation")},
            "curve": outputs_of(weights, GRID[:, None], settings["activation"], "linear")[-1][:, 0],
        }

    def paint(self, numbers):
        for artist, part in zip(self.points, ("test", "train"), strict=True):
            artist.set_data(numbers[f"x_{part}"][:, 0].clip(-REACH, REACH), numbers[f"y_{part}"].clip(-REACH, REACH))
        straight = numbers["intercept"] + numbers["slope"] * GRID
        for line, heights in zip(self.lines_drawn, (0 * GRID, straight, numbers["curve"]), strict=True):
            line.set_data(GRID, heights)
        self.chart.set(numbers)
        names = PAIRS[numbers["data"]]
        self.title_of.set_text(f"across: {names[2]}; upwards: {names[3]}")
        texts = [
            "\u2500\u2500 the network",
            "\u254c\u254c the best straight line",
            "\u2508\u2508 the mean",
            "\u2500\u2500 training",
            "\u254c\u254c test",
        ]
        places = [(590, 346), (590, 324), (590, 302), (740, 262), (860, 262)]
        self.legend.write(texts, places, 10.5, [ORANGE, BLUE, "#6b6b6b", BLUE, ORANGE], align="left")

    def describe(self, numbers):
        last, train_loss, test_loss = numbers["last"], numbers["train_loss"], numbers["test_loss"]
        scale, unit = numbers["scale"], PAIRS[numbers["data"]][3]
        errors = [
            f"{scale * loss**0.5:.1f}"
            for loss in (train_loss[last], test_loss[last], numbers["line_loss"], numbers["mean_loss"])
        ]
        first = (
            f"After {last} epochs of {3 * numbers['neurons'] + 1} weights. Typical error (root of the mean squared error) of "
            f"the {unit}: training points {errors[0]}, test points {errors[1]}.\n"
            f"On the same test points: the best straight line {errors[2]}, always the mean {errors[3]}.\n"
        )
        best = int(test_loss[: last + 1].argmin())
        if numbers["exploded"]:
            return f"{first}After epoch {last} the weights became infinite: the loss exploded. Take a smaller learning rate."
        if last and test_loss[last] > 1.1 * test_loss[best] + 0.005 and train_loss[last] < train_loss[best]:
            return f"{first}The test error was lowest after {best} epochs and has risen since: overfitting."
        return f"{first}{'Nothing is learnt yet.' if last == 0 else 'More neurons let the curve bend more often.'}"


GRID = np.linspace(-REACH, REACH, 201)
GRID.flags.writeable = False


def measurements(data):
    """Return the two columns of a pair: (rows, 1) and (rows,)."""
    across, upwards, *_ = PAIRS[data]
    if data == COIN:
        strip = 255 * load_photo("coins", grey=True)[40:46, 8:98]  # across one coin and the rim of the next
        return np.tile(np.arange(90.0), 6)[:, None], strip.ravel()
    table = load_diabetes() if upwards is None else load_breast_cancer()
    x = table.x[:, [table.columns.index(across)]]
    return x, table.y if upwards is None else table.x[:, table.columns.index(upwards)]


@lru_cache(maxsize=64)
def regression_data(data, count):
    """Return x and y of both parts, standardised with the training part, and how well a line and the mean do."""
    x, y = measurements(data)
    chosen = np.random.default_rng(1).permutation(len(x))
    train, test = chosen[:count], chosen[-200:]
    x_train, x_test = standardize(x[train], x[test])
    y_train, y_test = standardize(y[train][:, None], y[test][:, None])
    slope, intercept = np.polyfit(x_train[:, 0], y_train[:, 0], 1)
    return {
        **{"x_train": x_train, "y_train": y_train[:, 0], "x_test": x_test, "y_test": y_test[:, 0]},
        **{"slope": slope, "intercept": intercept, "scale": y[train].std()},
        "line_loss": mean_squared_error(y_test, intercept + slope * x_test),
        "mean_loss": mean_squared_error(y_test, 0 * y_test),
    }


def train_regression(data, count, neurons, activation, rate, seed, tell=None):
    """Return a training run: the data, the weights and the losses before the first epoch and after each one."""
    points = regression_data(data, count)
    model = Sequential([Dense(neurons, activation), Dense(1)], np.random.default_rng(seed))
    model.compile(Adam(rate), "mean_squared_error")
    weights = snapshots_of(model, points["x_train"], points["y_train"], 16, tell)
    losses = {}
    for part in ("train", "test"):
        curves = outputs_of(weights, points[f"x_{part}"], activation, "linear")[-1][..., 0]
        losses[f"{part}_loss"] = np.mean((curves - points[f"y_{part}"]) ** 2, axis=-1)
    return {"data": points, "weights": weights, **losses}
