"""Figures in the style of the house, without any state of pyplot."""

from importlib.resources import files

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DPI = 100
INK, BLUE, ORANGE, GREEN = "#1a1a1a", "#0072B2", "#D55E00", "#007A5A"
STYLE = str(files("helpers.plots") / "style.mplstyle")


def house_style():
    """Return a context in which Matplotlib draws in the style of the house."""
    return matplotlib.rc_context(fname=STYLE)


def new_figure(width, height):
    """Return a Figure of width x height pixels with an Agg canvas."""
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    FigureCanvasAgg(figure)
    return figure


def picture_axes(figure, left, bottom, width, height, title=""):
    """Return axes without ticks or frame, placed in pixels from the lower left corner of the figure."""
    axes = chart_axes(figure, left, bottom, width, height, xticks=[], yticks=[], title=title)
    axes.spines[:].set_visible(False)
    return axes


def whole_figure(figure):
    """Return axes over the whole figure, in pixels."""
    width, height = figure.bbox.width, figure.bbox.height
    axes = picture_axes(figure, 0, 0, width, height)
    axes.set(xlim=(0, width), ylim=(0, height), facecolor="none")
    return axes


def chart_axes(figure, left, bottom, width, height, **settings):
    """Return axes for a chart, placed in pixels from the lower left corner of the figure; settings as for `axes.set`."""
    full_width, full_height = figure.get_size_inches() * DPI
    axes = figure.add_axes([left / full_width, bottom / full_height, width / full_width, height / full_height])
    axes.set(**settings)
    return axes


def caption(figure, x, y, text, size=10.5, ha="center"):
    """Write a text that never moves, in pixels from the lower left corner of the figure."""
    width, height = figure.get_size_inches() * DPI
    figure.text(x / width, y / height, text, fontsize=size, ha=ha, va="center")


def logarithm(values):
    """Return the logarithm (base 10) of numbers that may be 0."""
    return np.log10(np.maximum(values, 1e-300))


def decade_ticks(axes, low, high, step):
    """Write powers of ten beside an axis of logarithms."""
    powers = range(low, high + 1, step)
    axes.set_yticks(powers, ["1" if power == 0 else f"$10^{{{power}}}$" for power in powers])
