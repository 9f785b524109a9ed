"""Explorables of part 9: captions word by word, eyes that jump, windows that close in."""

from lecturelib.visual_attention.explore.caption_own_scene import own_scene_explorer
from lecturelib.visual_attention.explore.caption_words import caption_word_explorer
from lecturelib.visual_attention.explore.glimpse_by_hand import eye_by_hand
from lecturelib.visual_attention.explore.glimpse_path import glimpse_path_explorer
from lecturelib.visual_attention.explore.glimpse_reinforce import reinforce_explorer
from lecturelib.visual_attention.explore.glimpse_retina import retina_explorer
from lecturelib.visual_attention.explore.glimpse_three_ways import three_ways_explorer
from lecturelib.visual_attention.explore.window_by_hand import window_by_hand
from lecturelib.visual_attention.explore.window_training import window_training_explorer

__all__ = [
    "caption_word_explorer",
    "eye_by_hand",
    "glimpse_path_explorer",
    "own_scene_explorer",
    "reinforce_explorer",
    "retina_explorer",
    "three_ways_explorer",
    "window_by_hand",
    "window_training_explorer",
]
