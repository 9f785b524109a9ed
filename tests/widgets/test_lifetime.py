"""An explorable is freed when no page shows it any more: its widgets, its thread, its memory."""

import gc
import threading
import time
import weakref

import ipywidgets
import numpy as np
import pytest

from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, PointerPad, Slider, TextBox, Toggle, Upload
from lecturelib.widgets import explorable as module
from lecturelib.widgets.lifetime import Lifetime

CONTROLS = [
    Slider("k", 0, 9),
    Choice("layer", ("conv1", "conv2")),
    Choice("size", (1, 2, 4), slider=True),
    Toggle("signed"),
    TextBox("sentence", "I sleep."),
    Upload("own"),
    PointerPad("drawn", 4),
]


def render(state):
    return Picture(np.full((60, 60, 3), state["k"], np.uint8), f"shade {state['k']}")


def widgets():
    return dict(ipywidgets.widgets.widget._instances)


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("explorable")]


def ended_within(check, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not check() and time.monotonic() < deadline:
        time.sleep(0.01)
    return check()


@pytest.fixture
def run_cell(monkeypatch):
    """Runs a cell, by name, that makes an explorable and shows it; the page answers with a view."""
    import IPython.display

    monkeypatch.setattr(IPython.display, "display", lambda data, raw=False: None)
    runs, made = [], []

    def run(cell, explorable=None, page="page", view=True):
        runs.append(cell)
        monkeypatch.setattr(module, "current_cell", lambda: (cell, f"run {len(runs)}"))
        shown = explorable or Explorable(render, CONTROLS, "Shades")
        shown.show()
        if view:
            shown._live._message(None, {"type": "seen", "page": page, "view": f"view {len(runs)}"}, [])
        made.append(shown)
        return shown

    yield run
    for explorable in made:
        explorable.close()


def test_closing_leaves_no_widget_and_no_thread(run_cell):
    before = widgets()
    shown = run_cell("a")
    assert len(widgets()) > len(before) + 12 and len(threads()) == 1
    shown.close()
    assert widgets().keys() == before.keys() and threads() == []
    assert shown.picture({"k": 3}).alt == "shade 3"
    shown.show()  # and it can be shown again
    assert len(threads()) == 1


def test_twelve_runs_of_a_cell_leave_one_explorable(run_cell):
    run_cell("a")
    count = len(widgets())
    freed = []
    for _ in range(12):
        shown = run_cell("a")
        freed.append(weakref.ref(shown._live))
        assert (len(widgets()), len(threads())) == (count, 1)
    del shown
    gc.collect()
    assert [live() is None for live in freed] == [True] * 11 + [False]


def test_runs_that_no_page_has_drawn_yet_are_freed_too(run_cell):
    first = run_cell("a", view=False)
    run_cell("a", view=False)
    assert first._live is None and len(threads()) == 1


def test_another_cell_that_shows_it_keeps_it(run_cell):
    shown = run_cell("a")
    run_cell("b", shown)
    run_cell("a")  # makes another one
    assert shown._live is not None
    run_cell("b")
    assert shown._live is None


def test_the_same_explorable_shown_again_by_its_cell_lives_on(run_cell):
    shown = run_cell("a")
    live = shown._live
    run_cell("a", shown, view=False)
    live._message(
        None, {"type": "left", "view": "view 1"}, []
    )  # the old output goes before the new one is drawn
    assert shown._lifetime._timer is None
    live._message(None, {"type": "seen", "page": "page", "view": "view 2"}, [])
    assert shown._live is live and shown._lifetime.views == 1


def test_a_deleted_output_frees_it_after_a_moment(run_cell, monkeypatch):
    shown = run_cell("a")
    shown._lifetime._grace = 0.05
    shown._live._message(None, {"type": "left", "view": "view 1"}, [])
    assert ended_within(lambda: shown._live is None and threads() == [])


def test_a_moved_cell_keeps_it():
    ended = []
    shown = Lifetime(lambda: ended.append(1), grace=0.05)
    shown.seen("page", "old")
    shown.left("old")
    shown.seen("page", "new")
    time.sleep(0.15)
    assert ended == []
    shown.left("new")
    assert ended_within(lambda: ended == [1])
    shown.end()
    assert ended == [1]  # once


def test_views_of_a_page_that_was_loaded_anew_are_forgotten():
    ended = []
    shown = Lifetime(lambda: ended.append(1), grace=0)
    shown.seen("first page", "a")
    shown.seen("second page", "b")
    assert shown.views == 1
    shown.left("a")
    assert ended == []
    shown.left("b")
    assert ended == [1]
