"""A search for maximally activating image regions: photos at several scales, every position of a map."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecturelib.checks import check_whole, complaint, described
from lecturelib.network.batched import Progress
from lecturelib.network.field_tracker import FieldTracker
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import recording
from lecturelib.network.inputs import as_the_model_takes
from lecturelib.network.layer_names import OUTPUT, resolve_layer
from lecturelib.network.receptive_field import ReceptiveField, as_receptive_field, check_size
from lecturelib.network.units import Channel, Direction, Shape, Unit
from lecturelib.parameters.maximal_images import (
    all_channels,
    check_channel,
    crop,
    largest_of_rows,
    responses,
)
from lecturelib.parameters.search_scales import Photos, SearchScale, search_scales

SCALES = (1.0, 0.7, 0.5)
OVERLAP = 0.3  # boxes on one photo with a larger intersection over union count as one place
# a picked box suppresses at most this many cells around it, so this many candidates per match are enough
SPARES = 25
MOST = 1000  # matches


def non_maximum_suppression(photos: Tensor, boxes: Tensor, k: int) -> list[int]:
    """Greedy non-maximum suppression: the first k ranks of boxes (N, 4), best first, that overlap none kept before.

    Two boxes overlap if they lie on the same photo, by index (N,), with an intersection over union above 0.3.
    """
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    alive = torch.ones(len(boxes), dtype=torch.bool)
    kept: list[int] = []
    while len(kept) < k and alive.any():
        # argmax gives the first of equal values: the best that is left
        best = int(alive.to(torch.uint8).argmax())
        kept.append(best)
        common = torch.minimum(boxes[:, 2:], boxes[best, 2:]) - torch.maximum(boxes[:, :2], boxes[best, :2])
        common = common.clamp_min(0).prod(1)
        overlap = common / (area + area[best] - common)
        alive &= (photos != photos[best]) | (overlap <= OVERLAP)
        alive[best] = False
    return kept


class PhotoCrops:
    """Square crops of photos at several scales, cut when indexed: `crops[10:20]` is (10, C, size, size).

    `origin(i)` gives the photo's name and the box (top, left, bottom, right) of crop i there.
    """

    def __init__(self, levels: list[SearchScale], size: int, places: Tensor):
        self.levels, self.size = levels, size
        self._places = places  # (N, 3): scale, top, left
        names = [level.name for level in levels]
        self._photos = torch.tensor([names.index(name) for name in names])[places[:, 0]]
        ratios = torch.tensor([[*level.ratio, *level.ratio] for level in levels])[places[:, 0]]
        corners = torch.cat([places[:, 1:], places[:, 1:] + size], 1)
        self.boxes = corners / ratios  # (N, 4) in pixels of the photo

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, which: slice | int) -> Tensor:
        chosen = self._places[which] if isinstance(which, slice) else self._places[[which]]
        cuts = [
            self.levels[level].image[0, :, top : top + self.size, left : left + self.size]
            for level, top, left in chosen.tolist()
        ]
        if not cuts:
            return self.levels[0].image.new_zeros(0, self.levels[0].image.shape[1], self.size, self.size)
        return torch.stack(cuts)

    def origin(self, i: int) -> tuple[str, tuple[float, ...]]:
        """The photo's name and the box (top, left, bottom, right) of crop i, in pixels of the photo."""
        return self.levels[int(self._places[i, 0])].name, tuple(self.boxes[i].tolist())

    def suppress_overlaps(self, indices: Tensor, k: int) -> list[int]:
        """The first k ranks of crops, best first, without those that overlap a better one."""
        return non_maximum_suppression(self._photos[indices], self.boxes[indices], k)


