"""Exercises and predictions of the lesson on improving a network."""

import copy
import functools
import itertools

import numpy as np

from helpers.exercises.exercise import Exercise, Mistake, kind
from helpers.exercises.prediction import Prediction, errors_by_chance, listed, percent
from helpers.scratch.dense import Dense
from helpers.scratch.optimizers import Adam
from helpers.scratch.sequential import Sequential

# Exercise 1.

DIAGNOSES = (
    "too large a rate",
    "vanishing gradients",
    "overfitting",
    "too small a rate or too few epochs",
    "too small a network",
    "nothing to see",
)


def diagnose(run):
    """Return the name of the first rule that holds for a training run: a first suspicion, which you then test by one change.

    run: dictionary. "training loss" and "validation loss": lists of six or more numbers, one for each epoch; nan and inf may be
    among them. "chance loss": the loss of guessing. "gradients": list of the size of the gradient of each layer, first to last.

    1. "too large a rate": a training loss is nan or inf, or it rises by more than 20 % from one epoch to the next, twice or
       more often.
    2. "vanishing gradients": the last training loss is more than 90 % of the chance loss, and the gradient of the first layer
       is less than a thousandth of that of the last layer.
    3. "overfitting": the last validation loss is more than 10 % above the lowest one, and the last training loss is less than
       half of the last validation loss.
    4. "too small a rate or too few epochs": both losses have fallen by more than 5 % in the last five epochs; or the last
       training loss is more than 90 % of the chance loss.
    5. "too small a network": the last training loss is more than half of the chance loss.
    6. "nothing to see": none of these.
    """
    training, validation, chance = run["training loss"], run["validation loss"], run["chance loss"]
    rises = sum(after > 1.2 * before for before, after in zip(training[:-1], training[1:], strict=True))
    if not np.all(np.isfinite(training)) or rises >= 2:
        return "too large a rate"
    near_chance = training[-1] > 0.9 * chance
    if near_chance and run["gradients"][0] < run["gradients"][-1] / 1000:
        return "vanishing gradients"
    if validation[-1] > 1.1 * min(validation) and training[-1] < validation[-1] / 2:
        return "overfitting"
    falling = training[-1] < 0.95 * training[-6] and validation[-1] < 0.95 * validation[-6]
    if falling or near_chance:
        return "too small a rate or too few epochs"
    if training[-1] > chance / 2:
        return "too small a network"
    return "nothing to see"


def _losses_of(run):
    return run["training loss"], run["validation loss"], run["chance loss"]


def _rises(losses, share=0.2):
    """Return how often a loss is more than this share above the one before."""
    return sum(after > (1 + share) * before for before, after in itertools.pairwise(losses))


def _fallen(losses, share=0.05, epochs=5):
    """Tell whether the losses have fallen by more than this share in the last epochs."""
    return losses[-1] < (1 - share) * losses[-1 - epochs]


def _large(run, rise=0.2):
    training, _, _ = _losses_of(run)
    return not np.all(np.isfinite(training)) or _rises(training, rise) >= 2


def _near_chance(run, share=0.9):
    training, _, chance = _losses_of(run)
    return training[-1] > share * chance


def _vanishing(run, share=0.9, ratio=1000):
    return _near_chance(run, share) and run["gradients"][0] < run["gradients"][-1] / ratio


def _risen(validation, share=0.1):
    return validation[-1] > (1 + share) * min(validation)


def _gap(run, part=0.5):
    return run["training loss"][-1] < part * run["validation loss"][-1]


def _overfitting(run, share=0.1, part=0.5):
    return _risen(run["validation loss"], share) and _gap(run, part)


def _slow(run, share=0.05, near=0.9):
    training, validation, _ = _losses_of(run)
    return (_fallen(training, share) and _fallen(validation, share)) or _near_chance(run, near)


def _small(run, part=0.5):
    training, _, chance = _losses_of(run)
    return training[-1] > part * chance


RULES = {"large": _large, "vanishing": _vanishing, "overfitting": _overfitting, "slow": _slow, "small": _small}


def _diagnosed(order=tuple(RULES), **changed):
    """Return a function that asks the rules in this order, with those that are given in place of the right ones."""
    rules = RULES | changed
    names = dict(zip(RULES, DIAGNOSES, strict=False))
    return lambda run: next((names[rule] for rule in order if rules[rule](run)), DIAGNOSES[-1])


def _exchanged(run):
    return run | {"training loss": run["validation loss"], "validation loss": run["training loss"]}


def _diagnosis(value, run):
    """Return the name. Raises ValueError for something else."""
    if not isinstance(value, str):
        raise ValueError(f"It is {kind(value)}. Return one of the names, a text.")
    if value not in DIAGNOSES:
        raise ValueError(f"{value!r} is none of the names, which are: {', '.join(map(repr, DIAGNOSES))}.")
    return str(value)


NAN, INF = float("nan"), float("inf")
HEALTHY = [0.02, 0.03, 0.03]
TWO, TEN = 0.69, 2.3  # the loss of guessing: the logarithm of the number of classes


def _run(training, validation, chance=TWO, gradients=HEALTHY):
    run = {"training loss": training, "validation loss": validation, "chance loss": chance, "gradients": gradients}
    return (run,)


def _flat(*losses, last, epochs=6):
    """Return losses that end with so many epochs at the last one."""
    return [*losses, *[last] * epochs]


