"""The decision surface of a recorded network after some epochs: early, at its lowest validation loss, and late."""

from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.play import WithPlay
from helpers.explorers.rnn_types_common import first_run
from helpers.plots.figure import BLUE, INK, ORANGE, caption, chart_axes, picture_axes
from helpers.plots.lettering import Label
from helpers.plots.number_grid import marks
from helpers.plots.pixels import Pixels, colour_table, named_colour
from helpers.scratch.activations import sigmoid
from helpers.scratch.dense import Dense
from helpers.scratch.losses import binary_crossentropy
from helpers.scratch.sequential import Sequential

MEASUREMENTS = ("mean texture", "mean smoothness")  # of a tumour's cell nuclei: the two inputs, in standard deviations
CLASSES = ("malignant", "benign")  # class 0 and 1
PARTS = ("training", "validation", "test")
PROBABILITY, CLASS = "probability", "classes"
SURE = 0.99  # of either class: from here on the network counts as sure
SIDE, GRID, PLANE = 360, 73, (62, 80)  # of the surface: pixels, places along a side that are computed, lower left corner
MANY = 100  # points: from here on they are drawn smaller, or their rings would cover each other
PALE = 0.45  # how much of a colour of the scale is left, so that points can be seen on it


@lru_cache
def network():
    """Return the network of the recording: two measurements -> the probability of benign."""
    hidden = [Dense(array.shape[1], "relu") for array in kernels()[:4:2]]
    model = Sequential([*hidden, Dense(1, "sigmoid")])
    model.build((None, len(MEASUREMENTS)))
    return model


@lru_cache
def recorded():
    """Return what was recorded, a dict of arrays."""
    return first_run("early_stopping_surface")


def kernels(place=0):
    """Return the recorded weights of one place in "epochs", in the order of `get_weights`, as float32."""
    names = sorted(name for name in recorded() if name.startswith("weights "))
    return [recorded()[name][place].astype(np.float32) for name in names]


def sums_of(place, x):
    """Return the sums z of the output before the sigmoid, (points,), with the weights of this place in "epochs"."""
    model = network()
    model.set_weights(kernels(place))
    model.forward(x)
    return model.layers[-1].sums[:, 0]


@lru_cache
def reach():
    """Return the lowest and the highest value of both measurements in the picture: (low, high), each (2,)."""
    x = np.concatenate([recorded()[f"{part}: x"] for part in PARTS])
    room = 0.04 * (x.max(axis=0) - x.min(axis=0))
    return x.min(axis=0) - room, x.max(axis=0) + room


@lru_cache
def plane():
    """Return the places of the picture that are computed, (GRID * GRID, 2): the upper row first."""
    (left, bottom), (right, top) = reach()
    across, down = np.meshgrid(np.linspace(left, right, GRID), np.linspace(top, bottom, GRID))
    return np.stack([across.ravel(), down.ravel()], axis=1).astype(np.float32)


@lru_cache
def between():
    """Return the (SIDE, GRID) matrix that fills in straight lines between the computed places."""
    place = np.linspace(0, GRID - 1, SIDE)
    return np.maximum(0, 1 - abs(place[:, None] - np.arange(GRID))).astype(np.float32)


@lru_cache(maxsize=4)
def surface(place):
    """Return the sums z in every pixel of the picture, (SIDE, SIDE): z > 0 is benign."""
    # Sums bend little between places, probabilities much: so it is the sums that are filled in.
    sums = sums_of(place, plane()).reshape(GRID, GRID)
    return between() @ sums @ between().T


@lru_cache
def figures(place):
    """Return sums, losses, wrong: part -> the sums z of its points, their mean loss, and which are named wrongly."""
    sums = {part: sums_of(place, recorded()[f"{part}: x"]) for part in PARTS}
    true = {part: recorded()[f"{part}: y"] for part in PARTS}
    losses = {part: float(binary_crossentropy(true[part], sigmoid(sums[part]))) for part in PARTS}
    return sums, losses, {part: (sums[part] > 0) != (true[part] == 1) for part in PARTS}


@lru_cache
def best_place():
    """Return the place in "epochs" with the lowest validation loss of all recorded weights."""
    return int(recorded()["validation: loss"][recorded()["epochs"]].argmin())


@lru_cache
def palette():
    """Return 256 packed colours, from malignant to benign, pale enough for points on them."""
    channels = colour_table("RdBu").view(np.uint8).reshape(-1, 4).astype(float)
    pale = np.round(255 - PALE * (255 - channels)).astype(np.uint8)
    pale[:, 3] = 255
    return pale.view(np.uint32)[:, 0]


def explore_weights():
    """See what a network says of every point of a plane after so many epochs, beside its losses."""
    return Weights()


