"""Convolution from scratch against Keras, `tf.GradientTape`, four plain loops, finite differences, and bad input."""

from itertools import product
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.scratch.convolution import Conv2D, conv2d, conv2d_backward, output_size

KERNELS = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (1, 4), (5, 2), (2, 3))
STRIDES = (1, 2, 3, 4, (1, 2), (3, 1))
PADDINGS = ("valid", "same", ((1, 1), (1, 1)), ((0, 3), (2, 1)))
DILATIONS = (1, 2, 3, (1, 3))
TOLERANCE = {"float32": {"rtol": 1e-4, "atol": 1e-4}, "float64": {"rtol": 1e-10, "atol": 1e-10}}


class Case(NamedTuple):
    """One convolution: the shapes of the images and of the kernels, and the options."""

    size: tuple
    kernel: tuple
    strides: int | tuple = 1
    padding: str | tuple = "valid"
    dilation: int | tuple = 1
    channels: int = 2
    filters: int = 3
    batch: int = 2
    dtype: str = "float64"

    @property
    def options(self):
        return {"strides": self.strides, "padding": self.padding, "dilation_rate": self.dilation}

    def arrays(self):
        """Return images, kernels and bias, filled by chance."""
        rng = np.random.default_rng(0)
        shapes = (self.batch, *self.size, self.channels), (*self.kernel, self.channels, self.filters), (self.filters,)
        return tuple(rng.standard_normal(shape).astype(self.dtype) for shape in shapes)

    def name(self):
        padding = self.padding if isinstance(self.padding, str) else "explicit"
        options = f"{self.size}-{self.kernel}-s{self.strides}-{padding}-d{self.dilation}"
        return f"{options}-{self.channels}to{self.filters}-b{self.batch}-{self.dtype}".replace(" ", "")


def both(value):
    return value if isinstance(value, tuple) else (value, value)


def spans(kernel, dilation):
    """Return how many pixels a window covers, downwards and to the right, its gaps included."""
    return [(size - 1) * gap + 1 for size, gap in zip(kernel, both(dilation), strict=True)]


