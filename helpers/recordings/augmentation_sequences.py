"""Recorded trainings of the lesson on augmentation: spoken digits moved and masked, and film reviews with words left out.

Run with: python -m helpers.recordings.augmentation_sequences
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import keras
import numpy as np
from keras import layers
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from helpers.datasets import film_review_split
from helpers.recordings.lstm_gates_digits import NUMBERS, both, fewer, rows, scaled_split, spoken
from helpers.recordings.recording import record
from helpers.scratch.tokenizer import Tokenizer

# Sound: which digit was spoken?

SOUND_SIZES, SOUND_TEST = (100, 1000), 500  # recordings
UPDATES, BATCH, RATE = 1000, 25, 0.005  # the same for all policies and sizes
MOVED, BAND = 5, 5  # the start moves by up to so many frames; up to so many frames are hidden
COPIES = 4  # changed copies of each recording beside it, for the support vector machine


def moved_in_time(part, rng):
    """Return the SpokenDigits, each starting up to MOVED frames sooner or later; the lengths change with it.

    Sooner: its first frames are cut off, but at least half of it is left. Later: its first frame is repeated in front.
    """
    frames = part.frames.shape[1]
    later = np.maximum(rng.integers(-MOVED, MOVED + 1, len(part.lengths)), -(part.lengths // 2))
    places = np.clip(np.arange(frames) - later[:, None], 0, frames - 1)
    moved = np.take_along_axis(part.frames, places[..., None], axis=1)
    return part._replace(frames=moved, lengths=np.minimum(part.lengths + later, frames))


def masked(part, rng):
    """Return the SpokenDigits, in each a band of 0 to BAND frames, and one of the 13 numbers in all frames, set to 0.

    The frames are scaled, so 0 is the mean. Source: SpecAugment, Park et al. 2019, who hide bands of a spectrum; of the 13
    numbers here each describes the whole spectrum.
    """
    count, frames, _ = part.frames.shape
    width = np.minimum(rng.integers(0, BAND + 1, count), part.lengths)
    start = rng.integers(0, part.lengths - width + 1)[:, None]
    band = (np.arange(frames) >= start) & (np.arange(frames) < start + width[:, None])
    one = np.arange(NUMBERS) == rng.integers(NUMBERS, size=count)[:, None]
    return part._replace(frames=np.where(band[..., None] | one[:, None, :], np.float32(0), part.frames))


SOUND = {
    "none": lambda part, rng: part,
    "moved": moved_in_time,
    "masked": masked,
    "moved and masked": lambda part, rng: masked(moved_in_time(part, rng), rng),
}
DROPOUT = "none, dropout 0.5"  # the plain rival: the recordings as they are, and half of the numbers left out at the end


def sound_network(frames, dropout=0.0):
    """Return a network of two 1-D convolutions. Its second input says which frames are real; no others reach its average."""
    heard, real = keras.Input((frames, NUMBERS)), keras.Input((frames, 1))
    h = layers.Conv1D(32, 5, padding="same", activation="relu")(layers.Multiply()([heard, real]))
    h = layers.MaxPooling1D(2, padding="same")(layers.Multiply()([h, real]))
    kept = layers.MaxPooling1D(2, padding="same")(real)
    h = layers.Multiply()([layers.Conv1D(64, 5, padding="same", activation="relu")(h), kept])
    mean = layers.Lambda(lambda both: keras.ops.sum(both[0], 1) / keras.ops.sum(both[1], 1))([h, kept])
    mean = layers.Dropout(dropout)(mean)
    return keras.Model([heard, real], layers.Dense(10, activation="softmax")(mean))


def inputs_of(part):
    """Return the two inputs of `sound_network`."""
    return [rows(part, 0), spoken(part)[..., None].astype(np.float32)]


def some_of(part, places):
    return type(part)(*(column[places] for column in part))


def teach_sound(train, policy, seed):
    """Return a network trained with batches of BATCH recordings; each time one comes it is changed anew."""
    set_seeds(seed)
    model = sound_network(train.frames.shape[1], dropout=0.5 if policy == DROPOUT else 0.0)
    rng, count = np.random.default_rng(seed), len(train.digits)
    falling = keras.optimizers.schedules.CosineDecay(RATE, UPDATES)
    adam = keras.optimizers.Adam(falling)
    model.compile(adam, "sparse_categorical_crossentropy", steps_per_execution=50, jit_compile=False)
    order = np.concatenate([rng.permutation(count) for _ in range(UPDATES * BATCH // count)])
    changed = SOUND.get(policy, SOUND["none"])(some_of(train, order), rng)
    model.fit(inputs_of(changed), changed.digits, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)
    return model


def sound_accuracy(model, part):
    return np.mean(model.predict_on_batch(inputs_of(part)).argmax(axis=1) == part.digits)


def machine_accuracy(train, test, policy, seed):
    """Return the accuracy of a support vector machine: means and deviations, taught with COPIES changed copies as well."""
    rng, copies = np.random.default_rng(seed), COPIES if policy != "none" else 0
    parts = [train, *(SOUND[policy](train, rng) for _ in range(copies))]
    numbers, digits = np.concatenate([both(part) for part in parts]), np.concatenate([part.digits for part in parts])
    return make_pipeline(StandardScaler(), SVC(C=10)).fit(numbers, digits).score(both(test), test.digits)


def train_sound(seed):
    """Train a network on 100 and 1,000 recordings of spoken digits, with each policy of SOUND, and with DROPOUT.

    "<size>: <policy>: train" is the share of training recordings, as they are, that it recognises, ": test" that of 500
    new ones, ": machine" that of a support vector machine on the mean and the deviation of the frames, and the means of the
    beginning, the middle and the end. The same six voices are in both parts, most probably: the file names no speakers.
    """
    train, held_out = scaled_split(seed)
    test, found = fewer(held_out, SOUND_TEST), {}
    for size in SOUND_SIZES:
        few = fewer(train, size)
        for policy in [*SOUND, DROPOUT]:
            model = teach_sound(few, policy, seed)
            found[f"{size}: {policy}: train"] = sound_accuracy(model, few)
            found[f"{size}: {policy}: test"] = sound_accuracy(model, test)
        for policy in SOUND:
            found[f"{size}: {policy}: machine"] = machine_accuracy(few, test, policy, seed)
    return found


# Text: is a film review good or bad?

TEXT_SIZES, VALIDATION, DRAWS = (300, 3000), 1000, 8  # reviews; copies of each beside it
TEXT = {"none": 0, "dropped 0.1": 0.1, "dropped 0.3": 0.3}  # policy -> the probability that a word is left out
CHOICES = (0.01, 0.03, 0.1, 0.3, 1, 3, 10)  # of C: the smaller, the smaller the weights
NEGATIONS = ("not", "never", "no", "n't", "isn't", "doesn't", "don't", "can't", "won't", "didn't", "wasn't", "cannot")
EXAMPLES = 12


def drop_words(words, probability, rng):
    """Return the list of words, each left out with this probability."""
    return [word for word, left in zip(words, rng.random(len(words)) >= probability, strict=True) if left]


def bag(reviews, y, probability, rng, strength):
    """Return logistic regression on which words are in a review, taught with DRAWS copies of each, in which words are left out.

    A review and its copies together weigh as much as the review alone: else the copies would loosen the hold on the weights,
    which is `strength`, as a larger C does.
    """
    copies = DRAWS if probability else 0
    more = [drop_words(words, probability, rng) for _ in range(copies) for words in reviews]
    counter = CountVectorizer(binary=True, analyzer=list).fit(reviews)
    model = LogisticRegression(C=strength, max_iter=1000)
    weights = np.full(len(y) * (1 + copies), 1 / (1 + copies))
    model.fit(counter.transform([*reviews, *more]), np.tile(y, 1 + copies), sample_weight=weights)
    return make_pipeline(counter, model)


def train_text(seed):
    """Teach bags of words with 300 and 3,000 film reviews, with each policy of TEXT; 1,706 new ones are the test.

    "<size>: <policy>: train" and ": test" are shares of right answers with C = 1, Scikit-learn's own; ": chosen train" and
    ": chosen test" those with the C of CHOICES that is best on 1,000 other reviews, ": chosen C".
    "<size>: naive Bayes: test" is that of a plain way that needs no C.

    "flips ..." say what dropping one word does to the bag of 3,000 reviews without augmentation, with C = 1. Of the new
    reviews that it reads rightly those with one word of NEGATIONS are taken. "flips count": how many; "flips negation": the
    share of them whose answer changes when that word is left out; "flips other": the same for a word drawn from the others.
    "flips text", "flips word", "flips label" and "flips probabilities" (examples, 2), those of good before and after, are the
    up to 12 shortest reviews whose answer changes without the negation.
    """
    x, y, x_test, y_test = film_review_split(seed)
    split = Tokenizer().words
    learn, test = ([split(text) for text in texts] for texts in (x[: TEXT_SIZES[-1] + VALIDATION], x_test))
    check, found = slice(TEXT_SIZES[-1], None), {}
    y_check = y[TEXT_SIZES[-1] : TEXT_SIZES[-1] + VALIDATION]
    for size in TEXT_SIZES:
        few = learn[:size], y[:size]
        bayes = make_pipeline(CountVectorizer(binary=True, analyzer=list), MultinomialNB()).fit(*few)
        found[f"{size}: naive Bayes: test"] = bayes.score(test, y_test)
        for policy, probability in TEXT.items():
            bags = {C: bag(*few, probability, np.random.default_rng(seed), C) for C in CHOICES}
            best = max(CHOICES, key=lambda C, bags=bags: bags[C].score(learn[check], y_check))
            for name, strength in {"": 1, "chosen ": best}.items():
                found[f"{size}: {policy}: {name}train"] = bags[strength].score(*few)
                found[f"{size}: {policy}: {name}test"] = bags[strength].score(test, y_test)
            found[f"{size}: {policy}: chosen C"] = best
    plain = bag(learn[: TEXT_SIZES[-1]], y[: TEXT_SIZES[-1]], 0, None, 1)
    return found | flips(plain, x_test, test, y_test, np.random.default_rng(seed))


def flips(model, texts, reviews, y, rng):
    """Return "flips ..." of train_text."""
    before, places = model.predict_proba(reviews)[:, 1], []
    for words in reviews:
        where = [place for place, word in enumerate(words) if word in NEGATIONS]
        places.append(where[0] if len(where) == 1 and len(words) > 1 else -1)
    taken = np.flatnonzero((np.array(places) >= 0) & ((before > 0.5) == y))

    def without(number, place):
        return [word for other, word in enumerate(reviews[number]) if other != place]

    others = [rng.choice(np.delete(np.arange(len(reviews[number])), places[number])) for number in taken]
    after = model.predict_proba([without(number, places[number]) for number in taken])[:, 1]
    after_other = model.predict_proba([without(number, place) for number, place in zip(taken, others, strict=True)])[:, 1]
    turned = (after > 0.5) != (before[taken] > 0.5)
    shortest = sorted(np.flatnonzero(turned), key=lambda place: len(reviews[taken[place]]))[:EXAMPLES]
    chosen = taken[shortest]
    return {
        "flips count": len(taken),
        "flips negation": turned.mean(),
        "flips other": np.mean((after_other > 0.5) != (before[taken] > 0.5)),
        "flips text": texts[chosen],
        "flips word": [reviews[number][places[number]] for number in chosen],
        "flips label": y[chosen],
        "flips probabilities": np.column_stack([before[chosen], after[shortest]]),
    }


def train_sequences(seed):
    """Return what `train_sound` and `train_text` return, "sound: ..." and "text: ..."."""
    return {f"{kind}: {key}": value for kind, train in TASKS.items() for key, value in train(seed).items()}


TASKS = {"sound": train_sound, "text": train_text}

if __name__ == "__main__":
    record("augmentation_sequences", train_sequences)
