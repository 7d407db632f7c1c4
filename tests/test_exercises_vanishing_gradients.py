"""What the general tests of exercises and predictions cannot see: that the references of lesson 07 are true, that attempts as
learners write them get the right sentence and no other, and that the experiments of the predictions could find otherwise."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from helpers.exercises import vanishing_gradients as lesson
from helpers.explorers import vanishing_gradients_depth as deep
from helpers.scratch.activations import activation_named
from helpers.scratch.optimizers import SGD, Adam

EXERCISES = [lesson.factor_of_layer, lesson.choose_gain, lesson.dead_layer, lesson.sgd_or_adam]
ACTIVATIONS = sorted(lesson.SLOPES)
RIGHT = {"tanh": 1, "linear": 1, "sigmoid": 4, "relu": 2**0.5}

# The references.


def left_of_a_gradient(activation, gain, layers, width=512):
    """Return what part of a gradient is left after layers whose sums are all near 0: measured, not by a formula."""
    rng, f = np.random.default_rng(0), activation_named(activation)
    gradient = first = rng.standard_normal((16, width))
    for _ in range(layers):
        z = 1e-3 * rng.standard_normal((16, width))
        W = gain / np.sqrt(width) * rng.standard_normal((width, width))
        gradient = f.backward(gradient, z, f.forward(z)) @ W.T
    return np.sqrt(np.mean(gradient**2) / np.mean(first**2))


def test_the_factor_is_what_is_left_of_a_gradient():
    answer = lesson.factor_of_layer.reference()
    assert_allclose(answer["factor"], left_of_a_gradient("sigmoid", lesson.GAIN, 1), rtol=0.05)
    assert_allclose(answer["after_ten"], left_of_a_gradient("sigmoid", lesson.GAIN, lesson.LAYERS), rtol=0.2)


def test_the_wrong_answers_are_made_of_the_same_layer():
    assert lesson._by_pencil() == lesson.factor_of_layer.reference()


def test_the_slopes_are_those_of_the_activations():
    z = 1e-6 * np.r_[np.arange(1, 100), -np.arange(1, 100)]
    for activation, slope in lesson.SLOPES.items():
        assert_allclose(np.sqrt(np.mean(activation_named(activation).derivative(z) ** 2)), slope, rtol=1e-6)


@pytest.mark.parametrize("layers", [1, 20])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_with_the_right_gain_a_gradient_keeps_its_size(activation, layers):
    gain = lesson.choose_gain.reference(activation, layers)
    assert_allclose(left_of_a_gradient(activation, gain, layers), 1, rtol=0.2)
    assert left_of_a_gradient(activation, 1.5 * gain, layers) > 1.2**layers
    assert left_of_a_gradient(activation, gain / 1.5, layers) < 1 / 1.2**layers


def test_only_for_the_sigmoid_sums_do_not_stay_near_0_at_that_gain():
    for activation in ACTIVATIONS:
        shares = lesson._arrive(activation, float(lesson.choose_gain.reference(activation, lesson.DEEP)))
        assert max(shares) < 1e-6 if activation == "sigmoid" else 0.1 < min(shares) < max(shares) < 10


SIZES = st.lists(st.sampled_from([0.0, 1e-9, 3e-5, 0.003, 0.25, 0.5, 1.0, 25.0, 100.0, 7e4]), min_size=1, max_size=8)


@given(SIZES)
def test_the_dead_layer_is_the_first_fall_by_more_than_100_walking_back(sizes):
    found, exact = lesson.dead_layer.reference(sizes), [Fraction(size) for size in sizes]
    falls = [100 * here < after for here, after in zip(exact[:-1], exact[1:], strict=True)]
    if found == -1:
        assert not any(falls)
    else:
        assert falls[found] and not any(falls[found + 1 :])


def gradient_sizes(activation, biases):
    """Return the sizes of the weight gradients of a deep network, one layer for each bias: real backpropagation."""
    rng, f, gain = np.random.default_rng(0), activation_named(activation), RIGHT[activation]
    weights = gain / 8 * rng.standard_normal((len(biases), 64, 64))
    h, steps = rng.standard_normal((64, 64)), []
    for W, b in zip(weights, biases, strict=True):
        z = h @ W + b
        steps.append((h, z, f.forward(z)))
        h = steps[-1][-1]
    gradient, sizes = rng.standard_normal((64, 64)), []
    for W, (h, z, out) in zip(weights[::-1], steps[::-1], strict=True):
        of_z = f.backward(gradient, z, out)
        sizes.append(float(np.sqrt(np.mean((h.T @ of_z) ** 2))))
        gradient = of_z @ W.T
    return sizes[::-1]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_in_a_healthy_network_sizes_change_little(activation):
    sizes = gradient_sizes(activation, np.zeros(8))
    assert lesson.dead_layer.reference(sizes) == -1
    assert max(max(a / b, b / a) for a, b in zip(sizes[:-1], sizes[1:], strict=True)) < 3


@pytest.mark.parametrize("bias", [10, 30])  # slopes of about 1e-8, and of exactly 0
@pytest.mark.parametrize("broken", [0, 3, 6])
def test_a_saturated_layer_is_found(broken, bias):
    sizes = gradient_sizes("tanh", np.eye(8)[broken] * bias)
    assert lesson.dead_layer.reference(sizes) == broken
    assert (max(sizes[: broken + 1]) == 0) == (bias == 30)


def test_behind_a_layer_of_dead_relus_the_weights_get_no_gradient_either():
    biases = np.full(8, 0.1)
    biases[3] = -1000
    sizes = gradient_sizes("relu", biases)
    assert max(sizes[:5]) == 0 < min(sizes[5:])
    assert lesson.dead_layer.reference(sizes) == 4


RATES = st.floats(1e-5, 1.0)


@given(st.one_of(st.floats(1e-6, 1e3), st.floats(-1e3, -1e-6), st.just(0.0)), RATES)
def test_the_first_steps_are_those_of_the_optimizers(gradient, rate):
    answer, array = lesson.sgd_or_adam.reference(gradient, rate), np.array([gradient])
    assert_allclose(answer["sgd"], SGD(rate).step(array).item(), rtol=1e-9, atol=1e-15)
    assert_allclose(answer["adam"], Adam(rate, epsilon=1e-30).step(array).item(), rtol=1e-6, atol=1e-15)


def test_the_defaults_of_adam_are_those_of_the_task():
    adam = Adam()
    assert (adam.beta_1, adam.beta_2, adam.epsilon) == (0.9, 0.999, 1e-7)


def test_the_cases_of_the_optimizers_hold_both_signs_and_no_gradient():
    gradients = {gradient for gradient, _ in lesson.sgd_or_adam.cases}
    assert {np.sign(gradient) for gradient in gradients} == {-1, 0, 1}
    assert all(len({rate for other, rate in lesson.sgd_or_adam.cases if other == g}) > 1 for g in gradients - {0})


# What is said.


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        ((0.5, 0.00098), "a dictionary with two numbers"),
        ({"factor": 0.5}, "a dictionary with two numbers"),
        ({"factor": 3, "after_ten": ...}, "Write a number in place of each of the dots"),
        ({"factor": 3, "after_ten": None}, "Write a number in place of each of the dots"),
        ({"factor": 0.5, "after_ten": 0.3}, "'factor': 'right', 'after_ten': 'not yet (about 0.3): only the factor goes in"),
        (
            {"factor": 0.3, "after_ten": 0.00098},
            "'factor': 'not yet (about 0.3): the gain and the slope go in', 'after_ten': 'right'",
        ),
        ({"factor": 0.3, "after_ten": 5.9e-6}, "'after_ten': 'it follows from your factor: look at the factor again'"),
        ({"factor": 0.3, "after_ten": 1e-4}, "'after_ten': 'not yet (about 0.0001)"),
        ({"factor": math.nan, "after_ten": math.inf}, "not yet (about nan)"),
        ({"factor": 1e300, "after_ten": 7}, "not yet (about 1e+300)"),
    ],
)
def test_pencil_work_is_answered_without_giving_it_away(attempt, words):
    result = lesson.factor_of_layer.judge(lambda: attempt)
    assert (result.state, result.mistake) == ("wrong", None) and words in result.text
    said = result.text.replace(str(attempt), "")
    assert "0.5" not in said and "0.00098" not in said and "0.000977" not in said


@pytest.mark.parametrize("part", [0.97, 1.03])
@pytest.mark.parametrize("name", ["factor", "after_ten"])
def test_three_hundredths_off_is_wrong(name, part):
    answer = lesson.factor_of_layer.reference()
    assert lesson.factor_of_layer.judge(lambda: answer | {name: part * answer[name]}).state == "wrong"


@pytest.mark.parametrize("mistake", lesson.factor_of_layer.mistakes, ids=lambda mistake: mistake.sentence[:30])
def test_what_is_said_of_a_mistake_with_the_pencil_never_holds_the_right_numbers(mistake):
    text = lesson.factor_of_layer.judge(mistake.function).text.lower()
    sentence = mistake.sentence.lower()
    assert not any(word in sentence for word in ("0.5", "half", "0.0009", "9.8", "thousand", "1/4", "quarter"))
    assert "expected  " not in text or "'right'" in text


@pytest.mark.parametrize("mistake", lesson.choose_gain.mistakes, ids=lambda mistake: mistake.sentence[:30])
def test_what_is_said_of_a_wrong_gain_never_holds_the_right_one(mistake):
    text = lesson.choose_gain.judge(mistake.function).text
    assert not any(word in mistake.sentence for word in ("1.41", "sqrt(2)", "root of 2", " 4", "four"))
    assert "expected     right" in text or "expected     'right'" in text


@pytest.mark.parametrize(
    ("gain", "sentence"),
    [
        ("large", "Return a number, the gain."),
        ((1, 2), "Return a number, the gain."),
        ({"tanh": 1}, "Return a number, the gain."),
        (-1, "A gain is a size, so a number that is not below 0, and yours is -1."),
        (math.nan, "yours is nan."),
        (math.inf, "yours is inf."),
    ],
)
def test_what_is_no_gain_is_answered_in_a_sentence(gain, sentence):
    result = lesson.choose_gain.judge(lambda activation, layers: gain)
    assert (result.state, result.mistake) == ("wrong", None) and sentence in result.text


def test_a_wrong_gain_is_answered_by_what_it_leaves():
    result = lesson.choose_gain.judge(
        lambda activation, layers: 3.0 if (activation, layers) == ("tanh", 2) else RIGHT[activation]
    )
    assert "not yet: a gain of 3 makes 9 of a gradient of size 1" in result.text
    assert f"{0.25**30:.2g}" in lesson._what_is_left(1, "sigmoid", 30)


# Right answers, written in other ways.


def back(sizes):
    i = len(sizes) - 2
    while i >= 0 and sizes[i + 1] <= sizes[i] * 100:
        i -= 1
    return max(i, -1)


def adam_by_the_book(gradient, rate):
    mean, square = 0.1 * gradient, 0.001 * gradient**2
    mean, square = mean / (1 - 0.9), square / (1 - 0.999)
    return {"adam": -rate * mean / square**0.5 if gradient else 0, "sgd": -(rate * gradient)}


@pytest.mark.parametrize(
    ("exercise", "attempt"),
    [
        (lesson.factor_of_layer, lambda: {"factor": 0.5, "after_ten": 0.00098}),
        (lesson.factor_of_layer, lambda: {"after_ten": "0.000977", "factor": np.float32(0.5)}),
        (lesson.factor_of_layer, lambda: {"factor": 2 / 4, "after_ten": 1 / 1024}),
        (lesson.choose_gain, lambda activation, layers: RIGHT[activation]),
        (lesson.choose_gain, lambda activation, layers: 1.41 if activation == "relu" else RIGHT[activation]),
        (lesson.choose_gain, lambda activation, layers: str(RIGHT[activation])),
        (lesson.choose_gain, lambda activation, layers: np.array(RIGHT[activation])),
        (lesson.dead_layer, back),
        (lesson.dead_layer, lambda sizes: float(back(sizes))),
        (lesson.sgd_or_adam, adam_by_the_book),
        (
            lesson.sgd_or_adam,
            lambda gradient, rate: {"sgd": -rate * gradient, "adam": 0 if gradient == 0 else math.copysign(rate, -gradient)},
        ),
    ],
)
def test_other_ways_to_write_it_are_right(exercise, attempt):
    assert exercise.judge(attempt).state == "right"


# Wrong answers as learners write them, and the sentence that they get.


def pencil(factor, after_ten=None):
    return lambda digits: {
        "factor": float(f"{factor:.{digits}g}"),
        "after_ten": float(f"{factor**10 if after_ten is None else after_ten:.{digits}g}"),
    }


BY_HAND = [
    (pencil(2 * 0.5), "You took the value of the sigmoid at 0"),
    (pencil(2), "Your factor is the gain alone"),
    (pencil(0.25), "Your factor is the slope alone"),
    (pencil(2.25), "You added the slope to the gain."),
    (pencil(1.75), "You took the slope away from the gain."),
    (pencil(8), "You divided the gain by the slope."),
    (pencil(0.125), "You divided the slope by the gain."),
    (pencil(2 / 2**0.5), "You took the root mean square slope of ReLU."),
    (pencil(2 * 0.10499), "You took the slope of the sigmoid at the gain."),
    (pencil(0), "You took a slope of 0."),
    (pencil(-0.5), "Your factor is negative."),
    (pencil(0.5, 5), "factor is right, but you multiplied it by ten."),
    (pencil(0.5, 0.05), "factor is right, but you divided it by ten."),
    (pencil(0.5, -4), "factor is right, but you took away the same amount"),
    (pencil(0.5, 0.5), "factor is right, but after_ten is what is left after one layer."),
    (pencil(0.5, 0.5**9), "factor is right, but after_ten is one layer short"),
    (pencil(0.5, 0.5**11), "factor is right, but after_ten is one layer too many"),
    (pencil(0.5, 0.25**10), "factor is right, but in after_ten you forgot the gain"),
    (pencil(0.5, 2 * 0.25**10), "factor is right, but in after_ten the gain comes in only once."),
    (pencil(0.5, 256), "factor is right, but in after_ten the slope comes in only once."),
    (pencil(0.5, 1024), "factor is right, but your gradient grows."),
    (pencil(0.5, 10**0.5), "factor is right, but base and exponent"),
    (pencil(0.5, 1 - 1 / 1024), "factor is right, but after_ten is what is lost."),
    (pencil(0.5, 100 / 1024), "factor is right, but after_ten is in percent."),
    (pencil(0.5, 0.001), "factor is right, but after_ten has one digit only."),
    (pencil(0.5, 0), "factor is right, but you rounded after_ten to nothing."),
    (pencil(0.5, 0.5e-10), "factor is right, but you divided by ten at every layer."),
    (pencil(1 / 1024, 0.5), "The two have changed places"),
]


@pytest.mark.parametrize("digits", [2, 3, 4])
@pytest.mark.parametrize(("answer", "sentence"), BY_HAND)
def test_a_mistake_with_the_pencil_is_named_however_it_is_rounded(answer, sentence, digits):
    result = lesson.factor_of_layer.judge(lambda: answer(digits))
    assert result.state == "wrong" and result.mistake is not None
    assert result.mistake.sentence.startswith(sentence)


def gains(layers=lambda gain, layers: gain, **others):
    """Return an attempt: the right gains but for these activations, and what is made of them with the number of layers."""
    table = RIGHT | others
    return lambda activation, number: layers(table[activation], number)


GAINS = [
    (lambda activation, layers: 1, "You took the same gain for all."),
    (lambda activation, layers: 1.41, "You took the start that is made for ReLU"),
    (lambda activation, layers: 4, "You took the gain of the sigmoid for all."),
    (gains(sigmoid=1 / 4, relu=1 / 2**0.5), "Your gains are the slopes themselves."),
    (gains(tanh=0, linear=0, sigmoid=0.75, relu=0.293), "You took 1 minus the slope."),
    (gains(tanh=1, linear=1, sigmoid=1.75, relu=1.293), "You went as far above 1"),
    (gains(relu=2), "For ReLU you took the mean slope."),
    (gains(relu=1), "For ReLU you took the slope of a neuron that is on."),
    (gains(relu=4), "For ReLU you squared"),
    (gains(relu=0.7071), "For ReLU you took the root mean square slope itself."),
    (gains(relu=1 / 2), "For ReLU you took the share of neurons"),
    (gains(relu=1.4), "For ReLU you rounded too much"),
    (gains(sigmoid=2), "For the sigmoid you divided by its value at 0"),
    (gains(sigmoid=2, relu=2), "You took one gain for the sigmoid and for ReLU."),
    (gains(sigmoid=1), "For the sigmoid you took the gain of tanh."),
    (gains(sigmoid=0.25), "For the sigmoid you took the slope itself."),
    (gains(sigmoid=16), "For the sigmoid you squared."),
    (gains(tanh=4, sigmoid=1, relu=1), "You took the largest gain for tanh."),
    (gains(tanh=4, sigmoid=1), "tanh and the sigmoid have changed places."),
    (gains(relu=4, sigmoid=2**0.5), "ReLU and the sigmoid have changed places."),
    (gains(tanh=4), "You gave tanh the gain of the sigmoid."),
    (gains(tanh=2**0.5), "You gave tanh the gain of ReLU."),
    (gains(tanh=5 / 3), "For tanh you took 5/3"),
    (gains(tanh=5 / 3, sigmoid=1), "Those are the gains of PyTorch's table."),
    (gains(linear=0), "You gave the straight line a gain of 0"),
    (gains(linear=2**0.5), "You gave the straight line the gain of ReLU."),
    (gains(lambda gain, layers: gain**layers), "You raised the gain to the power"),
    (gains(lambda gain, layers: (1 / gain) ** layers), "That is what is left of a gradient"),
    (gains(lambda gain, layers: gain ** (1 / layers)), "You took the root over the number of layers"),
    (gains(lambda gain, layers: gain * layers), "You multiplied by the number of layers."),
    (gains(lambda gain, layers: gain / layers), "You divided by the number of layers."),
    (gains(lambda gain, layers: gain / layers**0.5), "You divided by the root of the number of layers."),
    (gains(lambda gain, layers: gain * layers**0.5), "You multiplied by the root of the number of layers."),
]


def walk(
    is_dead=lambda here, after: after > 100 * here,
    order=lambda places: reversed(places),
    start=0,
    end=1,
    answer=lambda i, sizes: i,
    none=-1,
):
    """Return an attempt that walks through the list and returns at the first layer that seems dead."""

    def attempt(sizes):
        for i in order(range(start, len(sizes) - end)):
            if is_dead(sizes[i], sizes[i + 1] if i + 1 < len(sizes) else sizes[0]):
                return answer(i, sizes)
        return none

    return attempt


def beside(which, order=reversed, times=100):
    """Return an attempt that compares every layer with one number: what `which` makes of the list."""

    def attempt(sizes):
        for i in order(range(len(sizes))):
            if times * sizes[i] < which(sizes):
                return i
        return -1

    return attempt


def smallest(sizes):
    return sizes.index(min(sizes))


def last_smallest(sizes):
    place = 0
    for i, size in enumerate(sizes):
        if size <= sizes[place]:
            place = i
    return place


def deepest(at_least):
    def attempt(sizes):
        place, worst = -1, at_least
        for i in range(len(sizes) - 1):
            quotient = sizes[i + 1] / sizes[i] if sizes[i] else (math.inf if sizes[i + 1] else 1)
            if quotient > worst:
                place, worst = i, quotient
        return place

    return attempt


def counted(sizes):
    falls = sum(100 * a < b for a, b in zip(sizes[:-1], sizes[1:], strict=True))
    return falls if falls else -1


def before(sizes):
    for i in reversed(range(1, len(sizes))):
        if sizes[i] * 100 < sizes[i - 1]:
            return i
    return -1


def quotient(here, after):
    return after / here if here else (math.inf if after else 1)


WALKS = [
    (smallest, "You took the layer with the smallest gradient."),
    (last_smallest, "You took the last one of the smallest gradients."),
    (lambda sizes: smallest(sizes) if back(sizes) >= 0 else -1, "You know whether there is a fault"),
    (walk(answer=lambda i, sizes: 0), "You always blame the first layer."),
    (walk(order=list), "You walked forward from the first layer."),
    (deepest(100), "You took the deepest of all falls."),
    (deepest(0), "You took the deepest fall, even"),
    (walk(answer=lambda i, sizes: i + 1), "One too many"),
    (walk(answer=lambda i, sizes: i - 1), "One too few"),
    (walk(answer=lambda i, sizes: len(sizes) - 1 - i), "You counted from the last layer."),
    (before, "You compared each layer with the one before it."),
    (walk(lambda here, after: here > 100 * after), "Your comparison is turned round"),
    (walk(lambda here, after: max(quotient(here, after), quotient(after, here)) > 100), "You took every jump"),
    (walk(lambda here, after: here < after), "You took any fall."),
    (walk(lambda here, after: 3 * here < after), "You took every fall by more than 3."),
    (walk(lambda here, after: 10 * here < after), "You took every fall by more than 10."),
    (walk(lambda here, after: 1000 * here < after), "You waited for a fall by more than 1000."),
    (walk(lambda here, after: quotient(here, after) >= 100), "Nearly: a fall by exactly 100"),
    (walk(lambda here, after: here <= after / 100), "With `<=` two things go wrong"),
    (beside(lambda sizes: sizes[-1]), "You compared each layer with the last of all."),
    (beside(lambda sizes: sizes[-1], order=list), "You took the first in the list"),
    (lambda sizes: 0 if sizes[-1] > 100 * sizes[0] else -1, "You compared the first layer with the last."),
    (beside(max), "You compared each layer with the largest of all."),
    (beside(np.mean), "You compared each layer with the mean of all."),
    (beside(lambda sizes: 0.01, times=1), "You took a fixed limit, of a hundredth."),
    (beside(lambda sizes: 2e-4, times=2), "You took a fixed limit. How"),
    (lambda sizes: len(sizes) - 1 - sizes[::-1].index(0) if 0 in sizes else -1, "You looked for exact zeros only."),
    (walk(lambda here, after: here > 0 and after / here > 100), "You left out the sizes that are 0."),
    (walk(lambda here, after: after - here > 100), "You took the difference of two sizes."),
    (walk(end=0), "You compared the last layer with the first."),
    (walk(start=1), "You never looked at the first layer"),
    (walk(end=2), "Your walk begins one layer too early"),
    (walk(none=None), "Where no layer is dead, return -1."),
    (walk(none=0), "Where no layer is dead, you return 0."),
    (counted, "You counted the falls."),
    (walk(answer=lambda i, sizes: sizes[i]), "You returned the size of the gradient."),
    (walk(lambda here, after: False), "You never find a dead layer."),
]


def moves(sgd=lambda g, rate: -rate * g, adam=lambda g, rate: -rate * (g > 0) + rate * (g < 0)):
    return lambda gradient, rate: {"sgd": sgd(gradient, rate), "adam": adam(gradient, rate)}


def keras_like(beta_1=0.9, beta_2=0.999, correct=(True, True), new=(0.1, 0.001), epsilon=0.0):
    """Return one step of Adam, written out, where the given things can be wrong."""

    def adam(gradient, rate):
        mean, square = new[0] * gradient, new[1] * gradient * gradient
        mean = mean / (1 - beta_1) if correct[0] else mean
        square = square / (1 - beta_2) if correct[1] else square
        return -rate * mean / (math.sqrt(square) + epsilon) if gradient else 0.0

    return adam


def sign(number):
    return (number > 0) - (number < 0)


FIRST_STEPS = [
    (lambda gradient, rate: {"sgd": rate * gradient, "adam": rate * sign(gradient)}, "Both go uphill."),
    (moves(sgd=lambda g, rate: rate * g), "SGD goes uphill"),
    (moves(adam=lambda g, rate: rate * sign(g)), "Adam goes uphill"),
    (moves(lambda g, rate: abs(rate * g), lambda g, rate: rate if g else 0), "You gave lengths."),
    (moves(adam=keras_like(correct=(False, False))), "In Adam you forgot the correction"),
    (moves(adam=keras_like(correct=(True, False))), "In Adam you corrected the mean of the gradients, but"),
    (moves(adam=keras_like(correct=(False, True))), "In Adam you corrected the mean of the squares, but"),
    (moves(adam=keras_like(correct=(False, False), new=(0.9, 0.999))), "In Adam you took beta as the part"),
    (moves(adam=keras_like(epsilon=1e-7)), "You kept epsilon in Adam."),
    (moves(adam=lambda g, rate: Adam(rate).step(np.array([g])).item()), "You ran Adam with its epsilon"),
    (moves(adam=lambda g, rate: -rate * g / g**2 if g else 0), "In Adam you forgot the root"),
    (moves(adam=lambda g, rate: -rate * g * math.sqrt(g * g)), "In Adam you multiplied by the size"),
    (moves(adam=lambda g, rate: -rate * g), "Your Adam is SGD."),
    (moves(adam=lambda g, rate: -rate * (1 - 0.9) * g), "In Adam you took only the mean"),
    (moves(sgd=lambda g, rate: -rate * sign(g)), "Your SGD is Adam."),
    (moves(adam=lambda g, rate: -rate), "Your Adam moves in the same direction"),
    (moves(adam=lambda g, rate: rate), "Your Adam always moves up."),
    (moves(adam=lambda g, rate: 0), "Your Adam does not move."),
    (moves(lambda g, rate: -g, lambda g, rate: -sign(g)), "You forgot the learning rate in both."),
    (moves(sgd=lambda g, rate: -g), "You forgot the learning rate in SGD."),
    (moves(adam=lambda g, rate: -sign(g)), "You forgot the learning rate in Adam"),
    (moves(sgd=lambda g, rate: -g / rate), "In SGD you divided by the learning rate."),
    (moves(sgd=lambda g, rate: -(rate + g)), "In SGD you added the gradient to the rate."),
    (moves(sgd=lambda g, rate: -rate), "Your SGD does not look at the gradient"),
    (moves(lambda g, rate: -rate * sign(g), lambda g, rate: -rate * g), "SGD and Adam have changed places."),
    (moves(lambda g, rate: -0.001 * g, lambda g, rate: -0.001 * sign(g)), "You took a learning rate of your own."),
    (moves(sgd=lambda g, rate: -rate * (1 - 0.9) * g), "You gave SGD a mean of gradients."),
    (moves(adam=lambda g, rate: rate if g < 0 else -rate), "Only a gradient of 0 is wrong: your Adam moves down"),
    (moves(adam=lambda g, rate: -rate if g > 0 else rate), "Only a gradient of 0 is wrong: your Adam moves up"),
    (
        moves(adam=lambda g, rate: (-rate * np.array(g) / np.sqrt(np.array(g) ** 2)).item()),
        "Only a gradient of 0 is wrong: there",
    ),
]

ATTEMPTS = [
    *((lesson.factor_of_layer, lambda answer=answer: answer(2), sentence) for answer, sentence in BY_HAND),
    *((lesson.choose_gain, *pair) for pair in GAINS),
    *((lesson.dead_layer, *pair) for pair in WALKS),
    *((lesson.sgd_or_adam, *pair) for pair in FIRST_STEPS),
]


@pytest.mark.parametrize(("exercise", "attempt", "sentence"), ATTEMPTS)
def test_a_mistake_as_learners_write_it_is_named(exercise, attempt, sentence):
    result = exercise.judge(attempt)
    assert result.state == "wrong" and result.mistake is not None
    assert result.mistake.sentence.startswith(sentence)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_every_known_mistake_is_among_those_attempts(exercise):
    named = [sentence for other, _, sentence in ATTEMPTS if other is exercise]
    assert len(named) == len(exercise.mistakes)
    for mistake in exercise.mistakes:
        assert sum(mistake.sentence.startswith(sentence) for sentence in named) == 1


@pytest.mark.parametrize(
    ("exercise", "attempt"),
    [
        *((lesson.factor_of_layer, lambda f=f, a=a: {"factor": f, "after_ten": a}) for f in (3, 0.7) for a in (0.5, 7, 1e-9)),
        (lesson.choose_gain, gains(relu=3)),
        (lesson.choose_gain, gains(tanh=0.5, linear=2)),
        (lesson.choose_gain, gains(sigmoid=5)),
        (lesson.choose_gain, lambda activation, layers: layers),
        *((lesson.dead_layer, lambda sizes, c=c: c) for c in (0, 1, 2, math.nan)),
        (lesson.dead_layer, lambda sizes: len(sizes) - 1),
        (lesson.dead_layer, lambda sizes: -back(sizes)),
        (lesson.sgd_or_adam, lambda gradient, rate: {"sgd": 0.0, "adam": 0.0}),
        (lesson.sgd_or_adam, moves(adam=lambda g, rate: -2 * rate * sign(g))),
        (lesson.sgd_or_adam, lambda gradient, rate: (-rate * gradient, -rate * sign(gradient))),
    ],
)
def test_a_wrong_attempt_that_is_none_of_them_is_not_named(exercise, attempt):
    result = exercise.judge(attempt)
    assert (result.state, result.mistake) == ("wrong", None)


def test_a_division_by_zero_is_told_with_its_line():
    def my_dead_layer(sizes):
        for i in reversed(range(len(sizes) - 1)):
            if sizes[i + 1] / sizes[i] > 100:
                return i
        return -1

    result = lesson.dead_layer.judge(my_dead_layer)
    assert result.state == "wrong"
    assert "at the line `if sizes[i + 1] / sizes[i] > 100:`: ZeroDivisionError" in result.text


# The predictions.


def reason(prediction):
    return prediction.commit(prediction.answer())


@pytest.mark.parametrize(("activation", "gain"), [("sigmoid", 1.0), ("tanh", 2.0), ("relu", 1.5)])
def test_what_arrives_is_what_the_explorer_of_the_lesson_shows(activation, gain):
    weights = deep.deep_weights(lesson.DEEP, lesson.WIDTH, gain, 2)
    activations, gradients = deep.go_through(weights, activation, seed=2)
    share, outputs, slopes = lesson._go_back(activation, gain, 2)
    sizes = deep.sizes(gradients)
    assert_allclose(share, sizes[0] / sizes[-1], rtol=1e-9)
    assert_allclose(outputs, activations[1:], rtol=1e-9)
    assert slopes.shape == outputs.shape and lesson.BATCH == deep.BATCH


def listed(shares):
    return ", ".join(f"{share:.2g}" for share in shares)


def test_thirty_sigmoids_leave_about_1e_19():
    assert lesson.thirty_sigmoids.answer() == "about 1e-19"
    text, shares = reason(lesson.thirty_sigmoids), lesson._arrive("sigmoid", 1.0)
    per_layer = np.prod(np.array(shares) ** (1 / 30)) ** (1 / 3)
    assert f"With three seeds {listed(shares)} arrives, a factor of {per_layer:.3f} per layer." in text
    assert max(shares) < 0.25**30 and f"to the power of 30 is {0.25**30:.1e} already" in text
    assert f"same weights, {listed(lesson._arrive('tanh', 1.0))} arrives." in text
    assert f"is 1: {listed(lesson._arrive('sigmoid', 4.0))} arrives." in text


@pytest.mark.parametrize(("layers", "option"), [(3, "about a hundredth"), (14, "about a billionth (1e-9)")])
def test_with_fewer_layers_more_would_arrive(monkeypatch, layers, option):
    monkeypatch.setattr(lesson, "DEEP", layers)
    assert lesson.thirty_sigmoids.answer() == option


def test_a_sigmoid_of_gain_4_is_flatter_than_near_0_because_its_sums_are_not_near_0():
    _, outputs, slopes = lesson._go_back("sigmoid", 4.0, 0)
    sums = np.log(outputs / (1 - outputs))
    assert lesson._size(sums) > 2 and lesson._size(slopes) < 0.2
    _, outputs, slopes = lesson._go_back("sigmoid", 1.0, 0)
    assert lesson._size(slopes) > 0.23 and abs(np.mean(outputs) - 0.5) < 0.1


@pytest.mark.parametrize("shares", [[1e-5, 1e-5, 1e-5], [1e-19, 1e-19, 1e-9], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
def test_shares_that_are_none_of_the_options_are_not_called_one(shares):
    assert lesson._as_option(shares) not in lesson.thirty_sigmoids.options


def test_twice_the_gain_gives_some_hundred_times_as_much_in_spite_of_saturation():
    assert lesson.double_gain.answer() == "some hundred times as much"
    text, one, two = reason(lesson.double_gain), lesson._arrive("tanh", 1.0), lesson._arrive("tanh", 2.0)
    assert f"With gain 1 {listed(one)} arrives (three seeds), with gain 2 {listed(two)}." in text
    outputs = np.stack([lesson._go_back("tanh", 2.0, seed)[1] for seed in lesson.SEEDS])
    slope = np.sqrt(np.mean((1 - outputs**2) ** 2))
    assert f"with gain 2, {100 * np.mean(np.abs(outputs) > 0.95):.0f} of 100 outputs are beyond 0.95" in text
    per_layer = np.prod(two) ** (1 / 90)
    assert f"But 2 times {slope:.2f} is {2 * slope:.2f}, still above 1; {per_layer:.2f} per layer" in text
    assert per_layer == pytest.approx(2 * slope, abs=0.03) and per_layer > 1
    assert f"{2.0**30:.1e} times as much would arrive." in text


@pytest.mark.parametrize(
    ("activation", "option"),
    [("linear", "about a billion times as much: 2 to the power of 30"), ("tanh", "some hundred times as much")],
)
def test_without_saturation_it_would_be_a_billion_times(activation, option):
    arrive = [lesson._arrive(activation, gain) for gain in (1.0, 2.0)]
    assert option in lesson.double_gain.options
    assert lesson._compared([two / one for one, two in zip(*arrive, strict=True)]) == option


@pytest.mark.parametrize(
    ("ratios", "option"),
    [
        ([0.1, 0.2, 0.4], "less: the neurons saturate"),
        ([0.9, 1.1, 1.0], "about as much"),
        ([110, 500, 900], "some hundred times as much"),
        ([1e9, 2e9, 5e8], "about a billion times as much: 2 to the power of 30"),
        ([0.1, 1.0, 500], None),
        ([90, 500, 500], None),
        ([5e4, 5e4, 5e4], None),
    ],
)
def test_every_seed_decides_how_much_more_arrives(ratios, option):
    found = lesson._compared(ratios)
    assert found == option if option else found not in lesson.double_gain.options


def test_adam_goes_far_but_not_as_far_where_the_gradient_is_below_epsilon():
    assert lesson.adam_tiny.answer() == "SGD 1e-8, Adam much more, but far less than 1"
    text = reason(lesson.adam_tiny)
    mean = square = way = 0.0
    for step in range(1, 101):
        mean, square = 0.9 * mean + 0.1 * 1e-8, 0.999 * square + 0.001 * 1e-16
        rate = 0.01 * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        way += rate * mean / (math.sqrt(square) + 1e-7)
    assert f"SGD goes 1e-08, Adam {way:.2g}; with a gradient of 1 they went 1.00 and 1.00." in text
    assert f"With an epsilon of 1e-16 Adam would have gone {lesson._way(Adam(0.01, epsilon=1e-16), 1e-8):.2f}." in text
    assert lesson._way(Adam(0.01, epsilon=1e-16), 1e-8) == pytest.approx(1, abs=1e-6)
    assert f"so it goes {lesson._way(Adam(0.01), 1e-5):.2f} for a gradient of 1e-5" in text


def test_what_the_question_says_of_a_gradient_of_1_is_true():
    for optimizer in (SGD(lesson.RATE), Adam(lesson.RATE)):
        assert lesson._way(optimizer, 1.0) == pytest.approx(1, abs=1e-3)
    assert Adam().epsilon == 1e-7 and (lesson.RATE, lesson.STEPS, lesson.TINY) == (0.01, 100, 1e-8)


@pytest.mark.parametrize(
    ("epsilon", "option"),
    [
        (1e-16, "SGD 1e-8, Adam about 1, as with a gradient of 1"),
        (1e-7, "SGD 1e-8, Adam much more, but far less than 1"),
        (0.18, "both about 1e-8"),
    ],
)
def test_with_another_epsilon_adam_would_go_another_way(epsilon, option):
    assert option in lesson.adam_tiny.options
    sgd = lesson._way(SGD(lesson.RATE), lesson.TINY)
    assert lesson._tiny_ways(sgd, lesson._way(Adam(lesson.RATE, epsilon=epsilon), lesson.TINY)) == option


@pytest.mark.parametrize(("sgd", "adam"), [(1e-6, 0.02), (1e-8, 0.3), (1e-8, 1e-7), (1e-8, 0.0)])
def test_ways_that_are_none_of_the_options_are_not_called_one(sgd, adam):
    assert lesson._tiny_ways(sgd, adam) not in lesson.adam_tiny.options
