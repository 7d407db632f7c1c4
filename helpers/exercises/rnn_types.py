"""Exercises and predictions of the lesson on the types of recurrent networks."""

from typing import NamedTuple

import numpy as np

from helpers.exercises.exercise import Exercise, Mistake
from helpers.exercises.prediction import Prediction
from helpers.scratch.dense import Dense
from helpers.scratch.pooling import Flatten
from helpers.scratch.recurrent import SimpleRNN
from helpers.scratch.sequential import Sequential

# The network of the first exercise: one unit, its weights, the state before step 1, and what it reads.
W, U, B = 0.25, 0.6, 0.3
START, READ = 0.5, (3, 1)
ENOUGH = 0.0101  # how far from the right number an answer may be: two digits after the point, the state rounded on the way


def two_steps():
    """Return both states of one unit with h = tanh(w x + u h + b), which reads 3, then 1: {"h1": number, "h2": number}."""
    w, u, b = 0.25, 0.6, 0.3
    h1 = np.tanh(w * 3 + u * 0.5 + b)  # 0.5 is the state before step 1
    h2 = np.tanh(w * 1 + u * h1 + b)
    return {"h1": h1, "h2": h2}


def _z(x, h):
    return W * x + U * h + B


def _walk(step=lambda x, h: np.tanh(_z(x, h)), read=READ, start=START):
    """Return both states where a step makes the new state of the number x and the old state h."""
    h1 = step(read[0], start)
    return {"h1": h1, "h2": step(read[1], h1)}


def _but(change):
    """Return the right states, with what `change` makes of the right h1 in place of h2."""
    right = _walk()
    return right | {"h2": change(right["h1"])}


def _checked_by_hand(answer):
    """Return for both states whether they are right, and if not, what goes into them. The right numbers stay hidden."""
    if not isinstance(answer, dict) or answer.keys() != {"h1", "h2"}:
        raise ValueError('Return a dictionary with two numbers: {"h1": ..., "h2": ...}.')
    try:
        given = {name: float(answer[name]) for name in ("h1", "h2")}
    except (TypeError, ValueError):
        raise ValueError("Write a number in place of each of the dots, with two digits after the point.") from None
    said = {
        "h1": f"not yet ({given['h1']:.2f}): x = {READ[0]} and the old state {START} go in",
        "h2": f"not yet ({given['h2']:.2f}): x = {READ[1]} and the state h1 go in",
    }
    if abs(given["h2"] - np.tanh(_z(READ[1], given["h1"]))) <= ENOUGH:
        said["h2"] = f"{given['h2']:.2f} follows from your h1: look at h1 again"
    return {name: "right" if abs(given[name] - right) <= ENOUGH else said[name] for name, right in _walk().items()}


