"""The explorables of part 7: each function returns an `Explorable`, whose `render(state)` is pure."""

from lecturelib.attention.explore.alignment import alignment_explorer
from lecturelib.attention.explore.beams import beam_explorer
from lecturelib.attention.explore.by_hand import by_hand_explorer
from lecturelib.attention.explore.gates import gates_explorer
from lecturelib.attention.explore.heads import heads_explorer
from lecturelib.attention.explore.implicit import implicit_explorer
from lecturelib.attention.explore.masks import mask_explorer
from lecturelib.attention.explore.permuting import permuting_explorer
from lecturelib.attention.explore.positions import position_explorer
from lecturelib.attention.explore.scores import scores_explorer
from lecturelib.attention.explore.soft_hard_local import kinds_explorer

__all__ = [
    "alignment_explorer",
    "beam_explorer",
    "by_hand_explorer",
    "gates_explorer",
    "heads_explorer",
    "implicit_explorer",
    "kinds_explorer",
    "mask_explorer",
    "permuting_explorer",
    "position_explorer",
    "scores_explorer",
]
