"""Maps of numbers as colors: values -> palette -> pixels, never through a new matplotlib figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lecturelib.checks import complaint
from lecturelib.show.palettes import palette as palette_table
from lecturelib.show.picture import STUDENT_SIZE, Picture, array_of, pixels_of
from lecturelib.show.raster_text import draw_text, number, pixel_width

LARGEST = 1e300  # beyond, the difference of two values overflows
_LABEL = 18  # letters of the color bar at STUDENT_SIZE


@dataclass(frozen=True)
class _Scale:
    """Which value takes which color, and the sentence that says so."""

    low: float
    high: float
    table: np.ndarray
    words: str

    def colors(self, values: np.ndarray) -> np.ndarray:
        span = self.high - self.low
        # A map without any difference takes the middle of the palette: neither end would be true.
        share = np.full(values.shape, 0.5) if span == 0 else (values - self.low) / span
        return np.take(self.table, np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8), axis=0)


def heatmap(
    values: object,
    signed: bool = False,
    palette: str | None = None,
    percentile: float = 99,
    limits: tuple[float, float] | None = None,
    color_bar: bool = True,
    size: int = STUDENT_SIZE,
    alt: str | None = None,
    caption: str = "",
) -> Picture:
    """A map of numbers as a picture of colors, with a bar that says which color is which number.

    `values`: (H, W) tensor or array, also with leading axes of length 1, any range. Unsigned maps take
    viridis from the lower to the upper `percentile` (99: the 1st to the 99th), signed ones
    blue-white-orange with 0 in the middle and both ends at the percentile of |value|; `limits` sets both
    ends instead. What is clipped stands in the caption. `size`: pixels of the longer side, reached by whole
    blocks. Raises ValueError for NaN, values beyond 1e300, another shape, limits that do not rise, or signed
    limits that are not symmetrical.

    >>> import torch
    >>> from lecturelib.show import heatmap
    >>> heatmap(torch.tensor([[0.0, 1.0], [2.0, 5.0]]), color_bar=False, size=8)
    <Picture 8 x 8: Heat-map, 2 x 2 values from 0 to 5, largest at the bottom right.>
    """
    grid = _grid(values)
    scale = _scale(grid, signed, palette, percentile, limits)
    pixels = enlarged(scale.colors(grid), size)
    if color_bar:
        pixels = _with_bar(pixels, scale)
    return Picture(pixels, alt or _described(grid, "Heat-map"), _joined(caption, scale.words))


def overlay(
    image: object,
    values: object,
    alpha: float | None = None,
    signed: bool = False,
    palette: str | None = None,
    percentile: float = 99,
    limits: tuple[float, float] | None = None,
    color_bar: bool = True,
    size: int = STUDENT_SIZE,
    alt: str | None = None,
    caption: str = "",
) -> Picture:
    """A heat-map over a grey version of its image, pixel exactly on pixel.

    `image`: as in `pixels_of`, (H, W) pixels. `values`: (H, W), or a smaller (h, w) grid that covers
    the same field, which is enlarged with pixel centers aligned (linear between them, no half-pixel shift).
    `alpha`: how much the colors cover everywhere, 0-1. Without it they come in with the value (.8 v^.8 for a
    value v from 0, the low end, to 1), in inferno, so that the photo stays clear where the map is low; over a
    signed map the colors always fade out towards 0. The rest, and what is raised, as in `heatmap`.

    >>> import torch
    >>> from lecturelib.show import overlay
    >>> values = torch.tensor([[0.0, 1.0], [2.0, 5.0]])
    >>> overlay(torch.zeros(3, 8, 8), values, color_bar=False, size=8).raster.shape
    (8, 8, 3)
    """
    fades, alpha = alpha is None and not signed, (0.85 if signed else 0.8) if alpha is None else alpha
    if fades and palette is None:
        palette = "inferno"  # its low end is black, viridis' is a color of its own
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha={alpha}: a share from 0 (photo only) to 1 (colors only)")
    photo = pixels_of(image)
    grid = _grid(values)
    scale = _scale(grid, signed, palette, percentile, limits)
    height, width = photo.shape[:2]
    if grid.shape[0] > height or grid.shape[1] > width:
        raise ValueError(
            f"overlay: the map {grid.shape} is finer than the image {(height, width)}; "
            "give the image that the map was made of"
        )
    colors = scale.colors(_stretched(grid, height, width))
    # Rec. 601 luma in whole numbers; the products stay below 2 ** 16.
    grey = (photo @ np.array([77, 150, 29], dtype=np.uint16) >> 8).astype(np.uint8)[:, :, None]
    share: np.ndarray | int = round(alpha * 256)
    if fades and scale.high > scale.low:
        height_of = np.clip((_stretched(grid, height, width) - scale.low) / (scale.high - scale.low), 0, 1)
        share = (alpha * 256 * height_of**0.8).astype(np.uint16)[:, :, None]
    if signed:
        # around 0 nothing happens: there the photo is left as it is, and the colors come in with the value
        size_of = np.abs(_stretched(grid, height, width)) / max(scale.high, np.finfo(np.float32).tiny)
        share = (alpha * 256 * np.clip(size_of, 0, 1)).astype(np.uint16)[:, :, None]
    mixed = (colors.astype(np.uint16) * share + grey.astype(np.uint16) * (256 - share)) >> 8
    pixels = enlarged(mixed.astype(np.uint8), size)
    if color_bar:
        pixels = _with_bar(pixels, scale)
    return Picture(pixels, alt or _described(grid, "Heat-map over the photo"), _joined(caption, scale.words))


def colored(tiles: object, palette: str = "viridis") -> list[np.ndarray]:
    """Maps in [0, 1], (N, 1, h, w) or (N, h, w), in the colors of a palette: N pictures (h, w, 3) for `tiled`.

    >>> import torch
    >>> from lecturelib.show import colored
    >>> [tile.shape for tile in colored(torch.zeros(2, 1, 4, 5))]
    [(4, 5, 3), (4, 5, 3)]
    """
    maps = array_of(tiles) if hasattr(tiles, "detach") else np.asarray(tiles)
    maps = maps[:, 0] if maps.ndim == 4 and maps.shape[1] == 1 else maps
    if maps.ndim != 3 or maps.size == 0:
        raise ValueError(complaint("tiles", "maps (N, 1, h, w) or (N, h, w)", maps.shape))
    if not (maps.min() >= 0 and maps.max() <= 1):  # NaN fails both
        raise ValueError(complaint("tiles", "values in [0, 1]", f"{maps.min():.3g} to {maps.max():.3g}"))
    return list(palette_table(palette)[np.rint(maps * 255).astype(np.uint8)])  # (N, h, w) -> N x (h, w, 3)


def _grid(values: object) -> np.ndarray:
    array = array_of(values) if hasattr(values, "detach") else np.asarray(values)
    shape = array.shape
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"a heat-map needs values of shape (H, W), got {shape}")
    if not (np.issubdtype(array.dtype, np.number) or array.dtype == np.bool_) or np.iscomplexobj(array):
        raise ValueError(f"a heat-map needs real numbers, got {array.dtype}")
    array = array.astype(np.float32 if array.dtype != np.float64 else np.float64, copy=False)
    if not np.isfinite(array).all():
        raise ValueError(
            f"heat-map: {int((~np.isfinite(array)).sum())} of {array.size} values are NaN or infinite; "
            "no color can stand for them, so find where they come from"
        )
    if max(abs(float(array.min())), abs(float(array.max()))) > LARGEST:
        raise ValueError(
            f"heat-map: values up to {LARGEST:g} can be drawn, got {array.min():g} to {array.max():g}"
        )
    return array


def _scale(grid, signed, palette, percentile, limits) -> _Scale:
    if not 50 < percentile <= 100:
        raise ValueError(f"percentile={percentile}: give more than 50 and at most 100 (no clipping)")
    table = palette_table(palette or ("blue_orange" if signed else "viridis"))
    least, most = float(grid.min()), float(grid.max())
    cut = f"the {percentile:g}th percentile"
    if limits is not None:
        low, high = map(float, limits)
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise ValueError(complaint("limits", "two finite numbers, the lower one first", limits))
        if signed and low != -high:
            raise ValueError(f"limits={limits}: a signed map has 0 in its middle; give ({-high:g}, {high:g})")
        outside = least < low or most > high
        words = f"Colors run from {number(low)} to {number(high)}"
        words += "; values beyond take the end colors." if outside else "."
    elif least == most:
        low = high = least
        words = f"Every value is {number(least)}: the map has no differences to show."
        if signed and least != 0:
            low, high = -abs(least), abs(least)
    elif signed:
        high = _percentile(np.abs(grid), percentile) or max(-least, most)
        low = -high
        words = f"White is 0; colors end at ±{number(high)}"
        words += f", {cut} of |value|." if high < max(-least, most) else "."
    else:
        low, high = (least, most) if percentile == 100 else _percentiles(grid, percentile)
        if low == high:  # nearly all values are equal, and clipping would erase the ones that are not
            low, high = least, most
        words = f"Colors run from {number(low, high - low)} to {number(high, high - low)}"
        if low > least or high < most:
            words += f", the {100 - percentile:g}th to {cut.removeprefix('the ')}; values beyond are clipped"
        words += "."
    return _Scale(low, high, table, _ordinals(words))


def _percentile(grid: np.ndarray, percentile: float) -> float:
    # "higher": an actual value, so that a map of a few cells loses none of them.
    return float(np.percentile(grid, percentile, method="higher"))


def _percentiles(grid: np.ndarray, percentile: float) -> tuple[float, float]:
    low = np.percentile(grid, 100 - percentile, method="lower")
    return float(low), _percentile(grid, percentile)


def _ordinals(words: str) -> str:
    for digit, ending in (("1", "st"), ("2", "nd"), ("3", "rd")):
        for tens in ("", *"23456789"):
            words = words.replace(f" {tens}{digit}th ", f" {tens}{digit}{ending} ")
    return words


def _stretched(grid: np.ndarray, height: int, width: int) -> np.ndarray:
    if grid.shape == (height, width):
        return grid
    rows, columns = (_weights(small, large) for small, large in zip(grid.shape, (height, width), strict=True))
    return rows @ grid @ columns.T


def _weights(small: int, large: int) -> np.ndarray:
    """(large, small): how much each coarse cell counts at each fine pixel; both cover the same field."""
    center = (np.arange(large) + 0.5) * small / large - 0.5
    left = np.clip(np.floor(center).astype(int), 0, small - 1)
    right = np.minimum(left + 1, small - 1)
    share = np.clip(center - left, 0, 1)
    table = np.zeros((large, small))
    np.add.at(table, (np.arange(large), left), 1 - share)
    np.add.at(table, (np.arange(large), right), share)
    return table


def enlarged(pixels: np.ndarray, size: int) -> np.ndarray:
    """The pixels as whole blocks, as often as fit into `size` on the longer side."""
    zoom = max(1, size // max(pixels.shape[:2]))
    return pixels if zoom == 1 else pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)


def _with_bar(pixels: np.ndarray, scale: _Scale) -> np.ndarray:
    height, width = pixels.shape[:2]
    # The letters follow the picture's size, since a browser shows small and large ones equally large.
    letters = max(10, round(_LABEL * max(height, width) / STUDENT_SIZE))
    bar, gap = max(6, letters), max(4, letters // 2)
    span = scale.high - scale.low
    ends = [number(scale.high, span), number(scale.low, span)]
    middle = number((scale.low + scale.high) / 2, span)
    with_middle = scale.high > scale.low and height >= 6 * letters
    labels = [*ends, middle] if with_middle else ends
    room = max(pixel_width(label, letters) for label in labels)
    sheet = np.full((height, width + 2 * gap + bar + room + 2, 3), 255, np.uint8)
    sheet[:, :width] = pixels
    sheet[:, width + gap : width + gap + bar] = scale.table[
        np.linspace(255, 0, height).round().astype(int) if scale.high > scale.low else np.full(height, 128)
    ][:, None]
    x = width + gap + bar + gap
    text = [((x, 1), ends[0], letters, "lt"), ((x, height - 2), ends[1], letters, "lb")]
    if scale.high == scale.low:
        text = [((x, height / 2), ends[0], letters, "lm")]
    elif with_middle:
        text.append(((x, height / 2), middle, letters, "lm"))
    strip = sheet[:, x:].copy()
    draw_text(strip, [((px - x, py), words, letter, anchor) for (px, py), words, letter, anchor in text])
    sheet[:, x:] = strip
    return sheet


def _described(grid: np.ndarray, what: str) -> str:
    rows, columns = grid.shape
    least, most = float(grid.min()), float(grid.max())
    if least == most:
        return f"{what}, {rows} x {columns} values, all {number(least)}."
    row, column = np.unravel_index(int(grid.argmax()), grid.shape)
    return (
        f"{what}, {rows} x {columns} values from {number(least, most - least)} to {number(most, most - least)}, "
        f"largest {_where((row + 0.5) / rows, (column + 0.5) / columns)}."
    )


def _where(down: float, right: float) -> str:
    vertical = "top" if down < 1 / 3 else "bottom" if down > 2 / 3 else "middle"
    horizontal = "left" if right < 1 / 3 else "right" if right > 2 / 3 else "center"
    if (vertical, horizontal) == ("middle", "center"):
        return "in the middle"
    return f"at the {vertical} {horizontal}"


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