two_steps = Exercise(
    two_steps,
    cases=[()],
    mistakes=[
        Mistake(
            lambda: _walk(lambda x, h: np.tanh(W * x + B)),
            "You forgot the old state: u times the state before the step belongs to the sum.",
        ),
        Mistake(
            lambda: _but(lambda h1: np.tanh(W * READ[1] + B)),
            "Step 2 forgot the old state: u times h1, what step 1 has left, belongs to its sum.",
        ),
        Mistake(
            lambda: _but(lambda h1: np.tanh(_z(READ[1], START))),
            "You used the state 0.5 in both steps. The old state of step 2 is h1, the state that step 1 has left.",
        ),
        Mistake(
            lambda: _walk(start=0),
            "You began with the state 0. That is usual, but here the state before step 1 is 0.5.",
        ),
        Mistake(
            lambda: _walk(lambda x, h: np.tanh(W * x + U * h)),
            "You forgot the bias b: it is added to the sum of every step.",
        ),
        Mistake(
            lambda: _walk(lambda x, h: np.tanh(W * x)),
            "That is the input alone, times w. The old state, times u, and the bias are still missing in the sum.",
        ),
        Mistake(lambda: _walk(_z), "You forgot tanh: the new state is tanh of the sum, in each of the two steps."),
        Mistake(
            lambda: _but(lambda h1: _z(READ[1], h1)) | {"h1": _z(READ[0], START)},
            "These are the sums z. The states are tanh(z): you used tanh on the way from step 1 to step 2, but not in the end.",
        ),
        Mistake(lambda: _but(lambda h1: _z(READ[1], h1)), "h1 is right, but h2 is still the sum: put it through tanh, too."),
        Mistake(
            lambda: _but(lambda h1: np.tanh(_z(READ[1], _z(READ[0], START)))),
            "h1 is right, but you carried the sum z of step 1 on to step 2. What is carried on is the state h1 = tanh(z).",
        ),
        Mistake(
            lambda: _walk(lambda x, h: np.tanh(U * x + W * h + B)),
            "w and u have changed places: w multiplies the input x, u multiplies the old state h.",
        ),
        Mistake(
            lambda: _walk(read=READ[::-1]),
            "You read the numbers in the wrong order: step 1 reads 3, step 2 reads 1.",
        ),
        Mistake(
            lambda: _but(lambda h1: np.tanh(_z(READ[0], h1))),
            "You read the 3 twice. Step 2 reads the next number, 1.",
        ),
        Mistake(
            lambda: _but(lambda h1: np.tanh(_z(sum(READ), h1))),
            "Step 2 read 3 + 1. It reads 1 alone: of the 3 it knows only what is left in the state h1.",
        ),
        Mistake(
            lambda: _walk(lambda x, h: np.tanh(W * x + h + B)),
            "You forgot u: the old state is multiplied by u before it is added.",
        ),
        Mistake(
            lambda: _walk(lambda x, h: np.tanh(x + U * h + B)),
            "You forgot w: the input is multiplied by w before it is added.",
        ),
        Mistake(
            lambda: _walk(lambda x, h: np.tanh(W * x + U * h) + B),
            "You added the bias after tanh. It belongs to the sum, and tanh comes last.",
        ),
        Mistake(
            lambda: _walk(lambda x, h: np.tanh(W * x + B) + U * h),
            "You added the old state after tanh. u times the old state belongs to the sum, and tanh comes last.",
        ),
        Mistake(
            lambda: _walk(lambda x, h: h + np.tanh(_z(x, h))),
            "You added the new state to the old one. It takes the place of the old one: the old one is in the sum already.",
        ),
        Mistake(
            lambda: _walk(lambda x, h: 1 / (1 + np.exp(-_z(x, h)))),
            "That is the sigmoid. Here the activation is tanh, from -1 to 1.",
        ),
        Mistake(
            lambda: _walk(lambda x, h: np.tan(_z(x, h))),
            "That is tan, the tangent. tanh is another function: on many calculators first hyp, then tan; in Python np.tanh.",
        ),
        Mistake(
            lambda: _walk(lambda x, h: np.tan(np.radians(_z(x, h)))),
            "That is tan of an angle in degrees. tanh is another function: on many calculators first hyp, then tan.",
        ),
        Mistake(
            lambda: {"h1": _walk()["h2"], "h2": _walk()["h1"]},
            "The two states have changed places: h1 is the state after step 1.",
        ),
        Mistake(
            lambda: {name: round(state, 1) for name, state in _walk().items()},
            "You rounded to one digit after the point. Give two.",
        ),
    ],
    hints=[
        "Each step adds up three things, w times the number that it reads, u times the old state, and b; then comes tanh.",
        "Step 1: z = 0.25 * 3 + 0.6 * 0.5 + 0.3, and h1 = tanh(z). In Python: `np.tanh(...)`.",
        "Step 2 does the same with the number 1, and with h1 in place of 0.5. w, u and b stay what they are.",
    ],
    effect=_checked_by_hand,
)


def count_weights(features, units, steps):
    """Return the number of weights of a SimpleRNN, its biases among them; it reads `steps` times `features` numbers."""
    kernel = features * units  # from every number that comes in to every unit
    recurrent_kernel = units * units  # from every unit of the step before to every unit
    return kernel + recurrent_kernel + units  # a bias for each unit; the same weights at every step


def _count(features, units, steps):
    return units * (features + units + 1)


