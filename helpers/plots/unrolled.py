"""A recurrent network drawn step by step: cells with numbers anywhere in the figure, and arrows between them."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.transforms import IdentityTransform

from helpers.plots.figure import INK
from helpers.plots.lettering import Lettering
from helpers.plots.number_grid import number_text
from helpers.plots.pixels import colour_table, is_dark, unpack

EMPTY, LINE, PALE = "#f4f4f4", "#8c8c8c", "#b4b4b4"


class Cells(Artist):
    """Boxes of one size at any places (x, y) of their centres, in pixels of the figure, each with a number or empty (NaN).

    The colour goes from blue (-most) over white to red (most).
    """

    def __init__(self, figure, width, height, most=1.0, fmt="{:.2f}", size=10.0):
        super().__init__()
        self.most, self.fmt, self.size = most, fmt, size
        self.half = np.array([width, height]) / 2
        self._table = colour_table("RdBu_r")
        self.set_figure(figure)
        self._boxes = PolyCollection([], edgecolors=LINE, linewidths=0.8, transform=IdentityTransform())
        self._boxes.set_figure(figure)
        self._numbers = Lettering(figure)
        self.set_animated(True)
        self._shown = None

    def set(self, places, values):
        """Show one cell at each place (cells, 2); values (cells,) may be NaN."""
        places, values = np.asarray(places, float).reshape(-1, 2), np.asarray(values, float)
        asked = (places.tobytes(), values.tobytes())
        if asked == self._shown:
            return
        self._shown = asked
        known = np.isfinite(values)
        share = 0.5 + 0.5 * np.where(known, values, 0) / self.most
        colours = self._table[np.rint(share.clip(0, 1) * 255).astype(np.uint8)]
        faces = np.concatenate([unpack(colours) / 255, np.ones((len(values), 1))], axis=1)
        faces[~known] = [int(EMPTY[k : k + 2], 16) / 255 for k in (1, 3, 5)] + [1]
        corners = self.half * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
        self._boxes.set_verts(places[:, None] + corners)
        self._boxes.set_facecolors(faces)
        inks = np.where(is_dark(colours[known]), "white", "black")
        self._numbers.write([number_text(self.fmt, value) for value in values[known]], places[known], self.size, inks)

    def draw(self, renderer):
        """Draw the boxes and their numbers."""
        if len(self._boxes.get_paths()):
            self._boxes.draw(renderer)
        self._numbers.draw(renderer)


class Arrows(Artist):
    """Arrows of one kind, each along a line of points in pixels of the figure: `set(lines)`."""

    def __init__(self, figure, colour=INK, width=1.5, style="-", head=9.0):
        super().__init__()
        self.head = head
        self.set_figure(figure)
        shape = {"transform": IdentityTransform()}
        self._lines = LineCollection([], colors=colour, linewidths=width, linestyles=style, capstyle="butt", **shape)
        self._heads = PolyCollection([], facecolors=colour, edgecolors="none", **shape)
        for artist in (self._lines, self._heads):
            artist.set_figure(figure)
        self.set_animated(True)

    def set(self, lines):
        """Draw these arrows; a line is a list of points (x, y), the last one its tip."""
        lines = [np.asarray(line, float) for line in lines]
        heads, shafts = [], []
        for line in lines:
            forward = (line[-1] - line[-2]) / np.hypot(*(line[-1] - line[-2]))
            neck = line[-1] - self.head * forward
            side = 0.42 * self.head * np.array([-forward[1], forward[0]])
            heads.append([line[-1], neck + side, neck - side])
            shafts.append([*line[:-1], neck])
        self._lines.set_segments(shafts)
        self._heads.set_verts(heads)

    def draw(self, renderer):
        """Draw all arrows."""
        for artist in (self._lines, self._heads):
            if len(artist.get_paths()):
                artist.draw(renderer)
