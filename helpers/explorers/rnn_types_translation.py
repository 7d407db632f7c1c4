"""A date, translated letter by letter by a trained encoder and decoder."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from helpers.explorers.controls import choice, rows_of, slider, text_box
from helpers.explorers.explorer import Explorer, Impossible
from helpers.explorers.rnn_types_common import ITS_CHOICE, OWN, first_run, recorded_weights, word_layers
from helpers.pairs import END, START, encode
from helpers.plots.figure import INK, ORANGE, caption, whole_figure
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import Outline
from helpers.plots.unrolled import Cells
from helpers.scratch.embedding import Embedding
from helpers.scratch.encoder_decoder import EncoderDecoder
from helpers.scratch.lstm import LSTM

LONGEST, LONGEST_TEXT = 11, 48  # symbols written (an ISO date has 10, then the end); letters read
SAMPLES = ("3 april 2019", "", "april", "???", "2019 2019 2019", "31 february 1999")
SHOWN = 24  # dates in the list
ROWS = "0123456789-"


class Translator(NamedTuple):
    """A trained EncoderDecoder and its alphabets: arrays of symbols, in which the place of a symbol is its number."""

    model: EncoderDecoder
    letters: np.ndarray  # of the text that is read; number 0 is padding
    symbols: np.ndarray  # of the text that is written, START and END among them


@lru_cache
def date_translator():
    """Return the recorded Translator of dates."""
    run = first_run("rnn_dates")
    arrays = recorded_weights(run, 10, "LSTM: ")
    arrays.insert(4, arrays.pop(1))  # Keras lists both embeddings first, ours the whole encoder
    letters, units = run["source_characters"], len(arrays[2])
    reader = [Embedding(len(letters), arrays[0].shape[1], mask_zero=True), LSTM(units)]
    model = EncoderDecoder(reader, word_layers(arrays[4:], "softmax"))
    model.build((None, 1))
    model.set_weights(arrays)
    return Translator(model, letters, run["target_characters"])


@lru_cache
def held_out_dates():
    """Return dates that the recorded network never saw: a tuple of (as written, ISO)."""
    run = first_run("rnn_dates")
    return tuple(zip(run["written"][:SHOWN].tolist(), run["iso"][:SHOWN].tolist(), strict=True))


def explore_translation(translator=None):
    """Give a trained encoder and decoder a date in any of its languages, and watch it write the ISO date letter by letter.

    `translator` is a Translator; without one the recorded network writes.
    """
    return Translation(translator)


LEFT, TOP, WIDE, HIGH = 120, 330, 62, 22  # middle of the first cell; width and height of the cells, in pixels


class Translation(Explorer):
    title = "One network reads a date, another one writes it: for each place the share of every symbol."
    size = (960, 440)
    lines = 5

    def __init__(self, translator):
        self.translator = date_translator() if translator is None else translator
        self.rows = [*ROWS, END]
        order = self.translator.symbols.tolist()
        self.places = [order.index(symbol) for symbol in self.rows]
        self.dates = held_out_dates()
        super().__init__()

    def make_controls(self):
        names = [written for written, _ in self.dates]
        date = choice("Date", names[0], [*names, OWN], "Dates that the network never saw, or your own text")
        text = text_box("Your text", SAMPLES[0], SAMPLES, "Write a date, then press Enter")
        return {
            "date": date,
            "text": text,
            "written": slider("Written", LONGEST, 0, LONGEST, "How many symbols the decoder has written so far"),
            "put": choice("Put in", ITS_CHOICE, [ITS_CHOICE, *ROWS], "Write this symbol instead of what the decoder chose"),
            "place": slider("At place", 6, 1, 10, "Where it is put in"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def relevant(self, date, put, **values):
        names = {"date", "written", "put"} | ({"text"} if date == OWN else set())
        return names | ({"place"} if put != ITS_CHOICE else set())

    def stage(self, figure):
        whole = whole_figure(figure)
        self.cells = Cells(figure, WIDE, HIGH, size=9.5, cmap="Blues", least=0.0, hidden=0.005)
        self.chosen = Outline(whole, INK, 2)
        self.forced = Outline(whole, ORANGE, 3)
        self.read = Label(figure, LEFT - 40, 424, 13, weight="bold")
        self.between = Label(figure, LEFT - 40, 398, 10)
        self.out, self.truth = Lettering(figure, "bold"), Lettering(figure)
        for y, text in ((424, "reads"), (TOP + 40, "writes"), (TOP + 22, "right")):
            caption(figure, 62, y, text, 10, ha="right")
        self.middles = np.array([LEFT + (WIDE + 8) * k for k in range(LONGEST)])
        self.heights = np.array([TOP - 4 - (HIGH + 2) * k for k in range(len(self.rows))])
        for name, y in zip([*ROWS, "end"], self.heights, strict=True):
            caption(figure, LEFT - WIDE / 2 - 10, y, name, 10.5, ha="right")
        caption(
            figure,
            LEFT - 40,
            16,
            "dark: a large share of 1; black frame: what was written; numbers below 0.005 are left out",
            9.5,
            ha="left",
        )
        return [self.cells, self.chosen, self.forced, self.read, self.between, self.out, self.truth]

    def compute(self, date, text, written, put, place):
        truth = dict(self.dates).get(date)
        text = (text if date == OWN else date).lower()
        source = encode([text], self.translator.letters, skip=True)
        if not source.size:
            raise Impossible("There is no letter or digit that the network knows. Write a date, then press Enter.")
        if len(text) > LONGEST_TEXT:
            raise Impossible(f"This text has {len(text)} letters. The picture has room for {LONGEST_TEXT}.")
        forced = None if put == ITS_CHOICE else place - 1
        symbols, shares = self._write(source, forced, put)
        return {
            **{
                "text": text,
                "letters": source.size,
                "skipped": sorted({*text} - {*self.translator.letters.tolist()}),
                "truth": truth,
            },
            **{"symbols": symbols, "shares": shares[:, self.places], "written": min(written, len(symbols))},
            **{"forced": forced if forced is not None and forced < len(symbols) else None, "put": put},
        }

    def _write(self, source, forced, put):
        """Return the symbols that the decoder writes, up to the end, and the shares (symbols, alphabet) of each place."""
        order = self.translator.symbols.tolist()
        place = iter(range(LONGEST))

        def choose(shares):
            best = shares.argmax(axis=-1)
            return np.full_like(best, order.index(put)) if next(place) == forced else best

        ids, shares = self.translator.model.generate(source, order.index(START), order.index(END), LONGEST, choose)
        return [order[number] for number in ids[0]], shares[0]

    def paint(self, numbers):
        count, shares = numbers["written"], numbers["shares"]
        values = np.full((LONGEST, len(self.rows)), np.nan)
        values[:count] = shares[:count]
        places = np.stack(np.meshgrid(self.middles, self.heights, indexing="ij"), axis=-1)
        self.cells.set(places.reshape(-1, 2), values.ravel())
        rows = [self.rows.index(symbol) for symbol in numbers["symbols"][:count]]
        frames = self.cells.corners([places[k, row] for k, row in enumerate(rows)])
        forced = numbers["forced"]
        self.chosen.put([frame for k, frame in enumerate(frames) if k != forced])
        self.forced.put([frame for k, frame in enumerate(frames) if k == forced])
        self.read.set_text(numbers["text"])
        units = self.translator.model.writer.units * self.translator.model.writer.state_count
        self.between.set_text(
            f"{numbers['letters']} letters are read; {units} numbers pass from the reader to the writer, nothing else"
        )
        shown = ["end" if symbol == END else symbol for symbol in numbers["symbols"][:count]]
        truth = [*(numbers["truth"] or ""), END][:count]
        wrong = [
            bool(numbers["truth"]) and (k >= len(truth) or truth[k] != symbol)
            for k, symbol in enumerate(numbers["symbols"][:count])
        ]
        colours = [ORANGE if each else INK for each in wrong]
        self.out.write(shown, [(x, TOP + 40) for x in self.middles[:count]], 13, colours or [INK])
        truth = ["end" if symbol == END else symbol for symbol in truth] if numbers["truth"] else []
        self.truth.write(truth, [(x, TOP + 22) for x in self.middles[: len(truth)]], 10)

    def describe(self, numbers):
        symbols, count, shares = numbers["symbols"], numbers["written"], numbers["shares"]
        text = "".join(symbols[:count]).replace(END, "")
        whole = "".join(symbols).replace(END, "")
        lines = [f"Written so far: `{text or 'nothing'}`."]
        if count == len(symbols):
            right = {None: "", whole: ", which is right"}.get(numbers["truth"], f", which is wrong: it is {numbers['truth']}")
            lines = [f"Written: `{text}`{right}."]
        if count:
            largest = shares[:count].max(axis=1)
            k = int(largest.argmin())
            first, second = np.argsort(-shares[k])[:2]
            names = ["end" if symbol == END else symbol for symbol in self.rows]
            best, next_best = (f"{names[each]} with {shares[k, each]:.2f}" for each in (first, second))
            lines.append(f"Least sure at place {k + 1}: {best}, then {next_best}.")
        if numbers["skipped"]:
            lines.append(
                "Never seen in training, so left out: " + " ".join(f"`{letter}`" for letter in numbers["skipped"]) + "."
            )
        if numbers["forced"] is not None:
            lines.append(f"At place {numbers['forced'] + 1} you put in {numbers['put']}. What it writes next depends on it.")
        return "\n".join(lines)
