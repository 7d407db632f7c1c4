"""Gradient descent at a cliff: the loss of one recurrent unit, gradients that explode, and clipping."""

import math
from functools import cache

import numpy as np

from helpers.explorers.controls import check_box, choice, float_slider, rows_of, slider
from helpers.explorers.play import WithPlay
from helpers.explorers.signs import TIMES, short, signed, two_digits
from helpers.plots.figure import BLUE, INK, ORANGE, caption, chart_axes, decade_ticks, logarithm, picture_axes
from helpers.plots.lettering import Label
from helpers.plots.number_grid import marks
from helpers.plots.pixels import Pixels
from helpers.plots.unrolled import Arrows

FIRST, TARGET = 0.5, 0.7  # the state before the first step, and what the last one should be, as in Pascanu and others
W_ENDS, B_ENDS = (3.6, 5.2), (-2.8, -1.5)  # the part of the plane that is shown
LEFT, BOTTOM, WIDTH, HEIGHT = 68, 58, 432, 352  # where it is shown, in pixels
MOST = 30  # steps of descent
LOW, HIGH = -4, 6  # the ends of the scale of gradients, as powers of ten
LOSS_LOW, LOSS_HIGH = -4, 0  # and those of losses
DARKEST = 0.6  # the darkest shade stands for a loss that never comes, so that black stays readable on all others
RATES, LENGTHS = [0.01, 0.03, 0.1, 0.3, 1.0], [0.1, 0.3, 1.0, 3.0, 10.0]


def next_state(w, b, h, tanh=math.tanh):
    """Return sigmoid(w h + b), one step of a recurrent unit; with np.tanh for arrays: many units at once."""
    return 0.5 * tanh(0.5 * (w * h + b)) + 0.5  # the same function, without overflow


def loss_and_gradient(w, b, time_steps, tanh=math.tanh):
    """Return the loss (h - TARGET) ** 2 of the last state, and its gradient for w and for b: backpropagation through time.

    w and b are two numbers, or with np.tanh two arrays of one shape.
    """
    h = [FIRST]
    for _ in range(time_steps):
        h.append(next_state(w, b, h[-1], tanh))
    of_w, of_b, of_h = 0.0, 0.0, 2 * (h[-1] - TARGET)
    for before, after in zip(h[-2::-1], h[:0:-1], strict=True):
        of_z = of_h * after * (1 - after)
        of_w, of_b, of_h = of_w + of_z * before, of_b + of_z, of_z * w
    return (h[-1] - TARGET) ** 2, of_w, of_b


def clip(gradient, longest):
    """Return a gradient that is at most so long, in the same direction (Pascanu, Mikolov and Bengio 2013)."""
    length = math.hypot(*gradient)
    return gradient if length <= longest else tuple(longest / length * each for each in gradient)


def descend(w, b, time_steps, rate, longest, steps):
    """Return where descent stands before the first step and after each, (steps + 2, 2), and loss and gradient at each place.

    The last place is where one step more would lead. `longest` is the clip norm, or None. Losses (steps + 2,), gradients
    (steps + 2, 2) before they are clipped.
    """
    places, losses, gradients = [], [], []
    for _ in range(steps + 2):
        loss, *gradient = loss_and_gradient(w, b, time_steps)
        places.append((w, b))
        losses.append(loss)
        gradients.append(gradient)
        of_w, of_b = gradient if longest is None else clip(gradient, longest)
        w, b = w - rate * of_w, b - rate * of_b
    return np.array(places), np.array(losses), np.array(gradients)


@cache
def surface(time_steps):
    """Return the logarithm (base 10) of the loss over the part of the plane that is shown: a cell for 2 x 2 pixels."""
    columns, rows = WIDTH // 2, HEIGHT // 2
    w = W_ENDS[0] + (np.arange(columns) + 0.5) / columns * (W_ENDS[1] - W_ENDS[0])
    b = B_ENDS[1] - (np.arange(rows)[:, None] + 0.5) / rows * (B_ENDS[1] - B_ENDS[0])
    h, w, b = FIRST, w.astype(np.float32), b.astype(np.float32)  # three times as fast as float64
    for _ in range(time_steps):
        h = next_state(w, b, h, np.tanh)
    found = np.log10(np.maximum((h - TARGET) ** 2, 10.0**LOSS_LOW))
    found.flags.writeable = False
    return found


