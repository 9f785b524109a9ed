"""Drawings beside one another, each with its title; what can be picked stays where it is drawn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from lecturelib.checks import complaint
from lecturelib.drawing.drawing import Drawing
from lecturelib.drawing.shapes import Label
from lecturelib.show import Picture, Region
from lecturelib.show.regions import svg_size
from lecturelib.show.text_metrics import LEADING, text_lines

_BAND, _LETTERS = 26.0, 16  # px: the room for a title of one line, and its letters


def picture_row(
    pictures: Sequence[Picture], titles: Sequence[str], caption: str = "", alt: str = "", gap: float = 16
) -> Picture:
    """SVG pictures in one row with a title above each; `regions` of all of them can be picked.

    `gap`: px between two pictures. The alt text says each title and picture, if no other is given. Raises `ValueError`
    for no picture, another number of titles, or a picture of pixels.

    >>> from lecturelib.drawing import Drawing
    >>> one = Drawing(100, 50, (), "one", "Nothing.").picture()
    >>> picture_row([one, one], ["left", "right"]).alt
    'left: Nothing. right: Nothing.'
    """
    if not pictures:
        raise ValueError(complaint("pictures", "at least one", "none"))
    if len(pictures) != len(titles):
        raise ValueError(complaint("titles", f"{len(pictures)}, one for each picture", len(titles)))
    drawn = [picture.svg for picture in pictures if picture.svg is not None]
    if len(drawn) < len(pictures):
        raise ValueError(complaint("pictures", "drawings (SVG)", "pixels", "show.side_by_side takes pixels"))
    sizes = [svg_size(svg) for svg in drawn]
    wide = sum(width for width, _ in sizes) + gap * (len(sizes) - 1)
    lines = max(len(text_lines(title)) for title in titles)
    band = _BAND + _LETTERS * LEADING * (lines - 1)
    high = max(height for _, height in sizes) + band
    words = alt or " ".join(f"{title}: {one.alt}" for title, one in zip(titles, pictures, strict=True))
    labels, inner, regions, x = [], [], [], 0.0
    for title, one, svg, (width, height) in zip(titles, pictures, drawn, sizes, strict=True):
        labels.append(Label(x + 8, band / 2 - 1, title, _LETTERS, "start", bold=True))
        placed = re.sub(r"<svg ", f'<svg x="{x:.1f}" y="{band:g}" ', svg, count=1)
        inner.append(placed)
        for part in one.regions:
            left, top, right, bottom = part.box
            box = (
                (x + left * width) / wide,
                (band + top * height) / high,
                (x + right * width) / wide,
                (band + bottom * height) / high,
            )
            regions.append(Region(part.key, box, f"{title}: {part.words}", part.opened))
        x += width + gap
    frame = Drawing(wide, high, tuple(labels), " beside ".join(titles), words)
    svg = frame.svg().removesuffix("</svg>") + "\n".join(inner) + "</svg>"
    made = Picture(svg, words, caption or " ".join(one.caption for one in pictures), round(wide))
    return replace(made, regions=tuple(regions))
