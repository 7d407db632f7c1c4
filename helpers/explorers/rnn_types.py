"""The explorers of the lesson on the types of recurrent networks."""

from helpers.explorers.rnn_types_caption import explore_caption  # noqa: F401
from helpers.explorers.rnn_types_melody import explore_melody  # noqa: F401
from helpers.explorers.rnn_types_next_word import explore_next_word  # noqa: F401
from helpers.explorers.rnn_types_sentiment import explore_sentiment  # noqa: F401
from helpers.explorers.rnn_types_shared_weight import explore_shared_weight  # noqa: F401
from helpers.explorers.rnn_types_translation import explore_translation  # noqa: F401
from helpers.explorers.rnn_types_unrolled import explore_unrolled  # noqa: F401
