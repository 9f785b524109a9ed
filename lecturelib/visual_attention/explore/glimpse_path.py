"""The path of the glimpses, step by step: where the network looks, what its retina sees, and what it then says."""

from functools import lru_cache

import torch

from lecturelib.drawing import Bitmap, Box, Drawing, Label, Shape
from lecturelib.show import Picture, pixels_of
from lecturelib.visual_attention.explore.glimpse_samples import (
    BIG,
    EXAMPLES,
    SCALE_COLORS,
    chances_along,
    chosen_picture,
    class_bars,
    path_shapes,
    seen_patches,
    sensor_boxes,
    whole_picture,
)
from lecturelib.visual_attention.shipped_glimpses import SPECS, shared_glimpses
from lecturelib.widgets import Choice, Explorable, Slider, Toggle
from lecturelib.widgets.controls import Control

NETWORKS = {
    "plain": "digits_6",
    "plain, random places": "digits_6_random",
    "cluttered": "cluttered_4",
    "cluttered, random places": "cluttered_4_random",
}
MOST, TOP, TILE = 6, 30, 74


def glimpse_path_explorer() -> Explorable:
    """Follow a trained glimpse network over a picture, glimpse by glimpse, and draw its path again."""
    controls = [
        Choice("network", tuple(NETWORKS)),
        Slider("example", 1, EXAMPLES, value=3, label="which example"),
        Slider("glimpses", 1, MOST, value=MOST, label="glimpses it may take"),
        Slider("step", 1, MOST, value=MOST, label="shown up to glimpse"),
        Toggle("sample", label="draw the places, as in training"),
        Slider("draw", 1, 20, value=1, label="drawn again"),
    ]
    presets: dict[str, dict] = {
        "the control: random places": {"network": "plain, random places"},
        "among clutter": {"network": "cluttered", "glimpses": 4, "step": 4},
        "one glimpse only": {"glimpses": 1, "step": 1},
    }
    return Explorable(_render, controls, "The path of the glimpses", presets, refresh=_limits)


def _limits(state: dict) -> dict[str, Control]:
    most = state["glimpses"]
    return {"step": Slider("step", 1, most, value=most, label="shown up to glimpse")}


@lru_cache(maxsize=64)
def glimpse_path(
    network: str, example: int, glimpses: int, sample: bool, draw: int
) -> tuple[tuple[float, float], ...]:
    """Where a shipped network looks at one held-out picture: (x, y) of each glimpse."""
    image, _ = chosen_picture(SPECS[network].task, example)
    generator = torch.Generator().manual_seed(draw)
    with torch.no_grad():
        path = shared_glimpses(network)(image, generator, sample, glimpses)
    return tuple((x, y) for x, y in path.locations[:, 0].tolist())


def _render(state: dict) -> Picture:
    name = NETWORKS[state["network"]]
    network, (image, right) = shared_glimpses(name), chosen_picture(SPECS[name].task, state["example"])
    locations = glimpse_path(name, state["example"], state["glimpses"], state["sample"], state["draw"])
    step, side = state["step"], image.shape[-1]
    chances = chances_along(network, image, locations)
    shapes: list[Shape] = [
        Label(0, 12, f"where it looks: glimpse {step} of {len(locations)}", 15, "start", bold=True)
    ]
    shapes += whole_picture(image, 0, TOP)
    shapes += sensor_boxes(locations[step - 1], network.size, network.scales, side, 0, TOP)
    shapes += path_shapes(locations[:step], 0, TOP)
    left = BIG + 30
    shapes.append(Label(left, 12, "what its retina sees at each glimpse", 15, "start", bold=True))
    for k in range(len(locations)):
        x = left + k * (TILE + 8)
        if k >= step:
            shapes.append(Box(x, TOP, TILE, network.scales * TILE, 0, role="grid", dashed=True))
            continue
        for scale, patch in enumerate(seen_patches(image, locations[k], network.size, network.scales)):
            y = TOP + scale * TILE
            shapes.append(Bitmap(x, y, TILE, TILE, pixels_of(patch), hard=True))
            shapes.append(
                Box(
                    x + 1,
                    y + 1,
                    TILE - 2,
                    TILE - 2,
                    0,
                    fill="none",
                    stroke=SCALE_COLORS[scale],
                    dashed=scale > 0,
                )
            )
        shapes.append(Label(x + TILE / 2, TOP + network.scales * TILE + 12, str(k + 1), 14, bold=True))
    top = TOP + 3 * TILE + 26
    wide = MOST * (TILE + 8) - 8
    shapes.append(Label(left, top + 6, f"what it says after glimpse {step}", 15, "start", bold=True))
    shapes += class_bars(chances[step - 1], right, (left, top + 14, wide, 84))
    best = int(chances[step - 1].argmax())
    places = ", ".join(f"({x:+.2f}, {y:+.2f})" for x, y in locations[:step])
    said = (
        f"after glimpse {step} it says {best} with {100 * chances[step - 1, best]:.0f} %; it is a {right}. "
        f"Trained with {network.glimpses} glimpses"
    )
    words = f"A picture of the digit {right} with the places of {step} glimpses: {places}. {said}."
    return Drawing(left + wide, TOP + BIG + 4, tuple(shapes), "The path of the glimpses", words).picture(said)
