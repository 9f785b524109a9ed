"""Evaluate loss and accuracy without changing module modes or the RNG state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lecturelib.network.freezing import frozen
from lecturelib.network.rng_state import preserve_rng_state
from lecturelib.training.batches import Batch, Data, parts, placed
from lecturelib.training.fit_checks import check_trainable

Loss = Callable[[Any, Tensor], Tensor]


def evaluate(model: nn.Module, data: Data, loss: Loss = cross_entropy) -> tuple[float, float | None]:
    """Mean loss and accuracy over data, in eval mode.

        loss = 1/N sum_i l(f(x_i), y_i),   accuracy = 1/N sum_i [argmax_k f(x_i)_k = y_i]

    data: (inputs (N, ...), targets (N, ...)) or a DataLoader. The accuracy (0 to 1) is None where the outputs are not
    scores (N, K) with labels (N,). Modes, gradients and the RNG state are as before. Raises `TypeError` or `ValueError`
    for something that is no network or no data, and `ValueError` for data without a batch.

    >>> import torch
    >>> model = torch.nn.Linear(2, 2).requires_grad_(False)
    >>> _ = model.weight.copy_(torch.eye(2)), model.bias.zero_()
    >>> loss, accuracy = evaluate(model, (torch.eye(2), torch.tensor([0, 0])))
    >>> round(loss, 4), accuracy  # (ln(1 + e^-1) + ln(1 + e)) / 2
    (0.8133, 0.5)
    """
    return evaluated(check_trainable(model), parts(data, "data")(), loss)


def evaluated(model: nn.Module, batches: Iterable[Batch], loss: Loss) -> tuple[float, float | None]:
    """`evaluate` for batches that were checked before."""
    total, seen = 0.0, 0
    right: float | None = 0.0
    with frozen(model), torch.no_grad(), preserve_rng_state():
        for inputs, targets in batches:
            inputs, targets = placed(inputs, model), placed(targets, model)
            outputs = model(inputs)
            total += float(loss(outputs, targets)) * len(inputs)
            share = accuracy_of(outputs, targets)
            right = None if share is None or right is None else right + share * len(inputs)
            seen += len(inputs)
    if not seen:
        raise ValueError("data: expected at least one batch, got none")
    return total / seen, None if right is None else right / seen


def accuracy_of(outputs: Any, targets: Tensor) -> float | None:
    """The share of scores (B, K) whose largest is the label (B,); None where outputs and targets are something else."""
    if not are_scores(outputs, targets):
        return None
    return (outputs.detach().argmax(1) == targets).float().mean().item()


def are_scores(outputs: Any, targets: Tensor) -> bool:
    """Are the outputs scores (B, K) of classes, and the targets labels (B,)?"""
    return (
        isinstance(outputs, Tensor)
        and outputs.ndim == 2
        and targets.ndim == 1
        and targets.dtype == torch.long
    )
