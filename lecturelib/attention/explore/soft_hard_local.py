"""Soft, hard and local attention on the same sentence, in the translator that was trained with the soft one."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from lecturelib.attention.decoding import greedy
from lecturelib.attention.explore.sentence_controls import inside, sentence_control, words_control
from lecturelib.attention.interventions import Change, with_changed_weights
from lecturelib.attention.soft_hard_local import cost, sharpened
from lecturelib.attention.translators import Translation, translator
from lecturelib.attention.views import matrix_view
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Slider

KINDS = ("soft", "hard", "local")
CENTERS = {"strongest": "its own strongest position", "diagonal": "the diagonal"}


def soft_hard_local_explorer() -> Explorable:
    """Attend to all words, to one sampled word, or within a window; the translation follows."""
    controls = [
        sentence_control(),
        Choice("kind", KINDS),
        Choice("temperature", (0.1, 0.25, 0.5, 1.0, 2.0, 5.0), 1.0, slider=True),
        Slider("seed", 0, 9, label="draw (hard)"),
        Slider("window", 1, 5, value=1, label="words on either side (local)"),
        Choice(
            "center", tuple(CENTERS), label="center of the window (local)", labels=tuple(CENTERS.values())
        ),
        words_control(),
    ]
    presets: dict[str, dict] = {
        "soft, as trained": {"kind": "soft"},
        "hard: one word each time": {"kind": "hard"},
        "local: a narrow window": {"kind": "local", "window": 1},
        "local along the diagonal": {"kind": "local", "center": "diagonal"},
        "soft, much too flat": {"kind": "soft", "temperature": 5.0},
    }
    return Explorable(_render, controls, "Soft, hard, local", presets)


def change_of(
    kind: str, temperature: float, seed: int, window: int, center: str, share: float = 1.0
) -> Change:
    """How the weights (1, S) of a step become those of a kind; `share`: target positions per source position."""
    generator = torch.Generator().manual_seed(seed)

    def change(weights: Tensor, t: int) -> Tensor:
        weights = sharpened(weights, temperature)
        if kind == "soft":
            return weights
        if kind == "hard":
            drawn = torch.multinomial(weights, 1, generator=generator)
            return torch.zeros_like(weights).scatter(-1, drawn, 1.0)
        places = torch.arange(weights.shape[-1])
        middle = weights.argmax(-1, keepdim=True) if center == "strongest" else torch.tensor([[t / share]])
        distance = places - middle.float().round().clamp(0, weights.shape[-1] - 1)
        bell = torch.exp(-(distance**2) / (2 * (window / 2) ** 2))
        return weights * bell * (distance.abs() <= window)

    return change


@lru_cache(maxsize=64)
def translated_with(
    sentence: str, kind: str, temperature: float, seed: int, window: int, center: str
) -> Translation:
    """A translation whose attention is of one kind at every step."""
    own = translator("attention")
    ids = own.encode(sentence)
    share = 1.15 if center == "diagonal" else 1.0  # French takes a few more tokens
    twin = with_changed_weights(own.recurrent, change_of(kind, temperature, seed, window, center, share))
    return own.in_words(sentence, ids, greedy(twin, torch.tensor([ids])))[0]


def _render(state: dict) -> Picture:
    given = (state["temperature"], state["seed"], state["window"], state["center"])
    found = translated_with(state["sentence"], state["kind"], *given)
    soft = translated_with(state["sentence"], "soft", 1.0, *given[1:])
    columns, rows, weights = found.by_word()
    needed = cost(state["kind"], len(found.source), len(found.target), state["window"])
    every = cost("soft", len(found.source), len(found.target))
    if state["kind"] == "local" and state["center"] == "strongest":
        needed["scores"] = every["scores"]  # which is strongest is known only once all are there
    caption = f"{state['kind']}: “{found.text}”"
    if found.text != soft.text:
        caption += f" (soft, as trained: “{soft.text}”)"
    caption += f" {needed['values']} states are read instead of {every['values']}, {needed['scores']} scores computed."
    if state["kind"] == "hard":
        caption += " The translator was trained with soft weights; it never met sampled ones."
    if state["kind"] == "local":
        where = CENTERS[state["center"]]
        caption += f" The window follows {where}; the weights in it are made to sum to one."
    picked = inside(state["picked"], len(rows), len(columns))
    return matrix_view(rows, columns, weights, picked, 1.0, "written", "read", caption)
