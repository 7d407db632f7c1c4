"""Training from scratch against Keras's `fit`, update by update; repetition, callbacks, whole gradients, and bad input."""

import warnings
from types import SimpleNamespace
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from helpers.scratch.dense import Dense
from helpers.scratch.dropout import Dropout
from helpers.scratch.embedding import Embedding
from helpers.scratch.layer import Layer
from helpers.scratch.lstm import LSTM
from helpers.scratch.optimizers import SGD, Adam
from helpers.scratch.pooling import Flatten
from helpers.scratch.recurrent import SimpleRNN
from helpers.scratch.sequential import Callback, History, Sequential, accuracy

EXACT = {"rtol": 1e-7, "atol": 1e-9}  # in float64
# Numbers that float32 holds exactly: Keras rounds some of them to float32, whatever the dtype of the weights.
OPTIMIZERS = {
    "sgd": (SGD, {"learning_rate": 0.125}),
    "momentum": (SGD, {"learning_rate": 0.0625, "momentum": 0.875}),
    "adam": (Adam, {"learning_rate": 0.03125, "beta_1": 0.875, "beta_2": 1 - 2**-10, "epsilon": 2**-20}),
}
SHORT = {
    "mse": "mean_squared_error",
    "bce": "binary_crossentropy",
    "cce": "categorical_crossentropy",
}


