"""Three ways to look at the same picture: soft attention over cells, glimpses, and a soft window."""

import numpy as np
import torch
from torch.nn import functional as F

from lecturelib.drawing import Bitmap, Box, Drawing, Label, Shape
from lecturelib.show import Picture, pixels_of
from lecturelib.show.palettes import palette
from lecturelib.visual_attention.cell_attention import cell_centers
from lecturelib.visual_attention.explore.glimpse_path import glimpse_path
from lecturelib.visual_attention.explore.glimpse_samples import (
    BIG,
    EXAMPLES,
    chances_along,
    chosen_picture,
    class_bars,
    path_shapes,
    sensor_boxes,
)
from lecturelib.visual_attention.shipped_glimpses import shared_glimpses
from lecturelib.visual_attention.shipped_windows import shared_cells, shared_window
from lecturelib.widgets import Choice, Explorable, Slider

NETWORK, TOP, GAP = "cluttered_4", 32, 18
WAYS = ("soft attention over cells", "glimpses (hard attention)", "a soft window")


def three_ways_explorer() -> Explorable:
    """The same cluttered picture read in three ways, each by a network trained on such pictures."""
    controls = [
        Slider("example", 1, EXAMPLES, value=3, label="which example"),
        Choice("way", ("all three", *WAYS), label="shown"),
    ]
    return Explorable(_render, controls, "Three ways to look", {"another picture": {"example": 12}})


@torch.no_grad()
def _render(state: dict) -> Picture:
    image, right = chosen_picture("cluttered", state["example"])
    drawn: list[list[Shape]] = []
    said = []
    for way, draw in zip(WAYS, (_cells, _glimpses, _window), strict=True):
        if state["way"] not in ("all three", way):
            continue
        shapes, chances = draw(image, len(drawn) * (BIG + GAP), state["example"])
        best = int(chances.argmax())
        drawn.append(shapes)
        said.append(f"{way}: {best} with {100 * chances[best]:.0f} %")
        left = (len(drawn) - 1) * (BIG + GAP)
        drawn[-1].append(Label(left, 12, way, 17, "start", bold=True))
        says = f"says {best} with {100 * chances[best]:.0f} %"
        drawn[-1].append(Label(left, TOP + BIG + 18, says, 17, "start"))
        drawn[-1] += class_bars(chances, right, (left, TOP + BIG + 34, BIG, 70))
    shapes = [shape for panel in drawn for shape in panel]
    caption = f"it is a {right}; {'; '.join(said)}"
    words = f"A cluttered picture of the digit {right}, read in {len(drawn)} ways. {'; '.join(said)}."
    wide = max(2, len(drawn)) * (BIG + GAP) - GAP
    return Drawing(wide, TOP + BIG + 132, tuple(shapes), "Three ways to look", words).picture(caption)


def _cells(image: torch.Tensor, left: float, example: int) -> tuple[list[Shape], torch.Tensor]:
    """The attention weights of all cells, each on the pixels around its center, over the picture."""
    logits, weights = shared_cells().attend(image)
    side, centers = image.shape[-1], cell_centers(image.shape[-1])
    share = torch.zeros(1, 1, side, side)
    first, last = int(centers[0] - 2), int(centers[-1] + 2)
    grown = F.interpolate(weights[:, None], size=last - first, mode="nearest")
    share[:, :, first:last, first:last] = grown / weights.max()
    heat = palette("cividis")[(share[0, 0] * 255).round().long().numpy()].astype(float)
    blend = 0.5 * heat + 0.5 * pixels_of(image[0]).astype(float)
    shapes: list[Shape] = [
        Bitmap(left, TOP, BIG, BIG, blend.round().astype(np.uint8), hard=True),
        Label(left + BIG - 6, TOP + BIG + 18, f"largest weight {weights.max():.2f}", 14, "end", role="muted"),
    ]
    return shapes, logits.softmax(1)[0]


def _glimpses(image: torch.Tensor, left: float, example: int) -> tuple[list[Shape], torch.Tensor]:
    network = shared_glimpses(NETWORK)
    path = glimpse_path(NETWORK, example, network.glimpses, False, 1)
    shapes: list[Shape] = [Bitmap(left, TOP, BIG, BIG, pixels_of(image[0]), hard=True)]
    shapes += sensor_boxes(path[-1], network.size, network.scales, image.shape[-1], left, TOP)
    shapes += path_shapes(path, left, TOP)
    return shapes, chances_along(network, image, path)[-1]


def _window(image: torch.Tensor, left: float, example: int) -> tuple[list[Shape], torch.Tensor]:
    network = shared_window("window_cluttered")
    window = network.window(image)
    zoom, side = BIG / network.side, network.side
    reach = window.strides[0].item() * network.size / 2
    middle = [(value + 1) / 2 * side for value in window.centers[0].tolist()]
    x, y, right, bottom = (min(max(m + sign * reach, 0.0), side) * zoom for sign in (-1, 1) for m in middle)
    shapes: list[Shape] = [
        Bitmap(left, TOP, BIG, BIG, pixels_of(image[0]), hard=True),
        Box(left + x, TOP + y, right - x, bottom - y, 0, fill="none", stroke="#E69F00", stroke_width=3),
        Label(left + BIG - 6, TOP + BIG + 18, f"sigma {window.sigmas[0]:.1f} px", 14, "end", role="muted"),
    ]
    return shapes, network.reader(network.read(image, window)).softmax(1)[0]
