"""The mask editor: who may look at whom, in both conventions, and what a row without anything gives."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from lecturelib.attention.masks import causal_mask, forbidden, masked_softmax, padding_mask
from lecturelib.attention.views.cells import MARK, finished, hex_of, ink_on, percent, shades
from lecturelib.drawing.drawing import Box, Drawing, Label, Shape
from lecturelib.show import Picture, Region
from lecturelib.widgets import Choice, Control, Explorable, RegionPicker

WORDS = ("The", "cat", "sat", "still", "(fill)", "(fill)")
REAL = 4
MASKS = ("none", "causal", "padding", "causal and padding")
ALLOWED, FORBIDDEN = (
    "True: allowed (here, scaled_dot_product_attention)",
    "True: forbidden (nn.MultiheadAttention)",
)
_CELL = 44.0
_KEYS = tuple(f"cell {t} {k}" for t in range(len(WORDS)) for k in range(len(WORDS)))


def mask_explorer() -> Explorable:
    """Choose a mask, then click cells to change it; the weights follow. A row without any allowed cell gives zeros."""
    row = tuple(f"cell 1 {k}" for k in range(len(WORDS)))
    controls: list[Control] = [
        Choice("mask", MASKS),
        Choice("convention", (ALLOWED, FORBIDDEN), label="what the numbers say"),
        RegionPicker(_KEYS, picked="cell", opened="changed", label="cells of the mask: click to change"),
    ]
    presets = {
        "causal: a decoder reads what is written": {"mask": "causal"},
        "padding: filling is never looked at": {"mask": "padding"},
        "a row that may look at nothing": {"mask": "none", "changed": row},
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
    shown = mask if state["convention"] == ALLOWED else forbidden(mask)
    weights = masked_softmax(scores, mask)
    with_torch = scores.masked_fill(~mask, -math.inf).softmax(-1)
    empty = [WORDS[t] for t in range(len(WORDS)) if not mask[t].any()]
    size = len(WORDS)
    shapes: list[Shape] = []
    starts = (62.0, 344.0, 626.0)
    for start, title in zip(starts, ("mask", "scores (masked: −∞)", "weights, %"), strict=True):
        shapes.append(Label(start, 14, title, 15, "start", bold=True))
    pixels = shades(weights, 1.0)
    places = []
    for t, word in enumerate(WORDS):
        y = 92 + t * _CELL
        shapes.append(Label(56, y + _CELL / 2, word, 14, "end", bold=word in empty))
        for k in range(size):
            for start in starts:
                if t == 0:
                    x = start + (k + 0.5) * _CELL
                    shapes.append(Label(x, 84, WORDS[k], 13, "start", turned=True))
            x, allowed = starts[0] + k * _CELL, bool(mask[t, k])
            fill = "#d6e8f5" if allowed else "#4a4a4a"
            mine = (
                {"stroke": MARK, "stroke_width": 3}
                if state["cell"] == f"cell {t} {k}"
                else {"stroke": "#ffffff"}
            )
            shapes.append(Box(x + 1, y + 1, _CELL - 2, _CELL - 2, 3, fill=fill, **mine))
            text = "T" if shown[t, k] else "F"
            shapes.append(
                Label(x + _CELL / 2, y + _CELL / 2, text, 15, fill="#1a1a1a" if allowed else "#ffffff")
            )
            places.append((t, k, (x, y, x + _CELL, y + _CELL), allowed))
            x = starts[1] + k * _CELL
            shapes.append(Box(x + 1, y + 1, _CELL - 2, _CELL - 2, 3, fill="#f7f7f7", stroke="#dddddd"))
            text = f"{scores[t, k]:.1f}".replace("-", "−") if allowed else "−∞"
            shapes.append(Label(x + _CELL / 2, y + _CELL / 2, text, 13, role="text" if allowed else "muted"))
            x, weight = starts[2] + k * _CELL, float(weights[t, k])
            shapes.append(
                Box(x + 1, y + 1, _CELL - 2, _CELL - 2, 3, fill=hex_of(pixels[t, k]), stroke="#dddddd")
            )
            if weight >= 0.005 or word in empty:
                label = percent(weight)
                shapes.append(Label(x + _CELL / 2, y + _CELL / 2, label, 14, fill=ink_on(weight)))
    foot = 92 + size * _CELL + 18
    shapes.append(Label(62, foot, "blue: allowed, dark: not; click to change", 12, "start", role="muted"))
    kept = int(mask.sum())
    name = f"{state['mask']}{', changed by hand' if state['changed'] else ''}"
    caption = f"Mask: {name}; {kept} of {size * size} cells are allowed; rows look, columns are looked at."
    if empty:
        bad = int(with_torch.isnan().any(-1).sum())
        caption += (
            f" “{', '.join(empty)}” may look at nothing: its weights are zeros here, by decision; a plain softmax "
            f"gives NaN in {bad} row{'s' * (bad > 1)}."
        )
    drawing = Drawing(900, foot + 16, tuple(shapes), "Mask editor", f"Mask, scores and weights. {caption}")
    picture = finished(drawing, caption, [])
    wide, high = drawing.width, drawing.height
    regions = tuple(
        Region(
            f"cell {t} {k}",
            (box[0] / wide, box[1] / high, box[2] / wide, box[3] / high),
            f"{WORDS[t]} {'may' if allowed else 'may not'} look at {WORDS[k]}",
            f"cell {t} {k}" in state["changed"],
        )
        for t, k, box, allowed in places
    )
    return replace(picture, regions=regions)
