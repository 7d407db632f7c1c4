"""The explorers of the lesson on convolution, padding and stride."""

from collections import namedtuple
from functools import lru_cache

import numpy as np

from helpers.datasets import LUMA, TEXTURES, load_photo, load_textures, shrink
from helpers.explorers.controls import choice, float_slider, number, rows_of, slider, square_of
from helpers.explorers.explorer import Explorer, Impossible
from helpers.explorers.signs import DOT, MINUS, TIMES, in_brackets, signed
from helpers.plots.figure import BLUE, DPI, GREEN, INK, ORANGE, caption, picture_axes
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import CORNER, Frame, NumberGrid, Outline, box_corners, cell_corners, marks
from helpers.plots.pixels import Pixels
from helpers.scratch.convolution import conv2d, output_size
from helpers.scratch.gabor import grating

PATCHES = {  # name -> (photo, top, left, height and width in pixels)
    "a coin": ("coins", 18, 16, 62),
    "rim of a cup": ("coffee", 60, 190, 160),
    "head of a photographer": ("camera", 60, 160, 200),
}
ONE_PIXEL = "one bright pixel"


def explore_window(image="a coin"):
    """Slide a window over a small image and see the sum behind each number of the feature map."""
    _one_of("image", image, [*PATCHES, ONE_PIXEL])
    return Window(image)


