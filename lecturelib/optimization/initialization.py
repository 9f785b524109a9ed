"""What a run of ascent starts from: the size of the picture, its parametrization, and regularizers told apart."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lecturelib.checks import check_images, check_whole
from lecturelib.network.hooks import layer_info
from lecturelib.network.units import Unit
from lecturelib.optimization.objectives import resolved_keys
from lecturelib.optimization.parametrize import FORMS, Parametrization

Size = int | tuple[int, int]
SMALL_NETWORK = 64  # px; a network of this size or less is shown at its own size
FEATURE_SIZE = 128  # px of a feature of a larger network


def check_listed(name: str, listed) -> None:
    """Raises `TypeError` if it is not a list of functions."""
    if not isinstance(listed, Sequence) or not all(callable(one) for one in listed):
        raise TypeError(f"{name}: a list of functions is needed, got {listed!r}")


def check_drawn(transforms) -> None:
    """Raises `ValueError` for a transform that draws no matrices (B, 3, 3)."""
    for transform in transforms:
        found = transform(torch.Generator(), 2)
        if not isinstance(found, Tensor) or found.shape != (2, 3, 3):
            came = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
            raise ValueError(f"transforms: each draws matrices (B, 3, 3) for B pictures, got {came} for two")


def per_picture(found: Tensor, count: int) -> Tensor:
    """What a penalty gave, if it is one number for each of the pictures; `ValueError` otherwise."""
    if not isinstance(found, Tensor) or found.shape != (count,):
        came = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise ValueError(f"regularizers: a penalty gives one number per picture, ({count},), got {came}")
    return found


def sorted_kinds(model, regularizers, image, form):
    """Penalties on the picture, penalties on activations with their keys, shrinkers: told apart by what they give."""
    penalties, keyed, shrinkers = [], [], []
    for one in regularizers:
        if hasattr(one, "keys"):
            keyed.append((one, resolved_keys(model, one.keys)))
            continue
        with torch.no_grad():
            found = one(image.clone())
        if isinstance(found, Tensor) and found.shape == image.shape:
            if not hasattr(form, "paint"):
                raise ValueError(
                    f"regularizers: one of them changes the picture, and {type(form).__name__} cannot paint a given one"
                )
            shrinkers.append(one)
        else:
            per_picture(found, len(image))
            penalties.append(one)
    return penalties, keyed, shrinkers


def new_form(model, unit, start, size, parametrization, batch, generator) -> Parametrization:
    """The parametrization to begin with: made by name or factory, or a copy of the given one."""
    if not isinstance(parametrization, str) and not callable(parametrization):
        if not (hasattr(parametrization, "parameters") and hasattr(parametrization, "image")):
            raise TypeError(
                f"parametrization: one of {', '.join(FORMS)}, a factory, or an object with `parameters` and `image()` "
                f"is needed, got {parametrization!r}"
            )
        form = copy.deepcopy(parametrization)
        if isinstance(start, Tensor):
            if not hasattr(form, "paint"):
                raise ValueError(f"start: {type(form).__name__} cannot paint a given image; leave start out")
            form.paint(check_images(start, model, "start"))
        return form
    if isinstance(parametrization, str):
        if parametrization not in FORMS:
            raise ValueError(f"parametrization: one of {', '.join(FORMS)} is needed, got {parametrization!r}")
        parametrization = FORMS[parametrization]
    if isinstance(start, Tensor):
        check_images(start, model, "start")
        height, width = start.shape[2:]
        if size is not None and _pair(size) != (height, width):
            raise ValueError(f"size: the start is {height} x {width}; leave size out, or fit the image first")
        if len(start) == 1:
            start = start.repeat(batch, 1, 1, 1)
        elif batch not in (1, len(start)):
            raise ValueError(f"batch: the start holds {len(start)} images, got batch={batch}")
        start = start.detach().clone().cpu().float()
        shape = tuple(start.shape)
    elif start in ("noise", "grey"):
        shape = (batch, *image_shape(model, unit, size))
    else:
        raise ValueError(f"start: 'noise', 'grey', an image or a Step is needed, got {start!r}")
    form = parametrization(shape, start, generator)
    if not (hasattr(form, "parameters") and hasattr(form, "image")):
        raise TypeError(
            f"parametrization: the factory must give an object with `parameters` and `image()`, got {form!r}"
        )
    return form


def image_shape(model: nn.Module, unit: Unit, size: Size | None = None) -> tuple[int, int, int]:
    """(C, H, W) of the picture for a unit: the given size, or what suits the network and the unit."""
    if not hasattr(model, "channels"):
        raise ValueError(
            "this network does not say its channels: models.adapt(network) first, or start from an image"
        )
    if size is not None:
        return (model.channels, *_pair(size))
    own = model.input_size
    if own > SMALL_NETWORK and all(
        len(layer_info(model, *key).positions) == 2 for key in _infos(model, unit)
    ):
        own = min(own, FEATURE_SIZE)
    return model.channels, own, own


def _infos(model, unit) -> list[tuple[str, None, int]]:
    return [(name, None, call) for name, call in resolved_keys(model, unit.keys)]


def _pair(size: Size) -> tuple[int, int]:
    if isinstance(size, tuple | list) and len(size) == 2:
        return check_whole("size", size[0], 1), check_whole("size", size[1], 1)
    return check_whole("size", size, 1), size
