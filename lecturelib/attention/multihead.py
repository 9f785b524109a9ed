"""Scaled dot-product attention, multi-head attention that always returns its weights, and positional encoding.

Vaswani et al. 2017, "Attention is all you need". Sizes: B sentences, Q queries, K keys, d features.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn

from lecturelib.attention.masks import check_mask, masked_softmax
from lecturelib.checks import check_whole, complaint

MANY_SCORES = 192 * 192  # of one head; from here on all heads at once leave the cache


def scaled_dot_product_attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, dropout: nn.Module | None = None
) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention: softmax(q k^T / sqrt(d)) v, and the weights softmax(q k^T / sqrt(d)).

    q (..., Q, d), k (..., K, d), v (..., K, d_v), mask (..., Q, K) True where allowed. Returns (..., Q, d_v) and the
    weights (..., Q, K), whose rows sum to one. `dropout` acts on the weights that are used, not on those that are
    returned. Vaswani et al. 2017, equation 1.

    >>> out, weights = scaled_dot_product_attention(torch.zeros(1, 2), torch.ones(2, 2), torch.tensor([[0.0], [4.0]]))
    >>> out.item(), weights.tolist()
    (2.0, [[0.5, 0.5]])
    """
    scaled = q / math.sqrt(q.shape[-1])  # to scale q costs less than to scale the scores
    if dropout is None and _fills_caches(q, k, v):
        return _head_by_head(scaled, k, v, mask)
    weights = masked_softmax(scaled @ k.transpose(-2, -1), mask)  # (..., Q, K)
    return (weights if dropout is None else dropout(weights)) @ v, weights


def _fills_caches(q: Tensor, k: Tensor, v: Tensor) -> bool:
    """Are the scores of all heads too many for a processor's cache, and no gradient asked for?"""
    recorded = torch.is_grad_enabled() and any(x.requires_grad for x in (q, k, v))
    alike = q.ndim > 2 and q.shape[:-2] == k.shape[:-2] == v.shape[:-2] and q.device.type == "cpu"
    return alike and not recorded and q.shape[-2] * k.shape[-2] >= MANY_SCORES


