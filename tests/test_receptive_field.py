"""The receptive field that the formula gives is the one that the gradient finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.scratch.convolution import conv2d, conv2d_backward
from helpers.scratch.receptive_field import ReceptiveField

STACKS = [
    [(3, 1, 0, 1)],
    [(3, 1, 0, 1), (2, 2, 0, 1), (3, 1, 0, 1), (2, 2, 0, 1)],
    [(5, 2, 2, 1), (3, 1, 1, 2)],
    [(1, 1, 0, 1), (4, 3, 1, 1), (2, 1, 0, 3)],
]


def seen(stack, size=120):
    """Return, for every place of the last map, the pixels that get a gradient from it: (places, size)."""
    maps, inputs = [np.ones((1, 1, size, 1))], []
    for window, stride, padding, dilation in stack:
        options = {"strides": (1, stride), "padding": ((0, 0), (padding, padding)), "dilation_rate": dilation}
        inputs.append((np.ones((1, window, 1, 1)), options))
        maps.append(conv2d(maps[-1], inputs[-1][0], **options))
    reached = []
    for place in range(maps[-1].shape[2]):
        gradient = np.zeros_like(maps[-1])
        gradient[0, 0, place] = 1
        for images, (kernel, options) in zip(maps[-2::-1], inputs[::-1], strict=True):
            gradient = conv2d_backward(gradient, images, kernel, **options)[0]
        reached.append(gradient[0, 0, :, 0] > 0)
    return np.array(reached)


def field_of(stack):
    field = ReceptiveField()
    for layer in stack:
        field = field.behind(*layer)
    return field


def check(stack):
    """Compare all places whose field lies inside the picture; return how many. (At the border padding cuts it off.)"""
    field, reached = field_of(stack), seen(stack)
    inside = 0
    for place, row in enumerate(reached):
        first, end = field.seen_by(place)
        pixels = np.flatnonzero(row)
        if first >= 0 and end <= len(row):
            assert (pixels[0], pixels[-1] + 1) == (first, end), place
            inside += 1
        elif len(pixels):
            assert first <= pixels[0] and pixels[-1] < end, place
    return inside


@pytest.mark.parametrize("stack", STACKS)
def test_it_is_what_the_gradient_reaches(stack):
    assert check(stack) > 1


layers = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 1), st.integers(1, 2))


@given(st.lists(layers, min_size=1, max_size=3))
def test_it_is_so_for_any_stack(stack):
    assert check(stack) > 0


def test_the_network_of_the_lesson():
    fields = [ReceptiveField()]
    for layer in [(3,), (2, 2), (3,), (2, 2)]:
        fields.append(fields[-1].behind(*layer))
    assert [field.size for field in fields] == [1, 3, 4, 8, 10]
    assert [field.jump for field in fields] == [1, 1, 2, 2, 4]
    assert fields[3].seen_by(5) == (10, 18)


@pytest.mark.parametrize(
    ("arguments", "name"), [((0,), "window"), ((3, 0), "stride"), ((3, 1, -1), "padding"), ((3, 1, 0, 0), "dilation")]
)
def test_wrong_numbers_are_named(arguments, name):
    with pytest.raises(ValueError, match=name):
        ReceptiveField().behind(*arguments)
