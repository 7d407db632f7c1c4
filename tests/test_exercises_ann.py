"""What the general tests of exercises and predictions cannot see: that the references of lesson 01 are true, that attempts as
learners write them get the right sentence and no other, and that the experiments of the predictions could find otherwise."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers.exercises import ann
from helpers.scratch.activations import softmax as scratch_softmax
from helpers.scratch.dense import Dense
from helpers.scratch.sequential import Sequential


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# The references.


@pytest.mark.parametrize("case", ann.one_neuron.cases)
def test_the_neuron_is_a_dense_layer_of_one(case):
    inputs, weights, bias = case
    layer = Dense(1, "sigmoid")
    layer.build((None, len(inputs)), np.random.default_rng(0))
    layer.set_weights([weights[:, None], [bias]])
    assert_allclose(ann.one_neuron.reference(*case), layer.forward(inputs[None])[0, 0], rtol=1e-12)


@pytest.mark.parametrize("case", ann.stable_softmax.cases)
def test_the_softmax_is_that_of_the_network(case):
    shares = ann.stable_softmax.reference(*case)
    assert_allclose(shares, scratch_softmax(case[0]), rtol=1e-12)
    assert_allclose(shares.sum(), 1, rtol=1e-12)


def test_large_scores_are_among_the_cases_and_their_shares_are_those_of_small_ones():
    cases = [list(scores) for (scores,) in ann.stable_softmax.cases]
    for large in ([1000, 1001], [-1000, -999]):
        assert large in cases
        assert_allclose(ann.stable_softmax.reference(np.array(large)), [1 / (1 + np.e), np.e / (1 + np.e)], rtol=1e-12)


def loss(x, w, b, y):
    return (sigmoid(w * x + b) - y) ** 2


def by_nudging(x, w, b, y, h=1e-5):
    return (loss(x, w + h, b, y) - loss(x, w - h, b, y)) / (2 * h)


@pytest.mark.parametrize("case", [*ann.weight_gradient.cases, *np.random.default_rng(1).uniform(-2, 2, (20, 4))])
def test_the_gradient_is_what_a_nudge_of_the_weight_measures(case):
    assert_allclose(ann.weight_gradient.reference(*case), by_nudging(*case), rtol=1e-7, atol=1e-10)


# Right answers, written in other ways.


def with_math_alone(z):
    powers = [math.exp(score - max(z)) for score in z]
    return [power / sum(powers) for power in powers]


def through_the_logarithm(z):
    return np.exp(z - z.max() - np.log(np.exp(z - z.max()).sum()))


@pytest.mark.parametrize(
    "exercise, attempt",
    [
        (ann.one_neuron, lambda x, w, b: sigmoid(sum(each * weight for each, weight in zip(x, w, strict=True)) + b)),
        (ann.one_neuron, lambda x, w, b: (np.tanh((np.dot(w, x) + b) / 2) + 1) / 2),
        (ann.stable_softmax, with_math_alone),
        (ann.stable_softmax, through_the_logarithm),
        (ann.weight_gradient, by_nudging),
        (ann.weight_gradient, lambda x, w, b, y: -2 * x * (y - sigmoid(w * x + b)) / (2 + 2 * np.cosh(w * x + b))),
    ],
)
def test_other_ways_to_write_it_are_right(exercise, attempt):
    assert exercise.judge(attempt).state == "right"


# Wrong answers as learners write them, and the sentence that they get.


def shares(powers):
    return powers / np.sum(powers)


NEURON = [
    (lambda x, w, b: sigmoid(np.sum(x * w)), "You forgot the bias"),
    (lambda x, w, b: np.dot(x, w) + b, "You forgot the activation"),
    (lambda x, w, b: np.sum(x * w), "That is the sum of the products."),
    (lambda x, w, b: 1 / (1 + np.exp(-np.sum(x * w))) + b, "You added the bias after the activation."),
    (lambda x, w, b: sigmoid(np.sum(x) + b), "You forgot the weights"),
    (lambda x, w, b: sigmoid(np.sum(x) + np.sum(w) + b), "You added the weights to the inputs."),
    (lambda x, w, b: sigmoid(np.sum(x * w) + len(x) * b), "You added the bias once for each input."),
    (lambda x, w, b: sigmoid(x * w + b), "You did not add up the products"),
    (lambda x, w, b: 1 / (1 + np.exp(np.sum(x * w) + b)), "The sign in the exponent is wrong"),
    (lambda x, w, b: 1 / (1 + np.exp(-np.sum(x * w) + -b) ** -1), "The sign in the exponent is wrong"),
    (lambda x, w, b: 1 / 1 + np.exp(-(np.sum(x * w) + b)), "Brackets are missing"),
    (lambda x, w, b: np.tanh(np.sum(x * w) + b), "That is tanh"),
]
SOFTMAX = [
    (lambda z: shares(np.exp(z)), "This is right for small scores only."),
    (lambda z: shares(np.exp(z - np.mean(z))), "You took the mean away"),
    (lambda z: shares(np.exp(z - np.min(z))), "You took the smallest score away."),
    (lambda z: shares(np.exp(np.clip(z, -20, 20))), "You cut large scores off."),
    (lambda z: shares(np.exp(np.clip(z, -700, 700))), "You cut large scores off."),
    (lambda z: shares(np.exp(z / np.max(z))), "You divided the scores by the largest one"),
    (lambda z: np.exp(z) / np.max(np.exp(z)), "Your largest share is 1"),
    (lambda z: np.exp(z - np.max(z)) / np.max(np.exp(z - np.max(z))), "Your largest share is 1"),
    (lambda z: np.exp(z - np.max(z)), "Your largest share is 1"),
    (lambda z: np.exp(z), "These are the powers."),
    (lambda z: [math.exp(score) for score in z], "These are the powers."),
    (lambda z: z / np.sum(z), "You left out exp."),
    (lambda z: sigmoid(z), "That is the sigmoid"),
]
GRADIENT = [
    (lambda p, x, w, b, y: (p - y) * p * (1 - p) * x, "You forgot the 2"),
    (lambda p, x, w, b, y: 2 * (p - y) * x, "You forgot the slope of the sigmoid"),
    (lambda p, x, w, b, y: 2 * (p - y) * p * (1 - p), "You forgot x"),
    (lambda p, x, w, b, y: 2 * (y - p) * p * (1 - p) * x, "The sign is turned"),
    (lambda p, x, w, b, y: 2 * (p - y) * p * x, "You multiplied by p"),
    (lambda p, x, w, b, y: 2 * (p - y) * sigmoid(p) * (1 - sigmoid(p)) * x, "You put p through the sigmoid once more."),
    (lambda p, x, w, b, y: 2 * (p - y) * (w * x + b) * (1 - (w * x + b)) * x, "You wrote z (1 - z)"),
    (lambda p, x, w, b, y: 2 * (p - y) * p * (1 - p) * w, "You multiplied by w"),
    (lambda p, x, w, b, y: 2 * (sigmoid(w * x) - y) * sigmoid(w * x) * (1 - sigmoid(w * x)) * x, "You forgot the bias"),
    (lambda p, x, w, b, y: 2 * (w * x + b - y) * x, "You left out the sigmoid"),
    (lambda p, x, w, b, y: (p - y) * x, "That is the gradient of the cross-entropy."),
    (lambda p, x, w, b, y: (p - y) ** 2, "That is the loss itself."),
]


def from_numbers(formula):
    """Return an attempt (x, w, b, y) from a formula that also gets the prediction p."""
    return lambda x, w, b, y: formula(sigmoid(w * x + b), x, w, b, y)


ATTEMPTS = [
    *((ann.one_neuron, *pair) for pair in NEURON),
    *((ann.stable_softmax, *pair) for pair in SOFTMAX),
    *((ann.weight_gradient, from_numbers(formula), sentence) for formula, sentence in GRADIENT),
]


@pytest.mark.parametrize("exercise, attempt, sentence", ATTEMPTS)
def test_a_mistake_as_learners_write_it_is_named(exercise, attempt, sentence):
    result = exercise.judge(attempt)
    assert result.state == "wrong" and result.mistake is not None
    assert result.mistake.sentence.startswith(sentence)


@pytest.mark.parametrize("exercise", [ann.one_neuron, ann.stable_softmax, ann.weight_gradient])
def test_every_known_mistake_is_among_those_attempts(exercise):
    named = [sentence for other, _, sentence in ATTEMPTS if other is exercise]
    for mistake in exercise.mistakes:
        assert any(mistake.sentence.startswith(sentence) for sentence in named)


CONSTANTS = [0, 0.0, 1.0, 0.5, -1.0, math.nan, math.inf]


@pytest.mark.parametrize(
    "exercise, attempt",
    [
        *((exercise, lambda *_, c=c: c) for exercise in (ann.one_neuron, ann.weight_gradient) for c in CONSTANTS),
        *((ann.stable_softmax, lambda z, c=c: np.full(len(z), c)) for c in CONSTANTS),
        (ann.one_neuron, lambda x, w, b: b),
        (ann.one_neuron, lambda x, w, b: sigmoid(b)),
        (ann.one_neuron, lambda x, w, b: x),
        (ann.one_neuron, lambda x, w, b: float(np.sum(x * w) + b > 0)),
        (ann.one_neuron, lambda x, w, b: sigmoid(np.sum(x * w) - b)),
        (ann.one_neuron, lambda x, w, b: sigmoid(np.mean(x * w) + b)),
        (ann.one_neuron, lambda x, w, b: np.tanh(np.sum(x * w))),
        (ann.stable_softmax, lambda z: 0),
        (ann.stable_softmax, lambda z: z),
        (ann.stable_softmax, lambda z: np.full(len(z), 1 / len(z))),
        (ann.stable_softmax, lambda z: (z == np.max(z)).astype(float)),
        (ann.stable_softmax, lambda z: scratch_softmax(-z)),
        (ann.stable_softmax, lambda z: scratch_softmax(z / 2)),
        (ann.stable_softmax, lambda z: shares(np.exp(z - z[0]))),
        (ann.stable_softmax, lambda z: shares(np.exp(z - z[-1]))),
        (ann.stable_softmax, lambda z: shares(np.exp(z - 1000))),
        (ann.stable_softmax, lambda z: np.log(scratch_softmax(z))),
        *((ann.weight_gradient, lambda x, w, b, y, part=part: (x, w, b, y)[part]) for part in range(4)),
        (ann.weight_gradient, lambda x, w, b, y: sigmoid(w * x + b)),
        (ann.weight_gradient, lambda x, w, b, y: sigmoid(w * x + b) - y),
        (ann.weight_gradient, lambda x, w, b, y: w - ann.weight_gradient.reference(x, w, b, y)),
        (ann.weight_gradient, lambda x, w, b, y: ann.weight_gradient.reference(x, w, b, y) ** 2),
    ],
)
def test_a_wrong_attempt_that_is_none_of_them_is_not_named(exercise, attempt):
    result = exercise.judge(attempt)
    assert (result.state, result.mistake) == ("wrong", None)


# The predictions.


def reason(prediction):
    return prediction.commit(prediction.answer())


def test_no_line_has_more_than_three_corners_of_exclusive_or_right():
    angles, offsets = np.meshgrid(np.linspace(0, 2 * np.pi, 360), np.linspace(-2, 2, 161))
    sums = np.cos(angles)[..., None] * [0, 0, 1, 1] + np.sin(angles)[..., None] * [0, 1, 0, 1] + offsets[..., None]
    most = int(np.max(np.sum((sums > 0) == [False, True, True, False], axis=-1)))
    assert ann.four_corners.answer() == str(most)
    assert "never more than 3 right. The same with tanh: 4." in reason(ann.four_corners)


def test_the_experiment_on_the_corners_would_see_a_fourth_one(monkeypatch):
    found = ann._most_right("tanh")
    monkeypatch.setattr(ann, "_most_right", lambda activation: found)
    assert ann.four_corners.answer() == "4"


def test_the_networks_on_the_corners_are_those_of_the_question_and_every_epoch_counts(monkeypatch):
    built = []

    class Watched(Sequential):
        def fit(self, x, y, epochs, callbacks):
            built.append([(layer.units, layer.name_of_activation) for layer in self.layers])
            super().fit(x, y, 1)
            callbacks[0].counts = [2, 3 if len(built) == 2 else 1, 2]

    monkeypatch.setattr(ann, "Sequential", Watched)
    assert ann._most_right("linear")[0] == 3
    assert built == 5 * [[(8, "linear"), (8, "linear"), (1, "sigmoid")]]


def test_corners_on_the_right_side_are_counted_after_each_epoch():
    right = ann._RightCorners()
    right.model = Sequential([Dense(1, "sigmoid")])
    right.model.build((None, 2))
    right.on_train_begin()
    borders = {
        "between the lower left corner and the others": (1, 1, -0.5),
        "beyond all corners": (1, 1, 0.5),
        "between the upper right corner and the others": (-1, -1, 1.5),
        "between the upper left corner and the others, and the wrong way round": (1, -1, 0.5),
        "nowhere": (0, 0, 0),
    }
    for w1, w2, bias in borders.values():
        right.model.set_weights([[[w1], [w2]], [bias]])
        right.on_epoch_end(0, {})
    assert right.counts == [3, 2, 3, 1, 0]


def test_ten_steps_multiply_the_weight_by_minus_1_point_2_each():
    far = (1 - 2 * 1.1) ** 10
    assert ann.ten_steps.answer() == f"farther from 0: about {far:.0f}"
    assert f"The weight goes 1.00, -1.20, 1.44, -1.73 and so on, to {far:.2f}." in reason(ann.ten_steps)


@pytest.mark.parametrize(
    "learning_rate, option",
    [(0.3, "nearer to 0"), (0.99, "nearer to 0"), (1.0, "the same as at the start: 1"), (1.5, "farther from 0: about 1,024")],
)
def test_the_ten_steps_would_find_otherwise_at_another_learning_rate(learning_rate, option):
    assert ann._ten_steps(learning_rate)[0] == option


def test_from_zero_nothing_moves_but_the_last_bias():
    model, y = ann._train_from(0.0)
    *others, bias = model.get_weights()
    assert sum(array.size for array in others) + 1 == model.count_params() == 33
    assert not any(array.any() for array in others) and bias.item() != 0
    assert ann.zero_start.answer() == "1"
    text = reason(ann.zero_start)
    assert f"the bias of the output, now {bias.item():.2f}." in text
    assert f"but {np.sum(y)} of {len(y)} points are of class 1" in text
    assert f"until p is {sigmoid(bias.item()):.2f} for every point." in text
    assert "If all start at 0.5, 33 of the 33 move, but the hidden neurons stay alike: " in text
    assert "the number of different ones among the 8 is 1." in text


def test_the_last_bias_moves_because_one_class_has_more_points():
    model, y = ann._train_from(0.0)
    assert 0.1 < np.mean(y) < 0.45  # the mean of p - y is far from 0 while every p is 0.5
    assert_allclose(sigmoid(model.get_weights()[-1].item()), np.mean(y), atol=0.03)


def test_equal_weights_learn_but_stay_equal():
    kernel, bias, output_kernel, _ = ann._train_from(0.5)[0].get_weights()
    for array in (kernel, bias[None], output_kernel.T):
        assert np.abs(array - 0.5).max() > 0.1
        assert_allclose(array, np.repeat(array[:, :1], 8, axis=1))


def test_the_training_is_that_of_the_question(monkeypatch):
    seen = []

    class Watched(Sequential):
        def fit(self, x, y, epochs):
            layers = [(layer.units, layer.name_of_activation) for layer in self.layers]
            seen.append((layers, x.shape, epochs, [np.unique(array).tolist() for array in self.get_weights()]))

    monkeypatch.setattr(ann, "Sequential", Watched)
    ann._train_from(0.25)
    assert seen == [([(8, "tanh"), (1, "sigmoid")], (100, 2), 100, 4 * [[0.25]])]


@pytest.mark.parametrize(
    "moved, option",
    [
        ((0, 0, 0, 0), "none"),
        ((0, 0, 0, 1), "1"),
        ((0, 0, 8, 1), "the 9 of the output neuron"),
        ((16, 8, 8, 1), "all 33"),
    ],
)
def test_the_experiment_from_zero_would_see_what_moves(monkeypatch, moved, option):
    model = Sequential([Dense(8, "tanh"), Dense(1, "sigmoid")])
    model.build((None, 2))
    shapes = [array.shape for array in model.get_weights()]
    # Some up, some down: what moved must not cancel out in the count.
    changes = [np.resize([1e-3, -1e-3], shape) * (count > 0) for shape, count in zip(shapes, moved, strict=True)]
    model.set_weights(changes)
    assert ann._moved(model, 0.0) == list(moved)
    assert ann._moved(model, 1e-3) == [array.size - np.count_nonzero(array > 0) for array in changes]
    monkeypatch.setattr(ann, "_train_from", lambda first: (model, np.array([0, 1, 0])))
    assert ann.zero_start.answer() == option


def test_nine_that_are_not_those_of_the_output_neuron_are_no_option(monkeypatch):
    model = Sequential([Dense(8, "tanh"), Dense(1, "sigmoid")])
    model.build((None, 2))
    model.set_weights([np.zeros((2, 8)), np.ones(8), np.zeros((8, 1)), np.ones(1)])
    monkeypatch.setattr(ann, "_train_from", lambda first: (model, np.array([0, 1, 0])))
    with pytest.raises(ValueError, match="answer: expected one of"):
        ann.zero_start.answer()


def test_different_neurons_are_told_apart():
    model = Sequential([Dense(8, "tanh"), Dense(1, "sigmoid")], np.random.default_rng(0))
    model.build((None, 2))
    assert ann._kinds(model) == 8
    arrays = model.get_weights()
    arrays[0][:, 1], arrays[1][1] = arrays[0][:, 0], arrays[1][0]
    model.set_weights(arrays)
    assert ann._kinds(model) == 7
    arrays[1][1] += 0.5
    model.set_weights(arrays)
    assert ann._kinds(model) == 8


def test_weights_and_biases_are_counted():
    assert ann.count_weights.answer() == f"{784 * 32 + 32 + 32 * 10 + 10:,}"
    text = reason(ann.count_weights)
    assert "Hidden layer: 784 × 32 + 32 = 25,120. Output layer: 32 × 10 + 10 = 330." in text


def test_ten_more_for_every_score_leaves_the_shares(monkeypatch):
    assert ann.scores_to_shares.answer() == "they stay the same"
    whole = 1 + np.e + np.e**2
    text = ", ".join(f"{power / whole:.3f}" for power in (np.e**2, np.e, 1))
    assert f"They are {text} both times." in reason(ann.scores_to_shares)
    monkeypatch.setattr(ann, "softmax", lambda z: z / z.sum())
    assert ann.scores_to_shares.answer() == "they become more equal"
    monkeypatch.setattr(ann, "softmax", lambda z: scratch_softmax(z**2))
    assert ann.scores_to_shares.answer() == "the largest grows"
