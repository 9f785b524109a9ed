"""Explorables that warn: a map under cascading weight randomization, and one map in several color scales."""

import time
from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache
from itertools import zip_longest

import numpy as np
import torch
from torch import Tensor, nn

from lecturelib.gradients.explore.methods import METHODS
from lecturelib.gradients.randomization import layers_from_top, randomized, rank_correlation
from lecturelib.gradients.saliency import saliency_map
from lecturelib.network.units import Logit, Unit
from lecturelib.show import Picture, bars, overlay, pixels_of, side_by_side, tiled
from lecturelib.show.attribution_maps import tile
from lecturelib.show.image_grids import stacked
from lecturelib.show.palettes import palette as palette_table
from lecturelib.widgets import Choice, Explorable, Progress, Slider, Toggle, common_controls

# --- cascading randomization ----------------------------------------------------------------------------

NETWORKS = ("alexnet", "textures_net", "cifar_net", "lenet", "fashion_lenet")
CONTROLLED = tuple(name for name in METHODS if not name.startswith(("spectral", "deconvnet")))
REMEMBERED = 120
PERCENTILE = 99
PATIENCE = 0.15  # seconds between two pictures while an average is computed


def randomization_explorer(network: str = "alexnet", method: str = "guided backprop") -> Explorable:
    """A method's map, and the same after the weights were randomized from the top down to a depth.

    >>> randomization_explorer("lenet", "gradient").state["depth"]
    3
    """
    first, *own = common_controls.picture_controls(network)
    start = {"network": network, "picture": first.value, "own": None, "use_own": True}

    def refresh(state: dict) -> dict:
        return common_controls.settle(
            state,
            picture=common_controls.picture_control,
            class_index=common_controls.class_control,
            depth=_depth_slider,
        )

    controls = [
        Choice("network", NETWORKS, network),
        first,
        common_controls.class_control(start),
        Choice("method", CONTROLLED, method),
        _depth_slider(start),
        Slider("seed", 0, 4, label="seed of the new weights"),
        *own,
    ]
    presets: dict[str, dict] = {
        "guided backprop hardly changes": {"method": "guided backprop", "depth": 3},
        "the plain gradient changes": {"method": "gradient", "depth": 3},
        "an edge filter, without a network": {"method": "edges (no network)", "depth": 3},
        "all weights random": {"network": "alexnet", "method": "guided backprop", "depth": 8},
    }
    return Explorable(
        _render_control,
        controls,
        "Cascading weight randomization",
        presets,
        refresh,
        resets={"class_index": common_controls.OF_PICTURE},
    )


def _depth_slider(state: dict) -> Slider:
    layers = layers_from_top(common_controls.network(state["network"]))
    return Slider("depth", 0, len(layers), 1, min(3, len(layers)), label="randomized layers, from the top")


@lru_cache(maxsize=12)
def _randomized(network: str, depth: int, seed: int) -> nn.Module:
    return (
        randomized(common_controls.network(network), depth, seed)
        if depth
        else common_controls.network(network)
    )


_maps: OrderedDict[tuple, Tensor] = OrderedDict()


def _estimates(state: dict, unit: Unit, depth: int) -> Iterator[tuple[float, Tensor]]:
    """(share done, values of the method so far) after the weights of the top `depth` layers became random."""
    own = state["own"] if state["use_own"] else None
    seed = state["seed"] if depth else 0
    key = (state["network"], state["picture"], own, unit, state["method"], depth, seed)
    if key in _maps:
        yield 1.0, _maps[key]
        return
    model = _randomized(state["network"], depth, seed)
    for done, values in METHODS[state["method"]].run(
        model, common_controls.chosen_image(state), unit, "backprop"
    ):
        if done == 1:
            _maps[key] = values
        yield done, values
    while len(_maps) > REMEMBERED:
        _maps.popitem(last=False)


