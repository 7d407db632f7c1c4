"""The forward and the backward pass of a small network, with every number in sight."""

from math import copysign, log
from typing import NamedTuple

import numpy as np

from helpers.explorers.controls import choice, float_slider, rows_of
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import DOT, MINUS, TIMES, in_brackets
from helpers.plots.figure import DPI, INK, ORANGE, caption, whole_figure
from helpers.plots.lettering import Label, Lettering, text_width
from helpers.plots.network import NEGATIVE, POSITIVE, Edges
from helpers.plots.number_grid import Outline
from helpers.scratch.activations import ACTIVATIONS
from helpers.scratch.dense import Dense
from helpers.scratch.losses import binary_crossentropy, binary_crossentropy_gradient
from helpers.scratch.optimizers import SGD
from helpers.scratch.sequential import Sequential

# The network that both explorers show: 2 inputs, 3 and 2 hidden neurons, 1 output.

LAYERS = ("x1", "x2"), ("h1", "h2", "h3"), ("g1", "g2"), ("output",)
NODES = tuple(name for layer in LAYERS for name in layer)
NEURONS = NODES[2:]
LINKS = tuple((a, b) for left, right in zip(LAYERS[:-1], LAYERS[1:], strict=True) for a in left for b in right)
KERNELS = (
    [[0.7, -1.4, 0.6], [-1.0, -0.4, 0.3]],  # from x1 and x2 to h1, h2, h3
    [[1.4, 1.0], [-0.6, -0.5], [-0.7, -1.2]],  # from h1, h2 and h3 to g1, g2
    [[-0.9], [-1.3]],  # from g1 and g2 to the output
)
BIASES = [-0.3, 0.4, -0.1], [-0.2, 0.1], [0.5]


def small_network(activation="tanh", kernels=KERNELS, biases=BIASES):
    """Return the network 2-3-2-1 with these weights; the output neuron has a sigmoid."""
    layers = [Dense(3, activation), Dense(2, activation), Dense(1, "sigmoid")]
    model = Sequential(layers)
    model.build((None, 2))
    model.set_weights([array for pair in zip(kernels, biases, strict=True) for array in pair])
    return model


def by_link(kernels):
    """Return the numbers of three kernels in the order of LINKS: (14,)."""
    return np.concatenate([np.ravel(kernel) for kernel in kernels])


def by_neuron(rows):
    """Return the numbers of three rows of biases, sums or outputs in the order of NEURONS: (6,)."""
    return np.concatenate([np.ravel(row) for row in rows])


# Numbers as they are written.


def written(number, digits, brackets=False):
    """Return a number with so many digits and a real minus sign; negative ones in brackets where asked."""
    # A half is rounded away from 0, as at school, and so is what floats make of it: 1.29499999999999996.
    text = f"{number + copysign(1e-10, number):.{digits}f}"
    text = text.lstrip("-") if not text.strip("-0.") else text.replace("-", MINUS)
    return in_brackets(text) if brackets else text


def enough_digits(least, holds):
    """Return the smallest number of digits, from `least` on, with which a calculation comes out right as it is written."""
    return next((digits for digits in range(least, 9) if holds(digits)), 9)


# The picture of the network.

PALE = 0.22  # opacity of the lines that are not spoken of
RADIUS = 29  # of a circle, in pixels
THICKEST = 6.0  # line, in points


