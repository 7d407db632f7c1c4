"""Recorded trainings of the lesson on LSTMs: forecasts of sunspots and of carbon dioxide, by networks and by simpler ways.

All is cut in the order of time: training, then validation (which chooses epochs and settings), then test. A way learns from the
training part alone. At an origin in the test part it may read a window of the past, and tells the months that follow.
"""

from helpers.keras_tools import set_seeds  # before Keras, which it keeps quiet

from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from helpers.datasets import load_co2, load_sunspots
from helpers.recordings.recording import record

UNITS, RATE, BATCH, PATIENCE = 32, 0.005, 32, 10
SMOOTH = 13  # months of the moving average


class Task(NamedTuple):
    """A series and how it is cut; all lengths are months."""

    numbers: np.ndarray  # (months,)
    validation: int  # the first month of the validation part
    test: int  # the first month of the test part
    scale: str  # what a network reads, a key of LAGS
    linear_scales: tuple  # what the linear ways may choose from
    epochs: int  # at most
    stretch: int  # how much a network reads at once in training
    every: int  # a new stretch begins so many months after the one before
    origins_every: int
    windows: tuple
    horizon: int
    season: int
    read: tuple  # lengths for `longer`


def tasks():
    """Return name -> Task."""
    sunspots, co2 = load_sunspots()[1], load_co2()[1]
    return {
        "sunspots": Task(
            *(sunspots, 2050, 2500, "level", ("root", "level"), 60, 132, 6, 12, (12, 66, 132, 264), 132, 132),
            read=(1, 3, 6, 12, 24, 66, 132, 264, 528, 1056),
        ),
        "co2": Task(
            *(co2, 336, 420, "month", ("year", "month"), 100, 60, 1, 3, (6, 12, 24, 60), 24, 12),
            read=(1, 3, 6, 12, 24, 60, 120, 240, 360),
        ),
    }


# Scaling. "level": the numbers. "root": their square root, because the noise of a count grows with the count. "year", "month":
# the rise since 12 months or 1 month before, because the level of carbon dioxide leaves its range of training, and its rise
# does not. What the LSTM reads was chosen on the validation part: the level was better than its root, a month than a year.

LAGS = {"root": 0, "level": 0, "raw": 0, "year": 12, "month": 1}


class Scale(NamedTuple):
    """Turns a series into what is learned, and forecasts back."""

    kind: str
    mean: float
    deviation: float

    @property
    def lag(self):
        return LAGS[self.kind]

    def inputs(self, numbers):
        """Return an array as long as the numbers; the first `lag` of it are NaN."""
        return (_changed(self.kind, numbers) - self.mean) / self.deviation

    def levels(self, forecasts, numbers, origins):
        """Return forecasts (origins, horizons) in the unit of the numbers; of these only those before each origin are used."""
        found = np.asarray(forecasts, dtype=float) * self.deviation + self.mean
        if not self.lag:
            found = np.maximum(found, 0)  # no number of spots, and no share of a gas, is below 0
        if self.kind == "root":
            return found**2
        for step in range(found.shape[1] if self.lag else 0):
            before = found[:, step - self.lag] if step >= self.lag else numbers[origins + step - self.lag]
            found[:, step] += before
        return found


def _changed(kind, numbers):
    if kind == "root":
        return np.sqrt(numbers)
    lag = LAGS[kind]
    return np.concatenate([np.full(lag, np.nan), numbers[lag:] - numbers[:-lag]]) if lag else numbers


def scale_of(kind, numbers, training):
    """Return the Scale whose mean and deviation are those of the training part; "raw" changes nothing."""
    known = _changed(kind, numbers)[LAGS[kind] : training]
    return Scale(kind, 0.0, 1.0) if kind == "raw" else Scale(kind, known.mean(), known.std())


# Networks.


def network(cell="LSTM", outputs=1):
    """Return a network that reads a series of any length and, after each value, says the next `outputs` values."""
    recurrent = getattr(layers, cell)(UNITS, return_sequences=True)
    return keras.Sequential([keras.Input((None, 1)), recurrent, layers.Dense(outputs)])


def stretches(series, answers, starts, length, ahead):
    """Return x (stretches, length, 1) of the series, and y (stretches, length, ahead): the answers that follow each value."""
    places = np.asarray(starts)[:, None] + np.arange(length)
    return series[places][..., None], answers[places[..., None] + 1 + np.arange(ahead)]


