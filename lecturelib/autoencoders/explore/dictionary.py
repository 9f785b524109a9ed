"""A sparse code: the dictionary of parts, and the few of them that make up a picture."""

import torch

from lecturelib.autoencoders.explore.samples import (
    TILE,
    error,
    example,
    example_controls,
    grey,
    signed,
    test_set,
)
from lecturelib.autoencoders.shipped_autoencoders import SPARSITIES, sparse_autoencoder
from lecturelib.show import Picture
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Explorable

ACROSS, PART, SHOWN = (
    9,
    44,
    8,
)  # the dictionary's columns, pixels of a part on the page, strongest parts shown


def dictionary_explorer() -> Explorable:
    """The weight of the L1 penalty: 81 parts, how many of them a picture uses, and what that costs."""
    weights = Choice("sparsity", SPARSITIES, 0.03, label="weight of the L1 penalty")
    controls = [weights, *example_controls("digits", "8")]
    presets = {"no penalty": {"sparsity": 0.0}, "few parts": {"sparsity": 0.03}, "too few": {"sparsity": 0.1}}
    return Explorable(_render, controls, "A dictionary of parts", presets)


@torch.no_grad()
def _render(state: dict) -> Picture:
    model = sparse_autoencoder(state["sparsity"])
    image = example("digits", state["picture"], state["example"])
    code, parts = model.encode(image)[0], model.dictionary()
    most = parts.abs().quantile(0.995).item()
    used, strongest = int((code > 1e-3).sum()), code.topk(SHOWN).indices.tolist()
    typical = (model.encode(test_set("digits")[0][:500]) > 1e-3).float().sum(1).mean().item()
    made = model(image)
    sheet = Sheet()
    step = PART + 4
    top = sheet.words(f"{len(parts)} parts: orange adds ink, blue takes it away", 0, 0) + 4
    for k, part in enumerate(parts):
        sheet.put(signed(part, most), top + (k // ACROSS) * step, (k % ACROSS) * step, side=PART)
    left = ACROSS * step + 28
    below = sheet.put(grey(image), 0, left, "the picture", TILE)
    sheet.put(grey(made), 0, left + TILE + 20, f"from {used} of {len(parts)} parts", TILE)
    below = sheet.words("its strongest parts, with their weights", below + 12, left) + 4
    for n, k in enumerate(strongest):
        x = left + n * 52
        sheet.put(signed(parts[k], most), below, x, side=PART)
        sheet.words(f"{code[k]:.1f}", below + PART + 4, x)
    said = f"{used} of {len(parts)} units are on for this picture, {typical:.0f} on average"
    return sheet.picture(
        f"The dictionary of a sparse autoencoder with L1 weight {state['sparsity']:g} as {len(parts)} tiles; "
        "beside it a "
        f"{state['picture']} and its reconstruction. {said}; squared error {error(made, image):.4f}.",
        f"{said}; mean squared error {error(made, image):.4f}.",
    )
