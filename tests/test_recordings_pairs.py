"""The recorded trainings on pairs: they say what the lesson says, their parts do what they say, and they can be made again."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import load_recorded
from helpers.pairs import END, START, Dates, Letters, Names, answers_to_learn, characters_of, encode
from helpers.recordings import rnn_types_dates as dates
from helpers.recordings import rnn_types_letters as letters
from helpers.recordings import rnn_types_names as names


@pytest.fixture(scope="module", params=["LSTM", "SimpleRNN"])
def small(request):
    """Return an encoder-decoder that was not trained, for the characters "abc", and these."""
    characters = characters_of(["abc", START, END])
    dates.set_seeds(0)
    return dates.encoder_decoder(request.param, len(characters), len(characters), units=5, embedding=3), characters


# Encoder and decoder.


def test_zeros_at_the_end_change_nothing(small):
    model, characters = small
    answers = encode(["<ab"], characters)
    short = model.predict_on_batch([encode(["cab"], characters), answers])
    padded = model.predict_on_batch([encode(["cab"], characters, length=9), np.pad(answers, [(0, 0), (0, 4)])])
    assert_allclose(padded[:, :3], short, atol=1e-6)
    assert not np.allclose(model.predict_on_batch([encode(["cabb"], characters), answers]), short, atol=1e-4)


def test_what_follows_is_not_read(small):
    model, characters = small
    source = encode(["cab"], characters)
    one, other = (model.predict_on_batch([source, encode([text], characters)]) for text in ("<abc", "<aca"))
    assert_allclose(one[:, :2], other[:, :2], atol=1e-6)
    assert not np.allclose(one[:, 3], other[:, 3], atol=1e-4)


def test_generate_writes_the_most_probable_letter_after_its_own(small):
    model, characters = small
    sources = encode(["abc", "b", "ca"], characters)
    texts = dates.generate(model, sources, characters, 6)
    for source, text in zip(sources, texts, strict=True):
        so_far = START
        while len(so_far) < 7 and not so_far.endswith(END):
            shares = model.predict_on_batch([source[None], encode([so_far], characters)])[0, -1]
            so_far += str(characters[shares.argmax()])
        assert text == so_far[1:].split(END)[0]


def test_padding_does_not_count_in_the_loss(small):
    model, characters = small
    sources = encode(["abc", "b"], characters)
    losses = []
    for extra in (0, 5):
        so_far, following = (np.pad(part, [(0, 0), (0, extra)]) for part in answers_to_learn(["abca", "c"], characters))
        model.compile("adam", "sparse_categorical_crossentropy")
        losses.append(model.evaluate([sources, so_far], following, verbose=0))
    shares = model.predict_on_batch([sources, so_far])
    right = np.take_along_axis(shares, following[..., None], axis=2)[..., 0][following > 0]
    assert_allclose(losses, -np.log(right).mean(), rtol=1e-5)


def test_the_encoder_decoder_comes_out_the_same_from_scratch(small):
    from helpers.keras_tools import to_scratch

    model, characters = small
    ours = to_scratch(model)
    sources, so_far = encode(["cab", "bb"], characters), encode(["<ab", "<c"], characters)
    told = so_far > 0  # what stands after the end of an answer is not compared
    assert_allclose(ours.forward(sources, so_far)[told], model.predict_on_batch([sources, so_far])[told], atol=1e-5)


# Scores.


def test_same_letters_by_hand():
    assert_array_equal(dates.same_letters(["ab", "a"], ["ac", "abc"]), [[True, False, True], [True, False, False]])


def test_share_of_letters_by_hand():
    assert names.share_of_letters(np.array(["abcd", "x", "ab"]), np.array(["abce", "x", "abcd"])) == pytest.approx(6 / 9)


def test_judge_finds_mistakes_of_a_model_that_cannot_hear(monkeypatch):
    """A model that always says 2000-01-01: exact, letters, and the letters after the first mistake can be counted by hand."""
    characters = characters_of(["0123456789-", START, END])

    class Deaf:
        def predict_on_batch(self, inputs):
            answer = encode(["2000-01-01" + END], characters)[0][: inputs[1].shape[1]]
            return np.repeat(np.eye(len(characters))[answer][None], len(inputs[1]), axis=0)

    some = Dates(np.array(["1", "2"]), np.array(["2000-01-01", "2010-01-02"]), np.array(["de", "de"]))
    found = dates.judge(Deaf(), (characters, characters), some)
    assert found["exact"] == 0.5 and found["letters"] == found["told letters"] == pytest.approx(18 / 20)
    # After the 1 of 2010 come seven letters, one of them wrong.
    assert found["letters after a mistake"] == found["told letters after a mistake"] == pytest.approx(6 / 7)


# Simpler ways.


FEW = Dates(
    np.array(
        ["3 avril 2019", "march 4, 2001", "mardi 5 avril 2022", "8 march 1999", "tuesday, march 1, 2010", "mardi 2 march 2010"]
    ),
    np.array(["2019-04-03", "2001-03-04", "2022-04-05", "1999-03-08", "2010-03-01", "2010-03-02"]),
    np.array(["fr"] * 6),
)


def test_the_rule_learns_names_of_months_and_reads_numbers():
    written = ["9 avril 1960", "tuesday, march 30, 2040", "07.11.1987", "mardi 12 avril 2001"]
    assert dates.by_rule(FEW, written).tolist() == ["1960-04-09", "2040-03-30", "1987-11-07", "2001-04-12"]


def test_words_in_no_order():
    assert dates.pieces("samstag, 23. september 2023") == ["samstag", "23", "september", "2023"]
    shuffled = ["2019 avril 3", "2001 4 march"]
    assert dates.by_words(FEW, shuffled).tolist() == ["2019-04-03", "2001-03-04"]
    assert dates.by_neighbour(FEW, ["3 avril 2018"]).tolist() == ["2019-04-03"]
    assert dates.by_frequency(FEW, ["a", "b"]).tolist() == [dates.by_frequency(FEW, ["c"])[0]] * 2


def test_orders_keep_what_they_say():
    rng = np.random.default_rng(0)
    text = "samstag, 23. september 2023"
    changed = {name: change(text, rng) for name, change in dates.ORDERS.items()}
    assert changed["as written"] == text and changed["letters backwards"] == "3202 rebmetpes .32 ,gatsmas"
    assert changed["pieces in order"] == "samstag 23 september 2023"
    assert sorted(changed["pieces shuffled"].split()) == sorted(dates.pieces(text))
    assert sorted(changed["letters shuffled"]) == sorted(text) != list(text)


def test_endings_by_hand():
    known = Names(
        np.array(["croatian", "alsatian", "norway", "malta", "cuba"]),
        np.array(["croate", "alsate", "norvège", "malta", "cuba"]),
        np.array(["language"] * 5),
    )
    assert names.by_endings(known, ["dalmatian", "java", "zzz"]).tolist() == ["dalmate", "java", "zzz"]
    assert names.by_copying(known, known.english) is known.english


def test_two_classifiers_put_a_letter_and_a_mark_together():
    pictures = np.zeros((4, 32, 32), dtype=np.float32)
    pictures[[1, 3], 0], pictures[2:, 31] = 1, 1  # the first row is the mark, the last one the letter
    name = np.array(["small a", "small a with acute", "small b", "small b with acute"])
    letter, mark = np.array(["small a"] * 2 + ["small b"] * 2), np.array(["", "acute"] * 2)
    whole = Letters(pictures, name, letter, mark, letter, letter)
    known, new = (Letters(*(column[rows] for column in whole)) for rows in (slice(0, 3), slice(3, 4)))
    assert letters.by_two_classifiers(known, new).tolist() == ["small b with acute"]
    assert letters.by_neighbour(known, new)[0] in known.name
    found = letters.scores("x", np.array(["small b with grave"]), new)
    assert (found["x: exact"], found["x: letter"], found["x: mark"]) == (0, 1, 0)


# What was recorded.


def test_an_lstm_reads_dates_and_a_simple_rnn_learns_more_slowly(runs):
    def exact(name):
        return runs("rnn_dates", f"{name}: exact")

    assert exact("LSTM").min() > 0.97
    assert exact("simple RNN, same settings").max() < 0.05 and exact("simple RNN").max() < 0.15
    assert 0.6 < exact("simple RNN, 25 epochs").mean() < exact("LSTM").min() - 0.05
    assert 0.4 < exact("simple RNN, as many weights").mean() < exact("LSTM").min() - 0.1
    assert exact("simple RNN, as many weights, 25 epochs").min() > 0.97  # it is no matter of principle
    sizes = [runs("rnn_dates", f"{name}: weights")[0] for name in ("LSTM", "simple RNN, as many weights")]
    assert sizes[0] == 70606 and abs(sizes[1] / sizes[0] - 1) < 0.01


def test_simpler_ways_read_dates_as_well(runs):
    assert runs("rnn_dates", "rule: exact").min() == 1
    assert runs("rnn_dates", "bag of words: exact").min() > 0.96
    assert runs("rnn_dates", "nearest: exact").max() == 0  # the same day is never among the training dates
    assert runs("rnn_dates", "nearest: letters").mean() > runs("rnn_dates", "most frequent letters: letters").mean() + 0.2


def test_after_its_own_mistake_a_network_makes_more(runs):
    for name in ("LSTM", "simple RNN, 25 epochs"):
        own = runs("rnn_dates", f"{name}: letters after a mistake")
        assert own.max() < runs("rnn_dates", f"{name}: told letters after a mistake").min() - 0.3


def test_years_and_languages_that_were_never_seen(runs):
    for years in ("1850 to 1899", "1900 to 1949", "2050 to 2099"):
        assert runs("rnn_dates", f"LSTM: years {years}: exact").max() < 0.3
    for language in ("Portuguese", "Dutch"):
        assert 0.7 < runs("rnn_dates", f"LSTM: {language}: exact").min() < 0.95
    assert runs("rnn_dates", "LSTM: Hungarian: exact").max() < 0.02


def test_recorded_weights_write_the_recorded_dates():
    run = load_recorded("rnn_dates")[0]
    tables = run["source_characters"], run["target_characters"]
    for name, cell in {"LSTM": "LSTM", "simple RNN": "SimpleRNN"}.items():
        model = dates.encoder_decoder(cell, *map(len, tables))
        model.set_weights([run[f"{name}: weights_{place}"] for place in range(10)])
        found = dates.judge(model, tables, Dates(run["written"], run["iso"], run["language"]))
        assert found["exact"] == pytest.approx(run[f"{name}: exact"], abs=0.03)


def test_the_order_of_letters_matters_more_than_that_of_pieces(runs):
    def figures(name, part="exact"):
        return runs("rnn_date_order", f"{name}: {part}")

    assert figures("pieces in order").min() > 0.96
    assert figures("pieces shuffled", "named").min() > 0.85 and figures("pieces shuffled").max() < figures("as written").min()
    assert figures("pieces shuffled", "numbers").max() < figures("pieces in order", "numbers").min() - 0.1
    assert figures("letters shuffled").max() < 0.35
    assert figures("letters backwards").min() > 0.95  # another order is no harm, no order is
    assert figures("bag of letters").max() < 0.25


def test_a_state_holds_only_so_many_digits(runs):
    exact, sizes = runs("rnn_copy", "exact"), runs("rnn_copy", "sizes")[0]
    assert exact.shape == (3, 2, 16) and list(sizes) == [32, 128]
    assert exact[:, :, :3].min() > 0.9 and exact[:, :, 14:].max() < 0.15  # up to 12 digits in training
    assert (exact[:, 1, 9] > exact[:, 0, 9] + 0.1).all()
    assert (exact[:, 0, 11] < exact[:, 0, 5] - 0.2).all()


def test_a_picture_gets_the_name_of_a_letter_with_a_mark_never_seen_on_it(runs):
    def figures(name, part="exact"):
        return runs("rnn_letters", f"{name}: {part}")

    assert 0.4 < figures("LSTM").mean() < 0.7
    assert figures("CNN with two answers").min() > figures("LSTM").max() + 0.1  # told that there are two things
    assert figures("LSTM").mean() > figures("two classifiers").mean()
    assert figures("nearest").max() == figures("most frequent").max() == 0  # both know whole names only
    assert figures("LSTM", "letter").min() > 0.93 and figures("LSTM", "mark").max() < 0.7  # mistakes are in the mark
    assert figures("LSTM", "letters").min() > figures("nearest", "letters").max() + 0.1


def test_names_are_better_copied(runs):
    def figures(name, part="exact"):
        return runs("rnn_names", f"{name}: {part}")

    assert figures("LSTM").max() < 0.2 < figures("copy").min() - 0.05
    assert (figures("copy", "same") == 1).all() and (figures("copy", "different") == 0).all()
    assert figures("endings").mean() > figures("copy").mean() > figures("nearest").max()
    assert figures("LSTM", "different").min() > 0.01 and figures("LSTM", "different").max() < 0.15
    assert figures("LSTM", "exact in training").min() > figures("LSTM").max() + 0.5
    few, all_names = runs("rnn_names", "exact by size").T
    assert few.max() < all_names.min() - 0.02  # more names would help


def test_recorded_weights_write_the_recorded_names_of_letters():
    run = load_recorded("rnn_letters")[0]
    model = letters.captioner(len(run["characters"]))
    model.set_weights([run[f"weights_{place}"].astype(np.float32) for place in range(12)])
    pictures = run["pictures"][..., None].astype(np.float32) / 255
    again = letters.generate(model, pictures, run["characters"], letters.LONGEST)
    assert np.mean(again == run["written"]) > 0.95  # the weights were rounded to two bytes
    train, held_out = letters.letter_split(0)
    assert not set(run["names"]) & set(train.name) and set(run["names"]) <= set(held_out.name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "train", "figure", "margin"),
    [
        ("rnn_dates", dates.train_dates, "LSTM: exact", 0.02),
        ("rnn_date_order", dates.train_order, "letters shuffled: exact", 0.05),
        ("rnn_names", names.train_names, "LSTM: exact", 0.04),
        ("rnn_letters", letters.train_letters, "LSTM: exact", 0.1),
    ],
)
def test_a_new_run_of_one_seed_lies_within_the_recorded_spread(runs, name, train, figure, margin):
    recorded = runs(name, figure)
    assert recorded.min() - margin <= train(1)[figure] <= recorded.max() + margin


@pytest.mark.slow
def test_a_new_run_of_copying_lies_within_the_recorded_spread(runs):
    recorded = runs("rnn_copy", "exact")
    again = np.array(dates.train_copy(1)["exact"])
    assert (np.abs(again - recorded.mean(axis=0)) < 0.2).all()
