"""From scores to sentences: greedy and beam search, with a key/value cache.

A decoder writes token by token. The Transformer keeps the keys and values of what it has written (the cache), so a
step passes one token through the network however long the sentence is; the recurrent network keeps its state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lecturelib.attention.masks import padding_mask
from lecturelib.attention.multihead import KeyValueCache
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.tokenizer import END, LONGEST, START
from lecturelib.attention.transformer import Transformer
from lecturelib.checks import check_number, check_whole, complaint, described


@dataclass(frozen=True, eq=False)
class Decoded:
    """What a decoder wrote, sentence by sentence: token ids, attention weights, log-probability.

    `ids`: with END at the end if the decoder came to one. `weights`: (T, S) per sentence, (layers, heads, T, S) for a
    Transformer, None without attention. `log_probability`: of the whole sentence, in nats.
    """

    ids: list[list[int]]
    weights: list[Tensor | None]
    log_probability: list[float]


class Decoder:
    """One decoding step after the other, for either kind of translator.

    `step(tokens (B,))` -> log-probabilities (B, V) of the next token, and the weights: (B, S), for a Transformer
    (B, layers, heads, S), None without attention. `select(rows)` keeps some of the sentences, in any order, also
    repeatedly: what beam search needs. source: (B, S) token ids. Raises TypeError for another kind of network,
    ValueError for another shape.

    >>> model = Transformer(vocabulary=30, d=16, heads=2, layers=1, hidden=32).eval()
    >>> log_p, weights = Decoder(model, torch.tensor([[5, 6, 2]])).step(torch.tensor([START]))
    >>> tuple(log_p.shape), tuple(weights.shape)
    ((1, 30), (1, 1, 2, 3))
    """

    def __init__(self, model: nn.Module, source: Tensor):
        if source.ndim != 2 or not source.numel():
            raise ValueError(complaint("source", "shape (B, S) of token ids", tuple(source.shape)))
        if not isinstance(model, Transformer | Seq2Seq):
            raise TypeError(complaint("model", "a Transformer or a Seq2Seq", type(model).__name__))
        self.model, self.mask, self.position = model, padding_mask(source), 0
        # the second result: a Transformer's attention weights, a recurrent encoder's first state of the decoder
        self.memory: Tensor
        self.state: Any
        self.memory, self.state = model.encode(source)
        if isinstance(model, Transformer):
            self.caches = [(KeyValueCache(), KeyValueCache(fixed=True)) for _ in model.decoder]

    def step(self, tokens: Tensor) -> tuple[Tensor, Tensor | None]:
        if isinstance(self.model, Transformer):
            scores, _, cross = self.model.decode(
                tokens[:, None], self.memory, self.mask, self.caches, self.position
            )
            # layers of (B, heads, 1, S) -> (B, layers, heads, S)
            weights: Tensor | None = torch.stack(cross, 1)[..., 0, :]
            scores = scores[:, 0]
        else:
            word = self.model.embed(tokens[:, None])[:, 0]
            output, weights, self.state = self.model.step(word, self.state, self.memory, self.mask)
            scores = output @ self.model.embedding.weight.T
        self.position += 1
        return scores.log_softmax(-1), weights

    def select(self, rows: Tensor) -> None:
        self.mask, self.memory = self.mask[rows], self.memory[rows]
        if isinstance(self.model, Transformer):
            for caches in self.caches:
                for cache in caches:
                    cache.select(rows)
        else:
            self.state = tuple(part[rows] for part in self.state)


@torch.no_grad()
def greedy(model: nn.Module, source: Tensor, longest: int = LONGEST) -> Decoded:
    """Greedy decoding: the likeliest token at every step, for a batch of source sentences (B, S) of token ids.

    It ends at END or after `longest` tokens. The model should be in eval mode. Raises TypeError for another kind of
    network, ValueError for another shape.

    >>> model = Transformer(vocabulary=30, d=16, heads=2, layers=1, hidden=32).eval()
    >>> found = greedy(model, torch.tensor([[5, 6, 7, 2]]), longest=3)
    >>> len(found.ids[0]) <= 3, tuple(found.weights[0].shape)[:2]
    (True, (1, 2))
    """
    decoder, device = Decoder(model, source), source.device
    count = len(source)
    tokens = torch.full((count,), START, device=device)
    ids: list[list[int]] = [[] for _ in range(count)]
    kept: list[list[Tensor]] = [[] for _ in range(count)]
    total: Tensor | float = 0.0
    unfinished = torch.ones(count, dtype=torch.bool, device=device)
    for _ in range(check_whole("longest", longest, 1)):
        log_p, weights = decoder.step(tokens)
        best, tokens = log_p.max(-1)
        total = total + best * unfinished
        for b in unfinished.nonzero()[:, 0].tolist():
            ids[b].append(int(tokens[b]))
            if weights is not None:
                kept[b].append(weights[b])
        unfinished = unfinished & (tokens != END)
        if not unfinished.any():
            break
    # per step (S,) or (layers, heads, S) -> (T, S) or (layers, heads, T, S)
    stacked = [torch.stack(found, -2) if found else None for found in kept]
    return Decoded(ids, stacked, torch.as_tensor(total).tolist())


def length_normalized(log_probability: float, length: int, penalty: float) -> float:
    """Score by which beam search compares sentences: log p / ((5 + length) / 6)^penalty.

    `length` counts tokens, END included. Wu et al. 2016, "Google's neural machine translation system", equation 14.

    >>> length_normalized(-6.0, 7, 1.0)
    -3.0
    """
    return log_probability / ((5 + length) / 6) ** penalty


@dataclass
class _Hypothesis:
    """A beginning of a sentence, or a whole one: its ids, the weights of each step, and its log-probability."""

    log_probability: float
    ids: list[int]
    weights: list[Tensor]

    def followed_by(self, token: int, total: float, weights: Tensor | None) -> _Hypothesis:
        return _Hypothesis(
            total, [*self.ids, token], self.weights if weights is None else [*self.weights, weights]
        )


@torch.no_grad()
def beam_search(
    model: nn.Module, source: Tensor, width: int = 4, longest: int = LONGEST, length_penalty: float = 0.6
) -> Decoded:
    """Beam search: the `width` best beginnings go on at every step; finished sentences of one source, best first.

    source: (1, S) token ids. Finished sentences are compared by `length_normalized`: with penalty 0, by their
    log-probability alone, short ones win. The search ends when no beginning can overtake the `width` finished ones by
    one more token. Raises ValueError for several sources, TypeError or ValueError for a width below 1. Wu et al. 2016.

    >>> model = Transformer(vocabulary=30, d=16, heads=2, layers=1, hidden=32).eval()
    >>> found = beam_search(model, torch.tensor([[5, 6, 7, 2]]), width=3, longest=4, length_penalty=0.0)
    >>> found.log_probability == sorted(found.log_probability, reverse=True)
    True
    """
    if not isinstance(source, Tensor) or len(source) != 1:
        raise ValueError(complaint("source", "one sentence (1, S) of token ids", described(source)))
    check_whole("width", width, 1)
    check_whole("longest", longest, 1)
    check_number("length_penalty", length_penalty, least=0)

    def compared(one: _Hypothesis, more: int = 0) -> float:
        return length_normalized(one.log_probability, len(one.ids) + more, length_penalty)

    decoder = Decoder(model, source)
    alive, finished = [_Hypothesis(0.0, [], [])], []
    for _ in range(longest):
        tokens = [one.ids[-1] if one.ids else START for one in alive]
        log_p, weights = decoder.step(torch.tensor(tokens, device=source.device))
        before = torch.tensor([one.log_probability for one in alive], dtype=log_p.dtype, device=log_p.device)
        totals = before[:, None] + log_p  # (beams, V)
        best = totals.flatten().topk(min(2 * width, totals.numel()))
        rows = []
        going: list = []
        for total, index in zip(best.values.tolist(), best.indices.tolist(), strict=True):
            row, token = divmod(index, log_p.shape[1])
            longer = alive[row].followed_by(token, total, weights[row] if weights is not None else None)
            if token == END:
                finished.append(longer)
            elif len(going) < width:
                going.append(longer)
                rows.append(row)
        alive = going
        finished = sorted(finished, key=compared, reverse=True)[:width]
        if len(finished) == width and compared(alive[0], more=1) < compared(finished[-1]):
            break
        decoder.select(torch.tensor(rows, device=source.device))
    found = finished or sorted(alive, key=compared, reverse=True)
    return Decoded(
        [one.ids for one in found],
        [torch.stack(one.weights, -2) if one.weights else None for one in found],
        [one.log_probability for one in found],
    )
