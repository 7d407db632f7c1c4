"""Forward and backward pass, drawn: numbers against plain loops and finite differences, and every sum as it is written."""

import math
import re
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.explorers.ann_passes import (
    AFTER,
    BIASES,
    GRADIENTS,
    HIDDEN,
    KERNELS,
    LAYERS,
    LINKS,
    NEURONS,
    NODES,
    NOW,
    WEIGHTS,
    chain,
    compared,
    enough_digits,
    explore_backpropagation,
    explore_forward_pass,
    listed,
    on_the_way,
    small_network,
    written,
)
from helpers.plots.lettering import Lettering

EXAMPLES = ((1.0, -0.5), (-2.0, 2.0), (0.3, 1.7), (0.0, -0.9), (-1.4, -0.1))
RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
FUNCTIONS = {
    "tanh": math.tanh,
    "relu": lambda z: max(z, 0.0),
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "linear": lambda z: z,
}


@cache
def forward_pass():
    return explore_forward_pass()


@cache
def backpropagation():
    return explore_backpropagation()


def settings_by_chance(explorer, count, seed=0):
    """Return values of all controls, drawn by chance."""
    rng = np.random.default_rng(seed)

    def value(control):
        if hasattr(control, "options"):
            return control.options[rng.integers(len(control.options))]
        steps = round((control.max - control.min) / control.step)
        return round(control.min + control.step * int(rng.integers(steps + 1)), 6)

    return [{name: value(control) for name, control in explorer.controls.items()} for _ in range(count)]


def all_weights():
    """Return the weights and biases as two dicts: (start, end) -> weight, neuron -> bias."""
    kernel = {
        (a, b): KERNELS[place][i][j]
        for place in range(3)
        for i, a in enumerate(LAYERS[place])
        for j, b in enumerate(LAYERS[place + 1])
    }
    return kernel, {name: BIASES[place][k] for place in range(3) for k, name in enumerate(LAYERS[place + 1])}


def answers(x1, x2, activation="tanh", weights=None, biases=None):
    """Return sums and outputs of all nodes, name -> number, with plain loops."""
    kernel, bias = all_weights()
    kernel, bias = kernel | (weights or {}), bias | (biases or {})
    sums, outputs = {}, {"x1": x1, "x2": x2}
    for left, right in zip(LAYERS[:-1], LAYERS[1:], strict=True):
        for end in right:
            sums[end] = bias[end]
            for start in left:
                sums[end] += kernel[start, end] * outputs[start]
            outputs[end] = FUNCTIONS["sigmoid" if end == "output" else activation](sums[end])
    return sums, outputs


def loss_of(x1, x2, target, weights=None, biases=None):
    p = answers(x1, x2, weights=weights, biases=biases)[1]["output"]
    return -math.log(p if target else 1 - p)


def slope(loss, at, step=1e-5):
    """Return the slope of a function by finite differences."""
    return (loss(at + step) - loss(at - step)) / (2 * step)


def number(text):
    """Return a number as it is written on the page, digit for digit."""
    return Decimal(text.strip().strip("()").replace("\N{MINUS SIGN}", "-"))


def rounded(value, digits):
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def digits_of(text):
    return -number(text).as_tuple().exponent


def evaluated(sum_of_products):
    """Return the value of `a·b + (c)·d + e`, exactly."""
    return sum(math.prod(map(number, term.split("·"))) for term in sum_of_products.split(" + "))


def code(sentence, line):
    """Return what stands in backticks in a line of the sentence: every such piece."""
    return re.findall("`([^`]*)`", sentence.split("\n")[line])


# The network.


def test_the_network_is_readable_and_awake():
    numbers = [*np.concatenate([np.ravel(each) for each in KERNELS]), *np.concatenate(BIASES)]
    assert len(LINKS) == len(WEIGHTS) == len(set(WEIGHTS)) == 14 and len(NODES) == 8 and len(NEURONS) == 6
    assert all(value == round(value, 1) != 0 for value in numbers)
    assert len(set(numbers[:14])) == 14 and len(set(numbers[14:])) == 6
    start = forward_pass().reset().numbers
    assert np.all(np.abs(start["outputs"][2:7]) < 0.8) and len({round(each, 2) for each in start["outputs"]}) == 8


