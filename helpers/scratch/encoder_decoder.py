"""Encoder and decoder: one net reads the whole input, the other writes the output (Sutskever and others 2014).

All that passes from one to the other is the state: a few numbers, however long the input is.
"""

import numpy as np

from helpers.scratch.checks import whole
from helpers.scratch.dense import Dense
from helpers.scratch.embedding import Embedding
from helpers.scratch.layer import Model
from helpers.scratch.recurrent import Recurrent
from helpers.scratch.sequential import forward_through


class EncoderDecoder(Model):
    """`encoder`: layers that turn the source into a state. The last one is recurrent, or, for a source that is no sequence
    (a picture), a Dense layer: its output is then the first state of the decoder (for an LSTM both of them, h and c).

    `decoder`: [Embedding, a recurrent layer with return_sequences=True, Dense with softmax]. It reads the symbol that it wrote
    last, and gives every symbol its share to be the next one.
    """

    def __init__(self, encoder, decoder, rng=None):
        self.encoder, self.decoder = list(encoder), list(decoder)
        self.rng = np.random.default_rng(0) if rng is None else rng
        fits = len(self.decoder) == 3 and all(map(isinstance, self.decoder, (Embedding, Recurrent, Dense)))
        if not fits or not self.decoder[1].return_sequences:
            raise ValueError("decoder: expected [Embedding, a recurrent layer with return_sequences=True, Dense]")
        if not self.encoder or not isinstance(self.encoder[-1], (Recurrent, Dense)):
            raise ValueError("encoder: expected a recurrent or a Dense layer at its end")
        if any(getattr(layer, "return_state", False) for layer in self.encoder[:-1]):
            raise ValueError("encoder: expected one output of each layer but the last, got return_state=True")
        self.embedding, self.writer, self.readout = self.decoder
        self.reader = self.encoder[-1] if isinstance(self.encoder[-1], Recurrent) else None
        if self.encoder[-1].units != self.writer.units:
            raise ValueError(f"encoder: expected {self.writer.units} units, as in the decoder, got {self.encoder[-1].units}")
        if self.reader and self.reader.state_count != self.writer.state_count:
            raise ValueError("encoder: expected the same kind of recurrent layer as in the decoder, got another one")

    @property
    def layers(self):
        """All layers: first those of the encoder, then those of the decoder."""
        return [*self.encoder, *self.decoder]

    def build(self, source_shape):
        """Draw all weights for sources of this shape, (batch, ...)."""
        for layers, shape in ((self.encoder, source_shape), (self.decoder, (None, 1))):
            example = np.zeros((1, *shape[1:]))
            for layer in layers:
                layer.build(example.shape, self.rng)
                outputs = layer.forward(example)
                example = outputs[0] if isinstance(outputs, list) else outputs
        self.built = True

    def encode(self, source, training=False):
        """Return the state after reading: a list of arrays (batch, units)."""
        self.must_be_built()
        output, _ = forward_through(self.encoder, source, training)
        return self.reader.states if self.reader else [output] * self.writer.state_count

    def decode(self, states, target, training=False):
        """Return the shares of the next symbol after each symbol of target (batch, steps): (batch, steps, symbols).

        While training, target is the right text, one symbol late: the decoder is told what it should have written (teacher
        forcing, Williams and Zipser 1989). `writer.states` are then the states after the last symbol.
        """
        # No mask: a target is padded at its end, and nothing that counts comes after it. Keras uses none here either.
        outputs = self.writer.forward(self.embedding.forward(target), training, initial_state=states)
        return self.readout.forward(outputs[0] if self.writer.return_state else outputs, training)

    def forward(self, source, target, training=False):
        """Return the shares of the next symbol after each symbol of target: (batch, steps, symbols)."""
        return self.decode(self.encode(source, training), target, training)

    def backward(self, gradient):
        """Return the gradient for the source (None for words), given that for the shares: back through both nets."""
        self.embedding.backward(self.writer.backward(self.readout.backward(gradient)))
        of_states = self.writer.initial_state_gradients
        if self.reader:  # nobody used its output, only its state
            gradient = self.reader.backward(np.zeros_like(self.reader.output), of_states)
        else:
            gradient = self.encoder[-1].backward(sum(of_states))
        for layer in reversed(self.encoder[:-1]):
            gradient = layer.backward(gradient)
        return gradient

    def generate(self, source, start, end, longest, choose=None):
        """Write until every text has its end, or `longest` symbols. Return ids (batch, steps), shares (batch, steps, symbols).

        The decoder reads `start` first, and then what it wrote itself, right or wrong. After the end a text is filled with
        `end`. `choose(shares)` picks the next symbols (batch,) from shares (batch, symbols); without it the largest share wins.
        """
        states, end = self.encode(source), whole("end", end)
        symbols = np.full(len(states[0]), whole("start", start))
        ids, all_shares, finished = [], [], np.zeros(len(symbols), bool)
        for _ in range(whole("longest", longest, at_least=1)):
            shares = self.decode(states, symbols[:, None])[:, -1]
            states = self.writer.states
            symbols = shares.argmax(axis=-1) if choose is None else choose(shares)
            symbols = np.where(finished, end, symbols)
            finished |= symbols == end
            ids.append(symbols)
            all_shares.append(shares)
            if finished.all():
                break
        return np.stack(ids, axis=1), np.stack(all_shares, axis=1)
