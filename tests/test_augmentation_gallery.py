"""The gallery of draws: it shows what `augment` draws, and repeats its numbers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.explorers.augmentation_gallery import (
    COLUMNS,
    DRAWS,
    GAP,
    NEAR,
    PART,
    PICTURES,
    POLICIES,
    QUANTITIES,
    SEEDS,
    drawn,
    ends_of,
    explore_gallery,
    in_words,
    kept_in_frame,
    mosaic,
    original,
    ranges_of,
    scaled,
)
from helpers.explorers.augmentation_transforms import left_the_frame
from helpers.scratch.augmentation import (
    augment,
    brightness,
    flip,
    noise,
    rotation_matrix,
    shift_matrix,
    transform,
    zoom_matrix,
)

STRENGTHS = [0.0, 0.25, 1.0, 2.5, 4.0]


@pytest.fixture(scope="module")
def opened():
    return explore_gallery()


@pytest.fixture
def explorer(opened):
    return opened.reset()


def matrix_of(found, draw, shape):
    """Return the matrix of one draw, made of those of the lesson."""
    turn, larger = rotation_matrix(found["turn"][draw], *shape), zoom_matrix(found["zoom"][draw], *shape)
    return shift_matrix(found["down"][draw], found["right"][draw]) @ turn @ larger


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("strength", STRENGTHS)
def test_the_pictures_are_those_of_augment(explorer, policy, strength):
    image = original("digit 4")
    explorer.set(picture="digit 4", policy=policy, strength=strength, seed=7)
    ranges, rng = ranges_of(policy, strength), np.random.default_rng(7)
    spread = ranges.pop("noise")
    expected = augment(np.stack([image] * DRAWS), rng, **ranges)
    expected = noise(expected, spread, rng) if spread else expected
    assert_array_equal(explorer.numbers["pictures"], expected)


@pytest.mark.parametrize("policy", ["digits", "faces", "photos"])
@pytest.mark.parametrize("name", ["digit 6", "face", "cat", "road"])
def test_the_repeated_numbers_make_the_same_pictures(policy, name):
    pictures, found = drawn(name, policy, 2.0, 3)
    image = original(name)
    for draw in range(DRAWS):
        moved = transform(image[None], matrix_of(found, draw, image.shape[:2]))
        moved = flip(moved) if found["mirrored"][draw] else moved
        changed = brightness(moved, found["light"][draw]) if "light" in POLICIES[policy] else moved
        assert_allclose(pictures[draw], changed[0], atol=1e-5)
    assert (0 < found["mirrored"].sum() < DRAWS) == ("mirror" in POLICIES[policy])


@pytest.mark.parametrize("policy", ["everything", "values only"])
def test_with_noise_they_agree_but_for_the_noise(policy):
    pictures, found = drawn("digit 3", policy, 1.0, 5)
    image, spread = original("digit 3"), POLICIES[policy]["noise"]
    for draw in range(DRAWS):
        moved = transform(image[None], matrix_of(found, draw, (28, 28)))
        moved = brightness(flip(moved) if found["mirrored"][draw] else moved, found["light"][draw])
        left = pictures[draw] - moved[0]
        assert 0.9 * spread < left.std() < 1.1 * spread and abs(left.mean()) < 0.2 * spread


@pytest.mark.parametrize("name", PICTURES)
def test_what_was_kept_equals_the_count_pixel_by_pixel(name):
    image = original(name)
    weights = image.sum(axis=2, dtype=float)
    for policy in POLICIES:
        found = drawn(name, policy, 3.0, 11)[1]
        for draw in range(DRAWS):
            gone = left_the_frame(matrix_of(found, draw, weights.shape), *weights.shape)
            assert found["kept"][draw] == pytest.approx(weights[~gone].sum() / weights.sum())


def test_a_white_picture_keeps_the_share_of_its_area_and_a_far_one_nothing():
    still = {"zoom": np.ones(3), "turn": np.array([0.0, 0.0, 180.0]), "right": np.zeros(3)}
    kept = kept_in_frame(np.ones((10, 10, 1)), still | {"down": np.array([3.0, 20.0, 0.0])})
    assert_allclose(kept, [0.7, 0, 1])


@pytest.mark.parametrize("policy", POLICIES)
def test_at_strength_0_all_draws_are_the_original_and_the_sentence_says_so(explorer, policy):
    for name in PICTURES:
        explorer.set(picture=name, policy=policy, strength=0.0)
        assert_allclose(explorer.numbers["pictures"], np.stack([original(name)] * DRAWS), atol=1e-6)
        assert "all 24 draws are the same picture" in explorer.description
        assert explorer.controls["seed"].disabled
    assert not explorer.set(strength=0.25).controls["seed"].disabled
    assert "the same picture" not in explorer.description


@pytest.mark.parametrize("policy", POLICIES)
def test_all_numbers_lie_in_their_ranges_and_reach_far(policy):
    for strength in STRENGTHS[1:]:
        ranges = ranges_of(policy, strength)
        found = [drawn("digit 2", policy, strength, seed)[1] for seed in range(4)]
        for place, name in enumerate(QUANTITIES):
            low, high = ends_of(name, ranges)
            values = np.concatenate([each[name] for each in found])
            assert low - 1e-9 <= values.min() and values.max() <= high + 1e-9
            at = np.concatenate([scaled(each, ranges)[place] for each in found])
            assert np.abs(at).max() <= 1 + 1e-9
            assert (at.min() < -0.8 and at.max() > 0.8) == (low < high)


def test_ranges_grow_with_the_strength_and_end_where_more_makes_no_sense():
    once, twice = ranges_of("photos", 1.0), ranges_of("photos", 2.0)
    for name in ("degrees", "pixels", "light"):
        assert once[name] == POLICIES["photos"][name] and twice[name] == 2 * once[name]
    assert twice["factor"] == pytest.approx(once["factor"] ** 2)
    most = ranges_of("everything", 4.0)
    assert most["degrees"] == 180 and most["light"] == 1 and most["mirror"]
    assert ranges_of("everything", 0.0) == {**dict.fromkeys(most, 0), "factor": 1, "mirror": False}


def test_the_ranges_stand_in_the_sentence(explorer):
    explorer.set(policy="photos", strength=2.0)
    ranges = ranges_of("photos", 2.0)
    for text in (
        f"zoom \N{MULTIPLICATION SIGN} {1 / ranges['factor']:.2f} to {ranges['factor']:.2f}",
        f"turn \N{MINUS SIGN}{ranges['degrees']:.1f}\N{DEGREE SIGN} to {ranges['degrees']:.1f}\N{DEGREE SIGN}",
        f"shift by up to {ranges['pixels']:g} pixels",
        f"light \N{MINUS SIGN}{ranges['light']:.2f} to {ranges['light']:.2f}",
        "one chance in two",
    ):
        assert text in explorer.description
    assert "noise" not in explorer.description
    explorer.set(policy="digits")
    assert "light " not in explorer.description and "mirrored or not" not in explorer.description
    explorer.set(policy="values only")
    assert "noise of standard deviation 0.1" in explorer.description and "Nothing moves" in explorer.description


def test_the_losses_in_the_sentence_are_counted(explorer):
    explorer.set(picture="digit 3", policy="digits", strength=4.0)
    kept = explorer.numbers["kept"]
    lost = int((kept < 1 - PART).sum())
    assert 0 < lost < DRAWS
    assert f"In {lost} of {DRAWS} draws more than 1 %" in explorer.description
    assert f"draw {kept.argmin() + 1} kept least: {100 * kept.min():.1f} %" in explorer.description


@pytest.mark.parametrize(("name", "policy"), [("digit 3", "digits"), ("cat", "everything"), ("road", "photos")])
def test_the_sentence_tells_the_numbers_of_the_draw_that_is_looked_at(explorer, name, policy):
    found = explorer.set(picture=name, policy=policy).numbers
    told = set()
    for look in range(1, DRAWS + 1):
        (line,) = [each for each in explorer.set(look=look).description.split("\n") if each.startswith(f"Draw {look}: ")]
        told.add(line.partition(":")[2])
        zoom, turn, down, right, kept = (found[each][look - 1] for each in ("zoom", "turn", "down", "right", "kept"))
        assert f"zoom \N{MULTIPLICATION SIGN} {zoom:.2f}, turned by {turn:.1f} degrees".replace("-", "\N{MINUS SIGN}") in line
        up, left = "up" if round(down, 1) < 0 else "down", "left" if round(right, 1) < 0 else "right"
        assert f"{abs(down):.1f} pixels {up}, {abs(right):.1f} {left}" in line
        assert ("not mirrored" in line) == (not found["mirrored"][look - 1])
        assert ("light" in line) == (policy != "digits")
        assert f"; {round(100 * kept, 1):g} % of its brightness kept." in line
    assert len(told) == DRAWS


def test_what_does_not_move_is_told_as_not_moved(explorer):
    explorer.set(policy="values only", look=3)
    light = in_words("light", explorer.numbers["light"][2])
    assert f"Draw 3: not moved, not mirrored, light {light}; 100 % of its brightness kept." in explorer.description
    explorer.set(strength=0.0)
    assert "Draw 3: not moved, not mirrored; 100 % of its brightness kept." in explorer.description


def test_labels_that_a_policy_spoils_are_counted(explorer):
    found = explorer.set(picture="digit 6", policy="everything").numbers
    over = int(((np.abs(found["turn"]) > NEAR) & ~found["mirrored"]).sum())
    text = f"{over} of {DRAWS} draws are turned by more than {NEAR} degrees and not mirrored, a 9"
    assert over and text in explorer.description
    found = explorer.set(picture="digit 7", policy="faces").numbers
    assert f"{found['mirrored'].sum()} of {DRAWS} draws are mirrored" in explorer.description
    assert "steering angle" in explorer.set(picture="road").description
    for picture, policy in (("digit 6", "digits"), ("face", "faces"), ("cat", "everything"), ("road", "digits")):
        explorer.set(picture=picture, policy=policy)
        assert "label" not in explorer.description and "steering" not in explorer.description


def test_a_button_draws_anew_and_begins_again_after_the_last_seed(explorer):
    first = explorer.numbers["pictures"]
    explorer.button.click()
    assert explorer.values["seed"] == 1 and not np.array_equal(explorer.numbers["pictures"], first)
    explorer.set(seed=SEEDS - 1).button.click()
    assert explorer.values["seed"] == 0
    assert_array_equal(explorer.numbers["pictures"], first)


def test_the_mosaic_has_every_draw_at_its_place():
    pictures = np.random.default_rng(0).random((DRAWS, 5, 7, 3)).astype(np.float32)
    whole = mosaic(pictures)
    for draw, (top, left) in enumerate(
        (5 * r + GAP * (r + 1), 7 * c + GAP * (c + 1)) for r in range(4) for c in range(COLUMNS)
    ):
        assert_array_equal(whole[top : top + 5, left : left + 7], pictures[draw])
    assert whole[:GAP].min() == 1 and whole[:, :GAP].min() == 1
    assert mosaic(pictures[..., :1]).shape == whole.shape[:2]


@pytest.mark.parametrize("name", PICTURES)
def test_the_frame_is_around_the_draw_that_is_looked_at(explorer, name):
    height, width, _ = original(name).shape
    for look in (1, COLUMNS, COLUMNS + 1, DRAWS):
        explorer.set(picture=name, look=look)
        x, y = np.transpose(explorer.frame.get_xydata())[:, :4]
        top, left, bottom, right = (round(each + 0.5) for each in (y.min(), x.min(), y.max(), x.max()))
        pictures = mosaic(explorer.numbers["pictures"])[top:bottom, left:right]
        assert pictures.shape[:2] == (height, width)
        shown = explorer.numbers["pictures"][look - 1]
        assert_array_equal(pictures, shown if shown.shape[2] == 3 else shown[..., 0])


def test_numbers_in_words():
    assert in_words("zoom", 0.5) == "\N{MULTIPLICATION SIGN} 0.50"
    assert in_words("turn", -12.34) == "\N{MINUS SIGN}12.3\N{DEGREE SIGN}"
    assert in_words("down", -0.01) == "0.0 px"
    assert in_words("light", -0.25) == "\N{MINUS SIGN}0.25"


def test_all_texts_stay_in_the_picture(explorer):
    for policy in POLICIES:
        for strength in STRENGTHS:
            explorer.set(policy=policy, strength=strength, look=DRAWS)
            box = explorer.texts._ink.get_window_extent(explorer.figure.canvas.get_renderer())
            assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= explorer.size[0] and box.y1 <= explorer.size[1]
