"""What an epoch is: batches, updates, and how often each example of a small training set has been seen."""

from functools import lru_cache

import numpy as np

from helpers.datasets import load_digits
from helpers.explorers.controls import check_box, rows_of, slider
from helpers.explorers.explorer import Impossible
from helpers.explorers.play import WithPlay
from helpers.explorers.signs import TIMES
from helpers.plots.figure import BLUE, DPI, GREEN, INK, ORANGE, caption, chart_axes, picture_axes
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import marks
from helpers.plots.pixels import Pixels, named_colour, pack
from helpers.scratch.generators import batches

EXAMPLES, EPOCHS = 60, 5  # the most of both
NOT_YET, IN_BATCH, SEEN, LEFT_OUT = range(4)
STATES = ("not yet in this epoch", "in this batch", "seen in this epoch", "left out of this epoch")
COLUMNS, ROWS, SIDE, WIDTH, HEIGHT = 15, 4, 40, 62, 46  # of the training set; a tile, and the room for it, in pixels
LEFT, BOTTOM = 15, 214  # of the training set, in pixels
CHART = (62, 52, 560, 110)  # left, bottom, width and height of the chart, in pixels
WIDEST = 20  # of a bar, in points


@lru_cache
def sixty_digits():
    """Return pictures (60, 8, 8), from 0 (paper) to 1 (ink): the first of the small digits."""
    return load_digits()[0][:EXAMPLES]


@lru_cache
def tiles():
    """Return every digit in every state as packed colours, (4, 60, SIDE, SIDE)."""
    inks = np.full((EXAMPLES, SIDE, SIDE), 255, np.uint8)
    inks[:, 4:-4, 4:-4] = np.round(255 * (1 - sixty_digits())).repeat(4, axis=1).repeat(4, axis=2)
    row, column = np.mgrid[:SIDE, :SIDE]
    rim = np.minimum(np.minimum(row, column), np.minimum(SIDE - 1 - row, SIDE - 1 - column))  # 0 at the edge
    down = np.where(column < 28, column + 8, 64 - column)  # the two strokes of a tick in the corner, beside the digit
    tick = (abs(row - down) <= 2) & (column >= 24) & (column <= 37) & (row <= SIDE - 2)
    cross = (abs(row - column) <= 1) | (abs(row + column - SIDE + 1) <= 1)
    looks = {  # how much of the ink is left, what is drawn over it, and in which colour
        NOT_YET: (1.0, rim == 0, "#a0a0a0"),
        IN_BATCH: (1.0, rim <= 3, ORANGE),
        SEEN: (0.5, tick, GREEN),
        LEFT_OUT: (0.4, cross, INK),
    }
    found = np.empty((len(looks), EXAMPLES, SIDE, SIDE), np.uint32)
    for state, (left, drawn, colour) in looks.items():
        faded = np.round(255 - left * (255.0 - inks)).astype(np.uint8)
        found[state] = pack(faded[..., None].repeat(3, axis=3))
        found[state][:, rim == 0] = named_colour("#a0a0a0")
        found[state][:, drawn] = named_colour(colour)
    return found


@lru_cache(maxsize=64)
def plan(examples, batch_size, epochs, seed):
    """Return for each epoch its batches, each an array of places in the training set; without a seed (None) all in order.

    They are those of `Sequential.fit` with a generator of this seed: each epoch draws a new order.
    """
    places, rng = np.arange(examples), None if seed is None else np.random.default_rng(seed)
    return [[batch for batch, _ in batches(places, places, batch_size, rng)] for _ in range(epochs)]


def explore_epoch():
    """Walk through the updates of a training: which examples are in the batch, and how often each has been seen."""
    return Epoch()


