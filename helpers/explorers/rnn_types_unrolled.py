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
from helpers.plots.number_grid import Frame, Outline, number_text
from helpers.plots.unrolled import Arrows, Cells
from helpers.scratch.activations import linear, sigmoid
from helpers.scratch.recurrent import simple_rnn_step

MOST, MOST_READ, UNITS = 8, 4, 4  # steps in all; numbers read by "after reading"; hidden neurons
WAVE = np.cos(np.arange(MOST) * np.pi / 3)


class Kind(NamedTuple):
    """One type: its task, and whose weights it uses."""

    weights: str  # name in the recording
    task: str


KINDS = {
    "one to one": Kind("sum", "one number in, one answer out: is it above 0?"),
    "one to many": Kind("wave", "one number in, a wave out that begins with it and repeats after six steps."),
    "many to one": Kind("sum", "many numbers in, one answer out at the end: is their sum above 0?"),
    "many to many, step by step": Kind("echo", "repeat what came in one step earlier (at step 1 nothing did: 0)."),
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
        total = float(round(np.sum(numbers), 1) > 0)
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
LEFT, GAP = 330, 84  # the middle of the first step, and from one step to the next
WIDE, HIGH = 52, 30  # a cell
X, BOTTOM, Y = 62, 142, 318  # the middle of the cell of x, of the lowest cell of h, of the cell of y
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
            "others": slider("Sequence", 1, 1, 20, "Each place of this slider gives other numbers after the first"),
            "cursor": step,
        }

    def arrange(self, controls):
        kind, *others = controls.values()
        kind.layout.width = "360px"
        return [rows_of([kind, *others, self.play_button("cursor", 900, "Walk from step to step")], 3)]

    def relevant(self, kind, length, **values):
        fixed = {"one to one": {"length", "others", "cursor"}, "one to many": {"others"}}.get(kind, set())
        return {"kind", "length", *values} - fixed - ({"others"} if length == 1 else set())

    def stage(self, figure):
        whole = whole_figure(figure)
        self.cells = Cells(figure, WIDE, HIGH)
        self.matrix = Cells(figure, 44, 24, most=1e9, size=9)  # white: they never change
        self.faint, self.past, self.now = (
            Arrows(figure, "#a8a8a8", 1.2),
            Arrows(figure, "#5a5a5a", 1.4),
            Arrows(figure, ORANGE, 2.6, head=11),
        )
        self.fed_back = Arrows(figure, "#5a5a5a", 1.2, (0, (3, 2)))
        self.letters, self.bold = Lettering(figure), Lettering(figure, "bold")
        self.heads, self.wanted = Lettering(figure), Lettering(figure)
        self.handed, self.passes = Lettering(figure), Lettering(figure)
        self.whose = Label(figure, PANEL, 400, 11, weight="bold")
        self.uses = Outline(whole, ORANGE, 2)
        caption(figure, PANEL, 16, "red: above 0, blue: below 0", 9.5, ha="left")
        caption(figure, PANEL, 34, "orange: what makes the first number of h", 9.5, ha="left")
        self.names = Lettering(figure)
        self.frame = Frame(whole, ORANGE, 2)
        self.border = whole.plot([], [], color="#5a5a5a", linewidth=1.2, linestyle=(0, (1, 2)), animated=True)[0]
        for y, text in ((X, "input x"), (MIDDLE + 20, "state h"), (Y, "output y"), (Y + 31, "wanted")):
            caption(figure, 288, y, text, 10, ha="right")
        caption(figure, 276, MIDDLE, "all 0", 10, ha="right")
        artists = [self.border, self.faint, self.past, self.fed_back, self.now, self.frame, self.cells, self.matrix]
        return [
            *artists,
            self.letters,
            self.bold,
            self.heads,
            self.wanted,
            self.names,
            self.handed,
            self.passes,
            self.whose,
            self.uses,
        ]

    def compute(self, kind, length, first, others, cursor):
        rng = np.random.default_rng(others)
        most = {"one to one": 1, AFTER_READING: MOST_READ}.get(kind, MOST)
        numbers = np.array([first, *rng.uniform(-1, 1, MOST - 1).round(1)])[: min(length, most)]
        steps, fed_back = unroll(kind, numbers)
        cursor = min(cursor, len(steps)) - 1
        x, y, wanted = (np.array([getattr(step, name) for step in steps]) for name in ("x", "y", "wanted"))
        cell, net = steps[cursor].cell, network(KINDS[kind].weights)
        return {
            **{"kind": kind, "numbers": numbers, "too_many": length > most, "cursor": cursor, "steps": len(steps)},
            **{"fed_back": sorted(fed_back), "writing": kind == AFTER_READING and cursor >= len(numbers)},
            # Where nothing goes in, or comes out, there is a 0.
            **{"x": np.nan_to_num(x), "goes_in": ~np.isnan(x)},
            **{"y": np.nan_to_num(y), "wanted": np.nan_to_num(wanted), "comes_out": ~np.isnan(wanted)},
            **{name: np.array([getattr(step, name) for step in steps]) for name in ("before", "h")},
            **{"W": cell.kernel, "U": cell.recurrent_kernel, "b": cell.bias, "V": net.V[:, 0], "c": net.c},
            **{f"uses of {name}": count for name, count in uses_of_weights(steps[: cursor + 1]).items()},
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
                if numbers["comes_out" if name == "y" else "goes_in"][t]:
                    places.append((x, y))
                    values.append(numbers[name][t] if done or (name == "x" and t not in numbers["fed_back"]) else np.nan)
            places += [(x, BOTTOM + HIGH * (UNITS - 1 - k)) for k in range(UNITS)]
            values += list(numbers["h"][t]) if done else [np.nan] * UNITS
        self.cells.set(places, values)
        middles = [LEFT + GAP * t for t in range(numbers["steps"])]
        self.heads.write(heads, [(x, Y + 86) for x in middles], 10)
        reached = [t for t in range(numbers["cursor"] + 1) if numbers["comes_out"][t]]
        shown = [(number_text("{:.2f}", numbers["wanted"][t]), middles[t]) for t in reached]
        self.wanted.write([text for text, _ in shown], [(x, Y + 31) for _, x in shown], 10)

    def _paint_border(self, numbers):
        """Between reading and writing: a line, and what passes over it."""
        after_reading = numbers["kind"] == AFTER_READING
        x = LEFT + GAP * (len(numbers["numbers"]) - 1) + WIDE / 2 + 7
        self.border.set_data([x, x] if after_reading else [], [32, Y + 86] if after_reading else [])
        limit = f" (it reads {MOST_READ} at most)" if numbers["too_many"] else ""
        texts = ["encoder", "decoder", f"only the state passes over{limit}"] if after_reading else []
        places = [(x - 34, Y + 66), (x + 52, Y + 66), (x + 4, 16)][: len(texts)]
        self.handed.write(texts[:2], places[:2], 10)
        self.passes.write(texts[2:], places[2:], 10, align="left")

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
            if numbers["goes_in"][t]:
                ways["W"] = [(x, X + HIGH / 2), (x, BOTTOM - HIGH / 2 - 1)]
            if numbers["comes_out"][t]:
                ways["V"] = [(x, BOTTOM + (UNITS - 0.5) * HIGH), (x, Y - HIGH / 2 - 1)]
            for letter, way in ways.items():
                no_old_state = t == 0 and letter == "U"  # nothing but zeros comes in
                (past if t < cursor or no_old_state else now if t == cursor else later).append(way)
                if no_old_state:
                    continue
                letter = self._letter(numbers, letter, t)
                (start_x, start_y), (end_x, end_y) = way
                beside = (start_x + 13, (start_y + end_y) / 2 + 2)
                place = (end_x - 11, start_y + 12) if letter[0] == "U" else beside
                (bold if t == cursor else letters).append((letter, place, "#1a1a1a" if t <= cursor else "#767676"))
        self.faint.set(later)
        self.past.set(past)
        self.now.set(now)
        for lettering, texts, size in ((self.letters, letters, 10), (self.bold, bold, 12)):
            names, places, colours = zip(*texts, strict=True) if texts else ((), (), ())
            lettering.write(names, places, size, colours)
        loops = [t for t in numbers["fed_back"] if t <= numbers["cursor"]]
        ends = [
            LEFT + GAP * (t - 1) + WIDE / 2 for t in loops
        ]  # of the cell that is fed back; the letter U stands further right
        self.fed_back.set([[(x, Y), (x + 7, Y), (x + 7, X), (x + GAP - WIDE - 1, X)] for x in ends])
        x = LEFT + GAP * numbers["cursor"]
        self.frame.put([[(x - 30, 38), (x + 30, 38), (x + 30, Y + 50), (x - 30, Y + 50)]])

    def _letter(self, numbers, letter, t):
        """Return the name of a matrix: the decoder has its own W and U."""
        return letter + "\N{PRIME}" * (numbers["kind"] == AFTER_READING and t >= len(numbers["numbers"]) and letter in "WUb")

    def _paint_weights(self, numbers):
        """Show the weights of the step under the cursor, on the left, and frame what the first number of h is made of."""
        t = numbers["cursor"]
        reading = numbers["kind"] == AFTER_READING and not numbers["writing"]
        rows = {"W": (352, "x to h", numbers["W"]), "U": (286, "old h to new h", numbers["U"])}
        rows |= {"b": (148, "added to h", [numbers["b"]])} | ({} if reading else {"V": (84, "h to y", [numbers["V"]])})
        places, values, names, framed = [], [], [], []
        for letter, (top, way, matrix) in rows.items():
            name = f"{self._letter(numbers, letter, t)}: {way}, used {numbers[f'uses of {letter}']}{TIMES}"
            names.append((name + (f"; then c = {written(numbers['c'], 2)}" if letter == "V" else ""), (PANEL, top + 21)))
            for r, row in enumerate(matrix):
                places += [(PANEL + 44 * k + 22, top - 24 * r) for k in range(UNITS)]
                values += list(row)
            used = letter == "b" or (letter == "W" and numbers["goes_in"][t]) or (letter == "U" and t > 0)
            if used:
                framed.append(box_around(PANEL + 22, top, 44, 24, len(matrix)))
        x, top = LEFT + GAP * t, BOTTOM + HIGH * (UNITS - 1)
        framed.append(box_around(x, top, WIDE, HIGH, 1))
        if t > 0:
            framed.append(box_around(x - GAP, top, WIDE, HIGH, UNITS))
        self.uses.put(framed)
        self.matrix.set(places, values)
        self.names.write(*zip(*names, strict=True), 9.5, align="left")
        both = numbers["kind"] == AFTER_READING
        self.whose.set_text("The weights" if not both else "Decoder (writes)" if numbers["writing"] else "Encoder (reads)")

    def describe(self, numbers):
        kind, t = numbers["kind"], numbers["cursor"]
        lines = [f"{kind.capitalize()}: {KINDS[kind].task}"]
        if kind == AFTER_READING and numbers["too_many"]:
            lines[0] += f" (This network has learnt to read {MOST_READ} at most.)"
        lines.append(self._about_state(numbers))
        if not numbers["comes_out"][t]:
            lines.append("No output is taken at this step: the state is all that is kept.")
        else:
            lines.append(self._about_output(numbers))
        cell = sum(numbers[name].size for name in "WUb")
        count = f"{cell} to read and {cell + UNITS + 1} to write" if kind == AFTER_READING else f"{cell + UNITS + 1}"
        lines.append(f"Weights in all: {count}, however many steps there are.")
        if kind == "one to one":
            lines[-1] += " It is the network of many to one; but U is not used, for there is no old state."
        return "\n".join(lines)

    def _about_state(self, numbers):
        """Return how the first number of the state is made."""
        t, b = numbers["cursor"], numbers["b"][0]
        x, h = numbers["x"][t], numbers["h"][t, 0]
        from_x = [(x, numbers["W"][0, 0])] if numbers["goes_in"][t] else []
        from_h = [] if t == 0 else list(zip(numbers["before"][t], numbers["U"][:, 0], strict=True))
        z, digits = sum_in_words([*from_x, *from_h], b, lambda z: written(np.tanh(z), 2) == written(h, 2))
        parts = [f"`{in_words(from_x, digits)}` from x" if from_x else "nothing from x"]
        parts.append(f"`{in_words(from_h, digits)}` from the old h" if from_h else "nothing from the old h, which is 0")
        head = self._head(numbers, t).capitalize()
        return f"{head}, first number of h: {', '.join(parts)}, and b `{written(b, 2)}`: `tanh({z}) = {written(h, 2)}`."

    def _about_output(self, numbers):
        """Return how the output is made, and whether it is right."""
        t, c, answers = numbers["cursor"], numbers["c"], KINDS[numbers["kind"]].weights == "sum"
        y, goal = numbers["y"][t], numbers["wanted"][t]
        pairs = list(zip(numbers["h"][t], numbers["V"], strict=True))
        z, digits = sum_in_words(pairs, c, lambda z: written(float(sigmoid(z) if answers else z), 2) == written(y, 2))
        products = f"{in_words(pairs, digits)} + {written(c, 2, True)}"
        if not answers:
            return f"Output: `{products} = {written(y, 2)}`; wanted: {written(goal, 2)}."
        total = round(float(numbers["numbers"].sum()), 1)
        said, truth = ("yes" if y > 0.5 else "no"), ("yes" if goal else "no")
        judged = "right" if said == truth else "wrong" + (": sums near 0 are hard" if abs(total) < 0.5 else "")
        return (
            f"Output: `{products} = {z}`, and `sigmoid({z}) = {written(y, 2)}`, which says {said} (above 0.5: yes).\n"
            f"The sum is {written(total, 1)}, so {truth} is wanted: the answer is {judged}."
        )


def uses_of_weights(steps):
    """Return how often each matrix of the last step's cell has been used in these steps; U is not where no old state is."""
    mine = [(t, step) for t, step in enumerate(steps) if step.cell is steps[-1].cell]
    return {
        "W": sum(not np.isnan(step.x) for _, step in mine),
        "U": sum(t > 0 for t, _ in mine),
        "b": len(mine),
        "V": sum(not np.isnan(step.y) for step in steps),
    }


def box_around(x, top, width, height, rows):
    """Return the corners of a box around `rows` cells below each other, the uppermost with its middle at (x, top)."""
    left, right = x - width / 2, x + width / 2
    high, low = top + height / 2, top - height * (rows - 0.5)
    return [(left, low), (right, low), (right, high), (left, high)]


def in_words(pairs, digits):
    """Return a sum of products as text; the first number of each pair has so many digits, the second one, a weight, two."""
    shown = [written(a, 2 if abs(a - round(a, 2)) < 1e-9 else digits, True) for a, _ in pairs]
    return " + ".join(f"{a}{TIMES}{written(b, 2, True)}" for a, (_, b) in zip(shown, pairs, strict=True))


def sum_in_words(pairs, last, fits):
    """Return the sum of the products and of the last number as text, and the digits of the pairs with which it comes out.

    The text has as many digits as `fits` needs, which says whether a rounded sum leads to the right result.
    """
    z = sum(a * b for a, b in pairs) + last
    of_z = enough_digits(2, lambda digits: fits(round(z, digits)))
    of_pairs = enough_digits(
        3 if len(pairs) > 1 else 2,
        lambda digits: written(sum(round(a, digits) * b for a, b in pairs) + last, of_z) == written(z, of_z),
    )
    return written(z, of_z), of_pairs
