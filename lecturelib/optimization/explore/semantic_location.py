"""Point at a place of a photo: what does a layer mean there?"""

from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache

import torch
from torch import Tensor

from lecturelib.models.pixel_model import PixelModel
from lecturelib.network.receptive_field import ReceptiveField, receptive_field
from lecturelib.network.units import Logit
from lecturelib.optimization.channel_pictures import shipped_channel_pictures
from lecturelib.optimization.semantic_location import (
    attributions,
    iter_explain_location,
    location_vector,
    semantic_dictionary,
    weighted_sum,
)
from lecturelib.show import Picture, with_box
from lecturelib.show.sheet import Sheet, signed_bars
from lecturelib.widgets import Choice, Control, Explorable, Pointer, Progress, common_controls

NETWORK = "alexnet"
LAYERS = ("conv2", "conv3", "conv4", "conv5")
REMEMBERED = 60  # finished pictures


def _here(state: dict) -> dict:
    return {**state, "network": NETWORK}


def class_control(state: dict) -> Choice:
    return common_controls.class_control(_here(state))


def key_of(state: dict) -> tuple:
    """What the activations of a state depend on."""
    return state["picture"], state["own"] if state["use_own"] else None, state["layer"]


def model_and_image(picture: str, own: bytes | None, layer: str = "") -> tuple[PixelModel, Tensor]:
    state = {"network": NETWORK, "picture": picture, "own": own, "use_own": True}
    return common_controls.network(NETWORK), common_controls.chosen_image(state)


@lru_cache(maxsize=4)
def adds_of(picture: str, own: bytes | None, layer: str) -> Tensor:
    """What each channel adds to each class at each place, (classes, C, h, w)."""
    model, image = model_and_image(picture, own, layer)
    classes = [Logit(k).check(model) for k in range(len(model.classes))]
    return attributions(model, image, classes, layer)


PHOTO, MEANING, TILE = 336, 236, 112
WORDS = 6
STEPS = 64
LARGEST = 128  # pixels of an optimized picture's side: a larger field is looked at from its middle
LOOKS_AT = {"its own place": False, "the whole map": True}
SHOWN_AT = (2, 4, 8, 16, 24, 32, 48)  # steps after which the picture is shown as it is


def location_explorer(picture_name: str | None = None) -> Explorable:
    """Pick a place of a photo: what the layer means there, its strongest channels, and what it adds to a class."""
    first, *own = common_controls.picture_controls(NETWORK, picture_name)
    start = {"picture": first.value, "own": None, "use_own": True}
    controls = [
        first,
        Pointer("x", "y", value=(0.3, 0.39), step=1 / 14, panel=0, label="place on the photo"),
        Choice("layer", LAYERS, "conv4"),
        class_control(start),
        Choice("looks_at", tuple(LOOKS_AT), label="the picture must match the vector at"),
        *own,
    ]
    presets: dict[str, dict] = {
        "the cat's eye (conv4)": {"picture": "cat", "x": 0.3, "y": 0.39, "layer": "conv4"},
        "its forehead": {"picture": "cat", "x": 0.55, "y": 0.12, "layer": "conv4"},
        "its nose": {"picture": "cat", "x": 0.6, "y": 0.82, "layer": "conv4"},
        "the eye, as conv2 has it": {"picture": "cat", "x": 0.3, "y": 0.39, "layer": "conv2"},
        "a wheel": {"picture": "motorcycle", "x": 0.2, "y": 0.65, "layer": "conv5"},
        "over the whole map: a texture": {"picture": "cat", "looks_at": "the whole map"},
    }

    def refresh(state: dict) -> dict[str, Control]:
        return {"class_index": class_control(state)}

    return Explorable(
        _render_location,
        controls,
        "What does this location mean?",
        presets,
        refresh,
        resets={"class_index": common_controls.OF_PICTURE},
    )


def place_at(
    field: ReceptiveField, positions: tuple[int, int], y: float, x: float, size: int
) -> tuple[int, int]:
    """The place of a map whose receptive field lies nearest to (y, x), in fractions of a picture of `size` px."""
    found = []
    for axis, fraction in enumerate((y, x)):
        middle = field.start[axis] + field.size[axis] / 2
        found.append(min(max(0, round((fraction * size - middle) / field.jump[axis])), positions[axis] - 1))
    return found[0], found[1]


