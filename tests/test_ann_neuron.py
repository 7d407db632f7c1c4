"""The explorers of one neuron and of the activations: sums that a learner can check by hand, the line, slopes, saturation."""

import io
import math
import re
from decimal import Decimal

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from helpers.explorers.ann import NEURON_ACTIVATIONS
from helpers.explorers.ann_neuron import (
    ALONG,
    CORNER,
    FLAT,
    HEIGHT,
    OUTPUT,
    PANELS,
    PLACES,
    SHADE,
    SIDE,
    bracketed,
    equals,
    explore_activations,
    explore_neuron,
    flat_parts,
    precise,
    rough,
    shown_as,
    zero_line,
)

FORMULAS = {  # z, shape -> output, written once more with other means
    "linear": lambda z, shape: z,
    "sigmoid": lambda z, shape: 1 / (1 + math.exp(-z)),
    "tanh": lambda z, shape: (math.exp(z) - math.exp(-z)) / (math.exp(z) + math.exp(-z)),
    "relu": lambda z, shape: z if z > 0 else 0.0,
    "leaky_relu": lambda z, shape: z if z > 0 else shape * z,
    "elu": lambda z, shape: z if z > 0 else shape * (math.exp(z) - 1),
}
SHAPES = {"leaky_relu": ("negative_slope", 0.2), "elu": ("alpha", 1.0)}  # the control, and where it starts


@pytest.fixture(scope="module")
def opened():
    return {"neuron": explore_neuron(), "activations": explore_activations()}


@pytest.fixture
def neuron(opened):
    return opened["neuron"].reset()


@pytest.fixture
def activations(opened):
    return opened["activations"].reset()


def chance(rng):
    """Return a neuron by chance, as the sliders give it: steps of 0.1 from -3 to 3."""
    names = ("x1", "x2", "w1", "w2", "bias")
    values = dict(zip(names, (rng.integers(-30, 31, 5) / 10).tolist(), strict=True))
    return {**values, "activation": str(rng.choice(NEURON_ACTIVATIONS))}


def worked_out(expression):
    """Return what an expression of the sentence is, in decimal fractions, so that nothing is rounded."""
    text = expression.replace("\N{MINUS SIGN}", "-").replace("\N{MIDDLE DOT}", "*")
    return eval(re.sub(r"[\d.]+", lambda found: f"Decimal('{found[0]}')", text), {"Decimal": Decimal})


def pixels(explorer):
    with Image.open(io.BytesIO(explorer.png)) as image:
        return np.array(image.convert("RGB"), int)


# One neuron.


def test_the_sum_in_the_sentence_adds_up_to_the_shown_digit(neuron):
    rng = np.random.default_rng(0)
    for _ in range(60):
        neuron.set(**chance(rng))
        first_line = neuron.description.split("\n")[0]
        _, _, factors, products, z = first_line.split(" = ")
        assert worked_out(factors) == worked_out(products) == worked_out(z), first_line
        assert float(worked_out(z)) == neuron.numbers["z"]
        factor_terms = [worked_out(term) for term in factors.split(" + ")]
        assert factor_terms == [worked_out(term) for term in products.split(" + ")], first_line
        assert [float(term) for term in factor_terms[:2]] == neuron.numbers["products"].tolist(), "0.1 * 3 is 0.3"


def test_sum_and_output(neuron):
    rng = np.random.default_rng(1)
    for _ in range(30):
        values = chance(rng)
        numbers = neuron.set(**values).numbers
        z = values["w1"] * values["x1"] + values["w2"] * values["x2"] + values["bias"]
        assert_allclose(numbers["z"], z, atol=1e-12)
        shape = SHAPES.get(values["activation"], (None, None))[1]
        assert_allclose(numbers["output"], FORMULAS[values["activation"]](z, shape), atol=1e-12)


def test_the_output_in_the_sentence(neuron):
    assert "output = tanh(\N{MINUS SIGN}1.00) ≈ \N{MINUS SIGN}0.762:" in neuron.description
    assert "output = leaky_relu(\N{MINUS SIGN}1.00) = \N{MINUS SIGN}0.20:" in neuron.set(activation="leaky_relu").description
    # 1 is never reached, and the sentence does not say that it is.
    assert "output = sigmoid(7.00) ≈ 0.999:" in neuron.set(x2=-3, activation="sigmoid").description


