"""A small Vision Transformer on clothes: patches as tokens; its convolutional twin, and attention rollout.

Dosovitskiy et al. 2021, "An image is worth 16 x 16 words". Sizes: B images, N patches, L = N + 1 tokens, d features.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib import assets
from lecturelib.attention.transformer import EncoderLayer
from lecturelib.checks import check_name, check_number, complaint, described
from lecturelib.models.small import FASHION_MEAN, FASHION_STD
from lecturelib.network.inputs import as_the_model_takes

NAME = "vision_transformer"  # of its files in data/
KINDS = ("transformer", "convolution")
SIDE, PATCH = 28, 4
GRID = SIDE // PATCH  # patches in a row
WIDTHS = (12, 24, 40, 72)  # channels of the twin


def patches(images: Tensor, size: int = PATCH) -> Tensor:
    """Cut images (B, C, H, W) into squares, row by row: (B, N, C * size * size), N = (H / size)(W / size).

    Raises ValueError where the patches do not fill the image. Dosovitskiy et al. 2021, section 3.1.

    >>> patches(torch.arange(16.0).view(1, 1, 4, 4), size=2)[0, 1].tolist()
    [2.0, 3.0, 6.0, 7.0]
    """
    height, width = images.shape[-2:]
    if height % size or width % size:
        raise ValueError(complaint("images", f"sides that are multiples of {size}", f"{height} x {width}"))
    return F.unfold(images, size, stride=size).transpose(1, 2)  # (B, C * size * size, N) -> (B, N, ...)


class VisionTransformer(nn.Module):
    """A Vision Transformer for 28 x 28 clothes: patches of 4 x 4 pixels are the tokens, 49 of them and [CLS].

    forward(images (B, 1, 28, 28) in [0, 1]) -> logits (B, 10) from the last [CLS], and the weights (B, heads, 50, 50)
    of every layer, [CLS] first. Each patch times one matrix, plus a *learned* vector for its position; then
    `EncoderLayer`s, LayerNorm first. Dosovitskiy et al. 2021.

    >>> logits, weights = VisionTransformer().eval()(torch.zeros(2, 1, 28, 28))
    >>> tuple(logits.shape), len(weights), tuple(weights[0].shape)
    ((2, 10), 3, (2, 4, 50, 50))
    """

    def __init__(self, d: int = 48, heads: int = 4, layers: int = 3, hidden: int = 96, dropout: float = 0.1):
        super().__init__()
        self.channels, self.name = 1, "the Vision Transformer of clothes"
        self.embed = nn.Linear(PATCH * PATCH, d)
        self.cls = nn.Parameter(torch.zeros(d))
        self.position = nn.Parameter(0.02 * torch.randn(1 + GRID * GRID, d))
        self.layers = nn.ModuleList(
            EncoderLayer(d, heads, hidden, dropout, norm_first=True, activation=nn.GELU)
            for _ in range(layers)
        )
        self.norm, self.classify = nn.LayerNorm(d), nn.Linear(d, 10)

    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        images = as_the_model_takes(images, self)
        x = self.embed(patches((images - FASHION_MEAN[0]) / FASHION_STD[0]))  # (B, 49, d)
        x = torch.cat([self.cls.expand(len(x), 1, -1), x], 1) + self.position  # (B, 50, d)
        found = []
        for layer in self.layers:
            x, weights = layer(x)
            found.append(weights)
        return self.classify(self.norm(x[:, 0])), found


class ConvolutionalTwin(nn.Module):
    """Four convolutions of 3 x 3 with about the multiply-adds of `VisionTransformer`: (B, 1, 28, 28) -> (B, 10), [].

    Batch normalization and ReLU after each, halved to 14 x 14 and 7 x 7 by maxima, and a mean over the places.

    >>> logits, weights = ConvolutionalTwin().eval()(torch.zeros(2, 1, 28, 28))
    >>> tuple(logits.shape), weights
    ((2, 10), [])
    """

    def __init__(self) -> None:
        super().__init__()
        self.channels, self.name = 1, "the convolutional twin"
        ends = zip((1, *WIDTHS), WIDTHS, strict=False)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in ends)
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in WIDTHS)
        self.classify = nn.Linear(WIDTHS[-1], 10)

    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        images = as_the_model_takes(images, self)
        x = (images - FASHION_MEAN[0]) / FASHION_STD[0]
        for k, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            x = norm(layer(x)).relu()
            if k in (0, 2):  # (B, C, 28, 28) -> 14 x 14, and after the third 7 x 7
                x = F.max_pool2d(x, 2)
        return self.classify(x.mean((2, 3))), []


def build(kind: str) -> VisionTransformer | ConvolutionalTwin:
    """An untrained classifier of clothes: "transformer" or "convolution"; `UnknownName` (a KeyError) for another."""
    check_name("kind", kind, KINDS, "kind of network")
    return VisionTransformer() if kind == "transformer" else ConvolutionalTwin()


def image_multiply_adds(model: VisionTransformer | ConvolutionalTwin) -> int:
    """Multiply-adds of one image of 28 x 28: matrix products and convolutions, nothing else.

    Raises TypeError for another network.

    >>> image_multiply_adds(VisionTransformer()) // 1000, image_multiply_adds(ConvolutionalTwin()) // 1000
    (3522, 3556)
    """
    if isinstance(model, ConvolutionalTwin):
        sides = (SIDE, SIDE // 2, SIDE // 2, SIDE // 4)
        weights = [part.weight for part in model.layers if isinstance(part, nn.Conv2d)]
        convolved = sum(s * s * weight.numel() for s, weight in zip(sides, weights, strict=True))
        return convolved + model.classify.weight.numel()
    if not isinstance(model, VisionTransformer):
        raise TypeError(complaint("model", "a VisionTransformer or its twin", described(model)))
    tokens, d = model.position.shape
    total = (tokens - 1) * model.embed.weight.numel() + model.classify.weight.numel()
    for layer in model.layers:
        linear = sum(part.weight.numel() for part in layer.modules() if isinstance(part, nn.Linear))
        total += tokens * linear + 2 * tokens * tokens * d  # the products q k^T and weights v
    return total


def attention_rollout(weights: Sequence[Tensor], residual: float = 0.5) -> Tensor:
    """Attention rollout: how much each token of the last layer depends on each input token, by the weights alone.

    R = A_n ... A_2 A_1, A_l = (1 - r) mean over heads of W_l + r I: the residual connection counts as much as the
    attention (r = 0.5). weights: one (B, heads, L, L) for each layer, the first layer first -> (B, L, L), whose rows
    sum to one. Values and feed-forward networks are left out. Raises ValueError for no layers or other shapes. Abnar &
    Zuidema 2020, section 3.

    >>> one = torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])
    >>> attention_rollout([one, one])[0].tolist()
    [[0.25, 0.75], [0.0, 1.0]]
    """
    check_number("residual", residual, least=0, most=1)
    if not weights or any(w.ndim != 4 or w.shape[2] != w.shape[3] for w in weights):
        came = [tuple(w.shape) for w in weights]
        raise ValueError(complaint("weights", "at least one tensor of shape (B, heads, L, L)", came))
    rolled = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype, device=weights[0].device)
    own = rolled
    for layer in weights:
        rolled = ((1 - residual) * layer.mean(1) + residual * own) @ rolled  # (B, L, L)
    return rolled


@lru_cache(maxsize=2)
def load(kind: str = "transformer") -> VisionTransformer | ConvolutionalTwin:
    """A shipped classifier of clothes in eval mode, shared: "transformer" or "convolution" (scripts/train_vision.py).

    Raises `UnknownName` (a KeyError) for another kind.

    >>> load("convolution").name
    'the convolutional twin'
    """
    with torch.inference_mode(False), torch.random.fork_rng(devices=[]):
        model = build(kind)
        tensors = assets.shipped_tensors(NAME)
        start = f"{kind}."
        mine = {key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)}
        model.load_state_dict(mine)
        return model.eval().requires_grad_(False)


def training_log() -> dict:
    """How the two were trained, and how many of 2,000 held-out images they get right (one seed each).

    >>> training_log()["seed"]
    0
    """
    return json.loads(assets.data_path(f"{NAME}.json").read_text(encoding="utf-8"))
