"""REINFORCE live on a row of cells: the reward rises, with and without a baseline, and the variance is measured."""

from collections.abc import Iterator

from lecturelib.drawing import Drawing, line_chart
from lecturelib.show import Picture
from lecturelib.visual_attention.tiny_policy import Baseline, ReinforceStep, iter_reinforce
from lecturelib.widgets import Explorable, Progress, Slider
from lecturelib.widgets.emerging import emerging

STEPS, EVERY = 200, 4
KINDS: dict[str, Baseline] = {"no baseline": "none", "learned baseline": "learned"}
Seen = list[dict[str, tuple[ReinforceStep, float]]]


def reinforce_explorer() -> Explorable:
    """Train an eye over a row of nine cells by REINFORCE, with and without a baseline; Stop ends it."""
    controls = [
        Slider("batch_size", 4, 64, 4, 16, label="looks a step"),
        Slider("learning_rate", 1, 8, 1, 5, label="learning rate"),
        Slider("seed", 0, 9, value=0),
    ]
    presets: dict[str, dict] = {
        "few looks a step": {"batch_size": 4},
        "many looks a step": {"batch_size": 64},
    }
    return Explorable(_render, controls, "REINFORCE with and without a baseline", presets)


def _steps(state: dict) -> Iterator[Seen]:
    seen: Seen = []
    runs = {
        name: iter_reinforce(
            STEPS, kind, state["batch_size"], float(state["learning_rate"]), seed=state["seed"]
        )
        for name, kind in KINDS.items()
    }
    spread = dict.fromkeys(KINDS, 0.0)
    for steps in zip(*runs.values(), strict=True):
        for name, step in zip(runs, steps, strict=True):
            spread[name] += step.variance / EVERY
        if steps[0].step % EVERY == 0:
            seen.append({name: (step, spread[name]) for name, step in zip(runs, steps, strict=True)})
            spread = dict.fromkeys(KINDS, 0.0)
            yield list(seen)


def _render(state: dict) -> Iterator[Picture | Progress]:
    key = ("reinforce", *sorted(state.items()))
    yield from emerging(key, lambda: _steps(state), STEPS // EVERY, _drawn, "looking", patience=0.3)


def _drawn(seen: Seen) -> Picture:
    steps = [str(next(iter(point.values()))[0].step) for point in seen]
    rewards = {name: [point[name][0].reward for point in seen] for name in KINDS}
    spreads = {name: [point[name][1] for point in seen] for name in KINDS}
    most = max(max(values) for values in spreads.values())
    shapes = line_chart(
        (50, 40, 310, 260), steps, rewards, (0.5, 1.0), "expected reward (exact)", "step", percent=False
    )
    shapes += line_chart(
        (500, 40, 760, 260),
        steps,
        spreads,
        (0.0, most),
        "variance of a single gradient",
        "step",
        percent=False,
    )
    ends = ", ".join(
        f"{name}: reward {rewards[name][-1]:.3f}, mean variance {sum(spreads[name]) / len(seen):.3f}"
        for name in KINDS
    )
    said = f"step {steps[-1]} of {STEPS}; {ends}"
    return Drawing(910, 306, tuple(shapes), "REINFORCE", f"Two charts over the steps. {said}.").picture(said)
