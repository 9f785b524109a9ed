"""Heads and layers of a real trained encoder on the reader's own sentence: lines, all heads, matrix, running text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import torch

from lecturelib.attention import minilm
from lecturelib.attention.explore.sentence_controls import inside, sentence_control
from lecturelib.attention.minilm import EncoderOutput
from lecturelib.attention.views import head_view, keys, matrix_view, model_keys, model_view, reading_view
from lecturelib.attention.views.head_view import WINDOW
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Control, Explorable, Progress, RegionPicker, Slider, Toggle, running

LONGEST = 160  # tokens of a sentence that the pictures take
LAYERS, HEADS = 6, 12
ALL = "all"
VIEWS = {
    "lines": "lines between words",
    "model": "all layers and heads",
    "matrix": "matrix",
    "text": "running text",
}
TIRED = "The animal didn't cross the street because it was too tired."
WIDE = "The animal didn't cross the street because it was too wide."
CHASE = "The FBI is chasing a criminal on the run."


def heads_explorer(sentence: str = TIRED) -> Explorable:
    """MiniLM, six layers of twelve heads, on any English sentence; point at a word to see what it attends to.

    `causal`: each word attends only to itself and to what stands before it. The encoder was not trained with a causal
    mask.
    """

    def refresh(state: dict) -> dict[str, Control]:
        return {"first": _first(state["sentence"])}

    controls = [
        sentence_control(sentence, *(s for s in (TIRED, WIDE, CHASE) if s != sentence), longest=900),
        Choice("view", tuple(VIEWS), labels=tuple(VIEWS.values())),
        Slider("layer", 1, LAYERS, value=4),
        Choice("head", (ALL, *(str(h + 1) for h in range(HEADS)))),
        Toggle("special", False, label="show [CLS] and [SEP]"),
        Toggle("causal", False, label="causal: only what stands before"),
        _first(sentence),
        RegionPicker(
            (*keys(LONGEST, LONGEST), *model_keys(LAYERS, HEADS)), hover=True, label="words or heads"
        ),
    ]
    presets: dict[str, dict] = {
        "it was too tired": {"sentence": TIRED, "picked": "row 9"},
        "too tired: head 2 of layer 4": {"sentence": TIRED, "picked": "row 9", "head": "2"},
        "too wide: head 2 of layer 4": {"sentence": WIDE, "picked": "row 9", "head": "2"},
        "the FBI, read from left to right": {"sentence": CHASE, "causal": True, "picked": "row 5"},
        "all 72 heads": {"view": "model", "picked": "head 0 2", "special": True},
        "what each verb acts on": {"head": "2", "layer": 4, "sentence": TIRED},
    }
    title = "What the heads of a trained encoder attend to"
    return Explorable(_render, controls, title, presets, refresh, follow=_same_word)


def _same_word(before: dict, after: dict) -> dict[str, str]:
    """The picked row or column of the same word, by its occurrence, where the sentence or its signs changed."""
    kind, _, number = before["picked"].partition(" ")
    if kind not in ("row", "column") or all(before[name] == after[name] for name in ("sentence", "special")):
        return {}
    try:
        old, new = (_shown_tokens(state["sentence"], state["special"]) for state in (before, after))
    except (TypeError, ValueError):  # no sentence: the rendering says so
        return {}
    if int(number) >= len(old):
        return {"picked": ""}
    word = old[int(number)]
    places = [k for k, token in enumerate(new) if token == word]
    if not places:
        return {"picked": ""}
    return {"picked": f"{kind} {places[min(old[: int(number)].count(word), len(places) - 1)]}"}


def _shown_tokens(sentence: str, special: bool) -> list[str]:
    model = minilm.load()
    tokens = [model.tokenizer.id_to_token(k) for k in model.encode(sentence, LONGEST)]
    return tokens if special or len(tokens) <= 3 else tokens[1:-1]


def _first(sentence: str) -> Slider:
    """Where the window of a long sentence begins; its words are counted roughly, so that nothing has to be loaded."""
    signs = sum(not sign.isalnum() and not sign.isspace() for sign in sentence)
    return Slider("first", 0, max(0, len(sentence.split()) + signs - WINDOW), label="first word of the lines")


@lru_cache(maxsize=32)
def encoded(sentence: str, causal: bool) -> EncoderOutput:
    """A sentence as MiniLM sees it, remembered."""
    return minilm.load().outputs(sentence, causal, LONGEST)


def _render(state: dict) -> Iterator[Picture | Progress]:
    if not minilm.load.cache_info().currsize:
        yield from running(lambda progress: minilm.load(), "loading the encoder")
    found = encoded(state["sentence"], state["causal"])
    yield _drawn(found, state)


def _drawn(found: EncoderOutput, state: dict) -> Picture:
    words, weights, note = found.tokens, found.weights, ""
    if state["causal"]:
        note = " Each word sees what stands before it only, as the encoder was not trained to."
    if not state["special"] and len(words) > 3:
        outside = weights[..., [0, -1]].sum(-1)[..., 1:-1]  # (layers, heads, L - 2)
        own = [int(state["layer"]) - 1] if state["view"] != "model" else slice(None)
        note += f" Left out: {100 * outside[own].mean():.0f} % of the weights go to [CLS] and [SEP]."
        words, weights = words[1:-1], weights[..., 1:-1, 1:-1]
    layer, head = state["layer"] - 1, None if state["head"] == ALL else int(state["head"]) - 1
    chosen = weights[layer]  # (heads, L, L)
    many = "mean of 12 heads" if head is None else f"head {head + 1}"
    caption = f"Layer {layer + 1}, {many}.{note}"
    picked = inside(state["picked"], len(words), len(words))
    if state["view"] == "model":
        key = state["picked"] if state["picked"] in model_keys(LAYERS, HEADS) else _key(layer, head)
        return model_view(words, weights, key, caption=note.strip())
    if state["view"] == "lines":
        heads = list(range(HEADS)) if head is None else [head]
        caption = f"Layer {layer + 1}.{note}"
        first = min(state["first"], max(0, len(words) - WINDOW))
        return head_view(words, words, chosen, heads, picked, first=first, caption=caption)
    one = chosen.mean(0) if head is None else chosen[head]  # (L, L)
    if state["view"] == "matrix":
        return matrix_view(words, words, one, picked, caption=caption)
    if picked.startswith("column"):  # the words that attend at it
        return reading_view(
            words, one[:, int(picked.split()[1])], None, caption=caption, title="weight on it"
        )
    query = int(picked.split()[1]) if picked else _most_open(one)
    return reading_view(words, one[query], query, caption=caption)


def _key(layer: int, head: int | None) -> str:
    return f"head {layer} {head or 0}"


def _most_open(weights: torch.Tensor) -> int:
    """The word that attends to itself least: the one with most to show."""
    return int(weights.diagonal().argmin())
