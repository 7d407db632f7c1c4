"""Forecasts of sunspots and of carbon dioxide: how far ahead, from how much of the past, and against which rival."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from helpers.datasets import load_co2, load_sunspots
from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.rnn_types_common import first_run
from helpers.plots.figure import BLUE, INK, ORANGE, caption, whole_figure
from helpers.plots.lettering import Label, Lettering
from helpers.plots.number_grid import marks

SERIES = {"sunspots": "sunspots", "carbon dioxide": "co2"}
RIVALS = {  # name of the choice -> names in the recording, the first one that a series has
    "simple RNN": ("simple RNN",),
    "linear, step by step": ("linear, step by step",),
    "linear, all at once": ("linear, all at once",),
    "last value": ("last value",),
    "same month of the last cycle": ("seasonal naive and rise", "seasonal naive"),
}
PLACES, WINDOWS, FURTHEST, BEFORE = 20, 4, 132, 264  # origins and windows to choose from; months ahead; months drawn before


class Forecasts(NamedTuple):
    """The recorded forecasts of a series."""

    years: np.ndarray
    numbers: np.ndarray
    windows: np.ndarray  # months that are read
    origins: np.ndarray  # the first month that is not known
    truths: np.ndarray  # (origins, horizons)
    said: dict  # way -> (origins, windows, horizons)


@lru_cache
def forecasts(series):
    """Return the Forecasts of a series, with PLACES of its origins."""
    run, key = first_run("lstm_forecast"), SERIES[series]
    years, numbers = load_sunspots() if key == "sunspots" else load_co2()
    origins = run[f"{key}: origins"]
    chosen = np.linspace(0, len(origins) - 1, PLACES).round().astype(int)
    said = {"LSTM": run[f"{key}: LSTM: forecasts"]}
    for name, ways in RIVALS.items():
        (said[name], *_) = [run[f"{key}: {way}: forecasts"] for way in ways if f"{key}: {way}: forecasts" in run]
    windows, truths = run[f"{key}: windows"], run[f"{key}: truths"]
    return Forecasts(years, numbers, windows, origins[chosen], truths[chosen], {k: v[chosen] for k, v in said.items()})


def explore_forecast():
    """Choose how far ahead an LSTM and a rival look, and how much of the past they read."""
    return Forecast()


LEFT, WIDE, LOW, HIGH = 70, 640, 56, 290  # of the chart, in pixels: lower left corner, width and height


class Forecast(Explorer):
    title = "Forecasts of an LSTM and of a rival, month by month, in years that neither has seen."
    size = (960, 410)
    lines = 4

    def make_controls(self):
        return {
            "series": choice("Series", "sunspots", SERIES, "What is foretold"),
            "rival": choice("Rival", "linear, step by step", RIVALS, "The way that stands beside the LSTM"),
            "origin": slider("From", 8, 1, PLACES, "The month from which on nothing is known, early to late"),
            "window": slider("Window", 2, 1, WINDOWS, "How much of the past is read, from little to much"),
            "horizon": slider("Horizon", 60, 1, FURTHEST, "How many months ahead"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        whole = whole_figure(figure)
        whole.plot([LEFT, LEFT, LEFT + WIDE], [LOW + HIGH, LOW, LOW], color="#6b6b6b", linewidth=0.8, linestyle="-")
        line = {"animated": True, "linestyle": "-"}
        self.known = whole.plot([], [], color=INK, linewidth=1.4, **line)[0]
        self.unread = whole.plot([], [], color="#a8a8a8", linewidth=1.4, **line)[0]
        self.truth = whole.plot([], [], color="#8c8c8c", linewidth=3.4, **line)[0]
        self.lstm = whole.plot([], [], color=BLUE, linewidth=2, **line)[0]
        self.rival = whole.plot([], [], color=ORANGE, linewidth=2, animated=True, linestyle=(0, (5, 2)))[0]
        self.now = whole.plot([], [], color=INK, linewidth=1, animated=True, linestyle=(0, (2, 2)))[0]
        self.ends = marks(whole, "o", INK, 5)
        self.small, self.heading = Lettering(figure), Label(figure, LEFT, LOW + HIGH + 22, 10.5)
        rows = (("read", INK, 1.4, "-"), ("not read", "#a8a8a8", 1.4, "-"), ("what came", "#8c8c8c", 3.4, "-"))
        rows += (("LSTM", BLUE, 2, "-"), ("rival", ORANGE, 2, (0, (5, 2))))
        for k, (text, colour, width, style) in enumerate(rows):
            y = LOW + HIGH - 10 - 24 * k
            whole.plot([732, 760], [y, y], color=colour, linewidth=width, linestyle=style)
            caption(figure, 768, y, text, 10, ha="left")
        caption(figure, 732, 178, "mean error at this horizon,", 10, ha="left")
        caption(figure, 732, 160, f"over {PLACES} starts", 10, ha="left")
        self.errors = [Label(figure, 732, y, 11, colour) for y, colour in ((134, BLUE), (110, ORANGE))]
        artists = [self.unread, self.known, self.now, self.truth, self.rival, self.lstm, self.ends, self.small, self.heading]
        return [*artists, *self.errors]

    def compute(self, series, rival, origin, window, horizon):
        data, place, which = forecasts(series), origin - 1, window - 1
        horizon, start = min(horizon, data.truths.shape[1]), int(data.origins[place])
        found = {"series": series, "rival": rival, "horizon": horizon, "read": int(data.windows[which])}
        found |= {"start": start, "before": data.numbers[max(start - BEFORE, 0) : start], "truth": data.truths[place, :horizon]}
        for name, way in (("LSTM", "LSTM"), ("rival said", rival)):
            said = data.said[way][:, min(which, data.said[way].shape[1] - 1)]
            found[name] = said[place, :horizon]
            found[f"{name} error"] = float(np.abs(said[:, horizon - 1] - data.truths[:, horizon - 1]).mean())
        return found

    def paint(self, numbers):
        before, truth = numbers["before"], numbers["truth"]
        count = len(before) + len(truth)
        everything = np.concatenate([before, truth])
        low, high = min(0.0, everything.min()) if numbers["series"] == "sunspots" else everything.min(), everything.max()
        low, high = low - 0.04 * (high - low), high + 0.12 * (high - low)
        x = LEFT + WIDE * (np.arange(count) + 0.5) / count

        def height(values):
            return LOW + HIGH * np.clip((values - low) / (high - low), 0, 1)

        cut = max(len(before) - numbers["read"], 0)
        self.unread.set_data(x[: cut + 1], height(before[: cut + 1]))
        self.known.set_data(x[cut : len(before)], height(before[cut:]))
        ahead = x[len(before) :]
        self.truth.set_data(ahead, height(truth))
        self.lstm.set_data(ahead, height(numbers["LSTM"]))
        self.rival.set_data(ahead, height(numbers["rival said"]))
        ends = [truth[-1], numbers["LSTM"][-1], numbers["rival said"][-1]]
        self.ends.set_data([ahead[-1]] * 3, height(np.array(ends)))
        middle = LEFT + WIDE * len(before) / count
        self.now.set_data([middle, middle], [LOW, LOW + HIGH])
        years = forecasts(numbers["series"]).years
        first, last = numbers["start"] - len(before), numbers["start"] + len(truth) - 1
        spots = [first, numbers["start"], last]
        texts = [f"{int(years[month])}" for month in spots] + [f"{low + 0.04 / 1.16 * (high - low):.0f}", f"{high:.0f}"]
        places = [(x[month - first], LOW - 14) for month in spots] + [(LEFT - 22, LOW + 8), (LEFT - 22, LOW + HIGH - 4)]
        if x[spots[2] - first] - x[spots[1] - first] < 44:  # their years would overlap
            texts.pop(2), places.pop(2)
        self.small.write(texts, places, 9.5)
        unit = "sunspots" if numbers["series"] == "sunspots" else "carbon dioxide, parts per million"
        self.heading.set_text(f"{unit}, by month")
        for label, name, text in zip(self.errors, ("LSTM", "rival said"), ("LSTM", "rival"), strict=True):
            label.set_text(f"{text}: {numbers[f'{name} error']:.3g}")

    def describe(self, numbers):
        mine, other = numbers["LSTM error"], numbers["rival said error"]
        ahead = numbers["horizon"]
        better = "the LSTM is closer" if mine < other else "the rival is closer"
        unit = "sunspots" if numbers["series"] == "sunspots" else "parts per million"
        wrong = [abs(float(numbers[name][-1] - numbers["truth"][-1])) for name in ("LSTM", "rival said")]
        return "\n".join(
            [
                f"Both read the {numbers['read']} months before the dotted line and then say {ahead} month{'s' * (ahead > 1)}. "
                "(Some ways need fewer.)",
                f"In the last of these months the LSTM is wrong by `{wrong[0]:.3g}`, the rival by `{wrong[1]:.3g}` {unit}.",
                f"Over {PLACES} starts, the mean error at this horizon is `{mine:.3g}` for the LSTM, `{other:.3g}` for the "
                f"rival ({numbers['rival']}): {better}.",
            ]
        )
