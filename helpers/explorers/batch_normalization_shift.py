"""What goes into the activation of a neuron while its network learns: recorded, with batch normalization and without."""

import numpy as np

from helpers.explorers.controls import choice, rows_of, slider
from helpers.explorers.play import WithPlay
from helpers.explorers.rnn_types_common import first_run
from helpers.explorers.signs import two_digits
from helpers.plots.figure import BLUE, INK, ORANGE, caption, chart_axes, decade_ticks, logarithm
from helpers.plots.lettering import Label

STEPS = (0, 1, 2, 5, 10, 20, 30, 40, 55, 80, 110, 140, 165, 200, 240, 275, 330, 385, 440)  # when the recording looked
BEFORE = ": its sums, before they are normalised"
NETS = ("plain", "batch norm", "batch norm" + BEFORE, "batch norm, shaken")
RATES = (0.03, 0.1, 0.3, 1.0, 3.0)
REACH, LOW, HIGH, MOST_LOSS = 4.0, -4, 1, 2.5  # ends of the charts; LOW and HIGH are powers of ten


def shown_run(activation, net, rate):
    """Return of one recorded training: percentiles (checks, layers, neurons, 3), shift (checks - 1, layers), loss, and test."""
    run, where = first_run("batch_norm_shift"), " before" if net.endswith(BEFORE) else ""
    name = f"{activation}: {net.removesuffix(BEFORE)}: {rate}"
    found = {"percentiles": run[f"{name}: percentiles{where}"], "shift": run[f"{name}: shift{where}"]}
    found |= {key: run[f"{name}: {key}"] for key in ("loss", "test")}
    return {key: np.asarray(value, float) for key, value in found.items()}


def explore_shift():
    """See how the distribution of what goes into an activation moves while the network learns, in two networks."""
    return Shift()