def test_a_link_bears_the_weight_between_its_two_nodes():
    kernel, _ = all_weights()
    assert_array_equal(forward_pass().reset().numbers["weights"], [kernel[link] for link in LINKS])
    assert WEIGHTS[LINKS.index(("h3", "g1"))] == "w(h3→g1)"


def test_the_constants_survive_a_step():
    before = [np.array(each) for each in (*KERNELS, *BIASES)]
    backpropagation().set(rate=10.0)
    for old, new in zip(before, (*KERNELS, *BIASES), strict=True):
        assert_array_equal(old, new)
    assert_array_equal(small_network().get_weights()[0], KERNELS[0])


# Numbers as they are written.


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.1 + 0.2, 1, "0.3"),
        (-0.664, 2, "−0.66"),
        (0.125, 2, "0.13"),
        (-0.125, 2, "−0.13"),
        (0.815, 2, "0.82"),
        (0.1 * 0.35, 2, "0.04"),
        (-0.004, 2, "0.00"),
        (-0.0, 1, "0.0"),
        (1.1 - 0.6 - 0.5, 3, "0.000"),
        (10.0, 0, "10"),
        (-1.4, 3, "−1.400"),
    ],
)
def test_a_number_as_it_is_written(value, digits, text):
    assert written(value, digits) == text
    assert written(value, digits, brackets=True) == (f"({text})" if text.startswith("−") else text)


def test_digits_are_added_until_the_calculation_holds():
    assert enough_digits(3, lambda digits: digits >= 5) == 5
    assert enough_digits(3, lambda digits: True) == 3
    assert enough_digits(3, lambda digits: False) == 9


def test_names_are_listed():
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


# The forward pass.


@pytest.mark.parametrize(("x", "activation"), [*product(EXAMPLES, HIDDEN)], ids=str)
def test_sums_and_outputs_are_those_of_plain_loops(x, activation):
    sums, outputs = answers(*x, activation)
    for node in NEURONS:
        numbers = forward_pass().set(x1=x[0], x2=x[1], activation=activation, node=node, change=0.0).numbers
        assert_allclose(numbers["outputs"], [outputs[name] for name in NODES], rtol=1e-12)
        assert_allclose(numbers["sums"], [sums[name] for name in NEURONS], rtol=1e-12, atol=1e-15)
        assert_allclose((numbers["z"], numbers["output"]), (sums[node], outputs[node]), rtol=1e-12, atol=1e-15)
        assert numbers["p"] == numbers["outputs"][-1] and len(numbers["moved"]) == 0
        assert_array_equal(numbers["before"], numbers["outputs"])
        assert [NODES[k] for k in numbers["starts"]] == [start for start, end in LINKS if end == node]
        assert [LINKS[k][1] for k in np.flatnonzero(numbers["into"])] == [node] * len(numbers["starts"])


@pytest.mark.parametrize("node", NEURONS)
def test_a_change_of_the_bias_moves_this_neuron_and_what_comes_after_it(node):
    later = [name for name in NODES if any(name in layer for layer in LAYERS[1 + layer_of(node) :])]
    for activation, change in (("tanh", 0.7), ("linear", -2.0), ("sigmoid", 1.5)):
        numbers = forward_pass().set(x1=0.3, x2=0.4, node=node, activation=activation, change=change).numbers
        _, outputs = answers(0.3, 0.4, activation, biases={node: all_weights()[1][node] + change})
        assert_allclose(numbers["outputs"], [outputs[name] for name in NODES], rtol=1e-12)
        assert_allclose(numbers["bias"], all_weights()[1][node] + change)
        changed = [name for name, old, new in zip(NODES, numbers["before"], numbers["outputs"], strict=True) if old != new]
        assert changed == [node, *later]
        seen = [NODES[k] for k in numbers["moved"]]
        assert seen == [name for name in changed if f"{outputs[name]:.2f}" != f"{answers(0.3, 0.4, activation)[1][name]:.2f}"]
        sentence = forward_pass().description
        assert f"is now {written(numbers['bias'], 1)}." in sentence
        assert f"this changes {listed(['the output' if each == 'output' else each for each in seen])}, and" in sentence