def test_the_plane_shows_what_the_neuron_answers_there(neuron):
    rng = np.random.default_rng(2)
    for activation in NEURON_ACTIVATIONS:
        surface = neuron.set(**{**chance(rng), "activation": activation}).numbers["surface"].copy()
        assert surface.shape == (PLACES, PLACES)
        for row, column in [(0, 0), (0, PLACES - 1), (PLACES - 1, 0), *rng.integers(0, PLACES, (4, 2)).tolist()]:
            x1, x2 = (column + 0.5) * 6 / PLACES - 3, 3 - (row + 0.5) * 6 / PLACES
            assert_allclose(neuron.set(x1=x1, x2=x2).numbers["output"], surface[row, column], atol=1e-8)


def test_on_the_line_the_sum_is_zero_and_its_middle_is_nearest_to_zero():
    rng = np.random.default_rng(3)
    for _ in range(50):
        weights, bias = rng.uniform(-3, 3, 2), rng.uniform(-3, 3)
        points = zero_line(weights, bias)
        if not len(points):
            continue
        assert_allclose(points @ weights + bias, 0, atol=1e-9)
        middle, along = points.mean(axis=0), points[0] - points[1]
        assert_allclose([middle @ along, along @ weights], 0, atol=1e-9)
        assert (np.abs(points) >= 3).any(axis=1).all(), "ends within the plane"


def test_there_is_a_line_exactly_where_the_sum_changes_its_sign_in_the_plane():
    corners = np.array([(x, y) for x in (-3, 3) for y in (-3, 3)])
    rng = np.random.default_rng(4)
    seen = []
    for weights in rng.integers(-30, 31, (300, 2)) / np.array([100, 50]):
        bias = rng.integers(-30, 31) / 10
        z = (corners @ weights + bias).round(9)
        assert (len(zero_line(weights, bias)) > 0) == bool(weights.any() and z.min() <= 0 <= z.max())
        seen.append(len(zero_line(weights, bias)))
    assert 50 < np.count_nonzero(seen) < 250
    assert zero_line(np.array([0.5, 0.5]), 3.0).shape == (2, 2), "through one corner"
    assert zero_line(np.array([0.5, 0.5]), 3.1).shape == (0, 2)


def test_a_step_along_the_arrow_adds_what_the_sentence_says(neuron):
    numbers = neuron.numbers
    x1, x2 = numbers["inputs"] + numbers["direction"]
    assert_allclose(np.hypot(*numbers["direction"]), 1)
    assert_allclose(neuron.set(x1=x1, x2=x2).numbers["z"] - numbers["z"], math.sqrt(5), atol=1e-8)
    assert "adds √(1.0² + (\N{MINUS SIGN}2.0)²) ≈ 2.24 to z" in neuron.description
    assert "adds √(3.0² + 0.0²) = 3.00 to z" in neuron.set(w1=3, w2=0).description


def test_without_weights_there_is_no_line_and_the_sentence_says_so(neuron):
    neuron.set(w1=0, w2=0, bias=-0.7, activation="sigmoid")
    assert neuron.problem is None
    assert "There is no line and no arrow" in neuron.description
    assert "z = b = \N{MINUS SIGN}0.7 everywhere" in neuron.description
    assert neuron.numbers["line"].shape == (0, 2)
    assert not neuron.numbers["direction"].any()
    assert np.ptp(neuron.numbers["surface"]) == 0


@pytest.mark.parametrize(("bias", "side", "closest"), [(2.5, "above", "1.0"), (-2.5, "below", "\N{MINUS SIGN}1.0")])
def test_a_line_outside_the_plane(neuron, bias, side, closest):
    neuron.set(w1=0.2, w2=0.3, bias=bias)
    assert f"z is {side} 0 everywhere in this plane (nowhere closer to 0 than {closest})" in neuron.description
    assert "outside the picture" in neuron.description


def test_the_colours_reach_as_far_as_the_outputs(neuron):
    rng = np.random.default_rng(5)
    for _ in range(60):
        numbers = neuron.set(**chance(rng)).numbers
        low, high = numbers["scale"]
        assert low <= numbers["surface"].min() and numbers["surface"].max() <= high
        assert low <= numbers["output"] <= high
        if numbers["activation"] == "sigmoid":
            assert (low, high) == (0, 1)
        else:
            assert low == -high, "white is 0"
        if numbers["activation"] not in ("sigmoid", "tanh"):
            largest = np.abs(numbers["surface"]).max()
            assert high <= max(2.1 * largest, 1) and len(f"{high:.3g}") <= 3, "few digits, and not far above the largest"


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "linear", "leaky_relu"])
def test_the_plane_is_red_on_the_side_of_the_arrow_and_blue_on_the_other(neuron, activation):
    image = pixels(neuron.set(w1=2, w2=-1, bias=1, activation=activation))
    for x1, x2 in [(2.4, -2.3), (-2.5, 2.6), (1.5, 2.5), (-2.5, -2.5), (-1.5, -2.6), (2.7, 1.5)]:
        column = round(CORNER[0] + (x1 + 3) / 6 * SIDE)
        row = round(len(image) - (CORNER[1] + (x2 + 3) / 6 * SIDE))
        red, _, blue = image[row, column]
        assert (red > blue) == (2 * x1 - x2 + 1 > 0), (x1, x2)


