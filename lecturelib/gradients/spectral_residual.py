"""Spectral residual: saliency without a network, where an image deviates from the average spectrum of images.

The amplitudes of natural images fall like 1 / frequency, so the log spectrum is nearly smooth; the residual is its
deviation from the local mean. Hou & Zhang 2007, "Saliency detection: a spectral residual approach".
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib.checks import check_image, check_map, check_number, check_whole, complaint
from lecturelib.filters import gaussian_blur

ABSENT = 1e-6  # share of the largest amplitude; below it a frequency is rounding noise and has no phase
SIZE, AVERAGE, BLUR = 64, 3, 2.5
FACTOR = 3.0  # Hou & Zhang's threshold: three times the map's mean


def spectral_residual(image: Tensor, size: int = SIZE, average: int = AVERAGE, blur: float = BLUR) -> Tensor:
    """Spectral residual saliency, (H, W), of one image (1, C, H, W) in [0, 1]; its mean is 1 unless the image is black.

        R = log|F| - mean(log|F|),   S = Gaussian * |inverse(exp(R + i phase(F)))|^2

    F is the Fourier transform of the grey image, reduced to `size` pixels in width, which decides how large an object
    may be to stand out (64 in the paper). average: the side of the local mean over the log amplitude, odd (3; try 7).
    blur: the Gaussian's sigma in pixels of the reduced image. An image of one color gives a constant map.

    The phase carries the place: without it and the exponential, as on some slides, the map would be point-symmetric. A
    pattern that repeats a whole number of times is not flattened: its spectrum is single lines, not a smooth fall.
    Raises `ValueError` or `TypeError` for a bad image, size, average or blur. Hou & Zhang 2007, section 2.

    >>> import torch
    >>> map = spectral_residual(torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(0)))
    >>> map.shape, round(map.mean().item(), 3)
    (torch.Size([32, 48]), 1.0)
    """
    check_image(image)
    check_whole("size", size, 8, 1024)
    check_whole("average", average, 3)
    if average % 2 == 0 or average > size:
        raise ValueError(complaint("average", f"an odd number of frequencies up to {size} (size)", average))
    check_number("blur", blur, above=0, below=size)
    height, width = image.shape[2:]
    grey = image.detach().double().mean(1, keepdim=True)  # (1, C, H, W) -> (1, 1, H, W)
    rows = max(average, round(height / width * size))
    small = F.interpolate(grey, (rows, size), mode="bilinear", antialias=True, align_corners=False)
    spectrum = torch.fft.fft2(small)
    amplitude = spectrum.abs()
    floor = amplitude.amax() * ABSENT
    log_amplitude = amplitude.clamp(min=max(floor.item(), torch.finfo(torch.double).tiny)).log()
    residual = log_amplitude - _local_mean(log_amplitude, average)
    # A frequency that the image does not have stays absent; its phase would be that of the rounding errors.
    kept = torch.where(amplitude > floor, torch.polar(residual.exp(), spectrum.angle()), 0)
    energy = torch.fft.ifft2(kept).abs().square()
    smooth = gaussian_blur(energy, blur)
    map = F.interpolate(smooth, (height, width), mode="bilinear", align_corners=False)[0, 0]  # (H, W)
    mean = map.mean()
    return (map / mean if mean > 0 else map).to(image.dtype)


def threshold_objects(map: Tensor, factor: float = FACTOR) -> Tensor:
    """The object map of a saliency map (H, W), bool: where it exceeds `factor` times its mean; none on a constant map.

    Raises `ValueError` for a map with NaN or values below 0, or a factor that is not above 0. Hou & Zhang 2007,
    section 3.

    >>> import torch
    >>> threshold_objects(torch.tensor([[0.0, 0.0, 0.0, 8.0]]))
    tensor([[False, False, False,  True]])
    """
    map = check_map(map)
    check_number("factor", factor, above=0)
    if map.amin() < 0:
        raise ValueError(complaint("map", "values from 0 up", f"{map.amin().item():.3g}", "use map.abs()"))
    return map > factor * map.mean()


def _local_mean(values: Tensor, side: int) -> Tensor:
    """The mean over side x side neighbors of (1, 1, h, w); a spectrum is periodic, so its borders meet."""
    around = F.pad(values, [side // 2] * 4, mode="circular")
    return F.avg_pool2d(around, side, stride=1)
