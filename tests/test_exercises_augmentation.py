"""What the general tests of exercises and predictions cannot see: that the references of lesson 11 are true, that attempts as
learners write them get the right sentence and no other, and that the experiments of the predictions could find otherwise."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from helpers.exercises import augmentation as lesson
from helpers.scratch.augmentation import rotation_matrix, shift_matrix, transform

EXERCISES = [lesson.turn_about_centre, lesson.bilinear, lesson.choose_policy, lesson.breaks_label]

# The references.


@given(st.floats(-720, 720), st.integers(1, 40), st.integers(1, 40))
def test_the_matrix_is_that_of_the_lesson(degrees, height, width):
    mine = lesson.turn_about_centre.reference(degrees, height, width)
    assert_allclose(mine, rotation_matrix(degrees, height, width), atol=1e-9)


def test_a_quarter_of_a_turn_leads_right_to_up_and_keeps_the_centre():
    matrix = lesson.turn_about_centre.reference(90, 5, 7)
    assert_allclose(matrix @ [2, 3, 1], [2, 3, 1], atol=1e-12)
    assert_allclose(matrix @ [2, 5, 1], [0, 3, 1], atol=1e-12)


def test_a_quarter_of_a_turn_comes_first_and_the_sides_are_even_and_odd_and_differ():
    cases = lesson.turn_about_centre.cases
    assert [degrees for degrees, _, _ in cases[:3]] == [0, 90, 90]
    assert {(height % 2, width % 2) for _, height, width in cases} == {(1, 1), (0, 0), (0, 1), (1, 0)}
    assert any(height > width for _, height, width in cases) and any(height < width for _, height, width in cases)


@given(st.integers(1, 5), st.integers(1, 5), st.floats(-3, 7), st.floats(-3, 7))
def test_the_value_between_pixels_is_that_of_the_lesson(height, width, row, column):
    image = np.random.default_rng(height * 10 + width).uniform(1, 9, (height, width))
    moved = transform(image[None, :, :, None], shift_matrix(-row, -column))
    assert lesson.bilinear.reference(image, row, column) == pytest.approx(moved[0, 0, 0, 0], abs=1e-9)


def test_no_place_lies_in_the_middle_of_two_pixels():
    for _, row, column in lesson.bilinear.cases:
        assert all(place % 1 != 0.5 and not -1 <= place <= -0.5 for place in (row, column))


@pytest.mark.parametrize("data", lesson.FORBIDDEN)
def test_every_choice_without_harm_is_accepted_and_every_harm_is_told(data):
    """All sets of transforms, for one kind of data; for the others the answer is right."""
    forbidden = lesson.FORBIDDEN[data]
    assert forbidden.keys() < set(lesson.TRANSFORMS) and len(lesson.TRANSFORMS) - len(forbidden) >= 2
    right = lesson.choose_policy.reference
    for many in range(len(lesson.TRANSFORMS) + 1):
        for chosen in itertools.combinations(lesson.TRANSFORMS, many):
            harm = forbidden.keys() & set(chosen)
            result = lesson.choose_policy.judge(lambda asked, chosen=chosen: chosen if asked == data else right(asked))
            moves = data == "roads" or bool(set(chosen) - forbidden.keys() - {"brightness 0.3", "noise 0.1"})
            assert bool(result) == (not harm and len(chosen) >= 2 and moves), chosen
            assert all(f"{name}: {forbidden[name]}" in result.text for name in harm)
            assert all(reason not in result.text for name, reason in forbidden.items() if name not in harm)


@pytest.mark.parametrize(
    ("data", "names", "sentence"),
    [
        ("digits", ["mirror", "turn 15"], "For digits, leave out mirror: a mirrored 2 is no digit."),
        ("digits", ["mirror"], "a mirrored 2 is no digit. That leaves none: name at least two others."),
        ("faces", ["turn 15", "turn 15"], "For faces, you named turn 15 twice: name two different ones."),
        ("faces", ["turn 15"] * 3, "For faces, you named turn 15 3 times: name two different ones."),
        ("faces", ["mirror"], "For faces, you named only one transform: name at least two."),
        ("roads", [], "For roads, you named none: name at least two."),
        ("digits", ["noise 0.1", "brightness 0.3"], "For digits, none of your transforms moves the picture: add one that does"),
        ("faces", ["noise 0.1", "brightness 0.3"], "For faces, none of your transforms moves the picture: add one that does"),
    ],
)
def test_the_answer_to_a_list_of_names_is_one_plain_sentence(data, names, sentence):
    right = lesson.choose_policy.reference
    result = lesson.choose_policy.judge(lambda asked: names if asked == data else right(asked))
    assert result.state == "wrong" and sentence in result.text
    assert result.text.count(f"For {data}, ") == 1 and "which gives" not in result.text
    assert "Calls that give the right answer: 2 of 3." in result.text
    assert not any(f"For {other}, " in result.text for other in lesson.FORBIDDEN if other != data)


def test_two_wrong_lists_get_a_sentence_each():
    text = lesson.choose_policy.judge(lambda data: ["mirror", "brightness 0.3"]).text
    assert "For digits, leave out mirror" in text and "For roads, leave out mirror" in text and "For faces" not in text
    assert "only one" not in text and "none" not in text


def test_values_alone_are_enough_for_roads_and_the_mirror_moves_a_face():
    right = lesson.choose_policy.reference
    for data, names in (("roads", ["brightness 0.3", "noise 0.1"]), ("faces", ["mirror", "noise 0.1"])):
        assert lesson.choose_policy.judge(lambda asked, data=data, names=names: names if asked == data else right(asked))


def test_the_data_are_those_of_the_cases():
    assert {case[0] for case in lesson.choose_policy.cases} == set(lesson.FORBIDDEN)


BY_HAND = [["mirror"], ["turn 180"], [], ["mirror", "shift right"], ["mirror"], ["brighter", "darker", "shift right"]]
BY_HAND.append(["mirror", "turn 180", "upside down"])


def test_the_breakers_are_those_found_by_hand():
    found = sorted(sorted(lesson.breaks_label.reference(*case)) for case in lesson.breaks_label.cases)
    assert found == sorted(BY_HAND)


def test_the_rules_of_the_labels_are_what_they_say():
    right, down = lesson.RIGHT, lesson.RIGHT.T
    arrows = [right, right[:, ::-1], down, down[::-1]]
    assert [lesson.arrow(picture) for picture in arrows] == ["right", "left", "down", "up"]
    assert [lesson.bright_dots(picture) for picture in lesson.DOTS] == [2, 3, 1]
    assert [lesson.brighter_side(picture) for picture in lesson.PAIR] == ["right", "left"]
    assert lesson.brighter_side(np.ones((3, 3))) == "neither"


@pytest.mark.parametrize("name", ["mirror", "upside_down", "turn_180", "shift_right", "brighter", "darker"])
def test_the_transforms_of_the_cases_return_new_pictures(name):
    old = lesson.RIGHT.copy()
    new = getattr(lesson, name)(old)
    assert new.shape == old.shape and not np.shares_memory(new, old) and new.min() >= 0 and new.max() <= 1
    np.testing.assert_array_equal(old, lesson.RIGHT)


def test_each_of_the_breakers_depends_on_more_than_the_first_and_the_last_picture():
    """A transform that breaks only the first, only a later, and only some of the labels: each is there."""
    broken = set()
    for transforms, pictures, label in lesson.breaks_label.cases:
        for change in transforms.values():
            broken.add(tuple(bool(label(change(picture)) != label(picture)) for picture in pictures))
    assert any(some[0] and not some[-1] for some in broken) and any(some[-1] and not some[0] for some in broken)
    assert any(any(some) and not some[0] and not some[-1] for some in broken) and (False, False) in broken


# Right answers, written in other ways.


def turn_by_formula(degrees, height, width):
    a, r, c = math.radians(degrees), (height - 1) / 2, (width - 1) / 2
    cos, sin = math.cos(a), math.sin(a)
    return [[cos, -sin, r - cos * r + sin * c], [sin, cos, c - sin * r - cos * c], [0, 0, 1]]


def bilinear_by_hats(image, row, column):
    rows = np.maximum(0, 1 - abs(np.arange(image.shape[0]) - row))
    columns = np.maximum(0, 1 - abs(np.arange(image.shape[1]) - column))
    return rows @ image @ columns


def bilinear_by_loops(image, row, column):
    total, (height, width) = 0, image.shape
    for r in (math.floor(row), math.floor(row) + 1):
        for c in (math.floor(column), math.floor(column) + 1):
            if r in range(height) and c in range(width):
                total += (1 - abs(row - r)) * (1 - abs(column - c)) * image[r, c]
    return total


def bilinear_by_a_rim(image, row, column):
    padded = np.pad(image, 9)
    row, column = row + 9, column + 9
    r, c = int(row), int(column)
    a, b = row - r, column - c
    window = padded[r : r + 2, c : c + 2]
    return float(np.array([1 - a, a]) @ window @ np.array([1 - b, b]))


def policy_by_exclusion(data):
    return {name for name in lesson.TRANSFORMS if name not in lesson.FORBIDDEN[data]}


def breakers_by_a_set(transforms, pictures, label):
    found = set()
    for picture in pictures:
        before = label(picture)
        for name in transforms:
            if label(transforms[name](picture)) != before:
                found.add(name)
    return found


def breakers_by_lists(transforms, pictures, label):
    old = [label(p) for p in pictures]
    return sorted((n for n, f in transforms.items() if [label(f(p)) for p in pictures] != old), reverse=True)


@pytest.mark.parametrize(
    ("exercise", "attempt"),
    [
        (lesson.turn_about_centre, rotation_matrix),
        (lesson.turn_about_centre, turn_by_formula),
        (lesson.bilinear, bilinear_by_hats),
        (lesson.bilinear, bilinear_by_loops),
        (lesson.bilinear, bilinear_by_a_rim),
        (lesson.choose_policy, policy_by_exclusion),
        (lesson.choose_policy, lambda data: ["zoom 20 %", "brightness 0.3"]),
        (lesson.choose_policy, lambda data: np.array(["zoom 20 %", "brightness 0.3"])),
        (lesson.choose_policy, lambda data: ("noise 0.1", "zoom 20 %", "noise 0.1")),
        (lesson.breaks_label, breakers_by_a_set),
        (lesson.breaks_label, breakers_by_lists),
        (lesson.breaks_label, lambda t, p, f: np.array(breakers_by_lists(t, p, f))),
    ],
)
def test_other_ways_to_write_it_are_right(exercise, attempt):
    result = exercise.judge(attempt)
    assert result.state == "right", result.text


# Wrong answers as learners write them, and the sentence that they get.


def turn(
    angle=np.deg2rad, r=lambda h, w: (h - 1) / 2, c=lambda h, w: (w - 1) / 2, rows=lambda a: ((np.cos(a), -np.sin(a)), None)
):
    """Return an attempt by one formula: place - centre, turned, + centre."""

    def my_turn_about_centre(degrees, height, width):
        a, centre = angle(degrees), np.array([r(height, width), c(height, width)])
        first, second = rows(a)
        second = (np.sin(a), np.cos(a)) if second is None else second
        small = np.array([first, second])
        matrix = np.eye(3)
        matrix[:2, :2] = small
        matrix[:2, 2] = centre - small @ centre
        return matrix

    return my_turn_about_centre


def plain(degrees, height, width):
    a = np.radians(degrees)
    return np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])


def shifted(turned, first, last):
    """Return an attempt: the plain turn between two shifts, by so many times the centre."""

    def my_turn_about_centre(degrees, height, width):
        def move(sign):
            return np.array([[1, 0, sign * (height - 1) / 2], [0, 1, sign * (width - 1) / 2], [0, 0, 1]])

        return turned(move(last), plain(degrees, height, width), move(first))

    return my_turn_about_centre


TURNS = [
    (plain, "You turn about the corner"),
    (turn(angle=lambda degrees: degrees), "NumPy's `cos` and `sin` take radians"),
    (turn(angle=lambda degrees: degrees * 180 / np.pi), "`np.degrees` makes degrees of radians."),
    (turn(rows=lambda a: ((np.cos(a), np.sin(a)), (-np.sin(a), np.cos(a)))), "You turn with the clock."),
    (lambda d, h, w: np.linalg.inv(turn()(d, h, w)), "You turn with the clock."),
    (turn(r=lambda h, w: h / 2, c=lambda h, w: w / 2), "Your centre is half a pixel too far"),
    (turn(r=lambda h, w: h // 2, c=lambda h, w: w // 2), "You rounded the centre to a whole pixel"),
    (turn(r=lambda h, w: (h - 1) // 2, c=lambda h, w: (w - 1) // 2), "Your centre is right for an odd number"),
    (turn(r=lambda h, w: h - 1, c=lambda h, w: w - 1), "You turn about the last pixel"),
    (turn(r=lambda h, w: (h + 1) / 2, c=lambda h, w: (w + 1) / 2), "Your centre lies one pixel too far"),
    (shifted(lambda last, turned, first: last @ turned @ first, 1, -1), "Your picture moves the wrong way before it turns."),
    (shifted(lambda last, turned, first: first @ turned @ last, -1, 1), "Your picture moves the wrong way before it turns."),
    (shifted(lambda last, turned, first: last.dot(turned), -1, 1), "You turn about the corner and then shift."),
    (shifted(lambda last, turned, first: np.dot(turned, first), -1, 1), "You move the centre to the place (0, 0) and turn"),
    (shifted(lambda last, turned, first: last * turned * first, -1, 1), "`*` multiplies number by number."),
    (turn(r=lambda h, w: (w - 1) / 2, c=lambda h, w: (h - 1) / 2), "Height and width have changed places."),
    (lambda d, h, w: turn()(d, w, h), "Height and width have changed places."),
    (lambda d, h, w: np.transpose(turn()(d, h, w)), "Your matrix is transposed"),
    (lambda d, h, w: turn()(-d, w, h), "Your matrix is right for places (column, row, 1)."),
    (lambda d, h, w: plain(d, h, w)[:2, :2], "That is the turn alone, 2 x 2"),
    (lambda d, h, w: turn_by_formula(d, h, w)[:2], "The numbers are right, but the last row"),
    (turn(rows=lambda a: ((np.cos(a), np.sin(a)), (np.sin(a), np.cos(a)))), "Both your `sin` have the sign plus"),
    (turn(rows=lambda a: ((np.sin(a), -np.cos(a)), (np.cos(a), np.sin(a)))), "`sin` and `cos` have changed places."),
]


def hats(weight, place=lambda image, r, c: image[r, c] if 0 <= r < len(image) and 0 <= c < len(image[0]) else 0):
    """Return an attempt: a loop over the four neighbours, each with weight(row - its row, column - its column)."""

    def my_bilinear(image, row, column):
        top, left = math.floor(row), math.floor(column)
        return sum(weight(row - r, column - c) * place(image, r, c) for r in (top, top + 1) for c in (left, left + 1))

    return my_bilinear


def right_weight(a, b):
    return (1 - abs(a)) * (1 - abs(b))


def swapped_weight(a, b):
    lower, righter = a % 1, b % 1
    return (1 - righter if a >= 0 else righter) * (1 - lower if b >= 0 else lower)


def nearest(image, row, column):
    r, c = round(row), round(column)
    if r < 0 or c < 0 or r >= image.shape[0] or c >= image.shape[1]:
        return 0.0
    return image[r, c]


def unchecked(image, row, column):
    r, c = int(np.floor(row)), int(np.floor(column))
    a, b = row - r, column - c
    return (
        (1 - a) * (1 - b) * image[r, c]
        + (1 - a) * b * image[r, c + 1]
        + a * (1 - b) * image[r + 1, c]
        + a * b * image[r + 1, c + 1]
    )


def zero_outside(image, row, column):
    height, width = image.shape
    return bilinear_by_hats(image, row, column) if 0 <= row <= height - 1 and 0 <= column <= width - 1 else 0


def zero_where_one_is_outside(image, row, column):
    r, c = math.floor(row), math.floor(column)
    if r < 0 or c < 0 or r + 1 >= image.shape[0] or c + 1 >= image.shape[1]:
        return 0
    return unchecked(image, row, column)


def truncated(image, row, column):
    r, c = int(row), int(column)
    a, b = row - r, column - c
    padded = np.pad(image, ((0, 9), (0, 9)))
    above = padded[r, c] + b * (padded[r, c + 1] - padded[r, c])
    below = padded[r + 1, c] + b * (padded[r + 1, c + 1] - padded[r + 1, c])
    return above + a * (below - above)


SAMPLES = [
    (nearest, "You take the nearest pixel."),
    (hats(swapped_weight), "Two weights have changed"),
    (hats(lambda a, b: abs(a) * abs(b)), "Your weights are the wrong way round"),
    (hats(lambda a, b: abs(a) * (1 - abs(b))), "Above and below have changed places"),
    (hats(lambda a, b: (1 - abs(a)) * abs(b)), "Left and right have changed places"),
    (hats(lambda a, b: 1 / 4), "You take the mean of the four neighbours."),
    (hats(lambda a, b: a >= 0 and b >= 0 and a < 1 and b < 1), "You take the pixel above and to the left"),
    (hats(lambda a, b: a < 0 and b < 0), "You take the pixel below and to the right."),
    (hats(lambda a, b: (a >= 0) * (1 - abs(b))), "You mix left and right, but not above and below."),
    (hats(lambda a, b: (1 - abs(a)) * (b >= 0)), "You mix above and below, but not left and right."),
    (
        lambda image, r, c: bilinear_by_hats(image, np.clip(r, 0, image.shape[0] - 1), np.clip(c, 0, image.shape[1] - 1)),
        "Outside the picture you go on with the pixel at the edge.",
    ),
    (
        lambda image, r, c: bilinear_by_a_rim(np.tile(image, (9, 9)), r + 4 * len(image), c + 4 * len(image[0])),
        "Beyond the edge",
    ),
    (
        hats(right_weight, lambda image, r, c: 0 if r >= image.shape[0] or c >= image.shape[1] else image[r][c]),
        "Below and to the right you look whether a neighbour is inside",
    ),
    (unchecked, "You do not look whether the neighbours are inside."),
    (zero_outside, "You return 0 for every place outside."),
    (zero_where_one_is_outside, "You return 0 as soon as one of the four neighbours is outside"),
    (lambda image, row, column: bilinear_by_hats(image, column, row), "Row and column have changed places"),
    (truncated, "`int(-0.25)` is 0"),
    (lambda image, row, column: int(round(bilinear_by_loops(image, row, column))), "You round to a whole number."),
]


def chosen(digits="shift 10 %, zoom 20 %", faces="mirror, turn 15", roads="noise 0.1, brightness 0.3"):
    lists = {"digits": digits, "faces": faces, "roads": roads}
    return lambda data: lists[data].split(", ")


POLICIES = [
    (lambda data: set(lesson.TRANSFORMS), "You take all of them, for all data."),
    (lambda data: [], "You take none."),
    (lambda data: ("brightness 0.3",), "You take one that does no harm."),
    (lambda data: ["brightness 0.3", "noise 0.1"], "You change only the values of the pixels, for all data."),
    (lambda data: set(lesson.TRANSFORMS) - policy_by_exclusion(data), "You return those that have to be left out."),
    (lambda data: ["mirror", "noise 0.1", "brightness 0.3"], "You mirror everything."),
    (chosen(digits="noise 0.1, zoom 20 %, mirror", roads="mirror, noise 0.1, zoom 20 %"), "You mirror everything."),
    (chosen(digits="mirror, noise 0.1, turn 15"), "A mirrored 2 is no digit"),
    (chosen(digits="turn 180, noise 0.1, turn 15"), "Turned by 180 degrees, a 6 becomes a 9"),
    (chosen(digits="upside down, noise 0.1, turn 15"), "A 2 upside down is no digit"),
    (chosen(digits="upside down, mirror, shift 10 %, turn 15"), "Mirror pictures of most digits"),
    (chosen(digits=", ".join(lesson.TRANSFORMS)), "For faces and roads you left out what does harm."),
    (chosen(faces="upside down, mirror, noise 0.1"), "A face upside down is still a face"),
    (chosen(faces="turn 180, mirror, noise 0.1"), "A face turned by 180 degrees is still a face"),
    (chosen(faces=", ".join(lesson.TRANSFORMS)), "Faces on their heads are still faces"),
    (chosen(roads="mirror, noise 0.1, zoom 20 %"), "On a mirrored road a bend to the left becomes one to the right"),
    (chosen(roads="brightness 0.3, noise 0.1, shift 10 %"), "A road shifted to the side"),
    (chosen(roads="brightness 0.3, noise 0.1, turn 15"), "A road turned by 15 degrees"),
    (chosen(roads="brightness 0.3, noise 0.1, shift 10 %, mirror"), "Mirrored or shifted to the side, a road"),
    (chosen(roads="noise 0.1, turn 15, zoom 20 %, shift 10 %, mirror"), "Digits and faces are right."),
    (lambda data: ["shift 10 %", "turn 15", "noise 0.1"], "You take for roads what fits digits and faces."),
    (lambda data: {"mirror", "turn 15", "zoom 20 %", "shift 10 %"}, "You take for all what fits faces."),
]


def loop(breaks, found=lambda names, name: names.append(name)):
    """Return an attempt: two loops, where breaks(change, picture, label, pictures) says that a label breaks."""

    def my_breaks_label(transforms, pictures, label):
        names = []
        for name, change in transforms.items():
            for picture in pictures:
                if breaks(change, picture, label, pictures):
                    found(names, name)
        return names

    return my_breaks_label


def once(names, name):
    if name not in names:
        names.append(name)


def broken(change, picture, label, pictures):
    return label(picture) != label(change(picture))


def last_picture(transforms, pictures, label):
    names = []
    for name, change in transforms.items():
        for picture in pictures:
            wrong = label(change(picture)) != label(picture)
        if wrong:
            names.append(name)
    return names


def all_pictures(transforms, pictures, label):
    return [n for n, f in transforms.items() if sum(label(f(p)) != label(p) for p in pictures) == len(pictures)]


def one_on_the_other(transforms, pictures, label):
    names, labels = [], [label(picture) for picture in pictures]
    for name, change in transforms.items():
        pictures = np.array([change(picture) for picture in pictures])
        if [label(picture) for picture in pictures] != labels:
            names.append(name)
    return names


def returns_in_the_loop(transforms, pictures, label):
    names = []
    for name, change in transforms.items():
        if any(label(change(p)) != label(p) for p in pictures):
            names.append(name)
            return names
    return names


def by_counting(transforms, pictures, label):
    def counts(some):
        labels = [label(picture) for picture in some]
        return {one: labels.count(one) for one in labels}

    return [name for name, change in transforms.items() if counts(map(change, pictures)) != counts(pictures)]


def by_sets(transforms, pictures, label):
    return [n for n, f in transforms.items() if set(map(label, map(f, pictures))) != set(map(label, pictures))]


BREAKERS = [
    (loop(lambda f, p, label, ps: not np.allclose(f(p), p), once), "You compare the pictures."),
    (loop(lambda f, p, label, ps: broken(f, ps[0], label, ps), once), "You look at the first picture only."),
    (last_picture, "Only the last picture counts with you"),
    (lambda t, p, f: [name for name in t if name not in breakers_by_a_set(t, p, f)], "You return those that keep all labels."),
    (loop(lambda f, p, label, ps: label(f(p)) == label(p), once), "You compare with `==`"),
    (all_pictures, "You ask for transforms that change the label of all pictures."),
    (
        loop(lambda f, p, label, ps: label(f(p)) != label(ps[0]), once),
        "You compare each new picture with the label of the first",
    ),
    (
        loop(lambda f, p, label, ps: label(f(p)) != label(ps[-1]), once),
        "You compare each new picture with the label of the last",
    ),
    (by_sets, "You compare which labels there are"),
    (by_counting, "You compare how many pictures have each label."),
    (lambda t, p, f: [n for n in t if f(p) != f(t[n](p))], "You hand over all pictures at once."),
    (one_on_the_other, "Your transforms act one on top of the other."),
    (loop(broken), "A name comes once for each picture"),
    (returns_in_the_loop, "You stop at the first transform that breaks a label."),
    (loop(lambda f, p, label, ps: label(f(p)) != label(f(p))), "With you nothing ever breaks."),
    (lambda t, p, f: list(t.keys()), "With you every transform breaks a label."),
]


@pytest.mark.parametrize(
    ("exercise", "attempt", "sentence"),
    [
        (exercise, *pair)
        for exercise, pairs in zip(EXERCISES, (TURNS, SAMPLES, POLICIES, BREAKERS), strict=True)
        for pair in pairs
    ],
)
def test_a_wrong_attempt_gets_its_sentence(exercise, attempt, sentence):
    result = exercise.judge(attempt)
    assert result.state == "wrong" and result.mistake is not None, result.text
    assert result.mistake.sentence.startswith(sentence)


def test_every_sentence_is_reached_by_code_as_learners_write_it():
    told = [sentence for pairs in (TURNS, SAMPLES, POLICIES, BREAKERS) for _, sentence in pairs]
    known = [mistake.sentence for exercise in EXERCISES for mistake in exercise.mistakes]
    assert [sentence for sentence in known if not any(sentence.startswith(start) for start in told)] == []


# Something else than an answer.


def index_between_pixels(image, row, column):
    return image[row, column]


def darkens(image, row, column):
    value = bilinear_by_hats(image, row, column)
    image[:] = 0
    return value


def changes_pictures(transforms, pictures, label):
    names = breakers_by_lists(transforms, pictures, label)
    pictures[0] = 1
    return names


def empties(transforms, pictures, label):
    return [
        name for name in list(transforms) if name in breakers_by_a_set(transforms, pictures, label) and transforms.pop(name)
    ]


@pytest.mark.parametrize(
    ("exercise", "attempt", "words"),
    [
        (
            lesson.turn_about_centre,
            lambda d, h, w: np.zeros((2, 3)),
            "It is an array of shape (2, 3); expected an array of shape",
        ),
        (lesson.turn_about_centre, lambda d, h, w: d, "It is a number; expected an array of shape (3, 3)."),
        (lesson.turn_about_centre, lambda d, h, w: "turn", "It is a text; expected"),
        (lesson.turn_about_centre, lambda d, h: np.eye(3), "Arguments that your function takes: 2."),
        (lesson.turn_about_centre, np.eye(3), "it was given an array of shape (3, 3)"),
        (lesson.turn_about_centre, lambda d, h, w: np.eye(3) @ np.eye(2), "It stopped with an error"),
        (lesson.bilinear, index_between_pixels, "It stopped with an error at the line `return image[row, column]`: IndexError"),
        (lesson.bilinear, lambda image, r, c: image, "It is an array of shape (2, 2); expected a number."),
        (lesson.bilinear, lambda image, r, c: [1.0], "It is a list of shape (1,); expected a number."),
        (lesson.bilinear, darkens, "What comes out is right.\ndarkens changes its input image."),
        (lesson.choose_policy, lambda data: "noise 0.1", "It is one text, 'noise 0.1'. Return a list of names, even of one"),
        (lesson.choose_policy, lambda data: {"digits": ["turn 15"]}, "It is a dictionary. Return a list of names."),
        (lesson.choose_policy, lambda data: ["flip", "turn 15"], "'flip' is none of the names, which are: 'mirror', 'upside"),
        (lesson.choose_policy, lambda data: [15, 10], "There is a number in it. Return names: texts."),
        (lesson.choose_policy, lambda data: True, "It is True or False. Return a list of names."),
        (lesson.choose_policy, lambda data: {"roads": 1}[data], "It stopped with an error"),
        (lesson.breaks_label, lambda t, p, f: list(t.values()), "There is an object of type function in it."),
        (lesson.breaks_label, lambda t, p, f: {name: True for name in t}, "It is a dictionary. Return a list of names."),
        (lesson.breaks_label, lambda t, p, f: len(t), "It is a number. Return a list of names."),
        (lesson.breaks_label, lambda t, p, f: ["blur"], "'blur' is none of the names, which are: 'mirror'."),
        (lesson.breaks_label, lambda t, p, f: next(iter(t)), "It is one text, 'mirror'."),
        (lesson.breaks_label, changes_pictures, "changes_pictures changes its input pictures."),
        (lesson.breaks_label, empties, "empties changes its input transforms."),
    ],
)
def test_something_else_is_answered_in_a_sentence(exercise, attempt, words):
    result = exercise.judge(attempt)
    assert (result.state, result.mistake) == ("wrong", None) and words in result.text, result.text
    assert " at 0x" not in result.text


def test_the_smallest_failing_call_names_transforms_and_rule():
    text = lesson.breaks_label.judge(lambda transforms, pictures, label: []).text
    assert "my_breaks_label(transforms={'mirror': mirror}, pictures=pictures, label=brighter_side)" in text


# The predictions.


@pytest.mark.parametrize(
    ("prediction", "answer"),
    [
        ("order_matters", lesson.TURN_FIRST),
        ("turned_twice", lesson.BLURRED),
        ("augment_then_split", lesson.NEARLY_ALL),
    ],
)
def test_what_the_experiments_of_lesson_11_find(prediction, answer):
    assert getattr(lesson, prediction).answer() == answer


def test_where_the_pixel_ends_is_what_a_picture_turned_by_numpy_shows():
    picture = np.zeros((lesson.FRAME, lesson.FRAME))
    picture[lesson.DOT] = 1
    ends = [np.roll(np.rot90(picture), lesson.STEP, axis=1), np.rot90(np.roll(picture, lesson.STEP, axis=1))]
    _, found = lesson._order_matters()
    assert [tuple(np.argwhere(end)[0]) for end in ends] == list(found["places"])
    assert found["apart"] == pytest.approx(3 * math.sqrt(2))
    assert found["two shifts"] == found["turn and zoom"] == pytest.approx(0, abs=1e-12)
    assert min(found["random"]) > 0.05


@pytest.mark.parametrize(
    ("places", "option"),
    [
        (((3, 7), (3, 7)), lesson.SAME_PLACE),
        (((3, 7), (0, 4)), lesson.TURN_FIRST),
        (((0, 4), (3, 7)), lesson.EXCHANGED),
        (((3, 7), None), lesson.OUTSIDE),
        (((1, 1), None), "A: (1, 1). B: None"),
    ],
)
def test_every_pair_of_places_has_its_option(places, option):
    assert lesson._which_places(*places) == option


def test_a_pixel_that_leaves_the_picture_is_found_outside():
    assert lesson._where(shift_matrix(0, 4)) is None and lesson._where(shift_matrix(0, 3)) == (4, 8)


def test_turns_by_whole_pixels_and_the_product_of_the_matrices_lose_nothing():
    assert lesson._which_turned(lesson._after_turns(90, 4)) == lesson.AS_BEFORE
    assert lesson._which_turned(lesson._after_turns(15, 24, lesson._turned_once)) == lesson.AS_BEFORE


@pytest.mark.parametrize("degrees", [10, 20, 30])
def test_other_small_turns_blur_as_well(degrees):
    assert lesson._which_turned(lesson._after_turns(degrees, 360 // degrees)) == lesson.BLURRED


def test_a_letter_that_is_only_darker_and_one_that_is_awry_would_be_told():
    darker = lesson._after_turns(15, 24, lambda old, degrees, times: old / 2)
    assert lesson._which_turned(darker) == lesson.DARK
    awry = lesson._after_turns(15, 24, lambda old, degrees, times: lesson._turned_once(old, 20, 1))
    assert set(awry["angle"]) == {20}
    assert lesson._which_turned(awry | {"sharp": [0.9] * 3}) == lesson.AWRY


def test_no_letter_and_no_blur_reaches_the_edge_and_none_has_a_pixel_in_the_centre():
    for name in lesson.LETTERS:
        old = lesson._letter(name)
        assert old.shape[1] % 2 == old.shape[2] % 2 == 0
        new = lesson._turned_again(old, 15, 24)[0, :, :, 0]
        edge = np.concatenate([new[0], new[-1], new[:, 0], new[:, -1]])
        assert edge.max() < 0.01


def test_one_turn_of_twice_the_angle_blurs_less_than_two():
    _, found = lesson._turned_twice()
    assert all(two < one < 1 for two, one in zip(found["two"], found["one"], strict=True))
    assert found["quarters"] == 0
    assert found["once"] < 1e-12  # as the reason says: no difference to be seen


def test_split_first_the_classifier_does_no_better_than_a_coin():
    _, found = lesson._augment_then_split()
    # 40 coins: with luck alone nine in ten shares lie between 37 and 63 percent.
    assert all(30 < share < 70 for name in ("before", "none") for share in found[name])
    assert 40 < np.mean(found["before"]) < 60 and min(found["after"]) > 90 and min(found["siblings"]) > 85


def test_with_moves_that_hide_the_original_the_leak_would_be_smaller(monkeypatch):
    monkeypatch.setattr(lesson, "DEGREES", 180)
    monkeypatch.setattr(lesson, "PIXELS", 3)
    after = [lesson._leak(seed)["after"] for seed in lesson.SEEDS]
    assert max(after) < 0.75 and lesson._which_validation(after) != lesson.NEARLY_ALL


def test_the_split_by_original_keeps_all_copies_together():
    """With labels that are the number of the original, nobody can be right after that split, and nearly all are before it."""
    rng = np.random.default_rng(0)
    originals, _ = lesson._coin_pictures(rng)
    source = np.repeat(np.arange(lesson.ORIGINALS), 2)
    distances = lesson._distances(originals[source])
    part = np.arange(lesson.ORIGINALS) % lesson.PARTS
    assert lesson._validated(distances, source, part[source]) == 0
    assert lesson._validated(distances, source, np.arange(len(source)) % 2) == 1


@pytest.mark.parametrize(
    ("shares", "option"),
    [
        ([0.5, 0.45, 0.55], lesson.ABOUT_HALF),
        ([0.7, 0.65, 0.72], lesson.SOME_MORE),
        ([0.95, 0.91, 1.0], lesson.NEARLY_ALL),
        ([0.5, 0.7, 0.95], "0.50, 0.70, 0.95"),
    ],
)
def test_every_share_has_its_option(shares, option):
    assert lesson._which_validation(shares) == option
