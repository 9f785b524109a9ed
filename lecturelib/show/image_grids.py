"""Several pictures in one: grids, rows with titles, boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lecturelib.checks import complaint
from lecturelib.show.palettes import color as color_bytes
from lecturelib.show.picture import PIXELATED_BELOW, STUDENT_SIZE, Picture, pixels_of
from lecturelib.show.raster_text import draw_text, pixel_width
from lecturelib.show.text_metrics import LEADING, shortened, text_lines

_TITLE = 20  # letters at STUDENT_SIZE, readable from the back of a lecture hall
_LABEL = 15
PAGE = 820  # CSS pixels beside the controls in a window of 1280


def tiled(
    images: object,
    columns: int,
    labels: Sequence[str] | None = None,
    zoom: int = 1,
    pad: int = 2,
    alt: str | None = None,
    caption: str = "",
) -> Picture:
    """Many images of one size as a single picture, row by row.

    `images`: a tensor (N, 3, H, W), (N, 1, H, W) or (N, H, W), or a sequence of what `pixels_of` takes.
    `labels`: a line below each image, shortened to fit. `zoom`: how many pixels each pixel becomes. `pad`:
    white pixels between images. `.panels` holds where each image lies. Raises ValueError for no image,
    unequal sizes, or another number of labels.

    >>> import torch
    >>> from lecturelib.show import tiled
    >>> tiled(torch.zeros(4, 1, 8, 8), columns=2, pad=2)
    <Picture 18 x 18: Grid of 4 images in 2 columns.>
    """
    parts = _each(images)
    for name, value, least in (("columns", columns, 1), ("zoom", zoom, 1), ("pad", pad, 0)):
        if not isinstance(value, int) or value < least:
            raise ValueError(f"{name}={value!r}: a whole number, {least} or more")
    sizes = {part.shape[:2] for part in parts}
    if len(sizes) > 1:
        raise ValueError(f"tiled: the images have different sizes {sorted(sizes)}; side_by_side takes those")
    if labels is not None and len(labels) != len(parts):
        raise ValueError(f"tiled: {len(labels)} labels for {len(parts)} images")
    height, width = (zoom * length for length in sizes.pop())
    columns = min(columns, len(parts))
    rows = -(-len(parts) // columns)
    band = _LABEL + 6 if labels is not None else 0
    step_y, step_x = height + band + pad, width + pad
    sheet = np.full((rows * step_y - pad, columns * step_x - pad, 3), 255, np.uint8)
    places, words = [], []
    for k, part in enumerate(parts):
        top, left = (k // columns) * step_y, (k % columns) * step_x
        sheet[top : top + height, left : left + width] = part.repeat(zoom, axis=0).repeat(zoom, axis=1)
        places.append((top, left, top + height, left + width))
        if labels is not None:
            line = shortened(str(labels[k]), width, _LABEL)
            words.append(((left + width / 2, top + height + 3), line, _LABEL, "mt"))
    if words:
        draw_text(sheet, words)
    if alt is None:
        named = "" if labels is None else ": " + ", ".join(map(str, labels))
        alt = f"Grid of {len(parts)} images in {columns} columns{named}."
    return Picture(sheet, alt, caption, panels=_fractions(places, sheet))


def side_by_side(
    pictures: Sequence[Any],
    titles: Sequence[str] | None = None,
    height: int = STUDENT_SIZE,
    gap: int = 20,
    alt: str | None = None,
    caption: str = "",
) -> Picture:
    """Pictures in one row at one height, each with a title above it.

    `pictures`: Pictures, or what `pixels_of` takes (then `alt` is required). `height`: pixels that each gets;
    small ones grow by whole blocks, charts (with a width of their own) are not enlarged. `.panels` holds
    where each lies. Captions are joined. Raises ValueError for no picture or another number of titles,
    TypeError where alt text is missing.

    >>> import torch
    >>> from lecturelib.show import picture, side_by_side
    >>> pair = [picture(torch.zeros(1, 8, 8), alt="Black."), picture(torch.ones(1, 8, 8), alt="White.")]
    >>> side_by_side(pair, ["left", "right"], height=64).alt
    'left: Black. right: White.'
    """
    pictures = list(pictures)
    if not pictures:
        raise ValueError("side_by_side: no pictures given")
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"side_by_side: {len(titles)} titles for {len(pictures)} pictures")
    if alt is None and not all(isinstance(one, Picture) for one in pictures):
        raise TypeError("side_by_side: give alt=..., or Pictures, which carry their own")
    parts = [_at_height(one, height) for one in pictures]
    widths = [part.shape[1] for part in parts]
    # A row wider than the page is shown smaller there: its titles must stay readable.
    letters = round(_TITLE * max(1, (sum(widths) + gap * (len(widths) - 1)) / PAGE))
    if titles is not None:
        # A title longer than its picture gets the room: what a picture is must not be cut.
        widths = [
            max(width, pixel_width(title, letters)) for width, title in zip(widths, titles, strict=True)
        ]
    band = 0
    if titles is not None:
        band = letters + 12 + round(LEADING * letters) * (max(len(text_lines(title)) for title in titles) - 1)
    sheet = np.full((height + band, sum(widths) + gap * (len(parts) - 1), 3), 255, np.uint8)
    places, words, left = [], [], 0
    for k, (part, width) in enumerate(zip(parts, widths, strict=True)):
        # All start at one line, also where one came out a few pixels lower.
        sheet[band : band + part.shape[0], left : left + part.shape[1]] = part
        places.append((band, left, band + part.shape[0], left + part.shape[1]))
        if titles is not None:
            words.append(((left, 2), titles[k], letters, "la"))
        left += width + gap
    if words:
        draw_text(sheet[:band], words)
    if alt is None:
        named = titles or [f"{k + 1}" for k in range(len(pictures))]
        alt = " ".join(f"{title}: {one.alt}" for title, one in zip(named, pictures, strict=True))
    if not caption:
        said = [one.caption for one in pictures if isinstance(one, Picture) and one.caption]
        caption = " ".join(dict.fromkeys(said))
    return Picture(sheet, alt, caption, width=sheet.shape[1], panels=_fractions(places, sheet))


def with_box(
    image: object,
    box: Sequence[float],
    color: str | tuple[int, int, int] = "orange",
    style: str = "solid",
    line: int | None = None,
    alt: str | None = None,
) -> Picture:
    """The image with a rectangle around some of its pixels.

    `box`: (top, left, bottom, right) in the image's pixels, half-open, may reach outside (then its sides
    there are not drawn). The line lies just outside the box, so that nothing inside is hidden (just inside
    where the image ends there, thinner where the box is small), with a hair line of the opposite lightness
    around it. `style`: solid or dashed; `line`: its width in pixels. A Picture keeps its alt text and caption.
    Raises ValueError for a box without any pixel, TypeError where alt text is missing.

    >>> import torch
    >>> from lecturelib.show import with_box
    >>> with_box(torch.ones(1, 8, 8), (2, 2, 6, 6), alt="White, with a box.")
    <Picture 8 x 8: White, with a box.>
    """
    if isinstance(image, Picture):
        base = image if alt is None else replace(image, alt=alt)
    elif alt is None:
        raise TypeError("with_box: give alt='what the picture shows', or a Picture, which carries its own")
    else:
        base = Picture(pixels_of(image), alt)
    if style not in ("solid", "dashed"):
        raise ValueError(f"style={style!r}: choose solid or dashed")
    ink = color_bytes(color)
    pixels = pixels_of(base).copy()
    height, width = pixels.shape[:2]
    top, left, bottom, right = (round(edge) for edge in box)
    if not (top < bottom and left < right) or bottom <= 0 or right <= 0 or top >= height or left >= width:
        raise ValueError(
            f"box={tuple(box)}: (top, left, bottom, right) must hold pixels of the {height} x {width} image"
        )
    line = line or max(1, round(max(height, width) / 112))
    top, bottom = _moved_inside(top, bottom, height, line)
    left, right = _moved_inside(left, right, width, line)
    outline = _ring(height, width, top, left, bottom, right, line)
    if style == "dashed":
        rows, columns = np.indices((height, width))
        # Along the upper and lower sides the dashes count in x, along the others in y.
        along = np.where((rows < top) | (rows >= bottom), columns, rows)
        dashes = (along // (4 * line)) % 2 == 0
        pixels[outline & ~dashes] = (255, 255, 255)
        outline &= dashes
    pixels[outline] = ink
    if line > 1:  # a hair line of the opposite lightness around it
        hair = _ring(height, width, top - line, left - line, bottom + line, right + line, 1)
        pixels[hair] = (255, 255, 255) if sum(ink) < 384 else (0, 0, 0)
    return replace(base, pixels=pixels)


def _moved_inside(start: int, end: int, length: int, line: int) -> tuple[int, int]:
    """A side on the image's edge moves inside, where its line can be seen, but never over all of the box."""
    for room in range(line, -1, -1):
        low = max(start, room) if start >= 0 else start
        high = min(end, length - room) if end <= length else end
        if high - low >= min(end - start, room):  # as much of the box stays free as the line takes
            break
    return low, high


