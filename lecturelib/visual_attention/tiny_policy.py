"""REINFORCE where everything can be counted: an eye over a row of cells, its exact gradient, and sampled ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from lecturelib.checks import check_choice, check_number, check_whole, complaint, described

Baseline = Literal["none", "mean", "learned"]
BASELINES: tuple[Baseline, ...] = ("none", "mean", "learned")
CELLS = 9
BLUR = 1.5  # cells: how blurred the view is by which the eye decides
RATE_OF_BASELINE = 0.1


@dataclass(frozen=True)
class ReinforceStep:
    """One step: the expected reward (exact), and the variance of single gradient estimates (the trace) in the batch."""

    step: int
    of: int
    reward: float
    variance: float
    weights: Tensor


def blurred_views(cells: int = CELLS) -> Tensor:
    """What the eye sees before it looks, (cells, cells): row t is the blurred view of something in cell t.

    >>> blurred_views(3).argmax(1)
    tensor([0, 1, 2])
    """
    place = torch.arange(check_whole("cells", cells, 2, 64), dtype=torch.float64)
    return (-(place[:, None] - place).square() / (2 * BLUR**2)).exp()


def cell_rewards(cells: int = CELLS) -> Tensor:
    """Rewards (cells, cells) for something in cell t (row) and a look at cell a: 1 - distance / the largest one.

    >>> cell_rewards(3)[0]
    tensor([1.0000, 0.5000, 0.0000], dtype=torch.float64)
    """
    place = torch.arange(check_whole("cells", cells, 2, 64), dtype=torch.float64)
    return 1 - (place[:, None] - place).abs() / (cells - 1)


def expected_reward(weights: Tensor) -> float:
    """Expected reward of the policy pi(a | t) = softmax(W x_t)_a, by enumeration of all cells and all looks.

    weights W (cells, cells). Raises `TypeError` or `ValueError` for something else.

    >>> round(expected_reward(torch.zeros(3, 3)), 4)
    0.5556
    """
    weights = _checked(weights)
    chances = (blurred_views(len(weights)) @ weights.T).softmax(1)  # (t, a)
    return (chances * cell_rewards(len(weights))).sum(1).mean().item()


def exact_policy_gradient(weights: Tensor) -> Tensor:
    """Exact gradient of the expected reward in W, (cells, cells), by enumeration.

    sum_t 1/n sum_a pi(a | t) r(t, a) d log pi(a | t) / dW.

    >>> exact_policy_gradient(torch.zeros(2, 2)).diagonal().sign().tolist()
    [1.0, 1.0]
    """
    weights = _checked(weights)
    views, rewards = blurred_views(len(weights)), cell_rewards(len(weights))
    chances = (views @ weights.T).softmax(1)
    mean = (chances * rewards).sum(1, keepdim=True)
    # sum_a pi_a r_a ([a = j] - pi_j) = pi_j (r_j - mean)
    return (chances * (rewards - mean)).T @ views / len(weights)


def sampled_policy_gradients(
    weights: Tensor, samples: int, generator: torch.Generator, baselines: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """REINFORCE: `samples` single estimates of the gradient in W, (samples, cells, cells), with rewards and cells (t).

    Each draws a cell t and a look a, and gives (r(t, a) - b_t) d log pi(a | t) / dW. Their mean is unbiased, with any
    baselines b (cells,) that do not depend on a; None: no baseline. Raises `TypeError` or `ValueError`. Williams 1992.

    >>> estimates, rewards, cells = sampled_policy_gradients(torch.zeros(3, 3), 5, torch.Generator().manual_seed(0))
    >>> estimates.shape, rewards.shape, cells.shape
    (torch.Size([5, 3, 3]), torch.Size([5]), torch.Size([5]))
    """
    weights = _checked(weights)
    check_whole("samples", samples, 1)
    count = len(weights)
    views = blurred_views(count)
    cells = torch.randint(count, (samples,), generator=generator)
    chances = (views[cells] @ weights.T).softmax(1)  # (samples, a)
    looks = torch.multinomial(chances, 1, generator=generator)[:, 0]
    rewards = cell_rewards(count)[cells, looks]
    worth = rewards if baselines is None else rewards - baselines[cells]
    slopes = F.one_hot(looks, count).to(chances) - chances  # d log pi / d scores
    return worth[:, None, None] * slopes[:, :, None] * views[cells][:, None, :], rewards, cells


def iter_reinforce(
    steps: int = 300,
    baseline: Baseline = "learned",
    batch_size: int = 16,
    learning_rate: float = 0.5,
    cells: int = CELLS,
    seed: int = 0,
) -> Iterator[ReinforceStep]:
    """Train an eye over a row of cells by REINFORCE; yields a `ReinforceStep` after each step.

    It sees a blurred view of the row, looks at one cell, and is rewarded by how near that is to the thing. `baseline`:
    "none", "mean" (a moving mean of all rewards) or "learned" (one for each blurred view). Raises `TypeError` or
    `ValueError` before any work. Williams 1992.

    >>> run = list(iter_reinforce(steps=50))
    >>> run[-1].reward > run[0].reward
    True
    """
    check_whole("steps", steps, 1)
    check_choice("baseline", baseline, BASELINES)
    check_whole("batch_size", batch_size, 2)
    check_number("learning_rate", learning_rate, above=0)
    check_whole("cells", cells, 2, 64)
    return _reinforce(steps, baseline, batch_size, learning_rate, cells, seed)


def _reinforce(
    steps: int, baseline: Baseline, batch_size: int, learning_rate: float, cells: int, seed: int
) -> Iterator[ReinforceStep]:
    generator = torch.Generator().manual_seed(seed)
    weights = torch.zeros(cells, cells, dtype=torch.float64)
    baselines = torch.zeros(cells, dtype=torch.float64)
    for step in range(1, steps + 1):
        estimates, rewards, seen = sampled_policy_gradients(weights, batch_size, generator, baselines)
        variance = (estimates - estimates.mean(0)).square().sum().item() / (batch_size - 1)
        weights = weights + learning_rate * estimates.mean(0)
        if baseline == "mean":
            baselines = baselines + RATE_OF_BASELINE * (rewards.mean() - baselines)
        elif baseline == "learned":
            wrong = torch.zeros(cells, dtype=torch.float64).index_add(0, seen, rewards - baselines[seen])
            counts = torch.bincount(seen, minlength=cells).clamp_min(1)
            baselines = baselines + 2 * RATE_OF_BASELINE * wrong / counts
        yield ReinforceStep(step, steps, expected_reward(weights), variance, weights)


def _checked(weights: Tensor) -> Tensor:
    if not isinstance(weights, Tensor) or not weights.is_floating_point():
        raise TypeError(complaint("weights", "floats (cells, cells)", described(weights)))
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1] or len(weights) < 2:
        raise ValueError(complaint("weights", "shape (cells, cells) of 2 or more", tuple(weights.shape)))
    return weights.double()
