"""Learning rate times scale of the first weights: recorded trainings with batch normalization and without, as a map."""

from functools import lru_cache

import numpy as np

from helpers.datasets import load_recorded
from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.plots.figure import BLUE, ORANGE, caption, chart_axes, picture_axes
from helpers.plots.lettering import Label
from helpers.plots.number_grid import Frame, NumberGrid, box_corners

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
OPTIMIZERS = ("SGD", "Adam")
NETS = ("plain", "batch norm", "normalised once")
MEAN, WORST = "mean of three seeds", "worst of three seeds"
GOOD = 0.85  # a share of the validation digits from which a training counts as one that worked
MOST_LOSS = 2.5
STYLES = (((0, ()), "o"), ((0, (5, 2)), "^"), ((0, (1, 1.5)), "s"))  # of the three seeds
CELL, LEFTS, GRID_BOTTOM = 38, (66, 536), 224  # of the maps, in pixels


@lru_cache
def recorded(net, optimizer):
    """Return validation share at the end (seeds, rates, scales) and loss (seeds, rates, scales, epochs) of all trainings."""
    runs, name = all_runs(), f"{net}: {optimizer}"
    shares, losses = (np.stack([run[f"{name}: {key}"] for run in runs]).astype(float) for key in ("validation", "loss"))
    return shares[..., -1], losses


@lru_cache
def all_runs():
    """Return what was recorded, one dict of arrays for each seed."""
    return list(load_recorded("batch_norm_robustness").values())


def explore_robustness():
    """Compare maps of recorded trainings: which learning rates and which first weights work, with batch norm and without."""
    return Robustness()


class Robustness(Explorer):
    title = "Four hidden layers on 3,500 digits, six epochs: which learning rates and which first weights work?"
    size = (960, 542)
    lines = 4

    def make_controls(self):
        tips = ("The network of the left map", "The network of the right map")
        return {
            "left": choice("Left", NETS[0], NETS, tips[0]),
            "right": choice("Right", NETS[1], NETS, tips[1]),
            "optimizer": choice("Trained by", "SGD", OPTIMIZERS, "Plain SGD or Adam"),
            "seeds": choice("Shown", MEAN, (MEAN, WORST), "Which share stands in a cell"),
            "rate": slider("Rate (column)", 6, 0, len(RATES) - 1, "The column of the frame: a learning rate", readout=False),
            "scale": slider(
                "Scale (row)", 3, 0, len(SCALES) - 1, "The row of the frame: the scale of the first weights", readout=False
            ),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        self.maps, self.frames, self.curves, self.names = [], [], [], []
        width, height = CELL * len(RATES), CELL * len(SCALES)
        for x, colour in zip(LEFTS, (ORANGE, BLUE), strict=True):
            axes = picture_axes(figure, x, GRID_BOTTOM, width, height)
            self.maps.append(NumberGrid(axes, "Blues", 10, 100, "{:.0f}"))
            cells = chart_axes(
                figure,
                x,
                GRID_BOTTOM,
                width,
                height,
                xlim=(-0.5, len(RATES) - 0.5),
                ylim=(len(SCALES) - 0.5, -0.5),
                facecolor="none",
            )
            cells.axis("off")
            self.frames.append(Frame(cells, ORANGE, 3))
            self.names.append(Label(figure, x + width / 2, 522, 11, colour, align="center", weight="bold"))
            for column, rate in enumerate(RATES):
                text = f"{rate:g}".removeprefix("0")  # .0001: there is no room for the 0
                caption(figure, x + CELL * (column + 0.5), GRID_BOTTOM - 12, text, 9)
            caption(figure, x + width / 2, GRID_BOTTOM - 34, "learning rate", 10)
            for row, scale in enumerate(SCALES):
                caption(figure, x - 8, GRID_BOTTOM + height - CELL * (row + 0.5), f"{scale:g}", 9.5, ha="right")
            caption(figure, x - 8, GRID_BOTTOM + height + 12, "scale of the first weights", 9.5, ha="left")
            loss = chart_axes(figure, x, 48, width, 100, xlim=(0.8, 6.2), ylim=(0, MOST_LOSS + 0.05), facecolor="none")
            loss.set(xlabel="epoch", ylabel="loss", yticks=[0, 1, 2])
            loss.grid(axis="y")
            line = {"color": colour, "linewidth": 1.6, "animated": True}
            self.curves.append(
                [loss.plot([], [], linestyle=style, marker=mark, markersize=4.5, **line)[0] for style, mark in STYLES]
            )
        caption(figure, 480, 162, "loss on the training digits in the frame: one curve a seed", 9.5)
        return [*self.maps, *self.frames, *self.names, *(line for lines in self.curves for line in lines)]

    def compute(self, left, right, optimizer, seeds, rate, scale):
        found = {"rate": rate, "scale": scale, "optimizer": optimizer, "left": left, "right": right, "seeds": seeds}
        for side, net in (("left", left), ("right", right)):
            shares, losses = recorded(net, optimizer)
            chosen = shares.mean(axis=0) if seeds == MEAN else shares.min(axis=0)
            here = losses[:, rate, scale]
            found |= {f"{side} map": chosen.T, f"{side} here": shares[:, rate, scale], f"{side} known": np.isfinite(here)}
            found[f"{side} losses"] = np.where(np.isfinite(here), here, 0.0)
        return found

    def paint(self, numbers):
        corners = box_corners(*[numbers["scale"], numbers["rate"]] * 2)
        for k, side in enumerate(("left", "right")):
            self.maps[k].set(np.floor(100 * numbers[f"{side} map"] + 1e-6))  # 0.847 is not shown as 85, which counts as good
            self.frames[k].put(corners)
            self.names[k].set_text(numbers[side])
            for line, known, losses in zip(self.curves[k], numbers[f"{side} known"], numbers[f"{side} losses"], strict=True):
                line.set_data(np.flatnonzero(known) + 1, losses[known].clip(0, MOST_LOSS))

    def describe(self, numbers):
        lines = [f"{numbers['optimizer']}, rate {RATES[numbers['rate']]:g}, first weights times {SCALES[numbers['scale']]:g}:"]
        for side in ("left", "right"):
            shares, worked = numbers[f"{side} here"], numbers[f"{side} map"] >= GOOD
            at_scale = [rate for rate, works in zip(RATES, worked[numbers["scale"]], strict=True) if works]
            reach = ", ".join(f"{rate:g}" for rate in at_scale) or "none"
            lines.append(
                f"{side}, {numbers[side]}: {', '.join(f'{share:.2f}' for share in shares)} of the validation digits right. At "
                f"this scale rates that reach {GOOD:g}: {reach}. In the whole map `{int(worked.sum())}` of {worked.size} cells."
            )
        return "\n".join(lines)
