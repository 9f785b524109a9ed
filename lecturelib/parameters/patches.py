"""The positions of an occlusion's patch: which pixels it covers, and what size and stride fit an image."""

import torch
from torch import Tensor

from lecturelib.checks import check_pair, complaint
from lecturelib.network.baselines import Size

Spans = list[tuple[int, int]]  # the pixels (start, end) that the patches cover along one axis


def patch_spans(size: int, patch: int, stride: int) -> Spans:
    """The pixels covered along one axis, (start, end) half-open: starts 0, stride, ... until the border is reached.

    >>> patch_spans(size=7, patch=3, stride=2)
    [(0, 3), (2, 5), (4, 7)]
    """
    return [(start, min(start + patch, size)) for start in range(0, size - patch + stride, stride)]


def coverage(spans: Spans, size: int) -> Tensor:
    """Which pixels each patch covers along one axis, (patches, size) of bool."""
    start, end = torch.tensor(spans).T[..., None]  # (patches, 2) -> (patches, 1) each
    pixel = torch.arange(size)
    return (start <= pixel) & (pixel < end)


def check_patch(patch_size: Size, image: Tensor) -> tuple[int, int]:
    """The patch (height, width); raises unless it fits into the image (B, C, H, W)."""
    patch = check_pair("patch_size", patch_size)
    height, width = image.shape[2:]
    if patch[0] > height or patch[1] > width:
        expected = f"at most {height} x {width} px (the image)"
        raise ValueError(
            complaint("patch_size", expected, f"{patch[0]} x {patch[1]} px", "take a smaller one")
        )
    return patch


def check_stride(stride: Size, patch: tuple[int, int]) -> tuple[int, int]:
    """The stride (down, across); raises if it would leave pixels that no patch covers."""
    stride = check_pair("stride", stride)
    if stride[0] > patch[0] or stride[1] > patch[1]:
        expected = f"at most {patch[0]} x {patch[1]} px (the patch), so that every pixel is covered"
        hint = "take a shorter stride or a larger patch"
        raise ValueError(complaint("stride", expected, f"{stride[0]} x {stride[1]} px", hint))
    return stride
