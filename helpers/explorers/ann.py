"""The explorers of the lesson on artificial neural networks."""

from collections import OrderedDict
from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from helpers.datasets import POINTS, load_breast_cancer, load_wine, make_points, split, standardize
from helpers.explorers.controls import choice, float_slider, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.plots.figure import BLUE, INK, ORANGE, caption, picture_axes
from helpers.plots.lettering import Lettering
from helpers.plots.network import Edges, Thumbnails
from helpers.plots.number_grid import marks
from helpers.plots.pixels import Pixels
from helpers.scratch.activations import ACTIVATIONS
from helpers.scratch.dense import Dense
from helpers.scratch.losses import EPSILON
from helpers.scratch.optimizers import Adam
from helpers.scratch.sequential import Callback, Sequential

MINUS, TIMES, DOT = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}", "\N{MIDDLE DOT}"
NEURON_ACTIVATIONS = tuple(name for name in ACTIVATIONS if name != "softmax")
DARK_BLUE, DARK_RED = "#053061", "#67001f"
EPOCHS = 200


class Replay(Explorer):
    """An explorer that trains a small network at every move, and then replays the run with the slider `epoch`.

    A topic adds `train(**settings, tell)`, which returns a run; `tell` is called with the share that is done.
    """

    shows_progress = True

    def __init__(self):
        self._runs = OrderedDict()
        super().__init__()

    def run(self, **settings):
        """Return the training run for these settings; the last few are kept, so that the slider `epoch` only replays."""
        key = tuple(settings.items())
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
        play = widgets.Play(epoch.max, min=0, max=epoch.max, step=2, interval=120, tooltip="Watch it learn", show_repeat=False)
        play.layout = widgets.Layout(margin="2px 20px 2px 10px")
        widgets.jslink((play, "value"), (epoch, "value"))
        epoch.layout.width = "460px"
        return [rows_of([*settings, again], 3), epoch, play]

    def _next_seed(self):
        seed = self.controls["seed"]
        seed.value = min(seed.value + 1, seed.max)


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
PALE = -0.45, 1.45  # colours for 0 to 1 without the darkest ones, so that points stand out
REACH = 2.6  # the plane is shown from -2.6 to 2.6 standard deviations
CELLS = 96  # the plane is asked at 96 x 96 places


def explore_playground(data="circles"):
    """Train a small network again at every move of a slider, and watch what each of its neurons sees."""
    return Playground(data)


