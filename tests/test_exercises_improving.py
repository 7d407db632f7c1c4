"""What the general tests of exercises and predictions cannot see: that the references of lesson 12 are true, that attempts as
learners write them get the right sentence and no other, and that the experiments of the predictions could find otherwise."""

import itertools
import math
import random
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.exercises import improving as lesson
from helpers.scratch.dense import Dense
from helpers.scratch.optimizers import SGD, Adam
from helpers.scratch.sequential import Sequential

EXERCISES = [lesson.diagnose, lesson.plan_search, lesson.fair_report]
NAN = float("nan")

# The references. First, whether the rules of the diagnosis fit trainings of real networks.


def rings(rng, number, noise):
    """Return points (number, 2) in two noisy rings, one around the other, and which of them each is in."""
    ring, angle = rng.integers(2, size=number), rng.uniform(0, 2 * np.pi, number)
    radius = 1 + ring + rng.normal(0, noise, number)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), ring


def trained(layers, optimizer, seed, examples=200, noise=0.1, epochs=60):
    """Train a network to tell the rings apart, and return the run as the exercise takes it."""
    rng = np.random.default_rng(seed)
    x, y = rings(rng, examples, noise)
    model = Sequential([*layers, Dense(1, "sigmoid")], rng)
    model.compile(optimizer, "binary_crossentropy")
    history = model.fit(x, y, epochs=epochs, batch_size=20, validation_data=rings(rng, 500, noise)).history
    model._backward_from_loss(y[:, None].astype(float), model.forward(x, training=True))
    return {
        "training loss": history["loss"],
        "validation loss": history["val_loss"],
        "chance loss": math.log(2),
        "gradients": [float(np.sqrt(np.mean(layer.gradients["kernel"] ** 2))) for layer in model.layers],
    }


@pytest.mark.parametrize(
    ("name", "training"),
    [
        ("too large a rate", lambda seed: trained([Dense(16, "tanh")], SGD(30.0), seed)),
        ("vanishing gradients", lambda seed: trained([Dense(16, "sigmoid") for _ in range(10)], SGD(0.1), seed)),
        (
            "overfitting",
            lambda seed: trained([Dense(64, "relu"), Dense(64, "relu")], Adam(0.003), seed, examples=60, noise=0.5, epochs=150),
        ),
        ("too small a rate or too few epochs", lambda seed: trained([Dense(16, "tanh")], SGD(1e-5), seed)),
        ("too small a rate or too few epochs", lambda seed: trained([Dense(16, "tanh")], Adam(0.003), seed, epochs=25)),
        ("too small a network", lambda seed: trained([Dense(2, "tanh")], Adam(0.03), seed, noise=0.15, epochs=150)),
        ("nothing to see", lambda seed: trained([Dense(16, "tanh")], Adam(0.02), seed, examples=1000, noise=0.3)),
    ],
)
@pytest.mark.parametrize("seed", lesson.SEEDS)
def test_the_rules_fit_real_trainings(name, training, seed):
    assert lesson.diagnose.reference(training(seed)) == name


def test_the_cases_hold_every_name_and_the_rules_of_the_mistakes_are_those_of_the_reference():
    assert set(lesson.RUNS) == set(lesson.DIAGNOSES) and next(iter(lesson.RUNS)) == "nothing to see"
    for name, cases in lesson.RUNS.items():
        assert {lesson.diagnose.reference(*case) for case in cases} == {lesson._diagnosed()(*case) for case in cases} == {name}
    assert all(min(len(run["training loss"]), len(run["validation loss"])) >= 6 for (run,) in lesson.diagnose.cases)
    assert all(len(run["training loss"]) == len(run["validation loss"]) for (run,) in lesson.diagnose.cases)


@pytest.mark.parametrize("factor", [0.97, 1.03])
def test_no_case_lies_near_a_threshold(factor):
    moved = lesson._diagnosed(
        large=lambda run: lesson._large(run, rise=0.2 * factor),
        vanishing=lambda run: lesson._vanishing(run, 0.9 * factor, 1000 * factor),
        overfitting=lambda run: lesson._overfitting(run, 0.1 * factor, 0.5 * factor),
        slow=lambda run: lesson._slow(run, 0.05 * factor, 0.9 * factor),
        small=lambda run: lesson._small(run, 0.5 * factor),
    )
    assert [moved(*case) for case in lesson.diagnose.cases] == [
        lesson.diagnose.reference(*case) for case in lesson.diagnose.cases
    ]


