"""Learned kernels as pictures, and two numbers that tell a healthy first layer from a broken one."""

import torch
from torch import Tensor, nn

from lecturelib.network.layer_names import resolve_layer

GRID = 32  # the spectrum is sampled on GRID x GRID frequencies, whatever the size of the kernel


def kernels(model: nn.Module, layer: str) -> Tensor:
    """The kernels of a convolution, (N, C, kh, kw): N kernels over C input channels, a copy.

    A grouped convolution has fewer input channels per kernel, a transposed one lists them the other way round
    (C, N, kh, kw), here turned. Raises `KeyError` for an unknown layer, `TypeError` if the layer is not a 2-D
    convolution.
    """
    name = resolve_layer(model, layer)
    module = model.get_submodule(name)
    if not isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        near = [n for n, m in model.named_modules() if isinstance(m, nn.Conv2d)][:6]
        raise TypeError(
            f"{name or 'the network itself'!r} is a {type(module).__name__}, which has no 2-D kernels; "
            f"convolutions here: {', '.join(near) or 'none'}"
        )
    weight = module.weight.detach().clone()  # a clone: painting must not touch the network
    if not isinstance(module, nn.ConvTranspose2d):
        return weight
    groups = weight.unflatten(0, (module.groups, -1))  # (C, N / g, kh, kw) -> (g, C / g, N / g, kh, kw)
    return groups.transpose(1, 2).flatten(0, 1)  # -> (N, C / g, kh, kw)


def kernel_tiles(
    model: nn.Module, layer: str, channels: int | list[int] | None = None, scale: str = "each"
) -> Tensor:
    """Kernels as tiles in [0, 1], (N, 3, kh, kw) in colour or (n, 1, kh, kw) signed; grey 0.5 is a weight of zero.

    Kernels over three input channels become colour tiles. Otherwise, or when `channels` names input channels,
    every kernel gives one signed tile per input channel (default: channel 0), ordered kernel by kernel.
    `scale="each"` spreads every kernel over the whole range (its largest absolute weight becomes 0 or 1),
    `"shared"` uses one scale for all, so that weak kernels stay grey: say in the caption which. Zeiler &
    Fergus 2014, figure 6; Krizhevsky et al. 2012, figure 3. Raises `IndexError` for an input channel the
    kernels do not have, `ValueError` for NaN weights.
    """
    if scale not in ("each", "shared"):
        raise ValueError(f"scale is 'each' or 'shared', got {scale!r}")
    weight = _finite(kernels(model, layer))
    if channels is None and weight.shape[1] == 3:
        return _around_grey(weight, scale)
    wanted = _input_channels(channels, weight.shape[1], layer)
    tiles = _around_grey(weight[:, wanted], scale)  # (N, c, kh, kw)
    return tiles.flatten(0, 1)[:, None]  # (N, c, kh, kw) -> (N * c, 1, kh, kw)


def _around_grey(weight: Tensor, scale: str) -> Tensor:
    strongest = weight.abs().amax((1, 2, 3), keepdim=True) if scale == "each" else weight.abs().max()
    return 0.5 + 0.5 * weight / strongest.clamp_min(
        torch.finfo(weight.dtype).tiny
    )  # an all-zero kernel is grey


def _input_channels(channels, count: int, layer: str) -> list[int]:
    if channels is None:
        return [0]
    wanted = list(channels) if isinstance(channels, list | tuple | range) else [channels]
    if not wanted:
        raise ValueError("channels: name at least one input channel")
    for channel in wanted:
        if isinstance(channel, bool) or not isinstance(channel, int):
            raise TypeError(f"channels: whole numbers are needed, got {channel!r}")
        if not 0 <= channel < count:
            raise IndexError(
                f"the kernels of {layer!r} look at {count} input channels (0-{count - 1}), got {channel}"
            )
    return wanted


def high_frequency_share(weight: Tensor) -> Tensor:
    """The share (N,) of each kernel's energy, its mean apart, in the upper half of the frequencies: 0 smooth, 1 noisy.

    `weight` is (N, C, kh, kw). A frequency (fy, fx) is high if it lies above 0.25 cycles per pixel, a period
    of 4 pixels; up to 0.5 are looked at, the same in all directions, so white noise gives about 0.75 (the
    area of the ring). A kernel without any variation gives 0. Trained first layers are smooth; very noisy
    ones mean that something is wrong with the set-up (learning rate, regularisation, too little training).
    """
    power, frequency, _ = _spectrum(weight)
    return _share(power[:, frequency > 0.25].sum(1), power.sum(1))


def orientation_selectivity(weight: Tensor) -> Tensor:
    """How much each kernel prefers one orientation, (N,): 0 for a blob or a checkerboard, 1 for an endless grating.

    The length of the mean of exp(2 i theta), weighted by the energy at each frequency's angle theta (a
    grating has the same energy at theta and theta + 180 degrees, hence the 2): 1 - the circular variance
    (Ringach et al. 2002). `weight` is (N, C, kh, kw). A kernel without any variation gives 0.
    """
    power, _, angle = _spectrum(weight)
    total = power.sum(1)
    return _share(torch.hypot(power @ torch.cos(2 * angle), power @ torch.sin(2 * angle)), total)


def _spectrum(weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Energy (N, F) without the mean, over all input channels; frequency (F,) in cycles per pixel; angle (F,)."""
    if not isinstance(weight, Tensor) or weight.ndim != 4 or 0 in weight.shape:
        came = tuple(weight.shape) if isinstance(weight, Tensor) else type(weight).__name__
        raise ValueError(f"kernels are a tensor (N, C, kh, kw) that is not empty, got {came}")
    kh, kw = weight.shape[2:]
    if min(kh, kw) < 2:
        raise ValueError(
            f"kernels of {kh} x {kw} px have no spectrum in both directions; choose a larger kernel"
        )
    weight = _finite(weight).double()
    # what is asked for are shares, and squares of very small weights would vanish
    weight = weight / weight.abs().amax((1, 2, 3), keepdim=True).clamp_min(torch.finfo(weight.dtype).tiny)
    centred = weight - weight.mean((2, 3), keepdim=True)
    side = max(GRID, kh, kw)
    power = torch.fft.fft2(centred, s=(side, side)).abs().square().sum(1)  # (N, C, s, s) -> (N, s, s)
    axis = torch.fft.fftfreq(side, dtype=torch.float64)
    fy, fx = torch.meshgrid(axis, axis, indexing="ij")
    # The corners beyond the circle of 0.5 and the rows at -0.5, which have no partner at +0.5, would favour angles.
    keep = (torch.hypot(fy, fx) < 0.5) & (torch.hypot(fy, fx) > 0)
    return power[:, keep], torch.hypot(fy, fx)[keep], torch.atan2(fy, fx)[keep]


def _share(part: Tensor, total: Tensor) -> Tensor:
    flat = total <= 1e-20  # of a kernel's largest weight, squared; no variation: neither noisy nor oriented
    return torch.where(flat, 0.0, part / total.clamp_min(1e-300)).float()


def _finite(weight: Tensor) -> Tensor:
    if not weight.isfinite().all():
        raise ValueError("these kernels hold NaN or infinity: this network's training has diverged")
    return weight


def noise_like(weight: Tensor, seed: int = 0) -> Tensor:
    """Gaussian kernels (N, C, kh, kw) with the mean and spread of the given ones: what a noisy set-up looks like."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(weight.shape, generator=generator, dtype=weight.dtype)
    return noise * weight.std() + weight.mean()
