"""Implicit attention: which source words an output depends on, by the gradient; no attention is needed for it.

Part 5's saliency map, asked of a translator: one row for each output. Kalchbrenner et al. 2016, "Neural machine
translation in linear time", figure 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn

from lecturelib.attention.tokenizer import START


def implicit_attention(
    model: nn.Module,
    source: Sequence[int],
    target: Sequence[int],
    of: Literal["score", "log_probability"] = "score",
) -> Tensor:
    """|d output_t / d x_i|: the length of the gradient of the t-th output in the embedding of the i-th source piece.

    source: S numbers, target: the T numbers that the model wrote (without START). Returns (T, S), not negative, in
    units of the output per unit of the embedding. The output is the score of the piece that was written, before the
    softmax as in the lecture, or its log-probability, whose gradient also pushes the other pieces down. The model's
    weights, mode and hooks stay as they are. Raises ValueError for nothing to read or write.
    """
    if of not in ("score", "log_probability"):
        raise ValueError(f'of: "score" or "log_probability" is needed, got {of!r}')
    if not len(source) or not len(target):
        raise ValueError(
            f"source and target need at least one piece each, got {len(source)} and {len(target)}"
        )
    steps = torch.arange(len(target))
    # one copy of the sentence for each output: a single backward pass then gives all rows
    read = torch.tensor([list(source)]).expand(len(target), -1)  # (T, S)
    before = torch.tensor([[START, *target[:-1]]]).expand(len(target), -1)  # (T, T)
    with torch.enable_grad(), _leaf_embedding(model) as leaves:
        scores, _ = model(read, before)  # (T, T, V)
        if of == "log_probability":
            scores = scores.log_softmax(-1)
        outputs = scores[steps, steps, torch.tensor(list(target))]  # (T,): output t of copy t
        (gradient,) = torch.autograd.grad(outputs.sum(), leaves[0])  # (T, S, e)
    return gradient.norm(dim=-1)


def shares(gradients: Tensor) -> Tensor:
    """Each row (T, S) divided by its sum, to be looked at beside attention weights; rows of zeros stay zeros."""
    return gradients / gradients.sum(-1, keepdim=True).clamp_min(torch.finfo(gradients.dtype).tiny)


def agreement(implicit: Tensor, explicit: Tensor) -> tuple[float, float]:
    """The share of rows in which two matrices (T, S) have their largest value at the same place, and what chance gives.

    Chance: the rows of one are dealt anew; the share to expect is the mean over all pairs of rows, exactly. Raises
    ValueError for matrices of two shapes.
    """
    if implicit.shape != explicit.shape or implicit.ndim != 2 or not implicit.numel():
        raise ValueError(
            f"two matrices (T, S) of one shape are needed, got {tuple(implicit.shape)} and {tuple(explicit.shape)}"
        )
    one, other = implicit.argmax(1), explicit.argmax(1)  # (T,)
    return float((one == other).float().mean()), float((one[:, None] == other[None]).float().mean())


@contextmanager
def _leaf_embedding(model: nn.Module) -> Iterator[list[Tensor]]:
    """The first use of the model's embedding, that of the source, gives a tensor that gradients end in."""
    leaves: list[Tensor] = []

    def leaf(module: nn.Module, inputs: tuple, output: Tensor) -> Tensor:
        if leaves:
            return output  # the target's own
        leaves.append(output.detach().requires_grad_())
        return leaves[0]

    handle = model.embedding.register_forward_hook(leaf)
    try:
        yield leaves
    finally:
        handle.remove()
