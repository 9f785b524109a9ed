"""Permuted attention against the output: is where a model looks an explanation of what it writes?"""

from __future__ import annotations

from functools import lru_cache

from lecturelib.attention.explore.sentence_controls import said, sentence_control, translated
from lecturelib.attention.interventions import Permuted, permuted_attention
from lecturelib.attention.translators import translator
from lecturelib.attention.views.cells import FAINT, finished
from lecturelib.drawing.drawing import Box, Circle, Drawing, Label, Line, Shape, shortened
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
        translator("attention").model, found.source_ids, found.target_ids, permutations, seed
    )


def _render(state: dict) -> Picture:
    found = translated(state["sentence"], "attention")
    moved = _permuted(state["sentence"], state["permutations"], state["seed"])
    step = min(28.0, max(13.0, 470 / len(found.target)))
    size = min(15.0, step * 0.66)
    left, right, top = 330.0, 640.0, 52.0
    shapes: list[Shape] = [
        Label(112, 16, "written", 13, "end", role="muted"),
        Label(126, 16, "looked at most", 13, "start", role="muted"),
        Label(left, 16, "total variation |p − q| / 2 under permutation", 13, "start", role="muted"),
        Label(660, 16, "another token is likeliest", 13, "start", role="muted"),
    ]
    for share in (0, 0.5, 1):
        x = left + (right - left) * share
        shapes.append(Line(((x, top - 14), (x, top + step * len(found.target))), stroke="#dddddd"))
        shapes.append(Label(x, top - 20, f"{share:g}", 11, role="muted"))
    for t, token in enumerate(found.target):
        y = top + (t + 0.5) * step
        best = int(moved.weights[t].argmax())
        source = found.source[best].replace("▁", "").replace("</s>", "(end)")
        word = token.replace("▁", "").replace("</s>", "(end)")
        distances = moved.total_variation[t].sort().values
        median, low, high = (float(distances[int(q * (len(distances) - 1))]) for q in (0.5, 0.05, 0.95))
        place = lambda v: left + (right - left) * v  # noqa: E731
        shapes += [
            Label(112, y, shortened(word, 100, size), size, "end"),
            Label(126, y, shortened(source, 110, size), size, "start"),
            Label(310, y, f"{100 * moved.weights[t, best]:.0f} %", size, "end", role="muted"),
            Box(
                left,
                y - step * 0.28,
                max(1.0, (right - left) * median),
                step * 0.56,
                1,
                fill="#8cbadc",
                stroke="none",
            ),
            Line(((place(low), y), (place(high), y)), stroke="#08306b", stroke_width=1.6),
            Circle(place(median), y, 3.6, fill="#08306b", stroke="none"),
            Label(668, y, f"{100 * moved.other_word[t]:.0f} %", size, "start"),
            Box(716, y - 4, 90, 8, 1, fill="#f1f1f1", stroke="none"),
            Box(716, y - 4, max(0.5, 90 * float(moved.other_word[t])), 8, 1, fill="#D55E00", stroke="none"),
        ]
    foot = top + step * len(found.target) + 18
    words = f"bar and dot: median of {state['permutations']} permutations, line: 5 to 95 %"
    shapes.append(Label(left, foot, words, 12, "start", fill=FAINT))
    median = float(moved.total_variation.median(1).values.mean())
    same = float(1 - moved.other_word.mean())
    caption = (
        f"{said(found)} With permuted weights the probabilities move by {median:.2f} (total variation, mean of the "
        f"medians; 0: nothing, 1: all), and {100 * same:.0f} % of the likeliest tokens stay. Tokens that stay were not "
        "decided by where the decoder looked at that step."
    )
    drawing = Drawing(
        820, foot + 14, tuple(shapes), "Permuted attention", f"A row for each written token. {caption}"
    )
    return finished(drawing, caption, [])
