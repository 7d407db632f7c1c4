"""Width times depth of a network: recorded trainings as maps of error, and what one layer or twice the neurons bring."""

from functools import lru_cache

import numpy as np

from helpers.datasets import load_recorded
from helpers.explorers.controls import check_box, choice, rows_of, slider, steps_slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import TIMES, signed
from helpers.plots.figure import BLUE, GREEN, INK, ORANGE, caption, chart_axes, picture_axes
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import Frame, NumberGrid, box_corners, marks

WIDTHS = (2, 4, 8, 16, 32, 64, 128, 256)
DEPTHS = (0, 1, 2, 3, 4, 6)
EPOCHS = 60
FIGURES = ("training", "validation", "test", "loss", "validation loss")
MEAN = "mean of three seeds"
SEEDS = (MEAN, "seed 0", "seed 1", "seed 2")
ERROR, LOSS = "error", "loss"
STAR = 0.3  # of a cell, from its centre to the star: inside its corner, and clear of the number
DARKEST = 30  # an error in % from which a cell is as dark as it gets
CELL, LEFTS, MAP_BOTTOM = 42, (58, 454), 284  # of the maps, in pixels
CHART_BOTTOM, CHART_HIGH = 58, 136
CHARTS = {"curves": (52, 310), "depth": (430, 222), "width": (718, 228)}  # where each begins, and how wide it is
COLUMN = 808  # where the key begins
ERROR_TICKS, ERROR_ENDS = (5, 10, 20, 50, 100), (4, 100)  # of the charts by depth and by width, in %, logarithmic
TOPS = {ERROR: (6, 12, 24, 48, 100), LOSS: (0.3, 0.6, 1.2, 2.4, 4.8)}  # of the curves: the lowest that fits is taken
SETTLED = 4  # so many epochs may lie above the chart of curves
DASHED, DOTTED, MIXED = (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2))
GREY = "#707070"


@lru_cache
def all_runs():
    """Return what was recorded, one dict of arrays for each seed."""
    return list(load_recorded("improving_capacity").values())


@lru_cache
def figures(name):
    """Return one figure of all trainings, (seeds, depths, widths, epochs): errors in %, losses as they are."""
    found = np.stack([run[name] for run in all_runs()]).astype(float)
    if "loss" not in name:
        found *= 100
    found.flags.writeable = False
    return found


@lru_cache
def weights():
    """Return how many weights each network has, (depths, widths)."""
    return all_runs()[0]["weights"].astype(int)


def lowest(errors):
    """Return depth and width, as places in their lists, of the lowest error in a map (depths, widths).

    Of equal errors the network with the fewest weights counts; without a hidden layer the width is the first one.
    """
    place = np.lexsort((weights().ravel(), errors.ravel()))[0]
    depth, width = (int(each) for each in np.unravel_index(place, errors.shape))
    return depth, width if depth else 0


@lru_cache
def chosen_on_validation():
    """Return depth, width and epoch (as places) of the lowest mean validation error among all cells and all epochs."""
    return _of_all(slice(None))


@lru_cache
def rival_on_validation():
    """Return the same for the networks without a hidden layer: only the epoch is chosen."""
    return _of_all(slice(0, 1))


def _of_all(depths):
    mean = figures("validation").mean(axis=0)[depths]
    maps = mean.min(axis=2)
    depth, width = lowest(np.pad(maps, ((0, len(DEPTHS) - len(maps)), (0, 0)), constant_values=np.inf))
    return depth, width, int(mean[depth, width].argmin())


def beyond_spread(changes):
    """Return whether the mean of the changes, one a seed, is larger than the distance between the lowest and the highest."""
    return bool(abs(np.mean(changes)) > np.ptp(changes))


def name_of(depth, width):
    """Return a network in words, from its places in the lists."""
    layers = DEPTHS[depth]
    if not layers:
        return "no hidden layer"
    return f"{layers} {TIMES} {WIDTHS[width]}"


