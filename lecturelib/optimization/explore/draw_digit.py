"""Draw a digit, and every layer of lenet responds: its maps, its units and its scores, stroke by stroke."""

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib import datasets
from lecturelib.network.hooks import record
from lecturelib.show import Picture, bars
from lecturelib.show.palettes import palette as palette_table
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Explorable, PointerPad, Toggle, common_controls

SIDE, BOX = 28, 20  # MNIST: 28 x 28 pixels, the digit inside a box of 20, its center of mass in the middle
ZOOM = 9
# The layers shown, from the picture up: by their responses, or by what goes into the ReLUs, which has a sign.
RESPONSES = ("relu1", "pool1", "relu2", "pool2", "relu3")
BEFORE = ("conv1", "pool1", "conv2", "pool2", "fc3")
LOOKS = {  # side of a map on the page, maps in a row
    "conv1": (56, 8),
    "relu1": (56, 8),
    "pool1": (42, 8),
    "conv2": (40, 11),
    "relu2": (40, 11),
    "pool2": (40, 11),
    "fc3": (14, 32),
    "relu3": (14, 32),
}
SAID = {"conv1": "before the ReLU", "conv2": "before the ReLU", "fc3": "before the ReLU"}


def draw_a_digit() -> Explorable:
    """Draw with the mouse, a finger or the keys; lenet's maps of all layers and its scores follow every stroke."""
    pad = PointerPad("drawing", SIDE, example(3), panel=0, guide=BOX, label="the drawing")
    controls = [
        pad,
        Toggle("centered", False, label="center and scale it as MNIST does"),
        Toggle("signed", False, label="show what goes into the ReLUs (with its sign)"),
        Toggle("shared", True, label="one scale for all maps of a layer"),
    ]
    eight = example(8)
    presets: dict[str, dict] = {
        "an 8": {"drawing": eight},
        "its left half taken away": {"drawing": covered(eight, slice(0, SIDE // 2))},
        "a 1, small and in a corner": {"drawing": cornered(example(1))},
        "the same, centered": {"drawing": cornered(example(1)), "centered": True},
        "nothing drawn": {"drawing": pad.blank},
    }
    return Explorable(_render, controls, "Draw a digit", presets)


def example(digit: int) -> tuple[tuple[int, ...], ...]:
    """A test picture of a digit as a drawing."""
    return _as_drawing(
        common_controls.chosen_image(
            {"network": "lenet", "picture": str(digit), "own": None, "use_own": False}
        )[0, 0]
    )


def covered(drawing, columns: slice) -> tuple[tuple[int, ...], ...]:
    """A drawing without the ink of some columns."""
    pixels = torch.tensor(drawing)
    pixels[:, columns] = 0
    return tuple(map(tuple, pixels.tolist()))


def cornered(drawing) -> tuple[tuple[int, ...], ...]:
    """A drawing at half its size in the upper left corner."""
    small = F.avg_pool2d(torch.tensor(drawing)[None] / 255, 2)[0]  # (28, 28) -> (14, 14)
    whole = torch.zeros(SIDE, SIDE)
    whole[: SIDE // 2, : SIDE // 2] = (1.6 * small).clamp(
        max=1
    )  # thin strokes lose ink when they are averaged
    return _as_drawing(whole)


def _as_drawing(pixels: Tensor) -> tuple[tuple[int, ...], ...]:
    return tuple(map(tuple, (pixels * 255).round().int().tolist()))


def centered(image: Tensor) -> Tensor:
    """A drawing (1, 1, 28, 28) as MNIST lays it out: its longer side 20 px, its center of mass in the middle.

    An empty drawing stays as it is. LeCun et al. 1998, "Gradient-based learning applied to document recognition".
    """
    rows, columns = image[0, 0].amax(1).nonzero().flatten(), image[0, 0].amax(0).nonzero().flatten()
    if not len(rows):
        return image
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    scale = BOX / max(bottom - top, right - left)
    size = (max(1, round((bottom - top) * scale)), max(1, round((right - left) * scale)))
    digit = F.interpolate(image[..., top:bottom, left:right], size=size, mode="bilinear", antialias=True)[
        0, 0
    ]
    weight = digit / digit.sum().clamp(min=1e-9)
    y, x = ((weight.sum(1 - axis) * torch.arange(size[axis])).sum().item() for axis in (0, 1))
    place = [
        min(max(0, round((SIDE - 1) / 2 - at)), SIDE - length)
        for at, length in zip((y, x), size, strict=True)
    ]
    whole = torch.zeros_like(image)
    whole[0, 0, place[0] : place[0] + size[0], place[1] : place[1] + size[1]] = digit
    return whole.clamp(0, 1)


@lru_cache(maxsize=64)
def _passed(drawing: tuple, center: bool) -> tuple[Tensor, dict[str, Tensor], Tensor]:
    """What lenet is shown, (1, 1, 28, 28), its activations by layer, and the probabilities (10,)."""
    image = torch.tensor(drawing, dtype=torch.float32)[None, None] / 255
    image = centered(image) if center else image
    layers = {*RESPONSES, *BEFORE, "fc4"}
    acts = record(common_controls.network("lenet"), image, sorted(layers))
    found = {layer: acts[layer][0] for layer in layers}
    return image, found, found["fc4"].softmax(0)


def _render(state: dict) -> Picture:
    image, found, probabilities = _passed(state["drawing"], state["centered"])
    drawn = np.array(state["drawing"], np.uint8)
    sheet = Sheet()
    left = SIDE * ZOOM + 26
    below = sheet.put(drawn[..., None].repeat(ZOOM, 0).repeat(ZOOM, 1), 0, 0, "draw here")
    best = int(probabilities.argmax())
    chart = bars(datasets.DIGITS, probabilities.tolist(), best, width=SIDE * ZOOM)
    below = sheet.put(chart, below + 8, 0, "probability of each digit")
    if state["centered"]:
        sheet.put(image[0], 0, left, "what lenet sees, centered", side=2 * SIDE)
    top = TOP_OF_CENTERED if state["centered"] else 0
    for layer in BEFORE if state["signed"] else RESPONSES:
        side, columns = LOOKS[layer]
        tiles = _tiles(found[layer], side, columns, layer in SAID, state["shared"])
        shape = " x ".join(map(str, found[layer].shape))
        top = (
            sheet.put(tiles, top, left, f"{layer}: {shape}{', ' + SAID[layer] if layer in SAID else ''}") + 8
        )
    order = probabilities.argsort(descending=True).tolist()
    caption = (
        f"lenet says {best} with {probabilities[best]:.1%}, then {order[1]} with {probabilities[order[1]]:.1%}. "
        + (
            "Blue is below 0, orange above, white is 0"
            if state["signed"]
            else "Dark blue is 0, yellow the strongest response"
        )
        + (", on one scale for each layer." if state["shared"] else ", each map on its own scale.")
    )
    if not drawn.any():
        caption = "Nothing is drawn, and the probabilities still add up to 1: " + caption
    active = ", ".join(
        f"{layer} {(found[layer] > 0).float().mean():.0%}" for layer in ("relu1", "relu2", "relu3")
    )
    alt = (
        f"A drawing of 28 x 28 pixels, and the activations of five layers. Active units: {active}. {caption}"
    )
    return sheet.picture(alt, caption, chosen=[0])


TOP_OF_CENTERED = 2 * SIDE + 32


def _tiles(values: Tensor, side: int, columns: int, signed: bool, shared: bool) -> np.ndarray:
    """The maps (C, h, w), or the units (C,) as squares, in rows of `columns`, as (H, W, 3) bytes."""
    maps = values if values.ndim == 3 else values[:, None, None]  # (C,) -> (C, 1, 1)
    together = shared or values.ndim == 1  # a unit alone has no scale of its own
    largest = maps.abs().amax() if together else maps.abs().amax((1, 2), keepdim=True)
    share = maps / largest.clamp(min=1e-9)
    share = 0.5 + 0.5 * share if signed else share.clamp(min=0)
    colors = palette_table("blue_orange" if signed else "viridis")[
        (share * 255).round().to(torch.uint8).numpy()
    ]
    count, height = len(maps), maps.shape[1]
    zoom, gap = side // height, 4 if side > 14 else 2
    colors = colors.repeat(zoom, 1).repeat(zoom, 2)  # (C, h, w, 3) -> (C, side, side, 3)
    step = zoom * height + gap
    sheet = np.full((-(-count // columns) * step - gap, columns * step - gap, 3), 255, np.uint8)
    for k, tile in enumerate(colors):
        y, x = divmod(k, columns)
        sheet[y * step : y * step + len(tile), x * step : x * step + len(tile)] = tile
    return sheet
