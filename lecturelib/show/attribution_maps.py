"""Attribution maps as pixels: signed colors around grey, and magnitudes in a palette, clipped at a percentile."""

import numpy as np
import torch
from torch import Tensor

from lecturelib.checks import check_choice, check_number
from lecturelib.show.palettes import palette as palette_table
from lecturelib.show.picture import pixels_of

KINDS = ("color", "signed", "size")


def clip_level(values: Tensor, percentile: float) -> float:
    """The `percentile` of |values|, an actual value; the largest one where that percentile is 0. 0 for a zero map.

    Raises `ValueError` or `TypeError` unless 50 < percentile <= 100, which clips nothing.

    >>> import torch
    >>> clip_level(torch.tensor([-4.0, 0.0, 1.0, 100.0]), 75)
    4.0
    """
    check_number("percentile", percentile, above=50, most=100)
    sizes = values.detach().abs().flatten()
    place = max(1, min(sizes.numel(), round(sizes.numel() * percentile / 100)))
    return sizes.kthvalue(place).values.item() or sizes.max().item()


def around_grey(gradient: Tensor, percentile: float = 99) -> Tensor:
    """A gradient (C, H, W) as pixels in [0, 1]: grey is 0, brighter raises the unit, darker lowers it.

    The ends of the scale are plus and minus the `percentile` of |gradient|; what lies beyond is clipped.

    >>> import torch
    >>> around_grey(torch.tensor([-4.0, 0.0, 1.0, 100.0]).view(1, 2, 2), 75).flatten().tolist()
    [0.0, 0.5, 0.625, 1.0]
    """
    level = clip_level(gradient, percentile)
    return 0.5 + 0.5 * (gradient.detach() / level).clamp(-1, 1) if level else torch.full_like(gradient, 0.5)


def magnitudes(values: Tensor, percentile: float = 99) -> Tensor:
    """|values| (H, W) in [0, 1]: 0 stays 0, and the `percentile` and all above become 1.

    >>> import torch
    >>> magnitudes(torch.tensor([[-4.0, 0.0], [1.0, 100.0]]), 75).tolist()
    [[1.0, 0.0], [0.25, 1.0]]
    """
    level = clip_level(values, percentile)
    return (values.detach().abs() / level).clamp(max=1) if level else torch.zeros_like(values)


def tile(values: Tensor, kind: str, palette: str = "viridis", percentile: float = 99) -> np.ndarray:
    """An attribution map as (H, W, 3) bytes, without a color bar.

    kind: "color" (C, H, W) around grey, "signed" (H, W) in blue-white-orange, "size" (H, W) in a palette. Raises
    `ValueError` for another kind.

    >>> import torch
    >>> tile(torch.zeros(2, 3), "signed").shape
    (2, 3, 3)
    """
    check_choice("kind", kind, KINDS)
    if kind == "color":
        return pixels_of(around_grey(values, percentile))
    if kind == "signed":
        level = clip_level(values, percentile)
        share = (0.5 + 0.5 * values / level).clamp(0, 1) if level else torch.full_like(values, 0.5)
        return palette_table("blue_orange")[(share * 255).round().to(torch.uint8).numpy()]
    return palette_table(palette)[(magnitudes(values, percentile) * 255).round().to(torch.uint8).numpy()]
