"""Series in time: sunspots and carbon dioxide by month, a heartbeat, and spoken digits.

The files lie in `datasets/` and are checked before use. `datasets/README.md` says where they come from.
"""

import csv
from functools import cache
from io import BytesIO, StringIO
from numbers import Integral
from typing import NamedTuple

import numpy as np

from helpers.data_files import checked, generator, locked, own_folder

HEARTBEAT_RATE = 360  # samples per second

_SUNSPOTS = ("sunspots.csv", "74d70920962f26d51255872c02273df8b29c2f1cffbff83c6ddc958431ef7a64")
_CO2 = ("co2.csv", "62d2b93c6671ca03adb22265201d966fc3a4e93ea3ddf9822eb6138a0d44c20f")
_HEARTBEAT = ("heartbeat.csv", "eaef913796f7799e0ac762f393f07e64f4aca3dc4152cc8146ebafa5d2103cd3")
_SPOKEN = ("spoken_digits.npz", "64cba00dea76967328c666b00445f530afd5c8667f1629bc75df50e34d3ad91a")


def load_sunspots():
    """Return years, numbers: the mean sunspot number of every month from January 1749 to June 2009, each (3126,) float64.

    `years` are the middles of the months: January 1749 is 1749 + 0.5 / 12. The sunspot number has no unit: it counts the dark
    spots on the sun, and groups of spots ten times. Nothing is missing. February 1824 was not seen: its number lies between
    its neighbours.

    Source: National Geophysical Data Center (`datasets/README.md`). Raises DataError for a missing or damaged file.
    """
    years, numbers = _sunspots(own_folder())
    return years.copy(), numbers.copy()


def load_co2():
    """Return years, co2: carbon dioxide in the air of Mauna Loa, Hawaii, March 1958 to December 2001, each (526,) float64.

    `years` are the middles of the months, `co2` are parts per million by volume. A number is the mean of the weeks that end in
    the month; the file has the weeks. Five months have no week that was measured: GAPS FILLED by linear interpolation
    between the months before and after them (June and October 1958, February, March and April 1964).

    Source: Keeling and Whorf 2004 (`datasets/README.md`). Raises DataError for a missing or damaged file.
    """
    years, co2 = _co2(own_folder())
    return years.copy(), co2.copy()


def load_heartbeat():
    """Return signal (7500,) float64 in millivolts, event (7500,) bool, and the samples per second, 360.

    An electrocardiogram of almost 21 seconds: what two electrodes on the skin measure. It has 26 beats. `event` is True for
    352 samples in a row near the end, 0.98 seconds: around one beat that comes too early, and part of the pause after it.

    Source: MIT-BIH Arrhythmia Database, Moody and Mark (`datasets/README.md`).
    Raises DataError for a missing or damaged file.
    """
    signal, event = _heartbeat(own_folder())
    return signal.copy(), event.copy(), HEARTBEAT_RATE


class SpokenDigits(NamedTuple):
    """Recordings of spoken digits, one row a recording. A frame is a short piece of sound, described by 13 numbers."""

    frames: np.ndarray  # (recordings, 92, 13) float32: mel-frequency cepstral coefficients; 0 after the end
    lengths: np.ndarray  # (recordings,) int64: the number of frames that were spoken, from 6 to 92
    digits: np.ndarray  # (recordings,) int64, from 0 to 9


def load_spoken_digits():
    """Return SpokenDigits: 3,000 recordings, 300 of each digit, in mixed order.

    THE FILE NAMES NO SPEAKERS. There are six, with 500 recordings each. So no split can keep them apart.
    The coefficients are not scaled: the first one, loudness, is about -300, the others about -50 to 50.

    Source: Free Spoken Digit Dataset (`datasets/README.md`). Raises DataError for a missing or damaged file.
    """
    return SpokenDigits(*(column.copy() for column in _spoken(own_folder())))


