"""Occlusion sensitivity: the value of a unit while a patch covers one part of the image after the other.

`occlusion_map_plain` is the method in a few lines; `occlusion_map` gives the same numbers, faster;
`iter_occlusion_map` gives them coarse to fine, for the explorable. Zeiler & Fergus 2014, "Visualizing and
understanding convolutional networks", section 4.2.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecturelib.checks import check_image, check_images, check_number, check_whole, complaint
from lecturelib.network.baselines import GREY, Fill, Size, fill_image
from lecturelib.network.inputs import to_the_weights
from lecturelib.network.units import Unit, checked_unit, read
from lecturelib.parameters.occlusion_fast import make_reader
from lecturelib.parameters.patches import check_patch, check_stride, coverage, patch_spans

FIRST_BATCH = 16  # positions of the first coarse map: about 50 ms on alexnet


@dataclass(frozen=True, eq=False)
class OcclusionMap:
    """An occlusion map: the value of a unit with the patch at each position (rows, columns), and where the patches lie.

    `ys[row]` and `xs[column]` are the centers of the pixels that a patch covers, counted so that pixel 0 has its
    center at 0: a patch over pixels 0 to 31 is centered at 15.5. A patch that does not fit at the lower or right
    border is cut there, and its center is that of the part inside. `done` is below 1 while `iter_occlusion_map`
    has not measured all positions: the others show the value of the nearest measured one.

    >>> import torch
    >>> from lecturelib.network.units import Logit
    >>> from lecturelib.parameters import OcclusionMap
    >>> values, ys, xs = torch.tensor([[2.0, 5.0]]), torch.tensor([0.5]), torch.tensor([0.5, 2.5])
    >>> found = OcclusionMap(values, ys, xs, 5.0, Logit(3), patch_size=(2, 2), stride=(2, 2), image_size=(2, 4))
    >>> found.drop.tolist(), found.drop_per_pixel()[0].tolist(), found.boxes.shape
    ([[3.0, 0.0]], [3.0, 3.0, 0.0, 0.0], torch.Size([1, 2, 4]))
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
        """How much the value falls with the patch there, `unoccluded - values` (rows, columns)."""
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

    def drop_per_pixel(self) -> Tensor:
        """The drop of each pixel, (H, W): the mean over the patches that cover it, as captum's `Occlusion` gives."""
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
    """The occlusion map (rows, columns) by two loops: the method, line by line.

    m[i, j] = f(image with patch (i, j) replaced by the fill), where f is the value of the unit. image (1, C, H, W) in
    [0, 1]; patch_size, stride, fill and what is raised are those of `occlusion_map`, which gives the same numbers
    faster. Zeiler & Fergus 2014, section 4.2.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network.units import Logit
    >>> occlusion_map_plain(models.load("lenet"), torch.zeros(1, 1, 28, 28), Logit(3), 14, 7).shape
    torch.Size([3, 3])
    """
    image = to_the_weights(check_image(image, model), model).detach()
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
    """The occlusion map: the value of a unit with a patch at each position of the image.

    m[i, j] = f(image with patch (i, j) replaced by the fill), where f is the value of the unit. image: one image
    (1, C, H, W) in [0, 1]. patch_size and stride: pixels, a number or (vertical, horizontal). fill: a grey in [0, 1],
    a color (r, g, b), "mean" (the image's mean color), "blur" (the image blurred, which adds few edges of its own), or
    another image. batch_size: images at once, chosen for the network if not given; a network in which the images of
    a batch influence one another always gets one at a time.

    Patches start at 0, stride, 2 stride, ... until one reaches the border, where it is cut, as captum does. Raises
    `ValueError`, `TypeError`, `KeyError` or `IndexError` before any work for a patch or stride that does not fit, a
    fill outside [0, 1], more than one image, or a unit that the network does not have; `ValueError` if the network
    gives NaN or infinity. The model's modes, flags and hooks stay as they are. Zeiler & Fergus 2014, section 4.2.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network.units import Logit
    >>> found = occlusion_map(models.load("lenet"), torch.zeros(1, 1, 28, 28), Logit(3), patch_size=14, stride=7)
    >>> found.drop.shape, found.drop_per_pixel().shape
    (torch.Size([3, 3]), torch.Size([28, 28]))
    """
    occlusion = _Sweep(model, image, unit, patch_size, stride, fill, batch_size)
    with occlusion.read.attached():
        for _ in occlusion.batches():
            pass
    return occlusion.map()


