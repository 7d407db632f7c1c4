"""One row of the table, and the few sums that every benchmark needs."""

import statistics
from pathlib import Path
from time import perf_counter
from typing import NamedTuple


class Row(NamedTuple):
    """A figure, what was asked of it, what was measured, and whether that is enough (None: nothing was asked)."""

    figure: str
    asked: str
    measured: str
    met: bool | None


def milliseconds(action):
    """Return how long a call takes."""
    start = perf_counter()
    action()
    return 1000 * (perf_counter() - start)


def median(times):
    return statistics.median(times)


def p95(times):
    """Return the time that 95 of 100 stay under (nearest rank)."""
    return sorted(times)[-(-95 * len(times) // 100) - 1]


def peak_megabytes(process="self"):
    """Return the most memory that a process has held so far; None on systems that do not tell (all but Linux)."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        return None
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def as_table(rows):
    """Return the rows as lines of text under a header."""
    met = {True: "yes", False: "NO", None: ""}
    cells = [("figure", "asked", "measured", "met?"), *((row.figure, row.asked, row.measured, met[row.met]) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    lines = [" | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join([lines[0], "-+-".join("-" * width for width in widths), *lines[1:]])
