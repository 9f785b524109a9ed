"""`occlusion_map` made fast: bounded batches, and in the first layers only the window that a patch changes.

Everything here gives the numbers of `occlusion_map_plain`, within rounding; the tests compare the two.

A patch of 32 px changes a small window of the first maps. Where a network begins with a chain of convolutions, poolings
and ReLUs, the maps of the clean image are computed once, for each patch only its window is computed anew, and the rest
of the network runs on the clean map with the window pasted in. Whether a network begins with such a chain is not
guessed from its class: `plain_prefix` records one clean pass, function by function, and a tensor that anything else
uses ends the chain. The rest is run by the network's own code, so branches, functions and recordings work as always.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lecturelib.checks import complaint
from lecturelib.network.batch_effects import independent
from lecturelib.network.batched import layer_sizes
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import Activations, recording
from lecturelib.network.inputs import channels_last
from lecturelib.network.layer_names import walk
from lecturelib.network.receptive_field import takes
from lecturelib.network.units import Unit
from lecturelib.parameters.occlusion_windows import Axis, module_geometry, overlap, plan_axis
from lecturelib.parameters.patches import Spans, coverage
from lecturelib.parameters.plain_prefix import POINTWISE, SkipPrefix, find_prefix

# glibc maps and unmaps anything larger on every operation
ACTIVATION_BYTES = 32 * 2**20
LARGEST_BATCH = 64  # a 28 px network gains little from more
SMALL_IMAGE = 64 * 64  # pixels; in smaller images moving windows about costs more than computing whole maps
WORTHWHILE = 0.7  # share of a map; beyond it the window is no longer worth its copying


def make_reader(
    model: nn.Module,
    image: Tensor,
    cover: Tensor,
    unit: Unit,
    spans: list[Spans],
    batch_size: int | None = None,
) -> "Reader | WindowReader":
    """A callable (rows (B,), columns (B,)) -> values (B,) of the unit with the patch at these positions.

    image and cover (1, C, H, W): a patch is a window onto the cover. A `WindowReader` where the network allows it,
    else a `Reader`.
    """
    reader = Reader(model, image, cover, unit, spans, batch_size)
    # a pass is watched to its end, which a head of one size may not reach
    if image.shape[2] * image.shape[3] >= SMALL_IMAGE and takes(model, tuple(image.shape[1:])):
        steps, prelude = find_prefix(model, reader.image, unit)
        if steps:
            windowed = WindowReader(reader, steps, prelude)
            if windowed.steps and windowed.agrees():
                return windowed
    return reader


class Reader:
    """The general way: whole images with a patch, in batches whose activations fit 32 MiB."""

    def __init__(
        self,
        model: nn.Module,
        image: Tensor,
        cover: Tensor,
        unit: Unit,
        spans: list[Spans],
        batch_size: int | None = None,
    ):
        self.model, self.unit, self.spans, self.asked = model, unit, spans, batch_size
        self.acts: Activations | None = None
        self.image, self.cover = channels_last(image), channels_last(cover.expand_as(image))
        self.masks = [
            coverage(span, size).to(image.device) for span, size in zip(spans, image.shape[2:], strict=True)
        ]
        self.sizes = layer_sizes(model, tuple(image.shape[1:]))
        largest = max(image[0].numel(), *self.sizes.values())
        self.batch_size = batch_size or _batch_size(largest * image.element_size())
        self.middle = tuple(torch.tensor([len(span) // 2]) for span in spans)
        self.independent = independent(model, tuple(image.shape[1:]))
        if not self.independent:
            self.batch_size = 1
        with self.attached():
            if self.batch_size == 1:
                # a copy: a network may write on what it is given
                self._keep(self.read(self.image.clone()))
                self.read(self.covered(*self.middle))
                self.at_middle = self.recorded()
            else:
                self._keep(self.read(torch.cat([self.image, self.covered(*self.middle)])))
                self.at_middle = [values[1:] for values in self.recorded()]

    def _keep(self, values: Tensor) -> None:
        self.unoccluded = values[0].item()
        if not values[0].isfinite():
            raise ValueError(
                complaint(
                    str(self.unit), "a finite value", f"{self.unoccluded} for the image without a patch"
                )
            )

    def recorded(self) -> list[Tensor]:
        """What the last pass gave in the unit's layers; only while attached."""
        if self.acts is None:
            raise RuntimeError("read inside `with reader.attached()`")
        return [self.acts[key] for key in self.unit.keys]

    def agree(self, layers: list[Tensor]) -> bool:
        """Are these the layers with the patch in the middle? Up to rounding, measured by each layer's largest value.

        Not the unit's value is compared, which may hide a difference: a probability of 1e-8 does.
        """
        return all(
            one.shape == other.shape and torch.allclose(one, other, 0, _rounding(other), equal_nan=True)
            for one, other in zip(layers, self.at_middle, strict=True)
        )

    def covered(self, rows: Tensor, columns: Tensor) -> Tensor:
        """The images (B, C, H, W) with the patch at these positions."""
        down, across = self.masks[0][rows], self.masks[1][columns]  # (B, H), (B, W)
        mask = down[:, None, :, None] & across[:, None, None, :]  # (B, 1, H, W)
        images = _empty(len(rows), self.image, *self.image.shape[2:])
        return torch.where(mask, self.cover, self.image, out=images)

    def __call__(self, rows: Tensor, columns: Tensor) -> Tensor:
        return self.read(self.covered(rows, columns))

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Keeps the network frozen and recorded over many reads, where nobody else can look in between."""
        with frozen(self.model), recording(self.model, self.unit.keys) as self.acts:
            try:
                yield
            finally:
                self.acts = None

    def read(self, images: Tensor, mode: TorchFunctionMode | None = None) -> Tensor:
        """The unit's value (B,) for images (B, C, H, W); the pass stops at the unit's layer."""
        if self.acts is None:
            with self.attached():
                return self.read(images, mode)
        with torch.inference_mode():
            with mode or nullcontext():
                self.acts.forward(images)
            return self.unit(self.acts)


@dataclass
class LayerStep:
    """One module of the chain, and along each axis its geometry and where the windows of all patches lie."""

    module: nn.Module
    axes: list[Axis] = field(default_factory=list)  # y, x; empty for a pointwise step
    padded: Tensor | None = None  # its clean input with the padding around it


class WindowReader:
    """The quick way: the first steps only in the window that a patch touches, the rest by the network itself."""

    def __init__(self, reader: Reader, modules: list[nn.Module], prelude: int):
        self.reader, self.spans, self.prelude = reader, reader.spans, prelude
        self.unoccluded, self.attached = reader.unoccluded, reader.attached
        # Every window of a step has the same size, so that any patches can share a batch; at the border it is moved
        # inside and recomputes a little that did not change.
        self.lengths = [max(end - start for start, end in spans) for spans in self.spans]
        self.starts = [
            [min(start, size - length) for start, _ in spans]
            for spans, size, length in zip(self.spans, reader.image.shape[2:], self.lengths, strict=True)
        ]
        self.steps: list[LayerStep] = []
        with frozen(reader.model), torch.inference_mode():
            normalize: Any = reader.model.normalize if prelude else nn.Identity()
            self.image, self.cover = normalize(reader.image), normalize(reader.cover)
            self._plan(modules)
        last = next((n for n, m in walk(reader.model) if self.steps and m is self.steps[-1].module), "")
        names = list(reader.sizes)
        after = names[names.index(last) :] if last in names else names
        largest = max(
            self.clean.numel(), self.largest_window, *(reader.sizes[name] for name in after if name)
        )
        self.batch_size = reader.asked or _batch_size(largest * reader.image.element_size())
        if not reader.independent:
            self.batch_size = 1

    def _plan(self, modules: list[nn.Module]) -> None:
        """Take steps while the window is small in its map; remember the clean inputs, and the clean map at the end."""
        clean, starts, lengths = self.image, self.starts, self.lengths
        touched = self.spans
        self.shapes, self.largest_window = [tuple(clean.shape[1:])], 0
        for module in modules:
            step = LayerStep(module)
            if type(module) in POINTWISE or isinstance(module, nn.BatchNorm2d):
                clean = module(clean.clone())  # an in-place ReLU may have its copy
            else:
                output = module(clean)
                geometry = module_geometry(module, clean.shape[2:], output.shape[2:])
                axes, spans = [], []
                for axis in range(2):
                    planned, span = plan_axis(
                        geometry[axis], touched[axis], starts[axis], output.shape[2 + axis]
                    )
                    axes.append(planned)
                    spans.append(span)
                share = axes[0].length * axes[1].length / (output.shape[2] * output.shape[3])
                if share > WORTHWHILE:
                    break
                step.axes, step.padded = axes, _pad(clean, module, axes, output.shape[2:])
                needed = clean.shape[1] * axes[0].needs * axes[1].needs
                given = output.shape[1] * axes[0].length * axes[1].length
                self.largest_window = max(self.largest_window, needed, given)
                touched, starts, lengths = spans, [a.starts for a in axes], [a.length for a in axes]
                clean = output
            self.steps.append(step)
            self.shapes.append(tuple(clean.shape[1:]))
        self.clean = channels_last(clean)
        self.last_starts, self.last_lengths = starts, lengths

    def agrees(self) -> bool:
        """Does it give the network's own value, with the patch in the middle? If not, the chain was not one."""
        with self.attached():
            self(*self.reader.middle)
            return self.reader.agree(self.reader.recorded())

    def __call__(self, rows: Tensor, columns: Tensor) -> Tensor:
        if self.reader.acts is None:
            with self.attached():
                return self(rows, columns)
        across: list[int] = columns.tolist()
        down: list[int] = rows.tolist()
        with torch.inference_mode():
            maps = _empty(len(down), self.clean, *self.clean.shape[2:]).copy_(self.clean)
            high, wide = self.last_lengths
            for target, window, row, column in zip(
                maps, self._windows(down, across), down, across, strict=True
            ):
                top, left = self.last_starts[0][row], self.last_starts[1][column]
                target[:, top : top + high, left : left + wide] = window
            stand_in = torch.full((), float("nan"), dtype=maps.dtype, device=maps.device)
            # What the skipped functions return is never looked at: NaN would show if it were.
            images, *between = (stand_in.expand(len(rows), *shape) for shape in self.shapes[:-1])
            skip = SkipPrefix(images, self.prelude, [*between, maps])
            values = self.reader.read(images, skip)
        if skip.outputs:  # the network went another way than in the pass that was watched
            return self.reader(rows, columns)
        return values

    def _windows(self, rows: list[int], columns: list[int]) -> Tensor:
        """What each patch makes of its window of the last map, (B, C, h, w)."""
        high, wide = self.lengths
        windows = _empty(len(rows), self.image, high, wide)
        for window, row, column in zip(windows, rows, columns, strict=True):
            top, left = self.starts[0][row], self.starts[1][column]
            window.copy_(self.image[0, :, top : top + high, left : left + wide])
            (start_y, end_y), (start_x, end_x) = self.spans[0][row], self.spans[1][column]
            window[:, start_y - top : end_y - top, start_x - left : end_x - left] = self.cover[
                0, :, start_y:end_y, start_x:end_x
            ]
        for step in self.steps:
            if step.axes:
                windows = _convolve(step.module, _surround(step, windows, rows, columns))
            else:
                windows = step.module(windows)
        return windows


