"""explore_melody: what it says of a melody is true, its sound is that of its notes, and an old sound goes away."""

import io
import re
import subprocess
import sys
import wave
from statistics import median
from time import perf_counter

import numpy as np
import pytest

from helpers.datasets import load_melodies, load_recorded
from helpers.explorers.rnn_types_melody import CLASSES, colour_of, explore_melody, note_networks, shared_by_tunes
from helpers.melodies import RATE, TEMPO, compose, encode_notes, longest_copy, pitch_name, symbols_of
from helpers.scratch.dense import Dense
from helpers.scratch.embedding import Embedding
from helpers.scratch.recurrent import SimpleRNN
from helpers.scratch.sequential import Sequential

TUNES = load_melodies(common_key=True)


@pytest.fixture(scope="module")
def opened():
    return explore_melody()


@pytest.fixture
def explorer(opened):
    return opened.reset()


def test_the_notes_are_those_of_the_recorded_network(explorer):
    models, symbols = note_networks()
    assert [part.tolist() for part in symbols] == [part.tolist() for part in symbols_of(TUNES)]
    for taught, model in models.items():
        explorer.set(first="G4", temperature=0.5, notes=30, seed=7, taught=taught)
        melody = compose(model, symbols, 67, 30, 0.5, 7)
        for name in melody._fields:
            np.testing.assert_array_equal(explorer.numbers[name], getattr(melody, name))


def test_the_lowest_temperature_takes_the_most_probable(explorer):
    model, symbols = note_networks()[0]["stopped in time"], note_networks()[1]
    explorer.set(temperature=0.1, notes=12, seed=3)
    cold = compose(model, symbols, 64, 12, 1e-4, 3)
    agree = np.mean(explorer.numbers["pitches"] == cold.pitches)
    hot = np.mean(explorer.set(temperature=2, notes=12, seed=3).numbers["pitches"] == cold.pitches)
    assert agree > hot


def test_the_sentence_says_what_is_there(explorer):
    for seed in range(1, 21, 3):
        for taught in ("stopped in time", "by heart"):
            explorer.set(seed=seed, notes=8 + 2 * seed, temperature=round(0.1 * seed, 1), taught=taught)
            numbers, said = explorer.numbers, explorer.description
            count, quarters, seconds = re.match(r"(\d+) notes, ([\d.]+) quarter notes: ([\d.]+) seconds", said).groups()
            assert int(count) == len(numbers["pitches"]) == 8 + 2 * seed
            assert float(quarters) == numbers["durations"].sum()
            assert float(seconds) == pytest.approx(numbers["durations"].sum() * 60 / TEMPO, abs=0.051)
            place, name = re.search(r"number (\d+), (\S+), ", said).groups()
            place = int(place) - 1
            assert numbers["probabilities"][place] == numbers["probabilities"][1:].min() and place > 0
            assert pitch_name(numbers["pitches"][place]) == name
            copied = longest_copy(numbers["pitches"], numbers["durations"], TUNES)
            assert f"taught: {copied.notes} notes (numbers {copied.start + 1} to {copied.start + copied.notes})" in said
            assert f"as in {copied.name}" in said
            assert ("it is copied" in said) == (copied.notes > max(shared_by_tunes()))


def test_a_run_that_is_said_to_be_copied_stands_in_the_tune(explorer):
    explorer.set(taught="by heart", temperature=0.3, notes=32, seed=2)
    numbers = explorer.numbers
    part = slice(numbers["copied_from"], numbers["copied_from"] + numbers["copied"])
    tune = next(tune for tune in TUNES if tune.name == numbers["tune"])
    run = list(zip(numbers["pitches"][part] - numbers["half_tones"], numbers["durations"][part], strict=True))
    notes = list(zip(tune.pitches, tune.durations, strict=True))
    assert any(notes[place : place + len(run)] == run for place in range(len(notes)))
    assert (" higher" in explorer.description) == (numbers["half_tones"] > 0)
    assert (" lower" in explorer.description) == (numbers["half_tones"] < 0)


def test_by_heart_copies_more_than_stopped_in_time(explorer):
    copied = {
        taught: np.mean([explorer.set(taught=taught, notes=32, seed=seed).numbers["copied"] for seed in range(1, 11)])
        for taught in ("stopped in time", "by heart")
    }
    assert copied["by heart"] > 1.5 * copied["stopped in time"]


def test_more_notes_go_on_with_the_same_melody(explorer):
    short = explorer.set(notes=8).numbers
    long = explorer.set(notes=48).numbers
    np.testing.assert_array_equal(long["pitches"][:8], short["pitches"])


def test_colours_of_probabilities():
    assert [colour_of(share) for share in (1, 0.25, 0.24, 0.1, 0.05, 0.03, 0.029, 0)] == [
        CLASSES[place][1] for place in (0, 0, 1, 1, 2, 2, 3, 3)
    ]


# The picture


