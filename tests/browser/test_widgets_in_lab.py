"""Explorables and a quiz in JupyterLab: pictures follow keys and mouse, nothing complains."""

import pytest

CELLS = [
    """
import time
import numpy as np
from lecturelib.lesson.quiz import Answer, Question, quiz
from lecturelib.show import Picture, bars, heatmap, overlay, picture, show, side_by_side, with_box
from lecturelib.widgets import Choice, Explorable, Pointer, Progress, Slider, Toggle, Upload
yy, xx = np.mgrid[:224, :224]
photo = np.stack([xx / 223, yy / 223, np.hypot(xx - 112, yy - 112) / 160], 2)
""",
    """
def render(state):
    if state["size"] == 64:
        raise ValueError("patch_size=64: the patch covers the whole digit; choose a smaller one")
    blob = np.exp(-((yy - 90) ** 2 + (xx - 120) ** 2) / (20 * state["size"] ** 1.5)) * (1 + state["k"])
    if state["signed"]:
        blob = blob - blob.mean()
    made = overlay(photo, blob, signed=state["signed"], alt=f"Map for size {state['size']}, channel {state['k']}")
    return side_by_side([picture(photo, alt="A color field"), made], ["the photo", f"what {state['layer']} reads"])

first = Explorable(
    render,
    [
        Choice("layer", ("conv1", "conv2", "conv5 with a rather long name of its own")),
        Slider("k", 0, 63, label="channel (strongest first, by mean activation)"),
        Slider("size", 8, 64, 4, 32, unit="px", label="patch size"),
        Slider("alpha", 0.0, 1.0, 0.05, 0.5),
        Toggle("signed", label="signed: below and above 0"),
        Upload("own", label="own photo"),
    ],
    "Occlusion: which pixels does the class need?",
    presets={"small patch": {"size": 8}, "large patch": {"size": 60}},
    refresh=lambda s: {"k": Slider("k", 0, {"conv1": 63, "conv2": 191}.get(s["layer"], 9), value=0,
                                   label="channel (strongest first, by mean activation)")},
)
first
""",
    """
def patch(state):
    top, left = round(state["y"] * 192), round(state["x"] * 192)
    shown = photo.copy()
    shown[top : top + 32, left : left + 32] = 128 / 255
    boxed = with_box(picture(shown, alt=f"A grey patch at row {top}, column {left}"), (top, left, top + 32, left + 32))
    chart = bars(["tabby", "tiger cat", "Egyptian cat"], [state["x"], state["y"], 0.2], highlight=0)
    return side_by_side([boxed, chart], ["drag the patch", "confidence"])

second = Explorable(patch, [Pointer("x", "y", panel=0)], "Hide a part yourself")
second
""",
    """
def slowly(state):
    for k in range(1, state["steps"] + 1):
        yield Progress(k / state["steps"], f"computing the map: {k} of {state['steps']}")
        time.sleep(0.15)
        yield heatmap(np.sin(xx[:: 2 ** (3 - min(k, 3)), :: 2 ** (3 - min(k, 3))] / 9), alt=f"Stripes, step {k}")

third = Explorable(slowly, [Slider("steps", 2, 9)], "It sharpens")
third
""",
    """
digit = np.zeros((28, 28)); digit[4:24, 12:16] = 1
show(digit, alt="A white bar, 28 x 28 pixels", caption="A small picture is shown large, with its pixels.")
""",
    """
quiz([
    Question("Which pixels does occlusion name important?", [
        Answer("Those whose covering lowers the score", True, "The score falls when evidence is taken away."),
        Answer("The brightest ones", False, "Brightness is no evidence; a white wall is bright too."),
    ]),
    Question("What may mislead you?", [
        Answer("The fill color", True, "Grey is not the absence of evidence for every class."),
        Answer("The patch size", True, "A part smaller or larger than the patch does not show up well."),
        Answer("The file name", False, "The network never sees it."),
    ]),
], mixed=False)
""",
]


@pytest.fixture
def page(lab):
    opened = lab.open(lab.write("widgets.ipynb", CELLS))
    opened.run_all()
    return opened


