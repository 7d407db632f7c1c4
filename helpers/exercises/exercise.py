"""An exercise: run the learner's function beside a reference, and say in a sentence what is wrong."""

import contextlib
import copy
import html
import inspect
import io
import linecache
import re
import textwrap
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from IPython.display import display

# Symbol and border colour of a card. The colours can be read on white and on black; the symbol and the headline say the same.
MARKS = {
    "right": ("✓", "#2a8a5f"),
    "wrong": ("✗", "#c2571a"),
    "not tried yet": ("○", "#7a7a7a"),
    "hint": ("→", "#3f7fbf"),
    "question": ("?", "#3f7fbf"),
}


class Listing(str):
    """Lines of code or numbers that a card shows as they stand, in a fixed-width font."""


def card(mark, headline, *blocks):
    """Return a mime bundle (text/plain and text/html) of a card; a block is a paragraph, a `Listing` or a list of items.

    Everything is escaped; in a paragraph, `backticks` mark code.
    """
    symbol, colour = MARKS[mark]
    plain, page = [f"{symbol} {headline}"], [f"<strong>{symbol} {html.escape(headline)}</strong>"]
    for block in blocks:
        if isinstance(block, list):
            plain += [f"  - {item}" for item in block]
            page.append(f"<ul>{''.join(f'<li>{html.escape(item)}</li>' for item in block)}</ul>")
        elif isinstance(block, Listing):
            plain.append(textwrap.indent(block, "    "))
            page.append(
                '<pre style="margin:6px 0;padding:0;overflow-x:auto;white-space:pre;background:transparent;color:inherit;'
                f'font-family:var(--jp-code-font-family,monospace)">{html.escape(block)}</pre>'
            )
        else:
            plain.append(block)
            text = re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(block))
            page.append(f'<p style="margin:6px 0">{text}</p>')
    # Inside a widget the text is smaller and its lines wider apart, unless the card says otherwise.
    style = (
        f"border-left:4px solid {colour};padding:2px 12px;margin:6px 0;line-height:1.5;"
        "font-size:var(--jp-content-font-size1,14px);color:var(--jp-content-font-color1,inherit)"
    )
    return {"text/plain": "\n".join(plain), "text/html": f'<div style="{style}">{"".join(page)}</div>'}


class Shown:
    """A card that is on the screen already: it does not show again as the last line of a cell."""

    def __init__(self, bundle):
        self.bundle = bundle
        self.text = bundle["text/plain"]

    def _ipython_display_(self):
        """Show nothing."""

    def __repr__(self):
        return self.text


def present(shown):
    """Put a card on the screen and return it."""
    display(shown.bundle, raw=True)
    return shown


class Result(Shown):
    """What became of an attempt: true only where every case passes.

    `state` is "right", "wrong" or "not tried yet"; `mistake` is the known `Mistake` that was recognised, or None.
    """

    def __init__(self, state, bundle, mistake=None):
        super().__init__(bundle)
        self.state = state
        self.mistake = mistake

    def __bool__(self):
        return self.state == "right"


@dataclass(frozen=True)
class Mistake:
    """A wrong function that learners often write, and the sentence that names what is wrong with it."""

    function: Callable
    sentence: str


# What NumPy's kinds of data are called here. An answer must be of the expected family: True is not the number 1.
FAMILIES = {"i": "number", "u": "number", "f": "number", "c": "complex number", "b": "True or False", "U": "text"}


def as_array(value):
    """Return the value as an array of one of the `FAMILIES`, or None where it is something else."""
    try:
        array = np.asarray(value)
    except Exception:  # lists of unequal length, objects that refuse
        return None
    return array if array.dtype.kind in FAMILIES else None


def kind(value):
    """Return what a value is, in a few words: "a number", "an array of shape (2, 3)", "an object of type set"."""
    array = as_array(value)
    if array is None:
        if isinstance(value, list | tuple):
            return f"a {type(value).__name__} of length {len(value)}"
        return "None" if value is None else f"an object of type {type(value).__name__}"
    family = FAMILIES[array.dtype.kind]
    if array.ndim == 0:
        return family if family == "True or False" else f"a {family}"
    name = type(value).__name__ if isinstance(value, list | tuple) else "array"
    return f"{'an' if name == 'array' else 'a'} {name}{'' if family == 'number' else f' ({family})'} of shape {array.shape}"


