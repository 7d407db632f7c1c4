"""What is left of a gradient on its way back through time: a simple RNN, and an LSTM beside it."""

from functools import lru_cache

import numpy as np

from helpers.explorers.controls import choice, float_slider, rows_of, slider
from helpers.explorers.explorer import Explorer
from helpers.explorers.signs import judged, short, signed
from helpers.plots.figure import BLUE, INK, ORANGE, caption, chart_axes, decade_ticks, logarithm
from helpers.plots.lettering import Label
from helpers.plots.number_grid import marks
from helpers.scratch.lstm import LSTM
from helpers.scratch.recurrent import SimpleRNN

UNITS, MOST = 16, 100
LOW, HIGH = -12, 12  # the ends of the scale, as powers of ten
ACTIVATIONS = {"tanh": "tanh", "none (linear)": "linear"}


def inputs(steps=MOST):
    """Return what both networks read: random numbers (1, steps, UNITS)."""
    return np.random.default_rng(3).standard_normal((1, steps, UNITS)) * 0.5


@lru_cache(maxsize=64)
def simple_rnn_way(largest, activation):
    """Return how much of a change of the state is left after 0 to MOST steps, (MOST + 1,), in a simple RNN.

    The recurrent weights are a rotation times `largest`: all their singular values are that number.
    """
    layer = SimpleRNN(UNITS, activation, return_state=True)
    layer.build((None, None, UNITS), np.random.default_rng(0))
    layer.weights["recurrent_kernel"] *= largest
    return _way_back(layer, 0)


@lru_cache(maxsize=64)
def lstm_way(forget_bias):
    """Return how much of a change of the cell is left after 0 to MOST steps, (MOST + 1,), in a new LSTM."""
    layer = LSTM(UNITS, return_state=True)
    layer.build((None, None, UNITS), np.random.default_rng(0))
    layer.weights["bias"][UNITS : 2 * UNITS] = forget_bias
    return _way_back(layer, 1)


def _way_back(layer, which):
    """Return how long the gradient of the last state is, k steps before it, for k = 0 to MOST: a mean over all directions.

    Each row of the batch reads the same and sends back the gradient of one unit of the last state number `which`.
    """
    layer.forward(np.repeat(inputs(), UNITS, axis=0))
    given = [np.zeros((UNITS, UNITS)) for _ in range(layer.state_count)]
    given[which] = np.eye(UNITS)
    layer.backward(np.zeros((UNITS, UNITS)), given)
    arrived = [given[which]] + [states[which] for states in reversed(layer.state_gradients)]
    return np.sqrt([np.mean(np.sum(each**2, axis=1)) for each in arrived])


def explore_time():
    """Follow a gradient back through up to 100 steps of a simple RNN and of an LSTM."""
    return Time()


class Time(Explorer):
    title = "How much of a gradient is left on its way back through time."
    size = (960, 400)
    lines = 4

    def make_controls(self):
        return {
            "largest": float_slider(
                "Factor of U", 0.9, 0.5, 1.5, "By how much U makes a row of numbers longer (its singular values)", 0.05, 2
            ),
            "activation": choice("Activation", "tanh", ACTIVATIONS, "Of the simple RNN"),
            "steps": slider("Steps", 50, 1, MOST, "How many steps the gradient goes back"),
            "bias": float_slider("Forget bias", 1.0, -2, 5, "The bias of the forget gates of the LSTM", 0.5),
        }

    def arrange(self, controls):
        return [rows_of(list(controls.values()), 3)]

    def stage(self, figure):
        settings = {"xlabel": "steps back", "xlim": (-1, MOST + 1), "ylim": (LOW - 1, HIGH + 1)}
        axes = chart_axes(figure, 84, 58, 600, 318, **settings)
        decade_ticks(axes, LOW, HIGH, 4)
        axes.axhline(0, color="#8c8c8c", linewidth=1)
        line = {"linewidth": 2.4, "animated": True}
        self.simple = axes.plot([], [], color=ORANGE, linestyle="-", **line)[0]
        self.lstm = axes.plot([], [], color=BLUE, linestyle=(0, (5, 2)), **line)[0]
        self.ends = marks(axes, "o", INK, 7)
        caption(figure, 384, 388, "what is left of the gradient (1: all of it)", 10.5)
        places = ((300, ORANGE), (276, ORANGE), (210, BLUE), (186, BLUE))
        self.texts = [Label(figure, 706, y, 11, colour) for y, colour in places]
        self.limits = Label(figure, 706, 110, 10)
        return [self.simple, self.lstm, self.ends, *self.texts, self.limits]

    def compute(self, largest, activation, steps, bias):
        simple = simple_rnn_way(largest, ACTIVATIONS[activation])[: steps + 1]
        lstm = lstm_way(bias)[: steps + 1]
        return {"simple": simple, "lstm": lstm, "steps": steps, "largest": largest, "activation": activation, "bias": bias}

    def paint(self, numbers):
        back = np.arange(numbers["steps"] + 1)
        heights = [logarithm(numbers[name]).clip(LOW - 0.4, HIGH + 0.4) for name in ("simple", "lstm")]
        self.simple.set_data(back, heights[0])
        self.lstm.set_data(back, heights[1])
        self.ends.set_data([back[-1]] * 2, [each[-1] for each in heights])
        after = f"after {numbers['steps']} step{'s' * (numbers['steps'] > 1)}:"
        ways = (numbers["simple"], numbers["lstm"])
        for labels, name, way in zip((self.texts[:2], self.texts[2:]), ("simple RNN", "LSTM, its cell"), ways, strict=True):
            labels[0].set_text(f"{name}, {after}")
            labels[1].set_text(f"{short(way[-1])} of the gradient" if way[-1] <= 1 else f"{short(way[-1])} times the gradient")
        beyond = any(way.min() < 10.0**LOW or way.max() > 10.0**HIGH for way in ways)
        self.limits.set_text("a curve at the edge goes on" if beyond else "")

    def describe(self, numbers):
        simple, lstm, steps = numbers["simple"][-1], numbers["lstm"][-1], numbers["steps"]
        power = f"{numbers['largest']:.2f} to the power {steps} is `{short(numbers['largest'] ** steps)}`"
        if numbers["activation"] == "tanh":
            first = f"{power}, and the slopes of tanh, which are below 1, take their part: `{short(simple)}` is left."
        else:
            first = f"{power}, and `{short(simple)}` is left."
        gate = 1 / (1 + np.exp(-numbers["bias"]))
        return "\n".join(
            [
                f"Simple RNN: {first}",
                f"LSTM: a forget gate of sigmoid({signed(numbers['bias'])}) = {gate:.3f}, to the power {steps}, is "
                f"`{short(gate**steps)}`. Left is `{short(lstm)}`: the gates move with what is read, and more comes "
                "round by way of h.",
                f"So the gradient {judged(simple)} in the simple RNN; in the cell of the LSTM it {judged(lstm)}.",
            ]
        )
