"""Pictures of roads, as a camera in a car would see them, and how to steer. SIMULATED: nobody drove, there was no camera.

The ground is flat. Every pixel below the horizon looks at one place of the ground, and that place is road, mark or grass.
Lengths are in metres. Right is positive: a bend to the right, a car that is too far right, wheels turned to the right.
"""

from numbers import Integral

import numpy as np

from helpers.data_files import generator

KINDS = ("training", "no lane marks", "sharp bends", "night")

HEIGHT, WIDTH = 32, 64  # pixels
FOCAL = 48.0  # pixels: what lies 1 m to the side at a distance of 1 m is seen 48 pixels beside the middle
HORIZON = 10.5  # pixels below the upper edge; each picture has its own, up to 1.5 pixels higher or lower: the car rocks
CAMERA = 2.0  # how high the camera is, as in a lorry
WHEELBASE = 2.7  # between the front and the rear wheels
AHEAD = 12.0  # the car steers for the middle of its lane at this distance
LANE = 3.0  # the width of a lane. The road has three, in one direction; the car is in the middle one
BEND = 0.025  # the largest curvature in training: a circle with a radius of 1 / 0.025 = 40 m


def draw_roads(count, seed=0, kind="training"):
    """Return SIMULATED pictures (count, 32, 64, 1) float32 from 0 to 1, and steering angles (count,) float64 in degrees.

    Every picture has its own bend, place in the lane, light, colours, shadows and noise. The kinds:

    - "training": by day, three lanes with marks, curvature up to 0.025 (radius 40 m or more);
    - "no lane marks": a track of gravel, narrower, without marks;
    - "sharp bends": as "training", but curvature 0.025 to 0.045 (radius 22 to 40 m);
    - "night": as "training", but the headlights are the only light.

    The same seed gives the same roads in every kind (sharper ones in "sharp bends"): test with another seed than in training.
    The angle is `steering_angle`'s. Raises ValueError for a count below 1, a seed below 0 or an unknown kind.
    """
    if not isinstance(count, Integral) or isinstance(count, bool) or count < 1:
        raise ValueError(f"count: expected a whole number of pictures, 1 or more, got {count!r}")
    rng = generator(seed)
    bend, offset, heading = rng.uniform(-1, 1, (3, count))
    curvature = np.sign(bend) * (BEND + 0.02 * np.abs(bend)) if kind == "sharp bends" else BEND * bend
    place = curvature, 0.6 * offset, np.radians(3) * heading
    return _paint(*place, rng, kind), steering_angle(*place)


def draw_road(curvature, offset=0.0, heading=0.0, seed=0, kind="training"):
    """Return one SIMULATED picture (32, 64, 1) of a road with this place and bend; see `steering_angle` for the three numbers.

    The same seed gives the same light, colours, shadows and noise, so that one thing can be changed alone.
    Raises ValueError for a number that is not finite, a seed below 0 or an unknown kind.
    """
    place = np.array([[curvature], [offset], [heading]], dtype=float)
    if not np.isfinite(place).all():
        raise ValueError(f"curvature, offset, heading: expected finite numbers, got {curvature!r}, {offset!r}, {heading!r}")
    return _paint(*place, generator(seed), kind)[0]


def steering_angle(curvature, offset=0.0, heading=0.0):
    """Return the angle of the front wheels in degrees that brings the car to the middle of its lane, `AHEAD` = 12 m ahead.

        side  = curvature AHEAD² / 2 - offset - heading AHEAD
        angle = arctan(WHEELBASE · 2 side / AHEAD²)

    `side` is how far right of the car's nose that point lies. `curvature` (1/m) is 1 / radius, `offset` (m) is how far right of
    the middle the car is, `heading` (radians) how far it is turned to the right of the road. In the middle of the lane, turned
    along it, the angle is arctan(WHEELBASE · curvature): the one that keeps a car on a circle.
    Source: Coulter 1992, "Implementation of the Pure Pursuit Path Tracking Algorithm", CMU-RI-TR-92-01.
    """
    side = middle(AHEAD, curvature, offset, heading)
    return np.degrees(np.arctan(WHEELBASE * 2 * side / AHEAD**2))


def middle(distance, curvature, offset, heading):
    """Return how far right of the car's nose the middle of the lane lies, `distance` metres ahead.

    A parabola stands for the circle: 20 m ahead, at a radius of 40 m, it is 0.4 m off. sin(heading) is taken as heading.
    """
    return curvature * distance**2 / 2 - offset - heading * distance


def look_down(horizon=HORIZON):
    """Return where the ground lies that a pixel sees: (..., 32, 64) metres right of the nose, (..., 32, 1) metres ahead.

    A pixel `down` pixels below the horizon sees the ground CAMERA · FOCAL / down ahead. At the horizon and above there is none;
    the numbers there stand for a place far away.
    """
    down = np.maximum(_rows() - np.asarray(horizon, dtype=np.float32), 0.05)
    ahead = CAMERA * FOCAL / down
    column = np.arange(WIDTH, dtype=np.float32) + 0.5 - WIDTH / 2
    return ahead * column / FOCAL, ahead


