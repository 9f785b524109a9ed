"""The deck in one file: frames instead of sliders, formulas, errors on their page, nothing from elsewhere."""

import base64
import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from lecturelib.present import html_deck
from lecturelib.present.deck_exporter import formula
from lecturelib.present.explorable_frames import frames
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

    pages = re.findall(
        r'<section [^>]*class="page".*?(?=<section [^>]*class="page"|</main>)', made, re.DOTALL
    )
    assert len(pages) == 3 and "<title>A part</title>" in made
    assert '<math alttext="x^2"' in pages[0] and "$code$" in pages[0]
    assert re.search(r'class="section"><p>A <strong>part</strong></p>', pages[1])  # under the heading before
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


SLIDE = {"slideshow": {"slide_type": "slide"}}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="


def deck_of(*cells, folder=Path()):
    """The pages of a notebook of these cells, as it is after it ran."""
    return html_deck.page(nbformat.v4.new_notebook(cells=list(cells)), "part", folder).partition("<main>")[2]


def text(source, **more):
    return nbformat.v4.new_markdown_cell(source, metadata=SLIDE, **more)


def shown(*bundles, **more):
    outputs = [nbformat.v4.new_output("display_data", bundle, **more) for bundle in bundles]
    return nbformat.v4.new_code_cell("show()", metadata=SLIDE, outputs=outputs)


def test_outputs_of_every_kind_are_what_they_are():
    object_name = {"text/plain": "<IPython.core.display.Thing object>"}
    deck = deck_of(
        shown({"text/markdown": "**bold** and $x^2$", **object_name}),
        shown({"text/latex": r"$\displaystyle \frac{a}{b}$", **object_name}),
        shown({"text/latex": r"\begin{align} a &= b \end{align}", **object_name}),
        shown(
            {"image/jpeg": "/9j/", **object_name}, metadata={"image/jpeg": {"width": 30, "alt": 'a "cat"'}}
        ),
        shown({"image/png": PNG, "text/plain": "a white dot"}),
        shown({"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'><title>R&amp;D</title></svg>"}),
        shown(
            {
                "application/vnd.jupyter.widget-view+json": {"model_id": "1"},
                "text/plain": "IntSlider(value=3)",
            }
        ),
        shown({"text/plain": "<a plain value>"}),
    )
    assert "<strong>bold</strong>" in deck and '<math alttext="x^2"' in deck
    assert deck.count("<mfrac>") == 1 and deck.count("<mtable") == 1
    assert "alt='a \"cat\"'" in deck and 'src="data:image/jpeg;base64,/9j/"' in deck and 'width="30"' in deck
    assert 'alt="a white dot"' in deck and 'alt="R&amp;D"' in deck and "data:image/svg+xml;base64," in deck
    assert "Thing object" not in deck and "IntSlider" not in deck and "&lt;a plain value&gt;" in deck


def test_every_picture_has_words():
    deck = deck_of(
        shown({"image/png": PNG, "text/plain": "<Figure size 640x480 with 1 Axes>"}),
        shown({"text/html": f'<img src="data:image/png;base64,{PNG}">', "text/plain": ""}),
    )
    images = re.findall(r"<img\b[^>]*>", deck)
    assert len(images) == 2 and all(re.search(r'alt="[^"<]+"', image) for image in images)


def test_attachments_and_local_pictures_are_inside(tmp_path):
    (tmp_path / "my dot.png").write_bytes(base64.b64decode(PNG))
    deck = deck_of(
        text(
            "![attached](attachment:dot.png) ![gone](attachment:gone.png)",
            attachments={"dot.png": {"image/png": PNG}},
        ),
        text('![beside](my%20dot.png)\n\n<img src="my dot.png" alt="in HTML">'),
        shown({"text/html": '<b>shown</b> <img src="my dot.png" alt="put out">', "text/plain": ""}),
        folder=tmp_path,
    )
    for alt in ("attached", "beside", "in HTML", "put out"):
        (image,) = re.findall(rf'<img\b[^>]*alt="{alt}"[^>]*>', deck)
        assert f"data:image/png;base64,{PNG}" in image
    assert "<em>missing attachment: gone.png</em>" in deck and "<b>shown</b>" in deck


def test_a_formula_in_a_heading_stays_in_the_heading():
    deck = deck_of(text(r"## Why divide by $\sqrt{d}$?"), shown({"text/plain": "next"}))
    heading = re.search(r"<h2[^>]*>(.*?)</h2>", deck, re.DOTALL)
    assert re.sub(r"<[^>]+>", "", heading[1]) == "Why divide by d?" and "<msqrt>" in heading[1]
    assert " id=" not in heading[0] and '">Why' not in re.sub(r"<[^>]*>", "", deck)
    assert deck.count(r'aria-label="Why divide by \sqrt{d}?"') == 1 and deck.count('aria-label="show()"') == 1
    assert deck.count("<msqrt>") == 2


@pytest.mark.parametrize(
    "cells", [[], [nbformat.v4.new_markdown_cell("a note", metadata={"tags": ["instructor"]})]]
)
def test_an_empty_notebook_is_a_sentence(tmp_path, cells):
    source = tmp_path / "empty.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), source)
    with pytest.raises(ValueError, match=r"empty\.ipynb: expected at least one cell that is shown, got none"):
        html_deck.write(source, tmp_path / "out.html")
    assert not (tmp_path / "out.html").exists()


def test_formulas():
    assert formula(r"\no \such{") == r"<code>\no \such{</code>"
    assert formula(r"\unknown x") == r"<code>\unknown x</code>"
    assert formula(r"\arg\max_x").count("<mo>") == 2
    assert [formula(tex).count("<mspace") for tex in (r"\tanh c", r"\tanh(c)", r"\log_2 c", r"\log p")] == [
        1,
        0,
        0,
        1,
    ]
    assert 'display="block"' in formula("x < y", block=True) and 'alttext="x &lt; y"' in formula("x < y")
    deck = deck_of(text("costs 5$ or 6$, $a$ and `$b$`\n\n$$c$$\n\n    $d$"))
    assert "5$ or 6$" in deck and "<code>$b$</code>" in deck and deck.count("<math") == 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_formula_of_the_lessons_is_laid_out(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    markdown = [text("".join(cell["source"])) for cell in cells if cell["cell_type"] == "markdown"]
    deck = re.sub(r"<script>.*</script>", "", deck_of(*markdown), flags=re.DOTALL)
    written = re.sub(r"<(code|pre)\b.*?</\1>|<[^>]+>", "", deck, flags=re.DOTALL)
    assert "\\" not in written and "$" not in written
    assert not re.search(r"<code>[^<]*\\[a-z]+[^<]*</code>", deck)  # none that came back as TeX
