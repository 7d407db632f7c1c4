"""Exercises and predictions of the lesson on vanishing and exploding gradients."""

import numpy as np

from helpers.exercises.exercise import Exercise, Mistake
from helpers.exercises.prediction import Prediction
from helpers.scratch.activations import activation_named, sigmoid
from helpers.scratch.optimizers import SGD, Adam

# By how much an activation changes the size of a gradient, for sums near 0: the root mean square of its slopes.
SLOPES = {"tanh": 1.0, "linear": 1.0, "sigmoid": 0.25, "relu": np.sqrt(0.5)}

GAIN, SLOPE, LAYERS = 2, 0.25, 10
ENOUGH = 0.02  # how far from the right number an answer may be, as a part of it: two digits, rounded on the way


def factor_of_layer():
    """Return what one layer and what ten layers leave of a gradient of size 1: {"factor": number, "after_ten": number}."""
    gain, slope = 2, 1 / 4  # the sigmoid is steepest at 0, and there its slope is sigmoid(0) * (1 - sigmoid(0))
    factor = gain * slope
    return {"factor": factor, "after_ten": factor**10}


def _by_pencil(factor=GAIN * SLOPE, after=None):
    """Return the answer of somebody with this factor; `after` makes of it what ten layers leave."""
    after = (lambda factor: factor**LAYERS) if after is None else after
    return {"factor": factor, "after_ten": after(factor)}


def _nearest(number, known, right, part):
    """Return the known wrong number that this one is but for rounding, by so small a part of it; or the number itself."""
    near = [other for other in known if abs(number - other) <= part * abs(other) and not np.isclose(other, right)]
    return min(near, key=lambda other: abs(number - other), default=number)


def _checked_by_hand(answer):
    """Return for both numbers whether they are right, and if not, what goes into them. The right numbers stay hidden."""
    if not isinstance(answer, dict) or answer.keys() != {"factor", "after_ten"}:
        raise ValueError('Return a dictionary with two numbers: {"factor": ..., "after_ten": ...}.')
    try:
        given = {name: np.float64(float(answer[name])) for name in ("factor", "after_ten")}
    except (TypeError, ValueError):
        raise ValueError("Write a number in place of each of the dots, with two digits that are not leading zeros.") from None
    right, wrong = _by_pencil(), [mistake.function() for mistake in factor_of_layer.mistakes]
    near = {name: _nearest(given[name], [known[name] for known in wrong], right[name], 0.05) for name in right}
    said = {
        "factor": f"not yet (about {near['factor']:.2g}): the gain and the slope go in",
        "after_ten": f"not yet (about {near['after_ten']:.2g}): only the factor goes in, and how often it multiplies",
    }
    # A factor that is rounded on the way is ten times as wrong after ten layers.
    if any(
        np.isclose(given["after_ten"], factor**LAYERS, rtol=10 * ENOUGH, atol=0) for factor in (given["factor"], near["factor"])
    ):
        said["after_ten"] = "it follows from your factor: look at the factor again"
    return {name: "right" if abs(given[name] - right[name]) <= ENOUGH * right[name] else said[name] for name in right}


