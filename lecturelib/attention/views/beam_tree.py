"""The beam tree: translations that share beginnings, drawn as branches; what each is worth beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lecturelib.attention.views.cells import MARK, finished
from lecturelib.checks import complaint
from lecturelib.drawing.drawing import Box, Curve, Drawing, Label, Shape, shortened, text_width
from lecturelib.show import Picture

_SIZE, _STEP = 14.0, 34.0  # px of a letter, and between two sentences
_TOP, _LEFT, _ROOM = 44.0, 14.0, 620.0  # px above and before the tree, and for its words
_GAP = 22.0  # px between two words

Beginning = tuple[str, ...]


@dataclass(frozen=True)
class Branch:
    """One sentence of the tree: its words, and what the search compares."""

    words: tuple[str, ...]
    log_probability: float
    compared: float


def in_tree_order(rows: Sequence[Sequence[str]]) -> list[int]:
    """The order of the rows in which those with a common beginning stand together: no branches cross.

    >>> in_tree_order([["a", "b"], ["c"], ["a", "d"]])
    [0, 2, 1]
    """
    first: dict[Beginning, int] = {}  # beginning -> the best rank of those that share it
    for rank, row in enumerate(rows):
        for depth in range(len(row)):
            first.setdefault(tuple(row[: depth + 1]), rank)
    return sorted(
        range(len(rows)), key=lambda n: ([first[tuple(rows[n][: k + 1])] for k in range(len(rows[n]))], n)
    )


def beam_tree(branches: Sequence[Branch], caption: str = "", alt: str = "") -> Picture:
    """Sentences, best first, as a tree of their beginnings; beside it log p and the value that is compared.

    The best one is marked. Raises ValueError for no branches.
    """
    if not branches:
        raise ValueError(complaint("branches", "at least one sentence", "none"))
    ranks = in_tree_order([branch.words for branch in branches])
    rows = [branches[n].words for n in ranks]
    y = [_TOP + k * _STEP for k in range(len(rows))]
    tree, right = _tree(rows, ranks, y)
    values = _values([branches[n] for n in ranks], ranks, y, right)
    drawing = Drawing(right + 164, y[-1] + 34, (*tree, *values), "Beam search", alt)
    return finished(drawing, caption, [])


def _tree(rows: Sequence[Beginning], ranks: list[int], y: list[float]) -> tuple[list[Shape], float]:
    """The words, each beginning once, and the curves between them; and where the widest sentence ends."""
    depths = range(max(map(len, rows)))
    widths = [
        max((text_width(row[k], _SIZE, True) for row in rows if k < len(row)), default=0) + _GAP
        for k in depths
    ]
    shrink = min(1.0, _ROOM / sum(widths))
    size = max(9.0, _SIZE * min(1.0, shrink * 1.12))
    shapes: list[Shape] = []
    placed: dict[Beginning, tuple[float, float]] = {}  # beginning -> where its last word ends, and its height
    for depth in depths:
        x = _LEFT + sum(widths[:depth]) * shrink
        for beginning, members in _beginnings(rows, depth).items():
            middle = sum(y[n] for n in members) / len(members)
            word = shortened(beginning[-1], max(12.0, widths[depth] * shrink - 6), size, True)
            best = any(ranks[n] == 0 for n in members)
            before = placed.get(beginning[:-1])
            if before is not None:
                shapes.append(_branch((before[0] + 2, before[1]), (x - 3, middle), best))
            shapes.append(Label(x, middle, word, size, "start", best))
            placed[beginning] = (x + text_width(word, size, best), middle)
    return shapes, _LEFT + sum(widths) * shrink + 12


def _beginnings(rows: Sequence[Beginning], depth: int) -> dict[Beginning, list[int]]:
    """The beginnings of depth + 1 words, and the rows that share each."""
    found: dict[Beginning, list[int]] = {}
    for n, row in enumerate(rows):
        if depth < len(row):
            found.setdefault(tuple(row[: depth + 1]), []).append(n)
    return found


def _branch(a: tuple[float, float], b: tuple[float, float], best: bool) -> Shape:
    bend = (b[0] - a[0]) / 2
    points = (a, (a[0] + bend, a[1]), (b[0] - bend, b[1]), b)
    if best:
        return Curve(points, stroke=MARK, stroke_width=2.6)
    return Curve(points, stroke="#9a9a9a", stroke_width=1.2)


def _values(branches: Sequence[Branch], ranks: list[int], y: list[float], right: float) -> list[Shape]:
    """Rank, log-probability and compared value of each row, the best one framed."""
    shapes: list[Shape] = [
        Label(right + 76, 16, "log p", 12, "end", role="muted"),
        Label(right + 144, 16, "compared", 12, "end", role="muted"),
    ]
    for height, rank, branch in zip(y, ranks, branches, strict=True):
        if rank == 0:
            shapes.append(Box(right, height - 13, 152, 26, 4, fill="#fff3e6", stroke=MARK))
        told = (f"{rank + 1}", f"−{-branch.log_probability:.2f}", f"−{-branch.compared:.2f}")
        for x, text in zip((20, 76, 144), told, strict=True):
            shapes.append(Label(right + x, height, text, 13, "end", rank == 0))
    return shapes
