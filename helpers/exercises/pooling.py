"""Exercises and predictions of the lesson on pooling."""

import numpy as np

from helpers.exercises.exercise import Exercise, Mistake
from helpers.exercises.prediction import Prediction
from helpers.scratch.convolution import output_size as places
from helpers.scratch.pooling import max_pool2d, max_pool2d_backward

TABLE = np.array([[1, 5, 2, 0], [3, 3, 8, 4], [7, 1, 0, 0], [2, 6, 9, 3]])


def pool_by_hand():
    """Return the table of the lesson after 2 x 2 pooling, side by side: {"max": 2 rows of 2 numbers, "average": the same}."""
    return {
        "max": [[max(1, 5, 3, 3), max(2, 0, 8, 4)], [max(7, 1, 2, 6), max(0, 0, 9, 3)]],
        "average": [
            [(1 + 5 + 3 + 3) / 4, (2 + 0 + 8 + 4) / 4],
            [(7 + 1 + 2 + 6) / 4, (0 + 0 + 9 + 3) / 4],
        ],
    }


def _windows(step=2):
    """Return the windows of the table, row by row: side by side, or overlapping at a step of 1."""
    places = range(0, 3, step)
    return [[TABLE[i : i + 2, j : j + 2] for j in places] for i in places]


def _pooled(keep, step=2):
    return [[float(keep(window)) for window in row] for row in _windows(step)]


def _checked_by_hand(answer):
    """Return for both tables whether they are right, and if not, where to look again. The right numbers stay hidden."""
    if not isinstance(answer, dict) or answer.keys() != {"max", "average"}:
        raise ValueError('Return a dictionary with two tables: {"max": [[..., ...], [..., ...]], "average": ...}.')
    return {name: _checked_table(answer[name], keep) for name, keep in (("max", np.max), ("average", np.mean))}


def _checked_table(table, keep):
    try:
        table = np.array(table, float)
    except (TypeError, ValueError):
        raise ValueError("Each table has 2 rows with 2 numbers each. Did you replace all dots?") from None
    right = np.array(_pooled(keep))
    if table.shape != right.shape:
        return f"a table of shape {table.shape} instead of {right.shape}"
    if np.allclose(table, right):
        return "all right"
    row, column = np.argwhere(~np.isclose(table, right))[0]
    inside = ", ".join(str(number) for number in _windows()[row][column].ravel())
    given = ", ".join(f"{number:g}" for number in table.ravel())
    return f"not yet ({given}): look at row {row}, column {column}; its window holds {inside}"


def _but(**tables):
    return pool_by_hand.reference() | tables


pool_by_hand = Exercise(
    pool_by_hand,
    cases=[()],
    mistakes=[
        Mistake(
            lambda: {name: np.transpose(table).tolist() for name, table in _but().items()},
            "Rows and columns are swapped: the upper right window gives the second number of the first row.",
        ),
        Mistake(
            lambda: {"max": _pooled(np.max, 1), "average": _pooled(np.mean, 1)},
            "Your windows overlap: with windows side by side the next one begins two pixels further on.",
        ),
        Mistake(lambda: _but(average=_pooled(np.sum)), "You added up. For the average, divide the sum by four."),
        Mistake(lambda: _but(max=_pooled(np.min)), "For max you took the smallest number of each window."),
        Mistake(
            lambda: _but(average=_pooled(np.median)),
            "For average you took the median, the middle of the sorted numbers. The mean is their sum divided by four.",
        ),
        Mistake(
            lambda: _but(average=[[3, 4], [4, 3]]),
            "You rounded 3.5. Leave it as it is: a mean of whole numbers may have a half.",
        ),
        Mistake(
            lambda: _but(average=_pooled(lambda window: window.sum() / max(1, np.count_nonzero(window)))),
            "You left out the zeros when you divided. A 0 is a number like the others: each mean is a sum divided by four.",
        ),
        Mistake(
            lambda: {"max": _but()["average"], "average": _but()["max"]},
            "The two tables have changed places: max and average.",
        ),
    ],
    hints=[
        "Cut the table into four squares of 2 x 2 with one line down the middle and one across.",
        "The upper left square holds 1, 5, 3 and 3. Its largest number is 5, and its mean is 12 / 4 = 3.",
        'Write {"max": [[5, ...], [..., ...]], "average": [[3, ...], [..., ...]]}.',
    ],
    effect=_checked_by_hand,
)


