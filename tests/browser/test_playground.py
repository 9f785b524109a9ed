"""The playground in a real browser: play while another cell runs, pause, change a weight, reset; by keyboard."""

import json

import pytest

CELLS = [
    """
from lecturelib.training.playground import Playground
playground = Playground("circle: a first run", state={"speed": 5})
playground
""",
    "print(playground.engine.step_number, playground.playing)",
]


@pytest.fixture
def page(lab):
    opened = lab.open(lab.write("playground.ipynb", CELLS), size=(1280, 720))
    opened.run_all()
    opened.page.locator(".ll-playground[data-step]").wait_for()
    assert opened.cell_errors() == []
    return opened


def root(page):
    return page.page.locator(".ll-playground")


def step(page):
    return int(root(page).get_attribute("data-step"))


def reaches(page, number):
    page.page.wait_for_function(
        "([root, number]) => Number(root.dataset.step) >= number", arg=[root(page).element_handle(), number]
    )


def presses(page, name):
    found = root(page).get_by_role("button", name=name, exact=True)
    found.focus()
    page.page.keyboard.press("Enter")


def test_play_pause_step_reset_by_keyboard(page):
    assert step(page) == 0 and page.page.locator(".ll-static:visible").count() == 0
    root(page).scroll_into_view_if_needed()
    page.screenshot("playground-start")
    presses(page, "Play")
    reaches(page, 100)
    page.screenshot("playground-playing")
    presses(page, "Pause")
    root(page).get_by_role("button", name="Play", exact=True).wait_for()
    rests = step(page)
    page.page.wait_for_timeout(400)
    assert step(page) == rests  # nothing was under way
    presses(page, "Step")
    reaches(page, rests + 1)
    assert step(page) == rests + 1
    words = root(page).locator("canvas.llp-big").get_attribute("aria-label")
    assert words.startswith("circle with noise 0.1") and f"Step {rests + 1}: train loss" in words
    presses(page, "Reset")
    page.page.wait_for_function("root => root.dataset.step === '0'", arg=root(page).element_handle())
    assert page.complaints() == []


def test_another_cell_runs_while_it_plays(page):
    presses(page, "Play")
    reaches(page, 20)
    cell = page.page.locator(".jp-CodeCell").nth(1)
    cell.locator(".cm-content").click()
    page.page.keyboard.press("Control+Enter")
    said = cell.locator(".jp-OutputArea-output", has_text="True")
    said.wait_for()
    shown = int(said.inner_text().split()[0])
    reaches(page, shown + 20)
    presses(page, "Pause")
    root(page).get_by_role("button", name="Play", exact=True).wait_for()
    assert page.complaints() == []


def test_a_weight_is_changed_by_keyboard_and_by_mouse(page):
    unit = root(page).locator('[data-unit="1-0"]')
    unit.focus()
    assert "layer 1, unit 1" in root(page).locator(".llp-heading").inner_text()
    page.page.keyboard.press("ArrowDown")
    assert page.page.evaluate("document.activeElement.dataset.unit") == "1-1"
    page.page.keyboard.press("ArrowUp")
    page.page.keyboard.press("Enter")  # opens its weights, with the bias first
    before = root(page).get_attribute("data-serial")
    page.page.keyboard.press("Tab")
    page.page.keyboard.type("-9.5")
    page.screenshot("playground-weight")
    page.page.keyboard.press("Tab")
    page.page.wait_for_function(
        "([root, before]) => root.dataset.serial !== before", arg=[root(page).element_handle(), before]
    )
    # a line, by mouse: it opens the weights of the unit it leads to
    root(page).locator(".llp-hit").last.click()
    assert "Weights into output" in root(page).locator(".llp-panel").inner_text()
    source = page.page.evaluate("document.activeElement.closest('label').innerText")
    assert source.strip() == "unit 2"  # and goes to the weight of the line

    summary = root(page).locator("summary")
    summary.click()
    root(page).get_by_label("with weights").check()
    presses(page, "Write it here")
    text = root(page).locator("textarea")
    page.page.wait_for_function("node => node.value.includes('weights')", arg=text.element_handle())
    state = json.loads(text.input_value())
    assert state["weights"][0]["weight"][0][0] == -9.5
    text.fill(json.dumps({"dataset": "pinwheel", "hidden": [3]}))
    presses(page, "Load")
    root(page).locator('[data-unit="2-2"]').wait_for()  # three outputs
    text.fill('{"hidden": [9]}')
    presses(page, "Load")
    error = root(page).locator(".llp-error")
    error.wait_for()
    assert "1 to 8 units in each layer, got 9" in error.inner_text()
    page.screenshot("playground-error")
    assert page.complaints() == []


