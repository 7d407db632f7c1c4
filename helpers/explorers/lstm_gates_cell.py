"""One step of an LSTM with one unit: every number on the drawing of the cell, and gates that can be held by hand."""

import ipywidgets as widgets
import numpy as np

from helpers.explorers.controls import check_box, float_slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import DOT, TIMES, in_brackets, signed, two_digits
from helpers.plots.figure import BLUE, GREEN, INK, ORANGE, caption, whole_figure
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import Outline
from helpers.plots.unrolled import Arrows, Cells
from helpers.scratch.lstm import PARTS, lstm_step

GATES = {"forget": "f", "input": "i", "candidate": "g", "output": "o"}  # in the order in which they are drawn
WEIGHTS = {  # of the unit: for the input x, for the old output h, and the bias
    "input": (1.5, 0.5, 0.0),
    "forget": (-0.5, 0.5, 1.0),
    "candidate": (2.0, -1.0, 0.0),
    "output": (1.0, 1.0, 0.0),
}
START = {"forget": 1.0, "input": 0.0, "candidate": 1.0, "output": 0.0}  # where the hand of a gate lies at first


def weights_of_cell():
    """Return kernel (1, 4), recurrent_kernel (1, 4) and bias (4,) of the unit, in Keras's order."""
    kernel, recurrent_kernel, bias = np.array([WEIGHTS[part] for part in PARTS]).T
    return kernel[None], recurrent_kernel[None], bias


def explore_cell():
    """Walk through one step of an LSTM with one unit; leave each gate to the network, or hold it by a slider."""
    return Cell()


# Places in pixels.
BEFORE, AFTER = 96, 884  # middles of the cells at the left and at the right edge
LANE, GATE_Y, BUS = 352, 186, 84  # heights of the lane of the cell, of the gates, and of the line that feeds them
COLUMNS = {"forget": 262, "input": 424, "candidate": 556, "output": 696}
MEET, BEND, HIDDEN = (490, 268), 792, 128  # where i and g meet; where the way down leaves the lane; height of the new h
WIDE, HIGH, KNOT = 62, 32, 13


