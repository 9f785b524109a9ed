"""The alignment of a typed sentence: the attention weights of the decoder for each word it wrote."""

from __future__ import annotations

import torch

from lecturelib.attention.explore.sentence_controls import (
    KINDS,
    inside,
    said,
    sentence_control,
    translated,
    translator_control,
    warned,
    words_control,
)
from lecturelib.attention.views import head_view, matrix_view
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Control, Explorable, Toggle

MEAN = "mean"


def alignment_explorer() -> Explorable:
    """Type an English sentence: its translation, and for each French word the attention weights on the English ones.

    Point at a word (mouse, or arrow keys) to see its row or column alone.
    """

    def refresh(state: dict) -> dict[str, Control]:
        return {"layer": _layer(state["translator"]), "head": _head(state["translator"])}

    first = translator_control("attention", "transformer")
    start = str(first.value)
    controls = [
        sentence_control(),
        first,
        Choice("view", ("matrix", "lines")),
        _layer(start),
        _head(start),
        Toggle("tokens", False, label="show subword tokens"),
        words_control(),
    ]
    presets = {
        "adjective and noun change places": {"sentence": "She has a red car."},
        "one word, two words": {"sentence": "I don't know.", "view": "lines"},
        "a longer sentence": {
            "sentence": "When I was a child, my father told me that the moon was made of cheese."
        },
        "in capitals": {"sentence": "WHERE DID YOU PUT MY KEYS"},
        "a name it never met": {"sentence": "Quentin bought a new car last week."},
        "a rare word": {"sentence": "Nobody has ever told me not to eat mushrooms."},
        "not English": {"sentence": "Ich habe heute leider keine Zeit."},
    }
    title, resets = "Alignment: the decoder's attention weights", {"layer": ("translator",)}
    return Explorable(_render, controls, title, presets, refresh, resets=resets)


def _layer(name: str) -> Choice:
    options = (1, 2) if name == "transformer" else (1,)
    return Choice("layer", options, options[-1], label="layer of the decoder")


def _head(name: str) -> Choice:
    return Choice("head", (MEAN, "1", "2", "3", "4") if name == "transformer" else (MEAN,))


def _render(state: dict) -> Picture:
    found = translated(state["sentence"], state["translator"])
    layer = state["layer"] - 1
    heads: list[int | None] = [None] if state["head"] == MEAN else [int(state["head"]) - 1]
    if state["translator"] == "transformer" and state["head"] == MEAN and state["view"] == "lines":
        heads = [0, 1, 2, 3]  # lines can show all at once
    if state["tokens"]:
        columns, rows = found.source, found.target
        weights = torch.stack([found.alignment(layer, head) for head in heads])
    else:
        columns, rows, _ = found.by_word()
        weights = torch.stack([found.by_word(layer, head)[2] for head in heads])
    picked = inside(state["picked"], len(rows), len(columns))
    caption = f"{said(found)} ({KINDS[state['translator']]}).{warned(found)}"
    if state["view"] == "lines":
        names = ["α" if head is None else str(head + 1) for head in heads]
        return head_view(rows, columns, weights, picked=picked, names=names, caption=caption)
    return matrix_view(
        rows,
        columns,
        weights[0],
        picked,
        row_title="written",
        column_title="read",
        caption=caption,
    )
