"""The explorables of part 5: each function returns an `Explorable`, whose `render(state)` is pure."""

from lecturelib.gradients.explore.averages import integrated_gradients_explorer, smooth_grad_explorer
from lecturelib.gradients.explore.randomization import randomization_explorer, same_map
from lecturelib.gradients.explore.tables import linear_and_step, relu_table
from lecturelib.gradients.explore.windows import top_patches_explorer, window_explorer

__all__ = [
    "randomization_explorer",
    "integrated_gradients_explorer",
    "linear_and_step",
    "relu_table",
    "same_map",
    "smooth_grad_explorer",
    "top_patches_explorer",
    "window_explorer",
]
