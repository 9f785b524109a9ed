"""A drawing: plain pieces with a title and words, written as SVG; PNG and PDF are made from the same pieces."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lecturelib.checks import UnknownName, check_number, complaint, described
from lecturelib.drawing.shapes import (
    LINES,
    SMALLEST_TEXT,
    Bitmap,
    Bounds,
    Box,
    Circle,
    Curve,
    Label,
    Line,
    Point,
    Polygon,
    Shape,
    arrow_head,
    colors,
    rounded,
    to_head,
)
from lecturelib.show.picture import Picture
from lecturelib.show.png import encode_png
from lecturelib.show.text_metrics import escaped, prepared_text, shortened, text_width

__all__ = [
    "SMALLEST_TEXT", "Bitmap", "Bounds", "Box", "Circle", "Curve", "Drawing", "Label", "Line", "Point", "Polygon",
    "Shape", "arrow_head", "colors", "shortened", "text_width",
]  # fmt: skip

FONTS = "'DejaVu Sans', Verdana, 'Segoe UI', Arial, sans-serif"


@dataclass(frozen=True, eq=False)
class Drawing:
    """A picture made of plain pieces: `width` x `height` px, drawn in the order of `shapes`.

    `title` is a few words, `alt` the alternative text: what the drawing shows. `dark` is the theme used where none is
    asked for. Keys of pieces name what belongs together. `zoom`: the page lets it be enlarged and moved. Raises
    `ValueError` where a size is not above 0 or a text is empty, `TypeError` for something that is no piece.

    >>> from lecturelib.drawing import Box, Label
    >>> shapes = [Box(10, 10, 80, 30, role="conv", key="conv1"), Label(50, 25, "conv1", key="conv1")]
    >>> drawing = Drawing(100, 50, shapes, "One layer", "A box that says conv1.")
    >>> drawing.region("conv1"), drawing.at(20, 20)
    ((10, 10, 90, 40), 'conv1')
    """

    width: float
    height: float
    shapes: tuple[Shape, ...]
    title: str
    alt: str
    dark: bool = False
    zoom: bool = False

    def __post_init__(self):
        object.__setattr__(self, "shapes", tuple(self.shapes))
        for name in ("width", "height"):
            check_number(name, getattr(self, name), above=0)
        for name in ("title", "alt"):
            text = getattr(self, name)
            if not isinstance(text, str):
                raise TypeError(complaint(name, "a text that says what the drawing shows", described(text)))
            if not text.strip():
                raise ValueError(complaint(name, "a text that says what the drawing shows", repr(text)))
            object.__setattr__(self, name, prepared_text(text))
        strange = next((shape for shape in self.shapes if not isinstance(shape, Shape)), None)
        if strange is not None:
            raise TypeError(complaint("shapes", "pieces such as Box, Line and Label", described(strange)))

    def __repr__(self) -> str:
        return f"<Drawing {self.title!r}, {round(self.width)} x {round(self.height)} px>"

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of its pieces, in the order of drawing, each once."""
        return tuple(dict.fromkeys(shape.key for shape in self.shapes if shape.key is not None))

    def region(self, key: str) -> Bounds:
        """(left, top, right, bottom) in px of the areas (else the lines and labels) with a key."""
        own = [shape for shape in self.shapes if shape.key == key]
        if not own:
            raise UnknownName(complaint("key", "the key of a piece of this drawing", repr(key)))
        areas = [shape for shape in own if not isinstance(shape, (*LINES, Label))] or own
        bounds = [shape.bounds for shape in areas]
        left, top, right, bottom = zip(*bounds, strict=True)
        return min(left), min(top), max(right), max(bottom)

    def at(self, x: float, y: float) -> str | None:
        """The key of the topmost area that holds a point, or None."""
        for shape in reversed(self.shapes):
            if shape.key is None or isinstance(shape, (*LINES, Label)):
                continue
            left, top, right, bottom = shape.bounds
            if left <= x <= right and top <= y <= bottom:
                return shape.key
        return None

    def svg(self, dark: bool | None = None) -> str:
        """The drawing as one SVG element: role="img", with title and description, no font and no link from outside."""
        dark = self.dark if dark is None else dark
        width, height = _n(self.width), _n(self.height)
        background = Box(0, 0, self.width, self.height, 0, role="background")
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" aria-label="{escaped(self.alt)}" font-family="{FONTS}">',
            f"<title>{escaped(self.title)}</title>",
            f"<desc>{escaped(self.alt)}</desc>",
        ]
        lines += [_element(shape, dark) for shape in (background, *self.shapes)]
        return "\n".join([*lines, "</svg>"])

    def share(self, box: Bounds) -> Bounds:
        """A box in px in fractions of the whole, cut at its edges."""
        left, top, right, bottom = box
        x, y = (min(1.0, max(0.0, left / self.width)), min(1.0, max(0.0, top / self.height)))
        return x, y, min(1.0, max(0.0, right / self.width)), min(1.0, max(0.0, bottom / self.height))

    def picture(self, caption: str = "", width: int | None = None, dark: bool | None = None) -> Picture:
        """The drawing for `show(...)`, as SVG with its words."""
        return Picture(self.svg(dark), self.alt, caption, width, self.panels(), zoom=self.zoom)

    def panels(self) -> tuple[tuple[float, float, float, float], ...]:
        """Of each key in `keys`, its region in fractions of the whole."""
        w, h = self.width, self.height
        regions = (self.region(key) for key in self.keys)
        return tuple((left / w, top / h, right / w, bottom / h) for left, top, right, bottom in regions)

    def pixels(self, scale: float = 2, dark: bool | None = None) -> np.ndarray:
        """The drawing as (H, W, 3) uint8 pixels, `scale` of them for each px."""
        from lecturelib.drawing.matplotlib_backend import pixels

        return pixels(self.shapes, (self.width, self.height), scale, self.dark if dark is None else dark)

    def save(self, path: str | Path, dark: bool | None = None, scale: float = 2) -> Path:
        """Writes .svg, .pdf (lines stay lines) or .png (`scale` pixels per px); returns the path."""
        path, dark = Path(path), self.dark if dark is None else dark
        ending = path.suffix.lower()
        if not path.parent.is_dir():
            raise ValueError(complaint("path", "a folder that exists", str(path.parent), "make it first"))
        if ending == ".svg":
            path.write_text(self.svg(dark) + "\n", encoding="utf-8")
        elif ending == ".png":
            path.write_bytes(encode_png(self.pixels(scale, dark), description=self.alt))
        elif ending == ".pdf":
            from lecturelib.drawing.matplotlib_backend import write_pdf

            write_pdf(self.shapes, (self.width, self.height), path, dark, self.title, self.alt)
        else:
            raise ValueError(complaint("path", "a name that ends in .svg, .png or .pdf", repr(path.name)))
        return path

    def _repr_html_(self) -> str:
        return self.picture().html()


