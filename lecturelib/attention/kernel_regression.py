"""Attention pooling as kernel regression: a weighted mean of what was measured nearby.

Nadaraya 1964, "On estimating regression"; Watson 1964, "Smooth regression analysis". The keys are the places of the
measurements, the values what was measured there; nothing is trained. Sizes: Q queries, n measurements.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturelib.checks import check_number, check_whole, complaint, described

ENDS = (0.0, 5.0)  # of the example's x axis
NOISE = 0.4  # standard deviation of its measurements


def nadaraya_watson(queries: Tensor, keys: Tensor, values: Tensor, width: float) -> tuple[Tensor, Tensor]:
    """Nadaraya-Watson regression with a Gaussian kernel: f(q) = sum_i softmax_i(-(q - k_i)^2 / (2 w^2)) v_i.

    queries (Q,), keys (n,), values (n,) -> the estimates (Q,) and the attention weights (Q, n), whose rows sum to one.
    `width` is w: near 0 the nearest measurement alone counts, for a large one the estimate is the mean of all. Raises
    TypeError or ValueError for other shapes, or a width not above 0. Nadaraya 1964; Watson 1964.

    >>> at = torch.tensor([0.0, 1.0])
    >>> estimate, weights = nadaraya_watson(torch.tensor([0.5]), at, torch.tensor([2.0, 4.0]), width=1.0)
    >>> estimate.item(), weights.tolist()
    (3.0, [[0.5, 0.5]])
    """
    check_number("width", width, above=0)
    for name, given in (("queries", queries), ("keys", keys), ("values", values)):
        if not isinstance(given, Tensor):
            raise TypeError(complaint(name, "a tensor", described(given)))
        if given.ndim != 1 or not given.numel():
            raise ValueError(complaint(name, "shape (n,), one number each", tuple(given.shape)))
    if len(keys) != len(values):
        raise ValueError(complaint("values", f"one for each of {len(keys)} keys", len(values)))
    scores = -((queries[:, None] - keys[None]) ** 2) / (2 * width**2)  # (Q, n)
    weights = scores.softmax(-1)
    return weights @ values, weights


def true_curve(x: Tensor) -> Tensor:
    """The curve of the example, 2 sin x + x^0.8, before noise is added.

    >>> round(true_curve(torch.tensor([1.0])).item(), 3)
    2.683
    """
    return 2 * x.sin() + x**0.8


def noisy_curve(count: int = 40, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Places (count,) in rising order, drawn evenly from 0 to 5, and `true_curve` there with noise of 0.4, (count,).

    Raises TypeError or ValueError for less than two.

    >>> x, y = noisy_curve(40)
    >>> x.shape, bool((x.diff() >= 0).all())
    (torch.Size([40]), True)
    """
    check_whole("count", count, 2)
    generator = torch.Generator().manual_seed(seed)
    low, high = ENDS
    x = (low + (high - low) * torch.rand(count, generator=generator)).sort().values
    return x, true_curve(x) + NOISE * torch.randn(count, generator=generator)


def left_out_error(keys: Tensor, values: Tensor, width: float) -> float:
    """Root mean square error of every measurement, estimated from all others (leave-one-out cross-validation).

    It needs no true curve, so it can choose the width. Where nothing but the measurement itself is near enough to count
    in float64, the others' nearest decides. Raises as `nadaraya_watson` does.

    >>> round(left_out_error(torch.tensor([0.0, 1.0]), torch.tensor([2.0, 4.0]), 1.0), 3)
    2.0
    """
    check_number("width", width, above=0)
    keys, values = keys.double(), values.double()
    scores = -((keys[:, None] - keys[None]) ** 2) / (2 * width**2)
    weights = scores.fill_diagonal_(-math.inf).softmax(-1)  # a measurement does not attend to itself
    return (weights @ values - values).square().mean().sqrt().item()
