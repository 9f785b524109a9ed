"""The spectral residual with its three sizes and its threshold, beside the spectrum that it takes to be smooth."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturelib.drawing import Bitmap, Drawing, Label, Shape, line_chart
from lecturelib.gradients.spectral_residual import (
    AVERAGE,
    BLUR,
    FACTOR,
    SIZE,
    spectral_residual,
    threshold_objects,
)
from lecturelib.show import Picture, overlay, pixels_of
from lecturelib.widgets import Choice, Explorable, Slider, common_controls

SIDE, TOP, GAP = 300, 30, 14  # px: a tile, the room above it, the room between two
SIZES, AVERAGES = (16, 32, 64, 128, 224), (3, 5, 7, 9, 15)
BANDS = [2 ** (k / 2) for k in range(14)]  # frequencies, in cycles per image


def spectral_residual_explorer(picture_name: str | None = None) -> Explorable:
    """Spectral residual: the size to which a photo is reduced, the local mean, the blur, the threshold.

    >>> spectral_residual_explorer().state["size"]
    64
    """
    controls = [
        *common_controls.picture_controls("alexnet", picture_name or "rocket")[:1],
        Choice("size", SIZES, SIZE, label="reduced to so many pixels", slider=True),
        Choice("average", AVERAGES, AVERAGE, label="local mean over so many frequencies", slider=True),
        Slider("blur", 0.5, 8.0, 0.5, BLUR, label="blur (sigma, in reduced pixels)"),
        Slider("factor", 1.0, 8.0, 0.5, FACTOR, label="threshold (times the mean)"),
        *common_controls.picture_controls("alexnet")[1:],
    ]
    presets: dict[str, dict] = {
        "as in the paper": {"size": SIZE, "average": AVERAGE, "blur": BLUR, "factor": FACTOR},
        "small: whole objects": {"size": 16, "blur": 1.0},
        "large: edges": {"size": 224, "blur": 2.5},
        "a wide local mean": {"average": 15},
        "a low threshold": {"factor": 1.0},
    }
    return Explorable(_render, controls, "Spectral residual", presets)


def spectrum(image: Tensor) -> list[float]:
    """The mean log2 amplitude of an image (1, C, H, W) at the frequencies `BANDS`, relative to the first of them.

    Averaged over all directions, in rings of half an octave. Waves of a photo's own border are damped by a window.

    >>> round(spectrum(torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0)))[0], 3)
    0.0
    """
    grey = image.double().mean((0, 1))  # (1, C, H, W) -> (H, W)
    height, width = grey.shape
    window = torch.hann_window(height, dtype=torch.double)[:, None] * torch.hann_window(
        width, dtype=torch.double
    )
    amplitude = torch.fft.fft2((grey - grey.mean()) * window).abs()
    rows, columns = torch.fft.fftfreq(height) * height, torch.fft.fftfreq(width) * width
    frequency = torch.hypot(rows[:, None], columns[None])
    found = []
    for band in BANDS:
        ring = (frequency >= band / 2**0.25) & (frequency < band * 2**0.25)
        found.append(float(amplitude[ring].clamp_min(1e-12).log2().mean()) if ring.any() else math.nan)
    return [value - found[0] for value in found]


def _render(state: dict) -> Picture:
    image = common_controls.chosen_image({**state, "network": "alexnet"})
    map = spectral_residual(image, state["size"], state["average"], state["blur"])
    objects = threshold_objects(map, state["factor"])
    kept = torch.where(objects, image, 0.25 * image + 0.15)
    named = common_controls.picture_title(state)
    tiles = [
        (f"the map over {named}", overlay(image, map, color_bar=False, size=SIDE, alt="the map").raster),
        (f"above {state['factor']:g} times the mean", pixels_of(kept)),
    ]
    shapes: list[Shape] = []
    for k, (title, pixels) in enumerate(tiles):
        left = k * (SIDE + GAP)
        shapes += [Label(left, 14, title, 14, "start", bold=True), Bitmap(left, TOP, SIDE, SIDE, pixels)]
    shapes += _fall(spectrum(image), 2 * (SIDE + GAP))
    width = 3 * (SIDE + GAP) + 150
    share, inside = objects.float().mean().item(), map[objects].sum().item() / map.sum().item()
    caption = (
        f"{named}, reduced to {state['size']} px in width; local mean over {state['average']} frequencies, blur "
        f"{state['blur']:g} px of the reduced picture. {share:.0%} of the pixels lie above {state['factor']:g} times "
        f"the mean; they hold {inside:.0%} of the map. No network is used."
    )
    alt = f"The map of the spectral residual over the photo, what the threshold keeps, and the spectrum. {caption}"
    return Drawing(width, SIDE + TOP + 34, tuple(shapes), "Spectral residual", alt).picture(caption)


def _fall(values: list[float], left: float) -> list[Shape]:
    """The chart of the spectrum on logarithmic axes, beside a straight fall as 1 / frequency."""
    frame = (left + 60, TOP + 6.0, left + SIDE + 20, TOP + SIDE - 34.0)
    straight = [-math.log2(band) for band in BANDS]
    lowest = 2 - 8 * math.ceil((2 - min([*values, *straight])) / 8)  # so that the ticks are whole
    chart = line_chart(
        frame,
        [f"{band:.0f}" if k % 2 == 0 else "" for k, band in enumerate(BANDS)],
        {"this photo": values, "1 / frequency": straight},
        (lowest, 2.0),
        "amplitude by frequency",
        "cycles per image (logarithmic)",
        percent=False,
    )
    unit = Label(frame[0], frame[3] + 52, "height: log2 of the amplitude", 12, "start", role="muted")
    return [*chart, unit]