class Case(NamedTuple):
    """One training: the layers, what they learn, and how."""

    optimizer: str
    loss: str
    last: str  # the activation of the last layer
    units: int = 1  # of the last layer
    batch_size: int = 4
    examples: int = 19
    hidden: tuple = ("tanh",)
    shape: tuple = (3,)  # of one example
    l2: float = 0.0
    ends_with_dropout: bool = False
    metrics: tuple = ()
    validation: int = 0  # examples
    flat_targets: bool = False  # (examples,) instead of (examples, 1)

    @property
    def updates(self):
        return -(-self.examples // self.batch_size)

    @property
    def epochs(self):
        return -(-20 // self.updates)

    def data(self, examples, seed):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((examples, *self.shape))
        sums = x[..., :1] * x[..., 1:2] + np.arange(self.units) * x[..., 2:]
        if self.loss == "mse":
            y = sums
        elif self.loss == "bce":
            y = (sums > 0.3).astype(int)
        else:
            y = np.eye(self.units)[sums.argmax(axis=-1)]
        return x, y[..., 0] if self.flat_targets else y

    def layers(self, dense, dropout, penalty):
        layers = [dense(4, activation=name, **penalty) for name in self.hidden]
        layers.append(dense(self.units, activation=self.last))
        return [*layers, dropout(0.0)] if self.ends_with_dropout else layers

    def ours(self):
        model = Sequential(self.layers(Dense, Dropout, {"l2": self.l2}))
        kind, settings = OPTIMIZERS[self.optimizer]
        model.compile(kind(**settings), SHORT[self.loss], list(self.metrics))
        model.build((None, *self.shape))
        return model

    def keras(self):
        penalty = {"kernel_regularizer": keras.regularizers.L2(self.l2)} if self.l2 else {}
        model = keras.Sequential([keras.Input(self.shape), *self.layers(keras.layers.Dense, keras.layers.Dropout, penalty)])
        kind, settings = OPTIMIZERS[self.optimizer]
        optimizer = getattr(keras.optimizers, kind.__name__)(**settings)
        model.compile(optimizer, SHORT[self.loss], metrics=list(self.metrics), jit_compile=False)
        return model

    def name(self):
        options = [name for name in ("l2", "ends_with_dropout", "metrics", "validation", "flat_targets") if getattr(self, name)]
        hidden = "-".join((*self.hidden, self.last))
        return "-".join([self.optimizer, self.loss, hidden, f"{self.units}", f"{self.batch_size}of{self.examples}", *options])


CASES = [
    # A loss and the activation it is nearly always used with, with every optimizer.
    Case("sgd", "mse", "linear", 2, 8, hidden=("relu", "tanh")),
    Case("momentum", "mse", "linear", batch_size=1, flat_targets=True),
    Case("adam", "mse", "linear", batch_size=4, examples=20, l2=0.0625, metrics=("accuracy",)),
    Case("sgd", "bce", "sigmoid", batch_size=32, examples=130, hidden=("elu",), metrics=("accuracy",), validation=40),
    Case("momentum", "bce", "sigmoid", 3, 4, metrics=("accuracy",), l2=0.125),
    Case("adam", "bce", "sigmoid", batch_size=5, hidden=("tanh", "tanh"), metrics=("accuracy",), flat_targets=True),
    Case("sgd", "cce", "softmax", 3, 6, hidden=("leaky_relu",), l2=0.125, metrics=("accuracy",), validation=7),
    Case("momentum", "cce", "softmax", 4, 6, 25),
    Case("adam", "cce", "softmax", 3, 7, hidden=("sigmoid", "relu"), metrics=("accuracy",)),
    # Pairs that are not partners, and partners that are not the last layer: the long way through the activation's slope.
    Case("adam", "mse", "sigmoid", 2, 6),
    Case("sgd", "mse", "softmax", 3, 6, metrics=("accuracy",)),
    Case("momentum", "bce", "sigmoid", 3, 6, ends_with_dropout=True),
    Case("adam", "cce", "softmax", 3, 6, ends_with_dropout=True),
    # One example; no hidden layer; a class for each step of a sequence.
    Case("momentum", "bce", "sigmoid", 1, 4, 1, hidden=()),
    Case("adam", "cce", "softmax", 3, 4, 9, shape=(5, 3), metrics=("accuracy",), validation=3),
]


@pytest.fixture
def keras_in_float64():
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


class KeepWeights(Callback):
    """Keep all weights after every update."""

    def on_train_begin(self):
        self.kept = []

    def on_train_batch_end(self, batch):
        self.kept.append(self.model.get_weights())


class KeepKerasWeights(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.kept = []

    def on_train_batch_end(self, batch, logs=None):
        self.kept.append(self.model.get_weights())


@pytest.mark.parametrize("case", CASES, ids=Case.name)
def test_fit_equals_keras_update_by_update(case, keras_in_float64):
    ours, theirs = case.ours(), case.keras()
    rng = np.random.default_rng(5)
    ours.set_weights([rng.normal(0, 0.7, array.shape) for array in ours.get_weights()])
    theirs.set_weights(ours.get_weights())
    x, y = case.data(case.examples, 0)
    options = {"epochs": case.epochs, "batch_size": case.batch_size, "shuffle": False}
    if case.validation:
        options["validation_data"] = case.data(case.validation, 1)
    mine, other = KeepWeights(), KeepKerasWeights()
    history = ours.fit(x, y, callbacks=[mine], **options)
    expected = theirs.fit(x, y, callbacks=[other], verbose=0, **options)

    assert len(mine.kept) == len(other.kept) == case.updates * case.epochs >= 20
    for update, (weights, arrays) in enumerate(zip(mine.kept, other.kept, strict=True)):
        for array, tensor in zip(weights, arrays, strict=True):
            assert_allclose(array, tensor, **EXACT, err_msg=f"update {update}")
    assert history.epoch == expected.epoch == list(range(case.epochs))
    assert set(history.history) == set(expected.history)
    for name, values in expected.history.items():
        assert_allclose(history.history[name], values, **EXACT, err_msg=name)
    assert_allclose(ours.predict(x), keras.ops.convert_to_numpy(theirs(x)), **EXACT)


@pytest.mark.parametrize("metrics", [(), ("accuracy",)])
def test_evaluate_and_predict_equal_keras(metrics, keras_in_float64):
    case = Case("sgd", "cce", "softmax", 3, l2=0.125, metrics=metrics)
    ours, theirs = case.ours(), case.keras()
    theirs.set_weights(ours.get_weights())
    x, y = case.data(300, 0)  # more than a batch
    assert_allclose(ours.evaluate(x, y), theirs.evaluate(x, y, verbose=0), **EXACT)
    assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), **EXACT)


def test_the_loss_is_learned_at_all():
    """The comparison with Keras would also hold where nothing moves."""
    case = Case("adam", "bce", "sigmoid", hidden=("tanh", "tanh"), metrics=("accuracy",))
    x, y = case.data(100, 0)
    history = case.ours().fit(x, y, epochs=60, batch_size=10).history
    assert history["loss"][-1] < history["loss"][0] / 3
    assert history["accuracy"][-1] > 0.9


def test_fit_equals_keras_in_float32():
    case = Case("adam", "cce", "softmax", 3, 8, 50, hidden=("tanh", "relu"), metrics=("accuracy",))
    ours, theirs = case.ours(), case.keras()
    ours.set_weights(theirs.get_weights())
    x, y = case.data(50, 0)
    x = x.astype("float32")
    options = {"epochs": 3, "batch_size": 8, "shuffle": False}
    mine, other = KeepWeights(), KeepKerasWeights()
    history = ours.fit(x, y, callbacks=[mine], **options).history
    expected = theirs.fit(x, y, callbacks=[other], verbose=0, **options).history
    assert len(mine.kept) == 21
    for weights, arrays in zip(mine.kept, other.kept, strict=True):
        for array, tensor in zip(weights, arrays, strict=True):
            assert_allclose(array, tensor, atol=1e-5)
    assert_allclose(history["loss"], expected["loss"], rtol=1e-5)
    assert_allclose(history["accuracy"], expected["accuracy"], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
def test_float32_stays_float32_through_all_layers(dtype):
    model = Sequential([Dense(3, "tanh"), Dropout(0.5), Dense(2, "elu"), Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    x = (np.random.default_rng(0).random((6, 4)) > 0.5).astype(dtype)
    model.fit(x, x[:, 0])
    expected = "float32" if dtype == "float32" else "float64"
    assert model.predict(x).dtype == expected
    assert {array.dtype.name for layer in model.layers for array in layer.gradients.values()} == {expected}
    assert {array.dtype.name for array in model.get_weights()} == {"float64"}


def test_whole_numbers_train_like_floats():
    case = Case("adam", "bce", "sigmoid")
    x = np.random.default_rng(0).integers(0, 9, (12, 3))
    y = x.sum(axis=1) > 12
    whole, floats, yes_or_no = case.ours(), case.ours(), case.ours()
    first = whole.fit(x, y.astype(int), epochs=3).history
    assert first == floats.fit(x.astype(float), y.astype(float), epochs=3).history
    assert first == yes_or_no.fit(x.tolist(), y, epochs=3).history


LAST_LAYERS = [
    ("mse", "linear", 2, False),
    ("mse", "sigmoid", 2, False),
    ("bce", "sigmoid", 2, False),
    ("bce", "sigmoid", 2, True),
    # Keras takes any activation before these losses for their partner; here the true gradient counts.
    ("bce", "softmax", 3, False),
    ("cce", "sigmoid", 3, False),
    ("cce", "softmax", 3, False),
    ("cce", "softmax", 3, True),
]


@pytest.mark.parametrize(("loss", "last", "units", "ends_with_dropout"), LAST_LAYERS)
def test_the_whole_gradient_equals_finite_differences(loss, last, units, ends_with_dropout):
    case = Case("sgd", loss, last, units, hidden=("tanh", "elu"), l2=0.05, ends_with_dropout=ends_with_dropout)
    model, (x, y) = case.ours(), case.data(7, 0)
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(0, 0.7, array.shape) for array in model.get_weights()])
    weights = model.get_weights()
    model.fit(x, y, batch_size=len(x), shuffle=False)  # one update: the gradients are those of before it
    gradients = [array for layer in model.layers for array in layer.gradients.values()]
    assert [array.shape for array in gradients] == [array.shape for array in weights]
    step = 1e-5
    for number, array in enumerate(weights):
        for place in np.ndindex(array.shape):
            losses = []
            for change in (step, -step):
                moved = [each.copy() for each in weights]
                moved[number][place] += change
                model.set_weights(moved)
                losses.append(model.evaluate(x, y))
            assert_allclose(gradients[number][place], (losses[0] - losses[1]) / (2 * step), rtol=1e-5, atol=1e-8)


def test_backward_gives_the_gradient_for_the_inputs():
    model = Case("sgd", "mse", "linear", 2, hidden=("tanh", "elu")).ours()
    rng = np.random.default_rng(0)
    x, gradient, step = rng.standard_normal((4, 3)), rng.standard_normal((4, 2)), 1e-6
    model.forward(x)
    computed = model.backward(gradient)
    for place in np.ndindex(x.shape):
        change = np.zeros_like(x)
        change[place] = step
        ends = [(model.forward(moved) * gradient).sum() for moved in (x + change, x - change)]
        assert computed[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-8)


def small(seed=0, rate=0.5):
    """Return a model with a layer that draws random numbers, built by its first data, and the data."""
    x, y = Case("adam", "bce", "sigmoid").data(23, 0)
    model = Sequential([Dense(6, "tanh"), Dropout(rate), Dense(1, "sigmoid")], np.random.default_rng(seed))
    model.compile(Adam(0.05), "binary_crossentropy", ["accuracy"])
    return model, x, y


def test_the_same_seed_gives_the_same_curve_bit_for_bit():
    runs = []
    for seed in (3, 3, 4):
        model, x, y = small(seed)
        history = model.fit(x, y, epochs=5, batch_size=4, validation_data=(x, y)).history
        runs.append((history, model.get_weights()))
    assert runs[0][0] == runs[1][0]
    assert runs[0][0] != runs[2][0]
    for first, again in zip(runs[0][1], runs[1][1], strict=True):
        assert_array_equal(first, again)


def test_without_a_generator_two_models_start_alike():
    first, second = (Sequential([Dense(3)]) for _ in range(2))
    for model in (first, second):
        model.build((None, 2))
    assert_array_equal(first.get_weights()[0], second.get_weights()[0])


class Watch(Layer):
    """Change nothing, and keep what passes while training."""

    def build(self, input_shape, rng):
        self.seen = []

    def forward(self, inputs, training=False):
        if training:
            self.seen.append(inputs.copy())
        return inputs

    def backward(self, gradient):
        return gradient


def test_each_epoch_shows_every_example_once_in_a_new_order():
    watch, x = Watch(), np.arange(23.0)[:, None]
    model = Sequential([watch, Dense(1)], np.random.default_rng(0))
    model.compile(SGD(1e-9))
    model.fit(x, x, epochs=3, batch_size=5)
    assert [len(batch) for batch in watch.seen] == [5, 5, 5, 5, 3] * 3
    orders = [np.concatenate(watch.seen[start : start + 5]).ravel() for start in (0, 5, 10)]
    for order in orders:
        assert_array_equal(np.sort(order), x.ravel())
    assert len({tuple(order) for order in [x.ravel(), *orders]}) == 4
    watch.seen.clear()
    model.fit(x, x, epochs=2, batch_size=5, shuffle=False)
    assert_array_equal(np.concatenate(watch.seen), np.concatenate([x, x]))


def test_each_target_stays_with_its_example():
    model, pairs = Sequential([Dense(1)], np.random.default_rng(0)), []
    model.compile(SGD(1e-9))
    train = model._train_on_batch
    model._train_on_batch = lambda x, y: pairs.append((x, y)) or train(x, y)
    x = np.arange(23.0)[:, None]
    model.fit(x, 10 * x, epochs=2, batch_size=5)
    assert len(pairs) == 10
    for each, target in pairs:
        assert_array_equal(target, 10 * each)


def test_data_are_never_changed():
    model, x, y = small()
    for array in (x, y):
        array.flags.writeable = False
    before = x.copy(), y.copy()
    model.fit(x, y, epochs=2, validation_data=(x, y))
    model.evaluate(x, y)
    model.predict(x)
    assert_array_equal(x, before[0])
    assert_array_equal(y, before[1])


def test_evaluate_and_predict_change_no_weight_and_drop_nothing():
    model, x, y = small()
    model.fit(x, y)
    weights, first = model.get_weights(), model.evaluate(x, y)
    assert model.evaluate(x, y) == first
    assert_array_equal(model.predict(x), model.predict(x))
    for new, old in zip(model.get_weights(), weights, strict=True):
        assert_array_equal(new, old)


@pytest.mark.parametrize("batch_size", [1, 7, 256, 1000])
def test_predict_in_batches_equals_all_at_once(batch_size):
    model = Case("sgd", "mse", "linear", 2).ours()
    x = np.random.default_rng(0).standard_normal((600, 3))
    assert_allclose(model.predict(x, batch_size), model.forward(x), rtol=1e-12, atol=1e-15)


def test_evaluate_gives_one_number_or_a_list():
    model, x, y = small()
    loss, share = model.evaluate(x, y)
    assert isinstance(loss, float) and isinstance(share, float)
    assert share == np.mean((model.predict(x) > 0.5) == y)
    model.compile("adam", "binary_crossentropy")
    assert model.evaluate(x, y) == loss


def test_accuracy_by_hand():
    assert accuracy(np.array([[1], [0], [1], [0]]), np.array([[0.9], [0.2], [0.5], [0.7]])) == 0.5
    assert accuracy(np.eye(3), np.array([[0.4, 0.3, 0.3], [0.6, 0.3, 0.1], [0, 0.4, 0.6]])) == pytest.approx(2 / 3)
    assert accuracy(np.eye(2)[[[0, 1, 1], [0, 0, 1]]], np.full((2, 3, 2), [0.6, 0.4])) == 0.5


class Record(Callback):
    """Keep what is called, and when."""

    def __init__(self, name, events, stop_at=None):
        self.name, self.events, self.stop_at = name, events, stop_at

    def on_train_begin(self):
        assert isinstance(self.model, Sequential)
        self.events.append((self.name, "begin"))

    def on_train_batch_end(self, batch):
        self.events.append((self.name, "batch", batch))

    def on_epoch_end(self, epoch, logs):
        self.events.append((self.name, "epoch", epoch, tuple(logs)))
        if epoch == self.stop_at:
            self.model.stop_training = True

    def on_train_end(self):
        self.events.append((self.name, "end"))


def test_callbacks_are_called_in_order():
    events, (model, x, y) = [], small()
    model.fit(x, y, epochs=2, batch_size=12, validation_data=(x, y), callbacks=[Record("a", events), Record("b", events)])
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    epochs = [[("batch", 0), ("batch", 1), ("epoch", epoch, names)] for epoch in range(2)]
    expected = [("begin",), *epochs[0], *epochs[1], ("end",)]
    assert events == [(name, *event) for event in expected for name in "ab"]


def test_stop_training_ends_after_the_epoch():
    events, (model, x, y) = [], small()
    history = model.fit(x, y, epochs=9, callbacks=[Record("a", events, stop_at=2)])
    assert history.epoch == [0, 1, 2]
    assert [len(values) for values in history.history.values()] == [3, 3]
    assert events[-1] == ("a", "end")
    assert len(model.fit(x, y, epochs=4).epoch) == 4, "the next fit goes on"


def test_the_history_can_be_read_while_training_goes_on():
    class Look(Callback):
        def on_epoch_end(self, epoch, logs):
            seen.append(logs["loss"])

    seen, (model, x, y) = [], small()
    history = model.fit(x, y, epochs=3, callbacks=(Look(),))
    assert isinstance(history, History)
    assert history.history["loss"] == seen
    assert all(type(value) is float for values in history.history.values() for value in values)


def test_no_epochs_no_history():
    model, x, y = small()
    history = model.fit(x, y, epochs=0)
    assert (history.epoch, history.history) == ([], {})


def test_a_second_fit_goes_on_where_the_first_ended():
    whole, x, y = small(rate=0)
    parts = small(rate=0)[0]
    expected = whole.fit(x, y, epochs=4, batch_size=5, shuffle=False).history["loss"]
    losses = [parts.fit(x, y, epochs=2, batch_size=5, shuffle=False).history["loss"] for _ in range(2)]
    assert losses[0] + losses[1] == expected


def test_a_used_optimizer_starts_anew_in_a_second_model():
    optimizer = Adam(0.05)
    curves = []
    for units in (4, 4, 7):
        x, y = Case("adam", "mse", "linear").data(23, 0)
        model = Sequential([Dense(units, "tanh"), Dense(1)])
        model.compile(optimizer)
        curves.append(model.fit(x, y, epochs=3).history["loss"])
        assert model.optimizer.steps == 3
    assert curves[0] == curves[1] != curves[2]
    assert optimizer.steps == 0


def test_two_models_may_take_turns_with_one_optimizer():
    optimizer, (x, y) = SGD(0.05, momentum=0.5), Case("sgd", "mse", "linear").data(23, 0)
    first, second, alone = (Sequential([Dense(1)]) for _ in range(3))
    for model in (first, second, alone):
        model.compile(optimizer)
    turns = []
    for _ in range(3):
        turns += first.fit(x, y, shuffle=False).history["loss"]
        second.fit(-x, y, shuffle=False)
    assert turns == alone.fit(x, y, epochs=3, shuffle=False).history["loss"]


def test_summary(capsys):
    model = Sequential([Dense(1000, "relu"), Dropout(0.5), Dense(3, use_bias=False)])
    model.build((None, 8, 70))
    model.summary()
    assert capsys.readouterr().out == (
        "layer                   output shape               weights\n"
        "Dense                   (None, 8, 1000)             71,000\n"
        "Dropout                 (None, 8, 1000)                  0\n"
        "Dense                   (None, 8, 3)                 3,000\n"
        "together                                            74,000\n"
    )
    assert model.count_params() == 74_000


def test_weights_come_and_go_in_keras_order():
    case = Case("sgd", "cce", "softmax", 3, hidden=("relu", "tanh"), ends_with_dropout=True)
    ours, theirs = case.ours(), case.keras()
    assert [array.shape for array in ours.get_weights()] == [array.shape for array in theirs.get_weights()]
    ours.set_weights(theirs.get_weights())
    for mine, array in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_array_equal(mine, array)
    ours.get_weights()[0][:] = 7
    assert_array_equal(ours.get_weights()[0], theirs.get_weights()[0])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([np.ones((3, 4)), np.ones(4)], "arrays: expected 4 arrays, got 2"),
        ([], "arrays: expected 4 arrays, got 0"),
        ([np.ones((3, 4)), np.ones(4), np.ones((3, 1)), np.ones(1)], "arrays: expected kernel of shape (4, 1), got (3, 1)"),
        ([np.ones((3, 4)), np.ones(4), np.ones((4, 1)), np.ones(2)], "arrays: expected bias of shape (1,), got (2,)"),
    ],
)
def test_bad_weights_change_nothing(arrays, message):
    model = Case("sgd", "mse", "linear").ours()
    before = model.get_weights()
    with pytest.raises(ValueError) as problem:
        model.set_weights(arrays)
    assert str(problem.value) == message
    for new, old in zip(model.get_weights(), before, strict=True):
        assert_array_equal(new, old)


