"""A walk through the shipped Transformer: one sentence from its tokens to the probabilities of the next one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from lecturelib.attention.explore.sentence_controls import sentence_control, translated, warned
from lecturelib.attention.tokenizer import LONGEST, START, shipped_tokenizer
from lecturelib.attention.transformer import Transformer
from lecturelib.attention.transformer_walk import (
    AttentionStages,
    LayerStages,
    TransformerStages,
    transformer_stages,
)
from lecturelib.attention.translators import Translation, translator
from lecturelib.attention.views.next_token_view import readable
from lecturelib.attention.views.transformer_walk_view import StagePanel, transformer_walk_view
from lecturelib.show import Picture
from lecturelib.widgets import Control, Explorable, RegionPicker, Slider

SHOWN = 12  # tokens of a long sentence that are drawn
BEST = 10  # of the 6,000 tokens
SENTENCES = (
    "She has a red car.",
    "I don't know where he lives.",
    "The white house was built a long time ago.",
)


class WalkStage(NamedTuple):
    """A stop of the walk: the box of the block diagram that is lit, what it is called, and how it is computed."""

    box: str
    title: str
    formula: str


STAGES = (
    WalkStage("tokens", "Tokens", "the sentence in subword tokens; each is a number, its row in the table E"),
    WalkStage("embedding", "Embedding", "x = E[token] · √d"),
    WalkStage("position", "Positional encoding", "x + p: sines and cosines of the position are added"),
    WalkStage("qkv", "Queries, keys, values", "q = x W_q + b_q,  k = x W_k + b_k,  v = x W_v + b_v"),
    WalkStage("scores", "Scores", "q kᵀ / √(d/h): does the key of a column fit the query of a row?"),
    WalkStage("weights", "Attention weights", "softmax of each row of the scores, in percent"),
    WalkStage("context", "Context of one head", "weights · v: a weighted mean of all values"),
    WalkStage("out", "All heads together", "the heads side by side, times W_o, plus b_o"),
    WalkStage("norm1", "Residual connection and LayerNorm", "LayerNorm(x + attention(x))"),
    WalkStage("feed", "Feed-forward network", "W_2 ReLU(W_1 x + b_1) + b_2, at each position by itself"),
    WalkStage("norm2", "Residual connection and LayerNorm", "LayerNorm(x + feed_forward(x)): a layer's output"),
    WalkStage("stacked", "Stacked layers", "each layer goes on with the output of the one before"),
    WalkStage("written", "What is written so far", "E[token] · √d + p, from START on: the decoder's input"),
    WalkStage("own", "Masked self-attention", "softmax(q kᵀ / √(d/h)), without the tokens that follow; in percent"),
    WalkStage("own_norm", "Residual connection and LayerNorm", "LayerNorm(x + masked_attention(x))"),
    WalkStage("cross", "Cross-attention", "queries: decoder; keys, values: the encoder's output; in percent"),
    WalkStage("cross_norm", "Residual connection and LayerNorm", "LayerNorm(x + cross_attention(x, encoder))"),
    WalkStage("decoder_feed", "Feed-forward network", "W_2 ReLU(W_1 x + b_1) + b_2, at each position by itself"),
    WalkStage("decoder_norm", "Residual connection and LayerNorm", "LayerNorm(x + feed_forward(x)): a layer's output"),
    WalkStage("logits", "Logits", "E x of the last token: one number for each of the 6,000 tokens"),
    WalkStage("softmax", "Softmax", "softmax(logits): the probability of each token to come next"),
)  # fmt: skip


def transformer_walk_explorer(sentence: str = SENTENCES[0]) -> Explorable:
    """Walk through the shipped translator, stage by stage, on any English sentence: shapes, numbers, block diagram.

    Point at a token to read its numbers. `written`: how many tokens of the translation the decoder has written.
    """

    def refresh(state: dict) -> dict[str, Control]:
        return {"written": _written(state["sentence"])}

    controls = [
        Slider("stage", 1, len(STAGES), label="stage"),
        sentence_control(sentence, *(other for other in SENTENCES if other != sentence), longest=200),
        Slider("layer", 1, 2),
        Slider("head", 1, 4),
        _written(sentence),
        RegionPicker(
            tuple(f"row {k}" for k in range(SHOWN)), value=("row 3", ()), hover=True, label="tokens of the picture"
        ),
    ]  # fmt: skip
    presets = {
        "tokens": {"stage": 1},
        "embedding + position": {"stage": 3},
        "queries, keys, values": {"stage": 4},
        "attention weights": {"stage": 6},
        "residual + LayerNorm": {"stage": 9},
        "feed-forward": {"stage": 10},
        "stacked layers": {"stage": 12},
        "cross-attention": {"stage": 16},
        "next token": {"stage": len(STAGES)},
    }
    return Explorable(_render, controls, "A Transformer, stage by stage", presets, refresh)


def _written(sentence: str) -> Slider:
    try:
        last = len(translated(sentence, "transformer").target_ids) - 1
    except (TypeError, ValueError):  # an empty sentence, say: the picture says what is wrong
        last = 0
    last = max(0, min(last, LONGEST - 1))
    return Slider("written", 0, last, value=min(3, last), label="French tokens written so far")


@lru_cache(maxsize=64)
def walked(sentence: str, written: int) -> tuple[Translation, TransformerStages]:
    """The translation of a sentence, and all stages when `written` of its tokens are there."""
    found = translated(sentence, "transformer")
    model = translator("transformer").model
    assert isinstance(model, Transformer)
    return found, transformer_stages(model, found.source_ids, [START, *found.target_ids[:written]])


def _render(state: dict) -> Picture:
    found, stages = walked(state["sentence"], state["written"])
    stage = STAGES[state["stage"] - 1]
    source = [readable(token) for token in found.source]
    target = ["START", *(readable(token) for token in found.target[: state["written"]])]
    layer, head = state["layer"] - 1, state["head"] - 1
    decoding = state["stage"] >= 13
    panels, said = _panels(stage.box, stages, found.source_ids, source, target, layer, head)
    rows = panels[-1].rows
    picked = min(int(state["picked"].split()[1]), len(rows) - 1) if state["picked"] else -1
    caption = said
    count = len(target if decoding else source)
    if count > SHOWN:
        part = "last" if decoding else "first"
        caption += f" Drawn: the {part} {SHOWN} of {count} tokens; computed: all."
    where = ""
    if 4 <= state["stage"] <= 11 or 14 <= state["stage"] <= 19:
        where = f" · {'decoder' if decoding else 'encoder'}, layer {layer + 1}"
        where += (
            f", head {head + 1}"
            if stage.box in ("qkv", "scores", "weights", "context", "own", "cross")
            else ""
        )
    title = f"{state['stage']} of {len(STAGES)} · {stage.title}{where}"
    return transformer_walk_view(stage.box, title, stage.formula, panels, picked, caption + warned(found))


def _panels(
    box: str,
    at: TransformerStages,
    ids: Sequence[int],
    source: list[str],
    target: list[str],
    layer: int,
    head: int,
) -> tuple[list[StagePanel], str]:
    """The panels of a stage, and what its caption says."""
    rows, last = source[:SHOWN], target[-SHOWN:]

    def many(name: str, values: Tensor, words: list[str] = rows, beside: int = 1) -> StagePanel:
        part = values[: len(words)] if words is rows else values[-len(words) :]
        return StagePanel(f"{name}: {_shape(values)}", part, words, beside=beside)

    inner, outer = at.encoder[layer], at.decoder[layer]
    if box == "tokens":
        panel = StagePanel(
            f"ids: ({len(source)},)",
            torch.tensor(ids[:SHOWN], dtype=torch.float32)[:, None],
            rows,
            written=True,
            colored=False,
        )
        return [
            panel
        ], f"{len(source)} tokens of a vocabulary of {len(at.logits):,}; (end) closes the sentence."
    if box == "embedding":
        return [many("x", at.embedded)], "The row of a token is the same wherever it stands."
    if box == "position":
        x = at.embedded + at.position
        return [many("embedding", at.embedded), many("p", at.position), many("sum", x)], _sizes(at)
    if box in ("qkv", "scores", "weights", "context", "out"):
        return _attention_panels(box, inner.attention, head, rows, many)
    if box == "norm1":
        return _sums(inner.x, inner.attention.out, inner.after_attention, "attention", many)
    if box == "feed":
        return _fed(inner, rows, many)
    if box == "norm2":
        return _sums(inner.after_attention, inner.fed, inner.out, "feed-forward", many)
    if box == "stacked":
        panels = [many("into layer 1", at.encoder[0].x)]
        panels += [many(f"after layer {k + 1}", one.out) for k, one in enumerate(at.encoder)]
        return panels, "What comes out of the last layer is what the decoder's cross-attention reads."
    return _decoder_panels(box, at, outer, head, rows, last, many)


def _attention_panels(
    box: str, own: AttentionStages, head: int, rows: list[str], many
) -> tuple[list[StagePanel], str]:
    heads, width = own.q.shape[0], own.q.shape[2]
    if box == "qkv":
        panels = [
            many(name, values[head], rows, 3) for name, values in (("q", own.q), ("k", own.k), ("v", own.v))
        ]
        return (
            panels,
            f"Each of {heads} heads has {width} of the {heads * width} numbers for each of q, k and v.",
        )
    if box in ("scores", "weights"):
        values = (own.scores if box == "scores" else own.weights)[head]
        part = values[: len(rows), : len(rows)]
        name = f"{box}: {_shape(values)}, rows attend to columns"
        panel = StagePanel(name, part, rows, rows, share=box == "weights", written=True)
        sums = "Each row of weights sums to 100 %." if box == "weights" else "Not yet normalized: any number."
        return [panel], f"{sums} All {heads} heads: {_shape(own.weights)}."
    if box == "context":
        return [many("v", own.v[head]), many("weights · v", own.context[head])], "One row for each query."
    return [many("heads side by side", own.joined), many("times W_o", own.out)], "W_o mixes the heads."


def _fed(layer: LayerStages, words: list[str], many) -> tuple[list[StagePanel], str]:
    zero = 100 * float((layer.hidden == 0).float().mean())
    panels = [many("ReLU(W_1 x + b_1)", layer.hidden, words), many("W_2 ... + b_2", layer.fed, words)]
    return panels, f"After the ReLU {zero:.0f} % of the {layer.hidden.shape[1]} hidden numbers are 0."


def _sums(x: Tensor, added: Tensor, normed: Tensor, name: str, many) -> tuple[list[StagePanel], str]:
    total = x + added
    panels = [many("x", x), many(f"x + {name}", total), many("LayerNorm of it", normed)]
    cosine = float(torch.nn.functional.cosine_similarity(x, total, dim=1).mean())
    before, after = float(total.std(1).mean()), float(normed.std(1).mean())
    said = (
        f"Cosine of x and the sum: {cosine:.2f} on average. Standard deviation of a row: {before:.2f} before"
    )
    return panels, f"{said} LayerNorm, {after:.2f} after it (its learned scale is not 1)."


def _decoder_panels(
    box: str, at: TransformerStages, outer: LayerStages, head: int, rows: list[str], last: list[str], many
) -> tuple[list[StagePanel], str]:
    if box == "written":
        x = at.target_embedded + at.target_position
        return [many("x", x, last)], "The row of the last token will predict the next one."
    if box in ("own", "cross"):
        found = outer.attention if box == "own" else outer.cross
        assert found is not None  # decoder layers have both
        weights = found.weights[head]
        part = weights[-len(last) :, -len(last) :] if box == "own" else weights[-len(last) :, : len(rows)]
        name = f"weights: {_shape(weights)}, rows attend to columns"
        panel = StagePanel(name, part, last, last if box == "own" else rows, share=True, written=True)
        said = (
            "Later tokens have weight 0."
            if box == "own"
            else "Each row: where a French token reads the sentence."
        )
        return [panel], said
    if box == "own_norm":
        return _sums_of(outer.x, outer.attention.out, outer.after_attention, "attention", last, many)
    if box == "cross_norm":
        assert outer.cross is not None and outer.after_cross is not None
        return _sums_of(
            outer.after_attention, outer.cross.out, outer.after_cross, "cross-attention", last, many
        )
    if box == "decoder_feed":
        return _fed(outer, last, many)
    if box == "decoder_norm":
        assert outer.after_cross is not None
        return _sums_of(outer.after_cross, outer.fed, outer.out, "feed-forward", last, many)
    values = at.logits if box == "logits" else at.probabilities
    best = at.logits.topk(BEST).indices
    words = [readable(token) for token in shipped_tokenizer().tokens(best.tolist())]
    name = f"the {BEST} largest of ({len(values):,},)"
    panel = StagePanel(name, values[best][:, None], words, share=box == "softmax", bars=True)
    if box == "logits":
        spread = f"All logits: mean {float(values.mean()):.1f}, smallest {float(values.min()):.1f}"
        return [panel], f"{spread}, largest {float(values.max()):.1f}."
    return [
        panel
    ], f"After “{' '.join(last)}” the likeliest token is “{words[0]}”. All {len(values):,} sum to 100 %."


def _sums_of(
    x: Tensor, added: Tensor, normed: Tensor, name: str, last: list[str], many
) -> tuple[list[StagePanel], str]:
    return _sums(x, added, normed, name, lambda title, values: many(title, values, last))


def _sizes(at: TransformerStages) -> str:
    own, code = (float(values.norm(dim=1).mean()) for values in (at.embedded, at.position))
    return f"Mean length of a row: embedding {own:.1f}, positional encoding {code:.1f}."


def _shape(values: Tensor) -> str:
    return "(" + ", ".join(str(n) for n in values.shape) + ")"
