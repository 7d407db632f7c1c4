"""The explorers of one neuron and of the activation functions."""

import numpy as np

from helpers.explorers.controls import choice, float_slider, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import DOT, MINUS, in_brackets
from helpers.plots.figure import BLUE, DPI, INK, ORANGE, caption, chart_axes, picture_axes, whole_figure
from helpers.plots.lettering import Lettering
from helpers.plots.network import Edges
from helpers.plots.number_grid import Outline
from helpers.plots.pixels import Pixels, is_dark, unpack
from helpers.scratch.activations import ACTIVATIONS

NEURON_ACTIVATIONS = tuple(name for name in ACTIVATIONS if name != "softmax")
PALE = -0.45, 1.45  # ends of the colours for 0 to 1: without the darkest ones, so that points stand out
X1, X2 = "x\N{SUBSCRIPT ONE}", "x\N{SUBSCRIPT TWO}"
W1, W2 = "w\N{SUBSCRIPT ONE}", "w\N{SUBSCRIPT TWO}"

# One neuron.

EDGE = 3  # inputs, weights and bias go from -3 to 3, and so does the plane
PLACES = 144  # the neuron is asked at 144 x 144 places of the plane
CORNER, SIDE = (600, 76), 288  # of the plane, in pixels
NODES = np.array([(45, 300), (45, 130)])  # middles of the two inputs
SUM, OUTPUT, CURVE = (300, 215), (506, 215), (346, 165, 100)  # middles; left, bottom and side of the little curve
REACHES = (4, 8, 16, 24)  # how far the little curve may go from z = 0


def explore_neuron():
    """Move the inputs, the weights and the bias of one neuron, and see its sum and what it answers everywhere."""
    return Neuron()


