"""What `fit` checks before any work: model, outputs, labels, loss and optimizer belong together."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.checks import complaint, described
from lecturelib.network.freezing import frozen
from lecturelib.network.rng_state import preserve_rng_state
from lecturelib.training.batches import Batch, placed

# Losses that broadcast outputs of another shape than the targets, and then mean something else.
ELEMENTWISE = (
    F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.binary_cross_entropy, F.binary_cross_entropy_with_logits,
    nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss, nn.BCELoss, nn.BCEWithLogitsLoss,
)  # fmt: skip
IGNORED = -100  # cross_entropy's ignore_index


def check_trainable(model: nn.Module) -> nn.Module:
    """The model, if it is a network with weights; otherwise `TypeError` or `ValueError`."""
    if not isinstance(model, nn.Module):
        raise TypeError(complaint("model", "a torch.nn.Module", described(model)))
    if next(model.parameters(), None) is None:
        raise ValueError(
            complaint("model", "a network with weights to learn", f"{type(model).__name__} without any")
        )
    return model


def check_fits(model: nn.Module, batch: Batch, loss: Callable, name: str, labels: Tensor | None) -> None:
    """Raise `ValueError` or `TypeError` where inputs, model, outputs, targets and loss do not fit together.

    `batch`: the first examples; `labels`: those of all examples, where they are known. Model and RNG state are as
    before.
    """
    made_in = [value for value in (*model.parameters(), *model.buffers()) if value.is_inference()]
    if made_in:
        got = "some that were made inside torch.inference_mode()"
        raise ValueError(
            complaint("model", "weights that can learn", got, "make or load the model outside of it")
        )
    inputs, targets = batch[0][:2], batch[1][:2]
    with frozen(model), torch.no_grad(), preserve_rng_state():
        inputs, targets = placed(inputs, model), placed(targets, model)
        try:
            outputs = model(inputs)
        except Exception as error:  # a network may refuse a shape in any way; what it said goes along
            shape = tuple(inputs.shape[1:])
            raise ValueError(
                complaint(name, "inputs that the model can take", f"shape {shape} ({error})")
            ) from error
    if loss is F.cross_entropy or isinstance(loss, nn.CrossEntropyLoss):
        labels = batch[1] if labels is None else labels
        _check_classes(outputs, targets, labels[labels != getattr(loss, "ignore_index", IGNORED)], name)
    elif loss in ELEMENTWISE or isinstance(loss, tuple(one for one in ELEMENTWISE if isinstance(one, type))):
        _check_same_shape(outputs, targets, name)


def _check_classes(outputs: Any, targets: Tensor, labels: Tensor, name: str) -> None:
    """Scores (B, K, ...) and labels (B, ...), or probabilities (B, K, ...), as cross_entropy takes them."""
    if not isinstance(outputs, Tensor):
        pick = "outputs.logits" if hasattr(outputs, "logits") else f"outputs[{_key(outputs)}]"
        hint = f"pass loss=lambda outputs, targets: cross_entropy({pick}, targets)"
        raise TypeError(
            complaint("loss", "outputs (B, K) for cross_entropy", described_outputs(outputs), hint)
        )
    if outputs.ndim < 2 or len(outputs) != len(targets):
        raise ValueError(
            complaint("model", "outputs (B, K), a score per class", f"shape {tuple(outputs.shape)}")
        )
    spread = (outputs.shape[0], *outputs.shape[2:])
    if targets.is_floating_point() and targets.ndim > 1:
        if targets.shape != outputs.shape:
            hint = f"targets[..., 0].long() makes labels {spread}" if targets.shape[1:] == (1,) else ""
            raise ValueError(
                complaint(
                    name, f"probabilities {_each(outputs.shape)}", f"targets {_each(targets.shape)}", hint
                )
            )
        return
    if targets.dtype != torch.long:
        raise TypeError(complaint(name, "whole numbers as labels (torch.long)", str(targets.dtype)))
    if tuple(targets.shape) != spread:
        hint = "take the last dimension away with labels.squeeze(1)" if targets.shape[1:] == (1,) else ""
        raise ValueError(complaint(name, f"labels {_each(spread)}", _each(targets.shape), hint))
    if labels.numel():
        low, high, classes = int(labels.min()), int(labels.max()), outputs.shape[1]
        if low < 0 or high >= classes:
            expected = f"labels from 0 to {classes - 1}, since the model has {classes} classes"
            raise ValueError(complaint(name, expected, f"{low} to {high}"))


def _check_same_shape(outputs: Any, targets: Tensor, name: str) -> None:
    if isinstance(outputs, Tensor) and outputs.shape != targets.shape:
        expected = f"targets {_each(outputs.shape)}, as the model's outputs"
        hint = "targets[:, None] adds a dimension" if outputs.ndim == targets.ndim + 1 else ""
        raise ValueError(complaint(name, expected, _each(targets.shape), hint))


def check_loss_value(value: Any) -> Tensor:
    """The loss of a batch, if it is one number that depends on the weights; `TypeError` or `ValueError` otherwise."""
    if not isinstance(value, Tensor):
        raise TypeError(
            complaint("loss", "a function that returns a tensor with one number", described(value))
        )
    if value.numel() != 1:
        raise ValueError(
            complaint("loss", "one number per batch", f"shape {tuple(value.shape)}", "take its mean()")
        )
    if not value.requires_grad:
        got = "a number without a graph"
        raise ValueError(
            complaint("loss", "a number that depends on the weights", got, "leave detach() and item() out")
        )
    return value


def checked_optimizer(optimizer: Any, model: nn.Module) -> torch.optim.Optimizer:
    """The optimizer, made from the parameters if need be; Adam if None. Raises `TypeError` or `ValueError`."""
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not learning:
        got = "none that asks for a gradient"
        raise ValueError(complaint("model", "weights to learn", got, "call model.requires_grad_(True) first"))
    if optimizer is None:
        return torch.optim.Adam(learning)
    made = optimizer if isinstance(optimizer, torch.optim.Optimizer) else None
    if made is None and callable(optimizer):
        made = optimizer(learning)
    if not isinstance(made, torch.optim.Optimizer):
        expected = "a torch.optim optimizer, or a function that makes one of the parameters"
        raise TypeError(complaint("optimizer", expected, described(optimizer if made is None else made)))
    own = {id(parameter) for parameter in model.parameters()}
    if not any(id(p) in own for group in made.param_groups for p in group["params"]):
        hint = "make it from model.parameters()"
        raise ValueError(complaint("optimizer", "weights of this model", "none of them", hint))
    closure = inspect.signature(type(made).step).parameters.get("closure")
    if (
        closure is not None and closure.default is closure.empty
    ):  # LBFGS evaluates the loss several times a step
        got = f"{type(made).__name__}, whose step needs a closure"
        raise ValueError(
            complaint("optimizer", "one that takes a step from the gradients alone", got, "use Adam or SGD")
        )
    return made


def described_outputs(outputs: Any) -> str:
    """What a model returns that is no tensor, in short."""
    kind = type(outputs).__name__
    if isinstance(outputs, Mapping):
        return f"{kind} with {', '.join(map(repr, outputs))}"
    return f"{kind} of {len(outputs)}" if isinstance(outputs, tuple | list) else kind


def _key(outputs: Any) -> str:
    return repr(next(iter(outputs), 0)) if isinstance(outputs, Mapping) else "0"


def _each(shape: tuple[int, ...] | torch.Size) -> str:
    """A shape with the batch as B: (B, 10)."""
    return f"({', '.join(['B', *map(str, shape[1:])])}{',' if len(shape) == 1 else ''})"
