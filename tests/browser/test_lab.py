"""In JupyterLab, in Chromium: a lesson runs, its sliders move pictures and sentences, and its pictures need no kernel."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import TimeoutError

from tests.browser.server import IDLE, RUN_ALL, SHOW

LESSON = Path(__file__).parent.parent.parent / "notebooks" / "02_convolution.ipynb"
CELLS = json.loads(LESSON.read_text(encoding="utf-8"))["cells"] if LESSON.exists() else []
EXPLORERS = {"".join(cell["source"]): place for place, cell in enumerate(CELLS) if "".join(cell["source"])[:8] == "explore_"}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CELLS, reason="02_convolution.ipynb does not exist yet"),
]

OPEN = (
    "path => window.jupyterapp?.shell.currentWidget?.context?.path === path && jupyterapp.shell.currentWidget.context.isReady"
)
SAVED = "() => jupyterapp.shell.currentWidget.content.model.toJSON()"
LOOK = "cell => [cell.querySelector('img').src, cell.querySelector('[role=status]').innerText]"
CHANGED = """([cell, [picture, sentence]]) => cell.querySelector('img').src !== picture
    && cell.querySelector('[role=status]').innerText !== sentence"""
DRAWN = "cell => [...cell.querySelectorAll('img')].some(image => image.complete && image.naturalWidth > 100)"


def open_notebook(page, lab, path):
    page.goto(f"{lab.address}/lab/tree/{path}?reset", wait_until="domcontentloaded")
    page.wait_for_function(OPEN, arg=path)


def run_cells(page, lab, name, sources):
    """Write a notebook with these cells of code, open it, and run all."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, lab.folder / name)
    open_notebook(page, lab, name)
    page.wait_for_function(IDLE)
    page.evaluate(RUN_ALL)


def show_cell(page, place):
    """Scroll to a cell, counted from 0; return its element."""
    return page.evaluate_handle(SHOW, place).as_element()


@pytest.fixture(scope="module")
def lesson(new_page, lab):
    """The page of the lesson, after Run All."""
    page = new_page()
    open_notebook(page, lab, LESSON.name)
    page.wait_for_function(IDLE)
    page.evaluate(RUN_ALL)
    return page


def test_run_all_shows_no_error(lesson):
    cells = [cell for cell in lesson.evaluate(SAVED)["cells"] if cell["cell_type"] == "code"]
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert all(cell["execution_count"] for cell in cells)
    assert [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"] == []


@pytest.fixture(params=EXPLORERS)
def slider(request, lesson):
    """The page, the cell of an explorer, and the handle of the first slider in it that can be moved."""
    cell = show_cell(lesson, EXPLORERS[request.param])
    cell.wait_for_selector("[role=status]")
    handle = cell.wait_for_selector(".noUi-target:not([disabled]) .noUi-handle")
    handle.scroll_into_view_if_needed()
    return lesson, cell, handle


def direction(handle):
    """Return 1, or -1 if the slider stands at its right end."""
    return -1 if handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax") else 1


def test_keyboard_moves_picture_and_sentence(slider):
    page, cell, handle = slider
    before = page.evaluate(LOOK, cell)
    handle.press("ArrowRight" if direction(handle) > 0 else "ArrowLeft")
    page.wait_for_function(CHANGED, arg=[cell, before])


def test_mouse_moves_picture_and_sentence(slider):
    page, cell, handle = slider
    before = page.evaluate(LOOK, cell)
    # Waits until the handle stands still: the page moves while cells above it are drawn.
    handle.hover()
    box, to_the = handle.bounding_box(), direction(handle)
    page.mouse.down()
    changed = False
    # In small steps: a cursor that starts again at the top may show the first picture again after a long drag.
    for distance in range(10, 110, 10):
        page.mouse.move(box["x"] + box["width"] / 2 + to_the * distance, box["y"] + box["height"] / 2)
        changed = changed or is_true(page, CHANGED, [cell, before], seconds=2)
    page.mouse.up()
    assert changed


def is_true(page, question, about, seconds):
    """Return whether a question to the page is answered with yes within some seconds."""
    try:
        page.wait_for_function(question, arg=about, timeout=1000 * seconds)
    except TimeoutError:
        return False
    return True


@pytest.fixture
def no_kernel(new_page):
    """A page whose JupyterLab finds no kernel to start."""
    page = new_page()
    page.route("**/api/kernelspecs*", lambda route: route.fulfill(json={"default": "", "kernelspecs": {}}))
    return page


def test_committed_notebook_has_its_pictures_without_a_kernel(no_kernel, lab):
    # A fresh copy: JupyterLab may have saved the other one after Run All.
    (lab.folder / "committed").mkdir()
    shutil.copy(LESSON, lab.folder / "committed")
    open_notebook(no_kernel, lab, f"committed/{LESSON.name}")
    with_picture = [place for place, cell in enumerate(CELLS) if "image/png" in json.dumps(cell.get("outputs", []))]
    assert set(EXPLORERS.values()) <= set(with_picture)
    for place in with_picture:
        no_kernel.wait_for_function(DRAWN, arg=show_cell(no_kernel, place))
    assert no_kernel.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session?.kernel ?? null") is None
