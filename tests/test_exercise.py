"""Exercises, both ways: right answers pass, and everything that learners do wrong is answered in a sentence."""

import importlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

import helpers.exercises
from helpers.exercises import exercise as engine
from helpers.exercises.exercise import Exercise, Mistake, difference, kind, show


def output_size(n, kernel, padding, stride):
    """Return how many positions the kernel has along an axis of n pixels."""
    return (n + 2 * padding - kernel) // stride + 1


def correlate(image, kernel):
    """Return the sum of products in every window."""
    rows, columns = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    output = np.zeros((rows, columns))
    for r in range(rows):
        for c in range(columns):
            output[r, c] = (image[r : r + kernel.shape[0], c : c + kernel.shape[1]] * kernel).sum()
    return output


def edge_kernel():
    """Return a kernel that answers to an edge and is silent on a flat area."""
    return np.array([[-1.0, 0.0, 1.0]] * 3)


def answers(kernel):
    flat, edge = np.ones((3, 3)), np.array([[0.0, 0.0, 1.0]] * 3)
    if np.shape(kernel) != (3, 3):
        raise ValueError(f"The kernel must have 3 rows and 3 columns; yours has the shape {np.shape(kernel)}.")
    return {name: "loud" if abs((kernel * patch).sum()) > 0.5 else "silent" for name, patch in (("flat", flat), ("edge", edge))}


