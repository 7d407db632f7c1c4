"""From texts to numbers and back: every word has its number, the same as in Keras's TextVectorization."""

import re
from collections import Counter

import numpy as np

from helpers.scratch.checks import named, whole

SPECIAL = ["", "[UNK]"]  # number 0 fills up short rows (padding), number 1 stands for every unknown word

_LOWER = {letter: letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}  # É stays É, as in Keras
_STRIP = dict.fromkeys("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "")
STANDARDIZE = {"lower": _LOWER, "strip_punctuation": _STRIP, "lower_and_strip_punctuation": _LOWER | _STRIP, "nothing": {}}
SPLIT = {"whitespace": re.compile(r"[^ \t\n\v\f\r]+"), "character": re.compile(".", re.DOTALL)}


class Tokenizer:
    """Numbers the words of texts: 2 is the most frequent word, 3 the next one; 0 is padding, and 1 any word that is not known.

    - max_tokens: so many numbers at most, 0 and 1 among them; rarer words are unknown. At least 3, or None for all words.
    - standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation" or None: done before a text is split.
    - split: "whitespace" makes words, "character" makes letters.
    - output_sequence_length: every row gets so many numbers, cut off or filled up at its end. None: as the longest text.
    - vocabulary: the words from number 2 on (or from 0 on, with both special ones), where `adapt` is not to count them.

    Raises ValueError for other arguments, for a word that comes twice in the vocabulary, and for one that is too long.
    """

    def __init__(
        self,
        max_tokens=None,
        standardize="lower_and_strip_punctuation",
        split="whitespace",
        output_sequence_length=None,
        vocabulary=None,
    ):
        self.max_tokens = None if max_tokens is None else whole("max_tokens", max_tokens, at_least=3)
        self.changes = str.maketrans(named("standardize", "nothing" if standardize is None else standardize, STANDARDIZE))
        self.pattern = named("split", split, SPLIT)
        length = output_sequence_length
        self.length = None if length is None else whole("output_sequence_length", length)
        self.numbers = None  # word -> its number
        self.fixed = vocabulary is not None
        if self.fixed:
            words = [str(word) for word in vocabulary]
            self._learn(words[2:] if words[:2] == SPECIAL else words)

    def adapt(self, texts):
        """Count the words of the texts and number them: the most frequent first, equally frequent ones from z to a."""
        if self.fixed:
            raise ValueError("vocabulary: expected None where adapt is called, got one, whose numbers would change")
        counts = Counter(word for text in _listed(texts) for word in self.words(text))
        known = sorted(counts.keys() - set(SPECIAL), key=lambda word: (counts[word], word), reverse=True)
        self._learn(known if self.max_tokens is None else known[: self.max_tokens - len(SPECIAL)])

    def words(self, text):
        """Return the words (or letters) of one text, a list of strings."""
        return self.pattern.findall(text.translate(self.changes))

    def get_vocabulary(self):
        """Return the words in the order of their numbers: "", "[UNK]", the most frequent word, ..."""
        return list(self._known())

    def __call__(self, texts):
        """Return the numbers of the words, int64 (texts, words of the longest text), with 0 after the end of a text."""
        known = self._known()
        rows = [[known.get(word, 1) for word in self.words(text)] for text in _listed(texts)]
        length = max(map(len, rows), default=0) if self.length is None else self.length
        numbers = np.zeros((len(rows), length), dtype=np.int64)
        for row, filled in zip(rows, numbers, strict=True):
            filled[: len(row)] = row[:length]
        return numbers

    def texts(self, numbers):
        """Return what the numbers (texts, words) say, a list of strings. Padding is left out; unknown words are "[UNK]"."""
        words, numbers = self.get_vocabulary(), np.asarray(numbers)
        if numbers.ndim != 2 or numbers.dtype.kind not in "iu":
            raise ValueError(f"numbers: expected whole numbers (texts, words), got {numbers.dtype} of shape {numbers.shape}")
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < len(words):
            raise ValueError(f"numbers: expected 0 to {len(words) - 1}, got {numbers.min()} to {numbers.max()}")
        space = "" if self.pattern is SPLIT["character"] else " "
        return [space.join(words[number] for number in row if number) for row in numbers]

    def _learn(self, words):
        words = SPECIAL + words
        if len(set(words)) < len(words):
            twice = [word for word, times in Counter(words).items() if times > 1]
            raise ValueError(f"vocabulary: expected every word once, got {twice[0]!r} more often")
        if self.max_tokens is not None and len(words) > self.max_tokens:
            raise ValueError(f"vocabulary: expected at most {self.max_tokens} words with the special ones, got {len(words)}")
        self.numbers = {word: number for number, word in enumerate(words)}

    def _known(self):
        if self.numbers is None:
            raise ValueError("vocabulary: expected one, or a call of adapt before, got neither")
        return self.numbers


def _listed(texts):
    """Return the texts as a list; raise ValueError where they are one string, or not strings."""
    texts = texts if isinstance(texts, str) else list(texts)
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        wrong = texts if isinstance(texts, str) else next(text for text in texts if not isinstance(text, str))
        raise ValueError(f"texts: expected a list of strings, got {wrong!r}")
    return texts
