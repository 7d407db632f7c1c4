"""The explorers of the lesson on CNNs: a trained network cut open. It runs on our own layers."""

from typing import NamedTuple

import numpy as np

from helpers.explorers.cnn_architecture import explore_architecture  # noqa: F401 (all explorers of the lesson)
from helpers.explorers.cnn_digits import answer_in_words, article, shown
from helpers.explorers.cnn_occlusion import explore_occlusion  # noqa: F401
from helpers.explorers.cnn_tuning import explore_tuning  # noqa: F401
from helpers.explorers.controls import check_box, choice, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import TIMES, in_brackets, signed
from helpers.plots.figure import INK, ORANGE, caption, chart_axes, picture_axes
from helpers.plots.lettering import Lettering
from helpers.plots.network import NEGATIVE, POSITIVE
from helpers.plots.number_grid import Frame, NumberGrid, Outline, box_corners, cell_corners
from helpers.plots.pixels import Pixels, is_dark, named_colour
from helpers.scratch.activations import ACTIVATIONS
from helpers.scratch.convolution import Conv2D, conv2d_backward, pair, windows
from helpers.scratch.dense import Dense
from helpers.scratch.dropout import Dropout
from helpers.scratch.pooling import AveragePooling2D, Flatten, MinPooling2D, Pooling2D


class Step(NamedTuple):
    """How the windows of one layer lie over the maps that it gets: each field holds a number for rows and one for columns."""

    window: tuple
    strides: tuple
    before: tuple  # padding
    dilation: tuple
    size: tuple  # of the maps it gets


class Stage(NamedTuple):
    """A layer that the explorer can show."""

    name: str  # as in the list of layers
    kind: str  # "convolution", "pooling" or "dense"
    place: int  # in model.layers
    steps: tuple | None  # from the picture to this layer; None: it sees the whole picture
    units: int  # maps or neurons
    height: int  # of a map; 1 for neurons
    width: int
    input_name: str  # what it adds up: "pixel", "map", "neuron", or "number" of a window
    before_softmax: bool


def stages_of(model, image):
    """Return the layers of a model that can be shown, and what each sees. Dropout and Flatten change no number."""
    found, steps, numbers, name = [], (), image[None], "pixel"
    for place, layer in enumerate(model.layers):
        is_local = isinstance(layer, Conv2D | Pooling2D)
        if is_local and steps is not None:
            steps += (_step_of(layer, numbers.shape),)
        elif not is_local and not isinstance(layer, Dropout):
            steps = None
        numbers = layer.forward(numbers)
        if not is_local and not isinstance(layer, Dense):
            continue
        kind = "convolution" if isinstance(layer, Conv2D) else "pooling" if is_local else "dense"
        height, width = numbers.shape[1:3] if is_local else (1, 1)
        title = f"{len(found) + 1}: {kind}, {numbers.shape[-1]} {'maps' if is_local else 'neurons'}"
        is_last = isinstance(layer, Dense) and layer.activation is ACTIVATIONS["softmax"]
        what = "number" if kind == "pooling" else name
        found.append(Stage(title, kind, place, steps, numbers.shape[-1], height, width, what, is_last))
        name = "neuron" if not is_local else "map" if numbers.shape[-1] > 1 else "number"
    return found


def _step_of(layer, shape):
    if isinstance(layer, Conv2D):
        window, strides, dilation = layer.kernel_size, layer.options["strides"], layer.options["dilation_rate"]
    else:
        window, dilation = pair("pool_size", layer.options["pool_size"]), 1
        strides = layer.options["strides"] or window
    _, _, pads = windows(np.zeros((1, *shape[1:3], 1)), window, strides, layer.options["padding"], dilation)
    before = tuple(start for start, _ in pads)
    return Step(window, pair("strides", strides), before, pair("dilation_rate", dilation), tuple(shape[1:3]))


