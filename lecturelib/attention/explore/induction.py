"""Heads of a small model of repeated letters: which one reads what came after an earlier copy, and what it is worth."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from lecturelib.attention.causal_language_model import CausalLanguageModel
from lecturelib.attention.induction import (
    LENGTH,
    SEEDS,
    copying,
    induction_scores,
    letters,
    load,
    repeated,
    targets,
    without_heads,
)
from lecturelib.attention.views.induction_view import induction_view
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, RegionPicker, Slider

HEADS = 2  # of a layer
TESTED = 64  # sequences behind the scores and the share of letters right
ABLATED: dict[str, tuple[tuple[int, int], ...]] = {
    "none": (),
    "1.1": ((0, 0),),
    "1.2": ((0, 1),),
    "2.1": ((1, 0),),
    "2.2": ((1, 1),),
    "layer 1": ((0, 0), (0, 1)),
    "layer 2": ((1, 0), (1, 1)),
}


def induction_explorer() -> Explorable:
    """Point at a letter to see where each head attends from it; switch heads off, and read how much is still copied."""
    keys = tuple(f"column {k}" for k in range(LENGTH + 1))
    controls = [
        Choice("layers", (2, 1), label="layers of the model"),
        Choice("ablated", tuple(ABLATED), label="heads switched off (layer.head)"),
        Slider("period", 5, 12, value=8, label="letters until they repeat"),
        Slider("draw", 0, 9, label="other letters"),
        Slider("seed", 0, SEEDS - 1, label="model (seed)"),
        RegionPicker(keys, hover=True, label="letters"),
    ]
    presets: dict[str, dict] = {
        "the second time": {"picked": "column 12"},
        "the first time": {"picked": "column 4"},
        "without layer 2's heads": {"picked": "column 12", "ablated": "layer 2"},
        "one layer only": {"picked": "column 12", "layers": 1},
    }
    return Explorable(_render, controls, "Induction heads", presets)


@lru_cache(maxsize=64)
def model_of(layers: int, seed: int, ablated: str) -> CausalLanguageModel:
    """A shipped model with some heads switched off; heads that it does not have are left out."""
    heads = [(layer, head) for layer, head in ABLATED[ablated] if layer < layers]
    return without_heads(load(layers, seed), heads)


@lru_cache(maxsize=128)
def tested(layers: int, seed: int, ablated: str, period: int) -> tuple[Tensor, float]:
    """Induction scores (layers, heads) of the model, and the share of letters right, on fresh sequences."""
    tokens = repeated(TESTED, period, generator=torch.Generator().manual_seed(50), distinct=True)
    model = model_of(layers, seed, ablated)
    return induction_scores(model, tokens), copying(model, tokens, period)


@torch.no_grad()
def _render(state: dict) -> Picture:
    layers, seed, ablated, period = state["layers"], state["seed"], state["ablated"], state["period"]
    model = model_of(layers, seed, ablated)
    tokens = repeated(1, period, generator=torch.Generator().manual_seed(state["draw"]), distinct=True)
    scores, weights = model(tokens)
    values, right = tested(layers, seed, ablated, period)
    query = int(state["picked"].split()[1]) if state["picked"] else period + 4
    shown = letters(tokens[0])
    said = letters(scores[0, :, 4:].argmax(-1) + 4)  # letters only: the special tokens never occur
    wanted = targets(tokens)[0, query].nonzero()[:, 0].tolist()
    known = [k > period for k in range(LENGTH + 1)]
    names = [f"layer {n + 1}, head {h + 1}" for n in range(layers) for h in range(HEADS)]
    off = [(n, h) in ABLATED[ablated] for n in range(layers) for h in range(HEADS)]
    rows = torch.stack([layer[0, h, query] for layer in weights for h in range(HEADS)])  # (heads, L)
    caption = (
        f"{right:.0%} of the letters right where they repeat, over {TESTED} sequences"
        f"{'' if ablated == 'none' else f', without {ablated}'}; {tested(layers, seed, 'none', period)[1]:.0%} "
        "with all heads."
    )
    if state["picked"]:
        caption += f" From “{shown[query]}”, letter {query}."
    return induction_view(
        shown, said, rows, names, values.flatten().tolist(), query, wanted, known, off, caption
    )
