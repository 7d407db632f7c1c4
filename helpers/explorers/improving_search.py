"""Grid search and random search on the same budget: recorded trainings of one network on the digits, in many orders."""

from functools import lru_cache

import numpy as np

from helpers.datasets import load_recorded
from helpers.explorers.controls import check_box, choice, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import MINUS, RAISED, TIMES
from helpers.plots.figure import BLUE, INK, ORANGE, caption, chart_axes
from helpers.plots.lettering import Label, Lettering, text_width
from helpers.plots.number_grid import marks

BUDGET, ORDERS, DRAWS, GROUPS = 27, 1000, 20, 5
GRID, RANDOM, BOTH = "grid", "random", "both"
# What stands before the names in the recording, and how many hyper-parameters differ.
SEEDS_ONLY = "lucky "  # before the names: the default settings again and again, each time with another seed
GRIDS = {"wide grid": ("grid ", 3), "known grid": ("known ", 3), "27 rates": ("rates only ", 1)}
RANDOMS = {"all six": ("", 6), "grid's three": ("three ", 3), "only the seed": (SEEDS_ONLY, 0)}
IN_ROWS, SHUFFLED = "row by row", "random order"
NAMES = {
    "rate": "learning rate",
    "width": "width",
    "dropout": "dropout",
    "depth": "hidden layers",
    "l2": "L2 penalty",
    "batch": "batch size",
}
RATE_TICKS, L2_TICKS = range(-4, 1), range(-6, 0)  # powers of ten
NO_L2 = -7.5  # where a penalty of 0 stands on its logarithmic axis
PAIRS = (
    *(("rate", "width"), ("rate", "dropout"), ("width", "dropout"), ("rate", "depth"), ("rate", "l2"), ("rate", "batch")),
    *(("width", "depth"), ("depth", "batch")),
)
AXES = {f"{across} {TIMES} {up}": (across, up) for across, up in PAIRS}
# Validation errors up to so much, and how such a trial is drawn: mark, colour, size.
KINDS = (
    (0.09, "o", "#08306b", 8.5),
    (0.12, "s", "#2171b5", 7.5),
    (0.2, "^", "#4f9bcb", 7.5),
    (0.5, "D", "#8a8a8a", 5),
    (1.0, "X", "#8a8a8a", 5),
)
LOW, HIGH = np.log10(0.05), 0.0  # of the axes of errors, which are logarithmic
ERROR_TICKS = (0.05, 0.1, 0.2, 0.5, 1.0)
LEFTS, WIDE, TOP_BOTTOM, TALL = (64, 556), 388, 372, 206  # of the two pictures of trials, in pixels
CHART_BOTTOM, CHART_TALL = 54, 204
GREY_BAND, BLUE_BAND = "#c9c9c9", "#b9d6ea"
EDGE = 0.04  # trials that stand side by side keep so much room from the edge of their picture
BOX, BOX_COLOUR = (8, 10), "#e4e4e4"  # from the middle of a trial's mark to the edge of the box around a stack, in pixels
IN_TABLE = 9  # trials in one row where they have no place on the axes
ROWS, ROW = 6, 34  # of the lower right picture; the height of one, in pixels


@lru_cache
def recorded():
    """Return what was recorded: "rate" ... "batch", "loss", "validation", "test" (configurations,), and more with prefixes."""
    return load_recorded("improving_search")[0]


def picks_of(errors, orders):
    """Return the configuration that is best so far after each trial, (orders, trials); the first one where several are."""
    tried = errors[orders]
    best = np.minimum.accumulate(tried, axis=1)
    better = np.ones(tried.shape, bool)
    better[:, 1:] = tried[:, 1:] < best[:, :-1]
    places = np.maximum.accumulate(np.where(better, np.arange(tried.shape[1]), 0), axis=1)
    return np.take_along_axis(orders, places, axis=1)


def random_orders(count, seed):
    """Return ORDERS orders in which so many configurations are tried, up to the budget: (ORDERS, BUDGET)."""
    return np.random.default_rng([count, seed]).random((ORDERS, count)).argsort(axis=1)[:, :BUDGET]