class Shift(WithPlay):
    title = "What goes into the activation of one neuron, while the network learns."
    size = (960, 520)
    lines = 4

    def make_controls(self):
        return {
            "left": choice("Left", NETS[0], NETS, "The network on the left", "330px"),
            "right": choice("Right", NETS[1], NETS, "The network on the right", "330px"),
            "activation": choice("Activation", "relu", ("relu", "sigmoid"), "The activation of all hidden layers"),
            "rate": choice("Learning rate", 0.3, RATES, "Of plain SGD"),
            "layer": slider("Hidden layer", 2, 1, 3, "In which of the three hidden layers the neuron is"),
            "neuron": slider("Neuron", 1, 1, 6, "Which of six neurons of this layer"),
            "check": slider("Look", 0, 0, len(STEPS) - 1, "Which of the moments is looked at", readout=False),
        }

    def arrange(self, controls):
        left, right, *others = controls.values()
        return [rows_of([left, right], 3), rows_of(others, 3), self.play_button("check", 300, "Watch it learn")]

    def stage(self, figure):
        steps = {"xlim": (-6, STEPS[-1] + 6), "facecolor": "none"}
        self.bands, self.cursors, self.names, shown = [], [], [], []
        for x, colour in ((64, ORANGE), (546, BLUE)):
            axes = chart_axes(figure, x, 266, 396, 190, ylim=(-REACH - 0.2, REACH + 0.2), **steps)
            axes.grid(axis="y")
            axes.set_xlabel("updates")
            middle = axes.plot([], [], color=colour, linestyle="-", linewidth=2.4, animated=True)[0]
            edges = [axes.plot([], [], color=colour, linestyle=(0, (4, 2)), linewidth=1.3, animated=True)[0] for _ in range(2)]
            self.bands.append([edges[0], middle, edges[1]])
            self.cursors.append(axes.plot([], [], color=INK, linestyle="-", linewidth=1.2, animated=True)[0])
            self.names.append(Label(figure, x + 198, 478, 11, colour, align="center", weight="bold"))
        caption(
            figure,
            480,
            506,
            "line: median over 500 digits; dashes: 15 and 85 of 100 lie below; what lies beyond a chart is at its edge",
            9.5,
        )
        shift = chart_axes(figure, 64, 54, 396, 140, ylim=(LOW - 0.3, HIGH + 0.3), xlabel="updates", **steps)
        decade_ticks(shift, LOW, HIGH, 1)
        shift.grid(axis="y")
        caption(figure, 262, 210, "shift since the last look, in standard deviations, mean of the layer", 9.5)
        loss = chart_axes(figure, 546, 54, 396, 140, xlim=(-6, STEPS[-1] + 6), ylim=(0, MOST_LOSS + 0.05), facecolor="none")
        loss.set_xlabel("updates")
        loss.grid(axis="y")
        caption(figure, 744, 210, "loss by epoch (circles: left, triangles: right)", 9.5)
        styles = ((ORANGE, "-", "o"), (BLUE, (0, (5, 2)), "^"))
        self.shifts, self.losses = (
            [
                axes.plot([], [], color=colour, linestyle=style, marker=mark, markersize=4.5, linewidth=1.6, animated=True)[0]
                for colour, style, mark in styles
            ]
            for axes in (shift, loss)
        )
        for band, cursor in zip(self.bands, self.cursors, strict=True):
            shown += [*band, cursor]
        return [*shown, *self.shifts, *self.losses, *self.names]

    def compute(self, left, right, activation, rate, layer, neuron, check):
        found = {"step": STEPS[check], "check": check, "layer": layer, "neuron": neuron, "left": left, "right": right}
        for side, net in (("left", left), ("right", right)):
            run = shown_run(activation, net, rate)
            values = {"percentiles": run["percentiles"][:, layer - 1, neuron - 1], "shift": run["shift"][:, layer - 1]}
            values |= {"loss": run["loss"], "test": run["test"]}
            for key, value in values.items():
                # With too large a rate a network is beyond all numbers: there is nothing to be drawn then.
                found[f"{side} {key} known"], found[f"{side} {key}"] = (
                    np.isfinite(value),
                    np.nan_to_num(value, posinf=0, neginf=0),
                )
        return found

    def paint(self, numbers):
        steps = np.array(STEPS)
        epoch_ends = np.arange(1, len(numbers["left loss"]) + 1) * STEPS[-1] / len(numbers["left loss"])
        for k, side in enumerate(("left", "right")):
            rows, known = numbers[f"{side} percentiles"], numbers[f"{side} percentiles known"]
            for part, line in enumerate(self.bands[k]):
                line.set_data(steps[known[:, part]], rows[known[:, part], part].clip(-REACH, REACH))
            self.cursors[k].set_data([numbers["step"]] * 2, [-REACH, REACH])
            known = numbers[f"{side} shift known"]
            self.shifts[k].set_data(steps[1:][known], logarithm(numbers[f"{side} shift"][known]).clip(LOW - 0.2, HIGH + 0.2))
            known = numbers[f"{side} loss known"]
            self.losses[k].set_data(epoch_ends[known], numbers[f"{side} loss"][known].clip(0, MOST_LOSS))
            self.names[k].set_text(numbers[side])

    def describe(self, numbers):
        lines = [f"Layer {numbers['layer']}, neuron {numbers['neuron']}, after {numbers['step']} updates:"]
        for side in ("left", "right"):
            rows, check = numbers[f"{side} percentiles"], numbers["check"]
            known, shift = numbers[f"{side} percentiles known"][check].all(), numbers[f"{side} shift"].mean()
            if not (known and numbers[f"{side} shift known"].all()):
                lines.append(f"{side}, {numbers[side]}: its numbers went beyond all limits; the rate is too large for it.")
                continue
            low, middle, high = rows[check]
            lines.append(
                f"{side}, {numbers[side]}: median `{two_digits(middle)}` (at the start {two_digits(rows[0, 1])}), "
                f"15 to 85 of 100: {two_digits(low)} to {two_digits(high)}; mean shift of the layer from look to look "
                f"`{shift:.2g}`; in the end {numbers[f'{side} test']:.3f} of new digits right."
            )
        return "\n".join(lines)
