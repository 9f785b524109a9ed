"""Feature visualization by gradient ascent in the picture: `maximize`, and `iter_maximize` step by step."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from lecturelib.checks import check_images, check_number, check_whole, complaint, described
from lecturelib.network.layer_names import check_model
from lecturelib.network.units import Unit
from lecturelib.optimization.ascent_run import (
    Ascent,
    AscentStep,
    OptimizerFactory,
    State,
    copied,
    new_optimizer,
)
from lecturelib.optimization.initialization import Size, check_drawn, check_listed, new_form, sorted_kinds
from lecturelib.optimization.objectives import checked_objective
from lecturelib.optimization.parametrize import Parametrization, ParametrizationFactory
from lecturelib.optimization.regularizers import Regularizer
from lecturelib.optimization.transforms import ROBUST, Transform

Progress: TypeAlias = Callable[[int, int], None]  # told (steps made, steps in all)


def maximize(
    model: nn.Module,
    unit: Unit,
    start: str | Tensor | AscentStep = "noise",
    *,
    size: Size | None = None,
    parametrization: str | Parametrization | ParametrizationFactory = "fourier",
    regularizers: Sequence[Regularizer] = (),
    transforms: Sequence[Transform] = ROBUST,
    steps: int = 128,
    learning_rate: float = 0.05,
    optimizer: OptimizerFactory | None = None,
    batch: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
) -> AscentStep:
    """Activation maximization (feature visualization): arg max over x of unit(x) - Σ r(x), by gradient ascent.

    Returns the last `AscentStep`; `iter_maximize`, with the same arguments, yields every one. progress(made, in all) is
    called after every step.

    start: "noise", "grey", an image (B, C, H, W) in [0, 1], or an `AscentStep` of an earlier run, from which it goes on
    for `steps` more, exactly as if it had not stopped (picture, optimizer and random numbers come from there; unit,
    regularizers and transforms may be others). size: the side of the picture, or (height, width) in pixels.
    parametrization: "fourier", "pixels", a factory called as (shape, start, generator), or an object (see
    `parametrize`; it is copied). regularizers: r, see `regularizers`. transforms: see `transforms`; the penalties see
    the picture before them. optimizer: a function of the parameters, `lambda p: torch.optim.SGD(p, 0.1)`; by default
    `torch.optim.Adam` with `learning_rate`, in the units of the parameters. batch pictures start from noise of their
    own.

    A unit after a ReLU that is off has no gradient (a dead start). Where the gradient of a picture is exactly 0, the
    step follows the gradient of `redirected_relu` instead: a ReLU that is off passes back what would turn it on. The
    default transforms are made for photos: they move a picture by up to 8 px, which on 28 px keeps some units asleep
    (11 of 31 of LeNet's relu2 after 40 steps, none without transforms).

    Raises `TypeError`, `ValueError`, `KeyError` or `IndexError` at the call, before any work. While running,
    `ValueError` if no signal arrives at the picture even so, if the gradient is NaN or infinite, or if every pixel is 0
    or 1 and the sigmoid passes no gradient. The model comes back as it was between any two steps. Erhan et al. 2009,
    "Visualizing higher-layer features of a deep network"; Simonyan et al. 2014; Olah et al. 2017.

    >>> from lecturelib import models
    >>> from lecturelib.network.units import Logit
    >>> step = maximize(models.load("lenet"), Logit(3), steps=8)
    >>> step.step, tuple(step.image.shape)
    (8, (1, 1, 28, 28))
    """
    run = iter_maximize(
        model,
        unit,
        start,
        size=size,
        parametrization=parametrization,
        regularizers=regularizers,
        transforms=transforms,
        steps=steps,
        learning_rate=learning_rate,
        optimizer=optimizer,
        batch=batch,
        seed=seed,
    )
    for step in run:
        if progress is not None:
            progress(step.step, step.total)
    return step


def iter_maximize(
    model: nn.Module,
    unit: Unit,
    start: str | Tensor | AscentStep = "noise",
    *,
    size: Size | None = None,
    parametrization: str | Parametrization | ParametrizationFactory = "fourier",
    regularizers: Sequence[Regularizer] = (),
    transforms: Sequence[Transform] = ROBUST,
    steps: int = 128,
    learning_rate: float = 0.05,
    optimizer: OptimizerFactory | None = None,
    batch: int = 1,
    seed: int = 0,
) -> Iterator[AscentStep]:
    """Activation maximization step by step: the run of `maximize`, with its arguments, as an iterator.

    Yields an `AscentStep` after every step; the run may be left at any step and gone on with from there.

    >>> from lecturelib import models
    >>> from lecturelib.network.units import Logit
    >>> steps = iter_maximize(models.load("lenet"), Logit(3), steps=8)
    >>> [step.step for step in steps]
    [1, 2, 3, 4, 5, 6, 7, 8]
    """
    check_whole("steps", steps, 1)
    ascent = prepared(
        model,
        unit,
        start,
        size,
        parametrization,
        regularizers,
        transforms,
        learning_rate,
        optimizer,
        batch,
        seed,
    )
    return ascent.run(steps)


def prepared(
    model, unit, start, size, parametrization, regularizers, transforms, learning_rate, optimizer, batch, seed
) -> Ascent:
    """A checked run that has not begun; raises for arguments that do not fit one another."""
    check_model(model)
    if not isinstance(unit, Unit):
        raise TypeError(complaint("unit", "a unit such as Channel('conv4', 3)", described(unit)))
    check_number("learning_rate", learning_rate, above=0)
    check_whole("batch", batch, 1)
    check_whole("seed", seed, 0)
    check_listed("regularizers", regularizers)
    check_listed("transforms", transforms)
    check_drawn(transforms)
    with torch.inference_mode(False):
        if isinstance(start, AscentStep):
            state, done = copied(start.state), start.step
        else:
            random = torch.Generator().manual_seed(seed)
            state, done = State(new_form(model, unit, start, size, parametrization, batch, random), random), 0
        image = state.form.image().detach()
        check_images(image, model, "parametrization.image()")
        unit = checked_objective(model, unit, tuple(image.shape[1:]))
        kinds = sorted_kinds(model, regularizers, image, state.form)
        made = new_optimizer(optimizer, state, learning_rate)
    return Ascent(model, unit, *kinds, list(transforms), made, state, done)
