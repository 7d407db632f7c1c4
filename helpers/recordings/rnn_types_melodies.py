"""Recorded trainings of the lesson on types of RNN: melodies, note by note, and how much of a new one is copied.

A note is two symbols: its pitch, then its duration. The network reads symbol after symbol and says what comes next.
"""

from helpers.keras_tools import set_seeds, to_scratch  # before Keras, which it keeps quiet

from collections import Counter, defaultdict

import keras
import numpy as np
from keras import layers

from helpers.melodies import compose, draw, encode_notes, load_melodies, longest_copy, symbols_of
from helpers.recordings.recording import record

PARTS = 3  # each tune is held out once, with a third of all tunes
NETWORKS = {  # name -> cell, dropout, learning rate, epochs: chosen by the tunes that seed 0 holds out, a small help for them
    "LSTM": (layers.LSTM, 0.5, 0.005, 100),
    "simple RNN": (layers.SimpleRNN, 0.5, 0.002, 100),
    "LSTM by heart": (layers.LSTM, 0.0, 0.01, 200),  # taught far too long, to see what happens
}
COUNTS = {  # name -> how many notes it looks back, whether pitch and duration are counted apart, whether it goes on counting
    "unigram": (0, False, False),
    "bigram": (1, False, False),
    "trigram": (2, False, False),
    "bigram, pitch and duration apart": (1, True, False),
    "trigram, pitch and duration apart": (2, True, False),
    "three notes back, goes on counting": (3, False, True),
}
TEMPERATURES, MELODIES, NOTES = (0.3, 0.7, 1.0, 1.5), 20, 32
FIRST = (60, 64, 67)  # C, E and G, in turn


def train_melodies(seed):
    """Return how well networks and counts know the next note of tunes they never heard, and how much a network copies.

    Each tune is held out once. "LSTM: losses" (tunes,) is the sum of -log(probability) over its notes but the first, `notes`
    how many these are; so exp(sum of losses / sum of notes) is the perplexity per note. The weights are those of LSTMs that
    were taught all tunes, and "LSTM: copied" and so on say how much they copy.
    """
    tunes = load_melodies(common_key=True)
    found = {f"{name}: losses": np.zeros(len(tunes)) for name in (*NETWORKS, *COUNTS)}
    for held_out in np.array_split(np.random.default_rng(seed).permutation(len(tunes)), PARTS):
        known = [tunes[k] for k in range(len(tunes)) if k not in held_out]
        unknown = [tunes[k] for k in held_out]
        for name in NETWORKS:
            found[f"{name}: losses"][held_out] = losses_of(taught(name, known, tunes, seed), unknown, tunes)
        for name, settings in COUNTS.items():
            found[f"{name}: losses"][held_out] = [count_loss(tune, known, tunes, *settings) for tune in unknown]
    found |= {"notes": [len(tune.pitches) - 1 for tune in tunes], "names": [tune.name for tune in tunes]}
    return found | explorer_networks(tunes, seed)


def note_network(cell, symbols, dropout, numbers=16, units=48):
    """Return the network: symbols so far (batch, steps) -> probabilities of the next symbol (batch, steps, symbols)."""
    return keras.Sequential(
        [
            keras.Input((None,)),
            layers.Embedding(symbols, numbers),
            layers.Dropout(dropout),
            cell(units, return_sequences=True),
            layers.Dropout(dropout),
            layers.Dense(symbols, activation="softmax"),
        ]
    )


def taught(name, known, tunes, seed):
    """Return a network of NETWORKS that was taught the known tunes; `tunes` are all, and say which symbols there are."""
    cell, dropout, rate, epochs = NETWORKS[name]
    rows, real = rows_of(known, tunes)
    set_seeds(seed)
    model = note_network(cell, symbols_of(tunes).count, dropout)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    model.fit(rows[:, :-1], rows[:, 1:], sample_weight=real[:, 1:], batch_size=4, epochs=epochs, verbose=0)
    return model


def rows_of(chosen, tunes):
    """Return the symbols of the chosen tunes, (tunes, steps), and 1.0 where there is one; 0.0 fills the shorter tunes."""
    symbols = symbols_of(tunes)
    encoded = [encode_notes(tune, symbols) for tune in chosen]
    rows = np.zeros((len(encoded), max(map(len, encoded))), dtype=np.int64)
    real = np.zeros(rows.shape)
    for row, mark, numbers in zip(rows, real, encoded, strict=True):
        row[: len(numbers)], mark[: len(numbers)] = numbers, 1
    return rows, real


def losses_of(model, chosen, tunes):
    """Return for each tune the sum of -log(probability) over all its notes but the first, which is given."""
    rows, real = rows_of(chosen, tunes)
    shares = np.take_along_axis(model.predict(rows[:, :-1], verbose=0), rows[:, 1:, None], axis=2)[..., 0]
    return -(np.log(shares) * real[:, 1:])[:, 1:].sum(axis=1)  # the first of these symbols is the duration of the first note


# The plain way: counts.


