"""Melodies, note by note: old tunes of many countries, notes as symbols for a network, what was copied, and the sound.

The file lies in `datasets/` and is checked before use. `datasets/README.md` says where the tunes come from.
"""

import io
import json
import wave
from functools import cache
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np

from helpers.data_files import checked, locked, own_folder

TEMPO, RATE = 120, 16000  # quarter notes in a minute, samples of sound in a second
SHARP = "\N{MUSIC SHARP SIGN}"
KEYS = ("C", "C" + SHARP, "D", "D" + SHARP, "E", "F", "F" + SHARP, "G", "G" + SHARP, "A", "A" + SHARP, "B")

_FILE = ("melodies.json", "246851b65beb1e03c2d654b67a6f47104483321035007df66dc05f359ece3e82")
_COMMON_KEY = {"major": 60, "minor": 69}  # C and A: in C major and in A minor nearly all notes are white keys of a piano


class Melody(NamedTuple):
    """A tune, note by note. It has no rests: where a singer breathes, the note before is longer."""

    name: str
    origin: str  # the country
    composer: str  # who made it, or "traditional", and when
    key: str  # such as "D major"
    tonic: int  # the pitch of the note that gives the key its name
    metre: str  # "4/4" or "3/4": so many quarter notes fill a bar
    upbeat: int  # how many quarter notes come before the first whole bar
    pitches: np.ndarray  # (notes,) int64: 60 is the C in the middle of a piano, 61 the next key (numbers of MIDI)
    durations: np.ndarray  # (notes,) float64: how long, in quarter notes


def load_melodies(common_key=False):
    """Return a tuple of 18 Melody: old songs, and tunes whose composers died more than 100 years ago.

    Each is in the key in which it is written. With `common_key=True` major tunes are moved to C major and minor ones to
    A minor, so that a pitch plays the same part in all tunes.

    Source: written down for this project (`datasets/README.md`). Raises DataError for a missing or damaged file.
    """
    tunes = [tune._replace(pitches=tune.pitches.copy(), durations=tune.durations.copy()) for tune in _melodies(own_folder())]
    if common_key:
        tunes = [transposed(tune, _COMMON_KEY[tune.key.split()[-1]] - tune.tonic) for tune in tunes]
    return tuple(tunes)


def transposed(melody, half_tones):
    """Return the melody moved up by so many half-tones, or down by a negative number. `key` then names the old key no more.

    Raises ValueError where half_tones is not a whole number.
    """
    if not isinstance(half_tones, Integral) or isinstance(half_tones, bool):
        raise ValueError(f"half_tones: expected a whole number, got {half_tones!r}")
    tonic = melody.tonic + int(half_tones)
    key = f"{KEYS[tonic % 12]} {melody.key.split()[-1]}"
    return melody._replace(key=key, tonic=tonic, pitches=melody.pitches + int(half_tones))


def pitch_name(pitch):
    """Return the name of a pitch: 60 is "C4", 61 "C♯4", 59 "B3"."""
    return f"{KEYS[pitch % 12]}{pitch // 12 - 1}"


# Notes as symbols: first the pitch of a note, then its duration, then the pitch of the next note, and so on.


class Symbols(NamedTuple):
    """What notes are made of. Symbol k is pitch k; after the pitches come the durations."""

    pitches: np.ndarray  # (kinds,) int64, from low to high
    durations: np.ndarray  # (kinds,) float64, from short to long

    @property
    def count(self):
        """How many symbols there are."""
        return len(self.pitches) + len(self.durations)


def symbols_of(melodies):
    """Return the Symbols with which these melodies can be written."""
    return Symbols(*(np.unique(np.concatenate([getattr(tune, part) for tune in melodies])) for part in Symbols._fields))


def encode_notes(melody, symbols):
    """Return the numbers of the symbols of a melody, (2 notes,) int64: pitch, duration, pitch, duration, ...

    Raises ValueError for a pitch or a duration that is not among the symbols.
    """
    for part, known in zip(Symbols._fields, symbols, strict=True):
        if unknown := sorted({*getattr(melody, part).tolist()} - {*known.tolist()}):
            raise ValueError(f"melody: expected {part} out of {known.tolist()}, got {unknown[0]}")
    pitches = np.searchsorted(symbols.pitches, melody.pitches)
    durations = len(symbols.pitches) + np.searchsorted(symbols.durations, melody.durations)
    return np.stack([pitches, durations], axis=1).ravel()


class Composed(NamedTuple):
    """Notes that a network has made, and how probable it found each."""

    pitches: np.ndarray  # (notes,) int64
    durations: np.ndarray  # (notes,) float64
    probabilities: np.ndarray  # (notes,) float64: of the pitch times that of the duration; of the first note the duration alone


