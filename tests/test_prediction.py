"""Predictions: the answer comes from the experiment, after the learner has committed, and not before."""

import importlib
from pathlib import Path

import pytest

import helpers.exercises
from helpers.exercises import prediction as engine
from helpers.exercises.prediction import Panel, Prediction

QUESTION = "How many windows read the corner pixel of a 7 x 7 image, with a kernel of 3 x 3?"
OPTIONS = ["One window reads it", "Four windows read it", "Nine windows read it, just as they read the centre"]


def make(runs=None):
    """Return a sample; each run of its experiment is counted in the list `runs`."""

    def count_windows():
        if runs is not None:
            runs.append(1)
        reads = sum(row == 0 and column == 0 for row in range(5) for column in range(5))
        return OPTIONS[[1, 4, 9].index(reads)], reads

    return Prediction(QUESTION, OPTIONS, count_windows, lambda reads: f"Reads of the corner: {reads}. It lies at the border.")


def all_predictions():
    """Return (name, prediction) of the sample and of every prediction in helpers/exercises."""
    rooms = sorted(path.stem for path in Path(helpers.exercises.__file__).parent.glob("*.py") if path.stem != "__init__")
    modules = {room: importlib.import_module(f"helpers.exercises.{room}") for room in rooms}
    found = [(f"{room}.{name}", value) for room, module in modules.items() for name, value in vars(module).items()]
    return [("sample", make())] + [(name, value) for name, value in found if isinstance(value, Prediction)]


ALL = [pytest.param(prediction, id=name) for name, prediction in all_predictions()]