def pads(case):
    """Return ((top, bottom), (left, right)); "same" as TensorFlow's guide to padding defines it."""
    if case.padding != "same":
        return ((0, 0), (0, 0)) if case.padding == "valid" else case.padding
    totals = [
        max(span - (size % stride or stride), 0)
        for size, span, stride in zip(case.size, spans(case.kernel, case.dilation), both(case.strides), strict=True)
    ]
    return tuple((total // 2, total - total // 2) for total in totals)


def by_loops(images, kernels, bias, case):
    """Return the feature maps, computed one number at a time."""
    padded = np.pad(images, ((0, 0), *pads(case), (0, 0)))
    (high, wide), (down, right), (gap_down, gap_right) = (
        spans(case.kernel, case.dilation),
        both(case.strides),
        both(case.dilation),
    )
    tops, lefts = range(0, padded.shape[1] - high + 1, down), range(0, padded.shape[2] - wide + 1, right)
    maps = np.zeros((len(images), len(tops), len(lefts), kernels.shape[3]), images.dtype)
    for picture in range(len(images)):
        for row, top in enumerate(tops):
            for column, left in enumerate(lefts):
                window = padded[picture, top : top + high : gap_down, left : left + wide : gap_right]
                for kernel in range(kernels.shape[3]):
                    maps[picture, row, column, kernel] = (window * kernels[..., kernel]).sum() + bias[kernel]
    return maps


def by_keras(images, kernels, bias, case):
    """Return the feature maps as a tensor."""
    strides, padding, steps = both(case.strides), case.padding, (1, 1)
    if max(strides) > 1 and max(both(case.dilation)) > 1:
        # TensorFlow refuses strides together with dilation. Strides keep every second, third ... place of the map.
        strides, padding, steps = (1, 1), pads(case), strides
    if not isinstance(padding, str):
        images, padding = tf.pad(images, ((0, 0), *padding, (0, 0))), "valid"
    maps = keras.ops.conv(images, kernels, strides, padding, "channels_last", both(case.dilation))
    return maps[:, :: steps[0], :: steps[1]] + bias


def grid():
    """Return every kernel with every stride and padding; dilation, shapes and dtype are drawn, the full grid is too large."""
    rng = np.random.default_rng(2)
    cases = []
    for kernel, strides, padding in product(KERNELS, STRIDES, PADDINGS):
        dilation = DILATIONS[rng.integers(len(DILATIONS))]
        added = [0, 0] if isinstance(padding, str) else [sum(ends) for ends in padding]
        # The smallest image has room for one window; "same" makes room by itself.
        least = [max(span - more, 1) for span, more in zip(spans(kernel, dilation), added, strict=True)]
        size = tuple(int(n) for n in (1 if padding == "same" else least) + rng.integers(0, 8, 2))
        channels, filters, batch = (int(n) for n in rng.integers(1, (5, 4, 4)))
        cases.append(
            Case(size, kernel, strides, padding, dilation, channels, filters, batch, rng.choice(["float32", "float64"]))
        )
    return cases


UGLY = [
    Case((6, 6), (2, 2), 1, "same"),
    Case((7, 6), (4, 2), 3, "same"),
    Case((5, 7), (4, 4), (2, 3), "same", dtype="float32"),
    Case((8, 8), (3, 3), 3),  # the stride does not divide the way that is left
    Case((2, 3), (5, 5), 4, "same"),  # the kernel is larger than the image, but not than the padded image
    Case((9, 9), (1, 1), 4, "same"),  # a window that skips pixels
    Case((4, 3), (4, 3), 2),  # the kernel is as large as the image
    Case((1, 2), (4, 5), 1, ((2, 1), (0, 3))),  # the kernel is as large as the padded image
    Case((9, 8), (3, 2), (1, 2), "same", (3, 2), 1, 1, 1),
    Case((1, 1), (1, 1), channels=1, filters=1, batch=1, dtype="float32"),
]


@pytest.mark.parametrize("case", UGLY + grid(), ids=Case.name)
def test_forward_and_backward_equal_keras(case):
    arrays = case.arrays()
    ours = conv2d(*arrays, **case.options)
    assert ours.dtype == case.dtype
    assert_allclose(ours, by_loops(*arrays, case), **TOLERANCE[case.dtype])

    tensors = [tf.constant(array) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        maps = by_keras(*tensors, case)
    assert_allclose(ours, maps, **TOLERANCE[case.dtype])

    gradient = np.random.default_rng(1).standard_normal(ours.shape).astype(case.dtype)
    gradients = conv2d_backward(gradient, *arrays[:2], **case.options)
    for name, mine, theirs in zip(
        ("images", "kernels", "bias"), gradients, tape.gradient(maps, tensors, gradient), strict=True
    ):
        assert mine.dtype == case.dtype
        assert_allclose(mine, theirs, **TOLERANCE[case.dtype], err_msg=name)


@st.composite
def cases(draw):
    kernel, strides, dilation = (
        draw(st.tuples(small, small)) for small in (st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))
    )
    ends = st.tuples(st.integers(0, 4), st.integers(0, 4))
    padding = draw(st.sampled_from(["valid", "same"]) | st.tuples(ends, ends))
    added = [0, 0] if isinstance(padding, str) else [sum(pad) for pad in padding]
    least = [1 if padding == "same" else max(n - a, 1) for n, a in zip(spans(kernel, dilation), added, strict=True)]
    size = tuple(draw(st.integers(n, n + 6)) for n in least)
    channels, filters, batch = (draw(st.integers(1, most)) for most in (4, 3, 3))
    return Case(size, kernel, strides, padding, dilation, channels, filters, batch)


@settings(max_examples=60)
@given(cases())
def test_any_shape_equals_the_loops(case):
    arrays = case.arrays()
    assert_allclose(conv2d(*arrays, **case.options), by_loops(*arrays, case), rtol=1e-10, atol=1e-10)


@settings(max_examples=40)
@given(cases(), st.floats(-3, 3))
def test_linear_in_the_images_and_in_the_kernels(case, factor):
    images, kernels, _ = case.arrays()
    other_images, other_kernels = np.roll(images, 1, axis=1), np.flip(kernels)

    def maps(images, kernels):
        return conv2d(images, kernels, **case.options)

    expected = maps(images, kernels) + factor * maps(other_images, kernels)
    assert_allclose(maps(images + factor * other_images, kernels), expected, atol=1e-10)
    expected = maps(images, kernels) + factor * maps(images, other_kernels)
    assert_allclose(maps(images, kernels + factor * other_kernels), expected, atol=1e-10)


@settings(max_examples=60)
@given(cases(), st.integers(0, 2), st.integers(0, 10**9))
def test_backward_equals_finite_differences(case, which, place):
    """The slope along one number of the images, the kernels or the bias; exact but for rounding, as the map is linear in it."""
    arrays, gradient = case.arrays(), None
    slopes = []
    for step in (0.5, -0.5):
        moved = [array.copy() for array in arrays]
        moved[which].flat[place % moved[which].size] += step
        maps = conv2d(*moved, **case.options)
        if gradient is None:
            gradient = np.random.default_rng(1).standard_normal(maps.shape)
        slopes.append((gradient * maps).sum())
    computed = conv2d_backward(gradient, *arrays[:2], **case.options)[which]
    assert computed.shape == arrays[which].shape
    assert_allclose(computed.flat[place % computed.size], slopes[0] - slopes[1], atol=1e-9)


def test_smallest_example_by_hand():
    image, kernel = np.arange(9).reshape(1, 3, 3, 1), np.array([[1, 0], [0, -2]]).reshape(2, 2, 1, 1)
    # 1 * upper left - 2 * lower right; a kernel turned by 180 degrees would give other numbers.
    assert_array_equal(conv2d(image, kernel)[0, :, :, 0], [[0 - 2 * 4, 1 - 2 * 5], [3 - 2 * 7, 4 - 2 * 8]])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"size": 8, "kernel_size": 3}, 6),
        ({"size": 8, "kernel_size": 3, "strides": 2}, 3),
        ({"size": 8, "kernel_size": 3, "strides": 3}, 2),
        ({"size": 8, "kernel_size": 3, "padding": 1}, 8),
        ({"size": 8, "kernel_size": 3, "padding": (0, 2), "strides": 2}, 4),
        ({"size": 8, "kernel_size": 3, "dilation_rate": 3}, 2),
        ({"size": 7, "kernel_size": 5, "strides": 3, "padding": "same"}, 3),
        ({"size": 2, "kernel_size": 5, "padding": "same"}, 2),
        ({"size": 5, "kernel_size": 5}, 1),
        ({"size": np.int64(8), "kernel_size": np.int64(3)}, 6),
    ],
)
def test_output_size_by_hand(options, expected):
    assert output_size(**options) == expected


