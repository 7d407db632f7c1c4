"""How long a fresh process needs to import an explorer, and how much memory it then holds."""

import subprocess
import sys

from tests.benchmarks.table import Row, median

MODULES = (
    "helpers.explorers.ann",
    "helpers.explorers.convolution",
    "helpers.explorers.pooling",
    "helpers.explorers.cnn",
    "helpers.explorers.rnn_types",
    "helpers.explorers.lstm_gates",
    "helpers.explorers.vanishing_gradients",
    "helpers.explorers.batch_normalization",
    "helpers.explorers.early_stopping",
    "helpers.explorers.generators",
    "helpers.explorers.augmentation",
    "helpers.explorers.improving",
)
ROUNDS = 5
HEAVY = ("tensorflow", "keras", "scipy", "matplotlib.pyplot")
CHILD = """
import sys
from time import perf_counter
start = perf_counter()
{statement}
seconds = perf_counter() - start
from tests.benchmarks.table import peak_megabytes
print(seconds, peak_megabytes() or "nan", *({heavy!r} & sys.modules.keys()))
"""


def measure():
    """Return a row for each lesson's explorers, and one for the two packages that they cannot do without."""
    statements = [*(f"import {module}" for module in MODULES), "import ipywidgets, matplotlib.figure"]
    runs = {statement: [] for statement in statements}
    for _ in range(ROUNDS):
        for statement in statements:
            runs[statement].append(fresh(statement))
    packages = runs.pop(statements[-1])
    yardstick = f"{median([run[0] for run in packages]):.2f} s, {median([run[1] for run in packages]):.0f} MB"
    return [
        *(row_of(statement, found) for statement, found in runs.items()),
        Row("  yardstick: ipywidgets and matplotlib.figure alone", "", yardstick, None),
    ]


def row_of(statement, runs):
    """Return the row for the runs of one import."""
    heavy = sorted({name for _, _, names in runs for name in names})
    seconds, megabytes = median([run[0] for run in runs]), median([run[1] for run in runs])
    text = f"{seconds:.2f} s, {megabytes:.0f} MB, {'without' if not heavy else 'WITH'} {', '.join(heavy or HEAVY[:1])}"
    asked = "< 0.7 s, < 130 MB, without tensorflow"
    return Row(statement, asked, text, seconds < 0.7 and not megabytes >= 130 and not heavy)


def fresh(statement):
    """Run an import in a process of its own; return seconds, megabytes, and which heavy packages came with it."""
    code = CHILD.format(statement=statement, heavy=set(HEAVY))
    seconds, megabytes, *heavy = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    return float(seconds), float(megabytes), heavy
