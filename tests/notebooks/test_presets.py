"""Every prepared setting of every explorable, chosen from its list, arrives as it is written: in the state and in every
control of the page. Nothing is rendered, so that a slow picture costs nothing here."""

import pytest

from tests.notebooks.test_explorables import EXPLORABLES

pytest.importorskip("ipywidgets")
from lecturelib.widgets.shell import Shell, _pairs


class Idle:
    """In place of the thread that renders."""

    def submit(self, state):
        self.state = state


@pytest.fixture(scope="module", params=EXPLORABLES, ids=lambda make: make.__name__)
def live(request):
    explorable = request.param()
    explorable._live, explorable._worker = Shell(explorable), Idle()
    yield explorable
    explorable._live.close()
    explorable._live = explorable._worker = None


def shown(explorable) -> dict:
    """What the controls of the page say."""
    found = {}
    for name, control in explorable.controls.items():
        widget = explorable._live._widgets[name]
        if widget is not None and hasattr(widget, "value"):
            found |= control.as_state(widget.value)
    return found


@pytest.mark.notebook
def test_a_preset_arrives_as_it_is_written(live):
    area = live._live
    for name, preset in live.presets.items():
        area._presets.value = area._presets.options[0]
        area._presets.value = name
        assert live.state == preset, name
        said = shown(live)
        assert said == {key: live._state[key] for key in said}, name
        assert live._worker.state == live._state  # and this is what is rendered
    # from any preset to any other, backwards: what one left behind does not bend the next
    for name, preset in reversed(live.presets.items()):
        area._presets.value = name
        assert live.state == preset, name


@pytest.mark.notebook
def test_a_preset_names_what_its_lists_offer(live):
    for name, preset in live.presets.items():
        controls = live.controls_at(preset)
        for control in controls.values():
            asked = control.from_state({**live._start, **preset})
            assert control.check(asked) == asked, name
            if hasattr(control, "options"):
                assert asked in [value for _, value in _pairs(control)], name
