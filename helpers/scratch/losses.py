"""Loss functions: one number that says how wrong the predictions are, and its gradient for every prediction.

y_true and y_pred have the same shape, (batch, ..., outputs). The loss is the mean over all examples.
"""

from typing import NamedTuple

import numpy as np

from helpers.scratch.checks import floats, named, whole

EPSILON = 1e-7  # as in Keras: probabilities of exactly 0 or 1 would give an infinite loss


def mean_squared_error(y_true, y_pred):
    """Return the mean of (y_pred - y_true) ** 2."""
    y_true, y_pred = _checked(y_true, y_pred)
    return np.mean((y_pred - y_true) ** 2)


def mean_squared_error_gradient(y_true, y_pred):
    """Return 2 (y_pred - y_true) / count."""
    y_true, y_pred = _checked(y_true, y_pred)
    return 2 * (y_pred - y_true) / y_true.size


def binary_crossentropy(y_true, y_pred):
    """Return the mean of -log(probability given to what was true); y_true is 0 or 1, y_pred the probability of 1."""
    y_true, y_pred = _checked(y_true, y_pred)
    p = np.clip(y_pred, EPSILON, 1 - EPSILON)
    return -np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))


def binary_crossentropy_gradient(y_true, y_pred):
    """Return (p - y) / (p (1 - p)) / count; 0 where p was cut to stay away from 0 and 1."""
    y_true, y_pred = _checked(y_true, y_pred)
    p = np.clip(y_pred, EPSILON, 1 - EPSILON)
    return np.where(p == y_pred, (p - y_true) / (p * (1 - p)) / y_true.size, 0.0)


def categorical_crossentropy(y_true, y_pred):
    """Return the mean of -log(share given to the true class); each row of y_true is 1 for its class, else 0."""
    y_true, y_pred = _checked(y_true, y_pred)
    shares = y_pred / y_pred.sum(axis=-1, keepdims=True)  # Keras, too, makes every row add up to 1
    return -np.mean(np.sum(y_true * np.log(np.clip(shares, EPSILON, 1 - EPSILON)), axis=-1))


def categorical_crossentropy_gradient(y_true, y_pred):
    """Return (sum(y) / sum(p) - y / p) / examples; y counts as 0 where its share was cut to stay away from 0 and 1."""
    y_true, y_pred = _checked(y_true, y_pred)
    total = y_pred.sum(axis=-1, keepdims=True)
    shares = y_pred / total
    y_kept = np.where((shares >= EPSILON) & (shares <= 1 - EPSILON), y_true, 0.0)
    each = y_kept.sum(axis=-1, keepdims=True) / total - np.divide(y_kept, y_pred, out=np.zeros_like(y_pred), where=y_kept != 0)
    return each / (y_true.size // y_true.shape[-1])


def to_categorical(labels, num_classes):
    """Return (examples, num_classes): each row is 1 at its label, else 0.

    Raises ValueError for a label that is not a whole number from 0 to num_classes - 1.
    """
    labels, num_classes = np.asarray(labels), whole("num_classes", num_classes, at_least=1)
    kind = labels.dtype.kind
    if labels.ndim != 1 or not (kind in "iub" or (kind == "f" and np.array_equal(labels, np.round(labels)))):
        raise ValueError(f"labels: expected one whole number for each example, got {labels.dtype} of shape {labels.shape}")
    outside = labels[(labels < 0) | (labels >= num_classes)]
    if outside.size:
        raise ValueError(f"labels: expected whole numbers from 0 to {num_classes - 1}, got {outside[0]:g}")
    return np.eye(num_classes)[labels.astype(int)]


class Loss(NamedTuple):
    """A loss, its gradient for the predictions, and its partner.

    The partner is the activation that it is nearly always used with. Their two slopes cancel: together the gradient for the
    sum z of the last layer is simply (prediction - truth) / count, with nothing that could overflow or be cut.
    """

    forward: object
    gradient: object
    partner: str | None


LOSSES = {
    "mean_squared_error": Loss(mean_squared_error, mean_squared_error_gradient, None),
    "binary_crossentropy": Loss(binary_crossentropy, binary_crossentropy_gradient, "sigmoid"),
    "categorical_crossentropy": Loss(categorical_crossentropy, categorical_crossentropy_gradient, "softmax"),
}


def loss_named(name):
    """Return the Loss with this name; raise ValueError for a name that is not known."""
    return named("loss", name, LOSSES)


def _checked(y_true, y_pred):
    y_true, y_pred = floats(y_true), floats(y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(f"y_true: expected the shape of y_pred {y_pred.shape}, got {y_true.shape}")
    if not y_true.size:
        raise ValueError("y_true: expected at least one example, got none")
    return y_true, y_pred
