"""A network drawn: small pictures for neurons, and lines for weights."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import LineCollection
from matplotlib.transforms import IdentityTransform

POSITIVE, NEGATIVE = "#a8283a", "#2a5fa5"  # the two ends of the colours of values, dark enough for thin lines


class Edges(Artist):
    """Lines in pixels of the figure, one for each weight: red above 0, blue and dashed below; thick where it is large.

    With an `alpha` below 1 they stand back.
    """

    def __init__(self, figure, thickest=5.0, alpha=None):
        super().__init__()
        self.thickest = thickest
        self.set_figure(figure)
        shape = {"transform": IdentityTransform(), "capstyle": "butt", "alpha": alpha}
        self._above = LineCollection([], colors=POSITIVE, **shape)
        self._below = LineCollection([], colors=NEGATIVE, linestyles=(0, (3, 1.2)), **shape)
        for lines in (self._above, self._below):
            lines.set_figure(figure)
        self.set_animated(True)

    def set(self, lines, weights, strongest=None):
        """Draw the lines (weights, 2, 2); a weight as large as `strongest` (their largest, unless given) is the thickest."""
        lines, weights = np.asarray(lines, float), np.asarray(weights, float)
        strongest = strongest or np.abs(weights).max(initial=0) or 1
        widths = (self.thickest * np.abs(weights) / strongest).clip(0.3, self.thickest)
        for drawn, chosen in ((self._above, weights > 0), (self._below, weights < 0)):
            drawn.set_segments(lines[chosen])
            drawn.set_linewidths(widths[chosen])

    def draw(self, renderer):
        """Draw all lines."""
        for lines in (self._above, self._below):
            if len(lines.get_paths()):
                lines.draw(renderer)


class Thumbnails(Artist):
    """Small pictures of one size at places in pixels of the figure, each with a thin frame."""

    def __init__(self, figure, frame=0xFF6B6B6B):
        super().__init__()
        self.frame = np.uint32(frame)
        self.set_figure(figure)
        self.set_animated(True)
        self._pictures = []

    def set(self, colours, corners):
        """Show packed colours (pictures, height, width), each with its lower left corner (pictures, 2) in pixels."""
        framed = np.full((len(colours), colours.shape[1] + 2, colours.shape[2] + 2), self.frame, np.uint32)
        framed[:, 1:-1, 1:-1] = colours[:, ::-1]  # Agg wants the upper row last
        self._pictures = framed[..., None].view(np.uint8)
        self._corners = np.asarray(corners) - 1

    def draw(self, renderer):
        """Copy the pictures into the canvas."""
        context = renderer.new_gc()
        for picture, corner in zip(self._pictures, self._corners, strict=True):
            renderer.draw_image(context, *corner, picture)
        context.restore()
