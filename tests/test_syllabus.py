"""The statements of the syllabus, and the verdicts on them."""

import csv
import re

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

from helpers import syllabus
from helpers.syllabus import Statement, statements, verdict, verdict_table

COLUMNS = ["id", "notebook", "statement", "holds", "measured", "because"]
MIME = "application/vnd.syllabus.verdict+json"


@pytest.fixture
def shown(monkeypatch):
    bundles = []
    monkeypatch.setattr(syllabus, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """A notebooks/ folder of its own, with the real syllabus in it."""
    original = (syllabus.NOTEBOOKS / "syllabus.csv").read_bytes()
    (tmp_path / "syllabus.csv").write_bytes(original)
    monkeypatch.setattr(syllabus, "NOTEBOOKS", tmp_path)
    return tmp_path


def write_verdicts(folder, *rows):
    with open(folder / "verdicts.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([COLUMNS, *rows])


def test_the_syllabus_is_whole():
    rows = statements()
    assert len(rows) == 69
    assert all(re.fullmatch(r"[A-Z]\d+", row.id) and re.fullmatch(r"\d\d_[a-z_]+", row.notebook) for row in rows)
    assert len({row.statement for row in rows}) == len(rows)


def test_the_statements_of_one_notebook():
    rows = statements("02_convolution")
    assert [row.id for row in rows] == ["C3", "C4", "C5", "C6", "C7", "C8", "C9", "X1"]
    assert rows[0] == Statement(
        "C3",
        "02_convolution",
        "Filters extract features",
        "real photo textures: raw pixels against filter responses with the same classifier",
    )
    with pytest.raises(ValueError, match="notebook: expected one of 00_start_here, .*, got '02_konvolution'"):
        statements("02_konvolution")


def test_a_verdict_is_shown_once_in_three_forms(shown):
    found = verdict("C9", "8 kernels gave 8 maps of 30 x 30.", True, "Each kernel is moved over the whole image.")
    statement = "A convolution layer produces a feature map"
    assert len(shown) == 1
    assert shown[0]["text/plain"].splitlines() == [
        "✓ Verdict: holds",
        f"“{statement}” (C9)",
        "Measured: 8 kernels gave 8 maps of 30 x 30.",
        "Because: Each kernel is moved over the whole image.",
    ]
    assert shown[0][MIME] == {
        "id": "C9",
        "notebook": "02_convolution",
        "statement": statement,
        "holds": True,
        "measured": "8 kernels gave 8 maps of 30 x 30.",
        "because": "Each kernel is moved over the whole image.",
    }
    assert "✓ Verdict: holds" in shown[0]["text/html"] and statement in shown[0]["text/html"]
    assert (found.id, found.holds) == ("C9", True)
    assert DisplayFormatter().format(found) == ({}, {})


@pytest.mark.parametrize(
    "holds, answer, words",
    [
        (True, True, "✓ Verdict: holds\n"),
        (False, False, "✗ Verdict: does not hold\n"),
        ("with a condition", "with a condition", "◐ Verdict: holds with a condition\n"),
        (np.float64(0.9) > 0.8, True, "✓ Verdict: holds\n"),
        (np.False_, False, "✗ Verdict: does not hold\n"),
    ],
)
def test_the_answers_of_a_verdict(holds, answer, words, shown):
    assert verdict("C7", "Steps counted.", holds, "Counted.").holds is answer
    assert shown[0]["text/plain"].startswith(words)
    assert shown[0][MIME]["holds"] is answer


@pytest.mark.parametrize("holds", [1, 0, None, "yes", "With a condition", "True", np.array([True, False]), np.int64(1), 1.0])
def test_other_answers_are_refused(holds, shown):
    with pytest.raises(ValueError, match='holds: expected True, False or "with a condition", got'):
        verdict("C7", "Steps counted.", holds, "Counted.")
    assert shown == []


@pytest.mark.parametrize(
    "id, advice",
    [
        ("C77", "got 'C77'; did you mean C7"),
        ("c7", "got 'c7'; did you mean C7"),
        ("zebra", "got 'zebra'; the ids are D1, D2, A1"),
        (7, "got 7; did you mean"),
        (["C7"], r"got \['C7'\]; did you mean C7"),
    ],
)
def test_an_unknown_id_is_refused_and_close_ones_are_named(id, advice, shown):
    with pytest.raises(ValueError, match=f"id: expected an id of notebooks/syllabus.csv, {advice}"):
        verdict(id, "Steps counted.", True, "Counted.")
    assert shown == []


@pytest.mark.parametrize("name", ["measured", "because"])
@pytest.mark.parametrize("value", ["", "  ", None, 0.97])
def test_both_sentences_are_needed(name, value, shown):
    arguments = {"id": "C7", "measured": "Steps counted.", "holds": True, "because": "Counted."}
    with pytest.raises(ValueError, match=f"{name}: expected a sentence, got"):
        verdict(**{**arguments, name: value})
    assert shown == []


def test_a_verdict_is_escaped(shown):
    verdict("C7", "a < b & c", True, "<b>bold</b>")
    assert "a &lt; b &amp; c" in shown[0]["text/html"] and "<b>" not in shown[0]["text/html"]


def test_a_missing_syllabus_says_how_to_restore_it(folder):
    (folder / "syllabus.csv").unlink()
    with pytest.raises(
        FileNotFoundError, match="notebooks/syllabus.csv is missing. Restore it with `git checkout -- notebooks"
    ):
        verdict("C7", "Steps counted.", True, "Counted.")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data.splitlines(keepends=True)[0],
        lambda data: data.replace(b"experiment", b"test", 1),
        lambda data: data.replace(b"\nC9,", b"\nC8,"),
        lambda data: data.replace(b"\nC9,", b"\n,"),
        lambda data: data + b"Z1,02_convolution\n",
        lambda data: data + b"Z1,02_convolution,a,b,c\n",
        lambda data: data[:2000] + b"\xff\xfe" + data[2000:],
        lambda data: data + b'Z1,02_convolution,"cut',
        lambda data: b"\x00" * 500,
    ],
)
def test_a_damaged_syllabus_says_how_to_restore_it(folder, damage):
    data = (folder / "syllabus.csv").read_bytes()
    assert damage(data) != data
    (folder / "syllabus.csv").write_bytes(damage(data))
    with pytest.raises(ValueError, match="notebooks/syllabus.csv is damaged: .* Restore it with `git checkout -- notebooks"):
        statements()


