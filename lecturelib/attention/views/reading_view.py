"""The reading view: the sentence as running text, each word shaded by its weight; for long texts the one to read."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from lecturelib.attention.views.cells import (
    MARK,
    WIDE,
    check_weights,
    finished,
    hex_of,
    ink_on,
    percent,
    scale_bar,
    shades,
)
from lecturelib.checks import complaint
from lecturelib.drawing.drawing import Box, Drawing, Label, Shape, text_width
from lecturelib.show import Picture

_SIZE, _LINE = 16.0, 44.0


def reading_view(
    words: Sequence[str],
    weights: Tensor,
    query: int | None = None,
    top: float | None = None,
    caption: str = "",
    title: str = "weight",
) -> Picture:
    """Running text of `words`, shaded by `weights` (L,), with percent below each word of 3 % and more.

    `query`: the word that attends, framed. `top`: the weight of the darkest shade, the largest if not given. The
    picture's `regions` are the words ("row 0" ...), so that another can be picked. Raises ValueError or TypeError for
    other weights.

    >>> import torch
    >>> reading_view(["the", "cat"], torch.tensor([0.25, 0.75])).caption
    'Most weight: “cat” 75 %, “the” 25 %.'
    """
    values = check_weights(weights, (len(words),), f"{len(words)} words")
    if query is not None and not 0 <= query < len(words):
        expected = f"a word from 0 to {len(words) - 1}, or None"
        raise ValueError(complaint("query", expected, query))
    top = float(values.max()) if top is None else top
    pixels = shades(values[None], top)[0]  # (L, 3)
    shapes: list[Shape] = []
    places, x, y = [], 12.0, 30.0
    for k, word in enumerate(words):
        wide = text_width(word, _SIZE, k == query) + 10
        if x + wide > WIDE - 12:
            x, y = 12.0, y + _LINE
        weight = float(values[k])
        frame = {"stroke": MARK, "stroke_width": 3} if k == query else {"stroke": "none"}
        shapes.append(Box(x, y - 14, wide, 27, 4, fill=hex_of(pixels[k]), **frame))
        ink = ink_on(weight / top if top else 0)
        shapes.append(Label(x + wide / 2, y, word, _SIZE, bold=k == query, fill=ink))
        if weight >= 0.03:
            shapes.append(Label(x + wide / 2, y + 20, percent(weight), 11, role="muted"))
        places.append((f"row {k}", (x, y - 14, x + wide, y + 13), f"{word}, {100 * weight:.0f} %"))
        x += wide + 4
    shapes += scale_bar(12, y + 46, top, title)
    order = values.argsort(descending=True)[:4].tolist()
    listed = ", ".join(f"“{words[k]}” {100 * values[k]:.0f} %" for k in order)
    told = f"“{words[query]}” attends to {listed}." if query is not None else f"Most weight: {listed}."
    alt = f"Text of {len(words)} words, shaded by weight. {told}"
    drawing = Drawing(WIDE, y + 64, tuple(shapes), "Reading view", alt)
    return finished(drawing, f"{caption} {told}".strip(), places)
