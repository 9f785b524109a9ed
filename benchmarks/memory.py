"""Memory and CPU time of the kernel after each notebook, run from its first cell to its last."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.kernels import Usage, names, student

LIMIT = 1200  # MB, the peak that a lesson may have
HEADER = """Each notebook is run from top to bottom in a kernel of its own. *Peak* is the largest resident memory, *at
the end* that after the last cell, *own share* counts a page that several processes use in parts (proportional set
size), *CPU* the kernel's seconds on all threads. Target: a peak of at most 1,200 MB each.

| notebook | code cells | peak, MB | at the end, MB | own share, MB | CPU, s | at most 1,200 MB |
|---|---|---|---|---|---|---|"""


def measured(name: str) -> tuple[int, Usage]:
    """The number of code cells of a notebook, and what its kernel used to run them all."""
    with student(name) as one:
        for number in range(len(one.cells)):
            one.run(number)
        return len(one.cells), one.usage()


def line(name: str, cells: int, used: Usage) -> str:
    """One row of the table."""
    numbers = f"{used.peak:,.0f} | {used.resident:,.0f} | {used.share:,.0f} | {used.cpu:.0f}"
    return f"| {name} | {cells} | {numbers} | {'yes' if used.peak <= LIMIT else '**no**'} |"


def rows(chosen: Sequence[str] = ()) -> str:
    """The table, a row per notebook."""
    lines = [HEADER]
    for name in chosen or names():
        lines.append(line(name, *measured(name)))
        print(lines[-1], flush=True)
    return "\n".join(lines)
