"""The deck in JupyterLab: pages, keys, the notebook left as it was. One server and one page for all tests."""

import hashlib
import json
from pathlib import Path

import pytest

PREPARED = """
import numpy as np
import ipywidgets
from lecturelib.show import picture
from lecturelib.widgets import Choice, Explorable, Pointer, Slider

def render(state):
    shade = np.full((40, 60), state["k"] / 20)
    where = f"{state['x']:.2f}, {state['y']:.2f}"
    return picture(shade, alt=f"k {state['k']}, {state['kind']}, pointer {where}", width=300)

controls = [Slider("k", 0, 20, value=5), Choice("kind", ("plain", "other")), Pointer()]
presets = {"dark": {"k": 1}, "light": {"k": 19, "kind": "other"}}
"""
CELLS = [
    ("slide", "# A deck\n\nIts first page.", []),
    ("skip", PREPARED, []),
    ("slide", "## Steps", []),
    ("fragment", "*the first step*", []),
    ("-", "print('with the first', 6 * 7)", []),
    ("fragment", "the second step", []),
    ("notes", "A note of this page: wait for answers.", []),
    ("subslide", "The page below has no heading.", []),
    ("slide", "## Controls", []),
    (None, "Explorable(render, controls, 'Shades', presets)", []),
    (None, "ipywidgets.VBox([ipywidgets.Text(description='words'), ipywidgets.Button(description='Press')])", []),
    ("slide", "## Code", []),
    (None, "answer = 6 * 7\nprint('the answer is', answer)", []),
    ("slide", "## It fails", []),
    (None, "1 / 0", []),
    (None, "print('after the failure')", []),
    ("slide", "## A long page", []),
    (None, "for k in range(150): print('line', k)", []),
    ("slide", "## The end", []),
    ("notes", "**For the instructor.** For all.\n\n* **Controls**, 5 minutes. Ask who is right.\n* **Code**, 1 minute.",
     ["instructor"]),
]  # fmt: skip
TITLES = ["A deck", "Steps", "Steps", "Controls", "Code", "It fails", "A long page", "The end"]
GROUND = "getComputedStyle(document.querySelector('.ll-deck-panel')).backgroundColor"
MARKDOWN = ("#", "*", "the second", "A note", "The page")


def write_notebook(folder, name, cells):
    import nbformat

    made = nbformat.v4.new_notebook()
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for kind, source, tags in cells:
        new = nbformat.v4.new_markdown_cell if source.startswith(MARKDOWN) else nbformat.v4.new_code_cell
        metadata = {"slideshow": {"slide_type": kind}} if kind else {}
        made.cells.append(new(source.strip(), metadata={**metadata, **({"tags": tags} if tags else {})}))
    nbformat.write(made, folder / name)
    return name


def names_in_python():
    """The names of the pages by the rule of the deck without a kernel."""
    from lecturelib.present.pages import kind_of, names_of, pages_of

    cells = [
        {
            "cell_type": "markdown" if source.startswith(MARKDOWN) else "code",
            "source": source.strip(),
            "metadata": {"slideshow": {"slide_type": kind}, "tags": tags},
        }
        for kind, source, tags in CELLS
    ]
    return names_of(pages_of(kind_of(cell) for cell in cells), cells)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def opened(_server_and_browser):
    """The page of the notebook, before any deck, and what its file held."""
    lab = _server_and_browser
    write_notebook(lab.folder, "deck.ipynb", CELLS)
    before = digest(lab.folder / "deck.ipynb")
    page = lab.open("deck.ipynb", (1280, 720))
    yield page, before
    lab.close_pages()


@pytest.fixture
def deck(opened, present):
    """The deck on its first page; the next test gets it again, as this one left the notebook."""
    page, _ = opened
    if page.page.locator(".ll-deck-number").count():
        page.page.bring_to_front()
        from browser_stage import Stage

        stage = Stage(page)
    else:
        stage = present(page)
    stage.press("Escape", "Escape", "Home")
    return stage


@pytest.fixture
def ran(deck):
    """The deck with every cell run, once for all tests."""
    deck.go(deck.count)
    if "failed" not in deck.status:
        deck.press("r")  # the last page, and all above it that did not run yet
        deck.rests()
        assert "a cell failed on page 6" in deck.status
    deck.press("Home")
    return deck


# pages


