"""The explorables of part 4: each function returns an `Explorable`, whose `render(state)` is pure."""

from lecturelib.parameters.explore.covering import occlusion_explorer, patch_by_hand
from lecturelib.parameters.explore.looking import activation_browser, kernel_browser
from lecturelib.parameters.explore.searching import code_map, maximal_browser

__all__ = [
    "activation_browser",
    "code_map",
    "kernel_browser",
    "maximal_browser",
    "occlusion_explorer",
    "patch_by_hand",
]
