"""One network, trained by several processes: the losses agree with those of one worker with the joint batch."""

import builtins

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers.datasets import load_recorded, mnist_split
from helpers.recordings import generators_workers as workers


def test_the_recorded_losses_agree():
    run = load_recorded("generators_workers")[0]
    assert run["two"].shape == (2, workers.STEPS)
    assert_allclose(run["two"][0], run["two"][1])
    assert_allclose(run["two"][0], run["one"], rtol=1e-5)
    assert run["one"][-1] < run["one"][0] - 0.2  # it learns: equal losses are not those of weights that stand still


def test_every_example_of_a_batch_belongs_to_one_worker():
    x = mnist_split(0, flat=True)[0]
    for count in (1, 2, 3):
        parts = [np.arange(len(x))[place : workers.BATCH : count] for place in range(count)]
        assert sorted(np.concatenate(parts)) == list(range(workers.BATCH))


def test_ports_are_free_and_different():
    ports = workers._free_ports(5)
    assert len(set(ports)) == 5 and all(1024 < port < 65536 for port in ports)


def test_where_the_system_does_not_tell_no_memory_counts_as_free(monkeypatch):
    def missing(path, *arguments, **options):
        raise FileNotFoundError(path)

    monkeypatch.setattr(builtins, "open", missing)
    assert workers.free_memory() == 0


def test_a_worker_that_fails_is_told(monkeypatch):
    monkeypatch.setattr(workers.sys, "executable", "false")
    with pytest.raises(RuntimeError, match="a worker failed"):
        workers.run_workers(1, timeout=20)


@pytest.mark.slow
def test_two_workers_really_run():
    two, one = workers.run_workers(2), load_recorded("generators_workers")[0]["one"]
    assert_allclose(two[0], two[1])
    assert_allclose(two[0], one, rtol=1e-4)
