"""The explorers of the lesson on pooling."""

from functools import lru_cache

import numpy as np

from helpers.datasets import load_mnist, load_photo
from helpers.explorers.controls import check_box, choice, float_slider, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.pooling_windows import POOLS as REAL_POOLS
from helpers.explorers.pooling_windows import explore_gradient_routing, explore_pooling  # noqa: F401 (all of the lesson)
from helpers.explorers.signs import MINUS, TIMES, signed
from helpers.plots.figure import BLUE, INK, ORANGE, caption, chart_axes, picture_axes
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import marks
from helpers.plots.pixels import Pixels, named_colour
from helpers.scratch.convolution import output_size
from helpers.scratch.pooling import max_pool2d

SIDE, FARTHEST, HIGHEST = 64, 8, 130  # of the image, and how far it is moved, in pixels; the highest change shown, in %
PLACES = {"coins": (40, 40), "camera": (20, 40), "cat": (45, 50), "text": (20, 30)}  # photo -> top and left of the part shown
NONE = "one pixel of each window"


def every_nth(images, pool_size=2, strides=None):
    """Return the upper left pixel of every window: what a stride alone leaves, without pooling."""
    step = strides or pool_size
    places = output_size(images.shape[1], pool_size, step)
    return images[:, : places * step : step, : places * step : step]


POOLS = REAL_POOLS | {NONE: every_nth}
LOOKS = {
    "max": ("-", BLUE, "\u2500\u2500"),
    "min": ((0, (5, 2)), ORANGE, "\u254c\u254c"),
    "average": ((0, (1, 1)), "#007A5A", "\u2508\u2508"),
    NONE: ((0, (6, 2, 1, 2)), "#6b6b6b", "\u2500\u2508"),
}
NOT_COMPARED = "#c8c8c8"


def explore_shift():
    """Move an image by a few pixels, and measure how much of the pooled map stays as it was."""
    return Shift()


