"""Early stopping in all recorded runs at once: when it stops, and how much test loss it gives away (its regret)."""

from functools import lru_cache

import numpy as np

from helpers.explorers.controls import check_box, choice, rows_of, slider, steps_slider
from helpers.explorers.early_stopping_patience import (
    DELTAS,
    MOST_PATIENCE,
    SIZES,
    figures,
    validation_losses,
)
from helpers.explorers.explorer import Explorer
from helpers.plots.figure import BLUE, GREEN, INK, ORANGE, caption, chart_axes, logarithm
from helpers.plots.lettering import Label, Lettering

PATIENCES = np.arange(MOST_PATIENCE + 1)
BIN, LAST_BIN = 5, 100  # of the histogram of stops, in epochs
REGRET_BINS = 24
LOW, HIGHEST = -3, 0  # the scale of mean regrets, as powers of ten
OVER = 1.06  # how much longer an axis of shares is than its highest number
SPACINGS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)  # between the numbers below the regrets
DASHED, DOTTED, MIXED = (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2))
STYLES = {"small": (ORANGE, DASHED, "^"), "middle": (BLUE, "-", "o"), "large": (GREEN, MIXED, "s")}
LEFT, WIDE = 56, 380  # of the histograms, in pixels
UPPER, LOWER, HIGH = 296, 66, 150  # their lower edges, and how high they are
CHART_LEFT, CHART_WIDE, CHART_BOTTOM, CHART_HIGH = 532, 410, 254, 192


def watch_all(validation, min_delta):
    """Return the wait counter and the best epoch so far of every run after each epoch, if nothing ever stopped it.

    validation: (runs, epochs). Both results (runs, epochs); epochs are counted from 0. The same as EarlyStopping with a
    patience that is never over: patience decides where the curve is cut, but not what happens before.
    """
    improved = np.zeros(validation.shape, bool)
    improved[:, 0] = True
    lower, best = (validation + min_delta).astype(np.float32), validation[:, 0].astype(np.float32)
    for epoch in range(1, validation.shape[1]):
        improved[:, epoch] = lower[:, epoch] < best  # in float32, as EarlyStopping compares
        best = np.where(improved[:, epoch], validation[:, epoch], best).astype(np.float32)
    epochs = np.arange(validation.shape[1])
    best_epochs = np.maximum.accumulate(np.where(improved, epochs, 0), axis=1)
    return epochs - best_epochs, best_epochs


def stop_all(validation, min_delta):
    """Return the last epoch that is trained, the best one, and whether it was stopped, for each patience and run.

    validation: (runs, epochs). The results (patiences, runs) each; epochs are counted from 0.
    """
    waits, best_epochs = watch_all(validation, min_delta)
    longest = np.maximum.accumulate(waits, axis=1)
    # The number of epochs before the wait counter reaches the patience; 0 and 1 do the same.
    before = np.stack([(longest < max(patience, 1)).sum(axis=1) for patience in PATIENCES])
    stopped, last = before < waits.shape[1], np.minimum(before, waits.shape[1] - 1)
    return last, best_epochs[np.arange(len(waits)), last], stopped


@lru_cache(maxsize=128)
def stops(data, size, min_delta):
    """Return what `stop_all` says of a recorded data set and one of its validation sets."""
    return stop_all(validation_losses(data, size), min_delta)


def regrets(data, epochs):
    """Return test loss minus the lowest test loss of the run, for weights of these epochs (..., runs)."""
    test = figures(data, "test")
    return test[np.arange(len(test)), epochs] - test.min(axis=1)


@lru_cache(maxsize=256)
def kept_regrets(data, size, min_delta, restore):
    """Return the regret of the weights that are kept for each patience and run, (patiences, runs)."""
    last, best, _ = stops(data, size, min_delta)
    return regrets(data, best if restore else last)


@lru_cache
def common_epochs(data, size):
    """Return for each run one epoch that the others tell: the one of their lowest mean validation loss, (runs,), from 0."""
    validation = validation_losses(data, size)
    return (validation.sum(axis=0) - validation).argmin(axis=1)


def mean_and_error(values):
    """Return the mean and its standard error."""
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values))


def triangle(axes, colour, edge):
    """Return a mark for a median, with an edge that stands out from bars: `set_data([x], [y])`."""
    shape = {"color": colour, "markersize": 11, "markeredgecolor": edge, "mew": 1.2, "clip_on": False}
    return axes.plot([], [], linestyle="none", marker="v", animated=True, **shape)[0]


