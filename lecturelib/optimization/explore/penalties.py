"""Penalties against high frequencies, and transforms in every step, one slider each, in a live ascent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

from lecturelib.network.units import Channel, Logit, Unit
from lecturelib.optimization.ascent import iter_maximize
from lecturelib.optimization.regularizer_comparison import high_frequency_share, under_jitter
from lecturelib.optimization.regularizers import (
    Regularizer,
    bilateral,
    clipping,
    gaussian,
    l2,
    total_variation,
    wavelet,
)
from lecturelib.optimization.transforms import Transform, jitter, rotate, scale
from lecturelib.show import Picture, tiled
from lecturelib.show.raster_text import number
from lecturelib.widgets import Choice, Explorable, Progress, Slider, common_controls
from lecturelib.widgets.emerging import emerging

NETWORK, SIZE, ZOOM, RATE = "alexnet", 112, 4, 0.02
UNITS: dict[str, Unit] = {
    "conv3, channel 5": Channel("conv3", 5),
    "conv5, channel 202": Channel("conv5", 202),
    "score of cat": Logit("cat"),
}
# Strength 1 is a usual one of each.
PENALTIES: dict[str, Callable[[float], Regularizer]] = {
    "none": lambda strength: l2(0.0),
    "L2": lambda strength: l2(300.0 * strength),
    "total variation": lambda strength: total_variation(100.0 * strength),
    "Gaussian blur": lambda strength: gaussian(0.4 * strength),
    "bilateral filter": lambda strength: bilateral(0.5 * strength, 0.1),
    "wavelet shrinkage": lambda strength: wavelet(0.01 * strength),
}
STRENGTHS, STEPS = (0.25, 0.5, 1.0, 2.0, 4.0), (16, 32, 64, 128)


def penalty_explorer() -> Explorable:
    """One ascent in the pixels with one penalty or filter of a chosen strength, and jitter, rotation and scale.

    >>> penalty_explorer().state["penalty"]
    'none'
    """
    controls = [
        Choice("unit", tuple(UNITS), "conv5, channel 202"),
        Choice("penalty", tuple(PENALTIES), label="penalty or filter"),
        Choice("strength", STRENGTHS, 1.0, slider=True),
        Slider("jitter", 0, 16, 2, 0, unit="px"),
        Slider("rotation", 0, 45, 5, 0, unit="degrees"),
        Slider("scale", 0, 40, 5, 0, unit="%"),
        Choice("steps", STEPS, 64, slider=True),
        Slider("seed", 0, 4, label="noise to start from"),
    ]
    still: dict = {"jitter": 0, "rotation": 0, "scale": 0}
    presets: dict[str, dict] = {
        "nothing at all": {"penalty": "none", **still},
        "edge-preserving filter": {"penalty": "bilateral filter", "strength": 2.0, **still},
        "wavelet shrinkage": {"penalty": "wavelet shrinkage", "strength": 2.0, **still},
        "moved only": {"penalty": "none", "jitter": 8, "rotation": 5, "scale": 10},
        "turned by up to 45 degrees": {"penalty": "total variation", "jitter": 8, "rotation": 45},
    }
    return Explorable(_render, controls, "Penalties, filters and transforms", presets)


def transforms_of(state: dict) -> tuple[Transform, ...]:
    """The transforms of a state, in their order; none of size 0.

    >>> len(transforms_of({"jitter": 4, "rotation": 0, "scale": 10}))
    2
    """
    found: list[Transform] = []
    if state["jitter"]:
        found.append(jitter(state["jitter"]))
    if state["scale"]:
        found.append(scale(1 - state["scale"] / 100, 1 + state["scale"] / 100))
    if state["rotation"]:
        found.append(rotate(state["rotation"]))
    return tuple(found)


def _render(state: dict) -> Iterator[Picture | Progress]:
    model, unit = common_controls.network(NETWORK), UNITS[state["unit"]]
    name, steps = state["penalty"], state["steps"]
    strength = state["strength"] if name != "none" else 1.0
    # shrunken wavelets may leave the range of pixels
    kept = () if name == "none" else (PENALTIES[name](strength), clipping())

    def ascent():
        return iter_maximize(
            model, unit, size=SIZE, steps=steps, seed=state["seed"], parametrization="pixels", learning_rate=RATE,
            regularizers=kept, transforms=transforms_of(state),
        )  # fmt: skip

    moved = (state["jitter"], state["rotation"], state["scale"])
    key = ("penalties", state["unit"], name, strength, *moved, steps, state["seed"])

    def draw(step) -> Picture:
        return _draw(state, unit, step.image, step.value.item(), step.step)

    yield from emerging(key, ascent, steps, draw, "ascending")


def _draw(state: dict, unit: Unit, image: Tensor, value: float, step: int) -> Picture:
    fine = high_frequency_share(image).item()
    moved = under_jitter(common_controls.network(NETWORK), image, unit, draws=4)
    kept = state["penalty"] if state["penalty"] == "none" else f"{state['penalty']} × {state['strength']:g}"
    caption = (
        f"{state['unit']} of {NETWORK}, {step} steps from noise. Penalty or filter: {kept}; jitter {state['jitter']} "
        f"px, rotation up to {state['rotation']}°, scale ± {state['scale']} %. The unit's value: {number(value)}; "
        f"moved at random {number(moved)}. Share of fine detail: {fine:.0%}."
    )
    return tiled([image], 1, zoom=ZOOM, alt=f"One optimized image. {caption}", caption=caption)
