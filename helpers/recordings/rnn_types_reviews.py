"""Recorded trainings of the lesson on RNN types: film reviews, good or bad (many to one), and the same on shop reviews."""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

from typing import NamedTuple

import keras
import numpy as np
from keras import layers
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from helpers.datasets import film_review_split, load_shop_reviews
from helpers.recordings.recording import record
from helpers.scratch.tokenizer import Tokenizer

VOCABULARY = 5000  # numbers for words, with 0 for padding and 1 for unknown words
NUMBERS = 32  # each word becomes so many numbers
UNITS = 32


class Reviews(NamedTuple):
    """Reviews as rows of word numbers, padded with 0 at the end; y is 1 for good, 0 for bad."""

    tokenizer: Tokenizer  # it counted the training reviews alone
    x: np.ndarray  # (6824, words of the longest training review)
    y: np.ndarray
    x_test: np.ndarray  # (1706, words of the longest test review)
    y_test: np.ndarray
    x_shop: np.ndarray  # (60, words of the longest shop review)
    y_shop: np.ndarray


def review_data(seed):
    """Return the Reviews whose test part is chosen by the seed."""
    x, y, x_test, y_test = film_review_split(seed)
    x_shop, y_shop, _ = load_shop_reviews()
    tokenizer = Tokenizer(VOCABULARY)
    tokenizer.adapt(x)
    return Reviews(tokenizer, tokenizer(x), y, tokenizer(x_test), y_test, tokenizer(x_shop), y_shop)


def words_to_score(*middle, mask=True, steps=None):
    """Return a network from word numbers to one number between 0 and 1. While it learns, 3 of 10 words are hidden at random."""
    model = keras.Sequential([keras.Input((steps,)), layers.Embedding(VOCABULARY, NUMBERS, mask_zero=mask)])
    hide_words, hide_numbers = layers.Dropout(0.3, noise_shape=(None, None, 1)), layers.Dropout(0.3)
    for layer in (hide_words, hide_numbers, *middle, layers.Dropout(0.5), layers.Dense(1, activation="sigmoid")):
        model.add(layer)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def lstm(mask=True):
    return words_to_score(layers.LSTM(UNITS), mask=mask)


def simple_rnn(mask=True):
    return words_to_score(layers.SimpleRNN(UNITS), mask=mask)


def mean_of_steps():
    return layers.GlobalAveragePooling1D()  # over real words only: it heeds the mask


MODELS = {  # name -> how the network is made, and its epochs: for LSTM and simple RNN chosen on a part of the training reviews
    "LSTM": (lstm, 6),
    "LSTM without mask": (lambda: lstm(mask=False), 20),
    "LSTM without mask, padding in front": (lambda: lstm(mask=False), 6),
    "simple RNN": (simple_rnn, 5),
    "simple RNN without mask": (lambda: simple_rnn(mask=False), 20),
    "simple RNN without mask, padding in front": (lambda: simple_rnn(mask=False), 5),
    "LSTM, mean of its states": (lambda: words_to_score(layers.LSTM(UNITS, return_sequences=True), mean_of_steps()), 6),
    "LSTM both ways": (lambda: words_to_score(layers.Bidirectional(layers.LSTM(UNITS))), 6),
    "mean of the words": (lambda: words_to_score(mean_of_steps()), 20),
}


def padding_first(rows):
    """Return the rows of word numbers with the padding before the first word."""
    return np.stack([np.roll(row, np.count_nonzero(row == 0)) for row in rows])


def fitted(rows, steps):
    """Return the rows with exactly so many words: longer ones are cut off, shorter ones padded with 0."""
    return np.pad(rows, ((0, 0), (0, max(0, steps - rows.shape[1]))))[:, :steps]


def fit(make, epochs, seed, data):
    """Return the network and its history. The test reviews give a curve; nothing is chosen by them."""
    set_seeds(seed)
    model = make()
    held_out = (data.x_test, data.y_test)
    return model, model.fit(data.x, data.y, batch_size=64, epochs=epochs, validation_data=held_out, verbose=0).history


def scores(model, rows):
    """Return the network's number for each review, (reviews,), from 0 (bad) to 1 (good)."""
    return model.predict(rows, verbose=0)[:, 0]


