"""Explorers of the lesson on vanishing and exploding gradients."""

from helpers.explorers.vanishing_gradients_clipping import explore_clipping  # noqa: F401
from helpers.explorers.vanishing_gradients_depth import explore_gradients  # noqa: F401
from helpers.explorers.vanishing_gradients_training import explore_training_depth  # noqa: F401