class Window(Explorer):
    title = "A window slides over a small image; each place gives one number of the feature map."
    size = (960, 436)
    lines = 5

    def __init__(self, image):
        self.first_image = image
        super().__init__()

    def make_controls(self):
        return {
            "row": slider("Window down", 0, 0, 17, "Moves the window; after the last row it starts again", readout=False),
            "column": slider(
                "Window right", 0, 0, 17, "Moves the window; after the last column it starts again", readout=False
            ),
            "kernel": choice("Kernel", "vertical edges", WINDOW_KERNELS, "The weights in the window"),
            "size": slider("Image size", 8, 4, 10, "Height and width of the image, in pixels"),
            "kernel_size": slider("Kernel size", 3, 1, 5, "Height and width of the window"),
            "image": choice("Image", self.first_image, [*PATCHES, ONE_PIXEL], "Which small image is read"),
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
        self.titles = Lettering(figure)
        self.sum = Label(figure, 779, 20, 11.5, align="center", weight="bold")
        self.real_image = Frame(self.input.axes, BLUE, 2, style="--")
        self.starts = marks(self.input.axes, CORNER, ORANGE)
        self.reads, self.window = Outline(self.input.axes, ORANGE, 1.2), Frame(self.input.axes, ORANGE, 3)
        self.cursor = Frame(self.output.axes, ORANGE, 3)
        grids = [self.input, self.kernel, self.products, self.output]
        over = [self.real_image, self.starts, self.reads, self.window, self.cursor]
        return [*grids, *over, self.titles, self.sum]

    def compute(self, row, column, kernel, size, kernel_size, image, padding, stride, dilation):
        span = dilation * (kernel_size - 1) + 1
        _must_fit(span, size + 2 * padding)
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
            **{"size": size, "padding": padding, "stride": stride, "dilation": dilation, "span": span},
            **{
                "padded": padded,
                "kernel": weights,
                "in_window": in_window,
                "products": in_window * weights + 0.0,
                "output": maps,
            },
            **{"row": row, "column": column, "rows": rows, "columns": columns, "value": maps[row, column]},
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
        has_gaps = numbers["dilation"] > 1 and len(rows) > 1
        self.reads.put(cell_corners([(r, c) for r in rows for c in columns], margin=0.06) if has_gaps else [])
        self.window.put(box_corners(rows[0], columns[0], rows[-1], columns[-1]))
        self.cursor.put(cell_corners([(numbers["row"], numbers["column"])]))
        last = len(padded) - 1 - padding
        self.real_image.put(box_corners(padding, padding, last, last) if padding else [])
        starts = np.array([(x, y) for y in range(len(maps)) for x in range(len(maps))]) * numbers["stride"] - 0.46
        self.starts.set(data=starts.T, markersize=0.4 * self.input.cells.cell * 72 / DPI)
        grown = f", padded to {_by(padded)}" if padding else ""
        titles = [f"image {numbers['size']} {TIMES} {numbers['size']}{grown}", f"feature map {_by(maps)}"]
        self.titles.write(titles, [(202, 416), (779, 416)], 10.5)
        self.sum.set_text(f"sum of the products: {signed(numbers['value'])}")

    def describe(self, numbers):
        terms = [
            " + ".join(f"{pixel:g}{DOT}{in_brackets(signed(weight))}" for pixel, weight in zip(*pair, strict=True))
            for pair in zip(numbers["in_window"], numbers["kernel"], strict=True)
        ]
        written = " + ".join(f"({line})" for line in terms) if len(terms) > 1 else terms[0]
        size, padding, stride, dilation = (numbers[name] for name in ("size", "padding", "stride", "dilation"))
        k, formula = len(numbers["kernel"]), _size_formula(size, padding, numbers["span"], stride)
        reach = (
            f" A dilation of {dilation} spreads {k} weights over {numbers['span']} pixels." if dilation > 1 and k > 1 else ""
        )
        return (
            f"Row {numbers['row']}, column {numbers['column']} of the feature map (both counted from 0):\n"
            f"`{written} = {signed(numbers['value'])}`\n"
            f"Size of the feature map: `{formula}` {_rows(numbers)}, and as many columns.{reach} "
            "A small orange corner marks each pixel at which a window starts."
        )


@lru_cache
def small_image(name, size):
    """Return (size, size) whole numbers from 0 (darkest) to 9 (brightest): a patch of a photo, or one bright pixel."""
    if name == ONE_PIXEL:
        return 9 * centre_only(size)
    photo, top, left, side = PATCHES[name]
    pixels = shrink(load_photo(photo, grey=True)[top : top + side, left : left + side], size, size)
    pixels = np.round(9 * (pixels - pixels.min()) / (pixels.max() - pixels.min()))
    pixels.flags.writeable = False  # every move of a slider gets this same array
    return pixels


def vertical_edges(size):
    """Return weights that subtract the left column of the window from the right one."""
    kernel = np.zeros((size, size))
    kernel[:, -1] += 1
    kernel[:, 0] -= 1
    return kernel


def centre_only(size):
    """Return weights that are 1 in the middle and 0 elsewhere."""
    kernel = np.zeros((size, size))
    kernel[size // 2, size // 2] = 1
    return kernel


WINDOW_KERNELS = {  # name -> function of the kernel's size
    "vertical edges": vertical_edges,
    "horizontal edges": lambda size: vertical_edges(size).T,
    "sum of all": lambda size: np.ones((size, size)),
    "centre only": centre_only,
    "centre against the rest": lambda size: size**2 * centre_only(size) - 1,
    "1, 2, 3 ...": lambda size: np.arange(1.0, size**2 + 1).reshape(size, size),
}


def explore_coverage():
    """See how many windows read each pixel, and which pixels no window reads."""
    return Coverage()


class Coverage(Explorer):
    title = "How many windows read each pixel of the image."
    size = (960, 400)
    lines = 3

    def make_controls(self):
        return {
            "size": slider("Image size", 8, 4, 10, "Height and width of the image, in pixels"),
            "kernel_size": slider("Kernel size", 3, 1, 5, "Height and width of the window"),
            "padding": slider("Padding", 0, 0, 4, "Rows and columns of zeros added on each side"),
            "stride": slider("Stride", 1, 1, 5, "How many pixels the window moves at each step"),
        }

    def stage(self, figure):
        self.counts = NumberGrid(picture_axes(figure, 20, 14, 350, 350), cmap="Blues", vmin=0, vmax=9)
        self.never = Outline(self.counts.axes, ORANGE, 2.5)
        caption(figure, 195, 380, "how many windows read each pixel")
        caption(figure, 680, 380, "one row of the image, and the windows that pass over it")
        self.row = picture_axes(figure, 420, 60, 520, 304)
        self.row.set_ylim(304, 0)  # y counts screen pixels downwards, x counts pixels of the image
        self.added, self.pixels = Outline(self.row, "#6b6b6b", 1, ":", "#dfe9f3"), Outline(self.row, INK, 1.2)
        self.windows = Outline(self.row, BLUE, 1.5, fill="#cfe3f2")
        self.row_never = Outline(self.row, ORANGE, 2.5)
        self.formula = Label(figure, 680, 30, 12, align="center", weight="bold")
        return [self.counts, self.never, self.added, self.pixels, self.windows, self.row_never, self.formula]

    def compute(self, size, kernel_size, padding, stride):
        _must_fit(kernel_size, size + 2 * padding)
        places = output_size(size, kernel_size, stride, padding)
        starts = np.arange(places) * stride - padding
        reads = np.zeros(size + 2 * padding, int)
        for start in starts + padding:
            reads[start : start + kernel_size] += 1
        along_one_axis = reads[padding : padding + size]
        # A window is read by rows and by columns at once, so the counts of both axes multiply.
        counts = np.outer(along_one_axis, along_one_axis)
        return {
            **{
                "size": size,
                "kernel_size": kernel_size,
                "padding": padding,
                "stride": stride,
                "places": places,
                "starts": starts,
            },
            **{"counts": counts, "never": int(np.sum(counts == 0)), "share": (size + 2 * padding - kernel_size) / stride},
        }

    def paint(self, numbers):
        size, counts, k, padding = numbers["size"], numbers["counts"], numbers["kernel_size"], numbers["padding"]
        self.counts.set(np.where(counts > 0, counts, np.nan), 0, k * k)
        self.never.put(_crosses(np.argwhere(counts == 0), 0.3, 0.3))
        self.row.set_xlim(-0.5 - padding, size + padding - 0.5)
        self.pixels.put([_bar(x - 0.5, 4, 1, 34) for x in range(size)])
        self.added.put([_bar(x - 0.5, 4, 1, 34) for x in (*range(-padding, 0), *range(size, size + padding))])
        step = min(46, 254 / numbers["places"])
        self.windows.put([_bar(start - 0.44, 48 + step * i, k - 0.12, 0.8 * step) for i, start in enumerate(numbers["starts"])])
        self.row_never.put(_crosses([(21, x) for x in np.flatnonzero(counts.diagonal() == 0)], 0.3, 11))
        self.formula.set_text(_size_formula(size, padding, k, numbers["stride"]))

    def describe(self, numbers):
        counts, size, k, stride = numbers["counts"], numbers["size"], numbers["kernel_size"], numbers["stride"]
        share = numbers["share"]
        cut = f": {share:g} is cut to {int(share)}, because one more step would lead out of the image" if share % 1 else ""
        middle = f"the pixel at row {size // 2}, column {size // 2} by {_times(counts[size // 2, size // 2])}"
        sentence = (
            f"Size of the feature map: `{_size_formula(size, numbers['padding'], k, stride)}`{cut}.\n"
            f"The corner pixel is read by {_times(counts[0, 0])}, {middle}."
        )
        if not numbers["never"]:
            return f"{sentence}\nEvery pixel is read at least once."
        gaps = "the stride is larger than the kernel, so the windows leave gaps"
        why = gaps if stride > k else "they are left over behind the last window"
        return f"{sentence}\n{numbers['never']} of {size * size} pixels are never read (orange crosses): {why}."


def explore_kernel(image="camera"):
    """Put a kernel on a real photo and see its feature map."""
    _one_of("image", image, KERNEL_PHOTOS)
    return Kernel(image)


class Kernel(Explorer):
    title = "A photo, a kernel, and the feature map that the kernel makes of the photo."
    size = (960, 366)
    lines = 4

    def __init__(self, image):
        self.first_image = image
        super().__init__()

    def make_controls(self):
        own = {
            f"own_{row}{column}": number("", float(row == column == 1), -9, 9, f"Your own kernel: row {row}, column {column}")
            for row, column in np.ndindex(3, 3)
        }
        return {
            "image": choice("Photo", self.first_image, KERNEL_PHOTOS, "Which photo is read"),
            "kernel": choice("Kernel", "Sobel", PHOTO_KERNELS, "The weights in the window"),
            "angle": slider(
                "Angle", 0, 0, 345, "Direction in which the kernel compares, in degrees: 0 right, 90 down", step=15
            ),
            "kernel_size": slider("Kernel size", 5, 3, 9, "Height and width of the window", step=2),
            "sigma": float_slider("Sigma", 1.0, 0.5, 3.0, "Width of the bell, in pixels"),
            "wavelength": slider("Wavelength", 4, 2, 8, "Pixels from one stripe to the next"),
            **own,
        }

    def arrange(self, controls):
        shared, own = list(controls.values())[:6], list(controls.values())[6:]
        return [rows_of(shared, 2), square_of(own, 'Your own 3 \N{MULTIPLICATION SIGN} 3 (choose the kernel "your own")')]

    def relevant(self, kernel, **others):
        return {"image", "kernel", *PHOTO_KERNELS[kernel].needs}

    def stage(self, figure):
        self.photo = Pixels(picture_axes(figure, 12, 14, 300, 300))
        self.weights = NumberGrid(picture_axes(figure, 346, 44, 225, 225))
        self.map_axes = picture_axes(figure, 588, 14, 300, 300)
        self.bar_axes = picture_axes(figure, 894, 24, 14, 280)
        self.grey_map, self.grey_bar = (
            Pixels(axes, "gray", 0, 1, BLUE, ORANGE, stretch=axes is self.bar_axes) for axes in (self.map_axes, self.bar_axes)
        )
        self.signed_map, self.signed_bar = (
            Pixels(axes, "RdBu_r", stretch=axes is self.bar_axes) for axes in (self.map_axes, self.bar_axes)
        )
        self.photo_title, self.map_title = Label(figure, 162, 340, align="center"), Label(figure, 738, 340, align="center")
        self.kernel_title = Label(figure, 458, 340, align="center")
        self.ends = [Label(figure, 913, y, 9) for y in (300, 164, 28)]
        pictures = [self.photo, self.weights, self.grey_map, self.signed_map, self.grey_bar, self.signed_bar]
        return [*pictures, self.photo_title, self.map_title, self.kernel_title, *self.ends]

    def compute(self, image, kernel, **values):
        photo = texture(image, 150) if image in TEXTURES else load_photo(image, size=150, grey=True)
        weights = PHOTO_KERNELS[kernel].weights(**values)
        maps = conv2d(photo[None, :, :, None], weights[:, :, None, None])[0, :, :, 0]
        return {"image": image, "kernel": kernel, "photo": photo, "weights": weights, "map": maps, "sum": weights.sum()}

    def paint(self, numbers):
        weights, keeps_brightness = numbers["weights"], abs(numbers["sum"] - 1) < 1e-9
        self.photo.set(numbers["photo"])
        strongest = np.abs(weights).max() or 1
        self.weights.fmt = "{:g}" if np.allclose(weights, np.round(weights)) else "{:.2f}"
        self.weights.set(weights, -strongest, strongest)
        # The strongest half per cent may run off the scale, or a few pixels would make all others pale.
        limit = max(np.quantile(np.abs(numbers["map"]), 0.995), 0.02 * np.abs(weights).sum()) or 1
        for grey, with_sign in ((self.grey_map, self.signed_map), (self.grey_bar, self.signed_bar)):
            grey.set_visible(keeps_brightness)
            with_sign.set_visible(not keeps_brightness)
            with_sign.vmin, with_sign.vmax = -limit, limit
        if keeps_brightness:
            self.grey_map.set(numbers["map"])
            self.grey_bar.set(np.linspace(1, 0, 256)[:, None])
            ends = ("1", "0.5", "0")
        else:
            self.signed_map.set(numbers["map"])
            self.signed_bar.set(np.linspace(limit, -limit, 256)[:, None])
            ends = (f"+{limit:.2g}", "0", signed(-limit, "{:.2g}"))
        for label, mark in zip(self.ends, ends, strict=True):
            label.set_text(mark)
        self.photo_title.set_text(f"photo, shape {numbers['photo'].shape}")
        self.kernel_title.set_text(f"kernel, shape {weights.shape}")
        self.map_title.set_text(f"feature map, shape {numbers['map'].shape}")

    def describe(self, numbers):
        total, weights, maps = numbers["sum"], numbers["weights"], numbers["map"]
        if abs(total) < 1e-9 and weights.any():
            meaning = "a flat area gives 0 (white); red means more light on the positive side of the kernel, blue less"
        elif abs(total - 1) < 1e-9:
            meaning = "a flat area keeps its brightness; below 0 is drawn blue, above 1 orange"
        else:
            meaning = f"a flat area of brightness 1 gives {signed(total, '{:.3g}')}"
        hidden = "" if self.weights.numbers_fit else " The cells are too small for their numbers."
        return (
            f"`{numbers['kernel']}` {PHOTO_KERNELS[numbers['kernel']].meaning}.\n"
            f"The weights add up to {signed(round(total, 9) + 0.0, '{:.3g}')}: {meaning}.\n"
            f"Responses from {signed(maps.min(), '{:.2f}')} to {signed(maps.max(), '{:.2f}')}. "
            f"The map is {len(weights) - 1} pixels smaller each way: there is no padding.{hidden}"
        )


Preset = namedtuple("Preset", ["weights", "needs", "meaning"])


def sobel(angle=0, middle=2, **others):
    """Return weights that compare the two sides of a pixel along an angle: 0 finds change from left to right, 90 downwards.

    `middle` is how much the row in the middle counts: 2 is Sobel's kernel, 1 Prewitt's (Prewitt 1970).
    """
    across = np.outer([1, middle, 1], [-1, 0, 1])
    turn = np.deg2rad(angle)
    return (np.cos(turn) * across + np.sin(turn) * across.T).round(12) + 0.0  # without -0


def gaussian(kernel_size=5, sigma=1.0, **others):
    """Return weights that fall off as a bell with the distance from the middle and add up to 1."""
    y, x = _offsets(kernel_size)
    bell = np.exp(-(x**2 + y**2) / (2 * sigma**2))
    return bell / bell.sum()


def gabor(kernel_size=9, sigma=2.0, angle=0, wavelength=4, **others):
    """Return stripes under a bell, made to add up to 0 (Gabor 1946; Daugman 1985, for two dimensions)."""
    bell, stripes = gaussian(kernel_size, sigma), grating(kernel_size, angle, wavelength)
    # Take away as much of the bell as makes the sum 0, so that flat areas give nothing.
    kernel = bell * (stripes - (bell * stripes).sum())
    return kernel / np.abs(kernel).max()


def _offsets(size):
    middle = np.arange(size) - size // 2
    return np.meshgrid(middle, middle, indexing="ij")


COMPARES = "compares the two sides of each pixel along the angle (0: left with right, 90: above with below)"
PHOTO_KERNELS = {  # name -> how the weights are made, the controls that have a part in it, and what it does
    "identity": Preset(lambda **values: centre_only(3), (), "copies each pixel"),
    "box blur": Preset(
        lambda kernel_size, **values: np.full((kernel_size, kernel_size), kernel_size**-2),
        ("kernel_size",),
        "takes the mean of all pixels in the window",
    ),
    "Gaussian blur": Preset(gaussian, ("kernel_size", "sigma"), "takes a mean in which near pixels count more"),
    "sharpen": Preset(
        lambda **values: np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
        (),
        "adds to each pixel what sets it apart from its neighbours",
    ),
    "Sobel": Preset(sobel, ("angle",), COMPARES),
    "Prewitt": Preset(lambda angle, **values: sobel(angle, middle=1), ("angle",), f"{COMPARES}, all rows alike"),
    "Laplacian": Preset(
        lambda **values: np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]), (), "compares each pixel with its four neighbours"
    ),
    "emboss": Preset(
        lambda **values: np.array([[-2.0, -1, 0], [-1, 1, 1], [0, 1, 2]]),
        (),
        "adds the change from upper left to lower right, as if light came from there",
    ),
    "Gabor": Preset(
        gabor, ("kernel_size", "sigma", "angle", "wavelength"), "looks for stripes that follow one another along the angle"
    ),
    "your own": Preset(
        lambda **values: np.array([[values[f"own_{row}{column}"] for column in range(3)] for row in range(3)]),
        tuple(f"own_{row}{column}" for row, column in np.ndindex(3, 3)),
        "does what your nine numbers say",
    ),
}
KERNEL_PHOTOS = ("camera", "cat", "coffee", "astronaut", "coins", "text", *TEXTURES)


