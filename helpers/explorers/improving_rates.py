"""Learning rates: recorded trainings with thirteen of them, and what a learning-rate finder advises after one short run."""

from functools import lru_cache

import numpy as np

from helpers.datasets import load_recorded
from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import signed
from helpers.plots.figure import BLUE, GREEN, INK, ORANGE, caption, chart_axes
from helpers.plots.lettering import Label
from helpers.plots.number_grid import marks
from helpers.scratch.rate_finder import advice, turning_points

RATES = tuple(float(rate) for rate in np.geomspace(1e-4, 10, 13))
OPTIMIZERS = ("SGD", "SGD momentum", "Adam")
BATCHES = (8, 32, 128)
USUAL_BATCH = 32  # where equal epochs and equal updates are the same
EPOCHS, UPDATES = 10, 320
USUAL = {"SGD": 0.01, "SGD momentum": 0.01, "Adam": 0.001}  # what Keras takes where nobody says a rate
SEEDS = 3
EQUAL_EPOCHS, EQUAL_UPDATES = f"{EPOCHS} epochs", f"{UPDATES} updates"
EXPLOSION, LOWEST, STEEPEST = "explosion / 10", "lowest / 10", "steepest fall"
JUMP = 2.0  # a loss at least so many times that of the epoch before has jumped
GUESSING = float(np.log(10))  # the loss of a network that gives each of ten digits the same share
MOST, LEAST = 100.0, 0.001  # losses that are drawn; what is higher or no number stands at the upper edge
LEFTS, WIDE, BOTTOM, HIGH = (58, 376, 694), 252, 106, 252  # of the three charts, in pixels
ERROR_TICKS, SMALLEST_ERROR = (5, 10, 20, 50, 100), 4  # in %
DASHED, DOTTED, MIXED = (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2))
PALE, GREY = "#c0c0c0", "#8c8c8c"


@lru_cache
def all_runs():
    """Return what was recorded, one dict of arrays for each seed."""
    return list(load_recorded("improving_rates").values())


@lru_cache(maxsize=64)
def figures(optimizer, batch, name):
    """Return one figure of all seeds, such as "loss" (seeds, rates, epochs) or "finder loss" (seeds, steps)."""
    found = np.stack([run[f"{optimizer}: {batch}: {name}"] for run in all_runs()]).astype(float)
    found.flags.writeable = False
    return found


def errors(optimizer, batch, at):
    """Return the share of validation digits named wrongly in %, (seeds, rates), after equal epochs or equal updates."""
    if at == EQUAL_UPDATES:
        return 100 * figures(optimizer, batch, "equal updates")
    return 100 * figures(optimizer, batch, "validation")[..., -1]


def finder(rates, losses):
    """Return what a finder's curve says: its `turning_points`, and as LOWEST, STEEPEST and EXPLOSION rates to advise."""
    points = turning_points(losses)
    said = advice(rates, points)
    return points | {EXPLOSION: said["explosion"], LOWEST: said["lowest"], STEEPEST: said["steepest"]}


@lru_cache(maxsize=64)
def found_by_finder(optimizer, batch, seed):
    """Return what the recorded curve of the finder says."""
    return finder(figures(optimizer, batch, "finder rate")[seed], figures(optimizer, batch, "finder loss")[seed])


@lru_cache(maxsize=64)
def judged(optimizer, batch, at):
    """Return the place of the rate with the lowest mean error, and for each rate whether it is as good: (rates,).

    As good: the mean of the differences to the best rate, seed by seed, is not above the distance between the lowest and the
    highest of them. What lies between two such rates counts as good, too.
    """
    wrong = errors(optimizer, batch, at)
    best = int(wrong.mean(axis=0).argmin())
    changes = wrong - wrong[:, [best]]
    # A rate of which one seed fails and another does not has a large spread, but it is not good.
    good = (changes.mean(axis=0) <= np.ptp(changes, axis=0)) & (wrong.min(axis=0) <= wrong[:, best].max())
    good &= np.isfinite(figures(optimizer, batch, "loss")).all(axis=(0, 2))
    good[best] = True
    places = np.flatnonzero(good)
    good[places[0] : places[-1]] = True
    return best, good


