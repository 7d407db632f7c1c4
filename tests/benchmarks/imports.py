"""How long a fresh process needs to import an explorer, and how much memory it then holds."""

import subprocess
import sys

from tests.benchmarks.table import Row, median

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
    """Return the rows for the explorer, and for the two packages that it cannot do without."""
    explorer, packages = [], []
    for _ in range(ROUNDS):
        explorer.append(fresh("import helpers.explorers.convolution"))
        packages.append(fresh("import ipywidgets, matplotlib.figure"))
    heavy = sorted({name for _, _, names in explorer for name in names})
    seconds, megabytes = median([run[0] for run in explorer]), median([run[1] for run in explorer])
    text = f"{seconds:.2f} s, {megabytes:.0f} MB, {'without' if not heavy else 'WITH'} {', '.join(heavy or HEAVY[:1])}"
    asked = "< 0.7 s, < 130 MB, without tensorflow"
    yardstick = f"{median([run[0] for run in packages]):.2f} s, {median([run[1] for run in packages]):.0f} MB"
    return [
        Row("import helpers.explorers.convolution", asked, text, seconds < 0.7 and not megabytes >= 130 and not heavy),
        Row("  yardstick: ipywidgets and matplotlib.figure alone", "", yardstick, None),
    ]


def fresh(statement):
    """Run an import in a process of its own; return seconds, megabytes, and which heavy packages came with it."""
    code = CHILD.format(statement=statement, heavy=set(HEAVY))
    seconds, megabytes, *heavy = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    return float(seconds), float(megabytes), heavy
