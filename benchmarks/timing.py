"""Ratios, not seconds: methods interleaved in one process, CPU time, medians over rounds."""

import statistics
import time

try:
    import resource
except ImportError:  # no Unix: programs that a method starts are not counted
    resource = None
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, how much work, and each method's CPU time as a multiple of the base."""

    work: str
    amount: str
    ratios: dict[str, float]  # method -> times the floor
    target: str = ""


def cpu_seconds(method: Callable[[], object]) -> float:
    """CPU time of one call, over all threads of this process and of the programs that it started and waited for."""
    start = time.process_time() + _of_children()
    method()
    return time.process_time() + _of_children() - start


def _of_children() -> float:
    """CPU seconds of the programs that have ended."""
    if resource is None:
        return 0.0
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compare(methods: dict[str, Callable[[], object]], base: str, rounds: int = 5) -> dict[str, float]:
    """Median over rounds of each method's CPU time divided by that of `base` in the same round.

    Within a round the methods follow one another, so that a busy machine disturbs them alike.
    """
    times: dict[str, list[float]] = {name: [] for name in methods}
    for number in range(rounds):
        names = list(methods) if number % 2 == 0 else list(methods)[::-1]
        for name in names:
            times[name].append(cpu_seconds(methods[name]))
    return {
        name: statistics.median(mine / floor for mine, floor in zip(own, times[base], strict=True))
        for name, own in times.items()
    }
