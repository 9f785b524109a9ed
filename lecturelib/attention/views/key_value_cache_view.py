"""The key/value cache view: which queries, keys, values and weights of a step are computed, and which are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lecturelib.attention.views.cells import FAINT, MARK, WIDE
from lecturelib.drawing.drawing import Box, Drawing, Label, Shape, shortened
from lecturelib.show import Picture
from lecturelib.show.palettes import CATEGORIES

_NEW, _KEPT, _NOT = MARK, "#9CC6E4", "#ffffff"
_LEFT, _TOP, _CELL = 120.0, 66.0, 23.0
_MATRIX = 300.0  # px where the attention weights begin
_COLUMNS = (("query", 0), ("key", 1), ("value", 2))


def key_value_cache_view(
    tokens: Sequence[str], next_token: str, new: int, costs: Mapping[str, Sequence[float]], caption: str = ""
) -> Picture:
    """One step: the last `new` of `tokens` pass through the network, and `next_token` is predicted.

    Orange is computed in this step, blue was kept from earlier ones, white is not needed. `costs`: multiply-adds of
    every step so far in millions, by name, drawn as bars; those of the last step are the last bars.
    """
    count = len(tokens)
    first = count - new  # the first token that is computed
    shapes: list[Shape] = [
        Label(12, 16, "one step, in each layer and head", 14, "start", bold=True),
        *(Label(_LEFT + 28 + 52 * k, _TOP - 20, name, 13, bold=True) for k, (name, _) in enumerate(_COLUMNS)),
        Label(_MATRIX, _TOP - 20, "attention weights: rows attend to columns", 13, "start", bold=True),
    ]
    for t, token in enumerate(tokens):
        y = _TOP + (t + 0.5) * _CELL
        fresh = t >= first
        shapes.append(Label(_LEFT - 10, y, shortened(token, _LEFT - 18, 14), 14, "end", bold=fresh))
        for k, (name, _) in enumerate(_COLUMNS):
            fill = _NEW if fresh else (_NOT if name == "query" else _KEPT)
            shapes.append(
                Box(
                    _LEFT + 6 + 52 * k, y - 9, 44, 18, 3,
                    fill=fill, stroke="#9a9a9a", stroke_width=0.8, dashed=fill == _NOT,
                )
            )  # fmt: skip
        for s in range(count):
            x = _MATRIX + s * _CELL
            if s > t:
                continue
            fill = _NEW if fresh else _NOT
            shapes.append(
                Box(x, y - _CELL / 2, _CELL - 2, _CELL - 2, 0, fill=fill, stroke="#c4c4c4", stroke_width=0.8)
            )
    bottom = _TOP + count * _CELL
    shapes.append(Label(_LEFT - 10, bottom + 14, "predicted:", 13, "end", role="muted"))
    shapes.append(Label(_LEFT + 6, bottom + 14, next_token, 15, "start", bold=True, fill=MARK))
    shapes += _legend(bottom + 44)
    shapes += _bars(costs, bottom)
    alt = f"Which parts of a step are computed for {count} tokens: {' '.join(tokens)}. {caption}"
    return Drawing(WIDE, bottom + 60, tuple(shapes), "Key/value cache", alt).picture(caption)


def _legend(y: float) -> list[Shape]:
    shapes: list[Shape] = []
    for k, (fill, words) in enumerate(
        ((_NEW, "computed in this step"), (_KEPT, "kept from an earlier step"), (_NOT, "not needed"))
    ):
        x = 12.0 + 200 * k
        shapes.append(Box(x, y - 8, 26, 16, 3, fill=fill, stroke="#9a9a9a", stroke_width=0.8))
        shapes.append(Label(x + 33, y, words, 12.5, "start"))
    return shapes


def _bars(costs: Mapping[str, Sequence[float]], bottom: float) -> list[Shape]:
    """Multiply-adds of each step as two bars: with the cache, and without."""
    left, width, top = 652.0, 156.0, _TOP + 4
    base = max(bottom - 22, top + 90)
    steps = max(len(values) for values in costs.values())
    most = max(max(values) for values in costs.values())
    slot = min(30.0, width / steps)
    shapes: list[Shape] = [
        Label(left, 16, "million multiply-adds", 13, "start", bold=True),
        Label(left - 8, base + 15, "step", 12, "end", fill=FAINT),
    ]
    for n, (name, values) in enumerate(costs.items()):
        color = CATEGORIES[n]
        shapes.append(Box(left, 30 + 17 * n - 6, 12, 12, 0, fill=color, stroke="none"))
        shapes.append(Label(left + 18, 30 + 17 * n, name, 12, "start"))
        for k, value in enumerate(values):
            high = (base - top) * value / most
            x = left + k * slot + n * slot * 0.42
            shapes.append(Box(x, base - high, slot * 0.38, high, 0, fill=color, stroke="none"))
    for k in range(steps):
        if k in (0, steps - 1):
            shapes.append(Label(left + (k + 0.4) * slot, base + 15, str(k + 1), 12))
    return shapes
