"""The recorded melodies say what the lesson says, the counts are right, and the recording can be made again."""

import inspect

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers.datasets import load_recorded
from helpers.melodies import encode_notes, load_melodies, symbols_of
from helpers.scratch.dense import Dense
from helpers.scratch.embedding import Embedding
from helpers.scratch.lstm import LSTM
from helpers.scratch.sequential import Sequential

NETWORKS = ("LSTM", "simple RNN")
APART = "bigram, pitch and duration apart"
LISTENS = "three notes back, goes on counting"


@pytest.fixture(scope="module")
def runs():
    found = load_recorded("rnn_melodies")
    assert list(found) == [0, 1, 2]
    return found


@pytest.fixture(scope="module")
def perplexity(runs):
    """Return name -> the perplexity per note of each seed, (3,)."""
    names = [key.removesuffix(": losses") for key in runs[0] if key.endswith(": losses")]
    return {name: np.exp([run[f"{name}: losses"].sum() / run["notes"].sum() for run in runs.values()]) for name in names}


@pytest.fixture(scope="module")
def recordings():
    from helpers.recordings import rnn_types_melodies  # it loads Keras

    return rnn_types_melodies


def test_the_recording_is_of_the_tunes_that_we_have(runs):
    tunes = load_melodies(common_key=True)
    symbols = symbols_of(tunes)
    for run in runs.values():
        assert run["names"].tolist() == [tune.name for tune in tunes]
        assert run["notes"].tolist() == [len(tune.pitches) - 1 for tune in tunes]
        assert (run["pitches"].tolist(), run["durations"].tolist()) == tuple(part.tolist() for part in symbols)


def test_the_recorded_weights_have_learnt_what_stands_beside_them(runs):
    tunes = load_melodies(common_key=True)
    symbols, run = symbols_of(tunes), runs[0]
    for name in ("LSTM", "LSTM by heart"):
        arrays = [run[f"{name}: weights_{place}"].astype(float) for place in range(6)]
        model = Sequential([Embedding(*arrays[0].shape), LSTM(48, return_sequences=True), Dense(symbols.count, "softmax")])
        model.build((None, 1))
        model.set_weights(arrays)
        for place in (0, 7, 16):
            numbers = encode_notes(tunes[place], symbols)
            shares = model.predict(numbers[None, :-1])[0, np.arange(len(numbers) - 1), numbers[1:]]
            loss = -np.log(shares[1:]).sum()
            assert_allclose(loss, run[f"{name}: losses on its tunes"][place], rtol=0.03)  # the weights are rounded to float16
    assert not any("weights" in key for seed in (1, 2) for key in runs[seed])


def test_every_kind_of_network_beats_counting_whole_notes(perplexity):
    counts = ("unigram", "bigram", "trigram")
    for name in NETWORKS:
        assert perplexity[name].max() < 0.85 * min(perplexity[plain].min() for plain in counts)


def test_the_network_is_no_better_than_counting_pitch_and_duration_apart(perplexity):
    for name in NETWORKS:
        assert 0.8 < (perplexity[name] / perplexity[APART]).mean() < 1.1


def test_counts_that_go_on_while_they_listen_win(perplexity):
    others = [values.min() for name, values in perplexity.items() if name != LISTENS]
    assert perplexity[LISTENS].max() < 0.8 * min(others)


def test_a_network_that_was_taught_too_long_knows_its_tunes_and_no_new_ones(runs, perplexity):
    for run in runs.values():
        by_heart, in_time = (
            np.exp(run[f"{name}: losses on its tunes"].sum() / run["notes"].sum()) for name in ("LSTM by heart", "LSTM")
        )
        assert by_heart < 2 < in_time
    assert perplexity["LSTM by heart"].min() > 2 * perplexity["LSTM"].max()


def test_what_is_copied(runs):
    """Of 32 notes; the bigram and two real tunes say how much is alike without copying."""
    copied = {name: np.array([run[f"{name}: copied"] for run in runs.values()]) for name in ("LSTM", "LSTM by heart", "bigram")}
    tunes = runs[0]["tunes: copied"]
    assert copied["LSTM"].shape == (3, 4, 20) and runs[0]["temperatures"].tolist() == [0.3, 0.7, 1.0, 1.5]
    means = {name: values.mean(axis=(0, 2)) for name, values in copied.items()}
    for name in copied:
        assert (np.diff(means[name]) < 0).all(), "the higher the temperature, the less is copied"
    assert (np.abs(means["LSTM"] - means["bigram"]) < 1.5).all()
    assert copied["LSTM"].mean() < tunes.max() + 1
    assert copied["LSTM by heart"][:, 0].mean() > 3 * copied["LSTM"][:, 0].mean()
    assert copied["LSTM by heart"][:, 0].max() == 32 and tunes.max() <= 6


