"""Early stopping on recorded curves: how patience and min_delta decide where a training ends, and which weights are kept."""

from functools import lru_cache

import numpy as np

from helpers.datasets import load_recorded
from helpers.explorers.controls import check_box, choice, rows_of, slider, steps_slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import MINUS, signed
from helpers.plots.figure import BLUE, GREEN, INK, ORANGE, caption, chart_axes
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import marks
from helpers.scratch.early_stopping import EarlyStopping

SIZES = {
    "diabetes": {"small": 25, "middle": 50, "large": 100},
    "digits": {"small": 50, "middle": 200, "large": 500},
    "reviews": {"small": 50, "middle": 200, "large": 500},
}  # of the validation set, in examples
RUNS = 60  # to choose from: every data set has at least so many
MOST_PATIENCE, LATEST_START = 40, 30
DELTAS = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
LEFT, WIDE = 58, 606  # of both charts, in pixels
BOTTOM, HIGH = 194, 278  # of the chart of losses
STRIP_BOTTOM, STRIP_HIGH = 54, 84  # of the wait counter
OVER = 1.22  # how much longer its axis is than the patience
COLUMN = 690  # where the column of numbers begins
STYLES = {"training": (BLUE, "-"), "validation": (ORANGE, (0, (5, 2))), "test": (GREEN, "-.")}
DOTTED = (0, (1, 1.5))
PALE, GREY = "#b4b4b4", "#707070"
SPACINGS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)  # between the numbers beside the losses


@lru_cache
def recorded():
    """Return what was recorded: "<data>: <figure>" -> (runs, epochs) float32."""
    return load_recorded("early_stopping_curves")[0]


@lru_cache(maxsize=64)
def figures(data, name):
    """Return one figure after each epoch of all runs of a data set, (runs, epochs) float64."""
    found = recorded()[f"{data}: {name}"].astype(float)
    found.flags.writeable = False
    return found


def validation_losses(data, size):
    """Return the loss on the "small", "middle" or "large" validation set, (runs, epochs)."""
    return figures(data, f"validation {SIZES[data][size]}")


class Replay:
    """Stands for a model whose training was recorded: its only weight is the number of the epoch."""

    def __init__(self):
        self.weights, self.stop_training = [np.array(-1)], False

    def get_weights(self):
        return [array.copy() for array in self.weights]

    def set_weights(self, arrays):
        self.weights = [array.copy() for array in arrays]


def watch(curve, **options):
    """Show a recorded curve, (epochs,), to EarlyStopping(**options), epoch after epoch.

    Return the callback itself, the epoch of the weights that the model has in the end, and what the callback knew after each
    epoch that was trained: its wait counter, and the best loss so far (NaN if none), (epochs trained,) each. Epochs are
    counted from 0.
    """
    rule, model, waits, bests = EarlyStopping("val_loss", **options), Replay(), [], []
    rule.model = model
    rule.on_train_begin()
    for epoch, loss in enumerate(curve):
        model.weights = [np.array(epoch)]
        rule.on_epoch_end(epoch, {"val_loss": loss})
        waits.append(rule.wait)
        bests.append(np.nan if rule.best is None else rule.best)
        if model.stop_training:
            break
    rule.on_train_end()
    return rule, int(model.weights[0]), np.array(waits), np.array(bests)


def explore_patience():
    """Let early stopping watch a recorded training: see it wait, stop, and keep weights, and what that costs on the test."""
    return Patience()


