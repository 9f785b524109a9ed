"""The sinusoidal position code: what it looks like, and how alike two positions are."""

from __future__ import annotations

import numpy as np

from lecturelib.attention.multihead import positional_encoding
from lecturelib.attention.views.cells import MARK, finished
from lecturelib.drawing.drawing import Bitmap, Box, Drawing, Label, Shape
from lecturelib.drawing.line_chart import line_chart
from lecturelib.show import Picture
from lecturelib.show.palettes import palette
from lecturelib.widgets import Choice, Control, Explorable, Slider

SIZES = (8, 16, 32, 64, 128, 160)


def positional_encoding_explorer() -> Explorable:
    """Each position's code as a row of colours; the curve says how alike every other position's code is."""

    def refresh(state: dict) -> dict[str, Control]:
        return {"position": Slider("position", 0, state["length"] - 1, value=min(10, state["length"] - 1))}

    controls = [
        Slider("length", 8, 128, 8, 64, label="positions"),
        Choice("d", SIZES, 64, label="size d of the code", slider=True),
        Slider("position", 0, 63, value=10),
    ]
    presets = {
        "the translators' own": {"length": 64, "d": 160, "position": 10},
        "few numbers: far positions look alike": {"length": 128, "d": 8, "position": 10},
        "the first position": {"length": 64, "d": 64, "position": 0},
    }
    return Explorable(_render, controls, "Position code", presets, refresh)


def _render(state: dict) -> Picture:
    length, d, position = state["length"], state["d"], state["position"]
    code = positional_encoding(length, d)
    table = palette("blue_orange")
    pixels = table[np.rint((code.numpy() + 1) * 127.5).astype(np.uint8)]
    left, top, wide, high = 56.0, 50.0, 340.0, 300.0
    row = high / length
    shapes: list[Shape] = [
        Label(left, 14, "the code: one row a position", 15, "start", bold=True),
        Label(left + wide / 2, 36, "number of the code, fast waves to slow ones", 12, role="muted"),
        Bitmap(left, top, wide, high, pixels, hard=True),
        Box(left, top + position * row - 1, wide, row + 2, 0, fill="none", stroke=MARK, stroke_width=2.4),
        Label(left - 8, top + (position + 0.5) * row, str(position), 13, "end", bold=True, fill=MARK),
        Label(left + wide / 2, top + high + 14, f"d = {d}; blue −1, white 0, orange +1", 12, role="muted"),
    ]
    for k in (0, length - 1):
        if abs(k - position) * row > 14:
            shapes.append(Label(left - 8, top + (k + 0.5) * row, str(k), 12, "end", role="muted"))
    likeness = (code @ code[position] / (d / 2)).tolist()  # each sine-cosine pair has length 1
    shapes += line_chart(
        (470, 50, 780, 350),
        [str(k) for k in range(length)],
        {"": likeness},
        (-1.0, 1.0),
        f"likeness to position {position} (cosine)",
        "position",
        position,
        percent=False,
    )
    near = likeness[position + 1] if position + 1 < length else likeness[position - 1]
    far = max((v for k, v in enumerate(likeness) if abs(k - position) > length // 4), default=0.0)
    caption = (
        f"The neighbour of position {position} has a cosine of {near:.2f}, the most alike of those more than "
        f"{length // 4} away {far:.2f}. The curve depends on the distance only, so a head can learn “three words back”."
    )
    drawing = Drawing(
        820, 392, tuple(shapes), "Position code", f"Waves as rows of colours, and a curve. {caption}"
    )
    return finished(drawing, caption, [])