class Shift(Explorer):
    title = "An image moves to the right; how much does its pooled map change?"
    size = (960, 452)
    lines = 4

    def make_controls(self):
        move_back = "Move the map back by whole cells before it is compared"
        return {
            "shift": slider("Shift", 1, 0, FARTHEST, "How many pixels the image has moved to the right"),
            "pool": choice("Pooling", "max", POOLS, "What is kept of each window"),
            "image": choice("Photo", "coins", PLACES, "Which photo is pooled"),
            "window": slider("Window", 2, 1, 8, "Height and width of the window"),
            "stride": slider("Stride", 2, 1, 8, "How many pixels the window moves at each step"),
            "realign": check_box("Move back", True, move_back, indent=True),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        places = [(12 + 208 * column, 238 - 226 * row) for row in range(2) for column in range(3)]
        axes = [picture_axes(figure, left, bottom, 192, 192) for left, bottom in places]
        self.pictures = [
            Pixels(each, *(("RdBu_r", -0.5, 0.5) if k % 3 == 2 else ("gray", 0, 1))) for k, each in enumerate(axes)
        ]
        for each in axes:
            each.spines[:].set(visible=True, color="#8c8c8c")
            each.spines[:].set_position(("outward", 1))
        self.titles = Lettering(figure)
        self.places = [(left + 96, bottom + 204) for left, bottom in places]
        self.chart = chart_axes(
            figure, 698, 64, 246, 256, xlim=(-0.2, FARTHEST + 0.2), ylim=(0, HIGHEST), xticks=range(FARTHEST + 1)
        )
        self.chart.set(
            xlabel=f"shift in pixels; dotted: n {TIMES} stride",
            ylabel="change, % of the map's contrast",
        )
        self.chart.set_yscale("function", functions=(lambda y: np.sqrt(np.maximum(y, 0)), np.square))  # small ones want room
        self.chart.set(ylim=(0, HIGHEST), yticks=(0, 5, 10, 25, 50, 100))
        self.chart.minorticks_off()
        self.chart.grid(axis="y")
        self.curves = {
            name: self.chart.plot([], [], color=colour, linestyle=style, linewidth=1.8, marker="o", animated=True)[0]
            for name, (style, colour, _) in LOOKS.items()
        }
        self.own = self.chart.plot([], [], color=INK, linewidth=1, linestyle="-", animated=True)[0]
        self.multiples = self.chart.plot([], [], color="#8c8c8c", linewidth=1, linestyle=":", animated=True)[0]
        self.now = marks(self.chart, "o", INK, 9)
        self.now.set_clip_on(False)
        caption(figure, 818, 438, "change for every shift", 10.5)
        self.legend = Lettering(figure)
        self.value = Label(figure, 818, 340, 10.5, align="center")
        return [*self.pictures, self.titles, self.multiples, self.own, *self.curves.values(), self.now, self.legend, self.value]

    def compute(self, shift, pool, image, window, stride, realign):
        still, moved = part(image, 0), part(image, shift)
        before, after = pooled(image, pool, window, stride, 0), pooled(image, pool, window, stride, shift)
        difference, cells, _ = difference_of(before, after, shift, stride, realign)
        changes = {name: change_curve(image, name, window, stride, realign) for name in POOLS}
        return {
            **{"still": still, "moved": moved, "before": before, "after": after, "difference": difference, "cells": cells},
            "image_difference": difference_of(still, moved, shift, 1, realign)[0],
            "own_change": change_curve(image, "max", 1, 1, realign),
            **{f"change_{name}": curve for name, curve in changes.items()},
            **{"shift": shift, "pool": pool, "window": window, "stride": stride, "realign": realign, "image": image},
            "change": changes[pool][shift],
        }

    def paint(self, numbers):
        for picture, name in zip(self.pictures, ("still", "moved", None, "before", "after", None), strict=True):
            if name:
                picture.set(numbers[name])
        back = numbers["shift"] if numbers["realign"] else 0
        for picture, name, of, moved in ((2, "image_difference", "still", back), (5, "difference", "before", numbers["cells"])):
            picture = self.pictures[picture]
            picture.vmin, picture.vmax = -3 * contrast_of(numbers[of]), 3 * contrast_of(numbers[of])
            colours = picture.colours(numbers[name])
            colours[:, :moved] = named_colour(NOT_COMPARED)
            picture.show(colours)
        size, cells = f"{len(numbers['before'])} {TIMES} {len(numbers['before'])}", counted(numbers["cells"], "cell")
        ends = [f"moved back {way}" if numbers["realign"] else "not moved back" for way in (counted(back, "pixel"), cells)]
        heads = [f"image, {SIDE} {TIMES} {SIDE}", f"moved {counted(numbers['shift'], 'pixel')}", f"difference, {ends[0]}"]
        self.titles.write([*heads, f"its map, {size}", "map of the moved image", f"difference, {ends[1]}"], self.places, 10)
        for name, curve in self.curves.items():
            curve.set_data(range(FARTHEST + 1), numbers[f"change_{name}"].clip(0, HIGHEST))
            curve.set(linewidth=3.2 if name == numbers["pool"] else 1.4, markersize=6 if name == numbers["pool"] else 3)
        self.own.set_data(range(FARTHEST + 1), numbers["own_change"].clip(0, HIGHEST))
        multiples = np.arange(0, FARTHEST + 1, numbers["stride"])
        self.multiples.set_data(np.repeat(multiples, 3), np.tile([0, HIGHEST, np.nan], len(multiples)))
        self.now.set_data([numbers["shift"]], [min(numbers["change"], HIGHEST)])
        shift = numbers["shift"]
        names = [f"{mark} {name} {numbers[f'change_{name}'][shift]:.0f} %" for name, (_, _, mark) in LOOKS.items()]
        places = [(674, 416), (812, 416), (674, 395), (674, 374), (812, 395)]
        colours = [*(LOOKS[name][1] for name in POOLS), INK]
        itself = f"\u2500\u2500 not pooled {numbers['own_change'][shift]:.0f} %"
        self.legend.write([*names, itself], places, 10, colours, align="left")
        self.value.set_text(f"at shift {shift}, {numbers['pool'].removesuffix(' of each window')}: {numbers['change']:.0f} %")

    def describe(self, numbers):
        shift, stride, cells = numbers["shift"], numbers["stride"], numbers["cells"]
        way = f"`{counted(shift, 'pixel')} / stride {stride} = {counted(round(shift / stride, 3), 'cell')}` of the map"
        if not numbers["realign"]:
            back = "The map was not moved back"
        elif shift % stride == 0:
            back = f"The map was moved back by {counted(cells, 'cell')}"
        else:
            both = f"{shift // stride} and {shift // stride + 1}"
            back = f"The map was moved back by {counted(cells, 'cell')}, the better one of {both}"
        return (
            f"The image moved by {way}. {back}. Where both maps show the same part of the image, they differ by "
            f"{numbers['change']:.0f} % of the map's contrast. (Contrast: how far its cells lie from their mean, on average. "
            "Red: brighter than before; blue: darker.)\n"
            f"{rule(shift, stride, numbers['realign'])}"
        )


def counted(number, unit):
    """Return a number with its unit in the singular or the plural."""
    return f"{number:g} {unit}{'' if number == 1 else 's'}"


def rule(shift, stride, realign):
    """Return what the learner should notice about shift and stride."""
    if shift == 0:
        return "Without a shift there is nothing to compare."
    if not realign:
        return (
            "Not moved back, the maps are compared cell by cell: pooling does not hold a map in place (see the image itself)."
        )
    if shift % stride == 0:
        return "The shift is a multiple of the stride: the windows see the same pixels again, further on. Nothing changes."
    return "The shift is not a multiple of the stride: the windows see other pixels. (Grey: new at the left, not compared.)"


@lru_cache(maxsize=64)
def part(image, shift):
    """Return a part of a photo, (64, 64), moved to the right by so many pixels; real pixels come in from the left."""
    top, left = PLACES[image]
    pixels = load_photo(image, size=150, grey=True)[top : top + SIDE, left - shift : left - shift + SIDE].copy()
    pixels.flags.writeable = False
    return pixels


@lru_cache(maxsize=512)
def pooled(image, pool, window, stride, shift):
    """Return the pooled map of the moved part, (cells, cells)."""
    maps = POOLS[pool](part(image, shift)[None, :, :, None], window, stride)[0, :, :, 0]
    maps.flags.writeable = False
    return maps


def contrast_of(cells):
    """Return the mean distance of the cells from their mean."""
    return np.abs(cells - cells.mean()).mean()


def difference_of(before, after, shift, stride, realign):
    """Return the difference, by how many cells the map was moved back, and the change in per cent of the contrast.

    Only what both maps show is compared; elsewhere the difference is 0. Between two whole numbers of cells the one with the
    smaller difference is taken, and the smaller one where both are alike.
    """
    found = []
    for cells in sorted({shift // stride, -(-shift // stride)}) if realign else [0]:
        there, here = before[:, : before.shape[1] - cells], after[:, cells:]
        difference = np.zeros_like(before)
        difference[:, cells:] = here - there
        found.append((np.abs(here - there).mean(), cells, difference, contrast_of(there)))
    size, cells, difference, contrast = min(found, key=lambda each: each[:2])
    return difference, cells, 100 * size / contrast


@lru_cache(maxsize=512)
def change_curve(image, pool, window, stride, realign):
    """Return for every shift the change in per cent of the map's contrast."""
    before = pooled(image, pool, window, stride, 0)
    maps = [pooled(image, pool, window, stride, shift) for shift in range(FARTHEST + 1)]
    changes = np.array([difference_of(before, after, shift, stride, realign)[2] for shift, after in enumerate(maps)])
    changes.flags.writeable = False
    return changes


def explore_strokes():
    """Pool a thin stroke, bright on dark or dark on bright, and see which kind of pooling loses it."""
    return Strokes()


class Strokes(Explorer):
    title = "A thin stroke under three kinds of pooling: how much of its contrast is left?"
    size = (960, 436)
    lines = 4

    def make_controls(self):
        return {
            "picture": choice("Picture", BRIGHT, STROKES, "What is pooled"),
            "window": slider("Window", 3, 1, WIDEST, "Height and width of the window; the windows lie side by side"),
            "width": slider("Line width", 1, 1, 4, "Width of the line, in pixels"),
            "slope": slider("Line slope", 30, 0, 90, "Direction of the line in degrees: 0 lies flat, 90 stands", step=15),
            "noise": float_slider("Noise", 0.0, 0.0, 0.3, "How much each pixel of the picture is changed at random", 0.05, 2),
        }

    def relevant(self, picture, **others):
        return {"picture", "window", "noise", *(("width", "slope") if picture in LINES else ())}

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        places = [(12 + 208 * column, 222 - 216 * row) for row in range(2) for column in range(2)]
        self.pictures = [Pixels(picture_axes(figure, left, bottom, 192, 192)) for left, bottom in places]
        for picture in self.pictures:
            picture.axes.spines[:].set(visible=True, color="#8c8c8c")
        self.titles, self.places = Lettering(figure), [(left + 96, bottom + 202) for left, bottom in places]
        self.chart = chart_axes(
            figure, 500, 62, 440, 300, xlim=(0.8, WIDEST + 0.2), ylim=(-30, 125), xticks=range(1, WIDEST + 1)
        )
        self.chart.set(
            xlabel="window, in pixels", ylabel="contrast of the stroke, % of what it was", yticks=range(-25, 126, 25)
        )
        self.chart.grid(axis="y")
        self.chart.axhline(0, color=INK, linewidth=1, linestyle="-")
        self.curves = {}
        for name in REAL_POOLS:
            style, colour, _ = LOOKS[name]
            (self.curves[name],) = self.chart.plot([], [], color=colour, linestyle=style, marker="o", ms=5, animated=True)
        self.now = self.chart.plot([], [], color="#8c8c8c", linewidth=1, linestyle=":", animated=True)[0]
        self.legend = Lettering(figure)
        return [*self.pictures, self.titles, self.now, *self.curves.values(), self.legend]

    def compute(self, picture, window, width, slope, noise):
        image, stroke = stroke_picture(picture, width, slope)
        noisy = image + noise * np.random.default_rng(0).standard_normal(image.shape)
        rows = {
            name: [contrast_left(pool, noisy, stroke, n) for n in range(1, WIDEST + 1)] for name, pool in REAL_POOLS.items()
        }
        before = noisy[stroke].mean() - noisy[~stroke].mean()
        return {
            **{"image": noisy, "picture": picture, "window": window, "before": before},
            **{f"map_{name}": pool(noisy[None, :, :, None], window)[0, :, :, 0] for name, pool in REAL_POOLS.items()},
            **{f"left_{name}": 100 * np.array(row) / before for name, row in rows.items()},
        }

    def paint(self, numbers):
        window, maps = numbers["window"], [numbers[f"map_{name}"] for name in REAL_POOLS]
        darkest, brightest = min(0, numbers["image"].min()), max(1, numbers["image"].max())  # one scale of greys for all four
        for picture, array in zip(self.pictures, [numbers["image"], *maps], strict=True):
            picture.vmin, picture.vmax = darkest, brightest
            picture.set(array)
        left = {name: numbers[f"left_{name}"] for name in REAL_POOLS}
        heads = [f"{name}: {_percent(curve[window - 1])} left" for name, curve in left.items()]
        side = len(numbers["image"])
        self.titles.write([f"picture, {side} {TIMES} {side}", *heads], self.places, 10)
        for name, curve in self.curves.items():
            curve.set_data(range(1, WIDEST + 1), left[name].clip(-30, 125))
        self.now.set_data([window, window], [-30, 125])
        names = [f"{LOOKS[name][2]} {name}" for name in REAL_POOLS]
        colours = [LOOKS[name][1] for name in REAL_POOLS]
        self.legend.write(names, [(520, 392), (640, 392), (760, 392)], 10.5, colours, align="left")

    def describe(self, numbers):
        window = numbers["window"]
        left = {name: numbers[f"left_{name}"][window - 1] for name in REAL_POOLS}
        colour = "brighter" if numbers["before"] > 0 else "darker"
        lost = [name for name, share in left.items() if share < 10]
        kept = [name for name, share in left.items() if share > 80]
        verdict = f"Lost (under 10 %): {' and '.join(lost) or 'none'}. Well kept (over 80 %): {' and '.join(kept) or 'none'}."
        return (
            f"In the picture the stroke is {abs(numbers['before']):.2f} {colour} than the rest. In a map we compare the cells "
            f"whose window holds a part of the stroke with all others.\n"
            f"Window {window}: {', '.join(f'{name} keeps {_percent(share)}' for name, share in left.items())} of the contrast. "
            f"{verdict}"
        )


BRIGHT, DARK, DIGIT, WRITING = "bright line on dark", "dark line on bright", "written digit", "writing on tiles"
LINES, STROKES, WIDEST = (BRIGHT, DARK), (BRIGHT, DARK, DIGIT, WRITING), 8


@lru_cache
def stroke_picture(picture, width, slope):
    """Return a picture from 0 to 1, and which of its pixels belong to the stroke: both (side, side)."""
    if picture == DIGIT:
        image = load_mnist()[0][2057].astype(float)  # a four
        stroke = image > 0.5
    elif picture == WRITING:
        image = load_photo("text", grey=True)[42:90, 172:220]
        stroke = image < 0.6 * np.median(image)
    else:
        y, x = np.mgrid[:48, :48] - 23.4  # not quite in the middle, so that no window is favoured
        across = x * np.sin(np.deg2rad(slope)) + y * np.cos(np.deg2rad(slope))
        stroke = (np.abs(across) <= width / 2) & (np.hypot(x, y) < 20)
        image = np.where(stroke, 0.9, 0.1) if picture == BRIGHT else np.where(stroke, 0.1, 0.9)
    return image, stroke


def contrast_left(pool, image, stroke, window):
    """Return how much brighter the cells with a part of the stroke are than the others, after pooling."""
    pooled, holds = pool(image[None, :, :, None], window), max_pool2d(stroke[None, :, :, None] * 1.0, window) == 1
    return pooled[holds].mean() - pooled[~holds].mean()


def _percent(share):
    return f"{signed(round(share), '{:d}')} %".replace(f"{MINUS}0 ", "0 ")
