"""Explorers of the lesson on improving a network."""

from helpers.explorers.improving_capacity import explore_capacity  # noqa: F401
from helpers.explorers.improving_patient import explore_patient  # noqa: F401
from helpers.explorers.improving_rates import explore_learning_rate  # noqa: F401
from helpers.explorers.improving_search import explore_search  # noqa: F401