class Epoch(WithPlay):
    title = "Epochs, batches and updates: which examples of a small training set have been seen, and how often."
    size = (960, 470)
    lines = 5

    def make_controls(self):
        most = EXAMPLES * EPOCHS
        update = slider("Update", 6, 0, most, "How many updates have been made; after the last one it shows no more")
        update.layout.width = "620px"  # it has many steps
        return {
            "examples": slider("Examples", 20, 1, EXAMPLES, "How many digits are in the training set"),
            "batch_size": slider("Batch size", 6, 1, EXAMPLES, "How many examples there are to one update"),
            "epochs": slider("Epochs", 3, 1, EPOCHS, "How many epochs the training takes"),
            "shuffle": check_box("Shuffle", True, "A new order of the examples in every epoch", indent=True),
            "seed": slider("Seed", 0, 0, 20, "Other orders"),
            "drop_last": check_box("Drop last", False, "Leave out the last batch if it is smaller", indent=True),
            "update": update,
        }

    def arrange(self, controls):
        *settings, update = controls.values()
        return [rows_of(settings, 3), update, self.play_button("update", 600, "Watch the updates go by")]

    def relevant(self, examples, batch_size, shuffle, **values):
        names = {"examples", "batch_size", "shuffle", *values}
        if batch_size >= examples:  # one batch holds them all, in any order
            names -= {"shuffle", "seed"}
        return names - (set() if shuffle else {"seed"}) - (set() if examples % batch_size else {"drop_last"})

    def stage(self, figure):
        shown = [self.set_of_digits(figure), self.numbers_of_digits]
        for state, (x, name) in enumerate(zip((15, 245, 445, 660), STATES, strict=True)):
            sample = Pixels(picture_axes(figure, x, 416, SIDE, SIDE))
            sample.show(tiles()[state, 3])
            caption(figure, x + SIDE + 8, 416 + SIDE / 2, name, 10.5, ha="left")
            shown.append(sample)
        chart = chart_axes(figure, *CHART, xticks=[], ylim=(0, EPOCHS + 0.5), facecolor="none")
        chart.set(ylabel="times seen", yticks=range(EPOCHS + 1))
        self.chart, self.ticks = chart, Lettering(figure)
        caption(figure, CHART[0] + CHART[2] / 2, CHART[1] - 34, "number of the example", 10)
        chart.grid(axis="y")
        caption(figure, 342, 186, "how often each example has been seen so far (diamonds: it is in this batch)", 10.5)
        # One thick line with gaps is drawn much faster than sixty rectangles.
        thick = {"linestyle": "-", "solid_capstyle": "butt", "animated": True}
        self.bars = chart.plot([], [], color=BLUE, **thick)[0]
        self.now = marks(chart, "D", ORANGE, 6)
        self.counters = [Label(figure, 668, y, 11) for y in (158, 132, 106, 80, 54)]
        self.smaller = Label(figure, 668, 28, 11, ORANGE, weight="bold")
        return [*shown, self.bars, self.now, self.ticks, *self.counters, self.smaller]

    def _tick(self, change):
        """Follow Play, and stop it at the last update."""
        super()._tick(change)
        if self._play.playing and self.numbers and self.numbers["update"] == self.numbers["updates"]:
            self._play.playing = False

    def set_of_digits(self, figure):
        """Return the artist that shows the training set, and make the one for its numbers."""
        self.digits = Pixels(picture_axes(figure, LEFT, BOTTOM, COLUMNS * WIDTH, ROWS * HEIGHT))
        number = np.arange(EXAMPLES)
        x = LEFT + WIDTH * (number % COLUMNS) + WIDTH - SIDE - 4
        y = BOTTOM + HEIGHT * (ROWS - number // COLUMNS) - HEIGHT / 2
        self.places, self.numbers_of_digits = list(zip(x, y, strict=True)), Lettering(figure)
        return self.digits

    def compute(self, examples, batch_size, epochs, shuffle, seed, drop_last, update):
        drops = drop_last and examples % batch_size > 0
        if drops and batch_size > examples:
            raise Impossible(
                f"With `drop last` a batch smaller than {batch_size} is left out, and {plural(examples, 'example')} cannot "
                "fill one: not one update is left. Choose a smaller batch size, more examples, or no `drop last`."
            )
        walk = plan(examples, batch_size, epochs, seed if shuffle else None)
        kept = [epoch[:-1] if drops else epoch for epoch in walk]
        per_epoch = len(kept[0])
        update = min(update, epochs * per_epoch)  # the slider is longer than most trainings
        epoch, batch = divmod(update - 1, per_epoch) if update else (0, -1)  # counted from 0
        states, counts = np.full(examples, NOT_YET), np.zeros(examples, int)
        for one in [one for each in kept for one in each][:update]:
            counts[one] += 1
        if update:
            for one in kept[epoch][:batch]:
                states[one] = SEEN
            states[kept[epoch][batch]] = IN_BATCH
            if drops and batch == per_epoch - 1:
                states[walk[epoch][-1]] = LEFT_OUT
        return {
            **{"states": states, "counts": counts, "examples": examples, "batch size": batch_size, "epochs": epochs},
            **{"epoch": epoch + 1, "batch": batch + 1, "batches": per_epoch, "update": update, "updates": epochs * per_epoch},
            **{"in batch": int((states == IN_BATCH).sum()), "last": len(kept[0][-1]), "seen": int(counts.sum())},
            **{"left out": len(walk[0][-1]) if drops else 0, "shuffled": shuffle and batch_size < examples},
        }

    def paint(self, numbers):
        states, counts, examples = numbers["states"], numbers["counts"], numbers["examples"]
        sheet = np.full((ROWS * COLUMNS, HEIGHT, WIDTH), named_colour("white"), np.uint32)
        margin = (HEIGHT - SIDE) // 2
        sheet[:examples, margin : margin + SIDE, WIDTH - SIDE :] = tiles()[states, np.arange(examples)]
        table = sheet.reshape(ROWS, COLUMNS, HEIGHT, WIDTH).swapaxes(1, 2)
        self.digits.show(table.reshape(ROWS * HEIGHT, COLUMNS * WIDTH))
        names = map(str, range(1, examples + 1))
        self.numbers_of_digits.write(list(names), self.places[:examples], 9, align="right")
        number = np.arange(1, examples + 1)
        seen = counts > 0
        ends = np.stack([np.zeros(examples), counts, np.full(examples, np.nan)], axis=1)  # from 0 up, and a gap
        left, bottom, wide, _ = CHART
        each = wide / (examples + 0.6)  # pixels for one example
        self.chart.set_xlim(0.2, examples + 0.8)
        self.bars.set_linewidth(min(0.7 * each * 72 / DPI, WIDEST))
        ticks = number if examples <= 20 else np.array([1, *range(5, examples + 1, 5)])
        self.ticks.write(map(str, ticks), [(left + each * (tick - 0.2), bottom - 14) for tick in ticks], 9.5)
        self.bars.set_data(np.repeat(number[seen], 3), ends[seen].ravel())
        here = states == IN_BATCH
        self.now.set_data(number[here], counts[here])
        whole = numbers["batch size"] >= examples
        order = "all at once" if whole else "shuffled" if numbers["shuffled"] else "in order"
        lines = (
            f"epoch {numbers['epoch']} of {numbers['epochs']}, {order}" + ("" if numbers["update"] else ", not begun"),
            f"batch {numbers['batch']} of {numbers['batches']} in this epoch",
            f"examples in it: {numbers['in batch']} (batch size {numbers['batch size']})",
            f"updates so far: {numbers['update']} of {numbers['updates']}",
            f"examples seen, with repeats: {numbers['seen']}",
        )
        for label, text in zip(self.counters, lines, strict=True):
            label.set_text(text)
        notice = ""
        if 0 < numbers["in batch"] < numbers["batch size"]:
            notice = f"smaller {'only' if whole else 'last'} batch: {numbers['in batch']}, not {numbers['batch size']}"
        elif (states == LEFT_OUT).any():
            notice = f"dropped: a last batch of {numbers['left out']}"
        self.smaller.set_text(notice)

    def describe(self, numbers):
        examples, size, epochs, per_epoch = (numbers[name] for name in ("examples", "batch size", "epochs", "batches"))
        rounding = "floor" if numbers["left out"] else "ceil"
        lines = [
            f"updates = epochs {TIMES} {rounding}(examples / batch size) = {epochs} {TIMES} {rounding}({examples} / {size}) = "
            f"{epochs} {TIMES} {rounding}({examples / size:.4g}) = {epochs} {TIMES} {per_epoch} = `{numbers['updates']}`."
        ]
        if numbers["left out"]:
            lines.append(
                f"A last batch of {numbers['left out']} is dropped in every epoch, so no epoch is a complete pass: "
                + self.who_is_left_out(numbers)
            )
        elif size > examples:
            lines.append(f"The only batch of each epoch holds {all_of(examples)}, fewer than {size}.")
        elif numbers["last"] < size:
            lines.append(
                f"The last batch of each epoch is smaller: {numbers['last']} instead of {size}; it gives an update too."
            )
        else:
            lines.append(f"The batch size divides the number of examples: every batch has {plural(size, 'example')}.")
        if not numbers["update"]:
            return "\n".join([*lines, "Before the first update: no example has been seen."])
        least, most = int(numbers["counts"].min()), int(numbers["counts"].max())
        to = "or" if most - least == 1 else "to"
        often = f"`{plural(most, 'time')}`" if least == most else f"`{least}` {to} `{plural(most, 'time')}`"
        where = f"After update {numbers['update']}: epoch {numbers['epoch']}, batch {numbers['batch']} of {per_epoch}. "
        if numbers["batch"] < per_epoch:
            where += f"The epoch is not over; each example has been seen {often}."
        elif numbers["left out"]:
            where += f"The epoch is over; each example has been seen {often}."
        else:
            where += f"The epoch is complete: each example has been seen exactly {often}, as many as there were epochs."
        if numbers["update"] == numbers["updates"] < EXAMPLES * EPOCHS:
            where += f"\nThe training ends with update {numbers['updates']}: the rest of the slider repeats it."
        return "\n".join([*lines, where])

    @staticmethod
    def who_is_left_out(numbers):
        """Return the rest of a sentence: which examples drop last leaves out."""
        if numbers["shuffled"]:
            return "after each shuffle it may be others."
        first, last = numbers["examples"] - numbers["left out"] + 1, numbers["examples"]
        which = f"number {last}" if first == last else f"numbers {first} to {last}"
        return f"without shuffle always the same, {which}, which no update ever sees."


def all_of(examples):
    """Return how the whole training set is called in a sentence."""
    return "the only example" if examples == 1 else f"all {examples} examples"


def plural(count, name):
    """Return a number and a name, with an s at its end unless the number is 1."""
    return f"{count} {name}" + ("" if count == 1 else "s")
