"""A small line chart as plain pieces, for pictures that must answer at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lecturelib.drawing.drawing import Box, Circle, Label, Line, Shape
from lecturelib.show.palettes import CATEGORIES

Frame = tuple[float, float, float, float]  # left, top, right, bottom in px


def line_chart(
    frame: Frame,
    xs: Sequence[str],
    series: Mapping[str, Sequence[float]],
    limits: tuple[float, float],
    title: str = "",
    x_title: str = "",
    marked: int | None = None,
    bold: str = "",
    percent: bool = True,
) -> list[Shape]:
    """Lines over named places `xs`, each in a color, with its name at its end and every second one dashed.

    `limits`: lowest and highest value. `marked`: the place with a vertical line. `bold`: the series drawn wider.

    >>> from lecturelib.drawing import line_chart
    >>> shapes = line_chart((40, 20, 200, 120), ["1", "2"], {"loss": [0.75, 0.5]}, limits=(0, 1))
    >>> shapes[-1].text
    'loss'
    """
    left, top, right, bottom = frame
    low, high = limits
    place = lambda k: left + (right - left) * k / max(1, len(xs) - 1)  # noqa: E731
    height = lambda v: bottom - (bottom - top) * (min(max(v, low), high) - low) / (high - low)  # noqa: E731
    shapes: list[Shape] = [Box(left, top, right - left, bottom - top, 0, fill="#fafafa", stroke="#b5b5b5")]
    for share in (0, 0.25, 0.5, 0.75, 1):
        value = low + share * (high - low)
        y = height(value)
        shapes.append(Line(((left, y), (right, y)), stroke="#dddddd", stroke_width=0.8))
        text = f"{100 * value:.0f} %" if percent else f"{value:.3g}".replace("-", "−")
        shapes.append(Label(left - 6, y, text, 12, "end", role="muted"))
    every = -(-len(xs) // 12)
    for k, name in enumerate(xs):
        if k % every == 0:
            shapes.append(Label(place(k), bottom + 13, name, 12, role="muted"))
    if title:
        shapes.append(Label(left, top - 14, title, 14, "start", bold=True))
    if x_title:
        shapes.append(Label((left + right) / 2, bottom + 31, x_title, 12, role="muted"))
    if marked is not None:
        x = place(marked)
        shapes.append(Line(((x, top), (x, bottom)), stroke="#D55E00", stroke_width=1.6, dashed=True))
    ends = []
    for n, (name, values) in enumerate(series.items()):
        color = CATEGORIES[n % 7]
        points = tuple((place(k), height(v)) for k, v in enumerate(values))
        wide = 3.6 if name == bold else 1.8
        if len(points) > 1:
            shapes.append(Line(points, stroke=color, stroke_width=wide, dashed=n % 2 == 1))
        if marked is not None:
            shapes.append(Circle(*points[marked], 4.5, fill=color, stroke="#ffffff"))
        ends.append((points[-1][1], name, color))
    last = -1e9
    for y, name, color in sorted(ends):  # names one below the other, also where lines end together
        last = max(y, last + 16)
        shapes.append(Label(right + 8, last, name, 13, "start", name == bold, fill=color))
    return shapes
