"""A film review, read word by word by a trained recurrent network: its score after every word."""

from functools import lru_cache

import numpy as np

from helpers.datasets import film_review_split
from helpers.explorers.controls import choice, text_box
from helpers.explorers.explorer import Explorer, Impossible
from helpers.explorers.rnn_types_common import OWN, first_run, recorded_weights, word_network
from helpers.explorers.signs import signed
from helpers.plots.figure import BLUE, INK, ORANGE, caption, whole_figure
from helpers.plots.lettering import Lettering
from helpers.plots.number_grid import marks
from helpers.scratch.tokenizer import Tokenizer

MOST, LONGEST = 60, 16  # words of a text, and letters of a word, for which the picture has room
SHOWN, TURNS, OF_EACH = 4, 0.05, 8  # most words that are marked, least change of a marked word; reviews of each kind
UNKNOWN = 1  # the number of every word that the network does not know
LEFT, WIDE, BOTTOM, TALL = 78, 866, 150, 220  # of the chart, in pixels
SAMPLES = ("a good film", "not a good film", "this film is not bad at all", "", "xyzzy plugh", "Boring! Boring! BORING!")


@lru_cache
def review_network():
    """Return the recorded network of the lesson as our own model, and its Tokenizer."""
    run = first_run("rnn_reviews")
    model = word_network(recorded_weights(run, 6), "sigmoid", mask_zero=True, return_sequences=False)
    return model, Tokenizer(vocabulary=run["vocabulary"])


@lru_cache
def held_out_reviews():
    """Return reviews that the network never read, and what their critics thought: two tuples, good and bad ones in turn."""
    _, _, texts, labels = film_review_split(seed=0)
    short = np.array([4 < len(text.split()) < 28 for text in texts])  # so that every word can be read in the picture
    good, bad = (np.flatnonzero(short & (labels == label))[:OF_EACH] for label in (1, 0))
    order = np.stack([good, bad], axis=1).ravel()
    return tuple(texts[order].tolist()), tuple(labels[order].tolist())


def scores_after_words(model, numbers):
    """Return the probability of "good" after every word, (words,): the output layer reads every state, not only the last."""
    embedding, recurrent, readout = model.layers
    rows, states, outputs = embedding.forward(np.asarray(numbers)[None]), None, []
    for t in range(rows.shape[1]):
        recurrent.forward(rows[:, t : t + 1], initial_state=states)
        states = recurrent.states
        outputs.append(states[0][0])
    return readout.forward(np.stack(outputs))[:, 0]


def explore_sentiment(model=None, tokenizer=None):
    """Follow a trained network through a film review: its score after every word, and the words that turned it.

    `model` is a scratch Sequential of Embedding, a recurrent layer and Dense(1, "sigmoid"), `tokenizer` the one it was trained
    with; without them the recorded network reads.
    """
    return Sentiment(model, tokenizer)


