"""Turn a digit until its name is wrong: is it only the network that fails, or is the label no longer in the picture?"""

from functools import lru_cache

import numpy as np

from helpers.datasets import load_recorded, mnist_split
from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.plots.figure import BLUE, INK, ORANGE, caption, chart_axes, picture_axes
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import Frame, Outline, box_corners
from helpers.plots.pixels import Pixels
from helpers.scratch.augmentation import rotate
from helpers.scratch.convolution import Conv2D
from helpers.scratch.dense import Dense
from helpers.scratch.pooling import Flatten, MaxPooling2D
from helpers.scratch.sequential import Sequential

STEP, DIGITS, EXAMPLES = 5, 10, 8  # degrees between two angles; classes; pictures of each to choose from
ANGLES = np.arange(0, 181, STEP)
HALF = 0.5  # a name holds as long as at least this share of the digits still gets it
SAFE = 90  # percent, as it is shown: from here on the headline calls an angle safe
UPRIGHT = 0
RIVALS = {"turned up to 180": 180, "turned up to 90": 90}
HOLDS, MODEL, LABEL, UNSEEN = "name holds", "model breaks", "label breaks", "both break"
SIDES = ("upright", "rival")
VERDICTS = {
    HOLDS: "{angle}: {how}: the network trained upright names {share} % of all {digit}s rightly.",
    MODEL: "{angle}: the MODEL trained upright breaks. The one on the right still names most {digit}s rightly.",
    LABEL: "{angle}: a sign that the LABEL breaks: trained upright, it calls most {digit}s {other}, most {other}s {digit}.",
    UNSEEN: "{angle}: both MODELS break for most {digit}s. Neither saw such angles; the label may be fine.",
}

COLOURS = (ORANGE, BLUE)
MAP_NOTES = (
    "Each row is a class, from 0 to 180 degrees. White: all are named rightly, black: none (300 digits a row: three seeds).",
    "\N{MULTIPLICATION SIGN}: first angle with less than half. Dashes: the angle now. Bar under a map: angles of its training.",
)
MAP_BOTTOM, CELL, ROW = 70, 8, 17  # of the maps, in pixels
LEFTS = (30, 504)
BAR_LEFTS, BAR_BOTTOM, BAR_WIDTH, BAR_ROW = (446, 716), 296, 150, 20


@lru_cache
def runs():
    """Return what was recorded, one dict of arrays for each of three seeds."""
    return list(load_recorded("augmentation_range").values())


@lru_cache
def network(degrees):
    """Return the recorded network of seed 0 whose training digits were turned by up to so many degrees, float32."""
    layers = [layer for filters in (8, 16) for layer in (Conv2D(filters, 5, padding="same", activation="relu"), MaxPooling2D())]
    model = Sequential([*layers, Flatten(), Dense(32, "relu"), Dense(DIGITS, "softmax")])
    model.build((None, 28, 28, 1))
    run = runs()[0]
    model.set_weights([run[f"{degrees}: weights {place}"].astype(np.float32) for place in range(len(model.get_weights()))])
    return model


@lru_cache
def examples():
    """Return the first EXAMPLES test digits of each class, which the networks never saw: (10, EXAMPLES, 28, 28, 1)."""
    x, y = mnist_split(0)[2:]
    return np.stack([x[y == digit][:EXAMPLES, ..., None] for digit in range(DIGITS)])


@lru_cache
def called(degrees):
    """Return which name the digits of each class get at each angle, as shares over three seeds: (angles, 10 true, 10 named)."""
    counts = sum(run[f"{degrees}: called"].astype(int) for run in runs())
    return counts / counts.sum(axis=2, keepdims=True)


def right(degrees):
    """Return the share of digits named rightly: (angles, 10)."""
    return called(degrees)[:, np.arange(DIGITS), np.arange(DIGITS)]


def breaks(degrees):
    """Return for each class the place of the first angle at which less than half are named rightly, or -1: (10,)."""
    below = right(degrees) < HALF
    return np.where(below.any(axis=0), below.argmax(axis=0), -1)


