"""A classifier that reads its picture through one differentiable window, trained by backpropagation alone."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.checks import check_choice, check_whole, complaint
from lecturelib.network.inputs import as_the_model_takes, to_the_weights
from lecturelib.visual_attention.filterbank import SoftWindow, affine_window, gaussian_window

Sampler = Literal["gaussian", "affine"]
SAMPLERS: tuple[Sampler, ...] = ("gaussian", "affine")
COARSE = 20  # side to which the picture is reduced before a window is chosen
FIRST, SECOND = 12, 20  # channels of the convolutions that read the window


class WindowNetwork(nn.Module):
    """A soft window: choose where and how wide to read from a coarse view of the picture, read, classify.

    The picture, averaged to 20 x 20, gives by a small fully connected network the center, the logarithm of the stride
    and of sigma of one window of size x size; a small convolutional network classifies what is read. Everything is
    differentiable: cross-entropy is the only loss, nothing says where the digit is. It starts with a window over the
    whole picture. `sampler`: "gaussian" (Gregor et al. 2015) or "affine" (Jaderberg et al. 2015).

    >>> network = WindowNetwork(side=60, size=12)
    >>> network(torch.zeros(2, 1, 60, 60)).shape, network.window(torch.zeros(2, 1, 60, 60)).strides
    (torch.Size([2, 10]), tensor([5., 5.], grad_fn=<ExpBackward0>))
    """

    def __init__(
        self, side: int = 60, size: int = 16, sampler: Sampler = "gaussian", classes: int = 10, name: str = ""
    ):
        super().__init__()
        check_whole("side", side, COARSE)
        check_whole("size", size, 9, side, "the picture's side")
        check_choice("sampler", sampler, SAMPLERS)
        self.side, self.size, self.sampler, self.name, self.channels = side, size, sampler, name, 1
        last = nn.Linear(64, 4)
        self.locator = nn.Sequential(
            nn.Linear(COARSE * COARSE, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), last
        )
        nn.init.zeros_(last.weight)
        widest = side / size  # pixels from one place to the next when the window covers the picture
        last.bias.data = torch.tensor([0.0, 0.0, math.log(widest), math.log(widest / 2)])
        inner = ((size - 5) + 1 - 3) // 2 + 1
        self.reader = nn.Sequential(
            nn.Conv2d(1, FIRST, 5), nn.ReLU(), nn.Conv2d(FIRST, SECOND, 3, 2), nn.ReLU(), nn.Flatten(),
            nn.Linear(SECOND * inner * inner, 64), nn.ReLU(), nn.Linear(64, classes),
        )  # fmt: skip

    def window(self, images: Tensor) -> SoftWindow:
        """Where it reads pictures (B, 1, side, side) in [0, 1]; other pictures are a `ValueError`."""
        images = as_the_model_takes(images, self)
        if images.shape[-2:] != (self.side, self.side):
            expected = f"pictures of {self.side} x {self.side} pixels, as this network was built for"
            raise ValueError(complaint("images", expected, tuple(images.shape)))
        said = self.locator(F.adaptive_avg_pool2d(images, COARSE).flatten(1))  # (B, 400) -> (B, 4)
        return SoftWindow(said[:, :2], said[:, 2].exp(), said[:, 3].exp())

    def read(self, images: Tensor, window: SoftWindow) -> Tensor:
        """What a window shows, (B, 1, size, size)."""
        return (gaussian_window if self.sampler == "gaussian" else affine_window)(images, window, self.size)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of pictures (B, 1, side, side) in [0, 1]."""
        window = self.window(images)
        return self.reader(self.read(to_the_weights(images, self), window))

    def extra_repr(self) -> str:
        return (
            f"{self.side} x {self.side} pixels through a {self.sampler} window of {self.size} x {self.size}"
        )


def center_distance(window: SoftWindow, centers: Tensor, side: int = 60) -> Tensor:
    """Distance in pixels, (B,), between the windows' centers and the digits' (B, 2), both in [-1, 1].

    >>> window = SoftWindow(torch.tensor([[0.1, 0.0]]), torch.ones(1), torch.ones(1))
    >>> center_distance(window, torch.zeros(1, 2), side=60)
    tensor([3.])
    """
    check_whole("side", side, 1)
    return (window.centers - centers).norm(dim=1) * side / 2
