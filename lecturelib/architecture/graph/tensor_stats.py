"""What a recorder reads off values: the tensors in them, their shapes and memory, and the multiply-adds that ran."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from math import prod

import torch
from torch import Tensor
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from lecturelib.architecture.graph.graph import Shape


def tensors_in(value: object) -> Iterator[Tensor]:
    """All tensors in nested tuples, lists, dictionaries and data classes, in order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from tensors_in(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from tensors_in(getattr(value, one.name))


def shapes_of(value: object) -> tuple[Shape, ...]:
    """The shapes of all tensors in a value."""
    return tuple(tuple(tensor.shape) for tensor in tensors_in(value))


def _attention(query: Tensor, key: Tensor, value: Tensor, *_, **__) -> int:
    return prod(query.shape[:-1]) * key.shape[-2] * (query.shape[-1] + value.shape[-1])  # q kᵀ, then a v


def _trilinear(first: Tensor, weight: Tensor, second: Tensor, *_, **__) -> int:
    """nn.Bilinear: for each output a matrix times the first input, and that times the second."""
    outputs, rows, columns = weight.shape
    return len(first) * outputs * (rows * columns + columns)


# What PyTorch's own counter leaves out, by hand: products with a vector, and fused attention on a CPU.
_aten = torch.ops.aten
_PRODUCTS: dict[object, Callable[..., int]] = {
    _aten.mv: lambda matrix, vector: matrix.numel(),
    _aten.addmv: lambda bias, matrix, vector, **_: matrix.numel(),
    _aten.dot: lambda first, second: first.numel(),
    _aten.vdot: lambda first, second: first.numel(),
    _aten.addbmm: lambda bias, first, second, **_: first.numel() * second.shape[-1],
    _aten.conv_tbc: lambda x, weight, bias, pad=0: (
        (len(x) + 2 * pad - len(weight) + 1) * x.shape[1] * weight.numel()  # (time, batch, channels)
    ),
    _aten._trilinear: _trilinear,
    _aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    _aten._scaled_dot_product_fused_attention_overrideable: _attention,
}


class MultiplyAdds(TorchDispatchMode):
    """Counts, while active, the multiply-adds of every convolution and matrix product."""

    def __init__(self):
        super().__init__()
        self.count = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # else PyTorch imports its compiler at the first operation, which takes seconds; nothing is compiled here
        return False

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        outcome = function(*args, **(kwargs or {}))
        formula = flop_registry.get(function._overloadpacket)
        if formula is not None:
            self.count += formula(*args, **(kwargs or {}), out_val=outcome) // 2  # it counts both operations
        elif (own := _PRODUCTS.get(function._overloadpacket)) is not None:
            self.count += own(*args, **(kwargs or {}))
        return outcome


def count_parameters(parameters: Iterable[Tensor]) -> int:
    """How many numbers they hold, each parameter counted once; those without a shape yet count 0."""
    return sum(p.numel() for p in {id(p): p for p in parameters}.values() if not is_lazy(p))


def storage_of(tensor: Tensor) -> int | None:
    """What tells one piece of memory from another; None for a sparse tensor."""
    try:
        return tensor.untyped_storage()._cdata
    except (NotImplementedError, RuntimeError):
        return None


def version_of(tensor: Tensor) -> int:
    """How often a tensor was written in place; a tensor made in inference mode does not count."""
    return 0 if tensor.is_inference() else tensor._version
