"""The explorers of the lesson on convolution, padding and stride."""

import numpy as np

from helpers.datasets import load_photo, shrink
from helpers.explorers.controls import choice, slider
from helpers.explorers.explorer import Explorer, Impossible
from helpers.plots.figure import BLUE, ORANGE, caption, picture_axes
from helpers.plots.lettering import Label
from helpers.plots.number_grid import NumberGrid, Outline, box_corners, cell_corners
from helpers.scratch.convolution import conv2d

MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
PATCHES = {  # name -> (photo, top, left, height and width in pixels)
    "a coin": ("coins", 18, 16, 62),
    "rim of a cup": ("coffee", 60, 190, 160),
    "head of a photographer": ("camera", 60, 160, 200),
}
ONE_PIXEL = "one bright pixel"


def explore_window(patch="a coin"):
    """Slide a window over a small patch of a photo, and see the sum behind each number of the feature map."""
    if patch not in (*PATCHES, ONE_PIXEL):
        raise ValueError(f"patch: expected one of {[*PATCHES, ONE_PIXEL]}, got {patch!r}")
    return Window(patch)


class Window(Explorer):
    title = "A window slides over a small image; each place gives one number of the feature map."
    size = (960, 436)
    lines = 5

    def __init__(self, patch):
        self.patch = patch
        super().__init__()

    def make_controls(self):
        return {
            "row": slider("Window down", 0, 0, 17, "Moves the window down; after the last row it starts again at the top"),
            "column": slider(
                "Window right", 0, 0, 17, "Moves the window right; after the last column it starts again at the left"
            ),
            "kernel": choice("Kernel", "vertical edges", WINDOW_KERNELS, "The weights in the window"),
            "size": slider("Image size", 8, 4, 10, "Height and width of the image, in pixels"),
            "kernel_size": slider("Kernel size", 3, 1, 5, "Height and width of the window"),
            "image": choice("Image", self.patch, [*PATCHES, ONE_PIXEL], "Which small image is read"),
            "padding": slider("Padding", 0, 0, 4, "Rows and columns of zeros added on each side"),
            "stride": slider("Stride", 1, 1, 4, "How many pixels the window moves at each step"),
            "dilation": slider("Dilation", 1, 1, 3, "Distance between the pixels that the window reads; 1 leaves no gaps"),
        }

    def stage(self, figure):
        self.input = NumberGrid(picture_axes(figure, 12, 14, 380, 380), cmap="gray", vmin=0, vmax=9)
        self.kernel = NumberGrid(picture_axes(figure, 425, 232, 150, 150))
        self.products = NumberGrid(picture_axes(figure, 425, 14, 150, 150))
        self.output = NumberGrid(picture_axes(figure, 610, 44, 338, 338))
        caption(figure, 500, 416, "kernel (the weights)")
        caption(figure, 500, 200, "pixels in the window")
        caption(figure, 500, 182, f"{TIMES} weights")
        self.input_title = Label(figure, 202, 416, align="center")
        self.output_title = Label(figure, 779, 416, align="center")
        self.sum = Label(figure, 779, 20, 11.5, align="center", weight="bold")
        self.real_image = Outline(self.input.axes, BLUE, 2, style="--")
        self.starts = Outline(self.input.axes, ORANGE, 1, fill=ORANGE)
        self.reads, self.window = Outline(self.input.axes, ORANGE, 1.2), Outline(self.input.axes, ORANGE, 3)
        self.cursor = Outline(self.output.axes, ORANGE, 3)
        grids = [self.input, self.kernel, self.products, self.output]
        marks = [self.real_image, self.starts, self.reads, self.window, self.cursor]
        return [*grids, *marks, self.input_title, self.output_title, self.sum]

    def compute(self, row, column, kernel, size, kernel_size, image, padding, stride, dilation):
        span = dilation * (kernel_size - 1) + 1
        if span > size + 2 * padding:
            raise Impossible(
                f"This window does not fit: it is {span} pixels wide, and the image has only {size + 2 * padding}, padding included. "
                "Make the image larger, the kernel smaller, or add padding."
            )
        pixels = small_image(image, size)
        weights = WINDOW_KERNELS[kernel](kernel_size)
        pads = ((padding, padding), (padding, padding))
        maps = conv2d(pixels[None, :, :, None], weights[:, :, None, None], None, stride, pads, dilation)[0, :, :, 0]
        row, column = row % maps.shape[0], column % maps.shape[1]
        padded = np.pad(pixels, padding)
        rows = row * stride + dilation * np.arange(kernel_size)
        columns = column * stride + dilation * np.arange(kernel_size)
        in_window = padded[np.ix_(rows, columns)]
        return {
            **{
                "size": size,
                "padding": padding,
                "stride": stride,
                "dilation": dilation,
                "span": span,
                "row": row,
                "column": column,
            },
            **{"padded": padded, "kernel": weights, "in_window": in_window, "products": in_window * weights, "output": maps},
            **{"rows": rows, "columns": columns, "value": maps[row, column]},
        }

    def paint(self, numbers):
        padded, weights, maps, padding = numbers["padded"], numbers["kernel"], numbers["output"], numbers["padding"]
        added = np.ones(padded.shape, bool)
        added[padding : padding + numbers["size"], padding : padding + numbers["size"]] = False
        self.input.set(padded, added=added)
        strongest = max(1, np.abs(weights).max())
        self.kernel.set(weights, -strongest, strongest)
        self.products.set(numbers["products"], -9 * strongest, 9 * strongest)
        largest = 9 * max(1, weights.clip(min=0).sum(), -weights.clip(max=0).sum())
        self.output.set(maps, -largest, largest)
        rows, columns = numbers["rows"], numbers["columns"]
        self.reads.put(cell_corners([(r, c) for r in rows for c in columns], margin=0.04) if numbers["dilation"] > 1 else [])
        self.window.put(box_corners(rows[0], columns[0], rows[-1], columns[-1]))
        self.cursor.put(cell_corners([(numbers["row"], numbers["column"])]))
        last = len(padded) - 1 - padding
        self.real_image.put(box_corners(padding, padding, last, last) if padding else [])
        self.starts.put(_corner_marks(np.arange(len(maps)) * numbers["stride"]))
        grown = f", padded to {len(padded)} {TIMES} {len(padded)}" if padding else ""
        self.input_title.set_text(f"image {numbers['size']} {TIMES} {numbers['size']}{grown}")
        self.output_title.set_text(f"feature map {maps.shape[0]} {TIMES} {maps.shape[1]}")
        self.sum.set_text(f"sum of the {weights.size} products: {signed(numbers['value'])}")

    def describe(self, numbers):
        terms = [
            " + ".join(f"{pixel:g}\N{MIDDLE DOT}{_in_brackets(weight)}" for pixel, weight in zip(*pair, strict=True))
            for pair in zip(numbers["in_window"], numbers["kernel"], strict=True)
        ]
        written = " + ".join(f"({line})" for line in terms) if len(terms) > 1 else terms[0]
        size, k, p, s, d = (numbers["size"], len(numbers["kernel"]), numbers["padding"], numbers["stride"], numbers["dilation"])
        places = len(numbers["output"])
        reach = f" A dilation of {d} spreads {k} weights over {numbers['span']} pixels." if d > 1 and k > 1 else ""
        return (
            f"Row {numbers['row']}, column {numbers['column']} of the feature map (both counted from 0):\n"
            f"`{written} = {signed(numbers['value'])}`\n"
            f"Size: `floor(({size} + 2\N{MIDDLE DOT}{p} {MINUS} {numbers['span']}) / {s}) + 1 = {places}` rows, and as many columns.{reach}"
        )