def is_shown(place):
    """Return whether a place (w, b) lies in the picture."""
    return all(least <= each <= most for each, (least, most) in zip(place, (W_ENDS, B_ENDS), strict=True))


def part_shown(start, end):
    """Return the two ends of that part of a line which lies in the picture, (2, 2), or None if no part of it does."""
    first, last = 0.0, 1.0
    for a, z, (least, most) in zip(start, end, (W_ENDS, B_ENDS), strict=True):
        if a == z:
            if not least <= a <= most:
                return None
            continue
        enters, leaves = sorted(((least - a) / (z - a), (most - a) / (z - a)))
        first, last = max(first, enters), min(last, leaves)
    if first > last:
        return None
    start, way = np.array(start), np.subtract(end, start)
    return np.array([start + first * way, start + last * way])


def in_pixels(places):
    """Return places (..., 2) in pixels of the figure."""
    share = (np.asarray(places) - [W_ENDS[0], B_ENDS[0]]) / [W_ENDS[1] - W_ENDS[0], B_ENDS[1] - B_ENDS[0]]
    return [LEFT, BOTTOM] + share * [WIDTH, HEIGHT]


def explore_clipping():
    """Let w and b of a recurrent unit go down their loss to a cliff, with clipped gradients or without."""
    return Clipping()


