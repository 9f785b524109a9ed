"""One submission, graded: a pure function of the submission, the pack and the limits. Where it runs is another matter.

The judge never shares a process with the code of a student: answers are asked in a jail, and what comes back is
compared here.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lecturelib.exercises.answer_key import AnswerKey, ExerciseFault
from lecturelib.exercises.asking import Outcome
from lecturelib.exercises.marking import CaseMark, Mark, mark, whole_mark
from lecturelib.exercises.plain_data import NotPlain, plain
from lecturelib.grading import answers, wording
from lecturelib.grading.jail import Driver, choose_driver
from lecturelib.grading.jail_channel import Jail, JailFailed, Stopped
from lecturelib.grading.limits import Limits
from lecturelib.grading.packs import grader_version, unpack
from lecturelib.grading.submissions import Submission

SCAN_SECONDS = 20.0
Faulty = dict[str, Any]


@dataclass
class _Asked:
    """What became of one exercise on the way: its mark, once there is one, and notes for the student."""

    key: AnswerKey
    found: answers.Candidates
    mark: Mark | None = None
    notes: list[str] = field(default_factory=list)


def grade_one(
    submission: bytes, pack: bytes, limits: Limits | None = None, driver: Driver | None = None
) -> bytes:
    """The result of one submission, as JSON: the same bytes for the same submission, pack and limits.

    `submission` is a notebook, or what `Submission.to_bytes` gives; `pack` comes from `student_pack`. Nothing a
    submission does makes this raise: a fault of the grader or of an exercise becomes the status `ungraded`.

    >>> from lecturelib.grading import Driver, student_pack
    >>> grade_one(b"{}", student_pack([], bytes(32), "ana"), driver=Driver("none"))[:13]
    b'{"answers":"e'
    """
    limits = limits or Limits()
    read = Submission.from_bytes(submission)
    parts = answers.segments(read.sources)
    rows: list[_Asked | Faulty] = []
    for key in unpack(pack):
        if isinstance(key, dict):
            rows.append(key)
            continue
        row = _Asked(key, answers.candidates(parts, key.name, key.answer, key.kind))
        if not row.found:
            row.mark = _absent(key, read.problem)
        rows.append(row)
    todo = [row for row in rows if isinstance(row, _Asked) and row.mark is None]
    if todo:
        _ask_all(todo, parts, limits, driver or choose_driver())
    return _written(rows, read, parts)


def _absent(key: AnswerKey, problem: str) -> Mark:
    if problem:
        return whole_mark(
            key,
            "malformed",
            f"the file could not be read whole, and this answer is not in what was read: {problem}",
        )
    return whole_mark(key, "missing", "there is no cell with the line `#| exercise: " + key.name + "`")


def _ask_all(todo: list[_Asked], parts: Sequence[answers.Segment], limits: Limits, driver: Driver) -> None:
    """Ask every exercise, in one jail as long as it stays clean; after anything else the rest gets a new one."""
    failures = 0
    while todo:
        count = 1 if driver.channels == 1 else len(todo)
        try:
            with Jail(driver, limits, count, _modules(todo)) as jail:
                for channel in range(count):
                    row = todo[0]
                    clean = _ask_exercise(jail, channel, row, parts)
                    todo.pop(0)
                    if not clean:
                        break
        except (JailFailed, OSError) as failure:
            failures += 1
            if failures > 2:
                for row in todo:
                    row.mark = whole_mark(row.key, "ungraded", f"the grader failed: {failure}"[:400])
                return


def _modules(rows: Sequence[_Asked]) -> list[str]:
    """The modules that the exercises' own code imports (not the submission's): the worker loads them once for all."""
    found: dict[str, None] = {}
    for row in rows:
        for node in ast.walk(ast.parse(row.key.given)):
            if isinstance(node, ast.Import):
                found |= dict.fromkeys(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found |= dict.fromkeys(
                    [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                )
    return list(found)


def _ask_exercise(jail: Jail, channel: int, row: _Asked, parts: Sequence[answers.Segment]) -> bool:
    """Ask one exercise and mark it; whether the worker is still clean for the next one."""
    key = row.key
    limits = jail.limits.for_seconds(key.seconds)
    base = {"name": key.name, "answer": key.answer, "kind": key.kind, "given": key.given}
    outcomes: list[Outcome] = []
    stopped: Stopped | None = None
    try:
        choice = _scan(jail, channel, row, parts, base)
        if row.mark is None and choice.place is not None:
            row.notes += choice.notes
            place = choice.place
            texts = [part.text for part in parts]
            load = {
                **base,
                "op": "load",
                "own": texts[place],
                "before": texts[:place],
                "after": texts[place + 1 :],
            }
            reply = jail.ask(channel, load, limits.cpu, limits.wall)
            failed = Outcome(reply.status, None, reply.says, reply.line) if reply.status != "ok" else None
            for one in key.cases:
                if failed is None:
                    call = {**base, "op": "call", "inputs": one.case.inputs}
                    outcomes.append(_outcome(jail.ask(channel, call, limits.cpu, limits.wall)))
                else:
                    outcomes.append(failed)
            if jail.spoke(channel):
                raise Stopped("tampered", "the submission spoke without being asked")
    except Stopped as stop:
        stopped = stop
    clean = False
    if stopped is None:
        clean = jail.ended(channel)[1]
    elif stopped.status == "crashed":
        stopped = Stopped(jail.ended(channel)[0], stopped.says)
    if row.mark is None:
        row.mark = _marked(key, outcomes, stopped)
    return clean


def _scan(
    jail: Jail, channel: int, row: _Asked, parts: Sequence[answers.Segment], base: dict[str, Any]
) -> answers.ChosenAnswer:
    """Find the answer that counts, in the clean child, before anything of the submission runs."""
    key = row.key
    places = [*row.found.marked, *row.found.unmarked]
    scan = {**base, "op": "scan", "sources": [parts[place].text for place in places], "starter": key.starter}
    reply = jail.ask(channel, {**scan, "forbidden": key.forbidden}, SCAN_SECONDS, 3 * SCAN_SECONDS)
    if reply.status != "ok":
        raise Stopped("error" if reply.status != "memory" else "memory", reply.says)
    seen = dict(zip(places, reply.value, strict=True))
    choice = answers.choose(parts, row.found, seen)
    if choice.place is None:
        row.mark = whole_mark(key, "missing", "not attempted: the cell is as it was handed out")
    elif seen[choice.place]["forbidden"]:
        names = ", ".join(seen[choice.place]["forbidden"])
        row.mark = whole_mark(
            key, "wrong", f"the answer uses {names}, which this exercise asks you to do without"
        )
    return choice


def _outcome(reply: Any) -> Outcome:
    try:
        return Outcome(reply.status, plain(reply.value), reply.says, reply.line, reply.changed)
    except NotPlain as refused:
        return Outcome("malformed", says=str(refused))


def _marked(key: AnswerKey, outcomes: list[Outcome], stopped: Stopped | None) -> Mark:
    if stopped is not None:
        if stopped.status == "tampered" or not outcomes:
            return whole_mark(key, stopped.status, stopped.says)
        outcomes = [
            *outcomes,
            *[Outcome(stopped.status, says=stopped.says)] * (len(key.cases) - len(outcomes)),
        ]
    if not outcomes:
        return whole_mark(key, "ungraded", "no case was asked")
    try:
        return mark(key, outcomes)
    except ExerciseFault as fault:
        return whole_mark(key, "ungraded", str(fault))
    except Exception as error:  # a comparison that fails is the grader's fault, never a mark
        return whole_mark(key, "ungraded", f"the comparison failed: {type(error).__name__}")


def _written(rows: list[_Asked | Faulty], read: Submission, parts: Sequence[answers.Segment]) -> bytes:
    """The result as canonical JSON: sorted keys, no times, nothing of the machine."""
    exercises = [_exercise_row(row) for row in rows]
    reasons = [
        f"{each['name']}: {each['status']}"
        for each in exercises
        if each["status"] in ("tampered", "ungraded")
    ]
    if read.problem:
        reasons.insert(0, read.problem)
    own = [part.text for part in parts if part.exercise]
    result = {
        "grader": grader_version(),
        "problem": wording.plain_words(read.problem),
        "points": round(sum(each["points"] for each in exercises), 4),
        "out_of": round(sum(each["out_of"] for each in exercises), 4),
        "exercises": exercises,
        "needs_a_person": [wording.plain_words(reason) for reason in reasons],
        "answers": hashlib.sha256("\0".join(own).encode()).hexdigest()[:16],
    }
    return (json.dumps(result, sort_keys=True, separators=(",", ":"), ensure_ascii=True) + "\n").encode(
        "ascii"
    )


def _exercise_row(row: _Asked | Faulty) -> dict[str, Any]:
    if isinstance(row, dict):
        return {
            "name": row["name"], "title": row["title"], "status": "ungraded", "points": 0.0, "out_of": row["points"],
            "message": wording.plain_words(row["fault"]), "mistake": "", "line": 0, "notes": [], "cases": [],
        }  # fmt: skip
    key, got = row.key, row.mark
    assert got is not None
    cases = [_case_row(key, place, each) for place, each in enumerate(got.cases)]
    failed = next((each for each in cases if each["status"] != "ok"), None)
    return {
        "name": key.name, "title": wording.plain_words(key.title), "status": got.status, "points": got.points,
        "out_of": round(got.out_of, 4), "message": failed["message"] if failed else wording.plain_words(got.message),
        "mistake": got.mistake, "line": got.line if got.status != "ok" else 0, "notes": row.notes, "cases": cases,
    }  # fmt: skip


def _case_row(key: AnswerKey, place: int, got: CaseMark) -> dict[str, Any]:
    """One case as a student may see it: of a hidden one nothing that could carry its input."""
    case = key.cases[place].case
    message = wording.plain_words(got.message)
    if not got.public:
        message = wording.hidden_message(got, key.messages, case.suggests)
    return {
        "name": got.name, "public": got.public, "status": got.status, "points": got.points, "out_of": got.out_of,
        "message": message, "mistake": got.mistake,
    }  # fmt: skip
