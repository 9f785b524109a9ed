"""A folder of submissions, graded: read, pack, grade, file; whatever one submission does, every other one is graded."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lecturelib.exercises.exercise import Exercise
from lecturelib.files import write_whole
from lecturelib.grading import class_report, feedback_page, result_store, similarity
from lecturelib.grading.answers import segments
from lecturelib.grading.grader import grade_one
from lecturelib.grading.jail import Driver
from lecturelib.grading.limits import Limits
from lecturelib.grading.local_pool import LocalPool, Lost
from lecturelib.grading.marks_table import MANUAL, StudentRow, folder_name, marks_csv, read_manual
from lecturelib.grading.packs import exercises_of, grader_version, student_pack
from lecturelib.grading.roster import Person, match
from lecturelib.grading.submissions import find_submissions, read_submission, student_names

MOST_COMPARED = 200_000
# check("NAME", ANSWER, variant=1), as `release` writes it; the answer may be left out
_VARIANT = re.compile(r"check\(\s*[\"'](\w+)[\"'](?:\s*,[^\n,()]*)?,\s*variant\s*=\s*(\d+)\s*\)")


@dataclass(frozen=True)
class Plan:
    """All that grading a batch depends on; it goes to every worker of the local pool.

    >>> Plan("05", b"s" * 32, Driver("none"), "results").limits.processes
    64
    """

    part: str
    secret: bytes
    driver: Driver
    results: str
    exercises: str | None = None
    own_variants: bool = False
    limits: Limits = Limits()

    @property
    def store(self) -> Path:
        """The folder of the results by address."""
        return Path(self.results, "results")


@dataclass(frozen=True)
class Task:
    """One submission: where it lies, its name in the results, and the student that its hidden inputs follow from."""

    path: str
    name: str
    student: str


@dataclass(frozen=True)
class Prepared:
    """A submission that was read: its bytes, its pack, the address of its result, and what is compared in the class."""

    name: str
    submission: bytes
    pack: bytes
    address: str
    answers: str
    variants: tuple[tuple[str, int], ...] = ()


@dataclass
class Batch:
    """What a run gave: a row per student, the exercises, and how many results were new."""

    rows: list[StudentRow] = field(default_factory=list)
    exercises: list[Exercise] = field(default_factory=list)
    graded: int = 0
    taken_over: int = 0

    @property
    def ungraded(self) -> list[str]:
        """The students for whom something could not be graded through a fault that is not theirs."""
        return [row.student for row in self.rows if row.result and result_store.has_ungraded(row.result)]


_plan: Plan | None = None
_exercises: list[Exercise] = []


def set_up_worker(plan: Plan) -> None:
    """Make this process ready to prepare and grade for a plan."""
    import torch

    global _plan, _exercises
    torch.set_num_threads(1)
    _plan, _exercises = plan, exercises_of(plan.part, plan.exercises)


def prepare(task: Task) -> Prepared:
    """Read a submission and make its pack, in a worker that was set up."""
    assert _plan is not None
    read = read_submission(task.path, task.name)
    submission = read.to_bytes()
    pack = student_pack(_exercises, _plan.secret, task.student, _plan.own_variants)
    parts = [part.text for part in segments(read.sources) if part.exercise]
    variants = sorted(
        {(name, int(number)) for source in read.sources for name, number in _VARIANT.findall(source)}
    )
    where = result_store.address(submission, pack, _plan.limits)
    return Prepared(
        task.name, submission, pack, where, "\n".join(parts)[:MOST_COMPARED], tuple(variants)[:50]
    )


def prepare_and_grade(task: Task) -> tuple[Prepared, bytes, bool]:
    """Prepare and grade a submission in a worker that was set up: what was read, the result, and whether it is new."""
    assert _plan is not None
    ready = prepare(task)
    kept = result_store.stored(_plan.store, ready.address)
    result = kept or grade_one(ready.submission, ready.pack, _plan.limits, _plan.driver)
    if kept is None:
        result_store.store(_plan.store, ready.address, result)
    slim = Prepared(ready.name, b"", b"", ready.address, ready.answers, ready.variants)
    return slim, result, kept is None


def tasks_of(folder: str | Path, roster: Sequence[Person] = ()) -> tuple[list[Task], dict[str, Person]]:
    """One task per submission of a folder, and whose they are: a person of the roster, by the submission's name."""
    names = student_names(find_submissions(folder))
    people = match(list(names.values()), roster)
    tasks = [
        Task(str(path), name, people[name].student if name in people else name)
        for path, name in names.items()
    ]
    return tasks, people


