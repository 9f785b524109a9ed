"""Do a training and a validation set belong together? What `monitors.split` records, by distances in the inputs."""

from __future__ import annotations

import torch
from torch import Tensor

COPY = 0.25  # of the usual distance between neighbours: what lies nearer is a copy


def compared(
    train: tuple[Tensor, Tensor], validation: tuple[Tensor, Tensor], most: int = 500
) -> dict[str, float]:
    """`split/apart`, `split/copies` and `split/agreement` of two sets of (inputs (N, ...), labels (N,)).

    At most `most` examples of each are asked, evenly over the set; see `monitors.split` for what the numbers say.
    """
    every, labels, asked = train[0].flatten(1).float(), train[1], validation[0].flatten(1).float()
    rows, others = _spread(len(every), most), _spread(len(asked), most)
    own = torch.cdist(every[rows], every)  # (n, N)
    own[torch.arange(len(rows)), rows] = torch.inf
    nearest, which = own.min(1)
    across = torch.cdist(asked[others], every).min(1).values
    few = min(len(rows), len(others))  # as many of each, so that chance is one half
    return {
        "split/apart": _apart(every[_spread(len(every), few)], asked[_spread(len(asked), few)]),
        "split/copies": (across < COPY * nearest.median()).float().mean().item(),
        "split/agreement": (labels[which] == labels[rows]).float().mean().item(),
    }


def _spread(count: int, most: int) -> Tensor:
    """At most `most` places (n,), evenly over `count`."""
    return torch.linspace(0, count - 1, min(most, count)).long()


def _apart(one: Tensor, other: Tensor) -> float:
    """How much more often than chance the nearest of all is of the same set, for the set (n, F) where it is larger."""
    both = torch.cat([one, other])  # (2n, F)
    distances = torch.cdist(both, both).fill_diagonal_(torch.inf)
    first = torch.arange(len(both)) < len(one)
    same = (first[distances.argmin(1)] == first).float()
    # Each set by itself: noisy examples lie nearest to clean ones, and so do clean ones; the mean would hide it.
    larger = max(same[first].mean().item(), same[~first].mean().item())
    return larger / ((len(one) - 1) / (len(both) - 1))
