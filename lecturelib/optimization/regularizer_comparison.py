"""The ladder of regularizers: the same unit from the same noise, with one means more against noise on each rung."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lecturelib.checks import UnknownName, check_images, check_whole
from lecturelib.network.units import Unit, read
from lecturelib.optimization.ascent import Step, maximize
from lecturelib.optimization.regularizers import gaussian, l2, total_variation
from lecturelib.optimization.transforms import ROBUST, drawn, jitter, scale, warped

_PIXELS = {"parametrization": "pixels", "transforms": (), "learning_rate": 0.02}
_MOVED = {**_PIXELS, "transforms": (jitter(8), scale(0.9, 1.1))}
RUNGS: dict[str, dict] = {
    "none": _PIXELS,
    "L2": {**_PIXELS, "regularizers": (l2(1000.0),)},
    "total variation": {**_PIXELS, "regularizers": (l2(300.0), total_variation(500.0))},
    "jitter and scale": {**_MOVED, "regularizers": (l2(300.0), total_variation(100.0))},
    "blur": {**_MOVED, "regularizers": (gaussian(0.4),), "learning_rate": 0.04},  # in place of the penalties
    "Fourier": {"parametrization": "fourier", "transforms": ROBUST},
}
HIGH = 0.25  # cycles per pixel: half of the highest frequency along an axis


def climb(
    model: nn.Module, unit: Unit, rung: str, start="noise", *, size=None, steps: int = 128, seed: int = 0
) -> Iterator[Step]:
    """The ascent of one rung, as `maximize` yields it; all else is the same on every rung.

    Raises `UnknownName` for a rung that is none of `RUNGS`, and as `maximize` does.
    """
    if rung not in RUNGS:
        raise UnknownName(f"no rung is called {rung!r}; from the ground up: {', '.join(RUNGS)}")
    return maximize(model, unit, start, size=size, steps=steps, seed=seed, **RUNGS[rung])


def high_frequency_share(images: Tensor, above: float = HIGH) -> Tensor:
    """How much of the pictures' variance lies at frequencies above `above` cycles per pixel, (B,), from 0 to 1.

    images: (B, C, H, W) in [0, 1]; their mean does not count; a constant picture has none: 0.
    """
    check_images(images)
    spectrum = torch.fft.fft2(images - images.mean((2, 3), keepdim=True)).abs().square()  # (B, C, H, W)
    rows, columns = (torch.fft.fftfreq(n, device=images.device) for n in images.shape[2:])
    high = (rows[:, None].square() + columns[None].square()).sqrt() > above  # (H, W)
    total = spectrum.sum((1, 2, 3))
    return torch.where(total > 0, (spectrum * high).sum((1, 2, 3)) / total.clamp_min(1e-30), 0.0)


def under_jitter(model: nn.Module, image: Tensor, unit: Unit, draws: int = 16, seed: int = 1000) -> float:
    """The unit's mean over small movements of one picture (1, C, H, W) that no ascent has seen, drawn by `seed`."""
    check_images(image, model, "image")
    if len(image) != 1:
        raise ValueError(f"image: one picture (1, C, H, W) is needed, got {len(image)}")
    generator = torch.Generator().manual_seed(check_whole("seed", seed, 0))
    check_whole("draws", draws, 1)
    moved = warped(image.repeat(draws, 1, 1, 1), drawn(ROBUST, generator, draws))
    return read(model, moved.clamp(0, 1), unit).mean().item()
