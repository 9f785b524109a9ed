"""Score functions on random vectors: why the dot product is divided by sqrt(d), and what a temperature does."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor, nn

from lecturelib.attention.scores import Cosine, make_score
from lecturelib.attention.views.score_view import score_view
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Slider

SIZES = (4, 8, 16, 32, 64, 128, 256, 512)
KEYS, DRAWS = 10, 200
NAMES = ("dot", "scaled dot", "cosine", "cosine, strength 10", "general", "additive")
TEMPERATURES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def scores_explorer() -> Explorable:
    """A random query and ten random keys, each number from N(0, 1): how sharp is the softmax of each score?"""
    controls = [
        Choice("score", NAMES),
        Choice("d", SIZES, 64, label="size d of the vectors", slider=True),
        Choice("temperature", TEMPERATURES, 1.0, slider=True),
        Slider("draw", 1, 20, label="another draw"),
    ]
    presets = {
        "dot, d = 4": {"score": "dot", "d": 4},
        "dot, d = 512: saturated": {"score": "dot", "d": 512},
        "scaled dot, d = 512": {"score": "scaled dot", "d": 512},
        "cosine alone: nearly flat": {"score": "cosine", "d": 512},
        "cosine, sharpened by temperature": {"score": "cosine", "d": 512, "temperature": 0.1},
    }
    return Explorable(_render, controls, "Scores, sqrt(d) and temperature", presets)


@torch.no_grad()
def drawn_scores(name: str, d: int, seed: int, draws: int = 1) -> Tensor:
    """Scores (draws, KEYS) of random queries and keys N(0, 1) of size d; learned parts as they are before training."""
    generator = torch.Generator().manual_seed(1000 * seed + d)
    query = torch.randn(draws, 1, d, generator=generator)
    keys = torch.randn(draws, KEYS, d, generator=generator)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name.startswith("cosine"):
            score: nn.Module = Cosine(d, d, strength=10.0 if "10" in name else 1.0)
        else:
            score = make_score(name, d, d)
    return score(query, keys)[:, 0]


@lru_cache(maxsize=len(NAMES) * len(SIZES))
def _many(name: str, d: int) -> Tensor:
    return drawn_scores(name, d, 0, DRAWS)


@lru_cache(maxsize=64)
def _curve(name: str, temperature: float) -> tuple[float, ...]:
    """The largest weight, the mean of many draws, for each size."""
    return tuple(float((_many(name, d) / temperature).softmax(-1).max(-1).values.mean()) for d in SIZES)


def _render(state: dict) -> Picture:
    name, d, temperature = state["score"], state["d"], state["temperature"]
    scores = drawn_scores(name, d, state["draw"])[0]
    weights = (scores / temperature).softmax(-1)
    curves = {each: _curve(each, temperature) for each in NAMES}
    entropy = float(torch.special.entr(weights).sum()) / math.log(KEYS)
    spread = float(_many(name, d).std())
    caption = (
        f"{name}, d = {d}, temperature {temperature:g}: scores have a standard deviation of {spread:.2g}; the largest "
        f"of ten weights is {100 * weights.max():.0f} % here and {100 * curves[name][SIZES.index(d)]:.0f} % on average "
        f"(flat: 10 %); entropy {entropy:.0%} of that of flat weights."
    )
    title = f"one draw: {name}, d = {d}"
    return score_view(
        scores, weights, title, SIZES, curves, SIZES.index(d), name, f"mean of {DRAWS} draws", caption
    )
