"""Run every notebook in a fresh kernel, clean it, and collect what its experiments found.

usage: python notebooks/build.py [NAME ...]      for instance 02_convolution; without a name: all of them

A notebook is written only if every cell runs and nothing is left that a reader should not see (`faults`), and only if its
bytes differ. Afterwards `verdicts.csv` holds the verdicts of all notebooks; when it changes, `00_start_here`, which shows
it, is run again. So a second run changes nothing.
"""

import argparse
import csv
import io
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

FOLDER = Path(__file__).resolve().parent
START = "00_start_here"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
VERDICT = "application/vnd.syllabus.verdict+json"
COLUMNS = ("id", "notebook", "statement", "holds", "measured", "because")
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
MOST_LINES = 12
SECONDS_PER_CELL = 60

WARNING = re.compile(r"\b\w*Warning: ")
ADDRESS = re.compile(r"\bat 0x[0-9A-Fa-f]{6,}")
JAVASCRIPT = re.compile(r"<script|javascript:", re.IGNORECASE)
FOREIGN_PATH = re.compile(r"(?<![\w.:/])/(home|Users|root|tmp|var/folders)/|\b[A-Z]:\\Users\\|\b(site|dist)-packages\b")
EXPLORER = re.compile(r"^explore_\w+\(", re.MULTILINE)


def read(path):
    """Return the notebook in a file, in format 4.5, every cell with an id of its own that does not depend on chance."""
    raw = json.loads(Path(path).read_text(encoding="utf-8"))
    set_ids(raw["cells"])
    raw["nbformat_minor"] = 5
    for cell in raw["cells"]:
        cell.setdefault("metadata", {})
        if cell["cell_type"] == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
    return nbformat.reads(json.dumps(raw), as_version=4)


def set_ids(cells):
    """Give every cell without an id, or with an id that an earlier cell has, one made from its place."""
    taken = {cell.get("id") for cell in cells}
    seen = set()
    for place, cell in enumerate(cells, start=1):
        if cell.get("id") in seen | {None}:
            cell["id"] = next(name for name in place_names(place) if name not in taken)
            taken.add(cell["id"])
        seen.add(cell["id"])


def place_names(place):
    """Yield names for the cell at a place, counted from 1: cell-07, cell-07-2, cell-07-3 and so on."""
    yield f"cell-{place:02d}"
    for copy in range(2, 10_000):
        yield f"cell-{place:02d}-{copy}"


def write(notebook):
    """Return a notebook as the text of its file."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def execute(notebook, folder=FOLDER):
    """Run all cells in a fresh kernel that starts in `folder`, and put the outputs into `notebook`.

    Raises nbclient's CellExecutionError or CellTimeoutError at the first cell that fails or takes over a minute.
    """
    client = NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
    )
    # An empty folder for IPython's settings: the reader's own start-up files must not change the committed notebook.
    with tempfile.TemporaryDirectory() as settings:
        client.execute(env=os.environ | {"IPYTHONDIR": settings})


def clean(notebook, committed=None):
    """Remove from `notebook` what differs from run to run; take the outputs of `measured` cells from `committed`."""
    notebook.metadata = nbformat.from_dict(METADATA)
    kept = measured_outputs(committed) if committed else {}
    for count, cell in enumerate(code_cells(notebook), start=1):
        if is_measured(cell) and kept.get(cell.source):
            cell.outputs = kept[cell.source].pop(0)
        cell.outputs = [output for output in map(clean_output, cell.outputs) if output.get("data") != {}]
        cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in ("tags", "jupyter") if key in cell.metadata})
    return notebook


def clean_output(output):
    """Return an output without its widget view, and with metadata for the data that are left only."""
    if "data" in output:
        output.data.pop(WIDGET_VIEW, None)
        output.metadata = nbformat.from_dict({mime: output.metadata[mime] for mime in output.data if mime in output.metadata})
    return output


def measured_outputs(notebook):
    """Return {source: [outputs, ...]} of the cells tagged `measured` that were run."""
    found = {}
    for cell in code_cells(notebook):
        if is_measured(cell) and cell.execution_count is not None:
            found.setdefault(cell.source, []).append(cell.outputs)
    return found


def is_measured(cell):
    return "measured" in cell.metadata.get("tags", [])


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def faults(notebook, name):
    """Return a list of sentences: what in a notebook called `name` (without .ipynb) should not be committed."""
    found = []
    if "widgets" in notebook.metadata:
        found.append("metadata.widgets is stored")
    for cell in notebook.cells:
        found += [f"{label(cell)}: holds a path of one computer: {path}" for path in paths(cell.source)]
    for count, cell in enumerate(code_cells(notebook), start=1):
        for fault in cell_faults(cell, count):
            found.append(f"{label(cell)}: {fault}")
    for row in verdicts(notebook):
        if row["notebook"] != name:
            found.append(f"the verdict on {row['id']} belongs to {row['notebook']}, it stands in {name}")
    ids = [row["id"] for row in verdicts(notebook)]
    found += [f"more than one verdict on {id}" for id in sorted(set(ids)) if ids.count(id) > 1]
    return found


def label(cell):
    """Name a cell so that it can be found: its id and the start of its first line."""
    return f"cell {cell.id} ({(cell.source.strip().splitlines() or ['empty'])[0][:40]!r})"


def cell_faults(cell, count):
    """Yield what is wrong with one code cell, the `count`-th of its notebook."""
    lines = [line for line in cell.source.splitlines() if line.strip()]
    if cell.execution_count != count:
        yield f"its execution count is {cell.execution_count}, expected {count}"
    if len(lines) > MOST_LINES:
        yield f"has {len(lines)} lines, at most {MOST_LINES} are allowed"
    if is_measured(cell) and "nbval-ignore-output" not in cell.metadata.tags:
        yield "is tagged measured, so it also needs the tag nbval-ignore-output"
    if cell.source.rstrip().endswith(";"):
        yield "ends with a semicolon, which does not hide the value when the tests run the cell: give the value a name"
    if EXPLORER.search(cell.source):
        if len(lines) > 1:
            yield "an explorer stands alone on one line in its cell"
        if not any({"image/png", "text/plain"} <= set(output.get("data", {})) for output in cell.outputs):
            yield "shows no explorer: a picture (image/png) and its sentence (text/plain) in one output are expected"
    for output in cell.outputs:
        yield from output_faults(output)


def output_faults(output):
    """Yield what a reader should not find in an output."""
    if output.output_type == "error":
        yield f"ends in an error: {output.ename}: {output.evalue}"
    if output.get("name") == "stderr":
        yield f"writes to stderr: {output.text.strip()[:300]}"
    data = output.get("data", {})
    if WIDGET_VIEW in data:
        yield "a widget view is stored"
    if "application/javascript" in data or JAVASCRIPT.search(str(data.get("text/html", ""))):
        yield "holds JavaScript"
    for text in texts(output):
        if WARNING.search(text):
            yield f"shows a warning: {WARNING.search(text).group()}"
        if ADDRESS.search(text):
            yield f"shows a place in memory, which differs from run to run: {ADDRESS.search(text).group()}"
        yield from (f"shows a path of one computer: {path}" for path in paths(text))


def texts(output):
    """Return all that is text in an output; pictures are left out, where any letters may stand by chance."""
    data = output.get("data", {})
    shown = [json.dumps(value) if isinstance(value, dict) else value for mime, value in data.items() if mime[:6] != "image/"]
    return shown + [output.get("text", ""), "\n".join(output.get("traceback", []))]


def paths(text):
    """Return the folders in a text that exist on one computer only: somebody's home, a place for temporary files."""
    here = {Path.home(), Path(tempfile.gettempdir()), FOLDER.parent, FOLDER.parent.parent}
    found = [f"{folder}{os.sep}" for folder in sorted(here) if folder != Path(folder.anchor) and f"{folder}{os.sep}" in text]
    return found or [match.group() for match in FOREIGN_PATH.finditer(text)][:1]


