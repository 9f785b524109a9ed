"""The deck in one file: frames instead of sliders, formulas drawn, errors on their page, nothing from elsewhere."""

import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from lecturelib.present import html_deck
from lecturelib.present.explorable_frames import frames
from lecturelib.present.formulas import _CODE, _FORMULA, around_formulas, drawn
from lecturelib.show import picture
from lecturelib.widgets import Explorable, Slider

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
EXPLORE = """
import numpy as np
from lecturelib.show import picture
from lecturelib.widgets import Explorable, Slider
Explorable(lambda s: picture(np.full((2, 2), s["k"] / 9), alt=f"shade {s['k']}"), [Slider("k", 0, 9)], "Shades",
           {"light": {"k": 9}})
"""


def notebook():
    made = nbformat.v4.new_notebook()
    text, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell

    def kind(name, **more):
        return {"slideshow": {"slide_type": name}, **more}

    made.cells = [
        text("# A **part**\n\nOf $x^2$ and `$code$`.", metadata=kind("slide")),
        code(EXPLORE.strip(), metadata=kind("subslide")),
        code("1 / 0", metadata=kind("slide")),
        code("print('<after>')\nprint('both')", metadata=kind("fragment", tags=["hide-input"])),
        text("A secret of the instructor.", metadata=kind("notes")),
        code("import sys", metadata=kind("skip")),
    ]
    return made


def test_a_part_in_one_file(tmp_path, capsys):
    source = tmp_path / "part.ipynb"
    nbformat.write(notebook(), source)
    before = source.read_bytes()
    to = html_deck.write(source, tmp_path / "out" / "part.html", progress=lambda done, total: None)
    made = to.read_text(encoding="utf-8")
    assert source.read_bytes() == before
    assert "failed: its page shows the error" in capsys.readouterr().err

    pages = re.findall(r'<section class="page".*?(?=<section class="page"|</main>)', made, re.DOTALL)
    assert len(pages) == 3 and "<title>A part</title>" in made
    assert 'aria-label="x^2"' in pages[0] and "$code$" in pages[0]
    assert '<p class="section">A part</p>' in pages[1]  # it goes on under the heading before
    assert 'alt="shade 0"' in pages[1] and 'alt="shade 9"' in pages[1] and ">light</button>" in pages[1]
    assert "Explorable" in pages[1] and "show_last" not in made and "come alive" not in pages[1]
    assert "ZeroDivisionError" in pages[2] and "&lt;after&gt;\nboth" in pages[2]
    assert pages[2].count('class="step"') == 2 and "print" not in pages[2]  # hide-input
    assert "secret" not in made and "import sys" not in made
    assert not re.search(r'(?:src|href)="(?!data:|#)|@import|url\(', made)


def test_frames_are_the_prepared_settings_or_the_ends_of_the_controls():
    def shade(state):
        if state["k"] == 4:
            raise ValueError("choose another k")
        return picture(np.full((2, 2), state["k"] / 9), alt=f"shade {state['k']}")

    plain = Explorable(shade, [Slider("k", 0, 9, value=2, unit="px")], "Shades")
    assert [words for words, _ in frames(plain)] == ["as it starts", "k: 0 px", "k: 9 px"]  # 4 says no
    assert len(frames(plain, most=2)) == 2 and len(frames(plain, seconds=-1)) == 1
    prepared = Explorable(shade, [Slider("k", 0, 9)], "Shades", {"dark": {"k": 0}, "light": {"k": 9}})
    assert [words for words, _ in frames(prepared)] == ["as it starts", "light"]  # dark is how it starts


def test_formulas():
    assert drawn(r"\no \such{").startswith("<code>\\no")
    inline, block = drawn(r"\tfrac12 \lVert a \rVert^2"), drawn("x", block=True)
    assert "<path" in inline and 'aria-label="\\tfrac12' in inline
    assert block.startswith('<div class="formula-line">')
    kept = around_formulas("costs 5$ or 6$, $a$ and `$b$`", lambda text: text)
    assert "5$ or 6$" in kept and "`$b$`" in kept and kept.count("<svg") == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_formula_of_the_lessons_can_be_drawn(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    found = [match[1] or match[2] for match in _FORMULA.finditer(_CODE.sub("", text))]
    assert [tex for tex in found if drawn(tex).startswith("<code>")] == []