def _rows():
    """Return how far below the upper edge of the picture the middle of each row is, (32, 1)."""
    return np.arange(HEIGHT, dtype=np.float32)[:, None] + 0.5


def road_mask(curvature, offset=0.0, heading=0.0, horizon=HORIZON, width=3 * LANE):
    """Return how much of each pixel is road, (32, 64) from 0 to 1; for arrays (count, 1, 1) it is (count, 32, 64)."""
    right, ahead = look_down(horizon)
    return _band(right - middle(ahead, curvature, offset, heading), width, ahead / FOCAL) * (_rows() > horizon)


def _band(from_middle, width, pixel):
    """Return how much of a pixel, `pixel` metres wide, lies in a band of the ground: 1 inside, 0 outside."""
    inside = np.minimum(from_middle + width / 2, pixel / 2) - np.maximum(from_middle - width / 2, -pixel / 2)
    return np.clip(inside / pixel, 0, 1)


def _marks(side, ahead, start):
    """Return how much of each pixel is white paint: a line near both edges, and two of dashes, 2 m long with gaps of 2 m.

    `side` is how far right of the middle lane the ground lies, `start` the place of the dashes along the road.
    """
    depth = ahead**2 / (CAMERA * FOCAL)  # metres of road, ahead, that one row of pixels covers
    first, last = ahead - depth / 2 + start, ahead + depth / 2 + start
    dashes = (_painted(last) - _painted(first)) / depth
    edges, between = (np.abs(side) - LANE * lanes for lanes in (1.4, 0.5))
    return _band(edges, 0.2, ahead / FOCAL) + dashes * _band(between, 0.2, ahead / FOCAL)


def _painted(along):
    """Return how many metres of dash lie between 0 and this place on a line of dashes."""
    return 2 * np.floor(along / 4) + np.minimum(along % 4, 2)


def _paint(curvature, offset, heading, rng, kind):
    """Return the pictures (count, 32, 64, 1) for arrays (count,); `rng` chooses all else, in the same order for all kinds."""
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
    count = len(curvature)

    def some(low, high):
        return rng.uniform(low, high, (count, 1, 1)).astype(np.float32)

    place = [array.astype(np.float32)[:, None, None] for array in (curvature, offset, heading)]
    horizon = HORIZON + some(-1.5, 1.5)
    right, ahead = look_down(horizon)
    grey, contrast, paint = some(0.25, 0.5), some(0.08, 0.25) * np.sign(some(-0.3, 0.7)), some(0.4, 1)
    marks = paint * _marks(right - middle(ahead, *place), ahead, some(0, 4))
    light, shadows = some(0.7, 1.2), _shadows(right, ahead, some)
    sky, hills = some(0.6, 1), _hills(some)
    grain = rng.standard_normal((2, count, HEIGHT, WIDTH), dtype=np.float32)

    track = kind == "no lane marks"
    road = road_mask(*place, horizon, LANE if track else 3 * LANE)
    ground = grey + contrast * (1 - road) + grain[0] * (0.06 - 0.03 * road)
    if not track:
        ground += (0.9 - ground) * marks
    if kind == "night":
        ground *= 1.3 * np.exp(-((right / ahead / 0.4) ** 2) - ahead / 20) + 0.05
        sky, hills = np.float32(0.06), 0
    else:
        ground *= light * shadows
    picture = np.where(_rows() > horizon, ground, np.where(_rows() > horizon - hills, 0.35 * sky, sky))
    return np.clip(picture + 0.015 * grain[1], 0, 1)[..., None]


def _shadows(right, ahead, some):
    """Return the share of sunlight that reaches the ground: four shadows, such as those of trees, lie across the road."""
    sunlight = np.ones_like(right)
    for _ in range(4):
        near, slope, width, depth, reach = some(4, 20), some(-0.6, 0.6), some(0.5, 2.5), some(-0.4, 0.7), some(-2, 8)
        side = np.where(some(0, 1) < 0.5, right, -right)  # the tree stands on the left or on the right
        dark = _band(ahead - near - slope * right, width, 0.2 + ahead**2 / (CAMERA * FOCAL)) * (side < reach)
        sunlight *= 1 - np.maximum(depth, 0) * dark
    return sunlight


def _hills(some):
    """Return how many rows the hills rise above the horizon, (count, 1, 64): three waves of chance lengths."""
    column = np.arange(WIDTH, dtype=np.float32)
    waves = (some(0, 2) * np.sin(column / some(4, 20) + some(0, 7)) for _ in range(3))
    return np.maximum(sum(waves) + some(0, 3), 0)
