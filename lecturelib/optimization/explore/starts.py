"""Nine starts for one unit, with and without a term that keeps the nine apart."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib.network.hooks import record
from lecturelib.network.units import Channel
from lecturelib.optimization import shipped_frames
from lecturelib.optimization.ascent import AscentStep, iter_maximize
from lecturelib.optimization.diversity import diversity
from lecturelib.optimization.objectives import gram
from lecturelib.show import Picture, tiled
from lecturelib.show.raster_text import number
from lecturelib.widgets import Choice, Explorable, Progress, common_controls
from lecturelib.widgets.emerging import emerging

NETWORK = "alexnet"
UNITS = {
    "conv2, channel 27": Channel("conv2", 27),
    "conv3, channel 5": Channel("conv3", 5),
    "conv5, channel 224": Channel("conv5", 224),
}
WEIGHTS = (0, 8, 15)
NINE, SIZE, STEPS = 9, 112, 96
LIVE = (0, 16, 64)


def iter_nine_starts(unit: str, weight: float, steps: int = STEPS, seed: int = 0) -> Iterator[AscentStep]:
    """The ascent behind the frames: a batch of nine, f(x) - weight * how alike the layer finds them."""
    asked = UNITS[unit]
    return iter_maximize(
        common_controls.network(NETWORK),
        asked,
        size=SIZE,
        regularizers=[diversity(asked.layer, weight)],
        steps=steps,
        batch=NINE,
        seed=seed,
    )


def alikeness(images: Tensor, layer: str) -> float:
    """Mean cosine of the Gram matrices of a layer over all pairs of pictures (B, C, H, W), 1 if all are alike."""
    style = gram(record(common_controls.network(NETWORK), images, [layer])[layer]).flatten(1)  # (B, C * C)
    alike = F.normalize(style, dim=1) @ F.normalize(style, dim=1).T  # (B, B)
    others = ~torch.eye(len(alike), dtype=torch.bool)
    return alike[others].mean().item()


def as_sheet(images: Tensor) -> Tensor:
    """Nine pictures (9, C, H, W) as one, three by three, (1, C, 3 H, 3 W)."""
    rows = [torch.cat(list(images[k : k + 3]), dim=2) for k in (0, 3, 6)]  # each (C, H, 3 W)
    return torch.cat(rows, dim=1)[None]


def from_sheet(sheet: Tensor) -> Tensor:
    """The nine pictures (9, C, H, W) of a sheet (1, C, 3 H, 3 W)."""
    return torch.cat([part for row in sheet.chunk(3, dim=2) for part in row.chunk(3, dim=3)])


def nine_starts(unit: str = "conv5, channel 224") -> Explorable:
    """One unit, nine noises: how many answers does it have? And if they must differ?"""
    controls = [
        Choice("unit", tuple(UNITS), unit),
        Choice("weight", WEIGHTS, label="weight of the diversity term", slider=True),
        Choice("live", LIVE, label="steps from other noise, live (0: shipped)", slider=True),
    ]
    presets: dict[str, dict] = {
        "nine noises, nothing else": {"weight": 0},
        "kept apart": {"weight": WEIGHTS[-1]},
        "a texture (conv2)": {"unit": "conv2, channel 27"},
        "other noise, live": {"live": 64},
    }
    return Explorable(_render, controls, "Nine starts", presets)


def _render(state: dict) -> Iterator[Picture | Progress]:
    if not state["live"]:
        shipped = shipped_frames.frame("nine", unit=state["unit"], weight=state["weight"])
        yield _draw(state, from_sheet(shipped.image), shipped.numbers["value"], shipped.steps)
        return
    yield from emerging(
        ("nine", state["unit"], state["weight"], state["live"]),
        lambda: iter_nine_starts(state["unit"], state["weight"], state["live"], seed=1),
        state["live"],
        lambda step: _draw(state, step.image, step.value.mean().item(), step.step),
        "nine at once",
    )


def _draw(state: dict, images: Tensor, value: float, steps: int) -> Picture:
    alike = alikeness(images, UNITS[state["unit"]].layer)
    kept = f"kept apart with weight {state['weight']:g}" if state["weight"] else "from nine noises"
    caption = (
        f"{state['unit']} of {NETWORK}, nine pictures {kept}, {steps} steps. Mean value {number(value)}; mean likeness "
        f"of two of them to the layer {alike:.2f} (1: the same)."
    )
    alt = f"Three by three optimized pictures of one unit. {caption}"
    return tiled(images, 3, zoom=2, pad=8, alt=alt, caption=caption)
