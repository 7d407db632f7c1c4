"""Pairs of something that is given and a text that belongs to it: dates, names, pictures of letters.

Also texts as numbers and back, for networks that read or write one character after the other. Nothing is downloaded.
"""

import unicodedata
from datetime import date
from functools import cache
from hashlib import sha256
from io import BytesIO
from numbers import Integral
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from helpers.data_files import DataError, checked, folder_of, locked, restore

START, END = "<", ">"  # what stands before the first letter of an answer, and after its last one

LANGUAGES = {"en": "English", "fr": "French", "de": "German", "es": "Spanish", "it": "Italian"}
UNSEEN_LANGUAGES = {"pt": "Portuguese", "nl": "Dutch", "hu": "Hungarian"}  # for the test alone; in the last the year is first
YEARS = (1950, 2049)

_MATPLOTLIB = "matplotlib==3.11.2"
_BABEL = "babel==2.18.0"  # the release whose dates and names have the checksums below
_STYLES = ("medium", "long", "full")  # not "short", in which 3/4/05 can be read in three ways
_WRITING = {  # language -> SHA-256 of how Babel writes some days in it
    "en": "bccd4e4e145e12ce4d54f9ea8603e77625f647ecb49a4431cf9e8148fa8a5c82",
    "fr": "5b87decdf2248cff99725459d0a8a9408b586b0d770dde9c6a723ddac250eb88",
    "de": "03f11a95746981ae4d09ab2b7188292cf234785db55ea3aa53f23716f2cd58bb",
    "es": "f30018618b77e936bb6cf4814d3e984cfabc259ed4833aabf5ea00abd0aded35",
    "it": "582302fccddc8bf998f64e6cd46a375f19a1688868c4b14c443632b66e7ec280",
    "pt": "2f1cc46abe9e784c5a8cac8d11718eb0190a350daaf31982aedf3b50dc4b809f",
    "nl": "ff385a75e46665d6a2572921fafead97083253cc1c65014cafdd04c638de294a",
    "hu": "aa8132a236ad4d9f226c79fadf964a4ca22f13d28ef31edb3730213ea643bfe4",
}

_FONTS = {  # file without .ttf -> its SHA-256
    "DejaVuSans": "3fdf69cabf06049ea70a00b5919340e2ce1e6d02b0cc3c4b44fb6801bd1e0d22",
    "DejaVuSans-Bold": "b184b89e3c1075f22f6b71575b6fc20d4972b3cfd3b23322ca6fd596dcaef167",
    "DejaVuSans-Oblique": "ccdf74b350f11fd3dd5774de50e5e6346a1a5da1f5b7d5fb83590665e97a5213",
    "DejaVuSans-BoldOblique": "6edf0283160186af451cbee71e7b845f2e4cabf264bb992ce668c83c25465e6f",
    "DejaVuSansMono": "602ec86b8948cfcd956482fe64f94c36c867770149ef2f791d4613f443bcecb3",
    "DejaVuSansMono-Bold": "baada9a5172fe20886251aff0433fc38461912d5daf07287e7bee56620a8da96",
    "DejaVuSansMono-Oblique": "28052813f7a709fc89f52d192dc995ef4f0fdc5c3d7b73a49d6849b1916d0cd0",
    "DejaVuSansMono-BoldOblique": "a69081c15c76c827e0a27a5a7f5c74b6135c843499955495ffa8c20d3a98288b",
    "DejaVuSerif": "107244956e9962b9e96faccdc551825e0ae0898ae13737133e1b921a2fd35ffa",
    "DejaVuSerif-Bold": "c3753f2ed6bc673f15846dc45addbeb3b9c872f32fb18fd53a21f1bef1ed7676",
    "DejaVuSerif-Italic": "3e7994fbc54fa10ce3352a42d548fadd7d9cadb69cb1109bc9d960f6dac57f04",
    "DejaVuSerif-BoldItalic": "d93efec7a9d2e826768d1a2ee95b95870e15e29599a84f3484af1de1cec2e181",
}
_NAMES = "ade02d0cb754dfb5eb2cf8baecb4a90b5b4efda8085a0d3a5753a34fee81f3da"  # SHA-256 of the names of places


