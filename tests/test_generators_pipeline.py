"""Loading and training on a timeline, the memory of ways to load: the simulation, what was measured, and the explorers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_recorded
from helpers.explorers import generators_pipeline as pipeline
from helpers.explorers.generators_pipeline import explore_memory, explore_pipeline, simulate
from helpers.recordings import generators_memory as memory
from helpers.recordings import generators_pipeline as threads

# What threads and sleeping added at most, in milliseconds: measured, not wished for (see the test that uses it).
LATE = 20


def tick_by_tick(loads, train, workers, prefetch):
    """Return when each batch is loaded and trained on, (batches, 4), by a clock of whole milliseconds: no formula at all."""
    count, waiting, next_one, wanted = len(loads), set(), 0, 0
    room = prefetch if workers == 1 else prefetch + workers
    hands, trains, found = [None] * workers, None, np.full((len(loads), 4), -1)
    for now in range(sum(loads) + count * train + 1):
        for hand, number in enumerate(hands):
            if number is not None and now == found[number, 0] + loads[number]:
                found[number, 1], hands[hand] = now, None
                waiting.add(number)
        if trains is not None and now == found[trains, 2] + train:
            found[trains, 3], trains = now, None
        if trains is None and wanted in waiting:
            waiting.remove(wanted)
            found[wanted, 2], trains, wanted = now, wanted, wanted + 1
        for hand, number in enumerate(hands):
            loading = sum(each is not None for each in hands)
            busy = room == 0 and (trains is not None or len(waiting) > 0)
            if number is None and next_one < count and loading + len(waiting) < max(room, 1) and not busy:
                hands[hand], found[next_one, 0] = next_one, now
                next_one += 1
    return found


CASES = [(workers, prefetch, seed) for workers in (1, 2, 3, 4) for prefetch in (0, 1, 2, 4) for seed in range(6)]


def case(seed, most=30):
    rng = np.random.default_rng(seed)
    return rng.integers(1, most, rng.integers(1, 13)).tolist(), int(rng.integers(1, most))


# The simulation.


@pytest.mark.parametrize("workers, prefetch, seed", CASES)
def test_the_simulation_is_that_of_a_clock(workers, prefetch, seed):
    loads, train = case(seed)
    assert_allclose(np.transpose(simulate(loads, train, workers, prefetch)[1:]), tick_by_tick(loads, train, workers, prefetch))


def test_a_plain_loop_by_hand():
    times = simulate([10, 20, 30], 5, 1, 0)
    assert times.load_start.tolist() == [0, 15, 40] and times.train_end.tolist() == [15, 40, 75]


def test_one_thread_with_two_places_by_hand():
    """Batches 2 and 3 are loaded while 1 is trained on; then there is no place for 4 until 2 is taken."""
    times = simulate([10] * 4, 100, 1, 2)
    assert times.load_start.tolist() == [0, 10, 20, 110]
    assert times.train_start.tolist() == [10, 110, 210, 310]


def test_two_workers_without_prefetching_by_hand():
    """Each worker has a place: 3 is begun when 1 is taken, and 4 when 2 is taken."""
    times = simulate([10, 20, 10, 10], 40, 2, 0)
    assert times.load_start.tolist() == [0, 0, 10, 50] and times.train_start.tolist() == [10, 50, 90, 130]


@pytest.mark.parametrize("workers, prefetch, seed", CASES)
def test_no_worker_and_no_trainer_does_two_things_at_once_and_there_is_room(workers, prefetch, seed):
    loads, train = case(seed)
    times = simulate(loads, train, workers, prefetch)
    assert (times.train_start >= times.load_end).all() and (times.train_start[1:] >= times.train_end[:-1]).all()
    for worker in range(workers):
        mine = times.worker == worker
        assert (times.load_start[mine][1:] >= times.load_end[mine][:-1]).all()
    ahead = pipeline.steps_of(times.load_start, times.train_start)[1]
    assert ahead.max() <= max(pipeline.places_for(workers, prefetch), 1) and ahead[-1] == 0
    assert times.train_end[-1] >= pipeline.least_time(np.array(loads), train, workers) - 1e-9
    more_room, more_hands = simulate(loads, train, workers, prefetch + 1), simulate(loads, train, workers + 1, prefetch)
    assert more_room.train_end[-1] <= times.train_end[-1] + 1e-9
    assert more_hands.train_end[-1] <= times.train_end[-1] + 1e-9


def test_the_bound_is_reached_where_one_side_is_always_busy():
    for load, train, workers in ((10, 40, 1), (40, 10, 1), (40, 40, 1), (80, 40, 2)):
        loads = np.full(12, load)
        assert simulate(loads, train, workers, 1).train_end[-1] == pipeline.least_time(loads, train, workers)


def test_room_helps_only_against_unequal_times():
    equal, uneven = (np.full(12, 40.0), pipeline.load_times(40, 12, pipeline.MUCH, 0))
    ends = [[simulate(loads, 40, 1, room).train_end[-1] for room in (1, 4)] for loads in (equal, uneven)]
    assert ends[0][0] == ends[0][1] and ends[1][0] > ends[1][1] + 20


@pytest.mark.parametrize("batches", [4, 7, 12])
@pytest.mark.parametrize("jitter", [pipeline.NONE, pipeline.SOME, pipeline.MUCH])
def test_jitter_leaves_the_mean(jitter, batches):
    loads = pipeline.load_times(40, batches, jitter, 3)
    assert loads.mean() == pytest.approx(40) and loads.min() > 0
    assert_allclose(loads, pipeline.load_times(40, batches, jitter, 3))
    assert (loads.std() > 5) == (jitter != pipeline.NONE)


def test_steps_of_counts_by_hand():
    moments, count = pipeline.steps_of([1, 2, 5], [2, 4, 5])
    assert moments.tolist() == [1, 2, 4, 5] and count.tolist() == [1, 1, 0, 0]


# What was measured with threads.


def predicted_and_measured():
    """Return for every point what is predicted (points,) and measured (runs, points), in milliseconds; uneven times last."""
    runs = list(load_recorded("generators_pipeline").values())
    first = runs[0]
    points = np.transpose([first[name] for name in ("load", "train", "workers", "prefetch")]).tolist()
    cases = [([load] * threads.BATCHES, *rest) for load, *rest in points]
    uneven = np.transpose([first["uneven workers"], first["uneven prefetch"]]).tolist()
    cases += [(threads.UNEVEN, threads.UNEVEN_TRAIN, *rest) for rest in uneven]
    found = [1000 * np.concatenate([run["seconds"], run["uneven seconds"]]) for run in runs]
    return np.array([simulate(*each).train_end[-1] for each in cases]), np.array(found), cases


def test_predicted_and_measured_times_agree():
    """Three runs of each point: the middle one is late by a few milliseconds, 3 to 7 as a rule, and none is early."""
    predicted, found, _ = predicted_and_measured()
    late = np.median(found, axis=0) - predicted
    assert found.shape == (3, 81 + 9)
    assert (found - predicted).min() > 0 and late.max() < LATE and np.median(late) < 8


def test_other_rules_do_not_agree():
    """The plain loop; as many places as one likes; and one place more or less than there is."""
    predicted, found, cases = predicted_and_measured()
    found = np.median(found, axis=0)
    overlap = [pipeline.places_for(*each[2:]) > 0 for each in cases]
    plain = np.array([simulate(loads, train, 1, 0).train_end[-1] for loads, train, _, _ in cases])
    assert (np.abs(found - plain)[overlap] > LATE).all()
    endless = np.array([simulate(loads, train, workers, 99).train_end[-1] for loads, train, workers, _ in cases])
    more, less = (np.array([simulate(*each[:3], max(each[3] + by, 0)).train_end[-1] for each in cases]) for by in (1, -1))
    for other in (endless, more, less):
        assert np.abs(found - other)[overlap].max() > 2 * LATE, "the uneven times tell the rules apart"


def test_batches_come_in_order_whichever_is_ready_first():
    import time

    def load(number):
        time.sleep(0.03 if number % 3 == 0 else 0.001)
        return number

    assert list(threads.in_parallel(load, range(10), 3, 1)) == list(range(10))


@pytest.mark.slow
@pytest.mark.parametrize("point", [(40, 40, 1, 0), (40, 40, 1, 1), (80, 40, 2, 1)])
def test_the_pipeline_measured_anew(point):
    load, *rest = point
    found = 1000 * min(threads.run_pipeline([load] * threads.BATCHES, *rest) for _ in range(3))
    predicted = simulate([load] * threads.BATCHES, *rest).train_end[-1]
    assert 0 < found - predicted < 3 * LATE


# The explorer of the pipeline.


def test_the_explorer_shows_what_was_measured_where_it_was():
    explorer = explore_pipeline()
    for values in ({"prefetch": 1}, {"load": 80, "train": 10, "workers": 4, "prefetch": 4}):
        numbers = explorer.reset().set(**values).numbers
        at = tuple(explorer.values[name] for name in ("load", "train", "workers", "prefetch"))
        assert numbers["is measured"] and numbers["predicted"] == numbers["total"]
        assert_allclose(numbers["measured"], pipeline.measured()[at])
        assert f"Measured with real threads: {np.median(numbers['measured']):.0f} ms" in explorer.description
    for values in ({"load": 41}, {"batches": 11}, {"jitter": pipeline.SOME}, {"workers": 3}):
        assert not explorer.reset().set(**values).numbers["is measured"]
        assert "Not measured here. The nearest measured point" in explorer.description


def test_the_nearest_point_is_the_nearest():
    assert pipeline.nearest_point(12, 75, 1, 1) == (10, 80, 1, 1)
    assert pipeline.nearest_point(40, 40, 1, 0) == (40, 40, 1, 0)
    assert pipeline.nearest_point(100, 5, 4, 3) == (80, 10, 4, 4)
    assert pipeline.nearest_point(40, 40, 1, 2)[3] > 0, "a loop without overlap is no neighbour"


def test_the_numbers_of_the_explorer_are_those_of_the_simulation():
    explorer = explore_pipeline().set(load=80, train=30, workers=2, prefetch=1, batches=9, jitter=pipeline.MUCH, seed=4)
    numbers, loads = explorer.numbers, pipeline.load_times(80, 9, pipeline.MUCH, 4)
    times = simulate(loads, 30, 2, 1)
    assert numbers["total"] == times.train_end[-1] and numbers["plain"] == pytest.approx(9 * (80 + 30))
    assert numbers["idle"] == pytest.approx(1 - 9 * 30 / numbers["total"])
    moments = np.linspace(0, numbers["total"], 20001)[:, None]
    inside = ((times.load_start + 1e-6 < moments) & (moments < times.train_end - 1e-6)).sum(axis=1)
    assert numbers["memory"] == inside.max()
    assert f"`{numbers['total']:.0f} ms`" in explorer.describe(numbers)


@pytest.mark.parametrize(
    "values, words",
    [
        ({}, "A plain loop"),
        ({"prefetch": 1}, "Both sides are equally fast"),
        ({"load": 80, "workers": 4, "train": 10}, "Loading decides"),
        ({"load": 80, "workers": 4, "train": 30}, "Training decides"),
    ],
)
def test_the_sentence_names_the_side_that_decides(values, words):
    explorer = explore_pipeline().set(**values)
    assert words in explorer.description


def test_what_the_sentence_says_would_help_helps():
    explorer = explore_pipeline()
    for load, train in ((80, 10), (10, 80)):
        ends = [explorer.set(load=load, train=train, workers=workers, prefetch=2).numbers["total"] for workers in (2, 3)]
        explorer.set(workers=2)
        assert (ends[1] < ends[0]) == ("More workers help" in explorer.description)


# The memory of ways to load.


@pytest.fixture(scope="module")
def array(tmp_path_factory):
    """Return the path of an array of 3 MB, and its sum."""
    path = tmp_path_factory.mktemp("memory") / "data.npy"
    return path, memory.write_array(path, 3, 0)


def test_the_array_is_written_whole(array):
    x = np.load(array[0])
    assert x.dtype == np.float32 and x.shape == (3 * memory.MB // memory.ROW, 784) and x.std() > 0.2
    assert x.sum(dtype=float) == pytest.approx(array[1])


@pytest.mark.parametrize("way", memory.WAYS)
def test_every_way_adds_up_the_same(array, way):
    pieces = list(memory.WAYS[way](array[0]))
    assert sum(float(piece.sum(dtype=float)) for piece in pieces) == pytest.approx(array[1])
    assert len(pieces) == (1 if "all" in way and "list" not in way or "10" in way else 4)


def test_chunks_read_from_the_file_are_the_array(array):
    chunks = list(memory.read_in_chunks(array[0], memory.MB))
    assert max(chunk.nbytes for chunk in chunks) <= memory.MB
    assert_array_equal(np.concatenate(chunks), np.load(array[0]))


@pytest.fixture(scope="module")
def recorded():
    """Return the figures of the recording: "peak" and such as (runs, ways, sizes), and the place of each way."""
    runs = list(load_recorded("generators_memory").values())
    assert len(runs) == 3 and all(run["ways"].tolist() == list(memory.WAYS) for run in runs)
    found = {key: np.array([run[key] for run in runs]) for key in runs[0]}
    return found, {way: place for place, way in enumerate(memory.WAYS)}


def test_the_memory_of_a_generator_is_flat_while_the_data_grow_tenfold(recorded):
    found, place = recorded
    assert found["sizes"][0, -1] == 10 * found["sizes"][0, 0]
    growth = found["peak"][:, :, -1] - found["peak"][:, :, 0]
    for way in ("chunks of 1 MB", "chunks of 10 MB"):
        assert np.ptp(found["peak"][:, place[way]]) < 5, "asked for: within 50 MB"
    for way, times in (("load it all", 1), ("list of all batches", 1), ("all, as float64", 3)):
        assert_allclose(growth[:, place[way]], 450 * times, rtol=0.02)


def test_two_chunks_are_in_memory_at_once(recorded):
    found, place = recorded
    for way, size in (("chunks of 1 MB", 1), ("chunks of 10 MB", 10)):
        above = found["peak"][:, place[way]] - found["empty"][:, None]
        assert (abs(above - 2 * size) < 2).all()


def test_pages_of_a_mapped_file_count_in_the_peak_but_are_not_the_process_s_own(recorded):
    found, place = recorded
    peak, own = (found[key][:, place["memory map"]] for key in ("peak", "own"))
    assert_allclose(peak[:, -1] - peak[:, 0], 450, rtol=0.02)
    assert np.ptp(own) < 5 and own.max() < 50
    # They can be given back at any time, and all numbers are still read: then the peak is flat, too.
    assert np.ptp(found["peak"][:, place["map, pages dropped"]]) < 5


def test_a_real_limit_stops_the_full_load_and_not_the_generator(recorded):
    found, place = recorded
    sizes = found["sizes"][0].tolist()
    for kind in ("RLIMIT_AS", "RLIMIT_DATA"):
        finished = found[f"{kind} finished"]
        for way in ("load it all", "list of all batches"):
            assert not finished[:, place[way], sizes.index(500)].any()
            assert finished[:, place[way], : sizes.index(500)].all(), "smaller data fit: the limit alone does no harm"
        assert not finished[:, place["all, as float64"], sizes.index(200)].any()
        assert finished[:, [place["chunks of 1 MB"], place["chunks of 10 MB"]]].all()
    for way in ("memory map", "map, pages dropped"):
        assert not found["RLIMIT_AS finished"][:, place[way], -1].any(), "its addresses count in this limit"
        assert found["RLIMIT_DATA finished"][:, place[way]].all()


def test_the_sentence_about_memory_says_what_was_measured(recorded):
    found, place = recorded
    explorer = explore_memory()
    for column, size in enumerate(memory.SIZES):
        for way in memory.WAYS:
            said = explorer.set(size=size, way=way).description
            assert f"{size} MB of data: a peak of {found['peak'][:, place[way], column].mean():.1f} MB" in said
            assert ("Over the line" in said) == (found["peak"][:, place[way], column].mean() > explorer.values["limit"])
    assert said.count("finished") == 2
    assert explorer.set(way="load it all", size=500).description.count("MemoryError") == 2


@pytest.mark.slow
def test_the_memory_measured_anew(recorded):
    before, place = recorded
    ways = ("load it all", "chunks of 1 MB")
    found = memory.measure_memory(0, sizes=(50, 200), ways=ways, limits=())
    above = found["peak"] - found["empty"]
    assert_allclose(above[0], [50, 200], atol=10)
    assert (above[1] < 10).all()
    known = [before["peak"][:, place[way]][:, [0, 2]].mean(axis=0) - before["empty"].mean() for way in ways]
    assert_allclose(above, known, atol=10)
