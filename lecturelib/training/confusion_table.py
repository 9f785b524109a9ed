"""A confusion table as a picture: what was planted against what was named."""

from __future__ import annotations

import html
from collections.abc import Mapping

from lecturelib.checks import complaint
from lecturelib.drawing.curve_panels import FONT, INK
from lecturelib.show import Picture

WIDTH = 820  # CSS pixels: the page beside nothing
LEFT, TOP = 200, 158  # of the first cell: room for the names of rows and columns
RIGHT = 92  # room for the last column's name, which is drawn at an angle
ROW = 30  # a row's height
DARK = (0, 90, 160)  # of a cell that holds all runs of its row

Counts = Mapping[str, Mapping[str, int]]


def confusion_table(counts: Counts, width: int = WIDTH, caption: str = "") -> Picture:
    """Draw a confusion table. Rows: what was planted; columns: what was named; in each cell the number of runs.

    counts: {planted: {named: runs}}. A cell is darker the larger its share of the row; the cells of right answers have
    a frame. Raises `ValueError` for an empty table.

    >>> confusion_table({"leak": {"leak": 2, "healthy": 1}}).alt
    'Confusion table: 2 of 3 runs are named rightly; 1 of 3 leak as healthy.'
    """
    rows = list(counts)
    if not rows:
        raise ValueError(complaint("counts", "at least one row", "none"))
    named = list(dict.fromkeys([*rows, *(name for row in counts.values() for name in row)]))
    cell = (width - LEFT - RIGHT) / len(named)
    parts = _column_names(named, cell)
    for r, row in enumerate(rows):
        parts += _row(row, counts[row], named, TOP + r * ROW, cell)
    height = TOP + ROW * len(rows) + 6
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" {FONT} font-size="13.5" fill="{INK}">'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="0" y="20" font-weight="600">planted (rows), '
        f"named (columns)</text>{''.join(parts)}</svg>"
    )
    return Picture(svg, _alt(counts), caption, width=width)


def _column_names(named: list[str], cell: float) -> list[str]:
    parts = []
    for k, name in enumerate(named):
        x, y = LEFT + (k + 0.5) * cell, TOP - 8
        parts.append(
            f'<text x="{x:.0f}" y="{y}" transform="rotate(-42 {x:.0f} {y})">{html.escape(name)}</text>'
        )
    return parts


def _row(row: str, counts: Mapping[str, int], named: list[str], y: int, cell: float) -> list[str]:
    runs = sum(counts.values())
    parts = [f'<text x="{LEFT - 10}" y="{y + 20}" text-anchor="end">{html.escape(row)}</text>']
    for k, name in enumerate(named):
        count = counts.get(name, 0)
        share = count / runs if runs else 0.0
        shade = tuple(round(255 + share * (end - 255)) for end in DARK)
        frame = f'stroke="{INK}" stroke-width="1.6"' if row == name else 'stroke="#cccccc"'
        x = LEFT + k * cell
        parts.append(
            f'<rect x="{x + 1:.1f}" y="{y + 1}" width="{cell - 2:.1f}" height="{ROW - 2}" fill="rgb{shade}" {frame}/>'
        )
        if count:
            ink = "#ffffff" if share > 0.5 else INK
            parts.append(
                f'<text x="{x + cell / 2:.1f}" y="{y + 20}" text-anchor="middle" fill="{ink}" font-weight="600">'
                f"{count}</text>"
            )
    return parts


def _alt(counts: Counts) -> str:
    right = sum(row.get(planted, 0) for planted, row in counts.items())
    total = sum(sum(row.values()) for row in counts.values())
    wrong = [
        f"{count} of {sum(row.values())} {planted} as {name}"
        for planted, row in counts.items()
        for name, count in row.items()
        if name != planted and count
    ]
    said = f"; {', '.join(wrong)}" if wrong else ""
    return f"Confusion table: {right} of {total} runs are named rightly{said}."
