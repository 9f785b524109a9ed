"""The photos that a search looks through, each at several scales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from lecturelib.checks import check_images, check_number, complaint
from lecturelib.images import photo, photo_names

LARGEST_SCALE = 4
Photos = Sequence[str] | Mapping[str, Tensor] | None


@dataclass(frozen=True)
class SearchScale:
    """A photo at one scale, (1, C, h, w), and its size as a ratio (vertical, horizontal) of the photo's own size."""

    name: str
    scale: float
    image: Tensor
    ratio: tuple[float, float]

    def on_photo(self, boxes: Tensor) -> Tensor:
        """Boxes (..., 4) in pixels of this scale, in pixels of the photo."""
        return boxes / boxes.new_tensor([*self.ratio, *self.ratio])


def search_scales(photos: Photos, scales: Sequence[float]) -> list[SearchScale]:
    """Every photo (the library's by their names, or given ones) at every scale."""
    if isinstance(photos, str):
        raise TypeError(
            complaint("names", "a list of names or a dict of images", repr(photos), f"write [{photos!r}]")
        )
    if isinstance(photos, Mapping):
        pictures = {name: check_images(picture, name=f"photo {name!r}") for name, picture in photos.items()}
        several = [name for name, picture in pictures.items() if len(picture) != 1]
        if several:
            raise ValueError(
                complaint(
                    f"photo {several[0]!r}", "one image (1, C, H, W)", f"{len(pictures[several[0]])} images"
                )
            )
    else:
        pictures = {name: photo(name) for name in (photo_names() if photos is None else photos)}
    if not pictures:
        raise ValueError(complaint("names", "at least one photo", "none"))
    scales = tuple(scales)
    if not scales:
        raise ValueError(complaint("scales", "at least one scale", "none"))
    for scale in scales:
        check_number("scales", scale, above=0, most=LARGEST_SCALE)
    searched = []
    for name, picture in pictures.items():
        height, width = picture.shape[-2:]
        for scale in scales:
            size = (max(1, round(height * scale)), max(1, round(width * scale)))
            scaled = picture
            if size != (height, width):
                scaled = F.interpolate(picture, size=size, mode="bilinear", antialias=True).clamp(0, 1)
            searched.append(SearchScale(name, scale, scaled, (size[0] / height, size[1] / width)))
    return searched
