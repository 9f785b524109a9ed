"""A training run as an iterator over its steps: it can be watched, left, and taken up again with the same numbers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lecturelib.checks import complaint
from lecturelib.network.freezing import autograd_on, training
from lecturelib.network.hooks import recording
from lecturelib.network.layer_names import walk
from lecturelib.network.rng_state import preserve_rng_state
from lecturelib.training.batches import Batch, LoaderBatches, TensorBatches, placed, total_steps
from lecturelib.training.evaluation import Loss, accuracy_of, evaluated
from lecturelib.training.fit_checks import check_loss_value
from lecturelib.training.history import History
from lecturelib.training.interrupt import defer_interrupt
from lecturelib.training.monitor import Monitor, Snapshot

STATE = ("model", "optimizer", "schedule", "batches", "rng_state", "step", "stopped", "history")

Schedule = Callable[[int], float] | torch.optim.lr_scheduler.LRScheduler


class RunStopped(RuntimeWarning):
    """A run ended before its last step, because its loss or its gradient is NaN or infinite."""


@dataclass(frozen=True, eq=False)
class TrainingStep:
    """One step of a run: its numbers, what the monitors recorded, and the history they went into.

    `step` counts from 1 to `of`, `epoch` in fractions; `accuracy` (0 to 1) is None where the outputs are no scores of
    classes; loss and accuracy are those of this step's batch, before the weights moved. `stopped` says why a run ended
    early.

    >>> import torch
    >>> from lecturelib.training import fit
    >>> step = next(fit(torch.nn.Linear(2, 2), (torch.eye(2), torch.arange(2)), steps=5))
    >>> step.step, step.of, step.learning_rate
    (1, 5, 0.001)
    """

    step: int
    of: int
    epoch: float
    loss: float
    accuracy: float | None
    learning_rate: float
    gradient_norm: float
    recorded: Mapping[str, object]
    history: History
    stopped: str = ""


@dataclass(eq=False)
class _Learned:
    """What one batch gave: its tensors and numbers, and whether the weights moved."""

    inputs: Tensor
    targets: Tensor
    outputs: Any
    activations: Mapping[str, Tensor]
    before: Mapping[str, Tensor]
    loss: float
    norm: float
    rate: float
    accuracy: float | None
    stopped: str


class Run(Iterator[TrainingStep]):
    """A training run, made by `fit`: iterate over it to train, again to go on.

    `model`, `optimizer`, `history` (what was recorded), `step` (the steps done), `of` (where it ends), `stopped` (why
    it ended early, or ""). See `fit` for an example.

    >>> import torch
    >>> from lecturelib.training import fit
    >>> fit(torch.nn.Linear(2, 2), (torch.eye(2), torch.arange(2)), epochs=3)
    <Run of Linear: step 0 of 3>
    """

    def __init__(
        self,
        model: nn.Module,
        batches: TensorBatches | LoaderBatches,
        of: int,
        optimizer: torch.optim.Optimizer,
        loss: Loss,
        schedule: Schedule | None,
        monitors: Sequence[Monitor],
        validation: Callable[[], Iterable[Batch]] | None,
        validate_every: int,
        seed: int,
    ):
        self.model, self.optimizer, self.of = model, optimizer, of
        self.step, self.stopped = 0, ""
        self.history = History(
            {"batch_size": batches.batch_size, "steps_per_epoch": batches.per_epoch, "seed": seed}
        )
        self._batches, self._loss, self._schedule, self._monitors = batches, loss, schedule, monitors
        self._validation, self._every = validation, validate_every
        self._first = True  # what is recorded once is recorded at this run's first step
        with preserve_rng_state():
            torch.manual_seed(seed)
            self._rng_state = torch.get_rng_state()

    def __iter__(self) -> Run:
        return self

    def __next__(self) -> TrainingStep:
        if self.stopped or self.step >= self.of:
            raise StopIteration
        with training(self.model), defer_interrupt(), autograd_on():
            done = self._one_step()
            if done.stopped:
                warnings.warn(done.stopped, RunStopped, stacklevel=2)
            return done

    def __repr__(self) -> str:
        return f"<Run of {type(self.model).__name__}: step {self.step} of {self.of}>"

    def extend(self, *, epochs: int | None = None, steps: int | None = None) -> Run:
        """Move the end of the run by so many epochs or steps, and return the run: `for step in run.extend(epochs=1)`.

        Raises `ValueError` for a run that stopped early, for both or neither, or no whole number above 0.

        >>> import torch
        >>> from lecturelib.training import fit
        >>> run = fit(torch.nn.Linear(2, 2), (torch.eye(2), torch.arange(2)), steps=2)
        >>> len(list(run)), len(list(run)), len(list(run.extend(steps=3))), run.step
        (2, 0, 3, 5)
        """
        if self.stopped:
            raise ValueError(
                complaint("extend", "a run that can go on", f"one that stopped at step {self.step}")
            )
        self.of += total_steps(epochs, steps, self._batches.per_epoch)
        return self

    # --- one step ----------------------------------------------------------------------------------------------

    def _one_step(self) -> TrainingStep:
        if self.step == 0 and self._validation is not None and "validation_loss" not in self.history:
            self.history.add(0, self._validated())
        number = self.step + 1
        due = [one for one in self._monitors if one.due(number, self._first)]
        learned = self._learn(number, due)
        self.step, self.stopped = number, learned.stopped
        recorded: dict[str, object] = {
            "loss": learned.loss, "learning_rate": learned.rate, "gradient_norm": learned.norm,
        }  # fmt: skip
        if learned.accuracy is not None:
            recorded["accuracy"] = learned.accuracy
        self.history.add(number, recorded)
        if not learned.stopped:
            recorded |= self._monitored(number, due, learned)
        self._first = False
        if self._validation is not None and (
            number % self._every == 0 or number == self.of or learned.stopped
        ):
            found = self._validated()
            self.history.add(number, found)
            recorded |= found
        return TrainingStep(
            number, self.of, number / self._batches.per_epoch, learned.loss, learned.accuracy, learned.rate,
            learned.norm, recorded, self.history, learned.stopped,
        )  # fmt: skip

    def _learn(self, number: int, due: Sequence[Monitor]) -> _Learned:
        """One batch: loss, gradient, and the optimizer's step where they are finite. An error leaves all as it was."""
        layers = list(dict.fromkeys(name for one in due for name in one.layers_of(self.model)))
        at_place, rng_state = self._batches.state(), self._rng_state
        try:
            with self._own_rng_state():
                inputs, targets = (placed(part, self.model) for part in self._batches.next())
                rate = self._set_rate()
                with _train_mode(self.model):
                    self.optimizer.zero_grad(set_to_none=True)
                    watch: Any = recording(self.model, layers) if layers else nullcontext({})
                    with watch as activations:
                        outputs = self.model(inputs)
                    loss = check_loss_value(self._loss(outputs, targets))
                    value = loss.item()
                    if math.isfinite(value):
                        loss.backward()
                norm = self._gradient_norm() if math.isfinite(value) else math.nan
                before = self._weights() if any(one.before for one in due) else {}
                stopped = _why_stopped(number, value, norm, rate, inputs)
                accuracy = accuracy_of(outputs, targets)
                # whatever can fail has been done before the weights move
                if not stopped:
                    self.optimizer.step()
                    scheduler: Any = self._schedule
                    if hasattr(scheduler, "step"):
                        scheduler.step()
        except BaseException:
            self._batches.load(at_place)  # the batch was not learned: it comes again
            self._rng_state = rng_state
            raise
        return _Learned(
            inputs, targets, outputs, activations, before, value, norm, rate, accuracy, stopped
        )  # fmt: skip

    def _monitored(self, number: int, due: Sequence[Monitor], learned: _Learned) -> dict[str, object]:
        snapshot = Snapshot(
            self.model, number, learned.inputs, learned.targets, _detached(learned.outputs), learned.activations,
            learned.before,
        )  # fmt: skip
        recorded: dict[str, object] = {}
        for one in due:
            found = one(snapshot)
            self.history.add(number, found)
            recorded |= found
        return recorded

    def _set_rate(self) -> float:
        if callable(self._schedule) and not hasattr(self._schedule, "step"):
            rate = float(self._schedule(self.step))
            if not 0 <= rate < math.inf:
                raise ValueError(
                    complaint("schedule", f"a learning rate from 0 up at step {self.step}", rate)
                )
            for group in self.optimizer.param_groups:
                group["lr"] = rate
        return float(self.optimizer.param_groups[0]["lr"])

    def _gradient_norm(self) -> float:
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        return torch.stack(torch._foreach_norm(gradients)).norm().item() if gradients else 0.0

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.model.named_parameters()}

    def _validated(self) -> dict[str, float]:
        if self._validation is None:
            return {}
        loss, right = evaluated(self.model, self._validation(), self._loss)
        found = {"validation_loss": loss}
        return found if right is None else {**found, "validation_accuracy": right}

    @contextmanager
    def _own_rng_state(self) -> Iterator[None]:
        """Inside, torch's generator is this run's: another cell's draws change nothing, and it is given back."""
        with preserve_rng_state():
            torch.set_rng_state(self._rng_state)
            try:
                yield
            finally:
                self._rng_state = torch.get_rng_state()

    # --- going on ----------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, object]:
        """All that going on exactly needs, as tensors, numbers and words; see `save_checkpoint`."""
        scheduler: Any = self._schedule
        schedule = scheduler.state_dict() if hasattr(scheduler, "state_dict") else None
        arrays = {name: torch.from_numpy(values) for name, values in self.history.as_arrays().items()}
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": schedule,
            "batches": self._batches.state(),
            "rng_state": self._rng_state.clone(),
            "step": self.step,
            "stopped": self.stopped,
            "history": arrays,
        }

    @autograd_on(record=False)  # what is copied under inference_mode could not be trained afterwards
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to where `state_dict` was taken.

        Raises `ValueError` or `KeyError`, before any change, for another model, data or optimizer, or missing parts.
        """
        lost = [name for name in STATE if name not in state]
        if lost:
            raise KeyError(complaint("state", f"a part {lost[0]!r}", "none"))
        own = {name: tuple(value.shape) for name, value in self.model.state_dict().items()}
        came = {name: tuple(value.shape) for name, value in state["model"].items()}
        if own != came:
            odd = sorted(set(own.items()) ^ set(came.items()))[0][0]
            raise ValueError(
                complaint("state", f"the model's {odd!r} of shape {own.get(odd)}", came.get(odd))
            )
        self._batches.check(state["batches"])
        scheduler: Any = self._schedule
        scheduled = hasattr(scheduler, "state_dict")
        if (state["schedule"] is not None) != scheduled:
            with_without = (
                ("one of a run with", "one without") if scheduled else ("one of a run without", "one with")
            )
            raise ValueError(complaint("state", f"{with_without[0]} a torch scheduler", f"{with_without[1]}"))
        saved, groups = state["optimizer"]["param_groups"], self.optimizer.param_groups
        # torch would take another kind's state, and fail later
        if [set(group) for group in saved] != [set(group) for group in groups]:
            raise ValueError(
                complaint("state", f"that of {type(self.optimizer).__name__}", "another optimizer's")
            )
        arrays = {name: values.numpy() for name, values in state["history"].items()}
        history = History.from_arrays(arrays, self.history.notes)
        self.optimizer.load_state_dict(state["optimizer"])  # checks its groups before it takes anything
        self.model.load_state_dict(state["model"])
        if state["schedule"] is not None:
            scheduler.load_state_dict(state["schedule"])
        self._batches.load(state["batches"])
        self._rng_state = state["rng_state"].clone()
        self.step, self.stopped, self._first = state["step"], state["stopped"], False
        self.history = history


@contextmanager
def _train_mode(model: nn.Module) -> Iterator[None]:
    """Training mode inside the `with`; every submodule then is in the mode it was found in."""
    found = [(module, module.training) for _, module in walk(model)]
    model.train()
    try:
        yield
    finally:
        for module, mode in found:
            module.training = mode


def _detached(outputs: Any) -> Any:
    """The outputs without their graph: a tensor, or tensors in tuples, lists and dicts."""
    if isinstance(outputs, Tensor):
        return outputs.detach()
    if isinstance(outputs, Mapping):
        return {name: _detached(value) for name, value in outputs.items()}
    return tuple(map(_detached, outputs)) if isinstance(outputs, tuple | list) else outputs


def _why_stopped(step: int, loss: float, norm: float, rate: float, inputs: Tensor) -> str:
    if math.isfinite(loss) and math.isfinite(norm):
        return ""
    what, value = ("loss", loss) if not math.isfinite(loss) else ("norm of the gradient", norm)
    low, high = inputs.min().item(), inputs.max().item()
    return (
        f"the run stopped at step {step}: the {what} is {value}. The weights are those from before this step and the "
        f"history is kept. Look at the learning rate ({rate:g}), at the scale of the inputs ({low:.3g} to {high:.3g}) "
        "and at gradient_norm in the steps before"
    )
