"""Interventions on attention weights: what if the decoder had attended elsewhere?

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
from lecturelib.checks import check_whole, complaint

Change = Callable[[Tensor, int], Tensor]  # weights (B, S) of step t, and t -> other weights (B, S)


class _Changed(nn.Module):
    """The scores of a score function, changed so that their softmax gives the changed weights."""

    def __init__(self, score: nn.Module, change: Change):
        super().__init__()
        self.score, self.change, self.step = score, change, 0

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        weights = self.score(query, keys).softmax(-1)[:, 0]  # (B, S)
        changed = self.change(weights, self.step)
        self.step += 1
        return changed.to(weights).log()[:, None]  # (B, 1, S)


def with_changed_weights(model: Seq2Seq, change: Change) -> Seq2Seq:
    """A twin of a translator whose attention weights pass through `change(weights (B, S), t)` at every step t.

    It shares all parameters with the model, which stays as it is. It counts its steps: make a twin for each decoding.
    What `change` returns is divided by its sum. Sentences without padding only. Raises TypeError for another model.

    >>> model = Seq2Seq(30, "dot", embedding=4, encoder=4, decoder=4).eval()
    >>> twin = with_changed_weights(model, lambda weights, t: torch.tensor([[0.0, 3.0]]))
    >>> twin(torch.tensor([[5, 2]]), torch.tensor([[1, 6]]))[1].tolist()
    [[[0.0, 1.0], [0.0, 1.0]]]
    """
    if not isinstance(model, Seq2Seq) or model.score is None:
        expected = "a recurrent translator with attention, such as translator('attention').model"
        raise TypeError(complaint("model", expected, type(model).__name__))
    twin = copy.copy(model)
    twin._modules = {**model._modules, "score": _Changed(model.score, change)}
    return twin


@dataclass(frozen=True, eq=False)
class Permuted:
    """What N permutations of each row of the weights do to the output, step by step (T steps).

    `total_variation` (T, N): half the sum of |p - q|, from 0 (nothing changed) to 1. `kl` (T, N): KL(p || q) in nats.
    `other_word` (T,): the share of permutations after which another token is the likeliest. `weights` (T, S): those of
    the model; where they are flat, a permutation changes little by itself.
    """

    total_variation: Tensor
    kl: Tensor
    other_word: Tensor
    weights: Tensor


@torch.no_grad()
def permuted_attention(
    model: Seq2Seq, source: Sequence[int], target: Sequence[int], permutations: int = 50, seed: int = 0
) -> Permuted:
    """Permutation test of attention: permute one step's weights, keep all else, compare the output's probabilities.

    source: S token ids, target: the T token ids that were written; every step is judged in the state in which the model
    really was. Raises TypeError for a translator without attention, ValueError for fewer than two source tokens or no
    target token. Jain and Wallace 2019, section 4.2.1.

    >>> model = Seq2Seq(30, "dot", embedding=4, encoder=4, decoder=4).eval()
    >>> permuted_attention(model, [5, 6, 2], [7, 2], permutations=8).total_variation.shape
    torch.Size([2, 8])
    """
    if len(source) < 2:
        raise ValueError(complaint("source", "at least two tokens", str(len(source))))
    if not len(target):
        raise ValueError(complaint("target", "at least one token", "none"))
    length, steps, generator = len(source), len(target), torch.Generator().manual_seed(seed)
    many = steps * check_whole("permutations", permutations, 1)
    device = model.embedding.weight.device
    order = torch.rand(many, length, generator=generator).argsort(-1).to(device)  # (T * N, S)
    twin = with_changed_weights(model, lambda weights, t: weights.gather(-1, order))
    read = torch.tensor([list(source)], device=device)
    words, mask = model.embed(torch.tensor([[START, *target[:-1]]], device=device)), padding_mask(read)
    memory, state = model.encode(read)
    outputs, weights, states = [], [], []
    for t in range(steps):
        states.append(state)
        output, attended, state = model.step(words[:, t], state, memory, mask)
        outputs.append(output)
        if attended is not None:
            weights.append(attended)

    def copies(tensor: Tensor) -> Tensor:  # (T, ...) -> (T * N, ...)
        return tensor.repeat_interleave(permutations, 0)

    hidden, cell, whole = (copies(torch.cat(parts)) for parts in zip(*states, strict=True))
    changed, _, _ = twin.step(
        copies(words[0]), (hidden, cell, whole), memory.expand(many, -1, -1), mask.expand(many, -1, -1)
    )
    table, found = model.embedding.weight.T, []
    # one step at a time, to save memory: (1, e), (N, e)
    for one, others in zip(outputs, changed.chunk(steps), strict=True):
        log_p, log_q = (one @ table).log_softmax(-1), (others @ table).log_softmax(-1)  # (1, V), (N, V)
        p = log_p.exp()
        other = (log_q.argmax(-1) != log_p.argmax(-1)).to(p.dtype).mean()
        found.append(((p - log_q.exp()).abs().sum(-1) / 2, (p * (log_p - log_q)).sum(-1), other))
    variation, kl, other_word = (torch.stack(parts) for parts in zip(*found, strict=True))
    return Permuted(variation, kl, other_word, torch.cat(weights))
