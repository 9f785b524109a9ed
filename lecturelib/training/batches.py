"""Resumable mini-batches: an order of the examples that can be left and taken up again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn

from lecturelib.checks import check_whole, complaint, described
from lecturelib.network.inputs import to_the_weights

EVALUATED = 500  # examples at once where nothing is learned

Batch = tuple[Tensor, Tensor]
Data = Batch | Iterable[Batch]  # (inputs, targets), or a DataLoader of such pairs


class TensorBatches:
    """Batches of tensors in a new order every epoch, drawn from a seed.

    A last batch of a single example is left out, since batch normalization cannot take it.

    >>> import torch
    >>> batches = TensorBatches(torch.arange(4.0)[:, None], torch.arange(4), batch_size=2, shuffle=True, seed=0)
    >>> sorted([*batches.next()[1].tolist(), *batches.next()[1].tolist()])
    [0, 1, 2, 3]
    """

    def __init__(self, inputs: Tensor, targets: Tensor, batch_size: int, shuffle: bool, seed: int):
        self.inputs, self.targets, self.batch_size, self.shuffle = inputs, targets, batch_size, shuffle
        full, rest = divmod(len(inputs), batch_size)
        self.per_epoch = full + (rest > 1 or not full)
        self._generator = torch.Generator().manual_seed(seed)
        self._start = self._generator.get_state()  # as it was when this epoch's order was drawn
        self._order: Tensor | None = None
        self._place = 0

    def next(self) -> Batch:
        if self._place == self.per_epoch:
            self._place, self._order = 0, None
        if self._order is None:
            self._start = self._generator.get_state()
            self._order = self._drawn()
        rows = self._order[self._place * self.batch_size : (self._place + 1) * self.batch_size]
        self._place += 1
        return self.inputs[rows], self.targets[rows]

    def _drawn(self) -> Tensor:
        count = len(self.inputs)
        return torch.randperm(count, generator=self._generator) if self.shuffle else torch.arange(count)

    def state(self) -> dict[str, object]:
        return {"kind": "tensors", "examples": len(self.inputs), "batch_size": self.batch_size,
                "shuffle": self.shuffle, "start": self._start, "place": self._place}  # fmt: skip

    def check(self, state: dict) -> None:
        _same(state, self.state(), ("kind", "examples", "batch_size", "shuffle"))

    def load(self, state: dict) -> None:
        self._start, self._place = state["start"].clone(), state["place"]
        self._generator.set_state(self._start)
        self._order = self._drawn()  # from the state at the epoch's start: the same order

    def example(self) -> Batch:
        return self.inputs[:2], self.targets[:2]

    def labels(self) -> Tensor | None:
        return self.targets


class LoaderBatches:
    """Batches of a DataLoader, which decides on their size and order."""

    def __init__(self, loader: Iterable[Batch]):
        self.loader, self.batch_size = loader, getattr(loader, "batch_size", None)
        sized: Any = loader
        try:
            self.per_epoch = len(sized)
        except TypeError as error:
            raise TypeError(
                complaint("data", "a loader with a length, so that epochs can be counted", "none")
            ) from error
        if self.per_epoch == 0:
            hint = "fill its data set, or leave drop_last out"
            raise ValueError(complaint("data", "a loader with at least one batch", "none", hint))
        self._own: torch.Generator | None = getattr(loader, "generator", None)
        self._iterator: Iterator | None = None
        self._place, self._skip = 0, 0
        self._start: dict[str, Any] | None = None

    def next(self) -> Batch:
        if self._place == self.per_epoch:
            self._place, self._skip, self._iterator, self._start = 0, 0, None, None
        iterator = self._begin() if self._iterator is None else self._iterator
        batch = _pair(next(iterator), "data")
        self._place += 1
        return batch

    def _begin(self) -> Iterator:
        now = torch.get_rng_state()
        if self._start is None:
            self._start = {"rng_state": now, "own": self._own_state()}
        else:  # an epoch that was left half-way: the same order again, up to the same place
            torch.set_rng_state(self._start["rng_state"])
            if self._own is not None:
                self._own.set_state(self._start["own"])
        self._iterator = iterator = iter(self.loader)
        for _ in range(self._skip):
            next(iterator)
        if self._skip:
            torch.set_rng_state(now)
        self._skip = 0
        return iterator

    def state(self) -> dict[str, object]:
        return {"kind": "loader", "batches": self.per_epoch, "start": self._start, "place": self._place,
                "own": self._own_state()}  # fmt: skip

    def _own_state(self) -> Tensor | None:
        return None if self._own is None else self._own.get_state()

    def check(self, state: dict) -> None:
        _same(state, self.state(), ("kind", "batches"))
        if (state["own"] is None) != (self._own is None):
            expected, got = ("one without", "one with") if self._own is None else ("one with", "one without")
            raise ValueError(complaint("state", f"{expected} a generator of the loader", got))

    def load(self, state: dict) -> None:
        if self._iterator is not None and state["place"] == self._place and state["start"] is self._start:
            return  # it is there already
        self._start, self._place, self._iterator = state["start"], state["place"], None
        self._skip = self._place
        if self._own is not None:
            self._own.set_state(state["own"])

    def example(self) -> Batch:
        own = None if self._own is None else self._own.get_state()
        with torch.random.fork_rng(devices=[]):
            inputs, targets = _pair(next(iter(self.loader), None), "data")
        if self._own is not None and own is not None:
            self._own.set_state(own)
        return inputs[:2], targets[:2]

    def labels(self) -> Tensor | None:
        return None


def batches_of(
    data: Data, batch_size: int, shuffle: bool, seed: int, name: str
) -> TensorBatches | LoaderBatches:
    """Batches to learn from; raises `ValueError` or `TypeError` where the data is none."""
    check_whole("seed", seed)
    if _is_pair(data):
        check_whole("batch_size", batch_size, 1)
        inputs, targets = _checked(data, name)
        return TensorBatches(inputs, targets, batch_size, shuffle, seed)
    if hasattr(data, "__iter__") and hasattr(data, "__len__") and not isinstance(data, Tensor | tuple | list):
        return LoaderBatches(data)
    raise TypeError(complaint(name, "(inputs, targets) or a DataLoader", _short(data)))


def parts(data: Data, name: str) -> Callable[[], Iterator[Batch]]:
    """A function that goes once over the data, in batches, without learning."""
    if _is_pair(data):
        inputs, targets = _checked(data, name)
        return lambda: zip(inputs.split(EVALUATED), targets.split(EVALUATED), strict=True)
    if hasattr(data, "__iter__") and not isinstance(data, Tensor | tuple | list):
        return lambda: (_pair(batch, name) for batch in data)
    raise TypeError(complaint(name, "(inputs, targets) or a DataLoader", _short(data)))


def total_steps(epochs: int | None, steps: int | None, per_epoch: int) -> int:
    """How many steps a run has, told in epochs or in steps; `ValueError` for both, none, or no whole number above 0."""
    if (epochs is None) == (steps is None):
        got = "both" if steps is not None else "neither"
        raise ValueError(complaint("epochs, steps", "one of the two", got))
    if steps is not None:
        return check_whole("steps", steps, 1)
    return check_whole("epochs", epochs or 0, 1) * per_epoch


def placed(tensor: Tensor, model: nn.Module) -> Tensor:
    """The tensor on the device of the model's weights, and in their dtype where it holds floats."""
    if tensor.is_floating_point():
        return to_the_weights(tensor, model)
    return tensor.to(next(model.parameters()).device)


