"""After its kernel was restarted, an explorable says so and takes no key; its cell brings it back."""

CELL = """
import numpy as np
from lecturelib.show import picture
from lecturelib.widgets import Explorable, Slider
Explorable(lambda s: picture(np.full((120, 200), s["k"] / 9), alt=f"shade {s['k']}"), [Slider("k", 0, 9)], "Shades")
"""


def restart(page) -> None:
    """As a student does it: by the menu, with the dialog that asks once more."""
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.locator(".lm-Menu-item", has_text="Restart Kernel…").first.click()
    page.locator(".jp-Dialog").get_by_role("button", name="Confirm Kernel Restart").click()


def test_a_restarted_kernel_is_said(lab):
    opened = lab.open(lab.write("restart.ipynb", [CELL]))
    opened.run_all()
    [shades] = opened.explorables()
    shades.moves(shades.sliders()[0])
    page = opened.page
    assert page.locator(".ll-notice").count() == 0
    restart(page)
    page.locator(".ll-notice").wait_for(timeout=60_000)
    assert page.locator(".ll-notice").inner_text() == "Kernel restarted: run the cell."
    assert page.locator(".ll-row").evaluate("row => row.inert && getComputedStyle(row).opacity < 1")
    broken = "all => all.filter(e => getComputedStyle(e, '::before').display !== 'none').length"
    assert page.locator(".ll-explorable .jupyter-widgets-disconnected").evaluate_all(broken) == 0
    opened.screenshot("restarted")
    opened.run_all()
    assert page.locator(".ll-notice").count() == 0
    [again] = opened.explorables()
    again.moves(again.sliders()[0])
