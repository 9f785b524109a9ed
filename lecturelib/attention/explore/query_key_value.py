"""Queries, keys and values of four words by hand: every number of self-attention is visible."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturelib.attention.masks import causal_mask
from lecturelib.attention.multihead import scaled_dot_product_attention
from lecturelib.attention.views.cells import MARK, finished, hex_of, ink_on, shades
from lecturelib.drawing.drawing import Box, Drawing, Label, Shape
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, RegionPicker, Slider, Toggle

WORDS = ("the", "cat", "drinks", "milk")
QUERIES = torch.tensor([[0.5, 2.0], [2.0, 0.5], [2.0, -1.0], [0.0, 1.5]])
KEYS = torch.tensor([[0.5, -0.5], [2.0, 1.0], [-0.5, 1.5], [1.5, -1.0]])
VALUES = torch.tensor([[0.0, 0.5], [3.0, 0.0], [0.0, 3.0], [2.0, 2.0]])
_CELL, _HIGH = 50.0, 34.0


def query_key_value_explorer() -> Explorable:
    """Pick a word and set the two numbers of its query: scores, weights and output follow, line by line."""
    controls = [
        Choice("word", WORDS, "drinks", label="the word that looks"),
        Slider("q1", -4.0, 4.0, 0.5, 2.0, label="first number of its query"),
        Slider("q2", -4.0, 4.0, 0.5, -1.0, label="second number of its query"),
        Toggle("scale", True, label="divide by √d"),
        Toggle("causal", False, label="causal mask"),
        RegionPicker(tuple(f"row {k}" for k in range(4)), hover=True, label="words that are looked at"),
    ]
    presets = {
        "drinks looks for a noun": {"word": "drinks", "q1": 2.0, "q2": -1.0},
        "a query of zeros: all alike": {"word": "drinks", "q1": 0.0, "q2": 0.0},
        "a long query: one word takes all": {"word": "drinks", "q1": 4.0, "q2": -4.0, "scale": False},
        "the first word, causal: itself only": {"word": "the", "q1": 0.5, "q2": 2.0, "causal": True},
    }
    return Explorable(_render, controls, "Queries, keys and values by hand", presets)


def attended(word: int, query: tuple[float, float], scale: bool, causal: bool) -> dict[str, Tensor]:
    """All numbers of one step: queries (4, 2) with the word's own replaced, scores, weights (4, 4), outputs (4, 2)."""
    queries = QUERIES.clone()
    queries[word] = torch.tensor(query)
    mask = causal_mask(4)[0] if causal else None
    factor = 1.0 if scale else math.sqrt(queries.shape[1])  # scaled_dot_product_attention divides
    outputs, weights = scaled_dot_product_attention(queries * factor, KEYS, VALUES, mask)
    return {"queries": queries, "scores": queries @ KEYS.T, "weights": weights, "outputs": outputs}


def _number(value: float, digits: int = 1) -> str:
    return f"{value:.{digits}f}".replace("-", "−")