# Made up, so that every rule is clearly kept or clearly broken; whether the rules fit real networks is another question, which
# a test asks.
RUNS = {
    "nothing to see": [
        # A fall that has ended. The first epochs fall by far more than 20 %.
        _run(_flat(0.6, 0.4, last=0.2), _flat(0.62, 0.42, last=0.25)),
        # A gap, but validation has not become worse.
        _run(_flat(0.6, 0.3, last=0.1), _flat(0.62, 0.5, last=0.4)),
        # Ten classes: 0.8 is far below chance. The gradients differ, and the network has learned all the same.
        _run(_flat(2, 1.2, last=0.8), _flat(2, 1.3, last=0.88), TEN, [1e-5, 0.01, 0.05]),
        # Training still falls, validation no longer does, and does not rise much either.
        _run([0.6, 0.4, 0.33, 0.3, 0.28, 0.26, 0.24, 0.22], [0.61, 0.42, 0.37, 0.36, 0.36, 0.36, 0.37, 0.37]),
        # One jump on the way, by chance.
        _run(_flat(0.6, 0.3, 0.4, last=0.2), _flat(0.62, 0.34, 0.42, last=0.25)),
        # Training wavers by some 10 %.
        _run([0.6, 0.4, 0.2, 0.22, 0.2, 0.22, 0.2, 0.225], _flat(0.6, 0.4, last=0.26)),
    ],
    "too large a rate": [
        # It ends with nan or inf, or never comes to rest: in large losses, in small ones, near chance.
        _run(_flat(0.7, 0.6, last=NAN), _flat(0.66, 0.6, last=NAN)),
        _run(_flat(0.7, 0.6, last=INF), _flat(0.66, 0.6, last=INF)),
        _run([0.9, 0.6, 1.2, 0.8, 1.5, 0.6, 1.1, 0.7], [1, 0.8, 1.3, 0.7, 1.6, 0.7, 1, 0.8]),
        _run([0.5, 0.2, 0.1, 0.15, 0.08, 0.14, 0.09, 0.15], [0.5, 0.2, 0.13, 0.17, 0.12, 0.16, 0.12, 0.16]),
        _run([0.7, 0.7, 1.2, 0.7, 1.3, 0.7, 1.2, 0.7], [0.7, 0.7, 1.2, 0.7, 1.3, 0.7, 1.2, 0.7], TWO, [1e-6, 1e-3, 0.2]),
    ],
    "vanishing gradients": [
        _run(_flat(0.7, last=0.69), _flat(0.7, last=0.69), TWO, [2e-7, 4e-5, 0.01]),
        _run(_flat(2.4, 2.31, last=2.3), _flat(2.4, 2.32, last=2.3), TEN, [1e-9, 3e-7, 1e-4, 0.03]),
    ],
    "overfitting": [
        # The last validation loss is below that of the first epoch, or above it; and the training loss may still be high.
        _run([0.6, 0.4, 0.2, 0.1, 0.06, 0.04, 0.03, 0.02], [0.62, 0.5, 0.4, 0.36, 0.37, 0.4, 0.44, 0.48]),
        _run([0.6, 0.4, 0.2, 0.08, 0.04, 0.02, 0.02, 0.02], [0.62, 0.5, 0.42, 0.48, 0.58, 0.65, 0.7, 0.84]),
        _run([0.68, 0.6, 0.55, 0.5, 0.46, 0.44, 0.42, 0.4], [0.69, 0.65, 0.64, 0.68, 0.76, 0.85, 0.95, 1.02]),
        # Validation has left its peak, and is still far above its lowest.
        _run([0.5, 0.3, 0.2, 0.12, 0.08, 0.06, 0.05, 0.04], [0.5, 0.36, 0.85, 0.85, 0.82, 0.78, 0.74, 0.7]),
    ],
    "too small a rate or too few epochs": [
        # Still falling, in large steps and in small ones.
        _run([0.69, 0.65, 0.61, 0.57, 0.53, 0.49, 0.45, 0.41], [0.69, 0.66, 0.62, 0.58, 0.54, 0.51, 0.47, 0.43]),
        _run([0.69, 0.66, 0.635, 0.61, 0.585, 0.562, 0.54, 0.518], [0.69, 0.67, 0.645, 0.62, 0.595, 0.572, 0.55, 0.528]),
        _run([0.4, 0.36, 0.33, 0.322, 0.314, 0.306, 0.298, 0.291], [0.41, 0.37, 0.34, 0.332, 0.325, 0.317, 0.309, 0.301]),
        # Nearly all of the fall is in the first of the last five epochs.
        _run([0.6, 0.4, 0.34, 0.29, 0.288, 0.286, 0.284, 0.283], [0.61, 0.42, 0.36, 0.31, 0.308, 0.306, 0.304, 0.303]),
        # Not yet begun, with gradients that are all small, or smaller in the last layer.
        _run(_flat(0.7, 0.7, last=0.69), _flat(0.7, 0.7, last=0.69)),
        _run(_flat(0.7, 0.7, last=0.69), _flat(0.7, 0.7, last=0.69), TWO, [2e-4, 3e-4]),
        _run(_flat(2.5, 2.4, last=2.3), _flat(2.5, 2.4, last=2.3), TEN, [0.2, 3e-3, 5e-5]),
    ],
    "too small a network": [
        # It has learned something, and then no more. In the second one validation is noisy.
        _run(_flat(0.65, 0.55, last=0.47), _flat(0.66, 0.56, last=0.49)),
        _run(_flat(0.65, 0.55, last=0.47), [0.66, 0.56, 0.47, 0.55, 0.48, 0.56, 0.48, 0.56]),
        _run(_flat(2.2, 1.9, last=1.6), _flat(2.2, 1.95, last=1.7), TEN, [2e-5, 0.01, 0.04]),
    ],
}

