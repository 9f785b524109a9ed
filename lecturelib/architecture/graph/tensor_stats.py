"""What a recorder reads off values: the tensors in them, their shapes and memory, and the multiply-adds that ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from torch import Tensor
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from lecturelib.architecture.graph.graph import Shape


def tensors_in(value) -> Iterator[Tensor]:
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


def shapes_of(value) -> tuple[Shape, ...]:
    return tuple(tuple(tensor.shape) for tensor in tensors_in(value))


class MultiplyAdds(TorchDispatchMode):
    """Counts, while active, the multiply-adds of every convolution and matrix product."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        outcome = function(*args, **(kwargs or {}))
        formula = flop_registry.get(function._overloadpacket)
        if formula is not None:
            self.count += formula(*args, **(kwargs or {}), out_val=outcome) // 2  # it counts both operations
        return outcome


def amount_of(parameters) -> int:
    return sum(p.numel() for p in {id(p): p for p in parameters}.values() if not is_lazy(p))


def storage_of(tensor: Tensor) -> int | None:
    try:
        return tensor.untyped_storage()._cdata
    except (NotImplementedError, RuntimeError):  # sparse tensors have none
        return None