def names_of(value, known):
    """Return the names in an answer as a list. Raises ValueError with a sentence for something else."""
    if isinstance(value, str):
        raise ValueError(f"It is one text, {value!r}. Return a list of names, even of one: [{value!r}].")
    if isinstance(value, dict):
        raise ValueError("It is a dictionary. Return a list of names.")
    if not isinstance(value, list | tuple | set | frozenset | np.ndarray) or getattr(value, "ndim", 1) == 0:
        raise ValueError(f"It is {kind(value)}. Return a list of names.")
    for name in value:
        if not isinstance(name, str):
            raise ValueError(f"There is {kind(name)} in it. Return names: texts.")
        if name not in known:
            raise ValueError(f"{name!r} is none of the names, which are: {', '.join(map(repr, known))}.")
    return [str(name) for name in value]


def difference(got, expected):
    """Return in a sentence how an answer differs from the expected one, or "" where they agree.

    Whole numbers must be exact (5.0 counts as 5). Other numbers may differ by 1 part in 100,000, or by a millionth of the
    largest number of the array. A list of numbers counts as an array, an array without axes as a number; True does not count
    as 1.
    """
    if got is None or expected is None:
        return "" if got is expected else "Nothing came out (None). Does every path through your function end with `return`?"
    if isinstance(expected, dict):
        if not isinstance(got, dict) or got.keys() != expected.keys():
            return f"It is {kind(got)}; expected a dictionary with the keys {', '.join(map(repr, expected))}."
        parts = ((key, got[key], expected[key]) for key in expected)
    elif isinstance(expected, list | tuple):
        if not isinstance(got, list | tuple | np.ndarray) or getattr(got, "ndim", 1) == 0:
            return f"It is {kind(got)}; expected {kind(expected)}."
        if len(got) != len(expected):
            return f"It has the length {len(got)}; expected {len(expected)}."
        parts = ((f"Part {i}", *pair) for i, pair in enumerate(zip(got, expected, strict=True)))
    else:
        return array_difference(got, np.asarray(expected))
    sentences = ((name, difference(mine, theirs)) for name, mine, theirs in parts)
    return next((f"{name}: {sentence}" for name, sentence in sentences if sentence), "")


def array_difference(got, expected):
    """Return how `got` differs from the array `expected`, or ""; see `difference`."""
    array = as_array(got)
    same_family = array is not None and FAMILIES[array.dtype.kind] == FAMILIES[expected.dtype.kind]
    if not same_family or array.shape != expected.shape:
        return f"It is {kind(got)}; expected {kind(expected)}."
    if expected.dtype.kind in "fc":
        tolerance = 1e-6 * np.abs(expected[np.isfinite(expected)]).max(initial=1e-6)
        different = ~np.isclose(array, expected, rtol=1e-5, atol=tolerance, equal_nan=True)
    elif array.dtype.kind == "f":
        # 4.999999999999999 is 5 after rounding on the way; 5.4 is not.
        different = ~np.isclose(array, expected, rtol=1e-9, atol=1e-9)
    else:
        different = array != expected
    if not different.any():
        return ""
    if array.dtype.kind in "fc" and np.isnan(array[different]).any():
        return "There is nan (not a number) in it: look for a division by zero, or for inf - inf."
    if array.ndim == 0 and array.dtype.kind in "iuf":
        if expected.dtype.kind in "iu" and array != np.floor(array):
            return "It is not a whole number."
        return f"It is too {'large' if array > expected else 'small'}."
    if array.ndim == 0:
        return "It is not the expected one."
    where = tuple(int(i) for i in np.argwhere(different)[0])
    first = f"The first is at {list(where)}: {show(array[where])}, expected {show(expected[where])}."
    return f"{different.sum()} of {different.size} values differ. {first}"


def show(value, exact=False):
    """Return a value as short Python text: numbers rounded for reading unless `exact`, long things cut."""
    try:
        return shorten(python_text(value, exact), 1500)
    except Exception:  # a list that holds itself, a number of more than 4300 digits
        return f"<{type(value).__name__}>"


def shorten(text, length=200):
    return text if len(text) <= length else text[: length - 1] + "…"


