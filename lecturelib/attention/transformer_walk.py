"""Every number of a Transformer on its way from token ids to the probabilities of the next token, stage by stage.

Vaswani et al. 2017, "Attention is all you need". Sizes: S source tokens, T target tokens, d features, h heads. Each
stage is computed here by its formula, from the model's own weights; a test compares it with the model's forward pass.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from lecturelib.attention.masks import causal_mask, masked_softmax
from lecturelib.attention.multihead import MultiHeadAttention
from lecturelib.attention.tokenizer import LONGEST
from lecturelib.attention.transformer import DecoderLayer, EncoderLayer, Transformer
from lecturelib.checks import complaint, described
from lecturelib.network.freezing import frozen


@dataclass(frozen=True, eq=False)
class AttentionStages:
    """Multi-head attention of Q queries on K keys: q, k, v (h, L, d/h), scores and weights (h, Q, K), the rest.

    `context` (h, Q, d/h) is weights v, `joined` (Q, d) the heads side by side, `out` (Q, d) = joined W_o + b_o.
    """

    q: Tensor
    k: Tensor
    v: Tensor
    scores: Tensor
    weights: Tensor
    context: Tensor
    joined: Tensor
    out: Tensor


@dataclass(frozen=True, eq=False)
class LayerStages:
    """One layer: what comes in, and after each of its parts, (L, d). `cross` and `after_cross` of a decoder layer.

    `after_attention` is LayerNorm(x + attention(x)), `hidden` (L, hidden) is ReLU(W_1 x + b_1), `fed` W_2 hidden + b_2.
    """

    x: Tensor
    attention: AttentionStages
    after_attention: Tensor
    cross: AttentionStages | None
    after_cross: Tensor | None
    hidden: Tensor
    fed: Tensor
    out: Tensor


@dataclass(frozen=True, eq=False)
class TransformerStages:
    """A Transformer's stages for one sentence: embeddings, positions, layers, logits (V,) of the next token.

    `embedded` (S, d) is E[ids] sqrt(d), `position` (S, d) the positional encoding; the same for the target.
    `probabilities` (V,) is softmax(logits); `memory` (S, d) the encoder's output.
    """

    embedded: Tensor
    position: Tensor
    encoder: list[LayerStages]
    memory: Tensor
    target_embedded: Tensor
    target_position: Tensor
    decoder: list[LayerStages]
    logits: Tensor
    probabilities: Tensor


def transformer_stages(model: Transformer, source: Sequence[int], target: Sequence[int]) -> TransformerStages:
    """All stages of a Transformer that reads `source` and has written `target`, token ids with START first.

    x = E[ids] sqrt(d) + p; in each layer q = x W_q + b_q (and k, v) for each head, scores q k^T / sqrt(d/h), weights =
    softmax(scores), context = weights v, LayerNorm(x + context W_o + b_o), LayerNorm(x + feed_forward(x)); the logits
    are E x of the last target token. In eval mode; the model is left in its own. Raises TypeError for another model,
    ValueError for one with LayerNorm first, for no tokens or too many. Vaswani et al. 2017, section 3.

    >>> model = Transformer(vocabulary=30, d=16, heads=2, layers=1, hidden=32).eval()
    >>> found = transformer_stages(model, [5, 6, 2], [1, 8])
    >>> tuple(found.encoder[0].attention.q.shape), tuple(found.decoder[0].cross.weights.shape)
    ((2, 3, 8), (2, 2, 3))
    >>> same = model(torch.tensor([[5, 6, 2]]), torch.tensor([[1, 8]]))[0][0, -1]
    >>> torch.allclose(found.logits, same, atol=1e-5)
    True
    """
    if not isinstance(model, Transformer):
        raise TypeError(complaint("model", "a Transformer", described(model)))
    if any(layer.norm_first for layer in (*model.encoder, *model.decoder)):
        raise ValueError(complaint("model", "LayerNorm after each part, as in the paper", "LayerNorm first"))
    for name, ids in (("source", source), ("target", target)):
        if not 1 <= len(ids) <= LONGEST:
            raise ValueError(complaint(name, f"1 to {LONGEST} token ids", f"{len(ids)}"))
    with torch.no_grad(), frozen(model):
        embedded, position = _embedded(model, source)
        x, encoder = embedded + position, []
        for layer in model.encoder:
            encoder.append(_layer(cast(EncoderLayer, layer), x))
            x = encoder[-1].out
        memory = x
        target_embedded, target_position = _embedded(model, target)
        x, decoder = target_embedded + target_position, []
        mask = causal_mask(len(target), x.device)[0]
        for layer in model.decoder:
            decoder.append(_layer(cast(DecoderLayer, layer), x, mask, memory))
            x = decoder[-1].out
        logits = model.embedding.weight @ x[-1]  # (V, d) (d,) -> (V,)
        return TransformerStages(
            embedded, position, encoder, memory, target_embedded, target_position, decoder, logits, logits.softmax(0)
        )  # fmt: skip


def _embedded(model: Transformer, ids: Sequence[int]) -> tuple[Tensor, Tensor]:
    rows = model.embedding.weight[torch.as_tensor(ids, device=model.embedding.weight.device)]  # (L, d)
    return rows * math.sqrt(model.d), model.code[: len(ids)]


def _attention(
    module: MultiHeadAttention, x: Tensor, memory: Tensor, mask: Tensor | None = None
) -> AttentionStages:
    def split(y: Tensor) -> Tensor:
        # (L, d) -> (L, heads, d/heads) -> (heads, L, d/heads)
        return y.unflatten(1, (module.heads, -1)).transpose(0, 1)

    q, k, v = split(module.query(x)), split(module.key(memory)), split(module.value(memory))
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[2])  # (heads, Q, K)
    weights = masked_softmax(scores, None if mask is None else mask.expand_as(scores))
    context = weights @ v  # (heads, Q, d/heads)
    joined = context.transpose(0, 1).flatten(1)  # (heads, Q, d/heads) -> (Q, heads, d/heads) -> (Q, d)
    return AttentionStages(q, k, v, scores, weights, context, joined, module.out(joined))


def _layer(
    layer: EncoderLayer | DecoderLayer, x: Tensor, mask: Tensor | None = None, memory: Tensor | None = None
) -> LayerStages:
    own = _attention(layer.attention, x, x, mask)
    after = last = layer.norm1(x + own.out)
    cross = after_cross = None
    end = layer.norm2
    if isinstance(layer, DecoderLayer) and memory is not None:
        cross = _attention(layer.cross, after, memory)
        last = after_cross = layer.norm2(after + cross.out)
        end = layer.norm3
    hidden = layer.feed_forward[1](layer.feed_forward[0](last))  # (L, hidden)
    fed = layer.feed_forward[3](hidden)
    return LayerStages(x, own, after, cross, after_cross, hidden, fed, end(last + fed))