def test_the_line_is_drawn_where_the_sum_is_zero(neuron):
    image = pixels(neuron.set(w1=1, w2=-2, bias=1, x1=-3, x2=-3))
    for x1 in (-2.5, -1.7, 1.2, 2.6):
        column = round(CORNER[0] + (x1 + 3) / 6 * SIDE)
        top = len(image) - CORNER[1] - SIDE
        rows = np.flatnonzero(image[top : top + SIDE, column].max(axis=-1) < 60)
        expected = (3 - (x1 + 1) / 2) / 6 * SIDE
        assert abs(rows.mean() - expected) < 1.5


def test_the_circle_stands_at_the_inputs(neuron):
    before = pixels(neuron)
    after = pixels(neuron.set(x1=-2.0, x2=2.2))
    column = round(CORNER[0] + (-2.0 + 3) / 6 * SIDE)
    row = round(len(after) - (CORNER[1] + (2.2 + 3) / 6 * SIDE))
    assert_array_equal(after[row, column], [255, 255, 255])
    assert (before[row, column] != 255).any()


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "elu"])
def test_the_output_has_the_colour_that_the_plane_has_there(neuron, activation):
    neuron.set(w1=0.6, w2=-0.4, bias=0.2, activation=activation)
    for x1, x2 in [(-2.5, 1.5), (-1.0, -1.5), (2.0, -2.5)]:
        in_node = pixels(neuron.set(x1=x1, x2=x2))[404 - OUTPUT[1] - 20, OUTPUT[0]]
        column, row = round(CORNER[0] + (x1 + 3) / 6 * SIDE), round(404 - (CORNER[1] + (x2 + 3) / 6 * SIDE))
        assert np.abs(pixels(neuron.set(x1=3, x2=3))[row, column] - in_node).max() <= 4
        assert np.ptp(in_node) > 5, "a colour, not grey or white"


def written(monkeypatch, lettering):
    """Return a list that will hold the texts that are written next."""
    texts, write = [], lettering.write
    monkeypatch.setattr(lettering, "write", lambda *given: (texts.clear(), texts.extend(given[0]), write(*given)))
    return texts


def test_the_numbers_in_the_picture_of_the_neuron(neuron, monkeypatch):
    nodes, answer = written(monkeypatch, neuron.numbers_shown), written(monkeypatch, neuron.answer)
    rest = written(monkeypatch, neuron.small)
    neuron.set(x1=0.3, x2=-2, w1=0.1, w2=1.5, bias=-0.4, activation="elu")
    assert nodes == ["0.3", "−2.0", "−3.37"]
    assert answer == ["−0.966"]  # e to the power of -3.37, less 1
    assert rest[:6] == ["w₁ = 0.1", "w₁·x₁ = 0.03", "w₂ = 1.5", "w₂·x₂ = −3.00", "b = −0.4", "elu"]
    assert rest[6:9] == ["4.4", "0", "−4.4"], "the colours: 3 * 0.1 + 3 * 1.5 - 0.4 is the largest output"
    neuron.set(activation="sigmoid")
    assert rest[6:9] == ["1", "0.5", "0"]
    neuron.set(x1=0)
    assert nodes == ["0.0", "−2.0", "−3.40"]


def test_an_edge_is_red_above_0_blue_below_and_gone_at_0(neuron):
    place = slice(100, 125), slice(75, 110)  # between the first input and its weight

    def coloured(w1):
        red, _, blue = np.moveaxis(pixels(neuron.set(w1=w1))[place], -1, 0)
        return np.count_nonzero(red > blue + 40), np.count_nonzero(blue > red + 40)

    thick, thin, none, below = (coloured(w1) for w1 in (3, 0.5, 0, -3))
    assert thick[0] > 2 * thin[0] > 0 and thick[1] == thin[1] == 0
    assert none == (0, 0)
    assert below[1] > 0 and below[0] == 0
    beside_large = coloured(1)
    neuron.set(w2=0.1, bias=0.1)
    assert coloured(1) == beside_large, "as thick, whatever the other weights are"


