"""From scores to sentences: greedy and beam search, with everything computed once kept for the next step.

A decoder writes piece by piece. The Transformer keeps the keys and values of what it has written (a cache), so a step
costs the same however long the sentence is; the recurrent network keeps its state.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lecturelib.attention.masks import padding_mask
from lecturelib.attention.seq2seq import Seq2Seq
from lecturelib.attention.tokenizer import END, LONGEST, START
from lecturelib.attention.transformer import Transformer


@dataclass(frozen=True, eq=False)
class Translation:
    """What was written for each source sentence, and where the decoder looked for each piece."""

    ids: list[list[int]]  # per sentence, END at its end if it came to one
    weights: list[
        Tensor | None
    ]  # per sentence (T, S), (layers, heads, T, S) for a Transformer, None without attention
    log_probability: list[float]  # of the whole sentence


class Decoder:
    """One piece after the other, for either kind of translator: `step(pieces (B,))` -> scores (B, V), weights.

    The weights are (B, S), for a Transformer (B, layers, heads, S), without attention None. `pick(rows)` keeps some of
    the sentences, in any order, also repeatedly: what a beam search needs.
    """

    def __init__(self, model: nn.Module, source: Tensor):
        if source.ndim != 2 or not source.numel():
            raise ValueError(f"source: (B, S) numbers of pieces are needed, got {tuple(source.shape)}")
        if not isinstance(model, Transformer | Seq2Seq):
            raise TypeError(f"a Transformer or a Seq2Seq is needed, got {type(model).__name__}")
        self.model, self.mask, self.position = model, padding_mask(source), 0
        self.memory, self.state = model.encode(source)
        if isinstance(model, Transformer):
            self.caches = [{"own": {}, "other": {"fixed": True}} for _ in model.decoder]

    def step(self, pieces: Tensor) -> tuple[Tensor, Tensor | None]:
        if isinstance(self.model, Transformer):
            scores, _, cross = self.model.decode(
                pieces[:, None], self.memory, self.mask, self.caches, self.position
            )
            weights = torch.stack(cross, 1)[..., 0, :]  # layers of (B, heads, 1, S) -> (B, layers, heads, S)
            scores = scores[:, 0]
        else:
            word = self.model.embed(pieces[:, None])[:, 0]
            output, weights, self.state = self.model.step(word, self.state, self.memory, self.mask)
            scores = output @ self.model.embedding.weight.T
        self.position += 1
        return scores.log_softmax(-1), weights

    def pick(self, rows: Tensor) -> None:
        self.mask, self.memory = self.mask[rows], self.memory[rows]
        if isinstance(self.model, Transformer):
            for layer in self.caches:
                for cache in layer.values():
                    cache.update({name: cache[name][rows] for name in ("k", "v") if name in cache})
        else:
            self.state = tuple(part[rows] for part in self.state)


@torch.no_grad()
def greedy(model: nn.Module, source: Tensor, longest: int = LONGEST) -> Translation:
    """The likeliest piece at every step, for a batch of source sentences (B, S). The model should be in eval mode."""
    decoder = Decoder(model, source)
    batch = len(source)
    pieces = torch.full((batch,), START)
    ids: list[list[int]] = [[] for _ in range(batch)]
    looks: list[list[Tensor]] = [[] for _ in range(batch)]
    total, open_ = torch.zeros(batch), torch.ones(batch, dtype=torch.bool)
    for _ in range(longest):
        log_p, weights = decoder.step(pieces)
        best, pieces = log_p.max(-1)
        total += best * open_
        for b in open_.nonzero()[:, 0].tolist():
            ids[b].append(int(pieces[b]))
            if weights is not None:
                looks[b].append(weights[b])
        open_ = open_ & (pieces != END)
        if not open_.any():
            break
    # per step (S,) or (layers, heads, S) -> (T, S) or (layers, heads, T, S)
    return Translation(ids, [torch.stack(found, -2) if found else None for found in looks], total.tolist())


@torch.no_grad()
def beam_search(
    model: nn.Module, source: Tensor, width: int = 4, longest: int = LONGEST, length_penalty: float = 0.6
) -> Translation:
    """The `width` best beginnings go on at every step; the best finished sentences of one source (1, S), best first.

    Sentences are compared by log-probability / ((5 + length) / 6)^length_penalty: without it short ones win. Wu et al.
    2016, "Google's neural machine translation system".
    """
    if len(source) != 1:
        raise ValueError(f"beam search takes one sentence (1, S), got {tuple(source.shape)}")
    if isinstance(width, bool) or not isinstance(width, int) or width < 1:
        raise ValueError(f"width: a whole number from 1 is needed, got {width!r}")
    decoder = Decoder(model, source)
    alive: list[tuple[float, list[int], list]] = [(0.0, [], [])]
    finished: list[tuple[float, float, list[int], list]] = []

    def value(total: float, length: int) -> float:
        return total / ((5 + length) / 6) ** length_penalty

    for _ in range(longest):
        pieces = torch.tensor([ids[-1] if ids else START for _, ids, _ in alive])
        log_p, weights = decoder.step(pieces)
        totals = torch.tensor([total for total, _, _ in alive])[:, None] + log_p  # (beams, V)
        best = totals.flatten().topk(min(2 * width, totals.numel()))
        going, rows = [], []
        for total, index in zip(best.values.tolist(), best.indices.tolist(), strict=True):
            row, piece = divmod(index, log_p.shape[1])
            _, ids, looks = alive[row]
            looks = [*looks, weights[row]] if weights is not None else looks
            if piece == END:
                finished.append((value(total, len(ids) + 1), total, [*ids, END], looks))
            elif len(going) < width:
                going.append((total, [*ids, piece], looks))
                rows.append(row)
        alive = going
        finished = sorted(finished, key=lambda found: -found[0])[:width]
        if len(finished) == width and value(alive[0][0], len(alive[0][1]) + 1) < finished[-1][0]:
            break
        decoder.pick(torch.tensor(rows))
    if not finished:
        finished = [(value(total, len(ids)), total, ids, looks) for total, ids, looks in alive]
    return Translation(
        [ids for _, _, ids, _ in finished],
        [torch.stack(looks, -2) if looks else None for _, _, _, looks in finished],
        [total for _, total, _, _ in finished],
    )
