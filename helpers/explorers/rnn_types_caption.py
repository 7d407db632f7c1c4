"""The name of a letter with a mark, written letter by letter from its picture."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.rnn_types_common import ITS_CHOICE, first_run, recorded_weights, word_layers
from helpers.pairs import END, START, decode
from helpers.plots.figure import INK, ORANGE, caption, picture_axes, whole_figure
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import Outline
from helpers.plots.pixels import Pixels
from helpers.plots.unrolled import Cells
from helpers.scratch.convolution import Conv2D
from helpers.scratch.dense import Dense
from helpers.scratch.encoder_decoder import EncoderDecoder
from helpers.scratch.pooling import Flatten, MaxPooling2D

LONGEST, RANKS, SIDE = 32, 4, 32  # letters that are written; likeliest ones shown at each place; pixels of the picture


class Captioner(NamedTuple):
    """A trained EncoderDecoder from pictures (32, 32, 1) to text, and its symbols: the place of a symbol is its number."""

    model: EncoderDecoder
    symbols: np.ndarray


@lru_cache
def letter_captioner():
    """Return the recorded Captioner."""
    run = first_run("rnn_letters")
    arrays = recorded_weights(run, 12)
    arrays.insert(6, arrays.pop(4))  # Keras lists the embedding before the last layer of the encoder, ours after it
    filters, units, size = [arrays[0].shape[3], arrays[2].shape[3]], arrays[5].shape[0], arrays[0].shape[0]
    eyes = [layer for number in filters for layer in (Conv2D(number, size, activation="relu"), MaxPooling2D(2))]
    model = EncoderDecoder([*eyes, Flatten(), Dense(units, "tanh")], word_layers(arrays[6:], "softmax"))
    model.build((None, SIDE, SIDE, 1))
    model.set_weights(arrays)
    return Captioner(model, run["characters"])


@lru_cache
def held_out_letters():
    """Return pictures (letters, 32, 32) of letters never seen with this mark, and their names: those of the recording."""
    run = first_run("rnn_letters")
    return run["pictures"] / 255, tuple(run["names"].tolist()), tuple(run["fonts"].tolist())


def explore_caption(captioner=None):
    """Watch a network name the picture of a letter that it never saw with this mark, letter by letter.

    `captioner` is a Captioner; without one the recorded network writes.
    """
    return Caption(captioner)


LEFT, TOP, WIDE, HIGH = 262, 236, 21, 26  # middle of the first column; width and height of the cells, in pixels


class Caption(Explorer):
    title = "A picture goes in once; its name comes out letter by letter."
    size = (960, 330)
    lines = 4

    def __init__(self, captioner):
        self.captioner = letter_captioner() if captioner is None else captioner
        self.pictures, self.truths, self.fonts = held_out_letters()
        self.names = [f"{number}: {name}" for number, name in enumerate(self.truths, start=1)]
        super().__init__()

    def make_controls(self):
        return {
            "picture": choice("Picture", self.names[0], self.names, "A letter with a mark that it never had in training"),
            "written": slider("Written", LONGEST, 0, LONGEST, "How many letters of the name are written so far"),
            "cover": slider("Cover rows", 0, 0, SIDE, "So many rows are made blank, from the top: the marks above the letter"),
            "put": choice("Put in", ITS_CHOICE, [ITS_CHOICE, "c", "s"], "Write this as the first letter instead"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        whole = whole_figure(figure)
        self.picture = Pixels(picture_axes(figure, 20, 84, 190, 190), "gray_r")
        caption(figure, 115, 290, "the picture that goes in", 10)
        for rank in range(RANKS):
            caption(figure, LEFT - 18, TOP - rank * (HIGH + 2), f"{rank + 1}.", 10, ha="right")
        caption(
            figure,
            LEFT - 16,
            290,
            "for each place the likeliest symbols, the likeliest on top (dark: a share near 1)",
            10,
            ha="left",
        )
        caption(
            figure,
            LEFT - 16,
            24,
            "\N{OPEN BOX} is a space, \N{BULLET} the end; black frame: what was written; orange: put in by you",
            9.5,
            ha="left",
        )
        self.cells = Cells(figure, WIDE, HIGH, cmap="Blues", least=0.0, most=1.6, hidden=9)
        self.chosen, self.forced = Outline(whole, INK, 1.8), Outline(whole, ORANGE, 2.6)
        self.letters, self.name = Lettering(figure), Label(figure, LEFT - 16, 92, 14, weight="bold")
        self.truth = Label(figure, LEFT - 16, 60, 10.5)
        return [self.picture, self.cells, self.chosen, self.forced, self.letters, self.name, self.truth]

    def compute(self, picture, written, cover, put):
        place = self.names.index(picture)
        image = self.pictures[place].copy()
        image[:cover] = 0
        order = self.captioner.symbols.tolist()
        first = iter([put in order and order.index(put)])

        def choose(shares):
            best, forced = shares.argmax(axis=-1), next(first, False)
            return best if forced is False else np.full_like(best, forced)

        ids, shares = self.captioner.model.generate(
            image[None, ..., None], order.index(START), order.index(END), LONGEST, choose
        )
        ranks = np.argsort(-shares[0], axis=1, kind="stable")[:, :RANKS]
        return {
            **{"image": image, "ids": ids[0], "ranks": ranks, "shares": np.take_along_axis(shares[0], ranks, axis=1)},
            **{"text": str(decode(ids, self.captioner.symbols)[0]), "truth": self.truths[place], "font": self.fonts[place]},
            **{"written": min(written, len(ids[0])), "put": put, "cover": cover},
        }

    def paint(self, numbers):
        self.picture.set(numbers["image"])
        count = numbers["written"]
        places = np.array([[(LEFT + (WIDE + 1) * k, TOP - rank * (HIGH + 2)) for rank in range(RANKS)] for k in range(count)])
        self.cells.set(places.reshape(-1, 2), numbers["shares"][:count].ravel())
        names = [self._name(number) for number in numbers["ranks"][:count].ravel()]
        self.letters.write(names, places.reshape(-1, 2), 11)
        written = numbers["ranks"][:count] == numbers["ids"][:count, None]
        frames = self.cells.corners(places.reshape(-1, 2)[written.ravel()])
        put_in = numbers["put"] != ITS_CHOICE and count > 0 and numbers["ids"][0] in numbers["ranks"][0]
        self.forced.put(frames[:1] if put_in else [])
        self.chosen.put(frames[1:] if put_in else frames)
        self.name.set_text(numbers["text"][:count] or "(nothing yet)")
        self.truth.set_text(f"its name: {numbers['truth']}   (font: {numbers['font']})")

    def _name(self, number):
        symbol = str(self.captioner.symbols[number])
        return {" ": "\N{OPEN BOX}", END: "\N{BULLET}", "": "", START: ""}.get(symbol, symbol)

    def describe(self, numbers):
        count = numbers["written"]
        whole = count == len(numbers["ids"])
        right = numbers["text"] == numbers["truth"]
        lines = [f"Written so far: `{numbers['text'][:count] or 'nothing'}`."]
        if whole:
            lines = [f"Written: `{numbers['text']}`, which is {'right' if right else 'not its name: ' + numbers['truth']}."]
        if count:
            sure = numbers["shares"][:count, 0]
            k = int(sure.argmin())
            best, next_best = (self._name(number) or "nothing" for number in numbers["ranks"][k, :2])
            first, second = numbers["shares"][k, :2]
            lines.append(f"Least sure at letter {k + 1}: `{best}` with {first:.2f}, then `{next_best}` with {second:.2f}.")
        if numbers["cover"]:
            lines.append(f"The upper {numbers['cover']} of {SIDE} rows are blank: nothing in them can be seen.")
        if numbers["put"] != ITS_CHOICE:
            lines.append(f"You put in {numbers['put']} as the first letter. The rest follows from it and from the picture.")
        return "\n".join(lines)
