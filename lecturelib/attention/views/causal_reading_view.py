"""The causal reading view: a row for each word read, its weights on the words before as shades, and its prediction."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from lecturelib.attention.views.cells import (
    FAINT,
    MARK,
    WIDE,
    check_weights,
    finished,
    hex_of,
    ink_on,
    scale_bar,
    shades,
)
from lecturelib.drawing.drawing import Box, Drawing, Label, Shape, shortened, text_width
from lecturelib.show import Picture

_SIZE, _TOP, _PREDICTED = 15.0, 56.0, 196.0  # letters; the first row; px for the predictions


def causal_reading_view(
    words: Sequence[str],
    weights: Tensor,
    predicted: Sequence[str],
    read: int,
    picked: int | None = None,
    caption: str = "",
) -> Picture:
    """`weights` (L, L): row t holds the weights of word t on the words 0 ... t; the first `read` rows are shown.

    The words stand in columns; the word that is read now is framed, those before it shaded by its weights. `predicted`:
    what comes next after each word, at the right. `picked`: a row to be named in the caption. The picture's `regions`
    are the rows. Raises ValueError or TypeError for other weights.
    """
    values = check_weights(weights, (len(words), len(words)), f"{len(words)} words by {len(words)}")
    size = _SIZE
    room = WIDE - _PREDICTED - 20
    while size > 10 and sum(text_width(word, size, True) + 11 for word in words) > room:
        size -= 0.5
    edges, x = [], 10.0
    for word in words:
        wide = text_width(word, size, True) + 9
        edges.append((x, x + wide))
        x += wide + 2
    top = (
        float(values[:, 1:].max()) if len(words) > 1 else 1.0
    )  # START is left out: it takes what nothing else gets
    top = max(top, 0.05)
    row = min(29.0, 400 / max(read, 1))
    pixels = shades(values.clamp(max=top), top)
    shapes: list[Shape] = [
        Label(10, 16, "each row: one more word is read", 14, "start", bold=True),
        Label(x + 14, 16, "predicted next", 13, "start", role="muted"),
    ]
    places = []
    for t in range(read):
        y = _TOP - 14 + (t + 0.5) * row
        for k in range(t + 1):
            left, right = edges[k]
            share = float(values[t, k])
            style = {"stroke": MARK, "stroke_width": 2.4} if k == t else {"stroke": "none"}
            shapes.append(
                Box(left, y - row * 0.42, right - left, row * 0.84, 3, fill=hex_of(pixels[t, k]), **style)
            )
            ink = ink_on(min(1.0, share / top))
            shapes.append(Label((left + right) / 2, y, words[k], size, bold=k == t, fill=ink))
        mine = t == picked
        text = shortened(predicted[t], WIDE - x - 24, 13, mine)
        shapes.append(Label(x + 14, y, text, 13, "start", mine, fill=MARK if mine else None))
        places.append((f"row {t}", (4, y - row / 2, WIDE - 4, y + row / 2), f"{words[t]}, {t + 1} of {read}"))
    bottom = _TOP - 14 + read * row
    shapes += scale_bar(10, bottom + 18, top, "weight of the framed word on a word before it")
    shapes.append(Label(WIDE - 10, bottom + 18, "darkest: START may be more", 11.5, "end", fill=FAINT))
    alt = f"The sentence “{' '.join(words[1:])}” read from left to right, {read} rows. {caption}"
    drawing = Drawing(WIDE, bottom + 34, tuple(shapes), "Read from left to right", alt)
    return finished(drawing, caption, places)