def explained(values, errors):
    """Return how much of the ranks' variance of the errors a hyper-parameter explains (0 to 1), and how much by chance.

    The configurations are put into GROUPS equally large groups by their values, or one for each value where these are few;
    what the mean ranks of the groups vary is compared with what all ranks vary. values, errors: (configurations,).
    """
    if len(np.unique(values)) > GROUPS:
        values = np.searchsorted(np.quantile(values, np.arange(1, GROUPS) / GROUPS), values)
    kinds, group = np.unique(values, return_inverse=True)
    _, rank, counts = np.unique(errors, return_inverse=True, return_counts=True)
    ranks = (counts.cumsum() - (counts - 1) / 2)[rank]  # equal errors share the mean of their ranks
    sizes = np.bincount(group)
    means = np.bincount(group, ranks) / sizes
    between = (sizes * (means - ranks.mean()) ** 2).sum()
    return between / ((ranks - ranks.mean()) ** 2).sum(), (len(kinds) - 1) / (len(errors) - 1)


@lru_cache
def importances():
    """Return for each hyper-parameter what `explained` says of the random configurations."""
    return {name: explained(recorded()[name], recorded()["validation"]) for name in NAMES}


@lru_cache
def searches(start):
    """Return the errors of a way's configurations on validation and on test digits, its orders and the picks in them.

    `start` is what stands before the names in the recording. The orders (ORDERS, BUDGET) are random ones.
    """
    validation, test = (np.asarray(recorded()[f"{start}{digits}"], float) for digits in ("validation", "test"))
    orders = random_orders(len(validation), 0)
    return validation, test, orders, picks_of(validation, orders)


@lru_cache
def bands(start):
    """Return what the best validation error after each trial is in the middle 80 % of the orders, (2, BUDGET)."""
    validation, _, _, picks = searches(start)
    return np.quantile(validation[picks], (0.1, 0.9), axis=0)


def bests_after(start, budget):
    """Return the best validation error of so many trials in each random order, (ORDERS,)."""
    validation, _, _, picks = searches(start)
    return validation[picks[:, budget - 1]]


def rows_order(start):
    """Return the order of nested loops: the rate changes last, the dropout first. (BUDGET,)"""
    return np.lexsort([recorded()[f"{start}{name}"] for name in ("dropout", "width", "rate")])


@lru_cache
def harder_test():
    """Return by how much test is higher than validation where nothing was chosen: mean and standard error over the seeds.

    All networks with the default settings: what is left is that the test digits may be harder than the validation digits.
    """
    gaps = np.concatenate([recorded()[f"{start}test"] - recorded()[f"{start}validation"] for start in ("default ", SEEDS_ONLY)])
    return gaps.mean(), gaps.std(ddof=1) / np.sqrt(len(gaps))


def place_on(name, values):
    """Return where values of a hyper-parameter stand on its axis, from 0 to 1."""
    values = np.asarray(values, float)
    if name == "l2":
        values = np.where(values > 0, np.log10(np.maximum(values, 1e-300)), NO_L2)
        low, high = NO_L2, L2_TICKS[-1]
    elif name in ("rate", "width", "batch"):
        values, (low, high) = np.log(values), np.log({"rate": (1e-4, 1), "width": (4, 256), "batch": (8, 128)}[name])
    else:
        low, high = {"dropout": (0, 0.6), "depth": (1, 4)}[name]
    return 0.09 + 0.82 * (values - low) / (high - low)


def ticks_of(name):
    """Return the numbers beside the axis of a hyper-parameter, and their texts."""
    if name == "l2":
        return (0, *(10.0**power for power in L2_TICKS)), ("0", *(f"10{str(power).translate(RAISED)}" for power in L2_TICKS))
    numbers = {
        "rate": [10.0**power for power in RATE_TICKS],
        "width": [4, 8, 16, 32, 64, 128, 256],
        "dropout": [0, 0.2, 0.4, 0.6],
        "depth": [1, 2, 3, 4],
        "batch": [8, 16, 32, 64, 128],
    }[name]
    return numbers, [f"{number:g}" for number in numbers]


