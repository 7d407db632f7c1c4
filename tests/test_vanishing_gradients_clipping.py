"""The cliff of one recurrent unit: gradients by backpropagation through time, clipping, and the explorer."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers.explorers import vanishing_gradients_clipping as cliff
from helpers.explorers.vanishing_gradients import explore_clipping
from helpers.scratch.optimizers import SGD
from helpers.scratch.recurrent import SimpleRNN

PLACES = [(4.4, -1.9), (3.7, -2.7), (5.1, -1.6), (4.224, -2.113), (-3.0, 0.5)]  # the fourth stands in the cliff
FAR = (8.5, 6.6)


def unit(w, b):
    """Return the recurrent layer of the explorer: one unit, whose inputs are all 0."""
    layer = SimpleRNN(1, "sigmoid")
    layer.build((None, None, 1), np.random.default_rng(0))
    layer.weights["recurrent_kernel"][...], layer.weights["bias"][...] = w, b
    return layer


def through_the_layer(layer, time_steps):
    """Return the loss of the layer and its gradients for w and b."""
    last = layer.forward(np.zeros((1, time_steps, 1)), initial_state=[np.full((1, 1), cliff.FIRST)])
    layer.backward(2 * (last - cliff.TARGET))
    return (last.item() - cliff.TARGET) ** 2, layer.gradients["recurrent_kernel"].item(), layer.gradients["bias"].item()


@pytest.mark.parametrize("time_steps", [1, 10, 50, 60])
@pytest.mark.parametrize("place", [*PLACES, FAR])
def test_loss_and_gradient_equal_those_of_the_recurrent_layer(place, time_steps):
    assert_allclose(cliff.loss_and_gradient(*place, time_steps), through_the_layer(unit(*place), time_steps), rtol=1e-6)


@pytest.mark.parametrize("time_steps", [1, 10, 50])
@pytest.mark.parametrize("place", PLACES)
def test_gradients_equal_finite_differences(place, time_steps):
    small, found = 1e-6, []
    for way in ((small, 0), (0, small)):
        high, low = (cliff.loss_and_gradient(*np.add(place, sign * np.array(way)), time_steps)[0] for sign in (1, -1))
        found.append((high - low) / (2 * small))
    assert_allclose(cliff.loss_and_gradient(*place, time_steps)[1:], found, rtol=1e-4, atol=1e-9)


def test_many_units_at_once_are_each_unit_alone():
    w, b = np.array(PLACES).T
    together = np.transpose(cliff.loss_and_gradient(w, b, 30, np.tanh))
    assert_allclose(together, [cliff.loss_and_gradient(*place, 30) for place in PLACES], rtol=1e-9)


@pytest.mark.parametrize("gradient", [(3.0, -4.0), (-0.01, 0.0), (1e9, 2e9), (0.0, 0.0)])
@pytest.mark.parametrize("longest", cliff.LENGTHS)
def test_clipping_shortens_but_does_not_turn_the_gradient(gradient, longest):
    clipped = cliff.clip(gradient, longest)
    assert np.hypot(*clipped) == pytest.approx(min(np.hypot(*gradient), longest))
    product = np.hypot(*clipped) * np.hypot(*gradient)
    assert np.dot(clipped, gradient) == pytest.approx(product), "as large as it gets: the two point the same way"
    if np.hypot(*gradient) <= longest:
        assert tuple(clipped) == gradient


@pytest.mark.parametrize("longest", [0.3, 100.0])
def test_clipping_is_that_of_keras(longest):
    w, b = keras.Variable(4.224, dtype="float64"), keras.Variable(-2.113, dtype="float64")
    start = float(w), float(b)
    gradient = cliff.loss_and_gradient(*start, 50)[1:]
    optimizer = keras.optimizers.SGD(0.1, global_clipnorm=longest)
    optimizer.apply(list(map(keras.ops.convert_to_tensor, np.array(gradient))), [w, b])
    assert_allclose(np.subtract([float(w), float(b)], start), -0.1 * np.array(cliff.clip(gradient, longest)), rtol=1e-5)


@pytest.mark.parametrize("longest", [None, 0.3])
def test_the_path_is_what_a_plain_loop_with_layer_and_optimizer_gives(longest):
    places, losses, gradients = cliff.descend(4.4, -1.9, 50, 0.3, longest, 8)
    layer, optimizer = unit(4.4, -1.9), SGD(0.3)
    weights = [layer.weights[name] for name in ("recurrent_kernel", "bias")]
    assert len(places) == len(losses) == len(gradients) == 10
    for place, loss, gradient in zip(places, losses, gradients, strict=True):
        assert_allclose([array.item() for array in weights], place, rtol=1e-6)
        found, *slopes = through_the_layer(layer, 50)
        assert_allclose([found, *slopes], [loss, *gradient], rtol=1e-5)
        share = 1.0 if longest is None else min(1.0, longest / np.hypot(*slopes))
        optimizer.apply([share * layer.gradients[name] for name in ("recurrent_kernel", "bias")], weights)


def lengths_on_a_grid(w, b, time_steps):
    _, of_w, of_b = cliff.loss_and_gradient(*np.meshgrid(w, b), time_steps, np.tanh)
    return np.hypot(of_w, of_b)


def starts(control):
    """Return all places of a slider."""
    return np.linspace(control.min, control.max, round((control.max - control.min) / control.step) + 1)


@pytest.fixture(scope="module")
def explorer():
    return explore_clipping()


def test_after_50_time_steps_there_is_a_cliff(explorer):
    """Of all places at which descent can start, and on a line across the cliff that misses its very edge."""
    w, b = (starts(explorer.controls[name]) for name in ("w", "b"))
    whole = lengths_on_a_grid(w, b, 50)
    assert whole.max() > 1000 * np.median(whole)
    across = lengths_on_a_grid([5.0], np.linspace(-2.6, -2.4, 9999) + 3e-6, 50)
    assert across.max() > 1000 * np.median(whole)
    assert lengths_on_a_grid([5.0], np.linspace(-2.6, -2.4, 9999), 10).max() < 100 * np.median(whole)


@pytest.mark.parametrize("time_steps", [10, 30, 60])
@pytest.mark.parametrize("w", [3.8, 4.0, 5.0])
def test_on_the_edge_each_time_step_multiplies_by_a_quarter_of_w(w, time_steps):
    """There all sums are 0, all states 1/2 and all slopes 1/4: the gradient is a sum of powers of w / 4."""
    of_b = 2 * (0.5 - cliff.TARGET) * 0.25 * np.sum((w / 4) ** np.arange(time_steps))
    assert_allclose(cliff.loss_and_gradient(w, -w / 2, time_steps)[1:], [0.5 * of_b, of_b], rtol=1e-9)


def test_the_surface_is_the_loss_and_gets_steeper_with_the_time_steps():
    shown = cliff.surface(30)
    assert shown.shape == (cliff.HEIGHT // 2, cliff.WIDTH // 2) and not shown.flags.writeable
    for row, column in ((0, 0), (20, 200), (-1, -1)):
        w = np.interp(column % shown.shape[1] + 0.5, [0, shown.shape[1]], cliff.W_ENDS)
        b = np.interp(row % shown.shape[0] + 0.5, [0, shown.shape[0]], cliff.B_ENDS[::-1])
        assert shown[row, column] == pytest.approx(np.log10(cliff.loss_and_gradient(w, b, 30)[0]), abs=1e-4)
    jumps = [np.abs(np.diff(10.0 ** cliff.surface(time_steps), axis=0)).max() for time_steps in (10, 15, 50)]
    assert jumps[2] > 1.5 * jumps[1] > 3 * jumps[0], "from one cell to the next"


@pytest.mark.parametrize("rate", cliff.RATES)
def test_numbers_stay_finite_wherever_descent_starts(rate):
    corners = [(3.7, -2.7), (3.7, -1.6), (5.1, -2.7), (5.1, -1.6)]
    on_the_edge = [(w, -w / 2) for w in np.round(np.arange(3.7, 5.11, 0.1), 1)]
    for start in [*corners, *on_the_edge]:
        for longest in (None, 10.0):
            assert all(np.isfinite(array).all() for array in cliff.descend(*map(float, start), 60, rate, longest, cliff.MOST))


def test_part_shown_ends_at_the_edges():
    inside, right, far_left = (4.4, -2.0), (1e5, -2.0), (-1e5, -2.0)
    assert_allclose(cliff.part_shown(inside, (4.5, -2.1)), [inside, (4.5, -2.1)])
    assert_allclose(cliff.part_shown(inside, right), [inside, (cliff.W_ENDS[1], -2.0)])
    assert_allclose(cliff.part_shown(far_left, right), [(cliff.W_ENDS[0], -2.0), (cliff.W_ENDS[1], -2.0)], rtol=1e-6)
    assert_allclose(cliff.part_shown((4.4, 10.0), inside), [(4.4, cliff.B_ENDS[1]), inside])
    assert cliff.part_shown((6.0, -2.0), right) is None and cliff.part_shown((3.0, -2.0), (4.4, 5.0)) is None


def test_the_first_picture_shows_a_step_that_jumps_off_and_the_checkbox_cures_it(explorer):
    free = explorer.reset().numbers
    assert all(map(cliff.is_shown, free["places"])) and not cliff.is_shown(free["next"])
    assert free["lengths"][-1] > 100 * free["lengths"][:-1].max()
    assert (np.diff(free["losses"][:-1]) < 0).all(), "before the cliff the loss falls at every step"
    assert "out of the picture" in explorer.description and "It is not clipped" in explorer.description
    cured = explorer.set(clipping=True).numbers
    assert_allclose(cured["places"], free["places"])
    assert np.hypot(*(cured["next"] - cured["places"][-1])) == pytest.approx(cured["rate"] * cured["longest"])
    assert "out of the picture" not in explorer.description and "Clipping makes it 1 long" in explorer.description


def test_a_clipped_path_stays_where_an_unclipped_one_leaves(explorer):
    free = explorer.reset().set(steps=cliff.MOST).numbers
    assert not cliff.is_shown(free["places"][-1])
    assert "Step 9 left the picture" in explorer.description and "descent stands still" in explorer.description
    assert free["lengths"][-1] < 1e-5 and free["losses"][-1] == pytest.approx((1 - cliff.TARGET) ** 2, rel=1e-3)
    clipped = explorer.set(clipping=True).numbers
    assert all(map(cliff.is_shown, clipped["places"]))
    assert clipped["losses"][-1] < 0.1 * free["losses"][-1] and clipped["losses"].min() < 0.001


def test_a_smaller_learning_rate_stays_as_well_but_hardly_moves(explorer):
    clipped = explorer.reset().set(steps=cliff.MOST, clipping=True).numbers["losses"][-1]
    slow = explorer.set(clipping=False, rate=0.03).numbers
    assert all(map(cliff.is_shown, slow["places"])) and (np.diff(slow["losses"]) < 0).all()
    assert slow["losses"][-1] > 4 * clipped
    assert "it fell at every step" in explorer.description


def test_few_time_steps_do_not_explode(explorer):
    assert explorer.reset().set(time_steps=10, steps=cliff.MOST).numbers["lengths"].max() < 1
    assert all(map(cliff.is_shown, explorer.numbers["places"]))


@pytest.mark.parametrize("longest", [None, 1.0])
def test_what_is_told_does_not_hang_on_the_last_digits(longest):
    exact, moved = (cliff.descend(4.4 + nudge, -1.9, 50, 0.3, longest, cliff.MOST) for nudge in (0, 1e-11))
    for one, other in zip(exact[:2], moved[:2], strict=True):
        assert_allclose(one, other, atol=1e-4)


def test_without_clipping_the_clip_norm_sleeps(explorer):
    first = explorer.reset().png
    assert explorer.controls["longest"].disabled
    assert explorer.set(longest=0.1).png == first
    assert not explorer.set(clipping=True).controls["longest"].disabled
    assert explorer.set(longest=10.0).png != explorer.set(longest=0.1).png
