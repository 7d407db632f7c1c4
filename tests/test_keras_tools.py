"""Keras without noise: silence at the start, seeds that repeat, a progress bar with fixed text, weights carried across."""

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.keras_tools import Progress, copy_weights, set_seeds, to_scratch
from helpers.scratch.convolution import Conv2D
from helpers.scratch.dense import Dense
from helpers.scratch.dropout import Dropout
from helpers.scratch.embedding import Embedding
from helpers.scratch.encoder_decoder import EncoderDecoder
from helpers.scratch.gru import GRU
from helpers.scratch.lstm import LSTM
from helpers.scratch.optimizers import SGD
from helpers.scratch.recurrent import SimpleRNN

ROOT = Path(__file__).parent.parent


def test_a_fresh_process_prints_nothing():
    code = (
        "import helpers.keras_tools, keras, numpy as np; helpers.keras_tools.set_seeds(0);"
        "keras.ops.conv(np.ones((1, 4, 4, 1), 'float32'), np.ones((2, 2, 1, 1), 'float32'));"
        "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]);"
        "model.compile('adam', 'mse');"
        "model.fit(np.ones((8, 4)), np.ones((8, 2)), verbose=0);"
        "model.predict(np.ones((8, 4)), verbose=0);"
        "assert keras.backend.backend() == 'tensorflow'"
    )
    noisy = {"TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS", "KERAS_BACKEND"}
    environment = {name: value for name, value in os.environ.items() if name not in noisy}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def small_fit(seed):
    set_seeds(seed)
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(2)])
    model.add(keras.layers.Dropout(0.5))
    model.compile("adam", "mse")
    images, targets = np.random.standard_normal((32, 6, 6, 1)), np.random.standard_normal((32, 2))  # noqa: NPY002 (seeded too)
    model.fit(images, targets, epochs=2, batch_size=8, verbose=0)
    return [*model.get_weights(), np.array(random.random())]


def test_the_same_seed_gives_the_same_weights_bit_for_bit():
    first, again, other = small_fit(3), small_fit(3), small_fit(4)
    for a, b, c in zip(first, again, other, strict=True):
        assert_array_equal(a, b)
        assert not np.array_equal(a, c)


@pytest.mark.parametrize("seed", [-1, 1.5, None, 2**32])
def test_set_seeds_refuses(seed):
    with pytest.raises(ValueError, match=f"seed: expected a whole number from 0 to 4294967295, got {seed}"):
        set_seeds(seed)


def test_progress_is_one_bundle_with_fixed_text(monkeypatch):
    shown = []
    monkeypatch.setattr("helpers.keras_tools.display", lambda *objects, **options: shown.append((objects, options)))
    progress = Progress(3)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    before = progress._repr_mimebundle_()
    model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=3, verbose=0, callbacks=[progress])
    assert shown == [((progress,), {})], "shown once, without a display id"
    bundle = progress._repr_mimebundle_()
    assert bundle == before
    assert set(bundle) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert bundle["text/plain"] == "Training for 3 epochs."
    assert progress.bar.value == 3
    assert re.fullmatch(r"epoch 3 of 3, loss \d+\.\d{3}", progress.label.value)


