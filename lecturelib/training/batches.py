"""What a run learns from: batches in an order that can be left and taken up again, and the checks before any work."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

EVALUATED = 500  # examples at once where nothing is learnt

Batch = tuple[Tensor, Tensor]


class TensorBatches:
    """Batches of tensors in a new order every epoch, drawn from a seed.

    A last batch of a single example is left out, since batch normalisation cannot take it.
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

    def __init__(self, loader):
        self.loader, self.batch_size = loader, getattr(loader, "batch_size", None)
        try:
            self.per_epoch = len(loader)
        except TypeError as error:
            raise TypeError(
                "data: a loader that knows its length is needed, so that epochs can be counted"
            ) from error
        if self.per_epoch == 0:
            raise ValueError("data: the loader gives no batch: its data set is empty, or drop_last drops all")
        self._own = getattr(loader, "generator", None)
        self._iterator: Iterator | None = None
        self._place, self._skip = 0, 0
        self._start: dict[str, Tensor | None] | None = None

    def next(self) -> Batch:
        if self._place == self.per_epoch:
            self._place, self._skip, self._iterator, self._start = 0, 0, None, None
        if self._iterator is None:
            self._begin()
        batch = _pair(next(self._iterator), "data")
        self._place += 1
        return batch

    def _begin(self) -> None:
        now = torch.get_rng_state()
        if self._start is None:
            self._start = {"chance": now, "own": self._own_state()}
        else:  # an epoch that was left half-way: the same order again, up to the same place
            torch.set_rng_state(self._start["chance"])
            if self._own is not None:
                self._own.set_state(self._start["own"])
        self._iterator = iter(self.loader)
        for _ in range(self._skip):
            next(self._iterator)
        if self._skip:
            torch.set_rng_state(now)
        self._skip = 0

    def state(self) -> dict[str, object]:
        return {"kind": "loader", "batches": self.per_epoch, "start": self._start, "place": self._place,
                "own": self._own_state()}  # fmt: skip

    def _own_state(self) -> Tensor | None:
        return None if self._own is None else self._own.get_state()

    def check(self, state: dict) -> None:
        _same(state, self.state(), ("kind", "batches"))

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
        if own is not None:
            self._own.set_state(own)
        return inputs[:2], targets[:2]

    def labels(self) -> Tensor | None:
        return None


def batches_of(data, batch_size: int, shuffle: bool, seed: int, name: str) -> TensorBatches | LoaderBatches:
    """Batches to learn from; raises `ValueError` or `TypeError` where the data is none."""
    if _is_pair(data):
        for what, value in (
            ("batch_size", batch_size),
            ("seed", seed + 1 if isinstance(seed, int) else seed),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{what}: a whole number is needed, got {value!r}")
        inputs, targets = _checked(*data, name)
        return TensorBatches(inputs, targets, batch_size, shuffle, seed)
    if hasattr(data, "__iter__") and hasattr(data, "__len__") and not isinstance(data, Tensor | tuple | list):
        return LoaderBatches(data)
    raise TypeError(f"{name}: (inputs, targets) or a DataLoader is needed, got {type(data).__name__}")


def parts(data, name: str) -> Callable[[], Iterator[Batch]]:
    """A function that goes once over the data, in batches, for looking at it without learning."""
    if _is_pair(data):
        inputs, targets = _checked(*data, name)
        return lambda: zip(inputs.split(EVALUATED), targets.split(EVALUATED), strict=True)
    if hasattr(data, "__iter__") and not isinstance(data, Tensor | tuple | list):
        return lambda: (_pair(batch, name) for batch in data)
    raise TypeError(f"{name}: (inputs, targets) or a DataLoader is needed, got {type(data).__name__}")


def check_fits(model: nn.Module, batch: Batch, loss, name: str, labels: Tensor | None) -> None:
    """`ValueError` where the model cannot take the inputs, or where its classes and the labels do not fit."""
    inputs, targets = batch
    weights = next(model.parameters())
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with torch.no_grad():
            outputs = model(placed(inputs[:2], weights))
    except Exception as error:  # a network may refuse a shape in any way; what it said goes along
        raise ValueError(
            f"{name}: the model cannot take inputs of shape {tuple(inputs.shape[1:])} ({error})"
        ) from error
    finally:
        for module, mode in modes:
            module.training = mode
    if loss is not cross_entropy or not isinstance(outputs, Tensor) or targets.ndim != 1:
        return
    if targets.dtype != torch.long:
        raise TypeError(f"{name}: labels are whole numbers (torch.long), got {targets.dtype}")
    labels = targets if labels is None else labels
    low, high = int(labels.min()), int(labels.max())
    if outputs.ndim == 2 and (low < 0 or high >= outputs.shape[1]):
        raise ValueError(
            f"{name}: labels run from {low} to {high}, but the model has {outputs.shape[1]} classes "
            f"(0 to {outputs.shape[1] - 1})"
        )


def total_steps(epochs: int | None, steps: int | None, per_epoch: int) -> int:
    """How many steps a run has, told in epochs or in steps; `ValueError` for both, none, or no whole number above 0."""
    if (epochs is None) == (steps is None):
        raise ValueError("say either epochs=... or steps=...")
    name, value = ("steps", steps) if epochs is None else ("epochs", epochs)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name}={value!r}: a whole number above 0 is needed")
    return value if epochs is None else value * per_epoch


def placed(tensor: Tensor, weights: Tensor) -> Tensor:
    """The tensor on the weights' device, and in their dtype where it holds floats."""
    dtype = weights.dtype if tensor.is_floating_point() else tensor.dtype
    return tensor.to(weights.device, dtype)


def _is_pair(data) -> bool:
    return isinstance(data, tuple | list) and len(data) == 2 and all(isinstance(one, Tensor) for one in data)


def _pair(batch, name: str) -> Batch:
    if batch is None:
        raise ValueError(f"{name}: the loader gives no batch")
    if not _is_pair(batch):
        raise TypeError(
            f"{name}: the loader must give (inputs, targets) as tensors, got {type(batch).__name__}"
        )
    return batch[0], batch[1]


def _checked(inputs: Tensor, targets: Tensor, name: str) -> Batch:
    if len(inputs) == 0 or len(inputs) != len(targets):
        raise ValueError(
            f"{name}: {len(inputs)} inputs for {len(targets)} targets; equally many, at least one"
        )
    if not inputs.is_floating_point():
        raise TypeError(f"{name}: inputs are floats, got {inputs.dtype}; pixels: images.float() / 255")
    if not inputs.isfinite().all():
        raise ValueError(f"{name}: there is NaN or infinity among the inputs")
    return inputs, targets


def _same(came: dict, own: dict, keys: tuple[str, ...]) -> None:
    for key in keys:
        if came.get(key) != own[key]:
            raise ValueError(f"the data's {key.replace('_', ' ')} is {own[key]} now and was {came.get(key)}")
