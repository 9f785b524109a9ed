"""Drawings beside one another, each with its title; what can be picked stays where it is drawn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from lecturelib.drawing.drawing import Drawing, Label
from lecturelib.show import Picture, Region
from lecturelib.show.regions import svg_size

_BAND = 26.0


def picture_row(
    pictures: Sequence[Picture], titles: Sequence[str], caption: str = "", alt: str = "", gap: float = 16
) -> Picture:
    """SVG pictures in one row with a title above each; `regions` of all of them can be picked.

    The alt text says each title and picture, if no other is given. Raises ValueError for no picture, another number of
    titles, or a picture of pixels.
    """
    if not pictures or len(pictures) != len(titles):
        raise ValueError(f"picture_row: {len(pictures)} pictures and {len(titles)} titles were given")
    if any(picture.svg is None for picture in pictures):
        raise ValueError("picture_row: drawings (SVG) are needed; show.side_by_side takes pixels")
    sizes = [svg_size(picture.svg) for picture in pictures]
    wide = sum(width for width, _ in sizes) + gap * (len(sizes) - 1)
    high = max(height for _, height in sizes) + _BAND
    words = alt or " ".join(f"{title}: {one.alt}" for title, one in zip(titles, pictures, strict=True))
    labels, inner, regions, x = [], [], [], 0.0
    for title, one, (width, height) in zip(titles, pictures, sizes, strict=True):
        labels.append(Label(x + 8, 12, title, 16, "start", bold=True))
        placed = re.sub(r"<svg ", f'<svg x="{x:.1f}" y="{_BAND}" ', one.svg, count=1)
        inner.append(placed)
        for part in one.regions:
            left, top, right, bottom = part.box
            box = (
                (x + left * width) / wide,
                (_BAND + top * height) / high,
                (x + right * width) / wide,
                (_BAND + bottom * height) / high,
            )
            regions.append(Region(part.key, box, f"{title}: {part.words}", part.opened))
        x += width + gap
    frame = Drawing(wide, high, tuple(labels), " beside ".join(titles), words)
    svg = frame.svg().removesuffix("</svg>") + "\n".join(inner) + "</svg>"
    made = Picture(svg, words, caption or " ".join(one.caption for one in pictures), round(wide))
    return replace(made, regions=tuple(regions))
