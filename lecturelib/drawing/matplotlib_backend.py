"""The pieces of a drawing by matplotlib: pixels, and a PDF in which lines stay lines and text stays text."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from lecturelib.checks import complaint, described
from lecturelib.drawing.shapes import (
    Bitmap,
    Box,
    Circle,
    Curve,
    Label,
    Line,
    Polygon,
    Shape,
    arrow_head,
    colors,
    rounded,
    to_head,
)
from lecturelib.show.text_metrics import font_file

Size = tuple[float, float]  # width, height in px


def figure(shapes: Sequence[Shape], size: Size, dark: bool):
    """A matplotlib figure of 100 px to the inch whose only axes are the drawing's px, y down."""
    from matplotlib.figure import Figure

    width, height = size
    made = Figure(figsize=(width / 100, height / 100), dpi=100)
    axes = made.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.axis("off")
    background, _ = colors(Box(0, 0, 1, 1, role="background"), dark)
    made.set_facecolor(background)
    for order, shape in enumerate(shapes):
        _add(axes, shape, dark, order + 1)
    return made


@contextmanager
def _missing_glyphs_as_boxes() -> Iterator[None]:
    """A character that DejaVu Sans lacks is drawn as an empty box, without a warning for each."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def pixels(shapes: Sequence[Shape], size: Size, scale: float, dark: bool) -> np.ndarray:
    """(H, W, 3) uint8 pixels of a drawing, `scale` of them for each px."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    made = figure(shapes, size, dark)
    made.set_dpi(100 * scale)
    canvas = FigureCanvasAgg(made)
    with _missing_glyphs_as_boxes():
        canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[:, :, :3])


def write_pdf(shapes: Sequence[Shape], size: Size, path: Path, dark: bool, title: str, alt: str) -> None:
    """A PDF of a drawing; its title and its alternative text stand in the file's description."""
    import matplotlib

    with matplotlib.rc_context({"pdf.fonttype": 42}), _missing_glyphs_as_boxes():
        # whole fonts: text can be found and copied
        words = {"Title": title, "Subject": alt, "CreationDate": None}
        figure(shapes, size, dark).savefig(path, format="pdf", metadata=words)


def _add(axes, shape: Shape, dark: bool, order: int) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    if isinstance(shape, Label):
        for line in shape.lines:
            _add_label(axes, line, dark, order)
        return
    if isinstance(shape, Bitmap):
        extent = (shape.x, shape.x + shape.width, shape.y + shape.height, shape.y)
        kind = "nearest" if shape.hard else "antialiased"
        axes.imshow(
            shape.pixels, extent=extent, zorder=order, interpolation=kind, alpha=shape.opacity, aspect="auto"
        )
        axes.set_xlim(0, axes.figure.get_figwidth() * 100)
        axes.set_ylim(axes.figure.get_figheight() * 100, 0)
        return
    fill, stroke = colors(shape, dark)
    style = {
        "facecolor": fill,
        "edgecolor": stroke,
        # px to points, 100 px to the inch
        "linewidth": shape.stroke_width * 0.72 if stroke != "none" else 0,
        "linestyle": (0, (4, 3)) if shape.dashed else "-",
        "alpha": shape.opacity if shape.opacity != 1 else None,
        "zorder": order,
        "clip_on": False,
        "capstyle": "butt" if shape.dashed else "round",
        "joinstyle": "round",
    }
    vertices, codes = _outline(shape)
    axes.add_artist(PathPatch(Outline(vertices, codes), **style))
    if isinstance(shape, Line | Curve) and shape.arrow:
        head = arrow_head(shape.points)
        style |= {"facecolor": stroke, "linewidth": 0, "linestyle": "-"}
        axes.add_artist(PathPatch(Outline([*head, head[0]], [1, 2, 2, 79]), **style))


def _add_label(axes, label: Label, dark: bool, order: int) -> None:
    from matplotlib.font_manager import FontProperties

    font = FontProperties(fname=str(font_file(label.bold)), size=label.size * 0.72)
    align = {"start": "left", "middle": "center", "end": "right"}[label.anchor]
    x, y = (label.x + 0.36 * label.size, label.y) if label.turned else (label.x, label.y + 0.36 * label.size)
    axes.text(
        x, y, label.text, parse_math=False, fontproperties=font, color=colors(label, dark)[0], ha=align,
        va="baseline", rotation=90 if label.turned else 0, rotation_mode="anchor", zorder=order,
        alpha=label.opacity, clip_on=False,
    )  # fmt: skip


MOVE, LINE, QUADRATIC, CUBIC, CLOSE = 1, 2, 3, 4, 79  # matplotlib.path.Path's codes


def _outline(shape: Shape) -> tuple[list, list]:
    if isinstance(shape, Polygon):
        return [*shape.points, shape.points[0]], [MOVE, *[LINE] * (len(shape.points) - 1), CLOSE]
    if isinstance(shape, Circle):
        r, k = shape.radius, shape.radius * 0.5523
        around = [(r, 0), (r, k), (k, r), (0, r), (-k, r), (-r, k), (-r, 0), (-r, -k), (-k, -r), (0, -r),
                  (k, -r), (r, -k), (r, 0)]  # fmt: skip
        return [(shape.x + x, shape.y + y) for x, y in around], [MOVE, *[CUBIC] * 12]
    if isinstance(shape, Box):
        return _rounded_box(shape)
    if not isinstance(shape, Line | Curve):
        raise TypeError(complaint("shapes", "shapes of lecturelib.drawing", described(shape)))
    points = to_head(shape)
    if isinstance(shape, Curve):
        return list(points), [MOVE, *[CUBIC] * (len(points) - 1)]
    vertices, codes = [points[0]], [MOVE]
    for command, ends in rounded(points, shape.radius):
        vertices += ends
        codes += [LINE] if command == "L" else [QUADRATIC, QUADRATIC]
    return vertices, codes


def _rounded_box(box: Box) -> tuple[list, list]:
    left, top, right, bottom = box.bounds
    r = min(box.radius, box.width / 2, box.height / 2)
    vertices = [
        (left + r, top), (right - r, top), (right, top), (right, top + r), (right, bottom - r), (right, bottom),
        (right - r, bottom), (left + r, bottom), (left, bottom), (left, bottom - r), (left, top + r), (left, top),
        (left + r, top), (left + r, top),
    ]  # fmt: skip
    return vertices, [MOVE, *[LINE, QUADRATIC, QUADRATIC] * 4, CLOSE]
