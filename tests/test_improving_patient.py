"""The clinic: every patient is sick, its own cure cures it and no other does, and the sentences say what was measured."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from helpers.explorers import improving_patient as clinic
from helpers.explorers.improving_patient import CURES, DIAGNOSES, EPOCHS, NONE, PATIENTS, STOP, TESTS, UNKNOWN

ILLNESSES = dict(zip(PATIENTS, (clinic.RATE, clinic.VANISHING, clinic.OVERFITTING, clinic.LABELS), strict=True))
REMEDIES = dict(zip(PATIENTS, (clinic.TENTH, clinic.RELU, clinic.MORE, clinic.MEND), strict=True))
PICTURES = (clinic.TRAINING, clinic.NEW, clinic.DATA)


@pytest.fixture(scope="module")
def explorer():
    return clinic.explore_patient()


def errors(network):
    """Return the training and the validation error at the end of the training, in per cent."""
    run = clinic.trained(network)
    return run["error"]["training"][-1], run["error"]["validation"][-1]


def test_the_parts_share_no_digit_and_the_labels_of_one_patient_alone_are_moved():
    for name, network in PATIENTS.items():
        data = clinic.parts(network)
        assert [len(y) for _, y in data.values()] == [network.examples, clinic.STOPPING, 1797 - clinic.POOL - clinic.STOPPING]
        rows = np.concatenate([x for x, _ in data.values()])
        assert len(np.unique(rows, axis=0)) == len(rows)
        x, truth = clinic.digits()
        wrong = np.count_nonzero(data["training"][1] != truth[: network.examples])
        assert (wrong > 0.8 * network.examples) if name == "patient 4" else wrong == 0
        assert_array_equal(data["validation"][1], truth[-len(data["validation"][1]) :])
        assert_array_equal(data["validation"][0], x[-len(data["validation"][1]) :])


@pytest.mark.parametrize("seed", range(3))
def test_each_patient_is_sick_in_its_own_way(seed):
    runs = {name: clinic.trained(network._replace(seed=seed)) for name, network in PATIENTS.items()}
    ends = {name: errors(network._replace(seed=seed)) for name, network in PATIENTS.items()}
    loss = {name: run["loss"]["training"] for name, run in runs.items()}
    assert loss["patient 1"][-10:].min() > 2 * loss["patient 1"][0] and np.abs(np.diff(loss["patient 1"])).mean() > 0.5
    assert np.isfinite(loss["patient 1"]).all()
    gradients = runs["patient 2"]["gradients"]
    assert gradients.shape == (EPOCHS + 1, 9) and (gradients[:, 0] < 1e-4 * gradients[:, -1]).all()
    assert np.abs(loss["patient 2"][5:] - np.log(10)).max() < 0.05  # it guesses, from the first epochs on
    assert ends["patient 3"][0] == 0 and 14 < ends["patient 3"][1] < 30
    new = runs["patient 3"]["loss"]["validation"]
    assert new[-1] > 1.2 * new.min()  # its loss on new digits has risen again
    assert ends["patient 4"][0] < 20 and ends["patient 4"][1] > 80


@pytest.mark.parametrize("seed", range(3))
def test_its_own_cure_helps_with_other_first_weights_too(seed):
    for name, network in PATIENTS.items():
        before, after = (errors(each._replace(seed=seed))[1] for each in (network, clinic.treated(network, REMEDIES[name])))
        assert clinic.cures(before, after), (name, before, after)
        assert after < 25


def test_its_own_cure_is_the_only_one_that_cures():
    for name in PATIENTS:
        left = {cure: clinic.gain(name, cure)[1] for cure in CURES}
        before = left[NONE]
        assert [cure for cure in CURES if clinic.cures(before, left[cure])] == [REMEDIES[name]]
        best, second = sorted(left.values())[:2]
        assert best == left[REMEDIES[name]] and second - best > clinic.POINTS


def test_patient_two_needs_both_halves_of_its_cure():
    network = PATIENTS["patient 2"]
    whole = errors(clinic.treated(network, clinic.RELU))[1]
    for half in ({"activation": "relu"}, {"start": "He"}, {"activation": "relu", "start": "Glorot"}):
        assert errors(network._replace(**half))[1] > whole + 20


def test_the_start_that_is_named_is_the_one_that_is_drawn():
    network = PATIENTS["patient 2"]._replace(units=64)
    spreads = {start: clinic.built(network._replace(start=start)).layers[1].weights["kernel"] for start in ("Glorot", "He")}
    assert np.abs(spreads["He"]).max() == pytest.approx((6 / 64) ** 0.5, rel=0.01)
    assert np.abs(spreads["Glorot"]).max() == pytest.approx((6 / 128) ** 0.5, rel=0.01)
    assert_array_equal(clinic.built(network._replace(start="Glorot / 2")).layers[1].weights["kernel"], spreads["Glorot"] / 2)


def test_the_gradients_are_those_of_the_loss():
    network = PATIENTS["patient 3"]
    data, model = clinic.parts(network), clinic.built(network)
    data["training"] = tuple(array[: clinic.MEASURED].astype(float) for array in data["training"][:1]) + (data["training"][1],)
    gradients = clinic.measured(model, data)["gradients"]
    kernel, numeric, step = model.layers[-1].weights["kernel"], np.empty((64, 10)), 1e-5
    for place in np.ndindex(kernel.shape):
        kept, losses = kernel[place], []
        for way in (step, -step):
            kernel[place] = kept + way
            losses.append(model.evaluate(data["training"][0], np.eye(10)[data["training"][1]]))
        kernel[place] = kept
        numeric[place] = (losses[0] - losses[1]) / (2 * step)
    assert gradients[-1] == pytest.approx(np.sqrt(np.mean(numeric**2)), rel=1e-4)


def test_all_cures_get_as_many_updates_as_the_patient_but_the_one_that_is_about_them():
    for name, cure in product(PATIENTS, CURES):
        network, updates = PATIENTS[name], clinic.course(name, cure)["updates"]
        assert network.examples == network.batch * clinic.UPDATES  # or an epoch of a sick network would not be one
        assert updates[-1] == (2400 if cure == clinic.LONGER else 240) and updates[0] == 0


def test_early_stopping_looks_at_digits_of_its_own():
    for name in PATIENTS:
        run = clinic.course(name, STOP)
        assert run["loss"]["stopping"][run["last"]] == run["loss"]["stopping"].min()
        assert run["last"] <= EPOCHS == clinic.course(name, NONE)["last"]


def test_a_diagnosis_fits_where_the_tests_show_it_and_nowhere_else():
    for name in PATIENTS:
        assert [each for each in DIAGNOSES[1:] if clinic.verdict(name, each)[0]] == [ILLNESSES[name]]


def test_every_verdict_names_a_test_or_says_that_it_was_tried():
    for name, diagnosis in product(PATIENTS, DIAGNOSES[1:]):
        sentence = clinic.verdict(name, diagnosis)[1]
        assert any(test in sentence for test in TESTS) or "it was tried" in sentence


def test_gradients_that_fade_only_while_training_are_told_apart():
    gradients = clinic.course("patient 1", NONE)["gradients"]
    assert gradients[-1, 0] < 1e-3 * gradients[-1, -1] and gradients[0, 0] > 0.1 * gradients[0, -1]
    later = {name for name in PATIENTS if "fades only later" in clinic.verdict(name, clinic.VANISHING)[1]}
    assert later == {"patient 1"}


def test_a_cure_counts_by_points_and_by_half():
    assert clinic.cures(20, 9) and not clinic.cures(20, 11) and not clinic.cures(8, 3.5) and not clinic.cures(20, 90)


def test_the_nearest_digit_is_found_as_by_hand():
    data = clinic.parts(PATIENTS["patient 3"])
    (x, y), (new, truth) = data["training"], data["validation"]
    answers = [y[np.linalg.norm(x - each, axis=1).argmin()] for each in new]
    assert clinic.nearest(60, 0) == pytest.approx(100 * np.mean(np.array(answers) != truth))
    assert clinic.nearest(300, 1) > 80  # the plain rival cannot read with wrong labels either


def test_the_first_state_gives_nothing_away(explorer):
    explorer.reset()
    shown = f"{explorer.description} {explorer.values['patient']}".lower()
    words = "overfit vanish rate sigmoid mend wrong label"
    assert not [word for word in words.split() if word in shown.replace("treated", "")]
    assert explorer.values == {
        "patient": "patient 1",
        "test": clinic.LOSSES,
        "diagnosis": UNKNOWN,
        "cure": NONE,
        "epoch": EPOCHS,
    }
    assert "No diagnosis yet" in explorer.description and "Not treated yet" in explorer.description
    for options, answers in ((DIAGNOSES, ILLNESSES), (CURES, REMEDIES)):
        places = [options.index(answer) for answer in answers.values()]
        assert places != sorted(places) and places != sorted(places, reverse=True)  # the lists do not follow the patients


def test_no_verdict_without_a_diagnosis(explorer):
    for name in PATIENTS:
        for test in TESTS:
            sentence = explorer.reset().set(patient=name, test=test).description
            assert "fit" not in sentence and not {"fits", "evidence"} & set(explorer.numbers)


def test_the_sentence_tells_fit_and_effect_in_the_measured_numbers(explorer):
    for name, diagnosis, cure in product(PATIENTS, DIAGNOSES[1:], CURES[1:]):
        sentence = explorer.reset().set(patient=name, diagnosis=diagnosis, cure=cure).description
        assert (f"{diagnosis}: fits." in sentence) == (ILLNESSES[name] == diagnosis)
        assert ("this cure works" in sentence) == (REMEDIES[name] == cure)
        before, after = clinic.gain(name, cure)
        assert f"validation error {before:.1f} % before, {after:.1f} % after" in sentence
        network = clinic.treated(PATIENTS[name], cure)
        assert f"nearest training digit: {clinic.nearest(network.examples, network.moved):.1f} %" in sentence
        assert ("it is the same training" in sentence) == (before == after and cure == clinic.MEND)


def test_a_harm_is_called_a_harm(monkeypatch):
    for ends, said in (((20, 40), "harms"), ((90, 80), "are left"), ((20, 21), "proves little"), ((20, 5), "works")):
        monkeypatch.setattr(clinic, "gain", lambda patient, cure, ends=ends: ends)
        assert said in clinic.effect("patient 1", clinic.WIDER)


@pytest.mark.parametrize("test", TESTS)
def test_both_sides_show_the_same_test_of_two_networks(explorer, test):
    numbers = explorer.reset().set(patient="patient 4", test=test, cure=clinic.MEND, epoch=30).numbers
    keys = {side: {key.removeprefix(side) for key in numbers if key.startswith(side)} for side in ("sick", "treated")}
    assert keys["sick"] == keys["treated"]
    assert "treated now" not in explorer.set(cure=NONE).numbers
    if test in PICTURES:
        assert_array_equal(numbers["sick pictures"], numbers["treated pictures"])
        assert (numbers["sick labels"] != numbers["treated labels"]).any() == (test != clinic.NEW)


def test_answers_and_errors_agree_with_a_training_anew(explorer):
    numbers = explorer.reset().set(patient="patient 3", test=clinic.NEW, epoch=1).numbers
    network = PATIENTS["patient 3"]
    (x, y), (new, truth) = (clinic.parts(network)[part] for part in ("training", "validation"))
    model, order = clinic.built(network), np.random.default_rng([0, 1]).permutation(60)
    model.fit(x[order], np.eye(10)[y[order]], 1, 10, shuffle=False)
    answers = model.predict(new).argmax(axis=1)
    assert_array_equal(numbers["sick answers"], answers[:12])
    assert numbers["sick validation error"][1] == pytest.approx(100 * np.mean(answers != truth))


def test_the_epoch_slider_and_the_tests_only_replay(explorer, monkeypatch):
    explorer.reset().set(patient="patient 2", cure=clinic.RELU)
    monkeypatch.setattr(clinic, "built", None)
    for test in TESTS:
        for epoch in (0, 7, EPOCHS):
            assert explorer.set(test=test, epoch=epoch).numbers["sick now"] == epoch


def test_a_stopped_network_stays_as_it_is(explorer):
    explorer.reset().set(patient="patient 3", cure=STOP)
    last = clinic.course("patient 3", STOP)["last"]
    assert 0 < last < EPOCHS and explorer.numbers["treated now"] == last
    assert explorer.set(epoch=last - 1).numbers["treated now"] == last - 1


def test_the_loss_of_guessing_is_drawn_with_the_losses_only(explorer):
    explorer.reset().set(cure=clinic.TENTH)
    assert "(Guessing: 2.30.)" in explorer.description and np.log(10) == pytest.approx(clinic.GUESSING)
    for side, panel in zip(("sick", "treated"), explorer.panels, strict=True):
        height = np.unique(panel.guessing.get_ydata())
        losses = np.log10(explorer.numbers[f"{side} validation loss"])
        inside = (losses > clinic.LOSS_ENDS[0]) & (losses < clinic.LOSS_ENDS[1])
        # The line and the curve are on the same axis.
        expected = np.interp(np.log10(np.log(10)), clinic.LOSS_ENDS, (clinic.BOTTOM, clinic.BOTTOM + clinic.HIGH))
        assert height == pytest.approx(expected)
        drawn = np.interp(losses, clinic.LOSS_ENDS, (clinic.BOTTOM, clinic.BOTTOM + clinic.HIGH))
        assert panel.solid.get_ydata()[inside] == pytest.approx(drawn[inside])
    explorer.set(test=clinic.GRADIENTS)
    assert not any(len(panel.guessing.get_xdata()) for panel in explorer.panels)


def test_every_control_sweeps(explorer):
    for name, control in explorer.reset().controls.items():
        values = control.options if hasattr(control, "options") else (control.min, control.max)
        shown = {
            explorer.reset().set(patient="patient 3", **({} if name == "patient" else {name: each})).png for each in values
        }
        assert name == "patient" or len(shown) == len(values)
        assert len(control.description) <= 14
    assert len({explorer.reset().set(patient=each).png for each in PATIENTS}) == len(PATIENTS)
