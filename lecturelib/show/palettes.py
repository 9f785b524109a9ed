"""Colors that everybody can tell apart, as small tables.

Magnitudes take viridis or cividis, signed values a blue-white-orange map centered at 0, categories the
eight colors of Okabe and Ito (2008), each with a line style and a marker of its own.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lecturelib.checks import complaint

# Okabe, Ito: "Color Universal Design" (2008). Yellow comes last: it is weak on white.
CATEGORIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
# Ten kinds, as digits and clothes have: without the yellow, and three more that differ in lightness too.
TEN = (*CATEGORIES[:7], "#8A6D00", "#7F7F7F", "#5B3A8C")
LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1)), (0, (3, 4)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

# From deep blue over white to deep orange: blue and orange stay apart in every common color blindness,
# and both ends are equally dark, so that the size of a value survives a grey print.
_BLUE_ORANGE = ((8, 48, 107), (49, 113, 178), (140, 186, 220), (247, 247, 247),
                (247, 178, 103), (205, 102, 20), (112, 44, 4))  # fmt: skip

MAGNITUDE = ("viridis", "cividis", "inferno", "grey")
SIGNED = ("blue_orange",)


@lru_cache
def palette(name: str) -> np.ndarray:
    """The 256 colors of a palette, from its smallest to its largest value.

    Returns a read-only (256, 3) uint8 table. Raises ValueError for a name other than `viridis`, `cividis`,
    `inferno`, `grey` and `blue_orange`.
    """
    if name == "grey":
        table = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    elif name == "blue_orange":
        anchors = np.array(_BLUE_ORANGE, dtype=np.float64)
        # Symmetric around the middle of the table: both 127 and 128 are as near to 0 as can be.
        position = np.linspace(0, len(anchors) - 1, 256)
        columns = [np.interp(position, np.arange(len(anchors)), anchors[:, k]) for k in range(3)]
        table = np.stack(columns, axis=1).round().astype(np.uint8)
    elif name in ("viridis", "cividis", "inferno"):
        import matplotlib  # 0.1 s, once, and without pyplot

        table = (matplotlib.colormaps[name](np.arange(256))[:, :3] * 255).round().astype(np.uint8)
    else:
        raise ValueError(f"palette {name!r}: choose one of {', '.join(MAGNITUDE + SIGNED)}")
    table.flags.writeable = False
    return table


def color(name: str | tuple[int, int, int]) -> tuple[int, int, int]:
    """A color as three bytes, from `"#D55E00"`, a name (`"orange"`, `"blue"` ...) or three bytes.

    Raises ValueError where it is none of these.
    """
    if isinstance(name, tuple):
        if len(name) == 3 and all(isinstance(v, int) and 0 <= v <= 255 for v in name):
            return name
        raise ValueError(complaint("color", "three whole numbers from 0 to 255", name))
    text = NAMED.get(name, name)
    if isinstance(text, str) and len(text) == 7 and text[0] == "#":
        try:
            return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)
        except ValueError:
            pass  # falls through to the one sentence below
    raise ValueError(f"color {name!r}: give '#rrggbb', three bytes, or one of {', '.join(NAMED)}")


NAMED = {
    "blue": CATEGORIES[0],
    "orange": CATEGORIES[1],
    "green": CATEGORIES[2],
    "pink": CATEGORIES[3],
    "amber": CATEGORIES[4],
    "sky": CATEGORIES[5],
    "black": "#000000",
    "yellow": CATEGORIES[7],
    "white": "#ffffff",
    "grey": "#808080",
}
