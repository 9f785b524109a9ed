"""Initialization of an ascent: picture size, parametrization, and regularizers sorted by kind."""

import copy
from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from lecturelib.checks import check_choice, check_images, check_pair, complaint, described
from lecturelib.network.probe import layer_info
from lecturelib.network.units import Unit
from lecturelib.optimization.objectives import resolved_keys
from lecturelib.optimization.parametrize import FORMS, Parametrization, ParametrizationFactory
from lecturelib.optimization.regularizers import Regularizer
from lecturelib.optimization.transforms import Transform

Size: TypeAlias = int | tuple[int, int]  # (height, width) in pixels
STARTS = ("noise", "grey")
SMALL_NETWORK = 64  # px; a network of this size or less is shown at its own size
FEATURE_SIZE = 128  # px of a feature of a larger network


def check_listed(name: str, listed: Sequence) -> None:
    """Raise `TypeError` if it is not a list of functions."""
    if not isinstance(listed, Sequence) or not all(callable(one) for one in listed):
        raise TypeError(complaint(name, "a list of functions", described(listed)))


def check_drawn(transforms: Sequence[Transform]) -> None:
    """Raise `ValueError` for a transform that draws no matrices (B, 3, 3)."""
    for transform in transforms:
        found = transform(torch.Generator(), 2)
        if not isinstance(found, Tensor) or found.shape != (2, 3, 3):
            came = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
            raise ValueError(complaint("transforms", "matrices (B, 3, 3) from each", f"{came} for B = 2"))


def per_picture(found: Tensor, count: int) -> Tensor:
    """What a penalty gave, if it is one number for each of the pictures; `ValueError` otherwise."""
    if not isinstance(found, Tensor) or found.shape != (count,):
        came = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ValueError(complaint("regularizers", f"one number per picture of a penalty, ({count},)", came))
    return found


def sorted_kinds(
    model: nn.Module, regularizers: Sequence[Regularizer], image: Tensor, form: Parametrization
) -> tuple[list, list, list]:
    """Penalties on the picture, penalties on activations with their keys, proximal steps: sorted by what they give."""
    penalties, keyed, proximal = [], [], []
    for one in regularizers:
        if hasattr(one, "keys"):
            keyed.append((one, resolved_keys(model, one.keys)))
            continue
        with torch.no_grad():
            found = one(image.clone())
        if isinstance(found, Tensor) and found.shape == image.shape:
            if not hasattr(form, "set_image"):
                expected = "penalties only (one of them is a proximal step, which gives a picture)"
                came = f"a {type(form).__name__} without `set_image(image)`"
                raise ValueError(complaint("regularizers", expected, came))
            proximal.append(one)
        else:
            per_picture(found, len(image))
            penalties.append(one)
    return penalties, keyed, proximal


def new_form(
    model: nn.Module,
    unit: Unit,
    start: str | Tensor,
    size: Size | None,
    parametrization: str | Parametrization | ParametrizationFactory,
    batch: int,
    generator: torch.Generator,
) -> Parametrization:
    """The parametrization to begin with: made by name or factory, or a copy of the given one."""
    if not isinstance(parametrization, str) and not callable(parametrization):
        return _given_form(model, start, parametrization)
    factory: Any = parametrization
    if isinstance(parametrization, str):
        factory = FORMS[check_choice("parametrization", parametrization, tuple(FORMS))]
    if isinstance(start, Tensor):
        start = _given_start(model, start, size, batch)
        shape = tuple(start.shape)
    elif isinstance(start, str) and start in STARTS:
        shape = (batch, *image_shape(model, unit, size))
    else:
        expected = "'noise', 'grey', an image (B, C, H, W) or an AscentStep"
        raise (ValueError if isinstance(start, str) else TypeError)(
            complaint("start", expected, described(start))
        )
    form = factory(shape, start, generator)
    if not _is_form(form):
        expected = "a factory of objects with `parameters` and `image()`"
        raise TypeError(complaint("parametrization", expected, f"one that makes {described(form)}"))
    return form


def _is_form(form: object) -> bool:
    return hasattr(form, "parameters") and hasattr(form, "image")


def _given_form(model: nn.Module, start: str | Tensor, given: Parametrization) -> Parametrization:
    """A copy of a given parametrization, set to the start if that is a picture."""
    if not _is_form(given):
        expected = f"{', '.join(map(repr, FORMS))}, a factory, or an object with `parameters` and `image()`"
        raise TypeError(complaint("parametrization", expected, described(given)))
    form = copy.deepcopy(given)
    if isinstance(start, Tensor):
        check_images(start, model, "start")
        if not hasattr(form, "set_image"):
            came = f"an image, and a {type(form).__name__} without `set_image(image)`"
            raise ValueError(complaint("start", "no image for this parametrization", came, "leave start out"))
        form.set_image(start)
    return form


def _given_start(model: nn.Module, start: Tensor, size: Size | None, batch: int) -> Tensor:
    """The start as float32 pixels on the CPU, one for each picture of the batch."""
    check_images(start, model, "start")
    height, width = start.shape[2:]
    if size is not None and check_pair("size", size) != (height, width):
        raise ValueError(
            complaint(
                "size", f"{height} x {width} as the start", size, "leave size out, or fit the image first"
            )
        )
    if len(start) == 1:
        start = start.repeat(batch, 1, 1, 1)
    elif batch not in (1, len(start)):
        raise ValueError(complaint("batch", f"{len(start)}, as many as the start has images", batch))
    return start.detach().clone().cpu().float()


def image_shape(model: nn.Module, unit: Unit, size: Size | None = None) -> tuple[int, int, int]:
    """(C, H, W) of the picture for a unit: the given size, or what suits the network and the unit."""
    channels, own = getattr(model, "channels", None), getattr(model, "input_size", None)
    if channels is None or own is None:
        raise ValueError(
            complaint(
                "model",
                "a network that knows its channels",
                type(model).__name__,
                "models.adapt(network), or start from an image",
            )
        )
    if size is not None:
        height, width = check_pair("size", size)
        return channels, height, width
    if own > SMALL_NETWORK and all(
        len(layer_info(model, *key).positions) == 2 for key in _infos(model, unit)
    ):
        own = min(own, FEATURE_SIZE)
    return channels, own, own


def _infos(model: nn.Module, unit: Unit) -> list[tuple[str, None, int]]:
    return [(name, None, call) for name, call in resolved_keys(model, unit.keys)]