def layer_of(node):
    return next(place for place, layer in enumerate(LAYERS) if node in layer)


def test_only_a_change_that_shows_is_spoken_of():
    numbers = forward_pass().set(x1=-2.0, x2=-2.0, activation="tanh", node="h3", change=0.1).numbers
    assert numbers["before"][-1] != numbers["outputs"][-1] and [NODES[k] for k in numbers["moved"]] == ["h3", "g1", "g2"]
    assert "As far as 2 digits show, this changes h3, g1 and g2, and nothing else." in forward_pass().description


def test_no_change_is_not_spoken_of():
    assert "bias of" not in forward_pass().reset().description
    silent = forward_pass().set(x1=-2.0, x2=2.0, activation="relu", node="h1", change=-1.0)
    assert "no output changes" in silent.description and len(silent.numbers["moved"]) == 0


@pytest.mark.parametrize("part", range(4))
def test_the_sum_comes_out_as_it_is_written(part):
    """A learner with pencil and paper gets every number that is shown from the others that are shown."""
    for settings in settings_by_chance(forward_pass(), 60, seed=part):
        explorer = forward_pass().set(**settings)
        numbers, sentence = explorer.numbers, explorer.describe(explorer.numbers)
        (formula,), (last,) = code(sentence, 1), code(sentence, 2)
        left, total = formula.removeprefix("z = ").rsplit(" = ", 1)
        assert evaluated(left) == number(total), settings
        function, argument, output = re.fullmatch(r"output = (\w+)\((.*)\) = (.*)", last).groups()
        assert argument == total and function == numbers["function"]
        by_hand = Decimal(f"{FUNCTIONS[function](float(number(argument))):.12f}")
        assert rounded(by_hand, 2) == number(output), settings
        assert output == written(numbers["output"], 2)
        # The table says the same as the sentence, and both mean the numbers that the network has.
        weights, digits = numbers["weights"][numbers["into"]], numbers["digits"]
        products = [number(written(each, digits + 1)) for each in numbers["products"]]
        factors = [number(written(w, 1)) * number(written(n, digits)) for w, n in zip(weights, numbers["shown"], strict=True)]
        assert products == factors and sum(products) + number(written(numbers["bias"], 1)) == number(total)
        assert_allclose(numbers["shown"], numbers["outputs"][numbers["starts"]], atol=0.5001 * 10.0**-digits)
        assert abs(numbers["shown_z"] - numbers["z"]) <= 0.5001 * 10.0**-digits * np.abs(weights).sum()
        assert digits == 1 if settings["node"] in LAYERS[1] else digits >= 3


def test_a_sum_gets_more_digits_where_three_would_mislead():
    settings = {"x1": -2.0, "x2": -1.7, "node": "g1", "activation": "tanh", "change": 0.0}
    numbers = forward_pass().set(**settings).numbers
    with_three = np.round(numbers["outputs"][numbers["starts"]], 3) @ numbers["weights"][numbers["into"]] + numbers["bias"]
    assert written(np.tanh(with_three), 2) != written(numbers["output"], 2) == written(np.tanh(numbers["shown_z"]), 2)
    assert numbers["digits"] == 4


def test_the_sentence_at_the_start_is_a_sum_of_three():
    lines = forward_pass().reset().description.split("\n")
    assert lines[0].startswith("g1 reads h1, h2 and h3 (their outputs, rounded to 3 digits)")
    assert lines[1] == "z = 1.4·0.716 + (−0.6)·(−0.664) + (−0.7)·0.336 + (−0.2) = 0.9656"
    assert lines[2].startswith("output = tanh(0.9656) = 0.75: tanh makes")
    assert lines[3].startswith("The network answers p = 0.27") and "27 %" in lines[3]
    assert forward_pass().set(node="output").description.startswith("The output reads g1 and g2")
    assert forward_pass().set(node="h2").description.startswith("h2 reads x1 and x2: each")


# The backward pass.


