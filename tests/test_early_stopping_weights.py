"""The explorer of the decision surface against the recorded network, its curves, and what its sentences claim."""

import re
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_recorded
from helpers.explorers import early_stopping_weights as topic
from helpers.plots.figure import DPI
from helpers.plots.lettering import text_width
from helpers.plots.pixels import named_colour
from helpers.recordings import early_stopping as recording


@pytest.fixture(scope="module")
def explorer():
    return topic.explore_weights()


@cache
def opened():
    """Open the explorer once for hypothesis, which takes no fixtures that last."""
    return topic.explore_weights()


@cache
def run():
    return load_recorded("early_stopping_surface")[0]


LAST = len(run()["epochs"]) - 1


def sums_by_hand(place, x):
    """Return the sum z before the sigmoid for each point, written with plain matrices."""
    a, b, c, d, e, f = (run()[f"weights {number}"][place].astype(float) for number in range(6))
    return (np.maximum(np.maximum(x @ a + b, 0) @ c + d, 0) @ e + f)[:, 0]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, LAST), st.sampled_from(topic.PARTS), st.sampled_from([topic.PROBABILITY, topic.CLASS]))
def test_losses_errors_and_rings_are_those_of_the_network(place, points, background):
    explorer = opened().set(epoch=place, points=points, background=background)
    numbers = explorer.numbers
    assert numbers["epoch"] == run()["epochs"][place]
    for part in topic.PARTS:
        sums, y = sums_by_hand(place, run()[f"{part}: x"]), run()[f"{part}: y"]
        p = np.clip(1 / (1 + np.exp(-sums)), 1e-7, 1 - 1e-7)  # as the loss does it
        assert numbers[f"{part}: loss"] == pytest.approx(-np.log(np.where(y == 1, p, 1 - p)).mean(), rel=0.01)
        assert numbers[f"{part}: error"] == pytest.approx(((p > 0.5) != y).mean(), abs=0.5 / len(y))
    wrong = (sums_by_hand(place, numbers["x"]) > 0) != numbers["y"]
    assert_array_equal(explorer.rings.get_xdata(), numbers["x"][wrong, 0])
    malignant, benign = explorer.dots
    assert len(malignant.get_xdata()) + len(benign.get_xdata()) == len(run()[f"{points}: y"])
    assert_array_equal(malignant.get_ydata(), run()[f"{points}: x"][run()[f"{points}: y"] == 0, 1])
    assert f"Of the {points} points {wrong.sum()} of {len(wrong)} are named wrongly" in explorer.description


def test_many_points_are_drawn_smaller_and_every_ring_lies_around_its_point(explorer):
    sizes = {}
    for points in topic.PARTS:
        explorer.reset().set(points=points, epoch=LAST)
        sizes[points] = [mark.get_markersize() for mark in (*explorer.dots, explorer.rings)]
        assert sizes[points][2] > max(sizes[points][:2])
    assert sizes["training"] == sizes["validation"] and all(np.less(sizes["test"], sizes["training"]))


def test_the_ends_of_the_colour_bar_are_named_and_fit(explorer, monkeypatch):
    said = {}
    for number, label in enumerate(explorer.bar_ends):
        monkeypatch.setattr(label, "set_text", lambda text, number=number: said.update({number: text}))
    left, right = (label._shape["places"][0][0] for label in explorer.bar_ends)
    for background, names in (
        (topic.PROBABILITY, ["p = 0 (malignant)", "p = 1 (benign)"]),
        (topic.CLASS, ["malignant", "benign"]),
    ):
        explorer.reset().set(background=background)
        assert [said[0], said[1]] == names
        wide = [text_width(text) * 10 * DPI / 72 for text in names]
        assert left - wide[0] > 4 and right + wide[1] < 500


def test_the_recorded_curves_agree_with_the_rounded_weights(explorer):
    for place in range(LAST + 1):
        numbers, epoch = explorer.set(epoch=place).numbers, run()["epochs"][place]
        for part in topic.PARTS:
            assert numbers[f"{part}: loss"] == pytest.approx(run()[f"{part}: loss"][epoch], abs=0.01), (place, part)
        for mark, part in zip(explorer.on_curves, topic.PARTS[:2], strict=True):
            assert mark.get_ydata() == [run()[f"{part}: loss"][epoch]]


