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
from helpers.plots.pixels import Pixels
from helpers.scratch.pooling import average_pool2d, max_pool2d, min_pool2d

SIDE, FARTHEST = 64, 7  # of the image, and how far it is moved, in pixels
PLACES = {"coins": (40, 40), "camera": (20, 40), "cat": (45, 50), "text": (20, 30)}  # photo -> top and left of the part shown
NONE = "every n-th pixel"


def every_nth(images, pool_size=2, strides=None):
    """Return the upper left pixel of every window: what a stride alone leaves, without pooling."""
    step, places = strides or pool_size, (images.shape[1] - pool_size) // (strides or pool_size) + 1
    return images[:, : places * step : step, : places * step : step]


POOLS = {"max": max_pool2d, "min": min_pool2d, "average": average_pool2d, NONE: every_nth}
LOOKS = {
    "max": ("-", BLUE),
    "min": ((0, (5, 2)), ORANGE),
    "average": ((0, (1, 1)), "#007A5A"),
    NONE: ((0, (6, 2, 1, 2)), "#6b6b6b"),
}


def explore_shift():
    """Move an image by a few pixels, and measure how much of the pooled map stays as it was."""
    return Shift()


class Shift(Explorer):
    title = "An image moves to the right; how much does its pooled map change?"
    size = (960, 452)
    lines = 4

    def make_controls(self):
        realign = widgets.Checkbox(
            True, description="Realign", tooltip="Move the map back by whole cells before it is compared"
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
        self.titles = Lettering(figure)
        self.places = [(left + 96, bottom + 204) for left, bottom in places]
        self.chart = chart_axes(
            figure, 698, 64, 246, 256, xlim=(-0.2, FARTHEST + 0.2), ylim=(0, 100), xticks=range(FARTHEST + 1)
        )
        self.chart.set(xlabel="shift in pixels", ylabel="change, % of the map's contrast", yticks=range(0, 101, 25))
        self.chart.grid(axis="y")
        self.curves = {
            name: self.chart.plot([], [], color=colour, linestyle=style, linewidth=1.8, animated=True)[0]
            for name, (style, colour) in LOOKS.items()
        }
        self.now = marks(self.chart, "o", INK, 8)
        caption(figure, 818, 436, "change for every shift")
        self.legend = Lettering(figure)
        self.value = Label(figure, 818, 336, 10.5, align="center")
        return [*self.pictures, self.titles, *self.curves.values(), self.now, self.legend, self.value]

    def compute(self, shift, pool, image, window, stride, realign):
        still, moved = part(image, 0), part(image, shift)
        before, after = pooled(image, pool, window, stride, 0), pooled(image, pool, window, stride, shift)
        difference, cells = difference_of(before, after, shift, stride, realign)
        changes = {name: change_curve(image, name, window, stride, realign) for name in POOLS}
        return {
            **{"still": still, "moved": moved, "before": before, "after": after, "difference": difference, "cells": cells},
            "image_difference": difference_of(still, moved, shift, 1, realign)[0],
            **{f"change_{name}": curve for name, curve in changes.items()},
            **{"shift": shift, "pool": pool, "window": window, "stride": stride, "realign": realign, "image": image},
            "change": changes[pool][shift],
        }

    def paint(self, numbers):
        pictures = ("still", "moved", "image_difference", "before", "after", "difference")
        for picture, name in zip(self.pictures, pictures, strict=True):
            picture.set(numbers[name])
        size = f"{len(numbers['before'])} {TIMES} {len(numbers['before'])}"
        heads = [f"image, {SIDE} {TIMES} {SIDE}", f"moved by {numbers['shift']}", "difference of the images"]
        self.titles.write([*heads, f"its map, {size}", "map of the moved image", "difference of the maps"], self.places, 10.5)
        for name, curve in self.curves.items():
            curve.set_data(range(FARTHEST + 1), numbers[f"change_{name}"].clip(0, 100))
            curve.set_linewidth(3.2 if name == numbers["pool"] else 1.4)
        self.now.set_data([numbers["shift"]], [min(numbers["change"], 100)])
        names = ["\u2500\u2500 max", "\u254c\u254c min", "\u2508\u2508 average", f"\u2500 \u2508 {NONE}"]
        places = [(704, 414), (772, 414), (838, 414), (704, 390)]
        self.legend.write(names, places, 10, [LOOKS[name][1] for name in POOLS], align="left")
        self.value.set_text(f"{numbers['pool']}, shift {numbers['shift']}: {numbers['change']:.0f} %")

    def describe(self, numbers):
        shift, stride, cells = numbers["shift"], numbers["stride"], numbers["cells"]
        way = f"`{shift} pixel{'' if shift == 1 else 's'} / stride {stride} = {shift / stride:.3g}` cells of the map"
        back = (
            f"The map was moved back by {cells} cell{'' if cells == 1 else 's'}"
            if numbers["realign"]
            else "The map was not moved back"
        )
        if numbers["change"] < 0.5:
            found = "nothing has changed"
        else:
            found = f"it still differs by {numbers['change']:.0f} % of its contrast (100 %: as much as from plain grey)"
        return f"The image moved by {way}. {back}: {found}.\n{rule(shift, stride, numbers['realign'])}"


def rule(shift, stride, realign):
    """Return what the learner should notice about shift and stride."""
    if shift == 0:
        return "Without a shift there is nothing to compare."
    if not realign:
        return (
            "Not realigned, the maps are compared cell by cell: pooling makes a map coarser, but it does not hold it in place."
        )
    if shift % stride == 0:
        return "The shift is a multiple of the stride: every window meets the same pixels again, one or more cells further on."
    return "The shift is no multiple of the stride: the windows cut the image in other places, and other pixels win."


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


def difference_of(before, after, shift, stride, realign):
    """Return the difference where both maps show the same content, 0 elsewhere; and by how many cells it was moved back.

    Between two whole numbers of cells, the one with the smaller difference is taken.
    """
    found = []
    for cells in {shift // stride, -(-shift // stride)} if realign else {0}:
        difference = np.zeros_like(before)
        difference[:, cells:] = after[:, cells:] - before[:, : before.shape[1] - cells]
        found.append((np.abs(difference[:, cells:]).mean(), cells, difference))
    _, cells, difference = min(found, key=lambda each: each[:2])
    return difference, cells


@lru_cache(maxsize=512)
def change_curve(image, pool, window, stride, realign):
    """Return for every shift the change in per cent of the map's contrast, its mean distance from its own mean."""
    before = pooled(image, pool, window, stride, 0)
    contrast = np.abs(before - before.mean()).mean()
    changes = []
    for shift in range(FARTHEST + 1):
        difference, cells = difference_of(before, pooled(image, pool, window, stride, shift), shift, stride, realign)
        changes.append(100 * np.abs(difference[:, cells:]).mean() / contrast)
    return np.array(changes)
