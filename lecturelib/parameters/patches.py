"""The patch of an occlusion: which pixels it covers, and what it shows."""

from numbers import Integral, Real

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib.checks import check_images

GREY = 128 / 255  # the lecture's (128, 128, 128)
Size = int | tuple[int, int]
Fill = float | str | tuple[float, float, float] | Tensor
Spans = list[tuple[int, int]]  # the pixels (start, end) that the patches cover along one axis


def fill_image(image: Tensor, fill: Fill = GREY, patch_size: Size = 32) -> Tensor:
    """What a patch shows, as a whole image (B, C, H, W): a patch is a window onto it.

    "blur" is a Gaussian of a quarter of the patch: it takes away what is smaller than the patch. Raises `ValueError`
    for an unknown word, a value outside [0, 1], a colour for a grey image, or for "blur" a patch without pixels.
    """
    shape, image = image.shape, image.detach()
    if isinstance(fill, str):
        if fill == "mean":
            return image.mean((2, 3), keepdim=True).expand(shape)  # (B, C, 1, 1) -> (B, C, H, W)
        if fill == "blur":
            return _blur(image, [length / 4 for length in pair("patch_size", patch_size)])
        raise ValueError(f'fill: "mean", "blur", a grey or a colour in [0, 1] is needed, got {fill!r}')
    if isinstance(fill, Tensor) and fill.ndim > 1:
        cover = check_images(fill[None] if fill.ndim == 3 else fill, name="fill")
        if cover.shape not in (shape, (1, *shape[1:])):
            raise ValueError(f"fill: an image of shape {tuple(shape)} is needed, got {tuple(fill.shape)}")
        return cover.detach().to(image).expand(shape)
    numbers = fill if isinstance(fill, tuple | list) else [fill]
    if not isinstance(fill, Tensor) and not all(
        isinstance(number, Real) and not isinstance(number, bool) for number in numbers
    ):
        raise TypeError(f'fill: a number, (r, g, b), "mean", "blur" or an image is needed, got {fill!r}')
    colour = torch.as_tensor(fill, dtype=image.dtype, device=image.device).view(-1)  # () or (C,) -> (1 | C,)
    if len(colour) not in (1, shape[1]):
        raise ValueError(f"fill: one value, or one for each of {shape[1]} channels, is needed, got {fill!r}")
    if not ((colour >= 0) & (colour <= 1)).all():
        raise ValueError(f"fill: values in [0, 1] are needed (grey 128 is 128/255), got {fill!r}")
    return colour.view(1, -1, 1, 1).expand(shape)  # (C,) -> (B, C, H, W)


def _blur(image: Tensor, sigmas: list[float]) -> Tensor:
    """A Gaussian blur of (B, C, H, W) with one sigma in pixels per axis; the border pixels are repeated outside."""
    channels = image.shape[1]
    for axis, sigma in enumerate(sigmas):
        radius = max(1, round(3 * sigma))
        bell = torch.exp(-(torch.arange(-radius, radius + 1).to(image) ** 2) / (2 * sigma**2))
        shape = (channels, 1, -1, 1) if axis == 0 else (channels, 1, 1, -1)
        kernel = (
            (bell / bell.sum()).expand(channels, 1, -1).reshape(shape)
        )  # (C, 1, k) -> one k x 1 or 1 x k each
        pad = (0, 0, radius, radius) if axis == 0 else (radius, radius, 0, 0)
        image = F.conv2d(F.pad(image, pad, mode="replicate"), kernel, groups=channels)
    return image.clamp(0, 1)


def patch_spans(size: int, patch: int, stride: int) -> list[tuple[int, int]]:
    """The pixels covered along one axis, (start, end) half-open: starts 0, stride, ... until the border is reached."""
    return [(start, min(start + patch, size)) for start in range(0, size - patch + stride, stride)]


def coverage(spans: Spans, size: int) -> Tensor:
    """Which pixels each patch covers along one axis, (patches, size) of bool."""
    start, end = torch.tensor(spans).T[..., None]  # (patches, 2) -> (patches, 1) each
    pixel = torch.arange(size)
    return (start <= pixel) & (pixel < end)


def whole(name: str, value) -> int:
    """The value as a plain int; raises unless it is a whole number above 0."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name}: a whole number is needed, got {type(value).__name__} {value!r}")
    if value < 1:
        raise ValueError(f"{name}: at least 1 is needed, got {value}")
    return int(value)


def pair(name: str, value: Size) -> tuple[int, int]:
    """(vertical, horizontal) of a size in pixels, given so or as one number; raises unless both are above 0."""
    sides = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(sides) != 2:
        raise ValueError(f"{name}: one number or (vertical, horizontal) in pixels is needed, got {value!r}")
    return tuple(whole(name, side) for side in sides)


def check_patch(patch_size: Size, image: Tensor) -> tuple[int, int]:
    """The patch (height, width); raises unless it fits into the image (B, C, H, W)."""
    patch = pair("patch_size", patch_size)
    if patch[0] > image.shape[2] or patch[1] > image.shape[3]:
        raise ValueError(
            f"patch_size: {patch[0]} x {patch[1]} px does not fit into an image of "
            f"{image.shape[2]} x {image.shape[3]} px; take a smaller one"
        )
    return patch


def check_stride(stride: Size, patch: tuple[int, int]) -> tuple[int, int]:
    """The stride (down, across); raises if it would leave pixels that no patch covers."""
    stride = pair("stride", stride)
    if stride[0] > patch[0] or stride[1] > patch[1]:
        raise ValueError(
            f"stride: {stride[0]} x {stride[1]} px is longer than the patch of {patch[0]} x {patch[1]} px, so some "
            "pixels would never be covered; take a shorter stride or a larger patch"
        )
    return stride