Answer = tuple[Task, Prepared, bytes, bool] | tuple[Task, None, str, bool]


def grade_locally(plan: Plan, tasks: Iterable[Task], workers: int) -> Iterator[Answer]:
    """Grade on this machine: (task, what was read, result, whether it is new), as they end; a text where it failed."""
    with LocalPool(workers, prepare_and_grade, set_up_worker, (plan,)) as pool:
        for task, found in pool.run(tasks):
            if isinstance(found, Lost):
                yield task, None, found.reason, True
            else:
                yield (task, *found)


def run_batch(
    folder: str | Path,
    plan: Plan,
    workers: int = 0,
    roster: Sequence[Person] = (),
    engine: Callable[[Plan, Iterable[Task], int], Iterator[Answer]] = grade_locally,
    say: Callable[[str], None] | None = None,
) -> Batch:
    """Grade a folder and write everything into the plan's results; what was graded before is taken over."""
    results = Path(plan.results)
    batch = Batch(exercises=exercises_of(plan.part, plan.exercises))
    manual = read_manual(results, [each.name for each in batch.exercises])
    tasks, people = tasks_of(folder, roster)
    compared: dict[str, str] = {}
    rows: dict[str, StudentRow] = {}
    progress = ProgressBar(len(tasks), say)
    nobody = sorted(set(manual) - {task.student for task in tasks} - {person.student for person in roster})
    if nobody:
        progress.say(f"{MANUAL}: nobody here is called {', '.join(nobody)}: these marks count nowhere")
    with closing(engine(plan, tasks, workers or os.cpu_count() or 1)) as answers:  # type: ignore[type-var]
        for task, ready, result, fresh in answers:
            row = StudentRow(task.student, people.get(task.name))
            if ready is None:
                row.result = _lost(batch.exercises, str(result))
            else:
                assert isinstance(result, bytes)
                row.result = json.loads(result)
                compared[task.name] = ready.answers
                row.reasons += _other_variants(ready, batch.exercises, plan, task.student)
            row.manual = manual.get(task.student, {})
            rows[task.name] = row
            batch.graded += fresh
            batch.taken_over += not fresh
            progress.step(fresh)
    progress.end()
    _reasons(rows, people, bool(roster), compared, batch.exercises)
    batch.rows = sorted(rows.values(), key=lambda row: row.student.casefold())
    present = {row.student for row in batch.rows}
    absent = [person for person in roster if person.student not in present]
    batch.rows += [
        StudentRow(person.student, person, None, manual.get(person.student, {})) for person in absent
    ]
    write_results(results, plan, batch)
    return batch


def _lost(exercises: Sequence[Exercise], reason: str) -> dict[str, Any]:
    rows = [
        {
            "name": each.name, "title": each.title, "status": "ungraded", "points": 0.0, "out_of": each.points,
            "message": reason, "mistake": "", "line": 0, "notes": [], "cases": [],
        }
        for each in exercises
    ]  # fmt: skip
    whole = {"grader": grader_version(), "problem": "", "points": 0.0, "answers": ""}
    return {
        **whole,
        "out_of": sum(each.points for each in exercises),
        "exercises": rows,
        "needs_a_person": [reason],
    }


def _other_variants(ready: Prepared, exercises: Sequence[Exercise], plan: Plan, student: str) -> list[str]:
    """Exercises that the notebook was handed out in another variant of than they were graded in."""
    told = dict(ready.variants)
    found = []
    for each in exercises:
        graded = each.variant_of(plan.secret, student) if plan.own_variants else 0
        if each.name in told and len(each.variants) > 1 and told[each.name] != graded:
            found.append(
                f"{each.name}: the notebook has variant {told[each.name]}, it was graded in variant {graded}"
            )
    return found