@settings(max_examples=60)
@given(cases())
def test_output_size_is_the_shape_of_the_feature_maps(case):
    arguments = (case.size, case.kernel, both(case.strides), both(case.padding), case.dilation)
    if isinstance(case.padding, str):
        arguments = (*arguments[:3], (case.padding, case.padding), case.dilation)
    sizes = [output_size(*axis) for axis in zip(*arguments, strict=True)]
    assert sizes == list(by_loops(*case.arrays(), case).shape[1:3])


LAYERS = [
    {},
    {"activation": "relu"},
    {"use_bias": False},
    {"activation": "relu", "use_bias": False, "strides": (2, 3), "padding": "same"},
    {"kernel_size": (2, 4), "padding": "same", "strides": 2},
    {"kernel_size": 2, "dilation_rate": (2, 3), "activation": "relu"},
]


@pytest.mark.parametrize("options", LAYERS, ids=str)
def test_layer_equals_keras(options):
    options = {"filters": 4, "kernel_size": 3} | options
    rng = np.random.default_rng(0)
    images = rng.standard_normal((2, 9, 8, 3))
    theirs, ours = keras.layers.Conv2D(**options, dtype="float64"), Conv2D(**options)
    theirs.build(images.shape)
    ours.build(images.shape, rng)
    # A bias of zeros would hide a bias that is left out.
    theirs.set_weights([rng.standard_normal(array.shape) for array in theirs.get_weights()])
    ours.set_weights(theirs.get_weights())
    for mine, array in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_array_equal(mine, array)
    assert list(ours.weights) == [variable.name for variable in theirs.weights]

    inputs = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        maps = theirs(inputs)
    assert_allclose(ours.forward(images), maps, rtol=1e-10, atol=1e-10)

    gradient = rng.standard_normal(maps.shape)
    expected = tape.gradient(maps, [inputs, *(variable.value for variable in theirs.weights)], gradient)
    assert_allclose(ours.backward(gradient), expected[0], rtol=1e-10, atol=1e-10)
    assert list(ours.gradients) == list(ours.weights)
    for mine, array in zip(ours.gradients.values(), expected[1:], strict=True):
        assert_allclose(mine, array, rtol=1e-10, atol=1e-10)