def verdicts(notebook):
    """Return the verdicts (dicts with the keys of COLUMNS) that a notebook shows, in its order."""
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    return [output.data[VERDICT] for output in outputs if VERDICT in output.get("data", {})]


def verdict_table(folder=FOLDER):
    """Return the text of verdicts.csv: the verdicts of all notebooks of a folder, in the order of its syllabus.csv.

    Raises ValueError for a verdict whose id is not in the syllabus.
    """
    with open(folder / "syllabus.csv", encoding="utf-8", newline="") as file:
        order = [row["id"] for row in csv.DictReader(file)]
    rows = [row for path in notebook_files(folder) for row in verdicts(read(path))]
    unknown = sorted({row["id"] for row in rows} - set(order))
    if unknown:
        raise ValueError(f"id: expected ids of syllabus.csv, got verdicts on {', '.join(unknown)}")
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(sorted(rows, key=lambda row: order.index(row["id"])))
    return text.getvalue()


def notebook_files(folder=FOLDER):
    return sorted(folder.glob("*.ipynb"))


def write_if_changed(path, text):
    """Write a text file unless it holds just this text; return whether it was written."""
    if path.exists() and path.read_bytes() == text.encode():
        return False
    path.write_bytes(text.encode())
    return True


def build(path):
    """Run, clean and check one notebook file. Return its faults; without any, the file is up to date afterwards."""
    notebook, committed = read(path), read(path)
    start = time.perf_counter()
    try:
        execute(notebook, path.parent)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return report(path.stem, [str(error)])
    seconds = time.perf_counter() - start
    found = faults(clean(notebook, committed), path.stem)
    if found:
        return report(path.stem, found)
    changed = write_if_changed(path, write(notebook))
    print(f"{path.stem:26}{seconds:6.1f} s  {'changed' if changed else 'unchanged'}", flush=True)
    return []


def report(name, found):
    """Print what is wrong with a notebook; return it."""
    print(f"{name}: not written\n  " + "\n  ".join(found), file=sys.stderr, flush=True)
    return found


def build_all(files):
    """Build notebook files of one folder, then its verdicts.csv. Return whether all of them are up to date."""
    folder = files[0].parent
    start_here = folder / f"{START}.ipynb"
    # Last, because it shows the verdicts of the others; it has verdicts of its own, hence once more if the table changes.
    ordered = [path for path in files if path != start_here]
    done = all([not build(path) for path in ordered])
    stale = write_verdicts(folder)
    if start_here in files or (stale and start_here.exists()):
        done = not build(start_here) and done
        if write_verdicts(folder):
            done = not build(start_here) and done
            write_verdicts(folder)
    return done


def write_verdicts(folder):
    """Write verdicts.csv if the notebooks of a folder show other verdicts than it holds; return whether it was written."""
    table = verdict_table(folder)
    return table.count("\n") > 1 and write_if_changed(folder / "verdicts.csv", table)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a notebook, for instance 02_convolution; default: all")
    names = parser.parse_args().names
    files = [FOLDER / f"{Path(name).name.removesuffix('.ipynb')}.ipynb" for name in names] or notebook_files()
    missing = [path.name for path in files if not path.exists()]
    if missing or not files:
        parser.error(f"no such notebook: {', '.join(missing) or '*.ipynb'}")
    sys.exit(0 if build_all(files) else 1)


if __name__ == "__main__":
    main()
