"""Asking an answer: run its source, call it on the inputs of a case, and keep only what comes back as plain data.

This is the only place where code of a student runs: in the student's own kernel by `check`, in an untrusted worker in
a jail by the batch grading. What it returns is a value, never a verdict.
"""

from __future__ import annotations

import copy
import traceback
from dataclasses import dataclass
from typing import Any

from lecturelib.exercises.plain_data import NotPlain, plain, same, type_name


@dataclass(frozen=True)
class Outcome:
    """What an answer gave for one case: a plain value, or the kind and the words of what went wrong.

    `status` is ok (a value came), error, malformed (not plain data), timeout, memory, crashed or missing.

    >>> Outcome("ok", 3).value
    3
    """

    status: str = "ok"
    value: Any = None
    says: str = ""
    line: int = 0
    changed: bool = False

    def equals(self, other: Outcome) -> bool:
        """Whether both gave the same value, or the same type of error, and treated their inputs alike."""
        if self.status != other.status or self.changed != other.changed:
            return False
        if self.status == "ok":
            return same(self.value, other.value)
        return self.says.partition(":")[0] == other.says.partition(":")[0]


def run_given(given: str) -> dict[str, Any]:
    """A fresh namespace in which `given` has run; its exceptions come through.

    >>> run_given("k = 2")["k"]
    2
    """
    space: dict[str, Any] = {"__name__": "__answer__"}
    exec(compile(given, "<given>", "exec"), space)
    return space


def run_source(
    given: str | dict[str, Any], source: str, answer: str, file: str = "<answer>"
) -> tuple[Any, Outcome]:
    """Run `given` and then the source in a fresh namespace: what it defines under the name `answer`, and how it went.

    `given` may be a namespace that `run_given` made: it is copied, so that sources do not meet.

    >>> run_source("k = 2", "def f(x): return k * x", "f")[0](3)
    6
    """
    try:
        space = dict(given) if isinstance(given, dict) else run_given(given)
        exec(compile(source, file, "exec"), space)
    except MemoryError:
        return None, Outcome("memory", says="not enough memory")
    except (Exception, SystemExit, GeneratorExit) as error:
        return None, Outcome("error", says=error_text(error), line=error_line(error, file))
    if answer not in space:
        return None, Outcome("missing", says=f"the cell does not define {answer}")
    return space[answer], Outcome()


def ask(found: Any, inputs: tuple, kind: str = "function", file: str = "<answer>") -> Outcome:
    """Call an answer on copies of the inputs (`kind="value"`: take it as it is); exceptions end up in the outcome.

    >>> ask(lambda x: x + 1, (2,)).value, ask(lambda x: 1 / x, (0,)).says
    (3, 'ZeroDivisionError: division by zero')
    """
    changed = False
    try:
        if kind == "value":
            value = found
        else:
            own = copy.deepcopy(inputs)
            value = found(*own)
            try:
                changed = not same(inputs, plain(own))
            except NotPlain:
                changed = True
        return Outcome("ok", plain(value), changed=changed)
    except NotPlain as refused:
        return Outcome("malformed", says=str(refused), changed=changed)
    except MemoryError:
        return Outcome("memory", says="not enough memory")
    except (Exception, SystemExit, GeneratorExit) as error:
        return Outcome("error", says=error_text(error), line=error_line(error, file))


def error_text(error: BaseException) -> str:
    """Type and words of an exception, at most 500 characters, also where its own text cannot be made.

    >>> error_text(KeyError("conv9"))
    "KeyError: 'conv9'"
    """
    try:
        words = str.__str__(str(error))[:500]
    except Exception:
        words = "(its text cannot be shown)"
    return f"{type_name(error)}: {words}" if words else type_name(error)


def error_line(error: BaseException, file: str) -> int:
    """The last line of the file named that an exception passed through; 0 where it passed through none.

    >>> error_line(ValueError(), "<answer>")
    0
    """
    if isinstance(error, SyntaxError) and error.filename == file:
        return error.lineno or 0
    lines = [
        line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == file
    ]
    return lines[-1] if lines else 0