def test_pages_of_every_slide_type(deck):
    assert (deck.number, deck.count) == (1, len(TITLES))
    for number, title in enumerate(TITLES, 1):
        assert (deck.number, deck.heading) == (number, title)
        assert "import" not in deck.shown and "note of this page" not in deck.shown.lower()
        while deck.step + 1 < deck.steps:
            deck.press("ArrowRight")
        deck.press("ArrowRight")
    deck.press("ArrowRight")
    assert deck.number == deck.count  # nothing lies behind the last page
    deck.press("Home", "ArrowLeft")
    assert deck.number == 1


def test_fragments_come_one_by_one_and_go_again(deck):
    deck.go(2)
    first, code, second = "the first step", "with the first", "the second step"

    def sees():
        return [words in deck.shown for words in (first, code, second)]

    assert sees() == [False, False, False] and deck.steps == 3
    deck.press("PageDown")
    assert sees() == [True, True, False]  # a cell without a type comes with the step before it
    deck.press("Space")
    assert sees() == [True, True, True]
    deck.press("ArrowLeft")
    assert sees() == [True, True, False]
    deck.press("ArrowRight", "ArrowRight", "PageUp")  # back from the next page: as it was left
    assert deck.number == 2 and sees() == [True, True, True]


def test_a_long_page_scrolls_before_it_turns(ran):
    ran.go(7)
    assert ran.height > 1000
    ran.press("PageDown")
    assert ran.number == 7 and ran.scrolled > 300
    for _ in range(4):
        ran.press("PageDown")
    assert ran.number == 8
    ran.press("PageUp")
    assert ran.number == 7 and ran.scrolled > 300
    ran.press("ArrowRight")
    assert ran.number == 8
    ran.press("ArrowLeft", "ArrowLeft")
    assert ran.number == 6


def test_the_rule_for_pages_is_the_same_in_python(deck):
    from lecturelib.present.pages import kind_of, pages_of

    files = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
    assert files
    for file in files:
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        given = [
            [cell["metadata"].get("slideshow", {}).get("slide_type"), cell["metadata"].get("tags", [])]
            for cell in cells
        ]
        found = deck.page.evaluate(
            """async (cells) => {
              const { kindOf, pagesOf } = await import('/lab/extensions/lecturelib-present/pages.js');
              return pagesOf(cells.map(([kind, tags]) => kindOf(kind, tags)));
            }""",
            given,
        )
        pages = pages_of(kind_of(cell) for cell in cells)
        assert found == [{"steps": page.steps, "notes": page.notes} for page in pages] and len(pages) > 3


# keys


def test_keys_belong_to_the_control_that_has_the_focus(ran):
    ran.go(4)
    (shades,) = ran.notebook.explorables()
    slider = shades.sliders()[0]
    value = "aria-valuenow"

    def now():
        return float(slider.get_attribute(value))

    shades.presses(slider, "ArrowRight")
    shades.presses(slider, "ArrowUp")
    before = now()
    assert before == 7 and ran.number == 4
    ran.press("PageDown")  # a clicker: the page turns and the slider stays
    assert ran.number == 5 and now() == before
    ran.press("ArrowRight")  # and the deck has the focus
    assert ran.number == 6
    ran.go(4)

    slider.focus()
    ran.press("b")  # no letter reaches the deck either
    assert ran.page.locator(".ll-deck-black").count() == 0
    ran.press("Escape", "ArrowLeft")  # the way back
    assert ran.number == 3 and now() == before
    ran.go(4)

    listed = shades.choices()[-1]
    shades.presses(listed, "ArrowDown")
    assert "other" in shades.alt and ran.number == 4
    ran.press("PageUp")
    assert ran.number == 3
    ran.go(4)
    assert "other" in shades.alt

    words = ran.page.locator(".widget-text input")
    words.focus()
    for key in ("b", "Space", "q", "ArrowLeft", "End", "h"):
        ran.page.keyboard.press(key)
    assert words.input_value() == "b qh" and ran.number == 4
    ran.press("PageDown")
    assert ran.number == 5 and words.input_value() == "b qh"
    ran.go(4)

    pointed = shades.alt
    shades.presses(shades.stage, "ArrowLeft")
    assert shades.alt != pointed and ran.number == 4
    ran.press("Escape")

    button = ran.page.get_by_role("button", name="Press")
    button.focus()
    ran.page.evaluate("window.pressed = 0")
    button.evaluate("node => node.addEventListener('click', () => { window.pressed += 1; })")
    ran.press("Space", "Enter")
    assert ran.page.evaluate("window.pressed") == 2 and ran.number == 4
    ran.press("ArrowRight")  # an arrow is of no use to a button
    assert ran.number == 5

    ran.press("Enter")  # into the code of the page
    assert ran.page.evaluate("!!document.activeElement.closest('.cm-editor')")
    ran.press("Control+Home", "ArrowRight", "ArrowDown")
    assert ran.number == 5
    ran.press("PageDown")
    assert ran.number == 6
    ran.press("d", "d", "x")  # would delete a cell of the notebook
    assert ran.count == len(TITLES)
    ran.press("d", "d")  # D has turned the theme four times: light again
    ran.page.wait_for_function(f"{GROUND} === 'rgb(255, 255, 255)'")
    assert ran.notebook.complaints() == []


