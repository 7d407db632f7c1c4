"""In JupyterLab, in Chromium: every explorer of every lesson is drawn with all its controls, and a strip of buttons works."""

import importlib

import ipywidgets as widgets
import pytest

from tests.browser.test_lab import CHANGED, LOOK, run_cells, show_cell
from tests.test_explorers import FACTORIES

pytestmark = pytest.mark.browser

NAME = "all_explorers.ipynb"
# A widget that the browser cannot draw becomes a picture of a torn page with this text.
BROKEN = "cell => (cell.innerText.match(/javascript error|Error displaying widget|Model not found/gi) ?? []).length"
LABELS = "cell => [...cell.querySelectorAll('.widget-label')].map(label => label.innerText.trim())"


@pytest.fixture(scope="module")
def page(new_page, lab):
    """A notebook with one explorer in each cell, after Run All."""
    code = [f"from helpers.explorers.{topic} import {name}\n{name}()" for topic, name in FACTORIES]
    page = new_page()
    run_cells(page, lab, NAME, code)
    return page


@pytest.mark.parametrize("place", range(len(FACTORIES)), ids=[name for _, name in FACTORIES])
def test_an_explorer_is_drawn_with_all_its_controls(page, place):
    cell = show_cell(page, place)
    cell.wait_for_selector("[role=status]")
    cell.wait_for_selector("img")
    page.wait_for_timeout(200)  # a control that fails does so after the others are there
    assert page.evaluate(BROKEN, cell) == 0
    topic, name = FACTORIES[place]
    explorer = getattr(importlib.import_module(f"helpers.explorers.{topic}"), name)()
    expected = {control.description for control in explorer.controls.values() if not isinstance(control, widgets.Button)}
    shown = {*page.evaluate(LABELS, cell), *cell.inner_text().split("\n")}
    assert {label.strip() for label in expected} - {""} <= {label.strip() for label in shown}


def test_a_button_of_a_strip_opens_a_gate(page):
    place = [name for _, name in FACTORIES].index("explore_gate_score")
    cell = show_cell(page, place)
    button = cell.wait_for_selector("button[title='Input gate: 1 is open, 0 is shut, step 5']")
    before = page.evaluate(LOOK, cell)
    assert button.inner_text() == "1"
    button.click()
    page.wait_for_function(CHANGED, arg=[cell, before])
    assert button.inner_text() == "0"


def test_a_preset_moves_the_strips(page):
    place = [name for _, name in FACTORIES].index("explore_gate_score")
    cell = show_cell(page, place)
    before = page.evaluate(LOOK, cell)
    cell.wait_for_selector("button[title='Set the strips: blindfold']").click()
    page.wait_for_function(CHANGED, arg=[cell, before])
    shown = cell.query_selector_all("button[title^='Output gate']")
    assert "".join(button.inner_text() for button in shown) == "11111" + "0" * 10 + "11111"
