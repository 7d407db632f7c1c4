"""A JupyterLab on a free port, and a Chromium that looks at it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import sync_playwright

NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks"
NAMES = ("chromium", "chromium-browser", "google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Lab(NamedTuple):
    """A running JupyterLab: where it listens, and the folder that it serves, a copy of notebooks/."""

    address: str
    folder: Path
    token: str


@pytest.fixture(scope="session")
def chromium():
    """The path of a Chromium or Chrome; without one the test is skipped."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium found (on Debian: apt-get install chromium)")
    return found


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    """A JupyterLab of its own: none of its settings and files is the user's, and all are thrown away."""
    top = tmp_path_factory.mktemp("lab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lab = Lab(f"http://127.0.0.1:{port}", top / "notebooks", "browser-tests")
    shutil.copytree(NOTEBOOKS, lab.folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__"))
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"]
    options = {
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": lab.folder,
        "IdentityProvider.token": lab.token,
        "LabApp.workspaces_dir": top / "workspaces",
        "LabApp.user_settings_dir": top / "settings",
    }
    command += [f"--{name}={value}" for name, value in options.items()]
    places = {name: str(top / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    with open(top / "server.log", "w") as log:
        server = subprocess.Popen(command, cwd=top, env=os.environ | places, stdout=log, stderr=log)
    try:
        if not answers(server, lab.address):
            pytest.fail(f"JupyterLab does not answer:\n{(top / 'server.log').read_text()[-3000:]}")
        yield lab
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()


def answers(server, address, seconds=60):
    """Wait until a server answers; return whether it did."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/api", timeout=5)
            return True
        except OSError:
            time.sleep(0.2)
    return False


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