@given(st.integers(0, 10_000), st.integers(20, 60))
@settings(max_examples=60, deadline=None)
def test_a_right_plan_is_called_right_with_any_rng(seed, budget):
    rng = np.random.default_rng(seed)
    planned = lesson.plan_search.reference(budget, rng)
    assert lesson._what_is_planned(planned, budget, rng) == lesson.AS_ASKED


def test_a_trial_at_the_very_end_of_a_range_is_inside():
    ends = {"rate": [np.float32(1e-4), 1], "width": [8, 256], "dropout": [0, np.float32(0.6)]}

    def with_ends(budget, rng):
        plan = lesson.plan_search.reference.__wrapped__(budget, rng)
        for name, (low, high) in ends.items():
            places = rng.choice(budget, 2, replace=False)
            plan[places[0]][name], plan[places[1]][name] = low, high
        return plan

    assert float(ends["rate"][0]) < 1e-4 and float(ends["dropout"][1]) > 0.6
    assert lesson.plan_search.judge(with_ends).state == "right"


def test_a_plan_of_the_reference_covers_the_logarithm_and_uniform_rates_do_not():
    def shares(draw):
        rates = np.array([trial["rate"] for trial in draw(2000, np.random.default_rng(0))])
        return np.histogram(np.log10(rates), bins=[-4, -3, -2, -1, 0])[0] / len(rates)

    assert np.all(np.abs(shares(lesson.plan_search.reference.__wrapped__) - 0.25) < 0.05)
    uniform = shares(lesson._drawn(rate=lambda rng: rng.uniform(1e-4, 1)))
    assert 0.87 < uniform[-1] < 0.93 and uniform[:2].sum() < 0.02  # "nine of ten", "hardly any below 0.01"
    widths = np.random.default_rng(0).integers(8, 257, 100_000)
    assert 0.45 < np.mean(widths > 128) < 0.55 and np.mean(widths < 16) < 0.04  # "half wider than 128"


def chosen_by_fractions(runs):
    """Return the error to report by another way, without rounding."""
    means = {}
    for name in dict.fromkeys(run["settings"] for run in runs):
        mine = [run for run in runs if run["settings"] == name]
        means[name] = [sum(Fraction(run[error]) for run in mine) / len(mine) for error in ("validation", "test")]
    return float(sorted(means.values(), key=lambda pair: pair[0])[0][1])


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 16), st.integers(0, 16)),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=200, deadline=None)
def test_the_report_is_that_of_another_way(triples):
    runs = [
        {"settings": name, "seed": seed, "validation": validation / 16, "test": test / 16}
        for seed, (name, validation, test) in enumerate(triples)
    ]
    assert lesson.fair_report.reference(runs) == pytest.approx(chosen_by_fractions(runs))


def test_the_reports_of_the_cases_hold_ties_unequal_numbers_of_seeds_and_both_orders():
    groups = [lesson._by(runs) for (runs,) in lesson.fair_report.cases]
    assert any(len({lesson._mean(group) for group in case}) < len(case) for case in groups)
    assert any(len({len(group) for group in case}) > 1 for case in groups)
    blocks = [len(lesson._neighbours(runs)) == len(lesson._by(runs)) for (runs,) in lesson.fair_report.cases[1:]]
    assert any(blocks) and not all(blocks)


def test_reporting_the_lowest_test_error_is_too_good_and_the_fair_report_is_not():
    """Four settings that are equally good in truth: what is reported on average?"""
    rng = np.random.default_rng(0)
    fair, lucky = [], []
    for _ in range(400):
        errors = 0.2 + 0.02 * rng.normal(size=(4, 5, 2))
        runs = [
            {"settings": str(i), "seed": j, "validation": errors[i, j, 0], "test": errors[i, j, 1]}
            for i, j in itertools.product(range(4), range(5))
        ]
        fair.append(lesson.fair_report.reference(runs))
        lucky.append(min(run["test"] for run in runs))
    assert abs(np.mean(fair) - 0.2) < 0.002 and np.mean(lucky) < 0.175


# Learners' code: the right lines, some of them changed.

DIAGNOSE = """
def my_diagnose(run):
    training, validation, chance = run["training loss"], run["validation loss"], run["chance loss"]
    first, last = run["gradients"][0], run["gradients"][-1]
    rises = 0
    for epoch in range(1, len(training)):
        if training[epoch] > 1.2 * training[epoch - 1]:
            rises += 1
    near_chance = training[-1] > 0.9 * chance
    falling = training[-1] < 0.95 * training[-6] and validation[-1] < 0.95 * validation[-6]
    # large
    if any(math.isnan(loss) or math.isinf(loss) for loss in training) or rises >= 2:
        return "too large a rate"
    # vanishing
    if near_chance and first < last / 1000:
        return "vanishing gradients"
    # overfitting
    if validation[-1] > 1.1 * min(validation) and training[-1] < validation[-1] / 2:
        return "overfitting"
    # slow
    if falling or near_chance:
        return "too small a rate or too few epochs"
    # small
    if training[-1] > chance / 2:
        return "too small a network"
    # end
    return "nothing to see"
"""