class Cell(Explorer):
    title = "One step of an LSTM with one unit: three gates decide what is kept, what is written, and what is shown."
    size = (960, 430)
    lines = 5

    def make_controls(self):
        controls = {
            "x": float_slider("Input x", 1.0, -2, 2, "What comes in at this step"),
            "h": float_slider("Old h", 0.0, -1, 1, "What the unit showed at the step before"),
            "c": float_slider("Old c", 1.0, -3, 3, "What the cell holds from earlier steps"),
        }
        for gate, letter in GATES.items():
            what = "candidate" if gate == "candidate" else f"{gate} gate"
            box = check_box(f"Hold {letter}", False, f"Take the {what} by the hand")
            box.layout = widgets.Layout(width="80px", margin="2px 2px 2px 24px")
            controls[f"hold_{gate}"] = box
            least, tooltip = (-1 if gate == "candidate" else 0), f"Where the {what} is held"
            controls[gate] = float_slider(f"{letter} =", START[gate], least, 1, tooltip, 0.05, 2)
            controls[gate].style.description_width = "30px"
        return controls

    def arrange(self, controls):
        numbers = widgets.HBox([controls[name] for name in "xhc"])
        pairs = [[controls[f"hold_{gate}"], controls[gate]] for gate in GATES]
        return [widgets.VBox([numbers, *(widgets.HBox(pairs[k] + pairs[k + 1]) for k in (0, 2))])]

    def relevant(self, **values):
        return {name for name in values if name not in GATES or values[f"hold_{name}"]}

    def stage(self, figure):
        whole = whole_figure(figure)
        ways = Arrows(figure, INK, 1.6)
        lane = Arrows(figure, BLUE, 3.2, head=13)
        shown = Arrows(figure, GREEN, 2.6, head=12)
        lane.set(self._lane())
        shown.set([[(BEND, HIDDEN), (AFTER - WIDE / 2, HIDDEN)]])
        ways.set(self._ways())
        knots = Cells(figure, 2 * KNOT, 2 * KNOT, hidden=9)
        at = [(COLUMNS["forget"], LANE), (MEET[0], LANE), MEET, (BEND, HIDDEN)]
        knots.set(at, np.zeros(len(at)))
        signs = Lettering(figure, "bold")
        signs.write([TIMES, "+", TIMES, TIMES], at, 15)
        for artist in (ways, lane, shown, knots, signs):
            artist.set_animated(False)
            figure.add_artist(artist)
        caption(figure, BEFORE, LANE + 32, "old cell c", 11)
        caption(figure, AFTER, LANE + 32, "new cell c", 11)
        caption(figure, AFTER, HIDDEN + 32, "new output h", 11)
        caption(figure, BEFORE, BUS + 49, "input x", 11)
        caption(figure, BEFORE, BUS - 47, "old output h", 11)
        names = {"forget": "forget gate f", "input": "input gate i", "candidate": "candidate g", "output": "output gate o"}
        for gate, x in COLUMNS.items():
            caption(figure, x, GATE_Y - 40, names[gate], 11)
            caption(figure, x, GATE_Y - 58, "tanh" if gate == "candidate" else "sigmoid", 10)
        note = "orange frame: held by you        gates: 0 shut, 1 open        red: above 0, blue: below 0"
        caption(figure, 560, 14, note, 10)
        self.cells = Cells(figure, WIDE, HIGH, size=12)
        self.held = Outline(whole, ORANGE, 3)
        self.tanh, self.kept, self.written = (
            Label(figure, BEND + 12, 240, 11),
            Label(figure, COLUMNS["forget"] + 70, LANE + 20, 11, BLUE),
            Label(figure, MEET[0] + 12, 312, 11, BLUE),
        )
        return [self.cells, self.held, self.tanh, self.kept, self.written]

    def _lane(self):
        """Return the ways of the cell: from the old c over both knots to the new c."""
        stops = [BEFORE + WIDE / 2, COLUMNS["forget"], MEET[0], AFTER - WIDE / 2]
        ends = [COLUMNS["forget"] - KNOT, MEET[0] - KNOT, stops[3]]
        starts = [stops[0], COLUMNS["forget"] + KNOT, MEET[0] + KNOT]
        return [[(start, LANE), (end, LANE)] for start, end in zip(starts, ends, strict=True)]

    def _ways(self):
        """Return all other ways: x and h to the gates, the gates to their knots, and the cell down to the output."""
        top, low = GATE_Y + HIGH / 2, GATE_Y - 66
        ways = [[(x, BUS), (x, low)] for x in COLUMNS.values()]
        for y in (BUS + 22, BUS - 22):
            ways.append([(BEFORE + WIDE / 2, y), (170, y), (170, BUS), (COLUMNS["output"], BUS), (COLUMNS["output"], low)])
        ways.append([(COLUMNS["forget"], top), (COLUMNS["forget"], LANE - KNOT)])
        for gate in ("input", "candidate"):
            x = COLUMNS[gate]
            side = MEET[0] - KNOT if x < MEET[0] else MEET[0] + KNOT
            ways.append([(x, top), (x, MEET[1]), (side, MEET[1])])
        ways.append([(MEET[0], MEET[1] + KNOT), (MEET[0], LANE - KNOT)])
        ways.append([(BEND, LANE), (BEND, HIDDEN + KNOT)])
        ways.append([(COLUMNS["output"] + WIDE / 2, GATE_Y), (762, GATE_Y), (762, HIDDEN), (BEND - KNOT, HIDDEN)])
        return ways

    def compute(self, x, h, c, **gates):
        held = {gate: gates[gate] for gate in GATES if gates[f"hold_{gate}"]}
        arrays = [np.array([[float(number)]]) for number in (x, h, c)]
        kernel, recurrent_kernel, bias = weights_of_cell()
        sums = arrays[0] @ kernel + arrays[1] @ recurrent_kernel + bias
        step = lstm_step(*arrays, kernel, recurrent_kernel, bias, held=held)
        return {
            **{"x": x, "old h": h, "old c": c, "h": step.h.item(), "c": step.c.item()},
            **{"held": [gate in held for gate in GATES]},
            **{gate: getattr(step, gate).item() for gate in GATES},
            **{f"sum of {part}": number for part, number in zip(PARTS, sums[0].tolist(), strict=True)},
            **{"kept": (step.forget * c).item(), "written": (step.input * step.candidate).item()},
            **{"squashed": np.tanh(step.c).item()},
        }

    def paint(self, numbers):
        gates = [(x, GATE_Y) for x in COLUMNS.values()]
        places = [(BEFORE, BUS + 22), (BEFORE, BUS - 20), (BEFORE, LANE), (AFTER, LANE), (AFTER, HIDDEN), *gates]
        self.cells.set(places, [numbers[name] for name in ("x", "old h", "old c", "c", "h", *GATES)])
        self.held.put([frame for frame, held in zip(self.cells.corners(gates), numbers["held"], strict=True) if held])
        self.kept.set_text(f"f {TIMES} c = {two_digits(numbers['kept'])}")
        self.written.set_text(f"i {TIMES} g = {two_digits(numbers['written'])}")
        self.tanh.set_text(f"tanh(c) = {two_digits(numbers['squashed'])}")

    def describe(self, numbers):
        def text(name):
            return in_brackets(two_digits(numbers[name]))

        lines = []
        for names in (("forget", "input"), ("candidate", "output")):
            lines.append(", ".join(self._gate(numbers, name) for name in names) + ".")
        lines.append(
            f"New cell: c = f {DOT} c + i {DOT} g = {text('forget')} {DOT} {text('old c')} + {text('input')} {DOT} "
            f"{text('candidate')} = `{two_digits(numbers['c'])}`."
        )
        lines.append(
            f"New output: h = o {DOT} tanh(c) = {text('output')} {DOT} {text('squashed')} = `{two_digits(numbers['h'])}`."
        )
        return "\n".join(lines)

    def _gate(self, numbers, name):
        """Return how a gate comes about, in numbers."""
        letter, value = GATES[name], two_digits(numbers[name])
        if numbers["held"][list(GATES).index(name)]:
            return f"{letter} = `{value}`, held by you"
        w, u, b = (signed(number) for number in WEIGHTS[name])
        of_h = f"+ {u}{DOT}h" if WEIGHTS[name][1] > 0 else f"{u[0]} {u[1:]}{DOT}h"
        end = f" + {b}" if WEIGHTS[name][2] else ""
        function, total = ("tanh" if name == "candidate" else "sigmoid"), two_digits(numbers[f"sum of {name}"])
        return f"{letter} = {function}({w}{DOT}x {of_h}{end}) = {function}({total}) = `{value}`"