def test_a_slider_answers_to_keys_and_to_the_mouse_on_its_page(ran):
    ran.go(4)
    (shades,) = ran.notebook.explorables()
    slider = shades.sliders()[0]
    shades.presses(slider, "Home")
    assert shades.alt.startswith("k 0")
    box, before = slider.bounding_box(), shades.src
    ran.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    ran.page.mouse.down()
    ran.page.mouse.move(box["x"] + 90, box["y"] + box["height"] / 2, steps=6)
    ran.page.mouse.up()
    ran.page.wait_for_function("([i, old]) => i.src !== old", arg=[shades.image.element_handle(), before])
    ran.page.wait_for_function(  # the last of the states that were dragged through
        "([i, handle]) => i.alt.startsWith(`k ${Math.round(handle.getAttribute('aria-valuenow'))},`)",
        arg=[shades.image.element_handle(), slider.element_handle()],
    )
    shades.rests()
    dragged = shades.alt
    assert not dragged.startswith("k 0") and ran.number == 4
    ran.press("PageDown", "PageDown")
    ran.go(4)
    assert shades.alt == dragged and shades.image.is_visible()  # it survived leaving the page
    box = shades.image.bounding_box()
    ran.page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + 0.1 * box["height"])
    ran.page.wait_for_function(
        "image => /pointer 0.(89|9\\d), 0.(09|1\\d)/.test(image.alt)", arg=shades.image.element_handle()
    )


def test_prepared_settings_by_key_and_by_cell(ran):
    ran.go(4)
    (shades,) = ran.notebook.explorables()

    def shows(words):
        ran.page.wait_for_function(
            "([image, words]) => image.alt.includes(words)", arg=[shades.image.element_handle(), words]
        )

    ran.press("2")
    shows("k 19, other")
    ran.press("1")
    shows("k 1, plain")
    ran.press("0")
    shows("k 5, plain")
    ran.press("z")  # its picture alone, until a key that moves nothing
    assert ran.page.locator(".ll-deck-close").get_attribute("alt") == shades.alt
    ran.press("+", "z", "PageDown")
    assert ran.page.locator(".ll-deck-close").count() == 0 and ran.number == 4
    ran.press("7")
    assert "2 prepared settings" in ran.page.inner_text(".ll-deck-said")
    ran.press("n")  # a cell on stage calls one, and prepares another
    ran.page.keyboard.insert_text(
        "from lecturelib.present import explorable, prepare\n"
        "prepare('Shades', {'middle': {'k': 10}, 'start': {'k': 12}})\n"
        "explorable('shades').state = {'k': 17}"
    )
    ran.press("Shift+Enter")
    ran.rests()
    shows("k 17, plain")
    ran.press("3")
    shows("k 10, plain")
    ran.press("0")
    shows("k 12, plain")  # the prepared start
    ran.page.locator(".jp-Cell:not(.ll-deck-away) .cm-content", has_text="prepare(").click()
    ran.press("Escape")
    delete_active_cell(ran)


def delete_active_cell(stage):
    """By JupyterLab's own palette, as an instructor could."""
    stage.page.keyboard.press("Control+Shift+c")
    stage.page.wait_for_selector(
        ".jp-ModalCommandPalette .lm-CommandPalette-input, #command-palette .lm-CommandPalette-input"
    )
    stage.page.keyboard.insert_text("Delete Cell")
    stage.page.wait_for_timeout(300)
    stage.page.keyboard.press("Enter")
    stage.page.wait_for_timeout(300)


def test_code_is_edited_and_run_on_stage(ran):
    ran.go(5)
    assert "the answer is 42" in ran.shown
    ran.press("Enter", "Control+End")
    ran.page.keyboard.insert_text(" + 1 # edited")
    ran.press("Control+Home")
    ran.page.keyboard.insert_text("answer = 1\n")
    ran.press("Control+a")
    ran.page.keyboard.insert_text("answer = 6 * 9\nprint('the answer is', answer)")
    ran.press("Shift+Enter")
    ran.page.get_by_text("the answer is 54").wait_for()
    assert ran.number == 5
    ran.press("PageDown")  # back in the deck
    assert ran.number == 6


