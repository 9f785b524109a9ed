"""Which numbers do not fit, where a function refuses its inputs: said only where the numbers themselves show it."""

from __future__ import annotations

from math import prod
from typing import Any

from torch import Tensor

from lecturelib.architecture.graph.graph import Shape


def said_shape(shape: Shape) -> str:
    """A whole shape, with the batch, as 1×512.

    >>> said_shape((1, 512))
    '1×512'
    """
    return "×".join(map(str, shape)) or "a number"


def mismatch(kind: str, given: list[Tensor], args: tuple, kwargs: dict[str, Any]) -> str:
    """A sentence on the sizes that do not fit, or "" where none of the known mismatches is there.

    `kind`: the plain name of a function, such as "linear"; `given`: the tensors among its arguments, in order.

    >>> import torch
    >>> mismatch("linear", [torch.ones(1, 512), torch.ones(10, 400)], (), {})
    'The layer takes 400 numbers (its weight is 10×400), but 512 arrived, as 1×512.'
    """
    shapes = [tuple(tensor.shape) for tensor in given]
    if not shapes:
        return ""
    if kind == "linear" and len(shapes) > 1 and shapes[0]:
        return _linear(shapes[0], shapes[1])
    if kind.startswith("conv") and "transpose" not in kind and len(shapes) > 1:
        return _convolution(shapes[0], shapes[1], _asked("groups", 6, 1, args, kwargs))
    if kind in ("cat", "concat"):
        return _joined(shapes, _asked("dim", 1, 0, args, kwargs))
    if kind in ("add", "sub", "mul", "div", "where", "maximum", "minimum") and len(shapes) > 1:
        return _elementwise(shapes[0], shapes[1])
    if kind in ("matmul", "bmm", "mm") and len(shapes) > 1:
        return _product(shapes[0], shapes[1])
    if kind in ("view", "reshape"):
        return _reshaped(shapes[0], args[1:])
    if kind == "batch_norm" and len(shapes) > 1 and len(shapes[0]) > 1 and shapes[1][:1] != shapes[0][1:2]:
        return f"The layer normalizes {shapes[1][0]} channels, but {shapes[0][1]} arrived, in {said_shape(shapes[0])}."
    if kind == "embedding" and len(given) > 1 and not given[0].is_meta:
        return _embedded(given[0], shapes[1][0])
    return ""


def _asked(name: str, place: int, usual: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    return kwargs.get(name, args[place] if len(args) > place else usual)


def _linear(given: Shape, weight: Shape) -> str:
    if len(weight) != 2 or given[-1] == weight[1]:
        return ""
    return (
        f"The layer takes {weight[1]} numbers (its weight is {said_shape(weight)}), but {given[-1]} arrived, "
        f"as {said_shape(given)}."
    )


def _convolution(given: Shape, weight: Shape, groups: Any) -> str:
    spatial = len(weight) - 2
    if len(given) not in (spatial + 1, spatial + 2):
        return (
            f"The layer takes (batch, channels) and {spatial} more dimension{'s' * (spatial > 1)}, but "
            f"{said_shape(given)} arrived."
        )
    channels, taken = given[-spatial - 1], weight[1] * (groups if isinstance(groups, int) else 1)
    if channels != taken:
        return f"The layer takes {taken} channels, but {channels} arrived, in {said_shape(given)}."
    return ""


def _joined(shapes: list[Shape], dim: Any) -> str:
    first = shapes[0]
    all_of_them = " and ".join(map(said_shape, shapes))
    if any(len(shape) != len(first) for shape in shapes):
        return f"Joined tensors need equally many dimensions, but {all_of_them} met."
    if not isinstance(dim, int) or not -len(first) <= dim < len(first):
        return ""
    dim %= len(first)
    for axis in range(len(first)):
        sizes = {shape[axis] for shape in shapes}
        if axis != dim and len(sizes) > 1:
            return f"Joined along dimension {dim}, they need equal sizes in dimension {axis}, but {all_of_them} met."
    return ""


def _elementwise(one: Shape, other: Shape) -> str:
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b and 1 not in (a, b):
            return f"Element by element, sizes are equal or 1, but {said_shape(one)} and {said_shape(other)} met."
    return ""


def _product(one: Shape, other: Shape) -> str:
    if not one or not other:
        return ""
    inner = other[-2] if len(other) > 1 else other[0]
    if one[-1] == inner:
        return ""
    return (
        f"A matrix product needs as many columns as the second has rows, but {said_shape(one)} and "
        f"{said_shape(other)} met."
    )


def _reshaped(given: Shape, asked: tuple) -> str:
    sizes = asked[0] if len(asked) == 1 and isinstance(asked[0], list | tuple) else asked
    if not sizes or not all(isinstance(size, int) for size in sizes):
        return ""
    known = prod(size for size in sizes if size != -1)
    numbers = prod(given)
    fits = known and numbers % known == 0 if -1 in sizes else known == numbers
    if fits:
        return ""
    return f"{said_shape(given)} holds {numbers} numbers, which do not fill {said_shape(tuple(sizes))}."


def _embedded(tokens: Tensor, rows: int) -> str:
    if tokens.is_floating_point() or not tokens.numel():
        return ""
    low, high = int(tokens.min()), int(tokens.max())
    if low >= 0 and high < rows:
        return ""
    return f"The table has rows 0 to {rows - 1}, but the tokens run from {low} to {high}."
