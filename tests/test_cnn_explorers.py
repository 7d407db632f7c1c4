"""The explorers of CNNs: every number they show against plain sums, finite differences, loops and Keras."""

import math
import re
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_recorded
from helpers.explorers import cnn
from helpers.explorers.cnn_architecture import BLOCKS, DENSE, GLOBAL, NOTHING, SHORT, explore_architecture, stack
from helpers.explorers.cnn_digits import answer_in_words, digit_network, held_out_digits
from helpers.explorers.cnn_occlusion import ITS_OWN, cover, explore_occlusion
from helpers.explorers.cnn_tuning import BEFORE, GABOR, LEARNT, explore_tuning
from helpers.explorers.explorer import Impossible
from helpers.scratch.convolution import Conv2D
from helpers.scratch.dense import Dense
from helpers.scratch.dropout import Dropout
from helpers.scratch.gabor import ANGLES, WAVELENGTHS, closest_gabor, grating, responses
from helpers.scratch.pooling import (
    AveragePooling2D,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    MinPooling2D,
    Pooling2D,
)
from helpers.scratch.sequential import Sequential

FUNCTIONS = {
    "linear": lambda z: z,
    "relu": lambda z: np.where(z > 0, z, 0),
    "tanh": np.tanh,
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(),
}


class Network(NamedTuple):
    """A network of our own layers, the names of their activations, and the height and width of its pictures."""

    layers: object  # a function without arguments that makes them
    activations: tuple
    shape: tuple = (12, 12)


