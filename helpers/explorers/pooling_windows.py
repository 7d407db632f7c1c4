"""Pooling with every number in sight: three kinds of pooling side by side, and the way back of the gradient."""

import numpy as np

from helpers.datasets import load_photo
from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.convolution import ONE_PIXEL, PATCHES, small_image
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import MINUS, TIMES
from helpers.plots.figure import ORANGE, caption, picture_axes
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import Frame, NumberGrid, Outline, box_corners, cell_corners
from helpers.plots.pixels import Pixels
from helpers.scratch import pooling
from helpers.scratch.convolution import windows

SIDE, STEPS = 8, 7  # of the small image, in pixels; and of the sliders that move the window
SMALL = 6  # side of the image under a gradient: larger cells, because shares have more digits
PHOTOS = ("camera", "cat", "coins", "text")
POOLS = {"max": pooling.max_pool2d, "min": pooling.min_pool2d, "average": pooling.average_pool2d}
BACKWARD = {
    "max": pooling.max_pool2d_backward,
    "min": pooling.min_pool2d_backward,
    "average": pooling.average_pool2d_backward,
}
WINDOWS = {
    "window": ("Window", 2, 1, 4, "Height and width of the window"),
    "stride": ("Stride", 2, 1, 4, "How many pixels the window moves at each step"),
}
PADDING = ("Padding", "valid", ("valid", "same"), "valid: windows stay inside; same: the last ones may reach over the edge")


def explore_pooling():
    """Slide a window over a small image or a photo; it keeps its largest, its smallest, or its mean number."""
    return Pooling()


