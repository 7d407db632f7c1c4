"""Encoder and decoder from scratch against a functional Keras model, forward and backward; and what they write alone."""

from functools import cache
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal

from helpers.scratch.convolution import Conv2D
from helpers.scratch.dense import Dense
from helpers.scratch.dropout import Dropout
from helpers.scratch.embedding import Embedding
from helpers.scratch.encoder_decoder import EncoderDecoder
from helpers.scratch.losses import categorical_crossentropy, categorical_crossentropy_gradient
from helpers.scratch.lstm import LSTM
from helpers.scratch.optimizers import Adam
from helpers.scratch.pooling import Flatten
from helpers.scratch.recurrent import SimpleRNN

OURS = SimpleNamespace(Conv2D=Conv2D, Dense=Dense, Embedding=Embedding, Flatten=Flatten, LSTM=LSTM, SimpleRNN=SimpleRNN)
EXACT = {"rtol": 1e-7, "atol": 1e-9}
START, END, SYMBOLS = 1, 2, 7
# Padded at the end, at the start, in the middle, everywhere, nowhere.
WORDS = np.array([[3, 8, 0, 0], [0, 5, 1, 2], [4, 0, 7, 7], [0, 0, 0, 0], [6, 6, 1, 8]])
TARGET = np.array([[1, 3, 4, 2, 0, 0], [1, 2, 0, 0, 0, 0], [1, 6, 6, 6, 5, 4], [0, 0, 0, 0, 0, 0], [1, 0, 3, 0, 3, 2]])
SOURCES = {
    "words": WORDS,
    "words, two layers": WORDS,
    "numbers": np.random.default_rng(5).standard_normal((5, 4, 2)),
    "pictures": np.random.default_rng(5).standard_normal((5, 6, 5, 1)),
}
every_kind = pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM"])
every_source = pytest.mark.parametrize("source", SOURCES)


def encoder_layers(kind, source, room):
    """Return the layers of the encoder: ours, or with room=keras.layers Keras's."""
    cell, words = getattr(room, kind), room.Embedding(9, 3, mask_zero=True)
    return {
        "words": [words, cell(4, return_state=True)],
        "words, two layers": [words, cell(5, return_sequences=True), cell(4, return_state=True)],
        "numbers": [room.Dense(3, "tanh"), cell(4, return_sequences=True, return_state=True)],
        "pictures": [room.Conv2D(2, 3, activation="tanh"), room.Flatten(), room.Dense(4, "tanh")],
    }[source]


def decoder_layers(kind, room, mask_zero=False):
    cell = getattr(room, kind)(4, return_sequences=True)
    return [room.Embedding(SYMBOLS, 3, mask_zero=mask_zero), cell, room.Dense(SYMBOLS, "softmax")]


@cache
def keras_model(kind, source, mask_zero=False):
    """Return a functional model in float64, and its layers in our order."""
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    encoder, decoder = encoder_layers(kind, source, keras.layers), decoder_layers(kind, keras.layers, mask_zero)
    inputs = keras.Input((None,) if "words" in source else SOURCES[source].shape[1:]), keras.Input((None,))
    read = inputs[0]
    for layer in encoder:
        read = layer(read)
    states = [read, read] if kind == "LSTM" else [read]
    if isinstance(read, (list, tuple)):  # a recurrent layer's output, and then its states
        states = list(read[1:])
    embedding, writer, readout = decoder
    model = keras.Model(inputs, readout(writer(embedding(inputs[1]), initial_state=states)))
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])
    return model, [*encoder, *decoder]


def build(kind, source, seed=1):
    """Return our model with weights of which none is 0."""
    model = EncoderDecoder(encoder_layers(kind, source, OURS), decoder_layers(kind, OURS))
    model.build((None, *SOURCES[source].shape[1:]))
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 0.8, array.shape) for array in model.get_weights()])
    model.readout.weights["bias"] *= 0.2  # or else the same symbol would win at every step
    return model


def pair(kind, source, **options):
    """Return our model, Keras's with the same weights, and Keras's layers."""
    ours, (theirs, layers) = build(kind, source), keras_model(kind, source, **options)
    for mine, layer in zip(ours.layers, layers, strict=True):
        layer.set_weights(mine.get_weights())
    return ours, theirs, layers


# Forward and backward.