REPORT = """
def my_fair_report(runs):
    groups = {}
    for run in runs:
        if run["settings"] not in groups:
            groups[run["settings"]] = []
        groups[run["settings"]].append(run)
    lowest, chosen = math.inf, None
    for group in groups.values():
        score = sum(run["validation"] for run in group) / len(group)
        if score < lowest:
            lowest, chosen = score, group
    return sum(run["test"] for run in chosen) / len(chosen)
"""

PLAN = """
def my_plan_search(budget, rng):
    plan = []
    for trial in range(budget):
        exponent = rng.uniform(-4, 0)
        rate = 10**exponent
        width = int(np.round(2 ** rng.uniform(3, 8)))
        dropout = 0.6 * rng.random()
        plan.append({"rate": rate, "width": width, "dropout": dropout})
    return plan
"""


def changed(source, lines=()):
    """Return the function of a source with some of its lines changed: {old: new}."""
    for old, new in dict(lines).items():
        assert old in source, old
        source = source.replace(old, new)
    names = {"np": np, "math": math, "random": random}
    exec(source, names)
    return next(function for name, function in names.items() if name.startswith("my_"))


def reordered(*order):
    """Return my_diagnose with its questions in another order."""
    head, rest = DIAGNOSE.split("    # large\n")
    bodies = {}
    for name, following in zip(lesson.RULES, [*list(lesson.RULES)[1:], "end"], strict=True):
        bodies[name], rest = rest.split(f"    # {following}\n")
    return changed(head + "".join(bodies[name] for name in order) + rest)


def diagnoses(**lines):
    return changed(DIAGNOSE, {LINES[name]: new for name, new in lines.items()})


LINES = {
    "rise": "training[epoch] > 1.2 * training[epoch - 1]",
    "large": "any(math.isnan(loss) or math.isinf(loss) for loss in training) or rises >= 2",
    "vanishing": "near_chance and first < last / 1000",
    "overfitting": "validation[-1] > 1.1 * min(validation) and training[-1] < validation[-1] / 2",
    "falling": "training[-1] < 0.95 * training[-6] and validation[-1] < 0.95 * validation[-6]",
    "slow": "falling or near_chance",
    "small": "training[-1] > chance / 2",
}
BY_RISES = "any(math.isnan(loss) or math.isinf(loss) for loss in training) or rises >= {}"
ORDER = "Check the order of the rules: the first that holds counts."
OVER = "{} and training[-1] < validation[-1] / 2"


def last_one_wins(run):
    found = lesson.DIAGNOSES[-1]
    for rule, name in zip(lesson.RULES.values(), lesson.DIAGNOSES, strict=False):
        if rule(run):
            found = name
    return found