def test_controls_and_prepared_tasks(page):
    presets = root(page).get_by_label("prepared tasks")
    presets.select_option("dead ReLUs")
    root(page).locator(".llp-says", has_text="A large step can leave a unit").wait_for()
    presses(page, "Play")
    root(page).locator(".llp-dead").first.wait_for()
    presses(page, "Pause")
    page.screenshot("playground-dead")
    root(page).get_by_role("combobox", name="activation").select_option(label="tanh")
    page.page.wait_for_function("root => root.dataset.step === '0'", arg=root(page).element_handle())
    assert presets.input_value() == ""  # no longer the prepared settings
    noise = root(page).get_by_role("slider", name="noise")
    noise.focus()
    page.page.keyboard.press("ArrowRight")
    page.page.wait_for_function(
        "node => node.getAttribute('aria-label').includes('noise 0.2')",
        arg=root(page).locator("canvas.llp-big").element_handle(),
    )
    root(page).get_by_role("button", name="one hidden layer fewer").click()
    root(page).get_by_text("1 hidden layer").wait_for()
    root(page).locator('[data-unit="0-4"]').click()  # x1 x2 as an input
    root(page).locator('[data-unit="0-4"][aria-pressed="true"]').wait_for()
    root(page).get_by_role("button", name="layer 1: one unit more").click()
    root(page).locator('[data-unit="1-4"]').wait_for()
    page.screenshot("playground-controls")
    names = (
        root(page)
        .locator("button, select, input, textarea")
        .evaluate_all(
            "nodes => nodes.map(n => n.getAttribute('aria-label') || n.textContent.trim() "
            "|| n.labels?.[0]?.textContent || '')"
        )
    )
    assert all(names), names
    assert page.complaints() == []


def test_a_press_is_not_lost_where_the_network_is_drawn_anew_beneath_it(page):
    tile = root(page).locator('[data-unit="0-4"]')
    box = tile.bounding_box()
    page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.page.mouse.down()
    # another size of the network comes meanwhile, as it would from another cell
    root(page).get_by_role("button", name="one hidden layer fewer").evaluate("node => node.click()")
    root(page).get_by_text("1 hidden layer").wait_for()
    assert root(page).locator('[data-unit="3-0"]').count() == 1  # it waits
    page.page.mouse.up()
    root(page).locator('[data-unit="3-0"]').wait_for(state="detached")
    root(page).locator('[data-unit="0-4"][aria-pressed="true"]').wait_for()
    assert page.complaints() == []


def test_a_hovered_unit_stays_where_it_is(page):
    """The heading above the large map is longer for an input: nothing may move beneath a resting mouse."""
    places = "root => [...root.querySelectorAll('.llp-unit, .llp-big')].map(n => n.getBoundingClientRect().x)"
    page.page.mouse.move(5, 5)
    before = root(page).evaluate(places)
    for unit in ("0-4", "1-3", "2-1", "3-0"):
        tile = root(page).locator(f'[data-unit="{unit}"]')
        tile.hover()
        page.page.wait_for_timeout(100)
        assert root(page).evaluate(places) == before
    assert page.complaints() == []


def test_a_weight_keeps_its_sign_in_its_field(page):
    unit = root(page).locator('[data-unit="1-0"]')
    unit.focus()
    page.page.keyboard.press("Enter")
    page.page.keyboard.type("-10.125")
    page.page.keyboard.press("Tab")
    field = root(page).locator(".llp-panel input").first
    page.page.wait_for_function("node => Number(node.value) === -10.125", arg=field.element_handle())
    assert field.evaluate("node => node.scrollWidth <= node.clientWidth")
    assert page.complaints() == []


def test_dark_large_and_after_the_kernel(lab):
    cells = [
        """
from lecturelib.training.playground import Playground
playground = Playground("sigmoids, four layers")
playground.step(200)
playground
"""
    ]
    page = lab.open(lab.write("playground_dark.ipynb", cells), size=(1280, 720), dark=True)
    page.run_all()
    page.page.locator('.ll-playground[data-step="200"]').wait_for()
    root(page).scroll_into_view_if_needed()
    page.page.wait_for_timeout(300)
    page.screenshot("playground-dark")
    cut = root(page).evaluate(
        "root => [...root.querySelectorAll('*')].filter(e => e.scrollWidth > e.clientWidth + 2 "
        "&& getComputedStyle(e).overflowX !== 'visible' && !e.classList.contains('ll-live')).map(e => e.className)"
    )
    assert cut == []
    page.save()
    lab.close_pages()  # and its kernel
    again = lab.open("playground_dark.ipynb", size=(1280, 720))
    static = again.page.locator(".ll-static img")
    static.wait_for()
    assert static.is_visible() and "Step 200: train loss" in static.get_attribute("alt")
    again.screenshot("playground-no-kernel")
