"""The next-token view: the likeliest next tokens as bars, before and after they are cut, and how a sentence goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lecturelib.attention.views.cells import FAINT, MARK, WIDE
from lecturelib.drawing.drawing import Box, Drawing, Label, Line, Shape, shortened, text_width
from lecturelib.show import Picture
from lecturelib.show.palettes import CATEGORIES

_LEFT, _BAR, _STEP, _TOP = 118.0, 540.0, 23.0, 62.0
_LINE = 24.0  # px between two continuations


def readable(token: str) -> str:
    """A subword token as it is written in pictures: a word as it is, what continues a word after "+", END as "(end)".

    >>> readable("▁house"), readable("ing"), readable("</s>"), readable(".")
    ('house', '+ing', '(end)', '.')
    """
    if token == "</s>":
        return "(end)"
    if token.startswith("▁"):
        return token[1:] or "space"
    return f"+{token}" if token[:1].isalnum() else token


def next_token_view(
    tokens: Sequence[str],
    own: Sequence[float],
    changed: Sequence[float],
    others: tuple[float, float],
    continuations: Sequence[tuple[str, str, str]],
    caption: str = "",
) -> Picture:
    """Bars of the likeliest `tokens`: the model's own probabilities as outlines, the `changed` ones filled.

    A token whose changed probability is 0 is cut: grey and struck out. `others`: what all other tokens have, before and
    after. `continuations`: (name, what was given, how it goes on), one line each.
    """
    most = max(*own, *changed, 1e-9)
    top = next(edge for edge in (0.1, 0.25, 0.5, 1.0) if edge >= most - 1e-9 or edge == 1.0)
    shapes: list[Shape] = [
        Label(12, 18, "the next token", 15, "start", bold=True),
        Box(_LEFT + 150, 11, 26, 13, 0, fill="none", stroke="#555555", stroke_width=1.6),
        Label(_LEFT + 184, 18, "the model's own probability", 12.5, "start"),
        Box(_LEFT + 384, 11, 26, 13, 0, fill=CATEGORIES[0], stroke="none"),
        Label(_LEFT + 418, 18, "what is drawn from", 12.5, "start"),
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = _LEFT + _BAR * share
        shapes.append(Line(((x, _TOP - 14), (x, _TOP + len(tokens) * _STEP - 8)), stroke="#e2e2e2"))
        shapes.append(Label(x, _TOP - 24, f"{100 * share * top:g} %", 11.5, role="muted"))
    rows = [*zip(tokens, own, changed, strict=True), (f"{'all others'}", *others)]
    for k, (token, before, after) in enumerate(rows):
        rest = k == len(tokens)
        y = _TOP + k * _STEP + (8 if rest else 0)
        cut = after == 0
        style: dict[str, Any] = {"fill": FAINT if cut else None}
        name = shortened(token, _LEFT - 22, 14)
        shapes.append(Label(_LEFT - 10, y, name, 14, "end", **style))
        if cut and not rest:
            wide = text_width(name, 14)
            shapes.append(Box(_LEFT - 10 - wide, y - 0.8, wide, 1.6, 0, fill=FAINT, stroke="none"))
        if not rest:
            shapes += [
                Box(_LEFT, y - 7, max(_BAR * after / top, 0.01), 14, 0, fill=CATEGORIES[0], stroke="none"),
                Box(
                    _LEFT, y - 8, max(_BAR * before / top, 0.8), 16, 0,
                    fill="none", stroke="#555555", stroke_width=1.6,
                ),
            ]  # fmt: skip
        else:
            shapes.append(
                Label(_LEFT + 8, y, f"{_percent(before)} → {_percent(after)} together", 13, "start")
            )
            continue
        shapes.append(Label(_LEFT + _BAR + 12, y, _percent(after), 13, "start", bold=after > 0, **style))
    y = _TOP + (len(tokens) + 1) * _STEP + 22
    for name, given, rest_ in continuations:
        shapes.append(Label(12, y, name, 13, "start", role="muted"))
        x = 118.0
        for text, color in ((given, None), (rest_, MARK)):
            room = WIDE - x - 8
            if text and room > 20:
                shown = shortened(text, room, 14)
                shapes.append(Label(x, y, shown, 14, "start", bold=color is not None, fill=color))
                x += text_width(shown, 14, color is not None) + 4
        y += _LINE
    listed = ", ".join(f"{token} {_percent(p)}" for token, p in list(zip(tokens, changed, strict=True))[:6])
    alt = f"Bars of the likeliest next tokens: {listed}. {caption}"
    return Drawing(WIDE, y - 4, tuple(shapes), "Next token", alt).picture(caption)


def _percent(p: float) -> str:
    return "0 %" if p == 0 else f"{100 * p:.1f} %" if p >= 0.001 else "< 0.1 %"
