"""Maximally activating images: the images of a data set that excite a unit most, and the part that it sees of each."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lecturelib.checks import check_box, check_whole, complaint, described
from lecturelib.network.batched import Images, Progress, batches, check_batch_size, check_many, looking
from lecturelib.network.hooks import Activations
from lecturelib.network.layer_names import resolve_layer
from lecturelib.network.receptive_field import ReceptiveField, receptive_field
from lecturelib.network.units import Channel, Direction, Neuron, Unit, checked_unit

GREY = 0.5  # what a crop shows where the receptive field reaches outside the image
SPARES = 25  # candidates per image asked for, where overlapping crops of one photo are removed afterwards


@dataclass(frozen=True)
class MaximalImages:
    """The k images that excite a unit most, in descending order, each counted once.

    `values` (k,), `indices` (k,) of the images, `places` (k, 2) the position (y, x) of the maximum in the map, `boxes`
    (k, 4) its receptive field (top, left, bottom, right) in pixels, half-open, possibly reaching outside the image.
    `crops` are those boxes cut out, (C, h, w) each, grey where the unit sees padding. A unit that sees the whole image
    has the whole image as its box, and place (0, 0).

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network.units import Channel
    >>> from lecturelib.parameters import maximal_images
    >>> found = maximal_images(models.load("lenet"), torch.rand(5, 1, 28, 28), Channel("conv1", 0), k=2)
    >>> found.values.shape, found.places.shape, found.boxes.shape, len(found.crops)
    (torch.Size([2]), torch.Size([2, 2]), torch.Size([2, 4]), 2)
    """

    unit: Unit
    values: Tensor
    indices: Tensor
    places: Tensor
    boxes: Tensor
    crops: list[Tensor]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class LayerMaxima:
    """The maximally activating images of every channel of a layer: `maxima.of(12)` are those of channel 12.

    `values`, `indices` (C, k); `places` (C, k, 2).
    """

    layer: str
    call: int
    values: Tensor
    indices: Tensor
    places: Tensor
    field: ReceptiveField
    images: Images

    def of(self, channel: int) -> MaximalImages:
        """The maximally activating images of one channel, with their crops."""
        check_channel(channel, len(self.values))
        unit = Channel(self.layer, channel, call=self.call)
        found = self.values[channel], self.indices[channel], self.places[channel]
        return _cut(unit, *found, self.field, self.images)


def maximal_images(
    model: nn.Module,
    images: Images,
    unit: Unit,
    k: int = 9,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> MaximalImages:
    """The k maximally activating images of a unit, and the part of each that the unit sees.

    The k images with the largest max over (y, x) of a(y, x), for a `Channel` or a `Direction`; any other unit is one
    number per image. `images` is (N, C, H, W) in [0, 1], or `photo_crops(...)`. The crop is the receptive field of
    the maximum. Of crops that overlap on one photo only the best is kept, so fewer than k may be returned. Ties go
    to the lower index. A network in which the images of a batch influence one another gets one at a time. Memory is
    bounded by the batch. `progress(done, total)` is called after every batch. Raises `ValueError` for k outside 1 to
    N, for images that are too small, and for NaN activations. Girshick et al. 2014, section 3.1; Zeiler & Fergus
    2014, section 4.1.

    >>> import torch
    >>> from lecturelib import models
    >>> from lecturelib.network.units import Channel
    >>> found = maximal_images(models.load("lenet"), torch.rand(5, 1, 28, 28), Channel("conv1", 0), k=2)
    >>> len(found), found.crops[0].shape
    (2, torch.Size([1, 5, 5]))
    """
    shape = check_many(images, model)
    unit = checked_unit(model, unit, images[0:1])
    check_whole("k", k, 1, len(images), "the images")
    batch_size = check_batch_size(batch_size, model, unit.layer, shape)
    lazy: Any = None if isinstance(images, Tensor) else images
    top = _Top(min(SPARES * k, len(images)) if lazy is not None else k)
    with looking(model, unit.keys) as acts:
        for first, batch in batches(model, images, batch_size, progress):
            # no name for the maps: held beyond the turn, they would keep the next pass from reusing their memory
            top.add(responses(unit, acts.forward(batch))[:, None], first, str(unit))  # (B, 1, h, w)
    values, indices, flat = top.values[:, 0], top.indices[:, 0], top.flat[:, 0]
    if lazy is not None:
        kept = lazy.suppress_overlaps(indices, k)
        values, indices, flat = values[kept], indices[kept], flat[kept]
    places = torch.stack([flat // top.width, flat % top.width], 1)
    if isinstance(unit, Neuron):
        places[:] = torch.tensor([unit.y or 0, unit.x or 0])
    return _cut(unit, values, indices, places, _field_of(model, unit, shape), images)


def maximal_images_by_channel(
    model: nn.Module,
    images: Images,
    layer: str,
    k: int = 9,
    call: int = 0,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> LayerMaxima:
    """The k maximally activating images of every channel of a layer, found in a single pass over the images.

    The result of `maximal_images` for every `Channel` of the layer, at about the cost of one. `images` is
    (N, C, H, W) in [0, 1]. Raises as `maximal_images` does.

    >>> import torch
    >>> from lecturelib import models
    >>> found = maximal_images_by_channel(models.load("lenet"), torch.rand(5, 1, 28, 28), "conv2", k=2)
    >>> found.values.shape, len(found.of(12))
    (torch.Size([32, 2]), 2)
    """
    shape = check_many(images, model)
    if not isinstance(images, Tensor):
        raise TypeError(
            complaint("images", "a tensor (N, C, H, W)", described(images), "for photos use search_photos")
        )
    name = resolve_layer(model, layer)
    unit = checked_unit(model, Channel(name, 0, call=call), images[0:1])
    check_whole("k", k, 1, len(images), "the images")
    batch_size = check_batch_size(batch_size, model, name, shape)
    top = _Top(k)
    with looking(model, unit.keys) as acts:
        for first, batch in batches(model, images, batch_size, progress):
            top.add(all_channels(unit, acts.forward(batch)), first, f"layer {unit.place}")  # (B, C, h, w)
    places = torch.stack([top.flat // top.width, top.flat % top.width], 2)  # (k, C, 2)
    field = receptive_field(model, name, call, shape)
    return LayerMaxima(
        name, call, top.values.T.clone(), top.indices.T.clone(), places.movedim(1, 0).clone(), field, images
    )


class _Top:
    """The running k best of several units at once: (k, U) values, image indices, and flat positions."""

    def __init__(self, k: int):
        self.k, self.width = k, 1
        self.values = torch.empty(0)  # nothing is known yet
        self.indices = self.flat = torch.empty(0, dtype=torch.long)

    def add(self, maps: Tensor, first: int, what: str) -> None:
        """Takes maps (B, U, h, w) of images `first`, `first` + 1, ...; each counts with its best position."""
        self.width = maps.shape[3]
        values = maps.amax((2, 3))  # (B, U, h, w) -> (B, U)
        if values.isnan().any():
            raise ValueError(complaint(what, "finite values", "NaN", "the network's weights have diverged"))
        indices = torch.arange(first, first + len(values), device=values.device)[:, None].expand_as(values)
        flat = torch.full_like(indices, -1)
        if self.values.numel():
            values = torch.cat([self.values, values])
            flat, indices = torch.cat([self.flat, flat]), torch.cat([self.indices, indices])
        # stable: of equal values the image seen first stays first
        values, order = values.sort(dim=0, descending=True, stable=True)
        order = order[: self.k]
        self.values, self.flat, self.indices = (
            values[: self.k],
            flat.gather(0, order),
            indices.gather(0, order),
        )
        # argmax costs five times as much as max, so it is computed for the winners only
        rank, unit = (self.flat < 0).nonzero(as_tuple=True)
        winners = maps[self.indices[rank, unit] - first, unit]  # (n, h, w)
        self.flat[rank, unit] = winners.flatten(1).argmax(1)  # the first of equal positions


def all_channels(unit: Unit, acts: Activations) -> Tensor:
    """All channels of the layer of a channel, as (B, C, h, w); vectors and tokens get axes of 1."""
    maps = acts.maps((unit.layer, unit.call))
    while maps.ndim < 4:
        maps = maps.unsqueeze(2)  # (B, C) -> (B, C, 1, 1); (B, C, tokens) -> (B, C, 1, tokens)
    return maps


def responses(unit: Unit, acts: Activations) -> Tensor:
    """The value of a unit at every position, (B, h, w); 1 x 1 if it is one number per image already."""
    if isinstance(unit, Channel):
        return all_channels(unit, acts)[:, unit.channel]
    if isinstance(unit, Direction):
        maps = all_channels(unit, acts)
        return torch.einsum("bchw,c->bhw", maps, unit.v.to(maps))
    return unit(acts)[:, None, None]  # (B,) -> (B, 1, 1)


def _field_of(model: nn.Module, unit: Unit, shape) -> ReceptiveField:
    field = receptive_field(model, unit.layer, unit.call, shape)
    if field.whole or not isinstance(unit, Channel | Direction | Neuron):
        return ReceptiveField(size=tuple(shape[1:]), jump=(0, 0), start=(0, 0), whole=True)
    return field


def _cut(
    unit: Unit, values: Tensor, indices: Tensor, places: Tensor, field: ReceptiveField, images: Images
) -> MaximalImages:
    boxes = [field.box(*place) for place in places.tolist()]
    crops = [crop(images[i : i + 1][0], box) for i, box in zip(indices.tolist(), boxes, strict=True)]
    # clones: what was computed in inference mode could not be used with gradients by the caller
    return MaximalImages(unit, values.clone(), indices.clone(), places.clone(), torch.tensor(boxes), crops)


def crop(image: Tensor, box: tuple[int, int, int, int]) -> Tensor:
    """The part of an image (C, H, W) inside a box (top, left, bottom, right); grey where it reaches outside.

    >>> import torch
    >>> crop(torch.ones(1, 2, 2), (0, 1, 1, 3)).tolist()
    [[[1.0, 0.5]]]
    """
    top, left, bottom, right = check_box(box)
    height, width = image.shape[1:]
    cut = image.new_full((image.shape[0], bottom - top, right - left), GREY)
    rows, columns = (max(top, 0), min(bottom, height)), (max(left, 0), min(right, width))
    if rows[0] < rows[1] and columns[0] < columns[1]:
        inside = image[:, rows[0] : rows[1], columns[0] : columns[1]]
        cut[:, rows[0] - top : rows[1] - top, columns[0] - left : columns[1] - left] = inside
    return cut


def check_channel(channel: int, count: int) -> None:
    """Raises `TypeError` or `IndexError` unless the channel is a whole number from 0 to count - 1."""
    expected = f"0 to {count - 1} (there are {count} channels)"
    if isinstance(channel, bool) or not isinstance(channel, int):
        raise TypeError(complaint("channel", expected, described(channel)))
    if not 0 <= channel < count:
        raise IndexError(complaint("channel", expected, channel))


def class_entropy(labels: Tensor) -> float:
    """The entropy in bits of the class frequencies of labels (N,): -sum p log2 p, 0 when all are of one class.

    >>> import torch
    >>> class_entropy(torch.tensor([0, 0, 4, 4]))
    1.0
    """
    if not isinstance(labels, Tensor) or labels.ndim != 1 or len(labels) == 0:
        raise ValueError(complaint("labels", "one class index per image, (N,)", described(labels)))
    share = labels.unique(return_counts=True)[1] / len(labels)
    return -(share * share.log2()).sum().item() + 0.0


def largest_of_rows(values: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """The `most` largest of each row (C, n) in descending order, of equal ones the first, and their places.

    As a stable sort of the whole row gives them, which has tens of thousands of values in the first layers.
    """
    if values.shape[1] <= most:
        return values.sort(dim=1, descending=True, stable=True)
    last = values.topk(most, 1).values[:, -1:]  # (C, 1)
    more, ties = values > last, values == last
    chosen = more | (ties & (ties.cumsum(1) <= most - more.sum(1, keepdim=True)))  # `most` in each row
    places = chosen.nonzero()[:, 1].view(-1, most)  # (C, most), ascending
    found, order = values.gather(1, places).sort(dim=1, descending=True, stable=True)
    return found, places.gather(1, order)