def _reasons(
    rows: dict[str, StudentRow],
    people: dict[str, Person],
    has_roster: bool,
    compared: dict[str, str],
    exercises: Sequence[Exercise],
) -> None:
    """Who needs a person, and why: what the results say, near-identical answers, names that nobody has."""
    for name, row in rows.items():
        row.reasons += (row.result or {}).get("needs_a_person", [])
        if has_roster and name not in people:
            row.reasons.append("not in the roster")
    starter = "\n".join(each.fill(each.starter) for each in exercises)
    for pair in similarity.near_identical(compared, starter):
        one, other = rows[pair.one], rows[pair.other]
        one.reasons.append(f"near-identical with {other.student} ({pair.share:.0%} of {pair.pieces} pieces)")
        other.reasons.append(f"near-identical with {one.student} ({pair.share:.0%} of {pair.pieces} pieces)")


def write_results(results: Path, plan: Plan, batch: Batch) -> None:
    """Write marks.csv, report.html and each student's result.json and feedback.html."""
    names = [each.name for each in batch.exercises]
    out_of = sum(each.points for each in batch.exercises)
    for row in batch.rows:
        if row.result is None:
            continue
        folder = results / "students" / folder_name(row.student)
        by_hand = {name: {"points": one.points, "comment": one.comment} for name, one in row.manual.items()}
        whole = {"student": row.student, **row.result, "by_hand": by_hand, "counts": row.total(names)}
        write_whole(
            folder / "result.json", json.dumps(whole, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
        )
        write_whole(folder / "feedback.html", feedback_page.feedback_html(row, names, plan.part))
    write_whole(results / "marks.csv", marks_csv(batch.rows, names, out_of))
    write_whole(
        results / "report.html",
        class_report.report_html(batch.rows, batch.exercises, plan.part, plan.driver.name),
    )
    about: dict[str, Any] = {
        "part": plan.part,
        "grader": grader_version(),
        "isolation": plan.driver.name,
        "exercises": names,
    }
    about |= {"out_of": out_of, "titles": {each.name: each.title for each in batch.exercises}}
    about |= {"points": {each.name: each.points for each in batch.exercises}}
    write_whole(results / "run.json", json.dumps(about, sort_keys=True, indent=1, ensure_ascii=False) + "\n")


class ProgressBar:
    """A bar with an estimate, on terminals; elsewhere a line now and then. The estimate counts what is new only."""

    def __init__(self, total: int, say: Callable[[str], None] | None = None):
        self.total, self.done, self.fresh = total, 0, 0
        self.began = self.last = time.monotonic()
        self.bar = say is None and sys.stderr.isatty()
        self.say = say or (lambda text: print(text, file=sys.stderr, flush=True))

    def step(self, fresh: bool) -> None:
        """One more submission is done."""
        self.done += 1
        self.fresh += fresh
        now = time.monotonic()
        if self.bar:
            print(f"\r{self.line(now - self.began):<78}", end="", file=sys.stderr, flush=True)
        elif now - self.last >= 10 or self.done == self.total:
            self.last = now
            self.say(self.line(now - self.began))

    def line(self, seconds: float) -> str:
        """The bar after so many seconds.

        >>> progress = ProgressBar(4, print)
        >>> progress.done = progress.fresh = 1
        >>> progress.line(20)
        '[######                  ] 1 of 4, about 1 min left'
        """
        filled = round(24 * self.done / max(1, self.total))
        left = seconds / self.fresh * (self.total - self.done) if self.fresh else 0
        words = "" if self.done == self.total else f", about {_span(left)} left" if self.fresh else ""
        return f"[{'#' * filled:<24}] {self.done} of {self.total}{words}"

    def end(self) -> None:
        """Close the bar's line."""
        if self.bar:
            print(file=sys.stderr)


def _span(seconds: float) -> str:
    if seconds < 55:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
