"""What the general tests of exercises and predictions cannot see: that the references of lesson 05 are true, that attempts as
learners write them get the right sentence and no other, and that the experiments of the predictions could find otherwise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from helpers.exercises import rnn_types
from helpers.scratch.lstm import LSTM
from helpers.scratch.recurrent import SimpleRNN, simple_rnn_step

EXERCISES = [rnn_types.two_steps, rnn_types.count_weights, rnn_types.which_type, rnn_types.bptt]


def unit(w, u, b, activation="tanh"):
    """Return a recurrent layer of one unit that shows every state."""
    layer = SimpleRNN(1, activation, return_sequences=True)
    layer.build((None, None, 1), np.random.default_rng(0))
    layer.set_weights([[[w]], [[u]], [b]])
    return layer


# The references.


def test_the_two_steps_are_those_of_the_layer():
    answer = rnn_types.two_steps.reference()
    states = unit(0.25, 0.6, 0.3).forward(np.array([[[3.0], [1.0]]]), initial_state=[np.array([[0.5]])])
    assert_allclose([answer["h1"], answer["h2"]], states.ravel(), rtol=1e-12)
    first = simple_rnn_step(np.array([[3.0]]), np.array([[0.5]]), np.array([[0.25]]), np.array([[0.6]]), 0.3)
    assert_allclose(answer["h1"], first.item(), rtol=1e-12)


def test_the_wrong_answers_are_made_of_the_same_network():
    assert rnn_types._walk() == rnn_types.two_steps.reference()


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 50))
def test_the_weights_are_those_of_the_layer(features, units, steps):
    layer = SimpleRNN(units)
    layer.build((None, steps, features), np.random.default_rng(0))
    assert rnn_types.count_weights.reference(features, units, steps) == sum(array.size for array in layer.get_weights())


def test_an_lstm_has_four_times_as_many():
    layer = LSTM(5)
    layer.build((None, 7, 3), np.random.default_rng(0))
    assert 4 * rnn_types.count_weights.reference(3, 5, 7) == sum(array.size for array in layer.get_weights())


def test_two_cases_differ_in_their_length_alone():
    cases = rnn_types.count_weights.cases
    assert any(a[:2] == b[:2] and a[2] != b[2] for a in cases for b in cases)


def last_state(w, h_0, x):
    h = h_0
    for x_t in x:
        h = w * h + x_t
    return h


def by_nudging(w, h_0, x, step=1e-5):
    return (last_state(w + step, h_0, x) - last_state(w - step, h_0, x)) / (2 * step)


@pytest.mark.parametrize("case", rnn_types.bptt.cases, ids=str)
def test_the_gradient_is_what_a_nudge_of_the_weight_measures(case):
    assert_allclose(rnn_types.bptt.reference(*case), by_nudging(*case), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("case", rnn_types.bptt.cases, ids=str)
def test_the_gradient_is_that_of_the_layer(case):
    w, h_0, x = case
    layer = unit(1.0, w, 0.0, "linear")
    layer.forward(x[None, :, None], initial_state=[np.array([[h_0]])])
    at_the_end = np.zeros((1, len(x), 1))
    at_the_end[0, -1] = 1
    layer.backward(at_the_end)
    assert_allclose(rnn_types.bptt.reference(*case), layer.gradients["recurrent_kernel"].item(), rtol=1e-12)


def test_without_inputs_the_gradient_is_the_slope_of_a_power():
    for steps in range(1, 8):
        assert_allclose(rnn_types.bptt.reference(0.7, 3.0, np.zeros(steps)), steps * 0.7 ** (steps - 1) * 3, rtol=1e-12)


# The sorting exercise.


def test_the_reference_says_what_the_tasks_say():
    assert {task: rnn_types.which_type.reference(task) for task in rnn_types.TASKS} == {
        task: facts.kind for task, facts in rnn_types.TASKS.items()
    }


def test_the_kinds_are_called_as_in_the_explorer():
    from helpers.explorers.rnn_types_unrolled import KINDS

    assert tuple(KINDS) == rnn_types.KINDS


def test_every_kind_is_the_answer_to_a_task_and_every_task_is_asked():
    assert {facts.kind for facts in rnn_types.TASKS.values()} == set(rnn_types.KINDS)
    assert sorted(task for (task,) in rnn_types.which_type.cases) == sorted(rnn_types.TASKS)


WRONG_KINDS = [(task, kind) for task, facts in rnn_types.TASKS.items() for kind in rnn_types.KINDS if kind != facts.kind]


@pytest.mark.parametrize(("task", "kind"), WRONG_KINDS)
def test_every_wrong_kind_gets_a_reason_that_does_not_give_the_kind_away(task, kind):
    facts = rnn_types.TASKS[task]
    result = rnn_types.which_type.judge(lambda asked: kind if asked == task else rnn_types.TASKS[asked].kind)
    assert result.state == "wrong" and f"{len(rnn_types.TASKS) - 1} of {len(rnn_types.TASKS)}" in result.text
    sides, right = kind.split(",")[0].split(" to "), facts.kind.split(",")[0].split(" to ")
    assert (facts.goes_in in result.text) == (sides[0] != right[0])
    assert (facts.comes_out in result.text) == (sides[1] != right[1])
    assert (bool(facts.when) and facts.when in result.text) == (sides == right)
    assert facts.kind not in result.text


@pytest.mark.parametrize("task", rnn_types.TASKS)
def test_the_reasons_of_a_task_fit_into_a_line(task):
    reasons = [rnn_types._checked_kind(kind, task) for kind in rnn_types.KINDS]
    assert reasons.count("right") == 1 and max(map(len, reasons)) <= 105


def test_what_is_said_of_a_task_agrees_with_its_kind():
    for facts in rnn_types.TASKS.values():
        goes_in, comes_out = facts.kind.split(",")[0].split(" to ")
        assert facts.goes_in.startswith("one ") == (goes_in == "one")
        assert facts.comes_out.startswith("one ") == (comes_out == "one")
        assert bool(facts.when) == facts.kind.startswith("many to many")


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda kind: kind.replace(" ", "-"),
        lambda kind: f"  {kind} ",
        lambda kind: kind.replace(",", ""),
        lambda kind: kind.split(", ")[-1],
    ],
)
def test_a_kind_may_be_written_in_other_ways(change):
    assert rnn_types.which_type.judge(lambda task: change(rnn_types.which_type.reference(task))).state == "right"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("many to many", 'There are two kinds of "many to many"'),
        ("some to many", "Return one of the five kinds: one to one; one to many; many to one; many to many, step by step;"),
        ("", "Return one of the five kinds"),
        (3, "Return one of the five kinds"),
        (rnn_types.KINDS, "Return one of the five kinds"),
    ],
)
def test_what_is_no_kind_is_answered_in_a_sentence(answer, sentence):
    result = rnn_types.which_type.judge(lambda task: answer)
    assert (result.state, result.mistake) == ("wrong", None) and sentence in result.text


def test_a_table_with_a_gap_says_which_task_is_missing():
    result = rnn_types.which_type.judge(lambda task: {"digit": "one to one"}.get(task))
    assert result.state == "wrong" and "(task='spam')" in result.text


# What is said of pencil work.


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        ((0.87, 0.79), "a dictionary with two numbers"),
        ({"h1": 0.87}, "a dictionary with two numbers"),
        ({"h1": 0.4, "h2": ...}, "Write a number in place of each of the dots"),
        ({"h1": 0.4, "h2": None}, "Write a number in place of each of the dots"),
        ({"h1": 0.87, "h2": 0.4}, "'h1': 'right', 'h2': 'not yet (0.40): x = 1 and the state h1 go in'"),
        ({"h1": 0.5, "h2": 0.79}, "'h1': 'not yet (0.50): x = 3 and the old state 0.5 go in', 'h2': 'right'"),
        ({"h1": 0.2, "h2": 0.5}, "'h2': 'not yet (0.50): x = 1 and the state h1 go in'"),
        ({"h1": 0.2, "h2": 0.58}, "'h2': '0.58 follows from your h1: look at h1 again'"),
        ({"h1": math.nan, "h2": 0.79}, "not yet (nan)"),
    ],
)
def test_pencil_work_is_answered_without_giving_it_away(attempt, words):
    result = rnn_types.two_steps.judge(lambda: attempt)
    assert (result.state, result.mistake) == ("wrong", None) and words in result.text
    said = result.text.replace(str(attempt), "")
    assert "0.87" not in said and "0.79" not in said


@pytest.mark.parametrize("digits", [2, 3, 4, 5])
@pytest.mark.parametrize("carried", [2, 3, 4, 5])
def test_rounding_on_the_way_is_right(digits, carried):
    h1 = round(math.tanh(0.25 * 3 + 0.6 * 0.5 + 0.3), carried)
    h2 = math.tanh(0.25 * 1 + 0.6 * h1 + 0.3)
    assert rnn_types.two_steps.judge(lambda: {"h1": round(h1, digits), "h2": round(h2, digits)}).state == "right"


@pytest.mark.parametrize("off", [-0.02, 0.02])
@pytest.mark.parametrize("name", ["h1", "h2"])
def test_two_hundredths_off_is_wrong(name, off):
    right = rnn_types.two_steps.reference()
    assert rnn_types.two_steps.judge(lambda: right | {name: right[name] + off}).state == "wrong"


# Right answers, written in other ways.


def forward_with_the_states(w, h_0, x):
    h, slope = h_0, 0.0
    for x_t in x:
        slope = h + w * slope
        h = w * h + x_t
    return slope


def as_powers(w, h_0, x):
    return sum(w ** (len(x) - t) * last_state(w, h_0, x[: t - 1]) for t in range(1, len(x) + 1))


@pytest.mark.parametrize(
    ("exercise", "attempt"),
    [
        (rnn_types.two_steps, lambda: {"h2": "0.79", "h1": np.float32(0.874)}),
        (rnn_types.count_weights, lambda features, units, steps: units * (features + units + 1)),
        (rnn_types.count_weights, lambda features, units, steps: float(features * units + units**2 + units)),
        (rnn_types.bptt, forward_with_the_states),
        (rnn_types.bptt, as_powers),
        (rnn_types.bptt, by_nudging),
    ],
)
def test_other_ways_to_write_it_are_right(exercise, attempt):
    assert exercise.judge(attempt).state == "right"


# Wrong answers as learners write them, and the sentence that they get.

tanh, RIGHT_H1 = math.tanh, math.tanh(1.35)


def pencil(step, digits, read=(3, 1), start=0.5):
    """Return the answer of a learner who rounds each state to so many digits, and goes on with what is written down."""
    h1 = round(step(read[0], start), digits)
    return {"h1": h1, "h2": round(step(read[1], h1), digits)}


def second(state, digits):
    return {"h1": round(RIGHT_H1, digits), "h2": round(state(round(RIGHT_H1, digits)), digits)}


def z(x, h):
    return 0.25 * x + 0.6 * h + 0.3


BY_HAND = [
    (lambda n: pencil(lambda x, h: tanh(0.25 * x + 0.3), n), "You forgot the old state"),
    (lambda n: second(lambda h1: tanh(0.25 + 0.3), n), "Step 2 forgot the old state"),
    (lambda n: second(lambda h1: tanh(z(1, 0.5)), n), "You used the state 0.5 in both steps."),
    (lambda n: pencil(lambda x, h: tanh(z(x, h)), n, start=0), "You began with the state 0."),
    (lambda n: pencil(lambda x, h: tanh(0.25 * x + 0.6 * h), n), "You forgot the bias b"),
    (lambda n: pencil(lambda x, h: tanh(0.25 * x), n), "That is the input alone"),
    (lambda n: pencil(z, n), "You forgot tanh"),
    (lambda n: {"h1": 1.35, "h2": round(z(1, round(RIGHT_H1, n)), n)}, "These are the sums z."),
    (lambda n: second(lambda h1: z(1, h1), n), "h1 is right, but h2 is still the sum"),
    (lambda n: second(lambda h1: tanh(z(1, 1.35)), n), "h1 is right, but you carried the sum z"),
    (lambda n: pencil(lambda x, h: tanh(0.6 * x + 0.25 * h + 0.3), n), "w and u have changed places"),
    (lambda n: pencil(lambda x, h: tanh(z(x, h)), n, read=(1, 3)), "You read the numbers in the wrong order"),
    (lambda n: second(lambda h1: tanh(z(3, h1)), n), "You read the 3 twice."),
    (lambda n: second(lambda h1: tanh(z(4, h1)), n), "Step 2 read 3 + 1."),
    (lambda n: pencil(lambda x, h: tanh(0.25 * x + h + 0.3), n), "You forgot u"),
    (lambda n: pencil(lambda x, h: tanh(x + 0.6 * h + 0.3), n), "You forgot w"),
    (lambda n: pencil(lambda x, h: tanh(0.25 * x + 0.6 * h) + 0.3, n), "You added the bias after tanh."),
    (lambda n: pencil(lambda x, h: tanh(0.25 * x + 0.3) + 0.6 * h, n), "You added the old state after tanh."),
    (lambda n: pencil(lambda x, h: h + tanh(z(x, h)), n), "You added the new state to the old one."),
    (lambda n: pencil(lambda x, h: 1 / (1 + math.exp(-z(x, h))), n), "That is the sigmoid."),
    (lambda n: pencil(lambda x, h: math.tan(z(x, h)), n), "That is tan, the tangent."),
    (lambda n: pencil(lambda x, h: math.tan(math.radians(z(x, h))), n), "That is tan of an angle in degrees."),
    (lambda n: dict(zip(("h2", "h1"), pencil(lambda x, h: tanh(z(x, h)), n).values(), strict=True)), "The two states have"),
    (lambda n: {"h1": 0.9, "h2": 0.8}, "You rounded to one digit"),
]


@pytest.mark.parametrize("digits", [2, 3, 4])
@pytest.mark.parametrize(("answer", "sentence"), BY_HAND)
def test_a_mistake_with_the_pencil_is_named_however_it_is_rounded(answer, sentence, digits):
    result = rnn_types.two_steps.judge(lambda: answer(digits))
    assert result.state == "wrong" and result.mistake is not None
    assert result.mistake.sentence.startswith(sentence)


def count_in_a_loop(features, units, steps):
    total = 0
    for _ in range(steps):
        total += features * units + units * units + units
    return total


COUNTS = [
    (count_in_a_loop, "You counted all weights once for each step."),
    (lambda f, u, s: f * u * s + u * u + u, "You gave every step its own weights for the input."),
    (lambda f, u, s: f * u + s * u * u + u, "You gave every step its own weights for the old state."),
    (lambda f, u, s: f * u + (s - 1) * u * u + u, "You counted the weights for the old state once for each pair"),
    (lambda f, u, s: s * (f * u + u * u) + u, "You counted both kernels once for each step."),
    (lambda f, u, s: (f * s + 1) * u, "That is a dense layer which reads all steps at once."),
    (lambda f, u, s: s * u + u * u + u, "You took the steps for the features."),
    (lambda f, u, s: f * u + u * u, "You forgot the biases"),
    (lambda f, u, s: (f + 1) * u, "You forgot the recurrent kernel"),
    (lambda f, u, s: f * u, "That is the kernel for the input alone."),
    (lambda f, u, s: u**2, "That is the recurrent kernel alone."),
    (lambda f, u, s: f * u + u + u, "You gave each unit one weight for its own old state."),
    (lambda f, u, s: f * u + u * u + 1, "You counted one bias for the whole layer."),
    (lambda f, u, s: (f * u + u) + (u * u + u), "You counted two biases for each unit."),
    (lambda f, u, s: f * u + f * f + u, "Your recurrent kernel is features * features."),
    (lambda f, u, s: 4 * (f * u + u * u + u), "That is an LSTM"),
    (lambda f, u, s: f * u + u * u + u + u + 1, "You counted a dense layer with one output"),
]


def table(**others):
    """Return an attempt: the right kinds but for these tasks, with _ for the space in a task's name."""
    kinds = {task: rnn_types.which_type.reference(task) for task in rnn_types.TASKS}
    kinds |= {name.replace("_", " "): kind for name, kind in others.items()}
    return lambda task: kinds[task]


