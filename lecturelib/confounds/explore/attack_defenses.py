"""Accuracy against epsilon for defended networks, and one digit attacked at the epsilon that is chosen."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from lecturelib import datasets
from lecturelib.confounds.adversarial import pgd
from lecturelib.confounds.claims_attacks import DEFENSES, EPSILONS, defended
from lecturelib.drawing import Bitmap, Drawing, Label, Panel, Series, picture_row, sheet
from lecturelib.lesson.claims import numbers
from lecturelib.show import Picture, pixels_of
from lecturelib.widgets import Choice, Explorable, Slider

SHOWN = (
    "plain",
    "adversarial",
    "smoothed",
    "rounded_8_own_gradient",
    "rounded_8_stand_in",
    "rounded_2_stand_in",
)
STEPS, EXAMPLES, TILE = 20, 20, 168


def attack_defense_explorer() -> Explorable:
    """Two defenses against each other: their accuracy by the size of the attack, and one digit attacked for each.

    >>> attack_defense_explorer().state["second"]
    'adversarial'
    """
    names = tuple(DEFENSES.values())
    controls = [
        Choice("first", SHOWN, "plain", labels=names, label="network 1"),
        Choice("second", SHOWN, "adversarial", labels=names, label="network 2"),
        Slider("epsilon", 0.0, 0.3, 0.05, 0.2, label="epsilon: largest change of a pixel"),
        Slider("example", 0, EXAMPLES - 1, value=3, label="test digit"),
    ]
    presets: dict[str, dict] = {
        "adversarial training": {"second": "adversarial", "epsilon": 0.2},
        "beyond what it was trained for": {"second": "adversarial", "epsilon": 0.3},
        "a defense that masks": {"first": "rounded_8_own_gradient", "second": "rounded_8_stand_in"},
        "two levels": {"first": "plain", "second": "rounded_2_stand_in"},
    }
    return Explorable(_render, controls, "Defenses, measured", presets)


@lru_cache(maxsize=1)
def _digits() -> tuple[Tensor, Tensor]:
    images, labels = datasets.digits("test")
    return images[:EXAMPLES], labels[:EXAMPLES]


@lru_cache(maxsize=8)
def _network(name: str) -> tuple:
    return defended(name)


@lru_cache(maxsize=512)
def _attacked(name: str, example: int, epsilon: float) -> tuple[Tensor, Tensor]:
    """The attacked digit (1, 1, 28, 28), and the probabilities (10,) that the network gives it."""
    images, labels = _digits()
    model, through = _network(name)
    x, y = images[example : example + 1], labels[example : example + 1]
    found = pgd(model if through is None else through, x, epsilon, STEPS, label=y) if epsilon else x
    with torch.no_grad():
        return found, model(found).softmax(1)[0]


def _render(state: dict) -> Picture:
    measured, epsilon = numbers("defenses"), state["epsilon"]
    chosen = list(dict.fromkeys([state["first"], state["second"]]))
    lines = [
        Series(
            np.array(EPSILONS),
            np.array([measured[f"{name}_{e:g}"] for e in EPSILONS]),
            "",
            style=2 * k,
            kind="marked",
        )
        for k, name in enumerate(chosen)
    ]
    here = Series(np.array([epsilon, epsilon]), np.array([0.0, 1.0]), "", style=6, kind="raw")
    panel = Panel("Share named rightly", [*lines, here], low=0, high=1, x_end=0.3, x_label="epsilon")
    chart = sheet([panel], 1, width=420, height=330, legend=False)
    shapes: list = []
    truth = int(_digits()[1][state["example"]])
    said = []
    for k, name in enumerate(chosen):
        top = 168 * k
        digit, says = _attacked(name, state["example"], epsilon)
        shapes.append(Bitmap(0, top + 26, 130, 130, _large(digit)))
        line = "solid" if k == 0 else "dashed"
        shapes.append(Label(0, top + 12, f"{line} line: {DEFENSES[name]}", 15, "start", bold=True))
        answer = int(says.argmax())
        for row, words in enumerate(
            (
                f"says {answer}, {says[answer]:.0%}",
                f"{truth} has {says[truth]:.0%}",
                f"at {epsilon:g}: {measured[f'{name}_{epsilon:g}']:.0%} right",
            )
        ):
            shapes.append(Label(146, top + 62 + 26 * row, words, 16, "start", bold=row == 0))
        said.append(f"{DEFENSES[name]} says {answer} with {says[answer]:.0%}")
    caption = (
        f"A test digit {truth}, attacked for each network with epsilon {epsilon:g}: {'; '.join(said)}. Curves: 500 "
        f"test digits, {STEPS} steps of projected gradient descent, upper bounds."
    )
    right = Drawing(350, 330, tuple(shapes), "attacked digits", caption)
    left = Picture(chart, "Accuracy against epsilon.", "", 420)
    return picture_row(
        [left, right.picture()], ["500 test digits", "one of them"], caption=caption, alt=caption
    )


def _large(digit: Tensor) -> np.ndarray:
    return pixels_of(digit).repeat(5, axis=0).repeat(5, axis=1)
