"""How much smoothing is honest: the raw curve below, the average above, and what its past does when more steps come."""

import numpy as np

from lecturelib.drawing.curve_panels import Panel, Series, sheet
from lecturelib.show import Picture
from lecturelib.training.explore.short_runs import short_run
from lecturelib.training.smooth import smooth
from lecturelib.widgets import Choice, Explorable, Slider, Toggle

STEPS = 300
SERIES = ("loss of a run", "accuracy of a run", "a constant 2", "a jump from 2 to 1")
WIDTH, HEIGHT = 820, 380


def smoothing_explorer() -> Explorable:
    """A noisy curve and its moving average: weight, debiased or not, and only the steps so far."""
    controls = [
        Choice("series", SERIES, label="what is smoothed"),
        Slider("weight", 0.0, 0.98, 0.02, 0.9, label="weight of the past"),
        Slider("steps", 20, STEPS, 20, STEPS, label="steps so far"),
        Toggle("debiased", True, label="debiased: divided by the sum of the weights"),
    ]
    presets: dict[str, dict] = {
        "as it should be": {},
        "not debiased: a constant begins at 0": {"series": "a constant 2", "debiased": False},
        "too much: it comes late": {"series": "a jump from 2 to 1", "weight": 0.98},
        "too little": {"weight": 0.2},
        "the first 60 steps": {"steps": 60},
    }
    return Explorable(_render, controls, "Smoothing, with the raw curve below", presets)


def series(name: str) -> np.ndarray:
    """One of `SERIES`, (300,)."""
    if name == "a constant 2":
        return np.full(STEPS, 2.0)
    if name == "a jump from 2 to 1":
        return np.where(np.arange(STEPS) < STEPS // 2, 2.0, 1.0)
    history = short_run(0.03, steps=STEPS, batch_size=16)
    return history["loss" if name == "loss of a run" else "accuracy"]


def not_debiased(values: np.ndarray, weight: float) -> np.ndarray:
    """The moving average that begins at 0: s_t = weight s_(t-1) + (1 - weight) x_t, with s_0 = 0."""
    found, average = np.empty(len(values)), 0.0
    for t, value in enumerate(values):
        average = found[t] = weight * average + (1 - weight) * value
    return found


def _render(state: dict) -> Picture:
    values = series(state["series"])
    now = values[: state["steps"]]
    average = smooth if state["debiased"] else not_debiased
    even, x = average(now, state["weight"]), np.arange(1, len(now) + 1)
    lines = [Series(x, now, "raw", 0, "raw"), Series(x, even, "smoothed", 0)]
    high = 1.0 if "accuracy" in state["series"] else float(values.max()) * 1.05
    panel = Panel(state["series"], lines, low=0.0, high=high, x_end=float(STEPS), x_label="step")
    memory = 1 / (1 - state["weight"])
    later = float(np.abs(average(values, state["weight"])[: len(now)] - even).max())
    caption = (
        f"Weight {state['weight']:g}: about {memory:.0f} values count, and the line comes about {memory - 1:.0f} "
        f"steps late. Step 1: raw {now[0]:.2f}, smoothed {even[0]:.2f}. "
        f"Step {len(now)}: raw {now[-1]:.2f}, smoothed {even[-1]:.2f}. "
        f"What more steps change in the line drawn so far: {later:.0f}."
    )
    alt = f"A pale raw curve of {state['series']} over {len(now)} steps, and its moving average. {caption}"
    return Picture(sheet([panel], 1, WIDTH, HEIGHT), alt, caption, width=WIDTH)