def small_image(name, size):
    """Return (size, size) whole numbers from 0 (darkest) to 9 (brightest): a patch of a photo, or one bright pixel."""
    if name == ONE_PIXEL:
        pixels = np.zeros((size, size))
        pixels[size // 2, size // 2] = 9
        return pixels
    photo, top, left, side = PATCHES[name]
    pixels = shrink(load_photo(photo, grey=True)[top : top + side, left : left + side], size, size)
    return np.round(9 * (pixels - pixels.min()) / (pixels.max() - pixels.min()))


def _vertical_edges(size):
    """Return weights that subtract the left column from the right one."""
    kernel = np.zeros((size, size))
    kernel[:, -1] += 1
    kernel[:, 0] -= 1
    return kernel


def _centre_only(size):
    kernel = np.zeros((size, size))
    kernel[size // 2, size // 2] = 1
    return kernel


WINDOW_KERNELS = {
    "vertical edges": _vertical_edges,
    "horizontal edges": lambda size: _vertical_edges(size).T,
    "sum of all": lambda size: np.ones((size, size)),
    "centre only": _centre_only,
    "centre against the rest": lambda size: size**2 * _centre_only(size) - 1,
    "1, 2, 3 ...": lambda size: np.arange(1.0, size**2 + 1).reshape(size, size),
}


def signed(number, fmt="{:g}"):
    """Return a number as text with a real minus sign."""
    return fmt.format(number).replace("-", MINUS)


def _in_brackets(weight):
    return f"({signed(weight)})" if weight < 0 else signed(weight)


def _corner_marks(starts):
    """Return a small triangle in the upper left corner of every cell at which a window starts."""
    places = np.array([(column, row) for row in starts for column in starts]) - 0.46
    return places[:, None, :] + np.array([(0, 0), (0.2, 0), (0, 0.2)])
