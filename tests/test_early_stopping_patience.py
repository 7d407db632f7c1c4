"""The explorer of patience: what it shows is what EarlyStopping, and Keras, make of the recorded curves."""

from types import SimpleNamespace

import keras
import matplotlib
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from helpers.explorers import early_stopping_patience as patience_explorer
from helpers.explorers.early_stopping_patience import (
    COLUMN,
    DELTAS,
    LATEST_START,
    LEFT,
    RUNS,
    SIZES,
    STYLES,
    WIDE,
    Replay,
    explore_patience,
    figures,
    recorded,
    validation_losses,
    watch,
)
from helpers.plots.figure import DPI, INK, house_style
from helpers.plots.lettering import text_width

CURVE = [1.0, 0.8, 0.7, 0.75, 0.72, 0.69, 0.9, 0.9, 0.9]
PAIRS = [(data, size) for data in SIZES for size in SIZES[data]]


@pytest.fixture(scope="module")
def opened():
    return explore_patience()


@pytest.fixture
def explorer(opened):
    return opened.reset()


def random_settings(seed, count):
    """Return settings of the controls: a list of dicts."""
    rng = np.random.default_rng(seed)
    return [
        {
            "data": str(rng.choice(list(SIZES))),
            "run": int(rng.integers(RUNS)),
            "size": str(rng.choice(["small", "middle", "large"])),
            "patience": int(rng.integers(41)),
            "min_delta": float(rng.choice(DELTAS)),
            "start": int(rng.choice([0, 0, 1, 7, LATEST_START])),
            "restore": bool(rng.integers(2)),
            "zoom": bool(rng.integers(2)),
        }
        for _ in range(count)
    ]


def test_watching_by_hand():
    rule, kept, waits, bests = watch(CURVE, patience=3, restore_best_weights=True)
    assert_array_equal(waits, [0, 0, 0, 1, 2, 0, 1, 2, 3])
    assert_array_equal(bests, [1.0, 0.8, 0.7, 0.7, 0.7, 0.69, 0.69, 0.69, 0.69])
    assert (rule.best_epoch, rule.stopped_epoch, kept) == (5, 8, 5)
    rule, kept, waits, _ = watch(CURVE, patience=2)
    assert (rule.best_epoch, rule.stopped_epoch, kept, len(waits)) == (2, 4, 4, 5)
    rule, kept, waits, _ = watch(CURVE, patience=3, min_delta=0.05, restore_best_weights=True)
    assert (rule.best_epoch, rule.stopped_epoch, kept) == (2, 5, 2), "0.69 is not lower than 0.7 by more than 0.05"
    rule, kept, waits, bests = watch(CURVE, patience=4, start_from_epoch=3)
    assert np.isnan(bests[:3]).all() and bests[3] == 0.75 and rule.stopped_epoch is None and kept == 8
    assert_array_equal(waits, [0, 0, 0, 0, 0, 0, 1, 2, 3])


@pytest.mark.parametrize("settings", random_settings(1, 20), ids=str)
def test_keras_ends_at_the_same_epoch_with_the_same_weights(settings):
    curve = validation_losses(settings["data"], settings["size"])[settings["run"]]
    options = {"patience": settings["patience"], "min_delta": settings["min_delta"]}
    options |= {"restore_best_weights": settings["restore"], "start_from_epoch": settings["start"]}
    theirs, model = keras.callbacks.EarlyStopping("val_loss", mode="min", **options), Replay()
    theirs.set_model(model)
    theirs.on_train_begin()
    for epoch, loss in enumerate(curve):
        model.weights = [np.array(epoch)]
        theirs.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            break
    theirs.on_train_end()
    rule, kept, waits, _ = watch(curve, **options)
    assert (len(waits) - 1, kept, rule.best_epoch) == (epoch, int(model.weights[0]), theirs.best_epoch)
    assert (rule.stopped_epoch is not None) == model.stop_training


@pytest.mark.parametrize("data", SIZES)
def test_the_recording_has_what_the_controls_offer(data):
    sizes = list(SIZES[data].values())
    assert sorted(int(name.split()[-1]) for name in recorded() if name.startswith(f"{data}: validation")) == sizes
    test = figures(data, "test")
    assert len(test) >= RUNS and test.shape[1] > LATEST_START + 10
    mean = test.mean(axis=0)
    assert 5 < mean.argmin() < 0.5 * len(mean) and mean[-1] > 1.05 * mean.min(), "long enough to see it get worse"
    assert (np.diff(figures(data, "training").mean(axis=0)) < 0).mean() > 0.9


