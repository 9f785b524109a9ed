"""Regularizer comparison for several units: none, L2, total variation, transforms, blur, Fourier."""

from collections.abc import Iterator

from torch import Tensor

from lecturelib.network.units import Channel, Logit, Unit
from lecturelib.optimization import shipped_frames
from lecturelib.optimization.regularizer_comparison import (
    REGULARIZATIONS,
    high_frequency_share,
    iter_maximize_with,
)
from lecturelib.show import Picture, tiled
from lecturelib.show.raster_text import number
from lecturelib.widgets import Choice, Explorable, Progress, common_controls
from lecturelib.widgets.emerging import emerging

NETWORK = "alexnet"
UNITS: dict[str, Unit] = {
    "conv3, channel 5": Channel("conv3", 5),
    "conv4, channel 106": Channel("conv4", 106),
    "conv5, channel 202": Channel("conv5", 202),
    "score of cat": Logit("cat"),
}
SIZE = 128
STEPS = 96
ZOOM = 2
LIVE, SEEDS = (0, 16, 48, 96), (0, 1, 2)
ALL = "all six"


def regularizer_explorer(unit: str = "conv5, channel 202") -> Explorable:
    """The same unit under every regularization, side by side; or under one, as it grows from noise."""
    controls = [
        Choice("unit", tuple(UNITS), unit),
        Choice("regularization", (ALL, *REGULARIZATIONS)),
        _live({"regularization": ALL}),
        _seed({"live": 0}),
    ]
    presets: dict[str, dict] = {
        "a texture": {"unit": "conv3, channel 5"},
        "a class": {"unit": "score of cat"},
        "none, live": {"regularization": "none", "live": 48},
        "Fourier, live": {"regularization": "Fourier", "live": 48},
    }

    def refresh(state: dict) -> dict:
        return common_controls.settle(state, live=_live, seed=_seed)

    return Explorable(_render, controls, "Regularizers side by side", presets, refresh)


def _live(state: dict) -> Choice:
    """Six ascents at once would not be live."""
    steps = LIVE if state["regularization"] != ALL else (0,)
    return Choice("live", steps, label="steps from noise, live (0: shipped)", slider=True)


def _seed(state: dict) -> Choice:
    """Other noise than the first is not shipped."""
    return Choice("seed", SEEDS if state["live"] else SEEDS[:1], label="noise to start from", slider=True)


def _render(state: dict) -> Iterator[Picture | Progress]:
    if state["regularization"] == ALL:
        yield _all(state)
        return
    shipped = shipped_frames.frame(
        "regularizer_comparison", unit=state["unit"], regularization=state["regularization"]
    )
    if not state["live"]:
        yield _one(state, shipped.image, shipped.numbers["value"], shipped.steps)
        return
    steps, seed = state["live"], state["seed"]
    model, unit = common_controls.network(NETWORK), UNITS[state["unit"]]
    yield from emerging(
        ("regularizers", state["unit"], state["regularization"], steps, seed),
        lambda: iter_maximize_with(model, unit, state["regularization"], size=SIZE, steps=steps, seed=seed),
        steps,
        lambda step: _one(state, step.image, step.value.item(), step.step),
        "optimizing",
    )


def _all(state: dict) -> Picture:
    found = [
        shipped_frames.frame("regularizer_comparison", unit=state["unit"], regularization=name)
        for name in REGULARIZATIONS
    ]
    said = ", ".join(
        f"{f.settings['regularization']} {number(f.numbers['value'])} (moved: {number(f.numbers['moved'])}, fine: "
        f"{f.numbers['fine']:.0%})"
        for f in found
    )
    caption = (
        f"{state['unit']} of {NETWORK}, {STEPS} steps from the same noise. The unit's value, its mean when the picture "
        f"is moved a little, and the share of fine detail (above 0.25 cycles per pixel): {said}."
    )
    labels = [f"{name}: {number(f.numbers['value'])}" for name, f in zip(REGULARIZATIONS, found, strict=True)]
    alt = f"Six pictures for {state['unit']}, from noise to a clear pattern."
    return tiled([f.image for f in found], 3, labels, ZOOM, pad=10, alt=f"{alt} {caption}", caption=caption)


def _one(state: dict, image: Tensor, value: float, steps: int) -> Picture:
    fine = high_frequency_share(image).item()
    caption = (
        f"{state['unit']} of {NETWORK}, regularization {state['regularization']!r}, {steps} steps from noise: value "
        f"{number(value)}, share of fine detail {fine:.0%}."
    )
    zoom = max(1, 512 // image.shape[-1])
    return tiled([image], 1, zoom=zoom, alt=f"One optimized picture. {caption}", caption=caption)