@pytest.mark.parametrize(("loss", "last", "units"), [("mse", "linear", 1), ("bce", "linear", 1), ("cce", "relu", 3)])
@pytest.mark.parametrize("optimizer", [SGD(1e9), SGD(1e9, momentum=0.9), Adam(1e200)])
def test_a_loss_that_explodes_shows_in_the_history_without_warnings(loss, last, units, optimizer):
    case = Case("sgd", loss, last, units, hidden=("relu",), l2=0.01)
    model, (x, y) = case.ours(), case.data(19, 0)
    model.compile(optimizer, SHORT[loss])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = model.fit(x, y, epochs=30, batch_size=4, validation_data=(x, y)).history
        model.evaluate(x, y)
        model.predict(x)
    assert [len(history[name]) for name in ("loss", "val_loss")] == [30, 30]
    assert not np.isfinite(history["loss"][-1])
    assert not np.isfinite(history["val_loss"][-1])


@pytest.mark.parametrize("size", [1e200, np.inf])
def test_a_model_that_exploded_can_be_evaluated_without_warnings(size):
    model, (x, y) = Case("sgd", "mse", "linear", hidden=("relu",)).ours(), Case("sgd", "mse", "linear").data(19, 0)
    model.set_weights([np.full(array.shape, size) for array in model.get_weights()])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not np.isfinite(model.predict(x)).all()
        assert not np.isfinite(model.evaluate(x, y))
        first = model.fit(x, y).history["loss"]
    assert not np.isfinite(first).any()


