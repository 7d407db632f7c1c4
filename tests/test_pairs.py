"""Pairs: dates, names and pictures of letters; fair splits, and texts as numbers and back."""

import builtins
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from helpers import datasets, pairs
from helpers.data_files import DataError
from helpers.pairs import (
    END,
    LANGUAGES,
    START,
    UNSEEN_LANGUAGES,
    answers_to_learn,
    characters_of,
    date_split,
    decode,
    encode,
    letter_split,
    load_dates,
    load_letters,
    load_place_names,
    place_name_split,
)

ROOT = Path(__file__).parent.parent


@pytest.fixture
def fresh():
    """Forget what was loaded, before a test that changes the checksums and after it."""
    kept = (pairs._check_writing, pairs._place_names, pairs._letters)
    for loader in kept:
        loader.cache_clear()
    yield
    for loader in kept:
        loader.cache_clear()


@pytest.fixture(scope="module")
def dates():
    return load_dates()


# Dates.


def test_dates_are_the_same_days(dates):
    from babel.dates import parse_date

    assert [column.shape for column in dates] == [(9000,)] * 3
    assert set(dates.language) == {*LANGUAGES}
    for written, iso, language in list(zip(*dates, strict=True))[:2000]:
        year, month, day = map(int, iso.split("-"))
        numbers = [int(piece) for piece in "".join(c if c.isdigit() else " " for c in written).split()]
        if len(numbers) == 3:
            assert language == "de" and numbers == [day, month, year]
            assert parse_date(written, "de").isoformat() == iso
        else:
            assert sorted(numbers) == sorted([year, day]), written


def test_a_month_has_one_name_in_each_language_and_style(dates):
    names = defaultdict(set)
    for written, iso, language in zip(*dates, strict=True):
        for word in "".join(c if c.isalpha() else " " for c in written).split():
            names[language, word].add(iso[5:7])
    always_the_same = {key for key, months in names.items() if len(months) == 1}
    for language in LANGUAGES:
        assert 12 <= sum(key[0] == language for key in always_the_same) <= 24, language  # short and long names


def test_no_day_comes_twice_and_every_year_comes(dates):
    assert len(set(dates.iso)) == 9000
    assert {iso[:4] for iso in dates.iso} == {str(year) for year in range(1950, 2050)}


def test_dates_are_in_small_letters(dates):
    assert all(written == written.lower() for written in dates.written)
    assert {"20 set 1958", "july 12, 1982", "samstag, 23. september 2023", "mardi 5 novembre 1985"} < set(dates.written)


def test_held_out_days_are_in_no_language_of_the_training_part():
    for seed in (0, 1):
        train, held_out = date_split(seed)
        assert (len(train.iso), len(held_out.iso)) == (8000, 1000)
        assert not set(train.iso) & set(held_out.iso)
        assert not set(train.written) & set(held_out.written)
    assert set(date_split(0)[1].iso) != set(held_out.iso)


def test_the_parts_of_a_split_keep_their_rows(dates):
    rows = set(zip(*dates, strict=True))
    train, held_out = date_split(3, test=100)
    assert set(zip(*train, strict=True)) | set(zip(*held_out, strict=True)) == rows
    assert_array_equal(date_split(3, test=100)[1].iso, held_out.iso)


def test_other_years_and_languages():
    old = load_dates(200, years=(1850, 1850), languages=("hu",))
    assert {iso[:4] for iso in old.iso} == {"1850"} and all(written.startswith("1850. ") for written in old.written)
    assert {*load_dates(300, languages=("pt", "nl")).language} == {"pt", "nl"}
    assert_array_equal(load_dates(50, seed=1).iso, load_dates(50, seed=1).iso)
    assert list(load_dates(50, seed=1).iso) != list(load_dates(50, seed=2).iso)


