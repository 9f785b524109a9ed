"""What the residual connections and LayerNorm of an encoder are for, measured by leaving them out.

A stack of small encoder layers reverses random letters. Vaswani et al. 2017, section 3.1; He et al. 2016, "Deep
residual learning for image recognition"; Xiong et al. 2020, "On layer normalization in the Transformer architecture".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib import assets
from lecturelib.attention.multihead import KeyValueCache, positional_encoding
from lecturelib.attention.transformer import EncoderLayer
from lecturelib.checks import check_name, check_whole

NAME = "residual_ablation"  # of its files in data/
VARIANTS = ("both", "both, LayerNorm first", "no LayerNorm", "no residual", "neither")
LETTERS, LENGTH, D, HEADS, HIDDEN, LAYERS = 26, 8, 32, 4, 64, 8
BATCH, RATE = 64, 1e-3


class AblatedLayer(EncoderLayer):
    """An encoder layer with or without its residual connections and its LayerNorm.

    `residual=False`: x <- LayerNorm(attention(x)), x <- LayerNorm(feed_forward(x)); `norm=False` leaves LayerNorm out.
    forward(x (B, L, d)) -> (B, L, d) and the weights (B, heads, L, L).

    >>> x = torch.randn(2, 5, 16)
    >>> layer = AblatedLayer(16, 2, 32, residual=False, norm=False)
    >>> torch.equal(layer(x)[0], layer.feed_forward(layer.attention(x, x)[0]))
    True
    """

    def __init__(
        self,
        d: int,
        heads: int,
        hidden: int,
        residual: bool = True,
        norm: bool = True,
        norm_first: bool = False,
    ):
        super().__init__(d, heads, hidden, dropout=0.0, norm_first=norm_first)
        self.residual = residual
        if not norm:
            self.norm1, self.norm2 = (cast(nn.LayerNorm, nn.Identity()) for _ in range(2))

    def forward(
        self, x: Tensor, mask: Tensor | None = None, cache: KeyValueCache | None = None
    ) -> tuple[Tensor, Tensor]:
        if self.residual:
            return super().forward(x, mask, cache)
        gathered, weights = self.attention(x, x, mask, cache)
        x = self.norm1(gathered)
        return self.norm2(self.feed_forward(x)), weights


class AblatedEncoder(nn.Module):
    """Letters (B, L) -> scores (B, L, 26) of the letter to write at each place, through a stack of `AblatedLayer`s.

    `variant` is one of "both", "both, LayerNorm first", "no LayerNorm", "no residual", "neither". Raises `UnknownName`
    (a KeyError) for another, TypeError or ValueError for fewer than one layer.

    >>> AblatedEncoder("neither", layers=2)(torch.zeros(3, 8, dtype=torch.long)).shape
    torch.Size([3, 8, 26])
    """

    code: Tensor

    def __init__(self, variant: str = "both", layers: int = LAYERS):
        super().__init__()
        check_name("variant", variant, VARIANTS)
        check_whole("layers", layers, 1)
        first = variant == "both, LayerNorm first"
        norm, residual = variant.startswith("both") or variant == "no residual", variant not in VARIANTS[3:]
        self.embedding = nn.Embedding(LETTERS, D)
        self.layers = nn.ModuleList(
            AblatedLayer(D, HEADS, HIDDEN, residual, norm, first) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(D) if first else nn.Identity()
        self.classify = nn.Linear(D, LETTERS)
        self.register_buffer("code", positional_encoding(64, D), persistent=False)

    def forward(self, letters: Tensor) -> Tensor:
        x = self.embedding(letters) + self.code[: letters.shape[1]]
        for layer in self.layers:
            x, _ = layer(x)
        return self.classify(self.norm(x))


def reversed_loss(model: AblatedEncoder, letters: Tensor) -> Tensor:
    """Cross-entropy in nats a letter of writing the letters (B, L) in reverse order; by chance log 26 = 3.26.

    >>> reversed_loss(AblatedEncoder(layers=1), torch.zeros(2, 4, dtype=torch.long)).ndim
    0
    """
    return F.cross_entropy(model(letters).flatten(0, 1), letters.flip(1).flatten())


def layer_gradient_norms(model: AblatedEncoder, letters: Tensor) -> list[float]:
    """Norm of the loss's gradient in the weight matrices of each layer, the first layer first.

    The model's own gradients are left as they were.

    >>> len(layer_gradient_norms(AblatedEncoder(layers=3), torch.zeros(2, 4, dtype=torch.long)))
    3
    """
    matrices = [[p for p in layer.parameters() if p.ndim == 2] for layer in model.layers]
    loss = reversed_loss(model, letters)
    gradients = iter(torch.autograd.grad(loss, [p for own in matrices for p in own]))
    norms = [[next(gradients).norm() for _ in own] for own in matrices]
    return [float(torch.stack(own).norm()) for own in norms]


def iter_reverse_training(
    model: AblatedEncoder, steps: int, seed: int = 0, rate: float = RATE
) -> Iterator[float]:
    """Train with Adam on fresh random letters; yields the loss of every step, in nats a letter.

    >>> len(list(iter_reverse_training(AblatedEncoder(layers=1), 3)))
    3
    """
    check_whole("steps", steps, 0)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(steps):
        loss = reversed_loss(model, torch.randint(LETTERS, (BATCH, LENGTH), generator=generator))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()


@lru_cache(maxsize=1)
def residual_ablation() -> dict:
    """The shipped measurement: each variant's losses and gradient norms by layer, for every seed.

    "variants" holds for each of five variants "loss" (seeds, points), the mean over every 20 steps in nats a letter,
    "gradient_norms" (seeds, layers) before training, "right" (seeds,) the share of letters right at the end. Made by
    scripts/train_residual_ablation.py.

    >>> sorted(residual_ablation()["variants"]["both"])
    ['gradient_norms', 'loss', 'right']
    """
    return json.loads(assets.data_path(f"{NAME}.json").read_text(encoding="utf-8"))