def _surround(step: LayerStep, windows: Tensor, rows: list[int], columns: list[int]) -> Tensor:
    """Each window (B, C, h, w) set into the clean inputs around it that the step needs, (B, C, H', W')."""
    y, x = step.axes
    padded = step.padded
    if padded is None:
        raise RuntimeError(f"{step.module} has no padded input: it is a pointwise step")
    inputs = _empty(len(windows), padded, y.needs, x.needs)
    for target, window, row, column in zip(inputs, windows, rows, columns, strict=True):
        top, left = y.starts[row] * y.stride, x.starts[column] * x.stride
        target.copy_(padded[0, :, top : top + y.needs, left : left + x.needs])
        (to_y, from_y), (to_x, from_x) = (
            overlap(y.offsets[row], window.shape[1], y.needs),
            overlap(x.offsets[column], window.shape[2], x.needs),
        )
        target[:, to_y, to_x] = window[:, from_y, from_x]
    return inputs


def _convolve(module: nn.Module, inputs: Tensor) -> Tensor:
    """The module on inputs that already carry their padding."""
    if isinstance(module, nn.Conv2d):
        return F.conv2d(inputs, module.weight, module.bias, module.stride, 0, module.dilation, module.groups)
    pool: Any = module
    return F.max_pool2d(inputs, pool.kernel_size, pool.stride, 0, pool.dilation)


def _pad(clean: Tensor, module: nn.Module, axes: list[Axis], outputs: torch.Size) -> Tensor:
    """A step's clean input with its padding, so that every window lies inside."""
    (top, bottom), (left, right) = (
        (a.before, max(0, (out - 1) * a.stride + (a.kernel - 1) * a.dilation + 1 - a.before - size))
        for a, out, size in zip(axes, outputs, clean.shape[2:], strict=True)
    )
    value = 0.0 if isinstance(module, nn.Conv2d) else -torch.inf  # a padded place never is the maximum
    return channels_last(F.pad(clean, (left, right, top, bottom), value=value))


def _empty(batch: int, like: Tensor, high: int, wide: int) -> Tensor:
    shape = (batch, like.shape[1], high, wide)
    return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=torch.channels_last)


def _batch_size(largest: int) -> int:
    return max(1, min(LARGEST_BATCH, ACTIVATION_BYTES // largest))


def _rounding(layer: Tensor) -> float:
    return max(1e-5, 16 * torch.finfo(layer.dtype).eps) * layer.abs().nan_to_num(0, 0).amax().item()
