"""Recorded trainings of the lesson on types of RNN: English names of places and languages to French, letter by letter."""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

from collections import Counter
from os.path import commonprefix

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors

from helpers.pairs import END, START, answers_to_learn, characters_of, encode, place_name_split
from helpers.recordings.rnn_types_dates import encoder_decoder, generate, same_letters, teach
from helpers.recordings.recording import record

LONGEST = 45  # letters, the end included, that may be written
RATE, EPOCHS = 0.005, 40
SHARES = (0.25, 1)  # of the names for training


def train_names(seed):
    """Train the encoder-decoder of the dates on 879 names; return how it and simpler ways do on 200 names never seen.

    "exact" is the share of names without a mistake, "letters" that of right letters; "same" and "different" are the exact
    matches where English and French are the same and where not. "sizes" are numbers of training names, with "exact by size".
    """
    train, held_out = place_name_split(seed)
    tables = characters_of(train.english), characters_of([*train.french, START, END])
    found = {"english": held_out.english, "french": held_out.french, "kind": held_out.kind}
    for name, way in {"copy": by_copying, "endings": by_endings, "nearest": by_neighbour}.items():
        found |= scores(name, way(train, held_out.english), held_out)
    sizes, exact = [int(share * len(train.english)) for share in SHARES], []
    for size in sizes:
        model = taught(train, size, tables, seed)
        written = generate(model, encode(held_out.english, tables[0], skip=True), tables[1], LONGEST)
        exact.append(np.mean(written == held_out.french))
    found |= {"sizes": sizes, "exact by size": exact, "written": written} | scores("LSTM", written, held_out)
    known = generate(model, encode(train.english, tables[0]), tables[1], LONGEST)
    return found | {"LSTM: exact in training": np.mean(known == train.french)}


def taught(names, size, tables, seed):
    """Return an encoder-decoder trained on the first `size` names, with as many updates whatever their number."""
    set_seeds(seed)
    model = encoder_decoder("LSTM", *map(len, tables), units=128)
    so_far, following = answers_to_learn(names.french[:size], tables[1])
    epochs = EPOCHS * len(names.english) // size
    teach(model, [encode(names.english[:size], tables[0]), so_far], following, RATE, epochs, batch_size=32)
    return model


def scores(name, written, names):
    """Return the shares of names and of letters that are right."""
    right, same = written == names.french, names.english == names.french
    found = {"exact": right.mean(), "same": right[same].mean(), "different": right[~same].mean()}
    found["letters"] = share_of_letters(written, names.french)
    return {f"{name}: {what}": score for what, score in found.items()}


def share_of_letters(texts, answers):
    """Return the share of places with the right letter, where the text or the answer has one."""
    lengths = [max(map(len, pair)) for pair in zip(texts, answers, strict=True)]
    return 1 - np.count_nonzero(~same_letters(texts, answers)) / sum(lengths)


# Simpler ways.


def by_copying(train, english):
    """Return the English names as they are."""
    return english


def by_endings(train, english, often=2):
    """Return the names with another ending: the longest ending that several training names changed in the same way.

    From names such as "croatian" and "croate", for instance, one learns that "-tian" becomes "-te". A change counts if at least
    `often` names, and more than half of those with this ending, have it. Where none counts, the name stays as it is.
    """
    table = {}
    for name, answer in zip(train.english, train.french, strict=True):
        alike = len(commonprefix([name, answer]))
        for start in range(max(0, alike - 3), alike + 1):
            table.setdefault(name[start:], Counter())[answer[start:]] += 1
    rules = {}
    for ending, count in table.items():
        (change, times), *_ = count.most_common(1)
        with_ending = sum(name.endswith(ending) for name in train.english)
        if times >= often and 2 * times > with_ending:
            rules[ending] = change
    found = []
    for name in english:
        start = next((start for start in range(len(name)) if name[start:] in rules), len(name))
        found.append(name[:start] + rules.get(name[start:], name[start:]))
    return np.array(found)


def by_neighbour(train, english):
    """Return the French name of the training name that shares most runs of one to three letters."""
    counter = TfidfVectorizer(analyzer="char", ngram_range=(1, 3))
    nearest = NearestNeighbors(n_neighbors=1, metric="cosine").fit(counter.fit_transform(train.english))
    return train.french[nearest.kneighbors(counter.transform(english), return_distance=False)[:, 0]]


if __name__ == "__main__":
    record("rnn_names", train_names)
