"""Exercises and predictions of the lesson on artificial neural networks."""

import math

import numpy as np

from helpers.exercises.exercise import Exercise, Mistake
from helpers.exercises.prediction import Prediction
from helpers.scratch.activations import sigmoid, softmax
from helpers.scratch.dense import Dense
from helpers.scratch.optimizers import Adam
from helpers.scratch.sequential import Callback, Sequential


def one_neuron(inputs, weights, bias):
    """Return the output of one neuron, a number between 0 and 1; inputs (n,), weights (n,)."""
    z = np.sum(inputs * weights) + bias
    return 1 / (1 + np.exp(-z))


one_neuron = Exercise(
    one_neuron,
    cases=[
        (np.array([2.0]), np.array([0.5]), -1.5),
        (np.array([1.0, -2.0]), np.array([0.5, 1.5]), 1.0),
        (np.array([3.0, 1.0]), np.array([-1.0, 2.0]), 1.0),
        (np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.0, -0.5]), 0.75),
        (np.zeros(3), np.array([1.0, -2.0, 0.5]), -2.0),
    ],
    mistakes=[
        Mistake(
            lambda inputs, weights, bias: sigmoid(inputs @ weights),
            "You forgot the bias: add it to the sum of the products, before the activation.",
        ),
        Mistake(
            lambda inputs, weights, bias: inputs @ weights + bias,
            "You forgot the activation: that is the sum z. The output is the sigmoid of z.",
        ),
        Mistake(
            lambda inputs, weights, bias: inputs @ weights,
            "That is the sum of the products. The bias and the activation are still missing.",
        ),
        Mistake(
            lambda inputs, weights, bias: sigmoid(inputs @ weights) + bias,
            "You added the bias after the activation. It belongs to the sum z, and the sigmoid of z is the output.",
        ),
        Mistake(
            lambda inputs, weights, bias: sigmoid(inputs.sum() + bias),
            "You forgot the weights: multiply each input by its own weight, then add up.",
        ),
        Mistake(
            lambda inputs, weights, bias: sigmoid((inputs + weights).sum() + bias),
            "You added the weights to the inputs. A weight multiplies its input.",
        ),
        Mistake(
            lambda inputs, weights, bias: sigmoid((inputs * weights + bias).sum()),
            "You added the bias once for each input. Add up the products first; then add the bias, once.",
        ),
        Mistake(
            lambda inputs, weights, bias: sigmoid(inputs * weights + bias),
            "You did not add up the products: however many inputs a neuron has, its output is one number.",
        ),
        Mistake(
            lambda inputs, weights, bias: sigmoid(-(inputs @ weights + bias)),
            "The sign in the exponent is wrong: with `exp(z)` the output falls where the sum grows. Write `exp(-z)`.",
        ),
        Mistake(
            lambda inputs, weights, bias: 1 / 1 + np.exp(-(inputs @ weights + bias)),
            "Brackets are missing: `1 / 1 + exp(-z)` divides 1 by 1 only. Write `1 / (1 + exp(-z))`.",
        ),
        Mistake(
            lambda inputs, weights, bias: np.tanh(inputs @ weights + bias),
            "That is tanh, which gives numbers from -1 to 1. Here the activation is the sigmoid, from 0 to 1.",
        ),
    ],
    hints=[
        "A neuron does three things, one after the other: it weighs and adds up its inputs, adds its bias, and bends the sum.",
        "`inputs * weights` multiplies number by number. `np.sum` of it, plus the bias, is the sum z.",
        "Put z into the sigmoid: `1 / (1 + np.exp(-z))`.",
    ],
)


def stable_softmax(z):
    """Return the shares of one row of scores z (n,): numbers (n,) from 0 to 1 that add up to 1, however large the scores."""
    powers = np.exp(z - np.max(z))  # the largest is exp(0) = 1, so nothing overflows
    return powers / np.sum(powers)


def _shares(scores):
    """Return exp(scores) divided by their sum, with nothing done against overflow: there the result is nan."""
    powers = np.exp(scores)
    return powers / powers.sum()


# These two stop with an error where exp overflows. There any wrong answer counts as the mistake, so that it is named both with
# the largest score taken away and without.


def _not_divided(z):
    return np.array([math.exp(score) for score in z])


def _largest_is_one(z):
    powers = [math.exp(score) for score in z]
    return np.array([power / max(powers) for power in powers])