count_weights = Exercise(
    count_weights,
    cases=[(1, 1, 3), (2, 3, 5), (2, 3, 50), (3, 2, 4), (1, 4, 10), (13, 32, 20), (16, 8, 1)],
    mistakes=[
        Mistake(
            lambda features, units, steps: steps * _count(features, units, steps),
            "You counted all weights once for each step. It is the same weights at every step: count them once.",
        ),
        Mistake(
            lambda features, units, steps: units * (features * steps + units + 1),
            "You gave every step its own weights for the input. All steps share one kernel: features * units.",
        ),
        Mistake(
            lambda features, units, steps: units * (features + units * steps + 1),
            "You gave every step its own weights for the old state. All steps share one recurrent kernel: units * units.",
        ),
        Mistake(
            lambda features, units, steps: units * (features + units * (steps - 1) + 1),
            "You counted the weights for the old state once for each pair of steps. All steps share them: units * units.",
        ),
        Mistake(
            lambda features, units, steps: units * (features + units) * steps + units,
            "You counted both kernels once for each step. It is the same weights at every step: count them once.",
        ),
        Mistake(
            lambda features, units, steps: units * (features * steps + 1),
            "That is a dense layer which reads all steps at once. It grows with the length; an RNN does not.",
        ),
        Mistake(
            lambda features, units, steps: units * (steps + units + 1),
            "You took the steps for the features. At each step the layer reads `features` numbers; the steps do not count.",
        ),
        Mistake(
            lambda features, units, steps: units * (features + units),
            "You forgot the biases: one for each unit.",
        ),
        Mistake(
            lambda features, units, steps: units * (features + 1),
            "You forgot the recurrent kernel: every unit has a weight for the old state of every unit.",
        ),
        Mistake(
            lambda features, units, steps: units * features,
            "That is the kernel for the input alone. The recurrent kernel (for the old state) and the biases are missing.",
        ),
        Mistake(
            lambda features, units, steps: units * units,
            "That is the recurrent kernel alone. The kernel for the input and the biases are missing.",
        ),
        Mistake(
            lambda features, units, steps: units * (features + 2),
            "You gave each unit one weight for its own old state. It sees the old states of all units: units * units.",
        ),
        Mistake(
            lambda features, units, steps: units * (features + units) + 1,
            "You counted one bias for the whole layer. Every unit has its own.",
        ),
        Mistake(
            lambda features, units, steps: units * (features + units + 2),
            "You counted two biases for each unit. Some libraries have two; here, as in Keras, both kernels share one.",
        ),
        Mistake(
            lambda features, units, steps: features * units + features * features + units,
            "Your recurrent kernel is features * features. It leads from the units of one step to those of the next.",
        ),
        Mistake(
            lambda features, units, steps: 4 * _count(features, units, steps),
            "That is an LSTM: it has all of this four times. A SimpleRNN has it once.",
        ),
        Mistake(
            lambda features, units, steps: _count(features, units, steps) + units + 1,
            "You counted a dense layer with one output as well. Asked for is the recurrent layer alone.",
        ),
    ],
    hints=[
        "Every unit computes tanh of a sum. What is in the sum: how many inputs, how many old states, how many biases?",
        "One unit has `features` weights for the input, `units` weights for the old state (one for each unit) and a bias.",
        "Multiply what one unit has by `units`. Does anything become more when the sequence is longer?",
    ],
)


class Task(NamedTuple):
    """A task of the sorting exercise: its type, what goes in, what comes out, and when, where many go in and many come out."""

    kind: str
    goes_in: str
    comes_out: str
    when: str = ""


STEP_BY_STEP, AFTER_READING = "many to many, step by step", "many to many, after reading"
KINDS = ("one to one", "one to many", "many to one", STEP_BY_STEP, AFTER_READING)
TASKS = {
    "digit": Task("one to one", "one picture goes in, all its pixels at once", "one answer comes out, the digit"),
    "caption": Task("one to many", "one picture goes in, all of it at once", "word after word comes out"),
    "spam": Task("many to one", "word after word goes in", "one answer comes out, spam or not"),
    "word classes": Task(
        STEP_BY_STEP,
        "word after word goes in",
        "a class comes out for every word",
        "as many classes as words: each word gets its class at its own step",
    ),
    "house price": Task("one to one", "one row of a table goes in at once; it has no before and after", "one price comes out"),
    "temperature": Task("many to one", "day after day goes in", "one number comes out, for tomorrow"),
    "tune": Task("one to many", "one number goes in, the style", "note after note comes out"),
    "translation": Task(
        AFTER_READING,
        "word after word goes in",
        "word after word comes out",
        "the lengths differ, and the first word to write may need the last word that is read",
    ),
    "next note": Task("many to one", "note after note goes in", "one note comes out"),
}


