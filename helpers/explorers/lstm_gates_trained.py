"""The gates of trained LSTMs over real sequences; any gate of any unit can be held from any step on."""

from functools import lru_cache
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np

from helpers.datasets import load_sunspots
from helpers.explorers.controls import Strip, choice, float_slider, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.rnn_types_common import first_run, recorded_weights
from helpers.explorers.signs import two_digits
from helpers.pairs import END, START, encode
from helpers.plots.figure import BLUE, GREEN, INK, ORANGE, caption, picture_axes, whole_figure
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import Frame
from helpers.plots.pixels import Pixels
from helpers.scratch.activations import softmax
from helpers.scratch.lstm import lstm_run

UNITS, SEQUENCES, MONTHS = 32, 12, 200
NAMES, SUNSPOTS = "names, letter by letter", "sunspots, month by month"
NOTHING = "nothing"
HELD = {NOTHING: None, "forget gate": "forget", "input gate": "input", "output gate": "output"}
SHOWN = {"cell c": "c", "output h": "h", "forget gate": "forget", "input gate": "input", "output gate": "output"}


class Reader(NamedTuple):
    """A trained LSTM and what it reads.

    `inputs` are arrays (steps, features), `cell` the weights of the LSTM. `says` turns its outputs (steps, units), and the
    number of the sequence, into what is drawn: (steps,). `truths` are what would be right, (steps,). `names` and `marks` are
    for the eye: what each sequence is called, and the texts under its steps.
    """

    inputs: tuple
    cell: tuple
    says: object
    truths: tuple
    names: tuple
    marks: tuple


@lru_cache
def names_reader():
    """Return the Reader of names that the network never saw: it says the share of the letter that is the right next one."""
    run = first_run("lstm_names")
    table, *cell, kernel, bias = recorded_weights(run, 6)
    characters, names = run["characters"], run["held out"][:SEQUENCES].tolist()
    rows = [encode([START + name + END], characters)[0] for name in names]

    def says(h, number):
        shares = softmax(h @ kernel + bias)
        return shares[np.arange(len(h)), rows[number][1:]]

    inputs = tuple(table[row[:-1]] for row in rows)
    marks = tuple(tuple([*name, "\N{BULLET}"]) for name in names)
    return Reader(inputs, tuple(cell), says, tuple(np.ones(len(row) - 1) for row in rows), tuple(names), marks)


@lru_cache
def sunspots_reader():
    """Return the Reader of stretches of 200 months that the network never saw: it says the sunspots of the next month."""
    run = first_run("lstm_forecast")
    *cell, kernel, bias = recorded_weights(run, 5, "sunspots: ")
    mean, deviation = run["sunspots: mean"], run["sunspots: deviation"]
    years, numbers = load_sunspots()
    begins = int(run["sunspots: test begins"]) + 36 * np.arange(SEQUENCES)
    scaled = (numbers - mean) / deviation

    def says(h, number):
        return (h @ kernel + bias)[:, 0] * deviation + mean

    def marks(begin):
        return tuple((t, f"{years[begin + t]:.0f}") for t in range(MONTHS) if years[begin + t] % 2 < 1 / 12)

    return Reader(
        tuple(scaled[begin : begin + MONTHS, None] for begin in begins),
        tuple(cell),
        says,
        tuple(numbers[begin + 1 : begin + MONTHS + 1] for begin in begins),
        tuple(f"{years[begin]:.0f} to {years[begin + MONTHS]:.0f}" for begin in begins),
        tuple(map(marks, begins)),
    )


def explore_trained_gates(readers=None):
    """Look into a trained LSTM while it reads, and hold any gate of any units from any step on.

    `readers` are Reader by name; without them the recorded networks read names and sunspots.
    """
    return TrainedGates(readers)


# Places in pixels.
LEFT, WIDE = 92, 720
TOP, MAP, GATES_AT, CELL = (452, 92), (252, 140), (136, 80), (34, 70)  # the lower edge of each panel, and its height


