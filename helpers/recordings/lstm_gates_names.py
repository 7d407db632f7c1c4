"""Recorded trainings of the lesson on LSTMs: names of countries, cities and languages, generated letter by letter.

The rivals are simple RNNs, and tables that count which letter came after the last few. Run with:
python -m helpers.recordings.lstm_gates_names
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from helpers.pairs import END, START, answers_to_learn, characters_of, place_name_split
from helpers.recordings.recording import record
from helpers.recordings.rnn_types_words import count, perplexity

HELD_OUT, VALIDATION = 216, 120  # a fifth of the 1,079 names; the validation names are taken from the others
NUMBERS, UNITS = 16, 32  # numbers for a letter, units of the LSTM
RATE, EPOCHS, PATIENCE = 0.003, 150, 8
COUNTERS = {"unigram": 1, "bigram": 2, "trigram": 3} | {f"{order}-gram": order for order in range(4, 9)}  # order: letters
STRENGTHS = (1, 2, 4, 8)  # of the mixture; 1 is Witten and Bell's
NETS = {  # name -> cell, units (none: as many weights as the LSTM), share of numbers left out in training
    "LSTM": ("LSTM", UNITS, 0),
    "simple RNN": ("SimpleRNN", UNITS, 0),
    "simple RNN, as many weights": ("SimpleRNN", None, 0),
    "LSTM, 128 units and dropout": ("LSTM", 128, 0.4),  # is the LSTM only too small?
}
TEMPERATURES = (0.3, 0.7, 1.0, 1.5)
GENERATED, EXAMPLES, LONGEST = 200, 12, 40


def name_data(seed):
    """Return known, validation and held_out, three lists of names, and the characters, of which number 0 is no character."""
    train, held_out = place_name_split(seed, HELD_OUT)
    names = train.english.tolist()
    characters = characters_of([*names, *held_out.english, START, END])
    return names[VALIDATION:], names[:VALIDATION], held_out.english.tolist(), characters


# By counting


def count_letters(names, order):
    """Return the tables of `count` for runs of 1 to `order` letters."""
    return count([START + name + END for name in names], order)


def letters_that_can_come(characters):
    """Return the characters that can follow: all but no character and START."""
    return [character for character in characters.tolist() if character not in ("", START)]


class Counter(NamedTuple):
    """Tables of `count`, the letters that can come, and how strongly the counts for shorter runs are mixed in."""

    tables: list
    can_come: list
    strength: float = 1

    def following(self, so_far):
        """Return the probability of each letter (letters,) after the text so far, by Witten and Bell's mixture.

        What followed the last letters is mixed with what followed fewer letters, down to none. These get more weight where
        many different letters followed: that number counts `strength` times. See `rnn_types_words.witten_bell`, for one word.
        """
        shares = np.full(len(self.can_come), 1 / len(self.can_come))
        for length, table in enumerate(self.tables):
            if seen := table.get(so_far[len(so_far) - length :]):
                doubt = self.strength * len(seen)
                shares = (np.array([seen[letter] for letter in self.can_come]) + doubt * shares) / (seen.total() + doubt)
        return shares

    def remembered(self, so_far):
        """Return the part of the text that the tables look at: longer runs were not counted."""
        return so_far[max(len(so_far) - len(self.tables) + 1, 0) :]


def counted_probabilities(counter, names):
    """Return the probability of every letter of the names, each name's END included, as one array a name."""
    known, found = {}, []
    for name in names:
        row, text = [], START + name + END
        for place in range(1, len(text)):
            before = counter.remembered(text[:place])
            if before not in known:
                known[before] = dict(zip(counter.can_come, counter.following(before), strict=True))
            row.append(known[before][text[place]])
        found.append(np.array(row))
    return found


def counters_of(known, validation, can_come):
    """Return name -> Counter: all of strength 1, and "best counter", which foretells the validation names best."""
    tables = {name: count_letters(known, order) for name, order in COUNTERS.items()}
    every = [Counter(some, can_come, strength) for some in tables.values() for strength in STRENGTHS]
    best = min(every, key=lambda counter: perplexity(np.concatenate(counted_probabilities(counter, validation))))
    return {name: Counter(some, can_come) for name, some in tables.items()} | {"best counter": best}


# By recurrent nets


