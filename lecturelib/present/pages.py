"""Cells to pages, by the standard slideshow metadata: the same rule as `pages.js` of the extension."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_TYPES = ("slide", "subslide", "fragment", "skip", "notes")


@dataclass
class Page:
    """One page: `steps`, lists of cell numbers that appear one step after another, and the numbers of its notes.

    >>> from lecturelib.present import Page
    >>> Page([[0], [1, 2]], notes=[3]).cells
    [0, 1, 2]
    """

    steps: list[list[int]]
    notes: list[int] = field(default_factory=list)

    @property
    def cells(self) -> list[int]:
        """All cells of the page, in order."""
        return [k for step in self.steps for k in step]


def kind_of(cell: Mapping) -> str:
    """What a cell of a notebook is on the stage; one tagged `instructor` is a note, whatever its slide type."""
    metadata = cell.get("metadata", {})
    if "instructor" in metadata.get("tags", ()):
        return "notes"
    kind = metadata.get("slideshow", {}).get("slide_type")
    return kind if kind in _TYPES else "-"


def pages_of(kinds: Iterable[str]) -> list[Page]:
    """The pages made by the kinds of all cells; a cell without one ("-") joins the step before it.

    >>> from lecturelib.present import pages_of
    >>> pages_of(["slide", "-", "fragment", "slide"])
    [Page(steps=[[0, 1], [2]], notes=[]), Page(steps=[[3]], notes=[])]
    """
    pages: list[Page] = []
    early: list[int] = []  # notes before the first page
    for k, kind in enumerate(kinds):
        if kind == "skip":
            continue
        if kind == "notes":
            (pages[-1].notes if pages else early).append(k)
        elif not pages or kind in ("slide", "subslide"):
            pages.append(Page([[k]]))
        elif kind == "fragment":
            pages[-1].steps.append([k])
        else:
            pages[-1].steps[-1].append(k)
    if pages:
        pages[0].notes[:0] = early
    return pages


def heading_of(page: Page, cells: list[Mapping]) -> str:
    """The first heading in the markdown of a page, as text, or nothing."""
    for k in page.cells:
        if cells[k]["cell_type"] == "markdown":
            found = re.search(r"^#{1,4} +(.+)$", "".join(cells[k]["source"]), re.MULTILINE)
            if found:
                return plain(found[1])
    return ""


def plain(heading: str) -> str:
    """A heading as text alone.

    >>> plain("**Why** divide by $\\\\sqrt{d}$?")
    'Why divide by \\\\sqrt{d}?'
    """
    return re.sub(r"[*_`$]", "", heading).strip()
