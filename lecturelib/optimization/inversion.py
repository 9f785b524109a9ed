"""Inversion: the picture that gives a layer the activations it had for another one, as far as they tell."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from lecturelib.checks import complaint
from lecturelib.optimization.ascent import AscentStep, Progress, iter_maximize
from lecturelib.optimization.ascent_run import OptimizerFactory
from lecturelib.optimization.initialization import Size
from lecturelib.optimization.objectives import Match, activations_of
from lecturelib.optimization.parametrize import Parametrization, ParametrizationFactory
from lecturelib.optimization.regularizers import Regularizer, total_variation

INVERTED = (total_variation(0.05, 2.0),)


def invert(
    model: nn.Module,
    layer: str,
    target: Tensor,
    start: str | Tensor | AscentStep = "grey",
    *,
    size: Size | None = None,
    parametrization: str | Parametrization | ParametrizationFactory = "fourier",
    regularizers: Sequence[Regularizer] = INVERTED,
    steps: int = 200,
    learning_rate: float = 0.05,
    optimizer: OptimizerFactory | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> AscentStep:
    """Invert a layer: arg min over x of ‖f(x) - y‖² / ‖y‖² + Σ r(x), by gradient descent; returns the last step.

    target: y, the activations of the layer for some picture, with the batch, as `activations_of(model, image, layer)`
    gives them. `AscentStep.value` is minus the first term, (B,). size: of the picture that made the target, the
    network's own by default. regularizers: r, by default total variation with exponent 2. All else as for `maximize`;
    `iter_invert`, with the same arguments, yields every step. Raises at the call for a target that is not this layer's
    for this size. Mahendran & Vedaldi 2015, "Understanding deep image representations by inverting them".

    >>> import torch
    >>> from lecturelib import models
    >>> net = models.load("lenet")
    >>> y = activations_of(net, torch.rand(1, 1, 28, 28), "conv1")
    >>> invert(net, "conv1", y, steps=8).value.item() > -1
    True
    """
    run = iter_invert(
        model,
        layer,
        target,
        start,
        size=size,
        parametrization=parametrization,
        regularizers=regularizers,
        steps=steps,
        learning_rate=learning_rate,
        optimizer=optimizer,
        seed=seed,
    )
    for step in run:
        if progress is not None:
            progress(step.step, step.total)
    return step


def iter_invert(
    model: nn.Module,
    layer: str,
    target: Tensor,
    start: str | Tensor | AscentStep = "grey",
    *,
    size: Size | None = None,
    parametrization: str | Parametrization | ParametrizationFactory = "fourier",
    regularizers: Sequence[Regularizer] = INVERTED,
    steps: int = 200,
    learning_rate: float = 0.05,
    optimizer: OptimizerFactory | None = None,
    seed: int = 0,
) -> Iterator[AscentStep]:
    """Inversion step by step: the run of `invert`, with its arguments; yields an `AscentStep` after every step.

    >>> import torch
    >>> from lecturelib import models
    >>> net = models.load("lenet")
    >>> y = activations_of(net, torch.rand(1, 1, 28, 28), "conv1")
    >>> [step.step for step in iter_invert(net, "conv1", y, steps=3)]
    [1, 2, 3]
    """
    if size is None and not isinstance(start, Tensor | AscentStep):
        size = getattr(model, "input_size", None)
    batch = len(target) if isinstance(target, Tensor) and target.ndim else 1
    return iter_maximize(
        model,
        Match(layer, target),
        start,
        size=size,
        parametrization=parametrization,
        regularizers=regularizers,
        transforms=(),
        steps=steps,
        learning_rate=learning_rate,
        optimizer=optimizer,
        batch=max(1, batch) if not isinstance(start, AscentStep) else 1,
        seed=seed,
    )


@dataclass(frozen=True)
class InversionError:
    """How far an inversion is off: in the layer, relative to ‖y‖², and in the pixels, as a root mean square."""

    feature: float
    pixel: float
    baseline: float  # the pixel error of the photo's mean color everywhere


def inversion_error(model: nn.Module, layer: str, image: Tensor, original: Tensor) -> InversionError:
    """The errors of an inversion against the original (1, C, H, W), both in [0, 1]; `ValueError` for unequal shapes.

    feature: ‖f(x) - f(x0)‖² / ‖f(x0)‖². pixel: √mean (x - x0)²; baseline: the same for the original's mean color.

    >>> import torch
    >>> from lecturelib import models
    >>> x = torch.rand(1, 1, 28, 28)
    >>> error = inversion_error(models.load("lenet"), "conv1", x, x)
    >>> error.feature, error.pixel
    (0.0, 0.0)
    """
    if image.shape != original.shape:
        raise ValueError(
            complaint("image", f"shape {tuple(original.shape)}, as the original", tuple(image.shape))
        )
    y, found = activations_of(model, original, layer), activations_of(model, image, layer)
    mean = original.mean((2, 3), keepdim=True)
    return InversionError(
        ((found - y).square().sum() / y.square().sum()).item(),
        (image - original).square().mean().sqrt().item(),
        (mean - original).square().mean().sqrt().item(),
    )