class Clipping(WithPlay):
    title = "The loss of one recurrent unit has a cliff; there the gradient explodes, unless it is clipped."
    size = (960, 462)
    lines = 5

    def make_controls(self):
        shorten = "Shorten every gradient that is longer than the clip norm, before the step is made"
        return {
            "time_steps": slider("Time steps", 50, 10, 60, "How many times the unit is run before its state is judged"),
            "w": float_slider("First w", 4.4, 3.7, 5.1, "Where descent starts: the weight", 0.05, 2),
            "b": float_slider("First b", -1.9, -2.7, -1.6, "Where descent starts: the bias", 0.05, 2),
            "rate": choice("Learning rate", 0.3, RATES, "How far each step goes: this times the length of the gradient"),
            "clipping": check_box("Clip the gradient", False, shorten),
            "longest": choice("Clip norm", 1.0, LENGTHS, "The longest gradient that is let through (global_clipnorm in Keras)"),
            "steps": slider("Descent steps", 8, 0, MOST, "How many times w and b have been changed"),
        }

    def arrange(self, controls):
        *settings, steps = controls.values()
        return [rows_of(settings, 3), steps, self.play_button("steps", 300, "Watch it go down")]

    def relevant(self, clipping, **values):
        return {"clipping", *values} - (set() if clipping else {"longest"})

    def stage(self, figure):
        self.shades = Pixels(picture_axes(figure, LEFT, BOTTOM, WIDTH, HEIGHT), "Blues", LOSS_LOW, DARKEST, stretch=True)
        plane = chart_axes(figure, LEFT, BOTTOM, WIDTH, HEIGHT, xlim=W_ENDS, ylim=B_ENDS, facecolor="none")
        plane.set(xlabel="weight w", ylabel="bias b", xticks=np.arange(3.6, 5.3, 0.4), yticks=np.arange(-2.8, -1.4, 0.2))
        caption(figure, LEFT + WIDTH / 2, 424, "the loss for every w and b, and the way of descent", 10.5)
        bar = chart_axes(figure, LEFT + WIDTH + 14, BOTTOM, 12, HEIGHT, xticks=[], ylim=(LOSS_LOW, LOSS_HIGH))
        bar.imshow(
            np.linspace(LOSS_LOW, LOSS_HIGH, 256)[:, None],
            cmap="Blues",
            vmin=LOSS_LOW,
            vmax=DARKEST,
            origin="lower",
            extent=(0, 1, LOSS_LOW, LOSS_HIGH),
            aspect="auto",
        )
        bar.yaxis.tick_right()
        decade_ticks(bar, LOSS_LOW, LOSS_HIGH, 1)
        caption(figure, LEFT + WIDTH + 20, 424, "loss", 10, ha="left")
        line = {"animated": True, "linestyle": "-"}
        self.path = plane.plot([], [], color=ORANGE, linewidth=1.5, **line)[0]
        self.dots, self.here = marks(plane, "o", ORANGE, 5), marks(plane, "o", INK, 7)
        self.exits, self.next = Arrows(figure, ORANGE), Arrows(figure, INK, width=2)
        self.outside = Label(figure, LEFT + WIDTH / 2, 447, 11, ORANGE, align="center")
        chart = {"xlim": (-0.8, MOST + 0.8), "xticks": range(0, MOST + 1, 5)}
        lengths = chart_axes(figure, 640, 232, 300, 178, ylim=(LOW - 0.5, HIGH + 0.5), **chart)
        decade_ticks(lengths, LOW, HIGH, 2)
        lengths.grid(axis="y")
        caption(figure, 790, 424, "length of the gradient after each step", 10.5)
        losses = chart_axes(figure, 640, BOTTOM, 300, 118, ylim=(LOSS_LOW - 0.3, LOSS_HIGH), xlabel="descent steps", **chart)
        decade_ticks(losses, LOSS_LOW, LOSS_HIGH, 1)
        losses.grid(axis="y")
        caption(figure, 790, 190, "loss after each step", 10.5)
        curve = {"color": ORANGE, "linewidth": 1.2, "marker": "o", "markersize": 4, **line}
        self.lengths, self.losses = lengths.plot([], [], **curve)[0], losses.plot([], [], **curve)[0]
        self.now = [marks(lengths, "o", INK, 7), marks(losses, "o", INK, 7)]
        self.limit = lengths.plot([], [], color=BLUE, linewidth=1.8, linestyle=(0, (5, 2)), animated=True)[0]
        self.clipped = marks(lengths, "v", BLUE, 6)
        self.clip_norm = Label(figure, 934, 390, 10, BLUE, align="right")
        self.beyond = Label(figure, 940, 447, 9.5, align="right")
        shown = [self.shades, self.path, self.dots, self.exits, self.next, self.here, self.outside, self.limit, self.lengths]
        return [*shown, self.clipped, self.losses, *self.now, self.clip_norm, self.beyond]

    def compute(self, time_steps, w, b, rate, clipping, longest, steps):
        places, losses, gradients = descend(w, b, time_steps, rate, longest if clipping else None, steps)
        return {
            **{"surface": surface(time_steps), "places": places[:-1], "losses": losses[:-1]},
            **{"lengths": np.hypot(*gradients[:-1].T), "next": places[-1], "next_loss": losses[-1]},
            **{"time_steps": time_steps, "rate": rate, "clipping": clipping, "longest": longest if clipping else 0.0},
        }

    def paint(self, numbers):
        places, lengths, longest = numbers["places"], numbers["lengths"], numbers["longest"]
        self.shades.set(numbers["surface"])
        gap, parts, exits = [np.full(2, np.nan)], [], []
        for start, end in zip(places[:-1], places[1:], strict=True):
            part = part_shown(start, end)
            if part is not None:
                parts += [*part, *gap]
                if is_shown(start) and not is_shown(end):
                    exits.append(part)
        self.path.set_data(*np.reshape(parts, (-1, 2)).T)
        put_arrows(self.exits, exits)
        self.dots.set_data(*np.reshape([place for place in places[:-1] if is_shown(place)], (-1, 2)).T)
        inside = is_shown(places[-1])
        self.here.set_data(*(places[-1:] if inside else np.empty((0, 2))).T)
        put_arrows(self.next, [part_shown(places[-1], numbers["next"])] if inside else [])
        self.outside.set_text("" if inside else f"now outside the picture: {place_text(places[-1])}")
        steps = np.arange(len(places))
        heights = logarithm(lengths).clip(LOW - 0.2, HIGH + 0.2)
        loss_heights = logarithm(numbers["losses"]).clip(LOSS_LOW - 0.1, LOSS_HIGH)
        for curve, now, values in zip((self.lengths, self.losses), self.now, (heights, loss_heights), strict=True):
            curve.set_data(steps, values)
            now.set_data(steps[-1:], values[-1:])
        too_long = lengths > longest if numbers["clipping"] else np.zeros(len(lengths), bool)
        self.clipped.set_data(steps[too_long], np.full(too_long.sum(), np.log10(longest or 1)))
        self.limit.set_data(
            [-0.8, MOST + 0.8] if numbers["clipping"] else [], [np.log10(longest or 1)] * 2 * numbers["clipping"]
        )
        self.clip_norm.set_text(f"dashes: clip norm {longest:g}" if numbers["clipping"] else "")
        beyond = ((lengths < 10.0**LOW) | (lengths > 10.0**HIGH) | (numbers["losses"] < 10.0**LOSS_LOW)).any()
        self.beyond.set_text("a dot at the edge of a chart lies beyond" if beyond else "")

    def describe(self, numbers):
        places, losses, lengths = numbers["places"], numbers["losses"], numbers["lengths"]
        steps, rate, longest = len(places) - 1, numbers["rate"], numbers["longest"]
        length = used = lengths[-1]
        clipping = "It is not clipped."
        if numbers["clipping"] and length > longest:
            used = longest
            clipping = f"Clipping makes it {longest:g} long, in the same direction."
        elif numbers["clipping"]:
            clipping = f"Clipping leaves it alone: it is not longer than {longest:g}."
        leads = f"to {place_text(numbers['next'])}"
        if is_shown(places[-1]) and not is_shown(numbers["next"]):
            leads = f"out of the picture, {leads}"
        return "\n".join(
            [
                f"After {steps} step{'s' * (steps != 1)}: {place_text(places[-1])}, loss `{short(losses[-1])}`. The gradient, "
                f"back through {numbers['time_steps']} time steps, has length `{short(length)}`.",
                f"{clipping} The next step goes {rate:g} {TIMES} {short(used)} = `{short(rate * used)}` far, {leads}; "
                f"there the loss is {short(numbers['next_loss'])}.",
                verdict(numbers),
            ]
        )


