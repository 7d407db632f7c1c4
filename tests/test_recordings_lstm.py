"""The recorded forecasts and anomaly scores: they say what the lesson says, and their parts do what they say."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_recorded
from helpers.recordings import lstm_gates_anomaly as anomaly
from helpers.recordings import lstm_gates_forecast as forecast


@pytest.fixture(scope="module")
def small():
    """Return a Task on a made-up series: a wave of 12 months that rises."""
    months = np.arange(200.0)
    wave = 50 + 0.1 * months + 5 * np.sin(months * np.pi / 6)
    return forecast.Task(wave, 120, 150, "month", ("year", "month"), 2, 24, 4, 5, (6, 24), 12, 12, (1, 6, 12))


# Forecasts: the parts.


@pytest.mark.parametrize("kind", ["root", "level", "raw", "year", "month"])
def test_a_scale_turns_what_really_follows_back_into_numbers(kind, small):
    scale = forecast.scale_of(kind, small.numbers, small.validation)
    series, origins = scale.inputs(small.numbers), np.array([30, 77, 160])
    assert np.isnan(series[: scale.lag]).all() and np.isfinite(series[scale.lag :]).all()
    said = series[origins[:, None] + np.arange(30)]
    assert_allclose(scale.levels(said, small.numbers, origins), small.numbers[origins[:, None] + np.arange(30)])


@pytest.mark.parametrize("kind", ["root", "level", "year", "month"])
def test_scales_and_forecasts_know_nothing_of_what_comes_later(kind, small):
    changed = np.where(np.arange(200) < small.validation, small.numbers, 1e6)
    scale, other = (forecast.scale_of(kind, each, small.validation) for each in (small.numbers, changed))
    assert scale == other
    origins, said = np.array([small.validation]), np.ones((1, 30))
    assert_allclose(scale.levels(said, small.numbers, origins), scale.levels(said, changed, origins))


def test_linear_ways_continue_a_wave_and_know_nothing_of_what_comes_later(small):
    scale, origins = forecast.scale_of("month", small.numbers, small.validation), np.array([150, 160])
    for direct in (False, True):
        said = forecast.linear_forecasts(small, scale, 12, origins, direct)
        assert_allclose(said, forecast.truths(small, origins), atol=1e-6)
        changed = small._replace(numbers=np.where(np.arange(200) < 150, small.numbers, 0))
        assert_allclose(forecast.linear_forecasts(changed, scale, 12, origins[:1], direct), said[:1])


def test_plain_ways_by_hand(small):
    said, truth = forecast.plain_forecasts(small), forecast.truths(small, forecast.origins_in_test(small))
    origin = forecast.origins_in_test(small)[0]
    assert origin == 150 and (said["last value"][0] == small.numbers[149]).all()
    assert said["mean of training"][0, 5] == pytest.approx(small.numbers[:120].mean())
    assert_allclose(said["seasonal naive"], truth - 1.2)  # a year's rise
    for name in ("seasonal naive and rise", "line and months", "curve and months"):
        assert_allclose(said[name], truth, atol=1e-6)


def test_origins_leave_room_for_all_horizons():
    for task in forecast.tasks().values():
        origins, checks = forecast.origins_in_test(task), forecast.origins_in_validation(task)
        assert origins[0] == task.test and origins[-1] + task.horizon <= len(task.numbers)
        assert checks[0] == task.validation and checks[-1] + task.horizon <= task.test
        assert 0.19 < 1 - task.test / len(task.numbers) < 0.21


def test_stretches_hold_what_follows():
    x, y = forecast.stretches(np.arange(20.0), np.arange(20.0) * 10, [0, 7], 3, 2)
    assert x[..., 0].tolist() == [[0, 1, 2], [7, 8, 9]]
    assert y[1].tolist() == [[80, 90], [90, 100], [100, 110]]


@pytest.mark.parametrize("cell", ["LSTM", "SimpleRNN"])
def test_step_by_step_reads_its_own_output(cell):
    forecast.set_seeds(0)
    model, read = forecast.network(cell), np.random.default_rng(0).normal(size=(3, 7))
    said, so_far = forecast.step_by_step(model, read, 4), read
    for _ in range(4):
        so_far = np.column_stack([so_far, model.predict_on_batch(so_far[..., None])[:, -1]])
    assert_allclose(said, so_far[:, 7:], atol=1e-5)


def test_training_ends_before_validation(small, monkeypatch):
    asked = []
    real = forecast.stretches
    monkeypatch.setattr(forecast, "stretches", lambda *args: asked.append(args) or real(*args))
    forecast.taught(small, small.numbers / 50, 0, ahead=2)
    (_, _, training, length, ahead), (_, _, checks, _, _) = asked
    assert max(training) + length + ahead - 1 < small.validation  # the last answer
    assert max(checks) + length + ahead - 1 < small.test


def test_smoothed_by_hand():
    numbers = np.arange(40.0) ** 2
    middle, end = forecast.smoothed(numbers, True), forecast.smoothed(numbers, False)
    assert middle[10] == pytest.approx(numbers[4:17].mean()) and end[20] == pytest.approx(numbers[8:21].mean())
    assert np.isnan(middle[[5, 34]]).all() and np.isfinite(middle[6:34]).all()
    assert np.isnan(end[11]) and np.isfinite(end[12:]).all()


# Anomalies: the parts.


def test_the_heart_has_90_values_a_second_and_26_beats():
    data = anomaly.heart()
    places = anomaly.beats(data.signal, anomaly.beat_height(data.signal))
    assert data.signal.shape == (1875,) and len(places) == 26
    assert np.flatnonzero(data.event)[[0, -1]].tolist() == [1734, 1821] and data.event[places].sum() == 1
    assert np.flatnonzero(data.event)[0] > anomaly.VALIDATION


def test_alarms_by_hand():
    scores = np.zeros(200)
    scores[[10, 11, 30, 100, 199]] = 1
    assert anomaly.alarms(scores, 0.5).tolist() == [[10, 31], [100, 101], [199, 200]]
    assert anomaly.alarms(scores, 1).shape == (0, 2)
    assert anomaly.touches(np.array([[10, 31], [100, 101], [199, 200]]), (80, 100)).tolist() == [False, True, False]


def test_a_mean_of_the_last_values():
    errors = np.random.default_rng(0).random((2, 50))
    assert_allclose(anomaly.smooth(errors)[:, 20], errors[:, 12:21].mean(axis=1))


def test_scores_know_nothing_of_what_comes_later():
    data = anomaly.heart()
    changed = data.signal.copy()
    changed[1500:] = 0
    for way in (anomaly.train_linear(data.signal)[0], anomaly.train_interval(data.signal)):
        assert_allclose(way(data.signal[None])[0, :1490], way(changed[None])[0, :1490])
    part = np.where(np.arange(1875) < anomaly.VALIDATION, data.signal, 0)  # nor does training
    for train in (lambda signal: anomaly.train_linear(signal)[0], anomaly.train_interval, anomaly.train_median_beat):
        assert_allclose(train(data.signal)(data.signal[None]), train(part)(data.signal[None]))


def test_a_late_and_an_early_beat_have_an_unusual_interval():
    signal = np.zeros((1, 1200))
    signal[0, 70:900:70] = 1
    way = anomaly.train_interval(signal[0])
    signal[0, [910, 945, 1100]] = 1
    scores = way(signal)[0]
    assert scores[100:909].max() == pytest.approx(0) and scores[945] == pytest.approx(0.5)
    assert scores[1099] == pytest.approx(154 / 70 - 1)


def test_each_copy_has_one_fault_in_its_place():
    data = anomaly.heart()
    faults = anomaly.injected(data, 0)
    clean = data.signal[anomaly.VALIDATION - anomaly.READ : 1734]
    assert faults.signals.shape == (120, len(clean)) and len(faults.places) == len(faults.labels) == 120
    for signal, (first, last), (kind, _) in zip(faults.signals, faults.places, faults.labels, strict=True):
        changed = np.flatnonzero(signal != clean)
        assert changed[0] >= first >= anomaly.READ and last <= len(clean)
        if list(anomaly.KINDS)[kind] != "early beat":  # there all that follows comes early
            assert changed[-1] < last
    counts = np.unique(faults.labels, axis=0, return_counts=True)[1]
    assert_array_equal(counts, [anomaly.COPIES] * 12)


def test_perfect_scores_have_full_recall_and_precision():
    faults = anomaly.injected(anomaly.heart(), 0)
    scores = np.zeros(faults.signals.shape)
    for row, (first, last) in zip(scores, faults.places, strict=True):
        row[first:last] = 100
    recall, of_all, precision = anomaly.on_faults(scores, faults, [1, 50])
    assert recall.min() == pytest.approx(1) and of_all.min() == pytest.approx(1) and precision.min() == 1
    nothing = anomaly.on_faults(0 * scores, faults, [1])
    assert nothing[1].max() == 0 and np.isnan(nothing[2]).all()


def test_false_alarms_per_minute_by_hand():
    data, scores = anomaly.heart(), np.zeros(1875)
    scores[[500, 1300, 1400, 1750]] = 1.05  # one in training, two false ones in the test part, one in the event
    found, false = anomaly.on_the_recording(scores, data.event, 1)
    alarm = np.array(anomaly.FACTORS) < 1.05
    assert_array_equal(found, alarm)
    assert_allclose(false, np.where(alarm, 2 / ((1875 - 1200 - 88) / 90 / 60), 0))


# What was recorded: forecasts.


@pytest.fixture(scope="module")
def error(runs):
    """Return a function: series, way, row of the windows -> mean absolute error over all horizons, of each seed."""
    return lambda series, way, window=-1: runs("lstm_forecast", f"{series}: {way}")[:, window].mean(axis=1)


def test_least_squares_forecasts_sunspots_better_than_an_lstm(error):
    best = max(error("sunspots", way).max() for way in ("linear, step by step", "linear, all at once"))
    for network in ("LSTM", "LSTM, all at once", "simple RNN", "simple RNN, lower rate"):
        assert error("sunspots", network).min() > best + 2, network
    for window in (0, 1):  # also where both may read less
        assert error("sunspots", "linear, all at once", window).max() < error("sunspots", "LSTM", window).mean() - 2
    # All of them have learned something; the LSTM is only a little better than what was eleven years ago.
    assert error("sunspots", "LSTM").max() < error("sunspots", "seasonal naive").min() < error("sunspots", "last value").min()
    assert error("sunspots", "LSTM").max() < error("sunspots", "mean of training").min() - 10


def test_an_lstm_forecasts_carbon_dioxide_about_as_well_as_simpler_ways(error):
    lstm, curve, line = (error("co2", way) for way in ("LSTM", "curve and months", "linear, step by step"))
    assert curve.max() < lstm.mean() and line.max() < lstm.mean() and lstm.min() < curve.min() < line.min() < lstm.max()
    assert lstm.mean() < min(error("co2", f"simple RNN{rate}").mean() for rate in ("", ", lower rate")) - 0.1
    assert lstm.max() < error("co2", "seasonal naive and rise").min() < error("co2", "last value").min()


def test_what_lies_before_the_last_eleven_years_is_of_no_use_to_the_networks(runs):
    """The windows are 12, 66, 132 and 264 months."""
    lstm = runs("lstm_forecast", "sunspots: LSTM").mean(axis=2)
    assert lstm[:, 0].min() > lstm[:, 2].max() + 2
    assert_allclose(lstm[:, 3], lstm[:, 2], rtol=0.01)
    linear = runs("lstm_forecast", "sunspots: linear, step by step").mean(axis=2)[0]
    assert linear[1] > linear[2] + 5  # least squares does use what is older than 66 months
    assert runs("lstm_forecast", "sunspots: linear, step by step: chosen")[0, 2, 0] > 66


def test_much_longer_sequences_are_no_harm_here(runs):
    for series in ("sunspots", "co2"):
        read, trained = runs("lstm_forecast", f"{series}: lengths read")[0], forecast.tasks()[series].stretch
        one_step = runs("lstm_forecast", f"{series}: LSTM: one step, by length read")
        usual = one_step[:, read == trained][:, 0]
        assert (one_step[:, read > trained] < 1.03 * usual[:, None]).all() and read.max() >= 6 * trained
        assert (one_step[:, 0] > 1.3 * usual).all()  # the figure can see a loss: one value is too little


def test_numbers_that_are_not_scaled_teach_little(error):
    assert error("sunspots", "LSTM, no scaling").min() > error("sunspots", "LSTM").max() + 8
    more = error("sunspots", "LSTM, no scaling, three times the epochs")
    assert more.min() > error("sunspots", "LSTM").max() + 5 and (more < error("sunspots", "LSTM, no scaling")).all()
    assert error("co2", "LSTM, no scaling").min() > 200
    more = error("co2", "LSTM, no scaling, three times the epochs")
    assert more.min() > 100 and (more < error("co2", "LSTM, no scaling")).all()  # it creeps toward 340, one small step each


def test_a_level_that_leaves_its_range_cannot_be_forecast(error):
    assert error("co2", "LSTM, level").min() > 10 * error("co2", "LSTM").max()


def test_a_mean_with_later_months_in_it_is_a_leak(runs):
    def leak(case, way):
        return runs("lstm_forecast", f"sunspots: leak: {case}: {way}")

    for way in ("LSTM", "linear"):
        honest = min(leak(f"middle mean from {read}", way).min() for read in ("number", "end mean"))
        assert leak("middle mean from middle mean", way).max() < 0.45 * honest
        assert leak("number from middle mean", way).max() < 0.85 * leak("number from number", way).min()
        # A mean of earlier months looks as good, without a leak: its next value shares twelve months with this one.
        own = leak("end mean from end mean", way)
        assert_allclose(own, leak("middle mean from middle mean", way), rtol=0.1)
    assert leak("number from middle mean", "linear").max() < 0.5 * leak("number from number", "linear").min()


@pytest.mark.parametrize("series", ["sunspots", "co2"])
def test_recorded_weights_make_the_recorded_forecasts(series):
    run, task = load_recorded("lstm_forecast")[0], forecast.tasks()[series]
    model = forecast.network()
    model.set_weights([run[f"{series}: weights_{place}"] for place in range(5)])
    scale = forecast.Scale(task.scale, run[f"{series}: mean"], run[f"{series}: deviation"])
    origins, said = run[f"{series}: origins"], run[f"{series}: LSTM: forecasts"]
    again = forecast.network_forecasts(task, scale, model, origins)
    assert np.abs(again - said).mean() < 0.02 * said.std()
    truth = run[f"{series}: truths"]
    assert_allclose(np.abs(said - truth[:, None]).mean(axis=0), run[f"{series}: LSTM"], rtol=1e-4)


@pytest.mark.parametrize("series", ["sunspots", "co2"])
def test_the_simpler_ways_come_out_the_same_again(series, error):
    task = forecast.tasks()[series]
    truth = forecast.truths(task, forecast.origins_in_test(task))
    said = forecast.plain_forecasts(task) | {
        name: forecast.best_linear(task, direct)[0][:, -1]
        for name, direct in (("linear, step by step", False), ("linear, all at once", True))
    }
    for name, each in said.items():
        assert_allclose(error(series, name), np.abs(each - truth).mean(), rtol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("series", "margin"), [("sunspots", 3), ("co2", 0.1)])
def test_a_new_forecast_lies_within_the_recorded_spread(series, margin, error):
    task = forecast.tasks()[series]
    scale = forecast.scale_of(task.scale, task.numbers, task.validation)
    model, _ = forecast.taught(task, scale.inputs(task.numbers), 1)
    origins = forecast.origins_in_test(task)
    said = forecast.network_forecasts(task, scale, model, origins)[:, -1]
    again, recorded = np.abs(said - forecast.truths(task, origins)).mean(), error(series, "LSTM")
    assert recorded.min() - margin < again < recorded.max() + margin


# What was recorded: anomalies.

WAYS = ("LSTM", "simple RNN", "linear", "LSTM, between beats", "linear, between beats", "median beat", "interval")


@pytest.fixture(scope="module")
def found(runs):
    """Return a function: way, figure -> the figure of each seed."""
    return lambda way, figure: runs("lstm_anomaly", f"{way}: {figure}")


ONE = anomaly.FACTORS.index(1.0)  # the threshold at which training and validation give no alarm


def test_the_lstm_hardly_notices_the_event_and_a_stopwatch_does(found):
    assert found("LSTM", "event found")[:, ONE].sum() < 3 and found("LSTM", "quiet: event found").sum() < 3
    assert found("LSTM", "highest in the event").min() > 0.9 and found("LSTM", "highest in the event").max() < 1.2
    assert found("interval", "event found").all() and found("interval", "highest in the event").min() > 3
    assert found("interval", "highest in the event").min() > 2 * found("interval", "highest outside the event").max()
    for way in ("simple RNN", "linear, between beats"):
        assert found(way, "event found")[:, ONE].all() and found(way, "quiet: event found").all()
        assert found(way, "false alarms per minute")[:, ONE].max() == 0
    for way in ("linear", "median beat"):
        assert not found(way, "event found")[:, ONE].any()


def test_a_lower_threshold_finds_the_event_and_gives_false_alarms(found):
    false = found("LSTM", "false alarms per minute")
    assert false[:, ONE].max() == 0 and false[:, 0].min() > 30
    assert found("LSTM", "event found")[:, : ONE - 1].all()
    # One false alarm is the smallest number that can be counted in these seven seconds, and it is 9 in a minute.
    assert false[false > 0].min() == pytest.approx(1 / ((1875 - 1200 - 88) / 90 / 60))


def test_each_way_finds_other_injected_faults(found):
    kinds = load_recorded("lstm_anomaly")[0]["kinds"].tolist()
    assert kinds == ["flattened beat", "early beat", "noise", "jump"]
    lstm, interval = (found(way, "found")[:, ONE].mean(axis=0) for way in ("LSTM", "interval"))
    assert lstm[:2].max() < 0.2 and lstm[2:, 2].min() > 0.9  # it sees noise and jumps, and no beat that is wrong
    assert min(interval[1].min(), interval[0, 1:].min()) > 0.99 and interval[2:].max() == 0  # and a stopwatch the others


def test_least_squares_between_beats_finds_most_injected_faults(found):
    recall = {way: found(way, "quiet: recall").mean() for way in WAYS}
    assert max(recall, key=recall.get) == "linear, between beats" and recall["linear, between beats"] > 0.6
    assert recall["LSTM"] < recall["interval"] < recall["LSTM, between beats"]
    # It is the leaving out of the peaks that helps: the network gains by it, too.
    assert (found("LSTM, between beats", "quiet: recall") > found("LSTM", "quiet: recall") + 0.1).all()
    assert recall["LSTM"] > recall["linear"] + 0.1 and recall["LSTM"] > recall["simple RNN"] > recall["median beat"]


@pytest.mark.parametrize("way", WAYS)
def test_a_higher_threshold_finds_less_and_is_right_more_often(found, way):
    recall, precision = found(way, "recall"), found(way, "precision")
    assert (np.diff(recall, axis=1) <= 1e-9).all() and (recall[:, 0] > recall[:, -1] + 0.3).all()
    assert (np.nanmean(precision[:, :2], axis=1) < np.nanmean(precision[:, ONE:], axis=1)).all()
    assert_allclose(found(way, "found").mean(axis=(2, 3)), recall)


def test_recorded_scores_give_the_recorded_alarms(found):
    event = load_recorded("lstm_anomaly")[0]["event"]
    assert_array_equal(event, anomaly.heart().event)
    for way in WAYS:
        for seed in range(3):
            scores, threshold = found(way, "scores")[seed].astype(float), found(way, "threshold")[seed]
            # Some of the stored scores are rounded: one that is as high as a threshold may fall on its other side.
            is_found, false = anomaly.on_the_recording(scores, event, threshold)
            assert np.mean(is_found == found(way, "event found")[seed]) > 0.9
            assert np.mean(np.isclose(false, found(way, "false alarms per minute")[seed])) > 0.9


@pytest.mark.parametrize(
    ("way", "train"),
    [
        ("linear", lambda signal: anomaly.train_linear(signal)[0]),
        ("linear, between beats", lambda signal: anomaly.between_beats(anomaly.train_linear(signal)[0], signal)),
        ("median beat", anomaly.train_median_beat),
        ("interval", anomaly.train_interval),
    ],
)
def test_the_scores_of_the_simpler_ways_come_out_the_same_again(found, way, train):
    signal = anomaly.heart().signal
    assert_allclose(train(signal)(signal[None])[0], found(way, "scores")[0], atol=1e-4)


def test_between_beats_leaves_out_the_peaks_alone():
    data = anomaly.heart()
    scores = anomaly.between_beats(np.ones_like, data.signal)(data.signal[None])[0]
    peaks = anomaly.beats(data.signal, anomaly.beat_height(data.signal))
    assert scores[peaks].max() == 0 and scores[peaks[1:] - 20].min() == 1 and 0.5 < scores.mean() < 0.75


@pytest.mark.slow
def test_new_scores_lie_within_the_recorded_spread(found):
    again = anomaly.train_anomaly(1)
    for way in ("LSTM", "simple RNN"):
        for figure, margin in (("quiet: recall", 0.1), ("highest in the event", 0.2)):
            recorded = found(way, figure)
            assert recorded.min() - margin < again[f"{way}: {figure}"] < recorded.max() + margin
