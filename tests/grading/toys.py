"""What the tests of the grading share: toy submissions on disk, and a plan for them."""

import json
from pathlib import Path

from lecturelib.grading import Limits, choose_driver
from lecturelib.grading.batch import Plan, run_batch
from tests.grading.hostile_cases import RIGHT

ROOT = Path(__file__).resolve().parents[2]
COURSE = Path(__file__).parent / "course"
LIMITS = Limits(cpu=5, wall=60)


def write_submission(folder, student, **answers):
    """A notebook with the right answers, and these in their place."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = [f"#| exercise: {name}\n{answers.get(name, source)}" for name, source in RIGHT.items()]
    cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []} for source in sources]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{student}.ipynb").write_text(json.dumps(notebook))


def write_class(folder):
    """Three students: all right, a declared mistake, an error in a cell that is otherwise right."""
    write_submission(folder, "ana")
    write_submission(folder, "bo", doubled="def doubled(x):\n    return x ** 2")
    write_submission(folder, "cy", table="def table(values):\n    return 1 / 0", which_channel="channel = 18")
    return folder


def plan_for(results, **more):
    return Plan("05", b"s" * 32, choose_driver(), str(results), str(COURSE), **{"limits": LIMITS, **more})


def grade(folder, results, workers=2, roster=(), say=lambda text: None, **more):
    return run_batch(folder, plan_for(results, **more), workers, roster, say=say)


def files_of(results):
    """Everything a student or instructor reads, as bytes, by its path."""
    found = [path for path in Path(results).rglob("*") if path.is_file() and path.name != "secret.bin"]
    return {str(path.relative_to(results)): path.read_bytes() for path in found}