class Dates(NamedTuple):
    """Days as they are written in some languages, one row a day."""

    written: np.ndarray  # (count,) text in small letters, such as "mercredi 3 avril 2019"
    iso: np.ndarray  # (count,) text, the same day as "2019-04-03"
    language: np.ndarray  # (count,) text, the code of the language, such as "fr"


def load_dates(count=9000, years=YEARS, languages=tuple(LANGUAGES), seed=0):
    """Return Dates: so many different days out of a range of years, each written once, in one of the languages.

    `years` are the first and the last year. The days, the languages and the styles ("3 avr. 2019", "3 avril 2019",
    "mercredi 3 avril 2019") are drawn with `seed`. No day comes twice: so two parts of the rows have no day in common.
    Babel's shortest style, such as 3/4/19, is left out: it can mean the third of April or the fourth of March. One style is
    left in which the month has no name: "03.04.2019", German for the third of April.

    Source: Unicode CLDR, as it comes with Babel (`datasets/README.md`).
    Raises ValueError for another language, for years that are not two numbers in order, and for more days than there are;
    DataError where Babel is missing or writes differently.
    """
    for language in languages:
        if language not in LANGUAGES | UNSEEN_LANGUAGES:
            known = ", ".join(LANGUAGES | UNSEEN_LANGUAGES)
            raise ValueError(f"languages: expected codes out of {known}, got {language!r}")
        _check_writing(language)
    first, last = _days(years)
    if not isinstance(count, Integral) or isinstance(count, bool) or not 1 <= count <= last - first + 1:
        raise ValueError(
            f"count: expected a whole number from 1 to {last - first + 1} (the days of these years), got {count!r}"
        )
    rng = np.random.default_rng(seed)
    days = [date.fromordinal(int(day)) for day in first + rng.permutation(last - first + 1)[:count]]
    language, style = rng.choice(list(languages), count), rng.choice(_STYLES, count)
    written = [_write(*row) for row in zip(days, style, language, strict=True)]
    return Dates(np.array(written), np.array([day.isoformat() for day in days]), language)


def date_split(seed=0, test=1000):
    """Return train and held_out, both Dates: the 9,000 days of `load_dates()` in two parts, each in random order.

    `test` days are held out; the training part has the others, and none of these days in any language. `seed` chooses them.
    Raises ValueError if test is not a whole number from 1 to 8999.
    """
    return _split(load_dates(), test, seed)


class Names(NamedTuple):
    """Names of places and languages in English and in French, in small letters, one row a name."""

    english: np.ndarray  # (count,) text, such as "germany"
    french: np.ndarray  # (count,) text, such as "allemagne"
    kind: np.ndarray  # (count,) text: "territory", "language" or "city"


def load_place_names():
    """Return Names: 1,079 countries, regions, languages and cities.

    Every English name comes once. Nobody made the pairs by a rule, and many names are the same in both languages.

    Source: Unicode CLDR, as it comes with Babel (`datasets/README.md`).
    Raises DataError where Babel is missing or has other names.
    """
    return Names(*(column.copy() for column in _place_names()))


def place_name_split(seed=0, test=200):
    """Return train and held_out, both Names: the names of `load_place_names()` in two parts, each in random order.

    `test` names are held out. Raises ValueError if test is not a whole number from 1 to the number of names less 1.
    """
    return _split(load_place_names(), test, seed)


class Letters(NamedTuple):
    """Pictures of Latin letters with no mark or one, one row a picture."""

    picture: np.ndarray  # (count, 32, 32) float32 from 0 (paper) to 1 (ink)
    name: np.ndarray  # (count,) text, such as "small a with acute"
    letter: np.ndarray  # (count,) text, such as "small a"
    mark: np.ndarray  # (count,) text, such as "acute"; "" for none
    character: np.ndarray  # (count,) text, such as "\u00e1"
    font: np.ndarray  # (count,) text, such as "DejaVuSans-Bold"


def load_letters():
    """Return Letters: 426 letters, each drawn in up to 12 fonts.

    The letters are those of the Latin alphabet, and all that Unicode makes out of one of them and one mark. A name is that of
    Unicode in small letters, without the words LATIN and LETTER: "LATIN SMALL LETTER A WITH ACUTE" is "small a with acute".
    The line on which letters stand is at row 24 of 32; the middle of the letter is at column 16.

    Source: fonts DejaVu, which come with Matplotlib (`datasets/README.md`). Raises DataError for a missing or damaged font.
    """
    return Letters(*(column.copy() for column in _letters(folder_of("matplotlib", "matplotlib", _MATPLOTLIB))))