OPTIONS = [
    {"kernel_size": 3},
    {"kernel_size": (2, 5), "strides": (2, 1), "padding": "same", "activation": "relu"},
    {"kernel_size": 3, "dilation_rate": 2, "use_bias": False},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_to_scratch_gives_the_same_numbers(options):
    set_seeds(1)
    model = keras.Sequential(
        [keras.Input((16, 17, 3)), keras.layers.Conv2D(4, bias_initializer="normal", **options), keras.layers.Conv2D(2, 3)]
    )
    images = np.random.default_rng(0).random((2, 16, 17, 3), dtype=np.float32)
    assert_allclose(to_scratch(model).predict(images), keras.ops.convert_to_numpy(model(images)), atol=1e-5)


def test_to_scratch_takes_a_model_that_was_built_by_its_first_data():
    model = keras.Sequential([keras.layers.Conv2D(2, 3)])
    with pytest.raises(ValueError, match="model: expected a built one"):
        to_scratch(model)
    images = np.random.default_rng(0).random((1, 5, 5, 1), dtype=np.float32)
    expected = keras.ops.convert_to_numpy(model(images))
    assert_allclose(to_scratch(model).predict(images), expected, atol=1e-5)


def all_layers():
    """Return a Keras model with everything that ours has but convolution; no weight of it is 0."""
    set_seeds(2)
    names = ("tanh", "relu", "sigmoid", "leaky_relu", "elu", "linear")
    model = keras.Sequential([keras.Input((5,))])
    for name in names:
        model.add(keras.layers.Dense(7, name, use_bias=name != "elu", bias_initializer="normal"))
        model.add(keras.layers.Dropout(0.25))
    model.add(keras.layers.Dense(3, "softmax", bias_initializer="normal", kernel_regularizer="l2"))
    return model


def test_to_scratch_carries_dense_and_dropout_across(capsys):
    theirs = all_layers()
    ours = to_scratch(theirs)
    assert [type(layer).__name__ for layer in ours.layers] == [type(layer).__name__ for layer in theirs.layers]
    assert {layer.rate for layer in ours.layers if isinstance(layer, Dropout)} == {0.25}
    assert [layer.use_bias for layer in ours.layers if isinstance(layer, Dense)] == [True] * 4 + [False] + [True] * 2
    for mine, array in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_array_equal(mine, array)
    x = np.random.default_rng(0).standard_normal((40, 5)).astype("float32")
    assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), atol=1e-5)
    ours.summary()
    assert capsys.readouterr().out.count("(None, 7)") == 12
    assert ours.count_params() == theirs.count_params()


def test_to_scratch_takes_pictures_step_by_step():
    """A dense layer may also stand over more than one axis."""
    model = keras.Sequential(
        [keras.Input((6, 5, 1)), keras.layers.Conv2D(4, 2, activation="relu"), keras.layers.Dense(3, "tanh")]
    )
    images = np.random.default_rng(0).random((2, 6, 5, 1), dtype=np.float32)
    ours = to_scratch(model)
    assert ours.output_shapes == [(None, 5, 4, 4), (None, 5, 4, 3)]
    assert_allclose(ours.predict(images), model.predict(images, verbose=0), atol=1e-5)


def test_what_was_carried_across_is_a_copy_that_can_learn():
    theirs = all_layers()
    before, ours = theirs.get_weights(), to_scratch(theirs)
    ours.compile(SGD(0.5), "categorical_crossentropy", ["accuracy"])
    x, y = np.random.default_rng(0).standard_normal((40, 5)), np.eye(3)[np.arange(40) % 3]
    ours.fit(x, y, epochs=2)
    assert not np.array_equal(ours.get_weights()[0], before[0])
    for array, old in zip(theirs.get_weights(), before, strict=True):
        assert_array_equal(array, old)
    # The way back, and both judge alike; ours was carried across without the penalty.
    theirs.set_weights(ours.get_weights())
    theirs.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    loss, share = theirs.evaluate(x, y, verbose=0)
    penalty = float(theirs.layers[-1].losses[0])
    assert penalty > 0
    assert ours.evaluate(x, y) == pytest.approx([loss - penalty, share], rel=1e-5)


def test_copy_weights_goes_both_ways_for_dense():
    theirs, ours = keras.layers.Dense(2), Dense(2)
    theirs.build((None, 3))
    ours.build((None, 3), np.random.default_rng(5))
    ours.weights["bias"] += [1, 2]
    copy_weights(ours, theirs)
    assert_allclose(theirs.get_weights()[0], ours.weights["kernel"], rtol=1e-6)
    assert_array_equal(theirs.get_weights()[1], [1, 2])
    theirs.set_weights([np.full((3, 2), 7.0), np.zeros(2)])
    copy_weights(theirs, ours)
    assert_array_equal(ours.weights["kernel"], np.full((3, 2), 7.0))
    with pytest.raises(ValueError, match=r"arrays: expected 2 arrays \(kernel, bias\), got 0"):
        copy_weights(keras.layers.Dropout(0.5), ours)


def test_copy_weights_goes_both_ways():
    theirs, ours = keras.layers.Conv2D(2, 3), Conv2D(2, 3)
    theirs.build((None, 8, 8, 1))
    ours.build((None, 8, 8, 1), np.random.default_rng(5))
    ours.weights["bias"] += [1, 2]
    copy_weights(ours, theirs)
    assert_allclose(theirs.get_weights()[0], ours.weights["kernel"], rtol=1e-6)
    assert_array_equal(theirs.get_weights()[1], [1, 2])
    theirs.set_weights([np.full((3, 3, 1, 2), 7.0), np.zeros(2)])
    copy_weights(theirs, ours)
    assert_array_equal(ours.weights["kernel"], np.full((3, 3, 1, 2), 7.0))


