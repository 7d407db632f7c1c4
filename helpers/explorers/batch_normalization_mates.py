"""One digit and its batch mates: what a network with batch normalization makes of it when the others of its batch change."""

from functools import lru_cache

import numpy as np

from helpers.datasets import mnist_split
from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.rnn_types_common import first_run
from helpers.explorers.signs import two_digits
from helpers.plots.figure import BLUE, INK, ORANGE, caption, chart_axes, picture_axes
from helpers.plots.lettering import Label
from helpers.plots.number_grid import Frame, box_corners, marks
from helpers.plots.pixels import Pixels
from helpers.scratch.activation import Activation
from helpers.scratch.activations import softmax
from helpers.scratch.batch_normalization import BatchNormalization
from helpers.scratch.dense import Dense
from helpers.scratch.sequential import Sequential

DRAWS, PINNED, BATCHES = 100, 30, 300  # batches that are drawn; digits to choose from; batches of the moving average
SIZES, MOMENTA = (2, 4, 8, 16, 32, 64), (0.0, 0.5, 0.9, 0.99, 0.999)
MATES = ("any digits", "only its own kind", "only zeros", "only ones")
TRAINING, INFERENCE = "training", "inference"
NETWORKS = {"trained": "after", "new": "before"}
REACH = 4.0  # of the chart of outputs, on both sides of 0
SIDE, ROW = 224, 8  # the picture of the batch, in pixels, and how many digits are in one of its rows


@lru_cache
def network(which):
    """Return the recorded network, "trained" or "new": two hidden layers of 64 with batch normalization, ten outputs."""
    layers = [layer for _ in range(2) for layer in (Dense(64), BatchNormalization(momentum=0.9), Activation("relu"))]
    model = Sequential([*layers, Dense(10, "softmax")])
    model.build((None, 784))
    run = first_run("batch_norm_digits")
    model.set_weights([run[f"{NETWORKS[which]} {place}"].astype(float) for place in range(len(model.get_weights()))])
    return model


@lru_cache
def digits():
    """Return 1,000 digits that the network never saw: (1000, 784) and (1000,)."""
    return mnist_split(0, flat=True)[2:]


@lru_cache
def first_sums(which):
    """Return the sums of the first layer for all these digits, (1000, 64) float32, and the two neurons that are shown."""
    sums = network(which).layers[0].forward(digits()[0])
    # The two that differ most from digit to digit in the trained network; the same two in the new one.
    shown = np.argsort(sums.std(axis=0))[-2:] if which == "trained" else first_sums("trained")[1]
    return sums, shown


@lru_cache(maxsize=16)
def mates_of(pinned, kind, seed):
    """Return mates for every draw, (DRAWS, 63): places among the digits, each at most once in a batch, never the pinned one."""
    y = digits()[1]
    wanted = {"any digits": y >= 0, "only its own kind": y == y[pinned], "only zeros": y == 0, "only ones": y == 1}[kind]
    pool = np.flatnonzero(wanted & (np.arange(len(y)) != pinned))
    order = np.random.default_rng([seed, pinned, 2]).random((DRAWS, len(pool)), dtype=np.float32)
    return pool[order.argsort(axis=1)[:, : SIZES[-1] - 1]]


def normalised(layer, sums, mean, variance):
    """Return what a BatchNormalization layer makes of sums with this mean and variance."""
    gamma, beta = (array.astype(sums.dtype) for array in layer.get_weights()[:2])
    return gamma * (sums - mean) / np.sqrt(variance + layer.epsilon) + beta


@lru_cache(maxsize=16)
def first_outputs(pinned, kind, seed, which):
    """Return the outputs of the first normalisation for the pinned digit: for each size and draw, (sizes, DRAWS, 64)."""
    sums = first_sums(which)[0]
    batch = sums[np.column_stack([np.full(DRAWS, pinned), mates_of(pinned, kind, seed)])]  # (DRAWS, 64, neurons)
    batch = batch - sums.mean(axis=0)  # the variance is the mean square minus the squared mean: exact only for small means
    totals, squares = batch.cumsum(axis=1), np.square(batch).cumsum(axis=1)
    outputs = []
    for size in SIZES:
        mean = totals[:, size - 1] / size
        variance = np.maximum(squares[:, size - 1] / size - mean**2, 0)
        outputs.append(normalised(network(which).layers[1], batch[:, 0], mean, variance))
    return np.stack(outputs)