def which_type(task):
    """Return the type of a recurrent network that fits the task: one of the five kinds."""
    kinds = {
        "digit": "one to one",
        "caption": "one to many",
        "spam": "many to one",
        "word classes": "many to many, step by step",
        "house price": "one to one",
        "temperature": "many to one",
        "tune": "one to many",
        "translation": "many to many, after reading",
        "next note": "many to one",
    }
    return kinds[task]


def _read_kind(answer):
    """Return which of the `KINDS` is meant; large letters and hyphens do not matter, "many to many" may be left out."""
    words = " ".join(str(answer).lower().replace("-", " ").replace(",", " ").split())
    if words == "many to many":
        raise ValueError('There are two kinds of "many to many": "step by step" and "after reading". Say which one.')
    written = {kind.replace(",", ""): kind for kind in KINDS}
    written |= {kind.split(", ")[1]: kind for kind in (STEP_BY_STEP, AFTER_READING)}
    if words not in written:
        raise ValueError(f"Return one of the five kinds: {'; '.join(KINDS)}.")
    return written[words]


def _sides(kind):
    """Return "one" or "many" for what goes in, and for what comes out."""
    return kind.split(", ")[0].split(" to ")


def _checked_kind(answer, task):
    """Return "right", or what goes in and what comes out in this task, as far as the answer has it wrong."""
    kind, task = _read_kind(answer), TASKS[task]
    if kind == task.kind:
        return "right"
    sides = zip(_sides(kind), _sides(task.kind), (task.goes_in, task.comes_out), strict=True)
    wrong = [text for theirs, ours, text in sides if theirs != ours]
    return f"not yet: {'; '.join(wrong or [task.when])}"


def _sorted_but(**others):
    """Return a wrong function: the right kinds but for these tasks, with _ for the space in a task's name."""
    others = {name.replace("_", " "): kind for name, kind in others.items()}
    return lambda task: others.get(task, TASKS[task].kind)


def _turned_round(task):
    turned = {"one to many": "many to one", "many to one": "one to many"}
    return turned.get(TASKS[task].kind, TASKS[task].kind)


def _with_side(side, count):
    """Return a wrong function: every task gets one or many on one side, 0 for what goes in or 1 for what comes out."""

    def kind(task):
        sides = _sides(TASKS[task].kind)
        if sides[side] == count:
            return TASKS[task].kind
        sides[side] = count
        return STEP_BY_STEP if sides == ["many", "many"] else " to ".join(sides)

    return kind


which_type = Exercise(
    which_type,
    cases=[(task,) for task in TASKS],
    mistakes=[
        Mistake(
            _turned_round,
            "You read the names from right to left. What goes in stands first: many to one means many go in, one comes out.",
        ),
        Mistake(
            _with_side(0, "one"),
            "You took every input for one thing. A sentence, a melody or a month is read piece after piece: that is many.",
        ),
        Mistake(
            _sorted_but(spam="one to one", word_classes="one to many", translation="one to many"),
            "You took a text for one input. The network reads it word after word: that is many.",
        ),
        Mistake(
            _with_side(0, "many"),
            "You took every input for many. A picture, a row of a table or a single number goes in at once: that is one.",
        ),
        Mistake(
            _sorted_but(digit="many to one", house_price="many to one", caption=AFTER_READING),
            "You counted the numbers that go in. Many means one after another: pixels and columns go in all at once.",
        ),
        Mistake(
            _sorted_but(digit="many to one", caption=AFTER_READING),
            "You counted the pixels. Many means one after another, but a picture goes in at once: it is one input.",
        ),
        Mistake(
            _sorted_but(digit="many to one", house_price="many to one"),
            "A row of numbers is not yet a sequence. Many means one after another, and here all numbers go in at once.",
        ),
        Mistake(
            _sorted_but(house_price="many to one"),
            "The house has several numbers, but no first and no next one: a dense layer reads the row at once. So it is one.",
        ),
        Mistake(
            _sorted_but(temperature="one to one"),
            "A dense layer can read thirty days as one row. But then it needs exactly thirty, and knows nothing of before and "
            "after. A recurrent network reads day after day.",
        ),
        Mistake(
            _with_side(1, "one"),
            "You took every output for one thing. A caption, a tune or a sentence is written piece after piece: that is many.",
        ),
        Mistake(
            _sorted_but(caption=AFTER_READING, tune=AFTER_READING),
            "A network that writes reads its own last word or note at each step. But you give it one thing: the picture, or "
            "the style.",
        ),
        Mistake(
            _sorted_but(next_note=STEP_BY_STEP),
            "The network may play on, and read its own notes. But asked for is one note, so each time one answer comes out.",
        ),
        Mistake(
            _sorted_but(spam=STEP_BY_STEP, temperature=STEP_BY_STEP, next_note=STEP_BY_STEP),
            "The network has a state after every step, but only the one after the last step is used: one answer comes out.",
        ),
        Mistake(
            _sorted_but(translation="many to one"),
            "Reading ends in one state, that is true. But then a second network writes word after word: many come out.",
        ),
        Mistake(
            _sorted_but(word_classes=AFTER_READING, translation=STEP_BY_STEP),
            "The two kinds of many to many have changed places. Which task has one answer for each word that is read?",
        ),
        Mistake(
            _sorted_but(translation=STEP_BY_STEP),
            "A translation is not written word by word while reading: it may be longer or shorter, and in another order.",
        ),
        Mistake(
            _sorted_but(word_classes=AFTER_READING),
            "That would work, but it is more than needed: there is one class for each word, so each can come out at its step.",
        ),
    ],
    hints=[
        "Ask two questions. Does it go in at once, or one after another? Does it come out at once, or one after another?",
        "Do not count numbers: a picture of 784 pixels that goes in at once is one, a sentence of two words is many.",
        "Many in and many out: if each step has its own answer, it is step by step. If the answer can be longer or shorter, "
        "the network first reads, then writes.",
    ],
    effect=_checked_kind,
)


