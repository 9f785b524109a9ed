"""The hunt for faulty data: mark by eye what is labeled wrongly, and compare with two methods."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from lecturelib import datasets
from lecturelib.drawing import Bitmap, Box, Drawing, Label, Shape
from lecturelib.show import Picture, Region, pixels_of
from lecturelib.training.faulty_data import plant_faulty_data, suspect_labels
from lecturelib.widgets import Choice, Explorable, RegionPicker, Slider, Toggle

SETS = {"clothes": (datasets.clothes, datasets.CLOTHES), "digits": (datasets.digits, datasets.DIGITS)}
COUNT, WRONG, SHOWN, ROUNDS, COLUMNS = 1200, 40, 18, 3, 6
TILE, STEP_X, STEP_Y, TOP, WIDTH, HEIGHT = 96, 140, 142, 40, 860, 560
KEYS = tuple(f"{turn}-{k}" for turn in range(1, ROUNDS + 1) for k in range(1, SHOWN + 1))
METHODS = ("loss", "neighbors")


@dataclass(frozen=True, eq=False)
class Hunt:
    """The set with planted faults, the order in which it is shown, and which examples each method names."""

    images: Tensor
    labels: Tensor
    faulty: Tensor
    order: Tensor
    named: dict[str, Tensor]


def hunt_explorer() -> Explorable:
    """The most suspicious training pictures first: mark the wrong labels by a click, then compare."""
    controls = [
        Choice("data", tuple(SETS), label="training set"),
        Slider("turn", 1, ROUNDS, value=1, label="round (18 pictures each)"),
        Toggle("solution", False, label="show which were planted"),
        RegionPicker(KEYS, label="pictures", opened="wrong"),
    ]
    presets: dict[str, dict] = {"digits": {"data": "digits"}, "further down the list": {"turn": 3}}
    return Explorable(_render, controls, "Hunt for wrong labels", presets)


@lru_cache(maxsize=2)
def _hunt(data: str) -> Hunt:
    """1,200 training pictures with 40 wrong labels, the most suspicious by both methods first."""
    images, labels = SETS[data][0]("train")
    given = plant_faulty_data(images[:COUNT], labels[:COUNT], mislabeled=WRONG, copies=0, seed=4)
    named, ranks = {}, torch.zeros(COUNT)
    for method in METHODS:
        order = suspect_labels(given.images, given.labels, method).order
        ranks += order.argsort()
        named[method] = torch.zeros(COUNT, dtype=torch.bool)
        named[method][order[:WRONG]] = True
    return Hunt(
        given.images, given.labels, given.labels != given.true_labels, ranks.argsort(stable=True), named
    )


def _render(state: dict) -> Picture:
    hunt, names = _hunt(state["data"]), SETS[state["data"]][1]
    turn, told = state["turn"], state["solution"]
    chosen = hunt.order[SHOWN * (turn - 1) : SHOWN * turn].tolist()
    marked = [f"{turn}-{k}" in state["wrong"] for k in range(1, SHOWN + 1)]
    shapes: list[Shape] = [
        Label(
            4,
            16,
            "Click each picture whose label is wrong; click again to take it back.",
            16,
            "start",
            bold=True,
        )
    ]
    regions, drawing_words = [], []
    for k, place in enumerate(chosen):
        left, top = 8 + (k % COLUMNS) * STEP_X, TOP + (k // COLUMNS) * STEP_Y
        label, faulty = names[int(hunt.labels[place])], bool(hunt.faulty[place])
        if marked[k]:
            shapes.append(Box(left - 5, top - 5, TILE + 10, TILE + 10, 0, fill="#D55E00", stroke="#D55E00"))
        shapes.append(Bitmap(left, top, TILE, TILE, pixels_of(hunt.images[place]), hard=True))
        below = f"✗ {label}" if marked[k] else label
        shapes.append(Label(left + TILE / 2, top + TILE + 15, below, 14, bold=marked[k]))
        if told:
            words = "planted" if faulty else "not planted"
            shapes.append(Label(left + TILE / 2, top + TILE + 32, words, 12, role="muted", bold=faulty))
        box = (
            (left - 5) / WIDTH,
            (top - 5) / HEIGHT,
            (left + TILE + 5) / WIDTH,
            (top + TILE + 22) / HEIGHT,
        )
        state_words = "marked as wrong" if marked[k] else "not marked"
        regions.append(
            Region(f"{turn}-{k + 1}", box, f"Picture {k + 1}, label {label}, {state_words}", marked[k])
        )
        drawing_words.append(label)
    said = _score(hunt, chosen, marked, told)
    shapes.append(Label(4, HEIGHT - 70, f"You marked {sum(marked)} of {SHOWN}.", 16, "start", bold=True))
    if told:
        for row, line in enumerate(said):
            shapes.append(Label(4, HEIGHT - 46 + 20 * row, line, 14, "start"))
    else:
        shapes.append(
            Label(4, HEIGHT - 44, "Decide first; then show which were planted.", 14, "start", role="muted")
        )
    caption = " ".join([f"Round {turn}: {sum(marked)} of {SHOWN} labels are marked as wrong.", *said])
    alt = f"{SHOWN} of the most suspicious {state['data']} with their labels: {', '.join(drawing_words)}. {caption}"
    svg = Drawing(WIDTH, HEIGHT, tuple(shapes), "Hunt for wrong labels", alt).svg()
    return Picture(svg, alt, caption, WIDTH, regions=tuple(regions))


def _score(hunt: Hunt, chosen: list[int], marked: list[bool], told: bool) -> list[str]:
    """How many verdicts were right: by eye, and by each method, which names as many examples as were planted."""
    if not told:
        return []
    faulty = hunt.faulty[chosen]
    verdicts = {"you": torch.tensor(marked)} | {f"by {name}": hunt.named[name][chosen] for name in METHODS}
    parts = []
    for name, verdict in verdicts.items():
        right, hits = int((verdict == faulty).sum()), int((verdict & faulty).sum())
        parts.append(f"{name} {right} ({hits} found, {int((verdict & ~faulty).sum())} false alarms)")
    return [f"Right verdicts of {SHOWN}, {int(faulty.sum())} of which were planted: {'; '.join(parts)}."]