class Patience(Explorer):
    title = "One recorded training: where does early stopping end it, and how good are the weights that it keeps?"
    size = (960, 524)
    lines = 4

    def make_controls(self):
        return {
            "data": choice("Data set", "digits", SIZES, "On which examples the network was trained"),
            "run": slider("Run", 0, 0, RUNS - 1, "Each run has its own random split and its own first weights"),
            "size": choice("Validation", "middle", SIZES["digits"], "How many examples the validation set has"),
            "patience": slider("patience", 5, 0, MOST_PATIENCE, "So many epochs in a row without an improvement end it"),
            "min_delta": steps_slider("min_delta", 0.0, DELTAS, "A loss has to be lower than the best one by more than this"),
            "start": slider("start_from", 0, 0, LATEST_START, "start_from_epoch: so many epochs are not looked at"),
            "restore": check_box("Restore best", True, "restore_best_weights: go back to those of the best epoch", indent=True),
            "zoom": check_box("Zoom in", True, "Show only losses about as high as those of validation and test", indent=True),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        losses = chart_axes(figure, LEFT, BOTTOM, WIDE, HIGH, xticks=[], yticks=[], facecolor="none")
        losses.set_ylabel("loss", labelpad=28)
        strip = chart_axes(figure, LEFT, STRIP_BOTTOM, WIDE, STRIP_HIGH, xticks=[], yticks=[], ylim=(0, OVER), facecolor="none")
        strip.set_ylabel("wait", labelpad=28)
        self.charts = losses, strip
        caption(figure, LEFT + WIDE / 2, 12, "epochs trained", 10)
        caption(figure, LEFT, STRIP_BOTTOM + STRIP_HIGH + 16, "wait: epochs in a row without an improvement", 10, ha="left")
        self.code = Label(figure, LEFT, 512, 10)
        flat = {"animated": True, "facecolor": "#ececec", "edgecolor": "none"}
        self.veils = [axes.axvspan(0, 1, **flat) for axes in self.charts]
        moving = {"animated": True}
        self.grid = losses.plot([], [], color="#d9d9d9", linewidth=0.7, linestyle="-", **moving)[0]
        self.pale, self.curves = {}, {}
        for name, (colour, style) in STYLES.items():
            self.pale[name] = losses.plot([], [], color=PALE, linewidth=1.3, linestyle=style, **moving)[0]
            width = 1.5 if name == "test" else 2.0
            self.curves[name] = losses.plot([], [], color=colour, linewidth=width, linestyle=style, **moving)[0]
        self.goal = losses.plot([], [], color=INK, linewidth=1, linestyle=DOTTED, drawstyle="steps-post", **moving)[0]
        self.improved = marks(losses, "o", ORANGE, 5)
        self.best = [axes.plot([], [], color=INK, linewidth=1.2, linestyle=(0, (4, 2)), **moving)[0] for axes in self.charts]
        self.stop = [axes.plot([], [], color=INK, linewidth=2, linestyle="-", **moving)[0] for axes in self.charts]
        self.kept = losses.plot([], [], "D", color="white", markeredgecolor=INK, markersize=8, mew=1.8, **moving)[0]
        self.kept.set_clip_on(False)  # at the upper edge it stands for a loss above the chart
        self.lowest = losses.plot([], [], "*", color=GREEN, markeredgecolor=INK, markersize=13, mew=0.8, **moving)[0]
        self.bars = strip.stairs([0], [0, 1], fill=True, color=GREY, animated=True)
        self.limit = strip.plot([], [], color=INK, linewidth=2, linestyle=DOTTED, **moving)[0]
        self.across, self.beside, self.waited, self.best_text, self.stop_text = (Lettering(figure) for _ in range(5))
        self.limit_text = Label(figure, LEFT + WIDE, STRIP_BOTTOM + STRIP_HIGH + 16, 10, align="right")
        self.higher = Label(figure, LEFT + WIDE, BOTTOM - 12, 9.5, align="right")
        self.left, self.right = Lettering(figure), Lettering(figure)
        self._draw_key(figure)
        shown = [*self.veils, self.grid, *self.pale.values(), *self.curves.values(), self.goal, self.improved, *self.best]
        shown += [*self.stop, self.lowest, self.kept, self.bars, self.limit, self.across, self.beside, self.waited]
        return [*shown, self.best_text, self.stop_text, self.limit_text, self.higher, self.code, self.left, self.right]

    def _draw_key(self, figure):
        """Draw what the lines and marks mean, once."""
        key = chart_axes(figure, COLUMN, 300, 30, 172, xlim=(0, 1), ylim=(-7.5, 0.5), facecolor="none")
        key.axis("off")
        lines = [(f"{name} loss", colour, style, 2.0) for name, (colour, style) in STYLES.items()]
        lines.append((f"best so far {MINUS} min_delta", INK, DOTTED, 1))
        for row, (_, colour, style, width) in enumerate(lines):
            key.plot([0, 1], [-row] * 2, color=colour, linestyle=style, linewidth=width)
        key.plot([0.5], [-4], "o", color=ORANGE, markersize=5, mew=0)
        key.plot([0.5], [-5], "D", color="white", markeredgecolor=INK, markersize=9, mew=2)
        key.plot([0.5], [-6], "*", color=GREEN, markeredgecolor=INK, markersize=13, mew=0.8)
        key.plot([0, 1], [-7] * 2, color=PALE, linewidth=5, linestyle="-")
        more = ("an improvement", "test loss of the kept weights", "lowest test loss", "never trained")
        for row, text in enumerate([*(line[0] for line in lines), *more]):
            caption(figure, COLUMN + 40, 472 - 172 * (row + 0.5) / 8, text, 10, ha="left")

    def compute(self, data, run, size, patience, min_delta, start, restore, zoom):
        validation, test = validation_losses(data, size)[run], figures(data, "test")[run]
        options = {"min_delta": min_delta, "patience": patience, "restore_best_weights": restore, "start_from_epoch": start}
        rule, kept, waits, bests = watch(validation, **options)
        trained, lowest = len(waits), int(test.argmin())
        others = [validation_losses(data, each)[run] for each in SIZES[data]]
        # One axis for all three sizes, so that it does not jump.
        settled = max(curve[curve.argmin() :].max() for curve in (*others, test))
        deepest = min(curve.min() for curve in (*others, test))
        room = 0.12 * (settled - deepest if zoom else settled)
        found = {
            **{"training": figures(data, "training")[run], "validation": validation, "test": test, "waits": waits},
            **{"goals": np.where(np.isnan(bests), -1.0, bests - min_delta), "looked at": np.isfinite(bests)},
            **{"trained": trained, "stopped": rule.stopped_epoch is not None, "kept": kept + 1, "lowest": lowest + 1},
            **{"best": rule.best_epoch + 1, "best loss": rule.best},
            **{"top": settled + room, "bottom": deepest - room if zoom else 0.0},
            **{"kept loss": test[kept], "lowest loss": test[lowest], "end loss": test[-1], "regret": test[kept] - test[lowest]},
            **{"data": data, "run": run, "size": SIZES[data][size], "patience": patience, "min_delta": min_delta},
            **{"start": start, "restore": restore, "zoom": zoom},
        }
        if data != "diabetes":
            error = figures(data, "test error")[run]
            found |= {"kept error": error[kept], "end error": error[-1], "lowest error": error[lowest]}
        return found

    def paint(self, numbers):
        epochs, trained = len(numbers["test"]), numbers["trained"]
        bottom, top = numbers["bottom"], numbers["top"]
        ends = (0, epochs + 1)
        self.charts[0].set(xlim=ends, ylim=(bottom, top))
        self.charts[1].set_xlim(ends)

        def across(epoch):
            return LEFT + WIDE * epoch / (epochs + 1)

        for veil in self.veils:
            veil.set_visible(trained < epochs)
            veil.set_x(trained + 0.5)
            veil.set_width(epochs + 0.5 - trained)  # to the end of the axis
        spacing = next(step for step in SPACINGS if (top - bottom) / step < 9)
        heights = spacing * np.arange(np.ceil(bottom / spacing), np.ceil(top / spacing))
        self.grid.set_data(np.tile([0, epochs + 1, np.nan], len(heights)), np.repeat(heights, 3))
        beside = [(LEFT - 8, BOTTOM + HIGH * (height - bottom) / (top - bottom)) for height in heights]
        self.beside.write([f"{height:.2f}" for height in heights], beside, 9.5, align="right")
        ticks = [1, *range(10, epochs + 1, 10)]
        self.across.write([str(tick) for tick in ticks], [(across(tick), STRIP_BOTTOM - 14) for tick in ticks], 9.5)
        x = np.arange(1, epochs + 1)
        for name in STYLES:
            self.curves[name].set_data(x[:trained], numbers[name][:trained])
            self.pale[name].set_data(x[trained - 1 :], numbers[name][trained - 1 :])
        above = max(numbers[name][0] for name in STYLES) > top
        notes = ["the first epochs lie above this chart"] if above else []
        if numbers["training"].min() < bottom:
            notes.append("the training loss falls away below it" if above else "the training loss falls away below this chart")
        self.higher.set_text(", ".join(notes))
        watched = numbers["looked at"]
        self.goal.set_data(x[:trained][watched], numbers["goals"][watched])
        improved = watched & (numbers["waits"] == 0)
        self.improved.set_data(x[:trained][improved], numbers["validation"][:trained][improved])
        for lines, epoch in ((self.best, numbers["best"]), (self.stop, trained)):
            for line, height in zip(lines, (top, OVER), strict=True):
                line.set_data([epoch, epoch], [0, height])
        self.kept.set_data([numbers["kept"]], [min(numbers["kept loss"], top)])
        self.lowest.set_data([numbers["lowest"]], [numbers["lowest loss"]])
        limit = max(numbers["patience"], 1)  # 0 and 1 do the same
        self.bars.set_data(numbers["waits"] / limit, np.arange(trained + 1) + 0.5)
        self.limit.set_data(ends, [1, 1])
        self.limit_text.set_text(f"dots: patience {numbers['patience']}" + ("" if numbers["patience"] else ", same as 1"))
        ups = [(LEFT - 8, STRIP_BOTTOM), (LEFT - 8, STRIP_BOTTOM + STRIP_HIGH / OVER)]
        self.waited.write(["0", f"{limit}"], ups, 9.5, align="right")
        # The best epoch is never behind the stop: one text ends at its line, the other begins there.
        above_chart = BOTTOM + HIGH + 17
        best, stop = f"best: {numbers['best']}", f"{'stop' if numbers['stopped'] else 'end'}: {trained}"
        self.best_text.write([best], [(across(numbers["best"]) - 2, above_chart)], 10, align="right")
        self.stop_text.write([stop], [(across(trained) + 3, above_chart)], 10, align="left")
        self.code.set_text(
            f"EarlyStopping(patience={numbers['patience']}, min_delta={numbers['min_delta']:g}, "
            f"restore_best_weights={numbers['restore']}, start_from_epoch={numbers['start']})"
        )
        self._write_numbers(numbers, epochs)

    def _write_numbers(self, numbers, epochs):
        rows = [
            (f"{numbers['data']}, run {numbers['run']}", ""),
            ("validation examples", f"{numbers['size']}"),
            ("epochs trained", f"{numbers['trained']} of {epochs}"),
            ("epochs saved", f"{epochs - numbers['trained']}"),
            (f"test loss kept, epoch {numbers['kept']}", f"{numbers['kept loss']:.4f}"),
            (f"lowest test loss, epoch {numbers['lowest']}", f"{numbers['lowest loss']:.4f}"),
            ("difference: regret", f"{numbers['regret']:.4f}"),
            (f"last test loss, epoch {epochs}", f"{numbers['end loss']:.4f}"),
        ]
        if "kept error" in numbers:
            rows.append(("test error, kept weights", f"{100 * numbers['kept error']:.1f} %"))
            rows.append(("test error at the end", f"{100 * numbers['end error']:.1f} %"))
        places = [268 - 25 * row for row in range(len(rows))]
        self.left.write([left for left, _ in rows], [(COLUMN, y) for y in places], 10, align="left")
        self.right.write([right for _, right in rows], [(948, y) for y in places], 10, align="right")

    def describe(self, numbers):
        epochs, trained, best = len(numbers["test"]), numbers["trained"], numbers["best"]
        waits, delta = int(numbers["waits"][-1]), numbers["min_delta"]
        bar = f"{numbers['best loss']:.4f}"
        if delta:
            bar = f"{bar} {MINUS} {delta:g} = {numbers['best loss'] - delta:.4f}"
        if numbers["stopped"]:
            row = f"{waits} epochs in a row" if waits > 1 else "one epoch"
            first = (
                f"Stopped after epoch `{trained}`: {row} without a validation loss below {bar}, which is the best, of epoch "
                f"{best}{', minus min_delta' if delta else ''}."
            )
        else:
            first = (
                f"It never stops: all {epochs} epochs are trained. At the end {waits} epochs have gone by without a validation "
                f"loss below {bar} (best: epoch {best}); the patience is {numbers['patience']}."
            )
        missed = int(numbers["validation"][:trained].argmin()) + 1
        if missed != best:
            why = (
                "but that epoch is not looked at"
                if missed <= numbers["start"]
                else "but it was not lower by more than min_delta, so it did not count"
            )
            first += f" Epoch {missed} had {numbers['validation'][missed - 1]:.4f}, {why}."
        how = f"goes back to epoch {best}" if numbers["restore"] else f"is off: the weights of epoch {trained} stay"
        change = numbers["end loss"] - numbers["kept loss"]
        second = (
            f"`restore_best_weights` {how}. Test loss `{numbers['kept loss']:.4f}`, "
            f"{numbers['regret']:.4f} above the lowest (epoch {numbers['lowest']}), which no one can know in training."
        )
        verdict = "the same" if change == 0 else f"{abs(change):.4f} {'higher' if change > 0 else 'lower'}"
        third = f"Trained to the end: {numbers['end loss']:.4f}, {verdict}."
        if "kept error" in numbers:
            points = 100 * (numbers["end error"] - numbers["kept error"])
            third += (
                f" The share of test examples named wrongly: {100 * numbers['kept error']:.1f} % kept, "
                f"{100 * numbers['end error']:.1f} % at the end ({signed(points, '{:+.1f}')} points)."
            )
        return "\n".join([first, second, third])