def _head_by_head(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """The same as softmax(q k^T) v for all heads at once: the scores of one head stay in the cache."""
    heads = q.shape[:-2]
    weights, gathered = q.new_empty(*q.shape[:-1], k.shape[-2]), q.new_empty(*q.shape[:-1], v.shape[-1])
    allowed = None if mask is None else mask.expand_as(weights)
    for at in product(*map(range, heads)):
        scores = q[at] @ k[at].T  # (Q, K)
        if allowed is None:
            torch.softmax(scores, -1, out=weights[at])
        else:
            weights[at] = masked_softmax(scores, allowed[at])
        torch.mm(weights[at], v[at], out=gathered[at])
    return gathered, weights


@dataclass
class KeyValueCache:
    """Keys and values (B, heads, K, d/heads) of one attention layer, kept between decoding steps.

    `fixed`: the memory stays the same at every step (the encoder's output), so that its keys and values are computed
    once; otherwise each step appends those of the new token.

    >>> cache = KeyValueCache()
    >>> for _ in range(3):
    ...     keys, values = cache.append(torch.zeros(1, 2, 1, 4), torch.zeros(1, 2, 1, 4))
    >>> keys.shape
    torch.Size([1, 2, 3, 4])
    """

    fixed: bool = False
    keys: Tensor | None = None
    values: Tensor | None = None

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values so far, the new ones last."""
        if self.keys is not None and self.values is not None:
            keys, values = torch.cat([self.keys, keys], 2), torch.cat([self.values, values], 2)
        self.keys, self.values = keys, values
        return keys, values

    def select(self, rows: Tensor) -> None:
        """Keep some sentences of the batch, in any order, also repeatedly."""
        if self.keys is not None and self.values is not None:
            self.keys, self.values = self.keys[rows], self.values[rows]


class MultiHeadAttention(nn.Module):
    """Multi-head attention: each head has queries, keys and values of its own, d / heads wide.

    head_i = attention(x W_q_i, m W_k_i, m W_v_i), output = [head_1; ...; head_h] W_o. forward(query (B, Q, d), memory
    (B, K, d), mask) -> (B, Q, d) and the weights (B, heads, Q, K), always both. The mask is (1 or B, 1 or Q, K), True
    where allowed. Raises ValueError where d is not divisible by the heads, or for a mask that does not fit. Vaswani et
    al. 2017, section 3.2.2.

    >>> x = torch.randn(2, 5, 16)
    >>> out, weights = MultiHeadAttention(16, heads=4)(x, x)
    >>> tuple(out.shape), tuple(weights.shape)
    ((2, 5, 16), (2, 4, 5, 5))
    """

    def __init__(self, d: int, heads: int, dropout: float = 0.0):
        super().__init__()
        check_whole("d", d, 1)
        if d % check_whole("heads", heads, 1):
            raise ValueError(complaint("heads", f"a divisor of d = {d}", heads))
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(d, d) for _ in range(4))
        self.dropout = nn.Dropout(dropout)
        for linear in (self.query, self.key, self.value):
            nn.init.xavier_uniform_(linear.weight, gain=2**-0.5)  # as if the three were one matrix
        for linear in (self.query, self.key, self.value, self.out):
            nn.init.zeros_(linear.bias)

    def forward(
        self,
        query: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        cache: KeyValueCache | None = None,
    ) -> tuple[Tensor, Tensor]:
        """`cache` keeps keys and values between steps of decoding: see `decoding.Decoder`."""
        q = self._split(self.query(query))  # (B, heads, Q, d/heads)
        if cache is not None and cache.fixed and cache.keys is not None and cache.values is not None:
            k, v = cache.keys, cache.values
        else:
            k, v = self._split(self.key(memory)), self._split(self.value(memory))  # (B, heads, K, d/heads)
            if cache is not None:
                k, v = cache.append(k, v)
        if mask is not None:
            # (B, Q, K) -> (B, 1, Q, K): the same for all heads
            mask = check_mask(mask, (q.shape[0], q.shape[2], k.shape[2]))[:, None]
        dropout = self.dropout if self.training else None
        gathered, weights = scaled_dot_product_attention(q, k, v, mask, dropout)
        # (B, heads, Q, d/heads) -> (B, Q, heads, d/heads) -> (B, Q, d)
        return self.out(gathered.transpose(1, 2).flatten(2)), weights

    def _split(self, x: Tensor) -> Tensor:
        # (B, L, d) -> (B, L, heads, d/heads) -> (B, heads, L, d/heads)
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


def positional_encoding(length: int, d: int, device: torch.device | str | None = None) -> Tensor:
    """Sinusoidal positional encoding (length, d): sin(t / 10000^(2i/d)) in column 2i, the cosine in column 2i + 1.

    Column pair i has the wavelength 2 pi 10000^(2i/d): the encoding of position t + s is a fixed rotation of that of t,
    so the product of two encodings depends on their distance only. Of the default dtype. Raises TypeError or ValueError
    for a length below 1 or an odd d. Vaswani et al. 2017, section 3.5.

    >>> positional_encoding(2, 4)
    tensor([[0.0000, 1.0000, 0.0000, 1.0000],
            [0.8415, 0.5403, 0.0100, 0.9999]])
    """
    check_whole("length", length, 1)
    if check_whole("d", d, 2) % 2:
        raise ValueError(complaint("d", "an even number", d))
    t = torch.arange(length, dtype=torch.float64, device=device)[:, None]  # (length, 1)
    rate = 10000 ** (-torch.arange(0, d, 2, dtype=torch.float64, device=device) / d)  # (d/2,)
    waves = torch.stack([(t * rate).sin(), (t * rate).cos()], -1)  # (length, d/2, 2)
    return waves.flatten(1).to(torch.get_default_dtype())  # (length, d)
