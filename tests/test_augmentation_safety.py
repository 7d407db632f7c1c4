"""How far a digit may be turned: the recorded networks, and the explorer that runs them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_recorded, mnist_split
from helpers.explorers import augmentation_safety as safety
from helpers.keras_tools import to_scratch
from helpers.recordings import augmentation as recording
from helpers.scratch.augmentation import rotate

RUNS = load_recorded("augmentation_range")
MIDDLE = len(recording.TEST_ANGLES) // 2  # the place of 0 degrees


@pytest.fixture(scope="module")
def explorer():
    return safety.explore_label_safety()


def accuracy(run, degrees, angle):
    """Return the share named rightly of digits turned by an angle, the mean of both ways."""
    shares = run[f"{degrees}: right"].sum(axis=1) / run["count"].sum()
    return (shares[MIDDLE + angle // 5] + shares[MIDDLE - angle // 5]) / 2


# The recording.


def test_all_seeds_counts_and_angles_are_there():
    assert sorted(RUNS) == [0, 1, 2]
    for run in RUNS.values():
        assert_array_equal(run["angles"], np.arange(-180, 181, 5))
        assert_array_equal(run["count"], [100] * 10)
        for degrees in recording.RANGES:
            called = run[f"{degrees}: called"]
            assert_array_equal(called.sum(axis=2), np.full((37, 10), 100))
            assert_array_equal(np.diagonal(called, axis1=1, axis2=2), run[f"{degrees}: right"][MIDDLE:])


def test_turned_by_a_full_half_both_ways_is_the_same_picture():
    for run in RUNS.values():
        for degrees in recording.RANGES:
            assert_array_equal(run[f"{degrees}: right"][0], run[f"{degrees}: right"][-1])


@pytest.mark.parametrize("layers", [(), recording.turning(90)])
def test_augmentation_inside_the_model_sleeps_when_it_is_asked(layers):
    model = recording.digit_network(layers)
    x = mnist_split(0)[2][:4, ..., None]
    found = model.predict_on_batch(x)  # model(x) would augment: the default of these layers is training=True
    assert_allclose(model(x, training=False), found, atol=1e-6)
    assert np.allclose(model(x, training=True), found, atol=1e-6) == (not layers)


def test_dropout_is_there_only_when_asked():
    weights = [recording.digit_network(dropout=rate).count_params() for rate in (0.0, 0.5)]
    names = [[type(layer).__name__ for layer in recording.digit_network(dropout=rate).layers] for rate in (0.0, 0.5)]
    assert weights[0] == weights[1]
    assert ["Dropout" in each for each in names] == [False, True]


def test_rightly_by_hand():
    assert_array_equal(recording.rightly(np.array([0, 1, 1, 9]), np.array([0, 1, 2, 9])), [1, 1, 0, 0, 0, 0, 0, 0, 0, 1])


def test_keras_turns_by_at_most_so_many_degrees():
    """A picture with one bright pixel to the right of its centre: where it went says by how much the picture was turned."""
    image = np.zeros((1, 29, 29, 1), np.float32)
    image[0, 14, 26] = 1
    recording.set_seeds(0)
    (layer,) = recording.turning(45)
    turned = np.asarray(layer(np.repeat(image, 200, axis=0), training=True))[..., 0]
    total = turned.sum(axis=(1, 2))
    rows, columns = (np.tensordot(turned, np.indices((29, 29))[axis], axes=2) / total - 14 for axis in (0, 1))
    angles = np.degrees(np.arctan2(-rows, columns))
    assert np.abs(angles).max() < 48
    assert angles.min() < -40 and angles.max() > 40


# What it found. Every figure holds in all three seeds; the margins are wider than the spread of the seeds.


@pytest.mark.parametrize("seed", RUNS)
def test_a_network_is_flat_only_inside_its_range(seed):
    run = RUNS[seed]
    for degrees in (45, 90):
        upright = accuracy(run, degrees, 0)
        assert upright - accuracy(run, degrees, degrees) < 0.13, degrees
        assert upright - accuracy(run, degrees, degrees + 45) > 0.45, degrees
    everywhere = [accuracy(run, 180, angle) for angle in range(0, 181, 5)]
    assert max(everywhere) - min(everywhere) < 0.08
    assert accuracy(run, 0, 0) - accuracy(run, 0, 45) > 0.4


@pytest.mark.parametrize("seed", RUNS)
def test_it_is_the_angle_and_not_the_blur(seed):
    for degrees in recording.RANGES:
        assert accuracy(RUNS[seed], degrees, 0) - RUNS[seed][f"{degrees}: back"].min() < 0.03, degrees


@pytest.mark.parametrize("seed", RUNS)
def test_with_as_many_updates_turning_all_the_way_costs_accuracy_upright(seed):
    upright = {degrees: accuracy(RUNS[seed], degrees, 0) for degrees in recording.RANGES}
    assert upright[0] - upright[180] > 0.05
    assert upright[15] > upright[0]


@pytest.mark.parametrize("seed", RUNS)
def test_upright_readers_swap_6_and_9_and_those_of_all_angles_do_not(seed):
    swapped, kept = RUNS[seed]["0: called"][-1], RUNS[seed]["180: called"][-1]
    assert swapped[6, 9] > 45 and swapped[9, 6] > 75
    assert kept[6, 6] > 65 and kept[9, 9] > 65
    assert kept[6, 9] < 25 and kept[9, 6] < 25


def test_no_class_falls_under_half_inside_the_trained_range():
    for degrees in safety.RIVALS.values():
        assert (safety.right(degrees)[degrees >= safety.ANGLES] > 0.6).all()
    assert (safety.breaks(0) > 0).all() and (safety.breaks(180) < 0).all()


@pytest.mark.slow
def test_a_new_run_of_two_ranges_lies_within_the_recorded_spread(monkeypatch):
    monkeypatch.setattr(recording, "RANGES", (0, 90))
    again = recording.train_range(1)
    assert again.keys() <= set(RUNS[1])
    counts = {key: np.asarray(again[key], int) for key in again if key.endswith(("right", "count"))}
    for degrees, angle in ((0, 0), (0, 45), (90, 45), (90, 135)):
        spread = [accuracy(run, degrees, angle) for run in RUNS.values()]
        here = accuracy(counts, degrees, angle)
        assert min(spread) - 0.06 <= here <= max(spread) + 0.06, (degrees, angle)


# The explorer.


def test_the_scratch_networks_say_what_was_recorded():
    x, y = mnist_split(0)[2:]
    for degrees in recording.WITH_WEIGHTS:
        for angle in (0, 90, 180):
            names = safety.network(degrees).forward(rotate(x[..., None], angle)).argmax(axis=1)
            recorded = RUNS[0][f"{degrees}: called"][angle // 5]
            ours = np.bincount(10 * y + names, minlength=100).reshape(10, 10)
            assert np.abs(ours - recorded.astype(int)).sum() <= 10, "weights in float16 may turn a few close calls"


def test_the_scratch_network_equals_that_of_keras():
    model = recording.digit_network()
    model.set_weights([RUNS[0][f"90: weights {place}"].astype(np.float32) for place in range(8)])
    x = rotate(safety.examples()[:, 0], 35)
    ours, keras_says = safety.network(90).forward(x), model.predict_on_batch(x)
    assert_allclose(ours, keras_says, atol=1e-5)
    assert_allclose(to_scratch(model).forward(x), keras_says, atol=1e-5)


@pytest.mark.parametrize("digit, example, angle", [(6, 0, 180), (4, 7, 35), (0, 3, 0)])
@pytest.mark.parametrize("rival, degrees", safety.RIVALS.items())
def test_numbers_equal_a_direct_computation(explorer, digit, example, angle, rival, degrees):
    numbers = explorer.set(digit=digit, example=example, angle=angle, rival=rival).numbers
    x, y = mnist_split(0)[2:]
    image = x[np.flatnonzero(y == digit)[example]]
    turned = rotate(image[None, ..., None], angle)
    assert_array_equal(numbers["image"], image)
    assert_allclose(numbers["turned"], turned[0, ..., 0])
    for side, which in (("upright", 0), ("rival", degrees)):
        assert_allclose(numbers[f"{side} probabilities"], safety.network(which).forward(turned)[0], atol=1e-6)
        counts = np.array([[run[f"{which}: called"][angle // 5, digit, name] for name in range(10)] for run in RUNS.values()])
        shares = counts.sum(axis=0) / counts.sum()
        assert numbers[f"{side} right"][angle // 5, digit] == pytest.approx(shares[digit])
        others = np.delete(shares, digit)
        assert numbers[f"{side} wrong share"][digit] == pytest.approx(others.max())
        assert shares[numbers[f"{side} wrong name"][digit]] == pytest.approx(others.max())
        assert numbers[f"{side} wrong name"][digit] != digit


@pytest.mark.parametrize("degrees", recording.WITH_WEIGHTS)
def test_breaks_is_the_first_angle_below_half(degrees):
    for digit, place in enumerate(safety.breaks(degrees)):
        shares = safety.right(degrees)[:, digit]
        kept = shares if place < 0 else shares[:place]
        assert (kept >= 0.5).all()
        assert place < 0 or shares[place] < 0.5


def test_the_verdict_follows_its_rule(monkeypatch):
    def names(kept, to, digit):  # one angle: all classes keep this share of their names, the rest goes to one other class
        shares = np.diag(np.full(10, kept))
        shares[np.arange(10), [to if k == digit else digit if k == to else (k + 1) % 10 for k in range(10)]] += 1 - kept
        return shares

    angles = {0: [names(share, 9, 6) for share in (0.9, 0.4, 0.6)], 90: [names(share, 9, 6) for share in (0.9, 0.4, 0.9)]}
    angles[180] = [names(0.9, 9, 6)] * 3
    monkeypatch.setattr(safety, "called", lambda degrees: np.array(angles[degrees]))
    assert [safety.verdict(6, 180, place) for place in range(3)] == ["name holds", "label breaks", "name holds"]
    assert [safety.trades_with(6, place) for place in range(3)] == [None, 9, None]
    assert [safety.verdict(3, 180, place) for place in range(3)] == ["name holds", "model breaks", "name holds"]
    assert [safety.verdict(3, 90, place) for place in range(3)] == ["name holds", "both break", "name holds"]


@pytest.mark.parametrize("digit", range(10))
def test_the_headline_says_the_share_and_is_safe_only_from_90_percent(explorer, digit):
    told = set()
    for place, angle in enumerate(safety.ANGLES):
        share = sum(int(run["0: called"][place, digit, digit]) for run in RUNS.values()) / 3  # of 100 digits in each of 3 runs
        found = safety.headline(explorer.set(digit=digit, angle=int(angle)).numbers)
        if share >= 50:
            word = "safe" if round(share) >= safety.SAFE else "shaky"
            expected = (
                f"{angle}\N{DEGREE SIGN}: {word}: the network trained upright names {share:.0f} % of all {digit}s rightly."
            )
            assert found == expected
            told.add(word)
        else:
            assert "safe" not in found and "shaky" not in found and "break" in found
    assert "shaky" in told


def test_the_line_of_the_angle_and_the_captions_stay_in_sight(explorer):
    for angle, place in ((0, 0), (180, 36)):
        explorer.set(angle=angle)
        for backing, line in (explorer.now[:2], explorer.now[2:]):
            assert line.get_xdata()[0] == place and line.get_color() == safety.ORANGE
            assert backing.get_linewidth() > line.get_linewidth() > 3
    for digit in (6, 9):
        box = explorer.set(digit=digit, angle=180).verdict._ink.get_window_extent(explorer.figure.canvas.get_renderer())
        assert box.x0 >= 0 and box.x1 <= explorer.size[0]


def test_only_sixes_and_nines_trade_names_and_only_upside_down():
    trading = {(digit, int(safety.ANGLES[k]), other) for digit in range(10) for k in range(37)
               if (other := safety.trades_with(digit, k)) is not None}  # fmt: skip
    assert {(digit, other) for digit, _, other in trading} == {(6, 9), (9, 6)}
    assert min(angle for _, angle, _ in trading) >= 150 and (6, 180, 9) in trading


def test_mixed_up_is_the_mean_of_both_names():
    called = np.mean([run["180: called"] for run in RUNS.values()], axis=(0, 1)) / 100
    assert safety.mixed_up(180)[6, 9] == pytest.approx((called[6, 9] + called[9, 6]) / 2)
    assert not safety.mixed_up(180)[9, 6]


def test_the_sentence_at_both_ends(explorer):
    upright = explorer.reset().description
    share = safety.right(0)[0, 6]
    assert "turned by 0 degrees" in upright and f"left: {100 * share:.0f} % named rightly" in upright
    turned = explorer.set(angle=180).description
    share, name = safety.right(0)[-1, 6], safety.most_wrong(0, 36)[0][6]
    assert f"left: {100 * share:.0f} % named rightly" in turned and f"% called {name};" in turned
    assert "under half in 0 of the 370 cells" in turned
    assert "The left network calls at least half of the 6s 9 here, and of the 9s 6 (our rule" in turned


def test_every_control_changes_the_picture(explorer):
    first = explorer.reset().set(angle=90).png
    for name, value in {"digit": 9, "example": 7, "angle": 180, "rival": "turned up to 90"}.items():
        assert explorer.reset().set(angle=90).set(**{name: value}).png != first, name
