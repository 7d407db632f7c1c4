"""The four types of recurrent networks, unrolled: every number of a tiny network at every step."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from helpers.datasets import load_recorded
from helpers.explorers.ann_passes import enough_digits, written
from helpers.explorers.controls import choice, float_slider, rows_of, slider
from helpers.explorers.play import WithPlay
from helpers.explorers.signs import TIMES
from helpers.plots.figure import ORANGE, caption, whole_figure
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import Frame
from helpers.plots.unrolled import PALE, Arrows, Cells
from helpers.scratch.activations import linear, sigmoid
from helpers.scratch.recurrent import simple_rnn_step

MOST, MOST_READ, UNITS = 8, 4, 4  # steps in all; numbers read by "after reading"; hidden neurons
WAVE = np.cos(np.arange(1, MOST + 1) * np.pi / 3)


class Kind(NamedTuple):
    """One type: its task, and whose weights it uses."""

    weights: str  # name in the recording
    task: str


KINDS = {
    "one to one": Kind("sum", "one number in, one answer out: is it above 0?"),
    "one to many": Kind("wave", "one number in, a wave of its height out. Each output is the next input."),
    "many to one": Kind("sum", "many numbers in, one answer out at the end: is their sum above 0?"),
    "many to many, step by step": Kind("echo", "a number in and a number out at every step: the input of one step earlier."),
    "many to many, after reading": Kind("backwards", "first read all numbers, then say them backwards."),
}
AFTER_READING = "many to many, after reading"


class Cell(NamedTuple):
    """The weights that are the same at every step: W (1, 4), U (4, 4), b (4,)."""

    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray


class Network(NamedTuple):
    """A cell for reading, one for writing (the same but in the last type), and the weights V (4, 1), c of the output."""

    reader: Cell
    writer: Cell
    V: np.ndarray
    c: float
    answer: object  # what is done with the sum of the output


class Step(NamedTuple):
    """One step: x in, h the new state, y out; NaN where nothing goes in or out. `wanted` is what the task asks for."""

    cell: Cell
    x: float
    before: np.ndarray
    h: np.ndarray
    y: float
    wanted: float


@lru_cache
def network(name):
    """Return the recorded network of a task."""
    run = load_recorded("rnn_unrolled")[0]
    arrays = [run[f"{name}: {place}"] for place in range(8 if name == "backwards" else 5)]
    *cells, V, c = arrays
    reader, writer = Cell(*cells[:3]), Cell(*cells[-3:])
    return Network(reader, writer, V, float(c[0]), sigmoid if name == "sum" else linear)


def unroll(kind, numbers):
    """Return the Steps of a type for a row of numbers: what `numbers` means depends on the type, as its task says."""
    net, state, steps = network(KINDS[kind].weights), np.zeros((1, UNITS)), []
    many, only = len(numbers), np.full(MOST, np.nan)
    if kind == AFTER_READING:
        inputs, fed_back = [*numbers, *only[:many]], range(many + 1, 2 * many)
        wanted = [*only[:many], *numbers[::-1]]
    elif kind == "one to many":
        inputs, fed_back, wanted = [numbers[0], *only[1:many]], range(1, many), numbers[0] * WAVE[:many]
    else:
        inputs, fed_back = numbers, ()
        total = float(np.sum(numbers) > 0)
        wanted = [*only[1:many], total] if KINDS[kind].weights == "sum" else [0.0, *numbers[:-1]]
    for t, (x, goal) in enumerate(zip(inputs, wanted, strict=True)):
        cell = net.writer if kind == AFTER_READING and t >= many else net.reader
        x = steps[-1].y if t in fed_back else x
        before, state = state, simple_rnn_step(np.nan_to_num([[x]]), state, *cell)
        y = np.nan if np.isnan(goal) else float(net.answer(state @ net.V + net.c)[0, 0])
        steps.append(Step(cell, x, before[0], state[0], y, goal))
    return steps, set(fed_back)


def explore_unrolled():
    """Unroll a tiny trained network over up to eight steps, and walk through them with every number in sight."""
    return Unrolled()


# Places in pixels.
LEFT, GAP = 330, 82  # the middle of the first step, and from one step to the next
WIDE, HIGH = 54, 30  # a cell
X, BOTTOM, Y = 62, 142, 322  # the middle of the cell of x, of the lowest cell of h, of the cell of y
MIDDLE = BOTTOM + 1.5 * HIGH
PANEL = 18  # left edge of the weights


class Unrolled(WithPlay):
    title = "A recurrent network, step by step: the same weights every time, and a state that is handed on."
    size = (960, 420)
    lines = 5

    def make_controls(self):
        step = slider(
            "Cursor at step", 3, 1, MOST, "The step whose numbers are written out; later steps are not worked out yet"
        )
        return {
            "kind": choice("Type", "many to one", KINDS, "How many numbers go in, and how many come out"),
            "length": slider("Numbers", 5, 1, MOST, "How many numbers go in (or, for one to many, come out)"),
            "first": float_slider("First number", 0.6, -1, 1, "The first number of the sequence"),
            "others": slider("Other numbers", 1, 1, 20, "Each place of this slider gives other numbers after the first"),
            "cursor": step,
        }

    def arrange(self, controls):
        kind, *others = controls.values()
        kind.layout.width = "360px"
        return [rows_of([kind, *others, self.play_button("cursor", 900, "Walk from step to step")], 3)]

    def relevant(self, kind, **values):
        fixed = {"one to one": {"length", "others", "cursor"}, "one to many": {"others"}}
        return {"kind", *values} - fixed.get(kind, set())

    def stage(self, figure):
        whole = whole_figure(figure)
        self.cells = Cells(figure, WIDE, HIGH)
        self.matrix = Cells(figure, 44, 24, most=2.5, size=9)
        self.faint, self.past, self.now = (
            Arrows(figure, "#d0d0d0", 1.2),
            Arrows(figure, "#5a5a5a", 1.4),
            Arrows(figure, ORANGE, 2.6, head=11),
        )
        self.fed_back = Arrows(figure, "#5a5a5a", 1.2, (0, (3, 2)))
        self.letters, self.bold = Lettering(figure), Lettering(figure, "bold")
        self.later, self.heads, self.wanted = Lettering(figure), Lettering(figure), Lettering(figure)
        self.handed = Lettering(figure)
        self.used, self.whose = Label(figure, PANEL, 20, 10), Label(figure, PANEL, 396, 11, weight="bold")
        self.names = Lettering(figure)
        self.frame = Frame(whole, ORANGE, 2)
        self.border = whole.plot([], [], color="#5a5a5a", linewidth=1.2, linestyle=(0, (1, 2)), animated=True)[0]
        for y, text in ((X, "input x"), (MIDDLE + 20, "state h"), (Y, "output y"), (Y + 31, "wanted")):
            caption(figure, 288, y, text, 10, ha="right")
        caption(figure, 278, MIDDLE, "0", 10, ha="right")
        artists = [self.border, self.faint, self.past, self.fed_back, self.now, self.frame, self.cells, self.matrix]
        return [
            *artists,
            self.letters,
            self.bold,
            self.later,
            self.heads,
            self.wanted,
            self.names,
            self.handed,
            self.used,
            self.whose,
        ]

    def compute(self, kind, length, first, others, cursor):
        rng = np.random.default_rng(others)
        most = {"one to one": 1, AFTER_READING: MOST_READ}.get(kind, MOST)
        numbers = np.array([first, *rng.uniform(-1, 1, MOST - 1).round(1)])[: min(length, most)]
        steps, fed_back = unroll(kind, numbers)
        cursor = min(cursor, len(steps)) - 1
        writing = kind == AFTER_READING and cursor >= len(numbers)
        return {
            **{"kind": kind, "numbers": numbers, "asked": length, "cursor": cursor, "fed_back": fed_back, "writing": writing},
            **{name: np.array([getattr(step, name) for step in steps]) for name in ("x", "before", "h", "y", "wanted")},
            **{"cell": steps[cursor].cell, "net": network(KINDS[kind].weights), "steps": len(steps)},
            "uses": sum(step.cell is steps[cursor].cell for step in steps[: cursor + 1]),
        }

    def paint(self, numbers):
        self._paint_steps(numbers)
        self._paint_arrows(numbers)
        self._paint_weights(numbers)
        self._paint_border(numbers)

    def _paint_steps(self, numbers):
        """Fill the cells of all steps up to the cursor; those of later steps stay empty."""
        places, values, heads = [], [], []
        for t in range(numbers["steps"]):
            done, x = t <= numbers["cursor"], LEFT + GAP * t
            heads.append(self._head(numbers, t))
            for y, name in ((X, "x"), (Y, "y")):
                if not np.isnan(numbers["wanted" if name == "y" else "x"][t]):
                    places.append((x, y))
                    values.append(numbers[name][t] if done or (name == "x" and t not in numbers["fed_back"]) else np.nan)
            places += [(x, BOTTOM + HIGH * (UNITS - 1 - k)) for k in range(UNITS)]
            values += list(numbers["h"][t]) if done else [np.nan] * UNITS
        self.cells.set(places, values)
        middles = [LEFT + GAP * t for t in range(numbers["steps"])]
        self.heads.write(heads, [(x, Y + 78) for x in middles], 10)
        shown = [(written(goal, 2), x) for goal, x in zip(numbers["wanted"], middles, strict=True) if not np.isnan(goal)]
        self.wanted.write([text for text, _ in shown], [(x, Y + 31) for _, x in shown], 10)

    def _paint_border(self, numbers):
        """Between reading and writing: a line, and what passes over it."""
        after_reading = numbers["kind"] == AFTER_READING
        x = LEFT + GAP * (len(numbers["numbers"]) - 0.5)
        self.border.set_data([x, x] if after_reading else [], [32, Y + 86] if after_reading else [])
        texts = ["encoder", "decoder", "only the state passes over"] if after_reading else []
        places = [(x - 40, Y + 60), (x + 40, Y + 60), (x, 18)][: len(texts)]
        self.handed.write(texts, places, 10)

    def _head(self, numbers, t):
        if numbers["kind"] != AFTER_READING:
            return f"step {t + 1}"
        many = len(numbers["numbers"])
        return f"read {t + 1}" if t < many else f"write {t - many + 1}"

    def _paint_arrows(self, numbers):
        """Draw the ways W, U and V of every step; those of the cursor's step stand out, those of later steps are faint."""
        now, past, later, letters, bold = [], [], [], [], []
        for t in range(numbers["steps"]):
            x, cursor = LEFT + GAP * t, numbers["cursor"]
            ways = {"U": [(x - (WIDE / 2 + 22 if t == 0 else GAP - WIDE / 2), MIDDLE), (x - WIDE / 2 - 1, MIDDLE)]}
            if not np.isnan(numbers["x"][t]):
                ways["W"] = [(x, X + HIGH / 2), (x, BOTTOM - HIGH / 2 - 1)]
            if not np.isnan(numbers["wanted"][t]):
                ways["V"] = [(x, BOTTOM + (UNITS - 0.5) * HIGH), (x, Y - HIGH / 2 - 1)]
            for letter, way in ways.items():
                (now if t == cursor else past if t < cursor else later).append(way)
                if t == 0 and letter == "U":
                    continue
                (start_x, start_y), (end_x, end_y) = way
                place = (
                    ((start_x + end_x) / 2 - 2, start_y + 12) if letter == "U" else (start_x + 12, (start_y + end_y) / 2 + 2)
                )
                (bold if t == cursor else letters).append((letter, place, "#1a1a1a" if t <= cursor else PALE))
        self.faint.set(later)
        self.past.set(past)
        self.now.set(now)
        for lettering, texts, size in ((self.letters, letters, 10), (self.bold, bold, 12)):
            lettering.write(
                *([list(each) for each in zip(*texts, strict=True)][:2] or ([], [])), size, [c for *_, c in texts] or ["k"]
            )
        loops = [t for t in numbers["fed_back"] if t <= numbers["cursor"]]
        middle = [LEFT + GAP * t - GAP / 2 for t in loops]
        self.fed_back.set([[(x - GAP / 2 + WIDE / 2, Y), (x, Y), (x, X), (x + GAP / 2 - WIDE / 2 - 1, X)] for x in middle])
        x = LEFT + GAP * numbers["cursor"]
        self.frame.put([[(x - 32, 36), (x + 32, 36), (x + 32, Y + 52), (x - 32, Y + 52)]])

    def _paint_weights(self, numbers):
        """Show the weights of the step under the cursor, on the left."""
        cell, net = numbers["cell"], numbers["net"]
        columns = [PANEL + 44 * k + 22 for k in range(UNITS)]
        rows = {"W: from x to h": (352, [cell.kernel[0]]), "U: from the old h to the new h": (288, cell.recurrent_kernel)}
        rows |= {"b: added to h": (152, [cell.bias]), f"V: from h to y (and c = {written(net.c, 2)})": (88, [net.V[:, 0]])}
        places, values, names = [], [], []
        for name, (top, matrix) in rows.items():
            names.append((name, (PANEL, top + 20)))
            for r, row in enumerate(matrix):
                places += [(column, top - 24 * r) for column in columns]
                values += list(row)
        self.matrix.set(places, values)
        self.names.write(*zip(*names, strict=True), 9.5, align="left")
        whose = {AFTER_READING: "Decoder (writes)" if numbers["writing"] else "Encoder (reads)"}.get(
            numbers["kind"], "The weights"
        )
        self.whose.set_text(whose)
        times = "once" if numbers["uses"] == 1 else f"{numbers['uses']} times"
        self.used.set_text(f"used {times} so far, the same ones")

    def describe(self, numbers):
        kind, t = numbers["kind"], numbers["cursor"]
        x, h, before, cell = numbers["x"][t], numbers["h"][t], numbers["before"][t], numbers["cell"]
        lines = [f"{kind.capitalize()}: {KINDS[kind].task}"]
        if kind == AFTER_READING and numbers["asked"] > MOST_READ:
            lines[0] += f" (This network has learnt to read {MOST_READ} at most.)"
        terms = [] if np.isnan(x) else [(x, cell.kernel[0, 0])]
        terms += [] if t == 0 else list(zip(before, cell.recurrent_kernel[:, 0], strict=True))
        total, z = products(terms, cell.bias[0])
        lines.append(
            f"{self._head(numbers, t).capitalize()}, first number of h: `tanh({total}) = tanh({z}) = {written(h[0], 2)}`."
        )
        if np.isnan(numbers["wanted"][t]):
            lines.append("No output is read at this step: the state is all that is kept.")
        else:
            total, z = products(list(zip(h, numbers["net"].V[:, 0], strict=True)), numbers["net"].c)
            result = f"sigmoid({total}) = sigmoid({z})" if KINDS[kind].weights == "sum" else total
            y, wanted = written(numbers["y"][t], 2), written(numbers["wanted"][t], 2)
            lines.append(f"Output: `y = {result} = {y}`; wanted: {wanted}.")
        cells = 2 if kind == AFTER_READING else 1
        count = cells * sum(array.size for array in cell) + UNITS + 1
        lines.append(f"All weights together are {count} numbers, however many steps there are.")
        return "\n".join(lines)


def products(pairs, last):
    """Return a sum of products and a last number as text, with enough digits to come out right, and the sum as text."""
    z = written(sum(a * b for a, b in pairs) + last, 2)
    digits = enough_digits(2, lambda digits: written(sum(round(a, digits) * b for a, b in pairs) + last, 2) == z)
    terms = [f"{written(a, digits, True)}{TIMES}{written(b, 2, True)}" for a, b in pairs]
    return " + ".join([*terms, written(last, 2, True)]), z
