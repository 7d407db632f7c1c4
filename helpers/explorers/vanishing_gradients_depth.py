"""Gradients and activations of a deep network, layer by layer: real backpropagation, beside what a formula predicts."""

from functools import lru_cache

import numpy as np

from helpers.explorers.controls import check_box, choice, float_slider, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import TIMES, judged, short, signed
from helpers.plots.figure import BLUE, INK, ORANGE, caption, chart_axes, decade_ticks, logarithm, picture_axes
from helpers.plots.lettering import Label
from helpers.plots.pixels import Pixels
from helpers.scratch.activations import activation_named
from helpers.scratch.batch_normalization import BatchNormalization

BATCH, MOST, BINS, REACH = 64, 50, 41, 1.5  # examples; layers; bins of the histogram, from -REACH to REACH
LOW, HIGH = -18, 12  # the ends of the scale, as powers of ten
SLOPES = {"tanh": 1.0, "sigmoid": 0.25, "relu": np.sqrt(0.5), "linear": 1.0}  # root mean square for sums near 0
BY_GAIN = "by the gain"
STARTS = {BY_GAIN: None, "Xavier (gain 1)": 1.0, "He (gain 1.41)": np.sqrt(2)}


def deep_weights(depth, width, gain, seed):
    """Return the weights of a deep network, (depth, width, width): normal, with standard deviation gain / sqrt(width)."""
    return gain / np.sqrt(width) * _numbers(width, seed)[:depth]


@lru_cache(maxsize=8)
def _numbers(width, seed):
    return np.random.default_rng(seed).standard_normal((MOST, width, width))


def go_through(weights, activation, skip=False, normalise=False, seed=0):
    """Return the activations and the gradients of all layers, each (depth + 1, BATCH, width), the first those of the inputs.

    A layer is h = f(h W), with `skip` h + f(h W), with `normalise` f of the normalised sums. The inputs are normal. So is the
    gradient that comes in at the end, of size 1: what arrives at a layer says what the way has done to it.
    """
    depth, width, _ = weights.shape
    rng, f = np.random.default_rng([seed, 1]), activation_named(activation)
    norms = []
    for _ in range(depth if normalise else 0):
        norms.append(BatchNormalization())
        norms[-1].build((None, width), rng)
    h, rows, kept = rng.standard_normal((BATCH, width)), [], []
    rows.append(h)
    for layer, W in enumerate(weights):
        z = h @ W
        if normalise:
            z = norms[layer].forward(z, training=True)
        out = f.forward(z)
        kept.append((z, out))
        h = h + out if skip else out
        rows.append(h)
    gradient = rng.standard_normal((BATCH, width))
    back = [gradient]
    for layer in reversed(range(depth)):
        z, out = kept[layer]
        of_z = f.backward(gradient, z, out)
        if normalise:
            of_z = norms[layer].backward(of_z)
        gradient = of_z @ weights[layer].T + (gradient if skip else 0)
        back.append(gradient)
    return np.stack(rows), np.stack(back[::-1])


def sizes(arrays):
    """Return the root mean square of each layer, (layers,)."""
    return np.sqrt(np.mean(np.square(arrays), axis=(1, 2)))


def predicted_factor(activation, gain, skip=False):
    """Return by how much a layer is predicted to change the size of a gradient, for sums near 0."""
    factor = gain * SLOPES[activation]
    return np.sqrt(1 + factor**2) if skip else factor


def explore_gradients():
    """Send a gradient back through up to 50 layers: depth, gain, activation, start, skips and normalisation are yours."""
    return Gradients()


