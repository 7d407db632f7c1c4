"""Keras without noise: a quiet start, fixed seeds, a progress bar, and weights carried to and from our own layers.

Import this module before Keras and TensorFlow: they read the settings below only once, when they start.
"""

import os
from numbers import Integral

os.environ.update(
    KERAS_BACKEND="tensorflow",
    TF_CPP_MIN_LOG_LEVEL="3",  # a greeting, and a harmless "E" line in every fit that repeats exactly
    TF_ENABLE_ONEDNN_OPTS="0",  # oneDNN adds numbers in another order on other processors, so printed figures would differ
)

import keras
import tensorflow as tf
from IPython.display import display
from ipywidgets import HBox, IntProgress, Label

from helpers.scratch.activation import Activation
from helpers.scratch.batch_normalization import BatchNormalization
from helpers.scratch.convolution import Conv2D
from helpers.scratch.dense import Dense
from helpers.scratch.dropout import Dropout
from helpers.scratch.embedding import Embedding
from helpers.scratch.encoder_decoder import EncoderDecoder
from helpers.scratch.gru import GRU
from helpers.scratch.lstm import LSTM
from helpers.scratch.pooling import AveragePooling2D, Flatten, GlobalAveragePooling2D, MaxPooling2D
from helpers.scratch.recurrent import Recurrent, SimpleRNN
from helpers.scratch.sequential import Sequential

tf.get_logger().setLevel("ERROR")  # warnings about speed, for instance for many small models one after the other

_SCRATCH = {  # name of Keras's layer -> ours, and the options that both have
    "Conv2D": (Conv2D, ("filters", "kernel_size", "strides", "padding", "dilation_rate", "activation", "use_bias")),
    "Dense": (Dense, ("units", "activation", "use_bias")),
    "Activation": (Activation, ("activation",)),
    "Dropout": (Dropout, ("rate",)),
    "MaxPooling2D": (MaxPooling2D, ("pool_size", "strides", "padding")),
    "AveragePooling2D": (AveragePooling2D, ("pool_size", "strides", "padding")),
    "GlobalAveragePooling2D": (GlobalAveragePooling2D, ()),
    "Flatten": (Flatten, ()),
    "BatchNormalization": (BatchNormalization, ("momentum", "epsilon")),
    "Embedding": (Embedding, ("input_dim", "output_dim", "mask_zero")),
    "SimpleRNN": (SimpleRNN, ("units", "activation", "return_sequences", "return_state")),
    "LSTM": (LSTM, ("units", "return_sequences", "return_state")),
    "GRU": (GRU, ("units", "return_sequences", "return_state")),
}
# Options of Keras's layers that ours do not have, and the only value with which both mean the same.
_FIXED = {"data_format": "channels_last", "groups": 1, "keepdims": False}
_FIXED_RECURRENT = {"use_bias": True, "go_backwards": False, "stateful": False, "zero_output_for_mask": False}
_FIXED_NORMALIZATION = {"axis": -1, "center": True, "scale": True}
_FIXED_GATES = {"activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": True}


def set_seeds(seed):
    """Make what follows repeatable: seeds Python, NumPy and Keras, and lets TensorFlow use only operations that repeat exactly.

    The same seed then gives the same weights, bit for bit, on the same computer. Other processors may round differently.
    Raises ValueError if seed is not a whole number from 0 to 2**32 - 1.
    """
    if not isinstance(seed, Integral) or not 0 <= seed < 2**32:
        raise ValueError(f"seed: expected a whole number from 0 to {2**32 - 1}, got {seed!r}")
    keras.utils.set_random_seed(int(seed))
    tf.config.experimental.enable_op_determinism()


class Progress(keras.callbacks.Callback):
    """A progress bar for `model.fit(..., epochs=epochs, verbose=0, callbacks=[Progress(epochs)])`.

    It is shown once, and then moves by itself. Where no widgets can be shown, one fixed sentence stands in its place.
    """

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs
        self.bar = IntProgress(value=0, min=0, max=epochs)
        self.label = Label("starting")
        self.widget = HBox([self.bar, self.label])

    def _repr_mimebundle_(self, **kwargs):
        # The sentence holds no figure that differs from run to run: the tests compare it with the stored one.
        return {**self.widget._repr_mimebundle_(), "text/plain": f"Training for {self.epochs} epochs."}

    def on_train_begin(self, logs=None):
        display(self)

    def on_epoch_end(self, epoch, logs=None):
        self.bar.value = epoch + 1
        losses = [f"{name} {value:.3f}" for name, value in (logs or {}).items() if name in ("loss", "val_loss")]
        self.label.value = ", ".join([f"epoch {epoch + 1} of {self.epochs}", *losses])

    def on_train_end(self, logs=None):
        self.bar.bar_style = "success"


def copy_weights(source, target):
    """Give the target layer the weights of the source layer. Either may be a Keras layer or one of ours, both built.

    Raises ValueError where the number of arrays or a shape does not fit.
    """
    target.set_weights(source.get_weights())