def side_by_side(places):
    """Return places (trials, 2) from 0 to 1, where trials at the same place stand side by side, three in a row."""
    kinds, group, counts = np.unique(places.round(6), axis=0, return_inverse=True, return_counts=True)
    crowded, moved = kinds[counts > 1], places.copy()
    if not len(crowded):
        return moved
    steps = [min(most, 0.25 * nearest(crowded[:, axis])) for axis, most in enumerate((0.075, 0.085))]
    slant = 0.22 * nearest(crowded[:, 1]) if steps[0] < 0.04 else 0.0  # in narrow stacks no mark covers the next
    for each in np.flatnonzero(counts > 1):
        same = np.flatnonzero(group.ravel() == each)
        row, column = np.divmod(np.arange(len(same)), 3)
        moved[same, 0] += steps[0] * (column - (np.minimum(3, len(same) - 3 * row) - 1) / 2)
        moved[same, 1] += min(steps[1], 0.9 / (row.max() + 1)) * (row.max() / 2 - row) + slant * (column - 1) * (row.max() == 0)
        low, high = moved[same].min(axis=0), moved[same].max(axis=0)
        moved[same] += np.maximum(EDGE - low, 0) - np.maximum(high - (1 - EDGE), 0)
    return moved


def stacks(places):
    """Return which trials stand at the same place, a list of arrays of two or more trials; places (trials, 2)."""
    _, group, counts = np.unique(places.round(6), axis=0, return_inverse=True, return_counts=True)
    return [np.flatnonzero(group.ravel() == each) for each in np.flatnonzero(counts > 1)]


def boxes_around(places, groups):
    """Return the corners of a box around the marks of each group of trials, (4, 2) each; places from 0 to 1."""
    between = nearest(np.round([places[group, 1].mean() for group in groups], 6))
    # Lower where rows of stacks are close, so that their boxes stay apart.
    room = np.array([BOX[0] / WIDE, np.clip(0.22 * between, 0.5 * BOX[1] / TALL, BOX[1] / TALL)])
    boxes = []
    for group in groups:
        (left, bottom), (right, top) = places[group].min(axis=0) - room, places[group].max(axis=0) + room
        boxes.append([(left, bottom), (right, bottom), (right, top), (left, top)])
    return boxes


def in_table(count):
    """Return places in rows, from the left to the right, for trials that all have the same settings: (count, 2)."""
    row, column = np.divmod(np.arange(count), IN_TABLE)
    return np.stack([0.07 + 0.86 * column / (IN_TABLE - 1), 0.62 - 0.24 * row], axis=1)


def value_of(number):
    """Return the value of a hyper-parameter as text, with two digits that count."""
    return np.format_float_positional(number, precision=2, fractional=False, trim="-") if number < 1 else f"{number:g}"


@lru_cache
def default_settings():
    """Return the default settings as text, each with its name."""
    return [f"{NAMES[name]} {value_of(recorded()[f'default {name}'][0])}" for name in NAMES]


@lru_cache
def values_of_grid(start):
    """Return in words which values a grid holds: of what changes; all else is as in the default settings."""
    kinds = {name: np.unique(recorded()[f"{start}{name}"]) for name in NAMES}
    changing = {name: values for name, values in kinds.items() if len(values) > 1}
    texts = []
    for name, values in changing.items():
        few = ", ".join(map(value_of, values))
        texts.append(f"{NAMES[name]} {few if len(values) < 4 else f'{value_of(values[0])} to {value_of(values[-1])}'}")
    return f"{'; '.join(texts)}; all else as in the default"


def nearest(values):
    """Return the smallest difference between different values; 1 where all are the same."""
    return min(np.diff(np.unique(values)), default=1.0)


