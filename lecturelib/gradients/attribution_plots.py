"""How gradients become pictures: signed colours around grey, one channel of magnitudes, and rows of pictures."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib.show import Picture, pixels_of
from lecturelib.show.palettes import palette as palette_table


def clip_level(values: Tensor, percentile: float) -> float:
    """The `percentile` of |values|, an actual value; the largest one where that percentile is 0. 0 for a zero map.

    Raises `ValueError` unless 50 < percentile <= 100.
    """
    if not 50 < percentile <= 100:
        raise ValueError(f"percentile={percentile}: give more than 50 and at most 100 (no clipping)")
    sizes = values.detach().abs().flatten()
    place = max(1, min(sizes.numel(), round(sizes.numel() * percentile / 100)))
    return sizes.kthvalue(place).values.item() or sizes.max().item()


def around_grey(gradient: Tensor, percentile: float = 99) -> Tensor:
    """A gradient (C, H, W) as pixels in [0, 1]: grey is 0, brighter raises the unit, darker lowers it.

    The ends of the scale are plus and minus the `percentile` of |gradient|; what lies beyond is clipped.
    """
    level = clip_level(gradient, percentile)
    return 0.5 + 0.5 * (gradient.detach() / level).clamp(-1, 1) if level else torch.full_like(gradient, 0.5)


def magnitudes(values: Tensor, percentile: float = 99) -> Tensor:
    """|values| (H, W) in [0, 1]: 0 stays 0, and the `percentile` and all above become 1."""
    level = clip_level(values, percentile)
    return (values.detach().abs() / level).clamp(max=1) if level else torch.zeros_like(values)


def tile(values: Tensor, kind: str, palette: str = "viridis", percentile: float = 99) -> np.ndarray:
    """A window's result as (H, W, 3) bytes, without a colour bar.

    kind: "colour" (C, H, W) around grey, "signed" (H, W) in blue-white-orange, "size" (H, W) in a palette.
    """
    if kind == "colour":
        return pixels_of(around_grey(values, percentile))
    if kind == "signed":
        level = clip_level(values, percentile)
        share = (0.5 + 0.5 * values / level).clamp(0, 1) if level else torch.full_like(values, 0.5)
        return palette_table("blue_orange")[(share * 255).round().to(torch.uint8).numpy()]
    if kind == "size":
        return palette_table(palette)[(magnitudes(values, percentile) * 255).round().to(torch.uint8).numpy()]
    raise ValueError(f"kind {kind!r}: choose colour, signed or size")


def edges(image: Tensor) -> Tensor:
    """How steep the brightness of an image (1, C, H, W) is, (H, W): Sobel's edge filter. It asks no network."""
    grey = F.pad(
        image.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate"
    )  # (1, C, H, W) -> (1, 1, H+2, W+2)
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=grey.dtype)
    both = F.conv2d(grey, torch.stack([across, across.T])[:, None])  # (1, 2, H, W)
    return both.square().sum(1).sqrt()[0]


def stacked(pictures: Sequence[Picture], gap: int = 14, alt: str | None = None, caption: str = "") -> Picture:
    """Pictures below one another, left-aligned on white, with their own sizes."""
    parts = [pixels_of(one) for one in pictures]
    width = max(part.shape[1] for part in parts)
    height = sum(len(part) for part in parts) + gap * (len(parts) - 1)
    sheet = np.full((height, width, 3), 255, np.uint8)
    top = 0
    for part in parts:
        sheet[top : top + len(part), : part.shape[1]] = part
        top += len(part) + gap
    return Picture(sheet, alt or " ".join(one.alt for one in pictures), caption, width=width)
