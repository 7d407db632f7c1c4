"""Which augmentation for which data: the recordings say what the lesson says, their parts do what they say."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers.datasets import film_review_split, load_recorded
from helpers.recordings import augmentation_policies as policies
from helpers.recordings import augmentation_sequences as sequences
from helpers.roads import FOCAL, road_mask, steering_angle
from helpers.series import SpokenDigits

# Changes of roads.


def test_half_of_the_roads_are_mirrored_and_their_angles_change_sign():
    rng = np.random.default_rng(0)
    pictures, angles = rng.random((200, 3, 4, 1)), rng.uniform(1, 9, 200)
    changed, after = policies.mirrored(pictures, angles, np.random.default_rng(1))
    turned = after < 0
    assert 70 < turned.sum() < 130
    assert_array_equal(after, np.where(turned, -angles, angles))
    assert_array_equal(changed[turned], pictures[turned, :, ::-1])
    assert_array_equal(changed[~turned], pictures[~turned])
    same, kept = policies.mirrored(pictures, angles, np.random.default_rng(1), labels_too=False)
    assert_array_equal(same, changed)
    assert_array_equal(kept, angles)


@pytest.mark.parametrize("pixels", [-6, 0, 5])
def test_a_road_moved_sideways_is_one_seen_by_a_car_that_was_turned(pixels):
    curvature, offset, heading = 0.01, 0.3, 0.02
    turned = heading - pixels / FOCAL
    moved = policies.angle_after_shift(steering_angle(curvature, offset, heading), pixels)
    assert moved == pytest.approx(steering_angle(curvature, offset, turned), abs=1e-9)
    before, after = road_mask(curvature, offset, heading), road_mask(curvature, offset, turned)
    assert_allclose(np.roll(before, pixels, axis=1)[:, 8:-8], after[:, 8:-8], atol=0.02)


def test_roads_are_moved_as_far_as_their_angles_say():
    pictures, angles = np.tile(np.arange(64.0)[:, None], (50, 2, 1, 1)), np.full(50, 2.0)
    changed, after = policies.moved_sideways(pictures, angles, np.random.default_rng(0))
    pixels = 32 - changed[:, 0, 32, 0]
    assert set(pixels) == set(range(-6, 7))
    assert_allclose(after, policies.angle_after_shift(angles, pixels))
    right = pixels == 6
    assert_array_equal(changed[right][0, 0, :8, 0], [0, 0, 0, 0, 0, 0, 0, 1])  # the edge is repeated


@pytest.mark.parametrize("data", ["digits", "faces", "roads"])
def test_all_policies_begin_with_the_same_weights_and_change_pictures_in_training_alone(data):
    plain = policies.small_network(data, 0)
    x = np.random.default_rng(0).random((4, *plain.input_shape[1:])).astype(np.float32)
    for policy in policies.POLICIES:
        model = policies.small_network(data, 0, policy)
        for ours, theirs in zip(model.get_weights(), plain.get_weights(), strict=True):
            assert_array_equal(ours, theirs)
        assert_allclose(model.predict_on_batch(x), plain.predict_on_batch(x), atol=1e-6)
        changed = np.asarray(model.layers[0](x, training=True))
        assert (len(model.layers) == len(plain.layers)) == (policy == "none")
        assert policy == "none" or not np.allclose(changed, x)


# Changes of sound.


@pytest.fixture
def part():
    """Return 300 SpokenDigits of 6 to 20 frames out of 20; the numbers of a frame are its place, counted from 1."""
    lengths = np.random.default_rng(0).integers(6, 21, 300)
    places = np.arange(1, 21, dtype=np.float32) * (np.arange(20) < lengths[:, None])
    return SpokenDigits(np.repeat(places[..., None], 13, axis=2), lengths, np.zeros(300, dtype=int))


def test_recordings_start_sooner_or_later(part):
    moved = sequences.moved_in_time(part, np.random.default_rng(1))
    later = (moved.lengths - part.lengths).tolist()
    assert moved.lengths.max() == 20 and set(later) >= set(range(-5, 6))
    for frames, length, was in zip(moved.frames[..., 0], moved.lengths, part.lengths, strict=True):
        spoken = frames[:length].astype(int).tolist()
        repeated = spoken.count(1) - 1  # of the first frame; -1 where it was cut off
        assert spoken == [1] * repeated + list(range(spoken[0], was + 1))[: 20 - max(repeated, 0)]
        assert spoken[0] == 1 or (length < was and length >= was / 2)


def test_masked_recordings_lose_a_band_and_one_number(part):
    hidden = sequences.masked(part, np.random.default_rng(1))
    assert_array_equal(hidden.lengths, part.lengths)
    widths, numbers = set(), set()
    for frames, before, length in zip(hidden.frames, part.frames, part.lengths, strict=True):
        gone = frames[:length] == 0
        band, one = np.flatnonzero(gone.all(axis=1)), np.flatnonzero(gone.all(axis=0))
        assert len(one) == 1 and (np.diff(band) == 1).all()
        kept = np.ones_like(before, dtype=bool)
        kept[band], kept[:, one] = False, False
        assert_array_equal(frames[kept], before[kept])
        widths.add(len(band))
        numbers.add(int(one[0]))
    assert widths == set(range(6)) and numbers == set(range(13))


def test_the_network_does_not_hear_the_padding(part):
    sequences.set_seeds(0)
    model = sequences.sound_network(20)
    noisy = part._replace(frames=np.where(sequences.spoken(part)[..., None], part.frames, np.float32(7)))
    heard = model.predict_on_batch(sequences.inputs_of(part))
    assert_allclose(model.predict_on_batch(sequences.inputs_of(noisy)), heard, atol=1e-6)
    frames, real = sequences.inputs_of(part)
    longer = [np.pad(each, [(0, 0), (0, 10), (0, 0)]) for each in (frames, real)]
    assert_allclose(sequences.sound_network(30).count_params(), model.count_params())
    other = sequences.sound_network(30)
    other.set_weights(model.get_weights())
    assert_allclose(other.predict_on_batch(longer), heard, atol=1e-6)
    assert heard.std(axis=0).max() > 1e-3


# Changes of text.


def test_words_are_left_out_and_stay_in_order():
    words = [str(number) for number in range(2000)]
    left = sequences.drop_words(words, 0.3, np.random.default_rng(0))
    assert left == sorted(left, key=int) and len(set(left)) == len(left)
    assert 0.65 < len(left) / 2000 < 0.75
    assert sequences.drop_words(words, 0, np.random.default_rng(0)) == words


def test_copies_alone_change_nothing():
    """With copies in which nothing is left out, the bag is the same: what helps is the words left out."""
    x, y, x_test, _ = film_review_split(0)
    split = sequences.Tokenizer().words
    reviews, test = [split(text) for text in x[:100]], [split(text) for text in x_test[:50]]
    plain, copied, dropped = (
        sequences.bag(reviews, y[:100], probability, np.random.default_rng(0), 1).predict_proba(test)[:, 1]
        for probability in (0, 1e-12, 0.3)
    )
    assert_allclose(copied, plain, atol=1e-3)
    assert np.abs(dropped - plain).max() > 0.02


# What was recorded: pictures.


@pytest.fixture
def gain(runs):
    """Return a function: data, policy -> how much better than "none" it is in each seed; less is better for roads."""

    def difference(data, policy, part="test"):
        sign = -1 if data == "roads" else 1
        with_policy, without = (runs("augmentation_policies", f"{data}: {name}: {part}") for name in (policy, "none"))
        return sign * (with_policy - without)

    return difference


def test_digits_gain_from_small_moves_and_lose_from_mirrors_and_large_turns(gain):
    for policy in ("turn 15", "shift 10 %", "zoom 20 %"):
        assert gain("digits", policy).min() > 0.005
    assert gain("digits", "shift 10 %").mean() > 0.03
    for policy in ("mirror", "upside down"):
        assert gain("digits", policy).max() < -0.03
    assert gain("digits", "turn 180").max() < -0.15
    for policy in ("brightness 0.3", "noise 0.1"):
        assert np.abs(gain("digits", policy)).max() < 0.02


def test_a_good_shift_is_worth_as_much_as_twice_the_digits(gain):
    assert gain("digits", "twice the data").min() > 0.01
    assert (gain("digits", "shift 10 %") > gain("digits", "twice the data")).all()


def test_more_updates_do_not_make_up_for_the_wrong_policy(runs):
    def figures(policy, part="test"):
        return runs("augmentation_policies", f"digits: {policy}: {part}")

    assert figures("turn 180, longer").min() > figures("turn 180").max() + 0.05  # a part of the loss was too little time
    assert (figures("turn 180, longer") < figures("none, longer") - 0.05).all()
    assert (figures("mirror, longer") < figures("none, longer")).all()
    assert np.abs(figures("none, longer") - figures("none")).max() < 0.025


def test_mirrored_roads_need_mirrored_angles(gain, runs):
    kept, too = (runs("augmentation_policies", f"roads: {name}: test") for name in ("mirror", "mirror, label too"))
    assert (kept > runs("augmentation_policies", "roads: mean: test") + 0.1).all()  # worse than always the mean
    assert gain("roads", "mirror, label too").min() > 0.05 and (too < kept / 3).all()
    doubled = runs("augmentation_policies", "roads: twice the data: test")
    assert np.abs(too - doubled).max() < 0.05  # it is worth as much as 200 new pictures


def test_roads_moved_sideways_need_new_angles_and_even_so_gain_nothing(gain, runs):
    kept, too = (runs("augmentation_policies", f"roads: {name}: test") for name in ("sideways", "sideways, label too"))
    assert (too < kept - 0.25).all()
    assert gain("roads", "sideways, label too").max() < 0.02
    assert gain("roads", "shift 10 %").max() < -0.2


def test_a_network_learns_nothing_from_roads_turned_all_around(runs):
    for part in ("test", "night"):
        turned, mean = (runs("augmentation_policies", f"roads: {name}: {part}") for name in ("turn 180", "mean"))
        assert_allclose(turned, mean, atol=0.06)


def test_at_night_all_policies_fail(runs, gain):
    day = runs("augmentation_policies", "roads: none: test")
    for policy in [*policies.POLICIES, policies.TWICE, *policies.BY_HAND]:
        assert (runs("augmentation_policies", f"roads: {policy}: night") > 1.5 * day).all()
    lit = gain("roads", "brightness 0.3", "night")
    assert lit.min() < 0 < lit.max()  # not even light of all strengths helps in every seed
    assert gain("roads", "noise 0.1", "night").max() < -0.15


def test_faces_are_told_apart_without_augmentation(runs, gain):
    plain, none = (runs("augmentation_policies", f"faces: {name}: test") for name in ("plain", "none"))
    assert plain.mean() > none.mean()  # one number, the roughness
    assert gain("faces", "turn 180").max() < 0 and gain("faces", "noise 0.1").max() < 0
    assert gain("faces", "upside down").min() > -0.01
    helpful = [gain("faces", policy) for policy in (*policies.POLICIES, policies.TWICE) if policy != "none"]
    assert not any((each > 0).all() and each.mean() > 0.025 for each in helpful)


# What was recorded: sound and text.


def test_few_spoken_digits_gain_from_masks_and_dropout_does_as_much(runs):
    def figures(policy, size=100, part="test"):
        return runs("augmentation_sequences", f"sound: {size}: {policy}: {part}")

    assert (figures("moved and masked") > figures("none") + 0.02).all()
    assert figures("moved and masked").mean() > figures("masked").mean() > figures("moved").mean()
    assert np.abs(figures("moved and masked") - figures("none, dropout 0.5")).mean() < 0.04
    assert figures("none", part="train").min() > 0.99  # all were learned by heart: the gap is that of new recordings


def test_with_many_spoken_digits_a_plain_way_is_as_good(runs):
    def figures(policy, part="test"):
        return runs("augmentation_sequences", f"sound: 1000: {policy}: {part}")

    assert np.abs(figures("moved and masked") - figures("none", "machine")).max() < 0.02
    for policy in sequences.SOUND:
        assert figures(policy).min() > 0.96
    for policy in ("moved", "masked", "moved and masked"):  # its numbers hardly change with copies
        assert np.abs(figures(policy, "machine") - figures("none", "machine")).max() < 0.02


def test_leaving_out_words_helps_a_little_and_naive_bayes_needs_none_of_it(runs):
    def figures(policy, size=3000):
        return runs("augmentation_sequences", f"text: {size}: {policy}test")

    assert np.abs(np.mean(figures("dropped 0.3: ") - figures("none: "))) < 0.01  # with C = 1 it is next to nothing
    assert (figures("dropped 0.3: chosen ") > figures("none: chosen ")).all()
    assert np.mean(figures("dropped 0.3: chosen ") - figures("none: chosen ")) < 0.03
    assert figures("naive Bayes: ").mean() > figures("dropped 0.3: chosen ").mean()
    assert figures("naive Bayes: ", 300).mean() > figures("dropped 0.3: chosen ", 300).mean()


def test_leaving_out_a_negation_turns_more_answers_than_leaving_out_another_word(runs):
    negation, other = (runs("augmentation_sequences", f"text: flips {name}") for name in ("negation", "other"))
    assert (negation > 1.5 * other).all() and negation.max() < 0.15
    assert runs("augmentation_sequences", "text: flips count").min() > 100


def test_recorded_examples_lost_a_negation_and_changed_sides(runs):
    found = load_recorded("augmentation_sequences")
    for seed, run in found.items():
        *_, x_test, y_test = film_review_split(seed)
        truth = dict(zip(x_test.tolist(), y_test.tolist(), strict=True))
        examples = [run[f"text: flips {part}"] for part in ("text", "word", "label", "probabilities")]
        for text, word, label, (before, after) in zip(*examples, strict=True):
            assert word in sequences.NEGATIONS and sequences.Tokenizer().words(text).count(word) == 1
            assert truth[text] == label == (before > 0.5) != (after > 0.5)
    assert "god is great , the movie's not ." in found[0]["text: flips text"]


# The recordings can be made again.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "train", "prefix", "figure", "margin"),
    [
        ("augmentation_policies", policies.train_digits, "", "digits: shift 10 %: test", 0.02),
        ("augmentation_policies", policies.train_roads, "", "roads: mirror, label too: test", 0.06),
        ("augmentation_sequences", sequences.train_sound, "sound: ", "100: moved and masked: test", 0.04),
        ("augmentation_sequences", sequences.train_text, "text: ", "3000: dropped 0.3: test", 0.01),
    ],
)
def test_a_new_run_of_one_seed_lies_within_the_recorded_spread(runs, name, train, prefix, figure, margin):
    recorded = runs(name, prefix + figure)
    assert recorded.min() - margin <= train(1)[figure] <= recorded.max() + margin