def test_unseen_languages_are_not_in_the_default():
    assert not LANGUAGES.keys() & UNSEEN_LANGUAGES.keys()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"languages": ("xx",)}, "languages: expected codes out of en, fr"),
        ({"years": 1950}, "years: expected the first and the last year"),
        ({"years": (2000, 1999)}, "years: expected the first and the last year"),
        ({"years": (1950, 1960, 1970)}, "years: expected"),
        ({"years": (0, 1999)}, "years: expected"),
        ({"count": 0}, "count: expected a whole number from 1 to 36525"),
        ({"count": 366, "years": (1999, 1999)}, "count: expected a whole number from 1 to 365"),
        ({"count": 10.0}, "count: expected a whole number"),
        ({"count": True}, "count: expected a whole number"),
    ],
)
def test_dates_refuse(arguments, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        load_dates(**arguments)


def test_as_many_days_as_there_are():
    assert len(set(load_dates(365, years=(1999, 1999)).iso)) == 365


@pytest.mark.parametrize("split", [date_split, place_name_split])
@pytest.mark.parametrize("test", [0, 9000, 1.5, True])
def test_splits_refuse_an_empty_part(split, test):
    with pytest.raises(ValueError, match="test: expected a whole number from 1 to "):
        split(test=test)


def test_another_babel_is_noticed(fresh, monkeypatch):
    monkeypatch.setattr(pairs, "_WRITING", pairs._WRITING | {"it": "0" * 64})
    load_dates(10, languages=("fr",))
    with pytest.raises(DataError, match="'it' differently.*begin with 0000.*pip install .*babel==2.18.0"):
        load_dates(10)
    monkeypatch.setattr(pairs, "_NAMES", "0" * 64)
    with pytest.raises(DataError, match="other names of places.*babel==2.18.0"):
        load_place_names()


def test_a_missing_babel_is_said(fresh, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == "babel":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    for load in (load_dates, load_place_names):
        with pytest.raises(DataError, match="Babel is missing. To install it: .*babel==2.18.0"):
            load()


def test_importing_the_loaders_leaves_babel_and_matplotlib_asleep():
    code = "import sys, helpers.datasets; print(*sorted({'babel', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_the_loaders_are_also_in_datasets():
    for load in (date_split, letter_split, load_dates, load_letters, load_place_names, place_name_split):
        assert getattr(datasets, load.__name__) is load


# Texts as numbers.


def test_encode_by_hand():
    characters = characters_of(["abc", "cab", "d"])
    assert characters.tolist() == ["", "a", "b", "c", "d"]
    assert_array_equal(encode(["cab", "d", ""], characters), [[3, 1, 2], [4, 0, 0], [0, 0, 0]])
    assert_array_equal(encode(["a"], characters, length=3), [[1, 0, 0]])
    assert_array_equal(encode(["xay"], characters, length=2, skip=True), [[1, 0]])
    assert encode([], characters).shape == (0, 0)


def test_zeros_stand_only_at_the_end(dates):
    numbers = encode(dates.written, characters_of(dates.written))
    assert_array_equal((numbers > 0).sum(axis=1), [len(written) for written in dates.written])
    assert ((numbers[:, :-1] > 0) >= (numbers[:, 1:] > 0)).all()


def test_decode_undoes_encode_and_stops_at_the_end():
    characters = characters_of(["2019-04-03", START, END])
    so_far, following = answers_to_learn(["2019-04", "2"], characters)
    assert "".join(characters[so_far[0]]) == "<2019-04" and "".join(characters[following[0]]) == "2019-04>"
    assert_array_equal(so_far[1], [*encode(["<2"], characters)[0], *[0] * 6])
    assert_array_equal(so_far[:, 1:][following[:, 1:] > 0], following[:, :-1][following[:, 1:] > 0])
    assert decode(so_far, characters).tolist() == ["2019-04", "2"] == decode(following, characters).tolist()
    assert decode(encode(["20>19"], characters), characters).tolist() == ["20"]


def test_encode_refuses():
    characters = characters_of(["abc"])
    with pytest.raises(ValueError, match="texts: expected characters out of 'abc', got 'xy'"):
        encode(["axy"], characters)
    with pytest.raises(ValueError, match="texts: expected at most 2 characters, got 3 in 'abc'"):
        encode(["a", "abc"], characters, length=2)
    with pytest.raises(ValueError, match="texts: expected at least one character"):
        characters_of(["", ""])


# Names.


def test_names():
    names = load_place_names()
    assert [column.shape for column in names] == [(1079,)] * 3
    assert len(set(names.english)) == 1079
    french = dict(zip(names.english, names.french, strict=True))
    assert (french["germany"], french["london"], french["chinese"]) == ("allemagne", "londres", "chinois")
    kind = dict(zip(names.english, names.kind, strict=True))
    assert (kind["germany"], kind["london"], kind["chinese"]) == ("territory", "city", "language")
    assert 0.25 < np.mean(names.english == names.french) < 0.4
    assert not any(mark in "".join([*names.english, *names.french]) for mark in START + END)


def test_a_change_of_what_was_loaded_does_not_last():
    for load in (load_place_names, load_letters):
        before = load()[1][0]
        load()[1][0] = "x"
        assert load()[1][0] == before


def test_no_name_is_on_both_sides():
    train, held_out = place_name_split(seed=2)
    assert (len(train.english), len(held_out.english)) == (879, 200)
    assert not set(train.english) & set(held_out.english)


# Letters.


@pytest.fixture(scope="module")
def letters():
    return load_letters()


def test_letters(letters):
    assert letters.picture.shape == (5062, 32, 32) and letters.picture.dtype == np.float32
    assert letters.picture.min() == 0 and letters.picture.max() == 1
    assert len(set(letters.name)) == 426 and len(set(letters.letter)) == 52
    assert len(set(letters.mark)) == 26 and len(set(letters.font)) == 12
    assert len(set(zip(letters.name, letters.font, strict=True))) == 5062


def test_names_of_letters_are_those_of_unicode(letters):
    import unicodedata

    for character, name, letter, mark in set(zip(*letters[4:0:-3], letters.letter, letters.mark, strict=True)):
        assert name == unicodedata.name(character).lower().replace("latin ", "").replace("letter ", "")
        assert name == (f"{letter} with {mark}" if mark else letter)


def test_no_letter_is_cut_and_no_two_pictures_are_the_same(letters):
    frame = np.ones((32, 32), dtype=bool)
    frame[1:-1, 1:-1] = False
    assert letters.picture[:, frame].max() == 0
    assert letters.picture.max(axis=(1, 2)).min() > 0.5
    assert len(np.unique(letters.picture.reshape(len(letters.picture), -1), axis=0)) == 5062


def test_a_mark_is_where_its_name_says(letters):
    acute, below = letters.mark == "acute", letters.mark == "dot below"
    small = np.isin(letters.letter, [f"small {letter}" for letter in "aeoun"])  # nothing of them goes far up or down
    rows = {}
    for kind, which in {"plain": letters.mark == "", "acute": acute, "below": below}.items():
        rows[kind] = np.flatnonzero(letters.picture[small & which].max(axis=(0, 2)) > 0.5)
    assert rows["acute"].min() < rows["plain"].min() and rows["acute"].max() == rows["plain"].max()
    assert rows["below"].max() > rows["plain"].max() and rows["plain"].max() <= 24


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_held_out_combinations_are_new_and_their_parts_are_not(letters, seed):
    train, held_out = letter_split(seed)
    assert len(train.name) + len(held_out.name) == len(letters.name)
    ways = [set(zip(part.letter, part.mark, strict=True)) for part in (train, held_out)]
    assert not ways[0] & ways[1]
    assert all(mark for _, mark in ways[1])
    assert set(held_out.letter) <= set(train.letter) and set(held_out.mark) <= set(train.mark)
    assert 0.15 < len(held_out.name) / len(letters.name) < 0.3


def test_rows_of_letters_stay_together(letters):
    train, _ = letter_split(0)
    where = {row: place for place, row in enumerate(zip(letters.name, letters.font, strict=True))}
    for place in range(0, len(train.name), 500):
        assert_array_equal(train.picture[place], letters.picture[where[train.name[place], train.font[place]]])


@pytest.mark.parametrize("test", [0, 0.6, "a", True, 100])
def test_letter_split_refuses(test):
    with pytest.raises(ValueError, match="test: expected a share from 0.05 to 0.5"):
        letter_split(test=test)


def test_a_damaged_font_is_noticed(fresh, monkeypatch):
    monkeypatch.setattr(pairs, "_FONTS", {"DejaVuSans": "0" * 64})
    with pytest.raises(DataError, match="The font 'DejaVuSans' is damaged.*matplotlib=="):
        load_letters()
