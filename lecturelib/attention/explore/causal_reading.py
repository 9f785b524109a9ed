"""A sentence read from left to right by the causal language model: what each word attends to, and what it predicts."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from lecturelib.attention import causal_language_model
from lecturelib.attention.next_token import prompt_ids
from lecturelib.attention.tokenizer import START, shipped_tokenizer
from lecturelib.attention.translators import word_groups
from lecturelib.attention.views.causal_reading_view import causal_reading_view
from lecturelib.attention.views.next_token_view import readable
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Control, Explorable, RegionPicker, Slider, TextBox

CHASE = "The FBI is chasing a criminal on the run."
OTHERS = ("I don't know where the black cat sleeps.", "Je ne sais pas où dort le chat noir.")
MOST = 14  # words that are shown
LAYERS, HEADS, ALL = 2, 4, "mean"


def causal_reading_explorer(sentence: str = CHASE) -> Explorable:
    """Word by word: the weights on what was read so far, and the three likeliest next tokens. Nothing looks ahead."""

    def refresh(state: dict) -> dict[str, Control]:
        return {"read": _read(len(reading(state["sentence"])[0]))}

    controls = [
        TextBox("sentence", sentence, tuple(s for s in (CHASE, *OTHERS) if s != sentence), 200, "a sentence"),
        _read(len(CHASE.split()) + 2),
        Choice("layer", (1, 2), 2, slider=True),
        Choice("head", (ALL, *(str(h + 1) for h in range(HEADS)))),
        RegionPicker(tuple(f"row {k}" for k in range(MOST)), hover=True, label="rows"),
    ]
    presets: dict[str, dict] = {
        "the lecture's sentence": {"sentence": CHASE},
        "up to “chasing”": {"sentence": CHASE, "read": 5},
        "layer 1": {"layer": 1},
        "French": {"sentence": OTHERS[1]},
    }
    return Explorable(_render, controls, "Read from left to right", presets, refresh)


def _read(words: int) -> Slider:
    return Slider("read", 1, max(1, words), value=max(1, words), label="words read")


@lru_cache(maxsize=32)
def reading(sentence: str) -> tuple[list[str], Tensor, list[str], int]:
    """Words with START, weights between them (layers, heads, L, L), the next tokens after each, and words left out.

    The weights of a word are those of its last token, after which the next word is predicted; on a word of several
    tokens their weights are summed.
    """
    known = shipped_tokenizer()
    ids = prompt_ids(sentence)
    groups = word_groups(known.tokens(ids))
    shown, left = groups[: MOST - 1], max(0, len(groups) - MOST + 1)
    words = ["START", *(word for word, _ in shown)]
    columns = [[0], *([k + 1 for k in own] for _, own in shown)]
    tokens = torch.tensor([[START, *ids[: columns[-1][-1]]]])
    with torch.no_grad():
        scores, weights = causal_language_model.load()(tokens)
    whole = torch.stack([layer[0] for layer in weights])  # (layers, heads, T, T)
    rows = torch.stack([whole[:, :, own[-1]] for own in columns], 2)  # (layers, heads, L, T)
    between = torch.stack([rows[..., own].sum(-1) for own in columns], -1)  # (layers, heads, L, L)
    top = scores[0].softmax(-1).topk(3)
    told = []
    for own in columns:
        names = known.tokens(top.indices[own[-1]].tolist())
        shares = top.values[own[-1]].tolist()
        told.append(", ".join(f"{readable(n)} {100 * p:.0f} %" for n, p in zip(names, shares, strict=True)))
    return words, between, told, left


def _render(state: dict) -> Picture:
    words, between, told, left = reading(state["sentence"])
    layer = between[state["layer"] - 1]  # (heads, L, L)
    head = state["head"]
    chosen = layer.mean(0) if head == ALL else layer[int(head) - 1]
    read = min(state["read"], len(words))
    picked = int(state["picked"].split()[1]) if state["picked"] else None
    picked = picked if picked is not None and picked < read else None
    query = read - 1 if picked is None else picked
    line = chosen[query, : query + 1]
    order = line.argsort(descending=True)[:3].tolist()
    listed = ", ".join(f"“{words[k]}” {100 * line[k]:.0f} %" for k in order)
    many = "mean of four heads" if head == ALL else f"head {head}"
    caption = f"Layer {state['layer']}, {many}: “{words[query]}” attends to {listed}. Then: {told[query]}."
    if left:
        caption += f" Left out at the end: {left} words."
    return causal_reading_view(words, chosen, told, read, picked, caption)