def _ring(height, width, top, left, bottom, right, line) -> np.ndarray:
    ring = np.zeros((height, width), bool)
    ring[max(0, top - line) : max(0, bottom + line), max(0, left - line) : max(0, right + line)] = True
    ring[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = False
    return ring


def _each(images: Any) -> list[np.ndarray]:
    several = hasattr(images, "detach") or isinstance(images, np.ndarray)
    if several and (images.ndim not in (3, 4) or images.shape[0] == 0):
        raise ValueError(complaint("images", "shape (N, 3, H, W)", tuple(images.shape)))
    parts = [pixels_of(image) for image in images]
    if not parts:
        raise ValueError("tiled: no images given")
    return parts


def _at_height(image: object, height: int) -> np.ndarray:
    pixels = pixels_of(image)
    if isinstance(image, Picture) and image.width is not None:
        # A chart: its letters have their size already, so it is not enlarged.
        height = min(height, round(pixels.shape[0] * image.width / pixels.shape[1]))
        if pixels.shape[0] == height:
            return pixels
    else:
        whole = height // pixels.shape[0]
        if whole > 1 and max(pixels.shape[:2]) < PIXELATED_BELOW:
            # Equal blocks for every pixel, even if the picture comes out a few pixels lower.
            return pixels.repeat(whole, axis=0).repeat(whole, axis=1)
    from PIL import Image

    width = max(1, round(pixels.shape[1] * height / pixels.shape[0]))
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))


def _fractions(places: list[tuple[int, int, int, int]], sheet: np.ndarray) -> tuple:
    height, width = sheet.shape[:2]
    return tuple(
        (left / width, top / height, right / width, bottom / height) for top, left, bottom, right in places
    )


def stacked(pictures: Sequence[Picture], gap: int = 14, alt: str | None = None, caption: str = "") -> Picture:
    """Pictures below one another, left-aligned on white, each in its own size; `gap` pixels between them.

    >>> import torch
    >>> from lecturelib.show import picture
    >>> one = picture(torch.zeros(3, 10, 20), alt="A black picture.")
    >>> stacked([one, one], gap=4).pixels.shape
    (24, 20, 3)
    """
    parts = [pixels_of(one) for one in pictures]
    width = max(part.shape[1] for part in parts)
    height = sum(len(part) for part in parts) + gap * (len(parts) - 1)
    sheet = np.full((height, width, 3), 255, np.uint8)
    top = 0
    for part in parts:
        sheet[top : top + len(part), : part.shape[1]] = part
        top += len(part) + gap
    return Picture(sheet, alt or " ".join(one.alt for one in pictures), caption, width=width)