@every_kind
@every_source
def test_forward_and_backward_equal_keras(kind, source):
    ours, theirs, layers = pair(kind, source)
    inputs, factors = tf.constant(SOURCES[source]), np.random.default_rng(3).standard_normal((5, 6, SYMBOLS))
    variables = [variable.value for layer in layers for variable in layer.trainable_weights]
    with tf.GradientTape() as tape:
        if inputs.dtype == tf.float64:
            tape.watch(inputs)
        expected = theirs([inputs, tf.constant(TARGET)])
        total = tf.reduce_sum(expected * factors)
    shares = ours.forward(SOURCES[source], TARGET)
    assert shares.dtype == np.float64
    assert_allclose(shares, expected, **EXACT)
    of_source = ours.backward(factors)
    *slopes, of_inputs = tape.gradient(total, [*variables, inputs])
    if inputs.dtype == tf.float64:
        assert_allclose(of_source, of_inputs, **EXACT)
    else:
        assert of_source is None
    mine = [layer.gradients[name] for layer in ours.layers for name in layer.weights]
    for array, slope in zip(mine, slopes, strict=True):
        assert np.abs(array).max() > 1e-3, "all weights take part"
        assert_allclose(array, tf.convert_to_tensor(slope), **EXACT)


@every_kind
def test_the_gradients_equal_finite_differences(kind):
    model, source = build(kind, "pictures"), SOURCES["pictures"][:2].copy()
    target, factors, step = TARGET[1:3, :3], np.random.default_rng(3).standard_normal((2, 3, SYMBOLS)), 1e-5
    model.forward(source, target)
    computed = [model.backward(factors), *(layer.gradients[name] for layer in model.layers for name in layer.weights)]
    arrays = [source, *(array for layer in model.layers for array in layer.weights.values())]
    for mine, array in zip(computed, arrays, strict=True):
        for place in list(np.ndindex(array.shape))[::3]:
            middle, ends = array[place], []
            for change in (step, -step):
                array[place] = middle + change
                ends.append((model.forward(source, target) * factors).sum())
            array[place] = middle
            assert mine[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-4, abs=1e-8)


@every_kind
def test_keras_ignores_the_mask_of_the_target_where_the_state_is_given(kind):
    """So ours uses none either. If Keras ever changes this, a target with padding in its middle tells."""
    plain, masked = (pair(kind, "words", mask_zero=mask_zero)[1] for mask_zero in (False, True))
    given = [tf.constant(WORDS), tf.constant(TARGET)]
    assert_array_equal(plain(given), masked(given))
    ours = build(kind, "words")
    expected = ours.forward(WORDS, TARGET)
    ours.embedding.mask_zero = True
    assert_array_equal(ours.forward(WORDS, TARGET), expected)
    assert_allclose(expected, masked(given), **EXACT)


@every_kind
def test_padding_of_the_source_changes_nothing(kind):
    ours = build(kind, "words, two layers")
    longer = np.concatenate([WORDS, np.zeros((5, 3), int)], axis=1)
    assert_array_equal(ours.forward(longer, TARGET), ours.forward(WORDS, TARGET))
    earlier = np.concatenate([np.zeros((5, 3), int), WORDS], axis=1)
    assert_array_equal(ours.forward(earlier, TARGET), ours.forward(WORDS, TARGET))


@every_kind
@every_source
def test_what_passes_over_is_the_state(kind, source):
    ours, count = build(kind, source), {"SimpleRNN": 1, "LSTM": 2}[kind]
    states = ours.encode(SOURCES[source])
    assert [state.shape for state in states] == [(5, 4)] * count
    if source == "pictures":
        assert_array_equal(states, [ours.encoder[-1].outputs] * count)
    else:
        assert_array_equal(states, ours.encoder[-1].states)
    # Nothing else passes: after another source has been read, the same states give the same text.
    expected = ours.forward(SOURCES[source], TARGET)
    ours.encode(SOURCES[source][::-1] * 0)
    assert_array_equal(ours.decode(states, TARGET), expected)


@every_kind
@pytest.mark.parametrize("return_state", [False, True])
def test_a_text_may_be_read_in_pieces(kind, return_state):
    ours = build(kind, "words")
    ours.writer.return_state = return_state
    states = ours.encode(WORDS)
    whole, last = ours.decode(states, TARGET), ours.writer.states
    pieces = []
    for piece in (TARGET[:, :1], TARGET[:, 1:4], TARGET[:, 4:]):
        pieces.append(ours.decode(states, piece))
        states = ours.writer.states
    assert_array_equal(np.concatenate(pieces, axis=1), whole)
    assert_array_equal(states, last)
    assert_allclose(whole.sum(axis=-1), np.ones((5, 6)))