factor_of_layer = Exercise(
    factor_of_layer,
    cases=[()],
    mistakes=[
        Mistake(
            lambda: _by_pencil(GAIN * sigmoid(0.0)),
            "You took the value of the sigmoid at 0, or squared the gain. The slope there multiplies, and the gain once.",
        ),
        Mistake(
            lambda: _by_pencil(GAIN),
            "Your factor is the gain alone, as if the slope were that of tanh. The sigmoid is flatter than that, even at 0.",
        ),
        Mistake(
            lambda: _by_pencil(SLOPE),
            "Your factor is the slope alone: you forgot the gain of the weights.",
        ),
        Mistake(
            lambda: _by_pencil(GAIN + SLOPE),
            "You added the slope to the gain. On its way back a gradient is multiplied by both.",
        ),
        Mistake(
            lambda: _by_pencil(GAIN - SLOPE),
            "You took the slope away from the gain. On its way back a gradient is multiplied by both.",
        ),
        Mistake(
            lambda: _by_pencil(GAIN / SLOPE),
            "You divided the gain by the slope. A flat activation makes a gradient smaller, not larger: the slope multiplies.",
        ),
        Mistake(
            lambda: _by_pencil(SLOPE / GAIN),
            "You divided the slope by the gain. Larger weights make a gradient larger: the gain multiplies.",
        ),
        Mistake(
            lambda: _by_pencil(GAIN * SLOPES["relu"]),
            "You took the root mean square slope of ReLU. Here the activation is the sigmoid.",
        ),
        Mistake(
            lambda: _by_pencil(GAIN * sigmoid(GAIN) * (1 - sigmoid(GAIN))),
            "You took the slope of the sigmoid at the gain. The sums are near 0: take the slope there.",
        ),
        Mistake(
            lambda: _by_pencil(0.0),
            "You took a slope of 0. The sums are near 0, the slope there is not: it is the steepest place of the sigmoid.",
        ),
        Mistake(
            lambda: _by_pencil(-GAIN * SLOPE),
            "Your factor is negative. Sizes have no sign, and the sigmoid never falls.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: LAYERS * factor),
            "factor is right, but you multiplied it by ten. Each layer multiplies what is left: that makes a power.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: factor / LAYERS),
            "factor is right, but you divided it by ten. Each layer multiplies what is left: that makes a power.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: 1 - LAYERS * (1 - factor)),
            "factor is right, but you took away the same amount ten times. Each layer takes a part of what is left by then.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: factor),
            "factor is right, but after_ten is what is left after one layer.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: factor ** (LAYERS - 1)),
            "factor is right, but after_ten is one layer short: the first layer multiplies as well.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: factor ** (LAYERS + 1)),
            "factor is right, but after_ten is one layer too many: begin with a size of 1, not with the factor.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: SLOPE**LAYERS),
            "factor is right, but in after_ten you forgot the gain: each layer multiplies by the whole factor.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: GAIN * SLOPE**LAYERS),
            "factor is right, but in after_ten the gain comes in only once. Each of the ten layers has weights.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: GAIN**LAYERS * SLOPE),
            "factor is right, but in after_ten the slope comes in only once. Each of the ten layers has an activation.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: factor**-LAYERS),
            "factor is right, but your gradient grows. A factor below 1 leaves less after every layer.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: LAYERS**factor),
            "factor is right, but base and exponent have changed places: it is the factor to the power of ten.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: 1 - factor**LAYERS),
            "factor is right, but after_ten is what is lost. Asked for is what is left.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: 100 * factor**LAYERS),
            "factor is right, but after_ten is in percent. Give it as a part of 1.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: round(factor**LAYERS, 3)),
            "factor is right, but after_ten has one digit only. Give two that are not leading zeros.",
        ),
        Mistake(
            lambda: _by_pencil(after=lambda factor: 0.0),
            "factor is right, but you rounded after_ten to nothing. It is small, but it is not 0.",
        ),
        Mistake(
            lambda: {"factor": GAIN * SLOPE, "after_ten": GAIN * SLOPE * LAYERS**-LAYERS},
            "factor is right, but you divided by ten at every layer. Each layer multiplies by the factor.",
        ),
        Mistake(
            lambda: {"factor": _by_pencil()["after_ten"], "after_ten": _by_pencil()["factor"]},
            "The two have changed places: factor is what one layer does, after_ten is what ten layers leave.",
        ),
    ],
    hints=[
        "The slope of the sigmoid at z is sigmoid(z) * (1 - sigmoid(z)). What is sigmoid(0)?",
        "One layer: the gain times the slope. Two layers: that factor times that factor.",
        "`factor = 2 * 1 / 4`, and after ten layers `factor ** 10`.",
    ],
    effect=_checked_by_hand,
)


def choose_gain(activation, layers):
    """Return the gain with which a gradient keeps its size on its way back through so many layers, for sums near 0."""
    slopes = {"tanh": 1, "linear": 1, "sigmoid": 1 / 4, "relu": np.sqrt(1 / 2)}  # ReLU: half of the squares are 1, half are 0
    return 1 / slopes[activation]  # gain * slope must be 1: then the number of layers makes no difference


def _gain(activation, **others):
    """Return the right gain, or for an activation among the others that one."""
    return others.get(activation, 1 / SLOPES[activation])


def _what_is_left(gain, activation, layers):
    """Return whether this gain is right, and if not, what it makes of a gradient of size 1. The right gain stays hidden."""
    try:
        gain = float(gain)
    except (TypeError, ValueError):
        raise ValueError("Return a number, the gain.") from None
    if not 0 <= gain < np.inf:
        raise ValueError(f"A gain is a size, so a number that is not below 0, and yours is {gain:g}.")
    right = _gain(activation)
    if abs(gain - right) <= 0.01 * right:
        return "right"
    wrong = [mistake.function(activation, layers) for mistake in choose_gain.mistakes]
    gain = np.float64(_nearest(gain, wrong, right, 0.005))
    return f"not yet: a gain of {gain:.3g} makes {(gain * SLOPES[activation]) ** layers:.2g} of a gradient of size 1"


