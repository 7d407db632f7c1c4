"""Twenty steps of one cell, whose gates are set for every step like the notes of a score."""

import ipywidgets as widgets
import numpy as np

from helpers.explorers.controls import Strip, choice, float_slider, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import short, two_digits
from helpers.plots.figure import GREEN, ORANGE, caption, whole_figure
from helpers.plots.lettering import Lettering
from helpers.plots.number_grid import Outline
from helpers.plots.unrolled import Cells
from helpers.scratch.lstm import lstm_step

STEPS, BIT_AT = 20, 3  # steps; the step at which the bit of the puzzle comes in
ROWS, ENOUGH = 100, 0.1  # rows of noise on which the puzzle is checked, for both bits; how far from 0 an answer must be
NOISE, PULSES, CONSTANT = "a bit, then noise", "pulses", "always 0.1"
INPUTS = (NOISE, PULSES, CONSTANT)
PULSES_AT = (2, 5, 6, 9, 13, 17)
LABEL, COLUMN = 132, 41  # widths in pixels: of the names at the left, and of a step

ALL, NONE = (True,) * STEPS, (False,) * STEPS


def only(*steps):
    """Return a strip that is pressed at these steps, counted from 1."""
    return tuple(step in steps for step in range(1, STEPS + 1))


PRESETS = {  # name -> the controls that it sets
    "Write once, keep": {"source": PULSES, "input": only(2), "forget": ALL, "output": ALL, "bias": 4.0, "old": 0.0},
    "Blindfold": {"source": PULSES, "input": only(2), "forget": ALL, "output": only(1, 2, 3, 4, 5, 16, 17, 18, 19, 20)}
    | {"bias": 4.0, "old": 0.0},
    "Start afresh": {"source": PULSES, "input": ALL, "forget": tuple(step != 9 for step in range(1, STEPS + 1))}
    | {"output": ALL, "bias": 4.0, "old": 0.0},
    "Only forget": {"source": PULSES, "input": NONE, "forget": ALL, "output": ALL, "bias": 1.0, "old": 1.0},
    "Puzzle": {"source": NOISE, "input": ALL, "forget": ALL, "output": ALL, "bias": 1.0, "old": 0.0},
}


def numbers_in(source, bit, seed):
    """Return the candidates of all steps, (20,): what the cell gets where its input gate is open."""
    if source == NOISE:
        noise = np.random.default_rng(seed).uniform(-1, 1, STEPS)
        noise[BIT_AT - 1] = bit
        return noise
    return np.array(only(*PULSES_AT), float) if source == PULSES else np.full(STEPS, 0.1)


def play_score(x, i, f, o, bias, old=0.0):
    """Return the cell c and the output h after every step, (rows, steps); x is (rows, steps), the gates are (steps,) of 0 or 1.

    Where the forget gate is left open, it is sigmoid(bias); the input and the output gate are 1 there.
    """
    kernel, recurrent_kernel = np.zeros((1, 4)), np.zeros((1, 4))
    h, c, rows = np.zeros((len(x), 1)), np.full((len(x), 1), float(old)), []
    for t in range(x.shape[1]):
        held = {"input": float(i[t]), "candidate": x[:, t : t + 1], "output": float(o[t])} | ({} if f[t] else {"forget": 0.0})
        step = lstm_step(np.zeros((len(x), 1)), h, c, kernel, recurrent_kernel, np.array([0, bias, 0, 0.0]), held)
        h, c = step.h, step.c
        rows.append((c[:, 0], h[:, 0], step.forget[0, 0]))
    c, h, f = (np.stack(each, axis=-1) for each in zip(*rows, strict=True))
    return c, h, f


def puzzle_solved(i, f, o, bias):
    """Return the share of rows, with other noise and both bits, after which the sign of h tells the bit."""
    rng = np.random.default_rng(12345)
    x = rng.uniform(-1, 1, (2 * ROWS, STEPS))
    bits = np.repeat([-1.0, 1.0], ROWS)
    x[:, BIT_AT - 1] = bits
    _, h, _ = play_score(x, i, f, o, bias)
    return float(np.mean(h[:, -1] * bits > ENOUGH))


def explore_gate_score():
    """Set the gates of one cell for each of 20 steps, and see what it keeps, what it writes, and what it shows."""
    return GateScore()