def test_copy_weights_refuses_another_shape():
    theirs, ours = keras.layers.Conv2D(2, 3), Conv2D(2, 5)
    theirs.build((None, 8, 8, 1))
    ours.build((None, 8, 8, 1), np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"kernel of shape \(5, 5, 1, 2\), got \(3, 3, 1, 2\)"):
        copy_weights(theirs, ours)


@pytest.mark.parametrize(
    "layer, message",
    [
        (
            keras.layers.Softmax(name="last"),
            r"model: expected layers out of Activation, AveragePooling2D, .*, got Softmax \(named 'last'\)",
        ),
        (keras.layers.Conv2D(2, 3, groups=2, name="split"), "model: expected groups=1 in the layer 'split', got 2"),
        (
            keras.layers.GlobalAveragePooling2D(keepdims=True, name="end"),
            "model: expected keepdims=False in the layer 'end', got True",
        ),
        (keras.layers.Conv2D(2, 3, activation="mish"), "activation: expected one of .*'relu'.* got 'mish'"),
        (keras.layers.Dense(2, activation="gelu"), "activation: expected one of .*'relu'.* got 'gelu'"),
        (keras.layers.Dense(2, activation=keras.layers.ReLU()), "activation: expected one of .*'relu'.* got "),
        (
            keras.layers.UpSampling2D(name="large"),
            r"model: expected layers out of .*, MaxPooling2D, SimpleRNN, got UpSampling2D \(named 'large'\)",
        ),
        (keras.layers.SpatialDropout2D(0.5), "model: expected layers out of .*, Dropout, .*, got SpatialDropout2D"),
    ],
)
def test_to_scratch_refuses_what_it_does_not_know(layer, message):
    with pytest.raises(ValueError, match=message):
        to_scratch(keras.Sequential([keras.Input((6, 6, 2)), layer]))


def test_to_scratch_refuses_other_models():
    inputs = keras.Input((6, 6, 1))
    with pytest.raises(
        ValueError, match="model: expected a keras.Sequential, or a keras.Model with two inputs, got Functional"
    ):
        to_scratch(keras.Model(inputs, keras.layers.Conv2D(1, 3)(inputs)))
    with pytest.raises(ValueError, match="model: expected a keras.Sequential, or a keras.Model with two inputs, got Dense"):
        to_scratch(keras.layers.Dense(1))
    with pytest.raises(ValueError, match="model: expected a built one"):
        to_scratch(keras.Sequential([keras.layers.Dense(1)]))


# Sequences.

layers = keras.layers
# Padded at the end, at the start, in the middle, everywhere, nowhere.
TEXTS = np.array([[3, 8, 0, 0], [0, 5, 1, 2], [4, 0, 7, 7], [0, 0, 0, 0], [6, 6, 1, 8]])
WRITTEN = np.array([[1, 3, 4, 2, 0], [1, 2, 0, 0, 0], [1, 6, 6, 6, 5], [0, 0, 0, 0, 0], [1, 0, 3, 0, 3]])


def with_random_weights(model):
    """Give every weight another number: biases of 0 and 1 would hide some that are left out."""
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.8, array.shape) for array in model.get_weights()])
    return model


SEQUENCES = {
    "SimpleRNN": [layers.SimpleRNN(4, activation="relu", return_sequences=True), layers.SimpleRNN(3), layers.Dense(2)],
    "LSTM": [layers.Dropout(0.5), layers.LSTM(4, return_sequences=True), layers.Dense(2, "sigmoid"), layers.LSTM(3)],
    "GRU": [layers.GRU(4, return_sequences=True), layers.Dropout(0.5), layers.GRU(3), layers.Dense(2)],
}


