"""The gradient of one weight that is used at every step: a sum with one part for each use."""

import numpy as np

from helpers.explorers.ann_passes import written
from helpers.explorers.controls import choice, float_slider, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import TIMES, short
from helpers.plots.figure import BLUE, INK, ORANGE, caption, chart_axes
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import Outline
from helpers.scratch.recurrent import SimpleRNN

MOST = 30
NUDGE = 1e-6  # of the weight, for the numerical check; relative to how fast the last state changes
INPUTS = {
    "1 at the first step, then 0": lambda n: np.eye(1, n)[0],
    "0.5 at every step": lambda n: np.full(n, 0.5),
    "up and down: 1, -1, 1, ...": lambda n: np.resize([1.0, -1.0], n),
    "random numbers": lambda n: np.random.default_rng(3).uniform(-1, 1, n).round(1),
}


def one_neuron(w, activation, truncation=None):
    """Return a recurrent layer of one neuron: h = activation(x + w h), the weight of the input is 1."""
    layer = SimpleRNN(1, activation, truncation=truncation)
    layer.build((None, None, 1), np.random.default_rng(0))
    layer.set_weights([[[1.0]], [[w]], [0.0]])
    return layer


def gradient_of_weight(w, x, activation, truncation=None):
    """Return dh/dw for the last state h after the inputs x (steps,), by backpropagation through time."""
    layer = one_neuron(w, activation, truncation)
    layer.forward(x[None, :, None])
    layer.backward(np.ones((1, 1)))
    return float(layer.gradients["recurrent_kernel"][0, 0])


def parts_of_gradient(w, x, activation):
    """Return the states (steps,), and for each step its part of dh/dw (steps,) and the way from it to the end (steps,).

    The way is the product of one factor w * slope for each later step. A part is the old state times the slope times the way.
    """
    layer = one_neuron(w, activation)
    layer.forward(x[None, :, None])
    states = np.array([h[0, 0] for _, _, _, h in layer.kept])
    slopes = np.array([layer.activation.derivative(z)[0, 0] for _, _, z, _ in layer.kept])
    way = np.append(np.cumprod((w * slopes)[:0:-1])[::-1], 1.0)
    return states, np.append(0.0, states[:-1]) * slopes * way, way


def explore_shared_weight():
    """Take apart the gradient of the weight that carries the state from step to step, and cut it short."""
    return SharedWeight()


LEFT, WIDE = 92, 640  # of both charts, in pixels
STATE, STACK = (262, 96), (46, 150)  # bottom and height of the two charts


