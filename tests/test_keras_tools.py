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
from helpers.scratch.optimizers import SGD

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
            r"model: expected layers out of AveragePooling2D, Conv2D, Dense, .*, got Softmax \(named 'last'\)",
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
            r"model: expected layers out of .*, MaxPooling2D, got UpSampling2D \(named 'large'\)",
        ),
        (keras.layers.SpatialDropout2D(0.5), "model: expected layers out of .*, Dropout, .*, got SpatialDropout2D"),
    ],
)
def test_to_scratch_refuses_what_it_does_not_know(layer, message):
    with pytest.raises(ValueError, match=message):
        to_scratch(keras.Sequential([keras.Input((6, 6, 2)), layer]))


def test_to_scratch_refuses_other_models():
    inputs = keras.Input((6, 6, 1))
    with pytest.raises(ValueError, match="model: expected a keras.Sequential, got Functional"):
        to_scratch(keras.Model(inputs, keras.layers.Conv2D(1, 3)(inputs)))
    with pytest.raises(ValueError, match="model: expected a keras.Sequential, got Dense"):
        to_scratch(keras.layers.Dense(1))
    with pytest.raises(ValueError, match="model: expected a built one"):
        to_scratch(keras.Sequential([keras.layers.Dense(1)]))
