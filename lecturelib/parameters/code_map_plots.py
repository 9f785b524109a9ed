"""Pictures of a map of codes: small images at their places in the plane, the picked one framed and shown large."""

from collections.abc import Sequence

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from lecturelib.show.palettes import TEN, color
from lecturelib.show.raster_text import draw_text

SIDE = 680  # of the map, in pixels
THUMBNAIL = 22
PANEL = 260  # width of the panel beside the map
INKS = tuple(map(color, TEN))  # one color per class
BLACK = (34, 34, 34)


def places_on_canvas(plane: Tensor) -> Tensor:
    """Points (N, 2) of an embedding as x, y in pixels of the canvas, a thumbnail away from its border."""
    low, high = plane.amin(0), plane.amax(0)
    return THUMBNAIL + (plane - low) / (high - low) * (SIDE - 2 * THUMBNAIL)


def code_map_plot(images: Tensor, labels: Tensor, places: Tensor, by_class: bool = True) -> np.ndarray:
    """Images (N, C, H, W) at their places (N, 2), (SIDE, SIDE, 3) of bytes.

    Grey ones, bright on black, become ink on paper; those in color stand as they are, in a frame of their class.
    """
    canvas = np.full((SIDE, SIDE, 3), 255, np.uint8)
    inks = [INKS[k] if by_class else BLACK for k in labels.tolist()]
    thumbnails = F.interpolate(images, size=(THUMBNAIL, THUMBNAIL), mode="area")
    if images.shape[1] == 3:
        _paste(canvas, thumbnails, places, inks if by_class else [])
        return canvas
    small = thumbnails[:, 0].numpy()
    for (x, y), image, ink in zip(places.int().tolist(), small, inks, strict=True):
        top, left = y - THUMBNAIL // 2, x - THUMBNAIL // 2
        spot = canvas[top : top + THUMBNAIL, left : left + THUMBNAIL]
        share = image[: len(spot), : spot.shape[1], None]
        spot[:] = spot * (1 - share) + np.array(ink) * share
    return canvas


def _paste(canvas: np.ndarray, thumbnails: Tensor, places: Tensor, inks: Sequence) -> None:
    """Thumbnails in color (N, 3, h, w) at their places, each in a frame of its ink where there are any."""
    small = (
        (255 * thumbnails).round().byte().permute(0, 2, 3, 1).numpy().copy()
    )  # (N, 3, h, w) -> (N, h, w, 3)
    for k, (x, y) in enumerate(places.int().tolist()):
        if inks:
            for edge in (small[k, :2], small[k, -2:], small[k, :, :2], small[k, :, -2:]):
                edge[:] = inks[k]
        top, left = y - THUMBNAIL // 2, x - THUMBNAIL // 2
        spot = canvas[top : top + THUMBNAIL, left : left + THUMBNAIL]
        spot[:] = small[k, : len(spot), : spot.shape[1]]


def class_number_plot(labels: Tensor, places: Tensor, by_class: bool = True) -> np.ndarray:
    """The number of each image's class at its place (N, 2), (SIDE, SIDE, 3) of bytes."""
    canvas = np.full((SIDE, SIDE, 3), 255, np.uint8)
    for k, ink in enumerate(INKS if by_class else [BLACK] * len(INKS)):
        spots = [((x, y), str(k), 18, "mm") for x, y in places[labels == k].tolist()]
        draw_text(canvas, spots, ink)
    return canvas


def with_frame(canvas: np.ndarray, place: Tensor) -> np.ndarray:
    """A copy of the map with an orange frame, three pixels wide, around the thumbnail at a place (x, y)."""
    framed = canvas.copy()
    x, y = place.int().tolist()
    for line in range(3):
        reach = THUMBNAIL // 2 + 2 - line
        top, left = max(0, y - reach), max(0, x - reach)
        bottom, right = min(y + reach, SIDE - 1), min(x + reach, SIDE - 1)
        framed[[top, bottom], left : right + 1] = color("orange")
        framed[top : bottom + 1, [left, right]] = color("orange")
    return framed


def picked_panel(image: Tensor, label: int, names: Sequence[str]) -> np.ndarray:
    """The picked image (C, H, W) large, its class, and the legend of the classes, (SIDE, PANEL, 3) of bytes."""
    panel = np.full((SIDE, PANEL, 3), 255, np.uint8)
    zoom = 224 // image.shape[-1]
    large = (255 * image.permute(1, 2, 0).numpy().repeat(zoom, 0).repeat(zoom, 1)).astype(np.uint8)
    panel[: len(large), : large.shape[1]] = large if len(image) == 3 else 255 - large
    draw_text(panel, [((0, 250), names[label], 24, "lt")])
    for k, name in enumerate(names):
        y = 310 + 32 * k
        draw_text(panel, [((0, y), str(k), 22, "lm")], INKS[k])
        panel[y - 8 : y + 8, 26:42] = INKS[k]
        draw_text(panel, [((52, y), name, 20, "lm")])
    return panel