def _map(state: dict, unit: Unit, depth: int) -> Tensor:
    """The values of the method after the weights of the top `depth` layers became random."""
    *_, (_, values) = _estimates(state, unit, depth)
    return values


def _render_control(state: dict) -> Iterator[Picture | Progress]:
    unit = Logit(state["class_index"]).check(common_controls.network(state["network"]))
    layers = layers_from_top(common_controls.network(state["network"]))
    method, depth = METHODS[state["method"]], state["depth"]
    shown = 0.0
    latest: dict[int, tuple[float, Tensor]] = {}
    # an average of many gradients is shown while it is made, both maps in step
    for steps in zip_longest(*(_estimates(state, unit, each) for each in dict.fromkeys((0, depth)))):
        latest |= {k: step for k, step in enumerate(steps) if step is not None}
        done, trained, random = (
            min(share for share, _ in latest.values()),
            latest[0][1],
            latest[len(steps) - 1][1],
        )
        found = {0: 1.0, depth: rank_correlation(method.map(trained), method.map(random))}
        if done < 1 and time.perf_counter() - shown > PATIENCE:
            yield _draw_control(state, unit, layers, trained, random, found)
            yield Progress(done * len(steps) / (len(layers) + 1), "gradient after gradient")
            shown = time.perf_counter()
    for each in range(len(layers) + 1):
        if each not in found:
            yield _draw_control(state, unit, layers, trained, random, found)
            yield Progress(len(found) / (len(layers) + 1), "randomizing layer after layer")
            found[each] = rank_correlation(method.map(trained), method.map(_map(state, unit, each)))
    yield _draw_control(state, unit, layers, trained, random, found)


