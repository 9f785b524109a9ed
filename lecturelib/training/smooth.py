"""Honest smoothing: a debiased moving average that never rewrites the past, and several seeds as a band."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lecturelib.training.history import History


class Smoother:
    """A moving average that takes one value after another: `add(value)` returns the average so far.

    The weights of the past fall by the factor `weight` from step to step, and they are divided by their sum: the first
    average is the first value, not a share of it (debiased). Raises `ValueError` unless 0 <= weight < 1.
    """

    def __init__(self, weight: float):
        if not isinstance(weight, int | float) or isinstance(weight, bool) or not 0 <= weight < 1:
            raise ValueError(f"weight={weight!r}: a number from 0 (no smoothing) to below 1 is needed")
        self.weight, self._sum, self._mass, self._mean = weight, 0.0, 0.0, math.nan

    def add(self, value: float) -> float:
        """The average after one more value. NaN and infinity are gaps: the average stays, and grows older."""
        self._sum *= self.weight
        self._mass *= self.weight
        if math.isfinite(value):
            self._sum += value
            self._mass += 1.0
        # A very long gap makes both sums 0: what was known last is still known.
        self._mean = self._sum / self._mass if self._mass > 1e-300 else self._mean
        return self._mean


def smooth(values: Sequence[float], weight: float = 0.9) -> np.ndarray:
    """The debiased exponential moving average (n,) of values (n,): weight 0 leaves them, near 1 smooths most.

    Only the past enters, so what is drawn once never changes when more steps come; a constant stays that constant.
    About 1 / (1 - weight) values count. The same as pandas' `ewm(alpha=1 - weight, adjust=True).mean()`. NaN and
    infinity are gaps. Raises `ValueError` for another shape or weight.

        s_t = (x_t + w x_(t-1) + w^2 x_(t-2) + ...) / (1 + w + w^2 + ...)
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 1:
        raise ValueError(f"smooth: one series (n,) is needed, got shape {values.shape}")
    smoother = Smoother(weight)
    return np.array([smoother.add(value) for value in values.tolist()])


@dataclass(frozen=True, eq=False)
class Band:
    """One series of several runs: the steps (n,), the middle run's value and the lowest and highest, (n,) each."""

    name: str
    steps: np.ndarray
    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray
    runs: int


def band(histories: Sequence[History], name: str = "loss", weight: float = 0.0) -> Band:
    """Several seeds as a band: median, minimum and maximum of a series at the steps that all runs recorded.

    `weight` smooths each run before. The band is the range of what was seen, not a confidence interval. Raises
    `ValueError` for fewer than two runs, a series of vectors, or runs without a step in common.
    """
    histories = list(histories)
    if len(histories) < 2:
        raise ValueError(f"band: two runs or more are needed, got {len(histories)}")
    common = set.intersection(*(set(history.steps(name).tolist()) for history in histories))
    if not common:
        raise ValueError(f"band: the runs recorded {name!r} at no common step")
    steps = np.array(sorted(common), np.int64)
    rows = []
    for history in histories:
        values = smooth(history[name], weight)  # says what is wrong with vectors
        rows.append(values[np.searchsorted(history.steps(name), steps)])
    stacked = np.stack(rows)  # (runs, n)
    return Band(name, steps, np.median(stacked, 0), stacked.min(0), stacked.max(0), len(rows))
