"""Cover a part of the picture, and see how the answer of the trained network changes."""

import numpy as np

from helpers.explorers.cnn_digits import answer_in_words, article, shown
from helpers.explorers.controls import choice, float_slider, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import TIMES
from helpers.plots.figure import INK, ORANGE, caption, chart_axes, picture_axes
from helpers.plots.lettering import Lettering
from helpers.plots.number_grid import Frame, NumberGrid, Outline, box_corners, cell_corners
from helpers.plots.pixels import Pixels

STEP, PLACES = 3, 10  # the map has a number for the middle of the square at rows and columns 0, 3, ... 27
ITS_OWN = "the digit it reads"


def explore_occlusion(model=None, images=None, labels=None):
    """Move a grey square over a picture; the map shows the share of one class for every place of the square.

    model, images and labels as for `explore_feature_maps`; pictures of 28 x 28.
    """
    return Occlusion(*shown(model, images, labels))


class Occlusion(Explorer):
    title = "A square covers a part of the picture: how sure is the network still?"
    size = (960, 366)
    lines = 4

    def __init__(self, model, images, labels):
        if images.shape[1:3] != (28, 28):
            raise ValueError(f"images: expected pictures of 28 x 28 pixels, got shape {images.shape}")
        self.model, self.images, self.labels = model, images, labels
        self.classes = model.forward(images[:1]).shape[1]
        if self.classes > 10:
            raise ValueError(f"model: expected one with at most 10 classes, got {self.classes}")
        self._maps = {}
        super().__init__()

    def make_controls(self):
        last = len(self.images) - 1
        return {
            "row": slider("Square down", 15, 0, 27, "Row of the middle of the square", step=STEP),
            "column": slider("Square right", 9, 0, 27, "Column of the middle of the square", step=STEP),
            "side": slider("Side", 7, 1, 15, "Height and width of the square, in pixels", step=2),
            "picture": slider("Picture", min(37, last), 0, last, "Which picture is covered"),
            "grey": float_slider("Grey", 0.5, 0.0, 1.0, "Brightness of the square: 0 is paper, 1 is ink", 0.25, 2),
            "wanted": choice(
                "Share of", ITS_OWN, [ITS_OWN, *map(str, range(self.classes))], "The class whose share the map shows"
            ),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        self.picture = Pixels(picture_axes(figure, 8, 6, 322, 322))
        self.map = NumberGrid(
            picture_axes(figure, 346, 6, 322, 322), "cividis", 0, 100, "{:.0f}"
        )  # two digits: four take twice as long
        chart = chart_axes(
            figure,
            726,
            40,
            180,
            288,
            xlim=(0, 1),
            ylim=(self.classes - 0.4, -0.6),
            yticks=range(self.classes),
            xticks=[0, 0.5, 1],
        )
        chart.set_xlabel("share")
        self.before, self.after = Outline(chart, INK, 1.2, fill="white"), Outline(chart, INK, 0.4, fill="#D55E00")
        self.frames = [Frame(self.picture.axes, ORANGE, 3), Frame(self.map.axes, ORANGE, 3)]
        caption(figure, 816, 350, "white: before; orange: now", 10)
        self.titles = Lettering(figure)
        return [self.picture, self.map, self.before, self.after, *self.frames, self.titles]

    def compute(self, row, column, side, picture, grey, wanted):
        image = self.images[picture]
        before, maps = self._shares_everywhere(picture, side, grey)
        covered = cover(image, row, column, side, grey)
        after = self.model.forward(covered[None])[0]
        unit = int(before.argmax()) if wanted == ITS_OWN else int(wanted)
        return {
            **{"covered": covered[:, :, 0], "map": maps[:, :, unit], "before": before, "after": after, "unit": unit},
            **{"row": row, "column": column, "side": side, "picture": picture},
            "label": None if self.labels is None else int(self.labels[picture]),
        }

    def _shares_everywhere(self, picture, side, grey):
        """Return the shares of the picture itself (10,), and with the square at all places of the map (10, 10, 10)."""
        key = picture, side, grey
        if key not in self._maps:
            if len(self._maps) > 200:
                self._maps.clear()
            image = self.images[picture]
            covered = [cover(image, STEP * i, STEP * j, side, grey) for i, j in np.ndindex(PLACES, PLACES)]
            # float32 takes half the time, and two digits are shown
            shares = self.model.forward(np.array([image, *covered], np.float32)).astype(float)
            self._maps[key] = shares[0], shares[1:].reshape(PLACES, PLACES, -1)
        return self._maps[key]

    def paint(self, numbers):
        row, column, half = numbers["row"], numbers["column"], numbers["side"] // 2
        self.picture.set(numbers["covered"])
        self.map.set(100 * numbers["map"])
        inside = [min(max(n, 0), 27) for n in (row - half, column - half, row + half, column + half)]
        self.frames[0].put(box_corners(*inside))
        self.frames[1].put(cell_corners([(row // STEP, column // STEP)]))
        for bars, shares, half_height in ((self.before, numbers["before"], 0.4), (self.after, numbers["after"], 0.22)):
            corners = [(0, -half_height), (1, -half_height), (1, half_height), (0, half_height)]
            bars.put([[(share * x, k + y) for x, y in corners] for k, share in enumerate(shares)])
        heads = [
            f"picture {numbers['picture']}, with a square",
            f"share of {numbers['unit']} in %, for each place of the square",
        ]
        self.titles.write(heads, [(169, 350), (507, 350)], 10.5)

    def describe(self, numbers):
        unit, before, after, map_ = numbers["unit"], numbers["before"], numbers["after"], numbers["map"]
        named = int(after.argmax())
        now = f"It still reads {article(named)}." if named == before.argmax() else f"Now it reads {article(named)}."
        ends = []
        for which, value, place in (("lowest", map_.min(), map_.argmin()), ("highest", map_.max(), map_.argmax())):
            row, column = (STEP * int(n) for n in np.unravel_index(place, map_.shape))
            ends.append(f"{which} `{value:.2f}` at row {row}, column {column}")
        return (
            f"{answer_in_words(numbers['label'], before)} With the middle of the square at row {numbers['row']}, column "
            f"{numbers['column']}, the share of {unit} goes from `{before[unit]:.2f}` to `{after[unit]:.2f}`. {now}\n"
            f"In the map: {', '.join(ends)}. It has a number for every third row and column: {PLACES} {TIMES} {PLACES} answers."
        )


def cover(image, row, column, side, grey):
    """Return the image (height, width, 1) with a grey square around a place; what would lie outside is cut off."""
    covered, half = image.copy(), side // 2
    covered[max(row - half, 0) : row + half + 1, max(column - half, 0) : column + half + 1] = grey
    return covered
