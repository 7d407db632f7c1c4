"""Exercises and predictions of the lesson on convolution, padding and stride."""

import numpy as np

from helpers.exercises.exercise import Exercise, Mistake
from helpers.exercises.prediction import Prediction
from helpers.scratch.convolution import conv2d
from helpers.scratch.convolution import output_size as true_output_size


def output_size(n, kernel, padding, stride):
    """Return how many places a window has along one axis of n pixels."""
    return (n + 2 * padding - kernel) // stride + 1


output_size = Exercise(
    output_size,
    cases=[(5, 3, 0, 1), (5, 3, 0, 2), (6, 3, 0, 2), (5, 3, 1, 1), (8, 3, 0, 2), (7, 5, 2, 3), (4, 4, 0, 1), (28, 5, 2, 1)],
    mistakes=[
        Mistake(
            lambda n, kernel, padding, stride: (n - kernel) // stride + 1,
            "You forgot the padding: the image grows on both sides.",
        ),
        Mistake(
            lambda n, kernel, padding, stride: (n + padding - kernel) // stride + 1,
            "You counted the padding on one side only: there is padding before and after.",
        ),
        Mistake(
            lambda n, kernel, padding, stride: -(-(n + 2 * padding - kernel) // stride) + 1,
            "You rounded up: the last step has to fit as a whole, so round down (in Python: //).",
        ),
        Mistake(
            lambda n, kernel, padding, stride: (n + 2 * padding - kernel) // stride,
            "You forgot the + 1: before its first step the window has a place already.",
        ),
        Mistake(
            lambda n, kernel, padding, stride: (n + 2 * padding - kernel + 1) // stride,
            "You put the + 1 inside the division: count the steps first, then add the first place.",
        ),
        Mistake(
            lambda n, kernel, padding, stride: n + 2 * padding - kernel + 1,
            "You forgot the stride: the window moves by `stride` pixels at each step.",
        ),
        Mistake(
            lambda n, kernel, padding, stride: (n + 2 * padding - kernel) / stride + 1,
            "You divided without rounding down: there is no half place for a window.",
        ),
    ],
    hints=[
        "With padding, how many pixels long is the row that the window moves over?",
        "The window covers `kernel` of them from the start. How many pixels are left to move over?",
        "A step takes `stride` pixels, and only whole steps are made: // rounds down. Then count the first place.",
    ],
)


def convolve_channels(image, kernel, stride):
    """Return the feature map (rows, columns) of an image (height, width, channels) under a kernel (height, width, channels)."""
    height, width = kernel.shape[:2]
    rows = (image.shape[0] - height) // stride + 1
    columns = (image.shape[1] - width) // stride + 1
    result = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = image[i * stride : i * stride + height, j * stride : j * stride + width]
            result[i, j] = np.sum(window * kernel)
    return result


def _convolution_cases():
    rng = np.random.default_rng(2)
    shapes = [((3, 3, 1), (2, 2, 1), 1), ((3, 4, 2), (2, 3, 2), 1), ((4, 6, 1), (2, 3, 1), 2), ((6, 8, 3), (3, 2, 3), 2)]
    return [(rng.integers(0, 10, a).astype(float), rng.integers(-2, 3, b).astype(float), s) for a, b, s in shapes]


def _every_step(image, kernel):
    return conv2d(image[None], kernel[..., None])[0, :, :, 0]


def _padded(image, kernel, stride):
    return conv2d(image[None], kernel[..., None], strides=stride, padding="same")[0, :, :, 0]


def _no_steps(image, kernel, stride):
    rows = (image.shape[0] - kernel.shape[0]) // stride + 1
    columns = (image.shape[1] - kernel.shape[1]) // stride + 1
    return _every_step(image, kernel)[:rows, :columns]


def _last_place_missing(image, kernel, stride):
    rows = (image.shape[0] - kernel.shape[0]) // stride
    columns = (image.shape[1] - kernel.shape[1]) // stride
    return convolve_channels.reference(image, kernel, stride)[:rows, :columns]


convolve_channels = Exercise(
    convolve_channels,
    cases=_convolution_cases(),
    mistakes=[
        Mistake(
            lambda image, kernel, stride: convolve_channels.reference(image, kernel[::-1, ::-1], stride),
            "You turned the kernel by 180 degrees. Mathematics does so; deep learning slides the kernel as it is.",
        ),
        Mistake(
            lambda image, kernel, stride: convolve_channels.reference(
                image.sum(axis=2, keepdims=True), kernel.sum(axis=2, keepdims=True), stride
            ),
            "You added up the channels before you multiplied. Each channel meets its own weights; then all is added.",
        ),
        Mistake(
            lambda image, kernel, stride: convolve_channels.reference(image, kernel, stride).T,
            "Rows and columns are swapped: the first index counts rows, from top to bottom.",
        ),
        Mistake(
            _no_steps,
            "The map has the right size, but the window moves by one pixel only: its corner is at (i * stride, j * stride).",
        ),
        Mistake(
            lambda image, kernel, stride: np.stack(
                [convolve_channels.reference(image[..., [c]], kernel[..., [c]], stride) for c in range(image.shape[2])], axis=-1
            ),
            "You made one map for each channel. A kernel gives one map: the sum runs over the channels too.",
        ),
        Mistake(_padded, "Your map is too large: here no zeros are put around the image."),
        Mistake(
            _last_place_missing, "The last row and column of places are missing: range(n) ends at n - 1. Did you forget a + 1?"
        ),
        Mistake(
            lambda image, kernel, stride: _every_step(image, kernel),
            "You forgot the stride: the window moves by `stride` pixels at each step.",
        ),
        Mistake(
            lambda image, kernel, stride: convolve_channels.reference(image, kernel, stride) / kernel.size,
            "You took the mean of the products. A convolution takes their sum.",
        ),
    ],
    hints=[
        "Begin with the size of the map: use the formula of the first exercise for the rows, and again for the columns.",
        "The window of place (i, j) starts at row i * stride and column j * stride. Slice it with all of its channels.",
        "window * kernel multiplies number by number, in every channel. np.sum adds up all of it.",
    ],
)


def diagonal_kernel():
    """Return weights (3, 3) that find edges from the upper left to the lower right, and give 0 on flat areas."""
    return np.array([[0.0, 1, 2], [-1, 0, 1], [-2, -1, 0]])


EDGES = {  # pictures of 3 x 3 pixels, dark on one side and bright on the other
    "an edge from upper left to lower right": np.triu(np.ones((3, 3)), 1) + 0.5 * np.eye(3),
    "an edge from lower left to upper right": (np.triu(np.ones((3, 3)), 1) + 0.5 * np.eye(3))[:, ::-1],
    "a vertical edge": np.tile([0.0, 0.5, 1], (3, 1)),
    "a horizontal edge": np.tile([0.0, 0.5, 1], (3, 1)).T,
}


def _answers(kernel):
    """Return what a kernel does: its answer to a flat area, and the edge to which it answers most."""
    try:
        kernel = np.asarray(kernel, float)
    except (TypeError, ValueError):
        raise ValueError("Return a table of 3 rows with 3 numbers each.") from None
    if kernel.shape != (3, 3):
        raise ValueError(f"Return a table of 3 rows and 3 columns; yours has the shape {kernel.shape}.")
    flat = float(kernel.sum())
    sizes = {name: abs(float(np.sum(kernel * (edge - edge.mean())))) for name, edge in EDGES.items()}
    if not kernel.any():
        return {"sum of the weights": 0.0, "strongest answer to": "nothing"}
    strongest = max(sizes.values())
    best = [name for name, value in sizes.items() if value > 0.999 * strongest]
    found = best[0] if len(best) == 1 and strongest > 1e-9 else "several kinds of edge alike, or none"
    return {"sum of the weights": round(flat, 6) + 0.0, "strongest answer to": found}


diagonal_kernel = Exercise(
    diagonal_kernel,
    cases=[()],
    mistakes=[
        Mistake(
            lambda: np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
            "This kernel compares left with right. Compare the lower left corner with the upper right one.",
        ),
        Mistake(
            lambda: np.array([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]),
            "This kernel compares above with below. Compare the lower left corner with the upper right one.",
        ),
        Mistake(
            lambda: np.array([[2.0, 1, 0], [1, 0, -1], [0, -1, -2]]),
            "Your kernel finds the other diagonal: the two sides of this edge are the upper right and the lower left.",
        ),
        Mistake(lambda: np.zeros((3, 3)), "All weights are 0: such a kernel answers to nothing."),
        Mistake(
            lambda: np.array([[0.0, 0, 1], [0, 0, 0], [-1, 0, 0]]),
            "Your kernel answers to several kinds of edge alike. Give weights to the places beside the two corners too.",
        ),
    ],
    hints=[
        "To ignore flat areas the weights must add up to 0.",
        "On one side of this edge lies the upper right corner, on the other side the lower left corner.",
        "Upper right corner and the two places beside it: positive. Lower left corner and its two: the same, but negative.",
    ],
    effect=_answers,
)


def _reads_of_corner(size, kernel, padding):
    starts = np.arange(true_output_size(size, kernel, padding=padding)) - padding
    return int(np.sum((starts <= 0) & (starts + kernel > 0))) ** 2


corner_reads = Prediction(
    "An image of 9 x 9 pixels, a kernel of 5 x 5, padding 2, stride 1. How many windows read the pixel in the corner?",
    ["1", "4", "9", "25"],
    lambda: str(_reads_of_corner(9, 5, 2)),
    "Along a row, the corner is read by windows that start at -2, -1 and 0. That makes 3; with 3 along a column, 9 together.",
)


def _turned_photo():
    photo = np.random.default_rng(0).random((12, 12))  # what is true of random numbers is true of every picture
    kernel = np.outer([1, 2, 1], [-1, 0, 1])[:, :, None, None]
    upright, turned = (conv2d(each[None, :, :, None], kernel)[0, :, :, 0] for each in (photo, photo[::-1, ::-1]))
    if np.allclose(turned, upright[::-1, ::-1]):
        return SAME
    return SWAPPED if np.allclose(turned, -upright[::-1, ::-1]) else OTHER


SAME, SWAPPED, OTHER = "the same colours", "red and blue change places", "other edges than before"
photo_turned = Prediction(
    "Turn the first photo upside down (by 180 degrees) and use the same kernel. The map is turned too. And its colours?",
    [SAME, SWAPPED, OTHER],
    _turned_photo,
    "What was on the left is now on the right, so dark to bright becomes bright to dark: every number changes its sign.",
)


def _one_pixel_map():
    image = np.zeros((5, 5))
    image[2, 2] = 1
    kernel = np.arange(1.0, 10).reshape(3, 3)
    found = conv2d(image[None, :, :, None], kernel[:, :, None, None])[0, :, :, 0]
    if np.array_equal(found, kernel):
        return "the kernel, as it is"
    return "the kernel, turned by 180 degrees" if np.array_equal(found, kernel[::-1, ::-1]) else "one bright pixel"


one_bright_pixel = Prediction(
    "A black image with one bright pixel in its middle, a kernel with the numbers 1 to 9. What does the feature map show?",
    ["one bright pixel", "the kernel, as it is", "the kernel, turned by 180 degrees"],
    _one_pixel_map,
    "The window first touches the pixel with its lower right corner, where the 9 is. So the 9 comes first in the map, and the "
    '1 comes last. Try it: choose the image "one bright pixel" and the kernel "1, 2, 3 ...". '
    "(There the pixel is 9, so every number is 9 times as large.)",
)


def _better_stride():
    kernel = np.tile([-1.0, 0, 1], (3, 1))[:, :, None, None]
    images = np.zeros((24, 32, 32, 1))
    for place in range(24):
        images[place, :, place + 4] = 1
    maps = {stride: np.abs(conv2d(images, kernel, strides=stride)).max(axis=(1, 2, 3)) for stride in (2, 3)}
    found = {stride: float((answers > 0.6 * 3).mean()) for stride, answers in maps.items()}
    if found[2] == found[3]:
        return "equally often", found
    return f"at stride {max(found, key=found.get)}", found


which_stride = Prediction(
    "A line 1 pixel wide, under a 3 x 3 kernel with -1 0 1 in every row. Is it found more often at stride 2 or at stride 3?",
    ["at stride 2", "at stride 3", "equally often"],
    _better_stride,
    lambda found: (
        f"Stride 2 finds it at {100 * found[2]:.0f} % of its places, stride 3 at {100 * found[3]:.0f} %. This kernel "
        "answers on both sides of the line, two pixels apart. At stride 2 both answers are met or both are missed."
    ),
)