def explore_channels(image="astronaut"):
    """Take a colour photo apart into red, green and blue, and mix a grey picture from them."""
    _one_of("image", image, COLOUR_PHOTOS)
    return Channels(image)


class Channels(Explorer):
    title = "A colour photo, its three channels, the grey picture mixed from them, and a picture of only black and white."
    size = (960, 312)
    lines = 4

    def __init__(self, image):
        self.first_image = image
        super().__init__()

    def make_controls(self):
        return {
            "red": float_slider("Red", 0.3, 0, 1, "Weight of the red channel in grey", step=0.01, digits=2),
            "green": float_slider("Green", 0.59, 0, 1, "Weight of the green channel in grey", step=0.01, digits=2),
            "blue": float_slider("Blue", 0.11, 0, 1, "Weight of the blue channel in grey", step=0.01, digits=2),
            "row": slider("Pixel: row", 100, 0, 149, "Row of the pixel that is read, counted from the top"),
            "column": slider("Pixel: column", 40, 0, 149, "Column of the pixel that is read, counted from the left"),
            "threshold": float_slider("Threshold", 0.5, 0, 1, "Black below it, white from it on", step=0.01, digits=2),
            "image": choice("Photo", self.first_image, COLOUR_PHOTOS, "Which colour photo is taken apart"),
        }

    def stage(self, figure):
        names = ("colour photo", "red channel", "green channel", "blue channel", "grey", "black and white")
        self.lefts = [6 + 159 * k for k in range(6)]
        self.pictures = [Pixels(picture_axes(figure, left, 116, 150, 150)) for left in self.lefts]
        for left, name in zip(self.lefts, names, strict=True):
            caption(figure, left + 75, 298, name)
            caption(figure, left + 75, 278, f"shape (150, 150{', 3' if name == 'colour photo' else ''})", 9.5)
        caption(figure, 81, 61, "weights in grey:")
        whole = picture_axes(figure, 0, 0, *self.size)  # over all pictures, in pixels: one artist draws six boxes
        whole.set(xlim=(0, self.size[0]), ylim=(0, self.size[1]), facecolor="none", zorder=2)
        for left, standard in zip(self.lefts[1:4], LUMA, strict=True):
            whole.fill_between([left, left + 150], 48, 74, color="#eeeeee", linewidth=0)
            whole.plot([left + 150 * standard] * 2, [46, 76], color=INK, linewidth=2, linestyle="-")
            caption(figure, left + 150 * standard, 36, f"standard {standard}", 9, ha="left" if standard < 0.2 else "center")
        self.halos, self.cursors = Outline(whole, "white", 4.5), Outline(whole, ORANGE, 2)
        self.bars = Outline(whole, INK, 1, fill=("#c0392b", GREEN, BLUE))
        self.readings = Lettering(figure)
        return [*self.pictures, self.halos, self.cursors, self.readings, self.bars]

    def compute(self, image, red, green, blue, row, column, threshold):
        photo = load_photo(image, size=150)
        weights = np.array([red, green, blue])
        grey = photo @ weights
        return {
            **{"photo": photo, "weights": weights, "grey": grey, "black_and_white": (grey >= threshold).astype(float)},
            **{"row": row, "column": column, "pixel": photo[row, column], "threshold": threshold},
            **{"grey_levels": np.count_nonzero(np.bincount(np.rint(255 * grey.clip(0, 1)).astype(int).ravel()))},
            **{"two_levels": 1 if (grey >= threshold).all() or (grey < threshold).all() else 2},
        }

    def paint(self, numbers):
        photo, grey = numbers["photo"], numbers["grey"]
        channels = [photo[..., k] for k in range(3)]
        shown = [photo, *channels, grey, numbers["black_and_white"]]
        row, column = numbers["row"], numbers["column"]
        for picture, array in zip(self.pictures, shown, strict=True):
            picture.set(array)
        boxes = [_bar(left + numbers["column"] - 4, 266 - numbers["row"] - 5, 9, 9) for left in self.lefts]
        self.halos.put(boxes)
        self.cursors.put(boxes)
        weights, pixel = numbers["weights"], numbers["pixel"]
        texts = ["the pixel in the box:", *(f"{value:.2f} {TIMES} {w:.2f}" for value, w in zip(pixel, weights, strict=True))]
        texts += [f"sum {grey[row, column]:.2f}", f"{numbers['black_and_white'][row, column]:.0f}"]
        self.readings.write(texts, [(left + 75, 98) for left in self.lefts], 10)
        self.bars.put([_bar(left, 55, 150 * weight, 12) for left, weight in zip(self.lefts[1:4], weights, strict=True)])

    def describe(self, numbers):
        weights, pixel, total = numbers["weights"], numbers["pixel"], numbers["weights"].sum()
        terms = " + ".join(f"{w:.2f}{DOT}{value:.2f}" for w, value in zip(weights, pixel, strict=True))
        grey = numbers["grey"][numbers["row"], numbers["column"]]
        if abs(total - 1) < 0.005:
            bright = "white stays white"
        else:
            bright = "the picture gets too dark" if total < 1 else "the picture gets too bright; above 1 it is drawn white"
        return (
            f"Row {numbers['row']}, column {numbers['column']}: grey = `{terms} = {grey:.2f}`. "
            f"The weights add up to {total:.2f}: {bright}.\n"
            f"A channel is one table of numbers, so it is drawn in grey: bright where there is much of that colour.\n"
            f"The grey picture uses {numbers['grey_levels']} different values of 256. "
            f"Black and white uses at most 2, "
            f"here {numbers['two_levels']}: 1 where grey is {numbers['threshold']:.2f} or more, else 0."
        )