def most_wrong(degrees, place):
    """Return for each class its most frequent wrong name at this angle, and its share: two arrays (10,)."""
    wrong = called(degrees)[place] * (1 - np.eye(DIGITS))
    return wrong.argmax(axis=1), wrong.max(axis=1)


def trades_with(digit, place):
    """Return the class with which a class trades names at this angle, read by the upright network, or None.

    At least half of the digits of each of the two then get the other's name: turned so far, they pass for each other.
    """
    names = called(UPRIGHT)[place]
    traded = np.flatnonzero((names[digit] >= HALF) & (names[:, digit] >= HALF) & (np.arange(DIGITS) != digit))
    return int(traded[0]) if len(traded) else None


def verdict(digit, degrees, place):
    """Return what happens to a class at the place of an angle, by the recorded shares.

    HOLDS: the upright network names at least half rightly. LABEL: it does not, and another class trades names with this one.
    MODEL: none does, and the network turned by up to so many degrees names at least half rightly. UNSEEN: it does not either.
    """
    if right(UPRIGHT)[place, digit] >= HALF:
        return HOLDS
    if trades_with(digit, place) is not None:
        return LABEL
    return MODEL if right(degrees)[place, digit] >= HALF else UNSEEN


def mixed_up(degrees):
    """Return how often two classes get each other's name within the trained angles: a triangle (10, 10) of mean shares."""
    shares = called(degrees)[degrees >= ANGLES].mean(axis=0)
    return np.triu(shares + shares.T, 1) / 2


def explore_label_safety():
    """Turn a digit by up to 180 degrees and ask two networks, one that never saw a turned digit and one that did."""
    return LabelSafety()