def _draw_control(
    state, unit: Unit, layers, trained: Tensor, random: Tensor, found: dict[int, float]
) -> Picture:
    image, kind, depth = common_controls.chosen_image(state), METHODS[state["method"]].kind, state["depth"]
    side = image.shape[-1]

    def drawn(values: Tensor) -> np.ndarray:
        if kind == "cells":
            return pixels_of(overlay(image, values, color_bar=False, size=side, alt="cells"))
        return tile(values, kind, percentile=PERCENTILE)

    maps = tiled(
        [pixels_of(image), drawn(trained), drawn(random)],
        3,
        [common_controls.picture_title(state), "trained network", f"{depth} of {len(layers)} layers random"],
        max(1, 260 // side),
        pad=10,
        alt="Three pictures.",
    )
    names = {name: alias for alias, name in common_controls.network(state["network"]).aliases.items()}
    labels = ["none", *(f"to {names.get(name, name)}" for name in layers)]
    values = [found.get(k, 0.0) for k in range(len(labels))]
    chart = bars(labels, values, highlight=depth, width=380, form=".2f")
    order = found[depth]
    which = f"the top {depth} of {len(layers)} layers" if depth else "none"
    caption = (
        f"{state['method']} for the {unit} of {state['network']}; layers with random weights: "
        f"{which}. Rank correlation with the "
        f"trained network's map: {order:.2f} (1: the pixels keep their order, 0: nothing in common). "
        f"Colors clipped at percentile {PERCENTILE}, each map on its own scale."
    )
    row = side_by_side(
        [chart], ["rank correlation, by how far down the weights are random"], height=chart.raster.shape[0]
    )
    spoken = ", ".join(f"{label} {found[k]:.2f}" for k, label in enumerate(labels) if k in found)
    alt = (
        f"The picture {common_controls.picture_title(state)!r}, the map of the trained network and that of the network "
        "with random weights. "
        f"{caption} By depth: {spoken}."
    )
    return stacked([maps, row], alt=alt, caption=caption)


# --- one map, many color scales -------------------------------------------------------------------------------------

SCALES: dict[str, float | str] = {
    "smallest to largest": 100.0,
    "clipped at percentile 99.5": 99.5,
    "clipped at percentile 98": 98.0,
    "clipped at percentile 90": 90.0,
    "square root": "root",
    "rank of each pixel": "rank",
}
PALETTES = ("viridis", "cividis", "grey", "grey, reversed")


def same_map(picture_name: str = "cat") -> Explorable:
    """One saliency map of AlexNet, three times: only normalization and palette differ.

    >>> same_map("cat").state["right"]
    'rank of each pixel'
    """
    first, *own = common_controls.picture_controls("alexnet", picture_name)
    controls = [
        first,
        Choice("left", tuple(SCALES), "smallest to largest", label="left: normalization"),
        Choice("left_palette", PALETTES, "grey", label="left: palette"),
        Choice("right", tuple(SCALES), "rank of each pixel", label="right: normalization"),
        Choice("right_palette", PALETTES, "viridis", label="right: palette"),
        Toggle("over", False, label="right: laid over the photo"),
        *own,
    ]
    presets: dict[str, dict] = {
        "nearly black, or all bright": {"left": "smallest to largest", "right": "rank of each pixel"},
        "only the palette": {
            "left": "clipped at percentile 98",
            "right": "clipped at percentile 98",
            "left_palette": "grey",
            "right_palette": "grey, reversed",
        },
        "over the photo's contours": {"right": "clipped at percentile 98", "over": True},
    }
    return Explorable(_render_same, controls, "One map, several color scales", presets)


def scaled(map: Tensor, how: str) -> Tensor:
    """A map (H, W), 0 or more, in [0, 1] by one of `SCALES`; the order of the pixels stays."""
    low, rule = map.min(), SCALES[how]
    spread = (map - low) if map.max() > low else torch.zeros_like(map)
    if rule == "rank":
        order = spread.flatten().argsort().argsort().view_as(map)  # (H * W,) -> (H, W)
        return order / max(1, map.numel() - 1)
    if rule == "root":
        return (spread / spread.max().clamp(min=1e-12)).sqrt()
    level = torch.quantile(spread.flatten(), float(rule) / 100).clamp(min=1e-12)
    return (spread / level).clamp(0, 1)


def _render_same(state: dict) -> Picture:
    model = common_controls.network("alexnet")
    where = {**state, "network": "alexnet"}
    image = common_controls.chosen_image(where)
    best = int(common_controls.answer(where).argmax())
    unit = Logit(best).check(model)
    map = saliency_map(model, image, unit)[0]
    drawn = []
    for side in ("left", "right"):
        share = scaled(map, state[side])
        name = state[f"{side}_palette"]
        table = palette_table("grey")[::-1] if name == "grey, reversed" else palette_table(name)
        colors = table[(share * 255).round().to(torch.uint8).numpy()]
        if side == "right" and state["over"]:
            grey = (image[0].mean(0) * 255).round().numpy()[..., None]  # (1, 3, H, W) -> (H, W, 1)
            colors = (0.55 * colors + 0.45 * grey).round().astype(np.uint8)
        drawn.append((colors, state[side], f"{(share > 0.5).float().mean():.1%}"))
    (left, left_scale, left_share), (right, right_scale, right_share) = drawn
    top = map.flatten().sort(descending=True).values
    held = (top[: max(1, len(top) // 100)].sum() / top.sum().clamp(min=1e-12)).item()
    caption = (
        f"One map: |gradient| of the {unit}, {map.numel()} numbers, the same on both sides. 1% of the "
        "pixels hold "
        f"{held:.0%} of the sum. In the upper half of the palette: {left_share} of the pixels on the left, "
        f"{right_share} on the right."
    )
    named = common_controls.picture_title(state)
    alt = f"The picture {named!r} and its saliency map twice: left {left_scale}, right {right_scale}."
    labels = [named, left_scale, right_scale + (", over the photo" if state["over"] else "")]
    parts = [pixels_of(image), left, right]
    return tiled(
        parts, 3, labels, max(1, 260 // image.shape[-1]), pad=10, alt=f"{alt} {caption}", caption=caption
    )
