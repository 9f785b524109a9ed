"""Explorables without a page: controls, states, the thread in which the latest wins, what lands in a cell."""

import json
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from lecturelib.show import Picture
from lecturelib.widgets import (
    Choice,
    Explorable,
    Pointer,
    PointerPad,
    Progress,
    RegionPicker,
    Slider,
    TextBox,
    Toggle,
    Upload,
)

LAYERS = {"conv1": 4, "conv2": 9}


def grey(value: int, alt: str = "grey") -> Picture:
    return Picture(np.full((2, 2, 3), value, np.uint8), alt)


def layers_explorable(**more) -> Explorable:
    return Explorable(
        lambda s: grey(s["channel"], f"channel {s['channel']} of {s['layer']}"),
        [Choice("layer", tuple(LAYERS)), Slider("channel", 0, 3, value=2)],
        "Channels",
        refresh=lambda s: {"channel": Slider("channel", 0, LAYERS[s["layer"]] - 1, value=0)},
        **more,
    )


@pytest.fixture
def shown(monkeypatch):
    """Shows an explorable as a cell would, returns what it displayed, and closes it after the test."""
    import IPython.display

    outputs, made = [], []
    monkeypatch.setattr(IPython.display, "display", lambda data, raw=False: outputs.append(data))

    def show(explorable):
        made.append(explorable)
        explorable.show()
        return outputs

    yield show
    for explorable in made:
        explorable.close()


# --- controls ----------------------------------------------------------------------------------------------


