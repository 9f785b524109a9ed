"""Charts in the house's style: quick bars for live pictures, matplotlib figures for everything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lecturelib.checks import complaint
from lecturelib.show.palettes import CATEGORIES, LINE_STYLES, MARKERS
from lecturelib.show.palettes import color as color_bytes
from lecturelib.show.picture import STUDENT_SIZE, Picture
from lecturelib.show.raster_text import draw_text, pixel_width
from lecturelib.show.text_metrics import one_line, shortened

_LETTERS = 18


def figure(
    width: int = 640, height: int = 400, rows: int = 1, columns: int = 1, **subplots: Any
) -> tuple[Any, Any]:
    """A matplotlib figure and its axes in the house's style; nothing to close.

    `width`, `height`: CSS pixels on the page. Returns (figure, axes), axes an array where there are
    several. Lines differ in color (Okabe-Ito) and in style; `**subplots` goes to `Figure.subplots`.
    Shown by `show(figure, alt=...)`.

    >>> from lecturelib.show import figure
    >>> made, axes = figure(400, 300, columns=2)
    >>> made.get_size_inches().tolist(), axes.shape
    ([4.0, 3.0], (2,))
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(style()):
        # No pyplot: such a figure belongs to nobody else, so it is never drawn twice and never leaks.
        made = Figure(figsize=(width / 100, height / 100), layout="constrained")
        return made, made.subplots(rows, columns, **subplots)


def style() -> dict:
    """matplotlib's settings of the house: large letters, light grid, colors and line styles in step."""
    from cycler import cycler

    return {
        "axes.prop_cycle": cycler(color=CATEGORIES) + cycler(linestyle=LINE_STYLES),
        "font.size": 13,
        "axes.titlesize": 14,
        "axes.labelsize": 13,
        "xtick.labelsize": 12,
        "ytick.labelsize": 12,
        "legend.fontsize": 12,
        "lines.linewidth": 2.2,
        "lines.markersize": 7,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#dddddd",
        "grid.linestyle": "-",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "text.color": "#222222",
        "axes.labelcolor": "#222222",
        "axes.edgecolor": "#666666",
        "xtick.color": "#222222",
        "ytick.color": "#222222",
        "legend.frameon": False,
    }


def marker(k: int) -> str:
    """The marker of the k-th category, so that color is never the only difference."""
    return MARKERS[k % len(MARKERS)]


def bars(
    labels: Sequence[str],
    values: Sequence[float],
    highlight: int | None = None,
    limits: tuple[float, float] = (0.0, 1.0),
    width: int = STUDENT_SIZE,
    reference: Sequence[float] | None = None,
    form: str = ".2f",
    alt: str | None = None,
    caption: str = "",
) -> Picture:
    """Horizontal bars with names and numbers, drawn in about 2 ms, for pictures that follow a slider.

    `labels`, `values`: equally many. `highlight`: the bar in orange. `limits`: values of an empty and a
    full bar; a bar beyond is cut, its number still says the value. `reference`: a mark on each bar, such as
    the value before. `form`: format of the numbers. Raises ValueError for none, unequal counts, NaN, or
    limits that do not rise.

    >>> from lecturelib.show import bars
    >>> bars(["cat", "dog"], [0.75, 0.25], highlight=0)
    <Picture 448 x 68: Bars: cat 0.75, dog 0.25.>
    """
    values = [float(value) for value in values]
    labels = [one_line(str(label)) for label in labels]
    if not values or len(labels) != len(values) or (reference is not None and len(reference) != len(values)):
        raise ValueError(f"bars: {len(labels)} labels for {len(values)} values; equally many, at least one")
    if not np.isfinite(values).all():
        raise ValueError("bars: a value is NaN or infinite")
    low, high = limits
    if not low < high:
        raise ValueError(complaint("limits", "two numbers, the lower one first", limits))
    numbers = [format(value, form).replace("-", "\N{MINUS SIGN}") for value in values]
    names = min(max(pixel_width(label, _LETTERS) for label in labels), width // 2)
    digits = max(pixel_width(text, _LETTERS) for text in numbers)
    left, right = names + 12, width - digits - 12
    step = _LETTERS + 14
    sheet = np.full((step * len(values) + 4, width, 3), 255, np.uint8)
    text = []
    for k, value in enumerate(values):
        top, bottom = k * step + 4, (k + 1) * step - 4
        sheet[top:bottom, left:right] = (238, 238, 238)
        end = left + round((right - left) * min(1.0, max(0.0, (value - low) / (high - low))))
        sheet[top:bottom, left:end] = color_bytes("orange" if k == highlight else "blue")
        if reference is not None:
            at = left + round((right - left) * min(1.0, max(0.0, (reference[k] - low) / (high - low))))
            at = min(max(at, left + 1), right - 2)
            sheet[top - 3 : bottom + 3, at - 1 : at + 2] = (34, 34, 34)
        middle = (top + bottom) / 2
        text.append(((names, middle), shortened(labels[k], names, _LETTERS), _LETTERS, "rm"))
        text.append(((width - 2, middle), numbers[k], _LETTERS, "rm"))
    draw_text(sheet, text)
    if alt is None:
        alt = (
            "Bars: " + ", ".join(f"{label} {text}" for label, text in zip(labels, numbers, strict=True)) + "."
        )
    return Picture(sheet, alt, caption, width=width)
