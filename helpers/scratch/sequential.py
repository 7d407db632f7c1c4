"""A network of layers, one after the other, and the loop that trains it."""

import numpy as np

from helpers.scratch.checks import finite, whole
from helpers.scratch.layer import Model
from helpers.scratch.losses import loss_named
from helpers.scratch.optimizers import optimizer_named


class Callback:
    """What may happen while a model trains. `fit` sets `model`; a subclass says what to do, and when."""

    model = None

    def on_train_begin(self):
        """Before the first epoch."""

    def on_train_batch_end(self, batch):
        """After each update; batches are counted from 0 in every epoch."""

    def on_epoch_end(self, epoch, logs):
        """After each epoch, counted from 0; `logs` holds "loss" and the other figures of this epoch."""

    def on_train_end(self):
        """After the last epoch."""


class History(Callback):
    """What `fit` returns: `history` is a dict, "loss" and the other figures -> a list with one number an epoch."""

    def on_train_begin(self):
        self.history, self.epoch = {}, []

    def on_epoch_end(self, epoch, logs):
        self.epoch.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)


class Sequential(Model):
    """Layers in a row: the output of one is the input of the next.

    `rng` is the numpy Generator that draws the first weights, shuffles the examples and drops neurons out.
    """

    def __init__(self, layers, rng=None):
        self.layers = list(layers)
        if not self.layers:
            raise ValueError("layers: expected at least one layer, got none")
        for place, layer in enumerate(self.layers):
            if getattr(layer, "return_state", False):
                raise ValueError(f"layers[{place}]: expected one output, got return_state=True; use EncoderDecoder")
        self.rng = np.random.default_rng(0) if rng is None else rng
        self.stop_training = False

    def build(self, input_shape):
        """Draw all weights for inputs of this shape, (batch, ...); the batch axis may be None."""
        self.output_shapes, example = [], np.zeros((1, *input_shape[1:]))
        for layer in self.layers:
            layer.build(example.shape, self.rng)
            example = layer.forward(example)
            self.output_shapes.append((None, *example.shape[1:]))
        self.built = True

    def compile(self, optimizer="adam", loss="mean_squared_error", metrics=()):
        """Choose the optimizer, the loss, and what else is counted: metrics=["accuracy"] or nothing.

        `optimizer` is "sgd", "adam", or one with your settings; the model works with a copy of it that starts anew.
        """
        self.optimizer, self.loss, self.metrics = optimizer_named(optimizer), loss_named(loss), list(metrics)
        if unknown := [name for name in self.metrics if name != "accuracy"]:
            raise ValueError(f'metrics: expected ["accuracy"] or nothing, got {unknown[0]!r}')

    def forward(self, inputs, training=False):
        """Return the output of the last layer. An Embedding may say which steps are padding; recurrent layers skip them."""
        outputs, self.mask = forward_through(self.layers, inputs, training)
        return outputs

    def backward(self, gradient):
        """Return the gradient for the inputs, given the one for the outputs; every layer keeps those for its weights.

        For words, which have no slope, it is None.
        """
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    def fit(self, x, y, epochs=1, batch_size=32, validation_data=None, callbacks=(), shuffle=True):
        """Train, and return a History.

        One epoch shows every example once, in batches; after each batch every weight moves a little. Each epoch has a new
        order, unless shuffle=False. The loss of an epoch is the mean over its batches, each before its own update, as in Keras.
        (Probabilities are cut at EPSILON, so a cross-entropy ends at 16.1; Keras takes it from the sums z, without an end.)
        Raises ValueError for no examples, for different numbers of x and y, and for NaN or infinity in them.
        """
        epochs, batch_size = whole("epochs", epochs), whole("batch_size", batch_size, at_least=1)
        x, y = self._checked(x, y)
        if validation_data is not None:
            validation_data = self._checked(*validation_data)
        history = History()
        callbacks = [*callbacks, history]
        self.stop_training = False
        self._lay_end_to_end()
        for callback in callbacks:
            callback.model = self
            callback.on_train_begin()
        with _no_warnings():
            for epoch in range(epochs):
                order = self.rng.permutation(len(x)) if shuffle else np.arange(len(x))
                logs = self._epoch(x, y, order, batch_size, callbacks)
                if validation_data is not None:
                    logs |= {f"val_{name}": value for name, value in self._evaluate(*validation_data).items()}
                for callback in callbacks:
                    callback.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
        for callback in callbacks:
            callback.on_train_end()
        return history

    def _train_on_batch(self, x, y):
        """Forward, backward, update; return the predictions of before the update."""
        prediction = self.forward(x, training=True)
        self._all_outputs_must_count()
        self._backward_from_loss(y, prediction)
        self.optimizer.apply([layer.gradients[name] for layer in self.layers for name in layer.weights], [self._all_weights])
        return prediction

    def predict(self, x, batch_size=256):
        """Return the outputs for all examples, (examples, outputs)."""
        x, batch_size = self._checked_inputs(x), whole("batch_size", batch_size, at_least=1)
        with _no_warnings():
            return np.concatenate([self.forward(x[start : start + batch_size]) for start in range(0, len(x), batch_size)])

    def evaluate(self, x, y):
        """Return the loss, or with metrics a list: the loss and the metrics."""
        with _no_warnings():
            figures = list(self._evaluate(*self._checked(x, y)).values())
        return figures if self.metrics else figures[0]

    def summary(self):
        """Print the layers, the shape of their outputs, and how many weights they have."""
        self.must_be_built()
        print(f"{'layer':<24}{'output shape':<24}{'weights':>10}")
        for layer, shape in zip(self.layers, self.output_shapes, strict=True):
            count = sum(array.size for array in layer.weights.values())
            print(f"{type(layer).__name__:<24}{str(shape):<24}{count:>10,}")
        print(f"{'together':<48}{self.count_params():>10,}")

    def _epoch(self, x, y, order, batch_size, callbacks):
        """Train on every example once; return the figures of the epoch, each the mean over all examples."""
        listening = [callback for callback in callbacks if type(callback).on_train_batch_end is not Callback.on_train_batch_end]
        x, y = x[order], y[order]
        predictions, penalty, penalised = [], 0.0, self._penalty() > 0
        for batch, start in enumerate(range(0, len(x), batch_size)):
            stop = min(start + batch_size, len(x))
            if penalised:
                penalty += self._penalty() * (stop - start) / len(x)
            predictions.append(self._train_on_batch(x[start:stop], y[start:stop]))
            for callback in listening:
                callback.on_train_batch_end(batch)
        # The loss of all examples at once is the mean of the losses of the batches, and takes one call instead of many.
        return self._figures(y, np.concatenate(predictions), penalty)

    def _lay_end_to_end(self):
        """Move all weights into one long array, of which those of the layers become parts: one addition then changes all."""
        arrays = [array.ravel() for layer in self.layers for array in layer.weights.values()]
        if not arrays:
            raise ValueError("layers: expected at least one with weights to train, got none")
        self._all_weights = np.concatenate(arrays)
        start = 0
        for layer in self.layers:
            for name, array in layer.weights.items():
                layer.weights[name] = self._all_weights[start : start + array.size].reshape(array.shape)
                start += array.size

    def _backward_from_loss(self, y, prediction):
        """Fill the gradients of every layer, given the truth and the predictions of the batch."""
        last = self.layers[-1]
        if self.loss.partner is not None and getattr(last, "name_of_activation", None) == self.loss.partner:
            examples = prediction.size if self.loss.partner == "sigmoid" else prediction.size // prediction.shape[-1]
            gradient = last.backward_from_sums((prediction - y) / examples)
        else:
            gradient = last.backward(self.loss.gradient(y, prediction))
        for layer in reversed(self.layers[:-1]):
            gradient = layer.backward(gradient)

    def _penalty(self):
        return sum(layer.penalty() for layer in self.layers)

    def _figures(self, y, prediction, penalty):
        figures = {"loss": float(self.loss.forward(y, prediction) + penalty)}
        return figures | {"accuracy": accuracy(y, prediction)} if self.metrics else figures

    def _evaluate(self, x, y):
        prediction = self.predict(x)
        self._all_outputs_must_count()
        return self._figures(y, prediction, self._penalty())

    def _all_outputs_must_count(self):
        if self.mask is not None:
            raise ValueError("layers: expected outputs that all count in the loss, got padded ones (mask_zero=True)")

    def _checked_inputs(self, x):
        x = np.asarray(x)
        if x.dtype.kind not in "fiu":
            x = x.astype(float)
        if x.ndim < 2 or not len(x):
            raise ValueError(f"x: expected at least one example, and the shape (examples, ...), got shape {x.shape}")
        finite("x", x)
        if not self.built:
            self.build(x.shape)
        return x

    def _checked(self, x, y):
        if not hasattr(self, "loss"):
            raise ValueError("model: expected compile(optimizer, loss) before fit and evaluate, got a model without a loss")
        x, y = self._checked_inputs(x), np.asarray(y)
        if y.shape[:1] != x.shape[:1]:
            raise ValueError(f"y: expected one target for each of the {len(x)} examples of x, got shape {y.shape}")
        y = y.astype(np.float32 if x.dtype == np.float32 else np.float64, copy=False)
        finite("y", y)
        expected = self.output_shapes[-1][1:]
        if y.shape[1:] == () and expected == (1,):
            y = y[:, None]
        if y.ndim != 1 + len(expected) or any(size not in (None, got) for size, got in zip(expected, y.shape[1:], strict=True)):
            raise ValueError(f"y: expected shape (examples, {', '.join(map(str, expected))}), got {y.shape}")
        if self.loss.partner is not None and (y.min() < 0 or y.max() > 1):
            # Classes 1 and 2, or -1 and 1, would train without a word, towards a loss below 0.
            raise ValueError(f"y: expected numbers from 0 to 1 for this loss, got {y.min():g} to {y.max():g}")
        return x, y


def forward_through(layers, inputs, training=False):
    """Return the output of the last layer, and which of its steps are real: (batch, steps), or None where all are."""
    mask = None
    for layer in layers:
        options = {} if mask is None or not layer.takes_mask else {"mask": mask}
        outputs = layer.forward(inputs, training, **options)
        mask = layer.compute_mask(inputs, mask)
        inputs = outputs
    return inputs, mask


def _no_warnings():
    # A loss that explodes becomes infinity and then NaN. The figures show it; warnings would only hide it.
    return np.errstate(over="ignore", invalid="ignore", divide="ignore")


def accuracy(y_true, y_pred):
    """Return the share of predictions that name the right class: by the largest share, or by a probability above one half."""
    if y_pred.shape[-1] == 1:
        return float(np.mean((y_pred > 0.5) == y_true))
    return float(np.mean(y_pred.argmax(axis=-1) == y_true.argmax(axis=-1)))