stable_softmax = Exercise(
    stable_softmax,
    cases=[
        (np.array([1.0, 2.0]),),
        (np.array([-1000.0, -999.0]),),
        (np.array([1000.0, 1001.0]),),
        # Two large scores and a small one: which number can be taken away from all without an overflow?
        (np.array([0.0, 800.0, 800.0]),),
        (np.array([900.0, 900.0, 0.0]),),
        (np.array([2500.0, 0.0, 2500.0]),),
        (np.array([0.5, -1.0, 3.0, 2.0, 0.0]),),
    ],
    mistakes=[
        Mistake(
            _shares,
            "This is right for small scores only. exp(1000) is too large for a computer and becomes inf, exp(-1000) becomes 0; "
            "and inf / inf, like 0 / 0, is nan (not a number). Make the scores smaller first, in a way that keeps the shares.",
        ),
        Mistake(
            lambda z: _shares(z - z.mean()),
            "You took the mean away from the scores. A score far above the mean still overflows: take the largest away.",
        ),
        Mistake(
            lambda z: _shares(z - z.min()),
            "You took the smallest score away. A score far above it still overflows: take the largest away.",
        ),
        Mistake(
            lambda z: _shares(z.clip(-100, 100)),
            "You cut large scores off. Then 1000 and 1001 become the same number, and get the same share.",
        ),
        Mistake(
            lambda z: _shares(z / z.max()),
            "You divided the scores by the largest one, and that changes the shares. Take it away instead.",
        ),
        Mistake(
            _largest_is_one,
            "Your largest share is 1, so all together are more than 1. Divide by the sum of the powers, not by the largest.",
        ),
        Mistake(_not_divided, "These are the powers. Divide each of them by their sum, so that they become shares of 1."),
        Mistake(
            lambda z: z / z.sum(),
            "You left out exp. Without it a share can be below 0, and 1000 and 1001 get nearly the same share.",
        ),
        Mistake(sigmoid, "That is the sigmoid, which looks at each score by itself. Shares depend on all the scores."),
    ],
    hints=[
        "exp overflows above about 709. Which number can you take away from all scores, so that none is too large?",
        "Take the largest score away from all of them: the shares stay the same, and the largest power is exp(0) = 1.",
        "With `powers = np.exp(z - np.max(z))`, divide the powers by their sum.",
    ],
)


def weight_gradient(x, w, b, y):
    """Return the gradient of the squared error (p - y) ** 2 for the weight w, where p = sigmoid(w * x + b); all are numbers."""
    p = 1 / (1 + np.exp(-(w * x + b)))
    return 2 * (p - y) * p * (1 - p) * x


def _slope(z):
    return sigmoid(z) * (1 - sigmoid(z))


weight_gradient = Exercise(
    weight_gradient,
    cases=[
        (0.0, 1.0, 0.5, 0.0),
        (1.0, 0.0, 0.0, 1.0),
        (2.0, 0.5, -1.0, 0.0),
        (-1.5, 1.0, 0.5, 1.0),
        (3.0, -0.5, 2.0, 0.0),
        (0.5, 2.0, -3.0, 0.25),
        (2.0, 4.0, 0.0, 0.0),
    ],
    mistakes=[
        Mistake(
            lambda x, w, b, y: (sigmoid(w * x + b) - y) * _slope(w * x + b) * x,
            "You forgot the 2: the slope of a square (p - y)² is 2 (p - y).",
        ),
        Mistake(
            lambda x, w, b, y: 2 * (sigmoid(w * x + b) - y) * x,
            "You forgot the slope of the sigmoid: between z and p stands p (1 - p).",
        ),
        Mistake(
            lambda x, w, b, y: 2 * (sigmoid(w * x + b) - y) * _slope(w * x + b),
            "You forgot x: that is the gradient for the bias b. When w grows by 1, z grows by x.",
        ),
        Mistake(
            lambda x, w, b, y: 2 * (y - sigmoid(w * x + b)) * _slope(w * x + b) * x,
            "The sign is turned: it is 2 (p - y). A gradient points uphill; the minus comes later, when the weight is changed.",
        ),
        Mistake(
            lambda x, w, b, y: 2 * (sigmoid(w * x + b) - y) * sigmoid(w * x + b) * x,
            "You multiplied by p where the slope of the sigmoid belongs: it is p (1 - p).",
        ),
        Mistake(
            lambda x, w, b, y: 2 * (sigmoid(w * x + b) - y) * _slope(sigmoid(w * x + b)) * x,
            "You put p through the sigmoid once more. p is its output already: the slope is p (1 - p).",
        ),
        Mistake(
            lambda x, w, b, y: 2 * (sigmoid(w * x + b) - y) * (w * x + b) * (1 - (w * x + b)) * x,
            "You wrote z (1 - z) for the slope of the sigmoid. It is p (1 - p), with the output p = sigmoid(z).",
        ),
        Mistake(
            lambda x, w, b, y: 2 * (sigmoid(w * x + b) - y) * _slope(w * x + b) * w,
            "You multiplied by w: that is the gradient for the input x. When w grows by 1, z grows by x.",
        ),
        Mistake(
            lambda x, w, b, y: 2 * (sigmoid(w * x) - y) * _slope(w * x) * x,
            "You forgot the bias in the sum: z = w x + b.",
        ),
        Mistake(
            lambda x, w, b, y: 2 * (w * x + b - y) * x,
            "You left out the sigmoid: the prediction is p = sigmoid(w x + b).",
        ),
        Mistake(
            lambda x, w, b, y: (sigmoid(w * x + b) - y) * x,
            "That is the gradient of the cross-entropy. The squared error adds a 2 and the slope of the sigmoid, p (1 - p).",
        ),
        Mistake(
            lambda x, w, b, y: (sigmoid(w * x + b) - y) ** 2,
            "That is the loss itself. The gradient says how fast the loss changes when w grows.",
        ),
    ],
    hints=[
        "w changes z = w x + b, z changes p = sigmoid(z), p changes the loss (p - y)². The chain rule multiplies three slopes.",
        "The slopes: x from w to z, p (1 - p) from z to p, and 2 (p - y) from p to the loss.",
        "First `p = 1 / (1 + np.exp(-(w * x + b)))`. Then multiply the three slopes.",
    ],
)


