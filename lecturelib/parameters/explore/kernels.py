"""Explorable of kernels: any convolution of any network, trained or not."""

from functools import lru_cache

import torch

from lecturelib.parameters.kernels import high_frequency_share, kernel_tiles, kernels
from lecturelib.show import Picture, tiled
from lecturelib.widgets import Choice, Explorable, Slider, common_controls

NETWORKS = ("alexnet", "vgg16", "efficientnet_lite0", "cifar_net", "lenet", "fashion_lenet", "textures_net")
KERNELS_SHOWN = 128


def kernel_browser(network: str = "alexnet") -> Explorable:
    """The kernels of any convolution of any network, trained or not, as tiles around grey (zero)."""

    def refresh(state: dict) -> dict:
        return common_controls.settle(state, layer=_convolution_control, channel=_input_channel_slider)

    start: dict = {"network": network}
    start["layer"] = _convolution_control(start).value
    controls = [
        Choice("network", NETWORKS, network),
        _convolution_control(start),
        _input_channel_slider(start),
        Choice("weights", ("trained", "random"), labels=("trained", "untrained")),
        Choice("scale", ("each", "shared"), labels=("each kernel its own", "one for all")),
    ]
    presets = {
        "edges and colors": {"network": "alexnet"},
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
    part = "in color" if inputs == 3 else f"their weights for input channel {state['channel']} of {inputs}"
    shown = "" if count <= KERNELS_SHOWN else f", the first {KERNELS_SHOWN} shown"
    words = (
        f"{state['layer']} of {state['network']} ({trained}): {count} kernels of {side} x {side}, {part}{shown}. "
        "Grey is zero."
    )
    if side > 2:
        share = _high_frequencies(state["network"], state["weights"], state["layer"])
        noise = _of_noise(tuple(weight.shape[2:]))
        words += f" High frequencies hold {share:.0%} of the energy (white noise: {noise:.0%})."
    return tiled(tiles, columns, zoom=max(1, 56 // side), alt=f"Tiles: {words}", caption=words)


@lru_cache(maxsize=128)
def _high_frequencies(name: str, weights: str, layer: str) -> float:
    """The mean share of high frequencies in a layer's kernels, remembered: a layer has up to 65,536 of them."""
    return high_frequency_share(kernels(common_controls.network(name, weights), layer)).mean().item()


@lru_cache(maxsize=16)
def _of_noise(size: tuple[int, int]) -> float:
    """The mean share of high frequencies in white noise of a kernel's size."""
    noise = torch.randn(2000, 1, *size, generator=torch.Generator().manual_seed(0))
    return high_frequency_share(noise).mean().item()