def bptt(w, h_0, x):
    """Return the gradient of the last state for w, where each step does h = w * h + x_t, from h_0 on; x (steps,)."""
    states = [h_0]
    for x_t in x:
        states.append(w * states[-1] + x_t)
    gradient, way = 0.0, 1.0  # way: how much the last state grows when the state after this step grows by 1
    for before in reversed(states[:-1]):
        gradient += way * before  # the part of this step
        way *= w
    return gradient


def _states(w, h_0, x):
    states = [h_0]
    for x_t in x:
        states.append(w * states[-1] + x_t)
    return np.array(states)


def _parts(w, h_0, x):
    """Return the parts of the gradient, the one of step 1 first."""
    return w ** np.arange(len(x))[::-1] * _states(w, h_0, x)[:-1]


bptt = Exercise(
    bptt,
    cases=[
        (2.0, 1.0, np.array([0.0, 0.0])),
        (0.5, 3.0, np.array([1.0])),
        (2.0, 1.0, np.array([1.0, -2.0])),
        (-1.5, 0.5, np.array([1.0, 2.0, -1.0])),
        (0.5, 4.0, np.zeros(3)),
        (0.5, 1.0, np.array([1.0, 2.0, 3.0, 4.0, 5.0])),
        (0.9, -2.0, np.array([1.0, 0.0, -1.0, 3.0, 0.5, 2.0, 0.0, -2.0, 1.5, 1.0])),
    ],
    mistakes=[
        Mistake(
            lambda w, h_0, x: _states(w, h_0, x)[-2],
            "That is the part of the last step alone. w is used at every step, so every step adds a part.",
        ),
        Mistake(
            lambda w, h_0, x: _parts(w, h_0, x)[0],
            "That is the part of the first step alone. w is used at every step, so every step adds a part.",
        ),
        Mistake(
            lambda w, h_0, x: _states(w, h_0, x)[:-1].sum(),
            "You forgot the way to the end: what a step adds is multiplied by w once more at each later step.",
        ),
        Mistake(
            lambda w, h_0, x: _parts(w, h_0, x).prod(),
            "You multiplied the parts. One weight is used several times: its parts are added. (Along one way you multiply.)",
        ),
        Mistake(
            lambda w, h_0, x: _parts(w, h_0, x).mean(),
            "You took the mean of the parts. The gradient is their sum.",
        ),
        Mistake(
            lambda w, h_0, x: w * _parts(w, h_0, x).sum(),
            "There is one factor w too many in each part: the part of the last step is the state before it, without a factor.",
        ),
        Mistake(
            lambda w, h_0, x: np.sum(w ** np.arange(len(x))[::-1] * _states(w, h_0, x)[1:]),
            "You used the state after each step. w multiplies the state before it, so that is what the part is made of.",
        ),
        Mistake(
            lambda w, h_0, x: np.sum(w ** np.arange(len(x)) * _states(w, h_0, x)[:-1]),
            "The factors stand in the wrong order: the first step has the longest way to the end, so it gets w most often.",
        ),
        Mistake(
            lambda w, h_0, x: np.sum(np.where(np.arange(len(x)) < len(x) - 1, w, 1) * _states(w, h_0, x)[:-1]),
            "Every part but the last got one factor w. A part gets one for each later step: the way back is longer every time.",
        ),
        Mistake(
            lambda w, h_0, x: _parts(w, h_0, x)[1:].sum(),
            "You left out the part of step 1: there w multiplies h_0, the state before it.",
        ),
        Mistake(
            lambda w, h_0, x: _parts(w, h_0, x)[:-1].sum(),
            "You left out the part of the last step: there w multiplies the state before it, and no factor follows.",
        ),
        Mistake(
            lambda w, h_0, x: len(x) * w ** (len(x) - 1) * h_0,
            "This is right only where every x is 0. With inputs the states are others: go through the steps first.",
        ),
        Mistake(
            lambda w, h_0, x: w ** len(x),
            "That is the gradient for h_0: how much the last state grows when the first one grows. Asked for is that for w.",
        ),
        Mistake(
            lambda w, h_0, x: _states(w, h_0, x)[-1],
            "That is the last state itself. The gradient says how fast it changes when w grows.",
        ),
    ],
    hints=[
        "Try it small: two steps and every x 0 give the state w * w * h_0. Its slope is 2 * w * h_0: one part for each w.",
        "The part of a step is the state before it, times w for each step that still follows. The gradient is the sum.",
        "Go forward and keep all states in a list. Then go back from the last step, with `way = 1.0` and `way *= w`.",
    ],
)


