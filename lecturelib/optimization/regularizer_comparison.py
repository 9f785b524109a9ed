"""Regularizer comparison: one unit from the same noise under one regularization after the other, and measures.

From one to the next a single thing changes, so that a difference has one cause.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from lecturelib.checks import check_image, check_images, check_name, check_number, check_whole
from lecturelib.network.units import Unit, read
from lecturelib.optimization.ascent import AscentStep, iter_maximize
from lecturelib.optimization.initialization import Size
from lecturelib.optimization.regularizers import gaussian, l2, total_variation
from lecturelib.optimization.transforms import ROBUST, drawn, jitter, scale, warped

_GREY, _EVEN = l2(300.0), total_variation(100.0)  # the same weights wherever they are used
_PIXELS = {"parametrization": "pixels", "transforms": (), "learning_rate": 0.02}
_MOVED = {**_PIXELS, "transforms": (jitter(8), scale(0.9, 1.1))}
# Each changes one thing of the one before it. The Fourier parametrization has a learning rate in units of its own.
REGULARIZATIONS: dict[str, dict] = {
    "none": _PIXELS,
    "L2": {**_PIXELS, "regularizers": (_GREY,)},
    "total variation": {**_PIXELS, "regularizers": (_GREY, _EVEN)},
    "jitter and scale": {**_MOVED, "regularizers": (_GREY, _EVEN)},
    "blur": {**_MOVED, "regularizers": (_GREY, gaussian(0.4))},  # in place of total variation
    "Fourier": {**_MOVED, "parametrization": "fourier", "learning_rate": 0.05, "regularizers": (_GREY,)},
}
HIGH = 0.25  # cycles per pixel: half of the highest frequency along an axis


def maximize_with(
    model: nn.Module,
    unit: Unit,
    regularization: str,
    start: str | Tensor | AscentStep = "noise",
    *,
    size: Size | None = None,
    steps: int = 128,
    seed: int = 0,
) -> AscentStep:
    """Activation maximization with one of `REGULARIZATIONS`, by name; all else as for `maximize`. The last step.

    Raises `UnknownName` for another name, and as `maximize` does.

    >>> from lecturelib import models
    >>> from lecturelib.network.units import Logit
    >>> maximize_with(models.load("lenet"), Logit(3), "blur", steps=2).step
    2
    """
    *_, step = iter_maximize_with(model, unit, regularization, start, size=size, steps=steps, seed=seed)
    return step


def iter_maximize_with(
    model: nn.Module,
    unit: Unit,
    regularization: str,
    start: str | Tensor | AscentStep = "noise",
    *,
    size: Size | None = None,
    steps: int = 128,
    seed: int = 0,
) -> Iterator[AscentStep]:
    """Activation maximization with one of `REGULARIZATIONS` step by step: the run of `maximize_with`.

    >>> from lecturelib import models
    >>> from lecturelib.network.units import Logit
    >>> [step.step for step in iter_maximize_with(models.load("lenet"), Logit(3), "L2", steps=2)]
    [1, 2]
    """
    check_name("regularization", regularization, REGULARIZATIONS, "regularization")
    settings = REGULARIZATIONS[regularization]
    return iter_maximize(model, unit, start, size=size, steps=steps, seed=seed, **settings)


def high_frequency_share(images: Tensor, above: float = HIGH) -> Tensor:
    """Share of the pictures' variance at frequencies above `above` cycles per pixel, (B,), from 0 to 1.

    images: (B, C, H, W) in [0, 1]; their mean does not count; a constant picture has none: 0.

    >>> stripes = torch.tensor([0.0, 1.0]).repeat(2).expand(1, 1, 4, 4)  # half a cycle per pixel
    >>> high_frequency_share(torch.cat([stripes, torch.zeros(1, 1, 4, 4)]))
    tensor([1., 0.])
    """
    check_images(images)
    check_number("above", above, least=0)
    spectrum = torch.fft.fft2(images - images.mean((2, 3), keepdim=True)).abs().square()  # (B, C, H, W)
    rows, columns = (torch.fft.fftfreq(n, device=images.device) for n in images.shape[2:])
    high = (rows[:, None].square() + columns[None].square()).sqrt() > above  # (H, W)
    total = spectrum.sum((1, 2, 3))
    return torch.where(total > 0, (spectrum * high).sum((1, 2, 3)) / total.clamp_min(1e-30), 0.0)


def under_jitter(model: nn.Module, image: Tensor, unit: Unit, draws: int = 16, seed: int = 1000) -> float:
    """The unit's mean over random transforms of one picture (1, C, H, W) that no ascent has seen, drawn by `seed`.

    >>> from lecturelib import models
    >>> from lecturelib.network.units import Logit
    >>> isinstance(under_jitter(models.load("lenet"), torch.rand(1, 1, 28, 28), Logit(3), draws=2), float)
    True
    """
    check_image(image, model)
    generator = torch.Generator().manual_seed(check_whole("seed", seed, 0))
    check_whole("draws", draws, 1)
    moved = warped(image.repeat(draws, 1, 1, 1), drawn(ROBUST, generator, draws))
    return read(model, moved.clamp(0, 1), unit).mean().item()