def _is_pair(data: object) -> TypeGuard[Batch]:
    return isinstance(data, tuple | list) and len(data) == 2 and all(isinstance(one, Tensor) for one in data)


def _pair(batch: object, name: str) -> Batch:
    if batch is None:
        raise ValueError(complaint(name, "a loader with at least one batch", "none"))
    if not _is_pair(batch):
        raise TypeError(complaint(name, "a loader of pairs of tensors (inputs, targets)", _short(batch)))
    # What was made under inference_mode cannot take part in a gradient.
    inputs, targets = (one.clone() if one.is_inference() else one for one in batch)
    return inputs, targets


def _checked(data: Batch, name: str) -> Batch:
    inputs, targets = data
    if len(inputs) == 0 or len(inputs) != len(targets):
        raise ValueError(
            complaint(
                name,
                "as many inputs as targets, at least one",
                f"{len(inputs)} inputs and {len(targets)} targets",
            )
        )
    if inputs.dtype in (torch.uint8, torch.bool):
        raise TypeError(
            complaint(name, "inputs as floats", str(inputs.dtype), "for pixels pass images.float() / 255")
        )
    if inputs.is_floating_point() and not inputs.isfinite().all():
        raise ValueError(complaint(name, "finite inputs", "NaN or infinity"))
    return inputs, targets


def _short(value: object) -> str:
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, tuple | list) else described(value)


def _same(came: dict, own: dict, keys: tuple[str, ...]) -> None:
    for key in keys:
        if came.get(key) != own[key]:
            raise ValueError(
                complaint("data", f"{key.replace('_', ' ')} {own[key]}, as this run has", came.get(key))
            )
