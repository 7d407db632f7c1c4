"""What was recorded: it can be read, its weights give the accuracies that stand beside them, and it can be made again."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers import datasets
from helpers.datasets import DataError, load_recorded, mnist_split
from helpers.scratch.activations import relu


@pytest.fixture(scope="module")
def mnist():
    return load_recorded("ann_mnist")


def test_the_recorded_weights_give_the_recorded_accuracy(mnist):
    assert list(mnist) == [0, 1, 2]
    for seed, run in mnist.items():
        _, _, x, y = mnist_split(seed=seed, flat=True)
        hidden = relu(x @ run["weights_0"] + run["weights_1"])
        named = (hidden @ run["weights_2"] + run["weights_3"]).argmax(axis=1)
        assert_allclose(np.mean(named == y), run["val_accuracy"][-1], atol=0.0011)  # one digit in a thousand may tip over
        assert len(run["loss"]) == len(run["accuracy"]) == 10


def test_the_mean_of_three_seeds_is_what_the_lesson_needs(mnist):
    assert np.mean([run["val_accuracy"][-1] for run in mnist.values()]) >= 0.92


def test_recordings_stay_small():
    files = list((datasets.own_folder() / "recorded").glob("*"))
    assert files and all(path.suffix == ".npz" and path.stat().st_size < 2e6 for path in files)


def test_a_missing_or_damaged_recording_says_how_to_restore_it(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "own_folder", lambda: tmp_path)
    with pytest.raises(DataError, match="'nothing' is missing or damaged: .*nothing.npz .* To restore it: .* make record"):
        load_recorded("nothing")
    (tmp_path / "recorded").mkdir()
    (tmp_path / "recorded" / "torn.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(DataError, match="'torn' is missing or damaged"):
        load_recorded("torn")


@pytest.mark.slow
def test_a_new_run_of_one_seed_lies_within_the_recorded_spread(mnist):
    from helpers.recordings.ann import train_mnist

    spread = [run["val_accuracy"][-1] for run in mnist.values()]
    again = train_mnist(1)["val_accuracy"][-1]
    assert min(spread) - 0.005 <= again <= max(spread) + 0.005
