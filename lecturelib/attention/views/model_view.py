"""The model view: every head of every layer as a small map, one of them enlarged."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lecturelib.attention.views.cells import MARK, WIDE, check_weights, finished, scale_bar, shades
from lecturelib.checks import complaint, described
from lecturelib.drawing.drawing import Bitmap, Box, Drawing, Label, Shape, shortened, text_width
from lecturelib.show import Picture

_LARGE = 236.0  # px of the enlarged map


def model_keys(layers: int, heads: int) -> tuple[str, ...]:
    """The keys of the small maps, for a `RegionPicker` control: "head 0 3" is the fourth head of the first layer."""
    return tuple(f"head {k} {h}" for k in range(layers) for h in range(heads))


def model_view(
    words: Sequence[str],
    weights: Tensor,
    picked: str = "head 0 0",
    caption: str = "",
    columns: Sequence[str] | None = None,
) -> Picture:
    """Weights (layers, heads, L, K) as a grid of maps, layers from the first (top) down; the picked head enlarged.

    `picked`: "head 2 5" (see `model_keys`); the picture's `regions` are the small maps. In each map rows attend and
    columns are attended to; `columns` are the words above where these differ. All maps share one scale, from 0 to
    100 %. Raises ValueError or TypeError for other weights or another key.

    >>> model_view(["the", "cat", "sat"], torch.eye(3).expand(2, 4, 3, 3)).caption
    'Layer 1, head 1: mostly the word itself (100 %).'
    """
    if not isinstance(weights, Tensor) or weights.ndim != 4:
        raise ValueError(complaint("weights", "shape (layers, heads, rows, columns)", described(weights)))
    layers, heads = weights.shape[:2]
    columns = words if columns is None else columns
    shape = (layers, heads, len(words), len(columns))
    values = check_weights(weights, shape, f"{layers} layers of {heads} heads on {len(words)} words")
    if picked not in model_keys(layers, heads):
        expected = f"'head 0 0' to 'head {layers - 1} {heads - 1}'"
        raise ValueError(complaint("picked", expected, repr(picked)))
    layer, head = (int(n) for n in picked.split()[1:])
    left, top = 30.0, 40.0
    cell = min(56.0, (WIDE - left - _LARGE - 94) / heads - 4)
    shapes: list[Shape] = [Label(left + heads * (cell + 4) / 2, 12, "head", 13, role="muted")]
    shapes += [Label(left + (h + 0.5) * (cell + 4), 29, str(h + 1), 13) for h in range(heads)]
    places = []
    for k in range(layers):
        y = top + k * (cell + 4)
        shapes.append(Label(left - 10, y + cell / 2, str(k + 1), 13))
        for h in range(heads):
            x, mine = left + h * (cell + 4), (k, h) == (layer, head)
            shapes.append(Bitmap(x, y, cell, cell, shades(_small(values[k, h], cell), 1.0), hard=True))
            stroke, wide = (MARK, 3.0) if mine else ("#bdbdbd", 0.8)
            shapes.append(Box(x, y, cell, cell, 0, fill="none", stroke=stroke, stroke_width=wide))
            said = f"layer {k + 1}, head {h + 1}: {habit(values[k, h])}"
            places.append((f"head {k} {h}", (x, y, x + cell, y + cell), said))
    shapes.append(Label(left - 24, top + layers * (cell + 4) / 2, "layer", 13, role="muted", turned=True))
    bottom = top + layers * (cell + 4) + 14
    shapes += scale_bar(left, bottom + 8, 1.0, "share of a row")
    wide = left + heads * (cell + 4) + 16
    shapes += _enlarged(values[layer, head], words, columns, wide, f"layer {layer + 1}, head {head + 1}")
    told = f"Layer {layer + 1}, head {head + 1}: {habit(values[layer, head])}."
    alt = f"Grid of maps, {layers} layers of {heads} heads. {told}"
    drawing = Drawing(WIDE, max(bottom + 24, 44 + 78 + _LARGE + 12), tuple(shapes), "Model view", alt)
    return finished(drawing, f"{caption} {told}".strip(), places)


def habit(weights: Tensor) -> str:
    """What a head (L, K) mostly does, in words: where the largest share of its weights falls, averaged over rows."""
    rows, columns = weights.shape
    found = {}
    if rows == columns and rows > 2:
        for words, offset in (
            ("the word itself", 0), ("the word before", -1), ("the word after", 1), ("two words before", -2),
            ("two words after", 2),
        ):  # fmt: skip
            diagonal = weights.diagonal(offset)
            found[words] = float(diagonal.mean())
    for words, k in (("the first token", 0), ("the last token", columns - 1)):
        found[words] = float(weights[:, k].mean())
    best = max(found, key=lambda words: found[words])
    if found[best] >= 0.4:
        return f"mostly {best} ({100 * found[best]:.0f} %)"
    spread = torch.special.entr(weights).sum(-1).mean().exp()
    return f"spread over about {spread:.0f} of {columns} words"


def _small(values: Tensor, cell: float) -> Tensor:
    """At most as many rows and columns as a fine screen has pixels there, each the largest of those it holds."""
    most = round(2 * cell)
    if max(values.shape) <= most:
        return values
    size = [min(most, n) for n in values.shape]
    return torch.nn.functional.adaptive_max_pool2d(values[None], size)[0]


def _enlarged(
    values: Tensor, words: Sequence[str], columns: Sequence[str], x: float, title: str
) -> list[Shape]:
    """One map with its words, in the right part of the picture."""
    size = 12.0
    room = min(78.0, max(text_width(word, size) for word in (*words, *columns)))
    side = min(_LARGE, WIDE - x - room - 12)
    left, top = WIDE - side - 8, 44 + room
    cells = side / max(len(words), len(columns))
    size = max(9.0, min(13.0, cells * 0.8))
    every = max(1, round(10.5 / cells + 0.49)) if cells < 10.5 else 1
    wide, high = cells * len(columns), cells * len(words)
    shapes: list[Shape] = [
        Label(left + wide / 2, 14, title, 14, bold=True, fill=MARK),
        Bitmap(left, top, wide, high, shades(values, 1.0), hard=True),
        Box(left, top, wide, high, 0, fill="none", stroke=MARK, stroke_width=2),
    ]
    for k, word in enumerate(words):
        if k % every == 0:
            text = shortened(word, room, size)
            shapes.append(Label(left - 6, top + (k + 0.5) * cells, text, size, "end"))
    for k, word in enumerate(columns):
        if k % every == 0:
            text = shortened(word, room, size)
            shapes.append(Label(left + (k + 0.5) * cells, top - 6, text, size, "start", turned=True))
    return shapes
