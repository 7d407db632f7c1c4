"""The explorer of epochs against the training loop itself, and what its picture and its sentences claim."""

import itertools
import re
from functools import cache
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from helpers.datasets import load_digits
from helpers.explorers import early_stopping_epoch as topic
from helpers.explorers.explorer import Impossible
from helpers.plots.figure import DPI
from helpers.plots.lettering import text_width
from helpers.plots.pixels import named_colour
from helpers.scratch.dense import Dense
from helpers.scratch.sequential import Sequential


@pytest.fixture(scope="module")
def explorer():
    return topic.explore_epoch()


@cache
def opened():
    """Open the explorer once for hypothesis, which takes no fixtures that last."""
    return topic.explore_epoch()


VALUES = {
    "examples": st.integers(1, 60),
    "batch_size": st.integers(1, 60),
    "epochs": st.integers(1, 5),
    "shuffle": st.booleans(),
    "seed": st.integers(0, 20),
    "drop_last": st.booleans(),
    "update": st.integers(0, 300),
}


class Noted(Sequential):
    """A network that learns nothing, but writes down the examples of every batch."""

    def _train_on_batch(self, x, y):
        self.noted.append(x[:, 0].astype(int))
        return self.forward(x)


def batches_of_fit(examples, batch_size, epochs, shuffle, seed):
    """Return the examples of every update that `fit` makes, in their order."""
    model = Noted([Dense(1)])
    model.build((None, 1))
    model.rng, model.noted = np.random.default_rng(seed), []
    model.compile("sgd")
    x = np.arange(examples, dtype=float)[:, None]
    model.fit(x, x, epochs, batch_size, shuffle=shuffle)
    return model.noted


@settings(max_examples=80, deadline=None)
@given(st.fixed_dictionaries(VALUES))
def test_states_and_counts_are_those_of_fit(values):
    examples, size, update, drop = (values[name] for name in ("examples", "batch_size", "update", "drop_last"))
    assume(not (drop and size > examples))
    numbers = opened().set(**values).numbers
    every = batches_of_fit(*(values[name] for name in ("examples", "batch_size", "epochs", "shuffle", "seed")))
    kept = [batch for batch in every if len(batch) == size] if drop else every
    rounded = (floor if drop else ceil)(examples / size)
    assert numbers["updates"] == len(kept) == values["epochs"] * rounded
    update = min(update, len(kept))
    assert numbers["update"] == update
    counts = np.zeros(examples, int)
    for batch in kept[:update]:
        counts[batch] += 1
    assert_array_equal(numbers["counts"], counts)
    assert numbers["seen"] == counts.sum()
    expected = [topic.NOT_YET] * examples
    if update:
        epoch = (update - 1) // rounded
        assert (numbers["epoch"], numbers["batch"]) == (epoch + 1, update - epoch * rounded)
        for batch in kept[epoch * rounded : update - 1]:
            for place in batch:
                expected[place] = topic.SEEN
        for place in kept[update - 1]:
            expected[place] = topic.IN_BATCH
        if update % rounded == 0:  # the epoch is over: whoever has not been seen was left out
            expected = [topic.LEFT_OUT if state == topic.NOT_YET else state for state in expected]
            assert expected.count(topic.LEFT_OUT) == (examples % size if drop else 0)
    assert_array_equal(numbers["states"], expected)


@settings(max_examples=40, deadline=None)
@given(st.fixed_dictionaries({name: VALUES[name] for name in ("examples", "batch_size", "epochs", "shuffle", "seed")}))
def test_at_the_end_of_every_epoch_all_have_been_seen_alike(values):
    explorer = opened()
    per_epoch = ceil(values["examples"] / values["batch_size"])
    for epoch in range(1, values["epochs"] + 1):
        numbers = explorer.set(**values, drop_last=False, update=epoch * per_epoch).numbers
        assert_array_equal(numbers["counts"], epoch)
        assert "The epoch is complete" in explorer.description
        assert f"exactly {epoch} time{'s' * (epoch > 1)}," in explorer.description


