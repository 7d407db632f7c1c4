"""What the general tests of exercises and predictions cannot see: that the references of lesson 09 are true, that attempts as
learners write them get the right sentence and no other, and that the experiments of the predictions could find otherwise."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from helpers.exercises import early_stopping as lesson
from helpers.scratch.dense import Dense
from helpers.scratch.early_stopping import EarlyStopping
from helpers.scratch.sequential import Callback, Sequential

EXERCISES = [lesson.count_updates, lesson.patience, lesson.find_leaks]
NAN = float("nan")

# The references.


class Updates(Callback):
    """Counts the updates of a training."""

    count = 0

    def on_train_batch_end(self, batch):
        self.count += 1


@given(st.integers(1, 20), st.integers(1, 8), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_the_updates_are_those_of_a_training(examples, batch_size, epochs):
    updates, model = Updates(), Sequential([Dense(1)])
    model.compile("sgd")
    model.fit(np.zeros((examples, 1)), np.zeros((examples, 1)), epochs=epochs, batch_size=batch_size, callbacks=[updates])
    assert lesson.count_updates.reference(examples, batch_size, epochs, False) == updates.count
    # drop_last: the same training, without the examples that do not fill a batch.
    assert lesson.count_updates.reference(examples - examples % batch_size, batch_size, epochs, False) == (
        lesson.count_updates.reference(examples, batch_size, epochs, True)
    )


class Puppet:
    """Stands for a model: its weights are the number of the epoch."""

    weights, stop_training = None, False

    def get_weights(self):
        return self.weights

    def set_weights(self, weights):
        self.weights = weights


def by_the_callback(losses, patience, min_delta):
    """Return what the callback of the lesson does with these losses."""
    stopping = EarlyStopping(patience=patience, min_delta=min_delta, restore_best_weights=True)
    stopping.model = model = Puppet()
    stopping.on_train_begin()
    for epoch, loss in enumerate(losses):
        model.weights = epoch
        stopping.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            break
    stopping.on_train_end()
    return {"stop": epoch, "keep": model.weights}


def as_in_the_lesson(losses, patience, min_delta=0.0):
    """Return the last epoch and the kept one, as the function in section 2 of the notebook does."""
    best, kept, waited = np.inf, 0, 0
    for epoch, loss in enumerate(losses):
        waited += 1
        if loss < best - min_delta:
            best, kept, waited = loss, epoch, 0
        elif waited >= patience:
            break
    return epoch, kept


EIGHTHS = st.integers(0, 12).map(lambda number: number / 8)


@given(
    st.lists(st.one_of(EIGHTHS, EIGHTHS, st.just(NAN)), min_size=1, max_size=20),
    st.integers(0, 6),
    st.sampled_from([0, 0.125, 0.25, 0.5]),
)
@settings(max_examples=500, deadline=None)
@example([0.5] * 6, 2, 0)
@example([0.5, *[NAN] * 5], 3, 0)
@example([0.5, 0.375, 0.25], 1, 0.125)
@example([0.25, 0.5, 0.75], 0, 0)
def test_the_patience_is_that_of_the_callback(losses, patience, min_delta):
    assume(not math.isnan(losses[0]))  # the callback, as Keras's, takes nan for the best then, and nothing is better
    assert lesson.patience.reference(losses, patience, min_delta) == by_the_callback(losses, patience, min_delta)


@given(
    st.lists(st.one_of(EIGHTHS, EIGHTHS, st.just(NAN)), min_size=1, max_size=20),
    st.integers(0, 6),
    st.sampled_from([0, 0.125, 0.25, 0.5]),
)
@settings(max_examples=300, deadline=None)
@example([NAN] * 5, 3, 0)
@example([NAN, 0.5, 0.25], 2, 0)
@example([NAN, 0.5], 1, 0)
def test_the_patience_is_that_of_the_function_in_the_lesson_also_where_nan_comes_first(losses, patience, min_delta):
    last, kept = as_in_the_lesson(losses, patience, min_delta)
    assert lesson.patience.reference(losses, patience, min_delta) == {"stop": last, "keep": kept}


def test_a_first_nan_is_no_improvement_and_counts():
    reference = lesson.patience.reference
    assert reference([NAN, 0.5, 0.25, 0.5, 0.5], 2, 0) == {"stop": 4, "keep": 2}
    assert reference([NAN, NAN, 0.5], 2, 0) == {"stop": 1, "keep": 0}
    assert reference([NAN, 0.5], 1, 0) == reference([NAN, 0.5], 0, 0) == {"stop": 0, "keep": 0}


def test_the_cases_hold_every_kind_of_curve():
    found = [(*case, *lesson.patience.reference(*case).values()) for case in lesson.patience.cases]
    early = [stop < len(losses) - 1 for losses, _, _, stop, _ in found]
    assert any(early) and not all(early)
    assert any(keep == 0 and stop > 0 for *_, stop, keep in found)  # never improves
    assert any(math.isnan(loss) for losses, *_ in found for loss in losses)
    assert not any(math.isnan(losses[0]) for losses, *_ in found)  # so an attempt may begin as the callback does
    assert any(len(set(losses)) < len(losses) for losses, *_ in found)
    assert {wait for _, wait, *_ in found} >= {0, 1, 2, 3}
    assert any(min(losses[stop + 1 :], default=9) < losses[keep] for losses, _, _, stop, keep in found)
    assert any(0 < losses[keep] - min(losses[: stop + 1]) <= delta for losses, _, delta, stop, keep in found)
    # In eighths and their halves, sums are exact: no answer hangs on how the comparison is written.
    assert all(math.isnan(loss) or (32 * loss).is_integer() for losses, *_ in found for loss in losses)


def all_runs():
    """Yield (run, leaks): every mixture of leaks, with its names by construction."""
    for mixed in itertools.product([False, True], repeat=3):
        for chosen in ("training", "validation", "test"):
            for scaled in (["training"], ["test"], ["validation", "training"], ["training", "test", "validation"]):
                names = ("validation in training", "test in training", "test in validation")
                parts = {"training": [0, 1, 2, 3], "validation": [4, 5, 6], "test": [7, 8, 9]}
                for number, (name, there) in enumerate(zip(names, mixed, strict=True)):
                    for part in name.split(" in "):
                        parts[part] = [*parts[part], 20 + number] if there else parts[part]
                wrong = [name for name, there in zip(names, mixed, strict=True) if there]
                wrong += {"training": ["stop chosen on training"], "test": ["stop chosen on test"]}.get(chosen, [])
                wrong += ["scaled with test"] * ("test" in scaled) + ["scaled with validation"] * ("validation" in scaled)
                yield parts | {"chosen on": chosen, "scaled with": scaled}, wrong


def test_every_mixture_of_leaks_is_found():
    seen = set()
    for run, wrong in all_runs():
        assert sorted(lesson.find_leaks.reference(run)) == sorted(wrong)
        seen |= set(wrong)
    assert seen == set(lesson.LEAKS)


def test_the_cases_hold_every_leak_alone_and_a_clean_run_comes_first():
    found = [lesson.find_leaks.reference(*case) for case in lesson.find_leaks.cases]
    assert found[0] == [] and {tuple(names) for names in found} >= {(name,) for name in lesson.LEAKS}
    sizes = [sum(len(run[part]) for part in ("training", "validation", "test")) for (run,) in lesson.find_leaks.cases]
    assert sizes[:9] == [min(sizes)] * 9


# Right answers, written in other ways.


def updates_by_a_loop(examples, batch_size, epochs, drop_last):
    updates = 0
    for _ in range(epochs):
        for start in range(0, examples, batch_size):
            if start + batch_size <= examples or not drop_last:
                updates += 1
    return updates


def updates_by_numpy(examples, batch_size, epochs, drop_last):
    return (np.floor if drop_last else np.ceil)(examples / batch_size) * epochs


def patience_by_a_count(losses, patience, min_delta):
    best, keep, wait = math.inf, None, 0
    for epoch, loss in enumerate(losses):
        if best - loss > min_delta:
            best, keep, wait = loss, epoch, 0
        else:
            wait += 1
            if wait >= patience:
                break
    return {"keep": keep, "stop": epoch}


def leaks_by_loops(run):
    names = set()
    for first in ("training", "validation", "test"):
        for second in ("training", "validation", "test"):
            if f"{first} in {second}" in lesson.LEAKS and any(number in run[second] for number in run[first]):
                names.add(f"{first} in {second}")
    for name in ("test", "validation"):
        if name in run["scaled with"]:
            names.add("scaled with " + name)
    if run["chosen on"] in ("test", "training"):
        names.add("stop chosen on " + run["chosen on"])
    return names


@pytest.mark.parametrize(
    ("exercise", "attempt"),
    [
        (lesson.count_updates, updates_by_a_loop),
        (lesson.count_updates, updates_by_numpy),  # with numbers such as 9.0
        (lesson.patience, by_the_callback),
        (lesson.patience, patience_by_a_count),
        (lesson.find_leaks, leaks_by_loops),
        (lesson.find_leaks, lambda run: np.array(sorted(leaks_by_loops(run)), dtype=str)),
        (lesson.find_leaks, lambda run: tuple(sorted(leaks_by_loops(run), reverse=True))),
    ],
)
def test_other_ways_to_write_it_are_right(exercise, attempt):
    result = exercise.judge(attempt)
    assert result.state == "right", result.text


# Wrong answers as learners write them, and the sentence that they get.


def always_one_more(examples, batch_size, epochs, drop_last):
    batches = examples // batch_size
    if not drop_last:
        batches += 1
    return batches * epochs


def rest_after_the_loop(examples, batch_size, epochs, drop_last):
    updates = epochs * (examples // batch_size)
    if examples % batch_size and not drop_last:
        updates += 1
    return updates


def swapped_drop(examples, batch_size, epochs, drop_last):
    return updates_by_numpy(examples, batch_size, epochs, not drop_last)


def over_all_epochs(examples, batch_size, epochs, drop_last):
    shown = examples * epochs
    return shown // batch_size if drop_last else math.ceil(shown / batch_size)


def minus_one(examples, batch_size, epochs, drop_last):
    batches = math.ceil(examples / batch_size)
    if drop_last:
        batches -= 1
    return batches * epochs


def one_left_out(examples, batch_size, epochs, drop_last):
    updates = math.ceil(examples / batch_size) * epochs
    return updates - 1 if drop_last and examples % batch_size else updates


UPDATES = [
    (lambda n, b, e, d: int(n / b) * e, "You always leave out the smaller last batch."),
    (lambda n, b, e, d: math.ceil(n / b) * e, "You always count the smaller last batch."),
    (swapped_drop, "drop_last is the wrong way round"),
    (lambda n, b, e, d: updates_by_a_loop(n, b, 1, d), "You counted the updates of one epoch."),
    (lambda n, b, e, d: e * b * n, "You multiplied the examples by batch_size."),
    (over_all_epochs, "You rounded once, over all epochs."),
    (lambda n, b, e, d: n * e // b, "Your division drops the part of a batch that is left;"),
    (lambda n, b, e, d: int(n * e / b), "Your division drops the part of a batch that is left;"),
    (lambda n, b, e, d: round(n / b * e), "Your division rounds the part of a batch that is left;"),
    (lambda n, b, e, d: math.ceil(n * e / b), "You rounded up once, over all epochs."),
    (lambda n, b, e, d: (n // b if d else round(n / b)) * e, "Without drop_last you round to the nearest whole number."),
    (lambda n, b, e, d: sum(1 for _ in range(e) for _ in range(n)), "You counted how often an example is shown."),
    (lambda n, b, e, d: len(range(n)), "You counted the examples of one epoch."),
    (lambda n, b, e, d: e * n / b, "You did not round."),
    (always_one_more, "You always add one batch for the rest."),
    (minus_one, "With drop_last=True you always take one batch off."),
    (lambda n, b, e, d: e * int(np.round(n / b)), "You rounded to the nearest whole number."),
    (lambda n, b, e, d: (n // b if d and n >= b else math.ceil(n / b)) * e, "You count at least one update in each epoch."),
    (rest_after_the_loop, "You count the smaller last batch once in the whole training."),
    (one_left_out, "You leave out one smaller batch in the whole training."),
    (lambda n, b, e, d: updates_by_a_loop(b, n, e, d), "You divided batch_size by the examples."),
    (lambda n, b, e, d: e * b, "You multiplied batch_size by the epochs."),
    (lambda n, b, e, d: (n - n // b * b) * e, "`%` is what is left over"),
    (lambda n, b, e, d: len(range(e)), "You counted the epochs."),
]


def stopping(lines):
    """Return my_patience, made from the right lines with some of them changed: {old: new}."""
    source = """
