"""Cells to pages: every slide type by hand; the lessons' notes and minutes."""

import json
import re
from pathlib import Path

import pytest

from lecturelib.present.pages import Page, heading_of, kind_of, pages_of

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def cell(kind=None, tags=(), source="", cell_type="markdown"):
    metadata = {"slideshow": {"slide_type": kind}} if kind else {}
    return {"cell_type": cell_type, "metadata": {**metadata, "tags": list(tags)}, "source": source}


def test_every_slide_type():
    kinds = ["slide", "-", "fragment", "-", "skip", "notes", "fragment", "subslide", "slide", "notes"]
    assert pages_of(kinds) == [Page([[0, 1], [2, 3], [6]], [5]), Page([[7]]), Page([[8]], [9])]
    assert pages_of(kinds)[0].cells == [0, 1, 2, 3, 6]


def test_a_notebook_without_slide_types_is_one_page_and_early_notes_are_kept():
    assert pages_of(["-", "-"]) == [Page([[0, 1]])]
    assert pages_of(["fragment", "-"]) == [Page([[0, 1]])]
    assert pages_of(["notes", "slide", "notes"]) == [Page([[1]], [0, 2])]
    assert pages_of([]) == [] and pages_of(["skip", "notes"]) == []


def test_kinds():
    assert [kind_of(cell(kind)) for kind in ("slide", "skip", None, "-", "unknown")] == [
        "slide",
        "skip",
        "-",
        "-",
        "-",
    ]
    assert kind_of(cell("slide", ["instructor"])) == "notes"


def test_headings():
    cells = [
        cell(source="Text\n\n### The *loop*, `now`\n\n## Later"),
        cell(source="# x = 1", cell_type="code"),
    ]
    assert heading_of(Page([[1, 0]]), cells) == "The loop, now"
    assert heading_of(Page([[1]]), cells) == ""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_lesson_has_notes_for_each_section_that_fill_its_minutes(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(one["source"]) for one in cells if one["cell_type"] == "markdown"]
    (notes,) = ["".join(one["source"]) for one in cells if "instructor" in one["metadata"].get("tags", [])]
    sections = [found for text in texts for found in re.findall(r"^## +(.+)$", text, re.MULTILINE)]
    minutes = {
        title: int(number) for title, number in re.findall(r"^\* \*\*(.+)\*\*, (\d+) minutes?\.", notes, re.M)
    }
    named, there = ({re.match(r"\d+ ·|.*", title)[0] for title in titles} for titles in (minutes, sections))
    assert minutes and named <= there  # a note may shorten a title that has a number
    assert {title for title in there if title[0].isdigit()} <= named  # something to say to every section
    stated = re.search(r"\*\*For the instructor\.\*\* (\d+) minutes", notes)
    assert sum(minutes.values()) == int(stated[1])
    told = re.search(r"Time: (\d+) minutes", texts[0])
    assert told is None or told[1] == stated[1]  # what the student is told
