"""Recorded trainings of the lesson on LSTMs: anomaly detection in a heartbeat, by networks and by simpler ways.

A network learns to say the next value of normal beats. Where it is wrong, something may be unusual. The recording has one
event, which proves little; so faults are INJECTED, too, into beats that were held out.
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from helpers.datasets import load_heartbeat
from helpers.recordings.recording import record
from helpers.series import ONE_ALARM, alarms, touches

EVERY = 4  # the mean of four samples is one value: 360 a second become 90
RATE = 90  # values a second; all lengths below are in values
TRAINING, VALIDATION = 900, 1200  # where these parts end; what follows is the test part
WARM_UP = 90  # at the start nobody can know what comes; nothing counts there
UNITS, STRETCH, BATCH, EPOCHS, PATIENCE = 32, 150, 16, 40, 8
SMOOTH = 9  # a score is the mean of the last 0.1 seconds
FACTORS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0)  # times the highest score in training and validation
KINDS = {  # fault -> its sizes
    "flattened beat": (0.3, 0.6, 0.9),  # share of the height that is missing
    "early beat": (0.1, 0.2, 0.3),  # share of the time between two beats
    "noise": (0.02, 0.05, 0.1),  # standard deviation in millivolts, for half a second
    "jump": (0.05, 0.1, 0.2),  # millivolts, for half a second
}
COPIES = 10  # of each kind and size


class Heart(NamedTuple):
    """The heartbeat with 90 values a second."""

    signal: np.ndarray  # (1875,) millivolts
    event: np.ndarray  # (1875,) bool


def heart():
    """Return the Heart."""
    signal, event, _ = load_heartbeat()
    return Heart(signal.reshape(-1, EVERY).mean(axis=1), event.reshape(-1, EVERY).any(axis=1))


# Ways. Each is made from the training part, and then gives (rows, values) scores for signals (rows, values); a score knows no
# later value. The exceptions wait: "median beat" until a beat is over, "between beats" for 0.1 seconds.


def train_network(signal, seed, cell):
    """Return a way that scores how wrong a recurrent network is about the next value."""
    mean, deviation = signal[:TRAINING].mean(), signal[:TRAINING].std()
    scaled = (signal - mean) / deviation
    parts = []
    for first, last in ((0, TRAINING), (TRAINING, VALIDATION)):
        places = np.arange(first, last - STRETCH, 4)[:, None] + np.arange(STRETCH)
        parts.append((scaled[places][..., None], scaled[places + 1][..., None]))
    set_seeds(seed)
    recurrent = getattr(layers, cell)(UNITS, return_sequences=True)
    model = keras.Sequential([keras.Input((None, 1)), recurrent, layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.005), "mse")
    stop = keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)
    options = {"batch_size": BATCH, "epochs": EPOCHS, "verbose": 0, "callbacks": [stop], "validation_batch_size": 64}
    history = model.fit(*parts[0], validation_data=parts[1], **options).history

    def score(signals):
        said = model.predict_on_batch((signals[:, :-1, None] - mean) / deviation)[..., 0] * deviation + mean
        return smooth(np.pad(np.abs(said - signals[:, 1:]), ((0, 0), (1, 0))))

    return score, history["val_loss"]


PASTS = (2, 5, 10, 20, 40, 80, 120)


def train_linear(signal):
    """Return a way that scores how wrong least squares on the last values is; validation chooses how many values."""

    def weights_and_error(past):
        rows = np.lib.stride_tricks.sliding_window_view(signal[:VALIDATION], past)[:-1]
        rows, answers = np.column_stack([rows, np.ones(len(rows))]), signal[past:VALIDATION]
        known = TRAINING - past
        weights = np.linalg.lstsq(rows[:known], answers[:known], rcond=None)[0]
        return weights, np.mean((rows[known:] @ weights - answers[known:]) ** 2)

    past = min(PASTS, key=lambda each: weights_and_error(each)[1])
    weights, _ = weights_and_error(past)

    def score(signals):
        rows = np.lib.stride_tricks.sliding_window_view(signals, past, axis=1)[:, :-1]
        wrong = np.abs(rows @ weights[:-1] + weights[-1] - signals[:, past:])
        return smooth(np.pad(wrong, ((0, 0), (past, 0))))

    return score, past


def beats(signal, height):
    """Return the places of the beats: the highest value of each piece above `height`, at least 0.3 seconds apart."""
    found = []
    for place in np.flatnonzero(signal > height):
        if found and place - found[-1] < ONE_ALARM:
            found[-1] = place if signal[place] > signal[found[-1]] else found[-1]
        else:
            found.append(place)
    return np.array(found, dtype=int)


BEFORE, AFTER = 24, 36  # what belongs to a beat: 0.27 seconds before its peak, and 0.4 after


def beat_height(signal):
    """Return the voltage above which there is a beat: half way from the usual value to the usual peak of training."""
    usual, peak = np.median(signal[:TRAINING]), np.median(np.sort(signal[:TRAINING])[-24:])  # two values near each peak
    return (usual + peak) / 2


def train_median_beat(signal):
    """Return a way that scores how far each beat is from the median of the beats of training, all along that beat."""
    height = beat_height(signal)
    whole = [place for place in beats(signal[:TRAINING], height) if BEFORE <= place < TRAINING - AFTER]
    usual = np.median([_cut(signal, place) for place in whole], axis=0)

    def score(signals):
        scores = np.zeros(signals.shape)
        for row, values in zip(scores, signals, strict=True):
            for place in beats(values, height):
                if BEFORE <= place < len(values) - AFTER:
                    far = np.sqrt(np.mean((_cut(values, place) - usual) ** 2))
                    piece = row[place - BEFORE : place + AFTER]
                    np.maximum(piece, far, out=piece)
        return scores

    return score


def _cut(signal, place):
    cut = signal[place - BEFORE : place + AFTER]
    return cut - np.median(cut)  # a slow drift of the voltage is nothing unusual


def train_interval(signal):
    """Return a way that scores how unusual the time since the beat before is: too long while waiting, or too short."""
    height = beat_height(signal)
    usual = np.median(np.diff(beats(signal[:TRAINING], height)))

    def score(signals):
        scores = np.zeros(signals.shape)
        for row, values in zip(scores, signals, strict=True):
            places = beats(values, height)
            for place, following in zip(places, [*places[1:], len(values)], strict=True):
                row[place:following] = np.maximum(np.arange(following - place) / usual - 1, 0)
            for early in places[1:][np.diff(places) < usual]:
                before = places[np.searchsorted(places, early) - 1]
                row[early : early + SMOOTH] = 1 - (early - before) / usual
        return scores

    return score


def between_beats(way, signal):
    """Return the way with score 0 within 0.1 seconds of each peak: there every way is wrong, and that hides smaller faults.

    It waits for 0.1 seconds, until it is known that a peak follows.
    """
    height = beat_height(signal)

    def score(signals):
        scores = way(signals)
        for row, values in zip(scores, signals, strict=True):
            for place in beats(values, height):
                row[max(place - SMOOTH, 0) : place + 2 * SMOOTH] = 0  # the mean of the last values holds the peak for longer
        return scores

    return score


def smooth(errors):
    """Return the mean of each value and the eight before it, along each row."""
    sums = np.cumsum(np.pad(errors, ((0, 0), (SMOOTH, 0))), axis=1)
    return (sums[:, SMOOTH:] - sums[:, :-SMOOTH]) / SMOOTH


# Alarms.


def on_the_recording(scores, event, threshold):
    """Return for each factor whether the event gives an alarm, and the false alarms a minute in the rest of the test part."""
    fault = np.flatnonzero(event)[[0, -1]] + (0, 1)
    tested = np.where(np.arange(len(scores)) >= VALIDATION, scores, 0)
    minutes = (len(scores) - VALIDATION - np.ptp(fault)) / RATE / 60
    found, false = [], []
    for factor in FACTORS:
        is_hit = touches(places := alarms(tested, factor * threshold), fault)
        found.append(is_hit.any())
        false.append((len(places) - is_hit.sum()) / minutes)
    return np.array(found), np.array(false)


# Injected faults.


class Faults(NamedTuple):
    """Copies of the beats between validation and event, each with one fault; the order is kind, size, copy."""

    signals: np.ndarray  # (120, values); the first two seconds are there to be read, and have no fault
    places: np.ndarray  # (120, 2): where the fault begins and ends
    labels: np.ndarray  # (120, 2): number of the kind, number of the size


READ = 200


def injected(data, seed):
    """Return Faults at random places."""
    rng = np.random.default_rng(seed)
    clean = data.signal[VALIDATION - READ : np.flatnonzero(data.event)[0]]
    peaks = beats(clean, beat_height(data.signal))
    peaks = peaks[(peaks > READ + BEFORE) & (peaks < len(clean) - AFTER)]
    signals, places, labels = [], [], []
    for number, (kind, sizes) in enumerate(KINDS.items()):
        for size_number, size in enumerate(sizes):
            for _ in range(COPIES):
                peak = rng.choice(peaks)
                anywhere = rng.integers(READ, len(clean) - RATE)
                signal, place = _FAULTS[kind](clean.copy(), size, peak, anywhere, rng)
                signals.append(signal)
                places.append(place)
                labels.append((number, size_number))
    return Faults(np.array(signals), np.array(places), np.array(labels))


def flattened_beat(signal, size, peak, anywhere, rng):
    part = slice(peak - 9, peak + 10)
    signal[part] -= size * (signal[part] - np.median(signal[peak - BEFORE : peak + AFTER]))
    return signal, (peak - 9, peak + 10)


def early_beat(signal, size, peak, anywhere, rng):
    """Leave out the time before a beat, so that it and all later ones come early; the last values are repeated at the end."""
    left_out = round(size * 74)  # of 0.82 seconds
    join = peak - BEFORE - left_out
    step = signal[join + left_out] - signal[join - 1]
    moved = np.concatenate([signal[:join], signal[join + left_out :], signal[-left_out:]])
    moved[join : join + 10] -= step * np.linspace(1, 0, 10)  # without this, a small jump would give the fault away
    return moved, (join, peak - left_out + 10)


def noise(signal, size, peak, anywhere, rng):
    signal[anywhere : anywhere + RATE // 2] += rng.normal(0, size, RATE // 2)
    return signal, (anywhere, anywhere + RATE // 2)


def jump(signal, size, peak, anywhere, rng):
    signal[anywhere : anywhere + RATE // 2] += size
    return signal, (anywhere, anywhere + RATE // 2)


_FAULTS = {"flattened beat": flattened_beat, "early beat": early_beat, "noise": noise, "jump": jump}


def on_faults(scores, faults, thresholds):
    """Return recall (thresholds, kinds, sizes), recall of all (thresholds,) and precision (thresholds,).

    Precision is the share of alarms that touch the fault; NaN where there is no alarm.
    """
    recall = np.zeros((len(thresholds), len(KINDS), 3))
    precision = np.full(len(thresholds), np.nan)
    scores = np.where(np.arange(scores.shape[1]) >= READ, scores, 0)
    for number, threshold in enumerate(thresholds):
        hits = []
        for row, place, label in zip(scores, faults.places, faults.labels, strict=True):
            is_hit = touches(alarms(row, threshold), place)
            recall[number, *label] += is_hit.any() / COPIES
            hits.extend(is_hit)
        precision[number] = np.mean(hits) if hits else np.nan
    return recall, recall.mean(axis=(1, 2)), precision


def train_anomaly(seed):
    """Return what seven ways find in the recording, and in 120 copies of event-free beats with an injected fault each.

    Of each way ("LSTM", "simple RNN", "linear", "LSTM, between beats", "linear, between beats", "median beat", "interval"):
    "threshold", the highest score in training and validation; for each of "factors" times this threshold "event found"
    (factors,), "false alarms per minute" (factors,), "recall" (factors,), "precision" (factors,), "found" (factors, kinds,
    sizes); and "scores" (1875,).
    "quiet: event found", "quiet: found" (kinds, sizes) and "quiet: recall" have the lowest threshold at which nothing before
    the event gives alarm, in the test part neither. Nobody knows it beforehand; it is the same luck for every way.
    "highest outside the event" and "highest in the event" are scores of the test part, as multiples of the threshold.
    For seed 0 also "signal", "event", "example signals" (kinds, values) and "example places" (kinds, 2).
    """
    data = heart()
    faults = injected(data, seed)
    lstm, lstm_losses = train_network(data.signal, seed, "LSTM")
    simple, simple_losses = train_network(data.signal, seed, "SimpleRNN")
    line, past = train_linear(data.signal)
    ways = {"LSTM": lstm, "simple RNN": simple, "linear": line}
    ways |= {f"{name}, between beats": between_beats(ways[name], data.signal) for name in ("LSTM", "linear")}
    ways |= {"median beat": train_median_beat(data.signal), "interval": train_interval(data.signal)}
    found = {"factors": FACTORS, "kinds": list(KINDS), "sizes": list(KINDS.values()), "rate": RATE, "warm up": WARM_UP}
    found |= {"training ends": TRAINING, "validation ends": VALIDATION, "linear: values": past}
    found |= {"LSTM: validation loss": lstm_losses, "simple RNN: validation loss": simple_losses}
    for name, way in ways.items():
        scores = way(data.signal[None])[0]
        # A way that reads 120 values has no score before; a beat that waits for its end has one all along.
        normal = scores[max(WARM_UP, past if name.startswith("linear") else 0) + SMOOTH : np.flatnonzero(data.event)[0]]
        threshold = normal[: VALIDATION - np.flatnonzero(data.event)[0]].max()
        event_found, false = on_the_recording(scores, data.event, threshold)
        recall, recall_of_all, precision = on_faults(way(faults.signals), faults, np.array(FACTORS) * threshold)
        quiet = 1.001 * normal.max()
        quiet_recall, quiet_recall_of_all, _ = on_faults(way(faults.signals), faults, [quiet])
        test = np.arange(len(scores)) >= VALIDATION
        figures = {
            "scores": scores,  # not rounded: a score may equal a threshold
            "threshold": threshold,
            "event found": event_found,
            "false alarms per minute": false,
            "found": recall,
            "recall": recall_of_all,
            "precision": precision,
            "quiet: event found": scores[data.event].max() > quiet,
            "quiet: found": quiet_recall[0],
            "quiet: recall": quiet_recall_of_all[0],
            "highest in the event": scores[data.event].max() / threshold,
            "highest outside the event": scores[test & ~data.event].max() / threshold,
        }
        found |= {f"{name}: {key}": value for key, value in figures.items()}
    if seed == 0:
        largest = [(len(KINDS[kind]) * number + 2) * COPIES for number, kind in enumerate(KINDS)]
        found |= {"signal": data.signal.astype(np.float32), "event": data.event}
        found |= {"example signals": faults.signals[largest].astype(np.float32), "example places": faults.places[largest]}
    return found


if __name__ == "__main__":
    record("lstm_anomaly", train_anomaly)
