"""Every lesson in a real browser: it runs to its end, and every slider and list brings a new picture, by keyboard."""

import pytest

LESSONS = {"00_start_here": 1, "04_parameters": 6, "05_gradients": 8}  # and how many explorables it holds


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_and_its_controls_answer(lab, name):
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
                continue  # nothing to choose here: colour kernels have no input channel
            explorable.moves(slider, timeout=60)
            explorable.rests()
        assert explorable.error == ""
    assert page.page.locator("img:not([alt]), img[alt='']").count() == 0
    assert page.complaints() == []


def test_the_patch_follows_the_arrow_keys(lab):
    page = lab.open("notebooks/04_parameters.ipynb")
    page.run_all(timeout=300)
    patch = next(found for found in page.explorables() if "patch of" in found.alt)
    before = patch.alt
    for _ in range(4):
        patch.presses(patch.stage, "ArrowLeft")
    assert patch.alt != before and "Uncovered it was 3" in patch.alt
    page.screenshot("04_parameters-patch")
    assert page.complaints() == []
