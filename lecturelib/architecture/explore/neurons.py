"""Explorables neuron by neuron: fully connected against convolution, and the last weights of a digit network."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from torch import Tensor, nn

from lecturelib import datasets
from lecturelib.architecture.diagrams.connectivity import links_of
from lecturelib.architecture.diagrams.node_link import node_link, thickness
from lecturelib.drawing.compose import row
from lecturelib.drawing.drawing import Bitmap, Box, Circle, Drawing, Label, Line, Shape
from lecturelib.network.hooks import record
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Slider, Toggle, common_controls

# --- fully connected against convolution ---------------------------------------------------------------------


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
    presets = {
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


# --- the last layer of a digit network -----------------------------------------------------------------------

PICTURE, HIDDEN_X, OUTPUT_X, WIDE = 230.0, 400.0, 700.0, 944.0
HIGH = 560.0


def digit_edges() -> Explorable:
    """The last layer of lenet as links: which hidden neurons speak for a digit, which against it."""
    controls = [
        Choice("picture", datasets.DIGITS, "3", label="a picture of"),
        Choice("digit", ("the answer", *datasets.DIGITS), label="links of the digit"),
        Slider("neurons", 4, 20, 1, 12, label="hidden neurons shown"),
        Choice("width", ("weight × activation", "weight"), label="a line's width"),
        Toggle("all_links", True, label="also the other digits' links, faint"),
    ]
    presets = {
        "why it is a 3": {"picture": "3", "digit": "the answer"},
        "what speaks for 8 in this 3": {"picture": "3", "digit": "8"},
        "the weights alone": {"picture": "3", "width": "weight"},
    }
    return Explorable(_render_digit, controls, "What speaks for a digit", presets)


@lru_cache(maxsize=16)
def last_layer(picture: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of lenet, for its example of a digit: image (1, 1, 28, 28), hidden (128,), weights (10, 128), scores (10,)."""
    model = common_controls.network("lenet")
    image = common_controls.chosen_image(
        {"network": "lenet", "picture": picture, "own": None, "use_own": False}
    )
    acts = record(model, image, ["relu3", "fc4"])
    return image, acts["relu3"][0], model.classifier[2].weight.detach(), acts["fc4"][0]


def _render_digit(state: dict) -> Picture:
    image, hidden, weights, scores = last_layer(state["picture"])
    answer = int(scores.argmax())
    digit = answer if state["digit"] == "the answer" else int(state["digit"])
    shares = weights * hidden  # (10, 128): they add up to the scores, without the bias
    order = shares[digit].abs().argsort(descending=True)[: state["neurons"]]
    order = order[shares[digit, order].argsort(descending=True)]  # for the digit above, against it below
    values = (shares if state["width"] == "weight × activation" else weights)[:, order]  # (10, neurons)
    shapes = _digit_shapes(image, hidden, order, values, scores, digit, state["all_links"])
    kept = shares[digit, order].sum().item()
    bias = round(scores[digit].item() - shares[digit].sum().item(), 1) + 0.0  # no −0.0
    n = len(order)
    caption = (
        f"A {state['picture']} that lenet names {answer}. The score of {digit} is {scores[digit]:.1f}: these {n} of "
        f"128 hidden neurons give {kept:+.1f}, the other {128 - n} {shares[digit].sum().item() - kept:+.1f}, the bias "
        f"{bias:+.1f}. Orange speaks for, blue and dashed against."
    ).replace("-", "\N{MINUS SIGN}")
    best = int(order[0])
    alt = (
        f"A handwritten {state['picture']}, {n} hidden neurons and ten digits, joined by lines. {caption} "
        f"Most for {digit}: neuron {best} with {shares[digit, best]:+.1f}."
    )
    drawing = Drawing(WIDE, HIGH, tuple(shapes), "Weights of the last layer", alt)
    return Picture(drawing.svg(), alt, caption, round(WIDE))


def _digit_shapes(image, hidden, order, values, scores, digit: int, everything: bool) -> list[Shape]:
    pixels = (image[0, 0] * 255).round().byte().numpy()[:, :, None].repeat(3, 2)  # (28, 28, 3)
    shapes: list[Shape] = [
        Bitmap(16, (HIGH - PICTURE) / 2, PICTURE, PICTURE, pixels, hard=True),
        Label(16 + PICTURE / 2, (HIGH + PICTURE) / 2 + 20, "the picture", 14, role="muted"),
        Line(
            ((PICTURE + 28, HIGH / 2), (HIDDEN_X - 66, HIGH / 2)), arrow=True, role="muted", stroke="#9a9a9a"
        ),
        Label(HIDDEN_X, 18, "hidden", 15, bold=True),
        Label(OUTPUT_X, 18, "digit", 15, bold=True),
        Label(OUTPUT_X + 120, 18, "score", 15, bold=True),
    ]
    left = [(HIDDEN_X, _spread(k, len(order))) for k in range(len(order))]
    right = [(OUTPUT_X, _spread(k, 10)) for k in range(10)]
    radius = min(12.0, 0.42 * (left[1][1] - left[0][1]))
    largest = values.abs().max().item() if everything else values[digit].abs().max().item()
    for k in [k for k in range(10) if k != digit and everything] + [digit]:
        for j, value in enumerate(values[k].tolist()):
            ends = ((left[j][0] + radius, left[j][1]), (right[k][0] - 15, right[k][1]))
            role = "positive" if value > 0 else "negative"
            faint = 1.0 if k == digit else 0.13
            width = thickness(value, largest)
            shapes.append(
                Line(
                    ends,
                    role=role,
                    dashed=value < 0,
                    stroke_width=width,
                    opacity=faint,
                    key=f"{k}<{int(order[j])}",
                )
            )
    top = hidden.max().item() or 1.0
    for (x, y), index in zip(left, order.tolist(), strict=True):
        share = hidden[index].item() / top
        shapes.append(Circle(x, y, radius, role="input", key=f"hidden {index}"))
        if share > 0:
            shapes.append(Circle(x, y, radius * share**0.5, role="text", stroke="none"))
        shapes.append(Label(x - radius - 8, y, str(index), 12, "end", role="muted"))
    span = max(scores.abs().max().item(), 1e-6)
    for k, (x, y) in enumerate(right):
        shapes.append(Circle(x, y, 15, role="highlight" if k == digit else "input"))
        shapes.append(Label(x, y, str(k), 15, bold=k == digit))
        score = scores[k].item()
        length, zero = 62 * abs(score) / span, x + 120
        start = zero if score > 0 else zero - length
        shapes.append(
            Box(
                start,
                y - 8,
                max(length, 0.5),
                16,
                0,
                role="positive" if score > 0 else "negative",
                stroke="none",
            )
        )
        shapes.append(
            Label(x + 192, y, f"{score:.1f}".replace("-", "\N{MINUS SIGN}"), 12, "start", role="muted")
        )
    return shapes


def _spread(k: int, count: int) -> float:
    return 48 + (HIGH - 72) * (k + 0.5) / count
