"""Attention that returns its weights, decoding with a cache, a training step: against torch's own of the same size."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.timing import Row, compare
from lecturelib.attention.decoding import Decoder
from lecturelib.attention.masks import causal_mask, forbidden
from lecturelib.attention.multihead import (
    MultiHeadAttention,
    positional_encoding,
    scaled_dot_product_attention,
)
from lecturelib.attention.tokenizer import LONGEST
from lecturelib.attention.transformer import Transformer

D, HEADS, LAYERS, HIDDEN, VOCABULARY = 160, 4, 2, 640, 6000  # as the shipped Transformer


def rows(lengths: tuple[int, ...] = (64, 256), rounds: int = 15) -> list[Row]:
    """The core and the module at each length, decoding, and one training step."""
    found = [row for length in lengths for row in attention_rows(length, rounds)]
    return [*found, decoding_row(max(3, rounds // 3)), training_row(max(3, rounds // 3))]


def attention_rows(length: int, rounds: int, d: int = 256, heads: int = 8, batch: int = 8) -> list[Row]:
    """softmax(q k^T / sqrt(d)) v alone, and multi-head attention with its four projections."""
    torch.manual_seed(0)
    q, k, v = (torch.randn(batch, heads, length, d // heads) for _ in range(3))
    x, ours = torch.randn(batch, length, d), MultiHeadAttention(d, heads).eval().requires_grad_(False)
    peer = nn.MultiheadAttention(d, heads, batch_first=True).eval().requires_grad_(False)
    parts = (ours.query, ours.key, ours.value)
    peer.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
    peer.out_proj.weight.copy_(ours.out.weight)

    def floor() -> Tensor:
        split = (part(x).view(batch, length, heads, -1).transpose(1, 2) for part in parts)
        return ours.out(F.scaled_dot_product_attention(*split).transpose(1, 2).flatten(2))

    def theirs() -> Tensor:
        return peer(x, x, x, need_weights=True, average_attn_weights=False)[0]

    _same(scaled_dot_product_attention(q, k, v)[0], F.scaled_dot_product_attention(q, k, v))
    _same(ours(x, x)[0], floor())
    _same(theirs(), floor())
    core = {
        "torch, no weights": lambda: F.scaled_dot_product_attention(q, k, v),
        "ours, with weights": lambda: scaled_dot_product_attention(q, k, v),
    }
    whole = {
        "torch, no weights": floor,
        "ours, with weights": lambda: ours(x, x),
        "nn.MultiheadAttention, with weights": theirs,
    }
    amount = f"{length} tokens, d {d}, {heads} heads, batch {batch}"
    return [
        Row("attention, weights and values", amount, _compared(core, rounds), "<= 1.2"),
        Row("multi-head attention", amount, _compared(whole, rounds), "<= 1.2"),
    ]


def decoding_row(rounds: int, part: int = 16) -> Row:
    """The first and the last `part` of the tokens that a sentence may have, one after the other; 64 source tokens."""
    torch.manual_seed(0)
    model = Transformer(VOCABULARY, D, HEADS, LAYERS, HIDDEN).eval().requires_grad_(False)
    source, tokens = torch.randint(4, VOCABULARY, (1, LONGEST)), torch.randint(4, VOCABULARY, (1, LONGEST))

    def cached(first: int) -> Callable[[], None]:
        decoder = Decoder(model, source)
        for t in range(first):
            decoder.step(tokens[:, t])
        kept = [tuple(map(replace, layer)) for layer in decoder.caches]

        def run() -> None:
            decoder.caches = [tuple(map(replace, layer)) for layer in kept]
            decoder.position = first
            for t in range(first, first + part):
                decoder.step(tokens[:, t])

        return run

    memory, mask = model.encode(source)[0], torch.ones(1, 1, LONGEST, dtype=torch.bool)

    def plain(first: int) -> None:
        for t in range(first, first + part):
            model.decode(tokens[:, : t + 1], memory, mask)

    decoder = Decoder(model, source)
    for t in range(4):
        step = decoder.step(tokens[:, t])[0]
    _same(step, model.decode(tokens[:, :4], memory, mask)[0][:, -1].log_softmax(-1))
    last = LONGEST - part
    methods = {
        f"cached, first {part}": cached(0),
        f"cached, last {part}": cached(last),
        f"no cache, first {part}": lambda: plain(0),
        f"no cache, last {part}": lambda: plain(last),
    }
    with torch.no_grad():
        ratios = compare(methods, f"cached, first {part}", rounds)
    return Row("decoding, token by token", f"{part} of {LONGEST} tokens, batch 1", ratios, "last = first")


class _Torchs(nn.Module):
    """nn.Transformer with the same embedding, positional encoding and output."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, D)
        self.core = nn.Transformer(D, HEADS, LAYERS, LAYERS, HIDDEN, 0.1, batch_first=True)
        self.register_buffer("code", positional_encoding(LONGEST, D))

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        x, y = (self.embedding(t) * D**0.5 + self.code[: t.shape[1]] for t in (source, target))
        padding, later = source == 0, forbidden(causal_mask(target.shape[1]))[0]
        out = self.core(
            x,
            y,
            tgt_mask=later,
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
            tgt_is_causal=True,
        )
        return out @ self.embedding.weight.T


def training_row(rounds: int, batch: int = 64, length: int = 20) -> Row:
    """Forward, loss, backward and one step of Adam, on the same tokens."""
    torch.manual_seed(0)
    source, target, wanted = (torch.randint(4, VOCABULARY, (batch, length)) for _ in range(3))
    ours, peer = Transformer(VOCABULARY, D, HEADS, LAYERS, HIDDEN), _Torchs()

    def step(model: nn.Module) -> Callable[[], None]:
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

        def run() -> None:
            scores = model(source, target)
            scores = scores[0] if isinstance(scores, tuple) else scores
            loss = F.cross_entropy(scores.flatten(0, 1), wanted.flatten(), label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        return run

    methods = {"nn.Transformer": step(peer), "ours, with weights": step(ours)}
    for method in methods.values():
        method()
    amount = f"d {D}, {HEADS} heads, {LAYERS} + {LAYERS} layers, batch {batch} of {length}"
    return Row("training step of a Transformer", amount, compare(methods, "nn.Transformer", rounds), "<= 1")


def _compared(methods: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    def many(method: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            with torch.inference_mode():
                for _ in range(5):  # one call alone is too short to be timed
                    method()

        return run

    repeated = {name: many(method) for name, method in methods.items()}
    for method in repeated.values():
        method()
    return compare(repeated, next(iter(repeated)), rounds)


def _same(ours: Tensor, theirs: Tensor) -> None:
    if not torch.allclose(ours, theirs, atol=1e-4):
        raise AssertionError(f"not the same result: {(ours - theirs).abs().max():.2g} apart")
