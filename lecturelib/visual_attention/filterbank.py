"""A differentiable window: a grid of Gaussian filters (DRAW), and beside it the sampler of spatial transformers."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from lecturelib.checks import check_images, check_whole, complaint, described

LEAST = 1e-6  # below this sum of weights a filter lies outside of the picture, and reads 0


class SoftWindow(NamedTuple):
    """Windows at B pictures: `centers` (B, 2) as (x, y) in [-1, 1], `strides` (B,) and `sigmas` (B,) in pixels."""

    centers: Tensor
    strides: Tensor
    sigmas: Tensor


def filterbank(centers: Tensor, strides: Tensor, sigmas: Tensor, size: int, pixels: int) -> Tensor:
    """Gaussian filters along one axis: `size` of them, `strides` apart, each a distribution over the pixels.

    F[i, a] = exp(-(a - mu_i)^2 / (2 sigma^2)) / Z_i, with the sum over the pixels 1, and mu_i = center +
    (i - (size - 1) / 2) stride. centers (B,) in [-1, 1], -1 and 1 being the picture's edges; strides and sigmas (B,) in
    pixels -> (B, size, pixels). Gregor et al. 2015, equations 19 to 26.

    >>> filterbank(torch.zeros(1), torch.ones(1), torch.full((1,), 0.01), size=2, pixels=4)[0]
    tensor([[0., 1., 0., 0.],
            [0., 0., 1., 0.]])
    """
    check_whole("size", size, 1)
    check_whole("pixels", pixels, 1)
    middle = (centers + 1) / 2 * pixels - 0.5  # in pixels, the first one's center being 0
    steps = torch.arange(size, device=centers.device, dtype=centers.dtype) - (size - 1) / 2
    mu = middle[:, None] + strides[:, None] * steps  # (B, size)
    distance = torch.arange(pixels, device=centers.device, dtype=centers.dtype) - mu[:, :, None]
    exponents = -distance.square() / (2 * sigmas[:, None, None] ** 2)  # (B, size, pixels)
    # from the largest exponent, so that a narrow filter between two pixels does not vanish; outside it may
    top = exponents.amax(-1, keepdim=True).detach()
    inside = ((mu > -1) & (mu < pixels))[:, :, None]
    weights = torch.where(inside, exponents - top, exponents).exp()
    return weights / weights.sum(-1, keepdim=True).clamp_min(LEAST)


def gaussian_window(images: Tensor, window: SoftWindow, size: int = 12) -> Tensor:
    """Gaussian window (DRAW's read): size x size numbers, each a Gaussian mean of the pixels around its place.

    F_y X F_x^T with the filters of `filterbank` for both axes. images (B, C, H, W) in [0, 1] -> (B, C, size, size).
    Differentiable in center, stride and sigma. With stride 1, sigma towards 0 and places on whole pixels it is a crop.
    It reads every pixel: the cost grows with the picture. Raises `TypeError` or `ValueError` for other pictures,
    windows of another shape, or a stride or sigma that is not above 0. Gregor et al. 2015, equation 27, intensity 1.

    >>> picture = torch.eye(4)[None, None]
    >>> gaussian_window(picture, SoftWindow(torch.zeros(1, 2), torch.ones(1), torch.full((1,), 0.01)), 2)[0, 0]
    tensor([[1., 0.],
            [0., 1.]])
    """
    check_images(images)
    check_window(window, len(images))
    check_whole("size", size, 1)
    across, down = (
        filterbank(window.centers[:, k], window.strides, window.sigmas, size, images.shape[3 - k])
        for k in (0, 1)
    )  # (B, size, W), (B, size, H)
    return torch.einsum("bih,bchw,bjw->bcij", down, images, across)


def affine_window(images: Tensor, window: SoftWindow, size: int = 12) -> Tensor:
    """Affine sampler (spatial transformer, without turning): size x size pixels, bilinear at places `stride` apart.

    The same places as `gaussian_window`; sigma is not used. Each number reads four pixels, so that the gradient in the
    center says nothing about what lies further away. Outside of the picture it reads 0. Raises as `gaussian_window`.
    Jaderberg et al. 2015, equations 1 to 5.

    >>> picture = torch.eye(4)[None, None]
    >>> affine_window(picture, SoftWindow(torch.zeros(1, 2), torch.ones(1), torch.ones(1)), 2)[0, 0]
    tensor([[1., 0.],
            [0., 1.]])
    """
    check_images(images)
    check_window(window, len(images))
    check_whole("size", size, 1)
    height, width = images.shape[-2:]
    matrix = images.new_zeros(len(images), 2, 3)
    matrix[:, 0, 0] = window.strides * size / width
    matrix[:, 1, 1] = window.strides * size / height
    matrix[:, :, 2] = window.centers
    grid = F.affine_grid(matrix, [len(images), images.shape[1], size, size], align_corners=False)
    return F.grid_sample(images, grid, "bilinear", "zeros", align_corners=False)


def check_window(window: SoftWindow, count: int) -> None:
    """Raises `TypeError` or `ValueError` for windows that do not fit `count` pictures."""
    if not isinstance(window, SoftWindow):
        raise TypeError(complaint("window", "a SoftWindow(centers, strides, sigmas)", described(window)))
    for name, values, shape in zip(SoftWindow._fields, window, ((count, 2), (count,), (count,)), strict=True):
        if not isinstance(values, Tensor) or not values.is_floating_point():
            raise TypeError(complaint(name, f"floats {shape}", described(values)))
        if values.shape != shape:
            raise ValueError(complaint(name, f"shape {shape}, for {count} pictures", tuple(values.shape)))
        if not values.isfinite().all():
            raise ValueError(complaint(name, "finite numbers", "NaN or infinity"))
    for name, values in (("strides", window.strides), ("sigmas", window.sigmas)):
        if values.amin() <= 0:
            raise ValueError(complaint(name, "pixels above 0", f"{values.amin().item():g}"))