class Diagram:
    """The network as circles and lines: `set_nodes(...)`, then `set_lines(...)`; `artists` in the order of drawing."""

    def __init__(self, figure, left, gap, middle, step):
        self.places = {
            name: np.array([left + gap * place, middle + step * ((len(layer) - 1) / 2 - row)])
            for place, layer in enumerate(LAYERS)
            for row, name in enumerate(layer)
        }
        self.lines = np.array([(self.places[a], self.places[b]) for a, b in LINKS])
        self.middles = self.lines.mean(axis=1)
        self.whole = whole_figure(figure)
        self.faint, self.strong = Edges(figure, THICKEST, PALE), Edges(figure, THICKEST)
        self.boxes, self.box = Outline(self.whole, "none", 0, fill="white"), Outline(self.whole, ORANGE, 2, fill="white")
        shape = {"s": (2 * RADIUS * 72 / figure.dpi) ** 2, "edgecolors": INK, "animated": True}
        shades = {"c": np.zeros(len(NODES)), "cmap": "RdBu_r", "vmin": -3.4, "vmax": 3.4}  # light enough for dark numbers
        self.circles = self.whole.scatter(*np.transpose(list(self.places.values())), **shape, **shades)
        self.inside, self.on_lines, self.below = Lettering(figure, "bold"), Lettering(figure), Lettering(figure)
        self.heads, self.legend = Lettering(figure), Label(figure, 14, 66, 9.5)
        self.tops = [(left + gap * place, figure.bbox.height - 16) for place in range(len(LAYERS))]
        for name, (x, y) in self.places.items():
            caption(figure, x, y + RADIUS + 11, name)
        for row, text in enumerate(("red: above 0", "blue, dashed: below 0", "thick: far from 0")):
            caption(figure, 14, 49 - 17 * row, text, 9.5, ha="left")
        grey = {"color": "#6b6b6b", "linewidth": 0.8, "linestyle": ":", "animated": True}
        self.zeros = self.whole.plot([], [], **grey)[0]
        lines, texts = [self.zeros, self.faint, self.strong, self.boxes, self.box], [self.inside, self.on_lines, self.below]
        self.artists = [*lines, self.circles, *texts, self.heads, self.legend]

    def set_nodes(self, outputs, activation, notes, picked=None):
        """Show the outputs of all nodes (8,), and texts below some: name -> lines of text. The picked one has a thick rim."""
        self.heads.write(["inputs", f"hidden h: {activation}", f"hidden g: {activation}", "output: sigmoid"], self.tops, 10.5)
        self.circles.set_array(outputs.clip(-2, 2))
        self.circles.set_linewidths([3.5 if name == picked else 1 for name in NODES])
        inputs = len(LAYERS[0])
        texts = [written(output, 2 if place >= inputs else 1) for place, output in enumerate(outputs)]
        self.inside.write(texts, self.places.values(), 10.5)
        self.notes = [
            (text, self.places[name] - (0, RADIUS + 14 + 18 * row))
            for name, texts in notes.items()
            for row, text in enumerate(texts)
        ]
        self.below.write(*zip(*self.notes, strict=True), 9.5)

    def set_lines(self, amounts, strongest, followed, digits, what, picked=None):
        """Show an amount on every line (14,); those that are `followed` (14,) stand out and bear their number.

        A line as strong as `strongest` is the thickest, one of 0 is grey and dotted. The number of the picked one (its place
        among the lines) has a frame.
        """
        self.faint.set(self.lines[~followed], amounts[~followed], strongest)
        self.strong.set(self.lines[followed], amounts[followed], strongest)
        gaps = np.full((len(LINKS), 1, 2), np.nan)  # so that one artist draws them all
        self.zeros.set_data(*np.hstack([self.lines, gaps])[amounts == 0].reshape(-1, 2).T)
        places = np.flatnonzero(followed)
        texts = [written(amounts[place], digits) for place in places]
        self.on_lines.write(texts, self.middles[places], 10.5, [sign_colour(amounts[place]) for place in places])
        boxes = [text_box(text, self.middles[place], 10.5) for text, place in zip(texts, places, strict=True)]
        self.boxes.put([*boxes, *(text_box(text, place, 9.5) for text, place in self.notes)])
        self.box.put([box for box, place in zip(boxes, places, strict=True) if place == picked])
        self.legend.set_text(f"line: {what}")


