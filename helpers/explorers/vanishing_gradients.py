"""Explorers of the lesson on vanishing and exploding gradients."""

from helpers.explorers.vanishing_gradients_depth import explore_gradients  # noqa: F401
