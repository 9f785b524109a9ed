"""Baseball or stripes? What excites a channel most in photos, beside what it asks for: they may tell two stories."""

from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import recording
from lecturelib.network.units import Channel
from lecturelib.optimization.ascent import iter_maximize
from lecturelib.optimization.channel_pictures import (
    channel_picture,
    large_channels,
    shipped_channel_pictures,
)
from lecturelib.optimization.explore.all_windows import found_in_photos
from lecturelib.parameters.photo_search import PhotoMatches
from lecturelib.show import Picture, pixels_of, tiled
from lecturelib.show.raster_text import number
from lecturelib.show.sheet import Sheet, resized
from lecturelib.widgets import Choice, Control, Explorable, Progress, Slider, common_controls, running

NETWORK, LAYERS = "alexnet", ("conv2", "conv3", "conv4", "conv5")
TILE, LARGE = 124, 378
STEPS, SHOWN_AT = 64, (4, 12, 24, 40)
REMEMBERED = 40


def examples_or_optimized(layer: str = "conv4", channel: int = 192) -> Explorable:
    """Nine places of photos that excite a channel most, and beside them the picture that is optimized for it."""

    def refresh(state: dict) -> dict[str, Control]:
        return {"channel": _channel_slider(state)}

    last = _channel_slider({"layer": layer}).high
    controls = [
        Choice("layer", LAYERS, layer),
        Slider("channel", 0, last, 1, channel),
        Choice("seed", (0, 1, 2), label="optimized from noise number", labels=("1", "2", "3")),
    ]
    presets = {name: {"layer": where, "channel": k} for name, (where, k) in STORIES.items()}
    return Explorable(_render, controls, "Dataset examples or optimized picture?", presets, refresh)


# The three most and three least alike of those that can be named, among the 100 channels of a layer that the photos
# excite most: cosines (see `alike`) of 0.91, 0.73, 0.67 and of 0.21, 0.34, 0.16; the mean is 0.43 to 0.53.
STORIES = {
    "both show faces": ("conv4", 192),
    "both show rings and eyes": ("conv5", 55),
    "both show one thing many times": ("conv5", 219),
    "rims and collars, or fur?": ("conv5", 62),
    "dark cloth, or spots?": ("conv4", 131),
    "a badge, or curls?": ("conv3", 110),
}


def _channel_slider(state: dict) -> Slider:
    return Slider(
        "channel", 0, common_controls.layer_labels(NETWORK, ("Conv2d",))[state["layer"]].channels - 1
    )


@lru_cache(maxsize=64)
def alike(layer: str, channel: int) -> tuple[float, float, float]:
    """How alike a layer answers to the photos and to the optimized picture of a channel.

    The cosine of the two mean answers over all other channels; the channel's own value at the best place of the photos,
    and at the best place of the shipped optimized picture.
    """
    model = common_controls.network(NETWORK)
    found = found_in_photos(NETWORK, layer).of(channel)
    size = max(max(crop.shape[-2:]) for crop in found.crops)
    crops = torch.cat([F.interpolate(crop[None], size=(size, size), mode="bilinear") for crop in found.crops])
    picture = shipped_channel_pictures(NETWORK, layer)[channel][None]
    with frozen(model), torch.inference_mode(), recording(model, [layer]) as acts:
        seen = acts.forward(crops)[layer].relu()  # (9, C, h, w)
        middle = seen[..., seen.shape[-2] // 2, seen.shape[-1] // 2].mean(0)  # (C,)
        wanted = acts.forward(picture)[layer].relu()[0]  # (C, h, w)
    others = torch.arange(len(middle)) != channel
    cosine = F.cosine_similarity(middle[others], wanted.mean((1, 2))[others], dim=0).item()
    return cosine, found.values.max().item(), wanted[channel].max().item()


_pictures: OrderedDict[tuple, Tensor] = OrderedDict()


def _render(state: dict) -> Iterator[Picture | Progress]:
    layer, channel, seed = state["layer"], state["channel"], state["seed"]
    known = layer, channel, seed
    large = seed == 0 and channel in large_channels(NETWORK, layer)
    picture = _pictures.get(known, channel_picture(NETWORK, layer, channel))
    yield from running(lambda progress: found_in_photos(NETWORK, layer, progress), "searching the photos")
    title = (
        "optimized"
        if known in _pictures
        else "optimized (shipped)"
        if large
        else "optimized (shipped, small)"
    )
    yield _draw(state, picture, title)
    if known in _pictures or large:
        return
    for step in iter_maximize(
        common_controls.network(NETWORK), Channel(layer, channel), steps=STEPS, seed=seed
    ):
        if step.step in SHOWN_AT and seed != 0:
            yield _draw(state, step.image, f"optimized, step {step.step} of {STEPS}")
        elif step.step % 4 == 0:
            yield Progress(step.step / STEPS, "the optimized picture emerges")
    _pictures[known] = step.image
    while len(_pictures) > REMEMBERED:
        _pictures.popitem(last=False)
    yield _draw(state, step.image, "optimized")


def _draw(state: dict, picture: Tensor, title: str) -> Picture:
    layer, channel = state["layer"], state["channel"]
    found = found_in_photos(NETWORK, layer).of(channel)
    cosine, best, wanted = alike(layer, channel)
    crops = [resized(pixels_of(crop), TILE) for crop in found.crops]
    grid = tiled(crops, 3, pad=3, alt="nine places")
    sheet = Sheet()
    below = sheet.put(grid, 0, 0, "strongest places of the photos")
    sheet.put(picture, 0, grid.raster.shape[1] + 24, title, side=LARGE)
    names = ", ".join(dict.fromkeys(found.names)) if isinstance(found, PhotoMatches) else "the data"
    sheet.words(f"from {names}", below + 4, 0, 14, room=grid.raster.shape[1])
    caption = (
        f"Channel {channel} of {layer} in {NETWORK}. Its best place in the photos gives {number(best)}, the best place "
        f"of its (shipped) optimized picture {number(wanted)}. All other channels of {layer} respond to both with a "
        f"cosine of {cosine:.2f}: 1 would be the same company, 0 none in common."
    )
    alt = f"Nine crops of photos ({names}) beside an optimized picture."
    return sheet.picture(f"{alt} {caption}", caption)
