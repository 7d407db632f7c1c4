"""Recorded trainings of the lesson on types of RNN: the picture of a letter to its name, letter by letter."""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

from collections import Counter

import keras
import numpy as np
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from helpers.pairs import END, START, answers_to_learn, characters_of, letter_split
from helpers.recordings.rnn_types_dates import generate, teach
from helpers.recordings.rnn_types_names import share_of_letters
from helpers.recordings.recording import record

RATE, EPOCHS, LONGEST = 0.004, 50, 34


def train_letters(seed):
    """Train a network to name pictures of letters; return how it and simpler ways do on letters with marks never seen together.

    "exact" is the share of pictures with the whole name right, "letter" and "mark" with that part right, "letters" the share
    of right letters of the names. `pictures` (48, 32, 32) uint8 are some of the held-out ones, with `names` and `written`.
    """
    train, held_out = letter_split(seed)
    characters = characters_of([*train.name, START, END])
    set_seeds(seed)
    model = captioner(len(characters))
    so_far, following = answers_to_learn(train.name, characters)
    teach(model, [train.picture[..., None], so_far], following, RATE, EPOCHS)
    written = generate(model, held_out.picture[..., None], characters, LONGEST)
    found = {"characters": characters, "weights": model.count_params()} | scores("LSTM", written, held_out)
    for name, way in {"most frequent": by_frequency, "nearest": by_neighbour, "two classifiers": by_two_classifiers}.items():
        found |= scores(name, way(train, held_out), held_out)
    found |= scores("CNN with two answers", by_two_answers(train, held_out, seed), held_out)
    if seed == 0:
        found |= {f"weights_{place}": array.astype(np.float16) for place, array in enumerate(model.get_weights())}
        found |= {"pictures": np.round(255 * held_out.picture[:48]).astype(np.uint8), "written": written[:48]}
        found |= {"names": held_out.name[:48], "drawn": held_out.character[:48], "fonts": held_out.font[:48]}
    return found


def captioner(characters=30, units=96):
    """Return the network, not yet compiled: picture (batch, 32, 32, 1) and name so far (batch, any length) -> probabilities.

    The picture becomes the first state of the decoder, the hidden state as well as the cell state. The output (batch, length
    of the name, characters) says, for each place, which character follows.
    """
    picture, so_far = keras.Input((32, 32, 1)), keras.Input((None,), dtype="int32")
    state = eyes(picture, units)
    write = layers.Embedding(characters, 32, mask_zero=True)(so_far)
    write = layers.LSTM(units, return_sequences=True)(write, initial_state=[state, state])
    return keras.Model([picture, so_far], layers.Dense(characters, activation="softmax")(write))


def eyes(picture, units):
    """Return what a CNN makes of pictures (batch, 32, 32, 1): (batch, units)."""
    for filters in (16, 32):
        picture = layers.MaxPooling2D()(layers.Conv2D(filters, 3, activation="relu")(picture))
    return layers.Dense(units, activation="tanh")(layers.Dropout(0.3)(layers.Flatten()(picture)))


def scores(name, written, letters):
    """Return the shares of pictures with the whole name, the letter and the mark right, and of letters of the names."""
    parts = np.array([(text + " with ").split(" with ")[:2] for text in written])
    found = {"exact": np.mean(written == letters.name), "letters": share_of_letters(written, letters.name)}
    found |= {"letter": np.mean(parts[:, 0] == letters.letter), "mark": np.mean(parts[:, 1] == letters.mark)}
    return {f"{name}: {what}": score for what, score in found.items()}


# Simpler ways.


def by_frequency(train, held_out):
    """Return the most frequent name for all pictures."""
    return np.repeat(Counter(train.name.tolist()).most_common(1)[0][0], len(held_out.name))


def by_neighbour(train, held_out):
    """Return the name of the training picture that is nearest pixel by pixel. It never is the right one."""
    return KNeighborsClassifier(1).fit(flat(train.picture), train.name).predict(flat(held_out.picture))


def by_two_classifiers(train, held_out):
    """Return the names that two linear classifiers of the pixels make, one of them for the letter and one for the mark."""
    return joined(
        *(
            LogisticRegression(C=10, max_iter=500).fit(flat(train.picture), answer).predict(flat(held_out.picture))
            for answer in (train.letter, train.mark)
        )
    )


def by_two_answers(train, held_out, seed, units=96):
    """Return the names that the CNN of the captioner makes with two outputs in place of a decoder: the letter and the mark."""
    kinds, answers = zip(*(np.unique(part, return_inverse=True) for part in (train.letter, train.mark)), strict=True)
    set_seeds(seed)
    picture = keras.Input((32, 32, 1))
    seen = eyes(picture, units)
    model = keras.Model(picture, [layers.Dense(len(each), activation="softmax")(seen) for each in kinds])
    teach(model, train.picture[..., None], list(answers), RATE, EPOCHS)
    shares = model.predict_on_batch(held_out.picture[..., None])
    return joined(*(each[share.argmax(axis=1)] for each, share in zip(kinds, shares, strict=True)))


def joined(letters, marks):
    """Return the names (pictures,) of letters with marks; a mark may be empty."""
    return np.array([f"{letter} with {mark}" if mark else letter for letter, mark in zip(letters, marks, strict=True)])


def flat(pictures):
    return pictures.reshape(len(pictures), -1)


if __name__ == "__main__":
    record("rnn_letters", train_letters)
