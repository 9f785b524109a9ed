"""Which step made a tensor, or wrote on it last: what a recorder knows of the tensors of one pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn

from lecturelib.architecture.graph.graph import Shape
from lecturelib.architecture.graph.tensor_stats import storage_of, tensors_in

Source = tuple[int, Shape]  # the node that a tensor comes from, and its shape


class TensorOrigins:
    """The node of each tensor, through views and changes in place; the parameters in each constant.

    Tensors are kept, so that an id and a storage's address stay their own for the length of the pass.
    """

    def __init__(self, constants: Iterable[tuple[str, Tensor]]):
        self._made: dict[int, tuple[Tensor, int]] = {}  # id -> tensor, the node that made it
        self._constant: dict[int, tuple[Tensor, tuple[str, ...]]] = {}  # id -> tensor, parameters it holds
        self._log: list[int] = []  # ids in the order of being made
        self._written: dict[int | None, int] = {}  # storage -> the last node that wrote there
        self._writes: list[int | None] = []
        self._storages: dict[int | None, int] = {}  # storage -> the node that first gave it
        for name, tensor in constants:
            self.hold(tensor, (name,) if isinstance(tensor, nn.Parameter) else ())

    @property
    def mark(self) -> tuple[int, int]:
        """Where the logs stand now; see `hand_over`."""
        return len(self._log), len(self._writes)

    def maker(self, tensor: Tensor) -> int | None:
        """The node whose result a tensor is, or None for a constant."""
        made = self._made.get(id(tensor))
        if made is None:
            return None
        return max(made[1], self._written.get(storage_of(tensor), -1))

    def made_before(self, tensor: Tensor, node: int) -> bool:
        """Whether a tensor was there before a node ran, as a result of another."""
        made = self._made.get(id(tensor))
        return made is not None and made[1] < node

    def known(self, tensor: Tensor) -> bool:
        """Whether a tensor is a result or a constant."""
        return id(tensor) in self._made or id(tensor) in self._constant

    def sources(self, value: Any) -> list[Source]:
        """(node, shape) of each tensor in a value that a node made."""
        found, seen = [], set()
        for tensor in tensors_in(value):
            maker = self.maker(tensor)
            if maker is not None and id(tensor) not in seen:
                seen.add(id(tensor))
                found.append((maker, tuple(tensor.shape)))
        return found

    def weights(self, tensors: Iterable[Tensor]) -> tuple[str, ...]:
        """The names of the parameters that constants among these tensors hold."""
        return tuple(dict.fromkeys(w for t in tensors for w in self._constant.get(id(t), (t, ()))[1]))

    def hold(self, tensor: Tensor, weights: tuple[str, ...]) -> None:
        """Notes a constant and the parameters that it was made of."""
        self._constant[id(tensor)] = (tensor, weights)

    def give(self, tensors: Iterable[Tensor], node: int) -> int:
        """Notes which node made these tensors; returns the bytes of memory that are new."""
        new, here = 0, set()
        for tensor in tensors:
            self._made[id(tensor)] = (tensor, node)
            self._log.append(id(tensor))
            storage = storage_of(tensor)
            # first given by this node, or by a function that became part of it
            if storage not in here and self._storages.get(storage, node) >= node:
                new += tensor.numel() * tensor.element_size()
                self._storages[storage] = node
            here.add(storage)
        return new

    def write(self, tensor: Tensor, node: int) -> None:
        """Notes that a node changed a tensor in place, and with it all that shares its memory."""
        self._made.setdefault(id(tensor), (tensor, node))
        self._written[storage_of(tensor)] = node
        self._writes.append(storage_of(tensor))

    def hand_over(self, mark: tuple[int, int], node: int) -> None:
        """All that was made and written since a mark belongs to one node."""
        for ident in self._log[mark[0] :]:
            self._made[ident] = (self._made[ident][0], node)
        for storage in self._writes[mark[1] :]:
            self._written[storage] = node
