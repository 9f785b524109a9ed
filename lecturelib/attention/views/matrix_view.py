"""The matrix view: queries at the left, keys above, attention weights as shades and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from lecturelib.attention.views.cells import (
    MARK,
    WIDE,
    check_picked,
    check_weights,
    finished,
    ink_on,
    percent,
    scale_bar,
    shades,
)
from lecturelib.drawing.drawing import Bitmap, Box, Drawing, Label, Line, Shape, shortened, text_width
from lecturelib.show import Picture

_HIGH = 560  # px of a picture that is seen whole beside its controls
_LETTERS = 15
_ROOM = 150  # px for the longest word
_NUMBERS = 21.5  # px of a cell from which on it carries its number


def matrix_view(
    rows: Sequence[str],
    columns: Sequence[str],
    weights: Tensor,
    picked: str = "",
    top: float | None = None,
    row_title: str = "query",
    column_title: str = "key",
    caption: str = "",
    unit: str = "%",
    width: int = WIDE,
) -> Picture:
    """Weights (rows, columns) as shades, with numbers in percent where the cells are large enough.

    `picked`: "row 2" or "column 0" (see `keys`) frames a word's row or column and says its weights in the
    caption; the picture's `regions` name the words for a `RegionPicker`. `top`: the value of the darkest shade, the
    largest weight if not given. `unit`: "%" for shares, else what the numbers are, printed as they are. Usable up to
    about 130 words: from 45 on only every second one is written out. Raises ValueError or TypeError for other weights.

    >>> import torch
    >>> picture = matrix_view(["le", "chat"], ["the", "cat"], torch.eye(2), picked="row 1")
    >>> picture.caption
    '“chat” attends to “cat” 100 %, “the” 0 %.'
    """
    values = check_weights(weights, (len(rows), len(columns)), f"{len(rows)} rows and {len(columns)} columns")
    chosen = check_picked(picked, len(rows), len(columns))
    top = float(values.max()) if top is None else top
    place = _placed(rows, columns, row_title, width)
    words = "share of a row" if unit == "%" else unit
    shapes: list[Shape] = [
        *_shaded(values, top, place),
        *_numbers(values, top, place, unit),
        *_row_words(rows, place, chosen),
        *_column_words(columns, place, chosen),
        Label(place.left, 10, f"{column_title} →", 12, "start", role="muted"),
        Label(place.left - 8, place.head - 10, f"{row_title} ↓", 12, "end", role="muted"),
        *_frame(chosen, place),
        *scale_bar(8.0, place.bottom + 18, top, words, "%" if unit == "%" else ""),
    ]
    told = _told(chosen, rows, columns, values, unit)
    alt = f"Matrix of {len(rows)} rows ({', '.join(rows)}) by {len(columns)} columns ({', '.join(columns)}). {told}"
    whole = Drawing(
        max(place.right + 14, 300.0), place.bottom + 34, tuple(shapes), "Attention as a matrix", alt
    )
    return finished(whole, f"{caption} {told}".strip(), _regions(rows, columns, place))


@dataclass(frozen=True)
class _Place:
    """Where the cells of a matrix lie, in px, and how large its words are."""

    left: float
    head: float  # the upper edge of the cells
    cell: float
    letters: float
    rows: int
    columns: int

    @property
    def right(self) -> float:
        return self.left + self.cell * self.columns

    @property
    def bottom(self) -> float:
        return self.head + self.cell * self.rows

    @property
    def every(self) -> int:
        """Only each so many-th word is written where the cells are too small for all."""
        return max(1, round(10.5 / self.cell + 0.49)) if self.cell < 10.5 else 1


def _placed(rows: Sequence[str], columns: Sequence[str], row_title: str, width: int) -> _Place:
    def widest(words: Sequence[str]) -> float:
        return min(_ROOM, max(text_width(word, _LETTERS, True) for word in words))

    left = max(widest(rows) + 14, text_width(f"{row_title} ↓", 12) + 12)
    head = widest((*columns, "----")) + 34
    cell = max(min(46.0, (width - left - 30) / len(columns), (_HIGH - head - 34) / len(rows)), 4.2)
    return _Place(left, head, cell, min(_LETTERS, max(9.0, cell * 0.8)), len(rows), len(columns))


def _shaded(values: Tensor, top: float, place: _Place) -> list[Shape]:
    """The cells as one bitmap, its outline, and lines between cells that are large enough."""
    whole = (place.left, place.head, place.cell * place.columns, place.cell * place.rows)
    shapes: list[Shape] = [
        Bitmap(*whole, shades(values, top), hard=True),
        Box(*whole, 0, fill="none", stroke="#8a8a8a", stroke_width=1),
    ]
    if place.cell >= 14:
        style: dict[str, Any] = {"stroke": "#e2e2e2", "stroke_width": 0.8}
        for k in range(1, place.columns):
            x = place.left + k * place.cell
            shapes.append(Line(((x, place.head), (x, place.bottom)), **style))
        for k in range(1, place.rows):
            y = place.head + k * place.cell
            shapes.append(Line(((place.left, y), (place.right, y)), **style))
    return shapes


def _row_words(rows: Sequence[str], place: _Place, chosen: tuple[str, int] | None) -> list[Shape]:
    shapes: list[Shape] = []
    for k, word in enumerate(rows):
        if _is_written(k, place.every, chosen, "row"):
            y, mine = place.head + (k + 0.5) * place.cell, chosen == ("row", k)
            letters = max(place.letters, 12) if mine else place.letters
            text = shortened(word, _ROOM, letters, mine)
            shapes.append(Label(place.left - 8, y, text, letters, "end", mine, fill=MARK if mine else None))
    return shapes


def _column_words(columns: Sequence[str], place: _Place, chosen: tuple[str, int] | None) -> list[Shape]:
    shapes: list[Shape] = []
    for k, word in enumerate(columns):
        if _is_written(k, place.every, chosen, "column"):
            x, mine = place.left + (k + 0.5) * place.cell, chosen == ("column", k)
            letters = max(place.letters, 12) if mine else place.letters
            text = shortened(word, _ROOM, letters, mine)
            style: dict[str, Any] = {"fill": MARK if mine else None}
            shapes.append(Label(x, place.head - 8, text, letters, "start", mine, True, **style))
    return shapes


def _regions(rows: Sequence[str], columns: Sequence[str], place: _Place) -> list[tuple]:
    """What can be picked: each row with its word, and the words above the columns."""
    half = place.cell / 2
    found: list[tuple] = []
    for k, word in enumerate(rows):
        y = place.head + (k + 0.5) * place.cell
        found.append((f"row {k}", (0, y - half, place.right, y + half), _said(word, rows, k)))
    for k, word in enumerate(columns):
        x = place.left + (k + 0.5) * place.cell
        found.append((f"column {k}", (x - half, 20, x + half, place.head), _said(word, columns, k)))
    return found


def _is_written(k: int, every: int, chosen: tuple[str, int] | None, kind: str) -> bool:
    """Every so many words where all are too many, and what is picked in place of its neighbors."""
    if chosen is None or chosen[0] != kind or every == 1:
        return k % every == 0
    return k == chosen[1] or (k % every == 0 and abs(k - chosen[1]) >= every)


def _numbers(values: Tensor, top: float, place: _Place, unit: str) -> list[Shape]:
    if place.cell < _NUMBERS:
        return []
    size = max(9.0, min(14.0, place.cell * 0.42))
    found: list[Shape] = []
    for t, row in enumerate(values.tolist()):
        for k, value in enumerate(row):
            if unit == "%" and value < 0.005:
                continue  # white is nothing
            text = percent(value) if unit == "%" else f"{value:.2g}"
            x, y = place.left + (k + 0.5) * place.cell, place.head + (t + 0.5) * place.cell
            found.append(Label(x, y, text, size, fill=ink_on(value / top if top else 0)))
    return found


def _frame(chosen: tuple[str, int] | None, place: _Place) -> list[Shape]:
    if chosen is None:
        return []
    (kind, k), cell = chosen, place.cell
    style: dict[str, Any] = {"fill": "none", "stroke": MARK, "stroke_width": 3 if cell >= 14 else 1.4}
    if kind == "row":
        return [Box(place.left, place.head + k * cell, place.columns * cell, cell, 2, **style)]
    return [Box(place.left + k * cell, place.head, cell, place.rows * cell, 2, **style)]


def _said(word: str, words: Sequence[str], k: int) -> str:
    return f"{word}, {k + 1} of {len(words)}"


def _told(
    chosen: tuple[str, int] | None, rows: Sequence[str], columns: Sequence[str], values: Tensor, unit: str
) -> str:
    """The strongest weights in words, of what is picked or of every row."""

    def number(value: float) -> str:
        return f"{100 * value:.0f} %" if unit == "%" else f"{value:.2g}"

    if chosen is None:
        best = [(rows[t], columns[k]) for t, k in enumerate(values.argmax(1).tolist()) if rows[t].isalpha()]
        listed = ", ".join(f"{word} – {other}" for word, other in best[:8])
        return f"Strongest: {listed}{' ...' if len(best) > 8 else '.'}" if best else ""
    kind, k = chosen
    line, others = (values[k], columns) if kind == "row" else (values[:, k], rows)
    order = line.argsort(descending=True)[:3].tolist()
    listed = ", ".join(f"“{others[j]}” {number(float(line[j]))}" for j in order)
    word, verb = (rows[k], "attends to") if kind == "row" else (columns[k], "is attended to by")
    return f"“{word}” {verb} {listed}."
