"""A white sheet on which an explorable lays pictures and words at places of their own."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from lecturelib.show import Picture, pixels_of
from lecturelib.show.palettes import color as color_bytes
from lecturelib.show.raster_text import draw_text, pixel_width
from lecturelib.show.text_metrics import shortened

LETTERS = 16
BLOCKS = 40  # pixels: pictures of digits and kernels keep their edges
TITLE = LETTERS + 8  # pixels that a title takes above its picture


class Sheet:
    """Parts are put at (top, left) in pixels; the sheet is as large as they need, at least `width` wide."""

    def __init__(self, width: int = 1):
        self._width, self._height = width, 1
        self._parts: list[tuple[int, int, np.ndarray]] = []
        self._words: list[tuple[tuple[float, float], str, int, str]] = []

    def put(self, part: object, top: int, left: int, title: str = "", side: int | None = None) -> int:
        """Lays a picture (what `pixels_of` takes) under its title, brought to `side` pixels on its longer side.

        Gives the row below it. A picture that grows by a whole factor keeps the edges of its pixels.
        """
        pixels = pixels_of(part)
        if side is not None:
            pixels = resized(pixels, side)
        if title:
            self.words(title, top, left)
            top += TITLE
        self._parts.append((top, left, pixels))
        self._grow(top + len(pixels), left + pixels.shape[1])
        return top + len(pixels)

    def words(self, line: str, top: int, left: int, letters: int = LETTERS, room: int | None = None) -> int:
        """Writes a line, shortened to `room` pixels; gives the row below it."""
        line = line if room is None else shortened(line, room, letters)
        self._words.append(((left, top), line, letters, "la"))
        self._grow(top + letters + 6, left + pixel_width(line, letters))
        return top + letters + 6

    def picture(self, alt: str, caption: str, chosen: Sequence[int] = ()) -> Picture:
        """The sheet as a Picture; `chosen`: which of the pictures put on it are its `panels`, in order."""
        pixels = np.full((self._height, self._width, 3), 255, np.uint8)
        panels = []
        for top, left, part in self._parts:
            bottom, right = top + len(part), left + part.shape[1]
            pixels[top:bottom, left:right] = part
            panels.append(
                (left / self._width, top / self._height, right / self._width, bottom / self._height)
            )
        if self._words:
            draw_text(pixels, self._words)
        return Picture(pixels, alt, caption, self._width, tuple(panels[k] for k in chosen))

    def _grow(self, bottom: int, right: int) -> None:
        self._height, self._width = max(self._height, bottom), max(self._width, right)


def resized(pixels: np.ndarray, side: int) -> np.ndarray:
    """Pixels (h, w, 3) with the longer side of `side` pixels; where it is below `BLOCKS`, its pixels become blocks."""
    longer = max(pixels.shape[:2])
    if side % longer == 0:
        return pixels.repeat(side // longer, axis=0).repeat(side // longer, axis=1)
    size = (max(1, round(pixels.shape[1] * side / longer)), max(1, round(pixels.shape[0] * side / longer)))
    way = Image.Resampling.NEAREST if longer < BLOCKS <= side else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(pixels).resize(size, way))


def signed_bars(
    labels: Sequence[str], values: Sequence[float], width: int, largest: float | None = None
) -> np.ndarray:
    """Bars from a line at 0, orange to the right and blue to the left, each with its name and its signed number."""
    largest = max([abs(value) for value in values] + [1e-9]) if largest is None else largest
    numbers = [f"{value:+.2f}".replace("-", "\N{MINUS SIGN}") for value in values]
    names = min(max(pixel_width(label, LETTERS) for label in labels) + 10, width // 2)
    digits = max(pixel_width(text, LETTERS) for text in numbers) + 10
    step, middle = LETTERS + 10, names + (width - names - digits) // 2
    reach = (width - names - digits) // 2
    pixels = np.full((step * len(values), width, 3), 255, np.uint8)
    words = []
    for k, value in enumerate(values):
        top, bottom = k * step + 4, (k + 1) * step - 4
        end = middle + round(reach * max(-1.0, min(1.0, value / largest)))
        left, right = min(middle, end), max(middle, end)
        pixels[top:bottom, left:right] = color_bytes("orange" if value > 0 else "blue")
        words.append(
            ((names - 8, (top + bottom) / 2), shortened(labels[k], names - 8, LETTERS), LETTERS, "rm")
        )
        words.append(((width - 1, (top + bottom) / 2), numbers[k], LETTERS, "rm"))
    pixels[:, middle] = (90, 90, 90)
    draw_text(pixels, words)
    return pixels
