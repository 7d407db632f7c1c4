"""The explorers of pooling: what they measure under a shift is really there."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.explorers import pooling, pooling_windows
from helpers.explorers.convolution import small_image
from helpers.scratch.pooling import average_pool2d, max_pool2d


@pytest.fixture(scope="module")
def shift():
    return pooling.explore_shift()


@pytest.mark.parametrize("image", pooling.PLACES)
def test_a_moved_image_has_the_same_content_further_to_the_right(image):
    still = pooling.part(image, 0)
    assert still.shape == (64, 64) and still.std() > 0.05
    for cells in range(1, 9):
        moved = pooling.part(image, cells)
        assert_array_equal(moved[:, cells:], still[:, :-cells])
        assert moved[:, :cells].std() > 0, "real pixels come in, not an empty border"


@pytest.mark.parametrize("pool", pooling.POOLS)
@pytest.mark.parametrize("stride", [1, 2, 3, 4, 7])
def test_a_shift_by_a_multiple_of_the_stride_changes_nothing_and_others_do(pool, stride):
    changes = pooling.change_curve("coins", pool, 2, stride, True)
    multiples = np.arange(9) % stride == 0
    assert_allclose(changes[multiples], 0, atol=1e-9)
    assert (changes[~multiples] > 3).all()


def test_the_change_is_the_mean_difference_over_the_contrast(shift):
    numbers = shift.reset().set(shift=1, pool="average", window=3, stride=2).numbers
    before = average_pool2d(pooling.part("coins", 0)[None, :, :, None], 3, 2)[0, :, :, 0]
    after = average_pool2d(pooling.part("coins", 1)[None, :, :, None], 3, 2)[0, :, :, 0]
    pairs = (after[:, 1:], before[:, :-1]), (after, before)
    size, place = min((np.abs(here - there).mean(), place) for place, (here, there) in enumerate(pairs))
    there = pairs[place][1]
    expected = 100 * size / np.abs(there - there.mean()).mean()
    assert_allclose(numbers["change"], expected)
    assert f"{expected:.0f} % of the map's contrast" in shift.description


def test_without_realigning_the_maps_are_compared_cell_by_cell(shift):
    numbers = shift.reset().set(shift=4, realign=False).numbers
    maps = [max_pool2d(pooling.part("coins", cells)[None, :, :, None])[0, :, :, 0] for cells in (0, 4)]
    assert_allclose(numbers["difference"], maps[1] - maps[0])
    assert numbers["change"] > 20 and numbers["cells"] == 0
    assert shift.set(realign=True).numbers["change"] == 0 and shift.numbers["cells"] == 2
    assert "Nothing changes" in shift.description


@pytest.mark.parametrize("window", range(1, 9))
@pytest.mark.parametrize("stride", [1, 2, 5, 8])
def test_every_nth_pixel_has_the_size_of_the_pooled_map(window, stride):
    images = np.arange(64.0 * 64).reshape(1, 64, 64, 1)
    left = pooling.every_nth(images, window, stride)
    assert left.shape == max_pool2d(images, window, stride).shape
    assert_array_equal(left[0, :, :, 0], images[0, ::stride, ::stride, 0][: left.shape[1], : left.shape[2]])


# explore_pooling


@pytest.fixture(scope="module")
def windows():
    return pooling.explore_pooling()


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("window", [1, 2, 3, 4])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_every_window_gives_the_numbers_of_its_own_pixels(windows, window, stride, padding):
    for image in ("a coin", "camera"):
        windows.reset().set(image=image, window=window, stride=stride, padding=padding)
        for row, column in ((0, 0), (7, 0), (3, 7), (7, 7)):
            numbers = windows.set(row=row, column=column).numbers
            place, pixels = (numbers["row"], numbers["column"]), numbers["in_window"]
            assert pixels.size and pixels.shape <= (window, window)
            assert numbers["max"][place] == pixels.max() and numbers["min"][place] == pixels.min()
            assert_allclose(numbers["average"][place], pixels.mean())


def test_the_sliders_reach_every_window_of_a_small_image_and_the_last_one_of_a_photo(windows):
    numbers = [windows.reset().set(row=row, stride=1, window=1).numbers["row"] for row in range(8)]
    assert numbers == list(range(8))
    last = windows.reset().set(image="camera", row=7, column=7).numbers
    assert (last["row"], last["column"]) == (74, 74) == tuple(n - 1 for n in last["max"].shape)


def test_the_sums_under_the_picture_are_those_of_the_window(windows):
    sentence = windows.reset().set(row=1, column=1).description
    pixels = small_image("a coin", 8)[2:4, 2:4].ravel()
    written = " + ".join(f"{pixel:g}" for pixel in pixels)
    assert f"mean = ({written}) / 4 = {pixels.mean():g}" in sentence and f"largest = {pixels.max():g}" in sentence
    assert "floor((8 \N{MINUS SIGN} 2) / 2) + 1 = 4 rows" in sentence
    assert "5 of its 9 places lie outside" in windows.reset().set(window=3, stride=1, padding="same").description
    assert "ceil(8 / 3) = 3 rows" in windows.set(stride=3).description


# explore_gradient_routing


@pytest.fixture(scope="module")
def routing():
    return pooling.explore_gradient_routing()


@pytest.mark.parametrize("pool", pooling_windows.POOLS)
@pytest.mark.parametrize(("window", "stride", "padding"), [(1, 1, "valid"), (2, 2, "valid"), (3, 1, "same"), (4, 3, "same")])
def test_what_is_sent_back_arrives(routing, pool, window, stride, padding):
    for back in routing.controls["back"].options:
        numbers = routing.reset().set(pool=pool, window=window, stride=stride, padding=padding, back=back).numbers
        assert_allclose(numbers["reached"].sum(), numbers["sent"].sum())
        assert numbers["sent"].sum() == (numbers["map"].size if back == pooling_windows.EVERY else 1)
        assert numbers["without"] == np.sum(numbers["reached"] == 0)
        assert (numbers["reached"][numbers["pixel"]] > 0) and numbers["own"][numbers["pixel"]] > 0


def test_the_nudge_measures_the_gradient_where_no_two_pixels_are_alike(routing):
    """On the coin at stride 2 every window has one largest pixel, or the first of several, which a raise makes the only one."""
    for row in range(3):
        for column in range(3):
            for pool in ("max", "average"):
                numbers = routing.reset().set(row=row, column=column, pool=pool).numbers
                assert_allclose(numbers["change"], 0.01 * numbers["reached"][numbers["pixel"]], atol=1e-12)
            numbers = routing.reset().set(row=row, column=column, pool="min").numbers
            assert_allclose(-numbers["change"], 0.01 * numbers["reached"][numbers["pixel"]], atol=1e-12)


def test_a_tie_is_said_where_the_nudge_shows_another_slope(routing):
    sentence = routing.reset().set(window=3, stride=1, row=2, column=2).description
    assert "other pixels are as large, and only the first of them gets the gradient" in sentence
    assert "as its gradient 1 says" in routing.reset().description


# explore_strokes


@pytest.fixture(scope="module")
def strokes():
    return pooling.explore_strokes()


@pytest.mark.parametrize(("picture", "keeps", "loses"), [(pooling.BRIGHT, "max", "min"), (pooling.DARK, "min", "max")])
@pytest.mark.parametrize("slope", [0, 30, 45, 90])
def test_a_thin_line_is_kept_by_one_and_lost_by_the_other(strokes, picture, keeps, loses, slope):
    numbers = strokes.reset().set(picture=picture, slope=slope).numbers
    assert_allclose(numbers[f"left_{keeps}"], 100)
    assert_allclose(numbers[f"left_{loses}"][1:], 0, atol=1e-9)
    assert (np.diff(numbers["left_average"][:3]) < 0).all()


def test_the_contrast_is_that_of_the_cells_that_hold_the_stroke(strokes):
    numbers = strokes.reset().set(picture=pooling.WRITING, window=4).numbers
    image, stroke = pooling.stroke_picture(pooling.WRITING, 1, 30)
    holds = np.array([[stroke[4 * i : 4 * i + 4, 4 * j : 4 * j + 4].any() for j in range(12)] for i in range(12)])
    means = image.reshape(12, 4, 12, 4).mean(axis=(1, 3))
    before = image[stroke].mean() - image[~stroke].mean()
    expected = 100 * (means[holds].mean() - means[~holds].mean()) / before
    assert_allclose(numbers["left_average"][3], expected)
    assert f"average keeps {expected:.0f} %" in strokes.description and before < 0 and "darker" in strokes.description


def test_slope_and_width_are_only_for_lines(strokes):
    assert strokes.reset().set(picture=pooling.DIGIT).controls["width"].disabled
    assert not strokes.reset().controls["slope"].disabled


def test_a_steeper_slope_rises_to_the_right():
    _, stroke = pooling.stroke_picture(pooling.BRIGHT, 2, 45)
    rows, columns = np.nonzero(stroke)
    assert np.corrcoef(rows, columns)[0, 1] < -0.95
