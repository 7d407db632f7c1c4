"""The explorer of all transforms: its numbers against the layers of the lesson, called by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.explorers.augmentation_transforms import (
    BENDS,
    CUTOUT,
    MIRRORS,
    MIXUP,
    NO,
    NOISE,
    NOTHING,
    ORDERS,
    PARTNERS,
    PLACES,
    SHIFT_FIRST,
    SIDES,
    TURN_FIRST,
    UPSIDE,
    explore_transforms,
    left_the_frame,
    mirror_matrix,
    moves_in_words,
    picture_of,
    sources,
    value_at,
)
from helpers.roads import road_mask
from helpers.scratch.augmentation import (
    brightness,
    contrast,
    cutout,
    flip,
    noise,
    rotate,
    rotation_matrix,
    shift,
    shift_matrix,
    transform,
    zoom,
    zoom_matrix,
)

STILL = {"degrees": 0, "factor": 1.0, "down": 0.0, "right": 0.0}
MOVED = {"degrees": -35, "factor": 1.4, "down": 3.5, "right": -2.0}


@pytest.fixture(scope="module")
def opened():
    return explore_transforms()


@pytest.fixture
def explorer(opened):
    return opened.reset()


@pytest.mark.parametrize("name", PARTNERS)
def test_every_picture_has_a_partner_of_its_shape_and_values_from_0_to_1(name):
    image, partner = picture_of(name), picture_of(PARTNERS[name])
    assert image.shape == partner.shape and not np.array_equal(image, partner)
    assert image.min() >= 0 and image.max() <= 1 and image.std() > 0.05
    assert not image.flags.writeable


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 5, 8, 1), (1, 6, 3, 3)], ids=str)
def test_the_mirror_matrix_does_what_flip_does(shape):
    images, (height, width) = np.random.default_rng(0).random(shape), shape[1:3]
    assert_array_equal(mirror_matrix(NO, height, width), np.eye(3))
    assert_allclose(transform(images, mirror_matrix(SIDES, height, width)), flip(images))
    assert_allclose(transform(images, mirror_matrix(UPSIDE, height, width)), flip(images, horizontal=False))


@pytest.mark.parametrize("picture", ["digit 6", "road", "cat"])
def test_one_move_alone_is_the_transform_of_the_lesson(explorer, picture):
    image = picture_of(picture)[None]
    for move, expected in (
        ({"degrees": 40}, rotate(image, 40)),
        ({"factor": 1.6}, zoom(image, 1.6)),
        ({"down": -2.5, "right": 4.0}, shift(image, -2.5, 4)),
        ({"mirror": SIDES}, flip(image)),
        ({"mirror": UPSIDE}, flip(image, horizontal=False)),
        ({}, image),
    ):
        numbers = explorer.set(picture=picture, **{**STILL, "mirror": NO, **move}).numbers
        assert_allclose(numbers["new"], expected[0], atol=1e-5)
    assert np.array_equal(numbers["matrix"], np.eye(3)) and numbers["gone"] == numbers["filled"] == 0


@pytest.mark.parametrize("mirror", MIRRORS)
def test_a_chain_is_the_product_of_its_matrices_and_the_order_counts(explorer, mirror):
    image = picture_of("digit 6")[None]
    turn, larger, move = rotation_matrix(-35, 28, 28), zoom_matrix(1.4, 28, 28), shift_matrix(3.5, -2)
    expected = {TURN_FIRST: move @ turn @ larger, SHIFT_FIRST: turn @ move @ larger}
    for order, other in (ORDERS, ORDERS[::-1]):
        numbers = explorer.set(**MOVED, mirror=mirror, order=order).numbers
        assert_allclose(numbers["matrix"], mirror_matrix(mirror, 28, 28) @ expected[order])
        assert_allclose(numbers["other"], mirror_matrix(mirror, 28, 28) @ expected[other])
        moved = transform(image, expected[order])
        mirrored = {NO: moved, SIDES: flip(moved), UPSIDE: flip(moved, horizontal=False)}[mirror]
        assert_allclose(numbers["new"], mirrored[0], atol=1e-5)
        assert not np.allclose(numbers["matrix"], numbers["other"])
        assert_allclose(numbers["matrix"][:, :2], numbers["other"][:, :2])  # as the sentence says
        apart = numbers["other"][:2, 2] - numbers["matrix"][:2, 2]
        down, right = "down" if apart[0] > 0 else "up", "right" if apart[1] > 0 else "left"
        text = f"{abs(apart[0]):.2f} pixels further {down} and {abs(apart[1]):.2f} further {right}"
        assert text in explorer.description


def test_the_order_is_greyed_out_where_it_makes_no_difference(explorer):
    for values in ({"degrees": 0}, {"down": 0.0, "right": 0.0}):
        explorer.reset().set(**values)
        assert explorer.controls["order"].disabled and "other order" not in explorer.description
        assert_allclose(explorer.numbers["matrix"], explorer.numbers["other"])
        assert explorer.numbers["order"] == "either order"
    assert not explorer.reset().controls["order"].disabled


def test_values_are_changed_after_the_move_one_step_after_the_other(explorer):
    image = picture_of("coffee")[None]
    explorer.set(picture="coffee", **STILL, delta=0.2, contrast=1.5)
    expected = contrast(brightness(image, 0.2), 1.5)
    assert explorer.numbers["stages"] == ["moved", "brightness", "contrast"]
    assert_allclose(explorer.numbers["new"], expected[0], atol=1e-6)
    row, column = explorer.numbers["place"]
    found = [each[0, row, column].mean() for each in (image, brightness(image, 0.2), expected)]
    assert_allclose(explorer.numbers["here"], found, atol=1e-6)
    for last, wanted in (
        (NOISE, noise(expected, 0.3, np.random.default_rng(0))),
        (CUTOUT, cutout(expected, 19, np.random.default_rng(0))),  # 0.3 of 64 pixels
        (MIXUP, 0.7 * expected + 0.3 * picture_of("astronaut")),
    ):
        explorer.set(last=last, amount=0.3)
        assert explorer.numbers["stages"][-1] == last
        assert_allclose(explorer.numbers["new"], wanted[0], atol=1e-6)


def test_how_much_is_greyed_out_without_a_last_step_and_0_changes_nothing(explorer):
    assert explorer.controls["amount"].disabled and explorer.values["last"] == NOTHING
    before = explorer.numbers["new"]
    for last in (NOISE, CUTOUT, MIXUP):
        explorer.set(last=last, amount=0.0)
        assert not explorer.controls["amount"].disabled
        assert_array_equal(explorer.numbers["new"], before)
        assert explorer.numbers["stages"] == ["moved"] and "mixed" not in explorer.description


def test_four_pixels_and_their_weights_give_the_new_pixel_at_every_place(explorer):
    for picture in ("digit 7", "road", "astronaut"):
        for place in range(1, PLACES**2 + 1):
            explorer.set(picture=picture, **MOVED, mirror=SIDES, place=place)
            numbers = explorer.numbers
            row, column = numbers["place"]
            assert_allclose(numbers["weights"].sum(), 1)
            assert_allclose(numbers["weights"] @ numbers["values"], numbers["new"][row, column].mean(dtype=float), atol=1e-5)
            assert_allclose(numbers["matrix"] @ [*numbers["source"], 1], [row, column, 1], atol=1e-6)
            assert_allclose(numbers["weights"] @ numbers["cells"], numbers["source"], atol=1e-6)


def test_the_places_reach_all_parts_of_the_picture(explorer):
    places = [explorer.set(picture="digit 6", place=place).numbers["place"] for place in range(1, PLACES**2 + 1)]
    assert len(set(places)) == PLACES**2 and places[0] == (1, 1) and places[-1] == (26, 26)
    assert places[1][1] > places[0][1] and places[PLACES][0] > places[0][0]


def test_a_pixel_of_an_unmoved_picture_is_its_own_source():
    image = picture_of("digit 6")
    place, cells, weights, values = sources(image, np.eye(3), 10, 14)
    assert_array_equal(place, [10, 14])
    assert_array_equal(cells[0], [10, 14])
    assert_array_equal(weights, [1, 0, 0, 0])
    assert values[0] == pytest.approx(image[10, 14, 0]) and values[0] > 0


def test_the_cross_covers_none_of_the_values_around_it(explorer):
    """Boxes of the letters against the box of the cross: for no turn, for a quarter, and between pixels."""
    renderer = explorer.figure.canvas.get_renderer()
    for values in ({}, {"degrees": 90}, {"right": 0.5}, {"down": 0.5}, {"down": 4.5, "right": 2.5}, {"degrees": 25}):
        explorer.reset().set(**{**STILL, **values})
        box = explorer.inside.get_window_extent(renderer)
        half = explorer.inside.get_markersize() / 2 * explorer.figure.dpi / 72
        x, y = explorer.inside.get_transform().transform(np.transpose(explorer.inside.get_data()))[0]
        assert box.width > 0
        letters = explorer.values_around._ink
        size = letters.get_transform().get_matrix()[0, 0]
        for left, bottom in letters.get_offsets():  # a digit is 0.73 of the font size high and 0.64 wide
            beside = left > x + half or left + 0.64 * size < x - half
            assert beside or bottom > y + half or bottom + 0.73 * size < y - half, values


def test_mirroring_shows_on_the_road():
    """Road and grass differ in brightness, and a quarter of the ground changes between them when the road is mirrored."""
    mask = road_mask(BENDS["road"])[11:]  # below the horizon
    assert abs(np.corrcoef(picture_of("road")[11:, :, 0].ravel(), mask.ravel())[0, 1]) > 0.5
    assert np.abs(mask - mask[:, ::-1]).mean() > 0.25


def test_outside_the_picture_all_is_0():
    image = np.ones((3, 4, 3), np.float32)
    inside = [(0, 0), (2, 3)]
    assert [value_at(image, *place) for place in inside] == [1, 1]
    assert [value_at(image, *place) for place in [(-1, 0), (0, -1), (3, 0), (0, 4)]] == [0, 0, 0, 0]


def test_what_left_the_frame_is_counted_pixel_by_pixel():
    matrices = (np.eye(3), shift_matrix(2, -1), shift_matrix(40, 0), zoom_matrix(2, 6, 9), rotation_matrix(33, 6, 9))
    for matrix in matrices:
        for (row, column), gone in np.ndenumerate(left_the_frame(matrix, 6, 9)):
            down, right, _ = matrix @ [row, column, 1]
            assert gone == (not (-0.5 <= down <= 5.5 and -0.5 <= right <= 8.5)), (row, column)
    assert [int(left_the_frame(matrix, 6, 9).sum()) for matrix in matrices[:3]] == [0, 54 - 4 * 8, 54]


def test_half_a_turn_loses_no_pixel():
    for shape in ((28, 28), (32, 64), (25, 25)):
        assert not left_the_frame(rotation_matrix(180, *shape), *shape).any()


def test_the_sentence_has_the_counts_and_the_sum(explorer):
    numbers = explorer.set(**MOVED).numbers
    gone = left_the_frame(numbers["matrix"], 28, 28)
    share = numbers["old"][gone].sum() / numbers["old"].sum()
    assert 0 < share < 1
    text = f"{gone.sum()} of 784 pixels of the old picture left the frame, with {100 * share:.1f} % of its brightness"
    assert text in explorer.description
    assert f"{numbers['filled']} pixels of the new one come from outside" in explorer.description
    row, column = numbers["place"]
    assert f"({row}, {column}, 1) = M ({numbers['source'][0]:.2f}, {numbers['source'][1]:.2f}, 1)" in explorer.description
    assert f"= {numbers['new'][row, column, 0]:.2f}" in explorer.description
    assert "red, green and blue" not in explorer.description
    assert "red, green and blue" in explorer.set(picture="cat").description


def test_a_place_that_comes_from_outside_says_so(explorer):
    explorer.set(**{**STILL, "down": 16.0}, place=1)
    assert "that is outside, so it is 0" in explorer.description
    assert_array_equal(explorer.numbers["values"], np.zeros(4))
    assert explorer.numbers["new"][explorer.numbers["place"]] == 0
    assert "that is outside" not in explorer.set(place=PLACES**2).description


def test_nothing_of_the_picture_may_be_left(explorer):
    explorer.set(picture="face", degrees=180, factor=2.0, down=16.0, right=16.0, order=TURN_FIRST)
    assert "Nothing is left" not in explorer.description
    explorer.set(degrees=45, factor=0.5, down=16.0, right=16.0, order=SHIFT_FIRST)
    assert explorer.numbers["gone"] == 625 and explorer.numbers["new"].max() < 0.5
    assert "Nothing is left: all 625 pixels" in explorer.description


def test_the_label_is_talked_about_only_where_it_changes(explorer):
    for values, words in (
        ({"degrees": 180}, "a 6 looks like a 9"),
        ({"degrees": -140}, "a 6 looks like a 9"),
        ({"mirror": SIDES}, "nobody writes mirrored digits"),
        ({"picture": "road", "mirror": SIDES}, "steering angle is times"),
        ({"picture": "road", "mirror": UPSIDE}, "No camera in a car"),
        ({"last": MIXUP, "amount": 0.2}, "80 % digit 6, 20 % digit 7"),
    ):
        assert words in explorer.reset().set(**values).description
    for values in ({"degrees": 135}, {"picture": "digit 7", "degrees": 180}, {"picture": "cat", "mirror": SIDES}):
        assert "label" not in explorer.reset().set(**values).description


def test_the_moves_are_told_in_their_order():
    assert moves_in_words(1, 0, 0, 0, TURN_FIRST, NO) == ["nothing is moved"]
    told = moves_in_words(1.5, 20, -1, 0, SHIFT_FIRST, SIDES)
    assert [text.split()[0] for text in told] == ["zoom", "shift", "turn", "mirror"]
    assert [text.split()[0] for text in moves_in_words(1, 20, -1, 0, TURN_FIRST, NO)] == ["turn", "shift"]


def test_all_texts_stay_in_the_picture_at_every_end(explorer):
    longest = {"degrees": -175, "factor": 1.95, "down": -15.5, "right": -15.5, "mirror": UPSIDE, "picture": "road"}
    values = {"delta": -0.95, "contrast": 2.9, "last": NOISE, "amount": 0.45}
    for place in (1, PLACES**2):
        explorer.set(**longest, **values, place=place)
        box = explorer.texts._ink.get_window_extent(explorer.figure.canvas.get_renderer())
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= explorer.size[0] and box.y1 <= explorer.size[1]
        # The lines below the two pictures end before the column of the matrices begins.
        pixels = np.asarray(explorer.figure.canvas.buffer_rgba())[-148:, 543:556, :3]
        assert pixels.min() > 240