def letter_split(seed=0, test=0.2):
    """Return train and held_out, both Letters, each in random order: no letter with its mark is in both, in any font.

    A share `test` of all pairs of a letter and a mark is held out. Each mark stays in train with some letter, and each letter
    without a mark. "capital a with acute" may be in train where "small a with acute" is held out.
    Raises ValueError if test is not a share from 0.05 to 0.5.
    """
    if isinstance(test, bool) or not isinstance(test, float | int) or not 0.05 <= test <= 0.5:
        raise ValueError(f"test: expected a share from 0.05 to 0.5, got {test!r}")
    rng, letters = np.random.default_rng(seed), load_letters()
    marked = letters.mark != ""
    stay = [rng.choice(np.unique(letters.name[letters.mark == mark])) for mark in np.unique(letters.mark[marked])]
    names = np.unique(letters.name[marked])
    out = np.isin(letters.name, rng.choice(np.setdiff1d(names, stay), round(test * len(names)), replace=False))
    parts = rng.permutation(np.flatnonzero(~out)), rng.permutation(np.flatnonzero(out))
    return tuple(Letters(*(column[rows] for column in letters)) for rows in parts)


def characters_of(texts):
    """Return the characters of the texts in order, (1 + number of characters,), after an empty one: number 0 is no character.

    Raises ValueError where there is no text.
    """
    found = sorted(set("".join(texts)))
    if not found:
        raise ValueError("texts: expected at least one character, got none")
    return np.array(["", *found])


def encode(texts, characters, length=None, skip=False):
    """Return texts as numbers of their characters, (texts, length) int64; zeros fill the end of the shorter ones.

    `characters` is what `characters_of` returned, `length` at least that of the longest text, which is also the default.
    Raises ValueError for a text that is too long and for an unknown character; with `skip=True` unknown ones are left out.
    """
    number = {character: place for place, character in enumerate(characters) if character}
    if skip:
        texts = ["".join(character for character in text if character in number) for text in texts]
    longest = max(map(len, texts), default=0)
    length = longest if length is None else length
    if length < longest:
        raise ValueError(f"texts: expected at most {length} characters, got {longest} in {max(texts, key=len)!r}")
    unknown = sorted({*"".join(texts)} - {*number})
    if unknown:
        raise ValueError(f"texts: expected characters out of {''.join(characters)!r}, got {''.join(unknown)!r}")
    rows = [[number[character] for character in text] + [0] * (length - len(text)) for text in texts]
    return np.array(rows, dtype=np.int64).reshape(len(rows), length)


def decode(numbers, characters):
    """Return the texts (texts,) of the numbers (texts, length), each up to its END, without START."""
    texts = ("".join(characters[row]) for row in np.asarray(numbers))
    return np.array([text.split(END)[0].removeprefix(START) for text in texts])


def answers_to_learn(texts, characters, length=None):
    """Return so_far and following, both (texts, length) int64: what a network is given, and what it should say to it.

    In row "<2019" of so_far each character is followed by that of the same place in "2019>". `length` counts START or END.
    Raises ValueError as `encode`.
    """
    return (
        encode([START + text for text in texts], characters, length),
        encode([text + END for text in texts], characters, length),
    )


def _days(years):
    """Return the first and the last day of the years, as numbers of days."""
    whole = isinstance(years, (tuple, list)) and all(isinstance(year, Integral) and 1 <= year <= 9999 for year in years)
    if not whole or len(years) != 2 or years[0] > years[1]:
        raise ValueError(f"years: expected the first and the last year, from 1 to 9999, got {years!r}")
    return date(years[0], 1, 1).toordinal(), date(years[1], 12, 31).toordinal()


def _write(day, style, language):
    from babel.dates import format_date  # here, for few need it

    return format_date(day, str(style), locale=str(language)).lower()


def _split(rows, test, seed):
    """Return the rows of a NamedTuple of columns in two parts, each in random order; `test` rows are in the second."""
    count = len(rows[0])
    if not isinstance(test, Integral) or isinstance(test, bool) or not 1 <= test < count:
        raise ValueError(f"test: expected a whole number from 1 to {count - 1}, got {test!r}")
    order = np.random.default_rng(seed).permutation(count)
    return tuple(type(rows)(*(column[part] for column in rows)) for part in (order[test:], order[:test]))


