"""Debiased exponential moving averages, which never change what was drawn before, and bands over several seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lecturelib.checks import complaint, described
from lecturelib.training.history import History


class Smoother:
    """Debiased exponential moving average of one value after another: `add(value)` returns the average so far.

    The weights of the past fall by the factor `weight` from step to step, and they are divided by their sum: the first
    average is the first value, not a share of it (debiased). Raises `ValueError` unless 0 <= weight < 1.

    >>> smoother = Smoother(0.5)
    >>> smoother.add(3.0), smoother.add(6.0)  # (6 + 3 / 2) / (1 + 1 / 2)
    (3.0, 5.0)
    """

    def __init__(self, weight: float):
        if not isinstance(weight, int | float) or isinstance(weight, bool) or not 0 <= weight < 1:
            raise ValueError(
                complaint("weight", "a number from 0 (no smoothing) to below 1", described(weight))
            )
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


def smooth(values: ArrayLike, weight: float = 0.9) -> np.ndarray:
    """Debiased exponential moving average (n,) of values (n,): weight 0 leaves them, near 1 smooths most.

        s_t = (x_t + w x_(t-1) + w^2 x_(t-2) + ...) / (1 + w + w^2 + ...)

    It is the public way to smooth the curve of any run. Only the past enters, so what is drawn once never changes when
    more steps come; a constant stays that constant. About 1 / (1 - weight) values count. The same as pandas'
    `ewm(alpha=1 - weight, adjust=True).mean()`, and the bias correction of Adam (Kingma & Ba 2015, section 3). NaN and
    infinity are gaps. Raises `ValueError` for another shape or weight.

    >>> smooth([2.0, 2.0, 2.0], 0.9).tolist(), smooth([3.0, 6.0], 0.5).tolist()
    ([2.0, 2.0, 2.0], [3.0, 5.0])
    """
    series = np.asarray(values, np.float64)
    if series.ndim != 1:
        raise ValueError(complaint("values", "one series (n,)", f"shape {series.shape}"))
    smoother = Smoother(weight)
    return np.array([smoother.add(value) for value in series.tolist()])


@dataclass(frozen=True, eq=False)
class Band:
    """One series of several runs: the steps (n,), and median, lowest and highest value of the runs, (n,) each.

    See `band` for an example.
    """

    name: str
    steps: np.ndarray
    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray
    runs: int


def band(histories: Sequence[History], name: str = "loss", weight: float = 0.0) -> Band:
    """Median, minimum and maximum over several runs of a series, at the steps that all of them recorded.

    `weight` smooths each run before. The band is the range of these runs, not a confidence interval. Raises
    `ValueError` for fewer than two runs, a series of vectors, or runs without a step in common.

    >>> from lecturelib.training import History, band
    >>> runs = [History() for _ in range(3)]
    >>> for run, loss in zip(runs, (1.0, 2.0, 6.0)):
    ...     run.add(1, {"loss": loss})
    >>> found = band(runs)
    >>> found.low.tolist(), found.middle.tolist(), found.high.tolist()
    ([1.0], [2.0], [6.0])
    """
    histories = list(histories)
    if len(histories) < 2:
        raise ValueError(complaint("histories", "two runs or more", len(histories)))
    common = set.intersection(*(set(history.steps(name).tolist()) for history in histories))
    if not common:
        raise ValueError(complaint("histories", f"runs that recorded {name!r} at a common step", "none"))
    steps = np.array(sorted(common), np.int64)
    rows = []
    for history in histories:
        values = smooth(history[name], weight)  # says what is wrong with vectors
        rows.append(values[np.searchsorted(history.steps(name), steps)])
    stacked = np.stack(rows)  # (runs, n)
    return Band(name, steps, np.median(stacked, 0), stacked.min(0), stacked.max(0), len(rows))
