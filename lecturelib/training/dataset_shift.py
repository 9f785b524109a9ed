"""Nearest-neighbor comparison of a training and a validation set: shift, copies, labels. For `split_monitor`."""

from __future__ import annotations

import torch
from torch import Tensor

COPY = 0.25  # of the usual distance between neighbors: what lies nearer is a copy
ERRORS = 3.0  # standard errors by which two shares must differ before their ratio is told


def dataset_shift(
    train: tuple[Tensor, Tensor], validation: tuple[Tensor, Tensor], most: int = 500
) -> dict[str, float]:
    """Compare two sets of (inputs (N, ...), labels (N,)) by the nearest neighbors of at most `most` examples of each.

    Returns `split/apart`, `split/copies`, `split/agreement` and `split/agreement_ratio`; see `split_monitor` for what
    they say. Distances are Euclidean, in the inputs. Two-sample statistic: Schilling, JASA 81 (1986), and Henze,
    Annals of Statistics 16 (1988).

    >>> import torch
    >>> left = torch.linspace(0, 1, 20)[:, None], torch.arange(20) % 2
    >>> right = left[0] + 9, left[1]
    >>> dataset_shift(left, right)["split/apart"]  # every nearest neighbor is in the same set: 1 / (19 / 39)
    2.0526315789473686
    """
    every, labels, asked = train[0].flatten(1).float(), train[1], validation[0].flatten(1).float()
    rows, others = _spread(len(every), most), _spread(len(asked), most)
    own = torch.cdist(every[rows], every)  # (n, N)
    own[torch.arange(len(rows)), rows] = torch.inf
    nearest, which = own.min(1)
    across = torch.cdist(asked[others], every).min(1).values
    few = min(
        len(rows), len(others)
    )  # as many of each, so that chance is one half and the neighbors are as near
    mine, theirs = _spread(len(every), few), _spread(len(asked), few)
    return {
        "split/apart": _apart(every[mine], asked[theirs]),
        "split/copies": (across < COPY * nearest.median()).float().mean().item(),
        "split/agreement": (labels[which] == labels[rows]).float().mean().item(),
        "split/agreement_ratio": _ratio(
            _agreement(every[mine], labels[mine]), _agreement(asked[theirs], validation[1][theirs]), few
        ),
    }


def _spread(count: int, most: int) -> Tensor:
    """At most `most` places (n,), evenly over `count`."""
    return torch.linspace(0, count - 1, min(most, count)).long()


def _apart(one: Tensor, other: Tensor) -> float:
    """How much more often than chance the nearest of all is of the same set, for the set (n, F) where it is larger."""
    both = torch.cat([one, other])  # (2n, F)
    distances = torch.cdist(both, both).fill_diagonal_(torch.inf)
    first = torch.arange(len(both), device=both.device) < len(one)
    same = (first[distances.argmin(1)] == first).float()
    # Each set by itself: noisy examples lie nearest to clean ones, and so do clean ones; the mean would hide it.
    larger = max(same[first].mean().item(), same[~first].mean().item())
    return larger / ((len(one) - 1) / (len(both) - 1))


def _agreement(inputs: Tensor, labels: Tensor) -> float:
    """The share of examples (n, F) whose nearest neighbor among them has their label."""
    nearest = torch.cdist(inputs, inputs).fill_diagonal_(torch.inf).argmin(1)
    return (labels[nearest] == labels).float().mean().item()


def _ratio(train: float, validation: float, count: int) -> float:
    """The training set's agreement by the validation set's; 1 where the difference may be chance."""
    pooled = (train + validation) / 2
    error = (2 * pooled * (1 - pooled) / count) ** 0.5
    if abs(train - validation) <= ERRORS * error or not validation:
        return 1.0
    return train / validation
