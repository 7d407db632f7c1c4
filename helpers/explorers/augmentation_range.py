"""How far may a digit be turned? Networks that saw turned digits in training, tested with digits turned all the way."""

from functools import lru_cache

import numpy as np

from helpers.datasets import load_recorded, mnist_split
from helpers.explorers.controls import check_box, choice, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import signed
from helpers.plots.figure import BLUE, GREEN, INK, ORANGE, caption, chart_axes, picture_axes
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import Outline
from helpers.plots.pixels import Pixels
from helpers.scratch.augmentation import rotate

RANGES = (0, 15, 45, 90, 180)  # degrees, either way, by which digits were turned in training
STEP = 5  # degrees between two tested angles
ANGLES = np.arange(-180, 181, STEP)
CLASSES, SHOWN = 10, 10  # kinds of digits; digits in the picture
ALL_DIGITS, ALL_NETWORKS = "all digits", "all five"
PAIRS = {f"{degrees}° and 0°": degrees for degrees in RANGES[1:]}
MEAN, EACH = "mean of three", "each of three"
CLOSE = 0.05  # so far below its best a network is still called good
LOOKS = (  # colour, dashes and mark of each network
    (INK, (0, ()), "o"),
    (BLUE, (0, (6, 2)), "s"),
    (ORANGE, (0, (2, 1.5)), "^"),
    (GREEN, (0, (7, 2, 1.5, 2)), "D"),
    ("#8F4A7F", (0, (1, 1.2)), "v"),
)
LEADER = "#9a9a9a"  # the thin lines from the edge of the chart to the labels
LEFT, BOTTOM, WIDTH, HEIGHT = 62, 54, 440, 400  # of the chart, in pixels
GAP = 20  # pixels between two labels, at least


@lru_cache
def counted():
    """Return what was recorded for all networks and seeds.

    right (ranges, seeds, angles, classes): how many digits are named rightly; count (seeds, classes): of so many;
    back (ranges, seeds, angles): the share named rightly of digits turned by the angle and back.
    """
    runs = load_recorded("augmentation_range").values()
    right = np.array([[run[f"{degrees}: right"] for run in runs] for degrees in RANGES], float)
    back = np.array([[run[f"{degrees}: back"] for run in runs] for degrees in RANGES], float)
    return right, np.array([run["count"] for run in runs], float), back


@lru_cache
def shares(kind):
    """Return the share of digits of a kind, 0 to 9 or ALL_DIGITS, named rightly, (ranges, seeds, angles)."""
    right, count, _ = counted()
    if kind == ALL_DIGITS:
        return right.sum(axis=3) / count.sum(axis=1)[:, None]
    return right[..., kind] / count[:, kind, None]


@lru_cache
def examples(kind):
    """Return test digits of a kind, (10, 28, 28, 1); for ALL_DIGITS one of each."""
    _, _, x, y = mnist_split(0)
    if kind == ALL_DIGITS:
        places = [np.flatnonzero(y == digit)[0] for digit in range(CLASSES)]
    else:
        places = np.flatnonzero(y == kind)[:SHOWN]
    return x[places][..., None]


def stretch(curve):
    """Return the first and the last place of the stretch around the best of a curve in which it stays close to it."""
    best = min(np.flatnonzero(curve == curve.max()), key=lambda place: abs(ANGLES[place]))
    far = np.flatnonzero(curve < curve.max() - CLOSE - 1e-9)
    return int(max(far[far < best], default=-1) + 1), int(min(far[far > best], default=len(curve)) - 1)


def apart(heights, gap, low, high):
    """Return heights near these, in the same order, at least `gap` apart and, where they find room, from low to high."""
    order = np.argsort(heights, kind="stable")
    rises = gap * np.arange(len(heights))
    # Less these rises, heights that are far enough apart do not fall; all that is left is to keep them from falling.
    kept = np.maximum.accumulate(np.asarray(heights, float)[order] - rises)
    kept = np.minimum(kept, high - rises[-1]).clip(low) + rises
    found = np.empty(len(heights))
    found[order] = kept
    return found


def laid_out(digits):
    """Return ten pictures (10, 28, 28, 1) as two rows of five, (56, 140)."""
    return digits[..., 0].reshape(2, 5, 28, 28).transpose(0, 2, 1, 3).reshape(56, 140)