def test_a_cell_comes_and_goes_during_the_show(ran):
    ran.go(5)
    ran.press("n")
    ran.page.keyboard.insert_text("print('new', 1 + 1)")
    ran.press("Control+Enter")
    ran.page.get_by_text("new 2").wait_for()
    assert ran.number == 5 and ran.count == len(TITLES) and "new 2" in ran.shown
    ran.page.locator(".jp-Cell:not(.ll-deck-away) .cm-content", has_text="'new'").click()
    ran.press("Escape")
    delete_active_cell(ran)
    assert "new 2" not in ran.shown and ran.number == 5


def test_a_failing_cell_shows_its_error_on_its_page(ran):
    ran.go(6)
    assert "ZeroDivisionError" in ran.shown and "after the failure" in ran.shown
    ran.press("r")
    ran.rests()
    assert "a cell failed on page 6" in ran.status
    ran.press("ArrowRight")
    assert ran.number == 7


def test_what_lies_over_the_stage(deck):
    deck.press("o")
    tiles = deck.page.locator(".ll-deck-tile")
    assert tiles.count() == len(TITLES) and "Controls" in tiles.nth(3).inner_text()
    assert deck.page.locator(".ll-deck-label").all_inner_texts() == names_in_python()
    deck.page.wait_for_function("() => document.querySelectorAll('.ll-deck-tile .ll-deck-copy').length === 8")
    assert "the first step" in tiles.nth(1).locator(".ll-deck-copy").inner_text()
    deck.notebook.screenshot("deck-overview")
    deck.press(
        "ArrowDown", "ArrowRight", "ArrowDown", "Enter"
    )  # the section below, its second page, the row below
    assert deck.number == 5
    deck.press("o", "3", "Enter")
    assert deck.number == 3
    deck.press("o", "Escape")
    assert deck.number == 3 and tiles.count() == 0
    deck.press("b")
    assert deck.page.locator(".ll-deck-black").is_visible()
    deck.press("PageDown")  # gives the page back first
    assert deck.page.locator(".ll-deck-black").count() == 0 and deck.number == 3
    deck.press("h")
    assert "Escape" in deck.page.inner_text(".ll-deck-help")
    deck.press("Escape", "End")
    assert deck.number == deck.count
    deck.go(5)
    zoom = "getComputedStyle(document.querySelector('.ll-deck-panel')).getPropertyValue('--ll-zoom')"
    before = float(deck.page.evaluate(zoom))
    deck.press("+", "+")
    assert float(deck.page.evaluate(zoom)) > 1.1 * before
    deck.press("-", "-")
    assert float(deck.page.evaluate(zoom)) == before


def test_code_stands_folded_beside_its_result_until_it_is_asked_for(ran):
    ran.go(5)
    code = ran.page.locator(".jp-CodeCell:not(.ll-deck-away) .jp-InputArea-editor").first

    def height():
        return code.bounding_box()["height"]

    folded = height()
    assert folded < 40 and "2 lines" in ran.page.evaluate(
        "node => getComputedStyle(node, '::after').content", code.element_handle()
    )
    ran.press("c")
    assert height() > folded + 15
    ran.press("c")
    assert height() == folded
    ran.press("Enter")  # the cursor opens it, on this page only
    assert height() > folded + 15
    ran.press("Escape", "ArrowRight", "ArrowLeft")
    assert height() == folded


def test_dark_and_light(deck):
    """D turns the theme, and once more turns it back."""
    assert deck.page.evaluate(GROUND) == "rgb(255, 255, 255)"
    for key, color in (("d", "rgb(17, 17, 17)"), ("d", "rgb(255, 255, 255)")):
        deck.press(key)
        deck.page.wait_for_function(f"(color) => {GROUND} === color", arg=color)
        deck.notebook.screenshot(f"deck-{color[4:6]}")
    assert deck.page.evaluate("document.body.dataset.jpThemeLight") == "true"


