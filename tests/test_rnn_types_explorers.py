"""The explorers of the lesson on the types of recurrent networks: their numbers against our layers, their sentences checked."""

import re
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers.datasets import date_split, film_review_split, load_recorded
from helpers.explorers import rnn_types_next_word as next_word
from helpers.explorers import rnn_types_sentiment as sentiment
from helpers.explorers import rnn_types_translation as translation
from helpers.explorers import rnn_types_unrolled as unrolled
from helpers.explorers.rnn_types import (
    explore_caption,
    explore_next_word,
    explore_sentiment,
    explore_shared_weight,
    explore_translation,
    explore_unrolled,
)
from helpers.explorers.rnn_types_shared_weight import INPUTS, gradient_of_weight, parts_of_gradient
from helpers.pairs import END, START, encode
from helpers.scratch.recurrent import SimpleRNN

AFTER_READING = unrolled.AFTER_READING


def calculated(text):
    """Return what a calculator makes of a text such as "0.6×(−0.65) + 0.06"."""
    plain = text.replace("×", "*").replace("\N{MINUS SIGN}", "-")
    assert re.fullmatch(r"[-+*()\d. ]+", plain), plain
    return eval(plain)  # numbers and signs alone, as the line above has made sure of


@pytest.fixture(scope="module")
def steps():
    return explore_unrolled()


@pytest.mark.parametrize("kind", [kind for kind in unrolled.KINDS if kind != AFTER_READING])
def test_the_states_are_those_of_our_layer(steps, kind):
    found = steps.set(kind=kind, length=6, first=-0.4, others=5, cursor=6).numbers
    cell = unrolled.network(unrolled.KINDS[kind].weights).reader
    layer = SimpleRNN(unrolled.UNITS, return_sequences=True)
    layer.build((None, None, 1), np.random.default_rng(0))
    layer.set_weights(list(cell))
    assert_allclose(layer.forward(found["x"][None, :, None])[0], found["h"], atol=1e-12)


def test_writing_begins_with_the_state_of_reading_and_reads_its_own_output(steps):
    found = steps.set(kind=AFTER_READING, length=4, first=0.3, others=2, cursor=8).numbers
    assert list(found["goes_in"]) == 4 * [True] + [False] + 3 * [True] and found["x"][4] == 0
    assert_allclose(found["before"][4], found["h"][3])
    assert_allclose(found["x"][5:], found["y"][4:-1])
    assert_allclose(found["wanted"][4:], found["numbers"][::-1])
    assert list(found["comes_out"]) == 4 * [False] + 4 * [True]
    net = unrolled.network("backwards")
    assert net.reader is not net.writer
    assert_allclose(found["h"][4], np.tanh(found["h"][3] @ net.writer.recurrent_kernel + net.writer.bias))


@pytest.mark.parametrize(
    ("kind", "within"), [("one to many", 0.15), ("many to many, step by step", 0.05), (AFTER_READING, 0.1)]
)
def test_the_networks_have_learnt_their_tasks(steps, kind, within):
    for first in (-1.0, -0.5, 0.0, 0.7, 1.0):
        for others in (1, 9, 20):
            found = steps.set(kind=kind, length=8, first=first, others=others, cursor=8).numbers
            taken = found["comes_out"]
            assert np.abs(found["y"] - found["wanted"])[taken].max() < within, (first, others)


def test_the_sum_is_judged_rightly_where_it_is_not_near_0(steps):
    judged = []
    for others in range(1, 21):
        found = steps.set(kind="many to one", length=7, others=others, cursor=7).numbers
        total = found["numbers"].sum()
        assert found["wanted"][-1] == (round(total, 1) > 0)
        if abs(total) > 0.5:
            judged.append((found["y"][-1] > 0.5) == (total > 0))
    assert len(judged) > 10 and np.mean(judged) > 0.9


