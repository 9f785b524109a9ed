"""The Transformer: no recurrence, no convolution; every layer returns its attention weights.

Vaswani et al. 2017, "Attention is all you need". Sizes: B sentences, S source tokens, T target tokens, d features.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor, nn

from lecturelib.attention.masks import causal_mask, padding_mask
from lecturelib.attention.multihead import KeyValueCache, MultiHeadAttention, positional_encoding
from lecturelib.attention.tokenizer import LONGEST, PAD


@dataclass(frozen=True, eq=False)
class AttentionWeights:
    """Attention weights of every layer and head of a Transformer, one tensor per layer: (B, heads, queries, keys)."""

    encoder: list[Tensor]  # (B, heads, S, S)
    decoder: list[Tensor]  # (B, heads, T, T), causal
    cross: list[Tensor]  # (B, heads, T, S): target tokens attend to source tokens


class FeedForward(nn.Sequential):
    """Position-wise feed-forward network W_2 a(W_1 x + b_1) + b_2, the same at every position: (B, L, d) -> (B, L, d).

    `activation` is a: ReLU in the paper, GELU in BERT. Vaswani et al. 2017, section 3.3.

    >>> import torch
    >>> FeedForward(8, 32, dropout=0.0)(torch.zeros(2, 5, 8)).shape
    torch.Size([2, 5, 8])
    """

    def __init__(self, d: int, hidden: int, dropout: float, activation: type[nn.Module] = nn.ReLU):
        super().__init__(nn.Linear(d, hidden), activation(), nn.Dropout(dropout), nn.Linear(hidden, d))


class EncoderLayer(nn.Module):
    """Encoder layer: self-attention, then the feed-forward network, each with a residual connection and LayerNorm.

    x <- LayerNorm(x + attention(x)), x <- LayerNorm(x + feed_forward(x)); with `norm_first` the LayerNorm stands before
    each of the two (x + attention(LayerNorm(x)), as most do now) instead of after. `eps` is that of LayerNorm. Vaswani
    et al. 2017, section 3.1.

    >>> import torch
    >>> x, weights = EncoderLayer(16, heads=4, hidden=32)(torch.randn(2, 5, 16))
    >>> tuple(x.shape), tuple(weights.shape)
    ((2, 5, 16), (2, 4, 5, 5))
    """

    def __init__(
        self,
        d: int,
        heads: int,
        hidden: int,
        dropout: float = 0.1,
        norm_first: bool = False,
        activation: type[nn.Module] = nn.ReLU,
        eps: float = 1e-5,
    ):
        super().__init__()
        self.norm_first = norm_first
        self.attention = MultiHeadAttention(d, heads, dropout)
        self.feed_forward = FeedForward(d, hidden, dropout, activation)
        self.norm1, self.norm2 = nn.LayerNorm(d, eps), nn.LayerNorm(d, eps)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, mask: Tensor | None = None, cache: KeyValueCache | None = None
    ) -> tuple[Tensor, Tensor]:
        """x (B, S, d), mask (1 or B, 1 or S, S) True where allowed -> (B, S, d), weights (B, heads, S, S).

        With a `cache` x holds the new tokens only, and the weights also reach those of before (B, heads, S, K)."""
        if self.norm_first:
            y = self.norm1(x)
            gathered, weights = self.attention(y, y, mask, cache)
            x = x + self.dropout(gathered)
            return x + self.dropout(self.feed_forward(self.norm2(x))), weights
        gathered, weights = self.attention(x, x, mask, cache)
        x = self.norm1(x + self.dropout(gathered))
        return self.norm2(x + self.dropout(self.feed_forward(x))), weights


Caches = tuple[KeyValueCache, KeyValueCache]  # of a decoder layer: its self-attention, its cross-attention


class DecoderLayer(nn.Module):
    """Decoder layer: causal self-attention, cross-attention on the source, then the feed-forward network.

    Each of the three has a residual connection and LayerNorm, as in `EncoderLayer`. Vaswani et al. 2017, section 3.1.

    >>> import torch
    >>> x, weights, cross = DecoderLayer(16, heads=4, hidden=32)(torch.randn(2, 3, 16), torch.randn(2, 5, 16))
    >>> tuple(x.shape), tuple(weights.shape), tuple(cross.shape)
    ((2, 3, 16), (2, 4, 3, 3), (2, 4, 3, 5))
    """

    def __init__(self, d: int, heads: int, hidden: int, dropout: float = 0.1, norm_first: bool = False):
        super().__init__()
        self.norm_first = norm_first
        self.attention = MultiHeadAttention(d, heads, dropout)
        self.cross = MultiHeadAttention(d, heads, dropout)
        self.feed_forward = FeedForward(d, hidden, dropout)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(d), nn.LayerNorm(d), nn.LayerNorm(d)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        source: Tensor,
        mask: Tensor | None = None,
        source_mask: Tensor | None = None,
        caches: Caches | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """x (B, T, d), source (B, S, d) -> (B, T, d), weights (B, heads, T, T) and (B, heads, T, S)."""
        own, other = caches if caches is not None else (None, None)
        if self.norm_first:
            y = self.norm1(x)
            gathered, weights = self.attention(y, y, mask, own)
            x = x + self.dropout(gathered)
            gathered, cross = self.cross(self.norm2(x), source, source_mask, other)
            x = x + self.dropout(gathered)
            return x + self.dropout(self.feed_forward(self.norm3(x))), weights, cross
        gathered, weights = self.attention(x, x, mask, own)
        x = self.norm1(x + self.dropout(gathered))
        gathered, cross = self.cross(x, source, source_mask, other)
        x = self.norm2(x + self.dropout(gathered))
        return self.norm3(x + self.dropout(self.feed_forward(x))), weights, cross


class Transformer(nn.Module):
    """A Transformer for translation. One embedding serves source, target and output.

    forward(source (B, S), target (B, T)) of token ids -> scores (B, T, vocabulary) for the token that follows each
    target token, and their `AttentionWeights`. In training `target` is START and the right translation (teacher
    forcing). positions=False leaves the positional encoding out: then words have no order. Vaswani et al. 2017.

    >>> import torch
    >>> model = Transformer(vocabulary=30, d=16, heads=2, layers=1, hidden=32).eval()
    >>> scores, weights = model(torch.tensor([[5, 6, 7, 2]]), torch.tensor([[1, 8, 9]]))
    >>> tuple(scores.shape), tuple(weights.cross[0].shape)
    ((1, 3, 30), (1, 2, 3, 4))
    """

    code: Tensor

    def __init__(
        self,
        vocabulary: int,
        d: int = 160,
        heads: int = 4,
        layers: int = 2,
        hidden: int = 640,
        dropout: float = 0.1,
        norm_first: bool = False,
        positions: bool = True,
    ):
        super().__init__()
        self.d = d
        self.embedding = nn.Embedding(vocabulary, d, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=d**-0.5)
        code = positional_encoding(LONGEST + 1, d)
        self.register_buffer("code", code if positions else code * 0, persistent=False)
        self.encoder = nn.ModuleList(
            EncoderLayer(d, heads, hidden, dropout, norm_first) for _ in range(layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d, heads, hidden, dropout, norm_first) for _ in range(layers)
        )
        # layers that normalize first leave their sum as it is: one more LayerNorm at the end
        self.encoder_norm, self.decoder_norm = (
            nn.LayerNorm(d) if norm_first else nn.Identity() for _ in range(2)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, source: Tensor, target: Tensor) -> tuple[Tensor, AttentionWeights]:
        memory, encoder = self.encode(source)
        scores, decoder, cross = self.decode(target, memory, padding_mask(source))
        return scores, AttentionWeights(encoder, decoder, cross)

    def embed(self, tokens: Tensor, first: int = 0) -> Tensor:
        """Token ids (B, L) at positions first, first + 1 ... -> (B, L, d): embedding and positional encoding."""
        x = self.embedding(tokens) * math.sqrt(self.d)
        return self.dropout(x + self.code[first : first + tokens.shape[1]])

    def encode(self, source: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Token ids (B, S) -> (B, S, d), and the weights (B, heads, S, S) of each layer."""
        x, mask, found = self.embed(source), padding_mask(source), []
        for layer in self.encoder:
            x, weights = layer(x, mask)
            found.append(weights)
        return self.encoder_norm(x), found

    def decode(
        self,
        target: Tensor,
        memory: Tensor,
        source_mask: Tensor,
        caches: list[Caches] | None = None,
        first: int = 0,
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Scores (B, T, vocabulary), and the weights (B, heads, T, T) and (B, heads, T, S) of each layer.

        With `caches`, one pair for each layer, `target` holds the new tokens only, the first at position `first`.
        """
        x = self.embed(target, first)
        mask = None if caches is not None else causal_mask(target.shape[1], target.device)
        own, cross = [], []
        for k, layer in enumerate(self.decoder):
            x, weights, other = layer(x, memory, mask, source_mask, caches[k] if caches is not None else None)
            own.append(weights)
            cross.append(other)
        return self.decoder_norm(x) @ self.embedding.weight.T, own, cross
