"""Augmentation against SciPy and Keras, by hand, and by what has to hold for any picture."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from helpers.scratch.augmentation import (
    augment,
    brightness,
    contrast,
    cutout,
    flip,
    mixup,
    noise,
    rotate,
    rotation_matrix,
    shift,
    shift_matrix,
    transform,
    zoom,
    zoom_matrix,
)

SHAPES = [(1, 1, 1, 1), (1, 1, 5, 3), (2, 5, 1, 1), (1, 4, 4, 1), (3, 5, 5, 3), (2, 6, 7, 1), (1, 2, 9, 3)]
all_shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)
SIZES = st.tuples(st.integers(1, 2), st.integers(1, 7), st.integers(1, 7), st.integers(1, 3))
DEGREES = [0, 30, -30, 45, 90, 137.5, 180, 270, 360, -725]
SHIFTS = [(0, 0), (1, -2), (0.5, 0), (-0.25, 1.75), (3.9, -0.1), (20, 0)]
FACTORS = [0.3, 0.5, 1, 1.5, 2, 7]
MOVES = {
    "rotate": lambda images: rotate(images, 30),
    "shift": lambda images: shift(images, 0.5, -1),
    "zoom": lambda images: zoom(images, 1.5),
    "flip": flip,
}
VALUES = {
    "brightness": lambda images: brightness(images, 0.3),
    "contrast": lambda images: contrast(images, 1.5),
    "noise": lambda images: noise(images, 0.1, np.random.default_rng(1)),
    "cutout": lambda images: cutout(images, 2, np.random.default_rng(1)),
    "mixup": lambda images: mixup(images, np.ones((len(images), 1)), 0.5, np.random.default_rng(1))[0],
}


def pictures(shape, seed=0):
    return np.random.default_rng(seed).random(shape)


def by_scipy(images, matrix, fill, mode="grid-constant"):
    """Return what SciPy makes of every channel of every picture.

    "grid-constant" is a picture in an endless plane of `fill`: at the edge, pixel and fill are mixed. SciPy's "constant" takes
    the fill alone as soon as a place lies outside the outermost pixels' centres.
    """
    moved, back = np.empty_like(images), np.linalg.inv(matrix)
    for i, channel in np.ndindex(images.shape[0], images.shape[3]):
        picture = images[i, :, :, channel]
        moved[i, :, :, channel] = ndimage.affine_transform(picture, back, order=1, mode=mode, cval=fill)
    return moved


@all_shapes
@pytest.mark.parametrize("fill", [0.0, 0.7])
def test_rotations_shifts_and_zooms_equal_scipy(shape, fill):
    images, (height, width) = pictures(shape), shape[1:3]
    matrices = [rotation_matrix(degrees, height, width) for degrees in DEGREES]
    matrices += [shift_matrix(*places) for places in SHIFTS]
    matrices += [zoom_matrix(factor, height, width) for factor in FACTORS]
    for matrix in matrices:
        assert_allclose(transform(images, matrix, fill), by_scipy(images, matrix, fill), atol=1e-12)


@all_shapes
def test_scipys_own_rotate_and_shift_agree(shape):
    images, options = pictures(shape), {"order": 1, "mode": "grid-constant"}
    for degrees in DEGREES:
        theirs = ndimage.rotate(images, degrees, axes=(2, 1), reshape=False, **options)
        assert_allclose(rotate(images, degrees), theirs, atol=1e-12)
    for down, right in SHIFTS:
        assert_allclose(shift(images, down, right), ndimage.shift(images, (0, down, right, 0), **options), atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 4, 4, 1), (3, 5, 5, 3), (2, 6, 7, 1)], ids=str)
def test_where_all_comes_from_inside_scipys_constant_agrees_too(shape):
    images, (height, width) = pictures(shape), shape[1:3]
    for matrix in (zoom_matrix(1.5, height, width), rotation_matrix(20, height, width), shift_matrix(-0.25, 1.75)):
        ours, theirs = transform(images, matrix, 9.0), by_scipy(images, matrix, 9.0, mode="constant")
        inside = theirs <= 1  # no value of the pictures is larger
        assert inside.any()
        assert_allclose(ours[inside], theirs[inside], atol=1e-12)


@settings(max_examples=80, deadline=None)
@given(
    shape=SIZES,
    degrees=st.floats(-400, 400),
    down=st.floats(-9, 9),
    right=st.floats(-9, 9),
    factor=st.floats(0.2, 5),
    fill=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_any_chain_equals_scipy_and_stays_between_the_values_there_are(shape, degrees, down, right, factor, fill, seed):
    images, (height, width) = pictures(shape, seed), shape[1:3]
    chain = zoom_matrix(factor, height, width) @ shift_matrix(down, right) @ rotation_matrix(degrees, height, width)
    moved = transform(images, chain, fill)
    assert_allclose(moved, by_scipy(images, chain, fill), atol=1e-9)
    assert moved.min() >= min(images.min(), fill) - 1e-12
    assert moved.max() <= max(images.max(), fill) + 1e-12
    assert_allclose(transform(np.full(shape, fill), chain, fill), fill)


def test_positive_degrees_turn_against_the_clock():
    picture = np.zeros((1, 3, 3, 1))
    picture[0, 1, 2] = 1  # at the right
    places = [np.argwhere(rotate(picture, degrees)[0, :, :, 0] == 1).tolist() for degrees in (90, 180, 270, -90)]
    top, left, bottom = [[0, 1]], [[1, 0]], [[2, 1]]
    assert places == [top, left, bottom, bottom]
    eighth = rotate(picture, 45)[0, :, :, 0]
    assert eighth[0, 2] == eighth.max()  # on its way up


def test_half_a_pixel_and_a_zoom_by_hand():
    picture = np.array([[0.0, 1, 4]])[None, :, :, None]
    assert_array_equal(shift(picture, 0, 1)[0, 0, :, 0], [0, 0, 1])
    assert_array_equal(shift(picture, 0, 0.5)[0, 0, :, 0], [0, 0.5, 2.5])
    assert_array_equal(shift(picture, 0.25, 0)[0, 0, :, 0], [0, 0.75, 3])
    assert_array_equal(transform(picture, shift_matrix(0, -0.5), fill=2)[0, 0, :, 0], [0.5, 2.5, 3])
    assert_array_equal(zoom(picture, 2)[0, 0, :, 0], [0.5, 1, 2.5])
    assert_array_equal(zoom(picture, 0.5)[0, 0, :, 0], [0, 1, 0])


def test_matrices_by_hand():
    assert_array_equal(shift_matrix(2, -0.5), [[1, 0, 2], [0, 1, -0.5], [0, 0, 1]])
    assert_array_equal(zoom_matrix(2, 5, 4), [[2, 0, -2], [0, 2, -1.5], [0, 0, 1]])
    assert_array_equal(rotation_matrix(90, 3, 3), [[0, -1, 2], [1, 0, 0], [0, 0, 1]])
    for matrix in (rotation_matrix(33, 4, 7), zoom_matrix(0.3, 4, 7)):
        assert_allclose(matrix @ [1.5, 3, 1], [1.5, 3, 1])  # the centre stays where it is


@all_shapes
def test_what_has_to_give_the_same_pictures(shape):
    images = pictures(shape)
    for same in (rotate(images, 0), rotate(images, 360), rotate(images, -720), shift(images, 0, 0), zoom(images, 1)):
        assert_array_equal(same, images)
    assert_array_equal(flip(flip(images)), images)
    assert_array_equal(flip(flip(images, horizontal=False), horizontal=False), images)
    assert_allclose(flip(flip(images), horizontal=False), rotate(images, 180), atol=1e-12)
    assert_allclose(flip(rotate(images, 25)), rotate(flip(images), -25), atol=1e-12)
    mirror = [[1, 0, 0], [0, -1, shape[2] - 1], [0, 0, 1]]
    assert_array_equal(transform(images, mirror), flip(images))
    assert_array_equal(flip(images), images[:, :, ::-1])
    assert_array_equal(flip(images, horizontal=False), images[:, ::-1])


@pytest.mark.parametrize("side", [1, 2, 5, 8])
def test_four_quarters_of_a_turn_give_the_same_square(side):
    images = turned = pictures((2, side, side, 3))
    for quarters in range(1, 5):
        turned = rotate(turned, 90)
        assert_array_equal(turned, np.rot90(images, quarters, axes=(1, 2)))
    assert_array_equal(turned, images)


def test_chained_matrices_equal_one_transform_after_the_other_where_nothing_is_lost():
    images = np.zeros((2, 9, 9, 3))
    images[:, 3:6, 3:6] = pictures((2, 3, 3, 3))
    # Whole pixels and quarters of a turn move values as they are, and none of them leaves the picture.
    for first in (shift_matrix(2, -1), rotation_matrix(90, 9, 9), rotation_matrix(180, 9, 9) @ shift_matrix(0, 1)):
        for then in (rotation_matrix(30, 9, 9), shift_matrix(0.5, 0.25), zoom_matrix(0.7, 9, 9)):
            assert_allclose(transform(transform(images, first), then), transform(images, then @ first), atol=1e-12)
    # Two that mix pixels blur twice: the chain is better.
    twice, once = rotate(rotate(images, 20), 25), rotate(images, 45)
    assert np.abs(twice - once).max() > 0.01
    assert_allclose(rotation_matrix(25, 9, 9) @ rotation_matrix(20, 9, 9), rotation_matrix(45, 9, 9))


def test_the_order_of_a_chain_is_from_right_to_left():
    picture = np.zeros((1, 3, 3, 1))
    picture[0, 1, 1] = 1
    right, turn = shift_matrix(0, 1), rotation_matrix(90, 3, 3)
    assert transform(picture, turn @ right)[0, 0, 1, 0] == 1  # first to the right, then turned to the top
    assert transform(picture, right @ turn)[0, 1, 2, 0] == 1  # the centre stays in the turn, then goes to the right


def keras_moves(layer, images):
    return layer(images, training=True).numpy()


@all_shapes
def test_moves_equal_keras(shape):
    """Keras counts a turn as a part of a full one, a shift as a part of the side, and a zoom by how much more is seen."""
    images, (height, width) = pictures(shape), shape[1:3]
    options = {"fill_mode": "constant", "interpolation": "bilinear", "fill_value": 0.0, "dtype": "float64"}
    close = {"atol": 1e-5}  # Keras computes places in float32
    for part in (0.0, 0.1, -0.07, 0.25, 0.5):
        theirs = keras_moves(keras.layers.RandomRotation((part, part), **options), images)
        assert_allclose(rotate(images, 360 * part), theirs, **close)
    for down, right in ((0.0, 0.0), (0.25, -0.5), (-0.1, 0.33)):
        theirs = keras_moves(keras.layers.RandomTranslation((down, down), (right, right), **options), images)
        assert_allclose(shift(images, down * height, right * width), theirs, **close)
    for more in (0.0, 0.5, -0.3, 1.0):  # above 0, Keras's pictures shrink
        theirs = keras_moves(keras.layers.RandomZoom((more, more), **options), images)
        assert_allclose(zoom(images, 1 / (1 + more)), theirs, **close)


@pytest.mark.parametrize(("mode", "horizontal"), [("horizontal", True), ("vertical", False)])
def test_flips_equal_keras(mode, horizontal):
    images = pictures((30, 4, 5, 3))
    theirs = keras_moves(keras.layers.RandomFlip(mode, seed=1, dtype="float64"), images)
    flipped = np.any(theirs != images, axis=(1, 2, 3))  # Keras flips about half of them
    assert 5 < flipped.sum() < 25
    assert_array_equal(theirs[flipped], flip(images[flipped], horizontal))


@all_shapes
def test_brightness_and_contrast_equal_keras_and_are_clipped(shape):
    images = pictures(shape)
    for delta in (0.0, 0.4, -0.4, 1.0, -1.0):
        layer = keras.layers.RandomBrightness((delta, delta), value_range=(0, 1), dtype="float64")
        ours = brightness(images, delta)
        assert_allclose(ours, keras_moves(layer, images), atol=1e-7)
        assert ours.min() >= 0 and ours.max() <= 1
    # Keras draws the factor from [1 - lower, 1 + upper]; handed over as it is, it may also be below 1.
    layer = keras.layers.RandomContrast(0.5, value_range=(0, 1), dtype="float64")
    for factor in (0.0, 0.5, 1.0, 1.7, 30.0):
        theirs = layer.transform_images(keras.ops.convert_to_tensor(images), {"contrast_factor": factor}, training=True)
        ours = contrast(images, factor)
        assert_allclose(ours, theirs.numpy(), atol=1e-12)
        assert ours.min() >= 0 and ours.max() <= 1
    assert_allclose(contrast(images, 1), images)


def test_contrast_keeps_the_mean_of_each_channel_of_each_picture():
    images = 0.4 + 0.2 * pictures((3, 6, 5, 2))
    ours = contrast(images, 1.8)
    assert_allclose(ours.mean(axis=(1, 2)), images.mean(axis=(1, 2)))
    assert_allclose(ours.std(axis=(1, 2)), 1.8 * images.std(axis=(1, 2)))


def test_noise_has_the_mean_and_spread_that_were_asked_for_and_is_not_clipped():
    images = np.full((4, 50, 50, 3), 0.9)
    added = noise(images, 0.2, np.random.default_rng(0)) - images
    assert abs(added.mean()) < 0.005  # five standard errors: 0.2 / sqrt(30 000) = 0.0012
    assert abs(added.std() - 0.2) < 0.005
    assert (images + added).max() > 1
    assert not np.array_equal(added[0], added[1])
    assert abs(np.corrcoef(added[..., 0].ravel(), added[..., 1].ravel())[0, 1]) < 0.05
    assert_array_equal(noise(images, 0, np.random.default_rng(0)), images)
    assert_array_equal(noise(images, 0.2, np.random.default_rng(0)) - images, added)


@settings(max_examples=60, deadline=None)
@given(shape=SIZES, size=st.integers(1, 9), seed=st.integers(0, 99))
def test_cutout_is_a_square_around_a_pixel_as_far_as_the_picture_goes(shape, size, seed):
    images = np.ones(shape)
    cut, rng = cutout(images, size, np.random.default_rng(seed)), np.random.default_rng(seed)
    rows, columns = rng.integers(shape[1], size=shape[0]), rng.integers(shape[2], size=shape[0])
    for picture, row, column in zip(cut, rows, columns, strict=True):
        top, left = row - size // 2, column - size // 2
        expected = np.ones(shape[1:])
        expected[max(top, 0) : top + size, max(left, 0) : left + size] = 0
        assert_array_equal(picture, expected)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_cutout_sets_size_times_size_pixels_to_0_inside_and_fewer_at_the_edge(size):
    cut = cutout(np.ones((2000, 9, 8, 3)), size, np.random.default_rng(0))
    zeros = np.count_nonzero(np.all(cut == 0, axis=3), axis=(1, 2))
    assert zeros.max() == size * size
    assert zeros.min() == (size - size // 2) ** 2  # the centre is in the first corner: half of each side is left
    assert np.all((cut == 0).any(axis=3) == (cut == 0).all(axis=3))  # all channels at once
    assert np.all((cut == 0).any(axis=(0, 3)))  # each pixel is hit in some picture


def test_mixup_mixes_pictures_and_labels_in_the_same_shares():
    images, labels = pictures((50, 3, 4, 2)), np.eye(5)[np.arange(50) % 5]
    mixed, mixed_labels = mixup(images, labels, 0.4, np.random.default_rng(7))
    rng = np.random.default_rng(7)
    partners, shares = rng.permutation(50), rng.beta(0.4, 0.4, 50)
    for i, (partner, share) in enumerate(zip(partners, shares, strict=True)):
        assert_allclose(mixed[i], share * images[i] + (1 - share) * images[partner])
        assert_allclose(mixed_labels[i], share * labels[i] + (1 - share) * labels[partner])
    assert_allclose(mixed_labels.sum(axis=1), 1)
    layer = keras.layers.MixUp(dtype="float64")
    drawn = {"mix_weight": keras.ops.convert_to_tensor(shares), "permutation_order": partners}
    assert_allclose(mixed, layer.transform_images(images, drawn).numpy())
    assert_allclose(mixed_labels, layer.transform_labels(labels, drawn).numpy())


@pytest.mark.parametrize("alpha", [0.2, 1.0, 8.0])
def test_the_shares_of_mixup_follow_the_beta_distribution(alpha):
    # Picture i holds 1 in channel i: so its share can be read there, where it does not meet itself.
    images = np.eye(500)[:, None, None, :]
    mixed, _ = mixup(images, np.ones((500, 1)), alpha, np.random.default_rng(0))
    shares = np.diag(mixed[:, 0, 0])[np.count_nonzero(mixed, axis=(1, 2, 3)) == 2]
    assert abs(shares.mean() - 0.5) < 0.08
    assert abs(shares.std() - np.sqrt(1 / (4 * (2 * alpha + 1)))) < 0.04


@settings(max_examples=40, deadline=None)
@given(batch=st.integers(1, 6), classes=st.integers(1, 4), alpha=st.floats(0.05, 20), seed=st.integers(0, 99))
def test_mixed_labels_add_up_to_1(batch, classes, alpha, seed):
    rng = np.random.default_rng(seed)
    labels = rng.dirichlet(np.ones(classes), batch)
    mixed, mixed_labels = mixup(rng.random((batch, 2, 2, 1)), labels, alpha, rng)
    assert_allclose(mixed_labels.sum(axis=1), 1)
    assert mixed.shape == (batch, 2, 2, 1) and mixed.min() >= 0 and mixed.max() <= 1


@pytest.mark.parametrize("change", [*MOVES.values(), *VALUES.values()], ids=[*MOVES, *VALUES])
@all_shapes
def test_types_and_shapes_stay_and_inputs_are_not_changed(change, shape):
    images = pictures(shape)
    for dtype, expected in ((np.float32, np.float32), (np.float64, np.float64), (np.uint8, np.float64)):
        given_images = (images * (255 if dtype is np.uint8 else 1)).astype(dtype)
        before = given_images.copy()
        changed = change(given_images)
        assert changed.dtype == expected
        assert changed.shape == shape
        assert_array_equal(given_images, before)
        assert not np.shares_memory(changed, given_images)
    assert_allclose(change(images.astype(np.float32)), change(images), atol=1e-6)
    assert change(np.zeros((0, 3, 3, 1))).shape == (0, 3, 3, 1)  # no pictures, nothing to do


def test_numbers_from_numpy_do_not_widen_float32():
    images = pictures((1, 3, 3, 1)).astype(np.float32)
    number = np.float64(0.5)
    changed = [rotate(images, number), shift(images, number, number), zoom(images, number), brightness(images, number)]
    changed += [contrast(images, number), transform(images, np.eye(3), number), noise(images, number, np.random.default_rng(0))]
    assert {array.dtype for array in changed} == {np.dtype(np.float32)}
    mixed, labels = mixup(images, np.ones((1, 2), np.float32), number, np.random.default_rng(0))
    assert mixed.dtype == labels.dtype == np.float32


def test_mixup_leaves_its_labels_alone():
    labels = np.eye(4)
    mixup(pictures((4, 2, 2, 1)), labels, 1.0, np.random.default_rng(0))
    assert_array_equal(labels, np.eye(4))


@pytest.mark.parametrize("change", [*MOVES.values(), *VALUES.values()], ids=[*MOVES, *VALUES])
def test_images_that_do_not_fit_are_named(change):
    with pytest.raises(ValueError, match=r"images: expected 4 axes .*got shape \(3, 3, 1\)"):
        change(np.zeros((3, 3, 1)))
    with pytest.raises(ValueError, match="images: expected finite numbers, got 9 that are NaN"):
        change(np.full((1, 3, 3, 1), np.nan))


def test_a_shift_of_any_length_leaves_nothing_but_the_fill():
    for far in (50, -1e9, 1e300):
        assert_array_equal(transform(pictures((1, 3, 4, 1)), shift_matrix(far, 0), 0.5), np.full((1, 3, 4, 1), 0.5))


def test_what_does_not_fit_is_named():
    images, rng = np.zeros((2, 3, 3, 1)), np.random.default_rng(0)
    wrong = [
        (lambda: rotate(images, np.nan), "degrees: expected a finite number, got nan"),
        (lambda: rotate(images, "90"), "degrees: expected a finite number, got '90'"),
        (lambda: rotation_matrix(90, 0, 3), "height: expected a whole number of at least 1, got 0"),
        (lambda: zoom_matrix(2, 3, 2.5), "width: expected a whole number of at least 1, got 2.5"),
        (lambda: shift(images, np.inf, 0), "down: expected a finite number, got inf"),
        (lambda: shift(images, 0, None), "right: expected a finite number, got None"),
        (lambda: zoom(images, 0), "factor: expected a number above 0, got 0"),
        (lambda: zoom(images, 1e-320), "matrix: expected one that can be undone"),
        (lambda: transform(images, np.eye(2)), "matrix: expected 3 x 3 numbers"),
        (lambda: transform(images, np.ones((3, 3))), r"matrix: expected .* last row \(0, 0, 1\), got \[\[1.0, 1.0"),
        (lambda: transform(images, np.diag([1, np.nan, 1])), "matrix: expected finite numbers"),
        (lambda: transform(images, np.diag([1, 0, 1])), "matrix: expected one that can be undone"),
        (lambda: transform(images, np.eye(3), fill="black"), "fill: expected a finite number, got 'black'"),
        (lambda: flip(images, "vertical"), "horizontal: expected True or False, got 'vertical'"),
        (lambda: brightness(images, 30), "delta: expected a number from -1 to 1, got 30"),
        (lambda: contrast(images, -1), "factor: expected a number of at least 0, got -1"),
        (lambda: noise(images, -0.1, rng), "standard_deviation: expected a number of at least 0, got -0.1"),
        (lambda: noise(images, 0.1, 7), "rng: expected a numpy Generator, such as .*, got 7"),
        (lambda: cutout(images, 0, rng), "size: expected a whole number of at least 1, got 0"),
        (lambda: cutout(images, 1, None), "rng: expected a numpy Generator, such as .*, got None"),
        (lambda: mixup(images, [0, 1], 1.0, rng), r"labels: expected shape \(batch, classes\) with a batch of 2, got \(2,\)"),
        (lambda: mixup(images, np.eye(3), 1.0, rng), r"labels: expected .* batch of 2, got \(3, 3\)"),
        (lambda: mixup(images, np.full((2, 2), np.nan), 1.0, rng), "labels: expected finite numbers, got 4"),
        (lambda: mixup(images, np.eye(2), 0, rng), "alpha: expected a number above 0, got 0"),
        (lambda: mixup(images, np.eye(2), 1.0, np.random), "rng: expected a numpy Generator"),
    ]
    for call, message in wrong:
        with pytest.raises(ValueError, match=message):
            call()


def test_augment_without_arguments_changes_nothing():
    images = pictures((3, 5, 4, 2))
    assert_array_equal(augment(images, np.random.default_rng(0)), images)


def test_augment_draws_anew_for_each_picture_and_again_for_the_same_generator():
    images = np.repeat(pictures((1, 9, 9, 1)), 6, axis=0)
    policy = {"degrees": 30, "pixels": 2, "factor": 1.2, "mirror": True, "light": 0.2}
    drawn, again = (augment(images, np.random.default_rng(1), **policy) for _ in range(2))
    assert_array_equal(drawn, again)
    assert len({picture.tobytes() for picture in drawn}) == 6


def test_augment_zooms_then_turns_then_shifts_then_mirrors_then_brightens():
    images = pictures((20, 6, 7, 1))
    drawn = augment(images, np.random.default_rng(3), degrees=50, pixels=2, factor=1.5, mirror=True, light=0.3)
    rng, mirrored = np.random.default_rng(3), 0
    for image, found in zip(images, drawn, strict=True):
        larger, degrees = 1.5 ** rng.uniform(-1, 1), rng.uniform(-50, 50)
        matrix = shift_matrix(*rng.uniform(-2, 2, 2)) @ rotation_matrix(degrees, 6, 7) @ zoom_matrix(larger, 6, 7)
        expected = transform(image[None], matrix)
        if rng.random() < 0.5:
            expected, mirrored = flip(expected), mirrored + 1
        assert_allclose(found, brightness(expected, rng.uniform(-0.3, 0.3))[0])
    assert 0 < mirrored < 20


def test_augment_of_one_pixel_and_of_float32():
    for shape in ((1, 1, 1, 1), (2, 1, 5, 3)):
        images = pictures(shape).astype(np.float32)
        drawn = augment(images, np.random.default_rng(0), degrees=10, pixels=1, factor=2, mirror=True, light=0.1)
        assert drawn.shape == shape and drawn.dtype == np.float32


def test_what_does_not_fit_augment_is_named():
    images, rng = np.zeros((2, 3, 3, 1)), np.random.default_rng(0)
    for policy, message in (
        ({"degrees": -1}, "degrees: expected a number of at least 0, got -1"),
        ({"pixels": np.nan}, "pixels: expected a number of at least 0, got nan"),
        ({"factor": 0.5}, "factor: expected a number of at least 1, got 0.5"),
        ({"light": "1"}, "light: expected a number of at least 0, got '1'"),
        ({"mirror": 1}, "mirror: expected True or False, got 1"),
    ):
        with pytest.raises(ValueError, match=message):
            augment(images, rng, **policy)
    with pytest.raises(ValueError, match="rng: expected a numpy Generator"):
        augment(images, None)