def nearest(rates):
    """Return the places of the recorded rates that are nearest to these on a logarithmic scale."""
    return np.abs(np.log(np.divide.outer(rates, RATES))).argmin(axis=-1)


def costs(optimizer, batch, at, rates):
    """Return how many points of error more than the best rate three rates have, one a seed: (seeds,).

    The recorded rates that are nearest to them are taken.
    """
    wrong = errors(optimizer, batch, at)
    return wrong[np.arange(SEEDS), nearest(rates)] - wrong[:, judged(optimizer, batch, at)[0]]


@lru_cache(maxsize=64)
def costs_of_advice(optimizer, rule, at):
    """Return what a rule costs in each run of the finder, and what the usual rate costs: (batches * seeds,) each."""
    pairs = []
    for batch in BATCHES:
        advised = [found_by_finder(optimizer, batch, seed)[rule] for seed in range(SEEDS)]
        pairs.append([costs(optimizer, batch, at, rates) for rates in (advised, [USUAL[optimizer]] * SEEDS)])
    found, usual = np.concatenate(pairs, axis=1)
    return found, usual


def written(rate):
    """Return a learning rate with two digits that count."""
    return np.format_float_positional(rate, precision=2, fractional=False, trim="-")


def points(difference):
    """Return a difference of two errors in %."""
    return f"{signed(round(difference, 1) + 0.0, '{:.1f}')} points"


def factor(ratio):
    """Return how far a rate is from another one, in words."""
    if max(ratio, 1 / ratio) < 1.1:
        return "the best rate"
    return f"{max(ratio, 1 / ratio):.1f} times {'larger' if ratio > 1 else 'smaller'} than the best rate"


def explore_learning_rate():
    """Try thirteen learning rates: too small, good, too large; and ask a learning-rate finder for advice."""
    return LearningRate()


