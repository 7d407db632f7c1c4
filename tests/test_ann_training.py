"""The explorers that train: the same numbers as the scratch model, data kept apart, and sentences that fit the run."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.explorers import ann
from helpers.scratch.dense import Dense
from helpers.scratch.losses import binary_crossentropy, mean_squared_error
from helpers.scratch.optimizers import Adam
from helpers.scratch.sequential import Sequential

SETTINGS = {
    **{"data": "moons", "noise": 0.2, "share": 60, "layers": 2, "neurons": 3, "activation": "relu"},
    **{"rate": 0.03, "l2": 0.01, "batch": 32, "seed": 4},
}


@pytest.fixture(scope="module")
def playground():
    return ann.explore_playground()


@pytest.fixture(scope="module")
def run():
    return ann.train_classifier(**SETTINGS)


def model_with(run, epoch):
    """Return a scratch model with the weights of a run after so many epochs."""
    hidden = [Dense(SETTINGS["neurons"], SETTINGS["activation"]) for _ in range(SETTINGS["layers"])]
    model = Sequential([*hidden, Dense(1, "sigmoid")])
    model.build((None, 2))
    model.set_weights([array[epoch] for array in run["weights"]])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("epoch", [0, 1, 77, 200])
def test_losses_and_outputs_of_all_epochs_at_once_are_those_of_the_model(run, epoch):
    model, points = model_with(run, epoch), run["data"]
    for part in ("train", "test"):
        x, y = points[f"x_{part}"], points[f"y_{part}"]
        loss, accuracy = model.evaluate(x, y)
        assert_allclose(run[f"{part}_loss"][epoch], loss, rtol=1e-9)
        weights = [array[epoch] for array in run["weights"]]
        assert ann.right_of(weights, points, part, "relu") == round(accuracy * len(y))
        assert_allclose(ann.outputs_of(weights, x, "relu")[-1], model.predict(x), rtol=1e-12)


def test_the_run_is_a_plain_fit_of_the_scratch_model(run):
    model = Sequential([*(Dense(3, "relu", l2=0.01) for _ in range(2)), Dense(1, "sigmoid", l2=0.01)], np.random.default_rng(4))
    model.compile(Adam(0.03), "binary_crossentropy")
    model.fit(run["data"]["x_train"], run["data"]["y_train"], epochs=200, batch_size=32)
    for ours, theirs in zip(run["weights"], model.get_weights(), strict=True):
        assert_array_equal(ours[-1], theirs)
    assert all(len(array) == 201 for array in run["weights"]) and run["batches"] == -(-150 // 32)


@pytest.mark.parametrize("data", ["spirals", ann.WINE, ann.TUMOURS])
@pytest.mark.parametrize("share", [10, 90])
def test_training_and_test_points_are_different_and_scaled_by_the_training_part_alone(data, share):
    points = ann.playground_data(data, 0.1, share)
    train, test = points["x_train"], points["x_test"]
    assert_allclose(train.mean(axis=0), 0, atol=1e-9)
    assert_allclose(train.std(axis=0), 1, rtol=1e-9)
    assert abs(test.mean(axis=0)).max() > 1e-6
    assert not {tuple(row) for row in train} & {tuple(row) for row in test} or data != "spirals"
    assert abs(len(train) / (len(train) + len(test)) - share / 100) < 0.01
    assert set(points["y_train"]) == {0, 1}


def test_every_neuron_is_shown_as_it_answers(playground):
    numbers = playground.reset().set(activation="tanh", layers=1, neurons=3).numbers
    places = ann.plane()
    assert_array_equal(places[0] < 0, [True, False])  # the first place is the upper left one
    expected = np.tanh(places @ numbers["weights_0"] + numbers["weights_1"])
    assert_allclose(numbers["hidden"][0][1], expected[:, 1].reshape(96, 96)[::2, ::2])
    assert_allclose(
        numbers["surface"].ravel()[:5], 1 / (1 + np.exp(-(expected[:5] @ numbers["weights_2"][:, 0] + numbers["weights_3"])))
    )


def test_the_epoch_slider_replays_and_does_not_train_again(playground, monkeypatch):
    playground.reset().set(seed=77)
    monkeypatch.setattr(ann, "train_classifier", lambda **settings: pytest.fail("trained again"))
    first = playground.set(epoch=0).numbers["train_loss"]
    assert_array_equal(playground.set(epoch=123).numbers["train_loss"], first)


def test_a_control_without_effect_does_not_train_again(playground, monkeypatch):
    playground.reset().set(data=ann.WINE, seed=3)
    monkeypatch.setattr(ann, "train_classifier", lambda **settings: pytest.fail("trained again"))
    playground.set(noise=0.5)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"epoch": 0}, "Nothing is learnt yet"),
        ({"layers": 0}, "always a straight line"),
        ({"activation": "linear"}, "the border is a straight line"),
        ({"l2": 0.1}, "L2 is so strong"),
        ({"rate": 1.0, "neurons": 8, "batch": 8, "layers": 3, "activation": "tanh"}, "learning rate"),
        ({"noise": 0.5, "share": 20, "neurons": 8, "epoch": 200}, "Overfitting"),
        ({"neurons": 1, "layers": 1}, "Both losses are alike, but still high"),
        ({}, "what was learnt from the training points also holds"),
    ],
)
def test_the_sentence_fits_the_run(playground, settings, sentence):
    assert sentence in playground.reset().set(**settings).description


def test_dead_neurons_are_named(playground):
    found = [playground.reset().set(activation="relu", neurons=1, layers=3, seed=seed).description for seed in range(12)]
    silent = [text for text in found if "answer 0 everywhere" in text]
    assert 0 < len(silent) < 12


def made_run(train_loss, test_loss, **others):
    numbers = {
        **{
            "last": len(train_loss) - 1,
            "train_loss": np.array(train_loss),
            "test_loss": np.array(test_loss),
            "exploded": False,
        },
        **{"layers": 1, "activation": "tanh", "l2": 0.0, "rate": 0.03, "hidden": np.ones((1, 2, 4, 4)), "train_right": 90},
        **{"weights_0": np.ones((2, 2)), "weights_2": np.ones((2, 1)), "y_train": np.zeros(100)},
    }
    return numbers | others


def test_the_sentence_says_that_a_loss_exploded():
    falling = np.linspace(0.7, 0.1, 101)
    assert "exploded" in ann.diagnosis(made_run(falling, falling, exploded=True))
    rising = np.linspace(0.7, 3, 101)
    assert "exploded" in ann.diagnosis(made_run(rising, rising))
    jumping = 0.7 + 0.3 * np.tile([1, -1], 51)[:101]
    assert "jumps up and down" in ann.diagnosis(made_run(jumping, jumping))


def test_overfitting_needs_a_test_loss_that_rises_while_the_training_loss_falls():
    falling, bowl = np.linspace(0.7, 0.01, 101), np.abs(np.linspace(-0.4, 0.5, 101)) + 0.2
    assert "Overfitting" in ann.diagnosis(made_run(falling, bowl))
    assert "by heart" not in ann.diagnosis(made_run(falling, bowl))
    assert "by heart" in ann.diagnosis(made_run(falling, bowl, train_right=99))
    assert "Overfitting" not in ann.diagnosis(made_run(bowl, bowl))
    assert "Overfitting" not in ann.diagnosis(made_run(falling, falling))
    one_jump = falling.copy()
    one_jump[-1] += 0.2
    assert "Overfitting" not in ann.diagnosis(made_run(falling, one_jump)), "one jump is no trend"


def test_weights_that_become_infinite_end_the_run():
    class Exploding(Sequential):
        def _train_on_batch(self, x, y):
            self.layers[0].weights["kernel"] *= 1e100
            return np.zeros((len(x), 1))

    model = Exploding([Dense(1)])
    model.compile("adam", "mean_squared_error")
    with np.errstate(over="ignore"):
        weights = ann.snapshots_of(model, np.ones((4, 2)), np.ones(4), 2, None)
    assert len(weights[0]) == 2 and np.isfinite(weights[0]).all()  # 1e200 after the first epoch, infinite after the second


def test_reset_stops_play(playground):
    playground._play.playing = True
    playground.reset()
    assert not playground._play.playing and playground.controls["epoch"].value == ann.EPOCHS


def test_the_next_seed_begins_again_after_the_last(playground):
    playground.reset().set(seed=99)
    playground._next_seed()
    assert playground.controls["seed"].value == 0


def test_long_trainings_show_a_bar_and_leave_none(playground):
    shares = []
    playground._progress.observe(lambda change: shares.append(change["new"]), "value")
    playground.reset().set(layers=3, neurons=2, batch=8, seed=5)
    assert len(shares) > 10 and shares == sorted(shares) and shares[-1] == 1
    assert playground._progress.layout.visibility == "hidden"
    count = len(shares)
    playground.reset().set(seed=6)
    assert len(shares) == count, "a short training shows no bar"


@pytest.mark.parametrize("w", [-3.0, 0.0, 0.6, 2.5])
def test_the_slope_of_the_walk_is_the_slope_of_the_loss(w):
    x, y = ann.patients()
    h = 1e-6
    assert_allclose(
        ann.slope_of(w, x, y), (ann.loss_of(w + h, x, y) - ann.loss_of(w - h, x, y)) / (2 * h), rtol=1e-6, atol=1e-8
    )


def test_the_walk_goes_downhill_and_ends_at_the_lowest_point():
    numbers = ann.explore_descent().set(rate=0.1, steps=40).numbers
    assert (np.diff(numbers["losses"]) < 0).all()
    assert_allclose(numbers["weights"][-1], numbers["best"], atol=1e-3)
    x, y = ann.patients()
    assert_allclose(numbers["best_loss"], min(ann.loss_of(w, x, y) for w in np.linspace(0, 1, 2001)), atol=1e-6)


def test_in_this_valley_a_rate_of_one_half_arrives_in_one_step_and_one_above_1_explodes():
    explorer = ann.explore_descent()
    assert_allclose(explorer.set(rate=0.5, steps=1).numbers["weights"][1], explorer.numbers["best"], atol=1e-9)
    assert explorer.set(rate=1.1, steps=10).numbers["losses"][-1] > explorer.numbers["losses"][0]
    assert "explodes" in explorer.description
    assert "explodes" not in explorer.set(rate=0.95, steps=10).description


@pytest.mark.parametrize("size", [8, 32, ann.PATIENTS])
def test_an_epoch_of_batches_shows_every_patient_once(size):
    count = min(-(-ann.PATIENTS // size), 41)
    shown = np.concatenate(ann.batches(size)[:count])
    assert len(set(shown)) == len(shown) == min(ann.PATIENTS, 41 * size)


@pytest.mark.parametrize("pair", ann.PAIRS)
def test_the_regression_compares_with_the_line_and_the_mean_on_the_same_points(pair):
    points = ann.regression_data(pair, 40)
    x, y = points["x_train"], points["y_train"]
    assert len(x) == 40 and len(points["x_test"]) == 200
    for nudge in (-0.01, 0.01):  # the line is the best one on the training points
        for slope, intercept in (
            (points["slope"] + nudge, points["intercept"]),
            (points["slope"], points["intercept"] + nudge),
        ):
            best = mean_squared_error(y, points["intercept"] + points["slope"] * x[:, 0])
            assert mean_squared_error(y, intercept + slope * x[:, 0]) > best
    assert_allclose(points["mean_loss"], np.mean(points["y_test"] ** 2))
    run = ann.train_regression(pair, 40, 4, "tanh", 0.03, 1)
    weights = [array[-1] for array in run["weights"]]
    answers = np.tanh(points["x_test"] @ weights[0] + weights[1]) @ weights[2] + weights[3]
    assert_allclose(run["test_loss"][-1], np.mean((answers[:, 0] - points["y_test"]) ** 2))


def test_cross_entropy_of_the_playground_is_the_one_of_scratch():
    points = {"x_train": np.array([[0.0, 0], [30, 0], [-30, 0]]), "y_train": np.array([1, 0, 0])}
    weights = [np.array([[[1.0], [0.0]]]), np.array([[0.0]])]
    p = 1 / (1 + np.exp(-points["x_train"][:, 0]))
    assert_allclose(ann.losses_of(weights, points, "train", "tanh"), [binary_crossentropy(points["y_train"], p)], rtol=1e-6)
