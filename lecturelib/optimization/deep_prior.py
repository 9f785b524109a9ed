"""The deep image prior: an untrained network paints the picture; its structure alone prefers natural pictures.

Whose feature is it? Nothing was learned here, so no data set speaks; but smoothness, repetition and self-similarity
come from the convolutions, whatever the unit or the noisy photo says. And it is a prior only for a while: trained long
enough the network paints the noise as well. Ulyanov, Vedaldi & Lempitsky 2018, "Deep image prior".
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.checks import check_images, check_number, check_whole

WIDTH, DEPTH, SKIP = 32, 4, 4  # channels of every map, halvings of the picture, channels passed across
INPUT_NOISE = 0.1  # the network's fixed input is uniform in [0, this]
SHAKE = 1 / 30  # standard deviation of what is added to the input in every step of `denoise`
REMEMBER = 0.98  # of the running mean of what `denoise` paints
LEARNING_RATE = 0.01


class _Block(nn.Module):
    """3 x 3 convolution at the mirrored border, normalised per picture and channel, leaky ReLU."""

    def __init__(self, channels: int, width: int, stride: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(channels, width, 3, stride, padding=1, padding_mode="replicate")
        self.norm = nn.GroupNorm(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.norm(self.conv(x)), 0.2)


class Hourglass(nn.Module):
    """A small U-Net, (1, width, H, W) -> (1, C, H, W): `depth` halvings and doublings, a narrow bridge at each size."""

    def __init__(self, channels: int = 3, width: int = WIDTH, depth: int = DEPTH):
        super().__init__()
        self.down = nn.ModuleList(
            nn.Sequential(_Block(width, width, stride=2), _Block(width, width)) for _ in range(depth)
        )
        self.across = nn.ModuleList(nn.Conv2d(width, SKIP, 1) for _ in range(depth))
        self.up = nn.ModuleList(_Block(width + SKIP, width) for _ in range(depth))
        self.out = nn.Conv2d(width, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        bridges = []
        for down, across in zip(self.down, self.across, strict=True):
            bridges.append(across(x))
            x = down(x)
        for up, bridge in zip(self.up, reversed(bridges), strict=True):
            x = F.interpolate(x, bridge.shape[-2:], mode="bilinear", align_corners=False)
            x = up(torch.cat([x, bridge], 1))  # (1, width + SKIP, h, w) -> (1, width, h, w)
        return self.out(x).sigmoid()


class DeepImagePrior:
    """A parametrization: the weights of an untrained small U-Net whose input is fixed noise; it paints the image.

    Every picture of the batch has a network of its own. Use it as `maximize(..., parametrization=DeepImagePrior,
    learning_rate=0.01)`: it starts from the network's own noise, and cannot be set to a given picture (`start` must be
    "noise"; fit one with `denoise`). Raises `ValueError` for a picture of fewer pixels than the halvings need.
    """

    def __init__(
        self,
        shape: tuple[int, int, int, int],
        start: str = "noise",
        generator: torch.Generator | None = None,
        width: int = WIDTH,
        depth: int = DEPTH,
    ):
        check_whole("width", width, 1)
        check_whole("depth", depth, 1)
        batch, channels, height, side = shape
        if not isinstance(start, str) or start != "noise":
            raise ValueError(
                "start: a deep image prior starts from noise; to fit a given picture, use `denoise`"
            )
        if min(height, side) < 2 ** (depth + 1):
            raise ValueError(
                f"depth: {depth} halvings need at least {2 ** (depth + 1)} px, got {height} x {side}"
            )
        generator = torch.Generator().manual_seed(0) if generator is None else generator
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(torch.randint(2**31, (1,), generator=generator).item())
            self.networks = nn.ModuleList(Hourglass(channels, width, depth) for _ in range(batch))
        self.inputs = INPUT_NOISE * torch.rand(batch, width, height, side, generator=generator)
        self.parameters = list(self.networks.parameters())

    def image(self, shake: Tensor | float = 0.0) -> Tensor:
        """The painted pictures (B, C, H, W) in [0, 1]; `shake` is added to the networks' input."""
        inputs = self.inputs + shake
        return torch.cat([network(x[None]) for network, x in zip(self.networks, inputs, strict=True)])


@dataclass(frozen=True, eq=False)
class Denoised:
    """After a step: the picture as painted, the running mean of what was painted, and the error to the noisy photo."""

    step: int
    image: Tensor = field(repr=False)  # (1, C, H, W) in [0, 1]
    mean: Tensor = field(repr=False)
    error: float  # mean square


def denoise(
    noisy: Tensor,
    steps: int = 1000,
    *,
    learning_rate: float = LEARNING_RATE,
    shake: float = SHAKE,
    width: int = WIDTH,
    depth: int = DEPTH,
    seed: int = 0,
) -> Iterator[Denoised]:
    """An untrained network learns to paint one noisy photo (1, C, H, W) in [0, 1]; yields `Denoised` after every step.

    It paints the photo first and the noise last: stop in between. When to stop is not known without the clean photo,
    which is the method's weak point; the running mean (factor 0.98) forgives a late stop. shake: standard deviation of
    fresh noise on the network's input. Adam on the mean square error. Raises at the call for what does not fit.
    """
    check_images(noisy, name="noisy")
    if len(noisy) != 1:
        raise ValueError(f"noisy: one photo (1, C, H, W) is needed, got {len(noisy)}")
    check_whole("steps", steps, 1)
    check_whole("seed", seed, 0)
    check_number("learning_rate", learning_rate, above=0)
    if isinstance(shake, bool) or not isinstance(shake, int | float) or not 0 <= shake < float("inf"):
        raise ValueError(f"shake: a number of 0 or more is needed, got {shake!r}")
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode(False):
        prior = DeepImagePrior(tuple(noisy.shape), "noise", generator, width, depth)
        target = noisy.detach().clone().float()
    return _fit(target, prior, steps, learning_rate, shake, generator)


def _fit(noisy, prior, steps, learning_rate, shake, generator) -> Iterator[Denoised]:
    optimizer = torch.optim.Adam(prior.parameters, lr=learning_rate)
    total = torch.zeros_like(noisy)
    for step in range(1, steps + 1):
        with torch.inference_mode(False), torch.enable_grad():
            noise = shake * torch.randn(prior.inputs.shape, generator=generator) if shake else 0.0
            image = prior.image(noise)
            error = (image - noisy).square().mean()
            optimizer.zero_grad()
            error.backward()
            optimizer.step()
        image = image.detach()
        total = REMEMBER * total + (1 - REMEMBER) * image
        yield Denoised(step, image, total / (1 - REMEMBER**step), error.item())


def with_noise(image: Tensor, std: float = 25 / 255, seed: int = 0) -> Tensor:
    """Pixels with independent normal noise of standard deviation `std`, clipped to [0, 1]; drawn by `seed`."""
    check_images(image, name="image")
    check_number("std", std, above=0)
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed))
    return (image + std * noise).clamp(0, 1)


def psnr(image: Tensor, truth: Tensor) -> float:
    """Peak signal-to-noise ratio in decibels of pixels in [0, 1]: -10 log10(mean square error); infinite if equal."""
    if image.shape != truth.shape:
        raise ValueError(
            f"psnr: pictures of one shape are needed, got {tuple(image.shape)} and {tuple(truth.shape)}"
        )
    return (-10 * (image - truth).square().mean().log10()).item()