def test_neurons_are_dropped_while_training_alone():
    model = EncoderDecoder([Flatten(), Dropout(0.5), Dense(4)], decoder_layers("LSTM", OURS))
    model.build((None, 6))
    source, target = np.ones((1, 6)), np.array([[1, 3]])
    calm = model.forward(source, target)
    assert_array_equal(model.forward(source, target), calm)
    assert len({model.forward(source, target, training=True).tobytes() for _ in range(5)} | {calm.tobytes()}) > 3
    assert_array_equal(model.forward(source, target), calm)


def test_float32_pictures_do_not_turn_the_encoder_into_float64():
    model, source = build("LSTM", "pictures"), SOURCES["pictures"]
    assert {state.dtype.name for state in model.encode(source.astype("float32"))} == {"float32"}
    assert_allclose(model.forward(source.astype("float32"), TARGET), model.forward(source, TARGET), rtol=1e-4)


def test_it_learns_to_write_words_backwards():
    rng = np.random.default_rng(0)
    model = EncoderDecoder(
        [Embedding(9, 6), LSTM(16, return_state=True)],
        [Embedding(SYMBOLS, 6), LSTM(16, return_sequences=True), Dense(SYMBOLS, "softmax")],
        rng,
    )
    model.build((None, 3))
    words = np.stack(np.meshgrid(*[range(3, 7)] * 3), axis=-1).reshape(-1, 3)  # all 64 words of three letters out of four
    answer = np.concatenate([words[:, ::-1], np.full((64, 1), END)], axis=1)
    told = np.concatenate([np.full((64, 1), START), answer[:, :-1]], axis=1)
    truth, optimizer, losses = np.eye(SYMBOLS)[answer], Adam(0.02), []
    for _ in range(150):
        shares = model.forward(words, told, training=True)
        losses.append(categorical_crossentropy(truth, shares))
        model.backward(categorical_crossentropy_gradient(truth, shares))
        arrays = [(layer.gradients[name], layer.weights[name]) for layer in model.layers for name in layer.weights]
        optimizer.apply(*(list(each) for each in zip(*arrays, strict=True)))
    assert losses[0] == pytest.approx(np.log(SYMBOLS), rel=0.05)
    ids, _ = model.generate(words, START, END, longest=9)
    assert ids.shape == (64, 4)
    assert np.mean((ids == answer).all(axis=1)) > 0.9


# Writing.


def keras_writes(theirs, source, longest):
    """Write with Keras by reading everything again for each symbol, and never stop."""
    text, shares = np.full((len(source), 1), START), []
    for _ in range(longest):
        shares.append(keras.ops.convert_to_numpy(theirs([tf.constant(source), tf.constant(text)]))[:, -1])
        text = np.concatenate([text, shares[-1].argmax(axis=-1)[:, None]], axis=1)
    return text[:, 1:], np.stack(shares, axis=1)


def until_the_end(texts, end):
    """Return each text with nothing but `end` after its first `end`."""
    return np.where(np.logical_or.accumulate(texts == end, axis=1), end, texts)


@every_kind
@every_source
def test_what_is_written_equals_a_plain_loop_with_keras(kind, source):
    ours, theirs, _ = pair(kind, source)
    texts, shares = keras_writes(theirs, SOURCES[source], longest=6)
    never = SYMBOLS + 1
    ids, all_shares = ours.generate(SOURCES[source], START, never, longest=6)
    assert_array_equal(ids, texts)
    assert_allclose(all_shares, shares, **EXACT)
    assert len(np.unique(ids)) > 1 < len(np.unique(ids, axis=0)), "several symbols, several texts"
    for end in np.unique(texts):
        ended = until_the_end(texts, end)
        steps = 6 if (ended[:, -1] != end).any() else 1 + (ended != end).any(axis=0).sum()
        ids, all_shares = ours.generate(SOURCES[source], START, end, longest=6)
        assert_array_equal(ids, ended[:, :steps])
        open_still = np.concatenate([np.ones((5, 1), bool), ids[:, :-1] != end], axis=1)
        assert_allclose(all_shares[open_still], shares[:, :steps][open_still], **EXACT)


