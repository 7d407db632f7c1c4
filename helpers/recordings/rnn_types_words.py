"""Recorded trainings of the lesson on RNN types: the next word of a help text, by recurrent nets and by counting."""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

from collections import Counter, defaultdict

import keras
import numpy as np
from keras import layers

from helpers.datasets import help_text_split
from helpers.recordings.recording import record
from helpers.scratch.tokenizer import Tokenizer

VOCABULARY = 1500  # numbers for words: 0 is padding, 1 every rarer word, one more the start of a sentence
START = "<start>"
CAN_COME = VOCABULARY - 2  # padding and the start are never the next word


def word_data(seed):
    """Return the tokenizer and three lists of sentences (training, validation, test: other topics), as tuples of word numbers.

    A sentence begins with the number of START. The tokenizer counted the training sentences alone.
    """
    parts = [[" ".join([START, *sentence]) for sentence in part] for part in help_text_split(seed)]
    tokenizer = Tokenizer(VOCABULARY, standardize=None)
    tokenizer.adapt(parts[0])
    return tokenizer, *([tuple(row[row > 0].tolist()) for row in tokenizer(part)] for part in parts)


def rows(sentences, longest=None):
    """Return x, y (sentences, words): y is the word that follows in x; both are padded with 0 at the end, and cut if asked."""
    longest = longest or max(map(len, sentences)) - 1
    x, y = np.zeros((2, len(sentences), longest), dtype=np.int64)
    for sentence, row, following in zip(sentences, x, y, strict=True):
        sentence = sentence[: longest + 1]
        row[: len(sentence) - 1], following[: len(sentence) - 1] = sentence[:-1], sentence[1:]
    return x, y


# By counting


def count(sentences, order):
    """Return for 0, 1, ... words before: those words -> how often each word followed them."""
    tables = [defaultdict(Counter) for _ in range(order)]
    for sentence in sentences:
        for place in range(1, len(sentence)):
            for before in range(min(place + 1, order)):
                tables[before][sentence[place - before : place]][sentence[place]] += 1
    return tables


def count_for_kneser_ney(sentences):
    """Return the tables of `count` for pairs, and word -> after how many different words it came."""
    tables = count(sentences, 2)
    return [*tables, Counter(word for table in tables[1].values() for word in table)]


def add_one(tables, words, following):
    """Return the probability of the following word: every pair is counted once more than it came. A straw man."""
    seen = tables[1].get(words[-1:], Counter())
    return (seen[following] + 1) / (seen.total() + CAN_COME)


def witten_bell(tables, words, following):
    """Return the probability: what followed the last words, mixed with what followed fewer words, down to none.

    Where many different words followed, a new one is likely, so the counts for fewer words get more weight (Witten, Bell 1991).
    """
    probability = 1 / CAN_COME
    for before, table in enumerate(tables):
        seen = table.get(words[len(words) - before :])
        if seen:
            probability = (seen[following] + len(seen) * probability) / (seen.total() + len(seen))
    return probability


def kneser_ney(tables, words, following, discount=0.75):
    """Return the probability from pairs, mixed with: after how many different words did the following word come?

    "same" came 125 times, nearly always after "the": after a word never seen it is no good guess (Kneser and Ney 1995).
    """
    different = tables[2]  # word -> after how many words it came
    seen = tables[1].get(words[-1:])
    probability = (max(different[following] - discount, 0) + discount * len(different) / CAN_COME) / different.total()
    if seen:
        probability = (max(seen[following] - discount, 0) + discount * len(seen) * probability) / seen.total()
    return probability


def probabilities(guess, tables, sentences):
    """Return what guess(tables, words before, following word) gives for every word of the sentences, in their order."""
    places = ((sentence[:place], sentence[place]) for sentence in sentences for place in range(1, len(sentence)))
    return np.array([guess(tables, words, following) for words, following in places])


def perplexity(probabilities):
    """Return 1 / the geometric mean: 100 is as uncertain as a free choice among 100 words."""
    return np.exp(-np.mean(np.log(probabilities)))


# By recurrent nets


def next_word_net(cell, numbers=64, units=64):
    """Return a network from word numbers (sentences, words) to the probabilities of the next word, after each word."""
    stack = [
        layers.Embedding(VOCABULARY, numbers, mask_zero=True),
        layers.Dropout(0.5),
        cell(units, return_sequences=True),
        layers.Dropout(0.5),
        layers.Dense(VOCABULARY, activation="softmax"),
    ]
    model = keras.Sequential([keras.Input((None,)), *stack])
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    return model


def fit_until_worse(model, train, validation, epochs=40, patience=3):
    """Train until the validation sentences are foretold worse for some epochs, and go back to the best; return the history."""
    stop = keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
    x, y = rows(train, longest=40)  # a few long sentences are cut: a row of 80 words would double the time of all
    return model.fit(x, y, validation_data=rows(validation, 40), epochs=epochs, callbacks=[stop], verbose=0).history


def net_probabilities(model, sentences):
    """Return what the network gives for every word of the sentences, in their order."""
    x, y = rows(sentences)
    parts = []
    for start in range(0, len(x), 64):  # all at once would need a gigabyte
        some_x, some_y = x[start : start + 64], y[start : start + 64]
        given = np.take_along_axis(model.predict_on_batch(some_x), some_y[..., None], axis=-1)[..., 0]
        parts.append(given[some_y > 0])
    return np.concatenate(parts).astype(np.float64)


NETS = {"LSTM": layers.LSTM, "simple RNN": layers.SimpleRNN}


def by_counting(train, test):
    """Return name -> the probability of every word of the test sentences, for five ways to count."""
    tables = count(train, 3)
    ways = {
        "one word": (witten_bell, tables[:1]),
        "add-one pairs": (add_one, tables),
        "Witten-Bell pairs": (witten_bell, tables[:2]),
        "Witten-Bell triples": (witten_bell, tables),
        "Kneser-Ney pairs": (kneser_ney, count_for_kneser_ney(train)),
    }
    return {name: probabilities(guess, counts, test) for name, (guess, counts) in ways.items()}


def train_next_word(seed):
    """Train the nets and count; return their perplexities on other topics, and the weights and words of the LSTM of seed 0.

    "... and Kneser-Ney pairs" is the mean of the two probabilities.
    """
    tokenizer, train, validation, test = word_data(seed)
    given, found = by_counting(train, test), {}
    for name, cell in NETS.items():
        set_seeds(seed)
        model = next_word_net(cell)
        history = fit_until_worse(model, train, validation)
        found |= {f"{name}: loss": history["loss"], f"{name}: val_loss": history["val_loss"]}
        given[name] = net_probabilities(model, test)
        given[f"{name} and Kneser-Ney pairs"] = (given[name] + given["Kneser-Ney pairs"]) / 2
        if name == "LSTM" and seed == 0:
            found |= {f"weights_{place}": array.astype(np.float16) for place, array in enumerate(model.get_weights())}
            found["vocabulary"] = tokenizer.get_vocabulary()
    unknown = np.mean([number == 1 for sentence in test for number in sentence[1:]])
    return found | {f"{name}: perplexity": perplexity(p) for name, p in given.items()} | {"unknown": unknown}


if __name__ == "__main__":
    record("rnn_next_word", train_next_word)
