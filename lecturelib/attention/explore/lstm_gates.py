"""The gates of the encoder's LSTM while it reads a sentence, all in one picture."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from lecturelib.attention.explore.sentence_controls import sentence_control, translator_control
from lecturelib.attention.lstm_gates import lstm_gates
from lecturelib.attention.translators import translator
from lecturelib.attention.views.gates_view import BANDS, gates_view
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, RegionPicker

DIRECTIONS = {"forward": "from the left", "backward": "from the right"}
ORDERS = {"forget": "by their forget gate", "own": "as they are numbered"}


def lstm_gates_explorer() -> Explorable:
    """One column a token, one line a unit: what is let in, what is kept, what is shown of the encoder's memory."""
    controls = [
        sentence_control("The white house was built a long time ago.", "She has a red car.", "I don't know."),
        translator_control("attention", "fixed"),
        Choice("direction", tuple(DIRECTIONS), label="reads", labels=tuple(DIRECTIONS.values())),
        Choice("order", tuple(ORDERS), label="units sorted", labels=tuple(ORDERS.values())),
        RegionPicker(tuple(f"column {k}" for k in range(64)), hover=True, label="tokens that are read"),
    ]
    presets = {
        "read from the left": {"direction": "forward"},
        "read from the right": {"direction": "backward"},
    }
    return Explorable(_render, controls, "Gates of the encoder", presets)


@lru_cache(maxsize=32)
def encoder_gates(sentence: str, name: str, backward: bool) -> tuple[list[str], dict[str, Tensor]]:
    """The tokens of a sentence, and every gate of the encoder while it reads them, name -> (S, h)."""
    own = translator(name)
    ids = own.encode(sentence)
    x = own.recurrent.embed(torch.tensor([ids]))[0]  # (S, e)
    return own.tokenizer.tokens(ids), lstm_gates(own.recurrent.encoder, x, backward)


def _render(state: dict) -> Picture:
    tokens, gates = encoder_gates(state["sentence"], state["translator"], state["direction"] == "backward")
    words = [token.replace("▁", "").replace("</s>", "(end)") for token in tokens]
    count, units = gates["forget"].shape
    if state["order"] == "forget":
        order = gates["forget"].mean(0).argsort()
        gates = {name: values[:, order] for name, values in gates.items()}
    picked = int(state["picked"].split()[1]) if state["picked"] else count
    if picked < count:
        told = ", ".join(
            f"{BANDS[name]} {gates[name][picked].mean():.2f}" for name in ("input", "forget", "output")
        )
        caption = f"At “{words[picked]}”: {told} (means of {units} units)."
        return gates_view(words, gates, picked, caption)
    kept = gates["forget"].mean(1)
    low = int(kept.argmin())
    caption = (
        f"{units} units read {count} tokens {DIRECTIONS[state['direction']]}. Most is forgotten at “{words[low]}” "
        f"(mean forget gate {kept[low]:.2f}, of all tokens {kept.mean():.2f})."
    )
    return gates_view(words, gates, None, caption)
