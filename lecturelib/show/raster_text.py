"""Letters inside pictures: one font, found without importing matplotlib, drawn by Pillow."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

INK = (34, 34, 34)


@lru_cache
def font(size: int):
    """DejaVu Sans in pixels: it comes inside matplotlib, so that every machine draws the same letters."""
    from importlib.util import find_spec
    from pathlib import Path

    from PIL import ImageFont

    spec = find_spec("matplotlib")
    if spec is not None and spec.submodule_search_locations:
        path = Path(spec.submodule_search_locations[0]) / "mpl-data/fonts/ttf/DejaVuSans.ttf"
        if path.is_file():
            return ImageFont.truetype(str(path), size)
    return ImageFont.load_default(size)


def text_width(words: str, size: int) -> int:
    """Width of a line of text in pixels."""
    return int(np.ceil(font(size).getlength(words)))


def shortened(words: str, size: int, room: int) -> str:
    """The words, cut with an ellipsis to fit into `room` pixels."""
    if text_width(words, size) <= room:
        return words
    while words and text_width(words + "…", size) > room:
        words = words[:-1]
    return words.rstrip() + "…" if words else ""


def number(value: float, span: float = 0.0) -> str:
    """A number as a student reads it: three significant digits, a true minus sign; 0 where `span` dwarfs it."""
    if abs(value) < 1e-3 * span:
        return "0"
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def draw_text(pixels: np.ndarray, items: list[tuple[tuple[float, float], str, int, str]], ink=INK) -> None:
    """Writes lines of text into (H, W, 3) pixels, in place.

    Each item is ((x, y), words, size, anchor), the anchor as Pillow's: "lt" left top, "ms" middle baseline,
    "rm" right middle ...
    """
    from PIL import Image, ImageDraw

    sheet = Image.fromarray(pixels)
    pen = ImageDraw.Draw(sheet)
    for (x, y), words, size, anchor in items:
        pen.text((x, y), words, font=font(size), fill=ink, anchor=anchor)
    pixels[:] = np.asarray(sheet)
