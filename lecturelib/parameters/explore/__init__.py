"""The explorables of part 4: each function returns an `Explorable`, whose `render(state)` is pure."""

from lecturelib.parameters.explore.activations import activation_browser
from lecturelib.parameters.explore.cnn_codes import code_map
from lecturelib.parameters.explore.kernels import kernel_browser
from lecturelib.parameters.explore.maximal_images import maximal_browser
from lecturelib.parameters.explore.occlusion import occlusion_explorer, patch_by_hand

__all__ = [
    "activation_browser",
    "code_map",
    "kernel_browser",
    "maximal_browser",
    "occlusion_explorer",
    "patch_by_hand",
]
