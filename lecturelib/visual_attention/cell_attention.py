"""Soft attention over the cells of a convolutional map, for one decision: the third way beside glimpses and windows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lecturelib.checks import check_whole, complaint
from lecturelib.network.inputs import as_the_model_takes

CHANNELS = (8, 16, 32)  # of the three convolutions


class CellAttentionNetwork(nn.Module):
    """Soft attention over cells: convolutions give cells a_i, one score each, and their weighted mean is classified.

    alpha = softmax(w^T tanh(W a_i)), c = sum_i alpha_i a_i. Three 5 x 5 convolutions, the first two with stride 2: on
    60 x 60 pixels 8 x 8 cells, each seeing 29 x 29 pixels. As in Xu et al. 2015, with a single step and no words.

    >>> network = CellAttentionNetwork(side=60)
    >>> logits, weights = network.attend(torch.zeros(2, 1, 60, 60))
    >>> logits.shape, weights.shape, weights.sum((1, 2))
    (torch.Size([2, 10]), torch.Size([2, 8, 8]), tensor([1., 1.], grad_fn=<SumBackward1>))
    """

    def __init__(self, side: int = 60, classes: int = 10, name: str = ""):
        super().__init__()
        check_whole("side", side, 29)
        self.side, self.name, self.channels = side, name, 1
        first, second, third = CHANNELS
        self.cells = nn.Sequential(
            nn.Conv2d(1, first, 5, 2), nn.ReLU(), nn.Conv2d(first, second, 5, 2), nn.ReLU(),
            nn.Conv2d(second, third, 5), nn.ReLU(),
        )  # fmt: skip
        self.score = nn.Sequential(nn.Linear(third, 32), nn.Tanh(), nn.Linear(32, 1))
        self.reader = nn.Sequential(nn.Linear(third, 64), nn.ReLU(), nn.Linear(64, classes))

    def attend(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, classes), and the attention weights (B, rows, columns), which sum to one.

        images (B, 1, side, side) in [0, 1]; other pictures are a `ValueError`.
        """
        images = as_the_model_takes(images, self)
        if images.shape[-2:] != (self.side, self.side):
            expected = f"pictures of {self.side} x {self.side} pixels, as this network was built for"
            raise ValueError(complaint("images", expected, tuple(images.shape)))
        maps = self.cells(images)  # (B, 32, rows, columns)
        cells = maps.flatten(2).transpose(1, 2)  # (B, L, 32)
        weights = self.score(cells)[..., 0].softmax(1)  # (B, L)
        context = (weights[:, None] @ cells)[:, 0]  # (B, 1, L) @ (B, L, 32) -> (B, 32)
        return self.reader(context), weights.view(len(images), *maps.shape[-2:])

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of pictures (B, 1, side, side) in [0, 1]."""
        return self.attend(images)[0]


def cell_centers(side: int = 60) -> Tensor:
    """Centers of the cells along one side in pixels, the first pixel's center being .5.

    >>> cell_centers(60)[:2]
    tensor([14.5000, 18.5000])
    """
    check_whole("side", side, 29)
    outer = (side - 5) // 2 + 1
    count = (outer - 5) // 2 + 1 - 4
    return 14.5 + 4 * torch.arange(count)
