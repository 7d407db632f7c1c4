"""Exercises and predictions of the lesson on CNNs."""

import numpy as np

from helpers.exercises.exercise import Exercise, Mistake
from helpers.exercises.prediction import Prediction
from helpers.scratch.convolution import conv2d
from helpers.scratch.convolution import output_size as places
from helpers.scratch.receptive_field import ReceptiveField


def receptive_field(layers):
    """Return how many pixels along one axis a number of the last map sees; layers is a list of (window, stride)."""
    size, jump = 1, 1
    for window, stride in layers:
        size = size + (window - 1) * jump
        jump = jump * stride
    return size


def _field(layers, before=False, jumps=True):
    """Return the size of the field; with `before` the stride counts too early, without `jumps` never."""
    size, jump = 1, 1
    for window, stride in layers:
        jump = jump * stride if before else jump
        size += (window - 1) * (jump if jumps else 1)
        jump = jump if before else jump * stride
    return size


receptive_field = Exercise(
    receptive_field,
    cases=[
        ([(3, 1)],),
        ([(2, 2)],),
        ([(3, 1), (3, 1)],),
        ([(3, 1), (2, 2)],),
        ([(3, 2), (3, 1)],),
        ([(3, 1), (2, 2), (3, 1), (2, 2)],),
        ([(5, 2), (1, 1), (3, 3), (3, 1)],),
    ],
    mistakes=[
        Mistake(
            lambda layers: _field(layers, jumps=False),
            "You forgot the strides: after a stride of 2, neighbours in the map are two pixels apart in the picture.",
        ),
        Mistake(
            lambda layers: _field(layers, before=True),
            "You used a layer's stride for its own window. It moves places of its map apart: it counts from the next one on.",
        ),
        Mistake(
            lambda layers: 1 + sum((window - 1) * stride for window, stride in layers),
            "You multiplied each window by its own stride. What counts is the product of all strides of the layers before it.",
        ),
        Mistake(
            lambda layers: sum(window for window, _ in layers),
            "You added up the windows. Each window adds only window - 1 new places to what is seen already.",
        ),
        Mistake(
            lambda layers: int(np.prod([window for window, _ in layers])),
            "You multiplied the windows. Two windows of 3 see 5 pixels together, not 9: they overlap.",
        ),
        Mistake(
            lambda layers: (
                1 + sum((window - 1) * ([1] + [stride for _, stride in layers])[k] for k, (window, _) in enumerate(layers))
            ),
            "You set the jump to the last stride. Strides multiply: after two strides of 2, neighbours are 4 pixels apart.",
        ),
        Mistake(
            lambda layers: (
                1 + sum(window * int(np.prod([stride for _, stride in layers[:k]])) for k, (window, _) in enumerate(layers))
            ),
            "You added window * jump. A window of 3 spans only 2 steps from its first place to its last: window - 1.",
        ),
        Mistake(
            lambda layers: _field([(stride, window) for window, stride in layers]),
            "Window and stride have changed places: each pair is (window, stride).",
        ),
        Mistake(lambda layers: _field(layers) ** 2, "That is the area. The exercise asks for one axis: the width alone."),
        Mistake(
            lambda layers: _field(layers) - 1, "You forgot to begin with 1: before the first layer a number sees its own pixel."
        ),
    ],
    hints=[
        "Keep two numbers, both begin with 1: how many pixels are seen, and how far apart neighbours are (the jump).",
        "A window of k spans k - 1 steps from neighbour to neighbour. So the field grows by (k - 1) * jump.",
        "After that the jump is multiplied by the stride of this layer.",
    ],
)


def count_weights(size, channels, filters, units):
    """Return the weights of a network for size x size pictures: conv 3 x 3, pooling 2 x 2, flatten, dense (units), dense 10.

    No padding; `filters` kernels; every kernel and every neuron has a bias.
    """
    kernel = (3 * 3 * channels + 1) * filters
    side = (size - 2) // 2  # 3 x 3 without padding takes two pixels; pooling halves, and leaves an odd one out
    row = side * side * filters
    return kernel + (row + 1) * units + (units + 1) * 10


def _count(size, channels, filters, units, side=None, bias=1, kernel_depth=None, row_depth=None):
    side = (size - 2) // 2 if side is None else side
    depth = channels if kernel_depth is None else kernel_depth
    row = side * side * (filters if row_depth is None else row_depth)
    return (9 * depth + bias) * filters + (row + bias) * units + (units + bias) * 10