def explore_range():
    """Turn digits and compare networks: how far can a digit be turned, by how far they were turned in training?"""
    return Range()


class Range(Explorer):
    title = "Turned digits: the share named rightly, by how far digits were turned in training."
    size = (960, 500)
    lines = 7

    def make_controls(self):
        networks = "All networks, or one of them and the one that saw upright digits only"
        return {
            "angle": slider("Turned by", 35, -180, 180, "By how many degrees, positive against the clock", step=STEP),
            "kind": choice("Digits", ALL_DIGITS, (ALL_DIGITS, *range(CLASSES)), "Which of the test digits count"),
            "networks": choice("Trained up to", ALL_NETWORKS, (ALL_NETWORKS, *PAIRS), networks),
            "seeds": choice("Seeds", MEAN, (MEAN, EACH), "One curve for the mean of three trainings, or one for each"),
            "back": check_box("Turned back", False, "Digits turned by the angle and back: blurred, but upright", indent=True),
        }

    def relevant(self, kind, **values):
        # By classes, digits that were turned back were not counted.
        return {"kind", *values} - (set() if kind == ALL_DIGITS else {"back"})

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        ends = {"xlim": (-180, 180), "ylim": (0, 100), "facecolor": "none"}
        chart = chart_axes(figure, LEFT, BOTTOM, WIDTH, HEIGHT, **ends)
        chart.set(xlabel="test digits turned by, in degrees (positive: against the clock)", ylabel="% named rightly")
        chart.set(xticks=range(-180, 181, 45), yticks=range(0, 101, 20))
        chart.grid(axis="y")
        caption(figure, LEFT, 484, "one line a network; labels: trained up to, % at this angle", 10, ha="left")
        self.shade = Outline(chart, "none", 0, fill="#e4eaf0")
        self.upright = chart.plot([], [], color=INK, linestyle="-", linewidth=1.2, animated=True)[0]
        self.drawn, self.leaders, self.samples = [], [], []
        whole = chart_axes(figure, LEFT, BOTTOM, 580, HEIGHT, xlim=(LEFT, LEFT + 580), ylim=(0, 100), facecolor="none")
        whole.axis("off")
        for colour, dashes, mark in LOOKS:
            look = {"color": colour, "animated": True, "markersize": 5, "mew": 0}
            self.drawn.append(chart.plot([], [], linestyle=dashes, marker=mark, markevery=6, linewidth=1.7, **look)[0])
            # Grey: at the edge lines of several networks may end in one place, and leaders hide each other there.
            self.leaders.append(whole.plot([], [], linestyle="-", linewidth=0.6, color=LEADER, animated=True)[0])
            self.samples.append(whole.plot([], [], linestyle=dashes, marker=mark, markevery=[1], linewidth=1.7, **look)[0])
        for line in self.drawn + self.leaders:
            line.set_clip_on(False)
        self.back = chart.plot([], [], color="#6b6b6b", linestyle="-", linewidth=1, marker="x", markevery=6, animated=True)[0]
        self.back.set(markersize=6, clip_on=False)
        self.labels = Lettering(figure)
        self.about_back = Label(figure, LEFT, 465, 9.5)
        self.pictures = [Pixels(picture_axes(figure, 668, bottom, 280, 112), "gray_r") for bottom in (318, 156)]
        self.names = [Label(figure, 668, y, 10) for y in (444, 282)]
        self.about_shade = Label(figure, 668, 128, 10)
        moving = [self.shade, self.upright, self.back, *self.leaders, *self.drawn, *self.samples, self.labels]
        return [*moving, self.about_back, *self.pictures, *self.names, self.about_shade]

    def compute(self, angle, kind, networks, seeds, back):
        chosen = PAIRS.get(networks, 0)
        shown = [place for place, each in enumerate(RANGES) if networks == ALL_NETWORKS or each in (0, chosen)]
        curves = shares(kind)[shown]
        means = curves.mean(axis=1)
        curves = means[:, None] if seeds == MEAN else curves
        place = (angle - int(ANGLES[0])) // STEP
        return {
            **{"angle": angle, "kind": kind, "shown": np.array(shown), "shaded": chosen, "seeds": seeds},
            **{"curves": curves, "means": means},
            **{"here": curves[:, :, place], "stretches": np.array([stretch(curve) for curve in means])},
            # The one that is compared with upright training; where all are shown, upright training itself.
            "back": counted()[2][RANGES.index(chosen)].mean(axis=0) if back and kind == ALL_DIGITS else np.empty(0),
            "digits": rotate(examples(kind), angle),
        }

    def paint(self, numbers):
        angle, shown, shaded = numbers["angle"], list(numbers["shown"]), numbers["shaded"]
        self.upright.set_data([angle, angle], [0, 100])
        self.shade.put([[(-shaded, 0), (shaded, 0), (shaded, 100), (-shaded, 100)]] if shaded else [])
        ends = 100 * numbers["means"][:, -1]
        heights = apart(ends, 100 * GAP / HEIGHT, 2, 98)
        texts, places, colours = [], [], []
        for network, (colour, _, _) in enumerate(LOOKS):
            drawn = network in shown
            for artist in (self.drawn[network], self.leaders[network], self.samples[network]):
                artist.set_visible(drawn)
            if not drawn:
                continue
            row = shown.index(network)
            curves = numbers["curves"][row]
            # One artist for all seeds: the gap between two of them is drawn as nothing.
            apart_by_gaps = np.pad(curves, ((0, 0), (0, 1)), constant_values=np.nan)
            self.drawn[network].set_data(np.tile(np.append(ANGLES, np.nan), len(curves)), 100 * apart_by_gaps.ravel())
            self.leaders[network].set_data([LEFT + WIDTH, LEFT + WIDTH + 20], [ends[row], heights[row]])
            self.samples[network].set_data(LEFT + WIDTH + np.array([22, 38, 54]), [heights[row]] * 3)
            texts.append(f"{RANGES[network]}°: {100 * numbers['here'][row].mean():.0f} %")
            places.append((LEFT + WIDTH + 62, BOTTOM + HEIGHT * heights[row] / 100))
            colours.append(colour)
        self.labels.write(texts, places, 10, colours, align="left")
        back = numbers["back"]
        self.back.set_data(ANGLES if len(back) else [], 100 * back)
        self.about_back.set_text(f"x: turned and turned back, network {shaded}°" if len(back) else "")
        kind = numbers["kind"]
        self.pictures[0].set(laid_out(examples(kind)))
        self.pictures[1].set(laid_out(numbers["digits"]))
        self.names[0].set_text("test digits as they were written")
        self.names[1].set_text(f"turned by {signed(angle)}°")
        self.about_shade.set_text(f"shaded: angles in training (±{shaded}°)" if shaded else "")

    def describe(self, numbers):
        names = [RANGES[network] for network in numbers["shown"]]
        here = ", ".join(
            f"{name}°: `{100 * each.mean():.0f}`"
            + (f" ({', '.join(f'{100 * share:.0f}' for share in each)})" if numbers["seeds"] == EACH else "")
            for name, each in zip(names, numbers["here"], strict=True)
        )
        reach = "; ".join(
            f"network {name}°: from {signed(ANGLES[first])} to {signed(ANGLES[last])} degrees"
            for name, (first, last) in zip(names, numbers["stretches"], strict=True)
        )
        best = ", ".join(f"{name}°: {100 * curve.max():.0f}" for name, curve in zip(names, numbers["means"], strict=True))
        kind = "all test digits" if numbers["kind"] == ALL_DIGITS else f"the {numbers['kind']} alone"
        lines = [
            f"Turned by {signed(numbers['angle'])}°, {kind}: % named rightly by the networks trained up to {here}.",
            f"Within {100 * CLOSE:.0f} points of its best each stays: {reach}.",
            f"Their best, in %: {best}.",
        ]
        if len(numbers["back"]):
            place = (numbers["angle"] - int(ANGLES[0])) // STEP
            lines.append(
                f"Turned and turned back, network {numbers['shaded']}°: `{100 * numbers['back'][place]:.0f}` %, at worst "
                f"{100 * numbers['back'].min():.0f} %. These digits are blurred by turning, but upright."
            )
        return "\n".join(lines)
