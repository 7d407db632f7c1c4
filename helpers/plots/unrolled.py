"""A recurrent network drawn step by step: cells with numbers anywhere in the figure, and arrows between them."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.patches import Rectangle
from matplotlib.transforms import IdentityTransform

from helpers.plots.figure import INK, house_style, new_figure, whole_figure
from helpers.plots.lettering import Lettering
from helpers.plots.number_grid import number_text
from helpers.plots.pictures import Picture
from helpers.plots.pixels import colour_table, is_dark, named_colour, unpack

EMPTY, LINE, FAINT = "#f6f6f6", "#8c8c8c", "#d4d4d4"


class Cells(Artist):
    """Boxes of one size at any places (x, y) of their centres, in pixels of the figure, each with a number or empty (NaN).

    The colour goes from blue (-most) over white to red (most), or with another map from `least` to `most`. Numbers nearer to
    0 than `hidden` are not written.
    """

    def __init__(self, figure, width, height, most=1.0, fmt="{:.2f}", size=10.0, cmap="RdBu_r", least=None, hidden=0.0):
        super().__init__()
        self.least, self.most = -most if least is None else least, most
        self.fmt, self.size, self.hidden = fmt, size, hidden
        self.half = np.array([width, height]) / 2
        self._table = colour_table(cmap)
        self.set_figure(figure)
        self._boxes = PolyCollection([], linewidths=0.8, transform=IdentityTransform())
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
        share = (np.where(known, values, self.least) - self.least) / (self.most - self.least)
        colours = self._table[np.rint(share.clip(0, 1) * 255).astype(np.uint8)]
        colours[~known] = named_colour(EMPTY)
        self._boxes.set_verts(self.corners(places))
        self._boxes.set_facecolors(unpack(colours) / 255)
        self._boxes.set_edgecolors([LINE if each else FAINT for each in known])
        written = known & (np.abs(np.where(known, values, 0)) >= self.hidden)
        inks = np.where(is_dark(colours[written]), "white", "black")
        self._numbers.write([number_text(self.fmt, value) for value in values[written]], places[written], self.size, inks)

    def corners(self, places):
        """Return the corners of cells at these places (cells, 2), for frames around them: (cells, 4, 2)."""
        return np.reshape(places, (-1, 1, 2)) + self.half * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])

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


TYPES = (  # name, example, and for each step: whether something goes in, and whether something comes out
    ("one to one", "a number:\nabove 0?", ["xy"]),
    ("one to many", "a picture:\nits name, in letters", ["xy", "y", "y"]),
    ("many to one", "the words of a review:\ngood or bad?", ["x", "x", "xy"]),
    ("many to many,\nstep by step", "words of a sentence:\nnoun or verb, each", ["xy", "xy", "xy"]),
    ("many to many,\nafter reading", "a sentence:\nin another language", ["x", "x", "y", "y"]),
)


# In pixels: the height of the states, the size of a box, from one step to the next, and between two boxes.
MIDDLE, SIDE, STEP, GAP = 126, 26, 54, 30


def show_types():
    """Return a drawing of the types of recurrent networks: boxes for inputs x, states h and outputs y, and the ways between."""
    height, left = 254, 0
    rooms = [max(STEP * (len(steps) - 1) + 84, 128) for _, _, steps in TYPES]
    rooms = [room * 900 / sum(rooms) for room in rooms]
    with house_style():
        figure = new_figure(900, height)
        axes = whole_figure(figure)
        for room, (name, example, steps) in zip(rooms, TYPES, strict=True):
            middle, left = left + room / 2, left + room
            axes.text(middle, height - 6, name, ha="center", va="top", fontsize=11, weight="bold")
            axes.text(middle, 40, example, ha="center", va="top", fontsize=9.5)
            reads = sum("x" in holds for holds in steps)
            for t, holds in enumerate(steps):
                second = "y" not in steps[0] and t >= reads  # the part that writes has weights of its own
                fed_back = bool(t) and "x" not in holds and "y" in steps[t - 1]
                _draw_step(axes, middle + STEP * (t - (len(steps) - 1) / 2), holds, t > 0, fed_back, "\N{PRIME}" * second)
    names = ", ".join(name.replace("\n", " ") for name, _, _ in TYPES)
    return Picture(
        figure,
        f"Five drawings: {names}. x goes in, h is the state that is handed on, y comes out; a dashed way leads from an output "
        "to the next input.",
    )


def _draw_step(axes, x, holds, goes_on, fed_back, prime):
    """Draw the boxes of one step, whose middle is at x, and the ways to them, with the letters of their weights."""
    half = SIDE / 2
    heights = {"x": MIDDLE - SIDE - GAP, "h": MIDDLE, "y": MIDDLE + SIDE + GAP}
    for letter in [*holds, "h"]:
        face = {"x": "#dfe9f3", "h": "#ffffff", "y": "#fbe3d2"}[letter]
        corner = (x - half, heights[letter] - half)
        axes.add_patch(Rectangle(corner, SIDE, SIDE, facecolor=face, edgecolor=INK, linewidth=1.2))
        axes.text(x, heights[letter] - 1, letter, ha="center", va="center", fontsize=11)
    below, above = MIDDLE - half, MIDDLE + half
    ways = [("W", (x, below - GAP), (x, below), (x + 9, below - GAP / 2 + 1))] if "x" in holds else []
    ways += [("V", (x, above), (x, above + GAP), (x + 9, above + GAP / 2 + 1))] if "y" in holds else []
    ways += [("U" + prime, (x - STEP + half, MIDDLE), (x - half, MIDDLE), (x - STEP + half + 7, MIDDLE + 9))] if goes_on else []
    if fed_back:
        turn, low = x - half - 10, below - 20
        corners = [(x - STEP + half, heights["y"]), (turn, heights["y"]), (turn, low), (x, low)]
        axes.plot(*zip(*corners, strict=True), color=INK, linewidth=1, linestyle=(0, (3, 2)))
        ways.append(("W" + prime, (x, low), (x, below), (x + 10, low + 8)))
    for letter, start, end, spot in ways:
        axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": INK, "shrinkA": 0, "shrinkB": 0})
        axes.text(*spot, letter, ha="center", va="center", fontsize=9)
