"""How many numbers a picture needs: principal components beside trained codes, with the error of each."""

import torch

from lecturelib.autoencoders.explore.samples import SETS as DATA
from lecturelib.autoencoders.explore.samples import (
    TILE,
    by_components,
    error,
    example,
    example_controls,
    grey,
    signed,
)
from lecturelib.autoencoders.shipped_autoencoders import deep_autoencoder
from lecturelib.show import Picture
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Explorable, Slider

GAP = 24


def code_size_explorer() -> Explorable:
    """A picture from k principal components, and from 2 and 32 numbers of a deep autoencoder, with error maps."""

    def refresh(state: dict) -> dict:
        return {"picture": Choice("picture", DATA[state["data"]][1])}

    picture, number = example_controls("digits", "3")
    controls = [
        Choice("data", tuple(DATA), label="data set"),
        picture,
        number,
        Slider("components", 1, 256, value=32, label="principal components"),
    ]
    presets: dict[str, dict] = {
        "two numbers each": {"components": 2},
        "64 components": {"components": 64},
        "a bag": {"data": "clothes", "picture": "bag", "components": 32},
    }
    return Explorable(_render, controls, "How few numbers keep a picture?", presets, refresh)


@torch.no_grad()
def _render(state: dict) -> Picture:
    data, size = state["data"], state["components"]
    image = example(data, state["picture"], state["example"])
    made = {f"{size} principal components": by_components(image, data, size)}
    for numbers in (2, 32):
        made[f"deep, {numbers} numbers"] = deep_autoencoder(data, numbers)(image)
    sheet, said = Sheet(), []
    sheet.put(grey(image), 0, 0, "the picture", TILE)
    sheet.words("784 pixels", TILE + 32, 0)
    sheet.words("reconstruction less picture:", 300, 0)
    sheet.words("orange too bright,", 322, 0)
    sheet.words("blue too dark", 344, 0)
    for k, (name, picture) in enumerate(made.items(), 1):
        left = k * (TILE + GAP)
        below = sheet.put(grey(picture), 0, left, name, TILE)
        wrong = error(picture, image)
        sheet.words(f"squared error {wrong:.4f}", below + 6, left)
        sheet.put(signed(picture - image), below + 30, left, side=TILE)
        said.append(f"{name}: {wrong:.4f}")
    words = f"Test picture {state['example']} of {state['picture']!r}, its reconstructions and what differs."
    return sheet.picture(
        f"{words} Mean squared errors: {'; '.join(said)}.", f"Mean squared error, {'; '.join(said)}."
    )