def _n(number: float) -> str:
    """A number as SVG likes it: two decimals at most, no zeros behind."""
    return f"{number:.2f}".rstrip("0").rstrip(".") if number % 1 else str(int(number))


def _points(points: Iterable[Point]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _paint(shape: Shape, dark: bool) -> str:
    fill, stroke = colors(shape, dark)
    words = f' fill="{fill}"'
    if stroke != "none" and shape.stroke_width > 0:
        words += f' stroke="{stroke}" stroke-width="{_n(shape.stroke_width)}"'
        if shape.dashed:
            # dashes grow with the line, or a wide one would look solid
            dash, gap = (max(least, times * shape.stroke_width) for least, times in ((5, 2.2), (4, 1.4)))
            words += f' stroke-dasharray="{_n(dash)} {_n(gap)}"'
    if shape.opacity != 1:
        words += f' opacity="{_n(shape.opacity)}"'
    return words + (f' data-key="{escaped(shape.key)}"' if shape.key is not None else "")


def _element(shape: Shape, dark: bool) -> str:
    paint = _paint(shape, dark)
    if isinstance(shape, Box):
        place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}"'
        return f'<rect {place} rx="{_n(shape.radius)}"{paint}/>'
    if isinstance(shape, Circle):
        return f'<circle cx="{_n(shape.x)}" cy="{_n(shape.y)}" r="{_n(shape.radius)}"{paint}/>'
    if isinstance(shape, Polygon):
        return f'<polygon points="{_points(shape.points)}"{paint}/>'
    if isinstance(shape, Label):
        return _text(shape, paint)
    if isinstance(shape, Bitmap):
        return _image(shape)
    if not isinstance(shape, (Line, Curve)):
        raise TypeError(complaint("shapes", "shapes of lecturelib.drawing", described(shape)))
    cap = "butt" if shape.dashed else "round"  # round ends would fill the gaps
    path = f'<path d="{path_data(shape)}"{paint} stroke-linecap="{cap}" stroke-linejoin="round"/>'
    if shape.arrow:
        stroke = colors(shape, dark)[1]
        faint = f' opacity="{_n(shape.opacity)}"' if shape.opacity != 1 else ""
        path += f'<polygon points="{_points(arrow_head(shape.points))}" fill="{stroke}"{faint}/>'
    return path


def path_data(shape: Line | Curve) -> str:
    """The `d` of a path; an arrow's line ends inside its head."""
    start, *rest = to_head(shape)
    words = [f"M{_n(start[0])} {_n(start[1])}"]
    if isinstance(shape, Curve):
        for k in range(0, len(rest), 3):
            words.append("C" + " ".join(f"{_n(x)} {_n(y)}" for x, y in rest[k : k + 3]))
        return "".join(words)
    for command, points in rounded((start, *rest), shape.radius):
        words.append(command + " ".join(f"{_n(x)} {_n(y)}" for x, y in points))
    return "".join(words)


def _text(label: Label, paint: str) -> str:
    return "".join(_text_line(line, paint) for line in label.lines)


def _text_line(label: Label, paint: str) -> str:
    bold = ' font-weight="bold"' if label.bold else ""
    turn = f' transform="rotate(-90 {_n(label.x)} {_n(label.y)})"' if label.turned else ""
    anchor = f' text-anchor="{label.anchor}"' if label.anchor != "start" else ""
    squeeze = (
        f' textLength="{_n(label.width)}" lengthAdjust="spacingAndGlyphs"' if len(label.text) > 1 else ""
    )
    place = f'x="{_n(label.x)}" y="{_n(label.y + 0.36 * label.size)}" font-size="{_n(label.size)}"'
    return f"<text {place}{anchor}{bold}{turn}{squeeze}{paint}>{escaped(label.text)}</text>"


def _image(bitmap: Bitmap) -> str:
    data = base64.b64encode(encode_png(np.ascontiguousarray(bitmap.pixels))).decode()
    place = f'x="{_n(bitmap.x)}" y="{_n(bitmap.y)}" width="{_n(bitmap.width)}" height="{_n(bitmap.height)}"'
    style = ' style="image-rendering:pixelated"' if bitmap.hard else ""
    faint = f' opacity="{_n(bitmap.opacity)}"' if bitmap.opacity != 1 else ""
    key = f' data-key="{escaped(bitmap.key)}"' if bitmap.key is not None else ""
    return (
        f'<image {place} preserveAspectRatio="none" href="data:image/png;base64,{data}"{style}{faint}{key}/>'
    )
