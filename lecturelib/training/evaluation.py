"""Looking without learning: loss and accuracy over data, and what keeps a model and torch's chance as they were."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lecturelib.training.batches import parts, placed

Loss = Callable[[Tensor, Tensor], Tensor]


def evaluate(model: nn.Module, data, loss: Loss = cross_entropy) -> tuple[float, float | None]:
    """Mean loss and accuracy (0 to 1; None where the outputs are no classes) of a model over data, in eval mode.

    data: (inputs, targets) or a DataLoader. Nothing of the model changes. Raises `ValueError` for empty data.
    """
    return evaluated(check_model(model), parts(data, "data")(), loss)


def evaluated(model: nn.Module, batches, loss: Loss) -> tuple[float, float | None]:
    """`evaluate` for batches that were checked before."""
    total, right, seen = 0.0, 0.0, 0
    weights = next(model.parameters())
    with in_mode(model, False), torch.no_grad(), chance_kept():
        for inputs, targets in batches:
            inputs, targets = placed(inputs, weights), placed(targets, weights)
            outputs = model(inputs)
            total += loss(outputs, targets).item() * len(inputs)
            share = accuracy_of(outputs, targets)
            right = None if share is None or right is None else right + share * len(inputs)
            seen += len(inputs)
    if not seen:
        raise ValueError("the data gives no batch")
    return total / seen, None if right is None else right / seen


def accuracy_of(outputs: Tensor, targets: Tensor) -> float | None:
    """The share of outputs (B, K) whose largest is the target (B,); None where these are no classes."""
    if outputs.ndim != 2 or targets.ndim != 1 or targets.dtype != torch.long:
        return None
    return (outputs.detach().argmax(1) == targets).float().mean().item()


def check_model(model: nn.Module) -> nn.Module:
    """The model, if it is a network with weights; otherwise `TypeError` or `ValueError`."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"model: a torch.nn.Module is needed, got {type(model).__name__}")
    if next(model.parameters(), None) is None:
        raise ValueError("model: this network has no weights to learn")
    return model


@contextmanager
def in_mode(model: nn.Module, training: bool):
    """Training or eval mode inside the `with`; every submodule then is in the mode it was found in."""
    found = [(module, module.training) for module in model.modules()]
    model.train(training)
    try:
        yield
    finally:
        for module, mode in found:
            module.training = mode


_drawing = threading.RLock()  # torch's generator is one for all threads: runs in two take turns


@contextmanager
def chance_kept():
    """Whatever is drawn inside the `with`, torch's generator is as before after it."""
    with _drawing:
        kept = torch.get_rng_state()
        try:
            yield
        finally:
            torch.set_rng_state(kept)
