"""The activation grid of a photo: what every place of a layer means, one enlarged, and what it adds to a class."""

from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from lecturelib.checks import complaint
from lecturelib.network.units import Logit
from lecturelib.optimization.activation_grid import (
    Cells,
    Grid,
    grid_cells,
    iter_activation_grid,
    shipped_grid,
)
from lecturelib.optimization.channel_pictures import shipped_channel_pictures
from lecturelib.optimization.explore.semantic_location import (
    LAYERS,
    NETWORK,
    adds_of,
    class_control,
    key_of,
    model_and_image,
)
from lecturelib.show import Picture, pixels_of, with_box
from lecturelib.show.palettes import color as color_bytes
from lecturelib.show.sheet import TITLE, Sheet, resized
from lecturelib.widgets import Choice, Control, Explorable, Pointer, Progress, common_controls

PHOTO, GRID = 196, 572  # pixels on the page
SIZE, STEPS, RATE = 64, 24, 0.08  # of a cell's picture, as for the shipped ones
SHOWN_AT = (2, 4, 8, 12, 16, 20)
REMEMBERED, PAUSED = 12, 2  # finished grids, and runs that were left before their end
EQUAL, SIZED = "every place alike", "large where it adds to the class"
LEAST_SIDE, LEAST_OPACITY = (
    0.6,
    0.35,
)  # of a cell that adds nothing: of its place, and of its picture over white
THICK = 0.15  # of the largest share: from here on a cell has a thick frame
GROUPS = {"conv2": (3, 5, 9)}  # places of a block: 27 x 27 places of their own would be too small to read
USUAL = (1, 2, 4)


def activation_grid_explorer(picture_name: str | None = None) -> Explorable:
    """Every place of a layer as a small picture where it stands: eyes become eyes, fur becomes fur."""
    first, *own = common_controls.picture_controls(NETWORK, picture_name)
    start = {"picture": first.value, "own": None, "use_own": True, "layer": "conv4"}
    controls = [
        first,
        Pointer("x", "y", value=(0.27, 0.35), step=1 / 14, panel=0, label="cell that is enlarged"),
        Choice("layer", LAYERS, "conv4"),
        _group_control(start),
        class_control(start),
        Choice("shown", (EQUAL, SIZED)),
        *own,
    ]
    presets: dict[str, dict] = {
        "eyes and nose (conv4)": {"picture": "cat", "layer": "conv4"},
        "what raises the score of cat?": {"picture": "cat", "layer": "conv5", "shown": SIZED},
        "seven by seven blocks (conv5)": {"picture": "cat", "layer": "conv5", "group": 2},
        "edges and colors (conv2)": {"picture": "cat", "layer": "conv2"},
        "a motorcycle": {"picture": "motorcycle", "layer": "conv5"},
    }

    def refresh(state: dict) -> dict[str, Control]:
        return common_controls.settle(state, group=_group_control, class_index=class_control)

    return Explorable(
        _render,
        controls,
        "Activation grid",
        presets,
        refresh,
        resets={"class_index": common_controls.OF_PICTURE},
    )


def _group_control(state: dict) -> Choice:
    groups = GROUPS.get(state["layer"], USUAL)
    labels = tuple(f"{g} x {g} places" if g > 1 else "each place" for g in groups)
    return Choice("group", groups, groups[0], label="one picture for", labels=labels)


_grids: OrderedDict[tuple, Tensor] = OrderedDict()
_paused: OrderedDict[tuple, tuple[Iterator[Grid], Grid]] = OrderedDict()


@lru_cache(maxsize=8)
def _cells(picture: str, own: bytes | None, layer: str, group: int) -> Cells:
    model, image = model_and_image(picture, own, layer)
    return grid_cells(model, image, layer, group=group)


def _render(state: dict) -> Iterator[Picture | Progress]:
    key, layer, group = key_of(state), state["layer"], state["group"]
    model, image = model_and_image(*key)
    unit = Logit(state["class_index"]).check(model)
    cells = _with_adds(_cells(*key, group), adds_of(*key)[state["class_index"]], group)
    known = (*key, group)
    if known not in _grids and group == 1 and key[1] is None:
        made = shipped_grid(NETWORK, layer, state["picture"])
        if made is not None:
            _remember(_grids, known, made, REMEMBERED)
    if known not in _grids:
        # (rows, columns, 3, s, s)
        pictures = shipped_channel_pictures(NETWORK, layer)[cells.vectors.argmax(-1)]
        title = "first: each cell's strongest channel"
        settings = {"group": group, "size": SIZE, "steps": STEPS, "learning_rate": RATE}
        if known in _paused:  # another cell was chosen while the pictures emerged: go on
            run, grid = _paused.pop(known)
            pictures, title = grid.pictures, f"{grid.step} of {STEPS} steps"
        else:
            run, grid = iter_activation_grid(model, image, layer, **settings), None
        try:
            yield _draw(state, image, cells, pictures, unit.name, title)
            for grid in run:
                pictures = grid.pictures
                if grid.step in SHOWN_AT:
                    yield _draw(state, image, cells, pictures, unit.name, f"{grid.step} of {STEPS} steps")
                yield Progress(grid.step / STEPS, f"{cells.strength.numel()} pictures emerge")
            _remember(_grids, known, pictures, REMEMBERED)
        finally:
            if grid is not None and grid.step < STEPS:
                _remember(_paused, known, (run, grid), PAUSED)
    yield _draw(state, image, cells, _grids[known], unit.name, f"what each place of {layer} means")


