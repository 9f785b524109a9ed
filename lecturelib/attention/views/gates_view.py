"""The gates view: every unit of an LSTM while it reads, one band for each gate, one column for each token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lecturelib.attention.views.cells import MARK, finished, shades
from lecturelib.checks import complaint
from lecturelib.drawing.drawing import Bitmap, Box, Drawing, Label, Line, Shape, shortened
from lecturelib.show import Picture
from lecturelib.show.palettes import palette

BANDS = {
    "input": "input gate i", "forget": "forget gate f", "output": "output gate o",
    "candidate": "candidate g", "cell": "cell c", "hidden": "state h",
}  # fmt: skip
SIGNED = ("candidate", "cell", "hidden")
_LEFT, _TOP, _WIDE, _HIGH, _GAP = 126.0, 74.0, 640.0, 66.0, 8.0  # px of the bands
_BOTTOM = _TOP + len(BANDS) * (_HIGH + _GAP) - _GAP


def gates_view(
    words: Sequence[str], gates: dict[str, Tensor], picked: int | None = None, caption: str = ""
) -> Picture:
    """Gates (S, h) by name, as `lstm_gates` gives them, for S words; the picked word's column is framed.

    One line is one unit. Gates from white (0) to deep blue (1); candidate, cell and state from blue (negative) to
    orange (positive). The picture's `regions` are "column 0" ... Raises ValueError for another number of words.
    """
    count = len(gates["forget"])
    if len(words) != count:
        raise ValueError(complaint("words", f"{count}, one for each row of the gates", str(len(words))))
    step = _WIDE / count
    shapes = [shape for n, name in enumerate(BANDS) for shape in _band(name, gates[name], _top_of(n))]
    shapes += _columns(words, step, picked)
    note = "gates: white 0, deep blue 1; below: blue negative, orange positive"
    shapes.append(Label(_LEFT, _BOTTOM + 16, note, 12, "start", role="muted"))
    if picked is not None:
        frame: dict[str, Any] = {"fill": "none", "stroke": MARK, "stroke_width": 3}
        shapes.append(Box(_LEFT + picked * step, _TOP, step, _BOTTOM - _TOP, 0, **frame))
    regions = []
    for k, word in enumerate(words):
        box = (_LEFT + k * step, 6, _LEFT + (k + 1) * step, _BOTTOM)
        regions.append((f"column {k}", box, f"{word}, {k + 1} of {count}"))
    alt = f"Six bands, one column a token. {caption}"
    return finished(Drawing(790, _BOTTOM + 32, tuple(shapes), "Gates of the encoder", alt), caption, regions)


def _top_of(band: int) -> float:
    return _TOP + band * (_HIGH + _GAP)


def _band(name: str, values: Tensor, y: float) -> list[Shape]:
    """One band (S, h) with its name and scale."""
    values = values.detach().float().cpu().T  # (h, S)
    if name in SIGNED:
        size = float(values.abs().max()) if name == "cell" else 1.0
        index = torch.nan_to_num(values / size, nan=0.0).numpy()
        pixels = palette("blue_orange")[np.rint((index + 1) * 127.5).clip(0, 255).astype(np.uint8)]
        scale = f"−{size:.2g} … {size:.2g}"
    else:
        pixels, scale = shades(values, 1.0), f"mean {values.mean():.2f}"
    return [
        Label(_LEFT - 10, y + _HIGH / 2 - 9, BANDS[name], 14, "end", bold=True),
        Label(_LEFT - 10, y + _HIGH / 2 + 10, scale, 12, "end", role="muted"),
        Bitmap(_LEFT, y, _WIDE, _HIGH, pixels, hard=True),
        Box(_LEFT, y, _WIDE, _HIGH, 0, fill="none", stroke="#8a8a8a", stroke_width=0.8),
    ]


def _columns(words: Sequence[str], step: float, picked: int | None) -> list[Shape]:
    """The words above, and a line between each two columns."""
    shapes: list[Shape] = []
    size = min(14.0, max(9.0, step * 0.8))
    for k, word in enumerate(words):
        x, mine = _LEFT + (k + 0.5) * step, k == picked
        text = shortened(word, 62, size, mine)
        shapes.append(Label(x, _TOP - 8, text, size, "start", mine, True, fill=MARK if mine else None))
        if k:
            edge = _LEFT + k * step
            shapes.append(Line(((edge, _TOP), (edge, _BOTTOM)), stroke="#ffffff", stroke_width=0.8))
    return shapes