def photo_crops(
    names: Photos = None,
    size: int = 64,
    scales: Sequence[float] = SCALES,
    stride: int | None = None,
    count: int | None = None,
    seed: int = 0,
) -> PhotoCrops:
    """Square crops of `size` pixels from photos, at several scales, one every `stride` pixels.

    `stride` is half the size if not given. `names` are shipped photos (default: all) or a dict of images
    (1, 3, H, W). A scale of 0.5 halves the photo, so that a crop shows twice as much of it. With `count`, that many of
    the crops are drawn at random by `seed`, in their order. For units that are read from a whole image (a class
    score); for channels `search_photos` is faster. Raises `ValueError` if no photo is as large as a crop.

    >>> import torch
    >>> crops = photo_crops({"mine": torch.zeros(1, 3, 40, 60)}, size=20, scales=(1.0,))
    >>> len(crops), crops[:2].shape
    (15, torch.Size([2, 3, 20, 20]))
    """
    for what, value in [("size", size), ("stride", stride), ("count", count)]:
        if value is not None:
            check_whole(what, value, 1)
    stride = stride or max(1, size // 2)
    levels, places = search_scales(names, scales), []
    for number, level in enumerate(levels):
        height, width = level.image.shape[-2:]
        tops, lefts = range(0, height - size + 1, stride), range(0, width - size + 1, stride)
        places += [(number, top, left) for top in tops for left in lefts]
    if not places:
        largest = max(min(level.image.shape[-2:]) for level in levels)
        raise ValueError(complaint("size", f"at most {largest} px (the largest photo's shorter side)", size))
    table = torch.tensor(places)
    if count is not None and count < len(table):
        chosen = torch.randperm(len(table), generator=torch.Generator().manual_seed(seed))[:count]
        table = table[chosen.sort().values]
    return PhotoCrops(levels, size, table)


@dataclass(frozen=True)
class PhotoMatches:
    """The regions of photos that excite a unit most, in descending order, without overlaps.

    `values` (k,), `names` and `scales` of the photos, `places` (k, 2) the position (y, x) in the map, `boxes` (k, 4)
    the receptive field in pixels of the photo at its own size, `crops` the pixels that the unit saw, (C, h, w), at
    that scale.
    """

    unit: Unit
    values: Tensor
    names: list[str]
    scales: list[float]
    places: Tensor
    boxes: Tensor
    crops: list[Tensor]

    def __len__(self) -> int:
        return len(self.values)


class PhotoSearch:
    """The candidates of all channels of a layer, kept after one pass: `search.of(12)` needs no other pass."""

    def __init__(
        self,
        units: list[Unit],
        levels: list[SearchScale],
        fields: list[ReceptiveField],
        found: dict[str, Tensor],
        k: int,
    ):
        self._units, self._levels, self._fields, self._found, self.k = units, levels, fields, found, k

    def __len__(self) -> int:
        """The number of channels."""
        return len(self._units)

    @property
    def positions(self) -> int:
        """The number of positions that were compared, over all photos and scales."""
        return int(self._found["positions"])

    def of(self, channel: int, k: int | None = None) -> PhotoMatches:
        """The matches of one channel; `k` at most the number that was searched for."""
        check_channel(channel, len(self))
        k = self.k if k is None else check_whole("k", k, 1, self.k, "the number searched for")
        values = self._found["values"][channel]
        order = values.argsort(descending=True, stable=True)
        level = self._found["level"][order]
        names = [entry.name for entry in self._levels]
        photos = torch.tensor([names.index(name) for name in names])[level]
        boxes = self._found["boxes"][channel][order]
        kept = non_maximum_suppression(photos, boxes, k)
        matches = [self._levels[i] for i in level[kept].tolist()]
        places = self._found["places"][channel][order[kept]]
        crops = [
            crop(match.image[0], self._fields[i].box(*place))
            for match, i, place in zip(matches, level[kept].tolist(), places.tolist(), strict=True)
        ]
        return PhotoMatches(
            self._units[channel],
            values[order[kept]],
            [match.name for match in matches],
            [match.scale for match in matches],
            places,
            boxes[kept],
            crops,
        )


@overload
def search_photos(
    model: nn.Module,
    target: str,
    names: Photos = None,
    scales: Sequence[float] = SCALES,
    k: int = 9,
    inside: bool = True,
    progress: Progress | None = None,
) -> PhotoSearch: ...


@overload
def search_photos(
    model: nn.Module,
    target: Unit,
    names: Photos = None,
    scales: Sequence[float] = SCALES,
    k: int = 9,
    inside: bool = True,
    progress: Progress | None = None,
) -> PhotoMatches: ...


def search_photos(
    model: nn.Module,
    target: Unit | str,
    names: Photos = None,
    scales: Sequence[float] = SCALES,
    k: int = 9,
    inside: bool = True,
    progress: Progress | None = None,
) -> PhotoMatches | PhotoSearch:
    """The regions of photos, at several scales, that excite a unit most; or those of every channel of a layer.

    Each photo runs through the network once per scale, whole: every position of the map is the response to one crop,
    its receptive field, so the result is that of cutting thousands of crops, at a fraction of the cost. `target` is a
    `Channel` or a `Direction` (gives `PhotoMatches`) or a layer (gives a `PhotoSearch`, whose `.of(channel)` are
    matches). `names` and `scales` as in `photo_crops`. `inside` leaves out positions that also see padding: the crop is
    then all that the unit saw. Of positions closer than a quarter of the field only the best counts, as of boxes on
    one photo with an intersection over union above 0.3. Raises `ValueError` for a unit that sees a whole image (use
    `maximal_images` with `photo_crops`), and if no photo is large enough.

    >>> import torch
    >>> from lecturelib.network.units import Channel
    >>> network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 5))
    >>> found = search_photos(network, Channel("0", 2), {"mine": torch.rand(1, 3, 20, 30)}, k=3)
    >>> found.names, found.crops[0].shape
    (['mine', 'mine', 'mine'], torch.Size([3, 5, 5]))
    """
    layer_given = isinstance(target, str)
    unit: Unit = Channel(resolve_layer(model, target), 0) if isinstance(target, str) else target
    if not isinstance(unit, Channel | Direction):
        hint = "search for a class with maximal_images(model, photo_crops(...), unit)"
        raise TypeError(
            complaint("target", "a Channel, a Direction or a layer's name", described(unit), hint)
        )
    levels, fields, parts, positions = search_scales(names, scales), [], [], 0
    # a plain module does not know its own input size: a photo's size serves
    unit = _checked(unit, model, None if hasattr(model, "input_size") else tuple(levels[0].image.shape[1:]))
    check_whole("k", k, 1, MOST)
    for number, level in enumerate(levels):
        maps, field = _maps_of(model, unit, level, layer_given)  # (C, h, w)
        fields.append(field)
        part = _candidates(maps, field, level, SPARES * k, inside)
        if part is not None:
            positions += part.pop("positions")
            part["level"] = torch.full((part["values"].shape[1],), number)
            parts.append(part)
        if progress is not None:
            progress(number + 1, len(levels))
    if not parts:
        expected = f"a photo larger than the receptive field at one of the scales {tuple(scales)}"
        hint = "take an earlier layer, larger scales, or inside=False"
        raise ValueError(complaint(unit.place, expected, str(fields[0]), hint))
    found = {
        name: torch.cat([part[name] for part in parts], 0 if name == "level" else 1) for name in parts[0]
    }
    found["positions"] = torch.tensor(positions)
    units: list[Unit] = [unit]
    if layer_given:
        units = [Channel(unit.layer, channel) for channel in range(len(found["values"]))]
    search = PhotoSearch(units, levels, fields, found, k)
    return search if layer_given else search.of(0)


def _checked(unit: Channel | Direction, model: nn.Module, shape: Shape | None) -> Channel | Direction:
    checked = unit.check(model, shape)
    return checked if isinstance(checked, Channel | Direction) else unit


def _maps_of(
    model: nn.Module, unit: Channel | Direction, level: SearchScale, every: bool
) -> tuple[Tensor, ReceptiveField]:
    """The maps (C, h, w) of a photo, and the receptive field of their positions, from one pass."""
    shape = tuple(level.image.shape[1:])
    image = as_the_model_takes(level.image, model, f"photo {level.name!r}")
    tracker = FieldTracker(image)
    try:
        with frozen(model), torch.no_grad(), recording(model, unit.keys) as acts, tracker:
            acts.forward(image)
    except Exception:
        # names the size that works, if that is what failed
        check_size(model, unit.layer, shape)
        raise
    recorded = acts[unit.layer, unit.call]
    field = as_receptive_field(tracker.seen(recorded), shape, recorded.ndim)
    if field.whole or unit.layer == OUTPUT:
        expected = "a layer with a receptive field smaller than the image"
        hint = "search with maximal_images(model, photo_crops(...), unit)"
        raise ValueError(complaint(unit.place, expected, "one that sees the whole image", hint))
    maps = all_channels(unit, acts)[0] if every else responses(unit, acts)
    if maps.isnan().any():
        raise ValueError(
            complaint(unit.place, "finite activations", "NaN", "the network's weights have diverged")
        )
    return maps.cpu(), field


def _candidates(
    maps: Tensor, field: ReceptiveField, level: SearchScale, most: int, inside: bool
) -> dict | None:
    """The best positions of maps (C, h, w), one per cell a quarter of the field wide, with their boxes."""
    starts, cells = [0, 0], []
    for axis in range(2):
        count, start, jump, size = maps.shape[1 + axis], field.start[axis], field.jump[axis], field.size[axis]
        if inside:
            # the first position whose field does not begin in the padding
            first = max(0, -(start // jump))
            count = min(count, (level.image.shape[2 + axis] - size - start) // jump + 1)
            starts[axis] = first
            if count <= first:
                return None
        maps = maps.narrow(1 + axis, starts[axis], count - starts[axis])
        cells.append(min(max(1, size // (4 * jump)), count - starts[axis]))
    values, flat = F.max_pool2d(maps, tuple(cells), ceil_mode=True, return_indices=True)  # (C, rows, columns)
    values, order = largest_of_rows(values.flatten(1), most)  # (C, cells) -> (C, n)
    flat = flat.flatten(1).gather(1, order)
    width = maps.shape[2]
    places = torch.stack([flat // width + starts[0], flat % width + starts[1]], 2)  # (C, n, 2)
    corners = places * torch.tensor(field.jump) + torch.tensor(field.start)
    boxes = level.on_photo(torch.cat([corners, corners + torch.tensor(field.size)], 2).float())
    return {"values": values, "places": places, "boxes": boxes, "positions": maps.shape[1] * maps.shape[2]}