def test_the_formula_is_said_with_its_numbers(explorer):
    explorer.reset().set(examples=50, batch_size=16, epochs=4)
    assert "4 × ceil(50 / 16) = 4 × ceil(3.125) = 4 × 4 = 16." in explorer.description
    assert "smaller: 2 instead of 16" in explorer.description
    explorer.set(drop_last=True)
    assert "4 × floor(50 / 16) = 4 × floor(3.125) = 4 × 3 = 12." in explorer.description
    explorer.set(batch_size=10)
    assert "4 × ceil(50 / 10) = 4 × ceil(5) = 4 × 5 = 20." in explorer.description
    assert "every batch has 10 examples" in explorer.description
    assert "holds all 5 examples, fewer than 10" in explorer.set(examples=5, drop_last=False).description


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries(VALUES))
def test_the_sentence_counts_what_the_bars_show(values):
    assume(not (values["drop_last"] and values["batch_size"] > values["examples"]))
    explorer = opened().set(**values)
    counts = explorer.numbers["counts"]
    tops = explorer.bars.get_ydata()[1::3] if counts.any() else np.empty(0)
    assert_array_equal(tops, counts[counts > 0])
    if not explorer.numbers["update"]:
        assert explorer.description.endswith("no example has been seen.")
        return
    found = re.search(r"has been seen (?:exactly )?(\d+)(?: (?:to|or) (\d+))? times?[.,]", explorer.description)
    least, most = found[1], found[2] or found[1]
    assert (int(least), int(most)) == (counts.min(), counts.max())
    assert ("The epoch is complete" in explorer.description) == (len(set(counts.tolist())) == 1 and counts[0] > 0)


def test_without_shuffle_drop_last_leaves_out_the_same_examples_for_ever(explorer):
    explorer.reset().set(drop_last=True, shuffle=False, epochs=5, update=300)
    assert_array_equal(np.flatnonzero(explorer.numbers["counts"] == 0), [18, 19])
    assert "always the same, numbers 19 to 20, which no update ever sees" in explorer.description
    assert "number 20, which" in explorer.set(batch_size=19).description
    shuffled = [explorer.set(batch_size=6, shuffle=True, seed=seed).numbers["counts"] for seed in range(6)]
    assert min(counts.min() for counts in shuffled) >= 1  # in five epochs nobody was left out each time


def test_a_dropped_batch_that_is_all_there_is_leaves_no_update(explorer):
    explorer.reset().set(drop_last=True, batch_size=40)
    assert isinstance(explorer.problem, Impossible) and "not one update is left" in explorer.description
    assert explorer.set(drop_last=False).problem is None


def test_what_has_no_effect_is_greyed_out(explorer):
    explorer.reset()
    assert not any(control.disabled for control in explorer.controls.values())
    assert explorer.set(shuffle=False).controls["seed"].disabled
    assert explorer.set(batch_size=5).controls["drop_last"].disabled
    explorer.reset().set(batch_size=20)
    assert explorer.controls["shuffle"].disabled and explorer.controls["seed"].disabled


def test_the_pictures_are_the_digits_and_each_state_looks_different(explorer):
    pictures = load_digits()[0]
    for state in range(len(topic.STATES)):
        assert len(np.unique(topic.tiles()[state].reshape(60, -1), axis=0)) == 60
    shown = topic.tiles()[topic.NOT_YET].view(np.uint8).reshape(60, topic.SIDE, topic.SIDE, 4)[..., 0]
    assert_array_equal(shown[:, 4:-4:4, 4:-4:4], np.round(255 * (1 - pictures[:60])).astype(np.uint8))
    # Colour is not needed: the four states differ in grey as well, in more than a tenth of the tile or in a stroke across it.
    grey = topic.tiles().view(np.uint8).reshape(4, 60, topic.SIDE, topic.SIDE, 4)[..., :3].mean(axis=-1)
    for one in range(4):
        for other in range(one):
            assert (abs(grey[one, 0] - grey[other, 0]) > 60).sum() > 2 * topic.SIDE


