"""Names made up by a trained LSTM, letter by letter."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from helpers.explorers.controls import float_slider, rows_of, slider, text_box
from helpers.explorers.explorer import Explorer, Impossible
from helpers.explorers.rnn_types_common import first_run, recorded_weights
from helpers.pairs import END, START, encode, load_place_names
from helpers.plots.figure import INK, ORANGE, caption, whole_figure
from helpers.plots.lettering import Lettering
from helpers.plots.number_grid import Outline
from helpers.plots.unrolled import Cells
from helpers.scratch.activations import softmax
from helpers.scratch.lstm import lstm_step

NAMES, LONGEST, SHOWN, RANKS = 10, 30, 24, 4  # names at once; letters of a name; places and letters that are drawn
SAMPLES = ("", "san ", "new ", "z", "qqq", "???")


class Teller(NamedTuple):
    """A trained net of names: the table of letters, the LSTM, the readout, the characters, and all real names."""

    table: np.ndarray
    cell: tuple
    readout: tuple
    characters: np.ndarray
    real: frozenset


@lru_cache
def name_teller():
    """Return the recorded Teller."""
    run = first_run("lstm_names")
    table, *cell, kernel, bias = recorded_weights(run, 6)
    return Teller(table, tuple(cell), (kernel, bias), run["characters"], frozenset(load_place_names().english.tolist()))


def make_names(teller, beginning, temperature, seed):
    """Return names (NAMES,) and the shares (NAMES, letters, characters) from which their letters were drawn.

    `beginning` is an array of the numbers of letters; the shares of these places are what the net would have said.
    """
    order = teller.characters.tolist()
    start, end = order.index(START), order.index(END)
    never = [0, start]  # no character, and the start
    numbers = np.random.default_rng(seed).random((LONGEST, NAMES))
    kernel, bias = teller.readout
    h = c = np.zeros((NAMES, len(kernel)))
    letter, done = np.full(NAMES, start), np.zeros(NAMES, bool)
    written, shares = [], []
    for place in range(LONGEST):
        step = lstm_step(teller.table[letter], h, c, *teller.cell)
        h, c = step.h, step.c
        logits = (h @ kernel + bias) / temperature
        logits[:, never] = -np.inf
        share = softmax(logits)
        drawn = np.argmax(share.cumsum(axis=1) > numbers[place][:, None], axis=1)
        letter = np.full(NAMES, beginning[place]) if place < len(beginning) else np.where(done, end, drawn)
        done |= letter == end
        written.append(letter)
        shares.append(share)
        if done.all():
            break
    rows = np.stack(written, axis=1)
    names = ["".join(teller.characters[row]).split(END)[0] for row in rows]
    return names, np.stack(shares, axis=1)


def explore_names(teller=None):
    """Let a trained LSTM make up names of places: choose how they begin and how bold it is.

    `teller` is a Teller; without one the recorded network writes.
    """
    return Names(teller)


LEFT, TOP, WIDE, HIGH = 414, 262, 22, 26  # middle of the first column of cells; width and height of a cell, in pixels


class Names(Explorer):
    title = "Names that an LSTM makes up, letter by letter."
    size = (960, 380)
    lines = 3

    def __init__(self, teller):
        self.teller = name_teller() if teller is None else teller
        super().__init__()

    def make_controls(self):
        return {
            "beginning": text_box("Beginning", SAMPLES[0], SAMPLES, "How all names begin; press Enter"),
            "temperature": float_slider("Temperature", 0.7, 0.1, 2, "Low: the likeliest letters; high: bold"),
            "seed": slider("Draw", 1, 1, 50, "Each place of this slider draws other names"),
            "name": slider("Name", 1, 1, NAMES, "The name whose letters are shown at the right"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        self.names, self.bold = Lettering(figure), Lettering(figure, "bold")
        caption(figure, 24, 358, f"{NAMES} names; orange: there is such a name in the data", 10, ha="left")
        caption(
            figure,
            LEFT - 14,
            316,
            "the likeliest letters at each place of the framed name (dark: a share near 1)",
            10,
            ha="left",
        )
        caption(
            figure, LEFT - 14, 128, "\N{OPEN BOX} is a space, \N{BULLET} the end; black frame: what was drawn", 9.5, ha="left"
        )
        for rank in range(RANKS):
            caption(figure, LEFT - 18, TOP - rank * (HIGH + 2), f"{rank + 1}.", 10, ha="right")
        self.cells = Cells(figure, WIDE - 1, HIGH, cmap="Blues", least=0.0, most=1.6, hidden=9)
        whole = whole_figure(figure)
        self.chosen, self.row, self.letters = Outline(whole, INK, 1.8), Outline(whole, INK, 1.4), Lettering(figure)
        self.drawn = Lettering(figure, "bold")
        return [self.names, self.bold, self.cells, self.chosen, self.row, self.letters, self.drawn]

    def compute(self, beginning, temperature, seed, name):
        text = beginning.lower()
        letters = encode([text], self.teller.characters, skip=True)[0]
        if text.strip() and not letters.size:
            raise Impossible("No letter of this beginning occurs in the names. Write others, then press Enter.")
        if letters.size > LONGEST - 6:
            raise Impossible(f"This beginning has {letters.size} letters. At most {LONGEST - 6} are possible.")
        names, shares = make_names(self.teller, letters, temperature, seed)
        k = name - 1
        order = {character: number for number, character in enumerate(self.teller.characters.tolist())}
        drawn = [order[letter] for letter in [*names[k], END]][: min(SHOWN, shares.shape[1])]
        shares = shares[k, : len(drawn)]
        ranks = np.argsort(-shares, axis=1, kind="stable")[:, :RANKS]
        return {
            **{"names": names, "known": [each in self.teller.real for each in names], "chosen": k, "drawn": np.array(drawn)},
            **{"ranks": ranks, "shares": np.take_along_axis(shares, ranks, axis=1)},
            **{"likelihood": float(np.exp(np.mean(np.log(np.maximum(shares[np.arange(len(drawn)), drawn], 1e-12)))))},
        }

    def paint(self, numbers):
        heights = [328 - 31 * k for k in range(NAMES)]
        colours = [ORANGE if known else INK for known in numbers["known"]]
        shown = [name[:SHOWN] + "\N{HORIZONTAL ELLIPSIS}" * (len(name) > SHOWN) or "(nothing)" for name in numbers["names"]]
        self.names.write(shown, [(36, y) for y in heights], 12, colours, align="left")
        y = heights[numbers["chosen"]]
        self.row.put([[(24, y - 14), (330, y - 14), (330, y + 14), (24, y + 14)]])
        places = np.array(
            [[(LEFT + WIDE * k, TOP - rank * (HIGH + 2)) for rank in range(RANKS)] for k in range(len(numbers["drawn"]))]
        ).reshape(-1, 2)
        self.cells.set(places, numbers["shares"].ravel())
        self.letters.write([self._sign(number) for number in numbers["ranks"].ravel()], places, 11)
        self.chosen.put(self.cells.corners(places[(numbers["ranks"] == numbers["drawn"][:, None]).ravel()]))
        row = [(LEFT + WIDE * k, TOP + 30) for k in range(len(numbers["drawn"]))]
        self.drawn.write([self._sign(number) for number in numbers["drawn"]], row, 12)

    def _sign(self, number):
        symbol = str(self.teller.characters[number])
        return {" ": "\N{OPEN BOX}", END: "\N{BULLET}", START: ""}.get(symbol, symbol)

    def describe(self, numbers):
        known = sum(numbers["known"])
        some = "none of them is" if not known else f"{known} of them {'is' if known == 1 else 'are'}"
        k = numbers["chosen"]
        return (
            f"{NAMES} names; {some} in the data. The framed one is `{numbers['names'][k] or 'empty'}`.\n"
            f"The mean share (geometric) of its letters was `{numbers['likelihood']:.2f}`: 1 would mean that nothing else was "
            "possible."
        )