def test_a_sum_of_exactly_0_is_not_above_0(steps):
    found = steps.set(kind="many to one", length=3, first=-0.3, others=10, cursor=3)
    assert_allclose(found.numbers["numbers"].sum(), 0, atol=1e-12)
    assert found.numbers["wanted"][-1] == 0 and "The sum is 0.0, so no is wanted" in found.description


@pytest.mark.parametrize("kind", unrolled.KINDS)
def test_a_calculator_gets_the_numbers_of_the_sentence(steps, kind):
    checked = 0
    for others, first, cursor in ((1, 0.6, 1), (4, -0.4, 2), (7, 0.0, 4), (12, 1.0, 5), (20, -1.0, 8)):
        found = steps.set(kind=kind, length=5, first=first, others=others, cursor=cursor)
        line = next(line for line in found.description.split("\n") if "first number of h" in line)
        parts = re.findall(r"(?:: |, )([^,:a-z]+) from (?:x|the old h)", line)
        bias, z, h = re.search(r"and b ([^:]+): tanh\((.+)\) = (\S+)\.$", line).groups()
        digits = len(z.split(".")[1])
        assert round(sum(map(calculated, parts)) + calculated(bias), digits) == pytest.approx(calculated(z), abs=1e-9)
        assert round(np.tanh(calculated(z)), 2) == pytest.approx(calculated(h), abs=1e-9)
        assert calculated(h) == pytest.approx(found.numbers["h"][found.numbers["cursor"], 0], abs=0.0051)
        output = re.search(r"Output: (.+?) = (\S+?)(?:;|,)", found.description)
        if output:
            products, z = output.groups()
            assert round(calculated(products), len(z.split(".")[1])) == pytest.approx(calculated(z), abs=1e-9)
            if sigmoid := re.search(r"sigmoid\((\S+)\) = (\S+),", found.description):
                assert round(1 / (1 + np.exp(-calculated(sigmoid[1]))), 2) == pytest.approx(calculated(sigmoid[2]), abs=1e-9)
            checked += 1
    assert checked or kind == "many to one"


def test_each_matrix_says_how_often_it_was_used(steps):
    def uses(**values):
        numbers = steps.set(**values).numbers
        return {name: numbers[f"uses of {name}"] for name in "WUbV"}

    assert uses(kind="many to one", length=5, cursor=3) == {"W": 3, "U": 2, "b": 3, "V": 0}
    assert uses(kind="many to one", length=5, cursor=5) == {"W": 5, "U": 4, "b": 5, "V": 1}
    assert uses(kind="one to one") == {"W": 1, "U": 0, "b": 1, "V": 1}
    assert uses(kind=AFTER_READING, length=4, cursor=4) == {"W": 4, "U": 3, "b": 4, "V": 0}
    assert uses(kind=AFTER_READING, length=4, cursor=8) == {"W": 3, "U": 4, "b": 4, "V": 4}


def test_later_steps_do_not_show_before_the_cursor_is_there(steps):
    steps.set(kind="one to many", length=6, cursor=2)
    shown = steps.cells._shown
    steps.set(cursor=3)
    assert steps.cells._shown != shown
    values = np.frombuffer(shown[1])
    assert np.isnan(values).sum() == 4 * (unrolled.UNITS + 2)  # state, input and output of steps 3 to 6


def test_the_same_weights_at_every_step(steps):
    kernels = {steps.set(kind="many to one", length=8, cursor=cursor).numbers["W"].tobytes() for cursor in range(1, 9)}
    assert len(kernels) == 1


# The gradient of a weight that is used at every step.


