"""Type the beginning of a sentence: the next token's probabilities, how they are cut, and how the sentence goes on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import torch
from torch import Tensor

from lecturelib.attention import causal_language_model
from lecturelib.attention.next_token import Continuation, continued, next_token_distribution, prompt_ids
from lecturelib.attention.tokenizer import START, shipped_tokenizer
from lecturelib.attention.views.next_token_view import next_token_view, readable
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Slider, TextBox

TOP, LONGEST = 10, 12  # bars; tokens of a continuation
TEXT = "Would you like a cup of"
OTHERS = ("I don't know where", "She has a", "Je ne sais pas", "The FBI is chasing a", "")
TEMPERATURES = (0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
TOP_K = (1, 2, 3, 5, 10, 20, 50, 200, 6000)
TOP_P = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)


def next_word_explorer(text: str = TEXT) -> Explorable:
    """The causal language model on any beginning: temperature, top-k, nucleus; greedy and sampled continuations."""
    controls = [
        TextBox(
            "text", text, tuple(t for t in (TEXT, *OTHERS) if t != text), 200, "the beginning of a sentence"
        ),
        Choice("temperature", TEMPERATURES, 1.0, slider=True),
        Choice("top_k", TOP_K, 6000, slider=True, label="top-k: how many are kept"),
        Choice("top_p", TOP_P, 1.0, slider=True, label="nucleus: probability that is kept"),
        Slider("seed", 0, 20, label="draw"),
    ]
    presets: dict[str, dict] = {
        "as it is": {"temperature": 1.0},
        "cold: nearly greedy": {"temperature": 0.1},
        "hot: nearly anything": {"temperature": 2.0},
        "nucleus, one candidate or many": {"text": "Thank you very", "top_p": 0.75},
        "top-k where many fit": {"text": "She has a", "top_k": 3},
        "French": {"text": "Je ne sais pas"},
        "the beginning of any sentence": {"text": ""},
    }
    return Explorable(_render, controls, "What comes next?", presets)


@lru_cache(maxsize=64)
def scores_of(text: str) -> Tensor:
    """The scores (V,) of the token after a text, remembered."""
    with torch.no_grad():
        return causal_language_model.load()(torch.tensor([[START, *prompt_ids(text)]]))[0][0, -1]


@lru_cache(maxsize=256)
def continuation_of(
    text: str,
    seed: int | None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Continuation:
    """A continuation of a text, greedy for seed None, remembered."""
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    model = causal_language_model.load()
    return continued(model, prompt_ids(text), LONGEST, generator, temperature, top_k, top_p)


def _render(state: dict) -> Iterator[Picture]:
    """The bars at once, then the same with the continuations."""
    text, temperature, top_p = state["text"], state["temperature"], state["top_p"]
    known, top_k = shipped_tokenizer(), state["top_k"]
    top_k, top_p = (None if top_k == TOP_K[-1] else top_k), (None if top_p == 1 else top_p)  # nothing is cut
    scores = scores_of(text)
    own, changed = scores.softmax(-1), next_token_distribution(scores, temperature, top_k, top_p)
    order = own.topk(TOP).indices
    names = [readable(token) for token in known.tokens(order.tolist())]
    others = (1 - own[order].sum().item(), max(0.0, 1 - changed[order].sum().item()))
    kept = int((changed > 0).sum())
    likely = float(torch.special.entr(changed).sum().exp())
    caption = (
        f"{kept:,} of {len(own):,} tokens can be drawn; as uncertain as {likely:.1f} equally likely ones (exp of the "
        "entropy)."
    )
    shown = (names, own[order].tolist(), changed[order].tolist(), others)
    seeds = (None, 2 * state["seed"], 2 * state["seed"] + 1)
    called = ["greedy" if seed is None else f"sampled, {seed + 1}" for seed in seeds]
    given = known.decode(prompt_ids(text))
    yield next_token_view(*shown, [(name, given, "") for name in called], caption)
    lines = []
    for name, seed in zip(called, seeds, strict=True):
        how = (temperature, top_k, top_p) if seed is not None else (1.0, None, None)
        lines.append((name, *_written(continuation_of(text, seed, *how))))
    yield next_token_view(*shown, lines, caption)


def _written(found: Continuation) -> tuple[str, str]:
    """What was given and how it goes on, as text."""
    known = shipped_tokenizer()
    given = known.decode(found.prompt)
    end = "" if found.finished else " ..."
    return given, f"{found.text[len(given) :].strip()}{end}"