def test_the_presenters_window_follows(ran):
    def kernels():
        return ran.page.evaluate(
            "fetch('/api/kernels').then(found => found.json()).then(found => found.length)"
        )

    before = kernels()
    with ran.page.context.expect_page() as popup:
        ran.press("p")
    window = popup.value
    window.wait_for_selector(".ll-presenter-place")
    assert window.inner_text(".ll-presenter-place").startswith("1 / 8")
    assert "For all" in window.inner_text(".ll-presenter-notes")
    assert "Steps" in window.inner_text(".ll-presenter-next")
    window.keyboard.press("PageDown")  # its keys are the deck's
    ran.settle()
    assert ran.number == 2
    assert "wait for answers" in window.inner_text(".ll-presenter-notes")
    assert "first step" in window.inner_text(".ll-presenter-next")
    ran.page.bring_to_front()
    ran.go(3)
    assert "Next: Controls" in window.inner_text(".ll-presenter-next")
    ran.press("ArrowRight")
    notes = window.inner_text(".ll-presenter-notes")
    plan = window.inner_text(".ll-presenter-plan")
    assert plan.startswith("Controls: 0:0") and "of 5 min; planned from 0 to 5 min: within the plan" in plan
    assert "Controls" in window.inner_text(".ll-presenter-now") and "of 6 min" in window.inner_text(
        ".ll-presenter-elapsed"
    )
    assert "a cell failed on page 6" in window.inner_text(".ll-presenter-trouble")
    assert "Ask who is right" in notes and "1 minute" not in notes and "For all" not in notes
    assert ":" in window.inner_text(".ll-presenter-clock") and ":" in window.inner_text(
        ".ll-presenter-elapsed"
    )
    assert kernels() == before  # no second one
    ran.notebook.screenshot("deck-presenter", window)
    window.close()
    ran.press("Home")
    assert ran.number == 1 and ran.notebook.complaints() == []


def test_the_kernel_is_restarted_from_the_deck(ran):
    ran.go(5)
    ran.press("Shift+R")
    ran.page.wait_for_selector(".jp-Dialog")
    ran.page.keyboard.press("Enter")
    ran.page.wait_for_selector(".jp-Dialog", state="detached")
    ran.rests()
    assert (
        "the answer is 54" in ran.shown and "a cell failed on page 6" in ran.status
    )  # what had run ran again
    (first,) = ran.page.locator(".jp-CodeCell:not(.ll-deck-away) .jp-InputPrompt").all()
    assert first.text_content() == "[1]:"  # and this page, which needs no other cell, before all others
    ran.go(4)
    (shades,) = ran.notebook.explorables()
    shades.presses(shades.sliders()[0], "ArrowRight")  # the widgets of the new kernel live


def test_leaving_gives_everything_back(opened, present, _server_and_browser):
    page, before = opened
    if page.page.locator(".ll-deck-number").count():
        page.page.keyboard.press("Escape")
        page.page.keyboard.press("q")
        page.page.wait_for_selector(".ll-deck-number", state="detached")

    def looks():
        return page.page.evaluate(
            """() => ({
              cells: [...document.querySelectorAll('.jp-Cell')].map(c => c.getBoundingClientRect().height > 0),
              classes: document.body.className,
              deck: document.querySelectorAll(
                '[class*=ll-deck-]:not(.ll-deck-button), [inert], [data-ll-section]').length,
              panel: document.querySelector('.jp-NotebookPanel').getAttribute('style'),
              box: JSON.stringify(document.querySelector('.jp-Notebook').getBoundingClientRect()),
              toolbar: [...document.querySelectorAll('.jp-NotebookPanel-toolbar > *')].map(
                n => n.className + n.offsetWidth),
              scroll: document.querySelector('.jp-WindowedPanel-outer').scrollTop,
            })"""
        )

    page.page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 300")
    first = looks()
    assert first["scroll"] == 300
    stage = present(page)
    assert looks() != first
    stage.press("PageDown", "PageDown", "+", "c")
    stage.leave()
    assert looks() == first and first["deck"] == 0
    page.page.keyboard.press("ArrowDown")  # the keys are JupyterLab's again
    assert page.page.locator(".jp-Cell.jp-mod-active").count() == 1
    # edited, run, cells inserted and deleted, and yet: not a byte
    assert digest(_server_and_browser.folder / "deck.ipynb") == before


def test_a_reload_comes_back_to_the_page(deck):
    """Last, as what cells showed is not saved and so is gone."""
    stage, page = deck, deck.notebook
    stage.go(5)
    page.page.on("dialog", lambda asked: asked.accept())
    page.page.reload()
    stage.waits()
    page.page.wait_for_function(
        "() => document.querySelector('.ll-deck-number').textContent.startsWith('5 ')"
    )
    page.page.locator(".jp-Cell:not(.ll-deck-away) h2", has_text="Code").wait_for()
    assert stage.count == len(TITLES)
    stage.leave()
    page.page.reload()
    page.page.locator(".ll-deck-button").wait_for()
    page.page.wait_for_timeout(500)
    assert page.page.locator(".ll-deck-number").count() == 0