def accuracy(model, rows, y):
    return np.mean((scores(model, rows) > 0.5) == y)


def results(name, model, history, data):
    """Return what is recorded of one network: its curves, what it says of new film reviews and of shop reviews, its size."""
    return {
        f"{name}: loss": history["loss"],
        f"{name}: val_accuracy": history["val_accuracy"],
        f"{name}: test": accuracy(model, data.x_test, data.y_test),
        f"{name}: shop": accuracy(model, data.x_shop, data.y_shop),
        f"{name}: shop scores": scores(model, data.x_shop),
        f"{name}: weights": model.count_params(),
    }


def train_reviews(seed):
    """Train every network on 6,824 film reviews; return its accuracies, and the weights and words of the LSTM of seed 0.

    Without a mask the end of a row counts too, so all rows are then as long as in training.
    """
    data = review_data(seed)
    steps = data.x.shape[1]
    equal = data._replace(x_test=fitted(data.x_test, steps), x_shop=fitted(data.x_shop, steps))
    front = equal._replace(**{part: padding_first(getattr(equal, part)) for part in ("x", "x_test", "x_shop")})
    found = {"lengths": (data.x > 0).sum(axis=1), "padding": np.mean(data.x == 0)}
    for name, (make, epochs) in MODELS.items():
        given = front if name.endswith("in front") else equal if "without mask" in name else data
        model, history = fit(make, epochs, seed, given)
        found |= results(name, model, history, given)
        if name == "LSTM" and seed == 0:
            found |= {f"weights_{place}": array.astype(np.float16) for place, array in enumerate(model.get_weights())}
            found["vocabulary"] = data.tokenizer.get_vocabulary()
    return found


# Does the order of the words matter?


def shuffled(rows, rng):
    """Return the rows of word numbers with the words of each row in random order; the padding stays at the end."""
    mixed = rows.copy()
    for row in mixed:
        row[row > 0] = rng.permutation(row[row > 0])
    return mixed


def train_order(seed):
    """Train the LSTM on reviews with their words in random order; return its accuracy on such reviews and on whole ones.

    "in order, then shuffled" is the usual LSTM, tested on reviews whose words are in random order.
    """
    data, rng = review_data(seed), np.random.default_rng(seed)
    mixed = data._replace(x=shuffled(data.x, rng), x_test=shuffled(data.x_test, rng))
    model, _ = fit(*MODELS["LSTM"], seed, data)
    blind, _ = fit(*MODELS["LSTM"], seed, mixed)
    return {
        "in order": accuracy(model, data.x_test, data.y_test),
        "in order, then shuffled": accuracy(model, mixed.x_test, data.y_test),
        "shuffled": accuracy(blind, mixed.x_test, data.y_test),
        "shuffled, then in order": accuracy(blind, data.x_test, data.y_test),
    }


# The plain ways


def bag_of_words(longest):
    """Return logistic regression on which words (longest=1), or also which pairs of neighbours (longest=2), are in a review.

    How strongly the weights are held small is chosen on the training reviews alone, in five parts.
    """
    split = Tokenizer().words  # the words that the networks read, but all of them
    words = CountVectorizer(binary=True, tokenizer=split, token_pattern=None, lowercase=False, ngram_range=(1, longest))
    choices = {"logisticregression__C": [0.03, 0.1, 0.3, 1, 3]}
    return GridSearchCV(make_pipeline(words, LogisticRegression(max_iter=1000)), choices, cv=5)


def train_plain(seed):
    """Return the accuracies of the plain ways on new film reviews and on shop reviews."""
    x, y, x_test, y_test = film_review_split(seed)
    x_shop, y_shop, _ = load_shop_reviews()
    found = {"majority: test": max(np.mean(y_test), 1 - np.mean(y_test)), "majority: shop": 0.5}
    for name, longest in (("bag of words", 1), ("bag of words and pairs", 2)):
        model = bag_of_words(longest).fit(x, y)
        found |= {f"{name}: test": model.score(x_test, y_test), f"{name}: shop": model.score(x_shop, y_shop)}
        found[f"{name}: weights"] = model.best_estimator_[-1].coef_.size + 1
    return found


