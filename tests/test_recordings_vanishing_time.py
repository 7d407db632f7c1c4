"""The recorded trainings on digits that are read row by row."""

import keras
import numpy as np
import pytest

from helpers.recordings import vanishing_time as rows


def test_networks_start_as_their_names_say():
    keras.utils.set_random_seed(0)
    for name, make in rows.NETS.items():
        layer = make()
        layer.build((None, 28, 28))
        _, U, bias = layer.get_weights()
        if name.startswith("simple RNN"):
            share = 0.5 if "half" in name else 1.0
            np.testing.assert_allclose(U @ U.T, share**2 * np.eye(len(U)), atol=1e-5)
        else:
            forget = bias.reshape(4, -1)[1]
            np.testing.assert_array_equal(forget, 5.0 if "bias 5" in name else 1.0)
            assert not np.delete(bias.reshape(4, -1), 1, axis=0).any()


def test_what_was_recorded_is_a_share_of_the_digits(runs):
    for name in rows.NETS:
        for optimizer in rows.OPTIMIZERS:
            shares = runs("vanishing_time", f"{name}: {optimizer}: test")
            assert shares.shape == (3,) and (shares > 0.05).all() and (shares <= 1).all()
            assert runs("vanishing_time", f"{name}: {optimizer}: validation").shape == (3, rows.EPOCHS)


def test_what_loses_its_state_reads_fewer_digits_and_an_lstm_most(runs):
    def adam(name):
        return runs("vanishing_time", f"{name}: Adam 0.001: test")

    half, whole, lstm = map(adam, ("simple RNN, U half a rotation", "simple RNN, U a rotation", "LSTM"))
    assert (half < whole - 0.05).all() and (whole < lstm).all()
    assert abs(adam("LSTM, forget bias 5") - lstm).max() < 0.03


@pytest.mark.slow
def test_a_new_run_of_one_network_lies_within_the_recorded_spread(runs, monkeypatch):
    monkeypatch.setattr(rows, "NETS", {"LSTM": rows.NETS["LSTM"]})
    monkeypatch.setattr(rows, "OPTIMIZERS", {"Adam 0.001": rows.OPTIMIZERS["Adam 0.001"]})
    recorded = runs("vanishing_time", "LSTM: Adam 0.001: test")
    assert recorded.min() - 0.04 < rows.train_rows(1)["LSTM: Adam 0.001: test"] < recorded.max() + 0.04


def test_one_simple_rnn_has_as_many_weights_as_the_lstm():
    weights = {}
    for name, make in rows.NETS.items():
        layer = make()
        layer.build((None, 28, 28))
        weights[name] = layer.count_params()
    assert abs(weights["simple RNN, U a rotation, 140 units"] / weights["LSTM"] - 1) < 0.01
