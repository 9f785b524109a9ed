"""Drawings put next to each other, and pieces moved and scaled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lecturelib.drawing.drawing import Bitmap, Box, Circle, Drawing, Label, Shape, text_width

TITLE = 17  # px


def moved(shape: Shape, dx: float = 0, dy: float = 0, scale: float = 1) -> Shape:
    """The same piece, scaled around the origin and then moved by (dx, dy) px; texts scale with it."""
    if isinstance(shape, (Box, Bitmap)):
        size = {"width": shape.width * scale, "height": shape.height * scale}
        return replace(shape, x=shape.x * scale + dx, y=shape.y * scale + dy, **size)
    if isinstance(shape, Circle):
        place = {"x": shape.x * scale + dx, "y": shape.y * scale + dy}
        return replace(shape, **place, radius=shape.radius * scale)
    if isinstance(shape, Label):
        return replace(shape, x=shape.x * scale + dx, y=shape.y * scale + dy, size=shape.size * scale)
    return replace(shape, points=tuple((x * scale + dx, y * scale + dy) for x, y in shape.points))


def beside(
    drawings: Sequence[Drawing],
    titles: Sequence[str] = (),
    gap: float = 40,
    title: str = "",
    alt: str = "",
    below: bool = False,
) -> Drawing:
    """Drawings in one, from left to right (or one below the other), each with its title above it.

    Keys stay as they are. `alt`: the words of all, one after the other, if not given. Raises ValueError for no
    drawing or another number of titles.
    """
    if not drawings or (titles and len(titles) != len(drawings)):
        raise ValueError(
            f"beside: {len(drawings)} drawings and {len(titles)} titles; one title for each is needed"
        )
    band = TITLE + 14 if titles else 0
    widths = [
        max(drawing.width, text_width(titles[k], TITLE, True) + 8 if titles else 0)
        for k, drawing in enumerate(drawings)
    ]
    heights = [drawing.height + band for drawing in drawings]
    shapes: list[Shape] = []
    at = 0.0
    for k, drawing in enumerate(drawings):
        left = (max(widths) - widths[k]) / 2 if below else at
        top = at if below else 0
        if titles:
            shapes.append(Label(left + widths[k] / 2, top + TITLE * 0.75, titles[k], TITLE, bold=True))
        dx = left + (widths[k] - drawing.width) / 2
        shapes += [moved(shape, dx, top + band) for shape in drawing.shapes]
        at += (heights[k] if below else widths[k]) + gap
    size = (max(widths), at - gap) if below else (at - gap, max(heights))
    words = [f"{titles[k]}: {d.alt}" if titles else d.alt for k, d in enumerate(drawings)]
    return Drawing(
        *size, tuple(shapes), title or ", ".join(d.title for d in drawings), alt or " ".join(words)
    )
