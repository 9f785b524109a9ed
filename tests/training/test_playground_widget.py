"""The messages between the playground and its page, without a page."""

import json
import threading

import pytest

from lecturelib.training.playground import Playground
from lecturelib.training.playground import playground_widget as live_module
from lecturelib.training.playground.playground_widget import PlaygroundView
from lecturelib.widgets.lifetime import Lifetime


@pytest.fixture
def pair():
    playground = Playground("circle: a first run", state={"speed": 2})
    made = PlaygroundView(playground, playground._player, Lifetime(lambda: None))
    yield playground, made
    playground.pause()
    made.widget.close()


def tell(made, **content):
    made._message(made.widget, content, [])
    return made.widget


def test_messages_change_the_network_and_bring_a_frame(pair):
    playground, made = pair
    first = made.widget.frame["serial"]
    assert made.widget.settings == playground.state and made.widget.says.startswith("Press Play")
    assert made.widget.preset == ""  # the speed is not the prepared one
    assert tell(made, type="step").frame["step"] == 1
    assert tell(made, type="set", given={"hidden": [3]}).scene["layout"] == [2, 3, 1]
    assert made.widget.frame["scene"] == made.widget.scene["serial"] == 2
    tell(made, type="weight", layer=1, unit=0, source=None, value=0.25)
    assert playground.engine.layers[0][1][0] == 0.25
    assert tell(made, type="preset", name="dead ReLUs").preset == "dead ReLUs"
    assert tell(made, type="reset").frame["step"] == 0 and made.widget.frame["serial"] > first
    tell(made, type="load", text=json.dumps({"dataset": "xor", "hidden": []}))
    assert playground.state["dataset"] == "xor" and made.widget.says.startswith(
        "A large step can leave a unit"
    )


def test_play_and_pause(pair):
    playground, made = pair
    assert tell(made, type="play").playing
    tell(made, type="ack", n=10**6)
    assert not tell(made, type="pause").playing and not playground.playing


def test_what_is_wrong_is_said_in_the_page_and_goes_away(pair):
    playground, made = pair
    before = playground.state
    assert "1 to 8 units in each layer, got 9" in tell(made, type="set", given={"hidden": [9]}).error
    assert "this is no state" in tell(made, type="load", text="{").error
    assert "at least one input" in tell(made, type="set", given={"features": []}).error
    assert "finite" in tell(made, type="weight", layer=1, unit=0, source=0, value=float("nan")).error
    assert playground.state == before
    assert tell(made, type="step").error == ""


def test_frames_wait_for_a_slow_page_but_not_for_ever(pair, monkeypatch):
    _, made = pair
    monkeypatch.setattr(live_module, "PATIENCE", 0.02)
    pause = threading.Event()
    made._serial = made._acknowledged + live_module.UNDERWAY + 1
    made._wait(pause)  # nobody answers: it goes on all the same
    monkeypatch.setattr(live_module, "PATIENCE", 1e6)
    tell(made, type="ack", n=made._serial)
    made._wait(pause)  # answered: at once
    made._serial += live_module.UNDERWAY + 1
    pause.set()
    made._wait(pause)  # paused: at once
    assert made._acknowledged < made._serial


def test_the_static_copy_has_words_and_the_task(pair):
    playground, _ = pair
    html = playground._static(playground.picture(), "ll-x")
    assert 'id="ll-x"' in html and "Press Play" in html and "Step 0: train loss" in html


@pytest.fixture
def run_cell(monkeypatch):
    """Runs a cell, by name, that makes a playground and shows it; the page answers with a view."""
    import IPython.display

    from lecturelib.training.playground import playground as module

    monkeypatch.setattr(IPython.display, "display", lambda *data, raw=False: None)
    monkeypatch.setattr("lecturelib.widgets.lifetime.GRACE", 0.0)
    runs = []

    def run(cell):
        runs.append(cell)
        monkeypatch.setattr(module, "current_cell", lambda: (cell, f"run {len(runs)}"))
        monkeypatch.setattr(module, "Lifetime", lambda end: Lifetime(end, grace=0))
        shown = Playground()
        shown.show()
        tell(shown._live, type="seen", page="page", view=f"view {len(runs)}")
        return shown

    return run


def widgets():
    import ipywidgets

    return len(ipywidgets.widgets.widget._instances)


def test_a_cell_that_runs_again_frees_the_playground_it_showed(run_cell):
    before = widgets()
    first = run_cell("cell")
    first.play()
    one = widgets() - before
    for _ in range(11):
        last = run_cell("cell")
    assert widgets() - before == one
    assert not first.playing and first._live is None and last._live is not None
    last.close()
    assert widgets() == before


def test_a_playground_whose_output_is_gone_ends_and_can_be_shown_again(run_cell):
    shown = run_cell("cell")
    shown.play()
    view = shown._live
    tell(view, type="left", view="view 1")
    assert not shown.playing and shown._live is None
    shown.step(3)  # without a page it still learns
    shown.show()
    assert shown._live is not None and shown._live is not view
    shown.close()
