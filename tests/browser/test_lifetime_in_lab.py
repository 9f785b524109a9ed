"""An explorable is freed when its cell runs again, its output is deleted or its notebook is closed: counted in Lab."""

import json
import re
import urllib.request
from statistics import median

import pytest

RUNS = 12
COUNT = """
import gc, threading
from ipywidgets.widgets.widget import _instances
gc.collect()
alive = [thread for thread in threading.enumerate() if thread.name.startswith("explorable")]
with open("/proc/self/statm") as file:
    pages = int(file.read().split()[1])
print(f"widgets {len(_instances)} threads {len(alive)} megabytes {pages * 4096 // 1_000_000}")
"""
SHADES = """
import numpy as np
from lecturelib.show import picture
from lecturelib.widgets import Explorable, Slider, Toggle
shade = lambda s: picture(np.full((9, 9), s["k"] / 9), alt=f"shade {s['k']}")
Explorable(shade, [Slider("k", 0, 9), Toggle("t")], "Shades")
"""
OCCLUSION = "from lecturelib.parameters.explore import occlusion_explorer\nocclusion_explorer()"


class Cells:
    """The cells of an open notebook, run one at a time."""

    def __init__(self, page):
        self.page = page

    def run(self, k, waits=True):
        cell = self.page.page.locator(".jp-CodeCell").nth(k)
        cell.locator(".jp-InputPrompt").click()
        self.page.page.keyboard.press("Control+Enter")
        if waits:
            self.page.page.wait_for_function(
                """k => /\\d/.test(
                  document.querySelectorAll('.jp-CodeCell')[k].querySelector('.jp-InputPrompt').textContent)""",
                arg=k,
                timeout=60_000,
            )
            self.page.wait_idle()

    def count(self, k=0):
        """Widgets, threads and megabytes of the kernel."""
        self.run(k)
        shown = self.page.page.locator(".jp-CodeCell").nth(k).locator(".jp-OutputArea-output").inner_text()
        return dict(
            zip(("widgets", "threads", "megabytes"), map(int, re.findall(r"\d+", shown)), strict=True)
        )

    def comes_to(self, widgets, threads, seconds=20):
        """Whether the kernel has that many left, within some seconds: it waits a moment for views to come back."""
        for _ in range(seconds):
            found = self.count()
            if (found["widgets"], found["threads"]) == (widgets, threads):
                break
            self.page.page.wait_for_timeout(1000)
        return (found["widgets"], found["threads"]) == (widgets, threads)


@pytest.fixture
def shades(lab):
    page = lab.open(lab.write("lifetime.ipynb", [COUNT, SHADES, SHADES]))
    return Cells(page)


def test_running_a_cell_again_frees_what_it_showed(shades):
    nothing = shades.count()
    assert (nothing["widgets"], nothing["threads"]) == (0, 0)
    shades.run(1)
    (one,) = shades.page.explorables()
    first = shades.count()
    assert first["widgets"] > 10 and first["threads"] == 1
    for _ in range(RUNS):
        shades.run(1)
    assert shades.comes_to(first["widgets"], 1)
    (last,) = shades.page.explorables()
    last.moves(last.sliders()[0])  # and the one that is left answers
    assert last.alt == "shade 1"
    for _ in range(RUNS):
        shades.run(1, waits=False)  # faster than the page can draw them
    shades.page.wait_idle()
    assert shades.comes_to(first["widgets"], 1)
    assert shades.page.complaints() == []


def test_deleted_outputs_and_cells_free_what_they_showed_and_moved_cells_do_not(shades):
    nothing = shades.count()
    shades.run(1)
    each = shades.count()["widgets"] - nothing["widgets"]
    shades.run(2)
    assert shades.comes_to(nothing["widgets"] + 2 * each, 2)

    keyboard = shades.page.page.keyboard
    shades.page.page.locator(".jp-CodeCell").nth(2).locator(".jp-InputPrompt").click()
    keyboard.press("Control+Shift+ArrowUp")  # the last cell moves up: its view is made anew
    shades.page.page.wait_for_timeout(6000)
    assert shades.comes_to(nothing["widgets"] + 2 * each, 2, seconds=3)
    moved = shades.page.explorables()[0]
    moved.moves(moved.sliders()[0])

    shades.page.page.locator(".jp-CodeCell").nth(1).locator(".jp-InputPrompt").click()
    shades.page.page.get_by_role("menuitem", name="Edit", exact=True).click()
    shades.page.page.get_by_role("menuitem", name="Clear Cell Output", exact=True).click()
    assert shades.comes_to(nothing["widgets"] + each, 1)

    shades.page.page.locator(".jp-CodeCell").nth(2).locator(".jp-InputPrompt").click()
    keyboard.press("d")
    keyboard.press("d")
    assert shades.comes_to(nothing["widgets"], 0)
    assert shades.page.complaints() == []


def test_closing_the_notebook_frees_what_it_showed(lab, shades):
    nothing = shades.count()
    shades.run(1)
    shades.page.explorables()
    shades.page.save()
    browser = shades.page.page
    browser.keyboard.press("Alt+w")
    browser.locator(".jp-Notebook").wait_for(state="detached")
    with urllib.request.urlopen(f"{lab.address}/api/kernels", timeout=10) as answer:
        assert len(json.load(answer)) == 1  # it goes on without its notebook
    browser.wait_for_timeout(5000)
    shades.page.load(f"{lab.address}/lab/tree/lifetime.ipynb")
    assert shades.comes_to(nothing["widgets"], 0, seconds=2)


def test_the_memory_of_the_occlusion_explorer_stays_flat(lab):
    cells = Cells(lab.open(lab.write("memory.ipynb", [COUNT, OCCLUSION])))
    used = []
    for run in range(RUNS + 6):
        cells.run(1)
        cells.page.explorables()[-1].rests()
        if run >= 6:  # networks and pictures are loaded, and the pools of memory have grown
            used.append(cells.count()["megabytes"])
    assert cells.comes_to(cells.count()["widgets"], 1, seconds=2)
    print("megabytes after each run:", used)
    # A leak of one explorable a run, 42 MB each, would add 210 MB here; the pools of memory need some runs to fill.
    assert median(used[-3:]) - median(used[4:7]) < 105, used  # half of a leak
