"""Explorers of the lesson on data augmentation."""

from helpers.explorers.augmentation_gallery import explore_gallery  # noqa: F401
from helpers.explorers.augmentation_range import explore_range  # noqa: F401
from helpers.explorers.augmentation_safety import explore_label_safety  # noqa: F401
from helpers.explorers.augmentation_transforms import explore_transforms  # noqa: F401
