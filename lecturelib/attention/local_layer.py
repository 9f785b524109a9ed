"""Local self-attention in place of a convolution: every pixel attends to a small window around it.

Ramachandran et al. 2019, "Stand-alone self-attention in vision models". A convolution of k x k has k * k matrices of
weights; this layer has three matrices and one small vector per row and per column of the window, whatever k is.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib import assets
from lecturelib.attention.masks import masked_softmax
from lecturelib.checks import check_name, check_whole, complaint
from lecturelib.models.small import FASHION_MEAN, FASHION_STD
from lecturelib.network.inputs import as_the_model_takes

SEEDS = 1  # of each kind, in data/local_attention.safetensors
KINDS = ("attention", "convolution")
STEM, WIDTHS = 24, (16, 32)


class LocalAttention2d(nn.Module):
    """Stand-alone self-attention in a window of `size` x `size` pixels around each pixel; none outside the map.

    forward(x (B, C, H, W)) -> (B, C_out, H, W) and the weights (B, heads, H, W, size, size): [..., y, x, a, b] is how
    much pixel (y, x) takes from pixel (y + a - size // 2, x + b - size // 2). Scores are q . (k + r): r is learned for
    each offset, half of its features for the row, half for the column (equation 3 of the paper, which scales nothing).
    Raises TypeError or ValueError for an even size or channels that the heads, or the two halves, cannot share.
    Ramachandran et al. 2019, section 3.1.

    >>> out, weights = LocalAttention2d(4, out=8, size=3, heads=2)(torch.randn(1, 4, 5, 6))
    >>> tuple(out.shape), tuple(weights.shape)
    ((1, 8, 5, 6), (1, 2, 5, 6, 3, 3))
    """

    def __init__(self, channels: int, out: int | None = None, size: int = 5, heads: int = 4):
        super().__init__()
        out = channels if out is None else out
        if check_whole("size", size, 1) % 2 == 0:
            raise ValueError(complaint("size", "an odd number of pixels", size))
        if out % (2 * check_whole("heads", heads, 1)):
            expected = f"a multiple of {2 * heads} ({heads} heads of two halves each, for row and column)"
            raise ValueError(complaint("out", expected, out))
        self.channels, self.size, self.heads, self.width = channels, size, heads, out // heads
        self.query, self.key, self.value = (nn.Conv2d(channels, out, 1, bias=False) for _ in range(3))
        half = (size, heads, self.width // 2)
        self.row, self.column = (nn.Parameter(torch.randn(half) * self.width**-0.5) for _ in range(2))

    def offsets(self) -> Tensor:
        """r for every place in the window: (size, size, heads, width)."""
        square = (self.size, self.size, self.heads, self.width // 2)
        return torch.cat([self.row[:, None].expand(square), self.column[None].expand(square)], -1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if x.ndim != 4 or x.shape[1] != self.channels:
            raise ValueError(complaint("x", f"shape (B, {self.channels}, H, W)", tuple(x.shape)))
        batch, _, height, width = x.shape
        # (B, C, H, W) -> (B, heads, width, H, W)
        q, k, v = (
            part(x).unflatten(1, (self.heads, self.width)) for part in (self.query, self.key, self.value)
        )
        k, v = (F.pad(part, [self.size // 2] * 4) for part in (k, v))
        by_place = torch.einsum("bnchw,ijnc->bnijhw", q, self.offsets())  # (B, heads, size, size, H, W)
        scores = torch.stack([(q * near).sum(2) for near in self._windows(k, height, width)], 2)
        scores = scores + by_place.flatten(2, 3)  # (B, heads, size * size, H, W)
        weights = masked_softmax(scores.permute(0, 1, 3, 4, 2), self._inside(height, width, x.device))
        out = torch.zeros_like(q)
        for place, near in enumerate(self._windows(v, height, width)):
            # (B, heads, 1, H, W) * (B, heads, width, H, W)
            out = out + weights[:, :, None, :, :, place] * near
        shape = (batch, self.heads, height, width, self.size, self.size)
        return out.flatten(1, 2), weights.view(shape)  # (B, heads, width, H, W) -> (B, C_out, H, W)

    def _windows(self, padded: Tensor, height: int, width: int):
        """What lies at each place of the window, for all pixels at once: (..., H, W), place after place."""
        for a in range(self.size):
            for b in range(self.size):
                yield padded[..., a : a + height, b : b + width]

    def _inside(self, height: int, width: int, device: torch.device) -> Tensor:
        """(H, W, size * size), True where that place of the window lies on the map."""
        real = F.pad(torch.ones(height, width, dtype=torch.bool, device=device), [self.size // 2] * 4)
        return torch.stack(list(self._windows(real, height, width)), -1)


class ClothesNet(nn.Module):
    """A small classifier of clothes, with windows of attention or with convolutions of 3 x 3; all else is equal.

    A convolution as the stem (the paper's advice), then twice such a layer, each at half the size of the one before.
    forward(images (B, 1, 28, 28) in [0, 1]) -> logits (B, 10) and the weights of each attention layer, an empty list
    for the convolutional twin. Raises `UnknownName` (a KeyError) for another kind.

    >>> logits, weights = ClothesNet()(torch.zeros(1, 1, 28, 28))
    >>> tuple(logits.shape), [tuple(part.shape) for part in weights]
    ((1, 10), [(1, 2, 14, 14, 5, 5), (1, 2, 7, 7, 5, 5)])
    """

    def __init__(self, kind: str = "attention", size: int = 5, heads: int = 2):
        super().__init__()
        check_name("kind", kind, KINDS, "kind of layer")
        self.kind, self.channels, self.name = kind, 1, f"the classifier of clothes with {kind}"
        self.stem = nn.Sequential(
            nn.Conv2d(1, STEM, 3, padding=1, bias=False), nn.BatchNorm2d(STEM), nn.ReLU()
        )
        ends = zip((STEM, *WIDTHS), WIDTHS, strict=False)
        self.layers = nn.ModuleList(
            LocalAttention2d(before, after, size, heads)
            if kind == "attention"
            else nn.Conv2d(before, after, 3, padding=1, bias=False)
            for before, after in ends
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in WIDTHS)
        self.classify = nn.Linear(WIDTHS[-1], 10)

    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        images = as_the_model_takes(images, self)
        x, found = self.stem((images - FASHION_MEAN[0]) / FASHION_STD[0]), []
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = layer(F.max_pool2d(x, 2))  # (B, C, 28, 28) -> (B, C', 14, 14) -> (B, C'', 7, 7)
            if self.kind == "attention":
                x, weights = x
                found.append(weights)
            x = norm(x).relu()
        return self.classify(x.mean((2, 3))), found  # (B, C, 7, 7) -> (B, C) -> (B, 10)


def load(kind: str = "attention", seed: int = 0) -> ClothesNet:
    """A shipped classifier of clothes in eval mode: `kind` "attention" or "convolution", `seed` below SEEDS.

    Raises `UnknownName` (a KeyError) for another kind, TypeError or ValueError for another seed.

    >>> load("convolution").kind
    'convolution'
    """
    check_whole("seed", seed, 0, SEEDS - 1)
    model, start = ClothesNet(kind), f"{kind}{seed}."
    tensors = assets.shipped_tensors("local_attention")
    mine = {key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)}
    model.load_state_dict(mine, strict=True)
    return model.eval().requires_grad_(False)
