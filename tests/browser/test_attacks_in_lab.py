"""The epsilon slider and the patch in JupyterLab, by keys and by mouse."""

IMPORT = "from lecturelib.confounds import explore\n"


def alone(lab, call):
    page = lab.open(lab.write(f"{call[:-2]}.ipynb", [IMPORT + f"explore.{call}"]))
    page.run_all()
    assert page.cell_errors() == []
    (shown,) = page.explorables()
    shown.rests()
    return page, shown


def test_the_answer_follows_the_epsilon_slider(lab):
    page, shown = alone(lab, "attack_strength_explorer()")
    assert "Changed by at most 4/255" in shown.alt
    page.screenshot("03_confounds-epsilon")
    slider = shown.sliders()[0]
    for _ in range(4):
        shown.presses(slider, "ArrowLeft")
    shown.rests()
    assert "Changed by at most 0/255" in shown.alt and shown.error == ""
    # nothing is changed: the answer is that to the photo, also with noise
    before, _, after = shown.alt.partition("Changed by at most 0/255 in each pixel it is ")
    answer = after.split(";")[0]
    assert answer and f"is {answer} (marks)" in before
    page.screenshot("03_confounds-epsilon-0")
    assert page.complaints() == []


def test_the_patch_follows_the_arrow_keys_and_the_mouse(lab):
    page, shown = alone(lab, "attack_patch_explorer()")
    assert "is espresso with" in shown.alt
    source = shown.image.get_attribute("src")
    for _ in range(3):
        shown.presses(shown.stage, "ArrowDown")
    shown.rests()
    by_keys = shown.image.get_attribute("src")
    assert by_keys != source and shown.error == ""
    shown.stage.scroll_into_view_if_needed()
    box = shown.stage.bounding_box()
    page.page.mouse.click(box["x"] + 0.12 * box["width"], box["y"] + 0.3 * box["height"])
    page.page.wait_for_function(
        "([image, src]) => image.src !== src", arg=[shown.image.element_handle(), by_keys], timeout=10_000
    )
    shown.rests()
    page.screenshot("03_confounds-patch")
    assert shown.error == "" and page.complaints() == []
