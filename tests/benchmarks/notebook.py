"""How long a lesson runs from a fresh kernel, and the most memory that its kernel holds."""

from pathlib import Path
from subprocess import DEVNULL
from time import perf_counter

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.benchmarks.table import Row, peak_megabytes

FOLDER = Path(__file__).resolve().parent.parent.parent / "notebooks"
NAMES = (
    "00_start_here",
    "01_ann",
    "02_convolution",
    "03_pooling",
    "04_cnn",
    "05_rnn_types",
    "06_lstm_gates",
    "07_vanishing_gradients",
    "08_batch_normalization",
    "09_early_stopping",
    "10_generators",
    "11_data_augmentation",
    "12_improving_a_network",
)


def measure():
    """Return a row for each lesson."""
    return [row_of(name) for name in NAMES]


def row_of(name):
    """Return the row for a lesson, start of the kernel included."""
    figure, asked = f"{name}, every cell", "<= 30 s, <= 1.5 GB"
    path = FOLDER / f"{name}.ipynb"
    if not path.exists():
        return Row(figure, asked, "skipped: there is no such notebook yet", None)
    client = NotebookClient(nbformat.read(path, as_version=4), timeout=300, resources={"metadata": {"path": str(FOLDER)}})
    start = perf_counter()
    try:
        with client.setup_kernel(stderr=DEVNULL):
            for place, cell in enumerate(client.nb.cells):
                client.execute_cell(cell, place)
            seconds, megabytes = perf_counter() - start, peak_megabytes(client.km.provisioner.pid)
    except CellExecutionError as error:
        return Row(figure, asked, f"cell {place} raises {error.ename}: {error.evalue}", False)
    memory = "memory not known" if megabytes is None else f"{megabytes / 1024:.2f} GB"
    met = seconds <= 30 and (megabytes is None or megabytes <= 1.5 * 1024)
    return Row(figure, asked, f"{seconds:.0f} s, {memory}", met)
