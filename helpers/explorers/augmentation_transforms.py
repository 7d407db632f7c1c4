"""Every transform of the lesson on real pictures, alone and in a chain: the matrix, and where one pixel comes from."""

from functools import lru_cache

import numpy as np

from helpers.datasets import load_faces, load_mnist, load_photo
from helpers.explorers.controls import choice, float_slider, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import DOT, MINUS, TIMES, signed, two_digits
from helpers.plots.figure import ORANGE, caption, picture_axes, whole_figure
from helpers.plots.lettering import Lettering
from helpers.plots.number_grid import PALE, Frame, box_corners
from helpers.plots.pixels import LINE, Pixels, is_dark, named_colour
from helpers.roads import draw_road
from helpers.scratch.augmentation import (
    brightness,
    contrast,
    cutout,
    noise,
    rotation_matrix,
    shift_matrix,
    transform,
    zoom_matrix,
)

PARTNERS = {  # picture -> the one of the same shape that mixup mixes in
    **{"digit 6": "digit 7", "digit 7": "digit 6", "face": "another face", "road": "another road"},
    **{"astronaut": "cat", "cat": "coffee", "coffee": "astronaut"},
}
CHOSEN = {"digit 6": (6, 3), "digit 7": (7, 0), "digit 2": (2, 1), "digit 3": (3, 0), "digit 4": (4, 0)}  # digit, which of 500
FACES = {"face": 1, "another face": 5}
BENDS = {"road": 0.035, "another road": -0.02}  # curvatures of the middle of the road; a positive one bends to the right
ROAD_SEED = 6  # a road that is darker than the grass, with bright marks and without shadows: so its bend is seen
TURN_FIRST, SHIFT_FIRST = ORDERS = ("turn, then shift", "shift, then turn")
NO, SIDES, UPSIDE = MIRRORS = ("no", "left-right", "top-bottom")
NOTHING, NOISE, CUTOUT, MIXUP = LAST = ("nothing", "noise", "cutout", "mixup")
PLACES = 9  # the looked-at place is one of 9 x 9, spread evenly over the new picture
AROUND = 4  # so many rows and columns of the old picture are shown around the place that a pixel comes from
PHOTO = 64  # height and width of a photo, in pixels
SIDE = 256  # of the two pictures, in pixels of the screen
AROUND_AT = (560, 8, 184, 184)  # left, bottom, width, height of these on the screen
CELL, MATRICES = 62, (560, 764)  # of the two matrices: size of a cell, and their left edges
BOTH_LAST_COLUMNS = [  # one line: a box in each matrix, and NaN lifts the pen between them
    (left + CELL * column, 418 - CELL * row)
    for left in MATRICES
    for column, row in ((2, 0), (3, 0), (3, 2), (2, 2), (2, 0), (np.nan, np.nan))
]
NEAR = 135  # degrees: turned further than this, a 6 is nearer to upside down, a 9, than to lying on its side


@lru_cache(maxsize=32)
def picture_of(name, size=PHOTO):
    """Return a picture (height, width, channels) float32 from 0 (dark) to 1 (bright); `size` is that of the photos."""
    if name in CHOSEN:
        (x, y), (digit, which) = load_mnist(), CHOSEN[name]
        image = x[y == digit][which][..., None]
    elif name in FACES:
        image = load_faces()[0][FACES[name]][..., None]
    elif name in BENDS:
        image = draw_road(BENDS[name], seed=ROAD_SEED)
    else:
        image = load_photo(name, size=size)
    image = np.array(image, np.float32)
    image.flags.writeable = False
    return image


def mirror_matrix(mirror, height, width):
    """Return the 3 x 3 matrix that moves places as flip moves pixels; `mirror` is one of MIRRORS."""
    matrix = np.eye(3)
    if mirror == SIDES:
        matrix[1, 1:] = -1, width - 1
    if mirror == UPSIDE:
        matrix[0, ::2] = -1, height - 1
    return matrix


def left_the_frame(matrix, height, width):
    """Return which pixels of the old picture are moved out of the frame, with their centres: (height, width) bool."""
    rows, columns, _ = np.tensordot(matrix, np.stack([*np.indices((height, width)), np.ones((height, width))]), axes=1)
    # Rounded, so that a centre exactly on the edge, as after half a turn, does not leave by a rounding error.
    rows, columns = rows.round(9), columns.round(9)
    return (rows < -0.5) | (rows > height - 0.5) | (columns < -0.5) | (columns > width - 0.5)


