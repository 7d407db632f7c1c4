"""The embedding from scratch against Keras, plain loops, finite differences, and bad input."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers.scratch.embedding import Embedding

WORDS = {
    "two texts": [[3, 1, 4], [0, 5, 2]],
    "one word again and again": [[2, 2, 2], [2, 2, 2]],
    "a word twice in one text and once in the other": [[1, 4, 1], [0, 1, 3]],
    "one text": [[5, 0, 3]],
    "one step": [[5], [0], [5]],
    "one number": [[0]],
}
all_words = pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)


def pair(input_dim=6, output_dim=3, dtype="float64", **options):
    """Return our layer and Keras's with the same table."""
    ours = Embedding(input_dim, output_dim, **options)
    theirs = keras.layers.Embedding(input_dim, output_dim, dtype=dtype, **options)
    ours.build((None, 5), np.random.default_rng(0))
    theirs.build((None, 5))
    ours.set_weights([np.random.default_rng(1).standard_normal((input_dim, output_dim))])
    theirs.set_weights(ours.get_weights())
    return ours, theirs


def with_row_numbers():
    """Return a layer whose rows show which word they belong to: 0 0, 10 11, 20 21 and so on."""
    layer = pair(6, 2)[0]
    layer.set_weights([[[10 * row, 10 * row + bool(row)] for row in range(6)]])
    return layer


@all_words
@pytest.mark.parametrize("mask_zero", [False, True])
def test_forward_backward_and_mask_equal_keras(words, mask_zero):
    ours, theirs = pair(mask_zero=mask_zero)
    words = np.array(words)
    with tf.GradientTape() as tape:
        expected = theirs(words)
        gradient = np.random.default_rng(2).standard_normal(expected.shape)
        total = tf.reduce_sum(expected * gradient)
    assert [variable.name for variable in theirs.weights] == list(ours.weights) == ["embeddings"]
    outputs = ours.forward(words)
    assert outputs.dtype == np.float64
    assert_array_equal(outputs, expected)
    assert ours.backward(gradient) is None, "there is nothing between word 3 and word 4"
    assert list(ours.gradients) == ["embeddings"]
    slopes = tf.convert_to_tensor(tape.gradient(total, theirs.embeddings.value))  # only the rows that were read, until now
    assert_allclose(ours.gradients["embeddings"], slopes, rtol=1e-12)
    mask = theirs.compute_mask(words)
    if mask_zero:
        assert_array_equal(ours.compute_mask(words), mask)
    else:
        assert mask is ours.compute_mask(words) is None


@settings(max_examples=50)
@given(
    st.integers(1, 7).flatmap(
        lambda input_dim: st.tuples(
            st.just(input_dim),
            st.integers(1, 4),
            st.integers(1, 5).flatmap(
                lambda steps: st.lists(
                    st.lists(st.integers(0, input_dim - 1), min_size=steps, max_size=steps), min_size=1, max_size=4
                )
            ),
        )
    )
)
def test_any_words_equal_the_loops(case):
    input_dim, output_dim, words = case
    layer = pair(input_dim, output_dim)[0]
    table, words = layer.get_weights()[0], np.array(words)
    outputs = layer.forward(words)
    gradient = np.random.default_rng(2).standard_normal((*words.shape, output_dim))
    layer.backward(gradient)
    expected = np.zeros_like(table)
    for place in np.ndindex(words.shape):
        assert_array_equal(outputs[place], table[words[place]])
        expected[words[place]] += gradient[place]
    assert_allclose(layer.gradients["embeddings"], expected, rtol=1e-12)


def test_the_gradient_equals_finite_differences():
    layer = pair()[0]
    words, table = np.array([[1, 4, 1], [0, 1, 3]]), layer.get_weights()[0]
    factors, step = np.random.default_rng(2).standard_normal((2, 3, 3)), 1e-4
    layer.backward(factors * layer.forward(words))  # the loss is half of the sum of factors * outputs ** 2
    for place in np.ndindex(table.shape):
        losses = []
        for change in (step, -step):
            moved = table.copy()
            moved[place] += change
            layer.set_weights([moved])
            losses.append((layer.forward(words) ** 2 * factors).sum() / 2)
        slope = (losses[0] - losses[1]) / (2 * step)
        assert layer.gradients["embeddings"][place] == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_by_hand():
    layer = with_row_numbers()
    assert_array_equal(layer.forward(np.array([[3, 0, 3]])), [[[30, 31], [0, 0], [30, 31]]])
    layer.backward(np.array([[[1.0, 2], [5, 6], [10, 20]]]))
    assert_array_equal(layer.gradients["embeddings"], [[5, 6], [0, 0], [0, 0], [11, 22], [0, 0], [0, 0]])


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "uint64", "float32", "float64", list])
def test_whole_numbers_of_any_kind_are_words(dtype):
    layer = pair(mask_zero=True)[0]
    words = np.array([[3, 0, 5], [1, 1, 0]])
    expected = layer.forward(words)
    given = words.tolist() if dtype is list else words.astype(dtype)
    assert_array_equal(layer.forward(given), expected)
    assert_array_equal(layer.compute_mask(given), [[True, False, True], [True, True, False]])
    layer.backward(np.ones((2, 3, 3)))
    assert_array_equal(layer.gradients["embeddings"][:, 0], [2, 2, 0, 1, 0, 1])


