"""The epsilon slider: a photo, a signed perturbation of its pixels, the answers, and random noise of equal size."""

from collections.abc import Iterator
from functools import lru_cache

import torch
from torch import Tensor

from lecturelib.confounds.adversarial import AttackStep, iter_pgd, random_noise
from lecturelib.confounds.explore.attack_parts import (
    AMPLIFIED,
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
from lecturelib.network.class_names import class_index
from lecturelib.show import Picture
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Explorable, Progress, Slider, common_controls
from lecturelib.widgets.emerging import emerging

AWAY = "any other class"
STEPS = {"one step (FGSM)": 1, "ten steps (PGD)": 10}
FOUND_AT = 4  # in 255ths: where the ten steps are made; other sizes scale what they found
MOST = 16
GAP = 24


def attack_strength_explorer(picture_name: str = "cat") -> Explorable:
    """How large must a change be? The size of an attack by a slider, with random noise of the same size beside it.

    >>> attack_strength_explorer().state["epsilon"]
    4
    """
    photo, *own = photo_controls(picture_name)
    controls = [
        photo,
        Slider("epsilon", 0, MOST, value=FOUND_AT, label="epsilon: largest change of a pixel, in 255ths"),
        Choice("method", tuple(STEPS), "ten steps (PGD)", label="attack"),
        Choice("goal", (AWAY, *TARGETS), label="towards"),
        Choice("factor", AMPLIFIED, 16, label="perturbation shown times", slider=True),
        *own,
    ]
    presets: dict[str, dict] = {
        "nothing changed": {"epsilon": 0},
        "one level of grey": {"epsilon": 1},
        "a flamingo": {"goal": "flamingo", "epsilon": 4},
        "as it is, not amplified": {"factor": 1},
        "one step is less sure": {"method": "one step (FGSM)", "epsilon": 4},
    }
    return Explorable(_render, controls, "How strong must an attack be?", presets)


def _render(state: dict) -> Iterator[Picture | Progress]:
    image, steps = photo_of(state), STEPS[state["method"]]
    target = None if state["goal"] == AWAY else state["goal"]
    key = (*photo_key(state), state["method"], state["goal"])
    yield from emerging(
        ("attack strength", *key),
        lambda: _attack(image, steps, target),
        steps,
        lambda step: _draw(state, key, image, step),
        "attacking the photo",
        PATIENCE,
    )
    for epsilon in range(MOST + 1):  # so that the slider answers at once from now on
        if (key, epsilon) not in _known:
            yield Progress(epsilon / MOST, "trying the other sizes")
            _probabilities(key, image, _direction(key, image, None), epsilon)


def _attack(image: Tensor, steps: int, target: str | None) -> Iterator[AttackStep]:
    return iter_pgd(
        common_controls.network(NETWORK),
        image,
        FOUND_AT / 255,
        steps,
        FOUND_AT / 255 if steps == 1 else None,
        target=target,
    )


_directions: dict[tuple, Tensor] = {}
_known: dict[tuple, Tensor] = {}
REMEMBERED = 400


def _direction(key: tuple, image: Tensor, step: AttackStep | None) -> Tensor:
    """The perturbation in units of epsilon, (1, 3, H, W) in [-1, 1]; that of a finished attack is remembered."""
    if step is None:
        return _directions[key]
    found = (step.images - image) * (255 / FOUND_AT)
    if step.step == step.of:
        if len(_directions) > 24:
            _directions.clear()
        _directions[key] = found
    return found


def _probabilities(key: tuple, image: Tensor, direction: Tensor, epsilon: int, keep: bool = True) -> Tensor:
    """The answers (2, classes) to the attacked photo and to the one with noise of the same size."""
    if keep and (key, epsilon) in _known:
        return _known[key, epsilon]
    found = answers(torch.cat([_changed(image, direction, epsilon), _noisy(image, epsilon)]))
    if keep:
        if len(_known) > REMEMBERED:
            _known.clear()
        _known[key, epsilon] = found
    return found


def _changed(image: Tensor, direction: Tensor, epsilon: int) -> Tensor:
    return (image + epsilon / 255 * direction).clamp(0, 1)


def _noisy(image: Tensor, epsilon: int) -> Tensor:
    return (image + epsilon / 255 * _signs(image.shape)).clamp(0, 1)


@lru_cache(maxsize=2)
def _signs(shape: torch.Size) -> Tensor:
    """One draw of random signs, the same at every epsilon."""
    return (random_noise(torch.full(shape, 0.5), 0.25, seed=0) - 0.5) * 4


def _draw(state: dict, key: tuple, image: Tensor, step: AttackStep) -> Picture:
    epsilon, factor = state["epsilon"], state["factor"]
    direction = _direction(key, image, step)
    after = _probabilities(key, image, direction, epsilon, step.step == step.of)
    before = _known.get((key[:2], 0))
    if before is None:
        before = _known[key[:2], 0] = answers(image)
    target = None if state["goal"] == AWAY else class_index(common_controls.network(NETWORK), state["goal"])
    attacked, noisy = _changed(image, direction, epsilon), _noisy(image, epsilon)
    sheet = Sheet()
    middle, right = TILE + GAP, 2 * (TILE + GAP)
    sheet.put(attacked, 0, 0, "photo + perturbation")
    row = sheet.put(perturbation(attacked - image, factor), 0, middle, f"the perturbation, times {factor}")
    sheet.put(noisy, 0, right, "photo + random noise")
    row = sheet.words(scale_words(factor), row + 8, middle, 13)
    wide = (3 * TILE + GAP) // 2
    row = sheet.words("the attacked photo is called", row + 8, 0)
    sheet.put(answer_bars(after[0], before[0], wide, target), row, 0)
    sheet.words("the photo with noise is called", row - 22, wide + GAP)
    sheet.put(answer_bars(after[1], before[0], wide, target), row, wide + GAP)
    found = f"{named(after[0])}; with random noise of the same size {named(after[1])}"
    caption = (
        f"{photo_words(state).capitalize()} is {named(before[0])} (marks). Changed by at most {epsilon}/255 in each "
        f"pixel it is {found}. The perturbation: {scale_words(factor)}."
    )
    if state["method"] == "ten steps (PGD)" and epsilon not in (0, FOUND_AT):
        caption += f" Ten steps were made at {FOUND_AT}/255; their result is scaled."
    return sheet.picture(
        f"The attacked photo, the perturbation, the photo with noise, and bars. {caption}", caption
    )