def sources(image, matrix, row, column):
    """Return where a pixel of the new picture comes from, and what it is made of.

    Returns place (2,), row and column in the old picture; cells (4, 2), the four pixels around it; weights (4,), which sum to
    1; values (4,), the mean over the channels, 0 outside the old picture.
    """
    place = (np.linalg.inv(matrix) @ [row, column, 1])[:2].round(9) + 0.0  # rounded: 11.9999999999 is pixel 12
    top, left = np.floor(place).astype(int)
    lower, righter = place - (top, left)
    cells = np.array([(top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)])
    weights = np.outer((1 - lower, lower), (1 - righter, righter)).ravel()
    return place, cells, weights, np.array([value_at(image, *cell) for cell in cells])


def value_at(image, row, column):
    """Return the mean over the channels of a pixel; 0 outside the picture."""
    height, width, _ = image.shape
    return float(image[row, column].mean(dtype=float)) if 0 <= row < height and 0 <= column < width else 0.0


def places_around():
    """Return where the values of the cells around the cross stand, in pixels from the lower left corner: (16, 2).

    The cross lies between the middles of the second and the third row. Above there values stand in the upper part of their
    cells, below in the lower part: so the cross covers none.
    """
    left, bottom, width, height = AROUND_AT
    rows, columns = np.indices((AROUND, AROUND))
    away = np.where(rows < AROUND / 2, 0.28, -0.28)  # of the height of a cell
    across, up = left + (columns + 0.5) * width / AROUND, bottom + (AROUND - rows - 0.5 + away) * height / AROUND
    return np.stack([across, up], axis=-1).reshape(-1, 2)


def shown_as(image):
    """Return a picture (height, width, channels) as Pixels takes it: one channel becomes (height, width)."""
    return image if image.shape[2] == 3 else image[..., 0]


def explore_transforms():
    """Turn, zoom, shift, mirror, brighten ... a picture: the 3 x 3 matrix, and the four pixels behind one new pixel."""
    return Transforms()


