"""The explorables of part 7: each function returns an `Explorable`, whose `render(state)` is pure."""

from lecturelib.attention.explore.alignment import alignment_explorer
from lecturelib.attention.explore.beam_search import beam_search_explorer
from lecturelib.attention.explore.causal_reading import causal_reading_explorer
from lecturelib.attention.explore.few_labels import few_labels_explorer
from lecturelib.attention.explore.heads import heads_explorer
from lecturelib.attention.explore.implicit import implicit_explorer
from lecturelib.attention.explore.induction import induction_explorer
from lecturelib.attention.explore.interventions import permutation_explorer
from lecturelib.attention.explore.kernel_regression import kernel_regression_explorer
from lecturelib.attention.explore.key_value_cache import key_value_cache_explorer
from lecturelib.attention.explore.live_scores import live_scores_explorer
from lecturelib.attention.explore.local_window import local_attention_explorer
from lecturelib.attention.explore.lstm_gates import lstm_gates_explorer
from lecturelib.attention.explore.masks import mask_explorer
from lecturelib.attention.explore.next_word import next_word_explorer
from lecturelib.attention.explore.positional_encoding import positional_encoding_explorer
from lecturelib.attention.explore.query_key_value import query_key_value_explorer
from lecturelib.attention.explore.scores import scores_explorer
from lecturelib.attention.explore.soft_hard_local import soft_hard_local_explorer
from lecturelib.attention.explore.transformer_walk import transformer_walk_explorer
from lecturelib.attention.explore.vision_transformer import vision_transformer_explorer

__all__ = [
    "alignment_explorer",
    "beam_search_explorer",
    "causal_reading_explorer",
    "kernel_regression_explorer",
    "key_value_cache_explorer",
    "next_word_explorer",
    "query_key_value_explorer",
    "live_scores_explorer",
    "local_attention_explorer",
    "lstm_gates_explorer",
    "few_labels_explorer",
    "heads_explorer",
    "implicit_explorer",
    "induction_explorer",
    "soft_hard_local_explorer",
    "mask_explorer",
    "permutation_explorer",
    "positional_encoding_explorer",
    "scores_explorer",
    "transformer_walk_explorer",
    "vision_transformer_explorer",
]
