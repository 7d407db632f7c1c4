"""Stack layers, and see what each one makes of the shapes, what it costs, and how much of the picture it sees."""

from typing import NamedTuple

import numpy as np

from helpers.datasets import load_mnist
from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.explorer import Explorer, Impossible
from helpers.explorers.signs import DOT, TIMES
from helpers.plots.figure import INK, ORANGE, caption, picture_axes, whole_figure
from helpers.plots.lettering import Lettering
from helpers.plots.number_grid import Outline, box_corners
from helpers.plots.pixels import Pixels
from helpers.scratch.convolution import output_size
from helpers.scratch.receptive_field import ReceptiveField

SLOTS, NOTHING = 5, "nothing"


class Block(NamedTuple):
    """A layer that can be chosen."""

    window: int
    stride: int = 1
    padding: str = "valid"
    dilation: int = 1
    is_pooling: bool = False


BLOCKS = {
    "conv 3 \N{MULTIPLICATION SIGN} 3": Block(3),
    "conv 5 \N{MULTIPLICATION SIGN} 5": Block(5),
    "conv 1 \N{MULTIPLICATION SIGN} 1": Block(1),
    "conv 3 \N{MULTIPLICATION SIGN} 3, same": Block(3, padding="same"),
    "conv 3 \N{MULTIPLICATION SIGN} 3, stride 2": Block(3, 2),
    "conv 3 \N{MULTIPLICATION SIGN} 3, dilation 2": Block(3, dilation=2),
    "max pooling 2 \N{MULTIPLICATION SIGN} 2": Block(2, 2, is_pooling=True),
    "max pooling 3, stride 2": Block(3, 2, is_pooling=True),
}
CONV, POOL = list(BLOCKS)[0], list(BLOCKS)[6]
DENSE, SHORT, GLOBAL = "dense 64, dense 10", "dense 10", "global average, 10"


class Row(NamedTuple):
    """One layer: its shape, (height, width, channels) or (units,), weights, multiply-adds, what it sees, and the sum."""

    name: str
    shape: tuple
    weights: int
    work: int
    field: ReceptiveField | None
    formula: str = ""


def stack(size, channels, blocks, filters, end):
    """Return the rows of a network for pictures of size x size; each convolution has twice the filters of the one before it.

    Raises Impossible, with a sentence, where a window does not fit.
    """
    shape, field = (size, size, channels), ReceptiveField()
    rows = [Row("picture", shape, 0, 0, field)]
    for place, name in enumerate(blocks, start=1):
        if name == NOTHING:
            continue
        block, depth = BLOCKS[name], shape[2]
        span = block.dilation * (block.window - 1) + 1
        if block.padding == "valid" and span > shape[0]:
            raise Impossible(
                f"Layer {place} ({name}) does not fit: its window is {span} pixels wide, and the maps that it gets are only "
                f"{shape[0]} {TIMES} {shape[0]}. Make the picture larger, or take out a layer that makes maps smaller."
            )
        side = output_size(shape[0], block.window, block.stride, block.padding, block.dilation)
        before = ((side - 1) * block.stride + span - shape[0]) // 2 if block.padding == "same" else 0
        field = field.behind(block.window, block.stride, max(before, 0), block.dilation)
        if block.is_pooling:
            shape = side, side, depth
            rows.append(Row(name, shape, 0, 0, field))
            continue
        count = filters * 2 ** sum(row.weights > 0 for row in rows)
        weights = (block.window**2 * depth + 1) * count
        shape = side, side, count
        formula = f"({block.window}{DOT}{block.window}{DOT}{depth} + 1){DOT}{count}"
        rows.append(Row(name, shape, weights, side**2 * block.window**2 * depth * count, field, formula))
    units = shape[2] if end == GLOBAL else int(np.prod(shape))
    rows.append(Row("global average" if end == GLOBAL else "flatten", (units,), 0, 0, None))
    for outputs in (64, 10) if end == DENSE else (10,):
        formula = f"({units:,} + 1){DOT}{outputs}"
        rows.append(Row(f"dense {outputs}", (outputs,), (units + 1) * outputs, units * outputs, None, formula))
        units = outputs
    return rows


def explore_architecture():
    """Choose the layers of a CNN: shapes, weights, multiply-adds and receptive field of each one."""
    return Architecture()