def numbers_with_room(points, texts, size, box, others=()):
    """Return which texts fit beside their points without touching another point or text, and their places, in pixels.

    points (trials, 2) in pixels, the most important ones first; box: left, bottom, right, top; others: more points to spare.
    """
    tall = 0.74 * size * 100 / 72
    taken = [(x - 7, y - 6, x + 7, y + 6) for x, y in points]
    taken += [(x - 2, y - 2, x + 2, y + 2) for x, y in others]
    found, places = [], []
    for k, (text, (x, y)) in enumerate(zip(texts, points, strict=True)):
        half = text_width(text) * size * 100 / 72 / 2
        more = 5 * (k == 0)  # the first one has a ring
        up, aside = 14 + more, half + 11 + more
        straight, slanting = (
            ((0, -up), (0, up), (aside, 0), (-aside, 0)),
            ((aside, up), (aside, -up), (-aside, up), (-aside, -up)),
        )
        for dx, dy in (*straight, *slanting):
            here = (x + dx - half, y + dy - tall / 2, x + dx + half, y + dy + tall / 2)
            inside = here[0] > box[0] and here[1] > box[1] and here[2] < box[2] and here[3] < box[3]
            if inside and not any(touch(here, other) for other in taken):
                taken.append((here[0] - 3, here[1], here[2] + 3, here[3]))
                found.append(k)
                places.append((x + dx, y + dy))
                break
    return found, places


