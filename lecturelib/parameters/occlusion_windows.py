"""Where the windows lie that covered patches change in the maps of a chain of convolutions and poolings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from lecturelib.parameters.patches import Spans


@dataclass
class Axis:
    """The geometry of one step along one axis, and where the windows of all patches lie."""

    kernel: int
    stride: int
    before: int  # padding at the top or left
    dilation: int
    starts: list[int]  # per patch: where its window of outputs begins
    length: int  # of the windows, the same for all patches
    offsets: list[int]  # per patch: where the previous window lies in the input that this one needs

    @property
    def needs(self) -> int:
        """How many inputs a window of outputs is computed from."""
        return (self.length - 1) * self.stride + (self.kernel - 1) * self.dilation + 1


def overlap(offset: int, length: int, room: int) -> tuple[slice, slice]:
    """Where a window at `offset` lands in `room` inputs, and which part of the window that is."""
    start, end = max(offset, 0), max(min(offset + length, room), 0)
    return slice(start, max(start, end)), slice(start - offset, max(start, end) - offset)


def module_geometry(
    module: nn.Module, inputs: torch.Size, outputs: torch.Size
) -> list[tuple[int, int, int, int]]:
    """(kernel, stride, padding before, dilation) for y and x."""
    one: Any = module  # a convolution or a pooling
    kernel, stride, dilation = (_two(value) for value in (one.kernel_size, one.stride, one.dilation))
    if one.padding == "same":
        before = _two([d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True)])
    else:
        before = (0, 0) if one.padding == "valid" else _two(one.padding)
    return list(zip(kernel, stride, before, dilation, strict=True))


def plan_axis(
    geometry: tuple[int, int, int, int], touched: Spans, starts: list[int], size: int
) -> tuple[Axis, Spans]:
    """Which outputs of a step the patches touch along one axis, given the inputs (start, end) that they touch."""
    kernel, stride, before, dilation = geometry
    reach = (kernel - 1) * dilation
    spans = []
    for start, end in touched:  # output o reads inputs o * stride - before ... o * stride - before + reach
        first = min(max(-(-(start + before - reach) // stride), 0), size - 1)
        last = min((end - 1 + before) // stride, size - 1)
        spans.append((first, max(first, last + 1)))
    length = max(1, *(end - start for start, end in spans))
    begins = [min(start, size - length) for start, _ in spans]
    offsets = [old + before - new * stride for old, new in zip(starts, begins, strict=True)]
    return Axis(kernel, stride, before, dilation, begins, length, offsets), spans


def _two(value: int | Sequence[int]) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    vertical, horizontal = value
    return vertical, horizontal