CORNERS, OPPOSITE = np.array([(0.0, 0), (0, 1), (1, 0), (1, 1)]), np.array([0, 1, 1, 0])


class _RightCorners(Callback):
    """Keeps how many of the four points are on their side after each epoch."""

    def on_train_begin(self):
        self.counts = []

    def on_epoch_end(self, epoch, logs):
        self.model.forward(CORNERS)
        sums = self.model.layers[-1].sums[:, 0]  # above 0 means class 1
        # Training drives the sums of a linear network to 0. What rounding then leaves of them is no answer.
        self.counts.append(int(np.sum(np.where(OPPOSITE == 1, sums, -sums) > 1e-6)))


def _most_right(activation):
    """Return the most points that five networks have right after any of 60 epochs, and the last distance of any p from 0.5."""
    most, farthest = 0, 0.0
    for seed in range(5):
        layers = [Dense(8, activation), Dense(8, activation), Dense(1, "sigmoid")]
        model, right = Sequential(layers, np.random.default_rng(seed)), _RightCorners()
        model.compile(Adam(0.1), "binary_crossentropy")
        model.fit(CORNERS, OPPOSITE, epochs=60, callbacks=[right])
        most = max(most, *right.counts)
        farthest = max(farthest, float(np.abs(model.predict(CORNERS) - 0.5).max()))
    return most, farthest


def _linear_on_corners():
    (linear, farthest), (bent, _) = _most_right("linear"), _most_right("tanh")
    return str(linear), {"linear": linear, "tanh": bent, "farthest": farthest}


four_corners = Prediction(
    "Exclusive-or: four points, the corners of a square. Two opposite corners are class 1, the other two are class 0. A "
    "network has two hidden layers of 8 neurons, all with the activation linear. How many points can it get right at most?",
    ["2", "3", "4"],
    _linear_on_corners,
    lambda found: (
        f"Five networks, looked at after each of 60 epochs: never more than {found['linear']} right. The same with tanh: "
        f"{found['tanh']}. Without a bend all layers together make one sum of the inputs, so the border is one straight line, "
        "and no straight line has two opposite corners on one side and the other two on the other side. Training ends where "
        f"every probability is about 0.5 (the farthest is {found['farthest']:.3f} away)."
    ),
)


def _ten_steps(learning_rate):
    """Return where ten steps downhill from 1 on the loss w ** 2 lead, and the weight before the first and after each."""
    weights = [1.0]
    for _ in range(10):
        gradient = 2 * weights[-1]
        weights.append(weights[-1] - learning_rate * gradient)
    distance = abs(weights[-1])
    if np.isclose(distance, 1):
        return "the same as at the start: 1", weights
    return "nearer to 0" if distance < 1 else f"farther from 0: about {distance:,.0f}", weights


ten_steps = Prediction(
    "One weight w, and the loss w². It is lowest at w = 0; the gradient is 2 w. The weight starts at 1, and the learning rate "
    "is 1.1. How far from 0 is the weight after 10 steps?",
    ["nearer to 0", "the same as at the start: 1", "farther from 0: about 6", "farther from 0: about 1,000"],
    lambda: _ten_steps(1.1),
    lambda weights: (
        f"The weight goes {', '.join(f'{w:.2f}' for w in weights[:4])} and so on, to {weights[-1]:.2f}. Each step multiplies "
        f"it by {weights[1] / weights[0]:.1f}: it jumps over the lowest point and lands farther away than it started."
    ),
)