@pytest.mark.parametrize("settings", random_settings(2, 40), ids=str)
def test_numbers_are_those_of_the_curves(explorer, settings):
    numbers = explorer.set(**settings).numbers
    data, run = settings["data"], settings["run"]
    test, validation = figures(data, "test")[run], validation_losses(data, settings["size"])[run]
    kept, best, trained = numbers["kept"] - 1, numbers["best"] - 1, numbers["trained"]
    assert settings["start"] <= best < trained <= len(test) and kept == (best if settings["restore"] else trained - 1)
    assert numbers["kept loss"] == test[kept] and numbers["lowest loss"] == test.min() and numbers["end loss"] == test[-1]
    assert numbers["regret"] == test[kept] - test.min() >= 0
    waits = numbers["waits"]
    assert len(waits) == trained and waits[-1] == trained - 1 - best
    # Nothing after the best epoch was low enough; float32 decides between losses that are as good as equal.
    after = validation[best + 1 : trained]
    assert (after + settings["min_delta"] > validation[best] - 1e-6).all()
    limit = max(settings["patience"], 1)
    assert (waits[:-1] < limit).all() and (waits[-1] >= limit) == numbers["stopped"]
    if data != "diabetes":
        assert numbers["kept error"] == figures(data, "test error")[run][kept]


@pytest.mark.parametrize("settings", random_settings(3, 20), ids=str)
def test_picture_shows_these_numbers(explorer, settings):
    numbers = explorer.set(**settings).numbers
    epochs, trained, top = len(numbers["test"]), numbers["trained"], numbers["top"]
    for name in ("training", "validation", "test"):
        x, y = explorer.curves[name].get_data()
        assert_array_equal(x, np.arange(1, trained + 1))
        assert_array_equal(y, numbers[name][:trained])
        assert_array_equal(explorer.pale[name].get_xdata(), np.arange(trained, epochs + 1))
    assert explorer.kept.get_xydata().tolist() == [[numbers["kept"], min(numbers["kept loss"], top)]]
    assert explorer.lowest.get_xydata().tolist() == [[numbers["lowest"], numbers["lowest loss"]]]
    assert numbers["bottom"] < numbers["lowest loss"] < top and numbers["validation"][-1] < top > numbers["end loss"]
    heights, edges, _ = explorer.bars.get_data()
    assert_array_equal(heights, numbers["waits"] / max(settings["patience"], 1))
    assert (edges[0], edges[-1], len(edges)) == (0.5, trained + 0.5, trained + 1)
    veil = explorer.veils[0]
    assert veil.get_visible() == (trained < epochs) and veil.get_x() + veil.get_width() == epochs + 1
    assert all(line.get_xdata() == [numbers["best"]] * 2 for line in explorer.best)
    assert all(line.get_xdata() == [trained] * 2 for line in explorer.stop)


def test_the_goal_is_the_best_loss_so_far_minus_min_delta(explorer):
    for start in (0, 7):
        numbers = explorer.set(data="diabetes", patience=10, min_delta=0.01, start=start).numbers
        x, y = explorer.goal.get_data()
        assert_array_equal(x, np.arange(start + 1, numbers["trained"] + 1))
        assert y[0] == numbers["validation"][start] - 0.01
        assert (np.diff(y) <= 0).all() and y[-1] == numbers["best loss"] - 0.01
        x, y = explorer.improved.get_data()
        assert x[-1] == numbers["best"] and (np.diff(y) < -0.01).all() and x[0] == start + 1


def test_the_sentence_says_why(explorer):
    numbers = explorer.set(data="digits", patience=5).numbers
    assert f"Stopped after epoch {numbers['trained']}: 5 epochs in a row without" in explorer.description
    assert f"below {numbers['best loss']:.4f}" in explorer.description and "min_delta" not in explorer.description
    explorer.set(min_delta=0.02)
    assert f"= {explorer.numbers['best loss'] - 0.02:.4f}" in explorer.description
    assert "one epoch without" in explorer.set(patience=0).description


def test_an_epoch_that_did_not_count_is_named_with_its_reason(explorer):
    numbers = explorer.set(data="digits", patience=5, min_delta=0.1).numbers
    lowest = int(numbers["validation"][: numbers["trained"]].argmin()) + 1
    assert lowest != numbers["best"] and f"Epoch {lowest} had" in explorer.description
    assert "it was not lower by more than min_delta" in explorer.description
    numbers = explorer.reset().set(data="reviews", start=30).numbers
    assert numbers["validation"][:30].min() < numbers["best loss"]
    assert "that epoch is not looked at" in explorer.description


def test_a_training_that_never_stops_says_so(explorer):
    numbers = explorer.set(data="reviews", patience=40, start=30, restore=False).numbers
    assert not numbers["stopped"] and numbers["trained"] == numbers["kept"] == len(numbers["test"])
    assert "It never stops" in explorer.description and "the same" in explorer.description
    assert not any(veil.get_visible() for veil in explorer.veils)


def test_of_equal_test_losses_the_end_is_neither_higher_nor_lower(explorer):
    numbers = dict(explorer.numbers)
    for end, word in ((0.1, "higher"), (-0.1, "lower"), (0.0, "the same")):
        assert word in explorer.describe(numbers | {"end loss": numbers["kept loss"] + end}).split("Trained to the end")[1]


