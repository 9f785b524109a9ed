"""The retina sensor: square patches around one place, each as many pixels, each twice as wide as the one before."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from lecturelib.checks import check_images, check_whole, complaint, described


def retina(images: Tensor, locations: Tensor, size: int = 12, scales: int = 3) -> Tensor:
    """Retina sensor: `scales` patches of size x size pixels around a location, the finest first.

    Patch s covers a square of size * 2^s pixels and is averaged over blocks of 2^s x 2^s pixels, so that all patches
    have the same number of values. images (B, C, H, W) in [0, 1]; locations (B, 2) as (x, y) in [-1, 1], where (-1, -1)
    is the upper left corner of the picture and (0, 0) its center -> (B, scales, C, size, size). Between two pixels the
    crop is bilinear, outside of the picture it is 0. Gradients flow into images and locations. What is read does not
    depend on the picture's size: (size * 2^(scales - 1) + 1)^2 pixels.

    Raises `TypeError` or `ValueError` for other images or locations, a patch larger than the picture, no scale, or an
    odd size with several scales (their centers would differ by half a pixel). Mnih et al. 2014, section 3.1.

    >>> picture = torch.arange(36.0).view(1, 1, 6, 6) / 36
    >>> retina(picture, torch.zeros(1, 2), size=2, scales=1)[0, 0, 0].mul(36).round()
    tensor([[14., 15.],
            [20., 21.]])
    """
    check_images(images)
    check_sensor(size, scales, images.shape[-2:])
    check_locations(locations, len(images))
    return sensed(padded_for(images, size, scales), images.shape[-2:], locations, size, scales)


def padded_for(images: Tensor, size: int, scales: int) -> Tensor:
    """The pictures with a black border as wide as a patch can reach: once for all glimpses at them."""
    return F.pad(images, (size * 2 ** (scales - 1) // 2 + 1,) * 4)


def sensed(padded: Tensor, extent: torch.Size, locations: Tensor, size: int, scales: int) -> Tensor:
    """`retina` at pictures that `padded_for` has padded; `extent`: their height and width before."""
    side = size * 2 ** (scales - 1)  # pixels that the widest patch covers
    # its upper left corner in pixels of the padded picture, (B, 2) as (x, y)
    width_height = locations.new_tensor([extent[1], extent[0]])
    corner = (locations.clamp(-1, 1) + 1) / 2 * width_height - side / 2 + side // 2 + 1
    whole = corner.detach().floor()
    right, down = (corner - whole)[:, :, None, None, None].unbind(1)  # (B, 1, 1, 1) each
    crop = windows(padded, whole.long(), side + 1)  # one pixel more, for the values between two
    crop = torch.lerp(crop[:, :, :-1], crop[:, :, 1:], down)
    crop = torch.lerp(crop[:, :, :, :-1], crop[:, :, :, 1:], right)  # (B, C, side, side)
    patches = []
    for scale in range(scales):
        edge = (side - size * 2**scale) // 2
        inner = crop[:, :, edge : side - edge, edge : side - edge]
        patches.append(F.avg_pool2d(inner, 2**scale) if scale else inner)
    return torch.stack(patches, 1)  # (B, scales, C, size, size)


def windows(images: Tensor, corners: Tensor, side: int) -> Tensor:
    """One crop of each picture: images (B, C, H, W), corners (B, 2) as (left, top) -> (B, C, side, side).

    >>> windows(torch.eye(4)[None, None], torch.tensor([[1, 1]]), 2)[0, 0]
    tensor([[1., 0.],
            [0., 1.]])
    """
    left, top = corners.unbind(1)
    count, channels, _, width = images.shape
    if not (images.requires_grad and torch.is_grad_enabled()):
        views = images.unfold(2, side, 1).unfold(3, side, 1)  # (B, C, H', W', side, side), without a copy
        return views[torch.arange(count), :, top, left]
    # the same by a gather, whose gradient needs no more memory than the pictures
    steps = torch.arange(side)
    rows, columns = top[:, None] + steps, left[:, None] + steps  # (B, side)
    index = (rows[:, :, None] * width + columns[:, None, :]).view(count, 1, side * side)
    crop = images.flatten(2).gather(2, index.expand(-1, channels, -1))
    return crop.view(count, channels, side, side)


def patch_box(
    location: tuple[float, float], size: int, scale: int, height: int, width: int
) -> tuple[float, float, float, float]:
    """What patch number `scale` (0: the finest) covers, in pixels: (left, top, right, bottom), also beyond the border.

    >>> patch_box((0.0, 0.0), size=12, scale=1, height=60, width=60)
    (18.0, 18.0, 42.0, 42.0)
    """
    side = check_whole("size", size, 1) * 2 ** check_whole("scale", scale)
    left, top = (
        (place + 1) / 2 * extent - side / 2 for place, extent in zip(location, (width, height), strict=True)
    )
    return left, top, left + side, top + side


def check_sensor(size: int, scales: int, picture: tuple[int, ...] | torch.Size | None = None) -> None:
    """Raises `TypeError` or `ValueError` for a sensor that cannot be, or does not fit into a picture (H, W)."""
    most = None if picture is None else min(picture)
    check_whole("size", size, 1, most, "" if most is None else "the picture's shorter side")
    check_whole("scales", scales, 1, 6)
    if scales > 1 and size % 2:
        raise ValueError(complaint("size", "an even number, since there are several scales", size))


def check_locations(locations: Tensor, count: int) -> Tensor:
    """The locations, if they are (count, 2) finite floats in [-1, 1]; otherwise `TypeError` or `ValueError`."""
    if not isinstance(locations, Tensor) or not locations.is_floating_point():
        raise TypeError(complaint("locations", f"floats ({count}, 2) as (x, y)", described(locations)))
    if locations.shape != (count, 2):
        raise ValueError(
            complaint("locations", f"shape ({count}, 2), one (x, y) a picture", tuple(locations.shape))
        )
    largest = locations.detach().abs().amax().item()
    if not largest <= 1:  # also NaN
        raise ValueError(
            complaint("locations", "values from -1 to 1", f"{largest:.3g}", "(0, 0) is the center")
        )
    return locations
