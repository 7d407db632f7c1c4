"""For how many steps is one bit kept? Recorded trainings of simple RNNs, LSTMs and GRUs, with the spread of their seeds."""

from functools import lru_cache

import numpy as np

from helpers.datasets import load_recorded
from helpers.explorers.controls import choice, rows_of
from helpers.explorers.explorer import Explorer
from helpers.plots.figure import BLUE, INK, ORANGE, caption, chart_axes
from helpers.plots.lettering import Label
from helpers.plots.number_grid import Outline, marks

KINDS = {  # name of the choice -> name in the recording
    "simple RNN": "simple RNN",
    "simple RNN, random start": "simple RNN, Glorot start",
    "simple RNN, keeps 0.73": "simple RNN, keeps 0.73",
    "LSTM, forget bias 0": "LSTM, forget bias 0",
    "LSTM, forget bias 1 (Keras)": "LSTM",
    "LSTM, forget bias 5": "LSTM, forget bias 5",
    "GRU": "GRU",
    "GRU, update bias 5": "GRU, update bias 5",
}
EACH, AT_20 = "of the same length", "of 20 steps"
LEARNED = {EACH: "{}", AT_20: "{}: learned at 20, tested at"}
LOW = -0.03  # the lower end of the scale: 0 is possible, always the opposite


@lru_cache
def recorded():
    """Return lengths (lengths,), and (kind, way of learning) -> shares right (seeds, lengths), NaN where not tried.

    A training that only guessed was not tried with more steps: there it counts as guessing.
    """
    runs = load_recorded("lstm_memory")
    shares = {
        (kind, way): guessing_on(np.array([run[pattern.format(name)] for run in runs.values()], dtype=float))
        for kind, name in KINDS.items()
        for way, pattern in LEARNED.items()
    }
    return runs[0]["lengths"], shares


def guessing_on(shares):
    """Return the shares (seeds, lengths) with 0.5 in place of NaN where there were less than 0.6 with fewer steps."""
    lost = np.minimum.accumulate(np.where(np.isnan(shares), 1.0, shares), axis=1) < 0.6
    return np.where(np.isnan(shares) & lost, 0.5, shares)


def explore_memory():
    """Compare two kinds of recurrent networks that have to keep one bit for 5 to 200 steps."""
    return Memory()


class Memory(Explorer):
    title = "How long is one bit kept? The share of right answers on new rows, several trainings of each kind."
    size = (960, 400)
    lines = 4

    def make_controls(self):
        lengths, _ = recorded()
        steps = [int(length) for length in lengths]
        return {
            "first": choice("Orange", "simple RNN", KINDS, "The first kind of network", "330px"),
            "second": choice("Blue", "LSTM, forget bias 1 (Keras)", KINDS, "The second kind of network", "330px"),
            "learned": choice("Learned on", EACH, LEARNED, "On which rows the networks were trained"),
            "steps": choice("Steps", 80, steps, "The length that is spelled out below"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 2)]

    def stage(self, figure):
        self.lengths, self.shares = recorded()
        self.places = np.arange(len(self.lengths))
        settings = {"xlim": (-0.4, len(self.lengths) - 0.6), "ylim": (LOW, 1.04)}
        self.axes = chart_axes(figure, 76, 60, 560, 300, **settings, xlabel="steps of a row")
        self.axes.set_xticks(self.places, [str(length) for length in self.lengths])
        self.axes.axhline(0.5, color="#8c8c8c", linewidth=1, linestyle="--")
        caption(figure, 356, 376, "share of 1,000 new rows whose bit is told rightly", 10.5)
        caption(figure, 640, 60 + 300 * (0.5 - LOW) / (1.04 - LOW), "guessing", 9.5, ha="left")
        self.bands = [Outline(self.axes, "none", 0, fill=colour) for colour in (ORANGE, BLUE)]
        for band in self.bands:
            band.set_alpha(0.16)
        styles = ((ORANGE, "-"), (BLUE, (0, (5, 2))))
        self.lines_ = [
            self.axes.plot([], [], color=colour, linestyle=style, linewidth=2.2, animated=True)[0] for colour, style in styles
        ]
        self.dots = [marks(self.axes, mark, colour, 6) for mark, (colour, _) in zip("o^", styles, strict=True)]
        self.cursor = self.axes.plot([], [], color=INK, linewidth=1, linestyle=(0, (2, 2)), animated=True)[0]
        self.names = [Label(figure, 700, y, 11, colour) for y, (colour, _) in zip((320, 160), styles, strict=True)]
        self.spreads = [Label(figure, 700, y, 10) for y in (298, 138)]
        self.seeds = Label(figure, 700, 86, 9.5)
        return [*self.bands, self.cursor, *self.lines_, *self.dots, *self.names, *self.spreads, self.seeds]

    def compute(self, first, second, learned, steps):
        place = int(np.flatnonzero(recorded()[0] == steps)[0])
        found = {"place": place, "steps": steps, "learned": learned, "first": first, "second": second}
        for name, kind in (("first", first), ("second", second)):
            shares = self.shares[kind, learned]
            found |= {f"{name} tried": ~np.isnan(shares), f"{name} shares": np.nan_to_num(shares)}
        return found

    def paint(self, numbers):
        for k, name in enumerate(("first", "second")):
            known, shares = numbers[f"{name} tried"], numbers[f"{name} shares"]
            tried = known.any(axis=0)
            x, known, shares = self.places[tried], known[:, tried], shares[:, tried]
            low, high = np.where(known, shares, 1).min(axis=0), np.where(known, shares, 0).max(axis=0)
            middle = (shares * known).sum(axis=0) / known.sum(axis=0)
            self.bands[k].put([np.concatenate([np.column_stack([x, high]), np.column_stack([x, low])[::-1]])])
            self.lines_[k].set_data(x, middle)
            shift = (-0.06, 0.06)[k]
            self.dots[k].set_data(np.repeat(x[None] + shift, len(shares), axis=0)[known], shares[known])
            self.names[k].set_text(numbers[name])
            self.spreads[k].set_text(self._at(numbers, name))
        self.cursor.set_data([numbers["place"]] * 2, [LOW, 1.04])
        self.seeds.set_text(f"band: worst to best of {len(shares)}")

    def _at(self, numbers, name):
        place = numbers["place"]
        known = numbers[f"{name} tried"][:, place]
        if not known.any():
            return f"{numbers['steps']} steps: not tried"
        shares = numbers[f"{name} shares"][known, place]
        return f"{numbers['steps']} steps: {shares.min():.2f} to {shares.max():.2f}"

    def describe(self, numbers):
        lines = [
            "Each row: a bit (1 or -1), then noise; at the end the network says the bit. It learned from 2,000 rows "
            f"{numbers['learned']}."
        ]
        for name in ("first", "second"):
            place = numbers["place"]
            known = numbers[f"{name} tried"][:, place]
            shares = numbers[f"{name} shares"][known, place]
            each = ", ".join(f"{share:.2f}" for share in shares)
            result = f"mean `{shares.mean():.2f}` ({each})" if known.any() else "not tried"
            lines.append(f"{numbers[name]}, {numbers['steps']} steps: {result}.")
        lines.append("A training that guessed with fewer steps counts as guessing (0.50).")
        return "\n".join(lines)
