"""The explorer of regret: all runs at once are each run alone, and what the recorded runs say about early stopping."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import sem

from helpers.explorers.early_stopping_patience import DELTAS, SIZES, explore_patience, figures, validation_losses, watch
from helpers.explorers.early_stopping_regret import (
    BIN,
    DASHED,
    LEFT,
    OVER,
    PATIENCES,
    REGRET_BINS,
    STYLES,
    WIDE,
    common_epochs,
    explore_regret,
    height_of,
    judged,
    kept_regrets,
    mean_and_error,
    regrets,
    scale_of,
    stop_all,
    stops,
    top_of,
    watch_all,
)
from helpers.plots.figure import DPI, INK
from helpers.plots.lettering import text_width

PAIRS = [(data, size) for data in SIZES for size in SIZES[data]]


@pytest.fixture(scope="module")
def opened():
    return explore_regret()


@pytest.fixture
def explorer(opened):
    return opened.reset()


def same_as_alone(validation, min_delta, patiences):
    """Check stop_all against EarlyStopping, run by run."""
    last, best, stopped = stop_all(validation, min_delta)
    for patience in patiences:
        for run, curve in enumerate(validation):
            rule, kept, waits, _ = watch(curve, patience=int(patience), min_delta=min_delta, restore_best_weights=True)
            found = (last[patience, run], best[patience, run], stopped[patience, run])
            assert found == (len(waits) - 1, kept, rule.stopped_epoch is not None), (patience, run)


@pytest.mark.parametrize("min_delta", [0.0, 0.001, 0.02, 0.1])
@pytest.mark.parametrize(("data", "size"), PAIRS)
def test_all_runs_at_once_are_each_run_alone(data, size, min_delta):
    same_as_alone(validation_losses(data, size)[::6], min_delta, (0, 1, 2, 5, 13, 40))


@pytest.mark.parametrize("min_delta", [0.0, *DELTAS[-3:]])
def test_also_where_many_losses_are_equal_or_differ_by_min_delta(min_delta):
    rng = np.random.default_rng(0)
    same_as_alone(rng.integers(0, 12, (40, 50)) * 0.05, min_delta, range(8))
    same_as_alone(np.full((2, 50), 0.3), min_delta, (0, 1, 40))
    same_as_alone(1 + 1e-8 * rng.normal(size=(10, 50)), min_delta, (0, 3))
    same_as_alone(rng.random((5, 1)), min_delta, (0, 3))


def test_waits_and_best_epochs_by_hand():
    waits, best = watch_all(np.array([[1.0, 0.8, 0.7, 0.75, 0.72, 0.69, 0.9]]), 0.0)
    assert_array_equal(waits[0], [0, 0, 0, 1, 2, 0, 1])
    assert_array_equal(best[0], [0, 1, 2, 2, 2, 5, 5])


@pytest.mark.parametrize(("data", "size"), PAIRS)
def test_regret_is_that_of_the_explorer_of_patience(data, size):
    alone = explore_patience()
    for run, patience, min_delta, restore in (
        (0, 0, 0.0, True),
        (7, 5, 0.01, False),
        (59, 40, 0.0, True),
        (31, 12, 0.1, False),
    ):
        alone.set(data=data, size=size, run=run, patience=patience, min_delta=min_delta, restore=restore)
        assert alone.numbers["regret"] == kept_regrets(data, size, min_delta, restore)[patience, run]


def test_the_rival_is_told_by_the_other_runs_alone():
    for data, size in PAIRS:
        validation = validation_losses(data, size)
        for run in (0, len(validation) // 2, len(validation) - 1):
            others = np.delete(validation, run, axis=0).mean(axis=0)
            assert others[common_epochs(data, size)[run]] == pytest.approx(others.min(), rel=1e-12)


def test_mean_and_standard_error():
    values = np.random.default_rng(0).exponential(size=30)
    assert_allclose(mean_and_error(values), [values.mean(), sem(values)])


@pytest.mark.parametrize(("data", "size"), PAIRS)
def test_numbers_of_the_explorer(explorer, data, size):
    for patience, min_delta, restore in ((0, 0.0, True), (5, 0.01, True), (12, 0.0, False), (40, 0.1, False)):
        explorer.set(data=data, size=size, patience=patience, min_delta=min_delta, restore=restore)
        numbers, test = explorer.numbers, figures(data, "test")
        last, best, _ = (each[patience] for each in stops(data, size, min_delta))
        kept = test[np.arange(len(test)), best if restore else last]
        assert_allclose(numbers["regret"], kept - test.min(axis=1))
        assert numbers["better"] == np.mean(kept < test[:, -1]) and numbers["worse"] == np.mean(kept > test[:, -1])
        assert numbers["saved"] == pytest.approx(np.mean(test.shape[1] - numbers["last"]))
        assert numbers["means"][list(SIZES[data]).index(size), patience] == numbers["mean"][0] == numbers["regret"].mean()
        assert numbers["sizes"][list(SIZES[data]).index(size)] == numbers["mean"]
        assert_allclose(numbers["difference to common"][0], numbers["mean"][0] - numbers["common mean"][0], atol=1e-12)
        assert f"{numbers['mean'][0]:.4f}" in explorer.description


def test_never_stopped_and_not_restored_is_trained_to_the_end():
    for data, size in PAIRS:
        _, _, stopped = stops(data, size, 0.0)
        end = regrets(data, np.full(stopped.shape[1], figures(data, "test").shape[1] - 1))
        never = ~stopped[-1]
        assert_array_equal(kept_regrets(data, size, 0.0, False)[-1][never], end[never])
    assert (~stops("reviews", "small", 0.0)[2][-1]).any(), "so the comparison above is not empty"


def test_histograms_hold_every_run(explorer):
    for data in SIZES:
        for patience, min_delta, restore in ((0, 0.1, False), (5, 0.0, True), (40, 0.0, True)):
            numbers = explorer.set(data=data, patience=patience, min_delta=min_delta, restore=restore).numbers
            heights, edges, _ = explorer.stop_bars.get_data()
            assert heights.sum() == pytest.approx(100)
            for height, low, high in zip(heights, edges[:-1], edges[1:], strict=True):
                inside = (numbers["last"] > low) & (numbers["last"] <= high)
                assert height == pytest.approx(100 * inside.mean())
            for bars, name in ((explorer.regret_bars, "regret"), (explorer.end_bars, "end")):
                heights = bars.get_data()[0]
                widest = scale_of(np.percentile(numbers["end"], 97))[0]
                assert heights.sum() == pytest.approx(100) and len(heights) == REGRET_BINS
                assert heights[0] == pytest.approx(100 * np.mean(numbers[name] < widest / REGRET_BINS))
                assert heights.max() <= explorer.regret_axes.get_ylim()[1] / OVER
            assert np.diff(edges).tolist() == [BIN] * len(np.diff(edges))


def test_the_mark_stands_on_its_curve(explorer):
    for data, size in PAIRS:
        explorer.set(data=data, size=size, patience=17)
        x, y = explorer.curves[size].get_data()
        assert explorer.here.get_xydata().tolist() == [[17, y[17]]] and x[17] == 17
        assert y[17] == np.log10(explorer.numbers["mean"][0])


def test_no_curve_leaves_the_chart():
    for data, size in PAIRS:
        for min_delta in DELTAS:
            for restore in (False, True):
                means = kept_regrets(data, size, min_delta, restore).mean(axis=1)
                assert_allclose(height_of(means), np.log10(means), err_msg="clipped")


def test_texts_fit_at_both_ends(explorer, monkeypatch):
    """Beside the captions of both histograms, in the picture, and beside the numbers of the table."""
    written = {}
    for name in ("head", "stop_text", "median_text"):
        monkeypatch.setattr(getattr(explorer, name), "set_text", lambda text, name=name: written.update({name: text}))
    captions = {text.get_text(): text for text in explorer.figure.texts}
    renderer = explorer.figure.canvas.get_renderer()
    for data, size in PAIRS:
        for patience, min_delta, restore in ((0, 0.1, False), (40, 0.001, True), (40, 0.0, False)):
            explorer.paint(explorer.compute(data, size, restore, patience, min_delta))
            for name, start in (("stop_text", "stops: runs in %"), ("median_text", "regret: runs in %")):
                wide = text_width(written[name]) * 9.5 * DPI / 72
                assert captions[start].get_window_extent(renderer).x1 + 8 < LEFT + WIDE - wide
            assert text_width(written["head"], "bold") * 11 * DPI / 72 < explorer.size[0] - 20


def test_trained_to_the_end_looks_the_same_in_all_three_charts(explorer):
    lines = explorer.all_epochs, explorer.end_bars, explorer.rivals[0]
    colours = [to_hex(line.get_edgecolor() if line is explorer.end_bars else line.get_color()) for line in lines]
    assert set(colours) == {INK} and len({str(line.get_linestyle()) for line in (lines[0], lines[2])}) == 1
    assert explorer.end_bars.get_linestyle() == DASHED and len({line.get_linewidth() for line in lines}) == 1
    assert INK not in [colour for colour, *_ in STYLES.values()]


def test_all_epochs_are_said_with_their_number(explorer, monkeypatch):
    said = []
    monkeypatch.setattr(explorer, "all_text", SimpleNamespace(set_text=said.append))
    for data in SIZES:
        explorer.set(data=data)
        assert said[-1] == f"epochs trained, 5 in each bar; dashes: all {figures(data, 'test').shape[1]} epochs"
        assert text_width(said[-1]) * 10 * DPI / 72 < WIDE


def test_axes_hold_what_they_show():
    for share in (0.5, 20, 20.1, 40, 79, 81, 100):
        assert share <= top_of(share) <= 100
    for most in (0.0012, 0.004, 0.0123, 0.1, 0.31, 1.4):
        end, spacing = scale_of(most)
        assert most <= end < most + spacing and 2 <= round(end / spacing) <= 5


def test_a_difference_counts_from_two_standard_errors_on():
    assert judged(-0.03, 0.01).startswith("better by 0.0300") and judged(0.03, 0.01).startswith("worse by 0.0300")
    assert judged(0.02, 0.01).startswith("about as good") and judged(-0.02, 0.01).startswith("about as good")


# What the recorded runs say, each as a difference between two ways in the same run, in standard errors


def certain(values):
    mean, error = mean_and_error(values)
    return mean / error


@pytest.mark.parametrize("data", SIZES)
def test_stopping_beats_training_to_the_end_in_test_loss(data):
    for size in SIZES[data]:
        regret = kept_regrets(data, size, 0.0, True)[5]
        end = regrets(data, np.full(len(regret), figures(data, "test").shape[1] - 1))
        assert certain(end - regret) > 10


@pytest.mark.parametrize("data", ["digits", "reviews"])
def test_but_hardly_in_the_share_that_is_named_wrongly(data):
    error = figures(data, "test error")
    best = stops(data, "large", 0.0)[1][10]
    gain = error[:, -1] - error[np.arange(len(error)), best]
    assert abs(gain.mean()) < 0.01


@pytest.mark.parametrize("data", SIZES)
def test_more_validation_examples_leave_less_regret(data):
    small, middle, large = (kept_regrets(data, size, 0.0, True)[10] for size in ("small", "middle", "large"))
    assert certain(small - middle) > 2 and certain(middle - large) > 2


@pytest.mark.parametrize("data", SIZES)
def test_from_patience_10_to_40_it_gets_no_better(data):
    for size in SIZES[data]:
        regret = kept_regrets(data, size, 0.0, True)
        assert regret[40].mean() >= regret[10].mean() - 1e-9


def test_on_digits_the_first_rise_is_too_early_a_stop():
    for size in SIZES["digits"]:
        regret = kept_regrets("digits", size, 0.0, True)
        assert certain(regret[1] - regret[5]) > 4


def test_without_going_back_long_patience_costs_what_it_waits():
    for data, size in PAIRS:
        back, stays = (kept_regrets(data, size, 0.0, restore)[PATIENCES[-1]] for restore in (True, False))
        assert certain(stays - back) > 4