@pytest.mark.parametrize("activation", ["tanh", "linear"])
@pytest.mark.parametrize("inputs", INPUTS)
def test_the_parts_add_up_to_the_gradient_and_to_the_numerical_check(activation, inputs):
    for w in (-1.5, -0.7, 0.0, 0.4, 1.0, 1.5):
        for length in (2, 3, 11, 30):
            x = INPUTS[inputs](length)
            states, parts, way = parts_of_gradient(w, x, activation)
            full = gradient_of_weight(w, x, activation)
            assert_allclose(parts.sum(), full, rtol=1e-9, atol=1e-12)
            h, run = 0.0, []
            for each in x:
                h = np.tanh(each + w * h) if activation == "tanh" else each + w * h
                run.append(h)
            assert_allclose(states, run)
            for cut in (1, 2, 5, 30):
                assert_allclose(gradient_of_weight(w, x, activation, cut), parts[-cut:].sum(), rtol=1e-9, atol=1e-12)
            nudge = 1e-6
            last = [parts_of_gradient(w + step, x, activation)[0][-1] for step in (nudge, -nudge)]
            assert_allclose((last[0] - last[1]) / (2 * nudge), full, rtol=1e-4, atol=1e-7)
            first = [parts_of_gradient(w, x + step * np.eye(1, length)[0], activation)[0][-1] for step in (nudge, -nudge)]
            # `way` says what a change of the state after step 1 does; the input of step 1 meets one slope before it.
            slope = 1 - states[0] ** 2 if activation == "tanh" else 1.0
            assert_allclose((first[0] - first[1]) / (2 * nudge), way[0] * slope, rtol=1e-4, atol=1e-7)


def test_the_sentence_says_what_is_left_of_a_change():
    explorer = explore_shared_weight()
    linear = {"activation": "linear", "inputs": "1 at the first step, then 0", "length": 30}
    assert "vanishes" in explorer.set(w=0.5, **linear).description
    assert "explodes" in explorer.set(w=1.5, **linear).description
    assert "arrives" in explorer.set(w=1.0, **linear).description
    assert explorer.numbers["full"] == pytest.approx(29) and explorer.numbers["cut_short"] == pytest.approx(3)


def test_going_back_as_far_as_the_start_cuts_nothing():
    explorer = explore_shared_weight().set(length=9, truncation=9)
    assert explorer.numbers["cut_short"] == pytest.approx(explorer.numbers["full"], rel=1e-12)
    assert "Only the last" not in explorer.description
    assert "Only the last 8 steps" in explorer.set(truncation=8).description


def test_the_boxes_stand_on_each_other():
    explorer = explore_shared_weight().set(length=12, w=0.9, truncation=4)
    boxes = [path.vertices for path in [*explorer.kept.get_paths(), *explorer.cut.get_paths()]]
    assert len(explorer.kept.get_paths()) == 4 and len(boxes) == 12
    assert all(a[2, 1] == pytest.approx(b[0, 1]) for a, b in pairwise(boxes))
    assert all(a[0, 0] > b[0, 0] for a, b in pairwise(boxes))  # from the last step, on the right, to the first


# A date, letter by letter.


@pytest.fixture(scope="module")
def writer():
    return explore_translation()


def test_the_dates_of_the_list_were_never_seen_and_mostly_come_out_right(writer):
    train, held_out = date_split(0)
    known = dict(zip(held_out.written.tolist(), held_out.iso.tolist(), strict=True))
    right = 0
    for written, iso in writer.dates:
        assert known[written] == iso and iso not in train.iso
        found = writer.reset().set(date=written)
        right += found.description.startswith(f"Written: {iso}, which is right")
    assert right >= 0.9 * len(writer.dates)


def test_it_writes_what_the_model_writes_by_itself(writer):
    translator = translation.date_translator()
    order = translator.symbols.tolist()
    for written, _ in writer.dates[:5]:
        source = encode([written], translator.letters)
        ids, shares = translator.model.generate(source, order.index(START), order.index(END), 11)
        found = writer.reset().set(date=written).numbers
        assert found["symbols"] == [order[number] for number in ids[0]]
        rows = [order.index(symbol) for symbol in [*translation.ROWS, END]]
        assert_allclose(found["shares"], shares[0][:, rows])