choose_gain = Exercise(
    choose_gain,
    cases=[(activation, layers) for activation in SLOPES for layers in (2, 30)],
    mistakes=[
        Mistake(
            lambda activation, layers: 1.0,
            "You took the same gain for all. The flatter an activation, the larger must the weights be.",
        ),
        Mistake(
            lambda activation, layers: np.sqrt(2),
            "You took the start that is made for ReLU (He) for all. The other activations have other slopes.",
        ),
        Mistake(
            lambda activation, layers: 4.0,
            "You took the gain of the sigmoid for all. The other activations are steeper.",
        ),
        Mistake(
            lambda activation, layers: SLOPES[activation],
            "Your gains are the slopes themselves. Gain times slope must be 1.",
        ),
        Mistake(
            lambda activation, layers: 1 - SLOPES[activation],
            "You took 1 minus the slope. Gain times slope must be 1, not gain plus slope.",
        ),
        Mistake(
            lambda activation, layers: 2 - SLOPES[activation],
            "You went as far above 1 as the slope is below it. Gain times slope must be 1.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, relu=2.0),
            "For ReLU you took the mean slope. Sizes are root mean squares: square the slopes, take the mean, then the root.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, relu=1.0),
            "For ReLU you took the slope of a neuron that is on. With sums around 0 only one in two is on.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, relu=4.0),
            "For ReLU you squared instead of taking the root of the mean square.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, relu=SLOPES["relu"]),
            "For ReLU you took the root mean square slope itself. The gain is 1 divided by it.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, relu=0.5),
            "For ReLU you took the share of neurons that are on. The gain has to make up for the others.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, relu=1.4),
            "For ReLU you rounded too much: after thirty layers one hundredth is a quarter. Write it with `np.sqrt`.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, sigmoid=2.0),
            "For the sigmoid you divided by its value at 0, or took a root. Divide by its slope at 0.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, sigmoid=2.0, relu=2.0),
            "You took one gain for the sigmoid and for ReLU. The sigmoid is flatter at 0, and ReLU needs a root mean square.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, sigmoid=1.0),
            "For the sigmoid you took the gain of tanh. The sigmoid is flatter.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, sigmoid=0.25),
            "For the sigmoid you took the slope itself. The gain is 1 divided by it.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, sigmoid=16.0),
            "For the sigmoid you squared. One layer has one slope, and the gain has to make up for that one.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, sigmoid=1.0, relu=1.0, tanh=4.0),
            "You took the largest gain for tanh. tanh is the steep one of the two S-shaped curves.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, tanh=4.0, sigmoid=1.0),
            "tanh and the sigmoid have changed places.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, relu=4.0, sigmoid=np.sqrt(2)),
            "ReLU and the sigmoid have changed places.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, tanh=4.0),
            "You gave tanh the gain of the sigmoid. At 0 tanh is as steep as the straight line.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, tanh=np.sqrt(2)),
            "You gave tanh the gain of ReLU. Near 0 no neuron of tanh is off.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, tanh=5 / 3),
            "For tanh you took 5/3, which some libraries use for larger sums. Near 0 tanh is as steep as the straight line.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, tanh=5 / 3, sigmoid=1.0),
            "Those are the gains of PyTorch's table. Asked for is what keeps the size of a gradient for sums near 0.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, linear=0.0),
            "You gave the straight line a gain of 0: nothing would come through.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation, linear=np.sqrt(2)),
            "You gave the straight line the gain of ReLU. All of its neurons are on.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation) ** layers,
            "You raised the gain to the power of the number of layers. Each layer makes up for its own slope only.",
        ),
        Mistake(
            lambda activation, layers: SLOPES[activation] ** layers,
            "That is what is left of a gradient with a gain of 1. Asked for is the gain with which all of it is left.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation) ** (1 / layers),
            "You took the root over the number of layers: that makes up for one layer in all. Each layer needs the whole gain.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation) * layers,
            "You multiplied by the number of layers. If one layer changes nothing, a hundred change nothing.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation) / layers,
            "You divided by the number of layers. If one layer changes nothing, a hundred change nothing.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation) / np.sqrt(layers),
            "You divided by the root of the number of layers. It is the width that stands under a root, beside the gain.",
        ),
        Mistake(
            lambda activation, layers: _gain(activation) * np.sqrt(layers),
            "You multiplied by the root of the number of layers. If one layer changes nothing, a hundred change nothing.",
        ),
    ],
    hints=[
        "A layer multiplies the size of a gradient by gain times slope. Which product changes nothing, however many layers?",
        "The slopes at 0: tanh and linear 1, sigmoid 1/4. ReLU has slope 1 in one half of the neurons and 0 in the other: the "
        "mean of the squares is 1/2, so the size is multiplied by the root of that.",
        "`1 / slope`, with the slopes 1, 1, 1/4 and `np.sqrt(1 / 2)`. You do not need `layers`.",
    ],
    effect=_what_is_left,
)


def dead_layer(sizes):
    """Return the number, from 0, of the layer at which a gradient is lost on its way back, or -1 where there is none.

    sizes: list of the sizes of the weight gradients, from the first layer to the last. Asked for is, walking back from the last
    layer, the first one whose own size is more than 100 times smaller than that of the layer after it.
    """
    for layer in reversed(range(len(sizes) - 1)):  # the last layer has none after it
        if 100 * sizes[layer] < sizes[layer + 1]:  # a product, not a quotient: a size may be 0
            return layer
    return -1


def _layers(sizes, is_wanted):
    """Return the layers whose size, compared with that of the layer after them, fulfils a condition."""
    return [layer for layer in range(len(sizes) - 1) if is_wanted(sizes[layer], sizes[layer + 1])]


def _falls(sizes, times=100):
    """Return the layers that are more than so many times smaller than the layer after them, from the first to the last."""
    return _layers(sizes, lambda size, after: times * size < after)


def _rises(sizes):
    """Return the layers that are more than 100 times larger than the layer after them."""
    return _layers(sizes, lambda size, after: size > 100 * after)