def python_text(value, exact):
    """Return the text of `show`, before it is cut."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        # A few tiny numbers among large ones would put every number into the form 1.0000e+00.
        rounded = value.dtype.kind == "f" and np.abs(value).max(initial=0.0) > 1e-3 and not exact
        digits = 17 if exact else 4
        return np.array2string(
            value, max_line_width=100, precision=digits, suppress_small=rounded, separator=", ", threshold=100
        )
    if isinstance(value, float):
        return repr(value if exact else float(f"{value:.6g}"))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {python_text(entry, exact)}" for key, entry in value.items()) + "}"
    if isinstance(value, list | tuple):
        inside = ", ".join(python_text(entry, exact) for entry in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
    if value is None or isinstance(value, str | int | complex):
        return repr(value)
    # Not repr(): it would show an address in memory, which is another one every time.
    return getattr(value, "__name__", "a function") if callable(value) else f"<{type(value).__name__}>"


def call_text(name, parameters, arguments):
    """Return the call as the learner would type it, with arrays set out above it."""
    above, inside = [], []
    for parameter, argument in zip(parameters, arguments, strict=True):
        if not isinstance(argument, np.ndarray):
            inside.append(f"{parameter}={show(argument)}")
            continue
        inside.append(f"{parameter}={parameter}")
        if argument.size > 100:
            above.append(f"{parameter} is {kind(argument)}")
        else:
            start = f"{parameter} = np.array("
            above.append(start + show(argument).replace("\n", "\n" + " " * len(start)) + ")")
    return "\n".join([*above, f"{name}({', '.join(inside)})"])


@dataclass
class Outcome:
    """What one call gave: the value and what it is judged by, or the sentence about why there is none."""

    value: object = None
    judged: object = None
    error: str = ""
    printed: str = ""
    changed: tuple = ()


def unchanged(before, after):
    """Tell whether an argument still is what it was. Other things than arrays, lists and dicts are not looked into."""
    if type(before) is not type(after):
        return False
    if isinstance(before, np.ndarray):
        return before.dtype == after.dtype and np.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(unchanged, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(unchanged(before[key], after[key]) for key in before)
    return not isinstance(before, str | int) or before == after


def error_text(error):
    """Return an exception as one line: its type and, where it has one, its message."""
    try:
        message = " ".join(str(error).split())
    except Exception:
        message = ""
    return shorten(f"{type(error).__name__}: {message}" if message else type(error).__name__)


def failing_line(function, error):
    """Return the last line of the function's own file that the error came through, or ""."""
    code = getattr(function, "__code__", None)
    line, trace = "", error.__traceback__
    while code and trace:
        if trace.tb_frame.f_code.co_filename == code.co_filename:
            line = linecache.getline(code.co_filename, trace.tb_lineno).strip()
        trace = trace.tb_next
    return line


