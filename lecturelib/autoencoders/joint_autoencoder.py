"""A joint latent space for two kinds of data: one code for both, so that one is found by the other.

Ngiam et al. 2011, "Multimodal deep learning".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.autoencoders.autoencoder_networks import SIDE, check_pictures
from lecturelib.checks import check_choice, check_whole, complaint

View = Literal["upper", "lower"]
HALF = SIDE // 2


def two_views(images: Tensor) -> tuple[Tensor, Tensor]:
    """The upper and the lower half (N, 1, 14, 28) of pictures (N, 1, 28, 28): two views of the same thing.

    >>> upper, lower = two_views(torch.zeros(3, 1, 28, 28))
    >>> upper.shape == lower.shape == torch.Size([3, 1, 14, 28])
    True
    """
    check_pictures(images)
    return images[:, :, :HALF], images[:, :, HALF:]


class JointAutoencoder(nn.Module):
    """A bimodal deep autoencoder: an encoder for each view, one code, a decoder for each view.

    The code is the mean of the codes of the views that are given, so that one of them is enough; both views are decoded
    from it. code_size: k.

    >>> model = JointAutoencoder(8)
    >>> model.encode(upper=torch.zeros(2, 1, 14, 28)).shape, model.decode(torch.zeros(2, 8))[1].shape
    (torch.Size([2, 8]), torch.Size([2, 1, 14, 28]))
    """

    def __init__(self, code_size: int = 32, width: int = 128, name: str = ""):
        super().__init__()
        check_whole("code_size", code_size, 1, HALF * SIDE, "the pixels of a view")
        self.code_size, self.name = code_size, name
        self.encoders = nn.ModuleDict(
            {view: _layers(HALF * SIDE, width, code_size) for view in ("upper", "lower")}
        )
        self.decoders = nn.ModuleDict(
            {view: _layers(code_size, width, HALF * SIDE) for view in ("upper", "lower")}
        )

    def encode(self, upper: Tensor | None = None, lower: Tensor | None = None) -> Tensor:
        """The code (B, k) of one view or of both, (B, 1, 14, 28) each; `ValueError` without any."""
        given = {"upper": upper, "lower": lower}
        codes = [self.encoders[name](view.flatten(1)) for name, view in given.items() if view is not None]
        if not codes:
            raise ValueError(complaint("encode", "upper, lower or both", "none of them"))
        return torch.stack(codes).mean(0)

    def decode(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Both views (B, 1, 14, 28) in [0, 1] of codes (B, k)."""
        upper, lower = (self.decoders[name](codes).sigmoid() for name in ("upper", "lower"))
        return upper.unflatten(1, (1, HALF, SIDE)), lower.unflatten(1, (1, HALF, SIDE))

    def forward(self, images: Tensor) -> Tensor:
        """Reconstruct whole pictures (B, 1, 28, 28) from both views."""
        return torch.cat(self.decode(self.encode(*two_views(images))), dim=2)


@dataclass(frozen=True)
class JointStep:
    """One step of `iter_joint_autoencoder`, with its reconstruction error."""

    step: int
    of: int
    error: float


def iter_joint_autoencoder(
    model: JointAutoencoder, images: Tensor, steps: int = 2000, batch_size: int = 128, seed: int = 0
) -> Iterator[JointStep]:
    """Train a joint autoencoder: from the upper view, the lower view, or both, reconstruct both; yields each step.

    The error is the mean over the three kinds of input. The codes of both views of a picture are also drawn together,
    |z_upper - z_lower|^2, so that they can be compared. images (N, 1, 28, 28) in [0, 1].

    >>> run = iter_joint_autoencoder(JointAutoencoder(4, 8), torch.rand(9, 1, 28, 28), steps=2, batch_size=3)
    >>> [step.step for step in run]
    [1, 2]
    """
    upper, lower = two_views(images)
    check_whole("steps", steps, 1)
    check_whole("batch_size", batch_size, 1)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)

    def run() -> Iterator[JointStep]:
        for step in range(1, steps + 1):
            rows = torch.randint(len(images), (batch_size,), generator=generator)
            one, other = upper[rows], lower[rows]
            with torch.enable_grad():
                z_one, z_other = model.encode(upper=one), model.encode(lower=other)
                codes = (z_one, z_other, (z_one + z_other) / 2)
                error = torch.stack([_error(model.decode(z), one, other) for z in codes]).mean()
                apart = F.mse_loss(z_one, z_other) / z_one.detach().var().clamp(min=1e-6)
            optimizer.zero_grad()
            (error + 0.01 * apart).backward()
            optimizer.step()
            schedule.step()
            yield JointStep(step, steps, error.item())

    return run()


@torch.no_grad()
def retrieval_ranks(model: JointAutoencoder, images: Tensor, query: View = "upper") -> Tensor:
    """For each picture the rank of its own other half among all, when searched by one half; 0 is the best, (N,).

    Codes are compared by their cosine after the mean code of each view is subtracted. Of equal cosines the own one
    comes last, so that a model with one code for everything finds nothing.

    >>> retrieval_ranks(JointAutoencoder(4, 8), torch.rand(5, 1, 28, 28)).shape
    torch.Size([5])
    """
    check_choice("query", query, ("upper", "lower"))
    upper, lower = two_views(images)
    codes = {"upper": model.encode(upper=upper), "lower": model.encode(lower=lower)}
    centered = {view: F.normalize(code - code.mean(0), dim=1) for view, code in codes.items()}
    other = "lower" if query == "upper" else "upper"
    likeness = centered[query] @ centered[other].T  # (N, N)
    return (likeness >= likeness.diagonal()[:, None]).sum(1) - 1  # one of them is its own


def recall_at(ranks: Tensor, k: int) -> float:
    """Recall at k: the share of queries whose answer is among the first k. By chance k / N.

    ranks (N,), counted from 0. Raises `ValueError` for no ranks, or a k below 1.

    >>> recall_at(torch.tensor([0, 3, 9]), 5)
    0.6666666865348816
    """
    check_whole("k", k, 1)
    if not len(ranks):
        raise ValueError(complaint("ranks", "at least one", "none"))
    return (ranks < k).float().mean().item()


def _layers(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, outputs)
    )


def _error(made: tuple[Tensor, Tensor], upper: Tensor, lower: Tensor) -> Tensor:
    return (F.mse_loss(made[0], upper) + F.mse_loss(made[1], lower)) / 2