def pooled_size(n, window, stride, padding):
    """Return how many places a pooling window has along one axis of n pixels; padding is "valid" or "same"."""
    if padding == "same":
        return -(-n // stride)  # rounded up
    return (n - window) // stride + 1


pooled_size = Exercise(
    pooled_size,
    cases=[
        (4, 2, 2, "valid"),
        (5, 2, 2, "valid"),
        (5, 2, 2, "same"),
        (5, 3, 1, "valid"),
        (5, 3, 1, "same"),
        (7, 3, 2, "valid"),
        (8, 2, 3, "valid"),
        (8, 2, 3, "same"),
        (28, 4, 4, "same"),
        (4, 4, 1, "valid"),
    ],
    mistakes=[
        Mistake(
            lambda n, window, stride, padding: (n - window) // stride + 1,
            'You treated "same" like "valid": with "same" the last window may reach over the edge.',
        ),
        Mistake(
            lambda n, window, stride, padding: -(-n // stride) if padding == "same" else -(-(n - window) // stride) + 1,
            'With "valid" you rounded up: a window that does not fit as a whole is left out, so round down (in Python: //).',
        ),
        Mistake(
            lambda n, window, stride, padding: n // stride if padding == "same" else (n - window) // stride + 1,
            'With "same" you rounded down: what is left over at the end gets a window too, so round up.',
        ),
        Mistake(
            lambda n, window, stride, padding: n if padding == "same" else (n - window) // stride + 1,
            'With "same" you returned n. The size stays the same only at stride 1.',
        ),
        Mistake(
            lambda n, window, stride, padding: -(-n // stride) if padding == "same" else (n - window) // stride,
            'With "valid" you forgot the + 1: before its first step the window has a place already.',
        ),
        Mistake(
            lambda n, window, stride, padding: -(-n // stride) if padding == "valid" else (n - window) // stride + 1,
            'The two cases are swapped: "valid" leaves out what does not fit, "same" gives it a window.',
        ),
        Mistake(
            lambda n, window, stride, padding: n // stride + 1,
            "n // stride + 1 counts a window too many where the stride divides n, and it forgets the size of the window.",
        ),
        Mistake(lambda n, window, stride, padding: n // window, "You divided by the window. What moves it on is the stride."),
        Mistake(
            lambda n, window, stride, padding: n // stride,
            "You only divided by the stride. Does the last window fit, and what may happen to it?",
        ),
    ],
    hints=[
        'Two cases: if padding == "same": ... and after it the case "valid".',
        '"valid" is the formula of lesson 02 without padding. How many steps of `stride` fit into n - window? Then add 1.',
        '"same" is n divided by the stride, rounded up. In Python -(-n // stride) rounds up, or use math.ceil.',
    ],
)


def min_pool(image, max_pool):
    """Return the smallest number of every window, with the help of a function that returns the largest ones."""
    return -max_pool(-image)


def pairs_in_a_row(image):
    """Return the larger one of the numbers 0 and 1, 2 and 3, ... of each row."""
    return image.reshape(len(image), -1, 2).max(axis=2)


def squares_of_two(image):
    """Return the largest number of every 2 x 2 window."""
    return image.reshape(len(image) // 2, 2, -1, 2).max(axis=(1, 3))


def squares_of_three(image):
    """Return the largest number of every 3 x 3 window at stride 1."""
    return max_pool2d(image[None, :, :, None], 3, 1)[0, :, :, 0]


min_pool = Exercise(
    min_pool,
    cases=[
        (np.array([[3.0, 1.0]]), pairs_in_a_row),
        (np.array([[4.0, 9, 2, 7], [5, 1, 8, 6]]), squares_of_two),
        (np.array([[0.5, -2, 3, 2], [1, 4, -1, 2], [3, 7, 6, 5], [-3, 1, 2, 7]]), squares_of_three),
    ],
    mistakes=[
        Mistake(
            lambda image, max_pool: max_pool(image),
            "That is max pooling. Which number becomes the largest if all signs change?",
        ),
        Mistake(
            lambda image, max_pool: max_pool(-image),
            "Halfway there: this is the smallest number of each window, with the wrong sign. Change the sign back.",
        ),
        Mistake(
            lambda image, max_pool: -max_pool(image),
            "The sign is changed only afterwards, so it is still the largest number that was chosen. Change it before, too.",
        ),
        Mistake(
            lambda image, max_pool: max_pool(1 - image),
            "You turned bright into dark before pooling. Turn dark back into bright after it.",
        ),
        Mistake(
            lambda image, max_pool: -max_pool(-np.abs(image)),
            "You took away the signs of the image (abs). Then -3 counts as 3, and is no longer small.",
        ),
        Mistake(
            lambda image, max_pool: np.maximum(-max_pool(-image), 0),
            "Negative numbers became 0. The smallest number of a window may well be negative: keep it.",
        ),
        Mistake(
            lambda image, max_pool: np.min(image),
            "This is one number: the smallest of the whole image. Each window needs its own.",
        ),
    ],
    hints=[
        "Of 3 and 1 the larger one is 3. Of -3 and -1 the larger one is -1.",
        "So change the sign of every number first (-image), and call max_pool on that.",
        "What comes out still has the wrong sign: change it back.",
    ],
)


def _unchanged_shifts():
    stride = 4
    image = np.random.default_rng(0).random((1, 24, 48, 1))  # what is true of random numbers is true of every picture
    still = max_pool2d(image[:, :, 12:36], stride)
    found = []
    for shift in range(1, 9):
        pooled = max_pool2d(image[:, :, 12 - shift : 36 - shift], stride)
        cells = {shift // stride, -(-shift // stride)}
        if any(np.array_equal(pooled[:, :, n:], still[:, :, : still.shape[2] - n]) for n in cells):
            found.append(shift)
    return {(): "at none of them", (4, 8): "at 4 and 8", (2, 4, 6, 8): "at 2, 4, 6 and 8"}.get(tuple(found), "at all of them")


shifts_that_keep = Prediction(
    "Max pooling with a window and a stride of 4. The image moves to the right by 1 to 8 pixels; the map is moved back by "
    "whole cells. At which of these shifts is the map exactly as before?",
    ["at none of them", "at 4 and 8", "at 2, 4, 6 and 8", "at all of them"],
    _unchanged_shifts,
    "Only where the shift is a multiple of the stride do the windows see the same pixels again. At every other shift each "
    "window holds other pixels than before. Try it: set window and stride to 4 in the explorer.",
)


def _dark_line_left():
    paper = np.ones((1, 12, 12, 1))
    paper[:, :, 5] = 0
    pooled = max_pool2d(paper)
    left = pooled.max() - pooled.min()
    return "all of it" if left == 1 else "nothing" if left == 0 else "about half of it"


dark_line = Prediction(
    "Bright paper with a dark line, one pixel wide. Max pooling with a 2 x 2 window. How much of the line is left?",
    ["all of it", "about half of it", "nothing"],
    _dark_line_left,
    "Every window that touches the line also holds a bright pixel, and the largest number is the bright one. Writing on paper "
    "is dark on bright. The digits of MNIST are stored the other way round, bright on dark.",
)


def _reached_by_three():
    image = np.random.default_rng(0).random((1, 9, 9, 1))
    gradient = np.ones((1, 3, 3, 1))
    return str(np.count_nonzero(max_pool2d_backward(gradient, image, 3)))


pixels_reached = Prediction(
    "An image of 9 x 9 pixels, all different. Max pooling with a 3 x 3 window and stride 3. Every output sends a gradient "
    "back. How many of the 81 pixels get some of it?",
    ["3", "9", "27", "81"],
    _reached_by_three,
    "There are 3 x 3 = 9 outputs. Each hands its gradient to one pixel, the largest of its window. The other 72 get none.",
)


def weights_with_pooling(size):
    """Return the weights of the network of the lesson for images of size x size pixels."""
    maps = places(places(places(places(size, 3), 2, 2), 3), 2, 2)
    return (9 + 1) * 16 + (9 * 16 + 1) * 32 + (maps * maps * 32 + 1) * 64 + (64 + 1) * 10


def _growth():
    times = weights_with_pooling(56) / weights_with_pooling(28)
    return ("about as many", "about twice as many", "about five times as many")[
        0 if times < 1.5 else 1 if times < 3 else 2
    ], times


weights_of_a_larger_image = Prediction(
    "The same network, with pooling. The images become twice as high and twice as wide: 56 x 56. How many weights has it then?",
    ["about as many", "about twice as many", "about five times as many"],
    _growth,
    lambda times: (
        f"{times:.1f} times as many. Twice the height and width is four times the area, and the borders lose less. Each number "
        "of the last map has its own 64 weights in the dense layer. Pooling makes them fewer; it does not stop their growth."
    ),
)
