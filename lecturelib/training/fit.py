"""Train a model with mini-batches, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from lecturelib.checks import check_whole, complaint, described
from lecturelib.network.freezing import training
from lecturelib.training.batches import Data, batches_of, parts, total_steps
from lecturelib.training.evaluation import Loss
from lecturelib.training.fit_checks import check_fits, check_trainable, checked_optimizer
from lecturelib.training.monitor import Monitor, Snapshot
from lecturelib.training.run import Run, Schedule

Optimizer = torch.optim.Optimizer | Callable[[list[nn.Parameter]], torch.optim.Optimizer]


def fit(
    model: nn.Module,
    data: Data,
    *,
    epochs: int | None = None,
    steps: int | None = None,
    optimizer: Optimizer | None = None,
    loss: Loss = cross_entropy,
    schedule: Schedule | None = None,
    monitors: Sequence[Monitor | Callable[[Snapshot], Mapping[str, object]]] = (),
    validation: Data | None = None,
    validate_every: int | None = None,
    batch_size: int = 64,
    shuffle: bool = True,
    seed: int = 0,
) -> Run:
    """Train a model with mini-batches, step by step: `for step in fit(model, (images, labels), epochs=3): ...`.

        L(w) = 1/|B| sum_{(x, y) in B} l(f_w(x), y),   w <- w - eta grad L(w)   (or the optimizer's rule)

    data, validation: (inputs (N, ...), targets (N, ...)) or a DataLoader, which then decides on batches and order.
    `epochs` or `steps`: where the run ends; `run.extend(epochs=1)` moves the end. `optimizer`: one of torch's, or a
    function of the parameters; Adam (Kingma & Ba 2015) with torch's defaults if None. `schedule`: a function of the
    step, from 0, that gives the learning rate, or one of torch's schedulers. `monitors`: see `training.monitors`.
    `validate_every`: steps between two evaluations of the validation set, an epoch if None; the first is before the
    first step.

    An interrupt (Kernel > Interrupt, Ctrl-C) comes after a whole step: nothing is lost, and `for step in run` goes on
    with the same numbers as without it. Everything random (the order, dropout) comes from `seed` alone, and torch's RNG
    state is left as it was. Outside the steps the model is in the modes in which it was found; another thread that
    looks into the model (`backprop`, `evaluate`) waits for the end of a step, and the step for it. A run whose loss or
    gradient is NaN or infinite ends with a `RunStopped` warning that says so; its weights stay as they were before that
    step.

    Raises `ValueError` or `TypeError` before any work for empty data, labels that do not fit the outputs, inputs that
    the model cannot take, an optimizer that needs a closure (LBFGS), or settings that contradict each other.

    >>> import torch
    >>> inputs, labels = torch.eye(4), torch.arange(4)
    >>> run = fit(torch.nn.Linear(4, 4), (inputs, labels), steps=50, optimizer=lambda p: torch.optim.SGD(p, lr=1.0))
    >>> losses = [step.loss for step in run]
    >>> losses[-1] < losses[0], run.history.last("accuracy")
    (True, 1.0)
    """
    check_trainable(model)
    if not callable(loss):
        raise TypeError(complaint("loss", "a function of outputs and targets", described(loss)))
    batches = batches_of(data, batch_size, shuffle, seed, "data")
    check_fits(model, batches.example(), loss, "data", batches.labels())
    passes = None if validation is None else parts(validation, "validation")
    if passes is not None:
        first = next(iter(passes()), None)
        if first is None:
            raise ValueError(complaint("validation", "a loader with at least one batch", "none"))
        check_fits(model, first, loss, "validation", None)
    of = total_steps(epochs, steps, batches.per_epoch)
    every = batches.per_epoch if validate_every is None else check_whole("validate_every", validate_every, 1)
    if schedule is not None and not callable(schedule) and not hasattr(schedule, "step"):
        raise TypeError(
            complaint("schedule", "a function of the step or a torch scheduler", described(schedule))
        )
    if not isinstance(monitors, Sequence) or isinstance(monitors, str):
        raise TypeError(complaint("monitors", "a list of monitors", described(monitors)))
    # a map that another thread is drawing has switched the parameters' flags off: wait for it
    with training(model):
        made = checked_optimizer(optimizer, model)
    return Run(
        model, batches, of, made, loss, schedule, [Monitor.of(one) for one in monitors], passes, every, seed,
    )  # fmt: skip
