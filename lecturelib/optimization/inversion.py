"""Inversion: a picture that makes a layer say what it said about another one. What was lost on the way stays lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from lecturelib.optimization.ascent import Step, maximize
from lecturelib.optimization.initialization import Size
from lecturelib.optimization.objectives import Match, activations_of
from lecturelib.optimization.regularizers import Regularizer, total_variation

INVERTED = (total_variation(0.05, 2.0),)


def invert(
    model: nn.Module,
    layer: str,
    target: Tensor,
    start: str | Tensor | Step = "grey",
    *,
    size: Size | None = None,
    parametrization="fourier",
    regularizers: Sequence[Regularizer] = INVERTED,
    steps: int = 200,
    learning_rate: float = 0.05,
    seed: int = 0,
) -> Iterator[Step]:
    """The picture x that minimises ‖f(x) - y‖² / ‖y‖² + r(x), by gradient descent; yields a `Step` after every step.

    target: y, the activations of the layer for some picture, with the batch, as `activations_of(model, image, layer)`
    gives them. `Step.value` is minus the first term, (B,). size: of the picture that made the target, the network's
    own by default. All else as for `maximize`. Raises at the call for a target that is not this layer's for this size.
    Mahendran & Vedaldi 2015, "Understanding deep image representations by inverting them".
    """
    size = (
        getattr(model, "input_size", None) if size is None and not isinstance(start, Tensor | Step) else size
    )
    unit = Match(layer, target)
    batch = len(target) if isinstance(target, Tensor) and target.ndim else 1
    return maximize(
        model,
        unit,
        start,
        size=size,
        parametrization=parametrization,
        regularizers=regularizers,
        transforms=(),
        steps=steps,
        learning_rate=learning_rate,
        batch=max(1, batch) if not isinstance(start, Step) else 1,
        seed=seed,
    )


@dataclass(frozen=True)
class InversionError:
    """How far an inversion is off: in the layer, relative to ‖y‖², and in the pixels, as a root mean square."""

    feature: float
    pixel: float
    baseline: float  # the pixel error of the photo's mean colour everywhere


def inversion_error(model: nn.Module, layer: str, image: Tensor, original: Tensor) -> InversionError:
    """The errors of a picture against the original (1, C, H, W), both in [0, 1]; `ValueError` for unequal shapes."""
    if image.shape != original.shape:
        raise ValueError(
            f"inversion_error: pictures of one shape are needed, got {tuple(image.shape)} and {tuple(original.shape)}"
        )
    y, found = activations_of(model, original, layer), activations_of(model, image, layer)
    mean = original.mean((2, 3), keepdim=True)
    return InversionError(
        ((found - y).square().sum() / y.square().sum()).item(),
        (image - original).square().mean().sqrt().item(),
        (mean - original).square().mean().sqrt().item(),
    )
