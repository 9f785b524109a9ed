"""The same neurons linked by a fully connected layer and by a convolution."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from lecturelib.architecture.diagrams.connectivity import links_of
from lecturelib.architecture.diagrams.node_link import node_link
from lecturelib.drawing.compose import row
from lecturelib.drawing.drawing import Circle, Drawing, Label, Shape
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Slider


def connections_explorer() -> Explorable:
    """The same neurons linked by a fully connected layer and by a convolution: which links are missing, which share."""

    def refresh(state: dict) -> dict:
        outputs = _outputs(state["inputs"], state["kernel_size"], state["stride"], state["padding"])
        return {
            "padding": Slider("padding", 0, state["kernel_size"] // 2, value=0),
            "neuron": Slider("neuron", 1, outputs, label="one neuron"),
        }

    controls = [
        Slider("inputs", 6, 12, 1, 8),
        Slider("kernel_size", 1, 5, 1, 3),
        Slider("stride", 1, 3, 1, 1),
        Slider("padding", 0, 2, 1, 0),
        Choice("shown", ("all neurons", "one neuron")),
        Slider("neuron", 1, 12, 1, 1, label="one neuron"),
    ]
    presets: dict[str, dict] = {
        "kernel 3": {"kernel_size": 3},
        "stride 2 halves": {"inputs": 8, "kernel_size": 2, "stride": 2},
        "padding keeps the size": {"kernel_size": 3, "padding": 1},
        "kernel 1 mixes no places": {"kernel_size": 1},
        "one neuron": {"kernel_size": 3, "shown": "one neuron", "neuron": 3},
    }
    return Explorable(_render_connections, controls, "Fully connected or convolution", presets, refresh)


def _outputs(inputs: int, kernel_size: int, stride: int, padding: int) -> int:
    return (inputs + 2 * padding - kernel_size) // stride + 1


def _render_connections(state: dict) -> Picture:
    inputs, kernel_size, stride, padding = (state[n] for n in ("inputs", "kernel_size", "stride", "padding"))
    outputs = _outputs(inputs, kernel_size, stride, padding)
    highlight = (1, state["neuron"] - 1) if state["shown"] == "one neuron" else None
    full = node_link(nn.Linear(inputs, outputs), None, "shared", highlight)
    # what is padded is drawn as inputs of its own, so the layer itself pads nothing
    layer = nn.Conv1d(1, 1, kernel_size, stride)
    drawn = node_link(layer, (1, inputs + 2 * padding), "shared", highlight)
    drawn = _with_padding(drawn, inputs, padding)
    links = links_of(layer, (1, inputs + 2 * padding))
    whole = row([full, drawn], ["fully connected", "convolution"], gap=30)
    counts = f"{inputs * outputs} links with {inputs * outputs} weights"
    caption = (
        f"{inputs} inputs, {outputs} neurons. Fully connected: {counts}. Convolution with kernel {kernel_size}, stride "
        f"{stride}, padding {padding}: {links.count} links with {links.parameters} weight"
        f"{'s' if links.parameters > 1 else ''}. Biases come on top: {outputs} and 1."
    )
    return Picture(whole.svg(), f"Two node-link diagrams. {caption} {whole.alt}", caption, round(whole.width))


def _with_padding(drawing: Drawing, inputs: int, padding: int) -> Drawing:
    """The first and last inputs as zeros that padding adds."""
    names = "₀₁₂₃₄₅₆₇₈₉"
    shapes: list[Shape] = []
    for shape in drawing.shapes:
        if shape.key is not None and shape.key.startswith("0."):
            k = int(shape.key[2:]) - padding
            pad = not 0 <= k < inputs
            if isinstance(shape, Circle) and pad:
                shape = replace(shape, dashed=True, role="frame")
            elif isinstance(shape, Label):
                text = "0" if pad else "x" + "".join(names[int(digit)] for digit in str(k + 1))
                shape = replace(shape, text=text, role="muted" if pad else "text")
        elif isinstance(shape, Label) and shape.text.endswith(" inputs") and padding:
            shape = replace(shape, text=f"{inputs} inputs + {2 * padding} zeros")
        shapes.append(shape)
    return replace(drawing, shapes=tuple(shapes))
