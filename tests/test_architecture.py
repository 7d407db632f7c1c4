"""The plan of the house: who imports whom, what no file may hold, and what an explorer leaves asleep."""

import ast
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {
    ".git",
    ".venv",
    "__pycache__",
    ".ipynb_checkpoints",
    ".hypothesis",
    ".pytest_cache",
    ".ruff_cache",
    "build",
    "dist",
}

EXPLORERS = {
    "numpy",
    "ipywidgets",
    "traitlets",
    "helpers.scratch",
    "helpers.plots",
    "helpers.datasets",
    "helpers.melodies",
    "helpers.pairs",
    "helpers.roads",
    "helpers.series",
    "helpers.texts",
    "helpers.explorers",
}
# Besides the standard library. Of two rows that fit a file, the longer one counts.
MAY_IMPORT = {
    "helpers/scratch/": {"numpy", "helpers.scratch"},
    "helpers/plots/": {"numpy", "matplotlib", "helpers.plots"},
    "helpers/exercises/": {"numpy", "helpers.scratch", "helpers.exercises", "ipywidgets", "IPython.display"},
    "helpers/explorers/": EXPLORERS,
    "helpers/explorers/explorer.py": EXPLORERS | {"matplotlib.figure", "matplotlib.backends.backend_agg", "PIL"},
    "helpers/data_files.py": {"numpy"},
    "helpers/datasets.py": {
        "numpy",
        "PIL",
        "skimage",
        "helpers.data_files",
        "helpers.texts",
        "helpers.pairs",
        "helpers.melodies",
        "helpers.series",
    },
    "helpers/melodies.py": {"numpy", "helpers.data_files"},
    "helpers/texts.py": {"numpy", "helpers.data_files"},
    "helpers/series.py": {"numpy", "helpers.data_files"},
    "helpers/pairs.py": {"numpy", "babel", "PIL", "helpers.data_files"},
    "helpers/roads.py": {"numpy", "helpers.data_files"},
    "helpers/syllabus.py": {"IPython.display"},
    "helpers/recordings/": {
        "numpy",
        "keras",
        "tensorflow",
        "sklearn",
        "PIL",
        "helpers.scratch",
        "helpers.datasets",
        "helpers.keras_tools",
        "helpers.recordings",
        "helpers.roads",
        "helpers.melodies",
        "helpers.pairs",
        "helpers.series",
        "helpers.texts",
    },
    "helpers/keras_tools.py": {"numpy", "keras", "tensorflow", "ipywidgets", "IPython.display", "helpers.scratch"},
}
PYPLOT = {"matplotlib.pyplot", "matplotlib.pylab", "pylab"}
HEAVY = {"tensorflow", "keras", "scipy", "skimage", "sklearn", "matplotlib.pyplot"}

NEVER_IN_A_FILE = {
    # Ann is made up: her home stands in tests of what a notebook may not hold.
    "a home folder": r"(?<![\w.:/])/(home|Users)/(?!ann\b)\w|(?<![\w.:/])/(root)\b|[A-Z]:\\Users\\\w",
    "a registry's host": r"pypi\.org|pythonhosted\.org|npmjs\.org|index-url[ =]+http",
    "a private address": r"(?<![\d.])(10\.\d{1,3}|192\.168|172\.(1[6-9]|2\d|3[01]))(\.\d{1,3}){2}(?=[:/])",
    "a file outside this project": r"\.\./shared|DESIGN\.md",
}
if len(ROOT.parts) > 2:
    NEVER_IN_A_FILE["the place of this checkout"] = rf"(?<![\w.]){re.escape(str(ROOT))}\b"


class Import(NamedTuple):
    """One name that a file imports, such as matplotlib.figure.Figure, and the line."""

    name: str
    line: int


@cache
def files():
    """Return the paths of all files of the project, relative to ROOT: those under version control, or else all."""
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout if shutil.which("git") else ""
    if listed:
        found = (Path(name) for name in listed.split("\0") if name)
    else:
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
    ours = (
        path for path in found if not NOT_OURS & set(path.parts) and not any(part.endswith(".egg-info") for part in path.parts)
    )
    return sorted(path for path in ours if (ROOT / path).is_file())


