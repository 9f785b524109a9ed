"""What a traced pass is given: shapes become zeros, tensors are copied, and each tensor has a name."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lecturelib.architecture.graph.tensor_stats import tensors_in
from lecturelib.checks import complaint, described
from lecturelib.network.inputs import dtype_and_device
from lecturelib.network.layer_names import own_parameters, walk

Given = tuple[list, dict[str, Any]]  # positional and named inputs


def candidates(model: nn.Module, inputs: tuple, kwargs: Mapping[str, Any]) -> list[Given]:
    """What is tried as input: tensors, and zeros where a shape was given; a second time as integers for tokens.

    Zeros have the device and dtype that the network's first layer takes. Raises as `trace` does.
    """
    inputs = inputs if inputs or kwargs else (_own_shape(model),)
    kind = _kind(model)
    values = [_with_zeros(value, f"input {k}", kind) for k, value in enumerate(inputs)]
    named = {name: _with_zeros(value, name, kind) for name, value in kwargs.items()}
    shapes = any(_is_shape(value) for value in (*inputs, *kwargs.values()))
    embeds = any(isinstance(module, nn.Embedding | nn.EmbeddingBag) for _, module in walk(model))
    if not (shapes and embeds):
        return [(values, named)]
    tokens = [value.long() if isinstance(value, Tensor) else value for value in values]
    more = {name: value.long() if isinstance(value, Tensor) else value for name, value in named.items()}
    return [(values, named), (tokens, more)]


def _kind(model: nn.Module) -> tuple[torch.device, torch.dtype]:
    """Device and dtype of the zeros that stand for a shape; those of a network without values by its first weight."""
    try:
        return dtype_and_device(model)
    except ValueError:
        weights = (weight for _, module in walk(model) for weight in own_parameters(module))
        first = next((weight.dtype for weight in weights if weight.is_floating_point()), None)
        return torch.device("cpu"), first or torch.get_default_dtype()


def title_of(model: nn.Module) -> str:
    """A house network's own name, else that of the class."""
    name = getattr(model, "name", "")
    return name if isinstance(name, str) and name else type(model).__name__


def _own_shape(model: nn.Module) -> tuple[int, ...]:
    size, channels = getattr(model, "input_size", None), getattr(model, "channels", None)
    if size is not None and channels is not None:
        return (1, channels, size, size)
    raise TypeError(
        complaint(
            "inputs", f"shapes or tensors, as {title_of(model)} does not say its input size", "none",
            "give a shape, trace(model, (1, 3, 224, 224)), or tensors",
        )
    )  # fmt: skip


def _is_shape(value: object) -> bool:
    if not isinstance(value, tuple | list) or not value:
        return False
    return all(isinstance(size, int) and not isinstance(size, bool) for size in value)


def _with_zeros(value: Any, name: str, kind: tuple[torch.device, torch.dtype]) -> Any:
    """The input with every shape replaced by zeros."""
    if _is_shape(value):
        if min(value) < 1:
            raise ValueError(complaint(name, "a shape with sizes of 1 or more", tuple(value)))
        return torch.zeros(tuple(value), device=kind[0], dtype=kind[1])
    if isinstance(value, nn.Module):
        raise TypeError(complaint(name, "a shape or a tensor", f"a module, {type(value).__name__}"))
    if isinstance(value, Mapping):
        return {key: _with_zeros(item, f"{name}[{key!r}]", kind) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return value
    if isinstance(value, list | tuple):
        return type(value)(_with_zeros(item, f"{name}[{k}]", kind) for k, item in enumerate(value))
    return value


def needs_values(given: Given, tokens: bool = False) -> bool:
    """Whether the pass needs more than shapes: the lengths in a packed sequence decide what runs.

    With `tokens`, also whole numbers, which may lie beyond the table in which they are looked up.
    """
    if tokens and any(not (t.is_floating_point() or t.is_complex()) for t in tensors_in(list(given))):
        return True
    return any(isinstance(value, PackedSequence) for value in (*given[0], *given[1].values()))


def copied(value: Any, meta: bool) -> Any:
    """Fresh tensors, so that nothing of the caller's is written on and each input is its own."""
    return _mapped(value, lambda t: torch.empty_like(t, device="meta") if meta else t.detach().clone())


def _mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The value with every tensor in it changed; containers keep their type where it can be made again."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, PackedSequence):  # its batch sizes stay on the CPU
        return value._replace(data=change(value.data))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_mapped(item, change) for item in value))
    if isinstance(value, list | tuple):
        return type(value)(_mapped(item, change) for item in value)
    if type(value) is dict:
        return {key: _mapped(item, change) for key, item in value.items()}
    if isinstance(value, Mapping) or (is_dataclass(value) and not isinstance(value, type)):
        made: Any = copy.copy(value)
        if isinstance(value, Mapping):
            for key, item in value.items():
                made[key] = _mapped(item, change)
        else:
            for one in fields(value):
                object.__setattr__(made, one.name, _mapped(getattr(value, one.name), change))
        return made
    return value


def input_names(forward: Callable, values: list, named: dict[str, Any]) -> list[tuple[str, Tensor]]:
    """Each tensor that goes in, by the name of the argument; one alone is called "input"."""
    try:
        bound: Mapping[str, Any] = inspect.signature(forward).bind(*values, **named).arguments
    except (TypeError, ValueError):  # too many or too few inputs: the pass itself will say so
        bound = {**{f"input {k}": value for k, value in enumerate(values)}, **named}
    pairs = [pair for name, value in bound.items() for pair in named_tensors(name, value)]
    return [("input", pairs[0][1])] if len(pairs) == 1 else pairs


def named_tensors(name: str, value: Any) -> list[tuple[str, Tensor]]:
    """Each tensor in a value, by its key or field where it has one, else by the name and its place."""
    if isinstance(value, Tensor):
        return [(name, value)]
    if isinstance(value, PackedSequence):
        return [(name, value.data)]
    if isinstance(value, Mapping):
        return [pair for key, item in value.items() for pair in named_tensors(str(key), item)]
    if isinstance(value, list | tuple):
        names = getattr(value, "_fields", None) or [f"{name} {k}" for k in range(len(value))]
        return [pair for one, item in zip(names, value, strict=True) for pair in named_tensors(one, item)]
    if is_dataclass(value) and not isinstance(value, type):
        return [pair for one in fields(value) for pair in named_tensors(one.name, getattr(value, one.name))]
    return [(name, tensor) for tensor in tensors_in(value)]


def said(given: Given) -> str:
    """The shapes of what was given, for an error."""
    shapes = ("×".join(map(str, tensor.shape)) or "a number" for tensor in tensors_in(list(given)))
    return ", ".join(shapes) or (described(given[0]) if given[0] else "no input")
