"""Every lesson in a real browser: it runs to its end, and every slider and list brings a new picture, by keyboard."""

import pytest

LESSONS = {
    "00_start_here": 1,
    "01_architecture": 7,
    "02_training": 4,
    "03_confounds": 10,
    "04_parameters": 6,
    "05_gradients": 12,
    "06_optimization": 15,
    "07a_attention": 9,
    "07b_transformer": 11,
    "07c_language_model": 5,
    "08_autoencoders": 12,
    "09_visual_attention": 9,
}  # and how many explorables it holds


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_and_its_controls_answer(lab, present, name):
    page = lab.open(f"notebooks/{name}.ipynb")
    page.run_all(timeout=300)
    assert page.cell_errors() == []
    explorables = page.explorables()
    assert len(explorables) == LESSONS[name]
    for k, explorable in enumerate(explorables):
        explorable.rests()
        explorable.root.scroll_into_view_if_needed()
        page.screenshot(f"{name}-{k}")
        assert len(explorable.alt) > 20
        for slider in explorable.sliders():
            if slider.get_attribute("aria-valuemin") == slider.get_attribute("aria-valuemax"):
                continue  # nothing to choose here: color kernels have no input channel
            explorable.moves(slider, timeout=60)
            explorable.rests()
        assert explorable.error == ""
    assert page.page.locator("img:not([alt]), img[alt='']").count() == 0

    # On a projector every page is seen whole, without scrolling, in readable type, under a heading.
    assert present(page).unfit(((1280, 720), (1920, 1080))) == []
    assert page.complaints() == []


def alone(lab, part, call):
    """A notebook with nothing but one explorable of a part, run: its page and the explorable."""
    name = f"{part}-{call.split('(')[0]}.ipynb"
    page = lab.open(lab.write(name, [f"from lecturelib.{part} import explore\nexplore.{call}"]))
    page.run_all()
    assert page.cell_errors() == []
    (explorable,) = page.explorables()
    explorable.rests()
    return page, explorable


def test_the_patch_follows_the_arrow_keys(lab):
    page, patch = alone(lab, "parameters", "patch_by_hand()")
    before = patch.alt
    for _ in range(4):
        patch.presses(patch.stage, "ArrowLeft")
    assert patch.alt != before and "Uncovered it was 3" in patch.alt
    page.screenshot("04_parameters-patch")
    assert page.complaints() == []


def test_blocks_fold_and_unfold_by_mouse_and_by_keyboard(lab):
    page, folding = alone(lab, "architecture", 'fold_explorer("resnet50")')
    folding.root.scroll_into_view_if_needed()
    block = folding.root.locator(".ll-region[data-key='layer1'][aria-expanded]")
    inside = folding.root.locator(".ll-region[data-key='layer1.0'][aria-expanded]")
    assert block.get_attribute("aria-expanded") == "false" and inside.count() == 0

    block.click()  # the mouse opens it, and its code and its row are marked
    inside.wait_for()
    assert block.get_attribute("aria-expanded") == "true"
    assert "Picked: layer1" in folding.alt
    page.screenshot("01_architecture-unfolded")
    folding.presses(block, "Enter")  # the keyboard closes it
    inside.wait_for(state="detached")
    assert (
        folding.root.locator(":focus").get_attribute("data-key") == "layer1"
    )  # the focus stays where it was

    folding.presses(block, "ArrowDown")  # and goes on to the next block
    assert (
        folding.root.locator(":focus").get_attribute("data-key") == "layer2"
        and "Picked: layer2" in folding.alt
    )
    folding.presses(folding.root.locator(":focus"), "Enter")
    folding.root.locator(".ll-region[data-key='layer2.0']").first.wait_for()
    row = folding.root.locator(".ll-region[data-key='fc']:not([aria-expanded])").last
    row.click()  # a row of the table
    page.page.wait_for_function(
        "image => image.alt.includes('Picked: Linear')", arg=folding.image.element_handle()
    )
    assert "self.fc = nn.Linear(2048, 1000)" in folding.alt
    page.screenshot("01_architecture-picked")
    assert page.complaints() == []


