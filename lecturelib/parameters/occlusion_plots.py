"""Pictures of an occlusion: the image with the patch marked, beside the map."""

from torch import Tensor

from lecturelib.parameters.occlusion import OcclusionMap
from lecturelib.show import Picture, heatmap, overlay, side_by_side, with_box

SIDE = 448  # pixels of a picture's side on the page


def occlusion_plot(
    image: Tensor,
    occluded: OcclusionMap,
    name: str,
    drop: bool = True,
    number: str = "{:.2f}",
    fixed: bool = False,
) -> Picture:
    """The image (1, C, H, W) with the most important patch marked, beside the drop per pixel or the values.

    `name` is the title of the image, `drop` chooses the drop laid over the image (else the values as a grid), `number`
    formats a value of the unit. `fixed`: the colors of the drop reach to a third of the value without a patch, those
    of the values from 0 to it, so that maps of one class can be compared; else they are stretched to this map.
    """
    whole = abs(occluded.unoccluded) if fixed else 0.0
    # (rows, columns, 4) -> (positions, 4)
    box = occluded.boxes.view(-1, 4)[int(occluded.values.argmin())].tolist()
    left = boxed(image, box, f"The image {name!r}; an orange box marks the patch with the lowest value.")
    if drop:
        limits = (-whole / 3, whole / 3) if whole else None
        right = overlay(image, occluded.drop_per_pixel(), signed=True, limits=limits)
        title = "drop by covering"
    else:
        ends = (min(0.0, occluded.unoccluded), max(0.0, occluded.unoccluded)) if whole else None
        right, title = (
            heatmap(occluded.values, percentile=100, limits=ends),
            "value, by position of the patch",
        )
    words = (
        f"{occluded.unit}: {number.format(occluded.unoccluded)} without a patch, at least "
        f"{number.format(occluded.values.min())}, with the patch over the orange box"
    )
    percent = "" if occluded.done == 1 else f" ({occluded.done:.0%} of the positions measured)"
    return side_by_side(
        [left, right],
        [name, title],
        alt=f"{left.alt} Beside it: {right.alt} {words}.",
        caption=f"{words}{percent}. {right.caption}",
    )


def boxed(image: Tensor, box: tuple[int, ...] | list[int], alt: str) -> Picture:
    """An image (1, C, H, W), enlarged to the page, with a box given in the image's own pixels."""
    zoom = max(1, SIDE // image.shape[-1])
    large = image.repeat_interleave(zoom, 2).repeat_interleave(zoom, 3)  # -> (1, C, zoom H, zoom W)
    return with_box(large, tuple(zoom * edge for edge in box), alt=alt)
