"""Part 9: visual attention: captions that attend to what they name, and networks that choose where to look."""

from lecturelib.visual_attention.caption_claims import c22_maps, c23_soft_and_hard
from lecturelib.visual_attention.caption_grammar import (
    VOCABULARY,
    Facts,
    ParsedCaption,
    Thing,
    captions_of,
    decode_caption,
    encode_captions,
    parse_caption,
    write_caption,
)
from lecturelib.visual_attention.caption_metrics import (
    FactScores,
    WordAttention,
    attention_on_objects,
    bleu,
    cell_shares,
    facts_right,
)
from lecturelib.visual_attention.caption_plots import lit, word_maps
from lecturelib.visual_attention.caption_rendering import object_masks, render_scene, render_scenes
from lecturelib.visual_attention.caption_scenes import CaptionScene, SceneObject, caption_scenes
from lecturelib.visual_attention.caption_training import (
    CaptionRun,
    MovingBaseline,
    iter_captioner,
    reinforce_loss,
)
from lecturelib.visual_attention.cell_attention import CellAttentionNetwork
from lecturelib.visual_attention.cell_encoder import CellEncoder, WordDetector
from lecturelib.visual_attention.filterbank import SoftWindow, affine_window, filterbank, gaussian_window
from lecturelib.visual_attention.glimpse_network import GlimpseNetwork, GlimpsePath
from lecturelib.visual_attention.glimpse_training import (
    GlimpseRun,
    GlimpseStep,
    glimpse_loss,
    iter_glimpses,
    predictions,
)
from lecturelib.visual_attention.gradient_noise import GradientNoise, gradient_noise
from lecturelib.visual_attention.questions import QUESTIONS
from lecturelib.visual_attention.retina import patch_box, retina
from lecturelib.visual_attention.same_cost import (
    ConvClassifier,
    DenseClassifier,
    conv_multiply_adds,
    conv_of_cost,
    dense_multiply_adds,
    dense_of_cost,
    glimpse_multiply_adds,
)
from lecturelib.visual_attention.shipped_captioners import Captioner, caption_log, load_captioner
from lecturelib.visual_attention.shipped_glimpses import glimpse_errors, glimpse_table, load_glimpses
from lecturelib.visual_attention.shipped_windows import load_cells, load_window, window_record
from lecturelib.visual_attention.show_attend_tell import (
    CaptionAttention,
    Captioned,
    ShowAttendTell,
    doubly_stochastic_penalty,
    entropy,
)
from lecturelib.visual_attention.tiny_policy import (
    ReinforceStep,
    exact_policy_gradient,
    expected_reward,
    iter_reinforce,
    sampled_policy_gradients,
)
from lecturelib.visual_attention.translated_digits import (
    PlacedDigits,
    cluttered,
    digit_task,
    held_out_pictures,
    translated,
)
from lecturelib.visual_attention.window_network import WindowNetwork, center_distance

__all__ = [
    "CaptionAttention",
    "CaptionRun",
    "CaptionScene",
    "Captioned",
    "Captioner",
    "CellAttentionNetwork",
    "CellEncoder",
    "ConvClassifier",
    "DenseClassifier",
    "FactScores",
    "Facts",
    "GlimpseNetwork",
    "GlimpsePath",
    "GlimpseRun",
    "GlimpseStep",
    "GradientNoise",
    "MovingBaseline",
    "ParsedCaption",
    "PlacedDigits",
    "QUESTIONS",
    "ReinforceStep",
    "SceneObject",
    "ShowAttendTell",
    "SoftWindow",
    "Thing",
    "VOCABULARY",
    "WindowNetwork",
    "WordAttention",
    "WordDetector",
    "affine_window",
    "attention_on_objects",
    "bleu",
    "c22_maps",
    "c23_soft_and_hard",
    "caption_log",
    "caption_scenes",
    "captions_of",
    "cell_shares",
    "center_distance",
    "cluttered",
    "conv_multiply_adds",
    "conv_of_cost",
    "decode_caption",
    "dense_multiply_adds",
    "dense_of_cost",
    "digit_task",
    "doubly_stochastic_penalty",
    "encode_captions",
    "entropy",
    "exact_policy_gradient",
    "expected_reward",
    "facts_right",
    "filterbank",
    "gaussian_window",
    "glimpse_errors",
    "glimpse_loss",
    "glimpse_multiply_adds",
    "glimpse_table",
    "gradient_noise",
    "held_out_pictures",
    "iter_captioner",
    "iter_glimpses",
    "iter_reinforce",
    "lit",
    "load_captioner",
    "load_cells",
    "load_glimpses",
    "load_window",
    "object_masks",
    "parse_caption",
    "patch_box",
    "predictions",
    "reinforce_loss",
    "render_scene",
    "render_scenes",
    "retina",
    "sampled_policy_gradients",
    "translated",
    "window_record",
    "word_maps",
    "write_caption",
]
