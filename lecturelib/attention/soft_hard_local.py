"""Soft, hard and local attention: how a context is made of the same scores, what it costs, how it is trained.

Sizes: B queries, S source positions, d features. Scores are those before the softmax.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lecturelib.attention.masks import masked_softmax


def soft(scores: Tensor, values: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The mean of all values, weighted by the softmax: scores (B, S), values (B, S, d) -> (B, d), weights (B, S).

    Differentiable everywhere, and every position is read at every step. Bahdanau et al. 2015.
    """
    weights = masked_softmax(scores, mask)
    return (weights[:, None] @ values)[:, 0], weights  # (B, 1, S) @ (B, S, d) -> (B, d)


def hard(scores: Tensor, values: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """One value, drawn by its weight: context (B, d), the position drawn (B,), and its log-probability (B,).

    Drawing has no gradient; the log-probability has one, which is what REINFORCE uses. Xu et al. 2015.
    """
    log_p = scores.log_softmax(-1)
    drawn = torch.multinomial(log_p.detach().exp(), 1, generator=generator)[:, 0]  # (B,)
    rows = torch.arange(len(values))
    return values[rows, drawn], drawn, log_p[rows, drawn]


def local(
    scores: Tensor, values: Tensor, centre: Tensor, window: int, gaussian: bool = True
) -> tuple[Tensor, Tensor]:
    """Soft attention within `window` positions on either side of a centre (B,): context (B, d), weights (B, S).

    The softmax is taken inside the window; with `gaussian` it is then multiplied by exp(-(i - centre)^2 / (2 sigma^2)),
    sigma = window / 2, so that the centre has a gradient; rows then sum to at most one, as Luong et al. 2015 leave them
    ("local-p"). Raises ValueError for a window below 1 or a centre outside the sentence.
    """
    length = scores.shape[-1]
    if window < 1:
        raise ValueError(f"window: a whole number from 1 is needed, got {window}")
    if centre.shape != scores.shape[:-1] or centre.min() < 0 or centre.max() > length - 1:
        raise ValueError(
            f"centre: one position from 0 to {length - 1} for each query is needed, got {centre}"
        )
    distance = torch.arange(length) - centre[..., None]  # (B, S)
    weights = masked_softmax(scores, distance.abs() <= window)
    if gaussian:
        weights = weights * torch.exp(-(distance**2) / (2 * (window / 2) ** 2))
    return (weights[:, None] @ values)[:, 0], weights


class PredictedCentre(nn.Module):
    """(S - 1) * sigmoid(v^T tanh(W s)): where to look, from the decoder's state s (B, d) alone. Luong et al. 2015.

    forward(state (B, d), length S) -> (B,), from 0 to S - 1.
    """

    def __init__(self, d: int, hidden: int = 64):
        super().__init__()
        self.w, self.v = nn.Linear(d, hidden, bias=False), nn.Linear(hidden, 1, bias=False)

    def forward(self, state: Tensor, length: int) -> Tensor:
        return (length - 1) * self.v(self.w(state).tanh())[..., 0].sigmoid()


def exact_gradient(scores: Tensor, rewards: Tensor) -> Tensor:
    """The gradient of the expected reward sum_i p_i r_i in the scores (S,): p_j (r_j - sum_i p_i r_i)."""
    p = scores.softmax(-1)
    return p * (rewards - p @ rewards)


def reinforce_gradient(
    scores: Tensor,
    reward: Callable[[Tensor], Tensor],
    samples: int,
    generator: torch.Generator,
    baseline: float = 0.0,
) -> Tensor:
    """Single estimates (samples, S) of the gradient of the expected reward in the scores (S,); their mean is unbiased.

    Each draws a position i, asks `reward` what it is worth ((n,) positions -> (n,)), and gives
    (r_i - baseline) * d log p_i / d scores. A baseline leaves the mean as it is and makes the estimates spread less:
    the best simple one is the mean reward. Williams 1992.
    """
    if samples < 1:
        raise ValueError(f"samples: a whole number from 1 is needed, got {samples}")
    p = scores.softmax(-1)
    drawn = torch.multinomial(p, samples, replacement=True, generator=generator)  # (n,)
    chosen = nn.functional.one_hot(drawn, len(p)).to(
        p.dtype
    )  # (n, S): d log p_i / d scores_j = [i = j] - p_j
    return (reward(drawn) - baseline)[:, None] * (chosen - p)


def cost(kind: str, source: int, target: int, window: int = 2) -> dict[str, int]:
    """How much a sentence of `source` and `target` pieces takes: scores computed and values read.

    Hard attention still needs every score to draw from them, it saves the values: what counts where a value is
    expensive, such as a glimpse at an image. Only a predicted centre saves scores too.
    """
    if kind not in ("soft", "hard", "local"):
        raise KeyError(f"there is no kind {kind!r}; there are soft, hard, local")
    if min(source, target) < 1:
        raise ValueError(f"lengths from 1 are needed, got {source} and {target}")
    seen = min(source, 2 * window + 1)
    each = {"soft": (source, source), "hard": (source, 1), "local": (seen, seen)}[kind]
    return {"scores": each[0] * target, "values": each[1] * target}


def sharpened(weights: Tensor, temperature: float) -> Tensor:
    """The same weights at another temperature: p^(1/T), made to sum to one. Below 1 sharper, above 1 flatter."""
    if not temperature > 0 or not math.isfinite(temperature):
        raise ValueError(f"temperature: a number above 0 is needed, got {temperature}")
    return (weights.clamp_min(torch.finfo(weights.dtype).tiny).log() / temperature).softmax(-1)
