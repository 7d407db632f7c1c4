"""Recorded trainings of faces, roads and clips: the weights give the stored figures, and one seed can be trained again."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_faces, load_recorded, mnist_split
from helpers.roads import KINDS, draw_roads
from helpers.scratch.activations import relu, softmax
from helpers.scratch.convolution import Conv2D
from helpers.scratch.dense import Dense
from helpers.scratch.pooling import Flatten, GlobalAveragePooling2D, MaxPooling2D
from helpers.scratch.sequential import Sequential

DAYLIGHT, NO_MARKS, SHARP, NIGHT = range(4)


def rebuilt(layers, shape, run, prefix=""):
    """Return our own network with the recorded weights."""
    model = Sequential(layers)
    model.build((None, *shape))
    model.set_weights([run[f"{prefix}weights_{place}"] for place in range(len(model.get_weights()))])
    return model


def face_network(run, prefix=""):
    layers = [Conv2D(8, 3, activation="relu"), MaxPooling2D(), Conv2D(16, 3, activation="relu"), MaxPooling2D(), Flatten()]
    return rebuilt([*layers, Dense(16, "relu"), Dense(1, "sigmoid")], (25, 25, 1), run, prefix)


def road_network(run):
    layers = [Conv2D(8, 5, strides=2, activation="relu"), Conv2D(16, 3, activation="relu"), MaxPooling2D()]
    layers += [Conv2D(32, 3, activation="relu"), Flatten(), Dense(32, "relu"), Dense(1)]
    return rebuilt(layers, (32, 64, 1), run)


def frame_network(run, prefix, channels, filters, more_filters):
    layers = [Conv2D(filters, 3, activation="relu"), MaxPooling2D(), Conv2D(more_filters, 3, activation="relu")]
    return rebuilt([*layers, GlobalAveragePooling2D(), Dense(4, "softmax")], (20, 20, channels), run, prefix)


def mean_of(runs, figure):
    return np.mean([run[figure] for run in runs.values()], axis=0)


@pytest.fixture(scope="module")
def faces():
    return load_recorded("cnn_faces")


@pytest.fixture(scope="module")
def roads():
    return load_recorded("cnn_roads")


@pytest.fixture(scope="module")
def clip():
    return load_recorded("cnn_clip")


# Faces


@pytest.mark.parametrize("prefix", ["", "careful_"])
def test_the_face_weights_give_the_recorded_scores(faces, prefix):
    assert list(faces) == [0, 1, 2, 3, 4]
    x, y = load_faces()
    for run in faces.values():
        assert_array_equal(y[run["test"]], run["truth"])
        assert len(set(run["test"])) == 80 and run["truth"].sum() == 40
        model = face_network(run, prefix)
        assert model.count_params() == 5377
        scores = model.predict(x[run["test"], :, :, None])[:, 0]
        assert_allclose(scores, run[f"{prefix}scores"], atol=1e-4)
        assert_allclose(np.mean((scores > 0.5) == run["truth"]), run[f"{prefix}accuracy"], atol=1e-6)
        faces_alone = x[run["test"]][run["truth"] == 1][..., None]
        names = list(run["names"])
        for name, changed in (("mirrored", faces_alone[:, :, ::-1]), ("upside down", faces_alone[:, ::-1])):
            recorded = run[f"{prefix}strange"][names.index(name)]
            assert_allclose(np.mean(model.predict(changed) > 0.5), recorded, atol=0.026)  # one of 40 may tip over


def test_a_face_and_the_corner_of_the_same_photo_are_on_the_same_side(faces):
    for run in faces.values():
        assert_array_equal(np.sort(run["test"][run["truth"] == 1] + 100), np.sort(run["test"][run["truth"] == 0]))


def test_one_number_is_about_as_good_as_the_network(faces):
    x, _ = load_faces()
    for run in faces.values():
        differences = [np.abs(np.diff(x[run["test"]], axis=axis)).mean(axis=(1, 2)) for axis in (1, 2)]
        is_face = np.mean(differences, axis=0) > run["threshold"]
        assert_allclose(np.mean(is_face == run["truth"]), run["roughness"])
    assert mean_of(faces, "accuracy") >= 0.97
    assert mean_of(faces, "roughness") >= 0.95
    assert mean_of(faces, "accuracy") - mean_of(faces, "roughness") < 0.03
    assert mean_of(faces, "logistic") > mean_of(faces, "nearest")


def test_the_network_calls_a_torn_face_a_face_and_the_careful_one_does_not(faces):
    names = list(faces[0]["names"])
    plain, careful = mean_of(faces, "strange"), mean_of(faces, "careful_strange")
    for name in ("upside down", "halves swapped", "in 25 pieces"):
        assert plain[names.index(name)] > 0.9
    assert plain[names.index("grass")] > 0.8, "a lawn is as rough as a face"
    for name in ("halves swapped", "in 25 pieces", "grass", "brick", "gravel"):
        assert careful[names.index(name)] < 0.4
    assert mean_of(faces, "careful_accuracy") > 0.9


# Roads


def test_the_road_weights_give_the_recorded_errors(roads):
    assert list(roads) == [0, 1, 2]
    for seed, run in roads.items():
        model = road_network(run)
        assert model.count_params() == 55233
        assert tuple(run["names"]) == KINDS
        for place, kind in enumerate(KINDS):
            pictures, angles = draw_roads(500, 1000 + seed, kind)
            predicted = model.predict(pictures)[:, 0]
            assert_allclose(predicted, run["predicted"][place], atol=1e-3)
            assert_allclose(np.abs(predicted - angles).mean(), run["network"][place], atol=1e-4)
            assert_allclose(np.abs(angles).mean(), run["straight"][place])


def test_the_network_steers_best_where_it_learnt_and_worse_elsewhere(roads):
    network = mean_of(roads, "network")
    for name in ("straight", "mean", "ridge", "nearest", "machine"):
        assert network[DAYLIGHT] < 0.8 * mean_of(roads, name)[DAYLIGHT]
    assert network[DAYLIGHT] < 0.25 * mean_of(roads, "straight")[DAYLIGHT]
    assert (network[[NO_MARKS, SHARP, NIGHT]] > 2.5 * network[DAYLIGHT]).all()
    assert network[NO_MARKS] > 0.7 * mean_of(roads, "straight")[NO_MARKS], "hardly better than always straight ahead"
    assert network[NIGHT] > mean_of(roads, "machine")[NIGHT], "at night a simpler way is better"


def test_what_is_in_the_training_data_is_learnt(roads):
    network, widely = mean_of(roads, "network"), mean_of(roads, "all_kinds")
    assert (widely[[NO_MARKS, SHARP, NIGHT]] < 0.8 * network[[NO_MARKS, SHARP, NIGHT]]).all()
    assert widely[DAYLIGHT] > network[DAYLIGHT], "it saw fewer roads of this kind"


# Clips


def volume_scores(run, clips):
    """Return the probabilities of the recorded network of 3-D convolutions, (count, 4)."""
    kernel, bias, more_kernel, more_bias, dense, dense_bias = (run[f"volume_weights_{place}"] for place in range(6))
    maps = relu(convolved(clips[..., None], kernel) + bias)  # (count, 3, 18, 18, 8)
    maps = maps.reshape(len(maps), 3, 9, 2, 9, 2, 8).max(axis=(3, 5))
    maps = relu(convolved(maps, more_kernel) + more_bias)  # (count, 1, 7, 7, 16)
    return softmax(maps.mean(axis=(1, 2, 3)) @ dense + dense_bias)


def convolved(volumes, kernel):
    """Return the 3-D convolution of volumes (count, time, height, width, channels), written out."""
    time, height, width = (size - 2 for size in volumes.shape[1:4])
    return sum(
        volumes[:, t : t + time, row : row + height, column : column + width] @ kernel[t, row, column]
        for t, row, column in np.ndindex(3, 3, 3)
    )


@pytest.fixture(scope="module")
def make_clips():
    from helpers.recordings import cnn_applications  # Keras comes with it

    return cnn_applications.make_clips


def test_clips_move_one_or_two_pixels_in_their_direction(make_clips):
    digits = np.zeros((200, 28, 28), np.float32)
    digits[:, 10:18, 10:18] = 1
    clips, direction = make_clips(digits, 3)
    assert clips.shape == (200, 5, 20, 20) and clips.dtype == np.float32
    assert direction.shape == (200,) and set(direction) == {0, 1, 2, 3}
    steps = {0: (0, 1), 1: (1, 0), 2: (0, -1), 3: (-1, 0)}
    for clip, way in zip(clips > 0.75, direction, strict=True):
        likeness = [(np.roll(clip[0], 4 * speed * np.array(steps[way]), (0, 1)) & clip[4]).sum() for speed in (1, 2)]
        assert max(likeness) > 10 and clip[0].sum() < 60


def test_no_single_frame_gives_the_direction_away(make_clips):
    clips, direction = make_clips(mnist_split(0)[0], 5)
    means = np.array([clips[direction == way].mean(axis=0) for way in range(4)])  # (direction, frame, row, column)
    spread = clips.std(axis=0) / np.sqrt(len(clips) / 4)
    assert np.abs((means - means.mean(axis=0)) / spread).max() < 5, "every place is as likely in every frame"


def test_the_clip_weights_give_the_recorded_accuracies(clip, make_clips):
    assert list(clip) == [0, 1, 2]
    for seed, run in clip.items():
        clips, direction = make_clips(mnist_split(seed)[2], seed + 1000)
        channels = frame_network(run, "channels_", 5, 13, 26)
        alone = frame_network(run, "frame_", 1, 16, 24)
        scores = {
            "channels": channels.predict(np.moveaxis(clips, 1, -1)),
            "frame": alone.predict(clips[:, 2, ..., None]),
            "volume": volume_scores(run, clips),
        }
        for name, score in scores.items():
            assert_allclose(np.mean(score.argmax(axis=1) == direction), run[name], atol=0.0021)
        sizes = sum(run[f"volume_weights_{place}"].size for place in range(6)), channels.count_params(), alone.count_params()
        assert_array_equal(run["sizes"], sizes)
        assert max(sizes) < 1.05 * min(sizes)


def test_motion_needs_more_than_one_frame_and_their_order(clip):
    assert mean_of(clip, "volume") > 0.9 and mean_of(clip, "channels") > 0.9
    assert abs(mean_of(clip, "frame") - 0.25) < 0.04, "one frame: no better than guessing"
    assert 0.25 < mean_of(clip, "shuffled") < 0.6, "without their order the frames tell the line of motion, not which way"
    assert mean_of(clip, "correlation") > 0.99, "and a way that learns nothing is the best"


# Made again


@pytest.mark.slow
def test_faces_made_again_lie_within_the_recorded_spread(faces):
    from helpers.recordings.cnn_applications import train_faces

    again = train_faces(1)
    assert_array_equal(again["test"], faces[1]["test"])
    assert_allclose(again["roughness"], faces[1]["roughness"])
    for figure in ("accuracy", "careful_accuracy"):
        spread = [run[figure] for run in faces.values()]
        assert min(spread) - 0.03 <= again[figure] <= max(spread) + 0.03  # two of 80 pictures


@pytest.mark.slow
def test_roads_made_again_lie_within_the_recorded_spread(roads):
    from helpers.recordings.cnn_applications import train_roads

    again = train_roads(1)
    for figure, margin in {"ridge": 1e-3, "machine": 1e-3, "network": 0.3, "all_kinds": 0.3}.items():
        spread = [run[figure] for run in roads.values()]
        assert (np.min(spread, axis=0) - margin <= again[figure]).all()
        assert (again[figure] <= np.max(spread, axis=0) + margin).all()


@pytest.mark.slow
def test_clips_made_again_lie_within_the_recorded_spread(clip):
    from helpers.recordings.cnn_applications import train_clip

    again = train_clip(1)
    assert_allclose(again["correlation"], clip[1]["correlation"])
    for figure in ("volume", "channels", "frame", "shuffled"):
        spread = [run[figure] for run in clip.values()]
        assert min(spread) - 0.03 <= again[figure] <= max(spread) + 0.03
