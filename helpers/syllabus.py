"""The statements that the notebooks put to the test, and what the experiments found."""

import csv
import difflib
import html
from dataclasses import asdict, astuple, dataclass, fields, replace
from pathlib import Path

from IPython.display import display

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
CONDITION = "with a condition"
# Symbol, words and border colour of each verdict. The colours can be read on white and on black; symbol and words say the same.
VERDICTS = {
    True: ("✓", "holds", "#2a8a5f"),
    CONDITION: ("◐", "holds with a condition", "#8a6fb8"),
    False: ("✗", "does not hold", "#c2571a"),
}
AS_ANSWER = {"True": True, "False": False, CONDITION: CONDITION}  # how the file writes `holds`


@dataclass(frozen=True)
class Statement:
    """One row of notebooks/syllabus.csv: a statement, and the experiment that tests it."""

    id: str
    notebook: str
    statement: str
    experiment: str


@dataclass(frozen=True)
class Verdict:
    """What an experiment found about a statement; one row of notebooks/verdicts.csv. It is on the screen already."""

    id: str
    notebook: str
    statement: str
    holds: bool | str
    measured: str
    because: str

    def _ipython_display_(self):
        """Show nothing: `verdict` has shown it."""


@dataclass(frozen=True)
class Page:
    """Something that a notebook shows, as text and as HTML."""

    text: str
    html: str

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": self.text, "text/html": self.html}


def read_rows(name, row_type):
    """Return the rows of a file of notebooks/ as a list of `row_type`.

    Raises FileNotFoundError where the file is missing and ValueError where it is damaged; both say how to restore it.
    """
    restore = f"Restore it with `git checkout -- notebooks/{name}`, or download the project again."
    columns = [field.name for field in fields(row_type)]
    try:
        with open(NOTEBOOKS / name, encoding="utf-8", newline="") as file:
            header, *lines = csv.reader(file, strict=True)
        rows = [row_type(**dict(zip(header, line, strict=True))) for line in lines]
    except FileNotFoundError:
        raise FileNotFoundError(f"notebooks/{name} is missing. {restore}") from None
    except (ValueError, TypeError, csv.Error) as error:
        raise ValueError(
            f"notebooks/{name} is damaged: expected the columns {', '.join(columns)} ({error}). {restore}"
        ) from None
    damaged = [row for row in rows if not all(astuple(row))]
    if damaged or not rows or len({row.id for row in rows}) < len(rows):
        problem = f"an empty field in {damaged[0].id or damaged[0]}" if damaged else "no rows, or an id that comes twice"
        raise ValueError(f"notebooks/{name} is damaged: {problem}. {restore}")
    return rows


def statements(notebook=None):
    """Return the rows of the syllabus as a list of `Statement`: all, or those of one notebook ("02_convolution").

    Raises ValueError for a notebook that has no statement.
    """
    rows = read_rows("syllabus.csv", Statement)
    names = sorted({row.notebook for row in rows})
    if notebook is not None and notebook not in names:
        raise ValueError(f"notebook: expected one of {', '.join(names)}, got {notebook!r}")
    return [row for row in rows if notebook in (None, row.notebook)]


def find_statement(id):
    """Return the `Statement` with this id. Raises ValueError, with the ids that look like it, where there is none."""
    rows = statements()
    found = [row for row in rows if isinstance(id, str) and row.id == id]
    if found:
        return found[0]
    ids = [row.id for row in rows]
    close = difflib.get_close_matches(str(id).upper(), ids, cutoff=0.4)
    advice = f"did you mean {' or '.join(close)}?" if close else f"the ids are {', '.join(ids)}"
    raise ValueError(f"id: expected an id of notebooks/syllabus.csv, got {id!r}; {advice}")