def sample_size():
    # Largest first, so that "the smallest" has to be looked for.
    cases = [(28, 5, 2, 3), (8, 3, 1, 2), (6, 3, 1, 1), (7, 3, 0, 2), (5, 3, 0, 1)]
    mistakes = [
        Mistake(lambda n, kernel, padding, stride: (n - kernel) // stride + 1, "You forgot the padding."),
        Mistake(lambda n, kernel, padding, stride: (n + padding - kernel) // stride + 1, "Padding comes on both sides."),
        Mistake(lambda n, kernel, padding, stride: -(-(n + 2 * padding - kernel) // stride) + 1, "Round down, not up."),
    ]
    return Exercise(output_size, cases, mistakes, ["Count the first positions.", "Padding adds pixels on both sides."])


def sample_correlation():
    random = np.random.default_rng(0)
    cases = [
        (random.normal(size=(5, 6)), random.normal(size=(2, 3))),
        (np.arange(9.0).reshape(3, 3), np.eye(2) + [[0, 3], [0, 0]]),
    ]
    mistakes = [
        Mistake(lambda image, kernel: correlate(image, kernel[::-1, ::-1]), "You flipped the kernel."),
        # On a kernel that is not square this one stops with an error, or has another shape.
        Mistake(lambda image, kernel: correlate(image.T, kernel), "You swapped rows and columns."),
    ]
    return Exercise(correlate, cases, mistakes, ["Two loops."])


def sample_kernel():
    mistakes = [Mistake(lambda: np.ones((3, 3)), "It also answers to a flat area: its numbers must add up to 0.")]
    return Exercise(edge_kernel, [()], mistakes, ["Left minus right."], effect=answers)


def found_in(module):
    return {name: value for name, value in vars(module).items() if isinstance(value, Exercise)}


def all_exercises():
    """Return (name, exercise) of the samples and of every exercise in helpers/exercises."""
    rooms = sorted(path.stem for path in Path(helpers.exercises.__file__).parent.glob("*.py") if path.stem != "__init__")
    modules = {room: importlib.import_module(f"helpers.exercises.{room}") for room in rooms}
    found = [(f"{room}.{name}", value) for room, module in modules.items() for name, value in found_in(module).items()]
    return found + [(make.__name__, make()) for make in (sample_size, sample_correlation, sample_kernel)]


ALL = [pytest.param(exercise, id=name) for name, exercise in all_exercises()]
MISTAKES = [
    pytest.param(exercise, mistake, id=f"{name}-{mistake.sentence[:40]}")
    for name, exercise in all_exercises()
    for mistake in exercise.mistakes
]


def stub(*arguments):
    return None


# Proof, for every exercise of the collection.


@pytest.mark.parametrize("exercise", ALL)
def test_the_reference_is_right_and_the_stub_is_not_tried_yet(exercise):
    assert exercise.judge(exercise.reference).state == "right"
    result = exercise.judge(stub)
    assert (result.state, bool(result), result.mistake) == ("not tried yet", False, None)


@pytest.mark.parametrize("exercise, mistake", MISTAKES)
def test_every_known_mistake_is_wrong_and_named_by_its_own_sentence(exercise, mistake):
    result = exercise.judge(mistake.function)
    assert result.state == "wrong"
    assert result.mistake is not None, "no case tells this mistake from the reference"
    assert result.mistake.sentence == mistake.sentence
    assert mistake.sentence in result.text


@pytest.mark.parametrize("exercise", ALL)
def test_mistakes_hints_and_solution_say_something(exercise, monkeypatch):
    monkeypatch.setattr(engine, "display", lambda bundle, raw: None)
    sentences = [mistake.sentence for mistake in exercise.mistakes]
    assert sentences and all(sentence.strip() for sentence in sentences) and len(set(sentences)) == len(sentences)
    assert len(set(exercise.hints)) == len(exercise.hints)
    assert f"def {exercise.name}(" in exercise.solution().text and "return" in exercise.solution().text


def test_exercises_of_a_module_are_found():
    module = SimpleNamespace(first=sample_size(), second=sample_kernel(), other=3)
    assert list(found_in(module)) == ["first", "second"]


# What is said.


def test_the_smallest_failing_case_is_shown_as_the_learner_calls_it():
    def my_output_size(n, k, padding, stride):
        return (n - k) // stride + 1

    result = sample_size().judge(my_output_size)
    assert result.text.splitlines() == [
        "✗ Not yet: output_size",
        "You forgot the padding.",
        "Calls that give the right answer: 2 of 5. The smallest call that does not:",
        "    my_output_size(n=6, k=3, padding=1, stride=1)",
        "    returned  4",
        "    expected  6",
        "It is too small.",
    ]


def test_arrays_of_a_failing_case_are_printed_so_that_they_can_be_copied():
    result = sample_correlation().judge(lambda image, kernel: correlate(image, kernel[::-1, ::-1]).tolist())
    assert result.mistake.sentence == "You flipped the kernel."
    lines = result.text.splitlines()
    start = lines.index("    image = np.array([[0., 1., 2.],")
    scope = {"np": np}
    exec("\n".join(line.strip() for line in lines[start : start + 5]), scope)
    np.testing.assert_array_equal(scope["image"], np.arange(9.0).reshape(3, 3))
    np.testing.assert_array_equal(scope["kernel"], [[1, 3], [0, 1]])
    assert lines[start + 5 :] == [
        "    my_correlate(image=image, kernel=kernel)",
        "    returned  [[13., 18.],",
        "               [28., 33.]]",
        "    expected  [[ 7., 12.],",
        "               [22., 27.]]",
        "4 of 4 values differ. The first is at [0, 0]: 13.0, expected 7.0.",
    ]


def test_large_arguments_are_named_by_their_shape():
    def total(image):
        """Return the sum."""
        return image.sum()

    text = Exercise(total, [(np.ones((40, 40, 3)),)], [], ["Add."]).judge(lambda image: image.mean()).text
    assert "image is an array of shape (40, 40, 3)" in text and "returned  1.0\n    expected  4800.0" in text


def test_a_wrong_attempt_that_is_no_known_mistake_is_not_named():
    result = sample_size().judge(lambda n, kernel, padding, stride: n)
    assert result.state == "wrong" and result.mistake is None


def test_a_mistake_is_named_only_where_every_case_agrees():
    def nearly(n, kernel, padding, stride):
        return 99 if n == 28 else (n - kernel) // stride + 1

    assert sample_size().judge(nearly).mistake is None


def test_an_attempt_that_is_right_where_the_mistake_stops_with_an_error_is_not_that_mistake():
    def inverse(x):
        """Return 1 / x, and 0 for 0."""
        return 1 / x if x else 0.0

    mistake = Mistake(lambda x: 2 / x, "You doubled it.")
    exercise = Exercise(inverse, [(0,), (4,)], [mistake], ["Look at 0."])
    assert exercise.judge(lambda x: 2 / x).mistake is mistake
    assert exercise.judge(lambda x: 2 / x if x else 1.0).mistake is mistake
    assert exercise.judge(lambda x: 2 / x if x else 0.0).mistake is None


def test_a_mistake_that_only_stops_with_errors_is_never_named():
    exercise = Exercise(output_size, [(5, 3, 0, 1)], [Mistake(lambda *arguments: arguments[9], "Too far.")], ["Count."])
    assert exercise.judge(lambda *arguments: 1 / 0).mistake is None


def broken_inner(n, kernel, padding, stride):
    half = n / 0
    return half


def broken_printing(n, kernel, padding, stride):
    print("n is", n)
    return [][3]


def generator(n, kernel, padding, stride):
    yield n


def endless(n, kernel, padding, stride):
    return endless(n, kernel, padding, stride)


def cyclic(n, kernel, padding, stride):
    parts = []
    parts.append(parts)
    return parts


class Unreadable(Exception):
    def __str__(self):
        raise RuntimeError


def unreadable_error(n, kernel, padding, stride):
    raise Unreadable


def stops_the_kernel(n, kernel, padding, stride):
    raise SystemExit


@pytest.mark.parametrize(
    "attempt, sentence",
    [
        (broken_inner, "It stopped with an error at the line `half = n / 0`: ZeroDivisionError: division by zero"),
        (lambda n, kernel, padding, stride: unknown_name, "NameError: name 'unknown_name' is not defined"),  # noqa: F821
        (broken_printing, "It printed:\n    n is 5"),
        (endless, "RecursionError"),
        (unreadable_error, "Unreadable"),
        (stops_the_kernel, "SystemExit"),
        (lambda n, kernel, padding: 3, "Arguments in this call: 4. Arguments that your function takes: 3."),
        (lambda: 3, "Arguments that your function takes: 0."),
        (lambda *arguments: "3", "It is a text; expected a number."),
        (lambda *arguments: [3], "It is a list of shape (1,); expected a number."),
        (lambda *arguments: np.ones((2, 3)), "It is an array of shape (2, 3); expected a number."),
        (lambda *arguments: [[1], [1, 2]], "It is a list of length 2; expected a number."),
        (lambda *arguments: True, "It is True or False; expected a number."),
        (lambda *arguments: 3j, "It is a complex number; expected a number."),
        (lambda *arguments: {"size": 3}, "It is an object of type dict; expected a number."),
        (lambda *arguments: output_size, "It is an object of type function; expected a number."),
        (lambda *arguments: float("nan"), "There is nan (not a number) in it"),
        (lambda *arguments: float("inf"), "It is too large."),
        (lambda *arguments: 3.4, "It is not a whole number."),
        (lambda *arguments: 10**5000, "It is an object of type int; expected a number."),
        (generator, "It is an object of type generator; expected a number."),
        (cyclic, "It is a list of length 1; expected a number."),
        (lambda n, kernel, padding, stride: None if n == 5 else 3, "Nothing came out (None)."),
        (lambda *arguments: print(3), "prints, but it returns nothing (None)"),
        (None, "check needs your function itself, but it was given None. Write output_size.check(my_output_size)"),
        (5, "it was given a number."),
        ("text", "it was given a text."),
        (int, "It stopped with an error: TypeError"),
    ],
)
def test_a_strange_attempt_is_answered_in_a_sentence(attempt, sentence, capsys):
    result = sample_size().judge(attempt)
    assert result.state == "wrong" and not result
    assert sentence in result.text
    assert "Traceback" not in result.text and " at 0x" not in result.text
    assert capsys.readouterr() == ("", "")


def test_warnings_of_an_attempt_are_not_shown(recwarn):
    result = sample_size().judge(lambda n, kernel, padding, stride: np.float64(n) / 0)
    assert "It is too large." in result.text and list(recwarn) == []


def test_an_attempt_gets_copies_and_a_changed_input_is_told():
    exercise = sample_correlation()
    before = [tuple(array.copy() for array in case) for case in exercise.cases]

    def changes(image, kernel):
        output = correlate(image, kernel)
        kernel[0, 0] += 1
        return output

    def changes_and_fails(image, kernel):
        image *= 2
        return correlate(image, kernel)

    def changes_only(image, kernel):
        image *= 2

    result = exercise.judge(changes)
    assert result.state == "wrong"
    assert "What comes out is right." in result.text and "changes its input kernel." in result.text
    assert "changes its input image." in exercise.judge(changes_and_fails).text
    assert exercise.judge(changes_only).state == "wrong"
    for case, copies in zip(exercise.cases, before, strict=True):
        for argument, copy in zip(case, copies, strict=True):
            np.testing.assert_array_equal(argument, copy)
    assert exercise.judge(correlate)


@pytest.mark.parametrize(
    "change", [lambda a: a.append(1), lambda a: a.__setitem__(1, 3), lambda a: a.__setitem__(0, 7), lambda a: a[1].update(x=1)]
)
def test_a_changed_list_is_told(change):
    def first(a):
        """Return the first part."""
        return a[0]

    def changing(a):
        value = a[0]
        change(a)
        return value

    exercise = Exercise(first, [([5, {"x": 0}],)], [], ["a[0]"])
    assert "changes its input a." in exercise.judge(changing).text
    assert exercise.judge(lambda a: a[0])


def test_an_exercise_with_many_right_answers_is_judged_by_the_effect():
    exercise = sample_kernel()
    assert exercise.judge(lambda: np.array([[2.0, 0.0, -2.0]] * 3))
    assert exercise.judge(lambda: np.eye(3)).mistake.sentence.startswith("It also answers to a flat area")
    assert exercise.judge(lambda: np.zeros((3, 3))).text.splitlines()[2:] == [
        "    my_edge_kernel()",
        "    returned     [[0., 0., 0.],",
        "                  [0., 0., 0.],",
        "                  [0., 0., 0.]]",
        "    which gives  {'flat': 'silent', 'edge': 'silent'}",
        "    expected     {'flat': 'silent', 'edge': 'loud'}",
        "edge: It is not the expected one.",
    ]
    assert "The kernel must have 3 rows and 3 columns; yours has the shape (2, 2)." in exercise.judge(lambda: np.eye(2)).text
    wrong_type = Exercise(edge_kernel, [()], [], ["Left minus right."], effect=lambda kernel: kernel.sum())
    assert "What came out cannot be used here: it is a text." in wrong_type.judge(lambda: "kernel").text


# What counts as the same.


@pytest.mark.parametrize(
    "got, expected",
    [
        (5.0, 5),
        (4.999999999999999, 5),
        (np.int64(5), 5),
        (np.array(5), 5),
        (5, 5.0),
        (1 / 3, 0.3333333),
        (0.0, 1e-17),
        (np.float32(0.1), 0.1),
        ([[1, 2], [3, 4]], np.array([[1.0, 2.0], [3.0, 4.0]])),
        (1.0, 1.000009),
        (np.array([1.0, 0.0]), np.array([1.0, 5e-7])),
        ((3, np.array([1, 2])), (3, [1, 2])),
        ([2, 3], (2, 3)),
        (np.array([2, 3]), (2, 3)),
        (np.True_, True),
        ("same", "same"),
        (["a", "b"], np.array(["a", "b"])),
        (float("nan"), float("nan")),
        (float("inf"), float("inf")),
        ({"a": 1.0}, {"a": 1}),
    ],
)
def test_these_agree(got, expected):
    assert difference(got, expected) == ""


@pytest.mark.parametrize(
    "got, expected, sentence",
    [
        (5.4, 5, "It is not a whole number."),
        (6, 5, "It is too large."),
        (0.3334, 1 / 3, "It is too large."),
        (0.0, 1e-9, "It is too small."),
        (1.0, 1.00002, "It is too small."),
        (1, True, "It is a number; expected True or False."),
        (False, True, "It is not the expected one."),
        ("5", 5, "It is a text; expected a number."),
        ("a", "b", "It is not the expected one."),
        (float("nan"), 1.0, "There is nan"),
        (1.0, float("nan"), "It is too small."),
        (np.ones((3, 2)), np.ones((2, 3)), "It is an array of shape (3, 2); expected an array of shape (2, 3)."),
        (np.array([5]), 5, "It is an array of shape (1,); expected a number."),
        (np.array([[1, 0], [0, 9]]), np.eye(2), "1 of 4 values differ. The first is at [1, 1]: 9, expected 1.0."),
        (np.array([True, False]), np.array([1, 0]), "It is an array (True or False) of shape (2,)"),
        ((3, 4), (3, 5), "Part 1: It is too small."),
        ((3,), (3, 5), "It has the length 1; expected 2."),
        (3, (3, 5), "It is a number; expected a tuple of shape (2,)."),
        (np.array(3), (3, 5), "It is a number; expected a tuple of shape (2,)."),
        ({"a": 1}, {"b": 1}, "expected a dictionary with the keys 'b'."),
        ({"a": 1}, {"a": 2}, "a: It is too small."),
        (None, 5, "Nothing came out (None)."),
        (set(), 5, "It is an object of type set; expected a number."),
    ],
)
def test_these_differ(got, expected, sentence):
    assert sentence in difference(got, expected)


def test_values_are_shown_short_and_without_addresses():
    assert show(np.float64(1) / 3) == "0.333333"
    assert show(np.array([[1.0, 1e-20]])) == "[[1., 0.]]"
    assert show(1 / 3, exact=True) == repr(1 / 3)
    assert show((1,)) == "(1,)" and show([np.float32(0.5), "a"]) == "[0.5, 'a']"
    assert show(object()) == "<object>" and show(abs) == "abs"
    assert len(show(list(range(10**5)))) <= 1500
    assert len(show(np.zeros((300, 300))).splitlines()) < 10
    assert kind([1, 2]) == "a list of shape (2,)"


@pytest.mark.parametrize("value, wrong", [(5, 5.0000001), (np.array([0.12344]), np.array([0.12343]))])
def test_digits_that_rounding_hides_are_shown(value, wrong):
    def constant():
        """Return a constant."""
        return value

    text = Exercise(constant, [()], [], ["It is always the same."]).judge(lambda: wrong).text
    assert f"returned  {show(wrong, exact=True)}" in text and "returned  5.0\n" not in text


# How it is shown.


@pytest.fixture
def shown(monkeypatch):
    bundles = []
    monkeypatch.setattr(engine, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


def test_a_result_is_shown_once(shown):
    result = sample_size().check(output_size)
    assert [bundle["text/plain"] for bundle in shown] == [result.text]
    assert "✓ Right: output_size" in shown[0]["text/html"]
    assert result and repr(result) == result.text
    assert DisplayFormatter().format(result) == ({}, {})


def test_all_that_comes_from_the_learner_is_escaped(shown):
    def noisy(n, kernel, padding, stride):
        print("<b>printed</b>")
        return "<script>alert(1)</script>"

    def failing(n, kernel, padding, stride):
        raise ValueError("<img src=x>")

    sample_size().check(noisy)
    sample_size().check(failing)
    for tag in ("<script", "<img", "<b>"):
        assert not any(tag in bundle["text/html"] for bundle in shown)
    assert "&lt;script&gt;" in shown[0]["text/html"] and "&lt;b&gt;printed" in shown[0]["text/html"]


def test_hints_come_one_by_one(shown):
    exercise = sample_size()
    texts = [exercise.hint().text for _ in range(4)]
    assert texts[0] == "→ Hint 1 of 2\nCount the first positions."
    assert texts[1] == "→ Hint 2 of 2\nPadding adds pixels on both sides."
    assert texts[2] == texts[3] == "→ No more hints: you have seen all 2\noutput_size.solution() shows one right answer."
    assert len(shown) == 4


def test_the_solution_is_the_source_of_the_reference(shown):
    text = sample_size().solution().text
    assert "    def output_size(n, kernel, padding, stride):" in text
    assert "        return (n + 2 * padding - kernel) // stride + 1" in text
    assert text == shown[0]["text/plain"]


# What an author is told.


def undocumented(n):
    return n


def failing_reference(n):
    """Fail."""
    raise KeyError(n)


@pytest.mark.parametrize(
    "changed, sentence",
    [
        ({"reference": 3}, "reference: expected a function with a name and a docstring, got 3"),
        ({"reference": lambda n: n}, "reference: expected"),
        ({"reference": undocumented}, "reference: expected"),
        ({"cases": []}, "cases: expected a list of one or more tuples"),
        ({"cases": [5]}, "cases: expected a list of one or more tuples"),
        ({"cases": [(5, 3)]}, "cases: expected the arguments of output_size, got 2"),
        ({"mistakes": {"padding": "forgot"}}, "mistakes: expected a list of Mistake"),
        ({"hints": []}, "hints: expected a list of one or more sentences"),
        ({"hints": [" "]}, "hints: expected a list of one or more sentences"),
        ({"effect": 3}, "effect: expected a function or None, got 3"),
    ],
)
def test_a_wrong_argument_is_named(changed, sentence):
    arguments = {"reference": output_size, "cases": [(5, 3, 0, 1)], "mistakes": [], "hints": ["Count."]}
    with pytest.raises(ValueError) as error:
        Exercise(**{**arguments, **changed})
    assert str(error.value).startswith(sentence)


def test_a_reference_without_an_answer_is_named():
    with pytest.raises(ValueError, match=r"reference: expected a value from failing_reference\(1,\), got It stopped"):
        Exercise(failing_reference, [(1,)], [], ["Think."]).judge(output_size)
