"""feedback.html: what one student may know. The result holds no hidden input and no expected array; nor does it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lecturelib.grading.grading_pages import number, page, shown, status_words, table
from lecturelib.grading.marks_table import StudentRow


def feedback_html(row: StudentRow, exercises: Sequence[str], part: str) -> str:
    """The page of one student.

    >>> "no submission" in feedback_html(StudentRow("ana"), [], "05")
    True
    """
    result: dict[str, Any] = row.result or {"exercises": [], "problem": "there is no submission", "out_of": 0}
    who = f"{row.person.name} ({row.student})" if row.person and row.person.name else row.student
    body = [
        f"<h1>Feedback: exercises of part {shown(part)}</h1>",
        f'<p class="soft">{shown(who)}</p>',
        f"<p><strong>{number(row.total(exercises))} of {number(result['out_of'])} points</strong></p>",
    ]
    if result["problem"]:
        body.append(f'<p class="card">About the file: {shown(result["problem"])}.</p>')
    body += [_exercise(each, row) for each in result["exercises"]]
    body.append(
        '<p class="soft">Hidden cases call your answer with other inputs than those that you saw; their inputs stay '
        "hidden. Each case has a limit of time and memory. A question about a mark: ask, with the name of the "
        "exercise.</p>"
    )
    return page(f"Feedback, part {part}, {row.student}", body)


def _exercise(one: dict[str, Any], row: StudentRow) -> str:
    manual = row.manual.get(one["name"])
    points = manual.points if manual else one["points"]
    lines = [
        f'<section class="card"><h2>{shown(one["title"])}</h2>',
        f"<p>{status_words('by hand' if manual else one['status'])}, {number(points)} of {number(one['out_of'])} points"
        f'<span class="soft"> · {shown(one["name"])}</span></p>',
    ]
    if manual:
        lines.append(f"<p>{shown(manual.comment) or 'This mark was given by a person.'}</p>")
    elif one["message"] and one["status"] != "ok":
        where = f" (line {one['line']} of your cell)" if one["line"] and one["status"] == "error" else ""
        lines.append(f"<p>{shown(_sentence(one['message']))}{where}</p>")
    lines += [f"<p>Note: {shown(note)}.</p>" for note in one["notes"]]
    if one["cases"] and any(case["status"] != "ok" for case in one["cases"]):
        heading = ["case", "kind", "verdict", "points", "what it says"]
        lines.append(table(f"Cases of {one['title']}", heading, _cases(one["cases"]), numbers=(3,)))
    return "\n".join([*lines, "</section>"])


def _cases(cases: Iterable[dict[str, Any]]) -> list[list[str]]:
    return [
        [
            shown(case["name"]),
            "public" if case["public"] else "hidden",
            status_words(case["status"]),
            f"{number(case['points'])} of {number(case['out_of'])}",
            shown(case["message"]),
        ]
        for case in cases
    ]


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text[-1:] in ".!?" else f"{text}."
