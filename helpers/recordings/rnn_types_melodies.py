"""Recorded trainings of the lesson on types of RNN: which note comes next in a tune?

A tune is a row of symbols: the pitch of a note, its length in quarter notes, the pitch of the next note, and so on.
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

from collections import Counter, defaultdict

import keras
import numpy as np
from keras import layers

from helpers.pairs import END, START, load_melodies
from helpers.recordings.recording import record

FOLDS, EPOCHS, NOTES = 5, 60, 48
TEMPERATURES = (0.5, 1.0)


def train_melodies(seed):
    """Train LSTMs to guess the next note; return the perplexity per note on tunes that were left out of the training.

    Each tune is left out once, with four others. "unigram" (how frequent each symbol is), "bigram" (after the last one of its
    kind) and "two notes" are counts, interpolated. `symbols` and "weights_0", ... are those of one more LSTM, taught all
    tunes, and "copied" (temperatures, tunes) says of tunes that it makes how many notes in a row stand in a real tune.
    """
    tunes = [symbols_of(melody) for melody in load_melodies()]
    symbols = np.array(["", START, END, *sorted({symbol for tune in tunes for symbol in tune[1:-1]}, key=float)])
    losses, notes = Counter(), 0
    for part in np.array_split(np.random.default_rng(seed).permutation(len(tunes)), FOLDS):
        known = [tune for place, tune in enumerate(tunes) if place not in part]
        new = [tunes[place] for place in part]
        notes += sum(len(tune) // 2 for tune in new)  # the end counts as a note
        losses["LSTM"] += loss_of(taught(known, symbols, seed), new, symbols)
        for name, how in COUNTS.items():
            losses[name] += count_loss(known, new, symbols, *how)
    found = {f"{name}: perplexity": np.exp(loss / notes) for name, loss in losses.items()} | {"symbols": symbols}
    return found | explorer_model(tunes, symbols, seed)


def symbols_of(melody):
    """Return a tune as a list of symbols: START, a pitch, a length, a pitch, a length, ..., END."""
    notes = zip(melody.pitch, melody.quarters, strict=True)
    return [START, *(symbol for pitch, quarters in notes for symbol in (f"{pitch}", f"{quarters:.1f}")), END]


def note_network(symbols, units=96, embedding=32):
    """Return the network, not yet compiled: symbols so far (batch, any length) -> the probabilities of the next one."""
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(symbols, embedding, mask_zero=True),
            layers.LSTM(units, return_sequences=True),
            layers.Dropout(0.4),
            layers.Dense(symbols, activation="softmax"),
        ]
    )


def taught(tunes, symbols, seed):
    """Return a network taught to say the next symbol of these tunes."""
    set_seeds(seed)
    rows = numbers_of(tunes, symbols)
    model = note_network(len(symbols))
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
    model.fit(rows[:, :-1], rows[:, 1:], epochs=EPOCHS, batch_size=4, verbose=0)
    return model


def numbers_of(tunes, symbols):
    """Return the tunes as numbers of their symbols, (tunes, longest); zeros fill the end of the shorter ones."""
    place = {symbol: number for number, symbol in enumerate(symbols)}
    rows = np.zeros((len(tunes), max(map(len, tunes))), dtype=np.int64)
    for row, tune in zip(rows, tunes, strict=True):
        row[: len(tune)] = [place[symbol] for symbol in tune]
    return rows


def loss_of(model, tunes, symbols):
    """Return the sum of -log(probability) of all symbols of the tunes but START."""
    rows = numbers_of(tunes, symbols)
    shares = np.take_along_axis(model.predict(rows[:, :-1], verbose=0), rows[:, 1:, None], axis=2)[..., 0]
    return -np.log(shares[rows[:, 1:] > 0]).sum()


# Counts (Witten and Bell 1991, method C).

COUNTS = {  # name -> how many earlier symbols, and how much weight fewer symbols have; of 1, 2, 3, 5 and 8 the best here
    "unigram": (0, 1),
    "bigram": (1, 1),
    "two notes": (3, 8),
}


def count_loss(known, new, symbols, order, weight):
    """Return the same loss for counts of what followed up to `order` earlier symbols, mixed with those of fewer symbols."""
    counts = defaultdict(Counter)
    for tune in known:
        for place in range(1, len(tune)):
            for length in range(order + 1):
                counts[context(tune, place, length)][tune[place]] += 1

    def share(tune, place, length):
        if length < 0:
            return 1 / len(symbols)
        seen = counts[context(tune, place, length)]
        fewer = weight * len(seen)  # the more kinds of symbols followed, the less one more kind would surprise
        shorter = share(tune, place, length - 1)
        return (seen[tune[place]] + fewer * shorter) / (seen.total() + fewer) if seen else shorter

    return -sum(np.log(share(tune, place, order)) for tune in new for place in range(1, len(tune)))


def context(tune, place, length):
    """Return what is known before a symbol: whether it is a pitch or a length, and so many earlier symbols.

    First comes the last symbol of the same kind, the pitch before a pitch and the length before a length: it helps most.
    """
    return place % 2, *(tune[place - back] if back <= place else "" for back in (2, 1, 4, 3)[:length])


# What it makes up.


def explorer_model(tunes, symbols, seed):
    """Return what a network taught all tunes generates, how much of it is copied, and, for seed 0, its weights."""
    model = taught(tunes, symbols, seed)
    made = [generate_tunes(model, symbols, temperature, seed) for temperature in TEMPERATURES]
    copied = [[longest_copy(tune, tunes) for tune in part] for part in made]
    others = [longest_copy(tune, [other for other in tunes if other is not tune]) for tune in tunes]
    found = {"temperatures": TEMPERATURES, "copied": copied, "copied by real tunes": others}
    found |= {"notes made": [[(len(tune) - 1) // 2 for tune in part] for part in made]}
    weights = {f"weights_{place}": array for place, array in enumerate(model.get_weights())}
    return found | {"made": [" ".join(part[0]) for part in made]} | (weights if seed == 0 else {})


def generate_tunes(model, symbols, temperature, seed, tunes=20):
    """Return tunes of at most 48 notes, each from START on; a low temperature prefers the probable symbols."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((tunes, 1 + 2 * NOTES), dtype=np.int64)
    rows[:, 0] = 1
    for place in range(2 * NOTES):
        shares = model.predict_on_batch(rows)[:, place, 1:]  # never "no symbol"
        shares = shares ** (1 / temperature)
        shares = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
        rows[:, place + 1] = 1 + np.argmax(shares > rng.random((tunes, 1)) * shares[:, -1:], axis=1)
    texts = ([START, *symbols[row[1:]]] for row in rows)
    return [text[: text.index(END)] if END in text else text for text in texts]


def longest_copy(tune, others):
    """Return how many notes in a row, with their lengths, stand in one of the others as well."""
    notes, known = notes_of(tune), [notes_of(other) for other in others]
    length = 0
    while any(holds(other, notes[start : start + length + 1]) for other in known for start in range(len(notes) - length)):
        length += 1
    return length


def notes_of(tune):
    symbols = [symbol for symbol in tune if symbol not in (START, END)]
    return list(zip(symbols[::2], symbols[1::2], strict=False))


def holds(notes, part):
    return any(notes[start : start + len(part)] == part for start in range(len(notes) - len(part) + 1))


if __name__ == "__main__":
    record("rnn_melodies", train_melodies)
