"""One network, one data set, ten learning rates."""

from collections.abc import Iterator

import numpy as np

from lecturelib.drawing.curve_panels import Panel, Series, sheet
from lecturelib.show import Picture
from lecturelib.training.explore.short_runs import RATES, STEPS, short_run
from lecturelib.training.history import History
from lecturelib.training.smooth import smooth
from lecturelib.widgets import Choice, Explorable, Progress, Toggle

WIDTH, HEIGHT = 820, 380
HIGHEST = 4.0  # of the loss's axis: ln 10 = 2.3 is a guess
GUESS = float(np.log(10))


def learning_rate_explorer() -> Explorable:
    """The loss of a small network on clothes at one of ten learning rates, SGD or Adam, with the others behind it."""
    shown = tuple(f"{rate:g}" for rate in RATES)
    controls = [
        Choice("rate", RATES, 0.03, label="learning rate", labels=shown, slider=True),
        Choice("optimizer", tuple(STEPS)),
        Toggle("others", True, label="the other rates, too"),
    ]
    presets: dict[str, dict] = {
        "too low": {"rate": 0.0001},
        "well": {"rate": 0.1},
        "too high: jumps, and no way back": {"rate": 3.0},
        "what is well for SGD is too high for Adam": {"rate": 0.1, "optimizer": "Adam"},
    }
    return Explorable(_render, controls, "The learning rate", presets)


def final_loss(history: History) -> float:
    """The smoothed loss at the end; infinite where the run stopped before."""
    values = history["loss"]
    if len(values) < max(STEPS.values()) or not np.isfinite(values[-1]):
        return float("inf")
    return float(smooth(values, 0.9)[-1])


def _render(state: dict) -> Iterator[Picture | Progress]:
    optimizer = state["optimizer"]
    runs = {state["rate"]: short_run(state["rate"], optimizer)}
    yield _draw(state, runs)
    if state["others"]:
        for k, rate in enumerate(RATES):
            yield Progress(k / len(RATES), "training at the other rates")
            runs[rate] = short_run(rate, optimizer)
        yield _draw(state, runs)


def _draw(state: dict, runs: dict[float, History]) -> Picture:
    rate, steps = state["rate"], STEPS[state["optimizer"]]
    lines = []
    for other, history in sorted(runs.items()):
        x, values = history.steps("loss"), history["loss"]
        if other == rate:
            lines += [
                Series(x, values, "batch", 0, "raw"),
                Series(x, smooth(values, 0.9), f"rate {rate:g}, smoothed", 0),
            ]
        else:
            lines.append(Series(x, smooth(values, 0.9), "", 1, "raw"))
    if len(runs) > 1:
        lines.append(Series(np.array([]), np.array([]), "other rates, smoothed", 1, "raw"))
    panel = Panel(
        f"loss, {state['optimizer']}", lines, low=0.0, high=HIGHEST, level=GUESS, level_label="a guess: ln 10",
        x_end=float(steps), x_label="step",
    )  # fmt: skip
    ends = {one: final_loss(history) for one, history in sorted(runs.items())}
    best = min(ends, key=lambda rate: ends[rate])
    said = _end(ends[rate])
    caption = f"Learning rate {rate:g}: {said}."
    if len(runs) > 1:
        caption += f" The best of the ten is {best:g}, with {ends[best]:.2f}. All: "
        caption += ", ".join(f"{one:g}: {_short(end)}" for one, end in ends.items()) + "."
    alt = f"Loss curves of a small network on clothes, {state['optimizer']}, {steps} steps. {caption}"
    return Picture(sheet([panel], 1, WIDTH, HEIGHT), alt, caption, width=WIDTH)


def _short(end: float) -> str:
    return f"{end:.2f}" if np.isfinite(end) else "stopped"


def _end(end: float) -> str:
    if not np.isfinite(end):
        return "the loss became NaN or infinite, and the run stopped"
    verdict = " (no better than a guess)" if end > GUESS - 0.1 else ""
    return f"the loss is {end:.2f} at the end{verdict}"