def touch(one, other):
    """Return whether two boxes (left, bottom, right, top) overlap."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def height_of(errors):
    """Return where errors stand on an axis of errors."""
    return np.log10(np.maximum(errors, 1e-300)).clip(LOW, HIGH)


def percent(share, digits=1):
    """Return a share as text in %, with a real minus sign."""
    return f"{100 * share:.{digits}f} %".replace("-", MINUS)


def explore_search():
    """Search for good hyper-parameters twice on the same budget: on a grid, and at random."""
    return Search()


class Search(Explorer):
    title = "Grid search and random search on the same budget: one network on 1,000 digits, 15 epochs each trial."
    size = (960, 622)
    lines = 10

    def make_controls(self):
        return {
            "budget": slider("Budget", 9, 1, BUDGET, "How many configurations may be trained"),
            "draw": slider("Draw", 0, 0, DRAWS, "Another order in which the configurations are tried"),
            "axes": choice("Axes", next(iter(AXES)), AXES, "Which two of the six hyper-parameters the pictures show"),
            "shown": choice("Shown", BOTH, (BOTH, GRID, RANDOM), "Which way of searching"),
            "grid": choice("Grid", next(iter(GRIDS)), GRIDS, "Spread evenly, or around values that often work, or one axis"),
            "random": choice("Drawn", next(iter(RANDOMS)), RANDOMS, "What is drawn at random: hyper-parameters, or the seed"),
            "order": choice(
                "Grid order", IN_ROWS, (IN_ROWS, SHUFFLED), "In nested loops (the rate changes last), or at random"
            ),
            "opened": check_box("Open the test", False, "Show the error on the test digits as well", indent=True),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def relevant(self, **values):
        unused = {RANDOM: {"order", "grid"}, GRID: {"random"}, BOTH: set()}[values["shown"]]
        if values["shown"] == GRID and values["order"] == IN_ROWS:
            unused = unused | {"draw"}
        return set(values) - unused

    def stage(self, figure):
        moving = {"animated": True}
        self.plans, self.dots, self.best, self.heads, self.texts, self.axis_names = [], [], [], [], [], []
        self.boxes, self.settings = [], Lettering(figure)
        for x, colour in zip(LEFTS, (ORANGE, BLUE), strict=True):
            axes = chart_axes(figure, x, TOP_BOTTOM, WIDE, TALL, xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
            self.boxes.append(axes.fill_between([0, 1], [0, 0], [0, 0], color=BOX_COLOUR, lw=0, **moving))
            self.plans.append(marks(axes, "o", "#8a8a8a", 3))
            self.dots.append([marks(axes, mark, shade, size) for _, mark, shade, size in KINDS])
            self.best.append(
                axes.plot([], [], "o", color="none", mec=colour, mew=2.2, markersize=18, clip_on=False, **moving)[0]
            )
            self.heads.append(Label(figure, x + WIDE / 2, 604, 11, colour, align="center", weight="bold"))
            self.texts.append(Lettering(figure))
            self.axis_names += [Label(figure, x + WIDE, TOP_BOTTOM - 32, 10, align="right"), Label(figure, x, 588, 10)]
        self.across, self.up = Lettering(figure), Lettering(figure)
        self._draw_key(figure)
        chart = chart_axes(figure, LEFTS[0], CHART_BOTTOM, WIDE, CHART_TALL, xlim=(0.4, BUDGET + 0.6), facecolor="none")
        chart.set(xticks=[1, 5, 9, 14, 18, 23, 27], ylim=(LOW, HIGH))
        chart.set_yticks(np.log10(ERROR_TICKS), [f"{100 * error:g} %" for error in ERROR_TICKS])
        chart.grid(axis="y")
        caption(
            figure, LEFTS[0] - 44, CHART_BOTTOM + CHART_TALL + 14, "best validation error so far (logarithmic)", 10, ha="left"
        )
        default = height_of(recorded()["default validation"])
        chart.axhspan(default.min(), default.max(), color=GREY_BAND, lw=0, zorder=0.5)
        for edge in (default.min(), default.max()):
            chart.axhline(edge, color=INK, linewidth=1, linestyle=(0, (1, 1.5)))
        self.filled = chart.fill_between([0, 1], [0, 0], [0, 0], color=BLUE_BAND, lw=0, alpha=0.5, **moving)
        line = {"linewidth": 1.2, "color": ORANGE, "linestyle": (0, (2, 2)), **moving}
        self.outline = [chart.plot([], [], **line)[0] for _ in range(2)]
        styles = ((ORANGE, (0, (5, 2)), "s"), (BLUE, "-", "o"))
        self.curves = [
            chart.plot([], [], color=colour, linestyle=style, marker=mark, markersize=4.5, linewidth=1.8, **moving)[0]
            for colour, style, mark in styles
        ]
        rows = chart_axes(figure, LEFTS[1] - 30, CHART_BOTTOM, WIDE + 10, ROWS * ROW, xlim=(LOW, HIGH), ylim=(-ROWS, 0))
        rows.set(yticks=[], facecolor="none")
        rows.set_xticks(np.log10(ERROR_TICKS), [f"{100 * error:g} %" for error in ERROR_TICKS])
        caption(figure, LEFTS[1] - 30, CHART_BOTTOM + CHART_TALL + 14, "error of the one that is chosen", 10, ha="left")
        self.links = rows.plot([], [], color="#8c8c8c", linewidth=2, **moving)[0]
        self.validation = rows.plot([], [], "o", color="none", mec=INK, mew=1.5, markersize=7, **moving)[0]
        self.test = marks(rows, "D", INK, 5.5)
        self.rows = Lettering(figure)
        self.marks = Label(figure, LEFTS[1] + WIDE / 2, 18, 9.5, align="center")
        shown = [
            self.filled,
            *self.outline,
            *self.curves,
            *self.boxes,
            *self.plans,
            *(dots for side in self.dots for dots in side),
        ]
        shown += [*self.best, *self.heads, *self.texts, *self.axis_names, self.across, self.up]
        return [*shown, self.settings, self.links, self.validation, self.test, self.rows, self.marks]

    def _draw_key(self, figure):
        """Draw what the marks of the trials and the lines of the chart mean, once."""
        key = chart_axes(figure, 0, 304, 960, 24, xlim=(0, 960), ylim=(0, 24), facecolor="none")
        key.axis("off")
        caption(figure, 20, 316, "validation error", 10, ha="left")
        least = None
        for x, (most, mark, colour, size) in zip((150, 262, 392, 522, 652), KINDS, strict=True):
            key.plot([x], [12], mark, color=colour, markersize=size, mew=0)
            text = f"to {100 * most:g} %" if least is None else f"{100 * least:g} to {100 * most:g} %"
            caption(figure, x + 12, 316, text, 10, ha="left")
            least = most
        key.plot([784], [12], "o", color="none", mec=INK, mew=2.2, markersize=14)
        caption(figure, 804, 316, "the best of them", 10, ha="left")
        caption(
            figure,
            480,
            296,
            "numbers: error in %, where there is room; small dots: not tried yet; in one grey box: the same two values",
            9.5,
        )
        caption(figure, LEFTS[0] + WIDE / 2, 18, "trials; bands: 10 to 90 % of 1,000 orders; dots: default, 5 seeds", 9.5)

    def compute(self, budget, draw, axes, shown, grid, random, order, opened):
        run, names = recorded(), AXES[axes]
        found = {"budget": budget, "axes": axes, "shown": shown, "opened": opened}
        found |= {"grid rows": order == IN_ROWS, "grid values": values_of_grid(GRIDS[grid][0])}
        found["default validation"] = run["default validation"].astype(float)
        starts = {GRID: GRIDS[grid], RANDOM: RANDOMS[random]}
        for way, (start, knobs) in starts.items():
            if shown not in (way, BOTH):
                continue
            validation, test, orders, picks = searches(start)
            mine = rows_order(start) if way == GRID and order == IN_ROWS else orders[draw]
            pick = picks_of(validation, mine[None])[0]
            late = picks[:, budget - 1]
            values = {name: run[f"{start}{name}"][mine].astype(float) for name in NAMES}
            places = np.stack([place_on(name, values[name]) for name in names], axis=1)
            found |= {f"{way} {name}": values[name] for name in NAMES}
            found |= {
                f"{way} kind": grid if way == GRID else random,
                f"{way} knobs": knobs,
                f"{way} order": mine,
                f"{way} errors": validation[mine[:budget]],
                f"{way} best": validation[pick[:budget]],
                f"{way} bands": bands(start),
                f"{way} mean": validation[late].mean(),
                f"{way} places": side_by_side(places) if knobs else in_table(BUDGET),
                f"{way} stacks": stacks(places[: BUDGET if way == GRID else budget]) if knobs else [],
                f"{way} different": [len(np.unique(values[name][:budget])) for name in NAMES],
            }
            if opened:
                found[f"{way} test"] = test[pick[budget - 1]]
                found[f"{way} test mean"] = test[late].mean()
                found[f"{way} gap"] = (test - validation)[late].mean()
        validation, test, _, picks = searches(SEEDS_ONLY)
        found["seeds mean"], found["seeds spread"] = validation[picks[:, budget - 1]].mean(), validation.std(ddof=1)
        if opened:
            found["seeds test mean"] = test[picks[:, budget - 1]].mean()
        if shown == BOTH:
            left, right = (bests_after(starts[way][0], budget) for way in (RANDOM, GRID))
            # Every order of one with every order of the other: their numbers have nothing to do with each other.
            right = np.sort(right)
            found["random wins"] = 1 - np.searchsorted(right, left, side="right").mean() / ORDERS
            found["grid wins"] = np.searchsorted(right, left, side="left").mean() / ORDERS
        if opened:
            found |= {"default test": run["default test"].astype(float), "harder": np.array(harder_test())}
        return found

    def paint(self, numbers):
        budget, names = numbers["budget"], AXES[numbers["axes"]]
        across, up, across_texts, up_texts = [], [], [], []
        for side, way in enumerate((GRID, RANDOM)):
            seen = f"{way} errors" in numbers
            places = numbers[f"{way} places"] if seen else np.zeros((0, 2))
            errors = numbers[f"{way} errors"] if seen else np.zeros(0)
            tried = places[:budget]
            untried = places[budget:] if way == GRID else np.zeros((0, 2))
            self.plans[side].set_data(*untried.T)
            self.boxes[side].set_verts(boxes_around(places, numbers[f"{way} stacks"]) if seen else [])
            kind = np.searchsorted([most for most, *_ in KINDS], errors - 1e-9)
            for each, dots in enumerate(self.dots[side]):
                dots.set_data(*tried[kind == each].T)
            self.best[side].set_data(*tried[np.flatnonzero(errors == errors.min())[:1]].T if seen else np.zeros((2, 0)))
            head = f"{way} search, {numbers[f'{way} kind']}: {budget} of {BUDGET} trials" if seen else ""
            self.heads[side].set_text(head)
            first = np.argsort(errors, kind="stable")
            corner, scale = np.array([LEFTS[side], TOP_BOTTOM]), (WIDE, TALL)
            texts = [f"{100 * error:.1f}" for error in errors[first]]
            box = (LEFTS[side], TOP_BOTTOM, LEFTS[side] + WIDE, TOP_BOTTOM + TALL)
            fit, at = numbers_with_room(corner + tried[first] * scale, texts, 9, box, corner + untried * scale)
            self.texts[side].write([texts[k] for k in fit], at, 9)
            alike = seen and not numbers[f"{way} knobs"]
            if way == RANDOM:
                self._write_settings(alike)
            for label, name in zip(self.axis_names[2 * side : 2 * side + 2], names, strict=True):
                label.set_text("" if alike else NAMES[name])
            if alike:
                continue
            values, texts = ticks_of(names[0])
            across += [(LEFTS[side] + WIDE * place, TOP_BOTTOM - 13) for place in place_on(names[0], values)]
            across_texts += texts
            values, texts = ticks_of(names[1])
            up += [(LEFTS[side] - 8, TOP_BOTTOM + TALL * place) for place in place_on(names[1], values)]
            up_texts += texts
        self.across.write(across_texts, across, 9.5)
        self.up.write(up_texts, up, 9.5, align="right")
        self._paint_charts(numbers)

    def _write_settings(self, alike):
        """Write the settings where they are the same in all trials, instead of the axes."""
        texts = default_settings()
        half = len(texts) // 2
        lines = [f"all at {', '.join(texts[:half])},", f"{', '.join(texts[half:])};", "one seed after the other:"]
        places = [(LEFTS[1] + WIDE / 2, TOP_BOTTOM + TALL - 10 - 20 * row) for row in range(len(lines))]
        self.settings.write(*((lines, places) if alike else ([], [])), 10)

    def _paint_charts(self, numbers):
        trials = np.arange(1, numbers["budget"] + 1)
        for curve, way in zip(self.curves, (GRID, RANDOM), strict=True):
            best = numbers.get(f"{way} best", np.zeros(0))
            curve.set_data(trials[: len(best)], height_of(best))
        all_trials = np.arange(1, BUDGET + 1)
        self.filled.set_visible("random bands" in numbers)
        if "random bands" in numbers:
            low, high = height_of(numbers["random bands"])
            there, back = np.stack([all_trials, low], axis=1), np.stack([all_trials, high], axis=1)[::-1]
            self.filled.set_verts([np.concatenate([there, back])])
        for k, line in enumerate(self.outline):
            line.set_data(
                all_trials[: BUDGET * ("grid bands" in numbers)],
                height_of(numbers["grid bands"][k] if "grid bands" in numbers else []),
            )
        opened, rows = numbers["opened"], []
        for way, order in ((GRID, "this order"), (RANDOM, "this draw")):
            if f"{way} best" in numbers:
                pair = numbers[f"{way} best"][-1], numbers.get(f"{way} test")
                rows.append((f"{way}, {order}", *pair))
                rows.append((f"{way}, mean of {ORDERS:,}", numbers[f"{way} mean"], numbers.get(f"{way} test mean")))
        rows.append((f"new seeds, mean of {ORDERS:,}", numbers["seeds mean"], numbers.get("seeds test mean")))
        test = numbers["default test"].mean() if opened else None
        rows.append(("default, mean of 5 seeds", numbers["default validation"].mean(), test))
        heights = -np.arange(len(rows)) - 0.78
        self.validation.set_data(height_of([row[1] for row in rows]), heights)
        self.test.set_data(height_of([row[2] for row in rows]) if opened else [], heights if opened else [])
        links = np.full((2, 3 * len(rows)), np.nan)  # a NaN lifts the pen between two rows
        if opened:
            links[0, ::3], links[0, 1::3] = (height_of([row[k] for row in rows]) for k in (1, 2))
            links[1, ::3] = links[1, 1::3] = heights
        self.links.set_data(*links)
        texts = [
            f"{name}: validation {percent(validation)}" + ("" if test is None else f", test {percent(test)}")
            for name, validation, test in rows
        ]
        top = CHART_BOTTOM + ROWS * ROW
        self.rows.write(texts, [(LEFTS[1] - 24, top - ROW * row - 9) for row in range(len(rows))], 10, align="left")
        self.marks.set_text("circle: validation; diamond: test" if opened else "circle: validation; the test is closed")

    def describe(self, numbers):
        budget, opened = numbers["budget"], numbers["opened"]
        ways = [way for way in (GRID, RANDOM) if f"{way} best" in numbers]
        lines = [self._important(numbers, ways)]
        for way in ways:
            (low, high), kind = numbers[f"{way} bands"][:, budget - 1], numbers[f"{way} kind"]
            best = numbers[f"{way} best"][-1]
            this, values = ("order", f": {numbers['grid values']}") if way == GRID else ("draw", "")
            between = f"between {100 * low:.1f} and {percent(high)}" if low < high else percent(low)
            lines.append(
                f"{way.capitalize()} ({kind}{values}): best validation error, this {this} `{percent(best)}`; in 80 % of "
                f"{ORDERS:,} orders {between}"
            )
            lines[-1] += self._flattery(numbers, way) if opened else "."
        if len(ways) == 2:
            better, worse = numbers["random wins"], numbers["grid wins"]
            several, fewer = numbers["random knobs"], numbers["grid knobs"]
            lines.append(
                f"Of all pairs of orders random search is ahead in {percent(better, 0)}, the grid in {percent(worse, 0)}. "
                f"Hyper-parameters that change: {several} in random search, {fewer} in the grid."
            )
            if budget == BUDGET:
                lines[-1] += (
                    " A whole grid is the same 27 networks in every order: that is one number, with the luck of its seeds."
                )
        test = f"; test {in_seeds(numbers['default test'])}" if opened else ""
        lines.append(
            f"The plain rival, the default ({', '.join(default_settings())}) without a search: "
            f"{in_seeds(numbers['default validation'])}{test}."
        )
        test = f", test {percent(numbers['seeds test mean'])}" if opened else ""
        lines[-1] += (
            f" Only trying {budget} of its seeds: best validation error `{percent(numbers['seeds mean'])}`{test}, the mean of "
            f"{ORDERS:,} orders. Standard deviation over seeds: {points(numbers['seeds spread'])}."
        )
        if opened:
            if numbers.get("random kind") == next(iter(RANDOMS)):
                run = recorded()
                lines.append(
                    f"The best of all {len(run['validation'])} random trials: {percent(min(run['validation']))} on validation; "
                    f"with new seeds {in_seeds(run['best validation'])}, and {in_seeds(run['best test'])} on test."
                )
        else:
            lines[-1] += " The test is closed: nothing was chosen by it."
        return "\n".join(lines)

    def _flattery(self, numbers, way):
        """Return the test error of the chosen one, and how much lower the validation error is because of the choice."""
        gap, (harder, error) = numbers[f"{way} gap"], numbers["harder"]
        text = f"; test `{percent(numbers[f'{way} test'])}`. On average test minus validation is {points(gap)}"
        if numbers["budget"] == 1:  # one trial is no choice
            return f"{text}."
        flattery = gap - harder
        judged = f"choosing flatters by `{points(flattery)}`" if flattery > 2 * error else "no flattery is seen"
        return f"{text}; for the default, which nobody chose, {points(harder)} (standard error {points(error)}): {judged}."

    def _important(self, numbers, ways):
        """Return what matters most, and how many different values of it have been tried."""
        shares, run, budget = importances(), recorded(), numbers["budget"]
        first, second = sorted(shares, key=lambda name: -shares[name][0])[:2]
        place = list(NAMES).index(first)
        trials = "1 trial" if budget == 1 else f"{budget} trials"
        how = {GRID: f" ({IN_ROWS})" if numbers["grid rows"] else "", RANDOM: ""}
        tried = " and ".join(f"{way} {numbers[f'{way} different'][place]}{how[way]}" for way in ways)
        return (
            f"Most important is the {NAMES[first]}: it explains `{percent(shares[first][0], 0)}` of the ranks of all "
            f"{len(run['validation'])} random trials, the next, {NAMES[second]}, {percent(shares[second][0], 0)} (by chance "
            f"{percent(shares[second][1], 0)}). Different values of it in {trials}: {tried}."
        )


def in_seeds(errors):
    """Return the mean of some errors, the lowest and the highest, as text."""
    return f"{percent(errors.mean())} ({percent(errors.min())} to {percent(errors.max())} in {len(errors)} seeds)"


def points(share):
    """Return a difference of two shares as text, in points of a hundred."""
    return f"{100 * share:.1f} points".replace("-", MINUS)
