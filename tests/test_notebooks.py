"""The committed notebooks are clean and complete, and `notebooks/build.py` makes them so."""

import copy
import csv
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"

spec = importlib.util.spec_from_file_location("build", NOTEBOOKS / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)

COMMITTED = build.notebook_files()


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_committed_notebook_is_clean(path):
    notebook = nbformat.read(path, as_version=4)
    assert build.faults(notebook, path.stem) == []
    assert build.write(build.clean(copy.deepcopy(notebook))) == path.read_text(encoding="utf-8"), "run `make notebooks`"


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_every_statement_of_the_syllabus_has_a_verdict(path):
    with open(NOTEBOOKS / "syllabus.csv", encoding="utf-8", newline="") as file:
        expected = {row["id"] for row in csv.DictReader(file) if row["notebook"] == path.stem}
    found = {row["id"] for row in build.verdicts(build.read(path))}
    assert expected <= found


@pytest.mark.skipif(not COMMITTED, reason="no notebook yet")
def test_verdicts_csv_is_what_the_notebooks_show():
    assert (NOTEBOOKS / "verdicts.csv").read_bytes() == build.verdict_table().encode()


# What follows tests build.py on small notebooks made here.

SLIDER = "import ipywidgets\nipywidgets.IntSlider(3)"
EXPLORER = """class Explorer:
    def _repr_mimebundle_(self, include=None, exclude=None):
        view = ipywidgets.IntSlider()._repr_mimebundle_()
        return view | {"image/png": "iVBORw0KGgo=", "text/plain": "3 + 4 = 7"}
explore_sum = Explorer"""
ONLY_A_VIEW = """from IPython.display import display
view = {"application/vnd.jupyter.widget-view+json": {"model_id": "0", "version_major": 2, "version_minor": 0}}
display(view, raw=True)
print("after the view")"""
TIME = "import time\ntime.time()"


def verdict(id, notebook="02_convolution"):
    row = {"id": id, "notebook": notebook, "statement": "S", "holds": True, "measured": "3 of 3", "because": "so"}
    bundle = {build.VERDICT: row, "text/html": "<p>holds</p>", "text/plain": "holds"}
    return f"from IPython.display import display\ndisplay({bundle!r}, raw=True)"


def code(source, *tags):
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata.tags = list(tags)
    return cell


