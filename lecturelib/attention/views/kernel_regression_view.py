"""The kernel regression view: measurements as points, the estimate as a curve, the weights of one query as bars."""

from __future__ import annotations

from torch import Tensor

from lecturelib.attention.views.cells import FAINT, MARK, WIDE
from lecturelib.drawing.drawing import Box, Circle, Drawing, Label, Line, Shape
from lecturelib.show import Picture
from lecturelib.show.palettes import CATEGORIES

_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, WIDE - 22.0, 40.0, 318.0  # px of the chart
_BARS = (348.0, 420.0)  # px of the weights below it: where a full bar ends, where bars stand
_BLUE = CATEGORIES[0]


def kernel_regression_view(
    measured: tuple[Tensor, Tensor],
    estimate: tuple[Tensor, Tensor],
    truth: Tensor | None,
    query: float,
    answer: float,
    weights: Tensor,
    caption: str = "",
) -> Picture:
    """Points `measured` (x, y), the `estimate` (x, y) and the true curve at its places, a query and its weights (n,).

    `answer`: the estimate at the query. A point is the larger, the more weight it has for this query.
    """
    x, y = (part.tolist() for part in measured)
    across, up = (part.tolist() for part in estimate)
    low, high = min([*y, *up]) - 0.3, max([*y, *up]) + 0.3
    if truth is not None:
        low, high = min(low, truth.min().item() - 0.3), max(high, truth.max().item() + 0.3)
    start, end = across[0], across[-1]

    def to_x(value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (value - start) / (end - start)

    def to_y(value: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (value - low) / (high - low)

    shapes: list[Shape] = [
        Box(_LEFT, _TOP, _RIGHT - _LEFT, _BOTTOM - _TOP, 0, fill="#fafafa", stroke="#b5b5b5"),
        Label(_LEFT, 18, "values: what was measured", 14, "start", bold=True),
    ]
    for value in range(int(low) + (low > 0), int(high) + 1):
        shapes.append(Line(((_LEFT, to_y(value)), (_RIGHT, to_y(value))), stroke="#e4e4e4", stroke_width=0.8))
        shapes.append(Label(_LEFT - 8, to_y(value), f"{value}".replace("-", "−"), 12, "end", role="muted"))
    if truth is not None:
        points = tuple((to_x(a), to_y(b)) for a, b in zip(across, truth.tolist(), strict=True))
        shapes.append(Line(points, stroke=FAINT, stroke_width=1.8, dashed=True))
    points = tuple((to_x(a), to_y(b)) for a, b in zip(across, up, strict=True))
    shapes.append(Line(points, stroke=_BLUE, stroke_width=3))
    at = to_x(query)
    shapes.append(Line(((at, _TOP), (at, _BARS[1])), stroke=MARK, stroke_width=1.6, dashed=True))
    for a, b, weight in zip(x, y, weights.tolist(), strict=True):
        shapes.append(
            Circle(to_x(a), to_y(b), 3.5 + 9 * weight**0.5, fill="#333333", stroke="#ffffff", opacity=0.75)
        )
    shapes.append(Circle(at, to_y(answer), 7, fill=MARK, stroke="#ffffff", stroke_width=2))
    shapes += _legend(truth is not None)
    most = max(weights.max().item(), 1e-9)
    shapes.append(Label(_LEFT, _BARS[0] - 12, "attention weights of the query", 14, "start", bold=True))
    shapes.append(Line(((_LEFT, _BARS[1]), (_RIGHT, _BARS[1])), stroke="#b5b5b5", stroke_width=1))
    for a, weight in zip(x, weights.tolist(), strict=True):
        high_ = max(0.6, (_BARS[1] - _BARS[0] - 4) * weight / most)
        shapes.append(Box(to_x(a) - 2.5, _BARS[1] - high_, 5, high_, 0, fill=_BLUE, stroke="none"))
    for value in range(int(start), int(end) + 1):
        shapes.append(Label(to_x(value), _BARS[1] + 13, str(value), 12, role="muted"))
    shapes.append(Label((_LEFT + _RIGHT) / 2, _BARS[1] + 30, "keys: where it was measured", 12, role="muted"))
    alt = f"A noisy curve of {len(x)} points and its estimate by weighted means. {caption}"
    return Drawing(WIDE, _BARS[1] + 42, tuple(shapes), "Kernel regression", alt).picture(caption)


def _legend(with_truth: bool) -> list[Shape]:
    x, found = _RIGHT - 320.0, []
    found += [
        Line(((x, 18), (x + 26, 18)), stroke=_BLUE, stroke_width=3),
        Label(x + 32, 18, "weighted mean", 12.5, "start"),
    ]
    if with_truth:
        found += [
            Line(((x + 160, 18), (x + 186, 18)), stroke=FAINT, stroke_width=1.8, dashed=True),
            Label(x + 192, 18, "without noise", 12.5, "start"),
        ]
    return found
