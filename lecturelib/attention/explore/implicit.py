"""Implicit beside explicit attention: the gradient and the weights for the same sentence."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from torch import Tensor

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
from lecturelib.attention.implicit import Output, agreement, implicit_attention, shares
from lecturelib.attention.translators import translator
from lecturelib.attention.views import matrix_view
from lecturelib.drawing.picture_row import picture_row
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable

OUTPUTS = {"score": "score before the softmax", "log_probability": "log-probability"}
_HALF = 430


def implicit_explorer() -> Explorable:
    """Which source words each output depends on, by the gradient, and beside it the decoder's attention weights.

    A translator without attention has implicit attention only.
    """
    controls = [
        sentence_control(),
        translator_control("attention", "transformer", "fixed"),
        Choice("of", tuple(OUTPUTS), label="gradient of the", labels=tuple(OUTPUTS.values())),
        words_control(),
    ]
    presets = {
        "adjective and noun": {"sentence": "She has a red car."},
        "a negation": {"sentence": "I don't know where the black cat sleeps."},
    }
    return Explorable(_render, controls, "Implicit and explicit attention", presets)


@lru_cache(maxsize=32)
def _gradients(sentence: str, name: str, of: Output) -> Tensor:
    found = translated(sentence, name)
    return implicit_attention(translator(name).model, found.source_ids, found.target_ids, of)


def _render(state: dict) -> Picture:
    name = state["translator"]
    found = translated(state["sentence"], name)
    gradients = shares(_gradients(state["sentence"], name, state["of"]))
    columns, rows, implicit = found.between_words(gradients)
    picked = inside(state["picked"], len(rows), len(columns))
    words: dict[str, Any] = {"row_title": "written", "column_title": "read", "width": _HALF}
    left = matrix_view(rows, columns, implicit, picked, **words)
    caption = f"{said(found)} ({KINDS[name]}).{warned(found)}"
    title = "implicit: |gradient|, share of a row"
    if found.weights is None:
        caption += (
            " No attention was built in, and yet each output depends on some words more than on others."
        )
        return picture_row([left], [title], caption)
    explicit = found.by_word()[2]
    right = matrix_view(rows, columns, explicit, picked, **words)
    agree, chance = agreement(implicit, explicit)
    mean = ", mean of the last layer's heads" if name == "transformer" else ""
    caption += (
        f" Both have their largest value at the same word in {100 * agree:.0f} % of the rows; with the "
        f"rows of one permuted in {100 * chance:.0f} %."
    )
    if picked:
        caption += f" Gradient: {left.caption} Weights: {right.caption}"
    return picture_row([left, right], [title, f"explicit: α{mean}"], caption)
