"""Plots of a toy run as it learns: its curves beside its attention map, as one SVG written in a few milliseconds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from lecturelib.attention.toy_tasks import ToyRun, ToyStep, answer, decode, encode
from lecturelib.checks import complaint, described
from lecturelib.drawing.curve_panels import FONT, INK, LETTERS, PALE, Panel, Series, sheet
from lecturelib.show import Picture
from lecturelib.show.palettes import palette
from lecturelib.training.live_curves import Screen, live_pictures
from lecturelib.training.smooth import smooth

WIDTH, HEIGHT, CHART = 820, 372, 420  # CSS pixels: the whole, and how much of its width the curves take


def watch(run: ToyRun, screen: Screen | None = None) -> Iterator[ToyStep]:
    """Iterate over the steps of a run while its picture is shown, at most ten times a second.

    `for step in watch(train_toy()): pass`. `screen`: where pictures go, see `training.live_curves`. Raises TypeError
    for something that is no run.

    >>> from lecturelib.attention.toy_tasks import train_toy
    >>> shown = []
    >>> len(list(watch(train_toy(steps=2), screen=lambda picture, line: shown.append(line))))
    2
    """
    if not isinstance(run, ToyRun):
        raise TypeError(complaint("run", "a run, as in watch(train_toy())", described(run)))
    return live_pictures(run, picture_of, screen)


def picture_of(run: ToyRun, weight: float = 0.9) -> Picture:
    """The training curves of a run so far beside its attention map now. Raises ValueError before the first step.

    The rows of the map are what is written, from above; the columns what is read; a bright cell: all attention there.
    `weight`: how much the drawn curves are smoothed, from 0 to below 1.
    """
    if run.last is None:
        raise ValueError(complaint("run", "at least one step", "none", "take one with next(run)"))
    history, weights = run.history, run.last.weights
    lines = [
        Series(history.steps("accuracy"), history["accuracy"], "", 0, "raw"),
        Series(history.steps("accuracy"), smooth(history["accuracy"], weight), "letters right", 0),
    ]
    if weights is not None:
        lines.append(Series(history.steps("on_target"), history["on_target"], "attention on that letter", 1))
    panels = [
        Panel("share", lines, low=0.0, high=1.0, x_end=float(run.of)),
        Panel(
            "loss, nats per letter",
            [
                Series(history.steps("loss"), history["loss"], "", 0, "raw"),
                Series(history.steps("loss"), smooth(history["loss"], weight), "", 0),
            ],
            low=0.0,
            x_end=float(run.of),
            x_label="step",
        ),
    ]
    chart = sheet(panels, 1, CHART, HEIGHT // 2 - 6)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'{FONT} font-size="{LETTERS}" fill="{INK}"><rect width="100%" height="100%" fill="#fff"/>{chart}'
        f'<g transform="translate({CHART + 26} 0)">{_map(run, weights)}</g></svg>'
    )
    return Picture(svg, alt_of(run), width=WIDTH)


def alt_of(run: ToyRun) -> str:
    """The same in words and numbers."""
    history, verb = run.history, {"copy": "copies", "reverse": "reverses"}[run.task]
    said = [
        f"A small network that {verb} letters, step {run.step} of {run.of}",
        f"loss {smooth(history['loss'], 0.9)[-1]:.2f} nats",
        f"{smooth(history['accuracy'], 0.9)[-1]:.0%} of the letters right",
    ]
    if run.last is not None and run.last.weights is not None:
        shape = "diagonal" if run.task == "copy" else "diagonal from top right to bottom left"
        said.append(
            f"{history['on_target'][-1]:.0%} of the attention on the letter to be written, the {shape}"
        )
    return ", ".join(said) + "."


def _map(run: ToyRun, weights: Tensor | None) -> str:
    """The attention map as rectangles, letters around it, in the right part of the picture."""
    if weights is None:
        return f'<text x="0" y="150" fill="{PALE}">no attention: one vector holds the whole sequence</text>'
    read = [*run.probe, "end"]
    written = [*decode(answer(encode(run.probe), run.task)[0].tolist()), "end"]
    left, top = 58, 52
    cell = min((WIDTH - CHART - 26 - left - 8) / len(read), (HEIGHT - top - 8) / len(written))
    colors, values = palette("cividis"), np.clip(weights.numpy(), 0, 1)
    parts = [
        f'<text x="0" y="17" font-weight="600">attention weights for &#8220;{run.probe}&#8221;</text>',
        f'<text x="{left}" y="{top - 18}" text-anchor="end" fill="{PALE}" font-size="13">reads</text>',
        f'<text x="{left - 8}" y="{top - 1}" text-anchor="end" fill="{PALE}" font-size="13">writes</text>',
    ]
    for k, letter in enumerate(read):
        parts.append(
            f'<text x="{left + (k + 0.5) * cell:.1f}" y="{top - 6}" text-anchor="middle">{letter}</text>'
        )
    for t, letter in enumerate(written):
        y = top + t * cell
        parts.append(f'<text x="{left - 8}" y="{y + cell / 2 + 5:.1f}" text-anchor="end">{letter}</text>')
        for s in range(len(read)):
            r, g, b = colors[round(float(values[t, s]) * 255)]
            parts.append(
                f'<rect x="{left + s * cell:.1f}" y="{y:.1f}" width="{cell - 1:.1f}" height="{cell - 1:.1f}" '
                f'fill="rgb({r},{g},{b})"/>'
            )
    return "".join(parts)
