"""Melodies: whole bars, one voice, no tune twice; notes as symbols and back; what is copied; the sound."""

import io
import re
import subprocess
import sys
import wave
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import data_files, datasets, melodies
from helpers.datasets import DataError
from helpers.melodies import (
    RATE,
    TEMPO,
    Melody,
    Symbols,
    compose,
    draw,
    encode_notes,
    load_melodies,
    longest_copy,
    pitch_name,
    symbols_of,
    transposed,
    wav_of,
)
from helpers.scratch.dense import Dense
from helpers.scratch.dropout import Dropout
from helpers.scratch.embedding import Embedding
from helpers.scratch.lstm import LSTM
from helpers.scratch.recurrent import SimpleRNN
from helpers.scratch.sequential import Sequential

ROOT = Path(__file__).parent.parent
TUNES = load_melodies()
IN_C = load_melodies(common_key=True)
each_tune = pytest.mark.parametrize("tune", TUNES, ids=lambda tune: tune.name)


def made(pitches, durations, name="made"):
    return Melody(name, "", "", "C major", 60, "4/4", 0, np.array(pitches), np.array(durations, float))


# The tunes


def test_there_are_enough_tunes_of_many_countries():
    assert len(TUNES) == 18 and len({tune.name for tune in TUNES}) == 18
    assert len({tune.origin for tune in TUNES}) >= 9 and sum(len(tune.pitches) for tune in TUNES) > 900
    assert {tune.metre for tune in TUNES} == {"4/4", "3/4"}


@each_tune
def test_durations_fill_whole_bars(tune):
    bar = int(tune.metre[0])
    assert tune.metre.endswith("/4") and 0 <= tune.upbeat < bar
    assert tune.durations.sum() % bar == 0, "the last bar ends where the upbeat begins"
    assert set(tune.durations) <= {0.5, 1, 1.5, 2, 3, 4, 5, 6}
    starts = np.cumsum([0, *tune.durations[:-1]]) - tune.upbeat
    # A note that goes on over a bar line is rare, and longer than a bar but for Beethoven's, who wanted it.
    crossing = [start % bar + length > bar for start, length in zip(starts, tune.durations, strict=True)]
    assert sum(crossing) == {"Ode to Joy": 1, "Amazing Grace": 2, "Stille Nacht": 1}.get(tune.name, 0)


@each_tune
def test_one_voice_can_sing_it(tune):
    assert tune.pitches.dtype == np.int64 and tune.durations.dtype == np.float64
    assert tune.pitches.shape == tune.durations.shape and len(tune.pitches) >= 32
    assert tune.pitches.min() >= 55 and tune.pitches.max() <= 79 and np.ptp(tune.pitches) <= 17
    assert np.abs(np.diff(tune.pitches)).max() <= 15


@each_tune
def test_the_key_is_that_of_the_notes(tune):
    name, mode = tune.key.removesuffix(" major").removesuffix(" minor"), tune.key.split()[-1]
    flat = {"B flat": 10}
    assert tune.tonic % 12 == (flat[name] if name in flat else melodies.KEYS.index(name))
    scale = {"major": {0, 2, 4, 5, 7, 9, 11}, "minor": {0, 2, 3, 5, 7, 8, 10}}[mode]
    inside = np.isin((tune.pitches - tune.tonic) % 12, list(scale))
    assert inside.mean() > 0.8 and inside.all() == (tune.name != "Greensleeves")
    ends_elsewhere = {"Sakura", "Mo Li Hua"}  # their scales have five notes, and their melodies do not end on the first
    assert (tune.pitches[-1] == tune.tonic) == (tune.name not in ends_elsewhere)


def test_no_tune_is_there_twice_in_another_key():
    for place, tune in enumerate(IN_C):
        others = IN_C[:place] + IN_C[place + 1 :]
        assert longest_copy(tune.pitches, tune.durations, others).notes < len(tune.pitches) / 3, tune.name


def test_some_beginnings_note_by_note():
    """Written down here once more, by the names of the notes."""
    begin = {
        "Ode to Joy": "F♯4 F♯4 G4 A4 A4 G4 F♯4 E4 D4 D4 E4 F♯4 F♯4 E4 E4",
        "Frère Jacques": "F4 G4 A4 F4 F4 G4 A4 F4 A4 A♯4 C5",
        "Korobeiniki": "B4 F♯4 G4 A4 G4 F♯4 E4 E4 G4 B4 A4 G4 F♯4",
        "Sakura": "A4 A4 B4 A4 A4 B4 A4 B4 C5 B4 A4 B4 A4 F4",
        "Minuet in G": "D5 G4 A4 B4 C5 D5 G4 G4",
    }
    tunes = {tune.name: tune for tune in TUNES}
    for name, notes in begin.items():
        found = [pitch_name(pitch) for pitch in tunes[name].pitches[: len(notes.split())]]
        assert " ".join(found).replace(melodies.SHARP, "♯") == notes


