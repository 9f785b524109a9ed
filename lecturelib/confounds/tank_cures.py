"""Cures for a confound without balanced data: vary in training what must not count, or add a few counterexamples."""

import torch
from torch import Tensor

from lecturelib.checks import check_whole, complaint, described

# What each network was trained on; beside the first two of `TANK_NETWORKS`, which need no cure or are it.
TANK_CURES = {
    "colors": "the lab's scenes, the colors and the light of each picture changed at random",
    "skies": "the lab's scenes, each sky exchanged for that of another scene",
    "few": "the lab's scenes, with 5 % of them under the other weather",
}
WEATHER_DETECTOR = "weather"  # the network that names the weather, trained on balanced data
CURES_FILE = "tank_cures"
TOP = 20  # rows at the upper edge that are sky in nearly every scene


def jitter_colors(images: Tensor, generator: torch.Generator, strength: float = 0.5) -> Tensor:
    """Color jitter: each picture's red, green and blue multiplied and its light shifted at random, (B, 3, H, W).

        x' = clip(gain_c * x + shift),   gain_c in [1 - s, 1 + s],   shift in [-s / 2, s / 2]

    The usual augmentation where nobody knows exactly what the confound is. Raises `ValueError` for another shape.

    >>> jitter_colors(torch.full((1, 3, 2, 2), 0.5), torch.Generator().manual_seed(0), 0.0)[0, :, 0, 0]
    tensor([0.5000, 0.5000, 0.5000])
    """
    _check_scenes(images)
    count = len(images)
    gain = 1 + strength * (2 * torch.rand(count, 3, 1, 1, generator=generator) - 1)
    shift = strength * (torch.rand(count, 1, 1, 1, generator=generator) - 0.5)
    return (images * gain + shift).clamp(0, 1)


def swap_skies(images: Tensor, sky: Tensor, generator: torch.Generator) -> Tensor:
    """Exchange skies: each sky (B, H, W) of True and False is filled with that of another picture of the batch.

    Background augmentation; it needs to be known where the confound is. A sky that is taller than the other's upper
    rows is filled with their reflections. Raises `ValueError` for another shape.

    >>> scenes = torch.stack([torch.zeros(3, 4, 4), torch.ones(3, 4, 4)])
    >>> sky = torch.zeros(2, 4, 4, dtype=torch.bool)
    >>> sky[:, :2] = True
    >>> swap_skies(scenes, sky, torch.Generator().manual_seed(1))[0, 0, :, 0]
    tensor([1., 1., 0., 0.])
    """
    _check_scenes(images)
    if not isinstance(sky, Tensor) or sky.dtype != torch.bool or sky.shape != images[:, 0].shape:
        raise ValueError(
            complaint("sky", f"True and False {tuple(images[:, 0].shape)}, as the images", described(sky))
        )
    donors = torch.randperm(len(images), generator=generator)
    height = images.shape[2]
    top = min(TOP, height)
    rows = torch.arange(height) % (2 * top)
    rows = torch.minimum(rows, 2 * top - 1 - rows)  # 0 ... top - 1, top - 1 ... 0, and so on
    return torch.where(sky[:, None], images[donors][:, :, rows], images)


def recolored(images: Tensor, sky: Tensor, seed: int = 0, how: str = "skies") -> Tensor:
    """Pictures as a cure shows them in training, "colors" or "skies"; for a look at them.

    >>> recolored(torch.rand(2, 3, 8, 8), torch.ones(2, 8, 8, dtype=torch.bool), how="colors").shape
    torch.Size([2, 3, 8, 8])
    """
    check_whole("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    if how not in ("colors", "skies"):
        raise ValueError(complaint("how", "'colors' or 'skies'", repr(how)))
    return jitter_colors(images, generator) if how == "colors" else swap_skies(images, sky, generator)


def _check_scenes(images: Tensor) -> None:
    if not isinstance(images, Tensor) or images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(complaint("images", "shape (B, 3, H, W)", described(images)))
