"""The explorables of part 4: each function returns an `Explorable`, whose `render(state)` is pure."""

import math
from collections.abc import Iterator

import torch

from lecturelib import choose
from lecturelib.palettes import palette
from lecturelib.parameters.activations import activation_tiles, activations, strongest_channels
from lecturelib.parameters.kernels import high_frequency_share, kernel_tiles, kernels
from lecturelib.parameters.occlusion import OcclusionMap, coarse_to_fine, occlude
from lecturelib.show import Picture, bars, heatmap, overlay, picture, side_by_side, tiled, with_box
from lecturelib.units import Logit, Probability
from lecturelib.widgets import Choice, Explorable, Pointer, Slider

NETWORKS = ("alexnet", "vgg16", "efficientnet_lite0", "cifar_net", "lenet", "fashion_lenet", "textures_net")
KERNELS_SHOWN = 128
_ANY_MAP = ("ReLU", "ReLU6", "MaxPool2d", "Conv2d", "SameConv2d")
SIDE = 448  # pixels of a picture's side on the page

CLASSIFIERS = ("alexnet", "efficientnet_lite0", "lenet", "fashion_lenet", "textures_net")
FILLS = {"grey 128": 128 / 255, "black": 0.0, "white": 1.0, "mean colour": "mean", "blurred picture": "blur"}
MEASURES = {"probability": Probability, "score": Logit}


def kernel_browser(network: str = "alexnet") -> Explorable:
    """The kernels of any convolution of any network, trained or not, as tiles around grey (zero)."""

    def refresh(state: dict) -> dict:
        return choose.settle(state, layer=_convolution_control, channel=_input_channel_slider)

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
    return Choice("layer", tuple(choose.layer_labels(state["network"], ("Conv2d", "SameConv2d"))))


def _input_channel_slider(state: dict) -> Slider:
    count = kernels(choose.network(state["network"]), state["layer"]).shape[1]
    return Slider("channel", 0, 0 if count == 3 else count - 1, label="input channel")


def _render_kernels(state: dict) -> Picture:
    model = choose.network(state["network"], state["weights"])
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
        return choose.settle(
            state, picture=choose.picture_control, layer=_map_layer_control, rank=_rank_slider
        )

    first, *own = choose.picture_controls(network)
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
    layers = tuple(choose.layer_labels(state["network"], _ANY_MAP))
    usual = "relu5" if "relu5" in layers else layers[-1]
    return Choice("layer", layers, usual)


def _rank_slider(state: dict) -> Slider:
    channels = choose.layer_labels(state["network"], _ANY_MAP)[state["layer"]].channels
    return Slider("rank", 1, channels, label="channel, strongest first")


