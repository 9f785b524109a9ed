"""A decoder-only Transformer: one network that predicts the next token from those before it.

Radford et al. 2018, "Improving language understanding by generative pre-training". There is no encoder and no
cross-attention: the layers are those of an encoder, under a causal mask. Sizes: B sentences, L tokens, d features.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib import assets
from lecturelib.attention.masks import causal_mask
from lecturelib.attention.multihead import KeyValueCache, MultiHeadAttention, positional_encoding
from lecturelib.attention.tokenizer import LONGEST, PAD, batch, shipped_tokenizer
from lecturelib.attention.transformer import EncoderLayer
from lecturelib.checks import complaint, described
from lecturelib.network.freezing import frozen

NAME = "causal_words"  # of its files in data/


class CausalLanguageModel(nn.Module):
    """A causal language model: p(x_1 ... x_L) is the product of p(x_t | x_0 ... x_{t-1}), x_0 = START.

    forward(tokens (B, L)) of ids, START first -> scores (B, L, vocabulary) for the token that follows each, and the
    weights (B, heads, L, L) of every layer. The layers are `EncoderLayer`s, LayerNorm first, under a causal mask; one
    embedding serves input and output. With `caches` (see `new_caches`) `tokens` holds the new tokens only. Raises
    ValueError for another shape or more than LONGEST tokens. Radford et al. 2018.

    >>> model = CausalLanguageModel(30, d=16, heads=2, layers=1, hidden=32).eval()
    >>> scores, weights = model(torch.tensor([[1, 5, 7]]))
    >>> tuple(scores.shape), tuple(weights[0].shape), weights[0][0, :, 0, 1:].sum().item()
    ((1, 3, 30), (1, 2, 3, 3), 0.0)
    """

    code: Tensor

    def __init__(
        self,
        vocabulary: int,
        d: int = 128,
        heads: int = 4,
        layers: int = 2,
        hidden: int = 512,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, d, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=d**-0.5)
        self.layers = nn.ModuleList(
            EncoderLayer(d, heads, hidden, dropout, norm_first=True, activation=nn.GELU)
            for _ in range(layers)
        )
        self.norm, self.dropout = nn.LayerNorm(d), nn.Dropout(dropout)
        self.register_buffer("code", positional_encoding(LONGEST, d), persistent=False)

    @property
    def attentions(self) -> list[MultiHeadAttention]:
        """The self-attention of every layer."""
        return [layer.attention for layer in self.layers if isinstance(layer, EncoderLayer)]

    def new_caches(self) -> list[KeyValueCache]:
        """Empty caches of keys and values, one for each layer: what decoding token by token begins with."""
        return [KeyValueCache() for _ in self.layers]

    def forward(
        self, tokens: Tensor, caches: Sequence[KeyValueCache] | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        kept = caches[0].keys if caches else None
        first = 0 if kept is None else kept.shape[2]  # the position of the first new token
        if tokens.ndim != 2 or not tokens.numel() or first + tokens.shape[1] > LONGEST:
            expected = f"shape (B, L) of token ids, at most {LONGEST} with those in the cache"
            raise ValueError(complaint("tokens", expected, f"{tuple(tokens.shape)} after {first}"))
        last = first + tokens.shape[1]
        x = self.embedding(tokens) * math.sqrt(self.embedding.embedding_dim)  # (B, L, d)
        x, found = self.dropout(x + self.code[first:last]), []
        mask = causal_mask(last, tokens.device)[:, first:]  # (1, L, K): the rows of the new tokens
        for k, layer in enumerate(self.layers):
            x, weights = layer(x, mask, caches[k] if caches else None)
            found.append(weights)
        return self.norm(x) @ self.embedding.weight.T, found


def next_token_loss(model: nn.Module, tokens: Tensor) -> tuple[Tensor, int]:
    """Sum of -log p of every token after the first, in nats, and how many: what training makes smaller.

    tokens (B, L), START first, padded with PAD. All positions are predicted at once: the mask hides the later ones.

    >>> model = CausalLanguageModel(30, d=16, heads=2, layers=1, hidden=32).eval()
    >>> loss, count = next_token_loss(model, torch.tensor([[1, 5, 7, 2], [1, 5, 2, 0]]))
    >>> count
    5
    """
    scores, _ = model(tokens[:, :-1])
    wanted = tokens[:, 1:]
    loss = F.cross_entropy(scores.flatten(0, 1).float(), wanted.flatten(), ignore_index=PAD, reduction="sum")
    return loss, int((wanted != PAD).sum())


@torch.no_grad()
def perplexity(model: nn.Module, sentences: Sequence[Sequence[int]], rows: int = 64) -> float:
    """Perplexity: exp of the mean -log p of a token, END included; the number of equally likely tokens as uncertain.

    sentences: token ids with END last, as `Tokenizer.encode` gives them. Two models are compared on the same tokens
    only. The model is evaluated in eval mode and left in its own. Raises ValueError for no sentences.

    >>> model = CausalLanguageModel(30, d=16, heads=2, layers=1, hidden=32)
    >>> _ = model.embedding.weight.data.zero_()  # all scores alike: every token has 1 in 30
    >>> round(perplexity(model, [[5, 7, 2], [9, 2]]), 3)
    30.0
    """
    if not sentences:
        raise ValueError(complaint("sentences", "at least one sentence", "none"))
    total, count = 0.0, 0
    ordered = sorted(sentences, key=len)  # little padding
    with frozen(model):
        for start in range(0, len(ordered), rows):
            loss, tokens = next_token_loss(model, batch(ordered[start : start + rows], start=True))
            total, count = total + loss.item(), count + tokens
    return math.exp(total / count)


@lru_cache(maxsize=1)
def load() -> CausalLanguageModel:
    """The shipped causal language model in eval mode: English and French subword tokens, trained here on Tatoeba.

    It was trained by scripts/train_causal_words.py; `training_log` has its numbers. It is shared: nobody may change it.
    Raises `assets.AssetMissing` where its file is not there.

    >>> model = load()
    >>> len(model.layers), model.embedding.num_embeddings
    (2, 6000)
    """
    # normal tensors also where the caller is in inference mode: the model is shared
    with torch.inference_mode(False), torch.random.fork_rng(devices=[]):
        model = CausalLanguageModel(len(shipped_tokenizer()))
        model.load_state_dict(assets.shipped_tensors(NAME))
        return model.eval().requires_grad_(False)


def training_log() -> dict:
    """How the shipped causal language model was trained, and its perplexities beside those of a 3-gram model.

    >>> training_log()["seed"]
    0
    """
    return json.loads(assets.data_path(f"{NAME}.json").read_text(encoding="utf-8"))


def checked_language_model(model: object) -> CausalLanguageModel:
    """The model itself, if it is a causal language model; raises TypeError for another kind."""
    if not isinstance(model, CausalLanguageModel):
        raise TypeError(complaint("model", "a CausalLanguageModel", described(model)))
    return model