def test_predictions_that_are_certain_and_wrong_can_still_be_mended():
    """With its partner the gradient is not cut where the probability is exactly 0 or 1, as in Keras."""
    case = Case("sgd", "bce", "sigmoid", hidden=())
    ours, theirs = case.ours(), case.keras()
    x, y = np.array([[40.0, 0, 0], [-40.0, 0, 0]]), np.array([[0.0], [1.0]])
    for model in (ours, theirs):
        model.set_weights([np.array([[1.0], [0], [0]]), np.zeros(1)])
    ours.fit(x, y)
    theirs.fit(x, y, verbose=0)
    assert_allclose(ours.get_weights()[0], [[1 - 0.125 * 40], [0], [0]])
    assert_allclose(theirs.get_weights()[0], ours.get_weights()[0])


NAN = np.array([[1.0, 2, 3], [4, np.nan, 6], [7, 8, np.inf]])
GOOD = {"x": np.ones((3, 3)), "y": np.ones((3, 1))}
BAD_DATA = [
    (
        {"x": np.ones((0, 3)), "y": np.ones((0, 1))},
        "x: expected at least one example, and the shape (examples, ...), got shape (0, 3)",
    ),
    ({"x": [], "y": []}, "x: expected at least one example, and the shape (examples, ...), got shape (0,)"),
    ({"x": np.ones(3)}, "x: expected at least one example, and the shape (examples, ...), got shape (3,)"),
    ({"x": 1.0}, "x: expected at least one example, and the shape (examples, ...), got shape ()"),
    ({"x": NAN}, "x: expected finite numbers, got 2 that are NaN or infinite"),
    ({"x": np.ones((3, 4))}, "inputs: expected 3 numbers per example, got 4 (shape (3, 4))"),
    ({"y": np.ones((2, 1))}, "y: expected one target for each of the 3 examples of x, got shape (2, 1)"),
    ({"y": np.ones((4, 1))}, "y: expected one target for each of the 3 examples of x, got shape (4, 1)"),
    ({"y": 1.0}, "y: expected one target for each of the 3 examples of x, got shape ()"),
    ({"y": [[0.5], [np.nan], [0]]}, "y: expected finite numbers, got 1 that is NaN or infinite"),
    ({"y": [[0.5], [-np.inf], [0]]}, "y: expected finite numbers, got 1 that is NaN or infinite"),
    ({"y": np.ones((3, 2))}, "y: expected shape (examples, 1), got (3, 2)"),
    ({"y": np.ones((3, 1, 1))}, "y: expected shape (examples, 1), got (3, 1, 1)"),
]