def spoken_digit_split(seed=0, test=600):
    """Return train and held_out, both SpokenDigits: the 3,000 recordings in two parts, each in random order.

    `test` recordings, a fifth of all, are held out, as many of each digit. `seed` chooses them.
    The same six speakers are in both parts, most probably: the test says how well a net knows new recordings of THESE voices.
    Raises ValueError if test is not a multiple of 10 from 10 to 2990, DataError for a missing or damaged file.
    """
    spoken = load_spoken_digits()
    count, kinds = len(spoken.digits), 10
    if not isinstance(test, Integral) or isinstance(test, bool) or test % kinds or not kinds <= test <= count - kinds:
        raise ValueError(f"test: expected a multiple of {kinds} from {kinds} to {count - kinds} (recordings), got {test!r}")
    rng = generator(seed)
    is_test = np.zeros(count, dtype=bool)
    for digit in range(kinds):
        is_test[rng.choice(np.flatnonzero(spoken.digits == digit), size=test // kinds, replace=False)] = True
    parts = rng.permutation(np.flatnonzero(~is_test)), rng.permutation(np.flatnonzero(is_test))
    return tuple(SpokenDigits(*(column[rows] for column in spoken)) for rows in parts)


ONE_ALARM = 27  # alarms that are less than so many values apart are one: 0.3 seconds of 90 values a second


def alarms(scores, threshold):
    """Return (alarms, 2), where each alarm begins and ends: the stretches of scores (values,) that are above the threshold."""
    above = np.flatnonzero(scores > threshold)
    if not len(above):
        return np.zeros((0, 2), dtype=int)
    cuts = np.flatnonzero(np.diff(above) >= ONE_ALARM)
    return np.column_stack([above[[0, *(cuts + 1)]], above[[*cuts, -1]] + 1])


def touches(found, fault):
    """Return for each alarm whether it has a part in the fault (first, last), or in the 0.3 seconds after it.

    The 0.3 seconds are there because that a beat is missing is noticed late.
    """
    return (found[:, 0] < fault[1] + ONE_ALARM) & (found[:, 1] > fault[0])


def _cure(file):
    return f"git checkout datasets/{file}, or, with a network: python datasets/build.py"


def _content(folder, what, file, expected):
    return checked(what, folder, file, expected, _cure(file))


def _columns(content):
    """Return the columns of a csv file with two columns, two tuples of strings."""
    return tuple(zip(*list(csv.reader(StringIO(content.decode("ascii"))))[1:], strict=True))


def _middle_of_month(month):
    """Return the year as a number for a month that is written as "1958-03"."""
    return int(month[:4]) + (int(month[5:7]) - 0.5) / 12


@cache
def _sunspots(folder):
    months, numbers = _columns(_content(folder, "The file of sunspots", *_SUNSPOTS))
    return locked(np.array([_middle_of_month(month) for month in months])), locked(np.array(numbers, dtype=float))


@cache
def _co2(folder):
    weeks = {}
    for day, value in zip(*_columns(_content(folder, "The file of carbon dioxide", *_CO2)), strict=True):
        weeks.setdefault(day[:7], []).extend([float(value)] if value else [])
    years = np.array([_middle_of_month(month) for month in weeks])
    measured = np.array([bool(values) for values in weeks.values()])
    means = [np.mean(values) for values in weeks.values() if values]
    return locked(years), locked(np.interp(years, years[measured], means))


@cache
def _heartbeat(folder):
    signal, event = _columns(_content(folder, "The file of the heartbeat", *_HEARTBEAT))
    return locked(np.array(signal, dtype=float)), locked(np.array(event) == "1")


@cache
def _spoken(folder):
    content = _content(folder, "The file of spoken digits", *_SPOKEN)
    with np.load(BytesIO(content), allow_pickle=False) as file:
        flat, digits, lengths = file["frames"], file["digits"].astype(np.int64), file["lengths"].astype(np.int64)
    frames = np.zeros((len(lengths), lengths.max(), flat.shape[1]), dtype=np.float32)
    frames[np.arange(frames.shape[1]) < lengths[:, None]] = flat
    return SpokenDigits(locked(frames), locked(lengths), locked(digits))
