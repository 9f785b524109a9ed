"""What keeps an optimised picture from turning into high-frequency noise; each is one small function.

Two kinds go into the same list. A *penalty* takes the picture (B, C, H, W) in [0, 1] and returns (B,), which is
subtracted from the objective. With an attribute `keys`, a list of layers, it is called as `penalty(image, acts)` with
their activations for the picture as the network saw it. A *shrinker* takes the picture and returns a picture of the
same shape, which takes its place after every step; the parametrization must then be able to `paint` one.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Regularizer = Callable[..., Tensor]
GREY = 0.5
SMOOTH = 1e-4  # in pixel values: total variation's slope is rounded off below it, where |d| has none


def l2(weight: float) -> Regularizer:
    """Penalty: weight times the mean square of the pixels around grey, λ‖x‖² with x = 0 at grey."""
    check_weight("l2", weight)
    return lambda image: weight * (image - GREY).square().mean((1, 2, 3))


def total_variation(weight: float, beta: float = 1.0) -> Regularizer:
    """Penalty: weight times the mean of |gradient|^beta, the gradient by differences to the next pixel right and down.

    beta 1 allows jumps and forbids noise; 2 punishes edges as well. Mahendran & Vedaldi 2015.
    """
    check_weight("total_variation", weight)
    _check_positive("total_variation", "beta", beta)

    def penalty(image: Tensor) -> Tensor:
        right = F.pad(image.diff(dim=3), (0, 1))  # (B, C, H, W), 0 in the last column
        down = F.pad(image.diff(dim=2), (0, 0, 0, 1))
        size = (right.square() + down.square() + SMOOTH**2).pow(beta / 2)
        return weight * size.mean((1, 2, 3))

    return penalty


def gaussian(sigma: float) -> Regularizer:
    """Shrinker: a Gaussian low-pass filter; sigma in pixels."""
    _check_positive("gaussian", "sigma", sigma)
    reach = max(1, math.ceil(3 * sigma))
    places = torch.arange(-reach, reach + 1.0)
    kernel = torch.exp(-places.square() / (2 * sigma**2))
    kernel = kernel / kernel.sum()

    def shrink(image: Tensor) -> Tensor:
        channels = image.shape[1]
        padded = F.pad(image, (reach,) * 4, "replicate")
        rows = kernel.to(image).view(1, 1, 1, -1).repeat(channels, 1, 1, 1)
        once = F.conv2d(padded, rows, groups=channels)
        return F.conv2d(once, rows.transpose(2, 3), groups=channels)

    return shrink


def bilateral(sigma: float = 1.0, contrast: float = 0.1) -> Regularizer:
    """Shrinker: a Gaussian low-pass filter that spares edges, by averaging only over pixels of similar colour.

    sigma in pixels; contrast in pixel values: a neighbour whose colour differs by more hardly counts. Tomasi &
    Manduchi 1998.
    """
    _check_positive("bilateral", "sigma", sigma)
    _check_positive("bilateral", "contrast", contrast)
    reach = max(1, math.ceil(2 * sigma))

    def shrink(image: Tensor) -> Tensor:
        height, width = image.shape[2:]
        padded = F.pad(image, (reach,) * 4, "replicate")
        total, weights = torch.zeros_like(image), torch.zeros_like(image[:, :1])
        for y in range(-reach, reach + 1):
            for x in range(-reach, reach + 1):
                neighbour = padded[..., reach + y : reach + y + height, reach + x : reach + x + width]
                far = (neighbour - image).square().mean(1, keepdim=True)
                weight = torch.exp(-far / (2 * contrast**2) - (y * y + x * x) / (2 * sigma**2))
                total, weights = total + weight * neighbour, weights + weight
        return total / weights

    return shrink


def wavelet(threshold: float, name: str = "db2") -> Regularizer:
    """Shrinker: wavelet coefficients come nearer to 0 by threshold (pixel values), and small ones vanish.

    Donoho & Johnstone 1994. Needs PyWavelets. Raises `ValueError` for a wavelet that it does not know.
    """
    import pywt

    check_weight("wavelet", threshold)
    if name not in pywt.wavelist(kind="discrete"):
        raise ValueError(f"wavelet: a name such as 'haar' or 'db2' is needed, got {name!r}")

    def shrink(image: Tensor) -> Tensor:
        height, width = image.shape[2:]
        levels = min(4, pywt.dwtn_max_level((height, width), name))
        coarse, *fine = pywt.wavedec2(image.detach().cpu().numpy(), name, "symmetric", levels, axes=(2, 3))
        fine = [tuple(pywt.threshold(band, threshold, "soft") for band in bands) for bands in fine]
        found = pywt.waverec2([coarse, *fine], name, "symmetric", axes=(2, 3))
        return torch.from_numpy(found[..., :height, :width].copy()).to(image)

    return shrink


def clipping(low: float = 0.0, high: float = 1.0) -> Regularizer:
    """Shrinker: pixels below low or above high are set there."""
    if not all(isinstance(end, int | float) for end in (low, high)) or not 0 <= low < high <= 1:
        raise ValueError(f"clipping: 0 <= low < high <= 1 is needed, got {low!r} and {high!r}")
    return lambda image: image.clamp(low, high)


def check_weight(name: str, weight: float) -> None:
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < math.inf:
        raise ValueError(f"{name}: a weight of 0 or more is needed, got {weight!r}")


def _check_positive(name: str, what: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"{name}: {what} above 0 is needed, got {value!r}")
