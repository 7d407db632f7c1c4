"""The explorers of pooling: what they measure under a shift is really there."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.explorers import pooling
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