@lru_cache(maxsize=32)
def shares_in_training(pinned, kind, seed, which, size):
    """Return what the whole network says of the pinned digit in each draw, in training mode: shares (DRAWS, 10)."""
    model = network(which)
    _, first, relu, second, norm, _, last = model.layers
    batch = first_sums(which)[0][np.column_stack([np.full(DRAWS, pinned), mates_of(pinned, kind, seed)[:, : size - 1]])]
    mean, variance = batch.mean(axis=1, keepdims=True), batch.var(axis=1, keepdims=True)
    h = relu.activation.forward(normalised(first, batch, mean, variance))
    kernel, bias = (array.astype(np.float32) for array in second.get_weights())
    z = (h.reshape(-1, h.shape[-1]) @ kernel + bias).reshape(h.shape)
    h = np.maximum(normalised(norm, z[:, 0], z.mean(axis=1), z.var(axis=1)), 0)
    kernel, bias = last.get_weights()
    return softmax(h @ kernel + bias)


@lru_cache(maxsize=32)
def batch_means(which, size):
    """Return the mean of the first shown neuron in each of BATCHES batches of any digits, (BATCHES,)."""
    sums, shown = first_sums(which)
    rng = np.random.default_rng(size)
    return sums[rng.integers(0, len(sums), (BATCHES, size)), shown[0]].mean(axis=1)


def moving_average(means, momentum):
    """Return the moving average before the first batch and after each: it begins at 0."""
    moving = [0.0]
    for mean in means:
        moving.append(momentum * moving[-1] + (1 - momentum) * mean)
    return np.array(moving)


def explore_batch_mates():
    """Pin one digit and draw the others of its batch anew: what the network makes of it, in training and in inference."""
    return BatchMates()