def _run(numbers, recurrent_weight, activation):
    """Return a layer of one unit with w = 1 and b = 0 after it has read the numbers, and its states (steps,)."""
    layer = SimpleRNN(1, activation, return_sequences=True)
    layer.build((None, None, 1), np.random.default_rng(0))
    layer.set_weights([[[1.0]], [[recurrent_weight]], [0.0]])
    return layer, layer.forward(np.reshape(numbers, (1, -1, 1)).astype(float))[0, :, 0]


def _what_it_does(recurrent_weight, activation="tanh"):
    """Return what the state does while the unit reads 0.1 fifty times, and the states."""
    states = _run(np.full(50, 0.1), recurrent_weight, activation)[1]
    if np.allclose(states, states[0]):
        return "it stays as it is after the first step", states
    if np.isclose(states[-1], states[-2], rtol=1e-6):
        return f"it settles at a number {'below 1' if states[-1] < 1 else 'of 1 or more'}", states
    if np.abs(states[-1]) > 1000:
        return "it grows without end", states
    up = np.diff(states[-20:]) > 0
    return "it swings to and fro without end" if np.all(up[1:] != up[:-1]) else "something else", states


def _same_number_again():
    answer, states = _what_it_does(2.0)
    _, turned = _what_it_does(-2.0)
    _, straight = _what_it_does(2.0, "linear")
    return answer, {"states": states, "turned": turned, "straight": straight}


repeated_input = Prediction(
    "One unit: h = tanh(x + 2 h). It starts with the state 0 and reads the same number again and again: x = 0.1. At each step "
    "the old state is doubled before 0.1 is added. What does the state do in 50 steps?",
    [
        "it stays as it is after the first step",
        "it grows without end",
        "it settles at a number below 1",
        "it swings to and fro without end",
    ],
    _same_number_again,
    lambda found: (
        f"The state goes {', '.join(f'{h:.2f}' for h in found['states'][:5])} and so on, and stays at "
        f"{found['states'][-1]:.4f}. There, the new state equals the old one. tanh never reaches 1; without it the state "
        f"would be {found['straight'][19]:,.1f} after 20 steps. So the same input does not mean the same state: the old state "
        "counts, too. With -2 in place of 2 it swings without end: the last two states are then "
        f"{found['turned'][-2]:.2f} and {found['turned'][-1]:.2f}."
    ),
)


