"""The alignment picture and the head view in JupyterLab: a typed sentence, words under the mouse and the arrow keys."""

HEADS = "from lecturelib.attention.explore import heads_explorer\nheads_explorer()"
TWICE = "heads_explorer('The bank was closed.')"
ALIGNMENT = "from lecturelib.attention.explore import alignment_explorer\nalignment_explorer()"


def wait_for_alt(page, explorable, words):
    page.page.wait_for_function(
        "([image, words]) => image.alt.includes(words)", arg=[explorable.image.element_handle(), words]
    )


def test_words_of_the_head_view_follow_mouse_and_keyboard(lab):
    page = lab.open(lab.write("heads.ipynb", [HEADS, TWICE]))
    page.run_all()
    assert page.cell_errors() == []
    first, second = page.explorables()
    first.rests()
    word = first.root.locator(".ll-region[data-key='row 9']")
    word.scroll_into_view_if_needed()
    page.screenshot("attention-heads")
    word.hover()  # no click is needed
    wait_for_alt(page, first, "“it” attends to")
    page.screenshot("attention-heads-hover")
    first.presses(first.root.locator(".ll-region[data-key='row 9']"), "ArrowDown")
    wait_for_alt(page, first, "“was” attends to")
    assert first.root.locator(":focus").get_attribute("data-key") == "row 10"
    assert "“was” attends to" not in second.alt and "the bank was" in second.alt  # two views are two
    page.screenshot("attention-heads-keyboard")
    assert page.complaints() == []


def test_a_typed_sentence_is_translated_and_aligned(lab):
    page = lab.open(lab.write("alignment.ipynb", [ALIGNMENT]))
    page.run_all()
    assert page.cell_errors() == []
    (shown,) = page.explorables()
    shown.rests()
    page.screenshot("attention-alignment")
    box = shown.root.locator("textarea")
    assert "sentence" in shown.root.locator(".widget-textarea .widget-label").inner_text()
    box.fill("I sleep")
    page.page.keyboard.type(" well.")
    wait_for_alt(page, shown, "well")
    word = shown.root.locator(".ll-region[data-key='row 0']")
    word.hover()
    wait_for_alt(page, shown, "attends to")
    assert box.input_value() == "I sleep well."
    page.screenshot("attention-alignment-typed")
    box.fill("")
    shown.root.locator(".ll-error:visible").wait_for()
    assert "expected at least one word, got an empty sentence" in shown.error
    page.screenshot("attention-alignment-empty")
    box.fill("You sleep.")
    wait_for_alt(page, shown, "You")
    assert shown.error == "" and page.complaints() == []
