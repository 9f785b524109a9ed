"""`progress`: the course done so far as a picture: for each part its exercises and the questions of its quiz."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import Any

from lecturelib.drawing.drawing import Drawing
from lecturelib.drawing.shapes import Box, Label, Shape
from lecturelib.exercises.catalog import Entry, entries
from lecturelib.exercises.exercise_notebook import PARTS
from lecturelib.lesson.record import progress_file, read_record

ROW, SIDE, LEFT, TOP = 34, 22, 290, 46
_STATES = {
    "ok": ("✓", "right", "pool", False),
    "partial": ("◐", "partly right", "conv", False),
    "tried": ("✗", "tried", "linear", True),
    "": ("", "not tried", "shape", False),
}


@dataclass(frozen=True)
class CourseProgress:
    """What was done so far: shown as a picture in a notebook, as text elsewhere.

    >>> CourseProgress(drawing(entries(), {"exercises": {}, "quizzes": {}}), "nothing yet", "").text
    'nothing yet'
    """

    drawing: Drawing
    text: str
    note: str

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        return {"text/html": self.drawing.picture(self.note).html(), "text/plain": self.text}

    def __repr__(self) -> str:
        return self.text


def progress() -> CourseProgress:
    """The course done so far: parts, exercises and quizzes, read from `progress.json` in your own data folder.

    Nothing is sent anywhere. `LECTURELIB_PROGRESS` names another folder; delete the file to begin anew.

    >>> print(progress().text.splitlines()[0])  # doctest: +ELLIPSIS
    Exercises right: ... of ...
    """
    record, said = read_record()
    every = entries()
    text = summary(every, record)
    note = f"{said + '. ' if said else ''}Kept on this computer only: {progress_file()}"
    made = CourseProgress(drawing(every, record), f"{text}\n{note}", note)
    module = sys.modules.get("IPython")
    if module is None or module.get_ipython() is None:
        print(made.text)
    return made


def state(record: dict[str, Any], name: str) -> str:
    """How far an exercise is: "ok", "partial", "tried" or ""."""
    kept = record["exercises"].get(name, {})
    status = kept.get("status", "")
    if status in ("ok", "partial"):
        return str(status)
    return "tried" if kept.get("tries") else ""


def quizzes_of(record: dict[str, Any], part: str) -> tuple[int, int]:
    """(right, all) questions of the quizzes of a part that were begun, "Part 5" or "Part 7a" by their titles."""
    right = total = 0
    for title, kept in record["quizzes"].items():
        found = re.match(r"Part (\d)", title)
        if found and int(found[1]) == int(part) and isinstance(kept.get("total"), int):
            right += len(kept.get("right", []))
            total += kept["total"]
    return right, total


def _of_part(every: list[Entry], part: str) -> list[Entry]:
    return [each for each in every if each.part == part]


def summary(every: list[Entry], record: dict[str, Any]) -> str:
    """The progress in words, a line for each part."""
    states = {each.name: state(record, each.name) for each in every}
    lines = [f"Exercises right: {sum(found == 'ok' for found in states.values())} of {len(every)}"]
    for part, (_, title, _) in PARTS.items():
        own = _of_part(every, part)
        done = ", ".join(
            f"{each.title}: {_STATES[states[each.name]][1]}" for each in own if states[each.name]
        )
        right, total = quizzes_of(record, part)
        quiz = f"; quiz {right} of {total} right" if total else ""
        solved = sum(states[each.name] == "ok" for each in own)
        if own or total:
            lines.append(
                f"Part {int(part)} {title}: {solved} of {len(own)}{quiz}{f' ({done})' if done else ''}"
            )
    return "\n".join(lines)


def drawing(every: list[Entry], record: dict[str, Any]) -> Drawing:
    """The picture: rows of squares, filled where an exercise is right; signs say the same as the colors."""
    most = max((len(_of_part(every, part)) for part in PARTS), default=0)
    quiz_at = LEFT + max(most, 4) * (SIDE + 6) + 24
    width = quiz_at + 176
    shapes: list[Shape] = [
        Label(12, 22, "part", 13, "start", bold=True),
        Label(LEFT, 22, "exercises", 13, "start", bold=True),
        Label(quiz_at, 22, "quiz", 13, "start", bold=True),
    ]
    for row, (part, (_, title, _)) in enumerate(PARTS.items()):
        y = TOP + (row + 0.5) * ROW
        own = _of_part(every, part)
        shapes.append(Label(12, y, f"{int(part)}  {title}", 13, "start", role="text" if own else "muted"))
        for place, each in enumerate(own):
            sign, word, role, dashed = _STATES[state(record, each.name)]
            left = LEFT + place * (SIDE + 6)
            shapes.append(Box(left, y - SIDE / 2, SIDE, SIDE, 4, role=role, dashed=dashed))
            if sign:
                shapes.append(Label(left + SIDE / 2, y, sign, 14, bold=True))
        if not own:
            shapes.append(Label(LEFT, y, "none yet", 12, "start", role="muted"))
        shapes += _quiz_bar(quiz_at, y, *quizzes_of(record, part))
    x, y = 12.0, TOP + len(PARTS) * ROW + 22.0
    for sign, word, role, dashed in _STATES.values():
        shapes.append(Box(x, y - 8, 16, 16, 3, role=role, dashed=dashed))
        if sign:
            shapes.append(Label(x + 8, y, sign, 11, bold=True))
        label = Label(x + 22, y, word, 12, "start", role="muted")
        shapes.append(label)
        x += 44 + label.width
    return Drawing(width, y + 20, tuple(shapes), "The course done so far", summary(every, record))


def _quiz_bar(x: float, y: float, right: int, total: int) -> list[Shape]:
    if not total:
        return [Label(x, y, "not begun", 12, "start", role="muted")]
    length = 80
    bar: list[Shape] = [Box(x, y - 6, length, 12, 3, role="shape")]
    if right:
        bar.append(Box(x, y - 6, length * right / total, 12, 3, role="pool"))
    return [*bar, Label(x + length + 8, y, f"{right} of {total} right", 12, "start")]
