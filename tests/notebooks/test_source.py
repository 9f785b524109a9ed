"""The committed notebooks are clean sources: no outputs, stable cells, alt text, valid tags."""

import ast
import json
import re
import symtable
from collections import Counter
from pathlib import Path

import nbformat
import pytest

from lecturelib.lesson import NEEDS

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
SLIDES = {"slide", "subslide", "fragment", "notes", "skip", "-"}
TAGS = {"definition", "hide-input", "instructor", "nbval-ignore-output"}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    nbformat.validate(nbformat.read(request.param, as_version=4))
    return json.loads(request.param.read_text(encoding="utf-8"))


def code(notebook):
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_the_lessons_are_there():
    assert sorted({path.stem[:2] for path in NOTEBOOKS}) == sorted(NEEDS)  # part 7 has two


def test_stripped_of_outputs_counts_and_machine(notebook):
    for cell in notebook["cells"]:
        assert not cell.get("outputs") and cell.get("execution_count") is None
        assert set(cell["metadata"]) <= {"slideshow", "tags"}
    assert notebook["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def test_cells_have_names_of_their_own(notebook):
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in ids)


def test_tags_are_known(notebook):
    for cell in notebook["cells"]:
        assert cell["metadata"].get("slideshow", {}).get("slide_type", "-") in SLIDES
        assert set(cell["metadata"].get("tags", [])) <= TAGS


def test_every_shown_picture_has_alt_text(notebook):
    for source in code(notebook):
        for call in ast.walk(ast.parse(source)):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "show":
                inner = call.args[0].keywords if isinstance(call.args[0], ast.Call) else []
                assert any(keyword.arg == "alt" for keyword in call.keywords + inner), ast.unparse(call)


def test_no_cell_imports_everything_or_pictures_without_show(notebook):
    for source in code(notebook):
        assert "import *" not in source and "plt." not in source and "%matplotlib" not in source


def test_a_lesson_begins_by_its_number(notebook):
    sources = "\n".join(code(notebook))
    assert re.search(r'lesson\.begin\("\d\d"\)', sources)


@pytest.mark.parametrize(
    "name",
    [
        "01_architecture",
        "02_training",
        "03_confounds",
        "04_parameters",
        "05_gradients",
        "06_optimization",
        "07a_attention",
        "07b_transformer",
        "07c_language_model",
        "08_autoencoders",
        "09_visual_attention",
    ],
)
def test_the_skeleton_of_a_section_is_complete(name):
    words = json.dumps(json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")))
    for step in (
        "**Goal.**",
        "**Predict first.**",
        "### Try it",
        "**What can mislead you.**",
        "**Take-away.**",
    ):
        assert words.count(step) >= 5, step


def test_what_an_explorable_reads_stays_as_it_was(notebook):
    """An explorable answers later, after all cells ran: a name that its function takes from the notebook may be bound
    in one place only."""
    bound, read = Counter(), set()
    for source in code(notebook):
        table = symtable.symtable(source, "cell", "exec")
        bound.update(s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported())
        if "Explorable(" in source:
            inner = [child for made in table.get_children() for child in made.get_children()]
            read |= {s.get_name() for child in inner for s in child.get_symbols() if s.is_global()}
    assert {name for name in read if bound[name] > 1} == set()
