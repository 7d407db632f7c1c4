"""What the curve of a learning-rate finder may advise: the loss of each update, while the rate grows from update to update.

The finder: Smith 2017, "Cyclical learning rates for training neural networks". The rules of thumb are not his.
"""

import numpy as np

KEEP, FIRST = 0.9, 10  # of the moving average of the losses; a curve begins with one in so many of its steps


def smoothed(losses, keep=KEEP):
    """Return the moving average of losses (steps,): each older one counts `keep` times as much as the next."""
    mean, means = 0.0, []
    for step, loss in enumerate(losses, start=1):
        mean = keep * mean + (1 - keep) * loss
        means.append(mean / (1 - keep**step))
    return np.array(means)


def turning_points(losses):
    """Return "means", the smoothed losses (steps,), and as places among the steps the points that rules look at.

    "lowest" is the lowest smoothed loss, "steepest" the steepest fall over the logarithm of the rate before it, and "explosion"
    the first step after it at which the smoothed loss is above where it began, the mean of the first tenth of the steps, or
    the last step where it never is; "exploded": whether it ever is.
    """
    means = smoothed(losses)
    lowest = int(np.argmin(means))
    above = np.flatnonzero(means[lowest:] > means[: len(means) // FIRST].mean())
    explosion = lowest + int(above[0]) if len(above) else len(means) - 1
    steepest = int(np.argmin(np.gradient(means[: max(lowest, 1) + 1])))  # the rates are even on a logarithmic scale
    return {"means": means, "lowest": lowest, "steepest": steepest, "explosion": explosion, "exploded": len(above) > 0}


def advice(rates, points):
    """Return three learning rates that a curve may advise, given the rates of its steps and its `turning_points`.

    "lowest" and "explosion" are a tenth of the rates at these points, "steepest" is the rate there.
    """
    return {
        "lowest": rates[points["lowest"]] / 10,
        "explosion": rates[points["explosion"]] / 10,
        "steepest": rates[points["steepest"]],
    }
