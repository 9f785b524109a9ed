"""Permuted attention against the output: do attention weights explain what a model writes?"""

from __future__ import annotations

from functools import lru_cache

from lecturelib.attention.explore.sentence_controls import said, sentence_control, translated, warned
from lecturelib.attention.interventions import Permuted, permuted_attention
from lecturelib.attention.translators import translator
from lecturelib.attention.views.permutation_view import permutation_view
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Slider


def permutation_explorer() -> Explorable:
    """Deal the weights of each step anew among the source tokens, and see how far the output's probabilities move."""
    controls = [
        sentence_control(),
        Choice("permutations", (10, 50, 200), 50, slider=True),
        Slider("seed", 0, 9),
    ]
    presets = {
        "adjective and noun": {"sentence": "She has a red car."},
        "a longer sentence": {
            "sentence": "When I was a child, my father told me that the moon was made of cheese."
        },
    }
    return Explorable(_render, controls, "Is attention an explanation?", presets)


@lru_cache(maxsize=32)
def _permuted(sentence: str, permutations: int, seed: int) -> Permuted:
    found = translated(sentence, "attention")
    return permuted_attention(
        translator("attention").recurrent, found.source_ids, found.target_ids, permutations, seed
    )


def _render(state: dict) -> Picture:
    found = translated(state["sentence"], "attention")
    moved = _permuted(state["sentence"], state["permutations"], state["seed"])
    median = float(moved.total_variation.median(1).values.mean())
    same = float(1 - moved.other_word.mean())
    caption = (
        f"{said(found)} With permuted weights the probabilities move by {median:.2f} (total variation, mean of the "
        f"medians; 0: nothing, 1: all), and {100 * same:.0f} % of the likeliest tokens stay. Tokens that stay were not "
        f"decided by the attention weights of that step.{warned(found)}"
    )
    return permutation_view(found.source, found.target, moved, caption)