def _train_from(first):
    """Train 8 hidden neurons with all weights and biases set to `first`; return the model and the classes it learned from."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((100, 2))
    y = np.hypot(x[:, 0], x[:, 1]) < 1  # class 1 lies inside a circle
    model = Sequential([Dense(8, "tanh"), Dense(1, "sigmoid")], rng)
    model.compile(Adam(0.03), "binary_crossentropy")
    model.build(x.shape)
    model.set_weights([np.full(array.shape, first) for array in model.get_weights()])
    model.fit(x, y, epochs=100)
    return model, y


def _moved(model, first):
    """Return how many numbers of each array differ from `first`: hidden weights and biases, output weights and bias."""
    return [int(np.count_nonzero(array != first)) for array in model.get_weights()]


def _kinds(model):
    """Return how many different neurons the first layer has: equal weights and an equal bias make them alike."""
    kernel, bias = model.layers[0].get_weights()
    neurons = np.vstack([kernel, bias]).T
    return sum(not any(np.allclose(each, other) for other in neurons[:place]) for place, each in enumerate(neurons))


def _from_zero():
    (zero, y), (half, _) = _train_from(0.0), _train_from(0.5)
    moved = _moved(zero, 0.0)
    found = {
        "ones": int(np.sum(y)),
        "points": len(y),
        "output_bias": zero.get_weights()[-1].item(),
        "output": zero.predict(np.zeros((1, 2))).item(),
        "half_moved": sum(_moved(half, 0.5)),
        "half_kinds": _kinds(half),
    }
    if moved == [0, 0, 8, 1]:
        return "the 9 of the output neuron", found
    return {0: "none", 33: "all 33"}.get(sum(moved), str(sum(moved))), found


zero_start = Prediction(
    "A network has 2 inputs, 8 hidden neurons with tanh and 1 output with a sigmoid: 33 weights and biases. It learns to tell "
    "two classes apart, and one class has more points than the other. Before training, all 33 are set to 0. How many of the 33 "
    "have moved after 100 epochs?",
    ["all 33", "the 9 of the output neuron", "1", "none"],
    _from_zero,
    lambda found: (
        f"It is the bias of the output, now {found['output_bias']:.2f}. Its gradient is the mean of p - y, multiplied by no "
        f"weight. At first every p is 0.5, but {found['ones']} of {found['points']} points are of class 1: so it moves, until "
        f"p is {found['output']:.2f} for every point. The other gradients have a factor 0. That of a hidden weight or bias is "
        "multiplied by the weight behind its neuron, which is 0. That of this weight is multiplied by the output of the "
        f"neuron, and tanh(0) is 0. So neither can start. If all start at 0.5, {found['half_moved']} of the 33 move, but the "
        f"hidden neurons stay alike: the number of different ones among the 8 is {found['half_kinds']}."
    ),
)


def _count():
    model = Sequential([Dense(32, "relu"), Dense(10, "softmax")])
    model.build((None, 784))
    return f"{model.count_params():,}", [array.shape for array in model.get_weights()]


def _written_count(shapes):
    """Return the count of one layer as a sum; shapes of its kernel and its bias."""
    (inputs, units), (biases,) = shapes
    return f"{inputs} \N{MULTIPLICATION SIGN} {units} + {biases} = {inputs * units + biases:,}"


count_weights = Prediction(
    "A network has 784 inputs, one hidden layer of 32 neurons, and 10 outputs. How many weights and biases are there in all?",
    ["826", "25,408", "25,450", "250,880"],
    _count,
    lambda shapes: (
        f"Hidden layer: {_written_count(shapes[:2])}. Output layer: {_written_count(shapes[2:])}. Every neuron has one weight "
        "for each number that comes in, and one bias. The inputs are numbers, not neurons: they have no bias."
    ),
)


def _raised_scores():
    scores = np.array([2.0, 1.0, 0.0])
    before, after = softmax(scores), softmax(scores + 10)
    if np.allclose(before, after):
        return "they stay the same", before
    return "they become more equal" if after.max() < before.max() else "the largest grows", before


scores_to_shares = Prediction(
    "Softmax makes shares of the scores 2, 1 and 0. Now add 10 to every score: 12, 11 and 10. What happens to the shares?",
    ["they stay the same", "they become more equal", "the largest grows"],
    _raised_scores,
    lambda shares: (
        f"They are {', '.join(f'{share:.3f}' for share in shares)} both times. exp(z + 10) is exp(10) times exp(z): every "
        "power is multiplied by the same number, and so is their sum. Only the differences between scores count."
    ),
)