class Neuron(Explorer):
    title = "One neuron: it weighs two inputs, adds a bias, and bends the sum with its activation."
    size = (960, 404)
    lines = 5

    def make_controls(self):
        return {
            "x1": float_slider(f"Input {X1}", 0.5, -EDGE, EDGE, "The first number that comes in"),
            "w1": float_slider(f"Weight {W1}", 1.0, -EDGE, EDGE, "How much the first input counts; below 0 it counts against"),
            "bias": float_slider("Bias b", 0.5, -EDGE, EDGE, "Is added to the sum whatever the inputs are"),
            "x2": float_slider(f"Input {X2}", 1.0, -EDGE, EDGE, "The second number that comes in"),
            "w2": float_slider(
                f"Weight {W2}", -2.0, -EDGE, EDGE, "How much the second input counts; below 0 it counts against"
            ),
            "activation": choice("Activation", "tanh", NEURON_ACTIVATIONS, "What the neuron makes of its sum"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        self._stage_neuron(figure, whole_figure(figure))
        self._stage_plane(figure)
        self.numbers_shown, self.small = Lettering(figure), Lettering(figure)
        self.answer = Lettering(figure)
        return [
            *(self.edges, self.boxes, self.axis, self.curve, self.foot, self.point, self.circle),
            *(self.plane, self.bar, self.guide, self.line, self.arrow, self.here),
            *(self.numbers_shown, self.small, self.answer),
        ]

    def _stage_neuron(self, figure, whole):
        left, bottom, side = CURVE
        heads = ["inputs", "weights", "sum z", "activation", "output"]
        for head, x in zip(heads, (45, 166, 300, left + side / 2, OUTPUT[0]), strict=True):
            caption(figure, x, 388, head)
        for name, (x, y) in zip((X1, X2), NODES, strict=True):
            caption(figure, x, y + 42, name, 11)
        caption(figure, SUM[0], 70, "bias")
        caption(figure, 14, 32, "lines: thick where the weight is far from 0;", 9.5, ha="left")
        caption(figure, 14, 14, "red: above 0; blue and dashed: below 0", 9.5, ha="left")
        for x, y, radius in [(*NODES[0], 28), (*NODES[1], 28), (*SUM, 34)]:
            _circle(whole, x, y, radius)
        for start, end in ((SUM[0] + 35, left), (left + side, OUTPUT[0] - 32)):
            whole.annotate("", (end, SUM[1]), (start, SUM[1]), arrowprops={"arrowstyle": "->", "color": INK, "shrinkA": 1})
        self.ways = [[_towards(place, SUM, 29), _towards(SUM, place, 35)] for place in NODES] + [[(300, 112), (300, 180)]]
        for start, end in self.ways:  # a thread that stays where a weight is 0
            whole.plot(*zip(start, end, strict=True), color="#c4c4c4", linewidth=1, linestyle="-")
        self.edges = Edges(figure)
        self.boxes = Outline(whole, "#8c8c8c", 0.8, fill="white")
        self.boxes.put([_box(166, 258, 106, 42), _box(166, 172, 106, 42), _box(300, 100, 76, 24)])
        self.circle = _circle(whole, *OUTPUT, 32)
        little = picture_axes(figure, left, bottom, side, side)
        little.set(xlim=(-1, 1), ylim=(0, 1))
        little.plot([-1, 1, 1, -1, -1], [0, 0, 1, 1, 0], color="#8c8c8c", linewidth=1, linestyle="-", clip_on=False)
        little.plot([0, 0], [0, 1], color="#c4c4c4", linewidth=1, linestyle="-")
        self.axis = little.plot([-1, 1], [0, 0], color="#c4c4c4", linewidth=1, linestyle="-")[0]
        self.curve = little.plot([], [], color=INK, linewidth=1.8, linestyle="-")[0]
        self.foot = little.plot([], [], color=INK, linewidth=1, linestyle=":")[0]
        self.point = little.plot([], [], "o", ms=8, mfc="white", mec=INK, mew=1.8, clip_on=False)[0]

    def _stage_plane(self, figure):
        left, bottom = CORNER
        caption(figure, left + SIDE / 2, 388, f"the output for every {X1} and {X2}")
        self.plane = Pixels(picture_axes(figure, left, bottom, SIDE, SIDE), "RdBu_r", *PALE)
        self.bar = Pixels(picture_axes(figure, left + SIDE + 16, bottom, 12, SIDE), "RdBu_r", *PALE, stretch=True)
        self.bar.set(np.linspace(1, 0, SIDE)[:, None])
        axes = picture_axes(figure, left, bottom, SIDE, SIDE)
        ticks = range(-EDGE, EDGE + 1)
        axes.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xticks=ticks, yticks=ticks, facecolor="none")
        axes.tick_params(pad=6)  # the circle at the edge must not hide a number
        axes.set_xlabel(X1, labelpad=1, fontsize=11)
        axes.set_ylabel(X2, labelpad=0, fontsize=11, rotation=0, va="center", ha="right")
        caption(figure, left + SIDE / 2, 14, "solid line: z = 0;  arrow: z grows;  circle: the two inputs", 9.5)
        self.line = axes.plot([], [], color=INK, linewidth=2.2, linestyle="-")[0]
        self.guide = axes.plot([], [], color=INK, linewidth=1.2, linestyle=":")[0]
        self.arrow = axes.plot([], [], color=INK, linewidth=1.8, linestyle="-", solid_joinstyle="miter")[0]
        self.here = axes.plot([], [], "o", ms=11, mfc="white", mec=INK, mew=2.2, clip_on=False)[0]

    def compute(self, x1, x2, w1, w2, bias, activation):
        inputs, weights = np.array([x1, x2]), np.array([w1, w2])
        forward = ACTIVATIONS[activation].forward
        products = _tidy(weights * inputs)
        z = float(_tidy(products.sum() + bias))
        middles = (np.arange(PLACES) + 0.5) / PLACES * 2 * EDGE - EDGE
        surface = forward(w1 * middles + w2 * -middles[:, None] + bias)  # the upper row first
        steepness = float(np.hypot(w1, w2))
        farthest = float(_tidy(EDGE * np.abs(weights).sum()))  # how far z gets from the bias in this plane
        ends = forward(np.array([bias - farthest, bias + farthest]))
        return {
            **{"inputs": inputs, "weights": weights, "bias": bias, "activation": activation, "products": products},
            **{"z": z, "output": float(forward(z)), "surface": surface, "scale": _scale(activation, ends)},
            **{"steepness": steepness, "direction": weights / steepness if steepness else np.zeros(2)},
            **{"line": zero_line(weights, bias), "least": bias - farthest, "most": bias + farthest},
        }

    def paint(self, numbers):
        inputs, weights, z, output = (numbers[name] for name in ("inputs", "weights", "z", "output"))
        self.edges.set(self.ways, [*weights, numbers["bias"]], strongest=EDGE)
        self._paint_curve(numbers)
        low, high = numbers["scale"]
        colour = self.plane.colours(np.array([(output - low) / (high - low)]))
        self.circle.set_markerfacecolor(unpack(colour)[0] / 255)
        self.plane.set((numbers["surface"] - low) / (high - low))
        line, direction = numbers["line"], numbers["direction"]
        self.line.set_data(*line.T)
        self.guide.set_data(*(np.array([line.mean(axis=0), (0, 0)]) if len(line) else line).T)
        self.arrow.set_data(*_arrow(direction).T if direction.any() else ([], []))
        self.here.set_data([inputs[0]], [inputs[1]])
        left, bottom = CORNER
        shown = [*(shown_as(number, 1) for number in inputs), shown_as(z, 2)]
        self.numbers_shown.write(shown, [*NODES, SUM], 11)
        self.answer.write([shown_as(output, 2)], [OUTPUT], 10.5, ["white" if is_dark(colour)[0] else INK])
        first, second = (shown_as(product, 2) for product in numbers["products"])
        texts = [
            *(f"{W1} = {shown_as(weights[0], 1)}", f"{W1}{DOT}{X1} = {first}"),
            *(f"{W2} = {shown_as(weights[1], 1)}", f"{W2}{DOT}{X2} = {second}"),
            f"b = {shown_as(numbers['bias'], 1)}",
            numbers["activation"],
            *(f"{end:.3g}".replace("-", MINUS) for end in (high, (low + high) / 2, low)),
        ]
        bar = [(left + SIDE + 50, bottom + y) for y in (SIDE - 5, SIDE / 2, 5)]
        curve = (CURVE[0] + CURVE[2] / 2, CURVE[1] + CURVE[2] + 13)
        places = [(166, 267), (166, 249), (166, 181), (166, 163), (300, 100), curve, *bar]
        self.small.write([*texts, *self.ends], [*places, *self.end_places], 9.5)

    def _paint_curve(self, numbers):
        """Draw the little curve; it goes as far as it must so that z has a place on it."""
        forward, z = ACTIVATIONS[numbers["activation"]].forward, numbers["z"]
        reach = next((reach for reach in REACHES if abs(z) <= 0.95 * reach), abs(z) / 0.95)
        across = np.linspace(-1, 1, 97)
        heights = forward(across * reach)
        low, high = min(0, round(heights[0], 1)), max(1, round(heights[-1], 1))

        def up(height):
            return 0.08 + 0.84 * (np.asarray(height) - low) / (high - low)

        self.curve.set_data(across, up(heights))
        self.axis.set_ydata([up(0)] * 2)
        self.foot.set_data([z / reach] * 2, up([0, numbers["output"]]))
        self.point.set_data([z / reach], [up(numbers["output"])])
        left, bottom, side = CURVE
        self.ends = [f"{end:g}".replace("-", MINUS) for end in (-reach, 0, reach, high, low)]
        feet = [(left + side * share, bottom - 10) for share in (0, 0.5, 1)]
        self.end_places = [*feet, (left - 18, bottom + side - 8), (left - 18, bottom + 8)]

    def describe(self, numbers):
        (x1, x2), (w1, w2), bias = numbers["inputs"], numbers["weights"], numbers["bias"]
        first, second = numbers["products"]
        z, output, name = numbers["z"], numbers["output"], numbers["activation"]
        factors = " + ".join(f"{bracketed(w, 1)}{DOT}{bracketed(x, 1)}" for w, x in ((w1, x1), (w2, x2)))
        added = f"{shown_as(first, 2)} + {bracketed(second, 2)} + {bracketed(bias, 2)}"
        return (
            f"`z = {W1}{DOT}{X1} + {W2}{DOT}{X2} + b = {factors} + {bracketed(bias, 1)} = {added} = {shown_as(z, 2)}`\n"
            f"`output = {name}({shown_as(z, 2)}) {equals(output, 3)}`: {MEANING[name]}\n"
            f"{about_line(numbers)}"
        )


MEANING = {
    "linear": "the sum as it is; with this activation a neuron adds and does nothing else.",
    "sigmoid": "always between 0 and 1; one half where z is 0.",
    "tanh": f"always between {MINUS}1 and 1; 0 where z is 0.",
    "relu": "the sum where it is above 0, else 0: where z is below 0 this neuron is silent.",
    "leaky_relu": "the sum where it is above 0; below 0 only a fifth of it is left.",
    "elu": f"the sum where it is above 0; below 0 it falls more and more slowly, never under {MINUS}1.",
}


def about_line(numbers):
    """Return what the learner should notice about the line where the sum is zero."""
    (w1, w2), bias, steepness = numbers["weights"], numbers["bias"], numbers["steepness"]
    if not steepness:
        why = f"Both weights are 0, so the inputs do not count: `z = b = {shown_as(bias, 1)}` everywhere, in one colour.\n"
        return f"{why}There is no line and no arrow: to draw a border, a neuron needs a weight that is not 0."
    step = f"One step of 1 along the arrow adds `√({_square(w1)} + {_square(w2)}) {equals(steepness, 2)}` to z."
    if not len(numbers["line"]):
        side, most = ("above", numbers["least"]) if bias > 0 else ("below", numbers["most"])
        return (
            f"z is {side} 0 everywhere in this plane (nowhere closer to 0 than {shown_as(most, 1)}): "
            f"the line where z is 0 lies outside the picture.\n{step}"
        )
    return (
        f"On the line the sum is 0: `{shown_as(w1, 1)}{DOT}{X1} + {bracketed(w2, 1)}{DOT}{X2} + {bracketed(bias, 1)} = 0`. "
        "It is always straight, and at right angles to the arrow.\n"
        f"{step} The weights turn the line, the bias moves it away from the middle (dotted)."
    )


def zero_line(weights, bias):
    """Return two points (2, 2) of the line where the sum is zero, far outside the plane and as far from the point nearest to 0.

    Without rows, (0, 2), where the line does not cross the plane, or where both weights are 0.
    """
    if not weights.any() or abs(bias) > EDGE * np.abs(weights).sum() + 1e-9:
        return np.empty((0, 2))
    nearest = -bias * weights / (weights @ weights)
    along = np.array([-weights[1], weights[0]]) / np.hypot(*weights)
    return nearest + 3 * EDGE * np.array([along, -along])


def _scale(activation, ends):
    """Return the numbers at the blue and the red end of the colours; white is in the middle, where z is 0."""
    if activation == "sigmoid":
        return np.array([0.0, 1.0])
    largest = 1.0 if activation == "tanh" else float(np.abs(ends).max()) or 1.0
    step = 10.0 ** np.floor(np.log10(largest)) / (10 if largest >= 1 else 1)
    largest = float(_tidy(np.ceil(_tidy(largest / step)) * step))  # few digits, so that they fit beside the bar
    return np.array([-largest, largest])


def _arrow(direction, length=1.0, barb=0.22):
    """Return the corners of an arrow from (0, 0) along a direction of length 1."""
    tip, across = direction * length, np.array([-direction[1], direction[0]])
    wings = [tip - barb * (direction + side * 0.5 * across) for side in (1, -1)]
    return np.array([(0, 0), tip, wings[0], tip, wings[1]])


def _circle(axes, x, y, radius):
    return axes.plot([x], [y], "o", ms=2 * radius * 72 / DPI, mfc="white", mec=INK, mew=1.4)[0]


def _box(x, y, width, height):
    """Return the corners of a box around a middle."""
    return [(x + dx * width / 2, y + dy * height / 2) for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


def _towards(start, end, distance):
    """Return the place so far from the start on the way to the end."""
    way = np.subtract(end, start)
    return np.add(start, distance * way / np.hypot(*way))


# Activation functions.

FARTHEST = 6  # z goes from -6 to 6
FLAT = 0.1  # a slope under this counts as saturated
MOST_LAYERS = 10
TINY = 0.000001  # less than this of a gradient is not written out
NOTHING = "none"
PURPLE, SHADE = "#8F4A7F", "#e3e3e3"
PANELS = ((60, 292), (420, 280), (766, 180))  # left and width in pixels: the curve, its slope, the layers
FLOOR, HEIGHT = 86, 250  # of all three


def explore_activations():
    """See what each activation makes of z, how steep it is there, and what is left of a gradient after many layers."""
    return Activations()


class Activations(Explorer):
    title = "An activation function, its slope at every z, and what many such slopes leave of a gradient."
    size = (960, 404)
    lines = 6

    def make_controls(self):
        others = [NOTHING, *NEURON_ACTIVATIONS]
        leaky = "Slope of leaky_relu below 0"
        return {
            "activation": choice("Activation", "sigmoid", NEURON_ACTIVATIONS, "The solid curve"),
            "compare": choice("Compare with", NOTHING, others, "Another activation, drawn as a thin dashed curve"),
            "z": float_slider("z", 1.0, -FARTHEST, FARTHEST, "The sum that the neuron has worked out: where the point stands"),
            "negative_slope": float_slider("Leaky slope", 0.2, 0, 1, leaky, step=0.05, digits=2),
            "alpha": float_slider("elu alpha", 1.0, 0, 1, "How far elu goes down below 0", step=0.05, digits=2),
            "layers": slider("Layers", 5, 1, MOST_LAYERS, "How many layers with this slope a gradient goes back through"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def relevant(self, activation, compare, **others):
        needed = {name for name, owner in SHAPED_BY.items() if owner in (activation, compare)}
        return {"activation", "compare", "z", "layers"} | needed

    def stage(self, figure):
        panels = [chart_axes(figure, left, FLOOR, width, HEIGHT) for left, width in PANELS]
        titles = ("the activation", "its slope", "what is left of a gradient")
        for (left, width), title in zip(PANELS, titles, strict=True):
            caption(figure, left + width / 2, 388, title)
        for axes in panels[:2]:
            axes.set(xlim=(-FARTHEST, FARTHEST), xticks=range(-FARTHEST, FARTHEST + 1, 2))
            axes.set_xlabel("z", labelpad=1)
        panels[0].set(ylim=(-1.15, 1.15), yticks=[-1, -0.5, 0, 0.5, 1], yticklabels=[])  # in units that grow with the curves
        for axes in panels[1:]:
            axes.set(ylim=(-0.06, 1.1), yticks=[0, 0.25, 0.5, 0.75, 1], yticklabels=["0", "0.25", "0.5", "0.75", "1"])
        caption(figure, PANELS[1][0] + PANELS[1][1] + 16, FLOOR + HEIGHT * (FLAT + 0.06) / 1.16, f"{FLAT:g}", 9)
        panels[2].set(xlim=(0.3, MOST_LAYERS + 0.7), xticks=[1, *range(2, MOST_LAYERS + 1, 2)])
        panels[2].set_xlabel("layers", labelpad=1)
        self.flat = [Outline(axes, "none", 0, fill=SHADE) for axes in panels[:2]]
        # Over the grey, so these move with it.
        self.guides = [axes.plot([-20, 20], [0, 0], color="#b8b8b8", linewidth=1, linestyle="-")[0] for axes in panels]
        self.guides += [axes.plot([0, 0], [-2, 2], color="#b8b8b8", linewidth=1, linestyle="-")[0] for axes in panels[:2]]
        self.guides += panels[1].plot([-20, 20], [FLAT, FLAT], color=INK, linewidth=1, linestyle=":")
        self.bars, self.other_bars = Outline(panels[2], INK, 1, fill="#9cc7e3"), Outline(panels[2], PURPLE, 1.3, "--")
        self.curves, self.other_curves, self.points, self.other_points = [], [], [], []
        for axes in panels[:2]:
            self.curves += axes.plot([], [], color=BLUE, linewidth=2.4, linestyle="-")
            self.other_curves += axes.plot([], [], color=PURPLE, linewidth=1.3, linestyle=(0, (5, 2)))
            self.other_points += axes.plot([], [], "s", ms=6, mfc="white", mec=PURPLE, mew=1.3, clip_on=False)
            self.points += axes.plot([], [], "o", ms=9, mfc="white", mec=INK, mew=2, clip_on=False)
        self.tangent = panels[0].plot([], [], color=ORANGE, linewidth=2, linestyle="-")[0]
        key = picture_axes(figure, 20, 18, 22, 14)
        key.set_facecolor(SHADE)
        caption(figure, 50, 25, f"grey: solid curve saturated (slope under {FLAT:g})", 9.5, ha="left")
        caption(figure, 366, 25, "orange: as steep as the curve at z", 9.5, ha="left")
        caption(figure, 948, 25, "bars: slope to the power of the layers", 9.5, ha="right")
        self.names, self.small = Lettering(figure), Lettering(figure)
        return [
            *(*self.flat, *self.guides, self.bars, self.other_bars, *self.other_curves, *self.curves, self.tangent),
            *(*self.other_points, *self.points, self.names, self.small),
        ]

    def compute(self, activation, compare, z, layers, **shapes):
        z = float(round(z, 6) + 0.0)
        numbers = {"activation": activation, "compare": compare, "z": z, "layers": layers, **at(activation, z, layers, shapes)}
        numbers["flat"] = flat_parts(numbers["slopes"])
        if compare != NOTHING:
            numbers |= {f"other_{name}": value for name, value in at(compare, z, layers, shapes).items()}
        return numbers

    def paint(self, numbers):
        parts = ["", "other_"] if numbers["compare"] != NOTHING else [""]
        unit = 1 if all(np.abs(numbers[f"{part}outputs"]).max() <= 1 for part in parts) else FARTHEST
        for part, curves, points in (("", self.curves, self.points), ("other_", self.other_curves, self.other_points)):
            for artist in (*curves, *points):
                artist.set_visible(part in parts)
            if part in parts:
                curves[0].set_data(ALONG, numbers[f"{part}outputs"] / unit)
                curves[1].set_data(*_with_gaps(ALONG, numbers[f"{part}slopes"]))
                points[0].set_data([numbers["z"]], [numbers[f"{part}output"] / unit])
                points[1].set_data([numbers["z"]], [numbers[f"{part}slope"]])
        self._paint_tangent(numbers["z"], numbers["output"] / unit, numbers["slope"] / unit)
        for panel in self.flat:
            panel.put([_box((start + end) / 2, 0, end - start, 4) for start, end in numbers["flat"]])
        self.bars.put([_box(layer, left / 2, 0.6, left) for layer, left in enumerate(numbers["left"], 1)])
        other = numbers.get("other_left", [])
        self.other_bars.put([_box(layer, left / 2, 0.76, left) for layer, left in enumerate(other, 1)])
        self._paint_text(numbers, parts, unit)

    def _paint_text(self, numbers, parts, unit):
        names = [f"\u2500\u2500 {numbers['activation']}", f"\u254c\u254c {numbers['compare']}"][: len(parts)]
        left, top = PANELS[0][0], FLOOR + HEIGHT
        self.names.write(names, [(left + 8, top - 12), (left + 8, top - 31)][: len(parts)], 10.5, [BLUE, PURPLE], "left")
        where = f"at z = {shown_as(numbers['z'], 1)}: "
        results = [where + shown_as(numbers["output"], 2, 4), where + precise(numbers["slope"])]
        last = precise(numbers["slope"]) if numbers["layers"] == 1 else rough(numbers["left"][-1])
        results += [f"{_layers(numbers['layers'])}: {last}"]
        ticks = [(left - 26, FLOOR + HEIGHT * (share + 1.15) / 2.3) for share in TICKS]
        middles = [(left + width / 2, 364) for left, width in PANELS]
        wide = [(start + end) / 2 for start, end in numbers["flat"] if end - start > 3]
        grey = [(PANELS[1][0] + PANELS[1][1] * (0.5 + middle / (2 * FARTHEST)), FLOOR + 0.96 * HEIGHT) for middle in wide]
        texts = [*(shown_as(share * unit, 0) for share in TICKS), *results, *("saturated" for middle in wide)]
        self.small.write(texts, [*ticks, *middles, *grey], 9.5)

    def _paint_tangent(self, z, height, slope):
        """Draw a line through the point, as steep as the curve and always equally long on the screen."""
        across, up = PANELS[0][1] / (2 * FARTHEST), HEIGHT / 2.3  # pixels for a step of 1
        half = 46 / np.hypot(across, slope * up)
        self.tangent.set_data([z - half, z + half], [height - half * slope, height + half * slope])

    def describe(self, numbers):
        name, z, slope = numbers["activation"], numbers["z"], numbers["slope"]
        steep = precise(slope)
        formula = FORMULAS[name].format(shape=shown_as(numbers.get("shape", 1), 1))
        output = f"{name}({shown_as(z, 1)}) {equals(numbers['output'], 4)}"
        change = f"0.1{DOT}{steep} = {precise(float(steep) / 10)}"
        lines = [
            f"`{formula}`. `{output}`, and its slope there is {slope_at(numbers)}.",
            f"A change of 0.1 in z changes the output by about `{change}`. {meaning_of(slope)}",
            flat_in_words(name, numbers["flat"]),
            "In training, the gradient goes back through the layers; each multiplies it by its slope (and a weight, here 1).",
            f"{_layers(numbers['layers'])} with this slope: {left_in_words(slope, numbers['left'])} of it is left.",
        ]
        if numbers["compare"] != NOTHING:
            other = left_in_words(numbers["other_slope"], numbers["other_left"])
            lines[-1] += f" With {numbers['compare']} at the same z: {other}."
        return "\n".join(lines)


SHAPED_BY = {"negative_slope": "leaky_relu", "alpha": "elu"}  # control -> the activation that it shapes
ALONG = np.linspace(-FARTHEST, FARTHEST, 100 * 2 * FARTHEST + 1).round(9)
TICKS = (-1, -0.5, 0, 0.5, 1)
POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
FORMULAS = {
    "linear": "linear(z) = z",
    "sigmoid": f"sigmoid(z) = 1 / (1 + e^({MINUS}z))",
    "tanh": f"tanh(z) = (e^z {MINUS} e^({MINUS}z)) / (e^z + e^({MINUS}z))",
    "relu": "relu(z) = z where z is above 0, else 0",
    "leaky_relu": f"leaky_relu(z) = z where z is above 0, else {{shape}}{DOT}z",
    "elu": f"elu(z) = z where z is above 0, else {{shape}}{DOT}(e^z {MINUS} 1)",
}


def at(name, z, layers, shapes):
    """Return an activation and its slope along z and at one z, and what is left of a gradient after each layer."""
    shape = {control: shapes[control] for control, owner in SHAPED_BY.items() if owner == name}
    forward, derivative = ACTIVATIONS[name].forward, ACTIVATIONS[name].derivative
    slope = float(derivative(z, **shape))
    return {
        **{"outputs": forward(ALONG, **shape), "slopes": derivative(ALONG, **shape)},
        **{"output": float(forward(z, **shape)), "slope": slope, "left": slope ** np.arange(1, layers + 1)},
        **({"shape": shape.popitem()[1]} if shape else {}),
    }


def flat_parts(slopes):
    """Return where the slope is under FLAT, (parts, 2): the first and the last z of each part."""
    flat = np.concatenate([[False], slopes < FLAT - 1e-9, [False]])
    first, behind = np.flatnonzero(~flat[:-1] & flat[1:]), np.flatnonzero(flat[:-1] & ~flat[1:])
    return np.column_stack([ALONG[first], ALONG[behind - 1]])


def flat_in_words(name, parts):
    """Return for which z the activation is saturated."""
    places = [
        f"from z = {shown_as(start, 1)} upwards" if end == FARTHEST else f"from z = {shown_as(end, 1)} downwards"
        for start, end in parts
    ]
    if not places:
        return f"{name} is saturated nowhere in this picture: its slope is never under {FLAT:g}."
    return f"{name} is saturated (its slope is under {FLAT:g}) {' and '.join(places)} (grey)."


def slope_at(numbers):
    """Return how the slope at z is worked out, with its numbers."""
    name, z, output, slope = (numbers[key] for key in ("activation", "z", "output", "slope"))
    if name == "sigmoid":
        work = f"sigmoid(z){DOT}(1 {MINUS} sigmoid(z)) = {precise(output)}{DOT}{precise(1 - output)}"
        return f"`{work} {_sign(slope, 4)} {precise(slope)}`"
    if name == "tanh":
        digits = 4 - int(np.floor(np.log10(slope)))  # as many as the square needs
        return f"`1 {MINUS} tanh(z)² = 1 {MINUS} {bracketed(output, 1, digits)}² {_sign(slope, 4)} {precise(slope)}`"
    if name == "linear":
        return "`1` at every z"
    if z == 0 and slope != 1:
        return f"that on the left of the corner, `{precise(slope)}`"
    if name == "elu" and z < 0:
        return f"`{shown_as(numbers['shape'], 1)}{DOT}e^({shown_as(z, 1)}) {_sign(slope, 4)} {precise(slope)}`"
    side = "above 0" if z > 0 else "below 0" if z < 0 else "0"
    return f"`{precise(slope)}`, because z is {side}"


def meaning_of(slope):
    """Return what a slope means for learning."""
    if slope == 0:
        return "Nothing gets through: the weights before it learn nothing here."
    if slope < FLAT - 1e-9:
        return "Saturated: the weights before it learn slowly."
    return "The output follows z, so the weights before it can learn."


def left_in_words(slope, left):
    """Return what is left of a gradient after some layers, written as a power of the slope."""
    last = left[-1]
    if len(left) == 1:
        return f"`{precise(slope)}`"
    sign = "<" if 0 < last < TINY else _sign(last, 2)
    return f"`{precise(slope)}{str(len(left)).translate(POWERS)} {sign} {rough(last).removeprefix('under ')}`"


def _layers(count):
    return "1 layer" if count == 1 else f"{count} layers"


def _with_gaps(x, y):
    """Return the points of a curve with a gap where it jumps."""
    jumps = np.flatnonzero(np.abs(np.diff(y)) > 0.04) + 1
    return np.insert(x, jumps, np.nan), np.insert(y, jumps, np.nan)


# Numbers as text.


def _tidy(number):
    """Return numbers without the dust of binary fractions: 0.1 * 3 is 0.3, and -0 is 0."""
    return np.round(number, 9) + 0.0


def shown_as(number, digits, most=3):
    """Return a number with so many digits behind the point; with more, up to `most`, where it has more."""
    needed = len(f"{number:.{most}f}".rstrip("0").partition(".")[2]) if is_short(number, most) else most
    return f"{_tidy(round(number, most)):.{max(digits, needed)}f}".replace("-", MINUS)


def is_short(number, digits):
    """Return whether a number has no more than so many digits behind the point."""
    return abs(number - round(number, digits)) < 1e-9


def bracketed(number, digits, most=3):
    """Return the number as text, in brackets where it is below 0."""
    return in_brackets(shown_as(number, digits, most))


def equals(number, most):
    """Return "= number", or "≈ number" where digits are left out."""
    return f"{'=' if is_short(number, most) else '≈'} {shown_as(number, 2, most)}"


def precise(number, count=4):
    """Return a number with so many digits that count, without zeros at its end: 0.00002458."""
    return np.format_float_positional(float(f"{number:.{count}g}"), trim="-").replace("-", MINUS)


def rough(share):
    """Return what is left of a gradient, with two digits that count."""
    return f"under {precise(TINY)}" if 0 < share < TINY else precise(share, 2)


def _sign(number, count):
    """Return "=" where so many digits that count say all, else "≈"."""
    return "=" if abs(number - float(f"{number:.{count}g}")) <= 1e-9 * abs(number) else "≈"


def _square(number):
    return f"{bracketed(number, 1)}²"