def text_box(text, place, size):
    """Return the corners of a box around a text of so many points, (4, 2) in pixels."""
    size *= DPI / 72
    half = np.array([text_width(text) * size / 2 + 0.25 * size, 0.62 * size])
    return [place + half * corner for corner in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


def sign_colour(number):
    """Return red for a number above 0, blue for one below."""
    return POSITIVE if number > 0 else NEGATIVE if number < 0 else INK


class AnswerLine:
    """A line from 0 to 1 for the answer of the network: `set(p, before)`."""

    def __init__(self, figure, whole, left, right, y):
        self.left, self.right, self.y = left, right, y
        grey = {"color": "#6b6b6b", "linewidth": 1.5, "linestyle": "-"}
        whole.plot([left, right], [y, y], **grey)
        ends = ((0, "0: surely class 0", "left"), (0.5, "0.5", "center"), (1, "1: surely class 1", "right"))
        for share, text, side in ends:
            x = self.place(share)
            whole.plot([x, x], [y - 5, y + 5], **grey)
            caption(figure, x, y - 18, text, 9.5, ha=side)
        point = {"marker": "o", "linestyle": "none", "markersize": 11, "animated": True, "markeredgecolor": INK}
        self.before = whole.plot([], [], color="white", markeredgewidth=1.5, **point)[0]
        self.now = whole.plot([], [], color=ORANGE, markeredgewidth=1, **point)[0]
        self.artists = [self.before, self.now]

    def place(self, share):
        """Return x in pixels for a probability."""
        return self.left + share * (self.right - self.left)

    def set(self, p, before):
        """Show p as a full point over the p of before as a hollow one."""
        self.before.set_data([self.place(before)], [self.y])
        self.now.set_data([self.place(p)], [self.y])


# The forward pass.

HIDDEN = ("tanh", "relu", "sigmoid", "linear")
MEANS = {
    "tanh": f"tanh makes any sum a number between {MINUS}1 and 1",
    "relu": "relu keeps a sum above 0 and makes all others 0",
    "sigmoid": "sigmoid makes any sum a number between 0 and 1",
    "linear": "linear hands the sum on as it is",
}


def explore_forward_pass():
    """Give a small network two numbers, and follow them through every sum to the answer."""
    return ForwardPass()


class ForwardPass(Explorer):
    title = "Two numbers go through a small network: every neuron adds up, and hands its output on."
    size = (960, 424)
    lines = 5

    def make_controls(self):
        return {
            "x1": float_slider("Input x1", 1.0, -2, 2, "The first number that goes into the network"),
            "x2": float_slider("Input x2", -0.5, -2, 2, "The second number that goes into the network"),
            "node": choice("Neuron", "g1", NEURONS, "The neuron whose sum is written out"),
            "activation": choice("Activation", "tanh", HIDDEN, "Activation function of the hidden neurons h and g"),
            "change": float_slider("Bias change", 0.0, -2, 2, "Added to the bias of this neuron: see what else changes"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        self.network = Diagram(figure, left=56, gap=172, middle=206, step=122)
        self.head = Label(figure, 640, 386, 12, weight="bold")
        for x, text in ((744, "weight"), (830, "number"), (940, "product")):
            caption(figure, x, 360, text, 9.5, ha="right")
        self.names, self.cells, self.result = Lettering(figure), Lettering(figure), Lettering(figure, "bold")
        whole = self.network.whole
        self.rule = whole.plot([640, 940], [0, 0], color=INK, linewidth=1.2, linestyle="-", animated=True)[0]
        self.answer, self.p = AnswerLine(figure, whole, 654, 926, 62), Lettering(figure, "bold")
        caption(figure, 790, 100, "the answer of the network: p, its output")
        caption(figure, 790, 24, "hollow: before the change of the bias", 9.5)
        table = [self.head, self.names, self.cells, self.result, self.rule]
        return [*self.network.artists, *table, *self.answer.artists, self.p]

    def compute(self, x1, x2, node, activation, change):
        biases = [
            [bias + change * (name == node) for name, bias in zip(names, row, strict=True)]
            for names, row in zip(LAYERS[1:], BIASES, strict=True)
        ]
        (before, _), (outputs, sums) = (run(activation, each, x1, x2) for each in (BIASES, biases))
        place, function = NEURONS.index(node), "sigmoid" if node == "output" else activation
        into = np.array([end == node for _, end in LINKS])
        starts = [NODES.index(start) for start, end in LINKS if end == node]
        weights, bias = by_link(KERNELS), by_neuron(biases)[place]
        moved = [k for k in range(len(NODES)) if written(before[k], 2) != written(outputs[k], 2)]
        return {
            **{"node": node, "activation": activation, "function": function, "change": change, "into": into},
            **{"outputs": outputs, "sums": sums, "weights": weights, "starts": np.array(starts), "bias": bias},
            **{"z": sums[place], "output": outputs[2 + place], "p": outputs[-1]},
            **{"before": before, "moved": np.array(moved, int)},
            **written_sum(weights[into], outputs[starts], bias, function, node in LAYERS[1]),
        }

    def paint(self, numbers):
        node, weights, into, before = (numbers[name] for name in ("node", "weights", "into", "before"))
        notes = {node: [f"bias {written(numbers['bias'], 1)}"]}
        for place in numbers["moved"]:
            notes.setdefault(NODES[place], []).append(f"was {written(before[place], 2)}")
        self.network.set_nodes(numbers["outputs"], numbers["activation"], notes, node)
        self.network.set_lines(weights, np.abs(weights).max(), into, 1, "weight")
        self.head.set_text(f"The sum of {spoken(node)}")
        digits, shown = numbers["digits"], numbers["shown"]
        height = [338 - 29 * row for row in range(len(shown) + 3)]
        names = [*(NODES[place] for place in numbers["starts"]), "bias", "sum z", f"{numbers['function']}(z)"]
        self.names.write(names, [(640, y) for y in height], 11, align="left")
        cells = []
        for weight, number, product, y in zip(weights[into], shown, numbers["products"], height[:-3], strict=True):
            row = (written(weight, 1), TIMES, written(number, digits), "=", written(product, digits + 1))
            cells += [(text, (x, y)) for text, x in zip(row, (744, 765, 830, 851, 940), strict=True)]
        cells += [
            (written(numbers[name], digits + 1), (940, y)) for name, y in zip(("bias", "shown_z"), height[-3:-1], strict=True)
        ]
        self.cells.write(*zip(*cells, strict=True), 11, align="right")
        self.result.write([written(numbers["output"], 2)], [(940, height[-1])], 12, align="right")
        self.rule.set_ydata([height[-2] + 14.5] * 2)
        self.answer.set(numbers["p"], before[-1])
        self.p.write([written(numbers["p"], 2)], [(self.answer.place(numbers["p"]), 80)], 10.5)

    def describe(self, numbers):
        node, function, digits, bias, p = (numbers[name] for name in ("node", "function", "digits", "bias", "p"))
        terms = [
            f"{written(weight, 1, brackets=True)}{DOT}{written(number, digits, brackets=True)}"
            for weight, number in zip(numbers["weights"][numbers["into"]], numbers["shown"], strict=True)
        ]
        z, before = written(numbers["shown_z"], digits + 1), written(bias - numbers["change"], 1)
        rounded = "" if node in LAYERS[1] else f" (their outputs, rounded to {digits} digits)"
        read = listed([NODES[place] for place in numbers["starts"]])
        moved = listed([spoken(NODES[place]) for place in numbers["moved"]])
        name = "The output" if node == "output" else node
        effect = f"this changes {moved}, and nothing else" if moved else "no output changes"
        changed = f"The bias of {spoken(node)} was {before} and is now {written(bias, 1)}. As far as 2 digits show, {effect}."
        lines = [
            f"{name} reads {read}{rounded}: each times its weight, all added up, and the bias on top.",
            f"`z = {' + '.join(terms)} + {written(bias, 1, brackets=True)} = {z}`",
            f"`output = {function}({z}) = {written(numbers['output'], 2)}`: {MEANS[function]}.",
            *([changed] if round(numbers["change"], 9) else []),
            f"The network answers `p = {written(p, 2)}`: it gives class 1 a probability of {written(100 * p, 0)} %.",
        ]
        return "\n".join(lines)


def run(activation, biases, x1, x2):
    """Return the outputs of all nodes (8,), inputs included, and the sums of all neurons (6,)."""
    model = small_network(activation, biases=biases)
    model.forward(np.array([[x1, x2]]))
    outputs = by_neuron([layer.outputs for layer in model.layers])
    return np.concatenate([[x1, x2], outputs]), by_neuron([layer.sums for layer in model.layers])


def written_sum(weights, inputs, bias, function, first):
    """Return the sum of a neuron as a learner can check it: from rounded inputs, exactly what follows.

    Inputs of the network have one digit. Outputs of other neurons get three, or as many more as the output needs to be right.
    """

    def products(digits):
        return weights * np.round(inputs, digits)

    def output(z):
        return written(ACTIVATIONS[function].forward(z), 2)

    exact = output(weights @ inputs + bias)
    digits = enough_digits(1 if first else 3, lambda digits: output(products(digits).sum() + bias) == exact)
    shown = {"shown": np.round(inputs, digits), "products": products(digits), "shown_z": products(digits).sum() + bias}
    return {"digits": digits, **shown}


def spoken(node):
    """Return the name of a node as it stands in a sentence."""
    return "the output" if node == "output" else node


def listed(names):
    """Return names as a list in a sentence: a, b and c."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


# The backward pass.

WEIGHTS = tuple(f"w({start}\N{RIGHTWARDS ARROW}{end})" for start, end in LINKS)
GRADIENTS, NOW, AFTER = "gradients", "weights", "weights after the step"
NUDGE = 0.001


def explore_backpropagation():
    """Follow the gradient of one weight back through a small network, factor by factor, and take one step."""
    return Backpropagation()


class Backpropagation(Explorer):
    title = "One example, one step: the gradient of every weight, and the chain rule behind it."
    size = (960, 460)
    lines = 7

    def make_controls(self):
        rates = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]
        return {
            "x1": float_slider("Input x1", 1.0, -2, 2, "The first number of the example"),
            "x2": float_slider("Input x2", -0.5, -2, 2, "The second number of the example"),
            "target": choice("Target", 1, [0, 1], "The class that the example really has"),
            "weight": choice("Weight", WEIGHTS[1], WEIGHTS, "The weight whose chain rule is written out"),
            "rate": choice(
                "Learning rate", 0.3, rates, "How far the step goes: each weight moves by the rate times its gradient"
            ),
            "show": choice("Lines show", GRADIENTS, [GRADIENTS, NOW, AFTER], "What the thickness of the lines means"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        self.network = Diagram(figure, left=52, gap=160, middle=222, step=126)
        caption(figure, 388, 30, "dL/dz: slope of the loss along the sum z of a neuron", 9.5)
        caption(figure, 388, 13, f"gradient of a line = output at its start {TIMES} dL/dz at its end", 9.5)
        whole = self.network.whole
        self.head, self.step = Label(figure, 614, 444, 12, weight="bold"), Label(figure, 614, 138, 11, weight="bold")
        self.symbols, self.words, self.cells, self.ways = (Lettering(figure) for _ in range(4))
        self.results, self.losses, self.target = Lettering(figure, "bold"), Lettering(figure), Lettering(figure)
        self.rule = whole.plot([614, 946], [0, 0], color=INK, linewidth=1.2, linestyle="-", animated=True)[0]
        self.answer = AnswerLine(figure, whole, 622, 938, 44)
        table = [self.head, self.symbols, self.words, self.cells, self.ways, self.results, self.rule]
        return [*self.network.artists, *table, self.step, self.losses, self.target, *self.answer.artists]

    def compute(self, x1, x2, target, weight, rate, show):
        x, y = np.array([[x1, x2]]), np.array([[float(target)]])
        link = WEIGHTS.index(weight)
        model = small_network()
        p = model.forward(x)
        outputs = np.concatenate([[x1, x2], by_neuron([layer.outputs for layer in model.layers])])
        sums = by_neuron([layer.sums for layer in model.layers])
        model.backward(binary_crossentropy_gradient(y, p))
        gradients = by_link([layer.gradients["kernel"] for layer in model.layers])
        # The bias is added to the sum as it is, so its gradient is that of the sum.
        of_sums = by_neuron([layer.gradients["bias"] for layer in model.layers])
        take_step(model, rate)
        p_after = model.forward(x)
        after = by_link([layer.weights["kernel"] for layer in model.layers])
        ways, factors = chain(*LINKS[link], outputs, sums, target)
        up, down = (loss_with(link, nudge, x, y) for nudge in (NUDGE, -NUDGE))
        losses = binary_crossentropy(y, p), binary_crossentropy(y, p_after)
        return {
            **{"link": link, "target": target, "rate": rate, "show": show, "outputs": outputs, "sums": sums},
            **{"gradients": gradients, "of_sums": of_sums, "weights": by_link(KERNELS), "after": after},
            **{"p": p[0, 0], "p_after": p_after[0, 0], "loss": losses[0], "loss_after": losses[1]},
            **{"ways": ways, "symbols": [each.symbol for each in factors], "words": [each.words for each in factors]},
            **written_chain(factors, gradients[link]),
            **{"up": up, "down": down, "nudged": (up - down) / (2 * NUDGE)},
        }

    def paint(self, numbers):
        notes = {name: [f"dL/dz {written(slope, 3)}"] for name, slope in zip(NEURONS, numbers["of_sums"], strict=True)}
        self.network.set_nodes(numbers["outputs"], "tanh", notes)
        largest = np.abs(numbers["weights"]).max()
        shown = {
            GRADIENTS: (numbers["gradients"], 1.0, 3, "gradient"),
            NOW: (numbers["weights"], largest, 1, "weight"),
            AFTER: (numbers["after"], largest, 3, "new weight"),
        }
        amounts, strongest, digits, what = shown[numbers["show"]]
        self.network.set_lines(amounts, strongest, on_the_way(numbers["link"]), digits, what, numbers["link"])
        self._paint_chain(numbers)
        self._paint_step(numbers)

    def _paint_chain(self, numbers):
        """Write the factors, one column for each way from the weight to the output; their products; and the gradient."""
        count, ways = numbers["shown"].shape
        columns = (857, 946)[-ways:]
        y = [396 - 23 * row for row in range(count + 3)]
        self.head.set_text(f"The chain rule for {WEIGHTS[numbers['link']]}")
        ends = ["product", "sum: dL/dw", "by nudging w"] if ways > 1 else ["product: dL/dw", "by nudging w"]
        symbols = [*numbers["symbols"], *ends]
        self.symbols.write(symbols, [(614, height) for height in y[: len(symbols)]], 10.5, align="left")
        self.words.write(numbers["words"], [(670, height) for height in y[:count]], 9.5, align="left")
        heads = [f"via {name}" for name in numbers["ways"] if name != "output"]
        self.ways.write(heads, [(x, 419) for x in columns[: len(heads)]], 9.5, align="right")
        cells = [
            (text, (x, height))
            for row, height in zip(written_factors(numbers), y, strict=False)
            for text, x in zip(row, columns, strict=True)
        ]
        if ways > 1:
            products = [written(product, numbers["digits"]) for product in numbers["products"]]
            cells += [(text, (x, y[count])) for text, x in zip(products, columns, strict=True)]
        self.cells.write(*zip(*cells, strict=True), 10, align="right")
        results = [written(numbers[name], 3) for name in ("total", "nudged")]
        self.results.write(results, [(946, height) for height in y[len(symbols) - 2 : len(symbols)]], 11, align="right")
        self.rule.set_ydata([y[count] + 11.5] * 2)

    def _paint_step(self, numbers):
        """Show answer and loss before and after the step."""
        loss, loss_after, target = numbers["loss"], numbers["loss_after"], numbers["target"]
        self.step.set_text(f"One step with learning rate {numbers['rate']:g}")
        before = ("\N{WHITE CIRCLE} before", f"p = {written(numbers['p'], 3)}", f"loss {written(loss, 4)}")
        after = ("\N{BLACK CIRCLE} after", f"p = {written(numbers['p_after'], 3)}", f"loss {written(loss_after, 4)}")
        after = (*after[:2], f"{after[2]} ({compared(loss, loss_after)})")
        places = [(x, y) for y in (114, 93) for x in (614, 690, 784)]
        self.losses.write([*before, *after], places, 10.5, align="left")
        self.answer.set(numbers["p_after"], numbers["p"])
        mark = "\N{BLACK DOWN-POINTING TRIANGLE}"
        if target:
            self.target.write([f"target {mark}"], [(944, 66)], 9.5, align="right")
        else:
            self.target.write([f"{mark} target"], [(616, 66)], 9.5, align="left")

    def describe(self, numbers):
        return "\n".join([loss_line(numbers), *chain_lines(numbers), nudge_line(numbers), step_line(numbers), advice(numbers)])


class Factor(NamedTuple):
    """One factor of the chain rule: how it is written, what it is, its value on every way, and whether it has one digit."""

    symbol: str
    words: str
    values: list
    exact: bool


def chain(start, end, outputs, sums, target):
    """Return the names of the neurons g on the ways from a weight to the output, and the factors, from the loss backwards."""
    output, slope = dict(zip(NODES, outputs, strict=True)), dict(zip(NEURONS, slopes(sums), strict=True))
    weight = dict(zip(LINKS, by_link(KERNELS), strict=True))
    ways = {1: LAYERS[2], 2: (end,), 3: ("output",)}[depth(end)]
    loss_slope = binary_crossentropy_gradient(np.array([float(target)]), np.array([output["output"]]))[0]
    factors = [
        Factor("dL/dp", "slope of loss", [loss_slope for _ in ways], False),
        Factor("dp/dz", "slope of sigmoid", [slope["output"] for _ in ways], False),
    ]
    if end != "output":
        g = end if len(ways) == 1 else "g"
        factors += [
            Factor(f"dz/d{g}", f"weight {g} \N{RIGHTWARDS ARROW} output", [weight[way, "output"] for way in ways], True),
            Factor(f"d{g}/dz", "slope of tanh", [slope[way] for way in ways], False),
        ]
    if len(ways) > 1:
        factors += [
            Factor(f"dz/d{end}", f"weight {end} \N{RIGHTWARDS ARROW} g", [weight[end, way] for way in ways], True),
            Factor(f"d{end}/dz", "slope of tanh", [slope[end] for _ in ways], False),
        ]
    what = "input" if start in LAYERS[0] else "output of"
    return ways, [*factors, Factor("dz/dw", f"{what} {start}", [output[start] for _ in ways], start in LAYERS[0])]


def depth(name):
    """Return in which layer a node is; the inputs are layer 0."""
    return next(place for place, names in enumerate(LAYERS) if name in names)


def slopes(sums):
    """Return the slope of every neuron's activation at its sum, (6,): tanh for the hidden ones, sigmoid for the output."""
    return np.append(ACTIVATIONS["tanh"].derivative(sums[:-1]), ACTIVATIONS["sigmoid"].derivative(sums[-1]))


def written_chain(factors, gradient):
    """Return the chain rule as a learner can check it: rounded factors, and exactly what follows from them.

    Weights and inputs have one digit. The other factors get four, or as many more as the gradient needs to be right.
    """
    exact = np.array([factor.exact for factor in factors])
    values = np.array([factor.values for factor in factors])

    def products(digits):
        found = np.round(values, digits).prod(axis=0)
        return found if len(found) == 1 else np.round(found, digits)  # only where there are two, they are shown and added

    digits = enough_digits(4, lambda digits: written(products(digits).sum(), 3) == written(gradient, 3))
    shown = {"shown": np.round(values, digits), "products": products(digits), "total": products(digits).sum()}
    return {"digits": digits, "exact": exact, "values": values, **shown}


def loss_with(link, nudge, x, y):
    """Return the loss of the network with one weight moved a little."""
    amounts = by_link(KERNELS)
    amounts[link] += nudge
    kernels = [part.reshape(np.shape(kernel)) for part, kernel in zip(np.split(amounts, [6, 12]), KERNELS, strict=True)]
    return binary_crossentropy(y, small_network(kernels=kernels).forward(x))


def take_step(model, rate):
    """Move all weights and biases of a model by minus the rate times their gradients."""
    names = [(layer, name) for layer in model.layers for name in layer.weights]
    SGD(rate).apply([layer.gradients[name] for layer, name in names], [layer.weights[name] for layer, name in names])


def on_the_way(link):
    """Return which lines lead from a weight to the output, its own included: (14,)."""
    reached = {LINKS[link][1]}
    follows = []
    for place, (start, end) in enumerate(LINKS):
        follows.append(place == link or start in reached)
        reached |= {end} if follows[-1] else set()
    return np.array(follows)


def written_factors(numbers):
    """Return the factors as text, one list for each row of the table."""
    return [
        [written(value, 1 if exact else numbers["digits"]) for value in row]
        for row, exact in zip(numbers["shown"], numbers["exact"], strict=True)
    ]


def loss_line(numbers):
    """Return how the loss comes from the answer."""
    target, p, loss = numbers["target"], numbers["p"], written(numbers["loss"], 4)

    def right(digits):
        believed = round(p, digits) if target else 1 - round(p, digits)
        return written(-log(believed), 4) == loss

    taken = "log(p)" if target else f"log(1 {MINUS} p)"
    answer = written(p, enough_digits(4, right))
    return f"Target {target}, answer `p = {answer}`: the loss is `L = {MINUS}{taken} = {loss}` (natural logarithm)."


def chain_lines(numbers):
    """Return the chain rule with its numbers: one line, or with two ways three."""
    ways = [DOT.join(in_brackets(text) for text in column) for column in zip(*written_factors(numbers), strict=True)]
    products = [written(product, numbers["digits"]) for product in numbers["products"]]
    total = written(numbers["total"], 3)
    if len(ways) == 1:
        return [f"Chain rule: `dL/dw = {ways[0]} = {total}`"]
    lines = [f"Way via {name}: `{way} = {out}`" for name, way, out in zip(numbers["ways"], ways, products, strict=True)]
    return [*lines, f"Both ways added: `dL/dw = {products[0]} + {in_brackets(products[1])} = {total}`"]


def nudge_line(numbers):
    """Return the gradient as it comes out when the weight is moved a little, up and down."""
    up, down, nudged = numbers["up"], numbers["down"], written(numbers["nudged"], 3)
    digits = enough_digits(7, lambda digits: written((round(up, digits) - round(down, digits)) / (2 * NUDGE), 3) == nudged)
    quotient = f"({written(up, digits)} {MINUS} {written(down, digits)}) / {2 * NUDGE}"
    return f"Check: the loss with w + {NUDGE} and with w {MINUS} {NUDGE} gives `{quotient} = {nudged}`."


def step_line(numbers):
    """Return where the step moves the weight."""
    gradient, weight, after = (numbers[name][numbers["link"]] for name in ("gradients", "weights", "after"))
    rate, new = numbers["rate"], written(after, 3)
    digits = enough_digits(3, lambda digits: written(weight - rate * round(gradient, digits), 3) == new)
    moved = f"{written(weight, 1)} {MINUS} {rate:g}{DOT}{written(gradient, digits, brackets=True)} = {new}"
    if not round(gradient, 9):
        return f"The gradient is 0, so w stays: `{moved}`. The other weights move by their own gradients."
    kind, way = ("above", "smaller") if gradient > 0 else ("below", "larger")
    cause = f"The gradient is {kind} 0, so the step makes w {way}"
    if new == written(weight, 3):
        return f"{cause}, by less than 3 digits show: `{moved}`."
    return f"{cause}: `{moved}`. The other weights move by their own gradients."


def compared(before, after):
    """Return how a loss has changed, in a word."""
    return "smaller" if after < before else "larger" if after > before else "the same"


def advice(numbers):
    """Return what the learner should notice about the step."""
    start, loss, loss_after = LINKS[numbers["link"]][0], numbers["loss"], numbers["loss_after"]
    change = f"The loss goes from {written(loss, 4)} to {written(loss_after, 4)}"
    if loss_after > loss:
        too_far = f"a learning rate of {numbers['rate']:g} goes too far"
        return f"{change}: it grows. The gradient is only right nearby, and {too_far}."
    if start in LAYERS[0] and not round(numbers["outputs"][NODES.index(start)], 9):
        return f"{change}. But {start} is 0, so its weights have no part in the answer: gradient 0, no move."
    return f"{change}: it {'falls' if loss_after < loss else 'stays'}."
