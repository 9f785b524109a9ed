"""Local attention on a garment: where one place looks within its window, for each layer and head."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from lecturelib import datasets
from lecturelib.attention.local_layer import load
from lecturelib.datasets import CLOTHES
from lecturelib.drawing import Bitmap, Box, Drawing, Label, Shape
from lecturelib.show import Picture, pixels_of
from lecturelib.widgets import Choice, Explorable, Pointer, Slider

SIDE, TOP, CELL = 392, 30, 58  # px: the garment, the room above it, a cell of the window
LAYERS = ("first: 14 × 14 places", "second: 7 × 7 places")
HEADS = 2


def local_attention_explorer(garment: str = "sneaker") -> Explorable:
    """Point at a garment: how much that place takes from each place of its window of 5 × 5.

    >>> local_attention_explorer().state["head"]
    1
    """
    controls = [
        Choice("garment", CLOTHES, garment),
        Slider("example", 1, 5, label="another example"),
        Choice("layer", LAYERS),
        Slider("head", 1, HEADS),
        Pointer("x", "y", (0.5, 0.55), 1 / 14, panel=0, label="place on the garment"),
    ]
    presets: dict[str, dict] = {
        "on the garment": {"x": 0.5, "y": 0.55},
        "in a corner: half of the window is outside": {"x": 0.0, "y": 0.0},
        "the other head": {"head": 2},
        "the second layer": {"layer": LAYERS[1]},
    }
    return Explorable(_render, controls, "Local attention", presets)


@lru_cache(maxsize=64)
def _passed(garment: str, example: int) -> tuple[Tensor, Tensor, list[Tensor]]:
    """A test image (1, 1, 28, 28), the probabilities (10,), the weights (heads, H, W, 5, 5) of both layers."""
    images, labels = datasets.clothes("test")
    image = images[labels == CLOTHES.index(garment)][example - 1 : example]
    with torch.inference_mode():
        logits, weights = load("attention")(image)
    return image, logits.softmax(1)[0], [part[0] for part in weights]


def _render(state: dict) -> Picture:
    image, probabilities, found = _passed(state["garment"], state["example"])
    weights = found[LAYERS.index(state["layer"])][state["head"] - 1]  # (H, W, 5, 5)
    rows, columns, size = weights.shape[0], weights.shape[1], weights.shape[2]
    y, x = (min(int(state[axis] * count), count - 1) for axis, count in (("y", rows), ("x", columns)))
    window, half = weights[y, x], size // 2
    place = SIDE / rows
    shapes: list[Shape] = [
        Label(0, 14, f"{state['garment']}, and the window of one place", 14, "start", bold=True),
        Bitmap(0, TOP, SIDE, SIDE, pixels_of(image[0]), hard=True, key="garment"),
    ]
    left = SIDE + 40
    shapes.append(Label(left, 14, "what it takes, in percent", 14, "start", bold=True))
    largest = window.max().item()
    for a in range(size):
        for b in range(size):
            weight, row, column = window[a, b].item(), y + a - half, x + b - half
            inside = 0 <= row < rows and 0 <= column < columns
            strength = weight / largest
            if inside:
                at = (column * place, TOP + row * place, place, place)
                shapes.append(Box(*at, 0, fill="#E69F00", stroke="none", opacity=0.75 * strength))
            cell = (left + b * CELL, TOP + a * CELL)
            fill = _mixed(strength) if inside else "#d9d9d9"
            shapes.append(Box(*cell, CELL, CELL, 0, fill=fill, stroke="#8c8c8c", stroke_width=0.8))
            text = f"{100 * weight:.0f}" if inside else "outside"
            middle = (cell[0] + CELL / 2, cell[1] + CELL / 2)
            shapes.append(Label(*middle, text, 16 if inside else 11, fill="#1a1a1a"))
    own: dict[str, Any] = {"fill": "none", "stroke": "#0072B2", "stroke_width": 3.0}
    first_row, first_column = max(0, y - half), max(0, x - half)
    last_row, last_column = min(rows, y + half + 1), min(columns, x + half + 1)
    shapes.append(
        Box(
            first_column * place, TOP + first_row * place, (last_column - first_column) * place,
            (last_row - first_row) * place, 0, fill="none", stroke="#D55E00", stroke_width=2.0,
        )
    )  # fmt: skip
    shapes.append(Box(x * place, TOP + y * place, place, place, 0, **own))
    shapes.append(Box(left + half * CELL, TOP + half * CELL, CELL, CELL, 0, **own))
    best = int(probabilities.argmax())
    caption = (
        f"Layer {LAYERS.index(state['layer']) + 1}, head {state['head']}, row {y + 1}, column {x + 1}: it takes "
        f"{window[half, half]:.0%} from itself, at most {largest:.0%} from one place; equal weights would be "
        f"{1 / int((window > 0).sum()):.0%} each. The network says {CLOTHES[best]} ({probabilities[best]:.0%})."
    )
    alt = (
        f"A {state['garment']} with one place and its window of {size} by {size}, and the weights. {caption}"
    )
    return Drawing(left + size * CELL + 2, TOP + SIDE + 2, tuple(shapes), "Local attention", alt).picture(
        caption
    )


def _mixed(strength: float) -> str:
    """From white to orange."""
    orange = (230, 159, 0)
    return "#" + "".join(f"{round(255 + strength * (part - 255)):02x}" for part in orange)