def letter_net(cell, units, characters, dropout=0):
    """Return a net from numbers of letters (names, letters) to the probabilities of the next letter, after each one."""
    stack = [
        layers.Embedding(characters, NUMBERS, mask_zero=True),
        *([layers.Dropout(dropout)] if dropout else []),
        getattr(layers, cell)(units, return_sequences=True),
        *([layers.Dropout(dropout)] if dropout else []),
        layers.Dense(characters, activation="softmax"),
    ]
    model = keras.Sequential([keras.Input((None,)), *stack])
    model.compile(keras.optimizers.Adam(RATE), "sparse_categorical_crossentropy")
    return model


def units_for_as_many_weights(characters):
    """Return the number of units that gives a simple RNN about as many weights as the LSTM has, the last layer included."""
    lstm = 4 * UNITS * (NUMBERS + UNITS + 1) + (UNITS + 1) * characters
    units = np.arange(UNITS, 8 * UNITS)
    return int(units[np.abs(units * (NUMBERS + units + 1) + (units + 1) * characters - lstm).argmin()])


def taught(name, known, validation, characters, seed):
    """Return the net with the weights of its best epoch on the validation names, and its history."""
    cell, units, dropout = NETS[name]
    set_seeds(seed)
    model = letter_net(cell, units or units_for_as_many_weights(len(characters)), len(characters), dropout)
    stop = keras.callbacks.EarlyStopping("val_loss", patience=PATIENCE, restore_best_weights=True)
    x, y = answers_to_learn(known, characters)
    others = answers_to_learn(validation, characters)
    fitted = model.fit(x, y, 32, EPOCHS, validation_data=others, callbacks=[stop], verbose=0)
    return model, fitted.history


def net_probabilities(model, names, characters):
    """Return the probability of every letter of the names, each name's END included, as one array a name."""
    x, y = answers_to_learn(names, characters)
    given = np.take_along_axis(model.predict_on_batch(x), y[..., None], axis=2)[..., 0].astype(np.float64)
    return [row[told > 0] for row, told in zip(given, y, strict=True)]


# Generate


def sharpened(shares, temperature):
    """Return probabilities (names, letters) to the power 1 / temperature, divided by their sum."""
    shares = shares ** (1 / temperature)
    return shares / shares.sum(axis=1, keepdims=True)


def generate(following, can_come, temperature, rng, how_many=GENERATED):
    """Return names; `following` takes the texts so far (names,) and returns the probabilities of each letter (names, letters).

    A name ends at END, or at 40 letters.
    """
    texts = [START] * how_many
    for _ in range(LONGEST):
        sums = sharpened(following(texts), temperature).cumsum(axis=1)
        drawn = np.minimum((rng.random((how_many, 1)) > sums).sum(axis=1), len(can_come) - 1)
        texts = [text if text.endswith(END) else text + can_come[place] for text, place in zip(texts, drawn, strict=True)]
        if all(text.endswith(END) for text in texts):
            break
    return [text.removeprefix(START).removesuffix(END) for text in texts]


def by_net(model, characters):
    """Return the `following` of `generate` for a net."""
    number = {character: place for place, character in enumerate(characters.tolist())}
    places = [number[character] for character in letters_that_can_come(characters)]

    def following(texts):
        longest = len(max(texts, key=len))
        rows = np.array([[number[letter] for letter in text.ljust(longest, END)] for text in texts])
        shares = model.predict_on_batch(rows)[:, -1, places].astype(np.float64)  # of finished names nothing is used
        return shares / shares.sum(axis=1, keepdims=True)

    return following


def by_counter(counter):
    """Return the `following` of `generate` for a Counter."""
    known = {}

    def following(texts):
        ends = [counter.remembered(text) for text in texts]
        for end in {*ends} - {*known}:
            known[end] = counter.following(end)
        return np.array([known[end] for end in ends])

    return following


# Judge


def judge(names, real, can_come):
    """Return looks_right(texts) -> (texts,) bool, by a 4-gram counter that learned from the names.

    A text looks right if its mean log probability per letter is at least that of the lowest tenth of the real names, which
    the counter does not know either.
    """
    counter = Counter(count_letters(names, 4), can_come)

    def score(texts):
        return np.array([np.log(row).mean() for row in counted_probabilities(counter, texts)])

    bound = np.quantile(score(real), 0.1)
    return lambda texts: score(texts) >= bound


def longest_copy(text, joined):
    """Return the number of letters of the longest run of the text that stands in the joined names too."""
    for length in range(len(text), 0, -1):
        if any(text[start : start + length] in joined for start in range(len(text) - length + 1)):
            return length
    return 0


