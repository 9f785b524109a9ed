"""The Transformer: no recurrence, no convolution; every layer returns where it looked.

Vaswani et al. 2017, "Attention is all you need". Sizes: B sentences, S source tokens, T target tokens, d features.
"""

import math
from dataclasses import dataclass

from torch import Tensor, nn

from lecturelib.attention.masks import causal_mask, padding_mask
from lecturelib.attention.multihead import MultiHeadAttention, position_code
from lecturelib.attention.tokenizer import LONGEST, PAD


@dataclass(frozen=True, eq=False)
class Looks:
    """Where a Transformer looked, one tensor per layer: (B, heads, queries, keys)."""

    encoder: list[Tensor]  # (B, heads, S, S)
    decoder: list[Tensor]  # (B, heads, T, T), causal
    cross: list[Tensor]  # (B, heads, T, S): target tokens look at source tokens


class FeedForward(nn.Sequential):
    """The same small network at every position: (B, L, d) -> (B, L, d)."""

    def __init__(self, d: int, hidden: int, dropout: float):
        super().__init__(nn.Linear(d, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, d))


class EncoderLayer(nn.Module):
    """Self-attention, then the feed-forward network; each is added to what comes in, and normalised.

    norm_first: normalise before each of the two (as most do now) instead of after (as in the paper).
    """

    def __init__(self, d: int, heads: int, hidden: int, dropout: float = 0.1, norm_first: bool = False):
        super().__init__()
        self.norm_first = norm_first
        self.attention = MultiHeadAttention(d, heads, dropout)
        self.feed_forward = FeedForward(d, hidden, dropout)
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(B, S, d) -> (B, S, d), weights (B, heads, S, S)."""
        if self.norm_first:
            y = self.norm1(x)
            looked, weights = self.attention(y, y, mask)
            x = x + self.dropout(looked)
            return x + self.dropout(self.feed_forward(self.norm2(x))), weights
        looked, weights = self.attention(x, x, mask)
        x = self.norm1(x + self.dropout(looked))
        return self.norm2(x + self.dropout(self.feed_forward(x))), weights


class DecoderLayer(nn.Module):
    """Self-attention on what is written so far, attention on the source, then the feed-forward network."""

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
        cache: dict | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """x (B, T, d), source (B, S, d) -> (B, T, d), weights (B, heads, T, T) and (B, heads, T, S)."""
        own, other = (cache["own"], cache["other"]) if cache is not None else (None, None)
        if self.norm_first:
            y = self.norm1(x)
            looked, weights = self.attention(y, y, mask, own)
            x = x + self.dropout(looked)
            looked, cross = self.cross(self.norm2(x), source, source_mask, other)
            x = x + self.dropout(looked)
            return x + self.dropout(self.feed_forward(self.norm3(x))), weights, cross
        looked, weights = self.attention(x, x, mask, own)
        x = self.norm1(x + self.dropout(looked))
        looked, cross = self.cross(x, source, source_mask, other)
        x = self.norm2(x + self.dropout(looked))
        return self.norm3(x + self.dropout(self.feed_forward(x))), weights, cross


class Transformer(nn.Module):
    """A translator of attention only. One embedding serves source, target and output.

    forward(source (B, S), target (B, T)) of piece numbers -> scores (B, T, vocabulary) for the piece that follows each
    target piece, and `Looks`. positions=False leaves the position code out: then words have no order.
    """

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
        code = position_code(LONGEST + 1, d) if positions else position_code(LONGEST + 1, d) * 0
        self.register_buffer("code", code, persistent=False)
        self.encoder = nn.ModuleList(
            EncoderLayer(d, heads, hidden, dropout, norm_first) for _ in range(layers)
        )
        self.decoder = nn.ModuleList(
            DecoderLayer(d, heads, hidden, dropout, norm_first) for _ in range(layers)
        )
        last = nn.LayerNorm if norm_first else nn.Identity  # what is normalised first has no norm at its end
        self.encoder_norm, self.decoder_norm = (last(d) if norm_first else last() for _ in range(2))
        self.dropout = nn.Dropout(dropout)

    def forward(self, source: Tensor, target: Tensor) -> tuple[Tensor, Looks]:
        memory, seen = self.encode(source)
        scores, own, cross = self.decode(target, memory, padding_mask(source))
        return scores, Looks(seen, own, cross)

    def embed(self, tokens: Tensor, first: int = 0) -> Tensor:
        """Numbers (B, L) of pieces at positions first, first + 1 ... -> (B, L, d)."""
        x = self.embedding(tokens) * math.sqrt(self.d)
        return self.dropout(x + self.code[first : first + tokens.shape[1]])

    def encode(self, source: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, S) -> (B, S, d) and the weights of each layer."""
        x, mask, seen = self.embed(source), padding_mask(source), []
        for layer in self.encoder:
            x, weights = layer(x, mask)
            seen.append(weights)
        return self.encoder_norm(x), seen

    def decode(
        self,
        target: Tensor,
        memory: Tensor,
        source_mask: Tensor,
        caches: list[dict] | None = None,
        first: int = 0,
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Scores (B, T, vocabulary) and the weights of each layer. With caches, `target` holds the new pieces only."""
        x = self.embed(target, first)
        mask = None if caches is not None else causal_mask(target.shape[1], target.device)
        own, cross = [], []
        for k, layer in enumerate(self.decoder):
            x, weights, looked = layer(
                x, memory, mask, source_mask, caches[k] if caches is not None else None
            )
            own.append(weights)
            cross.append(looked)
        return self.decoder_norm(x) @ self.embedding.weight.T, own, cross
