"""The explorables of part 1: each function returns an `Explorable`, whose `render(state)` is pure."""

from lecturelib.architecture.explore.broken_networks import broken_network_explorer
from lecturelib.architecture.explore.connectivity import connections_explorer
from lecturelib.architecture.explore.fold import fold_explorer
from lecturelib.architecture.explore.last_layer import last_layer_explorer
from lecturelib.architecture.explore.layer_shapes import guess_the_shape
from lecturelib.architecture.explore.other_diagrams import other_diagrams_explorer
from lecturelib.architecture.explore.receptive_field_diagram import receptive_field_explorer

__all__ = [
    "broken_network_explorer",
    "connections_explorer",
    "fold_explorer",
    "guess_the_shape",
    "last_layer_explorer",
    "other_diagrams_explorer",
    "receptive_field_explorer",
]
