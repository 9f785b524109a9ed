"""What the explorables of part 8 share: test pictures by class, principal components, tiles of pictures."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from lecturelib import datasets
from lecturelib.autoencoders.linear_autoencoder import truncated_svd
from lecturelib.show.palettes import palette
from lecturelib.widgets.controls import Choice, Control, Slider

SETS = {"digits": (datasets.digits, datasets.DIGITS), "clothes": (datasets.clothes, datasets.CLOTHES)}
EXAMPLES = 20  # test pictures of a class that can be chosen
TILE = 196  # pixels on the page of one picture of 28


@lru_cache(maxsize=2)
def test_set(data: str) -> tuple[Tensor, Tensor]:
    """The test pictures and labels of a data set; shared, nobody may change them."""
    return SETS[data][0]("test")


def example_controls(data: str = "digits", value: str | None = None) -> tuple[Control, Control]:
    """The class of the picture, and which of its test pictures."""
    return Choice("picture", SETS[data][1], value), Slider(
        "example", 1, EXAMPLES, value=1, label="which example"
    )


def example(data: str, picture: str, number: int) -> Tensor:
    """The test picture (1, 1, 28, 28) of a class, counted from 1."""
    images, labels = test_set(data)
    of_class = (labels == SETS[data][1].index(picture)).nonzero().flatten()
    return images[of_class[number - 1]][None]


@lru_cache(maxsize=2)
def components(data: str) -> tuple[Tensor, Tensor]:
    """The mean (784,) and the first 256 principal directions (784, 256) of a training set."""
    rows = SETS[data][0]("train")[0].flatten(1)
    mean = rows.mean(0)
    return mean, truncated_svd(rows - mean, 256).basis


def by_components(image: Tensor, data: str, size: int) -> Tensor:
    """The reconstruction (1, 1, 28, 28) of a picture from its first `size` principal components, cut to [0, 1]."""
    mean, basis = components(data)
    left = image.flatten(1) - mean
    made = left @ basis[:, :size] @ basis[:, :size].T + mean
    return made.clamp(0, 1).view_as(image)


def grey(image: Tensor) -> np.ndarray:
    """A picture (1, 1, h, w) or (h, w) in [0, 1] as (h, w, 3) bytes."""
    pixels = (image.detach().reshape(image.shape[-2:]).clamp(0, 1) * 255).round().byte().numpy()
    return np.repeat(pixels[:, :, None], 3, axis=2)


def signed(values: Tensor, most: float = 1.0) -> np.ndarray:
    """A signed map (1, 1, h, w) or (h, w) as colors: blue below 0, orange above, white at 0, full at `most`."""
    share = (values.detach().reshape(values.shape[-2:]) / most).clamp(-1, 1)
    return palette("blue_orange")[((share + 1) / 2 * 255).round().long().numpy()]


def error(made: Tensor, wanted: Tensor) -> float:
    """Mean squared error of the pixels."""
    return (made - wanted).square().mean().item()


def mosaic(images: Tensor, columns: int, zoom: int = 1, pad: int = 1) -> np.ndarray:
    """Pictures (N, 1, h, w) in [0, 1] as one (H, W, 3) picture, row by row, white between them."""
    count, _, height, width = images.shape
    rows = -(-count // columns)
    sheet = torch.ones(rows * (height + pad) - pad, columns * (width + pad) - pad)
    for k, image in enumerate(images):
        top, left = (k // columns) * (height + pad), (k % columns) * (width + pad)
        sheet[top : top + height, left : left + width] = image[0]
    return grey(sheet).repeat(zoom, axis=0).repeat(zoom, axis=1)
