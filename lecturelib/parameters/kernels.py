"""Convolution kernels as images, and two statistics that tell a trained first layer from a noisy one."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lecturelib.checks import check_choice, complaint, described
from lecturelib.network.layer_names import resolve_layer, walk

GRID = 32  # the spectrum is sampled on GRID x GRID frequencies, whatever the size of the kernel
PRODUCTS = 2**22  # of pixels at once: 32 MiB


def kernels(model: nn.Module, layer: str) -> Tensor:
    """A copy of the kernels of a convolution, (N, C, kh, kw): N kernels over C input channels.

    A grouped convolution has fewer input channels per kernel; a transposed one stores (C, N, kh, kw), which is
    permuted here. Raises `KeyError` for an unknown layer, `TypeError` if the layer is not a 2-D convolution.

    >>> from lecturelib import models
    >>> kernels(models.load("lenet"), "conv1").shape
    torch.Size([16, 1, 5, 5])
    """
    name = resolve_layer(model, layer)
    module = model.get_submodule(name)
    if not isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        near = [n for n, m in walk(model) if isinstance(m, nn.Conv2d)][:6]
        hint = f"convolutions here: {', '.join(near) or 'none'}"
        raise TypeError(complaint(name or "layer", "a 2-D convolution", f"a {type(module).__name__}", hint))
    # a clone, so that changing the picture does not change the network
    weight = module.weight.detach().clone()
    if not isinstance(module, nn.ConvTranspose2d):
        return weight
    groups = weight.unflatten(0, (module.groups, -1))  # (C, N / g, kh, kw) -> (g, C / g, N / g, kh, kw)
    return groups.transpose(1, 2).flatten(0, 1)  # -> (N, C / g, kh, kw)


def kernel_tiles(
    model: nn.Module, layer: str, channels: int | list[int] | None = None, scale: str = "each"
) -> Tensor:
    """Kernels as tiles in [0, 1], (N, 3, kh, kw) in color or (n, 1, kh, kw) signed; grey 0.5 is a weight of zero.

    tile = 0.5 + 0.5 w / max|w|. Kernels over three input channels become color tiles. Otherwise, or when `channels`
    names input channels, every kernel gives one signed tile per input channel (default: channel 0), ordered kernel by
    kernel. `scale="each"` takes the maximum of each kernel, `"shared"` that of all kernels, so that weak kernels stay
    grey: say in the caption which. Zeiler & Fergus 2014, figure 6; Krizhevsky et al. 2012, figure 3. Raises
    `IndexError` for an input channel the kernels do not have, `ValueError` for NaN weights.

    >>> from lecturelib import models
    >>> kernel_tiles(models.load("lenet"), "conv2", channels=[0, 3]).shape  # 32 kernels, 2 input channels each
    torch.Size([64, 1, 5, 5])
    """
    check_choice("scale", scale, ("each", "shared"))
    weight = _finite(kernels(model, layer))
    if channels is None and weight.shape[1] == 3:
        return _around_grey(weight, scale)
    wanted = _input_channels(channels, weight.shape[1], layer)
    tiles = _around_grey(weight[:, wanted], scale)  # (N, c, kh, kw)
    return tiles.flatten(0, 1)[:, None]  # (N, c, kh, kw) -> (N * c, 1, kh, kw)


def _around_grey(weight: Tensor, scale: str) -> Tensor:
    strongest = weight.abs().amax((1, 2, 3), keepdim=True) if scale == "each" else weight.abs().max()
    # clamped, so that an all-zero kernel is grey
    return 0.5 + 0.5 * weight / strongest.clamp_min(torch.finfo(weight.dtype).tiny)


def _input_channels(channels: int | list[int] | None, count: int, layer: str) -> list[int]:
    if channels is None:
        return [0]
    wanted = list(channels) if isinstance(channels, list | tuple | range) else [channels]
    if not wanted:
        raise ValueError(complaint("channels", "at least one input channel", "none"))
    for channel in wanted:
        if isinstance(channel, bool) or not isinstance(channel, int):
            raise TypeError(complaint("channels", "whole numbers", described(channel)))
        if not 0 <= channel < count:
            expected = f"0 to {count - 1} ({layer} has {count} input channels)"
            raise IndexError(complaint("channels", expected, channel))
    return wanted


def high_frequency_share(weight: Tensor) -> Tensor:
    """The share (N,) of each kernel's spectral energy above 0.25 cycles per pixel: 0 smooth, 1 noisy.

    sum of |F(fy, fx)|^2 over .25 < |f| < .5, divided by the sum over 0 < |f| < .5, with F the Fourier transform of the
    kernel without its mean, `weight` (N, C, kh, kw), summed over input channels. 0.25 cycles per pixel is a period of
    4 pixels. White noise of a large kernel gives 0.75, the share of the ring's area; smaller kernels give more (about
    0.85 for 3 x 3). A constant kernel gives 0. Trained first layers are smooth; noisy ones mean that something is wrong
    with the training (learning rate, regularization, too few steps).

    >>> import torch
    >>> high_frequency_share(torch.ones(2, 3, 5, 5))
    tensor([0., 0.])
    """
    high, total = _energies(weight, lambda frequency, _: [frequency > 0.25, frequency > 0])
    return _share(high, total)


def orientation_selectivity(weight: Tensor) -> Tensor:
    """Orientation selectivity (N,), 1 - circular variance: 0 for a blob or a checkerboard, 1 for an endless grating.

    |sum of P exp(2 i theta)| / sum of P, with P the spectral energy at each frequency and theta its angle (a grating
    has the same energy at theta and theta + 180 degrees, hence the 2). `weight` is (N, C, kh, kw). A constant kernel
    gives 0. Ringach et al. 2002, "Orientation selectivity in macaque V1".

    >>> import torch
    >>> stripes = torch.tensor([1.0, -1.0, -1.0, 1.0]).repeat(8, 2)[None, None]  # (1, 1, 8, 8)
    >>> round(orientation_selectivity(stripes).item(), 2)
    0.88
    """
    cosine, sine, total = _energies(
        weight, lambda _, angle: [torch.cos(2 * angle), torch.sin(2 * angle), torch.ones_like(angle)]
    )
    return _share(torch.hypot(cosine, sine), total)


def _energies(weight: Tensor, measures: Callable[[Tensor, Tensor], list[Tensor]]) -> Tensor:
    """Sums (len(measures), N) of g(f) |F(f)|^2 over the spectrum without the mean, and over all input channels.

    `measures` gives each g (F,) from the frequencies in cycles per pixel and their angles (F,), the same at f and -f.
    A layer has thousands of kernels of a few pixels: by the Wiener-Khinchin theorem the sum is
    sum_pq w_p w_q A[p - q] with A[d] = sum_f g(f) cos(2 pi f d), which needs no transform of any kernel.
    """
    if not isinstance(weight, Tensor):
        raise TypeError(complaint("weight", "kernels (N, C, kh, kw)", described(weight)))
    if weight.ndim != 4 or min(weight.shape) < 1 or min(weight.shape[2:]) < 2:
        expected = "kernels (N, C, kh, kw) of at least 2 x 2 px"
        raise ValueError(complaint("weight", expected, f"shape {tuple(weight.shape)}"))
    kh, kw = weight.shape[2:]
    weight = _finite(weight).double()
    # scaled first: only shares are computed, and squares of very small weights would underflow
    weight = weight / weight.abs().amax((1, 2, 3), keepdim=True).clamp_min(torch.finfo(weight.dtype).tiny)
    centered = (weight - weight.mean((2, 3), keepdim=True)).flatten(2)  # (N, C, kh * kw)
    axis = torch.fft.fftfreq(max(GRID, kh, kw), dtype=torch.float64)
    fy, fx = (frequency.flatten() for frequency in torch.meshgrid(axis, axis, indexing="ij"))
    # The corners beyond the circle of 0.5 and the rows at -0.5, which have no partner at +0.5, would favor angles.
    keep = (torch.hypot(fy, fx) < 0.5) & (torch.hypot(fy, fx) > 0)
    fy, fx = fy[keep], fx[keep]
    wanted = torch.stack([g.double() for g in measures(torch.hypot(fy, fx), torch.atan2(fy, fx))])  # (g, F)
    down, across = torch.arange(1 - kh, kh), torch.arange(1 - kw, kw)  # the distances of two pixels
    phase = 2 * torch.pi * (fy * down[:, None, None] + fx * across[:, None])  # (2 kh - 1, 2 kw - 1, F)
    table = torch.cos(phase) @ wanted.T  # (2 kh - 1, 2 kw - 1, g)
    y, x = (place.flatten() for place in torch.meshgrid(torch.arange(kh), torch.arange(kw), indexing="ij"))
    pairs = table[y[:, None] - y + kh - 1, x[:, None] - x + kw - 1].flatten(0, 1)  # (kh kw kh kw, g)
    found = []
    for part in centered.split(max(1, PRODUCTS // len(pairs))):
        products = part.mT @ part  # (n, C, kh kw) -> (n, kh kw, kh kw)
        found.append(products.flatten(1) @ pairs)
    return torch.cat(found).T


def _share(part: Tensor, total: Tensor) -> Tensor:
    flat = total <= 1e-20  # of a kernel's largest weight, squared; no variation: neither noisy nor oriented
    return torch.where(flat, 0.0, part / total.clamp_min(1e-300)).float()


def _finite(weight: Tensor) -> Tensor:
    if not weight.isfinite().all():
        raise ValueError(complaint("weight", "finite values", "NaN or infinity", "the training has diverged"))
    return weight


def noise_like(weight: Tensor, seed: int = 0) -> Tensor:
    """Gaussian noise with the shape, mean and standard deviation of the given kernels (N, C, kh, kw).

    >>> import torch
    >>> noise_like(torch.full((2, 1, 3, 3), 0.5)).unique()
    tensor([0.5000])
    """
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(weight.shape, generator=generator, dtype=weight.dtype)
    return noise * weight.std() + weight.mean()