def test_the_common_key():
    for tune, moved in zip(TUNES, IN_C, strict=True):
        assert moved.key == ("A minor" if "minor" in tune.key else "C major")
        assert moved.tonic == (69 if "minor" in tune.key else 60)
        assert_array_equal(np.diff(moved.pitches), np.diff(tune.pitches))
        assert_array_equal(moved.pitches - moved.tonic, tune.pitches - tune.tonic)
        assert_array_equal(moved.durations, tune.durations)
    white = np.isin(np.concatenate([tune.pitches for tune in IN_C]) % 12, [0, 2, 4, 5, 7, 9, 11])
    assert white.mean() > 0.98


def test_transposed():
    tune = transposed(TUNES[0], 3)
    assert tune.key == "F major" and tune.tonic == TUNES[0].tonic + 3
    assert_array_equal(tune.pitches, TUNES[0].pitches + 3)
    for wrong in (0.5, "up", True, None):
        with pytest.raises(ValueError, match="half_tones: expected a whole number, got "):
            transposed(TUNES[0], wrong)


def test_names_of_pitches():
    names = [pitch_name(pitch).replace(melodies.SHARP, "#") for pitch in (60, 61, 59, 69, 71, 72)]
    assert names == ["C4", "C#4", "B3", "A4", "B4", "C5"]


# Notes as symbols


def test_symbols_and_back():
    symbols = symbols_of(IN_C)
    for part in symbols:
        assert_array_equal(part, np.unique(part))
    for tune in IN_C:
        numbers = encode_notes(tune, symbols)
        assert numbers.shape == (2 * len(tune.pitches),) and numbers.max() < symbols.count
        assert_array_equal(symbols.pitches[numbers[::2]], tune.pitches)
        assert_array_equal(symbols.durations[numbers[1::2] - len(symbols.pitches)], tune.durations)
    assert encode_notes(made([62, 60], [2, 1]), Symbols(np.array([60, 62]), np.array([1.0, 2.0]))).tolist() == [1, 3, 0, 2]


def test_encode_refuses_unknown_notes():
    symbols = symbols_of([made([60, 62], [1, 2])])
    with pytest.raises(ValueError, match=r"melody: expected pitches out of \[60, 62\], got 61"):
        encode_notes(made([60, 61], [1, 1]), symbols)
    with pytest.raises(ValueError, match=r"melody: expected durations out of \[1.0, 2.0\], got 3.0"):
        encode_notes(made([60, 62], [1, 3]), symbols)


# What a network makes of them

SYMBOLS = Symbols(np.array([60, 62, 64, 65]), np.array([0.5, 1.0, 2.0]))


def network(layer=LSTM, seed=0):
    model = Sequential([Embedding(7, 5), Dropout(0.5), layer(6, return_sequences=True), Dropout(0.5), Dense(7, "softmax")])
    model.build((None, 1))
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(0, 1.5, array.shape) for array in model.get_weights()])
    return model


def greedy(model, first, notes):
    """Return the numbers of the symbols of the melody that always takes the most probable symbol, step by step, all at once."""
    numbers = [SYMBOLS.pitches.tolist().index(first)]
    while len(numbers) < 2 * notes:
        shares = model.predict(np.array([numbers]))[0, -1].copy()
        shares[4:] *= len(numbers) % 2
        shares[:4] *= 1 - len(numbers) % 2
        numbers.append(int(shares.argmax()))
    return numbers


@pytest.mark.parametrize("layer", [LSTM, SimpleRNN])
def test_a_temperature_near_0_takes_the_most_probable_symbol(layer):
    for seed in range(5):
        model = network(layer, seed)
        melody = compose(model, SYMBOLS, 62, 10, temperature=1e-3, seed=seed)
        numbers = greedy(model, 62, 10)
        assert_array_equal(melody.pitches, SYMBOLS.pitches[numbers[::2]])
        assert_array_equal(melody.durations, SYMBOLS.durations[np.array(numbers[1::2]) - 4])