COLOUR_PHOTOS = ("astronaut", "cat", "coffee")


def explore_stride():
    """Look for a thin line with growing stride, and see how often it is found."""
    return Stride()


class Stride(Explorer):
    title = "A thin line under a kernel that takes larger and larger steps."
    size = (960, 372)
    lines = 3

    def make_controls(self):
        return {
            "stride": slider("Stride", 2, 1, 8, "How many pixels the window moves at each step"),
            "width": slider("Line width", 1, 1, 4, "Width of the bright line, in pixels"),
            "place": slider("Line place", 9, 4, 27, "Column at which the line begins"),
            "kernel": choice("Kernel", "line finder 3 \N{MULTIPLICATION SIGN} 3", STRIDE_KERNELS, "The weights in the window"),
            "background": choice("Background", "plain", ("plain", *TEXTURES), "What lies behind the line"),
        }

    def stage(self, figure):
        self.image = Pixels(picture_axes(figure, 12, 14, 320, 320))
        self.steps = marks(self.image.axes, "s", ORANGE, size=2.5)
        self.map = Pixels(picture_axes(figure, 346, 64, 240, 240), "RdBu_r", lines=False)
        caption(figure, 172, 354, "image 32 \N{MULTIPLICATION SIGN} 32; dots: middles of the windows", 10)
        self.map_title = Label(figure, 466, 320, align="center")
        self.verdict = Label(figure, 466, 40, 11.5, align="center", weight="bold")
        axes = figure.add_axes([660 / 960, 60 / 372, 205 / 960, 270 / 372])
        axes.set(xlim=(0.7, 8.3), ylim=(-4, 104), xticks=range(1, 9), yticks=range(0, 101, 25))
        axes.set(xlabel="stride", ylabel="line found, % of its places")
        axes.grid(axis="y")
        styles = [("-", "o", BLUE), ("--", "s", ORANGE), ("-.", "^", GREEN), (":", "D", "#8F4A7F")]
        self.curves = [axes.plot([], [], line, marker=mark, color=colour, ms=5)[0] for line, mark, colour in styles]
        self.here = axes.plot([], [], "o", ms=13, mfc="none", mec=INK, mew=2)[0]
        for k, ((line, mark, colour), y) in enumerate(zip(styles, (300, 276, 252, 228), strict=True), start=1):
            key = picture_axes(figure, 872, y - 8, 26, 16)
            key.plot([0, 0.5, 1], [0, 0, 0], line, marker=mark, markevery=[1], color=colour, ms=5, clip_on=False)
            caption(figure, 904, y, f"{k} wide", 9.5, ha="left")
        return [self.image, self.steps, self.map, self.map_title, self.verdict, *self.curves, self.here]

    def compute(self, stride, width, place, kernel, background):
        image = line_image(width, place, background)
        weights = STRIDE_KERNELS[kernel]
        maps = conv2d(image[None, :, :, None], weights[:, :, None, None], strides=stride)[0, :, :, 0]
        needed = 0.6 * strongest_response(width, kernel)
        return {
            **{"image": image, "map": maps, "stride": stride, "width": width, "kernel_size": len(weights), "needed": needed},
            **{
                "strongest": np.abs(maps).max(),
                "found": bool(np.abs(maps).max() > needed),
                "rates": found_rates(kernel, background),
            },
        }

    def paint(self, numbers):
        maps, stride, half = numbers["map"], numbers["stride"], (numbers["kernel_size"] - 1) / 2
        self.image.set(numbers["image"])
        centres = np.arange(len(maps)) * stride + half
        self.steps.set_data(np.tile(centres, len(centres)), np.repeat(centres, len(centres)))
        self.map.vmin, self.map.vmax = -numbers["needed"] / 0.6, numbers["needed"] / 0.6
        self.map.set(maps)
        self.map_title.set_text(f"feature map {_by(maps)}")
        self.verdict.set_text("line found" if numbers["found"] else "line missed")
        for curve, rates in zip(self.curves, numbers["rates"], strict=True):
            curve.set_data(np.arange(1, 9), 100 * rates)
        self.here.set_data([stride], [100 * numbers["rates"][numbers["width"] - 1][stride - 1]])

    def describe(self, numbers):
        stride, k, rate = (
            numbers["stride"],
            numbers["kernel_size"],
            numbers["rates"][numbers["width"] - 1][numbers["stride"] - 1],
        )
        gap = f" The stride is larger than the kernel: {stride - k} of {stride} columns are never read." if stride > k else ""
        return (
            f"Strongest response `{numbers['strongest']:.2f}`; the line counts as found above `{numbers['needed']:.2f}`, "
            "which is 60 % of its response when the window stops at every pixel.\n"
            f"Over all 24 places of a line {numbers['width']} wide, stride {stride} finds it at {100 * rate:.0f} %.{gap}"
        )