diagnose = Exercise(
    diagnose,
    cases=list(itertools.chain(*RUNS.values())),
    mistakes=[
        Mistake(
            _diagnosed(large=lambda run: _rises(run["training loss"]) >= 2),
            "You do not see nan and inf. Every comparison with nan is False, so no other rule sees it either: ask with "
            "`np.isfinite`, before all others.",
        ),
        Mistake(
            _diagnosed(large=lambda run: np.any(np.isnan(run["training loss"])) or _rises(run["training loss"]) >= 2),
            "You see nan, but not inf. `np.isfinite` is False for both.",
        ),
        Mistake(
            _diagnosed(large=lambda run: not np.all(np.isfinite(run["training loss"]))),
            "You see nan and inf, but not a training loss that goes up and down. Count the rises of more than 20 %.",
        ),
        Mistake(
            _diagnosed(large=lambda run: not np.all(np.isfinite(run["training loss"])) or _rises(run["training loss"]) >= 1),
            "You take a single rise for too large a rate. One jump may be chance: the rule asks for two or more.",
        ),
        Mistake(
            _diagnosed(large=lambda run: _large(run, rise=0)),
            "You count every rise, however small. A training loss always wavers a little: only more than 20 % counts.",
        ),
        Mistake(
            _diagnosed(
                large=lambda run: (
                    not np.all(np.isfinite(run["training loss"]))
                    or sum(after > before + 0.2 for before, after in itertools.pairwise(run["training loss"])) >= 2
                )
            ),
            "You take 20 % for a difference of 0.2. It is a share of the loss before: compare with 1.2 times that loss.",
        ),
        Mistake(
            _diagnosed(
                large=lambda run: (
                    not np.all(np.isfinite(run["training loss"]))
                    or sum(abs(b - a) > 0.2 * a for a, b in itertools.pairwise(run["training loss"])) >= 2
                )
            ),
            "You count falls of more than 20 % as well. A loss that falls fast is good news: only rises count.",
        ),
        Mistake(
            _diagnosed(
                vanishing=lambda run: _near_chance(run) and run["gradients"][-1] < run["gradients"][0] / 1000,
            ),
            "You compare the gradients the wrong way round. They come from the last layer and get smaller on the way back: it "
            "is the first layer whose gradient vanishes.",
        ),
        Mistake(
            _diagnosed(vanishing=lambda run: run["gradients"][0] < run["gradients"][-1] / 1000),
            "You look at the gradients alone. Where the loss is well below chance, the network has learned all the same.",
        ),
        Mistake(
            _diagnosed(vanishing=_near_chance),
            "You do not look at the gradients. A loss near chance has other causes, too, such as a rate that is too small.",
        ),
        Mistake(
            _diagnosed(vanishing=lambda run: _near_chance(run) and run["gradients"][0] < 0.001),
            "You compare the first gradient with 0.001. Near chance all gradients may be small: compare it with that of the "
            "last layer.",
        ),
        Mistake(
            _diagnosed(vanishing=lambda run: False),
            'You never say "vanishing gradients". Compare the gradient of the first layer with that of the last.',
        ),
        Mistake(
            _diagnosed(overfitting=lambda run: _risen(run["validation loss"])),
            "You call every rise of validation overfitting. The training loss has to be below half of it as well: a noisy "
            "validation loss rises by chance.",
        ),
        Mistake(
            _diagnosed(overfitting=_gap),
            "You call every gap between training and validation overfitting. Has validation become worse? Compare its last "
            "loss with its lowest.",
        ),
        Mistake(
            _diagnosed(overfitting=lambda run: run["validation loss"][-1] > 1.1 * run["validation loss"][0] and _gap(run)),
            "You compare the last validation loss with the first. In between it was lower: compare it with the lowest.",
        ),
        Mistake(
            _diagnosed(overfitting=lambda run: run["validation loss"][-1] > 1.1 * run["validation loss"][-2] and _gap(run)),
            "You compare the last validation loss with the one before. Overfitting comes slowly: compare it with the lowest of "
            "all epochs.",
        ),
        Mistake(
            _diagnosed(overfitting=lambda run: _risen(run["training loss"])),
            "You look at the training loss only, and it goes on falling while the network overfits. Validation shows it.",
        ),
        Mistake(
            _diagnosed(overfitting=lambda run: False),
            'You never say "overfitting". Compare the last validation loss with the lowest one.',
        ),
        Mistake(
            _diagnosed(slow=lambda run: _fallen(run["training loss"]) or _near_chance(run)),
            "You look at the training loss only. It may fall for long while validation stands still, and then more epochs do "
            "not help: both have to fall.",
        ),
        Mistake(
            _diagnosed(slow=lambda run: all(_fallen(losses, epochs=1) for losses in _losses_of(run)[:2]) or _near_chance(run)),
            "You look at the last epoch only. Five epochs with little steps add up: compare with `[-6]`.",
        ),
        Mistake(
            _diagnosed(slow=lambda run: all(_fallen(losses, epochs=4) for losses in _losses_of(run)[:2]) or _near_chance(run)),
            "You compare with `[-5]`, which is four epochs before the last one, `[-1]`. Five epochs before it is `[-6]`.",
        ),
        Mistake(
            _diagnosed(
                slow=lambda run: all(losses[-1] < 0.95 * losses[0] for losses in _losses_of(run)[:2]) or _near_chance(run)
            ),
            "You compare with the first epoch. Every network that has learned is below it: ask whether the loss still falls, "
            "in the last five epochs.",
        ),
        Mistake(
            _diagnosed(
                slow=lambda run: all(losses[-1] < losses[-6] - 0.05 for losses in _losses_of(run)[:2]) or _near_chance(run)
            ),
            "You take 5 % for a difference of 0.05. It is a share of the loss five epochs before.",
        ),
        Mistake(
            _diagnosed(slow=lambda run: all(_fallen(losses) for losses in _losses_of(run)[:2])),
            "You do not see a network that has not begun: with a tiny rate the loss stays near chance, and hardly falls.",
        ),
        Mistake(
            _diagnosed(slow=_near_chance),
            "You only look whether the loss is near chance. A loss that still falls wants more epochs, too.",
        ),
        Mistake(
            _diagnosed(small=lambda run: run["validation loss"][-1] > run["chance loss"] / 2),
            "You ask the validation loss whether the network is too small. A small network cannot even fit the training "
            "examples: ask the training loss.",
        ),
        Mistake(
            _diagnosed(small=lambda run: run["training loss"][-1] > 0.5),
            "You compare with 0.5, not with half of the chance loss. What guessing costs depends on the number of classes.",
        ),
        Mistake(
            _diagnosed(small=lambda run: run["training loss"][-1] > run["chance loss"]),
            "You ask for a training loss above the chance loss. A network that is too small learns something: ask for more "
            "than half of it.",
        ),
        Mistake(
            _diagnosed(("vanishing", "overfitting", "slow", "small", "large")),
            '"too large a rate" comes last with you. A loss that jumps may end anywhere, and another rule may hold by chance: '
            "ask this one first.",
        ),
        Mistake(
            _diagnosed(("large", "slow", "vanishing", "overfitting", "small")),
            "You ask whether the loss is near chance or still falls too early. Vanishing gradients are near chance as well, "
            "and an overfitted network may fall from a peak.",
        ),
        Mistake(
            _diagnosed(("large", "vanishing", "small", "overfitting", "slow")),
            "You ask for too small a network too early. A training loss above half of chance may still fall, or the network "
            "may overfit: this rule comes last.",
        ),
        Mistake(
            _diagnosed(tuple(reversed(RULES))),
            "Your rules stand in the reverse order, or the last one that holds wins. The first one counts: `return` at once.",
        ),
        Mistake(
            _diagnosed(("large", "vanishing", "overfitting", "small", "slow")),
            "Check the order of the rules: the first that holds counts. You ask for too small a network before too few epochs.",
        ),
        Mistake(
            _diagnosed(("large", "vanishing", "slow", "overfitting", "small")),
            "Check the order of the rules: the first that holds counts. You ask for too few epochs before overfitting.",
        ),
        Mistake(
            _diagnosed(("vanishing", "large", "overfitting", "slow", "small")),
            "Check the order of the rules: the first that holds counts. You ask for vanishing gradients before too large a "
            "rate.",
        ),
        Mistake(
            lambda run: _diagnosed()(_exchanged(run)),
            "Training and validation loss have changed places.",
        ),
        Mistake(
            lambda run: DIAGNOSES[-1],
            "With you there is never anything to see. Begin with the first rule: is there nan in the training loss?",
        ),
    ],
    hints=[
        "Write one `if` with a `return` for each rule, in the order of the rules. The first one that holds ends the function.",
        "`losses[-1]` is the last epoch, `losses[-6]` the one five epochs before, `min(losses)` the lowest. A rise of more "
        "than 20 % is `after > 1.2 * before`, for `before, after in zip(losses[:-1], losses[1:])`.",
        "`np.isfinite(training)` is False where there is nan or inf. Store `near_chance = training[-1] > 0.9 * chance`: two of "
        "the rules need it.",
    ],
    effect=_diagnosis,
)

