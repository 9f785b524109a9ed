"""Explorables that look straight at a network: its kernels, and its activations for a picture."""

from functools import lru_cache

from torch import Tensor

from lecturelib.parameters.activations import activation_tiles, activations, strongest_channels
from lecturelib.parameters.kernels import high_frequency_share, kernel_tiles, kernels
from lecturelib.show import Picture, coloured, overlay, picture, side_by_side, tiled
from lecturelib.widgets import Choice, Explorable, Slider, common_controls

NETWORKS = ("alexnet", "vgg16", "efficientnet_lite0", "cifar_net", "lenet", "fashion_lenet", "textures_net")
KERNELS_SHOWN = 128
_ANY_MAP = ("ReLU", "ReLU6", "MaxPool2d", "Conv2d", "SameConv2d")


def kernel_browser(network: str = "alexnet") -> Explorable:
    """The kernels of any convolution of any network, trained or not, as tiles around grey (zero)."""

    def refresh(state: dict) -> dict:
        return common_controls.settle(state, layer=_convolution_control, channel=_input_channel_slider)

    start = {"network": network}
    start["layer"] = _convolution_control(start).value
    controls = [
        Choice("network", NETWORKS, network),
        _convolution_control(start),
        _input_channel_slider(start),
        Choice("weights", ("trained", "random"), labels=("trained", "untrained")),
        Choice("scale", ("each", "shared"), labels=("each kernel its own", "one for all")),
    ]
    presets = {
        "edges and colours": {"network": "alexnet"},
        "noise: not trained": {"network": "alexnet", "weights": "random"},
        "strokes of digits": {"network": "lenet"},
        "a higher layer says little": {"network": "alexnet", "layer": "conv3"},
    }
    return Explorable(_render_kernels, controls, "Kernel browser", presets, refresh)


def _convolution_control(state: dict) -> Choice:
    return Choice("layer", tuple(common_controls.layer_labels(state["network"], ("Conv2d", "SameConv2d"))))


def _input_channel_slider(state: dict) -> Slider:
    count = kernels(common_controls.network(state["network"]), state["layer"]).shape[1]
    return Slider("channel", 0, 0 if count == 3 else count - 1, label="input channel")


def _render_kernels(state: dict) -> Picture:
    model = common_controls.network(state["network"], state["weights"])
    weight = kernels(model, state["layer"])
    count, inputs, side = weight.shape[0], weight.shape[1], weight.shape[-1]
    channels = None if inputs == 3 else state["channel"]
    tiles = kernel_tiles(model, state["layer"], channels, state["scale"])[:KERNELS_SHOWN]
    columns = 16 if len(tiles) > 32 else 8
    trained = "trained" if state["weights"] == "trained" else "untrained"
    looks = "in colour" if inputs == 3 else f"their weights for input channel {state['channel']} of {inputs}"
    shown = "" if count <= KERNELS_SHOWN else f", the first {KERNELS_SHOWN} shown"
    words = (
        f"{state['layer']} of {state['network']} ({trained}): {count} kernels of {side} x {side}, {looks}{shown}. "
        "Grey is zero."
    )
    if side > 2:
        words += f" High frequencies hold {high_frequency_share(weight).mean():.0%} of the energy (white noise: 75%)."
    return tiled(tiles, columns, zoom=max(1, 56 // side), alt=f"Tiles: {words}", caption=words)


def activation_browser(network: str = "alexnet") -> Explorable:
    """The channels of a layer that respond most to a picture, and one of them laid over it."""

    def refresh(state: dict) -> dict:
        return common_controls.settle(
            state, picture=common_controls.picture_control, layer=_map_layer_control, rank=_rank_slider
        )

    first, *own = common_controls.picture_controls(network)
    start = {"network": network}
    start["layer"] = _map_layer_control(start).value
    controls = [
        Choice("network", NETWORKS, network),
        first,
        _map_layer_control(start),
        _rank_slider(start),
        Choice("by", ("max", "mean"), label="strongest by", labels=("its highest place", "its mean")),
        Choice(
            "scale", ("shared", "each"), label="scale of the grid", labels=("one for all", "each its own")
        ),
        *own,
    ]
    return Explorable(_render_activations, controls, "Activation browser", refresh=refresh)


def _map_layer_control(state: dict) -> Choice:
    layers = tuple(common_controls.layer_labels(state["network"], _ANY_MAP))
    usual = "relu5" if "relu5" in layers else layers[-1]
    return Choice("layer", layers, usual)


def _rank_slider(state: dict) -> Slider:
    channels = common_controls.layer_labels(state["network"], _ANY_MAP)[state["layer"]].channels
    return Slider("rank", 1, channels, label="channel, strongest first")


@lru_cache(maxsize=8)
def _maps(name: str, picture: str, own: bytes | None, layer: str) -> Tensor:
    """Activations (C, h, w), remembered: another rank needs no other pass."""
    image = common_controls.chosen_image({"network": name, "picture": picture, "own": own, "use_own": True})
    return activations(common_controls.network(name), image, layer)


def _render_activations(state: dict) -> Picture:
    image = common_controls.chosen_image(state)
    own = state["own"] if state["use_own"] else None
    maps = _maps(state["network"], state["picture"], own, state["layer"])  # (C, h, w)
    order = strongest_channels(maps, len(maps), state["by"])
    channel = int(order[state["rank"] - 1])
    most = order[:12]
    tiles = coloured(activation_tiles(maps, most, state["scale"]))
    grid = tiled(
        tiles, 4, labels=[str(c) for c in most.tolist()], zoom=max(1, round(104 / maps.shape[-1])), pad=6
    )
    over = overlay(image, maps[channel], percentile=100)
    titles = [
        state["picture"],
        f"channel {channel}",
        "the 12 strongest" if len(maps) > 12 else "all, strongest first",
    ]
    left = picture(image, alt=f"The picture {state['picture']!r}.")
    words = (
        f"{state['layer']} of {state['network']}: {len(maps)} channels of {maps.shape[1]} x {maps.shape[2]} cells. "
        f"Channel {channel} reaches {maps[channel].max():.2f}."
    )
    alt = (
        f"{left.alt} {words} {over.alt} The strongest channels are {', '.join(map(str, most[:8].tolist()))}."
    )
    return side_by_side([left, over, grid], titles, height=360, alt=alt, caption=words)
