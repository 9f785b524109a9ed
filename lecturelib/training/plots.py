"""Pictures of runs: curves raw and smoothed, what the monitors saw per layer, a gallery, a table of confusions."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import numpy as np

from lecturelib.drawing.curve_panels import FONT, INK, Curve, Panel, sheet
from lecturelib.show import Picture
from lecturelib.training.history import History
from lecturelib.training.smooth import Band, smooth

WIDTH = 820  # CSS pixels: the page beside nothing
MONITORED = {
    "gradients/": ("gradient per weight, by layer", True),
    "updates/": ("step by size of the weights", True),
    "dead/": ("share of dead ReLU units", False),
}


def curves(
    history: History, weight: float = 0.9, width: int = WIDTH, of: int | None = None, caption: str = ""
) -> Picture:
    """Loss, accuracy, learning rate and gradient norm over the steps; every smoothed line lies on its raw one.

    Validation is orange, dashed and ringed. `of`: the step at which the run is to end, so that the axis does not move.
    Raises `ValueError` for an empty history.
    """
    if "loss" not in history:
        raise ValueError("curves: nothing was recorded yet; take a step of the run first")
    end = float(max(of or 0, history.step))
    panels = [_pair(history, "loss", weight, end, None)]
    if "accuracy" in history:
        panels.append(_pair(history, "accuracy", weight, end, 1.0))
    for name, title in (("learning_rate", "learning rate"), ("gradient_norm", "norm of the gradient")):
        steps, values = history.steps(name), history[name]
        lines = [Curve(steps, values, kind="bold" if name == "learning_rate" else "raw")]
        if name == "gradient_norm":
            lines.append(Curve(steps, smooth(values, weight)))
        spread = _spread(values)
        panels.append(Panel(title, lines, log=spread > 20, low=0.0, x_end=end))
    return Picture(sheet(panels, 2, width, 200), alt_of(history, of), caption, width=width)


def alt_of(history: History, of: int | None = None) -> str:
    """What the curves show, in numbers, for who cannot see them."""
    loss = history["loss"]
    said = [f"Training curves, step {len(loss)}" + (f" of {of}" if of else "")]
    said.append(f"loss from {loss[0]:.3g} to {smooth(loss, 0.9)[-1]:.3g}")
    if "accuracy" in history:
        said.append(f"accuracy {smooth(history['accuracy'], 0.9)[-1]:.0%}")
    if "validation_loss" in history:
        said.append(f"validation loss {history.last('validation_loss'):.3g}")
    if "validation_accuracy" in history:
        said.append(f"validation accuracy {history.last('validation_accuracy'):.0%}")
    said.append(f"learning rate {history.last('learning_rate'):.3g}")
    said.append(f"gradient norm {history.last('gradient_norm'):.3g}")
    return ", ".join(said) + "."


def _pair(
    history: History, name: str, weight: float, end: float, high: float | None, title: str = ""
) -> Panel:
    """Training raw and smoothed, and validation, in one panel."""
    steps, values = history.steps(name), history[name]
    even = smooth(values, weight)
    lines = [Curve(steps, values, "batch", 0, "raw"), Curve(steps, even, "smoothed", 0)]
    known = [even[np.isfinite(even)]]
    if f"validation_{name}" in history:
        checked = history[f"validation_{name}"]
        lines.append(Curve(history.steps(f"validation_{name}"), checked, "validation", 1, "marked"))
        known.append(checked[np.isfinite(checked)])
    known = np.concatenate(known)
    # A loss that runs away would press all else flat.
    log = (
        high is None
        and len(known) > 0
        and known.max() > 20 * max(np.median(known), 1e-3)
        and known.max() > 10
    )
    return Panel(title or name, lines, log=log, low=0.0, high=high, x_end=end)


def _spread(values: np.ndarray) -> float:
    known = values[np.isfinite(values) & (values > 0)]
    return float(known.max() / known.min()) if len(known) else 1.0


def monitored(history: History, prefixes: Sequence[str] = tuple(MONITORED), width: int = WIDTH) -> Picture:
    """What the monitors recorded per layer: gradients, updates and dead units, a line and a dash for each layer.

    Raises `ValueError` where none of these was recorded.
    """
    panels, said = [], []
    for prefix in prefixes:
        names = history.names(prefix)
        if not names:
            continue
        title, log = MONITORED.get(prefix, (prefix.rstrip("/"), False))
        lines = [
            Curve(history.steps(name), history[name], name.removeprefix(prefix), k)
            for k, name in enumerate(names)
        ]
        usual = (1e-3, "usual: 0.001") if prefix == "updates/" else (None, "")
        panels.append(
            Panel(
                title, lines, log, 0.0, 1.0 if prefix == "dead/" else None, *usual, x_end=float(history.step)
            )
        )
        ends = ", ".join(f"{name.removeprefix(prefix)} {history[name][-1]:.2g}" for name in names)
        said.append(f"{title} at the end: {ends}")
    if not panels:
        raise ValueError("monitored: no monitor recorded anything per layer; pass monitors=monitors.usual()")
    return Picture(sheet(panels, 1, width, 190), ". ".join(said) + ".", width=width)


def banded(found: Band, title: str = "", width: int = WIDTH, height: int = 240) -> Picture:
    """Several seeds: the middle run as a line, the range of all as a band."""
    words = title or f"{found.name.replace('_', ' ')}, {found.runs} seeds"
    panel = Panel(
        words, [Curve(found.steps, found.middle, "median")], x_end=float(found.steps[-1]), low=0.0,
        shade=(found.steps, found.low, found.high),
    )  # fmt: skip
    alt = f"{words}: median {found.middle[-1]:.3g} at the end, from {found.low[-1]:.3g} to {found.high[-1]:.3g}."
    return Picture(sheet([panel], 1, width, height), alt, width=width)


def gallery(
    runs: Mapping[str, History], name: str = "loss", columns: int = 3, weight: float = 0.9, width: int = WIDTH
) -> Picture:
    """Many runs side by side, one small chart each, with one title each; batch raw and smoothed, validation ringed."""
    if not runs:
        raise ValueError("gallery: no runs given")
    high = 1.0 if name.endswith("accuracy") else None
    panels = [
        _pair(history, name, weight, float(history.step), high, title) for title, history in runs.items()
    ]
    ends = ", ".join(f"{title}: {smooth(history[name], weight)[-1]:.3g}" for title, history in runs.items())
    alt = f"{name.capitalize()} of {len(runs)} runs over the steps; at the end {ends}."
    caption = (
        f"{name.capitalize()} over the steps: pale the batch, blue the smoothed line, orange and ringed the "
    )
    return Picture(
        sheet(panels, columns, width, 170, legend=False), alt, caption + "validation set.", width=width
    )


def confusion_table(
    counts: Mapping[str, Mapping[str, int]], width: int = WIDTH, caption: str = ""
) -> Picture:
    """Rows: what was planted; columns: what was named; each cell the number of runs, darker where more.

    Raises `ValueError` for an empty table.
    """
    rows = list(counts)
    if not rows:
        raise ValueError("confusion_table: no runs given")
    named = list(dict.fromkeys([*rows, *(name for row in counts.values() for name in row)]))
    left, top, cell = 200, 158, (width - 200 - 92) / len(named)
    tall, parts = 30, []
    right = sum(counts[row].get(row, 0) for row in rows)
    total = sum(sum(row.values()) for row in counts.values())
    for k, name in enumerate(named):
        x = left + (k + 0.5) * cell
        parts.append(
            f'<text x="{x:.0f}" y="{top - 8}" transform="rotate(-42 {x:.0f} {top - 8})">{html.escape(name)}</text>'
        )
    for r, row in enumerate(rows):
        y, runs = top + r * tall, sum(counts[row].values())
        parts.append(f'<text x="{left - 10}" y="{y + 20}" text-anchor="end">{html.escape(row)}</text>')
        for k, name in enumerate(named):
            count = counts[row].get(name, 0)
            share = count / runs if runs else 0.0
            shade = tuple(round(255 + share * (end - 255)) for end in (0, 90, 160))
            frame = f'stroke="{INK}" stroke-width="1.6"' if row == name else 'stroke="#cccccc"'
            parts.append(
                f'<rect x="{left + k * cell + 1:.1f}" y="{y + 1}" width="{cell - 2:.1f}" height="{tall - 2}" '
                f'fill="rgb{shade}" {frame}/>'
            )
            if count:
                ink = "#ffffff" if share > 0.5 else INK
                parts.append(
                    f'<text x="{left + (k + 0.5) * cell:.1f}" y="{y + 20}" text-anchor="middle" fill="{ink}" '
                    f'font-weight="600">{count}</text>'
                )
    height = top + tall * len(rows) + 6
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" {FONT} font-size="13.5" fill="{INK}">'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="0" y="20" font-weight="600">planted (rows), '
        f"named (columns)</text>{''.join(parts)}</svg>"
    )
    wrong = [
        f"{count} of {sum(counts[row].values())} {row} as {name}"
        for row in rows
        for name, count in counts[row].items()
        if name != row and count
    ]
    alt = f"Confusion table: {right} of {total} runs are named rightly" + (
        f"; {', '.join(wrong)}." if wrong else "."
    )
    return Picture(svg, alt, caption, width=width)