def test_a_symbol_that_is_put_in_is_read_by_the_decoder(writer):
    free = writer.reset().numbers
    forced = writer.set(put="1", place=6).numbers
    assert forced["symbols"][:5] == free["symbols"][:5] and forced["symbols"][5] == "1"
    assert_allclose(forced["shares"][:6], free["shares"][:6])  # the shares of the place itself do not know of it yet
    assert np.abs(forced["shares"][6] - free["shares"][6]).max() > 0.1
    assert "At place 6 you put in 1" in writer.description
    assert "which is wrong" in writer.description


def test_letters_are_shown_only_as_far_as_they_are_written(writer):
    found = writer.reset().set(written=4)
    assert found.description.startswith("Written so far: " + "".join(found.numbers["symbols"][:4]))
    assert "right" not in found.description.split("\n")[0]
    assert "nothing" in writer.set(written=0).description


def test_unknown_letters_are_left_out_and_said(writer):
    found = writer.reset().set(date=translation.OWN, text="3 april 2019 \N{SNOWMAN}")
    assert "\N{SNOWMAN}" in found.description and "left out" in found.description
    plain = writer.set(text="3 april 2019 ").numbers["shares"]
    assert_allclose(writer.set(text="3 april 2019 \N{SNOWMAN}").numbers["shares"], plain)


def test_a_text_without_a_known_letter_or_with_too_many_is_answered_in_a_sentence(writer):
    assert "no letter or digit" in writer.reset().set(date=translation.OWN, text="???").description
    assert "60 letters" in writer.set(text="a" * 60).description
    assert writer.reset().problem is None


# A review, word by word.


@pytest.fixture(scope="module")
def reader():
    return explore_sentiment()


def test_the_reviews_of_the_list_were_never_read_and_are_judged_as_by_the_model(reader):
    x_train, _, x_test, y_test = film_review_split(0)
    model, tokenizer = sentiment.review_network()
    opinions = dict(zip(x_test.tolist(), y_test.tolist(), strict=True))
    for name, text, opinion in zip(reader.names, reader.reviews, reader.opinions, strict=True):
        assert text not in x_train and opinions[text] == opinion
        found = reader.set(review=name).numbers
        assert_allclose(found["scores"][-1], model.predict(tokenizer([text]))[0, 0])
        assert_allclose(found["start"] + found["changes"].sum(), found["scores"][-1])
    assert not model.layers[1].return_sequences  # left as it was
    assert len(set(reader.opinions)) == 2


def test_the_score_after_a_word_is_that_of_the_text_up_to_it(reader):
    model, tokenizer = sentiment.review_network()
    words = ["this", "film", "is", "not", "bad", "at", "all"]
    found = reader.set(review=sentiment.OWN, text=" ".join(words)).numbers
    each = [model.predict(tokenizer([" ".join(words[: k + 1])]))[0, 0] for k in range(len(words))]
    assert_allclose(found["scores"], each)
    changes = np.abs(np.diff([found["start"], *each]))
    assert set(found["turned"]) == {k for k in np.argsort(-changes)[:4] if changes[k] >= 0.05}
    assert "No word turned it" in reader.set(text="film the").description


def test_unknown_words_are_said_and_all_alike(reader):
    found = reader.set(review=sentiment.OWN, text="xyzzy plugh film")
    assert list(found.numbers["known"]) == [False, False, True]
    assert "2 words are unknown" in found.description
    scores = found.numbers["scores"]
    assert_allclose(reader.set(text="plugh xyzzy film").numbers["scores"], scores)


def test_no_text_and_a_long_one_are_answered_in_a_sentence(reader):
    assert "no word to read" in reader.set(review=sentiment.OWN, text=" .,! ").description
    assert "61 words" in reader.set(text="word " * 61).description
    assert reader.set(text="word " * 60).problem is None


def test_not_does_not_turn_bad_round(reader):
    """What the lesson says of this network."""
    scores = [reader.set(review=sentiment.OWN, text=text).numbers["scores"][-1] for text in ("bad", "not bad", "good")]
    assert scores[1] < 0.3 and scores[0] < 0.3 < 0.5 < scores[2]


# The next word.