def _where(sizes, is_wanted):
    """Return the layers whose size fulfils a condition."""
    return [layer for layer, size in enumerate(sizes) if is_wanted(size)]


def _met_first(layers, none=-1):
    """Return the one of these layers that is met first by somebody who walks back."""
    return max(layers, default=none)


def _steepest(sizes, layers):
    """Return the one of these layers where the size falls most."""
    return max(layers, key=lambda layer: (sizes[layer + 1] + 1e-300) / (sizes[layer] + 1e-300), default=-1)


dead_layer = Exercise(
    dead_layer,
    cases=[
        ([3e-6, 1e-6, 4e-6, 0.03, 0.04, 0.03],),  # in the middle; what is before it is starved
        ([2e-5, 4e-5, 0.03],),  # right before the last
        ([1e-4, 0.03, 0.05, 0.04],),  # in the first
        ([0.02, 0.03, 1e-6, 0.02, 0.03],),  # one layer alone
        ([0.0, 0.0, 0.0, 0.02, 0.03],),  # slopes of exactly 0
        ([0.0, 0.03, 0.02],),
        ([1e-10, 2e-8, 3e-8, 1e-4, 2e-4, 0.04],),  # three, of which the one in the middle is the deepest
        ([0.02 * 0.5**layer for layer in range(11, -1, -1)],),  # vanishing slowly
        ([0.01 * 2.5**layer for layer in range(11, -1, -1)],),  # exploding slowly
        ([60.0, 40.0, 0.02, 0.03],),  # exploding at once
        ([0.001, 0.05, 0.04],),  # steep, but not by 100
        ([0.01, 0.05, 0.04],),
        ([1.0, 100.0, 150.0],),  # by exactly 100
        ([2e-6, 3e-6, 4e-6, 2e-6],),  # all small
        ([200.0, 350.0, 600.0],),  # all large
        ([0.0, 0.0, 0.0],),
        ([0.5],),
    ],
    mistakes=[
        Mistake(
            lambda sizes: int(np.argmin(sizes)),
            "You took the layer with the smallest gradient. All layers before the fault are starved, and may be smaller still.",
        ),
        Mistake(
            lambda sizes: len(sizes) - 1 - int(np.argmin(sizes[::-1])),
            "You took the last one of the smallest gradients. Not the size counts, but the fall from the layer after it.",
        ),
        Mistake(
            lambda sizes: int(np.argmin(sizes)) if _falls(sizes) else -1,
            "You know whether there is a fault, but then you took the smallest gradient. Where does the size fall?",
        ),
        Mistake(
            lambda sizes: 0 if _falls(sizes) else -1,
            "You always blame the first layer. Layers before the fault are only starved: what is missing was lost after them.",
        ),
        Mistake(
            lambda sizes: min(_falls(sizes), default=-1),
            "You walked forward from the first layer. A gradient comes from the last: begin there.",
        ),
        Mistake(
            lambda sizes: _steepest(sizes, _falls(sizes)),
            "You took the deepest of all falls. Asked for is the first that you meet walking back.",
        ),
        Mistake(
            lambda sizes: _steepest(sizes, range(len(sizes) - 1)),
            "You took the deepest fall, even where it is not by more than 100.",
        ),
        Mistake(
            lambda sizes: _met_first(_falls(sizes)) + 1 if _falls(sizes) else -1,
            "One too many: you named the layer after it, which is still healthy, or you counted from 1.",
        ),
        Mistake(
            lambda sizes: max(_met_first(_falls(sizes)) - 1, -1),
            "One too few: you named the layer before it, which is only starved.",
        ),
        Mistake(
            lambda sizes: len(sizes) - 1 - _met_first(_falls(sizes)) if _falls(sizes) else -1,
            "You counted from the last layer. You walk back, but the layers are numbered from the first.",
        ),
        Mistake(
            lambda sizes: _met_first([layer + 1 for layer in _rises(sizes)]),
            "You compared each layer with the one before it. A gradient comes from the layer after it.",
        ),
        Mistake(
            lambda sizes: _met_first(_rises(sizes)),
            "Your comparison is turned round: you look for a gradient that becomes 100 times larger walking back. That is an "
            "explosion.",
        ),
        Mistake(
            lambda sizes: _met_first(_falls(sizes) + _rises(sizes)),
            "You took every jump by more than 100. One upwards, walking back, is an explosion, and no gradient is lost by it.",
        ),
        Mistake(
            lambda sizes: _met_first(_falls(sizes, 1)),
            "You took any fall. In a healthy net, too, sizes change a little from layer to layer.",
        ),
        Mistake(
            lambda sizes: _met_first(_falls(sizes, 3)),
            "You took every fall by more than 3. That is the limit for a healthy net; asked for is a fall by more than 100.",
        ),
        Mistake(
            lambda sizes: _met_first(_falls(sizes, 10)),
            "You took every fall by more than 10. Asked for is one by more than 100.",
        ),
        Mistake(
            lambda sizes: _met_first(_falls(sizes, 1000)),
            "You waited for a fall by more than 1000. More than 100 is enough.",
        ),
        Mistake(
            lambda sizes: _met_first(_layers(sizes, lambda size, after: 100 * size <= after and after > 0)),
            "Nearly: a fall by exactly 100 is not yet one by more than 100.",
        ),
        Mistake(
            lambda sizes: _met_first(_layers(sizes, lambda size, after: 100 * size <= after)),
            "With `<=` two things go wrong: by exactly 100 is not by more than 100, and from 0 to 0 nothing falls.",
        ),
        Mistake(
            lambda sizes: _met_first(_where(sizes, lambda size: 100 * size < sizes[-1])),
            "You compared each layer with the last of all. A slow loss adds up to that, and no single layer is to blame.",
        ),
        Mistake(
            lambda sizes: min(_where(sizes, lambda size: 100 * size < sizes[-1]), default=-1),
            "You took the first in the list that is small beside the last. That one is starved; the fault lies further back.",
        ),
        Mistake(
            lambda sizes: 0 if 100 * sizes[0] < sizes[-1] else -1,
            "You compared the first layer with the last. That tells that a gradient is lost, not where.",
        ),
        Mistake(
            lambda sizes: _met_first(_where(sizes, lambda size: 100 * size < max(sizes))),
            "You compared each layer with the largest of all. Compare it with the layer after it.",
        ),
        Mistake(
            lambda sizes: _met_first(_where(sizes, lambda size: 100 * size < np.mean(sizes))),
            "You compared each layer with the mean of all. Compare it with the layer after it.",
        ),
        Mistake(
            lambda sizes: _met_first(_where(sizes, lambda size: size < 0.01)),
            "You took a fixed limit, of a hundredth. How large a healthy gradient is depends on the task: compare two layers.",
        ),
        Mistake(
            lambda sizes: _met_first(_where(sizes, lambda size: size < 1e-4)),
            "You took a fixed limit. How large a healthy gradient is depends on the task: compare two layers.",
        ),
        Mistake(
            lambda sizes: _met_first(_where(sizes, lambda size: size == 0)),
            "You looked for exact zeros only. A gradient can be lost without one.",
        ),
        Mistake(
            lambda sizes: _met_first(_layers(sizes, lambda size, after: 0 < 100 * size < after)),
            "You left out the sizes that are 0. Nothing at all is more than 100 times smaller than something.",
        ),
        Mistake(
            lambda sizes: _met_first(_layers(sizes, lambda size, after: after - size > 100)),
            "You took the difference of two sizes. 100 times smaller is a matter of their quotient.",
        ),
        Mistake(
            lambda sizes: _met_first(
                [layer for layer in range(len(sizes)) if 100 * sizes[layer] < (sizes[1:] + sizes[:1])[layer]]
            ),
            "You compared the last layer with the first. It has no layer after it.",
        ),
        Mistake(
            lambda sizes: _met_first(_falls(sizes[1:])) + 1 if _falls(sizes[1:]) else -1,
            "You never looked at the first layer: the walk back has to go down to 0.",
        ),
        Mistake(
            lambda sizes: _met_first(_falls(sizes[:-1])),
            "Your walk begins one layer too early: the one right before the last can be dead, too.",
        ),
        Mistake(
            lambda sizes: _met_first(_falls(sizes), none=None),
            "Where no layer is dead, return -1. Does your function end without a `return` there?",
        ),
        Mistake(
            lambda sizes: _met_first(_falls(sizes), none=0),
            "Where no layer is dead, you return 0. That is the number of the first layer; return -1.",
        ),
        Mistake(
            lambda sizes: len(_falls(sizes)) or -1,
            "You counted the falls. Asked for is the number of a layer.",
        ),
        Mistake(
            lambda sizes: sizes[_met_first(_falls(sizes))] if _falls(sizes) else -1,
            "You returned the size of the gradient. Asked for is the number of the layer.",
        ),
        Mistake(
            lambda sizes: -1,
            "You never find a dead layer. Is your comparison ever true, or does your loop return too early?",
        ),
    ],
    hints=[
        "Compare each layer with the one after it in the list. Which of the two has its gradient later, walking back?",
        "A loop from the last layer but one down to 0: `for layer in reversed(range(len(sizes) - 1))`.",
        "In the loop: `if 100 * sizes[layer] < sizes[layer + 1]: return layer`. After the loop: `return -1`.",
    ],
)