def looked_at(texts, data, judges):
    """Return figures of generated names: shares that are new, different and look right, mean length, mean longest copy.

    `data` are known, validation and held_out. "new" names stand in no name of the data, not even as a part of one.
    """
    every, learned = "\n".join(sum(data, [])), "\n".join(data[0])
    new = [text for text in texts if text and text not in every]
    found = {"new": len(new) / len(texts), "different": len({*texts}) / len(texts), "examples": new[:EXAMPLES]}
    found |= {f"looks right to {name}": looks_right(new).mean() if new else np.nan for name, looks_right in judges.items()}
    found["length"] = np.mean([len(text) for text in texts])
    return found | {"longest copy": np.mean([longest_copy(text, learned) for text in texts])}


def train_names(seed):
    """Train nets and count runs of letters; return how well they foretell and what they generate.

    Foretelling 216 held-out names: "<way>: perplexity" per letter, END included, for the NETS, for "unigram" to "8-gram"
    (Witten and Bell's mixture), for "best counter" (length and strength chosen on the validation names: "best counter: order",
    "best counter: strength"), and for "LSTM and best counter", the mean of the two probabilities. For the nets also
    "<net>: weights" and "<net>: epochs" until the training was stopped.

    Generating, for "LSTM" and "counter" (the best one), each (temperatures,): "<way>: new", "different", "length", "longest
    copy", and of the new names "looks right to the counter" (a 4-gram counter of the names to learn from) and "looks right to
    another" (one of the held-out names, which no generator has seen); "<way>: examples" is (temperatures, 12). Two controls:
    "shuffled", held-out names with their letters in random order; and "real", names that the judges do not know.

    "held out" are 40 names that the nets have not seen, "characters" (number of characters,) the letters. Seed 0 also has the
    weights of the LSTM: "weights_0" (embedding) to "weights_5" (bias of the last layer).
    """
    *data, characters = name_data(seed)
    known, validation, held_out = data
    can_come = letters_that_can_come(characters)
    found = {"characters": characters, "held out": held_out[:40], "temperatures": TEMPERATURES}

    counters = counters_of(known, validation, can_come)
    best = counters["best counter"]
    given = {name: np.concatenate(counted_probabilities(counter, held_out)) for name, counter in counters.items()}
    found |= {"best counter: order": len(best.tables), "best counter: strength": best.strength}

    nets = {}
    for name in NETS:
        nets[name], history = taught(name, known, validation, characters, seed)
        given[name] = np.concatenate(net_probabilities(nets[name], held_out, characters))
        found |= {f"{name}: weights": nets[name].count_params(), f"{name}: epochs": len(history["loss"])}
    if seed == 0:
        found |= {f"weights_{place}": array for place, array in enumerate(nets["LSTM"].get_weights())}
    given["LSTM and best counter"] = (given["LSTM"] + given["best counter"]) / 2
    found |= {f"{name}: perplexity": perplexity(shares) for name, shares in given.items()}

    judges = {"the counter": judge(known, held_out, can_come), "another": judge(held_out, validation, can_come)}
    for name, following in {"LSTM": by_net(nets["LSTM"], characters), "counter": by_counter(best)}.items():
        rng = np.random.default_rng(seed)
        rows = [looked_at(generate(following, can_come, heat, rng), data, judges) for heat in TEMPERATURES]
        for key in rows[0]:
            found[f"{name}: {key}"] = padded([row[key] for row in rows]) if key == "examples" else [row[key] for row in rows]
    return found | controls(data, judges, np.random.default_rng(seed))


def padded(rows):
    """Return rows of texts (temperatures, 12), with "" where fewer names were new."""
    return np.array([[*row, *[""] * (EXAMPLES - len(row))] for row in rows])


def controls(data, judges, rng):
    """Return the figures of `looked_at` for real names and for names whose letters were shuffled."""
    known, validation, held_out = data
    shuffled = ["".join(rng.permutation(list(name))) for name in held_out]
    found = {f"shuffled: {key}": value for key, value in looked_at(shuffled, data, judges).items() if key != "examples"}
    joined = "\n".join(known)
    found["real: length"] = np.mean([len(name) for name in held_out])
    found["real: longest copy"] = np.mean([longest_copy(name, joined) for name in held_out])
    found["real: looks right to the counter"] = judges["the counter"](validation).mean()
    return found | {"real: looks right to another": judges["another"](known).mean()}


if __name__ == "__main__":
    record("lstm_names", train_names)
