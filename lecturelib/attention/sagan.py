"""Self-attention inside a generator (SAGAN): every place of a map attends to every other.

Zhang et al. 2019, "Self-attention generative adversarial networks". A convolution passes on what lies within its
kernel; here the two sleeves of a pullover can agree in one layer. The gate gamma begins at 0: convolutions learn first.
"""

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from lecturelib import assets
from lecturelib.checks import check_whole, complaint
from lecturelib.models import generative
from lecturelib.models.generative import GAN_LATENT, GAN_WIDTHS, Generator

AFTER = 2  # the block stands after the second widening, on the map of 14 x 14
SIDE = 14


class SelfAttention2d(nn.Module):
    """Self-attention layer of SAGAN, x + gamma * v(h(x) softmax(g(x)^T f(x))^T): keys f, queries g, values h.

    gamma begins at 0. f, g and h are 1 x 1 convolutions to `inner` channels, C / 8 as in the paper, v is one back to C.
    forward(x (B, C, H, W)) -> (B, C, H, W) and the weights (B, H W, H W): row j holds the
    attention of place j on all places, counted row by row. `spectral` keeps each convolution's largest singular value
    at 1 (Miyato et al. 2018): for training. Raises TypeError or ValueError for sizes below 1, ValueError for another
    shape. Zhang et al. 2019, section 3.

    >>> x = torch.randn(1, 8, 3, 4)
    >>> out, weights = SelfAttention2d(8)(x)
    >>> torch.equal(out, x), tuple(weights.shape)
    (True, (1, 12, 12))
    """

    def __init__(self, channels: int, inner: int | None = None, spectral: bool = False):
        super().__init__()
        check_whole("channels", channels, 1)
        inner = max(1, channels // 8) if inner is None else check_whole("inner", inner, 1)
        self.channels = channels
        self.f, self.g, self.h = (nn.Conv2d(channels, inner, 1, bias=False) for _ in range(3))
        self.v = nn.Conv2d(inner, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))
        if spectral:
            for layer in (self.f, self.g, self.h, self.v):
                spectral_norm(layer)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if x.ndim != 4 or x.shape[1] != self.channels:
            raise ValueError(complaint("x", f"shape (B, {self.channels}, H, W)", tuple(x.shape)))
        keys, queries, values = (part(x).flatten(2) for part in (self.f, self.g, self.h))  # (B, inner, H W)
        weights = (queries.transpose(1, 2) @ keys).softmax(-1)  # (B, H W, inner) @ (B, inner, H W)
        gathered = values @ weights.transpose(1, 2)  # (B, inner, H W): place j from all places i
        # (B, inner, H W) -> (B, inner, H, W)
        return x + self.gamma * self.v(gathered.unflatten(2, tuple(x.shape[2:]))), weights

    def extra_repr(self) -> str:
        return f"{self.channels} channels, gamma {self.gamma.item():.3f}"


class AttentiveGenerator(Generator):
    """The generator of clothes of part 6 with one block of self-attention, on its map of 14 x 14.

    forward and `decode` are those of `Generator`, codes (B, 32) -> images (B, 1, 28, 28); `generate` returns the
    attention weights as well.

    >>> generator = load()
    >>> images, weights = generator.generate(torch.zeros(1, 32))
    >>> tuple(images.shape), tuple(weights.shape)
    ((1, 1, 28, 28), (1, 196, 196))
    """

    def __init__(self, batch_norm: bool = False, spectral: bool = False, name: str = "clothes_sagan"):
        super().__init__(GAN_LATENT, GAN_WIDTHS, batch_norm=batch_norm, name=name)
        self.attention = SelfAttention2d(GAN_WIDTHS[AFTER - 1], spectral=spectral)

    def generate(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Codes (B, 32) -> images (B, 1, 28, 28) in [0, 1], attention weights of the 14 x 14 places (B, 196, 196)."""
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
    # in eval mode: in training mode, reading a weight updates its spectral norm
    attention = copy.deepcopy(generator.attention).eval()
    with torch.no_grad():
        made.attention.gamma.copy_(attention.gamma)
        for name in ("f", "g", "h", "v"):
            getattr(made.attention, name).weight.copy_(getattr(attention, name).weight)
    return made.eval()


def load(seed: int | None = None) -> AttentiveGenerator:
    """The shipped `clothes_sagan` in eval mode; with a `seed`, the same network untrained, weights drawn from it.

    Raises `assets.AssetMissing` or `assets.AssetAltered` where its file in data/ is gone or damaged.

    >>> import torch
    >>> from lecturelib.attention import load_sagan
    >>> load_sagan().decode(torch.zeros(2, 32)).shape  # codes (B, 32) -> images
    torch.Size([2, 1, 28, 28])
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0 if seed is None else seed)
        model = AttentiveGenerator()
    if seed is None:
        model.load_state_dict(assets.shipped_tensors("clothes_sagan"), strict=True)
    return model.eval().requires_grad_(False)


def distances(side: int = SIDE) -> Tensor:
    """Distance of each two places of a map, in places of the map: (side * side, side * side) of doubles.

    >>> distances(2)[0].tolist()
    [0.0, 1.0, 1.0, 1.4142135623730951]
    """
    places = torch.cartesian_prod(torch.arange(side), torch.arange(side)).double()  # (side * side, 2)
    return torch.cdist(places, places, compute_mode="donot_use_mm_for_euclid_dist")


def reach(weights: Tensor) -> Tensor:
    """Mean attention distance, in places of the map: weights (B, N, N) -> (B,), N = side * side.

    >>> reach(torch.eye(4)[None]).item()
    0.0
    """
    side = round(weights.shape[-1] ** 0.5)
    return (weights * distances(side).to(weights)).sum(-1).mean(-1)


def structure(weights: Tensor) -> Tensor:
    """Mutual information, in bits, of a place and the place that it attends to: weights (B, N, N) -> (B,).

    The mean Kullback-Leibler divergence of the rows from their mean: 0 where all rows are equal, as in a uniform map,
    log2 N where each place attends to one of its own.

    >>> structure(torch.eye(4)[None]).item()
    2.0
    """
    mean = weights.mean(-2, keepdim=True)
    ratio = torch.where(weights > 0, weights / mean, 1.0)
    return (weights * ratio.log2()).sum(-1).mean(-1).clamp_min(0)  # rounding goes below 0
