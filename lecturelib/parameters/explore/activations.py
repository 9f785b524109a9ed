"""Explorable of activation maps: the channels of a layer that respond most to an image, and one of them over it."""

from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor

from lecturelib.parameters.activations import activation_tiles, activations, strongest_channels
from lecturelib.parameters.explore.kernels import NETWORKS
from lecturelib.show import Picture, Region, colored, overlay, picture, side_by_side, tiled, with_box
from lecturelib.widgets import Choice, Explorable, RegionPicker, common_controls

MAP_LAYERS = ("ReLU", "ReLU6", "MaxPool2d", "Conv2d", "SameConv2d")


def activation_browser(network: str = "alexnet") -> Explorable:
    """The channels of a layer that respond most to a picture, and one of them laid over it."""

    def refresh(state: dict) -> dict:
        return common_controls.settle(
            state, picture=common_controls.picture_control, layer=_map_layer_control, channel=_channel_control
        )

    first, *own = common_controls.picture_controls(network)
    start: dict = {"network": network, "picture": first.value, "own": None, "use_own": True, "by": "max"}
    start["layer"] = _map_layer_control(start).value
    controls = [
        Choice("network", NETWORKS, network),
        first,
        _map_layer_control(start),
        _channel_control(start),
        Choice("by", ("max", "mean"), label="strongest by", labels=("its highest place", "its mean")),
        Choice(
            "scale", ("shared", "each"), label="scale of the grid", labels=("one for all", "each its own")
        ),
        *own,
        RegionPicker((), chooses="channel", label="tiles of the grid, each a channel"),
    ]
    # another picture, or another order, keeps the channel; another layer has other ones
    resets = {"channel": ("network", "layer")}
    return Explorable(_render_activations, controls, "Activation browser", refresh=refresh, resets=resets)


def _map_layer_control(state: dict) -> Choice:
    layers = tuple(common_controls.layer_labels(state["network"], MAP_LAYERS))
    usual = "relu5" if "relu5" in layers else layers[-1]
    return Choice("layer", layers, usual)


def _channel_control(state: dict) -> Choice:
    """The channels of the layer, those first that respond most to the picture."""
    order = _order(state)
    return Choice("channel", order, order[0], label="channel, strongest first", slider=True)


def _order(state: dict) -> tuple[int, ...]:
    own = state["own"] if state["use_own"] else None
    maps = _maps(state["network"], state["picture"], own, state["layer"])
    return tuple(strongest_channels(maps, len(maps), state["by"]).tolist())


@lru_cache(maxsize=8)
def _maps(name: str, picture: str, own: bytes | None, layer: str) -> Tensor:
    """Activations (C, h, w), remembered: another rank needs no other pass."""
    image = common_controls.chosen_image({"network": name, "picture": picture, "own": own, "use_own": True})
    return activations(common_controls.network(name), image, layer)


def _render_activations(state: dict) -> Picture:
    image = common_controls.chosen_image(state)
    own = state["own"] if state["use_own"] else None
    maps = _maps(state["network"], state["picture"], own, state["layer"])  # (C, h, w)
    order, channel = _order(state), state["channel"]
    most = torch.tensor(order[:12])
    tiles = colored(activation_tiles(maps, most, state["scale"]))
    grid = tiled(
        tiles, 4, labels=[str(c) for c in most.tolist()], zoom=max(1, round(104 / maps.shape[-1])), pad=6
    )
    shares = grid.panels
    if channel in order[:12]:
        grid = with_box(grid, _pixels(shares[order.index(channel)], grid), line=2)
    over = overlay(image, maps[channel], percentile=100)
    titles = [
        common_controls.picture_title(state),
        f"channel {channel}",
        "the 12 strongest" if len(maps) > 12 else "all, strongest first",
    ]
    left = picture(image, alt=f"The picture {common_controls.picture_title(state)!r}.")
    words = (
        f"{state['layer']} of {state['network']}: {len(maps)} channels of {maps.shape[1]} x {maps.shape[2]} cells. "
        f"Channel {channel}, number {order.index(channel) + 1} of them for this picture, reaches "
        f"{maps[channel].max():.2f}."
    )
    alt = (
        f"{left.alt} {words} {over.alt} The strongest channels are {', '.join(map(str, most[:8].tolist()))}."
    )
    whole = side_by_side([left, over, grid], titles, height=360, alt=alt, caption=words)
    return replace(whole, regions=_regions(shares, whole.panels[2], most.tolist(), maps))


def _pixels(share: tuple[float, ...], grid: Picture) -> tuple[float, ...]:
    """A tile (left, top, right, bottom) in fractions of the grid as (top, left, bottom, right) in its pixels."""
    height, width = grid.raster.shape[:2]
    left, top, right, bottom = share
    return (top * height, left * width, bottom * height, right * width)


def _regions(
    shares: tuple, panel: tuple[float, ...], channels: list[int], maps: Tensor
) -> tuple[Region, ...]:
    """The tiles of the grid, each with its channel, where the grid lies in a panel of the whole picture."""
    x, y, width, height = panel[0], panel[1], panel[2] - panel[0], panel[3] - panel[1]
    found = []
    for (left, top, right, bottom), channel in zip(shares, channels, strict=True):
        box = (x + left * width, y + top * height, x + right * width, y + bottom * height)
        found.append(Region(str(channel), box, f"channel {channel}, reaches {maps[channel].max():.2f}"))
    return tuple(found)
