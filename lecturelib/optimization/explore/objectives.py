"""Objectives of an ascent, live: a channel, its negative, sums and differences, what lies between, a whole layer."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from lecturelib.network.units import Channel, Layer, Unit, read
from lecturelib.optimization.ascent import iter_maximize
from lecturelib.optimization.regularizers import total_variation
from lecturelib.optimization.transforms import jitter, scale
from lecturelib.show import Picture, tiled
from lecturelib.show.raster_text import number
from lecturelib.widgets import Choice, Explorable, Progress, Slider, common_controls
from lecturelib.widgets.emerging import emerging

NETWORK, SIZE, ZOOM = "alexnet", 112, 4
LAYERS = ("conv2", "conv3", "conv4", "conv5")
KINDS = ("A", "-A", "A + B", "A - B", "between A and B", "the whole layer, squared")
STEPS = (16, 32, 64, 128)
PENALTY, MOVED, RATE = 120.0, (jitter(8), scale(0.9, 1.1)), 0.05


def objective_explorer() -> Explorable:
    """Gradient ascent on a channel, its negative, a sum, a difference, a mixture of two channels, or a layer.

    >>> objective_explorer().state["objective"]
    'A'
    """

    def refresh(state: dict) -> dict:
        return {"a": _channel(state, "a", 5), "b": _channel(state, "b", 20)}

    start = {"layer": "conv4"}
    controls = [
        Choice("layer", LAYERS, "conv4"),
        Choice("objective", KINDS),
        _channel(start, "a", 5),
        _channel(start, "b", 20),
        Slider("mix", 0.0, 1.0, 0.1, 0.5, label="share of B (between A and B)"),
        Choice("steps", STEPS, 64, slider=True),
        Slider("seed", 0, 4, label="noise to start from"),
    ]
    presets: dict[str, dict] = {
        "one channel": {"objective": "A"},
        "its negative": {"objective": "-A"},
        "two at once": {"objective": "A + B"},
        "one without the other": {"objective": "A - B"},
        "halfway": {"objective": "between A and B", "mix": 0.5},
        "the whole layer": {"objective": "the whole layer, squared"},
    }
    return Explorable(_render, controls, "What is asked for", presets, refresh)


def _channel(state: dict, name: str, value: int) -> Slider:
    most = common_controls.layer_labels(NETWORK, ("Conv2d",))[state["layer"]].channels - 1
    return Slider(name, 0, most, value=value, label=f"channel {name.upper()}")


def objective_of(state: dict) -> Unit:
    """The objective of a state.

    >>> print(objective_of({"objective": "A - B", "layer": "conv4", "a": 1, "b": 2, "mix": 0.5}))
    channel 1 of conv4 - channel 2 of conv4
    """
    first, second = Channel(state["layer"], state["a"]), Channel(state["layer"], state["b"])
    if state["objective"] == KINDS[-1]:
        return Layer(state["layer"])
    if state["objective"] == "between A and B":
        if state["mix"] in (0, 1):
            return second if state["mix"] else first
        return (1 - state["mix"]) * first + state["mix"] * second
    return {"A": first, "-A": -1 * first, "A + B": first + second, "A - B": first - second}[
        state["objective"]
    ]


def _render(state: dict) -> Iterator[Picture | Progress]:
    model, unit = common_controls.network(NETWORK), objective_of(state)
    steps, seed = state["steps"], state["seed"]

    def ascent():
        return iter_maximize(
            model, unit, size=SIZE, steps=steps, seed=seed, transforms=MOVED, learning_rate=RATE,
            regularizers=(total_variation(PENALTY),),
        )  # fmt: skip

    key = ("objectives", str(unit), steps, seed)
    yield from emerging(
        key, ascent, steps, lambda step: _draw(state, unit, step.image, step.step), "ascending"
    )


def _draw(state: dict, unit: Unit, image: Tensor, step: int) -> Picture:
    model = common_controls.network(NETWORK)
    first, second = Channel(state["layer"], state["a"]), Channel(state["layer"], state["b"])
    with torch.no_grad():
        a, b = (read(model, image, each).item() for each in (first, second))
    caption = (
        f"{state['objective']} in {state['layer']}, A channel {state['a']}, B channel {state['b']}; {step} steps from "
        f"noise. In the image, A responds with {number(a)} and B with {number(b)} (means over all places)."
    )
    return tiled([image], 1, zoom=ZOOM, alt=f"An image optimized for {unit}. {caption}", caption=caption)