class Gradients(Explorer):
    title = "A deep network before training: the size of gradients and of activations, layer by layer."
    size = (960, 500)
    lines = 4

    def make_controls(self):
        boxes = {}
        for name, label, tooltip in (
            ("skip", "Skip connections", "Each layer adds its output to its input"),
            ("normalise", "Batch normalization", "The sums of each layer are normalised over the batch"),
        ):
            boxes[name] = check_box(label, False, tooltip)
        return {
            "depth": slider("Layers", 30, 2, MOST, "How many layers lie one behind the other"),
            "activation": choice("Activation", "tanh", SLOPES, "The function of every neuron"),
            "start": choice("Start", BY_GAIN, STARTS, "How large the first weights are"),
            "gain": float_slider("Gain", 0.5, 0.1, 6, "Standard deviation of the weights, times the root of the width"),
            "width": choice("Width", 64, [16, 32, 64, 128], "Neurons in each layer"),
            "seed": slider("Seed", 0, 0, 20, "Each place of this slider draws other weights"),
            **boxes,
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def relevant(self, start, **values):
        return {"start", *values} - (set() if start == BY_GAIN else {"gain"})

    def stage(self, figure):
        settings = {"xlim": (-1.5, MOST + 0.5), "ylim": (LOW - 1, HIGH + 1)}
        axes = chart_axes(figure, 84, 216, 600, 250, **settings)
        decade_ticks(axes, LOW, HIGH, 6)
        axes.axhline(0, color="#b5b5b5", linewidth=1, linestyle="-")
        axes.set_xticks(range(0, MOST + 1, 10), [])
        line = {"animated": True, "linewidth": 2.2}
        self.formula = axes.plot([], [], color=INK, linestyle=(0, (1, 2)), **line)[0]
        self.activation = axes.plot([], [], color=BLUE, linestyle=(0, (5, 2)), **line)[0]
        self.gradient = axes.plot([], [], color=ORANGE, linestyle="-", **line)[0]
        caption(figure, 384, 484, "size (root mean square) at each layer; the gradient comes in at the right with size 1", 10.5)
        for y, colour, style, text in (
            (430, ORANGE, "-", "gradient"),
            (406, BLUE, (0, (5, 2)), "activation"),
            (382, INK, (0, (1, 2)), "formula for the gradient"),
        ):
            whole = figure.axes[0]
            whole.plot(
                [54, 57], [(y - 216) / 250 * (HIGH - LOW + 2) + LOW - 1] * 2, color=colour, linestyle=style, linewidth=2.2
            )
            whole.lines[-1].set_clip_on(False)
            caption(figure, 772, y, text, 10, ha="left")
        self.texts = [
            Label(figure, 706, y, 11, colour) for y, colour in ((330, ORANGE), (306, ORANGE), (270, BLUE), (246, BLUE))
        ]
        self.limits = Label(figure, 706, 222, 9.5)
        strip = picture_axes(figure, 84, 48, 600, 130)
        self.histogram = Pixels(strip, "Blues", 0, 1, stretch=True)
        caption(figure, 384, 194, "histogram of the activations of each layer (dark: many; at the edges all beyond)", 10.5)
        for share, text in ((0, f"{signed(-REACH)}"), (0.5, "0"), (1, f"{REACH:g}")):
            caption(figure, 74, 48 + 130 * share, text, 9.5, ha="right")
        for layer in range(0, MOST + 1, 10):
            caption(figure, 84 + 600 * (layer + 1.5) / (MOST + 2), 34, str(layer), 9.5)
        caption(figure, 384, 14, "layer (0: the inputs)", 10)
        return [self.activation, self.gradient, self.formula, self.histogram, *self.texts, self.limits]

    def compute(self, depth, activation, start, gain, width, seed, skip, normalise):
        gain = gain if STARTS[start] is None else float(STARTS[start])
        weights = deep_weights(depth, width, gain, seed)
        activations, gradients = go_through(weights, activation, skip, normalise, seed)
        bins = np.linspace(-REACH, REACH, BINS + 1)
        counts = np.stack([np.histogram(row.clip(-REACH, REACH), bins)[0] for row in activations], axis=1)
        factor = predicted_factor(activation, gain, skip)
        return {
            **{"gradient": sizes(gradients), "activation": sizes(activations), "histogram": counts / counts.max(axis=0)},
            **{"factor": factor if not normalise else 0.0, "depth": depth, "gain": gain, "slope": SLOPES[activation]},
            **{"skip": skip, "normalise": normalise},
        }

    def paint(self, numbers):
        layers = np.arange(numbers["depth"] + 1)

        def height(values):
            return logarithm(values).clip(LOW - 0.6, HIGH + 0.6)

        self.gradient.set_data(layers, height(numbers["gradient"]))
        self.activation.set_data(layers, height(numbers["activation"]))
        way = numbers["depth"] - layers
        line = (way * np.log10(numbers["factor"])).clip(LOW - 0.6, HIGH + 0.6) if not numbers["normalise"] else []
        self.formula.set_data(layers if not numbers["normalise"] else [], line)
        picture = np.zeros((BINS, MOST + 2))
        picture[:, 1 : numbers["depth"] + 2] = numbers["histogram"][::-1]
        self.histogram.set(picture)
        arrives, last = numbers["gradient"][0], numbers["activation"][-1]
        for label, text in zip(
            self.texts, ("arrives at the inputs:", short(arrives), "activation of the last layer:", short(last)), strict=True
        ):
            label.set_text(text)
        beyond = any(size.min() < 10.0**LOW or size.max() > 10.0**HIGH for size in (numbers["gradient"], numbers["activation"]))
        self.limits.set_text("a curve at the edge goes on" if beyond else "")

    def describe(self, numbers):
        depth, arrives = numbers["depth"], numbers["gradient"][0]
        decades = logarithm(arrives)
        lines = [
            f"The gradient comes in with size 1; `{short(arrives)}` of it arrives: {signed(decades, '{:+.1f}')} decades "
            f"over {depth} layers, `{signed(decades / depth, '{:+.2f}')}` decades per layer."
        ]
        if numbers["normalise"]:
            lines.append("With normalisation the gain of the weights hardly matters: the formula has nothing to say.")
        else:
            product = f"gain {TIMES} slope near 0 = {numbers['gain']:.2f} {TIMES} {numbers['slope']:.2f}"
            if numbers["skip"]:
                product = f"the root of 1 + ({product}) squared"
            predicted = depth * np.log10(numbers["factor"])
            lines.append(
                f"The formula: {product} = {numbers['factor']:.2f} per layer, {signed(predicted, '{:+.1f}')} decades in all."
            )
        lines.append(f"So the gradient {judged(arrives)}. The activations end with size `{short(numbers['activation'][-1])}`.")
        return "\n".join(lines)
