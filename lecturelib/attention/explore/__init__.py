"""The explorables of part 7: each function returns an `Explorable`, whose `render(state)` is pure."""

from lecturelib.attention.explore.alignment import alignment_explorer
from lecturelib.attention.explore.heads import heads_explorer
from lecturelib.attention.explore.implicit import implicit_explorer

__all__ = ["alignment_explorer", "heads_explorer", "implicit_explorer"]
