"""Sky, distance and ground of the scenes: rendered clouds and light, grass and gravel of photos in perspective.

Everything is drawn for both kinds of weather with the same random numbers; `sunny` (n, 1, 1, 1) picks what is seen.
"""

from collections.abc import Callable
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib import images
from lecturelib.filters import gaussian_blur

SIDE = 96  # pixels of a scene
FAR = (
    0.06  # the depth at which the ground ends: the ground's pixels there cover 1 / 0.06 times those in front
)
LEVELS = 6  # how often the photos are halved, so that the distance does not flicker

Draw = Callable[
    ..., Tensor
]  # draw(low, high, *shape): uniform numbers (n, *shape), shape (1, 1, 1) if not given


def soften(pictures: Tensor, down: float, across: float) -> Tensor:
    """`gaussian_blur` with a sigma down and one across, as two matrix products: ten times as fast on small pictures.

    >>> x = torch.rand(2, 1, 6, 5, generator=torch.Generator().manual_seed(0))
    >>> torch.allclose(soften(x, 1.0, 2.0), gaussian_blur(x, (1.0, 2.0)), atol=1e-6)
    True
    """
    height, width = pictures.shape[-2:]
    return _blurring(height, down) @ pictures @ _blurring(width, across).T


@lru_cache(maxsize=64)
def _blurring(side: int, sigma: float) -> Tensor:
    """The matrix (side, side) that blurs a column."""
    return gaussian_blur(torch.eye(side)[None, None], (sigma, 0.01))[0, 0]