count_weights = Exercise(
    count_weights,
    cases=[(6, 1, 2, 3), (7, 1, 2, 3), (8, 3, 4, 5), (28, 1, 16, 64), (29, 3, 8, 32), (12, 2, 1, 1)],
    mistakes=[
        Mistake(
            lambda size, channels, filters, units: _count(size, channels, filters, units, bias=0),
            "You forgot the biases: one for each kernel and one for each neuron.",
        ),
        Mistake(
            lambda size, channels, filters, units: _count(size, channels, filters, units, side=size // 2),
            "You forgot that a 3 x 3 window without padding takes away two rows and two columns.",
        ),
        Mistake(
            lambda size, channels, filters, units: _count(size, channels, filters, units, side=size - 2),
            "You forgot the pooling: it halves the height and the width.",
        ),
        Mistake(
            lambda size, channels, filters, units: _count(size, channels, filters, units, side=-(-(size - 2) // 2)),
            "You rounded up: without padding, pooling leaves out an odd row.",
        ),
        Mistake(
            lambda size, channels, filters, units: _count(size, channels, filters, units, kernel_depth=1),
            "You forgot the channels: a kernel has 3 x 3 weights for each channel of the picture.",
        ),
        Mistake(
            lambda size, channels, filters, units: _count(size, channels, filters, units, row_depth=1),
            "You forgot that there are `filters` maps: all of their numbers go into the row.",
        ),
        Mistake(
            lambda size, channels, filters, units: _count(size, channels, filters, units) - 10,
            "You forgot the ten biases of the last layer.",
        ),
        Mistake(
            lambda size, channels, filters, units: _count(size, channels, filters, units) + (channels - 1) * filters,
            "You gave a kernel a bias for each channel. It has one in all: the sum runs over the channels.",
        ),
        Mistake(
            lambda size, channels, filters, units: (
                _count(size, channels, filters, units) + ((size - 2) // 2 - ((size - 2) // 2) ** 2) * filters * units
            ),
            "You took the side of a map instead of its area: a map has side * side numbers.",
        ),
        Mistake(
            lambda size, channels, filters, units: _count(size, channels, filters, units) - (9 * channels + 1) * filters,
            "You forgot the convolution: its kernels have weights, too.",
        ),
        Mistake(
            lambda size, channels, filters, units: _count(size, channels, filters, units) - (units + 1) * 10,
            "You forgot the last layer: ten neurons, each with one weight for every neuron before it, and a bias.",
        ),
        Mistake(
            lambda size, channels, filters, units: (
                _count(size, channels, filters, units)
                - (9 * channels + 1) * filters
                + (9 * channels + 1) * filters * (size - 2) ** 2
            ),
            "You counted the kernels' weights at every place. The same weights are used at all places: that is the point.",
        ),
    ],
    hints=[
        "Three layers have weights. A kernel has 3 * 3 * channels of them, and a bias; there are `filters` kernels.",
        "A map has size - 2 rows after the convolution, and half as many after the pooling (// rounds down).",
        "The row has side * side * filters numbers. A dense layer has (inputs + 1) * outputs weights.",
    ],
)


def strongest_filter(image, kernels, bias):
    """Return (filter, row, column) of the largest number in all maps.

    image (height, width), kernels (3, 3, filters), bias (filters,); no padding, stride 1.
    """
    maps = conv2d(image[None, :, :, None], kernels[:, :, None], bias)[0]
    row, column, filter = np.unravel_index(maps.argmax(), maps.shape)
    return int(filter), int(row), int(column)


def _filter_cases():
    rng = np.random.default_rng(0)
    dot, kernels = np.zeros((5, 5)), np.zeros((3, 3, 2))
    dot[1, 2], kernels[1, 1] = 1, (0.2, 3)
    one_dot = dot, kernels, np.array([0.5, -1.0])  # the first map is bright everywhere, the second one at one place
    shapes = (((3, 4), 2), ((5, 5), 3), ((6, 4), 3), ((8, 9), 5), ((7, 7), 4))
    drawn = [
        (rng.random(size).round(2), rng.normal(size=(3, 3, n)).round(1), 2 * rng.normal(size=n).round(1)) for size, n in shapes
    ]
    return [one_dot, *drawn]


def _largest(image, kernels, bias, change=lambda maps: maps):
    maps = change(conv2d(image[None, :, :, None], kernels[:, :, None], bias)[0])
    row, column, filter = np.unravel_index(maps.argmax(), maps.shape)
    return int(filter), int(row), int(column)


def _by_mean(image, kernels, bias):
    maps = conv2d(image[None, :, :, None], kernels[:, :, None], bias)[0]
    filter = maps.mean(axis=(0, 1)).argmax()
    return int(filter), *(int(n) for n in np.unravel_index(maps[:, :, filter].argmax(), maps.shape[:2]))


strongest_filter = Exercise(
    strongest_filter,
    cases=_filter_cases(),
    mistakes=[
        Mistake(
            lambda image, kernels, bias: _largest(image, kernels, 0 * bias),
            "You forgot the bias: it is added to all numbers of a map, and may decide which filter wins.",
        ),
        Mistake(
            lambda image, kernels, bias: _largest(image, kernels, bias, np.abs),
            "You took the largest number without its sign. relu lets only positive answers through: a strong no does not fire.",
        ),
        Mistake(_by_mean, "You chose the filter by the mean of its map. Asked for is the single largest number in all maps."),
        Mistake(
            lambda image, kernels, bias: _largest(image, kernels[::-1, ::-1], bias),
            "You turned the kernels by 180 degrees. Deep learning slides them as they are.",
        ),
        Mistake(
            lambda image, kernels, bias: (lambda f, r, c: (r, c, f))(*strongest_filter.reference(image, kernels, bias)),
            "The order is (filter, row, column). In the array of all maps the filters come last: put them first here.",
        ),
        Mistake(
            lambda image, kernels, bias: (lambda f, r, c: (f, c, r))(*strongest_filter.reference(image, kernels, bias)),
            "Rows and columns are swapped: the row comes first.",
        ),
        Mistake(
            lambda image, kernels, bias: int(conv2d(image[None, :, :, None], kernels[:, :, None], bias)[0].argmax()),
            "argmax alone counts through the whole array. np.unravel_index turns that number into a place.",
        ),
        Mistake(
            lambda image, kernels, bias: (lambda f, r, c: (f, r + 1, c + 1))(*strongest_filter.reference(image, kernels, bias)),
            "You gave the middle of the window. Asked for is the place in the map: that of the window's upper left corner.",
        ),
        Mistake(
            lambda image, kernels, bias: strongest_filter.reference(image, kernels, bias)[0],
            "You returned the filter alone. Asked for is also where it fires: (filter, row, column).",
        ),
    ],
    hints=[
        "All maps at once, (rows, columns, filters): conv2d(image[None, :, :, None], kernels[:, :, None], bias)[0]",
        "maps.argmax() gives the place of the largest number, counted through the whole array.",
        "np.unravel_index(maps.argmax(), maps.shape) makes (row, column, filter) of it. Put the filter first.",
    ],
)


FOURTH = [(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)]


def _field_after_five():
    field = ReceptiveField()
    for layer in FOURTH:
        field = field.behind(*layer)
    return f"{field.size} x {field.size} pixels"


field_of_five = Prediction(
    "Conv 3 x 3, pooling 2 x 2, conv 3 x 3, pooling 2 x 2, and one more conv 3 x 3. How much of the picture does one number of "
    "the last map see?",
    ["3 x 3 pixels", "7 x 7 pixels", "18 x 18 pixels", "36 x 36 pixels"],
    _field_after_five,
    "The fields grow to 3, 4, 8, 10 and 18 pixels. After two poolings, neighbours in the map are four pixels apart, so a "
    "window of three adds 2 * 4 = 8. Small windows, one behind the other, see far. Choose the fifth layer in the explorer.",
)


def _weights_for_a_photo():
    small, large = (sum((9 * depth + 1) * filters for depth, filters in ((1, 16), (16, 32))) for _ in (28, 280))
    return "as many as before" if small == large else "ten times as many" if large == 10 * small else "a hundred times as many"


kernels_of_a_large_picture = Prediction(
    "The two convolutions have 4,800 weights for a picture of 28 x 28. How many would they have for one of 280 x 280?",
    ["as many as before", "ten times as many", "a hundred times as many"],
    _weights_for_a_photo,
    "A kernel is used at every place with the same weights. A larger picture has more places, not more weights. (The work "
    "grows, and so does the dense layer behind them.)",
)


def _after_moving():
    image = np.random.default_rng(0).random((1, 12, 12, 1))
    kernel = np.random.default_rng(1).normal(size=(3, 3, 1, 1))
    still = conv2d(image, kernel)[0, :, :, 0]
    moved = conv2d(np.roll(image, 2, axis=2), kernel)[0, :, :, 0]
    if np.allclose(moved[:, 2:], still[:, :-2]):
        return "it moves with the picture"
    return "it stays where it is" if np.allclose(moved, still) else "it becomes another map"


map_of_a_moved_digit = Prediction(
    "A digit moves two pixels to the right. What happens to a map of the first convolution?",
    ["it stays where it is", "it moves with the picture", "it becomes another map"],
    _after_moving,
    "The same kernel meets the same stroke two places further on, and gives the same answers there. A dense layer has other "
    "weights at every place: it would have to learn the digit anew for each of them.",
)


def _never_seen():
    field, side = ReceptiveField(), 28
    for window, stride in FOURTH[:4]:
        field, side = field.behind(window, stride), places(side, window, stride)
    seen = np.zeros(28, bool)
    for place in range(side):
        seen[slice(*field.seen_by(place))] = True
    left = tuple(int(n) for n in np.flatnonzero(~seen))
    return {(): "none", (0, 1): "the first two rows and columns", (26, 27): "the last two rows and columns"}[left]


pixels_never_seen = Prediction(
    "The network of this lesson works on 28 x 28 pixels without padding: 26, 13, 11 and 5 places along an axis. Which pixels "
    "of the picture can it never see?",
    ["none", "the first two rows and columns", "the last two rows and columns"],
    _never_seen,
    "Pooling 11 places by two leaves out the last one, and with it what only that one saw. Five places, four pixels apart, "
    "each ten wide: they end at pixel 25. On MNIST these rows are paper, so nobody misses them. Padding would cure it.",
)