class Weights(WithPlay):
    title = "What the network says everywhere, epoch by epoch: too simple, about right, too wrinkled."
    size = (960, 496)
    lines = 5

    def make_controls(self):
        last = len(recorded()["epochs"]) - 1
        tip = "Which recorded epoch is shown; at the start every one is recorded, later fewer"
        return {
            "epoch": slider("Epoch", best_place(), 0, last, tip, readout=False),
            "points": choice("Points", PARTS[0], PARTS, "Which tumours are drawn"),
            "background": choice("Background", PROBABILITY, (PROBABILITY, CLASS), "What the colours of the plane say"),
        }

    def arrange(self, controls):
        epoch, *others = controls.values()
        jumps = (
            ("Early", 1, "After the first epoch"),
            ("Best", best_place(), "The lowest validation loss"),
            ("Late", epoch.max, "The last epoch"),
        )
        self.jumps = []
        for name, place, tip in jumps:
            button = widgets.Button(description=name, tooltip=tip, layout=widgets.Layout(width="80px", margin="2px 6px"))
            button.on_click(lambda button, place=place: self.jump(place))
            self.jumps.append(button)
        return [rows_of([epoch, *others], 3), self.play_button("epoch", 300, "Watch it learn"), *self.jumps]

    def jump(self, place):
        """Stop Play and go to this place in "epochs"."""
        with self._lock:
            self._was_reset, self._play.playing = True, False
            self.set(epoch=place)

    def stage(self, figure):
        left, bottom = PLANE
        self.plane = Pixels(picture_axes(figure, left, bottom, SIDE, SIDE))
        (x0, y0), (x1, y1) = reach()
        axes = chart_axes(figure, left, bottom, SIDE, SIDE, xlim=(x0, x1), ylim=(y0, y1), facecolor="none")
        axes.set(xlabel=f"{MEASUREMENTS[0]} (standard deviations)", ylabel=f"{MEASUREMENTS[1]} (standard deviations)")
        edge = {"linestyle": "none", "animated": True}
        self.dots = [
            axes.plot([], [], marker="^", color=ORANGE, markersize=6.5, mec="white", mew=0.5, **edge)[0],
            axes.plot([], [], marker="o", color=BLUE, markersize=5.5, mec="white", mew=0.5, **edge)[0],
        ]
        self.rings = axes.plot([], [], marker="o", mfc="none", mec=INK, **edge)[0]
        self.bar = Pixels(picture_axes(figure, left + 98, 10, 150, 14), stretch=True)
        self.bar_ends = [
            Label(figure, left + 90, 17, 10, ORANGE, align="right"),
            Label(figure, left + 256, 17, 10, BLUE),
        ]
        self.heading = Label(figure, left + SIDE / 2, 482, 12, align="center", weight="bold")
        caption(figure, left + SIDE / 2, 459, "triangle: malignant, dot: benign, ring: named wrongly; line: p = 0.5", 9.5)
        self.losses(figure)
        caption(figure, 610, 134, "at this epoch", 10.5, ha="left")
        for x, name in ((800, "loss"), (930, "share wrong")):
            caption(figure, x, 134, name, 10.5, ha="right")
        self.table = [
            [Label(figure, 610, y, 10.5), *(Label(figure, x, y, 10.5, align="right") for x in (800, 930))]
            for y in (108, 84, 60)
        ]
        caption(figure, 610, 34, "arrow: these points are drawn", 9.5, ha="left")
        cells = [label for row in self.table for label in row]
        moving = [self.plane, *self.dots, self.rings, self.bar, *self.bar_ends, self.heading]
        return [*moving, self.here, *self.on_curves, *cells]

    def losses(self, figure):
        """Draw the curves, which never move, and make the marks on them, which do."""
        last = recorded()["epochs"][-1]
        self.curves = {part: recorded()[f"{part}: loss"] for part in PARTS[:2]}
        top = 1.05 * max(curve.max() for curve in self.curves.values())
        # Epoch 0 has no logarithm.
        chart = chart_axes(figure, 500, 214, 436, 202, xlim=(-0.03, 1.02 * np.log10(last + 1)), ylim=(0, top), facecolor="none")
        ticks = [0, 1, 3, *(epoch for epoch in (10, 30, 100, 300, 1000, 3000) if epoch < 0.8 * last), last]
        chart.set_xticks(np.log10(np.add(ticks, 1)), ticks)
        chart.set(xlabel="epochs (the first ones are drawn wider)", ylabel="loss")
        chart.grid(axis="y")
        epochs = np.log10(np.arange(last + 1) + 1)
        for (part, curve), colour, style in zip(self.curves.items(), (BLUE, ORANGE), ("-", (0, (5, 2))), strict=True):
            chart.plot(epochs, curve, color=colour, linestyle=style, linewidth=1.8, label=part)
        best = recorded()["epochs"][best_place()]
        low = self.curves["validation"][best]
        chart.plot([epochs[best]], [low], "*", color=INK, markersize=18, linestyle="none")
        caption(figure, 718, 482, "loss: training (solid), validation (dashed)", 10.5)
        caption(figure, 718, 459, f"star: lowest validation loss, {low:.3f}, after epoch {best}", 9.5)
        self.here = chart.plot([], [], color=INK, linestyle=(0, (1, 1.5)), linewidth=1.6, animated=True)[0]
        self.top = top
        self.on_curves = [marks(chart, "o", BLUE, 7), marks(chart, "D", ORANGE, 7)]

    def compute(self, epoch, points, background):
        (sums, losses, wrong), at_best = figures(epoch), figures(best_place())[0]
        x, y = recorded()[f"{points}: x"], recorded()[f"{points}: y"]
        sure = abs(sums[points]) > np.log(SURE / (1 - SURE))
        return {
            **{"epoch": int(recorded()["epochs"][epoch]), "place": epoch, "points": points, "background": background},
            **{"sums": surface(epoch), "x": x, "y": y, "wrong": wrong[points]},
            **{f"{part}: loss": losses[part] for part in PARTS},
            **{f"{part}: error": float(wrong[part].mean()) for part in PARTS},
            **{"sure": int(sure.sum()), "sure and wrong": int((sure & wrong[points]).sum())},
            "other": int(((sums[points] > 0) != (at_best[points] > 0)).sum()),
        }

    def paint(self, numbers):
        sums, benign = numbers["sums"], numbers["sums"] > 0
        scale = np.linspace(0, 1, 64)
        if numbers["background"] == CLASS:
            shares, scale = np.where(benign, 0.85, 0.15), np.where(scale > 0.5, 0.85, 0.15)
        else:
            shares = sigmoid(sums)
        picture = palette()[np.rint(255 * shares).astype(np.uint8)]
        border = np.zeros_like(benign)
        border[1:] |= benign[1:] != benign[:-1]
        border[:, 1:] |= benign[:, 1:] != benign[:, :-1]
        border[:-1] |= border[1:].copy()  # two pixels wide
        picture[border] = named_colour(INK)
        self.plane.show(picture)
        self.bar.show(palette()[np.rint(255 * scale).astype(np.uint8)][None])
        ends = CLASSES if numbers["background"] == CLASS else ("p = 0 (malignant)", "p = 1 (benign)")
        for label, text in zip(self.bar_ends, ends, strict=True):
            label.set_text(text)
        many = len(numbers["x"]) > MANY
        for kind, (dots, size) in enumerate(zip(self.dots, (4.5, 3.5) if many else (6.5, 5.5), strict=True)):
            dots.set_data(*numbers["x"][numbers["y"] == kind].T)
            dots.set_markersize(size)
        self.rings.set(markersize=6.5 if many else 10, markeredgewidth=0.8 if many else 1.3)
        self.rings.set_data(*numbers["x"][numbers["wrong"]].T)
        epoch = numbers["epoch"]
        self.heading.set_text(f"after epoch {epoch}, {numbers['points']} points" if epoch else "before the first epoch")
        here = np.log10(epoch + 1)
        self.here.set_data([here, here], [0, self.top])
        for mark, curve in zip(self.on_curves, self.curves.values(), strict=True):
            mark.set_data([here], [curve[epoch]])
        for part, (name, loss, error) in zip(PARTS, self.table, strict=True):
            name.set_text(f"{'→ ' if part == numbers['points'] else ''}{part}")
            loss.set_text(f"{numbers[f'{part}: loss']:.3f}")
            error.set_text(f"{100 * numbers[f'{part}: error']:.1f} %")

    def describe(self, numbers):
        epoch, best = numbers["epoch"], int(recorded()["epochs"][best_place()])
        losses = {part: f"{numbers[f'{part}: loss']:.3f}" for part in PARTS}
        wrong, count = int(numbers["wrong"].sum()), len(numbers["wrong"])
        when = f"After epoch {epoch}" if epoch else "Before the first epoch"
        lines = [
            f"{when}: loss on the training points `{losses['training']}`, on the validation points `{losses['validation']}`, "
            f"on the test points `{losses['test']}`. Of the {numbers['points']} points {wrong} of {count} are named wrongly "
            "(rings)."
        ]
        stopped, at_best = (found["test"] for found in figures(best_place())[1:])
        if epoch < best:
            lines.append(f"The validation loss is not yet at its lowest, which comes after epoch {best}: training goes on.")
        elif epoch == best:
            lines.append("Here the validation loss is the lowest: these weights are the ones that early stopping restores.")
        else:
            lines.append(
                f"The lowest validation loss was after epoch {best}. There the test loss was {stopped:.3f}, with "
                f"{100 * at_best.mean():.1f} % wrong; now it is {losses['test']}, with {100 * numbers['test: error']:.1f} % "
                "wrong."
            )
        sure = (
            f"It is sure (p below {1 - SURE:.2f} or above {SURE:.2f}) of `{numbers['sure']}` of these {count} points, "
            f"and names `{numbers['sure and wrong']}` of them wrongly."
        )
        other = f" It names {numbers['other']} points otherwise than after epoch {best}."
        lines.append(sure + ("" if epoch == best else other))
        line_loss, line_error = float(recorded()["linear: loss"]), float(recorded()["linear: error"])
        lines.append(f"A straight line (logistic regression): test loss {line_loss:.3f}, {100 * line_error:.1f} % wrong.")
        return "\n".join(lines)