def test_gradients_are_those_of_the_last_batch_alone():
    layer = pair()[0]
    for words in ([[1, 2, 3]], [[4, 4]]):
        layer.forward(words)
        layer.backward(np.ones((1, len(words[0]), 3)))
    assert_array_equal(layer.gradients["embeddings"][:, 0], [0, 0, 0, 0, 2, 0])


def test_layer_starts_like_keras():
    ours, theirs = Embedding(50, 40), keras.layers.Embedding(50, 40)
    ours.build((None, 3), np.random.default_rng(0))
    theirs.build((None, 3))
    (table,), (keras_table,) = ours.get_weights(), theirs.get_weights()
    assert table.shape == keras_table.shape == (50, 40)
    # Both are even between -0.05 and 0.05, and 2,000 numbers come close to the ends.
    for numbers in (table, keras_table):
        assert np.abs(numbers).max() == pytest.approx(0.05, rel=0.01)
        assert numbers.std() == pytest.approx(0.1 / np.sqrt(12), rel=0.05)
        assert abs(numbers.mean()) < 0.003


def test_layer_repeats_with_the_same_generator():
    tables = []
    for seed in (5, 5, 6):
        layer = Embedding(4, 3)
        layer.build((None, 2), np.random.default_rng(seed))
        tables += layer.get_weights()
    assert_array_equal(tables[0], tables[1])
    assert not np.array_equal(tables[0], tables[2])


def test_nothing_that_is_handed_in_is_changed():
    layer = pair()[0]
    words, gradient = np.array([[1, 1, 0]]), np.ones((1, 3, 3))
    for array in (words, gradient, layer.weights["embeddings"]):
        array.flags.writeable = False
    outputs = layer.forward(words)
    layer.backward(gradient)
    for result in (outputs, layer.gradients["embeddings"]):
        assert not any(np.shares_memory(result, array) for array in (gradient, layer.weights["embeddings"]))


BAD_WORDS = [
    ([[0, 6]], "inputs: expected numbers from 0 to 5, got 0 to 6"),
    ([[3, -1]], "inputs: expected numbers from 0 to 5, got -1 to 3"),  # NumPy would count from the end
    ([[7.0]], "inputs: expected numbers from 0 to 5, got 7 to 7"),
    ([[0.5, 1.0]], "inputs: expected whole numbers, one for each word, got float64 of shape (1, 2)"),
    ([[np.nan, 1.0]], "inputs: expected whole numbers, one for each word, got float64 of shape (1, 2)"),
    ([["a", "b"]], "inputs: expected whole numbers, one for each word, got <U1 of shape (1, 2)"),
    ([[True, False]], "inputs: expected whole numbers, one for each word, got bool of shape (1, 2)"),
    ([[1 + 0j]], "inputs: expected whole numbers, one for each word, got complex128 of shape (1, 1)"),
]


@pytest.mark.parametrize(("words", "message"), BAD_WORDS)
def test_bad_words_are_refused(words, message):
    layer = pair(mask_zero=True)[0]
    for call in (layer.forward, layer.compute_mask):
        with pytest.raises(ValueError) as problem:
            call(words)
        assert str(problem.value) == message


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (3, 2, 3), (6, 3), ()])
def test_a_gradient_of_another_shape_is_refused(shape):
    layer = pair()[0]
    layer.forward([[1, 2, 3], [0, 0, 0]])
    with pytest.raises(ValueError) as problem:
        layer.backward(np.ones(shape))
    assert str(problem.value) == f"gradient: expected the shape of the outputs (2, 3, 3), got {shape}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 3), "input_dim: expected a whole number of at least 1, got 0"),
        ((2.0, 3), "input_dim: expected a whole number of at least 1, got 2.0"),
        ((4, 0), "output_dim: expected a whole number of at least 1, got 0"),
        ((4, True), "output_dim: expected a whole number of at least 1, got True"),
    ],
)
def test_bad_layer(arguments, message):
    with pytest.raises(ValueError) as problem:
        Embedding(*arguments)
    assert str(problem.value) == message


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([], "arrays: expected 1 arrays (embeddings), got 0"),
        ([np.ones((3, 6))], "arrays: expected embeddings of shape (6, 3), got (3, 6)"),
    ],
)
def test_bad_weights_change_nothing(arrays, message):
    layer = pair()[0]
    before = layer.get_weights()[0]
    with pytest.raises(ValueError) as problem:
        layer.set_weights(arrays)
    assert str(problem.value) == message
    assert_array_equal(layer.get_weights()[0], before)
