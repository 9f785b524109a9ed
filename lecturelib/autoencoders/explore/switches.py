"""Pooling switches: what they carry past the code, seen by taking them away."""

import torch

from lecturelib.autoencoders.explore.samples import TILE, error, example, example_controls, grey
from lecturelib.autoencoders.shipped_autoencoders import shared_autoencoder
from lecturelib.show import Picture
from lecturelib.show.heatmaps import colored
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Explorable

WAYS = ("with its switches", "without switches", "with the switches of another digit")


def switches_explorer() -> Explorable:
    """A convolutional code decoded with its switches, without them, and with those of another digit."""
    controls = [
        Choice("switches", WAYS),
        *example_controls("digits", "7"),
        Choice("borrowed", tuple("0123456789"), "2", label="whose switches are borrowed"),
    ]
    presets = {"switches off": {"switches": WAYS[1]}, "a 7 with the switches of a 2": {"switches": WAYS[2]}}
    return Explorable(_render, controls, "What the switches carry", presets)


@torch.no_grad()
def _render(state: dict) -> Picture:
    model = shared_autoencoder("digits_switches")
    image = example("digits", state["picture"], state["example"])
    code = model.encode(image)
    way = state["switches"]
    if way == WAYS[1]:
        used = model.without_switches(code)
    elif way == WAYS[2]:
        used = code._replace(switches=model.encode(example("digits", state["borrowed"], 1)).switches)
    else:
        used = code
    made = model.decode(used)
    twin = shared_autoencoder("digits_upsample")(image)
    sheet = Sheet()
    sheet.put(grey(image), 0, 0, "the picture", TILE)
    left = TILE + 24
    sheet.words("its code: 4 maps of 7 x 7", 0, left)
    side = (TILE - 8) // 2
    for k, tile in enumerate(colored(code.maps[0] / code.maps.max().clamp(min=1e-6))):
        sheet.put(tile, 24 + (k // 2) * (side + 8), left + (k % 2) * (side + 8), side=side)
    sheet.put(grey(made), 0, 2 * left, way, TILE)
    sheet.words(f"squared error {error(made, image):.4f}", TILE + 32, 2 * left)
    sheet.put(grey(twin), 0, 3 * left + 60, "trained with up-sampling", TILE)
    sheet.words(f"squared error {error(twin, image):.4f}", TILE + 32, 3 * left + 60)
    said = (
        f"{way}: {error(made, image):.4f}; a network trained to up-sample instead: {error(twin, image):.4f}"
    )
    return sheet.picture(
        f"A {state['picture']}, its code of four 7 x 7 maps, and its reconstruction {way}. Squared errors: {said}.",
        f"Mean squared error, {said}.",
    )