def iter_occlusion_map(
    model: nn.Module,
    image: Tensor,
    unit: Unit,
    patch_size: Size = 32,
    stride: Size = 8,
    fill: Fill = GREY,
    every: float = 0.1,
    batch_size: int | None = None,
) -> Iterator[OcclusionMap]:
    """The occlusion map from coarse to fine: a coarse map first, then finer ones; the last equals `occlusion_map`'s.

    Yields `OcclusionMap`s on the full grid, at most one per `every` seconds (0: one per batch), each with the share
    `done`; positions not measured yet show the nearest measured one. Arguments and errors as for `occlusion_map`,
    raised at the call. It may be dropped at any time: between two maps nothing of it is attached to the model.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network.units import Logit
    >>> maps = iter_occlusion_map(models.load("lenet"), torch.zeros(1, 1, 28, 28), Logit(3), 4, 4, every=0)
    >>> [found.done for found in maps][-1]
    1.0
    """
    check_number("every", every, least=0)
    return _maps(_Sweep(model, image, unit, patch_size, stride, fill, batch_size), every)


def _maps(occlusion: "_Sweep", every: float) -> Iterator[OcclusionMap]:
    shown = None
    for done in occlusion.batches():
        if shown is None or done == 1 or time.monotonic() - shown >= every:
            yield occlusion.map(done)
            shown = time.monotonic()


def occlude(image: Tensor, y: float, x: float, patch_size: Size = 32, fill: Fill = GREY) -> Tensor:
    """A copy of the image (B, C, H, W) with one patch centered at pixel (y, x), cut at the border.

    image in [0, 1]; y and x count from the center of the first pixel, as `OcclusionMap.ys` and `.xs` do. A patch of
    even size has its center between two pixels: at a whole y it covers one pixel more above than below. For the
    patches that a map cuts at the border use `OcclusionMap.boxes`: their center is that of the part inside. Raises
    `ValueError` or `TypeError` unless (y, x) is a place on the image.

    >>> import torch
    >>> occlude(torch.zeros(1, 1, 3, 3), y=0, x=2, patch_size=2, fill=1.0)[0, 0].tolist()
    [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    check_images(image, name="image")
    patch = check_patch(patch_size, image)
    covered = image.detach().clone()
    window = [slice(None), slice(None)]
    for name, place, size, length in zip("yx", (y, x), image.shape[2:], patch, strict=True):
        if isinstance(place, Tensor) and place.ndim == 0:
            place = place.item()
        # half a pixel beyond the outer centers: the pixels' own edges
        check_number(name, place, least=-0.5, most=size - 0.5)
        start = int((place - (length - 1) / 2) // 1)
        window.append(slice(max(start, 0), max(start + length, 0)))
    covered[tuple(window)] = fill_image(image, fill, patch)[tuple(window)]
    return covered


class _Sweep:
    """One run over all positions: checked arguments, the order of the positions, and the values so far."""

    def __init__(self, model, image, unit, patch_size, stride, fill, batch_size):
        image = to_the_weights(check_image(image, model), model).detach()
        self.patch = check_patch(patch_size, image)
        self.stride = check_stride(stride, self.patch)
        if batch_size is not None:
            batch_size = check_whole("batch_size", batch_size, 1)
        cover = fill_image(image, fill, self.patch)
        self.unit = checked_unit(model, unit, image)
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
                got = f"NaN or infinity with the patch at row, column {at}"
                raise ValueError(complaint(str(self.unit), "a finite value at each position", got))
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
    """All positions (N, 2): every `step`-th row and column first, then every `step / 2`-th, ..., at last the rest.

    The step is the smallest power of 2 that leaves at most `FIRST_BATCH` positions for the first grid.
    """
    step = 1
    while -(-rows // step) * -(-columns // step) > FIRST_BATCH:
        step *= 2
    # the coarse grid sits in the middle
    offset = [min(step // 2, (length - 1) // 2) for length in (rows, columns)]
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