class Playground(Replay):
    train = staticmethod(lambda **settings: train_classifier(**settings))
    title = "A small network learns to tell two classes of points apart."
    size = (960, 500)
    lines = 4

    def __init__(self, data):
        self.first_data = data
        super().__init__()

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
                "Keeps weights small: adds this times their squares",
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
        axes = picture_axes(figure, 648, 186, 288, 288)
        self.surface = Pixels(axes, "RdBu_r", *PALE)
        self.points = [
            marks(axes, marker, colour, 5.5) for colour, marker in ((DARK_BLUE, "o"), (DARK_RED, "s")) for test in (False, True)
        ]
        for hollow in self.points[1::2]:
            hollow.set(markerfacecolor="white", markeredgewidth=1.2, markeredgecolor=hollow.get_color())
        for filled in self.points[::2]:
            filled.set(markeredgewidth=0.7, markeredgecolor="white")
        caption(figure, 792, 168, "filled: to learn from; hollow: to test", 9.5)
        caption(figure, 20, 14, "lines: weights (thick: large; red: above 0; blue, dashed: below 0)", 9.5, ha="left")
        self.legend = Lettering(figure)
        self.titles = Lettering(figure)
        self.chart = figure.add_axes([0.7125, 0.09, 0.2625, 0.18])
        self.chart.set(xlim=(0, EPOCHS), ylim=(0, 1), xticks=range(0, EPOCHS + 1, 50), yticks=[0, 0.5, 1])
        self.chart.set(ylabel="loss", xlabel="epochs")
        self.chart.xaxis.labelpad = 1
        self.chart.grid(axis="y")
        self.now = self.chart.plot([0, 0], [0, 1], color=INK, linewidth=1, linestyle="-", animated=True)[0]
        self.curves = [
            self.chart.plot([], [], color=colour, linestyle=style, linewidth=1.8, animated=True)[0]
            for colour, style in ((BLUE, "-"), (ORANGE, (0, (4, 1.5))))
        ]
        return [self.edges, self.neurons, self.surface, *self.points, *self.curves, self.now, self.titles, self.legend]

    def compute(self, epoch, **settings):
        run = self.run(**settings)
        last = min(epoch, len(run["train_loss"]) - 1)
        weights = [array[last] for array in run["weights"]]
        outputs = outputs_of(weights, plane(), settings["activation"])
        hidden = np.array([layer.T.reshape(-1, CELLS, CELLS)[:, ::2, ::2] for layer in outputs[:-1]])
        return {
            **run["data"],
            **{name: run[name] for name in ("train_loss", "test_loss")},
            **{f"weights_{place}": array for place, array in enumerate(weights)},
            **{name: settings[name] for name in ("data", "layers", "activation", "share", "l2")},
            **{"epoch": epoch, "last": last, "exploded": last < epoch, "updates": last * run["batches"]},
            **{"surface": outputs[-1].reshape(CELLS, CELLS), "hidden": hidden},
            **{f"{part}_right": right_of(weights, run["data"], part, settings["activation"]) for part in ("train", "test")},
        }

    def paint(self, numbers):
        layers, hidden = numbers["layers"], numbers["hidden"]
        across = np.linspace(20, 648, layers + 2)[:-1]
        columns = [column(across[0], 2, gap=34), *(column(x, len(maps)) for x, maps in zip(across[1:], hidden, strict=True))]
        ends = [*columns, np.array([[648, 330]])]
        lines, weights = [], []
        for place, (left, right) in enumerate(zip(ends[:-1], ends[1:], strict=True)):
            start = left + (THUMB, THUMB / 2)
            end = right + (0, THUMB / 2 if place < layers else 0)
            lines += [(a, b) for a in start for b in end]
            weights += list(numbers[f"weights_{2 * place}"].ravel())
        self.edges.set(lines, weights)
        pictures = [
            np.stack([x.reshape(CELLS, CELLS)[::2, ::2] / REACH for x in plane().T]),
            *centred(hidden, numbers["activation"]),
        ]
        self.neurons.set(self.colours.colours(np.concatenate(pictures) / 2 + 0.5), np.concatenate(columns))
        self.surface.set(numbers["surface"])
        for artist, (part, label) in zip(self.points, [(p, k) for k in (0, 1) for p in ("train", "test")], strict=True):
            x = numbers[f"x_{part}"][numbers[f"y_{part}"] == label].clip(-REACH, REACH)
            artist.set_data((x[:, 0] / REACH + 1) * CELLS / 2 - 0.5, (1 - x[:, 1] / REACH) * CELLS / 2 - 0.5)
        epochs = np.arange(len(numbers["train_loss"]))
        for curve, part in zip(self.curves, ("train", "test"), strict=True):
            curve.set_data(epochs, numbers[f"{part}_loss"].clip(0, 1))
        self.now.set_xdata([numbers["epoch"]] * 2)
        heads = ["inputs", *(f"hidden layer {place + 1}" for place in range(layers))]
        names = AXES.get(numbers["data"], ("x\N{SUBSCRIPT ONE}", "x\N{SUBSCRIPT TWO}"))
        places = [(max(x + THUMB / 2, 44), 486) for x in across] + [(792, 486)]
        below = [(max(20 + THUMB / 2, 20 + 3.6 * len(name)), y - 13) for name, (_, y) in zip(names, columns[0], strict=True)]
        self.titles.write([*heads, "what the network answers", *names], places + below, 10.5)
        low, high = CLASSES.get(numbers["data"], ("class 0", "class 1"))
        self.legend.write(
            [f"\N{BLACK CIRCLE} {low}", f"\N{BLACK SQUARE} {high}", "\u2500\u2500 training", "\u254c\u254c test"],
            [(720, 149), (866, 149), (790, 122), (890, 122)],
            10,
            [DARK_BLUE, DARK_RED, BLUE, ORANGE],
        )

    def describe(self, numbers):
        last, train_loss, test_loss = numbers["last"], numbers["train_loss"], numbers["test_loss"]
        count = sum(numbers[f"weights_{place}"].size for place in range(2 * numbers["layers"] + 2))
        sizes = {part: len(numbers[f"y_{part}"]) for part in ("train", "test")}
        right = {part: f"{numbers[f'{part}_right']} of {sizes[part]}" for part in sizes}
        return (
            f"After {last} epochs ({numbers['updates']:,} updates of {count} weights):\n"
            f"training loss {train_loss[last]:.3f}, right {right['train']} points; "
            f"test loss {test_loss[last]:.3f}, right {right['test']}.\n"
            f"{diagnosis(numbers)}"
        )


THUMB = CELLS // 2  # pixels
CLASSES = {WINE: ("kind 2", "kind 1 or 3"), TUMOURS: ("malignant", "benign")}
AXES = {WINE: ("alcohol", "colour"), TUMOURS: ("radius", "texture")}


def column(left, count, gap=7):
    """Return the lower left corners of so many small pictures, one above the other: (count, 2) in pixels."""
    step = THUMB + gap
    bottom = 254 - (count * step - gap) / 2
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
    return {"data": points, "weights": weights, "batches": -(-len(points["x_train"]) // batch), **losses}


def outputs_of(weights, x, activation):
    """Return the outputs of every layer; weights may have one axis more in front, for many networks at once."""
    outputs, forward = [], ACTIVATIONS[activation].forward
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        x = x @ kernel
        x += bias[..., None, :]
        x = forward(x) if len(outputs) < len(weights) // 2 - 1 else ACTIVATIONS["sigmoid"].forward(x)
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
    """Return what the learner should notice about the run at this epoch."""
    last, train_loss, test_loss = numbers["last"], numbers["train_loss"], numbers["test_loss"]
    best = int(test_loss[: last + 1].argmin())
    if numbers["exploded"]:
        return f"After epoch {last} the weights became infinite: the loss exploded. Take a smaller learning rate."
    if last == 0:
        return "Nothing is learnt yet: these are the first weights, drawn by chance."
    if train_loss[last] > 2 * train_loss[0]:
        return "The loss has exploded: it is more than twice what it was before training. Take a smaller learning rate."
    if test_loss[last] > 1.15 * test_loss[best] + 0.02 and train_loss[last] < train_loss[best]:
        return (
            f"The test loss was lowest ({test_loss[best]:.3f}) after {best} epochs and has risen since, while the training "
            "loss fell: overfitting. The network learns its training points by heart."
        )
    if numbers["layers"] == 0:
        return "Without a hidden layer the border between the colours is always a straight line."
    if numbers["activation"] == "linear":
        return "With linear neurons, any number of layers is worth one: the border is a straight line."
    return "Each small picture shows what one neuron makes of every place in the plane: red high, blue low, white between."