class Architecture(Explorer):
    title = "A stack of layers: what each one puts out, what it costs, and how much of the picture one of its numbers sees."
    size = (960, 400)
    lines = 4

    def make_controls(self):
        start = (CONV, POOL, CONV, POOL, NOTHING)
        tips = "One layer of the stack; it gets what the layer before it puts out"
        return {
            "size": slider("Picture", 28, 8, 64, "Height and width of the picture, in pixels", step=4),
            "channels": slider("Channels", 1, 1, 3, "1: a grey picture, 3: a colour picture", step=2),
            "filters": slider(
                "Filters", 16, 4, 64, "Kernels of the first convolution; each further one has twice as many", step=4
            ),
            **{
                f"layer_{place}": choice(f"Layer {place}", first, [*BLOCKS, NOTHING], tips)
                for place, first in enumerate(start, start=1)
            },
            "end": choice("End", DENSE, (DENSE, SHORT, GLOBAL), "How the maps become ten shares"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        self.picture = Pixels(picture_axes(figure, 8, 40, 320, 320))
        self.fields = Outline(self.picture.axes, ORANGE, 2)
        caption(figure, 168, 380, "what the middle number of each map sees", 9.5)
        self.columns = {"layer": 340, "output": 508, "weights": 700, "multiply-adds": 840, "sees": 952}
        for name, x in self.columns.items():
            caption(figure, x, 380, name, 10.5, ha="right" if name in ("weights", "multiply-adds", "sees") else "left")
        whole = whole_figure(figure)
        self.bars = Outline(whole, INK, 0, fill="#9ecae1")
        self.left, self.right, self.tags = Lettering(figure), Lettering(figure), Lettering(figure, "bold")
        return [self.picture, self.fields, self.bars, self.left, self.right, self.tags]

    def compute(self, size, channels, filters, end, **layers):
        rows = stack(size, channels, layers.values(), filters, end)
        weights, work = (np.array([row[place] for row in rows], dtype=float) for place in (2, 3))
        seen = [[n for n in row.field.seen_by(row.shape[0] // 2)] for row in rows[1:] if row.field]
        return {
            **{"weights": weights, "work": work, "seen": np.array(seen).reshape(-1, 2), "size": size},
            **{"table": [(row.name, _shape(row), row.weights, row.work, _sees(row, size)) for row in rows]},
            "largest": (rows[int(weights.argmax())].name, rows[int(weights.argmax())].formula),
            "busiest": rows[int(work.argmax())].name,
        }

    def paint(self, numbers):
        size, table = numbers["size"], numbers["table"]
        place = np.arange(size) * 28 // size
        self.picture.set(load_mnist()[0][2057][place][:, place] * 0.75)
        boxes = [box_corners(first, first, end - 1, end - 1)[0] for first, end in numbers["seen"].clip(0, size)]
        self.fields.put(boxes)
        heights = [350 - 36 * k for k in range(len(table))]
        left = [
            (row[k], (self.columns[name], y))
            for row, y in zip(table, heights, strict=True)
            for k, name in ((0, "layer"), (1, "output"))
        ]
        self.left.write(*zip(*left, strict=True), 10, align="left")
        right = [
            (f"{row[k]:,}" if k < 4 else row[k], (self.columns[name], y))
            for row, y in zip(table, heights, strict=True)
            for k, name in ((2, "weights"), (3, "multiply-adds"), (4, "sees"))
        ]
        self.right.write(*zip(*right, strict=True), 10, align="right")
        bars = []
        for k, name in (("weights", "weights"), ("work", "multiply-adds")):
            shares = numbers[k] / (numbers[k].max() or 1)
            for share, y in zip(shares, heights, strict=True):
                x, length = self.columns[name], 80 * share
                bars.append([(x - length, y - 15), (x, y - 15), (x, y - 9), (x - length, y - 9)])
        self.bars.put([bar for bar in bars if bar[0][0] < bar[1][0]])
        self._tag(boxes)

    def _tag(self, boxes):
        """Write the number of its layer at the upper right corner of each frame, from the largest on, where there is room."""
        corners = [self.picture.axes.transData.transform(box[1]) + (-8, 9) for box in boxes]
        written = []
        for k in reversed(range(len(boxes))):
            if all(abs(corners[k][1] - corners[other][1]) > 11 for other in written):
                written.append(k)
        self.tags.write([str(k + 1) for k in written], [corners[k] for k in written], 9, [ORANGE])

    def describe(self, numbers):
        weights, work, (name, formula) = numbers["weights"], numbers["work"], numbers["largest"]
        first, end = numbers["seen"].clip(0, numbers["size"])[-1] if len(numbers["seen"]) else (0, 1)
        sees = end - first
        return (
            f"`{int(weights.sum()):,}` weights, `{int(work.sum()):,}` multiply-adds for one picture. "
            f"Most weights: {name}, `{formula} = {int(weights.max()):,}`, {_percent(weights)} of all. "
            f"Most work: {numbers['busiest']}, {_percent(work)}.\n"
            f"The middle of the last map sees {sees} {TIMES} {sees} pixels of {numbers['size']} {TIMES} {numbers['size']}. "
            "(Each convolution has twice as many filters as the one before it.)"
        )


def _shape(row):
    return f" {TIMES} ".join(f"{n:,}" for n in row.shape)


def _sees(row, size):
    """Return the receptive field as text; a layer behind the maps sees all of the picture, and so may the middle of a map."""
    if row.field is None:
        return "all"
    first, end = row.field.seen_by(row.shape[0] // 2)
    return "all" if first <= 0 and end >= size else f"{row.field.size} {TIMES} {row.field.size}"


def _percent(amounts):
    """Return the share of the largest of these amounts; 100 % only where there is no other."""
    share = 100 * amounts.max() / amounts.sum()
    return "over 99 %" if 99.5 <= share < 100 else f"{share:.0f} %"