# Exercise 2.

RANGES = {"rate": (1e-4, 1.0), "width": (8, 256), "dropout": (0.0, 0.6)}
DIFFERENT = 15  # so many different values of each an average plan of 20 or more trials has at least
PLANS = 21  # so many plans are looked at together: what is drawn at random is uneven in a single one


class Plan(list):
    """The plan of a call. `again` is what the same call gives a second time, `others` what other rngs give."""

    again, others = None, ()


class Planned:
    """A function that plans a search; it is called again with the same rng and with others, and a `Plan` comes out."""

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.__code__ = getattr(function, "__code__", None)  # for the line in which it stops

    def __call__(self, budget, rng):
        """Return what the function returns, but a `Plan` for a list."""
        rngs = [copy.deepcopy(rng), *map(np.random.default_rng, range(100, 100 + PLANS - 1))]
        value = self.__wrapped__(budget, rng)
        if not isinstance(value, list | tuple):
            return value
        plan = Plan(copy.deepcopy(value))
        plan.again, *plan.others = (self.__wrapped__(budget, other) for other in rngs)
        return plan


class PlanExercise(Exercise):
    """An exercise in which chance is part of the answer: one call does not show whether it comes from the rng given."""

    def __init__(self, reference, cases, mistakes, hints, effect):
        mistakes = [Mistake(Planned(mistake.function), mistake.sentence) for mistake in mistakes]
        super().__init__(reference, cases, mistakes, hints, effect)
        self.reference = Planned(reference)

    def judge(self, attempt):
        """Return the `Result` of an attempt without showing it."""
        return super().judge(Planned(attempt) if callable(attempt) else attempt)


def plan_search(budget, rng):
    """Return a plan for a random search: a list of `budget` dictionaries {"rate": ..., "width": ..., "dropout": ...}.

    rate: 0.0001 to 1, spread evenly over its logarithm, so that each factor of 10 gets about as many. width: whole numbers, 8
    to 256, spread evenly over the logarithm as well: each doubling gets about as many. dropout: 0 to 0.6, spread evenly.
    Each of the three is drawn on its own, for each trial anew, and not from a few fixed values. rng: numpy Generator, from
    which all chance comes: the same rng gives the same plan, another one another plan.
    """
    return [
        {
            "rate": 10 ** rng.uniform(-4, 0),
            "width": round(2 ** rng.uniform(3, 8)),
            "dropout": rng.uniform(0, 0.6),
        }
        for _ in range(budget)
    ]


AS_ASKED = "a plan as asked"
ROUNDING = 1e-6  # as a float32, 0.0001 is a little less, and 0.6 a little more


def _table(plan):
    """Return a plan as an array (trials, 3). Raises ValueError with a sentence for the learner if it is none."""
    if not isinstance(plan, list | tuple):
        raise ValueError(f"It is {kind(plan)}. Return a list of dictionaries.")
    for trial in plan:
        if not isinstance(trial, dict) or trial.keys() != RANGES.keys():
            found = f"a dictionary with the keys {list(trial)}" if isinstance(trial, dict) else kind(trial)
            raise ValueError(f"There is {found} in it. Each trial is a dictionary with the keys 'rate', 'width', 'dropout'.")
        for name, value in trial.items():
            if kind(value) != "a number" or not np.isfinite(value):
                raise ValueError(f"A {name} is {value if kind(value) == 'a number' else kind(value)}; expected a number.")
    return np.array([[float(trial[name]) for name in RANGES] for trial in plan]).reshape(len(plan), len(RANGES))


def _shares(values, low, high, parts):
    """Return the share of values in each of the equal parts from low to high."""
    return np.histogram(values, bins=np.linspace(low, high, parts + 1))[0] / len(values)


def _few_values(tables, place):
    """Tell whether plans have, on average, less than `DIFFERENT` different values of the hyper-parameter at this place."""
    return np.mean([len(np.unique(table[:, place])) for table in tables]) < DIFFERENT


def _unevenness(values):
    """Return in words what is uneven in many trials at once, (trials, 3), or ""."""
    rates, widths, dropouts = values.T
    rate = _shares(np.log10(rates), -4, 0, 4)
    if rate[-1] > 0.75:
        return "nearly all rates above 0.1"
    if rate.min() < 0.1:
        return "hardly any rates in one of the factors of 10"
    # Half a width further out at both ends: 8 and 256 may come from rounding.
    width = _shares(np.log2(widths), np.log2(7.5), np.log2(256.5), 5)
    if width.min() < 0.1:
        return "mostly wide layers" if width[0] == width.min() else "hardly any widths in one of the doublings"
    if _shares(dropouts, 0, 0.6, 6).min() < 0.06:
        return "a part of the range of dropout left out"
    together = np.abs(np.corrcoef([np.log(rates), np.log(widths), dropouts])[np.triu_indices(3, 1)]).max()
    return "some of the three go together" if together > 0.3 else ""


