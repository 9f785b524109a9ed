"""The plain pieces that a drawing is made of, the colors of each role, and the geometry that all backends share.

All lengths are CSS pixels, x to the right and y down.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from lecturelib.show.text_metrics import LEADING, text_lines, text_width

Point = tuple[float, float]
Bounds = tuple[float, float, float, float]  # left, top, right, bottom
SMALLEST_TEXT = 9  # px: below this nobody reads a projector


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What all pieces share. `role` picks the colors of the theme; `fill` and `stroke` ("#rrggbb", "none") go first.

    `key` says which node a piece belongs to: several pieces with one key are one thing to a hit test.

    >>> from lecturelib.drawing import Circle, Shape
    >>> node = Circle(10, 10, radius=4, role="conv", key="conv1")
    >>> isinstance(node, Shape), node.key
    (True, 'conv1')
    """

    role: str = "other"
    key: str | None = None
    fill: str | None = None
    stroke: str | None = None
    stroke_width: float = 1.4
    dashed: bool = False
    opacity: float = 1.0

    @property
    def bounds(self) -> Bounds:
        """(left, top, right, bottom) without the thickness of the line."""
        points = self.outline()
        xs, ys = [x for x, _ in points], [y for _, y in points]
        return (min(xs), min(ys), max(xs), max(ys))

    def outline(self) -> tuple[Point, ...]:
        """Points whose hull holds the piece."""
        raise NotImplementedError


@dataclass(frozen=True)
class Box(Shape):
    """A rectangle with rounded corners; (x, y) is its left upper corner.

    >>> from lecturelib.drawing import Box
    >>> Box(10, 20, 30, 40).bounds
    (10, 20, 40, 60)
    """

    x: float
    y: float
    width: float
    height: float
    radius: float = 6

    def outline(self) -> tuple[Point, ...]:
        return ((self.x, self.y), (self.x + self.width, self.y + self.height))


@dataclass(frozen=True)
class Line(Shape):
    """A line through two or more points, with rounded corners and a head at its end if asked for.

    >>> from lecturelib.drawing import Line
    >>> Line(((0, 0), (10, 5)), arrow=True).bounds
    (0, 0, 10, 5)
    """

    points: tuple[Point, ...]
    arrow: bool = False
    radius: float = 0

    def outline(self) -> tuple[Point, ...]:
        return self.points


@dataclass(frozen=True)
class Curve(Shape):
    """Cubic Bezier pieces: a start, then two handles and an end for each piece (1 + 3 n points).

    >>> from lecturelib.drawing import Curve
    >>> Curve(((0, 0), (0, 5), (10, 5), (10, 10))).bounds
    (0, 0, 10, 10)
    """

    points: tuple[Point, ...]
    arrow: bool = False

    def outline(self) -> tuple[Point, ...]:
        return self.points


@dataclass(frozen=True)
class Polygon(Shape):
    """A closed area with straight edges.

    >>> from lecturelib.drawing import Polygon
    >>> Polygon(((0, 0), (10, 0), (5, 8))).bounds
    (0, 0, 10, 8)
    """

    points: tuple[Point, ...]

    def outline(self) -> tuple[Point, ...]:
        return self.points


@dataclass(frozen=True)
class Circle(Shape):
    """A disc around (x, y).

    >>> from lecturelib.drawing import Circle
    >>> Circle(10, 10, radius=4).bounds
    (6, 6, 14, 14)
    """

    x: float
    y: float
    radius: float

    def outline(self) -> tuple[Point, ...]:
        return (
            (self.x - self.radius, self.y - self.radius),
            (self.x + self.radius, self.y + self.radius),
        )


@dataclass(frozen=True)
class Label(Shape):
    """A text; y is the middle of its line (of its lines, where it has several), `anchor` says what x is.

    `anchor` is "start", "middle" or "end". `turned` turns it by 90 degrees around (x, y), to be read from below.

    >>> from lecturelib.drawing import Label
    >>> label = Label(5, 0, "conv1", anchor="start")
    >>> label.bounds[0], label.width > 20
    (5.0, True)
    """

    x: float
    y: float
    text: str
    size: float = 13
    anchor: str = "middle"
    bold: bool = False
    turned: bool = False
    role: str = field(default="text", kw_only=True)

    @property
    def width(self) -> float:
        """How long the text is, in px."""
        return text_width(self.text, self.size, self.bold)

    @property
    def lines(self) -> tuple[Label, ...]:
        """The label line by line, each with a text that every backend can draw."""
        texts = text_lines(self.text)
        if len(texts) == 1:
            return (self if texts[0] == self.text else replace(self, text=texts[0]),)
        step = LEADING * self.size
        shifts = [(k - (len(texts) - 1) / 2) * step for k in range(len(texts))]
        if self.turned:
            return tuple(
                replace(self, text=text, x=self.x + dx) for text, dx in zip(texts, shifts, strict=True)
            )
        return tuple(replace(self, text=text, y=self.y + dy) for text, dy in zip(texts, shifts, strict=True))

    def outline(self) -> tuple[Point, ...]:
        left = -self.width * {"start": 0, "middle": 0.5, "end": 1}[self.anchor]
        right = left + self.width
        half = self.size * (0.6 + (len(text_lines(self.text)) - 1) * LEADING / 2)
        if self.turned:
            return ((self.x - half, self.y - right), (self.x + half, self.y - left))
        return ((self.x + left, self.y - half), (self.x + right, self.y + half))


@dataclass(frozen=True)
class Bitmap(Shape):
    """A picture inside a drawing: pixels (H, W, 3) uint8 stretched over a rectangle, with hard edges if asked for.

    >>> import numpy as np
    >>> from lecturelib.drawing import Bitmap
    >>> Bitmap(0, 0, 20, 10, np.zeros((1, 2, 3), np.uint8)).bounds
    (0, 0, 20, 10)
    """

    x: float
    y: float
    width: float
    height: float
    pixels: np.ndarray
    hard: bool = False

    def outline(self) -> tuple[Point, ...]:
        return ((self.x, self.y), (self.x + self.width, self.y + self.height))


