"""A notebook beside k busy processes: what a class's machine, a browser or another kernel costs it.

Threads that wait by spinning burn CPU time while another process has the core, so the CPU seconds of one and the same
notebook would grow with k; with threads that sleep they stay. The seconds must grow: the cores are shared.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.kernels import student

NOTEBOOK = "07b_transformer"
COUNTS = (0, 2, 4)
SPIN = "while True: pass"
HEADER = """Notebook {name}, top to bottom, in a kernel that gets no setting from outside (as from VS Code or a plain
`jupyter lab`), beside so many processes that never wait. *CPU* is the kernel's on all threads; its multiple should
stay near 1. *Fair share* is what the seconds grow by where {cores} cores are shared equally with a kernel that keeps
one of them busy: (1 + k) / {cores}, at least 1.

| busy processes | seconds | times alone | fair share | CPU, s | times alone |
|---|---|---|---|---|---|"""


@contextmanager
def busy(count: int) -> Iterator[list[subprocess.Popen]]:
    """So many processes that compute without an end; they are ended with the block."""
    spinning = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(count)]
    try:
        yield spinning
    finally:
        for process in spinning:
            process.kill()
            process.wait()


@contextmanager
def unset(prefixes: Sequence[str] = ("OMP_", "MKL_", "KMP_", "GOMP_")) -> Iterator[None]:
    """The environment without the settings of thread pools: what a kernel sets for itself is measured."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(tuple(prefixes))}
    for name in kept:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(kept)


def measured(name: str, count: int) -> tuple[float, float]:
    """Seconds and CPU seconds of a notebook's cells beside `count` busy processes; its kernel starts before they do."""
    with unset(), student(name) as one, busy(count):
        start = time.perf_counter()
        for number in range(len(one.cells)):
            one.run(number)
        return time.perf_counter() - start, one.usage().cpu


def line(count: int, seconds: float, cpu: float, alone: tuple[float, float], cores: int) -> str:
    """One row of the table."""
    times = f"{seconds:.0f} | {seconds / alone[0]:.1f} | {max(1, (1 + count) / cores):.1f}"
    return f"| {count} | {times} | {cpu:.0f} | {cpu / alone[1]:.2f} |"


def rows(name: str = NOTEBOOK, counts: Sequence[int] = COUNTS) -> str:
    """The table, a row per number of busy processes; the first is the base."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    lines, alone = [HEADER.format(name=name, cores=cores)], (0.0, 0.0)
    for count in counts:
        seconds, cpu = measured(name, count)
        alone = alone if any(alone) else (seconds, cpu)
        lines.append(line(count, seconds, cpu, alone, cores))
        print(lines[-1], flush=True)
    return "\n".join(lines)
