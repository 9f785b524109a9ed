"""Queries, keys and values of four words by hand: every number of self-attention is visible."""

from __future__ import annotations

import math

import torch

from lecturelib.attention.masks import causal_mask
from lecturelib.attention.multihead import scaled_dot_product_attention
from lecturelib.attention.views.query_key_value_view import Attended, number, query_key_value_view
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, RegionPicker, Slider, Toggle

WORDS = ("the", "cat", "drinks", "milk")
QUERIES = torch.tensor([[0.5, 2.0], [2.0, 0.5], [2.0, -1.0], [0.0, 1.5]])
KEYS = torch.tensor([[0.5, -0.5], [2.0, 1.0], [-0.5, 1.5], [1.5, -1.0]])
VALUES = torch.tensor([[0.0, 0.5], [3.0, 0.0], [0.0, 3.0], [2.0, 2.0]])


def query_key_value_explorer() -> Explorable:
    """Pick a word and set the two numbers of its query: scores, weights and output follow, line by line."""
    controls = [
        Choice("word", WORDS, "drinks", label="the word that attends"),
        Slider("q1", -4.0, 4.0, 0.5, 2.0, label="first number of its query"),
        Slider("q2", -4.0, 4.0, 0.5, -1.0, label="second number of its query"),
        Toggle("scale", True, label="divide by √d"),
        Toggle("causal", False, label="causal mask"),
        RegionPicker(tuple(f"row {k}" for k in range(4)), hover=True, label="words that are attended to"),
    ]
    presets = {
        "drinks attends to a noun": {"word": "drinks", "q1": 2.0, "q2": -1.0},
        "a query of zeros: all alike": {"word": "drinks", "q1": 0.0, "q2": 0.0},
        "a long query": {"word": "drinks", "q1": 4.0, "q2": -4.0, "scale": False},
        "the first word, causal: itself only": {"word": "the", "q1": 0.5, "q2": 2.0, "causal": True},
    }
    return Explorable(_render, controls, "Queries, keys and values by hand", presets)


def attended(word: int, query: tuple[float, float], scale: bool, causal: bool) -> Attended:
    """All numbers of one step, with the word's own query replaced."""
    queries = QUERIES.clone()
    queries[word] = torch.tensor(query)
    mask = causal_mask(len(WORDS))[0] if causal else None
    # scaled_dot_product_attention divides
    factor = 1.0 if scale else math.sqrt(queries.shape[1])
    outputs, weights = scaled_dot_product_attention(queries * factor, KEYS, VALUES, mask)
    return Attended(queries, KEYS, VALUES, queries @ KEYS.T, weights, outputs, scale, causal)


def _render(state: dict) -> Picture:
    word = WORDS.index(state["word"])
    found = attended(word, (state["q1"], state["q2"]), state["scale"], state["causal"])
    picked = int(state["picked"].split()[1]) if state["picked"] else None
    root = " / √2" if state["scale"] else ""
    best = int(found.weights[word].argmax())
    output = ", ".join(number(float(v), 2) for v in found.outputs[word])
    caption = (
        f"“{WORDS[word]}” attends most to “{WORDS[best]}” ({100 * found.weights[word, best]:.0f} %) and takes home "
        f"({output}): softmax(q k^T{root}) v."
    )
    return query_key_value_view(WORDS, found, word, picked, caption)
