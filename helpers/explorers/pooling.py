"""The explorers of the lesson on pooling."""

from functools import lru_cache

import ipywidgets as widgets
import numpy as np

from helpers.datasets import load_photo
from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import TIMES
from helpers.plots.figure import BLUE, INK, ORANGE, caption, chart_axes, picture_axes
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import marks
from helpers.plots.pixels import Pixels, named_colour
from helpers.scratch.convolution import output_size
from helpers.scratch.pooling import average_pool2d, max_pool2d, min_pool2d

SIDE, FARTHEST, HIGHEST = 64, 8, 130  # of the image, and how far it is moved, in pixels; the highest change shown, in %
PLACES = {"coins": (40, 40), "camera": (20, 40), "cat": (45, 50), "text": (20, 30)}  # photo -> top and left of the part shown
NONE = "one pixel of each window"


def every_nth(images, pool_size=2, strides=None):
    """Return the upper left pixel of every window: what a stride alone leaves, without pooling."""
    step = strides or pool_size
    places = output_size(images.shape[1], pool_size, step)
    return images[:, : places * step : step, : places * step : step]


POOLS = {"max": max_pool2d, "min": min_pool2d, "average": average_pool2d, NONE: every_nth}
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
        realign = widgets.Checkbox(
            True, description="Move back", tooltip="Move the map back by whole cells before it is compared"
        )
        realign.layout, realign.style.description_width = widgets.Layout(width="300px", margin="2px 6px"), "96px"
        return {
            "shift": slider("Shift", 1, 0, FARTHEST, "How many pixels the image has moved to the right"),
            "pool": choice("Pooling", "max", POOLS, "What is kept of each window"),
            "image": choice("Photo", "coins", PLACES, "Which photo is pooled"),
            "window": slider("Window", 2, 1, 8, "Height and width of the window"),
            "stride": slider("Stride", 2, 1, 8, "How many pixels the window moves at each step"),
            "realign": realign,
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
            yticks=range(0, HIGHEST + 1, 25),
        )
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
        names = [f"{mark} {name}" for name, (_, _, mark) in LOOKS.items()]
        places = [(700, 416), (772, 416), (840, 416), (700, 394), (700, 372)]
        colours = [*(LOOKS[name][1] for name in POOLS), INK]
        self.legend.write([*names, "\u2500\u2500 the image itself"], places, 10, colours, align="left")
        self.value.set_text(f"{numbers['pool']}, shift {numbers['shift']}: {numbers['change']:.0f} %")

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
            f"{numbers['change']:.0f} % of the map's contrast (100 %: as far as its cells are from their mean).\n"
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