# role -> (fill, stroke); a label takes the fill. Kinds differ in lightness too, and each says in words what it is.
LIGHT = {
    "background": ("#ffffff", "none"),
    "text": ("#1a1a1a", "none"),
    "muted": ("#595959", "none"),
    "conv": ("#d6e8f5", "#0072B2"),
    "linear": ("#fbe3d2", "#B84E00"),
    "pool": ("#d5efe6", "#007A59"),
    "norm": ("#f1f1f1", "#6b6b6b"),
    "activation": ("#fdf3cf", "#8A6D00"),
    "merge": ("#ffffff", "#1a1a1a"),
    "recurrent": ("#f6e1ee", "#A8447B"),
    "attention": ("#e6dff2", "#5B3A8C"),
    "embedding": ("#fdebc8", "#9A6700"),
    "shape": ("#f7f7f7", "#767676"),
    "input": ("#ffffff", "#1a1a1a"),
    "output": ("#ffffff", "#1a1a1a"),
    "other": ("#f1f1f1", "#595959"),
    "module": ("#e4f2fb", "#2F6F9F"),
    "frame": ("#fafafa", "#8c8c8c"),
    "arrow": ("#3a3a3a", "#3a3a3a"),
    "skip": ("#B84E00", "#B84E00"),
    "loop": ("#A8447B", "#A8447B"),
    "grid": ("none", "#c8c8c8"),
    "highlight": ("#ffd54a", "#8A4B00"),
    "failed": ("#fde4e4", "#B3261E"),
    "positive": ("#CD6614", "#CD6614"),
    "negative": ("#3171B2", "#3171B2"),
}
DARK = {
    "background": ("#15181c", "none"),
    "text": ("#f2f2f2", "none"),
    "muted": ("#b4b8bd", "none"),
    "conv": ("#123a54", "#6CC1F2"),
    "linear": ("#4c2710", "#F59A5B"),
    "pool": ("#0d4234", "#4FD3A8"),
    "norm": ("#2a2e33", "#a9adb2"),
    "activation": ("#443808", "#E8C547"),
    "merge": ("#15181c", "#f2f2f2"),
    "recurrent": ("#4a1f38", "#EE9CC8"),
    "attention": ("#352350", "#BFA3EC"),
    "embedding": ("#4a3408", "#F0B95A"),
    "shape": ("#22262b", "#9a9ea4"),
    "input": ("#15181c", "#f2f2f2"),
    "output": ("#15181c", "#f2f2f2"),
    "other": ("#2a2e33", "#b4b8bd"),
    "module": ("#16344a", "#7FBCE6"),
    "frame": ("#1c2025", "#83888e"),
    "arrow": ("#d0d3d6", "#d0d3d6"),
    "skip": ("#F59A5B", "#F59A5B"),
    "loop": ("#EE9CC8", "#EE9CC8"),
    "grid": ("none", "#4a4f55"),
    "highlight": ("#6b4c00", "#FFD54A"),
    "failed": ("#4a1512", "#FF9A90"),
    "positive": ("#F2A65A", "#F2A65A"),
    "negative": ("#6CAEE8", "#6CAEE8"),
}
LINES = (Line, Curve)


def colors(shape: Shape, dark: bool = False) -> tuple[str, str]:
    """The (fill, stroke) of a piece in the light or the dark theme; a line has no fill, a text no stroke."""
    theme = DARK if dark else LIGHT
    fill, stroke = theme.get(shape.role, theme["other"])
    fill, stroke = shape.fill or fill, shape.stroke or stroke
    if isinstance(shape, LINES):
        return "none", stroke
    return (fill, "none") if isinstance(shape, Label) else (fill, stroke)


def arrow_head(points: tuple[Point, ...], size: float = 9) -> tuple[Point, Point, Point]:
    """The three corners of a head whose tip is the last point."""
    (x0, y0), (x1, y1) = points[-2], points[-1]
    length = float(np.hypot(x1 - x0, y1 - y0)) or 1.0
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    bx, by = x1 - dx * size, y1 - dy * size
    half = size * 0.42
    return ((x1, y1), (bx - dy * half, by + dx * half), (bx + dy * half, by - dx * half))


def to_head(shape: Line | Curve) -> tuple[Point, ...]:
    """The points of a line; that of an arrow ends inside its head."""
    if not shape.arrow:
        return shape.points
    _, left, right = arrow_head(shape.points)
    return (*shape.points[:-1], ((left[0] + right[0]) / 2, (left[1] + right[1]) / 2))


def rounded(points: tuple[Point, ...], radius: float) -> list[tuple[str, tuple[Point, ...]]]:
    """The commands L and Q of a line whose corners are rounded by a radius, as far as its pieces are long enough.

    >>> rounded(((0, 0), (10, 0), (10, 10)), 2)
    [('L', ((8.0, 0.0),)), ('Q', ((10, 0), (10.0, 2.0))), ('L', ((10, 10),))]
    """
    commands: list[tuple[str, tuple[Point, ...]]] = []
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        near = [_towards(corner, end, radius) for end in (before, after)]
        commands += [("L", (near[0],)), ("Q", (corner, near[1]))] if radius else [("L", (corner,))]
    return [*commands, ("L", (points[-1],))]


def _towards(start: Point, end: Point, distance: float) -> Point:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = (dx * dx + dy * dy) ** 0.5
    part = min(distance / length, 0.5) if length else 0
    return (start[0] + dx * part, start[1] + dy * part)
