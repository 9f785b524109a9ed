"""DeepDream: which layer, how many octaves, how many steps, from which photo or from noise."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from lecturelib.checks import UnknownName
from lecturelib.images import fit, photo
from lecturelib.optimization import shipped_frames
from lecturelib.optimization.deep_dream import DreamStep, iter_deep_dream
from lecturelib.show import Picture, side_by_side
from lecturelib.show.raster_text import number
from lecturelib.widgets import Choice, Explorable, Progress, Slider, Toggle, Upload, common_controls
from lecturelib.widgets.emerging import emerging

LAYERS = {  # what the student reads: network and layer
    "alexnet relu2": ("alexnet", "relu2"),
    "alexnet relu4": ("alexnet", "relu4"),
    "vgg16 relu3_3": ("vgg16", "relu3_3"),
    "vgg16 relu4_3": ("vgg16", "relu4_3"),
    "vgg16 relu5_1": ("vgg16", "relu5_1"),
}
NOISE = "noise"
PICTURES = ("temple", "flower", "cat", "coffee", "rocket", NOISE)
SIZE, LIVE_SIZE, NOISE_SIZE = 384, 224, 320
OCTAVES, STEPS, LIVE_STEPS = 4, 14, 20
STEP_SIZES = {"alexnet": 0.012, "vgg16": 0.025}  # few layers deep, a large step gives flat color
SMOOTH = (1.5, 0.5)  # sigmas in pixels: without it the sky fills with fine lines
# start, layers, size, octaves, steps: what takes too long for a lesson
SHIPPED = (
    ("temple", tuple(LAYERS), SIZE, OCTAVES, STEPS),
    ("flower", ("alexnet relu2", "alexnet relu4"), SIZE, OCTAVES, STEPS),
    (NOISE, ("vgg16 relu4_3",), NOISE_SIZE, OCTAVES, LIVE_STEPS),
)
SHOWN = 400  # pixels of each picture in a row of two


def iter_dream(
    layer: str, start: Tensor | str, octaves: int = OCTAVES, steps: int = STEPS, size: int | None = None
) -> Iterator[DreamStep]:
    """The dream behind the frames: one layer by its label, from a photo (1, 3, H, W) or from "noise" of `size`."""
    network, name = LAYERS[layer]
    settings: dict[str, Any] = {"octaves": octaves, "steps": steps, "step_size": STEP_SIZES[network]}
    settings["smooth"] = SMOOTH
    if not isinstance(start, Tensor):
        settings["size"] = size
    return iter_deep_dream(common_controls.network(network), name, start, **settings)


def dream_explorer(layer: str = "vgg16 relu4_3", picture: str = "temple") -> Explorable:
    """Let a layer dream of a photo: shipped at 384 pixels where it takes long, otherwise live and smaller."""
    controls = [
        Choice("layer", tuple(LAYERS), layer),
        Choice("picture", PICTURES, picture, label="start"),
        Slider("octaves", 1, 4, 1, OCTAVES),
        _steps({"layer": layer, "picture": picture, "own": None, "use_own": True}),
        Upload("own", label="own photo"),
        Toggle("use_own", True, label="use own photo"),
    ]
    presets: dict[str, dict] = {
        "strokes": {"layer": "alexnet relu2"},
        "eyes": {"layer": "vgg16 relu3_3"},
        "creatures": {"layer": "vgg16 relu4_3"},
        "buildings": {"layer": "vgg16 relu5_1"},
        "one size only, live": {"layer": "alexnet relu4", "octaves": 1},
        "from noise": {"layer": "vgg16 relu4_3", "picture": NOISE},
    }

    def refresh(state: dict) -> dict:
        return common_controls.settle(state, steps=_steps)

    return Explorable(_render, controls, "DeepDream", presets, refresh)


def _steps(state: dict) -> Choice:
    """The steps that are shipped for this start, or those of a live dream."""
    own = state["own"] if state["use_own"] else None
    shipped = [
        steps for name, layers, *_, steps in SHIPPED if name == state["picture"] and state["layer"] in layers
    ]
    first = shipped[0] if shipped and own is None else LIVE_STEPS
    options = tuple(sorted({2, 5, LIVE_STEPS, first}))
    return Choice("steps", options, first, label="steps in each octave", slider=True)


def _render(state: dict) -> Iterator[Picture | Progress]:
    own = state["own"] if state["use_own"] else None
    settings = {key: state[key] for key in ("layer", "picture", "octaves", "steps")}
    if own is None:
        try:
            shipped = shipped_frames.frame("dream", **settings)
        except UnknownName:
            pass  # not shipped: dreamt live
        else:
            yield _draw(state, shipped.image, shipped.numbers["value"], own)
            return
    start = (
        NOISE if own is None and state["picture"] == NOISE else photo_for(state["picture"], LIVE_SIZE, own)
    )
    total = state["octaves"] * state["steps"]
    yield from emerging(
        ("dream", *settings.values(), own),
        lambda: iter_dream(state["layer"], start, state["octaves"], state["steps"], LIVE_SIZE),
        total,
        lambda step: _draw(state, step.image, step.value.item(), own, step),
        "dreaming",
    )


def photo_for(name: str, size: int, own: bytes | None = None) -> Tensor:
    """The central square of a photo, or of the student's own, (1, 3, size, size)."""
    if own is not None:
        return common_controls.chosen_image(
            {"network": "alexnet", "picture": "cat", "own": own, "use_own": True}, size
        )
    return fit(photo(name), size)


def _start(state: dict, own: bytes | None) -> Tensor:
    """What is drawn beside the dream."""
    if own is None and state["picture"] == NOISE:
        noise = torch.randn(1, 3, SHOWN, SHOWN, generator=torch.Generator().manual_seed(0))
        return (0.5 + 0.1 * noise).clamp(0, 1)
    return photo_for(state["picture"], SHOWN, own)


def _draw(state: dict, image: Tensor, value: float, own, step: DreamStep | None = None) -> Picture:
    start = "your photo" if own is not None else state["picture"]
    side = image.shape[-1]
    where = f"{state['octaves']} octaves of {state['steps']} steps"
    if step is not None and step.step < step.total:
        where = f"octave {step.octave + 1} of {state['octaves']}, step {step.step} of {step.total} in all"
    shipped = f", shipped at {side} px" if step is None else f", live, now {side} px"
    caption = f"{state['layer']} dreams of {start}: {where}{shipped}. Half the layer's mean square: {number(value)}."
    return side_by_side(
        [_start(state, own), image],
        [f"start: {start}", f"what {state['layer']} makes of it"],
        height=SHOWN,
        alt=f"The start, and beside it the dream of {state['layer']}. {caption}",
        caption=caption,
    )