class Pooling(Explorer):
    title = "A window moves over an image and keeps one number of each place: the largest, the smallest, or the mean."
    size = (960, 330)
    lines = 5

    def make_controls(self):
        return {
            "row": slider("Window down", 0, 0, STEPS, "Moves the window; after the last row it starts again", readout=False),
            "column": slider(
                "Window right", 0, 0, STEPS, "Moves the window; after the last column it starts again", readout=False
            ),
            "image": choice("Image", "a coin", [*PATCHES, ONE_PIXEL, *PHOTOS], "A small image with its numbers, or a photo"),
            **{name: slider(*shape) for name, shape in WINDOWS.items()},
            "padding": choice(*PADDING),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        lefts, self.middles = (8, 332, 542, 752), (158, 432, 642, 852)
        places = [(lefts[0], 4, 300, 300), *((left, 56, 200, 200) for left in lefts[1:])]
        self.grids = [NumberGrid(picture_axes(figure, *place), cmap="gray", vmin=0, vmax=9) for place in places]
        self.pictures = [Pixels(picture_axes(figure, *place), stretch=True) for place in places]
        self.frames = [Frame(each.axes, ORANGE, 3) for each in (*self.grids, *self.pictures)]
        self.titles, self.kept = Lettering(figure), Lettering(figure, "bold")
        return [*self.grids, *self.pictures, *self.frames, self.titles, self.kept]

    def compute(self, row, column, image, window, stride, padding):
        pixels = load_photo(image, size=150, grey=True) if image in PHOTOS else small_image(image, SIDE)
        maps = {name: pool(pixels[None, :, :, None], window, stride, padding)[0, :, :, 0] for name, pool in POOLS.items()}
        places = len(maps["max"])
        # Over a photo the window takes larger steps, or the sliders would not reach its other end.
        row, column = (n * (places - 1) // STEPS if image in PHOTOS else n % places for n in (row, column))
        before, after = pads_of(len(pixels), window, stride, padding)
        top, left = row * stride - before, column * stride - before
        box = max(top, 0), max(left, 0), min(top + window, len(pixels)) - 1, min(left + window, len(pixels)) - 1
        return {
            **{"pixels": pixels, **maps, "row": row, "column": column, "is_photo": image in PHOTOS},
            **{"corner": (top, left), "pads": (before, after)},
            "in_window": pixels[box[0] : box[2] + 1, box[1] : box[3] + 1],
            **{"window": window, "stride": stride, "padding": padding},
        }

    def paint(self, numbers):
        shown = [numbers["pixels"], *(numbers[name] for name in POOLS)]
        for artists, visible in ((self.grids, not numbers["is_photo"]), (self.pictures, numbers["is_photo"])):
            for artist in artists:
                artist.set_visible(visible)
        (top, left), (before, after), window = numbers["corner"], numbers["pads"], numbers["window"]
        if numbers["is_photo"]:
            for picture, array in zip(self.pictures, shown, strict=True):
                picture.set(array)
        else:
            padded = np.pad(shown[0], (before, after), constant_values=np.nan)
            self.grids[0].set(padded, added=np.isnan(padded))
            self.grids[3].fmt = "{:.2f}" if len(shown[3]) < 6 else "{:.1f}"
            for grid, array in zip(self.grids[1:], shown[1:], strict=True):
                grid.set(array + 1e-9 * (grid is self.grids[3]))  # 2.25 becomes 2.3, as at school
            top, left = top + before, left + before
        cell = numbers["row"], numbers["column"]
        boxes = [box_corners(top, left, top + window - 1, left + window - 1)] + 3 * [cell_corners([cell])]
        for place, frame in enumerate(self.frames):
            frame.set_visible((place >= 4) == numbers["is_photo"])
            frame.put(_wider(boxes[place % 4]) if numbers["is_photo"] else boxes[place % 4])
        size = f"{len(numbers['max'])} {TIMES} {len(numbers['max'])}"
        heads = [f"image, {len(numbers['pixels'])} {TIMES} {len(numbers['pixels'])}", *(f"{name}, {size}" for name in POOLS)]
        self.titles.write(heads, [(self.middles[0], 316), *((x, 274) for x in self.middles[1:])], 10.5)
        names = ("largest", "smallest", "mean")
        values = [f"{name}: {_value(numbers[pool][cell])}" for name, pool in zip(names, POOLS, strict=True)]
        self.kept.write(values, [(x, 36) for x in self.middles[1:]], 11.5)

    def describe(self, numbers):
        pixels, window = numbers["in_window"].ravel(), numbers["window"]
        row, column = cell = numbers["row"], numbers["column"]
        total = " + ".join(_value(pixel) for pixel in pixels)
        outside = window**2 - len(pixels)
        missing = f" {outside} of its {window**2} places lie outside the image; they are not counted." if outside else ""
        return (
            f"Row {row}, column {column} of the maps (both counted from 0): the window reads {len(pixels)} "
            f"pixel{'s' if len(pixels) > 1 else ''}.{missing}\n"
            f"`largest = {_value(numbers['max'][cell])}`, `smallest = {_value(numbers['min'][cell])}`, "
            f"`mean = ({total}) / {len(pixels)} = {_value(numbers['average'][cell])}`\n"
            f"Size of a map: {_size_formula(len(numbers['pixels']), window, numbers['stride'], numbers['padding'])} rows, "
            "and as many columns."
        )


def explore_gradient_routing():
    """Send a gradient back through pooling, and see which pixels it reaches."""
    return GradientRouting()


class GradientRouting(Explorer):
    title = "Pooling backwards: which pixels does the gradient of each output reach?"
    size = (960, 316)
    lines = 4

    def make_controls(self):
        return {
            "row": slider("Output down", 1, 0, SMALL - 1, "Chooses an output of the map; after the last row it starts again"),
            "column": slider("Output right", 1, 0, SMALL - 1, "Chooses an output; after the last column it starts again"),
            "pool": choice("Pooling", "max", POOLS, "What is kept of each window"),
            "image": choice("Image", "a coin", [*PATCHES, ONE_PIXEL], "Which small image is pooled"),
            **{name: slider(*shape) for name, shape in WINDOWS.items()},
            "padding": choice(*PADDING),
            "back": choice("Comes back", EVERY, (EVERY, CHOSEN), "Which outputs send a gradient of 1 back"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        lefts = (8, 250, 486, 728)
        axes = [picture_axes(figure, left, 30, 224, 224) for left in lefts]
        grey = {"cmap": "gray", "vmin": 0, "vmax": 9}
        self.image, self.map = NumberGrid(axes[0], **grey), NumberGrid(axes[1], **grey)
        self.sent, self.reached = (NumberGrid(each, "Blues", 0, 2) for each in axes[2:])
        self.middles = [left + 112 for left in lefts]
        caption(figure, 240, 302, "forward: one number of each window", 11)
        caption(figure, 720, 302, "backward: the gradient returns to the pixels", 11)
        self.titles = Lettering(figure)
        self.total = Label(figure, 840, 14, 10, align="center", weight="bold")
        self.windows = [Frame(each, ORANGE, 3) for each in (axes[0], axes[3])]
        self.cursors = [Frame(each, ORANGE, 3) for each in axes[1:3]]
        self.winners = Outline(axes[0], "#0072B2", 2.5)
        grids = [self.image, self.map, self.sent, self.reached]
        return [*grids, self.winners, *self.windows, *self.cursors, self.titles, self.total]

    def compute(self, row, column, pool, image, window, stride, padding, back):
        pixels = small_image(image, SMALL)[None, :, :, None]
        options = window, stride, padding
        pooled = POOLS[pool](pixels, *options)
        places = pooled.shape[1]
        row, column = row % places, column % places
        only = np.zeros_like(pooled)
        only[0, row, column] = 1
        sent = np.ones_like(pooled) if back == EVERY else only
        reached = BACKWARD[pool](sent, pixels, *options)[0, :, :, 0]
        own = BACKWARD[pool](only, pixels, *options)[0, :, :, 0]
        pixel = tuple(int(n) for n in np.unravel_index(own.argmax(), own.shape))
        # The slope of max is known upwards from its largest pixel, that of min downwards from its smallest.
        step = -0.01 if pool == "min" else 0.01
        moved = pixels.copy()
        moved[0, *pixel, 0] += step
        before, _ = pads_of(SMALL, window, stride, padding)
        top, left = row * stride - before, column * stride - before
        return {
            **{"pixels": pixels[0, :, :, 0], "map": pooled[0, :, :, 0], "sent": sent[0, :, :, 0], "reached": reached},
            **{"own": own, "row": row, "column": column, "pool": pool, "back": back, "pixel": pixel, "step": step},
            "box": (max(top, 0), max(left, 0), min(top + window, SMALL) - 1, min(left + window, SMALL) - 1),
            "change": float(np.sum(sent * (POOLS[pool](moved, *options) - pooled))),
            **{"without": int(np.sum(reached == 0)), "window": window},
        }

    def paint(self, numbers):
        is_average = numbers["pool"] == "average"
        self.map.fmt = "{:.1f}" if is_average else "{:g}"
        self.reached.fmt = "{:.2f}" if is_average else "{:g}"
        self.image.set(numbers["pixels"])
        self.map.set(numbers["map"])
        largest = max(1, numbers["reached"].max())
        for grid, gradient in ((self.sent, numbers["sent"]), (self.reached, numbers["reached"])):
            grid.set(np.where(gradient, gradient, np.nan), 0, 2.2 * largest)  # the darkest shades would hide the numbers
        for frame in self.windows:
            frame.put(box_corners(*numbers["box"]))
        for frame in self.cursors:
            frame.put(cell_corners([(numbers["row"], numbers["column"])]))
        self.winners.put(cell_corners([numbers["pixel"]], 0.1))
        heads = ["image", f"its map ({numbers['pool']})", "gradient for the map", "gradient for the image"]
        self.titles.write(heads, [(x, 270) for x in self.middles], 10.5)
        self.total.set_text(f"{SMALL**2 - numbers['without']} of {SMALL**2} pixels reached")

    def describe(self, numbers):
        given, arrived = numbers["sent"].sum(), numbers["reached"].sum()
        row, column = numbers["pixel"]
        if numbers["pool"] == "average":
            box = numbers["box"]
            way = f"The chosen window shares its gradient equally among {(box[2] - box[0] + 1) * (box[3] - box[1] + 1)} pixels."
        else:
            word = {"max": "largest", "min": "smallest"}[numbers["pool"]]
            way = f"The chosen window hands all of its gradient to its {word} pixel, row {row}, column {column} (blue)."
        verb, gradient = ("Raise", "rises") if numbers["step"] > 0 else ("Lower", "falls")
        slope = numbers["reached"][row, column]
        pixel = "this pixel" if numbers["pool"] != "average" else f"the pixel at row {row}, column {column} (blue)"
        check = f"{verb} {pixel} by 0.01"
        change = abs(numbers["change"])
        equal = (
            f"as its gradient {slope:.3g} says"
            if abs(change - 0.01 * slope) < 1e-9
            else f"though its gradient is {slope:.3g}: other pixels are as {'small' if numbers['step'] < 0 else 'large'}, "
            "and only the first of them gets the gradient"
        )
        outputs = "all outputs" if numbers["back"] == EVERY else "the chosen output"
        subject = f"the sum of {outputs}" if numbers["back"] == EVERY else outputs
        return (
            f"{way} Sent back: {given:.3g} in all; arrived: {arrived:.3g}. "
            f"{100 * numbers['without'] / SMALL**2:.0f} % of the pixels get nothing (white).\n"
            f"The test: `{check}`, and {subject} {gradient} by `{change:.4g}`, {equal}."
        )


EVERY, CHOSEN = "1 from every output", "1 from the chosen output"


def pads_of(size, window, stride, padding):
    """Return how many pixels of padding lie before the image, and behind it, along one axis."""
    return windows(np.zeros((1, size, size, 1)), (window, window), stride, padding, 1)[2][0]


def _wider(boxes):
    """Return a box on a photo somewhat larger than it is: one pixel could hardly be seen."""
    return boxes + np.array([[(-1, -1), (1, -1), (1, 1), (-1, 1)]])


def _value(number):
    return f"{number:.3g}".replace("-", MINUS)


def _size_formula(size, window, stride, padding):
    if padding == "same":
        return f"`ceil({size} / {stride}) = {-(-size // stride)}`"
    return f"`floor(({size} {MINUS} {window}) / {stride}) + 1 = {(size - window) // stride + 1}`"
