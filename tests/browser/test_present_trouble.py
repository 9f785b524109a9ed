"""In front of a class: a cell that never ends, one that cannot be interrupted, a kernel that dies, one that is slow."""

import nbformat
import pytest

STUBBORN = """
import time
while True:
    try:
        time.sleep(0.1)
    except KeyboardInterrupt:
        print("not me")
"""
BEGIN = [("slide", "# Trouble"), ("-", "first = 1\nprint('first ran')")]
END = [("slide", "## After it"), ("-", "print('after,', first)")]
HANGS = [
    ("slide", "## It does not end"),
    ("-", "import time\nwhile True: time.sleep(0.05)"),
    ("slide", "## It cannot be interrupted"),
    ("-", STUBBORN),
]
DIES = [("slide", "## It ends the kernel"), ("-", "import os\nos._exit(1)")]


def write(path, cells):
    made = nbformat.v4.new_notebook()
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for kind, source in cells:
        new = nbformat.v4.new_markdown_cell if source.startswith("#") else nbformat.v4.new_code_cell
        made.cells.append(new(source.strip(), metadata={"slideshow": {"slide_type": kind}}))
    nbformat.write(made, path)


@pytest.fixture
def trouble(lab, present):
    """The slides of a notebook with some trouble in its middle."""

    def begin(middle):
        write(lab.folder / "trouble.ipynb", [*BEGIN, *middle, *END])
        return present(lab.open("trouble.ipynb", (1280, 720)))

    return begin


def accept(stage):
    stage.page.wait_for_selector(".jp-Dialog")
    stage.page.keyboard.press("Enter")
    stage.page.wait_for_selector(".jp-Dialog", state="detached")


def says(stage, words):
    stage.page.wait_for_function(
        "words => document.querySelector('.ll-deck-busy').textContent.includes(words)",
        arg=words,
        timeout=60_000,
    )


def interrupt(stage, done):
    """Presses I until it has an effect, as one does: it may come before the cell has begun."""
    for _ in range(30):
        stage.press("i")
        stage.page.wait_for_timeout(500)
        if done():
            return
    raise AssertionError(f"not interrupted: {stage.status}")


def test_a_cell_that_hangs_is_interrupted_or_left_out_by_a_restart(trouble):
    stage = trouble(HANGS)
    stage.press("ArrowRight")
    assert "this page has not run: R runs it" in stage.status
    stage.press("r")
    says(stage, "running 2 of 2")
    stage.press("ArrowRight", "ArrowLeft")  # pages turn meanwhile
    interrupt(stage, lambda: not stage.status.startswith("running"))
    assert "KeyboardInterrupt" in stage.shown and "a cell failed on page 2" in stage.status
    stage.press("i")
    assert "No cell is running" in stage.page.inner_text(".ll-deck-said")

    stage.press(
        "End", "r"
    )  # the last page, and what is above it and has not run: the cell that cannot be interrupted
    says(stage, "running 1 of 2")
    interrupt(stage, lambda: stage.page.get_by_text("not me").count() > 0)
    stage.press("Shift+R")
    accept(stage)
    says(stage, "running 2 of 3")  # the first loop again: it ended when it was interrupted
    interrupt(stage, lambda: not stage.status.startswith("running"))
    assert "after, 1" in stage.shown
    stage.go(3)
    assert "is left out: R tries it again" in stage.status
    assert stage.notebook.complaints() == []


def test_a_kernel_that_dies_is_said_and_its_cell_left_out(trouble):
    stage = trouble(DIES)
    stage.press("End", "r")
    says(stage, "the kernel ended: Shift+R runs all again")
    if stage.page.locator(".jp-Dialog").count():
        accept(stage)
    stage.press("Shift+R")
    accept(stage)
    stage.rests()
    assert "after, 1" in stage.shown
    stage.go(2)
    assert "is left out" in stage.status
    stage.leave()
    assert stage.page.locator(".jp-NotebookPanel-toolbar").is_visible()


SLOW = [
    ("slide", "# Slow"),
    ("-", "import pathlib, time\nimport lecturelib"),
    ("-", "while not pathlib.Path('go').exists(): time.sleep(0.05)"),
    ("slide", "## Between"),
    ("-", "between = 1"),
    ("slide", "## Far"),
    ("-", "base = 41"),
    ("slide", "## Farther"),
    ("-", "print('alive', base + 1)"),
]


def test_a_page_says_that_it_has_not_run_and_is_the_next_to_run(lab):
    from browser_stage import Stage

    write(lab.folder / "slow.ipynb", SLOW)
    opened = lab.open("slow.ipynb", (1280, 720))
    opened.page.goto(f"{lab.address}/doc/tree/slow.ipynb?present=run&reset")
    stage = Stage(opened)
    stage.waits()
    says(stage, "running 2 of 5")
    stage.press("End")
    waits = "getComputedStyle(document.querySelector('.jp-CodeCell:not(.ll-deck-away)'), '::after').content"
    assert "This cell has not run yet: it comes next." in stage.page.evaluate(waits)
    assert "this page has not run yet" in stage.status and "alive 42" not in stage.shown
    (lab.folder / "go").touch()
    stage.rests()
    assert "alive 42" in stage.shown and stage.page.evaluate(waits) in ("none", "normal")
    order = [each.text_content() for each in stage.page.locator(".jp-CodeCell .jp-InputPrompt").all()]
    assert order == ["[1]:", "[2]:", "[5]:", "[3]:", "[4]:"]  # what the page needs, the page, then the rest
    assert opened.complaints() == []