def test_values_are_minimum_middle_maximum():
    assert Slider("k", 0, 63).values() == (0, 31, 63)
    assert Slider("a", 0.0, 1.0, 0.1).values() == (0.0, 0.5, 1.0)
    assert Slider("one", 3, 3).values() == (3,)
    assert Slider("odd", 8, 30, 8).values() == (8, 16, 24)  # 30 is not on a step
    assert Choice("n", ("a", "b", "c", "d")).values() == ("a", "b", "d")
    assert Toggle("t").values() == (False, True)
    assert Upload("u").values() == (None,)
    assert Pointer().values() == ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0))


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: Slider("k", 5, 1), ValueError, r"low of Slider .k.: expected at most high \(1\), got 5"),
        (lambda: Slider("k", 0, 1, 0), ValueError, "step"),
        (lambda: Slider("k", 0, float("nan")), ValueError, "finite number, got nan"),
        (lambda: Slider("k", 0, "9"), TypeError, "finite"),
        (lambda: Slider("k", 0, 9, value=10), ValueError, "whole number from 0 to 9"),
        (lambda: Slider("a b", 0, 9), ValueError, "name"),
        (lambda: Choice("c", ()), ValueError, "options"),
        (lambda: Choice("c", "abc"), TypeError, "list"),
        (lambda: Choice("c", ("a", "a")), ValueError, "different"),
        (lambda: Choice("c", (object(),)), TypeError, "JSON"),
        (lambda: Choice("c", ("a", "b"), labels=("x",)), ValueError, "labels"),
        (
            lambda: Choice("c", ("tabby", "tiger"), "tabbi"),
            ValueError,
            "c: expected one of .*got .tabbi.; nearest: tabby",
        ),
        (lambda: Toggle("t", 1), TypeError, "True or False"),
        (lambda: Upload("u").check("path"), TypeError, "bytes"),
        (lambda: Pointer("x", "x"), ValueError, "two names"),
        (lambda: Pointer(value=(0.5, 1.5)), ValueError, "at least 0 and at most 1, got 1.5"),
        (lambda: Pointer(step=0), ValueError, "step"),
        (lambda: PointerPad("d", 2), ValueError, "side of PointerPad .d.: .* from 4 to 128, got 2"),
        (lambda: PointerPad("d", 28, guide=29), ValueError, "guide of .* from 0 to 28, got 29"),
        (lambda: PointerPad("d", 4).check("ink"), TypeError, "4 rows of 4 whole numbers"),
        (lambda: PointerPad("d", 4).check([[0] * 4] * 3), ValueError, "got 3 rows of 4"),
        (lambda: PointerPad("d", 4).check([]), ValueError, "got 0 rows"),
        (lambda: PointerPad("d", 4).check([[0, 0, 0, 256]] * 4), ValueError, "got 256"),
        (lambda: PointerPad("d", 4).check([[0, 0, 0, 0.5]] * 4), ValueError, "got 0.5"),
        (lambda: PointerPad("d", 4).check([[0, 0, 0, True]] * 4), ValueError, "got True"),
        (lambda: Progress(1.5), ValueError, "fraction"),
    ],
)
def test_controls_check_themselves(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_sliders_keep_to_their_steps():
    slider = Slider("size", 8, 64, 4, 32, unit="px")
    assert slider.check(12.0) == 12 and isinstance(slider.check(12.0), int)
    for wrong, error in [(13, ValueError), (68, ValueError), (True, TypeError), ("8", TypeError)]:
        with pytest.raises(error, match="steps of 4"):
            slider.check(wrong)
    assert [slider.clip(v) for v in (0, 13, 1000, float("inf"), "x")] == [8, 12, 64, 64, 32]
    assert Slider("a", 0, 1, 0.1).check(0.1 + 0.2) == 0.3


def test_numbers_of_numpy_become_plain():
    slider = Slider("k", 0, np.int64(9))
    assert slider.whole and type(slider.high) is int and type(slider.check(np.int64(3))) is int
    assert json.dumps(Slider("a", np.float32(0), 1.0, 0.5).values()) == "[0.0, 0.5, 1.0]"


def test_truth_and_number_are_different_options():
    with pytest.raises(ValueError, match="expected one of 1, 2, got True"):
        Choice("c", (1, 2)).check(True)


def test_a_drawing_is_plain_data():
    blank, start = PointerPad("d", 4), PointerPad("d", 4, [[0, 9, 0, 0]] * 4)
    assert blank.values() == (((0,) * 4,) * 4, ((255,) * 4,) * 4)
    assert start.values() == (((0,) * 4,) * 4, ((0, 9, 0, 0),) * 4, ((255,) * 4,) * 4)
    assert blank.check(np.full((4, 4), 7, np.uint8)) == ((7,) * 4,) * 4
    assert blank.check(json.loads(json.dumps(start.value))) == start.value
    assert blank.clip([[300] * 4] * 4) == blank.value  # what cannot be a drawing leaves the start
    assert blank.says(blank.value) == "nothing drawn" and "16 pixels" in blank.says(((255,) * 4,) * 4)


# --- state -------------------------------------------------------------------------------------------------


def test_state_in_and_out_fits_into_json():
    explorable = layers_explorable()
    state = json.loads(json.dumps(explorable.state))
    assert state == {"layer": "conv1", "channel": 2}
    explorable.state = {"layer": "conv2", "channel": 8}
    assert explorable.picture().alt == "channel 8 of conv2"
    explorable.state = state
    assert explorable.picture().alt == "channel 2 of conv1"


def test_a_bad_state_says_what_is_allowed_and_changes_nothing():
    explorable = layers_explorable()
    for bad, error, words in [
        ({"chanel": 1}, KeyError, "layer, channel"),
        ({"layer": "conv3"}, ValueError, "conv1"),
        ({"channel": 4}, ValueError, "from 0 to 3"),
        ({"channel": "first"}, TypeError, "whole number"),
        (["conv1"], TypeError, "dict"),
    ]:
        with pytest.raises(error, match=words):
            explorable.state = bad
    assert explorable.state == {"layer": "conv1", "channel": 2}


def test_values_are_clipped_when_another_control_takes_their_room():
    explorable = layers_explorable()
    explorable.state = {"layer": "conv2", "channel": 8}
    explorable.state = {"layer": "conv1"}
    assert explorable.state["channel"] == 3
    assert explorable.controls["channel"].high == 3


def test_presets_are_complete_and_round_trip():
    explorable = layers_explorable(
        presets={"last": {"layer": "conv2", "channel": 8}, "deep": {"layer": "conv2"}}
    )
    assert explorable.presets["deep"] == {"layer": "conv2", "channel": 2}
    for preset in explorable.presets.values():
        explorable.state = preset
        assert explorable.state == preset
    with pytest.raises(ValueError, match="preset 'wrong'.*from 0 to 3"):
        layers_explorable(presets={"wrong": {"channel": 9}})


def test_every_state_reaches_the_ends_also_of_limited_controls():
    states = list(layers_explorable().every_state())
    assert {"layer": "conv2", "channel": 8} in states  # the maximum only that layer has
    for channel in (0, 1, 3):
        assert {"layer": "conv1", "channel": channel} in states
    assert len(states) == len({tuple(s.items()) for s in states})


def test_contradicting_explorables_are_refused():
    render = lambda state: grey(0)  # noqa: E731
    for controls, error, words in [
        ([Slider("x", 0, 1), Pointer("x", "y")], ValueError, "a name of its own"),
        ([Pointer("x", "y"), Pointer("u", "v")], ValueError, "one Pointer"),
        ([Pointer("x", "y"), PointerPad("d")], ValueError, "one Pointer or PointerPad, got two"),
        (["layer"], TypeError, "str"),
    ]:
        with pytest.raises(error, match=words):
            Explorable(render, controls, "title")
    with pytest.raises(ValueError, match="title"):
        Explorable(render, [], " ")
    with pytest.raises(TypeError, match="function"):
        Explorable(grey(0), [], "title")
    with pytest.raises(KeyError, match="refresh"):
        Explorable(render, [Toggle("t")], "title", refresh=lambda s: {"u": Toggle("u")})
    with pytest.raises(TypeError, match="as a Slider"):
        Explorable(render, [Slider("k", 0, 9)], "title", refresh=lambda s: {"k": Toggle("k")})


def test_uploads_stay_out_of_the_state():
    explorable = Explorable(
        lambda s: grey(len(s["photo"] or b"")), [Upload("photo"), Toggle("t")], "Own photo"
    )
    explorable.state = {"photo": b"12345"}
    assert explorable.state == {"t": False}
    explorable.state = {"t": True}
    assert explorable.picture().pixels[0, 0, 0] == 5  # and a later change keeps it


# --- pictures ----------------------------------------------------------------------------------------------


def test_pictures_without_ipywidgets():
    code = (
        "import sys; sys.modules['ipywidgets'] = sys.modules['anywidget'] = sys.modules['IPython'] = None\n"
        "import numpy as np\n"
        "from lecturelib.show import Picture\nfrom lecturelib.widgets import Explorable, Slider\n"
        "e = Explorable(lambda s: Picture(np.zeros((2, 2, 3), np.uint8), str(s)), [Slider('k', 0, 3)], 't')\n"
        "print(e.picture({'k': 3}).alt)"
    )
    assert (
        "'k': 3"
        in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    )


def test_a_generator_sharpens_and_must_yield():
    def render(state):
        yield Progress(0.0, "starting")
        for k in range(3):
            yield grey(k)

    explorable = Explorable(render, [], "Sharpening", alt_prefix="Map:")
    assert [p.pixels[0, 0, 0] for p in explorable.pictures()] == [0, 1, 2]
    assert explorable.picture().pixels[0, 0, 0] == 2 and explorable.picture().alt == "Map: grey"

    def empty(state):
        yield Progress(1.0)

    with pytest.raises(ValueError, match="expected at least one Picture, got none"):
        Explorable(empty, [], "Empty").picture()


def test_what_render_gives_wrongly_or_raises_comes_through():
    with pytest.raises(TypeError, match="expected a Picture, got ndarray; "):
        Explorable(lambda s: np.zeros((2, 2)), [], "t").picture()
    with pytest.raises(ZeroDivisionError):
        Explorable(lambda s: 1 / 0, [], "t").picture()


def test_render_gets_its_own_dict():
    def render(state):
        state["k"] = 99
        return grey(0)

    explorable = Explorable(render, [Slider("k", 0, 3)], "t")
    explorable.picture()
    assert explorable.state == {"k": 0}


# --- live --------------------------------------------------------------------------------------------------


def test_a_cell_holds_the_live_view_and_a_static_copy(shown):
    explorable = layers_explorable(presets={"deep": {"layer": "conv2"}})
    root, static = shown(explorable)
    assert root is explorable._live.root
    text = static["text/html"]
    assert '<img alt="channel 2 of conv1" src="data:image/png;base64,' in text and "Channels" in text
    ident = explorable._live.area.twins[0]
    assert f'id="{ident}"' in text and "channel: 2" in static["text/plain"]
    frame = explorable._live.area.frame
    assert frame["alt"] == "channel 2 of conv1" and frame["data"].startswith(b"\x89PNG")


def widget(explorable, name):
    return explorable._live._widgets[name]


def rest(explorable):
    assert explorable._worker.wait(timeout=10)
    return explorable._live.area


def test_widgets_follow_the_state_and_the_state_the_widgets(shown):
    explorable = layers_explorable(presets={"deep": {"layer": "conv2"}})
    shown(explorable)
    widget(explorable, "layer").value = "conv2"
    widget(explorable, "channel").value = 8
    assert rest(explorable).frame["alt"] == "channel 8 of conv2"
    widget(explorable, "layer").value = "conv1"
    assert (widget(explorable, "channel").max, widget(explorable, "channel").value) == (3, 3)
    assert rest(explorable).frame["alt"] == "channel 3 of conv1"
    explorable._live._presets.value = "deep"
    assert (
        explorable.state == {"layer": "conv2", "channel": 2} and widget(explorable, "layer").value == "conv2"
    )
    widget(explorable, "channel").value = 0
    assert explorable._live._presets.value == "own settings"
    explorable.reset()
    assert rest(explorable).frame["alt"] == "channel 2 of conv1"


def test_a_slider_without_a_choice_is_disabled(shown):
    explorable = layers_explorable()
    explorable._refresh = lambda s: {"channel": Slider("channel", 0, 0 if s["layer"] == "conv2" else 3)}
    shown(explorable)
    assert not widget(explorable, "channel").disabled
    widget(explorable, "layer").value = "conv2"
    assert widget(explorable, "channel").disabled


def test_every_kind_of_control_has_a_widget(shown):
    controls = [
        Slider("a", 0.0, 1.0, 0.05),
        Choice("stride", (1, 2, 4, 8), slider=True),
        Choice("fill", ("grey", "mean"), labels=("grey 128", "mean color")),
        Toggle("t"),
        Upload("photo"),
        Pointer("x", "y", panel=0),
    ]
    explorable = Explorable(lambda s: grey(0, str(sorted(s.items()))), controls, "All")
    shown(explorable)
    widget(explorable, "a").value = 0.35
    widget(explorable, "stride").value = 8
    widget(explorable, "fill").value = "mean"
    widget(explorable, "t").value = True
    explorable._live._message(None, {"type": "pointer", "n": 1, "x": 0.25, "y": 1.25}, [])
    assert explorable.state == {"a": 0.35, "stride": 8, "fill": "mean", "t": True, "x": 0.25, "y": 1.0}
    widget(explorable, "photo")._message(None, {"type": "file", "name": "a.png"}, [memoryview(b"ab")])
    assert "('photo', b'ab')" in rest(explorable).frame["alt"]
    assert widget(explorable, "photo").name == "a.png"
    for state in explorable.every_state():
        explorable.picture(state)
    explorable.reset()
    assert "('photo', None)" in rest(explorable).frame["alt"] and widget(explorable, "photo").name == ""


def test_a_drawing_follows_the_page_and_the_page_the_presets(shown):
    explorable = Explorable(
        lambda s: grey(0, f"ink {sum(map(sum, s['d']))}"),
        [PointerPad("d", 4, panel=0, guide=2), Toggle("t")],
        "Draw",
        presets={"a dot": {"d": [[0] * 4, [0, 200, 0, 0], [0] * 4, [0] * 4]}},
    )
    shown(explorable)
    area = explorable._live.area
    assert area.drawing["pixels"] == [0] * 16 and (area.drawing["side"], area.drawing["guide"]) == (4, 2)
    explorable._live._message(None, {"type": "drawing", "n": 1, "pixels": [0] * 15 + [50]}, [])
    assert rest(explorable).frame["alt"] == "ink 50"
    assert explorable.state["d"][3] == (0, 0, 0, 50)
    explorable.state = json.loads(json.dumps(explorable.state))  # in and out as JSON
    assert explorable.state["d"][3] == (0, 0, 0, 50)
    explorable._live._presets.value = "a dot"
    assert rest(explorable).frame["alt"] == "ink 200" and area.drawing["pixels"][5] == 200
    explorable._live._message(None, {"type": "drawing", "n": 2, "pixels": [0] * 12}, [])
    assert rest(explorable).frame["alt"] == "ink 0"  # no drawing at all: back to the start
    explorable._live._presets.value = "a dot"
    explorable.reset()
    assert rest(explorable).frame["alt"] == "ink 0" and area.drawing["pixels"] == [0] * 16


def test_the_latest_state_wins(shown):
    gate, rendered = threading.Event(), []

    def render(state):
        rendered.append(state["k"])
        gate.wait(10)
        return grey(state["k"], f"k={state['k']}")

    explorable = Explorable(render, [Slider("k", 0, 99)], "t")
    gate.set()
    shown(explorable)
    gate.clear()
    for k in range(1, 100):
        widget(explorable, "k").value = k
        if k == 1:
            while rendered[-1] != 1:
                time.sleep(0.001)
    gate.set()
    assert rest(explorable).frame["alt"] == "k=99"
    assert rendered == [0, 1, 99]


def test_a_running_generator_is_abandoned_between_its_steps(shown):
    log, step = [], threading.Semaphore(0)

    def render(state):
        try:
            for k in range(5):
                step.acquire()
                log.append((state["k"], k))
                yield grey(k, f"k={state['k']} step {k}")
        finally:
            log.append((state["k"], "closed"))

    explorable = Explorable(render, [Slider("k", 0, 9)], "t")
    for _ in range(5):
        step.release()
    shown(explorable)
    log.clear()
    explorable.state = {"k": 1}
    step.release()
    while (1, 0) not in log:
        time.sleep(0.001)
    explorable.state = {"k": 2}
    for _ in range(6):
        step.release()
    assert rest(explorable).frame["alt"] == "k=2 step 4"
    assert (1, 4) not in log and log.index((1, "closed")) < log.index((2, 0)) and log[-1] == (2, "closed")


def test_stop_ends_a_long_rendering(shown):
    begun = threading.Event()

    def render(state):
        yield grey(0)
        while state["long"]:
            begun.set()
            time.sleep(0.001)
            yield Progress(0.5, "still going")

    explorable = Explorable(render, [Toggle("long")], "t")
    shown(explorable)
    explorable.state = {"long": True}
    assert begun.wait(10)
    assert explorable._live.area.busy
    explorable._live._message(None, {"type": "stop"}, [])
    assert not rest(explorable).busy


def test_errors_are_shown_and_the_next_picture_removes_them(shown):
    def render(state):
        if state["k"] == 1:
            raise ValueError("this file is no picture: choose a PNG or JPEG")
        if state["k"] == 2:
            raise RuntimeError("boom")
        if state["k"] == 3:
            raise KeyError("no layer 'conv9': did you mean conv5?")
        return grey(0)

    explorable = Explorable(render, [Slider("k", 0, 3)], "t")
    shown(explorable)
    for k, words in [
        (1, "this file is no picture: choose a PNG or JPEG"),
        (2, "RuntimeError: boom"),
        (3, "no layer 'conv9': did you mean conv5?"),
    ]:
        widget(explorable, "k").value = k
        assert rest(explorable).error["message"] == words
        assert "Traceback" in explorable._live.area.error["detail"] and not explorable._live.area.busy
    widget(explorable, "k").value = 0
    assert rest(explorable).error == {}


def test_an_error_of_the_first_picture_is_the_cells_own(shown):
    explorable = Explorable(lambda s: 1 / 0, [], "t")
    with pytest.raises(ZeroDivisionError):
        shown(explorable)


def test_an_error_in_refresh_is_shown(shown):
    def refresh(state):
        if state["t"]:
            raise ValueError("nothing fits here")
        return {}

    explorable = Explorable(lambda s: grey(0), [Toggle("t")], "t", refresh=refresh)
    shown(explorable)
    widget(explorable, "t").value = True
    assert explorable._live.area.error["message"] == "nothing fits here"


def test_no_thread_is_left(shown):
    def running():
        return [t for t in threading.enumerate() if t.name.startswith("explorable")]

    one, two = layers_explorable(), layers_explorable()
    shown(one), shown(two)
    one.show()  # twice in one notebook: still one thread each
    assert len(running()) <= 2 and all(thread.daemon for thread in running())
    one.close(), two.close()
    assert not running()
    assert one.picture().alt == "channel 2 of conv1"


def test_an_idle_thread_ends_and_comes_back():
    from lecturelib.widgets.worker import LatestWins

    done = []
    worker = LatestWins(lambda job, superseded: done.append(job), "t", linger=0.01)
    for job in range(2):
        worker.submit(job)
        assert worker.wait(timeout=5)
        deadline = time.monotonic() + 5
        while worker._thread is not None and time.monotonic() < deadline:
            time.sleep(0.005)
        assert worker._thread is None
    assert done == [0, 1]
    worker.close()
    with pytest.raises(RuntimeError, match="closed"):
        worker.submit(2)


def test_a_state_reaches_the_page_quickly(shown):
    """The shell adds a few milliseconds to `render`: a photo of 224 x 224 must fit into a dragged slider."""
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3)).astype(np.uint8)
    explorable = Explorable(lambda s: Picture(np.roll(noise, s["k"]), "noise"), [Slider("k", 0, 99)], "t")
    shown(explorable)
    times = []
    for k in range(1, 30):
        start = time.perf_counter()
        widget(explorable, "k").value = k
        rest(explorable)
        times.append(time.perf_counter() - start)
    assert sorted(times)[len(times) // 2] < 0.05  # measured: 3 ms; the rest is for a busy machine


def test_a_place_outside_the_picture_goes_to_the_nearest_inside():
    pointer = Pointer(value=(0.25, 0.75))
    assert pointer.clip((1.2, 0.3)) == (1.0, 0.3)
    assert pointer.clip((-1, float("inf"))) == (0.0, 1.0)
    for none in [(float("nan"), 0.3), None, (0.5,), (0.1, None), 3]:
        assert pointer.clip(none) == (0.25, 0.75)


def test_a_typed_sentence_is_kept_as_it_is_typed_and_cut_where_it_is_too_long():
    import ipywidgets

    from lecturelib.widgets.shell import Shell
    from lecturelib.widgets.worker import LatestWins

    seen = []

    def render(state):
        seen.append(state["sentence"])
        return Picture(np.zeros((60, 60, 3), np.uint8), f"A sentence of {len(state['sentence'])} signs.")

    sentence = TextBox("sentence", "I sleep.", examples=("You sleep.",), longest=12)
    assert sentence.values() == ("I sleep.", "You sleep.") and sentence.says("I eat ") == "“I eat ”"
    explorable = Explorable(render, [sentence], "Typing")
    live = Shell(explorable)
    explorable._live, explorable._worker = live, LatestWins(explorable._work, "typing")
    try:
        (box,) = (widget for widget in live.column.children if isinstance(widget, ipywidgets.Textarea))
        for typed in ("I eat ", "", "I eat a whole cake"):
            box.value = typed
            explorable._worker.wait(timeout=10)
        assert seen[-1] == box.value == "I eat a whol"
    finally:
        explorable.close()
    with pytest.raises(TypeError, match="sentence: expected a text, got int 3"):
        explorable.state = {"sentence": 3}
    with pytest.raises(ValueError, match="sentence: expected at most 12 characters, got 18; shorten it"):
        explorable.state = {"sentence": "I eat a whole cake"}


def test_parts_say_to_the_page_whether_the_mouse_picks_without_a_click():
    from lecturelib.widgets.shell import Shell

    def shown(hover):
        picture = Picture(np.zeros((60, 60, 3), np.uint8), "Two words.")
        explorable = Explorable(lambda state: picture, [RegionPicker(("a", "b"), hover=hover)], "Words")
        return Shell(explorable).area.hover

    assert shown(True) is True and shown(False) is False


@pytest.mark.parametrize("typed", ["a\x07b", "two\r\nlines", "next\x85line", "para\u2029graph", "lone\ud800"])
def test_typed_control_characters_do_no_harm(shown, typed):
    explorable = Explorable(
        lambda s: grey(0, f"read {s['sentence']}"), [TextBox("sentence", "I sleep.")], "Typing\x07 <b>\nhere"
    )
    _, static = shown(explorable)
    widget(explorable, "sentence").value = typed
    assert "read" in rest(explorable).frame["alt"]
    text = (
        explorable.state["sentence"]
        + explorable._live.area.frame["alt"]
        + static["text/html"]
        + explorable.title
    )
    assert not {sign for sign in text if ord(sign) < 32 and sign != "\n"} and "\n" not in explorable.title
    assert not set("\x07\x85\u2029\ud800") & set(text) and "<b>\n" not in static["text/html"]
    text.encode()  # and it goes through JSON to the page
