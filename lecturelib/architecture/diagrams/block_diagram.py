"""Block diagrams: a layer is a box, the data an arrow; modules fold and unfold, repeated blocks stand once."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Literal

from torch import nn

from lecturelib.architecture.diagrams.box_text import (
    CARD,
    STYLES,
    BoxText,
    Style,
    box_text,
    frame_title,
    short_number,
)
from lecturelib.architecture.diagrams.description import describe
from lecturelib.architecture.graph.graph import Graph
from lecturelib.architecture.graph.trace import as_graph
from lecturelib.architecture.layout.blocks import Block, Folded
from lecturelib.architecture.layout.fold import fold
from lecturelib.architecture.layout.placement import Placed, Rect
from lecturelib.architecture.layout.planner import layouts
from lecturelib.checks import check_choice, complaint
from lecturelib.drawing.drawing import Drawing
from lecturelib.drawing.shapes import SMALLEST_TEXT, Box, Curve, Label, Line, Shape
from lecturelib.show.text_metrics import LEADING, shortened, text_width, wrapped

Direction = Literal["auto", "down", "right"]
SLIDE = (1280, 720)
MARGIN = 16.0
LARGE, BUTTONS = (
    700.0,
    200.0,
)  # px: from which size on a drawing can be enlarged, and the room that this takes
NOTE = 560.0  # px: a drawing with sentences below it is at least so wide
HEADER = 30.0
COLUMNS = {False: (1, 2, 3, 4, 5, 6, 8), True: (4, 8, 12, 16, 24, 32, 48)}  # tried, for few boxes and many
MANY = 250  # boxes: from here on the smallest text is taken at once


def block_diagram(
    model_or_graph: nn.Module | Graph,
    *inputs: Any,
    depth: int = 1,
    fold: bool = True,
    open: Iterable[str] = (),
    merge: bool = True,
    direction: Direction = "auto",
    dark: bool = False,
) -> Drawing:
    """Block diagram of a network, given as a `Graph` or as a module with its inputs (see `trace`).

    `depth`, `fold`, `open` and `merge` say how much is shown, see `fold.fold`. The flow runs "down" or to the
    "right", and is wrapped into columns or rows; "auto" takes what leaves the text largest on a slide of 1280 x 720 px,
    where it has at least 9 px as long as a slide can hold the whole. Keys of the drawing are the blocks': module names.
    A network whose forward pass fails is drawn up to the step that failed, with the shapes that met there and the error
    in a sentence; the modules that hold this step are open. Raises what `trace_until_error` and `fold` raise,
    `ValueError` for another direction.

    >>> from torch import nn
    >>> network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10))
    >>> drawing = block_diagram(network, (1, 3, 8, 8))
    >>> drawing.title
    'Sequential: 3.11 k parameters, 10.7 k multiply-adds'
    >>> drawing.keys
    ('input:input', '0', '3', 'output:output')
    """
    graph = as_graph(model_or_graph, inputs, partly=True)
    check_choice("direction", direction, ("auto", "down", "right"))
    return draw_folded(folded_of(graph, depth, fold, open, merge), direction, dark)


def folded_of(graph: Graph, depth: int, folds: bool, open: Iterable[str], merge: bool) -> Folded:
    """`fold.fold`, with the way to a failing step open; another name because `fold` is an argument here."""
    names = (open,) if isinstance(open, str) else tuple(open)
    return fold(graph, depth, folds, (*names, *graph.failing_path), merge)


def draw_folded(folded: Folded, direction: Direction = "auto", dark: bool = False) -> Drawing:
    """The drawing of a folded graph, in the style and the number of columns in which it reads best."""
    style, texts, placed = best_layout(folded, direction)
    title = heading(folded.graph)
    shapes: list[Shape] = [Label(MARGIN, MARGIN + 9, title, 15, "start", bold=True)]
    shapes += _shapes(folded, placed, style, texts)
    width = max(placed.width + 2 * MARGIN, text_width(title, 15, True) + 2 * MARGIN)
    height = placed.height + HEADER + 2 * MARGIN
    if folded.graph.failure is not None:
        width = max(width, NOTE)
        sentences = (folded.graph.failure.sentence, *folded.graph.notes)
        note = [line for sentence in sentences for line in wrapped(sentence, width - 4 * MARGIN, 13)]
        shapes += _note(note, height, width)
        height = shapes[-1].bounds[3] + 1.5 * MARGIN
    # a small drawing is read as it is, and in a narrow one the buttons would cover the title
    zoom = max(width, 1.5 * height) > LARGE and width > text_width(title, 15, True) + BUTTONS
    return Drawing(round(width, 1), round(height, 1), tuple(shapes), title, describe(folded), dark, zoom)


def _note(lines: list[str], top: float, width: float) -> list[Shape]:
    """Sentences below a drawing, in a box as wide as the drawing."""
    leading = 13 * LEADING
    box = Box(MARGIN, top, width - 2 * MARGIN, len(lines) * leading + MARGIN, 6, role="failed")
    middles = (top + MARGIN / 2 + (k + 0.5) * leading for k in range(len(lines)))
    return [box, *(Label(2 * MARGIN, y, line, 13, "start") for y, line in zip(middles, lines, strict=True))]


def heading(graph: Graph) -> str:
    """The network's name and what it costs, in one line; of a pass that failed, where it stops."""
    if graph.failure is not None:
        return f"{graph.title} stops at {graph.failure.place}"
    adds = f", {short_number(graph.multiply_adds)} multiply-adds" if graph.multiply_adds else ""
    return f"{graph.title}: {short_number(graph.parameters)} parameters{adds}"


