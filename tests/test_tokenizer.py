"""Our tokenizer against Keras's TextVectorization, on texts as ugly as they come."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import helpers.keras_tools  # noqa: F401  (keeps Keras quiet)
from helpers.scratch.tokenizer import Tokenizer
from helpers.texts import film_review_split

UGLY = {
    "plain": ["the cat sat on the mat", "the dog sat"],
    "empty texts": ["", "a b", ""],
    "punctuation only": ["...", "?!", "- -", "a"],
    "all punctuation": ["a" + "".join(chr(sign) for sign in [*range(33, 48), *range(58, 65), *range(91, 97)])],
    "the last punctuation": ["{|}~ a{b}c~d|e"],
    "punctuation inside a word": ["it's a well-known e.g. don't O'Neill"],
    "capitals": ["The THE the tHe", "I AM"],
    "capitals with marks": ["É é ÉCOLE école ÄÖÜ äöü ß ẞ İ ı Σ ς"],
    "other letters": ["дом Дом 家 家 😀 😀😀 naïve"],
    "a mark on its own": ["e\u0301 é", "\u0301"],
    "ties": ["b a d c", "z y", "aa ab a"],
    "ties of other letters": ["é z a ａ 𝔞 \uffff"],
    "white space": ["a  b\tc\nd\re\x0bf\x0cg ", " \n ", "\ta"],
    "not white space": ["a\xa0b c\x85d e\u2003f \x1cg \x1fh i\u200bj"],
    "numbers": ["3 33 3.3 3,3 £3"],
    "special words": ["[UNK] [UNK] unk UNK", "a"],
    "a long text": [" ".join(f"w{i % 17}" for i in range(300)), "w1"],
}
NEW = ["the never heard word, THE", "", "!", "É é 家 a", "[UNK] w1"]
OPTIONS = [
    {},
    {"max_tokens": 3},
    {"max_tokens": 5},
    {"max_tokens": 1000},
    {"output_sequence_length": 2},
    {"output_sequence_length": 0},
    {"output_sequence_length": 400},
    {"split": "character"},
    {"split": "character", "max_tokens": 6, "output_sequence_length": 4},
    {"standardize": None},
    {"standardize": "lower"},
    {"standardize": "strip_punctuation"},
    {"standardize": None, "split": "character"},
]


def assert_equal(ours, theirs, texts):
    assert ours.get_vocabulary() == list(map(str, theirs.get_vocabulary()))
    expected = theirs(texts).numpy()
    got = ours(texts)
    assert_array_equal(got, expected)
    assert got.shape == expected.shape and got.dtype == expected.dtype == np.int64


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("texts", UGLY.values(), ids=UGLY)
def test_vocabulary_and_numbers_equal_keras(texts, options):
    ours, theirs = Tokenizer(**options), keras.layers.TextVectorization(**options)
    ours.adapt(texts)
    theirs.adapt(texts)
    assert_equal(ours, theirs, [*texts, *NEW])
    assert_equal(ours, theirs, NEW[1:3])


@pytest.mark.parametrize("texts", [[], ["", ""], ["?!", "..."]], ids=str)
def test_from_nothing_nothing_is_learnt(texts):
    ours, theirs = Tokenizer(output_sequence_length=3), keras.layers.TextVectorization()
    ours.adapt(texts)
    theirs.adapt(texts)  # and then fails when it is called: its table is missing
    assert ours.get_vocabulary() == theirs.get_vocabulary() == ["", "[UNK]"]
    assert_array_equal(ours(["a b", ""]), [[1, 1, 0], [0, 0, 0]])


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(st.sampled_from("aAbBéÉ .,'-\t\n\xa0[]UNK😀"), max_size=12), min_size=1, max_size=5),
    new=st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=1, max_size=3),
    max_tokens=st.none() | st.integers(3, 8),
    length=st.none() | st.integers(0, 9),
    split=st.sampled_from(["whitespace", "character"]),
    standardize=st.sampled_from([None, "lower", "strip_punctuation", "lower_and_strip_punctuation"]),
)
def test_any_texts_equal_keras(texts, new, max_tokens, length, split, standardize):
    options = {"max_tokens": max_tokens, "output_sequence_length": length, "split": split, "standardize": standardize}
    ours, theirs = Tokenizer(**options), keras.layers.TextVectorization(**options)
    texts = [*texts, "word w"]  # something is learnt always
    ours.adapt(texts)
    theirs.adapt(texts)
    assert_equal(ours, theirs, [*texts, *new])


def test_film_reviews_equal_keras():
    x, _, x_test, _ = film_review_split()
    ours, theirs = Tokenizer(5000), keras.layers.TextVectorization(5000)
    ours.adapt(x)
    theirs.adapt(x)
    assert_equal(ours, theirs, x_test)


@pytest.mark.parametrize("words", [["sat", "cat"], ["", "[UNK]", "sat", "cat"], np.array(["sat", "cat"])], ids=str)
def test_a_given_vocabulary_equals_keras(words):
    ours = Tokenizer(vocabulary=words, output_sequence_length=3)
    theirs = keras.layers.TextVectorization(vocabulary=list(words), output_sequence_length=3)
    assert_equal(ours, theirs, ["The cat sat", "", "Cat! cat? cat. cat"])
    with pytest.raises(ValueError, match="vocabulary: expected None where adapt is called"):
        ours.adapt(["a"])


def test_a_vocabulary_travels_as_an_array_of_strings():
    first = Tokenizer(max_tokens=6)
    first.adapt(["the cat sat on the mat", "the dog sat"])
    second = Tokenizer(vocabulary=np.array(first.get_vocabulary()))
    assert second.get_vocabulary() == first.get_vocabulary() == ["", "[UNK]", "the", "sat", "on", "mat"]
    assert_array_equal(second(["the dog sat"]), first(["the dog sat"]))
    assert_array_equal(second(["the dog sat"]), [[2, 1, 3]])


def test_adapting_again_forgets_what_was_counted():
    tokenizer = Tokenizer()
    tokenizer.adapt(["a a b"])
    tokenizer.adapt(["c"])
    assert tokenizer.get_vocabulary() == ["", "[UNK]", "c"]


def test_the_vocabulary_belongs_to_the_caller():
    tokenizer = Tokenizer(vocabulary=["a"])
    tokenizer.get_vocabulary().append("b")
    assert tokenizer.get_vocabulary() == ["", "[UNK]", "a"]


def test_numbers_can_be_read_back():
    tokenizer = Tokenizer()
    tokenizer.adapt(["The cat sat, the dog sat."])
    assert tokenizer.texts(tokenizer(["The dog sat!", "A CAT", ""])) == ["the dog sat", "[UNK] cat", ""]
    letters = Tokenizer(split="character", standardize=None)
    letters.adapt(["Ab c"])
    assert letters.texts(letters(["cb A", "b?"])) == ["cb A", "b[UNK]"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_tokens": 2}, "max_tokens: expected a whole number of at least 3, got 2"),
        ({"max_tokens": 5.5}, r"max_tokens: expected a whole number of at least 3, got 5\.5"),
        ({"standardize": "upper"}, "standardize: expected one of .*'lower_and_strip_punctuation'.* got 'upper'"),
        ({"split": "word"}, r"split: expected one of \['character', 'whitespace'\], got 'word'"),
        ({"output_sequence_length": -1}, "output_sequence_length: expected a whole number of at least 0, got -1"),
        ({"vocabulary": ["a", "b", "a"]}, "vocabulary: expected every word once, got 'a' more often"),
        ({"vocabulary": ["a", ""]}, "vocabulary: expected every word once, got '' more often"),
        ({"vocabulary": ["a", "b"], "max_tokens": 3}, "vocabulary: expected at most 3 words with the special ones, got 4"),
    ],
)
def test_refuses_options(options, message):
    with pytest.raises(ValueError, match=message):
        Tokenizer(**options)


def test_refuses_other_inputs():
    tokenizer = Tokenizer()
    for call in (lambda: tokenizer(["a"]), tokenizer.get_vocabulary, lambda: tokenizer.texts([[1]])):
        with pytest.raises(ValueError, match="vocabulary: expected one, or a call of adapt before, got neither"):
            call()
    with pytest.raises(ValueError, match="texts: expected a list of strings, got 'a b'"):
        tokenizer.adapt("a b")
    with pytest.raises(ValueError, match="texts: expected a list of strings, got 3"):
        tokenizer.adapt(["a", 3])
    tokenizer.adapt(["a"])
    with pytest.raises(ValueError, match="texts: expected a list of strings, got 'a'"):
        tokenizer("a")
    with pytest.raises(ValueError, match="numbers: expected 0 to 2, got 0 to 3"):
        tokenizer.texts([[0, 3]])
    with pytest.raises(ValueError, match=r"numbers: expected whole numbers \(texts, words\), got float64 of shape \(1, 1\)"):
        tokenizer.texts([[1.0]])
    with pytest.raises(ValueError, match=r"numbers: expected whole numbers .* of shape \(2,\)"):
        tokenizer.texts([1, 2])
    assert tokenizer([]).shape == (0, 0)
