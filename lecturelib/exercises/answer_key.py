"""The answer key of one variant: the cases with what the solution and each declared mistake give for them.

It is plain data, so that it can be packed: the public one goes into the wheel (public cases only, no solution
source), the one of a student goes to the trusted side of the grading.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

from lecturelib.exercises.asking import Outcome, ask, run_given, run_source
from lecturelib.exercises.exercise import Case, Exercise


class ExerciseFault(RuntimeError):
    """The exercise itself is at fault, not the answer: its solution or its judge failed; it may mark nothing."""


@dataclass(frozen=True)
class KeyCase:
    """A case with its expected outcome and the outcome of each declared mistake."""

    case: Case
    expected: Outcome
    mistakes: dict[str, Outcome]


@dataclass(frozen=True)
class AnswerKey:
    """All that marking needs of an exercise in one variant, and what a student may see of it; no solution source."""

    name: str
    part: str
    title: str
    prompt: str
    starter: str
    given: str
    answer: str
    kind: str
    minutes: int
    points: float
    hints: tuple[str, ...]
    forbidden: tuple[str, ...]
    trains: str
    may_change_inputs: bool
    seconds: float
    variant: int
    variants: int
    judge: str
    messages: dict[str, str]
    cases: tuple[KeyCase, ...]

    def to_plain(self) -> dict[str, Any]:
        """The key as plain data, to be encoded."""
        flat = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "cases"}
        flat["cases"] = [
            {
                "case": {each.name: getattr(one.case, each.name) for each in fields(Case)},
                "expected": asdict(one.expected),
                "mistakes": {name: asdict(outcome) for name, outcome in one.mistakes.items()},
            }
            for one in self.cases
        ]
        return flat

    @classmethod
    def from_plain(cls, flat: dict[str, Any]) -> AnswerKey:
        """The key again, from what `to_plain` made."""
        cases = tuple(
            KeyCase(
                Case(**one["case"]),
                Outcome(**one["expected"]),
                {name: Outcome(**outcome) for name, outcome in one["mistakes"].items()},
            )
            for one in flat["cases"]
        )
        return cls(
            **{**flat, "hints": tuple(flat["hints"]), "forbidden": tuple(flat["forbidden"]), "cases": cases}
        )


def public_key(exercise: Exercise, variant: int = 0) -> AnswerKey:
    """The key with the public cases, the same for everybody."""
    return answer_key(exercise, exercise.public_cases(variant), variant)


def student_key(exercise: Exercise, secret: bytes, student: str, variant: int | None = None) -> AnswerKey:
    """The key with the public and the hidden cases of one student, in their own variant unless one is given."""
    number = exercise.variant_of(secret, student) if variant is None else variant
    cases = exercise.public_cases(number) + exercise.hidden_cases(secret, student, number)
    return answer_key(exercise, cases, number)


def answer_key(exercise: Exercise, cases: Iterable[Case], variant: int = 0) -> AnswerKey:
    """The key for these cases: the solution and every declared mistake are asked.

    Raises `ExerciseFault` where the solution fails.
    """
    cases = list(cases)
    given = exercise.fill(exercise.given, variant)
    space = run_given(given)
    solution = outcomes_of(exercise, exercise.solution, cases, variant, space)
    for case, outcome in zip(cases, solution, strict=True):
        if outcome.status != "ok":
            raise ExerciseFault(
                f"{exercise.name}: its solution gives {outcome.status} for {case.name}: {outcome.says}"
            )
    wrong = {
        each.name: outcomes_of(exercise, each.source, cases, variant, space) for each in exercise.mistakes
    }
    return AnswerKey(
        name=exercise.name, part=exercise.part, title=exercise.title, prompt=exercise.fill(exercise.prompt, variant),
        starter=exercise.fill(exercise.starter, variant), given=given, answer=exercise.answer, kind=exercise.kind,
        minutes=exercise.minutes, points=exercise.points,
        hints=tuple(exercise.fill(hint, variant) for hint in exercise.hints), forbidden=exercise.forbidden,
        trains=exercise.trains, may_change_inputs=exercise.may_change_inputs, seconds=exercise.seconds, variant=variant,
        variants=len(exercise.variants), judge=judge_source(exercise.judge),
        messages={each.name: exercise.fill(each.message, variant) for each in exercise.mistakes},
        cases=tuple(
            KeyCase(case, solution[place], {name: each[place] for name, each in wrong.items()})
            for place, case in enumerate(cases)
        ),
    )  # fmt: skip


def outcomes_of(
    exercise: Exercise,
    source: str,
    cases: Iterable[Case],
    variant: int = 0,
    space: dict[str, Any] | None = None,
) -> list[Outcome]:
    """What a source gives for each case, as a student's would be asked, but trusted and without limits.

    `space` is the namespace in which `given` has run, where it is at hand.
    """
    given = exercise.fill(exercise.given, variant) if space is None else space
    found, ran = run_source(given, exercise.fill(source, variant), exercise.answer)
    if ran.status != "ok":
        return [ran for _ in cases]
    return [ask(found, case.inputs, exercise.kind) for case in cases]


def judge_source(judge: Callable | None) -> str:
    """The source of a judge, which stands alone: it imports inside itself."""
    return "" if judge is None else textwrap.dedent(inspect.getsource(judge))