# The code


def test_counts_by_hand(recordings):
    model = recordings.Counts(["a", "b", "c"], back=1)
    for place in range(5):
        model.read(["a", "b", "a", "b", "b"], place)
    alone = (np.array([2, 3, 0]) + 2 / 3) / 7  # two kinds were seen in five symbols
    assert_allclose(model.shares([]), alone)
    assert_allclose(model.shares(["a"]), (np.array([0, 2, 0]) + alone) / 3)  # after a: twice b
    assert_allclose(model.shares(["c"]), alone)  # after c: nothing was seen
    assert_allclose(model.shares(["a", "b"]).sum(), 1)


def test_loss_of_counts_by_hand(recordings):
    from tests.test_melodies import made

    tunes = made([60, 62], [1, 1], "known"), made([60, 62, 62], [1, 1, 1], "new")
    one = (1 + 2 / 2) / (2 + 2)  # each of the two notes was seen once
    after = (1 + one) / (1 + 1)  # the second note follows the first one
    assert recordings.count_loss(tunes[1], tunes[:1], tunes, 0, False, False) == pytest.approx(-2 * np.log(one))
    assert recordings.count_loss(tunes[1], tunes[:1], tunes, 1, False, False) == pytest.approx(-np.log(after * one))
    apart = recordings.count_loss(tunes[1], tunes[:1], tunes, 1, True, False)
    assert apart == pytest.approx(-np.log(after * one)), "there is one duration, which is certain"
    listening = recordings.count_loss(tunes[1], tunes[:1], tunes, 0, False, True)
    first, second = (1 + 1) / (3 + 2), (2 + 1) / (4 + 2)  # it has read the first note, then also the second one
    assert listening == pytest.approx(-np.log(first * second))


def test_padding_does_not_count(recordings):
    tunes = load_melodies(common_key=True)[:3]
    model = recordings.note_network(recordings.layers.LSTM, symbols_of(tunes).count, 0.0, numbers=4, units=5)
    together = recordings.losses_of(model, tunes, tunes)
    alone = [recordings.losses_of(model, [tune], tunes)[0] for tune in tunes]
    assert_allclose(together, alone, rtol=1e-5)
    rows, real = recordings.rows_of(tunes, tunes)
    assert real.sum(axis=1).tolist() == [2 * len(tune.pitches) for tune in tunes] and (rows[real == 0] == 0).all()


def test_every_tune_is_held_out_once_and_never_among_those_taught(recordings, monkeypatch):
    tunes = load_melodies(common_key=True)
    pairs = []
    monkeypatch.setattr(recordings, "taught", lambda name, known, tunes, seed: {tune.name for tune in known})
    monkeypatch.setattr(recordings, "explorer_networks", lambda tunes, seed: {})
    monkeypatch.setattr(recordings, "count_loss", lambda tune, known, *others: pairs.append((tune.name, known)) or 1.0)

    def losses(known, unknown, tunes):
        assert not known & {tune.name for tune in unknown} and len(known) + len(unknown) == len(tunes)
        return np.ones(len(unknown))

    monkeypatch.setattr(recordings, "losses_of", losses)
    found = recordings.train_melodies(4)
    for name in (*recordings.NETWORKS, *recordings.COUNTS):
        assert_allclose(found[f"{name}: losses"], 1)
    assert len(pairs) == len(recordings.COUNTS) * len(tunes)
    assert all(name not in {tune.name for tune in known} for name, known in pairs)


def test_the_bigram_makes_melodies_of_the_notes_that_it_knows(recordings):
    tunes = load_melodies(common_key=True)
    (bigram,) = recordings.counted(tunes, tunes, 1, False)
    pitches, durations = recordings.notes_drawn(bigram, 64, 1.0, 3)
    again, _ = recordings.notes_drawn(bigram, 64, 1.0, 3)
    assert pitches[0] == 64 and len(pitches) == len(durations) == recordings.NOTES and (pitches == again).all()
    assert set(zip(pitches.tolist(), durations.tolist(), strict=True)) <= set(bigram.kinds)


def test_functions_that_learners_read_are_short(recordings):
    for name, function in inspect.getmembers(recordings, inspect.isfunction):
        if function.__module__ == recordings.__name__:
            assert len(inspect.getsource(function).rstrip().split("\n")) <= 24, name


@pytest.mark.slow
def test_a_new_run_of_one_seed_lies_within_the_recorded_spread(recordings, perplexity):
    again = recordings.train_melodies(1)
    for name, values in perplexity.items():
        new = np.exp(np.sum(again[f"{name}: losses"]) / np.sum(again["notes"]))
        room = 0.5 if name == "LSTM by heart" else 0.05
        assert (1 - room) * values.min() <= new <= (1 + room) * values.max(), name
