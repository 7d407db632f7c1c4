"""The explorers of the lesson on LSTM gates: their numbers against other ways to get them, and what they say."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_co2, load_recorded, load_sunspots
from helpers.explorers import lstm_gates_score as score
from helpers.explorers import lstm_gates_time as through_time
from helpers.explorers import lstm_gates_trained as trained
from helpers.explorers.controls import Strip
from helpers.explorers.explorer import Explorer
from helpers.explorers.lstm_gates import (
    explore_anomaly,
    explore_cell,
    explore_forecast,
    explore_gate_score,
    explore_memory,
    explore_names,
    explore_time,
    explore_trained_gates,
)
from helpers.explorers.lstm_gates_anomaly import WAYS
from helpers.explorers.lstm_gates_cell import GATES, WEIGHTS
from helpers.explorers.lstm_gates_forecast import SERIES
from helpers.explorers.lstm_gates_memory import KINDS, LEARNED
from helpers.explorers.rnn_types_common import recorded_weights, word_network
from helpers.pairs import END, START, encode
from helpers.scratch.activations import sigmoid
from helpers.scratch.lstm import lstm_run

ON, OFF = (True,) * 20, (False,) * 20


# The strip of small buttons.


class Wired(Explorer):
    """A bare explorer with a strip."""

    title = "a strip"

    def make_controls(self):
        return {"strip": Strip("Gate", (True, False, False), "Gate", 80, 30)}

    def stage(self, figure):
        return []

    def compute(self, strip):
        return {"pressed": np.array(strip, float)}

    def paint(self, numbers):
        pass

    def describe(self, numbers):
        return f"{numbers['pressed'].sum():.0f} pressed"


def test_a_button_of_a_strip_moves_the_explorer_and_the_explorer_moves_the_buttons():
    explorer = Wired()
    strip = explorer.controls["strip"]
    assert [button.description for button in strip.buttons] == ["1", "0", "0"]
    strip.buttons[2].value = True
    assert strip.value == (True, False, True) and explorer.description == "2 pressed"
    explorer.set(strip=(False, True, False))
    assert [button.value for button in strip.buttons] == [False, True, False]
    assert [button.description for button in strip.buttons] == ["0", "1", "0"]
    assert explorer.reset().description == "1 pressed"
    strip.disabled = True
    assert all(button.disabled for button in strip.buttons)


@pytest.mark.parametrize("value", [(True, False), (True, False, 2), "110", None])
def test_a_strip_refuses_what_is_not_one_answer_for_each_button(value):
    explorer = Wired()
    with pytest.raises(ValueError, match="strip: expected"):
        explorer.set(strip=value)
    assert explorer.controls["strip"].value == (True, False, False)


def test_the_buttons_of_a_strip_can_show_their_numbers():
    strip = Strip("Units", (False, True), "Hold", 80, 30, "unit", numbered=True)
    assert [button.description for button in strip.buttons] == ["1", "2"]
    assert [button.tooltip for button in strip.buttons] == ["Hold, unit 1", "Hold, unit 2"]
    assert [button.button_style for button in strip.buttons] == ["", "primary"]


# One step.


@pytest.fixture(scope="module")
def cell():
    return explore_cell()


@pytest.mark.parametrize("x", [-2.0, 0.0, 1.3])
@pytest.mark.parametrize("h", [-1.0, 0.4])
@pytest.mark.parametrize("c", [-3.0, 0.0, 2.0])
def test_a_step_is_what_a_pencil_gets(cell, x, h, c):
    found = cell.reset().set(x=x, h=h, c=c).numbers
    sums = {gate: w * x + u * h + b for gate, (w, u, b) in WEIGHTS.items()}
    f, i, o = (sigmoid(sums[gate]) for gate in ("forget", "input", "output"))
    g = np.tanh(sums["candidate"])
    new = f * c + i * g
    assert_allclose([found[gate] for gate in GATES], [f, i, g, o], rtol=1e-12)
    assert_allclose([found["c"], found["h"]], [new, o * np.tanh(new)], rtol=1e-12)
    assert_allclose([found["kept"], found["written"]], [f * c, i * g], rtol=1e-12)


def test_a_gate_that_is_held_takes_its_slider_and_the_others_do_not(cell):
    free = cell.reset().numbers
    held = cell.set(hold_forget=True, forget=0.0).numbers
    assert held["forget"] == 0 and held["held"] == [True, False, False, False]
    assert all(held[gate] == free[gate] for gate in ("input", "candidate", "output"))
    assert_allclose(held["c"], free["written"])
    assert "f = 0.00, held by you" in cell.description
    assert cell.set(hold_output=True, output=0.0).numbers["h"] == 0
    assert cell.controls["input"].disabled and not cell.controls["output"].disabled


def test_the_sentence_holds_the_sum_of_each_gate(cell):
    said = cell.reset().set(x=1.0, h=0.5, c=-1.0).description
    assert "f = sigmoid(−0.5·x + 0.5·h + 1) = sigmoid(0.75) = 0.68" in said
    assert "c = f · c + i · g = 0.68 · (−1.00) + 0.85 · 0.91 = 0.09" in said


# The score.


@pytest.fixture(scope="module")
def gates():
    return explore_gate_score()


@pytest.mark.parametrize(("bias", "left"), [(0.0, 9.5e-7), (1.0, 0.0019), (3.0, 0.38)])
def test_what_is_left_of_the_old_cell_is_the_product_of_the_forget_gates(gates, bias, left):
    found = gates.reset().set(source=score.PULSES, input=OFF, forget=ON, bias=bias, old=1.0).numbers
    assert found["product"] == pytest.approx(sigmoid(bias) ** 20) == pytest.approx(left, rel=0.02)
    assert_allclose(found["c"][-1], found["product"])


def test_a_cell_walks_as_its_gates_say(gates):
    rng = np.random.default_rng(0)
    i, f, o = (tuple(map(bool, rng.integers(0, 2, 20))) for _ in range(3))
    found = gates.reset().set(input=i, forget=f, output=o, bias=1.5, old=-0.5, seed=7).numbers
    c, x = -0.5, score.numbers_in(score.NOISE, 1, 7)
    for t in range(20):
        c = (sigmoid(1.5) if f[t] else 0) * c + (x[t] if i[t] else 0)
        assert found["c"][t] == pytest.approx(c)
        assert found["h"][t] == pytest.approx(np.tanh(c) if o[t] else 0)


@pytest.mark.parametrize("name", score.PRESETS)
def test_presets_are_settings_of_the_explorer(gates, name):
    found = gates.reset().set(**score.PRESETS[name]).numbers
    hidden = found["output"] == 0
    if name == "Blindfold":
        assert hidden.any() and (found["h"][hidden] == 0).all() and (np.abs(found["c"][hidden]) > 0.75).all()
        assert found["h"][-1] > 0.6, "it is all there when the gate opens"
    if name == "Write once, keep":
        assert found["c"][-1] == pytest.approx(sigmoid(4.0) ** 18)
    if name == "Start afresh":
        assert found["c"][8] == pytest.approx(found["x"][8])
    if name == "Only forget":
        assert found["c"][-1] == pytest.approx(sigmoid(1.0) ** 20)


def test_the_buttons_above_the_strips_set_them(gates):
    gates.reset()
    rows = gates.arrange(gates.controls)[0].children
    (buttons,) = (row for row in rows if row.children[0].description == "Write once, keep")
    for button in buttons.children:
        button.click()
        values = gates.values
        assert all(values[control] == value for control, value in score.PRESETS[button.description].items())


def test_the_puzzle_is_solved_by_who_writes_once_and_keeps(gates):
    only_the_bit, at_the_end = score.only(score.BIT_AT), score.only(20)
    gates.reset().set(input=only_the_bit, bias=4.0)
    assert "200 of 200 other rows of noise: solved!" in gates.description and "Harder" in gates.description
    gates.set(output=at_the_end)
    assert "well done" in gates.description
    for wrong in ({"input": ON}, {"bias": 0.0}, {"forget": OFF}, {"output": OFF}, {"input": score.only(1, 2, 3)}):
        gates.reset().set(input=only_the_bit, bias=4.0).set(**wrong)
        assert "not yet" in gates.description, wrong


def test_the_puzzle_asks_both_bits():
    nothing_but_ones = score.puzzle_solved(score.only(3), ON, ON, 4.0)
    assert nothing_but_ones == 1.0
    x = np.ones((1, 20))
    c, _, _ = score.play_score(x, ON, ON, ON, 4.0)
    assert c[0, -1] > 5, "a cell that only grows would be right for one bit alone"
    assert score.puzzle_solved(ON, ON, ON, 4.0) < 0.75


# The way back.


def test_a_linear_rnn_keeps_the_power_of_its_factor():
    for largest in (0.5, 0.9, 1.0, 1.5):
        assert_allclose(through_time.simple_rnn_way(largest, "linear"), largest ** np.arange(101.0), rtol=1e-9)


def test_tanh_leaves_less():
    for largest in (0.5, 1.0, 1.5):
        linear, tanh = (through_time.simple_rnn_way(largest, each) for each in ("linear", "tanh"))
        assert (tanh[1:] < linear[1:]).all() and tanh[0] == linear[0] == 1


def test_the_way_through_the_cell_is_what_nudging_it_measures():
    """A nudge of the cell before the last ten steps, in many directions, against the gradient."""
    layer = through_time.LSTM(through_time.UNITS, return_state=True)
    layer.build((None, None, through_time.UNITS), np.random.default_rng(0))
    layer.weights["bias"][through_time.UNITS : 2 * through_time.UNITS] = 2.0
    x = through_time.inputs()
    layer.forward(x[:, :90])
    h, c = layer.states
    moved = []
    for place in range(through_time.UNITS):
        ends = []
        for step in (1e-5, -1e-5):
            nudge = c + step * (np.arange(through_time.UNITS) == place)
            ends.append(layer.forward(x[:, 90:], initial_state=[h, nudge])[2])
        moved.append((ends[0] - ends[1])[0] / 2e-5)
    assert through_time.lstm_way(2.0)[10] == pytest.approx(np.sqrt(np.sum(np.square(moved)) / through_time.UNITS), rel=1e-5)


def test_a_higher_forget_bias_keeps_more():
    ends = [through_time.lstm_way(bias)[100] for bias in (-2.0, 0.0, 1.0, 3.0)]
    assert ends == sorted(ends) and ends[0] < 1e-20 < 1e-3 < ends[-1]


def test_it_says_what_becomes_of_the_gradients():
    explorer = explore_time()
    assert "vanishes in the simple RNN" in explorer.set(largest=0.5, steps=100).description
    assert "explodes in the simple RNN" in explorer.set(largest=1.5, activation="none (linear)").description
    assert "arrives in the simple RNN" in explorer.set(largest=1.0).description
    assert "of the LSTM it vanishes" in explorer.set(bias=-2.0).description
    assert "of the LSTM it arrives" in explorer.set(bias=4.0).description
    assert len(explorer.set(steps=7).numbers["simple"]) == 8


# The trained gates.


@pytest.fixture(scope="module")
def hand():
    return explore_trained_gates()


def test_the_network_of_names_says_what_our_layers_say(hand):
    run = load_recorded("lstm_names")[0]
    model = word_network(recorded_weights(run, 6), "softmax")
    for number, name in enumerate(run["held out"][: trained.SEQUENCES].tolist()):
        row = encode([START + name + END], run["characters"])[0]
        shares = model.predict(row[None, :-1])[0]
        found = hand.reset().set(sequence=number + 1).numbers
        assert_allclose(found["before"], shares[np.arange(len(row) - 1), row[1:]], rtol=1e-9)
        assert found["steps"] == len(name) + 1


def test_the_network_of_sunspots_reads_months_it_never_saw(hand):
    run = load_recorded("lstm_forecast")[0]
    _, numbers = load_sunspots()
    for sequence in (1, trained.SEQUENCES):
        found = hand.reset().set(network=trained.SUNSPOTS, sequence=sequence).numbers
        begin = int(run["sunspots: test begins"]) + 36 * (sequence - 1)
        assert_array_equal(found["truth"], numbers[begin + 1 : begin + 201])
        late = slice(24, None)  # after it has read for two years
        error = np.abs(found["before"] - found["truth"])[late].mean()
        naive = np.abs(numbers[begin + 24 : begin + 200] - found["truth"][late]).mean()
        assert error < 1.1 * naive, "it knows more than nothing"


@pytest.mark.parametrize("network", [trained.NAMES, trained.SUNSPOTS])
@pytest.mark.parametrize("gate", ["forget gate", "input gate", "output gate"])
def test_a_hand_on_a_gate_changes_what_comes_after_and_nothing_before(hand, network, gate):
    units = tuple(unit % 3 == 0 for unit in range(trained.UNITS))
    hand.reset().set(network=network, sequence=2, gate=gate, value=0.4, since=4, units=units, show=gate)
    found = hand.numbers
    assert_allclose(found["before"][:3], found["after"][:3], rtol=1e-12)
    assert not np.allclose(found["before"][3:], found["after"][3:])
    assert (found["map"][3:, units] == 0.4).all()
    assert not (found["map"][:3, units] == 0.4).all() and not (found["map"][3:, [not each for each in units]] == 0.4).any()
    reader = hand.readers[network]
    held = {gate.split()[0]: np.where(units, 0.4, np.nan)}
    assert_array_equal(found["map"], getattr(lstm_run(reader.inputs[1][None], *reader.cell, held, 3), gate.split()[0])[0])


def test_a_shut_forget_gate_empties_the_cell_and_a_shut_output_gate_hides_it(hand):
    hand.reset().set(network=trained.SUNSPOTS, unit=3, gate="output gate", value=0.0, since=50, units=(True,) * 32)
    assert (hand.numbers["h"][49:] == 0).all() and np.abs(hand.numbers["c"][49:]).min() > 0
    assert np.ptp(hand.numbers["after"][49:]) == pytest.approx(0), "with nothing to read it always says the same"
    hand.set(gate="forget gate", show="cell c")
    assert np.abs(hand.numbers["map"][49:]).max() <= 1, "a cell of one step is input gate times candidate"
    assert np.abs(hand.numbers["map"][:49]).max() > 1


def test_a_hand_without_effect_says_why(hand):
    hand.reset().set(gate="forget gate")
    assert "no unit is chosen" in hand.description and not hand.numbers["held"]
    hand.set(units=(True,) * 32, since=200)
    assert "the sequence ends after step" in hand.description
    hand.set(since=2)
    assert "You hold the forget gate of all units at 0.00 from step 2 on" in hand.description


def test_the_errors_are_those_of_the_steps_that_are_held(hand):
    found = hand.reset().set(gate="input gate", value=0.0, since=3, units=(True,) * 32).numbers
    before, after = (np.exp(-np.log(found[name][2:]).mean()) for name in ("before", "after"))
    assert f"from step 3 on: {before:.1f} untouched, {after:.1f} with your hand" in hand.description
    found = hand.set(network=trained.SUNSPOTS).numbers
    before, after = (np.abs(found[name] - found["truth"])[2:].mean() for name in ("before", "after"))
    assert f"from step 3 on: {before:.1f} untouched, {after:.1f} with your hand" in hand.description


def test_the_buttons_below_the_units_choose_all_none_or_one(hand):
    hand.reset().set(unit=5)
    (box,) = hand.arrange(hand.controls)
    for button, expected in zip(box.children[-1].children, (range(1, 33), (), (5,)), strict=True):
        button.click()
        assert hand.values["units"] == tuple(number in expected for number in range(1, 33))


# Names.


@pytest.fixture(scope="module")
def namer():
    return explore_names()


def test_names_begin_as_asked_and_are_drawn_from_the_shares_of_the_network(namer):
    found = namer.reset().set(beginning="san ", temperature=1.0, seed=3).numbers
    assert all(name.startswith("san ") for name in found["names"]) and len(set(found["names"])) > 5
    teller = namer.teller
    model = word_network([teller.table, *teller.cell, *teller.readout], "softmax")
    row = encode([START + found["names"][0]], teller.characters)[0]
    shares = model.predict(row[None])[0][: len(found["drawn"])]
    never = [0, teller.characters.tolist().index(START)]
    shares[:, never] = 0
    shares /= shares.sum(axis=1, keepdims=True)
    assert_allclose(np.sort(shares, axis=1)[:, ::-1][:, :4], found["shares"][: len(shares)], rtol=1e-6, atol=1e-12)


def test_a_low_temperature_takes_the_likeliest_letter(namer):
    for name in (1, 5):
        found = namer.reset().set(temperature=0.1, name=name).numbers
        assert np.mean(found["drawn"] == found["ranks"][:, 0]) > 0.8
    assert found["likelihood"] > namer.set(temperature=2.0).numbers["likelihood"]


def test_known_names_are_marked(namer):
    found = [namer.reset().set(temperature=0.3, seed=seed).numbers for seed in range(1, 20)]
    known = [name for each in found for name, is_known in zip(each["names"], each["known"], strict=True) if is_known]
    assert known and set(known) <= namer.teller.real
    others = {name for each in found for name in each["names"]} - set(known)
    assert not others & namer.teller.real


def test_beginnings_that_make_no_sense_are_refused_in_words(namer):
    assert "No letter of this beginning" in namer.reset().set(beginning="???").description
    assert "At most 24" in namer.set(beginning="a" * 25).description


# Memory.


@pytest.fixture(scope="module")
def memory():
    return explore_memory()


@pytest.mark.parametrize("kind", KINDS)
def test_memory_shows_what_was_recorded(memory, kind):
    runs = load_recorded("lstm_memory")
    for learned, pattern in LEARNED.items():
        found = memory.reset().set(first=kind, learned=learned).numbers
        expected = np.array([run[pattern.format(KINDS[kind])] for run in runs.values()], float)
        known = ~np.isnan(expected)
        assert_array_equal(found["first shares"][known], expected[known])
        assert found["first tried"][known].all()
        guessed_on = found["first tried"] & ~known
        assert (found["first shares"][guessed_on] == 0.5).all()
        assert all(np.nanmin(row[: place[1]]) < 0.6 for place in np.argwhere(guessed_on) for row in [expected[place[0]]])
        for place, steps in enumerate(runs[0]["lengths"]):
            said = memory.set(steps=int(steps)).description
            if known[:, place].all():
                assert f"{steps} steps: mean {expected[:, place].mean():.2f}" in said


# Forecasts.


@pytest.fixture(scope="module")
def forecaster():
    return explore_forecast()


@pytest.mark.parametrize("series", SERIES)
def test_forecasts_stand_beside_what_came(forecaster, series):
    numbers = (load_sunspots() if series == "sunspots" else load_co2())[1]
    for origin in (1, 20):
        found = forecaster.reset().set(series=series, origin=origin, horizon=12, rival="last value").numbers
        start = found["start"]
        assert_allclose(found["truth"], numbers[start : start + 12], rtol=1e-6)
        assert_allclose(found["before"][-1], numbers[start - 1])
        assert_allclose(found["rival said"], numbers[start - 1], rtol=1e-6)
        assert np.isfinite(found["LSTM"]).all() and np.ptp(found["LSTM"]) > 0


def test_the_errors_over_all_starts_are_means(forecaster):
    found = forecaster.reset().set(horizon=7, window=3).numbers
    each = []
    for origin in range(1, 21):
        one = forecaster.set(origin=origin).numbers
        each.append(abs(one["LSTM"][-1] - one["truth"][-1]))
    assert found["LSTM error"] == pytest.approx(np.mean(each), rel=1e-6)
    better = "the LSTM is closer" if found["LSTM error"] < found["rival said error"] else "the rival is closer"
    assert better in forecaster.description


def test_carbon_dioxide_is_foretold_two_years_at_most(forecaster):
    assert forecaster.reset().set(series="carbon dioxide", horizon=132).numbers["horizon"] == 24


# Anomalies.


@pytest.fixture(scope="module")
def heart():
    return explore_anomaly()


@pytest.mark.parametrize("way", WAYS)
def test_alarms_are_what_was_recorded_at_every_threshold(heart, way):
    run = load_recorded("lstm_anomaly")[0]
    name = WAYS[way]
    for place, factor in enumerate(run["factors"]):
        found = heart.reset().set(way=way, threshold=place + 1).numbers
        assert found["factor"] == factor
        assert found["hits"].any() == run[f"{name}: event found"][place]
        minutes = (len(run["signal"]) - int(run["validation ends"]) - np.ptp(np.flatnonzero(run["event"])) - 1) / 90 / 60
        assert (~found["hits"]).sum() / minutes == pytest.approx(found["false a minute"], rel=1e-6)
        assert ("NOT found" in heart.description) != found["hits"].any()
        assert_array_equal(found["found"], run[f"{name}: found"][place])


def test_a_higher_threshold_gives_fewer_alarms(heart):
    counts = [heart.reset().set(threshold=place).numbers["scores"] > heart.numbers["level"] for place in range(1, 12)]
    sizes = [each.sum() for each in counts]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > sizes[-1]