class Sentiment(Explorer):
    title = "A network reads a review: the score after every word, from 0 (bad) to 1 (good)."
    size = (960, 420)
    lines = 4

    def __init__(self, model, tokenizer):
        self.model, self.tokenizer = review_network() if model is None else (model, tokenizer)
        self.reviews, self.opinions = held_out_reviews()
        self.names = [f"{number}: {text[:60]}" for number, text in enumerate(self.reviews, start=1)]
        super().__init__()

    def make_controls(self):
        review = choice("Review", self.names[0], [*self.names, OWN], "Reviews that the network never read, or your own text")
        review.layout.width = "620px"
        text = text_box("Your text", SAMPLES[2], SAMPLES, "Write English words, then press Enter", width="920px")
        return {"review": review, "text": text}

    def relevant(self, review, text):
        return {"review", "text"} if review == OWN else {"review"}

    def stage(self, figure):
        axes = whole_figure(figure)
        for share, text in ((0, "0 bad"), (0.5, "0.5"), (1, "1 good")):
            y = BOTTOM + TALL * share
            axes.plot([LEFT, LEFT + WIDE], [y, y], color="#8c8c8c", linewidth=1, linestyle="--" if share == 0.5 else "-")
            caption(figure, LEFT - 8, y, text, 10, ha="right")
        caption(figure, LEFT, BOTTOM + TALL + 18, "the score after every word", 10.5, ha="left")
        text = f"triangles: the words that turned it most (by {TURNS} or more), blue up and orange down"
        caption(figure, LEFT + WIDE, BOTTOM + TALL + 18, text, 10, ha="right")
        self.curve = axes.plot([], [], color=INK, linewidth=1.4, linestyle="-", animated=True)[0]
        self.still, self.up, self.down = marks(axes, "o", INK, 5), marks(axes, "^", BLUE, 11), marks(axes, "v", ORANGE, 11)
        self.plain, self.bold = Lettering(figure), Lettering(figure, "bold")
        return [self.curve, self.still, self.up, self.down, self.plain, self.bold]

    def compute(self, review, text):
        opinion = None
        if review != OWN:
            place = self.names.index(review)
            text, opinion = self.reviews[place], self.opinions[place]
        words = self.tokenizer.words(text)
        if not words:
            raise Impossible("There is no word to read. Write a text, then press Enter.")
        if len(words) > MOST:
            raise Impossible(f"This text has {len(words)} words. The picture has room for {MOST}.")
        numbers = self.tokenizer([text])[0]
        scores = scores_after_words(self.model, numbers)
        before = float(self.model.layers[-1].forward(np.zeros((1, self.model.layers[1].units)))[0, 0])  # nothing was read yet
        changes = np.diff(np.concatenate([[before], scores]))
        most = np.argsort(-np.abs(changes))[:SHOWN]
        return {
            **{"words": words, "known": numbers != UNKNOWN, "scores": scores, "start": before, "changes": changes},
            **{"turned": most[np.abs(changes[most]) >= TURNS], "opinion": opinion},
        }

    def paint(self, numbers):
        words, scores, changes = numbers["words"], numbers["scores"], numbers["changes"]
        count = max(len(words), 8)  # a few words stand close together, at the left
        left, width = LEFT + 24, WIDE - 40
        middles = left + width * np.arange(len(words)) / (count - 1)
        heights = BOTTOM + TALL * scores
        self.curve.set_data([LEFT, *middles], [BOTTOM + TALL * numbers["start"], *heights])
        turned = np.zeros(len(words), bool)
        turned[numbers["turned"]] = True
        for artist, chosen in ((self.up, turned & (changes > 0)), (self.down, turned & (changes <= 0)), (self.still, ~turned)):
            artist.set_data(middles[chosen], heights[chosen])
        size = min(11.0, max(9.0, width / count * 72 / 100))
        cut = [word if len(word) <= LONGEST else word[: LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}" for word in words]
        shown = [word if known else f"[{word}]" for word, known in zip(cut, numbers["known"], strict=True)]
        places = [(x + 3, BOTTOM - 14) for x in middles]
        for lettering, chosen in ((self.plain, ~turned), (self.bold, turned)):
            texts = [shown[k] for k in np.flatnonzero(chosen)]
            inks = [(BLUE if changes[k] > 0 else ORANGE) if turned[k] else INK for k in np.flatnonzero(chosen)]
            lettering.write(texts, [places[k] for k in np.flatnonzero(chosen)], size, inks or (INK,), align="right", angle=60)

    def describe(self, numbers):
        scores, changes, words = numbers["scores"], numbers["changes"], numbers["words"]
        opinion = {None: "", 1: " The critic found it good.", 0: " The critic found it bad."}[numbers["opinion"]]
        answer = "good" if scores[-1] > 0.5 else "bad"
        lines = [f"After the last word: `{scores[-1]:.2f}`, so the network says {answer}.{opinion}"]
        turned = ", ".join(f"{words[k]} {signed(changes[k], '{:+.2f}')}" for k in sorted(numbers["turned"]))
        turned = f"What turned it most: {turned}" if turned else f"No word turned it by {TURNS} or more"
        lines.append(f"Before the first word it was {numbers['start']:.2f}. {turned}.")
        unknown = sum(~numbers["known"])
        if unknown:
            it = "word is" if unknown == 1 else "words are"
            lines.append(f"{unknown} {it} unknown to the network, in brackets: all unknown words are the same number to it.")
        lines.append("How much a word changes the score depends also on what was read before it.")
        return "\n".join(lines)
