"""Score functions of attention: how well does a key fit a query? Five answers with one interface.

score(query (B, Q, d_q), keys (B, K, d_k)) -> (B, Q, K), before the softmax.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.checks import check_name, check_number, check_whole, complaint


class Score(nn.Module):
    """The base of all scores: `forward` checks the sizes once, `fit` is the score.

    Raises TypeError or ValueError for sizes below 1, and ValueError for queries or keys of another width.

    >>> import torch
    >>> from lecturelib.attention import Score
    >>> class Product(Score):
    ...     def fit(self, query, keys):
    ...         return query @ keys.transpose(1, 2)  # (B, Q, d) @ (B, d, K)
    >>> Product(4, 4)(torch.rand(2, 5, 4), torch.rand(2, 6, 4)).shape
    torch.Size([2, 5, 6])
    """

    def __init__(self, d_query: int, d_key: int):
        super().__init__()
        self.d_query = check_whole("d_query", d_query, 1)
        self.d_key = check_whole("d_key", d_key, 1)

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        for name, tensor, size in (("query", query, self.d_query), ("keys", keys, self.d_key)):
            if tensor.ndim != 3 or tensor.shape[2] != size:
                raise ValueError(complaint(name, f"shape (B, L, {size})", tuple(tensor.shape)))
        return self.fit(query, keys)

    def fit(self, query: Tensor, keys: Tensor) -> Tensor:
        raise NotImplementedError


class Additive(Score):
    """Additive score v^T tanh(W [s; h]): a small network learns what fits. Bahdanau et al. 2015.

    W [s; h] is the sum of two products, one for the query and one for the keys; the latter serves every query.

    >>> Additive(3, 4)(torch.randn(2, 5, 3), torch.randn(2, 6, 4)).shape
    torch.Size([2, 5, 6])
    """

    def __init__(self, d_query: int, d_key: int, hidden: int = 128):
        super().__init__(d_query, d_key)
        self.query, self.key = nn.Linear(d_query, hidden), nn.Linear(d_key, hidden, bias=False)
        self.v = nn.Linear(hidden, 1, bias=False)

    def fit(self, query: Tensor, keys: Tensor) -> Tensor:
        # (B, Q, 1, hidden) + (B, 1, K, hidden)
        sums = self.query(query)[:, :, None] + self.key(keys)[:, None]
        return self.v(sums.tanh())[..., 0]  # (B, Q, K, 1) -> (B, Q, K)


class _Projected(Score):
    """The base of scores of two vectors of one size: the keys are projected where the sizes differ."""

    def __init__(self, d_query: int, d_key: int):
        super().__init__(d_query, d_key)
        self.project = nn.Identity() if d_query == d_key else nn.Linear(d_key, d_query, bias=False)


class Cosine(_Projected):
    """Cosine score with key strength: strength * cos(s, h). Graves et al. 2014.

    The strength is learned and above 0, unless it is given: the cosine alone lies in [-1, 1] and would leave the
    softmax nearly flat.

    >>> s = torch.tensor([[[3.0, 4.0]]])
    >>> Cosine(2, 2, strength=1.0)(s, s).item()
    1.0
    """

    def __init__(self, d_query: int, d_key: int, strength: float | None = None):
        super().__init__(d_query, d_key)
        self.fixed = None if strength is None else check_number("strength", strength, above=0)
        if strength is None:
            self.log_strength = nn.Parameter(torch.tensor(math.log(10.0)))

    def fit(self, query: Tensor, keys: Tensor) -> Tensor:
        cosine = F.normalize(query, dim=-1) @ F.normalize(self.project(keys), dim=-1).transpose(1, 2)
        return cosine * (self.log_strength.exp() if self.fixed is None else self.fixed)


class General(Score):
    """General score s^T W h: a learned bilinear form. Luong et al. 2015.

    >>> General(3, 4)(torch.randn(2, 5, 3), torch.randn(2, 6, 4)).shape
    torch.Size([2, 5, 6])
    """

    def __init__(self, d_query: int, d_key: int):
        super().__init__(d_query, d_key)
        self.w = nn.Linear(d_key, d_query, bias=False)

    def fit(self, query: Tensor, keys: Tensor) -> Tensor:
        return query @ self.w(keys).transpose(1, 2)


class Dot(_Projected):
    """Dot-product score s^T h of equal sizes. Luong et al. 2015.

    A bidirectional h is twice as wide as s, so it is projected.

    >>> Dot(2, 2)(torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[3.0, 4.0]]])).item()
    11.0
    """

    def fit(self, query: Tensor, keys: Tensor) -> Tensor:
        return query @ self.project(keys).transpose(1, 2)


class ScaledDot(Dot):
    """Scaled dot-product score s^T h / sqrt(d). Vaswani et al. 2017.

    The dot product of independent vectors with entries of variance 1 has the standard deviation sqrt(d); divided, 1.

    >>> ScaledDot(4, 4)(torch.ones(1, 1, 4), torch.ones(1, 1, 4)).item()
    2.0
    """

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
    """A score function by its name in the lecture: one of SCORES.

    Raises `UnknownName` (a KeyError) for another name, TypeError or ValueError for sizes below 1.

    >>> type(make_score("scaled dot", 4, 4)).__name__
    'ScaledDot'
    """
    return SCORES[check_name("name", name, SCORES, "score")](d_query, d_key)
