"""Live curves hand on every step, draw rarely, and stop without losing anything; pictures say their numbers."""

import importlib
import re
import signal
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import torch
from torch import nn

from lecturelib.drawing.curve_panels import Panel, Series, _ticks, sheet
from lecturelib.training import History, RunStopped, band, confusion_table, fit, live_curves, monitors, plots

live = importlib.import_module("lecturelib.training.live_curves")


def run_of(steps=40, **more):
    inputs = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    labels = (inputs[:, 0] > 0).long()
    return fit(model, (inputs, labels), steps=steps, batch_size=16, validation=(inputs, labels), **more)


class Screen:
    """What the student would see, and when."""

    def __init__(self):
        self.shown = []

    def __call__(self, picture, line):
        self.shown.append((picture, line))


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by a hundredth of a second with every look at it."""
    time = [0.0]

    def tick():
        time[0] += 0.01
        return time[0]

    monkeypatch.setattr(live.time, "perf_counter", tick)
    monkeypatch.setattr(live.time, "thread_time", lambda: 0.0)
    return time


def test_every_step_is_handed_on_and_the_picture_comes_rarely(clock):
    screen, times = Screen(), []

    def timed(picture, line):
        times.append(clock[0])
        screen(picture, line)

    steps = list(live_curves(run_of(100), screen=timed))
    assert [step.step for step in steps] == list(range(1, 101))
    assert np.diff(times[:-1]).min() >= live.EVERY
    assert 3 < len(times) < 40
    picture, line = screen.shown[-1]
    assert "step 100 of 100" in picture.alt and "step 100 of 100 in" in line and "finished" in line


def test_a_costly_picture_comes_more_rarely(clock, monkeypatch):
    work = [0.0]

    def thread_time():
        work[0] += 0.015  # a picture takes 15 ms between its two looks
        return work[0]

    monkeypatch.setattr(live.time, "thread_time", thread_time)
    times = []
    list(live_curves(run_of(300), screen=lambda picture, line: times.append(clock[0])))
    assert np.diff(times[:-1]).min() >= 0.015 / live.SHARE


def test_the_numbers_are_those_of_a_run_that_nobody_watches():
    watched, alone = run_of(), run_of()
    list(live_curves(watched, screen=Screen()))
    list(alone)
    np.testing.assert_array_equal(watched.history["loss"], alone.history["loss"])


def test_an_interrupt_ends_the_loop_with_a_sentence_and_the_run_goes_on():
    def press(look):
        if look.step == 7:
            signal.raise_signal(signal.SIGINT)
        return {}

    run, screen = run_of(monitors=[press]), Screen()
    steps = list(live_curves(run, screen=screen))  # no exception: the cells below still run
    assert steps[-1].step == 6 and run.step == 7
    assert "interrupted after step 7: nothing is lost" in screen.shown[-1][1]
    assert len(list(live_curves(run, screen=screen))) == 33


def test_a_loop_that_is_left_leaves_its_last_picture():
    run, screen = run_of(), Screen()
    for step in live_curves(run, screen=screen):
        if step.step == 5:
            break
    assert "step 5 of 40" in screen.shown[-1][0].alt
    assert "left after step 5" in screen.shown[-1][1]


def test_a_run_that_stops_says_why_below_its_curves():
    def loss(outputs, targets):
        return nn.functional.cross_entropy(outputs, targets) * (float("nan") if run.step == 4 else 1.0)

    run, screen = run_of(loss=loss), Screen()
    with pytest.warns(RunStopped):
        list(live_curves(run, screen=screen))
    picture, line = screen.shown[-1]
    assert "the run stopped at step 5: the loss is nan" in line and "gradient norm nan" in picture.alt


def test_in_a_kernel_one_output_is_replaced(monkeypatch):
    from IPython.core import displaypub
    from IPython.core.interactiveshell import InteractiveShell

    said = []

    class Publisher(displaypub.DisplayPublisher):
        def publish(self, data, metadata=None, *, transient=None, update=False, **_):
            said.append((data, transient, update))

    shell = InteractiveShell.instance()
    monkeypatch.setattr(shell, "display_pub", Publisher())
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    try:
        list(live_curves(run_of()))
    finally:
        InteractiveShell.clear_instance()
    assert [update for _, _, update in said] == [False] + [True] * (len(said) - 1) and len(said) >= 2
    assert len({transient["display_id"] for _, transient, _ in said}) == 1
    assert (
        '<progress value="40" max="40"' in said[-1][0]["text/html"]
        and 'alt="Training' in said[-1][0]["text/html"]
    )


def test_outside_a_notebook_nothing_is_drawn(capsys):
    list(live_curves(run_of(5)))
    assert capsys.readouterr() == ("", "")


def test_only_a_run_can_be_watched():
    with pytest.raises(TypeError, match=r"run: expected a Run.*live_curves\(fit"):
        live_curves([1, 2])
    run = run_of()
    with pytest.raises(ValueError, match="weight: expected.*got int 1"):
        live_curves(run, weight=1)
    assert run.step == 0


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (61, "61 s"), (150, "2 min 30 s")])
def test_times_are_short(seconds, words):
    assert live._time(seconds) == words


# pictures


def texts(picture):
    return [
        node.text for node in ElementTree.fromstring(picture.svg).iter("{http://www.w3.org/2000/svg}text")
    ]


def finished():
    run = run_of(monitors=[*monitors.usual_monitors(every=5)])
    list(run)
    return run.history


def test_curves_show_raw_and_smoothed_and_say_the_numbers():
    history = finished()
    shown = plots.run_curves(history)
    words = texts(shown)
    assert {"loss", "accuracy", "learning rate", "norm of the gradient"} < set(words)
    assert words.count("batch") == words.count("smoothed") == words.count("validation") == 2
    assert f"validation loss {history['validation_loss'][-1]:.3g}" in shown.alt
    assert 'stroke-dasharray="9 5"' in shown.svg and "<circle" in shown.svg  # validation: dashed and ringed
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', shown.svg)]
    assert min(sizes) >= 12


@pytest.mark.parametrize("extreme", [np.nan, np.inf, 1e30, 0.0, 1e-12])
def test_curves_take_values_of_any_size(extreme):
    history = History()
    for step in range(1, 6):
        history.add(
            step, {"loss": extreme if step > 2 else 2.0, "learning_rate": 0.1, "gradient_norm": extreme}
        )
    shown = plots.run_curves(history)
    assert "nan" not in shown.svg and "inf" not in shown.svg
    ElementTree.fromstring(shown.svg)


def test_one_step_is_enough_and_none_is_a_sentence():
    run = run_of()
    with pytest.raises(ValueError, match="history: expected a series 'loss'"):
        plots.run_curves(run.history)
    next(run)
    assert "step 1 of 40" in plots.run_curves(run.history, of=40).alt
    with pytest.raises(ValueError, match="usual_monitors"):
        plots.monitored_curves(run.history)


def test_monitored_names_every_layer():
    history = finished()
    shown = plots.monitored_curves(history)
    assert texts(shown).count("0") >= 2 and "2" in texts(shown)
    assert f"0 {history['gradients/0'][-1]:.2g}" in shown.alt


def test_a_gallery_has_a_title_for_every_run():
    history = finished()
    shown = plots.run_gallery({"first & best": history, "second": history})
    assert {"first & best", "second"} < set(texts(shown))
    assert "Loss of 2 runs" in shown.alt
    with pytest.raises(ValueError, match="at least one r"):
        plots.run_gallery({})


def test_a_confusion_table_counts():
    shown = confusion_table({"healthy": {"healthy": 3}, "leak": {"healthy": 1, "leak": 2}})
    assert shown.alt == "Confusion table: 5 of 6 runs are named rightly; 1 of 3 leak as healthy."
    assert [text for text in texts(shown) if text.isdigit()] == ["3", "1", "2"]
    with pytest.raises(ValueError, match="at least one r"):
        confusion_table({})


def test_a_band_is_drawn_with_its_range():
    history = finished()
    shown = plots.band_curves(band([history, history]))
    assert "2 seeds" in texts(shown)[0] and "from" in shown.alt
    assert 'opacity="0.22"' in shown.svg


def test_a_long_curve_keeps_its_peaks_and_stays_small():
    y = np.zeros(100_000)
    y[54_321] = 7.0
    drawn = sheet([Panel("p", [Series(np.arange(100_000), y)])], 1)
    assert len(drawn) < 40_000
    assert "7" in drawn and " 30.0L" in drawn  # the top of the panel


@pytest.mark.parametrize(
    ("ends", "ticks"), [((0, 1), [0, 0.5, 1]), ((0, 2.4), [0, 1, 2]), ((0, 400), [0, 100, 200, 300, 400])]
)
def test_ticks_are_round(ends, ticks):
    assert _ticks(*ends) == pytest.approx(ticks)
