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


_LONGEST = 56  # letters of a name that is made of what a page says
_MARK = re.compile(
    r"^\s*(?:[>|+-]|\*(?!\*)|\d+\.)\s*"
)  # what begins a line of a list, a table or a quotation


def names_of(pages: list[Page], cells: list[Mapping]) -> list[str]:
    """A name for each page within its section: its heading, or what it says first; several of one name are numbered.

    >>> said = {"cell_type": "markdown", "source": "**What can mislead you.** A weight says little."}
    >>> code = {"cell_type": "code", "source": "import math\\ndef area(r): return math.pi * r**2"}
    >>> names_of([Page([[0]]), Page([[1]]), Page([[1]])], [said, code])
    ['What can mislead you', 'area', 'area (2)']
    """
    names: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    section = ""
    for number, page in enumerate(pages, 1):
        text = ("".join(cells[k]["source"]) + "\n" for k in page.cells if cells[k]["cell_type"] == "markdown")
        found = re.search(r"^#{1,2} +(.+)$", "".join(text), re.MULTILINE)
        section = plain(found[1]) if found else section
        name = heading_of(page, cells) or _lead([cells[k] for k in page.cells]) or f"page {number}"
        count = seen[section, name] = seen.get((section, name), 0) + 1
        names.append(f"{name} ({count})" if count > 1 else name)
    return names


def _lead(cells: list[Mapping]) -> str:
    """What cells say first: words in bold, a sentence, a function that is defined, a claim, or a line of code."""
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            stripped = (_MARK.sub("", line).strip() for line in source.split("\n"))
            line = next((one for one in stripped if re.match(r"[^<!$#]", one)), "")
            bold = re.match(r"\*\*(.+?)[.:]?\*\*", line)
            said = bold[1] if bold else re.split(r"(?<=[.:?!])\s", line)[0]
            said = re.sub(r"[*`$]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", said)).strip()
            if said:
                return _shorter(said)
            continue
        if found := re.search(r"\bclaim\(\"([^\"]+)\"\)", source):
            return _shorter(f"Claim {found[1]}")
        if "hide-input" in cell.get("metadata", {}).get("tags", ()):
            continue
        if found := re.search(r"^(?:def|class) (\w+)", source, re.MULTILINE):
            return found[1]
        for line in source.split("\n"):
            if re.match(r"[a-z_]", line, re.IGNORECASE) and not re.match(
                r"(import|from|torch\.manual_seed)\b", line
            ):
                return _shorter(line.strip())
    return ""


def _shorter(text: str) -> str:
    return text if len(text) <= _LONGEST else re.sub(r"\s+\S*$", "", text[:_LONGEST]) + " …"


def plain(heading: str) -> str:
    """A heading as text alone.

    >>> plain("**Why** divide by $\\\\sqrt{d}$?")
    'Why divide by \\\\sqrt{d}?'
    """
    return re.sub(r"[*_`$]", "", heading).strip()
