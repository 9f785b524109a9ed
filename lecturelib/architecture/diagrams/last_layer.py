"""The last layer of a classifier of digits: hidden neurons, scores, and the weights between them."""

from __future__ import annotations

from torch import Tensor

from lecturelib.architecture.diagrams.node_link import thickness
from lecturelib.drawing.drawing import Drawing
from lecturelib.drawing.shapes import Bitmap, Box, Circle, Label, Line, Shape

WIDE, HIGH = 944.0, 560.0
PICTURE, HIDDEN_X, OUTPUT_X = 230.0, 400.0, 700.0  # px: the picture's side, where the two columns stand
OUTPUT_RADIUS, BAR = 15.0, 62.0  # px: of a digit's disc, of the longest bar of a score
FAINT = 0.13
Point = tuple[float, float]


def last_layer_diagram(
    image: Tensor,
    hidden: Tensor,
    order: Tensor,
    values: Tensor,
    scores: Tensor,
    digit: int,
    all_links: bool,
    alt: str,
) -> Drawing:
    """Node-link diagram of the last layer of a network for ten digits, for one image.

    `image`: (1, 1, H, W) in [0, 1]. `hidden`: (n,) activations, of which those in `order` (k,) are drawn, from top to
    bottom. `values`: (10, k), what the lines are as wide as. `scores`: (10,). The links of `digit` stand out; with
    `all_links` those of the other digits are drawn too, faint.
    """
    left = [(HIDDEN_X, _height(k, len(order))) for k in range(len(order))]
    right = [(OUTPUT_X, _height(k, 10)) for k in range(10)]
    radius = min(12.0, 0.42 * (left[1][1] - left[0][1]))
    shapes = _image(image)
    shapes += _links(values, order, digit, all_links, left, right, radius)
    shapes += _hidden(hidden, order, left, radius)
    shapes += _scores(scores, digit, right)
    return Drawing(WIDE, HIGH, tuple(shapes), "Weights of the last layer", alt)


def _height(k: int, count: int) -> float:
    return 48 + (HIGH - 72) * (k + 0.5) / count


def _image(image: Tensor) -> list[Shape]:
    pixels = (image[0, 0] * 255).round().byte().numpy()[:, :, None].repeat(3, 2)  # (H, W) -> (H, W, 3)
    middle = HIGH / 2
    arrow = ((PICTURE + 28, middle), (HIDDEN_X - 66, middle))
    return [
        Bitmap(16, middle - PICTURE / 2, PICTURE, PICTURE, pixels, hard=True),
        Label(16 + PICTURE / 2, middle + PICTURE / 2 + 20, "the picture", 14, role="muted"),
        Line(arrow, arrow=True, role="muted", stroke="#9a9a9a"),
        Label(HIDDEN_X, 18, "hidden", 15, bold=True),
        Label(OUTPUT_X, 18, "digit", 15, bold=True),
        Label(OUTPUT_X + 120, 18, "score", 15, bold=True),
    ]


def _links(
    values: Tensor,
    order: Tensor,
    digit: int,
    all_links: bool,
    left: list[Point],
    right: list[Point],
    radius: float,
) -> list[Shape]:
    shapes: list[Shape] = []
    largest = values.abs().max().item() if all_links else values[digit].abs().max().item()
    for k in [*(k for k in range(10) if k != digit and all_links), digit]:
        for j, value in enumerate(values[k].tolist()):
            ends = ((left[j][0] + radius, left[j][1]), (right[k][0] - OUTPUT_RADIUS, right[k][1]))
            style = {"dashed": value < 0, "stroke_width": thickness(value, largest)}
            role, opacity = "positive" if value > 0 else "negative", 1.0 if k == digit else FAINT
            shapes.append(Line(ends, role=role, opacity=opacity, key=f"{k}<{int(order[j])}", **style))
    return shapes


def _hidden(hidden: Tensor, order: Tensor, left: list[Point], radius: float) -> list[Shape]:
    """Discs with a dark core, its area in proportion to the activation."""
    shapes: list[Shape] = []
    top = hidden.max().item() or 1.0
    for (x, y), index in zip(left, order.tolist(), strict=True):
        share = hidden[index].item() / top
        shapes.append(Circle(x, y, radius, role="input", key=f"hidden {index}"))
        if share > 0:
            shapes.append(Circle(x, y, radius * share**0.5, role="text", stroke="none"))
        shapes.append(Label(x - radius - 8, y, str(index), 12, "end", role="muted"))
    return shapes


def _scores(scores: Tensor, digit: int, right: list[Point]) -> list[Shape]:
    """Each digit with the bar of its score, from a line at 0."""
    shapes: list[Shape] = []
    span = max(scores.abs().max().item(), 1e-6)
    for k, (x, y) in enumerate(right):
        score = scores[k].item()
        length = BAR * abs(score) / span
        start = x + 120 if score > 0 else x + 120 - length
        role = "positive" if score > 0 else "negative"
        number = f"{score:.1f}".replace("-", "\N{MINUS SIGN}")
        shapes += [
            Circle(x, y, OUTPUT_RADIUS, role="highlight" if k == digit else "input"),
            Label(x, y, str(k), 15, bold=k == digit),
            Box(start, y - 8, max(length, 0.5), 16, 0, role=role, stroke="none"),
            Label(x + 192, y, number, 12, "start", role="muted"),
        ]
    return shapes
