"""Losses from scratch against Keras, `tf.GradientTape`, finite differences, and predictions of exactly 0 and 1."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.scratch.activations import ACTIVATIONS, softmax
from helpers.scratch.losses import EPSILON, LOSSES, loss_named, to_categorical

KERAS = {
    "mean_squared_error": keras.losses.MeanSquaredError,
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
}
SHAPES = [(1, 1), (1, 4), (5, 1), (5, 3), (2, 4, 3)]
TOLERANCE = {"float32": {"rtol": 1e-4, "atol": 1e-6}, "float64": {"rtol": 1e-9, "atol": 1e-12}}


def example(name, shape, dtype="float64"):
    """Return the truth and a prediction, as the loss wants them."""
    rng = np.random.default_rng(0)
    if name == "mean_squared_error":
        truth, prediction = rng.standard_normal((2, *shape))
    elif name == "binary_crossentropy":
        truth, prediction = rng.integers(0, 2, shape), rng.uniform(0.01, 0.99, shape)
    else:
        truth, prediction = np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])], softmax(rng.standard_normal(shape))
    return truth.astype(dtype), prediction.astype(dtype)


def assert_equals_keras(name, truth, prediction):
    dtype, loss = prediction.dtype.name, LOSSES[name]
    tensor = tf.constant(prediction)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        expected = KERAS[name](dtype=dtype)(truth, tensor)
    computed, gradient = loss.forward(truth, prediction), loss.gradient(truth, prediction)
    assert np.shape(computed) == ()
    assert gradient.shape == prediction.shape
    assert (computed.dtype, gradient.dtype) == (dtype, dtype)
    assert_allclose(computed, expected, **TOLERANCE[dtype])
    assert_allclose(gradient, tape.gradient(expected, tensor), **TOLERANCE[dtype])


def test_all_losses_are_tested():
    assert list(LOSSES) == list(KERAS)


@pytest.mark.filterwarnings("ignore:In loss categorical_crossentropy")  # of one class
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", LOSSES)
def test_loss_and_gradient_equal_keras(name, shape, dtype):
    assert_equals_keras(name, *example(name, shape, dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_binary_predictions_of_exactly_0_and_1_equal_keras(dtype):
    truth = np.array([[0], [1], [0], [1], [1], [0]], dtype)
    prediction = np.array([[0], [0], [1], [1], [1e-9], [0.5]], dtype)
    assert_equals_keras("binary_crossentropy", truth, prediction)
    gradient = LOSSES["binary_crossentropy"].gradient(truth, prediction)
    assert_array_equal(gradient != 0, [[False], [False], [False], [False], [False], [True]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shares_of_exactly_0_and_1_equal_keras(dtype):
    truth = np.eye(3, dtype=dtype)[[0, 1, 2, 0, 1]]
    prediction = np.array([[1, 0, 0], [1, 0, 0], [0, 0.5, 0.5], [1e-9, 1, 0], [0.5, 0.5, 0]], dtype)
    assert_equals_keras("categorical_crossentropy", truth, prediction)


@pytest.mark.parametrize("shape", [(4, 3), (2, 4, 3)], ids=str)
def test_shares_that_do_not_add_up_to_1_equal_keras(shape):
    truth, prediction = example("categorical_crossentropy", shape)
    rows = np.random.default_rng(1).uniform(0.1, 5, (*shape[:-1], 1))
    assert_equals_keras("categorical_crossentropy", truth, prediction * rows)
    loss = LOSSES["categorical_crossentropy"].forward
    assert_allclose(loss(truth, prediction * rows), loss(truth, prediction), rtol=1e-12)


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy"])
def test_soft_labels_equal_keras(name):
    prediction = example(name, (5, 3))[1]
    assert_equals_keras(name, softmax(np.random.default_rng(2).standard_normal((5, 3))), prediction)


@settings(max_examples=60)
@given(st.sampled_from(list(LOSSES)), st.sampled_from(SHAPES), st.integers(0, 10**9))
def test_the_gradient_equals_finite_differences(name, shape, place):
    loss, (truth, prediction) = LOSSES[name], example(name, shape)
    place, step, ends = place % prediction.size, 1e-6, []
    if name == "categorical_crossentropy":
        prediction = 0.9 * prediction  # a share of 1, as with a single class, is at the edge of what is cut
    for change in (step, -step):
        moved = prediction.copy()
        moved.flat[place] += change
        ends.append(loss.forward(truth, moved))
    assert_allclose(loss.gradient(truth, prediction).flat[place], (ends[0] - ends[1]) / (2 * step), rtol=1e-5, atol=1e-7)


def test_losses_by_hand():
    assert LOSSES["mean_squared_error"].forward([[1, 2], [3, 4]], [[1, 4], [3, 3]]) == (4 + 1) / 4
    assert LOSSES["binary_crossentropy"].forward([[1], [0]], [[0.5], [0.75]]) == pytest.approx(-np.log(0.5 * 0.25) / 2)
    assert LOSSES["categorical_crossentropy"].forward([[0, 1, 0]], [[0.5, 0.25, 0.25]]) == pytest.approx(np.log(4))
    assert_allclose(LOSSES["mean_squared_error"].gradient([[1, 2]], [[1, 4]]), [[0, 2]])
    assert_allclose(LOSSES["binary_crossentropy"].gradient([[1], [0]], [[0.5], [0.75]]), [[-1], [2]])
    assert_allclose(LOSSES["categorical_crossentropy"].gradient([[0, 1]], [[0.75, 0.25]]), [[1, 1 - 4]])


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy"])
def test_a_wrong_prediction_costs_much_but_never_without_end(name):
    truth, wrong = np.eye(2), np.eye(2)[::-1]
    assert LOSSES[name].forward(truth, truth) == pytest.approx(0, abs=2 * EPSILON)
    assert LOSSES[name].forward(truth, wrong) == pytest.approx(-np.log(EPSILON), rel=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_an_activation_and_its_loss_cancel(name):
    """The shortcut that `Sequential` takes: for partners the gradient for the sums is (prediction - truth) / count."""
    loss, (truth, _) = LOSSES[name], example(name, (5, 3))
    if loss.partner is None:
        assert name == "mean_squared_error"
        return
    activation, sums = ACTIVATIONS[loss.partner], np.random.default_rng(1).standard_normal((5, 3))
    prediction = activation.forward(sums)
    count = prediction.size if loss.partner == "sigmoid" else len(prediction)
    gradient = activation.backward(loss.gradient(truth, prediction), sums, prediction)
    assert_allclose(gradient, (prediction - truth) / count, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bool", "float16"])
@pytest.mark.parametrize("name", LOSSES)
def test_whole_numbers_give_what_floats_give(name, dtype):
    truth, prediction = np.array([[1, 0], [0, 1]]), np.array([[0, 1], [0, 1]])
    for function in (LOSSES[name].forward, LOSSES[name].gradient):
        computed = function(truth.astype(dtype), prediction.astype(dtype))
        assert computed.dtype == np.float64
        assert_array_equal(computed, function(truth.astype(float), prediction.astype(float)))


@pytest.mark.parametrize("name", LOSSES)
def test_nothing_that_is_handed_in_is_changed(name):
    truth, prediction = example(name, (5, 3))
    for array in (truth, prediction):
        array.flags.writeable = False
    LOSSES[name].forward(truth, prediction)
    gradient = LOSSES[name].gradient(truth, prediction)
    assert not any(np.shares_memory(gradient, array) for array in (truth, prediction))


@pytest.mark.parametrize("name", LOSSES)
def test_nan_in_gives_nan_out(name):
    truth, prediction = example(name, (5, 3))
    prediction[2, 1] = np.nan
    assert np.isnan(LOSSES[name].forward(truth, prediction))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        ((3, 2), (3, 1), "y_true: expected the shape of y_pred (3, 1), got (3, 2)"),
        ((3,), (3, 1), "y_true: expected the shape of y_pred (3, 1), got (3,)"),
        ((2, 1), (3, 1), "y_true: expected the shape of y_pred (3, 1), got (2, 1)"),
        ((0, 2), (0, 2), "y_true: expected at least one example, got none"),
    ],
)
def test_bad_shapes(name, truth, prediction, message):
    for function in (LOSSES[name].forward, LOSSES[name].gradient):
        with pytest.raises(ValueError) as problem:
            function(np.ones(truth), np.ones(prediction))
        assert str(problem.value) == message


@pytest.mark.parametrize("name", ["mse", "", None, ["mean_squared_error"]])
def test_an_unknown_loss_is_refused(name):
    with pytest.raises(ValueError) as problem:
        loss_named(name)
    assert str(problem.value) == f"loss: expected one of {sorted(LOSSES)}, got {name!r}"


@pytest.mark.parametrize("name", LOSSES)
def test_a_known_loss_is_found(name):
    assert loss_named(name) is LOSSES[name]


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float64", "float32"])
def test_to_categorical_equals_keras(dtype):
    labels = np.array([2, 0, 1, 2, 4], dtype)
    rows = to_categorical(labels, 5)
    assert rows.dtype == np.float64
    assert_array_equal(rows, keras.utils.to_categorical(labels, 5))
    assert_array_equal(to_categorical(list(labels), 5), rows)


def test_to_categorical_takes_yes_and_no_and_none():
    assert_array_equal(to_categorical([True, False], 2), [[0, 1], [1, 0]])
    assert to_categorical(np.array([], int), 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("labels", "num_classes", "message"),
    [
        ([0, 3], 3, "labels: expected whole numbers from 0 to 2, got 3"),
        ([0, -1], 3, "labels: expected whole numbers from 0 to 2, got -1"),
        ([0.0, 7.0], 3, "labels: expected whole numbers from 0 to 2, got 7"),
        ([0, 1.5], 3, "labels: expected one whole number for each example, got float64 of shape (2,)"),
        ([0, np.nan], 3, "labels: expected one whole number for each example, got float64 of shape (2,)"),
        ([[0], [1]], 3, "labels: expected one whole number for each example, got int64 of shape (2, 1)"),
        (1, 3, "labels: expected one whole number for each example, got int64 of shape ()"),
        (["a", "b"], 3, "labels: expected one whole number for each example, got <U1 of shape (2,)"),
        ([0, None], 3, "labels: expected one whole number for each example, got object of shape (2,)"),
        ([0], 0, "num_classes: expected a whole number of at least 1, got 0"),
        ([0], 2.0, "num_classes: expected a whole number of at least 1, got 2.0"),
        ([0], None, "num_classes: expected a whole number of at least 1, got None"),
    ],
)
def test_to_categorical_refuses(labels, num_classes, message):
    with pytest.raises(ValueError) as problem:
        to_categorical(labels, num_classes)
    assert str(problem.value) == message


def test_to_categorical_refuses_infinity():
    with pytest.raises(ValueError, match="labels: expected whole numbers from 0 to 2, got inf"):
        to_categorical([0, np.inf], 3)