@pytest.fixture
def shown(monkeypatch):
    bundles = []
    monkeypatch.setattr(engine, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


def page_of(panel):
    """Return all the text that a panel shows."""
    return panel.question.value + " ".join(button.description for button in panel.options.values()) + panel.readout.value


# Proof, for every prediction of the collection.


@pytest.mark.parametrize("prediction", ALL)
def test_the_experiment_finds_one_option_and_only_that_one_agrees(prediction):
    found = prediction.answer()
    assert found in prediction.options
    for option in prediction.options:
        text = prediction.commit(option)
        assert ("✓ As you predicted" in text) == (option == found)
        assert ("✗ Not what you predicted" in text) == (option != found)
        assert f"You said: {option}" in text and found in text


@pytest.mark.parametrize("prediction", ALL)
def test_neither_answer_nor_reason_shows_before_the_learner_commits(prediction, shown):
    reason = prediction.commit(prediction.answer()).split("The experiment says the same. ")[1]
    assert len(reason.split()) > 2
    assert prediction.ask() is None
    assert len(shown) == 1
    page = page_of(Panel(prediction))
    for text in (*shown[0].values(), page):
        assert reason not in str(text) and "The experiment says" not in str(text)
    for option in prediction.options:
        assert shown[0]["text/plain"].count(f"  - {option}\n") == 1
    assert prediction.question in shown[0]["text/plain"]


# The sample.


def test_the_stored_page_says_what_to_do(shown):
    make().ask()
    assert shown[0]["text/plain"].splitlines() == [
        "? Predict first",
        QUESTION,
        *(f"  - {option}" for option in OPTIONS),
        "Commit to an answer to see what happens.",
    ]
    assert "Open this notebook" in shown[0]["text/html"] and "<li>Four windows read it</li>" in shown[0]["text/html"]
    assert "model_id" in shown[0]["application/vnd.jupyter.widget-view+json"]


def test_the_experiment_runs_when_the_learner_commits_and_not_before(shown):
    runs = []
    prediction = make(runs)
    prediction.ask()
    panel = Panel(prediction)
    assert runs == [] and panel.chosen is None
    panel.options[OPTIONS[1]].click()
    assert runs == [] and "The experiment says" not in panel.readout.value
    panel.button.click()
    assert runs == [1]


def test_the_chosen_option_is_marked_and_can_be_changed():
    panel = Panel(make())
    assert [button.description for button in panel.options.values()] == [f"○ {option}" for option in OPTIONS]
    panel.options[OPTIONS[2]].click()
    panel.options[OPTIONS[1]].click()
    descriptions = [button.description for button in panel.options.values()]
    assert descriptions == [f"○ {OPTIONS[0]}", f"◉ {OPTIONS[1]}", f"○ {OPTIONS[2]}"]
    assert f"You chose: {OPTIONS[1]}" in panel.readout.value


def test_a_committed_choice_is_locked_and_answered():
    panel = Panel(make())
    panel.options[OPTIONS[1]].click()
    panel.button.click()
    assert all(button.disabled for button in (*panel.options.values(), panel.button))
    for part in ("✗ Not what you predicted", f"You said: {OPTIONS[1]}", f"The experiment says: {OPTIONS[0]}", "corner: 1."):
        assert part in panel.readout.value


def test_commit_without_a_choice_asks_for_one():
    runs = []
    panel = Panel(make(runs))
    panel.button.click()
    assert "Choose one of the options first" in panel.readout.value
    assert runs == [] and not any(button.disabled for button in (*panel.options.values(), panel.button))


def test_each_asking_starts_afresh():
    prediction = make()
    first, second = Panel(prediction), Panel(prediction)
    first.options[OPTIONS[0]].click()
    first.button.click()
    assert second.chosen is None and second.readout.value == "" and not second.button.disabled


def test_commit_returns_the_text_that_is_shown():
    assert make().commit(OPTIONS[0]).splitlines() == [
        "✓ As you predicted",
        f"You said: {OPTIONS[0]}",
        "The experiment says the same. Reads of the corner: 1. It lies at the border.",
    ]


def test_texts_are_escaped(shown):
    prediction = Prediction("Is a < b?", ["<b>yes</b>", "no"], lambda: "no", "Because a & b.")
    prediction.ask()
    assert "Is a &lt; b?" in shown[0]["text/html"] and "<b>" not in shown[0]["text/html"]
    panel = Panel(prediction)
    panel.options["<b>yes</b>"].click()
    panel.button.click()
    assert "<b>" not in panel.readout.value and "a &amp; b" in panel.readout.value


def test_an_experiment_that_fails_is_told_and_can_be_tried_again():
    panel = Panel(Prediction(QUESTION, OPTIONS, lambda: 1 / 0, "None."))
    panel.options[OPTIONS[0]].click()
    panel.button.click()
    assert "The experiment did not run" in panel.readout.value and "ZeroDivisionError" in panel.readout.value
    assert not any(button.disabled for button in (*panel.options.values(), panel.button))


@pytest.mark.parametrize("found", ["Two windows read it", None, 1, (1, 2, 3), ("Two", 2)])
def test_an_answer_outside_the_options_is_refused(found):
    prediction = Prediction(QUESTION, OPTIONS, lambda: found, "None.")
    with pytest.raises(ValueError, match="answer: expected one of"):
        prediction.answer()
    with pytest.raises(ValueError, match="answer: expected one of"):
        prediction.commit(OPTIONS[0])


def test_an_unknown_option_is_refused():
    with pytest.raises(ValueError, match="option: expected one of .*, got 'Two'"):
        make().commit("Two")


@pytest.mark.parametrize(
    "changed, sentence",
    [
        ({"question": " "}, "question: expected a text"),
        ({"options": "yes"}, "options: expected a list of two or more different texts, got 'yes'"),
        ({"options": ["yes"]}, "options: expected"),
        ({"options": ["yes", "yes"]}, "options: expected"),
        ({"options": ["yes", 4]}, "options: expected"),
        ({"options": ["yes", "n" * 61]}, "options: expected at most 60 characters each, got 'nnn"),
        ({"answer": "yes"}, "answer: expected a function that runs the experiment, got 'yes'"),
        ({"because": ""}, "because: expected a text or a function that returns one"),
    ],
)
def test_a_wrong_argument_is_named(changed, sentence):
    arguments = {"question": "Is it?", "options": ["yes", "no"], "answer": lambda: "yes", "because": "It is."}
    with pytest.raises(ValueError) as error:
        Prediction(**{**arguments, **changed})
    assert str(error.value).startswith(sentence)