@pytest.mark.parametrize("mask_zero", [False, True])
@pytest.mark.parametrize("steps", [None, 4])
@pytest.mark.parametrize("kind", SEQUENCES)
def test_to_scratch_carries_sequences_across(kind, steps, mask_zero):
    embedding = layers.Embedding(9, 3, mask_zero=mask_zero)
    rest = [type(layer).from_config(layer.get_config()) for layer in SEQUENCES[kind]]
    theirs = with_random_weights(keras.Sequential([keras.Input((steps,)), embedding, *rest]))
    ours = to_scratch(theirs)
    assert [type(layer).__name__ for layer in ours.layers] == [type(layer).__name__ for layer in theirs.layers]
    assert ours.layers[0].mask_zero == mask_zero
    assert ours.output_shapes == [layer.output.shape for layer in theirs.layers]
    assert ours.count_params() == theirs.count_params()
    for mine, array in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_array_equal(mine, array)
    assert_allclose(ours.predict(TEXTS), keras.ops.convert_to_numpy(theirs(TEXTS)), atol=1e-5)


def test_what_takes_any_number_of_steps_can_be_trained_and_judged():
    theirs = keras.Sequential([keras.Input((None, 2)), layers.SimpleRNN(3, return_sequences=True)])
    ours = to_scratch(theirs)
    ours.compile("sgd", "mean_squared_error")
    for steps in (1, 4, 7):
        x, y = np.random.default_rng(0).standard_normal((5, steps, 2)), np.zeros((5, steps, 3))
        assert ours.evaluate(x, y) == pytest.approx(np.mean(ours.predict(x) ** 2))
        assert len(ours.fit(x, y).epoch) == 1
    for shape in ((5, 7, 2), (5, 3), (5, 7, 3, 1), (5,)):
        with pytest.raises(ValueError) as problem:
            ours.evaluate(x, np.zeros(shape))
        assert str(problem.value) == f"y: expected shape (examples, None, 3), got {shape}"


@pytest.mark.parametrize("kind", [SimpleRNN, LSTM, GRU])
def test_copy_weights_goes_both_ways_for_recurrent_layers(kind):
    theirs, ours = getattr(layers, kind.__name__)(3), kind(3)
    theirs.build((None, None, 2))
    ours.build((None, None, 2), np.random.default_rng(5))
    copy_weights(ours, theirs)
    for array, mine in zip(theirs.get_weights(), ours.get_weights(), strict=True):
        assert_allclose(array, mine, rtol=1e-6)
    theirs.set_weights([array + 1 for array in theirs.get_weights()])
    copy_weights(theirs, ours)
    for array, mine in zip(theirs.get_weights(), ours.get_weights(), strict=True):
        assert_array_equal(array, mine)


BAD_RECURRENT = [
    (layers.SimpleRNN(2, use_bias=False, name="rnn"), "model: expected use_bias=True in the layer 'rnn', got False"),
    (layers.LSTM(2, use_bias=False, name="rnn"), "model: expected use_bias=True in the layer 'rnn', got False"),
    (layers.SimpleRNN(2, go_backwards=True, name="rnn"), "model: expected go_backwards=False in the layer 'rnn', got True"),
    (layers.LSTM(2, stateful=True, name="rnn"), "model: expected stateful=False in the layer 'rnn', got True"),
    (
        layers.LSTM(2, zero_output_for_mask=True, return_sequences=True, name="rnn"),
        "model: expected zero_output_for_mask=False in the layer 'rnn', got True",
    ),
    (layers.LSTM(2, activation="relu", name="rnn"), "model: expected activation='tanh' in the layer 'rnn', got 'relu'"),
    (
        layers.LSTM(2, recurrent_activation="hard_sigmoid", name="rnn"),
        "model: expected recurrent_activation='sigmoid' in the layer 'rnn', got 'hard_sigmoid'",
    ),
    (layers.SimpleRNN(2, activation="gelu"), "activation: expected one of .*'relu'.* got 'gelu'"),
    (layers.LSTM(2, return_state=True), r"layers\[0\]: expected one output, got return_state=True; use EncoderDecoder"),
    (layers.GRU(2, reset_after=False, name="rnn"), "model: expected reset_after=True in the layer 'rnn', got False"),
    (layers.GRU(2, activation="relu", name="rnn"), "model: expected activation='tanh' in the layer 'rnn', got 'relu'"),
    (layers.LayerNormalization(name="rnn"), r"expected layers out of .*, LSTM, .*, got LayerNormalization \(named 'rnn'\)"),
    (layers.Bidirectional(layers.LSTM(2), name="rnn"), r"expected layers out of .*, got Bidirectional \(named 'rnn'\)"),
    (layers.Masking(name="skip"), r"model: expected layers out of .*, got Masking \(named 'skip'\)"),
    (layers.TimeDistributed(layers.Dense(2)), "model: expected layers out of .*, got TimeDistributed"),
]