STEP, AFTER = "step by step", "after reading"
TYPES = [
    (
        table(
            caption="many to one", tune="many to one", spam="one to many", temperature="one to many", next_note="one to many"
        ),
        "You read the names from right to left.",
    ),
    (
        table(
            spam="one to one",
            temperature="one to one",
            next_note="one to one",
            word_classes="one to many",
            translation="one to many",
        ),
        "You took every input for one thing.",
    ),
    (table(spam="one to one", word_classes="one to many", translation="one to many"), "You took a text for one input."),
    (
        table(digit="many to one", house_price="many to one", caption=STEP, tune=AFTER),
        "You took every input for many.",
    ),
    (table(digit="many to one", house_price="many to one", caption=STEP), "You counted the numbers that go in."),
    (table(digit="many to one", caption=AFTER), "You counted the pixels."),
    (table(digit="many to one", house_price="many to one"), "A row of numbers is not yet a sequence."),
    (table(house_price="many to one"), "The house has several numbers"),
    (table(temperature="one to one"), "A dense layer can read thirty days"),
    (
        table(caption="one to one", tune="one to one", word_classes="many to one", translation="many to one"),
        "You took every output for one thing.",
    ),
    (table(caption=AFTER, tune=STEP), "A network that writes reads its own last word"),
    (table(next_note=AFTER), "The network may play on"),
    (table(spam=STEP, temperature=AFTER, next_note=STEP), "The network has a state after every step"),
    (table(translation="many to one"), "Reading ends in one state"),
    (table(word_classes=AFTER, translation=STEP), "The two kinds of many to many have changed places."),
    (table(translation=STEP), "A translation is not written word by word while reading"),
    (table(word_classes=AFTER), "That would work, but it is more than needed"),
]