def noise(n: int, generator: torch.Generator, scales: tuple[tuple[float, float], ...]) -> Tensor:
    """Sums of blurred noise (n, 1, 96, 96), each scale (sigma in y, sigma in x) of mean square 1, then 1 in all.

    >>> noise(2, torch.Generator().manual_seed(0), ((1.0, 3.0),)).shape
    torch.Size([2, 1, 96, 96])
    """
    total = torch.zeros(n, 1, SIDE, SIDE)
    for k, scale in enumerate(scales):
        # what is smooth is drawn on a coarser grid and enlarged: the same look for a tenth of the time
        steps = [max(step for step in (1, 2, 4, 8) if step == 1 or step <= sigma / 1.2) for sigma in scale]
        rough = torch.randn(n, 1, *(SIDE // step for step in steps), generator=generator)
        rough = soften(rough, *(sigma / step for sigma, step in zip(scale, steps, strict=True)))
        if max(steps) > 1:
            rough = F.interpolate(rough, (SIDE, SIDE), mode="bilinear", align_corners=False)
        total = total + rough / rough.square().mean((2, 3), keepdim=True).sqrt() * 0.6**k
    return total / total.square().mean((2, 3), keepdim=True).sqrt()


def sky(height: Tensor, sunny: Tensor, draw: Draw, generator: torch.Generator) -> Tensor:
    """A blue sky with white clouds that are darker below, or a closed layer of grey clouds; (n, 3, 96, 96).

    height (n, 1, 96, 1): 0 at the top of the picture, 1 at the horizon.
    """
    n = len(sunny)
    height = height.clamp(0, 1)
    tone = draw(0.9, 1.05)
    blue, pale = (torch.tensor(color).view(1, 3, 1, 1) for color in ([0.24, 0.47, 0.83], [0.72, 0.84, 0.95]))
    clear = (blue + (pale - blue) * height**1.5) * tone
    puffs = noise(n, generator, ((7.0, 13.0), (3.5, 5.0), (1.6, 2.2), (0.8, 1.0)))
    cover = ((puffs - draw(0.3, 1.1)) * 1.6).clamp(0, 1)
    below = (soften(cover, 3.0, 3.0) - soften(torch.roll(cover, -4, 2), 3.0, 3.0)).clamp(-0.3, 0.3)
    clear = clear + (0.98 + 0.5 * below - clear) * (0.92 * cover)
    banks = noise(n, generator, ((3.5, 22.0), (2.0, 9.0), (1.0, 3.0)))
    layer = torch.tensor([0.67, 0.69, 0.72]).view(1, 3, 1, 1) * (0.86 + 0.2 * height) * tone
    closed = layer * (1 + draw(0.06, 0.12) * banks)
    return sunny * clear + (1 - sunny) * closed


def distance(
    land: Tensor, rows: Tensor, horizon: Tensor, sunny: Tensor, draw: Draw, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Hills and a line of trees at the horizon, laid over the land; the picture, and where it is (n, 1, 96, 96)."""
    n = len(land)
    hills = _profile(n, generator, 9.0) * 2.5 + draw(2.0, 7.0)
    trees = _profile(n, generator, 5.0) * 1.2 + _profile(n, generator, 0.9) * 0.7 + draw(0.5, 4.5)
    hazy = torch.tensor([0.46, 0.53, 0.6]).view(1, 3, 1, 1) * (0.92 + 0.12 * sunny)
    leaves = 1 + 0.22 * noise(n, generator, ((0.8, 0.8), (1.6, 1.6)))
    wood = torch.tensor([0.2, 0.26, 0.16]).view(1, 3, 1, 1) * leaves * draw(0.8, 1.3)
    wood = 0.78 * wood + 0.22 * hazy
    over_hills, over_trees, over_ground = (
        (rows - horizon + top + 0.5).clamp(0, 1) for top in (hills, trees, torch.zeros(1))
    )
    picture = hazy * (1 + 0.03 * leaves)
    picture = picture + (wood - picture) * over_trees
    picture = picture + (land - picture) * over_ground
    return picture, torch.maximum(over_hills, torch.maximum(over_trees, over_ground))


def ground(rows: Tensor, horizon: Tensor, draw: Draw, generator: torch.Generator) -> Tensor:
    """Grass or gravel in perspective, in colors of its own, (n, 3, 96, 96); above the horizon it means nothing."""
    n = len(horizon)
    near = ((rows - horizon) / (SIDE - horizon)).clamp(0, 1)  # (n, 1, 96, 1): 0 at the horizon, 1 in front
    depth = 1 / (near + FAR)
    across = (torch.arange(SIDE).view(1, 1, 1, SIDE) + 0.5 - SIDE / 2) * depth * 1.7
    down = (depth * 150).expand(-1, -1, -1, SIDE)
    offset = torch.rand(n, 2, 1, 1, generator=generator) * 512
    which = torch.randint(2, (n,), generator=generator)
    grid = (
        torch.stack([across[:, 0] + offset[:, 0], down[:, 0] + offset[:, 1]], 3) / 256 - 1
    )  # 512 px are -1 ... 1
    level = (2.4 * depth).log2().clamp(0, LEVELS - 1)
    grey = torch.zeros(n, 1, SIDE, SIDE)
    for k in range(LEVELS):
        share = (1 - (level - k).abs()).clamp(0, 1)  # (n, 1, 96, 1)
        for kind in (0, 1):
            chosen = which == kind
            if chosen.any():
                texture = _textures()[kind][k].expand(int(chosen.sum()), -1, -1, -1)
                seen = F.grid_sample(texture, grid[chosen], padding_mode="reflection", align_corners=False)
                grey[chosen] += share[chosen] * seen
    fresh = torch.tensor([[0.40, 0.47, 0.22], [0.34, 0.42, 0.24], [0.46, 0.47, 0.26]])
    dry = torch.tensor([[0.58, 0.50, 0.32], [0.52, 0.44, 0.31], [0.60, 0.54, 0.38]])
    one, other = (
        table[torch.randint(3, (n,), generator=generator)].view(-1, 3, 1, 1) for table in (fresh, dry)
    )
    patches = (0.5 + 0.45 * noise(n, generator, ((2.5, 12.0), (1.2, 5.0))) + draw(-0.7, 0.7)).clamp(0, 1)
    tint = one + (other - one) * patches
    return tint * (1 + 1.2 * (grey - 0.45)) * draw(0.85, 1.15)


def _profile(n: int, generator: torch.Generator, sigma: float) -> Tensor:
    """Heights (n, 1, 1, 96) of mean square 1 along the horizon."""
    rough = soften(torch.randn(n, 1, 1, SIDE, generator=generator), 0.01, sigma)
    return rough / rough.square().mean(3, keepdim=True).sqrt()


@lru_cache(maxsize=1)
def _textures() -> tuple[tuple[Tensor, ...], ...]:
    """Grass and gravel (1, 1, 512, 512), each also halved again and again, with equal mean and contrast."""
    found = []
    for name in ("grass", "gravel"):
        grey = images.photo(name)[:, :1]
        grey = 0.45 + 0.17 * (grey - grey.mean()) / grey.std()
        found.append(tuple(F.avg_pool2d(grey, 2**k) if k else grey for k in range(LEVELS)))
    return tuple(found)