@pytest.mark.parametrize(("change", "message"), BAD_DATA)
def test_bad_data(change, message):
    model = Case("sgd", "mse", "linear").ours()
    before = model.get_weights()
    arguments = GOOD | change
    calls = [
        lambda: model.fit(**arguments),
        lambda: model.evaluate(**arguments),
    ]
    if "y" not in change:
        calls.append(lambda: model.predict(arguments["x"]))
    if "inputs" not in message:  # these are seen when the first layer meets them
        calls.append(lambda: model.fit(**GOOD, validation_data=(arguments["x"], arguments["y"])))
    for call in calls:
        with pytest.raises(ValueError) as problem:
            call()
        assert str(problem.value) == message
    for new, old in zip(model.get_weights(), before, strict=True):
        assert_array_equal(new, old)


@pytest.mark.parametrize("loss", ["bce", "cce"])
@pytest.mark.parametrize(("labels", "got"), [([1, 2], "1 to 2"), ([-1, 1], "-1 to 1"), ([0, 1.001], "0 to 1.001")])
def test_labels_out_of_range_are_refused(loss, labels, got):
    model = Case("sgd", loss, "sigmoid", 2).ours()
    y = np.array([labels, labels])
    for call in (model.fit, model.evaluate):
        with pytest.raises(ValueError) as problem:
            call(np.ones((2, 3)), y)
        assert str(problem.value) == f"y: expected numbers from 0 to 1 for this loss, got {got}"
    model.compile("sgd", "mean_squared_error")
    model.fit(np.ones((2, 3)), y)


