"""Recurrent cells as diagrams: the gates of an LSTM."""

from __future__ import annotations

from torch import nn

from lecturelib.checks import complaint
from lecturelib.drawing.drawing import Box, Circle, Drawing, Label, Line, Shape

WIDTH, HEIGHT = 940, 420
STATE, OUT, GATES = 108, 300, 212  # heights of the cell state, of the hidden state, and of the gates
FORGET, INPUT, CANDIDATE, OUTPUT, READ = 290, 416, 530, 652, 752  # where they stand
LETTER = 16


def lstm_cell(layer: nn.LSTMCell | nn.LSTM | None = None) -> Drawing:
    """Diagram of one step of an LSTM: c_t = f ⊙ c_(t-1) + i ⊙ g and h_t = o ⊙ tanh(c_t).

    f, i and o are gates between 0 and 1 (σ), g is the candidate (tanh). The cell state c runs along the top. `layer`:
    its sizes and its number of parameters are written above. Hochreiter & Schmidhuber 1997, with the forget gate of
    Gers, Schmidhuber & Cummins 2000, as in PyTorch. Raises `TypeError` for another layer, `ValueError` for several
    layers or directions in one.

    >>> from torch import nn
    >>> lstm_cell(nn.LSTMCell(8, 16)).alt.endswith("h and c have 16 each; 1,664 parameters")
    True
    """
    sizes = _sizes(layer) if layer is not None else ""
    shapes: list[Shape] = [Box(150, 56, 690, 280, 18, role="frame")]
    shapes += _state() + _hidden() + _gates()
    words = (
        "An LSTM cell. The cell state c runs from left to right along the top: it is multiplied by the forget gate f, "
        "then the input gate i times the candidate g is added. The input x and the last hidden state h enter below and "
        "feed all four. The new hidden state is tanh of the cell state, multiplied by the output gate o."
    )
    if sizes:
        shapes.append(Label(WIDTH / 2, 24, sizes, 14, role="muted"))
    return Drawing(WIDTH, HEIGHT, tuple(shapes), "LSTM cell", f"{words} {sizes}".strip())


def _sizes(layer: nn.Module) -> str:
    if not isinstance(layer, (nn.LSTMCell, nn.LSTM)):
        raise TypeError(complaint("layer", "an LSTMCell or LSTM layer", type(layer).__name__))
    if isinstance(layer, nn.LSTM) and (layer.num_layers > 1 or layer.bidirectional):
        raise ValueError(
            complaint("layer", "one layer in one direction, which is one cell", "an LSTM of more")
        )
    count = sum(parameter.numel() for parameter in layer.parameters())
    return f"x has {layer.input_size} numbers, h and c have {layer.hidden_size} each; {count:,} parameters"


def _wire(*points: tuple[float, float], arrow: bool = True, role: str = "arrow") -> Line:
    return Line(points, arrow=arrow, radius=8, role=role, stroke_width=1.8)


def _operation(x: float, y: float, sign: str, key: str) -> list[Shape]:
    return [Circle(x, y, 15, role="merge", key=key), Label(x, y, sign, 18, key=key)]


def _state() -> list[Shape]:
    """The cell state along the top: what is forgotten, what is added."""
    shapes: list[Shape] = [
        _wire((66, STATE), (FORGET - 16, STATE), role="loop"),
        _wire((FORGET + 16, STATE), (CANDIDATE - 16, STATE), role="loop"),
        _wire((CANDIDATE + 16, STATE), (WIDTH - 62, STATE), role="loop"),
        Label(40, STATE, "c₍ₜ₋₁₎", LETTER, key="c in"),
        Label(WIDTH - 38, STATE, "cₜ", LETTER, key="c out"),
        Label(215, STATE - 18, "cell state", 13, role="muted"),
    ]
    return shapes + _operation(FORGET, STATE, "×", "forget") + _operation(CANDIDATE, STATE, "+", "add")


def _hidden() -> list[Shape]:
    """What comes in below: the last hidden state and the input, and the new hidden state."""
    return [
        _wire((66, OUT), (OUTPUT, OUT), arrow=False),
        _wire((200, HEIGHT - 44), (200, OUT), arrow=False),
        Circle(200, OUT, 4, role="arrow"),
        Label(40, OUT, "h₍ₜ₋₁₎", LETTER, key="h in"),
        Label(200, HEIGHT - 28, "xₜ", LETTER, key="x"),
        Label(WIDTH - 38, OUT, "hₜ", LETTER, key="h out"),
    ]


def _gates() -> list[Shape]:
    shapes: list[Shape] = []
    gates = (
        (FORGET, "σ", "f", "forget gate", "activation"),
        (INPUT, "σ", "i", "input gate", "activation"),
        (CANDIDATE, "tanh", "g", "candidate", "conv"),
        (OUTPUT, "σ", "o", "output gate", "activation"),
    )
    for x, function, letter, name, role in gates:
        shapes += [
            _wire((x, OUT), (x, GATES + 22)),
            Box(x - 30, GATES - 20, 60, 40, 8, role=role, key=name),
            Label(x, GATES, function, LETTER, key=name),
            Label(x + 9, GATES + 52, name, 13, "start", role="muted", key=name),
            Label(
                x + 10 if x != OUTPUT else x + 42,
                GATES - 36 if x != OUTPUT else GATES - 14,
                letter,
                LETTER,
                "start",
                bold=True,
                key=name,
            ),
        ]
        if x != OUTPUT:
            shapes.append(Circle(x, OUT, 4, role="arrow"))
    product = GATES - 54  # where gate and candidate meet
    shapes += [
        _wire((FORGET, GATES - 20), (FORGET, STATE + 16)),
        _wire((INPUT, GATES - 20), (INPUT, product), (CANDIDATE - 16, product)),
        _wire((CANDIDATE, GATES - 20), (CANDIDATE, product + 16)),
        _wire((CANDIDATE, product - 16), (CANDIDATE, STATE + 16)),
        *_operation(CANDIDATE, product, "×", "write"),
        Circle(READ, STATE, 4, role="loop"),
        _wire((READ, STATE), (READ, STATE + 32), role="loop"),
        Box(READ - 30, STATE + 34, 60, 34, 17, role="conv", key="squash"),
        Label(READ, STATE + 51, "tanh", LETTER, key="squash"),
        _wire((READ, STATE + 68), (READ, GATES - 16)),
        _wire((OUTPUT + 30, GATES), (READ - 16, GATES)),
        *_operation(READ, GATES, "×", "read"),
        _wire((READ, GATES + 16), (READ, OUT), (WIDTH - 62, OUT)),
    ]
    return shapes
