"""The score view: scores and weights of some keys as bars, and the largest weight by the size of the vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from lecturelib.drawing.drawing import Box, Drawing, Label, Shape
from lecturelib.drawing.line_chart import line_chart
from lecturelib.show import Picture

_BAR, _STEP = 180.0, 29  # px of a weight of 100 %, and from key to key
_CHART = (430, 66, 672, 336)  # px of the curves: left, top, right, bottom


def score_view(
    scores: Tensor,
    weights: Tensor,
    title: str,
    sizes: Sequence[int],
    curves: Mapping[str, Sequence[float]],
    marked: int,
    name: str,
    what: str,
    caption: str = "",
) -> Picture:
    """Scores and weights (K,) of K keys, and for each score function the largest weight at each size d.

    `marked`: the index of the size, and `name` the curve, that belong to the bars; `what`: over what it is the mean.
    """
    shapes: list[Shape] = [
        Label(20, 16, title, 15, "start", bold=True),
        Label(112, 42, "score", 12, "end", role="muted"),
        Label(126, 42, "weight", 12, "start", role="muted"),
    ]
    for k, (score, share) in enumerate(zip(scores.tolist(), weights.tolist(), strict=True)):
        y = 66 + _STEP * k
        shapes += [
            Label(20, y, f"key {k + 1}", 13, "start"),
            Label(112, y, f"{score:.2f}".replace("-", "−"), 13, "end"),
            Box(126, y - 9, _BAR, 18, 2, fill="#f1f1f1", stroke="none"),
            Box(126, y - 9, max(1.0, _BAR * share), 18, 2, fill="#0072B2", stroke="none"),
            Label(312, y, f"{100 * share:.1f} %", 13, "start"),
        ]
    shapes += line_chart(
        _CHART,
        [str(size) for size in sizes],
        dict(curves),
        (0.0, 1.0),
        f"largest weight, {what}",
        "d",
        marked,
        name,
    )
    return Drawing(820, 384, tuple(shapes), "Scores and weights", f"Bars and curves. {caption}").picture(
        caption
    )