class SharedWeight(Explorer):
    title = "One weight, used at every step: its gradient is a sum, with one part for each use."
    size = (960, 404)
    lines = 5

    def make_controls(self):
        return {
            "w": float_slider(
                "Weight w", 0.9, -1.5, 1.5, "How much of the old state goes into the new one", step=0.05, digits=2
            ),
            "length": slider("Steps", 12, 2, MOST, "How long the sequence is"),
            "truncation": slider("Go back", 3, 1, MOST, "How many steps the gradient is followed back, from the last one"),
            "inputs": choice("Inputs", "random numbers", INPUTS, "What goes in at each step"),
            "activation": choice("Activation", "tanh", ("tanh", "linear"), "What the neuron makes of its sum"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        charts = {}
        for name, (bottom, height), title in (
            ("state", STATE, "the state h"),
            ("stack", STACK, "the gradient: a stack of one part for each step"),
        ):
            axes = chart_axes(
                figure, LEFT, bottom, WIDE, height, xlim=(0.4, MOST + 0.6), ylim=(-1.1, 1.1), xticks=[], yticks=[]
            )
            axes.axhline(0, color="#8c8c8c", linewidth=1)
            caption(figure, LEFT, bottom + height + 14, title, 10.5, ha="left")
            charts[name] = axes
        self.line = charts["state"].plot([], [], "o-", color=INK, ms=5, linewidth=1.4, animated=True)[0]
        self.kept = Outline(charts["stack"], INK, 0.8, fill=BLUE)
        self.cut = Outline(charts["stack"], ORANGE, 1.4, fill="white")
        self.full = charts["stack"].plot([], [], color=INK, linewidth=1.4, linestyle="--", animated=True)[0]
        self.short = charts["stack"].plot([], [], color=ORANGE, linewidth=2, linestyle="-", animated=True)[0]
        self.ticks, self.scales = Lettering(figure), Lettering(figure)
        self.numbers_shown = Lettering(figure, "bold")
        caption(
            figure,
            LEFT + WIDE / 2,
            12,
            "step; the boxes are added up from the last step (right) back to the first (left)",
            10,
        )
        for y, text in ((366, "full gradient"), (300, "cut short"), (234, "numerical check")):
            caption(figure, 756, y, text, 10.5, ha="left")
        for y, text in (
            (100, "blue: counted"),
            (80, "white, orange rim: cut off"),
            (60, "dashed: full gradient"),
            (40, "orange line: cut short"),
        ):
            caption(figure, 756, y, text, 9.5, ha="left")
        self.share = Label(figure, 756, 158, 10.5)
        return [self.kept, self.cut, self.full, self.short, self.line, self.ticks, self.scales, self.numbers_shown, self.share]

    def compute(self, w, length, truncation, inputs, activation):
        x = INPUTS[inputs](length)
        states, parts, way = parts_of_gradient(w, x, activation)
        full = gradient_of_weight(w, x, activation)
        last = [parts_of_gradient(w + nudge, x, activation)[0][-1] for nudge in (NUDGE, -NUDGE)]
        return {
            **{"w": w, "x": x, "activation": activation, "truncation": min(truncation, length), "states": states},
            **{"parts": parts, "way": way, "full": full, "cut_short": gradient_of_weight(w, x, activation, truncation)},
            "checked": float(last[0] - last[1]) / (2 * NUDGE),
        }

    def paint(self, numbers):
        length, parts = len(numbers["x"]), numbers["parts"][::-1]  # from the last step back, as the sum grows
        width = MOST / length  # the charts are always as wide as they are
        middles = 0.5 + width * (np.arange(length)[::-1] + 0.5)
        most_state = max(np.abs(numbers["states"]).max(), 1e-12)
        self.line.set_data(middles, numbers["states"][::-1] / most_state)
        sums = np.concatenate([[0.0], np.cumsum(parts)])
        most = max(np.abs(sums).max(), 1e-12)
        boxes = np.array(
            [
                [(m - 0.4 * width, a), (m + 0.4 * width, a), (m + 0.4 * width, b), (m - 0.4 * width, b)]
                for m, a, b in zip(middles, sums[:-1] / most, sums[1:] / most, strict=True)
            ]
        )
        cut = numbers["truncation"]
        self.kept.put(boxes[:cut])
        self.cut.put(boxes[cut:])
        self.full.set_data([0.4, MOST + 0.6], [numbers["full"] / most] * 2)
        self.short.set_data([0.4, MOST + 0.6], [numbers["cut_short"] / most] * 2)
        self._write(numbers, middles, most_state, most)

    def _write(self, numbers, middles, most_state, most):
        length = len(middles)
        every = 1 if length <= 20 else 2
        pixels = LEFT + (middles - 0.4) / (MOST + 0.2) * WIDE
        shown = range(0, length, every)
        self.ticks.write([str(length - k) for k in shown], [(pixels[k], 32) for k in shown], 9.5)
        scales, places = [], []
        for (bottom, height), top in ((STATE, most_state), (STACK, most)):
            scales += [short(top), "0", short(-top)]
            places += [(LEFT - 8, bottom + height * share) for share in (2.1 / 2.2, 0.5, 0.1 / 2.2)]
        self.scales.write(scales, places, 9.5, align="right")
        figures = [short(numbers[name]) for name in ("full", "cut_short", "checked")]
        self.numbers_shown.write(figures, [(756, 342), (756, 276), (756, 210)], 14, [INK, ORANGE, INK], align="left")
        share = numbers["cut_short"] / numbers["full"] if numbers["full"] else 1.0
        self.share.set_text(f"cut short / full = {short(share)}")

    def describe(self, numbers):
        w, length, cut = numbers["w"], len(numbers["x"]), numbers["truncation"]
        way = numbers["way"]
        inner = f"x + {written(w, 2, True)} {TIMES} old h"
        formula = f"tanh({inner})" if numbers["activation"] == "tanh" else inner
        lines = [f"`h = {formula}`: the same w at all {length} steps."]
        lines.append(
            f"The slope of the last h along w is the sum of {length} parts: `{short(numbers['full'])}`. Nudging w a little and "
            f"running again gives `{short(numbers['checked'])}`."
        )
        if cut < length:
            lines.append(f"Only the last {cut} step{'s' * (cut > 1)} counted: `{short(numbers['cut_short'])}`.")
        lines.append(
            f"The way from step 1 to the end goes through {length - 1} factor{'s' * (length > 2)} `w {TIMES} slope`: "
            f"`{short(way[0])}` is left of a change. " + judged(abs(way[0]))
        )
        return "\n".join(lines)


def judged(left):
    """Return in words what is left of a change at the first step."""
    if left < 0.01:
        return "It vanishes: the last state hardly knows the first input."
    if left > 10:
        return "It explodes: a small change at the start becomes a large one."
    return "It arrives."