def run(function, arguments, effect=None):
    """Call the function with copies of the arguments, quietly, and return the `Outcome`."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        takes = len(inspect.signature(function).parameters)
        return Outcome(error=f"Arguments in this call: {len(arguments)}. Arguments that your function takes: {takes}.")
    except ValueError:
        pass  # some built-in functions do not tell their parameters
    copies, printed = copy.deepcopy(arguments), io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value = function(*copies)
        except (Exception, SystemExit) as error:
            line = failing_line(function, error)
            place = f" at the line `{line}`" if line else ""
            return Outcome(error=f"It stopped with an error{place}: {error_text(error)}", printed=printed.getvalue())
        changed = tuple(i for i, pair in enumerate(zip(arguments, copies, strict=True)) if not unchanged(*pair))
        outcome = Outcome(value, value, printed=printed.getvalue(), changed=changed)
        if effect is None or value is None:
            return outcome
        try:
            outcome.judged = effect(copy.deepcopy(value), *copy.deepcopy(arguments))
        except ValueError as error:
            outcome.error = str(error)
        except Exception:
            outcome.error = f"What came out cannot be used here: it is {kind(value)}."
    return outcome


def size(arguments):
    """Return a key that sorts cases: first by how many values they hold, then by how large the numbers are."""
    arrays = [np.asarray(argument) for argument in arguments if isinstance(argument, np.ndarray | list | tuple | int | float)]
    texts = sum(len(argument) for argument in arguments if isinstance(argument, str))
    numbers = [array for array in arrays if array.dtype.kind in "iuf"]
    return texts + sum(array.size for array in arrays), sum(float(np.nansum(np.abs(array))) for array in numbers)


class Exercise:
    """A task for the learner: write a function that does what the reference does.

    reference: function with a docstring, defined in a file (`solution` shows its source). Its name is the exercise's name; the
        learner's function is called `my_` and that name.
    cases: list of tuples of arguments. They are passed as copies.
    mistakes: list of `Mistake`. One is named where the attempt gives what the wrong function gives, in every case. Where the
        wrong function stops with an error, the attempt must only be wrong too.
    hints: list of sentences, from a nudge to nearly the answer.
    effect: for tasks with many right answers, a function (output, *arguments) that returns what to judge instead of the
        output, for instance a dict of words; it may raise a ValueError with a sentence for the learner.

    Raises ValueError for a wrong argument.
    """

    # How an attempt gives its answer, what is said of one that gives none, and what its writer is asked then.
    way_out, nothing, asked = "return", "returns nothing (None)", "does it end with `return`?"

    def __init__(self, reference, cases, mistakes, hints, effect=None):
        if not inspect.isfunction(reference) or not reference.__name__.isidentifier() or not reference.__doc__:
            raise ValueError(f"reference: expected a function with a name and a docstring, got {reference!r}")
        if not isinstance(cases, list) or not cases or not all(isinstance(case, tuple) for case in cases):
            raise ValueError(f"cases: expected a list of one or more tuples of arguments, got {cases!r}")
        if not isinstance(mistakes, list) or not all(isinstance(mistake, Mistake) for mistake in mistakes):
            raise ValueError(f"mistakes: expected a list of Mistake(function, sentence), got {mistakes!r}")
        if not isinstance(hints, list) or not hints or not all(isinstance(hint, str) and hint.strip() for hint in hints):
            raise ValueError(f"hints: expected a list of one or more sentences, got {hints!r}")
        if effect is not None and not callable(effect):
            raise ValueError(f"effect: expected a function or None, got {effect!r}")
        for case in cases:
            try:
                inspect.signature(reference).bind(*case)
            except TypeError as error:
                raise ValueError(f"cases: expected the arguments of {reference.__name__}, got {len(case)} ({error})") from None
        self.reference, self.mistakes, self.hints, self.effect = reference, mistakes, hints, effect
        self.cases = sorted(cases, key=size)
        self.name = reference.__name__
        self.hints_shown = 0

    def check(self, attempt):
        """Show what is right or wrong with the learner's function, and return that as a `Result`."""
        return present(self.judge(attempt))

    def judge(self, attempt):
        """Return the `Result` of an attempt without showing it."""
        if not callable(attempt):
            how = f"Write {self.name}.check(my_{self.name}), without brackets after my_{self.name}."
            return self._result("wrong", f"check needs your function itself, but it was given {kind(attempt)}. {how}")
        outcomes = [run(attempt, case, self.effect) for case in self.cases]
        expected = [self._expected(case) for case in self.cases]
        if all(outcome.value is None and not outcome.error for outcome in outcomes):
            return self._nothing_returned(attempt, outcomes)
        faults = [fault(*pair) for pair in zip(outcomes, expected, strict=True)]
        if not any(faults):
            return self._right_values(attempt, outcomes)
        mistake = next((known for known in self.mistakes if self._is_mistake(known, outcomes, expected)), None)
        first = next(i for i, sentence in enumerate(faults) if sentence)
        passed = f"Calls that give the right answer: {faults.count('')} of {len(faults)}. The smallest call that does not:"
        blocks = [passed, self._case_text(attempt, first, outcomes[first], expected[first]), faults[first]]
        if outcomes[first].changed:
            blocks.append(self._changing_text(attempt, [outcomes[first]]))
        if outcomes[first].printed:
            blocks += ["It printed:", Listing("\n".join(outcomes[first].printed.splitlines()[:5]))]
        return self._result("wrong", *([mistake.sentence] if mistake else []), *blocks, mistake=mistake)

    def hint(self):
        """Show the next hint."""
        if self.hints_shown == len(self.hints):
            last = f"{self.name}.solution() shows one right answer."
            return present(Shown(card("hint", f"No more hints: you have seen all {len(self.hints)}", last)))
        self.hints_shown += 1
        return present(Shown(card("hint", f"Hint {self.hints_shown} of {len(self.hints)}", self.hints[self.hints_shown - 1])))

    def solution(self):
        """Show the source of the reference."""
        source = textwrap.dedent(inspect.getsource(self.reference)).rstrip()
        return present(Shown(card("hint", f"One right answer: {self.name}", Listing(source))))

    def _expected(self, case):
        outcome = run(self.reference, case, self.effect)
        if outcome.error or outcome.judged is None:
            raise ValueError(f"reference: expected a value from {self.name}{case}, got {outcome.error or None}")
        return outcome

    def _result(self, state, *blocks, mistake=None):
        words = {"right": "Right", "wrong": "Not yet", "not tried yet": "Not tried yet"}
        return Result(state, card(state, f"{words[state]}: {self.name}", *blocks), mistake)

    def _attempt_name(self, attempt):
        name = getattr(attempt, "__name__", "")
        return name if name.isidentifier() else f"my_{self.name}"

    def _parameters(self, attempt):
        """Return the names of the learner's parameters, or the reference's where the learner's do not fit."""
        theirs, ours = [], list(inspect.signature(self.reference).parameters)
        with contextlib.suppress(TypeError, ValueError):
            plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
            theirs = [p.name for p in inspect.signature(attempt).parameters.values() if p.kind is plain]
        return theirs if len(theirs) == len(ours) else ours

    def _nothing_returned(self, attempt, outcomes):
        name, changing = self._attempt_name(attempt), self._changing_text(attempt, outcomes)
        if any(outcome.printed for outcome in outcomes):
            return self._result("wrong", f"{name} prints, but it {self.nothing}. Use `{self.way_out}` in place of `print`.")
        if changing:
            return self._result("wrong", f"{name} {self.nothing}. {self.asked[0].upper()}{self.asked[1:]}", changing)
        advice = f"{name} returns None. Write your answer in it. If you have written one, {self.asked}"
        return self._result("not tried yet", advice)

    def _right_values(self, attempt, outcomes):
        changing = self._changing_text(attempt, outcomes)
        if changing:
            return self._result("wrong", "What comes out is right.", changing)
        calls = "its one call" if len(outcomes) == 1 else f"all {len(outcomes)} calls"
        return self._result("right", f"{self._attempt_name(attempt)} gives the right answer in {calls}.")

    def _changing_text(self, attempt, outcomes):
        """Return a sentence about the first argument that the attempt changes, or ""."""
        indices = [index for outcome in outcomes for index in outcome.changed]
        if not indices:
            return ""
        name = self._parameters(attempt)[indices[0]]
        advice = f"Whoever calls it still needs the old values. Start from a copy: {name} = {name}.copy()"
        return f"{self._attempt_name(attempt)} changes its input {name}. {advice}"

    def _case_text(self, attempt, index, outcome, expected):
        case = self.cases[index]
        rows = {}
        if outcome.value is not None or not outcome.error:
            table = as_array(outcome.value) if isinstance(expected.value, np.ndarray) else None
            rows["returned"] = outcome.value if table is None else table
        if self.effect is not None and not outcome.error:
            rows["which gives"] = outcome.judged
        rows["expected"] = expected.judged
        texts = {name: show(value) for name, value in rows.items()}
        # Different only in digits that rounding hides, as 5.0000001 and 5.
        if len({text.removesuffix(".0") for text in texts.values()}) < len(texts):
            texts = {name: show(value, exact=True) for name, value in rows.items()}
        width = 2 + max(map(len, texts))
        lines = [name.ljust(width) + text.replace("\n", "\n" + " " * width) for name, text in texts.items()]
        call = call_text(self._attempt_name(attempt), list(self._parameters(attempt))[: len(case)], case)
        return Listing("\n".join([call, *lines]))

    def _is_mistake(self, mistake, outcomes, expected):
        """Tell whether the attempt is this mistake: the same wrong values, case by case."""
        caught = False
        for got, right, case in zip(outcomes, expected, self.cases, strict=True):
            wrong = run(mistake.function, case, self.effect)
            if wrong.error:
                if not fault(got, right):
                    return False
                continue
            if fault(got, wrong):
                return False
            caught = caught or bool(fault(wrong, right))
        return caught


def fault(outcome, expected):
    """Return what is wrong with an outcome in a sentence, or ""."""
    return outcome.error or difference(outcome.judged, expected.judged)
