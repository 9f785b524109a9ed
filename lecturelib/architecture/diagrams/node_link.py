"""The node-link diagram: neurons as discs, weights as lines; for small networks only, and a large one is told so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from lecturelib.architecture.diagrams.connectivity import Column, Links, columns_of
from lecturelib.checks import check_choice, complaint
from lecturelib.drawing.drawing import Circle, Curve, Drawing, Label, Line, Shape, text_width
from lecturelib.show.palettes import CATEGORIES

TALL = 470  # px that the tallest column may take
PITCH, SMALLEST_PITCH = 58, 17  # px between two neurons of a column
BETWEEN = 180  # px between two columns
THIN, THICK = 0.7, 6.0  # px: a weight near 0, and the largest of the layer
WORDS, SMALL = 14, 13
BAND = 74  # px below the columns, for their words
COLOR = ("sign", "shared")
FAINT = 0.16
_KERNEL = CATEGORIES[:6]  # no black, no yellow: to be seen in the light and in the dark theme


def node_link(
    model: nn.Module,
    input_shape: Sequence[int] | None = None,
    color: str = "sign",
    highlight: tuple[int, int] | None = None,
    names: Sequence[Sequence[str]] = (),
    legend: bool = True,
) -> Drawing:
    """Node-link diagram: every neuron of a small network as a disc, every weight as a line.

    Networks that are a chain: an MLP, small convolutions (`input_shape` is (C, L) or (C, H, W)), an RNN cell, whose
    recurrent links are arcs. `color="sign"`: orange and solid is positive, blue and dashed negative, the width is the
    size of the weight, per layer. `color="shared"`: one color for each weight of a kernel, grey where each link has
    its own weight. `highlight`: (column, neuron) whose links stay, the others fade. `names`: of the neurons, column by
    column. `legend`: the meaning of the lines below the drawing. Biases are not drawn. Raises `ValueError` for a
    network too large or with branches, and for a neuron that it does not have.

    >>> from torch import nn
    >>> drawing = node_link(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)))
    >>> sum(key.count("<") for key in drawing.keys)  # the links: 3 x 4 + 4 x 2
    20
    """
    columns = columns_of(model, input_shape)
    check_choice("color", color, COLOR)
    if highlight is not None:
        column, neuron = highlight
        if not 0 < column < len(columns) or not 0 <= neuron < columns[column].size:
            allowed = ", ".join(f"column {k}: 0-{c.size - 1}" for k, c in enumerate(columns) if k)
            raise ValueError(complaint("highlight", f"(column, neuron) of {allowed}", repr(highlight)))
    if names and [len(column) for column in names] != [column.size for column in columns]:
        expected = f"{[c.size for c in columns]} names, column by column"
        raise ValueError(complaint("names", expected, str([len(column) for column in names])))
    pitch = max(SMALLEST_PITCH, min(PITCH, TALL / max(column.size for column in columns)))
    radius = min(17.0, pitch * 0.36)
    places = _places(columns, pitch, radius, names)
    shapes: list[Shape] = []
    for k, layer in enumerate(columns[1:], 1):
        only = None if highlight is None else (highlight[1] if highlight[0] == k else -1)
        if layer.links is not None:
            shapes += _straight(layer.links, places[k - 1], places[k], radius, color, only, k)
        if layer.recurrent is not None:
            shapes += _arcs(layer.recurrent, places[k], radius, only)
    shapes += _neurons(columns, places, radius, names)
    reach = max((shape.bounds[2] for shape in shapes), default=0)
    low = max(y for column in places for _, y in column) + radius
    shapes += _words(columns, places, low)
    width = max(reach, max(shape.bounds[2] for shape in shapes)) + 14
    height = low + BAND
    if legend:
        shapes += _legend(columns, color, max(width, 380), height + 10)
        width = max(width, shapes[-1].bounds[2] + 14)
        height = shapes[-1].bounds[3] + 12
    return Drawing(width, height, tuple(shapes), "Node-link diagram", _alt(columns, color))


def _places(
    columns: list[Column], pitch: float, radius: float, names: Sequence
) -> list[list[tuple[float, float]]]:
    """The center of every neuron, column by column; a column is as far from the next as its words need."""
    tallest = max(column.size for column in columns)
    beside = max((text_width(name, WORDS) for name in (names[0] if names else ())), default=0)
    x = max(14 + radius + (beside + 10 if beside else 0), 14 + max(map(_half, _lines(columns[0]))))
    places = []
    for k, column in enumerate(columns):
        if k:
            words = max(map(_half, _lines(columns[k - 1]))) + max(map(_half, _lines(column))) + 24
            arcs = 40 + 16 * columns[k - 1].size if columns[k - 1].recurrent is not None else 0
            x += max(BETWEEN, words) + arcs
        top = 14 + radius + (tallest - column.size) * pitch / 2
        places.append([(x, top + i * pitch) for i in range(column.size)])
    return places


def _half(words: str) -> float:
    return text_width(words, SMALL) / 2


def _lines(column: Column) -> tuple[str, ...]:
    if column.links is None:
        return (f"{column.size} inputs",)
    links = column.links
    counted = f"{links.count} links"
    if links.parameters < links.count:
        counted += f", {links.parameters} weights"
    elif column.recurrent is not None:
        counted += f" + {column.recurrent.count} back"
    return (f"{column.size} neurons" if column.size > 1 else "1 neuron", column.words, counted)


def _neurons(columns: list[Column], places: list, radius: float, names: Sequence) -> list[Shape]:
    shapes: list[Shape] = []
    for k, column in enumerate(places):
        back = columns[k].recurrent is not None
        letter = "x" if k == 0 else "y" if k == len(places) - 1 and not back else "h"
        role = "input" if k == 0 else "recurrent" if back else "conv"
        for i, (x, y) in enumerate(column):
            shapes.append(Circle(x, y, radius, role=role, key=f"{k}.{i}"))
            own = names[k][i] if names else ""
            if own and k == 0:
                shapes.append(Label(x - radius - 8, y, own, WORDS, "end"))
            elif own:
                shapes.append(Label(x + radius + 8, y, own, WORDS, "start"))
            if radius >= 12 and len(column) < 100:
                shapes.append(Label(x, y, letter + _subscript(i + 1), 13 if i < 9 else 11, key=f"{k}.{i}"))
    return shapes


def _subscript(number: int) -> str:
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(number))


def thickness(weight: float, largest: float) -> float:
    """The width of a link in px: THICK for the largest weight of its layer, in proportion below, never under THIN."""
    return max(THIN, THICK * abs(weight) / largest) if largest > 0 else THIN


def _style(weight: float, largest: float) -> dict:
    role = "grid" if weight == 0 else "positive" if weight > 0 else "negative"
    return {"role": role, "dashed": weight < 0, "stroke_width": thickness(weight, largest)}


def _straight(
    links: Links, left: list, right: list, radius: float, color: str, only: int | None, column: int
) -> list[Shape]:
    largest = float(links.weights.abs().max())
    shared = links.parameters < links.count
    order = [(i, j) for i, j in links.entry.ge(0).nonzero().tolist()]
    order.sort(key=lambda pair: abs(links.weights[pair].item()))  # the strong ones lie on top
    weights, entry = links.weights.tolist(), links.entry.tolist()
    shapes: list[Shape] = []
    for i, j in order:
        (x0, y0), (x1, y1) = left[j], right[i]
        if color == "sign":
            style = _style(weights[i][j], largest)
        elif shared:
            number = entry[i][j]
            style = {**kernel_style(number), "stroke_width": 2.4}
        else:
            style = {
                "role": "grid" if only is None else "muted",
                "stroke": None if only is None else "#808080",
            }
        if only is not None and i != only:
            style["opacity"] = FAINT
        ends = ((x0 + radius, y0), (x1 - radius, y1))
        shapes.append(Line(ends, key=f"{column}.{i}<{j}", **style))
    return shapes


def _arcs(links: Links, column: list, radius: float, only: int | None) -> list[Shape]:
    """Recurrent links on the right of their column: from a neuron, one step ago, to each neuron now."""
    largest = float(links.weights.abs().max())
    shapes: list[Shape] = []
    for i, j in links.entry.ge(0).nonzero().tolist():
        style: dict[str, Any] = _style(links.weights[i, j].item(), largest)
        style["stroke_width"] = max(1.0, style["stroke_width"] / 2)  # arcs lie close
        if only is not None and i != only:
            style["opacity"] = FAINT
        (x, y0), (_, y1) = column[j], column[i]
        if i == j:  # a loop of its own
            start, end, out = -0.25 * radius, 0.25 * radius, x + radius + 36
            points = ((x + radius, y0 + start), (out, y0 - 30), (out, y0 + 30), (x + radius, y0 + end))
        else:  # ways there and back keep apart: other ports, another bulge
            way = 1 if i > j else -1
            out = x + radius + 30 + 34 * abs(i - j) + (0 if i > j else 20)
            start, end = y0 + way * 0.5 * radius, y1 - way * 0.8 * radius
            points = ((_edge(x, radius, 0.5), start), (out, start), (out, end), (_edge(x, radius, 0.8), end))
        shapes.append(Curve(points, arrow=True, **style))
    return shapes


def _edge(x: float, radius: float, height: float) -> float:
    """Where the right side of a disc is at a height, both in parts of its radius."""
    return x + radius * (1 - height**2) ** 0.5


def kernel_style(number: int) -> dict:
    """The color and the line style of one number of a kernel."""
    return {"stroke": _KERNEL[number % 6], "dashed": (number + number // 6) % 2 == 1}


def _words(columns: list[Column], places: list, low: float) -> list[Shape]:
    shapes: list[Shape] = []
    for column, place in zip(columns, places, strict=True):
        for row, words in enumerate(_lines(column)):
            role = "text" if row == 0 else "muted"
            shapes.append(Label(place[0][0], low + 22 + 18 * row, words, SMALL, bold=row == 0, role=role))
    return shapes


def _legend(columns: list[Column], color: str, width: float, y: float) -> list[Shape]:
    """Samples of lines with their words, in as many rows as the width asks for."""
    if color == "sign":
        styles: list[dict[str, Any] | None] = [
            {"role": "positive"},
            {"role": "negative", "dashed": True},
            None,
        ]
        words = ["positive", "negative", "the wider, the larger"]
    else:
        shared = next((c.links for c in columns if c.links and c.links.parameters < c.links.count), None)
        numbers = sorted(shared.entry[shared.entry >= 0].unique().tolist())[:12] if shared else []
        styles = [*map(kernel_style, numbers), None]
        words = [f"w{_subscript(n + 1)}" for n in numbers]
        words.append("one color, one weight" if shared else "each link has a weight of its own")
    x = 14.0
    shapes: list[Shape] = []
    for style, said in zip(styles, words, strict=True):
        needed = text_width(said, SMALL) + (40 if style else 0)
        if x > 14 and x + needed > width - 14:
            x, y = 14.0, y + 24
        if style is not None:
            shapes.append(Line(((x, y), (x + 32, y)), stroke_width=3, **style))
        shapes.append(Label(x + (40 if style else 0), y, said, SMALL, "start"))
        x += needed + 22
    return shapes


def _alt(columns: list[Column], color: str) -> str:
    said = [f"{columns[0].size} inputs"]
    found = []
    for column in columns[1:]:
        links = column.links
        if links is None:
            continue
        found.append(links.weights[links.entry >= 0])
        words = (
            f"{column.size} {'neurons' if column.size > 1 else 'neuron'} ({column.words}, {links.count} links"
        )
        if links.count < links.possible:
            words += f" of {links.possible} possible ones"
        if links.parameters < links.count:
            words += f" that share {links.parameters} weights"
        if column.recurrent is not None:
            words += f", and {column.recurrent.count} recurrent links from the step before"
        said.append(words + ")")
    above, below = (sum(int(sign(w).sum()) for w in found) for sign in (lambda w: w > 0, lambda w: w < 0))
    signs = (
        f" {above} weights are positive (orange, solid), {below} negative (blue, dashed)."
        if color == "sign"
        else ""
    )
    return f"Node-link diagram: {'; then '.join(said)}.{signs}"