FOUND = [
    (diagnoses(large="rises >= 2"), "You do not see nan and inf."),
    (diagnoses(large="np.isnan(training).any() or rises > 1"), "You see nan, but not inf."),
    (diagnoses(large="not np.isfinite(training).all()"), "You see nan and inf, but not a training loss"),
    (diagnoses(large=BY_RISES.format(1)), "You take a single rise for too large a rate."),
    (diagnoses(rise="training[epoch] > training[epoch - 1]"), "You count every rise, however small."),
    (diagnoses(rise="training[epoch] - training[epoch - 1] > 0.2"), "You take 20 % for a difference of 0.2."),
    (
        diagnoses(rise="abs(training[epoch] / training[epoch - 1] - 1) > 0.2"),
        "You count falls of more than 20 % as well.",
    ),
    (diagnoses(vanishing="near_chance and last < first / 1000"), "You compare the gradients the wrong way round."),
    (diagnoses(vanishing="first / last < 0.001"), "You look at the gradients alone."),
    (diagnoses(vanishing="near_chance"), "You do not look at the gradients."),
    (diagnoses(vanishing="near_chance and first < 1e-3"), "You compare the first gradient with 0.001."),
    (diagnoses(vanishing="False"), 'You never say "vanishing gradients".'),
    (diagnoses(overfitting="validation[-1] > 1.1 * min(validation)"), "You call every rise of validation overfitting."),
    (diagnoses(overfitting="validation[-1] > 2 * training[-1]"), "You call every gap between training and validation"),
    (
        diagnoses(overfitting=OVER.format("validation[-1] > 1.1 * validation[0]")),
        "You compare the last validation loss with the first.",
    ),
    (
        diagnoses(overfitting=OVER.format("validation[-1] > 1.1 * validation[-2]")),
        "You compare the last validation loss with the one before.",
    ),
    (diagnoses(overfitting="training[-1] > 1.1 * min(training)"), "You look at the training loss only, and it goes on"),
    (diagnoses(overfitting="False"), 'You never say "overfitting".'),
    (diagnoses(falling="training[-1] < 0.95 * training[-6]"), "You look at the training loss only. It may fall for long"),
    (
        diagnoses(falling="training[-1] < 0.95 * training[-2] and validation[-1] < 0.95 * validation[-2]"),
        "You look at the last epoch only.",
    ),
    (
        diagnoses(falling="training[-1] < 0.95 * training[-5] and validation[-1] < 0.95 * validation[-5]"),
        "You compare with `[-5]`",
    ),
    (
        diagnoses(falling="training[-1] < 0.95 * training[0] and validation[-1] < 0.95 * validation[0]"),
        "You compare with the first epoch.",
    ),
    (
        diagnoses(falling="training[-6] - training[-1] > 0.05 and validation[-6] - validation[-1] > 0.05"),
        "You take 5 % for a difference of 0.05.",
    ),
    (diagnoses(slow="falling"), "You do not see a network that has not begun"),
    (diagnoses(slow="near_chance"), "You only look whether the loss is near chance."),
    (diagnoses(small="validation[-1] > chance / 2"), "You ask the validation loss whether the network is too small."),
    (diagnoses(small="training[-1] > 0.5"), "You compare with 0.5"),
    (diagnoses(small="training[-1] > chance"), "You ask for a training loss above the chance loss."),
    (reordered("vanishing", "overfitting", "slow", "small", "large"), '"too large a rate" comes last with you.'),
    (reordered("large", "slow", "vanishing", "overfitting", "small"), "You ask whether the loss is near chance"),
    (reordered("large", "vanishing", "small", "overfitting", "slow"), "You ask for too small a network too early."),
    (reordered("small", "slow", "overfitting", "vanishing", "large"), "Your rules stand in the reverse order"),
    (reordered("large", "vanishing", "overfitting", "small", "slow"), f"{ORDER} You ask for too small a network before"),
    (reordered("large", "vanishing", "slow", "overfitting", "small"), f"{ORDER} You ask for too few epochs before"),
    (reordered("vanishing", "large", "overfitting", "slow", "small"), f"{ORDER} You ask for vanishing gradients before"),
    (last_one_wins, "Your rules stand in the reverse order"),
    (
        changed(DIAGNOSE, {"training, validation, chance = run": "validation, training, chance = run"}),
        "Training and validation loss have changed places.",
    ),
    (lambda run: "nothing to see", "With you there is never anything to see."),
]


def by_product(budget, rng):
    rates, widths = np.logspace(-4, 0, 5), [16, 32, 64, 128]
    grid = [{"rate": r, "width": w, "dropout": d} for r in rates for w in widths for d in (0, 0.5)]
    return grid[:budget]


def before_the_loop(budget, rng):
    trial = {"rate": 10 ** rng.uniform(-4, 0), "width": int(2 ** rng.uniform(3, 8)), "dropout": rng.uniform(0, 0.6)}
    return [trial for _ in range(budget)]


def one_before_the_loop(line):
    """Return my_plan_search with one of its lines moved out of the loop."""
    [found] = [each for each in PLAN.splitlines() if each.strip().startswith(f"{line} =")]
    return changed(PLAN, {f"{found}\n": "", "    plan = []": f"    plan = []\n{found[4:]}"})


def same_share(budget, rng):
    plan = []
    for share in rng.random(budget):
        plan.append({"rate": 10 ** (-4 + 4 * share), "width": round(8 * 32**share), "dropout": 0.6 * rng.random()})
    return plan


def twice(budget, rng):
    plan = changed(PLAN)(budget, rng)
    plan[-1] = plan[0]
    return plan


def plans(**lines):
    old = {
        "trials": "range(budget)",
        "exponent": "rng.uniform(-4, 0)",
        "rate": "10**exponent",
        "width": "int(np.round(2 ** rng.uniform(3, 8)))",
        "dropout": "0.6 * rng.random()",
    }
    return changed(PLAN, {old[name]: new for name, new in lines.items()})