def sgd_or_adam(gradient, rate):
    """Return how far one weight moves in the very first step of SGD and of Adam: {"sgd": number, "adam": number}.

    Adam has beta_1 0.9 and beta_2 0.999, corrects its two means for their start at 0, and its epsilon is neglected.
    """
    # After one step the corrected means are the gradient and its square: g / sqrt(g * g) is the sign.
    return {"sgd": -rate * gradient, "adam": -rate * np.sign(gradient)}


def _moves(gradient, rate, sgd=lambda gradient, rate: -rate * gradient, adam=lambda gradient, rate: -rate * np.sign(gradient)):
    """Return how far a weight moves with optimizers that work in these ways."""
    return {"sgd": sgd(gradient, rate), "adam": adam(gradient, rate)}


def _adam(mean=1.0, square=1.0, epsilon=0.0):
    """Return an Adam whose two means, after one step, are these parts of the gradient and of its square."""

    def adam(gradient, rate):
        size = np.sqrt(square * gradient**2) + epsilon
        return -rate * mean * gradient / size if gradient else 0.0

    return adam


def _with(**ways):
    return lambda gradient, rate: _moves(gradient, rate, **ways)


sgd_or_adam = Exercise(
    sgd_or_adam,
    cases=[(1e-6, 0.01), (1e-6, 0.001), (-0.3, 0.01), (-0.3, 0.5), (50.0, 0.01), (50.0, 0.001), (0.0, 0.5)],
    mistakes=[
        Mistake(
            lambda gradient, rate: _moves(-gradient, rate),
            "Both go uphill. The gradient points to where the loss grows: a weight moves against it.",
        ),
        Mistake(
            _with(sgd=lambda gradient, rate: rate * gradient),
            "SGD goes uphill: it moves against the gradient.",
        ),
        Mistake(
            _with(adam=lambda gradient, rate: rate * np.sign(gradient)),
            "Adam goes uphill: it moves against the gradient, just as SGD.",
        ),
        Mistake(
            lambda gradient, rate: {"sgd": rate * abs(gradient), "adam": rate * abs(np.sign(gradient))},
            "You gave lengths. A move has a sign: against the gradient.",
        ),
        Mistake(
            _with(adam=_adam(0.1, 0.001)),
            "In Adam you forgot the correction: both means begin at 0 and are too small after one step, but not equally.",
        ),
        Mistake(
            _with(adam=_adam(1.0, 0.001)),
            "In Adam you corrected the mean of the gradients, but not that of their squares.",
        ),
        Mistake(
            _with(adam=_adam(0.1, 1.0)),
            "In Adam you corrected the mean of the squares, but not that of the gradients.",
        ),
        Mistake(
            _with(adam=_adam(0.9, 0.999)),
            "In Adam you took beta as the part of the new gradient, and forgot the correction. The new part is 1 - beta.",
        ),
        Mistake(
            _with(adam=_adam(1.0, 1.0, 1e-7)),
            "You kept epsilon in Adam. Neglect it here: it matters only for gradients that are not far above it.",
        ),
        Mistake(
            lambda gradient, rate: _moves(gradient, rate, adam=lambda g, r: Adam(r).step(g)),
            "You ran Adam with its epsilon, beside a root that is not corrected, as Keras does. Neglect epsilon here.",
        ),
        Mistake(
            _with(adam=lambda gradient, rate: -rate / gradient if gradient else 0.0),
            "In Adam you forgot the root: the mean gradient is divided by the root of the mean square.",
        ),
        Mistake(
            _with(adam=lambda gradient, rate: -rate * gradient * abs(gradient)),
            "In Adam you multiplied by the size of the gradient. Adam divides by it.",
        ),
        Mistake(
            _with(adam=lambda gradient, rate: -rate * gradient),
            "Your Adam is SGD. It divides by the size of the gradient: what is left of that?",
        ),
        Mistake(
            _with(adam=lambda gradient, rate: -rate * 0.1 * gradient),
            "In Adam you took only the mean of the gradients, without its correction. It is also divided by their size.",
        ),
        Mistake(
            _with(sgd=lambda gradient, rate: -rate * np.sign(gradient)),
            "Your SGD is Adam. Plain SGD knows nothing of sizes: rate times gradient.",
        ),
        Mistake(
            _with(adam=lambda gradient, rate: -rate),
            "Your Adam moves in the same direction for every gradient. Its root removes the size, not the sign.",
        ),
        Mistake(
            _with(adam=lambda gradient, rate: rate),
            "Your Adam always moves up. Its root removes the size of the gradient, not the sign.",
        ),
        Mistake(
            _with(adam=lambda gradient, rate: 0.0),
            "Your Adam does not move. g / sqrt(g * g) has no size of its own, but it is not nothing.",
        ),
        Mistake(
            lambda gradient, rate: _moves(gradient, 1.0),
            "You forgot the learning rate in both.",
        ),
        Mistake(
            _with(sgd=lambda gradient, rate: -gradient),
            "You forgot the learning rate in SGD.",
        ),
        Mistake(
            _with(adam=lambda gradient, rate: -np.sign(gradient)),
            "You forgot the learning rate in Adam: it says how far a step goes.",
        ),
        Mistake(
            _with(sgd=lambda gradient, rate: -gradient / rate),
            "In SGD you divided by the learning rate. It multiplies.",
        ),
        Mistake(
            _with(sgd=lambda gradient, rate: -rate - gradient),
            "In SGD you added the gradient to the rate. It is rate times gradient.",
        ),
        Mistake(
            _with(sgd=lambda gradient, rate: -rate),
            "Your SGD does not look at the gradient: the move is rate times gradient.",
        ),
        Mistake(
            lambda gradient, rate: {"sgd": _moves(gradient, rate)["adam"], "adam": _moves(gradient, rate)["sgd"]},
            "SGD and Adam have changed places. Which of them divides by the size of the gradient?",
        ),
        Mistake(
            _with(sgd=lambda gradient, rate: -0.001 * gradient, adam=lambda gradient, rate: -0.001 * np.sign(gradient)),
            "You took a learning rate of your own. It is given: rate.",
        ),
        Mistake(
            _with(sgd=lambda gradient, rate: -0.1 * rate * gradient),
            "You gave SGD a mean of gradients. Plain SGD has no memory: rate times gradient.",
        ),
        Mistake(
            _with(adam=lambda gradient, rate: -rate if gradient >= 0 else rate),
            "Only a gradient of 0 is wrong: your Adam moves down there. Without a gradient nothing moves.",
        ),
        Mistake(
            _with(adam=lambda gradient, rate: -rate if gradient > 0 else rate),
            "Only a gradient of 0 is wrong: your Adam moves up there. Without a gradient nothing moves.",
        ),
        Mistake(
            _with(adam=lambda gradient, rate: -rate * np.float64(gradient) / abs(gradient)),
            "Only a gradient of 0 is wrong: there you divide 0 by 0. Without a gradient nothing moves.",
        ),
    ],
    hints=[
        "SGD: the learning rate times the gradient, against the gradient. Adam divides a mean of the gradients by the root of "
        "a mean of their squares. After the first step there is one gradient to take the mean of.",
        "Adam's means are 0.1 * g and 0.001 * g * g. The correction divides them by 0.1 and by 0.001. What is left?",
        "g / sqrt(g * g) is 1 for every g above 0, and -1 below: `np.sign(gradient)`, and 0 for 0. Times `-rate`.",
    ],
)


