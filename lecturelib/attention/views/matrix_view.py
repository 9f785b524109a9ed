"""The matrix view: what looks stands at the left, what is looked at above, the weights are shades and numbers."""

from __future__ import annotations

from collections.abc import Sequence

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
    row_title: str = "looks",
    column_title: str = "is looked at",
    caption: str = "",
    unit: str = "%",
    width: int = WIDE,
) -> Picture:
    """Weights (rows, columns) as shades, with numbers in percent where the cells are large enough.

    `picked`: "row 2" or "column 0" (see `common.keys`) frames a word's row or column and says its weights in the
    caption; the picture's `regions` name the words for a `RegionPicker`. `top`: the value of the darkest shade, the
    largest weight if not given. `unit`: "%" for shares, else what the numbers are, printed as they are. Usable up to
    about 130 words: from 45 on only every second one is written out. Raises ValueError or TypeError for other weights.
    """
    values = check_weights(weights, (len(rows), len(columns)), f"{len(rows)} rows and {len(columns)} columns")
    chosen = check_picked(picked, len(rows), len(columns))
    top = float(values.max()) if top is None else top
    size = _LETTERS
    left = min(_ROOM, max(text_width(word, size, True) for word in rows)) + 14
    left = max(left, text_width(f"{row_title} ↓", 12) + 12)
    head = min(_ROOM, max(text_width(word, size, True) for word in (*columns, "----"))) + 34
    cell = min(46.0, (width - left - 30) / len(columns), (_HIGH - head - 34) / len(rows))
    cell = max(cell, 4.2)
    size = min(size, max(9.0, cell * 0.8))
    right, bottom = left + cell * len(columns), head + cell * len(rows)
    shapes: list[Shape] = [
        Bitmap(left, head, cell * len(columns), cell * len(rows), shades(values, top), hard=True),
        Box(
            left,
            head,
            cell * len(columns),
            cell * len(rows),
            0,
            fill="none",
            stroke="#8a8a8a",
            stroke_width=1,
        ),
    ]
    if cell >= 14:
        for k in range(1, len(columns)):
            x = left + k * cell
            shapes.append(Line(((x, head), (x, bottom)), stroke="#e2e2e2", stroke_width=0.8))
        for k in range(1, len(rows)):
            y = head + k * cell
            shapes.append(Line(((left, y), (right, y)), stroke="#e2e2e2", stroke_width=0.8))
    shapes += _numbers(values, top, left, head, cell, unit)
    every = max(1, round(10.5 / cell + 0.49)) if cell < 10.5 else 1
    places = []
    for k, word in enumerate(rows):
        y, mine = head + (k + 0.5) * cell, chosen == ("row", k)
        if _is_written(k, every, chosen, "row"):
            letters = max(size, 12) if mine else size
            text = shortened(word, _ROOM, letters, mine)
            shapes.append(Label(left - 8, y, text, letters, "end", mine, fill=MARK if mine else None))
        places.append((f"row {k}", (0, y - cell / 2, right, y + cell / 2), _said(word, rows, k)))
    for k, word in enumerate(columns):
        x, mine = left + (k + 0.5) * cell, chosen == ("column", k)
        if _is_written(k, every, chosen, "column"):
            letters = max(size, 12) if mine else size
            text = shortened(word, _ROOM, letters, mine)
            shapes.append(Label(x, head - 8, text, letters, "start", mine, True, fill=MARK if mine else None))
        places.append((f"column {k}", (x - cell / 2, 20, x + cell / 2, head), _said(word, columns, k)))
    shapes += [
        Label(left, 10, f"{column_title} →", 12, "start", role="muted"),
        Label(left - 8, head - 10, f"{row_title} ↓", 12, "end", role="muted"),
    ]
    if chosen is not None:
        shapes += _frame(chosen, left, head, cell, len(rows), len(columns))
    words = "share of a row" if unit == "%" else unit
    shapes += scale_bar(8.0, bottom + 18, top, words, "%" if unit == "%" else "")
    told = _told(chosen, rows, columns, values, unit)
    alt = f"Matrix of {len(rows)} rows ({', '.join(rows)}) by {len(columns)} columns ({', '.join(columns)}). {told}"
    whole = Drawing(max(right + 14, 300.0), bottom + 34, tuple(shapes), "Attention as a matrix", alt)
    return finished(whole, f"{caption} {told}".strip(), places)


def _is_written(k: int, every: int, chosen: tuple[str, int] | None, kind: str) -> bool:
    """Every so many words where all are too many, and what is picked in place of its neighbours."""
    if chosen is None or chosen[0] != kind or every == 1:
        return k % every == 0
    return k == chosen[1] or (k % every == 0 and abs(k - chosen[1]) >= every)


def _numbers(values: Tensor, top: float, left: float, head: float, cell: float, unit: str) -> list[Shape]:
    if cell < _NUMBERS:
        return []
    size, found = max(9.0, min(14.0, cell * 0.42)), []
    for t, row in enumerate(values.tolist()):
        for k, value in enumerate(row):
            if unit == "%" and value < 0.005:
                continue  # white is nothing
            text = percent(value) if unit == "%" else f"{value:.2g}"
            x, y = left + (k + 0.5) * cell, head + (t + 0.5) * cell
            found.append(Label(x, y, text, size, fill=ink_on(value / top if top else 0)))
    return found


def _frame(
    chosen: tuple[str, int], left: float, head: float, cell: float, rows: int, columns: int
) -> list[Shape]:
    (kind, k), style = chosen, {"fill": "none", "stroke": MARK, "stroke_width": 3 if cell >= 14 else 1.4}
    if kind == "row":
        return [Box(left, head + k * cell, columns * cell, cell, 2, **style)]
    return [Box(left + k * cell, head, cell, rows * cell, 2, **style)]


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
    word, verb = (rows[k], "looks at") if kind == "row" else (columns[k], "is looked at by")
    return f"“{word}” {verb} {listed}."