def to_scratch(model):
    """Return our own model with the layers and the weights of a built Keras model, ready to predict.

    A keras.Sequential becomes our Sequential. A keras.Model with two inputs, the source and the symbols written so far, becomes
    our EncoderDecoder: its second recurrent layer has to start with the state that the encoder leaves.
    Raises ValueError for a layer, an option or an activation that ours do not have, and for a model without weights.
    """
    if isinstance(model, keras.Model) and not model.built:
        raise ValueError("model: expected a built one (give it a keras.Input, or fit it), got one without weights")
    if isinstance(model, keras.Sequential):
        return _sequential(model)
    if isinstance(model, keras.Model) and len(getattr(model, "inputs", None) or ()) == 2:
        return _encoder_decoder(model)
    raise ValueError(f"model: expected a keras.Sequential, or a keras.Model with two inputs, got {type(model).__name__}")


def _sequential(model):
    ours = Sequential([_to_scratch_layer(layer) for layer in model.layers])
    shape, ours.output_shapes = model.inputs[0].shape, []
    for theirs, layer in zip(model.layers, ours.layers, strict=True):
        _build_with_weights(layer, theirs, shape, ours.rng)
        shape = theirs.compute_output_shape(shape)
        ours.output_shapes.append(shape)
    ours.built = True
    return ours


def _encoder_decoder(model):
    """Follow the decoder back from the model's output, and the encoder back from the state with which the decoder starts."""
    row = _walk_back(model.outputs[0], steps=3)
    states = _initial_states(row[1]) if len(row) == 4 else []
    if not states or row[3] is not model.inputs[1] or row[1]._keras_history.tensor_index or len(model.outputs) != 1:
        raise ValueError(
            "model: expected the inputs [source, symbols so far], and one output, of a decoder of Embedding, a recurrent layer "
            "with initial_state, and Dense"
        )
    *encoder, source = _walk_back(states[0])
    made_by_layers = [*encoder[::-1], *row[2::-1]]
    theirs = [tensor._keras_history.operation for tensor in made_by_layers]
    ours = EncoderDecoder(
        [_to_scratch_layer(layer) for layer in theirs[:-3]], [_to_scratch_layer(layer) for layer in theirs[-3:]]
    )
    places = [1, 2][: len(states)] if ours.reader else [0] * len(states)  # a recurrent layer's outputs: its output, h, and c
    made = [(theirs[-4], place) for place in places]
    if source is not model.inputs[0] or [tuple(state._keras_history[::2]) for state in states] != made:
        raise ValueError("model: expected the decoder to start with all states of the encoder, in their order")
    for layer, tensor in zip(ours.layers, made_by_layers, strict=True):
        _build_with_weights(layer, tensor._keras_history.operation, _arguments(tensor).keras_tensors[0].shape, ours.rng)
    ours.built = True
    return ours


def _walk_back(tensor, steps=None):
    """Return this tensor, what it was made from, and so on: so many steps, or back to an input of the model."""
    row = [tensor]
    while (steps is None or len(row) <= steps) and (taken := _arguments(row[-1]).keras_tensors):
        # Besides its input, a layer of the decoder takes the state, and one of the encoder the mask that an Embedding left.
        known = _initial_states(row[-1]) if steps else [getattr(taken[0], "_keras_mask", None)]
        if extra := [each for each in taken[1:] if not any(each is one for one in known)]:
            name = row[-1]._keras_history.operation.name
            raise ValueError(f"model: expected one input of the layer {name!r}, got {1 + len(extra)}")
        row.append(taken[0])
    return row


def _initial_states(tensor):
    """Return the tensors with which the layer that made this one was told to start: a list, maybe an empty one."""
    given = keras.tree.flatten(_arguments(tensor).kwargs.get("initial_state"))  # one state, a list of them, or None
    return [state for state in given if state is not None]


def _arguments(tensor):
    """Return what the layer that made this tensor was called with: `keras_tensors`, none for an input, and `kwargs`."""
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index].arguments


def _build_with_weights(ours, theirs, input_shape, rng):
    ours.build(input_shape, rng)  # the weights drawn here are replaced at once
    copy_weights(theirs, ours)


def _to_scratch_layer(layer):
    kind, config = type(layer).__name__, layer.get_config()
    if kind not in _SCRATCH:
        raise ValueError(f"model: expected layers out of {', '.join(sorted(_SCRATCH))}, got {kind} (named {layer.name!r})")
    scratch, options = _SCRATCH[kind]
    fixed = _FIXED | (_FIXED_RECURRENT if issubclass(scratch, Recurrent) else {})
    fixed = fixed | (_FIXED_GATES if scratch in (LSTM, GRU) else {})
    fixed = fixed | (_FIXED_NORMALIZATION if scratch is BatchNormalization else {})
    for option, value in fixed.items():
        if config.get(option, value) != value:
            raise ValueError(f"model: expected {option}={value!r} in the layer {layer.name!r}, got {config[option]!r}")
    return scratch(**{option: config[option] for option in options})
