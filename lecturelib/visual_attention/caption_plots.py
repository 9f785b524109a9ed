"""Pictures of captions: a scene lit where the attention of a word lies, a caption as chips of words, word by word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from lecturelib.checks import complaint
from lecturelib.show import Picture, pixels_of, tiled
from lecturelib.show.raster_text import Item, draw_text, pixel_width
from lecturelib.visual_attention.cell_encoder import GRID
from lecturelib.visual_attention.show_attend_tell import Captioned

DIM = 0.22  # what is left of a pixel's brightness where there is no attention
CHIP = 18  # letters of a word chip
DARK, PALE, WHITE = (20, 60, 110), (232, 236, 242), (255, 255, 255)


def lit(image: Tensor, weights: Tensor, smooth: bool = False) -> np.ndarray:
    """A picture dimmed except where attention lies, as (H, W, 3) bytes: the largest weight at full brightness.

    image (1, 3, H, W); weights (64,) over 8 x 8 cells. `smooth`: bicubic between the cells' centers, as the figures of
    Xu et al. 2015; otherwise every cell as it is. Raises `ValueError` for another number of weights.

    >>> import torch
    >>> lit(torch.ones(1, 3, 64, 64), torch.eye(64)[0])[:, :, 0].max().item()
    255
    """
    if weights.shape != (GRID * GRID,):
        raise ValueError(complaint("weights", f"{GRID * GRID} weights, one a cell", tuple(weights.shape)))
    pixels = pixels_of(image[0])
    share = (weights / weights.max().clamp_min(1e-9)).clamp(0, 1).view(GRID, GRID)
    small = Image.fromarray((share * 255).round().byte().numpy())
    way = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
    mask = np.asarray(small.resize(pixels.shape[1::-1], way), np.float32)[:, :, None] / 255
    return np.rint(pixels * (DIM + (1 - DIM) * mask)).astype(np.uint8)


def framed(pixels: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """The pixels with a thin white frame, black outside, around a box (top, left, bottom, right) in shares.

    >>> framed(np.zeros((50, 50, 3), np.uint8), (0.2, 0.2, 0.6, 0.6))[10, 20].tolist()
    [255, 255, 255]
    """
    found, side = pixels.copy(), len(pixels)
    for grow, ink in ((1, 0), (0, 255)):
        top, left = (max(0, round(share * side) - grow) for share in box[:2])
        bottom, right = (min(side - 1, round(share * side) + grow) for share in box[2:])
        found[top, left : right + 1] = found[bottom, left : right + 1] = ink
        found[top : bottom + 1, left] = found[top : bottom + 1, right] = ink
    return found


def word_chips(words: Sequence[str], chosen: int | None, width: int) -> np.ndarray:
    """A caption as chips, wrapped at `width` pixels, (h, width, 3) bytes; the chosen word is light on dark.

    >>> word_chips(["a", "red", "ball"], 1, 200).shape[1]
    200
    """
    step, places, top, left = CHIP + 16, [], 0, 0
    for word in words:
        wide = pixel_width(word, CHIP) + 14
        if left and left + wide > width:
            top, left = top + step, 0
        places.append((top, left, wide))
        left += wide + 6
    sheet = np.full((top + step, width, 3), 255, np.uint8)
    plain: list[Item] = []
    inverted: list[Item] = []
    for k, (word, (top, left, wide)) in enumerate(zip(words, places, strict=True)):
        sheet[top : top + step - 5, left : left + wide] = DARK if k == chosen else PALE
        item = ((left + wide / 2, top + (step - 5) / 2), word, CHIP, "mm")
        (inverted if k == chosen else plain).append(item)
    draw_text(sheet, plain)
    draw_text(sheet, inverted, ink=WHITE)
    return sheet


def word_maps(
    image: Tensor, found: Captioned, columns: int = 5, side: int = 148, smooth: bool = False
) -> Picture:
    """A caption word by word: the picture, and for each word where its attention lay (Xu et al. 2015, figure 3).

    image (1, 3, H, W), as large as it is to be shown; `found` of `write` for that scene. Raises as `lit` does.

    >>> import torch
    >>> from lecturelib.visual_attention.show_attend_tell import ShowAttendTell, write
    >>> found = write(ShowAttendTell("soft"), torch.zeros(1, 64, 72), longest=3)[0]
    >>> word_maps(torch.zeros(1, 3, 64, 64), found).alt[:11]
    'The picture'
    """
    tiles = [pixels_of(image[0])] + [lit(image, alpha, smooth) for alpha in found.weights]
    tiles = [
        np.asarray(Image.fromarray(tile).resize((side, side), Image.Resampling.BICUBIC)) for tile in tiles
    ]
    said = []
    for word, alpha in zip(found.words, found.weights, strict=True):
        row, column = divmod(int(alpha.argmax()), GRID)
        said.append(f"{word} (row {row + 1}, column {column + 1})")
    alt = (
        f"The picture, then one copy for each word of “{found.text}”, bright where the attention of that word lies. "
        f"The strongest of 8 x 8 cells: {', '.join(said)}."
    )
    caption = f"“{found.text}”. Brightness: attention, the largest weight of each word at full light."
    return tiled(tiles, columns, ["the picture", *found.words], pad=6, alt=alt, caption=caption)
