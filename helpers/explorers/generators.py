"""Explorers of the lesson on generators."""

from helpers.explorers.generators_chunks import explore_chunks, explore_shuffle_buffer  # noqa: F401
from helpers.explorers.generators_pipeline import explore_memory, explore_pipeline  # noqa: F401
