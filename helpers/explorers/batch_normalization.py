"""Explorers of the lesson on batch normalization."""

from helpers.explorers.batch_normalization_mates import explore_batch_mates  # noqa: F401
from helpers.explorers.batch_normalization_numbers import explore_normalization  # noqa: F401
from helpers.explorers.batch_normalization_robustness import explore_robustness  # noqa: F401
from helpers.explorers.batch_normalization_shift import explore_shift  # noqa: F401