class BatchMates(Explorer):
    title = "One digit, a hundred batches: what its mates do to its outputs."
    size = (960, 520)
    lines = 5

    def make_controls(self):
        sizes = "How many digits are normalised together, the pinned one among them"
        return {
            "mode": choice("Mode", TRAINING, (TRAINING, INFERENCE), "Statistics of the batch, or the moving averages"),
            "size": choice("Batch size", 4, SIZES, sizes),
            "mates": choice("Mates", MATES[0], MATES, "Among which digits the mates are drawn"),
            "pinned": slider("Pinned digit", 0, 0, PINNED - 1, "Which of thirty new digits is looked at"),
            "redraw": slider("Draw", 0, 0, 20, "Each place of this slider draws a hundred other batches"),
            "which": choice("Network", "trained", NETWORKS, "Before or after it learned the digits"),
            "momentum": choice("Momentum", 0.9, MOMENTA, "How much of the old moving average is kept at each batch"),
            "seen": slider("Batches seen", 40, 0, BATCHES, "How many batches have moved the moving average"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        self.batch = Pixels(picture_axes(figure, 16, 246, SIDE, SIDE), "gray_r", 0, 1)
        frame_axes = chart_axes(figure, 16, 246, SIDE, SIDE, xlim=(-0.5, ROW - 0.5), ylim=(ROW - 0.5, -0.5), facecolor="none")
        frame_axes.axis("off")
        self.frame = Frame(frame_axes, ORANGE)
        self.about = [Label(figure, 16, y, 10) for y in (214, 192, 170, 148, 126)]
        caption(figure, 16, 492, "a batch; framed: the pinned digit", 10, ha="left")
        ends = (-REACH - 0.2, REACH + 0.2)
        cloud = chart_axes(figure, 312, 196, 278, 278, xlim=ends, ylim=ends, xticks=range(-4, 5, 2), yticks=range(-4, 5, 2))
        cloud.set(xlabel="neuron A", ylabel="neuron B")
        cloud.grid()
        caption(figure, 451, 492, "two of its outputs in layer 1 (gamma, beta in)", 10)
        strip = chart_axes(figure, 312, 62, 278, 56, xlim=(-0.02, 1.02), ylim=(-0.6, 0.6), yticks=[])
        strip.set_xlabel("share for the right digit (height: no meaning)")
        self.heights = np.random.default_rng(0).uniform(-0.45, 0.45, DRAWS)  # so that the dots do not hide each other
        self.dots = [marks(cloud, "o", BLUE, 4), marks(strip, "o", BLUE, 4)]
        self.now = [marks(cloud, "D", ORANGE, 7), marks(strip, "D", ORANGE, 7)]
        self.fixed = [axes.plot([], [], "x", color=INK, markersize=11, mew=2.4, animated=True)[0] for axes in (cloud, strip)]
        spread = chart_axes(figure, 674, 300, 272, 174, xlim=(0.7, 6.3), ylim=(0, 1.25), facecolor="none")
        spread.set_xticks(range(1, 7), SIZES)
        spread.set(xlabel="batch size", ylabel="standard deviation")
        spread.grid(axis="y")
        caption(figure, 810, 492, "how far the mates move it", 10)
        self.fixed[1].set_clip_on(False)
        self.curve = spread.plot([], [], color=BLUE, marker="o", markersize=4, animated=True)[0]
        self.here = marks(spread, "D", ORANGE, 8)
        self.lag = chart_axes(figure, 674, 66, 272, 146, xlim=(-4, BATCHES + 4), ylim=(-0.02, 1.02), facecolor="none")
        self.lag.set(yticks=[], xlabel="batches seen")
        caption(figure, 810, 9, "grey: each batch; dashes: all digits", 9.5)
        caption(figure, 810, 228, "moving average of A's sums, anew", 10)
        line = {"animated": True}
        self.single = marks(self.lag, "o", "#8c8c8c", 2.5)
        self.truth = self.lag.plot([], [], color=INK, linestyle=(0, (5, 2)), linewidth=1.5, **line)[0]
        self.moving = self.lag.plot([], [], color=ORANGE, linestyle="-", linewidth=2.2, **line)[0]
        self.after = marks(self.lag, "D", ORANGE, 7)
        for x, colour, mark, text in (
            (16, BLUE, "o", "100 batches"),
            (16, ORANGE, "D", "the batch above"),
            (16, INK, "x", "inference"),
        ):
            y = {"o": 96, "D": 74, "x": 52}[mark]
            whole = chart_axes(figure, x, y - 8, 16, 16, xlim=(-1, 1), ylim=(-1, 1))
            whole.axis("off")
            whole.plot([0], [0], mark, color=colour, markersize=9 if mark == "x" else 6, mew=2.2 if mark == "x" else 0)
            caption(figure, x + 24, y, text, 10, ha="left")
        self.scale = [Label(figure, 668, y, 9.5, align="right") for y in (70, 204)]
        shown = [self.batch, self.frame, *self.dots, *self.fixed, *self.now, self.curve, self.here]
        return [*shown, self.single, self.truth, self.moving, self.after, *self.about, *self.scale]

    def compute(self, mode, size, mates, pinned, redraw, which, momentum, seen):
        model, (x, y), (sums, shown) = network(which), digits(), first_sums(which)
        outputs = first_outputs(pinned, mates, redraw, which)
        gamma, beta, mean, variance = model.layers[1].get_weights()
        place, label = SIZES.index(size), int(y[pinned])
        always = normalised(model.layers[1], sums[pinned], mean, variance)[shown]
        fixed = model.forward(x[pinned : pinned + 1])[0]
        if mode == TRAINING:
            cloud, shares = outputs[place][:, shown], shares_in_training(pinned, mates, redraw, which, size)
        else:
            cloud, shares = np.tile(always, (DRAWS, 1)), np.tile(fixed, (DRAWS, 1))
        named = shares.argmax(axis=1)
        means = batch_means(which, size)
        return {
            **{"cloud": cloud, "right": shares[:, label], "named": named, "label": label, "inference": always},
            **{"inference right": float(fixed[label]), "inference named": int(fixed.argmax()), "mode": mode, "size": size},
            **{
                "spread": outputs.std(axis=1).mean(axis=1),
                "batch": x[[pinned, *mates_of(pinned, mates, redraw)[0][: size - 1]]],
            },
            **{"means": means, "moving": moving_average(means[:seen], momentum), "true mean": float(sums[:, shown[0]].mean())},
            **{"momentum": momentum, "seen": seen, "mates": mates},
        }

    def paint(self, numbers):
        size, fixed = numbers["size"], numbers["inference"]
        picture = np.zeros((ROW, 28, ROW, 28), np.float32)
        for place, digit in enumerate(numbers["batch"]):
            picture[place // ROW, :, place % ROW, :] = digit.reshape(28, 28)
        self.batch.set(picture.reshape(SIDE, SIDE))
        self.frame.put(box_corners(0, 0, 0, 0))
        cloud = numbers["cloud"].clip(-REACH, REACH)
        self.dots[0].set_data(*cloud.T)
        self.dots[1].set_data(numbers["right"], self.heights)
        self.now[0].set_data(*cloud[:1].T)
        self.now[1].set_data(numbers["right"][:1], self.heights[:1])
        self.fixed[0].set_data(*fixed[:, None].clip(-REACH, REACH))
        self.fixed[1].set_data([numbers["inference right"]], [0])
        spread = numbers["spread"] if numbers["mode"] == TRAINING else np.zeros(len(SIZES))
        self.curve.set_data(np.arange(1, len(SIZES) + 1), spread)
        self.here.set_data([SIZES.index(size) + 1], [spread[SIZES.index(size)]])
        truth, means, moving = numbers["true mean"], numbers["means"], numbers["moving"]
        # From 0, where the average begins, to the mean of all digits, with room on both sides.
        room = 0.6 * abs(truth)
        low, high = min(0, truth) - room, max(0, truth) + room
        scaled = [(values - low) / (high - low) for values in (means.clip(low, high), moving.clip(low, high))]
        self.single.set_data(np.arange(1, BATCHES + 1), scaled[0])
        self.moving.set_data(np.arange(len(moving)), scaled[1])
        self.after.set_data([len(moving) - 1], scaled[1][-1:])
        self.truth.set_data([0, BATCHES], [(truth - low) / (high - low)] * 2)
        for label, value in zip(self.scale, (low, high), strict=True):
            label.set_text(two_digits(value))
        wrong = int((numbers["named"] != numbers["label"]).sum())
        lines = (
            f"The pinned digit is a {numbers['label']}.",
            f"Named rightly in {DRAWS - wrong} of {DRAWS} batches.",
            f"A: {two_digits(numbers['cloud'][:, 0].min())} to {two_digits(numbers['cloud'][:, 0].max())}",
            f"B: {two_digits(numbers['cloud'][:, 1].min())} to {two_digits(numbers['cloud'][:, 1].max())}",
            f"inference: A {two_digits(fixed[0])}, B {two_digits(fixed[1])}",
        )
        for label, text in zip(self.about, lines, strict=True):
            label.set_text(text)

    def describe(self, numbers):
        size, right, label = numbers["size"], numbers["right"], numbers["label"]
        wrong = int((numbers["named"] != label).sum())
        moved = numbers["spread"][SIZES.index(size)]
        left = numbers["momentum"] ** numbers["seen"]
        if numbers["mode"] == TRAINING:
            lines = [
                f"Training, batches of {size}, mates: {numbers['mates']}. The digit is the same in all {DRAWS} batches, "
                f"but its outputs are not: standard deviation `{moved:.2f}`, the mean over the 64 neurons.",
                f"The network gives the right digit, {label}, a share from {right.min():.2f} to {right.max():.2f}; "
                f"in `{wrong}` of {DRAWS} batches it names another one.",
            ]
        else:
            lines = [
                f"Inference: the moving averages take the place of the batch. All {DRAWS} dots lie on one place: the mates do "
                "not matter, neither which nor how many.",
                f"The network gives the right digit, {label}, a share of {right[0]:.2f} in each batch; it names "
                f"{numbers['inference named']}.",
            ]
        lines.append(
            f"The moving average, momentum {numbers['momentum']:g}: after {numbers['seen']} batches of {size} it is "
            f"`{two_digits(numbers['moving'][-1])}`; the mean of all digits is {two_digits(numbers['true mean'])}. "
            f"{100 * left:.3g} % of its start, 0, is still in it."
        )
        return "\n".join(lines)
