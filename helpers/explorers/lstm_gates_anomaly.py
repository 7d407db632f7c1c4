"""A heartbeat with one event: how unusual each moment is to several ways, and what a threshold makes of it."""

import numpy as np

from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.rnn_types_common import first_run
from helpers.plots.figure import BLUE, INK, ORANGE, caption, whole_figure
from helpers.plots.lettering import Label
from helpers.plots.number_grid import marks
from helpers.plots.unrolled import Cells
from helpers.series import alarms, touches

WAYS = {
    "LSTM: error of the next value": "LSTM",
    "simple RNN: error of the next value": "simple RNN",
    "linear: error of the next value": "linear",
    "LSTM, but not near a peak": "LSTM, between beats",
    "linear, but not near a peak": "linear, between beats",
    "distance from the median beat": "median beat",
    "time between two beats": "interval",
}


def explore_anomaly():
    """Move the threshold over a real heartbeat: is the one event found, and how many false alarms are there?"""
    return Anomaly()


# Places in pixels.
LEFT, WIDE = 60, 640
SIGNAL, SCORE = (226, 130), (56, 130)  # the lower edge of each panel, and its height
TABLE = (794, 300)  # the upper left cell of the table of faults


class Anomaly(Explorer):
    title = "A heartbeat of 21 seconds with one event: a score for every moment, and a threshold."
    size = (960, 400)
    lines = 4

    def make_controls(self):
        count = len(first_run("lstm_anomaly")["factors"])
        return {
            "way": choice("Way", next(iter(WAYS)), WAYS, "Where the score comes from", "400px"),
            "threshold": slider("Threshold", 6, 1, count, "From low to high: above it there is an alarm"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        run, whole = first_run("lstm_anomaly"), whole_figure(figure)
        signal, event, count = run["signal"], run["event"], len(run["signal"])
        self.x = LEFT + WIDE * np.arange(count) / count
        first, last = np.flatnonzero(event)[[0, -1]]
        for low, height in (SIGNAL, SCORE):
            whole.fill_between([self.x[first], self.x[last]], low, low + height, color="#fbe3d2", linewidth=0)
            whole.plot([LEFT, LEFT, LEFT + WIDE], [low + height, low, low], color="#6b6b6b", linewidth=0.8, linestyle="-")
            for name in ("training ends", "validation ends"):
                x = self.x[int(run[name])]
                whole.plot([x, x], [low, low + height], color="#8c8c8c", linewidth=1, linestyle=(0, (2, 2)))
        share = (signal - signal.min()) / np.ptp(signal)
        whole.plot(self.x, SIGNAL[0] + SIGNAL[1] * share, color=INK, linewidth=0.9, linestyle="-")
        borders = [0, int(run["training ends"]), int(run["validation ends"]), count - 1]
        for start, end, text in zip(borders[:-1], borders[1:], ("training", "validation", "test"), strict=True):
            caption(figure, (self.x[start] + self.x[end]) / 2, SIGNAL[0] + SIGNAL[1] + 12, text, 9.5)
        for second in range(0, 21, 5):
            caption(figure, LEFT + WIDE * second * float(run["rate"]) / count, SCORE[0] - 13, f"{second} s", 9.5)
        caption(figure, LEFT, 388, "the heartbeat (shaded: the event, as an expert marked it)", 10, ha="left")
        caption(figure, LEFT, SCORE[0] + SCORE[1] + 14, "the score; dashed: the threshold; triangles: alarms", 10, ha="left")
        caption(figure, 834, 372, "INJECTED faults that are found", 10.5)
        caption(figure, 834, 354, "(share of 10 copies)", 9.5)
        for k, size in enumerate(("small", "middle", "large")):
            caption(figure, TABLE[0] + 54 * k, TABLE[1] + 28, size, 9.5)
        for k, kind in enumerate(run["kinds"].tolist()):
            caption(
                figure,
                TABLE[0] - 32,
                TABLE[1] - 32 * k,
                kind.replace(" beat", "").replace("flattened", "flat"),
                9.5,
                ha="right",
            )
        self.curve = whole.plot([], [], color=BLUE, linewidth=1.2, linestyle="-", animated=True)[0]
        self.line = whole.plot([], [], color=ORANGE, linewidth=1.6, linestyle=(0, (5, 2)), animated=True)[0]
        self.hits, self.false = marks(whole, "v", BLUE, 9), marks(whole, "v", ORANGE, 9)
        self.table = Cells(figure, 52, 30, cmap="Blues", least=0.0, most=1.6, size=10)
        self.shares = [Label(figure, 752, y, 10) for y in (160, 138)]
        return [self.curve, self.line, self.hits, self.false, self.table, *self.shares]

    def compute(self, way, threshold):
        run, name, place = first_run("lstm_anomaly"), WAYS[way], threshold - 1
        factor = float(run["factors"][place])
        scores, level = run[f"{name}: scores"], factor * float(run[f"{name}: threshold"])
        tested = np.where(np.arange(len(scores)) >= int(run["validation ends"]), scores, 0)
        found = alarms(tested, level)
        hits = touches(found, np.flatnonzero(run["event"])[[0, -1]] + (0, 1))
        precision = float(run[f"{name}: precision"][place])
        return {
            **{"way": way, "factor": factor, "scores": scores, "level": level, "alarms": found, "hits": hits},
            **{"found": run[f"{name}: found"][place], "recall": float(run[f"{name}: recall"][place])},
            **{"precision": 0.0 if np.isnan(precision) else precision, "no alarm": bool(np.isnan(precision))},
            **{"false a minute": float(run[f"{name}: false alarms per minute"][place])},
        }

    def paint(self, numbers):
        top = max(numbers["scores"].max(), numbers["level"]) * 1.12
        self.curve.set_data(self.x, SCORE[0] + SCORE[1] * numbers["scores"] / top)
        y = SCORE[0] + SCORE[1] * numbers["level"] / top
        self.line.set_data([LEFT, LEFT + WIDE], [y, y])
        for artist, chosen in ((self.hits, numbers["hits"]), (self.false, ~numbers["hits"])):
            middles = numbers["alarms"][chosen].mean(axis=1).astype(int)
            artist.set_data(self.x[middles], np.full(len(middles), SCORE[0] + SCORE[1] - 2))
        places = [(TABLE[0] + 54 * size, TABLE[1] - 32 * kind) for kind in range(4) for size in range(3)]
        self.table.set(places, numbers["found"].ravel())
        precision = "no alarm at all" if numbers["no alarm"] else f"precision {numbers['precision']:.2f}"
        for label, text in zip(self.shares, (f"recall {numbers['recall']:.2f}", precision), strict=True):
            label.set_text(text)

    def describe(self, numbers):
        hits, false = int(numbers["hits"].sum()), int((~numbers["hits"]).sum())
        right = "there is no alarm at all"
        if not numbers["no alarm"]:
            right = f"precision `{numbers['precision']:.2f}` (share of the alarms that are right)"
        name = numbers["way"]
        return "\n".join(
            [
                f"{name[0].upper()}{name[1:]}. The threshold is {numbers['factor']:g} times the highest score before the test.",
                f"The event is `{'found' if hits else 'NOT found'}`; false alarms in the test part: {false}, that is "
                f"{numbers['false a minute']:.0f} a minute.",
                f"Injected faults: recall `{numbers['recall']:.2f}` (share of the faults that are found), {right}.",
            ]
        )
