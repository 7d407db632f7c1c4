"""Recorded trainings of the lesson on LSTMs: which digit was spoken? By recurrent nets and by simpler ways.

The same six voices are in both parts, most probably, for the data do not name the speakers: "new" means a new recording, not
a new voice. Run with: python -m helpers.recordings.lstm_gates_digits
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

import keras
import numpy as np
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from helpers.recordings.recording import record
from helpers.recordings.rnn_types_dates import teach
from helpers.series import SpokenDigits, spoken_digit_split

UNITS, DIGITS, NUMBERS = 64, 10, 13  # units of the LSTM, kinds of answers, numbers of a frame
RATE, EPOCHS = 0.005, 12
LONGEST = 45  # frames; of the few longer recordings (one in 200) the rest is cut off, to halve the time for all
PADDING = 99.0  # no scaled number is as large: Masking skips such frames
SHARES = (0.25, 0.5, 0.75, 1.0)  # of the frames of a recording
SIZES = (100, 300, 1000, 2400)  # recordings to learn from
WARPED = 150  # held-out recordings that are compared with all others by warping, which is slow


def scaled_split(seed):
    """Return train and held_out, with frames scaled by the mean and the standard deviation of the training frames."""
    train, held_out = (
        part._replace(frames=part.frames[:, :LONGEST], lengths=np.minimum(part.lengths, LONGEST))
        for part in spoken_digit_split(seed)
    )
    frames = train.frames[spoken(train)]
    mean, deviation = frames.mean(axis=0), frames.std(axis=0)
    return tuple(part._replace(frames=(part.frames - mean) / deviation) for part in (train, held_out))


def spoken(part):
    """Return which frames are no padding, (recordings, frames)."""
    return np.arange(part.frames.shape[1]) < part.lengths[:, None]


def rows(part, padding=PADDING):
    """Return the frames (recordings, frames, 13) with this number in those that are only padding."""
    return np.where(spoken(part)[..., None], part.frames, np.float32(padding))


def first(part, share):
    """Return the recordings cut after this share of their frames, rounded up."""
    return part._replace(lengths=np.ceil(share * part.lengths).astype(int))


def in_other_order(part, order):
    """Return the recordings with their frames in another order: order(length) returns the places."""
    frames = np.zeros_like(part.frames)
    for new, old, length in zip(frames, part.frames, part.lengths, strict=True):
        new[:length] = old[order(length)]
    return part._replace(frames=frames)


# Recurrent nets


def network(cell="LSTM", units=UNITS, mask=True):
    """Return a network from frames (recordings, frames, 13) to the probabilities of the ten digits, not yet compiled."""
    reader = [layers.Masking(PADDING)] if mask else []
    stack = [*reader, getattr(layers, cell)(units), layers.Dense(DIGITS, activation="softmax")]
    return keras.Sequential([keras.Input((None, NUMBERS)), *stack])


def units_for_as_many_weights():
    """Return the number of units that gives a simple RNN about as many weights as the LSTM has, the last layer included."""
    wanted, units = network().count_params(), np.arange(UNITS, 8 * UNITS)
    weights = units * (NUMBERS + units + 1) + (units + 1) * DIGITS
    return int(units[np.abs(weights - wanted).argmin()])


def taught(seed, train, cell="LSTM", units=UNITS, mask=True, padding=PADDING):
    """Return a network trained on these recordings, with as many updates whatever their number."""
    set_seeds(seed)
    model = network(cell, units, mask)
    teach(model, rows(train, padding), train.digits, RATE, EPOCHS * SIZES[-1] // len(train.digits))
    return model


def digits_of(model, part, padding=PADDING):
    """Return the most probable digit of each recording."""
    return model.predict(rows(part, padding), batch_size=200, verbose=0).argmax(axis=1)


def accuracy(model, part, padding=PADDING):
    """Return the share of recordings whose digit is recognised."""
    return np.mean(digits_of(model, part, padding) == part.digits)


# Simpler ways


def mean_and_deviation(part):
    """Return the mean and the standard deviation of the frames of each recording, (recordings, 26). No order is left."""
    pieces = [frames[:length] for frames, length in zip(part.frames, part.lengths, strict=True)]
    return np.array([np.concatenate([frames.mean(axis=0), frames.std(axis=0)]) for frames in pieces])


def thirds(part):
    """Return the mean of the beginning, of the middle and of the end of each recording, (recordings, 39)."""
    pieces = (np.array_split(frames[:length], 3) for frames, length in zip(part.frames, part.lengths, strict=True))
    # A recording of one or two frames has an empty third: the last frame stands for it.
    return np.array(
        [np.concatenate([(third if len(third) else three[0][-1:]).mean(axis=0) for third in three]) for three in pieces]
    )


def both(part):
    """Return all numbers of the two functions above, (recordings, 65)."""
    return np.hstack([mean_and_deviation(part), thirds(part)])


RIVALS = {  # name -> the numbers it takes, what it makes of them
    "logistic regression, mean and deviation": (mean_and_deviation, lambda: LogisticRegression(max_iter=2000)),
    "logistic regression, thirds": (both, lambda: LogisticRegression(max_iter=2000)),
    "nearest neighbour, thirds": (thirds, lambda: KNeighborsClassifier(1)),
    "support vectors, thirds": (both, lambda: SVC(C=10)),
}


def rival(name, train):
    """Return a function part -> share of digits recognised, by the rival of this name."""
    numbers, make = RIVALS[name]
    fitted = make_pipeline(StandardScaler(), make()).fit(numbers(train), train.digits)
    return lambda part: fitted.score(numbers(part), part.digits)


def by_warping(train, part):
    """Return the digits of the nearest training recordings, when time may be stretched: dynamic time warping.

    The cost of two recordings is the sum of the distances of frames that are said to belong together, along the best path on
    which neither goes back, divided by both lengths.
    """
    longest = train.lengths.max()
    known = train.frames[:, :longest].transpose(1, 0, 2).astype(np.float32)  # (frames, recordings, 13)
    squares = (known**2).sum(axis=2)
    ends, found = (train.lengths - 1, np.arange(len(train.digits))), []
    for frames, length in zip(part.frames.astype(np.float32), part.lengths, strict=True):
        sums = np.full((longest + 1, len(train.digits)), np.inf, dtype=np.float32)  # the best path to each place
        sums[0] = 0
        for frame in frames[:length]:
            costs = np.sqrt(np.maximum(squares - 2 * known @ frame + (frame**2).sum(), 0))
            shorter, here = np.minimum(sums[1:], sums[:-1]), np.full_like(sums, np.inf)
            for place in range(longest):
                here[place + 1] = costs[place] + np.minimum(shorter[place], here[place])
            sums = here
        found.append(train.digits[np.argmin(sums[1:][ends] / (train.lengths + length))])
    return np.array(found)


def train_digits(seed):
    """Train nets on 2,400 recordings; return the share of 600 new ones that they, and simpler ways, recognise.

    "<way>": for "LSTM", "simple RNN, as many weights", "GRU", "LSTM, no mask" (zeros behind the end are read as frames), "LSTM,
    shuffled" and "LSTM, reversed" (frames in another order, in training and in the test), "majority", the RIVALS, and
    "warping" (of the first 150 new recordings; "LSTM, the same 150" beside it). "<net>: weights" is its number of weights.

    "LSTM: confusion" (10, 10): row is the digit spoken, column the answer. "shares" and "LSTM: by share", "<rival>: by share",
    (shares,): only the first part of each new recording is heard. "sizes" and "LSTM: by size", "<rival>: by size", (sizes,):
    with fewer recordings to learn from; the LSTM is updated as often.
    """
    train, held_out = scaled_split(seed)
    found = {"shares": SHARES, "sizes": SIZES, "majority": np.bincount(train.digits).max() / len(train.digits)}
    found |= recurrent(train, held_out, seed)
    for name in RIVALS:
        recognised = rival(name, train)
        found[name] = recognised(held_out)
        found[f"{name}: by share"] = [recognised(first(held_out, share)) for share in SHARES]
        found[f"{name}: by size"] = [rival(name, fewer(train, size))(held_out) for size in SIZES]
    some = fewer(held_out, WARPED)
    return found | {"warping": np.mean(by_warping(train, some) == some.digits)}


def fewer(part, size):
    """Return the first recordings; they are in random order."""
    return SpokenDigits(*(column[:size] for column in part))


def recurrent(train, held_out, seed):
    """Return the figures of `train_digits` for the nets."""
    model = taught(seed, train)
    answers = digits_of(model, held_out)
    found = {"LSTM": np.mean(answers == held_out.digits), "LSTM: weights": model.count_params()}
    found["LSTM: confusion"] = confusion_matrix(held_out.digits, answers, labels=range(DIGITS))
    found["LSTM, the same 150"] = np.mean((answers == held_out.digits)[:WARPED])
    found["LSTM: by share"] = [accuracy(model, first(held_out, share)) for share in SHARES]
    few = [accuracy(taught(seed, fewer(train, size)), held_out) for size in SIZES[:-1]]
    found["LSTM: by size"] = [*few, found["LSTM"]]

    for name, cell, units in (("simple RNN, as many weights", "SimpleRNN", units_for_as_many_weights()), ("GRU", "GRU", UNITS)):
        model = taught(seed, train, cell, units)
        found |= {name: accuracy(model, held_out), f"{name}: weights": model.count_params()}
    found["LSTM, no mask"] = accuracy(taught(seed, train, mask=False, padding=0), held_out, padding=0)
    rng = np.random.default_rng(seed)
    for name, order in {"shuffled": rng.permutation, "reversed": lambda length: np.arange(length)[::-1]}.items():
        changed = [in_other_order(part, order) for part in (train, held_out)]
        found[f"LSTM, {name}"] = accuracy(taught(seed, changed[0]), changed[1])
    return found


if __name__ == "__main__":
    record("lstm_digits", train_digits)
