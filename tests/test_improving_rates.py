"""The explorer of learning rates: its rules against those of the recording and against curves made by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_recorded
from helpers.explorers import improving_rates as rates
from helpers.explorers.improving_rates import (
    BATCHES,
    EPOCHS,
    EQUAL_EPOCHS,
    EQUAL_UPDATES,
    EXPLOSION,
    LOWEST,
    MOST,
    OPTIMIZERS,
    RATES,
    SEEDS,
    STEEPEST,
    UPDATES,
    USUAL_BATCH,
)
from helpers.recordings import improving
from helpers.scratch.rate_finder import advice, smoothed, turning_points

PAIRS = [(optimizer, batch) for optimizer in OPTIMIZERS for batch in BATCHES]
RULES = (EXPLOSION, LOWEST, STEEPEST)


@pytest.fixture(scope="module")
def opened():
    return rates.explore_learning_rate()


@pytest.fixture
def explorer(opened):
    return opened.reset()


@pytest.fixture(scope="module")
def runs():
    return load_recorded("improving_rates")


def test_the_settings_are_those_of_the_recording():
    assert_allclose(RATES, improving.RATES)
    assert tuple(improving.OPTIMIZERS) == OPTIMIZERS and BATCHES == improving.BATCHES
    assert (EPOCHS, UPDATES, USUAL_BATCH) == (improving.RATE_EPOCHS, improving.UPDATES, improving.BATCH)
    for name, build in improving.OPTIMIZERS.items():
        assert type(build(0.5)).__name__ == name.split()[0]
        # Plain SGD and Adam of this course have the usual rates of Keras, too.
        assert name not in ("SGD", "Adam") or type(build(0.5))().learning_rate == rates.USUAL[name]


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(PAIRS),
    st.integers(0, len(RATES) - 1),
    st.integers(0, SEEDS - 1),
    st.sampled_from((EQUAL_EPOCHS, EQUAL_UPDATES)),
)
def test_the_numbers_are_those_recorded(opened, runs, pair, rate, seed, at):
    optimizer, batch = pair
    values = {"optimizer": optimizer, "batch": batch, "rate": rate, "seed": seed, "at": at}
    numbers = opened.reset().set(**values).numbers
    losses = runs[seed][f"{optimizer}: {batch}: loss"]
    known = np.isfinite(losses)
    assert_array_equal(numbers["known"], known)
    assert_allclose(numbers["losses"][known], np.clip(losses[known], rates.LEAST, MOST))
    assert (numbers["losses"][~known] == MOST).all()
    for each, run in runs.items():
        expected = run[f"{optimizer}: {batch}: validation"][:, -1]
        if at == EQUAL_UPDATES and batch != USUAL_BATCH:
            expected = run[f"{optimizer}: {batch}: equal updates"]
        assert_allclose(numbers["errors"][each], 100 * expected, atol=1e-4)
    assert numbers["errors"].mean(axis=0).min() == numbers["errors"].mean(axis=0)[numbers["best"]]
    assert numbers["good"][numbers["best"]]


def test_with_the_usual_batch_equal_epochs_are_equal_updates(runs):
    for run in runs.values():
        for optimizer in OPTIMIZERS:
            name = f"{optimizer}: {USUAL_BATCH}"
            assert_array_equal(run[f"{name}: validation"][:, -1], run[f"{name}: equal updates"])


@pytest.mark.parametrize(("optimizer", "batch"), PAIRS)
def test_the_rules_of_the_finder_are_those_of_the_recording(optimizer, batch, runs):
    for seed, run in runs.items():
        along, losses = (run[f"{optimizer}: {batch}: finder {name}"].astype(float) for name in ("rate", "loss"))
        with np.errstate(invalid="ignore"):
            expected = advice(along, turning_points(losses))
        found = rates.found_by_finder(optimizer, batch, seed)
        for rule, name in zip(RULES, ("explosion", "lowest", "steepest"), strict=True):
            assert found[rule] == pytest.approx(expected[name])


def made(start=2.0, valley=0.5, explodes=True):
    """Return rates and losses of a curve that stays, falls, stays, and explodes: 50 steps each."""
    parts = [np.full(50, start), np.linspace(start, valley, 50), np.full(50, valley)]
    parts.append(np.geomspace(valley, 1e3, 50) if explodes else np.full(50, valley))
    return np.geomspace(1e-5, 10, 200), np.concatenate(parts)


def test_the_finder_on_a_curve_made_by_hand():
    along, losses = made()
    found = rates.finder(along, losses)
    place = found["explosion"]
    assert found["exploded"] and 150 < place < 175 and found["means"][place - 1] <= 2 < found["means"][place]
    assert 100 <= found["lowest"] <= 152 and 50 < found["steepest"] < 100
    assert found[EXPLOSION] == along[place] / 10 and found[LOWEST] == along[found["lowest"]] / 10
    assert found[STEEPEST] == along[found["steepest"]]


def test_a_loss_that_is_no_number_is_an_explosion():
    along, losses = made(explodes=False)
    assert not rates.finder(along, losses)["exploded"] and rates.finder(along, losses)[EXPLOSION] == along[-1] / 10
    losses[180:] = np.inf
    found = rates.finder(along, losses)
    assert found["exploded"] and found["explosion"] == 180


def test_the_moving_average_of_a_constant_is_the_constant():
    assert_allclose(smoothed(np.full(30, 1.7)), 1.7)
    assert_allclose(smoothed([1.0, 2.0], keep=0.5), [1.0, (0.25 * 1 + 0.5 * 2) / 0.75])


def test_which_rates_are_as_good_as_the_best(monkeypatch):
    wrong = np.full((SEEDS, len(RATES)), 90.0)
    wrong[:, 5] = (10, 11, 12)  # the best
    wrong[:, 6] = (10.2, 11.4, 11.9)  # changes 0.2, 0.4, -0.1: not told apart
    wrong[:, 4] = (11.0, 12.1, 13.0)  # 1 higher in each seed: its ranges meet, and yet it is worse
    wrong[:, 7] = (13, 90, 90)  # one of three seeds worked
    losses = np.ones((SEEDS, len(RATES), EPOCHS))
    monkeypatch.setattr(rates, "errors", lambda *others: wrong)
    monkeypatch.setattr(rates, "figures", lambda *others: losses)
    best, good = rates.judged.__wrapped__("SGD", 8, EQUAL_EPOCHS)
    assert best == 5 and np.flatnonzero(good).tolist() == [5, 6]
    wrong[:, 3] = (10, 11.5, 12.1)
    between = rates.judged.__wrapped__("SGD", 8, EQUAL_EPOCHS)[1]
    assert np.flatnonzero(between).tolist() == [3, 4, 5, 6]
    losses[1, [3, 6], 3] = np.inf
    assert np.flatnonzero(rates.judged.__wrapped__("SGD", 8, EQUAL_EPOCHS)[1]).tolist() == [5]


def test_the_words_for_a_rate_follow_its_numbers(explorer, runs):
    seen = set()
    for optimizer, batch in PAIRS:
        for rate in range(len(RATES)):
            numbers = explorer.set(optimizer=optimizer, batch=batch, rate=rate).numbers
            word = explorer.description.split(": ")[1].split(",")[0].split(":")[0].split(";")[0]
            word = word if word.startswith(("too", "below")) or word == "good" else "best"
            seen.add(word)
            assert (word == "best") == (rate == numbers["best"])
            assert word != "good" or numbers["good"][rate]
            before, last = runs[0][f"{optimizer}: {batch}: loss"][rate, -2:]
            if word in ("too small", "below the best rate"):
                assert rate < numbers["best"] and numbers["known"][rate].all()
                assert (word == "too small") == (last < 2 * before)
                ends = [f"{each:.3g}" for each in (before, last, numbers["losses"][numbers["best"], -1])]
                assert f"with the best rate ({rates.written(RATES[numbers['best']])}) it is {ends[2]}" in explorer.description
                assert word == "too small" or f"last epoch ({ends[0]} to {ends[1]}, seed 0)" in explorer.description
            if not numbers["known"][rate].all():
                assert word == "too large" and "no number" in explorer.description
    assert seen == {"too small", "below the best rate", "good", "best", "too large"}


@pytest.mark.parametrize("at", [EQUAL_EPOCHS, EQUAL_UPDATES])
@pytest.mark.parametrize("rule", RULES)
def test_what_advice_costs_is_counted_run_by_run(explorer, rule, at):
    for optimizer in OPTIMIZERS:
        found, usual = [], []
        for batch in BATCHES:
            for seed in range(SEEDS):
                numbers = explorer.set(optimizer=optimizer, batch=batch, seed=seed, rule=rule).numbers
                wrong = rates.errors(optimizer, batch, at)
                best = wrong.mean(axis=0).argmin()
                for costs, rate in ((found, numbers["advice"]), (usual, rates.USUAL[optimizer])):
                    near = min(range(len(RATES)), key=lambda k: max(RATES[k] / rate, rate / RATES[k]))
                    costs.append(wrong[seed, near] - wrong[seed, best])
        numbers = explorer.set(batch=8, at=at).numbers
        assert_allclose(numbers["costs"], found)
        assert_allclose(numbers["usual costs"], usual)
        assert f"the mean error is {rates.points(np.mean(found))} above" in explorer.description
        assert f"{rates.points(np.mean(usual))} and {rates.points(max(usual))}." in explorer.description


def test_advice_that_is_as_good_as_the_best_is_said_to_be(explorer):
    seen = set()
    for optimizer, batch in PAIRS:
        numbers = explorer.set(optimizer=optimizer, batch=batch, rule=LOWEST).numbers
        advice = numbers["advice"]
        near = min(range(len(RATES)), key=lambda k: max(RATES[k] / advice, advice / RATES[k]))
        good = bool(numbers["good"][near])
        assert f", {rates.written(RATES[near])}, is {'one' if good else 'none'} of the good ones" in explorer.description
        assert numbers["ratio"] == pytest.approx(advice / RATES[numbers["best"]])
        seen.add(good)
    assert seen == {True, False}


def test_the_marks_stand_where_the_numbers_are(explorer):
    for rule in RULES:
        numbers = explorer.set(optimizer="Adam", batch=8, rate=3, rule=rule).numbers
        best = numbers["best"]
        x, y = explorer.best[0].get_data()
        assert (10 ** x[0], 10 ** y[0]) == pytest.approx((RATES[best], numbers["errors"].mean(axis=0)[best]))
        assert [10 ** line.get_xdata()[0] for line in explorer.advised] == pytest.approx([numbers["advice"]] * 2)
        over = 1 if rule == STEEPEST else 10
        assert 10 ** explorer.point.get_xdata()[0] == pytest.approx(over * numbers["advice"])
        assert_allclose(10 ** explorer.loss.get_ydata(), numbers["losses"][3])


def test_the_comparison_is_greyed_out_where_it_changes_nothing(explorer):
    assert explorer.set(batch=USUAL_BATCH).controls["at"].disabled
    assert not explorer.set(batch=8).controls["at"].disabled


@pytest.mark.parametrize(
    ("ratio", "said"), [(1.0, "the best rate"), (4.0, "4.0 times larger than"), (0.25, "4.0 times smaller than")]
)
def test_how_far_the_advice_is_in_words(ratio, said):
    assert rates.factor(ratio).startswith(said)


def test_the_recorded_figures_are_locked():
    with pytest.raises(ValueError, match="read-only"):
        rates.figures("SGD", 8, "loss")[0, 0, 0] = 0
