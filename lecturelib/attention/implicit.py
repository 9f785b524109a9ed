"""Implicit attention: which source tokens an output depends on, by the gradient. No attention layer is needed.

Part 5's saliency map, asked of a translator: one row for each output. Kalchbrenner et al. 2016, "Neural machine
translation in linear time", figure 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from lecturelib.attention.tokenizer import START
from lecturelib.checks import check_choice, complaint
from lecturelib.network.hooks import leaf

Output = Literal["score", "log_probability"]
OUTPUTS: tuple[Output, ...] = ("score", "log_probability")


def implicit_attention(
    model: nn.Module, source: Sequence[int], target: Sequence[int], of: Output = "score"
) -> Tensor:
    """Implicit attention |d output_t / d x_i|: the norm of the gradient of output t in the embedding of source token i.

    source: S token ids, target: the T token ids that the model wrote (without START). Returns (T, S), not negative, in
    units of the output per unit of the embedding. The output is the score of the written token, before the softmax as
    in the lecture, or its log-probability, whose gradient also pushes the other tokens down. The model's weights, mode
    and hooks stay as they are, and other threads may use it at the same time. Raises ValueError for another output, or
    where source or target is empty. Kalchbrenner et al. 2016.

    >>> from lecturelib.attention.transformer import Transformer
    >>> model = Transformer(vocabulary=30, d=16, heads=2, layers=1, hidden=32).eval()
    >>> implicit_attention(model, [5, 6, 7], [9, 2]).shape
    torch.Size([2, 3])
    """
    check_choice("of", of, OUTPUTS)
    for name, ids in (("source", source), ("target", target)):
        if not len(ids):
            raise ValueError(complaint(name, "at least one token", "none"))
    embedding: Any = model.embedding
    device: torch.device = embedding.weight.device
    # the first call of the embedding is that of the source, the second that of the target
    with torch.inference_mode(False), torch.enable_grad(), leaf(model, "embedding") as leaves:
        steps, written = torch.arange(len(target), device=device), torch.tensor(list(target), device=device)
        # one copy of the sentence for each output: a single backward pass then gives all rows
        read = torch.tensor([list(source)], device=device).expand(len(target), -1)  # (T, S)
        before = torch.tensor([[START, *target[:-1]]], device=device).expand(len(target), -1)  # (T, T)
        scores, _ = model(read, before)  # (T, T, V)
        if of == "log_probability":
            scores = scores.log_softmax(-1)
        outputs = scores[steps, steps, written]  # (T,): output t of copy t
        (gradient,) = torch.autograd.grad(outputs.sum(), leaves[0])  # (T, S, e)
    return gradient.norm(dim=-1)


def shares(gradients: Tensor) -> Tensor:
    """Each row (T, S) divided by its sum, to be compared with attention weights; rows of zeros stay zeros.

    >>> shares(torch.tensor([[1.0, 3.0], [0.0, 0.0]]))
    tensor([[0.2500, 0.7500],
            [0.0000, 0.0000]])
    """
    return gradients / gradients.sum(-1, keepdim=True).clamp_min(torch.finfo(gradients.dtype).tiny)


def agreement(implicit: Tensor, explicit: Tensor) -> tuple[float, float]:
    """The share of rows in which two matrices (T, S) have their largest value at the same place, and what chance gives.

    Chance: the rows of one are permuted at random; the share to expect is the mean over all pairs of rows, exactly.
    Raises ValueError for matrices of two shapes.

    >>> agreement(torch.eye(2), torch.eye(2))
    (1.0, 0.5)
    """
    if implicit.shape != explicit.shape or implicit.ndim != 2 or not implicit.numel():
        came = f"{tuple(implicit.shape)} and {tuple(explicit.shape)}"
        raise ValueError(complaint("implicit, explicit", "two matrices (T, S) of one shape", came))
    one, other = implicit.argmax(1), explicit.argmax(1)  # (T,)
    return float((one == other).double().mean()), float((one[:, None] == other[None]).double().mean())