def backwards(part):
    """Return an attempt that goes back from the last step; `part` gives what is added, and the next factor."""

    def attempt(w, h_0, x):
        states = [h_0]
        for x_t in x:
            states.append(w * states[-1] + x_t)
        total, way = 0.0, 1.0
        for t in range(len(x), 0, -1):
            added, way = part(w, way, states[t - 1], states[t], t)
            total += added
        return total

    return attempt


GRADIENTS = [
    (lambda w, h_0, x: last_state(w, h_0, x[:-1]), "That is the part of the last step alone."),
    (backwards(lambda w, way, old, new, t: (way * old * (t == 1), way * w)), "That is the part of the first step alone."),
    (backwards(lambda w, way, old, new, t: (old, way)), "You forgot the way to the end"),
    (
        lambda w, h_0, x: math.prod(w ** (len(x) - 1 - t) * last_state(w, h_0, x[:t]) for t in range(len(x))),
        "You multiplied the parts.",
    ),
    (lambda w, h_0, x: as_powers(w, h_0, x) / len(x), "You took the mean of the parts."),
    (backwards(lambda w, way, old, new, t: (way * w * old, way * w)), "There is one factor w too many"),
    (backwards(lambda w, way, old, new, t: (way * new, way * w)), "You used the state after each step."),
    (backwards(lambda w, way, old, new, t: (w ** (t - 1) * old, 1)), "The factors stand in the wrong order"),
    (backwards(lambda w, way, old, new, t: (way * old, w)), "Every part but the last got one factor w."),
    (backwards(lambda w, way, old, new, t: (way * old * (t > 1), way * w)), "You left out the part of step 1"),
    (
        lambda w, h_0, x: as_powers(w, h_0, x) - last_state(w, h_0, x[:-1]),
        "You left out the part of the last step",
    ),
    (lambda w, h_0, x: h_0 * len(x) * w ** (len(x) - 1), "This is right only where every x is 0."),
    (backwards(lambda w, way, old, new, t: (way * w * (t == 1), way * w)), "That is the gradient for h_0"),
    (last_state, "That is the last state itself."),
]

