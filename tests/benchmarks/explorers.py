"""How long a move of a control takes: compute, paint and encode."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from helpers.explorers import convolution
from tests.benchmarks.table import Row, median, milliseconds, p95

NAMES = ("explore_window", "explore_kernel", "explore_coverage", "explore_channels", "explore_stride")
SLIDER_MOVES, BOX_MOVES = 24, 5  # at most, over the whole range


def measure():
    """Return two rows for each explorer: its moves, and a plain redraw measured right before."""
    rows = []
    for name in NAMES:
        plain = median(redraws())
        explorer = getattr(convolution, name)()
        # A first move reads a photo or fills a cache, as it does for a learner: it counts.
        times = [milliseconds(move) for control in explorer.controls for move in moves(explorer, control)]
        middle, high = median(times), p95(times)
        text = f"median {middle:.1f} ms, p95 {high:.1f} ms, longest {max(times):.0f} ms"
        rows.append(Row(f"{name}, {len(times)} moves", "median <= 20 ms, p95 <= 30 ms", text, middle <= 20 and high <= 30))
        rows.append(Row("  yardstick: redraw of three imshow panels", "", f"{plain:.0f} ms = {plain / middle:.1f} x", None))
    return rows


def moves(explorer, name):
    """Yield calls that move one control over its range, from a state in which it has an effect."""
    make_relevant(explorer, name)
    for value in values_of(explorer.controls[name]):
        yield lambda value=value: explorer.set(**{name: value})


def make_relevant(explorer, name):
    """Reset; if the control is then greyed out, choose the first option of another one that wakes it."""
    explorer.reset()
    for other, control in explorer.controls.items():
        for option in getattr(control, "options", ()):
            if not explorer.controls[name].disabled:
                return
            explorer.set(**{other: option})


def values_of(control):
    """Return the values of a control in order: every option, and of a long range some values evenly apart."""
    if hasattr(control, "options"):
        return list(control.options)
    steps = round((control.max - control.min) / control.step)
    most = SLIDER_MOVES if hasattr(control, "readout_format") else BOX_MOVES
    places = np.unique(np.linspace(0, steps, min(steps + 1, most)).round()) * control.step + control.min
    whole = isinstance(control.value, int)
    return [int(place) if whole else round(float(place), 6) for place in places]


def redraws(times=10):
    """Return the milliseconds of full redraws of a plain figure with three pictures."""
    figure = Figure(figsize=(9.6, 4))
    canvas, rng = FigureCanvasAgg(figure), np.random.default_rng(0)
    images = [axes.imshow(rng.random((10, 10))) for axes in figure.subplots(1, 3)]

    def redraw():
        for image in images:
            image.set_data(rng.random((10, 10)))
        canvas.draw()

    return [milliseconds(redraw) for _ in range(times)]