@pytest.mark.parametrize(("x", "target"), [*product(EXAMPLES, (0, 1))], ids=str)
def test_every_gradient_is_the_finite_difference(x, target):
    kernel, bias = all_weights()
    numbers = backpropagation().set(x1=x[0], x2=x[1], target=target, rate=0.3).numbers
    for link, gradient in zip(LINKS, numbers["gradients"], strict=True):
        by_hand = slope(lambda w, link=link: loss_of(*x, target, weights={link: w}), kernel[link])
        assert_allclose(gradient, by_hand, rtol=1e-6, atol=1e-9)
    for name, gradient in zip(NEURONS, numbers["of_sums"], strict=True):
        by_hand = slope(lambda b, name=name: loss_of(*x, target, biases={name: b}), bias[name])
        assert_allclose(gradient, by_hand, rtol=1e-6, atol=1e-9)
    assert_allclose(numbers["loss"], loss_of(*x, target), rtol=1e-12)
    assert_allclose(numbers["p"], answers(*x)[1]["output"], rtol=1e-12)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_the_chain_rule_gives_the_gradient_of_backward(weight):
    start, end = LINKS[WEIGHTS.index(weight)]
    for x, target in product(EXAMPLES, (0, 1)):
        numbers = backpropagation().set(x1=x[0], x2=x[1], target=target, weight=weight).numbers
        link, values = numbers["link"], numbers["values"]
        assert LINKS[link] == (start, end)
        assert_allclose(values.prod(axis=0).sum(), numbers["gradients"][link], rtol=1e-10, atol=1e-15)
        assert_allclose(numbers["nudged"], numbers["gradients"][link], rtol=1e-4, atol=1e-5)
        assert len(values) == {1: 7, 2: 5, 3: 3}[layer_of(end)] == len(numbers["symbols"]) == len(numbers["words"])
        assert numbers["ways"] == {1: ("g1", "g2"), 2: (end,), 3: ("output",)}[layer_of(end)]
        # A line's gradient is what goes in at its start times the gradient of the sum at its end.
        of_sum = numbers["of_sums"][NEURONS.index(end)]
        assert_allclose(numbers["outputs"][NODES.index(start)] * of_sum, numbers["gradients"][link], rtol=1e-10, atol=1e-15)


def test_each_factor_is_what_its_words_say():
    sums, outputs = answers(-1.4, 0.6)
    kernel, _ = all_weights()
    arrays = np.array([outputs[name] for name in NODES]), np.array([sums[name] for name in NEURONS])
    ways, factors = chain("x2", "h3", *arrays, 0)
    tanh_slope = {name: slope(math.tanh, sums[name]) for name in ("g1", "g2", "h3")}
    expected = {
        "dL/dp": ("slope of loss", [slope(lambda p: -math.log(1 - p), outputs["output"])] * 2),
        "dp/dz": ("slope of sigmoid", [slope(FUNCTIONS["sigmoid"], sums["output"])] * 2),
        "dz/dg": ("weight g → output", [kernel["g1", "output"], kernel["g2", "output"]]),
        "dg/dz": ("slope of tanh", [tanh_slope["g1"], tanh_slope["g2"]]),
        "dz/dh3": ("weight h3 → g", [kernel["h3", "g1"], kernel["h3", "g2"]]),
        "dh3/dz": ("slope of tanh", [tanh_slope["h3"]] * 2),
        "dz/dw": ("input x2", [0.6, 0.6]),
    }
    assert ways == ("g1", "g2") and [each.symbol for each in factors] == list(expected)
    for factor in factors:
        words, values = expected[factor.symbol]
        assert factor.words == words
        assert_allclose(factor.values, values, rtol=1e-6)
        assert factor.exact == ("weight" in words or "input" in words)
    shorter = chain("h1", "g2", *arrays, 1)[1]
    assert [each.symbol for each in shorter] == ["dL/dp", "dp/dz", "dz/dg2", "dg2/dz", "dz/dw"]
    assert shorter[2].words == "weight g2 → output" and shorter[-1].words == "output of h1" and not shorter[-1].exact
    assert_allclose(shorter[0].values, -1 / outputs["output"])


