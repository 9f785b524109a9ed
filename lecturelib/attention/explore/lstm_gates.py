"""The gates of the encoder's LSTM while it reads a sentence, all in one picture."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from lecturelib.attention.explore.sentence_controls import sentence_control, translator_control
from lecturelib.attention.lstm_gates import lstm_gates
from lecturelib.attention.translators import translator
from lecturelib.attention.views.cells import MARK, finished, shades
from lecturelib.drawing.drawing import Bitmap, Box, Drawing, Label, Line, Shape, shortened
from lecturelib.show import Picture
from lecturelib.show.palettes import palette
from lecturelib.widgets import Choice, Explorable, RegionPicker

ROWS = {
    "input": "input gate i", "forget": "forget gate f", "output": "output gate o",
    "candidate": "candidate g", "cell": "cell c", "hidden": "state h",
}  # fmt: skip
SIGNED = ("candidate", "cell", "hidden")
DIRECTIONS = {"forward": "from the left", "backward": "from the right"}
ORDERS = {"forget": "by their forget gate", "own": "as they are numbered"}


def lstm_gates_explorer() -> Explorable:
    """One column a token, one line a unit: what is let in, what is kept, what is shown of the encoder's memory."""
    controls = [
        sentence_control("The white house was built a long time ago.", "She has a red car.", "I don't know."),
        translator_control("attention", "fixed"),
        Choice("direction", tuple(DIRECTIONS), label="reads", labels=tuple(DIRECTIONS.values())),
        Choice("order", tuple(ORDERS), label="units sorted", labels=tuple(ORDERS.values())),
        RegionPicker(tuple(f"column {k}" for k in range(64)), hover=True, label="tokens that are read"),
    ]
    presets = {
        "read from the left": {"direction": "forward"},
        "read from the right": {"direction": "backward"},
    }
    return Explorable(_render, controls, "Gates of the encoder", presets)


@lru_cache(maxsize=32)
def encoder_gates(sentence: str, name: str, backward: bool) -> tuple[list[str], dict[str, Tensor]]:
    """The tokens of a sentence, and every gate of the encoder while it reads them, name -> (S, h)."""
    own = translator(name)
    ids = own.encode(sentence)
    x = own.model.embed(torch.tensor([ids]))[0]  # (S, e)
    return own.tokenizer.tokens(ids), lstm_gates(own.model.encoder, x, backward)


def _render(state: dict) -> Picture:
    tokens, gates = encoder_gates(state["sentence"], state["translator"], state["direction"] == "backward")
    words = [token.replace("▁", "").replace("</s>", "(end)") for token in tokens]
    count, units = gates["forget"].shape
    order = gates["forget"].mean(0).argsort() if state["order"] == "forget" else torch.arange(units)
    left, top, wide, high = 126.0, 74.0, 640.0, 66.0
    step = wide / count
    shapes: list[Shape] = []
    for n, (name, title) in enumerate(ROWS.items()):
        y, values = top + n * (high + 8), gates[name][:, order].T  # (h, S)
        if name in SIGNED:
            size = float(values.abs().max()) if name == "cell" else 1.0
            index = np.rint((values.numpy() / size + 1) * 127.5).clip(0, 255).astype(np.uint8)
            pixels, scale = palette("blue_orange")[index], f"−{size:.2g} … {size:.2g}"
        else:
            pixels, scale = shades(values, 1.0), f"mean {values.mean():.2f}"
        shapes += [
            Label(left - 10, y + high / 2 - 9, title, 14, "end", bold=True),
            Label(left - 10, y + high / 2 + 10, scale, 12, "end", role="muted"),
            Bitmap(left, y, wide, high, pixels, hard=True),
            Box(left, y, wide, high, 0, fill="none", stroke="#8a8a8a", stroke_width=0.8),
        ]
    bottom = top + len(ROWS) * (high + 8) - 8
    picked = int(state["picked"].split()[1]) if state["picked"] else -1
    places = []
    for k, word in enumerate(words):
        x, mine = left + (k + 0.5) * step, k == picked
        size = min(14.0, max(9.0, step * 0.8))
        text = shortened(word, 62, size, mine)
        shapes.append(Label(x, top - 8, text, size, "start", mine, True, fill=MARK if mine else None))
        places.append((f"column {k}", (x - step / 2, 6, x + step / 2, bottom), f"{word}, {k + 1} of {count}"))
        if k:
            edge = left + k * step
            shapes.append(Line(((edge, top), (edge, bottom)), stroke="#ffffff", stroke_width=0.8))
    shapes.append(
        Label(
            left,
            bottom + 16,
            "gates: white 0, deep blue 1; below: blue negative, orange positive",
            12,
            "start",
            role="muted",
        )
    )
    if 0 <= picked < count:
        shapes.append(
            Box(left + picked * step, top, step, bottom - top, 0, fill="none", stroke=MARK, stroke_width=3)
        )
        told = ", ".join(
            f"{ROWS[name]} {gates[name][picked].mean():.2f}" for name in ("input", "forget", "output")
        )
        caption = f"At “{words[picked]}”: {told} (means of {units} units)."
    else:
        kept = gates["forget"].mean(1)
        low = int(kept.argmin())
        caption = (
            f"{units} units read {count} tokens {DIRECTIONS[state['direction']]}. Most is forgotten at “{words[low]}” "
            f"(mean forget gate {kept[low]:.2f}, of all tokens {kept.mean():.2f})."
        )
    drawing = Drawing(
        790, bottom + 32, tuple(shapes), "Gates of the encoder", f"Six bands, one column a token. {caption}"
    )
    return finished(drawing, caption, places)