class TrainedGates(Explorer):
    title = "A trained LSTM reads: what it says, all its units, and the gates of one of them. Take gates by the hand."
    size = (960, 570)
    lines = 4

    def __init__(self, readers):
        self.readers = {NAMES: names_reader(), SUNSPOTS: sunspots_reader()} if readers is None else readers
        self.untouched = lru_cache(maxsize=64)(self._untouched)
        super().__init__()

    def make_controls(self):
        names, none = list(self.readers), (False,) * UNITS
        units = Strip("Held units", none, "Hold the gate of this unit", 92, 26, "unit", numbered=True)
        return {
            "network": choice("Network", names[0], names, "Which trained network, and what it reads"),
            "sequence": slider("Sequence", 1, 1, SEQUENCES, "Which name, or which 200 months, that the network never saw"),
            "unit": slider("Unit", 1, 1, UNITS, "The unit whose gates and cell are drawn below"),
            "show": choice("Show", "cell c", SHOWN, "What of all units is drawn in the middle"),
            "gate": choice("Hold", NOTHING, HELD, "Which gate you take by the hand"),
            "value": float_slider("Held at", 0.0, 0, 1, "Where the gate is held: 0 shut, 1 open", 0.05, 2),
            "since": slider(
                "From step", 1, 1, MONTHS, "The first step at which it is held; steps after the end have no effect"
            ),
            "units": units,
        }

    def arrange(self, controls):
        *plain, units = controls.values()
        buttons = []
        for name, pressed in {"All": (True,) * UNITS, "None": (False,) * UNITS, "The unit above": None}.items():
            button = widgets.Button(description=name, tooltip=f"Held units: {name.lower()}")
            button.layout = widgets.Layout(width="140px", margin="2px 6px")
            button.on_click(lambda _, pressed=pressed: self.set(units=pressed or self._only(controls["unit"].value)))
            buttons.append(button)
        return [widgets.VBox([rows_of(plain, 3), units, widgets.HBox(buttons)])]

    def _only(self, unit):
        return tuple(number == unit for number in range(1, UNITS + 1))

    def relevant(self, gate, **values):
        return {"gate", *values} - ({"value", "since", "units"} if gate == NOTHING else set())

    def stage(self, figure):
        whole = whole_figure(figure)
        for low, height in (TOP, GATES_AT, CELL):
            whole.plot([LEFT, LEFT, LEFT + WIDE], [low + height, low, low], color="#6b6b6b", linewidth=0.8, linestyle="-")
        middle = CELL[0] + CELL[1] / 2
        for y, text in ((GATES_AT[0], "0"), (sum(GATES_AT), "1"), (middle, "0")):
            caption(figure, LEFT - 8, y, text, 9.5, ha="right")
        whole.plot([LEFT, LEFT + WIDE], [middle, middle], color="#b5b5b5", linewidth=0.8, linestyle="-")
        axes = picture_axes(figure, LEFT, MAP[0], WIDE, MAP[1])
        self.maps = {
            "c": Pixels(axes, "RdBu_r", -4, 4, stretch=True),
            "h": Pixels(axes, "RdBu_r", -1, 1, stretch=True),
            "gate": Pixels(axes, "Greens", 0, 1, stretch=True),
        }
        caption(figure, LEFT - 8, MAP[0] + MAP[1] - 4, "unit 1", 9.5, ha="right")
        caption(figure, LEFT - 8, MAP[0] + 4, f"unit {UNITS}", 9.5, ha="right")
        line = {"animated": True, "linestyle": "-"}
        self.truth = whole.plot([], [], color="#8c8c8c", linewidth=4, **line)[0]
        self.before, self.after = (whole.plot([], [], color=each, linewidth=1.8, **line)[0] for each in (BLUE, ORANGE))
        self.after.set_linestyle((0, (4, 2)))
        styles = {"forget": (BLUE, "-"), "input": (GREEN, (0, (5, 1, 1, 1))), "output": (INK, (0, (4, 2)))}
        self.gates = {
            gate: whole.plot([], [], color=colour, linestyle=style, linewidth=1.8, animated=True)[0]
            for gate, (colour, style) in styles.items()
        }
        for place, (gate, (colour, style)) in enumerate(styles.items()):
            y = GATES_AT[0] + 66 - 24 * place
            whole.plot([LEFT + WIDE + 10, LEFT + WIDE + 34], [y, y], color=colour, linestyle=style, linewidth=1.8)
            caption(figure, LEFT + WIDE + 40, y, f"{gate} gate", 9.5, ha="left")
        self.cell_before = whole.plot([], [], color="#8c8c8c", linewidth=3, **line)[0]
        self.cell = whole.plot([], [], color=INK, linewidth=1.6, **line)[0]
        for y, colour, width, text in ((CELL[0] + 50, INK, 1.6, "cell c"), (CELL[0] + 26, "#8c8c8c", 3, "untouched")):
            whole.plot([LEFT + WIDE + 10, LEFT + WIDE + 34], [y, y], color=colour, linewidth=width, linestyle="-")
            caption(figure, LEFT + WIDE + 40, y, text, 9.5, ha="left")
        self.since = whole.plot([], [], color=ORANGE, linewidth=1.4, animated=True, linestyle=(0, (2, 2)))[0]
        self.chosen = Frame(whole, INK, 1.2)
        self.marks, self.keys, self.small = Lettering(figure), Lettering(figure), Lettering(figure)
        self.titles = [Label(figure, LEFT, low + height + 11, 10) for low, height in (TOP, MAP, GATES_AT, CELL)]
        lines = [self.truth, self.before, self.after, *self.gates.values(), self.cell_before, self.cell, self.since]
        return [*self.maps.values(), *lines, self.chosen, self.marks, self.keys, self.small, *self.titles]

    def _untouched(self, network, number):
        reader = self.readers[network]
        return lstm_run(reader.inputs[number][None], *reader.cell)

    def compute(self, network, sequence, unit, show, gate, value, since, units):
        reader, number = self.readers[network], sequence - 1
        free = self.untouched(network, number)
        steps, mask = free.h.shape[1], np.array(units)
        held = HELD[gate] if mask.any() and since <= free.h.shape[1] else None
        run = free
        if held is not None:
            values = {held: np.where(mask, value, np.nan)}
            run = lstm_run(reader.inputs[number][None], *reader.cell, held=values, since=since - 1)
        before, after = (reader.says(each.h[0], number) for each in (free, run))
        truth = reader.truths[number]
        return {
            **{"network": network, "number": number, "steps": steps, "unit": unit, "show": show},
            **{"held": gate if held else "", "count": int(mask.sum()), "value": value, "since": since},
            **{"before": before, "after": after, "truth": truth, "map": getattr(run, SHOWN[show])[0]},
            **{name: getattr(run, name)[0, :, unit - 1] for name in ("forget", "input", "output", "c", "h")},
            **{"cell before": free.c[0, :, unit - 1], "no effect": gate != NOTHING and held is None},
        }

    def paint(self, numbers):
        steps = numbers["steps"]
        middles = LEFT + WIDE * (np.arange(steps) + 0.5) / steps
        names = numbers["network"] == NAMES
        low, high = (0.0, 1.0) if names else self._range(numbers)
        self._curve(self.truth, middles, np.empty(0) if names else numbers["truth"], TOP, low, high)
        self._curve(self.before, middles, numbers["before"], TOP, low, high)
        self._curve(self.after, middles, numbers["after"] if numbers["held"] else np.empty(0), TOP, low, high)
        for gate, line in self.gates.items():
            self._curve(line, middles, numbers[gate], GATES_AT, 0, 1)
        largest = max(1.0, np.abs(numbers["cell before"]).max(), np.abs(numbers["c"]).max())
        self._curve(self.cell_before, middles, numbers["cell before"], CELL, -largest, largest)
        self._curve(self.cell, middles, numbers["c"], CELL, -largest, largest)
        quantity = SHOWN[numbers["show"]]
        kind = quantity if quantity in "ch" else "gate"
        for name, pixels in self.maps.items():
            pixels.set_visible(name == kind)
        self.maps[kind].set(numbers["map"].T)
        height = MAP[1] / UNITS
        top = MAP[0] + MAP[1] - height * (numbers["unit"] - 1) + 1.5  # around the row, so that it can be seen
        right = LEFT + WIDE
        bottom = top - height - 3
        self.chosen.put([[(LEFT - 2, bottom), (right + 2, bottom), (right + 2, top), (LEFT - 2, top)]])
        x = LEFT + WIDE * (numbers["since"] - 1) / steps
        self.since.set_data([x, x] if numbers["held"] else [], [CELL[0], TOP[0] + TOP[1]] if numbers["held"] else [])
        self._write(numbers, middles, low, high, largest)

    def _range(self, numbers):
        """Return the ends of the upper chart: what is true and said by the untouched network, and a little more."""
        both = np.concatenate([numbers["truth"], numbers["before"]])
        return min(0.0, both.min()), 1.25 * both.max()

    def _curve(self, line, middles, values, panel, low, high):
        """Draw values between low and high in a panel, (lower edge, height); what lies beyond stays at its edge."""
        share = np.clip((values - low) / (high - low), 0, 1)
        line.set_data(middles[: len(values)], panel[0] + panel[1] * share)

    def _write(self, numbers, middles, low, high, largest):
        reader, names = self.readers[numbers["network"]], numbers["network"] == NAMES
        marks = reader.marks[numbers["number"]]
        if names:
            texts, places = [*marks], [(x, TOP[0] - 14) for x in middles]
        else:
            texts, places = zip(*((text, (middles[t], TOP[0] - 14)) for t, text in marks), strict=True)
        self.marks.write(texts, places, 11 if names else 9.5)
        right = LEFT + WIDE
        ends = [f"{low:.0f}", f"{high:.0f}", f"{largest:.1f}", f"\N{MINUS SIGN}{largest:.1f}"]
        places = [(LEFT - 8, TOP[0]), (LEFT - 8, TOP[0] + TOP[1]), (LEFT - 8, CELL[0] + CELL[1]), (LEFT - 8, CELL[0])]
        self.small.write(ends, places, 9.5, align="right")
        keys = (
            [("untouched", BLUE)] + [("with your hand", ORANGE)] * bool(numbers["held"]) + [("true", "#6b6b6b")] * (not names)
        )
        spots = [(right + 12, TOP[0] + 74 - 24 * k) for k in range(len(keys))]
        self.keys.write([text for text, _ in keys], spots, 10, [colour for _, colour in keys], align="left")
        said = "the share that it gives to the letter below, after it has read those to its left"
        said = said if names else "sunspots: what it says for the next month"
        of_unit = f"unit {numbers['unit']}"
        scale = {"c": "red above 0, blue below 0", "h": "red above 0, blue below 0"}.get(SHOWN[numbers["show"]], "dark: open")
        titles = [said, f"{numbers['show']} of all {UNITS} units ({scale}; framed: {of_unit})", f"gates of {of_unit}"]
        for label, text in zip(self.titles, [*titles, f"cell of {of_unit}"], strict=True):
            label.set_text(text)

    def describe(self, numbers):
        reader, names = self.readers[numbers["network"]], numbers["network"] == NAMES
        text = reader.names[numbers["number"]]
        before, after = (self._error(numbers, name) for name in ("before", "after"))
        what = "Perplexity per letter" if names else "Mean error, in sunspots"
        what += f", from step {numbers['since']} on" * bool(numbers["held"])
        lines = [
            f"It reads `{text}`. {what}: `{before:.1f}` untouched"
            + (f", `{after:.1f}` with your hand." if numbers["held"] else ".")
        ]
        if numbers["held"]:
            units = "all units" if numbers["count"] == UNITS else f"{numbers['count']} unit{'s' * (numbers['count'] > 1)}"
            lines.append(
                f"You hold the {numbers['held']} of {units} at {numbers['value']:.2f} from step {numbers['since']} on (dotted "
                "line). Orange is what the network then says."
            )
        elif numbers["no effect"]:
            steps = numbers["steps"]
            why = "no unit is chosen" if not numbers["count"] else f"the sequence ends after step {steps}"
            lines.append(f"Your hand has no effect: {why}.")
        values = ", ".join(f"{name} {two_digits(numbers[name][-1])}" for name in ("forget", "input", "output"))
        lines.append(
            f"Unit {numbers['unit']} at the last step: {values}; cell c = `{two_digits(numbers['c'][-1])}`"
            + (f" (untouched {two_digits(numbers['cell before'][-1])})." if numbers["held"] else ".")
        )
        return "\n".join(lines)

    def _error(self, numbers, name):
        """Return the perplexity per letter, or the mean absolute error, from the first step that is held on."""
        start = numbers["since"] - 1 if numbers["held"] else 0
        said, truth = numbers[name][start:], numbers["truth"][start:]
        if numbers["network"] == NAMES:
            return float(np.exp(-np.mean(np.log(np.maximum(said, 1e-12)))))
        return float(np.mean(np.abs(said - truth)))
