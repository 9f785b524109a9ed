"""The head view: two columns of words, a line for each weight, as wide as it is large; beside it a column per head."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lecturelib.attention.views.cells import FAINT, MARK, WIDE, check_picked, check_weights, finished, percent
from lecturelib.checks import complaint, described
from lecturelib.drawing.drawing import Box, Curve, Drawing, Label, Shape, shortened
from lecturelib.show import Picture
from lecturelib.show.palettes import CATEGORIES, TEN

COLORS = (*TEN, "#B8004E", "#3E7C00")  # twelve heads; each also has its own column with its number
_MOST = 500  # lines: more are a grey cloud
LEAST, LEAST_OF_ALL = 0.02, 0.08  # the weight from which on a line is drawn: of a picked word, of all words
_TOP = 46.0  # px above the first word
_LEFT, _RIGHT = 168.0, 452.0  # where the words end and begin
_CELL = 15.0
WINDOW = 34  # words of a column that can be read at once


def head_view(
    queries: Sequence[str],
    keys: Sequence[str],
    weights: Tensor,
    heads: Sequence[int] | None = None,
    picked: str = "",
    names: Sequence[str] | None = None,
    first: int = 0,
    caption: str = "",
) -> Picture:
    """Weights (heads, queries, keys) as lines from the words that attend (left) to those that are attended to (right).

    `heads`: those shown, all if not given; each has a color, and beside the right words a column with its number.
    `names`: what the heads are called there, their numbers from 1 if not given. `picked`: "row 2" leaves the lines of
    one word that attends, "column 2" those that end at one word; the columns of squares then show its weights, without
    a pick the mean over all words that attend. More than `WINDOW` words are seen through a window that begins at word
    `first`; what lies before and after is one row each, so that weights still sum to one. Weights below 8 % have no
    line, with a word picked below 2 %. Raises ValueError or TypeError for other weights, IndexError for a head that is
    not there.

    >>> head_view(["the", "cat"], ["the", "cat"], torch.eye(2)[None], picked="row 1").caption
    '“cat” attends to “cat” 100 %, “the” 0 %.'
    """
    values, shown = _checked(queries, keys, weights, heads)
    chosen = check_picked(picked, len(queries), len(keys))
    count = len(weights)
    names = [str(h + 1) for h in range(count)] if names is None else list(names)
    names = [names[h] for h in shown]
    colors = [COLORS[h % len(COLORS)] if count > 8 else CATEGORIES[h % 7] for h in shown]
    told = _told(chosen, queries, keys, values, names)
    many = f"{len(shown)} head{'s' * (len(shown) > 1)}"
    alt = (
        f"Head view of “{' '.join(queries)}”: {len(queries)} words at the left attend to {len(keys)} at the right, "
        f"{many}. {told}"
    )
    left = _Window(queries, first)
    right = _Window(keys, first if list(queries) == list(keys) else 0)
    values = _joined(values, left, right)
    step = min(27.0, max(14.0, 540 / max(len(left), len(right))))
    y = [_TOP + (k + 0.5) * step for k in range(max(len(left), len(right)))]
    row = left.of(chosen[1]) if chosen and chosen[0] == "row" else None
    column = right.of(chosen[1]) if chosen and chosen[0] == "column" else None
    foot = y[-1] + step / 2 + 24
    seen = "of this word" if row is not None else ("on this word" if column is not None else "mean of all")
    lines, drawn = _lines(values, colors, y, row, column)
    size = min(16.0, step * 0.68)
    shapes: list[Shape] = [
        Label(_LEFT, 16, "query", 13, "end", role="muted"),
        Label(_RIGHT, 16, "key", 13, "start", role="muted"),
        *lines,
        *_words(left, y, size, row, _LEFT, "end", values, column, 1),
        *_words(right, y, size, column, _RIGHT, "start", values, row, 2),
        *_squares(values, colors, names, y, step, row, column),
        Label(606, foot - 6, f"weights, {seen}; full: 50 %", 12, "start", role="muted"),
    ]
    if chosen is None:
        least = "the widest" if drawn == _MOST else f"weights from {100 * LEAST_OF_ALL:.0f} % on"
        told = f"Lines of {many}: {least}. {told}"
    drawing = Drawing(WIDE, foot + 6, tuple(shapes), "Head view", alt)
    return finished(drawing, f"{caption} {told}".strip(), _regions(queries, keys, left, right, y, step / 2))


def _checked(
    queries: Sequence[str], keys: Sequence[str], weights: Tensor, heads: Sequence[int] | None
) -> tuple[Tensor, list[int]]:
    """The weights of the heads that are shown, and their indices; raises as `head_view` does."""
    if not isinstance(weights, Tensor) or weights.ndim != 3:
        raise ValueError(
            complaint("weights", "shape (heads, queries, keys), also for one head", described(weights))
        )
    count = weights.shape[0]
    words = f"{count} heads, {len(queries)} words that attend and {len(keys)} that are attended to"
    values = check_weights(weights, (count, len(queries), len(keys)), words)
    shown = list(range(count)) if heads is None else list(heads)
    if not shown or not all(isinstance(h, int) and 0 <= h < count for h in shown):
        raise IndexError(complaint("heads", f"numbers from 0 to {count - 1}", shown))
    return values[shown], shown


def _regions(
    queries: Sequence[str], keys: Sequence[str], left: _Window, right: _Window, y: list[float], half: float
) -> list[tuple]:
    """What can be picked: the words of both columns."""
    places = [
        (f"row {k}", (20, y[j] - half, _LEFT + 6, y[j] + half), f"{queries[k]} attends")
        for j, k in left.own()
    ]
    return places + [
        (f"column {k}", (_RIGHT - 6, y[j] - half, 596, y[j] + half), f"{keys[k]} is attended to")
        for j, k in right.own()
    ]


class _Window:
    """The words that are seen, and one row each for those before and after them."""

    def __init__(self, words: Sequence[str], first: int):
        first = max(0, min(first, len(words) - WINDOW)) if len(words) > WINDOW else 0
        last = min(len(words), first + WINDOW)
        self.groups = [[k] for k in range(first, last)]
        self.words = list(words[first:last])
        if first:
            self.groups.insert(0, list(range(first)))
            self.words.insert(0, f"({first} before)")
        if last < len(words):
            self.groups.append(list(range(last, len(words))))
            self.words.append(f"({len(words) - last} after)")

    def __len__(self) -> int:
        return len(self.words)

    def of(self, k: int) -> int:
        return next(j for j, group in enumerate(self.groups) if k in group)

    def own(self) -> list[tuple[int, int]]:
        """(row, number of the word) of the rows that hold one word."""
        return [(j, group[0]) for j, group in enumerate(self.groups) if len(group) == 1]


def _joined(values: Tensor, left: _Window, right: _Window) -> Tensor:
    """Weights between the rows of the windows: the mean over words that attend, the sum over what they attend to."""
    values = torch.stack([values[:, group].mean(1) for group in left.groups], 1)
    return torch.stack([values[:, :, group].sum(2) for group in right.groups], 2)


def _lines(
    values: Tensor, colors: list[str], y: list[float], row: int | None, column: int | None
) -> tuple[list[Shape], int]:
    """The widest lines, thin ones first; with a word picked only its own."""
    part = values.clone()
    if row is not None:
        part[:, [t for t in range(part.shape[1]) if t != row]] = 0
    if column is not None:
        part[:, :, [k for k in range(part.shape[2]) if k != column]] = 0
    flat = part.flatten()
    best = flat.topk(min(_MOST, len(flat)))
    found: list[Shape] = []
    heads, queries, keys = part.shape
    alone = row is not None or column is not None
    least = LEAST if alone else LEAST_OF_ALL
    for weight, index in zip(reversed(best.values.tolist()), reversed(best.indices.tolist()), strict=True):
        if weight < least:
            continue
        h, rest = divmod(index, queries * keys)
        t, k = divmod(rest, keys)
        # heads leave a word a little apart, so that none hides another
        shift = (h - (heads - 1) / 2) * min(1.6, 10 / heads)
        a, b = (_LEFT + 8, y[t] + shift), (_RIGHT - 8, y[k] + shift)
        bend = (b[0] - a[0]) * 0.42
        points = (a, (a[0] + bend, a[1]), (b[0] - bend, b[1]), b)
        clear = 0.9 if alone else 0.25 + 0.65 * weight
        found.append(Curve(points, stroke=colors[h], stroke_width=0.8 + 6.5 * weight, opacity=clear))
    return found, len(found)


def _words(
    window: _Window,
    y: list[float],
    size: float,
    mine: int | None,
    x: float,
    anchor: str,
    values: Tensor,
    other: int | None,
    axis: int,
) -> list[Shape]:
    """One column of words; where a word of the other column is picked, each shows how much of it there is."""
    found: list[Shape] = []
    mean = values.mean(0)  # (T, K)
    for j, word in enumerate(window.words):
        bold, color = j == mine, MARK if j == mine else None
        if other is not None:
            weight = float(mean[j, other] if axis == 1 else mean[other, j])
            if weight >= 0.005:
                place = x - 132 if anchor == "end" else x + 136
                found.append(Label(place, y[j], f"{percent(weight)} %", min(13.0, size), "end", role="muted"))
            color = color or ("#1a1a1a" if weight >= 0.03 else FAINT)
        text = shortened(word, 100 if anchor == "start" else 118, size, bold)
        found.append(Label(x, y[j], text, size, anchor, bold, fill=color))
    return found


def _squares(
    values: Tensor,
    colors: list[str],
    names: list[str],
    y: list[float],
    step: float,
    row: int | None,
    column: int | None,
) -> list[Shape]:
    """A column for each head beside the words that are attended to (or that attend): a square as full as its weight."""
    heads = len(names)
    if column is not None:
        columns = values[:, :, column]  # (heads, T): who attends to the picked word
    else:
        columns = values[:, row] if row is not None else values.mean(1)  # (heads, K)
    cell = min(_CELL, step - 2, 200 / heads)
    start = 606.0
    found: list[Shape] = []
    if column is not None:
        found.append(Label(start, 16, "rows: words that attend", 12, "start", role="muted"))
    elif heads > 1:
        found.append(Label(start, 16, "head", 12, "start", role="muted"))
    for h, name in enumerate(names):
        x = start + h * (cell + 2)
        found.append(Label(x + cell / 2, 33, name, 12 if len(name) < 2 else 10.5, fill=colors[h], bold=True))
        for j, weight in enumerate(columns[h].tolist()):
            found.append(
                Box(x, y[j] - cell / 2, cell, cell, 1, fill="#f4f4f4", stroke="#d6d6d6", stroke_width=0.5)
            )
            if weight >= 0.01:
                full = min(1.0, weight / 0.5)
                side = cell * full**0.5  # its area is the weight
                found.append(
                    Box(x + (cell - side) / 2, y[j] - side / 2, side, side, 1, fill=colors[h], stroke="none")
                )
    return found


def _told(
    chosen: tuple[str, int] | None,
    queries: Sequence[str],
    keys: Sequence[str],
    values: Tensor,
    names: list[str],
) -> str:
    if chosen is None:
        return "Point at a word to see its lines alone."
    kind, k = chosen
    part = values[:, k] if kind == "row" else values[:, :, k]  # (heads, others)
    others = keys if kind == "row" else queries
    mean = part.mean(0)
    order = mean.argsort(descending=True)[:3].tolist()
    listed = ", ".join(f"“{others[j]}” {100 * mean[j]:.0f} %" for j in order)
    best = int(part.max(1).values.argmax())
    far = int(part[best].argmax())
    word, verb = (queries[k], "attends to") if kind == "row" else (keys[k], "is attended to by")
    said = f"“{word}” {verb} {listed}"
    if len(names) > 1:
        said += f" (mean of the heads); most of all head {names[best]}: “{others[far]}” {100 * part[best, far]:.0f} %"
    return said + "."
