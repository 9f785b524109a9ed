"""What a monitor is: a measurement that is taken every so many steps of a run; `monitors.py` holds those there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from lecturelib.checks import check_whole, complaint, described

ONCE = 0  # every=ONCE: at the first step of a run only


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What a monitor can read after a step.

    `inputs` (B, ...), `targets` (B, ...) and `outputs` of the batch (as the model gave them, without their graph), the
    `model` with its gradients (`parameter.grad`), the `activations` of the layers it asked for, and the weights
    `before` the step, by parameter, where it asked for them.
    """

    model: nn.Module
    step: int
    inputs: Tensor
    targets: Tensor
    outputs: Any
    activations: Mapping[str, Tensor] = field(default_factory=dict)
    before: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Monitor:
    """A measurement, how often it is taken (`every` so many steps, `ONCE`), and what it needs.

    `layers(model)`: names of the layers whose activations it reads. `before`: whether it compares the weights with
    those before the step.

    >>> import torch
    >>> from lecturelib.training import Monitor, fit
    >>> def largest_score(snapshot):
    ...     return {"largest score": snapshot.outputs.max().item()}
    >>> watch = [Monitor(largest_score, every=2)]
    >>> run = fit(torch.nn.Linear(2, 2), (torch.eye(2), torch.arange(2)), steps=4, monitors=watch)
    >>> for step in run:
    ...     pass
    >>> run.history.steps("largest score").tolist()
    [1, 2, 4]
    """

    measure: Callable[[Snapshot], Mapping[str, object]]
    every: int = 1
    layers: Callable[[nn.Module], Sequence[str]] | None = None
    before: bool = False

    def __post_init__(self):
        check_whole("every", self.every)

    @classmethod
    def of(cls, one: Monitor | Callable[[Snapshot], Mapping[str, object]]) -> Monitor:
        """The monitor itself, or one that calls the function at every step; `TypeError` for anything else."""
        if isinstance(one, Monitor):
            return one
        if not callable(one):
            raise TypeError(complaint("monitors", "functions snapshot -> {name: number}", described(one)))
        return cls(one)

    def due(self, step: int, first: bool) -> bool:
        """Is it taken at this step? At the first one of a run always, so that a curve has its beginning."""
        return first or (self.every > 0 and step % self.every == 0)

    def layers_of(self, model: nn.Module) -> Sequence[str]:
        return self.layers(model) if self.layers else ()

    def __call__(self, snapshot: Snapshot) -> Mapping[str, object]:
        with torch.no_grad():
            found = self.measure(snapshot)
        if not isinstance(found, Mapping):
            raise TypeError(complaint("monitors", "a monitor that returns {name: number}", described(found)))
        return found