@pytest.mark.parametrize("part", range(4))
def test_every_calculation_comes_out_as_it_is_written(part):
    for settings in settings_by_chance(backpropagation(), 60, seed=100 + part):
        explorer = backpropagation().set(**settings)
        numbers, sentence = explorer.numbers, explorer.describe(explorer.numbers)
        gradient = written(numbers["gradients"][numbers["link"]], 3)
        two = settings["weight"].startswith("w(x")
        ways = [code(sentence, line)[0] for line in ((1, 2) if two else (1,))]
        if two:
            products = []
            for way in ways:
                factors, shown = way.split(" = ")
                products.append(number(shown))
                assert len(factors.split("·")) == 7 and rounded(evaluated(factors), digits_of(shown)) == number(shown), way
            both, total = code(sentence, 3)[0].removeprefix("dL/dw = ").split(" = ")
            assert evaluated(both) == sum(products)
        else:
            both, total = ways[0].removeprefix("dL/dw = ").split(" = ")
        assert rounded(evaluated(both), 3) == number(total) and total == gradient, settings
        check_loss(numbers, sentence)
        check_nudge(numbers, code(sentence, -3)[0])
        check_step(numbers, settings, sentence.split("\n")[-2])


def check_loss(numbers, sentence):
    answer, loss = code(sentence, 0)
    p, shown = number(answer.removeprefix("p = ")), loss.split(" = ")[-1]
    assert loss.startswith("L = −log(p)" if numbers["target"] else "L = −log(1 − p)")
    assert rounded(-(p if numbers["target"] else 1 - p).ln(), 4) == number(shown)
    assert shown == written(numbers["loss"], 4)


def check_nudge(numbers, formula):
    up, down, below, nudged = re.fullmatch(r"\((.*) − (.*)\) / (.*) = (.*)", formula).groups()
    assert rounded((number(up) - number(down)) / number(below), 3) == number(nudged)
    assert nudged == written(numbers["nudged"], 3)


def check_step(numbers, settings, line):
    old, rate, gradient, new = re.search(r"`(.*) − (.*)·(.*) = (.*)`", line).groups()
    assert rounded(number(old) - number(rate) * number(gradient), 3) == number(new)
    assert new == written(numbers["after"][numbers["link"]], 3) and float(rate) == settings["rate"]
    change = numbers["after"][numbers["link"]] - numbers["weights"][numbers["link"]]
    assert ("makes w larger" in line, "makes w smaller" in line, "w stays" in line) == (change > 0, change < 0, change == 0)


@pytest.mark.parametrize("rate", RATES)
def test_the_step_moves_every_weight_and_bias_against_its_gradient(rate):
    kernel, bias = all_weights()
    for x, target in product(EXAMPLES, (0, 1)):
        numbers = backpropagation().set(x1=x[0], x2=x[1], target=target, rate=rate).numbers
        assert_allclose(numbers["after"], numbers["weights"] - rate * numbers["gradients"], rtol=1e-12)
        weights = dict(zip(LINKS, numbers["after"], strict=True))
        biases = {name: bias[name] - rate * g for name, g in zip(NEURONS, numbers["of_sums"], strict=True)}
        p = answers(*x, weights=weights, biases=biases)[1]["output"]
        assert_allclose(numbers["p_after"], p, rtol=1e-9)
        right = p if target else 1 - p
        if right > 1e-6:  # closer to 0, the loss is cut
            assert_allclose(numbers["loss_after"], -math.log(right), rtol=1e-6)
        assert_array_equal(numbers["weights"], [kernel[link] for link in LINKS])
        if rate <= 1:
            assert numbers["loss_after"] < numbers["loss"]


def test_a_learning_rate_that_is_too_large_is_named():
    small = backpropagation().reset().set(rate=0.3)
    assert small.description.startswith("Target 1, answer p = 0.27018: the loss is L = −log(p) = 1.3087")
    assert [compared(1.0, after) for after in (0.9, 1.0, 1.1)] == ["smaller", "the same", "larger"]
    assert small.description.endswith("The loss goes from 1.3087 to 0.3410: it falls.")
    large = backpropagation().set(x1=0.0, x2=-2.0, rate=10.0)
    assert large.numbers["loss_after"] > large.numbers["loss"]
    assert large.description.endswith("it grows. The gradient is only right nearby, and a learning rate of 10 goes too far.")


