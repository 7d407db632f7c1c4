"""What the browser tests share: a JupyterLab over a copy of the notebooks, and pages in Chromium."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.server import FLAGS, find_chromium, jupyterlab

NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks"


class Lab(NamedTuple):
    """A running JupyterLab: where it listens, and the folder that it serves, a copy of notebooks/."""

    address: str
    folder: Path
    token: str


@pytest.fixture(scope="session")
def chromium():
    """The path of a Chromium or Chrome; without one the test is skipped."""
    found = find_chromium()
    if found is None:
        pytest.skip("no Chromium found (on Debian: apt-get install chromium)")
    return found


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    """A JupyterLab of its own: none of its settings and files is the user's, and all are thrown away."""
    top, token = tmp_path_factory.mktemp("lab"), "browser-tests"
    folder = top / "notebooks"
    shutil.copytree(NOTEBOOKS, folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__"))
    with jupyterlab(top, folder, token) as address:
        yield Lab(address, folder, token)


@pytest.fixture(scope="module")
def new_page(chromium, lab):
    """A function that opens an empty page, logged in at `lab`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        context.set_default_timeout(60_000)
        context.request.get(f"{lab.address}/lab?token={lab.token}")

        yield context.new_page
        browser.close()
