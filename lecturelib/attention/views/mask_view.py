"""The mask view: a mask, scores and the weights that come of them, cell beside cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from lecturelib.attention.views.cells import MARK, finished, hex_of, ink_on, percent, shades
from lecturelib.drawing.drawing import Box, Drawing, Label, Shape
from lecturelib.show import Picture, Region

_CELL = 44.0
_TOP = 92.0  # px above the cells
_TABLES = ((62.0, "mask"), (344.0, "scores (masked: −∞)"), (626.0, "weights, %"))  # px of each, and its title


def mask_view(
    words: Sequence[str],
    mask: Tensor,
    scores: Tensor,
    weights: Tensor,
    inverted: bool = False,
    picked: str = "",
    changed: Sequence[str] = (),
    caption: str = "",
) -> Picture:
    """Mask, scores and weights (L, L) of L words as three tables; the mask's cells are the picture's regions.

    mask: True where allowed; `inverted` writes it in the other convention, T where forbidden. `picked` ("cell 1 2")
    frames a cell of the mask, `changed` are those that were turned over by hand.
    """
    shapes: list[Shape] = []
    for left, title in _TABLES:
        shapes.append(Label(left, 14, title, 15, "start", bold=True))
        for k, word in enumerate(words):
            shapes.append(Label(left + (k + 0.5) * _CELL, 84, word, 13, "start", turned=True))
    pixels, regions = shades(weights, 1.0), []
    for t, word in enumerate(words):
        y, empty = _TOP + t * _CELL, not mask[t].any()
        shapes.append(Label(56, y + _CELL / 2, word, 14, "end", bold=empty))
        for k, other in enumerate(words):
            key, allowed = f"cell {t} {k}", bool(mask[t, k])
            x = _TABLES[0][0] + k * _CELL
            shapes += _mask_cell(x, y, allowed, allowed != inverted, picked == key)
            shapes += _score_cell(_TABLES[1][0] + k * _CELL, y, float(scores[t, k]), allowed)
            fill, weight = hex_of(pixels[t, k]), float(weights[t, k])
            shapes += _weight_cell(_TABLES[2][0] + k * _CELL, y, fill, weight, bool(empty))
            told = f"{word} {'may' if allowed else 'may not'} attend to {other}"
            regions.append((key, (x, y, x + _CELL, y + _CELL), told, key in changed))
    foot = _TOP + len(words) * _CELL + 18
    shapes.append(Label(62, foot, "blue: allowed, dark: not; click to change", 12, "start", role="muted"))
    alt = f"Mask, scores and weights. {caption}"
    drawing = Drawing(900, foot + 16, tuple(shapes), "Mask editor", alt)
    return replace(finished(drawing, caption, []), regions=_regions(regions, drawing))


def _regions(found: list[tuple], drawing: Drawing) -> tuple[Region, ...]:
    wide, high = drawing.width, drawing.height
    return tuple(
        Region(key, (box[0] / wide, box[1] / high, box[2] / wide, box[3] / high), told, changed)
        for key, box, told, changed in found
    )


def _mask_cell(x: float, y: float, allowed: bool, true: bool, picked: bool) -> list[Shape]:
    frame = {"stroke": MARK, "stroke_width": 3} if picked else {"stroke": "#ffffff"}
    fill, ink = ("#d6e8f5", "#1a1a1a") if allowed else ("#4a4a4a", "#ffffff")
    return [
        Box(x + 1, y + 1, _CELL - 2, _CELL - 2, 3, fill=fill, **frame),
        Label(x + _CELL / 2, y + _CELL / 2, "T" if true else "F", 15, fill=ink),
    ]


def _score_cell(x: float, y: float, score: float, allowed: bool) -> list[Shape]:
    text = f"{score:.1f}".replace("-", "−") if allowed else "−∞"
    return [
        Box(x + 1, y + 1, _CELL - 2, _CELL - 2, 3, fill="#f7f7f7", stroke="#dddddd"),
        Label(x + _CELL / 2, y + _CELL / 2, text, 13, role="text" if allowed else "muted"),
    ]


def _weight_cell(x: float, y: float, fill: str, weight: float, empty: bool) -> list[Shape]:
    cell = Box(x + 1, y + 1, _CELL - 2, _CELL - 2, 3, fill=fill, stroke="#dddddd")
    if weight < 0.005 and not empty:
        return [cell]
    return [cell, Label(x + _CELL / 2, y + _CELL / 2, percent(weight), 14, fill=ink_on(weight))]