def test_layer_starts_like_keras():
    ours, theirs = Conv2D(40, (5, 2)), keras.layers.Conv2D(40, (5, 2))
    ours.build((None, 9, 9, 3), np.random.default_rng(0))
    theirs.build((None, 9, 9, 3))
    assert [array.shape for array in ours.get_weights()] == [array.shape for array in theirs.get_weights()]
    (kernel, bias), (keras_kernel, _) = ours.get_weights(), theirs.get_weights()
    assert not bias.any()
    # Both are even between -limit and limit, and 1,200 numbers come close to the ends.
    assert np.abs(kernel).max() == pytest.approx(np.abs(keras_kernel).max(), rel=0.02)
    assert kernel.std() == pytest.approx(keras_kernel.std(), rel=0.1)


def test_layer_repeats_with_the_same_generator():
    first, again, other = (Conv2D(2, 3) for _ in range(3))
    for layer, seed in ((first, 5), (again, 5), (other, 6)):
        layer.build((1, 5, 5, 1), np.random.default_rng(seed))
    assert_array_equal(first.weights["kernel"], again.weights["kernel"])
    assert not np.array_equal(first.weights["kernel"], other.weights["kernel"])


def test_weights_are_copies():
    layer = Conv2D(2, 3)
    layer.build((1, 5, 5, 1), np.random.default_rng(0))
    mine = [np.ones((3, 3, 1, 2)), np.ones(2)]
    layer.set_weights(mine)
    mine[0][:] = 7
    layer.get_weights()[1][:] = 7
    assert all((array == 1).all() for array in layer.weights.values())


@pytest.mark.parametrize("images_dtype", ["float32", "float64", "float16", "int64", "uint8", "bool"])
@pytest.mark.parametrize("kernels_dtype", ["float32", "float64"])
def test_float32_images_stay_float32_and_all_others_become_float64(images_dtype, kernels_dtype):
    expected = "float32" if images_dtype == "float32" else "float64"
    images, kernels = np.ones((1, 5, 5, 2), images_dtype), np.ones((3, 3, 2, 1), kernels_dtype)
    maps = conv2d(images, kernels, np.ones(1))
    assert maps.dtype == expected
    assert (maps == 19).all()
    assert [array.dtype for array in conv2d_backward(np.ones(maps.shape), images, kernels)] == [expected] * 3


def test_whole_numbers_do_not_overflow():
    assert conv2d(np.full((1, 2, 2, 1), 255, "uint8"), np.full((2, 2, 1, 1), 2, "uint8")).item() == 2040


def test_inputs_are_never_changed():
    case = Case((6, 7), (3, 2), 2, ((1, 0), (2, 1)))
    arrays = case.arrays()
    before = [array.copy() for array in arrays]
    maps = conv2d(*arrays, **case.options)
    for array in arrays:
        array.flags.writeable = False
    gradient = np.ones_like(maps)
    gradients = conv2d_backward(gradient, *arrays[:2], **case.options)
    conv2d(*arrays, **case.options)
    for array, old in zip((*arrays, gradient), (*before, np.ones_like(maps)), strict=True):
        assert_array_equal(array, old)
    # Nor does writing into a result reach an input.
    assert not any(np.shares_memory(result, array) for result in (maps, *gradients) for array in arrays)


def test_views_and_lists_are_read_like_arrays():
    images, kernels, bias = Case((8, 6), (3, 2)).arrays()
    turned = np.ascontiguousarray(images[:, ::-1, ::2])
    assert_array_equal(conv2d(images[:, ::-1, ::2], kernels, bias), conv2d(turned, kernels, bias))
    assert_array_equal(conv2d(images.tolist(), kernels.tolist(), bias.tolist()), conv2d(images, kernels, bias))


