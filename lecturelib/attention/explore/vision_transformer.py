"""A Vision Transformer on a garment: attention rollout and the weights of each layer, beside an untrained network."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from lecturelib import datasets
from lecturelib.attention import vision_transformer
from lecturelib.attention.views.cells import MARK, WIDE, hex_of, ink_on, shades
from lecturelib.attention.vision_transformer import GRID, VisionTransformer, attention_rollout
from lecturelib.datasets import CLOTHES
from lecturelib.drawing import Bitmap, Box, Drawing, Label, Shape
from lecturelib.show import Picture, pixels_of
from lecturelib.widgets import Choice, Explorable, Pointer, Slider, Toggle

SIDE, GAP, TOP = 252, 32, 34  # px
ROLLOUT = "rollout"
MAPS = {ROLLOUT: "attention rollout, all layers", "1": "layer 1", "2": "layer 2", "3": "layer 3"}
HEADS = ("mean", "1", "2", "3", "4")


def vision_transformer_explorer(garment: str = "sneaker") -> Explorable:
    """Where [CLS], or a patch that is pointed at, reads a garment: attention rollout or the weights of one layer.

    >>> vision_transformer_explorer().state["map"]
    'rollout'
    """
    controls = [
        Choice("garment", CLOTHES, garment),
        Slider("example", 1, 20, label="another example"),
        Choice("map", tuple(MAPS), labels=tuple(MAPS.values())),
        Choice("head", HEADS, label="head (of one layer)"),
        Toggle("patch", False, label="from the patch that is pointed at, not from [CLS]"),
        Pointer("x", "y", (0.5, 0.5), 1 / GRID, panel=0, label="patch of the garment"),
    ]
    presets: dict[str, dict] = {
        "rollout from [CLS]": {"map": ROLLOUT, "patch": False},
        "layer 1, head by head": {"map": "1", "head": "1"},
        "layer 3": {"map": "3", "head": "mean"},
        "from one patch": {"map": ROLLOUT, "patch": True},
    }
    return Explorable(_render, controls, "A Vision Transformer on clothes", presets)


@lru_cache(maxsize=1)
def untrained() -> VisionTransformer:
    """The same network with random weights (seed 0): the control beside every map."""
    with torch.inference_mode(False), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return VisionTransformer().eval().requires_grad_(False)


@lru_cache(maxsize=64)
def _passed(garment: str, example: int) -> tuple[Tensor, list[Tensor], dict[str, list[Tensor]]]:
    """A test image (1, 1, 28, 28), the probabilities of both classifiers, and the weights of both Transformers."""
    images, labels = datasets.clothes("test")
    image = images[labels == CLOTHES.index(garment)][example - 1 : example]
    told = []
    with torch.inference_mode():
        logits, weights = vision_transformer.load("transformer")(image)
        told = [logits.softmax(1)[0], vision_transformer.load("convolution")(image)[0].softmax(1)[0]]
        return image, told, {"trained": weights, "untrained": untrained()(image)[1]}


def weights_map(weights: list[Tensor], which: str, head: str, token: int) -> tuple[Tensor, float]:
    """What one token takes from the 49 patches (7, 7), and from [CLS]: by rollout or in one layer."""
    if which == ROLLOUT:
        row = attention_rollout(weights)[0, token]
    else:
        layer = weights[int(which) - 1][0]  # (heads, L, L)
        row = (layer.mean(0) if head == "mean" else layer[int(head) - 1])[token]
    return row[1:].view(GRID, GRID), float(row[0])


def _render(state: dict) -> Picture:
    image, told, found = _passed(state["garment"], state["example"])
    row, column = (min(int(state[axis] * GRID), GRID - 1) for axis in ("y", "x"))
    token = 1 + row * GRID + column if state["patch"] else 0
    maps = {name: weights_map(w, state["map"], state["head"], token) for name, w in found.items()}
    step = SIDE / GRID
    shapes: list[Shape] = [
        Label(0, 15, f"{state['garment']}: 49 patches", 14, "start", bold=True),
        Bitmap(0, TOP, SIDE, SIDE, pixels_of(image[0]), hard=True, key="garment"),
    ]
    for k in range(1, GRID):
        shapes.append(Box(k * step, TOP, 0.6, SIDE, 0, fill="#8c8c8c", stroke="none"))
        shapes.append(Box(0, TOP + k * step, SIDE, 0.6, 0, fill="#8c8c8c", stroke="none"))
    if state["patch"]:
        place = (column * step, TOP + row * step, step, step)
        shapes.append(Box(*place, 0, fill="none", stroke=MARK, stroke_width=3.0))
    top = max(float(values.max()) for values, _ in maps.values())
    for n, (name, (values, _)) in enumerate(maps.items()):
        left = (n + 1) * (SIDE + GAP)
        title = "what it reads, %" if name == "trained" else "untrained network, %"
        shapes.append(Label(left, 15, title, 14, "start", bold=True))
        pixels = shades(values, top)
        for a in range(GRID):
            for b in range(GRID):
                value, x, y = float(values[a, b]), left + b * step, TOP + a * step
                fill = hex_of(pixels[a, b])
                shapes.append(Box(x, y, step, step, 0, fill=fill, stroke="#c4c4c4", stroke_width=0.6))
                text = f"{100 * value:.1f}" if value < 0.0995 else f"{100 * value:.0f}"
                ink = ink_on(value / top)
                shapes.append(Label(x + step / 2, y + step / 2, text, 12.5, fill=ink))
    best = [int(probabilities.argmax()) for probabilities in told]
    said = " and ".join(
        f"the {name} says {CLOTHES[k]} ({probabilities[k]:.0%})"
        for name, k, probabilities in zip(("Transformer", "twin"), best, told, strict=True)
    )
    source = f"patch ({row + 1}, {column + 1})" if state["patch"] else "[CLS]"
    part = MAPS[state["map"]] + ("" if state["map"] == ROLLOUT else f", head {state['head']}")
    caption = (
        f"From {source}, {part}: {maps['trained'][1]:.0%} from [CLS], the rest from the patches; equal shares would be "
        f"2 % each. Both maps have one scale. Of this {state['garment']} {said}."
    )
    alt = f"A {state['garment']} in 49 patches, and two maps of 7 by 7 shares. {caption}"
    drawing = Drawing(WIDE, TOP + SIDE + 4, tuple(shapes), "Vision Transformer", alt)
    return drawing.picture(caption)
