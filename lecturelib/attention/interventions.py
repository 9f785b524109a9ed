"""What if the decoder had looked elsewhere? Translators whose weights are changed on the way.

Is attention an explanation? If other weights give the same output, the weights did not make it. Jain and Wallace 2019,
"Attention is not explanation"; the answer: Wiegreffe and Pinter 2019, "Attention is not not explanation".
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecturelib.attention.masks import padding_mask
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.tokenizer import START

Change = Callable[[Tensor, int], Tensor]  # weights (B, S) of step t, and t -> other weights (B, S)


class _Changed(nn.Module):
    """The scores of a score, changed so that their softmax gives the changed weights."""

    def __init__(self, score: nn.Module, change: Change):
        super().__init__()
        self.score, self.change, self.step = score, change, 0

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        weights = self.score(query, keys).softmax(-1)[:, 0]  # (B, S)
        changed = self.change(weights, self.step)
        self.step += 1
        return changed.log()[:, None]  # (B, 1, S)


def with_changed_weights(model: Seq2Seq, change: Change) -> Seq2Seq:
    """A twin of a translator with attention, whose weights pass through `change(weights (B, S), t)` at every step.

    It shares all parameters with the model, which stays as it is. It counts its steps: make a twin for each decoding.
    What `change` returns is divided by its sum. Unfilled sentences only. Raises TypeError for another model.
    """
    if not isinstance(model, Seq2Seq) or model.score is None:
        raise TypeError("a recurrent translator with attention is needed: translator('attention').model")
    twin = copy.copy(model)
    twin._modules = {**model._modules, "score": _Changed(model.score, change)}
    return twin


@dataclass(frozen=True, eq=False)
class Permuted:
    """What N permutations of each row of the weights do to the output, step by step (T steps).

    `total_variation` (T, N): half the sum of |p - q|, from 0 (nothing changed) to 1. `kl` (T, N): KL(p || q) in nats.
    `other_word` (T,): the share of permutations after which another piece is the likeliest. `weights` (T, S): the real
    ones; where they are flat, a permutation changes little by itself.
    """

    total_variation: Tensor
    kl: Tensor
    other_word: Tensor
    weights: Tensor


@torch.no_grad()
def permuted_attention(
    model: Seq2Seq, source: Sequence[int], target: Sequence[int], permutations: int = 50, seed: int = 0
) -> Permuted:
    """Permute the weights of one step among the source pieces, all else kept, and compare the output's probabilities.

    source: S numbers, target: the T numbers that were written; every step is judged in the state in which the model
    really was. Raises TypeError for a translator without attention, ValueError for fewer than two source pieces.
    """
    if len(source) < 2 or permutations < 1:
        raise ValueError(
            f"two source pieces and one permutation are needed at least, got {len(source)} and {permutations}"
        )
    length, steps, generator = len(source), len(target), torch.Generator().manual_seed(seed)
    order = torch.rand(steps * permutations, length, generator=generator).argsort(-1)  # (T * N, S)
    twin = with_changed_weights(model, lambda weights, t: weights.gather(-1, order))
    read = torch.tensor([list(source)])
    memory, state = model.encode(read)
    words, mask = model.embed(torch.tensor([[START, *target[:-1]]])), padding_mask(read)
    real, weights, states = [], [], []
    for t in range(steps):
        states.append(state)
        output, looked, state = model.step(words[:, t], state, memory, mask)
        real.append(output)
        weights.append(looked)

    def copies(tensor: Tensor) -> Tensor:  # (T, ...) -> (T * N, ...)
        return tensor.repeat_interleave(permutations, 0)

    many = steps * permutations
    before = tuple(copies(torch.cat(parts)) for parts in zip(*states, strict=True))
    changed, _, _ = twin.step(
        copies(words[0]), before, memory.expand(many, -1, -1), mask.expand(many, -1, -1)
    )
    table, found = model.embedding.weight.T, []
    for one, others in zip(
        real, changed.chunk(steps), strict=True
    ):  # (1, e), (N, e): one step at a time, to save room
        log_p, log_q = (one @ table).log_softmax(-1), (others @ table).log_softmax(-1)  # (1, V), (N, V)
        p = log_p.exp()
        other = (log_q.argmax(-1) != log_p.argmax(-1)).float().mean()
        found.append(((p - log_q.exp()).abs().sum(-1) / 2, (p * (log_p - log_q)).sum(-1), other))
    variation, kl, other_word = (torch.stack(parts) for parts in zip(*found, strict=True))
    return Permuted(
        total_variation=variation,
        kl=kl,
        other_word=other_word,
        weights=torch.cat(weights),
    )
