"""The window explorer: up to four methods side by side for one unit; and the patches behind a channel."""

import time
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from lecturelib.gradients.deconvnet import top_patches
from lecturelib.gradients.explore.methods import (
    METHODS,
    NONE,
    RULES,
    class_control,
    kind_control,
    layer_control,
    method_names,
    rank_slider,
    unit_of,
    values_of,
)
from lecturelib.images import PHOTOS, fit, photo
from lecturelib.network.units import Channel, Unit, read
from lecturelib.show import Picture, overlay, picture, pixels_of, side_by_side, tiled
from lecturelib.show.attribution_maps import around_grey, tile
from lecturelib.show.palettes import MAGNITUDE
from lecturelib.show.raster_text import number
from lecturelib.widgets import Choice, Explorable, Progress, Slider, common_controls, running

NETWORKS = ("alexnet", "efficientnet_lite0", "lenet", "fashion_lenet", "textures_net", "cifar_net")
PERCENTILES = (80, 90, 95, 98, 99, 99.5, 99.9, 100)
FOUR = ("gradient", "saliency map", "guided backprop", "Grad-CAM")
PATIENCE = 0.08  # seconds until a picture is shown with what is there
TILE = 230  # pixels of a map's side where several stand side by side


def window_explorer(network: str = "alexnet", picture_name: str | None = None) -> Explorable:
    """Attribution maps of any unit of any network, by up to four methods side by side.

    >>> window_explorer("lenet", "3").state["method_0"]
    'gradient'
    """
    first, *own = common_controls.picture_controls(network, picture_name)
    start = {"network": network, "picture": first.value, "own": None, "use_own": True}
    for make in (kind_control, class_control, layer_control, rank_slider):
        control = make(start)
        start[control.name] = control.value

    def refresh(state: dict) -> dict:
        return common_controls.settle(
            state,
            picture=_picture_control,
            class_index=class_control,
            layer=layer_control,
            rank=rank_slider,
            **{f"method_{k}": lambda s, k=k: _method_control(s, k) for k in range(4)},
        )

    controls = [
        Choice("network", NETWORKS, network),
        first,
        kind_control(start),
        class_control(start),
        layer_control(start),
        rank_slider(start),
        *(_method_control(start, k) for k in range(4)),
        Choice(
            "rule", tuple(RULES), label="rule at ReLUs (gradient, saliency)", labels=tuple(RULES.values())
        ),
        Choice("palette", MAGNITUDE, label="palette of sizes"),
        Choice("percentile", PERCENTILES, 99, label="clipped at percentile", slider=True),
        *own,
    ]
    return Explorable(
        _render_windows,
        controls,
        "Window explorer",
        _presets(),
        refresh,
        resets={"class_index": common_controls.OF_PICTURE},
    )


def _method_control(state: dict, k: int) -> Choice:
    names = (NONE, *method_names(state))
    return Choice(f"method_{k}", names, FOUR[k] if FOUR[k] in names else NONE, label=f"method {k + 1}")


def _picture_control(state: dict) -> Choice:
    return common_controls.picture_control(state)


def _methods(*names: str) -> dict[str, str]:
    return {f"method_{k}": name for k, name in enumerate((*names, *[NONE] * 4)[:4])}


def _presets() -> dict[str, dict]:
    return {
        "the score of cat, four ways": {"network": "alexnet"},
        "one neuron: gradient, deconvnet, guided": {
            "kind": "neuron",
            **_methods("gradient", "deconvnet", "guided backprop"),
        },
        "guided backprop and an edge filter": _methods("guided backprop", "edges (no network)"),
        "averages": _methods("saliency map", "SmoothGrad", "integrated gradients", "gradient x input"),
        "espresso among 1000 classes": {"network": "efficientnet_lite0", "picture": "coffee"},
        "a 3": {"network": "lenet", "picture": "3", **_methods("gradient", "gradient x input")},
    }


