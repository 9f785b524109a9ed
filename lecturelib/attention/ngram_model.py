"""Interpolated Kneser-Ney n-grams: the baseline of every language model, made by counting.

Kneser & Ney 1995, "Improved backing-off for m-gram language modeling"; Chen & Goodman 1999 for the interpolated form.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from lecturelib.attention.tokenizer import START
from lecturelib.checks import check_whole, complaint

DISCOUNT = 0.75  # of a text without n-grams that occur once and twice


class KneserNey:
    """An n-gram model with interpolated Kneser-Ney smoothing.

    p(w | h) = max(c(h w) - D, 0) / c(h) + D n(h) / c(h) p(w | h'), where c(h) is the sum of c(h w) over w, n(h) the
    number of different tokens after h, and h' is h without its first token. For the longest contexts c counts how
    often h w occurs; for shorter ones how many different tokens stand before h w, but for those that begin with START,
    before which nothing stands. Below the empty context lies the uniform distribution. D = n_1 / (n_1 + 2 n_2) for
    each length, with n_k the number of n-grams counted k times.

    sentences: token ids with END last; `vocabulary`: how many tokens there are. Raises ValueError for no sentences,
    TypeError or ValueError for an order below 1. Kneser & Ney 1995.

    >>> counted = KneserNey([[5, 6, 2], [5, 7, 2]], vocabulary=8, order=2)
    >>> round(counted.distribution([1]).sum().item(), 6), int(counted.distribution([1]).argmax())
    (1.0, 5)
    """

    def __init__(self, sentences: Sequence[Sequence[int]], vocabulary: int, order: int = 3):
        if not sentences:
            raise ValueError(complaint("sentences", "at least one sentence", "none"))
        self.order, self.vocabulary = check_whole("order", order, 1), check_whole("vocabulary", vocabulary, 1)
        counts: list[Counter] = [Counter() for _ in range(order)]  # by length of the context
        for sentence in sentences:
            tokens = (START, *sentence)
            for t in range(1, len(tokens)):
                for n in range(min(t, order - 1) + 1):  # contexts of n tokens
                    counts[n][tokens[t - n : t + 1]] += 1
        for n in range(order - 1):
            before: Counter = Counter(
                longer[1:] for longer in counts[n + 1]
            )  # how many tokens stand before it
            for gram in counts[n]:
                if gram[0] != START:
                    counts[n][gram] = before[gram]
        self.discounts = [_discount(found) for found in counts]
        # context -> {token: count}
        self.after: list[dict[tuple[int, ...], dict[int, int]]] = [defaultdict(dict) for _ in range(order)]
        for n, found in enumerate(counts):
            for gram, count in found.items():
                self.after[n][gram[:-1]][gram[-1]] = count

    def __repr__(self) -> str:
        grams = sum(len(tokens) for found in self.after for tokens in found.values())
        return f"<KneserNey of order {self.order}: {grams:,} n-grams>"

    def probability(self, context: Sequence[int], token: int) -> float:
        """p(token | the last order - 1 tokens of the context)."""
        p = 1 / self.vocabulary
        for n in range(min(len(context), self.order - 1) + 1):
            seen = self.after[n].get(tuple(context[len(context) - n :]))
            if seen is None:
                break  # a context that never occurred: the shorter one decides
            total, discount = sum(seen.values()), self.discounts[n]
            p = max(seen.get(token, 0) - discount, 0) / total + discount * len(seen) / total * p
        return p

    def distribution(self, context: Sequence[int]) -> Tensor:
        """p(. | context) over the whole vocabulary, (vocabulary,)."""
        p = torch.full((self.vocabulary,), 1 / self.vocabulary, dtype=torch.float64)
        for n in range(min(len(context), self.order - 1) + 1):
            seen = self.after[n].get(tuple(context[len(context) - n :]))
            if seen is None:
                break
            total, discount = sum(seen.values()), self.discounts[n]
            p *= discount * len(seen) / total
            p[list(seen)] += (torch.tensor(list(seen.values()), dtype=p.dtype) - discount).clamp(
                min=0
            ) / total
        return p.float()

    def perplexity(self, sentences: Sequence[Sequence[int]]) -> float:
        """exp of the mean -log p of a token, END included; raises ValueError for no sentences."""
        if not sentences:
            raise ValueError(complaint("sentences", "at least one sentence", "none"))
        total, count = 0.0, 0
        for sentence in sentences:
            tokens = (START, *sentence)
            for t in range(1, len(tokens)):
                total -= math.log(self.probability(tokens[max(0, t + 1 - self.order) : t], tokens[t]))
            count += len(sentence)
        return math.exp(total / count)


def _discount(counts: Counter) -> float:
    """D = n_1 / (n_1 + 2 n_2), the share that n-grams give to those that were not seen."""
    sizes = Counter(counts.values())
    return sizes[1] / (sizes[1] + 2 * sizes[2]) if sizes[1] and sizes[2] else DISCOUNT