def my_patience(losses, patience, min_delta):
    best = losses[0]
    keep = 0
    wait = 0
    for epoch in range(1, len(losses)):
        loss = losses[epoch]
        if loss < best - min_delta:
            best = loss
            keep = epoch
            wait = 0
        else:
            wait = wait + 1
            if wait >= patience:
                return {"stop": epoch, "keep": keep}
    return {"stop": len(losses) - 1, "keep": keep}
"""
    for old, new in lines.items():
        assert old in source
        source = source.replace(old, new)
    names = {"np": np, "math": math}
    exec(source, names)
    return names["my_patience"]


def answers(text, end=None):
    """Return my_patience with these texts for what it returns: in the loop, and at the end."""
    at_end = text.replace("epoch", "(len(losses) - 1)") if end is None else end
    return stopping({'{"stop": epoch, "keep": keep}': text, '{"stop": len(losses) - 1, "keep": keep}': at_end})


def as_if_all_were_known(losses, patience, min_delta):
    keep = min(range(len(losses)), key=lambda epoch: math.inf if math.isnan(losses[epoch]) else losses[epoch])
    return {"stop": min(keep + patience, len(losses) - 1), "keep": keep}


def by_argmin(losses, patience, min_delta):
    keep = np.argmin(losses)
    return {"stop": min(keep + patience, len(losses) - 1), "keep": keep}


def past_the_end(lowest):
    return lambda losses, patience, min_delta: {"stop": lowest(losses) + patience, "keep": lowest(losses)}


SLIDING = {"            wait = wait + 1\n": "            wait = wait + 1\n            best = loss if loss < best else best\n"}
BEFORE = {"            if wait": "            best = loss\n            if wait"}
AT_BEST = {"            if wait >= patience:\n                return": "        if wait >= patience:\n            return"}
IN_A_ROW = {
    "            wait = 0\n        else": (
        "        if loss < losses[epoch - 1] - min_delta:\n            wait = 0\n        else"
    )
}
WINDOW = {
    "if wait >= patience": (
        "back = max(patience, 1)\n            if epoch >= back and not loss + min_delta < losses[epoch - back]"
    )
}

STOPS = [
    (stopping({"wait >= patience": "wait + 1 >= patience"}), "You stop one epoch too early."),
    (stopping({"wait >= patience": "wait > patience"}), "You stop one epoch too late"),
    (stopping({"            keep = epoch\n            wait = 0": "            keep = epoch"}), "You never set the count back."),
    (stopping({"            wait = 0": "            wait = 1"}), "You set the count back to 1."),
    (stopping(BEFORE), "You compare with the epoch before."),
    (stopping({"loss < best - min_delta": "loss < losses[epoch - 1] - min_delta"}), "You compare with the epoch before."),
    (stopping(IN_A_ROW), "You keep the right epoch, but your count begins anew"),
    (stopping({"            best = loss\n": ""}), "You always compare with epoch 0."),
    (stopping({"best - min_delta": "best"}), "You ignore min_delta."),
    (stopping({"best - min_delta": "best + min_delta"}), "min_delta has the wrong sign"),
    (stopping({"best - min_delta": "best - min_delta * best"}), "You take min_delta for a share"),
    (stopping({"loss < best": "loss <= best"}), "You take `<=`. A loss that is only as good"),
    (stopping({"loss < best - min_delta": "loss <= best"}), "You take `<=` and ignore min_delta."),
    (stopping({"loss < best - min_delta": "not loss >= best - min_delta"}), "To you nan is the best of all."),
    (stopping({"loss < best - min_delta": "loss > best + min_delta"}), "You look for the highest number"),
    (stopping(SLIDING), "Improvements smaller than min_delta move your best loss along."),
    (stopping({"if wait >= patience": "if wait"}), "You stop at the first epoch that is not the best."),
    (stopping({"wait >= patience": "wait == patience"}), "You ask for `==`"),
    (stopping(AT_BEST), "With patience 0 you stop even at an epoch that is the new best"),
    (
        stopping(AT_BEST | {"range(1, ": "range(0, ", "best = losses[0]": "best = np.inf"}),
        "With patience 0 you stop at epoch 0",
    ),
    (stopping({'return {"stop": epoch, "keep": keep}': "pass"}), "With you training never ends early"),
    (stopping(WINDOW), "You compare with the loss of `patience` epochs ago."),
    (answers('{"stop": epoch, "keep": epoch}'), "You keep the last epoch."),
    (answers('{"stop": keep, "keep": keep}'), "Training does not end at the best epoch"),
    (answers('{"stop": keep, "keep": epoch}'), '"stop" and "keep" have changed places.'),
    (answers('{"stop": epoch + 1, "keep": keep + 1}'), "You count the epochs from 1."),
    (answers('{"stop": epoch + 1, "keep": keep}'), '"stop" is one too high in every call'),
    (answers('{"stop": epoch, "keep": keep}', '{"stop": len(losses), "keep": keep}'), "Where training does not end early, "),
    (
        answers('{"stop": epoch, "keep": keep}', '{"stop": None, "keep": keep}'),
        "Where training does not end early you return no",
    ),
    (answers('{"stop": epoch, "keep": losses.index(min(losses))}'), "You keep the lowest loss of the whole list."),
    (answers('{"stop": epoch, "keep": np.argmin(losses)}'), "You keep what `np.argmin` finds in the whole list."),
    (answers('{"stop": epoch, "keep": int(np.nanargmin(losses[:epoch + 1]))}'), "You keep the lowest loss up to the stop."),
    (answers('{"stop": epoch, "keep": np.argmin(losses[:epoch + 1])}'), "You keep what `np.argmin` finds up to the stop."),
    (as_if_all_were_known, "You look at the whole list. When training stops nobody has seen the later losses"),
    (by_argmin, "You look at the whole list, with `np.argmin`. When"),
    (past_the_end(np.nanargmin), "You look at the whole list, and add patience even past its end."),
    (past_the_end(np.argmin), "You look at the whole list, with `np.argmin`, and add patience even past its end."),
    (
        answers('{"stop": epoch - 1, "keep": keep}', '{"stop": len(losses) - 1, "keep": keep}'),
        "The epoch with which the patience",
    ),
]


def leaks(shares=lambda a, b: any(x in b for x in a), pairs=3, chosen=("training", "test"), scaled=None):
    """Return my_find_leaks with some of its questions asked otherwise; `pairs` is how many, or which."""

    def my_find_leaks(run):
        training, validation, test = set(run["training"]), set(run["validation"]), set(run["test"])
        if shares.__code__.co_name == "ordered":
            training, validation, test = run["training"], run["validation"], run["test"]
        asked = [
            ("validation in training", validation, training),
            ("test in training", test, training),
            ("test in validation", test, validation),
        ]
        names = [
            name for name, a, b in (asked[:pairs] if isinstance(pairs, int) else map(asked.__getitem__, pairs)) if shares(a, b)
        ]
        if run["chosen on"] in chosen:
            names.append("stop chosen on " + run["chosen on"])
        blamed = [name for name in run["scaled with"] if name in ("test", "validation")] if scaled is None else scaled(run)
        return names + ["scaled with " + name for name in blamed]

    return my_find_leaks


def by_order(rule):
    """Return a rule for lists, in the order of the run."""

    def ordered(a, b):
        return rule(a, b)

    return ordered


def one_scaling(position):
    return lambda run: [name for name in [run["scaled with"][position]] if name != "training"]


def returns_at_once(run):
    for name in leaks()(run):
        return [name]
    return []


def once_for_each_example(run):
    names = []
    for one in run["test"]:
        if one in run["training"]:
            names.append("test in training")
        if one in run["validation"]:
            names.append("test in validation")
    names += ["validation in training" for one in run["validation"] if one in run["training"]]
    return names + leaks(pairs=0)(run)


FOUND = [
    (leaks(pairs=1), "You compare validation and training alone."),
    (leaks(pairs=2), "You compare the training set with the other two"),
    (leaks(pairs=[1, 2]), "You look for the test set in the others"),
    (leaks(pairs=[0, 2]), "You do not look whether an example of the test set"),
    (leaks(pairs=0), "You do not compare the examples of the three sets."),
    (leaks(lambda a, b: a == b), "You ask whether two sets are the same."),
    (leaks(by_order(lambda a, b: a == b)), "One common example is enough"),
    (leaks(lambda a, b: a.issubset(b)), "You ask whether all examples of one set are in the other."),
    (leaks(by_order(lambda a, b: a[0] in b)), "You look at the first example of a set only."),
    (
        leaks(by_order(lambda a, b: any(a[i] == b[i] for i in range(min(len(a), len(b)))))),
        "You compare the first with the first",
    ),
    (leaks(lambda a, b: a.isdisjoint(b)), "You report sets that share nothing."),
    (leaks(lambda a, b: len(a.union(b)) > 0), "You join two sets"),
    (leaks(lambda a, b: len(a ^ b) > 0), "You report sets that differ."),
    (leaks(chosen=()), 'You do not look at "chosen on".'),
    (leaks(chosen=("test",)), "You let the training set choose the stop."),
    (leaks(chosen=("training",)), "You let the test set choose the stop."),
    (leaks(scaled=lambda run: []), 'You do not look at "scaled with".'),
    (
        leaks(scaled=lambda run: ["test"] * ("test" in run["scaled with"])),
        "You let mean and spread come from the validation set",
    ),
    (
        leaks(scaled=lambda run: ["validation"] * ("validation" in run["scaled with"])),
        "You let mean and spread come from the test set",
    ),
    (leaks(scaled=one_scaling(0)), 'You look at the first name in "scaled with" only.'),
    (leaks(scaled=one_scaling(-1)), 'You look at the last name in "scaled with" only.'),
    (
        leaks(scaled=lambda run: [] if "training" in run["scaled with"] else run["scaled with"]),
        "You are content when the training set is among those",
    ),
    (leaks(scaled=lambda run: ["test"] * (run["scaled with"] != ["training"])), "You blame the test set for every wrong"),
    (lambda run: set(lesson.LEAKS), "You return all names"),
    (lambda run: (), "With you nothing is ever wrong."),
    (lambda run: set(lesson.LEAKS) - leaks_by_loops(run), "You return what is in order."),
    (once_for_each_example, "A name comes once for each example"),
    (returns_at_once, "You stop at the first thing that is wrong."),
]

TOLD = (UPDATES, STOPS, FOUND)


@pytest.mark.parametrize(
    ("exercise", "attempt", "sentence"),
    [(exercise, *pair) for exercise, pairs in zip(EXERCISES, TOLD, strict=True) for pair in pairs],
)
def test_a_wrong_attempt_gets_its_sentence(exercise, attempt, sentence):
    result = exercise.judge(attempt)
    assert result.state == "wrong" and result.mistake is not None, result.text
    assert result.mistake.sentence.startswith(sentence)


def test_every_sentence_is_reached_by_code_as_learners_write_it():
    told = [sentence for pairs in TOLD for _, sentence in pairs]
    known = [mistake.sentence for exercise in EXERCISES for mistake in exercise.mistakes]
    assert [sentence for sentence in known if not any(sentence.startswith(start) for start in told)] == []


def test_the_unchanged_lines_that_the_wrong_ones_are_made_of_are_right():
    assert lesson.patience.judge(stopping({})).state == lesson.find_leaks.judge(leaks()).state == "right"


def test_the_smallest_failing_call_is_shown():
    text = lesson.count_updates.judge(lambda examples, batch_size, epochs, drop_last: examples // batch_size * epochs).text
    assert "my_count_updates(examples=3, batch_size=2, epochs=1, drop_last=False)" in text
    text = lesson.patience.judge(stopping({"wait >= patience": "wait > patience"})).text
    assert "my_patience(losses=[0.5, 0.75, 0.25], patience=1, min_delta=0)" in text
    text = lesson.patience.judge(stopping(BEFORE)).text
    assert (
        "Compare with the best so far: small steps may add up to an improvement, and falling back from a peak is none." in text
    )
    text = lesson.find_leaks.judge(lambda run: []).text
    assert "my_find_leaks(run={'training': [0, 1], 'validation': [1], 'test': [2], 'chosen on': 'validation'" in text


# Something else than an answer.


def pops(losses, patience, min_delta):
    answer = patience_by_a_count(losses, patience, min_delta)
    losses.pop()
    return answer


def adds_to_the_run(run):
    run["training"] += run["validation"]
    return leaks_by_loops(run | {"training": run["training"][: -len(run["validation"])]})


@pytest.mark.parametrize(
    ("exercise", "attempt", "words"),
    [
        (lesson.count_updates, lambda n, b, e, d: str(updates_by_a_loop(n, b, e, d)), "It is a text; expected a number."),
        (lesson.count_updates, lambda n, b, e, d: [n // b] * e, "It is a list of shape (1,); expected a number."),
        (lesson.count_updates, lambda n, b, e, d: d, "It is True or False; expected a number."),
        (lesson.count_updates, lambda n, b, e: 1, "Arguments that your function takes: 3."),
        (lesson.count_updates, 5, "it was given a number"),
        (lesson.count_updates, lambda n, b, e, d: n / (b - 2), "ZeroDivisionError"),
        (lesson.patience, lambda losses, p, d: (1, 0), "expected a dictionary with the keys 'stop', 'keep'."),
        (lesson.patience, lambda losses, p, d: {"stop": 1}, "expected a dictionary with the keys 'stop', 'keep'."),
        (lesson.patience, lambda losses, p, d: {"stop": losses, "keep": 0}, "stop: It is a list of shape (1,)"),
        (lesson.patience, lambda losses, p, d: {"stop": losses[p + 9], "keep": 0}, "IndexError"),
        (lesson.patience, pops, "pops changes its input losses."),
        (lesson.find_leaks, lambda run: "test in training", "It is one text, 'test in training'. Return a list of names"),
        (lesson.find_leaks, lambda run: {"test in training": True}, "It is a dictionary. Return a list of names."),
        (lesson.find_leaks, lambda run: ["training in test"], "'training in test' is none of the names, which are:"),
        (lesson.find_leaks, lambda run: [3], "There is a number in it. Return names: texts."),
        (lesson.find_leaks, lambda run: len(run), "It is a number. Return a list of names."),
        (lesson.find_leaks, lambda run: True, "It is True or False. Return a list of names."),
        (lesson.find_leaks, lambda run: run["train"], "It stopped with an error"),
        (lesson.find_leaks, adds_to_the_run, "adds_to_the_run changes its input run."),
    ],
)
def test_something_else_is_answered_in_a_sentence(exercise, attempt, words):
    result = exercise.judge(attempt)
    assert (result.state, result.mistake) == ("wrong", None) and words in result.text, result.text
    assert " at 0x" not in result.text


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_attempt_that_is_not_written_yet_is_not_tried_yet(exercise):
    assert exercise.judge(lambda *arguments: None).state == "not tried yet"


# The predictions.


@pytest.mark.parametrize(
    ("prediction", "answer"),
    [
        ("last_batch", lesson.MORE),
        ("patience_one", lesson.SOON),
        ("chosen_on_test", lesson.FAR_TOO_GOOD),
    ],
)
def test_what_the_experiments_of_lesson_09_find(prediction, answer):
    assert getattr(lesson, prediction).answer() == answer


def test_the_last_batch_counts_more_because_it_is_small():
    _, found = lesson._last_batch()
    assert lesson.BATCH / lesson.LEFT_OVER == 16 and "a half" in lesson.last_batch.commit(lesson.MORE) and lesson.LEFT_OVER == 2
    assert all(15 < times < 17 for times in found["times"]) and all(0.95 < times < 1.05 for times in found["full"])
    evened = [max(found["spread"][epochs]) for epochs in (1, 10, 1000)]
    assert evened == sorted(evened, reverse=True) and evened[0] == 16 and evened[-1] < 1.5


def test_a_last_batch_that_is_full_does_not_count_more(monkeypatch):
    monkeypatch.setattr(lesson, "EXAMPLES", 5 * lesson.BATCH)
    ratios = []
    for seed in lesson.SEEDS:
        first, last = lesson._moves(seed, (0, lesson.EXAMPLES - 1))
        ratios.append(last / first)
    assert lesson._which_times(ratios) == lesson.SAME


@pytest.mark.parametrize(
    ("times", "option"),
    [
        ([16.0, 15.5, 16.9], lesson.MORE),
        ([1.0, 0.95, 1.05], lesson.SAME),
        ([1 / 16] * 3, lesson.LESS),
        ([0.0, 0.0, 0.0], lesson.NOTHING),
        ([16.0, 1.0, 0.0], "16.00, 1.00, 0.00"),
    ],
)
def test_every_weight_of_an_example_has_its_option(times, option):
    assert lesson._which_times(times) == option


@given(st.integers(0, 8), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_all_curves_at_once_stop_as_one_by_one(patience, seed):
    losses = np.random.default_rng(seed).integers(0, 9, (5, 30)) / 8
    stop, keep = lesson._stops(losses, patience)
    alone = [lesson.patience.reference(list(curve), patience, 0) for curve in losses]
    assert [{"stop": s, "keep": k} for s, k in zip(stop, keep, strict=True)] == alone


def test_the_true_loss_is_lowest_at_the_turn_and_the_noise_is_as_large_as_said():
    true = lesson._true_losses()
    assert true.argmin() == lesson.TURN and true[lesson.TURN] == 1
    np.testing.assert_allclose(true[1 : lesson.TURN + 1] / true[: lesson.TURN], 1 - lesson.TREND)
    np.testing.assert_allclose(true[lesson.TURN + 1 :] / true[lesson.TURN : -1], 1 + lesson.TREND)
    off = lesson._measured(np.random.default_rng(0), lesson.NOISE) / true - 1
    assert off.std() == pytest.approx(lesson.NOISE, rel=0.02) and abs(off.mean()) < 0.001
    assert abs(np.corrcoef(off[:, 50], off[:, 51])[0, 1]) < 0.1  # each epoch anew


def test_it_is_the_noise_that_ends_it_and_more_patience_outlasts_it():
    _, found = lesson._patience_one()
    assert found["smooth"][0] == (lesson.TURN + 1,) * 3 and found["smooth"][1] == (0, 0, 0)
    assert max(found[1][0]) < 3 and min(found[1][1]) > 150
    assert max(found[5][0]) < 50 and min(found[5][1]) > 50
    assert min(found[20][0]) > lesson.TURN and max(found[20][0]) < lesson.EPOCHS - 50
    assert all(abs(some - whole) < 0.2 for some, whole in zip(found[20][1], found[lesson.EPOCHS][1], strict=True))


def test_without_noise_another_option_would_be_right(monkeypatch):
    monkeypatch.setattr(lesson, "NOISE", 0.0)
    assert lesson.patience_one.answer() == lesson.NEAR


def test_the_answer_says_from_where_its_epochs_count():
    assert "(counted from 0; three seeds" in lesson.patience_one.commit(lesson.SOON)
    stop, _ = lesson._stops(np.array([[0.5, 0.75, 0.25]]), 1)
    assert stop.tolist() == [1]


def test_nearly_every_second_loss_is_above_the_one_before():
    losses = lesson._measured(np.random.default_rng(0), lesson.NOISE)[:, : lesson.TURN + 1]
    assert 0.35 < (np.diff(losses) > 0).mean() < 0.5


@pytest.mark.parametrize(
    ("means", "option"),
    [
        ([2.0, 2.1, 4.9], lesson.SOON),
        ([45.0, 50.0, 55.0], lesson.HALF_WAY),
        ([101.0] * 3, lesson.NEAR),
        ([199.0] * 3, lesson.NEVER),
        ([2.0, 50.0, 101.0], "2.0, 50.0, 101.0"),
    ],
)
def test_every_end_has_its_option(means, option):
    assert lesson._which_stop(means) == option


def test_the_chosen_error_is_luck_and_fresh_examples_show_it():
    _, found = lesson._chosen_on_test()
    assert all(0.1 < error < 0.115 for error in found["chosen"])
    assert all(abs(error - lesson.ERROR) < 0.004 for name in ("one", "fresh") for error in found[name])
    assert all(0.185 < error < 0.195 for error in found["large"])
    assert all(chosen + 0.03 < error < 0.17 for chosen, error in zip(found["chosen"], found["shared"], strict=True))


def test_without_a_choice_the_error_would_be_fair(monkeypatch):
    monkeypatch.setattr(lesson, "CANDIDATES", 1)
    assert lesson.chosen_on_test.answer() == lesson.FAIR


def test_the_lowest_error_is_that_of_the_binomial_distribution():
    """The expected lowest of 100 independent numbers of mistakes, by formula: the sum over k of P(one > k) to the power 100."""
    n, p = lesson.TESTS, lesson.ERROR
    above = 1 - np.cumsum([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n)])
    expected = (np.clip(above, 0, 1) ** lesson.CANDIDATES).sum() / n
    _, found = lesson._chosen_on_test()
    assert found["chosen"] == pytest.approx([expected] * 3, abs=0.002)


@pytest.mark.parametrize("shared", [0.0, lesson.SHARED])
def test_all_epochs_are_equally_good_also_where_they_share_their_errors(shared):
    assert pytest.approx(0.75 * lesson.ERROR) == lesson.SHARED  # "three quarters of their errors"
    errors = lesson._errors(np.random.default_rng(0), lesson.TESTS, shared)
    assert errors.shape == (lesson.TIMES, lesson.CANDIDATES)
    assert errors.mean(axis=0) == pytest.approx(np.full(lesson.CANDIDATES, lesson.ERROR), abs=0.006)
    together = np.corrcoef(errors[:, 0], errors[:, 1])[0, 1]
    assert abs(together) < 0.1 if shared == 0 else together > 0.5


@pytest.mark.parametrize(
    ("means", "option"),
    [
        ([0.2, 0.2, 0.195], lesson.FAIR),
        ([0.18] * 3, lesson.A_LITTLE),
        ([0.1, 0.11, 0.12], lesson.FAR_TOO_GOOD),
        ([0.0, 0.01, 0.0], lesson.ZERO),
        ([0.1, 0.2, 0.18], "0.10, 0.20, 0.18"),
    ],
)
def test_every_error_has_its_option(means, option):
    assert lesson._which_error(means) == option
