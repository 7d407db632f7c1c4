"""Pictures made of pixels that change at every move of a slider, copied into the canvas: ten times faster than imshow."""

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.colors import to_rgb

LINE = "#8c8c8c"


def pack(colours):
    """Return colours (..., 3) uint8 as one number each, (...) uint32: such arrays are copied and enlarged many times faster."""
    opaque = np.full((*colours.shape[:-1], 4), 255, np.uint8)
    opaque[..., :3] = colours
    return opaque.view(np.uint32)[..., 0]


def unpack(packed):
    """Return packed colours as (..., 3) uint8."""
    return np.ascontiguousarray(packed)[..., None].view(np.uint8)[..., :3]


def colour_table(cmap):
    """Return 256 colours of a Matplotlib colour map, packed."""
    return pack(np.round(255 * colormaps[cmap](np.linspace(0, 1, 256))[:, :3]).astype(np.uint8))


def named_colour(name):
    """Return a colour such as "white" or "#dfe9f3", packed."""
    return pack(np.round(255 * np.array(to_rgb(name))).astype(np.uint8))


def is_dark(colours):
    """Return for each packed colour whether white reads better on it than black."""
    shares = unpack(colours) / 255
    # Relative luminance (WCAG 2.1); black and white contrast alike at 0.179.
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722] < 0.179


class Pixels(Artist):
    """A picture that fills its axes as far as whole screen pixels allow: `set(values)`.

    With `stretch` it fills them all, whatever that does to its shape.
    values: (rows, columns) numbers coloured from vmin to vmax, or (rows, columns, 3) red, green and blue from 0 to 1.
    Afterwards the axes' data coordinates are columns (x) and rows (y, downwards), so that marks can be put on cells.
    """

    def __init__(self, axes, cmap="gray", vmin=0.0, vmax=1.0, under=None, over=None, lines=False, stretch=False):
        super().__init__()
        self.vmin, self.vmax, self.lines, self.stretch, self._shown = vmin, vmax, lines, stretch, None
        self._table = colour_table(cmap)
        self._under, self._over = (None if name is None else named_colour(name) for name in (under, over))
        axes.set(xticks=[], yticks=[])
        axes.add_artist(self)
        self.set_animated(True)
        box = axes.get_window_extent()
        self._left, self._bottom, self._width, self._height = (round(n) for n in (box.x0, box.y0, box.width, box.height))

    def colours(self, values):
        """Return the packed colours of numbers."""
        place = (np.asarray(values, float) - self.vmin) / (self.vmax - self.vmin)
        colours = self._table[np.rint(place.clip(0, 1) * 255).astype(np.uint8)]
        if self._under is not None:
            colours[place < -1e-9] = self._under
        if self._over is not None:
            colours[place > 1 + 1e-9] = self._over
        return colours

    def set(self, values):
        """Show other values; their shape may change."""
        values = np.array(values)  # a copy: the caller may go on to change the array
        asked = (self.vmin, self.vmax, values)
        if self._shown is not None and asked[:2] == self._shown[:2] and np.array_equal(values, self._shown[2]):
            return  # most moves change one picture of several
        self._shown = asked
        self.show(pack(np.rint(255 * values.clip(0, 1)).astype(np.uint8)) if values.ndim == 3 else self.colours(values))

    def show(self, colours):
        """Show packed colours (rows, columns)."""
        rows, columns = colours.shape
        self.cell = min(self._width / columns, self._height / rows)
        if self.cell >= 1:
            self.cell = int(self.cell)  # cells of whole pixels are all of one size
        height, width = round(rows * self.cell), round(columns * self.cell)
        if self.stretch:
            height, width = self._height, self._width
        cell_height, cell_width = height / rows, width / columns
        left, top = (self._width - width) // 2, (self._height - height) // 2
        picture = colours[np.arange(height) * rows // height][:, np.arange(width) * columns // width]
        if self.lines:
            line = named_colour(LINE)
            picture[:: self.cell], picture[:, :: self.cell], picture[-1], picture[:, -1] = line, line, line, line
        # Agg wants the upper row last.
        self._picture = np.ascontiguousarray(picture[::-1])[..., None].view(np.uint8)
        self._corner = self._left + left, self._bottom + self._height - top - height
        self.axes.set_xlim(-0.5 - left / cell_width, -0.5 + (self._width - left) / cell_width)
        self.axes.set_ylim(-0.5 + (self._height - top) / cell_height, -0.5 - top / cell_height)

    def draw(self, renderer):
        """Copy the picture into the canvas."""
        context = renderer.new_gc()
        renderer.draw_image(context, *self._corner, self._picture)
        context.restore()
