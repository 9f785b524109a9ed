"""Multi-head attention, which always returns its weights, and the position code."""

import math

import torch
from torch import Tensor, nn

from lecturelib.attention.masks import check_mask, masked_softmax


def scaled_dot_product(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """What each query gathers, and from where: softmax(q k^T / sqrt(d)) v.

    q (..., Q, d), k (..., K, d), v (..., K, d_v), mask (..., Q, K) True where allowed. Returns (..., Q, d_v) and the
    weights (..., Q, K). Vaswani et al. 2017, equation 1.
    """
    weights = _weights(q, k, mask)
    return weights @ v, weights


def _weights(q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
    """softmax(q k^T / sqrt(d)) among the allowed keys, (..., Q, K)."""
    scores = (q / math.sqrt(q.shape[-1])) @ k.transpose(-2, -1)  # scaling q is cheaper than scaling scores
    if mask is None and not scores.requires_grad:
        return torch.softmax(
            scores, -1, out=scores
        )  # in its own place: a second large table costs as much again
    return masked_softmax(scores, mask)


class MultiHeadAttention(nn.Module):
    """Several looks at once: each head has queries, keys and values of its own, d / heads wide.

    forward(query (B, Q, d), memory (B, K, d), mask) -> (B, Q, d) and the weights (B, heads, Q, K), always both. The
    mask is (1 or B, 1 or Q, K), True where allowed. Dropout acts on the weights that are used, not on those that are
    returned. Raises `ValueError` where d is not divisible by the heads.
    """

    def __init__(self, d: int, heads: int, dropout: float = 0.0):
        super().__init__()
        if heads < 1 or d % heads:
            raise ValueError(
                f"d = {d} cannot be shared evenly among {heads} heads: choose heads that divide d"
            )
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(d, d) for _ in range(4))
        self.dropout = nn.Dropout(dropout)
        for linear in (self.query, self.key, self.value):
            nn.init.xavier_uniform_(linear.weight, gain=2**-0.5)  # as if the three were one matrix
        for linear in (self.query, self.key, self.value, self.out):
            nn.init.zeros_(linear.bias)

    def forward(
        self, query: Tensor, memory: Tensor, mask: Tensor | None = None, cache: dict | None = None
    ) -> tuple[Tensor, Tensor]:
        """`cache` keeps keys and values between steps of decoding: see `decoding.Decoder`."""
        q = self._split(self.query(query))  # (B, heads, Q, d/heads)
        k, v = self._keys_and_values(memory, cache)
        if mask is not None:
            check_mask(mask, (q.shape[0], q.shape[2], k.shape[2]))
            mask = mask[:, None]  # (B, Q, K) -> (B, 1, Q, K), the same for all heads
        weights = _weights(q, k, mask)
        gathered = self.dropout(weights) @ v  # (B, heads, Q, d/heads)
        joined = gathered.transpose(1, 2).flatten(
            2
        )  # (B, heads, Q, d/heads) -> (B, Q, heads, d/heads) -> (B, Q, d)
        return self.out(joined), weights

    def _split(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        # (B, L, d) -> (B, L, heads, d/heads) -> (B, heads, L, d/heads)
        return x.view(batch, length, self.heads, width // self.heads).transpose(1, 2)

    def _keys_and_values(self, memory: Tensor, cache: dict | None) -> tuple[Tensor, Tensor]:
        if cache is None:
            return self._split(self.key(memory)), self._split(self.value(memory))
        if cache.get("fixed") and "k" in cache:  # the encoder's output does not change between steps
            return cache["k"], cache["v"]
        k, v = self._split(self.key(memory)), self._split(self.value(memory))
        if "k" in cache:
            k, v = torch.cat([cache["k"], k], 2), torch.cat([cache["v"], v], 2)  # (B, heads, K + 1, d/heads)
        cache["k"], cache["v"] = k, v
        return k, v


def position_code(length: int, d: int) -> Tensor:
    """The sinusoidal position code (length, d): sines in the even columns, cosines in the odd ones.

    Column pair i turns with wavelength 2 pi 10000^(2i/d): the code of position t + s is a fixed rotation of that of t.
    Vaswani et al. 2017, section 3.5.
    """
    if length < 1 or d < 2 or d % 2:
        raise ValueError(f"length from 1 and an even d from 2 are needed, got {length} and {d}")
    t = torch.arange(length, dtype=torch.float64)[:, None]  # (length, 1)
    rate = 10000 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)  # (d/2,)
    code = torch.stack([(t * rate).sin(), (t * rate).cos()], -1)  # (length, d/2, 2)
    return code.flatten(1).float()  # (length, d)