# The predictions.

DEEP, WIDTH, BATCH, SEEDS = 30, 64, 64, (0, 1, 2)


def _size(array):
    return np.sqrt(np.mean(np.square(array)))


def _go_back(activation, gain, seed):
    """Send a gradient back through a deep network; return what part of its size arrives, and all outputs and slopes.

    Outputs and slopes are (layers, examples, neurons). The weights are normal, with standard deviation gain / sqrt(width).
    """
    f, rng = activation_named(activation), np.random.default_rng([seed, 1])
    weights = gain / np.sqrt(WIDTH) * np.random.default_rng(seed).standard_normal((DEEP, WIDTH, WIDTH))
    h, sums, outputs = rng.standard_normal((BATCH, WIDTH)), [], []
    for W in weights:
        sums.append(h @ W)
        h = f.forward(sums[-1])
        outputs.append(h)
    last = gradient = rng.standard_normal((BATCH, WIDTH))
    for W, z, out in zip(weights[::-1], sums[::-1], outputs[::-1], strict=True):
        gradient = f.backward(gradient, z, out) @ W.T
    return _size(gradient) / _size(last), np.stack(outputs), f.derivative(np.stack(sums))


def _arrive(activation, gain):
    """Return what part of a gradient arrives, with each seed."""
    return [_go_back(activation, gain, seed)[0] for seed in SEEDS]


