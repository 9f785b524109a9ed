"""Beam search: the best translations as a tree of their beginnings."""

from __future__ import annotations

from functools import lru_cache

from lecturelib.attention.explore.sentence_controls import sentence_control, translated, translator_control
from lecturelib.attention.translators import Translation, translator, word_groups
from lecturelib.attention.views.cells import MARK, finished
from lecturelib.drawing.drawing import Box, Curve, Drawing, Label, Shape, shortened, text_width
from lecturelib.show import Picture
from lecturelib.widgets import Explorable, Slider

Tree = dict[str, "Tree"]
_STEP, _SIZE = 30.0, 14.0


def beam_search_explorer() -> Explorable:
    """Keep the `width` best beginnings at every step, and see which sentences come out, best first."""
    controls = [
        sentence_control(
            "I don't know where the black cat sleeps.",
            "She has a red car.",
            "He was reading a newspaper when I came in.",
        ),
        translator_control("transformer", "attention", "fixed"),
        Slider("width", 1, 10, value=4, label="width of the beam"),
        Slider("penalty", 0.0, 2.0, 0.2, 0.6, label="length penalty: how much long ones are favoured"),
    ]
    presets = {
        "greedy": {"width": 1},
        "four beginnings": {"width": 4},
        "ten beginnings": {"width": 10},
        "ten, without a length penalty": {"width": 10, "penalty": 0.0},
    }
    return Explorable(_render, controls, "Beam search", presets)


@lru_cache(maxsize=64)
def _found(sentence: str, name: str, width: int, penalty: float) -> tuple[Translation, ...]:
    return tuple(translator(name).translations(sentence, width, penalty))


def _words(found: Translation) -> list[str]:
    return [word for word, _ in word_groups(found.target, apart=True)]


def _in_tree_order(rows: list[list[str]]) -> tuple[list[list[str]], list[int]]:
    """The rows so that those with a common beginning stand together, and the rank of each: no branches cross."""
    first: dict[tuple[str, ...], int] = {}  # beginning -> the best rank of those that share it
    for rank, row in enumerate(rows):
        for depth in range(len(row)):
            first.setdefault(tuple(row[: depth + 1]), rank)
    order = sorted(
        range(len(rows)), key=lambda n: ([first[tuple(rows[n][: k + 1])] for k in range(len(rows[n]))], n)
    )
    return [rows[n] for n in order], order


def _render(state: dict) -> Picture:
    found = _found(state["sentence"], state["translator"], state["width"], state["penalty"])
    greedy = translated(state["sentence"], state["translator"])
    rows, ranks = _in_tree_order([_words(one) for one in found])
    shapes: list[Shape] = []
    top = 44.0
    last = [top + k * max(_STEP, 34.0) for k in range(len(rows))]
    placed: dict[tuple[str, ...], tuple[float, float, float]] = {}  # beginning -> left, right, y
    room = 620.0
    widths = [
        max((text_width(r[k], _SIZE, True) for r in rows if k < len(r)), default=0) + 22
        for k in range(max(map(len, rows)))
    ]
    shrink = min(1.0, room / sum(widths))
    for depth in range(max(map(len, rows))):
        x = 14 + sum(widths[:depth]) * shrink
        beginnings: dict[tuple[str, ...], list[int]] = {}
        for n, row in enumerate(rows):
            if depth < len(row):
                beginnings.setdefault(tuple(row[: depth + 1]), []).append(n)
        for beginning, members in beginnings.items():
            y = sum(last[n] for n in members) / len(members)
            size = max(9.0, _SIZE * min(1.0, shrink * 1.12))
            word = shortened(beginning[-1], max(12.0, widths[depth] * shrink - 6), size, True)
            best = any(ranks[n] == 0 for n in members)
            wide = text_width(word, size, best)
            before = placed.get(beginning[:-1])
            if before is not None:
                a, b = (before[1] + 2, before[2]), (x - 3, y)
                bend = (b[0] - a[0]) / 2
                points = (a, (a[0] + bend, a[1]), (b[0] - bend, b[1]), b)
                style = (
                    {"stroke": MARK, "stroke_width": 2.6}
                    if best
                    else {"stroke": "#9a9a9a", "stroke_width": 1.2}
                )
                shapes.append(Curve(points, **style))
            shapes.append(Label(x, y, word, size, "start", best))
            placed[beginning] = (x, x + wide, y)
    right = 14 + sum(widths) * shrink + 12
    value = [one.log_probability / ((5 + len(one.target)) / 6) ** state["penalty"] for one in found]
    shapes += [
        Label(right + 76, 16, "log p", 12, "end", role="muted"),
        Label(right + 144, 16, "compared", 12, "end", role="muted"),
    ]
    for y, rank in zip(last, ranks, strict=True):
        if rank == 0:
            shapes.append(Box(right, y - 13, 152, 26, 4, fill="#fff3e6", stroke=MARK))
        told = (f"{rank + 1}", f"−{-found[rank].log_probability:.2f}", f"−{-value[rank]:.2f}")
        for x, text in zip((20, 76, 144), told, strict=True):
            shapes.append(Label(right + x, y, text, 13, "end", rank == 0))
    better = found[0].log_probability - greedy.log_probability
    caption = f"Best of {len(found)}: “{found[0].text}” (log p −{-found[0].log_probability:.2f})."
    if state["width"] > 1:
        what = "the same sentence" if found[0].text == greedy.text else f"“{greedy.text}”"
        caption += f" Greedy: {what}" + (f", {better:.2f} less likely." if better > 0.005 else ".")
    caption += (
        f" Each step runs {state['width']} beginnings: about {state['width']} times the work of greedy."
    )
    alt = f"Tree of {len(found)} translations that share beginnings: {'; '.join(one.text for one in found)}. {caption}"
    drawing = Drawing(right + 164, last[-1] + 34, tuple(shapes), "Beam search", alt)
    return finished(drawing, caption, [])
