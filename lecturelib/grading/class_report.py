"""report.html: the class at a glance. First who needs a person, then each exercise, the hardest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from urllib.parse import quote

from lecturelib.exercises.exercise import Exercise
from lecturelib.grading.grading_pages import SIGNS, bar, number, page, shown, status_words, table
from lecturelib.grading.marks_table import StudentRow, folder_name

BINS = (
    (0.0, "0 %"),
    (0.25, "up to 25 %"),
    (0.5, "up to 50 %"),
    (0.75, "up to 75 %"),
    (0.999, "up to 99 %"),
    (1.0, "100 %"),
)


def report_html(rows: Sequence[StudentRow], exercises: Sequence[Exercise], part: str, isolation: str) -> str:
    """The page of the class.

    >>> "nobody" in report_html([], [], "05", "bubblewrap")
    True
    """
    names = [each.name for each in exercises]
    out_of = sum(each.points for each in exercises)
    handed_in = [row for row in rows if row.result is not None]
    totals = [row.total(names) / out_of for row in handed_in] if out_of else []
    body = [
        f"<h1>Exercises of part {shown(part)}: the class</h1>",
        f'<p class="soft">{len(handed_in)} submissions, {len(rows) - len(handed_in)} without one. '
        f"Isolation: {shown(isolation)}.{_mean(totals, out_of)}</p>",
        *_needs_a_person(rows),
        "<h2>All points</h2>",
        _distribution("Share of all points, and how many students have it", totals),
        "<h2>Exercises, the hardest first</h2>",
        *(
            _exercise(each, handed_in)
            for each in sorted(exercises, key=lambda each: (_share(each, handed_in), each.name))
        ),
        "<h2>Students</h2>",
        _students(rows, exercises, out_of),
    ]
    return page(f"Part {part}: the class", body)


def _mean(shares: Sequence[float], out_of: float) -> str:
    if not shares:
        return ""
    middle = median(shares)
    mean = sum(shares) / len(shares)
    return f" Mean {number(mean * out_of)}, median {number(middle * out_of)} of {number(out_of)} points."


def _link(row: StudentRow) -> str:
    name = f"{row.person.name} ({row.student})" if row.person and row.person.name else row.student
    if row.result is None:
        return shown(name)
    return f'<a href="students/{quote(folder_name(row.student))}/feedback.html">{shown(name)}</a>'


def _needs_a_person(rows: Sequence[StudentRow]) -> list[str]:
    urgent = sorted((row for row in rows if row.reasons), key=_urgency)
    lines = [[_link(row), "<br>".join(shown(reason) for reason in row.reasons)] for row in urgent]
    head = '<section class="card"><h2>Needs a person first</h2>'
    if not lines:
        return [f"{head}<p>nobody: every submission was graded, and none looks like another.</p></section>"]
    note = (
        '<p class="soft">Tampered: something other than an answer came. Ungraded: the grader or an exercise failed; '
        "run the same command again. Near-identical: what the starter does not give is the same; no proof.</p>"
    )
    return [head, table(f"{len(lines)} students, and why", ["student", "why"], lines), note, "</section>"]


def _urgency(row: StudentRow) -> int:
    """Tampered and ungraded ones first, then damaged files and strangers, then those that only look alike."""
    if any(reason.endswith((": tampered", ": ungraded")) for reason in row.reasons):
        return 0
    return 2 if all(reason.startswith("near-identical") for reason in row.reasons) else 1


def _share(exercise: Exercise, rows: Sequence[StudentRow]) -> float:
    return sum(row.points(exercise.name) for row in rows) / (exercise.points * len(rows)) if rows else 0.0


def _distribution(caption: str, shares: Sequence[float]) -> str:
    counts = Counter(
        next(label for edge, label in BINS if share <= edge + 1e-9 or edge == 1.0) for share in shares
    )
    most = max(counts.values(), default=1)
    lines = [[label, str(counts[label]), bar(counts[label] / most)] for _, label in BINS]
    return table(caption, ["points", "students", ""], lines, numbers=(1,))


def _exercise(exercise: Exercise, rows: Sequence[StudentRow]) -> str:
    found = [(row, one) for row in rows if (one := row.exercise(exercise.name)) is not None]
    statuses = Counter("by hand" if exercise.name in row.manual else one["status"] for row, one in found)
    mistakes: Counter[str] = Counter()
    for _, one in found:
        mistakes.update(
            {each for each in (one["mistake"], *(case["mistake"] for case in one["cases"])) if each}
        )
    shares = [row.points(exercise.name) / exercise.points for row, _ in found]
    words = ", ".join(f"{status_words(name)} {statuses[name]}" for name in SIGNS if statuses[name])
    lines = [
        f'<section class="card" id="{shown(exercise.name)}"><h3>{shown(exercise.title)}</h3>',
        f'<p class="soft">{shown(exercise.name)}: {100 * _share(exercise, rows):.0f} % of all points on average, '
        f"{number(exercise.points)} points</p><p>{words or 'no submissions'}</p>",
        _distribution(f"{exercise.title}: share of the points", shares),
    ]
    if mistakes:
        told = {each.name: exercise.fill(each.message) for each in exercise.mistakes}
        most = max(mistakes.values())
        listed = [
            [shown(name), str(count), bar(count / most), shown(told.get(name, ""))]
            for name, count in sorted(mistakes.items(), key=lambda each: (-each[1], each[0]))
        ]
        heading = ["mistake", "students", "", "what they were told"]
        lines.append(table(f"{exercise.title}: named mistakes", heading, listed, numbers=(1,)))
    else:
        lines.append('<p class="soft">No declared mistake was made.</p>')
    return "\n".join([*lines, "</section>"])


def _students(rows: Sequence[StudentRow], exercises: Sequence[Exercise], out_of: float) -> str:
    names = [each.name for each in exercises]
    lines = []
    for row in rows:
        cells = [_cell(row, name) for name in names]
        lines.append([_link(row), *cells, f"{number(row.total(names))} of {number(out_of)}"])
    heading = ["student", *(each.title for each in exercises), "total"]
    return table("Points of every student", heading, lines, numbers=tuple(range(1, len(heading))))


def _cell(row: StudentRow, name: str) -> str:
    one = row.exercise(name)
    if name in row.manual:
        status = "by hand"
    elif one is None:
        return "-"
    else:
        status = one["status"]
    sign, words, tone = SIGNS[status]
    return f'<span class="{tone}" title="{shown(words)}">{number(row.points(name))} {sign}</span>'
