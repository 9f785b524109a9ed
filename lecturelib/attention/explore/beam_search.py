"""Beam search: the best translations as a tree of their beginnings."""

from __future__ import annotations

from functools import lru_cache

from lecturelib.attention.decoding import length_normalized
from lecturelib.attention.explore.sentence_controls import (
    sentence_control,
    translated,
    translator_control,
    warned,
)
from lecturelib.attention.translators import Translation, translator, word_groups
from lecturelib.attention.views.beam_tree import Branch, beam_tree
from lecturelib.show import Picture
from lecturelib.widgets import Explorable, Slider


def beam_search_explorer() -> Explorable:
    """Keep the `width` best beginnings at every step, and see which sentences come out, best first."""
    controls = [
        sentence_control(
            "She has a red car.",
            "I don't know where the black cat sleeps.",
            "He was reading a newspaper when I came in.",
        ),
        translator_control("transformer", "attention", "fixed"),
        Slider("width", 1, 10, value=4, label="width of the beam"),
        Slider("penalty", 0.0, 2.0, 0.2, 0.6, label="length penalty: how much long ones are favored"),
    ]
    presets: dict[str, dict] = {
        "greedy": {"width": 1},
        "four beginnings": {"width": 4},
        "ten beginnings": {"width": 10},
        "ten, without a length penalty": {"width": 10, "penalty": 0.0},
        "a sentence that ends too early": {"sentence": "I don't know where the black cat sleeps."},
    }
    return Explorable(_render, controls, "Beam search", presets)


@lru_cache(maxsize=64)
def _found(sentence: str, name: str, width: int, penalty: float) -> tuple[Translation, ...]:
    return tuple(translator(name).translations(sentence, width, penalty))


def _render(state: dict) -> Picture:
    found = _found(state["sentence"], state["translator"], state["width"], state["penalty"])
    branches = [
        Branch(
            tuple(word for word, _ in word_groups(one.target, apart=True)),
            one.log_probability,
            length_normalized(one.log_probability, len(one.target), state["penalty"]),
        )
        for one in found
    ]
    caption = _caption(found, translated(state["sentence"], state["translator"]), state["width"])
    alt = f"Tree of {len(found)} translations that share beginnings: {'; '.join(one.text for one in found)}. {caption}"
    return beam_tree(branches, caption, alt)


def _caption(found: tuple[Translation, ...], greedy: Translation, width: int) -> str:
    best = found[0]
    caption = f"Best of {len(found)}: “{best.text}” (log p −{-best.log_probability:.2f})."
    if width > 1:
        better = best.log_probability - greedy.log_probability
        what = "the same sentence" if best.text == greedy.text else f"“{greedy.text}”"
        caption += f" Greedy: {what}" + (f", {better:.2f} less likely." if better > 0.005 else ".")
    return (
        caption + f" Each step runs {width} beginnings: about {width} times the work of greedy.{warned(best)}"
    )
