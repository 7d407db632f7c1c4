"""Batch normalization of a few wines with all its numbers: what the batch does to each of them."""

import numpy as np

from helpers.datasets import load_wine
from helpers.explorers.controls import choice, float_slider, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import DOT, MINUS, in_brackets, signed, two_digits
from helpers.plots.figure import BLUE, GREEN, INK, ORANGE, caption, whole_figure
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import Outline, marks
from helpers.plots.unrolled import LINE, Arrows, Cells
from helpers.scratch.batch_normalization import BatchNormalization

FEATURES = ("alcohol", "proline")  # in percent, and in milligrams per litre
LEAST, MOST, SEED = 2, 8, 0
TRAINING, INFERENCE = "training: this batch", "inference: moving averages"
EPSILONS = {"0.001 (as in Keras)": 1e-3, "0.1": 1e-1, "0.00001": 1e-5, "1": 1.0}


def all_wines():
    """Return alcohol and proline of all wines, (wines, 2), and the kind of each, (wines,)."""
    table = load_wine()
    return table.x[:, [table.columns.index(name) for name in FEATURES]], table.y


def batch_of_wines():
    """Return alcohol and proline of the wines from which a batch takes the first few, (MOST, 2); the kinds take turns."""
    wines, kinds = all_wines()
    rng, names = np.random.default_rng(SEED), np.unique(kinds)
    drawn = [rng.permutation(np.flatnonzero(kinds == kind)) for kind in names]
    return wines[[drawn[row % len(names)][row // len(names)] for row in range(MOST)]]


def explore_normalization():
    """Normalise a batch of wines: its numbers, gamma, beta, epsilon, and where mean and variance come from, are yours."""
    return Normalization()


# Places in pixels.
WIDE, HIGH = 76, 22  # a cell
LEFTS = [132 + (2 * WIDE + 60) * table for table in range(4)]  # left edges of the tables
TOP, BELOW = 402, 216  # upper edge of the first row of wines, and of the rows under them
BEFORE_Y, AFTER_Y, START, END = 118, 62, 136, 920  # the two number lines
LOWS = (-2, -5, -10, -20, -50, -100, -200)  # where the number lines may begin and end
HIGHS = (2, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000)


def place(table, feature, row, top=TOP):
    """Return the middle of a cell in pixels."""
    return LEFTS[table] + (feature + 0.5) * WIDE, top - (row + 0.5) * HIGH


def ends_of(numbers):
    """Return the ends of the shortest number line with round ends that has room for all these numbers, and its ticks' step."""
    low = next(end for end in LOWS if end < min(numbers))
    high = next(end for end in HIGHS if end > max(numbers))
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200) if (high - low) / step <= 13)
    return low, high, step


class Normalization(Explorer):
    title = "Batch normalization of a few wines, number by number: what training takes from the batch, and inference does not."
    size = (960, 460)
    lines = 5

    def __init__(self):
        self.wines, (everything, _) = batch_of_wines(), all_wines()
        self.count, self.settled = len(everything), (everything.mean(axis=0), everything.var(axis=0))
        super().__init__()

    def make_controls(self):
        pulled = round(float(self.wines[0, 0]), 1)
        return {
            "batch": slider("Wines", 4, LEAST, MOST, "How many wines are in the batch"),
            "pulled": float_slider("Wine 1", pulled, 8, 24, "Alcohol of wine 1, in percent: pull it away"),
            "mode": choice("Mode", TRAINING, [TRAINING, INFERENCE], "Where mean and variance come from"),
            "times": choice("Times", 1, [0.1, 0.5, 1, 2, 10], "The alcohol of all wines is multiplied by this"),
            "add": slider("Add to all", 0, -20, 20, "This is added to the alcohol of all wines, after Times"),
            "epsilon": choice(
                "Epsilon", next(iter(EPSILONS)), EPSILONS, "Added to the variance, so that nothing is divided by 0"
            ),
            "gamma": float_slider("gamma", 1.0, -1, 3, "Alcohol: the normalised numbers are multiplied by this"),
            "beta": float_slider("beta", 0.0, -3, 3, "Alcohol: this is added at the end"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        whole = whole_figure(figure)
        names = ("inputs x", f"x {MINUS} mean", "normalised", "outputs")
        for left, name in zip(LEFTS, names, strict=True):
            whole.text(left + WIDE, 444, name, ha="center", va="center", fontsize=11, weight="bold")
            for place_in_row, feature in enumerate(FEATURES):
                caption(figure, left + (place_in_row + 0.5) * WIDE, TOP + 10, feature, 9)
        caption(figure, LEFTS[0] + WIDE, 427, "in percent; in mg per litre", 9)
        caption(figure, LEFTS[2] + WIDE, 427, "divided by √(variance + epsilon)", 9)
        caption(figure, LEFTS[3] + WIDE, 427, f"gamma {DOT} normalised + beta", 9)
        arrows = Arrows(figure, INK, 1.4)
        arrows.set([[(left - 50, TOP - HIGH / 2), (left - 10, TOP - HIGH / 2)] for left in LEFTS[1:]])
        arrows.set_animated(False)
        figure.add_artist(arrows)
        for table, texts in ((2, ("mean", "variance", "epsilon")), (3, ("gamma", "beta"))):
            for row, text in enumerate(texts):
                caption(figure, LEFTS[table] - 5, place(0, 0, row, BELOW)[1], text, 9, ha="right")
        caption(figure, LEFTS[0] - 8, place(0, 0, 2, BELOW)[1], "√(var. + epsilon)", 9, ha="right")
        for row, text in enumerate(("red: above 0,", "blue: below 0;", "dark: far from 0")):
            caption(figure, LEFTS[1] - 2, place(0, 0, row, BELOW)[1], text, 9, ha="left")
        for y, text in ((BEFORE_Y, "alcohol: x"), (AFTER_Y, "alcohol: output")):
            caption(figure, 116, y, text, 10, ha="right")
            whole.plot([START, END], [y, y], color=LINE, linewidth=1, linestyle="-")
        whole.plot([220], [14], marker="s", markersize=8, color=ORANGE, linestyle="none", mew=0)
        whole.plot([330], [14], marker="o", markersize=7, color=BLUE, linestyle="none", mew=0)
        caption(figure, 232, 14, "wine 1", 9.5, ha="left")
        note = "the other wines        a line joins a wine's x and its output, on one scale"
        caption(figure, 341, 14, note, 9.5, ha="left")
        return self._moving_artists(figure, whole)

    def _moving_artists(self, figure, whole):
        plain = {"cmap": "YlOrBr", "least": 0, "most": 1e12}  # one pale colour for all that is computed over a column
        learned = {"cmap": "Greens", "least": -1e9, "most": 1e10}
        kinds = {
            "alcohol": {"most": 1000},
            "proline": {"most": 1000, "fmt": "{:g}"},
            "normalised": {"most": 3},
            "computed": {"fmt": "{:.6g}", **plain},
            "epsilon": {"fmt": "{:.5f}", **plain},
            "learned": {"fmt": "{:.1f}", **learned},
        }
        self.cells = {name: Cells(figure, WIDE, HIGH, **options) for name, options in kinds.items()}
        self.frames = Outline(whole, ORANGE, 2.2)
        self.frames.put([self._row_frame(table) for table in range(4)])
        self.names, self.first_name = (
            Lettering(figure),
            Label(figure, LEFTS[0] - 8, place(0, 0, 0)[1], 10, INK, "right", "bold"),
        )
        self.first_name.set_text("wine 1")
        self.first_mark = marks(whole, "s", ORANGE, 8)
        self.first_mark.set_data([LEFTS[0] - 70], [place(0, 0, 0)[1]])
        self.sources = Lettering(figure)
        self.ticks = whole.plot([], [], color=LINE, linewidth=1, linestyle="-")[0]
        self.tick_texts = Lettering(figure)
        self.ways = whole.plot([], [], color=BLUE, linewidth=0.9, linestyle="-")[0]
        self.first_way = whole.plot([], [], color=ORANGE, linewidth=1.8, linestyle="-")[0]
        self.others, self.first = marks(whole, "o", BLUE, 7), marks(whole, "s", ORANGE, 9)
        lines = [self.ticks, self.tick_texts, self.ways, self.others, self.first_way, self.first]
        return [*self.cells.values(), self.frames, self.names, self.first_name, self.first_mark, self.sources, *lines]

    def _row_frame(self, table):
        left, top = LEFTS[table], TOP
        return [(left, top), (left + 2 * WIDE, top), (left + 2 * WIDE, top - HIGH), (left, top - HIGH)]

    def compute(self, batch, pulled, mode, times, add, epsilon, gamma, beta):
        x = self.wines[:batch].copy()
        x[0, 0] = pulled
        epsilon, training = EPSILONS[epsilon], mode == TRAINING
        before = self._layer(epsilon, 1.0, 0.0)
        before.forward(x, training)
        x[:, 0] = times * x[:, 0] + add
        layer = self._layer(epsilon, gamma, beta)
        outputs = layer.forward(x, training)
        untouched = self._layer(epsilon, 1.0, 0.0)
        untouched.forward(self.wines[:batch], training)
        mean, variance = (x.mean(axis=0), x.var(axis=0)) if training else self.settled
        return {
            **{"x": x, "mean": mean, "variance": variance, "root": 1 / layer.scale, "shifted": x - mean},
            **{"normalised": layer.normalised, "outputs": outputs, "training": training},
            **{"epsilon": epsilon, "gamma": gamma, "beta": beta, "times": times, "add": add, "pulled": pulled},
            **{"without times and add": before.normalised, "without pulling": untouched.normalised},
        }

    def _layer(self, epsilon, gamma, beta):
        """Return a layer with gamma and beta for alcohol, 1 and 0 for proline, and the moving averages of all wines."""
        layer = BatchNormalization(epsilon=epsilon)
        layer.build((None, len(FEATURES)), None)
        layer.set_weights([np.array([gamma, 1.0]), np.array([beta, 0.0]), *self.settled])
        return layer

    def paint(self, numbers):
        rows = len(numbers["x"])

        def columns(table, name, features=(0, 1), digits=None):
            """Return places and numbers of a table's columns, with nothing where the batch has no wine."""
            values = np.full((MOST, len(FEATURES)), np.nan)
            values[:rows] = numbers[name] if digits is None else numbers[name].round(digits)
            return [(place(table, feature, row), values[row, feature]) for feature in features for row in range(MOST)]

        def under(table, row, values):
            return [(place(table, feature, row, BELOW), float(value)) for feature, value in enumerate(values)]

        each = numbers["normalised"]
        computed = [(0, 0, numbers["mean"]), (0, 1, numbers["variance"]), (0, 2, numbers["root"])]
        computed += [(2, 0, each.mean(axis=0)), (2, 1, each.var(axis=0))]
        wanted = {
            "alcohol": columns(0, "x", [0]) + columns(1, "shifted", [0]),
            "proline": columns(0, "x", [1]) + columns(1, "shifted", [1], digits=1),
            "normalised": columns(2, "normalised") + columns(3, "outputs"),
            "computed": [cell for table, row, values in computed for cell in under(table, row, values.round(4) + 0.0)],
            "epsilon": under(2, 2, [numbers["epsilon"]] * 2),
            "learned": under(3, 0, [numbers["gamma"], 1]) + under(3, 1, [numbers["beta"], 0]),
        }
        for name, cells in wanted.items():
            self.cells[name].set(*zip(*cells, strict=True))
        right = LEFTS[0] - 8
        names = [f"wine {row + 1}" for row in range(1, rows)]
        self.names.write(names, [(right, place(0, 0, row)[1]) for row in range(1, rows)], 10, align="right")
        sources = ["mean", "variance"] if numbers["training"] else ["moving mean", "moving variance"]
        colours = (INK if numbers["training"] else GREEN,)
        self.sources.write(sources, [(right, place(0, 0, row, BELOW)[1]) for row in (0, 1)], 9.5, colours, "right")
        self._paint_lines(numbers["x"][:, 0], numbers["outputs"][:, 0])

    def _paint_lines(self, before, after):
        low, high, step = ends_of([*before, *after])

        def along(values):
            return START + (np.asarray(values, float) - low) / (high - low) * (END - START)

        marked = np.arange(np.ceil(low / step) * step, high + step / 2, step) + 0.0  # no minus before a 0
        at = along(marked)
        self.ticks.set_data(*_strokes(at, at, [(BEFORE_Y - 4, BEFORE_Y + 4), (AFTER_Y - 4, AFTER_Y + 4)]))
        self.tick_texts.write([signed(number) for number in marked], [(x, AFTER_Y - 20) for x in at], 9)
        x, y = along(before), along(after)
        self.ways.set_data(*_strokes(x[1:], y[1:], [(BEFORE_Y, AFTER_Y)]))
        self.first_way.set_data([x[0], y[0]], [BEFORE_Y, AFTER_Y])
        self.others.set_data([*x[1:], *y[1:]], [BEFORE_Y] * (len(x) - 1) + [AFTER_Y] * (len(x) - 1))
        self.first.set_data([x[0], y[0]], [BEFORE_Y, AFTER_Y])

    def describe(self, numbers):
        x, mean, variance, root = (np.ravel(numbers[name])[0] for name in ("x", "mean", "variance", "root"))
        normalised, output = numbers["normalised"][0, 0], numbers["outputs"][0, 0]
        gamma, beta = (_text(numbers[name]) for name in ("gamma", "beta"))
        whose = (
            "of this batch"
            if numbers["training"]
            else f"of all {self.count} wines, as if the moving averages had settled there"
        )
        ready, epsilon = _text(normalised), _text(numbers["epsilon"])
        return "\n".join(
            [
                f"Alcohol: mean {_text(mean)}, variance {_text(variance)}, both {whose}.",
                f"Wine 1: ({_text(x)} {MINUS} {in_brackets(_text(mean))}) / √({_text(variance)} + {epsilon}) = "
                f"{_text(x - mean)} / {_text(root)} = `{ready}`, "
                f"then gamma {DOT} {in_brackets(ready)} + beta = {gamma} {DOT} {in_brackets(ready)} + "
                f"{in_brackets(beta)} = `{_text(output)}`.",
                self._notice_of(numbers) if numbers["training"] else self._inference_notice(numbers),
            ]
        )

    def _notice_of(self, numbers):
        """Return what to notice while training: the first of these remarks that applies."""
        each, shares = numbers["normalised"][:, 0], numbers["epsilon"] / numbers["variance"][0]
        spread = two_digits(each.std())
        if numbers["gamma"] == 0:
            return "With gamma 0 nothing of the alcohol is left: the output of every wine is beta."
        if len(each) == 2 and abs(each[0]) > 0.95:
            which = f"{signed(round(each[0]), '{:+g}')} and {signed(round(each[1]), '{:+g}')}"
            return f"With two wines the normalised numbers are {which}, but for epsilon, however far apart the wines are."
        moved = (numbers["times"], numbers["add"]) != (1, 0)
        if shares > 0.05:
            also = ", and Times is not quite undone" if numbers["times"] != 1 else ""
            return (
                f"Epsilon is not small beside the variance ({_text(numbers['variance'][0])}): the normalised numbers have "
                f"standard deviation {spread}, not 1{also}."
            )
        if moved:
            gap = np.abs(each - numbers["without times and add"][:, 0]).max()
            left = (
                f"differ by at most {gap:.4f}, which is the work of epsilon" if gap >= 5e-5 else "are the same to four digits"
            )
            return f"Times and Add are undone: without them the normalised numbers {left}."
        if numbers["pulled"] != self._start["pulled"]:
            was, now = (two_digits(numbers[name][1, 0]) for name in ("without pulling", "normalised"))
            return f"You moved wine 1 alone, yet all move: wine 2, itself unchanged, went from {was} to {now} normalised."
        if (numbers["gamma"], numbers["beta"]) != (1.0, 0.0):
            outputs = numbers["outputs"][:, 0]
            return (
                f"The outputs have mean {two_digits(outputs.mean())}, which is beta, and standard deviation "
                f"{two_digits(outputs.std())}, which is the size of gamma: the network can choose both."
            )
        factor = np.divide(*numbers["x"].std(axis=0)[::-1])
        return (
            f"Proline spreads {factor:.0f} times as widely as alcohol. Normalised, both have mean 0 and a standard deviation "
            "of nearly 1: neither drowns the other."
        )

    def _inference_notice(self, numbers):
        if (numbers["times"], numbers["add"]) != (1, 0):
            return (
                "Times and Add are NOT undone: the moving averages belong to the wines as they were, so the normalised numbers "
                f"have mean {two_digits(numbers['normalised'][:, 0].mean())} and standard deviation "
                f"{two_digits(numbers['normalised'][:, 0].std())}."
            )
        return "No wine depends on its neighbours any more: pull wine 1, or change how many there are, and the others stay."


def _text(number):
    """Return a number with up to four digits after the point, or five where it is as small as the smallest epsilon."""
    text = f"{number + 0.0:.5f}" if abs(number) == EPSILONS["0.00001"] else f"{round(number, 4) + 0.0:.4f}"
    return signed(text.rstrip("0").rstrip("."), "{}")


def _strokes(starts, ends, heights):
    """Return x and y of strokes, each from (start, upper) to (end, lower) for every pair of heights, with gaps between them."""
    x = np.stack([starts, ends, np.full(len(starts), np.nan)], axis=1)
    y = [np.tile([upper, lower, np.nan], len(x)) for upper, lower in heights]
    return np.tile(x.ravel(), len(heights)), np.concatenate(y)