def test_an_input_of_zero_is_named():
    zero = backpropagation().reset().set(x1=0.0)
    assert np.all(zero.numbers["gradients"][:3] == 0) and np.all(zero.numbers["gradients"][3:] != 0)
    assert "The gradient is 0, so w stays: −1.4 − 0.3·0.000 = −1.400" in zero.description
    assert zero.description.endswith("But x1 is 0, so its weights have no part in the answer: gradient 0, no move.")


def test_a_move_too_small_to_show_is_named():
    hardly = backpropagation().reset().set(x1=-2.0, rate=0.01)
    assert "makes w smaller, by less than 3 digits show: −1.4 − 0.01·0.001 = −1.400." in hardly.description


@pytest.mark.parametrize(
    ("weight", "lines"),
    [
        ("w(x1→h2)", "x1→h2 h2→g1 h2→g2 g1→output g2→output"),
        ("w(x2→h3)", "x2→h3 h3→g1 h3→g2 g1→output g2→output"),
        ("w(h3→g1)", "h3→g1 g1→output"),
        ("w(h1→g2)", "h1→g2 g2→output"),
        ("w(g2→output)", "g2→output"),
    ],
)
def test_the_lines_on_the_way_lead_from_the_weight_to_the_output(weight, lines):
    follows = on_the_way(WEIGHTS.index(weight))
    assert [f"{start}→{end}" for (start, end), on in zip(LINKS, follows, strict=True) if on] == lines.split()


# The pictures.


def strong_lines(network):
    """Return the lines that stand out: how many above 0, how many below."""
    return [len(lines.get_paths()) for lines in (network.strong._above, network.strong._below)]


def test_the_lines_into_the_picked_neuron_stand_out():
    explorer = forward_pass().reset()
    assert strong_lines(explorer.network) == [1, 2]  # into g1: 1.4, -0.6, -0.7
    widths = [lines.get_linewidths() for lines in (explorer.network.strong._above, explorer.network.strong._below)]
    assert_allclose(np.concatenate(widths), [6, 6 * 0.6 / 1.4, 6 * 0.7 / 1.4])
    thick = explorer.network.circles.get_linewidths()
    assert [NODES[k] for k in np.flatnonzero(thick == max(thick))] == ["g1"]
    assert strong_lines(explorer.set(node="h1").network) == [1, 1]


def test_the_lines_show_what_is_chosen():
    explorer = backpropagation().reset().set(weight="w(h1→g1)")  # gradients 0.208 and -0.545; weights 1.4 and -0.9
    widths = {}
    for show in (GRADIENTS, NOW, AFTER):
        network = explorer.set(show=show).network
        assert strong_lines(network) == [1, 1]
        widths[show] = [lines.get_linewidths()[0] for lines in (network.strong._above, network.strong._below)]
    gradients = explorer.numbers["gradients"][on_the_way(explorer.numbers["link"])]
    after = explorer.numbers["after"][on_the_way(explorer.numbers["link"])]
    assert_allclose(widths[GRADIENTS], 6 * np.abs(gradients))
    assert_allclose(widths[NOW], [6, 6 * 0.9 / 1.4])
    assert_allclose(widths[AFTER], 6 * np.abs(after) / 1.4)


@pytest.fixture
def texts(monkeypatch):
    """Return a list that fills with all (text, x, y) that are written from now on."""
    found, write = [], Lettering.write

    def noted(self, texts, places, *others, **options):
        texts, places = list(texts), list(places)
        found.extend((text, round(float(x)), round(float(y))) for text, (x, y) in zip(texts, places, strict=True))
        write(self, texts, places, *others, **options)

    monkeypatch.setattr(Lettering, "write", noted)
    return found


