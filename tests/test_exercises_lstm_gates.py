"""What the general tests of exercises and predictions cannot see: that the references of lesson 06 are true, that attempts as
learners write them get the right sentence and no other, and that the experiments of the predictions could find otherwise."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from helpers.exercises import lstm_gates
from helpers.exercises.lstm_gates import BEHAVIOURS, GATES
from helpers.scratch.lstm import LSTM, PARTS, lstm_run, lstm_step

EXERCISES = [lstm_gates.one_step, lstm_gates.which_gate, lstm_gates.counting_gates, lstm_gates.steps_until]

# The references.


def test_the_step_is_that_of_the_layer():
    weights = np.array([lstm_gates.WEIGHTS[part] for part in PARTS]).T
    layer = LSTM(1, return_state=True)
    layer.build((None, None, 1), np.random.default_rng(0))
    layer.set_weights([weights[:1], weights[1:2], weights[2]])
    states = [np.array([[float(state)]]) for state in (lstm_gates.OLD_H, lstm_gates.OLD_C)]
    _, h, c = layer.forward(np.array([[[float(lstm_gates.X)]]]), initial_state=states)
    answer = lstm_gates.one_step.reference()
    assert_allclose([answer["h"], answer["c"]], [h.item(), c.item()], rtol=1e-12)


def test_the_wrong_answers_are_made_of_the_same_unit():
    assert lstm_gates._cell() == lstm_gates.one_step.reference()


def test_every_weight_matters_to_somebody_who_uses_it_wrongly():
    assert all(number for weights in lstm_gates.WEIGHTS.values() for number in weights)


def test_held_steps_are_those_of_the_layer():
    candidates, c = np.random.default_rng(0).uniform(-1, 1, (2, 3)), [0.5, -2.0]
    cells, outputs = lstm_gates._held_steps(c, candidates, [0.9, 0.2, 1.0], 0.5, [1.0, 0.0, 0.3])
    for t, (f, o) in enumerate(zip([0.9, 0.2, 1.0], [1.0, 0.0, 0.3], strict=True)):
        c = [f * old + 0.5 * g for old, g in zip(c, candidates[:, t], strict=True)]
        assert_allclose(cells[:, t], c, rtol=1e-12)
        assert_allclose(outputs[:, t], [o * math.tanh(each) for each in c], rtol=1e-12)


def test_held_steps_are_those_of_a_run_with_the_same_hands():
    zeros, held = (np.zeros((1, 4)), np.zeros((1, 4)), np.zeros(4)), {"forget": 0.9, "input": 0.3, "output": 0.8}
    run = lstm_run(np.zeros((2, 6, 1)), *zeros, held | {"candidate": 0.7})
    cells, outputs = lstm_gates._held_steps([0, 0], np.full((2, 6), 0.7), *(held[gate] for gate in GATES))
    assert_allclose(cells, run.c[..., 0], rtol=1e-12)
    assert_allclose(outputs, run.h[..., 0], rtol=1e-12)


ROW = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=12)


@given(ROW)
def test_the_gates_count_the_pulses_since_the_last_restart(row):
    gates = [lstm_gates.counting_gates.reference(pulse, restart) for pulse, restart in row]
    h = c = np.zeros((1, 1))
    for t, step_gates in enumerate(gates):
        held = dict(zip(GATES, step_gates, strict=True)) | {"candidate": 1.0}
        h, c, *_ = lstm_step(np.zeros((1, 1)), h, c, np.zeros((1, 4)), np.zeros((1, 4)), np.zeros(4), held)
        since = max([0, *(k for k in range(t + 1) if row[k][1])])
        count = sum(pulse for pulse, _ in row[since : t + 1])
        assert (c.item(), h.item()) == (count, pytest.approx(math.tanh(count)))


def walk(gates, row):
    forget, input, output = np.array([gates(*step) for step in row], float).T
    return lstm_gates._held_steps([0], np.ones((1, len(row))), forget, input, output)


@pytest.mark.parametrize("gates", list(itertools.product((0, 0.5, 1), repeat=3)), ids=str)
@pytest.mark.parametrize("pair", list(itertools.product((0, 1), repeat=2)), ids=str)
def test_gates_are_right_exactly_where_no_row_counts_wrongly(pair, gates):
    reference = lstm_gates.counting_gates.reference

    def attempt(pulse, restart):
        return gates if (pulse, restart) == pair else reference(pulse, restart)

    after = [[pair], [(1, 0), pair], [(1, 0), (1, 0), pair, (1, 0)], [(1, 1), pair, (0, 0)]]
    same = all(np.allclose(walk(attempt, row), walk(reference, row)) for row in after)
    assert (lstm_gates.counting_gates.judge(attempt).state == "right") == same


@given(st.integers(1, 99), st.integers(1, 99))
def test_the_steps_are_the_first_after_which_less_is_left(forget, share):
    steps = lstm_gates.steps_until.reference(forget / 100, share / 100)
    kept, asked = Fraction(forget, 100), Fraction(share, 100)
    if kept**steps == asked or kept ** (steps - 1) == asked:
        return  # a tie: the last binary digit decides; see the next test
    assert kept**steps < asked < kept ** (steps - 1)


@pytest.mark.parametrize("power", [1, 2, 5, 10])
def test_exactly_the_share_is_not_less(power):
    assert lstm_gates.steps_until.reference(0.5, 0.5**power) == power + 1


def test_the_steps_are_those_of_a_cell():
    for forget, share in lstm_gates.steps_until.cases:
        cells, _ = lstm_gates._held_steps([1.0], np.ones((1, 500)), forget, 0.0, 1.0)
        assert lstm_gates.steps_until.reference(forget, share) == 1 + np.argmax(cells[0] < share)


# The sorting exercise.


def test_the_reference_says_what_the_behaviours_say():
    assert {name: lstm_gates.which_gate.reference(name) for name in BEHAVIOURS} == {
        name: facts.gate for name, facts in BEHAVIOURS.items()
    }
    assert {facts.gate for facts in BEHAVIOURS.values()} == set(GATES)
    assert sorted(name for (name,) in lstm_gates.which_gate.cases) == sorted(BEHAVIOURS)


def near(values, wanted):
    return np.all(np.abs(values - np.asarray(wanted)) < 1e-9, axis=1)


QUIET = [0.0, 0.0, 0.0, 0.0]
# What each behaviour is in four steps: the cell before them, the candidates, and how to tell it from all cells c and outputs h.
SEEN = {
    "blindfold": (1.0, QUIET, lambda c, h: near(h[:, 1:3], [0, 0]) & near(h[:, 3:], h[:, :1]) & (h[:, 0] > 0.1)),
    "deaf": (1.0, [-0.3, 0.5, -0.8, 0.2], lambda c, h: near(c, 4 * [1.0])),
    "fresh start": (1.0, [0.5, 0.3, 0.2, 0.4], lambda c, h: near(c, [1.5, 0.3, 0.5, 0.9])),
    "leak": (1.0, QUIET, lambda c, h: near(c, 0.9 ** np.arange(1, 5))),
    "secret": (0.0, [1.0, 0.0, 0.0, 0.0], lambda c, h: near(c, 4 * [1.0]) & near(h, [0, 0, 0, math.tanh(1)])),
    "noise": (1.0, [-0.5, -0.8, 0.4, -0.7], lambda c, h: c[:, 3] >= 1 - 1e-9),  # the bit, not buried
    "one of many": (0.0, [0.5, -0.4, 0.7, 0.3], lambda c, h: near(c, [0, 0, 0.7, 0.7])),
}


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("name", SEEN)
def test_one_gate_alone_does_it_and_neither_of_the_others_alone_can(name, gate):
    before, candidates, seen = SEEN[name]
    found = False
    for pattern in itertools.product((0.0, 0.5, 0.9, 1.0), repeat=4):
        gates = {other: 1.0 for other in GATES} | {gate: pattern}
        cells, outputs = lstm_gates._held_steps([before], np.array([candidates]), *(gates[each] for each in GATES))
        found = found or bool(seen(cells, outputs)[0])
    assert found == (gate == BEHAVIOURS[name].gate)


@pytest.mark.parametrize("gate", GATES)
def test_for_the_long_hold_it_matters_where_one_gate_stands(gate):
    held = []
    for value in (0.99, 0.7):
        gates = {other: 1.0 for other in GATES} | {gate: value}
        cells, _ = lstm_gates._held_steps([1.0], np.zeros((1, 100)), *(gates[each] for each in GATES))
        held.append(cells[0, -1] > 0.3)
    assert (held == [True, False]) == (gate == BEHAVIOURS["long hold"].gate)
    assert set(BEHAVIOURS) == {*SEEN, "long hold"}


WRONG_GATES = [(name, gate) for name, facts in BEHAVIOURS.items() for gate in GATES if gate != facts.gate]


@pytest.mark.parametrize(("name", "gate"), WRONG_GATES)
def test_every_wrong_gate_gets_a_reason_that_does_not_give_the_gate_away(name, gate):
    facts = BEHAVIOURS[name]
    result = lstm_gates.which_gate.judge(lambda asked: gate if asked == name else BEHAVIOURS[asked].gate)
    assert result.state == "wrong" and f"{len(BEHAVIOURS) - 1} of {len(BEHAVIOURS)}" in result.text
    reason = facts.why_not[gate]
    assert f"not yet: {reason}" in result.text and len(reason) <= 95
    assert facts.gate not in result.text


def test_every_wrong_gate_has_a_mistake_of_its_own():
    for name, gate in WRONG_GATES:
        result = lstm_gates.which_gate.judge(lambda asked, name=name, gate=gate: gate if asked == name else right(asked))
        assert result.mistake is not None


def test_reasons_are_given_for_the_wrong_gates_and_differ():
    reasons = [reason for facts in BEHAVIOURS.values() for reason in facts.why_not.values()]
    assert len(set(reasons)) == len(reasons) == 2 * len(BEHAVIOURS)
    assert all(set(facts.why_not) == set(GATES) - {facts.gate} for facts in BEHAVIOURS.values())
    assert not any(gate in facts.sentence for facts in BEHAVIOURS.values() for gate in GATES)


@pytest.mark.parametrize(
    "change", [str.upper, lambda gate: f"  {gate} ", lambda gate: f"{gate} gate", lambda gate: f"{gate.title()} Gate"]
)
def test_a_gate_may_be_written_in_other_ways(change):
    assert lstm_gates.which_gate.judge(lambda behaviour: change(right(behaviour))).state == "right"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("candidate", "The candidate is no gate"),
        ("update", "Return one of the three gates: forget, input, output."),
        ("", "Return one of the three gates"),
        ("gate", "Return one of the three gates"),
        (1, "Return one of the three gates"),
        (GATES, "Return one of the three gates"),
    ],
)
def test_what_is_no_gate_is_answered_in_a_sentence(answer, sentence):
    result = lstm_gates.which_gate.judge(lambda behaviour: answer)
    assert (result.state, result.mistake) == ("wrong", None) and sentence in result.text


def test_a_table_with_a_gap_says_which_behaviour_is_missing():
    result = lstm_gates.which_gate.judge(lambda behaviour: {"deaf": "input"}.get(behaviour))
    assert result.state == "wrong" and "(behaviour='leak')" in result.text


# What is said of pencil work.


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        ((1.15, 0.22), "a dictionary with two numbers"),
        ({"c": 1.15}, "a dictionary with two numbers"),
        ({"c": 0.4, "h": ...}, "Write a number in place of each of the dots"),
        ({"c": 0.4, "h": None}, "Write a number in place of each of the dots"),
        ({"c": 1.15, "h": 0.4}, "'c': 'right', 'h': 'not yet (0.40): one gate and the new c go in'"),
        ({"c": 0.5, "h": 0.22}, "'c': 'not yet (0.50): two gates, the old c and the candidate go in', 'h': 'right'"),
        ({"c": 0.5, "h": 0.3}, "'h': 'not yet (0.30): one gate and the new c go in'"),
        ({"c": 0.5, "h": 0.12}, "'h': '0.12 follows from your c: look at c again'"),
        ({"c": math.nan, "h": 0.22}, "not yet (nan)"),
    ],
)
def test_pencil_work_is_answered_without_giving_it_away(attempt, words):
    result = lstm_gates.one_step.judge(lambda: attempt)
    assert (result.state, result.mistake) == ("wrong", None) and words in result.text
    said = result.text.replace(str(attempt), "")
    assert "1.15" not in said and "0.22" not in said


@pytest.mark.parametrize("off", [-0.02, 0.02])
@pytest.mark.parametrize("name", ["c", "h"])
def test_two_hundredths_off_is_wrong(name, off):
    answer = lstm_gates.one_step.reference()
    assert lstm_gates.one_step.judge(lambda: answer | {name: answer[name] + off}).state == "wrong"


@pytest.mark.parametrize("exercise", [lstm_gates.one_step, lstm_gates.which_gate, lstm_gates.counting_gates])
def test_what_is_said_of_a_mistake_never_holds_the_right_numbers(exercise):
    for mistake in exercise.mistakes:
        assert not any(number in mistake.sentence for number in ("1.15", "0.22", "0.73", "0.62", "0.91", "0.27"))


@pytest.mark.parametrize(
    ("gates", "sentence"),
    [
        ((1, 0), "Return three numbers, one for each gate: (forget, input, output)."),
        (1, "Return three numbers"),
        ("open", "Return three numbers"),
        ({"forget": 1, "input": 0, "output": 1}, "Return three numbers"),
        ((1, 0, None), "Return three numbers"),
        ((1, 2, 1), "A gate is a number from 0 (shut) to 1 (open), and one of yours is 2."),
        ((-0.5, 1, 1), "one of yours is -0.5."),
        ((math.nan, 1, 1), "one of yours is nan."),
    ],
)
def test_what_are_no_gates_is_answered_in_a_sentence(gates, sentence):
    result = lstm_gates.counting_gates.judge(lambda pulse, restart: gates)
    assert (result.state, result.mistake) == ("wrong", None) and sentence in result.text


@pytest.mark.parametrize(
    ("pair", "gates", "said"),
    [
        ((0, 0), (1, 0, 1), {"cell": "right", "output": "right"}),
        ((0, 0), (0, 0, 1), {"cell": "the count so far is lost", "output": "right"}),
        ((0, 0), (0.5, 0, 1), {"cell": "a part of the count so far is lost", "output": "right"}),
        ((0, 0), (1, 1, 1), {"cell": "a step without a pulse is counted", "output": "right"}),
        (
            (0, 0),
            (0, 0.3, 1),
            {"cell": "the count so far is lost; a step without a pulse is counted in part", "output": "right"},
        ),
        ((1, 0), (1, 0, 0), {"cell": "the pulse is not counted", "output": "nothing of the count is shown"}),
        ((1, 0), (1, 0.9, 0.9), {"cell": "the pulse is counted in part only", "output": "only a part of the count is shown"}),
        ((0, 1), (1, 0, 1), {"cell": "the count before the restart is still there", "output": "right"}),
        ((0, 1), (0.2, 0, 1), {"cell": "a part of the count before the restart is there", "output": "right"}),
        ((0, 1), (0, 0, 0), {"cell": "right", "output": "right"}),  # of an empty cell there is nothing to show
        ((1, 1), (0, 1, 0), {"cell": "right", "output": "nothing of the count is shown"}),
    ],
)
def test_the_check_says_what_the_gates_do(pair, gates, said):
    assert lstm_gates._counted(gates, *pair) == said


# Right answers, written in other ways.


def with_words(pulse, restart):
    if restart:
        return (False, bool(pulse), True)
    return np.array([1.0, float(pulse), 1.0])


@pytest.mark.parametrize(
    ("exercise", "attempt"),
    [
        (lstm_gates.one_step, lambda: {"h": "0.22", "c": np.float32(1.148)}),
        (lstm_gates.one_step, lambda: {"c": 0.73 * 0.8 + 0.62 * 0.91, "h": 0.27 * 0.82}),
        (lstm_gates.counting_gates, with_words),
        (lstm_gates.counting_gates, lambda pulse, restart: [int(not restart), pulse, 1.0]),
        (lstm_gates.counting_gates, lambda pulse, restart: (1 - restart, pulse, 1 - restart * (1 - pulse))),
        (lstm_gates.steps_until, lambda forget, share: next(n for n in itertools.count() if forget**n < share)),
        (lstm_gates.steps_until, lambda forget, share: int(math.log(share, forget)) + 1),
        (lstm_gates.steps_until, lambda forget, share: float(np.floor(np.log(share) / np.log(forget)) + 1)),
    ],
)
def test_other_ways_to_write_it_are_right(exercise, attempt):
    assert exercise.judge(attempt).state == "right"


@pytest.mark.parametrize("digits", [2, 3, 4, 5])
@pytest.mark.parametrize("carried", [2, 3, 4, 5])
def test_rounding_on_the_way_is_right(digits, carried):
    f, i, g, o = (round(gate, carried) for gate in (sigmoid(1), sigmoid(0.5), math.tanh(1.5), sigmoid(-1)))
    c = round(f * 0.8 + i * g, carried)
    answer = {"c": round(c, digits), "h": round(o * round(math.tanh(c), carried), digits)}
    assert lstm_gates.one_step.judge(lambda: answer).state == "right"


# Wrong answers as learners write them, and the sentence that they get.


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def right(behaviour):
    return lstm_gates.which_gate.reference(behaviour)


tanh = math.tanh


def pencil(n, zf=1.0, zi=0.5, zg=1.5, zo=-1.0, gate=sigmoid, bend=tanh, new=None, show=None):
    """Return the answer of a learner who rounds c and h to n digits, and goes on with what is written down."""
    f, i, g, o = gate(zf), gate(zi), bend(zg), gate(zo)
    c = round(new(f, i, g) if new else f * 0.8 + i * g, n)
    return {"c": c, "h": round(show(o, c) if show else o * tanh(c), n)}


def with_sums(n, z):
    """Return the answer of a learner who makes the sums of w, u and b in another way."""
    return pencil(n, z(0.25, 1, 0.5), z(1, -0.25, -1.5), z(0.5, 0.25, 0.5), z(-0.75, 0.25, 0.5))


def exchanged(answer, c, h):
    return {"c": answer[c], "h": answer[h]}


def degrees(z):
    return math.tan(math.radians(z))


BY_HAND = [
    (lambda n: pencil(n, new=lambda f, i, g: 0.8 + i * g), "You forgot the forget gate"),
    (lambda n: pencil(n, new=lambda f, i, g: f * 0.8 + g), "You forgot the input gate"),
    (lambda n: pencil(n, zf=0.5, zi=1.0), "The forget gate and the input gate have changed places"),
    (lambda n: pencil(n, zi=-1.0, zo=0.5), "The input gate and the output gate have changed places"),
    (lambda n: pencil(n, zf=-1.0, zo=1.0), "The forget gate and the output gate have changed places"),
    (lambda n: pencil(n, gate=tanh), "You put the gates through tanh."),
    (lambda n: pencil(n, bend=sigmoid), "You put the candidate through the sigmoid."),
    (lambda n: pencil(n, gate=tanh, bend=sigmoid), "sigmoid and tanh have changed places"),
    (lambda n: pencil(n, gate=lambda z: z, bend=lambda z: z), "You used the four sums as they are."),
    (lambda n: pencil(n, bend=lambda z: z), "You used the sum of the candidate as it is"),
    (lambda n: pencil(n, gate=lambda z: 1 / (1 + math.exp(z))), "Your gates are turned round"),
    (lambda n: pencil(n, new=lambda f, i, g: f + 0.8 + i * g), "You added the forget gate to the old c."),
    (lambda n: pencil(n, new=lambda f, i, g: f * 0.8 + i + g), "You added the input gate to the candidate."),
    (lambda n: pencil(n, new=lambda f, i, g: f * (0.8 + i * g)), "The forget gate multiplied what is new as well."),
    (lambda n: pencil(n, new=lambda f, i, g: (1 - f) * 0.8 + i * g), "You used 1 - f."),
    (lambda n: pencil(n, new=lambda f, i, g: f * 0.8 + (1 - f) * g), "You wrote 1 - f of the candidate."),
    (lambda n: pencil(n, new=lambda f, i, g: f * 0.8), "Your new c is only what is kept"),
    (lambda n: pencil(n, new=lambda f, i, g: i * g), "Your new c is only what this step writes."),
    (lambda n: pencil(n, show=lambda o, c: o * c), "c is right, but h forgot tanh"),
    (lambda n: pencil(n, show=lambda o, c: tanh(c)), "c is right, but h forgot the output gate"),
    (lambda n: pencil(n, show=lambda o, c: o * tanh(0.8)), "c is right, but h shows the old c."),
    (lambda n: pencil(n, show=lambda o, c: o + tanh(c)), "c is right, but h added the output gate."),
    (lambda n: pencil(n, show=lambda o, c: o * sigmoid(c)), "c is right, but h put it through the sigmoid."),
    (lambda n: pencil(n, show=lambda o, c: tanh(o * c)), "c is right, but for h the order is"),
    (lambda n: pencil(n) | {"c": round(tanh(pencil(4)["c"]), n)}, "h is right, but you handed on tanh(c)."),
    (lambda n: pencil(n, new=lambda f, i, g: tanh(f * 0.8 + i * g)), "You squashed the cell itself"),
    (lambda n: exchanged(pencil(n), "h", "h"), "h is right, but you handed it on as c as well."),
    (lambda n: exchanged(pencil(n), "h", "c"), "c and h have changed places"),
    (lambda n: pencil(n, bend=math.tan, show=lambda o, c: o * math.tan(c)), "That is tan, the tangent."),
    (lambda n: pencil(n, bend=degrees, show=lambda o, c: o * degrees(c)), "That is tan of an angle in degrees."),
    (lambda n: with_sums(n, lambda w, u, b: w * 2), "You forgot the biases"),
    (lambda n: with_sums(n, lambda w, u, b: b), "Your sums are the biases alone."),
    (lambda n: with_sums(n, lambda w, u, b: w + b), "You forgot x"),
    (lambda n: with_sums(n, lambda w, u, b: 2 + b), "You forgot w"),
    (lambda n: with_sums(n, lambda w, u, b: w * 2 + u + b), "You added u as it is."),
    (lambda n: with_sums(n, lambda w, u, b: w * 2 + u * 0.8 + b), "You multiplied u by the old c."),
    (lambda n: with_sums(n, lambda w, u, b: u * 2 + b), "w and u have changed places"),
    (lambda n: {"c": 1.1, "h": 0.2}, "You rounded to one digit"),
]


@pytest.mark.parametrize("digits", [2, 4])
@pytest.mark.parametrize(("answer", "sentence"), BY_HAND)
def test_a_mistake_with_the_pencil_is_named_however_it_is_rounded(answer, sentence, digits):
    result = lstm_gates.one_step.judge(lambda: answer(digits))
    assert result.state == "wrong" and result.mistake is not None
    assert result.mistake.sentence.startswith(sentence)


def table(**others):
    """Return an attempt: the right gates but for these behaviours, with _ for the space in a name."""
    gates = {name: right(name) for name in BEHAVIOURS} | {name.replace("_", " "): gate for name, gate in others.items()}
    return lambda behaviour: gates[behaviour]


def all_of(deaf, leak, blindfold):
    """Return an attempt that answers all behaviours of the input, the forget and the output gate in these ways."""
    return table(
        deaf=deaf,
        noise=deaf,
        one_of_many=deaf,
        leak=leak,
        fresh_start=leak,
        long_hold=leak,
        blindfold=blindfold,
        secret=blindfold,
    )


SORTED = [
    (lambda behaviour: "forget gate", "You took the forget gate for everything."),
    (lambda behaviour: "Input", "You took the input gate for everything."),
    (lambda behaviour: "output", "You took the output gate for everything."),
    (all_of("forget", "input", "output"), "The forget gate and the input gate have changed places"),
    (all_of("output", "forget", "input"), "The input gate and the output gate have changed places"),
    (all_of("input", "output", "forget"), "The forget gate and the output gate have changed places"),
    (all_of("output", "input", "forget"), "None of the three is in its place"),
    (all_of("forget", "output", "input"), "All three names have moved on by one"),
    (all_of("input", "forget", "forget"), "You took hidden for forgotten."),
    (all_of("forget", "forget", "output"), "You took the forget gate for what comes in."),
    (all_of("input", "input", "output"), "You took the input gate for what the cell held before."),
    (all_of("output", "forget", "output"), "You took the output gate for what is written."),
    (all_of("input", "forget", "input"), "You took the input gate for what is shown."),
    (all_of("input", "output", "output"), "You took the output gate for what is lost."),
    (table(deaf="forget", noise="forget", secret="forget"), "You gave everything that protects the number"),
    (table(blindfold="forget", noise="forget"), "You gave everything that can no longer be seen"),
    (table(leak="input", long_hold="input"), "Where nothing comes in, the input gate has nothing to do."),
    (table(deaf="output", noise="output"), "The output gate cannot keep anything out of the cell"),
    (table(leak="input"), "The leaking cell gets nothing new"),
    (table(leak="output"), "In the leak, the cell itself loses a tenth."),
    (table(blindfold="forget"), "Behind the blindfold the number is still there"),
    (table(blindfold="input"), "Behind the blindfold nothing comes in"),
    (table(deaf="forget"), "The deaf cell keeps its number"),
    (table(deaf="output"), "In the deaf cell it is the cell"),
    (table(noise="forget"), "The bit under the noise was not forgotten"),
    (table(noise="output"), "To show nothing does not keep the noise out"),
    (table(fresh_start="input"), "At the fresh start something new is written"),
    (table(fresh_start="output"), "At the fresh start the old number is gone"),
    (table(long_hold="input"), "For the long hold nothing has to be kept out"),
    (table(long_hold="output"), "For the long hold the bit has to be in the cell"),
    (table(secret="forget"), "The secret must not be seen"),
    (table(secret="input"), "The secret was let in long ago."),
    (table(one_of_many="forget"), "One of many: the choice is made"),
    (table(one_of_many="output"), "One of many: the other nine"),
]


def by_hand(forget=lambda p, r: 0 if r else 1, input=lambda p, r: 1 if p else 0, output=lambda p, r: 1):
    """Return an attempt whose gates are these functions of pulse and restart."""
    return lambda pulse, restart: (forget(pulse, restart), input(pulse, restart), output(pulse, restart))


PULSES = [
    (by_hand(input=lambda p, r: 1), "The input gate is open at every step"),
    (by_hand(input=lambda p, r: 0), "The input gate never opens"),
    (by_hand(lambda p, r: 1), "The forget gate is always open"),
    (by_hand(lambda p, r: 0), "The forget gate is always shut"),
    (by_hand(lambda p, r: 1 if p and not r else 0), "The forget gate shuts where there is no pulse"),
    (by_hand(lambda p, r: p), "The forget gate follows the pulse."),
    (by_hand(lambda p, r: 0 if p else 1), "The forget gate shuts at each pulse"),
    (by_hand(lambda p, r: 0 if p or r else 1), "The forget gate shuts at a restart, and that is right."),
    (by_hand(lambda p, r: r), "The forget gate is turned round"),
    (by_hand(lambda p, r: 0 if r and not p else 1), "A restart with a pulse in the same step"),
    (by_hand(lambda p, r: 0 if r else 0.99), "The forget gate is not quite open"),
    (by_hand(lambda p, r: 0.05 if r else 1), "The forget gate is not quite shut at a restart"),
    (by_hand(input=lambda p, r: 1 if p and not r else 0), "The input gate is shut at a restart"),
    (by_hand(input=lambda p, r: 1 if p or r else 0), "The input gate opens at every restart"),
    (by_hand(input=lambda p, r: not p), "The input gate is turned round"),
    (by_hand(input=lambda p, r: 0.7 * p), "The input gate is half open at a pulse"),
    (by_hand(output=lambda p, r: p), "The output gate opens at a pulse only."),
    (by_hand(output=lambda p, r: 0), "The output gate is always shut"),
    (by_hand(output=lambda p, r: r), "The output gate opens at a restart only."),
    (by_hand(output=lambda p, r: 0 if r else 1), "The output gate shuts at a restart."),
    (by_hand(output=lambda p, r: 0 if p else 1), "The output gate shuts at a pulse."),
    (by_hand(output=lambda p, r: 0.9), "The output gate is half open"),
    (
        lambda pulse, restart: (pulse, 1 - restart, 1),
        "The right gates in the wrong order: the first place is for the forget gate, the s",
    ),
    (lambda pulse, restart: (1 - restart, 1, pulse), "The right gates in the wrong order: the second place"),
    (
        lambda pulse, restart: (1, pulse, 1 - restart),
        "The right gates in the wrong order: the first place is for the forget gate, the t",
    ),
    (lambda pulse, restart: lstm_gates.counting_gates.reference(restart, pulse), "Pulse and restart have changed places"),
    (lambda pulse, restart: [1, 1, 1], "All gates are open all the time"),
    (lambda pulse, restart: (0.0, 0.0, 0.0), "All gates are shut all the time"),
    (lambda pulse, restart: (0.5, 0.5, 0.5), "All gates are half open all the time"),
]


def loop(step, left=1.0, steps=0, until=lambda left, share: left < share):
    """Return an attempt that takes steps until it seems enough."""

    def attempt(forget, share):
        now, count = left(forget) if callable(left) else left, steps
        while not until(now, share):
            now = step(now, forget)
            count += 1
        return count

    return attempt


def times(left, forget):
    return left * forget


def log_ratio(forget, share):
    return math.log(share) / math.log(forget)


def left_after(forget, share):
    left = 1.0
    while left >= share:
        left *= forget
    return left


STEPS = [
    (loop(lambda left, forget: left - (1 - forget)), "You took away the same amount"),
    (loop(times, left=lambda forget: forget), "One step too few"),
    (loop(times, steps=1), "One step too many"),
    (
        lambda forget, share: loop(times, left=lambda f: f * f)(forget, share) if forget**2 >= share else 0,
        "Two steps too few",
    ),
    (loop(times, until=lambda left, share: left <= share), "Nearly: where exactly the share is left"),
    (lambda forget, share: int(log_ratio(forget, share) + 0.5), "You rounded to the nearest whole number."),
    (log_ratio, "That is the point at which exactly the share is left."),
    (lambda forget, share: math.log(forget, share), "You divided the logarithms the other way round"),
    (lambda forget, share: math.log(share) - math.log(forget), "You took the logarithm of a quotient."),
    (lambda forget, share: abs(np.log(share)), "You did not divide by the logarithm of the gate"),
    (lambda forget, share: share / forget, "You divided the share by the gate."),
    (lambda forget, share: loop(times)(share, forget), "forget and share have changed places"),
    (loop(lambda left, forget: left * (1 - forget)), "You multiplied by 1 - forget."),
    (loop(times, until=lambda left, share: 1 - left > share), "You waited until that share is lost."),
    (lambda forget, share: loop(times)(forget, 0.5), "You always waited for one half."),
    (loop(lambda left, forget: left / 2), "You halved at every step."),
    (loop(lambda left, forget: left * sigmoid(forget)), "You put the gate through the sigmoid."),
    (loop(lambda left, forget: left**2, left=lambda forget: forget, steps=1), "You squared what is left"),
    (left_after, "That is how much is left in the end."),
    (lambda forget, share: round(1 / (1 - forget)), "1 / (1 - forget) is a rule of thumb"),
    (loop(times, until=lambda left, share: left >= share), "Before the first step everything is left."),
    (lambda forget, share: 1, "It ends after one step"),
]

ATTEMPTS = [
    *((lstm_gates.one_step, lambda answer=answer: answer(2), sentence) for answer, sentence in BY_HAND),
    *((lstm_gates.which_gate, *pair) for pair in SORTED),
    *((lstm_gates.counting_gates, *pair) for pair in PULSES),
    *((lstm_gates.steps_until, *pair) for pair in STEPS),
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
        *((lstm_gates.one_step, lambda c=c, h=h: {"c": c, "h": h}) for c in (0, 0.8, 1) for h in (0, 0.5, 1)),
        (lstm_gates.one_step, lambda: {"c": -1.15, "h": -0.22}),
        (lstm_gates.which_gate, table(deaf="forget", blindfold="input")),
        (lstm_gates.which_gate, table(leak="output", fresh_start="input")),
        (lstm_gates.which_gate, lambda behaviour: "none"),
        (lstm_gates.counting_gates, lambda pulse, restart: (restart, 1 - pulse, 0)),
        (lstm_gates.counting_gates, lambda pulse, restart: (0.5, pulse, 1)),
        (lstm_gates.counting_gates, lambda pulse, restart: (1 - restart, pulse, 2)),
        *((lstm_gates.steps_until, lambda forget, share, c=c: c) for c in (2, 7, 100, -1, math.nan)),
        (lstm_gates.steps_until, lambda forget, share: -lstm_gates.steps_until.reference(forget, share)),
        (lstm_gates.steps_until, lambda forget, share: 2 * lstm_gates.steps_until.reference(forget, share)),
        (lstm_gates.steps_until, lambda forget, share: forget),
    ],
)
def test_a_wrong_attempt_that_is_none_of_them_is_not_named(exercise, attempt):
    result = exercise.judge(attempt)
    assert (result.state, result.mistake) == ("wrong", None)


# The predictions.


def reason(prediction):
    return prediction.commit(prediction.answer())


def test_a_shut_output_gate_loses_nothing():
    assert lstm_gates.shut_output.answer() == "what it was before"
    shown = lstm_gates._shut_for_ten_steps()
    assert_allclose(shown, [math.tanh(1), *10 * [0.0], math.tanh(1)], rtol=1e-12)
    text, leaky = reason(lstm_gates.shut_output), math.tanh(0.9**12)
    assert f"h was {tanh(1):.2f}, then 0 ten times, then {tanh(1):.2f}." in text
    assert f"At 0.9, h would be {leaky:.2f} in the end, and {leaky:.2f} if" in text


@pytest.mark.parametrize(
    ("forget", "option"), [(1.0, "what it was before"), (0.93, "about half of what it was"), (0.5, "0: it was lost")]
)
def test_with_another_forget_gate_something_else_would_come_back(forget, option):
    assert option in lstm_gates.shut_output.options
    assert lstm_gates._what_comes_back(lstm_gates._shut_for_ten_steps(forget)) == option


@pytest.mark.parametrize(("first", "last"), [(0.5, 0.4), (0.5, -0.5), (0.5, 0.1), (0.5, 0.51), (0.5, 1.0)])
def test_what_is_none_of_the_options_is_not_called_one(monkeypatch, first, last):
    monkeypatch.setattr(lstm_gates, "_shut_for_ten_steps", lambda *_: np.array([first, *10 * [0], last]))
    with pytest.raises(ValueError, match="answer: expected one of"):
        lstm_gates.shut_output.answer()


def test_twenty_gates_of_073_leave_two_thousandths():
    assert lstm_gates.twenty_gates.answer() == "about 2 thousandths"
    left = {bias: sigmoid(bias) ** 20 for bias in (0, 1, 3)}
    for bias, share in left.items():
        assert_allclose(lstm_gates._left_in_the_cell(bias), share, rtol=1e-9)
    text = reason(lstm_gates.twenty_gates)
    assert f"{left[1]:.4f} is left." in text
    assert f"the gate stands at 0.50, and {left[0]:.1e} is left, about 1 millionth" in text
    assert f"with a bias of 3 it stands at {sigmoid(3):.2f}, and {left[3]:.2f} is left." in text


def test_the_bias_is_that_of_a_new_layer():
    layer = LSTM(3)
    layer.build((None, None, 2), np.random.default_rng(0))
    assert layer.weights["bias"].tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("bias", "steps", "option"),
    [(1, 1, "73 hundredths"), (1, 10, "about 4 hundredths"), (1, 20, "about 2 thousandths"), (-1000, 20, "nothing at all")],
)
def test_with_other_gates_or_steps_something_else_would_be_left(bias, steps, option):
    assert option in lstm_gates.twenty_gates.options
    assert lstm_gates._as_left(lstm_gates._left_in_the_cell(bias, steps)) == option


@pytest.mark.parametrize("share", [1.0, 0.38, 0.1, 9.5e-7, -0.002])
def test_a_share_that_is_none_of_the_options_is_not_called_one(share):
    assert lstm_gates._as_left(share) not in lstm_gates.twenty_gates.options


def test_only_the_cell_that_shuts_its_input_gate_keeps_the_sign():
    assert lstm_gates.who_keeps.answer() == "the second"
    text = reason(lstm_gates.who_keeps)
    first, second, leaky = [], [], []
    for seed in lstm_gates.SEEDS:
        rng = np.random.default_rng(seed)
        bit, noise = rng.choice([-1.0, 1.0], 1000), rng.uniform(-1, 1, (1000, 50))
        written = np.tanh(np.column_stack([bit, noise]))
        first.append(np.mean(np.sign(written.sum(axis=1)) == bit))
        second.append(np.mean(np.sign(written[:, 0]) == bit))
        leaky.append(np.mean(np.sign(written @ 0.9 ** np.arange(50, -1, -1)) == bit))
    shares = [", ".join(f"{100 * share:.0f}" for share in each) for each in (first, second, leaky)]
    assert f"the first has the right sign in {shares[0]} (" in text
    assert f"the second in {shares[1]}." in text
    assert f"at 0.9 the first has {shares[2]}," in text
    assert max(first) < 0.7 and max(leaky) < min(first)


def test_without_noise_both_would_keep_it_and_without_a_memory_neither(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(lstm_gates, "NOISE_STEPS", 1)
        assert lstm_gates.who_keeps.answer() == "both"
    keeps = lstm_gates._keeps_the_sign
    monkeypatch.setattr(lstm_gates, "_keeps_the_sign", lambda seed, forget=0.0, shuts=False: keeps(seed, 0.0, shuts))
    assert lstm_gates.who_keeps.answer() == "neither"


@pytest.mark.parametrize(
    ("first", "second", "option"),
    [
        ([0.99, 0.96, 1.0], [0.5, 0.6, 0.5], "the first"),
        ([0.6, 0.99, 0.99], [0.99, 0.98, 0.97], "the second"),
        ([0.95, 0.96, 1.0], [0.99, 0.98, 0.97], "both"),
        ([0.5, 0.5, 0.5], [0.99, 0.98, 0.94], "neither"),
    ],
)
def test_every_seed_decides_who_keeps_the_sign(first, second, option):
    assert option in lstm_gates.who_keeps.options and lstm_gates._who(first, second) == option
