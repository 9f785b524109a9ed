"""A Gaussian window by hand: its place, stride and sigma, its filters along both axes, and a crop beside it."""

import torch

from lecturelib.drawing import Bitmap, Box, Circle, Drawing, Label, Shape
from lecturelib.show import Picture, pixels_of
from lecturelib.show.palettes import palette
from lecturelib.visual_attention.explore.glimpse_samples import (
    BIG,
    EXAMPLES,
    chosen_picture,
    spot,
    whole_picture,
)
from lecturelib.visual_attention.filterbank import SoftWindow, affine_window, filterbank, gaussian_window
from lecturelib.widgets import Explorable, Pointer, Slider

TOP, TILE, SIZE = 30, 168, 12
BAR = 168  # px: the width of a filter matrix


def window_by_hand() -> Explorable:
    """Move and widen DRAW's window (mouse, arrow keys, sliders); watch its filters, and what they read."""
    controls = [
        Slider("example", 1, EXAMPLES, value=3, label="which example"),
        Slider("stride", 0.5, 5, 0.25, 2, unit="px", label="stride of the places"),
        Slider("sigma", 0.1, 4, 0.1, 1, unit="px", label="sigma of each filter"),
        Pointer("x", "y", (0.5, 0.5), panel=0, label="center of the window"),
    ]
    presets: dict[str, dict] = {
        "a crop: stride 1, small sigma": {"stride": 1, "sigma": 0.1},
        "over the whole picture": {"stride": 5, "sigma": 2.5},
        "one blur": {"stride": 0.5, "sigma": 4},
    }
    return Explorable(_render, controls, "A window of Gaussian filters", presets)


def _render(state: dict) -> Picture:
    image, right = chosen_picture("translated", state["example"])
    side = image.shape[-1]
    center = (2 * state["x"] - 1, 2 * state["y"] - 1)
    window = SoftWindow(
        torch.tensor([center]), torch.tensor([float(state["stride"])]), torch.tensor([float(state["sigma"])])
    )
    read = gaussian_window(image, window, SIZE)
    bilinear = affine_window(image, window, SIZE)
    gap = (read - bilinear).abs().max().item()
    shapes: list[Shape] = [Label(0, 12, "the picture and the places of the filters", 15, "start", bold=True)]
    shapes += whole_picture(image, 0, TOP, key="picture")
    x, y = spot(center, 0, TOP)
    zoom = BIG / side
    for row in range(SIZE):
        for column in range(SIZE):
            across, down = (
                middle + (k - (SIZE - 1) / 2) * state["stride"] * zoom
                for middle, k in ((x, column), (y, row))
            )
            if 0 < across < BIG and TOP < down < TOP + BIG:
                shapes.append(Circle(across, down, 2, fill="#E69F00", stroke="none"))
    shapes.append(
        Circle(x, y, max(3.0, state["sigma"] * zoom), fill="none", stroke="#56B4E9", stroke_width=2.4)
    )
    left = BIG + 30
    for k, (title, seen) in enumerate((("it reads", read), ("bilinear there", bilinear))):
        start = left + k * (TILE + 26)
        shapes.append(Label(start, 12, title, 14, "start", bold=True))
        shapes.append(Bitmap(start, TOP, TILE, TILE, pixels_of(seen[0].clamp(0, 1)), hard=True))
    for k, title in enumerate(("filters across, F_x", "filters down, F_y")):
        start, top = left + k * (TILE + 26), TOP + TILE + 40
        bank = filterbank(window.centers[:, k], window.strides, window.sigmas, SIZE, side)[0]
        colors = palette("viridis")[(bank / bank.max().clamp_min(1e-9) * 255).round().long().numpy()]
        shapes.append(Label(start, top - 12, title, 14, "start", bold=True))
        shapes.append(Bitmap(start, top, BAR, 96, colors, hard=True))
        shapes.append(Box(start, top, BAR, 96, 0, role="frame", fill="none"))
        shapes.append(Label(start, top + 108, "rows: filters, columns: pixels", 11, "start", role="muted"))
    said = (
        f"stride {state['stride']:g} px, sigma {state['sigma']:g} px: the window spans "
        f"{state['stride'] * SIZE:g} of {side} pixels; largest difference from the bilinear values {gap:.2f}"
    )
    words = (
        f"The digit {right} with {SIZE} x {SIZE} places of a window around ({center[0]:+.2f}, {center[1]:+.2f}), what "
        f"it reads, and the filters along both axes. {said}."
    )
    return Drawing(left + 2 * TILE + 30, TOP + BIG + 4, tuple(shapes), "A window by hand", words).picture(
        said
    )