def test_the_table_says_when_there_are_no_verdicts_yet(folder):
    bundle = verdict_table()._repr_mimebundle_()
    assert "There are no collected verdicts yet" in bundle["text/plain"]
    assert "There are no collected verdicts yet" in bundle["text/html"]


def test_the_table_shows_every_verdict(folder):
    write_verdicts(
        folder,
        ["C7", "02_convolution", "Stride, & so on", "True", "a < b", "Counted."],
        ["C8", "02_convolution", "Lines", "with a condition", "0.5 of the lines", "Seen."],
        ["C6", "02_convolution", "Edges", "False", "0 lost", "Seen."],
    )
    bundle = verdict_table()._repr_mimebundle_()
    assert bundle["text/plain"].splitlines() == [
        "3 of 69 statements have been tested so far (holds: 1, holds with a condition: 1, does not hold: 1).",
        "C7 (02_convolution) ✓ holds: “Stride, & so on” Measured: a < b",
        "C8 (02_convolution) ◐ holds with a condition: “Lines” Measured: 0.5 of the lines",
        "C6 (02_convolution) ✗ does not hold: “Edges” Measured: 0 lost",
    ]
    page = bundle["text/html"]
    assert page.count("<tr>") == 4 and page.count('<a href="02_convolution.ipynb">') == 3
    assert "Stride, &amp; so on" in page and "a &lt; b" in page and "◐ holds with a condition" in page


@pytest.mark.parametrize(
    "row", [["C7", "02_convolution", "Stride", "maybe", "a", "b"], ["C7", "02_convolution", "Stride", "True", "", "b"]]
)
def test_a_damaged_table_of_verdicts_is_told(folder, row):
    write_verdicts(folder, row)
    with pytest.raises(ValueError, match="notebooks/verdicts.csv is damaged: .*`git checkout -- notebooks/verdicts.csv`"):
        verdict_table()


def test_the_modules_need_no_current_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert len(statements()) == 69
