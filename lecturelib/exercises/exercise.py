"""The form of an exercise: one object, from which the notebook, the check and the grading are made."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

import numpy as np

from lecturelib.checks import complaint, described
from lecturelib.exercises.plain_data import plain

Judged = tuple[float, str] | tuple[float, str, str] | None


@dataclass(frozen=True)
class Case:
    """One question to an answer: the inputs, what may differ, what it is worth, and what a failure suggests.

    `inputs` are the arguments, plain data (empty where the answer is a value). `at` looks only at one place of what the
    answer gives: a key or an index, or a tuple of them. A number may differ by `tolerance` times the largest expected
    one.

    >>> Case("one channel", inputs=(3,), suggests="Count the bias too.").points
    1
    """

    name: str
    inputs: tuple = ()
    points: float = 1
    public: bool = True
    suggests: str = ""
    tolerance: float = 1e-4
    at: Any = None

    def __post_init__(self) -> None:
        _text("name of a case", self.name)
        if type(self.inputs) is not tuple:
            raise TypeError(
                complaint(f"inputs of case {self.name!r}", "a tuple of arguments", described(self.inputs))
            )
        object.__setattr__(self, "inputs", plain(self.inputs))
        if not self.points > 0:
            raise ValueError(complaint(f"points of case {self.name!r}", "more than 0", self.points))
        if not self.tolerance >= 0:
            raise ValueError(complaint(f"tolerance of case {self.name!r}", "0 or more", self.tolerance))


@dataclass(frozen=True)
class Mistake:
    """A typical wrong answer: its source, the message that it must produce, and the cases that it fails.

    `fails` names cases; empty: every case. It is recognized by giving the same outputs on the same inputs.

    >>> Mistake("no bias", "def f(n): return 9 * n", "The bias is missing: one number per kernel.").fails
    ()
    """

    name: str
    source: str
    message: str
    fails: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _text("name of a mistake", self.name)
        object.__setattr__(self, "source", _source(f"source of mistake {self.name!r}", self.source))
        _text(f"message of mistake {self.name!r}", self.message)
        object.__setattr__(self, "fails", tuple(self.fails))


@dataclass(frozen=True)
class Exercise:
    """An exercise: what is asked, the answer, the questions that test it, and the mistakes that it knows.

    `answer` is the name that the student's cell defines: a function (`kind="function"`) or a value (`kind="value"`).
    In all texts and sources `<<key>>` stands for an entry of the variant. `judge(inputs, got)`, where given, measures
    an answer instead of comparing it with the solution's: it returns (share of the points from 0 to 1, sentence) or
    (share, sentence, name of a mistake), or None to compare after all; it imports inside itself what it needs. A case
    ends after `seconds`. `slow=True` where the solution takes longer than half a second: tests then try 3 seeds
    instead of 20.

    >>> Exercise("toy", "01", "A toy", "Double it.", "def f(x):\\n    ...", "def f(x):\\n    return 2 * x", "f",
    ...     lambda rng, variant: [Case("three", (3,))], hints=("Add.", "Twice.", "x + x")).points
    1
    """

    name: str
    part: str
    title: str
    prompt: str
    starter: str
    solution: str
    answer: str
    cases: Callable[[np.random.Generator, Mapping[str, Any]], Iterable[Case]]
    mistakes: tuple[Mistake, ...] = ()
    hints: tuple[str, str, str] = ("", "", "")
    minutes: int = 10
    points: float = 1
    kind: str = "function"
    given: str = ""
    forbidden: tuple[str, ...] = ()
    trains: str = ""
    variants: tuple[Mapping[str, Any], ...] = field(default_factory=lambda: ({},))
    judge: Callable[[tuple, Any], Judged] | None = None
    may_change_inputs: bool = False
    seconds: float = 5.0
    slow: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not re.fullmatch(r"[a-z][a-z0-9_]{2,39}", self.name):
            raise ValueError(complaint("name", "3 to 40 small letters, digits and _", repr(self.name)))
        if not isinstance(self.part, str) or not re.fullmatch(r"0[1-9]", self.part):
            raise ValueError(complaint("part", 'a part such as "05"', repr(self.part)))
        if self.kind not in ("function", "value"):
            raise ValueError(complaint("kind", "'function' or 'value'", repr(self.kind)))
        if not self.answer.isidentifier():
            raise ValueError(complaint("answer", "the name of a function or a variable", repr(self.answer)))
        for name in ("title", "prompt"):
            _text(name, getattr(self, name))
        object.__setattr__(self, "prompt", dedent(self.prompt).strip())
        for name in ("starter", "solution"):
            object.__setattr__(self, name, _source(name, getattr(self, name)))
        object.__setattr__(self, "given", dedent(self.given).strip("\n"))
        for name in ("mistakes", "hints", "forbidden"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "variants", tuple(self.variants) or ({},))
        if len(self.hints) != 3 or not all(isinstance(hint, str) for hint in self.hints):
            raise ValueError(complaint("hints", "three texts, from vague to near", described(self.hints)))
        names = [mistake.name for mistake in self.mistakes]
        if len(set(names)) < len(names):
            raise ValueError(complaint("mistakes", "different names", names))

    def fill(self, text: str, variant: int = 0) -> str:
        """The text with each `<<key>>` as this variant has it."""
        for key, value in self.variants[variant].items():
            text = text.replace(f"<<{key}>>", str(value))
        return text

    def public_cases(self, variant: int = 0) -> list[Case]:
        """The public cases: the same for everybody."""
        seed = hashlib.sha256(f"{self.name}/public/{variant}".encode()).digest()
        return [case for case in self._cases(seed, variant) if case.public]

    def hidden_cases(self, secret: bytes, student: str, variant: int = 0) -> list[Case]:
        """The hidden cases of one student: they follow from the course's secret, the exercise and the student."""
        seed = _digest(secret, self.name, student, "inputs")
        return [case for case in self._cases(seed, variant) if not case.public]

    def variant_of(self, secret: bytes, student: str) -> int:
        """The number of the variant that a student gets."""
        return int.from_bytes(_digest(secret, self.name, student, "variant")[:8], "big") % len(self.variants)

    def _cases(self, seed: bytes, variant: int) -> list[Case]:
        rng = np.random.Generator(np.random.PCG64(int.from_bytes(seed, "big")))
        cases = list(self.cases(rng, dict(self.variants[variant])))
        names = [case.name for case in cases]
        if len(set(names)) < len(names):
            raise ValueError(complaint(f"cases of {self.name}", "different names", names))
        if abs(sum(case.points for case in cases) - self.points) > 1e-9:
            raise ValueError(
                complaint(
                    f"cases of {self.name}",
                    f"{self.points} points together",
                    sum(case.points for case in cases),
                )
            )
        return cases


def _digest(secret: bytes, exercise: str, student: str, use: str) -> bytes:
    message = b"\0".join(part.encode("utf-8") for part in (exercise, student, use))
    return hmac.new(secret, message, hashlib.sha256).digest()


def _text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(complaint(name, "a text", described(value)))
    if not value.strip():
        raise ValueError(complaint(name, "a text", "an empty one"))


def _source(name: str, value: str) -> str:
    _text(name, value)
    return dedent(value).strip("\n") + "\n"
