"""The gates of an LSTM while it reads a sentence. Hochreiter and Schmidhuber 1997; Gers et al. 2000 (forget gate)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lecturelib.checks import complaint

GATES = ("input", "forget", "candidate", "output")  # in the order in which PyTorch keeps them


@torch.no_grad()
def lstm_gates(lstm: nn.LSTM, x: Tensor, backward: bool = False) -> dict[str, Tensor]:
    """Every gate of an LSTM's first layer while it reads x (S, e): name -> (S, h), in the order of the sentence.

    "input" i, "forget" f and "output" o lie in (0, 1), "candidate" g in (-1, 1); "cell" and "hidden" follow from them:
    c_t = f_t * c_(t-1) + i_t * g_t, h_t = o_t * tanh(c_t). `backward`: the direction that reads from the end. Raises
    ValueError for another width, or where there is no such direction. Gers et al. 2000.

    >>> gates = lstm_gates(nn.LSTM(4, 3), torch.zeros(5, 4))
    >>> sorted(gates), tuple(gates["forget"].shape)
    (['candidate', 'cell', 'forget', 'hidden', 'input', 'output'], (5, 3))
    """
    if x.ndim != 2 or x.shape[1] != lstm.input_size or not len(x):
        raise ValueError(complaint("x", f"shape (S, {lstm.input_size})", tuple(x.shape)))
    if backward and not lstm.bidirectional:
        raise ValueError(complaint("backward", "False for an LSTM of one direction", backward))
    end = "_l0_reverse" if backward else "_l0"
    of_input, of_hidden = (
        getattr(lstm, f"weight_ih{end}"),
        getattr(lstm, f"weight_hh{end}"),
    )  # (4h, e), (4h, h)
    given = x @ of_input.T  # (S, 4h)
    if lstm.bias:
        given = given + getattr(lstm, f"bias_ih{end}") + getattr(lstm, f"bias_hh{end}")
    hidden = cell = x.new_zeros(lstm.hidden_size)
    found: dict[str, list[Tensor]] = {name: [] for name in (*GATES, "cell", "hidden")}
    for row in reversed(given) if backward else given:
        parts = (row + of_hidden @ hidden).chunk(4)  # (4h,) -> four of (h,)
        gates = {
            name: part.tanh() if name == "candidate" else part.sigmoid()
            for name, part in zip(GATES, parts, strict=True)
        }
        cell = gates["forget"] * cell + gates["input"] * gates["candidate"]
        hidden = gates["output"] * cell.tanh()
        for name, value in (gates | {"cell": cell, "hidden": hidden}).items():
            found[name].append(value)
    return {name: torch.stack(rows[::-1] if backward else rows) for name, rows in found.items()}