def test_labels_instead_of_classes_are_refused():
    model = Case("sgd", "cce", "softmax", 3).ours()
    with pytest.raises(ValueError) as problem:
        model.fit(np.ones((4, 3)), np.array([0, 1, 2, 1]))
    assert str(problem.value) == "y: expected shape (examples, 3), got (4,)"


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("epochs", -1, "epochs: expected a whole number of at least 0, got -1"),
        ("epochs", 2.5, "epochs: expected a whole number of at least 0, got 2.5"),
        ("epochs", None, "epochs: expected a whole number of at least 0, got None"),
        ("batch_size", 0, "batch_size: expected a whole number of at least 1, got 0"),
        ("batch_size", 4.0, "batch_size: expected a whole number of at least 1, got 4.0"),
        ("batch_size", None, "batch_size: expected a whole number of at least 1, got None"),
    ],
)
def test_bad_options(argument, value, message):
    model = Case("sgd", "mse", "linear").ours()
    with pytest.raises(ValueError) as problem:
        model.fit(**GOOD, **{argument: value})
    assert str(problem.value) == message
    if argument == "batch_size":
        with pytest.raises(ValueError) as problem:
            model.predict(GOOD["x"], batch_size=value)
        assert str(problem.value) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "mse"}, "loss: expected one of .*'mean_squared_error'.*, got 'mse'"),
        ({"optimizer": "rmsprop"}, r"optimizer: expected one of \['adam', 'sgd'\], .*, got 'rmsprop'"),
        ({"metrics": ["precision"]}, r'metrics: expected \["accuracy"\] or nothing, got \'precision\''),
        ({"metrics": "accuracy"}, r'metrics: expected \["accuracy"\] or nothing, got '),
    ],
)
def test_bad_compile(options, message):
    with pytest.raises(ValueError, match=message):
        Sequential([Dense(1)]).compile(**options)


def test_no_layers_are_refused():
    with pytest.raises(ValueError, match="layers: expected at least one layer, got none"):
        Sequential([])


def test_a_model_that_was_not_compiled_is_refused():
    model = Sequential([Dense(1)])
    for call in (model.fit, model.evaluate):
        with pytest.raises(
            ValueError, match=r"model: expected compile\(optimizer, loss\) before .*, got a model without a loss"
        ):
            call(**GOOD)
    assert model.predict(GOOD["x"]).shape == (3, 1), "a prediction needs no loss"


def test_a_model_that_was_not_built_is_refused():
    model = Sequential([Dense(1)])
    for call in (model.summary, lambda: model.set_weights([np.ones((3, 1)), np.ones(1)])):
        with pytest.raises(
            ValueError, match=r"model: expected build\(input_shape\) or fit before, got a model without weights"
        ):
            call()


def test_a_layer_may_stand_alone_without_weights_before_and_after():
    model = Sequential([Dropout(0.5), Dense(2), Dropout(0.5)])
    model.compile("sgd")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), epochs=2)
    assert [array.shape for array in model.get_weights()] == [(3, 2), (2,)]


def test_weights_set_by_hand_or_by_a_callback_are_the_ones_that_are_trained():
    x, y = np.ones((4, 1)), np.zeros((4, 1))

    class AllAtTen(Callback):
        def on_epoch_end(self, epoch, logs):
            self.model.set_weights([np.full((1, 1), 10.0), np.zeros(1)])

    model = Sequential([Dense(1)])
    model.compile(SGD(0.1), "mean_squared_error")
    losses = model.fit(x, y, epochs=3, callbacks=[AllAtTen()]).history["loss"]
    assert losses[1:] == [100.0, 100.0], "every later epoch starts from 10"
    model.layers[0].weights["kernel"] = np.full((1, 1), 3.0)  # another array, put there by hand
    assert model.fit(x, y).history["loss"] == [9.0]
    assert_allclose(model.get_weights()[0], 3 - 0.1 * 2 * 3)


def test_two_models_may_share_a_layer():
    shared, x = Dense(1), np.ones((2, 1))
    models = [Sequential([shared]), Sequential([shared, Dense(1)])]
    for model in models:
        model.compile(SGD(0.1), "mean_squared_error")
        model.fit(x, 5 * x, epochs=3)
    for model in models:
        before = shared.get_weights()[0].copy()
        model.fit(x, 7 * x)
        assert shared.get_weights()[0] != before


def test_a_model_without_weights_cannot_be_trained():
    model = Sequential([Dropout(0.5)])
    model.compile()
    with pytest.raises(ValueError, match="layers: expected at least one with weights to train, got none"):
        model.fit(np.ones((2, 1)), np.ones((2, 1)))


# Sequences, and which of their steps are real.

OURS = SimpleNamespace(Dense=Dense, Dropout=Dropout, Embedding=Embedding, Flatten=Flatten, LSTM=LSTM, SimpleRNN=SimpleRNN)
# Padded at the end, at the start, in the middle, everywhere; a single word, and one again and again.
TEXTS = np.array(
    [[3, 8, 1, 0, 0], [0, 0, 5, 2, 7], [4, 0, 7, 0, 1], [0, 0, 0, 0, 0], [6, 0, 0, 0, 0], [2, 2, 2, 2, 2], [1, 1, 8, 0, 3]]
)
SERIES = np.random.default_rng(6).standard_normal((7, 5, 2))
CLASSES = np.eye(3)[np.arange(7) * 7 % 3]
CLASSES_OF_STEPS = np.eye(3)[TEXTS % 3]


def words(room, mask_zero=True):
    return room.Embedding(9, 3, mask_zero=mask_zero)