def test_the_arrow_goes_from_the_middle_to_where_the_sum_grows(neuron):
    neuron.set(w1=-1.2, w2=0.5, bias=2)
    start, tip = neuron.arrow.get_xydata()[:2]
    assert_array_equal(start, [0, 0])
    assert_allclose(tip, np.array([-1.2, 0.5]) / 1.3)
    nearest, middle = neuron.guide.get_xydata()
    assert_array_equal(middle, [0, 0])
    assert_allclose(nearest @ [-1.2, 0.5] + 2, 0, atol=1e-9)
    neuron.set(w1=0, w2=0)
    assert len(neuron.arrow.get_xydata()) == len(neuron.guide.get_xydata()) == len(neuron.line.get_xydata()) == 0


@pytest.mark.parametrize("activation", NEURON_ACTIVATIONS)
def test_the_point_stands_on_the_little_curve_however_large_the_sum_is(neuron, activation):
    neuron.set(w1=3, w2=3, bias=3, activation=activation)
    for x in (-3, -1.3, -0.5, 0.2, 3):
        z = neuron.set(x1=x, x2=x).numbers["z"]
        ((across, up),) = neuron.point.get_xydata()
        assert -1 <= across <= 1
        ends = [float(text.replace("\N{MINUS SIGN}", "-")) for text in neuron.ends]
        assert_allclose(across, z / ends[2])
        assert ends[:2] == [-ends[2], 0]
        assert_allclose(up, np.interp(across, *neuron.curve.get_data()), atol=0.02)
        bottom, top = neuron.curve.get_ydata()[[0, -1]]
        assert 0 <= bottom < top <= 1, "the curve stays in its box"


# Activation functions.


@pytest.mark.parametrize("name", NEURON_ACTIVATIONS)
@pytest.mark.parametrize("compared", [False, True])
def test_outputs_and_slopes(activations, name, compared):
    control, start = SHAPES.get(name, (None, None))
    part = "other_" if compared else ""
    for z in (-6, -2.3, -0.4, 0.7, 4.9):
        for shape in {start, 0.35 if control else None}:
            asked = {"compare" if compared else "activation": name, "z": z}
            numbers = activations.reset().set(**asked, **({control: shape} if control else {})).numbers
            assert_allclose(numbers[f"{part}output"], FORMULAS[name](z, shape), atol=1e-12)
            step = 1e-5
            slope = (FORMULAS[name](z + step, shape) - FORMULAS[name](z - step, shape)) / (2 * step)
            assert_allclose(numbers[f"{part}slope"], slope, atol=1e-8)
            here = np.flatnonzero(np.isclose(ALONG, z))[0]
            assert_allclose(numbers[f"{part}outputs"][here], numbers[f"{part}output"])
            assert_allclose(numbers[f"{part}slopes"][here], numbers[f"{part}slope"])


def test_what_is_left_is_the_slope_once_more_for_each_layer(activations):
    numbers = activations.set(activation="tanh", compare="leaky_relu", z=-0.8, layers=7).numbers
    for part in ("", "other_"):
        left, expected = 1.0, []
        for _ in range(7):
            left *= numbers[f"{part}slope"]
            expected.append(left)
        assert_allclose(numbers[f"{part}left"], expected)


@pytest.mark.parametrize("name", NEURON_ACTIVATIONS)
def test_a_learner_can_check_the_numbers_of_the_sentence(activations, name):
    for z in range(-60, 61, 3):
        activations.set(activation=name, z=z / 10, layers=4, alpha=0.85)
        text, slope = activations.description, activations.numbers["slope"]
        factors, change = re.search(r"by about (0\.1·[\d.]+) = ([\d.]+)\.", text).groups()
        assert worked_out(factors) == Decimal(change)
        steep = float(factors.removeprefix("0.1·"))
        assert steep == pytest.approx(slope, rel=6e-4)
        product = re.search(r"= ([\d.]+·[\d.]+|1 − \S+²) (≈|=) ([\d.]+)\.", text)
        assert bool(product) == (name in ("sigmoid", "tanh"))
        if product:
            work = re.sub(r"(\(−[\d.]+\)|[\d.]+)²", r"\1*\1", product[1])
            allowed = 2e-3 if product[2] == "≈" else 0
            assert float(worked_out(work)) == pytest.approx(float(product[3]), rel=allowed), text
        shown = re.search(r"slope: ([\d.]+)⁴ (=|≈|<) ([\d.]+) of it", text)
        assert float(shown[1]) == steep
        if shown[2] == "<":
            assert 0 < slope**4 < 1e-6 and shown[3] == "0.000001"
        else:
            assert steep**4 == pytest.approx(float(shown[3]), rel=0.06 if shown[2] == "≈" else 1e-9)