def with_own(start):
    return changed(PLAN, {"    plan = []": f"    plan = []\n    rng = {start}"})


PLANNED = [
    (plans(trials="range(20)"), "You always plan 20 trials."),
    (plans(trials="range(1, budget)"), "You do not plan as many trials"),
    (plans(rate="exponent"), "A rate is below the range."),
    (plans(exponent="rng.uniform(-4, 1)"), "A rate is above the range."),
    (plans(width="rng.integers(3, 9)"), "A width is below the range."),
    (plans(width="int(2 ** rng.uniform(3, 9))"), "A width is above the range"),
    (plans(dropout="rng.uniform(0, 60)"), "A dropout is above the range."),
    (plans(width="rng.uniform(8, 256)"), "A width is not whole."),
    (before_the_loop, "All your trials are the same."),
    (one_before_the_loop("exponent"), "All trials have the same rate: draw inside the loop"),
    (plans(rate="0.01"), "All trials have the same rate: draw inside the loop"),
    (one_before_the_loop("width"), "All trials have the same width: draw inside the loop"),
    (one_before_the_loop("dropout"), "All trials have the same dropout: draw inside the loop"),
    (by_product, "That is a grid."),
    (plans(rate="rng.choice([0.0001, 0.001, 0.01, 0.1, 1.0])"), "You draw the rate from a few fixed values."),
    (plans(width="rng.choice([8, 16, 32, 64, 128, 256])"), "You draw the width from a few fixed values."),
    (plans(dropout="round(rng.uniform(0, 0.6), 1)"), "You draw the dropout from a few fixed values"),
    (with_own("np.random.default_rng(42)"), "Another rng gives the same plan"),
    (with_own("np.random.RandomState(3)"), "Another rng gives the same plan"),
    (with_own("np.random"), "The same rng gives another plan the second time"),
    (with_own("random"), "The same rng gives another plan the second time"),
    (twice, "A trial comes twice."),
    (plans(rate="rng.uniform(0.0001, 1)"), "You draw the rate itself evenly"),
    (plans(rate="math.exp(exponent)"), "A whole factor of 10 of the rate gets hardly any"),
    (plans(width="int(rng.uniform(8, 257))"), "You draw the width itself evenly"),
    (plans(dropout="rng.uniform(0.1, 0.6)"), "You leave out a part of the range of dropout"),
    (same_share, "A single random number decides"),
]


def reports(**lines):
    return changed(REPORT, {REPORTS[name]: new for name, new in lines.items()})


REPORTS = {
    "score": 'sum(run["validation"] for run in group) / len(group)',
    "better": "score < lowest",
    "report": 'sum(run["test"] for run in chosen) / len(chosen)',
}


def next_to_each_other(runs):
    groups = []
    for run in runs:
        if not groups or groups[-1][-1]["settings"] != run["settings"]:
            groups.append([])
        groups[-1].append(run)
    best = min(groups, key=lambda group: np.mean([run["validation"] for run in group]))
    return np.mean([run["test"] for run in best])


def overwritten(runs):
    score = {}
    for run in runs:
        score[run["settings"]] = run["validation"]
    best = min(score, key=score.get)
    return np.mean([run["test"] for run in runs if run["settings"] == best])


TOLD_REPORTS = [
    (lambda runs: min(run["test"] for run in runs), "You report the lowest test error."),
    (reports(score='np.mean([run["test"] for run in group])'), "You choose the settings by their mean test error."),
    (lambda runs: sorted(runs, key=lambda run: run["validation"])[0]["test"], "You report the test error of the single run"),
    (reports(score='min(run["validation"] for run in group)'), "You choose the settings of the best single run."),
    (lambda runs: sum(run["test"] for run in runs) / len(runs), "You report the mean over all runs."),
    (reports(report="lowest"), "You report the mean validation error."),
    (lambda runs: min(run["validation"] for run in runs), "You report the lowest validation error of all runs."),
    (
        reports(report='min(chosen, key=lambda run: run["validation"])["test"]'),
        "Your settings are right, but you report the seed that is best",
    ),
    (reports(report='min(run["test"] for run in chosen)'), "Your settings are right, but you report the seed with the lowest"),
    (reports(report='chosen[0]["test"]'), "Your settings are right, but you report their first seed only."),
    (reports(report='np.median([run["test"] for run in chosen])'), "You report the median over the seeds"),
    (reports(report='sum(run["test"] for run in chosen)'), "You report the sum over the seeds."),
    (changed(REPORT, {"score < lowest": "score > lowest", "math.inf": "0"}), "You choose the settings with the highest"),
    (reports(score='sum(run["validation"] for run in group)'), "You compare sums."),
    (reports(score='np.median([run["validation"] for run in group])'), "You choose by the median"),
    (reports(score='group[0]["validation"]'), "You choose by the first seed of each settings."),
    (overwritten, "You choose by the last seed of each settings."),
    (reports(better="score <= lowest"), "Where two settings have the same mean you take the later one"),
    (
        changed(
            REPORT,
            {
                "math.inf": "(math.inf, 0)",
                REPORTS["score"]: '(np.mean([run["validation"] for run in group]), np.mean([run["test"] for run in group]))',
            },
        ),
        "Where two settings have the same mean, you let the test error decide.",
    ),
    (next_to_each_other, "You put only neighbours together."),
    (changed(REPORT, {'run["settings"]': 'run["seed"]'}), "You put together the runs with the same seed."),
]

