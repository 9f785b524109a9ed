"""Plain classifiers to stand beside the glimpses: fully connected and convolutional, with as many multiply-adds."""

from __future__ import annotations

import math

from torch import Tensor, nn

from lecturelib.checks import check_whole, complaint
from lecturelib.network.inputs import as_the_model_takes
from lecturelib.visual_attention.retina import check_sensor

HALF = 128  # units of each branch of the glimpse network, half of its hidden size
FILTERS = (8, 16)  # of both convolutions


class DenseClassifier(nn.Module):
    """A fully connected classifier: pixels -> hidden -> hidden -> classes, with ReLUs.

    >>> import torch
    >>> DenseClassifier(side=28, hidden=16)(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self, side: int = 60, hidden: int = 256, classes: int = 10, name: str = ""):
        super().__init__()
        check_whole("side", side, 1)
        check_whole("hidden", hidden, 1)
        self.side, self.hidden, self.name, self.channels = side, hidden, name, 1
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(side * side, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, classes),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of pictures (B, 1, side, side) in [0, 1]; other pictures are a `ValueError`."""
        return self.layers(_of_side(images, self))


class ConvClassifier(nn.Module):
    """A convolutional classifier: two 5 x 5 convolutions with ReLUs, a hidden layer, classes.

    Both convolutions have stride 2; pictures of less than 40 pixels keep stride 1 in the first.

    >>> import torch
    >>> ConvClassifier(side=60, hidden=16)(torch.zeros(2, 1, 60, 60)).shape
    torch.Size([2, 10])
    """

    def __init__(self, side: int = 60, hidden: int = 256, classes: int = 10, name: str = ""):
        super().__init__()
        check_whole("side", side, 16)
        check_whole("hidden", hidden, 1)
        self.side, self.hidden, self.name, self.channels = side, hidden, name, 1
        first, second = FILTERS
        _, inner = _map_sides(side)
        self.layers = nn.Sequential(
            nn.Conv2d(1, first, 5, _stride(side)), nn.ReLU(), nn.Conv2d(first, second, 5, 2), nn.ReLU(), nn.Flatten(),
            nn.Linear(second * inner * inner, hidden), nn.ReLU(), nn.Linear(hidden, classes),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of pictures (B, 1, side, side) in [0, 1]; other pictures are a `ValueError`."""
        return self.layers(_of_side(images, self))


def glimpse_multiply_adds(size: int = 12, scales: int = 3, glimpses: int = 6, hidden: int = 256) -> int:
    """Multiply-adds of a glimpse network for one picture; the picture's size is not among what they depend on.

    Counted are the products of all linear layers, and one multiply-add for each pixel that the retina reads, twice
    (bilinear, down and across).

    >>> glimpse_multiply_adds(size=8, scales=1, glimpses=1)
    207778
    """
    check_sensor(size, scales)
    check_whole("glimpses", glimpses, 1)
    half, reach = hidden // 2, size * 2 ** (scales - 1) + 1
    read = 2 * reach * reach
    each = (scales * size * size + 2) * half + 2 * half * hidden + 2 * hidden * hidden
    return glimpses * (each + read) + (glimpses - 1) * 2 * hidden + hidden * 10


def dense_multiply_adds(side: int, hidden: int, classes: int = 10) -> int:
    """Multiply-adds of a `DenseClassifier` for one picture of side x side pixels.

    >>> dense_multiply_adds(28, 256)
    268800
    """
    return side * side * hidden + hidden * hidden + hidden * classes


def conv_multiply_adds(side: int, hidden: int, classes: int = 10, stride: int | None = None) -> int:
    """Multiply-adds of a `ConvClassifier` for one picture of side x side pixels; `stride` of its first convolution.

    >>> conv_multiply_adds(60, 256)
    1209984
    """
    first, second = FILTERS
    outer, inner = _map_sides(side, stride)
    convolutions = outer * outer * first * 25 + inner * inner * second * first * 25
    return convolutions + second * inner * inner * hidden + hidden * classes


def dense_of_cost(side: int, multiply_adds: int, name: str = "") -> DenseClassifier:
    """The fully connected classifier whose multiply-adds come closest to a number from below.

    >>> dense_multiply_adds(28, dense_of_cost(28, 300_000).hidden)
    299367
    """
    most = side * side + 10
    hidden = int((math.sqrt(most * most + 4 * multiply_adds) - most) / 2)
    return DenseClassifier(side, _enough(hidden, multiply_adds), name=name)


def conv_of_cost(side: int, multiply_adds: int, name: str = "") -> ConvClassifier:
    """The convolutional classifier whose multiply-adds come closest to a number from below.

    >>> conv_multiply_adds(60, conv_of_cost(60, 1_500_000).hidden)
    1499234
    """
    fixed = conv_multiply_adds(side, 0)
    hidden = (multiply_adds - fixed) // (conv_multiply_adds(side, 1) - fixed)
    return ConvClassifier(side, _enough(hidden, multiply_adds), name=name)


def _enough(hidden: int, multiply_adds: int) -> int:
    if hidden < 1:
        raise ValueError(
            complaint("multiply_adds", "enough for one hidden unit", multiply_adds, "take a larger number")
        )
    return hidden


def _stride(side: int) -> int:
    return 2 if side >= 40 else 1


def _map_sides(side: int, stride: int | None = None) -> tuple[int, int]:
    """Sides of the maps after both convolutions."""
    outer = (side - 5) // (stride or _stride(side)) + 1
    return outer, (outer - 5) // 2 + 1


def _of_side(images: Tensor, model: DenseClassifier | ConvClassifier) -> Tensor:
    images = as_the_model_takes(images, model)
    if images.shape[-2:] != (model.side, model.side):
        expected = f"pictures of {model.side} x {model.side} pixels, as this network was built for"
        raise ValueError(complaint("images", expected, tuple(images.shape)))
    return images
