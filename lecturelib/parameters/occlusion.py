"""Occlusion: move a patch over the image and watch a unit. Where covering hurts, the network was looking.

`occlusion_map_plain` is the method in a few lines; `occlusion_map` gives the same numbers, faster;
`coarse_to_fine` gives them as they come, for the explorable. Zeiler & Fergus 2014, "Visualizing and
understanding convolutional networks", section 4.2.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real

import torch
from torch import Tensor, nn

from lecturelib.checks import check_images
from lecturelib.network.batched import checked_unit
from lecturelib.network.inputs import as_the_model_takes
from lecturelib.network.units import Unit, read
from lecturelib.parameters.occlusion_fast import make_reader
from lecturelib.parameters.patches import (
    GREY,
    Fill,
    Size,
    check_patch,
    check_stride,
    coverage,
    fill_image,
    patch_spans,
    whole,
)

FIRST_BATCH = 16  # positions of the first coarse map: about 50 ms on alexnet


@dataclass(frozen=True, eq=False)
class OcclusionMap:
    """The value of a unit with the patch at each position: a grid (rows, columns) and where its patches lie.

    `ys[row]` and `xs[column]` are the centres of the pixels that a patch covers, counted so that pixel 0 has its
    centre at 0: a patch over pixels 0 to 31 is centred at 15.5. A patch that does not fit at the lower or right
    border is cut there, and its centre is that of the part inside. `done` is below 1 while `coarse_to_fine` is
    still at work: positions not measured yet show the nearest measured one.
    """

    values: Tensor  # (rows, columns), in the unit's own measure: a probability, a score, an activation
    ys: Tensor  # (rows,)
    xs: Tensor  # (columns,)
    unoccluded: float
    unit: Unit
    patch_size: tuple[int, int]
    stride: tuple[int, int]
    image_size: tuple[int, int]
    done: float = 1.0

    @property
    def drop(self) -> Tensor:
        """How much the value falls by covering: `unoccluded - values` (rows, columns); below 0 where it rises."""
        return self.unoccluded - self.values

    @property
    def boxes(self) -> Tensor:
        """The pixels covered at each position, (rows, columns, 4): top, left, bottom, right, half-open."""
        rows, columns = (
            torch.tensor(patch_spans(*axis))
            for axis in zip(self.image_size, self.patch_size, self.stride, strict=True)
        )
        shape = (len(rows), len(columns), 2)
        spans = torch.stack([rows[:, None].expand(shape), columns[None].expand(shape)], dim=-1)
        return spans.flatten(2)  # (rows, columns, start | end, y | x) -> top, left, bottom, right

    def painted(self) -> Tensor:
        """The drop laid back onto the pixels, (H, W): at each pixel the mean over the patches that cover it.

        The same normalisation as captum's `Occlusion`.
        """
        cover_y, cover_x = (
            coverage(patch_spans(*axis), axis[0]).double()
            for axis in zip(self.image_size, self.patch_size, self.stride, strict=True)
        )
        total = cover_y.T @ self.drop.double() @ cover_x  # (H, rows) (rows, columns) (columns, W) -> (H, W)
        count = cover_y.sum(0)[:, None] * cover_x.sum(0)  # (H, 1) (W,) -> (H, W)
        return (total / count).to(self.values.dtype)


def occlusion_map_plain(
    model: nn.Module, image: Tensor, unit: Unit, patch_size: Size = 32, stride: Size = 8, fill: Fill = GREY
) -> Tensor:
    """The value of a unit with a patch at each position, (rows, columns): the method, line by line.

    image (1, C, H, W) in [0, 1]. Zeiler & Fergus 2014, section 4.2. Ask `occlusion_map` for the same numbers sooner;
    patch_size, stride, fill and what is raised are as there.
    """
    image = _one_image(image, model)
    height, width = patch = check_patch(patch_size, image)
    stride_y, stride_x = check_stride(stride, patch)
    tops = range(0, image.shape[2] - height + stride_y, stride_y)
    lefts = range(0, image.shape[3] - width + stride_x, stride_x)
    cover = fill_image(image, fill, patch_size)
    occluded = image.clone()
    values = torch.empty(len(tops), len(lefts))
    with torch.no_grad():
        for row, top in enumerate(tops):
            for column, left in enumerate(lefts):
                window = (..., slice(top, top + height), slice(left, left + width))
                occluded[window] = cover[window]
                values[row, column] = read(model, occluded.clone(), unit)  # a network may write on its input
                occluded[window] = image[window]
    return values


def occlusion_map(
    model: nn.Module,
    image: Tensor,
    unit: Unit,
    patch_size: Size = 32,
    stride: Size = 8,
    fill: Fill = GREY,
    batch_size: int | None = None,
) -> OcclusionMap:
    """The value of a unit while a patch covers one place of the image after the other.

    image: one image (1, C, H, W) in [0, 1]. patch_size and stride: pixels, a number or (vertical, horizontal). fill:
    a grey in [0, 1], a colour (r, g, b), "mean" (the image's mean colour), "blur" (the image blurred, so that no edge
    of its own is added), or another image. batch_size: images at once, chosen for the network if not given.

    Patches start at 0, stride, 2 stride, ... until one reaches the border, where it is cut, as captum does. Raises
    `ValueError`, `TypeError` or `KeyError` before any work for a patch or stride that does not fit, a fill outside
    [0, 1], more than one image, or a unit that the network does not have; `ValueError` if the network gives NaN or
    infinity. The model comes back as it was. Zeiler & Fergus 2014, section 4.2.
    """
    occlusion = _Sweep(model, image, unit, patch_size, stride, fill, batch_size)
    with occlusion.read.attached():
        for _ in occlusion.batches():
            pass
    return occlusion.map()


def coarse_to_fine(
    model: nn.Module,
    image: Tensor,
    unit: Unit,
    patch_size: Size = 32,
    stride: Size = 8,
    fill: Fill = GREY,
    every: float = 0.1,
    batch_size: int | None = None,
) -> Iterator[OcclusionMap]:
    """The same map while it is being made: a rough one at once, then ever sharper; the last is `occlusion_map`'s.

    Yields `OcclusionMap`s on the full grid, at most one per `every` seconds (0: one per batch), each with the share
    `done`; positions not measured yet show the nearest measured one. Arguments and errors as for `occlusion_map`,
    raised at the call. It may be dropped at any time: between two maps nothing of it is attached to the model.
    """
    if isinstance(every, bool) or not isinstance(every, Real) or not every >= 0:
        raise ValueError(f"every: seconds between two maps, 0 or more, got {every!r}")
    return _maps(_Sweep(model, image, unit, patch_size, stride, fill, batch_size), every)


def _maps(occlusion: "_Sweep", every: float) -> Iterator[OcclusionMap]:
    shown = None
    for done in occlusion.batches():
        if shown is None or done == 1 or time.monotonic() - shown >= every:
            yield occlusion.map(done)
            shown = time.monotonic()


def occlude(image: Tensor, y: float, x: float, patch_size: Size = 32, fill: Fill = GREY) -> Tensor:
    """A copy of the image with one patch centred at pixel (y, x); what reaches over the border is cut off.

    image (B, C, H, W) in [0, 1]; y and x count from the centre of the first pixel, as `OcclusionMap.ys` and `.xs`
    do. A patch of even size has its centre between two pixels: at a whole y it covers one pixel more above than below.
    At the border the patch of a map may be cut, and its centre is that of the part inside; a whole patch centred there
    covers more, so such a position is laid again from `OcclusionMap.boxes`. Raises `ValueError` if (y, x) is not on
    the image.
    """
    check_images(image, name="image")
    patch = check_patch(patch_size, image)
    covered = image.detach().clone()
    window = [slice(None), slice(None)]
    for name, place, size, length in zip("yx", (y, x), image.shape[2:], patch, strict=True):
        if isinstance(place, Tensor) and place.ndim == 0:
            place = place.item()
        if isinstance(place, bool) or not isinstance(place, Real) or not -0.5 <= place <= size - 0.5:
            raise ValueError(
                f"{name}: a place on the image is needed, a number from 0 to {size - 1}, got {place!r}"
            )
        start = int((place - (length - 1) / 2) // 1)
        window.append(slice(max(start, 0), max(start + length, 0)))
    covered[tuple(window)] = fill_image(image, fill, patch)[tuple(window)]
    return covered


def _one_image(image: Tensor, model: nn.Module) -> Tensor:
    image = as_the_model_takes(image, model, "image").detach()
    if len(image) != 1:
        raise ValueError(f"image: one image (1, C, H, W) is needed, got a batch of {len(image)}")
    return image


class _Sweep:
    """One run over all positions: checked arguments, the order of the positions, and the values so far."""

    def __init__(self, model, image, unit, patch_size, stride, fill, batch_size):
        image = _one_image(image, model)
        self.patch = check_patch(patch_size, image)
        self.stride = check_stride(stride, self.patch)
        if batch_size is not None:
            batch_size = whole("batch_size", batch_size)
        cover = fill_image(image, fill, self.patch)
        self.unit = checked_unit(model, unit, tuple(image.shape[1:]))
        self.size = tuple(image.shape[2:])
        self.spans = [patch_spans(*axis) for axis in zip(self.size, self.patch, self.stride, strict=True)]
        self.rows, self.columns = map(len, self.spans)
        self.read = make_reader(model, image, cover, self.unit, self.spans, batch_size)
        self.unoccluded = self.read.unoccluded
        self.values = torch.full((self.rows, self.columns), float("nan"))

    def batches(self) -> Iterator[float]:
        """Measure batch after batch, from coarse to fine; yields the share done. Nothing stays open in between."""
        order = _coarse_first(self.rows, self.columns)  # (N, 2) row, column
        total, size = len(order), self.read.batch_size
        start, end = 0, total if total <= size else min(size, FIRST_BATCH)
        while start < total:
            rows, columns = order[start:end].T
            values = self.read(rows, columns)
            if not values.isfinite().all():
                at = order[start:end][~values.isfinite()][0].tolist()
                raise ValueError(
                    f"{self.unit}: the network gives NaN or infinity with the patch at row, column {at}"
                )
            self.values[rows, columns] = values.to(self.values)
            start, end = end, min(end + size, total)
            yield start / total

    def map(self, done: float = 1.0) -> OcclusionMap:
        ys, xs = (torch.tensor([(start + end - 1) / 2 for start, end in spans]) for spans in self.spans)
        values = _nearest(self.values) if done < 1 else self.values
        return OcclusionMap(
            values.clone(), ys, xs, self.unoccluded, self.unit, self.patch, self.stride, self.size, done
        )


def _coarse_first(rows: int, columns: int) -> Tensor:
    """All positions (N, 2), those of a coarse grid first, then those of the grids twice, four times as fine."""
    step = 1
    while -(-rows // step) * -(-columns // step) > FIRST_BATCH:
        step *= 2
    offset = [
        min(step // 2, (length - 1) // 2) for length in (rows, columns)
    ]  # the coarse grid sits in the middle
    grid = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).view(-1, 2)
    level = torch.zeros(len(grid), dtype=torch.long)
    while step > 1:
        level += ((grid - torch.tensor(offset)) % step != 0).any(1)
        step //= 2
    return grid[level.argsort(stable=True)]


def _nearest(values: Tensor) -> Tensor:
    """The grid with every NaN replaced by the nearest measured value (the first in reading order where equal)."""
    measured = ~values.isnan()
    known = measured.nonzero()  # (K, 2)
    holes = (~measured).nonzero()  # (M, 2)
    nearest = torch.cdist(holes.float(), known.float()).argmin(1)  # (M, K) -> (M,)
    filled = values.clone()
    filled[~measured] = values[measured][nearest]
    return filled
