"""The query-key-value view: every number of self-attention, as tables and line by line for one word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from lecturelib.attention.views.cells import MARK, finished, hex_of, ink_on, shades
from lecturelib.drawing.drawing import Box, Drawing, Label, Shape
from lecturelib.show import Picture

_CELL, _HIGH = 50.0, 34.0  # px of a cell
_TOP = 62.0  # px above the tables
_STEPS_TOP, _STEP = 232.0, 29.0  # px above the lines of one word, and from line to line
_X = {"products": 300.0, "scaled": 520.0, "exp": 610.0, "weight": 710.0, "taken": 870.0}


@dataclass(frozen=True, eq=False)
class Attended:
    """All numbers of self-attention of L words: q and k (L, 2), scores and weights (L, L), v and output (L, 2).

    `scores` are those before the division; `scaled` and `causal` say whether they are divided by sqrt(d) and masked.
    """

    queries: Tensor
    keys: Tensor
    values: Tensor
    scores: Tensor
    weights: Tensor
    outputs: Tensor
    scaled: bool
    causal: bool

    def hidden(self, t: int, k: int) -> bool:
        """Whether the causal mask keeps word t from attending to word k."""
        return self.causal and k > t


def query_key_value_view(
    words: Sequence[str], found: Attended, word: int, picked: int | None = None, caption: str = ""
) -> Picture:
    """The tables of q, k, q · k, weights, v and outputs; below, the row of one word computed line by line.

    `word`: the index of the word that attends, framed; `picked`: that of a word that is attended to, marked. The lines
    are the picture's regions, "row 0" ...
    """
    shapes: list[Shape] = []
    tables = (
        ("q", found.queries, 70.0, 1), ("k", found.keys, 200.0, 1), ("q · k", found.scores, 330.0, 1),
        ("weights", found.weights, 556.0, 2), ("v", found.values, 770.0, 1), ("output", found.outputs, 888.0, 2),
    )  # fmt: skip
    for title, numbers, left, digits in tables:
        shapes += _table(words, found, title, numbers, left, digits)
        if title not in ("k", "v"):
            frame: dict[str, Any] = {"fill": "none", "stroke": MARK, "stroke_width": 3}
            shapes.append(Box(left, _TOP + word * _HIGH, _CELL * numbers.shape[1], _HIGH, 3, **frame))
    for t, name in enumerate(words):
        mine, y = t == word, _TOP + (t + 0.5) * _HIGH
        shapes.append(Label(62, y, name, 15, "end", mine, fill=MARK if mine else None))
    shapes += _titles(words[word], found.scaled)
    regions = []
    for k, name in enumerate(words):
        y = _STEPS_TOP + 28 + _STEP * k
        shapes += _step(name, found, word, k, y, picked == k)
        regions.append((f"row {k}", (60, y - 14, 990, y + 14), f"{words[word]} attends to {name}"))
    alt = f"Tables of q, k, scores, weights, v. {caption}"
    drawing = Drawing(
        1000, _STEPS_TOP + 44 + _STEP * len(words), tuple(shapes), "Self-attention by hand", alt
    )
    return finished(drawing, caption, regions)


def number(value: float, digits: int = 1) -> str:
    """A number as it is written in the tables, with a true minus sign."""
    return f"{value:.{digits}f}".replace("-", "−")


def _table(
    words: Sequence[str], found: Attended, title: str, numbers: Tensor, left: float, digits: int
) -> list[Shape]:
    columns = numbers.shape[1]
    shapes: list[Shape] = [Label(left + _CELL * columns / 2, 14, title, 15, bold=True)]
    if columns == len(words):
        shapes += [Label(left + (k + 0.5) * _CELL, 44, w, 12, role="muted") for k, w in enumerate(words)]
    shaded = shades(found.weights, 1.0) if title == "weights" else None
    for t in range(len(words)):
        for k in range(columns):
            x, y, value = left + k * _CELL, _TOP + t * _HIGH, float(numbers[t, k])
            fill = "#f7f7f7" if shaded is None else hex_of(shaded[t, k])
            ink = "#1a1a1a" if shaded is None else ink_on(value)
            hidden = title in ("q · k", "weights") and found.hidden(t, k)
            text = ("−∞" if title == "q · k" else "0") if hidden else number(value, digits)
            shapes.append(Box(x + 1, y + 1, _CELL - 2, _HIGH - 2, 3, fill=fill, stroke="#dddddd"))
            shapes.append(Label(x + _CELL / 2, y + _HIGH / 2, text, 14, fill="#8a8a8a" if hidden else ink))
    return shapes


def _titles(word: str, scaled: bool) -> list[Shape]:
    titles = {
        "products": "q · k", "scaled": "/ √2" if scaled else "not scaled", "exp": "e^…",
        "weight": "weight = share", "taken": "weight × v",
    }  # fmt: skip
    first: Shape = Label(70, _STEPS_TOP, f"“{word}” attends to", 12.5, "start", role="muted")
    return [first, *(Label(_X[name], _STEPS_TOP, text, 12.5, role="muted") for name, text in titles.items())]


def _step(name: str, found: Attended, word: int, k: int, y: float, picked: bool) -> list[Shape]:
    """One line: product, division, exponential, share, what is taken from word k."""
    allowed, q = not found.hidden(word, k), found.queries[word]
    products = " + ".join(
        f"({number(float(a))})({number(float(b))})" for a, b in zip(q, found.keys[k], strict=True)
    )
    score, weight = float(found.scores[word, k]), float(found.weights[word, k])
    scaled = score / (math.sqrt(len(q)) if found.scaled else 1.0)
    taken = ", ".join(number(weight * float(v), 2) for v in found.values[k])
    texts = {
        "products": f"{products} = {number(score, 2)}" if allowed else "masked",
        "scaled": number(scaled, 2) if allowed else "−∞",
        "exp": f"{math.exp(scaled):.3g}" if allowed else "0",
        "weight": f"{100 * weight:.1f} %",
        "taken": f"({taken})",
    }
    shapes: list[Shape] = [Box(60, y - 14, 930, 28, 4, fill="#fff3e6", stroke=MARK)] if picked else []
    shapes.append(Label(70, y, name, 14, "start", bold=picked))
    return shapes + [Label(_X[column], y, text, 14, bold=picked) for column, text in texts.items()]