def _middle(shares):
    """Return the geometric mean: shares can differ by powers of ten."""
    return float(np.exp(np.mean(np.log(shares))))


def _listed(shares, digits=2):
    return ", ".join(f"{share:.{digits}g}" for share in shares)


ARRIVE = {"about a hundredth": 1e-2, "about a billionth (1e-9)": 1e-9, "about 1e-19": 1e-19}


def _as_option(shares):
    """Return the option that all of these shares are, within a factor of 10; or the shares, where there is none."""
    fits = (option for option, about in ARRIVE.items() if all(about / 10 <= share <= 10 * about for share in shares))
    return next(fits, _listed(shares))


def _thirty_sigmoids():
    sigmoids = _arrive("sigmoid", 1.0)
    return _as_option(sigmoids), {"sigmoid": sigmoids, "tanh": _arrive("tanh", 1.0), "gain 4": _arrive("sigmoid", 4.0)}


thirty_sigmoids = Prediction(
    "A new network of 30 sigmoid layers with 64 neurons each; the weights have gain 1. A gradient of size 1 goes back through "
    "all of them. How much of it arrives at the inputs?",
    list(ARRIVE),
    _thirty_sigmoids,
    lambda found: (
        f"With three seeds {_listed(found['sigmoid'])} arrives, a factor of {_middle(found['sigmoid']) ** (1 / DEEP):.3f} per "
        f"layer. The sigmoid is nowhere steeper than {SLOPE}, and {SLOPE} to the power of {DEEP} is {SLOPE**DEEP:.1e} already. "
        f"It is the slope, not the depth alone: with tanh in place of the sigmoid and the same weights, "
        f"{_listed(found['tanh'])} arrives. Nor does a gain of 4 make up for it, though 4 times {SLOPE} is 1: "
        f"{_listed(found['gain 4'])} arrives. A sigmoid gives about one half, not 0, so with such weights the next sums are "
        "not near 0, and there it is flatter."
    ),
)


