"""Argument checks: one wording for every error, `NAME: expected ..., got ...; TRY`.

Each check returns the value it was given and raises before any work: `TypeError` for another type, `ValueError` for a
value out of range, `UnknownName` (a `KeyError`) for a name that is not known.
"""

import difflib
import math
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

from torch import Tensor, nn

Box = tuple[int, int, int, int]  # top, left, bottom, right in pixels, half-open


class UnknownName(KeyError):
    """A `KeyError` that prints as a sentence: no such layer, class or photo."""

    def __str__(self) -> str:
        return str(self.args[0])


def complaint(name: str, expected: str, got: object, hint: str = "") -> str:
    """The sentence of an error: what was expected, what came, what to try.

    `got` is a string that describes what came (`described` makes one), or a value that is shown as Python writes it.

    >>> complaint("patch_size", "1 to 224 (the image's width)", 300)
    "patch_size: expected 1 to 224 (the image's width), got 300"
    """
    came = got if isinstance(got, str) else repr(got)
    return f"{name}: expected {expected}, got {came}{f'; {hint}' if hint else ''}"


def described(value: object) -> str:
    """What a value is, for an error: a tensor by its shape and dtype, anything else by type and value.

    >>> described("cat"), described(None)
    ("str 'cat'", 'None')
    """
    if value is None:
        return "None"
    if isinstance(value, Tensor):
        return f"a tensor {tuple(value.shape)} of {str(value.dtype).removeprefix('torch.')}"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 80 else text[:77] + '...'}"


def nearest(name: str, known: Iterable[str], count: int = 4) -> list[str]:
    """The known names that are most like one that is not known, the most alike first.

    >>> nearest("covn1", ["conv1", "conv2", "fc6"])
    ['conv1', 'conv2']
    """
    return difflib.get_close_matches(name, list(known), n=count, cutoff=0.4)


def check_name(name: str, value: str, known: Iterable[str], what: str = "name", hint: str = "") -> str:
    """The value, if it is one of the known names; `TypeError` or `UnknownName` with the nearest ones.

    >>> check_name("method", "pca", ["pca", "tsne"])
    'pca'
    """
    known = list(known)
    if not isinstance(value, str):
        raise TypeError(complaint(name, f"a {what} such as {known[0]!r}", described(value), hint))
    if value not in known:
        near = nearest(value, known)
        tries = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(known)}"
        raise UnknownName(complaint(name, f"a known {what}", value, f"{tries}{f'; {hint}' if hint else ''}"))
    return value


def check_choice(name: str, value: Any, choices: Sequence) -> Any:
    """The value, if it is one of a few; otherwise `ValueError`.

    >>> check_choice("direction", "down", ("down", "right"))
    'down'
    """
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        listed = " or ".join(filter(None, [", ".join(map(repr, choices[:-1])), repr(choices[-1])]))
        raise ValueError(complaint(name, listed, value if not isinstance(value, str) else repr(value)))
    return value


def check_whole(name: str, value: int, low: int = 0, high: int | None = None, why: str = "") -> int:
    """The number as an `int`, if it is whole and from low to high; `TypeError` or `ValueError`.

    `why` says what sets the upper end: "the image's width".

    >>> check_whole("k", 3, 1, 9)
    3
    """
    reach = f"from {low} to {high}" if high is not None else f"from {low} up"
    expected = f"a whole number {reach}{f' ({why})' if why else ''}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(complaint(name, expected, described(value)))
    if value < low or (high is not None and value > high):
        raise ValueError(complaint(name, expected, value))
    return int(value)


def check_pair(name: str, value: int | tuple[int, int], low: int = 1) -> tuple[int, int]:
    """(vertical, horizontal) of a size, given so or as one whole number for both; `TypeError` or `ValueError`.

    >>> check_pair("stride", 2), check_pair("stride", (2, 3))
    ((2, 2), (2, 3))
    """
    sides = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(sides) != 2:
        raise ValueError(complaint(name, "one whole number or (vertical, horizontal)", value))
    return check_whole(name, sides[0], low), check_whole(name, sides[1], low)


def check_number(
    name: str,
    value: float,
    above: float | None = None,
    below: float | None = None,
    least: float | None = None,
    most: float | None = None,
) -> float:
    """The number, if it is finite and within its bounds; `TypeError` or `ValueError`.

    `above` and `below` are not allowed themselves, `least` and `most` are.

    >>> check_number("momentum", 0.9, least=0, below=1)
    0.9
    """
    words = [
        f"{word} {bound:g}"
        for word, bound in (("above", above), ("at least", least), ("below", below), ("at most", most))
        if bound is not None
    ]
    expected = " ".join(["a finite number", " and ".join(words)]).strip()
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(complaint(name, expected, described(value)))
    within = (
        math.isfinite(value)
        and (above is None or value > above)
        and (below is None or value < below)
        and (least is None or value >= least)
        and (most is None or value <= most)
    )
    if not within:
        raise ValueError(complaint(name, expected, value))
    return value


NOT_FINITE = (
    "the network's weights have diverged, a number has overflowed (float16 ends at 65504), or a step has no derivative "
    "there (a root or a logarithm at 0)"
)


