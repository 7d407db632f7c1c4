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

from helpers.scratch.convolution import Conv2D
from helpers.scratch.dense import Dense
from helpers.scratch.dropout import Dropout
from helpers.scratch.pooling import AveragePooling2D, Flatten, GlobalAveragePooling2D, MaxPooling2D
from helpers.scratch.sequential import Sequential

tf.get_logger().setLevel("ERROR")  # warnings about speed, for instance for many small models one after the other

_SCRATCH = {  # name of Keras's layer -> ours, and the options that both have
    "Conv2D": (Conv2D, ("filters", "kernel_size", "strides", "padding", "dilation_rate", "activation", "use_bias")),
    "Dense": (Dense, ("units", "activation", "use_bias")),
    "Dropout": (Dropout, ("rate",)),
    "MaxPooling2D": (MaxPooling2D, ("pool_size", "strides", "padding")),
    "AveragePooling2D": (AveragePooling2D, ("pool_size", "strides", "padding")),
    "GlobalAveragePooling2D": (GlobalAveragePooling2D, ()),
    "Flatten": (Flatten, ()),
}
# Options of Keras's layers that ours do not have, and the only value with which both mean the same.
_FIXED = {"data_format": "channels_last", "groups": 1, "keepdims": False}


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
    """Return our own Sequential with the layers and the weights of a built Keras Sequential model, ready to predict.

    Raises ValueError for a layer, an option or an activation that ours do not have, and for a model without weights.
    """
    if not isinstance(model, keras.Sequential):
        raise ValueError(f"model: expected a keras.Sequential, got {type(model).__name__}")
    if not model.built:
        raise ValueError("model: expected a built one (give it a keras.Input, or fit it), got one without weights")
    ours = Sequential([_to_scratch_layer(layer) for layer in model.layers])
    shape, ours.output_shapes = model.inputs[0].shape, []
    for theirs, layer in zip(model.layers, ours.layers, strict=True):
        layer.build(shape, ours.rng)  # the weights drawn here are replaced at once
        copy_weights(theirs, layer)
        shape = theirs.compute_output_shape(shape)
        ours.output_shapes.append(shape)
    ours.built = True
    return ours


def _to_scratch_layer(layer):
    kind, config = type(layer).__name__, layer.get_config()
    if kind not in _SCRATCH:
        raise ValueError(f"model: expected layers out of {', '.join(sorted(_SCRATCH))}, got {kind} (named {layer.name!r})")
    for option, value in _FIXED.items():
        if config.get(option, value) != value:
            raise ValueError(f"model: expected {option}={value!r} in the layer {layer.name!r}, got {config[option]!r}")
    scratch, options = _SCRATCH[kind]
    return scratch(**{option: config[option] for option in options})
