"""A notebook in a kernel of its own, cell by cell, and what the kernel says of its memory and CPU time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
TIMEOUT = 3000  # seconds for one cell; a busy machine is slow
# The kernel reads this of itself: Linux keeps the peak, and the share of pages that other processes use too.
_ASKED = """
import gc, json, time
gc.collect()
def _kilobytes(file, name):
    lines = open(f"/proc/self/{file}").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))
print(json.dumps({"peak": _kilobytes("status", "VmHWM"), "resident": _kilobytes("status", "VmRSS"),
    "share": _kilobytes("smaps_rollup", "Pss"), "cpu": time.process_time()}))
"""


@dataclass(frozen=True)
class Usage:
    """Of a kernel: the largest and the present resident memory and its proportional share in MB, and CPU seconds."""

    peak: float
    resident: float
    share: float
    cpu: float


class Student:
    """A kernel that runs the code cells of a notebook one after the other."""

    def __init__(self, client: Any, name: str):
        self.client, self.name = client, name
        self.cells = [(k, cell) for k, cell in enumerate(client.nb.cells) if cell.cell_type == "code"]

    def run(self, number: int) -> float:
        """Runs the code cell with this number; the seconds until the answer. Raises if the cell fails."""
        index, cell = self.cells[number]
        start = time.perf_counter()
        self.client.execute_cell(cell, index)
        return time.perf_counter() - start

    def usage(self) -> Usage:
        """What the kernel has used up to now."""
        told: dict = {}
        asked = nbformat.v4.new_code_cell(_ASKED)
        index, kept = self.cells[0]
        self.client.execute_cell(asked, index, store_history=False)
        self.client.nb.cells[index] = kept
        told = json.loads("".join(output.get("text", "") for output in asked.outputs))
        megabytes = {name: told[name] / 1024 for name in ("peak", "resident", "share")}
        return Usage(**megabytes, cpu=told["cpu"])


@contextmanager
def student(name: str) -> Iterator[Student]:
    """A student who has opened the notebook `name` ("04_parameters"); the kernel ends with the block."""
    from nbclient import NotebookClient

    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    where = {"metadata": {"path": str(FOLDER)}}
    client = NotebookClient(notebook, timeout=TIMEOUT, coalesce_streams=True, resources=where)
    with client.setup_kernel():
        yield Student(client, name)


def names() -> list[str]:
    """The lessons, in their order."""
    return sorted(path.stem for path in FOLDER.glob("*.ipynb"))
