"""Optimizers from scratch against Keras's, update by update, and what a used optimizer remembers."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.scratch.optimizers import SGD, Adam, Optimizer, optimizer_named

SHAPES = [(3, 2), (2,), (2, 1, 4), (1,), (1, 1)]
UPDATES = 25
# Numbers that float32 holds exactly: Keras rounds them to float32, whatever the dtype of the weights.
SETTINGS = [
    (SGD, {"learning_rate": 0.125}),
    (SGD, {"learning_rate": 0.125, "momentum": 0.5}),
    (SGD, {"learning_rate": 2**-6, "momentum": 0.9375}),
    (SGD, {"learning_rate": 2**-6, "momentum": 1.0}),
    (Adam, {"learning_rate": 0.125, "beta_1": 0.875, "beta_2": 1 - 2**-10, "epsilon": 2**-20}),
    (Adam, {"learning_rate": 0.125, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.25}),
    (Adam, {"learning_rate": 2**-6, "beta_1": 0, "beta_2": 0.875, "epsilon": 2**-10}),
    (Adam, {"learning_rate": 2**-6, "beta_1": 0.875, "beta_2": 0.0625, "epsilon": 0.25}),
]


def arrays(seed):
    """Return one array of each shape; some of the numbers are large, some tiny, and some 0."""
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) * rng.choice([0, 1e-6, 1, 100], shape) for shape in SHAPES]


@pytest.mark.parametrize(("kind", "settings"), SETTINGS)
def test_every_update_equals_keras(kind, settings):
    ours, theirs = kind(**settings), getattr(keras.optimizers, kind.__name__)(**settings)
    weights = arrays(0)
    variables = [keras.Variable(array, dtype="float64") for array in weights]
    for update in range(UPDATES):
        gradients = arrays(update + 1)
        ours.apply(gradients, weights)
        theirs.apply(gradients, variables)
        for mine, variable in zip(weights, variables, strict=True):
            assert_allclose(mine, variable.numpy(), rtol=1e-9, atol=1e-12, err_msg=f"update {update}")
    assert not any(np.array_equal(mine, start) for mine, start in zip(weights, arrays(0), strict=True) if mine.size > 1)


@pytest.mark.parametrize("momentum", [None, 0.9])
def test_twenty_updates_with_the_usual_settings_equal_keras(momentum):
    settings = {} if momentum is None else {"momentum": momentum}
    name = "Adam" if momentum is None else "SGD"
    ours, theirs = {"Adam": Adam, "SGD": SGD}[name](**settings), getattr(keras.optimizers, name)(**settings)
    weights, rng = [np.ones((3, 4))], np.random.default_rng(0)
    variables = [keras.Variable(array, dtype="float64") for array in weights]
    for _ in range(20):
        gradients = [rng.standard_normal((3, 4))]
        ours.apply(gradients, weights)
        theirs.apply(gradients, variables)
        assert_allclose(weights[0], variables[0].numpy(), atol=1e-6)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_the_usual_settings_are_keras_own(kind):
    theirs = getattr(keras.optimizers, kind.__name__)().get_config()
    ours = {name: value for name, value in vars(kind()).items() if name in theirs}
    assert {"learning_rate"} < set(ours)
    for name, value in ours.items():
        assert value == pytest.approx(theirs[name], rel=1e-6), name


def test_momentum_by_hand():
    optimizer, weight = SGD(learning_rate=1, momentum=0.5), np.zeros(1)
    places = []
    for _ in range(3):
        optimizer.apply([np.ones(1)], [weight])
        places.append(weight.item())
    # Steps of 1, of 1 + 0.5 * 1, and of 1 + 0.5 * 1.5.
    assert places == [-1, -2.5, -4.25]


def test_the_first_step_of_adam_has_the_size_of_the_learning_rate():
    weight = np.zeros(3)
    Adam(learning_rate=0.25).apply([np.array([0.1, -7, 1e6])], [weight])
    assert_allclose(weight, [-0.25, 0.25, -0.25], rtol=1e-4)


def test_weights_change_in_place_and_gradients_not_at_all():
    for optimizer in (SGD(0.5), SGD(0.5, momentum=0.5), Adam(0.5)):
        weights, gradients = arrays(0), arrays(1)
        views = [array.ravel() for array in weights]
        for array in gradients:
            array.flags.writeable = False
        for _ in range(2):
            optimizer.apply(gradients, weights)
        for array, view, start, gradient in zip(weights, views, arrays(0), gradients, strict=True):
            assert_array_equal(array.ravel(), view)
            assert_array_equal(array != start, gradient != 0)


@pytest.mark.parametrize("optimizer", [SGD(0.5), SGD(0.5, momentum=0.5), Adam(0.5)])
def test_float32_gradients_move_float64_weights(optimizer):
    weight = np.zeros(2)
    optimizer.apply([np.ones(2, "float32")], [weight])
    assert weight.dtype == np.float64
    assert_allclose(weight, -0.5, rtol=1e-5)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_a_new_learning_rate_counts_from_the_next_step(kind):
    optimizer, weight = kind(0.5), np.zeros(1)
    optimizer.learning_rate = 0.125
    optimizer.apply([np.ones(1)], [weight])
    assert weight.item() == pytest.approx(-0.125, rel=1e-5)


@pytest.mark.parametrize(("kind", "settings"), SETTINGS)
def test_start_forgets_all_earlier_steps(kind, settings):
    def steps(optimizer):
        weights = arrays(0)
        for update in range(3):
            optimizer.apply(arrays(update + 1), weights)
        return weights

    optimizer = kind(**settings)
    first = steps(optimizer)
    optimizer.start()
    for again, before in zip(steps(optimizer), first, strict=True):
        assert_array_equal(again, before)


@pytest.mark.parametrize("used", [SGD(0.5, momentum=0.75), Adam(0.5, beta_1=0.25, beta_2=0.5, epsilon=0.125)])
def test_a_used_optimizer_comes_back_as_a_fresh_copy(used):
    used.apply([np.ones(3)], [np.ones(3)])
    remembered = dict(vars(used))
    fresh = optimizer_named(used)
    assert fresh is not used
    assert type(fresh) is type(used)
    settings = {"learning_rate", "momentum", "beta_1", "beta_2", "epsilon"} & set(vars(used))
    assert vars(fresh) == vars(type(used)(**{name: vars(used)[name] for name in settings}))
    fresh.apply([np.ones(5)], [np.ones(5)])
    for name, value in vars(used).items():
        assert_array_equal(value, remembered[name])


@pytest.mark.parametrize(("name", "kind"), [("sgd", SGD), ("adam", Adam)])
def test_a_name_gives_a_new_optimizer(name, kind):
    optimizer = optimizer_named(name)
    assert type(optimizer) is kind
    assert vars(optimizer) == vars(kind())
    assert optimizer_named(name) is not optimizer


@pytest.mark.parametrize("name", ["Adam", "rmsprop", "", None, 0.1, ["sgd"], Adam, keras.optimizers.SGD()])
def test_an_unknown_optimizer_is_refused(name):
    with pytest.raises(ValueError) as problem:
        optimizer_named(name)
    assert str(problem.value) == f"optimizer: expected one of ['adam', 'sgd'], SGD(...) or Adam(...), got {name!r}"


@pytest.mark.parametrize("kind", [SGD, Adam, Optimizer])
@pytest.mark.parametrize("value", [0, -0.1, np.nan, np.inf, None, "0.1", True, [0.1]])
def test_bad_learning_rate(kind, value):
    with pytest.raises(ValueError) as problem:
        kind(learning_rate=value)
    assert str(problem.value) == f"learning_rate: expected a number above 0, got {value!r}"


@pytest.mark.parametrize(
    ("kind", "name", "values", "expected"),
    [
        (SGD, "momentum", [-0.1, 1.1, np.nan, None, "0.9"], "a number from 0 to 1"),
        (Adam, "beta_1", [-0.1, 1, np.nan, None, "0.9"], "a number from 0 to below 1"),
        (Adam, "beta_2", [-0.1, 1, np.nan, None, "0.9"], "a number from 0 to below 1"),
        (Adam, "epsilon", [-1e-7, 0, np.nan, None, "0.9"], "a number above 0"),
    ],
)
def test_bad_settings(kind, name, values, expected):
    for value in values:
        with pytest.raises(ValueError) as problem:
            kind(**{name: value})
        assert str(problem.value) == f"{name}: expected {expected}, got {value!r}"


def test_numbers_of_numpy_are_numbers():
    assert Adam(np.float32(0.5), beta_1=np.float64(0.5)).learning_rate == 0.5
    assert SGD(np.int64(1)).learning_rate == 1
