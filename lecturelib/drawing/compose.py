"""Drawings in rows and columns, and pieces moved and scaled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lecturelib.checks import complaint, described
from lecturelib.drawing.drawing import Drawing
from lecturelib.drawing.shapes import Bitmap, Box, Circle, Curve, Label, Line, Polygon, Shape

TITLE = 17  # px


def moved(shape: Shape, dx: float = 0, dy: float = 0, scale: float = 1) -> Shape:
    """The same piece, scaled around the origin and then moved by (dx, dy) px; texts scale with it.

    >>> from lecturelib.drawing import Box, moved
    >>> moved(Box(1, 2, 3, 4), dx=10, scale=2).bounds
    (12, 4, 18, 12)
    """
    if isinstance(shape, (Box, Bitmap)):
        x, y = shape.x * scale + dx, shape.y * scale + dy
        return replace(shape, x=x, y=y, width=shape.width * scale, height=shape.height * scale)
    if isinstance(shape, Circle):
        return replace(shape, x=shape.x * scale + dx, y=shape.y * scale + dy, radius=shape.radius * scale)
    if isinstance(shape, Label):
        return replace(shape, x=shape.x * scale + dx, y=shape.y * scale + dy, size=shape.size * scale)
    if not isinstance(shape, (Line, Curve, Polygon)):
        raise TypeError(complaint("shape", "a shape of lecturelib.drawing", described(shape)))
    return replace(shape, points=tuple((x * scale + dx, y * scale + dy) for x, y in shape.points))


def row(
    drawings: Sequence[Drawing],
    titles: Sequence[str] = (),
    gap: float = 40,
    title: str = "",
    alt: str = "",
) -> Drawing:
    """Drawings in one, from left to right, each with its title above it; `gap` px between them.

    Keys stay as they are. Without `title` and `alt`, those of all drawings are joined. Raises `ValueError` for no
    drawing or another number of titles.

    >>> one = Drawing(100, 50, (), "one", "Nothing.")
    >>> both = row([one, one], ["left", "right"], gap=30)
    >>> both.width, both.alt
    (230.0, 'left: Nothing. right: Nothing.')
    """
    return _composed(drawings, titles, gap, title, alt, below=False)


def column(
    drawings: Sequence[Drawing],
    titles: Sequence[str] = (),
    gap: float = 40,
    title: str = "",
    alt: str = "",
) -> Drawing:
    """Drawings in one, from top to bottom, centered, each with its title above it; otherwise as `row`.

    >>> one = Drawing(100, 50, (), "one", "Nothing.")
    >>> column([one, one], gap=10).height
    110.0
    """
    return _composed(drawings, titles, gap, title, alt, below=True)


def _composed(
    drawings: Sequence[Drawing], titles: Sequence[str], gap: float, title: str, alt: str, below: bool
) -> Drawing:
    if not drawings:
        raise ValueError(complaint("drawings", "at least one", "none"))
    if titles and len(titles) != len(drawings):
        raise ValueError(complaint("titles", f"{len(drawings)}, one for each drawing", len(titles)))
    labels = [Label(0, 0, titles[k], TITLE, bold=True) if titles else None for k in range(len(drawings))]
    tallest = max((label.bounds[3] - label.bounds[1] for label in labels if label), default=0.0)
    band = tallest + 10.6 if titles else 0
    widths = [
        max(drawing.width, label.width + 8 if label else 0)
        for drawing, label in zip(drawings, labels, strict=True)
    ]
    heights = [drawing.height + band for drawing in drawings]
    shapes: list[Shape] = []
    at = 0.0
    for drawing, label, width, height in zip(drawings, labels, widths, heights, strict=True):
        left, top = ((max(widths) - width) / 2, at) if below else (at, 0.0)
        if label:
            shapes.append(moved(label, left + width / 2, top + tallest / 2 + 2.5))
        shapes += [moved(shape, left + (width - drawing.width) / 2, top + band) for shape in drawing.shapes]
        at += (height if below else width) + gap
    size = (max(widths), at - gap) if below else (at - gap, max(heights))
    words = [one.alt for one in drawings]
    if titles:
        words = [f"{name}: {one.alt}" for name, one in zip(titles, drawings, strict=True)]
    title = title or ", ".join(one.title for one in drawings)
    zoom = any(one.zoom for one in drawings)
    return Drawing(*size, tuple(shapes), title, alt or " ".join(words), zoom=zoom)
