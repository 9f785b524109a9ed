"""Pictures of runs: learning curves raw and smoothed, monitors per layer, bands over seeds, many runs side by side.

They take any `History`, so they are the public way to draw a run of your own, too. `confusion_table` stands in
`confusion_table.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lecturelib.checks import complaint
from lecturelib.drawing.curve_panels import Panel, Series, sheet
from lecturelib.show import Picture
from lecturelib.training.history import History
from lecturelib.training.smooth import Band, smooth

WIDTH = 820  # CSS pixels: the page beside nothing
MONITORED = {
    "gradients/": ("gradient per weight, by layer", True),
    "updates/": ("step by size of the weights", True),
    "dead/": ("share of dead ReLU units", False),
}


def run_curves(
    history: History, weight: float = 0.9, width: int = WIDTH, of: int | None = None, caption: str = ""
) -> Picture:
    """Plot loss, accuracy, learning rate and gradient norm over the steps, each smoothed line over its raw one.

    Validation is orange, dashed and ringed. `of`: the step at which the run is to end, so that the axis does not move.
    Raises `ValueError` for a history without a loss.

    >>> from lecturelib.training import History, run_curves
    >>> history = History()
    >>> for step in (1, 2):
    ...     history.add(step, {"loss": 2.0 / step, "learning_rate": 0.1, "gradient_norm": 1.0})
    >>> run_curves(history).alt
    'Training curves, step 2, loss from 2 to 1.47, learning rate 0.1, gradient norm 1.'
    """
    if "loss" not in history:
        raise ValueError(complaint("history", "a series 'loss'", "none", "take a step of the run first"))
    end = float(max(of or 0, history.step))
    panels = [_pair(history, "loss", weight, end, None)]
    if "accuracy" in history:
        panels.append(_pair(history, "accuracy", weight, end, 1.0))
    for name, title in (("learning_rate", "learning rate"), ("gradient_norm", "norm of the gradient")):
        steps, values = history.steps(name), history[name]
        lines = [Series(steps, values, kind="bold" if name == "learning_rate" else "raw")]
        if name == "gradient_norm":
            lines.append(Series(steps, smooth(values, weight)))
        spread = _spread(values)
        panels.append(Panel(title, lines, log=spread > 20, low=0.0, x_end=end))
    return Picture(sheet(panels, 2, width, 200), alt_of(history, of), caption, width=width)


def alt_of(history: History, of: int | None = None) -> str:
    """The alt text of the curves: what they show, in numbers."""
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
    lines = [Series(steps, values, "batch", 0, "raw"), Series(steps, even, "smoothed", 0)]
    parts = [even[np.isfinite(even)]]
    if f"validation_{name}" in history:
        checked = history[f"validation_{name}"]
        lines.append(Series(history.steps(f"validation_{name}"), checked, "validation", 1, "marked"))
        parts.append(checked[np.isfinite(checked)])
    known = np.concatenate(parts)
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


def monitored_curves(
    history: History, prefixes: Sequence[str] = tuple(MONITORED), width: int = WIDTH
) -> Picture:
    """Plot what the monitors recorded per layer: gradients, updates and dead units, a line and a dash for each layer.

    Raises `ValueError` where none of these was recorded.

    >>> from lecturelib.training import History, monitored_curves
    >>> history = History()
    >>> history.add(1, {"gradients/conv1": 0.02})
    >>> monitored_curves(history).alt
    'gradient per weight, by layer at the end: conv1 0.02.'
    """
    panels, said = [], []
    for prefix in prefixes:
        names = history.names(prefix)
        if not names:
            continue
        title, log = MONITORED.get(prefix, (prefix.rstrip("/"), False))
        lines = [
            Series(history.steps(name), history[name], name.removeprefix(prefix), k)
            for k, name in enumerate(names)
        ]
        level, said_level = (1e-3, "usual: 0.001") if prefix == "updates/" else (None, "")
        panels.append(
            Panel(
                title,
                lines,
                log,
                0.0,
                1.0 if prefix == "dead/" else None,
                level,
                said_level,
                x_end=float(history.step),
            )
        )
        ends = ", ".join(f"{name.removeprefix(prefix)} {history[name][-1]:.2g}" for name in names)
        said.append(f"{title} at the end: {ends}")
    if not panels:
        hint = "pass monitors=usual_monitors() to fit"
        raise ValueError(complaint("history", "something that monitors recorded per layer", "nothing", hint))
    return Picture(sheet(panels, 1, width, 190), ". ".join(said) + ".", width=width)


def band_curves(found: Band, title: str = "", width: int = WIDTH, height: int = 240) -> Picture:
    """Plot a `Band`: the median of several seeds as a line, the range of all as a shaded region.

    >>> from lecturelib.training import History, band, band_curves
    >>> runs = [History() for _ in range(3)]
    >>> for run, loss in zip(runs, (1.0, 2.0, 6.0)):
    ...     run.add(1, {"loss": loss})
    >>> band_curves(band(runs)).alt
    'loss, 3 seeds: median 2 at the end, from 1 to 6.'
    """
    words = title or f"{found.name.replace('_', ' ')}, {found.runs} seeds"
    panel = Panel(
        words, [Series(found.steps, found.middle, "median")], x_end=float(found.steps[-1]), low=0.0,
        shade=(found.steps, found.low, found.high),
    )  # fmt: skip
    alt = f"{words}: median {found.middle[-1]:.3g} at the end, from {found.low[-1]:.3g} to {found.high[-1]:.3g}."
    return Picture(sheet([panel], 1, width, height), alt, width=width)


def run_gallery(
    runs: Mapping[str, History], name: str = "loss", columns: int = 3, weight: float = 0.9, width: int = WIDTH
) -> Picture:
    """Plot one series of many runs side by side, a small chart with a title for each; validation is ringed.

    >>> from lecturelib.training import History, run_gallery
    >>> runs = {"slow": History(), "fast": History()}
    >>> for history, loss in zip(runs.values(), (2.0, 0.5)):
    ...     history.add(1, {"loss": loss})
    >>> run_gallery(runs).alt
    'Loss of 2 runs over the steps; at the end slow: 2, fast: 0.5.'
    """
    if not runs:
        raise ValueError(complaint("runs", "at least one run", "none"))
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
