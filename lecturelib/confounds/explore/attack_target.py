"""Choose the class that a photo, or noise, is to be taken for, and watch a targeted attack step by step."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lecturelib.confounds.adversarial import AttackStep, iter_pgd
from lecturelib.confounds.explore.attack_parts import (
    NETWORK,
    PATIENCE,
    TARGETS,
    TILE,
    answer_bars,
    answers,
    named,
    perturbation,
    photo_controls,
    photo_key,
    photo_of,
    photo_words,
    scale_words,
)
from lecturelib.confounds.fooling_images import noise_picture
from lecturelib.network.class_names import class_index
from lecturelib.show import Picture
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Explorable, Progress, Toggle, common_controls
from lecturelib.widgets.emerging import emerging

STEPS = 12
NORMS = {"linf": "largest change of a pixel", "l2": "length of the change"}
SIZES = {"linf": (1, 2, 4, 8, 16, 64), "l2": (1, 2, 4, 8, 16)}
WHERE = ("the whole picture", "the upper half", "a disc in the middle", "a frame of 24 pixels")
FACTOR = 16
GAP, HIGH = 24, 180


def attack_target_explorer(picture_name: str = "cat", target: str = "flamingo") -> Explorable:
    """A targeted attack as it emerges: the class, the size and its norm, the region that may be changed.

    >>> attack_target_explorer().state["target"]
    'flamingo'
    """
    photo, *own = photo_controls(picture_name)
    controls = [
        photo,
        Choice("target", TARGETS, target, label="the class that it is to be taken for"),
        Choice("norm", tuple(NORMS), label="size measured as", labels=tuple(NORMS.values())),
        _size({"norm": "linf"}),
        Choice("where", WHERE, label="what may be changed"),
        Toggle("noise", False, label="start from noise instead of a photo"),
        *own,
    ]
    presets: dict[str, dict] = {
        "a class without the thing": {"noise": True, "size": 16},
        "only a frame": {"where": WHERE[3], "size": 64},
        "measured as a length": {"norm": "l2", "size": 4},
    }
    return Explorable(_render, controls, "Choose what it is taken for", presets, lambda s: {"size": _size(s)})


def _size(state: dict) -> Choice:
    labels = tuple(f"{size}/255" if state["norm"] == "linf" else f"{size}" for size in SIZES[state["norm"]])
    return Choice("size", SIZES[state["norm"]], 4, label="epsilon", labels=labels, slider=True)


def region(where: str, side: int = TILE) -> Tensor | None:
    """The pixels that may be changed, (side, side) of True and False; None for all."""
    rows = torch.arange(side).view(-1, 1) + 0.5
    columns = rows.view(1, -1)
    if where == WHERE[1]:
        return (rows < side / 2).expand(side, side)
    if where == WHERE[2]:
        return (rows - side / 2).square() + (columns - side / 2).square() < (side / 4) ** 2
    if where == WHERE[3]:
        inner = (rows - side / 2).abs().maximum((columns - side / 2).abs()) < side / 2 - 24
        return ~inner
    return None


def _render(state: dict) -> Iterator[Picture | Progress]:
    epsilon = state["size"] / 255 if state["norm"] == "linf" else float(state["size"])
    model = common_controls.network(NETWORK)
    image = noise_picture(model) if state["noise"] else photo_of(state)
    drawn_from = ("noise",) if state["noise"] else photo_key(state)
    key = ("attack target", *drawn_from, *(state[name] for name in ("target", "norm", "size", "where")))

    def followed() -> Iterator[tuple[AttackStep, list[float], Tensor | None]]:
        course: list[float] = []
        mask = region(state["where"])
        for step in iter_pgd(
            model, image, epsilon, STEPS, norm=state["norm"], target=state["target"], mask=mask
        ):
            course.append(float(torch.exp(-step.loss[0])))  # the confidence in the target, before the step
            last = answers(torch.cat([step.images, image])) if step.step == STEPS else None
            yield step, list(course), last

    yield from emerging(
        key, followed, STEPS, lambda found: _draw(state, image, *found), "attacking", PATIENCE
    )


def _draw(state: dict, image: Tensor, step: AttackStep, course: list[float], says: Tensor | None) -> Picture:
    goal = class_index(common_controls.network(NETWORK), state["target"])
    now, before = answers(torch.cat([step.images, image])) if says is None else says
    change = step.images - image
    sheet = Sheet()
    sheet.put(step.images, 0, 0, f"after step {step.step} of {step.of}")
    left = TILE + GAP
    below = sheet.put(perturbation(change, FACTOR), 0, left, f"the perturbation, times {FACTOR}")
    below = sheet.words(scale_words(FACTOR), below + 8, left, 13)
    right = left + TILE + GAP
    sheet.words("confidence in the target", 0, right)
    sheet.put(_course([*course, float(now[goal])], step.of + 1), 24, right)
    sheet.words("start", 24 + HIGH + 4, right, 13)
    sheet.words("step by step, 0 to 100 %", 24 + HIGH + 4, right + 60, 13)
    row = sheet.words("the answer", below + 8, 0)
    sheet.put(answer_bars(now, before, 3 * TILE + 2 * GAP, goal), row, 0)
    what = "noise" if state["noise"] else photo_words(state)
    size = f"{state['size']}/255 in each pixel" if state["norm"] == "linf" else f"a length of {state['size']}"
    free = "" if state["where"] == WHERE[0] else f" in {state['where']}"
    caption = (
        f"Attack on {what}, towards {state['target']}, by at most {size}{free}, step {step.step} of {step.of}: "
        f"{named(now)}. Before: {named(before)} (marks). Length of the change {change.norm():.1f}, largest change "
        f"{change.abs().max() * 255:.0f}/255."
    )
    return sheet.picture(f"The picture, what was changed, and bars. {caption}", caption)


def _course(values: list[float], most: int, width: int = TILE) -> np.ndarray:
    """A column for each step, as high as the confidence, on light grey."""
    pixels = np.full((HIGH, width, 3), 238, np.uint8)
    each = width / most
    for k, value in enumerate(values):
        top = min(round((1 - value) * HIGH), HIGH - 2)
        pixels[top:, round(k * each) : round((k + 1) * each) - 2] = (0, 114, 178)
    return pixels