def taught(task, series, seed, cell="LSTM", ahead=1, answers=None, rate=RATE, times=1):
    """Return a network that was trained on stretches of the series, and its history; validation chooses the epoch.

    `ahead` is how many values it says at once; `times` gives it more epochs.
    """
    answers = series if answers is None else answers
    first = np.flatnonzero(np.isfinite(series) & np.isfinite(answers))[0]
    length = task.stretch
    training = range(first, task.validation - length - ahead + 1, task.every)
    checks = range(task.validation - length, task.test - length - ahead + 1, task.every)
    x, y = stretches(series, answers, training, length, ahead)
    x_check, y_check = stretches(series, answers, checks, length, ahead)
    # A stretch of the validation part may begin before it: there nothing counts.
    counts = np.asarray(checks)[:, None] + np.arange(length) + 1 >= task.validation
    set_seeds(seed)
    model = network(cell, ahead)
    model.compile(keras.optimizers.Adam(rate), "mse")
    stop = keras.callbacks.EarlyStopping(patience=times * PATIENCE, restore_best_weights=True)
    validation = (x_check, y_check, counts.astype(float))
    options = {"batch_size": BATCH, "epochs": times * task.epochs, "validation_batch_size": len(x_check)}
    return model, model.fit(x, y, validation_data=validation, verbose=0, callbacks=[stop], **options).history


def step_by_step(model, read, horizon):
    """Return (rows, horizon): what the model says after reading (rows, window), its own output as the next input."""
    cell, head = model.layers[0].cell, model.layers[1]
    states = cell.get_initial_state(batch_size=len(read))
    said, value = [], None
    for step in range(read.shape[1] + horizon - 1):
        value = read[:, step : step + 1] if step < read.shape[1] else value
        output, states = cell(keras.ops.convert_to_tensor(value, "float32"), states, training=False)
        if step >= read.shape[1] - 1:
            value = head(output)
            said.append(np.asarray(value)[:, 0])
    return np.stack(said, axis=1)


def windows_before(series, origins, window):
    """Return (origins, window): the last values before each origin."""
    return series[np.asarray(origins)[:, None] + np.arange(-window, 0)]


def network_forecasts(task, scale, model, origins):
    """Return (origins, windows, horizons) in the unit of the numbers."""
    series = scale.inputs(task.numbers)
    found = []
    for window in task.windows:
        read = windows_before(series, origins, window)
        direct = model.output_shape[-1] == task.horizon
        said = model.predict_on_batch(read[..., None])[:, -1] if direct else step_by_step(model, read, task.horizon)
        found.append(scale.levels(said, task.numbers, origins))
    return np.stack(found, axis=1)


# Simpler ways.


def linear(series, training, past, ahead, answers=None):
    """Return (past + 1, ahead): least squares from the last `past` values, and 1, to the next ones, on the training part."""
    answers = series if answers is None else answers
    first = np.flatnonzero(np.isfinite(series) & np.isfinite(answers))[0]
    origins = np.arange(first + past, training - ahead + 1)
    rows = np.column_stack([windows_before(series, origins, past), np.ones(len(origins))])
    return np.linalg.lstsq(rows, answers[origins[:, None] + np.arange(ahead)], rcond=None)[0]


def linear_forecasts(task, scale, past, origins, direct):
    """Return (origins, horizons) in the unit of the numbers."""
    series = scale.inputs(task.numbers)
    weights = linear(series, task.validation, past, task.horizon if direct else 1)
    read = windows_before(series, origins, past)
    for _ in range(1 if direct else task.horizon):
        read = np.column_stack([read, read[:, -past:] @ weights[:-1] + weights[-1]])
    return scale.levels(read[:, past:], task.numbers, origins)


PASTS = (1, 2, 3, 6, 9, 12, 18, 24, 36, 48, 60, 66, 99, 132, 198, 264)


