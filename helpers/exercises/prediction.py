"""A prediction: the learner commits to an option, then the experiment runs and the answer shows."""

import ipywidgets as widgets
from IPython.display import display

from helpers.exercises.exercise import card

LONGEST = 60  # characters of an option: the text of a button is not broken into lines


def listed(numbers, form=".2f"):
    """Return numbers in words for a reason: "0.12, 0.34"; a form as in f-strings."""
    return ", ".join(f"{number:{form}}" for number in numbers)


def percent(shares, form=".0f"):
    """Return shares in words for a reason, in percent: "12, 34 %"."""
    return f"{listed([100 * share for share in shares], form)} %"


def errors_by_chance(rng, times, candidates, examples, error, shared=0.0):
    """Return the errors of candidates that are in truth equally good, (times, candidates), each time on new test examples.

    error: the share of examples on which each of them errs. shared: the share that all of them get wrong; on the others they
    err by chance, each on its own ones.
    """
    hard = rng.binomial(examples, shared, size=(times, 1))
    by_chance = (error - shared) / (1 - shared)
    return (hard + rng.binomial(examples - hard, by_chance, size=(times, candidates))) / examples


class Panel(widgets.VBox):
    """The question, a button for each option, a button to commit with, and the place where the answer shows.

    Not radio buttons: JupyterLab takes the up and down keys for itself, so only the first could be reached from the keyboard.
    """

    def __init__(self, prediction):
        self.prediction = prediction
        self.chosen = None
        self.question = widgets.HTML(card("question", "Predict first", prediction.question)["text/html"])
        self.readout = widgets.HTML()
        wide = widgets.Layout(width="max-content")
        self.options = {option: widgets.Button(description=f"○ {option}", layout=wide) for option in prediction.options}
        for option, button in self.options.items():
            button.on_click(lambda _, option=option: self.choose(option))
        self.button = widgets.Button(
            description="Commit", tooltip="Run the experiment and show the answer", button_style="primary"
        )
        self.button.on_click(lambda _: self.commit())
        super().__init__([self.question, *self.options.values(), self.button, self.readout])

    def choose(self, option):
        """Mark the option; the learner can still choose another one."""
        self.chosen = option
        for name, button in self.options.items():
            button.description = f"{'◉' if name == option else '○'} {name}"
        self.readout.value = card("not tried yet", f"You chose: {option}", "Commit to see what happens.")["text/html"]

    def commit(self):
        """Show the answer to the chosen option, and lock the choice: from now on the answer is known."""
        if self.chosen is None:
            self.readout.value = card("not tried yet", "Choose one of the options first")["text/html"]
            return
        try:
            self.readout.value = self.prediction.reveal(self.chosen)["text/html"]
        except Exception as error:  # in a button's callback an error would be lost, and the learner would see nothing
            problem = f"{type(error).__name__}: {error}"
            self.readout.value = card("not tried yet", "The experiment did not run", problem)["text/html"]
            return
        for button in (*self.options.values(), self.button):
            button.disabled = True


class Prediction:
    """A question that is answered by an experiment, after the learner has committed to an option.

    question: text. options: list of two or more different texts of at most 60 characters.
    answer: function without arguments that runs the experiment. It returns one of the options, or a pair (option, measured)
        with anything that was measured beside it. It runs when the learner commits, not before.
    because: the reason, a text; or a function (measured) that returns the text, with the measured numbers in it.

    Raises ValueError for a wrong argument.
    """

    def __init__(self, question, options, answer, because):
        if not is_text(question):
            raise ValueError(f"question: expected a text, got {question!r}")
        if not isinstance(options, list) or not all(map(is_text, options)) or len(set(options)) < max(2, len(options)):
            raise ValueError(f"options: expected a list of two or more different texts, got {options!r}")
        if max(map(len, options)) > LONGEST:
            raise ValueError(f"options: expected at most {LONGEST} characters each, got {max(options, key=len)!r}")
        if not callable(answer):
            raise ValueError(f"answer: expected a function that runs the experiment, got {answer!r}")
        if not is_text(because) and not callable(because):
            raise ValueError(f"because: expected a text or a function that returns one, got {because!r}")
        self.question, self.options = question, options
        self._experiment, self._because = answer, because

    def ask(self):
        """Show the question with its options. Neither the answer nor the reason is in what is shown, or stored."""
        steps = [self.question, self.options, "Commit to an answer to see what happens."]
        page = [self.question, self.options, "Open this notebook and run it to answer."]
        stored = {
            "text/plain": card("question", "Predict first", *steps)["text/plain"],
            "text/html": card("question", "Predict first", *page)["text/html"],
        }
        display({**Panel(self)._repr_mimebundle_(), **stored}, raw=True)

    def answer(self):
        """Run the experiment and return the option that it found. Raises ValueError if that is not one of the options."""
        return self._run()[0]

    def commit(self, option):
        """Commit to an option without the widget, and return the text that is shown. Raises as `reveal` does."""
        return self.reveal(option)["text/plain"]

    def reveal(self, option):
        """Run the experiment and return the card (text/plain, text/html) that compares its answer with the option.

        Raises ValueError if the option, or what the experiment returns, is not one of the options.
        """
        if option not in self.options:
            raise ValueError(f"option: expected one of {self.options}, got {option!r}")
        found, reason = self._run()
        if option == found:
            return card("right", "As you predicted", f"You said: {option}", f"The experiment says the same. {reason}")
        return card("wrong", "Not what you predicted", f"You said: {option}", f"The experiment says: {found}", reason)

    def _run(self):
        result = self._experiment()
        found, measured = result if isinstance(result, tuple) and len(result) == 2 else (result, None)
        if not is_text(found) or found not in self.options:
            raise ValueError(f"answer: expected one of {self.options} from the experiment, got {found!r}")
        return found, self._because(measured) if callable(self._because) else self._because


def is_text(value):
    return isinstance(value, str) and bool(value.strip())