class LearningRate(Explorer):
    title = "Two hidden layers of 64 on 1,000 digits: thirteen learning rates, and what a finder advises."
    size = (960, 426)
    lines = 7

    def make_controls(self):
        return {
            "optimizer": choice("Optimizer", "SGD", OPTIMIZERS, "Plain SGD, SGD with momentum 0.9, or Adam"),
            "batch": choice("Batch size", USUAL_BATCH, BATCHES, "How many digits one update is computed from"),
            "rate": slider(
                "Learning rate", 7, 0, len(RATES) - 1, "Which of thirteen learning rates is looked at", readout=False
            ),
            "seed": slider("Seed", 0, 0, SEEDS - 1, "Whose losses and whose finder are drawn: digits, first weights and order"),
            "at": choice("Compared at", EQUAL_EPOCHS, (EQUAL_EPOCHS, EQUAL_UPDATES), "Equal epochs, or equal updates"),
            "rule": choice("Finder's rule", EXPLOSION, (EXPLOSION, LOWEST, STEEPEST), "How its curve is turned into a rate"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def relevant(self, **values):
        return set(values) - ({"at"} if values["batch"] == USUAL_BATCH else set())

    def stage(self, figure):
        moving = {"animated": True}
        logs = {"ylim": (np.log10(LEAST), np.log10(MOST) + 0.05), "facecolor": "none"}
        places = [chart_axes(figure, x, BOTTOM, WIDE, HIGH, facecolor="none") for x in LEFTS]
        losses, wrong, search = places
        losses.set(xlim=(0.6, EPOCHS + 0.4), xticks=range(2, EPOCHS + 1, 2), xlabel="epoch", **logs)
        wrong.set(xlim=(-4.2, 1.2), ylim=(np.log10(SMALLEST_ERROR), np.log10(105)), xlabel="learning rate")
        search.set(xlim=(-5.1, 2.1), xlabel="learning rate, larger at each update", **logs)
        for axes in (losses, search):
            axes.set_yticks(range(-3, 3), ["0.001", "0.01", "0.1", "1", "10", "100"])
        wrong.set_yticks(np.log10(ERROR_TICKS), [f"{tick}" for tick in ERROR_TICKS])
        wrong.set_xticks(range(-4, 2), ["0.0001", "", "0.01", "", "1", ""])
        search.set_xticks(range(-5, 3), ["", "0.0001", "", "0.01", "", "1", "", "100"])
        for axes in places:
            axes.grid(axis="y")
        titles = (
            "loss on the training digits, this seed",
            "validation error in %, three seeds",
            "finder: loss of each batch, one run",
        )
        for x, text in zip(LEFTS, titles, strict=True):
            caption(figure, x + WIDE / 2 - 8, BOTTOM + HIGH + 44, text, 10.5)
        guess = {"color": INK, "linewidth": 1, "linestyle": DOTTED}
        for axes, end in ((losses, EPOCHS + 0.4), (search, 2.1)):
            axes.plot([axes.get_xlim()[0], end], [np.log10(GUESSING)] * 2, **guess)
        self.others = losses.plot([], [], color=PALE, linewidth=1.2, linestyle="-", **moving)[0]
        self.best_loss = losses.plot([], [], color=GREEN, linewidth=1.8, linestyle=DASHED, **moving)[0]
        self.loss = losses.plot([], [], color=ORANGE, linewidth=2.6, linestyle="-", marker="o", markersize=5, **moving)[0]
        self.no_number = marks(losses, "X", ORANGE, 10)
        self.no_number.set_clip_on(False)
        self.band = wrong.axvspan(0, 1, animated=True, facecolor="#e3efe9", edgecolor="none")
        self.bars = wrong.plot([], [], color=INK, linewidth=1.6, linestyle="-", **moving)[0]
        self.means = wrong.plot([], [], color=BLUE, linewidth=1.3, linestyle="-", marker="o", markersize=4, **moving)[0]
        self.best = [marks(axes, "*", GREEN, 14) for axes in (wrong, search)]
        self.here = marks(wrong, "D", ORANGE, 8)
        self.single = marks(search, "o", GREY, 2.5)
        self.mean = search.plot([], [], color=BLUE, linewidth=2, linestyle="-", **moving)[0]
        self.point = marks(search, "X", INK, 10)
        line = {"color": INK, "linewidth": 1.8, "linestyle": MIXED, **moving}
        self.advised = [axes.plot([], [], **line)[0] for axes in (wrong, search)]
        self.advice_text = Label(figure, LEFTS[2] + WIDE / 2 - 8, BOTTOM + HIGH + 18, 10, align="center")
        self.best_text = Label(figure, LEFTS[1] + WIDE / 2 - 8, BOTTOM + HIGH + 18, 10, GREEN, align="center")
        self.rate_text = Label(figure, LEFTS[0] + WIDE / 2 - 8, BOTTOM + HIGH + 18, 10, ORANGE, align="center", weight="bold")
        self._draw_key(figure)
        shown = [self.others, self.best_loss, self.loss, self.no_number, self.band, self.advised[0], self.bars, self.means]
        shown += [*self.best, self.here, self.single, self.mean, self.advised[1], self.point]
        return [*shown, self.advice_text, self.best_text, self.rate_text]

    def _draw_key(self, figure):
        """Draw what the lines and marks mean, once, in two rows below the charts."""
        entries = (
            ((0, 0), "chosen rate", {"color": ORANGE, "linewidth": 2.6, "marker": "o", "markersize": 5}),
            ((0, 1), "best rate", {"color": GREEN, "linewidth": 1.8, "linestyle": DASHED}),
            ((1, 0), "best rate", {"color": GREEN, "marker": "*", "markersize": 13, "mew": 0}),
            ((1, 1), "chosen", {"color": ORANGE, "marker": "D", "markersize": 8, "mew": 0}),
            ((1, 2), "as good", {"color": "#e3efe9", "linewidth": 12, "solid_capstyle": "butt"}),
            ((1, 3), "advice", {"color": INK, "linewidth": 1.8, "linestyle": MIXED}),
            ((2, 0), "smoothed", {"color": BLUE, "linewidth": 2}),
            ((2, 1), "rule's point", {"color": INK, "marker": "X", "markersize": 10, "mew": 0}),
        )
        for (chart, place), text, look in entries:
            x, y = LEFTS[chart] + 132 * (place % 2) - 14, 44 - 24 * (place // 2)
            axes = chart_axes(figure, x, y - 8, 26, 16, xlim=(0, 1), ylim=(-1, 1), facecolor="none")
            axes.axis("off")
            alone = look.get("mew") == 0
            axes.plot([0.5] if alone else [0, 1], [0] if alone else [0, 0], **look)
            caption(figure, x + 33, y, text, 10, ha="left")
        caption(figure, LEFTS[0] - 14, 20, "dots: the loss of guessing", 10, ha="left")
        caption(figure, LEFTS[2] - 14, 20, "star: the best rate of the trainings", 10, ha="left")

    def compute(self, optimizer, batch, rate, seed, at, rule):
        if batch == USUAL_BATCH:
            at = EQUAL_EPOCHS
        losses, wrong = figures(optimizer, batch, "loss"), errors(optimizer, batch, at)
        best, good = judged(optimizer, batch, at)
        rates, batches = (figures(optimizer, batch, f"finder {name}")[seed] for name in ("rate", "loss"))
        said = found_by_finder(optimizer, batch, seed)
        point = {EXPLOSION: "explosion", LOWEST: "lowest", STEEPEST: "steepest"}[rule]
        found, usual = costs_of_advice(optimizer, rule, at)
        return {
            **{"optimizer": optimizer, "batch": batch, "rate": rate, "seed": seed, "at": at, "rule": rule},
            **{"losses": drawn(losses[seed]), "known": np.isfinite(losses[seed]), "errors": wrong, "best": best, "good": good},
            "seeds without a number": int((~np.isfinite(losses[:, rate]).all(axis=1)).sum()),
            **{"finder rates": rates, "finder losses": drawn(batches), "finder means": drawn(said["means"])},
            **{"point": said[point], "exploded": bool(said["exploded"]), "advice": float(said[rule])},
            **{
                "nearest": int(nearest(said[rule])),
                "ratio": float(said[rule] / RATES[best]),
                "costs": found,
                "usual costs": usual,
            },
        }

    def paint(self, numbers):
        rate, best, x = numbers["rate"], numbers["best"], np.arange(1, EPOCHS + 1)
        heights = np.log10(numbers["losses"])
        gaps = np.pad(heights, ((0, 0), (0, 1)), constant_values=np.nan)  # between the curve of one rate and the next
        self.others.set_data(np.tile([*x, np.nan], len(RATES)), gaps.ravel())
        self.loss.set_data(x, heights[rate])
        self.best_loss.set_data(x, heights[best])
        lost = ~numbers["known"][rate]
        self.no_number.set_data(x[lost], heights[rate][lost])
        logs, wrong = np.log10(RATES), np.log10(np.maximum(numbers["errors"], SMALLEST_ERROR))
        good = logs[numbers["good"]]
        half = (logs[1] - logs[0]) / 2
        self.band.set_x(good[0] - half)
        self.band.set_width(np.ptp(good) + 2 * half)
        means = np.log10(np.maximum(numbers["errors"].mean(axis=0), SMALLEST_ERROR))
        ends = np.stack([wrong.min(axis=0), wrong.max(axis=0), np.full(len(logs), np.nan)], axis=1)
        self.bars.set_data(np.repeat(logs, 3), ends.ravel())
        self.means.set_data(logs, means)
        self.here.set_data([logs[rate]], [means[rate]])
        self.best[0].set_data([logs[best]], [means[best]])
        self.best[1].set_data([logs[best]], [np.log10(LEAST) + 0.25])
        along = np.log10(numbers["finder rates"])
        self.single.set_data(along, np.log10(numbers["finder losses"]))
        self.mean.set_data(along, np.log10(numbers["finder means"]))
        at = numbers["point"]
        self.point.set_data([along[at]], [np.log10(numbers["finder means"][at])])
        for line, ends in zip(self.advised, ([0, 3], [np.log10(LEAST), np.log10(MOST)]), strict=True):
            line.set_data([np.log10(numbers["advice"])] * 2, ends)
        self.rate_text.set_text(f"learning rate {written(RATES[rate])}")
        self.best_text.set_text(f"best: {written(RATES[best])}")
        self.advice_text.set_text(f"advice: {written(numbers['advice'])}")

    def describe(self, numbers):
        rate, best, wrong = numbers["rate"], numbers["best"], numbers["errors"].mean(axis=0)
        lowest, highest = (written(RATES[place]) for place in np.flatnonzero(numbers["good"])[[0, -1]])
        alike = f"from {lowest} to {highest}" if lowest != highest else "no other"
        near, found, usual = numbers["nearest"], numbers["costs"], numbers["usual costs"]
        rule = {
            EXPLOSION: "a tenth of the rate at which its smoothed loss is back above its start",
            LOWEST: "a tenth of the rate of its lowest smoothed loss",
            STEEPEST: "the rate at which its smoothed loss falls most steeply",
        }[numbers["rule"]]
        if numbers["rule"] == EXPLOSION and not numbers["exploded"]:
            rule = "a tenth of its last rate, because it never explodes"
        return "\n".join(
            [
                f"{numbers['optimizer']}, batches of {numbers['batch']}, learning rate {written(RATES[rate])}: "
                f"{self._verdict(numbers)}",
                f"Validation error after {numbers['at']}, mean of three seeds: `{wrong[rate]:.1f} %`. Best: "
                f"{written(RATES[best])} with {wrong[best]:.1f} %; as good within the spread over seeds: {alike}.",
                f"The finder, in {len(numbers['finder rates'])} updates, advises `{written(numbers['advice'])}`. Its rule, "
                f"{numbers['rule']}, takes {rule}: {factor(numbers['ratio'])}. The nearest of the thirteen, "
                f"{written(RATES[near])}, is {'one' if numbers['good'][near] else 'none'} of the good ones.",
                f"This rule in all {len(found)} runs of the finder with {numbers['optimizer']}, trained with the nearest of "
                f"the thirteen: the mean error is `{points(found.mean())}` above that of the best rate, in the worst run "
                f"{points(found.max())}. Without a finder, the usual rate {USUAL[numbers['optimizer']]:g}: "
                f"{points(usual.mean())} and {points(usual.max())}.",
            ]
        )

    def _verdict(self, numbers):
        """Return in plain words what became of the chosen rate."""
        rate, best, losses = numbers["rate"], numbers["best"], numbers["losses"]
        known, lost = numbers["known"][rate], numbers["seeds without a number"]
        ends = f"the loss of seed {numbers['seed']} is {losses[rate, -1]:.3g} after {EPOCHS} epochs"
        if not known.all():
            return f"too large: from epoch {int(np.argmin(known)) + 1} on the loss is no number ({lost} of {SEEDS} seeds)."
        if lost:
            return (
                f"too large: in {lost} of {SEEDS} seeds the loss is no number; in this seed it ends at {losses[rate, -1]:.3g}."
            )
        if rate == best:
            return f"the best of the thirteen; {ends}."
        if numbers["good"][rate]:
            return f"good, in the band of the rates as good as the best; {ends}."
        there = f"with the best rate ({written(RATES[best])}) it is {losses[best, -1]:.3g}"
        if rate < best and losses[rate, -1] >= JUMP * losses[rate, -2]:
            jump = f"{losses[rate, -2]:.3g} to {losses[rate, -1]:.3g}, seed {numbers['seed']}"
            return f"below the best rate, but its loss jumped in the last epoch ({jump}); {there}."
        if rate < best:
            why = (
                "It has not come far enough."
                if losses[rate, -1] > losses[best, -1]
                else "But it names more new digits wrongly."
            )
            return f"too small: {ends}; {there}. {why}"
        rises = int((np.diff(losses[rate]) > 0).sum())
        return f"too large: {ends}, that of guessing is {GUESSING:.2f}; it rose in {rises} of {EPOCHS - 1} epochs."


def drawn(losses):
    """Return losses as they are drawn: from LEAST to MOST, and MOST for what is no number."""
    return np.clip(np.nan_to_num(losses, nan=MOST, posinf=MOST), LEAST, MOST)