@pytest.fixture(scope="module")
def teller():
    return explore_next_word()


def test_temperature_and_top_k_sharpen_the_shares():
    shares = np.array([0.1, 0.4, 0.3, 0.2])
    assert_allclose(next_word.sharpened(shares, 1.0, 4, ()), shares)
    assert_allclose(next_word.sharpened(shares, 1.0, 2, ()), [0, 4 / 7, 3 / 7, 0])
    assert_allclose(next_word.sharpened(shares, 1.0, 4, (1,)), np.array([1, 0, 3, 2]) / 6)
    assert_allclose(next_word.sharpened(shares, 0.5, 4, ()), shares**2 / np.sum(shares**2))
    assert next_word.sharpened(shares, 0.01, 4, ())[1] > 0.999
    flat = next_word.sharpened(shares, 100.0, 4, ())
    assert_allclose(flat, 0.25, atol=0.01)


def test_the_shares_are_those_of_the_model_after_the_text(teller):
    model, words = next_word.word_teller()
    text = ["if", "the", "object", "is"]
    found = teller.set(text=" ".join(text), count=0, temperature=1.0).numbers
    shares = model.predict(np.array([[words.index(word) for word in ("<start>", *text)]]))[0, -1]
    assert_allclose(found["shares"], shares[found["numbers"]])
    order = [k for k in np.argsort(-shares, kind="stable") if words[k] not in next_word.NEVER][: next_word.SHOWN]
    assert list(found["numbers"]) == order


def test_a_likely_continuation_is_the_same_for_every_seed_and_a_free_one_is_not(teller):
    teller.reset()
    sure = {" ".join(teller.set(text="if the object is", count=8, top_k=1).numbers["new"]) for seed in range(1, 4)}
    free = {" ".join(teller.set(top_k=40, temperature=1.5, seed=seed).numbers["new"]) for seed in range(1, 4)}
    assert len(sure) == 1 and len(free) == 3


def test_each_sentence_begins_anew(teller):
    teller.reset()
    first = teller.set(text="the value of the", count=0).numbers["shares"]
    assert_allclose(teller.set(text="if the object is a class . the value of the").numbers["shares"], first)
    assert np.abs(teller.set(text="if the object is a class the value of the").numbers["shares"] - first).max() > 1e-3


def test_nothing_rare_and_no_padding_is_ever_written(teller):
    teller.reset()
    for seed in range(1, 11):
        assert not set(teller.set(count=20, temperature=2.0, top_k=100, seed=seed).numbers["new"]) & set(next_word.NEVER)


def test_a_text_that_is_too_long_is_answered_in_a_sentence(teller):
    assert "31 words" in teller.reset().set(text="word " * 31).description
    assert teller.set(text="word " * 30).problem is None


# The name of a picture.


@pytest.fixture(scope="module")
def captioner():
    return explore_caption()


def test_it_writes_what_keras_wrote_in_the_recording(captioner):
    run = load_recorded("rnn_letters")[0]
    captioner.reset()
    for name, written, truth in zip(captioner.names, run["written"], run["names"], strict=True):
        found = captioner.set(picture=name)
        assert found.numbers["text"] == written and found.numbers["truth"] == truth
        assert ("which is right" in found.description) == (written == truth)


def test_the_first_letter_that_is_put_in_changes_the_rest(captioner):
    free = captioner.reset().numbers["text"]
    assert free.startswith("capital")
    forced = captioner.set(put="s").numbers["text"]
    assert forced.startswith("s") and forced[1:] != free[1:] and "put in s" in captioner.description


def test_a_covered_picture_is_another_picture(captioner):
    captioner.reset()
    assert captioner.numbers["image"][:10].sum() > 0
    assert captioner.set(cover=10).numbers["image"][:10].sum() == 0
    blank = {captioner.set(cover=32, picture=name).numbers["text"] for name in captioner.names[:5]}
    assert len(blank) == 1  # nothing to see: always the same name
    assert "upper 32 of 32 rows" in captioner.description
