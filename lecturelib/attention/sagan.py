"""Self-attention inside a network that paints: every place of a map looks at every other.

Zhang et al. 2019, "Self-attention generative adversarial networks". A convolution passes on what lies within its
kernel; here the two sleeves of a pullover can agree at once. The gate gamma begins at 0: what is near is learned first.
"""

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from lecturelib import assets
from lecturelib.models import generative
from lecturelib.models.generative import GAN_LATENT, GAN_WIDTHS, Generator

AFTER = 2  # the block stands after the second widening, on the map of 14 x 14
SIDE = 14


class SelfAttention2d(nn.Module):
    """x + gamma * v(softmax(g(x)^T f(x)) h(x)): f gives the keys, g the queries, h the values, gamma begins at 0.

    f, g and h are 1 x 1 convolutions to `inner` channels, C / 8 as in the paper, v is one back to C.
    forward(x (B, C, H, W)) -> (B, C, H, W) and the weights (B, H W, H W): row j says from which places place j takes,
    counted row by row. `spectral` keeps each convolution's largest singular value at 1 (Miyato et al. 2018): for
    training. Raises `ValueError` for sizes below 1 or another shape.
    """

    def __init__(self, channels: int, inner: int | None = None, spectral: bool = False):
        super().__init__()
        inner = max(1, channels // 8) if inner is None else inner
        if min(channels, inner) < 1:
            raise ValueError(f"channels and inner are at least 1, got {channels} and {inner}")
        self.channels = channels
        self.f, self.g, self.h = (nn.Conv2d(channels, inner, 1, bias=False) for _ in range(3))
        self.v = nn.Conv2d(inner, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))
        if spectral:
            for layer in (self.f, self.g, self.h, self.v):
                spectral_norm(layer)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if x.ndim != 4 or x.shape[1] != self.channels:
            raise ValueError(f"maps (B, {self.channels}, H, W) are needed, got {tuple(x.shape)}")
        keys, queries, values = (part(x).flatten(2) for part in (self.f, self.g, self.h))  # (B, inner, H W)
        weights = (queries.transpose(1, 2) @ keys).softmax(-1)  # (B, H W, inner) @ (B, inner, H W)
        gathered = values @ weights.transpose(1, 2)  # (B, inner, H W): place j from all places i
        # (B, inner, H W) -> (B, inner, H, W)
        return x + self.gamma * self.v(gathered.unflatten(2, tuple(x.shape[2:]))), weights

    def extra_repr(self) -> str:
        return f"{self.channels} channels, gamma {self.gamma.item():.3f}"


class AttentiveGenerator(Generator):
    """The generator of clothes of part 6 with one block of self-attention, on its map of 14 x 14.

    forward and `decode` paint as ever, codes (B, 32) -> images (B, 1, 28, 28); `paint` gives the weights as well.
    """

    def __init__(self, batch_norm: bool = False, spectral: bool = False, name: str = "clothes_sagan"):
        super().__init__(GAN_LATENT, GAN_WIDTHS, batch_norm=batch_norm, name=name)
        self.attention = SelfAttention2d(GAN_WIDTHS[AFTER - 1], spectral=spectral)

    def paint(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 1, 28, 28) in [0, 1], and where each of the 14 x 14 places looked: (B, 196, 196)."""
        logits, weights = self._through(z)
        return logits.sigmoid(), weights

    def logits(self, z: Tensor) -> Tensor:
        return self._through(z)[0]

    def _through(self, z: Tensor) -> tuple[Tensor, Tensor]:
        x, widened = generative.check_codes(z, self)[:, :, None, None], 0  # (B, n) -> (B, n, 1, 1)
        for layer in self.layers:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                widened += 1
                if widened == AFTER:
                    x, weights = self.attention(x)
        return x, weights


def fold(generator: AttentiveGenerator) -> AttentiveGenerator:
    """The same generator as a plain new one in eval mode: batch and spectral norms go into the weights."""
    made = AttentiveGenerator(name=generator.name)
    made.layers = generative.fold(generator).layers
    attention = copy.deepcopy(
        generator.attention
    ).eval()  # while training, a look at a weight would change its norm
    with torch.no_grad():
        made.attention.gamma.copy_(attention.gamma)
        for name in ("f", "g", "h", "v"):
            getattr(made.attention, name).weight.copy_(getattr(attention, name).weight)
    return made.eval()


def load(seed: int | None = None) -> AttentiveGenerator:
    """The shipped `clothes_sagan` in eval mode; with a `seed`, the same network untrained, weights drawn from it.

    Raises `assets.AssetMissing` or `assets.AssetAltered` where its file in data/ is gone or damaged.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0 if seed is None else seed)
        model = AttentiveGenerator()
    if seed is None:
        model.load_state_dict(assets.shipped_tensors("clothes_sagan"), strict=True)
    return model.eval().requires_grad_(False)


def distances(side: int = SIDE) -> Tensor:
    """How far each two places of a map lie apart, in places of the map: (side * side, side * side)."""
    places = torch.cartesian_prod(torch.arange(side), torch.arange(side)).float()  # (side * side, 2)
    return torch.cdist(places, places)


def reach(weights: Tensor) -> Tensor:
    """How far a place looks on average, in places of the map: (B, N, N) -> (B,), N = side * side."""
    side = round(weights.shape[-1] ** 0.5)
    return (weights * distances(side)).sum(-1).mean(-1)


def structure(weights: Tensor) -> Tensor:
    """How much the place that looks decides where it looks, in bits: (B, N, N) -> (B,).

    The mutual information of place and place looked at: the mean divergence of the rows from their mean. 0 where all
    rows are equal, as in a uniform map, log2 N where each place looks at one of its own.
    """
    mean = weights.mean(-2, keepdim=True)
    ratio = torch.where(weights > 0, weights / mean, 1.0)
    return (weights * ratio.log2()).sum(-1).mean(-1).clamp_min(0)  # rounding goes below 0
