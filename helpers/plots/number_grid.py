"""A matrix drawn as coloured cells with a number in each."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.path import Path as MarkerPath

from helpers.plots.figure import DPI
from helpers.plots.lettering import Lettering, text_width
from helpers.plots.pixels import Pixels, is_dark, named_colour

SMALLEST, LARGEST = 9, 14  # points
PALE = "#dfe9f3"


class NumberGrid(Artist):
    """Cells and numbers that can be set again and again: `set(values)`.

    Numbers are as large as the cells allow, up to 14 points; where they would be under 9 points they are left out
    (`numbers_fit` says so). A NaN cell stays empty; a cell marked as `added` (padding) is pale whatever its number.
    """

    def __init__(self, axes, cmap="RdBu_r", vmin=-1, vmax=1, fmt="{:g}"):
        super().__init__()
        self.fmt = fmt
        self.cells = Pixels(axes, cmap, vmin, vmax, lines=True)
        self.numbers = Lettering(axes.figure)
        axes.add_artist(self)
        self.set_animated(True)
        self._shown_now = None

    def set(self, values, vmin=None, vmax=None, added=None):
        """Show a matrix (rows, columns); vmin and vmax move the ends of the colour scale; `added` marks the pale cells."""
        marked = None if added is None else added.tobytes()
        asked = (np.asarray(values).tobytes(), np.shape(values), vmin, vmax, marked, self.fmt)
        if asked == self._shown_now:  # most moves change one grid of several
            return
        self._shown_now = asked
        if vmin is not None:
            self.cells.vmin, self.cells.vmax = vmin, vmax
        values = np.asarray(values, float)
        shown = np.isfinite(values)
        colours = self.cells.colours(np.where(shown, values, self.cells.vmin))
        colours[~shown] = named_colour("white")
        if added is not None:
            colours[added] = named_colour(PALE)
        self.cells.show(colours)
        texts = [number_text(self.fmt, number) for number in values[shown]]
        size = self._size_that_fits(max((text_width(text) for text in texts), default=1))
        self.numbers_fit = size is not None
        places = self.axes.transData.transform(np.argwhere(shown)[:, ::-1].astype(float)) if self.numbers_fit else []
        inks = np.where(is_dark(colours[shown]), "white", "black")
        self.numbers.write(texts if self.numbers_fit else [], places, size or SMALLEST, inks)

    def draw(self, renderer):
        """Draw the cells and their numbers."""
        self.cells.draw(renderer)
        self.numbers.draw(renderer)

    def _size_that_fits(self, width):
        """Return the font size in points with which a text of so many ems fits into a cell, or None."""
        room = min(0.88 * self.cells.cell / width, 0.62 * self.cells.cell) * 72 / DPI
        return None if room < SMALLEST else min(room, LARGEST)


CORNER = MarkerPath([(0, 0), (1, 0), (0, -1), (0, 0)])  # a triangle in the upper left corner of a cell


def marks(axes, marker, colour, size=5):
    """Return an artist that puts a mark on many places: `set_data(x, y)`. Faster than one polygon for each."""
    return axes.plot([], [], linestyle="none", marker=marker, markersize=size, color=colour, mew=0, animated=True)[0]


def number_text(fmt, number):
    """Return a number as text, with a dash as minus sign, and without one where nothing but zeros is left."""
    text = fmt.format(number)
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "\N{EN DASH}")


def cell_corners(cells, margin=0.0):
    """Return the four corners of each cell (row, column), in data units: (cells, 4, 2). A margin draws them smaller."""
    cells = np.asarray(cells, float).reshape(-1, 2)
    half = 0.5 - margin
    corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    return cells[:, None, ::-1] + corners


def box_corners(top, left, bottom, right):
    """Return the corners of a box around the cells top..bottom, left..right (ends included): (1, 4, 2)."""
    return np.array(
        [[(left - 0.5, top - 0.5), (right + 0.5, top - 0.5), (right + 0.5, bottom + 0.5), (left - 0.5, bottom + 0.5)]]
    )


class Frame(Line2D):
    """The outline of one box: `put(box_corners(...))`, or an empty list for none. Cheaper to draw than an `Outline`."""

    def __init__(self, axes, colour, width=2.5, style="-"):
        super().__init__([], [], color=colour, linewidth=width, linestyle=style, solid_joinstyle="miter", animated=True)
        axes.add_line(self)

    def put(self, boxes):
        """Draw the first of these boxes, (boxes, 4, 2) in data units, from now on."""
        corners = [*boxes[0], *boxes[0][:2]] if len(boxes) else np.empty((0, 2))  # one corner more closes it without a notch
        self.set_data(*np.transpose(corners))


class Outline(PolyCollection):
    """Outlines of cells and boxes over a grid or a picture: `put(corners)`, where corners may be an empty list."""

    def __init__(self, axes, colour, width=2.5, style="-", fill="none"):
        super().__init__([], facecolors=fill, edgecolors=colour, linewidths=width, linestyles=style, animated=True)
        axes.add_collection(self, autolim=False)

    def put(self, corners):
        """Draw these polygons, (polygons, corners, 2) in data units, from now on."""
        self.set_visible(len(corners) > 0)
        self.set_verts(corners)