def _compared(ratios):
    """Return as an option how much more arrives with gain 2, where all seeds agree; or the ratios, where they do not."""
    limits = {
        "less: the neurons saturate": (0, 0.5),
        "about as much": (0.5, 2),
        "some hundred times as much": (100, 1000),
        "about a billion times as much: 2 to the power of 30": (2**DEEP / 10, 10 * 2**DEEP),
    }
    return next((name for name, (low, high) in limits.items() if all(low <= r < high for r in ratios)), _listed(ratios))


def _double_gain():
    runs = {gain: [_go_back("tanh", gain, seed) for seed in SEEDS] for gain in (1.0, 2.0)}
    arrive = {gain: [share for share, _, _ in run] for gain, run in runs.items()}
    found = {
        "arrive": arrive,
        "linear": _middle(_arrive("linear", 2.0)) / _middle(_arrive("linear", 1.0)),
        "flat": {gain: np.mean([np.abs(outputs) > 0.95 for _, outputs, _ in run]) for gain, run in runs.items()},
        "slope": {gain: _size([slopes for _, _, slopes in run]) for gain, run in runs.items()},
        "per layer": {gain: _middle(shares) ** (1 / DEEP) for gain, shares in arrive.items()},
    }
    return _compared([two / one for two, one in zip(arrive[2.0], arrive[1.0], strict=True)]), found


double_gain = Prediction(
    "A new network of 30 tanh layers with 64 neurons each. With gain 1 a gradient comes through to the inputs without having "
    "vanished. Now all weights are twice as large: gain 2. How much of the gradient arrives, compared with gain 1?",
    [
        "less: the neurons saturate",
        "about as much",
        "some hundred times as much",
        "about a billion times as much: 2 to the power of 30",
    ],
    _double_gain,
    lambda found: (
        f"With gain 1 {_listed(found['arrive'][1.0])} arrives (three seeds), with gain 2 {_listed(found['arrive'][2.0])}. The "
        f"neurons do saturate: with gain 2, {100 * found['flat'][2.0]:.0f} of 100 outputs are beyond 0.95, with gain 1 "
        f"{100 * found['flat'][1.0]:.0f}, and the slope (root mean square) is {found['slope'][2.0]:.2f} in place of "
        f"{found['slope'][1.0]:.2f}. But 2 times {found['slope'][2.0]:.2f} is {2 * found['slope'][2.0]:.2f}, still above 1; "
        f"{found['per layer'][2.0]:.2f} per layer is what was measured. Saturation brakes the explosion and does not stop it. "
        f"Without it, with straight lines in place of tanh, {found['linear']:.1e} times as much would arrive."
    ),
)

RATE, STEPS, TINY = 0.01, 100, 1e-8


def _way(optimizer, gradient):
    """Return how far a weight goes in all steps, where its gradient is always the same."""
    weight = np.zeros(1)
    for _ in range(STEPS):
        optimizer.apply([np.array([gradient])], [weight])
    return abs(weight.item())


def _tiny_ways(sgd, adam):
    """Return as an option how far both go; for a gradient of 1 both go 1."""
    if not np.isclose(sgd, TINY, rtol=0.01, atol=0):
        return f"SGD {sgd:.2g}, Adam {adam:.2g}"
    if adam > 0.5:
        return "SGD 1e-8, Adam about 1, as with a gradient of 1"
    if np.isclose(adam, TINY, rtol=0.5, atol=0):
        return "both about 1e-8"
    return "SGD 1e-8, Adam much more, but far less than 1" if 1000 * TINY < adam < 0.1 else f"SGD 1e-8, Adam {adam:.2g}"


def _adam_tiny():
    adam = {epsilon: _way(Adam(RATE, epsilon=epsilon), TINY) for epsilon in (1e-7, 1e-16)}
    sgd = _way(SGD(RATE), TINY)
    found = {
        "adam": adam,
        "sgd": sgd,
        "large": [_way(optimizer, 1.0) for optimizer in (SGD(RATE), Adam(RATE))],
        "small": _way(Adam(RATE), 1e-5),
    }
    return _tiny_ways(sgd, adam[1e-7]), found


adam_tiny = Prediction(
    "With a learning rate of 0.01 and a gradient that is always 1, SGD and Adam both move a weight by 1 in 100 steps. Now the "
    "gradient is always 1e-8. Adam divides it by its size, plus epsilon: 1e-7, as in Keras. How far does each go in 100 steps?",
    [
        "both about 1e-8",
        "SGD 1e-8, Adam about 1, as with a gradient of 1",
        "SGD 1e-8, Adam much more, but far less than 1",
    ],
    _adam_tiny,
    lambda found: (
        f"SGD goes {found['sgd']:.2g}, Adam {found['adam'][1e-7]:.2g}; with a gradient of 1 they went "
        f"{found['large'][0]:.2f} and {found['large'][1]:.2f}. SGD moves in proportion to the gradient. Adam divides by the "
        f"size of the gradient, so it goes {found['small']:.2f} for a gradient of 1e-5, too. But 1e-8 is below epsilon: then "
        f"epsilon divides. With an epsilon of 1e-16 Adam would have gone {found['adam'][1e-16]:.2f}. So Adam makes up for "
        "small gradients as long as they are not small beside epsilon. And here they had no noise in them: Adam would enlarge "
        "that just the same."
    ),
)
