"""What the general tests of exercises and predictions cannot see: that the references of lessons 03 and 04 are true."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from helpers.exercises import cnn, pooling
from helpers.scratch.convolution import Conv2D, conv2d
from helpers.scratch.dense import Dense
from helpers.scratch.pooling import Flatten, MaxPooling2D, average_pool2d, max_pool2d, min_pool2d
from helpers.scratch.receptive_field import ReceptiveField
from helpers.scratch.sequential import Sequential

# Lesson 03


def test_the_tables_by_hand_are_those_of_the_layers():
    table = pooling.TABLE[None, :, :, None].astype(float)
    answer = pooling.pool_by_hand.reference()
    assert_allclose(answer["max"], max_pool2d(table)[0, :, :, 0])
    assert_allclose(answer["average"], average_pool2d(table)[0, :, :, 0])


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        ({"max": [[5, 8], [7, 9]]}, "a dictionary with two tables"),
        ({"max": [[5, 8], [7, 9]], "average": [[3, 3.5], [4, ...]]}, "Did you replace all dots"),
        ({"max": [[5, 8], [7, 8]], "average": [[3, 3.5], [4, 3]]}, "look at row 1, column 1; its window holds 0, 0, 9, 3"),
        ({"max": [5, 8, 7, 9], "average": [[3, 3.5], [4, 3]]}, r"a table of shape \(4,\) instead of \(2, 2\)"),
    ],
)
def test_pencil_work_is_answered_without_giving_it_away(attempt, words):
    result = pooling.pool_by_hand.judge(lambda: attempt)
    assert result.state == "wrong" and re.search(words, result.text)
    assert "[3.0, 3.5]" not in result.text.replace(str(attempt), "")


@given(st.integers(1, 40), st.integers(1, 8), st.integers(1, 8))
def test_the_size_is_that_of_the_pooled_map(n, window, stride):
    images = np.zeros((1, n, n, 1))
    assert pooling.pooled_size.reference(n, window, stride, "same") == max_pool2d(images, window, stride, "same").shape[1]
    if window <= n:
        assert pooling.pooled_size.reference(n, window, stride, "valid") == max_pool2d(images, window, stride).shape[1]


def test_min_pooling_out_of_max_pooling_is_min_pooling():
    image = np.random.default_rng(0).normal(size=(6, 8))
    found = pooling.min_pool.reference(image, pooling.squares_of_two)
    assert_allclose(found, min_pool2d(image[None, :, :, None])[0, :, :, 0])


@pytest.mark.parametrize("attempt", [lambda image, max_pool: image.max() - max_pool(image.max() - image)])
def test_another_way_to_turn_bright_into_dark_is_right(attempt):
    assert pooling.min_pool.judge(attempt).state == "right"


def test_own_windows_in_place_of_max_pool_are_not_right():
    own = pooling.min_pool.judge(lambda image, max_pool: image.reshape(len(image) // 2, 2, -1, 2).min(axis=(1, 3)))
    assert own.state == "wrong"


@pytest.mark.parametrize(
    ("prediction", "answer"),
    [("shifts_that_keep", "at 4 and 8"), ("dark_line", "nothing"), ("pixels_reached", "9")],
)
def test_what_the_experiments_of_lesson_03_find(prediction, answer):
    assert getattr(pooling, prediction).answer() == answer


def test_the_larger_picture_has_five_times_the_weights():
    assert pooling.weights_of_a_larger_image.answer() == "about five times as many"
    assert "5.3 times as many" in pooling.weights_of_a_larger_image.commit("about as many")


# Lesson 04


@pytest.mark.parametrize("case", cnn.receptive_field.cases, ids=str)
def test_the_field_is_that_of_the_formula(case):
    field = ReceptiveField()
    for layer in case[0]:
        field = field.behind(*layer)
    assert cnn.receptive_field.reference(*case) == field.size


@pytest.mark.parametrize("case", cnn.count_weights.cases, ids=str)
def test_the_weights_are_those_of_our_layers(case):
    size, channels, filters, units = case
    model = Sequential([Conv2D(filters, 3), MaxPooling2D(2), Flatten(), Dense(units), Dense(10)])
    model.build((None, size, size, channels))
    assert cnn.count_weights.reference(*case) == sum(array.size for array in model.get_weights())


@pytest.mark.parametrize("place", range(len(cnn.strongest_filter.cases)))
def test_the_filter_fires_where_it_is_said(place):
    image, kernels, bias = cnn.strongest_filter.cases[place]
    filter, row, column = cnn.strongest_filter.reference(image, kernels, bias)
    maps = conv2d(image[None, :, :, None], kernels[:, :, None], bias)[0]
    assert maps[row, column, filter] == maps.max()
    window = image[row : row + 3, column : column + 3]
    assert_allclose(np.sum(window * kernels[:, :, filter]) + bias[filter], maps.max())
    assert np.sum(maps > maps.max() - 1e-6) == 1, "one place only, or two answers would be right"


@pytest.mark.parametrize(
    ("prediction", "answer"),
    [
        ("field_of_five", "18 x 18 pixels"),
        ("kernels_of_a_large_picture", "as many as before"),
        ("map_of_a_moved_digit", "it moves with the picture"),
        ("pixels_never_seen", "the last two rows and columns"),
    ],
)
def test_what_the_experiments_of_lesson_04_find(prediction, answer):
    assert getattr(cnn, prediction).answer() == answer


def test_the_network_really_does_not_see_the_last_rows():
    from helpers.explorers.cnn_digits import digit_network, held_out_digits

    images, _ = held_out_digits()
    changed = images.copy()
    changed[:, 26:], changed[:, :, 26:] = 0.7, 0.7
    model = digit_network()
    assert_allclose(model.predict(changed), model.predict(images), atol=1e-12)
    changed[:, 25] = 0.7
    assert np.abs(model.predict(changed) - model.predict(images)).max() > 0.01