@pytest.mark.parametrize(("layer", "message"), BAD_RECURRENT)
def test_to_scratch_refuses_recurrent_layers_that_do_something_else(layer, message):
    with pytest.raises(ValueError, match=message):
        to_scratch(keras.Sequential([keras.Input(batch_shape=(2, 5, 3)), layer]))


# Encoder and decoder.


def translator(kind="LSTM", source="words", mask_zero=False):
    """Return a functional model as a learner would write it: [source, symbols so far] to shares of the next symbol."""
    cell, symbols = getattr(layers, kind), keras.Input((None,))
    if source == "pictures":
        inputs = keras.Input((6, 5, 1))
        hidden = layers.Dropout(0.5)(layers.Flatten()(layers.Conv2D(2, 3, activation="relu")(inputs)))
        states = [layers.Dense(4, "tanh")(hidden)] * (2 if kind == "LSTM" else 1)
    else:
        inputs = keras.Input((None,))
        read = layers.Embedding(9, 3, mask_zero=True)(inputs)
        if source == "words, two layers":
            read = cell(5, return_sequences=True)(read)
        _, *states = cell(4, return_state=True)(read)
    given = states[0] if kind == "SimpleRNN" and source == "words" else states  # with or without a list around it
    written = cell(4, return_sequences=True)(layers.Embedding(7, 3, mask_zero=mask_zero)(symbols), initial_state=given)
    return keras.Model([inputs, symbols], layers.Dense(7, "softmax")(written))


@pytest.mark.parametrize("mask_zero", [False, True])
@pytest.mark.parametrize("source", ["words", "words, two layers", "pictures"])
@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_to_scratch_carries_encoder_and_decoder_across(kind, source, mask_zero):
    theirs = with_random_weights(translator(kind, source, mask_zero))
    ours = to_scratch(theirs)
    assert isinstance(ours, EncoderDecoder)
    read = {
        "words": ["Embedding", kind],
        "words, two layers": ["Embedding", kind, kind],
        "pictures": ["Conv2D", "Flatten", "Dropout", "Dense"],
    }[source]
    assert [type(layer).__name__ for layer in ours.encoder] == read
    assert [type(layer).__name__ for layer in ours.decoder] == ["Embedding", kind, "Dense"]
    assert [layer.mask_zero for layer in ours.layers if isinstance(layer, Embedding)] == [True, mask_zero][
        source == "pictures" :
    ]
    assert ours.count_params() == theirs.count_params()
    x = np.random.default_rng(0).random((5, 6, 5, 1), dtype=np.float32) if source == "pictures" else TEXTS
    shares = keras.ops.convert_to_numpy(theirs([x, WRITTEN]))
    assert_allclose(ours.forward(x, WRITTEN), shares, atol=1e-5)
    ids, all_shares = ours.generate(x, start=1, end=2, longest=4)
    told = np.concatenate([np.ones((5, 1), int), ids[:, :-1]], axis=1)
    assert_allclose(all_shares, keras.ops.convert_to_numpy(theirs([x, told])), atol=1e-5)
    # What was carried across is a copy.
    before = theirs.get_weights()
    ours.set_weights([array + 1 for array in ours.get_weights()])
    for array, old in zip(theirs.get_weights(), before, strict=True):
        assert_array_equal(array, old)


def test_layers_of_keras_may_be_used_in_two_models():
    """As where a learner builds the encoder alone too: each call of a layer is a node of its own."""
    embedding, reader = layers.Embedding(9, 3, mask_zero=True), layers.LSTM(4, return_state=True)
    told, writer, readout = layers.Embedding(7, 3), layers.LSTM(4, return_sequences=True, return_state=True), layers.Dense(7)
    models = []
    for _ in range(2):
        source, symbols = keras.Input((None,)), keras.Input((None,))
        _, *states = reader(embedding(source))
        written, _, _ = writer(told(symbols), initial_state=states)
        models.append(keras.Model([source, symbols], readout(written)))
    with_random_weights(models[0])
    for model in models:
        expected = keras.ops.convert_to_numpy(model([TEXTS, WRITTEN]))
        assert_allclose(to_scratch(model).forward(TEXTS, WRITTEN), expected, atol=1e-5)


