"""Baselines: the pixels that stand for "nothing there", under an occlusion's patch or where a path of images begins."""

from numbers import Real

import torch
from torch import Tensor

from lecturelib.checks import check_images, check_pair, complaint, described
from lecturelib.filters import gaussian_blur

GREY = 128 / 255  # the lecture's (128, 128, 128)
Size = int | tuple[int, int]
Fill = float | str | tuple[float, float, float] | Tensor

FILLS = '"mean", "blur", a grey or a color in [0, 1], or an image'


def fill_image(image: Tensor, fill: Fill = GREY, patch_size: Size = 32) -> Tensor:
    """The baseline as a whole image (B, C, H, W): a patch of an occlusion is a window onto it.

    image (B, C, H, W) in [0, 1]. fill: a grey, a color (r, g, b), "mean" (each image's mean color), "blur", or another
    image. "blur" is a Gaussian with a standard deviation of a quarter of `patch_size` (pixels, one number or (vertical,
    horizontal)): it removes what is smaller than the patch. Raises `ValueError` for an unknown word, values outside
    [0, 1], a color for a grey image, an image of another shape; `TypeError` for any other type.

    >>> import torch
    >>> fill_image(torch.zeros(1, 3, 8, 8), (1.0, 0.5, 0.0))[0, :, 0, 0]
    tensor([1.0000, 0.5000, 0.0000])
    """
    shape, image = image.shape, image.detach()
    if isinstance(fill, str):
        if fill == "mean":
            return image.mean((2, 3), keepdim=True).expand(shape)  # (B, C, 1, 1) -> (B, C, H, W)
        if fill == "blur":
            down, across = check_pair("patch_size", patch_size)
            return gaussian_blur(image, (down / 4, across / 4)).clamp(0, 1)
        raise ValueError(complaint("fill", FILLS, repr(fill)))
    if isinstance(fill, Tensor) and fill.ndim > 1:
        cover = check_images(fill[None] if fill.ndim == 3 else fill, name="fill")
        if cover.shape not in (shape, (1, *shape[1:])):
            raise ValueError(complaint("fill", f"an image of shape {tuple(shape)}", tuple(fill.shape)))
        return cover.detach().to(image).expand(shape)
    numbers = fill if isinstance(fill, tuple | list) else [fill]
    if not isinstance(fill, Tensor) and not all(
        isinstance(number, Real) and not isinstance(number, bool) for number in numbers
    ):
        raise TypeError(complaint("fill", FILLS, described(fill)))
    color = torch.as_tensor(fill, dtype=image.dtype, device=image.device).view(-1)  # () or (C,) -> (1 | C,)
    if len(color) not in (1, shape[1]):
        raise ValueError(complaint("fill", f"one value, or one for each of {shape[1]} channels", fill))
    if not ((color >= 0) & (color <= 1)).all():
        raise ValueError(complaint("fill", "values in [0, 1]", fill, "grey 128 is 128/255"))
    return color.view(1, -1, 1, 1).expand(shape)  # (C,) -> (B, C, H, W)
