"""What the pictures of attention share: shades, marks, and the places that can be picked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from lecturelib.checks import complaint, described
from lecturelib.drawing.drawing import Bitmap, Box, Drawing, Label, Shape, text_width
from lecturelib.show import Picture, Region
from lecturelib.show.palettes import palette

WIDE = 820  # px beside the controls in a window of 1280
MARK = "#D55E00"  # the frame of what is picked
FAINT = "#8a8a8a"


def check_weights(weights: object, shape: tuple[int, ...], what: str) -> Tensor:
    """The weights as float32 on the CPU, if they are finite, not negative and of the shape that their words need.

    Raises TypeError for something that is no tensor, ValueError for the rest.
    """
    if not isinstance(weights, Tensor):
        raise TypeError(complaint("weights", "a tensor", described(weights)))
    if tuple(weights.shape) != shape or not weights.numel():
        raise ValueError(complaint("weights", f"shape {shape} for {what}", tuple(weights.shape)))
    weights = weights.detach().float().cpu()
    if not torch.isfinite(weights).all():
        raise ValueError(complaint("weights", "finite numbers from 0 up", "NaN or infinity"))
    if weights.min() < 0:
        raise ValueError(complaint("weights", "finite numbers from 0 up", f"{weights.min().item():.3g}"))
    return weights


def check_picked(picked: str, rows: int, columns: int) -> tuple[str, int] | None:
    """("row", 3) of "row 3", None of ""; raises ValueError for another key."""
    if picked == "":
        return None
    kind, _, number = picked.partition(" ")
    if kind in ("row", "column") and number.isdigit() and int(number) < (rows if kind == "row" else columns):
        return kind, int(number)
    expected = f"'row 0' to 'row {rows - 1}', 'column 0' to 'column {columns - 1}' or ''"
    raise ValueError(complaint("picked", expected, repr(picked)))


def keys(rows: int, columns: int) -> tuple[str, ...]:
    """The keys that can be picked, for a `RegionPicker` control."""
    return (*(f"row {k}" for k in range(rows)), *(f"column {k}" for k in range(columns)))


def shades(values: Tensor, top: float) -> np.ndarray:
    """(H, W, 3) uint8: white for 0, deep blue from `top` on."""
    table = palette("blue_orange")[127::-1]  # white -> deep blue
    share = values.numpy() / top if top > 0 else np.zeros(tuple(values.shape), np.float32)
    return table[np.rint(np.clip(share, 0, 1) * 127).astype(np.uint8)]


def hex_of(pixel: np.ndarray) -> str:
    """One pixel as "#rrggbb"."""
    return "#" + "".join(f"{int(v):02x}" for v in pixel)


def ink_on(share: float) -> str:
    """The color of a number on a shade."""
    return "#ffffff" if share > 0.5 else "#1a1a1a"


def percent(weight: float) -> str:
    """A weight in whole percent, without the sign."""
    return f"{100 * weight:.0f}"


def scale_bar(x: float, y: float, top: float, words: str, unit: str = "%") -> list[Shape]:
    """Which shade is which number: a bar of 120 px with its two ends."""
    ramp = shades(torch.linspace(0, 1, 64)[None], 1.0)
    bar = x + text_width(words, 12) + 30
    last = f"{100 * top:.0f} %" if unit == "%" else f"{top:.2g} {unit}".strip()
    return [
        Label(x, y, words, 12, "start", role="muted"),
        Label(bar - 6, y, "0", 12, "end", role="muted"),
        Bitmap(bar, y - 6, 120, 12, ramp),
        Box(bar, y - 6, 120, 12, 0, fill="none", stroke="#9a9a9a", stroke_width=0.8),
        Label(bar + 126, y, last, 12, "start", role="muted"),
    ]


def finished(
    drawing: Drawing, caption: str, places: Sequence[tuple[str, tuple[float, float, float, float], str]]
) -> Picture:
    """The drawing as a Picture with the places that can be picked: (key, (left, top, right, bottom) in px, words)."""
    regions = tuple(Region(key, drawing.share(box), words) for key, box, words in places)
    return replace(Picture(drawing.svg(), drawing.alt, caption, round(drawing.width)), regions=regions)
