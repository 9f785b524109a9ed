"""Explorable of maximally activating images: nine regions of photos, or nine images, for any channel."""

from collections.abc import Iterator
from typing import Any

from lecturelib import datasets
from lecturelib.parameters.maximal_image_plots import matches_plot, photo_with_box
from lecturelib.parameters.maximal_images import LayerMaxima, MaximalImages, maximal_images_by_channel
from lecturelib.parameters.photo_search import PhotoMatches, PhotoSearch, search_photos
from lecturelib.show import Picture
from lecturelib.widgets import Choice, Explorable, Progress, Slider, Toggle, common_controls, running

# the network, and what is searched: the photos at several scales, or the data set of its own input size
SEARCHED = {
    "alexnet": "photos",
    "vgg16": "photos",
    "fashion_lenet": "clothes",
    "lenet": "digits",
    "cifar_net": "CIFAR-10",
}
_LAYERS = ("Conv2d", "ReLU", "MaxPool2d")
BEST = 9
LOADERS = {"clothes": datasets.clothes, "digits": datasets.digits, "CIFAR-10": datasets.cifar10}


def maximal_browser(network: str = "alexnet") -> Explorable:
    """The nine maximally activating regions or images of any channel: photos at several scales, or a data set."""

    def refresh(state: dict) -> dict:
        return common_controls.settle(state, layer=_layer_control, channel=_channel_slider)

    offered = [name for name in SEARCHED if name != "cifar_net" or datasets.cifar10_path().is_file()]
    start: dict = {"network": network}
    start["layer"] = _layer_control(start).value
    controls = [
        Choice("network", tuple(offered), network),
        _layer_control(start),
        _channel_slider(start),
        Toggle("whole", False, label="show the whole picture, not only what the unit sees"),
    ]
    presets: dict[str, dict] = {
        "edges (conv1)": {"network": "alexnet", "layer": "conv1"},
        "textures (conv3)": {"network": "alexnet", "layer": "conv3"},
        "faces? (conv5)": {"network": "alexnet", "layer": "conv5", "channel": 60},
        "a flower detector? (conv5)": {"network": "alexnet", "layer": "conv5", "channel": 5},
        "strokes of digits": {"network": "lenet", "layer": "conv2"},
    }
    return Explorable(_render_maximal, controls, "Maximally activating images", presets, refresh)


def _layer_control(state: dict) -> Choice:
    layers = tuple(common_controls.layer_labels(state["network"], _LAYERS))
    return Choice("layer", layers, [name for name in layers if name.startswith("conv")][-1])


def _channel_slider(state: dict) -> Slider:
    return Slider(
        "channel", 0, common_controls.layer_labels(state["network"], _LAYERS)[state["layer"]].channels - 1
    )


def _render_maximal(state: dict) -> Iterator[Picture | Progress]:
    name, layer = state["network"], state["layer"]
    if (name, layer) not in _searches:
        yield from running(lambda progress: _search(name, layer, progress), f"searching the {SEARCHED[name]}")
    yield _plot(_searches[name, layer], state)


_searches: dict[tuple[str, str], PhotoSearch | LayerMaxima] = {}


def _search(name: str, layer: str, progress) -> None:
    """Search for all channels of a layer at once and keep the result, so that another channel needs no pass."""
    model = common_controls.network(name)
    if SEARCHED[name] == "photos":
        _searches[name, layer] = search_photos(model, layer, k=BEST, progress=progress)
    else:
        images, _ = LOADERS[SEARCHED[name]]("test")
        _searches[name, layer] = maximal_images_by_channel(model, images, layer, k=BEST, progress=progress)


def _plot(search: PhotoSearch | LayerMaxima, state: dict) -> Picture:
    found, whole = search.of(state["channel"]), None
    if state["whole"] and isinstance(found, PhotoMatches):
        pairs = zip(found.names, found.boxes.tolist(), strict=True)
        whole = [photo_with_box(name, tuple(box)) for name, box in pairs]
    elif state["whole"] and isinstance(search, LayerMaxima) and isinstance(found, MaximalImages):
        images: Any = search.images
        whole = list(images[found.indices])
    title = f"Channel {state['channel']} of {state['layer']} in {state['network']}"
    return matches_plot(found, title, SEARCHED[state["network"]], whole)