def _two_orders(recurrent_weight):
    """Return after which order the last state is larger, and the states for both."""
    early, late = (_run(numbers, recurrent_weight, "tanh")[1] for numbers in ([1, 0, 0], [0, 0, 1]))
    if np.isclose(early[-1], late[-1]):
        return "after neither: it is the same", (early, late)
    return "after 1, 0, 0" if early[-1] > late[-1] else "after 0, 0, 1", (early, late)


order_matters = Prediction(
    "One unit: h = tanh(x + 0.5 h). It starts with the state 0 and reads three numbers: 1, 0, 0. Another time it reads the "
    "same three in another order: 0, 0, 1. After which of them is the last state larger?",
    ["after 1, 0, 0", "after 0, 0, 1", "after neither: it is the same"],
    lambda: _two_orders(0.5),
    lambda states: (
        f"The states are {', '.join(f'{h:.2f}' for h in states[0])} and {', '.join(f'{h:.2f}' for h in states[1])}. An early 1 "
        "fades: at each later step it is halved, and tanh makes it smaller still. So the last state tells one order from the "
        "other. A bag of words cannot do that: it only counts, and both have one 1 and two zeros."
    ),
)


def _reviews(words, recurrent):
    """Return a network for reviews of so many words, 16 numbers for each word: recurrent, or dense on all words at once."""
    layers = [SimpleRNN(32)] if recurrent else [Flatten(), Dense(32, "tanh")]
    model = Sequential([*layers, Dense(1, "sigmoid")], np.random.default_rng(0))
    model.build((None, words, 16))
    return model


def _twice_as_long():
    counts = {recurrent: [_reviews(words, recurrent).count_params() for words in (20, 40)] for recurrent in (True, False)}
    short, long = counts[True]
    answers = {0: "none", 20: "20, one for each new word", 20 * 16: "320, for the 16 numbers of each new word"}
    return "about twice as many weights in all" if long > 1.8 * short else answers.get(long - short, str(long - short)), counts


longer_input = Prediction(
    "A SimpleRNN with 32 units, and one output neuron behind it, read reviews of 20 words, 16 numbers for each word. Now come "
    "reviews of 40 words. How many more weights does the network need?",
    [
        "none",
        "20, one for each new word",
        "320, for the 16 numbers of each new word",
        "about twice as many weights in all",
    ],
    _twice_as_long,
    lambda counts: (
        f"It has {counts[True][0]:,} weights for 20 words and {counts[True][1]:,} for 40. The same ones are used at every "
        "step; a longer review only takes more steps. A dense layer of 32 neurons that reads all words at once needs a weight "
        f"for each number at each place: with its output {counts[False][0]:,} for 20 words and {counts[False][1]:,} for 40."
    ),
)


def _at_first(recurrent_weight, activation="linear", numbers=10 * (0.1,)):
    """Return the gradient of the last state for the first of the numbers."""
    layer, states = _run(numbers, recurrent_weight, activation)
    of_states = np.zeros((1, len(states), 1))
    of_states[0, -1] = 1
    return float(layer.backward(of_states)[0, 0, 0])


def _as_share(gradient):
    """Return a gradient as an option: 1 divided by a number with one digit that is not 0."""
    return f"about 1/{float(f'{1 / gradient:.0e}'):.0f}" if gradient else "nothing"


def _far_back():
    found = {weight: _at_first(weight) for weight in (0.5, 0.9, 1.1)}
    return _as_share(found[0.5]), found | {"tanh": _at_first(0.5, "tanh")}


far_gradient = Prediction(
    "One unit without an activation: h = x + w h, with w = 0.5. It reads 10 numbers. When the last number grows by 1, the last "
    "state grows by 1. By how much does the last state grow when the first number grows by 1? (That is its gradient.)",
    ["about 1/2", "about 1/20", "about 1/500", "nothing"],
    _far_back,
    lambda found: (
        f"Backpropagation says {found[0.5]:.5f}, that is 1/{1 / found[0.5]:.0f}. From the first number to the last state lie 9 "
        "steps, and each multiplies by 0.5: it is halved nine times, not divided by 2 times 9. "
        f"With w = 0.9 it is {found[0.9]:.2f}, with w = 1.1 it is {found[1.1]:.2f}. With tanh and w = 0.5 it is "
        f"{found['tanh']:.5f} if every number is 0.1: the slope of tanh is at most 1."
    ),
)
