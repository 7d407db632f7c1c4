"""Explorers of the lesson on early stopping."""

from helpers.explorers.early_stopping_epoch import explore_epoch  # noqa: F401
from helpers.explorers.early_stopping_patience import explore_patience  # noqa: F401
from helpers.explorers.early_stopping_regret import explore_regret  # noqa: F401
from helpers.explorers.early_stopping_weights import explore_weights  # noqa: F401