@cache
def _check_writing(language):
    """Raise DataError where Babel is missing, or writes the months and the weekdays of a language differently."""
    days = [date(2019, month, 1 + day) for month in range(1, 13) for day in range(7)]
    try:
        found = _checksum(_write(day, style, language) for day in days for style in _STYLES)
    except ImportError as error:
        raise _no_babel() from error
    if found != _WRITING[language]:
        raise DataError(
            f"Babel writes the dates of the language {language!r} differently: the SHA-256 of some of them should begin with "
            f"{_WRITING[language][:12]}, but begins with {found[:12]}. To restore it: {restore(_BABEL)}"
        )


def _no_babel():
    return DataError(f"The package Babel is missing. To install it: {restore(_BABEL)}")


@cache
def _place_names():
    """Return the English names, the French names and their kinds, as read-only arrays."""
    try:
        from babel import Locale  # here, for few need it
    except ImportError as error:
        raise _no_babel() from error
    english, french = Locale("en"), Locale("fr")
    found = {}
    for kind, table in (("territory", "territories"), ("language", "languages")):
        here, there = getattr(english, table), getattr(french, table)
        for code in sorted({*here} & {*there}):
            found.setdefault(here[code].lower(), (there[code].lower(), kind))
    for zone in sorted(french.time_zones):
        if city := french.time_zones[zone].get("city"):
            # Where English has no name of its own, the name of the time zone is one: Europe/Berlin.
            name = english.time_zones.get(zone, {}).get("city", zone.split("/")[-1].replace("_", " "))
            found.setdefault(name.lower(), (city.lower(), "city"))
    rows = [(name, *others) for name, others in found.items()]
    checksum = _checksum("\t".join(row) for row in rows)
    if checksum != _NAMES:
        raise DataError(
            f"Babel has other names of places: the SHA-256 of their list should begin with {_NAMES[:12]}, but begins with "
            f"{checksum[:12]}. To restore it: {restore(_BABEL)}"
        )
    return tuple(locked(np.array(column)) for column in zip(*rows, strict=True))


def _latin_letters():
    """Return character, letter and mark of every Latin letter with no mark or one, such as "\u00e1", "small a", "acute"."""
    found = []
    for character in map(chr, range(0x2000)):
        name, parts = unicodedata.name(character, ""), unicodedata.decomposition(character).split()
        kind, _, letter = name.removeprefix("LATIN ").lower().partition(" letter ")
        if not name.startswith("LATIN ") or kind not in ("small", "capital"):
            continue
        plain = not parts and character.isascii()
        marked = len(parts) == 2 and chr(int(parts[0], 16) if parts[0].isalnum() else 0xFFFF).isascii()
        if plain or marked:
            letter, _, mark = letter.partition(" with ")
            found.append((character, f"{kind} {letter}", mark))
    return found


@cache
def _letters(folder):
    """Return the columns of Letters as read-only arrays."""
    rows = []
    for font, checksum in _FONTS.items():
        cure = restore(_MATPLOTLIB)
        content = checked(f"The font {font!r}", folder / "mpl-data" / "fonts" / "ttf", f"{font}.ttf", checksum, cure)
        face = ImageFont.truetype(BytesIO(content), 20, layout_engine=ImageFont.Layout.BASIC)
        missing = _draw("\U0010ffff", face)
        for character, letter, mark in _latin_letters():
            picture = _draw(character, face)
            if not np.array_equal(picture, missing):
                rows.append((picture, f"{letter} with {mark}" if mark else letter, letter, mark, character, font))
    pictures, *texts = zip(*rows, strict=True)
    return tuple(map(locked, (np.array(pictures, dtype=np.float32) / np.float32(255), *map(np.array, texts))))


def _draw(character, face):
    """Return the picture of a character, (32, 32) uint8, 255 for ink."""
    image = Image.new("L", (32, 32))
    ImageDraw.Draw(image).text((16, 24), character, fill=255, font=face, anchor="ms")
    return np.array(image)


def _checksum(texts):
    return sha256("\n".join(texts).encode()).hexdigest()