def script(texts):
    """Return a `choose` that picks the symbols of texts (batch, steps), one step after the other, and what it was shown."""
    seen = []

    def choose(shares):
        seen.append(shares)
        return texts[:, len(seen) - 1]

    return choose, seen


@every_kind
def test_texts_that_end_at_different_steps(kind):
    ours = build(kind, "words")
    texts = np.array([[3, END, 5, 5, 5], [END, 6, 6, 6, 6], [4, 4, 4, END, 4], [END, END, 3, 3, 3], [5, 0, END, 5, 5]])
    choose, seen = script(texts)
    ids, shares = ours.generate(WORDS, START, END, longest=5, choose=choose)
    assert_array_equal(ids, [[3, 2, 2, 2], [2, 2, 2, 2], [4, 4, 4, 2], [2, 2, 2, 2], [5, 0, 2, 2]])
    assert_array_equal(shares, np.stack(seen, axis=1))
    assert shares.shape == (5, 4, SYMBOLS), "it stops when the last one has its end"
    # It reads START, and then what was chosen: as if it had been told so.
    told = np.concatenate([np.full((5, 1), START), ids[:, :-1]], axis=1)
    assert_array_equal(ours.forward(WORDS, told), shares)


@pytest.mark.parametrize(("longest", "steps"), [(1, 1), (2, 2), (3, 3), (4, 3)])
def test_it_ends_at_the_longest_or_with_the_last_end(longest, steps):
    choose, seen = script(np.array([[3, 3, END, 3]] * 5))
    ids, shares = build("LSTM", "words").generate(WORDS, START, END, longest, choose)
    assert ids.shape == (5, steps) == shares.shape[:2]
    assert len(seen) == steps


def test_the_largest_share_wins_where_nothing_else_is_said():
    ours = build("SimpleRNN", "words")
    ids, shares = ours.generate(WORDS, START, END, longest=8)
    chosen, again = ours.generate(WORDS, START, END, longest=8, choose=lambda shares: shares.argmax(axis=-1))
    assert_array_equal(ids, chosen)
    assert_array_equal(shares, again)
    least, _ = ours.generate(WORDS, START, END, longest=8, choose=lambda shares: shares.argmin(axis=-1))
    assert not np.array_equal(least, ids)


def test_each_text_is_written_for_its_own_source():
    ours = build("LSTM", "words")
    texts, _ = ours.generate(WORDS, START, END, longest=8)
    for row, text in enumerate(texts):
        alone, _ = ours.generate(WORDS[row : row + 1], START, END, longest=8)
        assert_array_equal(alone[0], text[: alone.shape[1]])
        assert (text[alone.shape[1] :] == END).all()
    assert len(np.unique(texts, axis=0)) > 1


# The build, and what is refused.


@every_kind
@every_source
def test_weights_come_and_go_in_keras_order(kind, source):
    ours, (theirs, layers) = build(kind, source), keras_model(kind, source)
    arrays = [array for layer in layers for array in layer.get_weights()]
    assert [array.shape for array in ours.get_weights()] == [array.shape for array in arrays]
    assert ours.count_params() == theirs.count_params()
    ours.set_weights(arrays)
    for mine, array in zip(ours.get_weights(), arrays, strict=True):
        assert_array_equal(mine, array)
    for wrong, message in (
        (arrays[1:], f"arrays: expected {len(arrays)} arrays, got {len(arrays) - 1}"),
        ([*(array + 1 for array in arrays[:-1]), np.ones(3)], "arrays: expected bias of shape (7,), got (3,)"),
    ):
        with pytest.raises(ValueError) as problem:
            ours.set_weights(wrong)
        assert str(problem.value) == message
    for mine, array in zip(ours.get_weights(), arrays, strict=True):
        assert_array_equal(mine, array, "an error changes nothing")


def test_the_same_generator_gives_the_same_weights():
    built = []
    for seed in (5, 5, 6, None):
        rng = None if seed is None else np.random.default_rng(seed)
        model = EncoderDecoder(encoder_layers("LSTM", "words", OURS), decoder_layers("LSTM", OURS), rng)
        model.build((None, 4))
        built.append(model.get_weights()[0])
    assert_array_equal(built[0], built[1])
    assert not np.array_equal(built[0], built[2])
    model = EncoderDecoder(encoder_layers("LSTM", "words", OURS), decoder_layers("LSTM", OURS))
    model.build((None, 9))
    assert_array_equal(model.get_weights()[0], built[3], "no generator, and a longer source: the same")