def ranged(values):
    """Return a mean in % with the lowest and the highest of the seeds."""
    return f"{np.mean(values):.1f} % ({min(values):.1f} to {max(values):.1f})"


def explore_capacity():
    """Compare maps of recorded trainings: what more hidden layers and more neurons do, and when more is worse."""
    return Capacity()


class Capacity(Explorer):
    title = "Hidden layers times neurons, each trained with three seeds: errors on training and validation digits."
    size = (960, 588)
    lines = 8

    def make_controls(self):
        return {
            "depth": steps_slider("Hidden layers", 2, DEPTHS, "The row of the frame: so many hidden layers"),
            "width": steps_slider("Neurons", 32, WIDTHS, "The column of the frame: so many neurons in each hidden layer"),
            "epoch": slider("Epoch", 20, 1, EPOCHS, "After how many epochs the networks are compared"),
            "seeds": choice("Maps show", MEAN, SEEDS, "The mean of the seeds, or one of them alone"),
            "curves": choice("Curves show", ERROR, (ERROR, LOSS), "The share of wrong answers, or the loss"),
            "test": check_box("Open the test", False, "Once, when the choice is made: for the one network chosen", indent=True),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        wide, high = CELL * len(WIDTHS), CELL * len(DEPTHS)
        self.maps, self.frames, self.deeper, self.wider = [], [], [], []
        for x, text in zip(LEFTS, ("error on the training digits, %", "error on the validation digits, %"), strict=True):
            self.maps.append(NumberGrid(picture_axes(figure, x, MAP_BOTTOM, wide, high), "Blues", 0, DARKEST, "{:^6.1f}"))
            ends = {"xlim": (-0.5, len(WIDTHS) - 0.5), "ylim": (len(DEPTHS) - 0.5, -0.5), "facecolor": "none"}
            cells = chart_axes(figure, x, MAP_BOTTOM, wide, high, **ends)
            cells.axis("off")
            self.deeper.append(Frame(cells, ORANGE, 2.2, DASHED))
            self.wider.append(Frame(cells, ORANGE, 2.2, DOTTED))
            self.frames.append(Frame(cells, ORANGE, 3))
            self.frames[-1].set_clip_on(False)  # whole, also around the first row
            caption(figure, x + wide / 2, 572, text, 11)
            caption(figure, x - 8, MAP_BOTTOM + high + 12, "hidden layers", 9.5, ha="left")
            for column, width in enumerate(WIDTHS):
                caption(figure, x + CELL * (column + 0.5), MAP_BOTTOM - 12, f"{width}", 9.5)
            for row, depth in enumerate(DEPTHS):
                caption(figure, x - 8, MAP_BOTTOM + high - CELL * (row + 0.5), f"{depth}", 9.5, ha="right")
            caption(figure, x + wide / 2, MAP_BOTTOM - 30, "neurons in each hidden layer (row 0 has none)", 10)
        self.star = marks(cells, "*", GREEN, 10)  # on the map of the validation digits, which comes last
        self.star.set(markeredgecolor="white", markeredgewidth=0.5, clip_on=False)
        self._draw_key(figure)
        self._stage_charts(figure)
        self.column = [Label(figure, COLUMN, y, 10) for y in (378, 358, 338, 320, 302, 284, 266, 248, 230)]
        shown = [*self.maps, *self.deeper, *self.wider, *self.frames, self.star, *self.rivals, *self.curves, self.now]
        return [*shown, *self.bars, *self.means, *self.here, self.beside, *self.column, self.about_curves]

    def _draw_key(self, figure):
        """Draw what the frames and lines mean, once."""
        key = chart_axes(figure, COLUMN, 396, 24, 150, xlim=(0, 1), ylim=(-5.5, 0.5), facecolor="none")
        key.axis("off")
        for row, (colour, width, style) in enumerate(((ORANGE, 3, "-"), (ORANGE, 2.2, DASHED), (ORANGE, 2.2, DOTTED))):
            key.plot([0, 1], [-row] * 2, color=colour, linewidth=width, linestyle=style)
        key.plot([0.5], [-3], "*", color=GREEN, markersize=12, mew=0)
        key.plot([0, 1], [-4, -4], color=GREY, linewidth=2, linestyle=MIXED)
        key.plot([0.5, 0.5], [-5.35, -4.65], color=INK, linewidth=1.5)
        texts = ("chosen", "more layers", "more neurons", "best now", "no hidden layer", "three seeds")
        for row, text in enumerate(texts):
            caption(figure, COLUMN + 32, 546 - 150 * (row + 0.5) / 6, text, 10, ha="left")

    def _stage_charts(self, figure):
        moving = {"animated": True}
        axes = {
            name: chart_axes(figure, x, CHART_BOTTOM, wide, CHART_HIGH, facecolor="none") for name, (x, wide) in CHARTS.items()
        }
        axes["curves"].set(xlim=(0, EPOCHS + 1), xticks=[1, *range(10, EPOCHS + 1, 10)], xlabel="epoch", ylim=(0, 1), yticks=[])
        for name in ("depth", "width"):
            axes[name].set_ylim(np.log10(ERROR_ENDS))
            axes[name].set_yticks(np.log10(ERROR_TICKS), [f"{tick}" for tick in ERROR_TICKS])
            axes[name].grid(axis="y")
        axes["depth"].set(xlim=(-0.4, len(DEPTHS) - 0.6), xlabel="hidden layers")
        axes["depth"].set_xticks(range(len(DEPTHS)), DEPTHS)
        axes["width"].set(xlim=(-0.4, len(WIDTHS) - 0.6), xlabel="neurons")
        axes["width"].set_xticks(range(len(WIDTHS)), WIDTHS)
        self.about_curves = Label(figure, CHARTS["curves"][0], CHART_BOTTOM + CHART_HIGH + 14, 9.5)
        caption(figure, CHARTS["depth"][0], CHART_BOTTOM + CHART_HIGH + 14, "validation error in % by depth", 10, ha="left")
        caption(figure, CHARTS["width"][0], CHART_BOTTOM + CHART_HIGH + 14, "validation error in % by width", 10, ha="left")
        self.rivals = [
            axes[name].plot([], [], color=GREY, linewidth=1.8, linestyle=MIXED, **moving)[0] for name in ("curves", "width")
        ]
        self.curves = [
            axes["curves"].plot([], [], color=colour, linewidth=1.4, linestyle=style, **moving)[0]
            for colour, style in ((BLUE, "-"), (ORANGE, DASHED))
        ]
        self.now = axes["curves"].plot([], [], color=INK, linewidth=1.2, linestyle=DOTTED, **moving)[0]
        self.bars, self.means, self.here = [], [], []
        for name in ("depth", "width"):
            self.bars.append(axes[name].plot([], [], color=INK, linewidth=1.6, linestyle="-", **moving)[0])
            self.means.append(axes[name].plot([], [], color=ORANGE, linewidth=1.3, linestyle=DASHED, marker="o", **moving)[0])
            self.means[-1].set_markersize(4)
            self.here.append(marks(axes[name], "D", ORANGE, 8))
        self.beside, self.top = Lettering(figure), None

    def compute(self, depth, width, epoch, seeds, curves, test):
        row, column, now = DEPTHS.index(depth), WIDTHS.index(width), epoch - 1
        training, validation = figures("training"), figures("validation")
        shown = slice(None) if seeds == MEAN else slice(SEEDS.index(seeds) - 1, SEEDS.index(seeds))
        maps = [each[shown, ..., now].mean(axis=0) for each in (training, validation)]
        names = ("training", "validation") if curves == ERROR else ("loss", "validation loss")
        losses = [figures(name) for name in names]
        highest = TOPS[curves][-1]
        best, cell = lowest(maps[1]), validation[:, row, column].mean(axis=0)
        found = {
            **{"row": row, "column": column, "epoch": epoch, "seeds": seeds, "curves": curves, "test": test},
            **{"training map": maps[0], "validation map": maps[1], "best": best, "best error": float(maps[1][best])},
            **{"training": training[:, row, column, now], "validation": validation[:, row, column, now]},
            **{"rival": validation[:, 0, 0, now], "weights": int(weights()[row, column])},
            "by depth": validation[:, :, column, now],
            "by width": validation[:, row, :, now],
            "training curve": np.nan_to_num(losses[0][:, row, column], nan=highest, posinf=highest),
            "validation curve": np.nan_to_num(losses[1][:, row, column], nan=highest, posinf=highest),
            "rival curve": np.nan_to_num(losses[1][:, 0, 0], nan=highest, posinf=highest).mean(axis=0),
            "lowest epoch": int(cell.argmin()) + 1,
            "lowest error": float(cell.min()),
            "last error": float(cell[-1]),
        }
        if test:
            for name, place in (("winner", chosen_on_validation()), ("plain", rival_on_validation())):
                found[f"{name} place"] = place
                for share in ("validation", "test"):
                    found[f"{name} {share}"] = figures(share)[:, *place]
            found["machine test"] = 100 * np.array([float(run["support vectors: test"]) for run in all_runs()])
        return found

    def paint(self, numbers):
        row, column = numbers["row"], numbers["column"]
        chosen = (row, column, row, column) if row else (0, 0, 0, len(WIDTHS) - 1)
        for k, name in enumerate(("training map", "validation map")):
            self.maps[k].set(numbers[name])
            self.frames[k].put(box_corners(*chosen))
            self.deeper[k].put(box_corners(*(row + 1, column) * 2) if row + 1 < len(DEPTHS) else [])
            self.wider[k].put(box_corners(*(row, column + 1) * 2) if row and column + 1 < len(WIDTHS) else [])
        self.star.set_data([numbers["best"][1] + STAR], [numbers["best"][0] - STAR])
        what, x = numbers["curves"], np.arange(1, EPOCHS + 1)
        top = top_for(what, numbers["validation curve"][:, SETTLED:], numbers["rival curve"][SETTLED:])
        broken = np.tile([*x, np.nan], len(numbers["validation curve"]))
        for line, name in zip(self.curves, ("training curve", "validation curve"), strict=True):
            line.set_data(broken, np.pad(numbers[name] / top, ((0, 0), (0, 1)), constant_values=np.nan).ravel())
        self.rivals[0].set_data(x, numbers["rival curve"] / top)
        self.now.set_data([numbers["epoch"]] * 2, [0, 1])
        unit = "error, %" if what == ERROR else "loss"
        self.about_curves.set_text(f"{unit}: training line, validation dashes")
        self._write_beside(top)
        for k, name in enumerate(("by depth", "by width")):
            values = numbers[name]
            places = np.arange(values.shape[1])
            ends = np.stack([values.min(axis=0), values.max(axis=0), np.full(len(places), np.nan)], axis=1)
            self.bars[k].set_data(np.repeat(places, 3), height_of(ends.ravel()))
            means = height_of(values.mean(axis=0))
            self.means[k].set_data(places, means)
            at = (row, column)[k]
            self.here[k].set_data([at], [means[at]])
        self.rivals[1].set_data([-0.4, len(WIDTHS) - 0.6], [height_of(numbers["rival"].mean())] * 2)
        lines = [f"{numbers['weights']:,} weights", f"best now: {name_of(*numbers['best'])}", *[""] * 7]
        if numbers["best"][0] == 0:
            lines[1:3] = ["best now:", "no hidden layer"]
        lines[3] = "test: closed"
        if numbers["test"]:
            depth, width, epoch = numbers["winner place"]
            lines[3:6] = "the best of all cells", "and epochs:", f"{name_of(depth, width)}, epoch {epoch + 1}"
            lines[6] = f"its test: {numbers['winner test'].mean():.1f} %"
            lines[7] = f"0 layers: {numbers['plain test'].mean():.1f} %"
            lines[8] = f"SVM: {numbers['machine test'].mean():.1f} %"
        for label, text in zip(self.column, lines, strict=True):
            label.set_text(text)

    def _write_beside(self, top):
        """Write 0, the middle and the top beside the curves."""
        if self.top != top:  # few moves change it
            self.top, shares = top, (0, 0.5, 1)
            places = [(CHARTS["curves"][0] - 7, CHART_BOTTOM + CHART_HIGH * share) for share in shares]
            self.beside.write([f"{top * share:g}" for share in shares], places, 9.5, align="right")

    def describe(self, numbers):
        row, column, values = numbers["row"], numbers["column"], numbers["validation"]
        lines = [
            f"Epoch {numbers['epoch']}, {in_words(row, column)}, {numbers['weights']:,} weights: training error "
            f"{ranged(numbers['training'])}, validation error `{ranged(values)}`."
        ]
        deeper, wider = numbers["by depth"][:, row + 1 :], numbers["by width"][:, column + 1 :]
        if deeper.size:
            more = DEPTHS[row + 1] - DEPTHS[row]
            what = f"A first layer of {WIDTHS[column]}" if not row else "One layer more" if more == 1 else f"{more} more layers"
            further = f" {DEPTHS[-1]} layers: {compared(values, deeper[:, -1])}" if deeper.shape[1] > 1 else ""
            lines.append(f"{what}: {compared(values, deeper[:, 0])}{further}")
        else:
            lines.append("More layers than these were not trained.")
        if not row:
            lines.append("This is the plain rival: softmax regression, which has no neurons of which to take more.")
        elif wider.size:
            further = f" {WIDTHS[-1]} neurons: {compared(values, wider[:, -1])}" if wider.shape[1] > 1 else ""
            lines.append(f"{WIDTHS[column + 1]} neurons: {compared(values, wider[:, 0])}{further}")
        else:
            lines.append("More neurons than these were not trained.")
        if row:
            lines.append(f"The plain rival, no hidden layer: {compared(values, numbers['rival'])}")
        lines.append(
            "In brackets the change in each seed; beyond the spread: their mean is larger than the distance from "
            "lowest to highest."
        )
        where = "the mean" if numbers["seeds"] == MEAN else numbers["seeds"]
        lines.append(
            f"Best now by {where} on validation: {name_of(*numbers['best'])}, {numbers['best error']:.1f} %. The chosen "
            f"cell is best after epoch {numbers['lowest epoch']}, {numbers['lowest error']:.1f} %; "
            f"after {EPOCHS} {numbers['last error']:.1f} %."
        )
        if numbers["test"]:
            depth, width, epoch = numbers["winner place"]
            known = np.mean(numbers["winner validation"])
            plain = numbers["plain place"][2]
            lines.append(
                f"Test, opened for the best of all cells and epochs: {name_of(depth, width)}, epoch {epoch + 1}: "
                f"mean validation error {known:.1f} %, test `{ranged(numbers['winner test'])}`. "
                f"No hidden layer, epoch {plain + 1}: test {ranged(numbers['plain test'])}; support vector machine: test "
                f"{ranged(numbers['machine test'])}."
            )
        return "\n".join(lines)


def in_words(row, column):
    """Return a network as part of a sentence, from its places in the lists."""
    depth = DEPTHS[row]
    return f"{depth} hidden layer{'s' * (depth > 1)} of {WIDTHS[column]}" if depth else "no hidden layer"


def compared(values, others):
    """Return what another cell brings, seed by seed: each seed has the same digits in both cells."""
    changes = np.asarray(others) - values
    each = ", ".join(signed(change, "{:+.1f}") for change in changes)
    return f"{np.mean(others):.1f} % ({each}), {'beyond' if beyond_spread(changes) else 'within'} the spread."


def height_of(error):
    """Return where an error in % stands on a logarithmic axis; what is lower than its end stands there."""
    return np.log10(np.maximum(error, ERROR_ENDS[0]))


def top_for(what, *values):
    """Return the top of the chart of curves: the lowest of a few at which these numbers fit."""
    most = max(np.max(each) for each in values)
    return next((top for top in TOPS[what] if most <= 0.96 * top), TOPS[what][-1])
