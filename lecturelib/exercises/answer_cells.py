"""Answers are found by a line of their source, `#| exercise: NAME`, never by metadata of a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable

MARK = re.compile(r"^[ \t]*#\|[ \t]*exercise[ \t]*:[ \t]*([A-Za-z][A-Za-z0-9_]*)[ \t]*\r?$", re.MULTILINE)


def marked(source: str) -> list[str]:
    """The names of the exercises that a source says it answers, each once, in their order.

    >>> marked("#| exercise: toy\\nx = 1")
    ['toy']
    """
    return list(dict.fromkeys(MARK.findall(source)))


def answer_cells(sources: Iterable[str]) -> dict[str, list[str]]:
    """The sources that answer each exercise, in their order.

    >>> answer_cells(["x = 1", "#| exercise: toy\\ny = 2"])
    {'toy': ['#| exercise: toy\\ny = 2']}
    """
    found: dict[str, list[str]] = {}
    for source in sources:
        for name in marked(source):
            found.setdefault(name, []).append(source)
    return found