def save(folder, name, cells):
    """Write a notebook that was never run, as an editor may leave it, beside a small syllabus; return its path."""
    (folder / "syllabus.csv").write_text("id,notebook,statement,experiment\nC3,02_convolution,S,E\nX1,02_convolution,S,E\n")
    metadata = {"widgets": {}, "language_info": {"name": "python", "version": "3.11.2"}}
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}))
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with a notebook that was built once."""
    folder = tmp_path_factory.mktemp("notebooks")
    cells = [
        nbformat.v4.new_markdown_cell("# Title"),
        code(SLIDER),
        code(EXPLORER),
        code("explore_sum()"),
        code(ONLY_A_VIEW),
        code("print(1)\ndisplay(2)\nprint(3)"),
        code(TIME, "measured", "nbval-ignore-output"),
        code(""),
        code(verdict("X1")),
        code(verdict("C3")),
    ]
    cells[1].metadata["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00"}
    cells[2].metadata["scrolled"] = True
    for cell in cells[:3]:
        del cell["id"]
    cells[4]["id"] = cells[5]["id"] = "twice"
    assert build.build_all([save(folder, "02_convolution", cells)])
    return folder


def test_building_cleans(built):
    text = (built / "02_convolution.ipynb").read_text()
    notebook = nbformat.reads(text, as_version=4)
    cells = notebook.cells
    assert build.faults(notebook, "02_convolution") == []
    assert "2026" not in text
    assert notebook.metadata == build.METADATA
    assert [cell.id for cell in cells][:6] == ["cell-01", "cell-02", "cell-03", cells[3].id, "twice", "cell-06"]
    assert [cell.get("execution_count") for cell in cells] == [None, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert [dict(cell.metadata) for cell in cells[:3]] == [{}, {"tags": []}, {"tags": []}]
    assert set(cells[3].outputs[0].data) == {"image/png", "text/plain"}
    assert [output.output_type for output in cells[4].outputs] == ["stream"]
    assert [output.get("text") for output in cells[5].outputs] == ["1\n3\n", None]


def test_building_twice_changes_nothing_and_keeps_measured(built):
    path = built / "02_convolution.ipynb"
    before = path.read_bytes(), path.stat().st_mtime_ns, (built / "verdicts.csv").read_bytes()
    assert build.build_all([path])
    assert (path.read_bytes(), path.stat().st_mtime_ns, (built / "verdicts.csv").read_bytes()) == before


def test_built_notebook_passes_nbval_strict(built):
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider", "-q", built]
    run = subprocess.run(command, cwd=built, capture_output=True, text=True)
    assert run.returncode == 0 and "9 passed" in run.stdout, run.stdout


def test_verdicts_are_collected_in_the_order_of_the_syllabus(built):
    with open(built / "verdicts.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["C3", "X1"]
    expected = {"id": "C3", "notebook": "02_convolution", "statement": "S", "holds": "True", "measured": "3 of 3"}
    assert rows[0] == expected | {"because": "so"}


def test_start_here_sees_the_verdicts_of_the_same_run(tmp_path):
    start = save(tmp_path, build.START, [code("print(open('verdicts.csv').read())")])
    lesson = save(tmp_path, "02_convolution", [code(verdict("X1"))])
    assert build.build_all([lesson, start])
    assert "X1,02_convolution,S,True,3 of 3,so" in build.read(start).cells[0].outputs[0].text
    save(tmp_path, "02_convolution", [code(verdict("C3"))])
    assert build.build_all([lesson])
    assert "C3" in build.read(start).cells[0].outputs[0].text


def test_changed_measured_cell_is_measured_anew():
    committed = nbformat.v4.new_notebook(cells=[code("1", "measured"), code("2", "measured")])
    for cell in committed.cells:
        cell.execution_count = 1
        cell.outputs = [nbformat.v4.new_output("stream", text="committed")]
    fresh = nbformat.v4.new_notebook(cells=[code("1", "measured"), code("2 + 1", "measured"), code("2")])
    for cell in fresh.cells:
        cell.outputs = [nbformat.v4.new_output("stream", text="fresh")]
    build.clean(fresh, committed)
    assert [cell.outputs[0].text for cell in fresh.cells] == ["committed", "fresh", "fresh"]


@pytest.mark.parametrize("source", ["1 / 0", "import sys\nprint('x', file=sys.stderr)"], ids=["error", "stderr"])
def test_failing_notebook_is_left_untouched(tmp_path, capsys, source):
    path = save(tmp_path, "02_convolution", [code(source)])
    before = path.read_bytes()
    assert not build.build_all([path])
    assert path.read_bytes() == before
    assert "02_convolution: not written" in capsys.readouterr().err


def output(text=None, **data):
    if text is not None:
        return nbformat.v4.new_output("stream", text=text)
    return nbformat.v4.new_output("display_data", data={mime.replace("_", "/"): value for mime, value in data.items()})


FAULTY = {
    "warning": (output("x.py:3: UserWarning: no\n"), "shows a warning"),
    "address": (output("<object at 0x7f12345678>"), "a place in memory"),
    "home": (output(f"{Path.home()}/x"), "a path of one computer"),
    "another home": (output("see /home/ann/x"), "a path of one computer"),
    "Windows": (output("C:\\Users\\ann"), "a path of one computer"),
    "script": (output(text_html="<SCRIPT>1</SCRIPT>"), "JavaScript"),
    "JavaScript": (output(application_javascript="1"), "JavaScript"),
    "path in a table": (output(text_html="<td>/tmp/x</td>"), "a path of one computer"),
    "explorer with company": (code("explore_sum()\n2"), "alone on one line"),
    "explorer without picture": (code("explore_sum()"), "shows no explorer"),
    "semicolon": (code("1;\n"), "ends with a semicolon"),
    "long cell": (code("\n".join("1" * 13)), "has 13 lines"),
    "measured, compared": (code("1", "measured"), "nbval-ignore-output"),
    "path in the source": (code("open('/home/ann/x')"), "a path of one computer"),
}


@pytest.mark.parametrize(("part", "sentence"), FAULTY.values(), ids=FAULTY)
def test_faults_are_named(part, sentence):
    cell = part if "cell_type" in part else code("1")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    cell.outputs = [] if part is cell else [part]
    cell.execution_count = 1
    assert any(sentence in fault for fault in build.faults(notebook, "02_convolution"))


def test_harmless_outputs_have_no_fault():
    shown = [output("see https://example.org/home/x, 3 / 4"), output(image_png="/tmp/", text_plain="a picture")]
    cell = code("explore_sum()")
    cell.execution_count, cell.outputs = 1, shown
    assert build.faults(nbformat.v4.new_notebook(cells=[cell]), "02_convolution") == []


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("C3", "03_pooling")], "belongs to 03_pooling"),
        ([("C3", "02_convolution")] * 2, "more than one verdict on C3"),
    ],
)
def test_misplaced_verdicts_are_named(rows, sentence):
    outputs = [nbformat.v4.new_output("display_data", data={build.VERDICT: {"id": i, "notebook": n}}) for i, n in rows]
    cell = code("1")
    cell.execution_count, cell.outputs = 1, outputs
    notebook = nbformat.v4.new_notebook(cells=[cell])
    assert any(sentence in fault for fault in build.faults(notebook, "02_convolution"))