# An ANN, which takes a fixed number of words


def ann(steps, units=4):
    """Return an ANN for `steps` words, a weight for every number of every word; with 4 units about as many as the LSTM has."""
    return words_to_score(layers.Flatten(), layers.Dense(units, activation="relu"), mask=False, steps=steps)


def moved(rows, places, word=0):
    """Return the rows with a word number put so many times before the first word; 0 is padding."""
    return np.pad(rows, ((0, 0), (places, 0)), constant_values=word)


ANN_EPOCHS = 8  # chosen as those of the others
MOVES = (0, 1, 2, 5, 10, 20)


def train_moved(seed):
    """Train the ANN and the LSTM; return their accuracies on the test reviews, moved by the places in MOVES.

    What is put before a review is padding, or the word "well", which says little. "changed" is the share of the reviews that
    get another answer. Both networks read the same row: what the ANN has no place for is cut off for the LSTM too.
    """
    data = review_data(seed)
    steps = data.x.shape[1]
    found = {"steps": steps}
    well = int(data.tokenizer(["well"])[0, 0])
    for name, make in (("ANN", (lambda: ann(steps), ANN_EPOCHS)), ("LSTM", MODELS["LSTM"])):
        model, history = fit(*make, seed, data._replace(x_test=fitted(data.x_test, steps), x_shop=fitted(data.x_shop, steps)))
        found |= {f"{name}: loss": history["loss"], f"{name}: weights": model.count_params()}
        for what, word in (("padding", 0), ("well", well)):
            good = np.array([scores(model, fitted(moved(data.x_test, n, word), steps)) > 0.5 for n in MOVES])
            found[f"{name}: moved by {what}"] = np.mean(good == data.y_test, axis=1)
            found[f"{name}: changed by {what}"] = np.mean(good != good[0], axis=1)
    return found


def train_longer(seed, longest=20):
    """Train on reviews of at most 20 words; return accuracies on such reviews ("short") and on all longer ones.

    The ANN has 20 places, so the rest of a longer review is "cut off". "ANN with more places" has room for the longest
    review, but its later places never held a word in training.
    """
    data = review_data(seed)
    steps = data.x.shape[1]
    short, short_test = ((x > 0).sum(axis=1) <= longest for x in (data.x, data.x_test))
    networks = {
        "ANN": (lambda: ann(longest), ANN_EPOCHS, longest),
        "ANN with more places": (lambda: ann(steps), ANN_EPOCHS, steps),
        "LSTM": (*MODELS["LSTM"], longest),
    }
    found = {"reviews": [short.sum(), short_test.sum(), (~short_test).sum()]}
    for name, (make, epochs, places) in networks.items():
        x, x_test = fitted(data.x, places), fitted(data.x_test, places)
        model, _ = fit(make, epochs, seed, data._replace(x=x[short], y=data.y[short], x_test=x_test, x_shop=x_test))
        found[f"{name}: short"] = accuracy(model, x_test[short_test], data.y_test[short_test])
        end = "whole" if places == steps else "cut off"
        found[f"{name}: longer, {end}"] = accuracy(model, x_test[~short_test], data.y_test[~short_test])
        if name == "LSTM":
            found["LSTM: longer, whole"] = accuracy(model, data.x_test[~short_test], data.y_test[~short_test])
    return found


# How much is computed


def multiply_adds_ann(words, numbers, units):
    """Return the multiply-adds of an ANN with one hidden layer for a row of words, each `numbers` numbers long.

    Every number goes to every unit, and every unit to the answer. As one-hot rows the words have as many numbers as the
    vocabulary has words.
    """
    return words * numbers * units + units


def multiply_adds_rnn(words, numbers, units, gates=1):
    """Return those of a recurrent net: at every word its numbers and the old state go to every unit, at the end to the answer.

    An LSTM does so four times (gates=4). What an LSTM multiplies number by number, 3 * units a word, is left out.
    """
    return words * gates * (numbers + units) * units + units


if __name__ == "__main__":
    record("rnn_reviews", train_reviews)
    record("rnn_review_order", train_order)
    record("rnn_plain", train_plain)
    record("rnn_moved", train_moved)
    record("rnn_longer", train_longer)