NETWORKS = {
    "padding same": Network(
        lambda: [Conv2D(5, 3, padding="same", activation="relu"), MaxPooling2D(3, 2, "same"), Flatten(), Dense(10, "softmax")],
        ("relu", None, None, "softmax"),
    ),
    "average pooling": Network(
        lambda: [
            Conv2D(6, 3, activation="relu"),
            AveragePooling2D(3, 2, "same"),
            Conv2D(4, 2),
            Flatten(),
            Dense(10, "softmax"),
        ],
        ("relu", None, "linear", None, "softmax"),
    ),
    "stride 2": Network(
        lambda: [
            Conv2D(5, 4, strides=2, padding="same", activation="relu"),
            Conv2D(4, 3, strides=2),
            Flatten(),
            Dense(4, "softmax"),
        ],
        ("relu", "linear", None, "softmax"),
    ),
    "global average": Network(
        lambda: [Conv2D(5, 3, activation="tanh"), MaxPooling2D(), Conv2D(6, 2), GlobalAveragePooling2D(), Dense(3, "softmax")],
        ("tanh", None, "linear", None, "softmax"),
    ),
    "dilation": Network(
        lambda: [
            Conv2D(4, 3, dilation_rate=2, padding="same", activation="relu"),
            MaxPooling2D(3, 2),
            Flatten(),
            Dense(10, "softmax"),
        ],
        ("relu", None, None, "softmax"),
    ),
    "no bias, one map": Network(
        lambda: [Conv2D(1, 3, use_bias=False, activation="relu"), Conv2D(3, 5), Flatten(), Dense(4, "softmax", use_bias=False)],
        ("relu", "linear", None, "softmax"),
    ),
    "no convolution": Network(lambda: [Flatten(), Dense(9, "relu"), Dense(10, "softmax")], (None, "relu", "softmax")),
    "maps of one pixel": Network(
        lambda: [Conv2D(40, 5, activation="relu"), Conv2D(6, 8, activation="relu"), Flatten(), Dense(4, "softmax")],
        ("relu", "relu", None, "softmax"),
    ),
    "wide picture": Network(
        lambda: [Conv2D(5, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(10, "softmax")],
        ("relu", None, None, "softmax"),
        (12, 19),
    ),
}
LESSON = Network(None, ("relu", None, "relu", None, None, "relu", "softmax"), (28, 28))


def built(layers, shape, seed=1):
    """Return a network for pictures (height, width, 1) with weights and biases drawn by chance."""
    model, rng = Sequential(layers), np.random.default_rng(seed)
    model.build((None, *shape, 1))
    model.set_weights([rng.normal(0, 1 / np.sqrt(array.size / array.shape[-1]), array.shape) for array in model.get_weights()])
    return model


def noisy_digits(count=3):
    """Return digits with a little noise: no two pixels are alike, so that the largest of a window is always one."""
    images, labels = held_out_digits()
    noise = np.random.default_rng(5).uniform(0, 0.2, (count, 28, 28, 1))
    return images[::17][:count] + noise, labels[::17][:count]


@cache
def feature_maps(name):
    """Return an explorer of feature maps, its network, and the names of the activations; opened once for all tests."""
    if name == "lesson":
        return cnn.explore_feature_maps(None, *noisy_digits()), LESSON.activations
    network = NETWORKS[name]
    model = built(network.layers(), network.shape)
    images = np.random.default_rng(2).random((3, *network.shape, 1))
    return cnn.explore_feature_maps(model, images), network.activations


ALL = pytest.mark.parametrize("name", ["lesson", *NETWORKS])


# A CNN by hand: plain sums over windows.


def windows_by_hand(inputs, size, strides, padding, dilation, fill):
    """Return the windows of inputs (height, width, channels): (out_height, out_width, channels, rows, columns)."""
    pads = []
    for pixels, window, stride, step in zip(inputs.shape, size, strides, dilation, strict=False):
        span = step * (window - 1) + 1
        total = max((-(-pixels // stride) - 1) * stride + span - pixels, 0) if padding == "same" else 0
        pads.append((total // 2, total - total // 2))
    padded = np.pad(inputs, (*pads, (0, 0)), constant_values=fill)
    spans = [step * (window - 1) + 1 for window, step in zip(size, dilation, strict=True)]
    views = sliding_window_view(padded, spans, axis=(0, 1))
    return views[:: strides[0], :: strides[1], :, :: dilation[0], :: dilation[1]]


def both(value):
    return tuple(value) if np.ndim(value) else (value, value)


def by_hand(model, activations, image, places=None):
    """Return for each layer its numbers before the activation, and after it."""
    sums, outputs, now = [], [], image
    for layer, activation in list(zip(model.layers, activations, strict=True))[:places]:
        if isinstance(layer, Conv2D):
            kernel, options = layer.weights["kernel"], layer.options
            found = windows_by_hand(
                now, kernel.shape[:2], both(options["strides"]), options["padding"], both(options["dilation_rate"]), 0
            )
            now = np.einsum("hwcij,ijcf->hwf", found, kernel) + layer.weights.get("bias", 0)
        elif isinstance(layer, Dense):
            now = now @ layer.weights["kernel"] + layer.weights.get("bias", 0)
        elif isinstance(layer, Pooling2D):
            size, strides, padding = layer.options.values()
            found = windows_by_hand(now, both(size), both(strides or size), padding, (1, 1), np.nan)
            now = np.nanmean(found, axis=(3, 4)) if isinstance(layer, AveragePooling2D) else np.nanmax(found, axis=(3, 4))
        elif isinstance(layer, Flatten):
            now = now.ravel()
        elif isinstance(layer, GlobalAveragePooling2D):
            now = now.sum(axis=(0, 1)) / (now.shape[0] * now.shape[1])
        sums.append(now)
        now = now if activation is None else FUNCTIONS[activation](now)
        outputs.append(now)
    return sums, outputs


def some_numbers(explorer, count, seed=0):
    """Return for each layer some values of the controls, drawn by chance."""
    rng, controls = np.random.default_rng(seed), explorer.controls
    return [
        {
            "layer": name,
            "strongest": bool(rng.integers(3) == 0),
            **{each: int(rng.integers(controls[each].max + 1)) for each in ("picture", "unit", "row", "column")},
        }
        for name in explorer.stages
        for _ in range(count)
    ]


def place_of(explorer, numbers):
    """Return the place of a layer in the network, and the index of the number in what the layer puts out."""
    stage = explorer.stages[numbers["layer"]]
    return stage.place, (numbers["unit"],) if stage.kind == "dense" else (numbers["row"], numbers["column"], numbers["unit"])


@ALL
def test_all_parts_and_the_bias_are_the_number_before_its_activation(name):
    explorer, activations = feature_maps(name)
    for values in some_numbers(explorer, 12):
        numbers = explorer.compute(**values)
        place, index = place_of(explorer, numbers)
        sums, outputs = by_hand(explorer.model, activations, explorer.images[values["picture"]], place + 1)
        assert_allclose(numbers["value"], outputs[place][index], atol=1e-9)
        if explorer.stages[values["layer"]].kind != "pooling":
            assert_allclose(numbers["parts"].sum() + numbers["bias"], sums[place][index], atol=1e-9)
            assert_allclose(np.sum(numbers["window"] * numbers["weights"]), numbers["parts"].sum(), atol=1e-9)


@ALL
def test_maps_and_shares_are_what_the_network_puts_out(name):
    explorer, activations = feature_maps(name)
    for picture, image in enumerate(explorer.images):
        sums, outputs = by_hand(explorer.model, activations, image)
        assert_allclose(explorer.model.forward(image[None])[0], outputs[-1], atol=1e-9)
        for layer, stage in explorer.stages.items():
            numbers = explorer.compute(picture, layer, 0, True, 0, 0)
            assert numbers["maps"].shape == (stage.height, stage.width, stage.units)
            # Shares cannot be taken apart: before softmax the sums are shown.
            expected = (sums if activations[stage.place] == "softmax" else outputs)[stage.place]
            assert_allclose(numbers["maps"], expected.reshape(numbers["maps"].shape), atol=1e-9)
            assert_allclose(numbers["shares"], outputs[-1], atol=1e-9)
            assert_array_equal(numbers["image"], image[:, :, 0])


def test_the_parts_are_the_ones_that_are_counted():
    """In the first layer the nine pixels; after it one for each map of the layer before, also where maps lie in a row."""
    explorer, activations = feature_maps("lesson")
    weights = explorer.model.get_weights()
    _, outputs = by_hand(explorer.model, activations, explorer.images[1])
    first, pooled, second, _, dense, last = explorer.stages
    numbers = explorer.compute(1, first, 5, False, 20, 7)
    assert_allclose(numbers["parts"], (explorer.images[1, 20:23, 7:10, 0] * weights[0][:, :, 0, 5]).ravel())
    assert numbers["bias"] == weights[1][5]
    numbers = explorer.compute(1, second, 30, False, 4, 9)
    expected = [np.sum(outputs[1][4:7, 9:12, k] * weights[2][:, :, k, 30]) for k in range(16)]
    assert_allclose(numbers["parts"], expected, atol=1e-12)
    numbers = explorer.compute(1, dense, 33, True, 0, 0)
    row = weights[4][:, 33].reshape(5, 5, 32)
    assert_allclose(numbers["parts"], [np.sum(outputs[3][:, :, k] * row[:, :, k]) for k in range(32)], atol=1e-12)
    assert_allclose(explorer.compute(1, last, 3, True, 0, 0)["parts"], outputs[5] * weights[6][:, 3])
    numbers = explorer.compute(1, pooled, 2, False, 6, 5)
    assert_allclose(numbers["parts"], outputs[0][12:14, 10:12, 2].ravel())


@cache
def keras_and_layers():
    """Return Keras and its layers; TensorFlow takes seconds to start, so only the tests that need it do so."""
    from helpers.keras_tools import keras

    return keras, keras.layers


def test_a_keras_network_cut_open_has_the_same_numbers_before_and_after():
    keras, layers = keras_and_layers()
    explorer, _ = feature_maps("lesson")
    inputs = now = keras.Input((28, 28, 1))
    cut, found = [], explorer.stages
    for layer, activation in (
        (layers.Conv2D(16, 3), "relu"),
        (layers.MaxPooling2D(2), "linear"),
        (layers.Conv2D(32, 3), "relu"),
        (layers.MaxPooling2D(2), "linear"),
        (layers.Dense(64), "relu"),
        (layers.Dense(10), "softmax"),
    ):
        if isinstance(layer, layers.Dense) and len(now.shape) == 4:
            now = layers.Flatten()(now)
        before = layer(now)
        now = layers.Activation(activation)(before)
        cut.append((before, now))
    model = keras.Model(inputs, cut)
    model.set_weights(digit_network().get_weights())
    answers = model.predict(explorer.images, verbose=0)
    rng = np.random.default_rng(8)
    for (layer, stage), (before, after) in zip(found.items(), answers, strict=True):
        for picture in range(len(explorer.images)):
            for unit in rng.integers(stage.units, size=4):
                row, column = rng.integers(stage.height), rng.integers(stage.width)
                numbers = explorer.compute(picture, layer, int(unit), False, int(row), int(column))
                index = (picture, unit) if stage.kind == "dense" else (picture, row, column, unit)
                assert_allclose(numbers["value"], after[index], atol=1e-4)
                if stage.kind != "pooling":
                    assert_allclose(numbers["parts"].sum() + numbers["bias"], before[index], atol=1e-4)


def test_a_keras_network_carried_across_shows_one_part_for_each_map():
    keras, layers = keras_and_layers()
    from helpers.keras_tools import to_scratch

    stack_of = [layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(6, "softmax")]
    model = keras.Sequential([keras.Input((12, 12, 1)), *stack_of])
    images = np.random.default_rng(0).random((2, 12, 12, 1))
    explorer = cnn.explore_feature_maps(to_scratch(model), images, np.array([1, 5]))
    numbers = explorer.set(layer="3: dense, 6 neurons", unit=2, picture=1).numbers
    assert len(numbers["parts"]) == 4 and numbers["label"] == 5 and "reads this 5" in explorer.description
    assert_allclose(numbers["shares"], model(images)[1], atol=1e-5)
    assert_allclose(FUNCTIONS["softmax"](np.log(numbers["shares"]))[2], numbers["value"])


# The pixels that move a number


@ALL
def test_the_pixels_that_move_a_number_are_those_of_finite_differences(name):
    explorer, activations = feature_maps(name)
    rng = np.random.default_rng(4)
    for values in some_numbers(explorer, 4, seed=3):
        numbers = explorer.compute(**values)
        (place, index), (top, left, bottom, right) = place_of(explorer, numbers), numbers["box"]
        image = explorer.images[values["picture"]]
        pixels = [(int(rng.integers(top, bottom + 1)), int(rng.integers(left, right + 1))) for _ in range(3)]
        pixels.append(tuple(int(rng.integers(size)) for size in image.shape[:2]))
        for row, column in pixels:
            change = np.zeros_like(image)
            change[row, column] = 1e-6
            up, down = (by_hand(explorer.model, activations, image + s * change, place + 1)[0][place][index] for s in (1, -1))
            assert_allclose(numbers["wanted"][row, column], (up - down) / 2e-6, atol=1e-6)


def may_move(layers, inputs, row, column):
    """Return which pixels can have a part in one number, (height, width): every weight 1, nothing cut off, every pixel kept.

    The gaps of a dilated window count as seen: it becomes a larger one without gaps.
    """
    alike = []
    for layer in layers:
        if isinstance(layer, Conv2D):
            spans = [
                step * (n - 1) + 1 for n, step in zip(layer.kernel_size, both(layer.options["dilation_rate"]), strict=True)
            ]
            alike.append(Conv2D(1, spans, layer.options["strides"], layer.options["padding"], use_bias=False))
        elif isinstance(layer, Pooling2D):
            alike.append(AveragePooling2D(**layer.options))
    model = Sequential(alike)
    model.build((None, *inputs, 1))
    model.set_weights([np.ones_like(array) for array in model.get_weights()])
    maps = model.forward(np.ones((1, *inputs, 1)))
    sent = np.zeros_like(maps)
    sent[0, row, column] = 1
    return model.backward(sent)[0, :, :, 0] > 0


def corners(reached):
    """Return first row, first column, last row, last column of what is reached."""
    rows, columns = (np.flatnonzero(reached.any(axis=axis)) for axis in (1, 0))
    return rows[0], columns[0], rows[-1], columns[-1]


def check_boxes(explorer, count=12):
    """Compare the box with what a pixel can reach, in the four corners of every map and at places by chance."""
    rng, shape = np.random.default_rng(6), explorer.images.shape[1:3]
    for layer, stage in explorer.stages.items():
        if stage.kind == "dense":
            assert explorer.compute(0, layer, 0, True, 0, 0)["box"] == (0, 0, shape[0] - 1, shape[1] - 1)
            continue
        places = [(0, 0), (0, stage.width - 1), (stage.height - 1, 0), (stage.height - 1, stage.width - 1)]
        places += [(int(rng.integers(stage.height)), int(rng.integers(stage.width))) for _ in range(count)]
        for row, column in places:
            numbers = explorer.compute(0, layer, 1, False, row, column)
            reached = may_move(explorer.model.layers[: stage.place + 1], shape, numbers["row"], numbers["column"])
            assert numbers["box"] == corners(reached), (layer, row, column)
            assert not numbers["wanted"][~reached].any()


@ALL
def test_the_box_is_where_the_gradient_may_be_other_than_0_and_nowhere_else(name):
    check_boxes(feature_maps(name)[0])


def opened_with(layers, shape=(12, 12), labels=None):
    images = np.random.default_rng(2).random((2, *shape, 1))
    return cnn.explore_feature_maps(built(layers, shape), images, labels)


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ([Conv2D(3, (3, 5))], (12, 12)),
        ([Conv2D(3, 3, strides=(1, 2))], (12, 12)),
        ([Conv2D(3, 3, dilation_rate=(1, 2))], (12, 12)),
        ([Conv2D(3, 3), AveragePooling2D((2, 1))], (12, 12)),
        ([Conv2D(3, 3, padding=((0, 0), (2, 2)))], (12, 12)),
        ([Conv2D(3, 3, strides=2, padding="same")], (11, 16)),
    ],
    ids=["window", "stride", "dilation", "pooling", "padding", "picture"],
)
def test_the_box_is_right_where_rows_and_columns_differ(layers, shape):
    check_boxes(opened_with([*layers, Flatten(), Dense(3, "softmax")], shape))


def test_dropout_between_convolutions_does_not_widen_the_box():
    check_boxes(opened_with([Conv2D(3, 3), Dropout(0.25), Conv2D(3, 3), Flatten(), Dense(3, "softmax")]))


def test_pixels_that_a_stride_left_out_are_not_in_the_box():
    check_boxes(opened_with([Conv2D(3, 3, strides=2), Conv2D(3, 3, padding="same"), Flatten(), Dense(3, "softmax")]))


# Which number is looked at


@ALL
def test_the_strongest_place_is_the_largest_number_of_its_map(name):
    explorer, activations = feature_maps(name)
    for layer, stage in explorer.stages.items():
        for unit in range(0, stage.units, 3):
            numbers = explorer.compute(1, layer, unit, True, 1, 1)
            place = numbers["row"], numbers["column"], numbers["unit"]
            assert numbers["maps"][place] == numbers["maps"][:, :, unit].max()
            if activations[stage.place] != "softmax":
                assert numbers["value"] == numbers["maps"][place]


@ALL
def test_after_the_last_map_row_and_column_it_starts_again(name):
    explorer, _ = feature_maps(name)
    most = {each: explorer.controls[each].max for each in ("unit", "row", "column")}
    assert most["unit"] == max(stage.units for stage in explorer.stages.values()) - 1
    assert min(most["row"], most["column"]) >= max(stage.height for stage in explorer.stages.values()) - 1
    for layer, stage in explorer.stages.items():
        for unit, row, column in ((0, 0, 0), (most["unit"], most["row"], most["column"]), (stage.units, stage.height, 1)):
            numbers = explorer.compute(0, layer, unit, False, row, column)
            assert numbers["unit"] == unit % stage.units
            if stage.height > 1:
                assert (numbers["row"], numbers["column"]) == (row % stage.height, column % stage.width)
            again = explorer.compute(0, layer, unit % stage.units, False, row % stage.height, column % stage.width)
            for key in ("value", "parts", "wanted", "box"):
                assert_array_equal(numbers[key], again[key])


@ALL
def test_every_layer_of_a_network_opens_and_has_a_picture_and_a_sentence(name):
    explorer, _ = feature_maps(name)
    for values in some_numbers(explorer, 3, seed=9):
        explorer.set(**values)
        assert explorer.problem is None and explorer.png.startswith(b"\x89PNG")
        numbers, lines = explorer.numbers, explorer.description.split("\n")
        assert len(lines) <= explorer.lines and all(np.isfinite(numbers[key]).all() for key in ("wanted", "parts", "shares"))
        assert lines[0].startswith(f"Layer {values['layer'].split(':')[0]}, ")
        named = numbers["shares"].argmax()
        known = name == "lesson"
        assert re.search(f"(network answers|as an?) {named} \\(share {numbers['shares'].max():.2f}\\)\\.$", lines[-1])
        assert ("The network answers" in lines[-1]) == (not known)


def test_a_network_without_bias_adds_0():
    explorer, _ = feature_maps("no bias, one map")
    assert explorer.compute(0, "1: convolution, 1 maps", 0, True, 0, 0)["bias"] == 0
    assert explorer.compute(0, "3: dense, 4 neurons", 0, True, 0, 0)["bias"] == 0


# What is written and drawn


def numbers_in(line):
    """Return the numbers with a point that are written in a line, in cents: whole numbers can be added without error."""
    found = re.findall(r"[\N{MINUS SIGN}]?\d+\.\d+", line)
    return [round(100 * float(each.replace("\N{MINUS SIGN}", "-"))) for each in found]


def test_the_sum_is_written_with_the_numbers_of_the_network_and_comes_out():
    explorer, activations = feature_maps("lesson")
    for values in some_numbers(explorer, 15, seed=1):
        numbers, stage = explorer.set(**values).numbers, explorer.stages[values["layer"]]
        line = explorer.description.split("\n")[1]
        place, index = place_of(explorer, numbers)
        sums, outputs = by_hand(explorer.model, activations, explorer.images[values["picture"]], place + 1)
        if stage.kind == "pooling":
            assert "Of the 4 numbers in its window it keeps the largest" in line
            assert_allclose(numbers_in(line), [100 * outputs[place][index]], atol=0.501)
            continue
        parts, bias, total, after = numbers_in(line)
        assert parts + bias == total
        bias_of_unit = explorer.model.layers[place].weights["bias"][numbers["unit"]]
        expected = [100 * each for each in (bias_of_unit, sums[place][index], outputs[place][index])]
        assert_allclose([bias, total, after], expected, atol=0.501)
        assert abs(parts - 100 * (sums[place][index] - bias_of_unit)) < 1.501
        assert ("shares" if place == 6 else "relu leaves") in line and "\N{MINUS SIGN}0.00" not in line
        assert ("relu lets nothing through" in line) == (place != 6 and sums[place][index] < 0)


def test_the_sentence_says_where_the_sliders_go_further():
    explorer, _ = feature_maps("lesson")
    last = "6: dense, 10 neurons"
    assert "The sliders go further" not in explorer.set(layer=last, unit=9, row=20, column=20).description
    assert explorer.set(unit=12).numbers["unit"] == 2
    assert "The sliders go further: this layer has 10 neurons." in explorer.description
    explorer.set(layer="3: convolution, 32 maps", unit=31, strongest=False, row=10, column=10)
    assert "The sliders go further" not in explorer.description
    for further in ({"unit": 32}, {"row": 11}, {"column": 11}):
        sentence = explorer.set(**{"unit": 31, "row": 10, "column": 10} | further).description
        assert "The sliders go further: this layer has 32 maps of 11 \N{MULTIPLICATION SIGN} 11." in sentence


def test_the_sentence_says_what_the_number_sees():
    explorer, _ = feature_maps("lesson")
    explorer.set(layer="3: convolution, 32 maps", unit=5, strongest=False, row=5, column=2)
    first = explorer.description.split("\n")[0]
    assert first == (
        "Layer 3, map 5, row 5, column 2: it sees rows 10 to 17, columns 4 to 11 of the picture "
        "(8 \N{MULTIPLICATION SIGN} 8 pixels)."
    )
    assert explorer.set(layer="5: dense, 64 neurons").description.startswith("Layer 5, neuron 5: it sees the whole picture.")


def test_average_pooling_keeps_the_mean_and_says_so():
    explorer, _ = feature_maps("average pooling")
    explorer.set(layer="2: pooling, 6 maps", strongest=False, row=2, column=2, unit=3)
    assert "Of the 9 numbers in its window it keeps their mean" in explorer.description
    assert_allclose(explorer.numbers["value"], explorer.numbers["window"].mean())


def test_min_pooling_keeps_the_smallest_and_says_so():
    explorer = opened_with([Conv2D(3, 3), MinPooling2D(), Flatten(), Dense(3, "softmax")]).set(layer="2: pooling, 3 maps")
    assert explorer.numbers["value"] == explorer.numbers["window"].min()
    assert "it keeps the smallest" in explorer.description


def test_dropout_behind_flatten_leaves_the_maps_in_one_piece():
    layers = [Conv2D(4, 3, activation="relu"), MaxPooling2D(), Flatten(), Dropout(0.5), Dense(6, "softmax")]
    explorer = opened_with(layers).set(layer="3: dense, 6 neurons")
    assert len(explorer.numbers["parts"]) == 4


def test_a_map_of_one_row_is_still_a_map():
    explorer = opened_with([Conv2D(3, (12, 3)), Flatten(), Dense(3, "softmax")])
    numbers = explorer.set(strongest=False, column=4, unit=1).numbers
    assert numbers["column"] == 4 and "map 1, row 0, column 4" in explorer.description


def test_red_bars_are_parts_above_0_and_blue_ones_below_and_the_last_one_is_the_bias():
    explorer, _ = feature_maps("lesson")
    for values in some_numbers(explorer, 3, seed=12):
        numbers = explorer.set(**values).numbers
        is_pooling = explorer.stages[values["layer"]].kind == "pooling"
        shown = numbers["parts"] if is_pooling else np.append(numbers["parts"], numbers["bias"])
        tallest = max(np.abs(shown).max(), 0.05)
        for bars, wanted in ((explorer.above, shown > 0), (explorer.below, shown < 0)):
            tips = [bar.vertices[2] for bar in bars.get_paths()]
            assert_allclose([tip[1] for tip in tips], shown[wanted] / tallest)
            assert_allclose([tip[0] - 0.4 for tip in tips], np.flatnonzero(wanted))


def middle_of(frame):
    """Return row and column of the middle of a frame."""
    return tuple((min(ends) + max(ends)) / 2 for ends in (frame.get_ydata(), frame.get_xdata()))


def test_the_frame_stands_around_what_the_number_sees():
    explorer, _ = feature_maps("lesson")
    top, left, bottom, right = explorer.set(layer="4: pooling, 32 maps", strongest=False, row=3, column=1).numbers["box"]
    for frame in explorer.frames[:2]:
        assert middle_of(frame) == ((top + bottom) / 2, (left + right) / 2)
        assert max(frame.get_ydata()) - min(frame.get_ydata()) == bottom - top + 1 == 10
    assert middle_of(explorer.frames[3]) == (3, 1)
    explorer.set(layer="5: dense, 64 neurons")
    assert not len(explorer.frames[0].get_xdata()), "the whole picture needs no frame"


@pytest.mark.parametrize("count", [1, 6, 10, 16, 32, 64, 100])
def test_a_montage_holds_every_map_once_and_lines_between_them(count):
    maps = np.random.default_rng(0).random((4, 5, count))
    columns, sheet = cnn.montage(maps)
    for unit in range(count):
        top, left = 5 * (unit // columns) + 1, 6 * (unit % columns) + 1
        assert_array_equal(sheet[top : top + 4, left : left + 5], maps[:, :, unit])
    assert np.isfinite(sheet).sum() == maps.size and np.isnan(sheet[0]).all() and np.isnan(sheet[:, -1]).all()


@pytest.mark.parametrize("count", [1, 7, 8, 10, 16, 64])
def test_a_table_holds_every_number_in_order(count):
    table = cnn.as_table(np.arange(float(count)))
    assert_array_equal(table[np.isfinite(table)], np.arange(count))
    assert table.shape[1] == (5 if count == 10 else 8)


def test_the_answer_says_whether_it_is_right():
    shares = np.eye(10)[8] * 0.7
    assert answer_in_words(8, shares) == "The network reads this 8 as an 8 (share 0.70)."
    assert answer_in_words(3, shares) == "The network reads this 3 wrongly as an 8 (share 0.70)."
    assert answer_in_words(None, shares) == "The network answers 8 (share 0.70)."


def test_the_digits_that_are_shown_were_held_out_and_are_sorted():
    images, labels = held_out_digits()
    assert images.shape == (100, 28, 28, 1) and images.dtype == float
    assert_array_equal(labels, np.repeat(np.arange(10), 10))
    default = cnn.explore_feature_maps()
    assert_array_equal(default.images, images)
    assert np.mean(default.model.predict(images).argmax(axis=1) == labels) > 0.9


# explore_architecture


def architectures(count, seed=0):
    """Return choices of all controls, drawn by chance; half of the pictures are small, so that windows do not fit."""
    rng, found = np.random.default_rng(seed), []
    for k in range(count):
        size = 4 * int(rng.integers(2, 5 if k % 2 else 17))
        blocks = [str(rng.choice([*BLOCKS, NOTHING])) for _ in range(5)]
        found.append((size, int(rng.choice([1, 3])), blocks, 4 * int(rng.integers(1, 17)), (DENSE, SHORT, GLOBAL)[k % 3]))
    return found


def keras_layers(size, channels, blocks, filters, end):
    """Return Keras's layers for these choices, and the place at which Keras refused to go on, or None."""
    keras, layers = keras_and_layers()
    now, made, convolutions = keras.Input((size, size, channels)), [], 0
    for place, name in enumerate(blocks, start=1):
        if name == NOTHING:
            continue
        block = BLOCKS[name]
        if block.is_pooling:
            layer = layers.MaxPooling2D(block.window, block.stride)
        else:
            layer = layers.Conv2D(
                filters * 2**convolutions, block.window, block.stride, block.padding, dilation_rate=block.dilation
            )
            convolutions += 1
        try:
            now = layer(now)
        except ValueError:
            return made, place
        made.append(layer)
    ends = [layers.GlobalAveragePooling2D() if end == GLOBAL else layers.Flatten()]
    for layer in (*ends, *([layers.Dense(64)] if end == DENSE else []), layers.Dense(10)):
        now = layer(now)
        made.append(layer)
    return made, None


def work_of(layer):
    """Return the multiply-adds of a Keras layer: every weight but the biases, at each place where it is used."""
    if not layer.count_params():
        return 0
    return int(layer.kernel.shape.num_elements() * np.prod(layer.output.shape[1:-1]))


def test_shapes_weights_and_work_are_those_of_keras_and_what_keras_refuses_is_impossible():
    refused = 0
    for choice in architectures(60):
        size, channels, blocks, *_ = choice
        made, stopped = keras_layers(*choice)
        if stopped is None:
            rows = stack(*choice)[1:]
            assert [row.shape for row in rows] == [layer.output.shape[1:] for layer in made], choice
            assert [row.weights for row in rows] == [layer.count_params() for layer in made], choice
            assert [row.work for row in rows] == [work_of(layer) for layer in made], choice
            continue
        refused += 1
        with pytest.raises(Impossible) as problem:
            stack(*choice)
        block, side = BLOCKS[blocks[stopped - 1]], made[-1].output.shape[1] if made else size
        span = block.window + (block.window - 1) * (block.dilation - 1)
        assert str(problem.value).startswith(
            f"Layer {stopped} ({blocks[stopped - 1]}) does not fit: its window is {span} pixels wide, and the maps that it "
            f"gets are only {side} \N{MULTIPLICATION SIGN} {side}."
        ), choice
    assert 8 < refused < 50


def test_multiply_adds_are_counted_one_by_one():
    """Three nested loops over a small convolution, stride 2 and two channels going in."""
    name = next(name for name, block in BLOCKS.items() if block.stride == 2 and not block.is_pooling)
    rows = stack(8, 3, [name], 4, SHORT)
    count = sum(1 for _ in np.ndindex(*rows[1].shape[:2]) for _ in np.ndindex(3, 3, 3) for _ in range(4))
    assert rows[1].shape == (3, 3, 4) and rows[1].work == count
    assert rows[-1].work == 36 * 10 and rows[-1].weights == 37 * 10 and rows[0][2:4] == (0, 0)


def scratch_stack(size, blocks):
    """Return our own layers for these blocks."""
    return [
        MaxPooling2D(block.window, block.stride)
        if block.is_pooling
        else Conv2D(1, block.window, block.stride, block.padding, block.dilation)
        for block in (BLOCKS[name] for name in blocks if name != NOTHING)
    ]


def test_the_field_is_what_the_gradient_reaches():
    checked = 0
    for size, channels, blocks, filters, end in architectures(60, seed=3):
        try:
            rows = [row for row in stack(size, channels, blocks, filters, end)[1:] if row.field]
        except Impossible:
            continue
        layers = scratch_stack(size, blocks)
        assert len(rows) == len(layers)
        for depth, row in enumerate(rows, start=1):
            middle = row.shape[0] // 2
            reached = may_move(layers[:depth], (size, size), middle, middle)
            first, end_of = row.field.seen_by(middle)
            if first >= 0 and end_of <= size:
                assert corners(reached) == (first, first, end_of - 1, end_of - 1), (size, blocks)
                checked += 1
            else:
                assert not np.delete(reached, np.arange(max(first, 0), min(end_of, size)), axis=0).any()
    assert checked > 60


def test_the_frames_stand_around_what_the_middle_number_sees():
    explorer = explore_architecture()
    assert_array_equal(explorer.numbers["seen"], [(13, 16), (12, 16), (10, 18), (8, 18)])
    assert [row[4] for row in explorer.numbers["table"]] == [
        *(f"{n} \N{MULTIPLICATION SIGN} {n}" for n in (1, 3, 4, 8, 10)),
        *["all"] * 3,
    ]
    assert "The middle of the last map sees 10 \N{MULTIPLICATION SIGN} 10 pixels of 28" in explorer.description


def test_a_number_that_does_not_see_all_is_not_said_to():
    explorer = explore_architecture()
    names = list(BLOCKS)
    blocks = [names[2], names[3], names[6], names[4], names[6]]  # 1 x 1; 3 x 3, same; pooling; stride 2; pooling
    explorer.set(size=12, **{f"layer_{k}": name for k, name in enumerate(blocks, start=1)})
    reached = may_move(scratch_stack(12, blocks), (12, 12), 0, 0)
    assert reached.sum() < 12 * 12, "the last map has one number, and it does not see the whole picture"
    assert "12 \N{MULTIPLICATION SIGN} 12 pixels of 12 \N{MULTIPLICATION SIGN} 12" not in explorer.description


def percent(amounts):
    """Return the share of the largest amount as text; 100 % only where there is no other."""
    share = 100 * max(amounts) / sum(amounts)
    return "over 99 %" if 99.5 <= share < 100 else f"{share:.0f} %"


def test_the_totals_in_the_sentence_are_those_of_keras():
    explorer = explore_architecture()
    for choice in architectures(12, seed=5):
        size, channels, blocks, filters, end = choice
        layers = {f"layer_{place}": name for place, name in enumerate(blocks, start=1)}
        explorer.set(size=size, channels=channels, filters=filters, end=end, **layers)
        made, stopped = keras_layers(*choice)
        assert (explorer.problem is None) == (stopped is None)
        if stopped is not None:
            assert explorer.description.startswith(f"Layer {stopped} (") and isinstance(explorer.problem, Impossible)
            continue
        weights, work = [layer.count_params() for layer in made], [work_of(layer) for layer in made]
        assert explorer.description.startswith(f"{sum(weights):,} weights, {sum(work):,} multiply-adds for one picture. ")
        name, formula, total = re.search(r"Most weights: (.*), (.*) = ([\d,]+), ", explorer.description).groups()
        inside, units = re.fullmatch(r"\((.*) \+ 1\)\N{MIDDLE DOT}(\d+)", formula.replace(",", "")).groups()
        by_formula = (math.prod(map(int, inside.split("\N{MIDDLE DOT}"))) + 1) * int(units)
        assert by_formula == max(weights) == int(total.replace(",", ""))
        assert f" = {total}, {percent(weights)} of all. " in explorer.description
        names = [row[0] for row in explorer.numbers["table"][1:]]
        assert names[weights.index(max(weights))] == name
        assert f"Most work: {names[work.index(max(work))]}, {percent(work)}." in explorer.description


def test_the_network_of_the_lesson_has_its_weights():
    explorer = explore_architecture()
    assert explorer.numbers["weights"].sum() == 56714 == digit_network().count_params()
    assert [row[1] for row in explorer.numbers["table"]][-2:] == ["64", "10"]


# explore_occlusion


@cache
def occlusion():
    return explore_occlusion()


@pytest.mark.parametrize(
    ("picture", "side", "grey", "wanted"),
    [(37, 7, 0.5, ITS_OWN), (4, 1, 1.0, "8"), (83, 15, 0.0, "0"), (83, 15, 0.25, ITS_OWN)],
)
def test_the_map_is_a_loop_over_covered_pictures(picture, side, grey, wanted):
    numbers = occlusion().set(picture=picture, side=side, grey=grey, wanted=wanted).numbers
    model, image = digit_network(), held_out_digits()[0][picture]
    unit = model.predict(image[None])[0].argmax() if wanted == ITS_OWN else int(wanted)
    rows, columns = np.ogrid[:28, :28]
    for i, j in np.ndindex(10, 10):
        covered = image.copy()
        covered[(np.abs(rows - 3 * i) <= side // 2) & (np.abs(columns - 3 * j) <= side // 2)] = grey
        assert_allclose(numbers["map"][i, j], model.predict(covered[None])[0, unit], atol=1e-5)
    assert numbers["map"].shape == (10, 10) and numbers["unit"] == unit
    assert_allclose(numbers["after"][unit], numbers["map"][numbers["row"] // 3, numbers["column"] // 3], atol=1e-5)
    for which, place in (("lowest", numbers["map"].argmin()), ("highest", numbers["map"].argmax())):
        (i, j), value = divmod(int(place), 10), numbers["map"].flat[place]
        assert f"{which} {value:.2f} at row {3 * i}, column {3 * j}" in occlusion().description


def test_the_frames_stand_at_the_square_and_at_its_number_in_the_map():
    for row, column in ((6, 6), (18, 3), (12, 21), (21, 21)):
        numbers = occlusion().reset().set(row=row, column=column, side=7, grey=0.25).numbers
        assert middle_of(occlusion().frames[0]) == (row, column)
        assert middle_of(occlusion().frames[1]) == (row / 3, column / 3)
        assert_allclose(numbers["map"][row // 3, column // 3], numbers["after"][numbers["unit"]], atol=1e-5)
    occlusion().set(row=0, column=27)
    assert middle_of(occlusion().frames[0]) == (1.5, 25.5), "cut off at the border"
    assert {occlusion().controls[name].step for name in ("row", "column")} == {3}


@pytest.mark.parametrize(
    ("row", "column", "side", "pixels"),
    [
        (0, 0, 1, {(0, 0)}),
        (0, 0, 3, {(0, 0), (0, 1), (1, 0), (1, 1)}),
        (4, 5, 3, {(3, 4), (3, 5), (4, 4), (4, 5)}),
        (4, 0, 3, {(3, 0), (3, 1), (4, 0), (4, 1)}),
        (2, 3, 3, {(i, j) for i in (1, 2, 3) for j in (2, 3, 4)}),
        (0, 5, 15, {(i, j) for i in range(5) for j in range(6)}),
    ],
)
def test_a_square_at_the_border_is_cut_off(row, column, side, pixels):
    image = np.full((5, 6, 1), 0.9)
    covered = cover(image, row, column, side, 0.25)
    assert {tuple(map(int, place)) for place in np.argwhere(covered[:, :, 0] == 0.25)} == pixels
    assert (image == 0.9).all() and covered.shape == image.shape and np.sum(covered == 0.9) == 30 - len(pixels)


def test_the_share_goes_from_and_to_what_the_bars_show():
    explorer = occlusion()
    rng, (images, labels) = np.random.default_rng(0), held_out_digits()
    changed = 0
    for _ in range(12):
        picture, row, column = int(rng.integers(100)), 3 * int(rng.integers(10)), 3 * int(rng.integers(10))
        numbers = explorer.set(picture=picture, row=row, column=column, side=15, grey=1.0, wanted=ITS_OWN).numbers
        covered = cover(images[picture], row, column, 15, 1.0)
        before, after = digit_network().predict(np.array([images[picture], covered]))
        for shares, bars, name in ((before, explorer.before, "before"), (after, explorer.after, "after")):
            assert_allclose(numbers[name], shares, atol=1e-5)
            assert_allclose([bar.vertices[1, 0] for bar in bars.get_paths()], shares, atol=1e-5)
        text = f"the share of {before.argmax()} goes from {before.max():.2f} to {after[before.argmax()]:.2f}."
        assert text in explorer.description, text
        how = "It still reads" if before.argmax() == after.argmax() else "Now it reads"
        assert re.search(f"{how} an? {after.argmax()}\\.", explorer.description)
        changed += before.argmax() != after.argmax()
        assert_array_equal(numbers["covered"], covered[:, :, 0])
        assert numbers["label"] == labels[picture]
    assert changed > 2


def test_pictures_and_network_of_the_caller_are_used():
    images = np.random.default_rng(3).random((2, 28, 28, 1))
    model = built([Conv2D(2, 3, strides=3, activation="relu"), Flatten(), Dense(10, "softmax")], (28, 28))
    explorer = explore_occlusion(model, images)
    numbers = explorer.set(picture=1, row=6, column=9, wanted="4").numbers
    assert_array_equal(np.delete(numbers["covered"], np.s_[3:10], axis=0), np.delete(images[1, :, :, 0], np.s_[3:10], axis=0))
    expected = model.predict(cover(images[1], 6, 9, 7, 0.5)[None])[0]
    assert_allclose(numbers["after"], expected)
    assert_allclose(numbers["map"][2, 3], expected[4], atol=1e-5)
    assert numbers["label"] is None and explorer.description.startswith("The network answers")
    assert explorer.controls["picture"].max == 1


def test_a_network_with_other_classes_can_be_covered():
    model = built([Conv2D(2, 3, strides=3, activation="relu"), Flatten(), Dense(3, "softmax")], (28, 28))
    explorer = explore_occlusion(model, np.random.default_rng(3).random((2, 28, 28, 1)))
    explorer.set(wanted=explorer.controls["wanted"].options[-1])


# explore_tuning


@cache
def tuning():
    return explore_tuning()


def settings_of_tuning(count=15):
    rng = np.random.default_rng(2)
    return [
        {
            "kernel": int(rng.integers(16)),
            "source": (LEARNT, BEFORE, GABOR)[k % 3],
            "angle": int(rng.choice(ANGLES)),
            "wavelength": WAVELENGTHS[rng.integers(6)],
            "seed": int(rng.integers(3)),
        }
        for k in range(count)
    ]


@pytest.mark.parametrize("values", settings_of_tuning(), ids=str)
def test_kernel_curve_and_dot_are_those_of_the_recording(values):
    explorer = tuning().set(**values)
    numbers, run = explorer.numbers, load_recorded("cnn_kernels")[values["seed"]]
    learnt, before = (run[when][:, :, 0, values["kernel"]].astype(float) for when in ("after", "before"))
    own = {LEARNT: learnt, BEFORE: before, GABOR: closest_gabor(learnt)[0]}[values["source"]]
    twin, likeness = closest_gabor(own)
    assert_allclose(numbers["own"], own, atol=1e-12)
    assert_allclose(numbers["twin"], twin, atol=1e-12)
    assert_allclose(numbers["likeness"], 1 if values["source"] == GABOR else likeness)
    answers = responses(own)
    place = list(ANGLES).index(values["angle"]), WAVELENGTHS.index(values["wavelength"])
    assert_allclose(numbers["answer"], answers[place[1], place[0]] / answers.max())
    assert_allclose(numbers["curve"], answers[answers.max(axis=1).argmax()] / answers.max())
    assert_allclose(numbers["before_curve"].max(), 1)
    for kernel, name in ((before, "before_curve"), (twin, "twin_curve")):
        found = responses(kernel)
        assert_allclose(numbers[name], found[found.max(axis=1).argmax()] / found.max())
    # Of all phases the stripes that are shown suit the kernel best.
    sums = [np.sum(own * grating(9, values["angle"], values["wavelength"], phase)) for phase in range(0, 360, 45)]
    assert_allclose(np.sum(numbers["stripes"] * own), max(sums))
    assert explorer.dot.get_xdata()[0] == values["angle"] and explorer.dot.get_ydata()[0] == numbers["answer"]


@pytest.mark.parametrize("values", settings_of_tuning(6), ids=str)
def test_the_dot_lies_on_the_curve_and_is_highest_at_the_best_angle_and_wavelength(values):
    best = tuning().set(**values).numbers["best_wavelength"]
    for wavelength in WAVELENGTHS:
        for angle in (0, 45, 175):
            numbers = tuning().set(wavelength=wavelength, angle=angle).numbers
            line = tuning().curves[0]
            assert_allclose(np.interp(angle, line.get_xdata(), line.get_ydata()), numbers["answer"])
            assert 0 <= numbers["answer"] <= 1 + 1e-9
            if wavelength == best:
                assert_allclose(numbers["answer"], numbers["curve"][angle // 5])
    numbers = tuning().set(angle=numbers["best_angle"], wavelength=next(each for each in WAVELENGTHS if each == best)).numbers
    assert_allclose(numbers["answer"], 1)
    for curve in tuning().curves:  # at 180 degrees stripes lie as at 0
        assert curve.get_xdata()[-1] == 180 and curve.get_ydata()[-1] == curve.get_ydata()[0]


def test_the_selectivity_is_written_as_a_sum():
    for values in settings_of_tuning():
        explorer = tuning().set(**values)
        curve, text = explorer.numbers["curve"], explorer.description
        across = curve[(curve.argmax() + 18) % 36]
        minus = "\N{MINUS SIGN}"
        assert f"(1 {minus} {across:.2f}) / (1 + {across:.2f}) = {(1 - across) / (1 + across):.2f} (0: alike" in text
        assert f"answers most to stripes at {explorer.numbers['best_angle']} degrees" in text
        assert f"{100 * explorer.numbers['answer']:.0f} % (the dot)" in text
