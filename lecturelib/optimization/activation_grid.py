"""The activation grid: what every place of a layer means, each as a small picture where it stands.

Olah et al. 2018, "The building blocks of interpretability"; Carter et al. 2019, "Activation atlas".
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lecturelib import assets
from lecturelib.checks import check_whole
from lecturelib.network.units import Unit
from lecturelib.optimization.ascent import Step, maximize
from lecturelib.optimization.channel_pictures import INDEX, sheet_tiles
from lecturelib.optimization.semantic_location import STEPS, Likeness, attribution, checked_map, field_size
from lecturelib.optimization.transforms import jitter
from lecturelib.parameters.activations import activations

FILE = "activation_grids.zip"


@dataclass(frozen=True, eq=False)
class Grid:
    """One step of an activation grid of (rows, columns) cells.

    `pictures` (rows, columns, C, s, s) in [0, 1]; `strength` (rows, columns): the length of each cell's vector; `adds`
    (rows, columns): what the cell adds to the unit asked about, or None. `step` of `total`.
    """

    pictures: Tensor = field(repr=False)
    strength: Tensor
    adds: Tensor | None
    step: int
    total: int


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells before any picture is made: `vectors` (rows, columns, C); `strength` and `adds` as in `Grid`."""

    vectors: Tensor = field(repr=False)
    strength: Tensor
    adds: Tensor | None


def grid_cells(
    model: nn.Module, image: Tensor, layer: str, *, group: int = 1, unit: Unit | None = None
) -> Cells:
    """The vectors of a layer as `location_vector` has them, averaged over blocks of `group` x `group` places.

    Blocks at the lower and the right border are smaller where the map does not divide evenly. `adds` sums the
    `attribution` of a block's places to the unit, so that all cells together add up to the layer's. Raises as
    `location_vector` and `attribution` do, and `ValueError` for a group larger than the map.
    """
    info = checked_map(model, image, layer)
    rows, columns = info.positions
    check_whole("group", group, 1)
    if group > max(rows, columns):
        raise ValueError(f"group: {info.label} has {rows} x {columns} places for this picture, got {group}")
    maps = activations(model, image, layer).relu()[None]  # (1, C, h, w)
    vectors = F.avg_pool2d(maps, group, ceil_mode=True, count_include_pad=False)[0].permute(1, 2, 0)
    adds = None
    if unit is not None:
        each = attribution(model, image, unit, layer).sum(0)[None, None]  # (C, h, w) -> (1, 1, h, w)
        adds = F.avg_pool2d(each, group, ceil_mode=True, divisor_override=1)[0, 0]  # sums, not means
    return Cells(vectors.contiguous(), vectors.norm(dim=-1), adds)


def activation_grid(
    model: nn.Module,
    image: Tensor,
    layer: str,
    *,
    group: int = 1,
    unit: Unit | None = None,
    power: float = 1.0,
    size: int | None = None,
    steps: int = STEPS,
    **more,
) -> Iterator[Grid]:
    """One optimised picture for every cell of a layer, all as one batch; yields a `Grid` after every step.

    Each cell's picture is that of `explain_location` for its vector, `grid_cells`. A cell in which nothing responds
    stays grey. `size` in pixels is a cell's picture, the receptive field if not given; smaller is quicker, and cuts
    off what lies at the border of the field. `more` goes to `maximize`. Raises as `grid_cells` and `maximize` do.
    """
    cells = grid_cells(model, image, layer, group=group, unit=unit)
    rows, columns, channels = cells.vectors.shape
    flat = cells.vectors.reshape(-1, channels)  # (rows * columns, C)
    alive = cells.strength.flatten() > 0
    if not alive.any():
        raise ValueError(f"no channel of {layer} responds to this picture: there is nothing to show")
    size = field_size(model, layer, tuple(image.shape[1:])) if size is None else size
    more.setdefault("transforms", [jitter(max(1, size // 32))])
    unit_of_all = Likeness(layer, flat[alive], power)
    run = maximize(model, unit_of_all, size=size, steps=steps, batch=int(alive.sum()), **more)
    return _grids(run, cells, alive)


def _grids(run: Iterator[Step], cells: Cells, alive: Tensor) -> Iterator[Grid]:
    rows, columns = cells.strength.shape
    for step in run:
        tiles = torch.full((rows * columns, *step.image.shape[1:]), 0.5)
        tiles[alive] = step.image
        pictures = tiles.reshape(rows, columns, *tiles.shape[1:])
        yield Grid(pictures, cells.strength, cells.adds, step.step, step.total)


def shipped_grid(network: str, layer: str, photo: str) -> Tensor | None:
    """The shipped pictures of every place of a layer for a photo, (rows, columns, 3, s, s); None if there are none.

    They were made for the central square of the photo at the network's own size. Raises `AssetMissing` or
    `AssetAltered` where the file is not as it was shipped.
    """
    name = f"{network}_{layer}_{photo}"
    return _sheet(name).clone() if name in _index() else None


@lru_cache(maxsize=1)
def _index() -> dict:
    return json.loads(assets.shipped_member(FILE, INDEX))


@lru_cache(maxsize=8)
def _sheet(name: str) -> Tensor:
    made = _index()[name]
    tiles = sheet_tiles(assets.shipped_member(FILE, f"{name}.webp"), made["side"])
    return tiles.reshape(
        *made["cells"], *tiles.shape[1:]
    )  # (rows * columns, 3, s, s) -> (rows, columns, 3, s, s)