def test_a_model_that_was_not_built_is_refused():
    model = EncoderDecoder(encoder_layers("LSTM", "words", OURS), decoder_layers("LSTM", OURS))
    calls = [
        lambda: model.set_weights([]),
        lambda: model.forward(WORDS, TARGET),
        lambda: model.encode(WORDS),
        lambda: model.generate(WORDS, START, END, 3),
    ]
    for call in calls:
        with pytest.raises(
            ValueError, match=r"model: expected build\(input_shape\) or fit before, got a model without weights"
        ):
            call()


A_DECODER = "decoder: expected [Embedding, a recurrent layer with return_sequences=True, Dense]"
AN_END = "encoder: expected a recurrent or a Dense layer at its end"
BAD_LAYERS = {
    "decoder without return_sequences": ([LSTM(4)], [Embedding(7, 3), LSTM(4), Dense(7)], A_DECODER),
    "decoder of two layers": ([LSTM(4)], [Embedding(7, 3), LSTM(4, return_sequences=True)], A_DECODER),
    "decoder of four layers": ([LSTM(4)], [*decoder_layers("LSTM", OURS), Dense(7)], A_DECODER),
    "decoder without Embedding": ([LSTM(4)], [Dense(3), LSTM(4, return_sequences=True), Dense(7)], A_DECODER),
    "decoder without Dense": ([LSTM(4)], [Embedding(7, 3), LSTM(4, return_sequences=True), Flatten()], A_DECODER),
    "decoder that does not remember": ([Dense(4)], [Embedding(7, 3), Dense(4), Dense(7)], A_DECODER),
    "no encoder": ([], decoder_layers("LSTM", OURS), AN_END),
    "encoder that ends with Flatten": ([LSTM(4), Flatten()], decoder_layers("LSTM", OURS), AN_END),
    "two sizes": ([LSTM(5)], decoder_layers("LSTM", OURS), "encoder: expected 4 units, as in the decoder, got 5"),
    "two sizes, picture": ([Dense(3)], decoder_layers("LSTM", OURS), "encoder: expected 4 units, as in the decoder, got 3"),
    "two kinds": (
        [SimpleRNN(4)],
        decoder_layers("LSTM", OURS),
        "encoder: expected the same kind of recurrent layer as in the decoder, got another one",
    ),
    "two kinds, the other way": (
        [LSTM(4)],
        decoder_layers("SimpleRNN", OURS),
        "encoder: expected the same kind of recurrent layer as in the decoder, got another one",
    ),
    "a state in the middle": (
        [LSTM(4, return_sequences=True, return_state=True), LSTM(4)],
        decoder_layers("LSTM", OURS),
        "encoder: expected one output of each layer but the last, got return_state=True",
    ),
}


@pytest.mark.parametrize(("encoder", "decoder", "message"), BAD_LAYERS.values(), ids=BAD_LAYERS)
def test_bad_layers(encoder, decoder, message):
    with pytest.raises(ValueError) as problem:
        EncoderDecoder(encoder, decoder)
    assert str(problem.value) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"longest": 0}, "longest: expected a whole number of at least 1, got 0"),
        ({"longest": 2.0}, "longest: expected a whole number of at least 1, got 2.0"),
        ({"start": None}, "start: expected a whole number of at least 0, got None"),
        ({"start": -1}, "start: expected a whole number of at least 0, got -1"),
        ({"start": 7}, "inputs: expected numbers from 0 to 6, got 7 to 7"),
        ({"end": None}, "end: expected a whole number of at least 0, got None"),
        ({"source": [[9]]}, "inputs: expected numbers from 0 to 8, got 9 to 9"),
    ],
)
def test_bad_requests(change, message):
    with pytest.raises(ValueError) as problem:
        build("LSTM", "words").generate(**{"source": WORDS, "start": START, "end": END, "longest": 3} | change)
    assert str(problem.value) == message


def test_states_of_another_batch_are_refused():
    ours = build("LSTM", "words")
    with pytest.raises(ValueError, match="initial_state: expected 2 of shape "):
        ours.decode(ours.encode(WORDS), TARGET[:2])
