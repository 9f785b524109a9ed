"""The explorables of part 1: each function returns an `Explorable`, whose `render(state)` is pure."""

from lecturelib.architecture.explore.fields import field_explorer
from lecturelib.architecture.explore.folding import fold_explorer
from lecturelib.architecture.explore.guessing import guess_the_shape
from lecturelib.architecture.explore.neurons import connections_explorer, digit_edges

__all__ = ["connections_explorer", "digit_edges", "field_explorer", "fold_explorer", "guess_the_shape"]
