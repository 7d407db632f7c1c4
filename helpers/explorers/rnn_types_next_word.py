"""The next word of a text, by a recurrent network that learnt from help texts."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from helpers.explorers.controls import float_slider, rows_of, slider, text_box
from helpers.explorers.explorer import Explorer, Impossible
from helpers.explorers.rnn_types_common import first_run, recorded_weights, word_network
from helpers.plots.figure import BLUE, INK, caption, whole_figure
from helpers.plots.lettering import Lettering, text_width
from helpers.plots.number_grid import Outline
from helpers.scratch.activations import softmax
from helpers.scratch.sequential import Sequential
from helpers.texts import SENTENCE_ENDS, words_of

START, UNKNOWN = "<start>", 1
NEVER = ("", "[UNK]", START)  # what is never written: padding, the number of all rare words, the start of a sentence
MOST_WORDS, SHOWN = 30, 10
SAMPLES = ("if the object is", "", "the value of the", "to be or not to be", "Python", "xyzzy", "word " * 31)


class Teller(NamedTuple):
    """A trained network from words to the shares of the next one, and its words: the place of a word is its number."""

    model: Sequential
    vocabulary: tuple


@lru_cache
def word_teller():
    """Return the recorded Teller."""
    run = first_run("rnn_next_word")
    return Teller(word_network(recorded_weights(run, 6), "softmax"), tuple(run["vocabulary"].tolist()))


def sharpened(shares, temperature, top_k, never):
    """Return the shares among the top_k likeliest words, each to the power of 1 / temperature, so that they add up to 1.

    Words whose number is in `never` get nothing.
    """
    logs = np.log(np.maximum(shares, 1e-30)) / temperature
    logs[list(never)] = -np.inf
    logs[logs < np.sort(logs)[-top_k]] = -np.inf
    return softmax(logs)


def explore_next_word(teller=None):
    """Write the beginning of a sentence, and let a trained network go on; see the shares of the next word.

    `teller` is a Teller; without one the recorded network writes.
    """
    return NextWord(teller)


LEFT, TOP, WIDE = 220, 268, 560  # of the bars, in pixels


class NextWord(Explorer):
    title = "A network that learnt from help texts of Python tells the next word, again and again."
    size = (960, 420)
    lines = 4

    def __init__(self, teller):
        self.teller = word_teller() if teller is None else teller
        self.number_of = {word: number for number, word in enumerate(self.teller.vocabulary)}
        self.never = tuple(self.number_of[word] for word in NEVER if word in self.number_of)
        super().__init__()

    def make_controls(self):
        return {
            "text": text_box("Text so far", SAMPLES[0], SAMPLES, "English words, then press Enter", width="620px"),
            "temperature": float_slider(
                "Temperature", 1.0, 0.1, 2.0, "Low: likely words become likelier; high: rare ones get a chance"
            ),
            "top_k": slider("Top k", 40, 1, 100, "Only the k likeliest words can come"),
            "count": slider("Words to add", 8, 0, 20, "How many words the network writes"),
            "seed": slider("Seed", 1, 1, 20, "Each seed draws other words"),
        }

    def arrange(self, controls):
        return [controls["text"], rows_of([control for name, control in controls.items() if name != "text"], 3)]

    def relevant(self, top_k, count, **values):
        drawn = {"seed"} if count and top_k > 1 else set()
        return {"text", "top_k", "count"} | drawn | ({"temperature"} if top_k > 1 else set())

    def stage(self, figure):
        whole = whole_figure(figure)
        caption(figure, 20, 398, "the text (blue: written by the network, [ ]: unknown to it)", 10, ha="left")
        caption(figure, 20, TOP + 26, "the next word", 10, ha="left")
        caption(
            figure,
            LEFT,
            TOP + 26,
            "upper bar, grey: what the network gives; lower bar, blue: after temperature and top k",
            10,
            ha="left",
        )
        self.given, self.used = Outline(whole, INK, 0.6, fill="#b8b8b8"), Outline(whole, INK, 0.6, fill=BLUE)
        self.text, self.new, self.words, self.numbers_shown = (Lettering(figure) for _ in range(4))
        return [self.given, self.used, self.text, self.new, self.words, self.numbers_shown]

    def compute(self, text, temperature, top_k, count, seed):
        words = words_of(text)
        if len(words) > MOST_WORDS:
            raise Impossible(f"This text has {len(words)} words and marks. The picture has room for {MOST_WORDS}.")
        # It learnt sentence by sentence: each begins anew.
        begun = next((k + 1 for k in reversed(range(len(words))) if words[k] in SENTENCE_ENDS), 0)
        numbers = [self.number_of[START], *(self.number_of.get(word, UNKNOWN) for word in words[begun:])]
        embedding, recurrent, readout = self.teller.model.layers
        rng, states, new, chances = np.random.default_rng(seed), None, [], []
        for _ in range(count + 1):
            outputs = recurrent.forward(embedding.forward(np.array([numbers])), initial_state=states)
            shares = readout.forward(outputs[:, -1])[0]
            states, used = recurrent.states, sharpened(shares, temperature, top_k, self.never)
            if len(new) < count:
                numbers = [int(rng.choice(len(used), p=used))]
                new.append(self.teller.vocabulary[numbers[0]])
                chances.append(shares[numbers[0]])
                if new[-1] in SENTENCE_ENDS:
                    numbers, states = [self.number_of[START]], None
        order = np.argsort(-np.where(np.isin(np.arange(len(shares)), self.never), -1, shares), kind="stable")[:SHOWN]
        known = [word in self.number_of for word in words]
        return {
            **{"words": words, "known": known, "new": new, "chances": np.array(chances), "numbers": order},
            **{"names": [self.teller.vocabulary[number] for number in order], "shares": shares[order], "used": used[order]},
            **{"hidden": float(shares[list(self.never)].sum()), "temperature": temperature, "top_k": top_k},
        }

    def paint(self, numbers):
        shown = [word if known else f"[{word}]" for word, known in zip(numbers["words"], numbers["known"], strict=True)]
        places = flow([*shown, *numbers["new"]], 20, 940, 372, 13)
        self.text.write(shown, places[: len(shown)], 13, align="left")
        self.new.write(numbers["new"], places[len(shown) :], 13, [BLUE], align="left")
        heights = [TOP - 26 * k for k in range(len(numbers["names"]))]
        self.words.write(numbers["names"], [(LEFT - 12, y) for y in heights], 11, align="right")
        most = max(numbers["shares"].max(), numbers["used"].max())
        bars = {}
        for name, shift in (("shares", 5.5), ("used", -5.5)):
            lengths = WIDE * numbers[name] / most
            bars[name] = [
                [(LEFT, y + shift - 5), (LEFT + x, y + shift - 5), (LEFT + x, y + shift + 5), (LEFT, y + shift + 5)]
                for x, y in zip(lengths, heights, strict=True)
            ]
        self.given.put(bars["shares"])
        self.used.put(bars["used"])
        texts = [f"{share:.3f}, {used:.3f}" for share, used in zip(numbers["shares"], numbers["used"], strict=True)]
        ends = [LEFT + WIDE * max(pair) / most + 10 for pair in zip(numbers["shares"], numbers["used"], strict=True)]
        self.numbers_shown.write(texts, list(zip(ends, heights, strict=True)), 9.5, align="left")

    def describe(self, numbers):
        text = " ".join([*numbers["words"], *numbers["new"]])
        lines = [f"Text: {text or '(nothing yet)'}"]
        lines.append(
            f"Next it gives {numbers['names'][0]} a share of `{numbers['shares'][0]:.3f}`; with temperature "
            f"{numbers['temperature']:.1f} and the {numbers['top_k']} likeliest it becomes `{numbers['used'][0]:.3f}`."
        )
        if len(numbers["new"]):
            k = int(numbers["chances"].argmin())
            word, chance = numbers["new"][k], numbers["chances"][k]
            lines.append(f"The boldest of its own words: {word}, which had a share of `{chance:.4f}` at its place.")
        lines.append(f"Left out: `{numbers['hidden']:.3f}` for words that are too rare to have a number of their own.")
        return "\n".join(lines)


def flow(words, left, right, top, size):
    """Return the places of words (x, y) in lines from `left` to `right`, in pixels; the size is in points."""
    places, x, y = [], left, top
    pixels = size * 100 / 72
    for word in words:
        width = pixels * text_width(word)
        if x > left and x + width > right:
            x, y = left, y - 24
        places.append((x, y))
        x += width + 0.32 * pixels
    return places