class Counts:
    """How often each symbol followed the last `back` symbols, mixed with shorter memories (Witten and Bell 1991, method C)."""

    def __init__(self, kinds, back):
        self.kinds, self.back = list(kinds), back
        self.seen = defaultdict(Counter)

    def read(self, row, place):
        """Count the symbol at this place of a row."""
        for length in range(min(self.back, place) + 1):
            self.seen[tuple(row[place - length : place])][row[place]] += 1

    def shares(self, before):
        """Return the probability of every kind of symbol after the symbols `before`, (kinds,)."""
        shares = np.full(len(self.kinds), 1 / len(self.kinds))
        for length in range(min(self.back, len(before)) + 1):
            seen = self.seen.get(tuple(before[len(before) - length :]))
            if seen:  # the more kinds were seen to follow, the more likely is yet another one
                counts = np.array([seen[kind] for kind in self.kinds])
                shares = (counts + len(seen) * shares) / (counts.sum() + len(seen))
        return shares


def streams_of(tune, apart):
    """Return the notes of a tune as one row of pairs, or, apart, as a row of pitches and a row of durations."""
    rows = tune.pitches.tolist(), tune.durations.tolist()
    return rows if apart else (list(zip(*rows, strict=True)),)


def counted(known, tunes, back, apart):
    """Return Counts of the known tunes, one for each stream; `tunes` are all, and say which kinds of notes there are."""
    models = []
    for stream in range(1 + apart):
        rows = [streams_of(tune, apart)[stream] for tune in tunes]
        models.append(Counts(sorted({symbol for row in rows for symbol in row}), back))
        for tune in known:
            row = streams_of(tune, apart)[stream]
            for place in range(len(row)):
                models[-1].read(row, place)
    return models


def count_loss(tune, known, tunes, back, apart, goes_on):
    """Return the sum of -log(probability) over the notes but the first; with `goes_on` each note is counted after its guess."""
    loss = 0.0
    for model, row in zip(counted(known, tunes, back, apart), streams_of(tune, apart), strict=True):
        for place in range(len(row)):
            if place:
                loss -= np.log(model.shares(row[:place])[model.kinds.index(row[place])])
            if goes_on:
                model.read(row, place)
    return loss


# What is copied in a new melody?


def explorer_networks(tunes, seed):
    """Return how many notes in a row are copied in melodies of two LSTMs taught ALL tunes; for seed 0 also their weights.

    "LSTM: copied" and the like are (temperatures, melodies), "bigram: copied" as well; "tunes: copied" (tunes,) is what the
    first 32 notes of a tune share with the other tunes.
    """
    symbols, found = symbols_of(tunes), {}
    for name in ("LSTM", "LSTM by heart"):
        model = taught(name, tunes, tunes, seed)
        found[f"{name}: copied"] = copies(composer(to_scratch(model), symbols), tunes, seed)
        found[f"{name}: losses on its tunes"] = losses_of(model, tunes, tunes)
        if seed == 0:
            found |= {f"{name}: weights_{place}": array.astype(np.float16) for place, array in enumerate(model.get_weights())}
    (bigram,) = counted(tunes, tunes, 1, apart=False)
    found["bigram: copied"] = copies(lambda *settings: notes_drawn(bigram, *settings), tunes, seed)
    found["tunes: copied"] = [copied_of_tune(tune, tunes) for tune in tunes]
    return found | {"temperatures": TEMPERATURES, "pitches": symbols.pitches, "durations": symbols.durations}


def composer(model, symbols):
    """Return a function that makes a melody of 32 notes: (first pitch, temperature, seed) -> pitches, durations."""
    return lambda first, temperature, seed: compose(model, symbols, first, NOTES, temperature, seed)[:2]


def copied_of_tune(tune, tunes):
    """Return how many notes in a row of the first 32 of a tune stand in another tune: so much is alike without copying."""
    others = [other for other in tunes if other is not tune]
    return longest_copy(tune.pitches[:NOTES], tune.durations[:NOTES], others).notes


def copies(make, tunes, seed):
    """Return the longest copied runs of 20 melodies at each temperature, (temperatures, melodies)."""
    seeds = 1 + MELODIES * seed + np.arange(MELODIES)
    made = [[make(FIRST[k % len(FIRST)], heat, int(k)) for k in seeds] for heat in TEMPERATURES]
    return [[longest_copy(*melody, tunes).notes for melody in row] for row in made]


def notes_drawn(bigram, first, temperature, seed):
    """Return pitches and durations of a melody of 32 notes that the bigram makes: the plain rival of the network."""
    rng = np.random.default_rng(seed)
    shares = bigram.shares([]) * [pitch == first for pitch, _ in bigram.kinds]
    row = [bigram.kinds[draw(shares / shares.sum(), temperature, rng.random())]]
    while len(row) < NOTES:
        row.append(bigram.kinds[draw(bigram.shares(row), temperature, rng.random())])
    return tuple(np.array(part) for part in zip(*row, strict=True))


if __name__ == "__main__":
    record("rnn_melodies", train_melodies)