def parts():
    """Return what the models below share: source, symbols, the embedded source, its two states, the embedded symbols."""
    source, symbols = keras.Input((None,)), keras.Input((None,))
    read = layers.Embedding(9, 3, mask_zero=True)(source)
    _, *states = layers.LSTM(4, return_state=True, name="reader")(read)
    return source, symbols, read, states, layers.Embedding(7, 3)(symbols)


def write(embedded, **options):
    return layers.LSTM(4, return_sequences=True, name="writer")(embedded, **options)


def swapped_states():
    source, symbols, _, (h, c), embedded = parts()
    return keras.Model([source, symbols], layers.Dense(7)(write(embedded, initial_state=[c, h])))


def same_state_twice():
    source, symbols, _, (h, _), embedded = parts()
    return keras.Model([source, symbols], layers.Dense(7)(write(embedded, initial_state=[h, h])))


def output_for_state():
    source, symbols, read, _, embedded = parts()
    output, _, c = layers.LSTM(4, return_state=True)(read)
    return keras.Model([source, symbols], layers.Dense(7)(write(embedded, initial_state=[output, c])))


def states_of_two_readers():
    source, symbols, read, (h, _), embedded = parts()
    _, _, c = layers.LSTM(4, return_state=True)(read)
    return keras.Model([source, symbols], layers.Dense(7)(write(embedded, initial_state=[h, c])))


def states_of_two_dense_layers():
    source, symbols = keras.Input((6,)), keras.Input((None,))
    states = [layers.Dense(4)(source), layers.Dense(4)(source)]
    embedded = layers.Embedding(7, 3)(symbols)
    return keras.Model([source, symbols], layers.Dense(7)(write(embedded, initial_state=states)))


def no_initial_state():
    source, symbols, _, _, embedded = parts()
    model = keras.Model([source, symbols], layers.Dense(7)(write(embedded)))
    assert len(model.inputs) == 2
    return model


def state_by_position():
    source, symbols, _, states, embedded = parts()
    written = layers.LSTM(4, return_sequences=True, name="writer")(embedded, states)
    return keras.Model([source, symbols], layers.Dense(7)(written))


def inputs_exchanged():
    source, symbols, _, states, embedded = parts()
    return keras.Model([symbols, source], layers.Dense(7)(write(embedded, initial_state=states)))


def encoder_that_reads_the_symbols():
    source, symbols, _, _, embedded = parts()
    _, *states = layers.LSTM(4, return_state=True)(layers.Embedding(7, 3)(symbols))
    return keras.Model([source, symbols], layers.Dense(7)(write(embedded, initial_state=states)))


def two_outputs():
    source, symbols, _, states, embedded = parts()
    written = write(embedded, initial_state=states)
    return keras.Model([source, symbols], [layers.Dense(7)(written), written])


def three_inputs():
    source, symbols, _, states, embedded = parts()
    more = keras.Input((None, 3))
    return keras.Model([source, symbols, more], layers.Dense(7)(write(layers.Add()([embedded, more]), initial_state=states)))


def last_state_read_out():
    source, symbols, _, states, embedded = parts()
    _, last, _ = layers.LSTM(4, return_sequences=True, return_state=True)(embedded, initial_state=states)
    return keras.Model([source, symbols], layers.Dense(7)(last))


def no_embedding_in_the_decoder():
    source, _, _, states, _ = parts()
    numbers = keras.Input((None, 3))
    return keras.Model([source, numbers], layers.Dense(7)(write(numbers, initial_state=states)))


def dense_in_place_of_the_embedding():
    source, _, _, states, _ = parts()
    numbers = keras.Input((None, 3))
    return keras.Model([source, numbers], layers.Dense(7)(write(layers.Dense(3)(numbers), initial_state=states)))


def dropout_in_the_decoder():
    source, symbols, _, states, embedded = parts()
    written = write(layers.Dropout(0.5)(embedded), initial_state=states)
    return keras.Model([source, symbols], layers.Dense(7)(written))


def attention():
    source, symbols, read, states, embedded = parts()
    written = write(embedded, initial_state=states)
    looked_at = layers.Attention()([written, layers.LSTM(4, return_sequences=True)(read)])
    return keras.Model([source, symbols], layers.Dense(7)(layers.Concatenate(name="join")([written, looked_at])))


