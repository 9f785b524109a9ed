"""Deep image prior: an untrained network generates the picture; its structure alone prefers natural pictures.

Whose feature is it? Nothing was learned here, so no data set speaks; but smoothness, repetition and self-similarity
come from the convolutions, whatever the unit or the noisy photo says. And it is a prior only for a while: trained long
enough the network generates the noise as well. Ulyanov, Vedaldi & Lempitsky 2018, "Deep image prior".
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.checks import check_images, check_number, check_whole, complaint, described

WIDTH, DEPTH, SKIP = 32, 4, 4  # channels of every map, halvings of the picture, channels passed across
INPUT_NOISE = 0.1  # the network's fixed input is uniform in [0, this]
SHAKE = 1 / 30  # standard deviation of what is added to the input in every step of `denoise`
REMEMBER = 0.98  # of the running mean of the pictures that `denoise` generates
LEARNING_RATE = 0.01


class ConvNormActivation(nn.Module):
    """3 x 3 convolution at the mirrored border, normalized per picture and channel, leaky ReLU."""

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
            nn.Sequential(ConvNormActivation(width, width, stride=2), ConvNormActivation(width, width))
            for _ in range(depth)
        )
        self.across = nn.ModuleList(nn.Conv2d(width, SKIP, 1) for _ in range(depth))
        self.up = nn.ModuleList(ConvNormActivation(width + SKIP, width) for _ in range(depth))
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
    """A parametrization: the weights of an untrained small U-Net whose input is fixed noise; it generates the image.

    Every picture of the batch has a network of its own. Use it as `maximize(..., parametrization=DeepImagePrior,
    learning_rate=0.01)`: it starts from the network's own noise, and cannot be set to a given picture (`start` must be
    "noise"; fit one with `denoise`). Raises `ValueError` for a picture of fewer pixels than the halvings need.
    Ulyanov, Vedaldi & Lempitsky 2018, "Deep image prior".

    >>> DeepImagePrior((2, 3, 16, 24), width=4, depth=2).image().shape
    torch.Size([2, 3, 16, 24])
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
                complaint("start", "'noise'", described(start), "`denoise` fits a given picture")
            )
        if min(height, side) < 2 ** (depth + 1):
            expected = f"at least {2 ** (depth + 1)} px for {depth} halvings"
            raise ValueError(complaint("shape", expected, f"{height} x {side}", "lower the depth"))
        generator = torch.Generator().manual_seed(0) if generator is None else generator
        with torch.inference_mode(False), torch.random.fork_rng(devices=[]):
            torch.manual_seed(torch.randint(2**31, (1,), generator=generator).item())
            self.networks = nn.ModuleList(Hourglass(channels, width, depth) for _ in range(batch))
            self.inputs = INPUT_NOISE * torch.rand(batch, width, height, side, generator=generator)
        self.parameters = list(self.networks.parameters())

    def image(self, shake: Tensor | float = 0.0) -> Tensor:
        """The generated pictures (B, C, H, W) in [0, 1]; `shake` is added to the networks' input."""
        inputs = self.inputs + shake
        return torch.cat([network(x[None]) for network, x in zip(self.networks, inputs, strict=True)])


@dataclass(frozen=True, eq=False)
class Denoised:
    """After a step: the generated picture, the running mean of the generated ones, and the error to the noisy photo."""

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
) -> Denoised:
    """Denoise by a deep image prior: min over the weights θ of mean (g_θ(z) - noisy)²; returns the last `Denoised`.

    g is an untrained U-Net (`Hourglass`), z fixed noise, `noisy` one photo (1, C, H, W) in [0, 1]. The network fits the
    photo first and the noise last: stop in between. When to stop is not known without the clean photo, which is the
    method's weak point; the running mean (factor 0.98) forgives a late stop. shake: standard deviation of fresh noise
    that is added to z in each step. Optimizer: Adam. `iter_denoise`, with the same arguments, yields every step.
    Raises at the call for what does not fit. Ulyanov, Vedaldi & Lempitsky 2018, "Deep image prior".

    >>> import torch
    >>> found = denoise(torch.rand(1, 3, 16, 24), steps=2, width=4, depth=2)
    >>> found.step, tuple(found.mean.shape)
    (2, (1, 3, 16, 24))
    """
    run = iter_denoise(
        noisy, steps, learning_rate=learning_rate, shake=shake, width=width, depth=depth, seed=seed
    )
    *_, found = run
    return found


def iter_denoise(
    noisy: Tensor,
    steps: int = 1000,
    *,
    learning_rate: float = LEARNING_RATE,
    shake: float = SHAKE,
    width: int = WIDTH,
    depth: int = DEPTH,
    seed: int = 0,
) -> Iterator[Denoised]:
    """Denoising by a deep image prior step by step: the run of `denoise`, with its arguments.

    >>> import torch
    >>> [found.step for found in iter_denoise(torch.rand(1, 3, 16, 24), steps=2, width=4, depth=2)]
    [1, 2]
    """
    check_images(noisy, name="noisy")
    if len(noisy) != 1:
        raise ValueError(complaint("noisy", "one photo (1, C, H, W)", f"a batch of {len(noisy)}"))
    check_whole("steps", steps, 1)
    check_whole("seed", seed, 0)
    check_number("learning_rate", learning_rate, above=0)
    check_number("shake", shake, least=0)
    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode(False):
        size = (noisy.shape[0], noisy.shape[1], noisy.shape[2], noisy.shape[3])
        prior = DeepImagePrior(size, "noise", generator, width, depth)
        target = noisy.detach().clone().cpu().float()
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
    """The image plus independent normal noise of standard deviation `std`, clipped to [0, 1]; drawn by `seed`.

    >>> import torch
    >>> with_noise(torch.full((1, 3, 4, 5), 0.5)).shape
    torch.Size([1, 3, 4, 5])
    """
    check_images(image, name="image")
    check_number("std", std, above=0)
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(check_whole("seed", seed)))
    return (image + std * noise.to(image)).clamp(0, 1)


def psnr(image: Tensor, truth: Tensor) -> float:
    """Peak signal-to-noise ratio in decibels of pixels in [0, 1]: -10 log10(mean square error); infinite if equal.

    >>> import torch
    >>> round(psnr(torch.full((1, 1, 2, 2), 0.6), torch.full((1, 1, 2, 2), 0.5)), 3)
    20.0
    """
    if image.shape != truth.shape:
        raise ValueError(complaint("image", f"shape {tuple(truth.shape)}, as the truth", tuple(image.shape)))
    return (-10 * (image - truth).square().mean().log10()).item()
