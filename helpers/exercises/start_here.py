"""The two examples of the start page: a prediction and an exercise."""

import numpy as np

from helpers.exercises.exercise import Exercise, Mistake
from helpers.exercises.prediction import Prediction


def _numbers_in_a_photo():
    return f"{np.zeros((100, 100, 3)).size:,}"


numbers_in_a_photo = Prediction(
    "A colour photo of 100 x 100 pixels. How many numbers does the computer keep for it?",
    ["100", "200", "10,000", "30,000"],
    _numbers_in_a_photo,
    "100 rows times 100 columns are 10,000 pixels, and each pixel has three numbers: how much red, green and blue.",
)


def contrast(pixels):
    """Return the difference between the brightest and the darkest number of an array."""
    return pixels.max() - pixels.min()


contrast = Exercise(
    contrast,
    cases=[(np.array([3, 8]),), (np.array([5, 5, 5]),), (np.array([7, 2, 4]),), (np.array([[1, 9], [4, 6]]),)],
    mistakes=[
        Mistake(lambda pixels: pixels.min() - pixels.max(), "The sign is wrong: take the darkest away from the brightest."),
        Mistake(lambda pixels: pixels.max(), "That is the brightest pixel. Take the darkest one away from it."),
        Mistake(lambda pixels: pixels.std(), "That is the standard deviation. Here only the two extremes count."),
        Mistake(
            lambda pixels: pixels.flat[-1] - pixels.flat[0],
            "You compared the first pixel with the last one. The brightest and the darkest may stand anywhere.",
        ),
    ],
    hints=[
        "An array knows its largest number: pixels.max().",
        "Its smallest number is pixels.min(). Now take one away from the other.",
    ],
)