def test_probabilities_are_those_of_the_network_at_any_temperature():
    model = network()
    for temperature in (0.3, 1, 2):
        melody = compose(model, SYMBOLS, 60, 8, temperature, seed=3)
        numbers = encode_notes(made(melody.pitches, melody.durations), SYMBOLS)
        shares = model.predict(numbers[None, :-1])[0]
        kinds = np.where(np.arange(1, 16) % 2, shares[:, 4:].sum(1), shares[:, :4].sum(1))  # only one kind is allowed
        chosen = shares[np.arange(15), numbers[1:]] / kinds
        assert_allclose(melody.probabilities, [chosen[0], *(chosen[1::2] * chosen[2::2])])


def test_the_same_seed_gives_the_same_melody_and_more_notes_go_on_with_it():
    model = network()
    long, short, other = (compose(model, SYMBOLS, 64, notes, 1.0, seed) for notes, seed in ((30, 1), (9, 1), (30, 2)))
    for one, two in zip(long, short, strict=True):
        assert_array_equal(one[:9], two)
    assert long.pitches[0] == 64 and len(long.pitches) == len(long.durations) == len(long.probabilities) == 30
    assert not np.array_equal(long.pitches, other.pitches)


def test_draw_follows_the_probabilities_and_the_temperature():
    probabilities, numbers = np.array([0.1, 0.0, 0.6, 0.3]), np.linspace(0, 1, 10000, endpoint=False)
    for temperature in (0.5, 1.0, 2.0):
        found = np.bincount([draw(probabilities, temperature, number) for number in numbers], minlength=4) / 10000
        expected = probabilities ** (1 / temperature)
        assert_allclose(found, expected / expected.sum(), atol=2e-4)
    assert {draw(probabilities, 1e-3, number) for number in numbers[::100]} == {2}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"first": 61}, r"first: expected a pitch out of \[60, 62, 64, 65\], got 61"),
        ({"notes": 0}, "notes: expected a whole number of at least 1, got 0"),
        ({"notes": 2.5}, "notes: expected a whole number of at least 1, got 2.5"),
        ({"temperature": 0}, "temperature: expected a number above 0, got 0"),
        ({"temperature": np.nan}, "temperature: expected a number above 0, got nan"),
    ],
)
def test_compose_refuses(settings, message):
    with pytest.raises(ValueError, match=message):
        compose(network(), SYMBOLS, **({"first": 60, "notes": 4} | settings))


# What is copied

ONE = made([60, 62, 64, 65, 67], [1, 1, 2, 1, 1], "one")
TWO = made([60, 60, 67, 67, 69, 69, 67], [1, 1, 1, 1, 1, 1, 2], "two")


@pytest.mark.parametrize(
    ("pitches", "durations", "copied"),
    [
        ([60, 62, 64, 65, 67], [1, 1, 2, 1, 1], (5, 0, "one", 0)),  # all of it
        ([65, 67, 69, 70, 72], [1, 1, 2, 1, 1], (5, 0, "one", 5)),  # in another key
        ([60, 55, 57, 59, 60], [3, 1, 1, 2, 3], (3, 1, "one", -5)),  # a part, in another key; the last duration differs
        ([60, 62, 64, 66, 68], [1, 1, 2, 1, 1], (3, 0, "one", 0)),  # one step differs; the two after it fit by themselves
        ([50, 50, 57, 57, 59, 59], [1] * 6, (6, 0, "two", -10)),
        ([67, 60], [2, 1], (1, 0, "one", 3)),  # the border between two tunes is no step
        ([60, 62], [4, 4], (0, 1, "one", 0)),  # no duration occurs
    ],
)
def test_the_longest_copied_run(pitches, durations, copied):
    found = longest_copy(pitches, durations, [ONE, TWO])
    assert found[:1] == copied[:1]
    assert copied[0] == 0 or tuple(found) == copied


def test_a_copied_run_of_one_note():
    three = made([50, 52], [3, 1], "three")
    assert longest_copy([60], [3], [ONE, three]) == (1, 0, "three", 10), "the first note of the second tune"
    assert longest_copy([60], [1], [made([60], [2])]).notes == 0, "what stands between two tunes is no note"


