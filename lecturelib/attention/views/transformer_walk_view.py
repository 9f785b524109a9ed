"""The view of one stage of a Transformer: a small block diagram with the stage lit, and the stage's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lecturelib.attention.views.cells import FAINT, MARK, WIDE, finished, hex_of, ink_on, percent, shades
from lecturelib.drawing.drawing import Bitmap, Box, Drawing, Label, Line, Shape, shortened, text_width
from lecturelib.show import Picture
from lecturelib.show.palettes import CATEGORIES, palette

HIGH = 452.0
NEARLY_ALL = 0.98  # of the numbers lie within the range of the colors: a few large ones would pale the rest
_LEFT, _LABELS = 268.0, 74.0  # where the numbers begin, and the px of the tokens before them
_RIGHT, _TOP, _BOTTOM = WIDE - 12.0, 70.0, HIGH - 46.0
_BOX_W, _BOX_H, _GAP = 108.0, 23.0, 8.0
# box -> what stands in it, from the bottom up
ENCODER = {
    "tokens": "tokens",
    "embedding": "embedding",
    "position": "+ position",
    "qkv": "q, k, v",
    "scores": "scores",
    "weights": "softmax",
    "context": "weights · v",
    "out": "heads · W_o",
    "norm1": "add & norm",
    "feed": "feed-forward",
    "norm2": "add & norm",
}
DECODER = {
    "written": "written so far",
    "own": "masked attention",
    "own_norm": "add & norm",
    "cross": "cross-attention",
    "cross_norm": "add & norm",
    "decoder_feed": "feed-forward",
    "decoder_norm": "add & norm",
    "logits": "logits",
    "softmax": "softmax",
}


@dataclass(frozen=True, eq=False)
class StagePanel:
    """Numbers of a stage: `values` (rows, columns) as colors, or with `written` as cells with their numbers in them.

    `share`: from 0 up, as percent. `bars`: one column, drawn as bars. `colored=False`: whole numbers on white.
    `beside`: how many panels share one line.
    """

    name: str
    values: Tensor
    rows: Sequence[str]
    columns: Sequence[str] = ()
    share: bool = False
    written: bool = False
    bars: bool = False
    colored: bool = True
    beside: int = 1


def transformer_walk_view(
    lit: str, title: str, formula: str, panels: Sequence[StagePanel], picked: int = -1, caption: str = ""
) -> Picture:
    """One stage: the box `lit` of the block diagram in orange, `title`, `formula`, and the numbers of every panel.

    `picked`: a row, marked in all panels; its first numbers are written below. Rows of the panels can be picked
    ("row 0" ...).
    """
    shapes: list[Shape] = [
        *_diagram(lit),
        Label(_LEFT, 18, title, 15, "start", bold=True),
        Label(_LEFT, 42, formula, 13.5, "start"),
    ]
    places: dict[str, tuple[str, tuple[float, float, float, float], str]] = {}
    every = torch.cat([panel.values.flatten().abs() for panel in panels])
    limit = float(every.max() if panels[0].written else every.quantile(NEARLY_ALL)) or 1.0
    lines: list[list[StagePanel]] = []
    for panel in panels:
        if panel.beside > 1 and lines and 0 < len(lines[-1]) < panel.beside == lines[-1][0].beside:
            lines[-1].append(panel)
        else:
            lines.append([panel])
    y, room = _TOP, (_BOTTOM - _TOP) / len(lines)
    for line in lines:
        whole = _RIGHT - _LEFT - _LABELS
        wide = whole / line[0].beside
        for k, panel in enumerate(line):
            at = (_LEFT + _LABELS + k * wide, y, wide - (12 if line[0].beside > 1 else 0), room - 24)
            shapes += _panel(panel, at, limit, picked, places, named=k == 0)
        y += room
    shapes += _numbers(panels[-1], picked)
    if not panels[-1].bars and not any(panel.share or not panel.colored for panel in panels):
        shapes += _scale(limit, float(every.max()))
    alt = f"{title}. {formula}. {' '.join(panel.name + '.' for panel in panels)} {caption}"
    drawing = Drawing(WIDE, HIGH, tuple(shapes), "A Transformer, stage by stage", alt)
    return finished(drawing, caption, tuple(places.values()))


def _panel(
    panel: StagePanel,
    at: tuple[float, float, float, float],
    limit: float,
    picked: int,
    places: dict[str, tuple[str, tuple[float, float, float, float], str]],
    named: bool,
) -> list[Shape]:
    left, top, width, height = at
    count, columns = panel.values.shape
    shapes: list[Shape] = [Label(left, top, panel.name, 12.5, "start", role="muted")]
    top += 11
    head = 18.0 if panel.columns else 0.0
    step = min((height - head) / count, 30.0 if panel.written or panel.bars else 22.0)
    if panel.bars:
        return [*shapes, *_bars(panel, left, top + 6, width, step)]
    if panel.written:
        width = min(width, columns * 44.0)
    if panel.share:
        pixels = shades(panel.values.float(), 1.0)
    else:
        pixels = _signed(panel.values * panel.colored, limit)
        limit = limit if panel.colored else float("inf")
    if not panel.written:
        shapes.append(Bitmap(left, top + head, width, step * count, pixels, hard=True))
        shapes.append(
            Box(left, top + head, width, step * count, 0, fill="none", stroke="#9a9a9a", stroke_width=0.8)
        )
    cell = width / columns
    for s, word in enumerate(panel.columns):
        shapes.append(Label(left + (s + 0.5) * cell, top + 8, shortened(word, cell - 2, 12), 12))
    for t, word in enumerate(panel.rows):
        y = top + head + t * step
        if named and (step >= 12.5 or t == picked):
            size = min(13.0, max(step, 12.0))
            name = shortened(word, _LABELS - 12, size)
            ink = MARK if t == picked else None
            shapes.append(Label(left - 8, y + step / 2, name, size, "end", bold=t == picked, fill=ink))
        for s in range(columns) if panel.written else ():
            value, color = float(panel.values[t, s]), hex_of(pixels[t, s])
            text = percent(value) if panel.share else f"{value:.1f}" if panel.colored else f"{value:.0f}"
            dark = value if panel.share else abs(value) / limit
            shapes.append(
                Box(left + s * cell, y, cell - 1, step - 1, 0, fill=color, stroke="#d0d0d0", stroke_width=0.6)
            )
            shapes.append(
                Label(left + (s + 0.5) * cell, y + step / 2, text, min(12.5, step), fill=ink_on(dark * 0.9))
            )
        if t == picked:
            shapes.append(Box(left, y, width, step, 0, fill="none", stroke=MARK, stroke_width=2.2))
        places.setdefault(f"row {t}", (f"row {t}", (left, y, left + width, y + step), word))
    return shapes


def _signed(values: Tensor, limit: float) -> np.ndarray:
    """(H, W, 3) uint8: blue below 0, white at 0, orange above."""
    index = np.rint(127.5 + 127.5 * np.clip(values.float().numpy() / limit, -1, 1)).astype(np.uint8)
    return palette("blue_orange")[index]


def _bars(panel: StagePanel, left: float, top: float, width: float, step: float) -> list[Shape]:
    values = panel.values[:, 0]
    room = width - 70
    most = float(values.abs().max()) or 1.0
    shapes: list[Shape] = []
    for k, (word, value) in enumerate(zip(panel.rows, values.tolist(), strict=True)):
        y = top + (k + 0.5) * step
        first = k == 0
        shapes.append(Label(left - 8, y, shortened(word, _LABELS - 12, 13.5), 13.5, "end", bold=first))
        shapes.append(
            Box(
                left, y - 8, max(room * max(value, 0) / most, 0.8), 16, 0,
                fill=MARK if first else CATEGORIES[0], stroke="none",
            )
        )  # fmt: skip
        text = f"{100 * value:.1f} %" if panel.share else f"{value:.1f}"
        shapes.append(Label(left + room * max(value, 0) / most + 8, y, text, 13, "start", bold=first))
    return shapes


def _numbers(panel: StagePanel, picked: int) -> list[Shape]:
    """The first numbers of the picked row of the last panel."""
    if panel.bars or panel.written or not 0 <= picked < len(panel.rows):
        return []
    first = "   ".join(f"{value:.2f}" for value in panel.values[picked, :7].tolist())
    text = f"{first}   ...  ({panel.values.shape[1]} numbers)"
    return [
        Label(_LEFT + _LABELS - 8, HIGH - 36, shortened(panel.rows[picked], 70, 13), 13, "end", bold=True, fill=MARK),
        Label(_LEFT + _LABELS, HIGH - 36, text, 13, "start"),
    ]  # fmt: skip


def _scale(limit: float, largest: float) -> list[Shape]:
    ramp = _signed(torch.linspace(-limit, limit, 64)[None], limit)
    x, y = _LEFT + _LABELS, HIGH - 14
    low, high = f"−{limit:.1f}", f"{limit:.1f}"
    if largest > limit:
        low, high = f"{low} and below", f"{high} and above; farthest from 0: {largest:.1f}"
    bar = x + text_width(low, 12) + 8
    return [
        Label(x, y, low, 12, "start", role="muted"),
        Bitmap(bar, y - 6, 110, 12, ramp),
        Box(bar, y - 6, 110, 12, 0, fill="none", stroke="#9a9a9a", stroke_width=0.8),
        Label(bar + 118, y, high, 12, "start", role="muted"),
    ]


def _diagram(lit: str) -> list[Shape]:
    """The two stacks, from the bottom up, with one box lit."""
    step = _BOX_H + _GAP
    base = HIGH - 20
    roles = {
        **dict.fromkeys(("qkv", "scores", "weights", "context", "out", "own", "cross"), "attention"),
        **dict.fromkeys(("norm1", "norm2", "own_norm", "cross_norm", "decoder_norm"), "norm"),
        **dict.fromkeys(("feed", "decoder_feed", "logits"), "linear"),
        **dict.fromkeys(("embedding", "position", "written"), "embedding"),
        "softmax": "activation",
    }
    shapes: list[Shape] = []
    left, right = 14.0, 142.0
    # frames of a layer: the encoder's from q, k, v to the second add & norm, the decoder's around its six parts
    for x, first, count in ((left, 3, 8), (right, 1, 6)):
        top = base - (first + count) * step + _GAP - 5
        framed = lit == "stacked" and x == left
        shapes.append(
            Box(
                x - 7, top, _BOX_W + 14, count * step - _GAP + 10, 8,
                fill="none", stroke=MARK if framed else "#9a9a9a", stroke_width=3.0 if framed else 1.0,
            )
        )  # fmt: skip
        shapes.append(Label(x - 5, top - 10, "× 2", 12.5, "start", bold=True, role="muted"))
    for x, stack in ((left, ENCODER), (right, DECODER)):
        for k, (key, words) in enumerate(stack.items()):
            y = base - (k + 1) * step + _GAP - (14 if key in ("logits", "softmax") else 0)
            on = key == lit
            role, mark = "other" if on else roles.get(key, "input"), MARK if on else None
            shapes.append(Box(x, y, _BOX_W, _BOX_H, 5, role=role, fill=mark, stroke=mark, stroke_width=1.2))
            ink = "#ffffff" if on else None
            shapes.append(Label(x + _BOX_W / 2, y + _BOX_H / 2, words, 12, fill=ink))
            if k:
                below = y + step + (14 if key == "logits" else 0)
                shapes.append(Line(((x + _BOX_W / 2, below), (x + _BOX_W / 2, y + _BOX_H)), stroke=FAINT))
    # the encoder's output goes to the decoder's cross-attention
    top = base - 11 * step + _GAP
    across = base - 4 * step + _GAP + _BOX_H / 2
    middle = (left + _BOX_W + right) / 2
    way = (
        (left + _BOX_W / 2, top),
        (left + _BOX_W / 2, top - 30),
        (middle, top - 30),
        (middle, across),
        (right, across),
    )
    shapes.append(Line(way, arrow=True, radius=6, stroke=FAINT))
    shapes.append(Label(left, 18, "encoder", 13, "start", bold=True))
    shapes.append(Label(right, 18, "decoder", 13, "start", bold=True))
    return shapes