def explore_feature_maps(model=None, images=None, labels=None):
    """Cut a trained CNN open: its maps and filters for a picture, and what made one number of them large.

    model: a scratch Sequential for pictures (height, width, 1), for instance from `keras_tools.to_scratch`; images
    (pictures, height, width, 1), up to 100, with their labels (pictures,). Without them: the recorded network for digits.
    """
    return FeatureMaps(*shown(model, images, labels))


class FeatureMaps(Explorer):
    title = "Inside a trained CNN: the maps of one layer, one number of them, and what made it large."
    size = (960, 590)
    lines = 5

    def __init__(self, model, images, labels):
        self.model, self.images, self.labels = model, images, labels
        self.stages = {stage.name: stage for stage in stages_of(model, self.images[0])}
        super().__init__()

    def make_controls(self):
        most = max(stage.units for stage in self.stages.values())
        widest = max(max(stage.height, stage.width) for stage in self.stages.values())
        look_at = "Look at the largest number of the map; else choose row and column"
        names = list(self.stages)
        return {
            "picture": slider(
                "Picture", min(43, len(self.images) - 1), 0, len(self.images) - 1, "Which picture is shown to it"
            ),
            "layer": choice("Layer", names[0], names, "Which layer is opened"),
            "unit": slider(
                "Map", min(9, most - 1), 0, most - 1, "Which map (or neuron) of the layer; after the last one it starts again"
            ),
            "strongest": check_box("Strongest place", True, look_at, indent=True),
            "row": slider("Row", 0, 0, widest - 1, "Row of the number in its map; after the last row it starts again"),
            "column": slider("Column", 0, 0, widest - 1, "Column of the number in its map; after the last it starts again"),
        }

    def relevant(self, layer, strongest, **others):
        needed = {"picture", "layer", "unit"}
        if self.stages[layer].kind != "dense":
            needed |= {"strongest"} if strongest else {"strongest", "row", "column"}
        return needed

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        self.image = Pixels(picture_axes(figure, 8, 306, 252, 252))
        self.wanted = Pixels(picture_axes(figure, 8, 22, 252, 252), "RdBu_r", -1, 1)
        self.maps = Pixels(picture_axes(figure, 276, 228, 330, 330))
        self.map = Pixels(picture_axes(figure, 622, 228, 330, 330))
        self.neurons = NumberGrid(picture_axes(figure, 276, 228, 330, 330), cmap="gray", fmt="{:.2f}")
        self.speaks = Pixels(picture_axes(figure, 622, 228, 330, 330), "RdBu_r", -1, 1)
        self.weights = NumberGrid(picture_axes(figure, 636, 12, 168, 168), fmt="{:.2f}")
        self.window = NumberGrid(picture_axes(figure, 636, 12, 168, 168), cmap="gray", fmt="{:.2f}")
        self.sheet = Pixels(picture_axes(figure, 622, 6, 192, 180), "RdBu_r", -1, 1)
        self.parts_axes = chart_axes(figure, 276, 24, 330, 150, ylim=(-1.25, 1.25), xticks=[], yticks=[])
        self.parts_axes.spines[:].set_visible(False)
        self.parts_axes.axhline(0, color=INK, linewidth=0.8, linestyle="-")
        self.above, self.below = (Outline(self.parts_axes, INK, 0.4, fill=colour) for colour in (POSITIVE, NEGATIVE))
        shares = chart_axes(figure, 858, 26, 90, 154, xlim=(0, 1.06), ylim=(9.6, -0.6), yticks=range(10), xticks=[0, 1])
        self.shares = Outline(shares, INK, 0.4, fill="#9ecae1")
        framed = (self.image, self.wanted, self.maps, self.map, self.neurons)
        self.frames = [Frame(each.axes, ORANGE, 2.5) for each in framed]
        self.titles, self.notes, self.tags = Lettering(figure), Lettering(figure), Lettering(figure, "bold")
        caption(figure, 134, 10, "red: more ink raises it; blue: lowers it", 9.5)
        caption(figure, 903, 200, "the answer")
        pictures = [*framed, self.speaks, self.weights, self.window, self.sheet]
        return [*pictures, self.above, self.below, self.shares, *self.frames, self.tags, self.titles, self.notes]

    def compute(self, picture, layer, unit, strongest, row, column):
        stage = self.stages[layer]
        outputs = run_through(self.model, self.images[picture])
        opened, output = self.model.layers[stage.place], outputs[stage.place + 1]
        # Shares can't be taken apart, the sums before softmax can: so those are shown.
        maps = as_maps(opened.sums if stage.before_softmax else output)
        asked = unit, row, column
        unit = unit % stage.units
        if strongest or stage.kind == "dense":
            row, column = (int(n) for n in np.unravel_index(maps[:, :, unit].argmax(), maps.shape[:2]))
        row, column = row % maps.shape[0], column % maps.shape[1]
        wrapped = asked[0] != unit or (not strongest and stage.kind != "dense" and asked[1:] != (row, column))
        before = outputs[stage.place].reshape(1, *self._shape_before(stage, outputs))
        window, weights = inputs_of(opened, before, row, column, unit)
        products = window * weights
        # Of one channel every pixel is a part; of several, every channel.
        parts = products.ravel() if window.shape[-1] == 1 else products.sum(axis=(0, 1))
        shares = outputs[-1].ravel()
        return {
            **{"image": self.images[picture][:, :, 0], "maps": maps, "row": row, "column": column, "unit": unit},
            **{"wanted": self._gradient(stage, row, column, unit), "window": window, "weights": weights, "parts": parts},
            **{"box": box_of(stage, row, column, self.images.shape[1:3]), "bias": bias_of(opened, unit)},
            **{"value": float(as_maps(output)[row, column, unit]), "shares": shares, "layer": layer, "wrapped": wrapped},
            **{"label": None if self.labels is None else int(self.labels[picture]), "picture": picture},
        }

    def _shape_before(self, stage, outputs):
        """Return the shape of what a layer gets, (height, width, maps), also where it has been laid in a row."""
        place = stage.place
        while place and isinstance(self.model.layers[place - 1], Dropout | Flatten):
            place -= 1
        shape = outputs[place].shape[1:]
        return shape if len(shape) == 3 else (1, 1, *shape)

    def _gradient(self, stage, row, column, unit):
        """Return how the number, before its activation, changes with every pixel of the picture: (height, width)."""
        layer = self.model.layers[stage.place]
        if isinstance(layer, Dense):
            gradient = layer.backward_from_sums(np.eye(stage.units)[[unit]])
        else:
            sent = np.zeros((1, stage.height, stage.width, stage.units))
            sent[0, row, column, unit] = 1
            is_pooling = isinstance(layer, Pooling2D)
            gradient = (
                layer.backward(sent)
                if is_pooling
                else conv2d_backward(sent, layer.inputs, layer.weights["kernel"], **layer.options)[0]
            )
        for earlier in reversed(self.model.layers[: stage.place]):
            gradient = earlier.backward(gradient)
        return gradient[0].sum(axis=-1)

    def paint(self, numbers):
        stage = self.stages[numbers["layer"]]
        self.image.set(numbers["image"])
        self.wanted.set(numbers["wanted"] / (np.abs(numbers["wanted"]).max() or 1))
        self._paint_neurons(numbers) if stage.kind == "dense" else self._paint_maps(numbers)
        for frame in self.frames[:2]:
            frame.put(box_corners(*numbers["box"]) if stage.steps else [])
        self._paint_weights(numbers, stage)
        self._paint_parts(numbers["parts"], numbers["bias"], stage)
        self.shares.put([_bar(k, share) for k, share in enumerate(numbers["shares"][:10])])
        self._write(numbers, stage)

    def _paint_maps(self, numbers):
        self._show(self.maps, self.map)
        maps, unit = numbers["maps"], numbers["unit"]
        columns, sheet = montage(maps)
        colours = self.maps.colours(np.nan_to_num(sheet) / max(maps.max(), 1e-9))
        colours[np.isnan(sheet)] = named_colour("#dfe9f3")
        self.maps.show(colours)
        self.map.set(maps[:, :, unit] / max(maps[:, :, unit].max(), 1e-9))
        height, width = maps.shape[0] + 1, maps.shape[1] + 1
        top, left = unit // columns * height, unit % columns * width
        self.frames[2].put(box_corners(top, left, top + height, left + width))
        self.frames[3].put(cell_corners([(numbers["row"], numbers["column"])]))
        corners = [(k % columns * width + 0.6, k // columns * height + 0.6) for k in range(maps.shape[2])]
        self._tag(self.maps.axes, corners)

    def _paint_neurons(self, numbers):
        self._show(self.neurons, self.speaks)
        table = as_table(numbers["maps"][0, 0])
        self.neurons.set(table, min(0, np.nanmin(table)), max(np.nanmax(table), 1e-9))
        self.frames[4].put(cell_corners([divmod(numbers["unit"], table.shape[1])]))
        columns, count = table.shape[1], numbers["maps"].shape[2]
        corners = [(k % columns - 0.5, k // columns - 0.5) for k in range(count)] if count <= 10 else []
        inks = np.where(is_dark(self.neurons.cells.colours(table.ravel()[:count])), "white", INK)
        self._tag(self.neurons.axes, corners, inks)
        speaks = numbers["wanted"] * numbers["image"]
        self.speaks.set(speaks / (np.abs(speaks).max() or 1))

    def _tag(self, axes, corners, inks=("#e8a200",)):
        """Write its number into the upper left corner of every map or neuron."""
        places = axes.transData.transform(corners) + (3, -8) if corners else []
        self.tags.write([str(k) for k in range(len(corners))], places, 9, inks, align="left")

    def _show(self, *shown):
        for picture in (self.maps, self.map, self.neurons, self.speaks):
            picture.set_visible(picture in shown)
        for frame, picture in zip(self.frames[2:], (self.maps, self.map, self.neurons), strict=True):
            frame.set_visible(picture in shown)

    def _paint_weights(self, numbers, stage):
        weights, window = numbers["weights"], numbers["window"]
        is_pooling, is_row = stage.kind == "pooling", weights.shape[:2] == (1, 1)
        self.window.set_visible(is_pooling)
        self.weights.set_visible(not is_pooling and (is_row or weights.shape[2] == 1))
        self.sheet.set_visible(not is_pooling and not is_row and weights.shape[2] > 1)
        strongest = np.abs(weights).max() or 1
        if is_pooling:
            self.window.set(window[:, :, 0], min(0, window.min()), max(window.max(), 1e-9))
        elif self.weights.get_visible():
            self.weights.set(as_table(weights[0, 0]) if is_row else weights[:, :, 0], -strongest, strongest)
        else:
            _, sheet = montage(weights)
            colours = self.sheet.colours(np.nan_to_num(sheet) / strongest)
            colours[np.isnan(sheet)] = named_colour("#8c8c8c")
            self.sheet.show(colours)

    def _paint_parts(self, parts, bias, stage):
        shown = parts if stage.kind == "pooling" else np.append(parts, bias)
        tallest = max(np.abs(shown).max(), 0.05)  # a tiny bias alone should look tiny
        bars = [[(k - 0.4, 0), (k + 0.4, 0), (k + 0.4, part), (k - 0.4, part)] for k, part in enumerate(shown / tallest)]
        self.parts_axes.set_xlim(-0.8, len(shown) - 0.2)
        self.above.put([bar for bar, part in zip(bars, shown, strict=True) if part > 0])
        self.below.put([bar for bar, part in zip(bars, shown, strict=True) if part < 0])
        best, worst = int(parts.argmax()), int(parts.argmin())
        named = {
            k: f"{stage.input_name} {k}: {_short(parts[k])}" for k in (best, worst) if parts[k] and (k == best or parts[k] < 0)
        }
        heights = [shown[k] / tallest + (0.13 if shown[k] > 0 else -0.15) for k in named]
        places = self.parts_axes.transData.transform(list(zip(named, heights, strict=True))) if named else np.empty((0, 2))
        # A text at the end of the row of bars would leave the picture.
        places[:, 0] = np.clip(places[:, 0], 330, 556)
        texts, places = list(named.values()), [tuple(place) for place in places]
        if not parts.any():
            texts.append("all parts are 0")
            places.append((420, 112))
        if stage.kind != "pooling":
            texts.append(f"last bar: bias {_short(bias)}")
            places.append((540, 12))
        self.notes.write(texts, places, 9.5)

    def _write(self, numbers, stage):
        unit, maps, label = numbers["unit"], numbers["maps"], numbers["label"]
        is_map, is_pooling, layer = stage.kind != "dense", stage.kind == "pooling", int(stage.name.split(":")[0])
        what = "map" if is_map else "neuron"
        all_maps = f"layer {layer}: {stage.units} maps of {maps.shape[0]} {TIMES} {maps.shape[1]}; white: {_short(maps.max())}"
        sums = "sums before softmax" if stage.before_softmax else "row by row"
        each = f"{stage.input_name} of layer {layer - 1}" if layer > 1 else "pixel, row by row from 0"
        heads = {
            (134, 574): f"picture {numbers['picture']}" + ("" if label is None else f": {article(label)}"),
            (134, 288): "pixels that move its sum",
            (441, 574): all_maps if is_map else f"layer {layer}: {stage.units} neurons, {sums}",
            (787, 574): f"map {unit}; white: {_short(maps[:, :, unit].max())}"
            if is_map
            else f"ink for neuron {unit} (red), against it (blue)",
            (718, 200): "the numbers in its window" if is_pooling else f"weights of {what} {unit}",
            (441, 200): "the numbers in its window" if is_pooling else f"its parts: one for each {each}",
        }
        self.titles.write(heads.values(), heads.keys(), 10.5)

    def describe(self, numbers):
        stage, row, column, unit = self.stages[numbers["layer"]], numbers["row"], numbers["column"], numbers["unit"]
        top, left, bottom, right = numbers["box"]
        pixels = f"{bottom - top + 1} {TIMES} {right - left + 1} pixels"
        sees = f"rows {top} to {bottom}, columns {left} to {right} of the picture ({pixels})"
        sees = "the whole picture" if stage.steps is None else sees
        where = f"map {unit}, row {row}, column {column}" if stage.kind != "dense" else f"neuron {unit}"
        first = f"Layer {stage.name.split(':')[0]}, {where}: it sees {sees}."
        if numbers["wrapped"]:
            size = f" of {stage.height} {TIMES} {stage.width}" if stage.kind != "dense" else ""
            first += f" (The sliders go further: this layer has {stage.units} {'maps' if size else 'neurons'}{size}.)"
        return "\n".join([first, self._sum_in_words(numbers, stage), answer_in_words(numbers["label"], numbers["shares"])])

    def _sum_in_words(self, numbers, stage):
        parts, total, value = numbers["parts"], numbers["parts"].sum() + numbers["bias"], numbers["value"]
        if stage.kind == "pooling":
            kept = {AveragePooling2D: "their mean", MinPooling2D: "the smallest"}.get(
                type(self.model.layers[stage.place]), "the largest"
            )
            return f"Of the {len(parts)} numbers in its window it keeps {kept}: `{_short(value)}`."
        # The first term is written so that the sum comes out as it stands there.
        first = round(total, 2) - round(numbers["bias"], 2)
        written = f"`all parts {_short(first)} + bias {in_brackets(_short(numbers['bias']))} = {_short(total)}`"
        if stage.before_softmax:
            return f"{written}; softmax turns all sums of this layer into shares: `{value:.3f}`."
        if self.model.layers[stage.place].activation is not ACTIVATIONS["relu"]:
            return f"{written}."
        shut = " The sum is below 0: relu lets nothing through, and a little more ink changes nothing." if total < 0 else ""
        return f"{written}; relu leaves `{_short(value)}`.{shut}"


def _short(number):
    """Return a number with two digits, and without a minus sign before 0.00."""
    return signed(round(float(number), 2) + 0.0, "{:.2f}")


def run_through(model, image):
    """Return the picture and the outputs of all layers, each with a batch axis of 1."""
    outputs = [image[None]]
    for layer in model.layers:
        outputs.append(layer.forward(outputs[-1]))
    return outputs


def as_maps(output):
    """Return an output with a batch axis of 1 as (height, width, units); neurons have height and width 1."""
    return output[0] if output.ndim == 4 else output[0][None, None]


def inputs_of(layer, before, row, column, unit):
    """Return what one number of a layer is made of: the inputs it reads and their weights, both (height, width, channels).

    `before` is the layer's input as (1, height, width, channels). In pooling every weight is 1, and other maps are not read.
    """
    if isinstance(layer, Dense):
        return before[0], layer.weights["kernel"][:, unit].reshape(before.shape[1:])
    if isinstance(layer, Conv2D):
        weights = layer.weights["kernel"][:, :, :, unit]
        padded, window, _ = windows(before, weights.shape, *layer.options.values())
    else:
        size, strides, padding = (
            pair("pool_size", layer.options["pool_size"]),
            layer.options["strides"],
            layer.options["padding"],
        )
        before = before[..., [unit]]
        weights = np.ones((*size, 1))
        padded, window, _ = windows(before, size, strides or size, padding, 1)
    pixels = [padded[window(*place)][0, row, column] for place in np.ndindex(weights.shape[:2])]
    return np.reshape(pixels, weights.shape), weights


def bias_of(layer, unit):
    """Return the bias of a map or neuron; 0 where there is none."""
    return float(layer.weights["bias"][unit]) if "bias" in layer.weights else 0.0


def box_of(stage, row, column, shape):
    """Return the part of the picture that one number sees: first row, first column, last row, last column."""
    if stage.steps is None:
        return 0, 0, shape[0] - 1, shape[1] - 1
    first, last = [row, column], [row, column]
    for window, strides, before, dilation, size in reversed(stage.steps):
        for axis in (0, 1):
            start = first[axis] * strides[axis] - before[axis]
            end = last[axis] * strides[axis] - before[axis] + dilation[axis] * (window[axis] - 1)
            first[axis], last[axis] = max(start, 0), min(end, size[axis] - 1)  # padding is no part of the picture
    return *first, *last


def montage(maps):
    """Return how many maps stand in a row, and all maps (height, width, maps) on one sheet, NaN on the lines between them."""
    height, width, count = maps.shape
    columns = {10: 5}.get(count, 4 if count <= 16 else 8 if count > 32 or height == 1 else 6)
    rows = -(-count // columns)
    sheet = np.full((rows * (height + 1) + 1, columns * (width + 1) + 1), np.nan)
    for unit in range(count):
        top, left = unit // columns * (height + 1) + 1, unit % columns * (width + 1) + 1
        sheet[top : top + height, left : left + width] = maps[:, :, unit]
    return columns, sheet


def as_table(numbers):
    """Return numbers (count,) in rows of 8, or of 5 where there are ten; NaN where nothing is left."""
    columns = 5 if len(numbers) == 10 else 8
    table = np.full((-(-len(numbers) // columns), columns), np.nan)
    table.flat[: len(numbers)] = numbers
    return table


def _bar(place, length):
    """Return the corners of a bar that lies."""
    return [(0, place - 0.35), (length, place - 0.35), (length, place + 0.35), (0, place + 0.35)]