def compose(model, symbols, first, notes, temperature=1.0, seed=1):
    """Return Composed: the network gets the pitch `first`, and from then on each symbol that it has drawn is its next input.

    `model` is our own Sequential of Embedding, a recurrent layer and Dense(..., "softmax"). The probabilities are raised to
    the power 1 / temperature before a symbol is drawn: a low temperature prefers what is probable. Where a pitch is due, only
    pitches are drawn, and so with durations. `probabilities` are those of the network, whatever the temperature.
    The same seed gives the same draws: another number of notes leaves the first ones as they are.
    Raises ValueError for a `first` that is no pitch of the symbols, for less than one note, and for a temperature of 0 or less.
    """
    if first not in symbols.pitches:
        raise ValueError(f"first: expected a pitch out of {symbols.pitches.tolist()}, got {first!r}")
    if not isinstance(notes, Integral) or isinstance(notes, bool) or notes < 1:
        raise ValueError(f"notes: expected a whole number of at least 1, got {notes!r}")
    if not isinstance(temperature, Real) or not temperature > 0:
        raise ValueError(f"temperature: expected a number above 0, got {temperature!r}")
    embedding, recurrent, readout = (layer for layer in model.layers if layer.weights)  # Dropout rests now
    draws = np.random.default_rng(seed).random(2 * notes)
    kinds = len(symbols.pitches)
    numbers, shares, states = [int(np.searchsorted(symbols.pitches, first))], [1.0], None
    while len(numbers) < 2 * notes:
        recurrent.forward(embedding.forward(np.array([numbers[-1:]])), initial_state=states)
        states = recurrent.states
        probabilities = readout.forward(states[0])[0]
        start, end = (kinds, symbols.count) if len(numbers) % 2 else (0, kinds)
        allowed = probabilities[start:end] / probabilities[start:end].sum()
        place = draw(allowed, temperature, draws[len(numbers)])
        numbers.append(start + place)
        shares.append(allowed[place])
    pitches, durations = symbols.pitches[numbers[::2]], symbols.durations[np.array(numbers[1::2]) - kinds]
    return Composed(pitches, durations, np.array(shares[::2]) * shares[1::2])


def draw(probabilities, temperature, number):
    """Return a place, drawn from the probabilities (kinds,) to the power 1 / temperature with a random number from 0 to 1."""
    logs = np.log(np.maximum(probabilities, 1e-30)) / temperature
    reached = np.cumsum(np.exp(logs - logs.max()))  # without the maximum all would be 0 at a low temperature
    return int(np.argmax(reached > number * reached[-1]))


# What is copied


class Copied(NamedTuple):
    """The longest run of notes that also stands in a known tune."""

    notes: int  # how many
    start: int  # the first of them, counted from 0
    name: str  # of the tune
    half_tones: int  # by how much the run is higher than in the tune


def longest_copy(pitches, durations, tunes):
    """Return Copied: the longest run of notes that stands in one of the tunes, note by note, in any transposition.

    pitches and durations are (notes,), tunes are Melody. All durations of the run must be the same, and all steps from pitch
    to pitch; so one note alone is a copy as soon as its duration occurs. Raises ValueError for no notes or no tunes.
    """
    pitches, durations = np.asarray(pitches), np.asarray(durations)
    if not len(pitches) or len(pitches) != len(durations):
        raise ValueError(f"durations: expected one for each of at least 1 pitches, got {len(durations)} for {len(pitches)}")
    if not len(tunes):
        raise ValueError("tunes: expected at least one, got none")
    known_pitches, known_durations = _in_a_row(tunes)
    same = durations[:, None] == known_durations
    same_step = np.diff(pitches)[:, None] == np.diff(known_pitches)
    runs = same.astype(int)  # [i, j]: how many notes up to note i are those up to note j of the tunes
    for i in range(1, len(runs)):
        runs[i, 1:] += same[i, 1:] * same_step[i - 1] * runs[i - 1, :-1]
    last, place = np.unravel_index(runs.argmax(), runs.shape)
    start = int(last - runs.max() + 1)
    ends = np.cumsum([len(tune.pitches) + 1 for tune in tunes])
    name = tunes[int(np.searchsorted(ends, place, side="right"))].name
    return Copied(int(runs.max()), start, name, int(pitches[last] - known_pitches[place]))


def _in_a_row(tunes):
    """Return the pitches and the durations of all tunes, one after the other; behind each stands a note that no run crosses."""
    pitches = np.concatenate([[*tune.pitches, 0] for tune in tunes])
    return pitches, np.concatenate([[*tune.durations, -1.0] for tune in tunes])


# The sound


def wav_of(pitches, durations, tempo=TEMPO, rate=RATE):
    """Return the bytes of a WAV file, one channel of 16 bits: each note is a plain tone with a soft start and a soft end.

    `tempo` is the number of quarter notes in a minute, `rate` that of samples in a second. Raises ValueError for no notes.
    """
    pitches, durations = np.asarray(pitches), np.asarray(durations, float)
    if not len(pitches) or len(pitches) != len(durations):
        raise ValueError(f"durations: expected one for each of at least 1 pitches, got {len(durations)} for {len(pitches)}")
    borders = np.rint(np.concatenate([[0], np.cumsum(durations)]) * 60 / tempo * rate).astype(int)
    lengths = np.diff(borders)
    since = (np.arange(borders[-1]) - np.repeat(borders[:-1], lengths)) / rate  # seconds since the note began
    left = np.repeat(lengths / rate, lengths) - since
    angle = 2 * np.pi * np.repeat(440 * 2 ** ((pitches - 69) / 12), lengths) * since  # 440 vibrations a second are A4, pitch 69
    tone = np.sin(angle) + 0.4 * np.sin(2 * angle) + 0.15 * np.sin(3 * angle)
    loudness = np.minimum(since / 0.015, 1) * np.minimum(left / 0.05, 1) * np.exp(-1.2 * since)
    samples = np.rint(0.4 * 32767 * tone * loudness).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(samples.tobytes())
    return file.getvalue()


@cache
def _melodies(folder):
    """Return the tunes of the file as Melody with read-only arrays."""
    content = checked("The file of melodies", folder, *_FILE, f"git checkout datasets/{_FILE[0]}")
    found = []
    for tune in json.loads(content)["melodies"]:
        pitches, durations = zip(*tune.pop("notes"), strict=True)
        arrays = np.array(pitches, dtype=np.int64), np.array(durations, dtype=np.float64)
        found.append(Melody(**tune, pitches=locked(arrays[0]), durations=locked(arrays[1])))
    return tuple(found)
