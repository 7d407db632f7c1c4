"""An activation as a layer: equal to Keras forward and backward, and carried across."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from helpers.keras_tools import to_scratch
from helpers.scratch.activation import Activation
from helpers.scratch.activations import ACTIVATIONS

SHAPES = [(3, 4), (1, 1), (2, 5, 3), (2, 4, 4, 1)]


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"leaky_relu", "elu"}))  # Keras's have other options by default
def test_forward_and_backward_equal_keras(name, shape):
    rng, ours = np.random.default_rng(0), Activation(name)
    ours.build(shape, rng)
    inputs, factors = rng.standard_normal((2, *shape))
    tensor = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        expected = keras.activations.get(name)(tensor)
        total = tf.reduce_sum(expected * factors)
    assert_allclose(ours.forward(inputs), expected, rtol=1e-7, atol=1e-12)
    assert_allclose(ours.backward(factors), tape.gradient(total, tensor), rtol=1e-7, atol=1e-12)
    assert ours.weights == {} and ours.get_weights() == []


def test_to_scratch_carries_it_across():
    layers = [keras.layers.Dense(5), keras.layers.BatchNormalization(), keras.layers.Activation("relu"), keras.layers.Dense(2)]
    theirs = keras.Sequential([keras.Input((4,)), *layers])
    x = np.random.default_rng(0).standard_normal((6, 4)).astype("float32")
    ours = to_scratch(theirs)
    assert type(ours.layers[2]) is Activation
    assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), rtol=1e-5, atol=1e-6)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="activation"):
        Activation("relu6")
