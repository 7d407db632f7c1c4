"""Simulated roads: the geometry of the camera and of steering, and pictures that vary where they should and nowhere else."""

import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.roads import (
    AHEAD,
    BEND,
    CAMERA,
    FOCAL,
    HORIZON,
    KINDS,
    LANE,
    WHEELBASE,
    _band,
    _marks,
    _painted,
    draw_road,
    draw_roads,
    look_down,
    middle,
    road_mask,
    steering_angle,
)

PLACES = [(0.02, 0.0, 0.0), (-0.01, 0.5, 0.0), (0.0, -0.4, 0.03), (0.025, 0.6, -0.05)]


# Steering


def test_straight_on_a_straight_road():
    assert steering_angle(0.0) == 0


def test_in_the_middle_of_the_lane_the_angle_is_that_of_a_circle():
    curvature = np.array([-0.05, -0.01, 0.01, 0.05])
    assert_allclose(np.tan(np.radians(steering_angle(curvature))), WHEELBASE * curvature)
    assert (np.diff(steering_angle(np.linspace(-0.05, 0.05, 21))) > 0).all(), "a sharper bend needs a larger angle"


def test_a_car_that_is_too_far_right_or_turned_right_steers_left():
    assert steering_angle(0, offset=0.5) < 0 < steering_angle(0, offset=-0.5)
    assert steering_angle(0, heading=0.03) < 0 < steering_angle(0, heading=-0.03)
    assert_allclose(steering_angle(0.01, 0.5), np.degrees(np.arctan(2.7 * (0.01 - 2 * 0.5 / 12**2))))


@pytest.mark.parametrize("start", [(0.6, 0.0), (-0.6, 0.05), (0.0, -0.05)])
@pytest.mark.parametrize("curvature", [0.0, 0.02, -0.02])
def test_a_car_steered_by_the_angle_comes_to_the_middle_of_its_lane(curvature, start):
    offset, heading = start
    step = 0.1  # metres
    for _ in range(800):  # a bicycle: its heading turns by tan(angle) / WHEELBASE each metre; the road turns too
        turn = np.tan(np.radians(steering_angle(curvature, offset, heading))) / WHEELBASE
        offset, heading = offset + step * np.sin(heading), heading + step * (turn - curvature)
    assert abs(offset) < 0.02 and abs(heading) < 0.002


@pytest.mark.parametrize(("curvature", "offset", "heading"), PLACES)
def test_the_mirrored_place_has_the_negated_angle(curvature, offset, heading):
    assert steering_angle(-curvature, -offset, -heading) == -steering_angle(curvature, offset, heading)


def test_the_parabola_stays_close_to_the_circle():
    circle = 1 / BEND - np.sqrt(1 / BEND**2 - 20**2)
    assert middle(20, BEND, 0, 0) - circle == pytest.approx(-0.36, abs=0.01)


# The camera


def test_a_pixel_sees_the_place_that_projects_onto_it():
    right, ahead = look_down()
    assert right.shape == (32, 64) and ahead.shape == (32, 1)
    row, column = 25, 40
    assert_allclose(HORIZON + FOCAL * CAMERA / ahead[row, 0], row + 0.5, rtol=1e-5)
    assert_allclose(32 + FOCAL * right[row, column] / ahead[row, 0], column + 0.5, rtol=1e-5)
    assert (np.diff(ahead[11:, 0]) < 0).all(), "lower pixels see nearer places"
    assert_allclose(ahead[31, 0], CAMERA * FOCAL / (31.5 - HORIZON), rtol=1e-6)


def test_a_camera_with_a_higher_horizon_sees_less_far_in_the_same_row():
    horizon = np.array([9.0, 12.0])[:, None, None]
    right, ahead = look_down(horizon)
    assert right.shape == (2, 32, 64) and ahead.shape == (2, 32, 1)
    assert (ahead[0, 13:] < ahead[1, 13:]).all()


def test_a_straight_road_is_symmetric_and_narrows_to_the_middle():
    mask = road_mask(0.0)
    assert mask.shape == (32, 64) and mask.min() == 0 and mask.max() == 1
    assert_array_equal(mask, mask[:, ::-1])
    assert not mask[:10].any(), "no road in the sky"
    widths = mask[11:].sum(axis=1)
    assert (np.diff(widths) >= 0).all()
    row = 18
    assert_allclose(mask[row].sum(), 3 * LANE * (row + 0.5 - HORIZON) / CAMERA, rtol=1e-4)  # FOCAL · width / distance


@pytest.mark.parametrize(("curvature", "offset", "heading"), PLACES)
def test_the_mirrored_road_is_the_mirrored_picture(curvature, offset, heading):
    mask = road_mask(curvature, offset, heading)
    assert_array_equal(road_mask(-curvature, -offset, -heading), mask[:, ::-1])
    assert not np.array_equal(mask, mask[:, ::-1])


def test_the_road_leads_where_the_car_steers():
    row = np.abs(look_down()[1][:, 0] - AHEAD).argmin()
    columns = np.arange(64) + 0.5 - 32
    places = [road_mask(*place)[row] @ columns / road_mask(*place)[row].sum() for place in PLACES]
    angles = [steering_angle(*place) for place in PLACES]
    assert_array_equal(np.sign(places), np.sign(angles))
    assert_array_equal(np.argsort(places), np.argsort(angles))


def test_many_roads_at_once_are_the_same_as_one_by_one():
    place = np.array(PLACES, dtype=np.float32).T[:, :, None, None]
    masks = road_mask(*place)
    assert masks.shape == (4, 32, 64)
    for mask, one in zip(masks, PLACES, strict=True):
        assert_allclose(mask, road_mask(*one), atol=1e-3)