_pictures: OrderedDict[tuple, Tensor] = OrderedDict()


def _render_location(state: dict) -> Iterator[Picture | Progress]:
    key, layer = key_of(state), state["layer"]
    model, image = model_and_image(*key)
    field = receptive_field(model, layer)
    every = adds_of(*key).sum(1)  # (classes, C, h, w) -> (classes, h, w)
    rows, columns = every.shape[1:]
    y, x = place_at(field, (rows, columns), state["y"], state["x"], image.shape[-1])
    vector = location_vector(model, image, layer, y, x)
    if not vector.any():
        grey = torch.full((1, 3, 8, 8), 0.5)
        yield _draw_location(state, image, field, (y, x), every, [], grey, "nothing responds here")
        return
    words = semantic_dictionary(
        model, image, layer, y, x, WORDS, pictures=shipped_channel_pictures(NETWORK, layer)
    )
    whole = LOOKS_AT[state["looks_at"]]
    known = (*key, y, x, whole)
    fixed = (state, image, field, (y, x), every, words)
    if known not in _pictures:
        added = weighted_sum(vector, shipped_channel_pictures(NETWORK, layer))
        yield _draw_location(*fixed, added, "first: its channels' pictures, added")
        size = min(max(field.size), LARGEST)
        for step in iter_explain_location(model, image, layer, y, x, whole=whole, size=size, steps=STEPS):
            if step.step in SHOWN_AT:
                yield _draw_location(
                    *fixed, step.image, f"the picture for v · v0, {step.step} of {STEPS} steps"
                )
            elif step.step % 2 == 0:
                yield Progress(step.step / STEPS, "the picture emerges")
        _pictures[known] = step.image
        while len(_pictures) > REMEMBERED:
            _pictures.popitem(last=False)
    yield _draw_location(*fixed, _pictures[known], "the picture for v · v0")


def _draw_location(
    state, image: Tensor, field: ReceptiveField, place, every: Tensor, words, meaning, title: str
) -> Picture:
    y, x = place
    size, names = image.shape[-1], common_controls.class_labels(NETWORK)
    k = state["class_index"]
    sheet = Sheet()
    photo = with_box(image, field.box_inside(y, x, size, size), alt="the photo").pixels
    sheet.put(photo, 0, 0, common_controls.picture_title(state), side=PHOTO)
    left = PHOTO + 22
    sheet.put(meaning, 0, left, title, side=MEANING)
    adds = every[:, y, x]
    order = adds.abs().argsort(descending=True)[:4].tolist()
    order = [k] + [other for other in order if other != k][:3]
    top = sheet.words("this place adds to the score of", 36 + MEANING, left)
    sheet.put(signed_bars([names[c] for c in order], adds[order].tolist(), MEANING), top, left)
    left += MEANING + 22
    sheet.words("strongest channels, share of |v|²", 0, left)
    added = adds_of(*key_of(state))[k, :, y, x]  # (C,)
    for number, word in enumerate(words):
        row, column = divmod(number, 2)
        top, at = 24 + row * (TILE + 24), left + column * (TILE + 14)
        sheet.put(word.picture, top, at, side=TILE)
        sheet.words(
            f"{word.channel}: {word.share:.0%}, {_signed(added[word.channel].item())}", top + TILE + 1, at, 14
        )
    total = every[k].sum().item()
    said = ", ".join(f"channel {word.channel} ({word.share:.0%})" for word in words[:3])
    caption = (
        f"{state['layer']} at row {y}, column {x} of {every.shape[1]} x {every.shape[2]}, which sees {field.size[0]} x "
        f"{field.size[1]} px (box). It adds {_signed(adds[k].item())} to the score of {names[k]}, all places together "
        f"{_signed(total)}. Under a channel: its share of |v|² and what it adds to {names[k]}."
    )
    alt = (
        f"The photo {common_controls.picture_title(state)!r} with a box, a picture of what the place means, "
        f"the strongest channels: {said}."
    )
    return sheet.picture(f"{alt} {caption}", caption, chosen=[0])


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")
