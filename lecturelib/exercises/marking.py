"""Marking: what an answer gave for each case, against the answer key; on the trusted side, over plain data only."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lecturelib.exercises.answer_key import AnswerKey, ExerciseFault, KeyCase
from lecturelib.exercises.asking import Outcome
from lecturelib.exercises.compare import difference, difference_in_form, kind_of

STATUSES = (
    "ok", "wrong", "partial", "error", "timeout", "memory", "crashed", "malformed", "missing", "tampered", "ungraded",
    "not attempted",
)  # fmt: skip
CHANGES = "Your answer changes its input: work on a copy (x.clone(), list(x), dict(x))."


@dataclass(frozen=True)
class CaseMark:
    """The mark of one case: status, points, and what to tell: the message and the name of a recognized mistake."""

    name: str
    public: bool
    status: str
    points: float
    out_of: float
    message: str = ""
    mistake: str = ""


@dataclass(frozen=True)
class Mark:
    """The mark of an exercise: one of STATUSES, the points, the message that comes first, and its cases."""

    exercise: str
    status: str
    points: float
    out_of: float
    message: str = ""
    mistake: str = ""
    line: int = 0
    cases: tuple[CaseMark, ...] = ()


def whole_mark(key: AnswerKey, status: str, message: str = "", line: int = 0) -> Mark:
    """The mark of an answer that could not be asked: missing, not attempted, tampered, ungraded ..."""
    return Mark(key.name, status, 0.0, sum(each.case.points for each in key.cases), message, line=line)


def mark(key: AnswerKey, outcomes: Sequence[Outcome]) -> Mark:
    """Mark the outcomes, one for each case of the key and in its order.

    Raises `ExerciseFault` where the exercise's judge fails: then nothing may be marked.
    """
    if len(outcomes) != len(key.cases):
        raise ValueError(f"outcomes: expected one for each of {len(key.cases)} cases, got {len(outcomes)}")
    known = _agreeing(key, outcomes)
    cases = tuple(
        _mark_case(key, one, outcome, known) for one, outcome in zip(key.cases, outcomes, strict=True)
    )
    points = round(sum(each.points for each in cases), 4)
    out_of = sum(each.out_of for each in cases)
    failed = [each for each in cases if each.status != "ok"]
    if not failed:
        return Mark(key.name, "ok", points, out_of, cases=cases)
    first = failed[0]
    status = "partial" if points > 0 else first.status
    line = next((each.line for each in outcomes if each.status != "ok"), 0)
    return Mark(key.name, status, points, out_of, first.message, first.mistake, line, cases)


def _agreeing(key: AnswerKey, outcomes: Sequence[Outcome]) -> list[str]:
    """The mistakes whose outcomes are those of the answer in every case, then the others that the key knows."""
    names = list(key.messages)
    everywhere = [
        name
        for name in names
        if all(_alike(one, outcome, name) for one, outcome in zip(key.cases, outcomes, strict=True))
    ]
    return everywhere or names


def _alike(one: KeyCase, outcome: Outcome, name: str) -> bool:
    """Whether an outcome is what a declared mistake gives for this case, within the tolerance."""
    wrong = one.mistakes[name]
    if wrong.status != "ok" or outcome.status != "ok":
        return wrong.equals(outcome)
    return wrong.changed == outcome.changed and not difference(wrong.value, outcome.value, one.case.tolerance)


def _mark_case(key: AnswerKey, one: KeyCase, outcome: Outcome, known: list[str]) -> CaseMark:
    share, message, mistake = _verdict(key, one, outcome)
    status = "ok" if share >= 1 else "partial" if share > 0 else "wrong"
    if outcome.status != "ok":
        status = outcome.status
    if share < 1 and not mistake:
        mistake = next((name for name in known if _alike(one, outcome, name)), "")
    if mistake:
        message = key.messages[mistake]
    if share >= 1 and not key.judge:
        message = ""
    case = one.case
    return CaseMark(
        case.name, case.public, status, round(share * case.points, 4), case.points, message, mistake
    )


def _verdict(key: AnswerKey, one: KeyCase, outcome: Outcome) -> tuple[float, str, str]:
    """The share of the points, the message, and the mistake that the judge names."""
    case = one.case
    if outcome.status != "ok":
        return 0.0, outcome.says, ""
    if outcome.changed and not key.may_change_inputs:
        return 0.0, CHANGES, ""
    try:
        expected = place(one.expected.value, case.at)
    except (KeyError, IndexError, TypeError) as error:
        raise ExerciseFault(f"{key.name}: the solution has nothing at {case.at!r}") from error
    try:
        got = place(outcome.value, case.at)
    except (KeyError, IndexError, TypeError):
        return 0.0, _no_place(one.expected.value, outcome.value, case.at), ""
    if key.judge:
        wrong = difference_in_form(expected, got)
        if wrong:
            return 0.0, _sentence(wrong + _returned_nothing(key, outcome)), ""
        judged = _judge(key, case.inputs, got)
        if judged is not None:
            return judged
    wrong = difference(expected, got, case.tolerance)
    if not wrong:
        return 1.0, "", ""
    if (
        kind_of(expected) != kind_of(got) and kind_of(got) != "a whole number"
    ):  # of another type: nothing to suggest yet
        return 0.0, _sentence(wrong + _returned_nothing(key, outcome)), ""
    return 0.0, f"{_sentence(wrong)} {case.suggests}".strip(), ""


def _returned_nothing(key: AnswerKey, outcome: Outcome) -> str:
    return " (is a return missing?)" if outcome.value is None and key.kind == "function" else ""


def _sentence(wrong: str) -> str:
    words = f"Your answer at {wrong}" if wrong.startswith("[") else wrong[:1].upper() + wrong[1:]
    return words if words.endswith((".", "!", "?")) else f"{words}."


def place(value: Any, at: Any) -> Any:
    """What stands in a plain value at a key, an index, or a path of them; the value itself for None."""
    for step in () if at is None else at if isinstance(at, tuple) else (at,):
        if not isinstance(value, list | tuple | dict):
            raise TypeError("no list and no dict")
        value = value[step]
    return value


def _no_place(expected: Any, got: Any, at: Any) -> str:
    wanted = "a dict" if isinstance(expected, dict) else f"a list of {len(expected)}"
    if kind_of(got) != kind_of(expected):
        return f"It is {kind_of(got)}; expected {wanted}, in which something stands at {at!r}."
    return f"It has nothing at {at!r}."


def _judge(key: AnswerKey, inputs: tuple, got: Any) -> tuple[float, str, str] | None:
    try:
        said = compiled_judge(key.judge)(inputs, got)
        if said is None:
            return None
        share, message, mistake = (*said, "")[:3]
        share = float(share)
    except Exception as error:
        raise ExerciseFault(f"{key.name}: its judge failed ({type(error).__name__}: {error})") from error
    if not 0 <= share <= 1 or (mistake and mistake not in key.messages):
        raise ExerciseFault(f"{key.name}: its judge gave the share {share} and the mistake {mistake!r}")
    return share, _sentence(message) if message else "", mistake


@functools.lru_cache(maxsize=128)
def compiled_judge(source: str) -> Callable:
    """The judge that a source defines; the source stands alone."""
    space: dict[str, Any] = {"__name__": "__judge__"}
    exec(compile(source, "<judge>", "exec"), space)
    return next(value for name, value in space.items() if callable(value) and not name.startswith("__"))