def helpers():
    """Return the Python files in helpers/, whether under version control or not: an import counts from its first day."""
    return sorted(path.relative_to(ROOT) for path in (ROOT / "helpers").rglob("*.py"))


@cache
def tree(path):
    """Return the syntax tree of a Python file, or of all code cells of a notebook."""
    if path.suffix != ".ipynb":
        return ast.parse((ROOT / path).read_text(encoding="utf-8"), path)
    cells = nbformat.read(ROOT / path, as_version=4).cells
    plain = TransformerManager().transform_cell  # magics are not Python
    return ast.parse("\n".join(plain(cell.source) for cell in cells if cell.cell_type == "code"), path)


def sources():
    """Return every Python file and every notebook."""
    return [path for path in {*files(), *helpers()} if path.suffix in (".py", ".ipynb")]


def imports(tree):
    """Return every name that is imported, wherever in the file; a relative import begins with a dot."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found += [Import(f"{module}.{alias.name}", node.lineno) for alias in node.names]
    return found


def is_part_of(name, modules):
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def allowed(path):
    """Return what the file may import, or None if no row of the table fits it."""
    rows = [row for row in MAY_IMPORT if path.as_posix() == row or (row.endswith("/") and path.as_posix().startswith(row))]
    return MAY_IMPORT[max(rows, key=len)] if rows else None


def forbidden_imports(path, tree):
    """Return the imports of a file in helpers/ that the table does not allow."""
    may = allowed(path) | set(sys.stdlib_module_names)
    return [each for each in imports(tree) if not is_part_of(each.name, may) or is_part_of(each.name, PYPLOT)]


def loads_by_name(tree):
    """Return the lines in which a module is loaded by its name, which no table of imports can see."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id in ("__import__", "import_module"))
        or (isinstance(node, ast.Attribute) and node.attr in ("import_module", "exec_module"))
    ]


