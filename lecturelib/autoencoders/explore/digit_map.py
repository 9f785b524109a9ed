"""A map of digits or clothes by two code numbers: drag a point over it, and see it decoded at once."""

from functools import lru_cache

import numpy as np
import torch

from lecturelib.autoencoders.code_map import CodeMap, code_map, decoded_grid, density
from lecturelib.autoencoders.explore.samples import SETS, TILE, grey, mosaic
from lecturelib.autoencoders.shipped_autoencoders import deep_autoencoder
from lecturelib.show import Picture
from lecturelib.show.palettes import TEN, color
from lecturelib.show.raster_text import draw_text
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Explorable, Pointer

SIDE, DOTS = 440, 4000  # pixels of the map, dots on it
VIEWS = ("dots by class", "density", "decoded everywhere")
NEAR = 0.04  # of the densest place: below, hardly any training picture lies


def digit_map() -> Explorable:
    """Drag over the map (mouse or arrow keys): the point decoded, the nearest training picture, and the density."""
    controls = [
        Choice("data", tuple(SETS), label="data set"),
        Choice("view", VIEWS, label="what the map shows"),
        Pointer("x", "y", (0.5, 0.5), panel=0, hover=True, label="a point of the map"),
    ]
    presets = {
        "density and holes": {"view": "density"},
        "all of it decoded": {"view": "decoded everywhere"},
        "clothes": {"data": "clothes"},
    }
    return Explorable(_render, controls, "A map of digits", presets)


@torch.no_grad()
def _render(state: dict) -> Picture:
    data = state["data"]
    found, images, dense = _known(data)
    code = found.at(state["x"], state["y"])
    made = deep_autoencoder(data, 2).decode(code)
    nearest = int((found.codes - code).square().sum(1).argmin())
    name = SETS[data][1][int(found.labels[nearest])]
    cells = len(dense)
    row, column = (min(int(part * cells), cells - 1) for part in (state["y"], state["x"]))
    how = dense[row, column].item()
    sheet = Sheet()
    sheet.put(_crossed(_base(data, state["view"]), state["x"], state["y"]), 0, 0)
    left = SIDE + 28
    below = sheet.put(grey(made), 0, left, "decoded", TILE)
    below = sheet.put(grey(images[nearest]), below + 12, left, f"nearest training picture: {name}", TILE)
    place = f"({code[0, 0]:.1f}, {code[0, 1]:.1f})"
    where = (
        "a hole: hardly a training picture lies here"
        if how < NEAR
        else f"density {how:.0%} of the densest place"
    )
    return sheet.picture(
        f"A map of 10,000 training {data} by their two code numbers ({state['view']}); the point {place} is "
        "decoded beside "
        f"it. Nearest training picture: {name}. {where}.",
        f"code {place}; {where}",
        chosen=(0,),
    )


@lru_cache(maxsize=2)
def _known(data: str) -> tuple[CodeMap, torch.Tensor, torch.Tensor]:
    images, labels = SETS[data][0]("train")
    found = code_map(deep_autoencoder(data, 2), images, labels, edge=0.03)
    return found, images, density(found)


@lru_cache(maxsize=6)
def _base(data: str, view: str) -> np.ndarray:
    """The map itself, (SIDE, SIDE, 3), drawn once."""
    found, _, dense = _known(data)
    if view == "decoded everywhere":
        tiles = decoded_grid(deep_autoencoder(data, 2), found, across=SIDE // 28)
        sheet = np.zeros((SIDE, SIDE, 3), np.uint8)
        drawn = mosaic(tiles, SIDE // 28, pad=1)
        sheet[: min(SIDE, len(drawn)), : min(SIDE, len(drawn))] = drawn[:SIDE, :SIDE]
        return sheet
    shade = (
        255
        - 150 * torch.nn.functional.interpolate(dense.sqrt()[None, None], size=SIDE, mode="bilinear")[0, 0]
    )
    sheet = np.repeat(shade.clamp(0, 255).byte().numpy()[:, :, None], 3, axis=2)
    if view == "density":
        return sheet
    sheet = np.full_like(sheet, 255)
    place = (found.codes - found.low) / (found.high - found.low)
    columns, rows = (place[:DOTS, 0] * SIDE).long(), ((1 - place[:DOTS, 1]) * SIDE).long()
    for k in range(10):
        chosen = (
            (found.labels[:DOTS] == k) & (columns > 0) & (columns < SIDE - 1) & (rows > 0) & (rows < SIDE - 1)
        )
        for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
            sheet[(rows[chosen] + dy).numpy(), (columns[chosen] + dx).numpy()] = color(TEN[k])
    _name_classes(sheet, found, SETS[data][1])
    return sheet


def _name_classes(sheet: np.ndarray, found: CodeMap, names: tuple[str, ...]) -> None:
    """Each class's name where most of its pictures are, on white, so that color is never alone."""
    for k, name in enumerate(names):
        x, y = found.place(found.codes[found.labels == k].median(0).values)
        x, y = min(max(x, 0.06), 0.94) * SIDE, min(max(y, 0.04), 0.96) * SIDE
        half = 5 + 5 * len(name)
        top, left = int(y) - 12, max(0, int(x) - half)
        sheet[max(0, top) : top + 24, left : left + 2 * half] = 255
        draw_text(sheet, [((x, y), name, 17, "mm")], ink=color(TEN[k]))


def _crossed(base: np.ndarray, x: float, y: float) -> np.ndarray:
    """The map with a cross at a point, dark with a white edge."""
    sheet = base.copy()
    row, column = (min(max(round(part * SIDE), 1), SIDE - 2) for part in (y, x))
    for width, ink in ((3, 255), (1, 20)):
        half = width // 2
        sheet[row - half : row + half + 1, max(0, column - 14) : column + 15] = ink
        sheet[max(0, row - 14) : row + 15, column - half : column + half + 1] = ink
    return sheet
