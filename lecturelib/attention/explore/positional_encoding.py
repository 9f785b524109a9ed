"""The sinusoidal positional encoding: its rows, and how similar two positions are."""

from __future__ import annotations

from lecturelib.attention.multihead import positional_encoding
from lecturelib.attention.views.positional_encoding_view import positional_encoding_view
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Control, Explorable, Slider

SIZES = (8, 16, 32, 64, 128, 160)


def positional_encoding_explorer() -> Explorable:
    """Each position's encoding as a row of colors; the curve says how similar every other position's is."""

    def refresh(state: dict) -> dict[str, Control]:
        return {"position": Slider("position", 0, state["length"] - 1, value=min(10, state["length"] - 1))}

    controls = [
        Slider("length", 8, 128, 8, 64, label="positions"),
        Choice("d", SIZES, 64, label="size d of the encoding", slider=True),
        Slider("position", 0, 63, value=10),
    ]
    presets = {
        "the translators' own": {"length": 64, "d": 160, "position": 10},
        "few columns, many positions": {"length": 128, "d": 8, "position": 10},
        "the first position": {"length": 64, "d": 64, "position": 0},
    }
    return Explorable(_render, controls, "Positional encoding", presets, refresh)


def _render(state: dict) -> Picture:
    length, d, position = state["length"], state["d"], state["position"]
    code = positional_encoding(length, d)
    likeness = (code @ code[position] / (d / 2)).tolist()  # each sine-cosine pair has length 1
    near = likeness[position + 1] if position + 1 < length else likeness[position - 1]
    far = max((v for k, v in enumerate(likeness) if abs(k - position) > length // 4), default=0.0)
    caption = (
        f"The neighbor of position {position} has a cosine of {near:.2f}, the most alike of those more than "
        f"{length // 4} away {far:.2f}. The curve depends on the distance only, so a head can learn “three words back”."
    )
    return positional_encoding_view(code, position, likeness, caption)
