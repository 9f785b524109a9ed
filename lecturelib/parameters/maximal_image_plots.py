"""Pictures of maximally activating images: the crops that a unit sees, or the whole images."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageOps

from lecturelib.images import PHOTOS, photo
from lecturelib.parameters.maximal_images import MaximalImages
from lecturelib.parameters.photo_search import PhotoMatches
from lecturelib.show import Picture, pixels_of, tiled, with_box

WHOLE = (300, 220)  # width and height of a whole photo in the grid
TILE = 190  # pixels of a crop's side, about


def matches_plot(
    found: PhotoMatches | MaximalImages, title: str, data: str, whole_images: list | None = None
) -> Picture:
    """The regions or images that excite a unit most as a grid of three columns, with their activations.

    `title` names the unit, `data` where it was searched. `whole_images` are shown in place of the crops.
    """
    height, width = found.crops[0].shape[1:]
    labels = [f"{value:.1f}" for value in found.values.tolist()]
    words = (
        f"{title}: the {len(found)} places of all {data} with the largest activation, and its value. "
        f"The unit sees {height} x {width} pixels."
    )
    if isinstance(found, PhotoMatches):
        labels = [f"{name} {value}" for name, value in zip(found.names, labels, strict=True)]
        words += f" They lie on {len(set(found.names))} of {len(PHOTOS)} photos."
    pictures = found.crops if whole_images is None else whole_images
    resized = whole_images is not None and isinstance(found, PhotoMatches)
    zoom = 1 if resized else max(1, round(TILE / pictures[0].shape[-1]))
    shown = "Crops" if whole_images is None else "Whole pictures"
    return tiled(pictures, 3, labels=labels, zoom=zoom, pad=8, alt=f"{shown}: {words}", caption=words)


@lru_cache(maxsize=64)
def photo_with_box(name: str, box: tuple[float, ...]) -> np.ndarray:
    """A shipped photo with a box on it, fitted into a cell of a grid on white, (220, 300, 3) of bytes."""
    large = pixels_of(with_box(photo(name), box, line=6, alt=PHOTOS[name].alt))
    cell = ImageOps.pad(Image.fromarray(large), WHOLE, Image.Resampling.LANCZOS, color="white")
    return np.asarray(cell)