TOLD = (FOUND, PLANNED, TOLD_REPORTS)


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


# Right answers, written in other ways.


def in_equal_parts(budget, rng):
    """Return a plan with one trial in each of `budget` equal parts of every range, put together by chance."""
    shares = (np.array([rng.permutation(budget) for _ in range(3)]) + rng.random((3, budget))) / budget
    return [
        {"rate": np.float64(1e-4 * 1e4**a), "width": np.int64(8 * 32**b), "dropout": np.float32(0.6 * c)}
        for a, b, c in shares.T
    ]


def all_at_once(budget, rng):
    rates = np.exp(rng.uniform(np.log(1e-4), np.log(1), size=budget))
    widths = np.round(np.geomspace(8, 256, 1000)[rng.integers(1000, size=budget)])
    return tuple({"dropout": d, "rate": r, "width": w} for r, w, d in zip(rates, widths, rng.random(budget) * 0.6, strict=True))


@pytest.mark.parametrize(
    ("exercise", "attempt"),
    [
        (lesson.diagnose, changed(DIAGNOSE)),
        (lesson.diagnose, lambda run: np.str_(lesson.diagnose.reference(run))),
        (lesson.plan_search, changed(PLAN)),
        (lesson.plan_search, in_equal_parts),
        (lesson.plan_search, all_at_once),
        (lesson.fair_report, changed(REPORT)),
        (lesson.fair_report, chosen_by_fractions),
    ],
)
def test_other_ways_to_write_it_are_right(exercise, attempt):
    result = exercise.judge(attempt)
    assert result.state == "right", result.text


# Something else than an answer.


def replaces_nan(run):
    answer = lesson.diagnose.reference(run)
    run["training loss"].append(0.0)
    return answer


def sorts_in_place(runs):
    answer = lesson.fair_report.reference(runs)
    runs.sort(key=lambda run: (run["settings"], run["seed"]))
    return answer


def one_trial(**values):
    trial = {"rate": 0.01, "width": 32, "dropout": 0.5} | values
    return lambda budget, rng: [trial] * budget


@pytest.mark.parametrize(
    ("exercise", "attempt", "words"),
    [
        (lesson.diagnose, lambda run: 3, "It is a number. Return one of the names, a text."),
        (lesson.diagnose, lambda run: ["overfitting"], "It is a list (text) of shape (1,). Return one of the names"),
        (lesson.diagnose, lambda run: "overfit", "'overfit' is none of the names, which are: 'too large a rate'"),
        (lesson.diagnose, lambda run: run["loss"], "It stopped with an error"),
        (lesson.diagnose, lambda run, epochs: "overfitting", "Arguments that your function takes: 2."),
        (lesson.diagnose, replaces_nan, "replaces_nan changes its input run."),
        (lesson.plan_search, lambda budget, rng: {"rate": 0.1}, "It is an object of type dict. Return a list of dictionaries."),
        (lesson.plan_search, lambda budget, rng: np.ones((budget, 3)), "Return a list of dictionaries."),
        (lesson.plan_search, lambda budget, rng: [(0.1, 8, 0.5)] * budget, "There is a tuple of shape (3,) in it."),
        (lesson.plan_search, lambda budget, rng: [{"rate": 0.1}] * budget, "a dictionary with the keys ['rate'] in it."),
        (lesson.plan_search, one_trial(width="32"), "A width is a text; expected a number."),
        (lesson.plan_search, one_trial(dropout=True), "A dropout is True or False; expected a number."),
        (lesson.plan_search, one_trial(rate=NAN), "A rate is nan; expected a number."),
        (lesson.plan_search, lambda budget, rng: rng.unifrom(0, 1), "It stopped with an error at the line"),
        (lesson.plan_search, lambda budget: [], "Arguments in this call: 2. Arguments that your function takes: 1."),
        (lesson.plan_search, 5, "it was given a number"),
        (lesson.fair_report, lambda runs: "small", "It is a text; expected a number."),
        (lesson.fair_report, lambda runs: [run["test"] for run in runs], "expected a number."),
        (lesson.fair_report, lambda runs: runs[0], "It is an object of type dict; expected a number."),
        (lesson.fair_report, lambda runs: runs[0]["error"], "KeyError"),
        (lesson.fair_report, sorts_in_place, "sorts_in_place changes its input runs."),
    ],
)
def test_something_else_is_answered_in_a_sentence(exercise, attempt, words):
    result = exercise.judge(attempt)
    assert (result.state, result.mistake) == ("wrong", None) and words in result.text, result.text
    assert " at 0x" not in result.text


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_attempt_that_is_not_written_yet_is_not_tried_yet(exercise):
    assert exercise.judge(lambda *arguments: None).state == "not tried yet"


