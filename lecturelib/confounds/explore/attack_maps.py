"""Maps of a clean and an attacked photo side by side: would you have noticed?"""

from collections.abc import Iterator

import torch
from torch import Tensor

from lecturelib.confounds.adversarial import iter_pgd, random_noise
from lecturelib.confounds.attacked_maps import MAP_METHODS, answer_maps, concentration, map_agreement
from lecturelib.confounds.explore.attack_parts import (
    NETWORK,
    PATIENCE,
    TARGETS,
    TILE,
    answers,
    named,
    photo_controls,
    photo_key,
    photo_of,
    photo_words,
)
from lecturelib.show import Picture, overlay
from lecturelib.show.attribution_maps import tile
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Explorable, Progress, common_controls
from lecturelib.widgets.emerging import emerging

AWAY = "any other class"
STEPS, GAP = 10, 24
SIZES = (1, 2, 4, 8, 16)
PICTURES = ("clean", "attacked", "with random noise")


def attack_maps_explorer(picture_name: str = "cat") -> Explorable:
    """Saliency map or Grad-CAM of a photo: clean, attacked, and with random noise of the same size.

    >>> attack_maps_explorer().state["method"]
    'Grad-CAM'
    """
    photo, *own = photo_controls(picture_name)
    controls = [
        photo,
        Choice("method", MAP_METHODS, "Grad-CAM", label="map"),
        Choice("goal", (AWAY, *TARGETS), label="attacked towards"),
        Choice("epsilon", SIZES, 4, label="epsilon, in 255ths", slider=True),
        *own,
    ]
    presets: dict[str, dict] = {
        "by saliency": {"method": "saliency"},
        "towards a flamingo": {"goal": "flamingo"},
        "a stronger attack": {"epsilon": 16},
    }
    return Explorable(_render, controls, "Do maps give an attack away?", presets)


def _render(state: dict) -> Iterator[Picture | Progress]:
    image, model = photo_of(state), common_controls.network(NETWORK)
    target = None if state["goal"] == AWAY else state["goal"]
    epsilon = state["epsilon"] / 255
    key = ("attack maps", *photo_key(state), *(state[name] for name in ("method", "goal", "epsilon")))

    def found() -> Iterator[tuple[Tensor, list[Tensor] | None, Tensor | None]]:
        images = image
        for step in iter_pgd(model, image, epsilon, STEPS, target=target):
            images = torch.cat([image, step.images, random_noise(image, epsilon)])
            yield images, None, None
        says = answers(images)
        kept = int(says[0].argmax())
        # noise that changes the answer would ask for another class: the map is that of the clean photo's class
        classes = [kept, int(says[1].argmax()), kept]
        yield images, answer_maps(model, images, state["method"], classes), says

    yield from emerging(
        key, found, STEPS + 1, lambda step: _draw(state, *step), "attacking, and computing the maps", PATIENCE
    )


def _draw(state: dict, images: Tensor, maps: list[Tensor] | None, says: Tensor | None) -> Picture:
    says = answers(images) if says is None else says
    sheet, words = Sheet(), []
    for k, name in enumerate(PICTURES):
        left = k * (TILE + GAP)
        below = sheet.put(images[k], 0, left, name)
        row = sheet.words(named(says[k]), below + 6, left, room=TILE)
        if maps is None:
            continue
        pixels = (
            tile(maps[k], "size")
            if state["method"] == "saliency"
            else overlay(images[k], maps[k], color_bar=False, size=TILE, alt="map")
        )
        below = sheet.put(pixels, row + 6, left)
        sheet.words(f"{concentration(maps[k]):.0%} in its top tenth", below + 6, left)
        if k:
            agreement = map_agreement(maps[:1], maps[k : k + 1])[0]
            sheet.words(f"rank correlation {agreement:.2f}", below + 28, left)
            words.append(f"{name} {agreement:.2f}")
    caption = (
        f"{photo_words(state).capitalize()} and its {state['method']} maps for the class that is answered, changed by "
        f"at most {state['epsilon']}/255. Clean: {named(says[0])}; attacked: {named(says[1])}."
    )
    if words:
        caption += f" Rank correlation with the map of the clean photo: {', '.join(words)}."
    return sheet.picture(f"Three photos, and a map below each. {caption}", caption)
