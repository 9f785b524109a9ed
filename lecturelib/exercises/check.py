"""`check`: ask an answer the public cases in the student's own kernel, and say within a second what is right and what
is not.

It is advice, not a mark: the marks are made in batch, on other inputs, away from the student's code.
"""

from __future__ import annotations

import inspect
import linecache
import types
from typing import Any

from lecturelib.exercises.answer_key import AnswerKey, ExerciseFault
from lecturelib.exercises.asking import Outcome, ask
from lecturelib.exercises.captured import captured
from lecturelib.exercises.catalog import exercise_key
from lecturelib.exercises.forbidden import forbidden_names
from lecturelib.exercises.marking import Mark, mark, whole_mark
from lecturelib.exercises.starter import is_untouched
from lecturelib.exercises.time_limit import TimeIsUp, time_limit
from lecturelib.exercises.variant import chosen_variant
from lecturelib.exercises.verdict import NOT_ASKED, Verdict
from lecturelib.lesson.record import record_exercise


class _NotGiven:
    pass


NOT_GIVEN: Any = _NotGiven()


def check(name: str, answer: Any = NOT_GIVEN, variant: int | None = None) -> Verdict:
    """Check an answer: right, partly right, or what is wrong with it; shown as HTML in a notebook, as text elsewhere.

    `answer` is your function or value; without it, the one that the exercise names is taken from the notebook.
    `variant` is the number of the exercise's variant; without it, the one chosen by `variant(name, number)`, at first
    0. A case that takes longer than the exercise allows (5 s unless it says otherwise) is stopped, and no further one
    is asked. What the code prints is shown and never counted; the result goes into `progress()`.

    Raises `UnknownName` for an exercise that there is not, ValueError for a variant that there is not.

    >>> check("same_sentence_mask", lambda tokens, separator: tokens).status  # doctest: +ELLIPSIS
    ✗ Not yet: Within your own sentence, 0 of 2 points.
    ...
    'wrong'
    """
    key = exercise_key(name, chosen_variant(name) if variant is None else variant)
    verdict = examine(key, _from_notebook(key.answer) if answer is NOT_GIVEN else answer)
    said = ""
    if verdict.status != "ungraded":
        said = record_exercise(name, verdict.status, verdict.points, verdict.mark.out_of)
    if said:
        verdict = Verdict(**{**verdict.__dict__, "notes": (*verdict.notes, f"({said}.)")})
    _show(verdict)
    return verdict


def examine(key: AnswerKey, found: Any) -> Verdict:
    """The verdict on an answer by a key, not shown and not kept."""
    hidden = key.points - sum(each.case.points for each in key.cases)

    def verdict(made: Mark, **more: Any) -> Verdict:
        return Verdict(key.title, made, hidden, **more)

    if found is NOT_GIVEN:
        return verdict(
            whole_mark(key, "missing", f"There is no {key.answer} yet: run the cell that defines it.")
        )
    if is_untouched(found, key.starter, key.answer):
        return verdict(
            whole_mark(key, "not attempted", "This is still the empty frame: write your answer into it.")
        )
    if key.kind == "function" and not callable(found):
        return verdict(whole_mark(key, "malformed", f"Your answer is no function; define {key.answer}(...)."))
    used = forbidden_names(_source(found), key.forbidden, key.given)
    if used:
        said = f"This exercise is to be solved without {', '.join(used)}."
        return verdict(whole_mark(key, "wrong", said))
    file = found.__code__.co_filename if type(found) is types.FunctionType else "<answer>"
    with captured() as printed:
        outcomes = _asked(key, found, file)
    try:
        made = mark(key, outcomes)
    except ExerciseFault as fault:
        return verdict(whole_mark(key, "ungraded", f"The exercise itself failed, not your answer: {fault}."))
    line = linecache.getline(file, made.line).strip() if made.line else ""
    notes = () if made.status == "ok" else (f'hint("{key.name}") gives a hint.',)
    return verdict(made, code=line, printed=printed.text, notes=notes)


def _asked(key: AnswerKey, found: Any, file: str) -> list[Outcome]:
    """The outcomes of all cases; after one that was stopped, no other is asked."""
    outcomes: list[Outcome] = []
    stopped = Outcome("timeout", says=NOT_ASKED)
    for one in key.cases:
        if outcomes and outcomes[-1].status == "timeout":
            outcomes.append(stopped)
            continue
        try:
            with time_limit(key.seconds):
                outcomes.append(ask(found, one.case.inputs, key.kind, file))
        except TimeIsUp:
            said = f"It was stopped after {key.seconds:g} s. Does every loop end?"
            outcomes.append(Outcome("timeout", says=said))
    return outcomes


def _source(found: Any) -> str:
    if type(found) is not types.FunctionType:
        return ""
    try:
        return inspect.cleandoc("\n" + inspect.getsource(found))
    except (OSError, TypeError, IndexError, SyntaxError):
        return ""


def _shell() -> Any:
    """The IPython shell that runs here, or None; IPython is not loaded for it."""
    import sys

    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None


def _from_notebook(name: str) -> Any:
    shell = _shell()
    return NOT_GIVEN if shell is None else shell.user_ns.get(name, NOT_GIVEN)


def _show(verdict: Verdict) -> None:
    if _shell() is None:
        print(verdict.text())
        return
    from IPython.display import display

    display({"text/html": verdict.html(), "text/plain": verdict.text()}, raw=True)