def _what_is_planned(value, budget, rng):
    """Return the first thing that is wrong with a plan, in words, or `AS_ASKED`. Raises ValueError for no plan."""
    if not isinstance(value, Plan):
        raise ValueError(f"It is {kind(value)}. Return a list of dictionaries.")
    first, again, *others = tables = [_table(plan) for plan in (value, value.again, *value.others)]
    if any(len(table) != budget for table in tables):
        return "not as many trials as the budget"
    values = np.concatenate([first, *others])
    for place, (name, (low, high)) in enumerate(RANGES.items()):
        if values[:, place].min() < low * (1 - ROUNDING):
            return f"a {name} below the range"
        if values[:, place].max() > high * (1 + ROUNDING):
            return f"a {name} above the range"
    if np.any(values[:, 1] % 1):
        return "a width that is not whole"
    if all(len(np.unique(table, axis=0)) == 1 for table in tables):
        return "the same trial all the time"
    fixed = all(np.array_equal(first, table) for table in others)
    for place, name in enumerate(RANGES):
        if not fixed and all(len(np.unique(table[:, place])) == 1 for table in tables):
            return f"the same {name} in all trials"
        if _few_values([first, *others], place):
            return "a grid: few different values, and no chance" if fixed else f"only a few different values of {name}"
    if fixed:
        return "the same plan for every rng"
    if not np.array_equal(first, again):
        return "another plan for the same rng"
    if any(len(np.unique(table, axis=0)) < budget for table in tables):
        return "a trial that comes twice"
    return _unevenness(values) or AS_ASKED


def _drawn(
    rate=lambda rng: 10 ** rng.uniform(-4, 0),
    width=lambda rng: round(2 ** rng.uniform(3, 8)),
    dropout=lambda rng: rng.uniform(0, 0.6),
    rng_of=lambda rng: rng,
    trials=lambda budget: budget,
):
    """Return a function that differs from the right one in what is given."""

    def plan(budget, rng):
        rng = rng_of(rng)
        return [{"rate": rate(rng), "width": width(rng), "dropout": dropout(rng)} for _ in range(trials(budget))]

    return plan


def _once(name):
    """Return a function that draws one of the three only once, before its loop."""

    def plan(budget, rng):
        trials = plan_search.reference.__wrapped__(budget, rng)
        return [trial | {name: trials[0][name]} for trial in trials]

    return plan


def _grid(budget, rng):
    """Return the first trials of a grid."""
    rates, widths, dropouts = [0.0001, 0.001, 0.01, 0.1, 1.0], [8, 32, 64, 128, 256], [0.0, 0.3, 0.6]
    trials = [dict(zip(RANGES, values, strict=True)) for values in itertools.product(rates, widths, dropouts)]
    return trials[:budget]


def _one_for_all(budget, rng):
    """Return a plan in which a single number decides about all three."""
    shares = [rng.uniform() for _ in range(budget)]
    return [{"rate": 10 ** (4 * u - 4), "width": round(2 ** (3 + 5 * u)), "dropout": 0.6 * u} for u in shares]