def test_pictures_follow_keyboard_and_mouse(page):
    first, second, third = page.explorables()
    assert page.cell_errors() == []
    # Live where the kernel runs: the static copies are hidden.
    assert page.page.locator(".ll-static").count() == 3
    assert page.page.locator(".ll-static:visible").count() == 0
    page.screenshot("lab-1280-first")

    for slider in first.sliders():
        name = slider.get_attribute("aria-label")
        if name != "alpha":
            first.moves(slider)
    assert [s.get_attribute("aria-label") for s in first.sliders()][1:] == ["patch size (px)", "alpha"]
    assert "size 36, channel 1" in first.alt
    page.screenshot("lab-1280-focus")
    first.presses(first.choices()[1], "ArrowDown")
    assert "conv2" in first.choices()[1].locator("option:checked").inner_text()
    first.presses(first.choices()[0], "ArrowDown")
    assert "size 8," in first.alt
    first.presses(first.root.get_by_label("signed"), "Space")
    first.presses(first.root.get_by_role("button", name="Reset"), "Enter")
    assert "size 32, channel 0" in first.alt

    # The picture itself: arrow keys, then the mouse.
    second.presses(second.stage, "ArrowRight")
    assert "row 96, column 100" in second.alt
    page.screenshot("lab-1280-pointer")
    second.image.scroll_into_view_if_needed()
    box = second.image.bounding_box()
    before = second.src
    page.page.mouse.move(box["x"] + 20, box["y"] + box["height"] * 0.9)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + 5, box["y"] + box["height"] - 2, steps=5)
    page.page.mouse.up()
    page.page.wait_for_function(
        "([image, before]) => image.src !== before", arg=[second.image.element_handle(), before]
    )
    page.page.wait_for_function(
        "image => /row 19\\d, column [0-9]\\b/.test(image.alt)", arg=second.image.element_handle()
    )

    third.presses(third.sliders()[0], "End")
    third.root.locator(".ll-status").wait_for()  # more than 150 ms: it says so
    page.screenshot("lab-1280-progress")
    third.rests()
    assert "step 9" in third.alt
    assert page.complaints() == []


def test_an_error_is_a_sentence_in_the_picture(page):
    first = page.explorables()[0]
    handle = first.sliders()[1]
    handle.focus()
    page.page.keyboard.press("End")
    first.root.locator(".ll-error").wait_for()
    assert "choose a smaller one" in first.error and "Traceback" not in first.error
    page.screenshot("lab-1280-error")
    first.presses(handle, "ArrowLeft")
    assert first.error == ""
    assert page.complaints() == []


def test_the_quiz_is_answered_by_keyboard(page):
    question = page.page.locator(".ll-question").first
    assert not question.locator(".ll-why").first.is_visible()
    question.locator("input").first.focus()
    page.page.keyboard.press("ArrowDown")  # chooses the second, and no shortcut of JupyterLab fires
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Enter")
    assert "Not yet" in question.locator(".ll-result").inner_text()
    assert question.locator(".ll-why p").all_inner_texts()[1].startswith("Wrong. Brightness")
    page.screenshot("lab-1280-quiz")
    question.locator("input").nth(1).focus()
    page.page.keyboard.press("ArrowUp")
    page.page.keyboard.press("Enter")
    assert "Right." in question.locator(".ll-result").inner_text()
    several = page.page.locator(".ll-question").nth(1)
    for k in range(2):
        several.locator("input").nth(k).focus()
        page.page.keyboard.press("Space")
    several.get_by_role("button").press("Enter")
    assert "Right." in several.locator(".ll-result").inner_text()
    assert page.complaints() == []


def test_large_and_dark(lab):
    """No control is cut and nothing runs out of its cell, on a projector's size and in the dark theme."""
    page = lab.open(lab.write("large.ipynb", CELLS), size=(1920, 1080), dark=True)
    page.run_all()
    for k, explorable in enumerate(page.explorables()):
        explorable.root.scroll_into_view_if_needed()
        page.screenshot(f"lab-1920-dark-{k}")
        cut = explorable.root.evaluate(
            "root => [...root.querySelectorAll('*')].filter(e => e.scrollWidth > e.clientWidth + 2 "
            "&& getComputedStyle(e).overflowX !== 'visible' && !e.classList.contains('ll-live')).map(e => e.className)"
        )
        assert cut == []
    page.page.locator(".ll-quiz").scroll_into_view_if_needed()
    page.screenshot("lab-1920-dark-quiz")
    assert page.complaints() == []


