"""Exercises and predictions of the lesson on data augmentation."""

import numpy as np

from helpers.exercises.exercise import Exercise, Mistake, names_of, run
from helpers.exercises.prediction import Prediction, listed
from helpers.scratch.augmentation import augment, rotation_matrix, shift_matrix, transform, zoom_matrix

# Exercise 1.


def turn_about_centre(degrees, height, width):
    """Return the 3 x 3 matrix that turns a picture about its centre, against the clock for positive degrees.

    A place is (row, column, 1), with row 0 at the top; the matrix says where a place of the old picture goes.
    """
    angle = np.radians(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    down, right = (height - 1) / 2, (width - 1) / 2
    to_corner = np.array([[1, 0, -down], [0, 1, -right], [0, 0, 1]])
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    back = np.array([[1, 0, down], [0, 1, right], [0, 0, 1]])
    return back @ turn @ to_corner


def _turn(degrees):
    return rotation_matrix(degrees, 1, 1)  # a picture of one pixel: about the place (0, 0)


def _turned(centre=lambda pixels: (pixels - 1) / 2, angle=lambda degrees: degrees, swapped=False, product=None):
    """Return a function that differs from the right one in what is given.

    centre(pixels) is the middle of an axis, angle(degrees) the angle. product(back, turn, to_corner) makes one matrix of three.
    """
    product = product or (lambda back, turn, to_corner: back @ turn @ to_corner)

    def matrix(degrees, height, width):
        down, right = (centre(width), centre(height)) if swapped else (centre(height), centre(width))
        return product(shift_matrix(down, right), _turn(angle(degrees)), shift_matrix(-down, -right))

    return matrix


def _with_parts(top, bottom):
    """Return a function whose turn holds top(cos, sin) and bottom(cos, sin) as its first two rows, without the last column."""

    def matrix(degrees, height, width):
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        down, right = (height - 1) / 2, (width - 1) / 2
        turn = np.array([[*top(cos, sin), 0], [*bottom(cos, sin), 0], [0, 0, 1]])
        return shift_matrix(down, right) @ turn @ shift_matrix(-down, -right)

    return matrix


turn_about_centre = Exercise(
    turn_about_centre,
    # Cases are sorted by the size of their numbers: so a quarter of a turn, in whole numbers, comes before odd angles.
    cases=[(0, 3, 3), (90, 3, 3), (90, 3, 5), (120, 4, 6), (-120, 4, 7), (-135, 5, 2), (180, 4, 3)],
    mistakes=[
        Mistake(
            _turned(centre=lambda pixels: 0),
            "You turn about the corner, the place (0, 0). Move the centre there first, turn, and move it back.",
        ),
        Mistake(
            _turned(angle=np.degrees),
            "NumPy's `cos` and `sin` take radians, and yours got degrees. `np.radians(degrees)` makes radians of them.",
        ),
        Mistake(
            _turned(angle=lambda degrees: np.degrees(np.degrees(degrees))),
            "`np.degrees` makes degrees of radians. You need the other way, `np.radians`.",
        ),
        Mistake(
            _turned(angle=lambda degrees: -degrees),
            "You turn with the clock. Rows count downwards here: against the clock, the first row is (cos, -sin, 0) and the "
            "second one (sin, cos, 0).",
        ),
        Mistake(
            _turned(centre=lambda pixels: pixels / 2),
            "Your centre is half a pixel too far down and right. Pixels count from 0: of 3 pixels the middle one is 1, which "
            "is (3 - 1) / 2.",
        ),
        Mistake(
            _turned(centre=lambda pixels: pixels // 2),
            "You rounded the centre to a whole pixel with `//`. Of 4 pixels the middle lies between two, at 1.5: (4 - 1) / 2.",
        ),
        Mistake(
            _turned(centre=lambda pixels: (pixels - 1) // 2),
            "Your centre is right for an odd number of pixels, but `//` rounds it for an even one. Divide with `/`.",
        ),
        Mistake(
            _turned(centre=lambda pixels: (pixels + 1) / 2),
            "Your centre lies one pixel too far down and right: it counts from 1. Pixels count from 0.",
        ),
        Mistake(
            _turned(centre=lambda pixels: pixels - 1),
            "You turn about the last pixel, the lower right corner. The centre is half as far away.",
        ),
        Mistake(
            _turned(product=lambda back, turn, to_corner: to_corner @ turn @ back),
            "Your picture moves the wrong way before it turns. In a product the matrix on the right comes first: "
            "`back @ turn @ to_corner`, and to_corner takes the centre off, with minus.",
        ),
        Mistake(
            _turned(swapped=True),
            "Height and width have changed places. The first number of a place is its row, so it goes with the height.",
        ),
        Mistake(
            lambda degrees, height, width: _turned()(degrees, height, width).T,
            "Your matrix is transposed: rows and columns have changed places. The last row of such a matrix is (0, 0, 1).",
        ),
        Mistake(
            _turned(swapped=True, angle=lambda degrees: -degrees),
            "Your matrix is right for places (column, row, 1). Here a place is (row, column, 1).",
        ),
        Mistake(
            _turned(product=lambda back, turn, to_corner: turn @ to_corner),
            "You move the centre to the place (0, 0) and turn, but you do not move it back.",
        ),
        Mistake(
            _turned(product=lambda back, turn, to_corner: back @ turn),
            "You turn about the corner and then shift. Before the turn the centre has to be moved to the place (0, 0).",
        ),
        Mistake(
            _turned(product=lambda back, turn, to_corner: back * turn * to_corner),
            "`*` multiplies number by number. The product of matrices is `@`.",
        ),
        Mistake(
            lambda degrees, height, width: _turn(degrees)[:2, :2],
            "That is the turn alone, 2 x 2, about the place (0, 0). The third column, for shifting, makes it one about the "
            "centre, and the last row is (0, 0, 1).",
        ),
        Mistake(
            lambda degrees, height, width: _turned()(degrees, height, width)[:2],
            "The numbers are right, but the last row (0, 0, 1) is missing. Without it matrices cannot be multiplied on.",
        ),
        Mistake(
            _with_parts(lambda cos, sin: (cos, sin), lambda cos, sin: (sin, cos)),
            "Both your `sin` have the sign plus, so the picture is squeezed and not turned. The one in the first row has a "
            "minus.",
        ),
        Mistake(
            _with_parts(lambda cos, sin: (sin, -cos), lambda cos, sin: (cos, sin)),
            "`sin` and `cos` have changed places. For 0 degrees nothing may move, and cos(0) is 1.",
        ),
    ],
    hints=[
        "The plain turn, with the rows (cos, -sin, 0), (sin, cos, 0) and (0, 0, 1), turns about the place (0, 0), the upper "
        "left pixel. What would have to lie there?",
        "Three matrices: move the centre, ((height - 1) / 2, (width - 1) / 2), to the place (0, 0); turn; move it back.",
        "A shift is [[1, 0, down], [0, 1, right], [0, 0, 1]]. `back @ turn @ to_corner` does to_corner first.",
    ],
)

# Exercise 2.


def bilinear(image, row, column):
    """Return the value of a picture at a place between pixels, where everything outside the picture is 0.

    image: array (height, width). row, column: numbers, which may be fractions or lie outside.
    """

    def pixel(row, column):
        inside = 0 <= row < image.shape[0] and 0 <= column < image.shape[1]
        return image[row, column] if inside else 0.0

    top, left = int(np.floor(row)), int(np.floor(column))
    lower, righter = row - top, column - left
    above = (1 - righter) * pixel(top, left) + righter * pixel(top, left + 1)
    below = (1 - righter) * pixel(top + 1, left) + righter * pixel(top + 1, left + 1)
    return (1 - lower) * above + lower * below


def _or_zero(image, row, column):
    return image[row, column] if 0 <= row < image.shape[0] and 0 <= column < image.shape[1] else 0.0


def _nearest_inside(image, row, column):
    return image[min(max(row, 0), image.shape[0] - 1), min(max(column, 0), image.shape[1] - 1)]


def _checked_below(image, row, column):
    return image[row, column] if row < image.shape[0] and column < image.shape[1] else 0.0


def _mixed(weights=lambda lower, righter: (lower, righter), pixel=_or_zero, whole=np.floor):
    """Return a function that differs from the right one in what is given.

    weights(lower, righter) are those of the row below and of the column to the right. pixel(image, row, column) is a value.
    whole(number) leads from a place to the neighbour above or to the left.
    """

    def sample(image, row, column):
        top, left = int(whole(row)), int(whole(column))
        lower, righter = weights(row - top, column - left)
        above = (1 - righter) * pixel(image, top, left) + righter * pixel(image, top, left + 1)
        below = (1 - righter) * pixel(image, top + 1, left) + righter * pixel(image, top + 1, left + 1)
        return (1 - lower) * above + lower * below

    return sample


def _zero_unless(inside):
    """Return a function that gives 0 unless inside(place, pixels) holds on both axes."""
    right = _mixed()
    return lambda image, row, column: (
        right(image, row, column) if inside(row, image.shape[0]) and inside(column, image.shape[1]) else 0.0
    )


SMALL = np.array([[4.0, 8.0], [24.0, 20.0]])
LARGE = np.array([[4.0, 20.0, 12.0, 32.0], [16.0, 8.0, 40.0, 24.0], [36.0, 28.0, 44.0, 60.0]])

bilinear = Exercise(
    bilinear,
    # No place lies in the middle of two pixels: there the nearest one would be a matter of rounding. And none lies by more than
    # half a pixel above the picture, where `int(row + 0.5)` and `round(row)` differ.
    cases=[
        (SMALL, 0.25, 0.25),
        (SMALL, 0.25, 0.875),
        (SMALL, 1, 1),
        (SMALL, 1, 0.25),
        (SMALL, 0.75, 1),
        (SMALL, -0.25, 0.75),
        (SMALL, 1.25, 0.75),
        (SMALL, 0.75, -0.375),
        (SMALL, 0.625, 4.25),
        (LARGE, 0, 2),
        (LARGE, 1.75, 2.25),
        (LARGE, 1.125, 3.25),
        (LARGE, 2, 0.375),
    ],
    mistakes=[
        Mistake(
            _mixed(lambda lower, righter: (round(lower), round(righter))),
            "You take the nearest pixel. A place between pixels gets a bit of all four neighbours: more of the nearer ones.",
        ),
        Mistake(
            _mixed(lambda lower, righter: (righter, lower)),
            "Two weights have changed places: what is left of the row, `row - top`, mixes above and below; what is left of the "
            "column mixes left and right.",
        ),
        Mistake(
            _mixed(lambda lower, righter: (1 - lower, 1 - righter)),
            "Your weights are the wrong way round: a pixel that is near must count more, not less. A place a quarter of a "
            "pixel below a row takes 0.75 of that row.",
        ),
        Mistake(
            _mixed(lambda lower, righter: (1 - lower, righter)),
            "Above and below have changed places: the weight of the row below is `row - top`.",
        ),
        Mistake(
            _mixed(lambda lower, righter: (lower, 1 - righter)),
            "Left and right have changed places: the weight of the column to the right is `column - left`.",
        ),
        Mistake(
            _mixed(lambda lower, righter: (0.5, 0.5)),
            "You take the mean of the four neighbours. Nearer ones have to count more.",
        ),
        Mistake(
            _mixed(lambda lower, righter: (0, 0)),
            "You take the pixel above and to the left, whatever comes after the point. The other three neighbours count too.",
        ),
        Mistake(
            _mixed(lambda lower, righter: (1, 1)),
            "You take the pixel below and to the right. All four neighbours count.",
        ),
        Mistake(
            _mixed(lambda lower, righter: (0, righter)),
            "You mix left and right, but not above and below.",
        ),
        Mistake(
            _mixed(lambda lower, righter: (lower, 0)),
            "You mix above and below, but not left and right.",
        ),
        Mistake(
            _mixed(pixel=_nearest_inside),
            "Outside the picture you go on with the pixel at the edge. Asked for is 0 there.",
        ),
        Mistake(
            _mixed(pixel=lambda image, row, column: image[row % image.shape[0], column % image.shape[1]]),
            "Beyond the edge you go on at the opposite one, by `%`. Asked for is 0 there.",
        ),
        Mistake(
            _mixed(pixel=_checked_below),
            "Below and to the right you look whether a neighbour is inside, but not above and to the left: there NumPy takes "
            "-1 for the last row or column.",
        ),
        Mistake(
            _mixed(pixel=lambda image, row, column: image[row, column]),
            "You do not look whether the neighbours are inside. Beyond the last row NumPy stops with an error, and -1 is the "
            "last row to it.",
        ),
        Mistake(
            _zero_unless(lambda place, pixels: 0 <= place <= pixels - 1),
            "You return 0 for every place outside. Less than a pixel outside, the pixels at the edge still count: only the "
            "neighbours outside are 0.",
        ),
        Mistake(
            _zero_unless(lambda place, pixels: 0 <= np.floor(place) < pixels - 1),
            "You return 0 as soon as one of the four neighbours is outside, so the last row and column are lost. Only that "
            "neighbour is 0.",
        ),
        Mistake(
            lambda image, row, column: _mixed()(image.T, row, column),
            "Row and column have changed places: it is `image[row, column]`, not `image[x, y]`.",
        ),
        Mistake(
            _mixed(whole=np.trunc),
            "`int(-0.25)` is 0: it cuts off what comes after the point. The neighbour above is -1: `np.floor` rounds down.",
        ),
        Mistake(
            lambda image, row, column: round(float(_mixed()(image, row, column))),
            "You round to a whole number. Brightness may be a fraction, and in most pictures it lies between 0 and 1.",
        ),
    ],
    hints=[
        "Which four pixels are around the place? `np.floor` leads to the one above and to the left, also for negative numbers.",
        "Mix left and right in the row above, then in the row below, then mix the two. If `column - left` is 0.25, the pixel "
        "to the right counts 0.25 and the one to the left 0.75.",
        "Write a small function pixel(row, column) that returns `image[row, column]` if both are inside and else 0, and use it "
        "for all four neighbours.",
    ],
)

# Exercise 3.

TRANSFORMS = ("mirror", "upside down", "turn 15", "turn 180", "shift 10 %", "zoom 20 %", "brightness 0.3", "noise 0.1")

# What must not be chosen, and why. What is not named here is accepted, also the zoom of a road: it makes the bend seem a little
# sharper or gentler, and one may argue how much of that does no harm.
FORBIDDEN = {
    "digits": {
        "mirror": "a mirrored 2 is no digit",
        "upside down": "a 2 upside down is no digit, or nearly a 5",
        "turn 180": "a 6 becomes a 9, and the label still says 6",
    },
    "faces": {
        "upside down": "still a face, but in upright photos such a picture will never be met",
        "turn 180": "still a face, but standing on its head, which in upright photos will never be met",
    },
    "roads": {
        "mirror": "a bend to the left becomes one to the right, and the angle still says left",
        "upside down": "the road hangs from the sky: it will never be met, and no angle fits",
        "turn 15": "the road leads elsewhere, as if the camera hung askew, but the angle stays",
        "turn 180": "the road hangs from the sky, and its bend points to the other side",
        "shift 10 %": "the car is further to the side and has to steer back, but the angle stays",
    },
}
VALUES_ONLY = ("brightness 0.3", "noise 0.1")  # all others move the picture
TO_BE_MOVED = ("digits", "faces")  # at least one of their transforms has to move the picture; for roads, hardly any may
NOTHING_WRONG = "nothing to mend"


def choose_policy(data):
    """Return a list of at least two transforms that keep the label and give pictures that may be met.

    For digits and faces at least one of them moves the picture: the mirror, a turn, a shift or a zoom.
    data: "digits" (which one is it?), "faces" (is it a face? photos are upright) or "roads" (the steering angle). The label of
    a new picture is that of the old one.
    """
    light = ["brightness 0.3", "noise 0.1"]
    if data == "digits":
        return ["turn 15", "shift 10 %", "zoom 20 %", *light]
    if data == "faces":
        return ["mirror", "turn 15", "shift 10 %", "zoom 20 %", *light]
    return light


def _to_mend(value, data):
    """Return what is judged, a sentence: what is to be mended in the answer, or that there is nothing."""
    names = names_of(value, TRANSFORMS)
    chosen = set(names)
    harm = [f"{name}: {reason}" for name, reason in FORBIDDEN[data].items() if name in chosen]
    harmless = chosen - FORBIDDEN[data].keys()
    if harm:
        # How many are left is told only where none is: one of two that was wrong is one mistake, and not two.
        none_left = "" if harmless else " That leaves none: name at least two others."
        return f"For {data}, leave out {'; '.join(harm)}.{none_left}"
    if not names:
        return f"For {data}, you named none: name at least two."
    if len(chosen) == 1:
        if len(names) > 1:
            often = "twice" if len(names) == 2 else f"{len(names)} times"
            return f"For {data}, you named {names[0]} {often}: name two different ones."
        return f"For {data}, you named only one transform: name at least two."
    if data in TO_BE_MOVED and harmless <= set(VALUES_ONLY):
        return f"For {data}, none of your transforms moves the picture: add one that does, and keeps the label."
    return NOTHING_WRONG


class _Sentences(Exercise):
    """An exercise whose effect returns a sentence for the learner: what is to be mended comes first, for each call."""

    def judge(self, attempt):
        """Return the `Result` of an attempt without showing it."""
        result = super().judge(attempt)
        if result.state != "wrong" or not callable(attempt):
            return result
        outcomes = [run(attempt, case, self.effect) for case in self.cases]
        if any(outcome.error or outcome.judged is None for outcome in outcomes):  # something else than an answer
            return result
        told = [outcome.judged for outcome in outcomes if outcome.judged != NOTHING_WRONG]
        blocks = [result.mistake.sentence] if result.mistake else []
        blocks.append(told if len(told) > 1 else told[0])
        blocks.append(f"Calls that give the right answer: {len(outcomes) - len(told)} of {len(outcomes)}.")
        return self._result("wrong", *blocks, mistake=result.mistake)


def _policy(**more):
    """Return a function whose policies are right, but with more transforms for some data: data = list of names."""
    right = choose_policy  # now: further down the name is that of the exercise
    return lambda data: [*right(data), *more.get(data, [])]


choose_policy = _Sentences(
    choose_policy,
    cases=[("digits",), ("faces",), ("roads",)],
    mistakes=[
        Mistake(
            lambda data: list(TRANSFORMS),
            "You take all of them, for all data. More is better only among transforms that keep the label.",
        ),
        Mistake(
            lambda data: [],
            "You take none. That harms nothing, and helps nothing: choose at least two that keep the label.",
        ),
        Mistake(
            lambda data: ["noise 0.1"],
            "You take one that does no harm. More kinds of change can be had: choose at least two for each.",
        ),
        Mistake(
            lambda data: list(VALUES_ONLY),
            "You change only the values of the pixels, for all data. For roads that is right. Digits and faces may also be "
            "moved: add at least one transform for each that moves the picture and keeps the label.",
        ),
        Mistake(
            lambda data: list(FORBIDDEN[data]),
            "You return those that have to be left out. Asked for are the others.",
        ),
        Mistake(
            _policy(digits=["mirror"], roads=["mirror"]),
            "You mirror everything. That is right for faces: but a mirrored 2 is no digit, and a bend to the left becomes one "
            "to the right while the angle still says left.",
        ),
        Mistake(
            lambda data: ["turn 15", "shift 10 %", "zoom 20 %"],
            "You take for roads what fits digits and faces. The label of a road is a direction: who turns or shifts the "
            "picture changes it.",
        ),
        Mistake(
            lambda data: ["mirror", "turn 15", "shift 10 %", "zoom 20 %"],
            "You take for all what fits faces. A mirrored 2 is no digit, and who mirrors, turns or shifts a road changes where "
            "it leads.",
        ),
        Mistake(
            _policy(digits=["mirror"]),
            "A mirrored 2 is no digit: take the mirror out for digits.",
        ),
        Mistake(
            _policy(digits=["turn 180"]),
            "Turned by 180 degrees, a 6 becomes a 9, and the label still says 6. Small turns are another matter.",
        ),
        Mistake(
            _policy(digits=["upside down"]),
            "A 2 upside down is no digit, or nearly a 5: take that out for digits.",
        ),
        Mistake(
            _policy(digits=["mirror", "upside down"]),
            "Mirror pictures of most digits, left and right or top and bottom, are no digits.",
        ),
        Mistake(
            _policy(digits=list(FORBIDDEN["digits"])),
            "For faces and roads you left out what does harm. For digits too there are three that do: nobody writes a 2 in a "
            "mirror or upside down, and a 6 on its head is a 9.",
        ),
        Mistake(
            _policy(faces=["upside down"]),
            "A face upside down is still a face, but in upright photos it will never be met: the network learns for nothing.",
        ),
        Mistake(
            _policy(faces=["turn 180"]),
            "A face turned by 180 degrees is still a face, but photos are upright: such a picture will never be met.",
        ),
        Mistake(
            _policy(faces=["upside down", "turn 180"]),
            "Faces on their heads are still faces, but photos are upright: take out both ways to get them.",
        ),
        Mistake(
            _policy(roads=["mirror"]),
            "On a mirrored road a bend to the left becomes one to the right, and the angle still says left. It would be right "
            "if the sign of the angle changed too; here the label stays.",
        ),
        Mistake(
            _policy(roads=["shift 10 %"]),
            "A road shifted to the side is the view of a car that has to steer back, but the angle stays.",
        ),
        Mistake(
            _policy(roads=["turn 15"]),
            "A road turned by 15 degrees leads elsewhere, but the angle stays.",
        ),
        Mistake(
            _policy(roads=["mirror", "shift 10 %"]),
            "Mirrored or shifted to the side, a road asks for another angle, but the label stays.",
        ),
        Mistake(
            _policy(roads=["mirror", "turn 15", "shift 10 %"]),
            "Digits and faces are right. The label of a road is a direction: whatever moves left and right changes it.",
        ),
    ],
    hints=[
        "Show the new picture to somebody who does not know the old one. Would the answer be the same as the old label?",
        "And could a camera, or a hand, ever make such a picture? Digits: think of 2, 6 and 9. Roads: the label is a "
        "direction.",
        "Roads are the strictest: `brightness 0.3` and `noise 0.1` leave every place where it was. Digits and faces need one "
        "that moves the picture: for digits, small turns and shifts do no harm; for faces, nor does the mirror.",
    ],
    effect=_to_mend,
)

# Exercise 4.


def breaks_label(transforms, pictures, label):
    """Return a list of the names of those transforms that change the label of at least one picture.

    transforms: dictionary from a name to a function (picture) that returns the new picture. pictures: array (pictures, height,
    width). label: function (picture) that returns the picture's label by a rule.
    """
    names = []
    for name, change in transforms.items():
        if any(label(change(picture)) != label(picture) for picture in pictures):
            names.append(name)
    return names


# The transforms and rules of the cases. Each takes one picture (height, width).


def mirror(picture):
    """Return the picture with left and right exchanged."""
    return picture[:, ::-1].copy()


def upside_down(picture):
    """Return the picture with top and bottom exchanged."""
    return picture[::-1].copy()


def turn_180(picture):
    """Return the picture turned by half a turn."""
    return picture[::-1, ::-1].copy()


def shift_right(picture):
    """Return the picture moved right by one pixel; what comes in is dark, what goes out is lost."""
    moved = np.zeros_like(picture)
    moved[..., 1:] = picture[..., :-1]
    return moved


def brighter(picture):
    """Return the picture brighter by 0.3, at most 1."""
    return np.minimum(picture + 0.3, 1)


def darker(picture):
    """Return the picture darker by 0.3, at least 0."""
    return np.maximum(picture - 0.3, 0)


def brighter_side(picture):
    """Return "left" or "right", the side that holds more light, or "neither"."""
    half = picture.shape[1] // 2
    balance = round(float(picture[:, -half:].sum() - picture[:, :half].sum()), 9)
    return "right" if balance > 0 else "left" if balance < 0 else "neither"


def bright_dots(picture):
    """Return how many pixels are brighter than 0.5."""
    return int((picture > 0.5).sum())


def arrow(picture):
    """Return where an arrow points, "left", "right", "up" or "down": its tip has more bright pixels than its end."""
    lit, half = picture > 0.5, picture.shape[0] // 2
    right, down = int(lit[:, -half:].sum() - lit[:, :half].sum()), int(lit[-half:].sum() - lit[:half].sum())
    if abs(right) >= abs(down):
        return "right" if right > 0 else "left"
    return "down" if down > 0 else "up"


RIGHT = np.array([[0, 0, 0, 0.9, 0], [0, 0, 0, 0, 0.9], [0.9] * 5, [0, 0, 0, 0, 0.9], [0, 0, 0, 0.9, 0]])
DOTS = np.zeros((3, 3, 3))
DOTS[0, 0, 0], DOTS[0, 1, 1] = 0.9, 0.7
DOTS[1, 0, 0], DOTS[1, 1, 2], DOTS[1, 2, 1] = 0.9, 0.9, 1.0
DOTS[2, 0, 1], DOTS[2, 2, 0] = 0.9, 0.4
SIDES = np.array([[[0.1, 0.0, 0.2], [0.0, 0.9, 0.8]]])
PAIR = np.stack([SIDES[0], mirror(SIDES[0])])


def _names_of(value, transforms, pictures, label):
    """Return what is judged: the names, sorted, since their order does not matter; a name that comes twice stays twice."""
    return sorted(names_of(value, transforms))


def _those(breaks):
    """Return a function that returns the names of those transforms for which breaks(change, pictures, label) holds."""
    return lambda transforms, pictures, label: [name for name, change in transforms.items() if breaks(change, pictures, label)]


def _changes(change, picture, label):
    return label(change(picture)) != label(picture)


def _one_after_the_other(transforms, pictures, label):
    """Return the names, but from a set of pictures that every transform changes further."""
    names, moved = [], list(pictures)
    for name, change in transforms.items():
        moved = [change(picture) for picture in moved]
        if any(label(new) != label(old) for new, old in zip(moved, pictures, strict=True)):
            names.append(name)
    return names


breaks_label = Exercise(
    breaks_label,
    cases=[
        ({"mirror": mirror}, SIDES, brighter_side),
        ({"upside down": upside_down, "turn 180": turn_180}, SIDES, brighter_side),
        ({"upside down": upside_down, "brighter": brighter}, PAIR, brighter_side),
        ({"mirror": mirror, "shift right": shift_right, "brighter": brighter}, PAIR, brighter_side),
        ({"upside down": upside_down, "mirror": mirror}, RIGHT[None], arrow),
        ({"darker": darker, "mirror": mirror, "shift right": shift_right, "brighter": brighter}, DOTS, bright_dots),
        (
            {"mirror": mirror, "darker": darker, "upside down": upside_down, "brighter": brighter, "turn 180": turn_180},
            np.stack([RIGHT, RIGHT.T, mirror(RIGHT), upside_down(RIGHT.T), RIGHT]),
            arrow,
        ),
    ],
    mistakes=[
        Mistake(
            _those(lambda change, pictures, label: any(not np.array_equal(change(p), p) for p in pictures)),
            "You compare the pictures. Every transform makes another picture, as it should: compare the labels, "
            "`label(change(picture))` and `label(picture)`.",
        ),
        Mistake(
            _those(lambda change, pictures, label: _changes(change, pictures[0], label)),
            "You look at the first picture only. A transform may keep its label and break another one's.",
        ),
        Mistake(
            _those(lambda change, pictures, label: _changes(change, pictures[-1], label)),
            "Only the last picture counts with you: does your loop overwrite what it found before?",
        ),
        Mistake(
            _those(lambda change, pictures, label: not any(_changes(change, p, label) for p in pictures)),
            "You return those that keep all labels. Asked for are the others, those that break one.",
        ),
        Mistake(
            _those(lambda change, pictures, label: any(not _changes(change, p, label) for p in pictures)),
            "You compare with `==`, so you find transforms that keep a label. Asked for are those that change one: `!=`.",
        ),
        Mistake(
            _those(lambda change, pictures, label: all(_changes(change, p, label) for p in pictures)),
            "You ask for transforms that change the label of all pictures. One broken label is enough: `any`, not `all`.",
        ),
        Mistake(
            _those(lambda change, pictures, label: any(label(change(p)) != label(pictures[0]) for p in pictures)),
            "You compare each new picture with the label of the first one. It has to be the label of the picture it was made "
            "from.",
        ),
        Mistake(
            _those(lambda change, pictures, label: any(label(change(p)) != label(pictures[-1]) for p in pictures)),
            "You compare each new picture with the label of the last one. It has to be the label of the picture it was made "
            "from.",
        ),
        Mistake(
            _those(lambda change, pictures, label: {label(change(p)) for p in pictures} != {label(p) for p in pictures}),
            "You compare which labels there are before and after. If a left becomes right and a right becomes left, the set "
            "stays the same, and both labels are broken: compare picture by picture.",
        ),
        Mistake(
            _those(lambda change, pictures, label: sorted(label(change(p)) for p in pictures) != sorted(map(label, pictures))),
            "You compare how many pictures have each label. If a left becomes right and a right becomes left, the numbers "
            "stay, and both labels are broken: compare picture by picture.",
        ),
        Mistake(
            _those(lambda change, pictures, label: label(change(pictures)) != label(pictures)),
            "You hand over all pictures at once. Transforms and label take one picture: loop over them.",
        ),
        Mistake(
            _one_after_the_other,
            "Your transforms act one on top of the other. Each has to begin with the old picture: do not store the new one "
            "under the old name.",
        ),
        Mistake(
            lambda transforms, pictures, label: [
                name for name, change in transforms.items() for picture in pictures if _changes(change, picture, label)
            ],
            "A name comes once for each picture whose label breaks. Name each transform once.",
        ),
        Mistake(
            lambda transforms, pictures, label: breaks_label.reference(transforms, pictures, label)[:1],
            "You stop at the first transform that breaks a label. There may be more: does your `return` stand inside the loop?",
        ),
        Mistake(
            lambda transforms, pictures, label: [],
            "With you nothing ever breaks. Do you compare the label after the transform with the label before?",
        ),
        Mistake(
            lambda transforms, pictures, label: list(transforms),
            "With you every transform breaks a label. Some do not: compare the labels, not the pictures.",
        ),
    ],
    hints=[
        "Two loops: over the transforms, and in it over the pictures. What has to be the same before and after?",
        "`label(change(picture)) != label(picture)` says that this transform breaks the label of this picture. One such "
        "picture is enough.",
        "`for name, change in transforms.items():`, and in it `if any(label(change(p)) != label(p) for p in pictures):`, then "
        "append the name.",
    ],
    effect=_names_of,
)

# The predictions.

SEEDS = (0, 1, 2)


FRAME, DOT, STEP = 9, (4, 5), 3  # pixels of each side, where the bright pixel is, how far it is shifted
SAME_PLACE, TURN_FIRST, EXCHANGED, OUTSIDE = (
    "both at row 3, column 7",
    "A: row 3, column 7. B: row 0, column 4",
    "A: row 0, column 4. B: row 3, column 7",
    "A: row 3, column 7. B: outside the picture",
)


def _where(matrix):
    """Return the place (row, column) of the bright pixel after a move, or None if it is outside."""
    picture = np.zeros((1, FRAME, FRAME, 1))
    picture[0, *DOT, 0] = 1
    moved = transform(picture, matrix)[0, :, :, 0]
    return tuple(map(int, np.unravel_index(moved.argmax(), moved.shape))) if moved.max() > 0.99 else None


def _which_places(first, second):
    """Return as an option where the pixel ends in A and in B, or the places where it is none."""
    named = {
        ((3, 7), (3, 7)): SAME_PLACE,
        ((3, 7), (0, 4)): TURN_FIRST,
        ((0, 4), (3, 7)): EXCHANGED,
        ((3, 7), None): OUTSIDE,
    }
    return named.get((first, second), f"A: {first}. B: {second}")


def _apart(one, other):
    """Return how far apart, in pixels, the bright pixel ends after one move and after the other and the reverse order."""
    there, back = other @ one @ [*DOT, 1], one @ other @ [*DOT, 1]
    return float(np.hypot(*(there - back)[:2]))


def _order_matters():
    turn, shift = rotation_matrix(90, FRAME, FRAME), shift_matrix(0, STEP)
    found = {"places": (_where(shift @ turn), _where(turn @ shift)), "apart": _apart(turn, shift)}
    found["random"] = []
    for rng in map(np.random.default_rng, SEEDS):
        draws = [
            (rotation_matrix(rng.uniform(-15, 15), FRAME, FRAME), shift_matrix(*rng.uniform(-2, 2, 2))) for _ in range(500)
        ]
        found["random"].append(np.mean([_apart(*draw) for draw in draws]))
    found["two shifts"] = _apart(shift_matrix(2, -1), shift)
    found["turn and zoom"] = _apart(turn, zoom_matrix(1.3, FRAME, FRAME))
    return _which_places(*found["places"]), found


order_matters = Prediction(
    f"A black picture of {FRAME} x {FRAME} pixels, rows and columns counted from 0, with one bright pixel at row {DOT[0]}, "
    f"column {DOT[1]}: just right of the centre (4, 4). A: turn the picture by 90 degrees against the clock about its centre, "
    f"then shift it {STEP} pixels to the right. B: the shift first, then the turn. Where is the bright pixel in the end?",
    [SAME_PLACE, TURN_FIRST, EXCHANGED, OUTSIDE],
    _order_matters,
    lambda found: (
        f"A ends at {found['places'][0]}, B at {found['places'][1]}: {found['apart']:.2f} pixels apart. The turn is about the "
        "centre of the frame and turns everything before it, the shift as well: in B, right has become up. So the product of "
        "two matrices depends on their order, `shift @ turn` (turn first) is not `turn @ shift`. With the small moves of a "
        "policy (up to 15 degrees and 2 pixels, drawn at random, three seeds) the two orders end on average "
        f"{listed(found['random'])} pixels apart. There are moves whose order does not matter: two shifts "
        f"({found['two shifts']:.2f} pixels apart), or a turn and a zoom about the same centre ({found['turn and zoom']:.2f})."
    ),
)

LETTERS = {
    "F": ["#####", "#....", "#....", "####.", "#....", "#....", "#...."],
    "L": ["#....", "#....", "#....", "#....", "#....", "#....", "#####"],
    "Z": ["#####", "....#", "...#.", "..#..", ".#...", "#....", "#####"],
}
MARGIN = 12  # pixels around a letter: neither its corners nor its blur reach the edge of the picture
TURN = 15  # degrees


def _letter(name):
    """Return a letter of lines one pixel wide as a picture (1, height, width, 1), white on black."""
    ink = np.array([[mark == "#" for mark in line] for line in LETTERS[name]], float)
    # One row and column more at the end: so the centre lies between pixels. A pixel in the very centre would never move, and
    # stay sharp.
    return np.pad(ink, (MARGIN, MARGIN + 1))[None, :, :, None]


def _turned_again(image, degrees, times):
    """Return the picture after so many turns, each of the picture that came before."""
    for _ in range(times):
        image = transform(image, rotation_matrix(degrees, *image.shape[1:3]))
    return image


def _turned_once(image, degrees, times):
    """Return the picture after one move, by the product of so many turns."""
    matrix = np.linalg.matrix_power(rotation_matrix(degrees, *image.shape[1:3]), times)
    return transform(image, matrix)


def _contrast(image):
    """Return how sharp a picture is: the mean squared difference of neighbours."""
    return np.mean(np.diff(image, axis=1) ** 2) + np.mean(np.diff(image, axis=2) ** 2)


def _best_angle(image, old):
    """Return by how many degrees the old picture has to be turned to be most like this one."""
    angles = range(-45, 46, 5)
    return max(angles, key=lambda angle: np.sum(_turned_once(old, angle, 1) * image))


def _after_turns(degrees, times, turned=_turned_again):
    """Compare letters before and after so many turns: largest difference, peak, light, sharpness and angle for each."""
    found = {"difference": [], "peak": [], "light": [], "sharp": [], "angle": []}
    for name in LETTERS:
        old = _letter(name)
        new = turned(old, degrees, times)
        found["difference"].append(np.abs(new - old).max())
        found["peak"].append(new.max())
        found["light"].append(new.sum() / old.sum())
        found["sharp"].append(_contrast(new) / _contrast(old))
        found["angle"].append(_best_angle(new, old))
    return found


AS_BEFORE, BLURRED, AWRY, DARK = (
    "the letter as it was, pixel for pixel",
    "upright, but blurred: no pixel even half as bright",
    "as sharp as before, but awry: errors add up",
    "sharp and upright, but darker altogether",
)


def _which_turned(found):
    """Return as an option what became of the letters, where all agree; or the numbers."""
    upright = all(angle == 0 for angle in found["angle"])
    sharp, bright = min(found["sharp"]) > 0.8, min(found["light"]) > 0.95
    if max(found["difference"]) < 1e-9:
        return AS_BEFORE
    if upright and bright and max(found["sharp"]) < 0.5 and max(found["peak"]) < 0.5:
        return BLURRED
    if sharp and not upright:
        return AWRY
    # As sharp as its light allows: differences of neighbours shrink by the square of the factor.
    relative = [sharp / light**2 for sharp, light in zip(found["sharp"], found["light"], strict=True)]
    return DARK if upright and max(found["light"]) < 0.9 and min(relative) > 0.8 else f"{found}"


def _turned_twice():
    times = 360 // TURN
    found = _after_turns(TURN, times)
    found["once"] = max(_after_turns(TURN, times, _turned_once)["difference"])
    found["two"] = _after_turns(TURN, 2)["sharp"]
    found["one"] = _after_turns(2 * TURN, 1)["sharp"]
    found["quarters"] = max(_after_turns(90, 4)["difference"])
    return _which_turned(found), found


turned_twice = Prediction(
    "A letter in lines one pixel wide, white (1) on black (0), in the middle of a large picture. The picture is turned by "
    f"{TURN} degrees about its centre; the new picture is turned by {TURN} degrees again, and so on, {360 // TURN} times: 360 "
    "degrees in all. What has become of the letter?",
    [AS_BEFORE, BLURRED, AWRY, DARK],
    _turned_twice,
    lambda found: (
        f"With the letters {', '.join(LETTERS)} the brightest pixel is now {listed(found['peak'])}. The light is still there "
        f"({listed(found['light'])} times as much), spread over more pixels: of the sharpness, the mean squared difference of "
        f"neighbours, {listed(found['sharp'], '.3f')} is left. Every turn makes each new pixel a mean of four old ones, and "
        f"the next turn takes means of these. Multiply the {360 // TURN} matrices first, and move the picture once: then "
        "there is no difference to be seen. Quarters of a turn, 4 times 90 degrees, lead from pixel to pixel and "
        f"blur nothing either (difference {found['quarters']:.1g}). Even two turns of {TURN} degrees leave less "
        f"({listed(found['two'])}) than one of {2 * TURN} ({listed(found['one'])}). So a policy makes one matrix of "
        "turn, zoom and shift, and starts from the stored picture in every epoch, not from that of the epoch before."
    ),
)

ORIGINALS, COPIES, PARTS, SIDE = 40, 5, 4, 15
DEGREES, PIXELS, FACTOR = 5, 0.5, 1.05  # the moves of a copy, at most


def _coin_pictures(rng):
    """Return smooth random pictures (originals, side, side, 1), and labels, 0 or 1, that a coin decided."""
    inside = SIDE - 4
    # A dark rim: or the black corners that come in with a turn would tell how far it went, and not which picture it is.
    noise = np.pad(rng.uniform(0, 1, (ORIGINALS, inside, inside)), ((0, 0), (3, 3), (3, 3)))
    smooth = sum(noise[:, i : i + SIDE, j : j + SIDE] for i in range(3) for j in range(3)) / 9
    return smooth[..., None], rng.integers(2, size=ORIGINALS)


def _distances(images):
    """Return the squared distance of every picture to every other one, (pictures, pictures); infinite to itself."""
    flat = images.reshape(len(images), -1) - images.mean()
    squares = (flat**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * flat @ flat.T
    np.fill_diagonal(distances, np.inf)
    return distances


def _validated(distances, labels, part):
    """Return the share of rightly named pictures, each part held out in turn. A picture gets its nearest one's label."""
    allowed = np.where(part[:, None] == part, np.inf, distances)
    return np.mean(labels[allowed.argmin(axis=1)] == labels)


def _leak(seed):
    """Return the shares for one seed: split after the augmentation, split before, no augmentation; and who is nearest."""
    rng = np.random.default_rng(seed)
    originals, labels = _coin_pictures(rng)
    source = np.repeat(np.arange(ORIGINALS), COPIES)
    copies = _distances(augment(originals[source], rng, degrees=DEGREES, pixels=PIXELS, factor=FACTOR))
    by_original = rng.permutation(ORIGINALS) % PARTS
    mixed = rng.permutation(len(source)) % PARTS
    return {
        "after": _validated(copies, labels[source], mixed),
        "before": _validated(copies, labels[source], by_original[source]),
        "none": _validated(_distances(originals), labels, by_original),
        "siblings": np.mean(source[copies.argmin(axis=1)] == source),
    }


ABOUT_HALF, SOME_MORE, NEARLY_ALL = (
    "about 50 %: there is nothing to learn",
    "60 to 75 %",
    "90 % or more",
)


def _which_validation(shares):
    """Return as an option the share of rightly named pictures, where all seeds agree; or the numbers."""
    limits = {ABOUT_HALF: (0.35, 0.6), SOME_MORE: (0.6, 0.75), NEARLY_ALL: (0.9, 1.01)}
    fits = (option for option, (low, high) in limits.items() if all(low <= share < high for share in shares))
    return next(fits, listed(shares))


def _augment_then_split():
    seeds = [_leak(seed) for seed in SEEDS]
    found = {name: [100 * one[name] for one in seeds] for name in seeds[0]}
    return _which_validation([share / 100 for share in found["after"]]), found


augment_then_split = Prediction(
    f"{ORIGINALS} pictures of random clouds. A coin decides the label of each, 0 or 1, so there is nothing to learn. {COPIES} "
    f"copies of each are made, turned, zoomed and shifted a little at random (up to {DEGREES} degrees, "
    f"{100 * (FACTOR - 1):.0f} percent, {PIXELS} pixels): {ORIGINALS * COPIES} pictures. They are mixed and cut into {PARTS} "
    "parts; each part in turn is held out for validation. A classifier gives each picture held out the label of the most "
    "similar one in the training. What validation accuracy does it report?",
    [ABOUT_HALF, SOME_MORE, NEARLY_ALL],
    _augment_then_split,
    lambda found: (
        f"{listed(found['after'], '.0f')} percent (three seeds), for labels from a coin. Augmentation makes new pictures, but "
        "not new things: the picture most like a copy is another copy of the same original in "
        f"{listed(found['siblings'], '.0f')} percent of the cases, and mostly it is in the training, label and all. "
        "Split first and augment afterwards, so that all copies of a picture are in one part, and the same classifier gets "
        f"{listed(found['before'], '.0f')} percent; without any augmentation it gets {listed(found['none'], '.0f')}. "
        f"{ORIGINALS * COPIES} pictures made from {ORIGINALS} still know only {ORIGINALS} coins. So: split first, and augment "
        "the training part alone."
    ),
)
