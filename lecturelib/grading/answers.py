"""Which cells of a notebook answer which exercise: by the line `#| exercise: NAME`, never by metadata or order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lecturelib.exercises.answer_cells import MARK


@dataclass(frozen=True)
class Segment:
    """A part of a code cell: the exercise it is marked with ("" for none), its text, the number of lines above it.

    >>> Segment("toy", "x = 1", 0).exercise
    'toy'
    """

    exercise: str
    text: str
    above: int


@dataclass(frozen=True)
class Candidates:
    """Where one exercise may be answered, as places in the list of segments: marked ones, others with its name."""

    marked: tuple[int, ...]
    unmarked: tuple[int, ...]

    def __bool__(self) -> bool:
        return bool(self.marked or self.unmarked)


@dataclass(frozen=True)
class ChosenAnswer:
    """The segment that counts (None: nothing was attempted), and what the student should know about the choice.

    >>> ChosenAnswer(2).notes
    ()
    """

    place: int | None
    notes: tuple[str, ...] = ()


def segments(sources: Iterable[str]) -> list[Segment]:
    """The cells, cut where a line names an exercise: cells that were merged are taken apart again.

    >>> [each.exercise for each in segments(["import math", "#| exercise: a\\nx = 1\\n#| exercise: b\\ny = 2"])]
    ['', 'a', 'b']
    """
    found = []
    for source in sources:
        starts = [match.start() for match in MARK.finditer(source)]
        names = MARK.findall(source)
        edges = [0, *starts[1:], len(source)] if starts else [0, len(source)]
        for place, (start, end) in enumerate(zip(edges, edges[1:], strict=False)):
            text = source[start:end]
            if text.strip():
                found.append(Segment(names[place] if names else "", text, source.count("\n", 0, start)))
    return found


def candidates(parts: Sequence[Segment], exercise: str, answer: str, kind: str) -> Candidates:
    """Where an answer may stand: in what is marked; and in unmarked cells that define a function of its name.

    >>> candidates([Segment("", "def f(x): return x", 0)], "toy", "f", "function").unmarked
    (0,)
    """
    marked = tuple(place for place, part in enumerate(parts) if part.exercise == exercise)
    pattern = rf"^[ \t]*(?:async[ \t]+)?def[ \t]+{re.escape(answer)}\b" + (
        rf"|^[ \t]*{re.escape(answer)}[ \t]*(?::[^=\n]+)?=(?!=)" if marked or kind == "function" else ""
    )
    defines = re.compile(pattern, re.M)
    unmarked = tuple(
        place for place, part in enumerate(parts) if not part.exercise and defines.search(part.text)
    )
    return Candidates(marked, unmarked)


def choose(parts: Sequence[Segment], found: Candidates, scanned: dict[int, dict[str, Any]]) -> ChosenAnswer:
    """The answer that counts: the last one that was worked on, marked ones first.

    `scanned` says for each place whether it is untouched and whether it defines the name.

    >>> parts = [Segment("toy", "f = 1", 0), Segment("toy", "f = 2", 0)]
    >>> seen = {place: {"untouched": False, "defines": True} for place in (0, 1)}
    >>> choose(parts, Candidates((0, 1), ()), seen).notes
    ('there are 2 different answers; the last one counts',)
    """
    notes = []
    own = [place for place in found.marked if _answers(scanned[place])]
    if own:
        texts = {"\n".join(line.rstrip() for line in parts[place].text.strip().split("\n")) for place in own}
        if len(texts) > 1:
            notes.append(f"there are {len(texts)} different answers; the last one counts")
        return ChosenAnswer(own[-1], tuple(notes))
    first = found.marked[0] if found.marked else -1
    named = [place for place in found.unmarked if place > first and _answers(scanned[place])]
    if named:
        if not found.marked:
            notes.append("the line `#| exercise: ...` is missing; the answer was found by its name")
        return ChosenAnswer(named[-1], tuple(notes))
    begun = [place for place in found.marked if not scanned[place]["untouched"]]
    return ChosenAnswer(begun[-1] if begun else None)


def _answers(seen: dict[str, Any]) -> bool:
    return bool(seen["defines"]) and not seen["untouched"]