# What it is: the layers in a room (ours or keras.layers), x, y, loss, optimizer.
SEQUENCES = {
    "many to one, masked": (
        lambda room: [words(room), room.SimpleRNN(4), room.Dense(1, "sigmoid")],
        (TEXTS, TEXTS[:, :1] % 2, "bce", "sgd"),
    ),
    "many to one, masked, LSTM": (
        lambda room: [words(room), room.Dropout(0.0), room.LSTM(4), room.Dense(3, "softmax")],
        (TEXTS, CLASSES, "cce", "adam"),
    ),
    "many to one, masked, two layers": (
        lambda room: [words(room), room.SimpleRNN(4, return_sequences=True), room.Dense(3, "tanh"), room.LSTM(3)],
        (TEXTS, SERIES[:, 0, :1] * np.ones(3), "mse", "momentum"),
    ),
    "many to many, LSTM": (
        lambda room: [words(room, False), room.LSTM(4, return_sequences=True), room.Dense(3, "softmax")],
        (TEXTS, CLASSES_OF_STEPS, "cce", "adam"),
    ),
    "many to many": (
        lambda room: [words(room, False), room.SimpleRNN(4, return_sequences=True), room.Dense(3, "softmax")],
        (TEXTS, CLASSES_OF_STEPS, "cce", "sgd"),
    ),
    "numbers to numbers": (
        lambda room: [room.LSTM(3, return_sequences=True), room.SimpleRNN(2, return_sequences=True)],
        (SERIES, SERIES[::-1], "mse", "adam"),
    ),
    "mask that ends with Flatten": (
        lambda room: [words(room), room.Flatten(), room.Dense(3, "softmax")],
        (TEXTS, CLASSES, "cce", "sgd"),
    ),
}
all_sequences = pytest.mark.parametrize(("layers", "task"), SEQUENCES.values(), ids=SEQUENCES)
mask_is_lost = pytest.mark.filterwarnings("ignore:Layer 'flatten.* was passed an input with a mask")


def both(layers, x):
    """Return our model and Keras's, with the same weights and without biases of 0."""
    ours, theirs = Sequential(layers(OURS)), keras.Sequential([keras.Input(x.shape[1:]), *layers(keras.layers)])
    ours.build(x.shape)
    rng = np.random.default_rng(5)
    ours.set_weights([rng.normal(0, 0.7, array.shape) for array in ours.get_weights()])
    theirs.set_weights(ours.get_weights())
    return ours, theirs


class DenseAdam(keras.optimizers.Adam):
    """Keras's Adam, given the whole gradient of an Embedding, and not one part for each time a word comes."""

    def apply(self, gradients, variables=None):
        return super().apply([tf.convert_to_tensor(gradient) for gradient in gradients], variables)


@mask_is_lost
@all_sequences
def test_fit_of_sequences_equals_keras_update_by_update(layers, task, keras_in_float64):
    x, y, loss, optimizer = task
    ours, theirs = both(layers, x)
    kind, settings = OPTIMIZERS[optimizer]
    ours.compile(kind(**settings), SHORT[loss], ["accuracy"])
    optimizer = DenseAdam(**settings) if kind is Adam else keras.optimizers.SGD(**settings)
    theirs.compile(optimizer, SHORT[loss], metrics=["accuracy"], run_eagerly=True)
    assert_allclose(ours.predict(x), keras.ops.convert_to_numpy(theirs(x)), **EXACT)
    options = {"epochs": 2, "batch_size": 5, "shuffle": False}
    mine, other = KeepWeights(), KeepKerasWeights()
    history = ours.fit(x, y, callbacks=[mine], **options).history
    expected = theirs.fit(x, y, callbacks=[other], verbose=0, **options).history
    assert len(mine.kept) == len(other.kept) == 4
    for update, (weights, arrays) in enumerate(zip(mine.kept, other.kept, strict=True)):
        for array, tensor in zip(weights, arrays, strict=True):
            assert_allclose(array, tensor, **EXACT, err_msg=f"update {update}")
    assert set(history) == set(expected)
    for name, values in expected.items():
        assert_allclose(history[name], values, **EXACT, err_msg=name)


def test_adam_of_keras_squares_the_parts_of_a_word_that_comes_twice(keras_in_float64):
    """Ours squares their sum, as the paper says. So an Embedding may learn a little differently in Keras."""
    settings = {"learning_rate": 0.125, "beta_1": 0.5, "beta_2": 0.5, "epsilon": 1.0}
    rows = {}
    for name, texts in (("once", [[1, 2]]), ("twice", [[1, 1]])):
        x, y = np.array(texts), np.ones((1, 1))
        ours, theirs = both(lambda room: [words(room, False), room.Flatten(), room.Dense(1)], x)
        weights = [np.zeros((9, 3)), np.ones((6, 1)), np.zeros(1)]
        for model, optimizer in ((ours, Adam(**settings)), (theirs, keras.optimizers.Adam(**settings))):
            model.set_weights(weights)
            model.compile(optimizer, "mean_squared_error")
            model.fit(x, y, verbose=0) if model is theirs else model.fit(x, y)
        rows[name] = ours.get_weights()[0][1, 0], theirs.get_weights()[0][1, 0]
    assert rows["once"][0] == pytest.approx(rows["once"][1])
    # The first step of Adam is rate * g / (sqrt(v) + epsilon / sqrt(1 - beta_2)), and g is 2 for each time the word comes.
    assert rows["twice"][0] == pytest.approx(0.125 * 4 / (np.sqrt((2 + 2) ** 2) + np.sqrt(2)))
    assert rows["twice"][1] == pytest.approx(0.125 * 4 / (np.sqrt(2**2 + 2**2) + np.sqrt(2)))


