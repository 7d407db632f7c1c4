"""The explorer of width and depth against the recording read anew, and its rules against numbers made by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_recorded
from helpers.explorers import improving_capacity as capacity
from helpers.explorers.improving_capacity import DEPTHS, EPOCHS, MEAN, SEEDS, TOPS, WIDTHS


@pytest.fixture(scope="module")
def opened():
    return capacity.explore_capacity()


@pytest.fixture
def explorer(opened):
    return opened.reset()


@pytest.fixture(scope="module")
def runs():
    return load_recorded("improving_capacity")


def test_the_recording_has_the_shape_that_the_maps_need(runs):
    assert list(runs) == [0, 1, 2]
    for run in runs.values():
        assert {run[name].shape for name in capacity.FIGURES} == {(len(DEPTHS), len(WIDTHS), EPOCHS)}
        assert (np.ptp(run["validation"][0], axis=0) == 0).all() and len(set(run["weights"][0])) == 1
        for row, depth in enumerate(DEPTHS[1:], start=1):
            expected = [785 * width + (depth - 1) * (width + 1) * width + 10 * (width + 1) for width in WIDTHS]
            assert_array_equal(run["weights"][row], expected)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(DEPTHS), st.sampled_from(WIDTHS), st.integers(1, EPOCHS), st.sampled_from(SEEDS))
def test_each_cell_is_what_was_recorded(opened, runs, depth, width, epoch, seeds):
    numbers = opened.reset().set(depth=depth, width=width, epoch=epoch, seeds=seeds).numbers
    chosen = list(runs.values()) if seeds == MEAN else [runs[int(seeds[-1])]]
    for name in ("training", "validation"):
        assert_allclose(numbers[f"{name} map"], 100 * np.mean([run[name][..., epoch - 1] for run in chosen], axis=0), atol=1e-4)
        each = [100 * run[name][DEPTHS.index(depth), WIDTHS.index(width), epoch - 1] for run in runs.values()]
        assert_allclose(numbers[name], each, atol=1e-4)
    assert numbers["best error"] == numbers["validation map"].min()


def test_of_equal_errors_the_smallest_network_is_best():
    errors = np.full((len(DEPTHS), len(WIDTHS)), 5.0)
    errors[2, 3] = errors[4, 2] = errors[1, 6] = 4.0
    sizes = {place: capacity.weights()[place] for place in ((2, 3), (4, 2), (1, 6))}
    assert capacity.lowest(errors) == min(sizes, key=sizes.get)
    errors[0] = 3.0
    assert capacity.lowest(errors) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "beyond"),
    [
        ((-1.0, -1.2, -1.4), True),
        ((1.0, 1.2, 1.4), True),
        ((-0.1, -1.0, -2.0), False),  # all lower, but they differ more than that
        ((-1.0, 0.5, 0.6), False),
        ((0.0, 0.0, 0.0), False),
    ],
)
def test_a_change_counts_when_it_is_larger_than_its_spread(changes, beyond):
    assert capacity.beyond_spread(changes) == beyond
    said = capacity.compared(np.array([10.0, 11.0, 12.0]), np.array([10.0, 11.0, 12.0]) + changes)
    assert said.endswith("beyond the spread." if beyond else "within the spread.")
    # What belongs to a seed in both cells alike, such as hard digits, is no spread.
    apart = capacity.compared(np.array([10.0, 30.0, 50.0]), np.array([10.0, 30.0, 50.0]) + changes)
    assert apart.split("%")[1] == said.split("%")[1]


def test_the_frames_are_around_the_cells_that_are_compared(explorer):
    explorer.set(depth=2, width=32)
    row, column = DEPTHS.index(2), WIDTHS.index(32)
    for frames, centre in (
        (explorer.frames, (column, row)),
        (explorer.deeper, (column, row + 1)),
        (explorer.wider, (column + 1, row)),
    ):
        for frame in frames:
            assert tuple(frame.get_xydata()[:4].mean(axis=0)) == centre
    explorer.set(depth=0)
    assert explorer.frames[0].get_xdata().min() == -0.5 and explorer.frames[0].get_xdata().max() == len(WIDTHS) - 0.5
    assert explorer.deeper[0].get_xydata()[:4].mean(axis=0).tolist() == [column, 1]
    assert len(explorer.wider[0].get_xydata()) == 0
    explorer.set(depth=DEPTHS[-1], width=WIDTHS[-1])
    assert len(explorer.deeper[0].get_xydata()) == len(explorer.wider[0].get_xydata()) == 0
    assert "More layers than these were not trained" in explorer.description
    assert "More neurons than these were not trained" in explorer.description


def test_the_closed_test_is_nowhere(explorer):
    for epoch in (1, EPOCHS):
        explorer.set(epoch=epoch)
        assert not any("test" in name for name in explorer.numbers if name != "test")
        assert "test" not in explorer.description.lower()


def test_the_open_test_is_of_one_choice_wherever_the_controls_are(explorer, runs):
    """Whoever could read the test of every cell would soon choose by it."""
    validation = np.mean([run["validation"] for run in runs.values()], axis=0)
    found = []
    for values in ({}, {"epoch": 1}, {"epoch": EPOCHS, "seeds": SEEDS[2]}, {"depth": 0, "width": 2}):
        numbers = explorer.reset().set(test=True, **values).numbers
        found.append(explorer.description.split("Test, ")[1])
        place = numbers["winner place"]
        assert validation[place] == pytest.approx(validation.min(), abs=1e-7)
        assert_allclose(numbers["winner test"], [100 * run["test"][place] for run in runs.values()], atol=1e-4)
        plain = numbers["plain place"]
        assert plain[0] == 0 and validation[plain] == pytest.approx(validation[0].min(), abs=1e-7)
        assert_allclose(numbers["plain test"], [100 * run["test"][plain] for run in runs.values()], atol=1e-4)
        assert_allclose(numbers["machine test"], [100 * run["support vectors: test"] for run in runs.values()])
        depth, width, epoch = place
        told = f"{capacity.name_of(depth, width)}, epoch {epoch + 1}"
        assert f"the best of all cells and epochs: {told}: mean validation error" in explorer.description
    assert len(set(found)) == 1


def test_the_star_is_inside_the_cell_of_the_lowest_error(explorer):
    for epoch in (1, 20, EPOCHS):
        row, column = explorer.set(epoch=epoch).numbers["best"]
        [x], [y] = explorer.star.get_data()
        half = explorer.star.get_markersize() / 2 * 100 / 72 / capacity.CELL
        assert column < x - half and x + half < column + 0.5 and row - 0.5 < y - half and y + half < row - 0.1


def test_the_sentence_has_the_numbers_of_the_cells(explorer):
    numbers = explorer.set(depth=1, width=64, epoch=30).numbers
    assert f"validation error {capacity.ranged(numbers['validation'])}" in explorer.description
    row, column = DEPTHS.index(1), WIDTHS.index(64)
    last = (len(DEPTHS) - 1, len(WIDTHS) - 1)
    for label, other in (
        ("One layer more", (row + 1, column)),
        (f"{DEPTHS[-1]} layers", (last[0], column)),
        ("128 neurons", (row, column + 1)),
        (f"{WIDTHS[-1]} neurons", (row, last[1])),
        ("The plain rival, no hidden layer", (0, 0)),
    ):
        others = capacity.figures("validation")[:, *other, 29]
        assert f"{label}: {capacity.compared(numbers['validation'], others)}" in explorer.description
    curve = capacity.figures("validation")[:, row, column].mean(axis=0)
    assert (
        f"best after epoch {curve.argmin() + 1}, {curve.min():.1f} %; after {EPOCHS} {curve[-1]:.1f} %" in explorer.description
    )


@pytest.mark.parametrize("what", TOPS)
def test_the_curves_are_drawn_at_their_height(explorer, what):
    numbers = explorer.set(depth=4, width=256, curves=what, epoch=45).numbers
    top = capacity.top_for(what, numbers["validation curve"][:, capacity.SETTLED :], numbers["rival curve"][capacity.SETTLED :])
    for line, name in zip(explorer.curves, ("training curve", "validation curve"), strict=True):
        assert_allclose(line.get_ydata().reshape(3, EPOCHS + 1)[:, :-1] * top, numbers[name])
    assert explorer.now.get_xdata() == [45, 45]
    assert capacity.top_for(what, np.array([0.9 * TOPS[what][1]])) == TOPS[what][1]


def test_the_bars_are_from_the_lowest_seed_to_the_highest(explorer):
    numbers = explorer.set(depth=3, width=16).numbers
    for k, name in enumerate(("by depth", "by width")):
        values, ends = numbers[name], explorer.bars[k].get_ydata().reshape(-1, 3)
        assert_allclose(10 ** ends[:, :2], np.stack([values.min(axis=0), values.max(axis=0)], axis=1))
        assert_allclose(10 ** explorer.means[k].get_ydata(), values.mean(axis=0))
    assert_allclose(10 ** capacity.height_of(np.array([1.0, 50.0])), [capacity.ERROR_ENDS[0], 50.0])


def test_the_recorded_figures_are_locked():
    with pytest.raises(ValueError, match="read-only"):
        capacity.figures("validation")[0, 0, 0, 0] = 0
