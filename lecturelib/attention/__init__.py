"""Part 7, attention: scores, soft, hard and local attention, masks, the Transformer, translators and their weights.

`lecturelib.attention.explore` holds the explorables, `QUESTIONS`, `QUESTIONS_TRANSFORMER` and `QUESTIONS_CAUSAL` the
quizzes of the three lessons. Networks that come with weights: `translator(name)`, `load_minilm()`,
`load_masked_words()`, `load_causal_words()`, `load_induction(layers)`, `load_sagan()`, `load_clothes_net(kind)`,
`load_vision(kind)`.
"""

from lecturelib.attention.cache_cost import continuation_cost, step_cost
from lecturelib.attention.causal_language_model import CausalLanguageModel, next_token_loss, perplexity
from lecturelib.attention.causal_language_model import load as load_causal_words
from lecturelib.attention.causal_language_model import training_log as causal_training_log
from lecturelib.attention.claims import (
    c15_letters,
    c15_sentences,
    c16_order,
    c16_work,
    c25_qualities,
    c25_scores,
    c30_implicit,
    multiply_adds,
    without_order,
)
from lecturelib.attention.claims_causal import c32_induction, c33_perplexity
from lecturelib.attention.claims_few_labels import (
    c17_pretraining,
    draw_labeled,
    mean_recall,
    recall_from_labels,
)
from lecturelib.attention.claims_senses import SENSES, c28_senses, state_of
from lecturelib.attention.claims_vision import c18_local_attention, c19_sagan
from lecturelib.attention.decoding import Decoded, Decoder, beam_search, greedy, length_normalized
from lecturelib.attention.implicit import agreement, implicit_attention, shares
from lecturelib.attention.induction import (
    copying,
    induction_scores,
    letters,
    pieces,
    repeated,
    without_heads,
)
from lecturelib.attention.induction import load as load_induction
from lecturelib.attention.induction_plots import watch_heads
from lecturelib.attention.induction_run import InductionRun, InductionStep, train_induction
from lecturelib.attention.interventions import Permuted, permuted_attention, with_changed_weights
from lecturelib.attention.kernel_regression import left_out_error, nadaraya_watson, noisy_curve, true_curve
from lecturelib.attention.local_layer import ClothesNet, LocalAttention2d
from lecturelib.attention.local_layer import load as load_clothes_net
from lecturelib.attention.lstm_gates import lstm_gates
from lecturelib.attention.masks import causal_mask, check_mask, forbidden, masked_softmax, padding_mask
from lecturelib.attention.minilm import EncoderOutput, MiniLM
from lecturelib.attention.minilm import load as load_minilm
from lecturelib.attention.multihead import (
    KeyValueCache,
    MultiHeadAttention,
    positional_encoding,
    scaled_dot_product_attention,
)
from lecturelib.attention.next_token import (
    Continuation,
    continue_text,
    continued,
    next_token_distribution,
    next_token_scores,
    prompt_ids,
)
from lecturelib.attention.ngram_model import KneserNey
from lecturelib.attention.positional_shift import rotations, shift_matrix
from lecturelib.attention.pretraining import (
    Classifier,
    Encoder,
    guesses,
    hide,
    learn_from_labels,
    masked_word_loss,
)
from lecturelib.attention.pretraining import load as load_masked_words
from lecturelib.attention.questions import QUESTIONS
from lecturelib.attention.questions_causal import QUESTIONS as QUESTIONS_CAUSAL
from lecturelib.attention.questions_transformer import QUESTIONS as QUESTIONS_TRANSFORMER
from lecturelib.attention.residual_ablation import (
    AblatedEncoder,
    AblatedLayer,
    iter_reverse_training,
    layer_gradient_norms,
    residual_ablation,
    reversed_loss,
)
from lecturelib.attention.sagan import AttentiveGenerator, SelfAttention2d, reach, structure
from lecturelib.attention.sagan import load as load_sagan
from lecturelib.attention.scores import SCORES, Additive, Cosine, Dot, General, ScaledDot, Score, make_score
from lecturelib.attention.sentence_pairs import normalized, pairs, reference_columns, references
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.soft_hard_local import (
    PredictedCenter,
    cost,
    exact_gradient,
    hard,
    local,
    reinforce_gradient,
    sharpened,
    soft,
)
from lecturelib.attention.tense_labels import TENSES, labeled, tense
from lecturelib.attention.tokenizer import (
    END,
    LONGEST,
    PAD,
    START,
    UNKNOWN,
    Tokenizer,
    batch,
    shipped_tokenizer,
)
from lecturelib.attention.toy_plots import watch
from lecturelib.attention.toy_tasks import (
    ToyRun,
    ToyStep,
    accuracy_by_length,
    on_target,
    sequences,
    train_toy,
)
from lecturelib.attention.transformer import (
    AttentionWeights,
    DecoderLayer,
    EncoderLayer,
    FeedForward,
    Transformer,
)
from lecturelib.attention.transformer_walk import TransformerStages, transformer_stages
from lecturelib.attention.translators import (
    Translation,
    Translator,
    merged,
    training_log,
    translate,
    translator,
    word_groups,
)
from lecturelib.attention.typed_sentences import TypedSentence, prepare
from lecturelib.attention.views import head_view, matrix_view, model_view, reading_view
from lecturelib.attention.vision_transformer import (
    ConvolutionalTwin,
    VisionTransformer,
    attention_rollout,
    image_multiply_adds,
    patches,
)
from lecturelib.attention.vision_transformer import load as load_vision
from lecturelib.attention.vision_transformer import training_log as vision_training_log

