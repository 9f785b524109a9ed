"""Soft, hard and local attention: how a context is made of the same scores, what it costs, how it is trained.

Sizes: B queries, S source positions, d features. Scores are those before the softmax.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from lecturelib.attention.masks import masked_softmax
from lecturelib.checks import check_name, check_number, check_whole, complaint, described

Kind = Literal["soft", "hard", "local"]
KINDS: tuple[Kind, ...] = ("soft", "hard", "local")


def soft(scores: Tensor, values: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Soft attention: the mean of all values, weighted by the softmax of the scores.

    c = sum_i alpha_i v_i with alpha = softmax(scores). scores (B, S), values (B, S, d) -> c (B, d), weights (B, S).
    Differentiable everywhere, and every position is read at every step. Bahdanau et al. 2015.

    >>> soft(torch.zeros(1, 2), torch.tensor([[[2.0], [4.0]]]))
    (tensor([[3.]]), tensor([[0.5000, 0.5000]]))
    """
    weights = masked_softmax(scores, mask)
    return (weights[:, None] @ values)[:, 0], weights  # (B, 1, S) @ (B, S, d) -> (B, d)


def hard(scores: Tensor, values: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Hard attention: one value, sampled with the softmax of the scores as probabilities.

    scores (B, S), values (B, S, d) -> context (B, d), the sampled position (B,), and its log-probability (B,).
    Sampling has no gradient; the log-probability has one, which is what REINFORCE uses. Xu et al. 2015.

    >>> hard(torch.tensor([[0.0, 99.0]]), torch.tensor([[[2.0], [4.0]]]), torch.Generator())
    (tensor([[4.]]), tensor([1]), tensor([0.]))
    """
    log_p = scores.log_softmax(-1)
    p = log_p.detach().exp().to(generator.device)
    drawn = torch.multinomial(p, 1, generator=generator)[:, 0].to(scores.device)  # (B,)
    rows = torch.arange(len(values), device=scores.device)
    return values[rows, drawn], drawn, log_p[rows, drawn]


def local(
    scores: Tensor, values: Tensor, center: Tensor, window: int, gaussian: bool = True
) -> tuple[Tensor, Tensor]:
    """Local attention (local-p): soft attention within `window` positions on either side of a center (B,).

    scores (B, S), values (B, S, d) -> context (B, d), weights (B, S). The softmax is taken inside the window; with
    `gaussian` it is then multiplied by exp(-(i - center)^2 / (2 sigma^2)), sigma = window / 2, so that the center has a
    gradient; rows then sum to at most one, as the paper leaves them. Raises TypeError or ValueError for a window below
    1 or a center outside the sentence. Luong et al. 2015, equations 7 to 10.

    >>> local(torch.zeros(1, 4), torch.eye(4)[None], torch.tensor([0.0]), window=1, gaussian=False)[1]
    tensor([[0.5000, 0.5000, 0.0000, 0.0000]])
    """
    length = scores.shape[-1]
    check_whole("window", window, 1)
    if center.shape != scores.shape[:-1] or center.min() < 0 or center.max() > length - 1:
        expected = f"one position from 0 to {length - 1} for each of {len(scores)} queries"
        raise ValueError(complaint("center", expected, str(center.tolist())))
    distance = torch.arange(length, device=scores.device) - center[..., None]  # (B, S)
    weights = masked_softmax(scores, distance.abs() <= window)
    if gaussian:
        weights = weights * torch.exp(-(distance**2) / (2 * (window / 2) ** 2)).to(weights.dtype)
    return (weights[:, None] @ values)[:, 0], weights


class PredictedCenter(nn.Module):
    """Predicted center of local attention, (S - 1) sigmoid(v^T tanh(W s)), from the decoder's state s (B, d) alone.

    forward(state (B, d), length S) -> (B,), from 0 to S - 1. Luong et al. 2015, equation 9.

    >>> PredictedCenter(4)(torch.zeros(1, 4), length=9).item()
    4.0
    """

    def __init__(self, d: int, hidden: int = 64):
        super().__init__()
        self.w, self.v = nn.Linear(d, hidden, bias=False), nn.Linear(hidden, 1, bias=False)

    def forward(self, state: Tensor, length: int) -> Tensor:
        return (length - 1) * self.v(self.w(state).tanh())[..., 0].sigmoid()


def exact_gradient(scores: Tensor, rewards: Tensor) -> Tensor:
    """Exact gradient of the expected reward sum_i p_i r_i in the scores (S,): p_j (r_j - sum_i p_i r_i).

    rewards (S,), p = softmax(scores).

    >>> exact_gradient(torch.zeros(2), torch.tensor([1.0, 3.0]))
    tensor([-0.5000,  0.5000])
    """
    p = scores.softmax(-1)
    return p * (rewards - p @ rewards)


def reinforce_gradient(
    scores: Tensor,
    reward: Callable[[Tensor], Tensor],
    samples: int,
    generator: torch.Generator,
    baseline: float = 0.0,
) -> Tensor:
    """REINFORCE: single estimates (samples, S) of the gradient of the expected reward in the scores (S,).

    Each samples a position i, asks `reward` what it is worth ((n,) positions -> (n,)), and gives
    (r_i - baseline) * d log p_i / d scores; their mean is unbiased. A baseline leaves the mean as it is and can lower
    the variance: the mean reward is a simple good one. Raises TypeError or ValueError for less than one sample.
    Williams 1992.

    >>> rewards = torch.tensor([1.0, 3.0])
    >>> estimates = reinforce_gradient(torch.zeros(2), lambda i: rewards[i], 8, torch.Generator(), baseline=2.0)
    >>> estimates.mean(0).tolist()
    [-0.5, 0.5]
    """
    check_whole("samples", samples, 1)
    p = scores.softmax(-1)
    drawn = torch.multinomial(p.to(generator.device), samples, replacement=True, generator=generator)  # (n,)
    drawn = drawn.to(scores.device)
    # (n, S): d log p_i / d scores_j = [i = j] - p_j
    slopes = nn.functional.one_hot(drawn, len(p)).to(p.dtype) - p
    return (reward(drawn) - baseline)[:, None] * slopes


def cost(kind: Kind, source: int, target: int, window: int = 2) -> dict[str, int]:
    """Scores computed and values read for a sentence of `source` and `target` tokens.

    Hard attention still needs every score to sample from them, it saves the values: what counts where a value is
    expensive, such as a glimpse at an image. Only a predicted center saves scores too. Raises `UnknownName` for another
    kind, TypeError or ValueError for lengths below 1.

    >>> cost("hard", 10, 8)
    {'scores': 80, 'values': 8}
    """
    check_name("kind", kind, KINDS, "kind of attention")
    check_whole("source", source, 1)
    check_whole("target", target, 1)
    inside = min(source, 2 * check_whole("window", window, 1) + 1)
    each = {"soft": (source, source), "hard": (source, 1), "local": (inside, inside)}[kind]
    return {"scores": each[0] * target, "values": each[1] * target}


def sharpened(weights: Tensor, temperature: float) -> Tensor:
    """The same weights at another temperature: p^(1/T), divided by its sum. Below 1 sharper, above 1 flatter.

    Raises TypeError or ValueError for a temperature that is not above 0.

    >>> sharpened(torch.tensor([0.2, 0.8]), 0.5)
    tensor([0.0588, 0.9412])
    """
    if not isinstance(weights, Tensor) or not weights.is_floating_point():
        raise TypeError(complaint("weights", "a tensor of floats", described(weights)))
    check_number("temperature", temperature, above=0)
    return (weights.clamp_min(torch.finfo(weights.dtype).tiny).log() / temperature).softmax(-1)