def test_the_grey_parts_are_where_the_slope_is_small(activations):
    for name, count in {"linear": 0, "sigmoid": 2, "tanh": 2, "relu": 1, "leaky_relu": 0, "elu": 1}.items():
        numbers = activations.set(activation=name).numbers
        assert len(numbers["flat"]) == count, name
        inside = np.zeros(len(ALONG), bool)
        for start, end in numbers["flat"]:
            inside |= (start <= ALONG) & (end >= ALONG)
        assert_array_equal(inside, numbers["slopes"] < FLAT)
    # Where e^z is a tenth.
    assert_allclose(activations.set(activation="elu").numbers["flat"], [[-6, math.log(0.1)]], atol=0.01)
    assert "from z = −2.31 downwards (grey)" in activations.description
    assert "leaky_relu is saturated nowhere" in activations.set(activation="leaky_relu", negative_slope=0.1).description
    assert "from z = 0.0 downwards (grey)" in activations.set(negative_slope=0.05).description
    assert flat_parts(np.ones(len(ALONG))).shape == (0, 2)


@pytest.mark.parametrize("name", NEURON_ACTIVATIONS)
def test_grey_is_drawn_only_where_the_slope_is_small(activations, name):
    image = pixels(activations.set(activation=name))
    slopes = activations.numbers["slopes"]
    for left, width in PANELS[:2]:
        for z in np.arange(-5.7, 6, 0.6):
            if abs(z - 1) > 0.6:  # not where the point and its line stand
                row = 180 if left == PANELS[1][0] or z < 1 else 300
                colour = image[row, round(left + width * (z + 6) / 12)].tolist()
                grey = slopes[np.abs(ALONG - z).argmin()] < FLAT
                expected = [int(SHADE[1:3], 16) if grey else 255] * 3
                assert colour == expected or is_on_a_curve(colour), (left, z)


def is_on_a_curve(colour):
    return max(colour) - min(colour) > 30


def test_the_curves_are_those_of_the_numbers_and_break_where_they_jump(activations):
    for name, jumps in {"sigmoid": 0, "tanh": 0, "relu": 1, "leaky_relu": 1, "elu": 0, "linear": 0}.items():
        for part, curves in (("", "curves"), ("other_", "other_curves")):
            numbers = activations.set(activation=name, compare=name).numbers
            outputs, slopes = (curve.get_xydata() for curve in getattr(activations, curves))
            assert_array_equal(outputs[:, 0], ALONG)
            assert_allclose(outputs[:, 1] * (1 if name in ("sigmoid", "tanh") else 6), numbers[f"{part}outputs"], atol=1e-12)
            gaps = np.isnan(slopes[:, 1])
            assert gaps.sum() == jumps, name
            assert_array_equal(slopes[~gaps], np.column_stack([ALONG, numbers[f"{part}slopes"]]))


@pytest.mark.parametrize("name", NEURON_ACTIVATIONS)
def test_the_orange_line_goes_through_the_point_and_is_as_steep_as_the_slope(activations, name):
    for z in (-4, -0.3, 2):
        numbers = activations.set(activation=name, compare="relu", z=z).numbers  # with relu the axis goes from -6 to 6
        ends = activations.tangent.get_xydata() * [1, 6]
        assert_allclose(ends.mean(axis=0), [z, numbers["output"]], atol=1e-12)
        (run, rise) = ends[1] - ends[0]
        assert run > 0
        assert_allclose(rise / run, numbers["slope"], atol=1e-12)
        assert_allclose(np.hypot(run * PANELS[0][1] / 12, rise / 6 * HEIGHT / 2.3), 92)  # pixels, flat or steep
        points = [[each.get_xydata()[0].tolist() for each in group] for group in (activations.points, activations.other_points)]
        assert_allclose(points[0], [[z, numbers["output"] / 6], [z, numbers["slope"]]])
        assert_allclose(points[1], [[z, numbers["other_output"] / 6], [z, numbers["other_slope"]]])


