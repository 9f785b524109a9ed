"""The induction view: letters that repeat, the prediction after each, and where every head attends from one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from lecturelib.attention.views.cells import MARK, WIDE, finished, hex_of, ink_on, percent, scale_bar, shades
from lecturelib.drawing.drawing import Box, Drawing, Label, Shape, text_width
from lecturelib.show import Picture

_LEFT, _TOP, _ROW = 122.0, 50.0, 30.0
_RIGHT_INK, _WRONG_INK = "#0072B2", MARK


def induction_view(
    letters: Sequence[str],
    said: Sequence[str],
    weights: Tensor,
    heads: Sequence[str],
    scores: Sequence[float],
    query: int,
    wanted: Sequence[int],
    known: Sequence[bool],
    ablated: Sequence[bool],
    caption: str = "",
) -> Picture:
    """Letters (L) with the prediction `said` after each, and the weights (heads, L) of letter `query` in every head.

    `wanted`: the places right after earlier copies of the query, framed. `known`: after which letters the next one
    can be known; there a right prediction is blue, a wrong one orange and underlined. `scores`: of the heads; `ablated`
    ones are struck out. The picture's `regions` are the letters ("column 0" ...).
    """
    count = len(letters)
    cell = min(27.0, (WIDE - _LEFT - 66) / count)
    pixels = shades(weights, 1.0)
    end = _LEFT + cell * count
    shapes: list[Shape] = [
        Label(_LEFT - 10, _TOP, "letter", 13, "end", role="muted"),
        Label(_LEFT - 10, _TOP + _ROW, "says next", 13, "end", role="muted"),
        Label(end + 8, _TOP + 2 * _ROW, "score", 12, "start", role="muted"),
    ]
    places = []
    for k, letter in enumerate(letters):
        x = _LEFT + (k + 0.5) * cell
        mine = k == query
        text = "▷" if letter == "START" else letter
        if mine:
            shapes.append(
                Box(x - cell / 2 + 1, _TOP - 13, cell - 2, 26, 3, fill="none", stroke=MARK, stroke_width=2.6)
            )
        shapes.append(Label(x, _TOP, text, 16, bold=mine))
        if known[k]:
            right = k + 1 >= count or said[k] == letters[k + 1]
            shapes.append(
                Label(x, _TOP + _ROW, said[k], 15, bold=True, fill=_RIGHT_INK if right else _WRONG_INK)
            )
            if not right:
                shapes.append(Box(x - 6, _TOP + _ROW + 10, 12, 2, 0, fill=_WRONG_INK, stroke="none"))
        else:
            shapes.append(Label(x, _TOP + _ROW, "·", 15, role="muted"))
        words = f"{letter}, {k + 1} of {count}"
        places.append((f"column {k}", (x - cell / 2, _TOP - 15, x + cell / 2, _TOP + 15), words))
    for h, name in enumerate(heads):
        y = _TOP + (h + 2.6) * _ROW
        shapes.append(Label(_LEFT - 10, y, name, 13, "end", role="muted" if ablated[h] else "text"))
        for k in range(query + 1):
            share = float(weights[h, k])
            framed = k in wanted
            style: dict[str, Any] = (
                {"stroke": MARK, "stroke_width": 2.4}
                if framed
                else {"stroke": "#d0d0d0", "stroke_width": 0.8}
            )
            x = _LEFT + k * cell
            inset = 1.2 if framed else 0
            shapes.append(
                Box(
                    x + inset,
                    y - 13 + inset,
                    cell - 2 * inset,
                    26 - 2 * inset,
                    0,
                    fill=hex_of(pixels[h, k]),
                    **style,
                )
            )
            if share >= 0.03:
                shapes.append(Label(x + cell / 2, y, percent(share), 11, fill=ink_on(share)))
        shapes.append(Label(end + 8, y, f"{scores[h]:.2f}", 13, "start", bold=scores[h] > 0.5))
        if ablated[h]:
            wide = text_width(name, 13)
            shapes.append(Box(_LEFT - 10 - wide, y - 1, wide, 2, 0, fill="#8a8a8a", stroke="none"))
    bottom = _TOP + (len(heads) + 2.6) * _ROW
    shapes += [
        Label(12, 16, "weights of the framed letter, head by head", 14, "start", bold=True),
        Label(end, 16, "orange frames: what came after its earlier copies", 12, "end", fill=MARK),
        *scale_bar(12, bottom + 4, 1.0, "share of the weights"),
    ]
    alt = f"Letters {' '.join(letters)}, and the weights of one of them in {len(heads)} heads. {caption}"
    drawing = Drawing(WIDE, bottom + 20, tuple(shapes), "Induction heads", alt)
    return finished(drawing, caption, places)