def touches_sys_path(tree):
    """Return the lines that mention sys.path."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (
            isinstance(node, ast.Attribute)
            and node.attr == "path"
            and isinstance(node.value, ast.Name)
            and node.value.id == "sys"
        )
        or (isinstance(node, ast.Attribute) and node.attr == "addsitedir")
        or (isinstance(node, ast.ImportFrom) and node.module == "sys" and any(alias.name == "path" for alias in node.names))
    ]


def star_imports(tree):
    return [each.line for each in imports(tree) if each.name.endswith(".*")]


def has_code(tree):
    """Return whether anything but a docstring stands in a file."""
    return any(not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in tree.body)


@pytest.mark.parametrize("path", helpers(), ids=str)
def test_helpers_import_only_what_their_room_may(path):
    if path.name == "__init__.py":
        assert not has_code(tree(path))
        return
    assert allowed(path) is not None, "a new room: add a row to the table"
    assert forbidden_imports(path, tree(path)) == []
    assert loads_by_name(tree(path)) == []


@pytest.mark.parametrize(
    ("path", "code", "name"),
    [
        ("helpers/scratch/dense.py", "import scipy", "scipy"),
        ("helpers/scratch/dense.py", "from helpers.plots.figure import DPI", "helpers.plots.figure.DPI"),
        ("helpers/scratch/dense.py", "from helpers import datasets", "helpers.datasets"),
        ("helpers/scratch/dense.py", "from .layer import Layer", ".layer.Layer"),
        ("helpers/plots/curve.py", "from matplotlib import pyplot as plt", "matplotlib.pyplot"),
        ("helpers/plots/curve.py", "import ipywidgets", "ipywidgets"),
        ("helpers/exercises/pooling.py", "from IPython import get_ipython", "IPython.get_ipython"),
        ("helpers/explorers/pooling.py", "def f():\n    import keras", "keras"),
        ("helpers/explorers/pooling.py", "from matplotlib.figure import Figure", "matplotlib.figure.Figure"),
        ("helpers/explorers/explorer.py", "import matplotlib", "matplotlib"),
        ("helpers/datasets.py", "import numpypy", "numpypy"),
        ("helpers/recordings/cnn.py", "from helpers.explorers.cnn import explore", "helpers.explorers.cnn.explore"),
        ("helpers/syllabus.py", "import numpy", "numpy"),
    ],
)
def test_the_rules_see_a_wrong_import(path, code, name):
    assert [each.name for each in forbidden_imports(Path(path), ast.parse(code))] == [name]


def test_the_rules_see_what_else_is_forbidden():
    assert loads_by_name(ast.parse("import importlib\nimportlib.import_module('keras')")) == [2]
    assert touches_sys_path(ast.parse("import sys\nsys.path.append('..')")) == [2]
    assert touches_sys_path(ast.parse("from sys import path")) == [1]
    assert star_imports(ast.parse("from numpy import *")) == [1]
    assert has_code(ast.parse('"""Text."""\nfrom helpers.a import b'))


def test_no_star_imports_and_no_changed_path():
    assert {str(path): star_imports(tree(path)) for path in sources() if star_imports(tree(path))} == {}
    assert {str(path): touches_sys_path(tree(path)) for path in sources() if touches_sys_path(tree(path))} == {}


def test_no_utils():
    assert [str(path) for path in {*files(), *helpers()} if path.stem in ("utils", "util", "misc", "common")] == []


def test_keras_lives_in_few_places():
    homes = ("helpers/keras_tools.py", "helpers/recordings/", "notebooks/", "tests/")
    others = [path for path in sources() if not path.as_posix().startswith(homes)]
    heavy = {
        str(path) for path in others if any(is_part_of(each.name, {"keras", "tensorflow"}) for each in imports(tree(path)))
    }
    assert heavy == set()


def test_nothing_imports_a_notebook():
    names = {"notebooks", "nbimporter", "import_ipynb", "importnb", "testbook"}
    assert [str(path) for path in sources() if any(is_part_of(each.name, names) for each in imports(tree(path)))] == []


@pytest.mark.parametrize("path", sorted((ROOT / "helpers/explorers").glob("[!_]*.py")), ids=lambda path: path.stem)
def test_an_explorer_opens_without_heavy_packages(path):
    code = f"import sys, helpers.explorers.{path.stem}; print(*sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_files_speak_of_the_project_alone():
    found = []
    for path in files():
        text = (ROOT / path).read_bytes().decode("latin-1")  # pictures too: their comments may name a place
        for what, pattern in NEVER_IN_A_FILE.items():
            found += [
                f"{path}:{text[: hit.start()].count(chr(10)) + 1}: {what}: {hit[0]}" for hit in re.finditer(pattern, text)
            ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "what"),  # a bar in each text, or this file would be found
    [
        ("open('/home|/mary/data.npz')", "a home folder"),
        ("/Users|/mary/x", "a home folder"),
        ("cd /ro|ot/x", "a home folder"),
        ("C:\\Users|\\mary", "a home folder"),
        ("--index-url| http://mirror/simple", "a registry's host"),
        ("https://files.python|hosted.org/packages", "a registry's host"),
        ("http://192.168|.1.7:8888/lab", "a private address"),
        ("http://10|.1.2.3/x", "a private address"),
        ("see ..|/shared/x", "a file outside this project"),
    ],
)
def test_the_patterns_see_what_is_forbidden(text, what):
    assert re.search(NEVER_IN_A_FILE[what], text.replace("|", ""))


@pytest.mark.parametrize(
    "text", ["https://example.org/home/x", "tqdm==4.67.10.1", "cdn/10.4.0/x", "--no-emit-index-url --no-header", "/rootless"]
)
def test_the_patterns_let_harmless_text_pass(text):
    assert [what for what, pattern in NEVER_IN_A_FILE.items() if re.search(pattern, text)] == []