@pytest.mark.parametrize("place", [0, 1, topic.best_place(), LAST // 2, LAST])
def test_the_surface_is_the_network_at_every_pixel(place):
    (left, bottom), (right, top) = topic.reach()
    rng = np.random.default_rng(place)
    rows, columns = rng.integers(topic.SIDE, size=(2, 400))
    share = np.stack([columns, rows]) / (topic.SIDE - 1)
    x = np.stack([left + share[0] * (right - left), top - share[1] * (top - bottom)], axis=1)
    expected, found = sums_by_hand(place, x), topic.surface(place)[rows, columns]
    # Between the computed places a sum is filled in: small errors only, and near the border hardly another class.
    assert np.abs(found - expected).mean() < 0.02 * np.abs(expected).mean() + 1e-3
    assert ((found > 0) != (expected > 0)).mean() < 0.02


def test_the_line_runs_where_the_class_changes(explorer):
    # The lower row of the canvas comes first.
    picture = explorer.reset().set(epoch=LAST, background=topic.CLASS).plane._picture[::-1].view(np.uint32)[..., 0]
    line, benign = picture == named_colour(topic.INK), explorer.numbers["sums"] > 0
    assert set(np.unique(picture[~line & benign])).isdisjoint(np.unique(picture[~line & ~benign]))
    across = ~line[:, :-1] & ~line[:, 1:]
    assert (benign[:, :-1] == benign[:, 1:])[across].all() and line.any()
    down = ~line[:-1] & ~line[1:]
    assert (benign[:-1] == benign[1:])[down].all()


def test_no_point_is_outside_the_picture():
    low, high = topic.reach()
    for part in topic.PARTS:
        assert (low < run()[f"{part}: x"]).all() and (run()[f"{part}: x"] < high).all()


def test_best_is_the_lowest_validation_loss_and_early_stopping_would_restore_it():
    best = run()["epochs"][topic.best_place()]
    assert best == run()["validation: loss"].argmin()
    stopped, _ = recording.stop(run()["validation: loss"][1:])  # after the first epoch, the second ...
    assert stopped + 1 == best


def test_the_buttons_jump_and_stop_play(explorer):
    for button, epoch in zip(explorer.reset().jumps, (1, run()["validation: loss"].argmin(), run()["epochs"][-1]), strict=True):
        explorer._play.playing = True
        button.click()
        assert explorer.numbers["epoch"] == epoch and not explorer._play.playing
        assert explorer._play.value == explorer.values["epoch"]


def test_the_sentence_says_before_at_and_after_the_best_epoch(explorer):
    best = run()["epochs"][topic.best_place()]
    assert "Before the first epoch: loss" in explorer.reset().set(epoch=0).description
    assert f"not yet at its lowest, which comes after epoch {best}" in explorer.description
    text = explorer.set(epoch=topic.best_place()).description
    assert "these weights are the ones that early stopping restores" in text and "otherwise" not in text
    text = explorer.set(epoch=LAST).description
    numbers = re.search(r"test loss was ([\d.]+), with ([\d.]+) % wrong; now it is ([\d.]+), with ([\d.]+) % wrong", text)
    stopped, stopped_error, late, late_error = map(float, numbers.groups())
    assert_allclose([stopped, late], run()["test: loss"][[best, -1]], atol=0.01)
    assert_allclose([stopped_error, late_error], 100 * run()["test: error"][[best, -1]], atol=0.5)
    line = f"test loss {run()['linear: loss']:.3f}, {100 * run()['linear: error']:.1f} % wrong"
    assert line in text


def test_what_the_picture_teaches_is_in_the_recording(explorer):
    """Late the network is sure of most, also of what is wrong, and knows the training points, but is worse on new ones."""
    places = (1, topic.best_place(), LAST)
    early, best, late = (explorer.reset().set(epoch=place, points="test").numbers for place in places)
    count = len(run()["test: y"])
    assert early["sure"] <= best["sure"] < 0.2 * count and late["sure"] > 0.5 * count
    assert best["sure and wrong"] < 0.01 * count and late["sure and wrong"] > 0.05 * count
    assert best["other"] == 0 and late["other"] > 0.05 * count
    assert early["training: error"] > best["training: error"] > late["training: error"]
    assert early["test: loss"] > best["test: loss"] < late["test: loss"]


@pytest.mark.parametrize("points", topic.PARTS)
@pytest.mark.parametrize("place", [topic.best_place(), LAST // 2, LAST])
def test_of_how_many_it_is_sure_is_counted_in_probabilities(explorer, points, place):
    numbers = explorer.reset().set(epoch=place, points=points).numbers
    x, y = run()[f"{points}: x"], run()[f"{points}: y"]
    p = 1 / (1 + np.exp(-sums_by_hand(place, x)))
    sure = (p > 0.99) | (p < 0.01)
    # In float32 a point at a border may fall on its other side.
    assert numbers["sure"] == pytest.approx(sure.sum(), abs=1)
    assert numbers["sure and wrong"] == pytest.approx((sure & ((p > 0.5) != y)).sum(), abs=1)
    other = ((p > 0.5) != (sums_by_hand(topic.best_place(), x) > 0)).sum()
    assert numbers["other"] == pytest.approx(other, abs=1)
    said = f"of {numbers['sure']} of these {len(y)} points, and names {numbers['sure and wrong']} of them wrongly."
    assert said in explorer.description


def test_names_are_those_of_the_recording():
    assert topic.MEASUREMENTS == recording.MEASUREMENTS
    shapes = [array.shape for array in topic.network().get_weights()]
    assert shapes == [array.shape for array in recording.surface_network().get_weights()]