def line_image(width, place, background="plain"):
    """Return a 32 x 32 picture with a bright vertical line, on black or on a darkened texture."""
    image = np.zeros((32, 32)) if background == "plain" else 0.35 * texture(background, 32)
    image[:, place : place + width] = 1
    return image


@lru_cache
def texture(name, size):
    """Return a square cut out of a photo of brick, grass or gravel, (size, size) from 0 to 1."""
    return load_textures()[name][:size, :size].copy()


@lru_cache
def strongest_response(width, kernel):
    """Return the strongest response to a line on black when the window stops at every pixel."""
    image = line_image(width, 12)[None, :, :, None]
    return float(np.abs(conv2d(image, STRIDE_KERNELS[kernel][:, :, None, None])).max())


@lru_cache
def found_rates(kernel, background):
    """Return, for lines 1 to 4 wide (rows) and strides 1 to 8 (columns), the share of 24 places at which the line is found."""
    rates = np.zeros((4, 8))
    for width in range(1, 5):
        images = np.stack([line_image(width, place, background) for place in range(4, 28)])[..., None]
        maps = np.abs(conv2d(images, STRIDE_KERNELS[kernel][:, :, None, None]))
        needed = 0.6 * strongest_response(width, kernel)
        for stride in range(1, 9):
            # Without padding, a larger stride keeps every stride-th number of the map.
            rates[width - 1, stride - 1] = (maps[:, ::stride, ::stride].max(axis=(1, 2, 3)) > needed).mean()
    return rates