__all__ = [
    "AblatedEncoder",
    "AblatedLayer",
    "ConvolutionalTwin",
    "VisionTransformer",
    "attention_rollout",
    "image_multiply_adds",
    "iter_reverse_training",
    "layer_gradient_norms",
    "load_vision",
    "patches",
    "residual_ablation",
    "reversed_loss",
    "vision_training_log",
    "Additive",
    "AttentionWeights",
    "AttentiveGenerator",
    "CausalLanguageModel",
    "Classifier",
    "ClothesNet",
    "Continuation",
    "Cosine",
    "Decoded",
    "Decoder",
    "DecoderLayer",
    "Dot",
    "END",
    "Encoder",
    "EncoderLayer",
    "EncoderOutput",
    "FeedForward",
    "InductionRun",
    "InductionStep",
    "General",
    "KeyValueCache",
    "KneserNey",
    "LONGEST",
    "LocalAttention2d",
    "MiniLM",
    "MultiHeadAttention",
    "PAD",
    "Permuted",
    "PredictedCenter",
    "QUESTIONS",
    "QUESTIONS_CAUSAL",
    "QUESTIONS_TRANSFORMER",
    "SCORES",
    "SENSES",
    "START",
    "ScaledDot",
    "Score",
    "SelfAttention2d",
    "Seq2Seq",
    "TENSES",
    "Tokenizer",
    "ToyRun",
    "ToyStep",
    "Transformer",
    "TransformerStages",
    "Translation",
    "Translator",
    "UNKNOWN",
    "accuracy_by_length",
    "agreement",
    "batch",
    "beam_search",
    "c15_letters",
    "c15_sentences",
    "c16_order",
    "c16_work",
    "c17_pretraining",
    "c18_local_attention",
    "c19_sagan",
    "c25_qualities",
    "c25_scores",
    "c28_senses",
    "c30_implicit",
    "c32_induction",
    "c33_perplexity",
    "causal_mask",
    "causal_training_log",
    "check_mask",
    "continuation_cost",
    "continue_text",
    "continued",
    "copying",
    "cost",
    "draw_labeled",
    "exact_gradient",
    "forbidden",
    "greedy",
    "guesses",
    "hard",
    "head_view",
    "hide",
    "implicit_attention",
    "induction_scores",
    "labeled",
    "learn_from_labels",
    "left_out_error",
    "length_normalized",
    "letters",
    "load_causal_words",
    "load_clothes_net",
    "load_induction",
    "load_masked_words",
    "load_minilm",
    "load_sagan",
    "local",
    "lstm_gates",
    "make_score",
    "masked_softmax",
    "masked_word_loss",
    "matrix_view",
    "mean_recall",
    "TypedSentence",
    "merged",
    "prepare",
    "model_view",
    "multiply_adds",
    "nadaraya_watson",
    "noisy_curve",
    "next_token_distribution",
    "next_token_loss",
    "next_token_scores",
    "normalized",
    "on_target",
    "padding_mask",
    "pairs",
    "perplexity",
    "permuted_attention",
    "pieces",
    "positional_encoding",
    "prompt_ids",
    "reach",
    "reading_view",
    "recall_from_labels",
    "reference_columns",
    "references",
    "reinforce_gradient",
    "repeated",
    "rotations",
    "scaled_dot_product_attention",
    "sequences",
    "shares",
    "shift_matrix",
    "sharpened",
    "shipped_tokenizer",
    "soft",
    "state_of",
    "step_cost",
    "structure",
    "tense",
    "train_induction",
    "train_toy",
    "transformer_stages",
    "true_curve",
    "training_log",
    "translate",
    "translator",
    "watch",
    "watch_heads",
    "with_changed_weights",
    "without_heads",
    "without_order",
    "word_groups",
]