ATTEMPTS = [
    *((rnn_types.two_steps, lambda answer=answer: answer(2), sentence) for answer, sentence in BY_HAND),
    *((rnn_types.count_weights, *pair) for pair in COUNTS),
    *((rnn_types.which_type, *pair) for pair in TYPES),
    *((rnn_types.bptt, *pair) for pair in GRADIENTS),
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
        assert any(mistake.sentence.startswith(sentence) for sentence in named)


@pytest.mark.parametrize(
    ("exercise", "attempt"),
    [
        *((rnn_types.two_steps, lambda h1=h1, h2=h2: {"h1": h1, "h2": h2}) for h1 in (0, 0.5, 1) for h2 in (0, 0.5, 1)),
        (rnn_types.two_steps, lambda: {"h1": -0.87, "h2": -0.79}),
        *((rnn_types.count_weights, lambda f, u, s, c=c: c) for c in (0, 1, 3, 100)),
        (rnn_types.count_weights, lambda f, u, s: f + u + s),
        (rnn_types.count_weights, lambda f, u, s: s),
        (rnn_types.count_weights, lambda f, u, s: u * (f + u + 1) - 1),
        (rnn_types.count_weights, lambda f, u, s: u * (f + u + 1) + s),
        *((rnn_types.which_type, lambda task, kind=kind: kind) for kind in rnn_types.KINDS),
        (rnn_types.which_type, table(digit="one to many")),
        (rnn_types.which_type, table(temperature="one to many")),
        *((rnn_types.bptt, lambda w, h_0, x, c=c: c) for c in (0.0, 1.0, -2.0, math.nan)),
        (rnn_types.bptt, lambda w, h_0, x: w),
        (rnn_types.bptt, lambda w, h_0, x: x.sum()),
        (rnn_types.bptt, lambda w, h_0, x: -rnn_types.bptt.reference(w, h_0, x)),
        (rnn_types.bptt, lambda w, h_0, x: w - rnn_types.bptt.reference(w, h_0, x)),
    ],
)
def test_a_wrong_attempt_that_is_none_of_them_is_not_named(exercise, attempt):
    result = exercise.judge(attempt)
    assert (result.state, result.mistake) == ("wrong", None)


# The predictions.


def reason(prediction):
    return prediction.commit(prediction.answer())


def states_by_hand(numbers, w, bend=math.tanh):
    states = [0.0]
    for x in numbers:
        states.append(bend(x + w * states[-1]))
    return states[1:]


def test_the_same_number_again_and_again_settles():
    states = states_by_hand(50 * [0.1], 2)
    assert rnn_types.repeated_input.answer() == "it settles at a number below 1"
    assert_allclose(rnn_types._what_it_does(2.0)[1], states, rtol=1e-12)
    assert_allclose(math.tanh(0.1 + 2 * states[-1]), states[-1], rtol=1e-12)
    text = reason(rnn_types.repeated_input)
    assert f"The state goes {', '.join(f'{h:.2f}' for h in states[:5])} and so on, and stays at {states[-1]:.4f}." in text
    assert f"would be {0.1 * (2**20 - 1):,.1f} after 20 steps" in text
    turned = states_by_hand(50 * [0.1], -2)
    assert f"the last two states are then {turned[-2]:.2f} and {turned[-1]:.2f}." in text
    assert turned[-2] * turned[-1] < -0.5


@pytest.mark.parametrize(
    ("recurrent_weight", "activation", "option"),
    [
        (0.0, "tanh", "it stays as it is after the first step"),
        (0.5, "tanh", "it settles at a number below 1"),
        (-0.5, "tanh", "it settles at a number below 1"),
        (0.5, "linear", "it settles at a number below 1"),
        (2.0, "linear", "it grows without end"),
        (-2.0, "linear", "it grows without end"),
        (-2.0, "tanh", "it swings to and fro without end"),
        (-1.0, "linear", "it swings to and fro without end"),
    ],
)
def test_the_state_would_do_something_else_with_other_weights(recurrent_weight, activation, option):
    assert option in rnn_types.repeated_input.options
    assert rnn_types._what_it_does(recurrent_weight, activation)[0] == option


@pytest.mark.parametrize(
    "states",
    [
        pytest.param(0.1 * np.arange(1, 51), id="it grows, but to 5 only"),
        pytest.param(1 - 0.95 ** np.arange(50), id="it is still on its way"),
        pytest.param(2 - 0.5 ** np.arange(50), id="it settles above 1"),
        pytest.param(np.sin(np.arange(50)), id="it turns, but not at each step"),
    ],
)
def test_what_is_none_of_the_options_is_not_called_one(monkeypatch, states):
    monkeypatch.setattr(rnn_types, "_run", lambda numbers, recurrent_weight, activation: (None, states))
    with pytest.raises(ValueError, match="answer: expected one of"):
        rnn_types.repeated_input.answer()


def test_the_last_state_is_larger_after_the_late_one():
    early, late = states_by_hand([1, 0, 0], 0.5), states_by_hand([0, 0, 1], 0.5)
    assert rnn_types.order_matters.answer() == "after 0, 0, 1" and late[-1] > early[-1]
    for states in (early, late):
        assert ", ".join(f"{h:.2f}" for h in states) in reason(rnn_types.order_matters)


@pytest.mark.parametrize("recurrent_weight", [0.5, 0.9, -0.5, 0.0])
def test_without_a_recurrent_weight_above_1_the_late_one_counts_more(recurrent_weight):
    assert rnn_types._two_orders(recurrent_weight)[0] == "after 0, 0, 1"


def test_the_experiment_on_order_would_find_otherwise():
    assert rnn_types._two_orders(3.0)[0] == "after 1, 0, 0"


@pytest.mark.parametrize(
    ("early", "late", "option"),
    [
        ([5, 6, 7], [1, 2, 7], "after neither: it is the same"),
        ([8, 8, 1], [8, 8, 2], "after 0, 0, 1"),
        ([1, 2, 9], [9, 9, 2], "after 1, 0, 0"),
    ],
)
def test_the_last_states_decide_and_may_be_equal(monkeypatch, early, late, option):
    monkeypatch.setattr(rnn_types, "_run", lambda numbers, *_: (None, np.array(early if numbers[0] else late)))
    assert rnn_types.order_matters.answer() == option


def test_a_longer_review_needs_no_new_weights():
    assert rnn_types.longer_input.answer() == "none"
    recurrent, dense = 32 * (16 + 32 + 1) + 33, [(16 * words + 1) * 32 + 33 for words in (20, 40)]
    text = reason(rnn_types.longer_input)
    assert f"It has {recurrent:,} weights for 20 words and {recurrent:,} for 40." in text
    assert f"with its output {dense[0]:,} for 20 words and {dense[1]:,} for 40." in text


def test_the_same_weights_read_the_longer_review():
    short, long = (rnn_types._reviews(words, recurrent=True) for words in (20, 40))
    long.set_weights(short.get_weights())
    review = np.random.default_rng(0).normal(size=(2, 20, 16))
    assert_allclose(long.predict(review), short.predict(review), rtol=1e-12)
    assert short.predict(np.concatenate([review, review], axis=1)).shape == (2, 1)


@pytest.mark.parametrize(
    ("more", "option"),
    [
        (0, "none"),
        (20, "20, one for each new word"),
        (320, "320, for the 16 numbers of each new word"),
        (1000, "about twice as many weights in all"),
    ],
)
def test_the_count_would_see_new_weights(monkeypatch, more, option):
    class Counted:
        def __init__(self, words, recurrent):
            self.count_params = lambda: 1000 + more * (words == 40)

    monkeypatch.setattr(rnn_types, "_reviews", Counted)
    assert rnn_types.longer_input.answer() == option


def test_the_first_of_ten_numbers_is_nine_halvings_away():
    assert rnn_types.far_gradient.answer() == "about 1/500"
    nudged = np.r_[1.0, np.zeros(9)]
    linear, numbers = (lambda z: z), 0.1 * np.ones(10)
    moved = states_by_hand(numbers + nudged, 0.5, linear)[-1] - states_by_hand(numbers, 0.5, linear)[-1]
    assert_allclose(rnn_types._at_first(0.5), moved, rtol=1e-9)
    bent = states_by_hand(numbers + 1e-5 * nudged, 0.5)[-1] - states_by_hand(numbers - 1e-5 * nudged, 0.5)[-1]
    text = reason(rnn_types.far_gradient)
    assert f"{moved:.5f}, that is 1/512." in text
    assert f"With w = 0.9 it is {0.9**9:.2f}, with w = 1.1 it is {1.1**9:.2f}." in text
    assert f"With tanh and w = 0.5 it is {bent / 2e-5:.5f}" in text


@pytest.mark.parametrize(
    ("gradient", "option"),
    [(0.5, "about 1/2"), (1 / 18, "about 1/20"), (0.5**9, "about 1/500"), (0.0, "nothing")],
)
def test_the_experiment_on_the_gradient_would_find_otherwise(gradient, option):
    assert option in rnn_types.far_gradient.options and rnn_types._as_share(gradient) == option


@pytest.mark.parametrize("gradient", [0.25, 0.9**9, 1.1**9, 0.5**10])
def test_a_share_that_is_none_of_the_options_is_not_called_one(gradient):
    assert rnn_types._as_share(gradient) not in rnn_types.far_gradient.options