def best_layout(folded: Folded, direction: Direction = "auto") -> tuple[Style, dict[str, BoxText], Placed]:
    """The style, box texts and layout with the largest text at slide size."""
    leaves = list(folded.leaves())
    many = len(leaves) > MANY or len(folded.links) > 2 * MANY
    turns = {"auto": (False,) if many else (False, True), "down": (False,), "right": (True,)}[direction]
    best: tuple[float, Style, dict[str, BoxText], Placed] | None = None
    for style in STYLES[-1:] if many else STYLES:
        texts = {block.key: box_text(block, style, folded.graph) for block in leaves}
        sizes = {key: text.room for key, text in texts.items()}
        titles = {block.key: text_width(frame_title(block), style.detail, True) for _, block in folded.walk()}
        for horizontal in turns:
            longest = math.inf
            for tallest in (500.0,) if many else (1e9, 900.0, 600.0, 420.0):
                if longest <= tallest:
                    continue  # no frame is so long: it would be the same again
                tries = layouts(folded, sizes, titles, horizontal, COLUMNS[many], tallest, style.room)
                longest = next(iter(tries.values())).longest_frame
                for columns, placed in tries.items():
                    wraps = columns * (0.005 if many else 0.15)
                    score = _text_on_slide(placed, style) - wraps - (0.05 if horizontal else 0)
                    if best is None or score > best[0] + 1e-9:
                        best = (score, style, texts, placed)
        if best is not None and best[0] >= SMALLEST_TEXT + 0.5:
            break
    if best is None:
        raise ValueError(complaint("graph", "a network with at least one block", "none"))
    return best[1:]


def _text_on_slide(placed: Placed, style: Style) -> float:
    """The smallest text in px if the drawing is shrunk to a slide."""
    width, height = placed.width + 2 * MARGIN, placed.height + HEADER + 2 * MARGIN
    return style.small * min(SLIDE[0] / width, SLIDE[1] / height, 1.0)


def _shapes(folded: Folded, placed: Placed, style: Style, texts: dict[str, BoxText]) -> list[Shape]:
    dx, dy = MARGIN, MARGIN + HEADER
    blocks = {block.key: block for _, block in folded.walk()}
    shapes: list[Shape] = []
    for _, block in folded.walk():
        if block.key in placed.frames:
            shapes += _frame(block, placed.frames[block.key], dx, dy, style, placed.horizontal)
    lines = sorted(placed.routes, key=lambda route: route.skip)
    for route in lines:
        points = tuple((x + dx, y + dy) for x, y in route.points)
        role = "skip" if route.skip else "arrow"
        shapes.append(Line(points, arrow=route.arrow, radius=6, role=role, stroke_width=1.6))
    for key, (x, y, width, height) in placed.boxes.items():
        text = texts[key]
        size = (width - 2 * text.side, height - text.below)
        shapes += _box(blocks[key], text, x + dx + text.side, y + dy, *size, style)
    return shapes


def _frame(block: Block, rect: Rect, dx: float, dy: float, style: Style, horizontal: bool) -> list[Shape]:
    x, y, width, height = rect[0] + dx, rect[1] + dy, rect[2], rect[3]
    words, size = frame_title(block), style.detail
    look: dict[str, Any] = {"bold": True, "role": "muted", "key": block.key}
    title = Label(x + 15, y + height / 2, shortened(words, height - 8, size, True), size, turned=True, **look)
    if horizontal:
        title = Label(x + width / 2, y + 15, shortened(words, width - 8, size, True), size, **look)
    frame = Box(x, y, width, height, 10, role="frame", key=block.key, dashed=block.kind == "repeat")
    return [frame, title]


def _box(
    block: Block, text: BoxText, x: float, y: float, width: float, height: float, style: Style
) -> list[Shape]:
    shapes: list[Shape] = []
    radius = height / 2 if block.role in ("merge", "input", "output") else 6
    paint: dict[str, Any] = {"role": block.role, "key": block.key}
    for card in (2, 1) if block.count > 1 else ():
        shapes.append(Box(x + CARD * card, y + CARD * card, width, height, radius, **paint))
    if block.recurrent or (block.same_weights and block.count > 1):
        shapes.append(_loop(block.key, x + width, y + height / 2, height))
    shapes.append(Box(x, y, width, height, radius, **paint))
    top = y + (height - sum(line.size * LEADING for line in text.lines)) / 2
    for line in text.lines:
        middle = (x + width / 2, top + line.size * LEADING / 2)
        shapes.append(Label(*middle, line.text, line.size, bold=line.bold, role=line.role, key=block.key))
        top += line.size * LEADING
    if text.badge:
        place = (x + width + 2 * CARD + 6, y + height / 2)
        shapes.append(Label(*place, text.badge, style.title, "start", True, key=block.key))
    return shapes


def _loop(key: str, right: float, middle: float, height: float) -> Curve:
    """The arrow from the right side of a box back to it: a step that is fed its own result."""
    out = right + 26
    points = (
        (right, middle + height * 0.22),
        (out, middle + height * 0.5),
        (out, middle - height * 0.5),
        (right + 1, middle - height * 0.22),
    )
    return Curve(points, arrow=True, role="loop", key=key, stroke_width=1.8)
