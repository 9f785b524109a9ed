"""Activation grid: for every place of a layer the picture that its activation vector asks for, laid out as the map.

Olah et al. 2018, "The building blocks of interpretability"; Carter et al. 2019, "Activation atlas".
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from lecturelib import assets
from lecturelib.checks import check_whole, complaint
from lecturelib.network.units import Unit
from lecturelib.optimization.ascent import AscentStep, iter_maximize
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
    """The cells of an activation grid: the vectors of `location_vector`, averaged over blocks of `group` x `group`.

    Blocks at the lower and the right border are smaller where the map does not divide evenly. `adds` sums the
    `attribution` of a block's places to the unit, so that all cells together add up to the layer's. Raises as
    `location_vector` and `attribution` do, and `ValueError` for a group larger than the map.

    >>> import torch
    >>> from lecturelib import models
    >>> grid_cells(models.load("lenet"), torch.rand(1, 1, 28, 28), "conv2", group=5).vectors.shape
    torch.Size([2, 2, 32])
    """
    info = checked_map(model, image, layer)
    rows, columns = info.positions
    check_whole("group", group, 1, max(rows, columns), f"{info.label} has {rows} x {columns} places here")
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
    **more: Any,
) -> Grid:
    """Activation grid: one optimized picture for every cell of a layer, all as one batch; returns the last `Grid`.

    Each cell's picture is that of `explain_location` for its vector, `grid_cells`. A cell in which nothing responds
    stays grey. `size` in pixels is a cell's picture, the receptive field if not given; smaller is quicker, and cuts
    off what lies at the border of the field. `more` goes to `maximize`. `iter_activation_grid`, with the same
    arguments, yields every step. Raises as `grid_cells` and `maximize` do. Olah et al. 2018, "The building blocks of
    interpretability".

    >>> import torch
    >>> from lecturelib import models
    >>> grid = activation_grid(models.load("lenet"), torch.rand(1, 1, 28, 28), "conv2", group=5, steps=2)
    >>> grid.pictures.shape
    torch.Size([2, 2, 1, 14, 14])
    """
    run = iter_activation_grid(
        model, image, layer, group=group, unit=unit, power=power, size=size, steps=steps, **more
    )
    *_, grid = run
    return grid


def iter_activation_grid(
    model: nn.Module,
    image: Tensor,
    layer: str,
    *,
    group: int = 1,
    unit: Unit | None = None,
    power: float = 1.0,
    size: int | None = None,
    steps: int = STEPS,
    **more: Any,
) -> Iterator[Grid]:
    """Activation grid step by step: the run of `activation_grid`, with its arguments; yields a `Grid` after every step.

    >>> import torch
    >>> from lecturelib import models
    >>> grids = iter_activation_grid(models.load("lenet"), torch.rand(1, 1, 28, 28), "conv2", group=5, steps=2)
    >>> [grid.step for grid in grids]
    [1, 2]
    """
    cells = grid_cells(model, image, layer, group=group, unit=unit)
    rows, columns, channels = cells.vectors.shape
    flat = cells.vectors.reshape(-1, channels)  # (rows * columns, C)
    alive = cells.strength.flatten() > 0
    if not alive.any():
        raise ValueError(complaint("image", f"one to which a channel of {layer} responds", "0 everywhere"))
    size = field_size(model, layer, tuple(image.shape[1:])) if size is None else size
    more.setdefault("transforms", [jitter(max(1, size // 32))])
    unit_of_all = Likeness(layer, flat[alive], power)
    run = iter_maximize(model, unit_of_all, size=size, steps=steps, batch=int(alive.sum()), **more)
    return _grids(run, cells, alive)


def _grids(run: Iterator[AscentStep], cells: Cells, alive: Tensor) -> Iterator[Grid]:
    rows, columns = cells.strength.shape
    for step in run:
        tiles = step.image.new_full((rows * columns, *step.image.shape[1:]), 0.5)
        tiles[alive.to(tiles.device)] = step.image
        pictures = tiles.reshape(rows, columns, *tiles.shape[1:])
        yield Grid(pictures, cells.strength, cells.adds, step.step, step.total)


def shipped_grid(network: str, layer: str, photo: str) -> Tensor | None:
    """The shipped pictures of every place of a layer for a photo, (rows, columns, 3, s, s); None if there are none.

    They were made for the central square of the photo at the network's own size. Raises `AssetMissing` or
    `AssetAltered` where the file is not as it was shipped.

    >>> shipped_grid("lenet", "conv1", "cat") is None
    True
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
    # (rows * columns, 3, s, s) -> (rows, columns, 3, s, s)
    return tiles.reshape(*made["cells"], *tiles.shape[1:])