class LabelSafety(Explorer):
    title = "How far may a digit be turned before it is no longer that digit: for a network, and for anyone?"
    size = (960, 560)
    lines = 7

    def make_controls(self):
        return {
            "digit": slider("Digit", 6, 0, DIGITS - 1, "The class of the digit: its label"),
            "example": slider("Picture", 0, 0, EXAMPLES - 1, "Which of eight test pictures of this class"),
            "angle": slider("Turned by", 0, 0, 180, "By how many degrees the picture is turned, against the clock", STEP),
            "rival": choice("On the right", "turned up to 180", RIVALS, "Which network is compared with the upright one"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        caption(figure, 68, 508, "upright", 10)
        self.upright = Pixels(picture_axes(figure, 12, 384, 112, 112), "gray_r")
        self.turned = Pixels(picture_axes(figure, 140, 272, 224, 224), "gray_r")
        for left, bottom, side in ((12, 384, 112), (140, 272, 224)):
            chart_axes(figure, left, bottom, side, side, xticks=[], yticks=[], facecolor="none").spines[:].set_visible(True)
        self.turn = Label(figure, 252, 508, 11, align="center", weight="bold")
        self.verdict = Label(figure, 12, 540, 13, weight="bold")
        self.names, self.heads, self.bars, self.true, self.says = [], [], [], [], []
        self.cells, self.frames, self.now, self.broken, self.trained = [], [], [], [], []
        for k, colour in enumerate(COLOURS):
            left = BAR_LEFTS[k]
            self.names.append(Label(figure, left - 40, 508, 11, colour, weight="bold"))
            axes = picture_axes(figure, left, BAR_BOTTOM, BAR_WIDTH, BAR_ROW * DIGITS)
            axes.set(xlim=(0, 1), ylim=(DIGITS - 0.5, -0.5), facecolor="none")
            self.bars.append(Outline(axes, colour, 0, fill=colour))
            for digit in range(DIGITS):
                caption(figure, left - 10, BAR_BOTTOM + BAR_ROW * (DIGITS - digit - 0.5), str(digit), 10)
            around = chart_axes(figure, left - 40, BAR_BOTTOM, 250, BAR_ROW * DIGITS, xlim=(0, 1), ylim=(DIGITS - 0.5, -0.5))
            around.axis("off")
            self.true.append(Frame(around, INK, 1.6))
            self.says.append(Label(figure, left - 40, 278, 11, colour, weight="bold"))
            self._stage_map(figure, LEFTS[k], colour)
        self.percents, self.wrong = Lettering(figure), Lettering(figure)
        for y, note in zip((28, 11), MAP_NOTES, strict=True):
            caption(figure, 12, y, note, 9.5, ha="left")
        above = [self.upright, self.turned, self.turn, self.verdict, *self.names, *self.bars, *self.true, *self.says]
        below = [*self.heads, *self.cells, *self.trained, *self.frames, *self.now, *self.broken]
        return [*above, *below, self.percents, self.wrong]

    def _stage_map(self, figure, left, colour):
        """Draw one map, its axes and what is written around it."""
        width, height = CELL * len(ANGLES), ROW * DIGITS
        self.cells.append(Pixels(picture_axes(figure, left, MAP_BOTTOM, width, height), "Greys_r", 0, 1, stretch=True))
        over = chart_axes(figure, left, MAP_BOTTOM, width, height, xlim=(-0.5, len(ANGLES) - 0.5), ylim=(DIGITS - 0.5, -0.5))
        over.set(facecolor="none", yticks=[])
        over.axis("off")
        self.broken.append(over.plot([], [], "x", color=ORANGE, markersize=9, mew=2.6, animated=True)[0])
        self.frames += [Frame(over, "white", 5), Frame(over, INK, 2.2)]
        for tint, thickness, style in (("white", 5.5, "-"), (ORANGE, 3.2, (0, (1.6, 0.8)))):  # seen on black and on white
            look = {"linewidth": thickness, "linestyle": style, "clip_on": False, "animated": True}
            self.now.append(over.plot([], [], color=tint, **look)[0])
        bar = {"linewidth": 5, "solid_capstyle": "butt", "clip_on": False, "animated": True}
        self.trained.append(over.plot([], [], color=colour, **bar)[0])
        self.heads.append(Label(figure, left, MAP_BOTTOM + height + 11, 10, colour, weight="bold"))
        for digit in range(DIGITS):
            caption(figure, left - 10, MAP_BOTTOM + ROW * (DIGITS - digit - 0.5), str(digit), 10)
        for place in range(0, len(ANGLES), 9):
            caption(figure, left + CELL * (place + 0.5), MAP_BOTTOM - 18, f"{ANGLES[place]}\N{DEGREE SIGN}", 9.5)
        caption(figure, left + 450, MAP_BOTTOM + height + 10, "right, else mostly called", 9.5, ha="right")

    def compute(self, digit, example, angle, rival):
        degrees, place = RIVALS[rival], angle // STEP
        image = examples()[digit, example]
        turned = rotate(image[None], angle)
        found = {
            "digit": digit,
            "angle": angle,
            "place": place,
            "rival": rival,
            "image": image[..., 0],
            "turned": turned[0, ..., 0],
        }
        for side, which in (("upright", UPRIGHT), ("rival", degrees)):
            names, shares = most_wrong(which, place)
            found |= {
                f"{side} trained": which,
                f"{side} probabilities": network(which).forward(turned)[0],
                f"{side} right": right(which),
                f"{side} breaks": breaks(which),
                f"{side} wrong name": names,
                f"{side} wrong share": shares,
            }
        return found | {"verdict": verdict(digit, degrees, place), "trades with": trades_with(digit, place)}

    def paint(self, numbers):
        digit, place = numbers["digit"], numbers["place"]
        self.upright.set(numbers["image"])
        self.turned.set(numbers["turned"])
        self.turn.set_text(f"turned by {numbers['angle']}\N{DEGREE SIGN}")
        self.verdict.set_text(headline(numbers))
        percents, ends, wrong, rows = [], [], [], []
        for k, (side, name) in enumerate(zip(SIDES, ("only upright digits", f"digits {numbers['rival']}"), strict=True)):
            shares = numbers[f"{side} probabilities"]
            named = int(shares.argmax())
            self.names[k].set_text(f"saw {name}")
            self.heads[k].set_text(f"saw {name}")
            self.trained[k].set_data([-0.5, numbers[f"{side} trained"] / STEP + 0.5], [DIGITS - 0.15] * 2)
            self.says[k].set_text(f"says {named}: {'right' if named == digit else 'wrong'}")
            self.bars[k].put(
                [[(0, y - 0.36), (share, y - 0.36), (share, y + 0.36), (0, y + 0.36)] for y, share in enumerate(shares)]
            )
            self.true[k].put(box_corners(digit, 0, digit, 0) + [0.5, 0])
            percents += [f"{100 * share:.0f} %" if share >= 0.005 else "" for share in shares]
            ends += [(BAR_LEFTS[k] + BAR_WIDTH * share + 5, _row(BAR_BOTTOM, BAR_ROW, y)) for y, share in enumerate(shares)]
            self.cells[k].set(numbers[f"{side} right"].T)
            broken = numbers[f"{side} breaks"]
            self.broken[k].set_data(broken[broken >= 0], np.flatnonzero(broken >= 0))
            for frame, line in zip(self.frames[2 * k : 2 * k + 2], self.now[2 * k : 2 * k + 2], strict=True):
                frame.put(box_corners(digit, 0, digit, len(ANGLES) - 1))
                line.set_data([place, place], [-0.5, DIGITS - 0.5])
            columns = (numbers[f"{side} right"][place], numbers[f"{side} wrong name"], numbers[f"{side} wrong share"])
            wrong += [
                f"{100 * rightly:.0f} %, {other}: {100 * share:.0f} %" for rightly, other, share in zip(*columns, strict=True)
            ]
            rows += [(LEFTS[k] + CELL * len(ANGLES) + 8, _row(MAP_BOTTOM, ROW, y)) for y in range(DIGITS)]
        self.percents.write(percents, ends, 9.5, align="left")
        self.wrong.write(wrong, rows, 9.5, align="left")

    def describe(self, numbers):
        digit, angle, place = numbers["digit"], numbers["angle"], numbers["place"]
        said = [numbers[f"{side} probabilities"] for side in SIDES]
        left, other = (f"`{shares.argmax()}` ({100 * shares.max():.0f} %)" for shares in said)
        lines = [f"This {digit}, turned by {angle} degrees: the left network says {left}, the right one {other}."]
        for side, name in zip(SIDES, ("left", "right"), strict=True):
            share, other = numbers[f"{side} right"][place, digit], numbers[f"{side} wrong name"][digit]
            lines.append(
                f"All test {digit}s at this angle, {name}: `{100 * share:.0f} %` named rightly, "
                f"{100 * numbers[f'{side} wrong share'][digit]:.0f} % called {other}; "
                f"{_safe(numbers[f'{side} breaks'][digit])}."
            )
        degrees = RIVALS[numbers["rival"]]
        seen, pairs = right(degrees)[degrees >= ANGLES], mixed_up(degrees)
        most = [np.unravel_index(index, pairs.shape) for index in pairs.argsort(axis=None)[:-3:-1]]
        mixed = ", ".join(f"{one} and {other} ({100 * pairs[one, other]:.1f} %)" for one, other in most)
        lines.append(
            f"Trained on turned digits, the right network is under half in `{(seen < HALF).sum()}` of the {seen.size} cells of "
            f"its map that it was trained for. It mixes up most: {mixed}."
        )
        if numbers["verdict"] == LABEL:
            other = numbers["trades with"]
            lines.append(
                f"The left network calls at least half of the {digit}s {other} here, and of the {other}s {digit} (our rule for "
                "trading names; people differ). What is left to tell them apart is how people write."
            )
        else:
            lines.append("And you? Cover the small picture and read the large one.")
        return "\n".join(lines)


def headline(numbers):
    """Return the verdict as a sentence; where the name holds, with the share of all digits of the class."""
    digit, place = numbers["digit"], numbers["place"]
    share = round(100 * numbers["upright right"][place, digit])
    words = {"digit": digit, "angle": f"{numbers['angle']}\N{DEGREE SIGN}", "other": numbers["trades with"]}
    return VERDICTS[numbers["verdict"]].format(**words, share=share, how="safe" if share >= SAFE else "shaky")


def _row(bottom, height, row):
    """Return the middle of a row, in pixels from the lower edge of the figure; row 0 is the upper one of ten."""
    return bottom + height * (DIGITS - row - 0.5)


def _safe(broken):
    """Return in words up to which angle at least half of a class are named rightly."""
    return "at least half at every angle" if broken < 0 else f"at least half up to {ANGLES[broken - 1]} degrees"