def test_a_band_covers_its_width():
    pixels = np.arange(-5, 5, 0.1) + 0.05
    assert_allclose(_band(pixels, 2.0, 0.1).sum() * 0.1, 2)
    assert_allclose(_band(pixels - 0.03, 0.02, 0.1).sum() * 0.1, 0.02)  # narrower than a pixel


def test_dashes_are_as_long_as_the_gaps():
    assert_allclose(_painted(np.array([0, 1, 2, 3, 4, 5, 40])), [0, 1, 2, 2, 2, 3, 20])
    right, ahead = look_down()
    side = np.full((32, 1), LANE / 2)
    painted = [_marks(side, ahead, start)[25, 0] for start in np.linspace(0, 4, 41)]
    assert max(painted) == pytest.approx(1, abs=1e-4) and min(painted) == 0 and np.mean(painted) == pytest.approx(0.5, abs=0.03)
    far = [_marks(side, ahead, start)[11, 0] for start in np.linspace(0, 4, 41)]
    assert np.ptp(far) < 0.1, "far away the dashes run together"
    assert_array_equal(_marks(side, ahead, 0.0), _marks(-side, ahead, 0.0))


# Pictures


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_and_angles(kind):
    pictures, angles = draw_roads(300, 1, kind)
    assert pictures.shape == (300, 32, 64, 1) and pictures.dtype == np.float32
    assert angles.shape == (300,) and angles.dtype == np.float64
    assert pictures.min() >= 0 and pictures.max() <= 1 and pictures.std() > 0.05
    assert abs(angles.mean()) < 0.08 * np.abs(angles).max(), "left and right are equally frequent"
    assert len({picture.tobytes() for picture in pictures}) == 300


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_pictures(kind):
    first, again, other = draw_roads(4, 7, kind), draw_roads(4, 7, kind), draw_roads(4, 8, kind)
    assert_array_equal(first[0], again[0])
    assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0]) and not np.array_equal(first[1], other[1])


def test_the_kinds_differ_as_they_say():
    pictures, angles = {}, {}
    for kind in KINDS:
        pictures[kind], angles[kind] = draw_roads(200, 2, kind)
    for kind in ("no lane marks", "night"):
        assert_array_equal(angles[kind], angles["training"])
    assert np.abs(angles["sharp bends"]).mean() > 2 * np.abs(angles["training"]).mean()
    assert_array_equal(pictures["sharp bends"][:, :8], pictures["training"][:, :8])  # the same sky
    assert pictures["night"].mean() < 0.3 * pictures["training"].mean()
    assert pictures["night"][:, 14:, 24:40].mean() > 3 * pictures["night"][:, 14:, :8].mean(), "light falls ahead alone"
    at_the_sides = [np.abs(pictures["training"] - pictures["no lane marks"])[:, 20:, columns].mean() for columns in SIDES]
    assert min(at_the_sides) > 0.05, "the track is narrower than the road"
    thin_and_bright = {
        kind: np.mean(ground[:, :, 2:-2] - np.maximum(ground[:, :, :-4], ground[:, :, 4:]) > 0.2)
        for kind, ground in ((kind, pictures[kind][:, 20:, :, 0]) for kind in ("training", "no lane marks"))
    }
    assert thin_and_bright["training"] > 10 * thin_and_bright["no lane marks"], "marks"


SIDES = (slice(4, 16), slice(48, 60))


def test_no_single_pixel_gives_the_angle_away():
    pictures, angles = draw_roads(1000, 3)
    flat = pictures.reshape(1000, -1)
    related = [np.corrcoef(flat[:, pixel], angles)[0, 1] for pixel in range(flat.shape[1])]
    assert np.abs(related).max() < 0.6
    assert abs(np.corrcoef(flat.mean(axis=1), angles)[0, 1]) < 0.1, "nor does the light"


def test_one_thing_can_be_changed_alone():
    left, straight, right = (draw_road(curvature, seed=4) for curvature in (-0.02, 0, 0.02))
    assert left.shape == (32, 64, 1) and left.dtype == np.float32
    assert_array_equal(left[:8], right[:8])
    assert np.abs(left - straight)[12:].mean() > 0.02
    assert_array_equal(draw_road(0.01, 0.2, 0.03, 5), draw_road(0.01, 0.2, 0.03, 5))


def test_a_thousand_pictures_take_about_a_second():
    start = time.perf_counter()
    draw_roads(1000)
    assert time.perf_counter() - start < 3  # about 0.3 s on an idle processor


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: draw_roads(0), "count: expected a whole number of pictures, 1 or more, got 0"),
        (lambda: draw_roads(2.5), r"count: expected a whole number .* got 2\.5"),
        (lambda: draw_roads(True), "count: expected a whole number .* got True"),
        (lambda: draw_roads(1, -1), "seed: expected a whole number, 0 or more, got -1"),
        (lambda: draw_roads(1, None), "seed: expected a whole number, 0 or more, got None"),
        (lambda: draw_roads(1, 0, "snow"), "kind: expected one of training, no lane marks, sharp bends, night, got 'snow'"),
        (lambda: draw_road(0, kind="snow"), "kind: expected one of .* got 'snow'"),
        (lambda: draw_road(float("nan")), "curvature, offset, heading: expected finite numbers, got nan"),
        (lambda: draw_road(0, float("inf")), "curvature, offset, heading: expected finite numbers, got 0, inf"),
        (lambda: draw_road(0, seed=1.5), r"seed: expected a whole number, 0 or more, got 1\.5"),
    ],
)
def test_roads_refuse(call, message):
    with pytest.raises(ValueError, match=message):
        call()
