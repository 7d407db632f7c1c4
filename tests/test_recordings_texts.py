"""Recorded trainings on texts: their functions, what they claim, whether the weights give the figures, and one seed again."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import film_review_split, help_text_split, load_recorded, load_shop_reviews
from helpers.recordings import rnn_types_reviews as reviews
from helpers.recordings import rnn_types_words as words
from helpers.scratch.dense import Dense
from helpers.scratch.embedding import Embedding
from helpers.scratch.lstm import LSTM
from helpers.scratch.sequential import Sequential
from helpers.scratch.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def runs():
    """Return name -> seed -> what was recorded."""
    names = ("reviews", "review_order", "plain", "moved", "longer", "next_word")
    found = {name: load_recorded(f"rnn_{name}") for name in names}
    assert all(list(each) == [0, 1, 2] for each in found.values())
    return found


def each(runs, name, figure):
    """Return a figure of every seed, (seeds, ...)."""
    return np.array([run[figure] for run in runs[name].values()])


def rebuilt(layers, run):
    """Return our own network with the recorded weights."""
    model = Sequential(layers)
    model.build((None, 4))
    model.set_weights([run[f"weights_{place}"].astype(float) for place in range(len(model.get_weights()))])
    return model


# Film reviews: the functions


ROWS = np.array([[5, 6, 7, 0, 0], [8, 0, 0, 0, 0], [2, 3, 4, 5, 6]])


def test_padding_goes_to_the_front():
    assert_array_equal(reviews.padding_first(ROWS), [[0, 0, 5, 6, 7], [0, 0, 0, 0, 8], [2, 3, 4, 5, 6]])


def test_rows_get_a_fixed_length():
    assert_array_equal(reviews.fitted(ROWS, 2), [[5, 6], [8, 0], [2, 3]])
    assert_array_equal(reviews.fitted(ROWS, 6), np.pad(ROWS, ((0, 0), (0, 1))))
    assert_array_equal(reviews.fitted(ROWS, 5), ROWS)


def test_rows_move():
    assert_array_equal(reviews.moved(ROWS, 0), ROWS)
    assert_array_equal(reviews.moved(ROWS, 2)[0], [0, 0, 5, 6, 7, 0, 0])
    assert_array_equal(reviews.moved(ROWS, 1, word=9)[1], [9, 8, 0, 0, 0, 0])


def test_shuffling_keeps_the_words_and_the_padding():
    rows = np.arange(1, 41).reshape(2, 20) * (np.arange(20) < [[20], [15]])
    mixed = reviews.shuffled(rows, np.random.default_rng(0))
    assert_array_equal(np.sort(mixed), np.sort(rows))
    assert_array_equal(mixed == 0, rows == 0)
    assert (mixed != rows).any(axis=1).all() and rows[0, 0] == 1, "and leaves the rows that it was given"


def test_multiply_adds_by_hand():
    # Two words of 3 numbers: 6 numbers to each of 5 units, then 5 units to the answer.
    assert reviews.multiply_adds_ann(2, 3, 5) == 6 * 5 + 5
    # At each of two words 3 numbers and 5 states to each of 5 units; an LSTM does so four times.
    assert reviews.multiply_adds_rnn(2, 3, 5) == 2 * (3 * 5 + 5 * 5) + 5
    assert reviews.multiply_adds_rnn(2, 3, 5, gates=4) == 2 * 4 * (3 * 5 + 5 * 5) + 5
    assert_array_equal(reviews.multiply_adds_rnn(np.array([1, 2]), 3, 5), [45, 85])


def test_multiply_adds_are_the_sizes_of_the_weight_matrices():
    model = reviews.lstm()
    arrays = {weight.path.split("/", 1)[-1]: weight.shape for weight in model.weights}
    kernels = [int(np.prod(shape)) for path, shape in arrays.items() if "kernel" in path]
    assert sum(kernels) == reviews.multiply_adds_rnn(1, reviews.NUMBERS, reviews.UNITS, gates=4)
    ann = reviews.ann(7, units=3)
    kernels = [int(np.prod(weight.shape)) for weight in ann.weights if weight.path.endswith("kernel")]
    assert sum(kernels) == reviews.multiply_adds_ann(7, reviews.NUMBERS, 3)


def test_a_mask_makes_padding_harmless_and_without_it_is_not():
    with_mask, without = reviews.simple_rnn(), reviews.simple_rnn(mask=False)
    for wider in (reviews.fitted(ROWS, 9), reviews.moved(ROWS, 3)):
        assert_allclose(reviews.scores(with_mask, wider), reviews.scores(with_mask, ROWS), atol=1e-6)
        assert np.abs(reviews.scores(without, wider) - reviews.scores(without, ROWS)).max() > 1e-4


def test_every_network_gives_one_score_a_review():
    for name, (make, epochs) in reviews.MODELS.items():
        found = reviews.scores(make(), ROWS)
        assert found.shape == (3,) and (found > 0).all() and (found < 1).all() and epochs > 0, name


def test_review_data_counts_the_training_words_alone():
    data, x = reviews.review_data(1), film_review_split(1)[0]
    tokenizer = Tokenizer(reviews.VOCABULARY)
    tokenizer.adapt(x)
    assert data.tokenizer.get_vocabulary() == tokenizer.get_vocabulary() and len(tokenizer.get_vocabulary()) == 5000
    assert data.x.shape[0] == len(data.y) == 6824 and data.x_test.shape[0] == len(data.y_test) == 1706
    assert data.x_shop.shape[0] == len(data.y_shop) == 60


def test_the_plain_way_reads_words_and_pairs():
    x = np.array(["good fun .", "not good .", "a fine film", "a dull film"] * 10)
    y = np.array([1, 0, 1, 0] * 10)
    model = reviews.bag_of_words(2).fit(x, y)
    names = set(model.best_estimator_[0].vocabulary_)
    assert {"good", "not good", "dull film"} <= names and "." not in names and model.score(x, y) == 1
    assert set(reviews.bag_of_words(1).fit(x, y).best_estimator_[0].vocabulary_) == {
        "good",
        "fun",
        "not",
        "a",
        "fine",
        "film",
        "dull",
    }


# Next words: the functions


SENTENCES = [(9, 5, 6, 7), (9, 5, 6, 8), (9, 6, 5)]


def test_rows_of_words_and_what_follows():
    x, y = words.rows(SENTENCES)
    assert_array_equal(x, [[9, 5, 6], [9, 5, 6], [9, 6, 0]])
    assert_array_equal(y, [[5, 6, 7], [5, 6, 8], [6, 5, 0]])
    x, y = words.rows(SENTENCES, 2)
    assert_array_equal(x, [[9, 5], [9, 5], [9, 6]])
    assert_array_equal(y, [[5, 6], [5, 6], [6, 5]])


def test_counting_by_hand():
    tables = words.count(SENTENCES, 2)
    assert tables[0][()] == {5: 3, 6: 3, 7: 1, 8: 1}
    assert dict(tables[1]) == {(9,): {5: 2, 6: 1}, (5,): {6: 2}, (6,): {7: 1, 8: 1, 5: 1}}
    assert words.add_one(tables, (9,), 5) == 3 / (3 + 1498)
    assert words.add_one(tables, (7,), 5) == 1 / 1498, "nothing ever followed 7"
    once = (3 + 4 / 1498) / (8 + 4)  # 8 words, 4 kinds
    assert_allclose(words.witten_bell(tables[:1], (9,), 5), once)
    assert_allclose(words.witten_bell(tables, (9,), 5), (2 + 2 * once) / (3 + 2))
    assert_allclose(words.witten_bell(tables, (7,), 5), once)
    kinds = words.count_for_kneser_ney(SENTENCES)
    assert kinds[2] == {5: 2, 6: 2, 7: 1, 8: 1}
    once = (2 - 0.75 + 0.75 * 4 / 1498) / 6
    assert_allclose(words.kneser_ney(kinds, (9, 6), 5), (1 - 0.75 + 0.75 * 3 * once) / 3)
    assert_allclose(words.kneser_ney(kinds, (7,), 5), once)


@pytest.mark.parametrize("guess", [words.add_one, words.witten_bell, words.kneser_ney])
def test_probabilities_add_up_to_one(guess):
    tables = words.count_for_kneser_ney(SENTENCES) if guess is words.kneser_ney else words.count(SENTENCES, 2)
    can_come = [number for number in range(1, words.VOCABULARY) if number != 9]
    assert len(can_come) == words.CAN_COME
    for before in ((9,), (9, 5), (9, 77)):
        assert_allclose(sum(guess(tables, before, number) for number in can_come), 1)
    # Three words before: of the tables for two, none ends here.
    deep = words.count(SENTENCES, 3)
    assert_allclose(sum(words.witten_bell(deep, (9, 5, 6), number) for number in can_come), 1)
    assert words.witten_bell(deep, (9, 5, 6), 7) > words.witten_bell(deep[:2], (9, 5, 6), 7)


def test_perplexity():
    assert_allclose(words.perplexity(np.full(7, 1 / 50)), 50)
    assert_allclose(words.perplexity(np.array([1 / 10, 1 / 40])), 20)
    given = words.probabilities(lambda tables, before, following: 10 * len(before) + following, None, SENTENCES[1:])
    assert_array_equal(given, [15, 26, 38, 16, 25])


def test_a_net_gives_the_probability_of_each_following_word():
    model = words.next_word_net(words.layers.SimpleRNN, numbers=3, units=4)
    given = words.net_probabilities(model, SENTENCES)
    everything = model.predict(words.rows(SENTENCES)[0], verbose=0)
    assert_allclose(given, [everything[i, j, s[j + 1]] for i, s in enumerate(SENTENCES) for j in range(len(s) - 1)], rtol=1e-5)
    assert_allclose(everything.sum(axis=-1), 1, rtol=1e-5)


def test_word_data_is_the_split_of_the_topics():
    tokenizer, train, validation, test = words.word_data(0)
    assert len(tokenizer.get_vocabulary()) == words.VOCABULARY
    start = tokenizer.get_vocabulary().index(words.START)
    for part, sentences in zip((train, validation, test), help_text_split(0), strict=True):
        assert len(part) == len(sentences) and all(row[0] == start and start not in row[1:] for row in part)
        assert [len(row) - 1 for row in part] == [len(sentence) for sentence in sentences]
    known = set(tokenizer.get_vocabulary())
    said = tokenizer.texts(np.array([test[3]]))[0].split()[1:]
    assert said == [word if word in known else "[UNK]" for word in help_text_split(0)[2][3]]


# What was recorded


def test_the_recorded_lstm_reads_as_it_was_recorded(runs):
    run = runs["reviews"][0]
    _, _, x_test, y_test = film_review_split(0)
    tokenizer = Tokenizer(vocabulary=run["vocabulary"])
    layers = [Embedding(reviews.VOCABULARY, reviews.NUMBERS, mask_zero=True), LSTM(reviews.UNITS), Dense(1, "sigmoid")]
    model = rebuilt(layers, run)
    good = model.predict(tokenizer(x_test))[:, 0] > 0.5
    assert_allclose(
        np.mean(good == y_test), run["LSTM: test"], atol=0.0025
    )  # four reviews may tip over: the weights are rounded
    x_shop, y_shop, _ = load_shop_reviews()
    shop = model.predict(tokenizer(x_shop))[:, 0]
    assert_allclose(shop, run["LSTM: shop scores"], atol=0.02)
    for run in runs["reviews"].values():
        assert_allclose(np.mean((run["LSTM: shop scores"] > 0.5) == y_shop), run["LSTM: shop"])


def test_the_best_recurrent_net_is_good_enough_and_no_better_than_counting_words(runs):
    lstm, both_ways = each(runs, "reviews", "LSTM: test"), each(runs, "reviews", "LSTM both ways: test")
    assert max(lstm.mean(), both_ways.mean()) >= 0.74 and lstm.mean() >= 0.74
    plain = [each(runs, "plain", f"{name}: test") for name in ("bag of words", "bag of words and pairs")]
    assert each(runs, "plain", "majority: test").max() == 0.5
    assert abs(lstm.mean() - max(figure.mean() for figure in plain)) < 0.02
    assert abs(each(runs, "reviews", "mean of the words: test").mean() - lstm.mean()) < 0.02


def test_the_order_of_the_words_hardly_matters_in_film_reviews(runs):
    order = {name: each(runs, "review_order", name) for name in runs["review_order"][0]}
    assert_allclose(order["in order"], each(runs, "reviews", "LSTM: test"), atol=0.003)
    for name in ("in order, then shuffled", "shuffled", "shuffled, then in order"):
        assert abs(order[name].mean() - order["in order"].mean()) < 0.015, name


def test_the_ann_suffers_from_a_move_by_one_place_and_the_lstm_does_not(runs):
    moved = {
        (net, what): each(runs, "moved", f"{net}: moved by {what}") for net in ("ANN", "LSTM") for what in ("padding", "well")
    }
    changed = {key: each(runs, "moved", f"{key[0]}: changed by {key[1]}") for key in moved}
    assert list(reviews.MOVES) == [0, 1, 2, 5, 10, 20]
    ratio = each(runs, "moved", "ANN: weights") / each(runs, "moved", "LSTM: weights")
    assert_allclose(ratio, 1, atol=0.02)
    as_it_is = moved["ANN", "padding"][:, 0].mean()
    assert 0.7 < as_it_is < moved["LSTM", "padding"][:, 0].mean(), "nearly as good where nothing moves"
    for what in ("padding", "well"):
        assert changed["ANN", what][:, 1].min() > 0.15
        assert changed["LSTM", what][:, 1].max() < 0.5 * changed["ANN", what][:, 1].min(), "the worst LSTM against the best ANN"
        assert as_it_is - moved["ANN", what][:, 1].mean() > 0.01
        assert moved["LSTM", what][:, 1].mean() > moved["LSTM", what][:, 0].mean() - 0.01
        assert moved["LSTM", what][:, 5].mean() - moved["ANN", what][:, 5].mean() > 0.08
    assert changed["LSTM", "padding"][:, :4].max() == 0, "padding is skipped"


def test_longer_reviews_are_harder_for_all(runs):
    longer = {name: each(runs, "longer", name) for name in runs["longer"][0]}
    reviews_of_each_kind = longer.pop("reviews")
    assert (reviews_of_each_kind[:, 1:].sum(axis=1) == 1706).all() and reviews_of_each_kind.min() > 600
    mean = {name: values.mean() for name, values in longer.items()}
    assert mean["LSTM: longer, whole"] - mean["ANN: longer, cut off"] > 0.02
    assert mean["LSTM: short"] - mean["LSTM: longer, whole"] > 0.04
    assert abs(mean["LSTM: longer, whole"] - mean["LSTM: longer, cut off"]) < 0.02, "what was cut off did not help"


def test_padding_at_the_end_without_a_mask_hurts_and_in_front_it_does_not_hurt_the_lstm(runs):
    test = {name: each(runs, "reviews", f"{name}: test") for name in reviews.MODELS}
    for net in ("LSTM", "simple RNN"):
        assert test[net].mean() - test[f"{net} without mask"].mean() > 0.03, "although it had many more epochs"
        late = each(runs, "reviews", f"{net} without mask: val_accuracy")
        assert late.shape[1] == 20 and late[:, 3].mean() < 0.55 < each(runs, "reviews", f"{net}: val_accuracy")[:, 3].mean()
    assert_allclose(test["LSTM without mask, padding in front"].mean(), test["LSTM"].mean(), atol=0.02)


def test_little_carries_over_to_shop_reviews(runs):
    shop = {name: each(runs, "reviews", f"{name}: shop") for name in ("LSTM", "LSTM both ways", "mean of the words")}
    shop |= {name: each(runs, "plain", f"{name}: shop") for name in ("bag of words", "bag of words and pairs")}
    for name, values in shop.items():
        kind = "plain" if name.startswith("bag") else "reviews"
        assert each(runs, kind, f"{name}: test").mean() - values.mean() > 0.1, name
    _, y, kinds = load_shop_reviews()
    right = (each(runs, "reviews", "LSTM: shop scores") > 0.5) == y
    assert right[:, kinds == "plain"].mean() > 0.7 and right[:, kinds == "negation"].mean() < 0.45
    assert (each(runs, "reviews", "LSTM: shop scores") > 0.5).mean() < 0.4, "too many are called bad"


def test_what_r9_needs(runs):
    lengths = runs["reviews"][0]["lengths"]
    longest = int(lengths.max())
    assert lengths.shape == (6824,) and longest == 51 and 18 < lengths.mean() < 19
    assert_allclose(runs["reviews"][0]["padding"], 1 - lengths.mean() / longest)
    one_hot = reviews.multiply_adds_ann(longest, reviews.VOCABULARY, reviews.UNITS)
    ann = reviews.multiply_adds_ann(longest, reviews.NUMBERS, reviews.UNITS)
    rnn, lstm = (reviews.multiply_adds_rnn(lengths, reviews.NUMBERS, reviews.UNITS, gates).mean() for gates in (1, 4))
    assert one_hot > 50 * lstm and one_hot > 200 * rnn and rnn < ann < lstm, "with the same numbers a word an LSTM does more"


def test_the_recorded_teller_gives_the_recorded_perplexity(runs):
    run = runs["next_word"][0]
    tokenizer, _, _, test = words.word_data(0)
    assert tokenizer.get_vocabulary() == run["vocabulary"].tolist()
    numbers, units = run["weights_0"].shape[1], run["weights_2"].shape[0]
    layers = [Embedding(words.VOCABULARY, numbers, mask_zero=True), LSTM(units, return_sequences=True)]
    model = rebuilt([*layers, Dense(words.VOCABULARY, "softmax")], run)
    given = []
    for start in range(0, len(test), 64):
        x, y = words.rows(test[start : start + 64])
        given.append(np.take_along_axis(model.predict(x), y[..., None], axis=-1)[y > 0, 0])
    assert_allclose(words.perplexity(np.concatenate(given)), run["LSTM: perplexity"], rtol=0.01)


def test_the_recorded_counts_are_those_of_the_text(runs):
    _, train, _, test = words.word_data(2)
    for name, given in words.by_counting(train, test).items():
        assert_allclose(words.perplexity(given), runs["next_word"][2][f"{name}: perplexity"], rtol=1e-9)


def test_nets_and_counts_are_about_equal_at_the_next_word_and_better_together(runs):
    means = {name: each(runs, "next_word", f"{name}: perplexity").mean() for name in (*words.NETS, "Kneser-Ney pairs")}
    assert abs(means["simple RNN"] / means["Kneser-Ney pairs"] - 1) < 0.05, "neither wins clearly"
    assert means["LSTM"] > means["simple RNN"]
    for net in words.NETS:
        both = each(runs, "next_word", f"{net} and Kneser-Ney pairs: perplexity")
        alone = np.minimum(
            each(runs, "next_word", f"{net}: perplexity"), each(runs, "next_word", "Kneser-Ney pairs: perplexity")
        )
        assert (both < 0.92 * alone).all(), net
    order = ["Kneser-Ney pairs", "Witten-Bell pairs", "Witten-Bell triples", "one word", "add-one pairs"]
    counted = np.array([each(runs, "next_word", f"{name}: perplexity") for name in order])
    assert (np.diff(counted, axis=0) > 0).all(), "add-one is a straw man: worse than no context at all"


@pytest.mark.slow
def test_a_new_run_of_reviews_lies_within_the_recorded_spread(runs):
    data = reviews.review_data(1)
    for name in ("LSTM", "mean of the words"):
        model, _ = reviews.fit(*reviews.MODELS[name], 1, data)
        spread = each(runs, "reviews", f"{name}: test")
        assert spread.min() - 0.01 <= reviews.accuracy(model, data.x_test, data.y_test) <= spread.max() + 0.01, name


@pytest.mark.slow
def test_a_new_run_of_moves_lies_within_the_recorded_spread(runs):
    again = reviews.train_moved(1)
    for name in ("ANN: moved by padding", "ANN: moved by well", "LSTM: moved by well"):
        spread = each(runs, "moved", name)
        assert (again[name] >= spread.min(axis=0) - 0.03).all() and (again[name] <= spread.max(axis=0) + 0.03).all(), name


@pytest.mark.slow
def test_a_new_run_of_next_words_lies_within_the_recorded_spread(runs):
    again = words.train_next_word(1)
    for name in ("LSTM: perplexity", "simple RNN: perplexity", "LSTM and Kneser-Ney pairs: perplexity"):
        assert_allclose(again[name], runs["next_word"][1][name], rtol=0.03)
