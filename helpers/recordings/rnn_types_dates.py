"""Recorded trainings of the lesson on types of RNN: dates in five languages to the form 2019-04-03, letter by letter.

One net reads (encoder), another one writes (decoder). All that passes between them is the state after the last letter.
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

from collections import Counter

import keras
import numpy as np
from keras import layers
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors

from helpers.pairs import (
    END,
    START,
    UNSEEN_LANGUAGES,
    answers_to_learn,
    characters_of,
    date_split,
    decode,
    encode,
    load_dates,
)
from helpers.recordings.recording import record

NETWORKS = {  # name -> kind of cell, units, learning rate at the start, epochs
    "LSTM": ("LSTM", 64, 0.015, 5),
    "simple RNN, same settings": ("SimpleRNN", 64, 0.015, 5),
    "simple RNN": ("SimpleRNN", 64, 0.001, 5),  # for this cell 0.001 is better than 0.0005, 0.005 and 0.015
    "simple RNN, 25 epochs": ("SimpleRNN", 64, 0.001, 25),
    "simple RNN, as many weights": ("SimpleRNN", 150, 0.001, 5),
    "simple RNN, as many weights, 25 epochs": ("SimpleRNN", 150, 0.001, 25),
}
BATCH = 64
BEYOND = {  # name -> what `load_dates` is asked for
    "years 1850 to 1899": {"years": (1850, 1899)},
    "years 1900 to 1949": {"years": (1900, 1949)},
    "years 2050 to 2099": {"years": (2050, 2099)},
} | {name: {"languages": (code,)} for code, name in UNSEEN_LANGUAGES.items()}


def train_dates(seed):
    """Train an LSTM and simple RNNs on 8,000 dates; return how they, and simpler ways, do on 1,000 days never seen.

    Of each network: "exact", the share of dates without a mistake; "letters", the share of right letters; "told letters", the
    same when it is told the right letters so far; and both for the letters after the first mistake of a date.
    """
    train, held_out = date_split(seed)
    tables = characters_of(train.written), characters_of([*train.iso, START, END])
    found = dict(zip(("source_characters", "target_characters"), tables, strict=True))
    found |= {"written": held_out.written[:300], "iso": held_out.iso[:300], "language": held_out.language[:300]}
    found |= simpler_ways(train, held_out)
    for name, (cell, units, rate, epochs) in NETWORKS.items():
        model = taught(train, tables, seed, cell, units, rate, epochs)
        scores = judge(model, tables, held_out)
        found |= {f"{name}: {what}": score for what, score in scores.items()} | {f"{name}: weights": model.count_params()}
        if name in ("LSTM", "simple RNN"):
            found |= {f"{name}: {what}": score for what, score in beyond(model, tables).items()}
            if seed == 0:
                found |= {f"{name}: weights_{place}": array for place, array in enumerate(model.get_weights())}
    return found


def encoder_decoder(cell="LSTM", source_characters=43, target_characters=14, units=64, embedding=64):
    """Return the network, not yet compiled: source (batch, any length) and answer so far (batch, any length) -> probabilities.

    Both are numbers of characters, 0 for none. The output (batch, length of the answer, target_characters) says, for each
    place, which character follows.
    """
    layer = getattr(layers, cell)
    source, so_far = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
    read = layers.Embedding(source_characters, embedding, mask_zero=True)(source)
    _, *state = layer(units, return_state=True)(read)
    write = layers.Embedding(target_characters, embedding, mask_zero=True)(so_far)
    write = layer(units, return_sequences=True)(write, initial_state=state)
    return keras.Model([source, so_far], layers.Dense(target_characters, activation="softmax")(write))


def teach(model, inputs, answers, learning_rate, epochs, batch_size=BATCH, callbacks=()):
    """Compile the model and train it; the learning rate falls from its start to 0 along half a wave of a cosine."""
    updates = epochs * -(-len(keras.tree.flatten(answers)[0]) // batch_size)  # a model with two outputs has two answers
    falling = keras.optimizers.schedules.CosineDecay(learning_rate, updates)
    model.compile(keras.optimizers.Adam(falling), "sparse_categorical_crossentropy")
    return model.fit(inputs, answers, epochs=epochs, batch_size=batch_size, verbose=0, callbacks=list(callbacks))


def taught(dates, tables, seed, cell="LSTM", units=64, learning_rate=0.015, epochs=5, callbacks=()):
    """Return an encoder-decoder trained on Dates; `tables` are the characters of the source and of the answers."""
    set_seeds(seed)
    model = encoder_decoder(cell, *map(len, tables), units)
    so_far, following = answers_to_learn(dates.iso, tables[1])
    teach(model, [encode(dates.written, tables[0]), so_far], following, learning_rate, epochs, callbacks=callbacks)
    return model


def generate(model, sources, characters, length):
    """Return the texts (batch,) that the model writes to the sources, each letter the most probable one after its own letters.

    `sources` (batch, ...) are the first input of the model, `characters` those of the answers. A text ends at END, or when it
    is `length` long.
    """
    so_far = np.zeros((len(sources), length + 1), dtype=np.int64)
    so_far[:, 0] = np.flatnonzero(characters == START)[0]
    end = np.flatnonzero(characters == END)[0]
    for place in range(length):
        following = model.predict_on_batch([sources, so_far])[:, place].argmax(axis=1)
        so_far[:, place + 1] = following
        if ((so_far == end).any(axis=1)).all():
            break
    return decode(so_far, characters)


def judge(model, tables, dates):
    """Return the scores of `train_dates` for a model on Dates."""
    sources, length = encode(dates.written, tables[0], skip=True), max(map(len, dates.iso))
    texts = generate(model, sources, tables[1], length + 1)
    so_far, following = answers_to_learn(dates.iso, tables[1])
    told = model.predict_on_batch([sources, so_far])[:, :length].argmax(axis=2) == following[:, :length]
    own = same_letters(texts, dates.iso)[:, :length]
    after = np.cumsum(~own, axis=1) - ~own > 0  # a mistake stands before this letter
    found = {"exact": np.mean(texts == dates.iso), "letters": own.mean(), "told letters": told.mean()}
    if after.any():
        found |= {"letters after a mistake": own[after].mean(), "told letters after a mistake": told[after].mean()}
    return found


def same_letters(texts, answers):
    """Return where the texts have the letters of the answers, (texts, longest); a place after the end of both is True."""
    width = max(map(len, [*texts, *answers]))
    letters = [np.array([list(text.ljust(width)) for text in part]) for part in (texts, answers)]
    return letters[0] == letters[1]


def beyond(model, tables, count=300):
    """Return the exact matches on years and in languages that were never seen, and twenty examples of each."""
    found = {}
    for name, asked in BEYOND.items():
        dates = load_dates(count, **asked, seed=1)
        texts = generate(model, encode(dates.written, tables[0], skip=True), tables[1], 11)
        found |= {f"{name}: exact": np.mean(texts == dates.iso), f"{name}: letters": same_letters(texts, dates.iso).mean()}
        found |= {f"{name}: examples": np.stack([dates.written[:20], dates.iso[:20], texts[:20]], axis=1)}
    return found


# Simpler ways.


def simpler_ways(train, held_out):
    """Return the exact matches and the shares of right letters of four ways without a recurrent net."""
    ways = {"rule": by_rule, "bag of words": by_words, "nearest": by_neighbour, "most frequent letters": by_frequency}
    found = {}
    for name, way in ways.items():
        texts = way(train, held_out.written)
        right = same_letters(texts, held_out.iso)
        found |= {f"{name}: exact": right.all(axis=1).mean(), f"{name}: letters": right.mean()}
    return found


def pieces(text):
    """Return the words and the numbers of a text, without what stands between them."""
    return "".join(letter if letter.isalnum() else " " for letter in text).split()


def by_rule(train, written):
    """Return what a person would program: the number of four digits is the year, a name says the month, what is left the day.

    Which names are months is counted in the training dates: those that always come with the same month. Where there is no
    such name, the second number is the month.
    """
    months = {}
    for text, iso in zip(train.written, train.iso, strict=True):
        for word in pieces(text):
            months.setdefault(word, Counter())[iso[5:7]] += 1
    months = {word: count.most_common(1)[0][0] for word, count in months.items() if len(count) == 1 and word.isalpha()}
    found = []
    for text in written:
        words = pieces(text)
        numbers = [word for word in words if word.isdigit()]
        year = next((number for number in numbers if len(number) == 4), "0000")
        short = [number for number in numbers if number != year] + ["00", "00"]
        found.append(f"{year}-{next((months[word] for word in words if word in months), short[1])}-{int(short[0]):02}")
    return np.array(found)


def by_words(train, written):
    """Return what linear classifiers make of the words and numbers, in no order."""
    return by_classifiers(CountVectorizer(analyzer=pieces, binary=True), 100, train, written)


def by_letters(train, written):
    """Return what linear classifiers make of the letters and digits, counted one by one: no shuffling changes that."""
    return by_classifiers(CountVectorizer(analyzer="char"), 1, train, written)


def by_classifiers(counter, strength, train, written):
    """Return what three linear classifiers, of the year, the month and the day, make of what the counter counts."""
    known, new = counter.fit_transform(train.written), counter.transform(written)
    parts = [[iso.split("-")[part] for iso in train.iso] for part in range(3)]
    guesses = [LogisticRegression(C=strength, max_iter=3000).fit(known, part).predict(new) for part in parts]
    return np.array(["-".join(parts) for parts in zip(*guesses, strict=True)])


def by_neighbour(train, written):
    """Return the answer of the training date that shares most runs of one to three letters. It is never the same day."""
    counter = TfidfVectorizer(analyzer="char", ngram_range=(1, 3))
    nearest = NearestNeighbors(n_neighbors=1, metric="cosine").fit(counter.fit_transform(train.written))
    return train.iso[nearest.kneighbors(counter.transform(written), return_distance=False)[:, 0]]


def by_frequency(train, written):
    """Return the most frequent letter of each place, the same for all."""
    return np.repeat("".join(Counter(place).most_common(1)[0][0] for place in zip(*train.iso, strict=True)), len(written))


# Does the order matter?


def train_order(seed):
    """Train the LSTM longer on dates whose order was changed in some ways; return its exact matches on dates changed likewise.

    The matches are given for all held-out days, for those with a name of a month and for those in numbers alone. "bag of
    letters" are three linear classifiers that count the letters: the same for every order of the letters.
    """
    train, held_out = date_split(seed)
    named = np.array([any(map(str.isalpha, text)) for text in held_out.written])
    found = {}
    for name, change in ORDERS.items():
        rng = np.random.default_rng(seed)
        known, new = (
            dates._replace(written=np.array([change(text, rng) for text in dates.written])) for dates in (train, held_out)
        )
        tables = characters_of(known.written), characters_of([*known.iso, START, END])
        model = taught(known, tables, seed, learning_rate=0.01, epochs=8)
        texts = generate(model, encode(new.written, tables[0], skip=True), tables[1], 11)
        found |= shares(name, texts == new.iso, named) | {f"{name}: example": new.written[np.flatnonzero(~named)[0]]}
    return found | shares("bag of letters", by_letters(train, held_out.written) == held_out.iso, named)


def shares(name, right, named):
    """Return the share of right answers: of all, of those with the name of a month, of those in numbers alone."""
    return {f"{name}: exact": right.mean(), f"{name}: named": right[named].mean(), f"{name}: numbers": right[~named].mean()}


ORDERS = {  # name -> what becomes of a text
    "as written": lambda text, rng: text,
    "pieces in order": lambda text, rng: " ".join(pieces(text)),
    "pieces shuffled": lambda text, rng: " ".join(rng.permutation(pieces(text))),
    "letters backwards": lambda text, rng: text[::-1],
    "letters shuffled": lambda text, rng: "".join(rng.permutation(list(text))),
}


# One vector is not enough.


def train_copy(seed):
    """Train LSTMs to write a row of random digits again; return the exact match for every length of the row.

    "lengths" are 1 to 16; in training there were 1 to 12 digits. `exact` is (sizes, lengths).
    """
    rng = np.random.default_rng(seed)
    sizes, lengths, longest = (32, 128), np.arange(1, 17), 12
    texts = digits(rng, rng.integers(1, longest + 1, 20000))
    characters = characters_of(["0123456789", START, END])
    so_far, following = answers_to_learn(texts, characters)
    tests = [digits(rng, np.full(300, length)) for length in lengths]
    exact = []
    for units in sizes:
        set_seeds(seed)
        model = encoder_decoder("LSTM", len(characters), len(characters), units, 32)
        teach(model, [encode(texts, characters), so_far], following, 0.01, 12, 128)
        written = [generate(model, encode(test, characters), characters, 17) for test in tests]
        exact.append([np.mean(row == test) for row, test in zip(written, tests, strict=True)])
    return {"sizes": sizes, "lengths": lengths, "longest in training": longest, "exact": exact}


def digits(rng, lengths):
    """Return texts of random digits with these lengths."""
    return np.array(["".join(rng.choice(list("0123456789"), length)) for length in lengths])


if __name__ == "__main__":
    record("rnn_dates", train_dates)
    record("rnn_date_order", train_order)
    record("rnn_copy", train_copy)