def verdict(numbers):
    """Return what the learner should notice about the steps so far."""
    places, losses, lengths = numbers["places"], numbers["losses"], numbers["lengths"]
    shown = [is_shown(place) for place in places]
    if not shown[-1]:
        left = len(shown) - shown[::-1].index(True)
        still = " Out there the loss is so flat that descent stands still." if lengths[-1] < 1e-3 else ""
        return (
            f"Step {left} left the picture, with a gradient of length {short(lengths[left - 1])}; "
            f"the lowest loss before was {short(losses[:left].min())}.{still}"
        )
    if len(lengths) > 1 and lengths[-1] > 10 * lengths[-2]:
        return (
            f"This gradient is {short(lengths[-1] / lengths[-2])} times as long as the one of the step before: "
            "the last step has come to the cliff."
        )
    if len(losses) == 1:
        return "This is where descent starts."
    best = int(losses.argmin())
    jumps = int((np.diff(losses) > 0).sum())
    rises = "it fell at every step" if not jumps else f"it rose at {jumps} of the {len(losses) - 1} steps"
    lowest = f"lowest {short(losses[best])} after {best} step{'s' * (best != 1)}"
    return f"The loss: {short(losses[0])} at the start, {lowest}; {rises}."


def put_arrows(arrows, lines):
    """Draw these arrows, (2, 2) each in data units; very short ones get no head that is longer than they are."""
    lines = [line for line in map(in_pixels, lines) if np.hypot(*(line[1] - line[0])) > 0.5]
    arrows.head = min([9.0, *(np.hypot(*(line[1] - line[0])) for line in lines)])
    arrows.set(lines)


def place_text(place):
    """Return a place (w, b) in words; far away, without digits after the point."""
    fmt = "{:,.0f}" if max(np.abs(place)) >= 100 else None
    w, b = (two_digits(each) if fmt is None else signed(each, fmt) for each in place)
    return f"w = {w}, b = {b}"
