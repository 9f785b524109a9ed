"""Places in a picture that a student can pick and open, and how large an SVG is."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SIZE = re.compile(r"\b(width|height)=[\"']([0-9.]+)(?:px)?[\"']")
_BOX = re.compile(r"\bviewBox=[\"']\s*\S+\s+\S+\s+([0-9.]+)\s+([0-9.]+)\s*[\"']")


@dataclass(frozen=True)
class Region:
    """One place of a picture: its key in the explorable's state, where it lies, and its words.

    `box`: (left, top, right, bottom) in fractions of the picture. `opened`: whether what it holds is shown, None where
    it holds nothing. Raises ValueError for a box outside the picture, or for no words.

    >>> from lecturelib.show import Region
    >>> Region("conv1", (0, 0, 0.5, 1), "the first layer").plain()["box"]
    [0, 0, 0.5, 1]
    """

    key: str
    box: tuple[float, float, float, float]
    words: str
    opened: bool | None = None

    def __post_init__(self):
        left, top, right, bottom = self.box
        if not (-1e-6 <= left < right <= 1 + 1e-6 and -1e-6 <= top < bottom <= 1 + 1e-6):
            raise ValueError(f"region {self.key!r}: its box {self.box} must lie in the picture, from 0 to 1")
        if not self.words.strip():
            raise ValueError(f"region {self.key!r} has no words; a screen reader says them")

    def plain(self) -> dict:
        """As the page takes it."""
        return {"key": self.key, "box": list(self.box), "words": self.words, "opened": self.opened}


def svg_size(svg: str) -> tuple[float, float]:
    """Width and height of an SVG as its first element says them, in CSS pixels; zeros where it says none."""
    start = svg.index("<svg")
    head = svg[start : svg.index(">", start)]
    said = {name: float(value) for name, value in _SIZE.findall(head)}
    box = _BOX.search(head)
    natural = tuple(map(float, box.groups())) if box else (0.0, 0.0)
    return said.get("width", natural[0]), said.get("height", natural[1])