def check_finite(name: str, values: Tensor) -> Tensor:
    """The values, if none of them is NaN or infinite; otherwise `ValueError` with the usual causes.

    >>> import torch
    >>> check_finite("loss", torch.ones(2))
    tensor([1., 1.])
    """
    if not values.is_meta and not values.isfinite().all():
        raise ValueError(complaint(name, "finite values", "NaN or infinity", NOT_FINITE))
    return values


def check_images(images: Tensor, model: nn.Module | None = None, name: str = "images") -> Tensor:
    """The images, if they are float pixels (B, C, H, W) in [0, 1] that the model can take; otherwise raises.

    `TypeError` for another type or dtype; `ValueError` for a wrong shape, an empty batch, NaN, values outside [0, 1].

    >>> import torch
    >>> check_images(torch.zeros(2, 3, 8, 8)).shape
    torch.Size([2, 3, 8, 8])
    """
    channels = getattr(model, "channels", None)
    shape = f"(B, {channels or 3}, H, W)"
    if not isinstance(images, Tensor):
        raise TypeError(complaint(name, f"a tensor {shape} of floats in [0, 1]", described(images)))
    if images.ndim != 4:
        hint = "add the batch with images[None]" if images.ndim == 3 else ""
        raise ValueError(complaint(name, f"shape {shape}", tuple(images.shape), hint))
    if 0 in images.shape:
        raise ValueError(complaint(name, "at least one pixel", f"shape {tuple(images.shape)}"))
    if channels is not None and images.shape[1] != channels:
        color = "color" if channels == 3 else "grey"
        title = getattr(model, "name", "this network")
        raise ValueError(
            complaint(name, f"{color} images {shape}, as {title} takes them", tuple(images.shape))
        )
    if not images.is_floating_point():
        raise TypeError(complaint(name, "floats in [0, 1]", str(images.dtype), "use images.float() / 255"))
    low, high = (value.item() for value in images.detach().aminmax())
    if math.isnan(low) or math.isnan(high):
        raise ValueError(complaint(name, "pixels in [0, 1]", "NaN"))
    if low < 0 or high > 1:
        hint = "pass pixels (bytes divided by 255), not normalized values: the model normalizes by itself"
        raise ValueError(complaint(name, "pixels in [0, 1]", f"{low:.3g} to {high:.3g}", hint))
    return images


def check_image(image: Tensor, model: nn.Module | None = None) -> Tensor:
    """The image, if it is one (1, C, H, W) of pixels in [0, 1] that the model takes; `ValueError` or `TypeError`.

    >>> import torch
    >>> check_image(torch.zeros(1, 3, 8, 8)).shape
    torch.Size([1, 3, 8, 8])
    """
    check_images(image, model, "image")
    if len(image) != 1:
        raise ValueError(complaint("image", "one image (1, C, H, W)", f"a batch of {len(image)}"))
    return image


def check_map(map: Tensor, size: Sequence[int] | None = None, ordered: bool = False) -> Tensor:
    """The map, if it is (H, W) of finite numbers; of this size, if one is given; not constant, if `ordered`.

    Raises `TypeError` for something that is not a float tensor, `ValueError` for the rest.

    >>> import torch
    >>> check_map(torch.eye(3), size=(3, 3)).shape
    torch.Size([3, 3])
    """
    if not isinstance(map, Tensor):
        raise TypeError(complaint("map", "a tensor (H, W)", described(map)))
    if map.ndim != 2 or 0 in map.shape:
        hint = "take one image's with map[0]" if map.ndim == 3 else ""
        raise ValueError(complaint("map", "shape (H, W)", tuple(map.shape), hint))
    if not map.is_floating_point():
        raise TypeError(complaint("map", "floats", str(map.dtype), "use map.float()"))
    if not map.isfinite().all():
        raise ValueError(complaint("map", "finite values", "NaN or infinity"))
    if size is not None and tuple(map.shape) != tuple(size):
        raise ValueError(complaint("map", f"{size[0]} x {size[1]} as the image", tuple(map.shape)))
    if ordered and map.amin() == map.amax():
        raise ValueError(complaint("map", "values that differ", f"{map.amax().item():.3g} everywhere"))
    return map.detach()


def check_box(box: Sequence[int] | Tensor, size: Sequence[int] | None = None, name: str = "box") -> Box:
    """The box as four whole numbers, half-open; `ValueError` if it is empty, or leaves a map of the given size.

    >>> check_box((0, 0, 2, 3), size=(4, 4))
    (0, 0, 2, 3)
    """
    numbers = box.tolist() if isinstance(box, Tensor) else box
    if not isinstance(numbers, tuple | list) or len(numbers) != 4:
        raise ValueError(complaint(name, "(top, left, bottom, right) in pixels", box))
    if not all(
        isinstance(number, Integral) or (isinstance(number, float) and number % 1 == 0) for number in numbers
    ):
        raise ValueError(complaint(name, "whole pixels", box))
    top, left, bottom, right = (int(number) for number in numbers)
    if bottom <= top or right <= left:
        raise ValueError(
            complaint(
                name, "bottom > top and right > left", f"({top}, {left}, {bottom}, {right}), which is empty"
            )
        )
    if size is not None and (top < 0 or left < 0 or bottom > size[0] or right > size[1]):
        inside = f"a box inside the map of {size[0]} x {size[1]}"
        raise ValueError(complaint(name, inside, f"({top}, {left}, {bottom}, {right})"))
    return top, left, bottom, right
