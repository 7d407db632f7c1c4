"""Loading and training on a timeline, with workers and prefetching; and how much memory each way of loading takes."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from helpers.datasets import load_recorded
from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import TIMES
from helpers.plots.figure import BLUE, DPI, GREEN, INK, ORANGE, caption, chart_axes, whole_figure
from helpers.plots.lettering import Label, Lettering, text_width
from helpers.plots.number_grid import Outline
from helpers.plots.pixels import colour_table, is_dark, pack, unpack

MOST_BATCHES, MOST_WORKERS, MOST_PREFETCH = 12, 4, 4
NONE, SOME, MUCH = "none", "some", "much"
ENDS = (50, 100, 200, 300, 400, 500, 750, 1000, 1500, 2000, 2500)  # of the axis of time, in milliseconds
LEFT, WIDTH, BOTTOM, HEIGHT, GAP = 104, 836, 262, 210, 8  # in pixels: where time is 0; the lanes, and between two of them
QUEUE, QUEUE_HEIGHT = 122, 92  # in pixels
COLOURS = unpack(colour_table("Paired")[np.linspace(0, 255, MOST_BATCHES).round().astype(int)]) / 255  # one for each batch
SMALL = 9  # points
WAITS = "#efefef"


class Times(NamedTuple):
    """When what happened to each batch, (batches,) in milliseconds each."""

    worker: np.ndarray  # which worker loaded it, from 0
    load_start: np.ndarray
    load_end: np.ndarray
    train_start: np.ndarray
    train_end: np.ndarray


def places_for(workers, prefetch):
    """Return how many batches may be ahead of the trainer, those that are being loaded and those that wait; 0: a plain loop.

    For one worker these are the `prefetch` places: so the lesson's `prefetch` works, and tf.data's behind a plain `map`. Of
    several workers each has a place of its own besides, as in tf.data's `map` with `num_parallel_calls=workers`.
    """
    return prefetch + (workers if workers > 1 else 0)


def simulate(loads, train, workers, prefetch):
    """Return the Times of batches that take `loads` (batches,) to load and `train` to train on, in milliseconds.

    A free worker takes the next batch as soon as there is a place for it (`places_for`). The trainer takes the batches in
    order, one at a time, and its place is free at once. Without any place the trainer loads each batch itself.
    """
    room = places_for(workers, prefetch)
    free, trained = [0.0] * workers, 0.0  # when each worker, and the trainer, has finished its last batch
    rows = []
    for number, load in enumerate(loads):
        worker = free.index(min(free))
        vacated = trained if not room else rows[number - room][3] if number >= room else 0.0
        start = max(free[worker], vacated)
        free[worker] = start + load
        begun = max(free[worker], trained)
        trained = begun + train
        rows.append((worker, start, free[worker], begun, trained))
    return Times(*map(np.array, zip(*rows, strict=True)))


def load_times(load, batches, jitter, seed):
    """Return how long each batch takes to load, (batches,) in milliseconds. Their mean is `load`, whatever the jitter."""
    middle = (np.arange(batches) + 0.5) / batches
    spread = {NONE: np.ones(batches), SOME: 0.5 + middle, MUCH: -np.log(1 - middle)}[jitter]  # much: an exponential one
    return load * np.random.default_rng(seed).permutation(spread / spread.mean())


def least_time(loads, train, workers):
    """Return the milliseconds that no pipeline with so many workers can beat: its slower side, and the start or the end.

    Either the first batch is loaded and then the trainer never waits, or the workers never wait and the last is trained on.
    """
    return max(loads[0] + len(loads) * train, loads.sum() / workers + train)


def steps_of(ups, downs):
    """Return when a count changes, and what it is from then on: it goes up at each of `ups` and down at each of `downs`."""
    moments, place = np.unique(np.round([*ups, *downs], 6), return_inverse=True)
    change = np.bincount(place, np.repeat([1, -1], [len(ups), len(downs)]), len(moments))
    return moments, change.cumsum().astype(int)


@lru_cache
def measured():
    """Return what was measured with real threads: (load, train, workers, prefetch) -> milliseconds, one for each run."""
    runs = load_recorded("generators_pipeline").values()
    names = ("load", "train", "workers", "prefetch")
    points = zip(*(next(iter(runs))[name].tolist() for name in names), strict=True)
    return dict(zip(points, 1000 * np.transpose([run["seconds"] for run in runs]), strict=True))


def nearest_point(load, train, workers, prefetch):
    """Return the measured point that is nearest; the plain loop is near to nothing else."""
    alone = places_for(workers, prefetch) == 0

    def far(point):
        times = abs(np.log(load / point[0])) + abs(np.log(train / point[1]))
        return ((places_for(*point[2:]) == 0) != alone, times + abs(workers - point[2]) + abs(prefetch - point[3]))

    return min(measured(), key=far)


def explore_pipeline():
    """Load batches by workers and train on them: who waits for whom, on a timeline."""
    return Pipeline()


class Pipeline(Explorer):
    title = "Batches are loaded and trained on: who waits for whom?"
    size = (960, 514)
    lines = 6

    def make_controls(self):
        ahead = (
            "How many batches may be ahead of the trainer; of several workers each has one more. 0 and one worker: a plain loop"
        )
        return {
            "load": slider("Load (ms)", 40, 5, 100, "How long one worker takes to load a batch, on average"),
            "train": slider("Train (ms)", 40, 5, 100, "How long the trainer takes for a batch"),
            "workers": slider("Workers", 1, 1, MOST_WORKERS, "How many load at the same time"),
            "prefetch": slider("Prefetch", 0, 0, MOST_PREFETCH, ahead),
            "batches": slider("Batches", 12, 4, MOST_BATCHES, "How many batches there are"),
            "jitter": choice("Jitter", NONE, (NONE, SOME, MUCH), "How unequal the times of loading are; their mean stays"),
            "seed": slider("Seed", 0, 0, 20, "Which batches take longer to load"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def relevant(self, jitter, **values):
        return {"jitter", *values} - (set() if jitter != NONE else {"seed"})

    def stage(self, figure):
        pixels = whole_figure(figure)
        self.waits = Outline(pixels, "#a0a0a0", 0.8, (0, (3, 2)), WAITS)
        self.boxes = Outline(pixels, INK, 0.8)
        self.ends = [
            pixels.plot([], [], color=colour, linewidth=1.6, linestyle=style, animated=True)[0]
            for colour, style in (("#7a7a7a", (0, (4, 3))), (INK, "-"))
        ]
        self.end_labels = [Lettering(figure), Lettering(figure, "bold")]
        self.names, self.words, self.ticks = Lettering(figure), Lettering(figure), Lettering(figure)
        self.light, self.dark = Lettering(figure), Lettering(figure)
        chart = chart_axes(
            figure, LEFT, QUEUE, WIDTH, QUEUE_HEIGHT, xlim=(0, WIDTH), ylim=(0, 8.6), xticks=[], yticks=[0, 4, 8]
        )
        chart.set_facecolor("none")
        marks = [[(LEFT + share * WIDTH, BOTTOM - 10), (LEFT + share * WIDTH, BOTTOM - 5)] for share in np.linspace(0, 1, 6)]
        for line in (*marks, [marks[0][0], marks[-1][0]]):
            pixels.plot(*np.transpose(line), color="#6b6b6b", linewidth=0.8, linestyle="-")
        caption(figure, LEFT + WIDTH, BOTTOM - 36, "time in ms", 9, ha="right")
        caption(figure, LEFT, BOTTOM - 36, "how many finished batches wait (dashes: the most that may)", 9.5, ha="left")
        self.queue = chart.plot([], [], color=BLUE, linewidth=1.8, linestyle="-", drawstyle="steps-post", animated=True)[0]
        self.room = chart.plot([], [], color=ORANGE, linewidth=1.4, linestyle=(0, (5, 2)), animated=True)[0]
        places = (LEFT, LEFT + 216, LEFT + 410, LEFT + 640)
        about = ("total time", "the trainer is idle", "batches in memory, at most", "no pipeline is faster than")
        for x, text in zip(places, about, strict=True):
            caption(figure, x, 80, text, 10, ha="left")
        self.figures = [Label(figure, x, 52, 15, weight="bold") for x in places]
        self.notes = [Label(figure, x, 24, 9.5) for x in places]
        shown = [self.waits, self.boxes, self.words, self.light, self.dark, self.queue, self.room, *self.ends, *self.end_labels]
        return [*shown, self.names, self.ticks, *self.figures, *self.notes]

    def compute(self, load, train, workers, prefetch, batches, jitter, seed):
        loads = load_times(load, batches, jitter, seed)
        times = simulate(loads, train, workers, prefetch)
        point = nearest_point(load, train, workers, prefetch)
        total = float(times.train_end[-1])
        return {
            **{name: array for name, array in times._asdict().items()},
            **{"load": load, "train": train, "workers": workers, "prefetch": prefetch, "jitter": jitter, "total": total},
            **{"plain": float(loads.sum() + batches * train), "idle": 1 - batches * train / total},
            "memory": int(steps_of(times.load_start, times.train_end)[1].max()),
            "bound": least_time(loads, train, workers),
            "point": np.array(point),
            "is measured": point == (load, train, workers, prefetch) and batches == MOST_BATCHES and jitter == NONE,
            "measured": measured()[point],
            "predicted": float(simulate(np.full(MOST_BATCHES, point[0]), *point[1:]).train_end[-1]),
        }

    def paint(self, numbers):
        workers, total, plain = numbers["workers"], numbers["total"], numbers["plain"]
        room = places_for(workers, numbers["prefetch"])
        alone = room == 0
        end = next(each for each in ENDS if each >= plain - 1e-6)
        scale = WIDTH / end
        # Every box: from when, to when, its lane (0 is the trainer's, the first worker's is the uppermost), its batch.
        lanes = workers - numbers["worker"]
        loading = np.column_stack([numbers["load_start"], numbers["load_end"], lanes])
        training = np.column_stack([numbers["train_start"], numbers["train_end"], 0 * lanes])
        boxes = np.concatenate([loading, training])
        pitch = min(70, HEIGHT / (workers + 1))
        self.boxes.put(box_shapes(boxes, scale, pitch))
        batch = np.tile(np.arange(len(lanes)), 2)
        self.boxes.set_facecolors(COLOURS[batch])
        dark = is_dark(pack(np.round(255 * COLOURS).astype(np.uint8)))[batch]
        for letters, chosen, ink in ((self.light, dark, "white"), (self.dark, ~dark, "black")):
            put_words(letters, [str(number + 1) for number in batch[chosen]], box_shapes(boxes[chosen], scale, pitch), 10, ink)
        idle = gaps(training)
        full = [gap for worker in range(workers) for gap in gaps(loading[numbers["worker"] == worker])]
        waits = np.array([*idle, *([] if alone else full)]).reshape(-1, 3)
        self.waits.put(box_shapes(waits, scale, pitch))
        texts = ["load" if alone else "idle"] * len(idle) + ["no room"] * (len(waits) - len(idle))
        put_words(self.words, texts, box_shapes(waits, scale, pitch), SMALL, INK)
        names = ["trainer", *("loading" if alone else f"worker {worker}" for worker in range(workers, 0, -1))]
        self.names.write(names, [(LEFT - 8, BOTTOM + pitch * (lane + 0.5)) for lane in range(workers + 1)], 10, align="right")
        shares = np.linspace(0, 1, 6)
        self.ticks.write(
            [f"{share * end:g}" for share in shares], [(LEFT + share * WIDTH, BOTTOM - 19) for share in shares], SMALL
        )
        top = BOTTOM + pitch * (workers + 1) + 2
        for line, moment in zip(self.ends, (plain, total), strict=True):
            line.set_data([LEFT + moment * scale] * 2, [BOTTOM - 8, top])
        self.ends[0].set_visible(not alone)
        note = f", measured {np.median(numbers['measured']):.0f}" if numbers["is measured"] else ""
        for letters, moment, text, y, size in (
            (self.end_labels[0], plain, "" if alone else f"one after the other: {plain:.0f} ms", top + 8, SMALL),
            (self.end_labels[1], total, f"end: {total:.0f} ms{note}", top + (8 if alone else 25), 10),
        ):
            x = min(LEFT + moment * scale, LEFT + WIDTH)
            letters.write([text], [(x, y)], size, align="right" if x > LEFT + 200 else "left")
        moments, waiting = steps_of(numbers["load_end"], numbers["train_start"])
        self.queue.set_data(np.array([0, *moments, total]) * scale, [0, *waiting, 0])
        self.room.set_data([0, WIDTH], [room, room])
        self.figures[0].set_text(f"{total:.0f} ms")
        self.figures[1].set_text(f"{100 * numbers['idle']:.1f} %")
        self.figures[2].set_text(f"{numbers['memory']}")
        self.figures[3].set_text(f"{numbers['bound']:.0f} ms")
        self.notes[0].set_text(f"{plain / total:.2f} {TIMES} as fast as a plain loop")
        self.notes[1].set_text(f"{total - len(lanes) * numbers['train']:.1f} ms in all")
        self.notes[2].set_text("loading, waiting, in training")
        self.notes[3].set_text("with so many workers")

    def describe(self, numbers):
        total, plain, workers, train, load = (numbers[key] for key in ("total", "plain", "workers", "train", "load"))
        batches = len(numbers["worker"])
        return "\n".join(
            [
                f"{batches} batches: `{total:.0f} ms`, one after the other {plain:.0f}. The trainer is idle "
                f"`{100 * numbers['idle']:.1f} %` of the time; at most {numbers['memory']} "
                f"batch{'es are' if numbers['memory'] > 1 else ' is'} in memory.",
                bottleneck(load, train, workers, numbers["prefetch"], numbers["jitter"]),
                lost(numbers),
                told(numbers),
            ]
        )


def bottleneck(load, train, workers, prefetch, jitter):
    """Return in words which side decides, and what would help."""
    if not places_for(workers, prefetch):
        return "A plain loop: while a batch is loaded nobody trains, and the other way round. Both times add up."
    pace, usual = load / workers, "" if jitter == NONE else "on average "
    each = f"{load} / {workers} = {pace:.1f}" if workers > 1 else f"{load}"
    if pace > train:
        return f"Loading decides: {usual}a batch every {each} ms, and {train} ms to train on it. More workers help."
    if pace == train:
        return f"Both sides are equally fast: {usual}a batch every {train} ms."
    more = "More workers cannot help." if jitter == NONE else "More workers help only where single batches are late."
    return f"Training decides: {train} ms for a batch, and {usual}a new one every {each} ms. {more}"


def lost(numbers):
    """Return in words how far the total is from what no pipeline can beat."""
    bound, over = numbers["bound"], numbers["total"] - numbers["bound"]
    if over < 0.05:
        first = numbers["load_end"][0]
        starts = bound - len(numbers["worker"]) * numbers["train"] - first > -0.05
        why = "once the first batch is there, the trainer never waits" if starts else "the workers never wait"
        return f"No pipeline with {in_words(numbers['workers'])} is faster than {bound:.0f} ms: {why}."
    why = ""
    if places_for(numbers["workers"], numbers["prefetch"]):
        why = " Unequal times cost this; more room for finished batches may win some back."
        if numbers["jitter"] == NONE:
            why = f" Batches come in groups of {numbers['workers']}, and the last group is trained on when nothing is loaded."
    return f"That is {over:.0f} ms more than the {bound:.0f} ms that no pipeline can beat.{why}"


def in_words(workers):
    """Return so many workers in words."""
    return f"{workers} worker{'s' * (workers > 1)}"


def told(numbers):
    """Return in words what was measured here, or at the nearest point where something was measured."""
    runs, predicted = numbers["measured"], numbers["predicted"]
    found = f"`{np.median(runs):.0f} ms` ({runs.min():.0f} to {runs.max():.0f} in {len(runs)} runs)"
    if numbers["is measured"]:
        return f"Measured with real threads: {found}; predicted: `{predicted:.0f} ms`."
    load, train, workers, prefetch = numbers["point"].tolist()
    return (
        f"Not measured here. The nearest measured point, load {load}, train {train}, {in_words(workers)}, prefetch {prefetch}, "
        f"{MOST_BATCHES} batches, no jitter: {found}; predicted there: {predicted:.0f} ms."
    )


def gaps(boxes):
    """Return the times between boxes of one lane and before the first, (gaps, 3): from when, to when, the lane."""
    found, last = [], 0.0
    for start, end, lane in boxes:
        if start - last > 1e-6:
            found.append((last, start, lane))
        last = end
    return found


def box_shapes(boxes, scale, pitch):
    """Return the corners in pixels, (boxes, 4, 2), of boxes (boxes, 3): from when, to when, lane. Lanes are `pitch` apart."""
    x, y = LEFT + boxes[:, :2] * scale, BOTTOM + pitch * boxes[:, 2:] + [GAP / 2, pitch - GAP / 2]
    return np.stack([x[:, [0, 1, 1, 0]], y[:, [0, 0, 1, 1]]], axis=-1)


def put_words(letters, words, shapes, size, ink):
    """Write a word into the middle of each box, (boxes, 4, 2) in pixels, that is wide enough."""
    room, middles = np.ptp(shapes[..., 0], axis=1), shapes.mean(axis=1)
    fits = [place for place, word in enumerate(words) if text_width(word) * size * DPI / 72 + 3 <= room[place]]
    letters.write([words[place] for place in fits], middles[fits], size, (ink,))


# The memory that loading takes.


MARKERS = ("o", "s", "^", "D", "X", "v", "P")
STYLES = ("-", (0, (6, 2)), (0, (2, 1.5)), "-.", (0, (4, 2)), (0, (4, 1, 1, 1)), ":")
SHADES = (INK, "#8F4A7F", "#9A6A00", BLUE, "#2b4f9e", GREEN, "#5a5a5a")
KINDS = {"RLIMIT_AS": "all addresses", "RLIMIT_DATA": "its own memory"}
HIGHEST = 1600  # megabytes on the axis


@lru_cache
def memory():
    """Return what was measured, in MB: "sizes" (sizes,), "ways" (ways,); the rest over the runs, "peak" (runs, ways, sizes)."""
    runs = list(load_recorded("generators_memory").values())
    found = {key: runs[0][key] for key in ("sizes", "ways")}
    found |= {key: np.array([run[key] for run in runs]) for key in runs[0] if key not in found}
    return found


def explore_memory():
    """Choose a size of the data and a way to load them: the peak of memory that was measured."""
    return Memory()


class Memory(Explorer):
    title = "Adding up an array on disk: how much memory each way of loading takes."
    size = (960, 420)
    lines = 6

    def make_controls(self):
        sizes, ways = memory()["sizes"].tolist(), memory()["ways"].tolist()
        return {
            "size": choice("Data (MB)", sizes[-1], sizes, "How large the array on disk is, in millions of bytes"),
            "way": choice("Way", "load it all", ways, "How the array comes into memory"),
            "limit": slider("Limit (MB)", 400, 50, HIGHEST, "A line in the picture: the memory that you have", 10),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        found = memory()
        sizes, peaks = found["sizes"], found["peak"].mean(axis=0)
        chart = chart_axes(figure, 70, 56, 400, 322, xlim=(0, 1.05 * sizes[-1]), ylim=(0, HIGHEST + 20), xticks=sizes)
        chart.set(xlabel="size of the data (MB)", yticks=range(0, HIGHEST + 1, 200))
        chart.grid(axis="y")
        caption(figure, 270, 400, "peak of memory (MB), measured", 10.5)
        self.drawn, self.legend = [], []
        small = chart_axes(figure, 500, 0, 460, 420, xlim=(0, 460), ylim=(0, 420), facecolor="none")
        small.axis("off")
        self.rows = [316 - 31 * place for place in range(len(peaks))]
        for place, peak in enumerate(peaks):
            look = {"color": SHADES[place], "linestyle": STYLES[place], "marker": MARKERS[place], "markersize": 5}
            chart.plot(sizes, peak, linewidth=1.1, **look)
            small.plot([4, 20, 36], [self.rows[place]] * 3, linewidth=1.1, markevery=[1], **look)
        for x, text in ((546, "way"), (748, "peak (MB)"), (846, "grows by"), (946, "limit")):
            caption(figure, x, 366, text, 10, ha="left" if x == 546 else "right")
        caption(figure, 846, 348, f"{sizes[0]} to {sizes[-1]} MB", 9, ha="right")
        caption(figure, 500, 96, f"A Python that only imports NumPy: {found['empty'].mean():.0f} MB.", 10, ha="left")
        self.own_note = Label(figure, 500, 74, 10)
        self.limit_label = Label(figure, 500, 52, 10, ORANGE)
        line = {"animated": True}
        self.limit = chart.plot([], [], color=ORANGE, linewidth=1.8, linestyle=(0, (5, 2)), **line)[0]
        self.column = chart.plot([], [], color="#9a9a9a", linewidth=1, linestyle="-", **line)[0]
        self.chosen = [
            chart.plot([], [], color=SHADES[place], linewidth=3.4, linestyle="-", marker=mark, markersize=9, **line)[0]
            for place, mark in enumerate(MARKERS)
        ]
        self.own = chart.plot([], [], color=BLUE, linewidth=1.6, linestyle=":", marker="o", markersize=7, mfc="white", **line)[
            0
        ]
        self.here = chart.plot([], [], "o", markersize=17, mfc="none", color=ORANGE, mew=2.2, **line)[0]
        self.names, self.bold = Lettering(figure), Lettering(figure, "bold")
        shown = [self.column, self.limit, self.own, *self.chosen, self.here, self.names, self.bold]
        return [*shown, self.own_note, self.limit_label]

    def compute(self, size, way, limit):
        found = memory()
        place, column = found["ways"].tolist().index(way), found["sizes"].tolist().index(size)
        return {
            **{"size": size, "way": way, "limit": limit, "place": place, "column": column},
            **{"peaks": found["peak"].mean(axis=0), "own": found["own"].mean(axis=0)[place]},
            **{"runs": found["peak"][:, place, column], "empty": float(found["empty"].mean())},
        }

    def paint(self, numbers):
        peaks, place, column = numbers["peaks"], numbers["place"], numbers["column"]
        sizes, ways = memory()["sizes"], memory()["ways"]
        for each, line in enumerate(self.chosen):
            line.set_data(*(sizes, peaks[each]) if each == place else ([], []))
        self.here.set_data([sizes[column]], [peaks[place, column]])
        self.column.set_data([sizes[column]] * 2, [0, HIGHEST])
        self.limit.set_data([0, 1.05 * sizes[-1]], [numbers["limit"]] * 2)
        mapped = ways[place] == "memory map"
        self.own.set_data(*(sizes, numbers["own"]) if mapped else ([], []))
        for letters, rows in ((self.bold, [place]), (self.names, [each for each in range(len(ways)) if each != place])):
            texts, spots = [], []
            for row in rows:
                over = peaks[row, column] > numbers["limit"]
                cells = (
                    f"{peaks[row, column]:.0f}",
                    f"{round(peaks[row, -1] - peaks[row, 0]) + 0:d}",
                    "over" if over else "under",
                )
                for x, text in zip((546, 748, 846, 946), (ways[row], *cells), strict=True):
                    texts.append(text)
                    width = 0 if x == 546 else text_width(text, letters.weight) * 10 * DPI / 72
                    spots.append((x - width, self.rows[row]))
            letters.write(texts, spots, 10, align="left")
        own = f"Hollow dots: without the pages of the file, {numbers['own'][column]:.0f} MB."
        self.own_note.set_text(own if mapped else "")
        self.limit_label.set_text(f"dashes: limit {numbers['limit']} MB")

    def describe(self, numbers):
        found, place, column = memory(), numbers["place"], numbers["column"]
        sizes, runs, peaks = found["sizes"], numbers["runs"], numbers["peaks"][place]
        above, growth = runs.mean() - numbers["empty"], peaks[-1] - peaks[0]
        over = "Over" if runs.mean() > numbers["limit"] else "Under"
        lines = [
            f"{numbers['way']}, {numbers['size']} MB of data: a peak of `{runs.mean():.1f} MB` ({runs.min():.1f} to "
            f"{runs.max():.1f} in {len(runs)} runs), {above:.1f} more than a Python that only imports NumPy.",
            f"While the data grow {sizes[-1] / sizes[0]:g} {TIMES}, from {sizes[0]} to {sizes[-1]} MB, this peak goes from "
            f"{peaks[0]:.1f} to {peaks[-1]:.1f} MB: `{abs(growth):.1f} MB` {'more' if growth > 0 else 'less'}.",
            WHY[numbers["way"]].format(own=numbers["own"][column]),
            f"{over} the line of {numbers['limit']} MB. {tried(place, column)}",
        ]
        return "\n".join(lines)


WHY = {
    "load it all": "The whole array is in memory at once.",
    "all, as float64": "Twice as many bytes for each number, and the array as it was is still there while it is copied.",
    "list of all batches": "A generator that is turned into a list is no generator any more: all batches are kept.",
    "memory map": "The system shows the file as memory. Pages that were read count in the peak; without them: {own:.1f} MB.",
    "map, pages dropped": "A memory map whose pages are given back after each chunk (`madvise`): the file still has them.",
    "chunks of 10 MB": "A chunk is dropped when the next one has been read: there are two of them for a moment.",
    "chunks of 1 MB": "Only the chunks matter, not the file: the one that is used and the next one.",
}


def tried(place, column):
    """Return in words what happened under real limits: whether this way finished in all runs, or in none."""
    found, parts = memory(), []
    for kind, what in KINDS.items():
        if kind in found:
            finished = found[f"{kind} finished"][:, place, column]
            ended = "finished" if finished.all() else "MemoryError" if not finished.any() else "finished in some runs only"
            parts.append(f"{what} at most {found[kind].mean():.0f} MB (`{kind}`): {ended}")
    return f"Tried with real limits: {'; '.join(parts)}." if parts else ""
