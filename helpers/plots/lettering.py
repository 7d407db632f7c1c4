"""Text that changes at every move of a slider, drawn as outlines of glyphs: about ten times faster than Matplotlib's Text."""

from functools import cache
from math import cos, radians, sin

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import LoadFlags
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D, IdentityTransform

from helpers.plots.figure import DPI, INK

ALIGN = {"left": 0.0, "center": 0.5, "right": 1.0}
DIGIT_CENTRE = 0.365  # half the height of a digit, as a part of the font size


@cache
def _glyph(character, weight):
    """Return the outline of a character at font size 1, and how far the next one is."""
    properties = FontProperties(family="DejaVu Sans", weight=weight)
    font = get_font(findfont(properties))
    font.set_size(100, 72)
    advance = font.load_char(ord(character), flags=LoadFlags.NO_HINTING).linearHoriAdvance / 65536 / 100
    outline = None if character == " " else TextPath((0, 0), character, size=1, prop=properties)
    return outline, advance


def text_width(text, weight="normal"):
    """Return the width of a text in units of the font size."""
    return sum(_glyph(character, weight)[1] for character in text)


class Lettering(Artist):
    """Many short texts of one size, drawn at once: `write(texts, places, size, colours)`; places in pixels of the figure."""

    def __init__(self, figure, weight="normal"):
        super().__init__()
        self.weight = weight
        self.set_figure(figure)
        self._ink = PathCollection([], offset_transform=IdentityTransform(), linewidths=0, animated=True)
        self._ink.set_snap(False)  # snapped to whole pixels, an l would look bold and a thin minus would vanish
        self._ink.set_figure(figure)
        self.set_animated(True)

    def write(self, texts, places, size, colours=(INK,), align="center", angle=0):
        """Place each text so that digits are centred on its place (x, y) from the lower left corner; size in points.

        With an `angle` in degrees the texts are turned around their places, against the clock.
        """
        size *= DPI / 72
        turn = radians(angle)
        along, up = (cos(turn), sin(turn)), (-sin(turn), cos(turn))
        paths, offsets, faces = [], [], []
        for k, (text, (x, y)) in enumerate(zip(texts, places, strict=True)):
            way, down = -ALIGN[align] * size * text_width(text, self.weight), -DIGIT_CENTRE * size
            for character in text:
                path, advance = _glyph(character, self.weight)
                if path is not None:
                    paths.append(path)
                    offsets.append((x + way * along[0] + down * up[0], y + way * along[1] + down * up[1]))
                    faces.append(colours[k % len(colours)])
                way += advance * size
        known = {colour: to_rgba(colour) for colour in set(faces)}
        self._ink.set(offsets=np.reshape(offsets, (-1, 2)), facecolors=[known[face] for face in faces])
        self._ink.set_paths(paths)
        self._ink.set_transform(Affine2D().scale(size).rotate_deg(angle))

    def draw(self, renderer):
        """Draw all texts."""
        if self._ink.get_paths():
            self._ink.draw(renderer)


class Label(Lettering):
    """One text at one place, in pixels from the lower left corner of the figure: `set_text(text)`."""

    def __init__(self, figure, x, y, size=10.5, colour=INK, align="left", weight="normal"):
        super().__init__(figure, weight)
        self._shape = {"places": [(x, y)], "size": size, "colours": (colour,), "align": align}

    def set_text(self, text):
        """Show this text."""
        self.write([text], **self._shape)