def test_the_longest_copied_run_against_a_slow_search():
    rng = np.random.default_rng(0)
    for _ in range(30):
        tunes = [made(rng.integers(60, 63, 12), rng.choice([1, 2], 12), str(k)) for k in range(3)]
        pitches, durations = rng.integers(60, 63, 9), rng.choice([1.0, 2.0], 9)
        longest = 0
        for start in range(9):
            for notes in range(1, 10 - start):
                run, lengths = np.diff(pitches[start : start + notes]), durations[start : start + notes]
                for tune in tunes:
                    for place in range(13 - notes):
                        same = np.array_equal(np.diff(tune.pitches[place : place + notes]), run)
                        if same and np.array_equal(tune.durations[place : place + notes], lengths):
                            longest = max(longest, notes)
        found = longest_copy(pitches, durations, tunes)
        assert found.notes == longest
        tune, part = tunes[int(found.name)], slice(found.start, found.start + found.notes)
        places = [
            place
            for place in range(13 - longest)
            if np.array_equal(tune.pitches[place : place + longest] + found.half_tones, pitches[part])
            and np.array_equal(tune.durations[place : place + longest], durations[part])
        ]
        assert places, "the run stands in the tune that is named, moved by what is said"


def test_longest_copy_refuses():
    with pytest.raises(ValueError, match="durations: expected one for each of at least 1 pitches, got 2 for 3"):
        longest_copy([60, 61, 62], [1, 1], [ONE])
    with pytest.raises(ValueError, match="tunes: expected at least one, got none"):
        longest_copy([60], [1], [])


# The sound


def samples_of(content):
    with wave.open(io.BytesIO(content)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, RATE)
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(float)


def strongest_frequency(samples):
    return np.abs(np.fft.rfft(samples)).argmax() * RATE / len(samples)


def test_the_sound_has_the_right_length_pitch_and_loudness():
    durations = np.array([1, 0.5, 1.5, 2])
    samples = samples_of(wav_of([69, 57, 81, 60], durations))
    assert len(samples) == RATE * 60 / TEMPO * durations.sum()
    borders = (np.cumsum([0, *durations]) * 60 / TEMPO * RATE).astype(int)
    for frequency, start, end in zip((440, 220, 880, 261.63), borders[:-1], borders[1:], strict=True):
        assert strongest_frequency(samples[start:end]) == pytest.approx(frequency, abs=RATE / (end - start))
        note = np.abs(samples[start:end])
        assert note[:3].max() < 0.02 * note.max() > note[-3:].max(), "a soft start and a soft end: no click"
    assert 0.2 < np.abs(samples).max() / 32767 < 0.9, "to be heard, and not cut off"


def test_tempo_and_rate_of_the_sound():
    for tempo, rate in ((60, 8000), (120, 16000), (90, 22050)):
        with wave.open(io.BytesIO(wav_of([60, 62], [1, 2], tempo, rate))) as sound:
            assert sound.getframerate() == rate and sound.getnframes() == round(3 * 60 / tempo * rate)
    with pytest.raises(ValueError, match="durations: expected one for each of at least 1 pitches, got 0 for 0"):
        wav_of([], [])


# The file


def test_what_the_loader_gives_belongs_to_the_caller():
    load_melodies()[0].pitches[:] = 0
    assert load_melodies()[0].pitches.min() > 50


def test_a_damaged_or_missing_file_is_named_with_the_cure(tmp_path, monkeypatch):
    content = bytearray((data_files.own_folder() / "melodies.json").read_bytes())
    expected = sha256(content).hexdigest()[:12]
    content[len(content) // 2] ^= 1
    monkeypatch.setattr(melodies, "own_folder", lambda: tmp_path)
    with pytest.raises(
        DataError, match="The file of melodies is missing: .*To restore it: git checkout datasets/melodies.json$"
    ):
        load_melodies()
    (tmp_path / "melodies.json").write_bytes(content)
    with pytest.raises(DataError, match=f"The file of melodies is damaged: .* should begin with {expected}, .*git checkout"):
        load_melodies()


def test_the_loader_is_also_in_datasets():
    assert datasets.load_melodies is load_melodies


def test_readme_has_the_checksum_and_every_tune():
    readme = (ROOT / "datasets" / "README.md").read_text(encoding="utf-8")
    checksum = sha256((ROOT / "datasets" / "melodies.json").read_bytes()).hexdigest()
    assert re.search(rf"^\| `load_melodies\(\)` \| `melodies\.json` \|.*`{checksum}` \|$", readme, re.MULTILINE)
    for tune in TUNES:
        assert f"{tune.name} ({tune.origin}" in readme.replace("\n", " "), tune.name


def test_it_opens_fast():
    code = (
        "import time; t = time.perf_counter(); import helpers.melodies as m; m.load_melodies(); print(time.perf_counter() - t)"
    )
    seconds = [float(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True).stdout) for _ in range(3)]
    assert min(seconds) < 0.6, "most of it is the import of NumPy"
