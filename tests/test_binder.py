"""What mybinder.org would build and start.

The quick tests read the files. The slow ones need the network and minutes; run them with `make test-binder`, or
    .venv/bin/python -m pytest -m slow tests/test_binder.py
They ask repo2docker what it would do, then do just that in a clean virtual environment, without a container.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
FIRST = "/lab/tree/notebooks/00_start_here.ipynb"
PINNED = re.compile(r"[a-z0-9][a-z0-9.-]*==[0-9][\w.]*( ; .+)?")
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "*.egg-info", "__pycache__", ".ipynb_checkpoints")


def requirements(path):
    """Return the lines of a requirements file that are not comments."""
    return [line for line in (TOP / path).read_text().splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("path", ["requirements.txt", "binder/requirements.txt"])
def test_requirements_are_exact_versions_and_the_project(path):
    *pins, project = requirements(path)
    assert project == "-e ."
    assert [line for line in pins if not PINNED.fullmatch(line)] == []
    assert "://" not in (TOP / path).read_text()


def test_binder_has_the_same_versions():
    pins = set(requirements("requirements.txt"))
    more = set(requirements("binder/requirements.txt")) - pins
    assert {line.split("==")[0] for line in more} == {"notebook"}


def test_tensorflow_comes_in_one_build_for_each_computer():
    lines = [line for line in requirements("requirements.txt") if line.startswith("tensorflow")]
    one, other = (line.partition(" ; ")[2] for line in lines)
    assert [line.split("==")[0] for line in lines] == ["tensorflow", "tensorflow-cpu"]
    assert one == "platform_machine != 'x86_64' or sys_platform != 'linux'"
    assert other == "platform_machine == 'x86_64' and sys_platform == 'linux'"


def test_runtime_is_a_python_that_the_project_supports():
    assert (TOP / "binder/runtime.txt").read_text().strip() == "python-3.11"


def test_post_build_can_be_run_and_writes_settings(tmp_path):
    post_build = TOP / "binder/postBuild"
    assert os.access(post_build, os.X_OK)
    venv.create(tmp_path / "env", with_pip=False)
    subprocess.run([post_build], env=os.environ | {"PATH": f"{tmp_path}/env/bin:{os.environ['PATH']}"}, check=True)
    server = json.loads((tmp_path / "env/etc/jupyter/jupyter_server_config.json").read_text())
    assert {app: values["default_url"] for app, values in server.items()} == dict.fromkeys(
        ("ServerApp", "LabApp", "JupyterNotebookApp"), FIRST
    )
    overrides = json.loads((tmp_path / "env/share/jupyter/lab/settings/overrides.json").read_text())
    assert overrides["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


@pytest.fixture
def tree(tmp_path):
    """A copy of the project as it is committed: without .venv and without anything that was made here."""
    return Path(shutil.copytree(TOP, tmp_path / "home", ignore=NOT_COPIED))


@pytest.fixture
def bin(tmp_path):
    """The folder of the programs of a new virtual environment. It is removed at once: pytest would keep its 2 GB."""
    venv.create(tmp_path / "env", with_pip=True)
    yield tmp_path / "env" / "bin"
    shutil.rmtree(tmp_path / "env")


BUILDPACK = """
from repo2docker.app import Repo2Docker
print(next(pack.__name__ for pack in Repo2Docker().buildpacks if pack("image").detect()))
"""


@pytest.mark.slow
def test_repo2docker_would_use_these_files(tree, bin):
    subprocess.run([bin / "pip", "install", "--quiet", "jupyter-repo2docker"], check=True)
    found = subprocess.run([bin / "python", "-c", BUILDPACK], cwd=tree, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "PythonBuildPack"
    run = subprocess.run([bin / "repo2docker", "--no-build", "--debug", tree], capture_output=True, text=True)
    said = run.stdout + run.stderr
    assert run.returncode == 0, said
    assert "conda environment for python=3.11\n" in said
    assert 'pip install --no-cache-dir -r "binder/requirements.txt"\n' in said
    assert "RUN ./binder/postBuild\n" in said
    assert 'CMD ["jupyter", "notebook", "--ip", "0.0.0.0"]' in said


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        """Follow nothing: the address is what the test asks for."""


def first_redirect(port, seconds=120):
    """Return where the server at a port sends a visitor of "/", as soon as it answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.build_opener(NoRedirect).open(f"http://127.0.0.1:{port}/?token=t", timeout=10)
        except urllib.error.HTTPError as answer:
            return answer.headers["Location"].split("?")[0]
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"no answer within {seconds} s")


@pytest.mark.slow
def test_installed_as_on_binder_it_opens_the_first_notebook(tree, tmp_path, bin):
    environment = os.environ | {"PATH": f"{bin}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    subprocess.run([bin / "pip", "install", "--no-cache-dir", "-r", "binder/requirements.txt"], cwd=tree, check=True)
    subprocess.run(["./binder/postBuild"], cwd=tree, env=environment, check=True)
    subprocess.run([bin / "python", "-c", "import helpers.datasets"], cwd=tmp_path, check=True)
    # repo2docker's command; then what mybinder.org starts instead, where JupyterLab is installed.
    for program in ("notebook", "lab"):
        port = free_port()
        options = [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=t", "--allow-root", "--no-browser"]
        server = subprocess.Popen([bin / "jupyter", program, "--ip", "0.0.0.0", *options], cwd=tree, env=environment)
        try:
            assert first_redirect(port) == FIRST
        finally:
            server.terminate()
            server.wait(timeout=30)