def test_patience_0_and_1_do_the_same(explorer):
    for data in SIZES:
        found = [explorer.set(data=data, patience=patience).numbers for patience in (0, 1)]
        assert found[0]["trained"] == found[1]["trained"] and found[0]["kept"] == found[1]["kept"]


def test_the_axis_stays_where_it_is_when_the_validation_set_changes(explorer):
    for zoom in (False, True):
        ends = {tuple(explorer.set(size=size, zoom=zoom).numbers[end] for end in ("bottom", "top")) for size in SIZES["digits"]}
        assert len(ends) == 1


def test_a_mark_above_the_chart_stands_at_its_edge(explorer):
    numbers = explorer.set(data="digits", patience=0, min_delta=0.1, zoom=True).numbers
    assert numbers["kept loss"] > numbers["top"]
    assert explorer.kept.get_ydata() == [numbers["top"]] and not explorer.kept.get_clip_on()


def test_at_the_start_star_and_diamond_are_apart(explorer):
    places = [explorer.charts[0].transData.transform(mark.get_xydata()[0]) for mark in (explorer.kept, explorer.lowest)]
    widest = max(mark.get_markersize() for mark in (explorer.kept, explorer.lowest)) * DPI / 72
    assert np.hypot(*(places[0] - places[1])) > widest


def test_what_lies_outside_the_chart_is_said(explorer, monkeypatch):
    said = []
    monkeypatch.setattr(explorer, "higher", SimpleNamespace(set_text=said.append))
    for data, size in PAIRS:
        for run in range(0, RUNS, 7):
            for zoom in (False, True):
                numbers = explorer.compute(data, run, size, 5, 0.0, 0, True, zoom)
                explorer.paint(numbers)
                above = max(numbers[name][0] for name in STYLES) > numbers["top"]
                assert ("above this chart" in said[-1]) == above
                assert ("falls away below" in said[-1]) == (numbers["training"].min() < numbers["bottom"]) == zoom
                assert text_width(said[-1]) * 9.5 * DPI / 72 < 600


def test_each_curve_has_the_colour_and_the_line_of_the_other_pictures(explorer):
    with house_style():
        default = [(each["color"].lstrip("#"), each["linestyle"]) for each in matplotlib.rcParams["axes.prop_cycle"]]
    lines = [explorer.curves[name] for name in ("training", "validation", "test")]
    assert [(line.get_color().lstrip("#"), line.get_linestyle()) for line in lines] == default[:3]
    assert {line.get_color() for line in (explorer.limit, *explorer.best, *explorer.stop)} == {INK}


def test_the_wait_chart_has_numbers(explorer, monkeypatch):
    said = []
    monkeypatch.setattr(explorer, "waited", SimpleNamespace(write=lambda texts, *others, **more: said.append(texts)))
    for patience in (0, 1, 5, 40):
        explorer.set(patience=patience)
    assert said == [["0", "1"], ["0", "1"], ["0", "5"], ["0", "40"]]


def test_the_line_of_patience_0_says_why_it_stands_at_1(explorer, monkeypatch):
    said = []
    monkeypatch.setattr(explorer, "limit_text", SimpleNamespace(set_text=said.append))
    for patience in (0, 1):
        explorer.set(patience=patience)
    assert said == ["dots: patience 0, same as 1", "dots: patience 1"]
    caption = next(text for text in explorer.figure.texts if text.get_text().startswith("wait:"))
    right = caption.get_window_extent(explorer.figure.canvas.get_renderer()).x1
    assert right + 8 < LEFT + WIDE - text_width(said[0]) * 10 * DPI / 72


def test_texts_fit_at_both_ends(explorer, monkeypatch):
    """The names of the two lines never meet, stay in the picture, and the longest rows fit into their column."""
    written = []

    def write(texts, places, size, colours=(), align="center"):
        for text, (x, y) in zip(texts, places, strict=True):
            wide = text_width(text) * size * DPI / 72
            written.append((x - {"left": 0, "center": 0.5, "right": 1}[align] * wide, wide, y, text))

    for name in ("best_text", "stop_text", "left", "right"):
        monkeypatch.setattr(explorer, name, SimpleNamespace(write=write))
    for data, size in PAIRS:
        for patience, start in ((0, 0), (1, LATEST_START), (40, 0), (40, LATEST_START)):
            written.clear()
            numbers = explorer.compute(data, 0, size, patience, 0.0, start, True, False)
            explorer.paint(numbers)
            for left, wide, y, text in written:
                assert left > 2 and left + wide < explorer.size[0] - 2, text
                for other_left, other_wide, other_y, other in written:
                    if text != other and abs(y - other_y) < 10:
                        assert left + wide < other_left or other_left + other_wide < left, (text, other)
    assert any(left == COLUMN for left, *_ in written)


def test_the_recorded_curves_are_locked():
    with pytest.raises(ValueError, match="read-only"):
        patience_explorer.figures("digits", "test")[0, 0] = 0
