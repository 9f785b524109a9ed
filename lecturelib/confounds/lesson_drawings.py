"""Drawings of part 3: the black box, and two pictures in which people see what cannot be, or is not there."""

import math

import numpy as np
import torch
from torch import Tensor

from lecturelib.checks import check_whole
from lecturelib.drawing import Bitmap, Box, Drawing, Label, Line, Polygon, Shape
from lecturelib.filters import gaussian_blur

WATER, EDGE = "#56B4E9", "#4a4a4a"


def black_box(image: np.ndarray, answer: str, parameters: int) -> Drawing:
    """A picture goes into a black box, an answer comes out; below, what this course looks at.

    image: (h, w, 3) bytes; `answer`: what the network says; `parameters`: how many numbers it holds.

    >>> black_box(np.zeros((8, 8, 3), np.uint8), "truck, 100 %", 74000).width
    860
    """
    shapes: list[Shape] = [Bitmap(20, 34, 150, 150, image)]
    shapes.append(Label(95, 18, "a picture", 15))
    shapes.append(Line(((180, 109), (262, 109)), arrow=True, stroke_width=2.4))
    shapes.append(Box(270, 44, 280, 130, 8, fill="#1a1a1a", stroke="#1a1a1a"))
    shapes.append(Label(410, 92, "network", 22, bold=True, fill="#ffffff"))
    shapes.append(Label(410, 124, f"{parameters:,} numbers", 16, fill="#e8e8e8"))
    shapes.append(Line(((558, 109), (640, 109)), arrow=True, stroke_width=2.4))
    shapes.append(Label(650, 96, answer, 20, "start", bold=True))
    shapes.append(Label(650, 124, "right: but why?", 15, "start", role="muted"))
    kinds = (
        ("architecture", "which layers, of which size,", "how connected (part 1)"),
        ("training", "what the loss and the layers", "do meanwhile (part 2)"),
        ("parameters, representations", "what a unit or a decision", "rests on (parts 3 to 9)"),
    )
    for k, (name, first, second) in enumerate(kinds):
        left = 20 + 280 * k
        shapes.append(Box(left, 226, 262, 92, 6, role=("module", "pool", "linear")[k]))
        shapes.append(Label(left + 131, 248, name, 15, bold=True))
        shapes.append(Label(left + 131, 274, first, 14))
        shapes.append(Label(left + 131, 295, second, 14))
        shapes.append(Line(((left + 131, 224), (340 + 70 * k, 178)), role="grid", stroke="#8c8c8c"))
    words = (
        f"A picture goes into a black box, a network of {parameters:,} numbers; out comes {answer}. Three kinds of "
        "visualization open the box: of its architecture, of its training, of its parameters and representations."
    )
    return Drawing(860, 332, tuple(shapes), "The black box", words)


def impossible_waterfall() -> Drawing:
    """Water in three channels that form an impossible triangle (Penrose & Penrose 1958): each leads on downhill.

    >>> impossible_waterfall().title
    'A waterfall that feeds itself'
    """
    unit, hole, center = 42.0, 3, (205.0, 232.0)

    def place(i: float, j: float, turn: int) -> tuple[float, float]:
        """A place of the triangular grid (i to the right, j to the upper right), turned by thirds about the middle."""
        x = unit * (i - hole / 3 + (j - hole / 3) / 2)
        y = -unit * (j - hole / 3) * math.sqrt(3) / 2
        angle = math.radians(120 * turn)
        return (
            center[0] + x * math.cos(angle) - y * math.sin(angle),
            center[1] + x * math.sin(angle) + y * math.cos(angle),
        )

    beam = ((0, hole), (0, -1), (hole + 3, -1), (hole + 3, -2), (-1, -2), (-1, hole + 1))
    shapes: list[Shape] = []
    for turn, tone in enumerate(("#ece6d8", "#cfc8b6", "#aaa28f")):
        corners = tuple(place(i, j, turn) for i, j in beam)
        shapes.append(Polygon(corners, fill=tone, stroke=EDGE, stroke_width=1.8))
    for turn in range(3):
        start, end = place(0.3, -1.5, turn), place(hole + 2.6, -1.5, turn)
        shapes.append(Line((start, end), stroke=WATER, stroke_width=13, opacity=0.9))
        shapes.append(Line((start, end), arrow=True, stroke="#0B3C5D", stroke_width=2.2))
    words = (
        "Three beams joined to a triangle: each corner is possible, the whole is not. Water runs along the beams, "
        "from each into the next, in a circle."
    )
    return Drawing(410, 400, tuple(shapes), "A waterfall that feeds itself", words)


def face_in_rocks(seed: int = 3, hollows: bool = True) -> Tensor:
    """A rock with two hollows and a crack, (1, 1, 100, 100) in [0, 1], in which people see a face (pareidolia).

    Smooth noise lit from the upper left, with three dents; without `hollows` the same rock, and no dent. Raises
    `ValueError` or `TypeError` for a negative seed.

    >>> face_in_rocks().shape
    torch.Size([1, 1, 100, 100])
    """
    check_whole("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    height = torch.zeros(1, 1, 100, 100)
    for sigma, size in ((14.0, 5.0), (5.0, 2.2), (2.0, 1.0), (0.8, 0.45)):
        rough = gaussian_blur(torch.randn(1, 1, 100, 100, generator=generator), sigma)
        height = height + size * rough / rough.std()
    y = torch.arange(100).view(1, 1, -1, 1) - 50.0
    x = torch.arange(100).view(1, 1, 1, -1) - 50.0
    dome = -((x / 36).square() + (y / 47).square()).clamp(max=1.15) * 16
    for down, right, tall, wide, depth in (
        (-14, -15, 6, 8, 9),
        (-12, 15, 7, 8, 9),
        (22, 1, 4, 15, 8),
        (5, 1, 8, 4, -3),
    ):
        if not hollows:
            break
        dome = dome - depth * torch.exp(-(((x - right) / wide).square() + ((y - down) / tall).square()))
    height = height + dome
    slope_x = torch.nn.functional.pad(height[..., 1:] - height[..., :-1], (0, 1))
    slope_y = torch.nn.functional.pad(height[..., 1:, :] - height[..., :-1, :], (0, 0, 0, 1))
    hollow = (height - gaussian_blur(height, 9.0)) / 12  # what lies low is dark
    return (0.5 + 0.1 * (slope_x + slope_y) + hollow).clamp(0.03, 0.97)