@all_sequences
def test_the_gradient_of_whole_sequences_equals_finite_differences(layers, task):
    x, y, loss, _ = task
    model, rng = Sequential(layers(OURS)), np.random.default_rng(5)
    model.compile(SGD(0.1), SHORT[loss])
    model.build(x.shape)
    model.set_weights([rng.normal(0, 0.7, array.shape) for array in model.get_weights()])
    weights = model.get_weights()
    model.fit(x, y, batch_size=len(x))
    gradients = [layer.gradients[name] for layer in model.layers for name in layer.weights]
    for number, array in enumerate(weights):
        for place in list(np.ndindex(array.shape))[::5]:
            losses = []
            for change in (1e-5, -1e-5):
                moved = [each.copy() for each in weights]
                moved[number][place] += change
                model.set_weights(moved)
                losses.append(model.evaluate(x, y))
            assert_allclose(gradients[number][place], (losses[0] - losses[1]) / 2e-5, rtol=1e-5, atol=1e-8)


PADDED = "layers: expected outputs that all count in the loss, got padded ones (mask_zero=True)"


def test_padded_outputs_are_refused_where_they_would_count_in_the_loss():
    """Keras leaves them out of its loss; ours would count them, and give another figure."""
    model = Sequential([words(OURS), SimpleRNN(4, return_sequences=True), Dense(3, "softmax")])
    model.compile("adam", "categorical_crossentropy")
    model.build(TEXTS.shape)
    before = model.get_weights()
    for call in (model.fit, model.evaluate):
        with pytest.raises(ValueError) as problem:
            call(TEXTS, CLASSES_OF_STEPS)
        assert str(problem.value) == PADDED
    for new, old in zip(model.get_weights(), before, strict=True):
        assert_array_equal(new, old)
    assert model.predict(TEXTS).shape == (7, 5, 3), "a prediction needs no loss"
    assert_array_equal(model.mask, TEXTS != 0)


def test_the_mask_goes_as_far_as_the_steps():
    masked = [
        [words(OURS)],
        [words(OURS), Dense(2), Dropout(0.5), LSTM(2, return_sequences=True), Dense(2)],
    ]
    not_masked = [
        [words(OURS), LSTM(2)],
        [words(OURS), LSTM(2), Dense(2)],
        [words(OURS), Flatten()],
        [words(OURS, False), LSTM(2, return_sequences=True)],
    ]
    for layers in masked + not_masked:
        model = Sequential(layers)
        model.predict(TEXTS)
        if layers in masked:
            assert_array_equal(model.mask, TEXTS != 0)
        else:
            assert model.mask is None


@pytest.mark.parametrize("kind", [SimpleRNN, LSTM])
def test_padding_changes_no_prediction_and_no_update(kind):
    results = []
    for x in (TEXTS, np.concatenate([TEXTS, np.zeros((7, 4), int)], axis=1)):
        model = Sequential([words(OURS), kind(4), Dense(3, "softmax")])
        model.compile("adam", "categorical_crossentropy")
        first = model.predict(x)
        model.fit(x, CLASSES, epochs=3, batch_size=4)
        results.append([first, model.predict(x), *model.get_weights()])
    for short, long in zip(*results, strict=True):
        assert_allclose(short, long, rtol=1e-12, atol=1e-15)
    assert not np.allclose(results[0][0], results[0][1])


def test_a_longer_sequence_than_any_in_training_may_be_read():
    model = Sequential([words(OURS, False), SimpleRNN(4, return_sequences=True), Dense(3, "softmax")])
    model.build((None, 5))
    longer = np.concatenate([TEXTS, TEXTS], axis=1)
    assert_array_equal(model.predict(longer)[:, :5], model.predict(TEXTS))


def test_neurons_between_recurrent_layers_are_dropped_while_training_alone():
    model = Sequential([words(OURS), Dropout(0.5), LSTM(4)])
    calm = model.predict(TEXTS)
    assert not np.allclose(model.forward(TEXTS, training=True), calm)
    assert_array_equal(model.forward(TEXTS), calm)


def test_words_have_no_slope():
    model = Sequential([words(OURS), SimpleRNN(4)])
    model.build(TEXTS.shape)
    assert model.backward(np.ones_like(model.forward(TEXTS))) is None


@pytest.mark.parametrize("kind", [SimpleRNN, LSTM])
def test_truncation_reaches_the_training(kind):
    curves = {}
    for truncation in (None, 5, 2):
        model = Sequential([kind(4, truncation=truncation), Dense(3, "softmax")])
        model.compile("adam", "categorical_crossentropy")
        curves[truncation] = model.fit(SERIES, CLASSES, epochs=3).history["loss"]
    assert curves[None] == curves[5]
    assert curves[None][0] == curves[2][0]
    assert curves[None][2] != curves[2][2]


@pytest.mark.parametrize("kind", [SimpleRNN, LSTM])
def test_layers_that_return_their_states_are_refused(kind):
    with pytest.raises(ValueError) as problem:
        Sequential([Dense(2), kind(3, return_state=True)])
    assert str(problem.value) == "layers[1]: expected one output, got return_state=True; use EncoderDecoder"


def test_targets_of_another_number_of_steps_are_refused():
    model = Sequential([SimpleRNN(3, return_sequences=True)])
    model.compile("sgd")
    for shape in ((7, 4, 3), (7, 5, 2), (7, 3), (7, 5), (7, 5, 3, 1)):
        with pytest.raises(ValueError) as problem:
            model.fit(SERIES, np.ones(shape))
        assert str(problem.value) == f"y: expected shape (examples, 5, 3), got {shape}"


def test_summary_of_sequences(capsys):
    model = Sequential([Embedding(1000, 8, mask_zero=True), LSTM(16, return_sequences=True), SimpleRNN(5), Dense(1)])
    model.build((None, 20))
    model.summary()
    assert capsys.readouterr().out == (
        "layer                   output shape               weights\n"
        "Embedding               (None, 20, 8)                8,000\n"
        "LSTM                    (None, 20, 16)               1,600\n"
        "SimpleRNN               (None, 5)                      110\n"
        "Dense                   (None, 1)                        6\n"
        "together                                             9,716\n"
    )