def verdict(id, measured, holds, because):
    """Show what an experiment found about a statement of the syllabus, and return it as a `Verdict`.

    id: of the statement, "C7". measured: what was measured, in one short sentence with its numbers. holds: True, False or
    "with a condition". because: why. Raises ValueError for anything else.
    """
    row = find_statement(id)
    # A comparison of NumPy numbers gives numpy.bool_, which is not a bool.
    is_numpy_bool = type(holds).__module__ == "numpy" and type(holds).__name__ in ("bool", "bool_")
    answer = bool(holds) if is_numpy_bool else holds
    if not isinstance(answer, bool) and not (isinstance(answer, str) and answer == CONDITION):
        raise ValueError(f'holds: expected True, False or "{CONDITION}", got {holds!r}')
    for name, value in (("measured", measured), ("because", because)):
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{name}: expected a sentence, got {value!r}")
    found = Verdict(row.id, row.notebook, row.statement, answer, measured, because)
    display({**card(found), "application/vnd.syllabus.verdict+json": asdict(found)}, raw=True)
    return found


def card(found):
    """Return the text/plain and text/html of a `Verdict`."""
    symbol, words, colour = VERDICTS[found.holds]
    head, *lines = [
        f"{symbol} Verdict: {words}",
        f"“{found.statement}” ({found.id})",
        f"Measured: {found.measured}",
        f"Because: {found.because}",
    ]
    style = f"border-left:4px solid {colour};padding:2px 12px;margin:6px 0;color:var(--jp-content-font-color1,inherit)"
    body = "".join(f'<p style="margin:6px 0">{html.escape(line)}</p>' for line in lines)
    return {
        "text/plain": "\n".join([head, *lines]),
        "text/html": f'<div style="{style}"><strong>{html.escape(head)}</strong>{body}</div>',
    }


def collected_verdict(id):
    """Return the card of one verdict of notebooks/verdicts.csv, to show it again. Raises ValueError where there is none."""
    find_statement(id)
    for row in read_rows("verdicts.csv", Verdict):
        if row.id == id:
            text, page = card(replace(row, holds=AS_ANSWER[row.holds])).values()
            return Page(text, page)
    raise ValueError(f"id: expected a statement with a verdict in notebooks/verdicts.csv, got {id!r}")


def verdict_table():
    """Return the collected verdicts of notebooks/verdicts.csv as a table to show; a sentence where there is none yet."""
    try:
        rows = read_rows("verdicts.csv", Verdict)
    except FileNotFoundError:
        text = "There are no collected verdicts yet: notebooks/verdicts.csv does not exist. `make notebooks` writes it."
        return Page(text, f"<p>{html.escape(text)}</p>")
    unknown = [row.holds for row in rows if row.holds not in AS_ANSWER]
    if unknown:
        raise ValueError(
            f'notebooks/verdicts.csv is damaged: holds: expected True, False or "{CONDITION}", got {unknown[0]!r}. '
            "Run `make notebooks` to write it again, or restore it with `git checkout -- notebooks/verdicts.csv`."
        )
    marks = [VERDICTS[AS_ANSWER[row.holds]] for row in rows]
    counts = ", ".join(f"{words}: {sum(mark[1] == words for mark in marks)}" for _, words, _ in VERDICTS.values())
    summary = f"{len(rows)} of {len(statements())} statements have been tested so far ({counts})."
    text, body = [summary], ""
    for row, (symbol, words, _) in zip(rows, marks, strict=True):
        text.append(f"{row.id} ({row.notebook}) {symbol} {words}: “{row.statement}” Measured: {row.measured}")
        link = f'<a href="{html.escape(row.notebook)}.ipynb">{html.escape(row.notebook)}</a>'
        cells = [html.escape(row.id), html.escape(row.statement), f"{symbol} {words}", html.escape(row.measured), link]
        body += "<tr>" + "".join(f'<td style="text-align:left">{cell}</td>' for cell in cells) + "</tr>"
    titles = ["", "Statement", "Verdict", "Measured", "Notebook"]
    head = "".join(f'<th scope="col" style="text-align:left">{title}</th>' for title in titles)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return Page("\n".join(text), f"<p>{html.escape(summary)}</p>{table}")