def test_a_reloaded_page_is_alive_and_one_without_its_kernel_is_readable(lab, page):
    page.save()
    page.page.reload()
    first = page.explorables()[0]
    first.moves(first.sliders()[1])
    assert "size 36" in first.alt and page.page.locator(".ll-static:visible").count() == 0

    lab.close_pages()  # and its kernel
    again = lab.open("widgets.ipynb")
    static = again.page.locator(".ll-static")
    static.first.wait_for()
    assert [static.nth(k).is_visible() for k in range(static.count())] == [True] * 3
    assert "channel 0" in static.first.locator("img").get_attribute("alt")
    lost = again.page.get_by_text("model not found")
    lost.first.wait_for(state="attached")
    assert not any(lost.nth(k).is_visible() for k in range(lost.count()))
    static.first.scroll_into_view_if_needed()
    again.screenshot("lab-no-kernel")


def test_an_exported_page_is_readable_offline(lab):
    """nbconvert runs the notebook without any page, and its HTML reads without kernel and network."""
    import nbformat
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    notebook = nbformat.read(lab.folder / lab.write("export.ipynb", CELLS), as_version=4)
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(lab.root)}}).execute()
    assert sum("ll-static" in str(cell.outputs) for cell in notebook.cells) == 3
    (lab.folder / "export.html").write_text(HTMLExporter().from_notebook_node(notebook)[0])

    context = lab.browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    try:
        opened = context.new_page()
        opened.goto((lab.folder / "export.html").as_uri())
        static = opened.locator(".ll-static img")
        assert static.count() == 3 and all(static.nth(k).is_visible() for k in range(3))
        question = opened.locator(".ll-question").first
        question.locator("input").first.check()
        question.get_by_role("button").click()
        assert "Right." in question.locator(".ll-result").inner_text()
        static.first.scroll_into_view_if_needed()
        opened.wait_for_timeout(300)
    finally:
        context.close()


def test_own_photos_of_any_size(lab, tmp_path):
    """Jupyter cuts its connection at 10 MiB, so a large photo is made smaller in the page."""
    import numpy as np
    from PIL import Image

    cell = """
import numpy as np
from lecturelib.images import load_image
from lecturelib.show import picture
from lecturelib.widgets import Explorable, Upload

def render(state):
    if state["photo"] is None:
        return picture(np.full((4, 4), 0.5), alt="no photo yet")
    image = load_image(state["photo"])
    return picture(image, alt=f"photo of {image.shape[3]} x {image.shape[2]}, {len(state['photo'])} bytes")

Explorable(render, [Upload("photo", label="own photo")], "Own photo")
"""
    page = lab.open(lab.write("upload.ipynb", [cell, "1 / 0", "never = True"]))
    page.run_all()
    assert "ZeroDivisionError" in page.cell_errors()[0]  # a cell that fails is noticed
    (own,) = page.explorables()
    noise = np.random.default_rng(0).integers(0, 256, (3000, 4000, 3)).astype(np.uint8)
    Image.fromarray(noise[:60, :80]).save(tmp_path / "small.png")
    Image.fromarray(noise).save(tmp_path / "large.png", compress_level=0)
    (tmp_path / "text.png").write_text("this is no picture")
    small = (tmp_path / "small.png").stat().st_size
    assert (tmp_path / "large.png").stat().st_size > 30e6

    files = own.root.locator("input[type=file]")

    def choose(name, alt):
        files.set_input_files(tmp_path / name)
        page.page.wait_for_function(
            "([image, alt]) => image.alt.startsWith(alt)", arg=[own.image.element_handle(), alt]
        )

    choose("small.png", f"photo of 80 x 60, {small} bytes")
    choose("large.png", "photo of 1024 x 768")  # as load_image reduces it
    files.set_input_files(tmp_path / "text.png")
    own.root.locator(".ll-error").wait_for()
    assert "Traceback" not in own.error
    page.screenshot("lab-upload-error")
    choose("small.png", "photo of 80 x 60")
    assert own.error == "" and page.complaints() == []


