"""Crops of the shipped photos at several scales, some photos to make an attack and others to test it."""

import torch
from torch import Tensor

from lecturelib import images
from lecturelib.checks import check_number, check_whole
from lecturelib.images import fit

MAKE = ("cat", "astronaut", "motorcycle", "brick", "grass", "camera")
TEST = ("rocket", "hopper", "temple", "flower", "gravel")
SCALES = (1.0, 0.7)  # crops' sides as shares of the photo's shorter side


def photo_crops(names: tuple[str, ...] = TEST, size: int = 224, scales: tuple[float, ...] = SCALES) -> Tensor:
    """The central square of each photo, and for each smaller scale two more, left and right; (N, 3, s, s).

    Raises `UnknownName` for a photo that is not shipped, `ValueError` or `TypeError` for a size or scale that is none.

    >>> photo_crops(("cat",), 32).shape
    torch.Size([3, 3, 32, 32])
    """
    check_whole("size", size, 1)
    found = []
    for name in names:
        photo = images.photo(name)
        height, width = photo.shape[-2:]
        for scale in scales:
            side = round(check_number("scale", scale, above=0, most=1) * min(height, width))
            top = (height - side) // 2
            lefts = [(width - side) // 2] if scale == 1 else [0, width - side]
            found += [fit(photo[..., top : top + side, left : left + side], size) for left in lefts]
    return torch.cat(found)
