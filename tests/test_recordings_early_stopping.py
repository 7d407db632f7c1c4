"""The recorded trainings on early stopping: they say what the lesson says, and they can be made again."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_recorded
from helpers.recordings import early_stopping as recording
from helpers.recordings.early_stopping import DATA, PATIENCE, SETTINGS, stop

TRIED = (1, 3, 10, 30)  # values of patience


@pytest.fixture(scope="module")
def recorded():
    return load_recorded("early_stopping_curves")[0]


@pytest.fixture(scope="module")
def ways():
    return load_recorded("early_stopping_l2")[0]


@pytest.fixture(scope="module")
def surface():
    return load_recorded("early_stopping_surface")[0]


def stops(recorded, data, validation=None, patience=PATIENCE):
    """Return the best and the last epoch of every run, stopped by a curve, such as "validation 50": two arrays (runs,)."""
    name = validation or f"validation {SETTINGS[data].validation[-1]}"
    return np.array([stop(curve, patience) for curve in recorded[f"{data}: {name}"]]).T


def after(recorded, figure, epochs):
    """Return a figure of every run after the given epochs (runs,)."""
    return recorded[figure][np.arange(len(epochs)), epochs]


def regret(recorded, data, validation=None, patience=PATIENCE):
    """Return how much higher the test loss at the best epoch is than the lowest test loss of the run, (runs,)."""
    best, _ = stops(recorded, data, validation, patience)
    return after(recorded, f"{data}: test", best) - recorded[f"{data}: test"].min(axis=1)


# The parts.


@pytest.mark.parametrize("data", DATA)
def test_no_example_is_in_two_parts(data):
    parts = recording.parts_of(data, 3)
    x, x_validation, x_test = ({tuple(row) for row in rows.tolist()} for rows in (parts.x, parts.x_validation, parts.x_test))
    if data == "reviews":  # short reviews of which few words are known may look alike
        assert len(x & x_test) < 0.01 * len(x_test)
    else:
        assert not x & x_test and not x & x_validation and not x_validation & x_test
    assert len(parts.x_validation) == SETTINGS[data].validation[-1]
    assert any((parts.x_test[:20] != other.x_test[:20]).any() for other in [recording.parts_of(data, 4)])


def test_inputs_and_targets_are_measured_in_standard_deviations_of_the_training_patients():
    parts = recording.parts_of("diabetes", 1)
    for values in (parts.x, parts.y):
        assert_allclose(values.mean(axis=0), 0, atol=1e-5)
        assert_allclose(values.std(axis=0), 1, rtol=1e-5)
    assert abs(parts.x_test.mean(axis=0)).max() > 0.02


def test_the_words_are_counted_in_the_training_reviews_alone():
    parts = recording.parts_of("reviews", 0)
    assert set(np.unique(parts.x)) == {0, 1}
    assert parts.x.sum(axis=0).min() >= 1  # a word of the test reviews alone would never come
    assert (parts.x_test.sum(axis=0) == 0).any()


@pytest.mark.parametrize("data", DATA)
def test_slope_is_how_fast_the_sum_of_the_output_changes(data):
    settings, parts = SETTINGS[data], recording.parts_of(data, 0)
    model = recording.network(settings, 0, parts.x.shape[1])
    x, y = parts.x_test[:3].astype(float), parts.y_test[:3].astype(float)

    def sums(rows):
        model.predict(rows)
        last = model.layers[-1].sums
        return (last * y).sum(axis=1) if y.shape[1] > 1 else last[:, 0]

    columns = range(x.shape[1])
    step = 1e-6 * np.eye(x.shape[1])
    gradient = np.array([(sums(x + step[column]) - sums(x - step[column])) / 2e-6 for column in columns])
    assert_allclose(recording.slope(model, x, y), np.sqrt(np.mean(np.sum(gradient**2, axis=0))), rtol=1e-4)


def test_the_weights_norm_leaves_out_the_biases():
    model = recording.network(SETTINGS["diabetes"], 0, 10)
    before = recording.weight_norm(model)
    for layer in model.layers:
        layer.weights["bias"] += 1
    assert recording.weight_norm(model) == before
    model.layers[0].weights["kernel"] *= 2
    kernels = [layer.weights["kernel"] for layer in model.layers]
    assert_allclose(recording.weight_norm(model) ** 2, sum(np.sum(kernel**2) for kernel in kernels))


def test_all_ways_of_a_run_begin_with_the_same_weights():
    settings = SETTINGS["digits"]
    plain, l2, dropout, other = (
        recording.network(settings, run, 784, **options).get_weights()
        for run, options in ((0, {}), (0, {"l2": 0.01}), (0, {"dropout": 0.5}), (1, {}))
    )
    for first, second, third in zip(plain, l2, dropout, strict=True):
        assert_array_equal(first, second)
        assert_array_equal(first, third)
    assert (plain[0] != other[0]).any()


def test_stop_gives_the_best_epoch_and_the_last_one():
    assert stop([3, 2, 1, 2, 2, 0], patience=2) == (2, 4)
    assert stop([3, 2, 1, 2, 2, 0], patience=3) == (5, 5)
    assert stop([3, 2.9, 2.8, 1], patience=2, min_delta=0.5) == (0, 2)


def test_rounded_keeps_four_digits():
    values = np.random.default_rng(0).lognormal(sigma=3, size=1000)
    again = recording.rounded(values)
    assert abs(again / values - 1).max() < 1e-4
    assert again.dtype == np.float32 and (again != values.astype(np.float32)).any()


# The curves.


@pytest.mark.parametrize("data", DATA)
def test_all_runs_are_there(recorded, data):
    settings = SETTINGS[data]
    names = [name for name in recorded if name.startswith(f"{data}: ")]
    assert len(names) == (9 if data == "diabetes" else 10)
    for name in names:
        assert recorded[name].shape == (settings.runs, settings.epochs) and np.isfinite(recorded[name]).all()
    halves = [recorded[f"{data}: test {half} half"] for half in ("first", "second")]
    assert_allclose(np.mean(halves, axis=0), recorded[f"{data}: test"], rtol=1e-3)


@pytest.mark.parametrize("data", DATA)
def test_training_loss_falls_while_validation_loss_falls_and_rises(recorded, data):
    settings = SETTINGS[data]
    training = recorded[f"{data}: training"].mean(axis=0)
    validation = recorded[f"{data}: validation {settings.validation[-1]}"].mean(axis=0)
    best = validation.argmin()
    assert 3 <= settings.epochs / (best + 1) <= 10
    assert (np.diff(training[:: settings.epochs // 20]) < 0).all()
    assert validation[-1] > 1.1 * validation[best] and validation[0] > 1.05 * validation[best]


@pytest.mark.parametrize("data", DATA)
def test_weights_and_slope_grow_all_the_time_on_average(recorded, data):
    for figure in ("weights", "slope"):
        mean = recorded[f"{data}: {figure}"].mean(axis=0)
        assert (np.diff(mean[:: SETTINGS[data].epochs // 10]) > 0).all()


@pytest.mark.parametrize("data", DATA)
def test_stopped_networks_have_a_lower_test_loss_than_those_trained_to_the_end(recorded, data):
    best, last = stops(recorded, data)
    stopped, end = after(recorded, f"{data}: test", best), recorded[f"{data}: test"][:, -1]
    assert np.mean(stopped < end) > 0.98
    assert stopped.mean() < 0.9 * end.mean()
    assert (last < SETTINGS[data].epochs - 1).all()  # no run would have needed more epochs


def test_stopping_hardly_changes_how_many_examples_are_named_wrongly(recorded):
    for data in ("digits", "reviews"):
        best, _ = stops(recorded, data)
        gain = recorded[f"{data}: test error"][:, -1] - after(recorded, f"{data}: test error", best)
        assert abs(gain.mean()) < 0.005  # less than half a percentage point
        assert 0.3 < np.mean(gain > 0) < 0.7


def test_more_validation_examples_leave_less_regret(recorded):
    for data in DATA:
        few, some, many = (regret(recorded, data, f"validation {count}").mean() for count in SETTINGS[data].validation)
        assert few > 1.5 * some and some > 1.4 * many and few > 2.5 * many


def test_patience_of_three_is_better_than_one_and_thirty_is_not_better_than_ten(recorded):
    for data in DATA:
        for count in SETTINGS[data].validation:
            one, three, ten, thirty = (regret(recorded, data, f"validation {count}", patience).mean() for patience in TRIED)
            assert three < one
            assert thirty >= ten  # with few examples a late lucky epoch may be chosen
            assert ten < 1.6 * three


def test_more_patience_costs_more_epochs(recorded):
    for data in DATA:
        one, three, ten, thirty = (stops(recorded, data, patience=patience)[1].mean() + 1 for patience in TRIED)
        assert one < three < ten < thirty
        assert thirty > ten + 15


def test_without_the_best_weights_much_patience_costs_loss(recorded):
    for data in DATA:
        best, last = stops(recorded, data, patience=30)
        assert after(recorded, f"{data}: test", last).mean() > after(recorded, f"{data}: test", best).mean() + 0.02


def test_a_part_that_chose_the_stop_looks_better_than_one_that_did_not(recorded):
    halves = ("first half", "second half")
    for data in DATA:
        gaps = []
        for chose, did_not in (halves, halves[::-1]):  # both ways: so it does not matter if one half is harder
            best, _ = stops(recorded, data, f"test {chose}")
            gaps.append(after(recorded, f"{data}: test {did_not}", best) - after(recorded, f"{data}: test {chose}", best))
        gap = np.mean(gaps, axis=0)
        assert gap.mean() > 4 * gap.std() / np.sqrt(len(gap))
        assert gap.mean() < 0.03
        # The fewer examples chose, the better they look: the smallest validation set more than the largest.
        small, large = (f"validation {SETTINGS[data].validation[place]}" for place in (0, -1))
        looks = [after(recorded, f"{data}: {name}", stops(recorded, data, name)[0]).mean() for name in (small, large)]
        tests = [after(recorded, f"{data}: test", stops(recorded, data, name)[0]).mean() for name in (small, large)]
        assert tests[0] - looks[0] > tests[1] - looks[1]


def test_stopped_networks_have_smaller_weights_and_flatter_functions(recorded):
    for data in DATA:
        best, _ = stops(recorded, data)
        for figure in ("weights", "slope"):
            values = recorded[f"{data}: {figure}"]
            assert (values[:, 0] < after(recorded, f"{data}: {figure}", best)).all()
            assert (after(recorded, f"{data}: {figure}", best) < values[:, -1]).all()
        # The slope grows by a far larger factor than the weights do.
        best_weights, best_slope = (after(recorded, f"{data}: {name}", best) for name in ("weights", "slope"))
        grown = recorded[f"{data}: slope"][:, -1] / best_slope
        assert grown.mean() > 1.2 * np.mean(recorded[f"{data}: weights"][:, -1] / best_weights)


# Other ways.


def mean_gain(ways, data, way, over="stopped", figure="test"):
    """Return how much lower a figure of a way is than that of another one, on average, and the standard error of that."""
    gain = ways[f"{data}: {over}: {figure}"] - ways[f"{data}: {way}: {figure}"]
    return gain.mean(), gain.std(ddof=1) / np.sqrt(len(gain))


def test_the_ways_are_those_of_the_curves(recorded, ways):
    for data in DATA:
        few = SETTINGS[data].few
        best, last = stops(recorded, data)
        assert all(len(ways[name]) == few for name in ways if name.startswith(f"{data}: "))
        # The curves are rounded, and so now and then another epoch is the best one.
        assert np.mean(best[:few] == ways[f"{data}: chosen: best epoch"]) >= 0.9
        assert np.mean(last[:few] == ways[f"{data}: chosen: last epoch"]) >= 0.9
        assert_allclose(recorded[f"{data}: test"][:few, -1], ways[f"{data}: to the end: test"], rtol=1e-3)


def test_strengths_were_offered_on_both_sides_of_those_chosen(ways):
    for data in DATA:
        chosen = ways[f"{data}: chosen: L2 strength"]
        for edge in (recording.STRENGTHS[data][0], recording.STRENGTHS[data][-1]):
            assert np.mean(chosen == edge) <= 0.35


def test_only_classifiers_without_fine_probabilities_have_no_loss(ways):
    without = {name for name, values in ways.items() if np.isnan(values).any()}
    expected = [("digits", "neighbours"), ("digits", "machine"), ("reviews", "machine")]
    assert without == {f"{data}: {all_}{way}: test" for data, way in expected for all_ in ("", "on all, ")}


def test_most_of_what_stopping_gains_in_cross_entropy_is_confidence(ways):
    for data in ("digits", "reviews"):
        stopped, _ = mean_gain(ways, data, "stopped", "to the end")
        cooled, _ = mean_gain(ways, data, "to the end, cooled", "to the end")
        assert cooled > 0.9 * stopped > 0.05
        assert_array_equal(ways[f"{data}: to the end, cooled: test error"], ways[f"{data}: to the end: test error"])
    stopped, _ = mean_gain(ways, "diabetes", "stopped", "to the end")
    cooled, _ = mean_gain(ways, "diabetes", "to the end, cooled", "to the end")
    assert cooled < 0.6 * stopped  # of a number, nearer to the mean is not enough


def test_l2_is_better_than_early_stopping_on_diabetes_and_not_on_the_others(ways):
    gain, error = mean_gain(ways, "diabetes", "L2")
    assert gain > 2 * error and gain > 0.01
    for data in ("digits", "reviews"):
        gain, error = mean_gain(ways, data, "L2")
        assert -0.02 < gain < 2 * error
    for data in DATA:
        assert mean_gain(ways, data, "L2", "to the end")[0] > 0.05


def test_weights_are_held_small_by_l2_and_hardly_by_stopping_though_the_functions_are_about_as_flat(ways):
    for data in DATA:
        l2, stopped = (ways[f"{data}: {way}: weights"] for way in ("L2", "stopped"))
        assert (l2 < 0.7 * stopped).all()
        l2, stopped, end = (ways[f"{data}: {way}: slope"].mean() for way in ("L2", "stopped", "to the end"))
        assert 0.6 * stopped < l2 < 1.1 * stopped and max(l2, stopped) < 0.7 * end


def test_which_plain_rivals_win(ways):
    gain, error = mean_gain(ways, "diabetes", "linear")
    assert gain > 2 * error  # ridge regression is better than the stopped network
    for data in ("digits", "reviews"):
        gain, error = mean_gain(ways, data, "linear")
        assert gain < -2 * error  # logistic regression is worse
    gain, error = mean_gain(ways, "digits", "machine", figure="test error")
    assert gain > 2 * error
    assert mean_gain(ways, "digits", "neighbours", figure="test error")[0] < -0.01
    assert mean_gain(ways, "reviews", "machine", figure="test error")[0] < -0.005
    # Naive Bayes names about as many reviews rightly, with probabilities that are worse.
    assert abs(mean_gain(ways, "reviews", "naive Bayes", figure="test error")[0]) < 0.01
    assert mean_gain(ways, "reviews", "naive Bayes")[0] < -0.01


def test_validation_examples_are_worth_more_as_training_examples(ways):
    for data in DATA:
        for way, without in (("on all, epochs", "stopped"), ("on all, L2", "L2"), ("on all, linear", "linear")):
            gain, error = mean_gain(ways, data, way, without, figure="test error")
            assert gain > 2 * error
        # Without a stop it is not the same: the number of epochs was worth something.
        assert mean_gain(ways, data, "on all, epochs", "on all, to the end")[0] > 0.05


# The surface.


def surface_predictions(surface, kept, x):
    model = recording.surface_network()
    model.set_weights([surface[f"weights {place}"][kept].astype(np.float32) for place in range(6)])
    return model, model.predict(x)


def test_recorded_weights_of_the_surface_give_the_recorded_curves(surface):
    for kept, epoch in enumerate(surface["epochs"]):
        for part in ("training", "validation", "test"):
            y = surface[f"{part}: y"][:, None]
            model, prediction = surface_predictions(surface, kept, surface[f"{part}: x"])
            assert_allclose(model.loss.forward(y, prediction), surface[f"{part}: loss"][epoch], atol=0.01)
            assert abs(recording.error(y, prediction) - surface[f"{part}: error"][epoch]) <= 1.5 / len(y)


def test_the_surface_overfits_and_its_stop_is_early(surface):
    validation, training = surface["validation: loss"], surface["training: loss"]
    best, _ = stop(validation[1:])
    best += 1  # the curve begins before the first epoch
    assert validation[best] == validation.min()
    assert training[-1] < 0.4 * training[best] and validation[-1] > 2 * validation[best]
    for figure in ("loss", "error"):
        assert surface[f"test: {figure}"][-1] > surface[f"test: {figure}"][best] + 0.04
        assert surface[f"training: {figure}"][-1] < surface[f"training: {figure}"][best] - 0.04
    assert best in surface["epochs"] and surface["epochs"][0] == 0 and surface["epochs"][-1] == len(validation) - 1


def test_the_stopped_surface_is_little_better_than_a_straight_line_and_the_last_one_is_worse(surface):
    best = surface["validation: loss"].argmin()
    for figure in ("loss", "error"):
        line, stopped, end = surface[f"linear: {figure}"], *surface[f"test: {figure}"][[best, -1]]
        assert line - 0.05 < stopped < line < end - 0.03


# Made again.


@pytest.mark.slow
@pytest.mark.parametrize("data", DATA)
def test_a_run_made_again_gives_the_recorded_curves(recorded, data):
    run = recording.curves(data, 1)
    for name in ("training", f"validation {SETTINGS[data].validation[0]}", "test", "weights", "slope"):
        assert_allclose(run[name], recorded[f"{data}: {name}"][1], rtol=0.02, atol=0.002)


@pytest.mark.slow
@pytest.mark.parametrize("data", DATA)
def test_ways_made_again_give_the_recorded_figures(ways, data):
    again = recording.neural_ways(data, 1) | {
        name: way for name, way in recording.plain_ways(data, 1).items() if name != "chosen"
    }
    assert again.pop("chosen")["L2 strength"] == ways[f"{data}: chosen: L2 strength"][1]
    for name, figures in again.items():
        assert_allclose(figures["test"], ways[f"{data}: {name}: test"][1], rtol=0.02)
        assert_allclose(figures["test error"], ways[f"{data}: {name}: test error"][1], atol=0.01)


def test_few_validation_examples_are_enough_where_examples_are_few():
    shares, ways = load_recorded("early_stopping_shares")[0], load_recorded("early_stopping_l2")[0]
    for data, count in (("diabetes", 100), ("digits", 500), ("reviews", 500)):
        assert_allclose(shares[f"{data}: {count}: test"], ways[f"{data}: stopped: test"], rtol=1e-6)  # the same split
    errors = [shares[f"digits: {count}: test error"].mean() for count in (50, 200, 500)]
    assert errors[0] < errors[1] < errors[2] - 0.02
    losses = [shares[f"diabetes: {count}: test"].mean() for count in (25, 50, 100)]
    assert max(losses) - min(losses) < 0.02


def test_shared_out_keeps_all_examples():
    parts = recording.parts_of("diabetes", 0)
    other = recording.shared_out(parts, 25)
    assert len(other.x) == len(other.y) == 225 and len(other.x_validation) == len(other.y_validation) == 25
    assert_array_equal(np.concatenate([other.x, other.x_validation]), np.concatenate([parts.x, parts.x_validation]))
    assert_array_equal(other.x_test, parts.x_test)


@pytest.mark.slow
def test_the_surface_made_again_has_the_recorded_curves(surface):
    again = recording.train_surface(0)
    for part in ("training", "validation", "test"):
        assert_allclose(again[f"{part}: loss"], surface[f"{part}: loss"], rtol=0.1)
        assert_array_equal(again[f"{part}: x"], surface[f"{part}: x"])
    assert_allclose(again["linear: loss"], surface["linear: loss"], rtol=1e-3)
