"""What the explorables of glimpses and windows share: held-out pictures, boxes of a sensor, bars of probabilities."""

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from lecturelib.drawing import Bitmap, Box, Circle, Label, Line, Shape
from lecturelib.show import pixels_of
from lecturelib.visual_attention.glimpse_network import GlimpseNetwork
from lecturelib.visual_attention.retina import patch_box, retina
from lecturelib.visual_attention.translated_digits import PlacedDigits, Task, held_out_pictures

BIG = 360  # px of the picture
EXAMPLES = 40  # held-out pictures that can be chosen
SCALE_COLORS = ("#E69F00", "#56B4E9", "#CC79A7", "#009E73")  # finest first, each with a line of its own
NAMES: dict[str, Task] = {"cluttered": "cluttered", "translated": "translated", "plain": "digits"}


@lru_cache(maxsize=3)
def task_pictures(task: Task) -> tuple[PlacedDigits, Tensor]:
    """The held-out pictures of a task and their labels; shared, nobody may change them."""
    return held_out_pictures(task)


def chosen_picture(task: Task, number: int) -> tuple[Tensor, int]:
    """The held-out picture (1, 1, H, W) of a number, counted from 1, and its class."""
    placed, labels = task_pictures(task)
    return placed.images[number - 1][None], int(labels[number - 1])


def whole_picture(image: Tensor, left: float, top: float, key: str | None = None) -> list[Shape]:
    """The picture (1, 1, H, W), BIG px wide, in a frame."""
    return [
        Bitmap(left, top, BIG, BIG, pixels_of(image[0]), hard=True, key=key),
        Box(left, top, BIG, BIG, 0, role="frame", fill="none"),
    ]


def spot(location: Sequence[float], left: float, top: float) -> tuple[float, float]:
    """A location (x, y) in [-1, 1] in px of the drawing."""
    return left + (location[0] + 1) / 2 * BIG, top + (location[1] + 1) / 2 * BIG


def sensor_boxes(
    location: tuple[float, float], size: int, scales: int, side: int, left: float, top: float
) -> list[Shape]:
    """The squares that the patches cover, cut at the picture's edges, the finest one drawn solid."""
    zoom = BIG / side
    shapes: list[Shape] = []
    for scale in reversed(range(scales)):
        edges = [min(max(edge, 0.0), side) for edge in patch_box(location, size, scale, side, side)]
        x, y, right, bottom = (edge * zoom for edge in edges)
        shapes.append(
            Box(
                left + x, top + y, right - x, bottom - y, 0,
                fill="none", stroke=SCALE_COLORS[scale], stroke_width=2.6, dashed=scale > 0,
            )
        )  # fmt: skip
    return shapes


def path_shapes(
    locations: Sequence[Sequence[float]], left: float, top: float, dashed: bool = False
) -> list[Shape]:
    """Numbered places, joined in their order; white with a dark edge, so that they are seen on every picture."""
    points = [spot(place, left, top) for place in locations]
    shapes: list[Shape] = []
    for start, end in zip(points, points[1:], strict=False):
        shapes.append(Line((start, end), stroke="#000000", stroke_width=5))
        shapes.append(Line((start, end), stroke="#ffffff", stroke_width=2.2, dashed=dashed))
    for k, (x, y) in enumerate(points):
        shapes.append(Circle(x, y, 10, fill="#ffffff", stroke="#000000"))
        shapes.append(Label(x, y, str(k + 1), 13, bold=True, fill="#000000"))
    return shapes


def seen_patches(image: Tensor, location: tuple[float, float], size: int, scales: int) -> list[Tensor]:
    """What the retina sees of a picture (1, 1, H, W), the finest patch first, each (1, size, size)."""
    seen = retina(image, torch.tensor([location]), size, scales)[0]
    return list(seen.clamp(0, 1))


def foveated(image: Tensor, locations: Sequence[tuple[float, float]], size: int, scales: int) -> Tensor:
    """What has been seen of a picture (1, 1, H, W) so far, put where it was seen; grey where nothing was seen."""
    side, finest = image.shape[-1], 2 ** (scales - 1)
    border = size * finest
    canvas = torch.full((side + 2 * border, side + 2 * border), 0.35)
    for scale in reversed(range(scales)):
        for location in locations:
            patch = seen_patches(image, location, size, scales)[scale][0]
            blocks = patch.repeat_interleave(2**scale, 0).repeat_interleave(2**scale, 1)
            x, y, _, _ = patch_box(location, size, scale, side, side)
            row, column = round(y) + border, round(x) + border
            canvas[row : row + len(blocks), column : column + len(blocks)] = blocks
    return canvas[border : border + side, border : border + side][None, None]


def class_bars(chances: Tensor, right: int, frame: tuple[float, float, float, float]) -> list[Shape]:
    """Ten upright bars of probabilities (10,) in a frame (left, top, width, height); the right class is marked."""
    left, top, width, height = frame
    step = width / 10
    shapes: list[Shape] = [Line(((left, top + height), (left + width, top + height)), role="muted")]
    for k, chance in enumerate(chances.tolist()):
        role = "positive" if k == right else "negative"
        tall = max(1.0, chance * (height - 16))
        shapes.append(Box(left + k * step + 4, top + height - tall, step - 8, tall, 0, role=role))
        if chance >= 0.05:
            shapes.append(
                Label(left + (k + 0.5) * step, top + height - tall - 8, f"{100 * chance:.0f} %", 12)
            )
        name = f"{k} ✓" if k == right else str(k)
        shapes.append(Label(left + (k + 0.5) * step, top + height + 12, name, 14, bold=k == right))
    return shapes


@torch.no_grad()
def chances_along(network: GlimpseNetwork, image: Tensor, locations: Sequence[Sequence[float]]) -> Tensor:
    """Probabilities (T, 10) after each glimpse of a path over one picture (1, 1, H, W)."""
    where = torch.tensor([list(place) for place in locations])[:, None]  # (T, 1, 2)
    return network.follow(image, where)[:, 0].softmax(1)