def test_a_class_image_goes_on_live_and_can_be_stopped(lab):
    page, image = alone(lab, "optimization", "class_image_explorer()")
    lam, live = image.sliders()
    before = image.alt
    image.moves(lam, timeout=60)  # shipped: at once
    image.rests()
    assert image.alt != before and "shipped" in image.alt
    page.screenshot("06_optimization-lambda")

    image.presses(live, "End", timeout=60)  # the most steps
    stop = image.root.locator(".ll-stop")
    stop.wait_for(timeout=30_000)
    page.screenshot("06_optimization-live")
    stop.click()
    image.rests()
    assert "128 of 128 live" not in image.alt and image.error == ""
    assert page.complaints() == []


def test_the_face_goes_as_the_layer_gets_deeper(lab):
    page, privacy = alone(lab, "optimization", "privacy_slider()")
    layer = privacy.sliders()[0]
    assert "numbers of conv3 were kept" in privacy.alt
    privacy.presses(layer, "End")
    privacy.rests()
    assert "10 numbers of fc8 were kept" in privacy.alt
    page.screenshot("06_optimization-privacy")
    privacy.presses(layer, "Home")
    privacy.rests()
    assert "of conv1 were kept" in privacy.alt
    assert page.complaints() == []


def test_a_point_of_the_digit_map_is_decoded_by_keys_and_by_mouse(lab):
    page, digits = alone(lab, "autoencoders", "digit_map()")
    before = digits.alt
    for _ in range(3):
        digits.presses(digits.stage, "ArrowLeft")
    digits.rests()
    by_keys = digits.alt
    assert by_keys != before and "is decoded beside" in by_keys
    digits.stage.scroll_into_view_if_needed()
    box = digits.stage.bounding_box()
    page.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.7 * box["height"])
    page.page.wait_for_function(
        "([image, alt]) => image.alt !== alt", arg=[digits.image.element_handle(), by_keys], timeout=10_000
    )
    digits.rests()
    assert "Nearest training picture" in digits.alt and digits.error == ""
    page.screenshot("08_autoencoders-map")
    assert page.complaints() == []


def test_the_path_of_the_glimpses_is_walked_step_by_step_and_drawn_again(lab):
    page, path = alone(lab, "visual_attention", "glimpse_path_explorer()")
    assert "places of 6 glimpses" in path.alt
    step = path.sliders()[2]
    path.presses(step, "Home")
    path.rests()
    assert "places of 1 glimpses" in path.alt and "after glimpse 1 it says" in path.alt
    for k in (2, 3):
        path.presses(step, "ArrowRight")
        path.rests()
        assert f"places of {k} glimpses" in path.alt
    page.screenshot("09_visual_attention-path")
    before = path.alt
    path.root.locator("input[type=checkbox]").first.check()  # draw the places, as in training
    page.page.wait_for_function(
        "([image, alt]) => image.alt !== alt", arg=[path.image.element_handle(), before], timeout=10_000
    )
    path.rests()
    drawn = path.alt
    path.presses(path.sliders()[3], "ArrowRight")  # and again
    path.rests()
    assert path.alt not in (before, drawn) and path.error == ""
    assert page.complaints() == []


def test_the_eye_is_dragged_by_keys_and_by_mouse(lab):
    page, eye = alone(lab, "visual_attention", "eye_by_hand()")
    before = eye.alt
    for _ in range(3):
        eye.presses(eye.stage, "ArrowRight")
    eye.rests()
    by_keys = eye.alt
    assert by_keys != before and "your eye looks at" in by_keys
    eye.stage.scroll_into_view_if_needed()
    box = eye.stage.bounding_box()
    page.page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.4 * box["height"])
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.6 * box["height"])
    page.page.mouse.up()
    page.page.wait_for_function(
        "([image, alt]) => image.alt !== alt", arg=[eye.image.element_handle(), by_keys], timeout=10_000
    )
    eye.rests()
    assert "the policy" in eye.alt and eye.error == ""
    page.screenshot("09_visual_attention-eye")
    assert page.complaints() == []
