"""Marks in the forms of other systems: a plain CSV, Canvas, Gradescope, nbgrader. Marks by hand count in all."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lecturelib.checks import complaint
from lecturelib.files import write_whole
from lecturelib.grading.gradescope_form import gradescope_results
from lecturelib.grading.marks_table import StudentRow, csv_text, folder_name, read_manual
from lecturelib.grading.roster import Person, match, read_roster

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
NBGRADER = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
)  # fmt: skip


def read_results(
    folder: str | Path, roster: Sequence[Person] = ()
) -> tuple[dict[str, Any], list[StudentRow]]:
    """What a run says of itself, and a row per student of it and of the roster; marks by hand as they are now.

    Raises FileNotFoundError where no run has written its results.
    """
    results = Path(folder)
    if not (results / "run.json").is_file():
        raise FileNotFoundError(
            complaint("RESULTS", "the folder that `grade --out` has written", str(folder))
        )
    about = json.loads((results / "run.json").read_text(encoding="utf-8"))
    manual = read_manual(results, about["exercises"])
    found = {}
    for file in sorted((results / "students").glob("*/result.json")):
        result = json.loads(file.read_text(encoding="utf-8"))
        found[result["student"]] = result
    people = match(list(found), roster)
    rows = [
        StudentRow(name, people.get(name), result, manual.get(name, {})) for name, result in found.items()
    ]
    absent = [person for person in roster if person.student not in {each.student for each in people.values()}]
    rows += [StudentRow(person.student, person, None, manual.get(person.student, {})) for person in absent]
    return about, sorted(rows, key=lambda row: row.student.casefold())


def export(chosen: argparse.Namespace) -> int:
    """Write what `export` was asked for, and say where."""
    if chosen.autograder:
        from lecturelib.grading.gradescope import write_autograder

        if not chosen.part or not chosen.secret:
            raise ValueError("--autograder: expected --part and --secret too")
        target = chosen.to or "autograder.zip"
        write_autograder(target, chosen.part, chosen.secret, chosen.exercises)
        print(f"{target}: upload it as the autograder of a programming assignment")
        return 0
    roster = read_roster(chosen.roster) if chosen.roster else []
    about, rows = read_results(chosen.results, roster)
    title = chosen.assignment or f"Exercises of part {about['part']}"
    if chosen.format == "gradescope":
        folder = Path(chosen.to or Path(chosen.results, "gradescope"))
        for row in rows:
            text = json.dumps(gradescope_results(about, row), indent=1, ensure_ascii=False) + "\n"
            write_whole(folder / folder_name(row.student) / "results.json", text)
        print(f"{len(rows)} results.json in {folder}")
        return 0
    text = {"csv": plain_csv, "canvas": canvas_csv, "nbgrader": nbgrader_csv}[chosen.format](
        about, rows, title
    )
    target = Path(chosen.to or Path(chosen.results, f"{chosen.format}.csv"))
    write_whole(target, text)
    print(f"{len(rows)} students in {target}")
    return 0


def plain_csv(about: dict[str, Any], rows: Sequence[StudentRow], title: str) -> str:
    """student, name, total, out_of: one line per student.

    >>> plain_csv({"exercises": [], "out_of": 3}, [StudentRow("ana")], "")
    'student,name,total,out_of\\nana,,0,3\\n'
    """
    lines = [
        (row.student, row.person.name if row.person else "", row.total(about["exercises"]), about["out_of"])
        for row in rows
    ]
    return csv_text(("student", "name", "total", "out_of"), lines)


def canvas_csv(about: dict[str, Any], rows: Sequence[StudentRow], title: str) -> str:
    """Canvas's gradebook: its five columns from the roster that it exported, and one column for the assignment.

    Students who are not in the roster are left out, since Canvas does not know them. Raises ValueError without such
    a roster.
    """
    known = [row for row in rows if row.person and "ID" in row.person.columns]
    if not known:
        raise ValueError(
            complaint("--roster", "the gradebook as Canvas exports it, with a column ID", "none")
        )
    points = ["    Points Possible", "", "", "", "", about["out_of"]]
    lines = [
        [
            *((row.person.columns.get(name, "") if row.person else "") for name in CANVAS),
            row.total(about["exercises"]),
        ]
        for row in known
    ]
    return csv_text([*CANVAS, title], [points, *lines])


def nbgrader_csv(about: dict[str, Any], rows: Sequence[StudentRow], title: str) -> str:
    """The columns of `nbgrader export`; due date, timestamp and penalty are empty or 0.

    >>> nbgrader_csv({"exercises": [], "out_of": 3}, [StudentRow("ana")], "part 5").splitlines()[1]
    'part 5,,,ana,,,,0,0,0,3'
    """
    lines = []
    for row in rows:
        first, _, last = (row.person.name if row.person else "").rpartition(" ")
        email = row.person.columns.get("email", "") if row.person else ""
        total = row.total(about["exercises"])
        lines.append([title, "", "", row.student, last, first, email, total, 0, total, about["out_of"]])
    return csv_text(NBGRADER, lines)