def test_each_note_is_a_box_at_its_time_and_pitch(explorer):
    from helpers.explorers.rnn_types_melody import BOTTOM, GIVEN, LEFT, ROW, WIDE

    numbers = explorer.set(notes=20, seed=4).numbers
    boxes = [path.vertices for each in explorer.boxes.values() for path in each.get_paths()]
    assert len(boxes) == 20 and len(explorer.boxes[GIVEN].get_paths()) == 1
    boxes = sorted(boxes, key=lambda box: box[:, 0].min())
    rows = [(box[:, 1].min() - 1 - BOTTOM) / ROW for box in boxes]
    np.testing.assert_allclose(rows, numbers["pitches"] - explorer.lowest)
    starts = np.cumsum([0, *numbers["durations"][:-1]])
    ends = starts[-1] + numbers["durations"][-1]
    length = max(16, 4 * np.ceil(ends / 4))
    np.testing.assert_allclose([box[:, 0].min() for box in boxes], LEFT + WIDE * starts / length)
    bars = explorer.bars.get_xdata()[::3]
    np.testing.assert_allclose(bars, LEFT + WIDE * np.arange(0, length, 4) / length)


def test_nothing_is_drawn_outside_the_picture(explorer):
    from helpers.explorers.rnn_types_melody import LEFT, WIDE

    for values in ({"notes": 8}, {"notes": 48, "temperature": 2}, {"first": "A5"}, {"taught": "by heart", "notes": 48}):
        for seed in (1, 9, 20):
            explorer.reset().set(seed=seed, **values)
            for lettering in (explorer.numbering, explorer.copied):
                places = lettering._ink.get_offsets()
                assert places[:, 0].min() >= LEFT - 1 and places[:, 0].max() < LEFT + WIDE + 12


# The sound


def test_the_sound_is_made_on_request_and_never_plays_by_itself(explorer):
    assert explorer.audio.autoplay is False and explorer.audio.value == b"" and explorer.audio.layout.display == "none"
    explorer.button.click()
    numbers = explorer.numbers
    with wave.open(io.BytesIO(explorer.audio.value)) as sound:
        assert sound.getframerate() == RATE and sound.getnframes() == numbers["durations"].sum() * 60 / TEMPO * RATE
    assert explorer.audio.layout.display != "none" and explorer.audio.autoplay is False


def test_a_move_takes_the_old_sound_away(explorer):
    for move in (lambda: explorer.set(seed=9), lambda: setattr(explorer.controls["notes"], "value", 30), explorer.reset):
        explorer.button.click()
        assert explorer.audio.value
        move()
        assert explorer.audio.value == b"" and explorer.audio.layout.display == "none"


def test_the_sound_leaves_picture_and_sentence_alone(explorer):
    before = explorer.png, explorer.description
    explorer.button.click()
    assert (explorer.png, explorer.description) == before


def test_the_player_and_the_button_are_shown(explorer):
    shown, found = [explorer._box], []
    while shown:
        widget = shown.pop()
        found.append(widget)
        shown += getattr(widget, "children", ())
    assert explorer.button in found and explorer.audio in found and explorer.button.tooltip


# A model of one's own


def test_a_model_of_ones_own():
    symbols = symbols_of(TUNES)
    model = Sequential([Embedding(symbols.count, 4), SimpleRNN(5, return_sequences=True), Dense(symbols.count, "softmax")])
    model.build((None, 1))
    own = explore_melody(model)
    assert "taught" not in own.controls
    numbers = own.set(first="C4", notes=10).numbers
    np.testing.assert_array_equal(numbers["pitches"], compose(model, symbols, 60, 10, 1.0, 4).pitches)


def test_a_model_for_other_symbols_is_refused():
    model = Sequential([Embedding(9, 4), SimpleRNN(5), Dense(9, "softmax")])
    model.build((None, 1))
    with pytest.raises(ValueError, match="model: expected probabilities of 27 symbols .*, got 9"):
        explore_melody(model)


def test_the_recorded_networks_know_tunes_of_their_recording():
    models, symbols = note_networks()
    run = load_recorded("rnn_melodies")[0]
    numbers = encode_notes(TUNES[0], symbols)
    shares = models["by heart"].predict(numbers[None, :-1])[0, np.arange(len(numbers) - 1), numbers[1:]]
    assert -np.log(shares[1:]).sum() == pytest.approx(run["LSTM by heart: losses on its tunes"][0], rel=0.03)


def test_it_answers_in_time(explorer):
    explorer.set(notes=48)
    seconds = []
    for seed in range(1, 21):
        begin = perf_counter()
        explorer.set(seed=seed)
        seconds.append(perf_counter() - begin)
    assert median(seconds) < 0.25, "16 ms where it was measured, on a quiet computer"


def test_it_opens_without_tensorflow():
    code = (
        "import sys; from helpers.explorers.rnn_types_melody import explore_melody; explore_melody().button.click();"
        "print([m for m in ('tensorflow', 'keras', 'scipy', 'matplotlib.pyplot') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