STRIDE_KERNELS = {
    "line finder 3 \N{MULTIPLICATION SIGN} 3": np.tile([-0.5, 1, -0.5], (3, 1)) / 3,
    "line finder 5 \N{MULTIPLICATION SIGN} 5": np.tile([-1.5, 1, 1, 1, -1.5], (5, 1)) / 15,
    "edge finder 3 \N{MULTIPLICATION SIGN} 3": np.tile([-1.0, 0, 1], (3, 1)) / 3,
}


def _rows(numbers):
    return "row" if len(numbers["output"]) == 1 else "rows"


def _by(array):
    return f"{array.shape[0]} {TIMES} {array.shape[1]}"


def _times(count):
    return "no window" if count == 0 else f"{count} window{'s' if count > 1 else ''}"


def _size_formula(size, padding, span, stride):
    share = (size + 2 * padding - span) / stride
    floored = f" = floor({share:.4g}) + 1" if share % 1 else ""
    return f"floor(({size} + 2{DOT}{padding} {MINUS} {span}) / {stride}) + 1{floored} = {int(share) + 1}"


def _must_fit(span, available):
    if span > available:
        raise Impossible(
            f"This window does not fit: it is {span} pixels wide, and the image has only {available}, padding included. "
            "Make the image larger, the kernel smaller, or add padding."
        )


def _one_of(name, value, known):
    if value not in known:
        raise ValueError(f"{name}: expected one of {list(known)}, got {value!r}")


def _bar(left, top, width, height):
    """Return the corners of a box, in data units."""
    return [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]


def _crosses(cells, half_width, half_height):
    """Return two strokes for each cell (row, column): an X."""
    return [
        [(x - half_width, y - sign * half_height), (x + half_width, y + sign * half_height)]
        for y, x in cells
        for sign in (1, -1)
    ]