class GateScore(Explorer):
    title = "A score for the gates: three strips say what one cell keeps, writes and shows over 20 steps."
    size = (960, 330)
    lines = 5

    def make_controls(self):
        start = PRESETS["Puzzle"]
        strips = {}
        for gate in ("input", "forget", "output"):
            name = f"{gate.capitalize()} gate"
            strips[gate] = Strip(name, start[gate], f"{name}: 1 is open, 0 is shut", LABEL, COLUMN)
        return {
            "source": choice("Numbers in", NOISE, INPUTS, "What comes in at each step"),
            "bit": choice("The bit", 1, [1, -1], f"What comes in at step {BIT_AT}, before and after it noise"),
            "seed": slider("Noise", 1, 1, 50, "Each place of this slider gives other noise"),
            "bias": float_slider("Forget bias", start["bias"], -2, 4, "An open forget gate is sigmoid(bias)", 0.5),
            "old": float_slider("Old c", start["old"], -1, 1, "What the cell holds before step 1", 0.5),
            **strips,
        }

    def arrange(self, controls):
        buttons = []
        for name, values in PRESETS.items():
            button = widgets.Button(description=name, tooltip=f"Set the strips: {name.lower()}")
            button.layout = widgets.Layout(width="140px", margin="2px 6px")
            button.on_click(lambda _, values=values: self.set(**values))
            buttons.append(button)
        *plain, first, second, third = controls.values()
        rows = [widgets.HBox(plain[:3]), widgets.HBox(plain[3:]), widgets.HBox(buttons), first, second, third]
        return [widgets.VBox(rows)]

    def relevant(self, source, forget, **values):
        asleep = set() if source == NOISE else {"bit", "seed"}
        asleep |= set() if any(forget) else {"bias"}
        asleep |= set() if forget[0] else {"old"}  # it is thrown away at once
        return {"source", "forget", *values} - asleep

    def stage(self, figure):
        whole = whole_figure(figure)
        self.middles = LABEL + COLUMN * (np.arange(STEPS) + 0.5)
        self.heights = {"x": 272, "input": 230, "forget": 200, "output": 170, "c": 110, "h": 60}
        names = {"x": "number in", "input": "input gate i", "forget": "forget gate f", "output": "output gate o"}
        for row, y in self.heights.items():
            caption(figure, LABEL - 10, y, {"c": "cell c", "h": "output h"}.get(row, names.get(row)), 10.5, ha="right")
        for step, x in enumerate(self.middles, start=1):
            caption(figure, x, 308, str(step), 9.5)
        caption(figure, LABEL - 10, 308, "step", 9.5, ha="right")
        note = "cell and output: red above 0, blue below 0        gates: dark is open"
        caption(figure, LABEL, 18, note, 9.5, ha="left")
        self.states = Cells(figure, COLUMN - 3, 32, size=9)
        self.gates = Cells(figure, COLUMN - 3, 26, size=9, cmap="Greens", least=0.0, most=1.8)
        self.bit, self.right = Outline(whole, ORANGE, 2.6), Outline(whole, GREEN, 2.6)
        self.sums = Lettering(figure)
        return [self.states, self.gates, self.bit, self.right, self.sums]

    def compute(self, source, bit, seed, bias, old, input, forget, output):
        x = numbers_in(source, bit, seed)
        c, h, f = play_score(x[None], input, forget, output, bias, old)
        solved = puzzle_solved(input, forget, output, bias) if source == NOISE else 0.0
        return {
            **{"x": x, "input": np.array(input, float), "forget": f, "output": np.array(output, float)},
            **{"c": c[0], "h": h[0], "bias": bias if any(forget) else 0.0, "source": source},
            **{"bit": bit if source == NOISE else 0, "product": float(np.prod(f)), "solved": solved},
            **{"one": float(f.max())},
        }

    def paint(self, numbers):
        def places(*rows):
            return [(x, self.heights[row]) for row in rows for x in self.middles]

        self.states.set(places("x", "c", "h"), np.concatenate([numbers[row] for row in "xch"]))
        gates = ("input", "forget", "output")
        self.gates.set(places(*gates), np.concatenate([numbers[gate] for gate in gates]))
        bits = [(self.middles[BIT_AT - 1], self.heights["x"])] if numbers["source"] == NOISE else []
        self.bit.put(self.states.corners(bits) if bits else [])
        told = bits and numbers["h"][-1] * numbers["bit"] > ENOUGH
        self.right.put(self.states.corners([(self.middles[-1], self.heights["h"])]) if told else [])

    def describe(self, numbers):
        c, h = numbers["c"], numbers["h"]
        shut = STEPS - np.count_nonzero(numbers["forget"])
        kept = "All forget gates are shut: at each step the cell holds only what is written then."
        if shut < STEPS:
            kept = (
                f"An open forget gate is sigmoid({two_digits(numbers['bias'])}) = `{numbers['one']:.3f}`. The product of all "
                f"{STEPS} forget gates is `{short(numbers['product'])}`: that share of the old c is left"
            )
            kept += f" ({shut} of them {'is' if shut == 1 else 'are'} shut)." if shut else "."
        hidden = np.count_nonzero((numbers["output"] == 0) & (np.abs(c) > ENOUGH))
        shown = f"After the last step: c = `{two_digits(c[-1])}`, h = `{two_digits(h[-1])}`."
        if hidden:
            shown += f" Steps at which the cell holds something and h is 0, for the output gate hides it: {hidden}."
        return "\n".join([kept, shown, *(self._puzzle(numbers) if numbers["source"] == NOISE else [])])

    def _puzzle(self, numbers):
        """Return how far the puzzle is solved."""
        share, early = numbers["solved"], np.count_nonzero(np.abs(numbers["h"][:-1]) > ENOUGH)
        lines = [
            f"The puzzle: after step {STEPS}, h has the sign of the bit of step {BIT_AT}, at least {ENOUGH} away from 0. With "
            f"these gates it does so for {share * 2 * ROWS:.0f} of {2 * ROWS} other rows of noise: "
            + ("solved!" if share == 1 else "not yet.")
        ]
        if share == 1:
            harder = f"Harder: show it at the last step alone. (Now h is not 0 at {early} earlier steps.)"
            lines.append(harder if early else "And it shows nothing before the last step: well done.")
        return lines
