"""The positional encoding view: one row of colors for each position, and how alike each is to one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from lecturelib.attention.views.cells import MARK, finished
from lecturelib.drawing.drawing import Bitmap, Box, Drawing, Label, Shape
from lecturelib.drawing.line_chart import line_chart
from lecturelib.show import Picture
from lecturelib.show.palettes import palette

_LEFT, _TOP, _WIDE, _HIGH = 56.0, 50.0, 340.0, 300.0  # px of the rows of colors
_CHART = (470, 50, 780, 350)  # px of the curve: left, top, right, bottom


def positional_encoding_view(
    code: Tensor, position: int, likeness: Sequence[float], caption: str = ""
) -> Picture:
    """An encoding (length, d) with values in [-1, 1] as rows of colors, beside it the likeness to one position.

    `likeness`: for each position its cosine with `position`, which is framed and marked.
    """
    length = len(code)
    shapes = _rows(code, position)
    shapes += line_chart(
        _CHART,
        [str(k) for k in range(length)],
        {"": list(likeness)},
        (-1.0, 1.0),
        f"likeness to position {position} (cosine)",
        "position",
        position,
        percent=False,
    )
    alt = f"Waves as rows of colors, and a curve. {caption}"
    return finished(Drawing(820, 392, tuple(shapes), "Positional encoding", alt), caption, [])


def _rows(code: Tensor, position: int) -> list[Shape]:
    """The rows of colors, first and last position numbered, the chosen one framed."""
    length, d = code.shape
    pixels = palette("blue_orange")[np.rint((code.numpy() + 1) * 127.5).astype(np.uint8)]
    row, middle = _HIGH / length, _LEFT + _WIDE / 2
    frame: dict[str, Any] = {"fill": "none", "stroke": MARK, "stroke_width": 2.4}
    shapes: list[Shape] = [
        Label(_LEFT, 14, "the encoding: one row a position", 15, "start", bold=True),
        Label(middle, 36, "column of the encoding, fast waves to slow ones", 12, role="muted"),
        Bitmap(_LEFT, _TOP, _WIDE, _HIGH, pixels, hard=True),
        Box(_LEFT, _TOP + position * row - 1, _WIDE, row + 2, 0, **frame),
        Label(_LEFT - 8, _TOP + (position + 0.5) * row, str(position), 13, "end", bold=True, fill=MARK),
        Label(middle, _TOP + _HIGH + 14, f"d = {d}; blue −1, white 0, orange +1", 12, role="muted"),
    ]
    for k in (0, length - 1):
        if abs(k - position) * row > 14:
            y = _TOP + (k + 0.5) * row
            shapes.append(Label(_LEFT - 8, y, str(k), 12, "end", role="muted"))
    return shapes