def test_an_empty_list_is_a_plan_with_too_few_trials():
    result = lesson.plan_search.judge(lambda budget, rng: [])
    assert result.state == "wrong" and "'not as many trials as the budget'" in result.text


def test_the_smallest_failing_call_is_shown():
    text = lesson.fair_report.judge(lambda runs: min(run["test"] for run in runs)).text
    assert "my_fair_report(runs=[{'settings': 'small', 'seed': 0, 'validation': 0.1875, 'test': 0.21875}" in text
    text = lesson.plan_search.judge(plans(rate="exponent")).text
    assert "my_plan_search(budget=20, rng=<Generator>)" in text and "which gives  'a rate below the range'" in text
    text = lesson.diagnose.judge(lambda run: "nothing to see").text
    assert "'chance loss': " in text and "expected     'too large a rate'" in text


# The predictions.


@pytest.mark.parametrize(
    ("prediction", "answer"),
    [
        ("random_labels", lesson.ALL_OF_THEM),
        ("grid_or_random", lesson.MORE_OFTEN),
        ("best_of_many_seeds", lesson.TWO_POINTS),
    ],
)
def test_what_the_experiments_of_lesson_12_find(prediction, answer):
    asked = getattr(lesson, prediction)
    started = time.process_time()
    assert asked.answer() == answer
    assert time.process_time() - started < 1.5  # a learner waits for it


def test_random_labels_are_learned_by_heart_and_new_pictures_are_not():
    _, found = lesson._random_labels()
    assert all(share > 0.98 for share in found["training"]) and found["weights"][0] > 40 * lesson.PICTURES
    assert all(0.46 < share < 0.54 for share in found["new"]) and all(0.4 < share < 0.6 for share in found["untrained"])
    assert all(0.8 < share < 0.95 for share in found["one"]) and all(0.6 < share < 0.75 for share in found["one more"])
    assert found["weights of one"] < lesson.PICTURES


def test_a_single_neuron_does_not_learn_more_by_heart_from_more_epochs():
    shares = [lesson._memory(seed, lesson.MORE_PICTURES, epochs=5 * lesson.EPOCHS, neurons=1)[0] for seed in lesson.SEEDS]
    assert max(shares) < 0.8


def test_the_labels_are_those_of_a_coin():
    x, y = lesson._random_pictures(np.random.default_rng(0), 20_000)
    assert x.shape == (20_000, lesson.SIDE**2) and -0.5 <= x.min() < -0.49 and 0.49 < x.max() <= 0.5
    assert abs(y.mean() - 0.5) < 0.02
    assert np.abs(x[y == 1].mean(axis=0) - x[y == 0].mean(axis=0)).max() < 0.02


def test_without_training_another_option_would_be_right():
    assert lesson._which_memory([lesson._memory(seed, epochs=0)[0] for seed in lesson.SEEDS]) == lesson.HALF


@pytest.mark.parametrize(
    ("shares", "option"),
    [
        ([0.5, 0.45, 0.55], lesson.HALF),
        ([0.61, 0.7, 0.74], lesson.SOME),
        ([0.85] * 3, lesson.MOST_OF_THEM),
        ([1.0, 0.99, 1.0], lesson.ALL_OF_THEM),
        ([0.5, 0.7, 1.0], "0.50, 0.70, 1.00"),
    ],
)
def test_every_memory_has_its_option(shares, option):
    assert lesson._which_memory(shares) == option