def test_drawing_by_mouse_and_by_keyboard(lab):
    """Ink goes where the mouse or the pen is, the picture follows, presets come back; nothing is lost on the way."""
    cell = """
import numpy as np
from lecturelib.show import picture, side_by_side
from lecturelib.widgets import PointerPad, Explorable, Toggle

def render(state):
    drawn = np.array(state["drawing"], np.uint8)
    rows, columns = np.nonzero(drawn > 127)
    where = f"rows {rows.min()}-{rows.max()}, columns {columns.min()}-{columns.max()}" if len(rows) else "nothing"
    parts = [picture(part.repeat(8, 0).repeat(8, 1), alt="ink") for part in (255 - drawn, drawn)]
    return side_by_side(parts, ["the negative", "draw here"], height=224, alt=f"Drawn: {where}, {len(rows)} pixels")

dot = np.zeros((28, 28), int); dot[20:23, 3:6] = 255
Explorable(render, [PointerPad("drawing", panel=1, guide=20), Toggle("t")], "Draw", {"a dot": {"drawing": dot}})
"""
    page = lab.open(lab.write("drawing.ipynb", [cell]))
    page.run_all()
    (explorable,) = page.explorables()
    pad = explorable.root.locator(".ll-pad")
    assert explorable.alt == "Drawn: nothing, 0 pixels"

    def shows(words):
        page.page.wait_for_function(
            "([image, words]) => new RegExp(words).test(image.alt)",
            arg=[explorable.image.element_handle(), words],
        )

    # The pad lies exactly on the part of the picture that holds the drawing, also where a low window shrinks it.
    for height in (260, 800):
        page.page.set_viewport_size({"width": 1280, "height": height})
        page.page.wait_for_timeout(300)
        box, whole = pad.bounding_box(), explorable.image.bounding_box()
        shrunk = whole["width"] / 468  # two squares of 224 px, 20 px apart
        assert (shrunk < 0.95) == (height == 260)
        assert abs(box["width"] - 224 * shrunk) < 1 and abs(box["height"] - 224 * shrunk) < 1
        assert abs(box["x"] - whole["x"] - 244 * shrunk) < 1
    page.page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.5, steps=3)
    page.page.mouse.up()
    page.page.mouse.move(box["x"], box["y"])  # without the button nothing is drawn
    shows("^Drawn: rows 1[2-5]-1[3-5], columns [56]-2[12]")
    page.screenshot("lab-drawing-mouse")

    explorable.root.get_by_role("button", name="Clear").click()
    shows("nothing")
    pad.focus()
    for key in [
        "ArrowRight",
        "ArrowRight",
        "Shift+ArrowUp",
        "Space",
        *["ArrowDown"] * 6,
        "Space",
        "Shift+ArrowLeft",
    ]:
        page.page.keyboard.press(key)
    shows("^Drawn: rows (9|10)-16, columns 15-16")
    assert "pen up" in explorable.root.locator(".ll-live").inner_text()
    page.screenshot("lab-drawing-keys")

    page.page.keyboard.press("e")
    assert explorable.root.get_by_role("button", name="Erase").get_attribute("aria-pressed") == "true"
    for key in ["Shift+ArrowRight", "Space", "ArrowUp", "ArrowUp", "ArrowUp", "Space"]:
        page.page.keyboard.press(key)
    shows("^Drawn: rows (9|10)-1[01], columns 15-16")
    page.page.keyboard.press("Delete")
    shows("nothing")

    presets = explorable.choices()[0]
    presets.select_option("a dot")
    shows("rows 20-22, columns 3-5, 9 pixels")
    ink = pad.evaluate("pad => [...pad.getContext('2d').getImageData(4.5 * 12, 21.5 * 12, 1, 1).data]")
    assert ink[:3] == [255, 255, 255]  # the page's own square shows what the kernel holds
    assert page.cell_errors() == [] and page.complaints() == []