def with_one(number):
    images = np.ones((2, 6, 7, 3))
    images[1, 2, 3, 0] = number
    return images


GOOD = {"images": np.ones((2, 6, 7, 3)), "kernels": np.ones((3, 2, 3, 4))}
BAD_ARRAYS = [  # what is wrong, the argument that is named, what was expected, what came
    ({"images": np.ones((6, 7, 3))}, "images", "batch, height, width, channels", "(6, 7, 3)"),
    ({"images": np.ones((2, 6, 7, 3, 1))}, "images", "4", "(2, 6, 7, 3, 1)"),
    ({"kernels": np.ones((3, 2))}, "kernels", "height, width, channels, filters", "(3, 2)"),
    ({"kernels": np.ones((3, 2, 1, 4))}, "kernels", "3 channels", "1"),
    ({"kernels": np.ones((7, 2, 3, 4))}, "kernel", "at most 6", "7"),
    ({"kernels": np.ones((3, 8, 3, 4))}, "kernel", "at most 7", "8"),
    ({"kernels": np.ones((9, 2, 3, 4)), "padding": ((1, 1), (0, 0))}, "kernel", "at most 8", "9"),
    ({"dilation_rate": (3, 1)}, "kernel", "at most 6", "7"),
    ({"images": with_one(np.nan)}, "images", "finite", "1 that"),
    ({"images": with_one(np.inf)}, "images", "finite", "1 that"),
    ({"images": with_one(-np.inf).astype("float32")}, "images", "finite", "1 that"),
]
BAD_OPTIONS = [  # argument, its value, what was expected, what came
    *(
        (name, value, "at least 1", repr(wrong))
        for name in ("strides", "dilation_rate")
        for value, wrong in [(0, 0), (-1, -1), (1.0, 1.0), (2.5, 2.5), (True, True), (None, None), ("2", "2")]
        + [((1, 0), 0), ((1, True), True), ((1.5, 1), 1.5)]
    ),
    ("strides", (1, 2, 3), "pair", "(1, 2, 3)"),
    ("dilation_rate", (1,), "pair", "(1,)"),
    *(("padding", value, '"same"', repr(value)) for value in ["full", "SAME", "", -1, 1, None, (1, 1), ((1, 1),)]),
    *(("padding", ((1, wrong), (0, 0)), "at least 0", repr(wrong)) for wrong in (-1, 0.5, True, None)),
]


def assert_names(problem, argument, expected, got):
    """The message begins with the argument, then says what was expected, then what came."""
    message = str(problem.value)
    first, _, last = message.partition("expected")
    assert first.startswith(argument), message
    assert expected in last.rpartition("got ")[0], message
    assert got in last.rpartition("got ")[2], message


@pytest.mark.parametrize(("change", "argument", "expected", "got"), BAD_ARRAYS)
def test_bad_arrays(change, argument, expected, got):
    arguments = GOOD | change
    with pytest.raises(ValueError) as problem:
        conv2d(**arguments)
    assert_names(problem, argument, expected, got)
    with pytest.raises(ValueError) as problem:
        conv2d_backward(np.ones((2, 4, 6, 4)), **arguments)
    assert_names(problem, argument, expected, got)


@pytest.mark.parametrize(("argument", "value", "expected", "got"), BAD_OPTIONS)
def test_bad_options(argument, value, expected, got):
    with pytest.raises(ValueError) as problem:
        conv2d(**GOOD, **{argument: value})
    assert_names(problem, argument, expected, got)
    with pytest.raises(ValueError) as problem:
        conv2d_backward(np.ones((2, 4, 6, 4)), **GOOD, **{argument: value})
    assert_names(problem, argument, expected, got)
    with pytest.raises(ValueError) as problem:
        layer = Conv2D(2, 3, **{argument: value})
        layer.build((2, 6, 7, 3), np.random.default_rng(0))
        layer.forward(GOOD["images"])
    assert_names(problem, argument, expected, got)


@pytest.mark.parametrize("bias", [np.ones(3), np.ones((4, 1)), np.ones((1, 4)), 1.0])
def test_bad_bias(bias):
    with pytest.raises(ValueError) as problem:
        conv2d(**GOOD, bias=bias)
    assert_names(problem, "bias", "(4,)", str(np.shape(bias)))


