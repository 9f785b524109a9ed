"""Random transforms of the picture in every step (transformation robustness): jitter, rotation, scale.

Each transform draws one affine map per picture; a list of them becomes one matrix, and one resampling of the picture.
What moves in from outside is the picture mirrored at its border: a grey border would be an edge, which units use.
"""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib.checks import check_number, check_whole

# (generator, number of pictures) -> matrices (B, 3, 3): where in the old picture a new pixel comes from, in pixels
# from the center, x to the right and y down
Transform: TypeAlias = Callable[[torch.Generator, int], Tensor]


def jitter(pixels: int) -> Transform:
    """Jitter: shifts by whole pixels, from -pixels to pixels in both directions, all equally likely.

    >>> jitter(0)(torch.Generator(), 1)[0, :2, 2]
    tensor([0., 0.])
    """
    check_whole("pixels", pixels, 0)

    def draw(generator: torch.Generator, count: int) -> Tensor:
        matrices = torch.eye(3).repeat(count, 1, 1)
        matrices[:, :2, 2] = torch.randint(-pixels, pixels + 1, (count, 2), generator=generator).float()
        return matrices

    return draw


def rotate(degrees: float) -> Transform:
    """Rotation around the center by an angle from -degrees to degrees, all equally likely.

    >>> rotate(5)(torch.Generator(), 2).shape
    torch.Size([2, 3, 3])
    """
    check_number("degrees", degrees, least=0, most=180)

    def draw(generator: torch.Generator, count: int) -> Tensor:
        angle = (2 * torch.rand(count, generator=generator) - 1) * math.radians(degrees)
        cos, sin = angle.cos(), angle.sin()
        matrices = torch.eye(3).repeat(count, 1, 1)
        matrices[:, 0, 0], matrices[:, 0, 1] = cos, -sin
        matrices[:, 1, 0], matrices[:, 1, 1] = sin, cos
        return matrices

    return draw


def scale(smallest: float, largest: float) -> Transform:
    """Scaling by a factor from smallest to largest, all equally likely; below 1 the picture shrinks.

    >>> scale(2, 2)(torch.Generator(), 1)[0].diagonal()
    tensor([0.5000, 0.5000, 1.0000])
    """
    check_number("smallest", smallest, above=0)
    check_number("largest", largest, least=smallest)

    def draw(generator: torch.Generator, count: int) -> Tensor:
        factor = smallest + (largest - smallest) * torch.rand(count, generator=generator)
        matrices = torch.eye(3).repeat(count, 1, 1)
        matrices[:, 0, 0] = matrices[:, 1, 1] = 1 / factor
        return matrices

    return draw


ROBUST: tuple[Transform, ...] = (jitter(8), scale(0.9, 1.1), rotate(5))


def drawn(transforms: Sequence[Transform], generator: torch.Generator, count: int) -> Tensor | None:
    """The matrices (B, 3, 3) of all transforms one after the other; None for an empty list."""
    together = None
    for transform in transforms:
        matrices = transform(generator, count)
        together = matrices if together is None else matrices @ together
    return together


def warped(images: Tensor, matrices: Tensor | None) -> Tensor:
    """Pictures (B, C, H, W) resampled by matrices (B, 3, 3) in pixels from the center, mirrored at the border."""
    if matrices is None:
        return images
    height, width = images.shape[-2:]
    # grid_sample counts from -1 to 1 across the picture
    unit = torch.tensor([width / 2, height / 2, 1.0])
    theta = (matrices * unit / unit[:, None])[:, :2]  # (B, 2, 3)
    grid = F.affine_grid(theta.to(images), list(images.shape), align_corners=False)  # (B, H, W, 2)
    return F.grid_sample(images, grid, "bilinear", "reflection", align_corners=False)