def both_directions():
    source, symbols, read, _, embedded = parts()
    _, *four = layers.Bidirectional(layers.LSTM(2, return_state=True))(read)
    states = [layers.Concatenate(name=f"join_{number}")([four[number], four[number + 2]]) for number in range(2)]
    return keras.Model([source, symbols], layers.Dense(7)(write(embedded, initial_state=states)))


def reader_that_starts_with_a_state():
    source, symbols, read, states, embedded = parts()
    _, *states = layers.LSTM(4, return_state=True, name="second")(read, initial_state=states)
    return keras.Model([source, symbols], layers.Dense(7)(write(embedded, initial_state=states)))


def reader_with_a_mask_of_its_own():
    source, symbols = keras.Input((None,)), keras.Input((None,))
    read = layers.Embedding(9, 3)(source)
    mask = keras.ops.not_equal(source, 5)
    _, *states = layers.LSTM(4, return_state=True, name="reader")(read, mask=mask)
    return keras.Model([source, symbols], layers.Dense(7)(write(layers.Embedding(7, 3)(symbols), initial_state=states)))


def writer_with_a_mask_of_its_own():
    source, symbols, _, states, embedded = parts()
    written = write(embedded, initial_state=states, mask=keras.ops.not_equal(symbols, 0))
    return keras.Model([source, symbols], layers.Dense(7)(written))


def state_in_the_middle():
    source, symbols, read, _, embedded = parts()
    all_outputs, _, _ = layers.LSTM(4, return_sequences=True, return_state=True)(read)
    _, *states = layers.LSTM(4, return_state=True)(all_outputs)
    return keras.Model([source, symbols], layers.Dense(7)(write(embedded, initial_state=states)))


def nothing_but_two_inputs():
    first, second = keras.Input((3,)), keras.Input((3,))
    return keras.Model([first, second], layers.Add(name="sum")([first, second]))


def backwards_reader():
    source, symbols, read, _, embedded = parts()
    _, *states = layers.LSTM(4, return_state=True, go_backwards=True, name="reader")(read)
    return keras.Model([source, symbols], layers.Dense(7)(write(embedded, initial_state=states)))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = translator()

    def call(self, inputs):
        return self.inner(inputs)


def subclassed():
    model = Subclassed()
    model([TEXTS, WRITTEN])
    return model


STATES = r"model: expected the decoder to start with all states of the encoder, in their order"
SHAPE = (
    r"model: expected the inputs \[source, symbols so far\], and one output, of a decoder of Embedding, a recurrent layer with "
)
DECODER = r"decoder: expected \[Embedding, a recurrent layer with return_sequences=True, Dense\]"
BAD_TRANSLATORS = {
    swapped_states: STATES,
    same_state_twice: STATES,
    output_for_state: STATES,
    states_of_two_readers: STATES,
    states_of_two_dense_layers: STATES,
    no_initial_state: SHAPE,
    state_by_position: "model: expected one input of the layer 'writer', got 3",
    inputs_exchanged: SHAPE,
    encoder_that_reads_the_symbols: STATES,
    two_outputs: SHAPE,
    last_state_read_out: SHAPE,
    three_inputs: "model: expected a keras.Sequential, or a keras.Model with two inputs, got Functional",
    no_embedding_in_the_decoder: SHAPE,
    dense_in_place_of_the_embedding: DECODER,
    dropout_in_the_decoder: SHAPE,
    attention: "model: expected one input of the layer 'join', got 2",
    both_directions: "model: expected one input of the layer 'join_0', got 2",
    reader_that_starts_with_a_state: "model: expected one input of the layer 'second', got 3",
    reader_with_a_mask_of_its_own: "model: expected one input of the layer 'reader', got 2",
    writer_with_a_mask_of_its_own: "model: expected one input of the layer 'writer', got 2",
    state_in_the_middle: "encoder: expected one output of each layer but the last, got return_state=True",
    nothing_but_two_inputs: "model: expected one input of the layer 'sum', got 2",
    backwards_reader: "model: expected go_backwards=False in the layer 'reader', got True",
    subclassed: "model: expected a keras.Sequential, or a keras.Model with two inputs, got Subclassed",
}


@pytest.mark.parametrize(("model", "message"), BAD_TRANSLATORS.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_to_scratch_refuses_encoders_and_decoders_that_do_something_else(model, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        to_scratch(model())
