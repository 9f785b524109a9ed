"""Part 9: visual attention: captions that attend to what they name, and networks that choose where to look."""

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
from lecturelib.visual_attention.caption_rendering import object_masks, render_scene, render_scenes
from lecturelib.visual_attention.caption_scenes import CaptionScene, SceneObject, caption_scenes
from lecturelib.visual_attention.caption_training import (
    CaptionRun,
    MovingBaseline,
    iter_captioner,
    reinforce_loss,
)
from lecturelib.visual_attention.cell_encoder import CellEncoder, WordDetector
from lecturelib.visual_attention.show_attend_tell import (
    CaptionAttention,
    Captioned,
    ShowAttendTell,
    doubly_stochastic_penalty,
    entropy,
    write,
)

__all__ = [
    "CaptionAttention",
    "CaptionRun",
    "CaptionScene",
    "Captioned",
    "CellEncoder",
    "FactScores",
    "Facts",
    "MovingBaseline",
    "ParsedCaption",
    "SceneObject",
    "ShowAttendTell",
    "Thing",
    "VOCABULARY",
    "WordAttention",
    "WordDetector",
    "attention_on_objects",
    "bleu",
    "caption_scenes",
    "captions_of",
    "cell_shares",
    "decode_caption",
    "doubly_stochastic_penalty",
    "encode_captions",
    "entropy",
    "facts_right",
    "iter_captioner",
    "object_masks",
    "parse_caption",
    "reinforce_loss",
    "render_scene",
    "render_scenes",
    "write",
    "write_caption",
]
