"""`python -m benchmarks.grading [--part 08] [--count 100] [--nbgrader PYTHON]`: what grading costs, per notebook.

It writes submissions from the exercises of a part (solutions, declared mistakes, and a third that is hostile or
damaged), grades them one by one in jails, and prints CPU seconds per notebook and memory per worker. With
`--nbgrader` (the Python of an environment that has nbgrader and this library's packages) the honest and wrong ones
are graded by its autograde too, the same functions on the same cases, and the ratio is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from lecturelib.exercises.answer_key import answer_key
from lecturelib.exercises.exercise import Exercise
from lecturelib.exercises.wire import encode
from lecturelib.files import write_whole
from lecturelib.grading import Limits, choose_driver, exercises_of, grade_one, student_pack
from lecturelib.grading.batch import Plan, run_batch
from lecturelib.grading.jail_channel import Jail
from lecturelib.grading.submissions import find_submissions, read_submission, student_names

ROOT = Path(__file__).resolve().parents[1]
SECRET = b"a benchmark has no secret"
HOSTILE = {
    "endless": "while True:\n        pass",
    "exits": "import os\n    os._exit(0)",
    "segfault": "import ctypes\n    ctypes.string_at(0)",
    "memory": "kept = [bytearray(2**28) for _ in range(100)]",
    "forks": "import os, time\n    while os.fork() >= 0:\n        time.sleep(0.01)",
    "network": "import socket\n    socket.create_connection(('127.0.0.1', 80))",
    "kills": "import os\n    os.kill(-1, 9)",
    "prints": "print('x' * 10**8)",
}
DAMAGED = ("not json", "truncated", "outputs", "empty", "no cells", "utf-16")


def notebook(sources: dict[str, str]) -> str:
    """A notebook with one marked cell per exercise."""
    cells = [
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": f"#| exercise: {k}\n{v}",
        }
        for k, v in sources.items()
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def write_submissions(folder: Path, exercises: Sequence[Exercise], count: int) -> dict[str, int]:
    """A third all right, a third with declared mistakes, a third hostile or damaged; how many of each."""
    rng = random.Random(0)
    right = {each.name: each.fill(each.solution) for each in exercises}
    kinds = {"right": 0, "mistakes": 0, "hostile": 0, "damaged": 0}
    for number in range(count):
        sources = dict(right)
        text = notebook(sources)
        kind = ("right", "mistakes", "hostile" if number % 2 else "damaged")[number % 3]
        if kind == "mistakes":
            for each in rng.sample(list(exercises), k=min(2, len(exercises))):
                wrong = rng.choice(each.mistakes)
                sources[each.name] = each.fill(wrong.source)
            text = notebook(sources)
        elif kind == "hostile":
            functions = [each for each in exercises if each.kind == "function"]
            each = rng.choice(functions)
            body = HOSTILE[rng.choice(sorted(HOSTILE))]
            sources[each.name] = f"def {each.answer}(*inputs):\n    {body}\n    return None"
            text = notebook(sources)
        kinds[kind] += 1
        data = text.encode()
        if kind == "damaged":
            way = DAMAGED[number // 6 % len(DAMAGED)]
            data = {
                "not json": b"hello", "truncated": data[: len(data) // 2], "empty": b"", "no cells": b"{}",
                "utf-16": text.encode("utf-16"),
                "outputs": text.replace('"outputs": []', '"outputs": [{"text": "' + "A" * 5_000_000 + '"}]').encode(),
            }[way]  # fmt: skip
        (folder / f"s{number:03d}_{kind}.ipynb").write_bytes(data)
    return kinds


def cpu() -> float:
    """CPU seconds of this process and of all jails that it has ended."""
    return time.process_time() + Jail.spent


def grade_each(folder: Path, exercises: Sequence[Exercise]) -> dict[str, list[float]]:
    """CPU seconds of every submission by kind, with reading and the making of its pack."""
    driver = choose_driver()
    paths = find_submissions(folder)
    spent: dict[str, list[float]] = {}
    for path, name in student_names(paths).items():
        start = cpu()
        submission = read_submission(path, name).to_bytes()
        grade_one(submission, student_pack(exercises, SECRET, name), Limits(), driver)
        spent.setdefault(name.split("_")[1], []).append(cpu() - start)
    return spent


def nbgrader_seconds(
    python: str, folder: Path, exercises: Sequence[Exercise], paths: Sequence[Path]
) -> float:
    """CPU seconds of nbgrader's autograde per notebook: the same answers and cases, as its test cells."""
    course = folder / "course"
    released = []
    for each in exercises:
        cases = [*each.public_cases(0), *each.hidden_cases(SECRET, "nbgrader", 0)]
        key = answer_key(each, cases)  # outside of what is timed: nbgrader's tests hold what they expect
        file = write_whole(
            course / "expected" / each.name,
            encode([[one.case.inputs, one.expected.value] for one in key.cases]),
        )
        call = f"{each.answer}(*inputs)" if each.kind == "function" else each.answer
        lines = [
            "from lecturelib.exercises.compare import difference",
            "from lecturelib.exercises.wire import decode",
        ]
        lines += [f"for inputs, expected in decode(open({str(file)!r}, 'rb').read()):", f"    got = {call}"]
        lines += ["    assert not difference(expected, got, 1e-3)"]
        given = {"grade": False, "solution": False, "locked": True, "schema_version": 3, "task": False}
        answer = {"grade": False, "solution": True, "locked": False, "schema_version": 3, "task": False}
        test = {
            "grade": True,
            "solution": False,
            "locked": True,
            "points": 1,
            "schema_version": 3,
            "task": False,
        }
        for kind, source, role in (
            ("given", each.fill(each.given) or "pass", given),
            ("answer", None, answer),
        ):
            released.append((f"{each.name}-{kind}", each.name, source, role))
        released.append((f"{each.name}-test", each.name, "\n".join(lines), test))

    def write(target: Path, answers: dict[str, str]) -> None:
        cells = []
        for cell, name, source, role in released:
            text = answers[name] if source is None else source
            cells.append(
                {"cell_type": "code", "metadata": {"nbgrader": {**role, "grade_id": cell}}, "outputs": [],
                 "execution_count": None, "source": text, "id": cell.replace("_", "-")}
            )  # fmt: skip
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(
            json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})
        )

    solutions = {each.name: each.fill(each.solution) for each in exercises}
    write(course / "source" / "ps1" / "part.ipynb", solutions)
    for path in paths:
        cells = json.loads(path.read_text())["cells"]
        texts = [cell["source"].split("\n", 1) for cell in cells]
        answers = {head.removeprefix("#| exercise: "): body for head, body in texts}
        write(course / "submitted" / path.stem.replace("_", "") / "ps1" / "part.ipynb", answers)
    (course / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.root = {str(course)!r}\n"
    )
    started = [python, "-m", "nbgrader"]
    path = f"{Path(python).absolute().parent}{os.pathsep}{os.environ['PATH']}"  # it calls alembic by its name
    options = {
        "cwd": course,
        "capture_output": True,
        "env": {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
    }
    subprocess.run([*started, "generate_assignment", "ps1", "--force"], check=True, **options)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*started, "autograde", "ps1"], check=False, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = len(list((course / "autograded").glob("*/ps1/part.ipynb")))
    if done != len(paths):
        raise RuntimeError(f"nbgrader graded {done} of {len(paths)}")
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / len(paths)


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grading", description=__doc__)
    parser.add_argument("--part", default="08", help="the part whose exercises are graded")
    parser.add_argument("--exercises", type=int, default=5, help="how many of them")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--nbgrader", metavar="PYTHON", help="the Python of an environment that has nbgrader")
    parser.add_argument("--nbgrader-count", type=int, default=10)
    parser.add_argument(
        "--workers", type=int, default=0, help="grade the folder as a batch too, by so many workers"
    )
    chosen = parser.parse_args()
    exercises = exercises_of(chosen.part)[: chosen.exercises]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "submissions")
        folder.mkdir()
        kinds = write_submissions(folder, exercises, chosen.count)
        print(
            f"part {chosen.part}, {len(exercises)} exercises, {chosen.count} submissions: {kinds}", flush=True
        )
        student_pack(exercises, SECRET, "warm")
        spent = grade_each(folder, exercises)
        for kind, seconds in sorted(spent.items()):
            print(
                f"{kind:9} {mean(seconds):5.2f} CPU seconds per notebook (largest {max(seconds):.2f})",
                flush=True,
            )
        honest = [*spent.get("right", []), *spent.get("mistakes", [])]
        print(f"right or mistaken: {mean(honest):.2f}; all: {mean(sum(spent.values(), [])):.2f}")
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"memory: grader {own:.0f} MB, largest jail {Jail.peak / 2**20:.0f} MB (0: no control group)")
        if chosen.workers:
            start = time.perf_counter()
            plan = Plan(chosen.part, SECRET, choose_driver(), str(Path(name, "results")))
            batch = run_batch(folder, plan, chosen.workers)
            seconds = time.perf_counter() - start
            print(f"as a batch, {chosen.workers} workers: {seconds:.0f} s, {len(batch.ungraded)} ungraded")
        if chosen.nbgrader:
            paths = [
                path for path in find_submissions(folder) if "right" in path.name or "mistakes" in path.name
            ]
            theirs = nbgrader_seconds(chosen.nbgrader, Path(name), exercises, paths[: chosen.nbgrader_count])
            ratio = theirs / mean(honest)
            print(f"nbgrader: {theirs:.2f} CPU seconds per notebook, {ratio:.1f} times as much")


if __name__ == "__main__":
    main()
