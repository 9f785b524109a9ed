"""A unit's receptive field as a drawing: on the photo, and in every layer on the way to the unit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from lecturelib.checks import check_image, check_whole, complaint
from lecturelib.drawing.drawing import Bitmap, Box, Drawing, Label, Line, Shape
from lecturelib.network.hooks import record
from lecturelib.network.layer_names import LayerInfo
from lecturelib.network.probe import layer_info, list_units
from lecturelib.network.receptive_field import ReceptiveField, receptive_field
from lecturelib.show.palettes import palette

PHOTO, MAP = 260.0, 94.0  # px of the photo's and of a map's side
GAP = 14.0
TITLE, SMALL = 15, 13
MOST_MAPS = 8


@dataclass(frozen=True)
class Patch:
    """The positions of a layer that a unit sees: rows top to bottom and columns left to right, half-open, in the map.

    `size` is what it would see without the map's border, (rows, columns); the rest falls on padding.
    """

    layer: LayerInfo
    top: int
    left: int
    bottom: int
    right: int
    size: tuple[int, int]


def seen_positions(unit: ReceptiveField, y: int, x: int, layer: ReceptiveField, info: LayerInfo) -> Patch:
    """The positions of an earlier layer that position (y, x) of a later one sees, from the two fields in pixels.

    A position is seen if its own field lies inside the unit's. Exact in a chain of layers; with branches it is the
    union over them, as the fields are.
    """
    spans, sizes = [], []
    for axis, place in enumerate((y, x)):
        low = unit.start[axis] + place * unit.jump[axis]
        first = math.ceil((low - layer.start[axis]) / layer.jump[axis] - 1e-9)
        last = math.floor(
            (low + unit.size[axis] - layer.size[axis] - layer.start[axis]) / layer.jump[axis] + 1e-9
        )
        length = info.positions[axis]
        sizes.append(last - first + 1)
        spans.append((min(max(first, 0), length - 1), max(min(last, length - 1), 0) + 1))
    (top, bottom), (left, right) = spans
    return Patch(info, top, left, bottom, right, (sizes[0], sizes[1]))


def field_tiles(model: nn.Module, image: Tensor) -> dict[str, np.ndarray]:
    """The maps of all convolutions and pools for an image (1, C, H, W), colored: (h, w, 3) uint8 by name.

    A map shows the mean of the positive activations of its channels, from its smallest value (dark) to its largest.
    """
    shape = tuple(image.shape[1:])
    layers = [info.name for info in list_units(model, shape) if info.leaf and len(info.shape) == 3]
    acts = record(model, image, layers)
    return {name: _colored(acts.maps(name)[0].clamp(min=0).mean(0)) for name in layers}


def draw_receptive_field(
    model: nn.Module, layer: str, y: int, x: int, image: Tensor, tiles: dict[str, np.ndarray] | None = None
) -> Drawing:
    """Diagram of the receptive field of position (y, x) of a layer: a frame on the photo and in each map before it.

    `image`: (1, C, H, W) in [0, 1]. `tiles`: its `field_tiles`, if they were computed before. Of many layers some are
    left out. Raises `KeyError` for an unknown layer, `ValueError` for one that has no maps or sees the whole image, and
    for a position that it does not have, `TypeError` for a position that is no integer.

    >>> import torch
    >>> from lecturelib import models
    >>> drawing = draw_receptive_field(models.load("lenet"), "conv2", 4, 4, torch.zeros(1, 1, 28, 28))
    >>> drawing.title
    'Receptive field of conv2 (features.3)'
    """
    check_image(image, model)
    shape = tuple(image.shape[1:])
    info = layer_info(model, layer, shape)
    field = receptive_field(model, layer, image_shape=shape)
    if len(info.shape) != 3 or field.whole:
        came = f"{info.label or 'the output'}, which sees the whole image"
        hint = "choose a convolution or a pool"
        raise ValueError(complaint("layer", "a layer whose units have a place in the image", came, hint))
    for axis, value, length in zip("yx", (y, x), info.positions, strict=True):
        check_whole(axis, value, 0, length - 1, f"{info.label} has {length} positions there")
    before = _before(model, info, shape)
    patches = [
        seen_positions(field, y, x, receptive_field(model, each.name, image_shape=shape), each)
        for each in before
    ]
    tiles = field_tiles(model, image) if tiles is None else tiles
    return _draw(image, field.box_inside(y, x, *shape[1:]), field, patches, tiles, (y, x))


def _before(model: nn.Module, info: LayerInfo, shape: tuple[int, ...]) -> list[LayerInfo]:
    """The convolutions and pools up to a layer, MOST_MAPS at most, and the layer itself at the end."""
    found = []
    for each in list_units(model, shape):
        if each.name == info.name:
            break
        whole = receptive_field(model, each.name, image_shape=shape).whole
        maps = each.leaf and len(each.shape) == 3 and not whole and not each.channels_last
        if maps and ("Conv" in each.kind or "Pool" in each.kind):
            found.append(each)
    if len(found) >= MOST_MAPS:
        found = [found[round(k * (len(found) - 1) / (MOST_MAPS - 2))] for k in range(MOST_MAPS - 1)]
    return [*found, info]


def _draw(
    image: Tensor,
    box: tuple[int, ...],
    field: ReceptiveField,
    patches: list[Patch],
    tiles: dict,
    place: tuple[int, int],
) -> Drawing:
    height, width = image.shape[2:]
    scale = PHOTO / max(height, width)
    middle = 40 + PHOTO / 2
    photo = (
        (image[0].expand(3, -1, -1).permute(1, 2, 0) * 255).round().byte().numpy()
    )  # (C, H, W) -> (H, W, 3)
    top = middle - height * scale / 2
    shapes: list[Shape] = [
        Bitmap(12, top, width * scale, height * scale, photo, hard=max(height, width) < 128, key="photo")
    ]
    frames = [_frame(12, top, scale, scale, box)]
    words = [("photo", f"{height} × {width} px")]
    centers = [12 + width * scale / 2]
    x = 12 + width * scale + 1.6 * GAP
    for patch in patches:
        rows, columns = patch.layer.positions
        side = MAP / max(rows, columns)
        pixels = tiles[patch.layer.name]
        upper = middle - rows * side / 2
        shapes.append(Bitmap(x, upper, columns * side, rows * side, pixels, hard=True, key=patch.layer.name))
        frames.append(_frame(x, upper, side, side, (patch.top, patch.left, patch.bottom, patch.right)))
        words.append((patch.layer.alias or patch.layer.name, f"{rows} × {columns}"))
        centers.append(x + columns * side / 2)
        x += columns * side + GAP
    for one, other in zip(frames, frames[1:], strict=False):
        for here, there in ((one.y, other.y), (one.y + one.height, other.y + other.height)):
            ends = ((one.x + one.width, here), (other.x, there))
            shapes.append(Line(ends, role="skip", stroke_width=1.2, opacity=0.8))
    shapes += frames
    low = middle + PHOTO / 2 + 24
    for k, ((name, size), center) in enumerate(zip(words, centers, strict=True)):
        seen = (box[2] - box[0], box[3] - box[1]) if k == 0 else _inside(patches[k - 1])
        upper = middle - PHOTO / 2 - 20 if k == 0 else middle - MAP / 2 - 20
        below = low if k == 0 else middle + MAP / 2 + 22
        shapes.append(Label(center, upper, name, TITLE, bold=True))
        shapes.append(Label(center, below, size, SMALL, role="muted"))
        told = "the unit" if k == len(patches) else f"sees {seen[0]} × {seen[1]}"
        shapes.append(Label(center, below + 19, told, SMALL, role="skip"))
    last = patches[-1].layer
    on_the_way = zip(words[1:-1], patches[:-1], strict=True)
    told_sizes = "; ".join(
        f"{name} {_inside(p)[0]} × {_inside(p)[1]} of {size}" for (name, size), p in on_the_way
    )
    told = "map" if len(patches) == 1 else "maps"
    inside = f"{box[2] - box[0]} × {box[3] - box[1]} lie in the photo, from row {box[0]}, column {box[1]}"
    alt = (
        f"A photo and {len(patches)} {told} from left to right. Position {place} of {last.label} sees "
        f"{field.size[0]} × {field.size[1]} px, of which {inside}. Seen positions on the way: {told_sizes or 'none'}."
    )
    return Drawing(x - GAP + 14, low + 40, tuple(shapes), f"Receptive field of {last.label}", alt)


def _inside(patch: Patch) -> tuple[int, int]:
    return patch.bottom - patch.top, patch.right - patch.left


def _frame(x: float, y: float, across: float, down: float, box: tuple[int, ...]) -> Box:
    """A frame around rows and columns (top, left, bottom, right), never smaller than can be seen."""
    top, left, bottom, right = box
    width, height = max(4.0, (right - left) * across), max(4.0, (bottom - top) * down)
    return Box(
        x + left * across, y + top * down, width, height, 1, fill="none", stroke="#E25B00", stroke_width=2.6
    )


def _colored(values: Tensor) -> np.ndarray:
    """(h, w) values as (h, w, 3) colors of cividis, from the smallest to the largest."""
    span = values.amax() - values.amin()
    share = (values - values.amin()) / span if span > 0 else torch.zeros_like(values)
    return palette("cividis")[(share * 255).round().long().numpy()]