def explore_regret():
    """Stop all recorded runs early: when they stop, and how far their test loss is from the lowest possible."""
    return Regret()


class Regret(Explorer):
    title = "Early stopping in many runs: regret is the test loss of the kept weights minus the lowest test loss of the run."
    size = (960, 510)
    lines = 5

    def make_controls(self):
        return {
            "data": choice("Data set", "digits", SIZES, "On which examples the networks were trained"),
            "size": choice("Validation", "middle", SIZES["digits"], "How many examples the validation set has"),
            "restore": check_box("Restore best", True, "restore_best_weights: go back to those of the best epoch", indent=True),
            "patience": slider("patience", 5, 0, MOST_PATIENCE, "So many epochs in a row without an improvement end it"),
            "min_delta": steps_slider("min_delta", 0.0, DELTAS, "A loss has to be lower than the best one by more than this"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        moving = {"animated": True}
        ends = (0, LAST_BIN + 4)
        self.stop_axes = chart_axes(figure, LEFT, UPPER, WIDE, HIGH, xlim=ends, xticks=range(0, 101, 20), yticks=[])
        self.all_text = Label(figure, LEFT + WIDE / 2, UPPER - 31, 10, align="center")
        self.regret_axes = chart_axes(figure, LEFT, LOWER, WIDE, HIGH, xlim=(0, REGRET_BINS), xticks=[], yticks=[])
        self.chart = chart_axes(figure, CHART_LEFT, CHART_BOTTOM, CHART_WIDE, CHART_HIGH, facecolor="none")
        self.chart.set_yticks(range(LOW, HIGHEST + 1), [f"{10.0**power:g}" for power in range(LOW, HIGHEST + 1)])
        self.chart.grid(axis="y")
        self.chart.set(xlim=(-1, MOST_PATIENCE + 1), ylim=(LOW - 0.5, HIGHEST), xlabel="patience")
        self.chart.set_xticks(range(0, MOST_PATIENCE + 1, 10))
        caption(figure, LEFT, UPPER + HIGH + 14, "stops: runs in %", 10.5, ha="left")
        caption(figure, LEFT, LOWER + HIGH + 14, "regret: runs in %", 10.5, ha="left")
        caption(figure, LEFT + WIDE / 2, LOWER - 38, "regret, last bar: and more; dashes: trained to the end", 10)
        caption(
            figure, CHART_LEFT, CHART_BOTTOM + CHART_HIGH + 14, "mean regret by patience (logarithmic scale)", 10.5, ha="left"
        )
        edges = np.arange(0, LAST_BIN + 1, BIN)
        self.stop_bars = self.stop_axes.stairs(np.zeros(len(edges) - 1), edges, fill=True, color=BLUE, **moving)
        line = {"linewidth": 1.8, **moving}
        self.all_epochs = self.stop_axes.plot([], [], color=INK, linestyle=DASHED, **line)[0]
        self.stop_median = triangle(self.stop_axes, INK, "white")
        places = np.arange(REGRET_BINS + 1)
        self.regret_bars = self.regret_axes.stairs(np.zeros(REGRET_BINS), places, fill=True, color=BLUE, **moving)
        self.end_bars = self.regret_axes.stairs(np.zeros(REGRET_BINS), places, color=INK, linestyle=DASHED, **line)
        self.medians = triangle(self.regret_axes, INK, "white"), triangle(self.regret_axes, "white", INK)
        self.rivals = [
            self.chart.plot([], [], color=INK, linestyle=style, linewidth=width, **moving)[0]
            for style, width in ((DASHED, 1.8), (DOTTED, 1.6))
        ]
        self.curves = {}
        for name, (colour, style, mark) in STYLES.items():
            drawn = {"color": colour, "linestyle": style, "marker": mark, "markevery": 5, "markersize": 5}
            self.curves[name] = self.chart.plot([], [], **drawn, **line)[0]
        self.here = self.chart.plot([], [], "D", color="white", markeredgecolor=INK, markersize=8, mew=1.8, **moving)[0]
        self.shares, self.across, self.names, self.values_shown = (Lettering(figure) for _ in range(4))
        self.head = Label(figure, 480, 494, 11, align="center", weight="bold")
        self.stop_text, self.median_text = (
            Label(figure, LEFT + WIDE, bottom + HIGH + 14, 9.5, align="right") for bottom in (UPPER, LOWER)
        )
        self._draw_key(figure)
        shown = [self.stop_bars, self.all_epochs, self.stop_median, self.regret_bars, self.end_bars, *self.medians]
        shown += [*self.rivals, *self.curves.values(), self.here, self.shares, self.across, self.names]
        return [*shown, self.values_shown, self.head, self.median_text, self.stop_text, self.all_text]

    def _draw_key(self, figure):
        """Draw what the lines mean, once; the numbers beside them move."""
        key = chart_axes(figure, CHART_LEFT - 20, 64, 30, 118, xlim=(0, 1), ylim=(-5.5, 0.5), facecolor="none")
        key.axis("off")
        for row, (colour, style, mark) in enumerate(STYLES.values()):
            key.plot([0, 1], [-row] * 2, color=colour, linestyle=style, linewidth=1.8)
            key.plot([0.5], [-row], mark, color=colour, markersize=5)
        key.plot([0, 1], [-3] * 2, color=INK, linestyle=DASHED, linewidth=1.8)
        key.plot([0, 1], [-4] * 2, color=INK, linestyle=DOTTED, linewidth=1.6)
        key.plot([0.5], [-5], "D", color="white", markeredgecolor=INK, markersize=8, mew=1.8)
        caption(figure, 942, 194, "mean regret \N{PLUS-MINUS SIGN} standard error", 9.5, ha="right")

    def compute(self, data, size, restore, patience, min_delta):
        last, best, stopped = (each[patience] for each in stops(data, size, min_delta))
        regret, test = kept_regrets(data, size, min_delta, restore)[patience], figures(data, "test")
        runs, epochs = test.shape
        end, common = regrets(data, np.full(runs, epochs - 1)), regrets(data, common_epochs(data, size))
        means = np.stack([kept_regrets(data, each, min_delta, restore).mean(axis=1) for each in STYLES])
        found = {
            **{"last": last + 1, "stopped": stopped, "regret": regret, "end": end, "means": means},
            **{"common epoch": float(np.median(common_epochs(data, size))) + 1},
            **{"mean": mean_and_error(regret), "end mean": mean_and_error(end), "common mean": mean_and_error(common)},
            **{"sizes": [mean_and_error(kept_regrets(data, each, min_delta, restore)[patience]) for each in STYLES]},
            **{"better": np.mean(regret < end), "worse": np.mean(regret > end), "saved": np.mean(epochs - 1 - last)},
            **{"difference to common": mean_and_error(regret - common)},
            **{"epochs": epochs, "runs": runs, "data": data, "size": size, "restore": restore, "patience": patience},
            **{"min_delta": min_delta},
        }
        if data != "diabetes":
            error = figures(data, "test error")
            kept = error[np.arange(runs), best if restore else last]
            found |= {
                "error": kept.mean(),
                "end error": error[:, -1].mean(),
                "error change": mean_and_error(kept - error[:, -1]),
            }
        return found

    def paint(self, numbers):
        epochs, runs = numbers["epochs"], numbers["runs"]
        size = SIZES[numbers["data"]][numbers["size"]]
        back = "best weights back" if numbers["restore"] else "last weights kept"
        self.head.set_text(
            f"{numbers['data']}, {runs} runs, {size} validation examples: patience {numbers['patience']}, "
            f"min_delta {numbers['min_delta']:g}, {back}"
        )
        # A bar ends with its last number: 1 to 5, 6 to 10 ...
        counts = np.bincount((numbers["last"] - 1) // BIN, minlength=LAST_BIN // BIN)
        shares = 100 * counts / runs
        highest = top_of(shares.max())
        self.stop_axes.set_ylim(0, OVER * highest)
        self.stop_bars.set_data(shares)
        self.all_epochs.set_data([epochs + 0.6] * 2, [0, OVER * highest])
        self.all_text.set_text(f"epochs trained, {BIN} in each bar; dashes: all {epochs} epochs")
        self.stop_median.set_data([np.median(numbers["last"]) - 0.5], [0.06 * highest])
        never = runs - int(numbers["stopped"].sum())
        self.stop_text.set_text(f"median (triangle): {np.median(numbers['last']):g}; {never} never stop")
        widest, spacing = scale_of(np.percentile(numbers["end"], 97))
        heights = []
        for bars, name in ((self.regret_bars, "regret"), (self.end_bars, "end")):
            bins = np.minimum(numbers[name] / widest * REGRET_BINS, REGRET_BINS - 1).astype(int)
            heights.append(100 * np.bincount(bins, minlength=REGRET_BINS) / runs)
            bars.set_data(heights[-1])
        most = top_of(np.max(heights))
        self.regret_axes.set_ylim(0, OVER * most)
        for mark, name in zip(self.medians, ("regret", "end"), strict=True):
            mark.set_data([min(np.median(numbers[name]) / widest * REGRET_BINS, REGRET_BINS - 0.3)], [0.07 * most])
        medians = (np.median(numbers[name]) for name in ("regret", "end"))
        self.median_text.set_text("medians: {:.4f}, dashes {:.4f}".format(*medians))
        ups = [(LEFT - 8, y + part) for y in (UPPER, LOWER) for part in (0, HIGH / 2 / OVER, HIGH / OVER)]
        self.shares.write([f"{share:g}" for top in (highest, most) for share in (0, top / 2, top)], ups, 9.5, align="right")
        ticks = np.arange(0, widest + spacing / 2, spacing)
        self.across.write([f"{tick:g}" for tick in ticks], [(LEFT + WIDE * tick / widest, LOWER - 14) for tick in ticks], 9.5)
        self._paint_chart(numbers)

    def _paint_chart(self, numbers):
        ends = (-1, MOST_PATIENCE + 1)
        for line, name in zip(self.rivals, ("end mean", "common mean"), strict=True):
            line.set_data(ends, [height_of(numbers[name][0])] * 2)
        for curve, values in zip(self.curves.values(), numbers["means"], strict=True):
            curve.set_data(PATIENCES, height_of(values))
        self.here.set_data([numbers["patience"]], [height_of(numbers["mean"][0])])
        sizes = SIZES[numbers["data"]]
        rows = [(f"{name}: {sizes[name]} examples", pair) for name, pair in zip(STYLES, numbers["sizes"], strict=True)]
        rows.append((f"to the end: {numbers['epochs']} epochs", numbers["end mean"]))
        rows.append((f"{numbers['common epoch']:g} epochs for all (the rival)", numbers["common mean"]))
        rows.append(("set now", numbers["mean"]))
        ys = [182 - 118 * (row + 0.5) / 6 for row in range(6)]
        self.names.write([name for name, _ in rows], [(CHART_LEFT + 22, y) for y in ys], 10, align="left")
        texts = [f"{mean:.4f} \N{PLUS-MINUS SIGN} {error:.4f}" for _, (mean, error) in rows]
        self.values_shown.write(texts, [(942, y) for y in ys], 10, align="right")

    def describe(self, numbers):
        (mean, error), (end, end_error), (common, _) = (numbers[name] for name in ("mean", "end mean", "common mean"))
        runs, (change, change_error) = numbers["runs"], numbers["difference to common"]
        same = 1 - numbers["better"] - numbers["worse"]
        level = f", as good in {same:.0%}" if round(100 * same) else ""
        lines = [
            f"Mean regret `{mean:.4f}` with standard error {error:.4f}, in {runs} runs; trained to the end {end:.4f} with "
            f"{end_error:.4f}. Stopping gave the lower test loss in `{numbers['better']:.0%}` of the runs, the higher one in "
            f"{numbers['worse']:.0%}{level}. It saved {numbers['saved']:.1f} of {numbers['epochs']} epochs on average.",
            f"The rival without a rule: for every run about {numbers['common epoch']:g} epochs, where the mean validation "
            f"loss of the other {runs - 1} runs is lowest: {common:.4f}. Stopping is {judged(change, change_error)}; but who "
            "trains once has no other runs.",
        ]
        if "error" in numbers:
            change, change_error = numbers["error change"]
            lines.append(
                f"Named wrongly: {numbers['error']:.2%} when stopped, {numbers['end error']:.2%} at the end: stopping is "
                f"{judged(100 * change, 100 * change_error, '{:.2f}', ' points')}."
            )
        return "\n".join(lines).replace("%", " %")


def judged(change, error, fmt="{:.4f}", unit=""):
    """Return in words how a mean change compares with its standard error: below 0 is better."""
    size = f"{fmt.format(abs(change))}{unit}"
    if abs(change) <= 2 * error:
        return f"about as good (difference {size}, at most two standard errors)"
    return f"{'better' if change < 0 else 'worse'} by {size} (standard error {fmt.format(error)})"


def height_of(mean):
    """Return where a mean regret stands in the chart, whose axis is logarithmic."""
    return logarithm(mean).clip(LOW - 0.5, HIGHEST)


def top_of(share):
    """Return the highest number beside an axis of shares in %."""
    return next(top for top in (20, 40, 60, 80, 100) if share <= top)


def scale_of(most):
    """Return the end of an axis that begins at 0, and the spacing of its numbers: three to five of them."""
    spacing = next(spacing for spacing in SPACINGS if most / spacing <= 5)
    return spacing * max(int(np.ceil(most / spacing)), 1), spacing
