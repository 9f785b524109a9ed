"""Training autoencoders step by step: reconstruction error, with a sparsity penalty where asked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.autoencoders.autoencoder_networks import (
    Autoencoder,
    ConvAutoencoder,
    MaskingNoise,
    TiedAutoencoder,
    check_pictures,
)
from lecturelib.checks import check_choice, check_number, check_whole

Loss = Literal["squared_error", "cross_entropy"]
Trainable = Autoencoder | TiedAutoencoder | ConvAutoencoder


@dataclass(frozen=True)
class AutoencoderStep:
    """One step: `error` is the mean squared error of the batch's pixels, `units_on` the share of active code units."""

    step: int
    of: int
    error: float
    units_on: float


class AutoencoderRun(Iterator[AutoencoderStep]):
    """A training run: iterate to train, stop by leaving the loop, and go on by iterating again.

    Minimizes |x' - x|^2 (or the cross-entropy of the pixels) + sparsity * mean |z|, the input masked by the model's own
    noise. Adam with a one-cycle learning rate, batches drawn from `seed`. `step`, `of` and `stopped` are what
    `lecturelib.training`'s live pictures read. Made by `iter_autoencoder`.
    """

    def __init__(
        self, model: Trainable, images: Tensor, steps: int, batch_size: int, learning_rate: float,
        sparsity: float, loss: Loss, seed: int,
    ):  # fmt: skip
        self.model, self.images = model, check_pictures(images)
        self.of, self.step, self.stopped = check_whole("steps", steps, 1), 0, ""
        self.batch_size = check_whole("batch_size", batch_size, 1)
        self.sparsity = check_number("sparsity", sparsity, least=0)
        self.loss = check_choice("loss", loss, ("squared_error", "cross_entropy"))
        check_number("learning_rate", learning_rate, above=0)
        self.errors: list[float] = []
        self._generator = torch.Generator().manual_seed(seed)
        for module in model.modules():
            if isinstance(module, MaskingNoise):
                module.generator = self._generator  # the noise, too, comes from the seed
        self.optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, learning_rate, total_steps=steps + 1, pct_start=0.2, cycle_momentum=False
        )

    def __next__(self) -> AutoencoderStep:
        if self.step >= self.of:
            raise StopIteration
        rows = torch.randint(len(self.images), (self.batch_size,), generator=self._generator)
        batch, training = self.images[rows], self.model.training
        self.model.train()
        try:
            with torch.enable_grad():
                made, z = _decoded(self.model, batch)
                measure = F.mse_loss if self.loss == "squared_error" else F.binary_cross_entropy
                objective = measure(made, batch) + self.sparsity * z.abs().mean()
            self.optimizer.zero_grad()
            objective.backward()
            self.optimizer.step()
            self._schedule.step()
        finally:
            self.model.train(training)
        self.step += 1
        error = F.mse_loss(made.detach(), batch).item()
        self.errors.append(error)
        on = (z.detach().abs() > 1e-3).float().mean().item()
        return AutoencoderStep(self.step, self.of, error, on)


def _decoded(model: Trainable, batch: Tensor) -> tuple[Tensor, Tensor]:
    """The reconstruction of a batch, and the numbers of its code."""
    if isinstance(model, ConvAutoencoder):
        pooled = model.encode(batch)
        return model.decode(pooled), pooled.maps
    code = model.encode(batch)
    return model.decode(code), code


def iter_autoencoder(
    model: Trainable,
    images: Tensor,
    steps: int = 1000,
    batch_size: int = 128,
    learning_rate: float = 3e-3,
    sparsity: float = 0.0,
    loss: Loss = "squared_error",
    seed: int = 0,
) -> AutoencoderRun:
    """Train an autoencoder on pictures; yields an `AutoencoderStep` after each step.

    model: an `Autoencoder`, `TiedAutoencoder` or `ConvAutoencoder`; images (N, 1, 28, 28) in [0, 1]. `sparsity`:
    weight of the mean absolute code. Raises `TypeError` or `ValueError` before any work for other pictures or
    numbers.

    >>> from lecturelib.autoencoders.autoencoder_networks import Autoencoder
    >>> run = iter_autoencoder(Autoencoder(2, (8,)), torch.rand(20, 1, 28, 28), steps=3, batch_size=4)
    >>> [step.step for step in run]
    [1, 2, 3]
    """
    return AutoencoderRun(model, images, steps, batch_size, learning_rate, sparsity, loss, seed)


@torch.no_grad()
def reconstruction_error(
    model: Callable[[Tensor], Tensor], images: Tensor, against: Tensor | None = None, batch_size: int = 500
) -> float:
    """Mean squared error of the pixels of reconstructions, in eval mode; `against`: the clean pictures, if others.

    >>> reconstruction_error(lambda x: x, torch.rand(3, 1, 28, 28))
    0.0
    """
    wanted = images if against is None else against
    training = getattr(model, "training", False)
    if isinstance(model, nn.Module):
        model.eval()
    try:
        total = sum(
            F.mse_loss(model(part), clean, reduction="sum").item()
            for part, clean in zip(images.split(batch_size), wanted.split(batch_size), strict=True)
        )
    finally:
        if isinstance(model, nn.Module):
            model.train(training)
    return total / wanted.numel()
