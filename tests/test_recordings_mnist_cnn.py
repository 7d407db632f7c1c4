"""The recorded trainings of lesson 04: weights give the accuracies beside them, and the parts do what the lesson says."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers.datasets import load_recorded, mnist_split
from helpers.explorers.cnn_digits import digit_network
from helpers.scratch.gabor import selectivity, tuning_curve

SEEDS = [0, 1, 2]
NAMES = ("cnn_mnist", "cnn_parts", "cnn_shuffled", "cnn_kernels")
OTHER_SIZE = ("no convolution", "no pooling", "no dense layer")  # all others have about as many weights as the whole


@pytest.fixture(scope="module")
def mnist():
    return load_recorded("cnn_mnist")


@pytest.fixture(scope="module")
def parts():
    """Return name -> accuracies (3 seeds, 5 shifts)."""
    runs = load_recorded("cnn_parts")
    names = [key.removesuffix(": moved") for key in runs[0] if key.endswith(": moved")]
    return {name: np.array([run[f"{name}: moved"] for run in runs.values()]) for name in names}


@pytest.fixture(scope="module")
def shuffled():
    """Return name -> accuracies (3 seeds,)."""
    runs = load_recorded("cnn_shuffled")
    return {name: np.array([run[name] for run in runs.values()]) for name in runs[0]}


@pytest.fixture(scope="module")
def kernels():
    return load_recorded("cnn_kernels")


@pytest.fixture(scope="module")
def recordings():
    from helpers.recordings import cnn  # Keras comes with it

    return cnn


def selectivities(run, when):
    return [selectivity(tuning_curve(run[when][:, :, 0, place])[0]) for place in range(run[when].shape[3])]


@pytest.mark.parametrize("name", NAMES)
def test_there_are_three_seeds_and_they_differ(name):
    runs = load_recorded(name)
    assert list(runs) == SEEDS
    for other in (1, 2):
        assert runs[0].keys() == runs[other].keys()
        assert any(not np.array_equal(runs[0][key], runs[other][key]) for key in runs[0])


# The network of the lesson


@pytest.mark.parametrize("seed", SEEDS)
def test_the_recorded_weights_give_the_recorded_accuracies(mnist, seed):
    run, model = mnist[seed], digit_network(seed)
    assert model.count_params() == 56714
    for array, place in zip(model.get_weights(), range(8), strict=True):
        np.testing.assert_array_equal(array, run[f"weights_{place}"])
    _, _, x, y = mnist_split(seed=seed)
    assert x.shape == (1000, 28, 28)

    def right(down, to_the_right):
        moved = np.roll(x, (down, to_the_right), axis=(1, 2))[..., None].astype(np.float32)
        return np.mean(model.predict(moved).argmax(axis=1) == y)

    in_place = right(0, 0)
    assert_allclose(in_place, run["val_accuracy"][-1], atol=0.0011)  # one digit in a thousand may tip over
    assert_allclose(in_place, run["moved"][0], atol=0.0011)
    for pixels in (1, 3) if seed else (1, 2, 3, 4):
        ways = [right(0, pixels), right(0, -pixels), right(pixels, 0), right(-pixels, 0)]
        assert_allclose(np.mean(ways), run["moved"][pixels], atol=0.0011)


def test_the_curves_are_those_of_a_training(mnist):
    for run in mnist.values():
        assert all(run[name].shape == (10,) for name in ("loss", "accuracy", "val_loss", "val_accuracy"))
        assert (np.diff(run["loss"][:5]) < 0).all() and run["loss"][-1] < 0.2 * run["loss"][0]
        assert run["val_loss"][-1] < 0.5 * run["val_loss"][0]
        assert 0 < run["accuracy"][0] < run["accuracy"][-1] < 1


def test_the_mean_of_three_seeds_is_what_the_lesson_needs(mnist):
    assert np.mean([run["val_accuracy"][-1] for run in mnist.values()]) >= 0.965
    assert all((np.diff(run["moved"]) < 0).all() and run["moved"][4] < 0.5 for run in mnist.values())


def test_the_recording_is_another_run_of_the_whole_network(mnist, parts):
    """Ten epochs and twelve, the same data and seeds: what they reach is nearly the same."""
    for seed, run in mnist.items():
        assert_allclose(run["moved"], parts["whole"][seed], atol=0.02)


# The network without each of its parts


def test_each_network_has_the_weights_that_were_recorded(recordings):
    for run in load_recorded("cnn_parts").values():
        weights = {key.removesuffix(": weights"): int(run[key]) for key in run if key.endswith(": weights")}
        assert set(weights) == set(recordings.PARTS)
        for name in set(weights) - set(OTHER_SIZE):
            assert abs(weights[name] - 56714) < 0.01 * 56714, name
        assert weights["whole"] == 56714 and weights["no pooling"] == 1185162
        assert weights["ANN"] == weights["ANN with dropout"] >= weights["whole"]
        assert weights["no convolution"] < 0.1 * weights["whole"] and weights["no dense layer"] < 0.25 * weights["whole"]
    for name, make in recordings.PARTS.items():
        assert make().count_params() == weights[name], name


def test_each_network_lacks_what_its_name_says(recordings):
    for name, make in recordings.PARTS.items():
        kinds, is_ann = [type(layer).__name__ for layer in make().layers], name.startswith("ANN")
        assert ("Conv2D" in kinds) == (not is_ann and not name.startswith("no convolution")), name
        assert any("Pooling" in kind for kind in kinds) == (not is_ann and not name.startswith("no pooling")), name
        assert kinds.count("Dense") == (1 if name.startswith("no dense layer") else 2), name
        assert ("Dropout" in kinds) == (name != "ANN"), name
    layers = recordings.PARTS["no relu"]().layers
    assert [layer.activation.__name__ for layer in layers if hasattr(layer, "activation")] == ["linear"] * 3 + ["softmax"]
    assert not any("Max" in type(layer).__name__ for layer in layers), "the largest number is no straight sum either"


def test_the_cnn_is_better_than_the_ann_in_every_seed(parts):
    for name in ("ANN", "ANN with dropout"):
        assert (parts["whole"][:, 0] - parts[name][:, 0] > 0.02).all()
        assert (parts["whole"][:, 1:4].min(axis=0) > parts[name][:, 1:4].max(axis=0)).all(), "and when the digits move"


def test_without_convolution_it_is_worst(parts):
    without = ("no convolution", "no convolution, equal")
    others = [rows[:, 0] for name, rows in parts.items() if name not in without]
    for name in without:
        assert parts[name][:, 0].max() < np.min(others) - 0.05


def test_without_relu_it_is_worse_than_an_ann(parts):
    assert (parts["no relu"][:, 0] < parts["ANN"][:, 0]).all()
    assert parts["no relu"][:, 0].mean() < parts["ANN"][:, 0].mean() - 0.01


def test_the_hidden_dense_layer_is_hardly_missed(parts):
    for name in ("no dense layer", "no dense layer, equal"):
        assert abs(parts[name][:, 0].mean() - parts["whole"][:, 0].mean()) < 0.01


def test_twenty_times_as_many_weights_without_pooling_are_not_better(parts):
    whole, without = parts["whole"], parts["no pooling"]
    assert (without[:, 0] <= whole[:, 0]).all()
    assert without[:, 2].max() < whole[:, 2].min() - 0.05, "and much worse where the digits are moved by two pixels"
    assert parts["no pooling, equal"][:, 0].max() < whole[:, 0].min()


def test_shares_are_shares_and_more_moves_hurt_more(parts):
    assert all((rows > 0).all() and (rows < 1).all() and (np.diff(rows.mean(axis=0)) < 0).all() for rows in parts.values())


# Shuffled pixels


def test_in_place_the_cnn_wins_and_with_shuffled_pixels_the_ann(shuffled):
    assert (shuffled["whole, in place"] - shuffled["ANN, in place"] > 0.02).all()
    assert shuffled["whole, shuffled"].mean() < shuffled["ANN, shuffled"].mean()
    assert (shuffled["whole, in place"] - shuffled["whole, shuffled"] > 0.04).all()


def test_the_ann_does_not_mind_the_order_of_the_pixels(shuffled):
    assert_allclose(shuffled["ANN, shuffled"].mean(), shuffled["ANN, in place"].mean(), atol=0.01)


def test_the_pixels_in_place_are_the_training_of_the_parts(shuffled, parts):
    for name in ("whole", "ANN"):
        assert_allclose(shuffled[f"{name}, in place"], parts[name][:, 0], atol=0.0051)


# Kernels


def test_the_kernels_changed_and_tell_photos_apart(kernels):
    for run in kernels.values():
        assert run["before"].shape == run["after"].shape == (9, 9, 1, 16)
        assert np.linalg.norm(run["after"] - run["before"]) > np.linalg.norm(run["before"])
        assert run["accuracy"] > 4 / 9, "nine photos: by chance it would be 1 in 9"


def test_learnt_kernels_answer_more_to_one_direction_in_every_seed(kernels):
    for run in kernels.values():
        assert np.median(selectivities(run, "after")) > np.median(selectivities(run, "before")) + 0.1


def test_test_patches_come_from_the_right_quarter_of_each_photo_and_the_others_do_not(recordings, monkeypatch):
    """In photos whose columns are all different, a patch shows where it was cut out."""
    photos = [np.tile(row, (100, 1)) for row in np.random.default_rng(0).random((2, 300))]
    monkeypatch.setattr(recordings, "PHOTOS", ("one",))
    monkeypatch.setattr(recordings, "load_photo", lambda name, grey: photos[0])
    monkeypatch.setattr(recordings, "load_textures", lambda: {"two": photos[1]})
    x, y, x_test, y_test = recordings.photo_patches(0, count=40, size=24)
    assert x.shape == (80, 24, 24, 1) and x_test.shape == (20, 24, 24, 1) and x.dtype == np.float32
    assert list(np.bincount(y)) == [40, 40] and list(np.bincount(y_test)) == [10, 10]
    for patches, numbers, least, most in ((x, y, 0, 225 - 24), (x_test, y_test, 225, 300 - 24)):
        assert_allclose(patches.mean(axis=(1, 2, 3)), 0, atol=1e-6)
        assert_allclose(patches.std(axis=(1, 2, 3)), 1, atol=0.15)
        for patch, number in zip(patches, numbers, strict=True):
            rows = np.lib.stride_tricks.sliding_window_view(photos[number][0], 24)
            likeness = [np.corrcoef(row, patch[0, :, 0])[0, 1] for row in rows]
            assert max(likeness) > 0.999 and least <= np.argmax(likeness) < most


# Made again


@pytest.mark.slow
def test_a_new_run_of_one_seed_lies_within_the_recorded_spread(mnist, recordings):
    again = recordings.train_cnn(1)
    spread = [run["val_accuracy"][-1] for run in mnist.values()]
    assert min(spread) - 0.01 <= again["val_accuracy"][-1] <= max(spread) + 0.01
    assert [again[f"weights_{place}"].shape for place in range(8)] == [mnist[1][f"weights_{place}"].shape for place in range(8)]


@pytest.mark.slow
def test_kernels_learnt_again_are_as_selective(kernels, recordings):
    again = recordings.train_kernels(1)
    assert np.median(selectivities(again, "after")) > np.median(selectivities(again, "before"))
    spread = [run["accuracy"] for run in kernels.values()]
    assert min(spread) - 0.03 <= again["accuracy"] <= max(spread) + 0.03
    assert_allclose(again["before"], kernels[1]["before"], atol=1e-6)
