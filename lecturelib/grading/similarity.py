"""Near-identical answers: pairs of submissions that share what the starter does not give.

Names, comments and layout do not matter: a source becomes a sequence of tokens in which every name of the student
is one sign, and from it come fingerprints of ten tokens in a row (winnowing, Schleimer et al. 2003). Two
submissions are compared by the share of the smaller one's fingerprints that the other has, without those that the
starter or a third of the class has. Similar is no proof: it says where to look.
"""

from __future__ import annotations

import hashlib
import io
import keyword
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

LENGTH = 10
WINDOW = 4
LEAST = 12
ALIKE = 0.8
COMMON = 1 / 3


@dataclass(frozen=True)
class Pair:
    """Two students whose answers are alike: the share of the smaller answer that both have, in how many pieces.

    >>> Pair("ana", "bo", 0.95, 40).share
    0.95
    """

    one: str
    other: str
    share: float
    pieces: int


def tokens(source: str) -> list[str]:
    """The tokens of a source; names that are neither keywords nor attributes become one sign. Damaged sources as words.

    >>> tokens("def f(x): return x.sum()  # mine")
    ['def', 'n', '(', 'n', ')', ':', 'return', 'n', '.', 'sum', '(', ')']
    """
    found: list[str] = []
    try:
        for each in tokenize.generate_tokens(io.StringIO(source).readline):
            if each.type in (
                tokenize.COMMENT,
                tokenize.NL,
                tokenize.NEWLINE,
                tokenize.INDENT,
                tokenize.DEDENT,
            ):
                continue
            if each.type == tokenize.NAME and not keyword.iskeyword(each.string) and found[-1:] != ["."]:
                found.append("n")
            elif each.string:
                found.append("s" if each.type == tokenize.STRING else each.string)
    except (tokenize.TokenError, SyntaxError, IndentationError, ValueError):
        return re.findall(r"\w+|[^\w\s]", source)[:20_000]
    return found


def fingerprints(source: str) -> set[int]:
    """The winnowed fingerprints of a source: from every window of hashes the smallest one."""
    found = tokens(source)
    hashes = [
        int.from_bytes(
            hashlib.blake2b(
                " ".join(found[at : at + LENGTH]).encode("utf-8", "replace"), digest_size=8
            ).digest(),
            "big",
        )
        for at in range(max(0, len(found) - LENGTH + 1))
    ]
    return {min(hashes[at : at + WINDOW]) for at in range(max(0, len(hashes) - WINDOW + 1))}


def near_identical(answers: Mapping[str, str], starter: str, alike: float = ALIKE) -> list[Pair]:
    """Pairs of students whose answers are nearly identical, the most alike first; the starter's pieces are subtracted.

    Answers that keep fewer than 12 pieces of their own are too short to tell, and left out.

    >>> long = "\\n".join(f"rows_{k} = net.layer{k}(image, {k}).sum()" for k in range(12))
    >>> near_identical({"ana": long, "bo": long.replace("rows", "lines"), "cy": "x = 1"}, "")[0].share
    1.0
    """
    given = fingerprints(starter)
    own = {student: fingerprints(source) - given for student, source in answers.items()}
    spread = Counter(mark for marks in own.values() for mark in marks)
    often = max(5.0, COMMON * len(own))
    own = {student: {mark for mark in marks if spread[mark] <= often} for student, marks in own.items()}
    own = {student: marks for student, marks in own.items() if len(marks) >= LEAST}
    holders: dict[int, list[str]] = defaultdict(list)
    for student in sorted(own):
        for mark in own[student]:
            holders[mark].append(student)
    shared: Counter[tuple[str, str]] = Counter()
    for students in holders.values():
        for place, one in enumerate(students):
            for other in students[place + 1 :]:
                shared[one, other] += 1
    pairs = [
        Pair(one, other, round(count / min(len(own[one]), len(own[other])), 3), count)
        for (one, other), count in shared.items()
    ]
    return sorted(
        (pair for pair in pairs if pair.share >= alike), key=lambda pair: (-pair.share, pair.one, pair.other)
    )