def _render_windows(state: dict) -> Iterator[Picture | Progress]:
    image, unit = common_controls.chosen_image(state), unit_of(state)
    value = read(common_controls.network(state["network"]), image, unit).item()
    chosen = [state[f"method_{k}"] for k in range(4) if state[f"method_{k}"] != NONE]
    runs = [values_of(name, state, unit, state["rule"]) for name in chosen]
    found: list[Tensor | None] = [None] * len(chosen)
    done = [0.0] * len(chosen)
    drawn, shown = None, time.perf_counter()
    # Round by round, so that a slow method does not keep the quick ones from being seen.
    while min(done, default=1) < 1:
        for k, run in enumerate(runs):
            if done[k] < 1:
                done[k], found[k] = next(run)
            # the first map at once, the others as they come
            waited = drawn is None or time.perf_counter() - shown > PATIENCE
            if waited and min(done) < 1:
                yield _draw_windows(state, image, unit, value, chosen, found)
                drawn = list(done)
                yield Progress(sum(done) / len(done), "averaging gradients")
                shown = time.perf_counter()
    for run in runs:
        next(run, None)  # lets it end, and remember
    if drawn != done or not chosen:
        yield _draw_windows(state, image, unit, value, chosen, found)


def _draw_windows(state, image, unit: Unit, value: float, chosen, found) -> Picture:
    parts, labels = [pixels_of(image)], [common_controls.picture_title(state)]
    for name, values in zip(chosen, found, strict=True):
        label = name
        if METHODS[name].ruled and state["rule"] != "backprop":
            label += f", {RULES[state['rule']]}"
        labels.append(label)
        parts.append(_one(values, METHODS[name].kind, image, state["palette"], state["percentile"]))
    columns = min(3, len(parts))
    small = max(1, TILE // image.shape[-1])
    zoom = small if len(parts) > 3 else max(1, 400 // image.shape[-1] if image.shape[-1] < 128 else 2)
    largest = ", ".join(
        f"{label} {number(values.abs().max().item())}"
        for label, values in zip(labels[1:], found, strict=True)
        if values is not None
    )
    unit_words = f"The {unit} of {state['network']} is {number(value)}."
    clip = (
        "nothing is clipped"
        if state["percentile"] == 100
        else f"clipped at percentile {state['percentile']:g}"
    )
    kinds = {METHODS[name].kind for name in chosen}
    caption = f"{unit_words} Each map on its own scale, {clip}. Largest size: {largest}."
    caption += " Around grey: grey is 0." * ("color" in kinds)
    caption += " Blue lowers, orange raises, white is 0." * ("signed" in kinds)
    if not chosen:
        caption = f"{unit_words} Choose a method."
    alt = f"The picture {labels[0]!r}" + (f", and beside it {', '.join(labels[1:])}" if chosen else "")
    return tiled(parts, columns, labels, zoom, pad=10, alt=f"{alt}. {caption}", caption=caption)


def _one(values: Tensor | None, kind: str, image: Tensor, palette: str, percentile: float) -> np.ndarray:
    height, width = image.shape[-2:]
    if values is None:
        return np.full((height, width, 3), 238, np.uint8)
    if kind == "cells":
        return pixels_of(
            overlay(
                image,
                values,
                palette=palette,
                percentile=percentile,
                color_bar=False,
                size=width,
                alt="cells",
            )
        )
    return tile(values, kind, palette, percentile)


# --- top patches ---------------------------------------------------------------------------------------------

PATCH_NETWORKS = ("alexnet", "vgg16")
SIDE = 224
BEST = 9
PARTS = 5  # pictures of each photo: the whole, and four overlapping quarters


@lru_cache(maxsize=1)
def _crops() -> Tensor:
    """The photos of the course, whole and in overlapping quarters, (N, 3, SIDE, SIDE)."""
    found = []
    for name in PHOTOS:
        image = photo(name)
        height, width = image.shape[-2:]
        side = min(height, width)
        found.append(fit(image, SIDE))
        half = round(0.62 * side)
        for top in (0, height - half):
            for left in (0, width - half):
                found.append(fit(image[..., top : top + half, left : left + half], SIDE))
    return torch.cat(found)


def top_patches_explorer(network: str = "alexnet") -> Explorable:
    """The nine patches with a channel's largest activations, each with the pattern that the deconvnet projects back.

    >>> top_patches_explorer("alexnet").state["layer"]
    'conv5'
    """

    def refresh(state: dict) -> dict:
        return common_controls.settle(state, layer=_patch_layer, channel=_patch_channel)

    start: dict = {"network": network}
    start["layer"] = _patch_layer(start).value
    controls = [
        Choice("network", PATCH_NETWORKS, network),
        _patch_layer(start),
        _patch_channel(start),
        Choice("percentile", PERCENTILES, 99.5, label="clipped at percentile", slider=True),
    ]
    presets = {
        "corners and colors (conv2)": {"layer": "conv2", "channel": 12},
        "textures (conv3)": {"layer": "conv3", "channel": 20},
        "objects? (conv5)": {"layer": "conv5", "channel": 5},
    }
    return Explorable(_render_patches, controls, "Top nine by the deconvnet", presets, refresh)


def _patch_layer(state: dict) -> Choice:
    layers = tuple(common_controls.layer_labels(state["network"], ("Conv2d",)))
    return Choice("layer", layers, layers[-1] if state["network"] == "alexnet" else "conv3_3")


def _patch_channel(state: dict) -> Slider:
    return Slider(
        "channel", 0, common_controls.layer_labels(state["network"], ("Conv2d",))[state["layer"]].channels - 1
    )


@lru_cache(maxsize=64)
def _patches(network: str, layer: str, channel: int) -> list[tuple[Tensor, Tensor]]:
    crops = _crops()
    of_photo = [k // PARTS for k in range(len(crops))]
    unit = Channel(layer, channel)
    return top_patches(common_controls.network(network), crops, unit, BEST, groups=of_photo, padded=False)


def _render_patches(state: dict) -> Iterator[Picture | Progress]:
    key = state["network"], state["layer"], state["channel"]
    yield from running(lambda progress: _patches(*key), f"searching {len(_crops())} pictures")
    pairs = _patches(*key)
    side = max(length for pair in pairs for part in pair for length in part.shape[-2:])
    zoom = max(1, 120 // side)

    def grid(parts: list[Tensor], what: str) -> Picture:
        whole = [_padded(part.reshape(part.shape[-3:]), side) for part in parts]
        return tiled(whole, 3, zoom=zoom, pad=4, alt=what)

    patterns = grid([around_grey(patch, state["percentile"]) for _, patch in pairs], "Patterns around grey.")
    crops = grid([crop for crop, _ in pairs], "The crops.")
    clipped = (
        "nothing clipped" if state["percentile"] == 100 else f"clipped at percentile {state['percentile']:g}"
    )
    words = (
        f"Channel {state['channel']} of {state['layer']} in {state['network']}: its strongest place in each of "
        f"{len(pairs)} of the {len(_crops()) // PARTS} photos, {side} x {side} pixels, less where the photo ends. "
        f"Patterns by the deconvnet, each on its own scale, {clipped}."
    )
    titles = ["pattern projected back", "patch in the channel's receptive field"]
    yield side_by_side(
        [picture(patterns, width=patterns.raster.shape[1]), picture(crops, width=crops.raster.shape[1])],
        titles,
        height=patterns.raster.shape[0],
        alt=f"Two grids of nine. {words}",
        caption=words,
    )


def _padded(part: Tensor, side: int) -> Tensor:
    """(C, h, w) in the middle of a white square (C, side, side): a field at the border of its photo ends there."""
    whole = torch.ones(part.shape[0], side, side)
    top, left = (side - part.shape[-2]) // 2, (side - part.shape[-1]) // 2
    whole[:, top : top + part.shape[-2], left : left + part.shape[-1]] = part
    return whole