def _render(state: dict) -> Picture:
    word = WORDS.index(state["word"])
    found = attended(word, (state["q1"], state["q2"]), state["scale"], state["causal"])
    shapes: list[Shape] = []
    y0, places = 62.0, []
    tables = (
        ("q", found["queries"], 70.0, 1), ("k", KEYS, 200.0, 1), ("q · k", found["scores"], 330.0, 1),
        ("weights", found["weights"], 556.0, 2), ("v", VALUES, 782.0 - 12, 1), ("output", found["outputs"], 888.0, 2),
    )  # fmt: skip
    for title, numbers, left, digits in tables:
        wide = _CELL * numbers.shape[1]
        shapes.append(Label(left + wide / 2, 14, title, 15, bold=True))
        if numbers.shape[1] == 4:
            shapes += [Label(left + (k + 0.5) * _CELL, 44, w, 12, role="muted") for k, w in enumerate(WORDS)]
        shadow = shades(found["weights"], 1.0) if title == "weights" else None
        for t in range(4):
            for k in range(numbers.shape[1]):
                x, y, value = left + k * _CELL, y0 + t * _HIGH, float(numbers[t, k])
                fill = "#f7f7f7" if shadow is None else hex_of(shadow[t, k])
                ink = "#1a1a1a" if shadow is None else ink_on(value)
                hidden = state["causal"] and k > t and title in ("q · k", "weights")
                shapes.append(Box(x + 1, y + 1, _CELL - 2, _HIGH - 2, 3, fill=fill, stroke="#dddddd"))
                text = ("−∞" if title == "q · k" else "0") if hidden else _number(value, digits)
                shapes.append(
                    Label(x + _CELL / 2, y + _HIGH / 2, text, 14, fill="#8a8a8a" if hidden else ink)
                )
        framed = {"fill": "none", "stroke": MARK, "stroke_width": 3}
        if title not in ("k", "v"):
            shapes.append(Box(left, y0 + word * _HIGH, wide, _HIGH, 3, **framed))
    for t, name in enumerate(WORDS):
        mine = t == word
        y = y0 + (t + 0.5) * _HIGH
        shapes.append(Label(62, y, name, 15, "end", mine, fill=MARK if mine else None))
    shapes += _steps(found, word, state, 232.0, places)
    root = " / √2" if state["scale"] else ""
    best = int(found["weights"][word].argmax())
    output = ", ".join(_number(float(v), 2) for v in found["outputs"][word])
    caption = (
        f"“{WORDS[word]}” looks most at “{WORDS[best]}” ({100 * found['weights'][word, best]:.0f} %) and takes home "
        f"({output}): softmax(q k^T{root}) v."
    )
    drawing = Drawing(
        1000, 392, tuple(shapes), "Self-attention by hand", f"Tables of q, k, scores, weights, v. {caption}"
    )
    return finished(drawing, caption, places)


def _steps(found: dict[str, Tensor], word: int, state: dict, top: float, places: list) -> list[Shape]:
    """The word's row, computed line by line: product, division, exponential, share, what is taken."""
    shapes: list[Shape] = [
        Label(70, top, text, 12.5, "start", role="muted") if x == 70 else Label(x, top, text, 12.5, role="muted")
        for x, text in (
            (70, f"“{WORDS[word]}” looks at"), (300, "q · k"), (520, "/ √2" if state["scale"] else "not scaled"),
            (610, "e^…"), (710, "weight = share"), (870, "weight × v"),
        )
    ]  # fmt: skip
    q = found["queries"][word]
    scaled = found["scores"][word] / (math.sqrt(2) if state["scale"] else 1.0)
    for k, name in enumerate(WORDS):
        y = top + 28 + 29 * k
        allowed = not state["causal"] or k <= word
        picked = state["picked"] == f"row {k}"
        places.append((f"row {k}", (60, y - 14, 990, y + 14), f"{WORDS[word]} looks at {name}"))
        if picked:
            shapes.append(Box(60, y - 14, 930, 28, 4, fill="#fff3e6", stroke=MARK))
        products = " + ".join(f"({_number(float(q[i]))})({_number(float(KEYS[k, i]))})" for i in range(2))
        weight = float(found["weights"][word, k])
        taken = ", ".join(_number(weight * float(v), 2) for v in VALUES[k])
        columns = (
            (300, f"{products} = {_number(float(found['scores'][word, k]), 2)}" if allowed else "masked"),
            (520, _number(float(scaled[k]), 2) if allowed else "−∞"),
            (610, f"{math.exp(float(scaled[k])):.3g}" if allowed else "0"),
            (710, f"{100 * weight:.1f} %"),
            (870, f"({taken})"),
        )
        shapes.append(Label(70, y, name, 14, "start", bold=picked))
        shapes += [Label(x, y, text, 14, bold=picked) for x, text in columns]
    return shapes
