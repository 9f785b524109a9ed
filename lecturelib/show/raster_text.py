"""Letters inside pictures of pixels: drawn by Pillow, measured by `text_metrics`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from lecturelib.show.text_metrics import LEADING, font, text_lines, text_width

INK = (34, 34, 34)
Item = tuple[tuple[float, float], str, int, str]  # (x, y), text, size of the letters, Pillow's anchor


def pixel_width(text: str, size: int) -> int:
    """The width of a text in whole pixels, rounded up.

    >>> pixel_width("", 18)
    0
    """
    return math.ceil(text_width(text, size))


def number(value: float, span: float = 0.0) -> str:
    """A number with three significant digits and a true minus sign; 0 where `span` is 1000 times larger.

    >>> number(-1234.5), number(1e-9, span=1)
    ('−1.23e+03', '0')
    """
    if abs(value) < 1e-3 * span:
        return "0"
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def draw_text(pixels: np.ndarray, items: Sequence[Item], ink: tuple[int, int, int] = INK) -> None:
    """Writes texts into (H, W, 3) uint8 pixels, in place.

    Each item is ((x, y), text, size, anchor), the anchor as Pillow's: "lt" left top, "ms" middle baseline,
    "rm" right middle ... A text of several lines hangs from (x, y), stands on it, or is centered there, as its anchor
    says.
    """
    from PIL import Image, ImageDraw

    sheet = Image.fromarray(pixels)
    pen = ImageDraw.Draw(sheet)
    for (x, y), text, size, anchor in items:
        lines = text_lines(text)
        step = LEADING * size
        above = {"a": 0.0, "t": 0.0, "m": 0.5}.get(anchor[1], 1.0) * (len(lines) - 1)
        for k, line in enumerate(lines):
            pen.text((x, y + (k - above) * step), line, font=font(size), fill=ink, anchor=anchor)
    pixels[:] = np.asarray(sheet)
