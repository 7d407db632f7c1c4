"""Recorded trainings of deep networks on digits: the loss, the gradient of each layer, and how far each layer moved."""

from functools import lru_cache

import numpy as np

from helpers.explorers.controls import choice, rows_of
from helpers.explorers.explorer import Explorer
from helpers.explorers.rnn_types_common import first_run
from helpers.explorers.signs import short
from helpers.plots.figure import BLUE, ORANGE, caption, chart_axes, decade_ticks, logarithm
from helpers.plots.lettering import Label

OPTIMIZERS = ("SGD 0.003", "SGD 0.03", "SGD 0.3", "Adam 0.001")
BEST = "SGD, its best rate"
LOW, HIGH = -14, 6  # the ends of the scale of gradients, as powers of ten
MOST_LOSS = 3.0  # the upper end of the scale of the loss


@lru_cache
def names_of_nets():
    """Return the names of the recorded networks, in the order of the recording."""
    return tuple(key.removesuffix(": gradient") for key in first_run("vanishing_depth") if key.endswith(": gradient"))


def best_rate(run, net):
    """Return the name of the SGD with the best last share on the validation digits."""
    return max(OPTIMIZERS[:3], key=lambda each: run[f"{net}: {each}: validation"][-1])


def explore_training_depth():
    """Compare two recorded trainings of deep networks: with or without a cure, by SGD or by Adam."""
    return TrainingDepth()


class TrainingDepth(Explorer):
    title = "Networks of 30 layers on 3,500 real digits: do they learn, and which layers move?"
    size = (960, 470)
    lines = 4

    def make_controls(self):
        names = names_of_nets()
        return {
            "first": choice("Orange", "sigmoid, Xavier", names, "The first network", "330px"),
            "second": choice("Blue", "tanh, Xavier", names, "The second network", "330px"),
            "optimizer": choice("Trained by", BEST, (BEST, *OPTIMIZERS), "The optimizer and its learning rate"),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 2)]

    def stage(self, figure):
        styles = ((ORANGE, "-", "o"), (BLUE, (0, (5, 2)), "^"))
        epochs = len(first_run("vanishing_depth")[f"{names_of_nets()[0]}: {OPTIMIZERS[0]}: loss"])
        loss = chart_axes(figure, 70, 270, 250, 160, xlim=(0.7, epochs + 0.3), ylim=(0, MOST_LOSS + 0.1))
        right = chart_axes(figure, 390, 270, 250, 160, xlim=(0.7, epochs + 0.3), ylim=(0, 1.02))
        gradient = chart_axes(figure, 70, 56, 250, 150, xlim=(0, 31), ylim=(LOW - 0.8, HIGH + 0.8))
        decade_ticks(gradient, LOW, HIGH, 4)
        moved = chart_axes(figure, 390, 56, 250, 150, xlim=(0, 31), ylim=(-5.5, 2.5))
        decade_ticks(moved, -5, 1, 2)
        for axes, x, y, text in (
            (loss, 195, 448, "loss on the training digits, by epoch"),
            (right, 515, 448, "right on 500 validation digits, by epoch"),
            (gradient, 195, 224, "gradient of each layer, before training"),
            (moved, 515, 224, "how far the weights moved (share)"),
        ):
            axes.set_facecolor("none")
            caption(figure, x, y, text, 10)
        for x in (195, 515):
            caption(figure, x, 14, "layer, first to last", 10)
        caption(figure, 672, 66, "A point at the edge", 9.5, ha="left")
        caption(figure, 672, 50, "of a chart lies beyond it.", 9.5, ha="left")
        self.curves = {
            name: [
                axes.plot([], [], color=colour, linestyle=style, marker=mark, markersize=4, linewidth=1.6, animated=True)[0]
                for colour, style, mark in styles
            ]
            for name, axes in (("loss", loss), ("validation", right), ("gradient", gradient), ("moved", moved))
        }
        self.texts = [
            [Label(figure, 672, y - 24 * k, 11 if k == 0 else 10, colour) for k in range(4)]
            for y, colour in ((420, ORANGE), (270, BLUE))
        ]
        return [*(line for lines in self.curves.values() for line in lines), *self.texts[0], *self.texts[1]]

    def compute(self, first, second, optimizer):
        run, found = first_run("vanishing_depth"), {}
        for which, net in (("first", first), ("second", second)):
            used = best_rate(run, net) if optimizer == BEST else optimizer
            arrays = {key: run[f"{net}: {used}: {key}"].astype(float) for key in ("loss", "validation", "moved")}
            arrays["gradient"] = run[f"{net}: gradient"].astype(float)
            for key, array in arrays.items():
                found[f"{which} {key}"], found[f"{which} {key} known"] = np.nan_to_num(array, posinf=0.0), np.isfinite(array)
            found |= {f"{which} test": float(run[f"{net}: {used}: test"]), f"{which} used": used, which: net}
        return found

    def paint(self, numbers):
        for k, which in enumerate(("first", "second")):
            for key, lines in self.curves.items():
                known = numbers[f"{which} {key} known"]
                values = numbers[f"{which} {key}"][known]
                if key == "loss":
                    values = values.clip(0, MOST_LOSS)
                elif key != "validation":
                    low, high = (LOW - 0.4, HIGH + 0.4) if key == "gradient" else (-5.3, 2.3)
                    values = logarithm(values).clip(low, high)
                lines[k].set_data(np.arange(1, len(known) + 1)[known], values)
            gradient = numbers[f"{which} gradient"]
            ratio = short(gradient[0] / gradient[-1]) if gradient[-1] else "0"
            texts = (
                numbers[which],
                f"{numbers[f'{which} used']}: {numbers[f'{which} test']:.3f} of 1,000 new digits",
                "gradient, first / last layer:",
                ratio,
            )
            for label, text in zip(self.texts[k], texts, strict=True):
                label.set_text(text)

    def describe(self, numbers):
        lines = []
        for which in ("first", "second"):
            gradient, moved, right = (numbers[f"{which} {key}"] for key in ("gradient", "moved", "test"))
            state = "learned" if right > 0.8 else "hardly learned" if right > 0.2 else "guesses"
            loss = numbers[f"{which} loss"][0] if numbers[f"{which} loss known"][0] else np.inf
            first = f"its loss after the first epoch was {short(loss) if np.isfinite(loss) else 'beyond all numbers'}"
            went = f"they moved by {short(moved[0])} and {short(moved[-1])} of their size"
            if not numbers[f"{which} moved known"].all():
                went = "its weights went beyond all numbers"
            lines += [
                f"{numbers[which]}, {numbers[f'{which} used']}: `{right:.3f}` right, it {state}; {first}.",
                f"Before training its first layer had a gradient of {short(gradient[0])}, its last of {short(gradient[-1])}; "
                f"{went}.",
            ]
        return "\n".join(lines)
