"""The key/value cache step by step: what is computed anew for the next token, with and without it."""

from __future__ import annotations

from functools import lru_cache

import torch

from lecturelib.attention import causal_language_model
from lecturelib.attention.cache_cost import step_cost
from lecturelib.attention.next_token import continued, prompt_ids
from lecturelib.attention.tokenizer import shipped_tokenizer
from lecturelib.attention.views.key_value_cache_view import key_value_cache_view
from lecturelib.attention.views.next_token_view import readable
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Control, Explorable, Slider, TextBox

TEXT = "Would you like"
OTHERS = ("I don't know", "Je ne sais pas")
MOST = 14  # tokens that are shown
WITH, WITHOUT = "with the cache", "without"


def key_value_cache_explorer() -> Explorable:
    """Step through a greedy continuation: keys, values and attention weights that are computed, kept or not needed."""

    def refresh(state: dict) -> dict[str, Control]:
        given, written, _ = written_tokens(state["text"])
        return {"step": _step(max(1, min(len(written), MOST - len(given))))}

    controls = [
        TextBox("text", TEXT, OTHERS, 60, "the beginning of a sentence"),
        _step(6),
        Choice("cache", (WITH, WITHOUT), label="keys and values"),
    ]
    presets: dict[str, dict] = {
        "the first step": {"step": 1},
        "a later step": {"step": 4},
        "the same without": {"step": 4, "cache": WITHOUT},
    }
    return Explorable(_render, controls, "The key/value cache", presets, refresh)


def _step(last: int) -> Slider:
    return Slider("step", 1, last, value=min(3, last), label="step: the token that is predicted")


@lru_cache(maxsize=32)
def written_tokens(text: str) -> tuple[list[str], list[str], float]:
    """Tokens that were given (START first) and written, and how far the probabilities with and without cache differ."""
    known, model, ids = shipped_tokenizer(), causal_language_model.load(), prompt_ids(text)
    kept = continued(model, ids, MOST)
    anew = continued(model, ids, MOST, cached=False)
    apart = torch.tensor(kept.probabilities) - torch.tensor(anew.probabilities)
    names = [readable(token) for token in known.tokens([*ids, *kept.ids])]
    return ["START", *names[: len(ids)]], names[len(ids) :], float(apart.abs().max())


def _render(state: dict) -> Picture:
    given, written, apart = written_tokens(state["text"])
    step, cached = min(state["step"], len(written)), state["cache"] == WITH
    tokens = [*given, *written[: step - 1]][-MOST:]  # of a long beginning the last ones are shown
    whole = len(given) + step - 1
    new = whole if not cached or step == 1 else 1
    model = causal_language_model.load()
    costs = {
        name: [
            step_cost(model, len(given) + k if k == 0 or name == WITHOUT else 1, len(given) + k) / 1e6
            for k in range(step)
        ]
        for name in (WITH, WITHOUT)
    }
    now = costs[state["cache"]][-1]
    caption = (
        f"Step {step} predicts “{written[step - 1]}”. {new} of {whole} tokens go through the network: {now:.1f} "
        f"million multiply-adds; all steps so far {sum(costs[WITH]):.1f} with the cache, {sum(costs[WITHOUT]):.1f} "
        f"without. The probabilities of the two ways differ by at most {apart:.0e}."
    )
    return key_value_cache_view(tokens, written[step - 1], min(new, len(tokens)), costs, caption)
