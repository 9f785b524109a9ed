"""The explorables of part 6: each function returns an `Explorable`, whose `render(state)` is pure."""

from lecturelib.optimization.explore.activation_grid import activation_grid_explorer
from lecturelib.optimization.explore.all_windows import deep_visualization
from lecturelib.optimization.explore.class_images import class_image_explorer
from lecturelib.optimization.explore.deep_dream import dream_explorer
from lecturelib.optimization.explore.deep_prior import deep_prior_explorer
from lecturelib.optimization.explore.draw_digit import draw_a_digit
from lecturelib.optimization.explore.dream_cascade import cascade_explorer
from lecturelib.optimization.explore.examples import examples_or_optimized
from lecturelib.optimization.explore.inversions import privacy_slider
from lecturelib.optimization.explore.objectives import objective_explorer
from lecturelib.optimization.explore.penalties import penalty_explorer
from lecturelib.optimization.explore.priors import prior_explorer
from lecturelib.optimization.explore.regularizer_comparison import regularizer_explorer
from lecturelib.optimization.explore.semantic_location import location_explorer
from lecturelib.optimization.explore.starts import nine_starts

__all__ = [
    "activation_grid_explorer",
    "cascade_explorer",
    "class_image_explorer",
    "deep_prior_explorer",
    "deep_visualization",
    "draw_a_digit",
    "dream_explorer",
    "examples_or_optimized",
    "location_explorer",
    "nine_starts",
    "objective_explorer",
    "penalty_explorer",
    "prior_explorer",
    "privacy_slider",
    "regularizer_explorer",
]
