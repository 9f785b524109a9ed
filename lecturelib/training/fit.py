"""Training as an iterator: each step is handed out, so that a notebook can draw it, stop it, and go on."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lecturelib.network.hooks import recording
from lecturelib.training.batches import batches_of, check_fits, parts, placed, total_steps
from lecturelib.training.evaluation import (
    Loss,
    accuracy_of,
    chance_kept,
    check_model,
    evaluate,
    evaluated,
    in_mode,
)
from lecturelib.training.history import History
from lecturelib.training.interrupt import whole_steps
from lecturelib.training.monitors import Look, Monitor

STATE = ("model", "optimizer", "schedule", "batches", "chance", "step", "stopped", "history")

__all__ = ["Run", "RunStopped", "Step", "evaluate", "fit"]


class RunStopped(RuntimeWarning):
    """A run ended before its last step, because its loss or its gradient is no number any more."""


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a run: its numbers, what the monitors recorded, and the history they went into.

    `step` counts from 1 to `of`, `epoch` in fractions; `accuracy` is None where the outputs are no classes; loss and
    accuracy are those of this step's batch, before the weights moved. `stopped` says why a run ended early.
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


def fit(
    model: nn.Module,
    data,
    *,
    epochs: int | None = None,
    steps: int | None = None,
    optimizer=None,
    loss: Loss = cross_entropy,
    schedule=None,
    monitors: Sequence[Monitor | Callable] = (),
    validation=None,
    validate_every: int | None = None,
    batch_size: int = 64,
    shuffle: bool = True,
    seed: int = 0,
    history: History | None = None,
) -> Run:
    """Train a model step by step: `for step in fit(model, (images, labels), epochs=3): ...`.

    data, validation: (inputs (N, ...), targets (N, ...)) or a DataLoader, which then decides on batches and order.
    `epochs` or `steps`: where the run ends, counted from its first step. `optimizer`: one of torch's, or a function of
    the parameters; Adam with its usual rate if None. `schedule`: a function of the step, from 0, that gives the
    learning rate, or one of torch's schedulers. `monitors`: see `training.monitors`. `validate_every`: steps between
    two looks at the validation set, an epoch if None; the first look is before the first step.

    An interrupt (Kernel > Interrupt, Ctrl-C) comes after a whole step: nothing is lost, and `for step in run` goes on,
    or `fit(model, data, epochs=..., history=run.history)`, with the same numbers as without it. Chance (the order,
    dropout) comes from `seed` alone and leaves torch's generator as it was. Outside the steps the model is in the
    modes in which it was found. A run whose loss or gradient is NaN or infinite ends with a `RunStopped` warning
    that says so; its weights stay as they were before that step.

    Raises `ValueError` or `TypeError` before any work for empty data, labels out of range, inputs that the model
    cannot take, or settings that contradict each other.
    """
    return Run(
        model, data, epochs, steps, optimizer, loss, schedule, monitors, validation, validate_every,
        batch_size, shuffle, seed, history,
    )  # fmt: skip


class Run(Iterator[Step]):
    """A run of `fit`: iterate over it to train, again to go on. `history`, `step`, `of`, `model`, `optimizer`."""

    def __init__(
        self, model, data, epochs, steps, optimizer, loss, schedule, monitors, validation, validate_every,
        batch_size, shuffle, seed, history,
    ):  # fmt: skip
        self.model = check_model(model)
        self._batches = batches_of(data, batch_size, shuffle, seed, "data")
        self._validation = None if validation is None else parts(validation, "validation")
        self._loss = loss
        if not callable(loss):
            raise TypeError(f"loss: a function of outputs and targets is needed, got {type(loss).__name__}")
        check_fits(model, self._batches.example(), loss, "data", self._batches.labels())
        if validation is not None:
            first = next(iter(self._validation()), None)
            if first is None:
                raise ValueError("validation: the loader gives no batch")
            check_fits(model, first, loss, "validation", None)
        self.of = total_steps(epochs, steps, self._batches.per_epoch)
        self.optimizer = _optimizer(optimizer, model)
        self._schedule = schedule
        if schedule is not None and not callable(schedule) and not hasattr(schedule, "step"):
            raise TypeError(f"schedule: a function of the step or a scheduler, got {type(schedule).__name__}")
        self._every = self._batches.per_epoch if validate_every is None else validate_every
        if not isinstance(self._every, int) or self._every < 1:
            raise ValueError(f"validate_every={validate_every!r}: a whole number of steps, 1 or more")
        if not isinstance(monitors, Sequence):
            raise TypeError(f"monitors: a list of them is needed, got {type(monitors).__name__}")
        self._monitors = [Monitor.of(one) for one in monitors]
        if history is not None and not isinstance(history, History):
            raise TypeError(f"history: that of an earlier run is needed, got {type(history).__name__}")
        self._first_look = True  # what is recorded once is recorded at this run's first step
        self.step, self.stopped, self._chance = 0, "", None
        with chance_kept():
            torch.manual_seed(seed)
            self._chance = torch.get_rng_state()
        self.history = History() if history is None else history
        if len(self.history):
            self._take_over(self.history._run, optimizer)
        self.history._run = self
        self.history.notes.update(
            batch_size=self._batches.batch_size, steps_per_epoch=self._batches.per_epoch, seed=seed
        )

    def __iter__(self) -> Run:
        return self

    def __next__(self) -> Step:
        if self.stopped or self.step >= self.of:
            raise StopIteration
        with whole_steps():
            return self._one_step()

    def __repr__(self) -> str:
        return f"<Run of {type(self.model).__name__}: step {self.step} of {self.of}>"

    # --- one step ----------------------------------------------------------------------------------------------

    def _one_step(self) -> Step:
        recorded: dict[str, object] = {}
        if self.step == 0 and self._validation is not None and "validation_loss" not in self.history:
            self.history.add(0, self._validated())
        number = self.step + 1
        due = [one for one in self._monitors if one.due(number, self._first_look)]
        layers = list(dict.fromkeys(name for one in due for name in one.layers_of(self.model)))
        at_place, chance, weight = self._batches.state(), self._chance, next(self.model.parameters())
        try:
            with self._own_chance():
                inputs, targets = self._batches.next()
                inputs, targets = placed(inputs, weight), placed(targets, weight)
                rate = self._set_rate()
                with in_mode(self.model, True), torch.enable_grad():
                    self.optimizer.zero_grad(set_to_none=True)
                    with recording(self.model, layers) if layers else nullcontext({}) as activations:
                        outputs = self.model(inputs)
                    loss = self._loss(outputs, targets)
                    value = loss.item()
                    if math.isfinite(value):
                        loss.backward()
                norm = self._gradient_norm() if math.isfinite(value) else math.nan
                before = self._weights() if any(one.before for one in due) else {}
                stopped = _why_stopped(number, value, norm, rate, inputs)
                if not stopped:
                    self.optimizer.step()
                    if hasattr(self._schedule, "step"):
                        self._schedule.step()
        except BaseException:
            self._batches.load(at_place)  # the batch was not learnt: it comes again
            self._chance = chance
            raise
        self.step, self.stopped = number, stopped
        recorded["loss"], recorded["learning_rate"] = value, rate
        recorded["gradient_norm"] = norm
        right = accuracy_of(outputs, targets)
        if right is not None:
            recorded["accuracy"] = right
        self.history.add(number, recorded)
        if not stopped:
            look = Look(self.model, number, inputs, targets, outputs.detach(), activations, before)
            for one in due:
                found = one(look)
                self.history.add(number, found)
                recorded |= found
        self._first_look = False
        if self._validation is not None and (number % self._every == 0 or number == self.of or stopped):
            found = self._validated()
            self.history.add(number, found)
            recorded |= found
        if stopped:
            warnings.warn(stopped, RunStopped, stacklevel=4)
        epoch = number / self._batches.per_epoch
        return Step(
            number, self.of, epoch, value, right, rate, norm, recorded, self.history, stopped
        )  # fmt: skip

    def _set_rate(self) -> float:
        if callable(self._schedule) and not hasattr(self._schedule, "step"):
            rate = float(self._schedule(self.step))
            if not 0 <= rate < math.inf:
                raise ValueError(f"schedule: step {self.step} has no learning rate from 0 up, but {rate}")
            for group in self.optimizer.param_groups:
                group["lr"] = rate
        return float(self.optimizer.param_groups[0]["lr"])

    def _gradient_norm(self) -> float:
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        return torch.stack(torch._foreach_norm(gradients)).norm().item() if gradients else 0.0

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.model.named_parameters()}

    def _validated(self) -> dict[str, float]:
        loss, right = evaluated(self.model, self._validation(), self._loss)
        found = {"validation_loss": loss}
        return found if right is None else {**found, "validation_accuracy": right}

    @contextmanager
    def _own_chance(self):
        """Inside, torch's generator is this run's: another cell's draws change nothing, and it is given back."""
        with chance_kept():
            torch.set_rng_state(self._chance)
            try:
                yield
            finally:
                self._chance = torch.get_rng_state()

    # --- going on ----------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, object]:
        """All that going on exactly needs, as tensors, numbers and words; see `checkpoint.save`."""
        schedule = self._schedule.state_dict() if hasattr(self._schedule, "state_dict") else None
        arrays = {name: torch.from_numpy(values) for name, values in self.history.as_arrays().items()}
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": schedule,
            "batches": self._batches.state(),
            "chance": self._chance.clone(),
            "step": self.step,
            "stopped": self.stopped,
            "history": arrays,
        }

    def load_state_dict(self, state: Mapping[str, object]) -> None:
        """Go to where `state_dict` was taken.

        Raises `ValueError` or `KeyError`, before any change, for another model, data or optimizer, or missing parts.
        """
        lost = [name for name in STATE if name not in state]
        if lost:
            raise KeyError(f"the state has no {lost[0]!r}")
        own = {name: tuple(value.shape) for name, value in self.model.state_dict().items()}
        came = {name: tuple(value.shape) for name, value in state["model"].items()}
        if own != came:
            odd = sorted(set(own.items()) ^ set(came.items()))[0][0]
            raise ValueError(f"the model's {odd!r} is {own.get(odd)}, the saved one's {came.get(odd)}")
        self._batches.check(state["batches"])
        if (state["schedule"] is None) != (not hasattr(self._schedule, "state_dict")):
            raise ValueError("one of the two has one of torch's schedulers, the other has none")
        saved, own = state["optimizer"]["param_groups"], self.optimizer.param_groups
        if [set(group) for group in saved] != [
            set(group) for group in own
        ]:  # torch would take it, and fail later
            raise ValueError(f"its optimizer was of another kind than {type(self.optimizer).__name__}")
        arrays = {name: values.numpy() for name, values in state["history"].items()}
        history = History.from_arrays(arrays, self.history.notes)
        self.optimizer.load_state_dict(state["optimizer"])  # checks its groups before it takes anything
        self.model.load_state_dict(state["model"])
        if state["schedule"] is not None:
            self._schedule.load_state_dict(state["schedule"])
        self._batches.load(state["batches"])
        self._chance = state["chance"].clone()
        self.step, self.stopped, self._first_look = state["step"], state["stopped"], False
        self.history = history
        self.history._run = self

    def _take_over(self, earlier: Run | None, optimizer) -> None:
        if earlier is None or earlier.model is not self.model:
            raise ValueError(
                "history: only the run that recorded it can go on, with the same model; for a run from a file use "
                "checkpoint.load(run, path)"
            )
        self._batches.check(earlier._batches.state())
        self._batches.load(earlier._batches.state())
        self._chance, self.step, self.stopped = earlier._chance, earlier.step, earlier.stopped
        self._first_look = False
        if optimizer is None:
            self.optimizer = earlier.optimizer
        elif type(self.optimizer) is type(earlier.optimizer) and self.optimizer is not earlier.optimizer:
            state = earlier.optimizer.state_dict()
            if not hasattr(self._schedule, "step"):  # a rate that was changed on purpose stays changed
                state = {**state, "param_groups": self.optimizer.state_dict()["param_groups"]}
            self.optimizer.load_state_dict(state)
        same_kind = type(self._schedule) is type(earlier._schedule) and hasattr(self._schedule, "step")
        if same_kind and self._schedule is not earlier._schedule:
            self._schedule.load_state_dict(earlier._schedule.state_dict())


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


def _optimizer(optimizer, model: nn.Module) -> torch.optim.Optimizer:
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not learning:
        raise ValueError("model: no weight asks for a gradient; say model.requires_grad_(True) first")
    if optimizer is None:
        return torch.optim.Adam(learning)
    made = optimizer if isinstance(optimizer, torch.optim.Optimizer) else None
    if made is None and callable(optimizer):
        made = optimizer(learning)
    if not isinstance(made, torch.optim.Optimizer):
        raise TypeError(f"optimizer: one of torch.optim's is needed, got {type(optimizer).__name__}")
    own = {id(parameter) for parameter in model.parameters()}
    if not any(id(p) in own for group in made.param_groups for p in group["params"]):
        raise ValueError("optimizer: it holds none of this model's weights; make it from model.parameters()")
    return made
