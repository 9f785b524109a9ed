"""Plots of a run on letters that repeat: how much is copied, beside the induction score of every head."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lecturelib.attention.induction_run import InductionRun, InductionStep, by_name
from lecturelib.checks import complaint, described
from lecturelib.drawing.curve_panels import Panel, Series, sheet
from lecturelib.show import Picture
from lecturelib.training.live_curves import Screen, live_pictures
from lecturelib.training.smooth import smooth

WIDTH, HEIGHT = 820, 250


def watch_heads(run: InductionRun, screen: Screen | None = None) -> Iterator[InductionStep]:
    """Iterate over the steps of a run while its heads are drawn, at most ten times a second.

    `for step in watch_heads(train_induction()): pass`. The kernel's interrupt ends the loop after a whole step;
    iterating again goes on. `screen`: where pictures go, see `training.live_curves`. Raises TypeError for something
    that is no run.

    >>> from lecturelib.attention.induction_run import train_induction
    >>> shown = []
    >>> len(list(watch_heads(train_induction(steps=2), screen=lambda picture, line: shown.append(line))))
    2
    """
    if not isinstance(run, InductionRun):
        raise TypeError(complaint("run", "a run, as in watch_heads(train_induction())", described(run)))
    return live_pictures(run, heads_picture, screen)


def heads_picture(run: InductionRun, weight: float = 0.9) -> Picture:
    """Share of letters right so far, and each head's induction score. Raises ValueError before the first step.

    `weight`: how much the first curve is smoothed, from 0 to below 1.
    """
    if run.last is None:
        raise ValueError(complaint("run", "at least one step", "none", "take one with next(run)"))
    history, end = run.history, float(run.of)
    steps = history.steps("accuracy")
    right = smooth(history["accuracy"], weight)
    names = [name for name in by_name(run.last.scores) if name in history]
    heads = [
        Series(history.steps(name), history[name], name.replace("layer ", "").replace(" head ", "."), k)
        for k, name in enumerate(names)
    ] or [Series(np.zeros(0), np.zeros(0))]
    panels = [
        Panel(
            "letters right where they repeat",
            [Series(steps, history["accuracy"], "", 0, "raw"), Series(steps, right, "", 0)],
            low=0.0,
            high=1.0,
            x_end=end,
            x_label="step",
        ),
        Panel("score by head", heads, low=0.0, high=1.0, x_end=end, x_label="step"),
    ]
    scores = ", ".join(f"{name} {value:.2f}" for name, value in by_name(run.last.scores).items())
    alt = (
        f"A model of {len(run.model.layers)} layer(s), step {run.step} of {run.of}: {right[-1]:.0%} of the letters "
        f"right; induction scores: {scores}."
    )
    return Picture(sheet(panels, 2, WIDTH, HEIGHT), alt, width=WIDTH)
