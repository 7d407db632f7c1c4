"""Gabor filters and how they are measured: every number against the formula, and against loops."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.scratch import gabor as module
from helpers.scratch.gabor import (
    ANGLES,
    PHASES,
    WAVELENGTHS,
    closest_gabor,
    gabor,
    grating,
    responses,
    selectivity,
    tuning_curve,
)

SIZES = (1, 2, 5, 9)
angles = st.floats(-360, 360)
lengths = st.floats(0.5, 50)


def kernel_by_chance(size, seed=0):
    return np.random.default_rng(seed).normal(size=(size, size))


def centred(kernel):
    return kernel - kernel.mean()


# Stripes


@given(st.integers(1, 12), angles, lengths, angles, st.floats(-3, 3), st.floats(-3, 3), st.data())
def test_each_pixel_of_a_grating_is_the_cosine_of_its_place(size, angle, wavelength, phase, down, right, data):
    row, column = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    across, below = column - (size - 1) / 2 - right, row - (size - 1) / 2 - down
    along = across * math.cos(math.radians(angle)) + below * math.sin(math.radians(angle))
    expected = math.cos(2 * math.pi * along / wavelength + math.radians(phase))
    found = grating(size, angle, wavelength, phase, (down, right))
    assert found.shape == (size, size) and np.abs(found).max() <= 1
    assert_allclose(found[row, column], expected, atol=1e-9)
    bell = math.exp(-(across**2 + below**2) / (2 * 1.7**2))
    assert_allclose(gabor(size, angle, wavelength, phase, 1.7, (down, right))[row, column], expected * bell, atol=1e-9)


@pytest.mark.parametrize("size", SIZES)
def test_at_0_degrees_the_stripes_stand_and_at_90_they_lie(size):
    upright, lying = grating(size, 0, 3, 20), grating(size, 90, 3, 20)
    assert_allclose(upright, np.tile(upright[0], (size, 1)))
    assert_allclose(lying, np.tile(lying[:, :1], (1, size)), atol=1e-12)
    if size > 1:
        assert np.ptp(upright[0]) > 0.1 and np.ptp(lying[:, 0]) > 0.1


def test_the_stripes_of_a_positive_angle_go_on_to_the_right_and_downwards():
    """At 45 degrees a step down is as good as a step to the right; against that, nothing changes on the diagonal up."""
    stripes = grating(9, 45, 5, 33)
    assert_allclose(stripes[1:, :-1], stripes[:-1, 1:])
    assert not np.allclose(stripes[1:, 1:], stripes[:-1, :-1])


def test_after_one_wavelength_the_stripes_come_again():
    for length in (2, 3, 4):
        stripes = grating(9, 0, length, 75)
        assert_allclose(stripes[:, length:], stripes[:, :-length], atol=1e-12)
        assert_allclose(grating(9, 0, length, 75 + 360), stripes, atol=1e-12)
        assert_allclose(grating(9, 0, length, 75 + 180), -stripes, atol=1e-12)


@given(st.integers(1, 9), angles, lengths, angles, st.floats(-2, 2), st.floats(-2, 2))
def test_mirrored_at_the_diagonal_the_angle_is_the_rest_to_90_degrees(size, angle, wavelength, phase, down, right):
    options = {"wavelength": wavelength, "phase": phase}
    assert_allclose(
        gabor(size, 90 - angle, centre=(down, right), **options),
        gabor(size, angle, centre=(right, down), **options).T,
        atol=1e-9,
    )


@pytest.mark.parametrize("size", SIZES)
def test_a_gabor_filter_turned_by_90_degrees_is_the_transposed_one(size):
    for wavelength, phase, sigma in ((4, 0, 2), (3, 45, 1), (6, 90, 5)):
        assert_allclose(gabor(size, 90, wavelength, phase, sigma), gabor(size, 0, wavelength, phase, sigma).T, atol=1e-12)
        turned = gabor(size, 20 + 90, wavelength, phase, sigma)
        assert_allclose(turned, np.rot90(gabor(size, 20, wavelength, phase, sigma), -1), atol=1e-12)


def test_the_bell_is_highest_at_its_centre_and_does_not_turn():
    blob = gabor(9, wavelength=1e9, sigma=2, centre=(2, -1))
    assert np.unravel_index(blob.argmax(), blob.shape) == (4 + 2, 4 - 1) and blob.max() == 1
    assert_allclose([blob[6, 5], blob[4, 3], blob[6, 1]], math.exp(-4 / 8))
    assert_allclose(gabor(9, 70, 1e9, centre=(2, -1)), blob)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: grating(0), "size"),
        (lambda: grating(2.5), "size"),
        (lambda: gabor(-1), "size"),
        (lambda: grating(5, wavelength=0), "wavelength"),
        (lambda: grating(5, wavelength=-4), "wavelength"),
        (lambda: gabor(5, wavelength=np.nan), "wavelength"),
        (lambda: gabor(5, wavelength=np.inf), "wavelength"),
        (lambda: gabor(5, sigma=0), "sigma"),
        (lambda: gabor(5, sigma=-1), "sigma"),
        (lambda: gabor(5, sigma="wide"), "sigma"),
    ],
)
def test_wrong_numbers_are_named(call, name):
    with pytest.raises(ValueError, match=f"^{name}: expected .*, got "):
        call()


# What a kernel answers


@pytest.mark.parametrize("size", SIZES)
def test_the_answer_is_the_largest_sum_over_all_phases_and_never_below_0(size):
    for kernel in (kernel_by_chance(size), gabor(size, 30), -np.ones((size, size))):
        found = responses(kernel)
        assert found.shape == (len(WAVELENGTHS), len(ANGLES))
        for i, j in ((0, 0), (1, 35), (3, 6), (5, 18), (4, 29)):
            best = 0.0
            for phase in PHASES:
                stripes = grating(size, ANGLES[j], WAVELENGTHS[i], phase)
                best = max(best, sum(kernel[place] * stripes[place] for place in np.ndindex(size, size)))
            assert_allclose(found[i, j], best, atol=1e-12)


@settings(max_examples=30)
@given(st.sampled_from(SIZES), st.integers(0, 99), st.floats(0.1, 10))
def test_a_stronger_kernel_answers_more_and_its_negative_as_much(size, seed, factor):
    kernel = kernel_by_chance(size, seed)
    assert_allclose(responses(factor * kernel), factor * responses(kernel), atol=1e-9)
    assert_allclose(responses(-kernel), responses(kernel), atol=1e-9)


def test_turning_a_kernel_turns_its_answers():
    kernel = kernel_by_chance(9)
    assert_allclose(responses(np.rot90(kernel, -1)), np.roll(responses(kernel), len(ANGLES) // 2, axis=1), atol=1e-9)


def test_without_a_kernel_there_is_no_answer():
    assert not responses(np.zeros((5, 5))).any()
    assert selectivity(tuning_curve(np.zeros((5, 5)))[0]) == 0


@pytest.mark.parametrize("angle", [0, 30, 45, 95, 175])
@pytest.mark.parametrize("wavelength", WAVELENGTHS)
def test_the_curve_is_highest_at_the_angle_and_the_wavelength_of_a_gabor_filter(angle, wavelength):
    for phase in (0, 45, 90):
        curve, length = tuning_curve(gabor(21, angle, wavelength, phase, sigma=5))
        assert (ANGLES[curve.argmax()], length) == (angle, wavelength)


def test_the_curve_is_the_row_of_answers_with_the_strongest_one():
    for seed in range(10):
        kernel = kernel_by_chance(5, seed)
        curve, length = tuning_curve(kernel)
        found = responses(kernel)
        assert curve.max() == found.max()
        assert_array_equal(curve, found[WAVELENGTHS.index(length)])


# Selectivity

curves = st.lists(st.floats(0, 1e3), min_size=len(ANGLES), max_size=len(ANGLES)).map(np.array)


@given(curves, st.integers(0, 35))
def test_selectivity_lies_between_0_and_1_and_does_not_mind_where_the_best_angle_is(curve, shift):
    assert 0 <= selectivity(curve) <= 1
    if np.sum(curve == curve.max()) == 1:
        assert selectivity(np.roll(curve, shift)) == selectivity(curve)


def test_selectivity_compares_the_best_angle_with_the_one_across():
    curve = np.full(len(ANGLES), 2.0)
    curve[ANGLES == 30], curve[ANGLES == 120] = 5.0, 1.0
    assert_allclose(selectivity(curve), (5 - 1) / (5 + 1))
    curve[ANGLES == 150] = 8.0  # across lies at 60
    assert_allclose(selectivity(curve), (8 - 2) / (8 + 2))
    assert selectivity(np.ones(len(ANGLES))) == 0 and selectivity(np.zeros(len(ANGLES))) == 0
    curve[ANGLES == 60] = 0.0
    assert selectivity(curve) == 1


def test_a_round_blob_has_no_direction_and_stripes_have_one():
    for sigma in (1, 2, 3):
        blob, _ = tuning_curve(gabor(9, wavelength=1e9, sigma=sigma))
        assert selectivity(blob) < 1e-9
    for angle in (0, 30, 75, 135):
        for wavelength in (3, 4, 6):
            stripes, _ = tuning_curve(grating(25, angle, wavelength, 90))
            assert selectivity(stripes) > 0.95


# The most similar filter


@pytest.mark.parametrize("size", [5, 9])
@pytest.mark.parametrize(
    ("angle", "wavelength", "phase", "wide", "place"),
    [
        (0, 4, 0, 6, (0, 0)),
        (45, 2.5, 90, 3, (0, -1)),
        (165, 12, 45, 6, (1, 1)),
        (90, 6, 135, 3, (-1, 0)),
        (15, 3, 0, 3, (1, -1)),
    ],
)
def test_a_filter_of_its_own_bank_is_found(size, angle, wavelength, phase, wide, place):
    centre = tuple(size / 4 * step for step in place)
    kernel = gabor(size, angle, wavelength, phase, size / wide, centre)
    for changed in (kernel, -kernel, 7 * kernel, kernel + 0.5, 0.01 * kernel - 3):
        twin, likeness = closest_gabor(changed)
        assert_allclose(likeness, 1)
        assert_allclose(twin, centred(changed), atol=1e-9)


def test_no_filter_of_the_bank_is_more_alike():
    """A loop over every filter that the bank promises, and the correlation as NumPy works it out."""
    kernel = kernel_by_chance(5, 3)
    promised = [
        gabor(5, angle, wavelength, phase, sigma, (down, right))
        for angle in range(0, 180, 15)
        for wavelength in WAVELENGTHS
        for phase in range(0, 180, 45)
        for sigma in (5 / 6, 5 / 3)
        for down in (-5 / 4, 0, 5 / 4)
        for right in (-5 / 4, 0, 5 / 4)
    ]
    alike = np.corrcoef([kernel.ravel(), *(each.ravel() for each in promised)])[0, 1:]
    twin, likeness = closest_gabor(kernel)
    assert_allclose(likeness, np.abs(alike).max())
    assert_allclose(np.corrcoef(twin.ravel(), kernel.ravel())[0, 1], likeness)
    assert_allclose(abs(np.corrcoef(twin.ravel(), promised[np.abs(alike).argmax()].ravel())[0, 1]), 1)


@settings(max_examples=30)
@given(st.sampled_from((3, 5, 9)), st.integers(0, 99), st.floats(0.01, 100), st.floats(-5, 5))
def test_scale_sign_and_mean_do_not_matter(size, seed, factor, mean):
    kernel = kernel_by_chance(size, seed)
    twin, likeness = closest_gabor(kernel)
    assert 0 <= likeness <= 1 and twin.shape == kernel.shape
    for sign in (1, -1):
        scaled, same = closest_gabor(sign * factor * kernel + mean)
        assert_allclose(same, likeness, rtol=1e-9)
        assert_allclose(scaled, sign * factor * twin, atol=1e-6 * factor)


@settings(max_examples=30)
@given(st.sampled_from((3, 5, 9)), st.integers(0, 99))
def test_the_twin_is_as_near_as_a_filter_of_this_shape_can_be(size, seed):
    """Its strength is the best one: what is left over stands at right angles to it."""
    kernel = kernel_by_chance(size, seed)
    twin, likeness = closest_gabor(kernel)
    left = centred(kernel) - twin
    assert_allclose(np.sum(left * twin), 0, atol=1e-9)
    assert_allclose(np.linalg.norm(twin), likeness * np.linalg.norm(centred(kernel)))


@pytest.mark.parametrize("size", [3, 5, 9])
def test_nothing_is_like_a_kernel_that_is_the_same_everywhere(size):
    for value in (0.0, 0.1, -2.0):
        twin, likeness = closest_gabor(np.full((size, size), value))
        assert abs(likeness) < 1e-9 and np.abs(twin).max() < 1e-9


@pytest.mark.parametrize("size", [1, 2])
def test_very_small_kernels_get_a_number_without_a_warning(size):
    module._bank.cache_clear()  # or the warning would only come the first time
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        twin, likeness = closest_gabor(kernel_by_chance(size))
    assert 0 <= likeness <= 1 and np.isfinite(twin).all()