def test_the_grid_is_as_said():
    grid = lesson._grid_trials(lesson.GRID, lesson.GRID)[0]
    assert grid.shape == (lesson.TRIALS, 2) == (9, 2)
    assert sorted(set(grid[:, 0])) == sorted(set(grid[:, 1])) == [1 / 6, 1 / 2, 5 / 6]
    assert len(np.unique(lesson._grid_trials(lesson.TRIALS, 1)[0][:, 0])) == lesson.TRIALS


def test_random_search_wins_as_often_as_the_formula_says():
    """Where only one matters: the grid's miss is d, and random search wins unless all nine lie further off."""
    best = (np.arange(100_000) + 0.5) / 100_000
    miss = np.abs(best[:, None] - np.array([1, 3, 5]) / 6).min(axis=1)
    within = np.minimum(best + miss, 1) - np.maximum(best - miss, 0)
    expected = np.mean(1 - (1 - within) ** lesson.TRIALS)
    _, found = lesson._grid_or_random()
    assert found["one"] == pytest.approx([expected] * 3, abs=0.012)


def test_it_is_the_hyper_parameter_that_does_not_matter_that_makes_random_search_win():
    _, found = lesson._grid_or_random()
    assert all(share < 0.4 for share in (*found["both"], *found["known"])) and min(found["one"]) > 0.65
    assert lesson._which_wins(found["both"]) == lesson.RARELY


@pytest.mark.parametrize(
    ("shares", "option"),
    [
        ([0.3, 0.31, 0.36], lesson.RARELY),
        ([0.5] * 3, lesson.EVENLY),
        ([0.7, 0.69, 0.71], lesson.MORE_OFTEN),
        ([0.95, 1.0, 0.91], lesson.NEARLY_ALWAYS),
        ([0.3, 0.5, 0.7], "0.30, 0.50, 0.70"),
    ],
)
def test_every_share_of_wins_has_its_option(shares, option):
    assert lesson._which_wins(shares) == option


def test_the_best_of_many_seeds_is_luck_and_test_examples_show_it():
    _, found = lesson._best_of_many_seeds()
    assert all(0.078 < error < 0.082 for error in found["best"])
    assert all(abs(error - lesson.ERROR) < 0.001 for name in ("mean", "test") for error in found[name])
    assert all(0.094 < error < 0.097 for error in found["large"])
    assert all(best + 0.005 < error < 0.095 for best, error in zip(found["best"], found["shared"], strict=True))


def test_the_lowest_error_is_that_of_the_binomial_distribution():
    """The expected lowest of ten independent numbers of mistakes, by formula: the sum over k of P(one > k) to the power 10."""
    n, p = lesson.EXAMPLES, lesson.ERROR
    above = 1 - np.cumsum([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n)])
    expected = (np.clip(above, 0, 1) ** lesson.NETWORKS).sum() / n
    _, found = lesson._best_of_many_seeds()
    assert found["best"] == pytest.approx([expected] * 3, abs=0.0005)


@pytest.mark.parametrize("shared", [0.0, lesson.SHARED])
def test_all_networks_are_equally_good_also_where_they_share_their_errors(shared):
    assert pytest.approx(0.75 * lesson.ERROR) == lesson.SHARED  # "three quarters of their errors"
    errors = lesson._errors(np.random.default_rng(0), shared=shared)
    assert errors.shape == (lesson.TIMES, lesson.NETWORKS)
    assert errors.mean(axis=0) == pytest.approx(np.full(lesson.NETWORKS, lesson.ERROR), abs=0.001)
    together = np.corrcoef(errors[:, 0], errors[:, 1])[0, 1]
    assert abs(together) < 0.1 if shared == 0 else together > 0.5


def test_with_one_seed_nothing_would_be_too_good():
    errors = [lesson._errors(np.random.default_rng(seed), networks=1).min(axis=1).mean() for seed in lesson.SEEDS]
    assert lesson._which_report(errors) == lesson.NOT_AT_ALL


@pytest.mark.parametrize(
    ("means", "option"),
    [
        ([0.1, 0.099, 0.101], lesson.NOT_AT_ALL),
        ([0.097] * 3, lesson.LITTLE),
        ([0.08, 0.079, 0.081], lesson.TWO_POINTS),
        ([0.05] * 3, lesson.HALF_OF_IT),
        ([0.1, 0.08, 0.05], "0.100, 0.080, 0.050"),
    ],
)
def test_every_report_has_its_option(means, option):
    assert lesson._which_report(means) == option