def _remember(known: OrderedDict, key: tuple, value, most: int) -> None:
    known[key] = value
    while len(known) > most:
        known.popitem(last=False)


def _with_adds(cells: Cells, adds: Tensor, group: int) -> Cells:
    """The cells with what they add to a class, from that of each channel at each place, (C, h, w)."""
    each = adds.sum(0)[None, None]
    summed = torch.nn.functional.avg_pool2d(each, group, ceil_mode=True, divisor_override=1)[0, 0]
    return Cells(cells.vectors, cells.strength, summed)


def _draw(state, image: Tensor, cells: Cells, pictures: Tensor, name: str, title: str) -> Picture:
    if cells.adds is None:
        raise ValueError(complaint("cells", "cells with what they add to a class", "none"))
    rows, columns = cells.strength.shape
    side = GRID // max(rows, columns)
    largest = cells.adds.abs().max().clamp(min=1e-9)
    mosaic = np.full((rows * side, columns * side, 3), 255, np.uint8)
    for row in range(rows):
        for column in range(columns):
            adds = cells.adds[row, column].item()
            edge = side - 1
            share = abs(adds) / largest.item()
            if state["shown"] == SIZED:  # size and opacity by what it adds, a frame by its sign
                edge = round((side - 1) * (LEAST_SIDE + (1 - LEAST_SIDE) * share**0.5))
            tile = resized(pixels_of(pictures[row, column]), edge)
            if state["shown"] == SIZED:
                tile = _framed(_faded(tile, LEAST_OPACITY + (1 - LEAST_OPACITY) * share**0.5), adds, share)
            top = row * side + (side - edge) // 2
            left = column * side + (side - edge) // 2
            mosaic[top : top + edge, left : left + edge] = tile
    chosen = int(min(state["y"] * rows, rows - 1)), int(min(state["x"] * columns, columns - 1))
    sheet = Sheet()
    sheet.put(_boxed(mosaic, chosen, side), 0, PHOTO + 24, title)
    below = sheet.put(image, 0, 0, common_controls.picture_title(state), side=PHOTO) + 10
    adding, against = cells.adds.clamp(min=0).sum().item(), -cells.adds.clamp(max=0).sum().item()
    for line in (
        f"{rows} x {columns} cells",
        f"score of {name}:",
        f"  cells that add: +{adding:.2f}",
        f"  cells against: \N{MINUS SIGN}{against:.2f}",
    ):
        below = sheet.words(line, below, 0)
    if state["shown"] == SIZED:
        for line in (
            "large and strong in color:",
            "  a cell that adds much",
            "orange frame: for the class",
            "blue, broken frame: against",
        ):
            below = sheet.words(line, below, 0, 13)
    large = min(PHOTO, TITLE + rows * side - below - TITLE - 6)
    sheet.put(pictures[chosen], below + 6, 0, f"row {chosen[0] + 1}, column {chosen[1] + 1}", side=large)
    row, column = divmod(int(cells.adds.argmax()), columns)
    caption = (
        f"{state['layer']} of {NETWORK} in {rows} x {columns} cells, each an image optimized for its activations. "
        f"The cell that adds most to {name} is in row {row + 1}, column {column + 1}: {cells.adds.max():+.2f} of "
        f"{cells.adds.sum():+.2f}, by activation times gradient. Enlarged: the cell in row {chosen[0] + 1}, column "
        f"{chosen[1] + 1}, {cells.strength[chosen] / cells.strength.max():.0%} as strong as the strongest; it adds "
        f"{cells.adds[chosen]:+.2f}."
    ).replace("-", "\N{MINUS SIGN}")
    named = common_controls.picture_title(state)
    alt = f"The photo {named!r} and a grid of pictures that stand where the places they explain are."
    return sheet.picture(f"{alt} {caption}", caption, chosen=[0])


def _boxed(mosaic: np.ndarray, cell: tuple[int, int], side: int) -> np.ndarray:
    """The mosaic with a frame around one cell."""
    top, left = cell[0] * side, cell[1] * side
    box = (top, left, top + side - 1, left + side - 1)
    return pixels_of(with_box(mosaic, box, "black", line=2, alt="the grid"))


def _faded(tile: np.ndarray, opacity: float) -> np.ndarray:
    """A tile over white."""
    return np.rint(255 + opacity * (tile.astype(float) - 255)).astype(np.uint8)


def _framed(tile: np.ndarray, adds: float, share: float) -> np.ndarray:
    """A frame inside a tile: orange where it adds, blue and broken where it takes away, thin where that is little."""
    if not adds:
        return tile
    tile = tile.copy()
    line = 2 if len(tile) > 16 and share > THICK else 1
    ring = np.ones(tile.shape[:2], bool)
    ring[line:-line, line:-line] = False
    if adds < 0:
        rows, columns = np.indices(ring.shape)
        ring &= ((rows + columns) // 4) % 2 == 0
    tile[ring] = color_bytes("orange" if adds > 0 else "blue")
    return tile
