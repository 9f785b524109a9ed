"""The mask editor: who may attend to whom, in both conventions, and what a row without anything gives."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturelib.attention.masks import causal_mask, masked_softmax, padding_mask
from lecturelib.attention.views.mask_view import mask_view
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Control, Explorable, RegionPicker

WORDS = ("The", "cat", "sat", "still", "[PAD]", "[PAD]")
REAL = 4
MASKS = ("none", "causal", "padding", "causal and padding")
ALLOWED, FORBIDDEN = (
    "True: allowed (here, scaled_dot_product_attention)",
    "True: forbidden (nn.MultiheadAttention)",
)
_KEYS = tuple(f"cell {t} {k}" for t in range(len(WORDS)) for k in range(len(WORDS)))


def mask_explorer() -> Explorable:
    """Choose a mask, then click cells to change it; the weights follow. A row without any allowed cell gives zeros."""
    row = tuple(f"cell 1 {k}" for k in range(len(WORDS)))
    controls: list[Control] = [
        Choice("mask", MASKS),
        Choice("convention", (ALLOWED, FORBIDDEN), label="what the numbers say"),
        RegionPicker(_KEYS, picked="cell", opened="changed", label="cells of the mask: click to change"),
    ]
    presets: dict[str, dict] = {
        "causal: a decoder reads what is written": {"mask": "causal"},
        "padding is never attended to": {"mask": "padding"},
        "a row that may attend to nothing": {"mask": "none", "changed": row},
    }
    return Explorable(_render, controls, "Mask editor", presets)


def edited_mask(name: str, changed: tuple[str, ...]) -> Tensor:
    """A mask (L, L) by name, True where allowed, with some cells turned over ("cell 1 2": row 1, column 2)."""
    length = len(WORDS)
    mask = torch.ones(length, length, dtype=torch.bool)
    if "causal" in name:
        mask = mask & causal_mask(length)[0]
    if "padding" in name:
        tokens = torch.tensor([[1] * REAL + [0] * (length - REAL)])
        mask = mask & padding_mask(tokens)[0]
    for key in changed:
        t, k = (int(n) for n in key.split()[1:])
        mask[t, k] = ~mask[t, k]
    return mask


def example_scores() -> Tensor:
    """Scores (L, L) as a head might give them, fixed."""
    return (torch.randn(len(WORDS), len(WORDS), generator=torch.Generator().manual_seed(3)) * 1.2).round(
        decimals=1
    )


def _render(state: dict) -> Picture:
    mask, scores = edited_mask(state["mask"], state["changed"]), example_scores()
    weights = masked_softmax(scores, mask)
    with_torch = scores.masked_fill(~mask, -math.inf).softmax(-1)
    empty = [WORDS[t] for t in range(len(WORDS)) if not mask[t].any()]
    size = len(WORDS)
    kept = int(mask.sum())
    name = f"{state['mask']}{', changed by hand' if state['changed'] else ''}"
    caption = (
        f"Mask: {name}; {kept} of {size * size} cells are allowed; rows attend, columns are attended to."
    )
    if empty:
        bad = int(with_torch.isnan().any(-1).sum())
        caption += (
            f" “{', '.join(empty)}” may attend to nothing: its weights are zeros here, by decision; a plain softmax "
            f"gives NaN in {bad} row{'s' * (bad > 1)}."
        )
    inverted = state["convention"] == FORBIDDEN
    return mask_view(WORDS, mask, scores, weights, inverted, state["cell"], state["changed"], caption)
