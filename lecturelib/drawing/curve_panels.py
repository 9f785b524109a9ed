"""Line charts as SVG text: sharp on a projector, and written in about a millisecond, so that a run can be watched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lecturelib.show.palettes import CATEGORIES
from lecturelib.show.text_metrics import escaped, one_line, text_width

INK, PALE, GRID = "#222222", "#666666", "#e2e2e2"
LETTERS = 14
FONT = 'font-family="DejaVu Sans, Verdana, sans-serif"'
# Okabe and Ito's colors with a dash pattern each, in SVG's words
DASHES = ("", "9 5", "9 4 2 4", "2 4", "14 5", "5 3 2 3 2 3", "1 3", "12 3 3 3")


@dataclass(frozen=True, eq=False)
class Series:
    """One curve: x and y (n,) each; `kind` "bold", "raw" (thin and pale) or "marked" (with a ring at each value)."""

    x: np.ndarray
    y: np.ndarray
    label: str = ""
    style: int = 0
    kind: str = "bold"


@dataclass(frozen=True, eq=False)
class Panel:
    """One chart: its lines, title, and axes. `log`: a logarithmic y axis. `level`: a thin line at this height.

    `shade`: a region (x, low, high), each (n,), drawn below the lines. `x_end`: where the x axis ends at least.

    >>> import numpy as np
    >>> from lecturelib.drawing import Panel
    >>> from lecturelib.drawing.curve_panels import Series
    >>> loss = Series(np.arange(3), np.array([3.0, 2.0, 1.5]), "training")
    >>> Panel("Loss", [loss], low=0, x_label="step").title
    'Loss'
    """

    title: str
    lines: Sequence[Series]
    log: bool = False
    low: float | None = None
    high: float | None = None
    level: float | None = None
    level_label: str = ""
    x_end: float = 1.0
    x_label: str = ""
    shade: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None


def sheet(
    panels: Sequence[Panel], columns: int, width: int = 820, height: int = 220, legend: bool = True
) -> str:
    """Panels row by row as one SVG; `height` is that of a panel with its title, all in CSS pixels.

    >>> import numpy as np
    >>> from lecturelib.drawing import Panel, sheet
    >>> from lecturelib.drawing.curve_panels import Series
    >>> loss = Series(np.arange(3), np.array([3.0, 2.0, 1.5]), "training")
    >>> sheet([Panel("Loss", [loss])], columns=1, width=300)[:4]
    '<svg'
    """
    rows = -(-len(panels) // columns)
    gap = 18
    each = (width - gap * (columns - 1)) / columns
    parts = []
    for k, panel in enumerate(panels):
        left, top = (k % columns) * (each + gap), (k // columns) * (height + 6)
        parts.append(f'<g transform="translate({left:.1f} {top})">{_panel(panel, each, height, legend)}</g>')
    total = rows * (height + 6)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{total}" viewBox="0 0 {width} {total}" '
        f'{FONT} font-size="{LETTERS}" fill="{INK}"><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(parts)}</svg>"
    )


def _panel(panel: Panel, width: float, height: float, legend: bool) -> str:
    left, right, top, bottom = 50.0, width - 12, 30.0, height - (40 if panel.x_label else 24)
    low, high = _range(panel)
    to_y = _scale(low, high, bottom, top, panel.log)
    x_end = max([panel.x_end, *(float(line.x[-1]) for line in panel.lines if len(line.x))])

    def to_x(x):
        return left + (right - left) * np.asarray(x, float) / x_end

    parts = [f'<text x="0" y="17" font-weight="600">{escaped(one_line(panel.title))}</text>']
    for value in (_decades if panel.log else _ticks)(low, high):
        y = float(to_y(np.array([value]))[0])
        parts.append(
            f'<path d="M{left:.0f} {y:.1f}H{right:.0f}" stroke="{GRID}"/><text x="{left - 6:.0f}" y="{y + 5:.1f}" '
            f'text-anchor="end" fill="{PALE}" font-size="13">{_number(value)}</text>'
        )
    for value in _ticks(0, x_end, int(min(5, max(2, (right - left) // 44)))):
        x = float(to_x(value))
        anchor = "end" if x > right - 14 else "middle"
        parts.append(
            f'<text x="{x:.1f}" y="{bottom + 17:.0f}" text-anchor="{anchor}" fill="{PALE}" font-size="13">'
            f"{_number(value)}</text>"
        )
    if panel.x_label:
        parts.append(
            f'<text x="{(left + right) / 2:.0f}" y="{bottom + 35:.0f}" text-anchor="middle" fill="{PALE}" '
            f'font-size="13">{escaped(one_line(panel.x_label))}</text>'
        )
    parts.append(f'<path d="M{left:.0f} {top:.0f}V{bottom:.0f}H{right:.0f}" fill="none" stroke="{PALE}"/>')
    if panel.level is not None and low <= panel.level <= high:
        y = float(to_y(np.array([panel.level]))[0])
        parts.append(
            f'<path d="M{left:.0f} {y:.1f}H{right:.0f}" stroke="{INK}" stroke-dasharray="3 3"/>'
            f'<text x="{right:.0f}" y="{y - 4:.1f}" text-anchor="end" font-size="12" fill="{PALE}">'
            f"{escaped(one_line(panel.level_label))}</text>"
        )
    if panel.shade is not None and len(panel.shade[0]):
        along, below, above = panel.shade
        around = (
            np.concatenate([to_x(along), to_x(along)[::-1]]),
            np.concatenate([to_y(above), to_y(below)[::-1]]),
        )
        parts.append(f'<path d="{_path(*around)}Z" fill="{CATEGORIES[0]}" opacity="0.22"/>')
    for line in sorted(panel.lines, key=lambda one: one.kind != "raw"):
        parts.append(_line(line, to_x, to_y, right - left))
    if legend:
        parts.append(_legend([line for line in panel.lines if line.label], right))
    return "".join(parts)


def _line(line: Series, to_x, to_y, room: float) -> str:
    known = np.isfinite(line.y)
    if not known.any():
        return ""
    x, y = _thinned(to_x(line.x[known]), to_y(line.y[known]), room)
    color, dash = CATEGORIES[line.style % 7], DASHES[line.style % len(DASHES)]
    if line.kind == "raw":
        return f'<path d="{_path(x, y)}" fill="none" stroke="{color}" opacity="0.38"/>'
    rings = ""
    if line.kind == "marked":
        rings = "".join(
            f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.2" fill="#fff" stroke="{color}" stroke-width="1.8"/>'
            for a, b in zip(x, y, strict=True)
            if len(x) <= 60
        )
    pattern = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<path d="{_path(x, y)}" fill="none" stroke="{color}" stroke-width="2.4" '
        f'stroke-linejoin="round"{pattern}/>{rings}'
    )


def _thinned(x: np.ndarray, y: np.ndarray, room: float) -> tuple[np.ndarray, np.ndarray]:
    """No more points than the screen can show, with every peak kept: the lowest and the highest in each pixel."""
    buckets = int(room)
    if len(x) <= 2 * buckets:
        return x, y
    edges = np.linspace(0, len(x), buckets + 1).astype(int)
    chosen = []
    for start, end in zip(edges[:-1], edges[1:], strict=True):
        pair = (start + int(y[start:end].argmin()), start + int(y[start:end].argmax()))
        chosen += sorted(set(pair))
    return x[chosen], y[chosen]


def _path(x: np.ndarray, y: np.ndarray) -> str:
    # tolist first: numpy's numbers format ten times slower
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))


def _legend(lines: Sequence[Series], right: float) -> str:
    """The labels in a row at the top right, from the right to the left."""
    parts, x = [], right
    for line in reversed(lines):
        label = escaped(one_line(line.label))
        x -= text_width(one_line(line.label), 12.5) + 4
        color, dash = CATEGORIES[line.style % 7], DASHES[line.style % len(DASHES)]
        pattern = f' stroke-dasharray="{dash}"' if dash else ""
        faint, thick = (' opacity="0.38"', 1.5) if line.kind == "raw" else ("", 2.6)
        parts.append(
            f'<text x="{x:.0f}" y="17" font-size="12.5">{label}</text><path d="M{x - 30:.0f} 13h25" '
            f'stroke="{color}" stroke-width="{thick}"{faint}{pattern}/>'
        )
        x -= 42
    return "".join(parts)


def _range(panel: Panel) -> tuple[float, float]:
    finite = [line.y[np.isfinite(line.y)] for line in panel.lines]
    if panel.shade is not None:
        finite += [panel.shade[1], panel.shade[2]]
    values: np.ndarray = np.concatenate([np.zeros(0), *finite])
    if panel.log:
        values = values[values > 0]
        if panel.level is not None and len(values):
            values = np.append(values, panel.level)
        if not len(values):
            return 0.1, 1.0
        low, high = float(values.min()), float(values.max())
        if high / low < 10:  # one decade at least, else the axis would have no number
            low, high = 10 ** math.floor(math.log10(low) + 1e-9), 10 ** math.ceil(math.log10(high) - 1e-9)
            high = high if high > low else low * 10
        return low / 1.2, high * 1.2
    low = panel.low if panel.low is not None else float(values.min(initial=0.0))
    high = panel.high if panel.high is not None else float(values.max(initial=low))
    return low, high if high > low else low + 1.0


def _scale(low: float, high: float, bottom: float, top: float, log: bool):
    if log:
        a, b = math.log10(low), math.log10(high)

        def to_y(y):
            with np.errstate(divide="ignore"):
                share = (np.log10(np.maximum(np.asarray(y, float), 1e-300)) - a) / (b - a)
            return bottom - (bottom - top) * np.clip(share, 0.0, 1.0)

    else:

        def to_y(y):
            return bottom - (bottom - top) * np.clip((np.asarray(y, float) - low) / (high - low), 0.0, 1.0)

    return to_y


def _ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Round numbers between two ends: 1, 2 or 5 times a power of ten apart."""
    rough = (high - low) / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _decades(low: float, high: float) -> list[float]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    every = max(1, -(-(last - first + 1) // 5))
    return [10.0**k for k in range(first, last + 1, every)]


def _number(value: float) -> str:
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        power = math.floor(math.log10(abs(value)) + 1e-9)
        lead = value / 10**power
        sign = "\N{MINUS SIGN}" if power < 0 else ""
        return f"{lead:.0f}e{sign}{abs(power)}"
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")