def test_each_number_stands_at_its_node_and_at_its_line(texts):
    explorer = backpropagation().set(x1=-1.4, x2=0.6, target=0, weight="w(x2→h1)", rate=0.3, show=GRADIENTS)
    numbers, network = explorer.numbers, explorer.network
    _, outputs = answers(-1.4, 0.6)
    for name, (x, y) in network.places.items():
        assert (f"{outputs[name]:.{1 if name in LAYERS[0] else 2}f}".replace("-", "−"), x, y) in texts
    for name, gradient in zip(NEURONS, numbers["of_sums"], strict=True):
        x, y = network.places[name]
        assert [text for text, left, low in texts if left == x and 30 < y - low < 50] == [f"dL/dz {written(gradient, 3)}"]
    for place in np.flatnonzero(on_the_way(numbers["link"])):
        middle = (network.places[LINKS[place][0]] + network.places[LINKS[place][1]]) / 2
        assert (written(numbers["gradients"][place], 3), *map(round, map(float, middle))) in texts
    shown = [text for text, _, _ in texts]
    assert f"p = {written(numbers['p'], 3)}" in shown and f"p = {written(numbers['p_after'], 3)}" in shown
    assert f"loss {written(numbers['loss_after'], 4)} (smaller)" in shown and "\N{BLACK DOWN-POINTING TRIANGLE} target" in shown


def test_each_row_of_the_table_speaks_of_one_thing(texts):
    def row(word):
        y = next(y for text, x, y in texts if text == word and x in (640, 614))
        return [text for text, x, low in sorted(texts, key=lambda each: each[1]) if low == y and x >= 614]

    forward_pass().reset()
    texts.clear()
    forward_pass().set(change=0.5)
    assert row("h2") == ["h2", "−0.6", "\N{MULTIPLICATION SIGN}", "−0.664", "=", "0.3984"]
    assert row("bias") == ["bias", "0.3000"] and row("sum z") == ["sum z", "1.4656"] and row("tanh(z)") == ["tanh(z)", "0.90"]
    assert {"bias 0.3", "was 0.75", "was 0.27"} < {text for text, _, _ in texts}
    texts.clear()
    backpropagation().reset()
    texts.clear()
    backpropagation().set(weight="w(x2→h2)")
    assert row("dz/dg") == ["dz/dg", "weight g → output", "−0.9", "−1.3"]
    assert row("dz/dw") == ["dz/dw", "input x2", "−0.5", "−0.5"]
    assert row("product") == ["product", "0.0487", "0.0797"]
    assert row("sum: dL/dw") == ["sum: dL/dw", "0.128"] and row("by nudging w") == ["by nudging w", "0.128"]
    assert [text for text, _, y in texts if y == 419] == ["via g1", "via g2"]
    texts.clear()
    backpropagation().set(weight="w(g1→output)")
    assert row("product: dL/dw") == ["product: dL/dw", "−0.545"] and "via output" not in [text for text, _, _ in texts]


def test_a_line_of_zero_is_still_there():
    zeros = backpropagation().reset().network.zeros
    assert len(zeros.get_xdata()) == 0
    backpropagation().set(x2=0.0)
    assert np.isnan(zeros.get_xdata()).sum() == 3  # a gap behind each of the three lines from x2


def test_the_points_on_the_answer_line_stand_at_the_probabilities():
    explorer = backpropagation().reset()
    for point, p in ((explorer.answer.before, explorer.numbers["p"]), (explorer.answer.now, explorer.numbers["p_after"])):
        assert_allclose(point.get_xdata(), [622 + p * (938 - 622)])
    explorer = forward_pass().reset().set(change=-2.0)
    for point, p in ((explorer.answer.before, explorer.numbers["before"][-1]), (explorer.answer.now, explorer.numbers["p"])):
        assert_allclose(point.get_xdata(), [654 + p * (926 - 654)])


@pytest.mark.parametrize("opened", [forward_pass, backpropagation])
def test_no_text_leaves_the_picture_and_the_sentence_keeps_to_its_lines(opened):
    explorer = opened()
    texts = [artist for artist in explorer._moving if hasattr(artist, "_ink")]
    assert len(texts) > 8
    for settings in settings_by_chance(explorer, 40, seed=9):
        explorer.set(**settings)
        places = np.concatenate([text._ink.get_offsets() for text in texts])
        assert np.all(places >= (5, 2)) and np.all(places <= np.array(explorer.size) - (10, 12)), settings
        assert len(explorer.description.split("\n")) <= explorer.lines
        assert max(map(len, explorer.description.split("\n"))) <= 130
