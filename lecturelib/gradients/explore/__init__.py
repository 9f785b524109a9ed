"""The explorables of part 5: each function returns an `Explorable`, whose `render(state)` is pure."""

from lecturelib.gradients.explore.averages import integrated_gradients_explorer, smooth_grad_explorer
from lecturelib.gradients.explore.cam_layers import grad_cam_explorer
from lecturelib.gradients.explore.faithful import insertion_deletion_explorer
from lecturelib.gradients.explore.randomization import randomization_explorer, same_map
from lecturelib.gradients.explore.spectral import spectral_residual_explorer
from lecturelib.gradients.explore.table_sensitivity import sensitivity_explorer
from lecturelib.gradients.explore.tables import linear_and_step, relu_table
from lecturelib.gradients.explore.windows import top_patches_explorer, window_explorer

__all__ = [
    "grad_cam_explorer",
    "insertion_deletion_explorer",
    "integrated_gradients_explorer",
    "linear_and_step",
    "relu_table",
    "randomization_explorer",
    "same_map",
    "sensitivity_explorer",
    "spectral_residual_explorer",
    "smooth_grad_explorer",
    "top_patches_explorer",
    "window_explorer",
]
