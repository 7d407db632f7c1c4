"""Explorers of the lesson on LSTM gates."""

from helpers.explorers.lstm_gates_anomaly import explore_anomaly  # noqa: F401
from helpers.explorers.lstm_gates_cell import explore_cell  # noqa: F401
from helpers.explorers.lstm_gates_forecast import explore_forecast  # noqa: F401
from helpers.explorers.lstm_gates_memory import explore_memory  # noqa: F401
from helpers.explorers.lstm_gates_names import explore_names  # noqa: F401
from helpers.explorers.lstm_gates_score import explore_gate_score  # noqa: F401
from helpers.explorers.lstm_gates_time import explore_time  # noqa: F401
from helpers.explorers.lstm_gates_trained import explore_trained_gates  # noqa: F401
