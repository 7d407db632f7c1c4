"""Chunks, shuffle buffer and batches: which examples of a file are in memory when, and what sorted data do to the batches."""

from functools import lru_cache

import numpy as np

from helpers.datasets import load_mnist, load_recorded, mnist_split
from helpers.explorers.controls import check_box, choice, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.play import WithPlay
from helpers.plots.figure import BLUE, GREEN, INK, ORANGE, caption, chart_axes, picture_axes
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import Frame, NumberGrid, box_corners, marks
from helpers.plots.pixels import Pixels, named_colour, pack
from helpers.scratch.generators import batched, chunks, shuffled

SIDE, CLASSES = 28, 10  # pixels of a digit; kinds of digits

# Chunks.

EXAMPLES, WIDEST, LARGEST_CHUNK, LARGEST_BUFFER, LARGEST_BATCH = 60, 30, 20, 40, 16
SORTED, MIXED = "sorted by class", "mixed"
ON_DISK, IN_CHUNK, IN_BUFFER, IN_BATCH, USED, LEFT_OUT, PASSED_ON = range(7)
STATES = ("on disk", "in the chunk", "in the buffer", "in this batch", "used", "left out")  # of an example in the file
CELL = 22  # of the table of labels, in pixels


@lru_cache
def sixty_digits():
    """Return pictures (60, 28, 28) and classes (60,): six of each digit, sorted by class."""
    x, y = load_mnist()
    places = np.concatenate([np.flatnonzero(y == digit)[: EXAMPLES // CLASSES] for digit in range(CLASSES)])
    return x[places], y[places]


@lru_cache
def file_of(order, examples):
    """Return which of the sixty digits lie in the file, (examples,), in the order of the file."""
    if order == SORTED:
        # As evenly over the classes as the number allows.
        return np.sort(np.arange(EXAMPLES).reshape(CLASSES, -1).T.ravel()[:examples])
    return np.random.default_rng(0).permutation(file_of(SORTED, examples))


@lru_cache
def tiles():
    """Return every digit in every state as packed colours, (7, 60, 28, 28)."""
    inks = np.round(255 * (1 - sixty_digits()[0]))[..., None].repeat(3, axis=3)
    row, column = np.mgrid[:SIDE, :SIDE]
    rim = np.minimum(np.minimum(row, column), np.minimum(SIDE - 1 - row, SIDE - 1 - column))  # 0 at the edge
    frames = {
        ON_DISK: (rim == 0, "#c0c0c0"),
        IN_CHUNK: ((rim == 1) | (rim == 2), BLUE),
        IN_BUFFER: (((rim == 1) | (rim == 2)) & ((row + column) // 4 % 2 == 0), GREEN),  # dashes
        IN_BATCH: ((rim >= 1) & (rim <= 4), ORANGE),
        USED: ((abs(row + column - SIDE + 1) <= 0) | (rim == 0), "#a0a0a0"),  # one stroke
        LEFT_OUT: ((abs(row + column - SIDE + 1) <= 1) | (abs(row - column) <= 1), INK),  # a cross
        PASSED_ON: (rim == 0, "#c0c0c0"),
    }
    found = np.empty((len(frames), EXAMPLES, SIDE, SIDE), np.uint32)
    for state, (frame, colour) in frames.items():
        faded = 255 - 0.3 * (255 - inks) if state in (USED, PASSED_ON) else inks
        found[state] = pack(faded.astype(np.uint8))
        found[state][:, frame] = named_colour(colour)
    return found


@lru_cache(maxsize=64)
def walk(order, examples, chunk, buffer, batch_size, seed):
    """Return what is where at the moment when each batch is handed out: a list of dicts, one for each batch.

    "batch": places in the file; "read": how many examples have left the disk; "passed": how many of these have left their
    chunk; "chunk": how many the chunk in memory holds, 0 once the file is at its end and the last chunk is let go.
    """
    now = {"read": 0, "passed": 0, "chunk": 0}
    classes = sixty_digits()[1][file_of(order, examples)]

    def one_by_one():
        for piece in chunks(np.arange(examples), chunk):
            now["read"], now["chunk"] = now["read"] + len(piece), len(piece)
            for place in piece:
                now["passed"] += 1
                yield place, classes[place]
        now["chunk"] = 0

    stream = shuffled(one_by_one(), buffer, np.random.default_rng(seed))
    return [{"batch": places, **now} for places, _ in batched(stream, batch_size)]


def explore_chunks():
    """Walk through the batches of a small file: what is on disk, in the chunk, in the shuffle buffer, in the batch."""
    return Chunks()


class Chunks(WithPlay):
    title = "From the file to the batch: where each example is, and which labels meet in a batch."
    size = (960, 592)
    lines = 5

    def make_controls(self):
        return {
            "examples": slider("Examples", 60, 20, EXAMPLES, "How many digits lie in the file"),
            "chunk": slider("Chunk", 10, 4, LARGEST_CHUNK, "How many examples are read from disk at once"),
            "buffer": slider("Buffer", 12, 1, LARGEST_BUFFER, "From how many examples the next one is drawn; 1: no shuffling"),
            "batch_size": slider("Batch size", 8, 2, LARGEST_BATCH, "How many examples the network gets at once"),
            "order": choice("File", SORTED, (SORTED, MIXED), "In which order the digits lie in the file"),
            "seed": slider("Seed", 0, 0, 20, "Other draws from the buffer"),
            "drop_last": check_box("Drop last", False, "Leave out the last batch if it is smaller", indent=True),
            "step": slider("Step", 3, 0, WIDEST, "How many batches have been handed out; it stays at the last one"),
        }

    def arrange(self, controls):
        *settings, step = controls.values()
        return [rows_of(settings, 3), step, self.play_button("step", 700, "Watch the batches go by")]

    def relevant(self, examples, buffer, batch_size, **values):
        names = {"examples", "buffer", "batch_size", *values}
        return names - ({"seed"} if buffer == 1 else set()) - (set() if examples % batch_size else {"drop_last"})

    def stage(self, figure):
        def lane(name, bottom, rows, columns):
            caption(figure, 86, bottom + rows * SIDE / 2, name, 10.5, ha="right")
            return Pixels(picture_axes(figure, 96, bottom, columns * SIDE, rows * SIDE))

        self.lanes = {
            "file": lane("file", 528, 2, WIDEST),
            "chunk": lane("chunk", 452, 1, LARGEST_CHUNK),
            "buffer": lane("buffer", 382, 2, LARGEST_BUFFER // 2),
            "batch": lane("batch", 340, 1, LARGEST_BATCH),
        }
        self.legend = []
        for state, name in enumerate(STATES):
            sample = Pixels(picture_axes(figure, 96 + 140 * state, 490, SIDE, SIDE))
            sample.show(tiles()[state, 14])
            caption(figure, 96 + 140 * state + 36, 504, name, 10, ha="left")
            self.legend.append(sample)
        self.counts = [Label(figure, 672, y, 10.5) for y in (466, 410, 354)]
        bottom, height = 62, CELL * CLASSES
        self.table = NumberGrid(picture_axes(figure, 96, bottom, CELL * WIDEST, height), "Blues", 0, LARGEST_BATCH, "{:.0f}")
        ends = {"xlim": (-0.5, WIDEST - 0.5), "ylim": (CLASSES - 0.5, -0.5), "facecolor": "none"}
        cells = chart_axes(figure, 96, bottom, CELL * WIDEST, height, **ends)
        cells.axis("off")
        self.current, self.smaller = Frame(cells, ORANGE, 3), Frame(cells, INK, 2, (0, (4, 2)))
        for digit in range(CLASSES):
            caption(figure, 86, bottom + height - CELL * (digit + 0.5), str(digit), 10, ha="right")
        for y, name in ((48, "examples"), (28, "classes")):
            caption(figure, 86, y, name, 10, ha="right")
        for number in range(WIDEST):
            caption(figure, 96 + CELL * (number + 0.5), bottom + height + 10, str(number + 1), 9)
        caption(figure, 86, bottom + height + 10, "batch", 10, ha="right")
        caption(
            figure,
            96,
            bottom + height + 32,
            "labels of all batches so far (dashes: a smaller one)",
            10,
            ha="left",
        )
        self.sums = Lettering(figure)
        chart = chart_axes(figure, 806, bottom, 140, height, xlim=(0, WIDEST + 1), ylim=(0, 80), facecolor="none")
        chart.set(xlabel="batch", xticks=[1, 10, 20, 30], yticks=range(0, 81, 20))
        chart.grid(axis="y")
        caption(figure, 866, bottom + height + 32, "examples in memory", 10)
        caption(figure, 866, bottom + height + 10, "dashes: the whole file", 9.5)
        self.memory = chart.plot([], [], color=BLUE, marker="o", markersize=3, linewidth=1.4, animated=True)[0]
        self.whole = chart.plot([], [], color=INK, linestyle=(0, (5, 2)), linewidth=1.4, animated=True)[0]
        self.here = marks(chart, "D", ORANGE, 8)
        shown = [*self.lanes.values(), *self.legend, self.table, self.current, self.smaller, self.sums, *self.counts]
        return [*shown, self.whole, self.memory, self.here]

    def compute(self, examples, chunk, buffer, batch_size, order, seed, drop_last, step):
        moments, digits = walk(order, examples, chunk, buffer, batch_size, seed), file_of(order, examples)
        smaller = len(moments[-1]["batch"]) < batch_size
        left_out = moments[-1]["batch"] if smaller and drop_last else np.empty(0, int)
        moments = moments[:-1] if len(left_out) else moments
        step = min(step, len(moments))
        states, (waiting, piece, held) = np.full(examples, ON_DISK), [np.arange(0)] * 3
        if step:
            now = moments[step - 1]
            used = np.concatenate([each["batch"] for each in moments[:step]])
            piece = np.arange(now["read"] - now["chunk"], now["read"])
            waiting = np.arange(now["passed"], now["read"])
            held = np.setdiff1d(np.arange(now["passed"]), used)
            states[held], states[waiting], states[used], states[now["batch"]] = IN_BUFFER, IN_CHUNK, USED, IN_BATCH
            if step == len(moments):
                states[left_out] = LEFT_OUT
        table = np.array(
            [np.bincount(sixty_digits()[1][digits[each["batch"]]], minlength=CLASSES) for each in moments[:step]], int
        ).reshape(step, CLASSES)
        passed = np.array([each["passed"] for each in moments])
        given = np.cumsum([len(each["batch"]) for each in moments])
        sizes = np.array([len(each["batch"]) for each in moments])
        return {
            **{"digits": digits, "states": states, "chunk": piece, "waiting": waiting, "buffer": held, "step": step},
            **{"batch": moments[step - 1]["batch"] if step else np.arange(0), "table": table, "sizes": sizes},
            # What was passed on counts in the chunk and in the buffer: it is in memory twice.
            "memory": np.array([each["chunk"] for each in moments]) + passed - given + sizes,
            **{
                "unread": examples - (moments[step - 1]["read"] if step else 0),
                "left out": len(left_out),
                "smaller": smaller and not drop_last,
                "asked": batch_size,
            },
        }

    def paint(self, numbers):
        digits, states, step, sizes = numbers["digits"], numbers["states"], numbers["step"], numbers["sizes"]
        waits = np.isin(numbers["chunk"], numbers["waiting"])
        shown = {
            "file": (digits, states, 2, WIDEST),
            # What has passed into the buffer is pale: the chunk keeps it until the next one is read.
            "chunk": (digits[numbers["chunk"]], np.where(waits, IN_CHUNK, PASSED_ON), 1, LARGEST_CHUNK),
            "buffer": (digits[numbers["buffer"]], np.full(len(numbers["buffer"]), IN_BUFFER), 2, LARGEST_BUFFER // 2),
            "batch": (digits[numbers["batch"]], np.full(len(numbers["batch"]), IN_BATCH), 1, LARGEST_BATCH),
        }
        for name, (which, state, rows, columns) in shown.items():
            self.lanes[name].show(laid_out(tiles()[state, which], rows, columns))
        memory = numbers["memory"]
        parts = [len(numbers[name]) for name in ("chunk", "buffer", "batch")]
        passed = parts[0] - len(numbers["waiting"])
        self.counts[0].set_text(f"chunk: {parts[0]}" + (f" (pale: {passed} passed on)" if passed else ""))
        self.counts[1].set_text(f"buffer: + {parts[1]}")
        self.counts[2].set_text(f"batch: + {parts[2]} = {sum(parts)} in memory (file: {len(states)})")
        table = np.full((CLASSES, WIDEST), np.nan)
        table[:, :step] = np.where(numbers["table"] > 0, numbers["table"], np.nan).T
        self.table.set(table)
        self.current.put(box_corners(0, step - 1, CLASSES - 1, step - 1) if step else [])
        last = len(sizes) - 1
        self.smaller.put(box_corners(0, last, CLASSES - 1, last) if numbers["smaller"] and step == len(sizes) else [])
        x = 96 + CELL * (np.arange(step) + 0.5)
        kinds = (numbers["table"] > 0).sum(axis=1)
        self.sums.write(
            [*map(str, sizes[:step]), *map(str, kinds)], [*((each, 48) for each in x), *((each, 28) for each in x)], 9.5
        )
        self.memory.set_data(np.arange(1, len(memory) + 1), memory)
        self.whole.set_data([0, WIDEST + 1], [len(states)] * 2)
        self.here.set_data([step] if step else [], memory[step - 1 : step] if step else [])

    def describe(self, numbers):
        step, sizes, memory, states = numbers["step"], numbers["sizes"], numbers["memory"], numbers["states"]
        parts = [len(numbers[name]) for name in ("chunk", "buffer", "batch")]
        everything = len(states)
        if step:
            kinds = int((numbers["table"][-1] > 0).sum())
            here = f"{plural(len(numbers['batch']), 'example')} of `{kinds}` different {'class' if kinds == 1 else 'classes'}"
            first = f"Batch {step} of {len(sizes)}: {here}."
            where = (
                f"In memory now: chunk {parts[0]} + buffer {parts[1]} + batch {parts[2]} = `{sum(parts)}` examples; "
                f"in this pass at most {memory.max()}. The whole file has {everything}."
            )
        else:
            first = f"Nothing is read yet: all {everything} examples are on disk. There will be {len(sizes)} batches."
            where = f"In memory now: `0` examples; in this pass at most {memory.max()}. The whole file has {everything}."
        too_much = " So chunks save no memory here." if memory.max() >= everything else ""
        if numbers["left out"]:
            end = f"the last has {sizes[-1]}; {plural(numbers['left out'], 'example')} left out, too few for one more."
        elif numbers["smaller"]:
            end = f"the last has {sizes[-1]} instead of {numbers['asked']}."
        else:
            end = f"the last has {sizes[-1]}, as all others."
        counts = np.bincount(states, minlength=len(STATES))
        done = counts[USED] + counts[IN_BATCH]
        return "\n".join(
            [
                first,
                where + too_much,
                f"In all {plural(len(sizes), 'batch')}: {end}",
                f"On disk, not yet read: {numbers['unread']}. Handed out so far: {done}.",
            ]
        )


def laid_out(pictures, rows, columns):
    """Return packed tiles (count, 28, 28) side by side in so many rows and columns; places without a tile are white."""
    sheet = np.full((rows * columns, SIDE, SIDE), named_colour("white"), np.uint32)
    sheet[: len(pictures)] = pictures
    return sheet.reshape(rows, columns, SIDE, SIDE).swapaxes(1, 2).reshape(rows * SIDE, columns * SIDE)


def plural(count, name):
    """Return a number and a name, with an s or es at its end unless the number is 1."""
    return f"{count} {name}" + ("" if count == 1 else "es" if name.endswith(("ch", "s")) else "s")


# The shuffle buffer.

BUFFERS, BATCH_SIZES, PASSES = (1, 10, 100, 350, 1000, 3500), (16, 32, 64), 3
CONTROL, REMEDY = "mixed once, buffer 1", "pieces in random order, buffer 350"
WAYS = (*(f"buffer {size}" for size in BUFFERS), CONTROL, REMEDY)
BIN = 20  # examples that share a cell of the picture, along both sides


@lru_cache
def sorted_digits():
    """Return the file of the recording with seed 0: 3,500 digits (3500, 28, 28), sorted by class, and their classes."""
    x, y, *_ = mnist_split(0)
    x, y = x[: BUFFERS[-1]], y[: BUFFERS[-1]]
    order = np.argsort(y, kind="stable")
    return x[order], y[order]


@lru_cache(maxsize=64)
def stream(buffer, seed):
    """Return the places in the file in the order in which the shuffle buffer hands them out, (3500,)."""
    places = range(len(sorted_digits()[1]))
    return np.fromiter(shuffled(places, buffer, np.random.default_rng(seed)), int)


def classes_of_batches(places, batch_size):
    """Return how many different classes each batch of one pass holds, (batches,); `places` in the file, in their order."""
    labels = sorted_digits()[1][places]
    number = np.arange(len(labels)) // batch_size
    seen = np.zeros((number[-1] + 1, CLASSES), bool)
    seen[number, labels] = True
    return seen.sum(axis=1)


@lru_cache
def trained():
    """Return the recorded shares of new digits that are right, and the rates with which the networks were trained.

    Three dicts: way -> at one rate for all, (seeds, passes); way -> at the rate that was best on validation digits, the same
    shape; way -> these best rates, (seeds,), chosen after the last pass. And a dict of settings: "rates", "fixed rate",
    "piece" and "batch size".
    """
    runs = list(load_recorded("generators_buffer").values())
    settings = {name: runs[0][name].tolist() for name in ("rates", "fixed rate", "piece", "batch size")}
    rates, fixed = settings["rates"], settings["fixed rate"]
    same, best, chosen = {}, {}, {}
    for way in WAYS:
        places = [int(run[f"{way}: chosen"]) for run in runs]
        same[way] = np.array([run[f"{way}: test"][rates.index(fixed)] for run in runs])
        best[way] = np.array([run[f"{way}: test"][place] for run, place in zip(runs, places, strict=True)])
        chosen[way] = np.array([rates[place] for place in places])
    return same, best, chosen, settings


def explore_shuffle_buffer():
    """Stream a file that is sorted by class through a shuffle buffer: what the batches hold, and what a network learns."""
    return ShuffleBuffer()


class ShuffleBuffer(Explorer):
    title = "A file sorted by class meets a shuffle buffer: 3,500 digits, one pass."
    size = (960, 632)
    lines = 6

    def make_controls(self):
        mixed = "From how many examples the next one is drawn; 1: the order of the file, 3500: a full shuffle"
        return {
            "buffer": choice("Buffer", 100, BUFFERS, mixed),
            "batch_size": choice("Batch size", 32, BATCH_SIZES, "How many examples the network gets at once"),
            "seed": slider("Seed", 0, 0, 20, "Other draws from the buffer"),
            "percent": slider("Batch at %", 50, 0, 100, "Which batch is looked at: how much of the pass lies before it"),
            "passes": slider("Passes", 3, 1, PASSES, "After how many passes the recorded networks are judged"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        total = len(sorted_digits()[1])
        self.batch = Pixels(picture_axes(figure, 56, 458, 13 * SIDE, 5 * SIDE))
        self.about = Label(figure, 238, 614, 11, align="center")
        side = 2 * total // BIN
        self.cloud = Pixels(picture_axes(figure, 62, 60, side, side), "Blues", 0, 4)
        ends = {"xlim": (0, total), "ylim": (0, total), "facecolor": "none"}
        plane = chart_axes(figure, 62, 60, side, side, **ends)
        middles = [np.flatnonzero(sorted_digits()[1] == digit).mean() for digit in range(CLASSES)]
        plane.set_yticks(middles, range(CLASSES))
        plane.set(xlabel="place in the stream", xticks=range(0, total + 1, 500), ylabel="place in the file: class")
        caption(figure, 62 + side / 2, 424, "where each example of the file turns up", 10.5)
        caption(figure, 62 + side / 2, 442, "orange: the batch above", 10)
        self.points = marks(plane, "D", ORANGE, 4)
        bars = chart_axes(figure, 500, 362, 150, 212, xlim=(-0.6, 9.6), ylim=(0, 1.02), xticks=range(CLASSES), facecolor="none")
        bars.set(xlabel="class", yticks=[0, 0.5, 1])
        bars.set_yticklabels(["0", "half", "all"])
        caption(figure, 575, 592, "classes in this batch", 10.5)
        # One thick line with gaps is drawn much faster than ten rectangles.
        thick = {"linestyle": "-", "linewidth": 8.5, "solid_capstyle": "butt", "animated": True}
        self.bars = bars.plot([], [], color=ORANGE, **thick)[0]
        line = chart_axes(figure, 706, 362, 236, 212, xlim=(0, 100), ylim=(0, 10.5), facecolor="none")
        line.set(xlabel="% of the pass", yticks=[1, 5, 10])
        line.grid(axis="y")
        caption(figure, 824, 614, "different classes in each batch", 10.5)
        caption(figure, 824, 594, "grey dashes: after a full shuffle", 10)
        self.full = line.plot([], [], color="#6b6b6b", linestyle=(0, (4, 2)), linewidth=1, animated=True)[0]
        self.line = line.plot([], [], color=BLUE, linestyle="-", linewidth=1.6, animated=True)[0]
        self.now = marks(line, "D", ORANGE, 8)
        chart = chart_axes(figure, 500, 84, 442, 176, xlim=(-0.5, len(WAYS) - 0.5), ylim=(0, 1), facecolor="none")
        names = [*map(str, BUFFERS), "mixed,\n1", "pieces,\n350"]
        chart.set_xticks(range(len(WAYS)), names)
        chart.set(yticks=[0, 0.25, 0.5, 0.75, 1])
        chart.grid(axis="y")
        settings = trained()[3]
        chart.set_xlabel(f"buffer (mixed: the file before; pieces of {settings['piece']}: read in random order)")
        caption(figure, 721, 292, "recorded: share of 1,000 new digits that is right, three seeds", 10.5)
        caption(
            figure,
            721,
            274,
            f"orange squares: rate {settings['fixed rate']:g}; blue dots: best rate of four on validation digits",
            9.5,
        )
        self.shares = [marks(chart, "s", ORANGE, 5), marks(chart, "o", BLUE, 6)]
        self.frame = Frame(chart, INK, 2)
        shown = [self.batch, self.cloud, self.points, self.bars, self.full, self.line, self.now, self.frame, *self.shares]
        return [*shown, self.about]

    def compute(self, buffer, batch_size, seed, percent, passes):
        labels, places = sorted_digits()[1], stream(buffer, seed)
        kinds = classes_of_batches(places, batch_size)
        full = np.random.default_rng(seed).permutation(len(places))
        number = round(percent / 100 * (len(kinds) - 1))
        start = number * batch_size
        early = places - np.arange(len(places))  # how many places before its place in the file an example turns up
        same, best, chosen, _ = trained()
        way = f"buffer {buffer}"
        return {
            **{"places": places, "kinds": kinds, "full": classes_of_batches(full, batch_size), "number": number},
            **{"batch": places[start : start + batch_size], "start": start, "early": int(early.max())},
            **{"counts": np.bincount(labels[places[start : start + batch_size]], minlength=CLASSES)},
            **{"moved": float(np.median(np.abs(early))), "buffer": buffer, "passes": passes},
            **{"same": np.array([same[each][:, passes - 1] for each in WAYS])},  # (ways, seeds)
            **{"best": np.array([best[each][:, passes - 1] for each in WAYS]), "rates": chosen[way]},
        }

    def paint(self, numbers):
        places, batch, counts, kinds = (numbers[name] for name in ("places", "batch", "counts", "kinds"))
        total = len(places)
        pictures = pack(np.round(255 * (1 - sorted_digits()[0][batch]))[..., None].repeat(3, axis=3).astype(np.uint8))
        self.batch.show(laid_out(pictures, 5, 13))
        cells = total // BIN
        # Rows are counted downwards, places in the file upwards.
        where = (cells - 1 - places // BIN) * cells + np.arange(total) // BIN
        cloud = np.bincount(where, minlength=cells * cells).reshape(cells, cells).astype(float)
        borders = cells - 1 - np.flatnonzero(np.diff(sorted_digits()[1])) // BIN
        cloud[borders] = np.maximum(cloud[borders], 0.5)
        self.cloud.set(cloud)
        self.points.set_data(numbers["start"] + np.arange(len(batch)), batch)
        heights = np.stack([np.zeros(CLASSES), counts / len(batch), np.full(CLASSES, np.nan)], axis=1)
        self.bars.set_data(np.repeat(np.arange(CLASSES), 3), heights.ravel())
        across = 100 * np.arange(len(kinds)) / (len(kinds) - 1)
        self.full.set_data(across, numbers["full"])
        self.line.set_data(across, kinds)
        self.now.set_data([across[numbers["number"]]], [kinds[numbers["number"]]])
        steps = np.arange(len(WAYS))[:, None]
        for dots, shares, shift in zip(self.shares, (numbers["same"], numbers["best"]), (-0.18, 0.18), strict=True):
            beside = steps + shift + 0.09 * np.arange(-1, 2)  # so that no seed hides another
            dots.set_data(beside.ravel(), shares.ravel())
        column = BUFFERS.index(numbers["buffer"])
        self.frame.put(np.array([[(column - 0.44, 0), (column + 0.44, 0), (column + 0.44, 0.99), (column - 0.44, 0.99)]]))
        kind = plural(int((counts > 0).sum()), "class")
        self.about.set_text(f"batch {numbers['number'] + 1} of {len(kinds)}: {len(batch)} digits of {kind}")

    def describe(self, numbers):
        counts, kinds, buffer = numbers["counts"], numbers["kinds"], numbers["buffer"]
        total, size, column = len(numbers["places"]), len(numbers["batch"]), BUFFERS.index(buffer)
        present = int((counts > 0).sum())
        settings = trained()[3]
        control, remedy = (listed(numbers["best"][WAYS.index(way)]) for way in (CONTROL, REMEDY))
        chosen = ", ".join(f"{rate:g}" for rate in numbers["rates"])
        tried = ", ".join(f"{rate:g}" for rate in settings["rates"])
        half = f"{numbers['moved']:.0f}"
        return "\n".join(
            [
                f"A buffer of {buffer} holds {100 * buffer / total:.3g}% of the file. Batch {numbers['number'] + 1} of "
                f"{len(kinds)}: `{present}` different {'class' if present == 1 else 'classes'}; "
                f"most often the {counts.argmax()}, {counts.max()} of {size}.",
                f"Mean over the pass: `{kinds.mean():.1f}` classes in a batch; after a full shuffle "
                f"{numbers['full'].mean():.1f}. No example comes more than {numbers['early']} places early; "
                f"half of them move by at most {half}.",
                f"Recorded, batches of {settings['batch size']}, {plural(numbers['passes'], 'pass')}: "
                f"`{listed(numbers['same'][column])}` right at rate {settings['fixed rate']:g}; "
                f"`{listed(numbers['best'][column])}` at the best of {tried} ({chosen}).",
                f"At their best rates: the file mixed once before, buffer 1: {control}; pieces in random order: {remedy}.",
            ]
        )


def listed(shares):
    """Return shares with two digits after the point, one for each seed."""
    return ", ".join(f"{share:.2f}" for share in shares)