def _render_activations(state: dict) -> Picture:
    model = choose.network(state["network"])
    image = choose.chosen_image(state)
    maps = activations(model, image, state["layer"])  # (C, h, w)
    order = strongest_channels(maps, len(maps), state["by"])
    channel = int(order[state["rank"] - 1])
    most = order[:24]
    coloured = palette("viridis")[
        (activation_tiles(maps, most, state["scale"])[:, 0] * 255).byte()
    ]  # (k, h, w, 3)
    grid = tiled(
        list(coloured), 6, labels=[str(c) for c in most.tolist()], zoom=max(1, 80 // maps.shape[-1]), pad=6
    )
    over = overlay(image, maps[channel], percentile=100)
    titles = [
        state["picture"],
        f"channel {channel}",
        "the 24 strongest" if len(maps) > 24 else "all, strongest first",
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


def _patch_sizes(name: str) -> tuple[int, int, int, int]:
    """Smallest, largest, step and usual side of a patch, in pixels, for a network's pictures."""
    size = choose.network(name).input_size
    if size <= 32:
        return 2, 16, 1, 8
    return (8, 32, 4, 16) if size <= 64 else (16, 112, 8, 48)


def _patch_slider(state: dict) -> Slider:
    low, high, step, usual = _patch_sizes(state["network"])
    return Slider("patch_size", low, high, step, usual, unit="px")


def _stride_control(state: dict) -> Choice:
    size = choose.network(state["network"]).input_size
    strides = (1, 2, 4) if size <= 32 else (2, 4, 8) if size <= 64 else (8, 16, 32)
    fitting = tuple(stride for stride in strides if stride <= state["patch_size"])
    return Choice("stride", fitting, fitting[min(1, len(fitting) - 1)], labels=[f"{s} px" for s in fitting])


def occlusion_explorer(network: str = "alexnet", picture_name: str | None = None) -> Explorable:
    """Cover every place of a picture, and see where the network's confidence falls; a rough map comes at once."""
    start = {"network": network, "patch_size": _patch_sizes(network)[3]}
    first, *own = choose.picture_controls(network, picture_name)
    start |= {"picture": first.value, "own": None, "use_own": True}

    def refresh(state: dict) -> dict:
        return choose.settle(
            state,
            picture=choose.picture_control,
            patch_size=_patch_slider,
            stride=_stride_control,
            class_index=choose.class_control,
        )

    controls = [
        Choice("network", CLASSIFIERS, network),
        first,
        choose.class_control(start),
        _patch_slider(start),
        _stride_control(start),
        Choice("fill", tuple(FILLS)),
        Choice("measure", tuple(MEASURES), label="what is measured"),
        Choice("view", ("what covering costs", "value with the patch there")),
        *own,
    ]
    return Explorable(_render_occlusion, controls, "Occlusion explorer", _occlusion_presets(), refresh)


def _occlusion_presets() -> dict[str, dict]:
    return {
        "a cat, by its face": {"network": "alexnet", "picture": "cat"},
        "espresso among 1000 classes": {"network": "efficientnet_lite0", "picture": "coffee"},
        "a 3 that becomes something else": {"network": "lenet", "picture": "3", "patch_size": 8},
        "a bag on gravel": {"network": "textures_net", "picture": "bag"},
    }


def _render_occlusion(state: dict) -> Iterator[Picture]:
    model = choose.network(state["network"])
    image = choose.chosen_image(state)
    unit = MEASURES[state["measure"]](state["class_index"]).check(model)
    maps = coarse_to_fine(model, image, unit, state["patch_size"], state["stride"], FILLS[state["fill"]])
    for occluded in maps:
        yield _draw_occlusion(image, occluded, state)


def _draw_occlusion(image: torch.Tensor, occluded: OcclusionMap, state: dict) -> Picture:
    number = "{:.1%}" if state["measure"] == "probability" else "{:.2f}"
    worst = int(occluded.values.argmin())
    box = occluded.boxes.view(-1, 4)[worst].tolist()  # (rows, columns, 4) -> (positions, 4)
    if state["view"] == "what covering costs":
        drawn = overlay(image, occluded.painted(), signed=True)
    else:
        drawn = heatmap(occluded.values, percentile=100)
    named = f"{occluded.unit}, uncovered {number.format(occluded.unoccluded)}"
    least = number.format(occluded.values.min())
    where = f"least, {least}, with the patch over the orange box"
    percent = "" if occluded.done == 1 else f" ({occluded.done:.0%} of the places measured)"
    named_picture = (
        f"The picture {state['picture']!r}; an orange box marks the place whose covering costs most."
    )
    left = _boxed(image, box, named_picture)
    title = (
        "what covering costs" if state["view"] == "what covering costs" else "value, by place of the patch"
    )
    alt = f"{left.alt} Beside it: {drawn.alt} {named}; {where}."
    return side_by_side(
        [left, drawn],
        [f"{state['picture']}", title],
        alt=alt,
        caption=f"{named}; {where}{percent}. {drawn.caption}",
    )


def patch_by_hand(network: str = "lenet", picture_name: str | None = "3") -> Explorable:
    """Drag a patch over the picture (mouse, or arrow keys on the picture), and read the confidence live."""
    start = {"network": network}
    first, *own = choose.picture_controls(network, picture_name)

    def refresh(state: dict) -> dict:
        return choose.settle(state, picture=choose.picture_control, patch_size=_patch_slider)

    controls = [
        Choice("network", CLASSIFIERS, network),
        first,
        _patch_slider(start),
        Choice("fill", tuple(FILLS)),
        Pointer("x", "y", part=0, label="the patch"),
        *own,
    ]
    return Explorable(_render_patch, controls, "Drag the patch yourself", refresh=refresh)


def _render_patch(state: dict) -> Picture:
    model = choose.network(state["network"])
    image = choose.chosen_image(state)
    height, width = image.shape[-2:]
    y, x = state["y"] * (height - 1), state["x"] * (width - 1)
    covered = occlude(image, y, x, state["patch_size"], FILLS[state["fill"]])
    with torch.inference_mode():
        probabilities = model(covered).softmax(1)[0]  # (classes,)
    before = choose.answer(state)
    best = before.topk(choose.CLASSES_SHOWN).indices
    surprise = int(probabilities.argmax())
    shown = best.tolist() if surprise in best else [*best[:-1].tolist(), surprise]
    names = [choose.class_labels(state["network"])[k] for k in shown]
    right = bars(
        names,
        probabilities[shown].tolist(),
        highlight=shown.index(surprise),
        reference=before[shown].tolist(),
        width=420,
    )
    top = shown[0]
    caption = (
        f"Uncovered it was {names[0]} with {before[top]:.1%} (marks). Now {names[0]} has {probabilities[top]:.1%}, and "
        f"the answer is {names[shown.index(surprise)]} with {probabilities[surprise]:.1%} (orange)."
    )
    corner = [math.floor(place - (state["patch_size"] - 1) / 2) for place in (y, x)]  # as `occlude` lays it
    box = (*corner, *(edge + state["patch_size"] for edge in corner))
    named = f"The picture {state['picture']!r} with a patch of {state['patch_size']} pixels on it."
    left = _boxed(covered, box, named)
    return side_by_side(
        [left, right],
        ["drag the patch", "the answer"],
        height=360,
        alt=f"{left.alt} {caption}",
        caption=caption,
    )


def _boxed(image: torch.Tensor, box: tuple[int, ...], alt: str) -> Picture:
    """An image (1, C, H, W) at a student's size with a box given in its own pixels."""
    zoom = max(1, SIDE // image.shape[-1])
    large = image.repeat_interleave(zoom, 2).repeat_interleave(
        zoom, 3
    )  # (1, C, H, W) -> (1, C, zoom H, zoom W)
    return with_box(large, tuple(zoom * edge for edge in box), alt=alt)