def _some_repeated(budget, rng):
    plan = plan_search.reference.__wrapped__(budget - budget // 10, rng)
    return plan + plan[: budget // 10]


plan_search = PlanExercise(
    plan_search,
    cases=[(20, np.random.default_rng(0)), (40, np.random.default_rng(1))],
    mistakes=[
        Mistake(
            _drawn(trials=lambda budget: 20),
            "You always plan 20 trials. How many there are is in `budget`.",
        ),
        Mistake(
            _drawn(trials=lambda budget: budget - 1),
            "You do not plan as many trials as the budget allows. `range(budget)` gives that many.",
        ),
        Mistake(
            _drawn(rate=lambda rng: rng.uniform(-4, 0)),
            "A rate is below the range. If you have drawn the exponent, the rate is 10 to its power: `10 ** exponent`.",
        ),
        Mistake(
            _drawn(rate=lambda rng: 10 ** rng.uniform(0, 4)),
            "A rate is above the range. A rate below 1 has a negative exponent: from -4 to 0.",
        ),
        Mistake(
            _drawn(width=lambda rng: round(rng.uniform(3, 8))),
            "A width is below the range. If you have drawn the exponent, from 3 to 8, the width is 2 to its power.",
        ),
        Mistake(
            _drawn(width=lambda rng: round(10 ** rng.uniform(1, 3))),
            "A width is above the range, which ends at 256. In powers of 2 it goes from 3 to 8.",
        ),
        Mistake(
            _drawn(dropout=lambda rng: rng.uniform(0, 1)),
            "A dropout is above the range. It is a share of the neurons, and ends at 0.6.",
        ),
        Mistake(
            _drawn(width=lambda rng: 2 ** rng.uniform(3, 8)),
            "A width is not whole. There is no half neuron: `round` it.",
        ),
        Mistake(
            lambda budget, rng: plan_search.reference.__wrapped__(1, rng) * budget,
            "All your trials are the same. Draw anew for each trial: inside the loop, not before it.",
        ),
        *(
            Mistake(_once(name), f"All trials have the same {name}: draw inside the loop, for each trial anew.")
            for name in RANGES
        ),
        Mistake(
            _grid,
            "That is a grid. If only one of the three matters, a grid tries a few values of it again and again; drawn at "
            "random, each trial is a new value of all three.",
        ),
        Mistake(
            _drawn(rate=lambda rng: 10.0 ** rng.integers(-4, 1)),
            "You draw the rate from a few fixed values. Let the exponent be any number from -4 to 0: `rng.uniform`, not "
            "`rng.integers` or `rng.choice`.",
        ),
        Mistake(
            _drawn(width=lambda rng: 2 ** int(rng.integers(3, 9))),
            "You draw the width from a few fixed values. Draw the exponent with `rng.uniform`, and round the width.",
        ),
        Mistake(
            _drawn(dropout=lambda rng: rng.integers(7) / 10),
            "You draw the dropout from a few fixed values, or round it to one digit. Any number from 0 to 0.6 will do.",
        ),
        Mistake(
            _drawn(rng_of=lambda rng: np.random.default_rng(0)),
            "Another rng gives the same plan: you do not draw from the rng given, but from one of your own that always starts "
            "at the same place.",
        ),
        Mistake(
            _drawn(rng_of=lambda rng: np.random.default_rng()),
            "The same rng gives another plan the second time: your chance comes from elsewhere, such as `np.random` or "
            "`random`. Then nobody can repeat your search.",
        ),
        Mistake(
            _some_repeated,
            "A trial comes twice. The second one costs as much as the first, and tells nothing new.",
        ),
        Mistake(
            _drawn(rate=lambda rng: rng.uniform(1e-4, 1)),
            "You draw the rate itself evenly, so nine of ten trials lie between 0.1 and 1, and hardly any below 0.01. Draw its "
            "exponent evenly: `10 ** rng.uniform(-4, 0)`.",
        ),
        Mistake(
            _drawn(rate=lambda rng: np.exp(rng.uniform(-4, 0))),
            "A whole factor of 10 of the rate gets hardly any trials. From 0.0001 to 1 the exponent of 10 goes from -4 to 0; "
            "`np.exp(-4)` is about 0.018.",
        ),
        Mistake(
            _drawn(width=lambda rng: int(rng.integers(8, 257))),
            "You draw the width itself evenly, so half of the trials are wider than 128, and hardly any narrower than 16. Draw "
            "its exponent evenly.",
        ),
        Mistake(
            _drawn(dropout=lambda rng: rng.uniform(0, 0.5)),
            "You leave out a part of the range of dropout, which goes from 0 to 0.6. The best value may lie there.",
        ),
        Mistake(
            _one_for_all,
            "A single random number decides about two or three of them, so that a large rate always meets a wide layer. Draw "
            "each on its own.",
        ),
    ],
    hints=[
        "One dictionary for each trial, `budget` of them. What has to be drawn evenly: the rate, or its exponent?",
        "`10 ** rng.uniform(-4, 0)` is spread evenly over the logarithm. 8 is 2 to the power of 3, and 256 to the power of 8.",
        'In a loop over `range(budget)` append {"rate": ..., "width": round(...), "dropout": rng.uniform(0, 0.6)}.',
    ],
    effect=_what_is_planned,
)

# Exercise 3.


def fair_report(runs):
    """Return the test error that may be reported: a number.

    runs: list of dictionaries, in any order, one for each training. "settings": the name of the settings. "seed": a number.
    "validation", "test": the errors of this training. Settings may have different numbers of seeds.

    The settings with the lowest mean validation error over their seeds are chosen; if two have the same, the one that comes
    first in the list. What is reported is the mean test error over all of their seeds.
    """
    groups = {}
    for run in runs:
        groups.setdefault(run["settings"], []).append(run)
    chosen = min(groups.values(), key=lambda group: np.mean([run["validation"] for run in group]))
    return np.mean([run["test"] for run in chosen])


def _by(runs, key="settings"):
    """Return lists of the runs that share something, in the order in which they come."""
    groups = {}
    for run in runs:
        groups.setdefault(run[key], []).append(run)
    return list(groups.values())


def _mean(group, name="validation"):
    return float(np.mean([run[name] for run in group]))


def _reported(choose=min, score=_mean, report=lambda group: _mean(group, "test"), groups=_by):
    """Return a function that differs from the right one in what is given.

    groups(runs) makes lists of runs. choose(groups, key=score) takes one of them, and report(group) is returned.
    """
    return lambda runs: report(choose(groups(runs), key=score))


def _each(name):
    return lambda group: [run[name] for run in group]


def _best_run(runs, name="validation"):
    return min(runs, key=lambda run: run[name])


def _last_of(groups, key):
    return min(reversed(groups), key=key)


def _neighbours(runs):
    """Return lists of runs with the same settings that stand next to each other."""
    return [list(group) for _, group in itertools.groupby(runs, key=lambda run: run["settings"])]


def _runs(in_turn=True, **settings):
    """Return a case: pairs (validation, test) of each of the settings, in 64ths; in turn, or all of one settings first.

    64ths are exact in binary: whether two means are the same is no matter of rounding here.
    """
    runs = [
        {"settings": name, "seed": seed, "validation": validation / 64, "test": test / 64}
        for name, pairs in settings.items()
        for seed, (validation, test) in enumerate(pairs)
    ]
    return (sorted(runs, key=lambda run: run["seed"]) if in_turn else runs,)


fair_report = Exercise(
    fair_report,
    cases=[
        _runs(small=[(12, 14)], large=[(10, 15)]),
        _runs(small=[(12, 14), (14, 12)], large=[(10, 16), (11, 14)]),
        _runs(small=[(8, 18), (16, 12)], large=[(10, 14), (11, 18)]),
        _runs(in_turn=False, small=[(8, 17), (16, 13)], large=[(11, 12), (10, 18)]),
        _runs(small=[(12, 15), (12, 17)], large=[(12, 11), (12, 13)]),
        _runs(small=[(13, 11), (11, 13)], large=[(11, 15), (13, 17)]),
        _runs(small=[(11, 16), (13, 18)], large=[(13, 12), (11, 14), (12, 10)]),
        _runs(small=[(10, 13), (12, 17), (11, 12)], large=[(12, 16), (13, 10)]),
        _runs(small=[(6, 9), (20, 24), (19, 23)], medium=[(14, 18), (13, 15), (15, 18)], large=[(16, 13), (15, 12), (14, 11)]),
        _runs(
            small=[(18, 20), (10, 19), (17, 16)], medium=[(15, 14), (13, 19), (14, 18)], large=[(13, 20), (25, 15), (13, 12)]
        ),
    ],
    mistakes=[
        Mistake(
            lambda runs: _best_run(runs, "test")["test"],
            "You report the lowest test error. Then the test set chooses, and its luck is in your number: choose on "
            "validation.",
        ),
        Mistake(
            _reported(score=lambda group: _mean(group, "test")),
            "You choose the settings by their mean test error. The test set may choose nothing: take validation.",
        ),
        Mistake(
            lambda runs: _best_run(runs)["test"],
            "You report the test error of the single run with the lowest validation error. That run had luck with its seed: "
            "choose settings by the mean over their seeds, and report the mean.",
        ),
        Mistake(
            _reported(score=lambda group: min(_each("validation")(group))),
            "You choose the settings of the best single run. One lucky seed decides then: compare the means over the seeds.",
        ),
        Mistake(
            lambda runs: _mean(runs, "test"),
            "You report the mean over all runs. Only the chosen settings count.",
        ),
        Mistake(
            _reported(report=_mean),
            "You report the mean validation error. It has chosen the settings, so it is too good: report the test error.",
        ),
        Mistake(
            lambda runs: _best_run(runs)["validation"],
            "You report the lowest validation error of all runs. It has chosen, and it is one lucky seed.",
        ),
        Mistake(
            _reported(report=lambda group: _best_run(group)["test"]),
            "Your settings are right, but you report the seed that is best on validation. Report the mean over all seeds.",
        ),
        Mistake(
            _reported(report=lambda group: min(_each("test")(group))),
            "Your settings are right, but you report the seed with the lowest test error. Report the mean over all seeds.",
        ),
        Mistake(
            _reported(report=lambda group: group[0]["test"]),
            "Your settings are right, but you report their first seed only. Report the mean over all seeds.",
        ),
        Mistake(
            _reported(report=lambda group: float(np.median(_each("test")(group)))),
            "You report the median over the seeds; asked for is the mean.",
        ),
        Mistake(
            _reported(report=lambda group: sum(_each("test")(group))),
            "You report the sum over the seeds. Divide it by their number.",
        ),
        Mistake(
            _reported(choose=max),
            "You choose the settings with the highest validation error. It is an error: the lowest is the best.",
        ),
        Mistake(
            _reported(score=lambda group: sum(_each("validation")(group))),
            "You compare sums. Settings with fewer seeds have the smaller sum: compare means.",
        ),
        Mistake(
            _reported(score=lambda group: float(np.median(_each("validation")(group)))),
            "You choose by the median of the validation errors; asked for is the mean.",
        ),
        Mistake(
            _reported(score=lambda group: group[0]["validation"]),
            "You choose by the first seed of each settings. Another seed may turn the order round: compare means.",
        ),
        Mistake(
            _reported(score=lambda group: group[-1]["validation"]),
            "You choose by the last seed of each settings. Does each run overwrite the one before in your dictionary?",
        ),
        Mistake(
            _reported(choose=_last_of),
            "Where two settings have the same mean you take the later one: `<`, not `<=`.",
        ),
        Mistake(
            _reported(score=lambda group: (_mean(group), _mean(group, "test"))),
            "Where two settings have the same mean, you let the test error decide. The test set may choose nothing, not even "
            "then: take the one that comes first.",
        ),
        Mistake(
            _reported(groups=_neighbours),
            "You put only neighbours together. Runs with the same settings may stand anywhere in the list: collect them in a "
            "dictionary.",
        ),
        Mistake(
            _reported(groups=lambda runs: _by(runs, "seed")),
            "You put together the runs with the same seed. Those with the same settings belong together.",
        ),
    ],
    hints=[
        "First put together the runs with the same settings: a dictionary, name -> list of runs.",
        "Which number chooses, and which is reported? Validation chooses, by its mean over the seeds; the test is looked at "
        "once, after that.",
        "`groups.setdefault(run['settings'], []).append(run)` collects. `min(groups.values(), key=...)` takes the first one "
        "with the lowest mean.",
    ],
)

# The predictions.

SEEDS = (0, 1, 2)


PICTURES, SIDE, NEURONS, EPOCHS, BATCH = 100, 8, 64, 60, 50
MORE_PICTURES, NEW = 5 * PICTURES, 2000

HALF, SOME, MOST_OF_THEM, ALL_OF_THEM = (
    "about 50 %: there is nothing to learn",
    "60 to 75 %: a few, by chance",
    "80 to 95 %",
    "100 %, or nearly",
)


def _random_pictures(rng, number):
    """Return pictures of random pixels, (number, pixels), from -0.5 to 0.5, and labels, 0 or 1, that a coin decided."""
    return rng.uniform(-0.5, 0.5, (number, SIDE * SIDE)), rng.integers(2, size=number)


def _memory(seed, pictures=PICTURES, epochs=EPOCHS, neurons=NEURONS):
    """Train on random labels; return the accuracy on the pictures of the training and on new ones, and the weights."""
    rng = np.random.default_rng(seed)
    x, y = _random_pictures(rng, pictures)
    model = Sequential([Dense(neurons, "relu"), Dense(1, "sigmoid")], rng)
    model.compile(Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=epochs, batch_size=BATCH)
    return model.evaluate(x, y)[1], model.evaluate(*_random_pictures(rng, NEW))[1], model.count_params()


def _which_memory(shares):
    """Return as an option the share of right answers in the training, where all seeds agree; or the numbers."""
    limits = {HALF: (0.35, 0.6), SOME: (0.6, 0.75), MOST_OF_THEM: (0.8, 0.95), ALL_OF_THEM: (0.98, 1.01)}
    return next((name for name, (low, high) in limits.items() if all(low <= s < high for s in shares)), listed(shares))


def _random_labels():
    runs = [_memory(seed) for seed in SEEDS]
    # The same number of epochs on more pictures makes more updates: where less is learned then, it is not for lack of them.
    one, one_more = ([_memory(seed, number, neurons=1) for seed in SEEDS] for number in (PICTURES, MORE_PICTURES))
    found = {name: [run[place] for run in runs] for place, name in enumerate(("training", "new", "weights"))}
    found |= {"one": [share for share, _, _ in one], "one more": [share for share, _, _ in one_more]}
    found |= {"weights of one": one[0][2], "untrained": [_memory(seed, epochs=0)[0] for seed in SEEDS]}
    return _which_memory(found["training"]), found


random_labels = Prediction(
    f"{PICTURES} pictures of {SIDE} x {SIDE} random pixels. A coin decides the label of each, 0 or 1. A network with a hidden "
    f"layer of {NEURONS} neurons (ReLU), so with more weights than there are pictures, trains for {EPOCHS} epochs (Adam). On "
    "how many of its training pictures does it give the right label in the end?",
    [HALF, SOME, MOST_OF_THEM, ALL_OF_THEM],
    _random_labels,
    lambda found: (
        f"{percent(found['training'])} (three seeds), and {percent(found['new'])} on {NEW:,} new pictures: as good as a "
        f"coin. There was nothing to learn, so {found['weights'][0]:,} weights learned the pictures by heart. Before the "
        f"training it was {percent(found['untrained'])}, so it is the training that does it. A network with a single hidden "
        f"neuron, {found['weights of one']} weights, still gets {percent(found['one'])} of the {PICTURES} right, but of "
        f"{MORE_PICTURES} only {percent(found['one more'])}: how much can be learned by heart depends on the weights and on "
        "the number of examples. So a high training accuracy alone does not say whether a network "
        "has learned something that holds for new examples: only examples that it has not seen can say that."
    ),
)

GRID, REPEATS = 3, 20_000
TRIALS = GRID**2

RARELY, EVENLY, MORE_OFTEN, NEARLY_ALWAYS = (
    "in about 30 %: a grid leaves no holes",
    "in about 50 %: both make nine trials",
    "in about 70 %",
    "in more than 90 %",
)


def _misses(trials, best, matters):
    """Return how far the nearest of the trials (repeats, trials, 2) is from the best place (repeats, 2): (repeats,).

    matters: how much a step along each of the two counts.
    """
    return np.sqrt((((trials - best[:, None]) * matters) ** 2).sum(axis=-1)).min(axis=1)


def _grid_trials(values, others):
    """Return a grid (1, trials, 2): each value of the first hyper-parameter with each of the second, in the middle of cells."""
    middles = [(np.arange(number) + 0.5) / number for number in (values, others)]
    return np.array(list(itertools.product(*middles)))[None]


def _random_wins(seed, matters=(1, 0), grid=(GRID, GRID)):
    """Return in what share of the repeats random search finds a better one than the grid. Both ranges go from 0 to 1."""
    rng = np.random.default_rng(seed)
    best = rng.uniform(size=(REPEATS, 2))
    drawn = rng.uniform(size=(REPEATS, TRIALS, 2))
    return float(np.mean(_misses(drawn, best, matters) < _misses(_grid_trials(*grid), best, matters)))


def _which_wins(shares):
    """Return as an option how often random search wins, where all seeds agree; or the numbers."""
    limits = {RARELY: (0.25, 0.37), EVENLY: (0.45, 0.55), MORE_OFTEN: (0.63, 0.77), NEARLY_ALWAYS: (0.9, 1.01)}
    return next((name for name, (low, high) in limits.items() if all(low <= s < high for s in shares)), listed(shares))


def _grid_or_random():
    found = {
        "one": [_random_wins(seed) for seed in SEEDS],
        "both": [_random_wins(seed, matters=(1, 1)) for seed in SEEDS],
        "known": [_random_wins(seed, grid=(TRIALS, 1)) for seed in SEEDS],
    }
    return _which_wins(found["one"]), found


grid_or_random = Prediction(
    f"{TRIALS} trials, two hyper-parameters, each from 0 to 1. Only the first one matters, but nobody knows that: a trial is "
    "the better, the nearer its first number is to a best value that lies anywhere, by chance. One search draws its "
    f"{TRIALS} trials at random, the other takes a grid of {GRID} x {GRID} (each number in the middle of its third). How "
    "often does the random search find a better trial than the grid?",
    [RARELY, EVENLY, MORE_OFTEN, NEARLY_ALWAYS],
    _grid_or_random,
    lambda found: (
        f"In {percent(found['one'], '.1f')} (three seeds, {REPEATS:,} searches each). The grid tries {GRID} values of the one "
        f"that matters, each {GRID} times over; the random search tries {TRIALS}. But it has holes, and so it does not always "
        f"win. It is not chance itself that is good: where both matter alike, random search wins only in "
        f"{percent(found['both'], '.1f')}. And who knows which one matters, and takes a grid of {TRIALS} values of it, loses "
        f"against random search in only {percent(found['known'], '.1f')}. Random search is the choice of somebody who does "
        "not know yet."
    ),
)

NETWORKS, EXAMPLES, ERROR, TIMES = 10, 500, 0.1, 5000
SHARED = 0.075  # share of the examples that all networks get wrong, in a control

NOT_AT_ALL, LITTLE, TWO_POINTS, HALF_OF_IT = (
    "not at all: about 10 %, they are equally good",
    "by about 0.3 points: about 9.7 %",
    "by about 2 points: about 8 %",
    "by about 5 points: about 5 %, half of the truth",
)


def _errors(rng, examples=EXAMPLES, networks=NETWORKS, shared=0.0):
    """Return errors (times, networks) on one validation set each time; in truth each network errs on the share `ERROR`."""
    return errors_by_chance(rng, TIMES, networks, examples, ERROR, shared)


def _which_report(means):
    """Return as an option what is reported on average, where all seeds agree; or the numbers."""
    limits = {NOT_AT_ALL: (0.0985, 0.1015), LITTLE: (0.095, 0.0985), TWO_POINTS: (0.075, 0.085), HALF_OF_IT: (0.04, 0.06)}
    return next((name for name, (low, high) in limits.items() if all(low <= m < high for m in means)), listed(means, ".3f"))


def _best_of_many_seeds():
    found = {name: [] for name in ("best", "mean", "test", "large", "shared")}
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        validation, test = _errors(rng), _errors(rng)
        found["best"].append(validation.min(axis=1).mean())
        found["mean"].append(validation.mean())
        found["test"].append(test[np.arange(TIMES), validation.argmin(axis=1)].mean())
        found["large"].append(_errors(rng, 20 * EXAMPLES).min(axis=1).mean())
        found["shared"].append(_errors(rng, shared=SHARED).min(axis=1).mean())
    return _which_report(found["best"]), found


best_of_many_seeds = Prediction(
    f"{NETWORKS} networks that differ only in their seed are in truth equally good: each errs on {100 * ERROR:.0f} % of all "
    f"examples, each on other ones, by chance. Somebody takes the one with the lowest error on {EXAMPLES} validation examples, "
    "and reports that error. By how much is it too good on average?",
    [NOT_AT_ALL, LITTLE, TWO_POINTS, HALF_OF_IT],
    _best_of_many_seeds,
    lambda found: (
        f"The report says {percent(found['best'], '.2f')} (three seeds, {TIMES:,} times each). On {EXAMPLES} examples the "
        f"error varies by chance, and the lowest of {NETWORKS} is the luckiest. On as many test examples, which chose nothing, "
        f"the same networks err on {percent(found['test'], '.2f')}. The mean over the {NETWORKS} seeds, with no choice, is "
        f"{percent(found['mean'], '.2f')}. With {20 * EXAMPLES:,} validation examples the best says "
        f"{percent(found['large'], '.2f')}; and if all networks share three quarters of their errors, they differ less, and "
        f"it says {percent(found['shared'], '.2f')}. So a change that gains two points over one run may be nothing but ten "
        "tries. Report the mean over the seeds, on a test set that chose nothing."
    ),
)
