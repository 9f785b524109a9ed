"""The table of marks: one row per student; marks given by hand win and survive grading again."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lecturelib.checks import complaint, nearest
from lecturelib.files import write_whole
from lecturelib.grading.roster import Person

MANUAL = "manual.csv"
MANUAL_HEADING = ["student", "exercise", "points", "comment"]


@dataclass(frozen=True)
class Manual:
    """A mark given by hand: the points that count instead, and a comment for the student.

    >>> Manual(2.5).comment
    ''
    """

    points: float
    comment: str = ""


@dataclass
class StudentRow:
    """One student's line: who, the result (None: nothing was handed in), and marks given by hand per exercise."""

    student: str
    person: Person | None = None
    result: dict[str, Any] | None = None
    manual: dict[str, Manual] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)

    def points(self, exercise: str) -> float:
        """The points that count for an exercise: by hand where given, else as graded; 0 without a submission.

        >>> StudentRow("ana", manual={"toy": Manual(2)}).points("toy")
        2
        """
        if exercise in self.manual:
            return self.manual[exercise].points
        found = self.exercise(exercise)
        return float(found["points"]) if found else 0.0

    def exercise(self, name: str) -> dict[str, Any] | None:
        """The graded exercise of this name, where there is one."""
        return next((each for each in (self.result or {}).get("exercises", []) if each["name"] == name), None)

    def total(self, exercises: Iterable[str]) -> float:
        """All points that count."""
        return round(sum(self.points(name) for name in exercises), 4)


def read_manual(folder: Path, exercises: Iterable[str] = ()) -> dict[str, dict[str, Manual]]:
    """Marks by hand, from RESULTS/manual.csv (student, exercise, points, comment), by student and exercise.

    The file is made with its heading where it is not there, and never written again. Raises ValueError, with the
    line, for points that are not a number, or for an exercise that is none of `exercises`, where they are given.
    """
    path, known = folder / MANUAL, list(exercises)
    if not path.is_file():
        write_whole(path, ",".join(MANUAL_HEADING) + "\n")
    found: dict[str, dict[str, Manual]] = {}
    for number, row in enumerate(
        csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")), 2
    ):
        student, exercise = (str(row.get(name) or "").strip() for name in MANUAL_HEADING[:2])
        if not student:
            continue
        try:
            points = float(str(row.get("points") or "").replace(",", "."))
            if not 0 <= points < 1e6:
                raise ValueError
        except ValueError:
            hint = complaint("points", "a number", repr(row.get("points")))
            raise ValueError(f"{path}, line {number}: {hint}") from None
        if known and exercise not in known:
            near = ", ".join(nearest(exercise, known) or known)
            hint = complaint("exercise", "one that is graded here", repr(exercise), f"try {near}")
            raise ValueError(f"{path}, line {number}: {hint}")
        found.setdefault(student, {})[exercise] = Manual(points, str(row.get("comment") or "").strip())
    return found


def folder_name(student: str) -> str:
    """The name of a student's folder in the results.

    >>> folder_name("ana/../bo")
    'ana_.._bo'
    """
    return re.sub(r'[/\\:*?"<>|\x00-\x1f]', "_", student).lstrip(".") or "_"


def safe_cell(text: object) -> str:
    """A text that a spreadsheet shows and does not run: one that begins like a formula gets an apostrophe.

    >>> safe_cell("=2+3"), safe_cell("ana"), safe_cell(-1.5)
    ("'=2+3", 'ana', '-1.5')
    """
    if isinstance(text, int | float):
        return f"{text:g}"
    text = str(text)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def csv_text(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV with a heading, lines ended by a line feed.

    >>> csv_text(["student", "points"], [("ana", 3.0)])
    'student,points\\nana,3\\n'
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def marks_csv(rows: Iterable[StudentRow], exercises: Sequence[str], out_of: float) -> str:
    """marks.csv: id, name, points per exercise, total, each status other than ok, and who needs a look."""
    heading = ["student", "name", *exercises, "total", "out_of", "statuses", "by_hand", "needs_a_person"]
    lines = []
    for row in rows:
        found = [(name, row.exercise(name)) for name in exercises]
        statuses = " ".join(f"{name}:{one['status']}" for name, one in found if one and one["status"] != "ok")
        if row.result is None:
            statuses = "no submission"
        lines.append(
            [
                row.student, row.person.name if row.person else "", *(row.points(name) for name in exercises),
                row.total(exercises), out_of, statuses, " ".join(row.manual), "; ".join(row.reasons),
            ]
        )  # fmt: skip
    return csv_text(heading, lines)
