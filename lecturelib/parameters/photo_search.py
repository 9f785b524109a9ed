"""The shipped photos as a data set: thousands of crops at several scales, and a search through all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecturelib.checks import check_images
from lecturelib.images import photo, photo_names
from lecturelib.network.batched import Progress
from lecturelib.network.hooks import frozen, recording
from lecturelib.network.inputs import as_the_model_takes
from lecturelib.network.layer_names import OUTPUT, resolve_layer
from lecturelib.network.receptive_field import ReceptiveField, as_receptive_field, check_size
from lecturelib.network.receptive_field_rules import FieldTracker
from lecturelib.network.units import Channel, Direction, Unit
from lecturelib.parameters.maximal_images import all_channels, check_k, crop, responses

SCALES = (1.0, 0.7, 0.5)
OVERLAP = 0.3  # two boxes on one photo whose common area is a larger share of their union show the same thing
# A picked box silences at most this many cells around it: so many candidates per picture wanted are enough.
SPARES = 25
Photos = Sequence[str] | Mapping[str, Tensor] | None


@dataclass(frozen=True)
class Level:
    """A photo at one scale, (1, C, h, w), and how many of its pixels make one of the photo's."""

    name: str
    scale: float
    image: Tensor
    ratio: tuple[float, float]

    def on_photo(self, boxes: Tensor) -> Tensor:
        """Boxes (..., 4) in pixels of this level, in pixels of the photo."""
        return boxes / boxes.new_tensor([*self.ratio, *self.ratio])


def _levels(photos: Photos, scales: Sequence[float]) -> list[Level]:
    if isinstance(photos, str):
        raise TypeError(f"photos: a list of names, such as [{photos!r}], or a dict of pictures is needed")
    if isinstance(photos, Mapping):
        pictures = {name: check_images(picture, name=f"photo {name!r}") for name, picture in photos.items()}
        several = [name for name, picture in pictures.items() if len(picture) != 1]
        if several:
            raise ValueError(f"photo {several[0]!r}: one picture (1, C, H, W) per name is needed")
    else:
        pictures = {name: photo(name) for name in (photo_names() if photos is None else photos)}
    if not pictures:
        raise ValueError("photos: name at least one photo")
    scales = tuple(scales)
    if not scales or not all(isinstance(scale, int | float) and 0 < scale <= 4 for scale in scales):
        raise ValueError(f"scales: numbers above 0 and up to 4 (1 is the photo's own size), got {scales}")
    levels = []
    for name, picture in pictures.items():
        height, width = picture.shape[-2:]
        for scale in scales:
            size = (max(1, round(height * scale)), max(1, round(width * scale)))
            scaled = picture
            if size != (height, width):
                scaled = F.interpolate(picture, size=size, mode="bilinear", antialias=True).clamp(0, 1)
            levels.append(Level(name, scale, scaled, (size[0] / height, size[1] / width)))
    return levels


def apart(photos: Tensor, boxes: Tensor, k: int) -> list[int]:
    """The first k ranks of boxes (N, 4), best first, that overlap no box kept before on the same photo (N,)."""
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    alive, kept = torch.ones(len(boxes), dtype=torch.bool), []
    while len(kept) < k and alive.any():
        best = int(alive.to(torch.uint8).argmax())  # the first that is left
        kept.append(best)
        common = torch.minimum(boxes[:, 2:], boxes[best, 2:]) - torch.maximum(boxes[:, :2], boxes[best, :2])
        common = common.clamp_min(0).prod(1)
        overlap = common / (area + area[best] - common)
        alive &= (photos != photos[best]) | (overlap <= OVERLAP)
        alive[best] = False
    return kept


class PhotoCrops:
    """Square crops of photos at several scales, cut when asked for: `crops[10:20]` is (10, C, size, size).

    `origin(i)` says where crop i comes from: the photo's name and its box (top, left, bottom, right) there.
    """

    def __init__(self, levels: list[Level], size: int, places: Tensor):
        self.levels, self.size = levels, size
        self._places = places  # (N, 3): level, top, left
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
        return self.levels[int(self._places[i, 0])].name, tuple(self.boxes[i].tolist())

    def apart(self, indices: Tensor, k: int) -> list[int]:
        """The first k ranks of crops, ranked best first, that show different places."""
        return apart(self._photos[indices], self.boxes[indices], k)


