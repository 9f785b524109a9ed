"""The roster: who is in the course, and which submission is whose. Names stay on the trusted side."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lecturelib.checks import complaint

ID_COLUMNS = ("student", "id", "sis login id", "sis user id", "login", "username", "email")
NAME_COLUMNS = ("name", "student", "full name")


@dataclass(frozen=True)
class Person:
    """One row of the roster: the id that submissions carry, the name, and all columns as they are.

    >>> Person("ana", "Ana Ruiz").student
    'ana'
    """

    student: str
    name: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


def read_roster(file: str | Path) -> list[Person]:
    """The people of a CSV with a heading: an id column (`student`, or Canvas's `SIS Login ID`, `ID`, ...) and `name`.

    Raises FileNotFoundError, or ValueError for a file without an id column or with one id twice.
    """
    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(complaint("--roster", "a CSV file", str(path)))
    return people(path.read_text(encoding="utf-8-sig"))


def people(text: str) -> list[Person]:
    """The people of a roster's text.

    >>> people("student,name\\nana,Ana Ruiz\\n")[0].name
    'Ana Ruiz'
    """
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    headings = {str(each).strip().casefold(): each for each in (rows[0] if rows else {}) if each}
    canvas = "sis login id" in headings or "sis user id" in headings
    known = [each for each in ID_COLUMNS if each in headings and not (canvas and each == "student")]
    if not known:
        raise ValueError(
            complaint("--roster", "a column `student` with the ids", ", ".join(headings) or "no rows")
        )
    id_column = headings[
        known[0] if not canvas else next(each for each in ID_COLUMNS[2:4] if each in headings)
    ]
    name_column = next(
        (headings[each] for each in NAME_COLUMNS if each in headings and headings[each] != id_column), None
    )
    found: dict[str, Person] = {}
    for row in rows:
        columns = {
            key: (value or "").strip() for key, value in row.items() if key and isinstance(value, str | None)
        }
        student = columns.get(id_column, "")
        if not student or student.startswith("Points Possible"):
            continue
        if student.casefold() in found:
            raise ValueError(complaint("--roster", "every id once", f"{student!r} twice"))
        found[student.casefold()] = Person(
            student, columns.get(name_column, "") if name_column else "", columns
        )
    return list(found.values())


def match(names: Iterable[str], roster: Iterable[Person]) -> dict[str, Person]:
    """The person of each name of a submission: the id itself, or a part of the name between `_`, `-`, spaces, dots.

    A name that fits two people, or none, is left out; so are two names that fit the same person by a part.

    >>> match(["ruizana_4711_05"], [Person("4711", "Ana Ruiz")])["ruizana_4711_05"].name
    'Ana Ruiz'
    """
    names = list(names)
    by_id = {person.student.casefold(): person for person in roster}
    exact = {name: by_id[name.casefold()] for name in names if name.casefold() in by_id}
    taken = {person.student for person in exact.values()}
    by_part: dict[str, Person] = {}
    for name in names:
        if name not in exact:
            parts = {name.casefold(), *re.split(r"[_\-\s.]+", name.casefold())}
            fits = [by_id[part] for part in parts if part in by_id and by_id[part].student not in taken]
            if len(fits) == 1:
                by_part[name] = fits[0]
    counts: dict[str, int] = {}
    for person in by_part.values():
        counts[person.student] = counts.get(person.student, 0) + 1
    return exact | {name: person for name, person in by_part.items() if counts[person.student] == 1}