def best_linear(task, direct):
    """Return forecasts (origins, windows, horizons) and the choice (windows, 2): number of values and number of the scale.

    Both are chosen by the mean absolute error of all horizons in the validation part; no more values than the window has.
    """
    checks, origins = origins_in_validation(task), origins_in_test(task)
    scales = [scale_of(kind, task.numbers, task.validation) for kind in task.linear_scales]
    errors = {}
    for number, scale in enumerate(scales):
        # Least squares needs several rows for each weight.
        for past in (each for each in PASTS if each <= min(task.windows[-1], task.validation // 5)):
            said = linear_forecasts(task, scale, past, checks, direct)
            errors[past, number] = np.abs(said - truths(task, checks)).mean()
    found, choice = [], []
    for window in task.windows:
        past, number = min((each for each in errors if each[0] <= window), key=errors.get)
        found.append(linear_forecasts(task, scales[number], past, origins, direct))
        choice.append((past, number))
    return np.stack(found, axis=1), np.array(choice)


def plain_forecasts(task):
    """Return name -> (origins, horizons) of ways that learn little or nothing."""
    numbers, origins, ahead = task.numbers, origins_in_test(task), np.arange(task.horizon)
    cycles = ahead // task.season + 1
    seasonal = numbers[origins[:, None] + ahead - cycles * task.season]
    found = {
        "last value": np.repeat(numbers[origins - 1][:, None], task.horizon, axis=1),
        "mean of training": np.full(seasonal.shape, numbers[: task.validation].mean()),
        "seasonal naive": seasonal,
    }
    if task.season == 12:
        rise = np.array([np.mean(numbers[o - 60 : o] - numbers[o - 72 : o - 12]) for o in origins])  # a year, of five years
        found["seasonal naive and rise"] = seasonal + cycles * rise[:, None]
        for name, degree in (("line and months", 1), ("curve and months", 2)):
            found[name] = np.stack([trend_and_months(numbers[:origin], degree, task.horizon) for origin in origins])
    return found


def trend_and_months(known, degree, horizon):
    """Return (horizon,): least squares of a polynomial and 12 months on ALL known numbers, moved to fit the last 12 of them."""
    places = np.arange(len(known) + horizon)
    time = (places - len(known)) / 120
    rows = np.column_stack([np.eye(12)[places % 12], *(time**power for power in range(1, degree + 1))])
    weights = np.linalg.lstsq(rows[: len(known)], known, rcond=None)[0]
    fitted = rows @ weights
    return fitted[len(known) :] + np.mean(known[-12:] - fitted[: len(known)][-12:])


def origins_in_test(task):
    return np.arange(task.test, len(task.numbers) - task.horizon + 1, task.origins_every)


def origins_in_validation(task):
    return np.arange(task.validation, task.test - task.horizon + 1, task.origins_every)


def truths(task, origins):
    """Return (origins, horizons)."""
    return task.numbers[np.asarray(origins)[:, None] + np.arange(task.horizon)]


NETWORKS = {  # name -> kind of cell, whether it says all horizons at once, learning rate
    "LSTM": ("LSTM", False, RATE),
    "simple RNN": ("SimpleRNN", False, RATE),
    "simple RNN, lower rate": ("SimpleRNN", False, RATE / 5),
    "LSTM, all at once": ("LSTM", True, RATE),
}


def train_forecast(seed):
    """Train the networks on both series; return errors, and for seed 0 forecasts and weights.

    Keys begin with "sunspots: " or "co2: ". Of each way, such as "LSTM" or "linear, step by step": its mean absolute error
    (windows, horizons), in spots or parts per million; a way that reads no window has the same row for each. Also "windows"
    and "lengths read" in months, "mean" and "deviation" of the scaling, and of networks "<way>: validation loss" (epochs,),
    "<way>: weights", how many, and "<way>: one step, by length read" (lengths,). "<linear way>: chosen" (windows, 2) is how
    many values it reads, and which of the scales. `what_breaks` and `leak` say the others.
    For seed 0 also "origins" (the number of the first month that is forecast), "truths" (origins, horizons), "<way>: forecasts"
    (origins, windows, horizons), with one window for ways that read none or only the longest, and "weights_0" to "weights_4"
    of the LSTM: kernel, recurrent kernel, bias, and those of its dense layer.
    """
    found = {}
    for name, task in tasks().items():
        part = forecasts_of_all(task, seed) | what_breaks(task, seed)
        if name == "sunspots":
            part |= leak(task, seed)
        found |= {f"{name}: {key}": np.asarray(value) for key, value in part.items()}
    return found


def forecasts_of_all(task, seed):
    """Return the errors of all ways on one series, without the name of the series in the keys."""
    origins = origins_in_test(task)
    truth = truths(task, origins)
    scale = scale_of(task.scale, task.numbers, task.validation)
    series = scale.inputs(task.numbers)
    found = {"windows": task.windows, "mean": scale.mean, "deviation": scale.deviation}
    forecasts = {}
    for name, (cell, at_once, rate) in NETWORKS.items():
        model, history = taught(task, series, seed, cell, task.horizon if at_once else 1, rate=rate)
        forecasts[name] = network_forecasts(task, scale, model, origins)
        found |= {f"{name}: validation loss": history["val_loss"], f"{name}: weights": model.count_params()}
        if not at_once:
            found[f"{name}: one step, by length read"] = longer(task, series, model)
        if name == "LSTM" and seed == 0:
            found |= {f"weights_{place}": array for place, array in enumerate(model.get_weights())}
    found["lengths read"] = task.read
    for name, direct in (("linear, step by step", False), ("linear, all at once", True)):
        forecasts[name], found[f"{name}: chosen"] = best_linear(task, direct)
    for name, said in plain_forecasts(task).items():
        forecasts[name] = np.repeat(said[:, None], len(task.windows), axis=1)
    if seed == 0:
        found |= {"origins": origins, "truths": truth.astype(np.float32), "validation begins": task.validation}
        found |= {"test begins": task.test}
        kept = ("LSTM", "simple RNN", "LSTM, all at once", "linear, step by step", "linear, all at once")
        found |= {f"{name}: forecasts": forecasts[name].astype(np.float32) for name in kept}
        found |= {f"{name}: forecasts": forecasts[name][:, :1].astype(np.float32) for name in plain_forecasts(task)}
    return found | {name: np.abs(said - truth[:, None]).mean(axis=0) for name, said in forecasts.items()}


def longer(task, series, model):
    """Return (lengths,): the mean absolute error of the next value after reading so many, in deviations of training.

    The targets, in the test part, are the same for all lengths: so nothing but the length differs.
    """
    targets = np.arange(task.test, len(series), 4)
    errors = []
    for length in task.read:
        said = model.predict_on_batch(windows_before(series, targets, length)[..., None])[:, -1, 0]
        errors.append(np.abs(said - series[targets]).mean())
    return np.array(errors)


# What breaks.


def what_breaks(task, seed):
    """Return the errors of the LSTM that reads the numbers as they are ("no scaling"), also with three times the epochs.

    For a series that rises also "level": scaled by the mean and deviation of its level in training.
    """
    origins, found = origins_in_test(task), {}
    truth = truths(task, origins)
    ways = {"LSTM, no scaling": ("raw", 1), "LSTM, no scaling, three times the epochs": ("raw", 3)}
    if task.scale != "level":
        ways |= {"LSTM, level": ("level", 1)}
    for name, (kind, times) in ways.items():
        scale = scale_of(kind, task.numbers, task.validation)
        model, history = taught(task, scale.inputs(task.numbers), seed, times=times)
        forecasts = network_forecasts(task, scale, model, origins)
        found[name] = np.abs(forecasts - truth[:, None]).mean(axis=0)
        found[f"{name}: validation loss"] = history["val_loss"]
        if seed == 0:
            found[f"{name}: forecasts"] = forecasts[:, -1:].astype(np.float32)
    return found


def smoothed(numbers, centred):
    """Return the moving average of 13 months: six before, this one and six after (centred), or twelve before and this one."""
    means = np.convolve(numbers, np.ones(SMOOTH) / SMOOTH, "valid")
    front, back = (SMOOTH // 2, SMOOTH // 2) if centred else (SMOOTH - 1, 0)
    return np.concatenate([np.full(front, np.nan), means, np.full(back, np.nan)])


def leak(task, seed):
    """Return mean absolute errors of the next month, in spots: "leak: <answer> from <input>: LSTM" and "...: linear".

    What is asked for: the mean of 13 months with the next month in the middle ("middle mean"), the same with it at the end
    ("end mean"), or its "number". What is read: the same three up to now. A middle mean knows six months that are yet to come.
    """
    kinds = {"middle mean": smoothed(task.numbers, True), "end mean": smoothed(task.numbers, False), "number": task.numbers}
    asked = [("middle mean", each) for each in kinds] + [
        ("number", "middle mean"),
        ("number", "number"),
        ("end mean", "end mean"),
    ]
    found = {}
    for answer, read in asked:
        errors = one_step_errors(task, kinds[read], kinds[answer], seed)
        found |= {f"leak: {answer} from {read}: {way}": error for way, error in errors.items()}
    return found


def one_step_errors(task, inputs, answers, seed):
    """Return "LSTM" and "linear" -> mean absolute error of the answer of the next month, in the test part."""
    known = inputs[: task.validation][np.isfinite(inputs[: task.validation])]
    series, mean, deviation = (inputs - known.mean()) / known.std(), known.mean(), known.std()
    wanted = (answers - mean) / deviation
    # The last six months have no middle mean; they are left out for every way.
    targets = np.arange(task.test, len(series) - SMOOTH // 2)
    # The last answers of the validation part may hold numbers of the test part, but only validation sees them.
    model, _ = taught(task._replace(epochs=30), series, seed, answers=wanted)
    past = 66
    weights = linear(series, task.validation, past, 1, wanted)
    said = {"LSTM": model.predict_on_batch(windows_before(series, targets, task.stretch)[..., None])[:, -1, 0]}
    said["linear"] = windows_before(series, targets, past) @ weights[:-1, 0] + weights[-1, 0]
    return {way: np.abs(each - wanted[targets]).mean() * deviation for way, each in said.items()}


if __name__ == "__main__":
    record("lstm_forecast", train_forecast)
