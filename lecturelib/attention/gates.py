"""Inside an LSTM: its gates while it reads. Hochreiter and Schmidhuber 1997; Gers et al. 2000 (forgetting)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

GATES = ("input", "forget", "candidate", "output")  # in the order in which PyTorch keeps them


@torch.no_grad()
def lstm_gates(lstm: nn.LSTM, x: Tensor, backward: bool = False) -> dict[str, Tensor]:
    """Every gate of an LSTM's first layer while it reads x (S, e): name -> (S, h), in reading order of the sentence.

    "input", "forget" and "output" lie in (0, 1), "candidate" in (-1, 1); "cell" and "hidden" are what comes of them:
    cell = forget * cell before + input * candidate, hidden = output * tanh(cell). `backward`: the direction that reads
    from the end. Raises ValueError for another width, or where there is no such direction.
    """
    if x.ndim != 2 or x.shape[1] != lstm.input_size or not len(x):
        raise ValueError(f"x: (S, {lstm.input_size}) is needed, got {tuple(x.shape)}")
    if backward and not lstm.bidirectional:
        raise ValueError("this LSTM reads in one direction only")
    end = "_l0_reverse" if backward else "_l0"
    read, keep = getattr(lstm, f"weight_ih{end}"), getattr(lstm, f"weight_hh{end}")  # (4h, e), (4h, h)
    given = x @ read.T + getattr(lstm, f"bias_ih{end}") + getattr(lstm, f"bias_hh{end}")  # (S, 4h)
    hidden = cell = x.new_zeros(lstm.hidden_size)
    found: dict[str, list[Tensor]] = {name: [] for name in (*GATES, "cell", "hidden")}
    for row in reversed(given) if backward else given:
        parts = (row + keep @ hidden).chunk(4)  # (4h,) -> four of (h,)
        gates = {
            name: part.tanh() if name == "candidate" else part.sigmoid()
            for name, part in zip(GATES, parts, strict=True)
        }
        cell = gates["forget"] * cell + gates["input"] * gates["candidate"]
        hidden = gates["output"] * cell.tanh()
        for name, value in (gates | {"cell": cell, "hidden": hidden}).items():
            found[name].append(value)
    return {name: torch.stack(rows[::-1] if backward else rows) for name, rows in found.items()}
