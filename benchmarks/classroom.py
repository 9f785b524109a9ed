"""`python -m benchmarks.classroom [--students 1 2 4] [--notebook 04_parameters]`: k students at once on this machine.

Each student has a kernel of his own, runs the code cells of a notebook one after the other, and moves a slider of an
explorable many times, with pauses as a person makes them (drawn from an exponential distribution). Printed are the
seconds from the click to the answer, median and 95th percentile, against the number of students.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import threading
import time
from dataclasses import dataclass, field

import nbformat

from benchmarks.kernels import Student, names, student

# what a student moves: made once, then asked for a picture at every step of a slider
EXPLORABLE = (
    "from lecturelib.parameters import explore as _e; _moved = _e.activation_browser(); _moved.picture();"
)
MOVE = "_moved.picture({{'rank': {rank}}}).png();"


@dataclass
class Answers:
    """The seconds until the answer: of the cells, and of the moves of a slider; and CPU seconds and MB at the end."""

    cells: list[float] = field(default_factory=list)
    moves: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    share: list[float] = field(default_factory=list)


def attend(name: str, cells: int, moves: int, pause: float, seed: int, answers: Answers) -> None:
    """One student: the first `cells` code cells, then `moves` of the slider; `pause` is the mean pause in seconds."""
    chance = random.Random(seed)
    with student(name) as one:
        for number in range(min(cells, len(one.cells))):
            time.sleep(chance.expovariate(1 / pause) if pause else 0)
            answers.cells.append(one.run(number))
        _asked(one, EXPLORABLE)
        for _ in range(moves):
            time.sleep(chance.expovariate(4 / pause) if pause else 0)
            answers.moves.append(_asked(one, MOVE.format(rank=chance.randint(1, 60))))
        used = one.usage()
        answers.cpu.append(used.cpu)
        answers.share.append(used.share)


def _asked(one: Student, code: str) -> float:
    index, kept = one.cells[0]
    start = time.perf_counter()
    one.client.execute_cell(nbformat.v4.new_code_cell(code), index, store_history=False)
    one.client.nb.cells[index] = kept
    return time.perf_counter() - start


def lesson(count: int, name: str, cells: int, moves: int, pause: float) -> Answers:
    """`count` students at once, each in a thread of this process and a kernel of his own."""
    answers = Answers()
    threads = [
        threading.Thread(target=attend, args=(name, cells, moves, pause, seed, answers))
        for seed in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(answers.cpu) < count:
        raise RuntimeError(f"{count - len(answers.cpu)} of {count} students did not come to the end")
    return answers


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    ordered = sorted(seconds)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classroom", description=__doc__)
    parser.add_argument("--students", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--notebook", choices=names(), default="04_parameters")
    parser.add_argument("--cells", type=int, default=10, help="code cells that each runs")
    parser.add_argument("--moves", type=int, default=30, help="moves of a slider that each makes")
    parser.add_argument(
        "--pause", type=float, default=4.0, help="mean seconds before a cell; a quarter before a move"
    )
    chosen = parser.parse_args()
    print(
        "| students | a cell, p50, s | p95 | a move, p50, s | p95 | CPU, s a student | own share, MB | load |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for count in chosen.students:
        found = lesson(count, chosen.notebook, chosen.cells, chosen.moves, chosen.pause)
        numbers = [f"{value:.2f}" for kind in (found.cells, found.moves) for value in percentiles(kind)]
        means = [f"{statistics.mean(found.cpu):.0f}", f"{statistics.mean(found.share):.0f}"]
        print(
            "| " + " | ".join([str(count), *numbers, *means, f"{os.getloadavg()[0]:.0f}"]) + " |", flush=True
        )


if __name__ == "__main__":
    main()