@pytest.mark.parametrize("shape", [(2, 4, 6, 3), (2, 6, 4, 4), (1, 4, 6, 4), (4, 6, 4), (1, 1, 1, 1), ()])
def test_bad_gradient(shape):
    with pytest.raises(ValueError) as problem:
        conv2d_backward(np.ones(shape), **GOOD)
    assert_names(problem, "gradient", "(2, 4, 6, 4)", str(shape))


@pytest.mark.parametrize(
    ("change", "argument", "expected", "got"),
    [
        ({"size": 0}, "size", "at least 1", "0"),
        ({"size": 8.0}, "size", "at least 1", "8.0"),
        ({"kernel_size": 0}, "kernel_size", "at least 1", "0"),
        ({"kernel_size": 9}, "kernel_size", "at most 8", "9"),
        ({"kernel_size": 11, "padding": 1}, "kernel_size", "at most 10", "11"),
        ({"dilation_rate": 4}, "kernel_size", "at most 8", "9"),
        ({"strides": 0}, "strides", "at least 1", "0"),
        ({"strides": True}, "strides", "at least 1", "True"),
        ({"dilation_rate": 0}, "dilation_rate", "at least 1", "0"),
        ({"padding": "full"}, "padding", '"same"', "'full'"),
        ({"padding": -1}, "padding", "at least 0", "-1"),
        ({"padding": (0, 1.5)}, "padding", "at least 0", "1.5"),
        ({"padding": (1, 2, 3)}, "padding", '"same"', "(1, 2, 3)"),
    ],
)
def test_bad_sizes(change, argument, expected, got):
    with pytest.raises(ValueError) as problem:
        output_size(**{"size": 8, "kernel_size": 3} | change)
    assert_names(problem, argument, expected, got)


@pytest.mark.parametrize(
    ("change", "argument", "expected", "got"),
    [
        ({"filters": 0}, "filters", "at least 1", "0"),
        ({"filters": 2.0}, "filters", "at least 1", "2.0"),
        ({"kernel_size": (3, 0)}, "kernel_size", "at least 1", "0"),
        ({"kernel_size": (3, 3, 3)}, "kernel_size", "pair", "(3, 3, 3)"),
        ({"activation": "Relu"}, "activation", "'relu'", "'Relu'"),
        ({"activation": None}, "activation", "'linear'", "None"),
    ],
)
def test_bad_layer(change, argument, expected, got):
    with pytest.raises(ValueError) as problem:
        Conv2D(**{"filters": 2, "kernel_size": 3} | change)
    assert_names(problem, argument, expected, got)


def test_bad_shapes_for_a_layer():
    layer = Conv2D(2, 3)
    with pytest.raises(ValueError) as problem:
        layer.build((6, 7, 3), np.random.default_rng(0))
    assert_names(problem, "input_shape", "batch, height, width, channels", "(6, 7, 3)")
    layer.build((None, 6, 7, 3), np.random.default_rng(0))
    with pytest.raises(ValueError) as problem:
        layer.forward(np.ones((2, 6, 7, 1)))
    assert_names(problem, "kernels", "1 channels", "3")
    layer.forward(GOOD["images"])
    for shape in [(2, 4, 5, 3), (1, 4, 5, 2), ()]:
        with pytest.raises(ValueError) as problem:
            layer.backward(np.ones(shape))
        assert_names(problem, "gradient", "(2, 4, 5, 2)", str(shape))


@pytest.mark.parametrize(
    ("arrays", "expected", "got"),
    [
        ([np.ones((3, 3, 1, 2))], "2 arrays", "1"),
        ([np.ones((3, 3, 1, 2)), np.ones(3)], "(2,)", "(3,)"),
        ([np.ones(2), np.ones((3, 3, 1, 2))], "(3, 3, 1, 2)", "(2,)"),
    ],
)
def test_bad_weights_change_nothing(arrays, expected, got):
    layer = Conv2D(2, 3)
    layer.build((1, 5, 5, 1), np.random.default_rng(0))
    before = layer.get_weights()
    with pytest.raises(ValueError) as problem:
        layer.set_weights(arrays)
    assert_names(problem, "arrays", expected, got)
    for new, old in zip(layer.get_weights(), before, strict=True):
        assert_array_equal(new, old)
