"""Weakly supervised localization: a box from an attribution map, and measures of how well it fits a known box.

The network was trained on classes, never on places. Simonyan, Vedaldi & Zisserman 2014, "Deep inside convolutional
networks", section 3.2.
"""

from collections.abc import Sequence

from torch import Tensor

from lecturelib.checks import Box, check_box, check_map, check_number, complaint

SHARE = 0.5  # of the smoothed map's maximum; chosen on training pictures of `clothes_on_textures`
BLUR = 1 / 16  # of the map's shorter side: gradients are speckled, an object is not


def localize(map: Tensor, share: float = SHARE, blur: float = BLUR) -> Box:
    """Localization: the box (top, left, bottom, right), half-open, around the largest connected patch of a map (H, W).

    The map is smoothed by a Gaussian (sigma: `blur` times its shorter side; 0: as it is); the pixels above `share` of
    its maximum fall into patches connected by sides or corners, and the one with most pixels is boxed. Where large
    negative values count too, pass `map.abs()`. Raises `ValueError` for a map without a value above 0, a constant map,
    NaN, a share outside (0, 1), or a blur below 0 or above 1. After Simonyan et al. 2014, section 3.2.

    >>> import torch
    >>> map = torch.zeros(6, 8)
    >>> map[1:4, 2:7] = 1
    >>> localize(map, blur=0)
    (1, 2, 4, 7)
    """
    import numpy as np
    from scipy import ndimage

    map = check_map(map, ordered=True)
    check_number("share", share, above=0, below=1)
    check_number("blur", blur, least=0, most=1)
    if map.amax() <= 0:
        raise ValueError(
            complaint("map", "a value above 0", f"at most {map.amax().item() + 0.0:.3g}", "use map.abs()")
        )
    values = map.double().cpu().numpy()
    if blur:
        values = ndimage.gaussian_filter(values, blur * min(values.shape), mode="nearest")
    if values.max() <= 0:
        raise ValueError(
            complaint("map", "a value above 0 after smoothing", "none", "use map.abs(), or a smaller blur")
        )
    patches, _ = ndimage.label(values > share * values.max(), structure=np.ones((3, 3)))
    sizes = np.bincount(patches.ravel())
    sizes[0] = 0  # the background is not a patch
    rows, columns = ndimage.find_objects(patches)[sizes.argmax() - 1]
    return rows.start, columns.start, rows.stop, columns.stop


def iou(first: Sequence[int] | Tensor, second: Sequence[int] | Tensor) -> float:
    """Intersection over union of two boxes (top, left, bottom, right), half-open: 1 equal, 0 apart.

    Raises `ValueError` for an empty box. Everingham et al. 2010 call a box found from 0.5 up.

    >>> round(iou((0, 0, 2, 2), (0, 1, 2, 3)), 3)
    0.333
    """
    first, second = check_box(first, name="first"), check_box(second, name="second")
    common = _area(
        (
            max(first[0], second[0]),
            max(first[1], second[1]),
            min(first[2], second[2]),
            min(first[3], second[3]),
        )
    )
    return common / (_area(first) + _area(second) - common)


def pointing_game(map: Tensor, box: Sequence[int] | Tensor) -> bool:
    """Pointing game: whether the largest value of a map (H, W) lies in the box; of equal values the first one counts.

    Raises `ValueError` for a constant map, or a box that is empty or leaves the map. Zhang et al. 2016, "Top-down
    neural attention by excitation backprop", section 4.2.

    >>> import torch
    >>> pointing_game(torch.tensor([[0.0, 2.0, 1.0]]), (0, 1, 1, 2))
    True
    """
    map = check_map(map, ordered=True)
    top, left, bottom, right = check_box(box, map.shape)
    y, x = divmod(map.argmax().item(), map.shape[1])
    return top <= y < bottom and left <= x < right


def mass_inside(map: Tensor, box: Sequence[int] | Tensor) -> float:
    """The share of a map's absolute values (H, W) that lies in the box, 0 to 1; a uniform map gives the box's area.

    Raises `ValueError` for a map of zeros, or a box that is empty or leaves the map.

    >>> import torch
    >>> mass_inside(torch.tensor([[1.0, -3.0]]), (0, 1, 1, 2))
    0.75
    """
    map = check_map(map).abs()
    top, left, bottom, right = check_box(box, map.shape)
    total = map.double().sum().item()
    if total == 0:
        raise ValueError(complaint("map", "a value other than 0", "0 everywhere"))
    return map[top:bottom, left:right].double().sum().item() / total


def _area(box: Box) -> int:
    top, left, bottom, right = box
    return max(0, bottom - top) * max(0, right - left)
