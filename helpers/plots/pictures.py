"""Pictures that stand still: a few arrays side by side, and curves. Each carries a sentence for those who cannot see it."""

import base64
import io

import numpy as np

from helpers.plots.figure import DPI, caption, chart_axes, house_style, new_figure, picture_axes
from helpers.plots.lettering import text_width
from helpers.plots.number_grid import NumberGrid

WIDTH = 900  # pixels


class Picture:
    """A figure that shows itself as the last line of a cell, with the sentence as its text."""

    def __init__(self, figure, sentence):
        self.figure, self.sentence = figure, sentence

    def _repr_mimebundle_(self, include=None, exclude=None):
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", metadata={"Software": None})
        return {"image/png": base64.b64encode(buffer.getvalue()).decode("ascii"), "text/plain": self.sentence}


def show_pictures(pictures, sentence, columns=None, limit=None):
    """Return arrays drawn side by side, with their titles.

    pictures: dict title -> (rows, columns) or (rows, columns, 3). A table with negative numbers is drawn with its sign: red
    above 0, blue below, white at 0, up to `limit` or its own largest number. Others are grey, from 0 to 1 or their largest.
    A title that is too long for its picture is broken into lines.
    """
    columns = columns or len(pictures)
    rows = -(-len(pictures) // columns)
    side = min(300, (WIDTH - 20 * columns) / columns)
    tall = side * max(np.shape(array)[0] / np.shape(array)[1] for array in pictures.values())
    heads = [broken(title, side + 16) for title in pictures]
    titles = 18 * max(head.count("\n") + 1 for head in heads) + 14
    with house_style():
        figure = new_figure(columns * (side + 20), rows * (tall + titles))
        for k, (title, array) in enumerate(zip(heads, pictures.values(), strict=True)):
            array = np.asarray(array)
            left, bottom = (k % columns) * (side + 20) + 10, (rows - 1 - k // columns) * (tall + titles) + 6
            width, height = figure.get_size_inches() * DPI
            axes = figure.add_axes([left / width, bottom / height, side / width, tall / height])
            if array.ndim == 2 and array.min() < 0:
                largest = limit or np.abs(array).max()
                axes.imshow(array, cmap="RdBu_r", vmin=-largest, vmax=largest)
            else:
                axes.imshow(array.clip(0, None), cmap="gray", vmin=0, vmax=max(1, array.max()))
            axes.set(xticks=[], yticks=[], title=title)
            axes.spines[:].set(visible=True, color="#8c8c8c")
    return Picture(figure, sentence)


def broken(title, width, size=10.5):
    """Return a title with line breaks between words, so that no line is wider than `width` pixels, where words allow it."""
    lines = []
    for line in title.split("\n"):
        lines.append("")
        for word in line.split(" "):
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and text_width(longer) * size * DPI / 72 > width:
                lines.append(word)
            else:
                lines[-1] = longer
    return "\n".join(lines)


def show_curves(x, curves, xlabel, ylabel, sentence, ylim=None, log=False):
    """Return curves over x; curves: dict name -> heights. Each has its own line, mark and name at its end.

    With `log` equal steps on the axis are equal factors, as between 1, 10 and 100.
    """
    marks = "os^Dv*"
    with house_style():
        figure = new_figure(700, 320)
        axes = chart_axes(figure, 80, 52, 380, 242)
        for (name, heights), mark in zip(curves.items(), marks, strict=False):
            axes.plot(x, heights, marker=mark, label=name)
        if log:
            axes.set_xscale("log")
            axes.minorticks_off()
        axes.set(xlabel=xlabel, ylabel=ylabel, xticks=x)
        axes.set_xticklabels([f"{place:,.10g}" for place in x])
        if ylim:
            axes.set_ylim(*ylim)
        axes.grid(axis="y")
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return Picture(figure, sentence)


def show_classes(panels, sentence):
    """Return clouds of points side by side; each point is drawn as the number of its class, in a colour of its own.

    panels: dict title -> (points (count, 2), classes (count,) from 0 to 9).
    """
    colours = ["#1a1a1a", "#0072B2", "#D55E00", "#007A5A", "#8F4A7F", "#9A6A00", "#56B4E9", "#CC79A7", "#6b6b6b", "#b22222"]
    side = min(430, WIDTH / len(panels) - 20)
    with house_style():
        figure = new_figure(len(panels) * (side + 20), side + 40)
        for place, (title, (points, classes)) in enumerate(panels.items()):
            axes = picture_axes(figure, place * (side + 20) + 10, 8, side, side, title)
            for each in np.unique(classes):
                chosen = points[classes == each]
                axes.plot(*chosen.T, linestyle="none", marker=f"${each}$", markersize=6, color=colours[each], mew=0)
            axes.spines[:].set(visible=True, color="#8c8c8c")
    return Picture(figure, sentence)


def show_matrix(matrix, sentence, across, down, names=None):
    """Return a table of counts as coloured cells with a number in each; `across` and `down` say what the axes are."""
    size, side = len(matrix), 420
    names = [str(place) for place in range(size)] if names is None else names
    with house_style():
        figure = new_figure(side + 90, side + 70)
        grid = NumberGrid(picture_axes(figure, 76, 10, side, side), cmap="Blues", vmin=0, vmax=np.max(matrix))
        grid.set(matrix)
        for place, name in enumerate(names):
            step = (place + 0.5) * side / size
            caption(figure, 76 + step, side + 22, name)
            caption(figure, 64, 10 + side - step, name, ha="right")
        caption(figure, 76 + side / 2, side + 48, across)
        figure.text(18 / (side + 90), (10 + side / 2) / (side + 70), down, fontsize=10.5, rotation=90, ha="center", va="center")
    return Picture(figure, sentence)


def show_lines(x, curves, points, xlabel, ylabel, sentence):
    """Return smooth curves over x, and single points: curves is a dict name -> heights, points a dict name -> (x, heights)."""
    with house_style():
        figure = new_figure(720, 320)
        axes = chart_axes(figure, 70, 55, 380, 240, xlabel=xlabel, ylabel=ylabel)
        for name, heights in curves.items():
            axes.plot(x, heights, label=name)
        for name, (places, heights) in points.items():
            axes.plot(places, heights, linestyle="none", marker="o", markersize=5, color="#1a1a1a", label=name)
        axes.grid(axis="y")
        axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return Picture(figure, sentence)
