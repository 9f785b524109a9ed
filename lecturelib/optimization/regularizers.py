"""Regularizers of an optimized picture: L2, alpha norm, total variation, blur, bilateral, wavelet, clipping.

Two kinds go into the same list. A *penalty* r takes the picture (B, C, H, W) in [0, 1] and returns (B,), which is
subtracted from the objective. With an attribute `keys`, a list of layers, it is called as `penalty(image, acts)` with
their activations for the picture as the network saw it. A *proximal step* (denoising step) takes the picture and
returns a picture of the same shape, which replaces it after every gradient step, as in proximal gradient methods; the
parametrization then needs `set_image`.
"""

import math
from collections.abc import Callable
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib.checks import check_number, complaint, nearest
from lecturelib.filters import gaussian_blur

Regularizer: TypeAlias = Callable[..., Tensor]
GREY = 0.5
LEVELS = 4  # of a wavelet transform
SMOOTH = 1e-4  # in pixel values: total variation's slope is rounded off below it, where |d| has none


def l2(weight: float) -> Regularizer:
    """L2 penalty: r(x) = weight · mean (x - 1/2)², the mean over all pixels and colors; 1/2 is grey.

    >>> l2(4.0)(torch.zeros(2, 3, 4, 5))
    tensor([1., 1.])
    """
    check_weight("l2", weight)
    return lambda image: weight * (image - GREY).square().mean((1, 2, 3))


def alpha_norm(weight: float, alpha: float = 6.0) -> Regularizer:
    """Alpha norm: r(x) = weight · mean |2 (x - 1/2)|^alpha, the mean over all pixels and colors.

    With alpha = 6 it is nearly 0 for most colors and rises to `weight` at black and at white: it bounds the picture
    rather than making it pale, as alpha = 2 does. Mahendran & Vedaldi 2015, section 3.

    >>> alpha_norm(4.0)(torch.tensor([[[[0.0, 0.5]]], [[[0.25, 0.5]]]]))
    tensor([2.0000, 0.0312])
    """
    check_weight("alpha_norm", weight)
    check_number("alpha", alpha, least=1)
    return lambda image: weight * (2 * (image - GREY)).abs().pow(alpha).mean((1, 2, 3))


def total_variation(weight: float, beta: float = 1.0) -> Regularizer:
    """Total variation: r(x) = weight · mean ((x_right - x)² + (x_down - x)²)^(beta / 2), over pixels and colors.

    beta 1 allows jumps and penalizes noise; 2 penalizes edges as well. Mahendran & Vedaldi 2015, equation 6.

    >>> step = torch.zeros(1, 1, 2, 4)
    >>> step[..., 2:] = 0.5
    >>> round(total_variation(8.0)(step).item(), 2)  # two of eight pixels differ from the next by 0.5
    1.0
    """
    check_weight("total_variation", weight)
    check_number("beta", beta, above=0)

    def penalty(image: Tensor) -> Tensor:
        right = F.pad(image.diff(dim=3), (0, 1))  # (B, C, H, W), 0 in the last column
        down = F.pad(image.diff(dim=2), (0, 0, 0, 1))
        size = (right.square() + down.square() + SMOOTH**2).pow(beta / 2)
        return weight * size.mean((1, 2, 3))

    return penalty


def gaussian(sigma: float) -> Regularizer:
    """Gaussian blur, a proximal step: a low-pass filter with standard deviation sigma in pixels; see `filters`.

    Yosinski et al. 2015, "Understanding neural networks through deep visualization".

    >>> gaussian(0.4)(torch.full((1, 3, 4, 6), 0.25)).shape
    torch.Size([1, 3, 4, 6])
    """
    check_number("sigma", sigma, above=0)
    return lambda image: gaussian_blur(image, sigma)


def bilateral(sigma: float = 1.0, contrast: float = 0.1) -> Regularizer:
    """Bilateral filter, a proximal step: an average over neighbors y of x with these weights:

        exp(-|y - x|² / (2 sigma²)) · exp(-d² / (2 contrast²)),   d² = mean over colors of (I(y) - I(x))²

    It smooths and keeps edges. sigma in pixels; contrast in pixel values: a neighbor whose color differs by much more
    hardly counts. Tomasi & Manduchi 1998, "Bilateral filtering for gray and color images".

    >>> edge = torch.tensor([0.0, 0.0, 1.0, 1.0]).expand(1, 3, 3, 4)
    >>> torch.allclose(bilateral(1.0, 0.1)(edge), edge)
    True
    """
    check_number("sigma", sigma, above=0)
    check_number("contrast", contrast, above=0)
    reach = max(1, math.ceil(2 * sigma))

    def denoise(image: Tensor) -> Tensor:
        height, width = image.shape[2:]
        padded = F.pad(image, (reach,) * 4, "replicate")
        total, weights = torch.zeros_like(image), torch.zeros_like(image[:, :1])
        for y in range(-reach, reach + 1):
            for x in range(-reach, reach + 1):
                neighbor = padded[..., reach + y : reach + y + height, reach + x : reach + x + width]
                far = (neighbor - image).square().mean(1, keepdim=True)
                weight = torch.exp(-far / (2 * contrast**2) - (y * y + x * x) / (2 * sigma**2))
                total, weights = total + weight * neighbor, weights + weight
        return total / weights

    return denoise


def wavelet(threshold: float, name: str = "db2") -> Regularizer:
    """Wavelet soft thresholding, a proximal step: each detail coefficient w becomes sign(w) · max(|w| - threshold, 0).

    threshold in pixel values; four levels, fewer where the picture is too small. The coarsest approximation stays.
    Donoho & Johnstone 1994, "Ideal spatial adaptation by wavelet shrinkage". Needs PyWavelets. Raises `ValueError` for
    a wavelet that it does not know.

    >>> wavelet(0.1)(torch.full((1, 3, 8, 12), 0.25)).std() < 1e-6
    tensor(True)
    """
    import pywt

    check_number("threshold", threshold, least=0)
    known = pywt.wavelist(kind="discrete")
    if name not in known:
        near = nearest(str(name), known)
        hint = f"nearest: {', '.join(near)}" if near else ""
        raise ValueError(complaint("name", "a discrete wavelet such as 'haar' or 'db2'", repr(name), hint))

    def denoise(image: Tensor) -> Tensor:
        height, width = image.shape[2:]
        levels = min(LEVELS, pywt.dwtn_max_level((height, width), name))
        coarse, *fine = pywt.wavedec2(image.detach().cpu().numpy(), name, "symmetric", levels, axes=(2, 3))
        fine = [tuple(pywt.threshold(band, threshold, "soft") for band in bands) for bands in fine]
        found = pywt.waverec2([coarse, *fine], name, "symmetric", axes=(2, 3))
        return torch.from_numpy(found[..., :height, :width].copy()).to(image)

    return denoise


def clipping(low: float = 0.0, high: float = 1.0) -> Regularizer:
    """Clipping, a proximal step: pixels below low are set to low, those above high to high.

    >>> clipping(0.25, 0.75)(torch.tensor([[[[0.0, 0.5, 1.0]]]]))
    tensor([[[[0.2500, 0.5000, 0.7500]]]])
    """
    check_number("low", low, least=0, below=1)
    check_number("high", high, above=low, most=1)
    return lambda image: image.clamp(low, high)


def check_weight(name: str, weight: float) -> None:
    """Raise `ValueError` or `TypeError` unless the weight of a penalty is a finite number of 0 or more."""
    check_number(f"{name}, weight", weight, least=0)
