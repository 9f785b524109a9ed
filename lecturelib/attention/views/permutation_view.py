"""The permutation view: for each written token how far permuted attention weights move the output."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from lecturelib.attention.interventions import Permuted
from lecturelib.attention.views.cells import FAINT, finished
from lecturelib.drawing.drawing import Box, Circle, Drawing, Label, Line, Shape, shortened
from lecturelib.show import Picture

_LEFT, _RIGHT, _TOP = 330.0, 640.0, 52.0  # px of the axis from 0 to 1
_BAR = 90.0  # px of a share of 100 %


def permutation_view(
    source: Sequence[str], target: Sequence[str], found: Permuted, caption: str = ""
) -> Picture:
    """A row for each of T written tokens: what it attended to most, the total variation, the share of other tokens.

    source: S tokens, target: T tokens, found: what `permuted_attention` gave for them.
    """
    count = found.total_variation.shape[1]
    step = min(28.0, max(13.0, 470 / len(target)))
    size = min(15.0, step * 0.66)
    shapes: list[Shape] = [
        Label(112, 16, "written", 13, "end", role="muted"),
        Label(126, 16, "most attention on", 13, "start", role="muted"),
        Label(_LEFT, 16, "total variation |p − q| / 2 under permutation", 13, "start", role="muted"),
        Label(660, 16, "other token likeliest", 13, "start", role="muted"),
    ]
    for share in (0, 0.5, 1):
        x = _x(share)
        shapes.append(Line(((x, _TOP - 14), (x, _TOP + step * len(target))), stroke="#dddddd"))
        shapes.append(Label(x, _TOP - 20, f"{share:g}", 11, role="muted"))
    for t, token in enumerate(target):
        y, best = _TOP + (t + 0.5) * step, int(found.weights[t].argmax())
        weight = float(found.weights[t, best])
        shapes += _words(_plain(token), _plain(source[best]), weight, y, size)
        shapes += _spread(found.total_variation[t], y, step)
        shapes += _others(float(found.other_word[t]), y, size)
    foot = _TOP + step * len(target) + 18
    words = f"bar and dot: median of {count} permutations, line: 5 to 95 %"
    shapes.append(Label(_LEFT, foot, words, 12, "start", fill=FAINT))
    alt = f"A row for each written token. {caption}"
    return finished(Drawing(820, foot + 14, tuple(shapes), "Permuted attention", alt), caption, [])


def _plain(token: str) -> str:
    return token.replace("▁", "").replace("</s>", "(end)")


def _x(share: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * share


def _words(written: str, read: str, weight: float, y: float, size: float) -> list[Shape]:
    return [
        Label(112, y, shortened(written, 100, size), size, "end"),
        Label(126, y, shortened(read, 110, size), size, "start"),
        Label(310, y, f"{100 * weight:.0f} %", size, "end", role="muted"),
    ]


def _spread(distances: Tensor, y: float, step: float) -> list[Shape]:
    """A bar and a dot at the median, a line from the 5th to the 95th percentile."""
    ordered = distances.sort().values
    median, low, high = (float(ordered[int(q * (len(ordered) - 1))]) for q in (0.5, 0.05, 0.95))
    wide = max(1.0, _x(median) - _LEFT)
    return [
        Box(_LEFT, y - step * 0.28, wide, step * 0.56, 1, fill="#8cbadc", stroke="none"),
        Line(((_x(low), y), (_x(high), y)), stroke="#08306b", stroke_width=1.6),
        Circle(_x(median), y, 3.6, fill="#08306b", stroke="none"),
    ]


def _others(share: float, y: float, size: float) -> list[Shape]:
    """The share of permutations after which another token is the likeliest."""
    return [
        Label(668, y, f"{100 * share:.0f} %", size, "start"),
        Box(716, y - 4, _BAR, 8, 1, fill="#f1f1f1", stroke="none"),
        Box(716, y - 4, max(0.5, _BAR * share), 8, 1, fill="#D55E00", stroke="none"),
    ]