def test_the_bars_use_the_width_of_the_chart(explorer):
    left, bottom, wide, _ = topic.CHART
    for examples in (1, 2, 19, 20, 21, 60):
        explorer.reset().set(examples=examples, batch_size=examples, epochs=1, update=1)
        x = explorer.bars.get_xdata()[::3]
        places = explorer.chart.transData.transform([(one, 0) for one in x])[:, 0]
        assert left <= places[0] and places[-1] <= left + wide and places[-1] + places[0] == pytest.approx(2 * left + wide)
        thick = explorer.bars.get_linewidth() * DPI / 72
        each = wide / (examples + 0.6)
        assert thick == pytest.approx(topic.WIDEST * DPI / 72) if examples < 19 else 0.6 * each < thick < 0.8 * each


@pytest.mark.parametrize("examples", [1, 5, 20, 21, 60])
def test_the_numbers_below_the_bars_stand_below_them_and_apart(explorer, monkeypatch, examples):
    written = {}
    monkeypatch.setattr(explorer.ticks, "write", lambda texts, places, size: written.update(zip(texts, places, strict=True)))
    explorer.paint(explorer.compute(examples, 1, 1, False, 0, False, 1))
    assert written and "1" in written
    for text, (x, _) in written.items():
        assert x == pytest.approx(explorer.chart.transData.transform((int(text), 0))[0])
    ends = sorted(
        (x - text_width(text) * 9.5 * DPI / 144, x + text_width(text) * 9.5 * DPI / 144) for text, (x, _) in written.items()
    )
    assert all(right + 4 < left for (_, right), (left, _) in itertools.pairwise(ends))


def test_the_rest_of_the_slider_is_explained_from_the_last_update_on(explorer):
    sentence = "The training ends with update 12: the rest of the slider repeats it."
    assert explorer.reset().numbers["updates"] == 12
    for update in (0, 6, 11):
        assert sentence not in explorer.set(update=update).description
    for update in (12, 13, 300):
        assert sentence in explorer.set(update=update).description and explorer.numbers["update"] == 12
    explorer.set(examples=60, batch_size=1, epochs=5, update=300)
    assert explorer.numbers["update"] == 300 and "rest of the slider" not in explorer.description


def test_play_stops_at_the_last_update(explorer):
    explorer.reset()
    explorer._play.playing = True
    for update in range(7, 12):
        explorer._play.value = update
        assert explorer._play.playing and explorer.numbers["update"] == update
    explorer._play.value = 12
    assert not explorer._play.playing and explorer.values["update"] == explorer.numbers["update"] == 12


def test_play_does_not_fail_where_there_is_no_update(explorer):
    explorer.reset().set(drop_last=True, batch_size=40)
    explorer._play.playing = True
    explorer._play.value = 9
    assert explorer.problem is not None and explorer.values["update"] == 9
    explorer.reset()


def test_the_tick_leaves_the_digit_free():
    """A digit that has been seen can still be read: hardly any of its ink is under the tick."""
    tick = (topic.tiles()[topic.SEEN] == named_colour(topic.GREEN)).all(axis=0)
    ink = topic.sixty_digits().repeat(4, axis=1).repeat(4, axis=2)
    assert tick.sum() > topic.SIDE
    assert (ink * tick[4:-4, 4:-4]).sum() < 0.05 * ink.sum()


def test_play_moves_the_slider_and_reset_stops_it(explorer):
    explorer.reset()
    explorer._play.playing = True
    explorer._play.value = 9
    assert explorer.values["update"] == 9 and explorer.numbers["update"] == 9
    explorer.reset()
    assert not explorer._play.playing and explorer._play.value == explorer.values["update"] == 6
