"""Image filters: the Gaussian low-pass filter and Sobel's edge filter, one implementation for every part.

Borders are continued by their own pixels, so that a constant image stays constant. The filters are plain tensor
functions: gradients flow through them, and they run in the dtype and on the device of the image.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib.checks import check_number

REACH = 3.0  # sigmas: where a Gaussian is cut off, with 0.3 % of it outside


def gaussian_kernel(sigma: float) -> Tensor:
    """The weights of a one-dimensional Gaussian, float64 (2 r + 1,), symmetric and adding up to 1.

        g(i) = exp(-i^2 / (2 sigma^2)) / sum,   i = -r ... r,   r = ceil(3 sigma)

    sigma in pixels, above 0. Raises `ValueError` or `TypeError` otherwise.

    >>> [round(weight, 4) for weight in gaussian_kernel(0.5).tolist()]
    [0.0003, 0.1065, 0.7866, 0.1065, 0.0003]
    """
    check_number("sigma", sigma, above=0)
    radius = math.ceil(REACH * sigma)
    place = torch.arange(-radius, radius + 1, dtype=torch.float64)
    bell = torch.exp(-place.square() / (2 * sigma**2))
    return bell / bell.sum()


def gaussian_blur(images: Tensor, sigma: float | tuple[float, float]) -> Tensor:
    """A Gaussian low-pass filter of images (B, C, H, W); border pixels are repeated outside.

    sigma: the standard deviation in pixels, above 0, one for both axes or (down, across). The two-dimensional Gaussian
    is a product, so rows and columns are filtered one after the other. Raises `ValueError` or `TypeError` for another
    sigma.

    >>> import torch
    >>> dot = torch.zeros(1, 1, 3, 5)
    >>> dot[..., 1, 2] = 1
    >>> [round(value, 4) for value in gaussian_blur(dot, 0.5)[0, 0, 1].tolist()]
    [0.0002, 0.0837, 0.6187, 0.0837, 0.0002]
    """
    down, across = sigma if isinstance(sigma, tuple | list) else (sigma, sigma)
    channels = images.shape[1]
    for kernel, column in ((gaussian_kernel(down), True), (gaussian_kernel(across), False)):
        radius = len(kernel) // 2
        around = (0, 0, radius, radius) if column else (radius, radius, 0, 0)
        shape = (1, 1, -1, 1) if column else (1, 1, 1, -1)
        weights = (
            kernel.to(images).view(shape).repeat(channels, 1, 1, 1)
        )  # (k,) -> (C, 1, k, 1) or (C, 1, 1, k)
        images = F.conv2d(F.pad(images, around, mode="replicate"), weights, groups=channels)
    return images


def sobel_edges(images: Tensor) -> Tensor:
    """How steep the brightness of images (B, C, H, W) is, (B, H, W): the magnitude of Sobel's gradient, 0 or more.

        across = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]] * brightness,   down = its transpose,   sqrt(across^2 + down^2)

    Brightness is the mean of the channels; a ramp that rises by s per pixel gives 8 s. An edge filter asks no network,
    which makes it a baseline for saliency maps. Sobel & Feldman 1968, "A 3 x 3 isotropic gradient operator".

    >>> import torch
    >>> ramp = torch.arange(4.0).expand(1, 1, 3, 4) / 8
    >>> sobel_edges(ramp)[0, 1].tolist()
    [0.5, 1.0, 1.0, 0.5]
    """
    brightness = F.pad(images.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")  # (B, 1, H + 2, W + 2)
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]).to(brightness)
    both = F.conv2d(brightness, torch.stack([across, across.T])[:, None])  # (B, 2, H, W)
    return both.square().sum(1).sqrt()
