"""Scores: how well does a key fit a query? Five answers with one interface.

score(query (B, Q, d_q), keys (B, K, d_k)) -> (B, Q, K), before the softmax.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Score(nn.Module):
    """The base: it checks the sizes once, `fit` is the score."""

    def __init__(self, d_query: int, d_key: int):
        super().__init__()
        if min(d_query, d_key) < 1:
            raise ValueError(f"sizes from 1 are needed, got {d_query} and {d_key}")
        self.d_query, self.d_key = d_query, d_key

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        for name, tensor, size in (("query", query, self.d_query), ("keys", keys, self.d_key)):
            if tensor.ndim != 3 or tensor.shape[2] != size:
                raise ValueError(f"{name}: (B, L, {size}) is needed, got {tuple(tensor.shape)}")
        return self.fit(query, keys)

    def fit(self, query: Tensor, keys: Tensor) -> Tensor:
        raise NotImplementedError


class Additive(Score):
    """v^T tanh(W [s; h]): a small network learns what fits. Bahdanau et al. 2015.

    W [s; h] is the sum of two products, one for the query and one for the keys; the latter serves every query.
    """

    def __init__(self, d_query: int, d_key: int, hidden: int = 128):
        super().__init__(d_query, d_key)
        self.query, self.key = nn.Linear(d_query, hidden), nn.Linear(d_key, hidden, bias=False)
        self.v = nn.Linear(hidden, 1, bias=False)

    def fit(self, query: Tensor, keys: Tensor) -> Tensor:
        sums = (
            self.query(query)[:, :, None] + self.key(keys)[:, None]
        )  # (B, Q, 1, hidden) + (B, 1, K, hidden)
        return self.v(sums.tanh())[..., 0]  # (B, Q, K, 1) -> (B, Q, K)


class _Projected(Score):
    """The base of scores that compare like with like: the keys are projected where the sizes differ."""

    def __init__(self, d_query: int, d_key: int):
        super().__init__(d_query, d_key)
        self.project = nn.Identity() if d_query == d_key else nn.Linear(d_key, d_query, bias=False)


class Cosine(_Projected):
    """strength * cos(s, h). The strength is learned and above 0: the cosine alone lies in [-1, 1] and would leave the
    softmax nearly flat. Graves et al. 2014."""

    def __init__(self, d_query: int, d_key: int, strength: float | None = None):
        super().__init__(d_query, d_key)
        self.fixed = strength
        if strength is None:
            self.log_strength = nn.Parameter(torch.tensor(math.log(10.0)))

    def fit(self, query: Tensor, keys: Tensor) -> Tensor:
        cosine = F.normalize(query, dim=-1) @ F.normalize(self.project(keys), dim=-1).transpose(1, 2)
        return cosine * (self.log_strength.exp() if self.fixed is None else self.fixed)


class General(Score):
    """s^T W h: a learned inner product. Luong et al. 2015."""

    def __init__(self, d_query: int, d_key: int):
        super().__init__(d_query, d_key)
        self.w = nn.Linear(d_key, d_query, bias=False)

    def fit(self, query: Tensor, keys: Tensor) -> Tensor:
        return query @ self.w(keys).transpose(1, 2)


class Dot(_Projected):
    """s^T h, of equal sizes; a bidirectional h is twice as wide, so it is projected. Luong et al. 2015."""

    def fit(self, query: Tensor, keys: Tensor) -> Tensor:
        return query @ self.project(keys).transpose(1, 2)


class ScaledDot(Dot):
    """s^T h / sqrt(d): the sum of d products grows like sqrt(d), this keeps it near 1. Vaswani et al. 2017."""

    def fit(self, query: Tensor, keys: Tensor) -> Tensor:
        return super().fit(query / math.sqrt(self.d_query), keys)


SCORES: dict[str, type[Score]] = {
    "additive": Additive,
    "cosine": Cosine,
    "general": General,
    "dot": Dot,
    "scaled dot": ScaledDot,
}


def make_score(name: str, d_query: int, d_key: int) -> Score:
    """A score by its name in the lecture; `KeyError` names those there are."""
    if name not in SCORES:
        raise KeyError(f"there is no score {name!r}; choose one of {', '.join(SCORES)}")
    return SCORES[name](d_query, d_key)