def photo_crops(
    names: Photos = None,
    size: int = 64,
    scales: Sequence[float] = SCALES,
    stride: int | None = None,
    count: int | None = None,
    seed: int = 0,
) -> PhotoCrops:
    """Square crops of `size` pixels from all photos, at several scales, one every `stride` pixels.

    `stride` is half the size if not given. `names` are shipped photos (default: all) or a dict of your own,
    (1, 3, H, W) each. A scale of 0.5 halves the photo, so that its crops show twice as much. With `count`,
    that many of the crops are drawn at random by `seed`, in their order. For units that are read from a whole
    picture (a class score); for channels `search_photos` is faster. Raises `ValueError` if no photo is as
    large as a crop.
    """
    for what, value in [("size", size), ("stride", stride), ("count", count)]:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise ValueError(f"{what}: a whole number above 0 is needed, got {value!r}")
    stride = stride or max(1, size // 2)
    levels, places = _levels(names, scales), []
    for number, level in enumerate(levels):
        height, width = level.image.shape[-2:]
        tops, lefts = range(0, height - size + 1, stride), range(0, width - size + 1, stride)
        places += [(number, top, left) for top in tops for left in lefts]
    if not places:
        raise ValueError(f"size: no photo holds a crop of {size} px at scales {tuple(scales)}")
    table = torch.tensor(places)
    if count is not None and count < len(table):
        chosen = torch.randperm(len(table), generator=torch.Generator().manual_seed(seed))[:count]
        table = table[chosen.sort().values]
    return PhotoCrops(levels, size, table)


@dataclass(frozen=True)
class PhotoMatches:
    """Where on the photos a unit responds most, the strongest first, no two at one place.

    `values` (k,), `names` and `scales` of the photos, `places` (k, 2) the position of the map, `boxes` (k, 4)
    the receptive field in pixels of the photo at its own size, `crops` what the unit saw, (C, h, w), at the
    scale at which it saw it.
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
    """The candidates of all channels of a layer, kept after one pass: `search.of(12)` is at once there."""

    def __init__(
        self, units, levels: list[Level], fields: list[ReceptiveField], found: dict[str, Tensor], k: int
    ):
        self._units, self._levels, self._fields, self._found, self.k = units, levels, fields, found, k

    def __len__(self) -> int:
        """How many channels were searched for."""
        return len(self._units)

    @property
    def positions(self) -> int:
        """How many places of the photos were looked at."""
        return int(self._found["looked"])

    def of(self, channel: int, k: int | None = None) -> PhotoMatches:
        """The matches of one channel; `k` at most the number that was searched for."""
        if isinstance(channel, bool) or not isinstance(channel, int):
            raise TypeError(f"channel must be a whole number, got {channel!r}")
        if not 0 <= channel < len(self):
            raise IndexError(f"{len(self)} channels were searched for (0-{len(self) - 1}), got {channel}")
        k = self.k if k is None else k
        check_k(k, self.k)
        values = self._found["values"][channel]
        order = values.argsort(descending=True, stable=True)
        level = self._found["level"][order]
        names = [entry.name for entry in self._levels]
        photos = torch.tensor([names.index(name) for name in names])[level]
        boxes = self._found["boxes"][channel][order]
        kept = apart(photos, boxes, k)
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


def search_photos(
    model: nn.Module,
    target: Unit | str,
    names: Photos = None,
    scales: Sequence[float] = SCALES,
    k: int = 9,
    inside: bool = True,
    progress: Progress | None = None,
) -> PhotoMatches | PhotoSearch:
    """Where on all photos, at several scales, a unit responds most; or every channel of a layer.

    Each photo runs through the network once per scale, whole: every position of the map is then the answer to
    one crop, its receptive field, so this is the same search as cutting thousands of crops, at a fraction of
    the price. `target` is a `Channel` or a `Direction` (gives `PhotoMatches`) or a layer (gives a
    `PhotoSearch`, whose `.of(channel)` are matches). `inside` leaves out positions that also see padding: the
    crop is then all that the unit saw. Positions closer than a quarter of the field compete, boxes that
    overlap by more than 0.3 of their union on one photo count once. Raises `ValueError` for a unit that sees
    a whole picture (use `maximal_images` with `photo_crops`), and if no photo is large enough.
    """
    layer_given = isinstance(target, str)
    unit = Channel(resolve_layer(model, target), 0) if layer_given else target
    if not isinstance(unit, Channel | Direction):
        raise TypeError(
            f"target: a Channel, a Direction or a layer's name is needed, got {unit!r}; search for a class with "
            "maximal_images(model, photo_crops(...), unit)"
        )
    levels, fields, parts, looked = _levels(names, scales), [], [], 0
    # a plain module does not say its own size: a photo's will do
    unit = unit.check(model, None if hasattr(model, "input_size") else tuple(levels[0].image.shape[1:]))
    check_k(k, 1000)
    for number, level in enumerate(levels):
        maps, field = _maps_of(model, unit, level, layer_given)  # (C, h, w)
        fields.append(field)
        part = _candidates(maps, field, level, SPARES * k, inside)
        if part is not None:
            looked += part.pop("looked")
            part["level"] = torch.full((part["values"].shape[1],), number)
            parts.append(part)
        if progress is not None:
            progress(number + 1, len(levels))
    if not parts:
        raise ValueError(
            f"{unit.place} sees {fields[0]}, more than any photo at scales {tuple(scales)}: take an earlier "
            "layer, larger scales, or inside=False"
        )
    found = {
        name: torch.cat([part[name] for part in parts], 0 if name == "level" else 1) for name in parts[0]
    }
    found["looked"] = torch.tensor(looked)
    units = [unit]
    if layer_given:
        units = [Channel(unit.layer, channel) for channel in range(len(found["values"]))]
    search = PhotoSearch(units, levels, fields, found, k)
    return search if layer_given else search.of(0)


def _maps_of(model: nn.Module, unit: Unit, level: Level, every: bool) -> tuple[Tensor, ReceptiveField]:
    """The maps (C, h, w) of a photo, and what their positions see, from one and the same pass."""
    shape = tuple(level.image.shape[1:])
    image = as_the_model_takes(level.image, model, f"photo {level.name!r}")
    tracker = FieldTracker(image)
    try:
        with frozen(model), torch.no_grad(), recording(model, unit.keys) as acts, tracker:
            acts.forward(image)
    except Exception:
        check_size(model, unit.layer, shape)  # says which size is needed, if that is what failed
        raise
    recorded = acts[unit.layer, unit.call]
    field = as_receptive_field(tracker.seen(recorded), shape, recorded.ndim)
    if field.whole or unit.layer == OUTPUT:
        raise ValueError(
            f"{unit.place} sees the whole picture: search with maximal_images(model, photo_crops(...), unit)"
        )
    maps = all_channels(unit, acts)[0] if every else responses(unit, acts)
    if maps.isnan().any():
        raise ValueError(f"{unit.place} gives NaN: this network's weights have diverged")
    return maps.cpu(), field  # the candidates are sorted out beside the photos


def _candidates(maps: Tensor, field: ReceptiveField, level: Level, most: int, inside: bool) -> dict | None:
    """The best positions of maps (C, h, w), one per cell a quarter of the field wide, with their boxes."""
    starts, cells = [0, 0], []
    for axis in range(2):
        count, start, jump, size = maps.shape[1 + axis], field.start[axis], field.jump[axis], field.size[axis]
        if inside:
            first = max(0, -(start // jump))  # the first position whose field does not begin in the padding
            count = min(count, (level.image.shape[2 + axis] - size - start) // jump + 1)
            starts[axis] = first
            if count <= first:
                return None
        maps = maps.narrow(1 + axis, starts[axis], count - starts[axis])
        cells.append(min(max(1, size // (4 * jump)), count - starts[axis]))
    values, flat = F.max_pool2d(maps, tuple(cells), ceil_mode=True, return_indices=True)  # (C, rows, columns)
    values, flat = values.flatten(1), flat.flatten(1)  # (C, cells)
    values, order = values.sort(dim=1, descending=True, stable=True)
    values, flat = values[:, :most], flat.gather(1, order)[:, :most]
    width = maps.shape[2]
    places = torch.stack([flat // width + starts[0], flat % width + starts[1]], 2)  # (C, n, 2)
    corners = places * torch.tensor(field.jump) + torch.tensor(field.start)
    boxes = level.on_photo(torch.cat([corners, corners + torch.tensor(field.size)], 2).float())
    return {"values": values, "places": places, "boxes": boxes, "looked": maps.shape[1] * maps.shape[2]}