def test_the_numbers_in_the_picture_of_the_activations(activations, monkeypatch):
    texts, names = written(monkeypatch, activations.small), written(monkeypatch, activations.names)
    activations.set(z=-1)
    ticks = ["−1", "−0.5", "0", "0.5", "1"]
    results = ["at z = −1.0: 0.2689", "at z = −1.0: 0.1966", "5 layers: 0.00029"]
    assert texts == [*ticks, *results, "saturated", "saturated"]
    assert names == ["── sigmoid"]
    activations.set(compare="relu", layers=1)
    assert texts[:5] == ["−6", "−3", "0", "3", "6"]
    assert texts[7] == "1 layer: 0.1966"
    assert names == ["── sigmoid", "╌╌ relu"]


def test_the_bars_are_as_high_as_what_is_left(activations):
    numbers = activations.set(activation="tanh", compare="elu", z=-0.4, layers=6).numbers
    for part, bars in (("", activations.bars), ("other_", activations.other_bars)):
        boxes = np.array([path.vertices[:4] for path in bars.get_paths()])
        assert_allclose(boxes[:, :, 1].max(axis=1), numbers[f"{part}left"])
        assert_allclose(boxes[:, :, 1].min(axis=1), 0, atol=1e-12)
        assert_allclose(boxes[:, :, 0].mean(axis=1), np.arange(1, 7))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"activation": "relu", "z": -1}, "Nothing gets through"),
        ({"activation": "sigmoid", "z": 3}, "Saturated: the weights before it learn slowly."),
        ({"activation": "sigmoid", "z": 1}, "The output follows z"),
        ({"activation": "leaky_relu", "negative_slope": 0.1, "z": -1}, "The output follows z"),
        ({"activation": "relu", "z": 0}, "its slope there is that on the left of the corner, 0."),
        ({"activation": "elu", "alpha": 0.5, "z": 0}, "its slope there is that on the left of the corner, 0.5."),
        ({"activation": "elu", "alpha": 1.0, "z": 0}, "its slope there is 1, because z is 0."),
        (
            {"activation": "leaky_relu", "negative_slope": 0.35, "z": -2},
            "else 0.35·z. leaky_relu(−2.0) = −0.70, and its slope there is 0.35",
        ),
        ({"activation": "elu", "alpha": 0.5, "z": -1}, "its slope there is 0.5·e^(−1.0) ≈ 0.1839."),
        ({"activation": "tanh", "z": 0}, "its slope there is 1 − tanh(z)² = 1 − 0.0² = 1."),
        ({"layers": 1}, "1 layer with this slope: 0.1966 of it is left."),
        ({"layers": 10, "z": 6}, "0.002467¹⁰ < 0.000001 of it is left"),
        ({"compare": "relu", "layers": 3}, "With relu at the same z: 1³ = 1."),
    ],
)
def test_the_sentence(activations, values, words):
    assert words in activations.set(**values).description


def test_a_shape_counts_only_for_the_activation_that_has_it(activations):
    for activation, compare, greyed_out in [
        ("sigmoid", "none", {"negative_slope", "alpha"}),
        ("elu", "none", {"negative_slope"}),
        ("tanh", "leaky_relu", {"alpha"}),
        ("leaky_relu", "elu", set()),
    ]:
        activations.set(activation=activation, compare=compare)
        assert {name for name, control in activations.controls.items() if control.disabled} == greyed_out


# Numbers as text.


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [(1, 1, "1.0"), (-0.5, 1, "−0.5"), (0.25, 1, "0.25"), (-1e-12, 2, "0.00"), (-0.0, 1, "0.0"), (1 / 3, 1, "0.333")]
    + [(-0.99996, 2, "−1.000"), (0.1 * 3, 2, "0.30"), (21, 0, "21"), (-0.0001, 1, "0.000")],
)
def test_shown_as(number, digits, text):
    assert shown_as(number, digits) == text
    assert bracketed(number, digits) == (f"({text})" if text.startswith("−") else text)


def test_equals_says_whether_digits_are_left_out():
    assert [equals(number, 3) for number in (0.5, 1 / 3, 1 - 1e-6)] == ["= 0.50", "≈ 0.333", "≈ 1.000"]


def test_precise_and_rough():
    assert [precise(number) for number in (1.0, 0.2, 0.0, 0.196611933, 2.4576e-5)] == ["1", "0.2", "0", "0.1966", "0.00002458"]
    assert [rough(share) for share in (0.0, 1e-9, 0.000294, 1.0)] == ["0", "under 0.000001", "0.00029", "1"]
