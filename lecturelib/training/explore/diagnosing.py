"""Explorables of part 2: shipped runs with a planted fault, to be diagnosed before the answer is unfolded."""

import html
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from lecturelib.checks import complaint
from lecturelib.drawing.curve_panels import Panel, Series, sheet
from lecturelib.show import Picture
from lecturelib.training.diagnose import Diagnosis, diagnose
from lecturelib.training.faults import FAULTS
from lecturelib.training.faulty_runs import shipped_runs
from lecturelib.training.history import History
from lecturelib.training.smooth import smooth
from lecturelib.widgets import Choice, Explorable, Slider, Toggle

WIDTH, HEIGHT = 840, 196
UNDECIDED = "not decided yet"
SHUFFLED = 2026  # of the order in which the runs are asked


def diagnosis_quiz() -> Explorable:
    """One run after another, its curves and what its monitors recorded: which fault was planted?"""
    last = len(questions())
    controls = [
        Slider("run", 1, last, 1, 1),
        Choice("answer", (UNDECIDED, *FAULTS), label="your diagnosis"),
        Toggle("unfold", False, label="unfold the answer"),
    ]
    presets = {"the first run": {"run": 1}, "the last run": {"run": last}}
    anew = {"answer": ("run",), "unfold": ("run",)}
    return Explorable(_render, controls, "Which run has which fault?", presets, resets=anew)


@lru_cache
def questions() -> tuple[tuple[str, int], ...]:
    """The shipped runs (fault, seed) in a shuffled order."""
    runs = list(shipped_runs())
    order = np.random.default_rng(SHUFFLED).permutation(len(runs))
    return tuple(runs[k] for k in order)


def anonymous(seed: int) -> dict[str, History]:
    """One shipped run of each fault, in a shuffled order, named run A, run B ..."""
    chosen = [key for key in questions() if key[1] == seed]
    if not chosen:
        known = ", ".join(map(str, sorted({s for _, s in questions()})))
        raise ValueError(complaint("seed", f"one of the shipped runs' seeds {known}", seed))
    return {f"run {chr(65 + k)}": shipped_runs()[key] for k, key in enumerate(chosen)}


def answers(runs: Mapping[str, History]) -> None:
    """Shows each run's planted fault and its diagnosis folded away: a click, or Enter, unfolds one."""
    from IPython.display import display

    told = {name: (planted(history), diagnose(history)) for name, history in runs.items()}
    parts = [
        f'<details style="margin:4px 0;font-size:16px"><summary style="cursor:pointer">{html.escape(name)}</summary>'
        f'<p style="margin:4px 0 8px 20px;max-width:80ch"><b>{html.escape(fault)}</b>: {html.escape(FAULTS[fault])}. '
        f"<br>The library names <b>{html.escape(found.cause)}</b>: {html.escape(found.sentence)}.</p></details>"
        for name, (fault, found) in told.items()
    ]
    plain = "\n".join(
        f"{name}: {fault}. Named {found.cause}: {found.sentence}." for name, (fault, found) in told.items()
    )
    display({"text/html": "".join(parts), "text/plain": plain}, raw=True)


def planted(history: History) -> str:
    """What was planted in a run."""
    return str(history.notes["planted"])


def run_picture(history: History, caption: str = "", said: str = "") -> Picture:
    """Loss, accuracy and gradient norm; and by layer: gradients, updates, dead units."""
    end = float(history.step)
    panels = [
        _curve(history, "loss", end),
        _curve(history, "accuracy", end),
        _norm(history, end),
        _layers(history, "gradients/", "gradient", True, end),
        _layers(history, "updates/", "step by size of the weights", True, end),
        _layers(history, "dead/", "share of dead units", False, end),
    ]
    svg = sheet(panels, 3, WIDTH, HEIGHT, legend=False)
    alt = f"Six small charts of a run of {int(end)} steps: loss, accuracy and gradients. {said}"
    return Picture(svg, alt, caption, width=WIDTH)


def facts(history: History) -> str:
    """What curves do not show: inputs, batches, and how the two sets lie to one another."""
    parts = [
        f"loss {history['loss'][0]:.3g} to {smooth(history['loss'], 0.9)[-1]:.3g}",
        f"accuracy {smooth(history['accuracy'], 0.9)[-1]:.0%} in training, "
        f"{history.last('validation_accuracy', float('nan')):.0%} in validation",
        f"inputs: mean {history['inputs/mean'][0]:.2g}, deviation {history['inputs/std'][0]:.2g}",
        f"classes in a batch: {np.median(history['targets/classes']):.1f}",
    ]
    if "split/apart" in history:
        parts.append(
            f"examples of one set have their nearest neighbor in it {history['split/apart'][0]:.2f} times as often as "
            f"by chance; {history['split/copies'][0]:.0%} of the validation examples are copies; "
            f"{history['split/agreement'][0]:.0%} of the training examples have their neighbor's label"
        )
    return "; ".join(parts) + "."


def _render(state: dict) -> Picture:
    fault, seed = questions()[state["run"] - 1]
    history = shipped_runs()[fault, seed]
    said = facts(history)
    verdict = _verdict(state, fault, diagnose(history))
    return run_picture(history, f"Run {state['run']}: {said} {verdict}".strip(), f"{said} {verdict}")


def _verdict(state: dict, fault: str, found: Diagnosis) -> str:
    answer = state["answer"]
    if state["unfold"] or answer == fault:
        begin = "" if answer == UNDECIDED else "Right. " if answer == fault else f"Not {answer}. "
        return (
            f"{begin}Planted: {fault} ({FAULTS[fault]}). The library names {found.cause}: {found.sentence}."
        )
    return (
        "" if answer == UNDECIDED else f"{answer.capitalize()} was not planted here. Look again, or unfold."
    )


def _curve(history: History, name: str, end: float) -> Panel:
    steps, values = history.steps(name), history[name]
    even = smooth(values, 0.9)
    lines: list[Series] = [Series(steps, values, "", 0, "raw"), Series(steps, even, "", 0)]
    largest = even[np.isfinite(even)].max(initial=1e-6)
    if f"validation_{name}" in history:
        checked = history[f"validation_{name}"]
        lines.append(Series(history.steps(f"validation_{name}"), checked, "", 1, "marked"))
        largest = max(largest, checked[np.isfinite(checked)].max(initial=1e-6))
    high = 1.0 if name == "accuracy" else 1.05 * float(largest)
    log = name == "loss" and high > 20
    return Panel(f"{name} (ringed: validation)", lines, log, 0.0, None if log else high, x_end=end)


def _norm(history: History, end: float) -> Panel:
    values, steps = history["gradient_norm"], history.steps("gradient_norm")
    return Panel("norm of the gradient", [Series(steps, values, "", 0)], log=True, x_end=end)


def _layers(history: History, prefix: str, title: str, log: bool, end: float) -> Panel:
    names: Sequence[str] = history.names(prefix)
    lines = [
        Series(history.steps(name), history[name], "", 0 if k == 0 else 1 if k == len(names) - 1 else 6,
             "bold" if k in (0, len(names) - 1) else "raw")
        for k, name in enumerate(names)
    ]  # fmt: skip
    where = ", first layer solid" if len(names) > 1 and prefix == "gradients/" else ""
    return Panel(title + where, lines, log, 0.0, None if log else 1.0, x_end=end)
