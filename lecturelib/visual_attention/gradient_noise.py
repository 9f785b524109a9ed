"""How noisy the gradient is that trains attention: backprop through soft weights beside REINFORCE for drawn cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lecturelib.attention.tokenizer import PAD
from lecturelib.checks import check_choice, check_whole
from lecturelib.visual_attention.caption_grammar import encode_captions
from lecturelib.visual_attention.caption_training import MovingBaseline, reinforce_loss
from lecturelib.visual_attention.show_attend_tell import ShowAttendTell, caption_loss

ESTIMATES = ("soft", "hard", "hard without baseline")
WARM_UP = 20  # batches from which the moving baseline is taken before anything is measured


class GradientNoise(NamedTuple):
    """Gradients in the parameters of f_att over many batches.

    `variance`: the sum of their variances; `squared_norm`: the squared norm of their mean, corrected for what the noise
    adds to it; `noise`: variance / squared_norm, how many batches have to be averaged until signal and noise are alike.
    """

    variance: float
    squared_norm: float

    @property
    def noise(self) -> float:
        return self.variance / max(self.squared_norm, 1e-12)


def gradient_noise(
    model: ShowAttendTell,
    cells: Tensor,
    captions: Sequence[str],
    estimate: str = "soft",
    batches: int = 100,
    batch_size: int = 32,
    seed: int = 0,
) -> GradientNoise:
    """Variance of the gradient of a batch in the parameters of f_att, with the model's own weights.

    `estimate`: "soft" (backprop of the cross-entropy through the weights), "hard" (REINFORCE with the moving baseline)
    or "hard without baseline". All three take the same batches for the same seed, and the model's `kind` does not
    matter: the parameters are the same. The model stays as it was. Raises `TypeError` or `ValueError` before any work.

    >>> model = ShowAttendTell("soft", cell_size=3, hidden=4, embedding=3, attention=3)
    >>> gradient_noise(model, torch.rand(4, 2, 3), ["a small red ball on wood"] * 4, "hard", 3, 2).variance > 0
    True
    """
    check_choice("estimate", estimate, ESTIMATES)
    check_whole("batches", batches, 2)
    check_whole("batch_size", batch_size, 1, len(cells), "the pictures")
    encoded, generator = encode_captions(captions), torch.Generator().manual_seed(seed)
    draws = torch.Generator().manual_seed(seed + 1)
    flags, kind = [p.requires_grad for p in model.parameters()], model.kind
    baseline, found = MovingBaseline(), []
    try:
        model.requires_grad_(False)
        parameters = list(model.score.requires_grad_(True).parameters())
        model.kind = "soft" if estimate == "soft" else "hard"
        for k in range(-WARM_UP if estimate == "hard" else 0, batches):
            rows = torch.randint(len(cells), (batch_size,), generator=generator if k >= 0 else draws)
            batch = encoded[rows]
            loss = _loss(model, cells[rows], batch, estimate, baseline, draws)
            if k >= 0:
                gradients = torch.autograd.grad(loss, parameters)
                found.append(torch.cat([one.flatten() for one in gradients]))
    finally:
        model.kind = kind
        for parameter, flag in zip(model.parameters(), flags, strict=True):
            parameter.requires_grad_(flag)
    values = torch.stack(found).double()  # (batches, parameters)
    variance = values.var(0).sum().item()
    return GradientNoise(variance, max(values.mean(0).square().sum().item() - variance / batches, 0.0))


def _loss(
    model: ShowAttendTell,
    cells: Tensor,
    captions: Tensor,
    estimate: str,
    baseline: MovingBaseline,
    draws: torch.Generator,
) -> Tensor:
    with torch.enable_grad():
        if estimate == "soft":
            return caption_loss(model(cells, captions)[0], captions)
        scores, attended = model(cells, captions, draws)
        now = baseline.of(captions.shape[1] - 1) if estimate == "hard" else 0.0
        loss, rewards = reinforce_loss(scores, attended, captions, now)
        baseline.update(rewards, (captions[:, 1:] != PAD).to(rewards.dtype))
        return loss