class Transforms(Explorer):
    title = "A new picture from an old one: the matrix that moves it, and where one of its pixels comes from."
    size = (960, 446)
    lines = 5

    def make_controls(self):
        amount = "Spread of the noise, side of the square as a share of the height, or share of the other picture"
        return {
            "picture": choice("Picture", "digit 6", PARTNERS, "Which picture is changed"),
            "degrees": slider("Turn (degrees)", 25, -180, 180, "Positive degrees turn against the clock", step=5),
            "factor": float_slider("Zoom", 1.0, 0.5, 2.0, "How many times as large; 1 changes nothing", 0.05, 2),
            "down": float_slider("Shift down", 3.0, -16.0, 16.0, "In pixels; negative numbers move up", 0.5),
            "right": float_slider("Shift right", 2.0, -16.0, 16.0, "In pixels; negative numbers move left", 0.5),
            "order": choice("Order", TURN_FIRST, ORDERS, "Which of the two comes first; the zoom comes before both"),
            "mirror": choice("Mirror", NO, MIRRORS, "Whether two sides change places, after turn and shift"),
            "delta": float_slider("Brightness", 0.0, -1.0, 1.0, "Is added to each pixel; then clipped to 0 to 1", 0.05, 2),
            "contrast": float_slider("Contrast", 1.0, 0.0, 3.0, "Times the distance from the mean; 1 changes nothing", 0.1),
            "last": choice("At the end", NOTHING, LAST, "What is done to the picture after all that"),
            "amount": float_slider("How much", 0.25, 0.0, 0.5, amount, 0.05, 2),
            "place": slider("Look at", 41, 1, PLACES**2, "Which of 9 x 9 places of the new picture, row by row"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def relevant(self, degrees, down, right, last, **values):
        asleep = set() if degrees and (down or right) else {"order"}
        asleep |= {"amount"} if last == NOTHING else set()
        return {"degrees", "down", "right", "last", *values} - asleep

    def stage(self, figure):
        lefts, bottom = (12, 286), 160
        self.pictures = [Pixels(picture_axes(figure, left, bottom, SIDE, SIDE)) for left in lefts]
        self.nets, self.hooks = [], []
        for picture in self.pictures:
            line = {"color": "#56B4E9", "animated": True}
            self.nets.append(picture.axes.plot([], [], linestyle=(0, (4, 2)), linewidth=1.2, **line)[0])
            self.hooks.append(picture.axes.plot([], [], "o-", linewidth=2.2, markersize=7, mec="white", mew=1.2, **line)[0])
        cross = {"linestyle": "none", "color": ORANGE, "mec": "white", "mew": 1, "animated": True}
        self.source = self.pictures[0].axes.plot([], [], "X", markersize=10, **cross)[0]
        self.target = Frame(self.pictures[1].axes, ORANGE, 2.5)
        for left, text in zip(lefts, ("old picture", "new picture"), strict=True):
            caption(figure, left + SIDE / 2, 430, text)
        pen = whole_figure(figure)
        self.cells = [
            (left + CELL * (j + 0.5), 418 - CELL * (i + 0.5)) for left in MATRICES for i in range(3) for j in range(3)
        ]
        for left in MATRICES:
            for k in range(4):
                pen.plot([left, left + 3 * CELL], [418 - CELL * k] * 2, color=LINE, linestyle="-", linewidth=0.8)
                pen.plot([left + CELL * k] * 2, [418, 418 - 3 * CELL], color=LINE, linestyle="-", linewidth=0.8)
        self.differ = pen.plot([], [], color=ORANGE, linestyle="-", linewidth=2.2, animated=True)[0]
        self.around, self.values_around = Pixels(picture_axes(figure, *AROUND_AT), "gray", 0, 1, lines=True), Lettering(figure)
        self.four = Frame(self.around.axes, ORANGE, 3)
        self.inside = self.around.axes.plot([], [], "X", markersize=9, **cross)[0]
        caption(figure, 560, 206, "old picture at the cross", 10, ha="left")
        caption(figure, 764, 206, "pixel: value times weight", 10, ha="left")
        self.matrices, self.texts = Lettering(figure), Lettering(figure)
        over = [*self.nets, *self.hooks, self.source, self.target, self.differ]
        around = [self.around, self.four, self.inside, self.values_around]
        return [*self.pictures, *over, *around, self.matrices, self.texts]

    def compute(self, picture, degrees, factor, down, right, order, mirror, delta, contrast, last, amount, place):
        image = picture_of(picture)
        height, width, _ = image.shape
        turn, larger, move = (
            rotation_matrix(degrees, height, width),
            zoom_matrix(factor, height, width),
            shift_matrix(down, right),
        )
        mirrored = mirror_matrix(mirror, height, width)
        matrices = {TURN_FIRST: mirrored @ move @ turn @ larger, SHIFT_FIRST: mirrored @ turn @ move @ larger}
        matrix, other = matrices[order], matrices[ORDERS[1 - ORDERS.index(order)]]
        stages = changed_in_steps(image, matrix, delta, contrast, last, amount, picture)
        row, column = (
            int((step + 0.5) * pixels / PLACES) for step, pixels in zip(divmod(place - 1, PLACES), (height, width), strict=True)
        )
        source, cells, weights, values = sources(image, matrix, row, column)
        gone = left_the_frame(matrix, height, width)
        filled = left_the_frame(np.linalg.inv(matrix), height, width)
        same = np.allclose(matrix, other)
        return {
            **{"old": image, "new": stages[-1][1], "matrix": matrix, "other": other, "picture": picture, "mirror": mirror},
            **{"order": "either order" if same else order, "place": (row, column), "source": source, "cells": cells},
            **{"weights": weights, "values": values, "gone": int(gone.sum()), "filled": int(filled.sum())},
            "inks": float(image[gone].sum(dtype=float) / image.sum(dtype=float)),
            "stages": [name for name, _ in stages],
            "here": np.array([value_at(each, row, column) for _, each in stages]),
            "moves": moves_in_words(factor, degrees, down, right, order, mirror),
            "share": amount if last == MIXUP else 0.0,
            "degrees": degrees,
        }

    def paint(self, numbers):
        old, (row, column), source = numbers["old"], numbers["place"], numbers["source"]
        height, width, _ = old.shape
        for picture, image in zip(self.pictures, (old, numbers["new"]), strict=True):
            picture.set(shown_as(image))
        for net, hook, matrix in zip(self.nets, self.hooks, (np.eye(3), numbers["matrix"]), strict=True):
            net.set_data(*moved_places(net_of(height, width), matrix)[::-1])
            hook.set_data(*moved_places(hook_of(height, width), matrix)[::-1])
        self.source.set_data([source[1]], [source[0]])
        rim = 0.6 if height == PHOTO or width == PHOTO else 0.0  # around a pixel of a photo there would be nothing to see
        self.target.put(box_corners(row - rim, column - rim, row + rim, column + rim))
        either = numbers["order"] not in ORDERS
        self.differ.set_data(*np.transpose([(np.nan, np.nan)] if either else BOTH_LAST_COLUMNS))
        shown = [two_digits(number) for matrix in (numbers["matrix"], numbers["other"]) for number in matrix.ravel()]
        self.matrices.write(shown, self.cells, 10.5)
        first = numbers["cells"][0] - 1  # one row above and one column left of the four
        cells = [[(first[0] + i, first[1] + j) for j in range(AROUND)] for i in range(AROUND)]
        outside = np.array([[not (0 <= r < height and 0 <= c < width) for r, c in line] for line in cells])
        values = np.array([[value_at(old, *cell) for cell in line] for line in cells])
        colours = self.around.colours(values)
        colours[outside] = named_colour(PALE)
        self.around.show(colours)
        inks = np.where(is_dark(colours.ravel()), "white", "black")
        self.values_around.write([f"{value:.2f}" for value in values.ravel()], places_around(), 10.5, inks)
        self.four.put(box_corners(1, 1, 2, 2))
        self.inside.set_data([source[1] - first[1]], [source[0] - first[0]])
        heads = ("matrix M", "other order: the same") if either else (numbers["order"], "the other order")
        table = [
            f"{signed(r)}, {signed(c)}: {value:.2f} {TIMES} {weight:.2f}"
            for (r, c), value, weight in zip(numbers["cells"], numbers["values"], numbers["weights"], strict=True)
        ]
        table.append(f"sum: {numbers['here'][0]:.2f}")
        values = [f"{name} {two_digits(value)}" for name, value in zip(numbers["stages"], numbers["here"], strict=True)]
        lines = [*broken_in_two(numbers["moves"]), "at the framed pixel:", *broken_in_two(values)]
        places = [(left, 430) for left in MATRICES]
        places += [(764, 178 - 24 * k) for k in range(len(table))] + [(16, 136 - 22 * k) for k in range(len(lines))]
        # One artist for all texts: each costs as much time as fifty letters.
        self.texts.write([*heads, *table, *lines], places, 10, align="left")

    def describe(self, numbers):
        (row, column), source, total = numbers["place"], numbers["source"], numbers["old"][..., 0].size
        down, right = (two_digits(number) for number in source)
        height, width, channels = numbers["old"].shape
        outside = not (-1 < source[0] < height and -1 < source[1] < width)
        terms = " + ".join(f"{w:.2f} {DOT} {v:.2f}" for w, v in zip(numbers["weights"], numbers["values"], strict=True))
        lines = [
            f"place_new = M place_old: `({row}, {column}, 1) = M ({down}, {right}, 1)`. So the framed pixel, row {row}, column "
            f"{column}, comes from row {down}, column {right} of the old picture"
            + (": that is outside, so it is 0." if outside else "."),
            f"Its value is the mean of the four pixels there, the nearer ones count more (bilinear): `{terms} = "
            f"{numbers['here'][0]:.2f}`" + (" (of red, green and blue: their mean)." if channels == 3 else "."),
        ]
        gone = numbers["gone"]
        if gone == total:
            lines.append(f"Nothing is left: all {total} pixels of the old picture left the frame.")
        else:
            lines.append(
                f"{gone} of {total} pixels of the old picture left the frame, with {100 * numbers['inks']:.1f} % of its "
                f"brightness; {numbers['filled']} pixels of the new one come from outside and are filled with 0."
            )
        if numbers["order"] in ORDERS:
            apart = (numbers["other"] - numbers["matrix"])[:2, 2]
            down, right = "down" if apart[0] > 0 else "up", "right" if apart[1] > 0 else "left"
            lines.append(
                f"In the other order the picture would lie {abs(apart[0]):.2f} pixels further {down} and {abs(apart[1]):.2f} "
                f"further {right}: only the last column of M changes."
            )
        return "\n".join([*lines, *label_in_words(numbers)])


def changed_in_steps(image, matrix, delta, factor, last, amount, name):
    """Return (what was done, picture (height, width, channels)) after the move and after each further step that does something.

    Noise and cutout draw from a generator that begins anew at each call, so that the same controls give the same picture.
    """
    stages, rng = [("moved", transform(image[None], matrix))], np.random.default_rng(0)
    if delta:
        stages.append(("brightness", brightness(stages[-1][1], delta)))
    if factor != 1:
        stages.append(("contrast", contrast(stages[-1][1], factor)))
    now = stages[-1][1]
    if last == NOISE and amount:
        stages.append(("noise", noise(now, amount, rng)))
    if last == CUTOUT and amount:
        stages.append(("cutout", cutout(now, max(1, round(amount * image.shape[0])), rng)))
    if last == MIXUP and amount:
        stages.append(("mixup", ((1 - amount) * now + amount * picture_of(PARTNERS[name])).astype(now.dtype)))
    return [(step, images[0]) for step, images in stages]


def moves_in_words(factor, degrees, down, right, order, mirror):
    """Return the moves that do something, first to last, as short texts."""
    turn = [f"turn {signed(degrees)}\N{DEGREE SIGN}"] if degrees else []
    move = [f"shift {signed(down)} down, {signed(right)} right"] if down or right else []
    zoom = [f"zoom {TIMES} {factor:g}"] if factor != 1 else []
    moves = zoom + (turn + move if order == TURN_FIRST else move + turn) + ([f"mirror {mirror}"] if mirror != NO else [])
    return moves or ["nothing is moved"]


def label_in_words(numbers):
    """Return what the change does to the label, as a list of no sentence or one."""
    name, share, mirror = numbers["picture"], numbers["share"], numbers["mirror"]
    if share:
        return [f"The label is mixed as well: {100 * (1 - share):.0f} % {name}, {100 * share:.0f} % {PARTNERS[name]}."]
    if name.startswith("digit") and mirror != NO:
        return [
            f"Take care with the label: nobody writes mirrored digits, so a network will never be asked for such a {name[-1]}."
        ]
    if name == "digit 6" and abs(numbers["degrees"]) > NEAR:
        return ["Take care with the label: turned so far, a 6 looks like a 9."]
    if name == "road" and mirror == SIDES:
        return [f"The label changes too: the road bends the other way, so the steering angle is times {MINUS}1."]
    if name == "road" and mirror == UPSIDE:
        return ["No camera in a car sees a road like this: such pictures teach nothing that is asked for."]
    return []


def net_of(height, width):
    """Return the places (3, points) of lines round and through the middle of a picture; NaN lifts the pen."""
    top, left, bottom, right = -0.5, -0.5, height - 0.5, width - 0.5
    middle = (height - 1) / 2, (width - 1) / 2
    pen = [(top, left), (top, right), (bottom, right), (bottom, left), (top, left), (np.nan, np.nan)]
    pen += [(middle[0], left), (middle[0], right), (np.nan, np.nan), (top, middle[1]), (bottom, middle[1])]
    return np.vstack([np.transpose(pen), np.ones(len(pen))])


def hook_of(height, width):
    """Return three marked places (3, 3) near corners of the old picture, long leg at the top: turned or mirrored, it shows."""
    top, middle, left, right = 0.1 * (height - 1), 0.45 * (height - 1), 0.1 * (width - 1), 0.9 * (width - 1)
    return np.array([(top, top, middle), (right, left, left), (1, 1, 1)])


def moved_places(places, matrix):
    """Return rows and columns (2, points) of places (3, points), moved by a matrix."""
    return (matrix @ places)[:2]


def broken_in_two(texts):
    """Return short texts as one line, or as two where more than two of them would be too long for one."""
    half = len(texts) if len(", ".join(texts)) < 76 else (len(texts) + 1) // 2
    return [", ".join(part) for part in (texts[:half], texts[half:]) if part]
